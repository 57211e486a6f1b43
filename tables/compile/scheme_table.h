/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files that make a scheme's tables share: scheme_table.c (what every scheme has), rule_table.c (the rules of a
 * DRG scheme), dip_table.c (the matches of a DIP scheme). */
#ifndef CASEMIX_COMPILE_SCHEME_TABLE_H
#define CASEMIX_COMPILE_SCHEME_TABLE_H

#include "condition_table.h"
#include "fact_table.h"
#include "run_pool.h"

/* One conjunction of a step's condition and its MDC's, taken apart. */
struct rule {
    uint16_t step, mask;
    const uint64_t *allowed[CODE_KINDS]; /* principal codes that pass, bit a code; NULL: all */
    bool absent_passes[CODE_KINDS];      /* as does having none, or one that is in no list */
    const struct codeset *any[CODE_KINDS]; /* some code must be of this set; NULL: not asked */
};

struct builder {
    struct arena *arena;
    struct report *report;
    struct image_writer *writer;
    const struct scheme *scheme;
    const uint16_t *ids[CODE_KINDS];
    uint32_t id_counts[CODE_KINDS];
    struct fact_table *facts;
    struct condition_table *conditions;
    struct image_step *steps;
    struct image_drg *drgs;
    struct image_mdc *mdcs;
    size_t mdc_count, mdc_capacity, step_count, step_capacity, drg_count, drg_capacity;
    uint64_t used_numbers; /* as in image_scheme */
    /* of a DRG scheme */
    struct rule *rules;
    struct image_branch *branches;
    size_t rule_count, rule_capacity, branch_count, branch_capacity;
    size_t row_words;
    struct run_pool rows; /* uint64_t, row_words each */
};

/* The numbers that a condition looks at. Also where it can never hold: what a bad value does to a case must not hang
 * on how conditions are multiplied out. */
void use_numbers(struct builder *b, const struct expression *when);
void use_fact(struct builder *b, enum fact fact);

/* The mask of a conjunction, each of its parts asked as a fact; UINT16_MAX if it can never hold. */
uint16_t conjunction_mask(struct builder *b, const struct conjunction *conjunction);

image_text file_name(struct builder *b, struct place place);

/* Records of the scheme's structure. An MDC's steps and a step's DRGs follow it; their counts are `count`. */
void push_mdc(struct builder *b, const struct mdc *mdc);
void push_step(struct builder *b, const struct step *step, struct image_step rest);
void push_drg(struct builder *b, const struct drg *drg, const struct expression *when);

/* False after a message if there are too many of something. */
bool fits(struct builder *b, size_t count, size_t most, const char *what);

/* ---- rule_table.c ---- */

/* The rows of a code: as principal code, and where rules ask for any code. */
struct code_rows {
    uint16_t principal, any;
};

/* MDCs, steps, DRGs and rules. False after a message. */
bool rules_add(struct builder *b, struct image_scheme *about);
/* The rows of each code of a kind; behind the last, those of none or an unknown one. `base`: the row of the rules that
 * do not ask for any code of the kind. */
struct code_rows *rules_code_rows(struct builder *b, enum code_kind kind, uint32_t *base);
bool rules_write(struct builder *b, uint32_t owner);

/* ---- dip_table.c ---- */

/* Parts and entries as MDCs and DRGs, and the sections of image_dip.h. False after a message. */
bool dip_tables_write(struct builder *b, uint32_t owner);

#endif
