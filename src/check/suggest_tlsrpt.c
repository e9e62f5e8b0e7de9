/*
 * The `_smtp._tls` record to paste. See suggest.h.
 *
 * It keeps what addresses the owner has published, in whatever record or
 * field, as long as they can be mended: what RFC 8460 section 3 wants
 * encoded is, a bare address becomes a mailto: URI, the size limit that
 * DMARC knows is left out. It does not ask whether mail arrives there.
 */
#include "check/suggest.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "check/zone.h"
#include "core/bytes.h"
#include "core/rua.h"
#include <string.h>

#define RUAS_MAX FACTS_RUA_MAX /* more are not looked at either */
#define RUA_TEXT_MAX 2048u     /* octets of one URI, mended */
#define RECORD_TEXT_MAX 3072u  /* octets of the record: fits a message */

#define VERSION "v=TLSRPTv1; rua="

/* Not at the domain that is checked, of which tlsrpt-rua-domain warns. */
#define PLACEHOLDER "mailto:tlsrpt@reports.example.net"

struct ruas {
    struct arena *arena;
    const char *items[RUAS_MAX];
    size_t count;
    size_t len;      /* octets of all of them */
    struct buf last; /* the URI that is being put together */
};

/* Cuts off what is before `delimiter`, or all, and steps behind it. */
static struct mtasts_bytes cut(struct mtasts_bytes *rest, char delimiter)
{
    const char *at =
        rest->len > 0 ? memchr(rest->data, delimiter, rest->len) : NULL;
    struct mtasts_bytes part = {rest->data,
                                at ? (size_t)(at - rest->data) : rest->len};
    size_t step = part.len + (at ? 1 : 0);

    if (step > 0)
        rest->data += step;
    rest->len -= step;
    return part;
}

static bool begins_with(struct mtasts_bytes text, const char *word)
{
    size_t len = strlen(word);
    return text.len >= len && ascii_is_nocase(text.data, len, word);
}

/* ---- one URI ---- */

/* Of a size as DMARC's rua may carry it: 10m. */
static bool is_unit(char c)
{
    char lower = ascii_lower(c);
    return lower == 'k' || lower == 'm' || lower == 'g' || lower == 't';
}

/* Where DMARC's size limit begins, such as `!10m` (RFC 7489 section 6.2). */
static size_t without_limit(struct mtasts_bytes text)
{
    size_t at = text.len;

    if (at > 0 && is_unit(text.data[at - 1]))
        at--;
    size_t end = at;
    while (at > 0 && ascii_is_digit(text.data[at - 1]))
        at--;
    return at > 0 && at < end && text.data[at - 1] == '!' ? at - 1 : text.len;
}

/* Ends the URI being put together: kept if it is of use, and new. */
static void keep_last(struct ruas *ruas)
{
    struct mtasts_bytes text = {buf_text(&ruas->last), ruas->last.len};
    struct rua_target target;
    _cleanup_buf_ struct buf uri = BUF(RUA_TEXT_MAX);

    if (!memchr(text.data, ':', text.len) && memchr(text.data, '@', text.len))
        buf_puts(&uri, "mailto:");
    if (!begins_with(text, "https:"))
        text.len = without_limit(text);
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("!,;", text.data[i]) && text.data[i])
            buf_printf(&uri, "%%%02X", (unsigned)text.data[i]);
        else
            buf_putc(&uri, text.data[i]);
    }
    bool whole = !ruas->last.error && !uri.error;
    buf_clear(&ruas->last);
    for (size_t i = 0; i < ruas->count; i++)
        if (strcmp(ruas->items[i], buf_text(&uri)) == 0)
            return;
    if (!whole || ruas->count == RUAS_MAX ||
        ruas->len + uri.len > RECORD_TEXT_MAX ||
        !rua_parse(buf_text(&uri), uri.len, &target))
        return;
    const char *copy = arena_copy(ruas->arena, buf_text(&uri), uri.len);
    if (!copy)
        return;
    ruas->items[ruas->count++] = copy;
    ruas->len += uri.len;
}

