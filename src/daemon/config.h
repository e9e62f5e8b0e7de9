/*
 * config: what mtasts.conf(5) says, as plain values.
 *
 * One row of the tables in config_options.c is one option: from it come
 * parsing, checks, the dump, the sample file and the list in the manual. A
 * configuration is read into a new object, which its owner swaps for the old
 * one, or frees: a file with a fault never changes what is in force.
 *
 * The object owns its strings and lists; it does not change once made.
 */
#ifndef MTASTS_DAEMON_CONFIG_H
#define MTASTS_DAEMON_CONFIG_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define CONFIG_FILE_MAX (1u << 20) /* octets of a file: far above any use */
#define CONFIG_LIST_MAX 64u        /* items of one list */
#define CONFIG_TEXT_MAX 4096u      /* octets of one value */
#define CONFIG_FAULTS_MAX 65536u   /* octets of complaints about a file */
#define CONFIG_DUMP_MAX (4u << 20) /* octets of what is written of one */

struct config_list {
    const char *const *items; /* terminated strings */
    size_t count;
};

/* The order of the words in the tables of config_options.c. */
enum config_log_level {
    CONFIG_LOG_ERROR,
    CONFIG_LOG_WARNING,
    CONFIG_LOG_NOTICE,
    CONFIG_LOG_INFO,
    CONFIG_LOG_DEBUG,
};

enum config_log_target {
    CONFIG_LOG_STDERR,
    CONFIG_LOG_JOURNAL,
    CONFIG_LOG_SYSLOG,
};

/* What smtp_tls_security_level says where no policy applies. */
enum config_tls_level {
    CONFIG_LEVEL_UNKNOWN,
    CONFIG_LEVEL_NONE,
    CONFIG_LEVEL_MAY,
    CONFIG_LEVEL_ENCRYPT,
    CONFIG_LEVEL_DANE,
    CONFIG_LEVEL_DANE_ONLY,
    CONFIG_LEVEL_FINGERPRINT,
    CONFIG_LEVEL_VERIFY,
    CONFIG_LEVEL_SECURE,
};

enum config_match {
    CONFIG_MATCH_AUTO,
    CONFIG_MATCH_HOSTS,
    CONFIG_MATCH_PATTERNS,
};

enum config_dane {
    CONFIG_DANE_AUTO,
    CONFIG_DANE_ON,
    CONFIG_DANE_OFF,
};

enum config_failure {
    CONFIG_FAILURE_PROCEED,
    CONFIG_FAILURE_DEFER,
};

/* Options outside of a section: for every daemon. No string is NULL; where
   nothing was said it is "". */
struct config_global {
    const char *user;  /* "root": stay it */
    const char *group; /* "": that of the user */
    const char *state_directory;
    const char *run_directory;
    unsigned log_level;  /* enum config_log_level */
    unsigned log_target; /* enum config_log_target */
    const char *ca_file;
    const char *resolver;     /* "ADDR[@PORT]"; "": as resolv.conf says */
    const char *root_hints;   /* "": do not recurse */
    const char *trust_anchor; /* "": Debian's */
    struct config_list allow_private; /* of address_cidr_parse() */
    const char *egress_proxy;         /* URL, or "" */
};

/*
 * policyd { }. The names of the second half are those of struct
 * policy_settings, and say the same.
 *
 * Listeners are "unix:/PATH", "inet:ADDRESS:PORT" or "systemd:NAME".
 */
struct config_policyd {
    bool enabled;
    struct config_list socketmap;
    unsigned socketmap_mode;     /* of its UNIX sockets */
    const char *socketmap_group; /* ""; that of the process */
    struct config_list exim;
    unsigned exim_mode;
    const char *exim_group;
    struct config_list http;
    unsigned http_mode;
    const char *http_group;
    unsigned connections_max;
    unsigned default_tls_level; /* enum config_tls_level */
    unsigned match;             /* enum config_match */
    unsigned dane;              /* enum config_dane */
    bool dane_proved;
    const char *database;  /* path */
    const char *overrides; /* path, or "" */

    uint64_t ask_ms;
    uint64_t discovery_ms;
    uint64_t slow_ms;
    uint32_t refresh_s;
    uint32_t retry_s;
    uint32_t retry_max_s;
    uint32_t warn_s;
    uint32_t txt_min_s;
    uint32_t txt_max_s;
    uint32_t none_min_s;
    uint32_t none_max_s;
    uint32_t failed_s;
    unsigned entries_max;
    uint64_t bytes_max;
    unsigned discoveries_max;
    unsigned refreshes_max;
    bool strict;
    bool always_hosts;
    unsigned txt_failure; /* enum config_failure */
    unsigned mx_failure;
    unsigned tlsa_failure;
    unsigned mx_uncovered;
};

struct arena;

struct config {
    const char *path;        /* of the file; "" without one */
    struct timespec written; /* the file, when it was read */
    ino_t inode;             /* likewise; 0: it was not read */
    struct config_global global;
    struct config_policyd policyd;
    struct arena *arena;
};

/*
 * Reads a file. Every fault is a line "FILE:LINE: what; way out" in `faults`
 * (a buffer of the caller's, CONFIG_FAULTS_MAX).
 * -MTASTS_EIO (cannot be read), -MTASTS_ETOOLONG, -MTASTS_ESYNTAX,
 * -MTASTS_ENOMEM; each with at least one line.
 */
int config_load(const char *path, struct buf *faults,
                struct config **ret_config);

/* The same of a text; `path` is what complaints call it, and where relative
   paths begin. */
int config_parse(const char *path, const char *text, size_t len,
                 struct buf *faults, struct config **ret_config);

/* Whether its file is another one by now, or gone. */
bool config_has_changed(const struct config *config);

/* What is in force where no file says otherwise. */
int config_defaults(struct config **ret_config);

void config_free(struct config *config); /* NULL is fine */

/* Appends the whole configuration, each option with what it means. It reads
   back as the same. */
int config_dump(const struct config *config, struct buf *buf);

/* Appends a file to start from: every option with its default, as a comment. */
int config_sample(struct buf *buf);

/* Appends the options as a part of mtasts.conf(5), in scdoc's language. */
int config_manual(struct buf *buf);

DEFINE_CLEANUP(struct config *, config_free, config)
#define _cleanup_config_ _cleanup_(cleanup_config)

#endif
