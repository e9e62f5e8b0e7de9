/*
 * fetch_driver: fetches policies and prints what came as JSON lines.
 *
 *     fetch_driver KEY=VALUE...
 *
 * host, port, address (may be repeated), ca (file), allow (a CIDR; may be
 * repeated; without it loopback is refused), all (no guard in the addresses'
 * facts, so that only the one at the socket is left), proxy, deadline (ms),
 * path, user_agent, accept_encoding, connect_only, pinned, sockets (how many
 * can be had), cancel (ms; 0: at once), free (ms after which the fetcher is
 * freed), times (fetches at once), rounds (so often, one after the other),
 * quiet (only the last line).
 *
 * A line a fetch: status, the TLSRPT result type of fetch and policy, and
 * the fact as facts of a made-up domain. At the end: open descriptors before
 * and after, and the memory of the process in kB.
 */
#include "base/cleanup.h"
#include "check/facts_json.h"
#include "driver.h"
#include "net/fetch.h"
#include "net/tls.h"
#include "scarce.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#define DESCRIPTORS_MAX 4096 /* numbers looked at */

struct driver {
    struct loop *loop;
    struct fetcher *fetcher;
    struct fetch_request request;
    struct fact_address addresses[FACTS_ADDRESS_MAX];
    struct address_guard guard;
    bool all;
    bool quiet;
    bool cancels;
    uint64_t cancel_ms;
    uint32_t times;
    uint32_t rounds;
    uint32_t running;
    struct job *first;
};

struct job {
    struct driver *driver;
    struct job *next; /* of all that are running */
    struct facts *facts;
    struct fetch *fetch;
    bool starting;
};

/* What a sender would report of this fetch and the policy in it. */
static enum mtasts_result result_of(const struct fact_fetch *fact)
{
    enum mtasts_result result = fetch_status_result(fact->status);
    struct mtasts_sts_policy *policy = NULL;

    if (result != MTASTS_RESULT_SUCCESS)
        return result;
    if (mtasts_sts_policy_parse(fact->body.data, fact->body.len,
                                MTASTS_TOLERANT, NULL, &policy) < 0)
        result = MTASTS_RESULT_STS_POLICY_INVALID;
    mtasts_sts_policy_free(policy);
    return result;
}

static void print_fact(struct job *job, const struct fact_fetch *fact)
{
    struct json_builder line = json_build_object();
    struct json *facts = NULL;

    job->facts->policy_host.fetch = *fact;
    if (facts_to_json(job->facts, &facts) < 0)
        driver_fail("cannot write facts");
    json_add_string(&line, "status", fetch_status_name(fact->status));
    json_add_string(&line, "result", mtasts_result_name(result_of(fact)));
    json_add_bool(&line, "before_return", job->starting);
    json_add(&line, "facts", facts);
    driver_print(json_built(&line), JSON_ONE_LINE);
}

static void on_round(void *ctx);

static void job_free(struct job *job)
{
    struct driver *driver = job->driver;
    struct job **link = &driver->first;

    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    facts_free(job->facts);
    free(job);
    if (--driver->running > 0)
        return;
    if (--driver->rounds > 0 && driver->fetcher)
        loop_timer(driver->loop, 0, on_round, driver, NULL);
    else
        loop_stop(driver->loop);
}

static void on_fetched(void *ctx, const struct fact_fetch *fact)
{
    struct job *job = ctx;

    job->fetch = NULL;
    if (!job->driver->quiet)
        print_fact(job, fact);
    job_free(job);
}

static void on_cancel(void *ctx)
{
    struct job *job = ctx;

    fetch_cancel(job->fetch);
    job_free(job);
}

static void start_job(struct driver *driver)
{
    struct fetch_request request = driver->request;
    struct job *job = calloc(1, sizeof(*job));

    if (!job || facts_new("example.com", &job->facts) < 0)
        driver_fail("out of memory");
    job->driver = driver;
    job->next = driver->first;
    driver->first = job;
    job->starting = true;
    request.addresses = driver->addresses;
    request.arena = job->facts->arena;
    if (fetch_start(driver->fetcher, &request, on_fetched, job, &job->fetch))
        driver_fail("fetch_start failed");
    job->starting = false;
    if (driver->cancels && driver->cancel_ms == 0)
        on_cancel(job);
    else if (driver->cancels)
        loop_timer(driver->loop, driver->cancel_ms, on_cancel, job, NULL);
}

static void start_round(struct driver *driver)
{
    driver->running = driver->times;
    for (uint32_t i = 0; i < driver->times; i++)
        start_job(driver);
}

static void on_round(void *ctx)
{
    start_round(ctx);
}

static void on_free(void *ctx)
{
    struct driver *driver = ctx;

    fetcher_free(TAKE_PTR(driver->fetcher));
    loop_stop(driver->loop);
}

