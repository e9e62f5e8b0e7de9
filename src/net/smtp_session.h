/*
 * smtp_session: one connection to an SMTP server, as far as TLS and no
 * further (RFC 5321, 3207): greeting, EHLO, STARTTLS, handshake, EHLO, QUIT.
 *
 * All octets go through here, those of TLS too (OpenSSL works on memory), so
 * that clear text behind the reply to STARTTLS is seen and never taken for
 * part of the protected session. What to offer in the handshake is the
 * caller's: he prepares the SSL and looks at it afterwards. Verification
 * must not stop the handshake (SSL_VERIFY_NONE).
 */
#ifndef MTASTS_NET_SMTP_SESSION_H
#define MTASTS_NET_SMTP_SESSION_H

#include "check/facts.h"
#include "net/address.h"
#include "net/loop.h"
#include <openssl/ssl.h>

#define SMTP_CONNECT_MS 10000u /* TCP: three SYNs, as Linux sends them */
#define SMTP_QUIT_MS 2000u     /* for the 221: nothing depends on it */
#define SMTP_IN_MAX (1u << 20) /* octets of one connection: ours take 10 kB */
#define SMTP_REPLIES_KEPT 2u   /* inside TLS, after QUIT */

enum smtp_step {
    SMTP_STEP_CONNECT,
    SMTP_STEP_GREETING,
    SMTP_STEP_EHLO,
    SMTP_STEP_STARTTLS,
    SMTP_STEP_HANDSHAKE,
    SMTP_STEP_EHLO_TLS,
    SMTP_STEP_QUIT,
};

struct smtp_session_request {
    struct address address;
    uint16_t port;
    const char *helo; /* NULL: this machine's name, or its address */
    SSL *ssl;         /* a client, ready for SSL_do_handshake(); the caller's,
                         must outlive the session */
    bool inject; /* NOOP in the packet that has STARTTLS, and no EHLO inside
                    TLS: what is answered there first is the test */
    uint32_t deadline_ms;
    struct arena *arena; /* of the outcome's strings */
};

struct smtp_outcome {
    enum smtp_status status; /* SMTP_OK once the handshake is done, whatever
                                comes after */
    enum smtp_step step;     /* how far it came */
    int reply_code;          /* of the reply that decided, or 0 */
    const char *reply_text;  /* its last line, printable, or NULL */
    const char *greeting;    /* its first line, printable, or NULL */
    enum test_result requiretls;
    /* Codes of the first replies inside TLS after QUIT; 0: none came. */
    int replies[SMTP_REPLIES_KEPT];
    bool offered;       /* the ClientHello was sent: a failed handshake is
                           the server's word, not our library's; unless */
    bool dropped;       /* the connection ended in the handshake without one */
    bool alert;         /* that word was an alert */
    const char *detail; /* for people, or NULL */
};

struct smtp_session;

/* `outcome` lives until the callback returns; the session is gone then. */
typedef void smtp_session_fn(void *ctx, const struct smtp_outcome *outcome);

int smtp_session_start(struct loop *loop,
                       const struct smtp_session_request *request,
                       smtp_session_fn *fn, void *ctx,
                       struct smtp_session **ret_session);
void smtp_session_cancel(struct smtp_session *session); /* NULL is fine */

#endif
