/*
 * setup_run: the order in which an MTA is set up, which is the same for all.
 *
 * Look and tell; with --apply change, and look again; prove. An MTA is a row
 * of functions, and a struct of its own that begins with a struct setup_work.
 */
#ifndef MTASTS_CLI_SETUP_RUN_H
#define MTASTS_CLI_SETUP_RUN_H

#include "cli/paper.h"
#include "cli/setup.h"

#define SETUP_DOMAIN_MAX 512u /* octets that are asked for, with their end */

struct setup_mta;

struct setup_work {
    const struct setup_mta *mta;
    const struct setup_options *options;
    struct config *config;
    struct setup_findings findings;
    struct paper paper;
};

struct setup_mta {
    const char *who; /* "setup postfix" */
    const char *key; /* to ask for where no domain is known to have a policy */
    /* Reads and judges all, anew, with the configuration and no findings.
       Errors after a complaint. */
    int (*look)(struct setup_work *work);
    void (*tell)(struct setup_work *work);
    bool (*is_due)(struct setup_work *work); /* is there to be changed */
    int (*change)(struct setup_work *work);  /* an exit status */
    void (*done)(struct setup_work *work);   /* all is well; or NULL */
    int (*prove)(struct setup_work *work);   /* an exit status */
};

/* `work` has its first two members set, and the rest zero. The exit status. */
int setup_run(struct setup_work *work);
void setup_work_clear(struct setup_work *work);

/* The domain for the proof: that of --domain, or one that is known. */
void setup_work_domain(const struct setup_work *work,
                       char ret_domain[SETUP_DOMAIN_MAX]);

/* Puts `text` in the place of what `path` was read as, with a copy of that, or
   (`was` NULL) into a file that was not there; and tells. What somebody else
   has changed meanwhile is left alone. Errors after a complaint. */
int setup_work_put(struct setup_work *work, const char *path,
                   const struct buf *was, const struct buf *text);

#endif
