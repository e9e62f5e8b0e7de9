/*
 * reply_map: what MTAs ask by, and what a site decides about the replies.
 *
 * An MTA names a map with every question; each map has a reply of its own:
 * postfix and postfix-tlsrpt for smtp_tls_policy_maps, sts for Sendmail's
 * FEATURE(sts), client for libmtasts-client.
 */
#ifndef MTASTS_ENGINE_REPLY_MAP_H
#define MTASTS_ENGINE_REPLY_MAP_H

#include <stddef.h>

enum reply_map {
    REPLY_MAP_POSTFIX,        /* any version */
    REPLY_MAP_POSTFIX_TLSRPT, /* 3.10 and later: with attributes for reports */
    REPLY_MAP_STS,            /* Sendmail 8.16 and later */
    REPLY_MAP_CLIENT,
    REPLY_MAPS,
};

/* "postfix", "postfix-tlsrpt", "sts", "client". */
const char *reply_map_name(enum reply_map map);

/* The reverse; case-sensitive. -MTASTS_ENOTFOUND. */
int reply_map_parse(const char *name, size_t len, enum reply_map *ret_map);

/*
 * The level of TLS that the MTA uses where no policy says otherwise: what
 * Postfix calls smtp_tls_security_level. A reply replaces it, and must never
 * lower it.
 */
enum site_level {
    SITE_LEVEL_UNKNOWN,
    SITE_LEVEL_NONE,
    SITE_LEVEL_MAY,
    SITE_LEVEL_ENCRYPT,
    SITE_LEVEL_DANE,
    SITE_LEVEL_DANE_ONLY,
    SITE_LEVEL_FINGERPRINT,
    SITE_LEVEL_VERIFY,
    SITE_LEVEL_SECURE,
};

/* "unknown", "none", "may", ... */
const char *site_level_name(enum site_level level);

/* What the MTA is told to compare certificates with. */
enum reply_match {
    REPLY_MATCH_AUTO,  /* hosts where the map is postfix, else patterns */
    REPLY_MATCH_HOSTS, /* the MX hosts that the policy covers, by name */
    REPLY_MATCH_PATTERNS,
};

struct reply_settings {
    enum site_level level;
    enum reply_match match;
};

/* What to ask the engine for, so that this map can be answered as the
   settings say: of enum ask_wants. */
unsigned reply_map_wants(enum reply_map map,
                         const struct reply_settings *settings);

enum reply_status {
    REPLY_OK,
    REPLY_NOTFOUND, /* nothing to say: the MTA's own level */
    REPLY_TEMP,     /* the message has to wait; the text says why */
};

/* "OK", "NOTFOUND", "TEMP". */
const char *reply_status_word(enum reply_status status);

#endif
