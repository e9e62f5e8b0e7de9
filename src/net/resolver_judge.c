/*
 * resolver_judge: libunbound's outcome as one of ours. It gives a packet
 * where there is one, whatever its RCODE, and marks what failed validation.
 * Without the root's keys it marks everything so, which tells nothing.
 */
#include "net/resolving.h"

static enum lookup_status rcode_status(unsigned rcode)
{
    switch (rcode) {
    case DNS_NOERROR: return LOOKUP_OK;
    case DNS_NXDOMAIN: return LOOKUP_NXDOMAIN;
    case DNS_SERVFAIL: return LOOKUP_SERVFAIL;
    default: return LOOKUP_REFUSED;
    }
}

/* Whether the message answers what was asked. */
static bool matches(const struct resolver_query *query,
                    const struct dns_message *message)
{
    struct dns_name name;

    return dns_name_parse(query->name, &name) == 0 &&
           dns_name_equal(&name, &message->question) &&
           message->type == query->type;
}

static void judge_message(const struct resolver_query *query,
                          const struct dns_message *message,
                          struct dns_answer *answer)
{
    answer->ttl = message->ttl;
    answer->cnames = message->cnames;
    answer->status = rcode_status(message->rcode);
    if (query->validated)
        answer->dnssec =
            query->secure == SECURE_YES ? DNSSEC_SECURE : DNSSEC_INSECURE;
    if (message->loop || message->cnames > RESOLVER_CNAME_MAX) {
        answer->status = LOOKUP_SERVFAIL;
        answer->why =
            message->loop ? "the aliases lead in a circle" : "too many aliases";
    } else if (answer->status == LOOKUP_OK) {
        answer->status = message->count ? LOOKUP_OK : LOOKUP_NODATA;
        answer->rrs = message->rrs;
        answer->count = message->count;
        answer->omitted = message->omitted;
    }
}

void resolver_judge(const struct resolver_query *query,
                    struct dns_message *message,
                    char canonical[DNS_NAME_TEXT_MAX + 1],
                    struct dns_answer *answer)
{
    *answer = (struct dns_answer){.canonical = "", .why = query->why};
    if (query->diagnosed != LOOKUP_NOT_ASKED) {
        answer->status = query->diagnosed;
    } else if (query->rcode < 0) {
        answer->status = LOOKUP_FAILED;
    } else if (query->rcode != DNS_NOERROR) {
        answer->status = rcode_status((unsigned)query->rcode);
    } else if (query->secure == SECURE_BOGUS && query->unproven) {
        answer->status = LOOKUP_SERVFAIL;
    } else if (query->secure == SECURE_BOGUS) {
        answer->status = LOOKUP_BOGUS;
        answer->dnssec = DNSSEC_BOGUS;
    } else if (dns_message_read(query->packet, query->packet_len,
                                RESOLVER_CNAME_MAX, message) < 0 ||
               !matches(query, message)) {
        answer->status = LOOKUP_MALFORMED;
    } else {
        judge_message(query, message, answer);
        if (message->cnames) {
            dns_name_text(&message->owner, canonical);
            answer->canonical = canonical;
        }
    }
}
