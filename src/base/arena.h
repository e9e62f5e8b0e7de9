/*
 * arena: memory that is freed all at once.
 *
 * A bump allocator for what lives and dies with one piece of work (a domain
 * being checked, a request). Nothing in it is freed alone. It has a stated
 * maximum; past it, and when the system has no memory, it returns NULL.
 */
#ifndef MTASTS_BASE_ARENA_H
#define MTASTS_BASE_ARENA_H

#include "base/cleanup.h"
#include <stdarg.h>
#include <stddef.h>

struct arena;

/* `max`: octets at most over its life, blocks included. */
int arena_new(size_t max, struct arena **ret_arena);

/* `arena` may be NULL. */
void arena_free(struct arena *arena);

/* Zeroed, aligned for any type; NULL past `max`. `size` 0 is taken as 1. */
void *arena_alloc(struct arena *arena, size_t size);

/* count * size with overflow checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A terminated copy of `len` octets. */
char *arena_copy(struct arena *arena, const char *data, size_t len);

/* A copy of a C string; NULL for NULL. */
char *arena_string(struct arena *arena, const char *text);

char *arena_printf(struct arena *arena, const char *format, ...) _printf_(2, 3);

/* Octets handed out so far. */
size_t arena_used(const struct arena *arena);

DEFINE_CLEANUP(struct arena *, arena_free, arena)
#define _cleanup_arena_ _cleanup_(cleanup_arena)

#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array_of(arena, count, type)                                     \
    ((type *)arena_array((arena), (count), sizeof(type)))

#endif
