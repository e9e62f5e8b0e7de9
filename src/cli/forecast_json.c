/*
 * forecast_json: forecasts for machines. See forecast_report.h and
 * docs/simulate.schema.json.
 */
#include "cli/forecast_report.h"

static struct json *host_json(const struct forecast_host *host)
{
    bool refused = host->outcome == FORECAST_HOST_REFUSED;
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    json_add_string(&object, "host", host->mx->name);
    json_add_int(&object, "preference", host->mx->preference);
    json_add_string(&object, "outcome", forecast_host_name(host->outcome));
    json_add_string(&object, "result",
                    refused ? mtasts_result_name(host->result) : NULL);
    json_add_string(&object, "reason", host->reason);
    return json_built(&object);
}

static struct json *hosts_json(const struct forecast *forecast)
{
    _cleanup_json_builder_ struct json_builder array = json_build_array();
    for (size_t i = 0; i < forecast->host_count; i++)
        json_add(&array, NULL, host_json(&forecast->hosts[i]));
    return json_built(&array);
}

struct json *forecast_json(const struct recipient *recipient,
                           const struct forecast *forecast)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    json_add_string(&object, "domain", recipient->domain);
    json_add_int(&object, "messages", (int64_t)recipient->messages);
    json_add_int(&object, "deferrals", (int64_t)recipient->deferrals);
    json_add_string(&object, "outcome",
                    forecast_outcome_name(forecast->outcome));
    json_add_string(&object, "mode",
                    forecast->has_mode ? mtasts_mode_name(forecast->mode)
                                       : NULL);
    json_add_bool(&object, "dane", forecast->dane);
    json_add_string(&object, "reason", forecast->reason);
    json_add(&object, "mx", hosts_json(forecast));
    return json_built(&object);
}

static struct json *outcomes_json(const struct forecast_sum *sum)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    for (unsigned i = 0; i < FORECAST_OUTCOMES; i++) {
        _cleanup_json_builder_ struct json_builder row = json_build_object();
        json_add_int(&row, "domains", (int64_t)sum->by_outcome[i].domains);
        json_add_int(&row, "messages", (int64_t)sum->by_outcome[i].messages);
        json_add_int(&row, "deferrals", (int64_t)sum->by_outcome[i].deferrals);
        json_add(&object, forecast_outcome_name((enum forecast_outcome)i),
                 json_built(&row));
    }
    return json_built(&object);
}

struct json *forecast_sum_json(const struct forecast_sum *sum,
                               const struct recipients_read *read,
                               const struct forecast_options *options)
{
    _cleanup_json_builder_ struct json_builder inner = json_build_object();
    json_add(&inner, "outcomes", outcomes_json(sum));
    json_add_string(&inner, "source", read->is_log ? "log" : "list");
    json_add_bool(&inner, "probed", options->probed);
    json_add_bool(&inner, "dane", options->dane);
    json_add_int(&inner, "no_domain", (int64_t)read->bad);
    json_add_int(&inner, "left_out", (int64_t)read->left_out);
    json_add_int(&inner, "given_up", (int64_t)sum->given_up);
    json_add_string(&inner, "mtasts_version", MTASTS_VERSION);
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    json_add(&object, "summary", json_built(&inner));
    return json_built(&object);
}
