/*
 * setup_run: look, tell, change, look again, prove. See setup_run.h.
 */
#include "cli/setup_run.h"

#include "cli/setup_conf.h"
#include "cli/setup_files.h"
#include "cli/setup_report.h"
#include "cli/tally.h"
#include <mtasts/error.h>
#include <string.h>

void setup_work_clear(struct setup_work *work)
{
    config_free(work->config);
    paper_clear(&work->paper);
}

void setup_work_domain(const struct setup_work *work,
                       char ret_domain[SETUP_DOMAIN_MAX])
{
    if (work->options->domain)
        snprintf(ret_domain, SETUP_DOMAIN_MAX, "%s", work->options->domain);
    else if (!setup_conf_domain(work->config, ret_domain, SETUP_DOMAIN_MAX))
        snprintf(ret_domain, SETUP_DOMAIN_MAX, "%s", work->mta->key);
}

int setup_work_put(struct setup_work *work, const char *path,
                   const struct buf *was, const struct buf *text)
{
    char copy[SETUP_PATH_MAX] = "";
    int error = was ? setup_backup(path, was, copy)
                    : setup_create(path, buf_text(text), text->len);
    if (!error && was)
        error = setup_replace(path, buf_text(text), text->len);
    if (error)
        complain("%s: %s: %s", work->mta->who, path, setup_files_why(error));
    else
        setup_report_say(&work->paper, "Changed: %s%s%s", path,
                         *copy ? "; as it was before: " : ", which is new",
                         copy);
    return error;
}

static int look(struct setup_work *work)
{
    struct config *config = NULL;
    int error = setup_conf_load(work->mta->who, work->options->config, &config);
    if (error)
        return error;
    config_free(work->config);
    work->config = config;
    work->findings = (struct setup_findings){0};
    error = work->mta->look(work);
    if (!error && setup_conf_is_stale(config)) {
        setup_add(&work->findings, SETUP_WARNING,
                  "mtasts-policyd runs by %s as it was before it was changed.",
                  setup_conf_path(config));
        setup_fix(&work->findings, "mtasts reload");
    }
    return error;
}

/* What there is after a change, as far as it is not fine. */
static int look_again(struct setup_work *work)
{
    if (look(work) < 0)
        return STATUS_UNKNOWN;
    int status = setup_status(&work->findings);
    if (status != STATUS_FINE)
        setup_report_say(&work->paper, "What is left:");
    else if (work->mta->done)
        work->mta->done(work);
    setup_report_findings(&work->paper, &work->findings, false);
    return status;
}

static int apply(struct setup_work *work)
{
    if (work->findings.blocked) {
        setup_report_say(&work->paper,
                         "Nothing has been changed: see to the errors first.");
        return STATUS_ERROR;
    }
    if (!work->mta->is_due(work)) {
        setup_report_say(&work->paper, "There is nothing to change.");
        return setup_status(&work->findings);
    }
    int status = work->mta->change(work);
    return tally_worse(status, look_again(work));
}

/* Of other files, or another socket, these changes would not be. */
static const char *condition(const struct setup_options *options)
{
    return options->config || options->config_dir || options->socket ||
                   options->dane || options->trust_resolver
               ? ", with the same options,"
               : "";
}

static void offer(struct setup_work *work)
{
    if (work->findings.blocked)
        setup_report_say(&work->paper,
                         "Once the errors are mended, 'mtasts %s --apply'%s "
                         "makes these changes.",
                         work->mta->who, condition(work->options));
    else
        setup_report_say(&work->paper,
                         "'mtasts %s --apply'%s makes these changes, with "
                         "copies of the files as they are now.",
                         work->mta->who, condition(work->options));
}

int setup_run(struct setup_work *work)
{
    bool changes = work->options->apply;
    paper_for_stdout(&work->paper, work->options->colour);
    if (look(work) < 0)
        return STATUS_UNKNOWN;
    work->mta->tell(work);
    int status = changes ? apply(work) : setup_status(&work->findings);
    status = tally_worse(status, work->mta->prove(work));
    if (!changes && work->mta->is_due(work))
        offer(work);
    return tally_worse(status, paper_print(&work->paper));
}
