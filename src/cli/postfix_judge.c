/*
 * postfix_judge: Postfix's version, where it asks, and in which order. See
 * postfix_judge.h.
 *
 * A table that does not answer keeps all mail waiting, whatever domain it is
 * for ("4.7.5 ... configuration problem"). So nothing is to be changed before
 * the daemon was seen to answer at the very address that Postfix is given.
 */
#include "cli/postfix_judging.h"

#include <mtasts/error.h>
#include <string.h>

#define MAPS "smtp_tls_policy_maps"
#define MAP_PLAIN "postfix"
#define MAP_TLSRPT "postfix-tlsrpt"
#define START                                                                  \
    "systemctl enable --now mtasts-policyd, or mtasts run; then 'mtasts "      \
    "status' tells how it does."

_Static_assert(ELEMENTS(((struct postfix_facts *)0)->doors) <=
                   MAP_ADDRESSES_MAX,
               "all doors are addresses of ours");

static void addresses_of(const struct postfix_facts *facts,
                         struct map_addresses *ret_ours)
{
    ret_ours->count = facts->door_count;
    for (size_t i = 0; i < facts->door_count; i++)
        ret_ours->items[i] = facts->doors[i].address.text;
}

static bool knows_tlsrpt(const struct postfix_facts *facts)
{
    return postconf_since(&facts->version, 3, 10);
}

static const char *map_name(const struct postfix_facts *facts)
{
    return knows_tlsrpt(facts) ? MAP_TLSRPT : MAP_PLAIN;
}

static void judge_version(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    const struct postconf_version *version = &facts->version;
    struct setup_findings *findings = judging->findings;
    if (version->major == 0) {
        setup_block(findings, "Postfix's version '%s' is not understood.",
                    facts->version_text);
    } else if (!postconf_since(version, 3, 4)) {
        setup_block(findings,
                    "Postfix %s does not know the attribute servername, which "
                    "answers have: all mail to domains with a policy would "
                    "wait.",
                    facts->version_text);
        setup_fix(findings, "Update Postfix to 3.4 or later.");
    } else if (!facts->socketmap) {
        setup_block(findings, "This Postfix was built without tables of the "
                              "type socketmap (postconf -m).");
    } else if (version->major == 3 && version->minor == 10 &&
               version->patch < 5 && facts->match != CONFIG_MATCH_HOSTS) {
        setup_add(findings, SETUP_WARNING,
                  "Postfix %s does not compare the names of MX hosts with the "
                  "policy itself, as 3.10.5 and later do: a certificate of one "
                  "MX host would do for another.",
                  facts->version_text);
        setup_fix(findings, "Update Postfix, or set match = hosts in the "
                            "section policyd of mtasts.conf.");
    } else {
        setup_add(findings, SETUP_FINE, "Postfix %s asks the map %s%s.",
                  facts->version_text, map_name(facts),
                  knows_tlsrpt(facts)
                      ? ", which also tells it what to report (TLSRPT)"
                      : "; 3.10 and later could report, too (TLSRPT)");
    }
}

/* ---- who sends ---- */

static void judge_service(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    struct setup_findings *findings = judging->findings;
    if (!facts->service_found) {
        setup_add(findings, SETUP_UNKNOWN,
                  "default_transport = %s does not name a service of master.cf "
                  "that runs smtp, so that it is not known who sends mail to "
                  "other sites.",
                  facts->transport);
        setup_fix(findings, "See transport(5) for what your site does; the "
                            "policies are for the program smtp alone.");
    }
    if (*facts->relayhost) {
        setup_add(findings, SETUP_WARNING,
                  "relayhost = %s takes all mail, so Postfix asks for the "
                  "policy of that name, and never for a recipient's domain.",
                  facts->relayhost);
        setup_fix(findings,
                  "MTA-STS belongs on the relay. For the way there, give it a "
                  "level of its own: '%s secure' in a table of " MAPS ".",
                  facts->relayhost);
    }
    if (!facts->running)
        setup_add(findings, SETUP_NOTE,
                  "Postfix does not run; it reads its configuration when it "
                  "is started.");
}

/* ---- where it asks ---- */

static bool may_use(const struct postfix_facts *facts,
                    const struct postfix_door *door)
{
    return !facts->chroot || map_address_in_chroot(&door->address);
}

/* Higher is better; 0: not at all. Of sockets of this machine those of UNIX
   are better, since nobody else can be where they are. */
