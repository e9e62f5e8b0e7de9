/*
 * sendmail_look: the facts about a Sendmail, found out by its own program and
 * its files.
 */
#ifndef MTASTS_CLI_SENDMAIL_LOOK_H
#define MTASTS_CLI_SENDMAIL_LOOK_H

#include "cli/ca_look.h"
#include "cli/map_address.h"
#include "cli/sendmail_cf.h"

#define SENDMAIL_FILE_MAX (1u << 20) /* octets of a file: 70,000 is usual */
#define SENDMAIL_PATH_MAX 1024u
#define SENDMAIL_LOOK_KEY "[127.0.0.1]" /* no policy, and no look-up */

/* Where we answer, tried. */
struct sendmail_door {
    char map[SENDMAIL_VALUE_MAX]; /* "socket -d5 -T<TMPF> local:/PATH" */
    bool answers;
    char why[SENDMAIL_VALUE_MAX];
};

struct sendmail_facts {
    struct sendmail_program program;
    char folder[SENDMAIL_PATH_MAX];
    char mc_path[SENDMAIL_PATH_MAX];
    char cf_path[SENDMAIL_PATH_MAX];
    struct buf mc; /* the files; empty where one is not there */
    struct buf cf;
    struct buf made; /* what m4 makes of sendmail.mc as it is */
    char made_why[SENDMAIL_VALUE_MAX]; /* why it makes nothing; "" */
    char map[SENDMAIL_VALUE_MAX];      /* in sendmail.cf; "": none */
    char ca_file[SENDMAIL_VALUE_MAX];  /* in sendmail.cf */
    char ca_folder[SENDMAIL_VALUE_MAX];
    struct ca_seen file_seen;
    struct ca_seen folder_seen;
    struct ca_seen system_seen; /* SENDMAIL_CA_FOLDER */
    bool inherited;
    struct sendmail_door doors[CONFIG_LIST_MAX * 2];
    size_t door_count;
};

#define SENDMAIL_CA_FOLDER "/etc/ssl/certs"

struct sendmail_look {
    const char *who;
    const char *config_dir; /* NULL: /etc/mail */
    const struct config *config;
    const char *socket; /* NULL: those of `config` */
};

/* Errors after a complaint: -MTASTS_ENOTFOUND: there is no Sendmail. The
   caller clears the facts in any case. */
int sendmail_look(const struct sendmail_look *look,
                  struct sendmail_facts *facts);
void sendmail_facts_init(struct sendmail_facts *facts);
void sendmail_facts_clear(struct sendmail_facts *facts);

/* Asks by "sendmail -bt -C CF"; `ret_line` is what it printed. */
enum sendmail_answer sendmail_ask(const char *cf_path, const char *key,
                                  char ret_line[SENDMAIL_VALUE_MAX]);

/* The same with a map alone, in a file that is gone afterwards. */
enum sendmail_answer sendmail_try(const char *map, const char *key,
                                  char ret_line[SENDMAIL_VALUE_MAX]);

/* What m4(1) makes of a sendmail.mc that is in `folder`, in `buf`. Errors:
   `why` says more. */
int sendmail_make(const char *folder, const char *mc_text, struct buf *buf,
                  char why[SENDMAIL_VALUE_MAX]);

#endif
