/*
 * manual_tool: what the build makes of the tables of options and of log
 * events. Not installed.
 *
 *     manual_tool sample            packaging/mtasts.conf
 *     manual_tool manual TEMPLATE   a page of the manual: the template, with
 *                                   what the tables say in place of the lines
 *                                   @OPTIONS@ and @EVENTS@
 */
#include "daemon/config.h"
#include "daemon/log_events.h"
#include "daemon/read_file.h"
#include <mtasts/error.h>
#include <string.h>

#define PAGE_MAX (1u << 20)

static int put_events(struct buf *buf)
{
    for (size_t i = 0; i < LOG_EVENTS; i++)
        buf_printf(buf, "*%s* (%s)\n\t%s.\n\n", log_events[i].name,
                   log_level_name(log_events[i].level), log_events[i].text);
    return buf->error;
}

static const struct {
    const char *line;
    int (*put)(struct buf *buf);
} places[] = {
    {"@OPTIONS@\n", config_manual},
    {"@EVENTS@\n", put_events},
};

static int print(const struct buf *buf)
{
    return fwrite(buf->data, 1, buf->len, stdout) == buf->len &&
                   fflush(stdout) == 0
               ? 0
               : 1;
}

static int print_sample(void)
{
    _cleanup_buf_ struct buf buf = BUF(CONFIG_DUMP_MAX);

    return config_sample(&buf) < 0 ? 1 : print(&buf);
}

/* A line of the template, or what stands for it. */
static int put_line(struct buf *page, const char *line, size_t len,
                    unsigned *filled)
{
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        if (len == strlen(places[i].line) &&
            memcmp(line, places[i].line, len) == 0) {
            (*filled)++;
            return places[i].put(page);
        }
    }
    return buf_append(page, line, len);
}

static int print_manual(const char *path)
{
    _cleanup_buf_ struct buf template = BUF(PAGE_MAX);
    _cleanup_buf_ struct buf page = BUF(PAGE_MAX);
    unsigned filled = 0;

    if (read_file(path, &template) < 0)
        return 1;
    for (const char *line = buf_text(&template); *line;) {
        size_t len = strcspn(line, "\n");
        len += line[len] == '\n';
        if (put_line(&page, line, len, &filled) < 0)
            return 1;
        line += len;
    }
    if (filled == 0) {
        fprintf(stderr, "%s: no line @OPTIONS@ or @EVENTS@\n", path);
        return 1;
    }
    return print(&page);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "sample") == 0)
        return print_sample();
    if (argc == 3 && strcmp(argv[1], "manual") == 0)
        return print_manual(argv[2]);
    fprintf(stderr, "usage: manual_tool sample | manual TEMPLATE\n");
    return 2;
}
