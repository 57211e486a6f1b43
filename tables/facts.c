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
