/*
 * answer: what the daemon replied, read. The form is in
 * engine/reply_client.h.
 */
#ifndef MTASTS_CLIENT_ANSWER_H
#define MTASTS_CLIENT_ANSWER_H

#include <mtasts/client.h>

/*
 * `reply`: what the netstring holds, terminated. The caller frees *ret_answer
 * by mtasts_answer_free().
 * -MTASTS_ESYSTEM (refused, or not of the form), -MTASTS_ENOMEM.
 */
int answer_parse(const char *reply, size_t len,
                 struct mtasts_answer **ret_answer);

/* An answer of this kind, with nothing but a reason (of which a copy is
   kept). -MTASTS_ENOMEM. */
int answer_new(enum mtasts_answer_kind kind, const char *reason,
               struct mtasts_answer **ret_answer);

#endif
