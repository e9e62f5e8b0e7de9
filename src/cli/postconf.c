/*
 * postconf: what postconf(1) prints. See postconf.h.
 *
 * A line a parameter, "NAME = VALUE"; those of a service as
 * "SERVICE/TYPE/NAME = VALUE". A service is eight columns: name, type,
 * private, unprivileged, chroot, wakeup, maxproc, command and arguments.
 */
#include "cli/postconf.h"

#include "base/ascii.h"
#include "base/number.h"
#include <mtasts/error.h>
#include <string.h>

#define COLUMNS 8u
#define VERSION_PART_MAX 9999u

enum { NAME, TYPE, PRIVATE, UNPRIVILEGED, CHROOT, WAKEUP, MAXPROC, COMMAND };

struct text {
    const char *at;
    size_t len;
};

/* The next line; false at the end. */
static bool next_line(const char **at, struct text *line)
{
    if (!**at)
        return false;
    line->at = *at;
    line->len = strcspn(*at, "\n");
    *at += line->len + ((*at)[line->len] == '\n');
    return true;
}

/* The value if the line says "KEY = VALUE"; else NULL. */
static const char *value_in(const struct text *line, const char *key,
                            size_t *ret_len)
{
    size_t len = strlen(key);
    if (line->len < len + 2 || memcmp(line->at, key, len) != 0 ||
        memcmp(line->at + len, " =", 2) != 0)
        return NULL;
    const char *value = line->at + len + 2;
    *ret_len = line->len - len - 2;
    while (*ret_len > 0 && ascii_is_wsp(*value)) {
        value++;
        --*ret_len;
    }
    while (*ret_len > 0 && ascii_is_wsp(value[*ret_len - 1]))
        --*ret_len;
    return value;
}

static bool find(const char *text, const char *key,
                 char ret_value[POSTCONF_VALUE_MAX])
{
    struct text line;
    size_t len = 0;
    ret_value[0] = '\0';
    while (next_line(&text, &line)) {
        const char *value = value_in(&line, key, &len);
        if (!value || len >= POSTCONF_VALUE_MAX)
            continue;
        memcpy(ret_value, value, len);
        ret_value[len] = '\0';
        return true;
    }
    return false;
}

bool postconf_value(const struct postconf *postconf, const char *name,
                    char ret_value[POSTCONF_VALUE_MAX])
{
    return find(postconf->parameters, name, ret_value);
}

bool postconf_value_of(const struct postconf *postconf, const char *service,
                       const char *name, char ret_value[POSTCONF_VALUE_MAX],
                       bool *ret_override)
{
    char key[POSTCONF_SERVICE_MAX + 64];
    int used = snprintf(key, sizeof(key), "%s/%s", service, name);
    *ret_override =
        used < (int)sizeof(key) && find(postconf->overrides, key, ret_value);
    return *ret_override || postconf_value(postconf, name, ret_value);
}

/* ---- services ---- */

/* The columns of a line of master.cf; false if it has fewer. */
static bool split(const struct text *line, struct text columns[COLUMNS])
{
    size_t at = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        while (at < line->len && ascii_is_wsp(line->at[at]))
            at++;
        columns[i].at = line->at + at;
        while (at < line->len && !ascii_is_wsp(line->at[at]))
            at++;
        columns[i].len = (size_t)(line->at + at - columns[i].at);
        if (columns[i].len == 0)
            return false;
    }
    return true;
}

static bool is(const struct text *column, const char *word)
{
    return ascii_is(column->at, column->len, word);
}

/* lmtp goes by parameters of its own (lmtp_tls_...). */
static bool is_client(const struct text columns[COLUMNS])
{
    return is(&columns[TYPE], "unix") && is(&columns[COMMAND], "smtp");
}

