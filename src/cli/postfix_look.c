/*
 * postfix_look: what Postfix's tools say, and what is around it. See
 * postfix_look.h.
 */
#include "cli/postfix_look.h"

#include "base/ascii.h"
#include "cli/complain.h"
#include "cli/user_access.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/stat.h>

#define OPENSSL_FILE "/usr/lib/ssl/cert.pem" /* as Debian builds OpenSSL */
#define OPENSSL_FOLDER "/usr/lib/ssl/certs"
#define WRITE 02u /* connecting takes it */

/* ---- tools ---- */

/* The words behind `tool`; "-c DIR" goes before them. */
static int run(const char *tool, const char *config_dir, const char *word,
               const char *more, struct tool_output *ret_output)
{
    const char *argv[8] = {tool};
    size_t count = 1;
    if (config_dir) {
        argv[count++] = "-c";
        argv[count++] = config_dir;
    }
    argv[count++] = word;
    argv[count++] = more;
    const struct tool what = {.argv = argv};
    return tool_run(&what, ret_output);
}

static int postconf(const struct postfix_look *look, const char *word,
                    const char *more, struct tool_output *ret_output)
{
    char why[POSTFIX_WHY_MAX];
    int error = run("postconf", look->config_dir, word, more, ret_output);
    if (error == -MTASTS_ENOTFOUND) {
        complain("%s: there is no Postfix here (no postconf); install it "
                 "first",
                 look->who);
    } else if (error) {
        complain("%s: postconf %s: %s", look->who, word,
                 mtasts_strerror(error));
    } else if (ret_output->status != 0) {
        tool_why(ret_output, why, sizeof(why));
        complain("%s: %s", look->who, why);
        error = -MTASTS_EIO;
    }
    return error;
}

/* One that does not fit is cut: it is not one that we know, then. */
static void keep(const char *value, char *ret_value, size_t size)
{
    snprintf(ret_value, size, "%.*s", (int)size - 1, value);
}

static void take(const struct postconf *postconf, const char *name,
                 char *ret_value, size_t size)
{
    char value[POSTCONF_VALUE_MAX];
    postconf_value(postconf, name, value);
    keep(value, ret_value, size);
}

static bool take_of(const struct postconf *postconf, const char *service,
                    const char *name, char *ret_value, size_t size)
{
    char value[POSTCONF_VALUE_MAX];
    bool override = false;
    postconf_value_of(postconf, service, name, value, &override);
    keep(value, ret_value, size);
    return override;
}

/* ---- certificate authorities ---- */

static void look_at_file(struct postfix_ca *ca)
{
    ca_look_file(ca->path, &ca->seen);
    ca->unknown = ca->seen.error == EACCES && geteuid() != 0;
}

static void look_at_folder(const struct postfix_facts *facts,
                           const struct tool_user *user, struct postfix_ca *ca)
{
    char path[POSTFIX_PATH_MAX * 2];
    bool root = facts->as_root && facts->owner_known;
    snprintf(path, sizeof(path), "%s%s",
             facts->chroot && !root ? facts->queue : "", ca->path);
    int error =
        ca_look_folder(path, facts->chroot && root ? facts->queue : NULL,
                       root ? user : NULL, &ca->seen);
    ca->unknown = error || (ca->seen.error == EACCES && !root);
}

static void look_at_authorities(const struct postfix_look *look,
                                const struct postconf *postconf,
                                const struct tool_user *user,
                                struct postfix_facts *facts)
{
    char append[POSTFIX_WORD_MAX];
    bool file = take_of(postconf, facts->service, "smtp_tls_CAfile",
                        facts->ca_file.path, sizeof(facts->ca_file.path));
    bool folder = take_of(postconf, facts->service, "smtp_tls_CApath",
                          facts->ca_folder.path, sizeof(facts->ca_folder.path));
    take_of(postconf, facts->service, "tls_append_default_CA", append,
            sizeof(append));
    facts->ca_override = file || folder;
    facts->ca_default = ascii_is_nocase(append, strlen(append), "yes");
    snprintf(facts->default_file.path, POSTFIX_PATH_MAX, OPENSSL_FILE);
    snprintf(facts->default_folder.path, POSTFIX_PATH_MAX, OPENSSL_FOLDER);
    snprintf(facts->spare.path, POSTFIX_PATH_MAX, "%s",
             look->config->global.ca_file);
    struct postfix_ca *files[] = {&facts->ca_file, &facts->default_file,
                                  &facts->spare};
    struct postfix_ca *folders[] = {&facts->ca_folder, &facts->default_folder};
    for (size_t i = 0; i < ELEMENTS(files); i++)
        if (*files[i]->path)
            look_at_file(files[i]);
    for (size_t i = 0; i < ELEMENTS(folders); i++)
        if (*folders[i]->path)
            look_at_folder(facts, user, folders[i]);
}

