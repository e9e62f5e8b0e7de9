/*
 * excerpt: a line with a caret under the place. See excerpt.h.
 */
#include "cli/excerpt.h"

#include "cli/printable.h"
#include <string.h>

#define DOTS "..."       /* instead of what is before the part shown */
#define CHARACTER_MAX 4u /* octets of one in UTF-8 */

struct mtasts_bytes excerpt_line(const char *text, size_t len, size_t number)
{
    const char *end = NULL;
    for (size_t i = 1; len > 0; i++) {
        end = memchr(text, '\n', len);
        size_t line = end ? (size_t)(end - text) : len;
        if (i == number) {
            if (end && line > 0 && text[line - 1] == '\r')
                line--;
            return (struct mtasts_bytes){text, line};
        }
        text += line + (end != NULL);
        len -= line + (end != NULL);
    }
    return (struct mtasts_bytes){text, 0};
}

/* As many characters as fit into `room` columns. */
static void put_fitting(struct buf *buf, const char *text, size_t len,
                        size_t room, bool utf8)
{
    while (len > 0) {
        int32_t point = -1;
        size_t used = printable_decode(text, len, &point);
        size_t before = buf->len;
        printable(buf, text, used, utf8);
        size_t width =
            printable_width(buf_text(buf) + before, buf->len - before);
        if (width > room) {
            buf->len = before;
            buf->data[before] = '\0';
            return;
        }
        room -= width;
        text += used;
        len -= used;
    }
}

static size_t shown_width(const char *text, size_t len, bool utf8)
{
    _cleanup_buf_ struct buf buf = BUF(PAPER_MAX);
    printable(&buf, text, len, utf8);
    return printable_width(buf_text(&buf), buf.len);
}

/* Where the part shown begins: the whole line if it fits; else at a
   character, with half of the room for what is before the place. */
static size_t part_start(struct mtasts_bytes line, size_t place, size_t room,
                         bool utf8)
{
    if (line.len <= room && shown_width(line.data, line.len, utf8) <= room)
        return 0;
    room /= 2;
    size_t start = place > room ? place - room : 0;
    while (start < place &&
           (((unsigned char)line.data[start] & 0xc0) == 0x80 ||
            shown_width(line.data + start, place - start, utf8) > room))
        start++;
    return start;
}

/* Where the character begins that has the octet at `place`: its octets alone
   would be shown as escapes, wider than it is. */
static size_t character_start(struct mtasts_bytes line, size_t place)
{
    for (size_t back = MIN_OF(place, CHARACTER_MAX - 1); back > 0; back--) {
        int32_t point = -1;
        size_t at = place - back;
        if (printable_decode(line.data + at, line.len - at, &point) > back)
            return at;
    }
    return place;
}

void excerpt_put(struct paper *paper, unsigned indent, struct mtasts_bytes line,
                 size_t column)
{
    size_t place =
        character_start(line, MIN_OF(column > 0 ? column - 1 : 0, line.len));
    /* One column is for a caret behind the end. */
    size_t room = paper->width > indent + 1 ? paper->width - indent - 1 : 1;
    size_t start = part_start(line, place, room, paper->utf8);
    _cleanup_buf_ struct buf shown = BUF(PAPER_MAX);
    if (start > 0)
        buf_puts(&shown, DOTS);
    printable(&shown, line.data + start, place - start, paper->utf8);
    size_t caret = printable_width(buf_text(&shown), shown.len);
    put_fitting(&shown, line.data + place, line.len - place,
                room > caret ? room - caret : 1, paper->utf8);
    paper_tab(paper, indent);
    paper_styled(paper, STYLE_CYAN, buf_text(&shown));
    paper_line_end(paper);
    paper_tab(paper, indent + (unsigned)caret);
    paper_styled(paper, STYLE_RED, "^");
    paper_line_end(paper);
}
