/*
 * config_tool: what the build makes of the tables of options. Not installed.
 *
 *     config_tool sample            packaging/mtasts.conf
 *     config_tool manual TEMPLATE   a page of the manual: the template, with
 *                                   the options in place of a line @OPTIONS@
 */
#include "daemon/config.h"
#include "daemon/read_file.h"
#include <string.h>

#define PAGE_MAX (1u << 20)
#define PLACE "\n@OPTIONS@\n"

static int print(const char *text, size_t len)
{
    return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0 ? 0 : 1;
}

static int print_sample(void)
{
    _cleanup_buf_ struct buf buf = BUF(CONFIG_DUMP_MAX);

    return config_sample(&buf) < 0 ? 1 : print(buf.data, buf.len);
}

static int print_manual(const char *path)
{
    _cleanup_buf_ struct buf page = BUF(PAGE_MAX);
    _cleanup_buf_ struct buf options = BUF(PAGE_MAX);
    const char *place;

    if (read_file(path, &page) < 0 || config_manual(&options) < 0)
        return 1;
    place = strstr(buf_text(&page), PLACE);
    if (!place) {
        fprintf(stderr, "%s: no line @OPTIONS@\n", path);
        return 1;
    }
    return print(page.data, (size_t)(place - page.data) + 1) ||
           print(options.data, options.len) ||
           print(place + strlen(PLACE), strlen(place + strlen(PLACE)));
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "sample") == 0)
        return print_sample();
    if (argc == 3 && strcmp(argv[1], "manual") == 0)
        return print_manual(argv[2]);
    fprintf(stderr, "usage: config_tool sample | manual TEMPLATE\n");
    return 2;
}
