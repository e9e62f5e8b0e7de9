/*
 * simulate: asks about each domain of a list. See simulate.h.
 */
#include "cli/simulate.h"

#include "cli/forecast_report.h"
#include <mtasts/error.h>

#define DOCUMENT_OCTETS_MAX (1u << 20) /* of one domain: FACTS_MX_MAX hosts */

struct simulation {
    const struct simulate_options *options;
    struct checker *checker;
    const struct recipients *recipients;
    struct batch *batch;
    size_t next; /* of the recipients */
    struct tally tally;
    struct forecast_sum sum;
};

/* ---- output ---- */

static void put(struct simulation *simulation, const struct buf *buf, int error)
{
    if (error) {
        complain_error("simulate", error);
        batch_break_off(simulation->batch);
        return;
    }
    batch_put(simulation->batch, buf->data, buf->len);
}

/* Takes `json`; NULL: out of memory. */
static void put_json(struct simulation *simulation, struct json *made)
{
    _cleanup_json_ struct json *json = made;
    _cleanup_buf_ struct buf buf = BUF(DOCUMENT_OCTETS_MAX);
    int error = json ? json_write(json, JSON_ONE_LINE, &buf) : -MTASTS_ENOMEM;
    if (!error)
        error = buf_putc(&buf, '\n');
    put(simulation, &buf, error);
}

static void put_paper(struct simulation *simulation, const struct paper *paper)
{
    put(simulation, &paper->buf, paper->buf.error);
}

static void put_forecast(struct simulation *simulation,
                         const struct recipient *recipient,
                         const struct forecast *forecast)
{
    const struct simulate_options *options = simulation->options;
    if (options->json) {
        put_json(simulation, forecast_json(recipient, forecast));
        return;
    }
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, options->colour);
    forecast_put(&paper, recipient, forecast, options->verbose);
    put_paper(simulation, &paper);
}

static void put_sum(struct simulation *simulation)
{
    const struct recipients_read *read =
        recipients_counts(simulation->recipients);
    const struct simulate_options *options = simulation->options;
    if (options->json) {
        put_json(simulation,
                 forecast_sum_json(&simulation->sum, read, &options->forecast));
        return;
    }
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, options->colour);
    paper_line_end(&paper);
    forecast_sum_put(&paper, &simulation->sum, read);
    put_paper(simulation, &paper);
}

/* ---- work ---- */

/* The functions of gatherings have the slot; its number is the recipient's. */
static const struct recipient *recipient_of(const struct batch_slot *slot)
{
    const struct simulation *simulation = slot->ctx;
    return recipients_at(simulation->recipients, slot->number);
}

static void fail(struct batch_slot *slot, int error)
{
    struct simulation *simulation = slot->ctx;
    const struct recipient *recipient = recipient_of(slot);
    complain_error(recipient->domain, error);
    tally_add(&simulation->tally, STATUS_UNKNOWN);
    forecast_sum_add(&simulation->sum, FORECAST_UNKNOWN, recipient);
    batch_done(slot);
    batch_pump(simulation->batch);
}

static void deliver(struct batch_slot *slot, const struct forecast *forecast)
{
    struct simulation *simulation = slot->ctx;
    const struct recipient *recipient = recipient_of(slot);
    tally_add(&simulation->tally, forecast_status(forecast->outcome));
    forecast_sum_add(&simulation->sum, forecast->outcome, recipient);
    batch_done(slot);
    put_forecast(simulation, recipient, forecast);
    batch_pump(simulation->batch);
}

static void on_all(void *ctx, struct facts *gathered)
{
    struct batch_slot *slot = ctx;
    const struct simulation *simulation = slot->ctx;
    _cleanup_facts_ struct facts *facts = gathered;
    struct forecast forecast;
    int error =
        forecast_of_policy(&simulation->options->forecast, facts, &forecast);
    if (error)
        fail(slot, error);
    else
        deliver(slot, &forecast);
}

static int ask_all(struct batch_slot *slot)
{
    const struct simulation *simulation = slot->ctx;
    const struct forecast_options *options = &simulation->options->forecast;
    unsigned parts = GATHER_POLICY | GATHER_MX;
    if (options->probed || options->dane)
        parts |= GATHER_DANE;
    slot->gathering = NULL;
    return gather_start(simulation->checker->gatherer,
                        recipient_of(slot)->domain, parts, on_all, slot,
                        &slot->gathering);
}

static void on_record(void *ctx, struct facts *gathered)
{
    struct batch_slot *slot = ctx;
    _cleanup_facts_ struct facts *facts = gathered;
    struct forecast forecast;
    bool done = false;
    int error = forecast_of_record(facts, &done, &forecast);
    if (!error && !done)
        error = ask_all(slot);
    if (error)
        fail(slot, error);
    else if (done)
        deliver(slot, &forecast);
}

static enum batch_step next(void *ctx, struct batch_slot *slot)
{
    struct simulation *simulation = ctx;
    if (simulation->next == recipients_count(simulation->recipients))
        return BATCH_END;
    slot->number = simulation->next++;
    const char *domain = recipient_of(slot)->domain;
    int error = gather_start(simulation->checker->gatherer, domain,
                             GATHER_RECORD, on_record, slot, &slot->gathering);
    if (error) {
        complain_error(domain, error);
        batch_break_off(simulation->batch);
    }
    return BATCH_GO_ON;
}

static void on_interrupt(void *ctx, size_t busy)
{
    struct simulation *simulation = ctx;
    simulation->sum.given_up =
        busy + recipients_count(simulation->recipients) - simulation->next;
}

static struct progress_state on_progress(void *ctx)
{
    const struct simulation *simulation = ctx;
    size_t all = recipients_count(simulation->recipients);
    size_t done = simulation->next - batch_busy(simulation->batch);
    return (struct progress_state){&simulation->tally,
                                   all ? (double)done / (double)all : 1};
}

/* ---- the whole ---- */

/* The sum comes once all else is written. */
static int run(struct simulation *simulation)
{
    int error = batch_run(simulation->batch);
    batch_hide_progress(simulation->batch);
    if (error || batch_broken(simulation->batch))
        return error;
    put_sum(simulation);
    return batch_run(simulation->batch);
}

int simulate_run(const struct simulate_options *options,
                 struct checker *checker, const struct recipients *recipients)
{
    struct simulation simulation = {
        .options = options, .checker = checker, .recipients = recipients};
    const struct batch_feed feed = {next, on_interrupt, on_progress,
                                    &simulation};
    int status = STATUS_UNKNOWN;
    int error =
        batch_new(checker->loop, options->jobs, &feed, &simulation.batch);
    if (!error)
        error = run(&simulation);
    if (error)
        complain_error("simulate", error);
    else if (!batch_broken(simulation.batch))
        status =
            forecast_sum_status(&simulation.sum, recipients_counts(recipients));
    batch_free(simulation.batch);
    return status;
}
