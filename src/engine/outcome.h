/*
 * outcome: what the world said to a question of the policy engine.
 *
 * Plain values: whoever asks the world (a daemon, through net) fills them in,
 * and they are good for the length of the call that hands them over.
 */
#ifndef MTASTS_ENGINE_OUTCOME_H
#define MTASTS_ENGINE_OUTCOME_H

#include <mtasts/delivery.h>
#include <mtasts/name.h>
#include <mtasts/sts_record.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The TXT RRset of `_mta-sts` (RFC 8461 section 3.1). */
enum txt_status {
    TXT_VALID,    /* one record, well-formed */
    TXT_NONE,     /* none: no such name, no data, or nothing of MTA-STS */
    TXT_INVALID,  /* one record, malformed */
    TXT_MULTIPLE, /* more than one */
    TXT_FAILED,   /* could not tell: SERVFAIL, timeout, bogus, ... */
};

struct txt_outcome {
    enum txt_status status;
    const char *id;  /* "" unless VALID; at most MTASTS_ID_MAX octets */
    uint32_t ttl;    /* seconds, of the records or of the denial */
    const char *why; /* a sentence for people; NULL if all is well */
};

/* The policy over HTTPS (RFC 8461 section 3.3). */
struct fetch_outcome {
    /* SUCCESS: `body` was served properly, which does not say that it is a
       policy; else STS_POLICY_FETCH_ERROR, STS_WEBPKI_INVALID or, for a
       wrong media type and the like, STS_POLICY_INVALID. */
    enum mtasts_result result;
    const char *body;
    size_t len;
    const char *why; /* a sentence for people; NULL if all is well */
    bool unasked;    /* this machine could not ask, for want of descriptors
                        or the like: that says nothing of the domain */
};

enum mx_status {
    MX_OK,     /* hosts are given; an implicit MX is given as such a host */
    MX_NULL,   /* "MX 0 .": takes no mail (RFC 7505) */
    MX_NONE,   /* no such domain, or nothing to send mail to */
    MX_FAILED, /* could not tell */
};

/* What DANE says of the whole set of MX hosts (RFC 7672). */
enum mx_dane {
    MX_DANE_UNASKED,
    MX_DANE_NONE,   /* no MX host has secure TLSA records that can be used */
    MX_DANE_USABLE, /* at least one has */
    MX_DANE_FAILED, /* a TLSA look-up failed under secure addresses */
};

struct mx_outcome {
    enum mx_status status;
    enum mx_dane dane;
    const char *const *hosts; /* canonical names, in order of preference */
    size_t count;
    uint32_t ttl; /* seconds: the shortest of what was looked up */
    const char *why;
};

#endif
