/*
 * A line of mtasts-overrides(5): what is taken, written again with all in
 * quotes, reads back as the same; what is not is told in a sentence.
 */
#include "daemon/overrides_line.h"

#include "property.h"
#include <time.h>

static void put_quoted(struct buf *buf, const char *text)
{
    buf_putc(buf, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(buf, '\\');
        buf_putc(buf, *text);
    }
    buf_putc(buf, '"');
}

static void write_line(const struct overrides_line *line, struct buf *buf)
{
    static const char *const actions[] = {"exempt", "enforce", "policy"};

    buf_printf(buf, "%s %s ", line->pattern, actions[line->action]);
    if (line->action == OVERRIDES_FILE_POLICY)
        put_quoted(buf, line->file);
    buf_puts(buf, " reason=");
    put_quoted(buf, line->reason);
    buf_puts(buf, " owner=");
    put_quoted(buf, line->owner);
    if (line->expires_s) {
        time_t day = (time_t)(line->expires_s - 86400);
        char date[16];
        struct tm tm;

        PROPERTY(gmtime_r(&day, &tm) &&
                 strftime(date, sizeof(date), "%F", &tm));
        buf_printf(buf, " expires=%s", date);
    }
}

static void check_line(const struct overrides_line *line)
{
    struct overrides_line again;
    char name[MTASTS_NAME_MAX + 1];
    const char *domain = line->pattern + (*line->pattern == '.');
    char why[OVERRIDES_WHY_MAX];
    _cleanup_buf_ struct buf text = BUF(1 << 16);

    PROPERTY(mtasts_name_canonical(domain, strlen(domain), 0, name, NULL) == 0);
    PROPERTY(strcmp(domain, name) == 0);
    PROPERTY(*line->reason);
    PROPERTY((line->action == OVERRIDES_FILE_POLICY) == (*line->file != '\0'));
    PROPERTY(line->expires_s % 86400 == 0);
    write_line(line, &text);
    PROPERTY(overrides_line_parse(text.data, text.len, &again, why) == 0);
    PROPERTY(strcmp(line->pattern, again.pattern) == 0);
    PROPERTY(line->action == again.action);
    PROPERTY(strcmp(line->file, again.file) == 0);
    PROPERTY(strcmp(line->reason, again.reason) == 0);
    PROPERTY(strcmp(line->owner, again.owner) == 0);
    PROPERTY(line->expires_s == again.expires_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = malloc(size ? size : 1);
    struct overrides_line line;
    char why[OVERRIDES_WHY_MAX] = "";

    PROPERTY(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    if (overrides_line_parse(text, size, &line, why) == 0) {
        if (!line.empty)
            check_line(&line);
        return 0;
    }
    PROPERTY(*why);
    for (const char *at = why; *at; at++)
        PROPERTY((unsigned char)*at >= ' ' && *at != 0x7f);
    return 0;
}