static void add_address(struct driver *driver, const char *text)
{
    struct fact_address *fact =
        &driver->addresses[driver->request.address_count++];
    struct address address;

    if (driver->request.address_count > FACTS_ADDRESS_MAX ||
        address_parse(text, &address) < 0)
        driver_fail("bad address");
    fact->text = text;
    fact->ipv6 = address.ipv6;
    fact->class = address_classify(&address);
}

static void allow_addresses(struct driver *driver)
{
    for (size_t i = 0; i < driver->request.address_count; i++) {
        struct address address;
        address_parse(driver->addresses[i].text, &address);
        driver->addresses[i].allowed =
            driver->all || address_allowed(&driver->guard, &address);
    }
}

static bool read_request(struct driver *driver, const char *word)
{
    struct fetch_request *request = &driver->request;
    const char *value;

    if ((value = driver_value(word, "host")))
        request->host = value;
    else if ((value = driver_value(word, "port")))
        request->port = (uint16_t)driver_number(value);
    else if ((value = driver_value(word, "address")))
        add_address(driver, value);
    else if ((value = driver_value(word, "deadline")))
        request->deadline_ms = driver_number(value);
    else if ((value = driver_value(word, "path")))
        request->path = value;
    else if ((value = driver_value(word, "user_agent")))
        request->user_agent = value;
    else if ((value = driver_value(word, "accept_encoding")))
        request->accept_encoding = value;
    else if (strcmp(word, "connect_only") == 0)
        request->connect_only = true;
    else if (strcmp(word, "pinned") == 0)
        request->pinned = true;
    else
        return false;
    return true;
}

static bool read_option(struct driver *driver, const char *word)
{
    const char *value;

    if ((value = driver_value(word, "allow"))) {
        struct address_guard *guard = &driver->guard;
        if (address_cidr_parse(value,
                               &guard->exceptions[guard->exception_count++]))
            driver_fail("bad CIDR");
    } else if ((value = driver_value(word, "cancel"))) {
        driver->cancels = true;
        driver->cancel_ms = driver_number(value);
    } else if ((value = driver_value(word, "free")))
        loop_timer(driver->loop, driver_number(value), on_free, driver, NULL);
    else if ((value = driver_value(word, "sockets")))
        scarce_sockets(driver_number(value));
    else if ((value = driver_value(word, "times")))
        driver->times = driver_number(value);
    else if ((value = driver_value(word, "rounds")))
        driver->rounds = driver_number(value);
    else if (strcmp(word, "all") == 0)
        driver->all = true;
    else if (strcmp(word, "quiet") == 0)
        driver->quiet = true;
    else
        return false;
    return true;
}

static int64_t open_descriptors(void)
{
    int64_t count = 0;

    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void print_end(const struct driver *driver, int64_t before)
{
    struct json_builder line = json_build_object();
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    json_add_int(&line, "running", driver->running);
    json_add_int(&line, "descriptors_before", before);
    json_add_int(&line, "descriptors_after", open_descriptors());
    json_add_int(&line, "max_rss_kb", usage.ru_maxrss);
    driver_print(json_built(&line), JSON_ONE_LINE);
}

static void read_arguments(struct driver *driver, int argc, char **argv,
                           struct fetcher_options *options, const char **ca)
{
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (read_request(driver, argv[i]) || read_option(driver, argv[i]))
            continue;
        if ((value = driver_value(argv[i], "ca")))
            *ca = value;
        else if ((value = driver_value(argv[i], "proxy")))
            options->proxy = value;
        else
            driver_fail("unknown argument");
    }
}

static void fetch_all(struct driver *driver)
{
    int64_t before = open_descriptors();

    start_round(driver);
    if (driver->running)
        loop_run(driver->loop);
    print_end(driver, before);
}

/* What a freed fetcher did not call back for. */
static void free_jobs(struct driver *driver)
{
    while (driver->first) {
        struct job *next = driver->first->next;
        facts_free(driver->first->facts);
        free(driver->first);
        driver->first = next;
    }
}

int main(int argc, char **argv)
{
    struct driver driver = {.times = 1, .rounds = 1};
    struct fetcher_options options = {.guard = &driver.guard};
    const char *ca = NULL;
    int error;

    if (loop_new(&driver.loop) < 0)
        driver_fail("no loop");
    read_arguments(&driver, argc, argv, &options, &ca);
    allow_addresses(&driver);
    error = tls_store_new(ca, &options.store);
    if (!error)
        error = fetcher_new(driver.loop, &options, &driver.fetcher);
    if (error)
        printf("{\"error\": %d}\n", -error);
    else
        fetch_all(&driver);
    fetcher_free(driver.fetcher);
    free_jobs(&driver);
    X509_STORE_free(options.store);
    loop_free(driver.loop);
    return 0;
}
