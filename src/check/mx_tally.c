/*
 * mx_tally: the MX hosts counted. See mx_tally.h.
 */
#include "check/mx_tally.h"

/* What the sessions with one host come to. */
enum host_state {
    HOST_UNTESTED, /* no address let TLS be tested */
    HOST_PASSES,   /* every address that did has a valid certificate */
    HOST_FAILS,    /* some address has not */
};

static enum host_state session_state(const struct fact_smtp *session)
{
    switch (session->status) {
    case SMTP_OK:
        if (session->tls.verify == VERIFY_NOT_DONE)
            return HOST_UNTESTED;
        return session->tls.verify == VERIFY_OK ? HOST_PASSES : HOST_FAILS;
    case SMTP_NO_STARTTLS:
    case SMTP_STARTTLS_REFUSED:
    case SMTP_TLS_VERSION:
    case SMTP_TLS_FAILED: return HOST_FAILS;
    default: return HOST_UNTESTED;
    }
}

static enum host_state host_state(const struct fact_mx *mx)
{
    enum host_state state = HOST_UNTESTED;

    for (size_t i = 0; i < mx->session_count; i++) {
        enum host_state one = session_state(&mx->sessions[i]);
        if (one == HOST_FAILS)
            return HOST_FAILS;
        if (one == HOST_PASSES)
            state = HOST_PASSES;
    }
    return state;
}

static bool dane_passes(const struct fact_mx *mx)
{
    for (size_t i = 0; i < mx->session_count; i++)
        if (mx->sessions[i].dane.state == MTASTS_DANE_PASS)
            return true;
    return false;
}

/* A certificate that matches no record, or no TLS; not a dead address. */
static bool dane_fails(const struct fact_mx *mx)
{
    for (size_t i = 0; i < mx->session_count; i++) {
        const struct fact_smtp *session = &mx->sessions[i];
        if (session->dane.state == MTASTS_DANE_FAIL &&
            (session->dane.matched || session_state(session) == HOST_FAILS))
            return true;
    }
    return false;
}

bool mx_is_secure(const struct judge *judge)
{
    return judge_mx(judge)->lookup.dnssec == DNSSEC_SECURE;
}

/* Senders that validate cannot use the host. */
static bool is_bogus(const struct fact_mx *mx)
{
    const struct fact_host *host = &mx->host;
    bool addresses =
        host->a.status == LOOKUP_BOGUS || host->aaaa.status == LOOKUP_BOGUS;

    return mx->tlsa.lookup.status == LOOKUP_BOGUS ||
           (addresses && host->count == 0);
}

static void add_dane(struct mx_tally *tally, const struct fact_mx *mx)
{
    const struct judge *judge = tally->judge;

    if (is_bogus(mx)) {
        tally->bogus++;
        return;
    }
    if (judge_dane_untold(judge, mx))
        tally->dane_untold++;
    if (!judge_has_dane(mx))
        return;
    tally->dane++;
    if (dane_fails(mx))
        tally->dane_fail++;
    else if (mx_is_secure(judge) &&
             (dane_passes(mx) || !judge->facts->smtp_probed))
        tally->dane_pass++;
}

static void add_host(struct mx_tally *tally, size_t i)
{
    const struct judge *judge = tally->judge;
    const struct fact_mx *mx = &judge->facts->mx.hosts[i];
    enum host_state state = host_state(mx);

    add_dane(tally, mx);
    if (!judge->covered || !judge->covered[i]) {
        tally->failing++;
        return;
    }
    tally->matching++;
    tally->passing += state == HOST_PASSES;
    tally->failing += state == HOST_FAILS;
    tally->untested += state == HOST_UNTESTED;
}

struct mx_tally mx_tally_of(struct judge *judge)
{
    const struct fact_mx_set *mx = &judge->facts->mx;
    struct mx_tally tally = {.judge = judge};

    if (mx->null_mx)
        return tally;
    tally.total = mx->count;
    for (size_t i = 0; i < mx->count; i++)
        add_host(&tally, i);
    return tally;
}

bool mx_dane_is_untold(const struct mx_tally *tally)
{
    return tally->dane_untold > 0 &&
           tally->dane_pass + tally->dane_untold == tally->total;
}
