/*
 * setup exim: our routers and transports included. See setup.h.
 *
 * In Debian's layouts --apply puts the lines where they belong and has
 * update-exim4.conf(8) make and check the configuration; anywhere else it says
 * where they belong.
 */
#include "cli/setup_run.h"

#include "base/container.h"
#include "cli/exim_look.h"
#include "cli/setup_conf.h"
#include "cli/setup_files.h"
#include "cli/setup_report.h"
#include "daemon/read_file.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>

#define WHO "setup exim"
#define RELOAD "systemctl reload exim4"

/* A file, and what is to be in it. */
struct wanted_file {
    char path[SETUP_PATH_MAX];
    struct buf text;
    struct buf now; /* what it says, if it is there */
    bool there;
    bool differs;
    bool put; /* `text` has taken its place */
};

struct setting {
    struct setup_work work; /* first */
    struct exim_facts facts;
    const struct exim_door *door;
    struct wanted_file files[EXIM_PARTS];
    size_t file_count;
};

static struct setting *setting_of(struct setup_work *work)
{
    return container_of(work, struct setting, work);
}

static void clear_files(struct setting *setting)
{
    for (size_t i = 0; i < setting->file_count; i++) {
        buf_clear(&setting->files[i].text);
        buf_clear(&setting->files[i].now);
    }
    setting->file_count = 0;
}

static void cleanup_setting(struct setting **setting)
{
    if (!*setting)
        return;
    setup_work_clear(&(*setting)->work);
    clear_files(*setting);
    free(*setting);
}

/* ---- judging ---- */

static void judge_program(struct setting *setting)
{
    const struct exim_program *program = &setting->facts.program;
    struct setup_findings *findings = &setting->work.findings;
    bool late =
        program->major > 4 || (program->major == 4 && program->minor >= 96);
    if (late && program->tls && program->event && program->dane &&
        program->dnsdb) {
        setup_add(findings, SETUP_FINE,
                  "Exim %s is built with TLS, Event, DANE and dnsdb.",
                  program->version);
        return;
    }
    setup_block(findings, "Exim %s %s%s%s%s%s.", program->version,
                late ? "is built without" : "is older than 4.96",
                late && !program->tls ? " TLS" : "",
                late && !program->event ? " Event" : "",
                late && !program->dane ? " DANE" : "",
                late && !program->dnsdb ? " dnsdb" : "");
    setup_fix(findings, "Take one that is, such as those of Debian 12.");
}

/* Answers may be "dane", which Exim has to be able to do then. */
static void judge_dane(struct setting *setting)
{
    const struct exim_facts *facts = &setting->facts;
    struct setup_findings *findings = &setting->work.findings;
    struct mta_hindrance hindrance;
    bool good = mta_resolvers_judge(
        &facts->resolvers, setting->work.options->trust_resolver, &hindrance);
    if (facts->dnssec && good) {
        setup_add(findings, SETUP_FINE,
                  "Exim asks for DNSSEC, and its resolver validates: DANE can "
                  "be relied on.");
        return;
    }
    bool unknown = facts->dnssec && hindrance.grade == SETUP_UNKNOWN;
    setup_add(findings, unknown ? SETUP_UNKNOWN : SETUP_ERROR,
              "mtasts-policyd answers by DANE (mtasts.conf). %s Mail to "
              "domains with TLSA records would wait.",
              facts->dnssec ? hindrance.text : "Exim does not ask for DNSSEC.");
    findings->blocked |= !unknown;
    setup_fix(findings, "dns_dnssec_ok = 1 in Exim's main part, with a "
                        "resolver on this machine that validates; or dane = "
                        "off in mtasts.conf.");
}

