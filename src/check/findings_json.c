/*
 * findings_json: what was found about one domain, for machines. See
 * findings_json.h.
 *
 * Not all facts are here, only what a reader of findings asks for next; all
 * of them are what facts_json writes.
 */
#include "check/findings_json.h"

#include "check/certificates.h"
#include "check/facts_words.h"
#include "check/policy_seen.h"
#include "check/text.h"
#include <mtasts/mtasts.h>
#include <string.h>

/* ---- findings ---- */

static void add_number_or_null(struct json_builder *to, const char *key,
                               size_t number)
{
    if (number > 0)
        json_add_int(to, key, (int64_t)number);
    else
        json_add_null(to, key);
}

/* What to do about it: its own fix or advice, or else the rule's. */
static const char *fix_of(const struct finding *finding)
{
    if (finding->fix.text)
        return finding->fix.text;
    return finding->advice ? finding->advice : finding->rule->fix;
}

static struct json *finding_json(const struct finding *finding)
{
    struct json_builder object = json_build_object();

    json_add_string(&object, "rule", finding->rule->id);
    json_add_string(&object, "severity", severity_name(finding->severity));
    json_add_string(&object, "section", section_name(finding->rule->section));
    json_add_string(&object, "subject", finding->subject);
    json_add_string(&object, "message", finding->message);
    json_add_string(&object, "why", finding->rule->why);
    json_add_string(&object, "fix", fix_of(finding));
    json_add_string(&object, "then", finding->fix.then);
    json_add_string(&object, "rfc", finding->rule->rfc);
    add_number_or_null(&object, "line", finding->line);
    add_number_or_null(&object, "column", finding->column);
    return json_built(&object);
}

struct json *findings_list_json(const struct findings *findings)
{
    struct json_builder list = json_build_array();

    for (size_t i = 0; i < findings->count; i++)
        json_add(&list, NULL, finding_json(&findings->items[i]));
    return json_built(&list);
}

static struct json *verdict_json(const struct verdict *verdict)
{
    struct json_builder object = json_build_object();

    json_add_string(&object, "protection",
                    protection_name(verdict->protection));
    json_add_string(&object, "severity", severity_name(verdict->worst));
    json_add_string(&object, "sentence", verdict->sentence);
    json_add_int(&object, "mx_total", (int64_t)verdict->mx_total);
    json_add_int(&object, "mx_matching", (int64_t)verdict->mx_matching);
    json_add_int(&object, "mx_passing", (int64_t)verdict->mx_passing);
    return json_built(&object);
}

/* ---- DNS ---- */

static struct json *lookup_json(const struct fact_lookup *lookup)
{
    struct json_builder object = json_build_object();

    json_add_string(&object, "name", lookup->name);
    json_add_string(&object, "status", lookup_status_name(lookup->status));
    json_add_string(&object, "dnssec", dnssec_status_name(lookup->dnssec));
    json_add_int(&object, "ttl", lookup->ttl);
    json_add_string(&object, "canonical", lookup->canonical);
    return json_built(&object);
}

static struct json *txt_json(const struct fact_txt *txt)
{
    struct json_builder list = json_build_array();

    for (size_t i = 0; i < txt->count; i++)
        json_add_octets(&list, NULL, txt->rrs[i].text.data,
                        txt->rrs[i].text.len);
    return json_built(&list);
}

static struct json *addresses_json(const struct fact_host *host)
{
    struct json_builder list = json_build_array();

    for (size_t i = 0; i < host->count; i++)
        json_add_string(&list, NULL, host->addresses[i].text);
    return json_built(&list);
}

/* ---- records ---- */

static struct json *sts_record_json(const struct facts *facts)
{
    struct json_builder object = json_build_object();
    struct mtasts_bytes rrs[FACTS_RR_MAX];
    size_t count = fact_txt_texts(&facts->sts_txt, rrs);
    struct mtasts_sts_record record = {0};

    mtasts_sts_record_parse(rrs, count, 0, NULL, &record);
    json_add_string(&object, "verdict", mtasts_verdict_name(record.verdict));
    json_add_string(&object, "id", record.id[0] ? record.id : NULL);
    json_add(&object, "txt", txt_json(&facts->sts_txt));
    json_add(&object, "lookup", lookup_json(&facts->sts_txt.lookup));
    return json_built(&object);
}

static struct json *tlsrpt_record_json(const struct facts *facts)
{
    struct json_builder object = json_build_object();
    struct json_builder list = json_build_array();
    struct mtasts_bytes rrs[FACTS_RR_MAX];
    size_t count = fact_txt_texts(&facts->tlsrpt_txt, rrs);
    struct mtasts_bytes rua[FACTS_RUA_MAX];
    struct mtasts_tlsrpt_record record = {0};

