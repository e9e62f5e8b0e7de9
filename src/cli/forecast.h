/*
 * forecast: what would become of mail to a domain if MTA-STS were enforced
 * here, by the facts about the domain (RFC 8461 section 5). Pure.
 *
 * Each MX host is put to the delivery decision of libmtasts; what comes of it
 * for the domain follows. Where nothing was asked over SMTP, a host that the
 * policy allows counts as usable.
 */
#ifndef MTASTS_CLI_FORECAST_H
#define MTASTS_CLI_FORECAST_H

#include "check/facts.h"

enum forecast_outcome {
    FORECAST_REFUSED, /* enforce, and no host may be used: mail would wait */
    FORECAST_PARTLY,  /* enforce, and some hosts would be left out */
    FORECAST_PASSES,  /* enforce, and every host may be used */
    FORECAST_TESTING, /* delivered as before; the owner only wants reports */
    FORECAST_BROKEN,  /* announced, but no policy to be had: as before */
    FORECAST_NONE,    /* no MTA-STS, or mode none: as before */
    FORECAST_NO_MAIL, /* the domain takes none, or is not there: as before */
    FORECAST_UNKNOWN, /* it could not be told */
    FORECAST_OUTCOMES
};

enum forecast_host_outcome {
    FORECAST_HOST_USABLE,
    FORECAST_HOST_REFUSED,  /* in testing: would be, if it were enforced */
    FORECAST_HOST_UNTESTED, /* allowed; nothing was to be learnt over SMTP */
};

struct forecast_host {
    const struct fact_mx *mx;
    enum forecast_host_outcome outcome;
    enum mtasts_result result; /* why it is refused, else SUCCESS */
    const char *reason;        /* a phrase about the host; NULL: usable */
};

struct forecast {
    enum forecast_outcome outcome;
    bool has_mode;
    enum mtasts_mode mode;
    bool dane;                         /* DANE decides instead of the policy */
    const char *reason;                /* a phrase about the domain, or NULL */
    const struct forecast_host *hosts; /* in order of preference; may be none */
    size_t host_count;
    size_t refused;  /* hosts of that outcome */
    size_t untested; /* hosts of that outcome */
};

struct forecast_options {
    bool probed; /* SMTP was asked */
    bool dane;   /* the MTA does DANE: it goes before MTA-STS */
};

/*
 * Of a domain whose record is all that was asked for: false if more has to be
 * known; true with *ret_forecast if it has no MTA-STS, or that could not be
 * told. Texts live as long as `facts`. -MTASTS_ENOMEM.
 */
int forecast_of_record(const struct facts *facts, bool *ret_done,
                       struct forecast *ret_forecast);

/*
 * Of a domain whose record is good, by its policy and MX hosts. What it
 * points to is in the arena of `facts`. -MTASTS_ENOMEM.
 */
int forecast_of_policy(const struct forecast_options *options,
                       const struct facts *facts,
                       struct forecast *ret_forecast);

/* "refused", "partly", "passes", ... */
const char *forecast_outcome_name(enum forecast_outcome outcome);

/* "usable", "refused", "untested". */
const char *forecast_host_name(enum forecast_host_outcome outcome);

#endif
