/*
 * libmtasts-client: asks mtasts-policyd what TLS a domain demands
 * (RFC 8461). One call, which blocks; no threads, no signals, no state, no
 * dependency but libmtasts: an MTA may call it from any thread, or from a
 * process of its own. See mtasts-client(3).
 */
#ifndef MTASTS_CLIENT_H
#define MTASTS_CLIENT_H

#include <mtasts/delivery.h>
#include <mtasts/error.h>
#include <mtasts/sts_policy.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define MTASTS_CLIENT_SOCKET "/run/mtasts/socketmap.sock"
/* Longer than the daemon makes an asker wait, by its default. */
#define MTASTS_CLIENT_DEADLINE_MS 15000u

enum mtasts_answer_kind {
    MTASTS_ANSWER_NONE,   /* nothing is demanded */
    MTASTS_ANSWER_POLICY, /* `policy` applies */
    MTASTS_ANSWER_DEFER,  /* could not be told: the message has to wait */
};

/* An MX host that DNS names, as the daemon saw it. */
struct mtasts_mx_host {
    const char *name; /* lower-case, no final dot */
    bool covered;     /* by the policy */
};

/*
 * Made and freed by the library, which may add members at the end. No pointer
 * is NULL but `policy` and `hosts`.
 */
struct mtasts_answer {
    enum mtasts_answer_kind kind;
    /* DANE applies, and goes before the policy (RFC 8461 section 2): its
       TLSA records are the caller's to look up. */
    bool dane;
    /* For mtasts_delivery_before() and mtasts_delivery_after(); NULL unless
       kind is MTASTS_ANSWER_POLICY. Its max_age is the seconds left of it. */
    const struct mtasts_sts_policy *policy;
    const char *id;    /* of the record under which it was fetched; or "" */
    uint32_t ttl;      /* seconds that the answer is good for */
    bool hosts_null;   /* the domain takes no mail (RFC 7505) */
    size_t host_count; /* 0: not looked up, or none */
    const struct mtasts_mx_host *hosts; /* in order of preference */
    enum mtasts_result failure;         /* of the last fetch, or SUCCESS */
    const char *reason; /* for people: of a failure, a rule of the site; "" */
};

/*
 * Asks the daemon at the UNIX socket `path` (NULL: MTASTS_CLIENT_SOCKET)
 * about `domain`, the domain of the recipient or the next hop in its place,
 * as mtasts_next_hop_parse() takes it: for what can have no policy, such as
 * [mx.example], the answer is NONE, and nobody is asked.
 * All of it ends within `deadline_ms` milliseconds (0:
 * MTASTS_CLIENT_DEADLINE_MS). The caller frees *ret_answer.
 *
 * Errors: -MTASTS_EINVAL, -MTASTS_ETOOLONG (`path`), -MTASTS_ENOMEM; of the
 * name -MTASTS_EIDN, -MTASTS_ENAME, -MTASTS_ESYNTAX; -MTASTS_EIO (no daemon
 * there, or it went away; errno says more), -MTASTS_ETIMEDOUT,
 * -MTASTS_ESYSTEM (it refuses to answer, or says what cannot be read). The
 * message should wait after the last three, lest whoever can stop the daemon
 * can stop TLS.
 */
int mtasts_query(const char *path, const char *domain, unsigned deadline_ms,
                 struct mtasts_answer **ret_answer);

/* `answer` may be NULL. */
void mtasts_answer_free(struct mtasts_answer *answer);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
