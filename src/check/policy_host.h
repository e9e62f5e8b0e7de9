/*
 * policy_host: what the rules about the policy host have in common.
 */
#ifndef MTASTS_CHECK_POLICY_HOST_H
#define MTASTS_CHECK_POLICY_HOST_H

#include "check/judge.h"

const struct fact_policy_host *policy_host(const struct judge *judge);

/* The fetch that senders would make. */
const struct fact_fetch *policy_fetch(const struct judge *judge);

/* mta-sts.example.com */
const char *policy_host_name(struct judge *judge);

/* A finding about the host as such. */
struct about policy_host_about(struct judge *judge);

/* " (what the library said)"; "" if that is nothing new. */
const char *fetch_detail(struct judge *judge, const struct fact_fetch *fetch);

bool fetch_did_not_connect(const struct fact_fetch *fetch);

#endif
