/*
 * bench_engine [POLICIES]: what the policy cache costs: octets of memory a
 * policy beyond its text, time of a cached question, by the number of
 * policies held.
 *
 * The policies are of the usual size: two MX hosts, about 100 octets. Memory
 * is what the process has resident (VmRSS), before and after.
 */
#include "bench.h"
#include "engine/policy_engine.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define NOW_MS INT64_C(1800000000000)
#define QUESTIONS 2000000u
#define BODY_MAX 512u

static void ask_txt(void *ctx, const char *domain)
{
    (void)ctx;
    (void)domain;
}

static void ask_mx(void *ctx, const char *domain, bool with_dane)
{
    (void)ctx;
    (void)domain;
    (void)with_dane;
}

static void store(void *ctx, const char *domain, const struct held_policy *held,
                  int64_t used_ms)
{
    (void)ctx;
    (void)domain;
    (void)held;
    (void)used_ms;
}

static void tell(void *ctx, const struct policy_event *event)
{
    (void)ctx;
    (void)event;
}

static const struct policy_world world = {
    .ask_txt = ask_txt,
    .fetch = ask_txt,
    .ask_mx = ask_mx,
    .store = store,
    .forget = ask_txt,
    .tell = tell,
};

static size_t resident(void)
{
    static const char name[] = "VmRSS:";
    _cleanup_file_ FILE *file = fopen("/proc/self/status", "r");
    char line[256];

    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0) {
            const char *digits = line + strlen(name);
            digits += strspn(digits, " \t");
            return (size_t)bench_number(digits, 100000000) * 1024;
        }
    return 0;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void name_of(size_t number, char domain[64])
{
    snprintf(domain, 64, "customer-%zu.example", number);
}

static size_t body_of(size_t number, char body[BODY_MAX])
{
    return (size_t)snprintf(body, BODY_MAX,
                            "version: STSv1\r\nmode: enforce\r\n"
                            "mx: mx1.host-%zu.example\r\n"
                            "mx: mx2.host-%zu.example\r\nmax_age: 604800\r\n",
                            number % 100, number % 100);
}

static struct policy_engine *filled(size_t count, size_t *ret_text)
{
    struct policy_settings settings;
    struct policy_engine *engine;
    char domain[64];
    char body[BODY_MAX];

    policy_settings_init(&settings);
    settings.entries_max = count + 1;
    *ret_text = 0;
    if (policy_engine_new(&settings, &world, NULL, &engine) < 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t len = body_of(i, body);
        name_of(i, domain);
        const struct policy_kept kept = {.domain = domain,
                                         .id = "20260101000000",
                                         .fetched_ms = NOW_MS,
                                         .used_ms = NOW_MS,
                                         .body = body,
                                         .len = len};
        if (policy_engine_load(engine, &kept, NOW_MS) < 0)
            return NULL;
        *ret_text += len;
    }
    return engine;
}

/* Nanoseconds of CPU a question, asked all over the cache. */
static double question_ns(struct policy_engine *engine, size_t count)
{
    struct policy_waiter waiter = {.entry = NULL};
    struct policy_answer answer;
    uint64_t random = 1;
    size_t enforced = 0;
    char domain[64];
    double start = seconds();

    for (size_t i = 0; i < QUESTIONS; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        name_of((random >> 33) % count, domain);
        enforced += policy_engine_ask(engine, domain, 0, NOW_MS, &waiter,
                                      &answer) == 1 &&
                    answer.mode == MTASTS_MODE_ENFORCE;
    }
    if (enforced != QUESTIONS)
        return -1;
    return (seconds() - start) / QUESTIONS * 1e9;
}

static int bench(size_t count)
{
    size_t before = resident();
    size_t text;
    double start = seconds();
    _cleanup_policy_engine_ struct policy_engine *engine = filled(count, &text);
    double load = seconds() - start;
    struct policy_stats stats;

    if (!engine || count == 0)
        return 1;
    size_t used = resident() - before;
    policy_engine_stats(engine, &stats);
    double ns = question_ns(engine, count);
    printf("%9zu policies: %6.1f MB, %4zu octets a policy beyond its text "
           "(accounted: %zu), loaded in %.2f s, %.0f ns a question\n",
           count, (double)used / 1e6, (used - text) / count,
           (stats.bytes - text) / count, load, ns);
    return ns < 0;
}

int main(int argc, char **argv)
{
    size_t most = argc > 1 ? bench_number(argv[1], 10000000) : 1000000;

    return bench(most) || bench(1000);
}
