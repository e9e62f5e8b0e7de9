/*
 * gather_mx: the MX hosts of a gathering's domain (RFC 5321 5.1, RFC 7505,
 * RFC 7672) and what they say over SMTP. See gathering.h.
 *
 * An MX host that is an alias is a fault by itself, but senders that take it
 * look for TLSA records where the alias leads first, if DNSSEC secures all of
 * the way there (RFC 7672 2.2.2). Those of the name itself are asked for in
 * any case, along with the addresses.
 */
#include "net/gathering.h"

#include "base/ascii.h"
#include "net/dns_message.h"

#include <string.h>

#define MX_FIXED 2u    /* octets before the name: the preference */
#define TRACE_MAX 600u /* octets of a step's name or result */
#define LATE_TEXT "the deadline passed before it was done"
#define NO_VALIDATION "the resolver does not validate DNSSEC"

struct mx_asking {
    struct fact_mx *mx;
    unsigned left;             /* answers still to come */
    const char *tlsa_base;     /* whose mx->tlsa is; NULL: the host's */
    struct fact_tlsa expanded; /* of where the host leads as an alias */
    const char *names[2];      /* of DANE-TA beside the base */
    size_t name_count;
};

struct session {
    struct work work;
    struct smtp_job *job;
    struct fact_smtp *fact;
    const char *host;
};

/* ---- sessions ---- */

static void trace(const struct gathering *gathering, const char *host,
                  const struct fact_smtp *fact)
{
    char step[TRACE_MAX];
    char result[TRACE_MAX];
    if (!gathering_traces(gathering))
        return;
    snprintf(step, sizeof(step), "SMTP %s (%s)",
             fact->address ? fact->address : "?", host);
    if (fact->status == SMTP_OK)
        snprintf(result, sizeof(result), "%s, %s",
                 fact->tls.version ? fact->tls.version : "?",
                 verify_status_text(fact->tls.verify));
    else
        snprintf(result, sizeof(result), "%s%s%s",
                 smtp_status_text(fact->status), fact->detail ? ": " : "",
                 fact->detail ? fact->detail : "");
    gathering_trace(gathering, step, result, fact->elapsed_ms);
}

static void on_session(void *ctx, const struct fact_smtp *fact)
{
    struct session *session = ctx;
    const char *address = session->fact->address;
    session->job = NULL;
    *session->fact = *fact;
    session->fact->address = address; /* even if its copy did not fit */
    trace(session->work.gathering, session->host, session->fact);
    work_end(&session->work);
}

static void stop_session(struct work *work, bool late)
{
    struct session *session = (struct session *)work;
    smtp_queue_cancel(TAKE_PTR(session->job));
    const struct fact_smtp fact = {
        .address = session->fact->address,
        .status = SMTP_NOT_DONE,
        .detail = LATE_TEXT,
    };
    if (late)
        on_session(session, &fact);
}

static bool secure(const struct fact_host *host, bool ipv6)
{
    return (ipv6 ? host->aaaa.dnssec : host->a.dnssec) == DNSSEC_SECURE;
}

static struct smtp_request request_of(struct gathering *gathering,
                                      const struct mx_asking *asking,
                                      const struct fact_address *address)
{
    const struct gatherer_options *options = &gathering->gatherer->options;
    struct smtp_request request = {
        .host = asking->mx->name,
        .port = options->smtp_port,
        .helo = gathering->gatherer->helo,
        .store = options->store,
        .tlsa = &asking->mx->tlsa,
        .tlsa_base = asking->tlsa_base,
        .secure_address = secure(&asking->mx->host, address->ipv6),
        .dane_names = asking->names,
        .dane_name_count = asking->name_count,
        .tests = options->smtp_main_only ? 0 : SMTP_TEST_ALL,
        .arena = gathering->facts->arena,
    };
    address_parse(address->text, &request.address);
    return request;
}

static void begin_session(struct gathering *gathering,
                          const struct mx_asking *asking,
                          const struct fact_address *address,
                          struct fact_smtp *fact)
{
    const struct smtp_request request = request_of(gathering, asking, address);
    struct session *session = gathering_new_of(gathering, 1, struct session);
    uint32_t left = gathering_left_ms(gathering);
    int error = -MTASTS_ENOMEM;
    fact->address = address->text;
    if (session && left > 0) {
        session->fact = fact;
        session->host = asking->mx->name;
        error = gathering_ask_smtp(gathering, left);
        if (!error)
            error = smtp_queue_add(gathering->asker, &request, on_session,
                                   session, &session->job);
        if (!error)
            work_begin(&session->work, gathering, &gathering->probes,
                       stop_session);
    }
    if (error)
        fact->detail = left > 0 ? mtasts_strerror(error) : LATE_TEXT;
}

