/*
 * source: the domains to look at, one after the other. See source.h.
 *
 * A pipe or terminal is never read before poll(2) says that it has
 * something, since a read that waits would stop the event loop and let
 * deadlines pass; a file always has.
 */
#include "cli/source.h"

#include "base/ascii.h"
#include "cli/complain.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#define SOURCE_BUFFER 65536u /* octets read at once: what a pipe holds */

struct source {
    const struct words *words; /* or NULL: a file */
    size_t number;             /* lines or words handed out */
    struct loop *loop;
    const char *path;
    loop_fn *ready;
    void *ctx;
    struct loop_watch *watch;
    int fd;
    bool opened; /* close `fd` */
    bool ended;
    bool skipping; /* the rest of a line that was too long */
    off_t size;    /* of a regular file, else 0 */
    off_t taken;   /* octets handed out as lines */
    size_t start;  /* of what is left in `buffer` */
    size_t end;
    char buffer[SOURCE_BUFFER];
};

static int source_new(struct source **ret_source)
{
    struct source *source = calloc(1, sizeof(*source));
    if (!source)
        return complain_error("check", -MTASTS_ENOMEM), -MTASTS_ENOMEM;
    source->fd = -1;
    *ret_source = source;
    return 0;
}

int source_of_words(const struct words *words, struct source **ret_source)
{
    struct source *source = NULL;
    int error = source_new(&source);
    if (error)
        return error;
    source->words = words;
    *ret_source = source;
    return 0;
}

static int open_file(struct source *source, const char *path)
{
    struct stat info;
    source->path = "standard input";
    source->fd = STDIN_FILENO;
    if (strcmp(path, "-") != 0) {
        source->path = path;
        source->fd = open(path, O_RDONLY | O_CLOEXEC);
        source->opened = true;
    }
    if (source->fd < 0 || fstat(source->fd, &info) != 0) {
        complain("check: --from: %s: %s; give a file with a domain a line, "
                 "or - for standard input",
                 source->path, strerror(errno));
        return -MTASTS_EIO;
    }
    if (S_ISREG(info.st_mode))
        source->size = info.st_size;
    return 0;
}

int source_of_file(struct loop *loop, const char *path, loop_fn *ready,
                   void *ctx, struct source **ret_source)
{
    _cleanup_source_ struct source *source = NULL;
    int error = source_new(&source);
    if (!error)
        error = open_file(source, path);
    if (error)
        return error;
    source->loop = loop;
    source->ready = ready;
    source->ctx = ctx;
    *ret_source = TAKE_PTR(source);
    return 0;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    loop_watch_cancel(source->watch);
    if (source->opened && source->fd >= 0)
        close(source->fd);
    free(source);
}

static void on_readable(void *ctx, int fd, unsigned events)
{
    struct source *source = ctx;
    (void)fd;
    (void)events;
    loop_watch_cancel(TAKE_PTR(source->watch));
    source->ready(source->ctx);
}

static bool has_something(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) != 0; /* an error shows when it is read */
}

static enum source_state wait_for_more(struct source *source)
{
    if (source->watch)
        return SOURCE_WAIT;
    int error = loop_watch(source->loop, source->fd, LOOP_READ, on_readable,
                           source, &source->watch);
    if (!error)
        return SOURCE_WAIT;
    complain_error(source->path, error);
    return SOURCE_FAILED;
}

/* Reads more behind what is left; SOURCE_LINE means: look again. */
static enum source_state fill(struct source *source)
{
    memmove(source->buffer, source->buffer + source->start,
            source->end - source->start);
    source->end -= source->start;
    source->start = 0;
    if (!has_something(source->fd))
        return wait_for_more(source);
    ssize_t got = read(source->fd, source->buffer + source->end,
                       sizeof(source->buffer) - source->end);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return wait_for_more(source);
    if (got < 0) {
        complain("check: --from: %s: %s", source->path, strerror(errno));
        return SOURCE_FAILED;
    }
    source->ended = got == 0;
    source->end += (size_t)got;
    return SOURCE_LINE;
}

/* Without white space around, comment and byte-order mark. */
static void trim(struct source_line *line)
{
    const char *text = line->text;
    size_t len = line->len;
    if (line->number == 1 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    for (size_t i = 0; i < len; i++)
        if (text[i] == '#' && (i == 0 || ascii_is_wsp(text[i - 1])))
            len = i;
    while (len > 0 && (ascii_is_wsp(text[len - 1]) || text[len - 1] == '\r'))
        len--;
    while (len > 0 && ascii_is_wsp(*text)) {
        text++;
        len--;
    }
    line->text = text;
    line->len = len;
}

/* Takes the line that ends at `len` of what is left; whether it counts. */
static bool take_line(struct source *source, size_t len, bool has_end,
                      struct source_line *line)
{
    bool skipped = source->skipping;
    *line = (struct source_line){.text = source->buffer + source->start,
                                 .len = MIN_OF(len, (size_t)SOURCE_LINE_MAX),
                                 .too_long = len > SOURCE_LINE_MAX};
    source->start += len + has_end;
    source->taken += (off_t)(len + has_end);
    source->skipping = !has_end && !source->ended;
    if (skipped)
        return false;
    line->number = ++source->number;
    trim(line);
    return line->len > 0;
}

static enum source_state next_line(struct source *source,
                                   struct source_line *ret_line)
{
    for (;;) {
        size_t left = source->end - source->start;
        const char *at = source->buffer + source->start;
        const char *end = memchr(at, '\n', left);
        if (end || (source->ended && left > 0) || left > SOURCE_LINE_MAX) {
            size_t len = end ? (size_t)(end - at) : left;
            if (take_line(source, len, end != NULL, ret_line))
                return SOURCE_LINE;
            continue;
        }
        if (source->ended)
            return SOURCE_END;
        enum source_state state = fill(source);
        if (state != SOURCE_LINE)
            return state;
    }
}

enum source_state source_next(struct source *source,
                              struct source_line *ret_line)
{
    if (!source->words)
        return next_line(source, ret_line);
    if (source->number == source->words->count)
        return SOURCE_END;
    const char *word = source->words->items[source->number++];
    *ret_line = (struct source_line){
        .text = word, .len = strlen(word), .number = source->number};
    return SOURCE_LINE;
}

double source_fraction(const struct source *source)
{
    if (source->words)
        return source->words->count
                   ? (double)source->number / (double)source->words->count
                   : 1;
    if (source->size <= 0)
        return -1;
    return (double)MIN_OF(source->taken, source->size) / (double)source->size;
}
