/*
 * gather_driver: gathers the facts of domains and prints them, one JSON
 * document a line, in the order they are complete.
 *
 *     gather_driver KEY=VALUE... DOMAIN...
 *
 * forward (ADDR[@PORT]), hints, anchor (files), ca (file), private (a CIDR
 * that may be connected to; may be repeated), smtp, main_only, variations
 * (0 or 1), helo, deadline (ms), smtp_port, https_port, jobs (domains at
 * once), cancel (ms after which all is cancelled), room (octets that the
 * facts of a domain may take instead of FACTS_MAX), overrun (1: look-ups,
 * fetches and probes know of no deadline), trace (1: steps go to stderr).
 * After a cancel: "cancelled".
 */
#include "base/cleanup.h"
#include "check/facts_json.h"
#include "driver.h"
#include "net/gathering.h"
#include "net/tls.h"

#include <string.h>

#define JOBS_MAX 100u
#define FIRST_BLOCK 8192u
#define OVERRUN_MS 20000u
#define AFTER_CANCEL_MS 300u

struct job {
    struct driver *driver;
    size_t place;
};

struct driver {
    struct loop *loop;
    struct address_guard guard;
    struct resolver_options resolver;
    struct fetcher_options fetcher;
    struct gatherer_options gatherer;
    struct gathering *gatherings[JOBS_MAX];
    struct job all_jobs[JOBS_MAX];
    char **domains;
    uint64_t jobs;
    uint64_t cancel_ms;
    size_t running;
    size_t done;
};

static size_t room = FACTS_MAX;
static bool overrun;

/* The linker puts these in place of facts_new(): real facts, less room. */
int __wrap_facts_new(const char *domain, struct facts **ret_facts);
int __real_facts_new(const char *domain, struct facts **ret_facts);

int __wrap_facts_new(const char *domain, struct facts **ret_facts)
{
    struct facts *facts = NULL;
    int error = __real_facts_new(domain, &facts);
    if (error)
        return error;
    /* The first block of the arena, and then all but `room`. */
    if (room < FACTS_MAX - FIRST_BLOCK)
        arena_alloc(facts->arena, FACTS_MAX - FIRST_BLOCK - room);
    *ret_facts = facts;
    return 0;
}

/* And this in place of what gather's parts ask before they begin anything. */
uint32_t __wrap_gathering_left_ms(const struct gathering *gathering);
uint32_t __real_gathering_left_ms(const struct gathering *gathering);

uint32_t __wrap_gathering_left_ms(const struct gathering *gathering)
{
    uint32_t left = __real_gathering_left_ms(gathering);
    return overrun && left > 0 ? OVERRUN_MS : left;
}

static void on_trace(void *ctx, const char *step, const char *result,
                     uint32_t elapsed_ms)
{
    (void)ctx;
    fprintf(stderr, "%s -> %s (%u ms)\n", step, result, elapsed_ms);
}

static void set_more(struct driver *driver, const char *key, const char *value)
{
    struct gatherer_options *gatherer = &driver->gatherer;
    if (!strcmp(key, "smtp"))
        gatherer->smtp = driver_number(value) != 0;
    else if (!strcmp(key, "main_only"))
        gatherer->smtp_main_only = driver_number(value) != 0;
    else if (!strcmp(key, "variations"))
        gatherer->variations = driver_number(value) != 0;
    else if (!strcmp(key, "helo"))
        gatherer->helo = value;
    else if (!strcmp(key, "deadline"))
        gatherer->deadline_ms = driver_number(value);
    else if (!strcmp(key, "smtp_port"))
        gatherer->smtp_port = (uint16_t)driver_number(value);
    else if (!strcmp(key, "https_port"))
        gatherer->https_port = (uint16_t)driver_number(value);
    else if (!strcmp(key, "trace"))
        gatherer->trace = driver_number(value) ? on_trace : NULL;
    else if (!strcmp(key, "jobs"))
        driver->jobs = MIN_OF(driver_number(value), JOBS_MAX);
    else if (!strcmp(key, "room"))
        room = driver_number(value);
    else if (!strcmp(key, "overrun"))
        overrun = driver_number(value) != 0;
    else if (!strcmp(key, "cancel"))
        driver->cancel_ms = driver_number(value);
    else
        driver_fail(key);
}