static void judge_surroundings(struct setting *setting)
{
    const struct exim_facts *facts = &setting->facts;
    struct setup_findings *findings = &setting->work.findings;
    if (facts->authorities.count < CA_FEW) {
        setup_block(findings,
                    EXIM_CA_FILE " has no certificate authorities of the "
                                 "Web's: mail to domains with a policy would "
                                 "wait.");
        setup_fix(findings, "apt install ca-certificates");
    }
    if (facts->debian && (strcmp(facts->kind, "smarthost") == 0 ||
                          strcmp(facts->kind, "satellite") == 0)) {
        setup_block(findings,
                    "All mail goes to a smarthost (dc_eximconfig_configtype = "
                    "%s); our routers would send past it.",
                    facts->kind);
        setup_fix(findings, "MTA-STS belongs on the smarthost.");
    }
    if (exim_may_be_told_dane(setting->work.config))
        judge_dane(setting);
}

static bool asks_at(const struct exim_facts *facts,
                    const struct exim_door *door)
{
    char text[EXIM_VALUE_MAX];
    snprintf(text, sizeof(text), "readsocket{%s}", door->socket);
    return strncmp(facts->router, text, strlen(text)) == 0;
}

/* The one that Exim asks already if it answers, else the first. */
static const struct exim_door *best_door(const struct exim_facts *facts)
{
    const struct exim_door *best = NULL;
    for (size_t i = 0; i < facts->door_count; i++) {
        const struct exim_door *door = &facts->doors[i];
        if (door->answers && asks_at(facts, door))
            return door;
        if (!best || (door->answers && !best->answers))
            best = door;
    }
    return best;
}

static void judge_door(struct setting *setting)
{
    const struct exim_facts *facts = &setting->facts;
    struct setup_findings *findings = &setting->work.findings;
    setting->door = best_door(facts);
    if (!setting->door) {
        setup_block(findings, "mtasts.conf has no socket for Exim%s.",
                    facts->inherited ? " whose address is known here: systemd "
                                       "opens them"
                                     : "");
        setup_fix(findings, "In its section policyd: exim = unix:exim.sock; "
                            "then restart the daemon.");
    } else if (!setting->door->answers) {
        setup_block(findings, "mtasts-policyd does not answer at %s: %s.",
                    setting->door->socket, setting->door->why);
        setup_fix(findings,
                  "systemctl enable --now mtasts-policyd, or mtasts run; "
                  "exim-mode in mtasts.conf has to let %s in, as its default "
                  "does.",
                  *facts->user ? facts->user : "Exim's user");
    } else {
        setup_add(findings, SETUP_FINE,
                  "mtasts-policyd answers at %s, asked by %s -be%s%s.",
                  setting->door->socket, facts->name,
                  facts->as_root && facts->user_known ? " as the user " : "",
                  facts->as_root && facts->user_known ? facts->user : "");
        if (!facts->as_root || !facts->user_known)
            setup_add(findings, SETUP_UNKNOWN,
                      "Whether Exim's own user may ask there, too, was not "
                      "tried: that takes root.");
    }
}

/* Takes the text of the file that is to be; looks at the one that is. */
static void want(struct setting *setting, const char *path, struct buf *text)
{
    struct wanted_file *file = &setting->files[setting->file_count++];
    *file = (struct wanted_file){0};
    snprintf(file->path, sizeof(file->path), "%s", path);
    file->text = *text;
    *text = (struct buf){0};
    buf_init(&file->now, EXIM_FILE_MAX);
    file->there = read_file(path, &file->now) == 0;
    file->differs = !file->there ||
                    strcmp(buf_text(&file->now), buf_text(&file->text)) != 0;
}

static void want_split(struct setting *setting)
{
    for (int i = 0; i < EXIM_PARTS; i++) {
        char path[SETUP_PATH_MAX];
        _cleanup_buf_ struct buf text = BUF(EXIM_FILE_MAX);
        buf_puts(&text, "# Made by mtasts setup exim.\n");
        exim_part_lines((enum exim_part)i, setting->facts.include,
                        setting->door->socket, &text);
        snprintf(path, sizeof(path), "%s/conf.d/%s", setting->facts.folder,
                 exim_part_file((enum exim_part)i));
        want(setting, path, &text);
    }
}

