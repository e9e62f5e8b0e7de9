/*
 * A parsed policy as libmtasts itself sees it.
 */
#ifndef MTASTS_CORE_POLICY_H
#define MTASTS_CORE_POLICY_H

#include <mtasts/sts_policy.h>

/* One allocation: the patterns' text stands behind `mx`. */
struct mtasts_sts_policy {
    enum mtasts_mode mode;
    uint32_t max_age;
    size_t mx_count;
    struct mtasts_bytes mx[]; /* terminated, lower-case */
};

#endif
