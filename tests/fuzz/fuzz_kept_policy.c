/*
 * A dumped policy, read again: what is taken is what an engine can hold.
 */
#include "policyd/kept_policy.h"
#include "property.h"
#include <mtasts/name.h>
#include <mtasts/sts_record.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_json_ struct json *json = NULL;
    struct policy_kept kept = {0};
    char name[MTASTS_NAME_MAX + 1];
    const char *why = NULL;

    if (json_parse((const char *)data, size, NULL, NULL, &json) < 0)
        return 0;
    if (kept_policy_read(json, &kept, &why) < 0) {
        PROPERTY(why && *why && !kept.domain);
        return 0;
    }
    PROPERTY(mtasts_name_canonical(kept.domain, strlen(kept.domain), 0, name,
                                   NULL) == 0);
    PROPERTY(strcmp(name, kept.domain) == 0);
    PROPERTY(*kept.id && strlen(kept.id) <= MTASTS_ID_MAX);
    PROPERTY(kept.body && strlen(kept.body) <= kept.len);
    PROPERTY(kept.fetched_ms >= 0 && kept.used_ms >= 0);
    return 0;
}
