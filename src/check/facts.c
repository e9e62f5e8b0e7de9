/*
 * facts: making and freeing them, and their enums in words. See facts.h.
 */
#include "check/facts.h"

#include "check/facts_words.h"

int facts_new(const char *domain, struct facts **ret_facts)
{
    _cleanup_arena_ struct arena *arena = NULL;
    int error = arena_new(FACTS_MAX, &arena);
    if (error)
        return error;
    struct facts *facts = arena_new_of(arena, struct facts);
    char *copy = arena_string(arena, domain);
    if (!facts || !copy)
        return -MTASTS_ENOMEM;
    facts->domain = copy;
    facts->unicode = copy;
    facts->arena = TAKE_PTR(arena);
    *ret_facts = facts;
    return 0;
}

void facts_free(struct facts *facts)
{
    if (facts)
        arena_free(facts->arena); /* `facts` itself is in it */
}

size_t fact_txt_texts(const struct fact_txt *txt,
                      struct mtasts_bytes ret_texts[FACTS_RR_MAX])
{
    size_t count = MIN_OF(txt->count, (size_t)FACTS_RR_MAX);

    for (size_t i = 0; i < count; i++)
        ret_texts[i] = txt->rrs[i].text;
    return count;
}

#define WORDS(table)                                                           \
    {                                                                          \
        .items = (table), .count = ELEMENTS(table)                             \
    }

/* clang-format off */
static const struct fact_word lookup_table[] = {
    [LOOKUP_NOT_ASKED] = {"not-asked", "not looked up"},
    [LOOKUP_OK] = {"ok", "there are records"},
    [LOOKUP_NODATA] = {"nodata", "no such record"},
    [LOOKUP_NXDOMAIN] = {"nxdomain", "no such name"},
    [LOOKUP_SERVFAIL] = {"servfail",
        "the name servers could not say (SERVFAIL)"},
    [LOOKUP_BOGUS] = {"bogus",
        "DNSSEC says that the answer is forged or its signatures are broken"},
    [LOOKUP_TIMEOUT] = {"timeout", "no answer in time"},
    [LOOKUP_REFUSED] = {"refused", "the name servers refused to answer"},
    [LOOKUP_MALFORMED] = {"malformed", "the answer was no DNS message"},
    [LOOKUP_FAILED] = {"failed", "the resolver could not ask"},
    [LOOKUP_TOO_MANY] = {"too-many",
        "there are more records than are looked at"},
};

static const struct fact_word dnssec_table[] = {
    [DNSSEC_UNCHECKED] = {"unchecked", "not validated by DNSSEC"},
    [DNSSEC_INSECURE] = {"insecure", "not signed by DNSSEC"},
    [DNSSEC_SECURE] = {"secure", "signed by DNSSEC"},
    [DNSSEC_BOGUS] = {"bogus", "refused by DNSSEC"},
};

static const struct fact_word address_class_table[] = {
    [ADDRESS_GLOBAL] = {"global", NULL},
    [ADDRESS_PRIVATE] = {"private", NULL},
};

static const struct fact_word verify_table[] = {
    [VERIFY_NOT_DONE] = {"not-done", "the certificate was not looked at"},
    [VERIFY_OK] = {"ok", "the certificate is valid"},
    [VERIFY_EXPIRED] = {"expired", "the certificate has expired"},
    [VERIFY_NOT_YET_VALID] = {"not-yet-valid",
        "the certificate is not valid yet"},
    [VERIFY_SELF_SIGNED] = {"self-signed",
        "the certificate is signed by itself"},
    [VERIFY_UNTRUSTED_ROOT] = {"untrusted-root",
        "the certificate comes from an authority that is not trusted"},
    [VERIFY_INCOMPLETE_CHAIN] = {"incomplete-chain",
        "the server does not send the intermediate certificate"},
    [VERIFY_HOST_MISMATCH] = {"host-mismatch",
        "the certificate is for other names"},
    [VERIFY_WEAK] = {"weak", "the key or signature is too weak"},
    [VERIFY_REVOKED] = {"revoked", "the certificate is revoked"},
    [VERIFY_OTHER] = {"other", "the certificate is not valid"},
};

static const struct fact_word fetch_table[] = {
    [FETCH_NOT_DONE] = {"not-done", "not fetched"},
    [FETCH_OK] = {"ok", "fetched"},
    [FETCH_NO_ADDRESS] = {"no-address", "the host has no address"},
    [FETCH_ADDRESS_REFUSED] = {"address-refused",
        "the host has only addresses of private networks"},
    [FETCH_CONNECT_REFUSED] = {"connect-refused",
        "the connection was refused"},
    [FETCH_CONNECT_TIMEOUT] = {"connect-timeout",
        "no connection within the time allowed"},
    [FETCH_CONNECT_FAILED] = {"connect-failed",
        "the connection could not be made"},
    [FETCH_TLS_VERSION] = {"tls-version",
        "the server offers nothing of TLS 1.2 or above"},
    [FETCH_TLS_FAILED] = {"tls-failed", "the TLS handshake failed"},
    [FETCH_CERTIFICATE] = {"certificate",
        "the server's certificate is not valid for the host"},
    [FETCH_TIMEOUT] = {"timeout", "the answer was not complete in time"},
    [FETCH_REDIRECT] = {"redirect",
        "the server redirects, which senders must not follow"},
    [FETCH_STATUS] = {"status", "the HTTP status is not 200"},
    [FETCH_CONTENT_TYPE] = {"content-type",
        "the content type is not text/plain"},
    [FETCH_TOO_LARGE] = {"too-large", "the body is larger than 64 KiB"},
    [FETCH_TRUNCATED] = {"truncated", "the answer was cut off"},
    [FETCH_PROTOCOL] = {"protocol", "the answer was not proper HTTP"},
    [FETCH_FAILED] = {"failed", "the client could not ask"},
};

