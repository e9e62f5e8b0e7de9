/*
 * exim_look: Exim's program, its user, and Debian's files. See exim_look.h.
 */
#include "cli/exim_look.h"

#include "base/ascii.h"
#include "cli/complain.h"
#include "cli/user_access.h"
#include "daemon/read_file.h"
#include <mtasts/error.h>
#include <string.h>

#define CONFIG_DIR "/etc/exim4"
#define ASK_MS 20000u /* it waits for 15 s itself */
#define ROUTER "mtasts_ask"
#define READ 04u
#define WRITE 02u /* connecting takes it */

/* ---- asking ---- */

void exim_question(const char *socket, const char *key,
                   char ret_text[EXIM_VALUE_MAX])
{
    snprintf(ret_text, EXIM_VALUE_MAX, "${readsocket{%s}{%s\\n}{15s}}", socket,
             key);
}

bool exim_ask(const struct exim_facts *facts, const char *socket,
              const char *key, char ret_line[EXIM_VALUE_MAX])
{
    char text[EXIM_VALUE_MAX];
    const char *argv[] = {facts->name, "-be", text, NULL};
    struct tool_user user;
    bool other = facts->as_root && facts->user_known &&
                 tool_user_find(facts->user, &user) == 0;
    const struct tool tool = {.argv = argv,
                              .user = other ? &user : NULL,
                              .folder = "/",
                              .deadline_ms = ASK_MS};
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    exim_question(socket, key, text);
    int error = tool_run(&tool, &output);
    if (error) {
        snprintf(ret_line, EXIM_VALUE_MAX, "%s: %s", facts->name,
                 mtasts_strerror(error));
        return false;
    }
    const char *printed = buf_text(&output.out);
    if (output.status != 0 || output.out.len == 0)
        tool_why(&output, ret_line, EXIM_VALUE_MAX);
    else
        snprintf(ret_line, EXIM_VALUE_MAX, "%.*s",
                 (int)MIN_OF(strcspn(printed, "\n"), EXIM_VALUE_MAX), printed);
    return output.status == 0 && exim_is_answer(printed);
}

/* ---- the program ---- */

/* What "exim -bP ..." prints; "" where it fails. */
static void ask_option(const struct exim_facts *facts, const char *name,
                       const char *more, struct tool_output *output)
{
    const char *argv[] = {facts->name, "-bP", name, more, NULL};
    const struct tool tool = {.argv = argv};
    if (tool_run(&tool, output) < 0 || output->status != 0)
        tool_output_clear(output);
}

static void look_at_options(struct exim_facts *facts)
{
    char value[EXIM_VALUE_MAX];
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    struct tool_user user;
    ask_option(facts, "exim_user", NULL, &output);
    exim_option(buf_text(&output.out), "exim_user", facts->user);
    facts->user_known = *facts->user && tool_user_find(facts->user, &user) == 0;
    ask_option(facts, "dns_dnssec_ok", NULL, &output);
    exim_option(buf_text(&output.out), "dns_dnssec_ok", value);
    facts->dnssec = strcmp(value, "1") == 0;
    ask_option(facts, "router", ROUTER, &output);
    const char *found = strstr(buf_text(&output.out), "readsocket");
    snprintf(facts->router, sizeof(facts->router), "%.900s",
             found ? found : "");
}

static int look_at_program(const struct exim_look *look,
                           struct exim_facts *facts)
{
    static const char *const names[] = {"exim4", "exim"};
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    char why[EXIM_VALUE_MAX];
    int error = -MTASTS_ENOTFOUND;
    for (size_t i = 0; i < ELEMENTS(names) && error == -MTASTS_ENOTFOUND; i++) {
        const char *argv[] = {names[i], "-bV", NULL};
        const struct tool tool = {.argv = argv};
        facts->name = names[i];
        error = tool_run(&tool, &output);
    }
    if (error == -MTASTS_ENOTFOUND) {
        complain("%s: there is no Exim here (exim4 or exim); install it first",
                 look->who);
        return error;
    }
    exim_program_read(buf_text(&output.out), &facts->program);
    if (!error && (output.status != 0 || !*facts->program.version)) {
        tool_why(&output, why, sizeof(why));
        complain("%s: %s -bV: %s", look->who, facts->name, why);
        return -MTASTS_EIO;
    }
    if (error)
        complain("%s: %s -bV: %s", look->who, facts->name,
                 mtasts_strerror(error));
    return error;
}

/* ---- the daemon ---- */

