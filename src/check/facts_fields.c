/*
 * facts_fields: the members of facts.h's structs as keys of JSON. See
 * facts_fields.h. A member that is not here is neither stored nor replayed:
 * that is `arena` alone.
 */
#include "check/facts_fields.h"

#include "check/facts.h"

#define MEMBER(member) (((struct S *)NULL)->member)

#define KEY(kind_, member)                                                     \
    .key = #member, .kind = (kind_), .offset = offsetof(struct S, member)
#define TEXT(member)                                                           \
    {                                                                          \
        KEY(FIELD_TEXT, member)                                                \
    }
#define NEEDED(member)                                                         \
    {                                                                          \
        KEY(FIELD_TEXT, member), .required = true                              \
    }
#define OCTETS(member)                                                         \
    {                                                                          \
        KEY(FIELD_OCTETS, member)                                              \
    }
#define DATA(member, count_)                                                   \
    {                                                                          \
        KEY(FIELD_DATA, member), .count = offsetof(struct S, count_)           \
    }
#define BOOL(member)                                                           \
    {                                                                          \
        KEY(FIELD_BOOL, member)                                                \
    }
#define NUMBER(member)                                                         \
    {                                                                          \
        KEY(FIELD_NUMBER, member),                                             \
            .size = sizeof(MEMBER(member)),                                    \
            .is_signed = ((__typeof__(MEMBER(member)))-1 < 1)                  \
    }
#define WORD(member, words_)                                                   \
    {                                                                          \
        KEY(FIELD_WORD, member), .words = &(words_)                            \
    }
#define PART(member, shape_)                                                   \
    {                                                                          \
        KEY(FIELD_PART, member), .shape = &(shape_)                            \
    }
#define LIST(member, count_, shape_, max_)                                     \
    {                                                                          \
        KEY(FIELD_LIST, member), .count = offsetof(struct S, count_),          \
                                 .shape = &(shape_), .max = (max_)             \
    }
#define TEXTS(member, count_)                                                  \
    {                                                                          \
        KEY(FIELD_TEXTS, member), .count = offsetof(struct S, count_)          \
    }
#define MATCHED(member)                                                        \
    {                                                                          \
        KEY(FIELD_MATCHED, member)                                             \
    }
#define SHAPE(name)                                                            \
    {                                                                          \
        .fields = name##_fields, .count = ELEMENTS(name##_fields),             \
        .size = sizeof(struct S)                                               \
    }

#define S fact_lookup
static const struct field lookup_fields[] = {
    TEXT(name),
    WORD(status, lookup_words),
    WORD(dnssec, dnssec_words),
    NUMBER(ttl),
    TEXT(canonical),
    NUMBER(cnames),
    TEXT(why),
    NUMBER(elapsed_ms),
};
static const struct shape lookup_shape = SHAPE(lookup);
#undef S

#define S fact_txt_rr
static const struct field txt_rr_fields[] = {OCTETS(text), NUMBER(strings)};
static const struct shape txt_rr_shape = SHAPE(txt_rr);
#undef S

#define S fact_txt
static const struct field txt_fields[] = {
    PART(lookup, lookup_shape),
    LIST(rrs, count, txt_rr_shape, FACTS_RR_MAX),
    NUMBER(omitted),
};
static const struct shape txt_shape = SHAPE(txt);
#undef S

#define S fact_address
static const struct field address_fields[] = {
    NEEDED(text),
    BOOL(ipv6),
    WORD(class, address_class_words),
    BOOL(allowed),
};
static const struct shape address_shape = SHAPE(address);
#undef S

#define S fact_host
static const struct field host_fields[] = {
    PART(a, lookup_shape),
    PART(aaaa, lookup_shape),
    LIST(addresses, count, address_shape, FACTS_ADDRESS_MAX),
};
static const struct shape host_shape = SHAPE(host);
#undef S

#define S fact_tlsa_rr
static const struct field tlsa_rr_fields[] = {
    NUMBER(usage),   NUMBER(selector), NUMBER(matching),
    DATA(data, len), BOOL(usable),
};
static const struct shape tlsa_rr_shape = SHAPE(tlsa_rr);
#undef S

#define S fact_tlsa
static const struct field tlsa_fields[] = {
    PART(lookup, lookup_shape),
    {KEY(FIELD_LIST, rrs), .count = offsetof(struct S, count),
     .shape = &tlsa_rr_shape, .max = FACTS_RR_MAX, .is_tlsa = true},
};
static const struct shape tlsa_shape = SHAPE(tlsa);
#undef S

