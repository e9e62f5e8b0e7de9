/*
 * inherited: sockets that systemd opened for us. See inherited.h.
 */
#include "net/inherited.h"

#include <mtasts/error.h>
#include <string.h>
#include <systemd/sd-daemon.h>

struct inherited {
    char **names; /* of the descriptors from SD_LISTEN_FDS_START on */
    int count;
};

int inherited_new(struct inherited **ret_inherited)
{
    _cleanup_inherited_ struct inherited *inherited =
        calloc(1, sizeof(*inherited));

    if (!inherited)
        return -MTASTS_ENOMEM;
    inherited->count = sd_listen_fds_with_names(1, &inherited->names);
    if (inherited->count < 0) {
        inherited->count = 0;
        return -MTASTS_ESYSTEM;
    }
    *ret_inherited = TAKE_PTR(inherited);
    return 0;
}

void inherited_free(struct inherited *inherited)
{
    if (!inherited)
        return;
    for (int i = 0; i < inherited->count; i++) {
        close(SD_LISTEN_FDS_START + i);
        free(inherited->names[i]);
    }
    free(inherited->names);
    free(inherited);
}

int inherited_fd(const struct inherited *inherited, const char *name,
                 size_t nth)
{
    for (int i = 0; inherited && i < inherited->count; i++)
        if (strcmp(inherited->names[i], name) == 0 && nth-- == 0)
            return SD_LISTEN_FDS_START + i;
    return -MTASTS_ENOTFOUND;
}
