/*
 * postfix_look: the facts about a Postfix, found out: by its own tools, its
 * files and the resolvers that it would ask.
 */
#ifndef MTASTS_CLI_POSTFIX_LOOK_H
#define MTASTS_CLI_POSTFIX_LOOK_H

#include "cli/postfix_facts.h"
#include "cli/tool.h"

#define POSTFIX_LOOK_MS 15000u /* for one question to the daemon */

/* A key that the daemon answers by itself: no policy, and no look-up. */
#define POSTFIX_LOOK_KEY "[127.0.0.1]"

struct postfix_look {
    const char *who;        /* in complaints */
    const char *config_dir; /* NULL: Postfix's usual one */
    const struct config *config;
    const char *socketmap; /* an address to use, NULL: those of `config` */
};

/* Nothing is changed. Errors after a complaint: -MTASTS_ENOTFOUND (there is no
   Postfix), -MTASTS_EIO, -MTASTS_ENOMEM, ... */
int postfix_look(const struct postfix_look *look,
                 struct postfix_facts *ret_facts);

/*
 * Runs "postmap -q KEY TABLE" as smtp would ask: as its user, where we are
 * root, and from its queue. *ret_answered: it got an answer, which is in
 * `ret_output`, or, with exit status 1, that there is none. Errors as
 * tool_run().
 */
int postfix_ask(const struct postfix_facts *facts, const char *table,
                const char *key, struct tool_output *ret_output,
                bool *ret_answered);

#endif
