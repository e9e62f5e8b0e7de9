/*
 * checker: everything that asks the world, set up as the options say.
 */
#ifndef MTASTS_CLI_CHECKER_H
#define MTASTS_CLI_CHECKER_H

#include "cli/dns_options.h"
#include "net/gather.h"

struct checker_options {
    struct dns_options dns;
    const char *ca_file;       /* NULL: the system's bundle */
    const char *allow_private; /* NULL: none; "": all; or CIDR,CIDR,... */
    bool smtp;
    bool survey;      /* ask each server once: no variations of the fetch, no
                         tests beside the main SMTP session (gather.h) */
    unsigned timeout; /* seconds for one domain */
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
