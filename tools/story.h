/* SPDX-License-Identifier: Apache-2.0
 *
 * The reasons of an answer as a coder reads them. */
#ifndef CASEMIX_TOOLS_STORY_H
#define CASEMIX_TOOLS_STORY_H

#include "common.h"

/* Group the case again and tell how it went. all: every step; otherwise what mattered. image: of the context. */
casemix_result tell_story(FILE *to, const casemix_image *image, casemix_context *context, const casemix_case *one,
                          bool all);
/* The findings of the context from number `first` on, under a heading if there are any. */
void tell_findings(FILE *to, const casemix_context *context, uint32_t first);
/* The derivation of its price as numbered lines, and as a JSON object (explain_money.c). month: settled, by whose figures the
 * context prices; those of the case's pool and hospital are derived, too. NULL: the case alone. */
casemix_result tell_price(FILE *to, casemix_context *context, const casemix_case *one,
                          const casemix_grouping *grouping, casemix_settlement *month, casemix_text hospital);
casemix_result print_price_json(FILE *to, casemix_context *context, const casemix_case *one,
                                const casemix_grouping *grouping, casemix_settlement *month, casemix_text hospital);

#endif
