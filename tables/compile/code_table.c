/* SPDX-License-Identifier: Apache-2.0
 *
 * The hash table of a code catalogue: a perfect hash by displacement. Codes are thrown into buckets; largest bucket
 * first, a displacement is looked for that sends all codes of the bucket to free slots. */
#include <stdlib.h>
#include <string.h>

#include "../code_hash.h"
#include "tables.h"

enum { CODES_PER_BUCKET = 4, SEEDS = 64 };

struct bucket {
    uint32_t number, first, count; /* its codes lie together in `order` */
};

struct placing {
    uint32_t count, slots, buckets;
    uint64_t *hashes;
    uint32_t *order;      /* codes by bucket */
    struct bucket *bucket;
    uint16_t *displacement;
    uint32_t *code_at;    /* slot -> code, IMAGE_NONE32 if free */
};

static int larger_bucket(const void *a, const void *b) {
    const struct bucket *one = a, *two = b;
    if (one->count != two->count) {
        return one->count > two->count ? -1 : 1;
    }
    return one->number < two->number ? -1 : one->number > two->number;
}

static void fill_buckets(struct placing *p) {
    memset(p->bucket, 0, p->buckets * sizeof *p->bucket);
    for (uint32_t i = 0; i < p->count; i++) {
        p->bucket[code_bucket(p->hashes[i], p->buckets)].count++;
    }
    uint32_t next = 0;
    for (uint32_t b = 0; b < p->buckets; b++) {
        p->bucket[b].number = b;
        p->bucket[b].first = next;
        next += p->bucket[b].count;
        p->bucket[b].count = 0;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        struct bucket *bucket = &p->bucket[code_bucket(p->hashes[i], p->buckets)];
        p->order[bucket->first + bucket->count++] = i;
    }
    qsort(p->bucket, p->buckets, sizeof *p->bucket, larger_bucket);
}

/* Put the codes of a bucket where a displacement sends them; takes them out again if two meet or a slot is taken. */
static bool try_displacement(struct placing *p, const struct bucket *bucket, uint16_t displacement) {
    for (uint32_t i = 0; i < bucket->count; i++) {
        uint32_t code = p->order[bucket->first + i];
        uint32_t slot = code_slot(p->hashes[code], displacement, p->slots);
        if (p->code_at[slot] != IMAGE_NONE32) {
            while (i > 0) {
                code = p->order[bucket->first + --i];
                p->code_at[code_slot(p->hashes[code], displacement, p->slots)] = IMAGE_NONE32;
            }
            return false;
        }
        p->code_at[slot] = code;
    }
    p->displacement[bucket->number] = displacement;
    return true;
}

static bool place_codes(struct placing *p) {
    memset(p->code_at, 0xff, p->slots * sizeof *p->code_at);
    memset(p->displacement, 0, p->buckets * sizeof *p->displacement);
    fill_buckets(p);
    for (uint32_t b = 0; b < p->buckets && p->bucket[b].count > 0; b++) {
        uint32_t displacement = 0;
        while (displacement <= UINT16_MAX && !try_displacement(p, &p->bucket[b], (uint16_t)displacement)) {
            displacement++;
        }
        if (displacement > UINT16_MAX) {
            return false;
        }
    }
    return true;
}

/* The short codes of the union, in its order; the long ones stand behind the slots, sorted as they are. */
static uint32_t split_by_length(const struct catalogue *codes, uint32_t *shorts, uint32_t *longs, uint32_t *long_count) {
    uint32_t count = 0;
    *long_count = 0;
    for (uint32_t i = 0; i < codes->count; i++) {
        if (codes->codes[i].length <= IMAGE_KEY_BYTES) {
            shorts[count++] = i;
        } else {
            longs[(*long_count)++] = i;
        }
    }
    return count;
}

