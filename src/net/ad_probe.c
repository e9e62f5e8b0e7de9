/*
 * ad_probe: one question over UDP, for its AD bit. See ad_probe.h.
 *
 * For programs that do nothing else meanwhile: it blocks.
 */
#include "net/ad_probe.h"

#include "net/dns_message.h"
#include <errno.h>
#include <mtasts/error.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define ANSWER_MAX 4096u /* octets of a datagram read; EDNS asked for 1232 */
#define TRIES 2u
#define FLAGS_LOW 3u /* octet of the header with AD (RFC 4035 3.1.6) */
#define AD_BIT 0x20u

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int ad_probe_read(const uint8_t *packet, size_t len, uint16_t id,
                  enum ad_state *ret_state)
{
    _cleanup_free_ struct dns_message *message = calloc(1, sizeof(*message));
    int error;

    if (!message)
        return -MTASTS_ENOMEM;
    error = dns_message_read(packet, len, 0, message);
    if (error)
        return error;
    if (message->id != id)
        return -MTASTS_ESYNTAX;
    if (message->rcode != DNS_NOERROR || message->count == 0)
        *ret_state = AD_REFUSED;
    else
        *ret_state = packet[FLAGS_LOW] & AD_BIT ? AD_SET : AD_UNSET;
    return 0;
}

/* Until an answer, or the deadline; -MTASTS_ETIMEDOUT. What answers something
   else is passed over. */
static int await(int fd, uint16_t id, uint64_t deadline_ms,
                 enum ad_state *ret_state)
{
    uint8_t packet[ANSWER_MAX];

    for (;;) {
        uint64_t now = now_ms();
        struct pollfd poll_fd = {fd, POLLIN, 0};
        ssize_t len;
        int error;

        if (now >= deadline_ms ||
            poll(&poll_fd, 1, (int)(deadline_ms - now)) == 0)
            return -MTASTS_ETIMEDOUT;
        len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
        if (len < 0 && errno == ECONNREFUSED)
            return -MTASTS_ETIMEDOUT; /* nobody there */
        error = len < 0 ? -MTASTS_ESYNTAX
                        : ad_probe_read(packet, (size_t)len, id, ret_state);
        if (error != -MTASTS_ESYNTAX)
            return error;
    }
}

int ad_probe(const struct forwarder_address *resolver, uint32_t deadline_ms,
             enum ad_state *ret_state)
{
    struct sockaddr_storage to;
    socklen_t to_len = forwarder_address_sockaddr(resolver, &to);
    _cleanup_fd_ int fd =
        socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    uint8_t query[DNS_QUERY_MAX];
    uint16_t id = 0;
    int len;

    if (fd < 0 || getrandom(&id, sizeof(id), 0) != sizeof(id))
        return -MTASTS_ESYSTEM;
    len = dns_message_query(id, ".", RR_SOA, false, query);
    if (len < 0)
        return len;
    *ret_state = AD_NO_ANSWER;
    if (connect(fd, (struct sockaddr *)&to, to_len) < 0)
        return 0; /* no way there */
    for (unsigned i = 0; i < TRIES; i++) {
        int error;

        if (send(fd, query, (size_t)len, MSG_NOSIGNAL) < 0 &&
            errno != ECONNREFUSED)
            return 0;
        error = await(fd, id, now_ms() + deadline_ms / TRIES, ret_state);
        if (error != -MTASTS_ETIMEDOUT)
            return error;
    }
    return 0;
}
