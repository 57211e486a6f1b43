/* SPDX-License-Identifier: Apache-2.0
 *
 * Running the formulas of a policy for one case. All numbers are exact. */
#ifndef CASEMIX_GROUPER_FORMULA_H
#define CASEMIX_GROUPER_FORMULA_H

#include "../tables/decimal.h"
#include "../tables/facts.h"
#include "../tables/policy_view.h"
#include "casemix.h"

/* Told of each value that a formula uses, for explanations. */
struct formula_listener {
    /* `text` says the value if it is not to be told as a number, else it is NULL */
    void (*used)(struct formula_listener *listener, const char *name, const char *text, struct rational value);
};

/* Where the words of an axis are: slots of numbers of words + 1, 0 is free, by axis_slot. */
struct word_index {
    uint16_t *slots[IMAGE_AXES_MAX];
    uint32_t masks[IMAGE_AXES_MAX];
};

static inline uint32_t axis_slot(uint64_t key, uint32_t mask) {
    return (uint32_t)(key * 0x9E3779B97F4A7C15u >> 40) & mask;
}

/* One case under one policy. Made by formula_start; values are remembered, so that each is computed once. */
struct formula_case {
    const struct policy_view *policy;
    const struct image *image;
    const struct word_index *words;
    const casemix_text *facts;           /* FACT_COUNT texts of the case */
    const struct image_decimal *weights; /* row of the group, NULL if it has none */
    uint32_t answer;                     /* DRG, or drg_count + step; IMAGE_NONE32 if there is no group */
    uint16_t members[IMAGE_AXES_MAX];    /* place of the case on each axis that was asked for, else IMAGE_NONE16 */
    struct rational pay;                 /* rounded, for FORMULA_PAY */
    uint32_t class;                      /* for FORMULA_CASE_CLASS */
    const struct rational *totals[IMAGE_SCOPES]; /* of the pool, hospital, all pools; denominator 0: not said. NULL: none */
    int64_t factor;                      /* of the auxiliary catalogues in 1/FORMULA_FACTOR_UNITS; -1: not known */
    casemix_price_status status;         /* why a formula has no value; CASEMIX_PRICED: all had one so far */
    int fact;                          /* that is missing, bad, or has an unknown word, else -1 */
    struct formula_listener *listener; /* NULL: nobody listens */
    uint64_t facts_read;               /* bit a fact */
    uint64_t values_known[FORMULAS_MAX / 64];
    uint64_t unavailable[FORMULAS_MAX / 64]; /* figures of the settlement that have no value */
    int64_t numbers[FACT_COUNT]; /* whole, of amounts in 1/10000 yuan; valid by facts_read */
    struct rational values[FORMULAS_MAX];
};

void formula_start(struct formula_case *one, const struct policy_view *policy, const struct image *image,
                   const struct word_index *words, const casemix_text *facts, uint32_t answer);

/* The value of formula `number`. False: it has none, see status and fact. */
bool formula_value(struct formula_case *one, uint32_t number, struct rational *out);

static inline bool formula_is_known(const struct formula_case *one, uint32_t number) {
    return one->values_known[number / 64] >> (number % 64) & 1;
}

/* Take a value as given, or as one that is not to be had. */
static inline void formula_set(struct formula_case *one, uint32_t number, const struct rational *value) {
    uint64_t bit = (uint64_t)1 << (number % 64);
    if (value != NULL) {
        one->values[number] = *value;
        one->values_known[number / 64] |= bit;
    } else {
        one->values_known[number / 64] &= ~bit;
        one->unavailable[number / 64] |= bit;
    }
}

/* The case's place on an axis. False: the fact is absent or none of the policy's words. */
bool formula_member(struct formula_case *one, uint32_t axis, uint32_t *out);

/* A number or amount of the case, amounts in 1/10000 yuan. False: absent (and the policy does not take it as 0),
 * not a number, negative, too large. */
bool formula_read_fact(struct formula_case *one, uint32_t fact);
static inline bool formula_fact(struct formula_case *one, uint32_t fact, int64_t *out) {
    if ((one->facts_read >> fact & 1) == 0 && !formula_read_fact(one, fact)) {
        return false;
    }
    *out = one->numbers[fact];
    return true;
}

/* Is the fact empty, and does the policy take it as 0 then? */
static inline bool formula_fact_is_zero(const struct formula_case *one, uint32_t fact) {
    return one->facts[fact].length == 0 && (one->policy->about->zero_if_absent >> fact & 1) != 0;
}

/* The value of a formula of nothing but FORMULA_PAY, amounts, constants of at most 4 places, sums, differences, min
 * and max, in 1/10000 yuan: the same as formula_value gives, by the short way. False: ask formula_value. */
enum { FORMULA_UNITS = 10000, FORMULA_FACTOR_UNITS = 1000000 };
bool formula_in_units(struct formula_case *one, uint32_t number, int64_t *out);

/* What a formula had for its value before it was rounded; false if it is not rounded. */
bool formula_unrounded(struct formula_case *one, uint32_t number, struct rational *out);

/* Run the program of a formula once more, its value being known, for the listener to hear what it uses. */
void formula_listen(struct formula_case *one, uint32_t number, struct formula_listener *listener);

#endif
