/*
 * overrides_file: the site's own rules for domains. See overrides_file.h.
 */
#include "daemon/overrides_file.h"

#include "base/arena.h"
#include "daemon/overrides_line.h"
#include "daemon/read_file.h"
#include <mtasts/error.h>
#include <mtasts/sts_policy.h>
#include <stdarg.h>
#include <string.h>

#define ARENA_MAX (256u << 20) /* octets: the longest rows, with policies */
#define PATH_TEXT_MAX 4096u

struct reading {
    const char *path;
    struct buf *faults;
    struct arena *arena;
    struct overrides_file_row *rows;
    size_t count;
    bool failed;
};

static void complain(struct reading *reading, unsigned line, const char *format,
                     ...) _printf_(3, 4);

/* The words of the file in it are free of control characters. */
static void complain(struct reading *reading, unsigned line, const char *format,
                     ...)
{
    char text[2 * OVERRIDES_WHY_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    reading->failed = true;
    if (line)
        buf_printf(reading->faults, "%s:%u: %s\n", reading->path, line, text);
    else
        buf_printf(reading->faults, "%s: %s\n", reading->path, text);
}

/* ---- policies ---- */

static void complain_policy(struct reading *reading, unsigned line,
                            const char *path,
                            const struct mtasts_faults *faults)
{
    for (size_t i = 0; i < MIN_OF(faults->count, faults->max); i++) {
        const struct mtasts_fault *fault = &faults->items[i];

        if (fault->weight != MTASTS_FATAL)
            continue;
        complain(reading, line, "%.300s: line %zu: %s", path, fault->line,
                 mtasts_fault_text(fault->code));
        return;
    }
    complain(reading, line, "%.300s: not a policy", path);
}

static int read_policy(struct reading *reading, unsigned line, const char *name,
                       struct overrides_file_row *row)
{
    const char *slash = strrchr(reading->path, '/');
    int folder = slash && name[0] != '/' ? (int)(slash - reading->path) + 1 : 0;
    char path[PATH_TEXT_MAX];
    struct mtasts_fault items[8];
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    struct mtasts_sts_policy *policy = NULL;
    _cleanup_buf_ struct buf body = BUF(MTASTS_POLICY_BODY_MAX);
    int error;

    snprintf(path, sizeof(path), "%.*s%s", folder, reading->path, name);
    error = read_file(path, &body);
    if (error) {
        complain(reading, line, "%.300s: %s", path, read_file_why(error));
        return 0;
    }
    error = mtasts_sts_policy_parse(buf_text(&body), body.len, MTASTS_TOLERANT,
                                    &faults, &policy);
    mtasts_sts_policy_free(policy);
    if (error == -MTASTS_ESYNTAX) {
        complain_policy(reading, line, path, &faults);
        return 0;
    }
    row->body = arena_copy(reading->arena, buf_text(&body), body.len);
    row->len = body.len;
    return error || !row->body ? -MTASTS_ENOMEM : 0;
}

/* ---- lines ---- */

static int add_row(struct reading *reading, unsigned number,
                   const struct overrides_line *line)
{
    struct overrides_file_row *row = &reading->rows[reading->count];

    *row = (struct overrides_file_row){
        .pattern = arena_string(reading->arena, line->pattern),
        .action = line->action,
        .body = "",
        .reason = arena_string(reading->arena, line->reason),
        .owner = arena_string(reading->arena, line->owner),
        .expires_s = line->expires_s,
        .line = number,
    };
    reading->count++;
    if (!row->pattern || !row->reason || !row->owner)
        return -MTASTS_ENOMEM;
    return *line->file ? read_policy(reading, number, line->file, row) : 0;
}

static int take_line(struct reading *reading, unsigned number, const char *text,
                     size_t len)
{
    struct overrides_line line;
    char why[OVERRIDES_WHY_MAX];

    if (len > OVERRIDES_LINE_MAX) {
        complain(reading, number, "the line is longer than %u octets",
                 OVERRIDES_LINE_MAX);
        return 0;
    }
    if (overrides_line_parse(text, len, &line, why) < 0) {
        complain(reading, number, "%s", why);
        return 0;
    }
    if (line.empty)
        return 0;
    if (reading->count == OVERRIDES_FILE_ROWS_MAX) {
        complain(reading, number, "more than %u rules",
                 OVERRIDES_FILE_ROWS_MAX);
        return -MTASTS_ETOOLONG;
    }
    return add_row(reading, number, &line);
}

static size_t count_lines(const char *text, size_t len)
{
    size_t count = 1;

    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

static int take_lines(struct reading *reading, const char *text, size_t len)
{
    size_t most =
        MIN_OF(count_lines(text, len), (size_t)OVERRIDES_FILE_ROWS_MAX);
    int error = 0;

    reading->rows =
        arena_array_of(reading->arena, most, struct overrides_file_row);
    if (!reading->rows)
        return -MTASTS_ENOMEM;
    for (unsigned number = 1; len > 0 && !error; number++) {
        const char *end = memchr(text, '\n', len);
        size_t part = end ? (size_t)(end - text) : len;

        error = take_line(reading, number, text, part);
        part += end ? 1 : 0;
        text += part;
        len -= part;
    }
    return error;
}

/* ---- the same twice ---- */

static int compare(const void *a, const void *b)
{
    const struct overrides_file_row *left = *(const void *const *)a;
    const struct overrides_file_row *right = *(const void *const *)b;
    int order = strcmp(left->pattern, right->pattern);

    return order ? order
                 : (left->line > right->line) - (left->line < right->line);
}

static int find_doubles(struct reading *reading)
{
    const struct overrides_file_row **sorted =
        arena_array_of(reading->arena, MAX_OF(reading->count, (size_t)1),
                       const struct overrides_file_row *);

    if (!sorted)
        return -MTASTS_ENOMEM;
    for (size_t i = 0; i < reading->count; i++)
        sorted[i] = &reading->rows[i];
    qsort(sorted, reading->count, sizeof(*sorted), compare);
    for (size_t i = 1; i < reading->count; i++)
        if (strcmp(sorted[i - 1]->pattern, sorted[i]->pattern) == 0)
            complain(reading, sorted[i]->line,
                     "%s has a rule in line %u already; leave one out",
                     sorted[i]->pattern, sorted[i - 1]->line);
    return 0;
}

/* ---- the whole ---- */

static int read_text(struct reading *reading, const char *text, size_t len)
{
    int error = take_lines(reading, text, len);

    if (!error)
        error = find_doubles(reading);
    if (error == -MTASTS_ENOMEM)
        complain(reading, 0, "%s", mtasts_strerror(error));
    return error ? error : reading->failed ? -MTASTS_ESYNTAX : 0;
}

int overrides_file_parse(const char *path, const char *text, size_t len,
                         struct buf *faults, struct overrides_file **ret_file)
{
    struct reading reading = {.path = path, .faults = faults};
    _cleanup_arena_ struct arena *arena = NULL;
    struct overrides_file *file;
    int error = arena_new(ARENA_MAX, &arena);

    if (error)
        return error;
    reading.arena = arena;
    error = read_text(&reading, text, len);
    file = error ? NULL : arena_new_of(arena, struct overrides_file);
    if (!file)
        return error ? error : -MTASTS_ENOMEM;
    *file = (struct overrides_file){reading.rows, reading.count, arena};
    arena = NULL;
    *ret_file = file;
    return 0;
}

int overrides_file_load(const char *path, struct buf *faults,
                        struct overrides_file **ret_file)
{
    _cleanup_buf_ struct buf text = BUF(OVERRIDES_FILE_MAX);
    int error;

    error = read_file(path, &text);
    if (error) {
        buf_printf(faults,
                   "%s: %s; the option overrides takes a file in the form of "
                   "mtasts-overrides(5)\n",
                   path, read_file_why(error));
        return error;
    }
    return overrides_file_parse(path, buf_text(&text), text.len, faults,
                                ret_file);
}

void overrides_file_free(struct overrides_file *file)
{
    if (file)
        arena_free(file->arena); /* which it is in itself */
}
