/*
 * bulk: checks domains, many at a time. See bulk.h.
 */
#include "cli/bulk.h"

#include "check/text.h"
#include "cli/source.h"
#include "cli/target.h"
#include <mtasts/error.h>
#include <stdio.h>
#include <string.h>

#define LINE_SHOWN_MAX 100u /* octets of a line that is complained of */

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
    struct batch *batch;
    size_t begun;
    struct held *held; /* documents in the words' order; or NULL */
    size_t held_next;
    size_t printed;
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

/* ---- output ---- */

static void put(struct bulk *bulk, const char *text, size_t len)
{
    if (bulk->options->document.form == DOCUMENT_TEXT && bulk->printed > 0)
        batch_put(bulk->batch, "\n", 1);
    batch_put(bulk->batch, text, len);
    bulk->printed++;
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

/* ---- work ---- */

/* `ctx` is the slot: its number is the word's, from 1. */
static void on_gathered(void *ctx, struct facts *gathered)
{
    struct batch_slot *slot = ctx;
    struct bulk *bulk = slot->ctx;
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
    batch_done(slot);
    deliver(bulk, slot->number, &buf);
    batch_pump(bulk->batch);
}

static void refuse_line(struct bulk *bulk, const struct source_line *line,
                        const char *why)
{
    _cleanup_buf_ struct buf buf = BUF(DOCUMENT_MAX);
    bulk->tally.bad_lines++;
    batch_hide_progress(bulk->batch);
    int shown = (int)MIN_OF(line->len, (size_t)LINE_SHOWN_MAX);
    const char *more = line->len > LINE_SHOWN_MAX ? "..." : "";
    const char *from = bulk->options->from;
    if (from)
        complain("check: %.300s:%zu: '%.*s%s': %s",
                 strcmp(from, "-") == 0 ? "standard input" : from, line->number,
                 shown, line->text, more, why);
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
                  const char *domain, struct batch_slot *slot)
{
    int error = renew_trace(bulk);
    if (!error)
        error = gather_start(bulk->checker->gatherer, domain, GATHER_ALL,
                             on_gathered, slot, &slot->gathering);
    if (error) {
        refuse_line(bulk, line, mtasts_strerror(error));
        return;
    }
    slot->number = line->number;
    bulk->begun++;
}

static void take_line(struct bulk *bulk, const struct source_line *line,
                      struct batch_slot *slot)
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
        begin(bulk, line, target.domain, slot);
    }
}

static enum batch_step next(void *ctx, struct batch_slot *slot)
{
    struct bulk *bulk = ctx;
    struct source_line line;
    switch (source_next(bulk->source, &line)) {
    case SOURCE_LINE: take_line(bulk, &line, slot); return BATCH_GO_ON;
    case SOURCE_WAIT: return BATCH_WAIT;
    case SOURCE_END: return BATCH_END;
    case SOURCE_FAILED: break;
    }
    batch_break_off(bulk->batch);
    return BATCH_END;
}

static void on_more(void *ctx)
{
    struct bulk *bulk = ctx;
    batch_pump(bulk->batch);
}

static void on_interrupt(void *ctx, size_t busy)
{
    struct bulk *bulk = ctx;
    bulk->tally.given_up += busy;
}

/* ---- setting up ---- */

static struct progress_state on_progress(void *ctx)
{
    const struct bulk *bulk = ctx;
    double fraction = source_fraction(bulk->source);
    if (fraction > 0 && bulk->begun > 0)
        fraction *= (double)(bulk->begun - batch_busy(bulk->batch)) /
                    (double)bulk->begun;
    return (struct progress_state){&bulk->tally, fraction};
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

static int open_batch(struct bulk *bulk)
{
    const struct batch_feed feed = {.next = next,
                                    .interrupted = on_interrupt,
                                    .progress =
                                        is_many(bulk) ? on_progress : NULL,
                                    .ctx = bulk};
    int error = batch_new(bulk->checker->loop, bulk->options->jobs, &feed,
                          &bulk->batch);
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
    if (batch_interrupted(bulk->batch))
        buf_puts(&buf, "; ended early by a signal");
    complain("%s", buf_text(&buf));
}

static void bulk_clear(struct bulk *bulk)
{
    batch_free(bulk->batch);
    for (size_t i = 0; bulk->held && i < bulk->options->words->count; i++)
        free(bulk->held[i].text);
    source_free(bulk->source);
    free(bulk->held);
}

static int bulk_status(const struct bulk *bulk)
{
    /* What was the last to be written may have failed, and no more. */
    if (batch_broken(bulk->batch))
        return STATUS_UNKNOWN;
    int status = tally_status(&bulk->tally);
    return batch_interrupted(bulk->batch) && status == STATUS_FINE
               ? STATUS_UNKNOWN
               : status;
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
        error = open_batch(&bulk);
    if (!error)
        error = batch_run(bulk.batch);
    int status = STATUS_UNKNOWN;
    if (!error) {
        status = bulk_status(&bulk);
        batch_hide_progress(bulk.batch);
        if (options->from || batch_interrupted(bulk.batch))
            print_summary(&bulk);
    }
    bulk_clear(&bulk);
    return status;
}
