/*
 * conf_edit: an option of mtasts.conf(5) set in its text. See conf_edit.h.
 *
 * The form is libconfuse's: words, '...' and "..." with backslashes, comments
 * from # or // to the line's end and between the C language's marks, braces,
 * `=` and `+=`.
 */
#include "cli/conf_edit.h"

#include "base/ascii.h"
#include <mtasts/error.h>
#include <stdbool.h>
#include <string.h>

enum kind {
    KIND_END,
    KIND_WORD, /* quoted or not */
    KIND_OPEN,
    KIND_CLOSE,
    KIND_EQUALS,
    KIND_OTHER, /* , ( ) */
    KIND_BAD,
};

struct token {
    enum kind kind;
    size_t at;
    size_t len;
};

struct scanner {
    const char *text;
    size_t len;
    size_t next;
};

/* Where in the text something is to be put in, and how much of it goes. */
struct place {
    bool found;   /* the option is there */
    bool section; /* the section is */
    bool list;    /* and its value is no single word */
    size_t at;
    size_t len;
};

static bool begins(const struct scanner *scanner, const char *mark)
{
    size_t len = strlen(mark);
    return scanner->len - scanner->next >= len &&
           memcmp(scanner->text + scanner->next, mark, len) == 0;
}

/* False: a comment is not closed. */
static bool skip_gaps(struct scanner *scanner)
{
    while (scanner->next < scanner->len) {
        const char *at = scanner->text + scanner->next;
        size_t left = scanner->len - scanner->next;
        if (ascii_is_wsp(*at) || *at == '\n' || *at == '\r') {
            scanner->next++;
        } else if (*at == '#' || begins(scanner, "//")) {
            const char *end = memchr(at, '\n', left);
            scanner->next += end ? (size_t)(end - at) : left;
        } else if (begins(scanner, "/*")) {
            const char *end = memmem(at + 2, left - 2, "*/", 2);
            if (!end)
                return false;
            scanner->next += (size_t)(end - at) + 2;
        } else {
            break;
        }
    }
    return true;
}

/* Behind the closing quote; false: there is none. */
static bool skip_quoted(struct scanner *scanner)
{
    char quote = scanner->text[scanner->next++];
    while (scanner->next < scanner->len) {
        char c = scanner->text[scanner->next++];
        if (c == quote)
            return true;
        if (c == '\\' && scanner->next < scanner->len)
            scanner->next++;
    }
    return false;
}

static void skip_word(struct scanner *scanner)
{
    while (scanner->next < scanner->len &&
           !strchr(" \t\r\n{}=,()#\"'+", scanner->text[scanner->next]))
        scanner->next++;
}

static enum kind kind_of(char c)
{
    switch (c) {
    case '{': return KIND_OPEN;
    case '}': return KIND_CLOSE;
    case '=': return KIND_EQUALS;
    case ',':
    case '(':
    case ')':
    case '+':
    case '\0': return KIND_OTHER;
    default: return KIND_WORD;
    }
}

static struct token scan(struct scanner *scanner)
{
    struct token token = {.kind = KIND_BAD};
    if (!skip_gaps(scanner))
        return token;
    token.at = scanner->next;
    if (scanner->next == scanner->len) {
        token.kind = KIND_END;
        return token;
    }
    char c = scanner->text[scanner->next];
    token.kind = kind_of(c);
    if (c == '"' || c == '\'')
        token.kind = skip_quoted(scanner) ? KIND_WORD : KIND_BAD;
    else if (token.kind == KIND_WORD)
        skip_word(scanner);
    else
        scanner->next++;
    token.len = scanner->next - token.at;
    return token;
}

static bool is(const struct scanner *scanner, const struct token *token,
               const char *word)
{
    return token->kind == KIND_WORD &&
           ascii_is(scanner->text + token->at, token->len, word);
}

/* As in 'a'b, which is two words to us. */
static bool touches_more(const struct scanner *scanner)
{
    return scanner->next < scanner->len &&
           !strchr(" \t\r\n}#", scanner->text[scanner->next]);
}

/* What follows "NAME =" at the right depth. */
static void take_value(struct scanner *scanner, struct place *place)
{
    struct scanner ahead = *scanner;
    struct token value = scan(&ahead);
    place->found = true;
    place->list = value.kind != KIND_WORD || touches_more(&ahead);
    place->at = value.at;
    place->len = value.len;
}

/*
 * Walks the whole text. A section that is given again takes the place of the
 * one before, and so does an option.
 */
static int find(struct scanner *scanner, const char *section, const char *name,
                struct place *ret_place)
{
    struct place place = {0};
    struct token last = {.kind = KIND_END};
    struct token token;
    unsigned depth = 0;
    bool inside = false;
    bool wanted = false; /* the token before was the option's name */
    while ((token = scan(scanner)).kind != KIND_END) {
        if (token.kind == KIND_BAD || (token.kind == KIND_CLOSE && depth == 0))
            return -MTASTS_ESYNTAX;
        if (token.kind == KIND_OPEN && depth++ == 0 &&
            is(scanner, &last, section)) {
            inside = true;
            place = (struct place){.section = true, .at = scanner->next};
        } else if (token.kind == KIND_CLOSE && --depth == 0) {
            inside = false;
        } else if (token.kind == KIND_EQUALS && wanted) {
            take_value(scanner, &place);
        } else if (inside && depth == 1 && !place.found &&
                   token.kind != KIND_EQUALS) {
            place.at = scanner->next;
        }
        wanted = inside && depth == 1 && is(scanner, &token, name);
        last = token;
    }
    *ret_place = place;
    return depth > 0 || place.list ? -MTASTS_ESYNTAX : 0;
}

/* A new line, before what else is on the line of the place. */
static void put_new(struct buf *buf, const struct scanner *scanner,
                    const struct place *place, const char *name,
                    const char *value)
{
    const char *at = scanner->text + place->at;
    const char *end = memchr(at, '\n', scanner->len - place->at);
    size_t rest = end ? (size_t)(end - at) : scanner->len - place->at;
    /* A comment behind the last option stays on its line, if it is known to
       end there. */
    bool closed = memchr(at, '}', rest) || memmem(at, rest, "/*", 2);
    if (closed)
        rest = 0;
    buf_append(buf, at, rest);
    buf_printf(buf, "\n    %s = %s%s", name, value, closed ? "\n" : "");
    buf_append(buf, at + rest, scanner->len - place->at - rest);
}

int conf_edit(const char *text, size_t len, const char *section,
              const char *name, const char *value, struct buf *buf)
{
    struct scanner scanner = {.text = len ? text : "", .len = len};
    struct place place;
    int error = find(&scanner, section, name, &place);
    if (error)
        return error;
    if (!place.section) {
        buf_append(buf, scanner.text, len);
        if (len > 0 && scanner.text[len - 1] != '\n')
            buf_putc(buf, '\n');
        buf_printf(buf, "%s%s {\n    %s = %s\n}\n", len ? "\n" : "", section,
                   name, value);
        return buf->error;
    }
    buf_append(buf, scanner.text, place.at);
    if (place.found) {
        buf_puts(buf, value);
        buf_append(buf, scanner.text + place.at + place.len,
                   len - place.at - place.len);
    } else {
        put_new(buf, &scanner, &place, name, value);
    }
    return buf->error;
}