static unsigned rank(const struct judging *judging,
                     const struct postfix_door *door)
{
    bool asked = judging->maps.ours > 0 &&
                 map_list_same(judging->maps.address, door->address.text);
    if (!may_use(judging->facts, door))
        return 0;
    return 1 + (*door->address.path ? 1u : 0) + (asked ? 2u : 0) +
           (door->answers || !door->tried ? 4u : 0);
}

static const struct postfix_door *best_door(const struct judging *judging)
{
    const struct postfix_door *best = NULL;
    unsigned best_rank = 0;
    for (size_t i = 0; i < judging->facts->door_count; i++) {
        const struct postfix_door *door = &judging->facts->doors[i];
        if (rank(judging, door) > best_rank) {
            best = door;
            best_rank = rank(judging, door);
        }
    }
    return best;
}

static void tell_no_door(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    struct setup_findings *findings = judging->findings;
    if (facts->door_count > 0) {
        setup_block(findings,
                    "smtp runs in a chroot, %s, from where it gets to no "
                    "socket of mtasts-policyd: the UNIX sockets are outside.",
                    facts->queue);
        setup_fix(findings,
                  "Add \"inet:127.0.0.1:8461\" to socketmap in the section "
                  "policyd of mtasts.conf, and restart the daemon.");
    } else if (facts->inherited) {
        setup_block(findings, "mtasts.conf takes the sockets for Postfix from "
                              "systemd, so that their addresses are not "
                              "known.");
        setup_fix(findings,
                  "Name one, as in --socket unix:/run/mtasts/socketmap.sock "
                  "(systemctl list-sockets shows them).");
    } else {
        setup_block(findings, "mtasts.conf has no socket where Postfix could "
                              "ask.");
        setup_fix(findings,
                  "Say socketmap = { \"inet:127.0.0.1:8461\" } in its "
                  "section policyd, and restart the daemon.");
    }
}

static void judge_door(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    const struct postfix_door *door = best_door(judging);
    struct setup_findings *findings = judging->findings;
    if (!door) {
        tell_no_door(judging);
        return;
    }
    judging->plan->door = door;
    snprintf(judging->plan->table, sizeof(judging->plan->table),
             "socketmap:%s:%s", door->address.text, map_name(facts));
    if (!door->tried) {
        setup_add(findings, SETUP_UNKNOWN,
                  "Whether mtasts-policyd answers at %s was not tried: %s",
                  door->address.text, door->why);
        findings->blocked = true;
    } else if (!door->answers) {
        setup_block(findings, "mtasts-policyd does not answer at %s: %s",
                    door->address.text, door->why);
        setup_fix(findings, START);
    } else {
        setup_add(findings, SETUP_FINE,
                  "mtasts-policyd answers at %s, asked by postmap%s%s%s.",
                  door->address.text, facts->as_root ? " as the user " : "",
                  facts->as_root ? facts->owner : "",
                  facts->chroot ? "; the chroot of smtp is no hindrance" : "");
        if (!facts->as_root)
            setup_add(findings, SETUP_UNKNOWN,
                      "Whether the user %s may ask there, too, was not tried: "
                      "that takes root.",
                      facts->owner);
    }
}

/* ---- its tables ---- */

/* False: a person has to see to it. */
static bool may_edit(struct judging *judging, const struct map_list *raw)
{
    const struct postfix_facts *facts = judging->facts;
    struct setup_findings *findings = judging->findings;
    if (facts->maps_override) {
        setup_block(findings,
                    "master.cf gives the service %s a " MAPS " of its own, so "
                    "that of main.cf does not count for it.",
                    facts->service);
        setup_fix(findings, "postconf -P '%s/" MAPS " = %s%s%s'",
                  facts->service, facts->maps, *facts->maps ? ", " : "",
                  judging->plan->table);
        return false;
    }
    if (raw->ours < judging->maps.ours) {
        setup_block(findings,
                    MAPS " = %.500s asks mtasts-policyd by way of "
                         "another parameter, and has to change.",
                    facts->maps_raw);
        setup_fix(findings, "Have %s at the end, and once.",
                  judging->plan->table);
        return false;
    }
    if (*facts->per_site && !*facts->maps) {
        setup_block(findings,
                    "smtp_tls_per_site = %.500s would not count any more once "
                    "there is a " MAPS ": what it demands would be lost.",
                    facts->per_site);
        setup_fix(findings, "Bring its entries into a table of " MAPS
                            " first (TLS_README, \"policy\").");
        return false;
    }
    return true;
}

