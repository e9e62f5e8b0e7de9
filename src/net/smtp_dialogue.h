/*
 * smtp_dialogue: one SMTP session while it is under way, for the files of
 * smtp_session.
 */
#ifndef MTASTS_NET_SMTP_DIALOGUE_H
#define MTASTS_NET_SMTP_DIALOGUE_H

#include "base/buf.h"
#include "net/smtp_reply.h"
#include "net/smtp_session.h"

#define SMTP_NO_LIMIT                                                          \
    UINT64_MAX /* of a step: all that is left of the session */

struct smtp_session {
    struct loop *loop;
    struct loop_watch *watch;
    struct loop_timer *timer; /* of the step */
    uint64_t end_ms;          /* of the whole session */
    int fd;
    SSL *ssl;
    struct arena *arena;
    struct address address;
    uint16_t port;
    const char *helo; /* in the arena, or NULL */
    bool inject;
    bool over;
    bool closed; /* by the server, or broken: nothing more can be sent */
    enum smtp_step step;
    size_t octets_in;
    size_t replies; /* inside TLS after QUIT */
    struct buf out;
    struct smtp_reply reply;
    struct smtp_outcome outcome;
    smtp_session_fn *fn;
    void *ctx;
};

/* ---- smtp_session.c ---- */

/* The first word on how the session went is the one that counts. */
void smtp_session_decide(struct smtp_session *session, enum smtp_status status,
                         const char *detail);

/* Decides, and ends the session. */
void smtp_session_fail(struct smtp_session *session, enum smtp_status status,
                       const char *detail);

/* Goes to `step`, which has `limit_ms` at most. */
void smtp_session_enter(struct smtp_session *session, enum smtp_step step,
                        uint64_t limit_ms);

/* Sends a line, in TLS once that is up. */
void smtp_session_say(struct smtp_session *session, const char *text);

bool smtp_session_in_tls(const struct smtp_session *session);

/* ---- smtp_dialogue.c ---- */

/* Takes replies up to the end of `data`, or to where TLS begins. Returns how
   many octets were taken. */
size_t smtp_dialogue_take(struct smtp_session *session, const char *data,
                          size_t len);

/* TLS is up: says what comes first there. */
void smtp_dialogue_go_on(struct smtp_session *session);

#endif
