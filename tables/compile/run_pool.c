/* SPDX-License-Identifier: Apache-2.0 */
#include "run_pool.h"

#include <string.h>
#include <xxhash.h>

enum { INDEX_START = 256 };

void run_pool_init(struct run_pool *pool, struct arena *arena, size_t size) {
    *pool = (struct run_pool){.arena = arena, .size = size};
}

/* Where a run is in the index, or where it would go. */
static size_t place_of(const struct run_pool *pool, const void *records, size_t count) {
    size_t at = XXH3_64bits(records, count * pool->size) & (pool->index_size - 1);
    for (; pool->index[at] != 0; at = (at + 1) & (pool->index_size - 1)) {
        const struct run *run = &pool->runs[pool->index[at] - 1];
        if (run->count == count && memcmp(pool->records + run->first * pool->size, records, count * pool->size) == 0) {
            break;
        }
    }
    return at;
}

static void grow_index(struct run_pool *pool) {
    pool->index_size = pool->index_size == 0 ? INDEX_START : pool->index_size * 2;
    pool->index = ARENA_ARRAY(pool->arena, size_t, pool->index_size);
    for (size_t i = 0; i < pool->run_count; i++) {
        const struct run *run = &pool->runs[i];
        pool->index[place_of(pool, pool->records + run->first * pool->size, run->count)] = i + 1;
    }
}

static void append(struct run_pool *pool, const void *records, size_t count) {
    size_t wanted = pool->capacity == 0 ? INDEX_START : pool->capacity;
    while (wanted - pool->count < count) {
        wanted *= 2;
    }
    if (wanted > pool->capacity) {
        char *grown = arena_take_array(pool->arena, pool->size, wanted);
        if (pool->count > 0) {
            memcpy(grown, pool->records, pool->count * pool->size);
        }
        pool->records = grown;
        pool->capacity = wanted;
    }
    memcpy(pool->records + pool->count * pool->size, records, count * pool->size);
    pool->count += count;
}

size_t run_pool_put(struct run_pool *pool, const void *records, size_t count) {
    if (count == 0) {
        return 0;
    }
    if (pool->run_count * 2 >= pool->index_size) {
        grow_index(pool);
    }
    size_t at = place_of(pool, records, count);
    if (pool->index[at] == 0) {
        struct run run = {pool->count, count};
        append(pool, records, count);
        ARENA_PUSH(pool->arena, pool->runs, pool->run_count, pool->run_capacity, run);
        pool->index[at] = pool->run_count;
    }
    return pool->runs[pool->index[at] - 1].first;
}
