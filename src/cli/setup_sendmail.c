/*
 * setup sendmail: FEATURE(`sts') with our map. See setup.h.
 *
 * sendmail.mc is edited, and sendmail.cf made of it by m4(1), as Debian's
 * Makefile does it; but only where the sendmail.cf that is there is what the
 * sendmail.mc that is there makes, so that nothing that was changed by hand
 * is lost. The new one is asked before it takes the place of the old one.
 */
#include "cli/setup_run.h"

#include "base/container.h"
#include "cli/sendmail_look.h"
#include "cli/setup_conf.h"
#include "cli/setup_report.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>

#define WHO "setup sendmail"
#define LINES_MAX (SENDMAIL_VALUE_MAX * 2)
#define RESTART "systemctl restart sendmail"

struct setting {
    struct setup_work work; /* first */
    struct sendmail_facts facts;
    const struct sendmail_door *door;
    char lines[LINES_MAX]; /* for sendmail.mc; "": nothing to change */
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
    sendmail_facts_clear(&(*setting)->facts);
    free(*setting);
}

/* ---- judging ---- */

static void judge_program(struct setting *setting)
{
    const struct sendmail_program *program = &setting->facts.program;
    struct setup_findings *findings = &setting->work.findings;
    if (program->sts && program->socketmap && program->starttls) {
        setup_add(findings, SETUP_FINE,
                  "Sendmail %s is built with MTA-STS, STARTTLS and socket "
                  "maps.",
                  program->version);
        return;
    }
    setup_block(findings, "Sendmail %s is built without %s.", program->version,
                !program->sts         ? "MTA-STS (_FFR_MTA_STS)"
                : !program->socketmap ? "socket maps (SOCKETMAP)"
                                      : "STARTTLS");
    setup_fix(findings, "Take one of 8.16 or later that is, such as that of "
                        "Debian 12.");
}

static void judge_files(struct setting *setting)
{
    const struct sendmail_facts *facts = &setting->facts;
    struct setup_findings *findings = &setting->work.findings;
    if (facts->mc.len == 0) {
        setup_block(findings, "%s is not there, or cannot be read.",
                    facts->mc_path);
        setup_fix(findings, "Name its folder by --config-dir, or bring the "
                            "lines below into the file that your sendmail.cf "
                            "is made of.");
    } else if (facts->made.len == 0) {
        setup_block(findings, "%s makes no sendmail.cf: %s", facts->mc_path,
                    facts->made_why);
    } else if (!sendmail_cf_same(buf_text(&facts->made),
                                 buf_text(&facts->cf))) {
        setup_block(findings,
                    "%s is not what %s makes: one of them was changed without "
                    "the other, and would be lost.",
                    facts->cf_path, facts->mc_path);
        setup_fix(findings, "Bring them together first (make -C %s).",
                  facts->folder);
    }
}

/* The one that Sendmail asks already if it answers, else the first. */
static const struct sendmail_door *best_door(const struct sendmail_facts *facts)
{
    const struct sendmail_door *best = NULL;
    for (size_t i = 0; i < facts->door_count; i++) {
        const struct sendmail_door *door = &facts->doors[i];
        if (door->answers && strcmp(door->map, facts->map) == 0)
            return door;
        if (!best || (door->answers && !best->answers))
            best = door;
    }
    return best;
}

static void judge_door(struct setting *setting)
{
    const struct sendmail_facts *facts = &setting->facts;
    struct setup_findings *findings = &setting->work.findings;
    setting->door = best_door(facts);
    if (!setting->door) {
        setup_block(findings,
                    "mtasts.conf has no socket whose address is "
                    "known here%s.",
                    facts->inherited ? ": systemd opens them" : "");
        setup_fix(findings, "Name one, as in --socket "
                            "unix:/run/mtasts/socketmap.sock.");
    } else if (!setting->door->answers) {
        setup_block(findings, "mtasts-policyd does not answer at '%s': %s.",
                    setting->door->map, setting->door->why);
        setup_fix(findings,
                  "systemctl enable --now mtasts-policyd, or mtasts run; a "
                  "UNIX socket must not be below a folder that others may "
                  "write to.");
    } else {
        setup_add(findings, SETUP_FINE,
                  "mtasts-policyd answers at '%s', asked by sendmail -bt.",
                  setting->door->map);
    }
}

