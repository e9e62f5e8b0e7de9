/*
 * report_table: the MX hosts of a domain as a table. See report.h.
 *
 * One line a host, the worst of its addresses in each column; where they do
 * not fit, one line a column.
 */
#include "cli/report.h"

#include "check/policy_seen.h"
#include "check/text.h"
#include "cli/printable.h"
#include <stdio.h>
#include <string.h>

#define NAME_COLUMN 7u    /* behind the preference */
#define COLUMNS_WIDTH 43u /* of all columns behind the name */
#define POLICY_WIDTH 8u
#define TLS_WIDTH 14u
#define CERTIFICATE_WIDTH 13u
#define LIST_COLUMN 20u /* of what is said, in a list */
#define CELL_MAX 64u

struct cell {
    char text[CELL_MAX];
    enum style style;
};

static void set_cell(struct cell *cell, enum style style, const char *text)
{
    snprintf(cell->text, sizeof(cell->text), "%s", text);
    cell->style = style;
}

static void policy_cell(const struct mtasts_sts_policy *policy,
                        const struct fact_mx *mx, struct cell *cell)
{
    if (!policy || mtasts_sts_policy_mode(policy) == MTASTS_MODE_NONE)
        set_cell(cell, STYLE_DIM, "-");
    else if (mtasts_sts_policy_find_mx(policy, mx->name, strlen(mx->name),
                                       NULL) == 0)
        set_cell(cell, STYLE_GREEN, "yes");
    else
        set_cell(cell, STYLE_RED, "no");
}

/* Why there is no TLS session, in a word or two. */
static const char *const smtp_words[] = {
    [SMTP_NOT_DONE] = "-",
    [SMTP_OK] = "yes",
    [SMTP_ADDRESS_REFUSED] = "private",
    [SMTP_CONNECT_REFUSED] = "refused",
    [SMTP_CONNECT_TIMEOUT] = "no answer",
    [SMTP_CONNECT_FAILED] = "unreachable",
    [SMTP_TIMEOUT] = "timeout",
    [SMTP_CLOSED] = "hung up",
    [SMTP_PROTOCOL] = "not SMTP",
    [SMTP_GREETING_REFUSED] = "turned away",
    [SMTP_NO_STARTTLS] = "no STARTTLS",
    [SMTP_STARTTLS_TEMPORARY] = "STARTTLS 4xx",
    [SMTP_STARTTLS_REFUSED] = "STARTTLS 5xx",
    [SMTP_TLS_VERSION] = "too old",
    [SMTP_TLS_FAILED] = "failed",
};

static const char *const verify_words[] = {
    [VERIFY_NOT_DONE] = "-",
    [VERIFY_OK] = "valid",
    [VERIFY_EXPIRED] = "expired",
    [VERIFY_NOT_YET_VALID] = "not yet",
    [VERIFY_SELF_SIGNED] = "self-signed",
    [VERIFY_UNTRUSTED_ROOT] = "untrusted",
    [VERIFY_INCOMPLETE_CHAIN] = "incomplete",
    [VERIFY_HOST_MISMATCH] = "wrong name",
    [VERIFY_WEAK] = "weak",
    [VERIFY_REVOKED] = "revoked",
    [VERIFY_OTHER] = "not valid",
};

static void tls_cell(const struct fact_mx *mx, struct cell *cell)
{
    const char *lowest = NULL;
    set_cell(cell, STYLE_DIM, "-");
    for (size_t i = 0; i < mx->session_count; i++) {
        const struct fact_smtp *session = &mx->sessions[i];
        if (session->status == SMTP_NOT_DONE)
            continue;
        if (session->status != SMTP_OK) {
            set_cell(cell, STYLE_RED, smtp_words[session->status]);
            return;
        }
        const char *version = session->tls.version;
        if (version && (!lowest || strcmp(version, lowest) < 0))
            lowest = version;
    }
    if (lowest)
        set_cell(cell, STYLE_GREEN, lowest);
}

/* Days left of the leaf, or what is wrong with it. */
static void certificate_cell(const struct facts *facts,
                             const struct fact_mx *mx, struct cell *cell)
{
    int64_t least = INT64_MAX;
    set_cell(cell, STYLE_DIM, "-");
    for (size_t i = 0; i < mx->session_count; i++) {
        const struct fact_tls *tls = &mx->sessions[i].tls;
        if (tls->verify == VERIFY_NOT_DONE)
            continue;
        if (tls->verify != VERIFY_OK) {
            set_cell(cell, STYLE_RED, verify_words[tls->verify]);
            return;
        }
        if (tls->chain_count > 0 && tls->chain[0].not_after < least)
            least = tls->chain[0].not_after;
    }
    if (least == INT64_MAX)
        return;
    text_span(least - facts->time, cell->text);
    cell->style = STYLE_GREEN;
}

static const struct cell *dane_of_session(enum mtasts_dane_state state)
{
    static const struct cell cells[] = {
        [MTASTS_DANE_NONE] = {"-", STYLE_DIM},
        [MTASTS_DANE_PASS] = {"valid", STYLE_GREEN},
        [MTASTS_DANE_FAIL] = {"no match", STYLE_RED},
        [MTASTS_DANE_UNUSABLE] = {"unusable", STYLE_YELLOW},
        [MTASTS_DANE_LOOKUP_FAILED] = {"unknown", STYLE_CYAN},
    };
    return &cells[state];
}

