/*
 * Answers of the policy engine, made of text, for tests of what is written
 * from them.
 */
#ifndef MTASTS_TESTS_ANSWER_H
#define MTASTS_TESTS_ANSWER_H

#include "engine/policy_answer.h"

#define ANSWER_HOSTS_MAX 128u /* more than mx_set keeps */

struct made_answer {
    struct policy_answer answer;
    struct held_policy *held;
    struct mx_set *mx;
};

/*
 * `body`: a policy, read as a sender does, its lines parted by `|` for LF;
 * NULL: none. Fetched at 1000 ms under the id "id1"; looked at then.
 * `hosts`: MX hosts parted by blanks; "" is a null MX, "?" a failed look-up;
 * NULL: not asked for.
 * Ends the program if it cannot be made.
 */
void made_answer_init(struct made_answer *made, const char *body,
                      const char *hosts);
void made_answer_clear(struct made_answer *made);

#define _cleanup_answer_ _cleanup_(made_answer_clear)

#endif
