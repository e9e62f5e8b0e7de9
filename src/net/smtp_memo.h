/*
 * smtp_memo: what SMTP probes have found, for whoever asks the same next.
 *
 * Many domains share few mail hosts. A probe of the same address for the
 * same host name, with the same tests and the same TLSA records, is made
 * once in SMTP_MEMO_MS; that spares the hosts, and the waiting.
 */
#ifndef MTASTS_NET_SMTP_MEMO_H
#define MTASTS_NET_SMTP_MEMO_H

#include "net/smtp.h"

#define SMTP_MEMO_MS 300000u /* how long a finding holds: one run's time */
#define SMTP_MEMO_MAX 1024u  /* findings kept; the oldest give way */
#define SMTP_MEMO_FACT_MAX                                                     \
    (1u << 16) /* octets of one: usual ones take 5 kB,                         \
                  and what takes more is not kept */

struct smtp_memo;

int smtp_memo_new(struct smtp_memo **ret_memo);
void smtp_memo_free(struct smtp_memo *memo); /* NULL is fine */

/*
 * Whether the answer to `request` is known. The fact is copied to the
 * request's arena. `now_ms` is of loop_now_ms(). Errors: -MTASTS_ENOTFOUND,
 * -MTASTS_ENOMEM.
 */
int smtp_memo_find(const struct smtp_memo *memo,
                   const struct smtp_request *request, uint64_t now_ms,
                   struct fact_smtp *ret_fact);

/* Keeps a copy if there is room for one. */
void smtp_memo_keep(struct smtp_memo *memo, const struct smtp_request *request,
                    uint64_t now_ms, const struct fact_smtp *fact);

#endif
