/*
 * kept_policy: a dumped policy, read again. See kept_policy.h.
 */
#include "policyd/kept_policy.h"

#include "base/ascii.h"
#include "base/utc.h"
#include <mtasts/error.h>
#include <mtasts/name.h>
#include <mtasts/sts_record.h>
#include <string.h>

static int fault(const char **ret_why, const char *why)
{
    *ret_why = why;
    return -MTASTS_EINVAL;
}

static int read_time(const struct json *json, int64_t *ret_ms)
{
    size_t len;
    const char *text = json_text(json, &len);

    if (!text || utc_parse_time(text, len, ret_ms) < 0)
        return -MTASTS_EINVAL;
    *ret_ms *= 1000;
    return 0;
}

/* Whether it is a name as the engine has them. */
static bool is_canonical(const char *domain)
{
    char name[MTASTS_NAME_MAX + 1];

    return mtasts_name_canonical(domain, strlen(domain), 0, name, NULL) == 0 &&
           strcmp(name, domain) == 0;
}

/* RFC 8461 section 3.1 */
static bool is_id(const char *id, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!ascii_is_alnum(id[i]))
            return false;
    return len >= 1 && len <= MTASTS_ID_MAX;
}

int kept_policy_read(const struct json *json, struct policy_kept *ret_kept,
                     const char **ret_why)
{
    const struct json *policy = json_get(json, "policy");
    struct policy_kept kept = {0};
    size_t id_len = 0;

    kept.domain = json_text(json_get(json, "domain"), NULL);
    kept.id = json_text(json_get(policy, "id"), &id_len);
    kept.body = json_text(json_get(policy, "body"), &kept.len);
    if (!kept.domain || !is_canonical(kept.domain))
        return fault(ret_why, "domain: a domain name, in lower case and as "
                              "A-labels, is needed");
    if (json_kind(policy) != JSON_IS_OBJECT)
        return fault(ret_why, "policy: an object is needed");
    if (!kept.id || !is_id(kept.id, id_len))
        return fault(ret_why,
                     "policy.id: 1 to 32 letters and digits are needed");
    if (!kept.body)
        return fault(ret_why, "policy.body: the policy's text is needed");
    if (read_time(json_get(policy, "fetched"), &kept.fetched_ms) < 0)
        return fault(ret_why, "policy.fetched: a time such as "
                              "2027-01-31T12:30:00Z is needed");
    if (read_time(json_get(json, "used"), &kept.used_ms) < 0)
        return fault(ret_why, "used: a time such as 2027-01-31T12:30:00Z is "
                              "needed");
    *ret_kept = kept;
    return 0;
}
