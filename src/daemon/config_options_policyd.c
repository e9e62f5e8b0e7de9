/*
 * config_options_policyd: the options of the section policyd.
 *
 * What the policy engine decides by is here under its own names; the defaults
 * are the engine's (a test compares them).
 */
#include "daemon/config_option.h"

#include "daemon/config_checks.h"

#define MS(seconds) (UINT64_C(1000) * (seconds))
#define MINUTES(n) (UINT64_C(60) * (n))
#define HOURS(n) (UINT64_C(3600) * (n))
#define DAYS(n) (UINT64_C(86400) * (n))
#define MIB (UINT64_C(1) << 20)
#define TIB (UINT64_C(1) << 40)

static const char *const levels[] = {
    "unknown",   "none",        "may",    "encrypt", "dane",
    "dane-only", "fingerprint", "verify", "secure",  NULL};
static const char *const matches[] = {"auto", "hosts", "patterns", NULL};
static const char *const dane_words[] = {"auto", "on", "off", NULL};
static const char *const failures[] = {"proceed", "defer", NULL};

#define POLICYD(member) .offset = offsetof(struct config, policyd.member)

const struct config_option config_policyd_options[] = {
    {.name = "enabled",
     .type = CONFIG_BOOL,
     .value = "yes",
     POLICYD(enabled),
     .summary = "whether \"mtasts run\" starts it",
     .about = "systemd starts what is enabled there, whatever this says."},

    {.name = "socketmap",
     .type = CONFIG_LISTENER,
     .value = "unix:socketmap.sock inet:127.0.0.1:8461",
     POLICYD(socketmap),
     .summary = "where Postfix and Sendmail ask",
     .about = "Each is \"unix:PATH\", \"inet:ADDRESS:PORT\" (an IPv6 address "
              "in brackets) or \"systemd:NAME\", a socket that systemd hands "
              "over under this name. A chroot of the MTA must hold the path; "
              "the loopback address is reached from every chroot, and from "
              "nowhere else."},
    {.name = "socketmap-mode",
     .type = CONFIG_MODE,
     .value = "0666",
     .max = 0777,
     POLICYD(socketmap_mode),
     .summary = "the mode of its UNIX sockets",
     .about = "What it tells is public, so every user of the machine may ask "
              "by default, as over the loopback address."},
    {.name = "socketmap-group",
     .type = CONFIG_TEXT,
     .value = "",
     POLICYD(socketmap_group),
     .summary = "the group of its UNIX sockets",
     .about = "Left empty: the group of the daemon. The unit for systemd lets "
              "it give no group: there a socket unit does, and the socket is "
              "systemd:NAME here."},
    {.name = "exim",
     .type = CONFIG_LISTENER,
     .value = "",
     POLICYD(exim),
     .summary = "where Exim asks by ${readsocket}",
     .about = "Written as for socketmap. Left empty, Exim has no socket, and "
              "nothing listens that nobody needs."},
    {.name = "exim-mode",
     .type = CONFIG_MODE,
     .value = "0666",
     .max = 0777,
     POLICYD(exim_mode),
     .summary = "the mode of its UNIX sockets",
     .about = "As for socketmap-mode."},
    {.name = "exim-group",
     .type = CONFIG_TEXT,
     .value = "",
     POLICYD(exim_group),
     .summary = "the group of its UNIX sockets",
     .about = "As for socketmap-group."},
    {.name = "http",
     .type = CONFIG_LISTENER,
     .value = "unix:http.sock",
     .check = config_check_local_listener,
     POLICYD(http),
     .summary = "where people and programs ask: JSON, metrics, health",
     .about = "Written as for socketmap, but loopback addresses alone: what "
              "it tells is for this machine."},
    {.name = "http-mode",
     .type = CONFIG_MODE,
     .value = "0660",
     .max = 0777,
     POLICYD(http_mode),
     .summary = "the mode of its UNIX sockets",
     .about = "It tells which domains the site sends mail to, so only user "
              "and group may ask by default."},
    {.name = "http-group",
     .type = CONFIG_TEXT,
     .value = "",
     POLICYD(http_group),
     .summary = "the group of its UNIX sockets",
     .about = "As for socketmap-group."},
    {.name = "max-connections",
     .type = CONFIG_NUMBER,
     .value = "16384",
     .min = 16,
     .max = 1000000,
     POLICYD(connections_max),
     .summary = "connections at once for socketmap, and as many for exim",
     .about = "An MTA keeps one for each process that sends. More have to "
              "wait until others end; an idle one takes about a kilobyte. It "
              "changes with the next start only."},

    {.name = "default-tls-level",
     .type = CONFIG_CHOICE,
     .value = "unknown",
     .choices = levels,
     POLICYD(default_tls_level),
     .summary = "the MTA's own level of TLS, for domains without a policy",
     .about = "For Postfix what smtp_tls_security_level says; \"mtasts setup "
              "postfix\" tells. An answer replaces that level, so no answer is "
              "ever lower. While it is unknown, a policy in testing mode is "
              "answered as none would be, which cannot lower anything."},
    {.name = "match",
     .type = CONFIG_CHOICE,
     .value = "auto",
     .choices = matches,
     POLICYD(match),
     .summary = "what the MTA compares certificates with",
     .about = "\"hosts\": the MX hosts in DNS that the policy covers, which is "
              "what RFC 8461 section 4.1 asks for. \"patterns\": the patterns "
              "of the policy; safe where the MTA checks the names of the MX "
              "hosts too, as Postfix 3.10.5 and Sendmail do. \"auto\": hosts "
              "in the map postfix, patterns in the others. Exim is always "
              "sent patterns."},
    {.name = "dane",
     .type = CONFIG_CHOICE,
     .value = "auto",
     .choices = dane_words,
     POLICYD(dane),
     .summary = "whether DANE goes before MTA-STS",
     .about = "An MTA that cannot do DANE keeps all mail waiting when it is "
              "told to. \"auto\": for domains with a policy in enforce mode, "
              "and only if dane-proved says that the MTA can. \"on\": for all "
              "domains. \"off\": never."},
    {.name = "dane-proved",
     .type = CONFIG_BOOL,
     .value = "no",
     POLICYD(dane_proved),
     .summary = "whether the MTA was seen to do DANE",
     .about = "Set by \"mtasts setup postfix\", once it has found "
              "smtp_dns_support_level = dnssec and a resolver of the MTA that "
              "validates. Until then MTA-STS alone is used: no mail waits."},
    {.name = "txt-failure",
     .type = CONFIG_CHOICE,
     .value = "proceed",
     .choices = failures,
     POLICYD(txt_failure),
     .summary = "when the _mta-sts record cannot be looked up",
     .about = "It concerns domains of which no policy is held. RFC 8461 lets "
              "the mail go as if there were none; to defer would let any "
              "broken name server hold up mail to domains without MTA-STS."},
    {.name = "mx-failure",
     .type = CONFIG_CHOICE,
     .value = "proceed",
     .choices = failures,
     POLICYD(mx_failure),
     .summary = "when the MX hosts cannot be looked up",
     .about = "Proceeding uses the patterns of the policy instead of names, "
              "so the certificate is still checked; the MTA has to find the "
              "MX hosts itself before it can send anything."},
    {.name = "tlsa-failure",
     .type = CONFIG_CHOICE,
     .value = "proceed",
     .choices = failures,
     POLICYD(tlsa_failure),
     .summary = "when TLSA records of a secure MX host cannot be looked up",
     .about = "Proceeding takes them for present: the MTA is told to use DANE, "
              "and looks them up itself. Whoever suppresses them gains "
              "nothing (RFC 7672 section 2.1)."},
    {.name = "mx-uncovered",
     .type = CONFIG_CHOICE,
     .value = "proceed",
     .choices = failures,
     POLICYD(mx_uncovered),
     .summary = "when a policy in enforce mode covers some MX hosts only",
     .about = "Proceeding sends to those that it covers and never to the "
              "others (RFC 8461 section 5.1), and tells in the log."},

    {.name = "discovery-deadline",
     .type = CONFIG_MS,
     .value = "10s",
     .min = 100,
     .max = MS(90),
     POLICYD(ask_ms),
     .summary = "how long an asker waits at most",
     .about = "Postfix gives up after 100 s and defers. When it has passed, "
              "the asker is told what is held, or that there is no policy."},
    {.name = "discovery-limit",
     .type = CONFIG_MS,
     .value = "60s",
     .min = MS(1),
     .max = MS(600),
     POLICYD(discovery_ms),
     .summary = "how long a discovery goes on without anybody waiting",
     .about = "RFC 8461 section 3.3 suggests a minute for the fetch."},
    {.name = "slow-discovery",
     .type = CONFIG_MS,
     .value = "2s",
     .min = 0,
     .max = MS(90),
     POLICYD(slow_ms),
     .summary = "a failure that took longer is not waited for again",
     .about = "A dead policy host delays one message, not every one: while "
              "its discovery is repeated, askers are told at once what is "
              "known."},
    {.name = "refresh-interval",
     .type = CONFIG_SECONDS,
     .value = "1d",
     .min = MINUTES(5),
     .max = DAYS(30),
     POLICYD(refresh_s),
     .summary = "how often a policy that is in use is fetched anew",
     .about = "With some jitter, and in any case before it expires. Daily is "
              "what RFC 8461 section 3.3 advises, so that blocking it takes "
              "an attacker as long as the policy's max_age."},
    {.name = "retry",
     .type = CONFIG_SECONDS,
     .value = "5m",
     .min = 10,
     .max = DAYS(1),
     POLICYD(retry_s),
     .summary = "how long a failed fetch is not repeated",
     .about = "RFC 8461 section 3.3 asks for five minutes: a policy host in "
              "trouble is not hit by every message."},
    {.name = "retry-max",
     .type = CONFIG_SECONDS,
     .value = "1h",
     .min = 10,
     .max = DAYS(7),
     POLICYD(retry_max_s),
     .summary = "how rare the repetitions of a failing refresh become",
     .about = "The policy that is held stays in force meanwhile."},
    {.name = "warn-after",
     .type = CONFIG_SECONDS,
     .value = "1d",
     .min = MINUTES(1),
     .max = DAYS(365),
     POLICYD(warn_s),
     .summary = "how long a refresh fails before a warning",
     .about = "Soon enough for a policy of a week, late enough for an outage "
              "that mends itself."},
    {.name = "txt-ttl-min",
     .type = CONFIG_SECONDS,
     .value = "60s",
     .min = 1,
     .max = DAYS(1),
     POLICYD(txt_min_s),
     .summary = "the shortest time that an _mta-sts record is taken to hold",
     .about = "A TTL of zero does not cause a look-up a message."},
    {.name = "txt-ttl-max",
     .type = CONFIG_SECONDS,
     .value = "1d",
     .min = 1,
     .max = DAYS(7),
     POLICYD(txt_max_s),
     .summary = "the longest",
     .about = "A new id is seen within a day, whatever the TTL."},
    {.name = "negative-ttl-min",
     .type = CONFIG_SECONDS,
     .value = "60s",
     .min = 1,
     .max = DAYS(1),
     POLICYD(none_min_s),
     .summary = "the shortest time that there being no record is remembered",
     .about = "Most domains have none, and most mail goes to few domains."},
    {.name = "negative-ttl-max",
     .type = CONFIG_SECONDS,
     .value = "1h",
     .min = 1,
     .max = DAYS(1),
     POLICYD(none_max_s),
     .summary = "the longest",
     .about = "A domain that begins with MTA-STS is protected within the "
              "hour."},
    {.name = "failed-ttl",
     .type = CONFIG_SECONDS,
     .value = "60s",
     .min = 1,
     .max = HOURS(1),
     POLICYD(failed_s),
     .summary = "how long a failed look-up is remembered",
     .about = "Short, since an attacker can cause failures."},

    {.name = "cache-entries",
     .type = CONFIG_NUMBER,
     .value = "1100000",
     .min = 1000,
     .max = 100000000,
     POLICYD(entries_max),
     .summary = "domains known at most, with and without a policy",
     .about = "Past it those go first that were not asked for longest; a "
              "policy in enforce mode never goes before a domain without."},
    {.name = "cache-bytes",
     .type = CONFIG_SIZE,
     .value = "1G",
     .min = 1 * MIB,
     .max = 1 * TIB,
     POLICYD(bytes_max),
     .summary = "the memory for them at most",
     .about = "A million policies take about half of the default."},
    {.name = "discoveries",
     .type = CONFIG_NUMBER,
     .value = "1000",
     .min = 1,
     .max = 100000,
     POLICYD(discoveries_max),
     .summary = "discoveries at once",
     .about = "More than that, and the asker is told what is held, or none."},
    {.name = "refreshes",
     .type = CONFIG_NUMBER,
     .value = "50",
     .min = 1,
     .max = 100000,
     POLICYD(refreshes_max),
     .summary = "of these, the ones that nobody has asked for",
     .about = "So that refreshing a large cache leaves room for questions."},
    {.name = "strict",
     .type = CONFIG_BOOL,
     .value = "no",
     POLICYD(strict),
     .summary = "whether a policy must follow the grammar to the letter",
     .about = "Deviations that are commonly seen, and cannot be misread, are "
              "let pass by default: a policy refused protects nobody."},
    {.name = "always-hosts",
     .type = CONFIG_BOOL,
     .value = "no",
     POLICYD(always_hosts),
     .summary = "whether MX hosts are looked up though no answer needs them",
     .about = "Then it is told when MX hosts are not in a policy in enforce "
              "mode, also where the MTA is sent patterns."},

    {.name = "database",
     .type = CONFIG_PATH,
     .base = CONFIG_BASE_STATE,
     .value = "policyd.db",
     .required = true,
     POLICYD(database),
     .summary = "the file that keeps the policies over a restart",
     .about = "A relative path begins in the state-directory. Nobody else "
              "writes it. Elsewhere its folder has to belong to the user, and "
              "under systemd to be in ReadWritePaths=."},
    {.name = "overrides",
     .type = CONFIG_PATH,
     .base = CONFIG_BASE_FILE,
     .value = "",
     POLICYD(overrides),
     .summary = "a file with the site's own rules for domains",
     .about = "See mtasts-overrides(5). A relative path begins in the folder "
              "of this file. Left empty: there are none."},
    {0},
};
