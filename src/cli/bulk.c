/*
 * bulk: checks domains, many at a time. See bulk.h.
 */
#include "cli/bulk.h"

#include "check/text.h"
#include "cli/progress.h"
#include "cli/sink.h"
#include "cli/source.h"
#include "cli/target.h"
#include <mtasts/error.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define LINE_SHOWN_MAX 100u /* octets of a line that is complained of */

struct bulk;

struct job {
    struct bulk *bulk;
    struct gathering *gathering; /* NULL: free */
    size_t number;               /* of the word, from 1 */
    struct job *next;            /* free one */
};

/* A document that waits for those before it. */
struct held {
    char *text;
    size_t len;
    bool done;
};

struct bulk {
    const struct bulk_options *options;
    struct checker *checker;
    struct bulk_steps *steps;
    struct source *source;
    struct sink *sink;
    struct progress *progress;
    struct loop_watch *signals[2];
    struct loop_timer *start;
    struct job *jobs;
    struct job *free_jobs;
    size_t busy;
    size_t begun;
    struct held *held; /* documents in the words' order; or NULL */
    size_t held_next;
    size_t printed;
    bool ended; /* nothing more is to be begun */
    bool interrupted;
    bool broken; /* output or input failed */
    uint64_t begun_ms;
    struct tally tally;
};

void bulk_step(void *ctx, const char *step, const char *result,
               uint32_t elapsed_ms)
{
    struct bulk_steps *steps = ctx;
    if (steps->trace)
        trace_add(steps->trace, step, result, elapsed_ms);
    else
        complain("%6u ms  %s: %s", elapsed_ms, step, result);
}

static void stop_if_done(struct bulk *bulk)
{
    if (bulk->broken ||
        (bulk->ended && bulk->busy == 0 && sink_empty(bulk->sink)))
        loop_stop(bulk->checker->loop);
}

static void break_off(struct bulk *bulk)
{
    bulk->broken = true;
    bulk->ended = true;
    stop_if_done(bulk);
}

/* ---- output ---- */

static void put(struct bulk *bulk, const char *text, size_t len)
{
    bool text_form = bulk->options->document.form == DOCUMENT_TEXT;
    if (isatty(STDOUT_FILENO))
        progress_hide(bulk->progress);
    int error = 0;
    if (text_form && bulk->printed > 0)
        error = sink_put(bulk->sink, "\n", 1);
    if (!error && len > 0)
        error = sink_put(bulk->sink, text, len);
    bulk->printed++;
    if (error == -MTASTS_EIO)
        return; /* on_failed() is under way */
    if (error) {
        complain_error("standard output", error);
        break_off(bulk);
    }
}

/* Words are answered in their order, whatever was finished first. */
static void put_in_order(struct bulk *bulk, size_t number, struct buf *buf)
{
    struct held *held = &bulk->held[number - 1];
    held->done = true;
    held->len = buf->len;
    held->text = TAKE_PTR(buf->data);
    buf_clear(buf);
    while (bulk->held_next < bulk->options->words->count &&
           bulk->held[bulk->held_next].done) {
        struct held *next = &bulk->held[bulk->held_next++];
        if (next->len > 0)
            put(bulk, next->text, next->len);
        free(TAKE_PTR(next->text));
    }
}

static void deliver(struct bulk *bulk, size_t number, struct buf *buf)
{
    if (bulk->held)
        put_in_order(bulk, number, buf);
    else if (buf->len > 0)
        put(bulk, buf->data, buf->len);
}

static void on_failed(void *ctx)
{
    break_off(ctx);
}

/* ---- work ---- */

static void pump(struct bulk *bulk);

static void give_back(struct job *job)
{
    job->gathering = NULL;
    job->next = job->bulk->free_jobs;
    job->bulk->free_jobs = job;
    job->bulk->busy--;
}

static void on_gathered(void *ctx, struct facts *gathered)
{
    struct job *job = ctx;
    struct bulk *bulk = job->bulk;
    _cleanup_facts_ struct facts *facts = gathered;
    _cleanup_buf_ struct buf buf = BUF(DOCUMENT_MAX);
    enum exit_status status = STATUS_UNKNOWN;
    int error = document_put(&bulk->options->document, facts,
                             bulk->steps->trace, &buf, &status);
    if (error) {
        complain_error(facts->domain, error);
        buf_clear(&buf);
    }
    tally_add(&bulk->tally, status);
    size_t number = job->number;
    give_back(job);
    deliver(bulk, number, &buf);
    pump(bulk);
}

