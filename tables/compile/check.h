/* SPDX-License-Identifier: Apache-2.0
 *
 * The review of a scheme: what no single line shows. */
#ifndef CASEMIX_COMPILE_CHECK_H
#define CASEMIX_COMPILE_CHECK_H

#include "region.h"

/* Says: codes of groups twice; groups that can never be reached, and which ones take their cases; principal
 * diagnoses that stand in two MDCs or in none; MDC diagnoses that none of its medical groups takes; codes of a
 * group's list that its MDC does not have; MCC and CC without an exclusion table that some principal diagnosis has.
 * Of a DIP scheme: parts, entries and classes that no case comes to, steps that find nothing. */
void scheme_check(struct report *report, const struct scheme *scheme);

/* ---- between the files that make up the review ---- */

struct review {
    struct arena *arena;
    struct report *report;
    const struct scheme *scheme;
    struct regions regions;
    struct region_list *mdcs; /* the regions of each MDC's condition */
    bool *unclear;            /* the condition of this MDC is too large to look at */
};

void check_reach(struct review *review);
void check_diagnoses(struct review *review);
void check_dip(struct review *review); /* of a DIP scheme, in place of the two above */

/* Switched off on purpose: `when: 0`. */
bool switched_off(const struct expression *when);

/* The first codes of a set in words, "A00.000, A00.100 ..."; *count: how many there are. */
const char *first_codes(const struct review *review, enum code_kind kind, const uint64_t *bits, unsigned *count);

/* "line 12", or "line 12 of A.yaml" if that is not the file of `from`. */
const char *line_words(const struct review *review, const struct place *place, const struct place *from);

#endif
