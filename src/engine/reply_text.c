/*
 * reply_text: sentences, which may hold what the world said.
 */
#include "engine/reply_text.h"

void reply_put_sentence(struct reply_text *text, const char *sentence)
{
    for (size_t i = 0; i < REPLY_SENTENCE_MAX && sentence[i]; i++)
        reply_putc(text, sentence[i] >= ' ' && sentence[i] <= '~' ? sentence[i]
                                                                  : '?');
}