static void judge_map(struct setting *setting)
{
    const struct sendmail_facts *facts = &setting->facts;
    struct setup_findings *findings = &setting->work.findings;
    char strict[SENDMAIL_VALUE_MAX];
    if (!setting->door)
        return;
    sendmail_cf_option(buf_text(&facts->cf), "StrictTransportSecurity", strict);
    if (strcmp(facts->map, setting->door->map) == 0 &&
        strcmp(strict, "true") == 0) {
        setup_add(findings, SETUP_FINE, "FEATURE(`sts') asks there.");
        return;
    }
    if (!*facts->map)
        setup_add(findings, SETUP_TODO,
                  "Sendmail does not ask mtasts-policyd "
                  "yet.");
    else
        setup_add(findings, SETUP_TODO,
                  "Sendmail asks '%s'. FEATURE(`sts') of %s is to be "
                  "replaced.",
                  facts->map, facts->mc_path);
    snprintf(setting->lines, sizeof(setting->lines),
             "FEATURE(`sts', `%s')dnl\n", setting->door->map);
}

static void judge_authorities(struct setting *setting)
{
    const struct sendmail_facts *facts = &setting->facts;
    struct setup_findings *findings = &setting->work.findings;
    size_t used = strlen(setting->lines);
    if (facts->file_seen.count + facts->folder_seen.count >= CA_FEW) {
        setup_add(findings, SETUP_FINE,
                  "There are %u certificate authorities to verify by.",
                  facts->file_seen.count + facts->folder_seen.count);
        return;
    }
    if (*facts->ca_folder || facts->system_seen.count < CA_FEW) {
        setup_block(findings,
                    "Sendmail has %u certificate authorities to verify by "
                    "(CACertFile, CACertPath): mail to domains with a policy "
                    "would wait.",
                    facts->file_seen.count + facts->folder_seen.count);
        setup_fix(findings,
                  "define(`confCACERT_PATH', `" SENDMAIL_CA_FOLDER
                  "') in %s, and ca-certificates installed.",
                  facts->mc_path);
        return;
    }
    setup_add(findings, SETUP_TODO,
              "Sendmail has no certificate authorities of the Web's to verify "
              "by: mail to domains with a policy would wait.");
    snprintf(setting->lines + used, sizeof(setting->lines) - used,
             "define(`confCACERT_PATH', `" SENDMAIL_CA_FOLDER "')dnl\n");
}

static int look(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    const struct sendmail_look with = {WHO, work->options->config_dir,
                                       work->config, work->options->socket};
    sendmail_facts_clear(&setting->facts);
    sendmail_facts_init(&setting->facts);
    int error = sendmail_look(&with, &setting->facts);
    if (error)
        return error;
    setting->lines[0] = '\0';
    judge_program(setting);
    judge_door(setting);
    judge_map(setting);
    judge_authorities(setting);
    if (*setting->lines)
        judge_files(setting);
    return 0;
}

/* ---- telling ---- */

static bool is_due(struct setup_work *work)
{
    return *setting_of(work)->lines;
}

static void tell(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    struct paper *paper = &work->paper;
    setup_report_say(paper, "Sendmail %s, %s; mtasts.conf: %s",
                     setting->facts.program.version, setting->facts.folder,
                     setup_conf_name(setting->work.config));
    paper_gap(paper);
    setup_report_findings(paper, &setting->work.findings, true);
    if (!*setting->lines)
        return;
    setup_report_say(
        paper, "To be in %s, before the mailers:", setting->facts.mc_path);
    paper_gap(paper);
    paper_block(paper, 4, setting->lines);
}