/* ---- resolvers ---- */

static void look_at_resolvers(struct postfix_facts *facts)
{
    struct forwarders here;
    struct forwarders theirs;
    snprintf(facts->resolv_conf, sizeof(facts->resolv_conf), "%.1000s%s",
             facts->chroot ? facts->queue : "", MTA_RESOLV_CONF);
    mta_resolvers_look(facts->resolv_conf, &facts->resolvers);
    if (forwarders_read(facts->resolv_conf, &theirs) < 0 ||
        forwarders_read(MTA_RESOLV_CONF, &here) < 0)
        return;
    facts->resolv_differs = here.count != theirs.count;
    for (size_t i = 0; i < MIN_OF(here.count, theirs.count); i++)
        if (strcmp(here.text[i], theirs.text[i]) != 0)
            facts->resolv_differs = true;
}

/* ---- the daemon ---- */

/* Of warnings there may be some, of main.cf too. */
static bool is_answer(const struct tool_output *output)
{
    return output->status <= 1 && !strstr(buf_text(&output->err), "fatal: ");
}

int postfix_ask(const struct postfix_facts *facts, const char *table,
                const char *key, struct tool_output *ret_output,
                bool *ret_answered)
{
    const char *argv[] = {"postmap", "-c",  facts->folder, "-q",
                          key,       table, NULL};
    struct tool_user user;
    bool other = facts->as_root && facts->owner_known &&
                 tool_user_find(facts->owner, &user) == 0;
    const struct tool tool = {.argv = argv,
                              .user = other ? &user : NULL,
                              .folder = facts->queue,
                              .deadline_ms = POSTFIX_LOOK_MS};
    int error = tool_run(&tool, ret_output);
    *ret_answered = !error && is_answer(ret_output);
    return error;
}

/* Of "postmap: fatal: table ...: query error: Connection refused" the end. */
static const char *reason_in(const char *line)
{
    static const char mark[] = "query error: ";
    const char *at = strstr(line, mark);
    return at ? at + strlen(mark) : line;
}

static void try_door(const struct postfix_facts *facts,
                     const struct tool_user *user, struct postfix_door *door)
{
    char table[MAP_ENTRY_MAX];
    char line[POSTFIX_WHY_MAX];
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    snprintf(table, sizeof(table), "socketmap:%s:postfix", door->address.text);
    int error =
        postfix_ask(facts, table, POSTFIX_LOOK_KEY, &output, &door->answers);
    door->tried = error == 0 || error == -MTASTS_ETIMEDOUT;
    if (door->answers)
        return;
    if (error == -MTASTS_ETIMEDOUT) {
        snprintf(door->why, sizeof(door->why), "silence for %u s.",
                 POSTFIX_LOOK_MS / 1000);
    } else if (error) {
        snprintf(door->why, sizeof(door->why), "postmap: %s.",
                 mtasts_strerror(error));
    } else if (*door->address.path && user &&
               user_is_denied(user, facts->owner, door->address.path, WRITE,
                              line)) {
        snprintf(door->why, sizeof(door->why), "%.700s.", line);
    } else {
        tool_why(&output, line, sizeof(line));
        snprintf(door->why, sizeof(door->why), "%.700s.", reason_in(line));
    }
}

static void look_at_doors(const struct postfix_look *look,
                          const struct tool_user *user,
                          struct postfix_facts *facts)
{
    const char *one[] = {look->socketmap};
    const struct config_list given = {one, 1};
    struct map_address_list list;
    map_addresses_of(look->socketmap ? &given
                                     : &look->config->policyd.socketmap,
                     facts->queue, &list);
    facts->inherited = list.inherited;
    facts->door_count = list.count;
    for (size_t i = 0; i < list.count; i++) {
        facts->doors[i] = (struct postfix_door){.address = list.items[i]};
        try_door(facts, user, &facts->doors[i]);
    }
}

/* ---- all ---- */

