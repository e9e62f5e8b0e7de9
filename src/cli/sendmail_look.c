/*
 * sendmail_look: Sendmail's program and files. See sendmail_look.h.
 *
 * A map is tried by itself, in a configuration of two lines, before it comes
 * into that of the site.
 */
#include "cli/sendmail_look.h"

#include "cli/complain.h"
#include "daemon/read_file.h"
#include "net/listen_address.h"
#include <mtasts/error.h>
#include <string.h>

#define CONFIG_DIR "/etc/mail"
#define TRIAL_FOLDER "/tmp/mtasts-setup-XXXXXX"
#define ASK_MS 20000u /* it waits for 5 s itself */

void sendmail_facts_init(struct sendmail_facts *facts)
{
    *facts = (struct sendmail_facts){0};
    buf_init(&facts->mc, SENDMAIL_FILE_MAX);
    buf_init(&facts->cf, SENDMAIL_FILE_MAX);
    buf_init(&facts->made, SENDMAIL_FILE_MAX);
}

void sendmail_facts_clear(struct sendmail_facts *facts)
{
    buf_clear(&facts->mc);
    buf_clear(&facts->cf);
    buf_clear(&facts->made);
}

/* ---- asking ---- */

enum sendmail_answer sendmail_ask(const char *cf_path, const char *key,
                                  char ret_line[SENDMAIL_VALUE_MAX])
{
    const char *argv[] = {"sendmail", "-bt", "-C", cf_path, NULL};
    char input[SENDMAIL_VALUE_MAX];
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    snprintf(input, sizeof(input), "/map sts %s\n", key);
    const struct tool tool = {
        .argv = argv, .input = input, .deadline_ms = ASK_MS};
    int error = tool_run(&tool, &output);
    if (error) {
        snprintf(ret_line, SENDMAIL_VALUE_MAX, "sendmail -bt: %s",
                 mtasts_strerror(error));
        return SENDMAIL_FAILED;
    }
    enum sendmail_answer answer =
        sendmail_answer_read(buf_text(&output.out), ret_line);
    if (!*ret_line)
        tool_why(&output, ret_line, SENDMAIL_VALUE_MAX);
    return answer;
}

static bool write_trial(const char *path, const char *map)
{
    _cleanup_file_ FILE *file = fopen(path, "wxe");
    return file && fprintf(file, "V10/Berkeley\nKsts %s\n", map) > 0 &&
           fflush(file) == 0;
}

enum sendmail_answer sendmail_try(const char *map, const char *key,
                                  char ret_line[SENDMAIL_VALUE_MAX])
{
    char folder[] = TRIAL_FOLDER;
    char path[sizeof(folder) + 16];
    enum sendmail_answer answer = SENDMAIL_FAILED;
    snprintf(ret_line, SENDMAIL_VALUE_MAX,
             "a file for the trial could not be made in /tmp");
    if (!mkdtemp(folder))
        return answer;
    snprintf(path, sizeof(path), "%s/trial.cf", folder);
    if (write_trial(path, map))
        answer = sendmail_ask(path, key, ret_line);
    unlink(path);
    rmdir(folder);
    return answer;
}

/* ---- the daemon ---- */

/* As the feature takes it; false: no quote may be in it. */
static bool map_of(const char *text, char ret_map[SENDMAIL_VALUE_MAX])
{
    struct listen_address address;
    char why[LISTEN_WHY_MAX];
    char host[ADDRESS_TEXT_MAX];
    if (strpbrk(text, "`'\" ") || listen_address_parse(text, &address, why) < 0)
        return false;
    if (address.kind == LISTEN_UNIX) {
        snprintf(ret_map, SENDMAIL_VALUE_MAX, "socket -d5 -T<TMPF> local:%s",
                 address.name);
        return true;
    }
    address_text(&address.address, host);
    snprintf(ret_map, SENDMAIL_VALUE_MAX, "socket -d5 -T<TMPF> inet%s:%u@%s",
             address.address.ipv6 ? "6" : "", (unsigned)address.port, host);
    return true;
}

