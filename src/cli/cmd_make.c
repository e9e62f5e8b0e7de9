/*
 * mtasts make policy, mtasts make records: what to publish.
 *
 * The policy is in canonical form (RFC 8461 section 3.2), with the CRLF line
 * ends that it is served with. The records are spelled as in a zone file;
 * everything around them is a comment there, so that the whole can be
 * pasted.
 */
#include "base/ascii.h"
#include "check/zone.h"
#include "cli/command.h"
#include "cli/draft.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/target.h"
#include "core/rua.h"

#define RECORDS_MAX (1u << 20) /* octets of all that is printed */
#define RUA_MAX 16u            /* URIs: more than a reporter would use */

struct policy_values {
    struct draft_options draft;
    bool id;
};

static const struct option_row policy_options[] = {
    DRAFT_OPTION_ROWS(struct policy_values, draft),
    {.name = "id",
     .kind = OPTION_FLAG,
     .help = "print the id derived from the policy instead",
     .offset = offsetof(struct policy_values, id)},
    {0},
};

static void policy_defaults(void *values)
{
    struct policy_values *options = values;
    draft_options_defaults(&options->draft);
}

static int parse_domain(const char *who, const char *text,
                        struct target *ret_target)
{
    int error = target_parse(text, strlen(text), ret_target);
    if (error)
        complain("%s: '%s': %s", who, text, ret_target->why);
    else if (ret_target->extracted)
        complain("%s: '%s': using %s", who, text, ret_target->domain);
    return error;
}

static int print_policy(const char *who, const struct policy_values *options,
                        const char *domain)
{
    struct draft draft = {0};
    int status = STATUS_UNKNOWN;
    if (draft_write(who, &options->draft, domain, &draft) == 0) {
        draft_advise(who, &draft);
        status = output_write(options->id ? draft.id : draft.body.data,
                              options->id ? strlen(draft.id) : draft.body.len);
    }
    if (status == STATUS_FINE && options->id)
        status = output_write("\n", 1);
    draft_clear(&draft);
    return status;
}

static int run_policy(const struct command *command, const void *values,
                      const struct words *words)
{
    struct target target;
    if (words->count > 1)
        return help_usage(command);
    if (words->count == 1 &&
        parse_domain(command->name, words->items[0], &target) != 0)
        return STATUS_UNKNOWN;
    return print_policy(command->name, values,
                        words->count == 1 ? target.domain : NULL);
}

const struct command command_make_policy = {
    .name = "make policy",
    .summary = "write a policy",
    .synopsis = "--mx PATTERN [DOMAIN]",
    .about = "Prints a policy in canonical form, with CRLF line ends, as it "
             "is to be served. DOMAIN is needed for '--mx auto' alone. Begin "
             "with mode testing, read the TLS reports, then enforce.",
    .exit_status = "0  printed\n3  bad usage, or DNS could not tell",
    .options = policy_options,
    .values_size = sizeof(struct policy_values),
    .defaults = policy_defaults,
    .run = run_policy,
};

struct records_values {
    struct draft_options draft;
    const char *policy;
    struct words rua;
};

static const struct option_row records_options[] = {
    DRAFT_OPTION_ROWS(struct records_values, draft),
    {.name = "policy",
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .help = "take the policy from FILE (- is standard input) instead",
     .offset = offsetof(struct records_values, policy)},
    {.name = "rua",
     .kind = OPTION_LIST,
     .argument = "URI",
     .help = "where TLS reports go: mailto:ADDRESS or https://...; once for "
             "each",
     .offset = offsetof(struct records_values, rua)},
    {0},
};

static void records_defaults(void *values)
{
    struct records_values *options = values;
    draft_options_defaults(&options->draft);
}

static int complain_rua(const char *who, const char *uri)
{
    if (!strchr(uri, ':') && strchr(uri, '@'))
        complain("%s: --rua: '%s' has no scheme; write mailto:%s", who, uri,
                 uri);
    else if (strpbrk(uri, ",;!"))
        complain("%s: --rua: '%s': write a comma as %%2C, a semicolon as %%3B "
                 "and an exclamation mark as %%21 (RFC 8460 3)",
                 who, uri);
    else
        complain("%s: --rua: '%s' will not do; give mailto:ADDRESS or "
                 "https://HOST/PATH",
                 who, uri);
    return -MTASTS_EINVAL;
}

static int check_rua(const char *who, const char *uri)
{
    struct rua_target target;

    if (!strpbrk(uri, ",;!") && rua_parse(uri, strlen(uri), &target))
        return 0;
    return complain_rua(who, uri);
}

/* The text of the TLSRPT record. */
static int write_tlsrpt(const char *who, const struct words *rua,
                        struct buf *text)
{
    if (rua->count > RUA_MAX) {
        complain("%s: --rua: more than %u; a reporter may use any one of "
                 "them, so one or two do",
                 who, RUA_MAX);
        return -MTASTS_EINVAL;
    }
    for (size_t i = 0; i < rua->count; i++) {
        int error = check_rua(who, rua->items[i]);
        if (error)
            return error;
        buf_puts(text, i == 0 ? "v=TLSRPTv1; rua=" : ",");
        buf_puts(text, rua->items[i]);
    }
    return text->error;
}

