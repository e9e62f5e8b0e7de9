/*
 * suggest: records and policies ready to paste, made from the facts.
 *
 * A policy, an MTA-STS record and a TLSRPT record are given once for a
 * domain, each with the first finding that needs it: nothing afterwards, and
 * where the facts do not say enough.
 */
#ifndef MTASTS_CHECK_SUGGEST_H
#define MTASTS_CHECK_SUGGEST_H

#include "check/judge.h"

/* The least max_age that is suggested, in seconds: short for no rule. */
#define SUGGEST_AGE_ENFORCE 1209600u /* two weeks */
#define SUGGEST_AGE_TESTING 86400u   /* a day: errors are soon forgotten */

/*
 * `_mta-sts.example.com. 3600 IN TXT "v=STSv1; id=20260131140509;"`, under
 * the name that an alias leads to if the record is there.
 */
struct fix suggest_sts_record(struct judge *judge);

/*
 * `_smtp._tls.example.com. 3600 IN TXT "v=TLSRPTv1; rua=mailto:..."`, with
 * all addresses of the records seen that can be used, or be mended; a
 * placeholder at another domain only where there is none.
 */
struct fix suggest_tlsrpt_record(struct judge *judge);

/*
 * The whole policy, corrected: the mode that it has, else testing; its
 * patterns without what no MX matches while some MX is left out, and the MX
 * hosts that it lacks; a max_age that no rule finds short. Of a policy that
 * cannot be used as a whole the lines that can be read are kept; what is no
 * host name is never repeated. Lines end by LF. Then the record with a new
 * id, whether it was given before or not: offline, where no domain is known,
 * there is none.
 */
struct fix suggest_policy(struct judge *judge);

/* `_25._tcp.mx.example.com. 3600 IN TLSA 3 1 1 ...` of the leaf seen, or
   NULL if its key's digest is not known, or the records are those of another
   name, which may have another certificate. */
const char *suggest_tlsa(struct judge *judge, const struct fact_mx *mx,
                         const struct fact_tls *tls);

#endif
