/*
 * config_options: the options outside of a section, and the list of sections.
 *
 * The options of a daemon have a file of their own. Adding one is a row here
 * and a member in config.h; sample, manual, dump and checks follow.
 */
#include "daemon/config_option.h"

#include "daemon/config_checks.h"

static const char *const log_levels[] = {"error", "warning", "notice",
                                         "info",  "debug",   NULL};
static const char *const log_targets[] = {"stderr", "journal", "syslog", NULL};

#define GLOBAL(member) .offset = offsetof(struct config, global.member)

static const struct config_option global_options[] = {
    {.name = "user",
     .type = CONFIG_TEXT,
     .value = "mtasts",
     .required = true,
     GLOBAL(user),
     .summary = "the user that a daemon started by root becomes",
     .about = "It opens its sockets first and then gives up all of root's "
              "rights, for good. Started by anybody else, it stays who it is. "
              "Only the word \"root\" here makes it run as root."},
    {.name = "group",
     .type = CONFIG_TEXT,
     .value = "",
     GLOBAL(group),
     .summary = "the group that it becomes",
     .about = "Left empty: the group of the user. It is the only group: others "
              "are given up."},
    {.name = "state-directory",
     .type = CONFIG_PATH,
     .value = "/var/lib/mtasts",
     .variable = "STATE_DIRECTORY",
     .required = true,
     GLOBAL(state_directory),
     .summary = "where a daemon keeps what outlives it",
     .about = "It writes nowhere else but here and in the run-directory. The "
              "folder that systemd hands over (StateDirectory=) goes before "
              "the default, as does that of a user who is not root under "
              "\"mtasts run\"."},
    {.name = "run-directory",
     .type = CONFIG_PATH,
     .value = "/run/mtasts",
     .variable = "RUNTIME_DIRECTORY",
     .required = true,
     GLOBAL(run_directory),
     .summary = "where sockets and files with process numbers are",
     .about = "A socket whose path is relative is here. As for the "
              "state-directory, RuntimeDirectory= of systemd goes before the "
              "default."},
    {.name = "log-level",
     .type = CONFIG_CHOICE,
     .value = "info",
     .choices = log_levels,
     GLOBAL(log_level),
     .summary = "the least weighty messages to log",
     .about = "At \"info\" every change of a policy is told, but no single "
              "question."},
    {.name = "log-target",
     .type = CONFIG_CHOICE,
     .value = "stderr",
     .choices = log_targets,
     GLOBAL(log_target),
     .summary = "where messages go",
     .about = "On standard error each is a line of logfmt; under systemd that "
              "is the journal. \"journal\" speaks its own protocol, with a "
              "field for every value. \"syslog\" uses the facility mail."},
    {.name = "ca-file",
     .type = CONFIG_PATH,
     .value = "/etc/ssl/certs/ca-certificates.crt",
     .required = true,
     GLOBAL(ca_file),
     .summary = "the certificate authorities that policy hosts are judged by",
     .about = "PEM. Policies of a host whose certificate is of no authority "
              "in it are not taken (RFC 8461 section 3.3)."},
    {.name = "resolver",
     .type = CONFIG_TEXT,
     .value = "",
     .check = config_check_server,
     GLOBAL(resolver),
     .summary = "the resolver to ask, as ADDRESS or ADDRESS@PORT",
     .about = "Left empty: those of /etc/resolv.conf. Answers are validated "
              "(DNSSEC) in the process itself: the resolver is not believed."},
    {.name = "root-hints",
     .type = CONFIG_PATH,
     .value = "",
     GLOBAL(root_hints),
     .summary = "root hints, to ask the authoritative servers themselves",
     .about = "Left empty: a resolver is asked. Excludes the option resolver."},
    {.name = "trust-anchor",
     .type = CONFIG_PATH,
     .value = "",
     GLOBAL(trust_anchor),
     .summary = "the DNSSEC trust anchor",
     .about = "Left empty: that of the package dns-root-data."},
    {.name = "allow-private",
     .type = CONFIG_LIST,
     .value = "",
     .check = config_check_cidr,
     GLOBAL(allow_private),
     .summary = "private addresses that may be connected to, as CIDR blocks",
     .about = "Anybody may publish any address for a policy host. By default "
              "loopback, private and other special ones are never connected "
              "to, so that nobody can aim the daemon at a site's own network. "
              "List here what has to be an exception."},
    {.name = "egress-proxy",
     .type = CONFIG_TEXT,
     .value = "",
     .check = config_check_proxy,
     GLOBAL(egress_proxy),
     .summary = "a proxy for HTTPS, as http://HOST:PORT or socks5h://HOST:PORT",
     .about = "Left empty: policies are fetched directly. Whatever the "
              "environment says of proxies is not heeded. With a proxy it is "
              "the proxy that looks up names and has to refuse private "
              "addresses."},
    {0},
};

const struct config_section config_sections[] = {
    {NULL, "Options of every daemon stand outside of the sections.",
     global_options},
    {"policyd", "mtasts-policyd, which tells an MTA what TLS a domain demands.",
     config_policyd_options},
};

const size_t config_section_count = ELEMENTS(config_sections);

const struct config_order config_orders[] = {
    {"policyd", "discovery-deadline", "discovery-limit"},
    {"policyd", "slow-discovery", "discovery-deadline"},
    {"policyd", "retry", "retry-max"},
    {"policyd", "txt-ttl-min", "txt-ttl-max"},
    {"policyd", "negative-ttl-min", "negative-ttl-max"},
    {"policyd", "refreshes", "discoveries"},
};

const size_t config_order_count = ELEMENTS(config_orders);
