/*
 * policy_paper: a label and its value a line; the daemon's own words.
 */
#include "cli/policy_paper.h"

#include "base/cleanup.h"
#include <string.h>

#define LABEL_COLUMN 13u
#define MODE_COLUMN 40u /* of a list of domains */
#define UNTIL_COLUMN 50u
#define EVENT_COLUMN 22u /* of a history */

/* "" for what is no string: who answers need not be ours. */
static const char *string_of(const struct json *value)
{
    const char *text = json_text(value, NULL);

    return text ? text : "";
}

static const char *text_of(const struct json *object, const char *key)
{
    return string_of(json_get(object, key));
}

static int64_t number_of(const struct json *object, const char *key)
{
    int64_t value = 0;

    json_int(json_get(object, key), &value);
    return value;
}

static bool true_of(const struct json *object, const char *key)
{
    bool value = false;

    json_bool(json_get(object, key), &value);
    return value;
}

/* Nothing where there is nothing to say. */
static void put(struct paper *paper, const char *label, const char *value)
{
    if (!*value)
        return;
    paper_styled(paper, STYLE_BOLD, label);
    paper_tab(paper, LABEL_COLUMN);
    paper_words(paper, LABEL_COLUMN, value);
    paper_line_end(paper);
}

static void put_number(struct paper *paper, const char *label, int64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    put(paper, label, text);
}

/* ---- an answer ---- */

