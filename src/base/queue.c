/*
 * queue: an intrusive, doubly linked list that knows its length. Allocates
 * nothing, so that moving cannot fail.
 */
#include "base/queue.h"

void queue_leave(struct queue_node *node)
{
    struct queue *queue = node->queue;

    if (!queue)
        return;
    if (node->next)
        node->next->previous = node->previous;
    else
        queue->last = node->previous;
    if (node->previous)
        node->previous->next = node->next;
    else
        queue->first = node->next;
    queue->count--;
    *node = (struct queue_node){.queue = NULL};
}

void queue_join(struct queue *queue, struct queue_node *node)
{
    queue_leave(node);
    *node = (struct queue_node){.queue = queue, .previous = queue->last};
    if (queue->last)
        queue->last->next = node;
    else
        queue->first = node;
    queue->last = node;
    queue->count++;
}
