/*
 * mail_log: one line of an MTA's log. See mail_log.h.
 *
 * Postfix and Sendmail write `QUEUE-ID: to=<a@b>, key=value, ...` behind the
 * name of the program, Exim `MESSAGE-ID => a@b R=router T=transport H=host`.
 * Local parts are somebody else's choice, so text in quotes is passed over
 * and of each key the first counts: what a remote server said comes last.
 */
#include "cli/mail_log.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "net/address.h"
#include <string.h>

#define EXIM_ID_OLD 16u /* octets: 1rAbCd-0003kL-2M */
#define EXIM_ID_NEW 23u /* since Exim 4.97: 1rAbCd-00000003kLm-2MnO */

/* ---- octets ---- */

static struct mtasts_bytes from(struct mtasts_bytes text, size_t offset)
{
    return (struct mtasts_bytes){text.data + offset, text.len - offset};
}

/* Where `word` begins in `text`; text.len if it is not there. */
static size_t find(struct mtasts_bytes text, const char *word)
{
    const char *at =
        text.len > 0 ? memmem(text.data, text.len, word, strlen(word)) : NULL;
    return at ? (size_t)(at - text.data) : text.len;
}

static bool begins(struct mtasts_bytes text, const char *word)
{
    size_t len = strlen(word);
    return text.len >= len && memcmp(text.data, word, len) == 0;
}

/* The length of what comes before `end`, quoted strings and <paths> passed
   over; text.len if it does not come. */
static size_t span_to(struct mtasts_bytes text, const char *end)
{
    bool quoted = false;
    bool bracketed = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '<')
            bracketed = true;
        else if (!quoted && c == '>')
            bracketed = false;
        else if (!quoted && !bracketed && begins(from(text, i), end))
            return i;
    }
    return text.len;
}

/* ---- addresses ---- */

bool mail_log_next(struct mtasts_bytes *recipients,
                   struct mtasts_bytes *ret_domain)
{
    struct mtasts_bytes one = *recipients;
    if (recipients->len == 0)
        return false;
    one.len = span_to(one, ",");
    *recipients = from(*recipients, MIN_OF(one.len + 1, recipients->len));
    if (one.len > 0 && one.data[one.len - 1] == '>')
        one.len--;
    const char *at = one.len > 0 ? memrchr(one.data, '@', one.len) : NULL;
    size_t start = at ? (size_t)(at - one.data) + 1 : one.len;
    *ret_domain = from(one, start);
    return true;
}

/* "mx.example.net[192.0.2.1]:25", "mx.example.net. [192.0.2.1]": whether that
   is another host. */
static bool is_elsewhere(struct mtasts_bytes relay)
{
    char text[ADDRESS_TEXT_MAX];
    struct address address;
    size_t open = find(relay, "[");
    if (open == relay.len)
        return false;
    struct mtasts_bytes inside = from(relay, open + 1);
    inside.len = find(inside, "]");
    if (begins(inside, "IPv6:"))
        inside = from(inside, 5);
    if (inside.len >= sizeof(text))
        return false;
    memcpy(text, inside.data, inside.len);
    text[inside.len] = '\0';
    return address_parse(text, &address) == 0 && !address_is_loopback(&address);
}

/* ---- Postfix and Sendmail ---- */

/* The value of the first `key=` among "key=value, key=value"; whether it is
   there. */
static bool value_of(struct mtasts_bytes fields, const char *key,
                     struct mtasts_bytes *ret_value)
{
    size_t len = strlen(key);
    while (fields.len > 0) {
        size_t used = span_to(fields, ", ");
        if (used > len && begins(fields, key) && fields.data[len] == '=') {
            *ret_value =
                (struct mtasts_bytes){fields.data + len + 1, used - len - 1};
            return true;
        }
        fields = from(fields, MIN_OF(used + 2, fields.len));
    }
    return false;
}

/* The client's program, as "postfix/smtp[123]" or "postfix/relay/smtp". */
static bool is_postfix_smtp(struct mtasts_bytes before)
{
    size_t at = find(before, "/smtp");
    if (at + 5 >= before.len)
        return false;
    return strchr("[: ", before.data[at + 5]) && before.data[at + 5];
}

static bool read_postfix(struct mtasts_bytes before, struct mtasts_bytes fields,
                         struct mail_log_delivery *delivery)
{
    static const struct {
        const char *word;
        enum mail_log_outcome outcome;
    } words[] = {{"sent", MAIL_LOG_SENT},
                 {"bounced", MAIL_LOG_RETURNED},
                 {"deferred", MAIL_LOG_DEFERRED}};
    struct mtasts_bytes relay;
    struct mtasts_bytes status;
    if (!is_postfix_smtp(before) || !value_of(fields, "relay", &relay) ||
        !value_of(fields, "status", &status))
        return false;
    if (!ascii_is(relay.data, relay.len, "none") && !is_elsewhere(relay))
        return false;
    for (size_t i = 0; i < ELEMENTS(words); i++) {
        if (begins(status, words[i].word)) {
            delivery->outcome = words[i].outcome;
            return true;
        }
    }
    return false;
}