static const char *sentence(const char *demand)
{
    static const struct {
        const char *demand;
        const char *text;
    } rows[] = {
        {"secure", "TLS with a trusted certificate for a listed MX host, or "
                   "the mail waits."},
        {"report", "A policy in testing: mail goes as without one, failures "
                   "are reported."},
        {"dane", "DANE: TLS as the TLSA records say, or the mail waits."},
        {"none", "MTA-STS demands nothing: the MTA's own level of TLS."},
        {"defer", "It could not be told, and mail waits until it can."},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (strcmp(rows[i].demand, demand) == 0)
            return rows[i].text;
    return demand;
}

static enum style style_of(const char *demand)
{
    if (strcmp(demand, "secure") == 0 || strcmp(demand, "dane") == 0)
        return STYLE_GREEN;
    return strcmp(demand, "defer") == 0 ? STYLE_RED : STYLE_PLAIN;
}

static void put_hosts(struct paper *paper, const struct json *mx)
{
    const struct json *hosts = json_get(mx, "hosts");
    _cleanup_buf_ struct buf text = BUF(PAPER_MAX);

    for (size_t i = 0; i < json_count(hosts); i++) {
        const struct json *host = json_at(hosts, i);
        bool told = json_get(host, "covered") != NULL;
        buf_printf(&text, "%s%s%s", i ? ", " : "", text_of(host, "name"),
                   told && !true_of(host, "covered") ? " (not in the policy)"
                                                     : "");
    }
    put(paper, "MX hosts", buf_text(&text));
}

static void put_policy(struct paper *paper, const struct json *policy)
{
    _cleanup_buf_ struct buf text = BUF(PAPER_MAX);
    const struct json *mx = json_get(policy, "mx");

    if (json_kind(policy) != JSON_IS_OBJECT)
        return;
    buf_printf(&text, "%s", text_of(policy, "mode"));
    if (*text_of(policy, "id"))
        buf_printf(&text, ", id %s", text_of(policy, "id"));
    put(paper, "Policy", buf_text(&text));
    buf_clear(&text);
    for (size_t i = 0; i < json_count(mx); i++)
        buf_printf(&text, "%s%s", i ? ", " : "", string_of(json_at(mx, i)));
    put(paper, "Allows", buf_text(&text));
    put(paper, "Fetched", text_of(policy, "fetched"));
    put(paper, "In force to", text_of(policy, "expires"));
}

static void put_replies(struct paper *paper, const struct json *replies)
{
    struct json_member member = {0};

    paper_line_end(paper);
    paper_styled(paper, STYLE_BOLD, "What an MTA is told, by how it asks");
    paper_line_end(paper);
    while (json_next(replies, &member)) {
        paper_printf(paper, 4, "  %s", member.key);
        paper_line_end(paper);
        paper_block(paper, 6, string_of(member.value));
    }
}

static void put_answer(struct paper *paper, const struct json *json)
{
    const char *demand = text_of(json, "demand");

    paper_gap(paper);
    paper_styled(paper, STYLE_BOLD, text_of(json, "domain"));
    paper_words(paper, 0, ": ");
    paper_styled_words(paper, style_of(demand), 0, sentence(demand));
    paper_line_end(paper);
    put(paper, "From", text_of(json, "source"));
    put(paper, "Failure", text_of(json, "failure"));
    put(paper, "Why", text_of(json, "why"));
    put_policy(paper, json_get(json, "policy"));
    put_hosts(paper, json_get(json, "mx"));
}

void policy_paper_answer(struct paper *paper, const struct json *json)
{
    put_answer(paper, json);
    put_replies(paper, json_get(json, "replies"));
}

/* ---- an explanation ---- */

static void put_steps(struct paper *paper, const struct json *steps)
{
    paper_styled(paper, STYLE_BOLD, "What was looked up");
    paper_line_end(paper);
    for (size_t i = 0; i < json_count(steps); i++) {
        const struct json *step = json_at(steps, i);
        paper_printf(paper, 6, "  %s: %s (%lld ms)", text_of(step, "step"),
                     text_of(step, "result"), (long long)number_of(step, "ms"));
        paper_line_end(paper);
    }
}

static void put_decision(struct paper *paper, const struct json *decision)
{
    paper_styled(paper, STYLE_BOLD, "What follows");
    paper_line_end(paper);
    for (size_t i = 0; i < json_count(decision); i++) {
        const struct json *item = json_at(decision, i);
        paper_printf(paper, 6, "  %s (%s)", text_of(item, "text"),
                     text_of(item, "section"));
        paper_line_end(paper);
    }
}

static void put_cached(struct paper *paper, const struct json *cache)
{
    if (json_kind(cache) != JSON_IS_OBJECT)
        return;
    put(paper, "Record seen", text_of(cache, "record"));
    put(paper, "Good until", text_of(cache, "record_until"));
    put(paper, "Next look", text_of(cache, "next"));
    put(paper, "Failing", text_of(cache, "failing_since"));
}

void policy_paper_explanation(struct paper *paper, const struct json *json)
{
    put_answer(paper, json_get(json, "answer"));
    paper_line_end(paper);
    put_steps(paper, json_get(json, "steps"));
    paper_line_end(paper);
    put_decision(paper, json_get(json, "decision"));
    paper_line_end(paper);
    put_cached(paper, json_get(json, "cache"));
    put(paper, "Note", text_of(json, "resolver_note"));
    put_replies(paper, json_get(json_get(json, "answer"), "replies"));
}

/* ---- the cache ---- */

void policy_paper_view(struct paper *paper, const struct json *json)
{
    paper_gap(paper);
    paper_styled(paper, STYLE_BOLD, text_of(json, "domain"));
    paper_line_end(paper);
    if (json_kind(json_get(json, "policy")) != JSON_IS_OBJECT)
        put(paper, "Policy", "none");
    put_policy(paper, json_get(json, "policy"));
    put_hosts(paper, json_get(json, "mx"));
    put(paper, "Failure", text_of(json, "failure"));
    put(paper, "Why", text_of(json, "why"));
    put(paper, "Last asked", text_of(json, "used"));
    put_cached(paper, json);
}

void policy_paper_line(struct paper *paper, const struct json *json)
{
    const struct json *policy = json_get(json, "policy");
    bool held = json_kind(policy) == JSON_IS_OBJECT;
    const char *failure = text_of(json, "failure");

    paper_styled(paper, STYLE_PLAIN, text_of(json, "domain"));
    paper_tab(paper, MODE_COLUMN);
    paper_styled(paper, STYLE_PLAIN, held ? text_of(policy, "mode") : "-");
    paper_tab(paper, UNTIL_COLUMN);
    paper_styled(paper, STYLE_PLAIN,
                 held ? text_of(policy, "expires") : text_of(json, "next"));
    if (*failure) {
        paper_styled(paper, STYLE_PLAIN, "  ");
        paper_styled(paper, STYLE_YELLOW, failure);
    }
    paper_line_end(paper);
}

void policy_paper_history(struct paper *paper, const struct json *json)
{
    const struct json *history = json_get(json, "history");

    paper_gap(paper);
    paper_styled(paper, STYLE_BOLD, text_of(json, "domain"));
    paper_line_end(paper);
    if (json_count(history) == 0) {
        paper_words(paper, 0, "Nothing has happened yet.");
        paper_line_end(paper);
    }
    for (size_t i = 0; i < json_count(history); i++) {
        const struct json *row = json_at(history, i);
        paper_styled(paper, STYLE_DIM, text_of(row, "time"));
        paper_tab(paper, EVENT_COLUMN);
        paper_printf(paper, EVENT_COLUMN, "%s", text_of(row, "event"));
        if (*text_of(row, "old_mode") && *text_of(row, "mode"))
            paper_printf(paper, EVENT_COLUMN, " %s -> %s",
                         text_of(row, "old_mode"), text_of(row, "mode"));
        else if (*text_of(row, "mode"))
            paper_printf(paper, EVENT_COLUMN, " %s", text_of(row, "mode"));
        if (*text_of(row, "id"))
            paper_printf(paper, EVENT_COLUMN, " id %s", text_of(row, "id"));
        if (*text_of(row, "why"))
            paper_printf(paper, EVENT_COLUMN, ": %s", text_of(row, "why"));
        paper_line_end(paper);
    }
}

/* ---- the daemon ---- */

void policy_paper_status(struct paper *paper, const struct json *json)
{
    const struct json *cache = json_get(json, "cache");
    const struct json *store = json_get(json, "store");

    put(paper, "Version", text_of(json, "version"));
    put(paper, "Started", text_of(json, "started"));
    put(paper, "Settings", text_of(json, "configuration"));
    if (true_of(json, "configuration_changed"))
        put(paper, "", "they have changed since: 'mtasts reload' takes them");
    put(paper, "DNSSEC",
        true_of(json, "dnssec") ? "validated" : "not validated");
    put(paper, "Note", text_of(json, "resolver_note"));
    put_number(paper, "Domains", number_of(cache, "domains"));
    put_number(paper, "Enforce", number_of(cache, "enforce"));
    put_number(paper, "Testing", number_of(cache, "testing"));
    put_number(paper, "None", number_of(cache, "none"));
    put_number(paper, "No policy", number_of(cache, "negative"));
    put_number(paper, "Failing", number_of(cache, "failing"));
    put(paper, "Database", text_of(store, "file"));
    put(paper, "Trouble", text_of(store, "why"));
}
