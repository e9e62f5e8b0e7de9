/*
 * mtasts lint policy, sts-record, tlsrpt-record: judged before published.
 *
 * Offline. The parsers of libmtasts say whether it is valid, the rules of
 * check what is to be said about it.
 */
#include "check/findings_json.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/lint.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/slurp.h"
#include "cli/terminal.h"
#include <mtasts/error.h>
#include <string.h>

struct lint_values {
    bool json;
    bool tolerant;
};

#define JSON_ROW                                                               \
    {                                                                          \
        .name = "json", .kind = OPTION_FLAG, .help = "print a JSON object",    \
        .offset = offsetof(struct lint_values, json)                           \
    }

/* ---- policy ---- */

struct policy_lint {
    const struct lint_values *options;
    struct mtasts_bytes body;
    bool valid;
    bool usable;
    struct mtasts_sts_policy *policy; /* the reading asked for, or NULL */
    struct findings *findings;
};

static void policy_lint_clear(struct policy_lint *lint)
{
    findings_free(lint->findings);
    mtasts_sts_policy_free(lint->policy);
}

/* Without quirks the tolerant reading is the strict one (sts_policy.h). */
static int judge_policy(struct policy_lint *lint)
{
    struct mtasts_faults faults = {0};
    int error =
        mtasts_sts_policy_parse(lint->body.data, lint->body.len,
                                MTASTS_TOLERANT, &faults, &lint->policy);
    if (error && error != -MTASTS_ESYNTAX)
        return error;
    lint->usable = error == 0;
    lint->valid = lint->usable && faults.quirks == 0;
    if (!lint->valid && !lint->options->tolerant)
        mtasts_sts_policy_free(TAKE_PTR(lint->policy));
    return lint_policy(lint->body, &lint->findings);
}

static struct json *mx_json(const struct mtasts_sts_policy *policy)
{
    _cleanup_json_builder_ struct json_builder array = json_build_array();
    size_t count = policy ? mtasts_sts_policy_mx_count(policy) : 0;
    for (size_t i = 0; i < count; i++)
        json_add_string(&array, NULL, mtasts_sts_policy_mx(policy, i));
    return json_built(&array);
}

static int print_policy_json(const struct policy_lint *lint)
{
    const struct mtasts_sts_policy *policy = lint->policy;
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    json_add_bool(&object, "valid", lint->valid);
    if (lint->options->tolerant)
        json_add_bool(&object, "usable", lint->usable);
    json_add_string(&object, "mode",
                    policy ? mtasts_mode_name(mtasts_sts_policy_mode(policy))
                           : NULL);
    if (policy)
        json_add_int(&object, "max_age", mtasts_sts_policy_max_age(policy));
    else
        json_add_null(&object, "max_age");
    json_add(&object, "mx", mx_json(policy));
    json_add(&object, "findings", findings_list_json(lint->findings));
    _cleanup_json_ struct json *json = json_built(&object);
    return output_json(json, JSON_INDENTED);
}

static void put_policy_verdict(struct paper *paper,
                               const struct policy_lint *lint)
{
    const struct mtasts_sts_policy *policy = lint->policy;
    lint_verdict(paper, lint->valid ? NULL : "Not valid", lint->findings);
    if (!lint->valid && lint->options->tolerant)
        paper_words(paper, 0,
                    lint->usable ? ", but usable by tolerant senders"
                                 : ", nor usable by any sender");
    if (policy) {
        size_t count = mtasts_sts_policy_mx_count(policy);
        paper_printf(paper, 0, ": mode %s, max_age %u",
                     mtasts_mode_name(mtasts_sts_policy_mode(policy)),
                     mtasts_sts_policy_max_age(policy));
        for (size_t i = 0; i < count; i++)
            paper_printf(paper, 0, "%s%s", i == 0 ? ", mx " : ", ",
                         mtasts_sts_policy_mx(policy, i));
    }
    lint_counts(paper, lint->valid, lint->findings);
}

static int print_policy_text(const struct policy_lint *lint)
{
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, COLOUR_AUTO);
    put_policy_verdict(&paper, lint);
    lint_findings(&paper, lint->findings, lint->body);
    return paper_print(&paper);
}