static void want_template(struct setting *setting)
{
    char path[SETUP_PATH_MAX];
    _cleanup_buf_ struct buf now = BUF(EXIM_FILE_MAX);
    _cleanup_buf_ struct buf text = BUF(EXIM_FILE_MAX);
    snprintf(path, sizeof(path), "%s/exim4.conf.template",
             setting->facts.folder);
    int error = read_file(path, &now);
    if (!error)
        error = exim_template_edit(buf_text(&now), setting->facts.include,
                                   setting->door->socket, &text);
    if (!error) {
        want(setting, path, &text);
        return;
    }
    setup_block(&setting->work.findings, "%s is not as Debian has it.", path);
    setup_fix(&setting->work.findings, "Put the lines in by hand.");
}

/* Which files have to be there; the last of the findings. */
static void judge_files(struct setting *setting)
{
    const struct exim_facts *facts = &setting->facts;
    struct setup_findings *findings = &setting->work.findings;
    clear_files(setting);
    if (!setting->door)
        return;
    if (!*facts->include || *facts->include_why) {
        setup_block(findings, "The files that Exim is to include %s%s.",
                    *facts->include ? "cannot be read by it: "
                                    : "are not installed",
                    facts->include_why);
        setup_fix(findings, "make install has them below share/mtasts/exim.");
    }
    if (asks_at(facts, setting->door)) {
        setup_add(findings, SETUP_FINE,
                  "The router mtasts_ask is in force, and asks there.");
    } else {
        setup_add(findings, SETUP_TODO, "%s",
                  *facts->router ? "The router mtasts_ask asks elsewhere."
                                 : "Exim does not ask mtasts-policyd yet.");
        if (!facts->debian) {
            setup_block(findings,
                        "The configuration of this Exim, %s, is not "
                        "made by Debian's update-exim4.conf.",
                        *facts->program.file ? facts->program.file : "(none)");
            setup_fix(findings, "Put the lines below in by hand.");
        }
    }
    if (!facts->debian || !*facts->include)
        return;
    if (facts->split)
        want_split(setting);
    else
        want_template(setting);
}

static int look(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    const struct exim_look with = {WHO, work->options->config_dir, work->config,
                                   work->options->socket};
    int error = exim_look(&with, &setting->facts);
    if (error)
        return error;
    judge_program(setting);
    judge_surroundings(setting);
    judge_door(setting);
    judge_files(setting);
    return 0;
}

/* Whether the lines are not there, or the configuration was not made of them
   yet. */
static bool is_missing(const struct setting *setting)
{
    bool missing = !setting->door || !asks_at(&setting->facts, setting->door);
    for (size_t i = 0; i < setting->file_count; i++)
        missing = missing || setting->files[i].differs;
    return missing;
}

/* Elsewhere than in Debian's layouts it is for a person. */
static bool is_due(struct setup_work *work)
{
    const struct setting *setting = setting_of(work);
    return setting->file_count > 0 && is_missing(setting);
}

/* ---- telling ---- */

static void tell_by_hand(struct setting *setting)
{
    static const char *const where[EXIM_PARTS] = {
        [EXIM_MAIN] = "Before 'begin acl':",
        [EXIM_ROUTERS] = "Behind routers of local domains, before dnslookup:",
        [EXIM_TRANSPORTS] = "Behind 'begin transports':",
    };
    for (int i = 0; i < EXIM_PARTS; i++) {
        _cleanup_buf_ struct buf text = BUF(EXIM_FILE_MAX);
        exim_part_lines((enum exim_part)i,
                        *setting->facts.include
                            ? setting->facts.include
                            : "/usr/local/share/mtasts/exim",
                        setting->door->socket, &text);
        setup_report_say(&setting->work.paper, "%s", where[i]);
        paper_gap(&setting->work.paper);
        paper_block(&setting->work.paper, 4, buf_text(&text));
    }
}

