/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases made by chance, aimed at a scheme: each starts from a DRG of the scheme and is made to meet its condition,
 * then is disturbed with further codes, numbers at the borders of the rules, missing and dirty values. */
#ifndef CASEMIX_TESTS_GENERATE_H
#define CASEMIX_TESTS_GENERATE_H

#include "../oracle/oracle.h"
#include "random.h"

struct generator;

struct generator *generator_new(const struct scheme *scheme, uint64_t seed);
void generator_free(struct generator *generator);

/* The n-th case of the generator's seed; each can be made without those before it. The texts belong to the
 * generator until the next call. Facts ID, SEX .. MULTIPLE_SITES, and amounts and texts that the rules ask for. */
void generator_case(struct generator *generator, uint64_t n, struct plain_case *out);

/* A case without dirt and without anything that the DRG does not ask for, for samples that look like real claims.
 * It may still fall into another group. Only codes and the numbers the conditions name are filled. */
void generator_clean_case(struct generator *generator, struct random *random, const struct step *step,
                          const struct drg *drg, struct plain_case *out);

#endif
