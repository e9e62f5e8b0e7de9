/*
 * config_value: one value, from text to the struct and back. See
 * config_value.h.
 */
#include "daemon/config_value.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/near.h"
#include "base/number.h"
#include "daemon/config_checks.h"
#include <inttypes.h>
#include <mtasts/error.h>
#include <string.h>

#define WORDS_MAX (CONFIG_LIST_MAX + 1)
#define DEFAULT_MAX 4096u /* octets of a default, or of a folder */

struct unit {
    const char *suffix;
    uint64_t factor;
};

/* Largest first. */
static const struct unit ms_units[] = {
    {"w", 604800000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000},
    {"s", 1000},      {"ms", 1},       {NULL, 0},
};
static const struct unit second_units[] = {
    {"w", 604800}, {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {NULL, 0},
};
static const struct unit size_units[] = {
    {"T", UINT64_C(1) << 40}, {"G", 1u << 30}, {"M", 1u << 20},
    {"K", 1u << 10},          {"", 1},         {NULL, 0},
};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum config_type type)
{
    switch (type) {
    case CONFIG_MS: return ms_units;
    case CONFIG_SECONDS: return second_units;
    case CONFIG_SIZE: return size_units;
    default: return no_units;
    }
}

/* What a number without a unit is in. */
static const char *bare_unit(enum config_type type)
{
    return type == CONFIG_MS || type == CONFIG_SECONDS ? "s" : "";
}

static int parse_amount(enum config_type type, const char *text,
                        uint64_t *ret_amount)
{
    const struct unit *units = units_of(type);
    size_t digits = strspn(text, "0123456789");
    const char *suffix = text[digits] ? text + digits : bare_unit(type);
    uint64_t number;

    for (; units->suffix; units++)
        if (strcmp(suffix, units->suffix) == 0)
            break;
    if (!units->suffix ||
        number_parse(text, digits, UINT64_MAX / units->factor, &number) < 0)
        return -MTASTS_EINVAL;
    *ret_amount = number * units->factor;
    return 0;
}

static void write_amount(enum config_type type, uint64_t amount,
                         struct buf *buf)
{
    const struct unit *unit = units_of(type);

    /* The largest that divides it; not weeks, which nobody reads at a glance.
       Zero is divided by all. */
    while (unit[1].suffix &&
           (amount % unit->factor != 0 || strcmp(unit->suffix, "w") == 0 ||
            (amount == 0 && strcmp(unit->suffix, bare_unit(type)) != 0)))
        unit++;
    buf_printf(buf, "%" PRIu64 "%s", amount / unit->factor, unit->suffix);
}

static const char *const type_words[] = {
    [CONFIG_TEXT] = "a text",
    [CONFIG_PATH] = "an absolute path",
    [CONFIG_LISTENER] = "a list of unix:PATH, inet:ADDRESS:PORT, systemd:NAME",
    [CONFIG_LIST] = "a list",
    [CONFIG_BOOL] = "yes or no",
    [CONFIG_NUMBER] = "a number",
    [CONFIG_SIZE] = "a size",
    [CONFIG_SECONDS] = "a time",
    [CONFIG_MS] = "a time",
    [CONFIG_MODE] = "permissions in octal, such as 0660",
};

static bool has_range(enum config_type type)
{
    return type == CONFIG_NUMBER || type == CONFIG_SIZE ||
           type == CONFIG_SECONDS || type == CONFIG_MS;
}

void config_value_range(const struct config_option *option, struct buf *buf)
{
    if (option->type == CONFIG_PATH && option->base != CONFIG_BASE_NONE)
        buf_puts(buf, "a path");
    else if (option->type != CONFIG_CHOICE)
        buf_puts(buf, type_words[option->type]);
    for (size_t i = 0; option->choices && option->choices[i]; i++)
        buf_printf(buf, "%s%s",
                   i == 0                   ? ""
                   : option->choices[i + 1] ? ", "
                                            : " or ",
                   option->choices[i]);
    if (!has_range(option->type))
        return;
    buf_puts(buf, " from ");
    write_amount(option->type, option->min, buf);
    buf_puts(buf, " to ");
    write_amount(option->type, option->max, buf);
}

/* "give a time from 10s to 1d"; with the units, where one may be missing. */
static int refuse(const struct config_option *option, struct buf *why)
{
    buf_puts(why, "give ");
    config_value_range(option, why);
    if (option->type == CONFIG_SECONDS)
        buf_puts(why, ", with s, m, h, d or w");
    else if (option->type == CONFIG_MS)
        buf_puts(why, ", with ms, s, m, h, d or w");
    else if (option->type == CONFIG_SIZE)
        buf_puts(why, ", with K, M, G or T");
    return -MTASTS_EINVAL;
}

static int set_amount(const struct config_option *option, const char *text,
                      void *value, struct buf *why)
{
    uint64_t amount;

    if (parse_amount(option->type, text, &amount) < 0 || amount < option->min ||
        amount > option->max)
        return refuse(option, why);
    if (option->type == CONFIG_NUMBER)
        *(unsigned *)value = (unsigned)amount;
    else if (option->type == CONFIG_SECONDS)
        *(uint32_t *)value = (uint32_t)amount;
    else
        *(uint64_t *)value = amount;
    return 0;
}