static void tell(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    struct paper *paper = &work->paper;
    setup_report_say(paper, "Exim %s, %s; mtasts.conf: %s",
                     setting->facts.program.version,
                     *setting->facts.program.file ? setting->facts.program.file
                                                  : "without a configuration",
                     setup_conf_name(setting->work.config));
    paper_gap(paper);
    setup_report_findings(paper, &setting->work.findings, true);
    if (setting->door && is_missing(setting) && setting->file_count == 0)
        tell_by_hand(setting);
    for (size_t i = 0; i < setting->file_count; i++) {
        const struct wanted_file *file = &setting->files[i];
        if (!file->differs)
            continue;
        setup_report_say(paper, "%s%s", file->path,
                         setting->facts.split ? ":"
                                              : " will include our files in "
                                                "three places.");
        if (!setting->facts.split) {
            tell_by_hand(setting);
            continue;
        }
        paper_gap(paper);
        paper_block(paper, 4, buf_text(&file->text));
    }
}

static int prove(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    char domain[SETUP_DOMAIN_MAX];
    char line[EXIM_VALUE_MAX];
    char question[EXIM_VALUE_MAX];
    if (!setting->door || !setting->door->answers)
        return STATUS_FINE; /* it was told */
    setup_work_domain(work, domain);
    if (strpbrk(domain, "{}$\\"))
        return complain(WHO ": --domain: '%s' is no domain", domain);
    bool answered =
        exim_ask(&setting->facts, setting->door->socket, domain, line);
    exim_question(setting->door->socket, domain, question);
    const char *argv[] = {setting->facts.name, "-be", question, NULL};
    setup_report_say(&setting->work.paper, "As Exim asks:");
    setup_report_run(&setting->work.paper, argv, line);
    return answered ? STATUS_FINE : STATUS_ERROR;
}

/* ---- changing ---- */

/* Debian's own program makes the configuration, and checks it first. */
static int update(void)
{
    const char *argv[] = {"update-exim4.conf", NULL};
    const struct tool tool = {.argv = argv};
    char why[SETUP_TEXT_MAX];
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    int error = tool_run(&tool, &output);
    if (error) {
        complain(WHO ": update-exim4.conf: %s", mtasts_strerror(error));
    } else if (output.status != 0) {
        tool_why(&output, why, sizeof(why));
        complain(WHO ": update-exim4.conf: %s; what runs is as it was", why);
        error = -MTASTS_EIO;
    }
    return error;
}

/* Errors after a complaint. */
static int put_all(struct setting *setting)
{
    int error = 0;
    for (size_t i = 0; i < setting->file_count && !error; i++) {
        struct wanted_file *file = &setting->files[i];
        if (!file->differs)
            continue;
        error = setup_work_put(&setting->work, file->path,
                               file->there ? &file->now : NULL, &file->text);
        file->put = !error;
    }
    return error;
}

/* Exim would not start again by files of which no configuration can be made,
   at the next boot for one. */
static void take_back(struct setting *setting)
{
    for (size_t i = 0; i < setting->file_count; i++) {
        const struct wanted_file *file = &setting->files[i];
        int error = 0;
        if (!file->put)
            continue;
        if (file->there)
            error =
                setup_replace(file->path, buf_text(&file->now), file->now.len);
        else if (unlink(file->path) < 0)
            error = -MTASTS_EIO;
        if (error)
            complain(WHO ": %s could not be put back: %s", file->path,
                     setup_files_why(error));
        else
            setup_report_say(&setting->work.paper, "Put back: %s", file->path);
    }
}

static int change(struct setup_work *work)
{
    struct setting *setting = setting_of(work);
    if (put_all(setting) < 0 || update() < 0) {
        take_back(setting);
        return STATUS_ERROR;
    }
    setup_report_say(&work->paper, "update-exim4.conf has made the "
                                   "configuration. A daemon that runs "
                                   "reads it by: " RELOAD);
    return STATUS_FINE;
}

int setup_exim(const struct setup_options *options)
{
    static const struct setup_mta mta = {.who = WHO,
                                         .key = EXIM_LOOK_KEY,
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
    return setup_run(&setting->work);
}
