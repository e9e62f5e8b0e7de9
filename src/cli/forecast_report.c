/*
 * forecast_report: forecasts for people, and their sum. See
 * forecast_report.h.
 */
#include "cli/forecast_report.h"

#include "check/text.h"
#include "cli/tally.h"
#include <inttypes.h>
#include <string.h>

#define NAME_COLUMN 11u /* behind the word for the outcome */
#define HOST_COLUMN 13u
#define DOMAINS_END 20u /* where a count ends */
#define MESSAGES_END 31u
#define MEANING_COLUMN 33u
#define COUNT_MAX 24u /* octets of a count */

static const struct {
    enum style style;
    const char *meaning;
} looks[FORECAST_OUTCOMES] = {
    [FORECAST_REFUSED] = {STYLE_RED, "no MX host may be used: mail would wait"},
    [FORECAST_PARTLY] = {STYLE_YELLOW, "some MX hosts would be left out"},
    [FORECAST_PASSES] = {STYLE_GREEN, "delivered, and protected"},
    [FORECAST_TESTING] = {STYLE_BLUE, "delivered as before; mode testing"},
    [FORECAST_BROKEN] = {STYLE_YELLOW,
                         "delivered as before: no policy to be had"},
    [FORECAST_NONE] = {STYLE_DIM, "delivered as before: no MTA-STS"},
    [FORECAST_NO_MAIL] = {STYLE_DIM, "as before: takes no mail"},
    [FORECAST_UNKNOWN] = {STYLE_CYAN, "it could not be told"},
};

/* ---- the sum ---- */

void forecast_sum_add(struct forecast_sum *sum, enum forecast_outcome outcome,
                      const struct recipient *recipient)
{
    sum->by_outcome[outcome].domains++;
    sum->by_outcome[outcome].messages += recipient->messages;
    sum->by_outcome[outcome].deferrals += recipient->deferrals;
}

enum exit_status forecast_status(enum forecast_outcome outcome)
{
    switch (outcome) {
    case FORECAST_REFUSED: return STATUS_ERROR;
    case FORECAST_PARTLY: return STATUS_WARNING;
    case FORECAST_UNKNOWN: return STATUS_UNKNOWN;
    default: return STATUS_FINE;
    }
}

int forecast_sum_status(const struct forecast_sum *sum,
                        const struct recipients_read *read)
{
    bool bad_list = !read->is_log && read->bad > 0;
    int status = bad_list || read->left_out > 0 || sum->given_up > 0
                     ? STATUS_UNKNOWN
                     : STATUS_FINE;
    for (unsigned i = 0; i < FORECAST_OUTCOMES; i++)
        if (sum->by_outcome[i].domains > 0)
            status = tally_worse(
                status, (int)forecast_status((enum forecast_outcome)i));
    return status;
}

/* ---- one domain ---- */

static bool is_said(const struct forecast *forecast, bool verbose)
{
    return verbose || (forecast->outcome != FORECAST_NONE &&
                       forecast->outcome != FORECAST_NO_MAIL);
}

static void put_outcome(struct paper *paper, enum forecast_outcome outcome)
{
    paper_tab(paper, 1);
    paper_styled(paper, looks[outcome].style, forecast_outcome_name(outcome));
    paper_tab(paper, NAME_COLUMN);
}

static void put_domain(struct paper *paper, const struct recipient *recipient,
                       const struct forecast *forecast)
{
    paper_styled(paper, STYLE_BOLD, recipient->domain);
    paper_printf(paper, HOST_COLUMN, " (%s%s%" PRIu64 " message%s",
                 forecast->has_mode ? mtasts_mode_name(forecast->mode) : "",
                 forecast->has_mode ? ", " : "", recipient->messages,
                 recipient->messages == 1 ? "" : "s");
    if (recipient->deferrals > 0)
        paper_printf(paper, HOST_COLUMN, ", %" PRIu64 " deferral%s",
                     recipient->deferrals,
                     recipient->deferrals == 1 ? "" : "s");
    paper_printf(paper, HOST_COLUMN, "%s)%s", forecast->dane ? ", DANE" : "",
                 forecast->reason ? ": " : "");
    if (forecast->reason)
        paper_words(paper, HOST_COLUMN, forecast->reason);
    paper_line_end(paper);
}

static void put_host(struct paper *paper, const struct forecast *forecast,
                     const struct forecast_host *host)
{
    bool would = forecast->outcome == FORECAST_TESTING &&
                 host->outcome == FORECAST_HOST_REFUSED;
    paper_tab(paper, HOST_COLUMN);
    paper_styled(paper, STYLE_PLAIN, host->mx->name);
    paper_printf(paper, HOST_COLUMN + 2, ": %s%s",
                 host->reason ? host->reason : "may be used",
                 would ? " (it would be left out if the mode were enforce)"
                       : "");
    paper_line_end(paper);
}

void forecast_put(struct paper *paper, const struct recipient *recipient,
                  const struct forecast *forecast, bool verbose)
{
    if (!is_said(forecast, verbose))
        return;
    put_outcome(paper, forecast->outcome);
    put_domain(paper, recipient, forecast);
    for (size_t i = 0; i < forecast->host_count; i++)
        if (verbose || forecast->hosts[i].outcome != FORECAST_HOST_USABLE)
            put_host(paper, forecast, &forecast->hosts[i]);
}

/* ---- the table ---- */

static void put_right(struct paper *paper, unsigned end, const char *text)
{
    unsigned len = (unsigned)strlen(text);
    paper_tab(paper, len < end ? end - len : 0);
    paper_styled(paper, STYLE_PLAIN, text);
}

static void put_count(struct paper *paper, unsigned end, uint64_t count)
{
    char text[COUNT_MAX];
    snprintf(text, sizeof(text), "%" PRIu64, count);
    put_right(paper, end, text);
}

static void put_row(struct paper *paper, const struct forecast_sum *sum,
                    enum forecast_outcome outcome)
{
    put_outcome(paper, outcome);
    paper->column = NAME_COLUMN;
    put_count(paper, DOMAINS_END, sum->by_outcome[outcome].domains);
    put_count(paper, MESSAGES_END, sum->by_outcome[outcome].messages);
    paper_tab(paper, MEANING_COLUMN);
    paper_words(paper, MEANING_COLUMN, looks[outcome].meaning);
    paper_line_end(paper);
}

static void put_note(struct paper *paper, uint64_t count, const char *one,
                     const char *many)
{
    if (count == 0)
        return;
    paper_printf(paper, 0, "%" PRIu64 " %s", count, count == 1 ? one : many);
    paper_line_end(paper);
}

void forecast_sum_put(struct paper *paper, const struct forecast_sum *sum,
                      const struct recipients_read *read)
{
    put_right(paper, DOMAINS_END, "domains");
    put_right(paper, MESSAGES_END, "messages");
    paper_line_end(paper);
    for (unsigned i = 0; i < FORECAST_OUTCOMES; i++)
        if (sum->by_outcome[i].domains > 0)
            put_row(paper, sum, (enum forecast_outcome)i);
    if (read->is_log)
        put_note(paper, read->bad,
                 "delivery was to an address without a domain name.",
                 "deliveries were to addresses without a domain name.");
    else
        put_note(paper, read->bad, "entry of the list is no domain.",
                 "entries of the list are no domains.");
    put_note(paper, read->left_out, "delivery was to further domains.",
             "deliveries were to further domains.");
    put_note(paper, sum->given_up, "domain was given up.",
             "domains were given up.");
}
