/* SPDX-License-Identifier: Apache-2.0
 *
 * The entry of a case under a DIP scheme; tables/image_dip.h tells how it is looked up. */
#ifndef CASEMIX_GROUPER_DIP_H
#define CASEMIX_GROUPER_DIP_H

#include "working.h"

/* In place of a tie rule's place in its step: the catalogue's order decided, or there was no rival. */
enum { DIP_BY_ORDER = IMAGE_DIP_RULES_MAX, DIP_NO_RIVAL };

/* A match that holds, and what tie rules ask of it. */
struct dip_found {
    const struct image_dip_match *match;
    uint32_t matched; /* procedures in it */
    uint32_t loose;   /* needs that only a shorter code meets */
    bool principal;   /* the principal procedure is in it */
    bool leaves_surgery;
};

/* Nothing is known yet of the prepared case but its principal diagnosis. */
void start_dip(struct casemix_context *context);

/* The entry of the prepared case whose facts are found, that is not barred. The procedures that count take the
 * places of those given. */
void find_entry(struct casemix_context *context, struct working *work, casemix_grouping *out);

/* ---- for explanations, which ask one by one ---- */

/* The ways in which entries take the principal diagnosis. */
const struct image_dip_bucket *dip_bucket(const struct casemix_context *context);

/* Is a step for cases such as this? */
bool dip_step_takes(const struct casemix_context *context, const struct image_dip_step *step,
                    const struct working *work);

/* Does a match hold? */
bool dip_match_holds(const struct casemix_context *context, const struct image_dip_match *match,
                     const struct working *work, struct dip_found *out);

/* Is a need met by some procedure that counts? */
bool dip_need_met(const struct casemix_context *context, const struct image_dip_need *need);

/* What a tie rule says of a match: more is better. */
int64_t dip_worth(const struct casemix_context *context, const struct image_dip_step *step,
                  enum image_dip_rule rule, const struct dip_found *found);

/* Above 0: the first is better, by the rule at *place of the step's list, or by DIP_BY_ORDER. */
int dip_compare(const struct casemix_context *context, const struct image_dip_step *step, const struct dip_found *a,
                const struct dip_found *b, uint32_t *place);

/* Mean cost of an entry for the hospital's level, 1/10000 yuan; -1: none. */
int64_t dip_mean_cost(const struct casemix_context *context, uint32_t entry);

/* Part of the catalogue that an entry stands in. */
static inline uint32_t dip_part(const struct casemix_context *context, uint32_t entry) {
    return context->scheme->steps[context->scheme->drgs[entry].step].mdc;
}

/* "plus", "score" ...; "order"; "" */
const char *dip_rule_text(const struct casemix_context *context, uint32_t step, uint32_t place);

/* explain.c calls it after the facts and the severity were told. */
struct telling;
void tell_dip(struct telling *telling, const casemix_grouping *answer);

#endif
