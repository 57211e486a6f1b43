/* SPDX-License-Identifier: Apache-2.0
 *
 * From the numbers and texts of a prepared case to facts, and from facts to facts; image.h tells the tables. */
#include "working.h"

#include <string.h>

#include "evaluate.h"

/* The facts of the interval that the value lies in. */
static inline __attribute__((always_inline)) void
look_at_number(const struct casemix_context *context, const struct image_number *number, struct working *work) {
    const struct scheme_view *scheme = context->scheme;
    int64_t value = context->prepared.numbers[number->fact];
    const struct image_break *first = scheme->breaks + number->first_break;
    const struct image_break *at = first + number->break_count;
    while (at > first && value < (at - 1)->from) {
        at--;
    }
    if (at > first) {
        or_facts(scheme, (at - 1)->facts, work->facts);
    }
}

void look_at_values(const struct casemix_context *context, struct working *work) {
    const struct scheme_view *scheme = context->scheme;
    for (uint32_t i = 0; i < scheme->number_count; i++) {
        if (context->prepared.present >> scheme->numbers[i].fact & 1) {
            look_at_number(context, &scheme->numbers[i], work);
        }
    }
    for (uint32_t i = 0; i < scheme->word_count; i++) {
        const struct image_word *word = &scheme->words[i];
        casemix_text value = without_blanks(context->given->facts[word->fact]);
        bool is = word->length == 0
                      ? !is_absent(value)
                      : value.length == word->length &&
                            memcmp(value.text, image_string(context->owner->image, word->word), word->length) == 0;
        if (is) {
            or_facts(scheme, word->facts, work->facts);
        }
    }
}

/* How many different codes make a fact true: asked by few rules, of few codes. */
static uint32_t count_distinct(const struct casemix_context *context, const struct image_derived *derived) {
    const struct scheme_view *scheme = context->scheme;
    bool procedures = derived->where >= 4;
    const struct code_list *list = procedures ? &context->prepared.procedures : &context->prepared.diagnoses;
    uint32_t from = derived->where & (procedures ? 4 : 1) ? 0 : 1, count = 0;
    uint32_t end = derived->where & (procedures ? 8 : 2) ? list->count : 1;
    for (uint32_t i = from; i < end && i < list->count; i++) {
        uint32_t row;
        if (procedures) {
            const struct image_procedure_profile *profile = procedure_of(scheme, list->ids[i]);
            row = i == 0 ? profile->principal_facts : profile->other_facts;
        } else {
            const struct image_diagnosis_profile *profile = diagnosis_of(scheme, list->ids[i]);
            row = i == 0 ? profile->principal_facts : profile->other_facts;
        }
        const uint64_t *facts = scheme->fact_rows + (size_t)row * scheme->about->fact_words;
        bool counts = facts[derived->of / 64] >> (derived->of % 64) & 1;
        for (uint32_t j = from; j < i && counts; j++) {
            counts = list->ids[j] != list->ids[i];
        }
        count += counts;
    }
    return count;
}

/* How many of the facts of a mask hold: mostly there is none. */
static uint32_t count_holding(const struct scheme_view *scheme, uint32_t mask, const uint64_t *facts) {
    uint32_t words = scheme->about->fact_words, met = 0;
    const uint64_t *of = scheme->masks + (size_t)mask * 2 * words;
    for (uint32_t w = 0; w < words; w++) {
        for (uint64_t bits = of[w] & facts[w]; bits != 0; bits &= bits - 1) {
            met++;
        }
    }
    return met;
}

void derive_facts(const struct casemix_context *context, struct working *work) {
    const struct scheme_view *scheme = context->scheme;
    int64_t total = 0;
    for (uint32_t i = 0; i < scheme->derived_count; i++) {
        const struct image_derived *derived = &scheme->derived[i];
        bool holds = false;
        switch (derived->kind) {
        case IMAGE_DERIVED_AT_LEAST:
            holds = count_holding(scheme, derived->mask, work->facts) >= derived->number;
            break;
        case IMAGE_DERIVED_MATCH:
            holds = mask_holds(scheme, derived->mask, work->facts);
            break;
        case IMAGE_DERIVED_ADD:
            total += (int64_t)derived->number * count_holding(scheme, derived->mask, work->facts);
            break;
        case IMAGE_DERIVED_TOTAL:
            holds = compares(total, derived->compare, derived->number);
            total = 0;
            break;
        default:
            holds = work->facts[derived->of / 64] >> (derived->of % 64) & 1 &&
                    compares(count_distinct(context, derived), derived->compare, derived->number);
        }
        if (holds) {
            work->facts[derived->result / 64] |= (uint64_t)1 << (derived->result % 64);
        }
    }
}

void look_at_late_values(const struct casemix_context *context, uint64_t late, struct working *work) {
    const struct scheme_view *scheme = context->scheme;
    for (uint32_t i = 0; i < scheme->derived_count; i++) { /* what was derived from an absent number may fall */
        uint16_t result = scheme->derived[i].result;
        if (scheme->derived[i].kind != IMAGE_DERIVED_ADD) {
            work->facts[result / 64] &= ~((uint64_t)1 << (result % 64));
        }
    }
    for (uint32_t i = 0; i < scheme->number_count; i++) {
        uint16_t fact = scheme->numbers[i].fact;
        if (late >> fact & 1 && context->prepared.present >> fact & 1) {
            look_at_number(context, &scheme->numbers[i], work);
        }
    }
    derive_facts(context, work);
}