    mtasts_tlsrpt_record_parse(rrs, count, 0, NULL, rua, ELEMENTS(rua),
                               &record);
    for (size_t i = 0; i < MIN_OF(record.rua_count, ELEMENTS(rua)); i++)
        json_add_octets(&list, NULL, rua[i].data, rua[i].len);
    json_add_string(&object, "verdict", mtasts_verdict_name(record.verdict));
    json_add(&object, "rua", json_built(&list));
    json_add(&object, "txt", txt_json(&facts->tlsrpt_txt));
    json_add(&object, "lookup", lookup_json(&facts->tlsrpt_txt.lookup));
    return json_built(&object);
}

/* ---- policy ---- */

static void add_policy(struct json_builder *to,
                       const struct mtasts_sts_policy *policy, bool valid)
{
    struct json_builder object = json_build_object();
    struct json_builder list = json_build_array();

    for (size_t i = 0; policy && i < mtasts_sts_policy_mx_count(policy); i++)
        json_add_string(&list, NULL, mtasts_sts_policy_mx(policy, i));
    struct json *mx = json_built(&list);
    if (policy) {
        json_add_string(&object, "mode",
                        mtasts_mode_name(mtasts_sts_policy_mode(policy)));
        json_add_int(&object, "max_age", mtasts_sts_policy_max_age(policy));
        json_add_bool(&object, "valid", valid);
        json_add(&object, "mx", mx);
        json_add(to, "policy", json_built(&object));
        return;
    }
    json_add_null(to, "policy");
    json_build_clear(&object);
    json_free(mx);
}

/* ---- TLS ---- */

static void add_leaf(struct json_builder *to, struct arena *arena,
                     const struct fact_tls *tls)
{
    const struct fact_certificate *leaf = certificate_leaf(tls);
    struct json_builder names = json_build_array();

    for (size_t i = 0; leaf && i < leaf->name_count; i++)
        json_add_string(&names, NULL, leaf->names[i]);
    struct json *list = json_built(&names);
    if (!leaf) {
        json_free(list);
        json_add_null(to, "certificate");
        return;
    }
    struct json_builder object = json_build_object();
    json_add_string(&object, "subject", leaf->subject);
    json_add_string(&object, "issuer", leaf->issuer);
    json_add(&object, "names", list);
    json_add_string(&object, "not_before",
                    text_rfc3339(arena, leaf->not_before));
    json_add_string(&object, "not_after", text_rfc3339(arena, leaf->not_after));
    json_add_string(&object, "sha256", leaf->sha256);
    json_add(to, "certificate", json_built(&object));
}

static struct json *tls_json(struct arena *arena, const struct fact_tls *tls)
{
    struct json_builder object = json_build_object();

    json_add_string(&object, "version", tls->version);
    json_add_string(&object, "cipher", tls->cipher);
    json_add_string(&object, "verify", verify_status_name(tls->verify));
    add_leaf(&object, arena, tls);
    return json_built(&object);
}

static struct json *policy_host_json(struct arena *arena,
                                     const struct facts *facts)
{
    const struct fact_policy_host *host = &facts->policy_host;
    const struct fact_fetch *fetch = &host->fetch;
    struct json_builder object = json_build_object();

    json_add_string(&object, "url", fetch->url);
    json_add(&object, "addresses", addresses_json(&host->host));
    json_add_string(&object, "status", fetch_status_name(fetch->status));
    add_number_or_null(&object, "http_status",
                       fetch->http_status > 0 ? (size_t)fetch->http_status : 0);
    json_add_string(&object, "content_type", fetch->content_type);
    json_add(&object, "tls", tls_json(arena, &fetch->tls));
    json_add_int(&object, "elapsed_ms", fetch->elapsed_ms);
    return json_built(&object);
}

/* ---- MX hosts ---- */

static struct json *session_json(struct arena *arena,
                                 const struct fact_smtp *session)
{
    struct json_builder object = json_build_object();
    size_t dane = session->dane.state;

    json_add_string(&object, "address", session->address);
    json_add_string(&object, "status", smtp_status_name(session->status));
    json_add(&object, "tls", tls_json(arena, &session->tls));
    json_add_string(&object, "dane",
                    dane < dane_words.count ? dane_words.items[dane].name
                                            : NULL);
    json_add_int(&object, "elapsed_ms", session->elapsed_ms);
    return json_built(&object);
}

