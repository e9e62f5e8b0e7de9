/*
 * draft: a policy in the making. See draft.h.
 *
 * The id is the beginning of the SHA-256 of the policy's octets in hex, so
 * that no change can be forgotten: `sha256sum mta-sts.txt | cut -c1-32`.
 */
#include "cli/draft.h"

#include "base/ascii.h"
#include "check/suggest.h"
#include "check/text.h"
#include "cli/complain.h"
#include "cli/lint.h"
#include "cli/mx_lookup.h"
#include "cli/slurp.h"
#include "core/domain.h"
#include "net/address.h"
#include "net/digest.h"
#include "net/idn.h"

const char *const draft_modes[] = {"none", "testing", "enforce", NULL};

struct patterns {
    char text[DRAFT_MX_MAX][MTASTS_NAME_MAX + 3]; /* "*." in front */
    const char *items[DRAFT_MX_MAX];
    size_t count;
};

void draft_options_defaults(struct draft_options *options)
{
    options->mode = DRAFT_MODE_UNSET;
    options->max_age = DRAFT_MAX_AGE_UNSET;
}

static enum mtasts_mode mode_of(const struct draft_options *options)
{
    return options->mode == DRAFT_MODE_UNSET ? MTASTS_MODE_TESTING
                                             : (enum mtasts_mode)options->mode;
}

static bool has_pattern(const struct patterns *patterns, const char *pattern)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (strcmp(patterns->items[i], pattern) == 0)
            return true;
    return false;
}

/* Writes the canonical form of `text`. Errors after a complaint. */
static int read_pattern(const char *who, const char *text, char *ret_pattern)
{
    struct address address;
    size_t wild = text[0] == '*' && text[1] == '.' ? 2 : 0;
    memcpy(ret_pattern, text, wild);
    int error =
        idn_to_ascii(text + wild, strlen(text + wild), 0, ret_pattern + wild);
    if (address_parse(text, &address) == 0 ||
        (!error &&
         domain_digit_labels(ret_pattern, strlen(ret_pattern)) == 4)) {
        complain("%s: --mx: '%s' is an address, which no policy can name; "
                 "give the host's name, as its MX record and its certificate "
                 "have it",
                 who, text);
        return -MTASTS_EINVAL;
    }
    if (error || !mtasts_mx_pattern_valid(ret_pattern, strlen(ret_pattern))) {
        complain("%s: --mx: '%s' is no host name; give a name such as "
                 "mail.example.com, or *.example.com",
                 who, text);
        return -MTASTS_EINVAL;
    }
    return 0;
}

/* One that is there already is not written again. */
static int add_pattern(const char *who, struct patterns *patterns,
                       const char *text)
{
    if (patterns->count == DRAFT_MX_MAX) {
        complain("%s: --mx: more than %u; use a pattern such as "
                 "*.example.com",
                 who, DRAFT_MX_MAX);
        return -MTASTS_EINVAL;
    }
    char *pattern = patterns->text[patterns->count];
    int error = read_pattern(who, text, pattern);
    if (!error && !has_pattern(patterns, pattern))
        patterns->items[patterns->count++] = pattern;
    return error;
}

static int add_from_dns(const char *who, const struct draft_options *options,
                        const char *domain, struct patterns *patterns)
{
    if (!domain) {
        complain("%s: --mx auto: of which domain? give it as in 'mtasts %s "
                 "example.com --mx auto'",
                 who, who);
        return -MTASTS_EINVAL;
    }
    _cleanup_free_ struct mx_list *list = calloc(1, sizeof(*list));
    if (!list)
        return complain_error(who, -MTASTS_ENOMEM), -MTASTS_ENOMEM;
    int error = mx_lookup(who, &options->dns, domain, list);
    for (size_t i = 0; i < list->count && !error; i++)
        error = add_pattern(who, patterns, list->names[i]);
    if (!error)
        complain("%s: %zu host%s taken from DNS, %s; make sure that %s yours",
                 who, list->count, text_plural(list->count),
                 dnssec_status_text(list->dnssec),
                 list->count == 1 ? "it is" : "they are");
    return error;
}