/* How many addresses of one host are asked: the same for all hosts, whichever
   is looked up first. */
static size_t share(const struct gathering *gathering)
{
    size_t hosts = MAX_OF(gathering->facts->mx.count, (size_t)1);
    return MAX_OF(FACTS_SMTP_MAX / hosts, (size_t)1);
}

/* Marks those of one family that are asked, `most` at most; returns how many
   that are. */
static size_t choose_family(const struct fact_host *host, bool ipv6,
                            size_t most, bool ret_chosen[FACTS_ADDRESS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < host->count && count < most; i++)
        if (host->addresses[i].allowed && host->addresses[i].ipv6 == ipv6) {
            ret_chosen[i] = true;
            count++;
        }
    return count;
}

static size_t count_allowed(const struct fact_host *host, bool ipv6)
{
    size_t count = 0;
    for (size_t i = 0; i < host->count; i++)
        count += host->addresses[i].allowed && host->addresses[i].ipv6 == ipv6;
    return count;
}

/* Marks the addresses that are asked: of both families half, as far as they
   go, and IPv4, which more senders have, where it is one. */
static size_t choose(const struct fact_host *host, size_t most,
                     bool ret_chosen[FACTS_ADDRESS_MAX])
{
    size_t v6 = MIN_OF(count_allowed(host, true), most);
    size_t v4 = MIN_OF(count_allowed(host, false), most - MIN_OF(v6, most / 2));
    return choose_family(host, true, most - v4, ret_chosen) +
           choose_family(host, false, v4, ret_chosen);
}

static void begin_sessions(struct gathering *gathering,
                           const struct mx_asking *asking)
{
    struct fact_mx *mx = asking->mx;
    bool chosen[FACTS_ADDRESS_MAX] = {false};
    size_t count = choose(&mx->host, share(gathering), chosen);
    if (count == 0 || !gathering->gatherer->options.smtp)
        return;
    mx->sessions = gathering_new_of(gathering, count, struct fact_smtp);
    if (!mx->sessions)
        return;
    mx->session_count = count;
    mx->sessions_omitted = count_allowed(&mx->host, true) +
                           count_allowed(&mx->host, false) - count;
    size_t next = 0;
    for (size_t i = 0; i < mx->host.count; i++)
        if (chosen[i])
            begin_session(gathering, asking, &mx->host.addresses[i],
                          &mx->sessions[next++]);
}

/* ---- one host ---- */

/* Where a look-up of the host's addresses has led, if that is secure. */
static const char *secure_expansion(const struct fact_lookup *lookup)
{
    return lookup->status == LOOKUP_OK && lookup->dnssec == DNSSEC_SECURE
               ? lookup->canonical
               : NULL;
}

/* Whether the alias's own records do not count beside these. A look-up that
   failed may have failed by an attacker's hand: nothing makes up for it. */
static bool decides(const struct fact_tlsa *expanded)
{
    const struct fact_lookup *lookup = &expanded->lookup;
    return lookup_unknown(lookup->status) ||
           (lookup->status == LOOKUP_OK && lookup->dnssec == DNSSEC_SECURE);
}

static void on_expanded(struct gathering *gathering, void *subject)
{
    struct mx_asking *asking = subject;
    if (decides(&asking->expanded))
        asking->mx->tlsa = asking->expanded;
    else
        asking->tlsa_base = NULL;
    begin_sessions(gathering, asking);
}

static void on_answered(struct gathering *gathering, void *subject)
{
    struct mx_asking *asking = subject;
    struct fact_mx *mx = asking->mx;
    if (--asking->left > 0)
        return;
    mx->is_cname = mx->host.a.canonical || mx->host.aaaa.canonical;
    asking->tlsa_base = secure_expansion(&mx->host.aaaa);
    if (!asking->tlsa_base)
        asking->tlsa_base = secure_expansion(&mx->host.a);
    if (asking->tlsa_base)
        ask_tlsa(gathering, asking->tlsa_base, &asking->expanded, on_expanded,
                 asking);
    else
        begin_sessions(gathering, asking);
}

