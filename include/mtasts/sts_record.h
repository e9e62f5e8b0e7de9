/*
 * The `_mta-sts` TXT RRset (RFC 8461 section 3.1).
 */
#ifndef MTASTS_STS_RECORD_H
#define MTASTS_STS_RECORD_H

#include <mtasts/fault.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define MTASTS_ID_MAX 32 /* octets of an id */

enum mtasts_verdict {
    MTASTS_VERDICT_NONE,     /* no record begins with the version */
    MTASTS_VERDICT_VALID,    /* exactly one, well formed */
    MTASTS_VERDICT_INVALID,  /* exactly one, malformed: same as no policy */
    MTASTS_VERDICT_MULTIPLE, /* more than one: same as no policy */
};

enum mtasts_parse_flags {
    MTASTS_TOLERANT = 1, /* accept what MTASTS_QUIRK faults name */
};

struct mtasts_sts_record {
    enum mtasts_verdict verdict;
    char id[MTASTS_ID_MAX + 1]; /* terminated; "" unless valid */
    size_t rr;                  /* which RR counted, if valid or invalid */
};

/*
 * Joins the character-strings of one TXT RR's RDATA (length octet, octets,
 * ...) with nothing between them. `ret_len` is the joined length.
 * Errors: -MTASTS_ESYNTAX (a string runs past the RDATA),
 * -MTASTS_ETOOLONG (`size` is too small; `rdata_len` octets always do).
 */
int mtasts_txt_join(const unsigned char *rdata, size_t rdata_len, char *buf,
                    size_t size, size_t *ret_len);

/*
 * Judges the RRset: `rrs` are the TXT RRs, each already joined; any octets.
 * RRs that do not begin with "v=STSv1;" are dropped when several came back,
 * the rest counted, the one left parsed. By the letter of the RFC senders
 * use the strict reading (flags 0); MTASTS_TOLERANT is for tools.
 * `faults` may be NULL. No allocation. Errors: -MTASTS_EINVAL.
 */
int mtasts_sts_record_parse(const struct mtasts_bytes *rrs, size_t count,
                            unsigned flags, struct mtasts_faults *faults,
                            struct mtasts_sts_record *ret_record);

/* "none", "valid", "invalid", "multiple". */
const char *mtasts_verdict_name(enum mtasts_verdict verdict);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
