/*
 * terminal: what stdout and stderr can show. See terminal.h.
 *
 * No terminal database: the few sequences used (SGR colours, erase line)
 * are those that every terminal but a dumb one knows. Colour follows
 * https://no-color.org: NO_COLOR set and not empty switches it off.
 */
#include "cli/terminal.h"

#include "base/cleanup.h"
#include <string.h>
#include <sys/ioctl.h>

const char *const terminal_colour_words[] = {"auto", "always", "never", NULL};

static bool is_dumb(void)
{
    const char *term = getenv("TERM");
    return !term || !*term || strcmp(term, "dumb") == 0;
}

bool terminal_colour(int fd, enum colour_choice choice)
{
    if (choice != COLOUR_AUTO)
        return choice == COLOUR_ALWAYS;
    const char *no_color = getenv("NO_COLOR");
    return isatty(fd) && !is_dumb() && !(no_color && *no_color);
}

unsigned terminal_columns(int fd)
{
    struct winsize size;
    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 0;
    return size.ws_col;
}

unsigned terminal_width(int fd)
{
    unsigned columns = terminal_columns(fd);
    if (columns == 0)
        return TERMINAL_WIDTH;
    return MAX_OF(TERMINAL_WIDTH_MIN, MIN_OF(columns, TERMINAL_WIDTH_MAX));
}

bool terminal_redraws(int fd)
{
    return isatty(fd) && !is_dumb();
}