#define S fact_certificate
static const struct field certificate_fields[] = {
    TEXT(subject),      TEXT(issuer),      TEXTS(names, name_count),
    NUMBER(not_before), NUMBER(not_after), TEXT(key_type),
    NUMBER(key_bits),   TEXT(signature),   BOOL(weak_signature),
    TEXT(sha256),       TEXT(spki_sha256), BOOL(self_issued),
};
static const struct shape certificate_shape = SHAPE(certificate);
#undef S

#define S fact_tls
static const struct field tls_fields[] = {
    BOOL(handshake),
    TEXT(version),
    TEXT(cipher),
    WORD(verify, verify_words),
    NUMBER(verify_code),
    TEXT(detail),
    LIST(chain, chain_count, certificate_shape, FACTS_CHAIN_MAX),
};
static const struct shape tls_shape = SHAPE(tls);
#undef S

#define S fact_fetch
static const struct field fetch_fields[] = {
    TEXT(url),
    TEXT(address),
    BOOL(pinned),
    TEXT(variation),
    WORD(status, fetch_words),
    NUMBER(http_status),
    TEXT(content_type),
    TEXT(location),
    OCTETS(body),
    PART(tls, tls_shape),
    TEXT(detail),
    NUMBER(elapsed_ms),
};
static const struct shape fetch_shape = SHAPE(fetch);
#undef S

#define S fact_policy_host
static const struct field policy_host_fields[] = {
    PART(host, host_shape),
    PART(fetch, fetch_shape),
    LIST(others, other_count, fetch_shape, 0),
    TEXTS(public_suffix_mx, public_suffix_count),
};
static const struct shape policy_host_shape = SHAPE(policy_host);
#undef S

#define S fact_dane_match
static const struct field dane_fields[] = {
    WORD(state, dane_words),
    MATCHED(matched),
};
static const struct shape dane_shape = SHAPE(dane);
#undef S

#define S fact_smtp
static const struct field smtp_fields[] = {
    NEEDED(address),
    WORD(status, smtp_words),
    NUMBER(reply_code),
    TEXT(reply_text),
    TEXT(greeting),
    PART(tls, tls_shape),
    PART(dane, dane_shape),
    WORD(injection, answer_words),
    WORD(old_tls, answer_words),
    TEXT(old_tls_version),
    WORD(tls13, answer_words),
    WORD(weak_cipher, answer_words),
    TEXT(weak_cipher_name),
    WORD(sni_varies, answer_words),
    TEXT(no_sni_sha256),
    WORD(requiretls, answer_words),
    TEXT(detail),
    NUMBER(elapsed_ms),
};
static const struct shape smtp_shape = SHAPE(smtp);
#undef S

#define S fact_mx
static const struct field mx_fields[] = {
    NUMBER(preference),
    NEEDED(name),
    BOOL(name_valid),
    PART(host, host_shape),
    BOOL(is_cname),
    {KEY(FIELD_PART, tlsa), .shape = &tlsa_shape, .is_tlsa = true},
    LIST(sessions, session_count, smtp_shape, FACTS_ADDRESS_MAX),
    NUMBER(sessions_omitted),
};
static const struct shape mx_shape = SHAPE(mx);
#undef S

#define S fact_mx_set
static const struct field mx_set_fields[] = {
    PART(lookup, lookup_shape),
    BOOL(null_mx),
    BOOL(implicit),
    LIST(hosts, count, mx_shape, FACTS_MX_MAX),
    NUMBER(omitted),
};
static const struct shape mx_set_shape = SHAPE(mx_set);
#undef S

#define S fact_rua
static const struct field rua_fields[] = {
    OCTETS(uri),        BOOL(https),
    TEXT(domain),       PART(mx, lookup_shape),
    BOOL(accepts_mail), PART(endpoint, fetch_shape),
};
static const struct shape rua_shape = SHAPE(rua);
#undef S

#define S facts
static const struct field facts_fields[] = {
    NEEDED(domain),
    NEEDED(unicode),
    NUMBER(time),
    NUMBER(elapsed_ms),
    BOOL(validating),
    BOOL(smtp_probed),
    TEXT(resolver_note),
    PART(sts_txt, txt_shape),
    PART(tlsrpt_txt, txt_shape),
    PART(legacy_sts_txt, txt_shape),
    PART(legacy_tlsrpt_txt, txt_shape),
    PART(policy_host, policy_host_shape),
    PART(mx, mx_set_shape),
    LIST(ruas, rua_count, rua_shape, FACTS_RUA_MAX),
};
const struct shape facts_shape = SHAPE(facts);
#undef S
