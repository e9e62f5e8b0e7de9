/*
 * mtasts cache load: what `mtasts cache dump` has printed, handed to the
 * running daemon, as many lines at once as it takes.
 */
#include "cli/command.h"
#include "cli/complain.h"
#include "cli/daemon_client.h"
#include "cli/help.h"
#include "cli/output.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mtasts/error.h>
#include <string.h>

#define ORDER_MAX (1u << 20) /* octets that the daemon takes at once */
#define READ_SIZE 65536u
#define TELL_MAX 256u

struct load_values {
    struct daemon_options daemon;
};

struct load {
    const char *who;
    const char *file;
    const struct daemon_options *daemon;
    int64_t lines; /* handed over so far */
    int64_t loaded;
    int64_t held;
    int64_t expired;
    int64_t refused;
};

static const struct option_row load_options[] = {
    DAEMON_OPTION_ROWS(struct load_values, daemon),
    {0},
};

static int64_t number_of(const struct json *json, const char *key)
{
    int64_t number = 0;

    json_int(json_get(json, key), &number);
    return number;
}

static void complain_refused(struct load *load, const struct json *refused)
{
    for (size_t i = 0; i < json_count(refused); i++) {
        const struct json *row = json_at(refused, i);
        const char *why = json_text(json_get(row, "error"), NULL);
        complain("%s: %s:%" PRId64 ": %s", load->who, load->file,
                 load->lines + number_of(row, "line"), why ? why : "refused");
        load->refused++;
    }
}

static int64_t count_lines(const char *text, size_t len)
{
    int64_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

/* Whole lines, at most ORDER_MAX octets. */
static int hand_over(struct load *load, const char *text, size_t len)
{
    _cleanup_json_ struct json *said = NULL;
    int error =
        daemon_post(load->who, load->daemon, "/v1/load", text, len, &said);

    if (error)
        return error;
    complain_refused(load, json_get(said, "refused"));
    load->loaded += number_of(said, "loaded");
    load->held += number_of(said, "held");
    load->expired += number_of(said, "expired");
    load->lines += count_lines(text, len);
    return 0;
}

/* Hands over all whole lines of `buf`; at the end of the file all of it. */
static int hand_over_lines(struct load *load, struct buf *buf, bool at_end)
{
    const char *last = memrchr(buf_text(buf), '\n', buf->len);
    size_t len = last ? (size_t)(last - buf->data) + 1 : 0;
    int error;

    if (at_end)
        len = buf->len;
    error = len > 0 ? hand_over(load, buf->data, len) : 0;
    buf_consume(buf, len);
    return error;
}

static int complain_read(const struct load *load)
{
    complain("%s: %s: %s", load->who, load->file, strerror(errno));
    return -MTASTS_EIO;
}

/* Of the line that does not go into memory. */
static void complain_line(const struct load *load, int error)
{
    if (error == -MTASTS_ETOOLONG)
        complain("%s: %s:%" PRId64 ": the line is longer than that of a "
                 "policy can be; give what 'mtasts cache dump' has printed",
                 load->who, load->file, load->lines + 1);
    else
        complain_error(load->who, error);
}

static int read_all(struct load *load, int fd)
{
    _cleanup_buf_ struct buf buf = BUF(ORDER_MAX);
    _cleanup_free_ char *piece = malloc(READ_SIZE);
    int error = piece ? 0 : -MTASTS_ENOMEM;

    if (error)
        complain_error(load->who, error);
    while (!error) {
        ssize_t got = read(fd, piece, READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return complain_read(load);
        if (buf.len + (size_t)got > ORDER_MAX || got == 0)
            error = hand_over_lines(load, &buf, got == 0);
        if (got == 0 || error)
            return error;
        error = buf_append(&buf, piece, (size_t)got);
        if (error)
            complain_line(load, error);
    }
    return error;
}

static int open_file(const struct load *load)
{
    int fd = strcmp(load->file, "-") == 0
                 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                 : open(load->file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        complain("%s: %s: %s; give a file that 'mtasts cache dump' has "
                 "written, or - for standard input",
                 load->who, load->file, strerror(errno));
    return fd;
}

static int tell(const struct load *load)
{
    _cleanup_buf_ struct buf text = BUF(TELL_MAX);

    buf_printf(&text, "%" PRId64 " loaded", load->loaded);
    if (load->held > 0)
        buf_printf(&text, ", %" PRId64 " held already as fresh", load->held);
    if (load->expired > 0)
        buf_printf(&text, ", %" PRId64 " expired", load->expired);
    if (load->refused > 0)
        buf_printf(&text, ", %" PRId64 " refused", load->refused);
    buf_putc(&text, '\n');
    return output_write(buf_text(&text), text.len);
}

static int run_load(const struct command *command, const void *values,
                    const struct words *words)
{
    const struct load_values *options = values;
    struct load load = {.who = command->name, .daemon = &options->daemon};
    _cleanup_fd_ int fd = -1;
    int error;
    int told;

    if (words->count != 1)
        return help_usage(command);
    load.file = words->items[0];
    fd = open_file(&load);
    if (fd < 0)
        return STATUS_UNKNOWN;
    if (strcmp(load.file, "-") == 0)
        load.file = "standard input";
    error = read_all(&load, fd);
    told = tell(&load);
    return error || load.refused > 0 ? STATUS_UNKNOWN : told;
}

const struct command command_cache_load = {
    .name = "cache load",
    .summary = "give the running daemon policies that were dumped",
    .synopsis = "FILE",
    .about = "FILE is what 'mtasts cache dump' has printed, here or on "
             "another machine; - is standard input. A policy that is held "
             "already stays unless the dumped one was fetched later.",
    .exit_status = "0  done\n3  a line is no policy, the daemon does not "
                   "answer, or bad usage",
    .options = load_options,
    .values_size = sizeof(struct load_values),
    .run = run_load,
};