static void refuse_line(struct bulk *bulk, const struct source_line *line,
                        const char *why)
{
    _cleanup_buf_ struct buf buf = BUF(DOCUMENT_MAX);
    bulk->tally.bad_lines++;
    progress_hide(bulk->progress);
    int shown = (int)MIN_OF(line->len, (size_t)LINE_SHOWN_MAX);
    const char *more = line->len > LINE_SHOWN_MAX ? "..." : "";
    if (bulk->options->from)
        complain("line %zu: '%.*s%s': %s", line->number, shown, line->text,
                 more, why);
    else
        complain("check: '%.*s%s': %s", shown, line->text, more, why);
    if (bulk->options->document.form == DOCUMENT_NDJSON &&
        document_put_bad(line->text, line->len, line->number, why, &buf) != 0)
        buf_clear(&buf);
    deliver(bulk, line->number, &buf);
}

static int renew_trace(struct bulk *bulk)
{
    struct bulk_steps *steps = bulk->steps;
    if (!steps->trace)
        return 0;
    trace_free(TAKE_PTR(steps->trace));
    return trace_new(&steps->trace);
}

static void begin(struct bulk *bulk, const struct source_line *line,
                  const char *domain)
{
    struct job *job = bulk->free_jobs;
    int error = renew_trace(bulk);
    if (!error)
        error = gather_start(bulk->checker->gatherer, domain, GATHER_ALL,
                             on_gathered, job, &job->gathering);
    if (error) {
        refuse_line(bulk, line, mtasts_strerror(error));
        return;
    }
    job->number = line->number;
    bulk->free_jobs = job->next;
    bulk->busy++;
    bulk->begun++;
}

static void take_line(struct bulk *bulk, const struct source_line *line)
{
    struct target target;
    if (line->too_long) {
        refuse_line(bulk, line, "a line this long is no domain");
    } else if (target_parse(line->text, line->len, &target) != 0) {
        refuse_line(bulk, line, target.why);
    } else {
        if (target.extracted && !bulk->options->from)
            complain("check: '%.*s': using %s", (int)line->len, line->text,
                     target.domain);
        begin(bulk, line, target.domain);
    }
}

static void pump(struct bulk *bulk)
{
    struct source_line line;
    while (!bulk->ended && bulk->free_jobs && !sink_full(bulk->sink)) {
        switch (source_next(bulk->source, &line)) {
        case SOURCE_LINE: take_line(bulk, &line); break;
        case SOURCE_WAIT: return;
        case SOURCE_END: bulk->ended = true; break;
        case SOURCE_FAILED: break_off(bulk); break;
        }
    }
    stop_if_done(bulk);
}

static void on_more(void *ctx)
{
    pump(ctx);
}

static void on_start(void *ctx)
{
    struct bulk *bulk = ctx;
    bulk->start = NULL;
    pump(bulk);
}

/* Ends the run; a second signal then has its usual effect. */
static void on_interrupt(void *ctx)
{
    struct bulk *bulk = ctx;
    for (size_t i = 0; i < ELEMENTS(bulk->signals); i++)
        loop_watch_cancel(TAKE_PTR(bulk->signals[i]));
    bulk->interrupted = true;
    bulk->ended = true;
    bulk->tally.given_up += bulk->busy;
    for (size_t i = 0; i < bulk->options->jobs; i++) {
        if (bulk->jobs[i].gathering) {
            gather_cancel(TAKE_PTR(bulk->jobs[i].gathering));
            give_back(&bulk->jobs[i]);
        }
    }
    stop_if_done(bulk);
}

/* ---- setting up ---- */

static struct progress_state on_progress(void *ctx)
{
    const struct bulk *bulk = ctx;
    double fraction = source_fraction(bulk->source);
    if (fraction > 0 && bulk->begun > 0)
        fraction *= (double)(bulk->begun - bulk->busy) / (double)bulk->begun;
    return (struct progress_state){&bulk->tally, fraction};
}

static int make_jobs(struct bulk *bulk)
{
    bulk->jobs = calloc(bulk->options->jobs, sizeof(*bulk->jobs));
    if (!bulk->jobs)
        return -MTASTS_ENOMEM;
    for (size_t i = bulk->options->jobs; i-- > 0;) {
        bulk->jobs[i].bulk = bulk;
        bulk->jobs[i].next = bulk->free_jobs;
        bulk->free_jobs = &bulk->jobs[i];
    }
    return 0;
}

