/*
 * setup postfix: looks, judges, tells, changes, proves. See setup.h.
 *
 * main.cf is changed by postconf(1), Postfix's own editor, after a copy; only
 * once the daemon was seen to answer where Postfix will ask, since otherwise
 * all mail would wait.
 */
#include "cli/setup_run.h"

#include "base/container.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/postfix_judge.h"
#include "cli/postfix_look.h"
#include "cli/setup_conf.h"
#include "cli/setup_files.h"
#include "cli/setup_report.h"
#include "cli/tally.h"
#include <mtasts/error.h>
#include <string.h>

#define WHO "setup postfix"

struct setting {
    struct setup_work work; /* first */
    struct postfix_facts facts;
    struct postfix_plan plan;
    /* for postconf -e */
    char words[SETUP_CHANGES_MAX][SETUP_NAME_MAX + SETUP_VALUE_MAX + 4];
    bool main_changed;
    bool conf_changed;
};

static struct setting *setting_of(struct setup_work *work)
{
    return container_of(work, struct setting, work);
}

static void cleanup_setting(struct setting **setting)
{
    if (!*setting)
        return;
    setup_work_clear(&(*setting)->work);
    free(*setting);
}

static int look(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    const struct setup_options *options = work->options;
    const struct postfix_wishes wishes = {options->dane,
                                          options->trust_resolver};
    const struct postfix_look with = {.who = WHO,
                                      .config_dir = options->config_dir,
                                      .config = work->config,
                                      .socketmap = options->socket};
    int error = postfix_look(&with, &setting->facts);
    if (error)
        return error;
    error = postfix_judge(&setting->facts, &wishes, &setting->work.findings,
                          &setting->plan);
    if (error)
        complain_error(WHO, error);
    return error;
}

static void main_cf(const struct setting *setting,
                    char ret_path[SETUP_PATH_MAX])
{
    snprintf(ret_path, SETUP_PATH_MAX, "%s/main.cf", setting->facts.folder);
}

static bool is_due(struct setup_work *work)
{
    const struct setting *setting = setting_of(work);
    return setting->plan.main_cf.count + setting->plan.mtasts_conf.count > 0;
}

/* ---- telling ---- */

static void tell(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    struct paper *paper = &work->paper;
    char heading[SETUP_PATH_MAX + 64];
    char path[SETUP_PATH_MAX];
    setup_report_say(paper, "Postfix %s, %s%s%s; mtasts.conf: %s",
                     setting->facts.version_text, setting->facts.folder,
                     setting->facts.chroot ? ", smtp in the chroot " : "",
                     setting->facts.chroot ? setting->facts.queue : "",
                     setup_conf_name(setting->work.config));
    paper_gap(paper);
    setup_report_findings(paper, &setting->work.findings, true);
    main_cf(setting, path);
    snprintf(heading, sizeof(heading), "To change in %s:", path);
    setup_report_changes(paper, heading, &setting->plan.main_cf);
    snprintf(heading, sizeof(heading), "To change in %s, section policyd:",
             setup_conf_path(setting->work.config));
    setup_report_changes(paper, heading, &setting->plan.mtasts_conf);
}

/* One question by postmap; its exit status, or -1: there was no answer. */
static int ask(struct setting *setting, const char *key)
{
    const char *table = setting->plan.table;
    const char *argv[] = {"postmap", "-c", setting->facts.folder, "-q", key,
                          table,     NULL};
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    bool answered = false;
    int error = postfix_ask(&setting->facts, table, key, &output, &answered);
    if (error) {
        complain(WHO ": postmap: %s", mtasts_strerror(error));
        return -1;
    }
    setup_report_run(&setting->work.paper, argv,
                     buf_text(answered ? &output.out : &output.err));
    return answered ? output.status : -1;
}

/* What Postfix is told of a domain; STATUS_ERROR: nothing. */
static int prove(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    char domain[SETUP_DOMAIN_MAX];
    if (!setting->plan.door || !setting->plan.door->answers)
        return STATUS_FINE; /* it was told */
    setup_work_domain(work, domain);
    setup_report_say(&setting->work.paper, "As Postfix asks:");
    int status = ask(setting, domain);
    if (status == 1)
        setup_report_say(&setting->work.paper,
                         "The answer is that %s has no policy to be "
                         "enforced%s.",
                         domain,
                         work->options->domain
                             ? ""
                             : ", as it must be of an address; "
                               "--domain asks for a domain");
    return status < 0 ? STATUS_ERROR : STATUS_FINE;
}

