/*
 * draft: a policy in the making, and the id derived from it.
 */
#ifndef MTASTS_CLI_DRAFT_H
#define MTASTS_CLI_DRAFT_H

#include "base/buf.h"
#include "cli/dns_options.h"
#include <mtasts/mtasts.h>

#define DRAFT_MAX_AGE_UNSET 0xffffffffu /* the default of the mode is taken */
#define DRAFT_MODE_UNSET 0xffffffffu    /* testing is taken */
#define DRAFT_MX_MAX                                                           \
    1000u /* patterns: 64 KiB of policy hold no more that                      \
             are of any use */

struct draft_options {
    unsigned mode;    /* enum mtasts_mode, or DRAFT_MODE_UNSET */
    unsigned max_age; /* seconds, or DRAFT_MAX_AGE_UNSET */
    struct words mx;  /* patterns; "auto": those that DNS has */
    struct dns_options dns;
};

struct draft {
    struct buf body; /* CRLF line ends; as it is to be served */
    char id[MTASTS_ID_MAX + 1];
};

/* The words of --mode, in the order of enum mtasts_mode. */
extern const char *const draft_modes[];

#define DRAFT_OPTION_ROWS(type, member)                                         \
    {.name = "mode",                                                            \
     .kind = OPTION_CHOICE,                                                     \
     .argument = "MODE",                                                        \
     .help = "testing (the default), enforce or none",                          \
     .choices = draft_modes,                                                    \
     .offset = offsetof(type, member.mode)},                                    \
        {.name = "mx",                                                          \
         .kind = OPTION_LIST,                                                   \
         .argument = "PATTERN",                                                 \
         .help = "a host, or *.domain; 'auto' takes the hosts that DNS has; "   \
                 "once for each",                                               \
         .offset = offsetof(type, member.mx)},                                  \
        {.name = "max-age",                                                     \
         .kind = OPTION_TIME,                                                   \
         .argument = "TIME",                                                    \
         .help =                                                                \
             "seconds, or a number with m, h, d or w, up to 31557600; default " \
             "1d, in mode enforce 2w",                                          \
         .max = MTASTS_MAX_AGE_MAX,                                             \
         .offset = offsetof(type, member.max_age)},                             \
        DNS_OPTION_ROWS(type, member.dns)

void draft_options_defaults(struct draft_options *options);

/*
 * Writes the policy that the options ask for; `domain` (canonical) is for
 * `auto` and may be NULL. Errors after a complaint: -MTASTS_EINVAL and those
 * of mx_lookup().
 */
int draft_write(const char *who, const struct draft_options *options,
                const char *domain, struct draft *ret_draft);

/* Takes a policy from a file; it must be valid. Errors after a complaint. */
int draft_read(const char *who, const char *path, struct draft *ret_draft);

/* Says on stderr what lint warns of. */
void draft_advise(const char *who, const struct draft *draft);

void draft_clear(struct draft *draft);

#endif
