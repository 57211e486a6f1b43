/* SPDX-License-Identifier: Apache-2.0
 *
 * A duel over DIP: the library and the slow evaluator (tests/oracle/dip_oracle.h) group the same generated cases,
 * and must agree in all they say of them. */
#ifndef CASEMIX_TESTS_DIP_DUEL_H
#define CASEMIX_TESTS_DIP_DUEL_H

#include "../generate/dip_cases.h"
#include "../oracle/dip_oracle.h"

struct dip_duel {
    casemix_context *context;
    casemix_case *one;
    struct oracle *oracle;
    struct dip_generator *generator;
    const struct scheme *scheme;
    uint64_t seed;
    unsigned mismatches;
    uint64_t by_status[5], by_reason[32];
    uint64_t by_rule[IMAGE_DIP_RULES]; /* that decided; 0: the catalogue's order */
    uint64_t by_step[IMAGE_DIP_STEPS_MAX];
    uint64_t contested; /* cases with more than one entry */
    bool *answered;     /* one an entry: it was the answer of some case */
};

/* The image must be of the scheme, and both must outlive the duel. */
void dip_duel_start(struct dip_duel *duel, const casemix_image *image, const struct scheme *scheme, uint64_t seed,
                    bool compatibility);
void dip_duel_end(struct dip_duel *duel);

/* The n-th case of the seed. A difference is shown on stderr, the first ones with the explanation. `explain`:
 * casemix_explain must agree too. */
void dip_duel_fight(struct dip_duel *duel, uint64_t n, bool explain);

/* One given case; false if they differ. What the slow evaluator said is in `want` (NULL: not asked for). */
bool dip_duel_case(struct dip_duel *duel, const struct plain_case *plain, bool explain, struct dip_answer *want);

/* How many cases came to what, as a line or two on stderr. */
void dip_duel_record(const struct dip_duel *duel, const char *title);

#endif
