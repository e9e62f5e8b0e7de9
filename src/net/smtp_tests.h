/*
 * smtp_tests: what is asked of a server beside the session that a sender
 * would have, each on a connection of its own, as a table.
 */
#ifndef MTASTS_NET_SMTP_TESTS_H
#define MTASTS_NET_SMTP_TESTS_H

#include "net/smtp.h"
#include "net/smtp_offer.h"
#include "net/smtp_session.h"

struct smtp_seen {
    const struct smtp_outcome *outcome;
    const SSL *ssl; /* of its session */
    struct arena *arena;
};

struct smtp_test {
    struct smtp_offer offer;
    /* `fact` holds the main session; what belongs to the answer is added. */
    enum test_result (*judge)(const struct smtp_seen *seen,
                              struct fact_smtp *fact);
    enum smtp_tests flag;
    bool inject;
};

#define SMTP_TEST_COUNT 5u

/* In the order they are made; the one that may get us banned comes last. */
extern const struct smtp_test SMTP_TESTS[SMTP_TEST_COUNT];

/* Where the answer goes. */
enum test_result *smtp_test_result(struct fact_smtp *fact,
                                   enum smtp_tests flag);

/* Whether TLS failed when it was the server's turn to speak. */
bool smtp_tls_failed(const struct smtp_outcome *outcome);

/* Whether a server that ended a test like this wants no more of us now, or
   we can take no more of it. */
bool smtp_had_enough(const struct smtp_outcome *outcome);

#endif
