/*
 * exim_look: the facts about an Exim, found out by its own program and by
 * Debian's files for it.
 */
#ifndef MTASTS_CLI_EXIM_LOOK_H
#define MTASTS_CLI_EXIM_LOOK_H

#include "cli/ca_look.h"
#include "cli/exim_conf.h"
#include "cli/map_address.h"
#include "cli/mta_resolvers.h"

#define EXIM_FILE_MAX (4u << 20) /* octets of a file: 100,000 is usual */
#define EXIM_PATH_MAX 1024u
#define EXIM_LOOK_KEY "[127.0.0.1]" /* no policy, and no look-up */
#define EXIM_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

/* Where we answer, tried. */
struct exim_door {
    char socket[MAP_ADDRESS_MAX]; /* as MTASTS_SOCKET: "/PATH", "inet:..." */
    bool answers;
    char why[EXIM_VALUE_MAX];
};

struct exim_facts {
    const char *name; /* of the program: "exim4" or "exim" */
    struct exim_program program;
    char user[EXIM_VALUE_MAX]; /* exim_user */
    bool user_known;
    bool as_root;
    char router[EXIM_VALUE_MAX];    /* ours, in force; "": it is not there */
    bool dnssec;                    /* dns_dnssec_ok = 1 */
    struct mta_resolvers resolvers; /* where DANE is on */
    char folder[EXIM_PATH_MAX];     /* /etc/exim4 */
    bool debian;                    /* Debian's files are what is in force */
    bool split;                     /* in many files */
    char kind[EXIM_VALUE_MAX];      /* dc_eximconfig_configtype */
    char include[EXIM_PATH_MAX];    /* the folder with our files; "": none */
    char include_why[EXIM_PATH_MAX + 256]; /* why Exim cannot read them */
    struct ca_seen authorities;            /* of EXIM_CA_FILE */
    bool inherited;
    struct exim_door doors[CONFIG_LIST_MAX * 2];
    size_t door_count;
};

struct exim_look {
    const char *who;
    const char *config_dir; /* NULL: /etc/exim4 */
    const struct config *config;
    const char *socket; /* NULL: those of `config` */
};

/* Whether answers may be "dane". */
bool exim_may_be_told_dane(const struct config *config);

/* Errors after a complaint: -MTASTS_ENOTFOUND: there is no Exim. */
int exim_look(const struct exim_look *look, struct exim_facts *ret_facts);

/* Asks by "exim -be", as Exim's user where we are root: whether it is an
   answer, and what was printed. */
bool exim_ask(const struct exim_facts *facts, const char *socket,
              const char *key, char ret_line[EXIM_VALUE_MAX]);

/* The expansion that asks. */
void exim_question(const char *socket, const char *key,
                   char ret_text[EXIM_VALUE_MAX]);

#endif