/* name=value, the name being one that a field may have. */
static bool is_field(struct mtasts_bytes part)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.data[i] == '=')
            return i > 0;
        if (!ascii_is_alnum(part.data[i]) && !strchr("_-.", part.data[i]))
            return false;
    }
    return false;
}

/*
 * Whether what follows a delimiter is still of the URI before it: without
 * white space between, after a local part, or in a path or query.
 */
static bool goes_on(const struct ruas *ruas, struct mtasts_bytes part,
                    char delimiter)
{
    struct mtasts_bytes last = {buf_text(&ruas->last), ruas->last.len};

    if (last.len == 0 || part.len == 0 || ascii_is_wsp(part.data[0]) ||
        begins_with(part, "rua"))
        return false;
    if (begins_with(last, "mailto:"))
        return delimiter == ',' && !memchr(last.data, '@', last.len) &&
               !memchr(part.data, ':', part.len);
    if (!begins_with(last, "https:") || memchr(part.data, '@', part.len) ||
        memchr(part.data, ':', part.len))
        return false;
    return delimiter == ',' || !is_field(part) ||
           memchr(last.data, '?', last.len);
}

static void add_part(struct ruas *ruas, struct mtasts_bytes part,
                     char delimiter)
{
    if (goes_on(ruas, part, delimiter))
        buf_putc(&ruas->last, delimiter);
    else
        keep_last(ruas);
    bytes_trim(&part);
    for (size_t i = 0; i < part.len; i++)
        buf_putc(&ruas->last, part.data[i]);
}

/* ---- one record ---- */

/* Whether the field says rua; `field` becomes its value then. */
static bool is_rua(struct mtasts_bytes *field)
{
    struct mtasts_bytes value = *field;
    struct mtasts_bytes name = cut(&value, '=');

    bytes_trim(&name);
    if (name.len != 3 || !begins_with(name, "rua"))
        return false;
    *field = value;
    return true;
}

static void add_parts(struct ruas *ruas, struct mtasts_bytes value,
                      char delimiter)
{
    do {
        add_part(ruas, cut(&value, ','), delimiter);
        delimiter = ',';
    } while (value.len > 0);
}

static void add_record(struct ruas *ruas, struct mtasts_bytes text)
{
    bytes_trim(&text);
    if (!begins_with(text, "v=TLSRPT"))
        return;
    cut(&text, ';');
    while (text.len > 0) {
        struct mtasts_bytes field = cut(&text, ';');
        if (is_rua(&field)) {
            keep_last(ruas);
            add_parts(ruas, field, ',');
        } else if (goes_on(ruas, field, ';')) {
            add_parts(ruas, field, ';');
        } else {
            keep_last(ruas);
        }
    }
    keep_last(ruas);
}

/* ---- the whole ---- */

static const char *write_record(struct judge *judge, const struct ruas *ruas)
{
    _cleanup_buf_ struct buf record = BUF(2 * RECORD_TEXT_MAX);
    _cleanup_buf_ struct buf text = BUF(3 * RECORD_TEXT_MAX);

    buf_puts(&record, VERSION);
    for (size_t i = 0; i < ruas->count; i++)
        buf_printf(&record, "%s%s", i > 0 ? "," : "", ruas->items[i]);
    if (ruas->count == 0) {
        buf_puts(&text, "; the address is a placeholder: put your own\n");
        buf_puts(&record, PLACEHOLDER);
    }
    buf_printf(&text, "_smtp._tls.%s. 3600 IN TXT ", judge->facts->domain);
    zone_strings(&text, buf_text(&record), record.len);
    return arena_copy(judge->arena, buf_text(&text), text.len);
}

struct fix suggest_tlsrpt_record(struct judge *judge)
{
    struct ruas ruas = {.arena = judge->arena};

    if (!judge->facts || judge->tlsrpt_suggested)
        return (struct fix){0};
    judge->tlsrpt_suggested = true;
    buf_init(&ruas.last, RUA_TEXT_MAX);
    for (size_t i = 0; i < judge->tlsrpt_parsed.count; i++)
        add_record(&ruas, judge->tlsrpt_parsed.texts[i]);
    buf_clear(&ruas.last);
    return (struct fix){.text = write_record(judge, &ruas)};
}
