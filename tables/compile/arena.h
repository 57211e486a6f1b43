/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of one compilation: taken piece by piece, given back all at once. */
#ifndef CASEMIX_COMPILE_ARENA_H
#define CASEMIX_COMPILE_ARENA_H

#include <stddef.h>
#include <stdarg.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* Zeroed memory, aligned to 16 bytes, valid until arena_free. Never NULL: a compiler that has no memory cannot go on,
 * so it says so on stderr and ends the process with exit code 3. Compilation is never done inside a host process. */
void *arena_take(struct arena *arena, size_t size);
#define ARENA_NEW(arena, type) ((type *)arena_take((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_take_array((arena), sizeof(type), (count)))
void *arena_take_array(struct arena *arena, size_t size, size_t count); /* the product is checked */

char *arena_copy(struct arena *arena, const char *text, size_t length); /* with a NUL after it */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A growing array in an arena: room for one more at `items`, which has `count` entries of `size`; capacity doubles. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);
#define ARENA_PUSH(arena, items, count, capacity, value)                                                      \
    do {                                                                                                      \
        (items) = arena_grow((arena), (items), (count), &(capacity), sizeof *(items));                        \
        (items)[(count)++] = (value);                                                                         \
    } while (0)

#endif
