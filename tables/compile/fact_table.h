/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts: the questions that conditions ask of a case beyond its two principal codes, each one bit. And masks: which
 * facts must hold and which must not. Equal questions are one fact, equal masks one mask. */
#ifndef CASEMIX_COMPILE_FACT_TABLE_H
#define CASEMIX_COMPILE_FACT_TABLE_H

#include "tables.h"

/* A set of facts, always of the greatest width while the tables are built. */
struct fact_bits {
    uint64_t words[IMAGE_FACT_WORDS_MAX];
};

struct mask {
    struct fact_bits need, forbid;
};

/* A condition as an alternative of conjunctions; a part is a test of the rule language, perhaps negated. */
struct part {
    const struct expression *test;
    bool negated;
};
struct conjunction {
    const struct part *parts;
    size_t count;
};
struct alternatives {
    struct conjunction *items;
    size_t count, capacity;
};

/* Conjunctions of a condition, or of its negation. More than ALTERNATIVES_MAX are not multiplied out: the part of the
 * condition that would make them stays whole, to become a fact of its own. */
enum { ALTERNATIVES_MAX = 64 };
void alternatives_of(struct arena *arena, const struct expression *when, bool negated, struct alternatives *out);

struct fact_table;

struct fact_table *fact_table_new(struct arena *arena, struct report *report, const struct scheme *scheme);

/* Require a part of a conjunction in a mask, as a fact. */
void fact_table_require(struct fact_table *table, const struct part *part, struct mask *mask);

/* Number of a mask; 0 is the empty one. UINT16_MAX if it contradicts itself: it can never hold. */
uint16_t fact_table_mask(struct fact_table *table, const struct mask *mask);

/* What a code makes true at a position (one WHERE_ bit), as the number of a fact row; 0 is none. `code` is its number
 * in the scheme's catalogue. */
uint16_t fact_table_code(struct fact_table *table, enum code_kind kind, uint32_t code, unsigned position);

/* Write the fact rows, masks, numbers, breaks, words and derived facts. Call last. False after a message. */
bool fact_table_write(struct fact_table *table, struct image_writer *writer, uint32_t owner,
                      struct image_scheme *about);

#endif
