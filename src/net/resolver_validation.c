/*
 * resolver_validation: when validation is given up, and when it comes back.
 * See resolver_validation.h.
 *
 * A probe asks for `. DNSKEY`, so who wants validation gone would strip just
 * that. Secure answers that come from the network meanwhile say that DNSSEC
 * does come through, and end a row of probes that found otherwise.
 */
#include "net/resolver_validation.h"

#include "base/cleanup.h"

void validation_init(struct validation *validation, uint32_t probe_ms,
                     uint64_t now)
{
    *validation = (struct validation){
        .probe_ms = probe_ms,
        .probed = now,
        .action = {.validate = true, .probe_at = now},
    };
}

static uint64_t wait_of(const struct validation *validation, uint32_t ms)
{
    return MIN_OF(ms, validation->probe_ms);
}

/* Whether the row of probes that found stripping is long enough. */
static bool has_lasted(const struct validation *validation, uint64_t now)
{
    uint64_t every = wait_of(validation, VALIDATION_STRIPS_EVERY_MS);

    return validation->strips >= VALIDATION_STRIPS &&
           now - validation->strips_from >= every * (VALIDATION_STRIPS - 1);
}

static void probe_dnssec(struct validation *validation, uint64_t now)
{
    validation->proven = true;
    validation->strips = 0;
    validation->action.validate = true;
    validation->action.probe_at = now + validation->probe_ms;
}

static void probe_strips(struct validation *validation, uint64_t now)
{
    struct validation_action *action = &validation->action;
    uint32_t wait = VALIDATION_STRIPS_EVERY_MS;

    if (validation->strips++ == 0)
        validation->strips_from = now;
    if (!validation->proven || has_lasted(validation, now))
        action->validate = false;
    if (!action->validate)
        wait = VALIDATION_OFF_MS;
    action->probe_at = now + wait_of(validation, wait);
}

/* Nothing is learnt from it, but that the row is broken. */
static void probe_unclear(struct validation *validation, uint64_t now)
{
    validation->strips = 0;
    validation->action.probe_at =
        now + wait_of(validation, VALIDATION_UNCLEAR_MS);
}

static void answer_secure(struct validation *validation)
{
    validation->proven = true;
    validation->strips = 0;
}

/* The forwarder may have begun to strip: probes sooner than planned. */
static void answer_bogus(struct validation *validation, uint64_t now)
{
    uint64_t *probe_at = &validation->action.probe_at;
    uint64_t soon = validation->probed +
                    MIN_OF(VALIDATION_BOGUS_MS, validation->probe_ms / 2);

    *probe_at = MIN_OF(*probe_at, MAX_OF(now, soon));
}

struct validation_action validation_step(struct validation *validation,
                                         enum validation_event event,
                                         uint64_t now)
{
    switch (event) {
    case VALIDATION_PROBE_DNSSEC: probe_dnssec(validation, now); break;
    case VALIDATION_PROBE_STRIPS: probe_strips(validation, now); break;
    case VALIDATION_PROBE_UNCLEAR: probe_unclear(validation, now); break;
    case VALIDATION_ANSWER_SECURE: answer_secure(validation); break;
    case VALIDATION_ANSWER_BOGUS: answer_bogus(validation, now); break;
    }
    if (event <= VALIDATION_PROBE_UNCLEAR)
        validation->probed = now;
    return validation->action;
}
