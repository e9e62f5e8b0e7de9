/*
 * recipients: the domains that a site sends mail to, and how much, out of a
 * list of domains or addresses, or the log of an MTA.
 *
 * The first line that says anything tells which: a single word begins a
 * list, several a log. What is kept is a domain each, so that memory depends
 * on how many of them there are, up to a maximum, and not on what is read.
 */
#ifndef MTASTS_CLI_RECIPIENTS_H
#define MTASTS_CLI_RECIPIENTS_H

#include "base/cleanup.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECIPIENTS_MAX 1000000u /* domains kept: about 120 octets each */
#define RECIPIENTS_COMPLAINTS_MAX                                              \
    20u /* lines of a list complained of one by one; all are counted */

struct recipient {
    uint64_t messages;  /* sent or returned; of a list: how often it is there */
    uint64_t deferrals; /* attempts that were put off */
    char domain[];      /* canonical A-labels */
};

/* What was read, for people and for the exit status. */
struct recipients_read {
    uint64_t lines;
    uint64_t deliveries; /* of a list: its domains, each time they are there */
    uint64_t bad;        /* recipients without a domain that can be asked for */
    uint64_t left_out;   /* deliveries to domains past RECIPIENTS_MAX */
    bool is_log;
};

struct recipients;

/* `max`: domains at most; 0: RECIPIENTS_MAX. */
int recipients_new(size_t max, struct recipients **ret_recipients);
void recipients_free(struct recipients *recipients); /* NULL is fine */

/* One entry of a list, counted in recipients_counts(). -MTASTS_ENAME: it is
   no domain, after a complaint with `where` in front; -MTASTS_ENOMEM. */
int recipients_add(struct recipients *recipients, const char *where,
                   const char *text, size_t len);

/* All of a file, or of stdin for "-". Complaints begin with `who`. Errors,
   after a complaint: -MTASTS_EIO, -MTASTS_ENOMEM. */
int recipients_read(struct recipients *recipients, const char *who,
                    const char *path);

const struct recipients_read *
recipients_counts(const struct recipients *recipients);

size_t recipients_count(const struct recipients *recipients);

/*
 * Puts them in order: the most messages first, then by name. Nothing can be
 * added any more. -MTASTS_ENOMEM.
 */
int recipients_sort(struct recipients *recipients);

/* `index` in that order. */
const struct recipient *recipients_at(const struct recipients *recipients,
                                      size_t index);

DEFINE_CLEANUP(struct recipients *, recipients_free, recipients)
#define _cleanup_recipients_ _cleanup_(cleanup_recipients)

#endif
