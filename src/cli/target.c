/*
 * target: what someone gave as a domain -> the domain. See target.h.
 */
#include "cli/target.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "net/address.h"
#include "net/idn.h"
#include <mtasts/error.h>
#include <stdio.h>

struct span {
    const char *text;
    size_t len;
};

static void cut_front(struct span *span, size_t len)
{
    span->text += len;
    span->len -= len;
}

static bool begins(const struct span *span, const char *word)
{
    size_t len = strlen(word);
    return span->len >= len && ascii_equal_nocase(span->text, word, len);
}

static bool cut_word(struct span *span, const char *word)
{
    if (!begins(span, word))
        return false;
    cut_front(span, strlen(word));
    return true;
}

static bool ends_host(char c)
{
    return c == '/' || c == '?' || c == '#' || c == ':';
}

/* "https://example.com:443/path?query" -> "example.com" */
static bool cut_url(struct span *span)
{
    static const char *const schemes[] = {"https://", "http://", "smtp://"};
    for (size_t i = 0; i < ELEMENTS(schemes); i++) {
        if (!cut_word(span, schemes[i]))
            continue;
        for (size_t at = 0; at < span->len; at++)
            if (ends_host(span->text[at]))
                span->len = at;
        return true;
    }
    return false;
}

/* "<postmaster@example.com>", "mailto:a@b" -> what is behind the last @. */
static bool cut_address(struct span *span)
{
    if (span->len >= 2 && span->text[0] == '<' &&
        span->text[span->len - 1] == '>') {
        cut_front(span, 1);
        span->len--;
    }
    cut_word(span, "mailto:");
    const char *at = memrchr(span->text, '@', span->len);
    if (!at)
        return false;
    cut_front(span, (size_t)(at - span->text) + 1);
    return true;
}

/* The owner names of the records, given for the domain. */
static bool cut_record_name(struct span *span)
{
    return cut_word(span, "_mta-sts.") || cut_word(span, "_smtp._tls.");
}

static bool is_address(const struct span *span)
{
    char text[ADDRESS_TEXT_MAX];
    struct address address;
    if (span->len > 0 && span->text[0] == '[')
        return true;
    if (span->len == 0 || span->len >= sizeof(text))
        return false;
    memcpy(text, span->text, span->len);
    text[span->len] = '\0';
    return address_parse(text, &address) == 0;
}

static int refuse(struct target *target, const char *why)
{
    snprintf(target->why, sizeof(target->why), "%s", why);
    target->domain[0] = '\0';
    return -MTASTS_ENAME;
}

static int refuse_name(struct target *target, const struct span *span,
                       int error)
{
    if (error == -MTASTS_EIDN)
        return refuse(target, "not a name that IDNA allows; check its "
                              "spelling, or give it in its xn-- form");
    if (memchr(span->text, ':', span->len))
        return refuse(target, "a domain has no port; leave the colon and "
                              "what follows out");
    if (memchr(span->text, '*', span->len))
        return refuse(target, "a pattern is no domain; 'mtasts match' tries "
                              "patterns");
    if (memchr(span->text, ' ', span->len) ||
        memchr(span->text, ',', span->len))
        return refuse(target, "more than one word; give one domain at a time");
    return refuse(target, "not a domain name; letters, digits and inner "
                          "hyphens in labels of 1 to 63, joined by dots");
}

int target_parse(const char *text, size_t len, struct target *ret_target)
{
    struct target *target = ret_target;
    struct span span = {text, len};
    *target = (struct target){0};
    bool cut = cut_url(&span);
    cut = cut_address(&span) || cut;
    cut = cut_record_name(&span) || cut;
    target->extracted = cut;
    if (span.len == 0)
        return refuse(target, "empty; give a domain such as example.com");
    if (is_address(&span))
        return refuse(target, "an IP address has no MTA-STS policy; give the "
                              "domain behind the @ of mail addresses");
    int error = idn_to_ascii(span.text, span.len, 0, target->domain);
    if (error == -MTASTS_ENOMEM)
        return refuse(target, "out of memory");
    if (error)
        return refuse_name(target, &span, error);
    if (strlen(target->domain) > MTASTS_POLICY_DOMAIN_MAX)
        return refuse(target, "too long: _mta-sts in front of it would not "
                              "be a name any more (RFC 8461 3.1)");
    return 0;
}
