/*
 * The `_smtp._tls` TXT RRset (RFC 8460 section 3).
 */
#ifndef MTASTS_TLSRPT_RECORD_H
#define MTASTS_TLSRPT_RECORD_H

#include <mtasts/fault.h>
#include <mtasts/sts_record.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct mtasts_tlsrpt_record {
    enum mtasts_verdict verdict;
    size_t rua_count;     /* usable URIs found; may be more than `rua_max` */
    size_t ignored_count; /* URIs that nothing can be sent to */
    size_t rr;            /* which RR counted, if valid or invalid */
};

/*
 * Judges the RRset as mtasts_sts_record_parse() does, with the version
 * "v=TLSRPTv1;". Usable URIs are written to `rua` in order, verbatim, as
 * slices of `rrs`; several rua fields add up. A usable mailto URI has exactly
 * one address and, decoded, no control character; a usable https URI has a
 * host, a port from 1 to 65535 if it has one, and no credentials.
 * `rua` may be NULL if `rua_max` is 0. No allocation.
 * Errors: -MTASTS_EINVAL.
 */
int mtasts_tlsrpt_record_parse(const struct mtasts_bytes *rrs, size_t count,
                               unsigned flags, struct mtasts_faults *faults,
                               struct mtasts_bytes *rua, size_t rua_max,
                               struct mtasts_tlsrpt_record *ret_record);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
