/*
 * What is shown of octets from outside: the first two octets are the width
 * and the column, the rest a policy or record.
 *
 * Properties: nothing but printable UTF-8 and line ends reaches the
 * terminal; no line is wider than asked for, but for words that are; the
 * caret stands within the line above it; a domain taken out of the octets is
 * canonical.
 */
#include "cli/excerpt.h"
#include "cli/printable.h"
#include "cli/target.h"
#include "property.h"
#include <locale.h>
#include <stdint.h>
#include <string.h>

#define INDENT 4u
#define ESCAPE_MAX 16u /* columns of "..." and of the widest escape */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    PROPERTY(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    return 0;
}

static void is_harmless(const char *text, size_t len)
{
    while (len > 0) {
        int32_t point = -1;
        size_t used = printable_decode(text, len, &point);
        PROPERTY(point == '\n' || (point >= 0x20 && point < 0x7f) ||
                 point > 0x9f);
        PROPERTY(point != 0x202e && point != 0x200b && point != 0xfeff);
        text += used;
        len -= used;
    }
}

/* The widest line, in columns. */
static size_t widest(const char *text)
{
    size_t most = 0;
    while (*text) {
        size_t len = strcspn(text, "\n");
        most = MAX_OF(most, printable_width(text, len));
        text += len + (text[len] == '\n');
    }
    return most;
}

static void check_excerpt(const char *data, size_t len, unsigned width,
                          size_t column)
{
    _cleanup_paper_ struct paper paper = {0};
    paper_init(&paper, width, false, true);
    excerpt_put(&paper, INDENT, excerpt_line(data, len, 1 + column % 3),
                column);
    const char *text = buf_text(&paper.buf);
    is_harmless(text, paper.buf.len);
    const char *caret = strrchr(text, '^');
    PROPERTY(caret && caret[1] == '\n' && caret[2] == '\0');
    size_t shown = strcspn(text, "\n");
    size_t below = (size_t)(caret - text) - shown - 1;
    PROPERTY(widest(text) <= MAX_OF(width, width / 2 + INDENT + ESCAPE_MAX));
    PROPERTY(below >= INDENT && below <= printable_width(text, shown));
}

static void check_words(const char *data, size_t len, unsigned width)
{
    _cleanup_paper_ struct paper paper = {0};
    char words[257];
    size_t kept = 0;
    for (size_t i = 0; i < len && kept < sizeof(words) - 1; i++)
        if (data[i])
            words[kept++] = data[i];
    words[kept] = '\0';
    paper_init(&paper, width, false, true);
    paper_words(&paper, INDENT, words);
    is_harmless(buf_text(&paper.buf), paper.buf.len);
    /* One octet of a word is at most PRINTABLE_GROWTH columns. */
    size_t longest = 0;
    for (const char *at = words; *at; at += strspn(at, " \n")) {
        size_t word = strcspn(at, " \n");
        longest = MAX_OF(longest, word * PRINTABLE_GROWTH);
        at += word;
    }
    PROPERTY(widest(buf_text(&paper.buf)) <= MAX_OF(width, longest + INDENT));
}

static void check_target(const char *data, size_t len)
{
    struct target target;
    char name[MTASTS_NAME_MAX + 1];
    if (target_parse(data, len, &target) != 0) {
        PROPERTY(target.why[0] != '\0' && target.domain[0] == '\0');
        return;
    }
    PROPERTY(mtasts_name_canonical(target.domain, strlen(target.domain), 0,
                                   name, NULL) == 0);
    PROPERTY(strcmp(name, target.domain) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *text = (const char *)data + 2;
    unsigned width = 20 + data[0] % 100u;
    check_excerpt(text, size - 2, width, data[1]);
    check_words(text, size - 2, width);
    check_target(text, size - 2);
    return 0;
}
