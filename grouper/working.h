/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds of the case at hand, as bits: shared by the hot paths of DRG and DIP. */
#ifndef CASEMIX_GROUPER_WORKING_H
#define CASEMIX_GROUPER_WORKING_H

#include "context.h"

struct working {
    uint64_t rules[IMAGE_ROW_WORDS_MAX];  /* DRG: candidates, a bit a rule */
    uint64_t facts[IMAGE_FACT_WORDS_MAX]; /* what holds, a bit a fact */
};

static inline void or_facts(const struct scheme_view *scheme, uint32_t row, uint64_t *facts) {
    uint32_t words = scheme->about->fact_words;
    const uint64_t *from = scheme->fact_rows + (size_t)row * words;
    for (uint32_t w = 0; w < words; w++) {
        facts[w] |= from[w];
    }
}

static inline bool mask_holds(const struct scheme_view *scheme, uint32_t mask, const uint64_t *facts) {
    uint32_t words = scheme->about->fact_words;
    const uint64_t *need = scheme->masks + (size_t)mask * 2 * words, *forbid = need + words;
    uint64_t wrong = 0;
    for (uint32_t w = 0; w < words; w++) {
        wrong |= (need[w] & ~facts[w]) | (forbid[w] & facts[w]);
    }
    return wrong == 0;
}

static inline const struct image_diagnosis_profile *diagnosis_of(const struct scheme_view *scheme, uint32_t id) {
    return &scheme->diagnosis_profiles[id == IMAGE_NONE32 ? 0 : scheme->diagnosis_profile[id]];
}

static inline const struct image_procedure_profile *procedure_of(const struct scheme_view *scheme, uint32_t id) {
    return &scheme->procedure_profiles[id == IMAGE_NONE32 ? 0 : scheme->procedure_profile[id]];
}

/* The facts that numbers and texts of the case make true. */
void look_at_values(const struct casemix_context *context, struct working *work);

/* The facts that follow from others. Call last. */
void derive_facts(const struct casemix_context *context, struct working *work);

/* Numbers that were not known before (bit a fact) are there now: what follows from them is found anew. */
void look_at_late_values(const struct casemix_context *context, uint64_t late, struct working *work);

/* classify.c: all facts of the prepared case, without the rules of DRG that its codes leave. */
void look_at_facts(const struct casemix_context *context, struct working *work);

#endif
