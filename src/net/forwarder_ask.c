/*
 * forwarder_ask: a DNS question over UDP (RFC 1035 4.2.1), for its RCODE and
 * extended error (RFC 8914). Its answer is never used as data, so that a
 * forged one misleads a diagnosis and nothing else.
 */
#include "net/forwarder_ask.h"

#include "base/cleanup.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/random.h>

#define REASON_MAX 400u  /* octets; the address before it makes it longer */
#define ANSWER_MAX 4096u /* octets of a datagram read; EDNS asked for 1232 */

struct forwarder_ask {
    struct loop *loop;
    int fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
    bool asked_again;
    uint32_t deadline_ms;
    struct forwarder_address forwarder;
    uint8_t query[DNS_QUERY_MAX];
    size_t query_len;
    uint16_t id;
    forwarder_ask_fn *fn;
    void *ctx;
    struct dns_message message;
};

/* RFC 8914 section 4, by INFO-CODE. */
static const char *const EDE_NAMES[] = {
    "other error",
    "unsupported DNSKEY algorithm",
    "unsupported DS digest type",
    "stale answer",
    "forged answer",
    "DNSSEC indeterminate",
    "DNSSEC bogus",
    "signature expired",
    "signature not yet valid",
    "DNSKEY missing",
    "RRSIGs missing",
    "no zone key bit set",
    "NSEC missing",
    "cached error",
    "not ready",
    "blocked",
    "censored",
    "filtered",
    "prohibited",
    "stale NXDOMAIN answer",
    "not authoritative",
    "not supported",
    "no reachable authority",
    "network error",
    "invalid data",
};

static const char *const RCODE_NAMES[] = {
    "NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
    "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE",
};

void forwarder_ask_cancel(struct forwarder_ask *ask)
{
    if (!ask)
        return;
    loop_timer_cancel(ask->timer);
    loop_watch_cancel(ask->watch);
    if (ask->fd >= 0)
        close(ask->fd);
    free(ask);
}

static void finish(struct forwarder_ask *ask, enum lookup_status status,
                   const char *reason)
{
    forwarder_ask_fn *fn = ask->fn;
    void *ctx = ask->ctx;
    char address[FORWARDER_TEXT_MAX];
    char why[FORWARDER_WHY_MAX];

    forwarder_address_text(&ask->forwarder, address);
    snprintf(why, sizeof(why), "the resolver %s %s", address, reason);
    forwarder_ask_cancel(ask);
    fn(ctx, status, why);
}

static enum lookup_status rcode_status(unsigned rcode)
{
    switch (rcode) {
    case DNS_NOERROR:
    case DNS_NXDOMAIN:
    case DNS_SERVFAIL: return LOOKUP_SERVFAIL;
    default: return LOOKUP_REFUSED;
    }
}

static const char *rcode_name(unsigned rcode)
{
    return rcode < ELEMENTS(RCODE_NAMES) ? RCODE_NAMES[rcode]
                                         : "an unknown RCODE";
}

static void finish_answered(struct forwarder_ask *ask)
{
    const struct dns_message *message = &ask->message;
    const char *text = message->ede_text;
    const char *ede = "unknown extended error";
    char reason[REASON_MAX];

    if (message->ede >= 0 && (size_t)message->ede < ELEMENTS(EDE_NAMES))
        ede = EDE_NAMES[message->ede];
    if (message->ede < 0)
        snprintf(reason, sizeof(reason), "answers %s",
                 rcode_name(message->rcode));
    else
        snprintf(reason, sizeof(reason), "answers %s: %s%s%s",
                 rcode_name(message->rcode), ede, *text ? ": " : "", text);
    finish(ask, rcode_status(message->rcode), reason);
}

static uint16_t id_of(const uint8_t packet[2])
{
    return (uint16_t)(packet[0] << 8 | packet[1]);
}

/* Datagrams that answer something else are passed over. */
static void on_readable(void *ctx, int fd, unsigned events)
{
    struct forwarder_ask *ask = ctx;
    uint8_t packet[ANSWER_MAX];
    ssize_t len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

    (void)events;
    if (len < 0) {
        if (errno == ECONNREFUSED)
            finish(ask, LOOKUP_TIMEOUT, "has nothing on its DNS port");
        return;
    }
    if (len < 2 || id_of(packet) != ask->id)
        return;
    if (dns_message_read(packet, (size_t)len, 0, &ask->message) < 0)
        finish(ask, LOOKUP_MALFORMED, "answers what is no DNS message");
    else
        finish_answered(ask);
}

/* Lost datagrams are what the second one and the deadline are for. */
static void send_query(struct forwarder_ask *ask)
{
    ssize_t sent = send(ask->fd, ask->query, ask->query_len, MSG_DONTWAIT);

    (void)sent;
}

static void on_timer(void *ctx)
{
    struct forwarder_ask *ask = ctx;
    uint32_t rest = ask->deadline_ms - ask->deadline_ms / 3;

    ask->timer = NULL;
    if (!ask->asked_again &&
        !loop_timer(ask->loop, rest, on_timer, ask, &ask->timer)) {
        ask->asked_again = true;
        send_query(ask);
        return;
    }
    finish(ask, LOOKUP_TIMEOUT, "does not answer");
}

static int open_socket(struct forwarder_ask *ask)
{
    struct sockaddr_storage storage;
    socklen_t len = forwarder_address_sockaddr(&ask->forwarder, &storage);

    ask->fd =
        socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ask->fd < 0 || connect(ask->fd, (struct sockaddr *)&storage, len) < 0)
        return -MTASTS_ESYSTEM;
    return loop_watch(ask->loop, ask->fd, LOOP_READ, on_readable, ask,
                      &ask->watch);
}

static int begin(struct forwarder_ask *ask,
                 const struct forwarder_question *question)
{
    int len, error;

    if (getrandom(&ask->id, sizeof(ask->id), 0) != sizeof(ask->id))
        return -MTASTS_ESYSTEM;
    len = dns_message_query(ask->id, question->name, question->type,
                            question->checking_disabled, ask->query);
    if (len < 0)
        return len;
    ask->query_len = (size_t)len;
    error = open_socket(ask);
    if (error)
        return error;
    return loop_timer(ask->loop, ask->deadline_ms / 3, on_timer, ask,
                      &ask->timer);
}

int forwarder_ask_start(struct loop *loop,
                        const struct forwarder_question *question,
                        forwarder_ask_fn *fn, void *ctx,
                        struct forwarder_ask **ret_ask)
{
    struct forwarder_ask *ask = malloc(sizeof(*ask));
    int error;

    if (!ask)
        return -MTASTS_ENOMEM;
    *ask = (struct forwarder_ask){.loop = loop,
                                  .fd = -1,
                                  .deadline_ms = question->deadline_ms,
                                  .forwarder = question->forwarder,
                                  .fn = fn,
                                  .ctx = ctx};
    error = begin(ask, question);
    if (error) {
        forwarder_ask_cancel(ask);
        return error;
    }
    send_query(ask);
    *ret_ask = ask;
    return 0;
}
