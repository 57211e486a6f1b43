/* SPDX-License-Identifier: Apache-2.0
 *
 * The second evaluator: groups a case by walking the scheme as it was read from YAML, one condition after another.
 * Slow and obvious on purpose; it shares no line with grouper/, so that where the two agree, both are probably
 * right. */
#ifndef CASEMIX_TESTS_ORACLE_H
#define CASEMIX_TESTS_ORACLE_H

#include "../../grouper/casemix.h"
#include "../../tables/compile/scheme.h"

/* A case as it stands in a file: the text of each fact, codes separated by `|`. NULL: absent. */
struct plain_case {
    const char *facts[FACT_COUNT];
};

struct oracle_answer {
    casemix_status status;
    casemix_reason reason;
    int fact; /* for the reasons that speak of one, otherwise -1 */
    casemix_severity severity;
    const char *mdc, *adrg, *drg; /* "" where there is none */
};

struct oracle;

struct oracle *oracle_new(const struct scheme *scheme, bool compatibility);
void oracle_free(struct oracle *oracle);
void oracle_group(const struct oracle *oracle, const struct plain_case *one, struct oracle_answer *out);

#endif
