/*
 * store_driver: a store's writer and reader, by commands on stdin.
 *
 *     store_driver FILE
 *
 * Says "started", or why not and ends with 1. Then one line of answer for
 * each line:
 *
 *     put DOMAIN FETCHED     ok, or the error
 *     delete DOMAIN          ok, or the error
 *     history DOMAIN AT      ok, or the error
 *     get DOMAIN             its FETCHED, none, or unknown and why
 *     events DOMAIN          how many rows of history
 *     load                   how many policies, or wait and why
 *     newest                 the newest time, or unknown and why
 *     state                  KEY=VALUE..., the last one is text=
 *     news                   NAME and a sentence, or none
 *     flood RATE DOMAINS     puts policies of dN.example, N counting up to
 *                            DOMAINS and anew, fetched at 1, 2, ..., so many
 *                            a second; every 10 ms prints the last of these
 *                            times and the clock (ms); does not end
 *     stop MS                stops: the error, and lost=N; ends
 *
 * A policy that was put has a body that follows from domain and time; "get"
 * and "load" end the driver with 3 if one comes back with another.
 */
#include "base/number.h"
#include "store/store_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <mtasts/error.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_OCTETS 512
#define WORDS_MAX 4
#define BODY_MAX 512u
#define SLICE 1000u
#define TICK_MS 10

struct driver {
    struct store_writer *writer;
    struct store_reader *reader;
    unsigned count;
};

static uint64_t number(const char *text)
{
    uint64_t value = 0;

    if (!text || number_parse(text, strlen(text), INT64_MAX, &value) < 0) {
        fprintf(stderr, "store_driver: not a number\n");
        exit(2);
    }
    return value;
}

static void body_of(const char *domain, int64_t fetched_ms, char body[BODY_MAX])
{
    snprintf(body, BODY_MAX,
             "version: STSv1\r\nmode: enforce\r\nmx: mx1.%.200s\r\n"
             "mx: *.mx.%.100s\r\nmax_age: %" PRId64 "\r\n",
             domain, domain, fetched_ms % 31557600);
}

static struct policy_row row_of(const char *domain, int64_t fetched_ms,
                                char body[BODY_MAX])
{
    body_of(domain, fetched_ms, body);
    return (struct policy_row){
        .domain = domain,
        .id = "20260101T000000",
        .fetched_ms = fetched_ms,
        .used_ms = fetched_ms,
        .body = body,
        .len = strlen(body),
    };
}

/* What came back is what was put. */
static void must_be_right(const struct policy_row *row)
{
    char body[BODY_MAX];

    body_of(row->domain, row->fetched_ms, body);
    if (row->len == strlen(body) && memcmp(row->body, body, row->len) == 0)
        return;
    fprintf(stderr, "store_driver: wrong row of %s\n", row->domain);
    exit(3);
}

static void answer(int error)
{
    printf("%s\n", error ? mtasts_strerror(error) : "ok");
}

static void unknown(const struct driver *driver)
{
    printf("unknown %s\n", store_reader_fault(driver->reader)->text);
}

/* ---- commands ---- */

static void do_put(struct driver *driver, char **words)
{
    char body[BODY_MAX];
    const struct policy_row row =
        row_of(words[1], (int64_t)number(words[2]), body);

    answer(store_writer_put(driver->writer, &row));
}

static void do_delete(struct driver *driver, char **words)
{
    answer(store_writer_delete(driver->writer, words[1]));
}

static void do_history(struct driver *driver, char **words)
{
    const struct history_row row = {words[1],
                                    (int64_t)number(words[2]),
                                    "policy-changed",
                                    "testing",
                                    "1",
                                    "enforce",
                                    "2",
                                    "as it goes"};

    answer(store_writer_history(driver->writer, &row));
}

static void do_get(struct driver *driver, char **words)
{
    struct policy_row *row = NULL;
    int error = store_reader_get(driver->reader, words[1], &row);

    if (error == -MTASTS_ENOTFOUND) {
        puts("none");
    } else if (error) {
        unknown(driver);
    } else {
        must_be_right(row);
        printf("%" PRId64 "\n", row->fetched_ms);
        free(row);
    }
}

static bool count_event(void *ctx, const struct history_row *row)
{
    struct driver *driver = ctx;

    (void)row;
    driver->count++;
    return true;
}

static void do_events(struct driver *driver, char **words)
{
    driver->count = 0;
    if (store_reader_history(driver->reader, words[1], count_event, driver) < 0)
        unknown(driver);
    else
        printf("%u\n", driver->count);
}

