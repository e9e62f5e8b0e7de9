/*
 * mx_lookup: the MX hosts of a domain. See mx_lookup.h.
 */
#include "cli/mx_lookup.h"

#include "base/cleanup.h"
#include "cli/complain.h"
#include "net/dns_message.h"
#include <mtasts/error.h>
#include <string.h>

struct lookup {
    struct loop *loop;
    const char *who;
    const char *domain;
    struct mx_list *list;
    bool null_mx;
    int error;
};

static int take_host(struct lookup *lookup, const struct dns_rr *rr)
{
    struct dns_name name;
    char text[DNS_NAME_TEXT_MAX + 1];
    if (rr->len < 3 || dns_rdata_name(rr, 2, &name) != 0)
        return -MTASTS_ESYNTAX;
    lookup->null_mx = lookup->null_mx || name.len == 1;
    dns_name_text(&name, text);
    struct mx_list *list = lookup->list;
    if (mtasts_name_canonical(text, strlen(text), 0, list->names[list->count],
                              NULL) == 0)
        list->count++;
    return 0;
}

static void take_implicit(struct lookup *lookup)
{
    struct mx_list *list = lookup->list;
    memcpy(list->names[0], lookup->domain, strlen(lookup->domain) + 1);
    list->count = 1;
    list->implicit = true;
}

static void give_up(struct lookup *lookup, const char *why, const char *way_out)
{
    complain("%s: --mx auto: MX of %s: %s; %s", lookup->who, lookup->domain,
             why, way_out);
    lookup->error = -MTASTS_ENOTFOUND;
}

static const char *way_out(enum lookup_status status)
{
    if (status == LOOKUP_BOGUS)
        return "mend the zone's signatures, or give the hosts with --mx";
    return lookup_unknown(status)
               ? "try again, or give the hosts with --mx"
               : "check the name, or give the hosts with --mx";
}

static void on_answer(void *ctx, const struct dns_answer *answer)
{
    struct lookup *lookup = ctx;
    lookup->list->dnssec = answer->dnssec;
    if (answer->status == LOOKUP_OK) {
        for (size_t i = 0; i < MIN_OF(answer->count, (size_t)FACTS_RR_MAX); i++)
            take_host(lookup, &answer->rrs[i]);
        if (lookup->null_mx)
            give_up(lookup, "a null MX",
                    "the domain takes no mail and needs no policy");
        else if (answer->omitted > 0)
            give_up(lookup, lookup_status_text(LOOKUP_TOO_MANY),
                    "give the hosts, or a wildcard for them, with --mx");
        else if (lookup->list->count == 0)
            give_up(lookup, "no usable host name", "mend the MX records");
    } else if (answer->status == LOOKUP_NODATA) {
        take_implicit(lookup);
    } else {
        give_up(lookup, lookup_status_text(answer->status),
                way_out(answer->status));
    }
    loop_stop(lookup->loop);
}

int mx_lookup(const char *who, const struct dns_options *options,
              const char *domain, struct mx_list *ret_list)
{
    _cleanup_loop_ struct loop *loop = NULL;
    _cleanup_resolver_ struct resolver *resolver = NULL;
    struct resolver_query *query = NULL;
    *ret_list = (struct mx_list){0};
    int error = loop_new(&loop);
    if (error)
        return complain_error(who, error), error;
    error = dns_options_resolver(who, loop, options, 0, &resolver);
    if (error)
        return error;
    struct lookup lookup = {
        .loop = loop, .who = who, .domain = domain, .list = ret_list};
    error =
        resolver_ask(resolver, domain, RR_MX, 0, on_answer, &lookup, &query);
    if (!error)
        error = loop_run(loop);
    if (error)
        return complain_error(who, error), error;
    return lookup.error;
}