static int run_policy(const struct command *command, const void *values,
                      const struct words *words)
{
    struct policy_lint lint = {.options = values};
    _cleanup_buf_ struct buf body = BUF(LINT_BODY_MAX);
    if (words->count != 1)
        return help_usage(command);
    if (slurp(command->name, words->items[0], &body) != 0)
        return STATUS_UNKNOWN;
    lint.body = (struct mtasts_bytes){buf_text(&body), body.len};
    int status = STATUS_UNKNOWN;
    int error = judge_policy(&lint);
    if (error)
        complain_error(command->name, error);
    else
        status = lint.options->json ? print_policy_json(&lint)
                                    : print_policy_text(&lint);
    if (status == STATUS_FINE && !lint.valid)
        status = STATUS_ERROR;
    policy_lint_clear(&lint);
    return status;
}

static const struct option_row policy_options[] = {
    JSON_ROW,
    {.name = "tolerant",
     .kind = OPTION_FLAG,
     .help = "say also whether senders that overlook small faults can use it",
     .offset = offsetof(struct lint_values, tolerant)},
    {0},
};

const struct command command_lint_policy = {
    .name = "lint policy",
    .summary = "judge a policy before it is published",
    .synopsis = "FILE",
    .about = "FILE is the body of mta-sts.txt; - is standard input. It is "
             "valid if it follows the grammar of RFC 8461 section 3.2 to the "
             "letter.",
    .exit_status = "0  valid\n2  not valid\n3  cannot be read, or bad usage",
    .options = policy_options,
    .values_size = sizeof(struct lint_values),
    .run = run_policy,
};

/* ---- records ---- */

#define RUA_MAX                                                                \
    1000u /* URIs listed: what a record of 64 KiB can hold of                  \
             any use */

struct record_lint {
    enum mtasts_verdict verdict;
    const struct mtasts_bytes *rrs;
    size_t count;
    size_t rr; /* which one counted */
    struct findings *findings;
    /* of the one kind */
    const char *id;
    /* of the other */
    const struct mtasts_bytes *rua;
    size_t rua_count;
};

/* The words as TXT RRs; freed by the caller. */
static struct mtasts_bytes *rrs_of(const struct words *words)
{
    struct mtasts_bytes *rrs = calloc(words->count + 1, sizeof(*rrs));
    for (size_t i = 0; rrs && i < words->count; i++)
        rrs[i] =
            (struct mtasts_bytes){words->items[i], strlen(words->items[i])};
    return rrs;
}

static void put_record_verdict(struct paper *paper,
                               const struct record_lint *lint)
{
    static const char *const not_valid[] = {
        [MTASTS_VERDICT_VALID] = NULL,
        [MTASTS_VERDICT_NONE] = "None: no TXT record begins with the version",
        [MTASTS_VERDICT_INVALID] = "Not valid: senders see no record",
        [MTASTS_VERDICT_MULTIPLE] =
            "More than one record: senders take none of them",
    };
    lint_verdict(paper, not_valid[lint->verdict], lint->findings);
    if (lint->id)
        paper_printf(paper, 0, ": id %s", lint->id);
    for (size_t i = 0; i < lint->rua_count; i++)
        paper_printf(paper, 0, "%s%.*s", i == 0 ? ": reports go to " : ", ",
                     (int)lint->rua[i].len, lint->rua[i].data);
    lint_counts(paper, lint->verdict == MTASTS_VERDICT_VALID, lint->findings);
}

/* The record whose places the findings name, if that is certain. */
static struct mtasts_bytes record_of(const struct record_lint *lint)
{
    if (lint->count == 1)
        return lint->rrs[0];
    return (struct mtasts_bytes){NULL, 0};
}

static int print_record_text(const struct record_lint *lint)
{
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, COLOUR_AUTO);
    put_record_verdict(&paper, lint);
    lint_findings(&paper, lint->findings, record_of(lint));
    return paper_print(&paper);
}

