/*
 * mail_log: lines as Postfix, Sendmail and Exim write them, in the several
 * shapes of syslog; what is a delivery elsewhere, and to whom.
 */
#include "cli/mail_log.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "unit.h"

#define NOTHING (-1)

struct row {
    const char *line;
    int outcome;         /* NOTHING: no delivery elsewhere */
    const char *domains; /* "a b", `-` for none */
};

#define POSTFIX "Jan  5 09:00:01 mail postfix/smtp[4321]: 4F1A2B3C: "
#define SENDMAIL "Jan  5 09:00:01 mail sm-mta[77]: 605A1: "
#define EXIM "2026-01-05 09:00:01 1tUdWn-000Bq5-2M "
#define TAIL                                                                   \
    ", delay=1.2, delays=0.1/0/0.6/0.5, dsn=2.0.0, status=sent (250 ok)"
#define MX "relay=mx.example.net[192.0.2.1]:25"

static const struct row rows[] = {
    /* Postfix */
    {POSTFIX "to=<anna@example.com>, " MX TAIL, MAIL_LOG_SENT, "example.com"},
    {"2026-01-05T09:00:01.123456+01:00 mail postfix/smtp[1]: 3kT9xZ0wJbz1y: "
     "to=<a@Example.COM>, " MX TAIL,
     MAIL_LOG_SENT, "Example.COM"},
    {"Jan  5 09:00:01 mail postfix-out/smtp[1]: 1: to=<a@b.example>, " MX TAIL,
     MAIL_LOG_SENT, "b.example"},
    {"Jan  5 09:00:01 mail postfix/relay/smtp[1]: 1: to=<a@b.example>, " MX
         TAIL,
     MAIL_LOG_SENT, "b.example"},
    {"<22>1 2026-01-05T09:00:01Z mail postfix/smtp 4321 - - 1: "
     "to=<a@b.example>, " MX TAIL,
     MAIL_LOG_SENT, "b.example"},
    {POSTFIX "to=<a@b.example>, orig_to=<c@d.example>, " MX ", conn_use=2" TAIL,
     MAIL_LOG_SENT, "b.example"},
    {POSTFIX "to=<\"a, b\"@c.example>, " MX TAIL, MAIL_LOG_SENT, "c.example"},
    {POSTFIX "to=<\"a@x.example>, \\\" b\"@c.example>, " MX TAIL, MAIL_LOG_SENT,
     "c.example"},
    {POSTFIX
     "to=<a@b.example>, orig_to=<\"x, relay=local\"@c.example>, " MX TAIL,
     MAIL_LOG_SENT, "b.example"},
    {POSTFIX "to=<a@b.example>, relay=mx.b.example[2001:db8::1]:25" TAIL,
     MAIL_LOG_SENT, "b.example"},
    {POSTFIX "to=<a@[192.0.2.9]>, relay=192.0.2.9[192.0.2.9]:25" TAIL,
     MAIL_LOG_SENT, "[192.0.2.9]"},
    {POSTFIX "to=<a@b.example>, relay=none, delay=30, dsn=4.4.1, "
             "status=deferred (connect to mx.b.example[192.0.2.1]:25: "
             "Connection timed out)",
     MAIL_LOG_DEFERRED, "b.example"},
    {POSTFIX "to=<a@b.example>, " MX ", dsn=5.1.1, status=bounced (host "
             "mx.example.net[192.0.2.1] said: 550 status=sent)",
     MAIL_LOG_RETURNED, "b.example"},
    /* on this machine */
    {"Jan  5 09:00:01 mail postfix/local[1]: 1: to=<a@b.example>, "
     "relay=local, dsn=2.0.0, status=sent (delivered to mailbox)",
     NOTHING, "-"},
    {"Jan  5 09:00:01 mail postfix/lmtp[1]: 1: to=<a@b.example>, "
     "relay=b[private/dovecot-lmtp], dsn=2.0.0, status=sent (250 Saved)",
     NOTHING, "-"},
    {"Jan  5 09:00:01 mail postfix/lmtp[1]: 1: to=<a@b.example>, " MX TAIL,
     NOTHING, "-"},
    {POSTFIX "to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10024" TAIL, NOTHING,
     "-"},
    {POSTFIX "to=<a@b.example>, relay=localhost[::1]:10024" TAIL, NOTHING, "-"},
    /* no delivery */
    {"Jan  5 09:00:01 mail postfix/smtpd[1]: 1: client=c[192.0.2.1]", NOTHING,
     "-"},
    {"Jan  5 09:00:01 mail postfix/qmgr[1]: 1: from=<a@b.example>, size=1, "
     "nrcpt=1 (queue active)",
     NOTHING, "-"},
    {"Jan  5 09:00:01 mail postfix/smtp[1]: connect to mx.b.example"
     "[192.0.2.1]:25: Connection refused",
     NOTHING, "-"},
    {POSTFIX "to=<a@b.example>, " MX TAIL "x", MAIL_LOG_SENT, "b.example"},
    {POSTFIX "to=<a@b.example>, " MX, NOTHING, "-"},
    {POSTFIX "to=<a@b.example", NOTHING, "-"},
    {POSTFIX "to=", NOTHING, "-"},
    {POSTFIX "to=<a@b.example>, relay=mx[1.2.3.4.5]:25" TAIL, NOTHING, "-"},

    /* Sendmail */
    {SENDMAIL "to=<anna@example.com>, ctladdr=<root@x.example> (0/0), "
              "delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120, "
              "relay=mx.example.com. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)",
     MAIL_LOG_SENT, "example.com"},
    {SENDMAIL "to=<a@b.example>,<c@d.example>, delay=0, mailer=smtp, "
              "relay=mx.b.example. [192.0.2.1], dsn=2.0.0, stat=Sent",
     MAIL_LOG_SENT, "b.example d.example"},
    {SENDMAIL "to=a@b.example, delay=0, mailer=esmtp, relay=mx. "
              "[IPv6:2001:db8::1], dsn=2.0.0, stat=Sent",
     MAIL_LOG_SENT, "b.example"},
    {SENDMAIL "to=<a@b.example>, delay=0, mailer=esmtp, relay=mx.b.example., "
              "dsn=4.0.0, stat=Deferred: Connection refused by mx.b.example.",
     MAIL_LOG_DEFERRED, "b.example"},
    {SENDMAIL "to=<a@b.example>, delay=0, mailer=esmtp, relay=mx. "
              "[192.0.2.1], dsn=5.1.1, stat=User unknown",
     MAIL_LOG_RETURNED, "b.example"},
    {SENDMAIL "to=<a@b.example>, delay=0, mailer=local, pri=1, dsn=2.0.0, "
              "stat=Sent",
     NOTHING, "-"},
    {SENDMAIL "to=a@b.example, mailer=relay, relay=[127.0.0.1] [127.0.0.1], "
              "dsn=2.0.0, stat=Sent (605 Message accepted for delivery)",
     NOTHING, "-"},
    {SENDMAIL "to=<a@b.example>, mailer=esmtp, pri=1, stat=queued", NOTHING,
     "-"},
    {SENDMAIL "to=<a@b.example>, mailer=esmtp, relay=mx. [192.0.2.1], "
              "stat=queued",
     NOTHING, "-"},

    /* Exim */
    {EXIM "=> anna@example.com R=dnslookup T=remote_smtp H=mx.example.com "
          "[192.0.2.1] X=TLS1.3:x:256 CV=yes C=\"250 OK\"",
     MAIL_LOG_SENT, "example.com"},
    {EXIM "-> c@d.example <o@p.example> R=dnslookup T=remote_smtp H=mx "
          "[192.0.2.1]:25 C=\"250 OK\"",
     MAIL_LOG_SENT, "d.example"},
    {EXIM ">> c@d.example R=dnslookup T=remote_smtp H=mx [2001:db8::1]",
     MAIL_LOG_SENT, "d.example"},
    {EXIM "=> \"a b\"@d.example R=dnslookup T=remote_smtp H=mx [192.0.2.1]",
     MAIL_LOG_SENT, "d.example"},
    {EXIM "** a@d.example R=dnslookup T=remote_smtp H=mx [192.0.2.1]: SMTP "
          "error from remote mail server after RCPT TO: 550 no",
     MAIL_LOG_RETURNED, "d.example"},
    {EXIM "== a@d.example R=dnslookup T=remote_smtp defer (110) H=mx "
          "[192.0.2.1]: Connection timed out",
     MAIL_LOG_DEFERRED, "d.example"},
    {"2026-01-05 09:00:01.123 +0100 [812] 1tUdWn-00000000Bq5-2M0x => "
     "a@d.example R=dnslookup T=remote_smtp H=mx [192.0.2.1]",
     MAIL_LOG_SENT, "d.example"},
    {"Jan  5 09:00:01 mail exim[812]: 1tUdWn-000Bq5-2M => a@d.example R=r "
     "T=remote_smtp H=mx [192.0.2.1]",
     MAIL_LOG_SENT, "d.example"},
    {EXIM "=> anna <anna@mail.example> R=local_user T=mail_spool", NOTHING,
     "-"},
    {EXIM "=> a@d.example R=r T=filter H=localhost [127.0.0.1]", NOTHING, "-"},
    {EXIM "== a@d.example R=dnslookup T=remote_smtp defer (-53): retry time "
          "not reached for any host",
     NOTHING, "-"},
    {EXIM "** a@d.example: Unrouteable address", NOTHING, "-"},
    {EXIM "<= a@d.example H=mx [192.0.2.1] P=esmtps S=1", NOTHING, "-"},
    {EXIM "Completed", NOTHING, "-"},
    {"2026-01-05 09:00:01 1tUdWn-000Bq5+2M => a@d.example H=mx [192.0.2.1]",
     NOTHING, "-"},
    {"2026-01-05 09:00:01 Start queue run: pid=1", NOTHING, "-"},

    {"", NOTHING, "-"},
    {"example.com", NOTHING, "-"},
};

