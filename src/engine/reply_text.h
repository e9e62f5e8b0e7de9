/*
 * reply_text: the text of a reply, written into its caller's memory.
 *
 * It never allocates and never fails: past the end it only counts, so that
 * who writes asks once, at the end, how long the whole is.
 */
#ifndef MTASTS_ENGINE_REPLY_TEXT_H
#define MTASTS_ENGINE_REPLY_TEXT_H

#include <stddef.h>
#include <string.h>

struct reply_text {
    char *data; /* the caller's, never NULL; not terminated */
    size_t size;
    size_t len; /* of the whole text; more than `size`: it does not fit */
};

static inline void reply_put(struct reply_text *text, const char *data,
                             size_t len)
{
    if (text->len <= text->size && len <= text->size - text->len)
        memcpy(text->data + text->len, data, len);
    text->len += len;
}

static inline void reply_puts(struct reply_text *text, const char *words)
{
    reply_put(text, words, strlen(words));
}

static inline void reply_putc(struct reply_text *text, char c)
{
    reply_put(text, &c, 1);
}

/*
 * A sentence for people, at most REPLY_SENTENCE_MAX octets of it: what is
 * not printable ASCII becomes `?`.
 */
#define REPLY_SENTENCE_MAX 200u /* Postfix logs no more of one */

void reply_put_sentence(struct reply_text *text, const char *sentence);

/* Why a message has to wait, where the answer does not say. */
#define REPLY_NOT_TOLD "the MTA-STS policy could not be told"
/* Every MX host has to match an mx, and none can. */
#define REPLY_NO_USABLE_MX                                                     \
    "the domain's MTA-STS policy is in enforce mode and names no usable mx"

#endif
