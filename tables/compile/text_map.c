/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers by text: open addressing, never more than half full. */
#include "text_map.h"

#include <string.h>
#include <xxhash.h>

struct text_slot {
    const char *text; /* NULL: free */
    size_t length;
    uint64_t hash;
    uint32_t number;
};

enum { FIRST_SIZE = 64 };

void text_map_start(struct text_map *map, struct arena *arena) {
    *map = (struct text_map){.arena = arena, .size = FIRST_SIZE};
    map->slots = ARENA_ARRAY(arena, struct text_slot, map->size);
}

/* The slot of a text, or the free one for it. */
static struct text_slot *slot_of(const struct text_map *map, const char *text, size_t length, uint64_t hash) {
    size_t at = hash & (map->size - 1);
    while (map->slots[at].text != NULL && (map->slots[at].hash != hash || map->slots[at].length != length ||
                                           memcmp(map->slots[at].text, text, length) != 0)) {
        at = (at + 1) & (map->size - 1);
    }
    return &map->slots[at];
}

static void grow(struct text_map *map) {
    struct text_map larger = {map->arena, ARENA_ARRAY(map->arena, struct text_slot, map->size * 2), map->size * 2,
                              map->count};
    for (size_t i = 0; i < map->size; i++) {
        const struct text_slot *slot = &map->slots[i];
        if (slot->text != NULL) {
            *slot_of(&larger, slot->text, slot->length, slot->hash) = *slot;
        }
    }
    *map = larger;
}

uint32_t *text_map_put(struct text_map *map, const char *text, size_t length, uint32_t number, bool *added) {
    if ((map->count + 1) * 2 > map->size) {
        grow(map);
    }
    uint64_t hash = XXH3_64bits(text, length);
    struct text_slot *slot = slot_of(map, text, length, hash);
    *added = slot->text == NULL;
    if (*added) {
        *slot = (struct text_slot){text, length, hash, number};
        map->count++;
    }
    return &slot->number;
}

uint32_t *text_map_get(const struct text_map *map, const char *text, size_t length) {
    struct text_slot *slot = slot_of(map, text, length, XXH3_64bits(text, length));
    return slot->text == NULL ? NULL : &slot->number;
}