static int open_source(struct bulk *bulk)
{
    const struct bulk_options *options = bulk->options;
    if (options->from)
        return source_of_file(bulk->checker->loop, options->from, on_more, bulk,
                              &bulk->source);
    if (options->document.form == DOCUMENT_TEXT && options->words->count > 0) {
        bulk->held = calloc(options->words->count, sizeof(*bulk->held));
        if (!bulk->held)
            return complain_error("check", -MTASTS_ENOMEM), -MTASTS_ENOMEM;
    }
    return source_of_words(options->words, &bulk->source);
}

static bool is_many(const struct bulk *bulk)
{
    return bulk->options->from || bulk->options->words->count > 1;
}

static int open_rest(struct bulk *bulk)
{
    static const int signals[] = {SIGINT, SIGTERM};
    struct loop *loop = bulk->checker->loop;
    int error = make_jobs(bulk);
    if (!error)
        error = sink_new(loop, on_more, on_failed, bulk, &bulk->sink);
    for (size_t i = 0; i < ELEMENTS(signals) && !error; i++)
        error = loop_signal(loop, signals[i], on_interrupt, bulk,
                            &bulk->signals[i]);
    if (!error && is_many(bulk))
        error = progress_new(loop, on_progress, bulk, &bulk->progress);
    if (!error)
        error = loop_timer(loop, 0, on_start, bulk, &bulk->start);
    if (error)
        complain_error("check", error);
    return error;
}

static void put_part(struct buf *buf, size_t count, const char *what)
{
    if (count > 0)
        buf_printf(buf, ", %zu %s", count, what);
}

static void print_summary(const struct bulk *bulk)
{
    const struct tally *tally = &bulk->tally;
    const size_t *by_status = tally->by_status;
    double seconds =
        (double)(loop_now_ms(bulk->checker->loop) - bulk->begun_ms) / 1000;
    size_t done = tally_done(tally);
    _cleanup_buf_ struct buf buf = BUF(COMPLAINT_MAX);
    buf_printf(&buf, "%zu domain%s in %.1f s (%.0f/s): %zu fine", done,
               text_plural(done), seconds,
               seconds > 0 ? (double)done / seconds : 0,
               by_status[STATUS_FINE]);
    put_part(&buf, by_status[STATUS_WARNING], "with warnings");
    put_part(&buf, by_status[STATUS_ERROR], "with errors");
    put_part(&buf, by_status[STATUS_UNKNOWN], "unknown");
    put_part(&buf, tally->given_up, "given up");
    if (tally->bad_lines > 0)
        buf_printf(&buf, "; %zu %s", tally->bad_lines,
                   tally->bad_lines == 1 ? "line is no domain"
                                         : "lines are no domains");
    if (bulk->interrupted)
        buf_puts(&buf, "; ended early by a signal");
    complain("%s", buf_text(&buf));
}

static void bulk_clear(struct bulk *bulk)
{
    for (size_t i = 0; bulk->jobs && i < bulk->options->jobs; i++)
        gather_cancel(bulk->jobs[i].gathering);
    for (size_t i = 0; i < ELEMENTS(bulk->signals); i++)
        loop_watch_cancel(bulk->signals[i]);
    for (size_t i = 0; bulk->held && i < bulk->options->words->count; i++)
        free(bulk->held[i].text);
    loop_timer_cancel(bulk->start);
    progress_free(bulk->progress);
    sink_free(bulk->sink);
    source_free(bulk->source);
    free(bulk->held);
    free(bulk->jobs);
}

int bulk_run(const struct bulk_options *options, struct checker *checker,
             struct bulk_steps *steps)
{
    struct bulk bulk = {.options = options,
                        .checker = checker,
                        .steps = steps,
                        .begun_ms = loop_now_ms(checker->loop)};
    int error = open_source(&bulk);
    if (!error)
        error = open_rest(&bulk);
    if (!error)
        error = loop_run(checker->loop);
    int status = STATUS_UNKNOWN;
    /* What was the last to be written may have failed, and no more. */
    if (!error && !bulk.broken && !sink_broken(bulk.sink))
        status = tally_status(&bulk.tally);
    if (bulk.interrupted && status == STATUS_FINE)
        status = STATUS_UNKNOWN;
    progress_hide(bulk.progress);
    if (!error && (options->from || bulk.interrupted))
        print_summary(&bulk);
    bulk_clear(&bulk);
    return status;
}
