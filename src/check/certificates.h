/*
 * certificates: what is wrong with a chain, in words, and how long it lasts.
 */
#ifndef MTASTS_CHECK_CERTIFICATES_H
#define MTASTS_CHECK_CERTIFICATES_H

#include "check/check.h"

/* The leaf; NULL if no chain was seen. */
const struct fact_certificate *certificate_leaf(const struct fact_tls *tls);

/*
 * Why verification failed: "the certificate expired on 2026-01-31 14:05
 * UTC", "the certificate is for www.example.com, not for mx.example.com".
 */
const char *certificate_fault(struct arena *arena, const struct fact_tls *tls,
                              const char *host);

/*
 * How near the end is: a warning under a quarter of the lifetime (at most 14
 * days), an error under a tenth (at most 3 days), else SEVERITY_OK; so too
 * once it has expired, which is verification's to say.
 */
enum severity certificate_expiring(const struct fact_certificate *leaf,
                                   int64_t now);

/* "the certificate expires in 36 hours, on 2026-01-31 14:05 UTC". */
const char *certificate_expiring_text(struct arena *arena,
                                      const struct fact_certificate *leaf,
                                      int64_t now);

/* "an RSA key of 1024 bits", "a SHA-1 signature"; NULL: nothing is weak. */
const char *certificate_weakness(struct arena *arena,
                                 const struct fact_tls *tls);

/* Sent in another order than each certificate followed by its issuer. */
bool certificate_misordered(const struct fact_tls *tls);

#endif
