/*
 * postconf: what Postfix's postconf(1) prints, read.
 *
 * Pure. Three printouts: parameters (`postconf -x`), services (`postconf -M`)
 * and what master.cf sets for single services (`postconf -Px`).
 */
#ifndef MTASTS_CLI_POSTCONF_H
#define MTASTS_CLI_POSTCONF_H

#include "daemon/config.h"

#define POSTCONF_VALUE_MAX 8192u  /* octets of a value, with its end */
#define POSTCONF_SERVICE_MAX 128u /* octets of a service's name */

struct postconf {
    const char *parameters;
    const char *services;
    const char *overrides;
};

struct postconf_service {
    bool chroot;
    bool chroot_default; /* master.cf has "-": as compatibility_level says */
};

struct postconf_version {
    unsigned major;
    unsigned minor;
    unsigned patch;
};

/* The value of "NAME = VALUE"; false: there is no such line, or it does not
   fit, and the value is "". */
bool postconf_value(const struct postconf *postconf, const char *name,
                    char ret_value[POSTCONF_VALUE_MAX]);

/* The same as the service `service` ("smtp/unix") has it. *ret_override:
   master.cf says so. */
bool postconf_value_of(const struct postconf *postconf, const char *service,
                       const char *name, char ret_value[POSTCONF_VALUE_MAX],
                       bool *ret_override);

/* -MTASTS_ENOTFOUND: master.cf has no service `name` of type unix that runs
   the program smtp. */
int postconf_smtp(const struct postconf *postconf, const char *name,
                  struct postconf_service *ret_service);

/* "3.7.11", "3.11-20260101"; -MTASTS_ESYNTAX. */
int postconf_version(const char *text, struct postconf_version *ret_version);

/* Whether it is MAJOR.MINOR or later. */
bool postconf_since(const struct postconf_version *version, unsigned major,
                    unsigned minor);

/* The level of TLS that a service has by itself, the older parameters counted
   in (postconf(5), smtp_tls_security_level); CONFIG_LEVEL_UNKNOWN: a word
   that is none. */
enum config_tls_level postconf_level(const struct postconf *postconf,
                                     const char *service);

/* Whether all services that run smtp have the level of `service`; if
   not, `ret_other` names one that has another. */
bool postconf_level_is_common(const struct postconf *postconf,
                              const char *service,
                              char ret_other[POSTCONF_SERVICE_MAX]);

#endif
