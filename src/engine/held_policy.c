/*
 * held_policy: the policy parsed once, with the text as it was served, which
 * TLS reports quote (RFC 8460 section 4.5). Two allocations.
 */
#include "engine/held_policy.h"

#include <mtasts/error.h>
#include <stdlib.h>
#include <string.h>

#define HEAP_COST 16u /* octets that malloc() adds to each block */

int held_policy_new(const char *body, size_t len, const char *id,
                    int64_t fetched_ms, unsigned flags,
                    struct mtasts_faults *faults, struct held_policy **ret_held)
{
    _cleanup_held_policy_ struct held_policy *held = NULL;
    size_t id_len = strlen(id);
    int error;

    if (len > MTASTS_POLICY_BODY_MAX || id_len > MTASTS_ID_MAX)
        return -MTASTS_ETOOLONG;
    held = malloc(sizeof(*held) + len + 1);
    if (!held)
        return -MTASTS_ENOMEM;
    held->policy = NULL;
    error = mtasts_sts_policy_parse(body, len, flags, faults, &held->policy);
    if (error)
        return error;
    held->fetched_ms = fetched_ms;
    memcpy(held->id, id, id_len + 1);
    held->len = (uint32_t)len;
    memcpy(held->body, body, len);
    held->body[len] = '\0';
    *ret_held = TAKE_PTR(held);
    return 0;
}

void held_policy_free(struct held_policy *held)
{
    if (!held)
        return;
    mtasts_sts_policy_free(held->policy);
    free(held);
}

enum mtasts_mode held_policy_mode(const struct held_policy *held)
{
    return mtasts_sts_policy_mode(held->policy);
}

int64_t held_policy_expires_ms(const struct held_policy *held)
{
    return held->fetched_ms +
           (int64_t)mtasts_sts_policy_max_age(held->policy) * 1000;
}

bool held_policy_expired(const struct held_policy *held, int64_t now_ms)
{
    return now_ms > held_policy_expires_ms(held);
}

bool held_policy_same(const struct held_policy *a, const struct held_policy *b)
{
    size_t count = mtasts_sts_policy_mx_count(a->policy);

    if (held_policy_mode(a) != held_policy_mode(b) ||
        mtasts_sts_policy_max_age(a->policy) !=
            mtasts_sts_policy_max_age(b->policy) ||
        count != mtasts_sts_policy_mx_count(b->policy))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(mtasts_sts_policy_mx(a->policy, i),
                   mtasts_sts_policy_mx(b->policy, i)) != 0)
            return false;
    return true;
}

size_t held_policy_size(const struct held_policy *held)
{
    size_t size = sizeof(*held) + held->len + 1 + 2 * HEAP_COST;
    size_t count = mtasts_sts_policy_mx_count(held->policy);

    for (size_t i = 0; i < count; i++)
        size += sizeof(struct mtasts_bytes) +
                strlen(mtasts_sts_policy_mx(held->policy, i)) + 1;
    return size;
}
