/*
 * doors: listeners as the section policyd lists them.
 */
#include "policyd/doors.h"

#include "daemon/log.h"
#include <mtasts/error.h>
#include <stdlib.h>
#include <string.h>

#define DOORS_MAX (3 * CONFIG_LIST_MAX)

struct door {
    enum door_kind kind;
    unsigned mode;
    char *group;
    struct listener *listener;
};

struct doors {
    struct door items[DOORS_MAX];
    size_t count;
};

/* What the configuration says of one kind. */
struct wanted {
    const struct config_list *list;
    unsigned mode;
    const char *group;
};

static struct wanted wanted_of(const struct config *config, enum door_kind kind)
{
    const struct config_policyd *options = &config->policyd;

    switch (kind) {
    case DOOR_SOCKETMAP:
        return (struct wanted){&options->socketmap, options->socketmap_mode,
                               options->socketmap_group};
    case DOOR_EXIM:
        return (struct wanted){&options->exim, options->exim_mode,
                               options->exim_group};
    default: break;
    }
    return (struct wanted){&options->http, options->http_mode,
                           options->http_group};
}

static int open_door(struct doors *doors, enum door_kind kind,
                     const struct wanted *wanted, const char *text,
                     const struct inherited *inherited)
{
    const struct listener_options options = {.mode = wanted->mode,
                                             .group = wanted->group};
    struct door *door = &doors->items[doors->count];
    char why[LISTEN_WHY_MAX];
    int error;

    error = listener_open(text, &options, inherited, &door->listener, why);
    if (error) {
        log_say(LOG_EVENT_LISTEN_FAILED, LOG_TEXT("address", text),
                LOG_TEXT("why", why));
        return error;
    }
    door->kind = kind;
    door->mode = wanted->mode;
    doors->count++;
    door->group = strdup(wanted->group);
    return door->group ? 0 : -MTASTS_ENOMEM;
}

int doors_open(const struct config *config, const struct inherited *inherited,
               struct doors **ret_doors)
{
    struct doors *doors = calloc(1, sizeof(*doors));
    int error = doors ? 0 : -MTASTS_ENOMEM;

    for (unsigned kind = 0; !error && kind < DOOR_KINDS; kind++) {
        const struct wanted wanted = wanted_of(config, (enum door_kind)kind);
        for (size_t i = 0; !error && i < wanted.list->count; i++)
            error = open_door(doors, (enum door_kind)kind, &wanted,
                              wanted.list->items[i], inherited);
    }
    if (error) {
        doors_free(doors);
        return error;
    }
    *ret_doors = doors;
    return 0;
}

void doors_free(struct doors *doors)
{
    if (!doors)
        return;
    for (size_t i = 0; i < doors->count; i++) {
        listener_free(doors->items[i].listener);
        free(doors->items[i].group);
    }
    free(doors);
}

static void tell_refused(const struct door *door, int error)
{
    bool too_open =
        door->kind == DOOR_HTTP && !listener_is_local(door->listener);

    log_say(LOG_EVENT_LISTEN_FAILED,
            LOG_TEXT("address", listener_text(door->listener)),
            LOG_TEXT("why", too_open ? "other machines reach it; give it a "
                                       "loopback address or a UNIX socket"
                                     : mtasts_strerror(error)));
}

int doors_start(struct doors *doors, enum door_kind kind, door_fn *fn,
                void *ctx)
{
    int error = 0;

    for (size_t i = 0; !error && i < doors->count; i++) {
        const struct door *door = &doors->items[i];
        if (door->kind == kind)
            error = fn(ctx, door->listener);
        if (error)
            tell_refused(door, error);
    }
    return error;
}

bool doors_differ(const struct doors *doors, const struct config *config)
{
    size_t next = 0;

    for (unsigned kind = 0; kind < DOOR_KINDS; kind++) {
        const struct wanted wanted = wanted_of(config, (enum door_kind)kind);
        for (size_t i = 0; i < wanted.list->count; i++, next++) {
            const struct door *door = &doors->items[next];
            if (next >= doors->count || door->kind != kind ||
                door->mode != wanted.mode ||
                strcmp(door->group, wanted.group) != 0 ||
                strcmp(listener_text(door->listener), wanted.list->items[i]) !=
                    0)
                return true;
        }
    }
    return next != doors->count;
}
