/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers by text: a hash table for catalogues of many rows. */
#ifndef CASEMIX_COMPILE_TEXT_MAP_H
#define CASEMIX_COMPILE_TEXT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

struct text_map {
    struct arena *arena;
    struct text_slot *slots;
    size_t size, count;
};

void text_map_start(struct text_map *map, struct arena *arena);

/* The number of a text; a text that is not there yet is put in with `number`. *added says which it was. The text
 * must outlive the map. The pointer is good until the next call. */
uint32_t *text_map_put(struct text_map *map, const char *text, size_t length, uint32_t number, bool *added);

/* The number of a text, or NULL. */
uint32_t *text_map_get(const struct text_map *map, const char *text, size_t length);

#endif
