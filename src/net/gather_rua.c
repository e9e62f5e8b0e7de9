/*
 * gather_rua: whether reports would arrive (RFC 8460 section 3): the mail
 * domains and endpoints of a TLSRPT record. See gathering.h.
 *
 * Sends no report: a mail domain is one that has an MX or an address, an
 * endpoint one that completes a TLS handshake with a good certificate.
 */
#include "net/gathering.h"

#include "core/rua.h"
#include "net/dns_message.h"

#include <string.h>

struct rua_asking {
    struct fact_rua *fact;
    uint16_t port;
    struct fact_host host; /* its addresses */
};

static void nothing_more(struct gathering *gathering _unused_,
                         void *subject _unused_)
{
}

/* ---- mailto ---- */

static void on_mail_host(struct gathering *gathering _unused_, void *subject)
{
    struct rua_asking *asking = subject;
    asking->fact->accepts_mail = asking->host.count > 0;
}

static bool null_mx(const struct dns_answer *answer)
{
    struct dns_name name;
    return answer->count == 1 &&
           dns_rdata_name(&answer->rrs[0], 2, &name) == 0 && name.len == 1;
}

static void on_mail_mx(struct gathering *gathering, void *subject,
                       const struct dns_answer *answer)
{
    struct rua_asking *asking = subject;
    if (answer->status == LOOKUP_OK)
        asking->fact->accepts_mail = !null_mx(answer);
    else if (answer->status == LOOKUP_NODATA) /* RFC 5321 5.1: implicit MX */
        ask_host(gathering, "", asking->fact->domain, &asking->host,
                 on_mail_host, asking);
}

/* ---- https ---- */

static void on_endpoint_host(struct gathering *gathering, void *subject)
{
    struct rua_asking *asking = subject;
    const struct fetch_request request = {
        .host = asking->fact->domain,
        .path = "/",
        .port = asking->port,
        .addresses = asking->host.addresses,
        .address_count = asking->host.count,
        .connect_only = true,
    };
    gather_fetch(gathering, &request, &asking->fact->endpoint, nothing_more,
                 NULL);
}

/* ---- the record ---- */

static void ask_rua(struct gathering *gathering, struct fact_rua *fact)
{
    struct rua_target target;
    struct rua_asking *asking;
    if (!rua_parse(fact->uri.data, fact->uri.len, &target))
        return; /* which libmtasts has called usable: it never comes here */
    fact->https = target.https;
    if (!target.domain[0])
        return; /* an IP address: its certificate has no name to be judged */
    fact->domain = gathering_string(gathering, target.domain);
    asking = gathering_new_of(gathering, 1, struct rua_asking);
    if (!fact->domain || !asking)
        return;
    asking->fact = fact;
    asking->port = target.port;
    if (target.https)
        ask_host(gathering, "", fact->domain, &asking->host, on_endpoint_host,
                 asking);
    else
        ask(gathering, "", fact->domain, RR_MX, &fact->mx, on_mail_mx, asking);
}

static size_t usable(const struct facts *facts,
                     struct mtasts_bytes rua[FACTS_RUA_MAX])
{
    struct mtasts_bytes rrs[FACTS_RR_MAX];
    struct mtasts_tlsrpt_record record;
    size_t count = fact_txt_texts(&facts->tlsrpt_txt, rrs);
    if (mtasts_tlsrpt_record_parse(rrs, count, MTASTS_TOLERANT, NULL, rua,
                                   FACTS_RUA_MAX, &record) < 0 ||
        record.verdict != MTASTS_VERDICT_VALID)
        return 0;
    return MIN_OF(record.rua_count, (size_t)FACTS_RUA_MAX);
}

void gather_ruas(struct gathering *gathering)
{
    struct facts *facts = gathering->facts;
    struct mtasts_bytes rua[FACTS_RUA_MAX];
    size_t count = usable(facts, rua);
    if (count == 0)
        return;
    facts->ruas = gathering_new_of(gathering, count, struct fact_rua);
    if (!facts->ruas)
        return;
    facts->rua_count = count;
    for (size_t i = 0; i < count; i++)
        facts->ruas[i].uri = rua[i];
    for (size_t i = 0; i < count; i++)
        ask_rua(gathering, &facts->ruas[i]);
}
