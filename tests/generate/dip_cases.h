/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases made by chance, aimed at a DIP catalogue: each takes an entry and is made to fit it, or to miss it by one
 * thing: another operation, an extension, one more surgical operation, another principal one, a cost near the
 * middle of two entries, ages and ratios at their bounds, absent facts. Deterministic by seed, as generate.h. */
#ifndef CASEMIX_TESTS_DIP_CASES_H
#define CASEMIX_TESTS_DIP_CASES_H

#include "../../tables/compile/dip.h"
#include "generate.h"

struct dip_generator;

struct dip_generator *dip_generator_new(const struct scheme *scheme, uint64_t seed);
void dip_generator_free(struct dip_generator *generator);

/* The n-th case of the seed; the texts belong to the generator until the next call. */
void dip_generator_case(struct dip_generator *generator, uint64_t n, struct plain_case *out);

#endif
