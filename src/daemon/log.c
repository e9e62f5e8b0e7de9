/*
 * log: what a daemon says. See log.h.
 */
#include "daemon/log.h"

#include "base/ascii.h"
#include "base/number.h"
#include <errno.h>
#include <mtasts/error.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
/* This file and its lines are not where a message comes from. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <time.h>

#define JOURNAL_FIELDS_MAX (LOGFMT_FIELDS_MAX + 4)
#define JOURNAL_NAME_MAX                                                       \
    64u /* octets of the name of a field, the journal's                        \
         */

struct window {
    uint64_t since; /* 0: none is open */
    unsigned said;
    uint64_t left_out;
};

static struct {
    pthread_mutex_t lock;
    struct log_options options;
    _Atomic unsigned level; /* that of `options`, read without the lock */
    bool marks;             /* "<5>" in front, no time */
    struct window windows[LOG_EVENTS];
} the_log = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .options = {.name = "mtasts"},
    .level = LEVEL_INFO,
};

static const int priorities[LEVELS] = {
    [LEVEL_ERROR] = LOG_ERR,     [LEVEL_WARNING] = LOG_WARNING,
    [LEVEL_NOTICE] = LOG_NOTICE, [LEVEL_INFO] = LOG_INFO,
    [LEVEL_DEBUG] = LOG_DEBUG,
};

static uint64_t now_ms(void)
{
    struct timespec now;

    if (the_log.options.now_ms)
        return the_log.options.now_ms();
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- where it goes ---- */

/* Whether JOURNAL_STREAM ("DEVICE:INODE") says that of standard error. */
static bool stderr_is_journal(void)
{
    const char *stream = secure_getenv("JOURNAL_STREAM");
    size_t len = stream ? strcspn(stream, ":") : 0;
    struct stat status;
    uint64_t device;
    uint64_t inode;

    return stream && stream[len] == ':' && fstat(STDERR_FILENO, &status) == 0 &&
           number_parse(stream, len, UINT64_MAX, &device) == 0 &&
           number_parse(stream + len + 1, strlen(stream + len + 1), UINT64_MAX,
                        &inode) == 0 &&
           device == status.st_dev && inode == status.st_ino;
}

static void put_time(struct buf *line)
{
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    buf_printf(line, "time=%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ ",
               tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
               tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000);
}

static void put_message(struct buf *line, enum log_event event,
                        const struct log_field *fields)
{
    const struct log_event_row *row = &log_events[event];

    buf_printf(line, "level=%s event=%s msg=\"%s\"", log_level_name(row->level),
               row->name, row->text);
    logfmt_fields(line, fields);
}

/* In one go, so that lines of several writers do not mix. */
static void write_line(const struct buf *line)
{
    ssize_t put;

    if (line->error)
        return;
    do
        put = write(STDERR_FILENO, line->data, line->len);
    while (put < 0 && errno == EINTR);
}

static void to_stderr(enum log_event event, const struct log_field *fields)
{
    _cleanup_buf_ struct buf line = BUF(LOG_LINE_MAX);

    if (the_log.marks)
        buf_printf(&line, "<%d>", priorities[log_events[event].level]);
    else
        put_time(&line);
    put_message(&line, event, fields);
    buf_putc(&line, '\n');
    write_line(&line);
}

static void to_syslog(enum log_event event, const struct log_field *fields)
{
    _cleanup_buf_ struct buf line = BUF(LOG_LINE_MAX);

    put_message(&line, event, fields);
    if (!line.error)
        syslog(priorities[log_events[event].level], "%s", line.data);
}

/* "MTASTS_KEY=value", the value as it is: the protocol has lengths. */
static void put_journal_field(struct buf *buf, const struct log_field *field)
{
    buf_puts(buf, "MTASTS_");
    for (const char *at = field->key; *at; at++)
        buf_putc(buf, ascii_upper(*at));
    buf_putc(buf, '=');
    if (field->kind == LOG_KIND_TEXT)
        buf_append(buf, field->text,
                   MIN_OF(field->len, (size_t)LOGFMT_VALUE_MAX));
    else
        logfmt_value(buf, field);
}

/* Also clears the texts. `parts` has room for as many. */
static void send_to_journal(struct buf *texts, size_t count,
                            struct iovec *parts)
{
    bool whole = true;

    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){texts[i].data, texts[i].len};
        whole = whole && !texts[i].error;
    }
    if (whole)
        sd_journal_sendv(parts, (int)count);
    for (size_t i = 0; i < count; i++)
        buf_clear(&texts[i]);
}

static void to_journal(enum log_event event, const struct log_field *fields)
{
    struct buf texts[JOURNAL_FIELDS_MAX];
    struct iovec parts[JOURNAL_FIELDS_MAX];
    const struct log_event_row *row = &log_events[event];
    size_t count = 4;

    for (size_t i = 0; i < JOURNAL_FIELDS_MAX; i++)
        buf_init(&texts[i], LOG_LINE_MAX);
    buf_printf(&texts[0], "MESSAGE=");
    put_message(&texts[0], event, fields);
    buf_printf(&texts[1], "PRIORITY=%d", priorities[row->level]);
    buf_printf(&texts[2], "SYSLOG_IDENTIFIER=%s", the_log.options.name);
    buf_printf(&texts[3], "MTASTS_EVENT=%s", row->name);
    for (const struct log_field *field = fields;
         field->kind != LOG_KIND_END && count < JOURNAL_FIELDS_MAX; field++)
        if (field->kind != LOG_KIND_TEXT || field->text)
            put_journal_field(&texts[count++], field);
    send_to_journal(texts, count, parts);
}

