/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <string.h>
#include <strings.h>

const struct fact_row fact_rows[FACT_COUNT] = {
#define FACT(name, word, column, kind, unit, meaning) {#name, word, column, unit, meaning, FACT_KIND_##kind},
#include "facts.def"
#undef FACT
};

static int same(const char *name, const char *text, size_t length) {
    return length > 0 && strlen(name) == length && strncasecmp(name, text, length) == 0;
}

enum fact fact_of_column(const char *column, size_t length) {
    for (int f = 0; f < FACT_COUNT; f++) {
        if (same(fact_rows[f].column, column, length)) {
            return (enum fact)f;
        }
    }
    return FACT_COUNT;
}

enum fact fact_of_word(const char *word, size_t length) {
    for (int f = 0; f < FACT_COUNT; f++) {
        if (same(fact_rows[f].word, word, length)) {
            return (enum fact)f;
        }
    }
    return FACT_COUNT;
}

const enum fact *fact_ratio(enum fact fact) {
    static const enum fact parts[FACT_COUNT + 1][2] = {
        [FACT_DRUG_SHARE] = {FACT_DRUG_COST, FACT_COST},       [FACT_MATERIAL_SHARE] = {FACT_MATERIAL_COST, FACT_COST},
        [FACT_THERAPY_SHARE] = {FACT_THERAPY_COST, FACT_COST}, [FACT_TCM_SHARE] = {FACT_TCM_COST, FACT_COST},
        [FACT_COST_RATIO] = {FACT_COST, FACT_COUNT},           [FACT_STAY_RATIO] = {FACT_STAY, FACT_COUNT},
    };
    return fact < FACT_COUNT && fact_rows[fact].kind == FACT_KIND_RATIO ? parts[fact] : NULL;
}
