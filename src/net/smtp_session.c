/*
 * smtp_session: one connection to an SMTP server, as far as TLS (RFC 5321,
 * 3207). See smtp_session.h.
 *
 * This file is the connection: the socket, its time, octets in and out of
 * TLS. `over` is set by whatever ends the session; the callback that the loop
 * ran then ends it, on its way out.
 */
#include "net/smtp_dialogue.h"

#include "net/own_lack.h"
#include "net/tls.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>

#define OUT_MAX 65536u /* waiting to be sent: a ClientHello takes 500 */
#define CHUNK 16384u   /* octets read at once: one TLS record */

static void session_free(struct smtp_session *session)
{
    loop_timer_cancel(session->timer);
    loop_watch_cancel(session->watch);
    if (session->fd >= 0)
        close(session->fd);
    buf_clear(&session->out);
    smtp_reply_clear(&session->reply);
    free(session);
}
DEFINE_CLEANUP(struct smtp_session *, session_free, session)

/* ---- the end ---- */

void smtp_session_decide(struct smtp_session *session, enum smtp_status status,
                         const char *detail)
{
    if (session->outcome.status != SMTP_NOT_DONE)
        return;
    session->outcome.status = status;
    session->outcome.step = session->step;
    if (detail)
        session->outcome.detail = detail;
}

void smtp_session_fail(struct smtp_session *session, enum smtp_status status,
                       const char *detail)
{
    smtp_session_decide(session, status, detail);
    session->over = true;
}

bool smtp_session_in_tls(const struct smtp_session *session)
{
    return session->outcome.status == SMTP_OK;
}

/* It is this machine that fails, which says nothing of the server. */
static void give_up(struct smtp_session *session, const char *detail)
{
    smtp_session_fail(session, SMTP_NOT_DONE, detail);
}

/* The server hung up, or (`error`: errno) the connection broke. */
static void hung_up(struct smtp_session *session, int error)
{
    session->closed = true;
    const char *why = error ? strerrordesc_np(error) : NULL;
    session->outcome.dropped = session->step == SMTP_STEP_HANDSHAKE;
    if (own_lack(error))
        give_up(session, why);
    else if (session->step == SMTP_STEP_HANDSHAKE)
        smtp_session_fail(session, SMTP_TLS_FAILED,
                          why ? why
                              : "the server hung up during the handshake");
    else
        smtp_session_fail(session, SMTP_CLOSED, why);
}

static void connect_failed(struct smtp_session *session, int error)
{
    session->closed = true;
    smtp_session_fail(session,
                      own_lack(error)         ? SMTP_NOT_DONE
                      : error == ECONNREFUSED ? SMTP_CONNECT_REFUSED
                      : error == ETIMEDOUT    ? SMTP_CONNECT_TIMEOUT
                                              : SMTP_CONNECT_FAILED,
                      strerrordesc_np(error));
}

static void on_timeout(void *ctx);

void smtp_session_enter(struct smtp_session *session, enum smtp_step step,
                        uint64_t limit_ms)
{
    uint64_t now = loop_now_ms(session->loop);
    uint64_t left = session->end_ms > now ? session->end_ms - now : 0;
    session->step = step;
    loop_timer_cancel(TAKE_PTR(session->timer));
    if (loop_timer(session->loop, MIN_OF(left, limit_ms), on_timeout, session,
                   &session->timer) < 0)
        give_up(session, "no timer could be set");
}

/* ---- octets out ---- */

