/*
 * config_checks: what a value of an option must look like beyond its type.
 *
 * Each returns why `text` will not do, as the end of a sentence ("... will
 * not do: ..."), or NULL if it does. "" never comes here.
 */
#ifndef MTASTS_DAEMON_CONFIG_CHECKS_H
#define MTASTS_DAEMON_CONFIG_CHECKS_H

#include "daemon/config_option.h"

const char *config_check_server(const char *text);   /* ADDR[@PORT] */
const char *config_check_cidr(const char *text);     /* ADDR[/BITS] */
const char *config_check_proxy(const char *text);    /* http:, socks5h: */
const char *config_check_listener(const char *text); /* unix:, inet:, ... */
/* The same, where this machine alone may ask. */
const char *config_check_local_listener(const char *text);

/* In config_options_policyd.c. */
extern const struct config_option config_policyd_options[];

#endif