/* By the configuration that is in force if it has the map, else by the map
   alone. */
static int prove(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    const struct sendmail_facts *facts = &setting->facts;
    char domain[SETUP_DOMAIN_MAX];
    char line[SENDMAIL_VALUE_MAX];
    if (!setting->door || !setting->door->answers)
        return STATUS_FINE; /* it was told */
    setup_work_domain(work, domain);
    bool ours = strcmp(facts->map, setting->door->map) == 0;
    enum sendmail_answer answer =
        ours ? sendmail_ask(facts->cf_path, domain, line)
             : sendmail_try(setting->door->map, domain, line);
    setup_report_say(&setting->work.paper,
                     ours ? "As Sendmail asks:"
                          : "As Sendmail would ask, by this map alone:");
    char shown[SENDMAIL_VALUE_MAX * 2];
    snprintf(shown, sizeof(shown), "> /map sts %s\n%s", domain, line);
    const char *argv[] = {"sendmail", "-bt", ours ? "-C" : NULL, facts->cf_path,
                          NULL};
    setup_report_run(&setting->work.paper, argv, shown);
    if (answer == SENDMAIL_NONE)
        setup_report_say(&setting->work.paper,
                         "No match with 68 says that there is no policy.");
    return answer == SENDMAIL_FAILED ? STATUS_ERROR : STATUS_FINE;
}

/* ---- changing ---- */

static bool has_map(const struct buf *cf, const char *map)
{
    char value[SENDMAIL_VALUE_MAX];
    return sendmail_cf_map(buf_text(cf), value) && strcmp(value, map) == 0;
}

/* Errors after a complaint. */
static int replace(struct setting *setting)
{
    struct sendmail_facts *facts = &setting->facts;
    char why[SENDMAIL_VALUE_MAX] = "";
    _cleanup_buf_ struct buf mc = BUF(SENDMAIL_FILE_MAX);
    _cleanup_buf_ struct buf cf = BUF(SENDMAIL_FILE_MAX);
    int error = sendmail_mc_edit(buf_text(&facts->mc), setting->lines, &mc);
    if (error)
        return complain(WHO ": %s has no mailers; put the lines in by hand",
                        facts->mc_path),
               error;
    error = sendmail_make(facts->folder, buf_text(&mc), &cf, why);
    if (!error && !has_map(&cf, setting->door->map)) {
        error = -MTASTS_ESYNTAX;
        snprintf(why, sizeof(why), "the map is not in what m4 makes of it");
    }
    if (error)
        return complain(WHO ": %s: %s; nothing was changed", facts->mc_path,
                        *why ? why : mtasts_strerror(error)),
               error;
    error = setup_work_put(&setting->work, facts->mc_path, &facts->mc, &mc);
    return error ? error
                 : setup_work_put(&setting->work, facts->cf_path, &facts->cf,
                                  &cf);
}

static int change(struct setup_work *work)
{
    if (replace(setting_of(work)) < 0)
        return STATUS_ERROR;
    setup_report_say(&work->paper,
                     "Sendmail reads it when it is started: " RESTART);
    return STATUS_FINE;
}

int setup_sendmail(const struct setup_options *options)
{
    static const struct setup_mta mta = {.who = WHO,
                                         .key = SENDMAIL_LOOK_KEY,
                                         .look = look,
                                         .tell = tell,
                                         .is_due = is_due,
                                         .change = change,
                                         .prove = prove};
    _cleanup_(cleanup_setting) struct setting *setting =
        calloc(1, sizeof(*setting));
    if (!setting)
        return complain_error(WHO, -MTASTS_ENOMEM);
    setting->work.mta = &mta;
    setting->work.options = options;
    sendmail_facts_init(&setting->facts);
    return setup_run(&setting->work);
}
