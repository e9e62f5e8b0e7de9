/*
 * facts: everything that was found out about one domain, as plain values.
 *
 * net/gather fills them, check judges them without touching the world, and
 * facts_json stores and replays them. All memory belongs to `facts->arena`.
 * Absence is explicit: a look-up that was not made is LOOKUP_NOT_ASKED, one
 * that could not be answered is its own state, never "absent".
 */
#ifndef MTASTS_CHECK_FACTS_H
#define MTASTS_CHECK_FACTS_H

#include "base/arena.h"
#include <mtasts/mtasts.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACTS_MAX (16u << 20) /* octets of one domain's facts: hostile data */
#define FACTS_MX_MAX 32u      /* MX hosts looked at; more are counted */
#define FACTS_ADDRESS_MAX 16u /* addresses of one host looked at */
#define FACTS_SMTP_MAX 32u    /* addresses of all MX hosts asked over SMTP */
#define FACTS_RR_MAX 128u     /* RRs kept of one answer */
#define FACTS_CHAIN_MAX 10u   /* certificates kept of one chain */
#define FACTS_RUA_MAX 16u     /* rua URIs looked at */

/* ---- DNS ---- */

enum lookup_status {
    LOOKUP_NOT_ASKED,
    LOOKUP_OK,        /* answered, with records */
    LOOKUP_NODATA,    /* the name is there, the type is not */
    LOOKUP_NXDOMAIN,  /* no such name */
    LOOKUP_SERVFAIL,  /* the servers could not say */
    LOOKUP_BOGUS,     /* DNSSEC says: forged or broken */
    LOOKUP_TIMEOUT,   /* no answer before the deadline */
    LOOKUP_REFUSED,   /* REFUSED, NOTIMP, FORMERR, ... */
    LOOKUP_MALFORMED, /* an answer that is no DNS message */
    LOOKUP_FAILED,    /* the resolver could not ask at all */
    LOOKUP_TOO_MANY,  /* more records than are looked at, and which of them
                         there are would matter */
};

enum dnssec_status {
    DNSSEC_UNCHECKED, /* nothing validated, or not asked */
    DNSSEC_INSECURE,  /* validated: the zone is not signed */
    DNSSEC_SECURE,    /* validated: signed and right */
    DNSSEC_BOGUS,
};

/* What every look-up has in common. */
struct fact_lookup {
    const char *name; /* what was asked for, as A-labels; NULL: not asked */
    enum lookup_status status;
    enum dnssec_status dnssec;
    uint32_t ttl;          /* seconds; of the records, or of the denial */
    const char *canonical; /* where CNAMEs led; NULL: none followed */
    unsigned cnames;       /* how many were followed */
    const char *why;       /* detail for people (why bogus, rcode); or NULL */
    uint32_t elapsed_ms;
};

struct fact_txt_rr {
    struct mtasts_bytes text; /* joined */
    size_t strings;           /* character-strings it came in */
};

struct fact_txt {
    struct fact_lookup lookup;
    struct fact_txt_rr *rrs;
    size_t count;
    size_t omitted; /* more than FACTS_RR_MAX */
};

enum address_class {
    ADDRESS_GLOBAL,  /* can be reached by the world */
    ADDRESS_PRIVATE, /* loopback, private, link-local, reserved, ...: refused
                        unless allowed */
};

struct fact_address {
    const char *text; /* RFC 5952 or dotted decimal */
    bool ipv6;
    enum address_class class;
    bool allowed; /* global, or private and explicitly allowed */
};

struct fact_host {
    struct fact_lookup a;
    struct fact_lookup aaaa;
    struct fact_address *addresses; /* IPv6 first, as answered */
    size_t count;
};

struct fact_tlsa_rr {
    uint8_t usage;
    uint8_t selector;
    uint8_t matching;
    const uint8_t *data;
    size_t len;
    bool usable; /* known parameters, right length, usage 2 or 3 */
};

struct fact_tlsa {
    struct fact_lookup lookup; /* of _25._tcp.<MX host>, or of where that
                                  leads as an alias (RFC 7672 2.2.2) */
    struct fact_tlsa_rr *rrs;
    size_t count;
};

/* ---- TLS ---- */

/* What certificate verification found, worst first where several hold. */
enum verify_status {
    VERIFY_NOT_DONE,
    VERIFY_OK,
    VERIFY_EXPIRED,
    VERIFY_NOT_YET_VALID,
    VERIFY_SELF_SIGNED,      /* the leaf signs itself */
    VERIFY_UNTRUSTED_ROOT,   /* a chain that ends in an unknown root */
    VERIFY_INCOMPLETE_CHAIN, /* an intermediate was not sent */
    VERIFY_HOST_MISMATCH,    /* no DNS-ID for the name (CN never counts) */
    VERIFY_WEAK,             /* key or signature below the security level */
    VERIFY_REVOKED,
    VERIFY_OTHER, /* see detail */
};

