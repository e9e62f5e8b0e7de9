/*
 * dns_options: how DNS is asked, as options that several commands share.
 */
#ifndef MTASTS_CLI_DNS_OPTIONS_H
#define MTASTS_CLI_DNS_OPTIONS_H

#include "cli/option.h"
#include "net/resolver.h"

struct dns_options {
    const char *resolver;     /* ADDR[@PORT], or NULL */
    const char *root_hints;   /* file, or NULL */
    const char *trust_anchor; /* file, or NULL */
};

/* Rows for a table of options whose values have a struct dns_options as
   `member`. */
#define DNS_OPTION_ROWS(type, member)                                          \
    {.name = "resolver",                                                       \
     .kind = OPTION_TEXT,                                                      \
     .argument = "ADDR[@PORT]",                                                \
     .help = "ask this resolver; without it those of /etc/resolv.conf",        \
     .offset = offsetof(type, member.resolver)},                               \
        {.name = "root-hints",                                                 \
         .kind = OPTION_TEXT,                                                  \
         .argument = "FILE",                                                   \
         .help = "ask no resolver but the authoritative servers, from these "  \
                 "root hints on",                                              \
         .offset = offsetof(type, member.root_hints)},                         \
    {                                                                          \
        .name = "trust-anchor", .kind = OPTION_TEXT, .argument = "FILE",       \
        .help = "DNSSEC trust anchor; without it that of the system",          \
        .offset = offsetof(type, member.trust_anchor)                          \
    }

/*
 * A resolver as the options say. Errors, after a complaint that begins with
 * `who`: those of resolver_new(), -MTASTS_EINVAL.
 */
int dns_options_resolver(const char *who, struct loop *loop,
                         const struct dns_options *options,
                         uint32_t deadline_ms, struct resolver **ret_resolver);

#endif
