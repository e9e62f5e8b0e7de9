/*
 * bench_core: what libmtasts costs.
 *
 *   bench_core               times every case: name, nanoseconds, those that
 *                            memchr() needs for the same bytes, and the limit
 *                            that the project sets itself (0: none)
 *   bench_core --list        the names
 *   bench_core --once NAME   runs a case once inside bench_once(), for
 *                            callgrind --toggle-collect=bench_once
 *
 * The floor is memchr() for an octet that does not occur: no parser can do
 * with less than one look at every byte. The best of several rounds is
 * taken, since all disturbance makes things slower.
 */
#include "base/cleanup.h"
#include <mtasts/mtasts.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define ROUNDS 7
#define ROUND_NS 20000000.0 /* long against the grain of the clock */

/* The result of everything, so that nothing is optimised away. */
static volatile size_t sink;

#define STS_RECORD "v=STSv1; id=20160831085700Z;"
#define TLSRPT_RECORD                                                          \
    "v=TLSRPTv1; rua=mailto:tls@example.com,https://example.com/v1/tlsrpt"
#define POLICY                                                                 \
    "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n"              \
    "mx: *.example.net\r\nmax_age: 604800\r\n"
#define MESSY_POLICY                                                           \
    "\xef\xbb\xbfversion: STSv1\n\n Mode: enforce\nmode: enforce\n"            \
    "# mx\nmx: mail.example.com.\nmx: bad_name\nmax_age: 999999999"
#define LARGE_MX 2000

static char large_policy[MTASTS_POLICY_BODY_MAX];
static size_t large_len;
static struct mtasts_sts_policy *policy;

static void make_input(void)
{
    large_len = (size_t)snprintf(large_policy, sizeof(large_policy),
                                 "version: STSv1\r\nmode: enforce\r\n");
    for (unsigned i = 0; i < LARGE_MX; i++)
        large_len += (size_t)snprintf(large_policy + large_len,
                                      sizeof(large_policy) - large_len,
                                      "mx: mx%u.mail.example.com\r\n", i);
    large_len += (size_t)snprintf(large_policy + large_len,
                                  sizeof(large_policy) - large_len,
                                  "max_age: 604800\r\n");
    if (mtasts_sts_policy_parse(POLICY, strlen(POLICY), 0, NULL, &policy) < 0)
        abort();
}

static void run_sts_record(void)
{
    static const struct mtasts_bytes rr = {STS_RECORD, sizeof(STS_RECORD) - 1};
    struct mtasts_sts_record record;

    mtasts_sts_record_parse(&rr, 1, 0, NULL, &record);
    sink += (size_t)record.verdict;
}

static void run_tlsrpt_record(void)
{
    static const struct mtasts_bytes rr = {TLSRPT_RECORD,
                                           sizeof(TLSRPT_RECORD) - 1};
    struct mtasts_tlsrpt_record record;
    struct mtasts_bytes rua[4];

    mtasts_tlsrpt_record_parse(&rr, 1, 0, NULL, rua, 4, &record);
    sink += record.rua_count;
}

static void parse_policy(const char *body, size_t len, unsigned flags,
                         struct mtasts_faults *faults)
{
    struct mtasts_sts_policy *parsed = NULL;

    if (mtasts_sts_policy_parse(body, len, flags, faults, &parsed) < 0)
        abort();
    sink += mtasts_sts_policy_mx_count(parsed);
    mtasts_sts_policy_free(parsed);
}

static void run_policy(void)
{
    parse_policy(POLICY, sizeof(POLICY) - 1, 0, NULL);
}

static void run_messy_policy(void)
{
    struct mtasts_fault items[32];
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};

    parse_policy(MESSY_POLICY, sizeof(MESSY_POLICY) - 1, MTASTS_TOLERANT,
                 &faults);
}

static void run_large_policy(void)
{
    parse_policy(large_policy, large_len, 0, NULL);
}

#define MX_PATTERN "*.mail.protection.outlook.com"
#define MX_HOST "example-com.mail.protection.outlook.com"

