/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs of records in one array, equal runs kept once: rows of bits, masks, profiles, lists of matches. The order in the
 * array is that of first use, so the same rules make the same image. */
#ifndef CASEMIX_COMPILE_RUN_POOL_H
#define CASEMIX_COMPILE_RUN_POOL_H

#include <stdint.h>

#include "arena.h"

struct run {
    size_t first, count;
};

struct run_pool {
    struct arena *arena;
    size_t size;    /* bytes of a record; those of padding count, so records must be zeroed before they are filled */
    char *records;
    size_t count;   /* records */
    /* the rest belongs to run_pool.c */
    size_t capacity;
    struct run *runs;
    size_t run_count, run_capacity;
    size_t *index;  /* open addressing, 1 + number of a run; 0 is free */
    size_t index_size;
};

void run_pool_init(struct run_pool *pool, struct arena *arena, size_t size);

/* The place of the first record of a run of `count`; 0 for a run of none. */
size_t run_pool_put(struct run_pool *pool, const void *records, size_t count);

#endif
