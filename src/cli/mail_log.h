/*
 * mail_log: one line of an MTA's log -> the recipients of a delivery to
 * another site, and how it ended.
 *
 * Understands what Postfix (smtp), Sendmail (mailers of SMTP) and Exim (main
 * log) write, in a syslog or journal or a file of their own. Deliveries on
 * this machine are none: to mailboxes, programs, LMTP, or by SMTP to a filter
 * on a loopback address, from which the message comes again. Pure.
 */
#ifndef MTASTS_CLI_MAIL_LOG_H
#define MTASTS_CLI_MAIL_LOG_H

#include <mtasts/fault.h>
#include <stdbool.h>

#define MAIL_LOG_TOKENS_MAX                                                    \
    20u /* words before Exim's message id: date, host, program, ... */

enum mail_log_outcome {
    MAIL_LOG_SENT,
    MAIL_LOG_RETURNED, /* for good: bounced */
    MAIL_LOG_DEFERRED, /* it will be tried again */
};

struct mail_log_delivery {
    enum mail_log_outcome outcome;
    struct mtasts_bytes recipients; /* in the line: addresses, commas between */
};

/* Whether the line tells of a delivery elsewhere. Any octets will do. */
bool mail_log_read(const char *line, size_t len,
                   struct mail_log_delivery *ret_delivery);

/*
 * Takes the next address off `recipients`; *ret_domain is what stands behind
 * its last @, in the line, len 0 if there is none. False at the end.
 */
bool mail_log_next(struct mtasts_bytes *recipients,
                   struct mtasts_bytes *ret_domain);

#endif
