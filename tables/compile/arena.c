/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of one compilation, in chunks. */
#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under the address sanitizer every piece is a chunk of its own, so that a step over its edge is seen. */
#if defined(__SANITIZE_ADDRESS__)
#define ONE_BY_ONE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ONE_BY_ONE 1
#endif
#endif
#ifdef ONE_BY_ONE
enum { CHUNK_FIRST = 0, CHUNK_LARGEST = 0 };
#else
enum { CHUNK_FIRST = 64 << 10, CHUNK_LARGEST = 4 << 20 };
#endif

struct chunk {
    struct chunk *next;
    char *bytes;
};

struct arena {
    struct chunk *chunks;
    char *free; /* of the newest chunk */
    size_t left;
    size_t chunk_size; /* of the next chunk */
};

static void no_memory(void) {
    fputs("casemix: out of memory while compiling; use a machine with more memory or smaller rules\n", stderr);
    exit(3);
}

static void *zeroed(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        no_memory();
    }
    return memory;
}

struct arena *arena_new(void) {
    struct arena *arena = zeroed(1, sizeof *arena);
    arena->chunk_size = CHUNK_FIRST;
    return arena;
}

void arena_free(struct arena *arena) {
    if (!arena) {
        return;
    }
    for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk->bytes);
        free(chunk);
    }
    free(arena);
}

static char *new_chunk(struct arena *arena, size_t size) {
    struct chunk *chunk = zeroed(1, sizeof *chunk);
    chunk->bytes = zeroed(1, size);
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk->bytes;
}

void *arena_take(struct arena *arena, size_t size) {
    size_t rounded;
    if (size == 0) {
        size = 1;
    }
    if (__builtin_add_overflow(size, 15, &rounded)) {
        no_memory();
    }
    rounded &= ~(size_t)15;
    if (rounded > arena->left) {
        if (rounded > arena->chunk_size / 4) {
            return new_chunk(arena, size); /* the newest small chunk goes on being filled */
        }
        arena->free = new_chunk(arena, arena->chunk_size);
        arena->left = arena->chunk_size;
        if (arena->chunk_size != CHUNK_LARGEST) {
            arena->chunk_size *= 2;
        }
    }
    void *memory = arena->free;
    arena->free += rounded;
    arena->left -= rounded;
    return memory;
}

void *arena_take_array(struct arena *arena, size_t size, size_t count) {
    size_t total;
    if (__builtin_mul_overflow(size, count, &total)) {
        no_memory();
    }
    return arena_take(arena, total);
}

char *arena_copy(struct arena *arena, const char *text, size_t length) {
    char *copy = arena_take(arena, length + 1);
    if (length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

/* The sanitizers' own check of `format` makes gcc 12 think that it may be NULL. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif
char *arena_format(struct arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return arena_copy(arena, "", 0);
    }
    char *text = arena_take(arena, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity) {
        return items;
    }
    size_t wanted = *capacity ? *capacity : 4;
    if (*capacity && __builtin_mul_overflow(*capacity, 2, &wanted)) {
        no_memory();
    }
    void *grown = arena_take_array(arena, size, wanted);
    if (count > 0) {
        memcpy(grown, items, count * size);
    }
    *capacity = wanted;
    return grown;
}