static void put(enum log_event event, const struct log_field *fields)
{
    switch (the_log.options.target) {
    case LOG_TARGET_STDERR: to_stderr(event, fields); break;
    case LOG_TARGET_JOURNAL: to_journal(event, fields); break;
    case LOG_TARGET_SYSLOG: to_syslog(event, fields); break;
    }
}

/* ---- what others say ---- */

/* "<5>text": the priority, and how long the mark is; 0: there is none. */
static size_t take_mark(const char *line, size_t len, int *ret_priority)
{
    *ret_priority = LOG_WARNING;
    if (len < 3 || line[0] != '<' || line[1] < '0' || line[1] > '7' ||
        line[2] != '>')
        return 0;
    *ret_priority = line[1] - '0';
    return 3;
}

static void relay_to_journal(int priority, const char *daemon, const char *text)
{
    struct buf texts[4];
    struct iovec parts[ELEMENTS(texts)];

    for (size_t i = 0; i < ELEMENTS(texts); i++)
        buf_init(&texts[i], LOG_LINE_MAX);
    buf_printf(&texts[0], "MESSAGE=daemon=%s %s", daemon, text);
    buf_printf(&texts[1], "PRIORITY=%d", priority);
    buf_printf(&texts[2], "SYSLOG_IDENTIFIER=%s", the_log.options.name);
    buf_printf(&texts[3], "MTASTS_DAEMON=%s", daemon);
    send_to_journal(texts, ELEMENTS(texts), parts);
}

static void put_relayed(int priority, const char *daemon, struct buf *text)
{
    _cleanup_buf_ struct buf line = BUF(LOG_LINE_MAX);

    switch (the_log.options.target) {
    case LOG_TARGET_STDERR:
        if (the_log.marks)
            buf_printf(&line, "<%d>", priority);
        else
            put_time(&line);
        buf_printf(&line, "daemon=%s %s\n", daemon, buf_text(text));
        write_line(&line);
        break;
    case LOG_TARGET_JOURNAL:
        relay_to_journal(priority, daemon, buf_text(text));
        break;
    case LOG_TARGET_SYSLOG:
        syslog(priority, "daemon=%s %s", daemon, buf_text(text));
        break;
    }
}

void log_relay(const char *daemon, const char *line, size_t len)
{
    int priority;
    size_t skip = take_mark(line, len, &priority);
    _cleanup_buf_ struct buf text = BUF(LOG_RELAY_MAX);

    for (size_t i = skip; i < len; i++)
        buf_putc(&text, line[i] < ' ' || line[i] > '~' ? '?' : line[i]);
    pthread_mutex_lock(&the_log.lock);
    put_relayed(priority, daemon, &text);
    pthread_mutex_unlock(&the_log.lock);
}

/* ---- not too often ---- */

/* Ends the window, and tells what it has kept back. */
static void end_window(enum log_event event)
{
    struct window *window = &the_log.windows[event];
    uint64_t left_out = window->left_out;

    *window = (struct window){0};
    if (left_out > 0 && log_wants(LOG_EVENT_SUPPRESSED))
        put(LOG_EVENT_SUPPRESSED, (const struct log_field[]){
                                      LOG_TEXT("of", log_events[event].name),
                                      LOG_COUNT("count", left_out),
                                      {0},
                                  });
}

/* Whether one more may be said now. */
static bool within_burst(enum log_event event)
{
    struct window *window = &the_log.windows[event];
    unsigned burst = log_events[event].burst;
    uint64_t now = now_ms();

    if (window->said > 0 && now - window->since >= LOG_WINDOW_MS)
        end_window(event);
    if (window->said == 0)
        window->since = now;
    if (window->said < (burst ? burst : LOG_BURST)) {
        window->said++;
        return true;
    }
    window->left_out++;
    return false;
}

bool log_wants(enum log_event event)
{
    return event < LOG_EVENTS && log_events[event].level <= the_log.level;
}

void log_write(enum log_event event, const struct log_field *fields)
{
    int saved = errno;

    if (!log_wants(event))
        return;
    pthread_mutex_lock(&the_log.lock);
    if (within_burst(event))
        put(event, fields);
    pthread_mutex_unlock(&the_log.lock);
    errno = saved;
}

static void end_windows(bool all)
{
    uint64_t now;

    pthread_mutex_lock(&the_log.lock);
    now = now_ms();
    for (unsigned event = 0; event < LOG_EVENTS; event++)
        if (the_log.windows[event].said > 0 &&
            (all || now - the_log.windows[event].since >= LOG_WINDOW_MS))
            end_window((enum log_event)event);
    pthread_mutex_unlock(&the_log.lock);
}

void log_flush(void)
{
    end_windows(false);
}

/* ---- open and close ---- */

void log_open(const struct log_options *options)
{
    pthread_mutex_lock(&the_log.lock);
    if (the_log.options.target == LOG_TARGET_SYSLOG)
        closelog();
    the_log.options = *options;
    the_log.level = options->level;
    the_log.marks = stderr_is_journal() || secure_getenv(LOG_SUPERVISED);
    if (options->target == LOG_TARGET_SYSLOG)
        openlog(options->name, LOG_PID | LOG_NDELAY, LOG_MAIL);
    pthread_mutex_unlock(&the_log.lock);
}

void log_close(void)
{
    end_windows(true);
    if (the_log.options.target == LOG_TARGET_SYSLOG)
        closelog();
}

void log_lines(enum log_event event, const char *key, const char *lines)
{
    while (*lines) {
        size_t len = strcspn(lines, "\n");

        if (len > 0)
            log_say(event, LOG_OCTETS(key, lines, len));
        lines += len + (lines[len] == '\n');
    }
}