static void look_at_doors(const struct sendmail_look *look,
                          struct sendmail_facts *facts)
{
    const char *one[] = {look->socket};
    const struct config_list given = {one, 1};
    struct map_address_list list;
    map_addresses_of(look->socket ? &given : &look->config->policyd.socketmap,
                     "", &list);
    facts->inherited = list.inherited;
    for (size_t i = 0; i < list.count; i++) {
        struct sendmail_door *door = &facts->doors[facts->door_count];
        if (!map_of(list.items[i].text, door->map))
            continue;
        door->answers = sendmail_try(door->map, SENDMAIL_LOOK_KEY, door->why) !=
                        SENDMAIL_FAILED;
        facts->door_count++;
    }
}

/* ---- files ---- */

int sendmail_make(const char *folder, const char *mc_text, struct buf *buf,
                  char why[SENDMAIL_VALUE_MAX])
{
    const char *argv[] = {"m4", "-", NULL};
    const struct tool tool = {.argv = argv, .input = mc_text, .folder = folder};
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    int error = tool_run(&tool, &output);
    why[0] = '\0';
    if (error) {
        snprintf(why, SENDMAIL_VALUE_MAX, "m4: %s",
                 error == -MTASTS_ENOTFOUND ? "it is not installed"
                                            : mtasts_strerror(error));
        return error;
    }
    if (output.status != 0 || !strstr(buf_text(&output.out), "\nV")) {
        tool_why(&output, why, SENDMAIL_VALUE_MAX);
        return -MTASTS_ESYNTAX;
    }
    return buf_append(buf, buf_text(&output.out), output.out.len);
}

/* One that is not there is empty, and so is one that is no text: what is
   behind a NUL would be lost. */
static void take_file(const char *path, struct buf *buf)
{
    if (read_file(path, buf) < 0 || strlen(buf_text(buf)) != buf->len)
        buf_clear(buf);
}

static void look_at_files(const struct sendmail_look *look,
                          struct sendmail_facts *facts)
{
    const char *folder = facts->folder;
    snprintf(facts->folder, sizeof(facts->folder), "%s",
             look->config_dir ? look->config_dir : CONFIG_DIR);
    snprintf(facts->mc_path, sizeof(facts->mc_path), "%.1000s/sendmail.mc",
             folder);
    snprintf(facts->cf_path, sizeof(facts->cf_path), "%.1000s/sendmail.cf",
             folder);
    take_file(facts->mc_path, &facts->mc);
    take_file(facts->cf_path, &facts->cf);
    if (facts->mc.len > 0 && sendmail_make(folder, buf_text(&facts->mc),
                                           &facts->made, facts->made_why) < 0)
        buf_clear(&facts->made);
    const char *cf = buf_text(&facts->cf);
    sendmail_cf_map(cf, facts->map);
    sendmail_cf_option(cf, "CACertFile", facts->ca_file);
    sendmail_cf_option(cf, "CACertPath", facts->ca_folder);
    if (*facts->ca_file)
        ca_look_file(facts->ca_file, &facts->file_seen);
    if (*facts->ca_folder)
        ca_look_folder(facts->ca_folder, NULL, NULL, &facts->folder_seen);
    ca_look_folder(SENDMAIL_CA_FOLDER, NULL, NULL, &facts->system_seen);
}

int sendmail_look(const struct sendmail_look *look,
                  struct sendmail_facts *facts)
{
    const char *argv[] = {"sendmail", "-d0.13", "-bt", NULL};
    const struct tool tool = {.argv = argv, .deadline_ms = ASK_MS};
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    int error = tool_run(&tool, &output);
    if (!error)
        sendmail_program_read(buf_text(&output.out), &facts->program);
    if (error && error != -MTASTS_ENOTFOUND) {
        complain("%s: sendmail -bt: %s", look->who, mtasts_strerror(error));
        return error;
    }
    if (error || !*facts->program.version) {
        complain("%s: %s", look->who,
                 error ? "there is no Sendmail here; install it first"
                       : "the program sendmail here is that of another MTA; "
                         "'mtasts setup' knows postfix and exim, too");
        return -MTASTS_ENOTFOUND;
    }
    look_at_files(look, facts);
    look_at_doors(look, facts);
    return 0;
}
