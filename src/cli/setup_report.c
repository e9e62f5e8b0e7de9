/*
 * setup_report: findings and changes for people. See setup_report.h.
 */
#include "cli/setup_report.h"

#include <stdarg.h>
#include <string.h>

#define GRADE_COLUMN 2u
#define TEXT_COLUMN 11u
#define BLOCK_COLUMN 4u
#define LINE_MAX_OUT (SETUP_NAME_MAX + SETUP_VALUE_MAX + 16)

static const struct {
    const char *word;
    enum style style;
} looks[] = {
    [SETUP_FINE] = {"fine", STYLE_GREEN},
    [SETUP_NOTE] = {"note", STYLE_BLUE},
    [SETUP_TODO] = {"to do", STYLE_YELLOW},
    [SETUP_WARNING] = {"warning", STYLE_YELLOW},
    [SETUP_ERROR] = {"error", STYLE_RED},
    [SETUP_UNKNOWN] = {"unknown", STYLE_CYAN},
};

static void put_finding(struct paper *paper, const struct setup_finding *one)
{
    paper_tab(paper, GRADE_COLUMN);
    paper_styled(paper, looks[one->grade].style, looks[one->grade].word);
    paper_tab(paper, TEXT_COLUMN);
    paper_words(paper, TEXT_COLUMN, one->text);
    paper_line_end(paper);
    if (!*one->fix)
        return;
    paper_tab(paper, TEXT_COLUMN);
    paper_printf(paper, TEXT_COLUMN, "Fix: %s", one->fix);
    paper_line_end(paper);
}

void setup_report_findings(struct paper *paper,
                           const struct setup_findings *findings, bool all)
{
    for (size_t i = 0; i < findings->count; i++)
        if (all || findings->items[i].grade > SETUP_NOTE)
            put_finding(paper, &findings->items[i]);
}

void setup_report_changes(struct paper *paper, const char *heading,
                          const struct setup_changes *changes)
{
    if (changes->count == 0)
        return;
    paper_gap(paper);
    paper_words(paper, 0, heading);
    paper_line_end(paper);
    paper_gap(paper);
    for (size_t i = 0; i < changes->count; i++) {
        char line[LINE_MAX_OUT];
        snprintf(line, sizeof(line), "%s = %s", changes->items[i].name,
                 changes->items[i].value);
        paper_block(paper, BLOCK_COLUMN, line);
    }
}

/* As a shell takes it: in quotes unless it is plain. */
static void put_word(struct buf *buf, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_./:=,@+";
    if (*word && strspn(word, plain) == strlen(word)) {
        buf_puts(buf, word);
        return;
    }
    buf_putc(buf, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            buf_puts(buf, "'\\''");
        else
            buf_putc(buf, *word);
    }
    buf_putc(buf, '\'');
}

void setup_report_run(struct paper *paper, const char *const *argv,
                      const char *printed)
{
    _cleanup_buf_ struct buf line = BUF(TOOL_OUTPUT_MAX);
    buf_puts(&line, "$");
    for (; *argv; argv++) {
        buf_putc(&line, ' ');
        put_word(&line, *argv);
    }
    paper_gap(paper);
    paper_block(paper, BLOCK_COLUMN, buf_text(&line));
    paper_block(paper, BLOCK_COLUMN, printed);
}

void setup_report_say(struct paper *paper, const char *format, ...)
{
    char text[SETUP_TEXT_MAX * 2];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    paper_gap(paper);
    paper_words(paper, 0, text);
    paper_line_end(paper);
}