int postconf_smtp(const struct postconf *postconf, const char *name,
                  struct postconf_service *ret_service)
{
    const char *at = postconf->services;
    struct text columns[COLUMNS];
    struct text line;
    while (next_line(&at, &line)) {
        if (!split(&line, columns) || !is(&columns[NAME], name) ||
            !is_client(columns))
            continue;
        ret_service->chroot = is(&columns[CHROOT], "y");
        ret_service->chroot_default = is(&columns[CHROOT], "-");
        return 0;
    }
    return -MTASTS_ENOTFOUND;
}

/* ---- the version ---- */

int postconf_version(const char *text, struct postconf_version *ret_version)
{
    unsigned parts[3] = {0};
    size_t count = 0;
    while (count < 3 && ascii_is_digit(*text)) {
        size_t len = strspn(text, "0123456789");
        uint64_t number = 0;
        if (number_parse(text, len, VERSION_PART_MAX, &number) < 0)
            return -MTASTS_ESYNTAX;
        parts[count++] = (unsigned)number;
        text += len;
        if (*text != '.')
            break;
        text++;
    }
    if (count < 2)
        return -MTASTS_ESYNTAX;
    *ret_version = (struct postconf_version){parts[0], parts[1], parts[2]};
    return 0;
}

bool postconf_since(const struct postconf_version *version, unsigned major,
                    unsigned minor)
{
    return version->major > major ||
           (version->major == major && version->minor >= minor);
}

/* ---- the level ---- */

static bool is_yes(const struct postconf *postconf, const char *service,
                   const char *name)
{
    char value[POSTCONF_VALUE_MAX];
    bool override;
    return postconf_value_of(postconf, service, name, value, &override) &&
           ascii_is_nocase(value, strlen(value), "yes");
}

/* What counted before Postfix 2.3. */
static enum config_tls_level old_level(const struct postconf *postconf,
                                       const char *service)
{
    if (is_yes(postconf, service, "smtp_enforce_tls"))
        return is_yes(postconf, service, "smtp_tls_enforce_peername")
                   ? CONFIG_LEVEL_VERIFY
                   : CONFIG_LEVEL_ENCRYPT;
    return is_yes(postconf, service, "smtp_use_tls") ? CONFIG_LEVEL_MAY
                                                     : CONFIG_LEVEL_NONE;
}

enum config_tls_level postconf_level(const struct postconf *postconf,
                                     const char *service)
{
    static const struct {
        const char *word;
        enum config_tls_level level;
    } levels[] = {
        {"none", CONFIG_LEVEL_NONE},
        {"may", CONFIG_LEVEL_MAY},
        {"encrypt", CONFIG_LEVEL_ENCRYPT},
        {"dane", CONFIG_LEVEL_DANE},
        {"dane-only", CONFIG_LEVEL_DANE_ONLY},
        {"fingerprint", CONFIG_LEVEL_FINGERPRINT},
        {"verify", CONFIG_LEVEL_VERIFY},
        {"secure", CONFIG_LEVEL_SECURE},
    };
    char value[POSTCONF_VALUE_MAX];
    bool override;
    postconf_value_of(postconf, service, "smtp_tls_security_level", value,
                      &override);
    if (!*value)
        return old_level(postconf, service);
    for (size_t i = 0; i < ELEMENTS(levels); i++)
        if (ascii_is_nocase(value, strlen(value), levels[i].word))
            return levels[i].level;
    return CONFIG_LEVEL_UNKNOWN;
}

bool postconf_level_is_common(const struct postconf *postconf,
                              const char *service,
                              char ret_other[POSTCONF_SERVICE_MAX])
{
    enum config_tls_level level = postconf_level(postconf, service);
    const char *at = postconf->services;
    struct text columns[COLUMNS];
    struct text line;
    while (next_line(&at, &line)) {
        if (!split(&line, columns) || !is_client(columns))
            continue;
        int used = snprintf(ret_other, POSTCONF_SERVICE_MAX, "%.*s/unix",
                            (int)columns[NAME].len, columns[NAME].at);
        if (used >= (int)POSTCONF_SERVICE_MAX ||
            postconf_level(postconf, ret_other) != level)
            return false;
    }
    return true;
}
