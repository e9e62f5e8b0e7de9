/*
 * reply_map: tables of names.
 */
#include "engine/reply_map.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "engine/policy_answer.h"
#include <mtasts/error.h>

static const char *const map_names[REPLY_MAPS] = {
    [REPLY_MAP_POSTFIX] = "postfix",
    [REPLY_MAP_POSTFIX_TLSRPT] = "postfix-tlsrpt",
    [REPLY_MAP_STS] = "sts",
    [REPLY_MAP_CLIENT] = "client",
};

const char *reply_map_name(enum reply_map map)
{
    return map_names[map];
}

int reply_map_parse(const char *name, size_t len, enum reply_map *ret_map)
{
    for (size_t i = 0; i < ELEMENTS(map_names); i++)
        if (ascii_is(name, len, map_names[i])) {
            *ret_map = (enum reply_map)i;
            return 0;
        }
    return -MTASTS_ENOTFOUND;
}

const char *site_level_name(enum site_level level)
{
    static const char *const names[] = {
        [SITE_LEVEL_UNKNOWN] = "unknown",
        [SITE_LEVEL_NONE] = "none",
        [SITE_LEVEL_MAY] = "may",
        [SITE_LEVEL_ENCRYPT] = "encrypt",
        [SITE_LEVEL_DANE] = "dane",
        [SITE_LEVEL_DANE_ONLY] = "dane-only",
        [SITE_LEVEL_FINGERPRINT] = "fingerprint",
        [SITE_LEVEL_VERIFY] = "verify",
        [SITE_LEVEL_SECURE] = "secure",
    };

    return names[level];
}

/*
 * Sendmail is told patterns, but has no room for many of them: then the
 * hosts decide. A client of the library is told all that is known.
 */
unsigned reply_map_wants(enum reply_map map,
                         const struct reply_settings *settings)
{
    if (map == REPLY_MAP_CLIENT || settings->match == REPLY_MATCH_HOSTS)
        return ASK_HOSTS;
    if (settings->match == REPLY_MATCH_PATTERNS ||
        map == REPLY_MAP_POSTFIX_TLSRPT)
        return 0;
    return ASK_HOSTS;
}

const char *reply_status_word(enum reply_status status)
{
    static const char *const words[] = {
        [REPLY_OK] = "OK",
        [REPLY_NOTFOUND] = "NOTFOUND",
        [REPLY_TEMP] = "TEMP",
    };

    return words[status];
}
