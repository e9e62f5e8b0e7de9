/*
 * timer_heap: a binary heap with intrusive nodes, ordered by due time and
 * then by arrival. As large as its owner lets it grow: it has as many nodes
 * as there are timers.
 */
#include "base/timer_heap.h"

#include <mtasts/error.h>
#include <stdlib.h>

static bool before(const struct timer_node *a, const struct timer_node *b)
{
    return a->due != b->due ? a->due < b->due : a->sequence < b->sequence;
}

static void place(struct timer_heap *heap, size_t index,
                  struct timer_node *node)
{
    heap->nodes[index] = node;
    node->index = index;
}

static void sift_up(struct timer_heap *heap, size_t index,
                    struct timer_node *node)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!before(node, heap->nodes[parent]))
            break;
        place(heap, index, heap->nodes[parent]);
        index = parent;
    }
    place(heap, index, node);
}

static void sift_down(struct timer_heap *heap, size_t index,
                      struct timer_node *node)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count &&
            before(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (!before(heap->nodes[child], node))
            break;
        place(heap, index, heap->nodes[child]);
        index = child;
    }
    place(heap, index, node);
}

int timer_heap_push(struct timer_heap *heap, struct timer_node *node)
{
    if (heap->count == heap->size) {
        size_t size = heap->size ? 2 * heap->size : 16;
        struct timer_node **nodes =
            reallocarray(heap->nodes, size, sizeof(*nodes));
        if (!nodes)
            return -MTASTS_ENOMEM;
        heap->nodes = nodes;
        heap->size = size;
    }
    node->sequence = heap->next_sequence++;
    sift_up(heap, heap->count++, node);
    return 0;
}

void timer_heap_remove(struct timer_heap *heap, struct timer_node *node)
{
    size_t index = node->index;
    struct timer_node *last = heap->nodes[--heap->count];

    if (last == node)
        return;
    if (index > 0 && before(last, heap->nodes[(index - 1) / 2]))
        sift_up(heap, index, last);
    else
        sift_down(heap, index, last);
}

struct timer_node *timer_heap_first(const struct timer_heap *heap)
{
    return heap->count ? heap->nodes[0] : NULL;
}

void timer_heap_clear(struct timer_heap *heap)
{
    free(heap->nodes);
    *heap = (struct timer_heap){0};
}
