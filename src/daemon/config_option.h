/*
 * config_option: one option of mtasts.conf(5) as a row of a table.
 */
#ifndef MTASTS_DAEMON_CONFIG_OPTION_H
#define MTASTS_DAEMON_CONFIG_OPTION_H

#include "daemon/config.h"

enum config_type {
    CONFIG_TEXT,     /* const char * */
    CONFIG_PATH,     /* const char *, absolute once read; "" if it may be */
    CONFIG_LISTENER, /* struct config_list */
    CONFIG_LIST,     /* struct config_list of texts */
    CONFIG_BOOL,     /* bool */
    CONFIG_NUMBER,   /* unsigned, `min` to `max` */
    CONFIG_SIZE,     /* uint64_t octets, `min` to `max` */
    CONFIG_SECONDS,  /* uint32_t, `min` to `max` seconds */
    CONFIG_MS,       /* uint64_t, `min` to `max` milliseconds */
    CONFIG_MODE,     /* unsigned: permission bits */
    CONFIG_CHOICE,   /* unsigned: index into `choices` */
};

/* Where a relative path begins. */
enum config_base {
    CONFIG_BASE_NONE,  /* it may not be relative */
    CONFIG_BASE_FILE,  /* the folder of the configuration file */
    CONFIG_BASE_STATE, /* state-directory */
    CONFIG_BASE_RUN,   /* run-directory */
};

/* Why `text` will not do, as the end of a sentence; NULL if it does. */
typedef const char *config_check_fn(const char *text);

struct config_option {
    const char *name;     /* NULL ends a table */
    const char *value;    /* the default as a file has it, without quotes; the
                             items of a list apart by a blank */
    const char *summary;  /* a phrase, without a final stop */
    const char *about;    /* sentences: what it does, why the default is safe */
    const char *variable; /* of the environment: the folder in it, if there is
                             one, goes before the default; or NULL */
    const char *const *choices; /* NULL-terminated */
    config_check_fn *check;     /* of a text or of each item; NULL: that of
                                   the type */
    size_t offset;              /* of the value in struct config */
    uint64_t min;
    uint64_t max;
    enum config_type type;
    enum config_base base;
    bool required; /* may not be "" */
};

struct config_section {
    const char *name; /* NULL: outside of any section */
    const char *summary;
    const struct config_option *options;
};

/* The one without a name comes first. */
extern const struct config_section config_sections[];
extern const size_t config_section_count;

/* The value of an option `low` may not be above that of `high`. */
struct config_order {
    const char *section;
    const char *low;
    const char *high;
};

extern const struct config_order config_orders[];
extern const size_t config_order_count;

#define CONFIG_OPTIONS_MAX 128u /* of one section */

static inline bool config_type_is_list(enum config_type type)
{
    return type == CONFIG_LIST || type == CONFIG_LISTENER;
}

#endif