static void try_door(const struct exim_facts *facts, struct exim_door *door)
{
    struct tool_user user;
    char line[USER_ACCESS_WHY_MAX];
    door->answers = exim_ask(facts, door->socket, EXIM_LOOK_KEY, door->why);
    if (!door->answers && *door->socket == '/' && facts->user_known &&
        tool_user_find(facts->user, &user) == 0 &&
        user_is_denied(&user, facts->user, door->socket, WRITE, line))
        snprintf(door->why, sizeof(door->why), "%s", line);
}

static void look_at_doors(const struct exim_look *look,
                          struct exim_facts *facts)
{
    const char *one[] = {look->socket};
    const struct config_list given = {one, 1};
    struct map_address_list list;
    map_addresses_of(look->socket ? &given : &look->config->policyd.exim, "",
                     &list);
    facts->inherited = list.inherited;
    for (size_t i = 0; i < list.count; i++) {
        const struct map_address *address = &list.items[i];
        struct exim_door *door = &facts->doors[facts->door_count];
        if (strpbrk(address->text, "{}$\\ "))
            continue; /* Exim would expand it */
        snprintf(door->socket, sizeof(door->socket), "%s",
                 *address->path ? address->path : address->text);
        try_door(facts, door);
        facts->door_count++;
    }
}

/* ---- files ---- */

static void look_at_debian(const struct exim_look *look,
                           struct exim_facts *facts)
{
    char path[EXIM_PATH_MAX + 64];
    char value[EXIM_VALUE_MAX];
    _cleanup_buf_ struct buf text = BUF(EXIM_FILE_MAX);
    snprintf(facts->folder, sizeof(facts->folder), "%s",
             look->config_dir ? look->config_dir : CONFIG_DIR);
    snprintf(path, sizeof(path), "%s/update-exim4.conf.conf", facts->folder);
    if (read_file(path, &text) < 0)
        return;
    /* What is in force has been made of them, or somebody has his own. */
    facts->debian = strstr(facts->program.file, "config.autogenerated") != NULL;
    exim_debian_option(buf_text(&text), "dc_use_split_config", value);
    facts->split = ascii_is_nocase(value, strlen(value), "true");
    exim_debian_option(buf_text(&text), "dc_eximconfig_configtype",
                       facts->kind);
}

/* Our files, beside our own program or where packages have them. */
static bool find_include(char ret_folder[EXIM_PATH_MAX])
{
    static const char *const places[] = {"/usr/local/share/mtasts/exim",
                                         "/usr/share/mtasts/exim"};
    char own[EXIM_PATH_MAX];
    char path[EXIM_PATH_MAX * 2];
    ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
    for (int up = 0; up < 2 && len > 0; up++) {
        char *slash = memrchr(own, '/', (size_t)len);
        len = slash ? slash - own : 0;
    }
    own[MAX_OF(len, 0)] = '\0';
    if (len > 0 && (size_t)len < sizeof(own) - 32) {
        snprintf(ret_folder, EXIM_PATH_MAX, "%.900s/share/mtasts/exim", own);
        snprintf(path, sizeof(path), "%s/main.conf", ret_folder);
        if (access(path, F_OK) == 0)
            return true;
    }
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        snprintf(ret_folder, EXIM_PATH_MAX, "%s", places[i]);
        snprintf(path, sizeof(path), "%s/main.conf", ret_folder);
        if (access(path, F_OK) == 0)
            return true;
    }
    ret_folder[0] = '\0';
    return false;
}

static void look_at_include(struct exim_facts *facts)
{
    static const char *const names[] = {"main.conf", "routers.conf",
                                        "transports.conf"};
    struct tool_user user;
    if (!find_include(facts->include) || !facts->user_known ||
        tool_user_find(facts->user, &user) < 0)
        return;
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        char path[EXIM_PATH_MAX + 32];
        snprintf(path, sizeof(path), "%s/%s", facts->include, names[i]);
        if (user_is_denied(&user, facts->user, path, READ, facts->include_why))
            return;
    }
}

bool exim_may_be_told_dane(const struct config *config)
{
    return config->policyd.dane == CONFIG_DANE_ON ||
           (config->policyd.dane == CONFIG_DANE_AUTO &&
            config->policyd.dane_proved);
}

int exim_look(const struct exim_look *look, struct exim_facts *ret_facts)
{
    *ret_facts = (struct exim_facts){.as_root = geteuid() == 0};
    int error = look_at_program(look, ret_facts);
    if (error)
        return error;
    look_at_options(ret_facts);
    look_at_debian(look, ret_facts);
    look_at_include(ret_facts);
    ca_look_file(EXIM_CA_FILE, &ret_facts->authorities);
    if (exim_may_be_told_dane(look->config))
        mta_resolvers_look(MTA_RESOLV_CONF, &ret_facts->resolvers);
    look_at_doors(look, ret_facts);
    return 0;
}