static void flush_out(struct smtp_session *session)
{
    while (!session->closed && session->out.len > 0) {
        ssize_t sent = send(session->fd, session->out.data, session->out.len,
                            MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (sent < 0 && own_lack(errno)) {
            give_up(session, strerrordesc_np(errno));
            return;
        }
        if (sent < 0) {
            /* The server's last words may still be waiting to be read: they
               say more than this error. */
            buf_clear(&session->out);
            return;
        }
        buf_consume(&session->out, (size_t)sent);
    }
}

static void out_failed(struct smtp_session *session)
{
    if (session->out.error == -MTASTS_ENOMEM)
        give_up(session, mtasts_strerror(-MTASTS_ENOMEM));
    else
        smtp_session_fail(session, SMTP_PROTOCOL,
                          "the server takes nothing in");
}

/* Queues what OpenSSL has written. */
static void take_tls_out(struct smtp_session *session)
{
    char *data = NULL;
    BIO *bio = SSL_get_wbio(session->ssl);
    long len = BIO_get_mem_data(bio, &data);
    if (len <= 0)
        return;
    buf_append(&session->out, data, (size_t)len);
    (void)BIO_reset(bio);
    session->outcome.offered = true;
    if (session->out.error)
        out_failed(session);
}

void smtp_session_say(struct smtp_session *session, const char *text)
{
    if (smtp_session_in_tls(session)) {
        if (SSL_write(session->ssl, text, (int)strlen(text)) <= 0)
            smtp_session_fail(session, SMTP_TLS_FAILED,
                              tls_error_text(session->arena));
        take_tls_out(session);
    } else if (buf_puts(&session->out, text) < 0) {
        out_failed(session);
    }
}

/* ---- TLS ---- */

static void handshake_failed(struct smtp_session *session)
{
    enum smtp_status status = tls_error_is_version()  ? SMTP_TLS_VERSION
                              : tls_error_is_memory() ? SMTP_NOT_DONE
                                                      : SMTP_TLS_FAILED;
    session->outcome.alert = tls_error_is_alert();
    smtp_session_fail(session, status, tls_error_text(session->arena));
}

static void shake_hands(struct smtp_session *session)
{
    ERR_clear_error();
    int done = SSL_do_handshake(session->ssl);
    int why = SSL_get_error(session->ssl, done);
    if (done != 1 && why != SSL_ERROR_WANT_READ)
        handshake_failed(session);
    take_tls_out(session);
    if (done != 1)
        return;
    smtp_session_decide(session, SMTP_OK, NULL);
    smtp_dialogue_go_on(session);
}

static void read_tls(struct smtp_session *session)
{
    char data[CHUNK];
    while (!session->over) {
        ERR_clear_error();
        int got = SSL_read(session->ssl, data, sizeof(data));
        if (got <= 0) {
            if (SSL_get_error(session->ssl, got) != SSL_ERROR_WANT_READ)
                hung_up(session, 0);
            break;
        }
        smtp_dialogue_take(session, data, (size_t)got);
    }
    ERR_clear_error();
    take_tls_out(session);
}

static void take_tls(struct smtp_session *session, const char *data, size_t len)
{
    if (BIO_write(SSL_get_rbio(session->ssl), data, (int)len) != (int)len) {
        give_up(session, mtasts_strerror(-MTASTS_ENOMEM));
        return;
    }
    if (session->step == SMTP_STEP_HANDSHAKE)
        shake_hands(session);
    if (!session->over && smtp_session_in_tls(session))
        read_tls(session);
}

/* ---- octets in ---- */

static void take_clear(struct smtp_session *session, const char *data,
                       size_t len)
{
    size_t used = smtp_dialogue_take(session, data, len);
    if (session->over || session->step != SMTP_STEP_HANDSHAKE)
        return;
    if (used < len)
        session->outcome.detail = "clear text came after the reply to "
                                  "STARTTLS: thrown away";
    shake_hands(session);
}

static void receive(struct smtp_session *session)
{
    char data[CHUNK];
    ssize_t got = recv(session->fd, data, sizeof(data), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        hung_up(session, got < 0 ? errno : 0);
        return;
    }
    session->octets_in += (size_t)got;
    if (session->octets_in > SMTP_IN_MAX)
        smtp_session_fail(session, SMTP_PROTOCOL,
                          "the server sends without end");
    else if (smtp_session_in_tls(session) ||
             session->step == SMTP_STEP_HANDSHAKE)
        take_tls(session, data, (size_t)got);
    else
        take_clear(session, data, (size_t)got);
}

/* ---- the loop's callbacks ---- */

static void finish(struct smtp_session *session)
{
    if (smtp_session_in_tls(session) && !session->closed) {
        SSL_shutdown(session->ssl);
        take_tls_out(session);
    }
    flush_out(session);
    ERR_clear_error();
    session->fn(session->ctx, &session->outcome);
    session_free(session);
}

/* What every callback of the loop ends with. */
static void settle(struct smtp_session *session)
{
    unsigned events = LOOP_READ;
    if (!session->over && session->step != SMTP_STEP_CONNECT)
        flush_out(session);
    if (session->step == SMTP_STEP_CONNECT || session->out.len > 0)
        events |= LOOP_WRITE;
    if (!session->over && session->watch &&
        loop_watch_change(session->watch, events) < 0)
        give_up(session, "the socket cannot be watched");
    if (session->over)
        finish(session);
}

static void on_timeout(void *ctx)
{
    struct smtp_session *session = ctx;
    session->timer = NULL;
    if (session->step == SMTP_STEP_CONNECT)
        smtp_session_fail(session, SMTP_CONNECT_TIMEOUT, NULL);
    else
        smtp_session_fail(session, SMTP_TIMEOUT, NULL);
    settle(session);
}

static void connected(struct smtp_session *session)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    if (error)
        connect_failed(session, error);
    else
        smtp_session_enter(session, SMTP_STEP_GREETING, SMTP_NO_LIMIT);
}

