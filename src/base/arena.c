/*
 * arena: memory that is freed all at once. See arena.h.
 *
 * Blocks are chained; each is at least ARENA_BLOCK octets, so that a usual
 * piece of work needs one or two allocations. Nothing is ever moved.
 */
#include "base/arena.h"

#include <mtasts/error.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BLOCK 8192u /* two pages: what a typical domain's facts take */

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

struct arena {
    struct block *blocks;
    size_t max;
    size_t total; /* sizes of all blocks */
    size_t used;
};

int arena_new(size_t max, struct arena **ret_arena)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (!arena)
        return -MTASTS_ENOMEM;
    arena->max = max;
    *ret_arena = arena;
    return 0;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    struct block *next = NULL;
    for (struct block *block = arena->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

static struct block *add_block(struct arena *arena, size_t need)
{
    size_t size = MAX_OF(need, (size_t)ARENA_BLOCK);
    if (size > arena->max - arena->total)
        size = need; /* near the maximum take just what is needed */
    if (size > arena->max - arena->total)
        return NULL;
    struct block *block = malloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    block->size = size;
    block->used = 0;
    arena->blocks = block;
    arena->total += size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align)
        return NULL;
    size_t need = (MAX_OF(size, (size_t)1) + align - 1) / align * align;
    struct block *block = arena->blocks;
    if (!block || need > block->size - block->used)
        block = add_block(arena, need);
    if (!block)
        return NULL;
    void *memory = block->data + block->used;
    block->used += need;
    arena->used += need;
    memset(memory, 0, need);
    return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, const char *data, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(arena, len + 1);
    if (copy && len > 0)
        memcpy(copy, data, len);
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
