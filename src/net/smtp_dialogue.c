/*
 * smtp_dialogue: what is said in an SMTP session, and what the replies lead to
 * (RFC 5321, 3207). See smtp_dialogue.h.
 *
 * A machine of steps: each waits for one reply (or for the handshake) and
 * says what is sent next. No command is pipelined except the one that is
 * injected; no MAIL is ever sent.
 */
#include "net/smtp_dialogue.h"

#include "net/smtp_helo.h"

/* ---- what is said ---- */

static void say_ehlo(struct smtp_session *session, enum smtp_step step)
{
    _cleanup_buf_ struct buf line = BUF(MTASTS_NAME_MAX + sizeof("EHLO \r\n"));
    buf_puts(&line, "EHLO ");
    if (session->helo)
        buf_puts(&line, session->helo);
    else
        smtp_helo_add(&line, session->fd);
    buf_puts(&line, "\r\n");
    smtp_session_say(session, buf_text(&line));
    smtp_session_enter(session, step, SMTP_NO_LIMIT);
}

static void say_quit(struct smtp_session *session)
{
    /* The injection test is decided by what is answered to QUIT. */
    bool waits = session->inject && smtp_session_in_tls(session);
    smtp_session_say(session, "QUIT\r\n");
    smtp_session_enter(session, SMTP_STEP_QUIT,
                       waits ? SMTP_NO_LIMIT : SMTP_QUIT_MS);
}

/* Decides by the reply that has just come, and leaves politely. */
static void leave(struct smtp_session *session, enum smtp_status status)
{
    const struct smtp_reply *reply = &session->reply;
    const char *line = NULL;
    size_t len = 0;
    session->outcome.reply_code = reply->code;
    if (smtp_reply_line(reply, reply->lines - 1, &line, &len))
        session->outcome.reply_text =
            smtp_reply_printable(session->arena, line, len);
    smtp_session_decide(session, status, NULL);
    say_quit(session);
}

/* ---- replies ---- */

static void on_greeting(struct smtp_session *session)
{
    const struct smtp_reply *reply = &session->reply;
    const char *line = NULL;
    size_t len = 0;
    if (reply->code >= 400) {
        leave(session, SMTP_GREETING_REFUSED);
        return;
    }
    if (reply->code != 220) {
        leave(session, SMTP_PROTOCOL);
        return;
    }
    if (smtp_reply_line(reply, 0, &line, &len))
        session->outcome.greeting =
            smtp_reply_printable(session->arena, line, len);
    say_ehlo(session, SMTP_STEP_EHLO);
}

static void on_ehlo(struct smtp_session *session)
{
    int code = session->reply.code;
    /* Who does not know EHLO cannot offer anything: no use in HELO. */
    bool unknown = code == 500 || code == 502;
    if (code == 250 && smtp_reply_offers(&session->reply, "STARTTLS")) {
        smtp_session_say(session, session->inject ? "STARTTLS\r\nNOOP\r\n"
                                                  : "STARTTLS\r\n");
        smtp_session_enter(session, SMTP_STEP_STARTTLS, SMTP_NO_LIMIT);
    } else if (code == 250 || unknown) {
        leave(session, SMTP_NO_STARTTLS);
    } else {
        leave(session, code >= 400 ? SMTP_GREETING_REFUSED : SMTP_PROTOCOL);
    }
}

static void on_starttls(struct smtp_session *session)
{
    int code = session->reply.code;
    if (code == 220)
        smtp_session_enter(session, SMTP_STEP_HANDSHAKE, SMTP_NO_LIMIT);
    else if (code >= 500)
        leave(session, SMTP_STARTTLS_REFUSED);
    else
        leave(session, code >= 400 ? SMTP_STARTTLS_TEMPORARY : SMTP_PROTOCOL);
}

static void on_ehlo_tls(struct smtp_session *session)
{
    if (session->reply.code == 250)
        session->outcome.requiretls =
            smtp_reply_offers(&session->reply, "REQUIRETLS") ? TEST_YES
                                                             : TEST_NO;
    say_quit(session);
}

static void on_quit(struct smtp_session *session)
{
    int code = session->reply.code;
    if (smtp_session_in_tls(session) && session->replies < SMTP_REPLIES_KEPT)
        session->outcome.replies[session->replies++] = code;
    if (code == 221 || session->replies == SMTP_REPLIES_KEPT)
        session->over = true;
}

static void on_reply(struct smtp_session *session)
{
    switch (session->step) {
    case SMTP_STEP_GREETING: on_greeting(session); break;
    case SMTP_STEP_EHLO: on_ehlo(session); break;
    case SMTP_STEP_STARTTLS: on_starttls(session); break;
    case SMTP_STEP_EHLO_TLS: on_ehlo_tls(session); break;
    case SMTP_STEP_QUIT: on_quit(session); break;
    case SMTP_STEP_CONNECT:
    case SMTP_STEP_HANDSHAKE: break; /* no reply is taken in these */
    }
    smtp_reply_clear(&session->reply);
}

static void not_smtp(struct smtp_session *session)
{
    const struct smtp_reply *reply = &session->reply;
    size_t len = reply->line.len;
    while (len > 0 && (reply->line.data[len - 1] == '\r' ||
                       reply->line.data[len - 1] == '\n'))
        len--;
    if (session->outcome.status == SMTP_NOT_DONE)
        session->outcome.reply_text =
            smtp_reply_printable(session->arena, reply->line.data, len);
    smtp_session_fail(session, SMTP_PROTOCOL,
                      reply->error == -MTASTS_ETOOLONG ? "a reply is too long"
                                                       : "not a reply of SMTP");
}

size_t smtp_dialogue_take(struct smtp_session *session, const char *data,
                          size_t len)
{
    size_t at = 0;
    while (at < len && !session->over && session->step != SMTP_STEP_HANDSHAKE) {
        size_t used = 0;
        if (smtp_reply_feed(&session->reply, data + at, len - at, &used) < 0) {
            not_smtp(session);
            return at;
        }
        at += used;
        if (session->reply.done)
            on_reply(session);
    }
    return at;
}

void smtp_dialogue_go_on(struct smtp_session *session)
{
    if (session->inject)
        say_quit(session);
    else
        say_ehlo(session, SMTP_STEP_EHLO_TLS);
}