static void count_policy(void *ctx, const struct policy_row *row)
{
    struct driver *driver = ctx;

    must_be_right(row);
    driver->count++;
}

static void do_load(struct driver *driver, char **words)
{
    enum store_load load;

    (void)words;
    driver->count = 0;
    do {
        load = store_reader_load(driver->reader, SLICE, count_policy, driver);
    } while (load == STORE_LOAD_MORE);
    if (load == STORE_LOAD_WAIT)
        printf("wait %s\n", store_reader_fault(driver->reader)->text);
    else
        printf("%u\n", driver->count);
}

static void do_newest(struct driver *driver, char **words)
{
    int64_t ms = 0;

    (void)words;
    if (store_reader_newest(driver->reader, &ms) < 0)
        unknown(driver);
    else
        printf("%" PRId64 "\n", ms);
}

static void do_state(struct driver *driver, char **words)
{
    struct store_state state;

    (void)words;
    store_writer_state(driver->writer, &state);
    printf("failing=%d trouble=%s waiting=%zu written=%" PRIu64 " lost=%" PRIu64
           " generation=%u text=%s\n",
           state.failing, store_trouble_name(state.fault.trouble),
           state.waiting, state.written, state.lost, state.generation,
           state.fault.text);
}

static void do_news(struct driver *driver, char **words)
{
    struct store_news news;

    (void)words;
    if (store_writer_news(driver->writer, &news))
        printf("%s %s\n", store_news_name(news.kind), news.text);
    else
        puts("none");
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put_number(struct driver *driver, int64_t n, int64_t domains)
{
    char body[BODY_MAX];
    char domain[64];
    struct policy_row row;

    snprintf(domain, sizeof(domain), "d%" PRId64 ".example", n % domains);
    row = row_of(domain, n, body);
    if (store_writer_put(driver->writer, &row) < 0)
        exit(4);
}

static void do_flood(struct driver *driver, char **words)
{
    static const struct timespec TICK = {.tv_nsec = TICK_MS * 1000000};
    int64_t rate = (int64_t)number(words[1]);
    int64_t domains = (int64_t)number(words[2]);
    int64_t begin = now_ms();

    for (int64_t n = 0;;) {
        while (n < rate * (now_ms() - begin) / 1000)
            put_number(driver, ++n, domains);
        printf("%" PRId64 " %" PRId64 "\n", n, now_ms());
        fflush(stdout);
        nanosleep(&TICK, NULL);
    }
}

static void do_stop(struct driver *driver, char **words)
{
    struct store_loss loss;
    int error;

    store_reader_free(driver->reader);
    error =
        store_writer_stop(driver->writer, (unsigned)number(words[1]), &loss);
    printf("%s lost=%zu\n", error ? mtasts_strerror(error) : "ok", loss.count);
    exit(0);
}

static const struct {
    const char *name;
    int words;
    void (*run)(struct driver *driver, char **words);
} COMMANDS[] = {
    {"put", 3, do_put},         {"delete", 2, do_delete},
    {"history", 3, do_history}, {"get", 2, do_get},
    {"events", 2, do_events},   {"load", 1, do_load},
    {"newest", 1, do_newest},   {"state", 1, do_state},
    {"news", 1, do_news},       {"flood", 3, do_flood},
    {"stop", 2, do_stop},
};

static void run(struct driver *driver, char *line)
{
    char *words[WORDS_MAX] = {NULL};
    char *rest = NULL;
    int count = 0;

    for (char *word = strtok_r(line, " \n", &rest); word && count < WORDS_MAX;
         word = strtok_r(NULL, " \n", &rest))
        words[count++] = word;
    for (size_t i = 0; i < ELEMENTS(COMMANDS); i++)
        if (count == COMMANDS[i].words &&
            strcmp(words[0], COMMANDS[i].name) == 0) {
            COMMANDS[i].run(driver, words);
            fflush(stdout);
            return;
        }
    fprintf(stderr, "store_driver: no such command\n");
    exit(2);
}

int main(int argc, char **argv)
{
    struct store_fault fault = {.text = ""};
    struct driver driver = {0};
    char line[LINE_MAX_OCTETS];

    if (argc != 2) {
        fprintf(stderr, "usage: store_driver FILE\n");
        return 2;
    }
    if (store_writer_start(argv[1], &driver.writer, &fault) < 0) {
        puts(fault.text);
        return 1;
    }
    if (store_reader_new(argv[1], driver.writer, &driver.reader) < 0)
        return 2;
    puts("started");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin))
        run(&driver, line);
    return 0;
}
