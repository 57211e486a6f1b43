/* SPDX-License-Identifier: Apache-2.0
 *
 * A duel: the library and the slow evaluator (tests/oracle) group the same generated cases, and must agree. */
#ifndef CASEMIX_TESTS_DUEL_H
#define CASEMIX_TESTS_DUEL_H

#include "../generate/generate.h"

struct duel {
    casemix_context *context;
    casemix_case *one;
    struct oracle *oracle;
    struct generator *generator;
    uint64_t seed;
    unsigned mismatches;
    uint64_t by_status[5];
};

/* The image must be of the scheme, and both must outlive the duel. */
void duel_start(struct duel *duel, const casemix_image *image, const struct scheme *scheme, uint64_t seed,
                bool compatibility);
void duel_end(struct duel *duel);

/* The n-th case of the seed; a difference is shown on stderr, the first ones whole. `explain`: casemix_explain, which
 * evaluates conditions in a way of its own, must agree too. `want`, if not NULL, is what the slow evaluator said. */
void duel_fight(struct duel *duel, uint64_t n, bool explain, struct oracle_answer *want);

#endif