static int set_mode(const struct config_option *option, const char *text,
                    unsigned *value, struct buf *why)
{
    uint64_t mode;

    if (number_parse_octal(text, strlen(text), 0777, &mode) < 0)
        return refuse(option, why);
    *value = (unsigned)mode;
    return 0;
}

static int set_bool(const struct config_option *option, const char *text,
                    bool *value, struct buf *why)
{
    static const char *const words[] = {"no",    "yes",  "off", "on",
                                        "false", "true", "0",   "1"};

    for (size_t i = 0; i < ELEMENTS(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *value = i % 2 == 1;
            return 0;
        }
    }
    return refuse(option, why);
}

static int set_choice(const struct config_option *option, const char *text,
                      unsigned *value, struct buf *why)
{
    struct near near = near_start(text);

    for (unsigned i = 0; option->choices[i]; i++) {
        if (strcmp(text, option->choices[i]) == 0) {
            *value = i;
            return 0;
        }
        near_try(&near, option->choices[i]);
    }
    refuse(option, why);
    if (near_best(&near))
        buf_printf(why, "; did you mean %s?", near_best(&near));
    return -MTASTS_EINVAL;
}

/* Texts end up in logs, socket addresses and file names. */
static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static int check_text(const struct config_option *option, const char *text,
                      struct buf *why)
{
    const char *reason = NULL;

    if (strlen(text) > CONFIG_TEXT_MAX)
        reason = "it is longer than 4096 octets";
    else if (has_control(text))
        reason = "it has control characters in it";
    else if (!*text)
        reason = option->required || config_type_is_list(option->type)
                     ? "it may not be empty"
                     : NULL;
    else if (option->check)
        reason = option->check(text);
    else if (option->type == CONFIG_LISTENER)
        reason = config_check_listener(text);
    if (!reason)
        return 0;
    buf_puts(why, reason);
    return -MTASTS_EINVAL;
}

/* Where a relative path of the option begins: a folder. "": nowhere. */
static const char *base_of(enum config_base base, const struct config *config,
                           size_t *ret_len)
{
    const char *slash = strrchr(config->path, '/');
    const char *folder = "";

    switch (base) {
    case CONFIG_BASE_NONE: break;
    case CONFIG_BASE_STATE: folder = config->global.state_directory; break;
    case CONFIG_BASE_RUN: folder = config->global.run_directory; break;
    case CONFIG_BASE_FILE:
        folder = slash ? config->path : ".";
        *ret_len = slash ? MAX_OF((size_t)(slash - folder), (size_t)1) : 1;
        return folder;
    }
    *ret_len = strlen(folder);
    return folder;
}

/* `path` where it is; NULL: no memory. Relative without a base: as it is. */
static char *resolved(enum config_base base, const char *prefix,
                      const char *path, const struct config *config)
{
    size_t len = 0;
    const char *folder = base_of(base, config, &len);

    if (path[0] == '/' || path[0] == '\0' || len == 0)
        return arena_printf(config->arena, "%s%s", prefix, path);
    return arena_printf(config->arena, "%s%.*s/%s", prefix, (int)len, folder,
                        path);
}

static int set_text(const struct config_option *option, const char *text,
                    struct config *config, const char **value, struct buf *why)
{
    int error = check_text(option, text, why);

    if (error)
        return error;
    if (option->type == CONFIG_PATH) {
        *value = resolved(option->base, "", text, config);
        if (*value && **value && **value != '/' &&
            option->base != CONFIG_BASE_FILE)
            return refuse(option, why);
    } else {
        *value = arena_string(config->arena, text);
    }
    return *value ? 0 : -MTASTS_ENOMEM;
}

static int set_item(const struct config_option *option, const char *text,
                    struct config *config, const char **item, struct buf *why)
{
    int error = check_text(option, text, why);

    if (error)
        return error;
    if (option->type == CONFIG_LISTENER && strncmp(text, "unix:", 5) == 0)
        *item = resolved(CONFIG_BASE_RUN, "unix:", text + 5, config);
    else
        *item = arena_string(config->arena, text);
    if (!*item)
        return -MTASTS_ENOMEM;
    /* The folder may have made it too long. */
    return check_text(option, *item, why);
}

static int set_list(const struct config_option *option,
                    const char *const *words, size_t count,
                    struct config *config, struct config_list *list,
                    struct buf *why, size_t *ret_index)
{
    const char **items =
        arena_array_of(config->arena, MAX_OF(count, (size_t)1), const char *);

    if (!items)
        return -MTASTS_ENOMEM;
    if (count > CONFIG_LIST_MAX) {
        *ret_index = CONFIG_LIST_MAX;
        buf_puts(why, "a list has at most 64 items");
        return -MTASTS_EINVAL;
    }
    for (size_t i = 0; i < count; i++) {
        int error = set_item(option, words[i], config, &items[i], why);

        *ret_index = i;
        if (error)
            return error;
    }
    *list = (struct config_list){items, count};
    return 0;
}