static void plan_maps(struct judging *judging)
{
    struct map_addresses ours;
    const struct postfix_facts *facts = judging->facts;
    _cleanup_buf_ struct buf list = BUF(POSTCONF_VALUE_MAX);
    addresses_of(facts, &ours);
    int error =
        map_list_make(facts->maps_raw, &ours, judging->plan->table, &list);
    if (error)
        judging->error = error;
    else
        judging_change(judging, &judging->plan->main_cf, MAPS, buf_text(&list));
}

static void tell_present(struct judging *judging, bool right_map)
{
    const struct map_list *maps = &judging->maps;
    struct setup_findings *findings = judging->findings;
    const struct postfix_facts *facts = judging->facts;
    if (!right_map && strcmp(maps->name, MAP_TLSRPT) == 0)
        setup_add(findings, SETUP_ERROR,
                  "%s sends what Postfix %s does not know: mail to domains "
                  "with a policy waits.",
                  maps->entry, facts->version_text);
    else if (!right_map)
        setup_add(findings, SETUP_TODO, "Postfix asks %s; it could ask %s.",
                  maps->entry, judging->plan->table);
    if (maps->after > 0)
        setup_add(findings, SETUP_TODO,
                  "%s is not the last of " MAPS ": what a table behind it "
                  "says of a domain does not count where the domain has a "
                  "policy. The site's own tables come first.",
                  maps->entry);
    else if (maps->ours > 1)
        setup_add(findings, SETUP_TODO, MAPS " asks mtasts-policyd %zu times.",
                  maps->ours);
}

static void judge_maps(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    const struct map_list *maps = &judging->maps;
    struct setup_findings *findings = judging->findings;
    struct map_addresses ours;
    struct map_list raw = {0};
    if (!judging->plan->door)
        return;
    addresses_of(facts, &ours);
    map_list_read(facts->maps_raw, &ours, &raw);
    bool right_map = strcmp(maps->name, map_name(facts)) == 0;
    bool right_door =
        map_list_same(maps->address, judging->plan->door->address.text);
    if (maps->ours == 1 && right_map && right_door && maps->after == 0) {
        setup_add(findings, SETUP_FINE, "Postfix asks %s%s.", maps->entry,
                  maps->before > 0 ? ", after the site's own tables" : "");
        return;
    }
    if (!may_edit(judging, &raw))
        return;
    if (maps->ours == 0)
        setup_add(findings, SETUP_TODO,
                  "Postfix does not ask mtasts-policyd yet.%s",
                  *facts->maps ? " The tables that it has stay, and stay first."
                               : "");
    else if (!right_door)
        setup_add(findings, SETUP_ERROR, "Postfix asks %s, where %s.",
                  maps->entry,
                  facts->chroot ? "it gets no answer, perhaps because of its "
                                  "chroot"
                                : "it gets no answer");
    if (maps->ours > 0)
        tell_present(judging, right_map);
    plan_maps(judging);
}

static void judge_rival(struct judging *judging)
{
    if (!*judging->maps.rival)
        return;
    setup_add(judging->findings, SETUP_WARNING,
              "%s is asked as well. If that is another program for MTA-STS, "
              "its answers go before those of mtasts-policyd, with its rules.",
              judging->maps.rival);
    setup_fix(judging->findings,
              "Take it out of " MAPS " once mtasts-policyd is asked.");
}

/* Once it is known what is to be changed there. */
static void judge_main_cf(struct judging *judging)
{
    if (!judging->facts->main_is_link || judging->plan->main_cf.count == 0)
        return;
    setup_block(judging->findings,
                "%s/main.cf is a symbolic link, and postconf -e would put a "
                "file in its place.",
                judging->facts->folder);
    setup_fix(judging->findings,
              "Put the settings into the file that it leads to by hand, and "
              "run this again.");
}

int postfix_judge(const struct postfix_facts *facts,
                  const struct postfix_wishes *wishes,
                  struct setup_findings *findings, struct postfix_plan *plan)
{
    struct judging judging = {facts, wishes, findings, plan, {0}, 0};
    struct map_addresses ours;
    *plan = (struct postfix_plan){0};
    addresses_of(facts, &ours);
    judge_version(&judging);
    judge_service(&judging);
    if (map_list_read(facts->maps, &ours, &judging.maps) < 0) {
        setup_block(findings, MAPS " = %.500s: a brace is not closed.",
                    facts->maps);
    } else {
        judge_door(&judging);
        judge_maps(&judging);
        judge_rival(&judging);
    }
    postfix_judge_ca(&judging);
    postfix_judge_level(&judging);
    postfix_judge_dane(&judging);
    judge_main_cf(&judging);
    return judging.error;
}
