/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a settlement, shared by the files that add up, rank and compute. */
#ifndef CASEMIX_GROUPER_SETTLEMENT_H
#define CASEMIX_GROUPER_SETTLEMENT_H

#include "../tables/decimal.h"
#include "../tables/image_reader.h"
#include "../tables/policy_view.h"
#include "casemix.h"
#include "formula.h"

/* An entry for what is said of a hospital in every pool; it is in no list. */
enum { EVERY_POOL = UINT32_MAX };

/* The cases of a hospital in a pool. pool: number among the policy's, pool_count for one that is not known. */
struct entry {
    char *hospital;
    size_t hospital_length;
    uint32_t pool;
    casemix_total total; /* its texts are filled when they are asked for */
    casemix_account account;
};

/* A case that a quota may let in. */
struct candidate {
    uint32_t quota, entry;
    struct rational rank;
    char *id;
    size_t id_length;
};

enum settlement_stage { STAGE_QUOTAS, STAGE_TOTALS, STAGE_PAYMENTS, STAGE_DONE };

struct casemix_settlement {
    const struct image *image;
    const struct policy_view *policy;
    enum settlement_stage stage;
    struct entry *entries;
    size_t count, capacity;
    uint32_t *slots; /* number of the entry + 1; 0 is free */
    size_t slot_count;
    uint32_t *order; /* entries that are listed, sorted */
    size_t sorted;   /* entries when it was sorted */
    uint32_t listed;
    uint32_t pool_count;
    casemix_total *pools; /* pool_count + 1; the last for cases without a known pool */
    casemix_account *accounts;

    /* total_count a pool or entry: sums in the units of total_unit, what was said (denominator 0: nothing) */
    wide *pool_sums, *entry_sums;
    struct image_decimal *pool_items, *entry_items;
    /* figure_count a pool or entry; denominator 0: no value */
    struct rational *pool_figures, *entry_figures;

    struct candidate *candidates;
    size_t candidate_count, candidate_capacity;
    uint32_t *admitted; /* number of the candidate + 1 by id and hospital; 0 is free */
    size_t admitted_slots;
};

/* The value of figure `number` for a pool; NULL: it has none. */
const struct rational *settlement_figure(const casemix_settlement *settlement, uint32_t pool, uint32_t number);
/* Have the figures of pools been computed? */
bool settlement_has_figures(const casemix_settlement *settlement);

/* quota.c */
bool settlement_admits(const casemix_settlement *settlement, uint32_t quota, casemix_text id,
                       casemix_text hospital);
/* False: no memory. */
bool settlement_offer(casemix_settlement *settlement, const struct candidate *candidate);
casemix_result settlement_admit(casemix_settlement *settlement, casemix_error *error);
void settlement_free_candidates(casemix_settlement *settlement);

/* figures.c. Total t of pool or entry `row` out of sums and items of all; denominator 0: it had to be said, and was not. */
struct rational settlement_total(const casemix_settlement *settlement, const wide *sums,
                                 const struct image_decimal *items, size_t row, uint32_t t);
/* Totals of a pool (entry IMAGE_NONE32) or of an entry and its pool, ready for formulas. */
struct figure_case {
    struct formula_case run;
    casemix_text facts[FACT_COUNT];
    struct rational pool[IMAGE_TOTALS_MAX], hospital[IMAGE_TOTALS_MAX], all[IMAGE_TOTALS_MAX];
};
casemix_result figures_start(const casemix_settlement *settlement, uint32_t pool, uint32_t entry,
                             struct figure_case *out, casemix_error *error);
casemix_result figures_of_pools(casemix_settlement *settlement, bool last, casemix_error *error);
casemix_result figures_of_hospitals(casemix_settlement *settlement, casemix_error *error);
casemix_result figures_close(casemix_settlement *settlement, casemix_error *error);

/* settle.c */
const char *settlement_pool_name(const casemix_settlement *settlement, uint32_t pool);
casemix_result settlement_fail(casemix_error *error, casemix_result code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
