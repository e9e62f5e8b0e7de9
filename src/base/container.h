/*
 * container_of: the struct that a node lives in.
 */
#ifndef MTASTS_BASE_CONTAINER_H
#define MTASTS_BASE_CONTAINER_H

#include <stddef.h>

#define container_of(node, type, member)                                       \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
