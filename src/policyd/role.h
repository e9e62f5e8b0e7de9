/*
 * role: policyd as the daemon that daemon_main() runs.
 */
#ifndef MTASTS_POLICYD_ROLE_H
#define MTASTS_POLICYD_ROLE_H

#include "daemon/start.h"

extern const struct daemon_role policyd_role;

#endif
