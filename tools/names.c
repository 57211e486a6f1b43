/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash table of texts: see names.h. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 16 };

struct name_block {
    struct name_block *next;
    size_t used, size;
    char bytes[];
};

static uint64_t hash_of(const char *text, size_t length) {
    uint64_t hash = length;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3u;
    }
    return (hash ^ hash >> 29) * 0x9E3779B97F4A7C15u >> 32;
}

/* The slot of the text, or the free one where it belongs. */
static uint32_t slot_of(const struct names *names, const char *text, size_t length) {
    uint32_t slot = (uint32_t)hash_of(text, length) & (names->slot_count - 1);
    for (; names->slots[slot]; slot = (slot + 1) & (names->slot_count - 1)) {
        const casemix_text *there = &names->items[names->slots[slot] - 1];
        if (there->length == length && memcmp(there->text, text, length) == 0) {
            break;
        }
    }
    return slot;
}

static void grow(struct names *names) {
    free(names->slots);
    names->slot_count = names->slot_count ? 2 * names->slot_count : 1024;
    names->slots = need(calloc(names->slot_count, sizeof *names->slots));
    for (uint32_t i = 0; i < names->count; i++) {
        names->slots[slot_of(names, names->items[i].text, names->items[i].length)] = i + 1;
    }
}

static const char *keep(struct names *names, const char *text, size_t length) {
    struct name_block *block = names->blocks;
    if (!block || block->size - block->used <= length) {
        size_t size = length < BLOCK ? BLOCK : length + 1;
        block = need(malloc(sizeof *block + size));
        *block = (struct name_block){names->blocks, 0, size};
        names->blocks = block;
    }
    char *at = block->bytes + block->used;
    memcpy(at, text, length);
    at[length] = '\0';
    block->used += length + 1;
    return at;
}

uint32_t names_add(struct names *names, const char *text, size_t length) {
    if (names->count + 1 > names->slot_count / 2) {
        grow(names);
    }
    uint32_t slot = slot_of(names, text, length);
    if (names->slots[slot]) {
        return names->slots[slot] - 1;
    }
    if (names->count == names->room) {
        names->room = names->room ? 2 * names->room : 256;
        names->items = need(reallocarray(names->items, names->room, sizeof *names->items));
    }
    names->items[names->count] = (casemix_text){keep(names, text, length), length};
    names->slots[slot] = names->count + 1;
    return names->count++;
}

uint32_t names_find(const struct names *names, const char *text, size_t length) {
    return names->slot_count ? names->slots[slot_of(names, text, length)] - 1 : UINT32_MAX;
}

int text_order(casemix_text a, casemix_text b) {
    int order = memcmp(a.text, b.text, a.length < b.length ? a.length : b.length);
    return order ? order : a.length < b.length ? -1 : a.length > b.length;
}

static int compare_names(const void *a, const void *b, void *user) {
    const struct names *names = user;
    return text_order(names->items[*(const uint32_t *)a], names->items[*(const uint32_t *)b]);
}

uint32_t *names_sorted(const struct names *names) {
    uint32_t *order = need(malloc((names->count + 1) * sizeof *order));
    for (uint32_t i = 0; i < names->count; i++) {
        order[i] = i;
    }
    qsort_r(order, names->count, sizeof *order, compare_names, (void *)(uintptr_t)names);
    return order;
}

void names_free(struct names *names) {
    while (names->blocks) {
        struct name_block *next = names->blocks->next;
        free(names->blocks);
        names->blocks = next;
    }
    free(names->items);
    free(names->slots);
    *names = (struct names){0};
}
