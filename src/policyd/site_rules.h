/*
 * site_rules: the overrides file as the engine's table.
 */
#ifndef MTASTS_POLICYD_SITE_RULES_H
#define MTASTS_POLICYD_SITE_RULES_H

#include "daemon/start.h"
#include "engine/overrides.h"

/*
 * What the file says that the configuration names; *ret_overrides is NULL
 * where it names none. Faults are told by daemon_refuse(), with file and line.
 */
int site_rules_load(struct daemon *daemon, const struct config *config,
                    int64_t now_s, struct overrides **ret_overrides);

/* Logs the rules that have expired, or will within a week. */
void site_rules_warn(const struct overrides *overrides, int64_t now_s);

#endif
