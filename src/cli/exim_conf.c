/*
 * exim_conf: Exim's printouts and Debian's files. See exim_conf.h.
 */
#include "cli/exim_conf.h"

#include "base/ascii.h"
#include "base/number.h"
#include <mtasts/error.h>
#include <string.h>

#define VERSION_LINE "Exim version "
#define FILE_LINE "Configuration file is "
#define SUPPORT_LINE "Support for:"
#define LOOKUPS_LINE "Lookups (built-in):"
#define PART_MAX 9999u
#define BEGIN_MARK "# begin of what mtasts setup exim has put here\n"
#define END_MARK "# end of what mtasts setup exim has put here\n"

struct line {
    const char *at;
    size_t len; /* without its end */
};

static const struct {
    const char *debian;      /* in conf.d */
    const char *name;        /* in our folder */
    const char *predecessor; /* in the template */
} parts[EXIM_PARTS] = {
    [EXIM_MAIN] = {"main/04_mtasts", "main.conf",
                   "### end main/90_exim4-config_log_selector"},
    [EXIM_ROUTERS] = {"router/150_mtasts", "routers.conf",
                      "### end router/150_exim4-config_hubbed_hosts"},
    [EXIM_TRANSPORTS] = {"transport/30_mtasts", "transports.conf",
                         "### end transport/10_exim4-config_transport-macros"},
};

static bool next_line(const char **at, struct line *line)
{
    if (!**at)
        return false;
    line->at = *at;
    line->len = strcspn(*at, "\n");
    *at += line->len + ((*at)[line->len] == '\n');
    return true;
}

static bool begins(const struct line *line, const char *prefix)
{
    size_t len = strlen(prefix);
    return line->len >= len && memcmp(line->at, prefix, len) == 0;
}

static void copy(char to[EXIM_VALUE_MAX], const char *at, size_t len)
{
    while (len > 0 && ascii_is_wsp(at[len - 1]))
        len--;
    snprintf(to, EXIM_VALUE_MAX, "%.*s", (int)MIN_OF(len, EXIM_VALUE_MAX), at);
}

/* Whether a blank-separated word of the line is `word`. */
static bool has(const struct line *line, const char *word)
{
    for (size_t at = 0; at < line->len;) {
        size_t len = 0;
        while (at + len < line->len && !ascii_is_wsp(line->at[at + len]))
            len++;
        if (ascii_is(line->at + at, len, word))
            return true;
        at += len + 1;
    }
    return false;
}

/* "4.96 #2 built ..." */
static void take_version(struct exim_program *program, const char *at,
                         size_t len)
{
    uint64_t major = 0;
    uint64_t minor = 0;
    size_t first = 0;
    while (first < len && ascii_is_digit(at[first]))
        first++;
    size_t second = first + 1;
    while (second < len && ascii_is_digit(at[second]))
        second++;
    if (first >= len || at[first] != '.' ||
        number_parse(at, first, PART_MAX, &major) < 0 ||
        number_parse(at + first + 1, second - first - 1, PART_MAX, &minor) < 0)
        return;
    program->major = (unsigned)major;
    program->minor = (unsigned)minor;
    copy(program->version, at, second);
}

void exim_program_read(const char *text, struct exim_program *ret_program)
{
    struct line line;
    *ret_program = (struct exim_program){0};
    while (next_line(&text, &line)) {
        if (begins(&line, VERSION_LINE)) {
            take_version(ret_program, line.at + strlen(VERSION_LINE),
                         line.len - strlen(VERSION_LINE));
        } else if (begins(&line, FILE_LINE)) {
            copy(ret_program->file, line.at + strlen(FILE_LINE),
                 line.len - strlen(FILE_LINE));
        } else if (begins(&line, SUPPORT_LINE)) {
            ret_program->tls = has(&line, "GnuTLS") || has(&line, "OpenSSL");
            ret_program->event = has(&line, "Event");
            ret_program->dane = has(&line, "DANE");
        } else if (begins(&line, LOOKUPS_LINE)) {
            ret_program->dnsdb = has(&line, "dnsdb");
        }
    }
}

bool exim_option(const char *text, const char *name,
                 char ret_value[EXIM_VALUE_MAX])
{
    struct line line;
    size_t len = strlen(name);
    ret_value[0] = '\0';
    while (next_line(&text, &line)) {
        if (!begins(&line, name) || line.len < len + 3 ||
            memcmp(line.at + len, " = ", 3) != 0)
            continue;
        copy(ret_value, line.at + len + 3, line.len - len - 3);
        return true;
    }
    return false;
}

void exim_debian_option(const char *text, const char *name,
                        char ret_value[EXIM_VALUE_MAX])
{
    struct line line;
    size_t len = strlen(name);
    ret_value[0] = '\0';
    while (next_line(&text, &line)) {
        if (!begins(&line, name) || line.len <= len || line.at[len] != '=')
            continue;
        const char *at = line.at + len + 1;
        size_t left = line.len - len - 1;
        if (left >= 2 && (*at == '\'' || *at == '"') && at[left - 1] == *at) {
            at++;
            left -= 2;
        }
        copy(ret_value, at, left);
    }
}

bool exim_is_answer(const char *printed)
{
    static const char *const words[] = {"none", "dane", "secure", "defer"};
    size_t len = strcspn(printed, " \n");
    for (size_t i = 0; i < ELEMENTS(words); i++)
        if (ascii_is(printed, len, words[i]))
            return true;
    return false;
}

/* ---- parts ---- */

void exim_part_lines(enum exim_part part, const char *folder,
                     const char *socket, struct buf *buf)
{
    if (part == EXIM_MAIN)
        buf_printf(buf, "MTASTS_SOCKET = %s\n", socket);
    buf_printf(buf, ".include %s/%s\n", folder, parts[part].name);
}

const char *exim_part_file(enum exim_part part)
{
    return parts[part].debian;
}

/* Skips what an earlier run has put in; false: it has no end. */
static bool skip_ours(const char **at)
{
    const char *end = strstr(*at, END_MARK);
    if (!end)
        return false;
    *at = end + strlen(END_MARK);
    return true;
}

int exim_template_edit(const char *text, const char *folder, const char *socket,
                       struct buf *buf)
{
    bool done[EXIM_PARTS] = {false};
    int pending = -1; /* the part that follows the line after this */
    struct line line;
    while (*text) {
        if (strncmp(text, BEGIN_MARK, strlen(BEGIN_MARK)) == 0) {
            if (!skip_ours(&text))
                return -MTASTS_ENOTFOUND;
            continue;
        }
        next_line(&text, &line);
        buf_append(buf, line.at, line.len);
        buf_putc(buf, '\n');
        if (pending >= 0) {
            buf_puts(buf, BEGIN_MARK);
            exim_part_lines((enum exim_part)pending, folder, socket, buf);
            buf_puts(buf, END_MARK);
            done[pending] = true;
            pending = -1;
        }
        for (int i = 0; i < EXIM_PARTS; i++)
            if (!done[i] && ascii_is(line.at, line.len, parts[i].predecessor))
                pending = i;
    }
    for (int i = 0; i < EXIM_PARTS; i++)
        if (!done[i])
            return -MTASTS_ENOTFOUND;
    return buf->error;
}
