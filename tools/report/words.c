/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking up the words of words.def. */
#include "words.h"

#include <stdint.h>
#include <string.h>

#define WORD(key, chinese, english) {key, {chinese, english}},
const struct word words[] = {
#include "words.def"
};
#undef WORD
enum { WORDS = sizeof words / sizeof words[0], SLOTS = 1024 };
const int word_count = WORDS;
_Static_assert(WORDS < SLOTS / 2, "the table of words.c gets full: double SLOTS");

static uint32_t slot_of(const char *key) {
    uint32_t hash = 2166136261u;
    for (; *key; key++) {
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    }
    return (hash ^ hash >> 15) % SLOTS;
}

/* Statements ask some five times a case, so the words are found by a hash; the table is filled at the first call.
 */
const char *word_of(const char *key, enum language language) {
    static uint16_t slots[SLOTS]; /* number + 1; 0 is free */
    static int filled;
    for (; filled < WORDS; filled++) {
        uint32_t slot = slot_of(words[filled].key);
        while (slots[slot]) {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = (uint16_t)(filled + 1);
    }
    for (uint32_t slot = slot_of(key); slots[slot]; slot = (slot + 1) % SLOTS) {
        const struct word *word = &words[slots[slot] - 1];
        if (strcmp(word->key, key) == 0) {
            return word->text[language];
        }
    }
    return key;
}
