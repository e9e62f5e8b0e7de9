/*
 * libmtasts: MTA-STS (RFC 8461) and TLSRPT records (RFC 8460) as pure
 * functions: bytes in, values out. No I/O, no clock, no state: every
 * function may be called from any thread. See libmtasts(3).
 */
#ifndef MTASTS_MTASTS_H
#define MTASTS_MTASTS_H

#include <mtasts/delivery.h>
#include <mtasts/error.h>
#include <mtasts/fault.h>
#include <mtasts/mx_match.h>
#include <mtasts/name.h>
#include <mtasts/sts_policy.h>
#include <mtasts/sts_record.h>
#include <mtasts/tlsrpt_record.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* The version of the library at run time, e.g. "0.1.0". */
const char *mtasts_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
