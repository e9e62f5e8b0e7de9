/*
 * setup_conf: mtasts.conf(5) edited with care. See setup_conf.h.
 */
#include "cli/setup_conf.h"

#include "cli/complain.h"
#include "cli/conf_edit.h"
#include "cli/places.h"
#include "daemon/read_file.h"
#include "daemon/start.h"
#include "net/http_local.h"
#include "json/json.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>

#define SECTION "policyd"
#define ASK_MS 5000u
#define ANSWER_MAX (4u << 20)

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0 || errno != ENOENT;
}

int setup_conf_load(const char *who, const char *file,
                    struct config **ret_config)
{
    return file && !is_there(file)
               ? places_parse(who, file, "", 0, PLACES_FIND, ret_config)
               : places_load(who, file, PLACES_FIND, ret_config);
}

const char *setup_conf_path(const struct config *config)
{
    return *config->path ? config->path : DAEMON_CONFIG_PATH;
}

const char *setup_conf_name(const struct config *config)
{
    return is_there(setup_conf_path(config)) ? setup_conf_path(config)
                                             : "not there yet";
}

/* ---- text ---- */

/* Whether the line sets one of these. */
static bool sets(const char *line, size_t len,
                 const struct setup_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        char begin[SETUP_NAME_MAX + 16];
        int used =
            snprintf(begin, sizeof(begin), "    %s = ", changes->items[i].name);
        if (len >= (size_t)used && memcmp(line, begin, (size_t)used) == 0)
            return true;
    }
    return false;
}

/* What is in force, without the lines that are to change. */
static int dump_rest(const struct config *config,
                     const struct setup_changes *changes, struct buf *buf)
{
    _cleanup_buf_ struct buf dump = BUF(CONFIG_DUMP_MAX);
    int error = config_dump(config, &dump);
    for (const char *at = buf_text(&dump); !error && *at;) {
        size_t len = strcspn(at, "\n");
        len += at[len] == '\n';
        if (!sets(at, len, changes))
            buf_append(buf, at, len);
        at += len;
    }
    return error ? error : buf->error;
}

static bool has_all(const struct config *config,
                    const struct setup_changes *changes)
{
    _cleanup_buf_ struct buf dump = BUF(CONFIG_DUMP_MAX);
    if (config_dump(config, &dump) < 0)
        return false;
    for (size_t i = 0; i < changes->count; i++) {
        char line[SETUP_NAME_MAX + SETUP_VALUE_MAX + 16];
        snprintf(line, sizeof(line), "\n    %s = %s\n", changes->items[i].name,
                 changes->items[i].value);
        if (!strstr(buf_text(&dump), line))
            return false;
    }
    return true;
}

/* -MTASTS_ESYNTAX: the edit did more than it should, or less. */
static int check(const char *path, const struct buf *before,
                 const struct buf *after, const struct setup_changes *changes)
{
    _cleanup_config_ struct config *old = NULL;
    _cleanup_config_ struct config *new = NULL;
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);
    _cleanup_buf_ struct buf old_rest = BUF(CONFIG_DUMP_MAX);
    _cleanup_buf_ struct buf new_rest = BUF(CONFIG_DUMP_MAX);
    int error =
        config_parse(path, buf_text(before), before->len, &faults, &old);
    if (!error)
        error = config_parse(path, buf_text(after), after->len, &faults, &new);
    if (!error)
        error = dump_rest(old, changes, &old_rest);
    if (!error)
        error = dump_rest(new, changes, &new_rest);
    if (!error && (!has_all(new, changes) ||
                   strcmp(buf_text(&old_rest), buf_text(&new_rest)) != 0))
        error = -MTASTS_ESYNTAX;
    return error;
}

int setup_conf_text(const char *who, const char *path,
                    const struct setup_changes *changes, bool *ret_there,
                    struct buf *before, struct buf *buf)
{
    _cleanup_buf_ struct buf text = BUF(CONFIG_FILE_MAX);
    *ret_there = is_there(path);
    int error = *ret_there ? read_file(path, before) : 0;
    if (error)
        return complain("%s: %s: %s", who, path, read_file_why(error)), error;
    buf_append(&text, buf_text(before), before->len);
    for (size_t i = 0; i < changes->count && !error; i++) {
        _cleanup_buf_ struct buf next = BUF(CONFIG_FILE_MAX);
        error =
            conf_edit(buf_text(&text), text.len, SECTION,
                      changes->items[i].name, changes->items[i].value, &next);
        buf_clear(&text);
        buf_append(&text, buf_text(&next), next.len);
    }
    if (!error)
        error = check(path, before, &text, changes);
    if (!error)
        error = buf_append(buf, buf_text(&text), text.len);
    if (error)
        complain("%s: %s cannot be edited by a program; set the options by "
                 "hand",
                 who, path);
    return error;
}

/* ---- the daemon ---- */

/* What it says at one of its sockets; NULL: nothing. */
static struct json *ask(const struct config *config, const char *target)
{
    const struct config_list *sockets = &config->policyd.http;
    for (size_t i = 0; i < sockets->count; i++) {
        const struct http_local_request request = {.address = sockets->items[i],
                                                   .target = target,
                                                   .deadline_ms = ASK_MS};
        _cleanup_buf_ struct buf body = BUF(ANSWER_MAX);
        struct json *json = NULL;
        char why[HTTP_LOCAL_WHY_MAX];
        long status = 0;
        if (http_local(&request, &body, &status, why) == 0 && status == 200 &&
            json_parse(buf_text(&body), body.len, NULL, NULL, &json) == 0)
            return json;
    }
    return NULL;
}

static bool find_enforced(const struct json *domains, char *ret_domain,
                          size_t size)
{
    for (size_t i = 0; i < json_count(domains); i++) {
        const struct json *view = json_at(domains, i);
        const char *mode =
            json_text(json_get(json_get(view, "policy"), "mode"), NULL);
        const char *domain = json_text(json_get(view, "domain"), NULL);
        if (mode && domain && strcmp(mode, "enforce") == 0 &&
            strlen(domain) < size) {
            snprintf(ret_domain, size, "%s", domain);
            return true;
        }
    }
    return false;
}

bool setup_conf_domain(const struct config *config, char *ret_domain,
                       size_t size)
{
    _cleanup_json_ struct json *json = ask(config, "/v1/cache?limit=100");
    return find_enforced(json_get(json, "domains"), ret_domain, size);
}

bool setup_conf_is_stale(const struct config *config)
{
    _cleanup_json_ struct json *json = ask(config, "/v1/status");
    bool changed = false;
    json_bool(json_get(json, "configuration_changed"), &changed);
    return changed;
}
