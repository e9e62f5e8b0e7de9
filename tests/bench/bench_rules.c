/*
 * bench_rules: what judging one domain costs, once its facts are there.
 *
 *   bench_rules FACTS...   for each file of stored facts: its name,
 *                          nanoseconds of check_run(), of the document for
 *                          machines, of writing it, and octets of it
 *
 * The best of several rounds is taken, since all disturbance makes things
 * slower.
 */
#include "check/facts_json.h"
#include "check/findings_json.h"
#include <string.h>
#include <time.h>

#define ROUNDS 9
#define CALLS 2000 /* of a round: some milliseconds */
#define FILE_MAX (1u << 20)
#define DOCUMENT_MAX (4u << 20)

struct judged {
    struct facts *facts;
    struct findings *findings;
    struct verdict verdict;
    struct json *document;
    size_t written;
};

typedef void call_fn(struct judged *judged);

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void call_check(struct judged *judged)
{
    findings_free(TAKE_PTR(judged->findings));
    if (check_run(judged->facts, &judged->findings, &judged->verdict) < 0)
        abort();
}

static void call_document(struct judged *judged)
{
    json_free(TAKE_PTR(judged->document));
    if (findings_to_json(judged->facts, judged->findings, &judged->verdict,
                         &judged->document) < 0)
        abort();
}

static void call_write(struct judged *judged)
{
    _cleanup_buf_ struct buf buf = BUF(DOCUMENT_MAX);
    if (json_write(judged->document, JSON_ONE_LINE, &buf) < 0)
        abort();
    judged->written = buf.len;
}

static double best_of(call_fn *call, struct judged *judged)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int i = 0; i < CALLS; i++)
            call(judged);
        double each = (now_ns() - start) / CALLS;
        if (round == 0 || each < best)
            best = each;
    }
    return best;
}

static struct facts *read_facts(const char *path)
{
    _cleanup_file_ FILE *file = fopen(path, "re");
    _cleanup_free_ char *text = malloc(FILE_MAX);
    struct json_fault fault = {0};
    struct facts *facts = NULL;

    if (!file || !text) {
        perror(path);
        return NULL;
    }
    size_t len = fread(text, 1, FILE_MAX, file);
    if (facts_parse(text, len, &fault, &facts) < 0) {
        fprintf(stderr, "%s: %s\n", path, fault.text);
        return NULL;
    }
    return facts;
}

/* The findings' arena grows with each document: a fresh one for them. */
static int measure(const char *path)
{
    struct judged judged = {.facts = read_facts(path)};
    if (!judged.facts)
        return 1;
    double check = best_of(call_check, &judged);
    double document = 0;
    for (int round = 0; round < ROUNDS; round++) {
        call_check(&judged);
        double start = now_ns();
        call_document(&judged);
        double took = now_ns() - start;
        if (round == 0 || took < document)
            document = took;
    }
    double write = best_of(call_write, &judged);
    const char *slash = strrchr(path, '/');
    printf("%s %.0f %.0f %.0f %zu\n", slash ? slash + 1 : path, check, document,
           write, judged.written);
    json_free(judged.document);
    findings_free(judged.findings);
    facts_free(judged.facts);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;
    for (int i = 1; i < argc; i++)
        status |= measure(argv[i]);
    return status;
}