static struct json *sessions_json(struct arena *arena, const struct fact_mx *mx)
{
    struct json_builder list = json_build_array();

    for (size_t i = 0; i < mx->session_count; i++)
        json_add(&list, NULL, session_json(arena, &mx->sessions[i]));
    return json_built(&list);
}

static struct json *tlsa_json(const struct fact_tlsa *tlsa)
{
    struct json_builder object = json_build_object();

    json_add_string(&object, "status", lookup_status_name(tlsa->lookup.status));
    json_add_string(&object, "dnssec", dnssec_status_name(tlsa->lookup.dnssec));
    json_add_int(&object, "records", (int64_t)tlsa->count);
    return json_built(&object);
}

static void add_in_policy(struct json_builder *to, const struct fact_mx *mx,
                          const struct mtasts_sts_policy *policy)
{
    if (policy)
        json_add_bool(to, "in_policy",
                      mtasts_sts_policy_find_mx(policy, mx->name,
                                                strlen(mx->name), NULL) == 0);
    else
        json_add_null(to, "in_policy");
}

static struct json *host_json(struct arena *arena, const struct fact_mx *mx,
                              const struct mtasts_sts_policy *policy)
{
    struct json_builder object = json_build_object();

    json_add_string(&object, "host", mx->name);
    json_add_int(&object, "preference", mx->preference);
    json_add(&object, "addresses", addresses_json(&mx->host));
    json_add_bool(&object, "alias", mx->is_cname);
    add_in_policy(&object, mx, policy);
    json_add(&object, "tlsa", tlsa_json(&mx->tlsa));
    json_add(&object, "sessions", sessions_json(arena, mx));
    return json_built(&object);
}

static struct json *hosts_json(struct arena *arena, const struct facts *facts,
                               const struct mtasts_sts_policy *policy)
{
    struct json_builder list = json_build_array();

    for (size_t i = 0; !facts->mx.null_mx && i < facts->mx.count; i++)
        json_add(&list, NULL, host_json(arena, &facts->mx.hosts[i], policy));
    return json_built(&list);
}

static struct json *mx_records_json(const struct facts *facts)
{
    struct json_builder object = json_build_object();

    json_add_bool(&object, "null_mx", facts->mx.null_mx);
    json_add_bool(&object, "implicit", facts->mx.implicit);
    json_add_int(&object, "omitted", (int64_t)facts->mx.omitted);
    json_add(&object, "lookup", lookup_json(&facts->mx.lookup));
    return json_built(&object);
}

/* ---- all of it ---- */

static struct json *dnssec_json(const struct facts *facts)
{
    struct json_builder object = json_build_object();

    json_add_bool(&object, "validating", facts->validating);
    json_add_string(&object, "resolver_note", facts->resolver_note);
    return json_built(&object);
}

static void add_head(struct json_builder *to, struct arena *arena,
                     const struct facts *facts)
{
    json_add_string(to, "domain", facts->domain);
    json_add_string(to, "unicode", facts->unicode);
    json_add_string(to, "time", text_rfc3339(arena, facts->time));
    json_add_int(to, "elapsed_ms", facts->elapsed_ms);
    json_add_string(to, "mtasts_version", mtasts_version());
}

int findings_to_json(const struct facts *facts, const struct findings *findings,
                     const struct verdict *verdict, struct json **ret_json)
{
    struct arena *arena = findings->arena;
    struct json_builder object = json_build_object();
    struct mtasts_sts_policy *policy = NULL;
    bool valid = false;

    object.failed |= policy_seen(facts, &policy, &valid) < 0;
    add_head(&object, arena, facts);
    json_add(&object, "verdict", verdict_json(verdict));
    json_add(&object, "findings", findings_list_json(findings));
    json_add_bool(&object, "findings_truncated", findings->truncated);
    json_add(&object, "sts_record", sts_record_json(facts));
    add_policy(&object, policy, valid);
    json_add(&object, "policy_host", policy_host_json(arena, facts));
    json_add(&object, "mx_records", mx_records_json(facts));
    json_add(&object, "mx", hosts_json(arena, facts, policy));
    json_add_bool(&object, "smtp_probed", facts->smtp_probed);
    json_add(&object, "tlsrpt_record", tlsrpt_record_json(facts));
    json_add(&object, "dnssec", dnssec_json(facts));
    mtasts_sts_policy_free(policy);
    struct json *json = json_built(&object);
    if (!json)
        return -MTASTS_ENOMEM;
    *ret_json = json;
    return 0;
}
