/* SPDX-License-Identifier: Apache-2.0
 *
 * How values were computed, told line by line: of a case's price and of a settlement's figures. */
#ifndef CASEMIX_GROUPER_DERIVATION_H
#define CASEMIX_GROUPER_DERIVATION_H

#include "formula.h"

struct teller {
    casemix_derivation_fn *tell;
    void *user;
    struct formula_case *run;
};

/* A line that is no formula of the policy; line: of the policy's own file. */
void derivation_line(const struct teller *teller, const char *what, const char *formula, const char *inputs,
                     const char *result, uint32_t line);
/* The case's place on an axis (its pool, its level), if it has one. */
void derivation_place(const struct teller *teller, uint32_t axis);
/* A formula whose value is known, with the values it used. places: where its result is rounded, -1 if it is not. */
void derivation_formula(const struct teller *teller, uint32_t number, int places);
/* A formula of the case that has the value of a pool's figure instead of its own. */
void derivation_replaced(const struct teller *teller, uint32_t number, uint32_t figure);

#endif
