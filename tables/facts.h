/* SPDX-License-Identifier: Apache-2.0
 *
 * The facts of a case as C sees them; the table itself is facts.def. */
#ifndef CASEMIX_TABLES_FACTS_H
#define CASEMIX_TABLES_FACTS_H

#include <stddef.h>

enum fact {
#define FACT(name, word, column, kind, unit, meaning) FACT_##name,
#include "facts.def"
#undef FACT
    FACT_COUNT
};

enum fact_kind {
    FACT_KIND_NUMBER,
    FACT_KIND_MONEY,
    FACT_KIND_TEXT,
    FACT_KIND_DATE,
    FACT_KIND_DIAGNOSES,
    FACT_KIND_PROCEDURES,
    FACT_KIND_SEX,
    FACT_KIND_FLAG,
    FACT_KIND_RATIO,
};

struct fact_row {
    const char *name;    /* "AGE" */
    const char *word;    /* "NL", or "" */
    const char *column;  /* "age" */
    const char *unit;    /* "years", or "" */
    const char *meaning; /* one line for people */
    enum fact_kind kind;
};

/* The table, FACT_COUNT rows, in the order of enum fact. */
extern const struct fact_row fact_rows[FACT_COUNT];

/* The fact of a column or of a word of the rule language (case does not matter); FACT_COUNT if there is none. */
enum fact fact_of_column(const char *column, size_t length);
enum fact fact_of_word(const char *word, size_t length);

/* Dividend and divisor of a RATIO; the divisor is FACT_COUNT where it is a mean of the case's DIP entry. NULL for other
 * facts. */
const enum fact *fact_ratio(enum fact fact);

/* Known only once the entry of the case is. */
static inline int fact_is_late(enum fact fact) {
    const enum fact *parts = fact_ratio(fact);
    return parts != NULL && parts[1] == FACT_COUNT;
}

#endif