static bool is_smtp_mailer(struct mtasts_bytes mailer)
{
    static const char *const names[] = {"smtp", "esmtp", "smtp8", "dsmtp",
                                        "relay"};
    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (ascii_is(mailer.data, mailer.len, names[i]))
            return true;
    return false;
}

/* Before there was a connection, Sendmail names a relay without address. */
static bool is_local_relay(struct mtasts_bytes relay)
{
    return find(relay, "[") < relay.len && !is_elsewhere(relay);
}

static bool read_sendmail(struct mtasts_bytes fields,
                          struct mail_log_delivery *delivery)
{
    struct mtasts_bytes value;
    struct mtasts_bytes dsn = {"", 0};
    if (!value_of(fields, "mailer", &value) || !is_smtp_mailer(value))
        return false;
    if (!value_of(fields, "relay", &value) || is_local_relay(value) ||
        !value_of(fields, "stat", &value))
        return false;
    value_of(fields, "dsn", &dsn);
    if (begins(value, "Sent"))
        delivery->outcome = MAIL_LOG_SENT;
    else if (begins(dsn, "5"))
        delivery->outcome = MAIL_LOG_RETURNED;
    else if (begins(dsn, "4"))
        delivery->outcome = MAIL_LOG_DEFERRED;
    else
        return false;
    return true;
}

static bool read_to(struct mtasts_bytes line,
                    struct mail_log_delivery *delivery)
{
    static const char start[] = ": to=";
    size_t at = find(line, start);
    if (at == line.len)
        return false;
    struct mtasts_bytes before = {line.data, at};
    struct mtasts_bytes fields = from(line, at + strlen(start));
    delivery->recipients = fields;
    delivery->recipients.len = span_to(fields, ", ");
    fields = from(fields, MIN_OF(delivery->recipients.len + 2, fields.len));
    return read_postfix(before, fields, delivery) ||
           read_sendmail(fields, delivery);
}

/* ---- Exim ---- */

static bool is_exim_id(struct mtasts_bytes word)
{
    size_t second = word.len == EXIM_ID_OLD ? 13 : 18;
    if (word.len != EXIM_ID_OLD && word.len != EXIM_ID_NEW)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        bool dash = i == 6 || i == second;
        if (dash ? word.data[i] != '-' : !ascii_is_alnum(word.data[i]))
            return false;
    }
    return true;
}

static struct mtasts_bytes take_word(struct mtasts_bytes *text)
{
    struct mtasts_bytes word = *text;
    word.len = span_to(*text, " ");
    *text = from(*text, MIN_OF(word.len + 1, text->len));
    return word;
}

static bool exim_outcome(struct mtasts_bytes flag,
                         enum mail_log_outcome *ret_outcome)
{
    static const struct {
        const char *flag;
        enum mail_log_outcome outcome;
    } flags[] = {{"=>", MAIL_LOG_SENT},
                 {"->", MAIL_LOG_SENT},
                 {">>", MAIL_LOG_SENT},
                 {"**", MAIL_LOG_RETURNED},
                 {"==", MAIL_LOG_DEFERRED}};
    for (size_t i = 0; i < ELEMENTS(flags); i++) {
        if (ascii_is(flag.data, flag.len, flags[i].flag)) {
            *ret_outcome = flags[i].outcome;
            return true;
        }
    }
    return false;
}

/* Without a host it never left this machine, or never came to a connection. */
static bool read_exim(struct mtasts_bytes line,
                      struct mail_log_delivery *delivery)
{
    for (unsigned i = 0; i < MAIL_LOG_TOKENS_MAX && line.len > 0; i++) {
        /* A plain word: brackets and quotes mean nothing here. */
        struct mtasts_bytes word = {line.data, find(line, " ")};
        line = from(line, MIN_OF(word.len + 1, line.len));
        if (!is_exim_id(word))
            continue;
        if (!exim_outcome(take_word(&line), &delivery->outcome))
            return false;
        delivery->recipients = take_word(&line);
        if (line.len > 0) /* with the blank before R= or H= */
            line = (struct mtasts_bytes){line.data - 1, line.len + 1};
        return is_elsewhere(from(line, find(line, " H=")));
    }
    return false;
}

bool mail_log_read(const char *line, size_t len,
                   struct mail_log_delivery *ret_delivery)
{
    const struct mtasts_bytes text = {line, len};
    struct mail_log_delivery delivery = {.outcome = MAIL_LOG_SENT};
    if (!read_to(text, &delivery) && !read_exim(text, &delivery))
        return false;
    *ret_delivery = delivery;
    return true;
}