int config_value_set(const struct config_option *option,
                     const char *const *words, size_t count,
                     struct config *config, struct buf *why, size_t *ret_index)
{
    void *value = (char *)config + option->offset;

    *ret_index = 0;
    switch (option->type) {
    case CONFIG_TEXT:
    case CONFIG_PATH: return set_text(option, words[0], config, value, why);
    case CONFIG_LISTENER:
    case CONFIG_LIST:
        return set_list(option, words, count, config, value, why, ret_index);
    case CONFIG_BOOL: return set_bool(option, words[0], value, why);
    case CONFIG_NUMBER:
    case CONFIG_SIZE:
    case CONFIG_SECONDS:
    case CONFIG_MS: return set_amount(option, words[0], value, why);
    case CONFIG_MODE: return set_mode(option, words[0], value, why);
    case CONFIG_CHOICE: return set_choice(option, words[0], value, why);
    }
    return -MTASTS_EINVAL;
}

/* The first of the folders that systemd (systemd.exec(5)) or `mtasts run`
   hands over, into `copy`; false: none that will do. */
static bool handed_over(const struct config_option *option,
                        char copy[DEFAULT_MAX])
{
    const char *folders =
        option->variable ? secure_getenv(option->variable) : NULL;
    size_t len = folders ? strcspn(folders, ":") : 0;

    if (len == 0 || len >= DEFAULT_MAX || folders[0] != '/')
        return false;
    snprintf(copy, DEFAULT_MAX, "%.*s", (int)len, folders);
    return !has_control(copy);
}

/* Takes the default of a list apart; the pieces are in `copy`. */
static size_t split_default(const struct config_option *option,
                            char copy[DEFAULT_MAX],
                            const char *words[WORDS_MAX])
{
    size_t count = 0;
    char *at = copy;

    snprintf(copy, DEFAULT_MAX, "%s", option->value);
    if (!config_type_is_list(option->type)) {
        words[0] = copy;
        return 1;
    }
    while (*at && count < WORDS_MAX) {
        words[count++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return count;
}

int config_value_default(const struct config_option *option,
                         struct config *config, struct buf *why)
{
    char copy[DEFAULT_MAX];
    const char *words[WORDS_MAX];
    size_t count = split_default(option, copy, words);
    char folder[DEFAULT_MAX];
    size_t index;

    if (handed_over(option, folder))
        words[0] = folder;
    return config_value_set(option, words, count, config, why, &index);
}

/* In double quotes libconfuse knows \ and ${NAME}. */
static void write_quoted(const char *text, struct buf *buf)
{
    buf_putc(buf, '"');
    for (; *text; text++) {
        if (strchr("\"\\$", *text))
            buf_putc(buf, '\\');
        buf_putc(buf, *text);
    }
    buf_putc(buf, '"');
}

static void write_list(const char *const *items, size_t count, struct buf *buf)
{
    buf_putc(buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_puts(buf, ", ");
        write_quoted(items[i], buf);
    }
    buf_putc(buf, '}');
}

uint64_t config_value_amount(const struct config_option *option,
                             const struct config *config)
{
    const void *value = (const char *)config + option->offset;

    switch (option->type) {
    case CONFIG_NUMBER: return *(const unsigned *)value;
    case CONFIG_SECONDS: return *(const uint32_t *)value;
    case CONFIG_SIZE:
    case CONFIG_MS: return *(const uint64_t *)value;
    default: return 0;
    }
}

void config_value_write(const struct config_option *option,
                        const struct config *config, struct buf *buf)
{
    const void *value = (const char *)config + option->offset;
    const struct config_list *list = value;

    switch (option->type) {
    case CONFIG_TEXT:
    case CONFIG_PATH: write_quoted(*(const char *const *)value, buf); break;
    case CONFIG_LISTENER:
    case CONFIG_LIST: write_list(list->items, list->count, buf); break;
    case CONFIG_BOOL: buf_puts(buf, *(const bool *)value ? "yes" : "no"); break;
    case CONFIG_NUMBER:
    case CONFIG_SIZE:
    case CONFIG_SECONDS:
    case CONFIG_MS:
        write_amount(option->type, config_value_amount(option, config), buf);
        break;
    case CONFIG_MODE: buf_printf(buf, "%04o", *(const unsigned *)value); break;
    case CONFIG_CHOICE:
        buf_puts(buf, option->choices[*(const unsigned *)value]);
        break;
    }
}

void config_value_write_default(const struct config_option *option,
                                struct buf *buf)
{
    char copy[DEFAULT_MAX];
    const char *words[WORDS_MAX];
    size_t count = split_default(option, copy, words);

    if (config_type_is_list(option->type))
        write_list(words, count, buf);
    else if (option->type == CONFIG_TEXT || option->type == CONFIG_PATH)
        write_quoted(option->value, buf);
    else
        buf_puts(buf, option->value);
}
