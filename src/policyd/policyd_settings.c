/*
 * policyd_settings: options of mtasts.conf(5) as what the engine and the
 * replies take.
 */
#include "policyd/policyd.h"

static enum on_failure failure(unsigned choice)
{
    return choice == CONFIG_FAILURE_DEFER ? ON_FAILURE_DEFER
                                          : ON_FAILURE_PROCEED;
}

/* An MTA that cannot do DANE would keep all mail waiting, so by default it
   has to be proved. */
static enum dane_use dane(const struct config_policyd *options)
{
    switch ((enum config_dane)options->dane) {
    case CONFIG_DANE_ON: return DANE_ALL;
    case CONFIG_DANE_AUTO:
        return options->dane_proved ? DANE_ENFORCED : DANE_OFF;
    case CONFIG_DANE_OFF: break;
    }
    return DANE_OFF;
}

void policyd_settings(const struct config *config,
                      struct policy_settings *ret_settings)
{
    const struct config_policyd *options = &config->policyd;

    *ret_settings = (struct policy_settings){
        .ask_ms = options->ask_ms,
        .discovery_ms = options->discovery_ms,
        .slow_ms = options->slow_ms,
        .refresh_s = options->refresh_s,
        .retry_s = options->retry_s,
        .retry_max_s = options->retry_max_s,
        .warn_s = options->warn_s,
        .txt_min_s = options->txt_min_s,
        .txt_max_s = options->txt_max_s,
        .none_min_s = options->none_min_s,
        .none_max_s = options->none_max_s,
        .failed_s = options->failed_s,
        .entries_max = options->entries_max,
        .bytes_max = options->bytes_max,
        .discoveries_max = options->discoveries_max,
        .refreshes_max = options->refreshes_max,
        .strict = options->strict,
        .always_hosts = options->always_hosts,
        .txt_failure = failure(options->txt_failure),
        .mx_failure = failure(options->mx_failure),
        .tlsa_failure = failure(options->tlsa_failure),
        .mx_uncovered = failure(options->mx_uncovered),
        .dane = dane(options),
    };
}

void policyd_reply_settings(const struct config *config,
                            struct reply_settings *ret_settings)
{
    static const enum site_level levels[] = {
        [CONFIG_LEVEL_UNKNOWN] = SITE_LEVEL_UNKNOWN,
        [CONFIG_LEVEL_NONE] = SITE_LEVEL_NONE,
        [CONFIG_LEVEL_MAY] = SITE_LEVEL_MAY,
        [CONFIG_LEVEL_ENCRYPT] = SITE_LEVEL_ENCRYPT,
        [CONFIG_LEVEL_DANE] = SITE_LEVEL_DANE,
        [CONFIG_LEVEL_DANE_ONLY] = SITE_LEVEL_DANE_ONLY,
        [CONFIG_LEVEL_FINGERPRINT] = SITE_LEVEL_FINGERPRINT,
        [CONFIG_LEVEL_VERIFY] = SITE_LEVEL_VERIFY,
        [CONFIG_LEVEL_SECURE] = SITE_LEVEL_SECURE,
    };
    static const enum reply_match matches[] = {
        [CONFIG_MATCH_AUTO] = REPLY_MATCH_AUTO,
        [CONFIG_MATCH_HOSTS] = REPLY_MATCH_HOSTS,
        [CONFIG_MATCH_PATTERNS] = REPLY_MATCH_PATTERNS,
    };

    *ret_settings = (struct reply_settings){
        .level = levels[config->policyd.default_tls_level],
        .match = matches[config->policyd.match],
    };
}
