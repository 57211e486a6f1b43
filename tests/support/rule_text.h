/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule files written by chance: their text, and conditions of every word of the rule language. */
#ifndef CASEMIX_TESTS_RULE_TEXT_H
#define CASEMIX_TESTS_RULE_TEXT_H

#include <stddef.h>

#include "../generate/random.h"

enum { RULE_TEXT_BYTES = 1 << 20, RULE_SETS = 6 };

/* The text of a rule file while it is written. */
struct rule_text {
    char bytes[RULE_TEXT_BYTES];
    size_t length;
};

__attribute__((format(printf, 2, 3))) void put(struct rule_text *text, const char *format, ...);
void rule_text_save(const struct rule_text *text, const char *folder, const char *name);

const char *one_of(struct random *random, const char *const *words, size_t count);
#define ONE_OF(random, ...)                                                                                        \
    one_of(random, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* What conditions may speak of. Sets DI_0 .. DI_5 and OP_0 .. OP_5 must be in the scheme, and the items of its
 * catalogues. */
struct rule_words {
    const char *const *diagnoses, *const *procedures; /* items of sets written in place */
    size_t diagnosis_count, procedure_count;
    bool ratios;      /* shares of the cost */
    bool late;        /* what is known of a DIP entry only */
    bool total;       /* a total called CCI */
    bool no_severity; /* the scheme has no severity lists */
};

/* Sets of the scheme, `sets:`. */
void put_sets(struct rule_text *text, struct random *random, const char *const *diagnoses, size_t diagnosis_count,
              const char *const *procedures, size_t procedure_count);

/* Three exclusion tables made of 12 codes, `severity:`. */
void put_severity(struct rule_text *text, struct random *random, const char *const codes[12]);

/* Where a code is looked for: "{ZYZD,QTZD}". */
const char *where_text(struct random *random, bool diagnoses);
void put_set(struct rule_text *text, struct random *random, const struct rule_words *words, bool diagnoses);
void put_condition(struct rule_text *text, struct random *random, const struct rule_words *words, unsigned depth);

#endif
