/*
 * postfix_facts: what there is to know of a Postfix and of its surroundings
 * before MTA-STS can be switched on there. Plain values: postfix_look.c fills
 * them, postfix_judge.c judges them.
 */
#ifndef MTASTS_CLI_POSTFIX_FACTS_H
#define MTASTS_CLI_POSTFIX_FACTS_H

#include "cli/ca_look.h"
#include "cli/map_address.h"
#include "cli/map_list.h"
#include "cli/mta_resolvers.h"
#include "cli/postconf.h"

#define POSTFIX_PATH_MAX 1024u /* octets of a folder, with its end */
#define POSTFIX_WORD_MAX 256u  /* of a short value */
#define POSTFIX_WHY_MAX 768u

/* A set of certificate authorities; path "": not set. */
struct postfix_ca {
    char path[POSTFIX_PATH_MAX];
    struct ca_seen seen;
    bool unknown; /* it could not be looked at as Postfix does */
};

/* An address of ours, tried. */
struct postfix_door {
    struct map_address address;
    bool tried;
    bool answers;
    char why[POSTFIX_WHY_MAX]; /* why not */
};

struct postfix_facts {
    char version_text[POSTFIX_WORD_MAX];
    struct postconf_version version; /* major 0: it has none that is known */
    char folder[POSTFIX_PATH_MAX];   /* of main.cf */
    bool main_is_link;               /* main.cf is a symbolic link */
    char queue[POSTFIX_PATH_MAX];
    char owner[POSTFIX_WORD_MAX];       /* mail_owner: whom smtp runs as */
    bool owner_known;                   /* the system has this user */
    bool socketmap;                     /* it knows this kind of table */
    char service[POSTCONF_SERVICE_MAX]; /* "smtp/unix" */
    bool service_found;
    bool chroot;
    bool running;
    bool as_root; /* what needs root was done */

    char maps_raw[POSTCONF_VALUE_MAX]; /* as main.cf has it */
    char maps[POSTCONF_VALUE_MAX];     /* in force, $names replaced */
    bool maps_override;                /* master.cf has its own */
    char per_site[POSTCONF_VALUE_MAX];
    char relayhost[POSTFIX_WORD_MAX];
    char transport[POSTFIX_WORD_MAX]; /* default_transport */
    char dns_support[POSTFIX_WORD_MAX];
    bool dns_override;
    char host_lookup[POSTFIX_WORD_MAX];
    enum config_tls_level level;
    bool level_common; /* all services that run smtp have it */
    char level_other[POSTCONF_SERVICE_MAX];

    struct postfix_ca ca_file;
    bool ca_override; /* master.cf has a CA file or folder of its own */
    struct postfix_ca ca_folder;
    bool ca_default; /* tls_append_default_CA */
    struct postfix_ca default_file;
    struct postfix_ca default_folder;
    struct postfix_ca spare; /* a bundle of this machine to propose */

    char resolv_conf[POSTFIX_PATH_MAX]; /* that smtp reads */
    bool resolv_differs;                /* from /etc/resolv.conf */
    struct mta_resolvers resolvers;

    /* Ours. */
    enum config_tls_level own_level;
    enum config_match match;
    enum config_dane dane;
    bool dane_proved;
    bool inherited; /* a listener is a socket of systemd */
    struct postfix_door doors[CONFIG_LIST_MAX * 2];
    size_t door_count;
};

#endif
