/*
 * certificate: what one X.509 certificate says, as facts.
 */
#ifndef MTASTS_NET_CERTIFICATE_H
#define MTASTS_NET_CERTIFICATE_H

#include "check/facts.h"
#include <openssl/x509.h>

/* All strings are printable ASCII, in `arena`. 0 or -MTASTS_ENOMEM. */
int certificate_facts(struct arena *arena, X509 *certificate,
                      struct fact_certificate *ret_fact);

#endif
