/*
 * smtp_driver: looks at SMTP servers and prints the facts as JSON.
 *
 *     smtp_driver KEY=VALUE...
 *
 * host, address, port, helo, ca (file), tlsa ("3 1 1 hex", may be repeated),
 * base (the TLSA base domain), name (a reference name of DANE-TA), tests (a
 * number, enum smtp_tests), deadline (ms), insecure (the TLSA RRset is not
 * signed), servfail (its look-up failed), sockets, sends (how many can be had),
 * cancel (ms after which the probe is cancelled).
 *
 * Prints one document of facts: a made-up domain with one MX host, whose
 * sessions[0] is what was found. After a cancel: none, and "cancelled".
 */
#include "base/ascii.h"
#include "base/cleanup.h"
#include "check/facts_json.h"
#include "driver.h"
#include "net/dane.h"
#include "net/smtp.h"
#include "net/tls.h"
#include "scarce.h"

#include <string.h>

#define TLSA_MAX 16u
#define AFTER_CANCEL_MS 300u

struct driver {
    struct loop *loop;
    struct facts *facts;
    struct fact_mx mx;
    struct fact_tlsa_rr rrs[TLSA_MAX];
    struct smtp_request request;
    const char *name;
    uint64_t cancel_ms;
    struct smtp_probe *probe;
    unsigned callbacks;
};

static uint8_t hex_digit(char c)
{
    if (!ascii_is_xdigit(c))
        driver_fail("not hex");
    return (uint8_t)(ascii_is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
}

/* "3 1 1 0a0b..." */
static void add_tlsa(struct driver *driver, const char *text)
{
    uint8_t rdata[8192];
    size_t len = 0;
    struct fact_tlsa *tlsa = &driver->mx.tlsa;
    for (; len < 3; text += strcspn(text, " "), text += *text == ' ')
        rdata[len++] = (uint8_t)(*text - '0');
    for (; text[0] && text[1] && len < sizeof(rdata); text += 2)
        rdata[len++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
    if (tlsa->count == TLSA_MAX || *text ||
        dane_rr_parse(driver->facts->arena, rdata, len,
                      &driver->rrs[tlsa->count]) < 0)
        driver_fail("a TLSA record that will not do");
    tlsa->rrs = driver->rrs;
    tlsa->count++;
    tlsa->lookup.name = "_25._tcp.mx.example";
    tlsa->lookup.status = LOOKUP_OK;
    tlsa->lookup.dnssec = DNSSEC_SECURE;
}

static void set(struct driver *driver, const char *key, const char *value)
{
    struct smtp_request *request = &driver->request;
    struct fact_lookup *lookup = &driver->mx.tlsa.lookup;
    if (!strcmp(key, "host"))
        request->host = value;
    else if (!strcmp(key, "address") &&
             address_parse(value, &request->address) == 0)
        return;
    else if (!strcmp(key, "port"))
        request->port = (uint16_t)driver_number(value);
    else if (!strcmp(key, "helo"))
        request->helo = value;
    else if (!strcmp(key, "ca")) {
        if (tls_store_new(value, &request->store) < 0)
            driver_fail("no such CA");
    } else if (!strcmp(key, "tlsa"))
        add_tlsa(driver, value);
    else if (!strcmp(key, "base"))
        request->tlsa_base = value;
    else if (!strcmp(key, "name")) {
        driver->name = value;
        request->dane_names = &driver->name;
        request->dane_name_count = 1;
    } else if (!strcmp(key, "tests"))
        request->tests = driver_number(value);
    else if (!strcmp(key, "deadline"))
        request->deadline_ms = driver_number(value);
    else if (!strcmp(key, "insecure"))
        lookup->dnssec = DNSSEC_INSECURE;
    else if (!strcmp(key, "servfail"))
        lookup->status = LOOKUP_SERVFAIL;
    else if (!strcmp(key, "sockets"))
        scarce_sockets(driver_number(value));
    else if (!strcmp(key, "sends"))
        scarce_sends(driver_number(value));
    else if (!strcmp(key, "cancel"))
        driver->cancel_ms = driver_number(value);
    else
        driver_fail(key);
}

static void read_arguments(struct driver *driver, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (!equals)
            driver_fail("KEY=VALUE wanted");
        *equals = '\0';
        set(driver, argv[i], equals + 1);
    }
}

static void on_fact(void *ctx, const struct fact_smtp *fact)
{
    struct driver *driver = ctx;
    driver->probe = NULL;
    driver->callbacks++;
    driver->mx.sessions = arena_new_of(driver->facts->arena, struct fact_smtp);
    if (!driver->mx.sessions)
        driver_fail("no memory");
    driver->mx.sessions[0] = *fact;
    driver->mx.session_count = 1;
}

static void on_enough(void *ctx)
{
    struct driver *driver = ctx;
    loop_stop(driver->loop);
}

static void on_cancel(void *ctx)
{
    struct driver *driver = ctx;
    struct loop_timer *timer = NULL;
    smtp_probe_cancel(TAKE_PTR(driver->probe));
    /* the loop goes on: what still comes must find nobody */
    if (loop_timer(driver->loop, AFTER_CANCEL_MS, on_enough, driver, &timer))
        driver_fail("no timer");
}

static void print(struct driver *driver)
{
    struct json *json = NULL;
    driver->mx.name = driver->request.host;
    driver->mx.name_valid = true;
    driver->facts->mx.hosts = &driver->mx;
    driver->facts->mx.count = 1;
    if (facts_to_json(driver->facts, &json) < 0)
        driver_fail("the facts cannot be written");
    driver_print(json, JSON_INDENTED);
}

int main(int argc, char **argv)
{
    struct driver driver = {.request = {.host = "mx.example",
                                        .secure_address = true,
                                        .tests = SMTP_TEST_ALL}};
    struct loop_timer *timer = NULL;
    if (facts_new("domain.example", &driver.facts) < 0 ||
        loop_new(&driver.loop) < 0)
        driver_fail("no memory");
    read_arguments(&driver, argc, argv);
    driver.request.arena = driver.facts->arena;
    driver.request.tlsa = &driver.mx.tlsa;
    if (smtp_probe_start(driver.loop, &driver.request, on_fact, &driver,
                         &driver.probe) < 0)
        driver_fail("cannot start");
    if (driver.callbacks > 0)
        driver_fail("the callback ran before the start returned");
    if (driver.cancel_ms > 0)
        loop_timer(driver.loop, driver.cancel_ms, on_cancel, &driver, &timer);
    loop_run(driver.loop);
    if (driver.callbacks == 1)
        print(&driver);
    else if (driver.callbacks == 0 && driver.cancel_ms > 0)
        printf("cancelled\n");
    else
        driver_fail("not one callback");
    X509_STORE_free(driver.request.store);
    loop_free(driver.loop);
    facts_free(driver.facts);
    return 0;
}
