/*
 * simulate: asks about each domain of a list. See simulate.h.
 */
#include "cli/simulate.h"

#include "cli/forecast_report.h"
#include "cli/progress.h"
#include "cli/sink.h"
#include "cli/tally.h"
#include <mtasts/error.h>
#include <signal.h>

#define DOCUMENT_OCTETS_MAX (1u << 20) /* of one domain: FACTS_MX_MAX hosts */

struct simulation;

struct job {
    struct simulation *simulation;
    const struct recipient *recipient;
    struct gathering *gathering; /* NULL: free */
    struct job *next;            /* free one */
};

struct simulation {
    const struct simulate_options *options;
    struct checker *checker;
    const struct recipients *recipients;
    struct sink *sink;
    struct progress *progress;
    struct loop_watch *signals[2];
    struct loop_timer *start;
    struct job *jobs;
    struct job *free_jobs;
    size_t next; /* of the recipients */
    size_t busy;
    bool ended;
    bool broken; /* output failed */
    struct tally tally;
    struct forecast_sum sum;
};

static void pump(struct simulation *simulation);

static void stop_if_done(struct simulation *simulation)
{
    if (simulation->broken || (simulation->ended && simulation->busy == 0 &&
                               sink_empty(simulation->sink)))
        loop_stop(simulation->checker->loop);
}

static void break_off(struct simulation *simulation)
{
    simulation->broken = true;
    simulation->ended = true;
    stop_if_done(simulation);
}

/* ---- output ---- */

static void put(struct simulation *simulation, const char *text, size_t len)
{
    if (isatty(STDOUT_FILENO))
        progress_hide(simulation->progress);
    int error = len > 0 ? sink_put(simulation->sink, text, len) : 0;
    if (error == -MTASTS_EIO)
        return; /* on_failed() is under way */
    if (error) {
        complain_error("standard output", error);
        break_off(simulation);
    }
}

/* Takes `json`; NULL: out of memory. */
static void put_json(struct simulation *simulation, struct json *made)
{
    _cleanup_json_ struct json *json = made;
    _cleanup_buf_ struct buf buf = BUF(DOCUMENT_OCTETS_MAX);
    int error = json ? json_write(json, JSON_ONE_LINE, &buf) : -MTASTS_ENOMEM;
    if (!error)
        error = buf_putc(&buf, '\n');
    if (error) {
        complain_error("simulate", error);
        break_off(simulation);
        return;
    }
    put(simulation, buf.data, buf.len);
}

