/*
 * policy_answer: what the engine says of a domain.
 */
#ifndef MTASTS_ENGINE_POLICY_ANSWER_H
#define MTASTS_ENGINE_POLICY_ANSWER_H

#include "engine/held_policy.h"
#include "engine/mx_set.h"
#include <mtasts/delivery.h>

enum ask_wants {
    ASK_HOSTS = 1, /* the MX hosts, for a policy in enforce mode */
};

enum answer_kind {
    ANSWER_NONE,   /* MTA-STS demands nothing: the MTA's own level */
    ANSWER_POLICY, /* `held` applies; its mode is testing or enforce */
    ANSWER_DEFER,  /* could not be told, and a setting says to wait */
    ANSWER_KINDS,
};

enum answer_source {
    SOURCE_CACHE,     /* known */
    SOURCE_DISCOVERY, /* found out while the asker waited */
    SOURCE_DEADLINE,  /* not found out in the time that an asker waits */
    SOURCE_OVERRIDE,  /* by the site's own rule */
    SOURCE_LIMIT,     /* too much at once to find it out */
    ANSWER_SOURCES,
};

/* Good until the engine is called again. */
struct policy_answer {
    enum answer_kind kind;
    enum answer_source source;
    enum mtasts_mode mode; /* the one to act on: an override may be stricter
                              than held->policy */
    const struct held_policy *held; /* NULL: none is in force. In mode none
                                       given as well, with ANSWER_NONE */
    const struct mx_set *mx;        /* NULL: not asked for, or not known */
    bool dane;                      /* DANE applies, and goes first */
    enum mtasts_result failure;     /* the last fetch; SUCCESS: no failure */
    const char *why;                /* of the failure or the override; "" */
    uint32_t ttl_s; /* how long this is good for, unless things change */
};

#endif
