/*
 * resolver_validation: whether a resolver validates, and when it probes its
 * forwarders again for whether DNSSEC comes through.
 *
 * Events and the time in, what to do out: no sockets, no clock. At the start
 * one probe decides, and a forwarder that strips DNSSEC is lived with at
 * once. Once a signature has come through in this process, its absence is
 * taken for an attack or a hiccup: answers stay validated, and so bogus,
 * until VALIDATION_STRIPS probes in a row over VALIDATION_STRIPS_MS have
 * found nothing but stripping. Whatever came before, one good probe brings
 * validation back. Why so, and what it leaves open: docs/adr/0008.
 */
#ifndef MTASTS_NET_RESOLVER_VALIDATION_H
#define MTASTS_NET_RESOLVER_VALIDATION_H

#include <stdbool.h>
#include <stdint.h>

/* How many probes in a row, and over how long at least, take validation away
   from who had it. */
#define VALIDATION_STRIPS 5u
#define VALIDATION_STRIPS_MS 60000u

/* From the end of a probe to the next. No wait is longer than the resolver's
   own `probe_ms`, which is how tests shorten them all. */
#define VALIDATION_STRIPS_EVERY_MS                                             \
    (VALIDATION_STRIPS_MS / (VALIDATION_STRIPS - 1)) /* in such a row */
#define VALIDATION_UNCLEAR_MS 10000u /* after one that told nothing */
#define VALIDATION_OFF_MS 20000u     /* while nothing is validated */
#define VALIDATION_BOGUS_MS                                                    \
    30000u /* after bogus answers; at most half of                             \
             `probe_ms` */

enum validation_event {
    /* what a probe of the forwarders found */
    VALIDATION_PROBE_DNSSEC,  /* signatures come through */
    VALIDATION_PROBE_STRIPS,  /* answers, but no signatures */
    VALIDATION_PROBE_UNCLEAR, /* could not tell */
    /* what an answer was that came from the network, not from the cache */
    VALIDATION_ANSWER_SECURE,
    VALIDATION_ANSWER_BOGUS,
};

struct validation_action {
    bool validate;
    uint64_t probe_at; /* when to probe next, on the clock of `now` */
};

struct validation {
    uint32_t probe_ms;
    bool proven;          /* a signature has come through in this process */
    unsigned strips;      /* probes in a row that found stripping */
    uint64_t strips_from; /* when the first of them ended */
    uint64_t probed;      /* when the last probe ended */
    struct validation_action action; /* as of the last event */
};

/* Begins validating, with a probe at once. `probe_ms`: how often to probe
   while all is well. `now`, here and below, is in milliseconds. */
void validation_init(struct validation *validation, uint32_t probe_ms,
                     uint64_t now);

/* `now` is never less than at the event before. */
struct validation_action validation_step(struct validation *validation,
                                         enum validation_event event,
                                         uint64_t now);

#endif
