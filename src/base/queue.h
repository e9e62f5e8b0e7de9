/*
 * queue: things that stand in one line at a time.
 *
 * The nodes live in their owners' structs. What is under way moves from line
 * to line, and its state is the line that it stands in.
 */
#ifndef MTASTS_BASE_QUEUE_H
#define MTASTS_BASE_QUEUE_H

#include <stddef.h>

struct queue_node {
    struct queue *queue; /* where it stands; NULL: nowhere */
    struct queue_node *next;
    struct queue_node *previous;
};

struct queue {
    struct queue_node *first;
    struct queue_node *last;
    size_t count;
};

/* Leaves its line, if it stands in one. */
void queue_leave(struct queue_node *node);

/* Leaves its line and joins the end of `queue`. */
void queue_join(struct queue *queue, struct queue_node *node);

#endif
