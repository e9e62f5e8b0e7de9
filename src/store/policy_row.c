/*
 * policy_row: a policy as a store keeps it. See policy_row.h.
 */
#include "store/policy_row.h"

#include "store/row_sum.h"
#include <stdlib.h>
#include <string.h>

bool policy_row_valid(const struct policy_row *row)
{
    size_t domain = strnlen(row->domain, MTASTS_NAME_MAX + 1);

    return domain > 0 && domain <= MTASTS_NAME_MAX &&
           strnlen(row->id, MTASTS_ID_MAX + 1) <= MTASTS_ID_MAX &&
           row->len <= MTASTS_POLICY_BODY_MAX;
}

int64_t policy_row_sum(const struct policy_row *row)
{
    struct row_sum sum;

    row_sum_begin(&sum, "policies");
    row_sum_text(&sum, row->domain);
    row_sum_text(&sum, row->id);
    row_sum_number(&sum, row->fetched_ms);
    row_sum_number(&sum, row->used_ms);
    row_sum_octets(&sum, row->body, row->len);
    return row_sum_end(&sum);
}

size_t policy_row_size(const struct policy_row *row)
{
    return sizeof(*row) + strlen(row->domain) + strlen(row->id) + row->len + 3;
}

/* Puts `len` octets and a NUL at *at, and moves it behind. */
static const char *put(char **at, const char *data, size_t len)
{
    char *place = *at;

    if (len > 0)
        memcpy(place, data, len);
    place[len] = '\0';
    *at = place + len + 1;
    return place;
}

struct policy_row *policy_row_copy(const struct policy_row *row)
{
    struct policy_row *copy = malloc(policy_row_size(row));
    char *at;

    if (!copy)
        return NULL;
    at = (char *)(copy + 1);
    *copy = *row;
    copy->domain = put(&at, row->domain, strlen(row->domain));
    copy->id = put(&at, row->id, strlen(row->id));
    copy->body = put(&at, row->body, row->len);
    return copy;
}