static int collect(const char *who, const struct draft_options *options,
                   const char *domain, struct patterns *patterns)
{
    int error = 0;
    for (size_t i = 0; i < options->mx.count && !error; i++) {
        const char *text = options->mx.items[i];
        error = strcmp(text, "auto") == 0
                    ? add_from_dns(who, options, domain, patterns)
                    : add_pattern(who, patterns, text);
    }
    if (error || patterns->count > 0 || mode_of(options) == MTASTS_MODE_NONE)
        return error;
    complain("%s: no --mx; mode %s needs the hosts that take the mail, once "
             "each, or --mx auto",
             who, draft_modes[mode_of(options)]);
    return -MTASTS_EINVAL;
}

static int set_id(struct draft *draft)
{
    char hex[DIGEST_SHA256_HEX];
    int error = digest_sha256_hex(draft->body.data, draft->body.len, hex);
    if (error)
        return error;
    memcpy(draft->id, hex, MTASTS_ID_MAX);
    draft->id[MTASTS_ID_MAX] = '\0';
    return 0;
}

static unsigned max_age_of(const struct draft_options *options)
{
    if (options->max_age != DRAFT_MAX_AGE_UNSET)
        return options->max_age;
    return mode_of(options) == MTASTS_MODE_ENFORCE ? SUGGEST_AGE_ENFORCE
                                                   : SUGGEST_AGE_TESTING;
}

int draft_write(const char *who, const struct draft_options *options,
                const char *domain, struct draft *ret_draft)
{
    _cleanup_free_ struct patterns *patterns = calloc(1, sizeof(*patterns));
    _cleanup_free_ char *body = malloc(MTASTS_POLICY_BODY_MAX);
    if (!patterns || !body)
        return complain_error(who, -MTASTS_ENOMEM), -MTASTS_ENOMEM;
    int error = collect(who, options, domain, patterns);
    if (error)
        return error;
    size_t len = 0;
    error = mtasts_sts_policy_write(mode_of(options), max_age_of(options),
                                    patterns->items, patterns->count, body,
                                    MTASTS_POLICY_BODY_MAX, &len);
    buf_init(&ret_draft->body, MTASTS_POLICY_BODY_MAX);
    if (!error)
        error = buf_append(&ret_draft->body, body, len);
    if (!error)
        error = set_id(ret_draft);
    if (error)
        complain_error(who, error);
    return error;
}

int draft_read(const char *who, const char *path, struct draft *ret_draft)
{
    struct mtasts_sts_policy *policy = NULL;
    buf_init(&ret_draft->body, MTASTS_POLICY_BODY_MAX);
    int error = slurp(who, path, &ret_draft->body);
    if (error)
        return error;
    error = mtasts_sts_policy_parse(buf_text(&ret_draft->body),
                                    ret_draft->body.len, 0, NULL, &policy);
    mtasts_sts_policy_free(policy);
    if (!error)
        error = set_id(ret_draft);
    if (error == -MTASTS_ESYNTAX)
        complain("%s: %s: not a valid policy; 'mtasts lint policy %s' says "
                 "why",
                 who, path, path);
    else if (error)
        complain_error(who, error);
    return error;
}

void draft_advise(const char *who, const struct draft *draft)
{
    _cleanup_findings_ struct findings *findings = NULL;
    const struct mtasts_bytes body = {draft->body.data, draft->body.len};
    if (lint_policy(body, &findings) != 0)
        return;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].severity >= SEVERITY_WARNING)
            complain("%s: note: %s; 'mtasts explain %s' says more", who,
                     findings->items[i].message, findings->items[i].rule->id);
}

void draft_clear(struct draft *draft)
{
    buf_clear(&draft->body);
}
