/* SPDX-License-Identifier: Apache-2.0
 *
 * From the text of a code to its id: one probe. In a header because it is done eight times a case. */
#ifndef CASEMIX_TABLES_CODE_LOOKUP_H
#define CASEMIX_TABLES_CODE_LOOKUP_H

#include "code_hash.h"
#include "image_reader.h"

/* A code of a list on its way to its id: where it lies, and the slot it would have. Slots of several codes are asked
 * for before any of them is looked at, so that memory answers while the next code is read. */
struct code_probe {
    const char *text;
    uint32_t length;
    uint32_t slot; /* IMAGE_NONE32: too long for a slot, or empty */
    struct code_key key;
};

/* The place of the first `|` in the bytes of a key; 16 if there is none. */
static inline size_t code_key_bar(struct code_key key) {
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t low = key.low ^ ones * '|', high = key.high ^ ones * '|'; /* a bar is a zero byte now */
    low = (low - ones) & ~low & tops; /* the lowest bit that is left stands in the first zero byte */
    high = (high - ones) & ~high & tops;
    return low != 0    ? (size_t)__builtin_ctzll(low) / 8
           : high != 0 ? (size_t)__builtin_ctzll(high) / 8 + 8
                       : IMAGE_KEY_BYTES;
}

/* The first `length` < 16 bytes of a key. */
static inline struct code_key code_key_cut(struct code_key key, size_t length) {
    key.low &= length >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * length) - 1;
    key.high &= length <= 8 ? 0 : ((uint64_t)1 << 8 * (length - 8)) - 1;
    return key;
}

/* The code that starts at `at` and ends before `|` or at `end`. */
static inline void code_probe_start(struct code_probe *probe, const struct catalogue_view *catalogue, const char *at,
                                    const char *end) {
    size_t left = (size_t)(end - at);
    struct code_key key = code_key_of(at, left < IMAGE_KEY_BYTES ? left : IMAGE_KEY_BYTES);
    size_t length = code_key_bar(key);
    if (length < IMAGE_KEY_BYTES) {
        key = code_key_cut(key, length);
    } else if (left > IMAGE_KEY_BYTES) {
        const char *bar = memchr(at, '|', left);
        length = bar == NULL ? left : (size_t)(bar - at);
    } else {
        length = left;
    }
    probe->text = at;
    probe->length = (uint32_t)length;
    probe->slot = IMAGE_NONE32;
    if (length - 1 < IMAGE_KEY_BYTES) { /* neither empty nor longer than a key holds */
        uint64_t hash = code_hash(key, catalogue->about->seed);
        uint32_t bucket = code_bucket(hash, catalogue->about->buckets);
        probe->slot = code_slot(hash, catalogue->displacements[bucket], catalogue->about->slots);
        probe->key = key;
        __builtin_prefetch(&catalogue->keys[probe->slot]);
    }
}

/* Its id, IMAGE_NONE32 if it is not in the catalogue as it is written. */
static inline uint32_t code_probe_finish(const struct code_probe *probe, const struct catalogue_view *catalogue) {
    if (probe->slot == IMAGE_NONE32) {
        return probe->length == 0 ? IMAGE_NONE32 : catalogue_view_find_long(catalogue, probe->text, probe->length);
    }
    struct code_key found;
    memcpy(&found, catalogue->keys[probe->slot].bytes, sizeof found);
    return ((probe->key.low ^ found.low) | (probe->key.high ^ found.high)) == 0 ? probe->slot : IMAGE_NONE32;
}

/* The id of a code in a catalogue, IMAGE_NONE32 if it is not there as it is written. */
static inline uint32_t catalogue_view_find(const struct catalogue_view *catalogue, const char *code, size_t length) {
    struct code_probe probe;
    code_probe_start(&probe, catalogue, code, code + length);
    return code_probe_finish(&probe, catalogue);
}

#endif
