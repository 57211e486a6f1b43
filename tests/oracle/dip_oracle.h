/* SPDX-License-Identifier: Apache-2.0
 *
 * The second evaluator for DIP: every entry of the catalogue is looked at for every step of the search, one after
 * another, and the tie rules strike out what loses until one entry is left. Make the oracle with oracle_new. */
#ifndef CASEMIX_TESTS_DIP_ORACLE_H
#define CASEMIX_TESTS_DIP_ORACLE_H

#include "../../tables/compile/dip.h"
#include "oracle.h"

enum { DIP_INDICES_MAX = 64, DIP_PROCEDURES_MAX = 200, DIP_FINDINGS_MAX = 400 };

struct dip_answer_index {
    const char *index, *class_name;
    bool supervision, counts;
    int64_t number;
};

struct dip_answer_finding {
    casemix_finding_code code;
    size_t place;
    const char *replaced_by; /* "" if nothing is */
};

/* Members as in casemix_dip and what goes with it; texts are "" where there is nothing. */
struct dip_answer {
    struct oracle_answer base; /* mdc: the part, drg: the entry */
    uint32_t entry, part;      /* their numbers, where there are some */
    const char *name, *kind, *case_kind, *step, *rule, *diagnosis;
    size_t step_number;
    enum image_dip_rule rule_number; /* END: the catalogue's order, or there was no choice */
    int64_t score, mean_cost, factor;
    bool basic;
    struct dip_answer_index indices[DIP_INDICES_MAX];
    size_t index_count;
    /* The operations that counted, the principal one first ("" if there is none but others are). */
    const char *procedures[DIP_PROCEDURES_MAX], *procedure_kinds[DIP_PROCEDURES_MAX];
    size_t procedure_count;
    /* Those of DIP alone: 11 to 14. */
    struct dip_answer_finding findings[DIP_FINDINGS_MAX];
    size_t finding_count;
    size_t matched; /* entries that the answering step found; for the record of a test */
};

void dip_oracle_group(const struct oracle *oracle, const struct plain_case *one, struct dip_answer *out);

/* "plus", ...; "order" for END. */
const char *dip_rule_name(enum image_dip_rule rule);

#endif