static void look_at_service(const struct postconf *postconf,
                            struct postfix_facts *facts)
{
    struct postconf_service service = {0};
    char level[POSTFIX_WORD_MAX];
    take(postconf, "default_transport", facts->transport,
         sizeof(facts->transport));
    /* "smtp", "smtp:[relay.example]" */
    char name[POSTFIX_WORD_MAX];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(facts->transport, ":"),
             facts->transport);
    facts->service_found = strlen(name) < POSTCONF_SERVICE_MAX - 8 &&
                           postconf_smtp(postconf, name, &service) == 0;
    snprintf(facts->service, sizeof(facts->service), "%.100s/unix",
             facts->service_found ? name : "smtp");
    take(postconf, "compatibility_level", level, sizeof(level));
    /* Postfix before 3.0, and its compatible mode, have chroot as default. */
    facts->chroot = service.chroot ||
                    (service.chroot_default && (*level == '0' || !*level));
}

static bool is_link(const char *folder, const char *name)
{
    char path[POSTFIX_PATH_MAX + sizeof("/main.cf")];
    struct stat status;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static void look_at_values(const struct postconf *postconf,
                           struct postfix_facts *facts)
{
#define TAKE(name, member) take(postconf, name, member, sizeof(member))
    TAKE("mail_version", facts->version_text);
    TAKE("config_directory", facts->folder);
    TAKE("queue_directory", facts->queue);
    TAKE("mail_owner", facts->owner);
    TAKE("smtp_tls_per_site", facts->per_site);
    TAKE("relayhost", facts->relayhost);
    TAKE("smtp_host_lookup", facts->host_lookup);
#undef TAKE
    facts->main_is_link = is_link(facts->folder, "main.cf");
    if (postconf_version(facts->version_text, &facts->version) < 0)
        facts->version = (struct postconf_version){0};
    look_at_service(postconf, facts);
    facts->maps_override =
        take_of(postconf, facts->service, "smtp_tls_policy_maps", facts->maps,
                sizeof(facts->maps));
    facts->dns_override =
        take_of(postconf, facts->service, "smtp_dns_support_level",
                facts->dns_support, sizeof(facts->dns_support));
    facts->level = postconf_level(postconf, facts->service);
    facts->level_common =
        postconf_level_is_common(postconf, facts->service, facts->level_other);
}

static int look_at_postconf(const struct postfix_look *look,
                            struct postfix_facts *facts)
{
    _cleanup_tool_output_ struct tool_output all = TOOL_OUTPUT;
    _cleanup_tool_output_ struct tool_output services = TOOL_OUTPUT;
    _cleanup_tool_output_ struct tool_output overrides = TOOL_OUTPUT;
    _cleanup_tool_output_ struct tool_output types = TOOL_OUTPUT;
    _cleanup_tool_output_ struct tool_output raw = TOOL_OUTPUT;
    struct tool_user user;
    int error = postconf(look, "-x", NULL, &all);
    if (!error)
        error = postconf(look, "-M", NULL, &services);
    if (!error)
        error = postconf(look, "-Px", NULL, &overrides);
    if (!error)
        error = postconf(look, "-m", NULL, &types);
    if (!error)
        error = postconf(look, "-h", "smtp_tls_policy_maps", &raw);
    if (error)
        return error;
    const struct postconf postconf = {
        buf_text(&all.out), buf_text(&services.out), buf_text(&overrides.out)};
    look_at_values(&postconf, facts);
    snprintf(facts->maps_raw, sizeof(facts->maps_raw), "%.*s",
             (int)strcspn(buf_text(&raw.out), "\n"), buf_text(&raw.out));
    facts->socketmap = strstr(buf_text(&types.out), "socketmap\n") != NULL;
    facts->owner_known = tool_user_find(facts->owner, &user) == 0;
    look_at_authorities(look, &postconf, &user, facts);
    look_at_doors(look, facts->owner_known ? &user : NULL, facts);
    return 0;
}

int postfix_look(const struct postfix_look *look,
                 struct postfix_facts *ret_facts)
{
    const struct config_policyd *own = &look->config->policyd;
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    *ret_facts = (struct postfix_facts){0};
    ret_facts->as_root = geteuid() == 0;
    ret_facts->own_level = (enum config_tls_level)own->default_tls_level;
    ret_facts->match = (enum config_match)own->match;
    ret_facts->dane = (enum config_dane)own->dane;
    ret_facts->dane_proved = own->dane_proved;
    int error = look_at_postconf(look, ret_facts);
    if (error)
        return error;
    look_at_resolvers(ret_facts);
    /* Only root is told whether it runs. */
    ret_facts->running =
        !ret_facts->as_root ||
        (run("postfix", look->config_dir, "status", NULL, &output) == 0 &&
         output.status == 0);
    return 0;
}