/* ---- changing ---- */

/* Runs one of Postfix's tools; -MTASTS_EIO after a complaint. */
static int run(const char *const *argv)
{
    const struct tool tool = {.argv = argv};
    char why[SETUP_TEXT_MAX];
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    int error = tool_run(&tool, &output);
    if (error) {
        complain(WHO ": %s: %s", argv[0], mtasts_strerror(error));
    } else if (output.status != 0) {
        tool_why(&output, why, sizeof(why));
        complain(WHO ": %s: %s", argv[0], why);
        error = -MTASTS_EIO;
    }
    return error;
}

static int edit_main_cf(struct setting *setting)
{
    const struct setup_changes *changes = &setting->plan.main_cf;
    char path[SETUP_PATH_MAX];
    char copy[SETUP_PATH_MAX];
    if (changes->count == 0)
        return 0;
    main_cf(setting, path);
    int error = setup_backup(path, NULL, copy);
    if (error) {
        complain(WHO ": no copy of %s could be made: %s", path,
                 setup_files_why(error));
        return error;
    }
    /* All at once: a table without its authorities keeps mail waiting. */
    const char *argv[SETUP_CHANGES_MAX + 5] = {"postconf", "-c",
                                               setting->facts.folder, "-e"};
    for (size_t i = 0; i < changes->count; i++) {
        snprintf(setting->words[i], sizeof(setting->words[i]), "%s = %s",
                 changes->items[i].name, changes->items[i].value);
        argv[i + 4] = setting->words[i];
    }
    error = run(argv);
    if (error)
        return error;
    setting->main_changed = true;
    setup_report_say(&setting->work.paper, "Changed: %s; as it was before: %s",
                     path, copy);
    return 0;
}

static int reload_postfix(struct setting *setting)
{
    const char *argv[] = {"postfix", "-c", setting->facts.folder, "reload",
                          NULL};
    if (!setting->main_changed)
        return 0;
    if (!setting->facts.running) {
        setup_report_say(&setting->work.paper,
                         "Postfix does not run: nothing to be reloaded.");
        return 0;
    }
    int error = run(argv);
    if (!error)
        setup_report_say(&setting->work.paper, "Postfix has been reloaded.");
    return error;
}

static int edit_mtasts_conf(struct setting *setting)
{
    const char *path = setup_conf_path(setting->work.config);
    const struct setup_changes *changes = &setting->plan.mtasts_conf;
    _cleanup_buf_ struct buf before = BUF(CONFIG_FILE_MAX);
    _cleanup_buf_ struct buf text = BUF(CONFIG_FILE_MAX);
    bool there = false;
    if (changes->count == 0)
        return 0;
    int error = setup_conf_text(WHO, path, changes, &there, &before, &text);
    if (!error)
        error =
            setup_work_put(&setting->work, path, there ? &before : NULL, &text);
    setting->conf_changed = error == 0;
    return error;
}

/* It says itself what came of it. */
static int reload_policyd(struct setting *setting)
{
    const char *path = setup_conf_path(setting->work.config);
    const char *words[] = {"reload", "--config", path};
    int status = paper_print(&setting->work.paper);
    if (!setting->conf_changed)
        return status;
    status = tally_worse(status, command_dispatch(words, ELEMENTS(words)));
    return tally_worse(status, output_write("\n", 1));
}

/* The plan carried out. */
static int change(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    int status = STATUS_FINE;
    if (edit_main_cf(setting) < 0 || reload_postfix(setting) < 0 ||
        edit_mtasts_conf(setting) < 0)
        status = STATUS_ERROR;
    return tally_worse(status, reload_policyd(setting));
}

static void done(struct setup_work *work)
{
    setup_report_say(&work->paper, "Now Postfix asks %s.",
                     setting_of(work)->plan.table);
}

int setup_postfix(const struct setup_options *options)
{
    static const struct setup_mta mta = {.who = WHO,
                                         .key = POSTFIX_LOOK_KEY,
                                         .look = look,
                                         .tell = tell,
                                         .is_due = is_due,
                                         .change = change,
                                         .done = done,
                                         .prove = prove};
    _cleanup_(cleanup_setting) struct setting *setting =
        calloc(1, sizeof(*setting));
    if (!setting)
        return complain_error(WHO, -MTASTS_ENOMEM);
    setting->work.mta = &mta;
    setting->work.options = options;
    return setup_run(&setting->work);
}
