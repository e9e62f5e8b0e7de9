/*
 * policy_settings: what a site may decide about the policy engine.
 *
 * Each has a safe default: see policy_settings_init().
 */
#ifndef MTASTS_ENGINE_POLICY_SETTINGS_H
#define MTASTS_ENGINE_POLICY_SETTINGS_H

#include "engine/domain_hash.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What to do where something could not be told. */
enum on_failure {
    ON_FAILURE_PROCEED, /* as far as what is known allows */
    ON_FAILURE_DEFER,   /* the message has to wait */
};

enum dane_use {
    DANE_OFF,
    DANE_ENFORCED, /* asked for domains with a policy in enforce mode */
    DANE_ALL,      /* asked for all domains */
};

struct policy_settings {
    uint64_t ask_ms;          /* an asker waits at most so long: 10 s */
    uint64_t discovery_ms;    /* a discovery may take so long: 60 s */
    uint64_t slow_ms;         /* a failure that took longer is not waited for
                                 again: 2 s */
    uint32_t refresh_s;       /* a policy is fetched anew so often: a day */
    uint32_t retry_s;         /* after a failed fetch, for the same id: 300 */
    uint32_t retry_max_s;     /* refreshes back off up to this: 3600 */
    uint32_t warn_s;          /* a refresh failing for so long is told: a day */
    uint32_t txt_min_s;       /* bounds for the TTL of the TXT record: 60 */
    uint32_t txt_max_s;       /* and 86400 */
    uint32_t none_min_s;      /* bounds for the TTL of there being none: 60 */
    uint32_t none_max_s;      /* and 3600 */
    uint32_t failed_s;        /* how long a failed look-up is remembered: 60 */
    size_t entries_max;       /* domains known at most: 1,100,000 */
    size_t bytes_max;         /* octets for them at most: 1 GiB */
    unsigned discoveries_max; /* at once: 1000 */
    unsigned refreshes_max;   /* of those, not asked for by anybody: 50 */
    bool strict;              /* the RFC's grammar to the letter */
    enum on_failure txt_failure;  /* nothing cached, TXT could not be told */
    enum on_failure mx_failure;   /* MX could not be told: PROCEED with the
                                     policy's patterns */
    enum on_failure tlsa_failure; /* TLSA could not be told under secure
                                     addresses: PROCEED as if there were */
    enum on_failure mx_uncovered; /* some MX hosts are not in an enforce
                                     policy: PROCEED with the others */
    enum dane_use dane;
    bool always_hosts; /* MX hosts are always looked up for a policy in
                          enforce mode, so that what no longer matches is
                          told */
    uint8_t seed[DOMAIN_HASH_SEED]; /* random: of hashes and jitter */
};

/* The defaults that the comments above name; the seed is zero. */
void policy_settings_init(struct policy_settings *settings);

#endif