static const struct fact_word smtp_table[] = {
    [SMTP_NOT_DONE] = {"not-done", "not tested"},
    [SMTP_OK] = {"ok", "the TLS session was set up"},
    [SMTP_ADDRESS_REFUSED] = {"address-refused",
        "the address belongs to a private network"},
    [SMTP_CONNECT_REFUSED] = {"connect-refused",
        "the connection was refused"},
    [SMTP_CONNECT_TIMEOUT] = {"connect-timeout",
        "no connection within the time allowed"},
    [SMTP_CONNECT_FAILED] = {"connect-failed",
        "the connection could not be made"},
    [SMTP_TIMEOUT] = {"timeout", "the server stopped answering"},
    [SMTP_CLOSED] = {"closed", "the server hung up before TLS"},
    [SMTP_PROTOCOL] = {"protocol", "the server did not speak proper SMTP"},
    [SMTP_GREETING_REFUSED] = {"greeting-refused",
        "the server refused to talk"},
    [SMTP_NO_STARTTLS] = {"no-starttls", "the server does not offer STARTTLS"},
    [SMTP_STARTTLS_TEMPORARY] = {"starttls-temporary",
        "the server refused STARTTLS for the moment"},
    [SMTP_STARTTLS_REFUSED] = {"starttls-refused",
        "the server refused STARTTLS"},
    [SMTP_TLS_VERSION] = {"tls-version",
        "the server offers nothing of TLS 1.2 or above"},
    [SMTP_TLS_FAILED] = {"tls-failed", "the TLS handshake failed"},
};

static const struct fact_word answer_table[] = {
    [TEST_NOT_DONE] = {"not-done", "not tested"},
    [TEST_NO] = {"no", "no"},
    [TEST_YES] = {"yes", "yes"},
    [TEST_UNKNOWN] = {"unknown", "could not tell"},
};

static const struct fact_word dane_table[] = {
    [MTASTS_DANE_NONE] = {"none", NULL},
    [MTASTS_DANE_PASS] = {"pass", NULL},
    [MTASTS_DANE_FAIL] = {"fail", NULL},
    [MTASTS_DANE_UNUSABLE] = {"unusable", NULL},
    [MTASTS_DANE_LOOKUP_FAILED] = {"lookup-failed", NULL},
};
/* clang-format on */

const struct fact_words lookup_words = WORDS(lookup_table);
const struct fact_words dnssec_words = WORDS(dnssec_table);
const struct fact_words address_class_words = WORDS(address_class_table);
const struct fact_words verify_words = WORDS(verify_table);
const struct fact_words fetch_words = WORDS(fetch_table);
const struct fact_words smtp_words = WORDS(smtp_table);
const struct fact_words answer_words = WORDS(answer_table);
const struct fact_words dane_words = WORDS(dane_table);

static const struct fact_word *word_of(const struct fact_words *words,
                                       unsigned value)
{
    static const struct fact_word unknown = {"unknown", "not known"};
    return value < words->count ? &words->items[value] : &unknown;
}

const char *lookup_status_name(enum lookup_status status)
{
    return word_of(&lookup_words, status)->name;
}

const char *lookup_status_text(enum lookup_status status)
{
    return word_of(&lookup_words, status)->text;
}

const char *dnssec_status_name(enum dnssec_status status)
{
    return word_of(&dnssec_words, status)->name;
}

const char *dnssec_status_text(enum dnssec_status status)
{
    return word_of(&dnssec_words, status)->text;
}

const char *verify_status_name(enum verify_status status)
{
    return word_of(&verify_words, status)->name;
}

const char *verify_status_text(enum verify_status status)
{
    return word_of(&verify_words, status)->text;
}

const char *fetch_status_name(enum fetch_status status)
{
    return word_of(&fetch_words, status)->name;
}

const char *fetch_status_text(enum fetch_status status)
{
    return word_of(&fetch_words, status)->text;
}

const char *smtp_status_name(enum smtp_status status)
{
    return word_of(&smtp_words, status)->name;
}

const char *smtp_status_text(enum smtp_status status)
{
    return word_of(&smtp_words, status)->text;
}

const char *test_result_name(enum test_result result)
{
    return word_of(&answer_words, result)->name;
}

enum mtasts_result fetch_status_result(enum fetch_status status)
{
    switch (status) {
    case FETCH_OK: return MTASTS_RESULT_SUCCESS;
    case FETCH_CERTIFICATE: return MTASTS_RESULT_STS_WEBPKI_INVALID;
    default: return MTASTS_RESULT_STS_POLICY_FETCH_ERROR;
    }
}

bool lookup_unknown(enum lookup_status status)
{
    switch (status) {
    case LOOKUP_NOT_ASKED:
    case LOOKUP_OK:
    case LOOKUP_NODATA:
    case LOOKUP_NXDOMAIN: return false;
    default: return true;
    }
}