static void run_mx_match(void)
{
    sink += mtasts_mx_match(MX_PATTERN, sizeof(MX_PATTERN) - 1, MX_HOST,
                            sizeof(MX_HOST) - 1);
}

#define COVERED_HOST "mx3.example.net"

static void run_find_mx(void)
{
    size_t index = 0;

    mtasts_sts_policy_find_mx(policy, COVERED_HOST, sizeof(COVERED_HOST) - 1,
                              &index);
    sink += index;
}

#define NEXT_HOP "Mail.Example.com:25"

static void run_next_hop(void)
{
    struct mtasts_next_hop hop;

    mtasts_next_hop_parse(NEXT_HOP, sizeof(NEXT_HOP) - 1, &hop);
    sink += hop.port;
}

static void run_delivery(void)
{
    struct mtasts_decision decision;

    mtasts_delivery_after(policy, COVERED_HOST, sizeof(COVERED_HOST) - 1,
                          MTASTS_TLS_CERT_OK, MTASTS_DANE_NONE, 0, &decision);
    sink += (size_t)decision.action;
}

struct bench {
    const char *name;
    void (*run)(void);
    const char *input; /* NULL: large_policy */
    double limit_ns;
};

static const struct bench benches[] = {
    {"sts_record", run_sts_record, STS_RECORD, 300},
    {"tlsrpt_record", run_tlsrpt_record, TLSRPT_RECORD, 0},
    {"sts_policy", run_policy, POLICY, 1000},
    {"sts_policy_messy", run_messy_policy, MESSY_POLICY, 0},
    {"sts_policy_2000_mx", run_large_policy, NULL, 0},
    {"mx_match", run_mx_match, MX_HOST, 0},
    {"policy_find_mx", run_find_mx, COVERED_HOST, 0},
    {"next_hop", run_next_hop, NEXT_HOP, 0},
    {"delivery_after", run_delivery, COVERED_HOST, 0},
};

/* Bytes that the floor is measured on. */
static struct mtasts_bytes floor_input;

static void run_floor(void)
{
    /* 0xff: in none of the inputs. The asm hides that they are constant. */
    const char *data = floor_input.data;

    __asm__ volatile("" : "+r"(data));
    sink += memchr(data, 0xff, floor_input.len) != NULL;
}

__attribute__((noinline)) static void bench_once(void (*run)(void))
{
    run();
}

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_calls(void (*run)(void), size_t calls)
{
    double start = now_ns();

    for (size_t i = 0; i < calls; i++)
        bench_once(run);
    return now_ns() - start;
}

static double best_ns(void (*run)(void))
{
    size_t calls = 1;
    double best = 0;

    while (time_calls(run, calls) < ROUND_NS)
        calls *= 2;
    for (int i = 0; i < ROUNDS; i++) {
        double ns = time_calls(run, calls) / (double)calls;

        if (i == 0 || ns < best)
            best = ns;
    }
    return best;
}

static void set_floor_input(const struct bench *bench)
{
    floor_input.data = bench->input ? bench->input : large_policy;
    floor_input.len = bench->input ? strlen(bench->input) : large_len;
}

static void print_times(const struct bench *bench)
{
    set_floor_input(bench);
    printf("%s %zu %.1f %.1f %.0f\n", bench->name, floor_input.len,
           best_ns(bench->run), best_ns(run_floor), bench->limit_ns);
    fflush(stdout);
}

static int run_once(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(benches); i++) {
        if (strcmp(benches[i].name, name) != 0)
            continue;
        benches[i].run(); /* as in the timed rounds, malloc() is warm */
        bench_once(benches[i].run);
        return 0;
    }
    fprintf(stderr, "bench_core: no case %s\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    bool list = argc == 2 && strcmp(argv[1], "--list") == 0;

    make_input();
    if (argc == 3 && strcmp(argv[1], "--once") == 0)
        return run_once(argv[2]);
    if (argc > 1 && !list) {
        fputs("usage: bench_core [--list | --once NAME]\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < ELEMENTS(benches); i++) {
        if (list)
            puts(benches[i].name);
        else
            print_times(&benches[i]);
    }
    mtasts_sts_policy_free(policy);
    return 0;
}
