/*
 * bench_openssl CA_FILE JOBS FILE: the floor of a policy fetch.
 *
 * Fetches the policy of every line "HOST ADDRESS" of FILE, JOBS at once,
 * with nothing but epoll and OpenSSL: a fresh connection each, the chain
 * and the name verified, one SSL_CTX for all, HTTP read just far enough to
 * know that the body is whole. Prints how many fetches gave a policy; exit
 * status 1 unless all did.
 *
 * It does what a policy fetch cannot do without, so that the bench can say
 * what TLS alone costs. No deadlines: the world of the bench always answers.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define ANSWER_MAX 4096u /* the bench's policies take some 400 */
#define EVENTS_MAX 64

struct slot {
    int fd; /* -1: idle */
    SSL *ssl;
    bool connected;
    size_t len;
    char host[BENCH_LINE_MAX];
    char answer[ANSWER_MAX];
};

struct bench {
    int epoll;
    SSL_CTX *ctx;
    FILE *lines;
    unsigned long ok;
    unsigned long failed;
    unsigned busy;
};

static SSL_CTX *context_new(const char *ca_file)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || SSL_CTX_load_verify_file(ctx, ca_file) != 1)
        return NULL;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return ctx;
}

static bool connect_to(struct slot *slot, const char *address)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(443)};
    if (inet_pton(AF_INET, address, &peer.sin_addr) != 1)
        return false;
    slot->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return slot->fd >= 0 &&
           (connect(slot->fd, (struct sockaddr *)&peer, sizeof(peer)) == 0 ||
            errno == EINPROGRESS);
}

static bool slot_start(struct bench *bench, struct slot *slot,
                       const char *address)
{
    slot->connected = false;
    slot->len = 0;
    slot->ssl = SSL_new(bench->ctx);
    if (!slot->ssl || !connect_to(slot, address))
        return false;
    SSL_set_hostflags(slot->ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                     X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set_connect_state(slot->ssl);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.ptr = slot};
    return SSL_set1_host(slot->ssl, slot->host) == 1 &&
           SSL_set_tlsext_host_name(slot->ssl, slot->host) == 1 &&
           SSL_set_fd(slot->ssl, slot->fd) == 1 &&
           epoll_ctl(bench->epoll, EPOLL_CTL_ADD, slot->fd, &event) == 0;
}

static void slot_end(struct bench *bench, struct slot *slot, bool ok)
{
    if (ok)
        bench->ok++;
    else
        bench->failed++;
    if (slot->ssl) {
        SSL_set_quiet_shutdown(slot->ssl, 1);
        SSL_shutdown(slot->ssl);
    }
    SSL_free(slot->ssl);
    if (slot->fd >= 0)
        close(slot->fd);
    slot->ssl = NULL;
    slot->fd = -1;
    bench->busy--;
}

/* Gives the slot the next line of the file that can be started. */
static void slot_next(struct bench *bench, struct slot *slot)
{
    const char *address;
    while (bench_pair(bench->lines, slot->host, &address)) {
        bench->busy++;
        if (slot_start(bench, slot, address))
            return;
        slot_end(bench, slot, false);
    }
}

/* Whether head and Content-Length octets of body have come. */
static bool answer_whole(const struct slot *slot)
{
    const char *body = strstr(slot->answer, "\r\n\r\n");
    const char *field = strstr(slot->answer, "Content-Length: ");
    if (!body || !field || field > body)
        return false;
    unsigned length =
        bench_number(field + strlen("Content-Length: "), ANSWER_MAX);
    return length && slot->len - (size_t)(body + 4 - slot->answer) >= length;
}

static bool answer_right(const struct slot *slot)
{
    return strncmp(slot->answer, "HTTP/1.1 200 ", 13) == 0 &&
           strstr(slot->answer, "\r\n\r\nversion: STSv1\r\n");
}

/* 1: go on reading, 0: must wait, -1: over. */
static int slot_step(struct slot *slot)
{
    int result;
    if (!slot->connected) {
        result = SSL_connect(slot->ssl);
        if (result == 1) {
            char text[BENCH_LINE_MAX + 128];
            int len = snprintf(text, sizeof(text),
                               "GET /.well-known/mta-sts.txt HTTP/1.1\r\n"
                               "Host: %s\r\nUser-Agent: bench\r\n"
                               "Accept: */*\r\n\r\n",
                               slot->host);
            slot->connected = true;
            return SSL_write(slot->ssl, text, len) == len ? 1 : -1;
        }
    } else {
        result = SSL_read(slot->ssl, slot->answer + slot->len,
                          (int)(ANSWER_MAX - 1 - slot->len));
        if (result > 0) {
            slot->len += (size_t)result;
            slot->answer[slot->len] = '\0';
            return answer_whole(slot) ? -1 : 1;
        }
    }
    int error = SSL_get_error(slot->ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0
                                                                         : -1;
}

static void slot_go_on(struct bench *bench, struct slot *slot)
{
    int state;
    ERR_clear_error();
    do {
        state = slot_step(slot);
    } while (state > 0);
    if (state == 0)
        return;
    slot_end(bench, slot, slot->connected && answer_right(slot));
    slot_next(bench, slot);
}

static void run(struct bench *bench, struct slot *slots, unsigned jobs)
{
    for (unsigned i = 0; i < jobs; i++) {
        slots[i].fd = -1;
        slot_next(bench, &slots[i]);
    }
    while (bench->busy) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(bench->epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            /* an event of the same batch may be of a connection gone */
            struct slot *slot = events[i].data.ptr;
            if (slot->ssl)
                slot_go_on(bench, slot);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned jobs = argc == 4 ? bench_number(argv[2], BENCH_JOBS_MAX) : 0;
    if (!jobs) {
        fprintf(stderr, "usage: bench_openssl CA_FILE JOBS FILE\n");
        return 1;
    }
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    _cleanup_file_ FILE *lines = fopen(argv[3], "r");
    _cleanup_free_ struct slot *slots = calloc(jobs, sizeof(*slots));
    struct bench bench = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                          .ctx = context_new(argv[1]),
                          .lines = lines};
    if (!lines || !slots || !bench.ctx || bench.epoll < 0) {
        fprintf(stderr, "bench_openssl: cannot start\n");
        return 1;
    }
    run(&bench, slots, jobs);
    SSL_CTX_free(bench.ctx);
    close(bench.epoll);
    printf("%lu ok, %lu failed\n", bench.ok, bench.failed);
    return bench.failed ? 1 : 0;
}