static void set(struct driver *driver, const char *key, const char *value)
{
    struct address_guard *guard = &driver->guard;
    if (!strcmp(key, "forward"))
        driver->resolver.forward = value;
    else if (!strcmp(key, "hints"))
        driver->resolver.root_hints = value;
    else if (!strcmp(key, "anchor"))
        driver->resolver.trust_anchor = value;
    else if (!strcmp(key, "ca")) {
        if (tls_store_new(value, &driver->fetcher.store) < 0)
            driver_fail("no such CA");
    } else if (!strcmp(key, "private")) {
        if (guard->exception_count == ADDRESS_EXCEPTIONS_MAX ||
            address_cidr_parse(value,
                               &guard->exceptions[guard->exception_count]) < 0)
            driver_fail("no such network");
        guard->exception_count++;
    } else
        set_more(driver, key, value);
}

static void print(const struct facts *facts)
{
    struct json *json = NULL;
    if (facts_to_json(facts, &json) < 0)
        driver_fail("the facts cannot be written");
    driver_print(json, JSON_ONE_LINE);
}

static void on_facts(void *ctx, struct facts *facts)
{
    struct job *job = ctx;
    struct driver *driver = job->driver;
    print(facts);
    facts_free(facts);
    driver->gatherings[job->place] = NULL;
    driver->done++;
    if (--driver->running == 0 && !*driver->domains)
        loop_stop(driver->loop);
}

static void start_some(struct driver *driver, struct gatherer *gatherer)
{
    for (size_t i = 0; *driver->domains && i < driver->jobs; i++) {
        struct job *job = &driver->all_jobs[i];
        size_t before = driver->done;
        *job = (struct job){driver, i};
        driver->running++;
        if (gather_start(gatherer, *driver->domains++, GATHER_ALL, on_facts,
                         job, &driver->gatherings[i]) < 0)
            driver_fail("cannot start");
        if (driver->done != before)
            driver_fail("the callback ran before the start returned");
    }
}

static void on_enough(void *ctx)
{
    struct driver *driver = ctx;
    loop_stop(driver->loop);
}

/* Goes on for a moment: what still comes must find nobody. */
static void on_cancel(void *ctx)
{
    struct driver *driver = ctx;
    struct loop_timer *timer = NULL;
    for (size_t i = 0; i < JOBS_MAX; i++)
        gather_cancel(TAKE_PTR(driver->gatherings[i]));
    if (loop_timer(driver->loop, AFTER_CANCEL_MS, on_enough, driver, &timer))
        driver_fail("no timer");
}

static void run(struct driver *driver, struct gatherer *gatherer)
{
    struct loop_timer *timer = NULL;
    if (driver->cancel_ms &&
        loop_timer(driver->loop, driver->cancel_ms, on_cancel, driver, &timer))
        driver_fail("no timer");
    while (*driver->domains) {
        start_some(driver, gatherer);
        loop_run(driver->loop);
    }
    if (driver->running > 0)
        printf("cancelled\n");
}

int main(int argc, char **argv)
{
    struct driver driver = {.jobs = JOBS_MAX};
    struct resolver *resolver = NULL;
    struct fetcher *fetcher = NULL;
    struct gatherer *gatherer = NULL;
    int i = 1;
    for (char *equals; i < argc && (equals = strchr(argv[i], '=')); i++) {
        *equals = '\0';
        set(&driver, argv[i], equals + 1);
    }
    driver.domains = argv + i;
    driver.fetcher.guard = &driver.guard;
    if (!driver.fetcher.store && tls_store_new(NULL, &driver.fetcher.store) < 0)
        driver_fail("no CA");
    if (loop_new(&driver.loop) < 0 ||
        resolver_new(driver.loop, &driver.resolver, &resolver) < 0 ||
        fetcher_new(driver.loop, &driver.fetcher, &fetcher) < 0)
        driver_fail("no resolver or fetcher");
    driver.gatherer.resolver = resolver;
    driver.gatherer.fetcher = fetcher;
    driver.gatherer.store = driver.fetcher.store;
    driver.gatherer.guard = &driver.guard;
    if (gatherer_new(driver.loop, &driver.gatherer, &gatherer) < 0)
        driver_fail("no gatherer");
    run(&driver, gatherer);
    gatherer_free(gatherer);
    fetcher_free(fetcher);
    resolver_free(resolver);
    X509_STORE_free(driver.fetcher.store);
    loop_free(driver.loop);
    return 0;
}
