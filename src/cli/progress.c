/*
 * progress: one line on stderr's terminal. See progress.h.
 */
#include "cli/progress.h"

#include "base/buf.h"
#include "cli/terminal.h"
#include <mtasts/error.h>
#include <stdio.h>
#include <string.h>

#define STEP_MS 200u /* between two drawings: smooth, and no load */
#define BAR_MIN 10u  /* columns; with less room there is no bar */
#define BAR_MAX 40u
#define LINE_MAX_OCTETS 1024u
#define SMOOTHING 0.05 /* weight of one step in the rate: some 4 s */

struct progress {
    struct loop *loop;
    progress_fn *fn;
    void *ctx;
    struct loop_timer *timer;
    uint64_t begun_ms;
    uint64_t last_ms;
    size_t last_done;
    double rate; /* domains a second, smoothed */
    bool visible;
    bool shows; /* stderr is a terminal */
};

void progress_time(double seconds, char ret_text[PROGRESS_TIME_MAX])
{
    unsigned long all = seconds < 0 ? 0
                        : seconds > 3600.0 * 9999
                            ? 3600ul * 9999
                            : (unsigned long)(seconds + 0.5);
    unsigned long hours = all / 3600;
    unsigned long minutes = all / 60 % 60;
    if (hours)
        snprintf(ret_text, PROGRESS_TIME_MAX, "%lu:%02lu:%02lu", hours, minutes,
                 all % 60);
    else
        snprintf(ret_text, PROGRESS_TIME_MAX, "%lu:%02lu", minutes, all % 60);
}

void progress_hide(struct progress *progress)
{
    if (!progress || !progress->visible)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->visible = false;
}

static void measure(struct progress *progress, size_t done)
{
    uint64_t now = loop_now_ms(progress->loop);
    if (now <= progress->last_ms)
        return;
    double seconds = (double)(now - progress->last_ms) / 1000;
    double rate = (double)(done - progress->last_done) / seconds;
    bool first = progress->last_ms == progress->begun_ms;
    progress->rate = first ? rate
                           : progress->rate + (rate - progress->rate) *
                                                  SMOOTHING * seconds * 1000 /
                                                  STEP_MS;
    progress->last_ms = now;
    progress->last_done = done;
}

static void put_counts(struct buf *buf, const struct progress *progress,
                       const struct progress_state *state)
{
    const struct tally *tally = state->tally;
    buf_printf(buf, "%zu done, %.0f/s", tally_done(tally), progress->rate);
    if (state->fraction > 0) {
        char eta[PROGRESS_TIME_MAX];
        double elapsed =
            (double)(loop_now_ms(progress->loop) - progress->begun_ms) / 1000;
        progress_time(elapsed * (1 - state->fraction) / state->fraction, eta);
        buf_printf(buf, ", ETA %s", eta);
    }
    if (tally->by_status[STATUS_ERROR])
        buf_printf(buf, ", %zu with errors", tally->by_status[STATUS_ERROR]);
}

static void put_bar(struct buf *buf, double fraction, size_t columns)
{
    size_t full = (size_t)(fraction * (double)columns);
    buf_putc(buf, '[');
    for (size_t i = 0; i < columns; i++)
        buf_putc(buf, i < full ? '#' : '.');
    buf_printf(buf, "] %3.0f%% ", fraction * 100);
}

static void draw(struct progress *progress)
{
    struct progress_state state = progress->fn(progress->ctx);
    measure(progress, tally_done(state.tally));
    size_t columns = terminal_columns(STDERR_FILENO);
    columns = columns ? columns - 1 : TERMINAL_WIDTH - 1;
    _cleanup_buf_ struct buf counts = BUF(LINE_MAX_OCTETS);
    _cleanup_buf_ struct buf line = BUF(LINE_MAX_OCTETS);
    put_counts(&counts, progress, &state);
    /* brackets, percent, space */
    size_t taken = counts.len + 8;
    if (state.fraction >= 0 && columns >= taken + BAR_MIN)
        put_bar(&line, state.fraction,
                MIN_OF(columns - taken, (size_t)BAR_MAX));
    buf_puts(&line, buf_text(&counts));
    fprintf(stderr, "\r%.*s\033[K", (int)columns, buf_text(&line));
    fflush(stderr);
    progress->visible = true;
}

static void on_step(void *ctx)
{
    struct progress *progress = ctx;
    progress->timer = NULL;
    draw(progress);
    loop_timer(progress->loop, STEP_MS, on_step, progress, &progress->timer);
}

int progress_new(struct loop *loop, progress_fn *fn, void *ctx,
                 struct progress **ret_progress)
{
    struct progress *progress = calloc(1, sizeof(*progress));
    if (!progress)
        return -MTASTS_ENOMEM;
    progress->loop = loop;
    progress->fn = fn;
    progress->ctx = ctx;
    progress->begun_ms = loop_now_ms(loop);
    progress->last_ms = progress->begun_ms;
    progress->shows = terminal_redraws(STDERR_FILENO);
    if (progress->shows)
        loop_timer(loop, STEP_MS, on_step, progress, &progress->timer);
    *ret_progress = progress;
    return 0;
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    progress_hide(progress);
    loop_timer_cancel(progress->timer);
    free(progress);
}