static void put_paper(struct simulation *simulation, struct paper *paper)
{
    if (paper->buf.error) {
        complain_error("simulate", paper->buf.error);
        break_off(simulation);
        return;
    }
    put(simulation, paper->buf.data, paper->buf.len);
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

static void give_back(struct job *job)
{
    job->gathering = NULL;
    job->next = job->simulation->free_jobs;
    job->simulation->free_jobs = job;
    job->simulation->busy--;
}

static void fail(struct job *job, int error)
{
    struct simulation *simulation = job->simulation;
    complain_error(job->recipient->domain, error);
    tally_add(&simulation->tally, STATUS_UNKNOWN);
    forecast_sum_add(&simulation->sum, FORECAST_UNKNOWN, job->recipient);
    give_back(job);
    pump(simulation);
}

static void deliver(struct job *job, const struct forecast *forecast)
{
    struct simulation *simulation = job->simulation;
    const struct recipient *recipient = job->recipient;
    tally_add(&simulation->tally, forecast_status(forecast->outcome));
    forecast_sum_add(&simulation->sum, forecast->outcome, recipient);
    give_back(job);
    put_forecast(simulation, recipient, forecast);
    pump(simulation);
}

static void on_all(void *ctx, struct facts *gathered)
{
    struct job *job = ctx;
    _cleanup_facts_ struct facts *facts = gathered;
    struct forecast forecast;
    int error = forecast_of_policy(&job->simulation->options->forecast, facts,
                                   &forecast);
    if (error)
        fail(job, error);
    else
        deliver(job, &forecast);
}

static int ask_all(struct job *job)
{
    const struct forecast_options *options =
        &job->simulation->options->forecast;
    unsigned parts = GATHER_POLICY | GATHER_MX;
    if (options->probed || options->dane)
        parts |= GATHER_DANE;
    job->gathering = NULL;
    return gather_start(job->simulation->checker->gatherer,
                        job->recipient->domain, parts, on_all, job,
                        &job->gathering);
}

static void on_record(void *ctx, struct facts *gathered)
{
    struct job *job = ctx;
    _cleanup_facts_ struct facts *facts = gathered;
    struct forecast forecast;
    bool done = false;
    int error = forecast_of_record(facts, &done, &forecast);
    if (!error && !done)
        error = ask_all(job);
    if (error)
        fail(job, error);
    else if (done)
        deliver(job, &forecast);
}

static void begin(struct simulation *simulation)
{
    struct job *job = simulation->free_jobs;
    job->recipient = recipients_at(simulation->recipients, simulation->next++);
    simulation->free_jobs = job->next;
    simulation->busy++;
    int error =
        gather_start(simulation->checker->gatherer, job->recipient->domain,
                     GATHER_RECORD, on_record, job, &job->gathering);
    if (error) {
        complain_error(job->recipient->domain, error);
        give_back(job);
        break_off(simulation);
    }
}

static void pump(struct simulation *simulation)
{
    while (!simulation->ended && simulation->free_jobs &&
           !sink_full(simulation->sink)) {
        if (simulation->next == recipients_count(simulation->recipients))
            simulation->ended = true;
        else
            begin(simulation);
    }
    stop_if_done(simulation);
}

static void on_more(void *ctx)
{
    pump(ctx);
}

static void on_failed(void *ctx)
{
    break_off(ctx);
}

static void on_start(void *ctx)
{
    struct simulation *simulation = ctx;
    simulation->start = NULL;
    pump(simulation);
}

/* Ends the run; a second signal then has its usual effect. */
static void on_interrupt(void *ctx)
{
    struct simulation *simulation = ctx;
    for (size_t i = 0; i < ELEMENTS(simulation->signals); i++)
        loop_watch_cancel(TAKE_PTR(simulation->signals[i]));
    simulation->ended = true;
    simulation->sum.given_up = simulation->busy +
                               recipients_count(simulation->recipients) -
                               simulation->next;
    for (size_t i = 0; i < simulation->options->jobs; i++) {
        if (simulation->jobs[i].gathering) {
            gather_cancel(TAKE_PTR(simulation->jobs[i].gathering));
            give_back(&simulation->jobs[i]);
        }
    }
    stop_if_done(simulation);
}

/* ---- setting up ---- */

static struct progress_state on_progress(void *ctx)
{
    const struct simulation *simulation = ctx;
    size_t all = recipients_count(simulation->recipients);
    size_t done = simulation->next - simulation->busy;
    return (struct progress_state){&simulation->tally,
                                   all ? (double)done / (double)all : 1};
}

static int make_jobs(struct simulation *simulation)
{
    unsigned count = simulation->options->jobs;
    simulation->jobs = calloc(count, sizeof(*simulation->jobs));
    if (!simulation->jobs)
        return -MTASTS_ENOMEM;
    for (size_t i = count; i-- > 0;) {
        simulation->jobs[i].simulation = simulation;
        simulation->jobs[i].next = simulation->free_jobs;
        simulation->free_jobs = &simulation->jobs[i];
    }
    return 0;
}

static int set_up(struct simulation *simulation)
{
    static const int signals[] = {SIGINT, SIGTERM};
    struct loop *loop = simulation->checker->loop;
    int error = make_jobs(simulation);
    if (!error)
        error =
            sink_new(loop, on_more, on_failed, simulation, &simulation->sink);
    for (size_t i = 0; i < ELEMENTS(signals) && !error; i++)
        error = loop_signal(loop, signals[i], on_interrupt, simulation,
                            &simulation->signals[i]);
    if (!error)
        error =
            progress_new(loop, on_progress, simulation, &simulation->progress);
    if (!error)
        error = loop_timer(loop, 0, on_start, simulation, &simulation->start);
    return error;
}

static void clear(struct simulation *simulation)
{
    for (size_t i = 0; simulation->jobs && i < simulation->options->jobs; i++)
        gather_cancel(simulation->jobs[i].gathering);
    for (size_t i = 0; i < ELEMENTS(simulation->signals); i++)
        loop_watch_cancel(simulation->signals[i]);
    loop_timer_cancel(simulation->start);
    progress_free(simulation->progress);
    sink_free(simulation->sink);
    free(simulation->jobs);
}

/* The sum, once all else is written. */
static int finish(struct simulation *simulation)
{
    progress_hide(simulation->progress);
    if (simulation->broken || sink_broken(simulation->sink))
        return 0;
    put_sum(simulation);
    return sink_empty(simulation->sink) ? 0
                                        : loop_run(simulation->checker->loop);
}

int simulate_run(const struct simulate_options *options,
                 struct checker *checker, const struct recipients *recipients)
{
    struct simulation simulation = {
        .options = options, .checker = checker, .recipients = recipients};
    int error = set_up(&simulation);
    if (!error)
        error = loop_run(checker->loop);
    if (!error)
        error = finish(&simulation);
    if (error)
        complain_error("simulate", error);
    int status = STATUS_UNKNOWN;
    if (!error && !simulation.broken && !sink_broken(simulation.sink))
        status =
            forecast_sum_status(&simulation.sum, recipients_counts(recipients));
    clear(&simulation);
    return status;
}
