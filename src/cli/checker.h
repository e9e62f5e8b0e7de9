/*
 * checker: everything that asks the world, set up as the options say.
 */
#ifndef MTASTS_CLI_CHECKER_H
#define MTASTS_CLI_CHECKER_H

#include "cli/dns_options.h"
#include "net/gather.h"

#define WORLD_TIMEOUT_MAX 600u /* seconds: no server deserves more patience */

/* How the world is asked, as commands that do so have it in their options. */
struct world_options {
    struct dns_options dns;
    const char *ca_file;       /* NULL: the system's bundle */
    const char *allow_private; /* NULL: none; "": all; or CIDR,CIDR,... */
    unsigned timeout; /* seconds for one domain; 0: GATHER_DEADLINE_MS */
};

/* Rows for a table of options whose values have a struct world_options as
   `member`. */
#define WORLD_OPTION_ROWS(type, member)                                        \
    DNS_OPTION_ROWS(type, member.dns),                                         \
        {.name = "ca-file",                                                    \
         .kind = OPTION_TEXT,                                                  \
         .argument = "FILE",                                                   \
         .help = "trust these certificate authorities (PEM) and no others",    \
         .offset = offsetof(type, member.ca_file)},                            \
        {.name = "allow-private",                                              \
         .kind = OPTION_OPTIONAL,                                              \
         .argument = "CIDR,...",                                               \
         .help = "connect to private addresses too, or to those in these "     \
                 "networks",                                                   \
         .offset = offsetof(type, member.allow_private)},                      \
    {                                                                          \
        .name = "timeout", .letter = 't', .kind = OPTION_TIME,                 \
        .argument = "TIME",                                                    \
        .help = "for one domain, in seconds or with m, up to 600; default 30", \
        .min = 1, .max = WORLD_TIMEOUT_MAX,                                    \
        .offset = offsetof(type, member.timeout)                               \
    }

/* The first of these options that was given, or NULL. */
const char *world_options_given(const struct world_options *options);

struct checker_options {
    const struct world_options *world;
    bool smtp;
    bool survey; /* ask each server once: no variations of the fetch, no tests
                    beside the main SMTP session (gather.h) */
};

struct checker {
    struct loop *loop;
    struct address_guard guard;
    struct resolver *resolver;
    struct fetcher *fetcher;
    X509_STORE *store;
    struct gatherer *gatherer;
};

/* Errors after a complaint. `trace` may be NULL. */
int checker_new(const char *who, const struct checker_options *options,
                gather_trace_fn *trace, void *trace_ctx,
                struct checker **ret_checker);
void checker_free(struct checker *checker); /* NULL is fine */

/*
 * "" allows every private address, "10.0.0.0/8,fd00::/8" those.
 * Errors after a complaint: -MTASTS_EINVAL.
 */
int checker_guard(const char *who, const char *text,
                  struct address_guard *ret_guard);

DEFINE_CLEANUP(struct checker *, checker_free, checker)
#define _cleanup_checker_ _cleanup_(cleanup_checker)

#endif
