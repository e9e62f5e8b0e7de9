/*
 * What postconf(1) prints: parameters, services and overrides, apart by an
 * octet; values are of one line and fit. A list of tables that is made asks
 * us once, and last.
 */
#include "cli/map_list.h"
#include "cli/postconf.h"

#include "property.h"
#include <mtasts/error.h>

#define OURS "socketmap:inet:127.0.0.1:8461:postfix"
#define SEPARATOR '\x1e'

static const struct map_addresses addresses = {{"inet:127.0.0.1:8461"}, 1};

static void check_value(const struct postconf *postconf, const char *name)
{
    char value[POSTCONF_VALUE_MAX];
    bool override = false;

    postconf_value_of(postconf, "smtp/unix", name, value, &override);
    PROPERTY(strlen(value) < POSTCONF_VALUE_MAX && !strchr(value, '\n'));
    PROPERTY(!ascii_is_wsp(*value));
}

static void check_list(const char *list)
{
    struct map_list before;
    struct map_list after;
    _cleanup_buf_ struct buf made = BUF(1u << 20);
    int error = map_list_read(list, &addresses, &before);

    PROPERTY(map_list_make(list, &addresses, OURS, &made) == error);
    if (error) {
        PROPERTY(error == -MTASTS_ESYNTAX);
        return;
    }
    PROPERTY(map_list_read(buf_text(&made), &addresses, &after) == 0);
    PROPERTY(after.ours == 1 && after.after == 0);
    PROPERTY(after.before == before.before + before.after);
    PROPERTY(strcmp(after.entry, OURS) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = malloc(size + 1);
    struct postconf_service service;
    struct postconf_version version;
    char other[POSTCONF_SERVICE_MAX];
    char *parts[3];

    PROPERTY(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    for (size_t i = 0; i < ELEMENTS(parts); i++) {
        char *cut = i == 0 ? text : strchr(parts[i - 1], SEPARATOR);

        parts[i] = cut ? cut + (i > 0) : text + strlen(text);
        if (cut && i > 0)
            *cut = '\0';
    }
    const struct postconf postconf = {parts[0], parts[1], parts[2]};
    check_value(&postconf, "smtp_tls_CAfile");
    check_value(&postconf, "a");
    postconf_smtp(&postconf, "smtp", &service);
    postconf_level_is_common(&postconf, "smtp/unix", other);
    if (postconf_version(parts[0], &version) == 0)
        PROPERTY(version.major < 10000 && version.patch < 10000);
    check_list(parts[0]);
    return 0;
}
