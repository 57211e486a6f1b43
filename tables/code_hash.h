/* SPDX-License-Identifier: Apache-2.0
 *
 * How a code becomes a slot of its catalogue's table: a perfect hash by displacement. Shared by writer and reader. */
#ifndef CASEMIX_TABLES_CODE_HASH_H
#define CASEMIX_TABLES_CODE_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdint.h>
#include <string.h>

/* A code of at most 16 bytes as two words, zeros behind it. */
struct code_key {
    uint64_t low, high;
};

/* Read `length` <= 16 bytes without touching any other: the ends are read by overlapping loads. */
static inline struct code_key code_key_of(const char *text, size_t length) {
    struct code_key key = {0, 0};
    if (length >= 8) {
        memcpy(&key.low, text, 8);
        if (length > 8) {
            memcpy(&key.high, text + length - 8, 8);
            key.high >>= 8 * (16 - length);
        }
    } else if (length >= 4) {
        uint32_t head, tail;
        memcpy(&head, text, 4);
        memcpy(&tail, text + length - 4, 4);
        key.low = head | (uint64_t)tail << (8 * (length - 4));
    } else {
        memcpy(&key.low, text, length);
    }
    return key;
}

static inline uint64_t code_hash(struct code_key key, uint64_t seed) {
    return XXH3_64bits_withSeed(&key, sizeof key, seed);
}

/* `word` of 32 bits scaled to 0 .. count - 1. */
static inline uint32_t code_scale(uint32_t word, uint32_t count) {
    return (uint32_t)((uint64_t)word * count >> 32);
}

static inline uint32_t code_bucket(uint64_t hash, uint32_t buckets) {
    return code_scale((uint32_t)(hash >> 32), buckets);
}

static inline uint32_t code_slot(uint64_t hash, uint16_t displacement, uint32_t slots) {
    uint32_t word = ((uint32_t)hash ^ displacement * 0x9E3779B1u) * 0x85EBCA6Bu;
    return code_scale(word ^ word >> 15, slots);
}

#endif