static void ask_mx_host(struct gathering *gathering, struct fact_mx *mx)
{
    const struct facts *facts = gathering->facts;
    struct mx_asking *asking;
    if (!mx->name_valid)
        return;
    asking = gathering_new_of(gathering, 1, struct mx_asking);
    if (!asking)
        return;
    asking->mx = mx;
    asking->left = 2;
    if (facts->mx.lookup.dnssec == DNSSEC_SECURE) {
        asking->names[asking->name_count++] = facts->domain;
        if (facts->mx.lookup.canonical)
            asking->names[asking->name_count++] = facts->mx.lookup.canonical;
    }
    ask_host(gathering, "", mx->name, &mx->host, on_answered, asking);
    if (resolver_validating(gathering->gatherer->options.resolver)) {
        ask_tlsa(gathering, mx->name, &mx->tlsa, on_answered, asking);
    } else {
        mx->tlsa.lookup.why = NO_VALIDATION;
        on_answered(gathering, asking);
    }
}

/* ---- the set ---- */

static int compare(const void *a, const void *b)
{
    const struct fact_mx *left = a;
    const struct fact_mx *right = b;
    if (left->preference != right->preference)
        return left->preference < right->preference ? -1 : 1;
    return strcmp(left->name, right->name);
}

static bool read_mx(struct gathering *gathering, const struct dns_rr *rr,
                    struct fact_mx *ret_mx)
{
    struct dns_name name;
    char text[DNS_NAME_TEXT_MAX + 1];
    char canonical[MTASTS_NAME_MAX + 1];
    if (rr->len <= MX_FIXED || dns_rdata_name(rr, MX_FIXED, &name) < 0)
        return false;
    dns_name_text(&name, text);
    *ret_mx = (struct fact_mx){
        .preference = (uint16_t)(rr->rdata[0] << 8 | rr->rdata[1]),
        .name = gathering_string(gathering, text),
        .name_valid =
            mtasts_name_canonical(text, strlen(text), MTASTS_NAME_UNDERSCORE,
                                  canonical, NULL) == 0,
    };
    return ret_mx->name != NULL;
}

/* The same host twice is looked at once, with its better preference. */
static size_t drop_repeated(struct fact_mx *hosts, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool repeated = false;
        for (size_t j = 0; j < kept && !repeated; j++)
            repeated = strcmp(hosts[j].name, hosts[i].name) == 0;
        if (!repeated)
            hosts[kept++] = hosts[i];
    }
    return kept;
}

static void read_set(struct gathering *gathering,
                     const struct dns_answer *answer)
{
    struct fact_mx_set *set = &gathering->facts->mx;
    struct fact_mx *hosts =
        gathering_new_of(gathering, answer->count, struct fact_mx);
    size_t count = 0;
    for (size_t i = 0; hosts && i < answer->count; i++)
        if (read_mx(gathering, &answer->rrs[i], &hosts[count]))
            count++;
    if (count == 0)
        return;
    qsort(hosts, count, sizeof(*hosts), compare);
    count = drop_repeated(hosts, count);
    if (count == 1 && strcmp(hosts[0].name, ".") == 0) {
        set->null_mx = true;
        return;
    }
    set->hosts = hosts;
    set->count = MIN_OF(count, (size_t)FACTS_MX_MAX);
    set->omitted = count - set->count + answer->omitted;
}

/* RFC 5321 5.1: no MX, so the domain itself is the host. */
static void set_implicit(struct gathering *gathering)
{
    struct fact_mx_set *set = &gathering->facts->mx;
    set->implicit = true;
    set->hosts = gathering_new_of(gathering, 1, struct fact_mx);
    if (!set->hosts)
        return;
    set->hosts[0].name = gathering->facts->domain;
    set->hosts[0].name_valid = true;
    set->count = 1;
}

static void on_set(struct gathering *gathering, void *subject _unused_,
                   const struct dns_answer *answer)
{
    struct fact_mx_set *set = &gathering->facts->mx;
    if (answer->status == LOOKUP_OK)
        read_set(gathering, answer);
    else if (answer->status == LOOKUP_NODATA)
        set_implicit(gathering);
    if (!(gathering->parts & GATHER_DANE))
        return;
    for (size_t i = 0; i < set->count; i++)
        ask_mx_host(gathering, &set->hosts[i]);
}

void gather_mx(struct gathering *gathering)
{
    ask(gathering, "", gathering->facts->domain, RR_MX,
        &gathering->facts->mx.lookup, on_set, NULL);
}