/* The policy as comment lines. */
static void put_policy(struct buf *buf, const struct buf *body)
{
    const char *text = buf_text(body);
    while (*text) {
        size_t len = strcspn(text, "\r\n");
        buf_puts(buf, ";        ");
        buf_append(buf, text, len);
        buf_putc(buf, '\n');
        text += len;
        text += strspn(text, "\r\n");
    }
}

static void put_sts(struct buf *buf, const char *domain,
                    const struct draft *draft)
{
    char name[MTASTS_NAME_MAX + 16];
    char text[MTASTS_ID_MAX + 32];
    buf_printf(buf,
               "; MTA-STS for %s, in this order:\n"
               ";\n"
               "; 1. Serve this policy as text/plain at\n"
               ";    https://mta-sts.%s/.well-known/mta-sts.txt\n"
               ";    with a certificate for mta-sts.%s:\n"
               ";\n",
               domain, domain, domain);
    put_policy(buf, &draft->body);
    buf_printf(buf,
               ";\n"
               "; 2. Give the policy host its address, by one of these:\n"
               ";\n"
               ";mta-sts.%s. IN CNAME your-web-server.example.\n"
               ";mta-sts.%s. IN A     192.0.2.1\n"
               ";mta-sts.%s. IN AAAA  2001:db8::1\n"
               ";\n"
               "; 3. Once the policy can be fetched, publish the record. Its "
               "id comes\n"
               ";    from the policy: every change of that needs a new one.\n",
               domain, domain, domain);
    snprintf(name, sizeof(name), "_mta-sts.%s", domain);
    int len = snprintf(text, sizeof(text), "v=STSv1; id=%s;", draft->id);
    zone_txt(buf, name, text, (size_t)len);
}

static void put_tlsrpt(struct buf *buf, const char *domain,
                       const struct buf *text)
{
    char name[MTASTS_NAME_MAX + 16];
    snprintf(name, sizeof(name), "_smtp._tls.%s", domain);
    buf_puts(buf, ";\n; 4. Have failures reported to you:\n");
    if (text->len > 0)
        zone_txt(buf, name, buf_text(text), text->len);
    else
        buf_printf(buf,
                   ";    add --rua mailto:ADDRESS and this becomes a record:\n"
                   ";    (best a mailbox whose mail does not depend on this "
                   "domain)\n"
                   ";%s. IN TXT \"v=TLSRPTv1; rua=mailto:ADDRESS\"\n",
                   name);
}

static int print_records(const char *who, const struct records_values *options,
                         const char *domain, const struct draft *draft)
{
    _cleanup_buf_ struct buf tlsrpt = BUF(RECORDS_MAX);
    _cleanup_buf_ struct buf buf = BUF(RECORDS_MAX);
    int error = write_tlsrpt(who, &options->rua, &tlsrpt);
    if (error)
        return STATUS_UNKNOWN;
    put_sts(&buf, domain, draft);
    put_tlsrpt(&buf, domain, &tlsrpt);
    if (buf.error)
        return complain_error(who, buf.error);
    return output_write(buf_text(&buf), buf.len);
}

static int make_draft(const char *who, const struct records_values *options,
                      const char *domain, struct draft *ret_draft)
{
    if (!options->policy)
        return draft_write(who, &options->draft, domain, ret_draft);
    if (options->draft.mx.count == 0 &&
        options->draft.mode == DRAFT_MODE_UNSET &&
        options->draft.max_age == DRAFT_MAX_AGE_UNSET)
        return draft_read(who, options->policy, ret_draft);
    complain("%s: --policy brings its own mode, hosts and max_age; leave "
             "--mode, --mx and --max-age out",
             who);
    return -MTASTS_EINVAL;
}

static int run_records(const struct command *command, const void *values,
                       const struct words *words)
{
    const struct records_values *options = values;
    struct target target;
    struct draft draft = {0};
    if (words->count != 1)
        return help_usage(command);
    if (parse_domain(command->name, words->items[0], &target) != 0)
        return STATUS_UNKNOWN;
    int status = STATUS_UNKNOWN;
    if (make_draft(command->name, options, target.domain, &draft) == 0) {
        draft_advise(command->name, &draft);
        status = print_records(command->name, options, target.domain, &draft);
    }
    draft_clear(&draft);
    return status;
}

const struct command command_make_records = {
    .name = "make records",
    .summary = "write the DNS records for a policy, with its id",
    .synopsis = "DOMAIN",
    .about = "Prints what to publish, in the order in which it is safe, as "
             "lines of a zone file: the records themselves, all else as "
             "comments. The policy is made from --mode, --mx and --max-age, "
             "or read from --policy.",
    .exit_status = "0  printed\n3  bad usage, or DNS could not tell",
    .options = records_options,
    .values_size = sizeof(struct records_values),
    .defaults = records_defaults,
    .run = run_records,
};
