/*
 * checker: everything that asks the world. See checker.h.
 */
#include "cli/checker.h"

#include "base/cleanup.h"
#include "cli/complain.h"
#include "net/tls.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>

#define CIDR_TEXT_MAX 64u /* an address and "/128" */

static int add_exception(const char *who, const char *text, size_t len,
                         struct address_guard *guard)
{
    char cidr[CIDR_TEXT_MAX];
    if (guard->exception_count == ADDRESS_EXCEPTIONS_MAX) {
        complain("%s: --allow-private: more than %u networks; give wider ones",
                 who, ADDRESS_EXCEPTIONS_MAX);
        return -MTASTS_EINVAL;
    }
    if (len < sizeof(cidr)) {
        memcpy(cidr, text, len);
        cidr[len] = '\0';
        if (address_cidr_parse(
                cidr, &guard->exceptions[guard->exception_count]) == 0) {
            guard->exception_count++;
            return 0;
        }
    }
    complain("%s: --allow-private: '%.*s' will not do; give networks such as "
             "192.0.2.0/24,2001:db8::/32",
             who, (int)len, text);
    return -MTASTS_EINVAL;
}

const char *world_options_given(const struct world_options *options)
{
    const struct {
        bool given;
        const char *name;
    } rows[] = {
        {options->dns.resolver != NULL, "resolver"},
        {options->dns.root_hints != NULL, "root-hints"},
        {options->dns.trust_anchor != NULL, "trust-anchor"},
        {options->ca_file != NULL, "ca-file"},
        {options->allow_private != NULL, "allow-private"},
        {options->timeout > 0, "timeout"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (rows[i].given)
            return rows[i].name;
    return NULL;
}

int checker_guard(const char *who, const char *text,
                  struct address_guard *ret_guard)
{
    *ret_guard = (struct address_guard){0};
    if (!text)
        return 0;
    if (!*text) {
        ret_guard->allow_all = true;
        return 0;
    }
    for (;;) {
        size_t len = strcspn(text, ",");
        int error = add_exception(who, text, len, ret_guard);
        if (error || !text[len])
            return error;
        text += len + 1;
    }
}

static int open_store(const char *who, const char *ca_file,
                      X509_STORE **ret_store)
{
    if (ca_file && access(ca_file, R_OK) != 0) {
        complain("%s: --ca-file: %s: %s; give a file of PEM certificates", who,
                 ca_file, strerror(errno));
        return -MTASTS_EIO;
    }
    int error = tls_store_new(ca_file, ret_store);
    if (error)
        complain("%s: no certificate authorities can be read from %s; give "
                 "PEM certificates with --ca-file",
                 who, ca_file ? ca_file : "the system's store");
    return error;
}

static uint32_t deadline_ms(const struct checker_options *options)
{
    return options->world->timeout ? options->world->timeout * 1000
                                   : GATHER_DEADLINE_MS;
}

static int open_gatherer(struct checker *checker,
                         const struct checker_options *options,
                         gather_trace_fn *trace, void *trace_ctx)
{
    const struct gatherer_options with = {
        .resolver = checker->resolver,
        .fetcher = checker->fetcher,
        .store = checker->store,
        .guard = &checker->guard,
        .smtp = options->smtp,
        .smtp_main_only = options->survey,
        .variations = !options->survey,
        .deadline_ms = deadline_ms(options),
        .trace = trace,
        .trace_ctx = trace_ctx,
    };
    return gatherer_new(checker->loop, &with, &checker->gatherer);
}

static int open_fetcher(struct checker *checker)
{
    const struct fetcher_options with = {.store = checker->store,
                                         .guard = &checker->guard};
    return fetcher_new(checker->loop, &with, &checker->fetcher);
}

/* What complains itself first, the rest behind it. */
static int open_all(const char *who, struct checker *checker,
                    const struct checker_options *options,
                    gather_trace_fn *trace, void *trace_ctx)
{
    int error =
        checker_guard(who, options->world->allow_private, &checker->guard);
    if (!error)
        error = open_store(who, options->world->ca_file, &checker->store);
    if (error)
        return error;
    error = loop_new(&checker->loop);
    if (error)
        return complain_error(who, error), error;
    uint32_t deadline = MIN_OF(deadline_ms(options), RESOLVER_DEADLINE_MS);
    error = dns_options_resolver(who, checker->loop, &options->world->dns,
                                 deadline, &checker->resolver);
    if (error)
        return error;
    error = open_fetcher(checker);
    if (!error)
        error = open_gatherer(checker, options, trace, trace_ctx);
    if (error)
        complain_error(who, error);
    return error;
}

int checker_new(const char *who, const struct checker_options *options,
                gather_trace_fn *trace, void *trace_ctx,
                struct checker **ret_checker)
{
    _cleanup_checker_ struct checker *checker = calloc(1, sizeof(*checker));
    if (!checker)
        return complain_error(who, -MTASTS_ENOMEM), -MTASTS_ENOMEM;
    int error = open_all(who, checker, options, trace, trace_ctx);
    if (!error)
        *ret_checker = TAKE_PTR(checker);
    return error;
}

void checker_free(struct checker *checker)
{
    if (!checker)
        return;
    if (checker->gatherer)
        gatherer_free(checker->gatherer);
    if (checker->fetcher)
        fetcher_free(checker->fetcher);
    if (checker->resolver)
        resolver_free(checker->resolver);
    X509_STORE_free(checker->store);
    loop_free(checker->loop);
    free(checker);
}
