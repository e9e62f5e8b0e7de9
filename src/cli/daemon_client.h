/*
 * daemon_client: the running mtasts-policyd, asked over its HTTP socket.
 */
#ifndef MTASTS_CLI_DAEMON_CLIENT_H
#define MTASTS_CLI_DAEMON_CLIENT_H

#include "cli/option.h"
#include "json/json.h"

#define DAEMON_CLIENT_MS 70000u /* a discovery may take a minute */

struct daemon_options {
    const char *config; /* file; NULL: the usual one */
    const char *socket; /* "unix:/PATH", "/PATH" or "inet:..."; NULL: as the
                           configuration says */
};

/* Rows for a table of options whose values have a struct daemon_options as
   `member`. */
#define DAEMON_OPTION_ROWS(type, member)                                       \
    {.name = "config",                                                         \
     .letter = 'c',                                                            \
     .kind = OPTION_TEXT,                                                      \
     .argument = "FILE",                                                       \
     .help = "where the daemon's socket is named, if not in the usual file",   \
     .offset = offsetof(type, member.config)},                                 \
    {                                                                          \
        .name = "socket", .letter = 's', .kind = OPTION_TEXT,                  \
        .argument = "ADDRESS",                                                 \
        .help = "ask at this socket: a path, or inet:ADDRESS:PORT",            \
        .offset = offsetof(type, member.socket)                                \
    }

/* The answer's document; the caller frees it. Errors after a complaint that
   begins with `who`; -MTASTS_ENOTFOUND: the daemon says that there is none. */
int daemon_get(const char *who, const struct daemon_options *options,
               const char *target, struct json **ret_json);
int daemon_post(const char *who, const struct daemon_options *options,
                const char *target, const char *body, size_t len,
                struct json **ret_json);

/* The same of one domain, as people type it, behind a route as "/v1/policy/";
   complaints name it. -MTASTS_ENAME: it is none. */
int daemon_get_of(const char *who, const struct daemon_options *options,
                  const char *route, const char *domain,
                  struct json **ret_json);
int daemon_post_of(const char *who, const struct daemon_options *options,
                   const char *route, const char *domain,
                   struct json **ret_json);

#endif
