/*
 * reply_tlsrpt: a reply that is not UTF-8 from end to end is an error to
 * Postfix, which then defers the mail; so is an attribute that its parser
 * cannot take. Hence lines are passed on whole or not at all.
 */
#include "engine/reply_tlsrpt.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "core/domain.h"
#include <mtasts/name.h>

/* Postfix takes no name of digits and dots alone for that of a host. */
static bool is_host_name(const char *domain, size_t len)
{
    size_t digits = 0;

    while (digits < len &&
           (ascii_is_digit(domain[digits]) || domain[digits] == '.'))
        digits++;
    return digits < len && domain_valid(domain, len, MTASTS_NAME_UNDERSCORE);
}

void reply_put_policy_of(struct reply_text *text, const char *domain)
{
    size_t len = strlen(domain);

    reply_puts(text, " policy_type=sts");
    if (!is_host_name(domain, len))
        return;
    reply_puts(text, " policy_domain=");
    reply_put(text, domain, len);
}

/* C1 control characters, U+0080 to U+009F. */
static bool is_c1(const char *sequence)
{
    return (unsigned char)sequence[0] == 0xc2 &&
           (unsigned char)sequence[1] < 0xa0;
}

/* Octets of ASCII that can stand between braces. */
static const bool plain[256] = {
    ['\t'] = true, [' ' ... 'z'] = true, ['|'] = true, ['~'] = true};

/* Whether a line can stand there. */
static bool is_plain(const char *line, size_t len)
{
    size_t octets;

    for (size_t i = 0; i < len; i += octets) {
        unsigned char c = (unsigned char)line[i];

        octets = 1;
        if (plain[c])
            continue;
        octets = c > 0x7f ? utf8_sequence(line + i, len - i) : 0;
        if (octets == 0 || is_c1(line + i))
            return false;
    }
    return true;
}

static void put_policy_string(struct reply_text *text, const char *line,
                              size_t len)
{
    while (len > 0 && ascii_is_wsp(line[0])) {
        line++;
        len--;
    }
    while (len > 0 && (ascii_is_wsp(line[len - 1]) || line[len - 1] == '\r'))
        len--;
    if (len == 0 || !is_plain(line, len))
        return;
    reply_puts(text, " { policy_string = ");
    for (const char *tab; (tab = memchr(line, '\t', len));) {
        size_t before = (size_t)(tab - line);

        reply_put(text, line, before);
        reply_putc(text, ' ');
        line += before + 1;
        len -= before + 1;
    }
    reply_put(text, line, len);
    reply_puts(text, " }");
}

void reply_put_policy_strings(struct reply_text *text,
                              const struct held_policy *held)
{
    const char *at = held->body;
    const char *end = held->body + held->len;

    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = lf ? lf : end;

        put_policy_string(text, at, (size_t)(line_end - at));
        at = lf ? lf + 1 : end;
    }
}

void reply_put_mx_host_pattern(struct reply_text *text, const char *pattern,
                               size_t len)
{
    reply_puts(text, " mx_host_pattern=");
    reply_put(text, pattern, len);
}

/* What Postfix takes; all else is the one that says least. */
static enum mtasts_result known_failure(enum mtasts_result failure)
{
    switch (failure) {
    case MTASTS_RESULT_STS_POLICY_FETCH_ERROR:
    case MTASTS_RESULT_STS_POLICY_INVALID:
    case MTASTS_RESULT_STS_WEBPKI_INVALID: return failure;
    default: return MTASTS_RESULT_VALIDATION_FAILURE;
    }
}

void reply_put_policy_failure(struct reply_text *text,
                              enum mtasts_result failure)
{
    reply_puts(text, " policy_failure=");
    reply_puts(text, mtasts_result_name(known_failure(failure)));
}
