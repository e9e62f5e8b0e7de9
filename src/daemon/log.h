/*
 * log: what a daemon says, to standard error, the journal or syslog.
 *
 *     log_say(LOG_EVENT_READY, LOG_TEXT("daemon", name), LOG_NUMBER("n", 2));
 *
 * A message on standard error is a line of logfmt:
 *
 *     time=2026-11-22T07:24:19.123Z level=notice event=ready msg="..." n=2
 *
 * There the journal gets no time (it has its own), but its priority as "<5>"
 * in front; to its own protocol the pairs go as fields, MTASTS_EVENT and
 * MTASTS_<KEY>. An event that comes too often is left out for a while, and
 * the number that were is told afterwards.
 *
 * There is one log in a process; any thread may write to it. A message is
 * written at once, and lost where nobody takes it.
 */
#ifndef MTASTS_DAEMON_LOG_H
#define MTASTS_DAEMON_LOG_H

#include "daemon/log_events.h"
#include "daemon/logfmt.h"
#include <string.h>

#define LOG_LINE_MAX                                                           \
    16384u /* octets of a line; a longer one is not written                    \
            */
#define LOG_RELAY_MAX (LOG_LINE_MAX - 256u) /* of a line of another process */
#define LOG_WINDOW_MS 10000u
#define LOG_BURST 50u /* messages of one event within LOG_WINDOW_MS */

/* Set for the processes of `mtasts run`: write as for the journal. */
#define LOG_SUPERVISED "MTASTS_SUPERVISED"

/* In the order of the words of the option log-target. */
enum log_target {
    LOG_TARGET_STDERR,
    LOG_TARGET_JOURNAL,
    LOG_TARGET_SYSLOG,
};

struct log_options {
    const char *name; /* of the program; must outlive the log */
    enum log_level level;
    enum log_target target;
    uint64_t (*now_ms)(void); /* for tests; NULL: CLOCK_MONOTONIC */
};

/* May be called again, when the configuration has changed. Before the first
   call messages go to standard error, from LEVEL_INFO on. */
void log_open(const struct log_options *options);

/* Tells what was left out so far. */
void log_close(void);

/* Whether it would be written at the present level. */
bool log_wants(enum log_event event);

/* `fields` end with LOG_KIND_END. */
void log_write(enum log_event event, const struct log_field *fields);

/* Tells what was left out of events whose window has passed. For a daemon
   that may be silent for long: call it now and then. */
void log_flush(void);

/* One message for every line of `lines`, which it has as `key`. */
void log_lines(enum log_event event, const char *key, const char *lines);

/*
 * A line of another process of ours, which calls itself `daemon`: goes where
 * our own messages go. "<N>" in front is its priority; without it is taken
 * for a warning, since our daemons always have it. `len` at most
 * LOG_RELAY_MAX; what is not printable is replaced.
 */
void log_relay(const char *daemon, const char *line, size_t len);

/* An event, and perhaps fields. */
#define log_say(...)                                                           \
    LOG_SAY_(__VA_ARGS__, ((struct log_field){.kind = LOG_KIND_END}))

#define LOG_SAY_(event, ...)                                                   \
    do {                                                                       \
        if (log_wants(event))                                                  \
            log_write((event), (const struct log_field[]){__VA_ARGS__});       \
    } while (0)

#endif