struct fact_certificate {
    const char *subject; /* one line, RFC 2253 */
    const char *issuer;
    const char *const *names; /* DNS-IDs (SAN dNSName), lower-case */
    size_t name_count;
    int64_t not_before; /* seconds since 1970 UTC */
    int64_t not_after;
    const char *key_type; /* "RSA", "EC", "ED25519", ... */
    unsigned key_bits;
    const char *signature;   /* "sha256WithRSAEncryption", ... */
    bool weak_signature;     /* MD5 or SHA-1, and not self-signed */
    const char *sha256;      /* fingerprint, lower-case hex */
    const char *spki_sha256; /* of the public key, lower-case hex: what a
                                TLSA "3 1 1" record holds; NULL: not known */
    bool self_issued;
};

struct fact_tls {
    bool handshake;            /* completed */
    const char *version;       /* "TLSv1.3"; NULL without a handshake */
    const char *cipher;        /* OpenSSL's name */
    enum verify_status verify; /* PKIX, against the name, SAN only */
    long verify_code;          /* X509_V_ERR_*, 0 is fine */
    const char *detail;        /* error sentence of the TLS library, or NULL */
    struct fact_certificate *chain; /* as sent, leaf first */
    size_t chain_count;
};

/* ---- policy host ---- */

enum fetch_status {
    FETCH_NOT_DONE,
    FETCH_OK,              /* 200, text/plain, whole body within the limit */
    FETCH_NO_ADDRESS,      /* no A or AAAA, or DNS could not tell */
    FETCH_ADDRESS_REFUSED, /* only private addresses, not allowed */
    FETCH_CONNECT_REFUSED,
    FETCH_CONNECT_TIMEOUT,
    FETCH_CONNECT_FAILED, /* unreachable, reset, ... */
    FETCH_TLS_VERSION,    /* nothing of TLS 1.2 or above in common */
    FETCH_TLS_FAILED,     /* the handshake failed otherwise */
    FETCH_CERTIFICATE,    /* see tls.verify */
    FETCH_TIMEOUT,        /* the total deadline passed */
    FETCH_REDIRECT,       /* 3xx: not followed */
    FETCH_STATUS,         /* any other status than 200 */
    FETCH_CONTENT_TYPE,   /* missing, or not text/plain */
    FETCH_TOO_LARGE,      /* over MTASTS_POLICY_BODY_MAX */
    FETCH_TRUNCATED,      /* the transfer ended early */
    FETCH_PROTOCOL,       /* not HTTP, contradictory headers, ... */
    FETCH_FAILED,         /* the client itself could not ask */
};

struct fact_fetch {
    const char *url;
    const char *address;   /* the one that answered, or of a pinned fetch the
                              one asked; NULL: none connected */
    bool pinned;           /* this one address was asked for on purpose */
    const char *variation; /* what was unusual in the request ("User-Agent",
                              "Accept-Encoding"), or NULL */
    enum fetch_status status;
    long http_status;         /* 0: none seen */
    const char *content_type; /* as sent, or NULL */
    const char *location;     /* of a redirect, or NULL */
    struct mtasts_bytes body; /* what arrived, at most the limit */
    struct fact_tls tls;
    const char *detail; /* sentence of the HTTP library, or NULL */
    uint32_t elapsed_ms;
};

struct fact_policy_host {
    struct fact_host host;     /* mta-sts.<domain> */
    struct fact_fetch fetch;   /* the one that senders would make */
    struct fact_fetch *others; /* pinned to each address, and variations */
    size_t other_count;
    /* Patterns of the policy fetched that are at a public suffix. */
    const char *const *public_suffix_mx;
    size_t public_suffix_count;
};

/* ---- MX ---- */

enum smtp_status {
    SMTP_NOT_DONE,
    SMTP_OK,              /* STARTTLS handshake completed */
    SMTP_ADDRESS_REFUSED, /* private, not allowed */
    SMTP_CONNECT_REFUSED,
    SMTP_CONNECT_TIMEOUT,
    SMTP_CONNECT_FAILED,
    SMTP_TIMEOUT,            /* connected, then silence past the deadline */
    SMTP_CLOSED,             /* hung up before TLS */
    SMTP_PROTOCOL,           /* not SMTP, or replies over the limit */
    SMTP_GREETING_REFUSED,   /* 4xx or 5xx as greeting or to EHLO */
    SMTP_NO_STARTTLS,        /* EHLO does not offer it */
    SMTP_STARTTLS_TEMPORARY, /* 4xx to STARTTLS */
    SMTP_STARTTLS_REFUSED,   /* 5xx to STARTTLS */
    SMTP_TLS_VERSION,        /* nothing of TLS 1.2 or above in common */
    SMTP_TLS_FAILED,         /* the handshake failed otherwise */
};

enum test_result {
    TEST_NOT_DONE,
    TEST_NO,
    TEST_YES,
    TEST_UNKNOWN, /* tried, could not tell */
};

struct fact_dane_match {
    enum mtasts_dane_state state; /* of this session's chain */
    bool *matched; /* for each TLSA RR of the host; NULL if not tried */
};

