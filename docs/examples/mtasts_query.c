/*
 * mtasts_query: what an MTA does with libmtasts-client, without the mail.
 *
 *     mtasts_query SOCKET DOMAIN MX-HOST...
 *
 * Asks the daemon about DOMAIN and walks over the MX hosts, which are given
 * in order of preference, as a sender would. Exit status: 0 deliver, 75 keep
 * the message, 2 usage.
 *
 * cc mtasts_query.c $(pkg-config --cflags --libs libmtasts-client)
 */
#include <mtasts/client.h>
#include <stdio.h>
#include <string.h>

#define KEEP 75 /* EX_TEMPFAIL */

/*
 * Stands for the SMTP client, which connects, asks for TLS, verifies the
 * certificate against the name of the host, and says how it went.
 */
static enum mtasts_tls_outcome try_tls(const char *host)
{
    return strncmp(host, "bad-", 4) == 0 ? MTASTS_TLS_CERT_HOST_MISMATCH
                                         : MTASTS_TLS_CERT_OK;
}

/*
 * The walk of a sender that does not look up TLSA records: one that does
 * says here what they said, for each host.
 */
static int walk(const struct mtasts_answer *answer, char **hosts)
{
    for (; *hosts; hosts++) {
        struct mtasts_decision decision;
        size_t len = strlen(*hosts);

        mtasts_delivery_before(answer->policy, *hosts, len, MTASTS_DANE_NONE, 0,
                               &decision);
        if (decision.action == MTASTS_ACTION_DELIVER)
            mtasts_delivery_after(answer->policy, *hosts, len, try_tls(*hosts),
                                  MTASTS_DANE_NONE, 0, &decision);
        printf("%s: %s\n", *hosts,
               decision.action == MTASTS_ACTION_DELIVER
                   ? "deliver"
                   : mtasts_result_name(decision.result));
        if (decision.action == MTASTS_ACTION_DELIVER)
            return 0;
    }
    return KEEP;
}

int main(int argc, char **argv)
{
    struct mtasts_answer *answer;
    int r;

    if (argc < 4) {
        fprintf(stderr, "usage: mtasts_query SOCKET DOMAIN MX-HOST...\n");
        return 2;
    }
    r = mtasts_query(argv[1], argv[2], 0, &answer);
    if (r < 0) {
        /* No answer is none to go on with. */
        fprintf(stderr, "%s: %s\n", argv[2], mtasts_strerror(r));
        return KEEP;
    }
    if (answer->kind == MTASTS_ANSWER_DEFER || answer->dane) {
        /* Where `dane` is set only DANE will do. */
        printf("%s: keep: %s\n", argv[2],
               answer->dane ? "DANE is needed" : answer->reason);
        r = KEEP;
    } else {
        r = walk(answer, argv + 3);
    }
    mtasts_answer_free(answer);
    return r;
}
