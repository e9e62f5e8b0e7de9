/*
 * paper: where text for people is laid out. See paper.h.
 */
#include "cli/paper.h"

#include "cli/complain.h"
#include "cli/output.h"
#include "cli/printable.h"
#include "cli/terminal.h"
#include <mtasts/error.h>
#include <string.h>

static const char *const sgr[] = {
    [STYLE_PLAIN] = "",          [STYLE_BOLD] = "\033[1m",
    [STYLE_DIM] = "\033[2m",     [STYLE_RED] = "\033[1;31m",
    [STYLE_YELLOW] = "\033[33m", [STYLE_GREEN] = "\033[32m",
    [STYLE_BLUE] = "\033[34m",   [STYLE_CYAN] = "\033[36m",
};

void paper_init(struct paper *paper, unsigned width, bool colour, bool utf8)
{
    *paper = (struct paper){.width = width, .colour = colour, .utf8 = utf8};
    buf_init(&paper->buf, PAPER_MAX);
}

void paper_for_stdout(struct paper *paper, unsigned colour_choice)
{
    paper_init(paper, terminal_width(STDOUT_FILENO),
               terminal_colour(STDOUT_FILENO, colour_choice), printable_utf8());
}

void paper_clear(struct paper *paper)
{
    buf_clear(&paper->buf);
    paper->column = 0;
}

static void put(struct paper *paper, const char *text, size_t len)
{
    size_t start = paper->buf.len;
    printable(&paper->buf, text, len, paper->utf8);
    if (paper->buf.len > start)
        paper->column += (unsigned)printable_width(paper->buf.data + start,
                                                   paper->buf.len - start);
}

static void put_spaces(struct paper *paper, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        buf_putc(&paper->buf, ' ');
    paper->column += count;
}

/* The width of a word once it has been made harmless. */
static size_t word_width(const struct paper *paper, const char *word,
                         size_t len)
{
    _cleanup_buf_ struct buf buf = BUF(PAPER_MAX);
    printable(&buf, word, len, paper->utf8);
    return printable_width(buf_text(&buf), buf.len);
}

static void put_word(struct paper *paper, unsigned indent, const char *word,
                     size_t len)
{
    bool space = paper->space && paper->column > indent;
    if (space &&
        paper->column + 1 + word_width(paper, word, len) > paper->width) {
        paper_line_end(paper);
        space = false;
    }
    if (paper->column < indent)
        put_spaces(paper, indent - paper->column);
    put_spaces(paper, space);
    paper->space = false;
    put(paper, word, len);
}

void paper_words(struct paper *paper, unsigned indent, const char *text)
{
    while (*text) {
        if (*text == ' ') {
            paper->space = true;
            text++;
        } else if (*text == '\n') {
            paper_line_end(paper);
            text++;
        } else {
            size_t len = strcspn(text, " \n");
            put_word(paper, indent, text, len);
            text += len;
        }
    }
}

void paper_printf(struct paper *paper, unsigned indent, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        paper->buf.error = -MTASTS_ENOMEM;
        return;
    }
    paper_words(paper, indent, text);
    free(text);
}

static void style_on(struct paper *paper, enum style style)
{
    if (paper->colour)
        buf_puts(&paper->buf, sgr[style]);
}

static void style_off(struct paper *paper, enum style style)
{
    if (paper->colour && style != STYLE_PLAIN)
        buf_puts(&paper->buf, "\033[0m");
}

void paper_styled(struct paper *paper, enum style style, const char *text)
{
    if (paper->space)
        put_spaces(paper, 1);
    paper->space = false;
    style_on(paper, style);
    put(paper, text, strlen(text));
    style_off(paper, style);
}

void paper_styled_words(struct paper *paper, enum style style, unsigned indent,
                        const char *text)
{
    style_on(paper, style);
    paper_words(paper, indent, text);
    style_off(paper, style);
}

void paper_styled_whole(struct paper *paper, enum style style, unsigned indent,
                        const char *text)
{
    style_on(paper, style);
    put_word(paper, indent, text, strlen(text));
    style_off(paper, style);
}

void paper_block(struct paper *paper, unsigned indent, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        size_t shown = len > 0 && text[len - 1] == '\r' ? len - 1 : len;
        if (shown > 0)
            put_spaces(paper, indent);
        style_on(paper, STYLE_CYAN);
        put(paper, text, shown);
        style_off(paper, STYLE_CYAN);
        paper_line_end(paper);
        text += len + (text[len] == '\n');
    }
}

void paper_tab(struct paper *paper, unsigned column)
{
    put_spaces(paper, paper->column < column ? column - paper->column : 1);
    paper->space = false;
}

void paper_line_end(struct paper *paper)
{
    buf_putc(&paper->buf, '\n');
    paper->column = 0;
    paper->space = false;
}

void paper_gap(struct paper *paper)
{
    if (paper->column > 0)
        paper_line_end(paper);
    if (paper->buf.len > 0)
        paper_line_end(paper);
}

void paper_rewind(struct paper *paper, size_t len)
{
    paper->buf.len = len;
    if (paper->buf.data)
        paper->buf.data[len] = '\0';
    paper->column = 0;
}

int paper_print(struct paper *paper)
{
    int status = paper->buf.error
                     ? complain_error("standard output", paper->buf.error)
                     : output_write(buf_text(&paper->buf), paper->buf.len);
    paper_clear(paper);
    return status;
}
