/*
 * policy_settings: the defaults.
 */
#include "engine/policy_settings.h"

void policy_settings_init(struct policy_settings *settings)
{
    *settings = (struct policy_settings){
        .ask_ms = 10000,
        .discovery_ms = 60000,
        .slow_ms = 2000,
        .refresh_s = 86400,
        .retry_s = 300,
        .retry_max_s = 3600,
        .warn_s = 86400,
        .txt_min_s = 60,
        .txt_max_s = 86400,
        .none_min_s = 60,
        .none_max_s = 3600,
        .failed_s = 60,
        .entries_max = 1100000,
        .bytes_max = UINT64_C(1) << 30,
        .discoveries_max = 1000,
        .refreshes_max = 50,
        .dane = DANE_OFF,
    };
}