struct fact_smtp {
    const char *address;
    enum smtp_status status;
    int reply_code;         /* the reply that decided, or 0 */
    const char *reply_text; /* its last line, printable, or NULL */
    const char *greeting;   /* printable, or NULL */
    struct fact_tls tls;    /* main session: SNI = MX host name */
    struct fact_dane_match dane;
    enum test_result injection; /* YES: clear text was answered inside TLS */
    enum test_result old_tls;   /* YES: TLS 1.0 or 1.1 is accepted */
    const char *old_tls_version;
    enum test_result tls13;       /* NO: TLS 1.3 is not offered */
    enum test_result weak_cipher; /* YES: a cipher without forward secrecy,
                                     NULL or anonymous is accepted */
    const char *weak_cipher_name;
    enum test_result sni_varies; /* YES: another leaf without SNI, or an
                                    alert */
    const char *no_sni_sha256;   /* that leaf's fingerprint; NULL: without
                                    SNI there is no handshake at all */
    enum test_result requiretls; /* YES: offered inside TLS (RFC 8689) */
    const char *detail;
    uint32_t elapsed_ms;
};

struct fact_mx {
    uint16_t preference;
    const char *name; /* as in the MX record, lower-case, no final dot */
    bool name_valid;  /* a host name by LDH rules (with `_`) */
    struct fact_host host;
    bool is_cname; /* the name is an alias (RFC 5321 5.1 forbids) */
    struct fact_tlsa tlsa;
    struct fact_smtp *sessions; /* one for each address that was asked */
    size_t session_count;
    size_t sessions_omitted; /* allowed addresses past the host's share of
                                FACTS_SMTP_MAX: nothing is known of them */
};

struct fact_mx_set {
    struct fact_lookup lookup;
    bool null_mx;          /* RFC 7505: one MX, "." */
    bool implicit;         /* no MX: the domain itself, as hosts[0] */
    struct fact_mx *hosts; /* by preference, then name */
    size_t count;
    size_t omitted; /* more than FACTS_MX_MAX */
};

/* ---- TLSRPT ---- */

struct fact_rua {
    struct mtasts_bytes uri;
    bool https;
    const char *domain;         /* mailto: of the address; https: host; NULL:
                                   an IP address, which is not looked at */
    struct fact_lookup mx;      /* mailto: MX of the domain */
    bool accepts_mail;          /* mailto: MX (not null) or an address */
    struct fact_fetch endpoint; /* https: TLS and connection only */
};

/* ---- all of it ---- */

struct facts {
    struct arena *arena;
    const char *domain;  /* A-labels, canonical */
    const char *unicode; /* U-labels for people; same as domain if ASCII */
    int64_t time;        /* when gathering began, seconds since 1970 UTC */
    uint32_t elapsed_ms;
    bool validating;           /* the resolver validates DNSSEC */
    bool smtp_probed;          /* false: --no-smtp */
    const char *resolver_note; /* e.g. the forwarder strips DNSSEC; or NULL */

    struct fact_txt sts_txt;           /* _mta-sts.<domain> */
    struct fact_txt tlsrpt_txt;        /* _smtp._tls.<domain> */
    struct fact_txt legacy_sts_txt;    /* _smtp_sts.<domain> */
    struct fact_txt legacy_tlsrpt_txt; /* _smtp-tlsrpt.<domain> */
    struct fact_policy_host policy_host;
    struct fact_mx_set mx;
    struct fact_rua *ruas; /* usable URIs of the TLSRPT record */
    size_t rua_count;
};

/* Empty facts with their own arena; `domain` must be canonical. */
int facts_new(const char *domain, struct facts **ret_facts);

/* Frees the arena and all in it; NULL is fine. */
void facts_free(struct facts *facts);

/* The texts of the RRs, as the parsers of libmtasts take them. Returns how
   many, FACTS_RR_MAX at most. */
size_t fact_txt_texts(const struct fact_txt *txt,
                      struct mtasts_bytes ret_texts[FACTS_RR_MAX]);

/* A stable name ("servfail", "connect-timeout", ...) and a sentence. */
const char *lookup_status_name(enum lookup_status status);
const char *lookup_status_text(enum lookup_status status);
const char *dnssec_status_name(enum dnssec_status status);
const char *dnssec_status_text(enum dnssec_status status);
const char *verify_status_name(enum verify_status status);
const char *verify_status_text(enum verify_status status);
const char *fetch_status_name(enum fetch_status status);
const char *fetch_status_text(enum fetch_status status);
const char *smtp_status_name(enum smtp_status status);
const char *smtp_status_text(enum smtp_status status);
const char *test_result_name(enum test_result result);

/*
 * The TLSRPT result type of a fetch that did not give a policy (RFC 8460
 * 4.3.2.2); MTASTS_RESULT_SUCCESS for FETCH_OK.
 */
enum mtasts_result fetch_status_result(enum fetch_status status);

/*
 * Whether a look-up that was made gave no answer either way ("could not
 * tell"). A bogus answer is one of these: what it says may be forged.
 */
bool lookup_unknown(enum lookup_status status);

DEFINE_CLEANUP(struct facts *, facts_free, facts)
#define _cleanup_facts_ _cleanup_(cleanup_facts)

#endif
