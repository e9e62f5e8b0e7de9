/*
 * dns_message: DNS messages off the wire (RFC 1035 section 4) and back.
 *
 * Reads the answer to one question: walks the chain of CNAMEs and DNAMEs
 * (RFC 6672) from the question's name and takes the records of the asked
 * type at its end. Never follows a compression pointer forward, nor more
 * octets than a name may have. Pure: no sockets, no clock.
 */
#ifndef MTASTS_NET_DNS_MESSAGE_H
#define MTASTS_NET_DNS_MESSAGE_H

#include "check/facts.h"
#include "net/dns_name.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_MESSAGE_MAX 65535u    /* octets of a message (RFC 1035 4.2.2) */
#define DNS_POINTERS_MAX 127u     /* in one name: as many as it has labels */
#define DNS_SECTION_RRS_MAX 2048u /* RRs looked at in one section */
#define DNS_QUERY_MAX 512u        /* octets of a query with EDNS */
#define DNS_EDE_TEXT_MAX 256u     /* octets kept of an extended error */

enum rr_type {
    RR_A = 1,
    RR_NS = 2,
    RR_CNAME = 5,
    RR_SOA = 6,
    RR_MX = 15,
    RR_TXT = 16,
    RR_AAAA = 28,
    RR_DNAME = 39,
    RR_OPT = 41,
    RR_RRSIG = 46,
    RR_DNSKEY = 48,
    RR_TLSA = 52,
};

/* RCODEs that are told apart (RFC 1035, RFC 2136). */
enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
};

/* One RR of the asked type at the end of the chain. */
struct dns_rr {
    const uint8_t *rdata; /* names in it are not compressed */
    size_t len;
};

struct dns_message {
    uint16_t id;
    unsigned rcode; /* with EDNS's upper bits */
    bool truncated;
    struct dns_name question;
    uint16_t type;

    struct dns_name owner; /* where the chain ended */
    unsigned cnames;       /* aliases on the way */
    bool loop;             /* the chain came back to itself */
    uint32_t ttl; /* seconds: the least of the chain and the records; if
                     there are none, of the denial (RFC 2308) */
    bool rrsig;   /* a signature over the asked type at the chain's end */
    struct dns_rr rrs[FACTS_RR_MAX]; /* into the packet, or `names` */
    size_t count;                    /* in `rrs`, the same record not twice */
    size_t omitted;                  /* more than FACTS_RR_MAX */

    int ede; /* extended error (RFC 8914), -1: none */
    char ede_text[DNS_EDE_TEXT_MAX + 1]; /* printable; "" if none */

    /* Uncompressed rdata of RR types that hold names. */
    uint8_t names[FACTS_RR_MAX][2 + DNS_NAME_WIRE_MAX];
};

/*
 * Reads the answer in `packet`, which must outlive the use of `message`.
 * -MTASTS_ESYNTAX: not a DNS answer to one question, or its records are
 * broken; `message` then holds nothing of use. More than `chain_max`
 * aliases: `cnames` is chain_max + 1, and no RRs.
 */
int dns_message_read(const uint8_t *packet, size_t len, unsigned chain_max,
                     struct dns_message *message);

/*
 * A query with RD and EDNS (DO, 1232 octets) for class IN; with CD, which
 * asks for data that fails validation too, if `checking_disabled`. Returns
 * its length, or -MTASTS_ENAME.
 */
int dns_message_query(uint16_t id, const char *name, enum rr_type type,
                      bool checking_disabled, uint8_t ret_query[DNS_QUERY_MAX]);

/*
 * Takes the name at the start of `rdata` from `offset` (rdata as in a
 * dns_rr: not compressed), for MX and NS. -MTASTS_ESYNTAX.
 */
int dns_rdata_name(const struct dns_rr *rr, size_t offset,
                   struct dns_name *ret_name);

#endif
