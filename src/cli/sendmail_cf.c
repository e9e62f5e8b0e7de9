/*
 * sendmail_cf: Sendmail's files and printouts. See sendmail_cf.h.
 */
#include "cli/sendmail_cf.h"

#include "base/ascii.h"
#include <mtasts/error.h>
#include <string.h>

#define MAP_LINE "Ksts"
#define OPTION_LINE "O "
#define VERSION_LINE "Version "
#define LOOKUP_LINE "map_lookup: sts "
#define MAP_COMPLAINT "socket map \"sts\": "
#define FEATURE_LINE "FEATURE(`sts'"

struct line {
    const char *at;
    size_t len; /* without its end */
};

static bool next_line(const char **at, struct line *line)
{
    if (!**at)
        return false;
    line->at = *at;
    line->len = strcspn(*at, "\n");
    *at += line->len + ((*at)[line->len] == '\n');
    return true;
}

static bool begins(const struct line *line, const char *prefix)
{
    size_t len = strlen(prefix);
    return line->len >= len && memcmp(line->at, prefix, len) == 0;
}

static void copy(char *to, size_t size, const char *at, size_t len)
{
    while (len > 0 && ascii_is_wsp(*at)) {
        at++;
        len--;
    }
    while (len > 0 && (ascii_is_wsp(at[len - 1]) || at[len - 1] == '\r'))
        len--;
    snprintf(to, size, "%.*s", (int)MIN_OF(len, size), at);
}

/* ---- the program ---- */

static bool is_word_char(char c)
{
    return ascii_is_alnum(c) || c == '_';
}

/* Whether `word` is there with nothing around it. */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += len)
        if ((at == text || !is_word_char(at[-1])) && !is_word_char(at[len]))
            return true;
    return false;
}

void sendmail_program_read(const char *text,
                           struct sendmail_program *ret_program)
{
    struct line line;
    const char *at = text;
    *ret_program = (struct sendmail_program){0};
    while (next_line(&at, &line) && !*ret_program->version)
        if (begins(&line, VERSION_LINE) && line.len > strlen(VERSION_LINE) &&
            ascii_is_digit(line.at[strlen(VERSION_LINE)]))
            copy(ret_program->version, sizeof(ret_program->version),
                 line.at + strlen(VERSION_LINE),
                 line.len - strlen(VERSION_LINE));
    ret_program->socketmap = has_word(text, "SOCKETMAP");
    ret_program->starttls = has_word(text, "STARTTLS");
    ret_program->sts =
        has_word(text, "_FFR_MTA_STS") || has_word(text, "MTA_STS");
}

enum sendmail_answer sendmail_answer_read(const char *text,
                                          char ret_line[SENDMAIL_VALUE_MAX])
{
    struct line line;
    enum sendmail_answer answer = SENDMAIL_FAILED;
    ret_line[0] = '\0';
    while (next_line(&text, &line)) {
        /* The prompt may stand before what is said. */
        if (begins(&line, "> ")) {
            line.at += 2;
            line.len -= 2;
        }
        if (begins(&line, MAP_COMPLAINT)) {
            copy(ret_line, SENDMAIL_VALUE_MAX, line.at, line.len);
        } else if (begins(&line, LOOKUP_LINE)) {
            char whole[SENDMAIL_VALUE_MAX];
            copy(whole, sizeof(whole), line.at, line.len);
            if (strstr(whole, ") returns "))
                answer = SENDMAIL_FOUND;
            else if (strstr(whole, ") no match (68)")) /* EX_NOHOST */
                answer = SENDMAIL_NONE;
            if (!*ret_line)
                memcpy(ret_line, whole, sizeof(whole));
            return answer;
        }
    }
    return SENDMAIL_FAILED;
}

/* ---- sendmail.cf ---- */

bool sendmail_cf_map(const char *text, char ret_value[SENDMAIL_VALUE_MAX])
{
    struct line line;
    size_t len = strlen(MAP_LINE);
    ret_value[0] = '\0';
    while (next_line(&text, &line)) {
        if (!begins(&line, MAP_LINE) || line.len == len ||
            !ascii_is_wsp(line.at[len]))
            continue;
        copy(ret_value, SENDMAIL_VALUE_MAX, line.at + len, line.len - len);
        return true;
    }
    return false;
}

void sendmail_cf_option(const char *text, const char *name,
                        char ret_value[SENDMAIL_VALUE_MAX])
{
    struct line line;
    size_t len = strlen(OPTION_LINE) + strlen(name);
    ret_value[0] = '\0';
    while (next_line(&text, &line)) {
        if (!begins(&line, OPTION_LINE) || line.len <= len ||
            memcmp(line.at + strlen(OPTION_LINE), name, strlen(name)) != 0 ||
            line.at[len] != '=')
            continue;
        copy(ret_value, SENDMAIL_VALUE_MAX, line.at + len + 1,
             line.len - len - 1);
    }
}

/* The next line that says something. */
static bool next_said(const char **at, struct line *line)
{
    while (next_line(at, line))
        if (line->len > 0 && line->at[0] != '#')
            return true;
    return false;
}

bool sendmail_cf_same(const char *one, const char *other)
{
    struct line a;
    struct line b;
    for (;;) {
        bool more = next_said(&one, &a);
        if (more != next_said(&other, &b))
            return false;
        if (!more)
            return true;
        /* The line of the version counts how often it was made. */
        if (begins(&a, "DZ") && begins(&b, "DZ"))
            continue;
        if (a.len != b.len || memcmp(a.at, b.at, a.len) != 0)
            return false;
    }
}

/* ---- sendmail.mc ---- */

static bool is_mailer(const struct line *line)
{
    return begins(line, "MAILER_DEFINITIONS") || begins(line, "MAILER(");
}

bool sendmail_mc_has_sts(const char *text)
{
    struct line line;
    while (next_line(&text, &line))
        if (begins(&line, FEATURE_LINE))
            return true;
    return false;
}

int sendmail_mc_edit(const char *text, const char *lines, struct buf *buf)
{
    bool replace = sendmail_mc_has_sts(lines) && sendmail_mc_has_sts(text);
    bool done = false;
    struct line line;
    while (next_line(&text, &line)) {
        bool old = replace && begins(&line, FEATURE_LINE);
        if (!done && (replace ? old : is_mailer(&line))) {
            buf_puts(buf, lines);
            done = true;
        }
        if (old)
            continue;
        buf_append(buf, line.at, line.len);
        buf_putc(buf, '\n');
    }
    return done ? buf->error : -MTASTS_ENOTFOUND;
}
