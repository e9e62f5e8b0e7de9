/*
 * setup postfix: looks, judges, tells, changes, proves. See setup.h.
 *
 * main.cf is changed by postconf(1), Postfix's own editor, after a copy; only
 * once the daemon was seen to answer where Postfix will ask, since otherwise
 * all mail would wait.
 */
#include "cli/setup.h"

#include "cli/command.h"
#include "cli/output.h"
#include "cli/postfix_judge.h"
#include "cli/postfix_look.h"
#include "cli/setup_conf.h"
#include "cli/setup_report.h"
#include "cli/tally.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>

#define WHO "setup postfix"
#define DOMAIN_MAX 512u

struct setting {
    const struct setup_options *options;
    struct config *config;
    struct postfix_facts facts;
    struct setup_findings findings;
    struct postfix_plan plan;
    struct paper paper;
    bool main_changed;
};

static void cleanup_setting(struct setting **setting)
{
    if (!*setting)
        return;
    config_free((*setting)->config);
    paper_clear(&(*setting)->paper);
    free(*setting);
}

/* Reads and judges all, anew. Errors after a complaint. */
static int look(struct setting *setting)
{
    const struct setup_options *options = setting->options;
    const struct postfix_wishes wishes = {options->dane,
                                          options->trust_resolver};
    struct config *config = NULL;
    int error = setup_conf_load(WHO, options->config, &config);
    if (error)
        return error;
    config_free(setting->config);
    setting->config = config;
    const struct postfix_look with = {.who = WHO,
                                      .config_dir = options->config_dir,
                                      .config = config,
                                      .socketmap = options->socket};
    error = postfix_look(&with, &setting->facts);
    if (error)
        return error;
    setting->findings = (struct setup_findings){0};
    error = postfix_judge(&setting->facts, &wishes, &setting->findings,
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

static bool has_changes(const struct setting *setting)
{
    return setting->plan.main_cf.count + setting->plan.mtasts_conf.count > 0;
}

/* ---- telling ---- */

static void tell(struct setting *setting)
{
    struct paper *paper = &setting->paper;
    char heading[SETUP_PATH_MAX + 64];
    char path[SETUP_PATH_MAX];
    setup_report_say(paper, "Postfix %s, %s%s%s; mtasts.conf: %s",
                     setting->facts.version_text, setting->facts.folder,
                     setting->facts.chroot ? ", smtp in the chroot " : "",
                     setting->facts.chroot ? setting->facts.queue : "",
                     setup_conf_name(setting->config));
    paper_gap(paper);
    setup_report_findings(paper, &setting->findings, true);
    main_cf(setting, path);
    snprintf(heading, sizeof(heading), "To change in %s:", path);
    setup_report_changes(paper, heading, &setting->plan.main_cf);
    snprintf(heading, sizeof(heading), "To change in %s, section policyd:",
             setup_conf_path(setting->config));
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
    setup_report_run(&setting->paper, argv,
                     buf_text(answered ? &output.out : &output.err));
    return answered ? output.status : -1;
}

/* What Postfix is told of a domain; STATUS_ERROR: nothing. */
static int prove(struct setting *setting)
{
    const struct setup_options *options = setting->options;
    char domain[DOMAIN_MAX] = "";
    if (!setting->plan.door || !setting->plan.door->answers)
        return STATUS_FINE; /* it was told */
    if (options->domain)
        snprintf(domain, sizeof(domain), "%s", options->domain);
    else if (!setup_conf_domain(setting->config, domain, sizeof(domain)))
        snprintf(domain, sizeof(domain), POSTFIX_LOOK_KEY);
    setup_report_say(&setting->paper, "As Postfix asks:");
    int status = ask(setting, domain);
    if (status == 1)
        setup_report_say(&setting->paper,
                         "The answer is that %s has no policy to be "
                         "enforced%s.",
                         domain,
                         options->domain ? ""
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
    int error = setup_backup(path, copy);
    if (error) {
        complain(WHO ": no copy of %s could be made: %s", path,
                 error == -MTASTS_EIO ? strerrordesc_np(errno)
                                      : mtasts_strerror(error));
        return error;
    }
    for (size_t i = 0; i < changes->count && !error; i++) {
        char setting_text[SETUP_NAME_MAX + SETUP_VALUE_MAX + 4];
        const char *argv[] = {"postconf", "-c",         setting->facts.folder,
                              "-e",       setting_text, NULL};
        snprintf(setting_text, sizeof(setting_text), "%s = %s",
                 changes->items[i].name, changes->items[i].value);
        error = run(argv);
    }
    setting->main_changed = true;
    setup_report_say(&setting->paper, "%s %s; as it was before: %s",
                     error ? "Changed in part:" : "Changed:", path, copy);
    return error;
}

static int reload_postfix(struct setting *setting)
{
    const char *argv[] = {"postfix", "-c", setting->facts.folder, "reload",
                          NULL};
    if (!setting->main_changed)
        return 0;
    if (!setting->facts.running) {
        setup_report_say(&setting->paper,
                         "Postfix does not run: nothing to be reloaded.");
        return 0;
    }
    int error = run(argv);
    if (!error)
        setup_report_say(&setting->paper, "Postfix has been reloaded.");
    return error;
}

static int edit_mtasts_conf(struct setting *setting)
{
    const char *path = setup_conf_path(setting->config);
    char copy[SETUP_PATH_MAX];
    if (setting->plan.mtasts_conf.count == 0)
        return 0;
    int error = setup_conf_write(WHO, path, &setting->plan.mtasts_conf, copy);
    if (!error)
        setup_report_say(&setting->paper, "Changed: %s%s%s", path,
                         *copy ? "; as it was before: " : ", which is new",
                         copy);
    return error;
}

/* It says itself what came of it. */
static int reload_policyd(struct setting *setting)
{
    const char *path = setup_conf_path(setting->config);
    const char *words[] = {"reload", "--config", path};
    int status = paper_print(&setting->paper);
    if (setting->plan.mtasts_conf.count == 0)
        return status;
    status = tally_worse(status, command_dispatch(words, ELEMENTS(words)));
    return tally_worse(status, output_write("\n", 1));
}

/* The plan carried out; an exit status. */
static int apply(struct setting *setting)
{
    int status = STATUS_FINE;
    if (setting->findings.blocked) {
        setup_report_say(&setting->paper,
                         "Nothing has been changed: see to the errors first.");
        return STATUS_ERROR;
    }
    if (!has_changes(setting)) {
        setup_report_say(&setting->paper, "There is nothing to change.");
        return STATUS_FINE;
    }
    if (edit_main_cf(setting) < 0 || reload_postfix(setting) < 0 ||
        edit_mtasts_conf(setting) < 0)
        status = STATUS_ERROR;
    return tally_worse(status, reload_policyd(setting));
}

/* What there is after a change, as far as it is not fine. */
static int look_again(struct setting *setting)
{
    if (look(setting) < 0)
        return STATUS_UNKNOWN;
    int status = setup_status(&setting->findings);
    if (status == STATUS_FINE)
        setup_report_say(&setting->paper, "Now Postfix asks %s.",
                         setting->plan.table);
    else
        setup_report_say(&setting->paper, "What is left:");
    setup_report_findings(&setting->paper, &setting->findings, false);
    return status;
}

static int finish(struct setting *setting, int status)
{
    status = tally_worse(status, prove(setting));
    if (!setting->options->apply && has_changes(setting))
        setup_report_say(&setting->paper,
                         setting->findings.blocked
                             ? "Once the errors are mended, 'mtasts " WHO
                               " --apply' makes these changes."
                             : "'mtasts " WHO " --apply' makes these changes, "
                               "with copies of the files as they are now.");
    return tally_worse(status, paper_print(&setting->paper));
}

int setup_postfix(const struct setup_options *options)
{
    _cleanup_(cleanup_setting) struct setting *setting =
        calloc(1, sizeof(*setting));
    if (!setting)
        return complain_error(WHO, -MTASTS_ENOMEM);
    setting->options = options;
    paper_for_stdout(&setting->paper, options->colour);
    if (look(setting) < 0)
        return STATUS_UNKNOWN;
    tell(setting);
    int status = setup_status(&setting->findings);
    if (options->apply) {
        bool changing = has_changes(setting) && !setting->findings.blocked;
        int done = apply(setting);
        status = changing ? tally_worse(done, look_again(setting))
                          : tally_worse(done, status);
    }
    return finish(setting, status);
}