static bool find_places(struct arena *arena, const struct catalogue *codes, const uint32_t *shorts,
                        struct placing *p, uint64_t *seed) {
    p->slots = p->count + p->count / 32 + 1;
    p->buckets = p->count / CODES_PER_BUCKET + 1;
    p->hashes = ARENA_ARRAY(arena, uint64_t, p->count + 1);
    p->order = ARENA_ARRAY(arena, uint32_t, p->count + 1);
    p->bucket = ARENA_ARRAY(arena, struct bucket, p->buckets);
    p->displacement = ARENA_ARRAY(arena, uint16_t, p->buckets);
    p->code_at = ARENA_ARRAY(arena, uint32_t, p->slots);
    for (*seed = 1; *seed <= SEEDS; (*seed)++) {
        for (uint32_t i = 0; i < p->count; i++) {
            const struct code *code = &codes->codes[shorts[i]];
            p->hashes[i] = code_hash(code_key_of(code->text, code->length), *seed);
        }
        if (place_codes(p)) {
            return true;
        }
    }
    return false;
}

bool code_table_write(struct arena *arena, struct report *report, struct image_writer *writer,
                      struct code_table *table, uint32_t owner, struct image_catalogue *about) {
    const struct catalogue *codes = table->codes;
    uint32_t *shorts = ARENA_ARRAY(arena, uint32_t, codes->count + 1);
    uint32_t *longs = ARENA_ARRAY(arena, uint32_t, codes->count + 1);
    struct placing p = {0};
    uint32_t long_count;
    uint64_t seed;
    p.count = split_by_length(codes, shorts, longs, &long_count);
    struct place nowhere = {table->id, 0, 0};
    if (codes->count > IMAGE_NONE16 - IMAGE_NONE16 / 16 || !find_places(arena, codes, shorts, &p, &seed)) {
        report_say(report, MSG_too_many_codes, nowhere, table->id, IMAGE_NONE16 - IMAGE_NONE16 / 16);
        return false;
    }
    table->id_count = p.slots + long_count;
    table->ids = ARENA_ARRAY(arena, uint16_t, codes->count + 1);
    struct image_key *keys = ARENA_ARRAY(arena, struct image_key, p.slots);
    struct image_long_key *long_keys = ARENA_ARRAY(arena, struct image_long_key, long_count + 1);
    image_text *names = ARENA_ARRAY(arena, image_text, table->id_count);
    for (uint32_t slot = 0; slot < p.slots; slot++) {
        if (p.code_at[slot] != IMAGE_NONE32) {
            uint32_t at = shorts[p.code_at[slot]];
            memcpy(keys[slot].bytes, codes->codes[at].text, codes->codes[at].length);
            names[slot] = image_writer_text(writer, codes->codes[at].name);
            table->ids[at] = (uint16_t)slot;
        }
    }
    for (uint32_t i = 0; i < long_count; i++) {
        const struct code *code = &codes->codes[longs[i]];
        memcpy(long_keys[i].bytes, code->text, code->length);
        names[p.slots + i] = image_writer_text(writer, code->name);
        table->ids[longs[i]] = (uint16_t)(p.slots + i);
    }
    image_writer_section(writer, IMAGE_HOT_KEYS, owner, keys, sizeof *keys, p.slots);
    image_writer_section(writer, IMAGE_HOT_DISPLACEMENTS, owner, p.displacement, sizeof *p.displacement, p.buckets);
    image_writer_section(writer, IMAGE_HOT_LONG_KEYS, owner, long_keys, sizeof *long_keys, long_count);
    image_writer_section(writer, IMAGE_CODE_NAMES, owner, names, sizeof *names, table->id_count);
    *about = (struct image_catalogue){image_writer_text(writer, table->id), table->kind, p.slots, p.buckets, seed,
                                      long_count, codes->count};
    return true;
}

uint16_t *code_table_map(struct arena *arena, const struct code_table *table, const struct catalogue *catalogue) {
    uint16_t *map = ARENA_ARRAY(arena, uint16_t, catalogue->count + 1);
    for (uint32_t i = 0; i < catalogue->count; i++) {
        map[i] = table->ids[catalogue_find(table->codes, catalogue->codes[i].text, catalogue->codes[i].length)];
    }
    return map;
}