static struct json *rua_json(const struct record_lint *lint)
{
    _cleanup_json_builder_ struct json_builder array = json_build_array();
    for (size_t i = 0; i < lint->rua_count; i++)
        json_add_octets(&array, NULL, lint->rua[i].data, lint->rua[i].len);
    return json_built(&array);
}

static int print_record_json(const struct record_lint *lint, bool is_sts)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    json_add_string(&object, "verdict", mtasts_verdict_name(lint->verdict));
    if (is_sts)
        json_add_string(&object, "id", lint->id);
    else
        json_add(&object, "rua", rua_json(lint));
    json_add(&object, "findings", findings_list_json(lint->findings));
    _cleanup_json_ struct json *json = json_built(&object);
    return output_json(json, JSON_INDENTED);
}

static int print_record(const struct command *command,
                        const struct lint_values *options,
                        const struct record_lint *lint, int error, bool is_sts)
{
    if (error)
        return complain_error(command->name, error);
    int status = options->json ? print_record_json(lint, is_sts)
                               : print_record_text(lint);
    if (status == STATUS_FINE && lint->verdict != MTASTS_VERDICT_VALID)
        status = STATUS_ERROR;
    return status;
}

static int run_sts_record(const struct command *command, const void *values,
                          const struct words *words)
{
    struct mtasts_sts_record record = {0};
    _cleanup_free_ struct mtasts_bytes *rrs = rrs_of(words);
    if (!rrs)
        return complain_error(command->name, -MTASTS_ENOMEM);
    struct record_lint lint = {.rrs = rrs, .count = words->count};
    int error = mtasts_sts_record_parse(rrs, words->count, 0, NULL, &record);
    if (!error)
        error = check_sts_rrset(rrs, words->count, &lint.findings);
    lint.verdict = record.verdict;
    lint.id = record.verdict == MTASTS_VERDICT_VALID ? record.id : NULL;
    int status = print_record(command, values, &lint, error, true);
    findings_free(lint.findings);
    return status;
}

static int run_tlsrpt_record(const struct command *command, const void *values,
                             const struct words *words)
{
    struct mtasts_tlsrpt_record record = {0};
    _cleanup_free_ struct mtasts_bytes *rrs = rrs_of(words);
    _cleanup_free_ struct mtasts_bytes *rua = calloc(RUA_MAX, sizeof(*rua));
    if (!rrs || !rua)
        return complain_error(command->name, -MTASTS_ENOMEM);
    struct record_lint lint = {.rrs = rrs, .count = words->count, .rua = rua};
    int error = mtasts_tlsrpt_record_parse(rrs, words->count, 0, NULL, rua,
                                           RUA_MAX, &record);
    if (!error)
        error = check_tlsrpt_rrset(rrs, words->count, &lint.findings);
    lint.verdict = record.verdict;
    lint.rua_count = MIN_OF(record.rua_count, (size_t)RUA_MAX);
    int status = print_record(command, values, &lint, error, false);
    findings_free(lint.findings);
    return status;
}

static const struct option_row record_options[] = {JSON_ROW, {0}};

#define RECORD_ABOUT                                                           \
    "Each RR is one TXT record, its character-strings already joined; any "    \
    "octets will do. Put -- before them if one may begin with a dash."
#define RECORD_EXIT_STATUS                                                     \
    "0  valid\n2  not valid, several, or none\n3  bad usage"

const struct command command_lint_sts_record = {
    .name = "lint sts-record",
    .summary = "judge the TXT records at _mta-sts",
    .synopsis = "[--] RR...",
    .about = RECORD_ABOUT,
    .exit_status = RECORD_EXIT_STATUS,
    .options = record_options,
    .values_size = sizeof(struct lint_values),
    .run = run_sts_record,
};

const struct command command_lint_tlsrpt_record = {
    .name = "lint tlsrpt-record",
    .summary = "judge the TXT records at _smtp._tls",
    .synopsis = "[--] RR...",
    .about = RECORD_ABOUT,
    .exit_status = RECORD_EXIT_STATUS,
    .options = record_options,
    .values_size = sizeof(struct lint_values),
    .run = run_tlsrpt_record,
};