static void put_domains(struct mail_log_delivery delivery, struct buf *buf)
{
    struct mtasts_bytes domain;
    while (mail_log_next(&delivery.recipients, &domain)) {
        buf_puts(buf, buf->len > 0 ? " " : "");
        buf_append(buf, domain.data, domain.len);
    }
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct mail_log_delivery delivery;
        _cleanup_buf_ struct buf buf = BUF(1000);
        bool is_one =
            mail_log_read(rows[i].line, strlen(rows[i].line), &delivery);
        print_message("%s\n", rows[i].line);
        assert_int_equal(is_one ? (int)delivery.outcome : NOTHING,
                         rows[i].outcome);
        if (!is_one)
            continue;
        put_domains(delivery, &buf);
        assert_string_equal(buf_text(&buf), rows[i].domains);
    }
}

/* A line that is cut off anywhere is read without going past its end. */
static void test_cut_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        for (size_t len = 0; len < strlen(rows[i].line); len++) {
            struct mail_log_delivery delivery;
            struct mtasts_bytes domain;
            char *copy = malloc(len + 1);
            assert_non_null(copy);
            memcpy(copy, rows[i].line, len);
            if (mail_log_read(copy, len, &delivery))
                while (mail_log_next(&delivery.recipients, &domain))
                    assert_true(domain.data >= copy &&
                                domain.data + domain.len <= copy + len);
            free(copy);
        }
    }
}

static void test_address_without_domain(void **state)
{
    struct mtasts_bytes recipients = {"<root>,<a@b.example>,", 21};
    struct mtasts_bytes domain;
    (void)state;
    assert_true(mail_log_next(&recipients, &domain));
    assert_int_equal(domain.len, 0);
    assert_true(mail_log_next(&recipients, &domain));
    assert_memory_equal(domain.data, "b.example", domain.len);
    assert_false(mail_log_next(&recipients, &domain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_cut_lines),
        cmocka_unit_test(test_address_without_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
