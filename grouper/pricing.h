/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy made ready for pricing: what depends on nothing but the group and the places of a case (its pool, level,
 * hospital ...) is worked out once and kept, so that the usual case costs a few comparisons of whole numbers. */
#ifndef CASEMIX_GROUPER_PRICING_H
#define CASEMIX_GROUPER_PRICING_H

#include "context.h"
#include "formula.h"

/* How a class's condition is decided. */
enum class_test {
    TEST_ALWAYS,  /* it has no condition */
    TEST_BELOW,   /* cost in fen < limit */
    TEST_ABOVE,   /* cost in fen > limit */
    TEST_FACT,    /* a fact is not 0 */
    TEST_FIXED,   /* its formula is fixed: limit is 1 where it holds */
    TEST_FORMULA, /* by its formula */
};

struct class_plan {
    enum class_test test;
    bool inclusive;    /* of the formula's comparison; the limit has it worked in */
    bool pay_is_fixed; /* its pay depends on group and places only */
    uint32_t bound;    /* formula of the limit; of TEST_FACT: the fact */
};

/* What is fixed for a group and places. Amounts in fen, points and point value in the units of casemix.h. */
struct fixed_class {
    casemix_amount limit; /* of TEST_BELOW, TEST_ABOVE and TEST_FIXED */
    casemix_amount pay;   /* of pay_is_fixed */
};
struct fixed {
    uint64_t key; /* 1 + number of group and places; 0: nothing is kept here */
    casemix_points points;
    casemix_point_value point_value;
    casemix_amount base_standard, low_below, high_above;
    struct fixed_class classes[]; /* class_count */
};

struct pricing {
    const struct policy_view *view;
    struct class_plan *plans;  /* class_count */
    casemix_text *members;     /* of the axes, member_count */
    casemix_text *class_names; /* class_count */
    struct word_index words;
    const casemix_settlement *settlement; /* whose figures and quotas count; NULL: none */
    uint64_t settled[FORMULAS_MAX / 64]; /* bit a formula: it is computed anew from the figures of the settlement */
    bool points_first;           /* points need a formula that is replaced: they are computed before it is */
    uint32_t *first_classes;     /* class_count: the first class of the same name */
    struct formula_case run;     /* of the case that was priced last */
    uint32_t class;              /* of it; IMAGE_NONE32: none */
    bool in_units[FORMULAS_MAX]; /* the formula can be tried by formula_in_units */
    uint32_t cases;              /* IMAGE_CLASS_ that have classes */
    uint32_t from, until;        /* dates of force as 20260131; 0 and UINT32_MAX where it is open */
    char in_force[10];           /* the date of discharge that was found in force last: a month has few */
    bool is_fixed;               /* the base figures depend on group and places only */
    struct {
        uint32_t axis, size;
    } places[IMAGE_AXES_MAX]; /* that count, with how many there are on the axis */
    uint32_t place_count;
    bool plain_factor; /* they also need the factor of auxiliary catalogues, and are kept for 1 */
    uint64_t keys;     /* how many there can be */
    size_t fixed_size; /* bytes of a struct fixed with its classes */
    uint64_t mask;     /* of the places to keep them: a power of two, less one */
    char *kept;
};

/* Base figures and classes of a formula_case. NULL: they are not all fixed, or have
 * no value; then everything is to be computed. */
const struct fixed *pricing_fixed(struct pricing *pricing, struct formula_case *run);

/* From here on what the settlement says counts: the figures of the case's pool, and what is computed from them. */
void pricing_settle(const struct pricing *pricing, struct formula_case *run);
/* What was fixed is to be computed anew. */
void pricing_forget(struct pricing *pricing);

/* The parts that both ways of pricing share; false where a formula has no value (see run->status). */
bool price_base(struct formula_case *run, struct fixed *out);
bool price_value(struct formula_case *run, struct fixed *out); /* point value and standard */
bool price_bound(struct formula_case *run, uint32_t formula, bool low, bool inclusive, casemix_amount *out);
/* rounded to `places` of a yuan, in fen */
bool price_amount(struct formula_case *run, uint32_t formula, uint32_t places, casemix_amount *out);

#endif
