/*
 * gather_fetch: one HTTPS request of a gathering, as a fact. See gathering.h.
 */
#include "net/gathering.h"

#define TRACE_MAX 600u /* octets of a step's name or result */

struct fetching {
    struct work work;
    struct fetch *fetch;
    const char *url;
    struct fact_fetch *fact;
    ask_done_fn *fn;
    void *subject;
};

static void trace(const struct gathering *gathering,
                  const struct fact_fetch *fact)
{
    char step[TRACE_MAX];
    char result[TRACE_MAX];
    if (!gathering_traces(gathering))
        return;
    snprintf(step, sizeof(step), "GET %s%s%s%s%s", fact->url ? fact->url : "?",
             fact->pinned && fact->address ? " from " : "",
             fact->pinned && fact->address ? fact->address : "",
             fact->variation ? ", other " : "",
             fact->variation ? fact->variation : "");
    if (fact->status == FETCH_OK)
        snprintf(result, sizeof(result), "ok, %zu octets, %s", fact->body.len,
                 fact->tls.version ? fact->tls.version : "no TLS");
    else
        snprintf(result, sizeof(result), "%s%s%s",
                 fetch_status_text(fact->status), fact->detail ? ": " : "",
                 fact->detail ? fact->detail : "");
    gathering_trace(gathering, step, result, fact->elapsed_ms);
}

/* What the fact already says of the request itself stays. */
static void fill(struct fact_fetch *to, const struct fact_fetch *from)
{
    const char *variation = to->variation;
    *to = *from;
    to->variation = variation;
}

static void on_fetch(void *ctx, const struct fact_fetch *fact)
{
    struct fetching *fetching = ctx;
    struct gathering *gathering = fetching->work.gathering;
    fetching->fetch = NULL;
    fill(fetching->fact, fact);
    trace(gathering, fetching->fact);
    fetching->fn(gathering, fetching->subject);
    work_end(&fetching->work);
}

static void stop_fetching(struct work *work, bool late)
{
    struct fetching *fetching = (struct fetching *)work;
    bool waited = fetching->fetch && fetch_kept_waiting(fetching->fetch);
    fetch_cancel(TAKE_PTR(fetching->fetch));
    const struct fact_fetch fact = {
        .url = fetching->url,
        .status = waited ? FETCH_FAILED : FETCH_TIMEOUT,
        .detail = waited ? FETCH_KEPT_WAITING : NULL};
    if (late)
        on_fetch(fetching, &fact);
}

static char *url_of(struct gathering *gathering,
                    const struct fetch_request *request)
{
    char port[16] = "";
    if (request->port != 0 && request->port != 443)
        snprintf(port, sizeof(port), ":%u", request->port);
    char *url = arena_printf(
        gathering->facts->arena, "https://%s%s%s", request->host, port,
        request->path ? request->path : "/.well-known/mta-sts.txt");
    if (!url)
        gathering->short_of_memory = true;
    return url;
}

/* Why there is nothing to connect to; FETCH_NOT_DONE if there is. */
static enum fetch_status no_address(const struct fetch_request *request)
{
    if (request->address_count == 0)
        return FETCH_NO_ADDRESS;
    for (size_t i = 0; i < request->address_count; i++)
        if (request->addresses[i].allowed)
            return FETCH_NOT_DONE;
    return FETCH_ADDRESS_REFUSED;
}

static int begin(struct fetching *fetching, struct gathering *gathering,
                 const struct fetch_request *request)
{
    struct fetch_request with = *request;
    with.deadline_ms =
        MIN_OF(gathering_left_ms(gathering), (uint32_t)FETCH_DEADLINE_MS);
    with.arena = gathering->facts->arena;
    return fetch_start(gathering->gatherer->options.fetcher, &with, on_fetch,
                       fetching, &fetching->fetch);
}

void gather_fetch(struct gathering *gathering,
                  const struct fetch_request *request, struct fact_fetch *fact,
                  ask_done_fn *fn, void *subject)
{
    struct fetching *fetching = gathering_new_of(gathering, 1, struct fetching);
    int error = -MTASTS_ENOMEM;
    fact->url = url_of(gathering, request);
    fact->pinned = request->pinned;
    if (fact->pinned && request->address_count > 0)
        fact->address = request->addresses[0].text;
    fact->status = no_address(request);
    if (fact->status == FETCH_NOT_DONE && gathering_left_ms(gathering) == 0)
        fact->status = FETCH_TIMEOUT;
    if (fact->status == FETCH_NOT_DONE && fetching && fact->url) {
        *fetching = (struct fetching){
            .url = fact->url, .fact = fact, .fn = fn, .subject = subject};
        error = begin(fetching, gathering, request);
        if (!error) {
            work_begin(&fetching->work, gathering, &gathering->works,
                       stop_fetching);
            return;
        }
    }
    if (fact->status == FETCH_NOT_DONE) {
        fact->status = FETCH_FAILED;
        fact->detail = mtasts_strerror(error);
    }
    trace(gathering, fact);
    fn(gathering, subject);
}
