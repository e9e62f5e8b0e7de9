/*
 * replay: judges stored facts anew. See replay.h.
 */
#include "cli/replay.h"

#include "base/ascii.h"
#include "check/facts_json.h"
#include "cli/output.h"
#include "cli/slurp.h"
#include "cli/tally.h"
#include <mtasts/error.h>
#include <stdio.h>

#define REPLAY_MAX (256u << 20) /* octets of a file of facts */

struct replay {
    const struct document_options *options;
    const char *path;
    size_t line; /* of the document under way, from 1; 0: the only one */
    size_t printed;
    int status; /* the worst so far */
};

static int complain_document(const struct replay *replay,
                             const struct json_fault *fault)
{
    size_t line = replay->line > 0 ? replay->line : fault->line;
    char place[64] = "";
    if (line > 0 && fault->column > 0)
        snprintf(place, sizeof(place), "line %zu, column %zu: ", line,
                 fault->column);
    else if (line > 0)
        snprintf(place, sizeof(place), "line %zu: ", line);
    return complain("check: --facts: %s: %s%s; these are no facts of this "
                    "version",
                    replay->path, place, fault->text);
}

static int print_document(struct replay *replay, const struct facts *facts)
{
    _cleanup_buf_ struct buf buf = BUF(DOCUMENT_MAX);
    enum exit_status status = STATUS_UNKNOWN;
    if (replay->options->form == DOCUMENT_TEXT && replay->printed > 0)
        buf_putc(&buf, '\n');
    int error = document_put(replay->options, facts, NULL, &buf, &status);
    if (error)
        return complain_error(facts->domain, error), error;
    replay->printed++;
    replay->status = tally_worse(replay->status, (int)status);
    return output_write(buf.data, buf.len) == STATUS_FINE ? 0 : -MTASTS_EIO;
}

/* One document; what is wrong with it does not end the replay. */
static int replay_one(struct replay *replay, const char *text, size_t len)
{
    struct json_fault fault = {0};
    _cleanup_facts_ struct facts *facts = NULL;
    int error = facts_parse(text, len, &fault, &facts);
    if (!error)
        return print_document(replay, facts);
    complain_document(replay, &fault);
    replay->status = tally_worse(replay->status, STATUS_UNKNOWN);
    return 0;
}

static int replay_lines(struct replay *replay, const char *text, size_t len)
{
    int error = 0;
    while (len > 0 && !error) {
        const char *end = memchr(text, '\n', len);
        size_t line = end ? (size_t)(end - text) : len;
        replay->line++;
        if (line > 0)
            error = replay_one(replay, text, line);
        text += line + (end != NULL);
        len -= line + (end != NULL);
    }
    return error;
}

/* A document a line, rather than one that is laid out over many? */
static bool is_lines(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);
    return end && end > text && end[-1] == '}' && text[0] == '{';
}

int replay_run(const struct document_options *options, const char *path)
{
    struct replay replay = {.options = options, .path = path};
    _cleanup_buf_ struct buf buf = BUF(REPLAY_MAX);
    if (slurp("check: --facts", path, &buf) != 0)
        return STATUS_UNKNOWN;
    int error = is_lines(buf_text(&buf), buf.len)
                    ? replay_lines(&replay, buf.data, buf.len)
                    : replay_one(&replay, buf_text(&buf), buf.len);
    return error ? STATUS_UNKNOWN : replay.status;
}
