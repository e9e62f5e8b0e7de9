/*
 * resolver_probe: keeps the libunbound context the way resolver_validation
 * wants it, and tells that what it finds.
 *
 * A context validates or does not; so where that changes, another one takes
 * its place. What has no answer yet is asked again there. What has been
 * answered is handed on as it is: a bogus answer stays one.
 */
#include "net/resolving.h"

#include <unbound-event.h>

/* What people should know: nothing while DNSSEC comes through. */
static void write_note(struct resolver *resolver)
{
    const struct validation *validation = &resolver->validation;
    char names[FORWARDERS_NAMES_MAX];
    const char *s = resolver->settings.forwarders.count == 1 ? "s" : "";
    char *note = resolver->note;

    forwarders_names(&resolver->settings.forwarders, names);
    if (!resolver->trust_anchor)
        snprintf(note, RESOLVER_TEXT_MAX,
                 "no DNSSEC trust anchor in " RESOLVER_TRUST_ANCHOR
                 ": answers are not validated");
    else if (!resolver->validates)
        snprintf(note, RESOLVER_TEXT_MAX,
                 "%s strip%s DNSSEC: answers are not validated", names, s);
    else if (validation->strips > 0)
        snprintf(note, RESOLVER_TEXT_MAX,
                 "%s strip%s DNSSEC of late: answers are bogus for now", names,
                 s);
    else if (resolver->state == FORWARDER_UNCLEAR && !validation->proven)
        snprintf(note, RESOLVER_TEXT_MAX,
                 "whether %s let%s DNSSEC through could not be told: answers "
                 "are validated",
                 names, s);
    else
        *note = '\0';
}

/* A context with or without the validator in place of the present one. */
static int replace_context(struct resolver *resolver, bool validates)
{
    struct unbound_settings settings = resolver->settings;
    struct ub_ctx *context;
    int error;

    if (!validates)
        settings.trust_anchor = NULL;
    error = unbound_context_new(resolver->loop, &settings, &context);
    if (error)
        return error;
    resolver_recall(resolver);
    if (resolver->context)
        ub_ctx_delete(resolver->context);
    resolver->context = context;
    resolver->validates = validates;
    return 0;
}

static void start_probe(struct resolver *resolver);

static void on_probe_timer(void *ctx)
{
    struct resolver *resolver = ctx;

    resolver->probe_timer = NULL;
    resolver->probe_at = 0;
    start_probe(resolver);
}

/* When the next probe begins, unless one is under way. */
static void set_timer(struct resolver *resolver, uint64_t probe_at)
{
    uint64_t now = loop_now_ms(resolver->loop);

    if (resolver->probe || resolver->probe_at == probe_at)
        return;
    loop_timer_cancel(resolver->probe_timer);
    resolver->probe_timer = NULL;
    resolver->probe_at = 0;
    if (!loop_timer(resolver->loop, probe_at > now ? probe_at - now : 0,
                    on_probe_timer, resolver, &resolver->probe_timer))
        resolver->probe_at = probe_at;
}

static enum validation_event event_of(enum forwarder_state state)
{
    switch (state) {
    case FORWARDER_DNSSEC: return VALIDATION_PROBE_DNSSEC;
    case FORWARDER_STRIPS: return VALIDATION_PROBE_STRIPS;
    default: return VALIDATION_PROBE_UNCLEAR;
    }
}

/* A context that could not have the root's keys takes all for bogus, for a
   minute: not what is wanted once the keys can be had. */
static bool needs_another(const struct resolver *resolver, bool was_proven)
{
    return resolver->ready && !was_proven && resolver->validation.proven;
}

static void on_probe(void *ctx, enum forwarder_state state)
{
    struct resolver *resolver = ctx;
    uint64_t now = loop_now_ms(resolver->loop);
    bool was_proven = resolver->validation.proven;
    struct validation_action action;

    resolver->probe = NULL;
    resolver->state = state;
    action = validation_step(&resolver->validation, event_of(state), now);
    /* Without memory for another context the present one has to do until
       the next probe. */
    if ((action.validate != resolver->validates ||
         needs_another(resolver, was_proven)) &&
        replace_context(resolver, action.validate) < 0)
        action.probe_at = MIN_OF(action.probe_at, now + VALIDATION_UNCLEAR_MS);
    resolver->ready = true;
    write_note(resolver);
    set_timer(resolver, action.probe_at);
    resolver_resume(resolver);
}

static void start_probe(struct resolver *resolver)
{
    if (forwarder_probe_start(resolver->loop, &resolver->settings, on_probe,
                              resolver, &resolver->probe) < 0)
        on_probe(resolver, FORWARDER_UNREACHABLE);
}

/* Called by libunbound: the context must stay. */
void resolver_saw(struct resolver *resolver, enum validation_event event)
{
    struct validation_action action;

    if (!resolver_forwards(resolver))
        return;
    action = validation_step(&resolver->validation, event,
                             loop_now_ms(resolver->loop));
    if (*resolver->note)
        write_note(resolver);
    set_timer(resolver, action.probe_at);
}

int resolver_begin(struct resolver *resolver, uint32_t probe_ms)
{
    int error = replace_context(resolver, resolver->trust_anchor != NULL);

    if (error)
        return error;
    if (!resolver_forwards(resolver) || !resolver->trust_anchor) {
        resolver->ready = true;
        write_note(resolver);
        return 0;
    }
    validation_init(&resolver->validation, probe_ms,
                    loop_now_ms(resolver->loop));
    start_probe(resolver);
    return 0;
}