static void on_socket(void *ctx, int fd _unused_, unsigned events)
{
    struct smtp_session *session = ctx;
    if (session->step == SMTP_STEP_CONNECT)
        connected(session);
    else if (events & LOOP_READ)
        receive(session);
    settle(session);
}

static int open_socket(struct smtp_session *session)
{
    struct sockaddr_storage to = {0};
    socklen_t len = address_sockaddr(&session->address, session->port, &to);
    int on = 1;
    session->fd =
        socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (session->fd < 0)
        return errno;
    /* The injected command must leave in the packet that has STARTTLS, and
       at once: Nagle would hold it back. */
    setsockopt(session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(session->fd, (struct sockaddr *)&to, len) < 0 &&
        errno != EINPROGRESS)
        return errno;
    return 0;
}

static void begin(void *ctx)
{
    struct smtp_session *session = ctx;
    session->timer = NULL;
    int error = open_socket(session);
    if (error)
        connect_failed(session, error);
    else if (loop_watch(session->loop, session->fd, LOOP_WRITE, on_socket,
                        session, &session->watch) < 0)
        give_up(session, "the socket cannot be watched");
    else
        smtp_session_enter(session, SMTP_STEP_CONNECT, SMTP_CONNECT_MS);
    settle(session);
}

/* ---- starting ---- */

static int give_memory_to(SSL *ssl)
{
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    if (!in || !out) {
        BIO_free(in);
        BIO_free(out);
        return -MTASTS_ENOMEM;
    }
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
    return 0;
}

int smtp_session_start(struct loop *loop,
                       const struct smtp_session_request *request,
                       smtp_session_fn *fn, void *ctx,
                       struct smtp_session **ret_session)
{
    _cleanup_(cleanup_session) struct smtp_session *session =
        calloc(1, sizeof(*session));
    if (!session)
        return -MTASTS_ENOMEM;
    *session = (struct smtp_session){
        .loop = loop,
        .end_ms = loop_now_ms(loop) + request->deadline_ms,
        .fd = -1,
        .ssl = request->ssl,
        .arena = request->arena,
        .address = request->address,
        .port = request->port,
        .helo = arena_string(request->arena, request->helo),
        .inject = request->inject,
        .outcome = {.requiretls = TEST_UNKNOWN},
        .fn = fn,
        .ctx = ctx,
    };
    buf_init(&session->out, OUT_MAX);
    smtp_reply_init(&session->reply);
    if (request->helo && !session->helo)
        return -MTASTS_ENOMEM;
    int error = give_memory_to(request->ssl);
    if (error < 0)
        return error;
    error = loop_timer(loop, 0, begin, session, &session->timer);
    if (error < 0)
        return error;
    *ret_session = TAKE_PTR(session);
    return 0;
}

void smtp_session_cancel(struct smtp_session *session)
{
    if (session)
        session_free(session);
}
