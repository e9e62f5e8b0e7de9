/*
 * reload_report: what has become of a daemon's reloads. See reload_report.h.
 *
 *     pid 1234
 *     begun 3
 *     ended 3
 *     refused 1
 *     file /etc/mtasts/mtasts.conf
 *     any lines
 *
 * Whoever reads it may be root, and who has written it not: nothing in it is
 * believed but what its form allows.
 */
#include "daemon/reload_report.h"

#include "base/number.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/stat.h>

#define MORE "...\n"

void reload_report_path(const char *folder, const char *name,
                        char ret_path[RELOAD_REPORT_PATH_MAX])
{
    snprintf(ret_path, RELOAD_REPORT_PATH_MAX, "%s/%s.reload", folder, name);
}

/* ---- lines ---- */

void reload_report_add(struct reload_report *report, const char *lines)
{
    size_t used = strlen(report->lines);

    while (*lines) {
        size_t len = strcspn(lines, "\n");

        if (used + len + 1 + strlen(MORE) >= sizeof(report->lines)) {
            memcpy(report->lines + used, MORE, sizeof(MORE));
            return;
        }
        memcpy(report->lines + used, lines, len);
        used += len;
        report->lines[used++] = '\n';
        report->lines[used] = '\0';
        lines += len + (lines[len] == '\n');
    }
}

/* ---- writing ---- */

static int write_text(const char *path, const struct buf *text)
{
    _cleanup_fd_ int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd < 0)
        return -MTASTS_EIO;
    /* Whatever the umask says: as the pid file. */
    if (fchmod(fd, 0644) < 0 ||
        write(fd, text->data, text->len) != (ssize_t)text->len)
        return -MTASTS_EIO;
    return 0;
}

int reload_report_write(const struct reload_report *report, const char *path)
{
    _cleanup_buf_ struct buf text = BUF(RELOAD_REPORT_FILE_MAX);
    char new[RELOAD_REPORT_PATH_MAX];
    int error;

    buf_printf(&text,
               "pid %d\nbegun %" PRIu64 "\nended %" PRIu64 "\nrefused %d\n"
               "file %s\n%s",
               (int)report->pid, report->begun, report->ended, report->refused,
               report->file, report->lines);
    if (text.error)
        return text.error;
    if (snprintf(new, sizeof(new), "%s.new", path) >= (int)sizeof(new)) {
        errno = ENAMETOOLONG;
        return -MTASTS_EIO;
    }
    error = write_text(new, &text);
    if (!error && rename(new, path) < 0)
        error = -MTASTS_EIO;
    return error;
}

/* ---- reading ---- */

/* What is left to read; NULL after a fault. */
struct cursor {
    const char *at;
    const char *end;
};

/* The rest of a line that begins with `key` and a blank. */
static const char *take_line(struct cursor *cursor, const char *key,
                             size_t *ret_len)
{
    size_t left = cursor->at ? (size_t)(cursor->end - cursor->at) : 0;
    size_t key_len = strlen(key);
    const char *end = left ? memchr(cursor->at, '\n', left) : NULL;
    const char *value = cursor->at;

    *ret_len = 0;
    if (!end || (size_t)(end - value) < key_len + 1 ||
        memcmp(value, key, key_len) != 0 || value[key_len] != ' ') {
        cursor->at = NULL;
        return NULL;
    }
    cursor->at = end + 1;
    *ret_len = (size_t)(end - value) - key_len - 1;
    return value + key_len + 1;
}

static uint64_t take_number(struct cursor *cursor, const char *key,
                            uint64_t max)
{
    size_t len;
    const char *value = take_line(cursor, key, &len);
    uint64_t number = 0;

    if (!value || number_parse(value, len, max, &number) < 0)
        cursor->at = NULL;
    return number;
}

static void take_file(struct cursor *cursor, struct reload_report *report)
{
    size_t len;
    const char *value = take_line(cursor, "file", &len);

    if (value && len < sizeof(report->file)) {
        memcpy(report->file, value, len);
        report->file[len] = '\0';
    } else {
        cursor->at = NULL;
    }
}

int reload_report_parse(const char *text, size_t len,
                        struct reload_report *ret_report)
{
    struct cursor cursor = {text, text + len};
    struct reload_report report = {0};
    size_t rest;

    if (len == 0 || text[len - 1] != '\n' || memchr(text, '\0', len))
        return -MTASTS_ESYNTAX;
    report.pid = (pid_t)take_number(&cursor, "pid", INT_MAX);
    report.begun = take_number(&cursor, "begun", UINT64_MAX);
    report.ended = take_number(&cursor, "ended", UINT64_MAX);
    report.refused = take_number(&cursor, "refused", 1) == 1;
    take_file(&cursor, &report);
    if (!cursor.at || report.ended > report.begun)
        return -MTASTS_ESYNTAX;
    rest = (size_t)(cursor.end - cursor.at);
    if (rest >= sizeof(report.lines))
        return -MTASTS_ESYNTAX;
    memcpy(report.lines, cursor.at, rest);
    *ret_report = report;
    return 0;
}

int reload_report_read(const char *path, struct reload_report *ret_report)
{
    /* Neither a link nor a pipe may lead or hold up who is root. */
    _cleanup_fd_ int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char text[RELOAD_REPORT_FILE_MAX];
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));

    if (got < 0)
        return -MTASTS_EIO;
    return reload_report_parse(text, (size_t)got, ret_report);
}
