/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions as they were written, evaluated one by one. Slow; for explanations, and for the reason why a case is in
 * no group. */
#ifndef CASEMIX_GROUPER_EVALUATE_H
#define CASEMIX_GROUPER_EVALUATE_H

#include "context.h"

/* Does a number compare with another as the image says it (image_derived)? */
bool compares(int64_t value, unsigned compare, int64_t with);

/* Does the condition hold for the prepared case? */
bool condition_holds(const struct casemix_context *context, uint32_t expression);

/* Does a condition ask, anywhere in it, for the principal diagnosis? An MDC that does not is entered by procedures. */
bool condition_asks_diagnosis(const struct casemix_context *context, uint32_t expression);

/* Severity of an other diagnosis (its place in the list), after exclusion by the principal one; *excluded says that it
 * would have counted. */
casemix_severity severity_of(const struct casemix_context *context, uint32_t place, bool *excluded);

/* Say in words what a condition that is no `and`, `or` or `not` found in the case. */
void describe_test(const struct casemix_context *context, uint32_t expression, char *out, size_t size);

/* A ratio as facts.def holds it: "0.2500", or "a little over 0.3333". */
void describe_ratio(int64_t held, char *out, size_t size);

#endif
