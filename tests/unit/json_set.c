/*
 * See json_set.h.
 */
#include "json_set.h"

#include <string.h>

#define TOKEN_MAX 64

/* "/a/b" gives "a" and "/b"; NULL if the token is too long. */
static const char *split(const char *pointer, char token[TOKEN_MAX])
{
    size_t len = strcspn(++pointer, "/");

    if (len >= TOKEN_MAX)
        return NULL;
    memcpy(token, pointer, len);
    token[len] = '\0';
    return pointer + len;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the pointer is long */
static struct json *set_in_array(const struct json *json, const char *token,
                                 const char *rest, const struct json *value)
{
    struct json_builder list = json_build_array();
    bool found = false;

    for (size_t i = 0; i < json_count(json); i++) {
        char index[24];
        snprintf(index, sizeof(index), "%zu", i);
        bool here = strcmp(index, token) == 0;
        found |= here;
        json_add(&list, NULL,
                 here ? json_set(json_at(json, i), rest, value)
                      : json_share(json_at(json, i)));
    }
    if (strcmp(token, "-") == 0) {
        found = true;
        json_add(&list, NULL, json_set(NULL, rest, value));
    }
    list.failed |= !found;
    return json_built(&list);
}

static struct json *set_in_object(const struct json *json, const char *token,
                                  const char *rest, const struct json *value)
{
    struct json_builder object = json_build_object();
    struct json_member member = {0};
    bool drop = *rest == '\0' && json_kind(value) == JSON_IS_NULL;

    while (json_next(json, &member))
        if (strcmp(member.key, token) != 0)
            json_add(&object, member.key, json_share(member.value));
    if (!drop)
        json_add(&object, token, json_set(json_get(json, token), rest, value));
    return json_built(&object);
}

struct json *json_set(const struct json *json, const char *pointer,
                      const struct json *value)
{
    char token[TOKEN_MAX];

    if (*pointer == '\0')
        return json_share(value);
    const char *rest = split(pointer, token);
    if (!rest)
        return NULL;
    if (json_kind(json) == JSON_IS_ARRAY)
        return set_in_array(json, token, rest, value);
    return set_in_object(json, token, rest, value);
}
/* NOLINTEND(misc-no-recursion) */
