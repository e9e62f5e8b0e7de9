/*
 * timer_heap: what falls due next.
 *
 * A binary heap of nodes that live in their owner's structs. Nodes with the
 * same due time come out in the order they were put in. The heap never
 * allocates on removal, so that cancelling cannot fail.
 */
#ifndef MTASTS_BASE_TIMER_HEAP_H
#define MTASTS_BASE_TIMER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer_node {
    uint64_t due;      /* in the owner's unit */
    uint64_t sequence; /* given by the heap */
    size_t index;      /* place in the heap */
};

struct timer_heap {
    struct timer_node **nodes;
    size_t count;
    size_t size; /* allocated */
    uint64_t next_sequence;
};

/* 0 or -MTASTS_ENOMEM. `node->due` is set by the caller. */
int timer_heap_push(struct timer_heap *heap, struct timer_node *node);

/* `node` must be in the heap. */
void timer_heap_remove(struct timer_heap *heap, struct timer_node *node);

/* NULL when empty. */
struct timer_node *timer_heap_first(const struct timer_heap *heap);

/* Frees the heap's own memory; the nodes are their owner's. */
void timer_heap_clear(struct timer_heap *heap);

#endif
