/*
 * mx_tally: the MX hosts counted, as senders with MTA-STS and with DANE find
 * them.
 */
#ifndef MTASTS_CHECK_MX_TALLY_H
#define MTASTS_CHECK_MX_TALLY_H

#include "check/judge.h"

struct mx_tally {
    struct judge *judge;
    size_t total;
    size_t matching;
    size_t passing;   /* covered, and valid over SMTP */
    size_t failing;   /* not covered, or not valid */
    size_t untested;  /* covered, but SMTP told nothing */
    size_t bogus;     /* TLSA records, or all addresses, do not validate */
    size_t dane;      /* secure usable TLSA records */
    size_t dane_pass; /* and they match, and the MX records are secure too */
    size_t dane_fail;
    size_t dane_untold; /* whether senders use DANE could not be told */
};

/* All zero but for the judge where the domain takes no mail. */
struct mx_tally mx_tally_of(struct judge *judge);

/* RFC 7672 section 2.2.1: forged MX records lead past any TLSA record. */
bool mx_is_secure(const struct judge *judge);

/* DANE may protect, for all that is known: no host is without it. */
bool mx_dane_is_untold(const struct mx_tally *tally);

#endif
