/*
 * site_rules: read once as values of the file, then as the engine has them.
 */
#include "policyd/site_rules.h"

#include "daemon/log.h"
#include "daemon/overrides_file.h"
#include <mtasts/error.h>
#include <string.h>
#include <time.h>

#define WARN_S (7 * 86400) /* before a rule expires */

static enum override_action action_of(enum overrides_file_action action)
{
    switch (action) {
    case OVERRIDES_FILE_EXEMPT: return OVERRIDE_EXEMPT;
    case OVERRIDES_FILE_ENFORCE: return OVERRIDE_ENFORCE;
    case OVERRIDES_FILE_POLICY: break;
    }
    return OVERRIDE_POLICY;
}

static int take_row(const struct overrides_file_row *from, int64_t now_s,
                    struct override *to)
{
    *to = (struct override){.pattern = from->pattern,
                            .action = action_of(from->action),
                            .reason = from->reason,
                            .owner = from->owner,
                            .expires_s = from->expires_s};
    if (to->action != OVERRIDE_POLICY)
        return 0;
    return held_policy_new(from->body, from->len, "", now_s * 1000,
                           MTASTS_TOLERANT, NULL, &to->held);
}

/* The rows' policies go to the table, or are freed. */
static int make_table(const struct overrides_file *file, int64_t now_s,
                      struct override *rows, struct overrides **ret_overrides)
{
    size_t bad = 0;
    int error = 0;

    for (size_t i = 0; !error && i < file->count; i++)
        error = take_row(&file->rows[i], now_s, &rows[i]);
    if (!error)
        error = overrides_new(rows, file->count, ret_overrides, &bad);
    for (size_t i = 0; error && i < file->count; i++)
        held_policy_free(rows[i].held);
    return error;
}

int site_rules_load(struct daemon *daemon, const struct config *config,
                    int64_t now_s, struct overrides **ret_overrides)
{
    const char *path = config->policyd.overrides;
    _cleanup_overrides_file_ struct overrides_file *file = NULL;
    _cleanup_free_ struct override *rows = NULL;
    _cleanup_buf_ struct buf faults = BUF(OVERRIDES_FILE_FAULTS_MAX);
    int error;

    *ret_overrides = NULL;
    if (!*path)
        return 0;
    error = overrides_file_load(path, &faults, &file);
    if (error) {
        daemon_refuse(daemon, buf_text(&faults));
        return error;
    }
    rows = calloc(file->count + 1, sizeof(*rows));
    if (!rows)
        return -MTASTS_ENOMEM;
    error = make_table(file, now_s, rows, ret_overrides);
    if (error) {
        buf_printf(&faults, "%s: %s", path, mtasts_strerror(error));
        daemon_refuse(daemon, buf_text(&faults));
    }
    return error;
}

void site_rules_warn(const struct overrides *overrides, int64_t now_s)
{
    size_t count = overrides ? overrides_count(overrides) : 0;

    for (size_t i = 0; i < count; i++) {
        const struct override *row = overrides_at(overrides, i);
        if (row->expires_s && row->expires_s - now_s < WARN_S)
            log_say(LOG_EVENT_OVERRIDE_EXPIRES,
                    LOG_TEXT("pattern", row->pattern),
                    LOG_TEXT("action", override_action_name(row->action)),
                    LOG_BOOL("expired", override_expired(row, now_s)),
                    LOG_NUMBER("days", (row->expires_s - now_s) / 86400),
                    LOG_TEXT("reason", row->reason),
                    LOG_TEXT("owner", *row->owner ? row->owner : NULL));
    }
}