static void dane_cell(const struct facts *facts, const struct fact_mx *mx,
                      struct cell *cell)
{
    const struct fact_lookup *lookup = &mx->tlsa.lookup;
    set_cell(cell, STYLE_DIM, "-");
    if (lookup->status == LOOKUP_BOGUS || lookup->dnssec == DNSSEC_BOGUS)
        set_cell(cell, STYLE_RED, "bogus");
    else if (lookup_unknown(lookup->status))
        set_cell(cell, STYLE_CYAN, "unknown");
    else if (!facts->validating && lookup->dnssec == DNSSEC_UNCHECKED)
        set_cell(cell, STYLE_CYAN, "?"); /* not asked, or not checked */
    else if (mx->tlsa.count > 0 && lookup->dnssec != DNSSEC_SECURE)
        set_cell(cell, STYLE_YELLOW, "unsigned");
    else if (mx->tlsa.count > 0)
        set_cell(cell, STYLE_DIM, "not tested");
    if (mx->tlsa.count == 0 || lookup->dnssec != DNSSEC_SECURE)
        return;
    for (size_t i = 0; i < mx->session_count; i++) {
        if (mx->sessions[i].status != SMTP_OK)
            continue;
        *cell = *dane_of_session(mx->sessions[i].dane.state);
        if (mx->sessions[i].dane.state == MTASTS_DANE_FAIL)
            return;
    }
}

static void put_cells(struct paper *paper, unsigned column,
                      const struct cell cells[4])
{
    static const unsigned widths[] = {POLICY_WIDTH, TLS_WIDTH,
                                      CERTIFICATE_WIDTH, 0};
    for (size_t i = 0; i < 4; i++) {
        paper_tab(paper, column);
        paper_styled(paper, cells[i].style, cells[i].text);
        column = MAX_OF(column + widths[i], paper->column + 1);
    }
    paper_line_end(paper);
}

static const struct cell heads[] = {{"policy", STYLE_DIM},
                                    {"TLS", STYLE_DIM},
                                    {"certificate", STYLE_DIM},
                                    {"DANE", STYLE_DIM}};

/* The same for a narrow paper, below the name. */
static void put_list(struct paper *paper, const struct cell cells[4])
{
    paper_line_end(paper);
    for (size_t i = 0; i < 4; i++) {
        paper_tab(paper, NAME_COLUMN);
        paper_styled(paper, heads[i].style, heads[i].text);
        paper_styled(paper, STYLE_DIM, ":");
        paper_tab(paper, LIST_COLUMN);
        paper_styled(paper, cells[i].style, cells[i].text);
        paper_line_end(paper);
    }
}

/* `column` 0: the columns do not fit beside each other. */
static void put_host(struct paper *paper, const struct facts *facts,
                     const struct mtasts_sts_policy *policy,
                     const struct fact_mx *mx, unsigned column)
{
    struct cell cells[4];
    char preference[16];
    policy_cell(policy, mx, &cells[0]);
    tls_cell(mx, &cells[1]);
    certificate_cell(facts, mx, &cells[2]);
    dane_cell(facts, mx, &cells[3]);
    snprintf(preference, sizeof(preference), "%5u", mx->preference);
    paper_tab(paper, 1);
    paper_styled(paper, STYLE_PLAIN, facts->mx.implicit ? "    -" : preference);
    paper_tab(paper, NAME_COLUMN);
    paper_styled(paper, STYLE_PLAIN, mx->name);
    if (column == 0) {
        put_list(paper, cells);
        return;
    }
    if (paper->column >= column)
        paper_line_end(paper); /* a long name: the rest goes below */
    put_cells(paper, column, cells);
}

/* Where the first column behind the names begins; 0: they do not fit. */
static unsigned columns_start(const struct paper *paper,
                              const struct facts *facts)
{
    size_t longest = strlen("MX host");
    for (size_t i = 0; i < facts->mx.count; i++)
        longest = MAX_OF(longest, strlen(facts->mx.hosts[i].name));
    unsigned most = paper->width > COLUMNS_WIDTH + NAME_COLUMN + 10
                        ? paper->width - COLUMNS_WIDTH
                        : NAME_COLUMN + 10;
    unsigned column = MIN_OF(NAME_COLUMN + (unsigned)longest + 2, most);
    return column + COLUMNS_WIDTH > paper->width ? 0 : column;
}

static void put_head(struct paper *paper, unsigned column)
{
    paper_gap(paper);
    paper_tab(paper, NAME_COLUMN);
    paper_styled(paper, STYLE_DIM, "MX host");
    if (column > 0)
        put_cells(paper, column, heads);
    else
        paper_line_end(paper);
}

void report_mx_table(struct paper *paper, const struct facts *facts)
{
    if (facts->mx.count == 0 || facts->mx.null_mx)
        return;
    struct mtasts_sts_policy *policy = NULL;
    bool valid = false;
    int error = policy_seen(facts, &policy, &valid);
    if (error)
        paper->buf.error = error;
    unsigned column = columns_start(paper, facts);
    put_head(paper, column);
    for (size_t i = 0; i < facts->mx.count; i++)
        put_host(paper, facts, policy, &facts->mx.hosts[i], column);
    if (facts->mx.omitted > 0) {
        paper_tab(paper, NAME_COLUMN);
        paper_printf(paper, NAME_COLUMN, "and %zu more", facts->mx.omitted);
        paper_line_end(paper);
    }
    mtasts_sts_policy_free(policy);
}
