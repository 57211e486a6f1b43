/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a settlement: totals, figures and what they were made of, and how a figure was computed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derivation.h"
#include "settlement.h"

enum { FEN = 100 };

/* ---- totals ---- */

static int by_hospital(const void *a, const void *b, void *user) {
    const struct casemix_settlement *settlement = user;
    const struct entry *one = &settlement->entries[*(const uint32_t *)a];
    const struct entry *two = &settlement->entries[*(const uint32_t *)b];
    size_t shorter = one->hospital_length < two->hospital_length ? one->hospital_length : two->hospital_length;
    int order = memcmp(one->hospital, two->hospital, shorter);
    if (order != 0) {
        return order;
    }
    if (one->hospital_length != two->hospital_length) {
        return one->hospital_length < two->hospital_length ? -1 : 1;
    }
    return one->pool < two->pool ? -1 : one->pool > two->pool;
}

uint32_t casemix_settlement_hospitals(casemix_settlement *settlement) {
    if (settlement == NULL) {
        return 0;
    }
    if (settlement->sorted != settlement->count) {
        uint32_t *order = realloc(settlement->order, settlement->count * sizeof *order), listed = 0;
        if (order == NULL) {
            return 0;
        }
        for (size_t i = 0; i < settlement->count; i++) {
            if (settlement->entries[i].pool != EVERY_POOL) {
                order[listed++] = (uint32_t)i;
            }
        }
        qsort_r(order, listed, sizeof *order, by_hospital, settlement);
        settlement->order = order;
        settlement->sorted = settlement->count;
        settlement->listed = listed;
    }
    return settlement->listed;
}

casemix_result casemix_settlement_hospital_at(casemix_settlement *settlement, uint32_t n, casemix_total *out) {
    if (settlement == NULL || out == NULL || n >= casemix_settlement_hospitals(settlement)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const struct entry *entry = &settlement->entries[settlement->order[n]];
    const char *pool = settlement_pool_name(settlement, entry->pool);
    *out = entry->total;
    out->hospital = (casemix_text){entry->hospital, entry->hospital_length};
    out->pool = (casemix_text){pool, strlen(pool)};
    return CASEMIX_OK;
}

/* Pools of the policy, and one more if there are cases without a known pool. */
uint32_t casemix_settlement_pools(casemix_settlement *settlement) {
    if (settlement == NULL) {
        return 0;
    }
    return settlement->pool_count + (settlement->pools[settlement->pool_count].cases > 0);
}

casemix_result casemix_settlement_pool_at(casemix_settlement *settlement, uint32_t n, casemix_total *out) {
    if (settlement == NULL || out == NULL || n >= casemix_settlement_pools(settlement)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const char *pool = settlement_pool_name(settlement, n);
    *out = settlement->pools[n];
    out->hospital = (casemix_text){"", 0};
    out->pool = (casemix_text){pool, strlen(pool)};
    return CASEMIX_OK;
}

/* ---- figures ---- */

/* Number among all figures of figure n of a scope; figure_count if there is none. */
static uint32_t figure_number(const casemix_settlement *settlement, casemix_scope scope, uint32_t n) {
    uint32_t i = 0;
    for (; i < settlement->policy->figure_count; i++) {
        if (settlement->policy->figures[i].scope == (uint32_t)scope && n-- == 0) {
            break;
        }
    }
    return i;
}

uint32_t casemix_settlement_figures(const casemix_settlement *settlement, casemix_scope scope) {
    uint32_t count = 0;
    for (uint32_t i = 0; settlement != NULL && i < settlement->policy->figure_count; i++) {
        count += settlement->policy->figures[i].scope == (uint32_t)scope;
    }
    return count;
}

casemix_text casemix_settlement_figure_name(const casemix_settlement *settlement, casemix_scope scope,
                                            uint32_t figure) {
    if (settlement == NULL || figure >= casemix_settlement_figures(settlement, scope)) {
        return (casemix_text){"", 0};
    }
    uint32_t formula = settlement->policy->figures[figure_number(settlement, scope, figure)].formula;
    const char *name = image_string(settlement->image, settlement->policy->formulas[formula].name);
    return (casemix_text){name, strlen(name)};
}

/* "12.5", or rounded to 8 places where it does not end. */
static void number_text(struct rational value, char *out, size_t size) {
    enum { PLACES = 8 };
    int64_t rounded;
    size_t length = rational_text(value, out, size);
    if (length >= 3 && memcmp(out + length - 3, "...", 3) == 0) {
        if (rational_round(value, PLACES, ROUND_HALF_UP, &rounded)) {
            rational_text(rational_of(rounded, decimal_power(PLACES)), out, size);
        } else {
            out[length - 3] = '\0';
        }
    }
}

/* The entry listed as number n, or the pool; false if there is none. */
static bool find_listed(const casemix_settlement *settlement, casemix_scope scope, uint32_t n, size_t *out) {
    if (scope == CASEMIX_SCOPE_POOL) {
        *out = n;
        return n <= settlement->pool_count;
    }
    if (settlement->sorted != settlement->count || n >= settlement->listed) {
        return false;
    }
    *out = settlement->order[n];
    return true;
}

casemix_result casemix_settlement_figure(const casemix_settlement *settlement, casemix_scope scope, uint32_t n,
                                         uint32_t figure, char *out, size_t size) {
    size_t at;
    if (settlement == NULL || out == NULL || size < RATIONAL_TEXT ||
        figure >= casemix_settlement_figures(settlement, scope) || !find_listed(settlement, scope, n, &at)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const struct rational *all = scope == CASEMIX_SCOPE_POOL ? settlement->pool_figures : settlement->entry_figures;
    out[0] = '\0';
    if (all != NULL) {
        struct rational value =
            all[at * settlement->policy->figure_count + figure_number(settlement, scope, figure)];
        if (value.denominator != 0) {
            number_text(value, out, size);
        }
    }
    return CASEMIX_OK;
}

/* ---- what figures are made of ---- */

/* Sums that no other column has, and what was said. */
static bool is_further_total(const struct image_total *total, casemix_scope scope) {
    switch (total->kind) {
    case IMAGE_TOTAL_FACT:
    case IMAGE_TOTAL_FORMULA:
        return true;
    case IMAGE_TOTAL_BUDGET:
        return scope == CASEMIX_SCOPE_POOL;
    case IMAGE_TOTAL_ITEM:
        return scope == CASEMIX_SCOPE_HOSPITAL;
    default:
        return false;
    }
}

/* Number among all totals of total n of a scope; total_count if there is none. */
static uint32_t total_number(const casemix_settlement *settlement, casemix_scope scope, uint32_t n) {
    uint32_t i = 0;
    for (; i < settlement->policy->total_count; i++) {
        if (is_further_total(&settlement->policy->totals[i], scope) && n-- == 0) {
            break;
        }
    }
    return i;
}

uint32_t casemix_settlement_totals(const casemix_settlement *settlement, casemix_scope scope) {
    uint32_t count = 0;
    for (uint32_t i = 0; settlement != NULL && i < settlement->policy->total_count; i++) {
        count += is_further_total(&settlement->policy->totals[i], scope);
    }
    return count;
}

casemix_text casemix_settlement_total_name(const casemix_settlement *settlement, casemix_scope scope,
                                           uint32_t total) {
    if (settlement == NULL || total >= casemix_settlement_totals(settlement, scope)) {
        return (casemix_text){"", 0};
    }
    const struct image_total *row = &settlement->policy->totals[total_number(settlement, scope, total)];
    const char *name = image_string(settlement->image, row->name);
    return (casemix_text){name, strlen(name)};
}

casemix_result casemix_settlement_total(const casemix_settlement *settlement, casemix_scope scope, uint32_t n,
                                        uint32_t total, char *out, size_t size) {
    size_t at;
    if (settlement == NULL || out == NULL || size < RATIONAL_TEXT ||
        total >= casemix_settlement_totals(settlement, scope) || !find_listed(settlement, scope, n, &at)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    bool of_pool = scope == CASEMIX_SCOPE_POOL;
    struct rational value = settlement_total(settlement, of_pool ? settlement->pool_sums : settlement->entry_sums,
                                             of_pool ? settlement->pool_items : settlement->entry_items, at,
                                             total_number(settlement, scope, total));
    out[0] = '\0';
    if (value.denominator != 0) {
        number_text(value, out, size);
    }
    return CASEMIX_OK;
}

casemix_result casemix_settlement_account(const casemix_settlement *settlement, casemix_scope scope, uint32_t n,
                                          casemix_account *out) {
    size_t at;
    if (settlement == NULL || out == NULL || !find_listed(settlement, scope, n, &at)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    *out = scope == CASEMIX_SCOPE_POOL ? settlement->accounts[at] : settlement->entries[at].account;
    return CASEMIX_OK;
}

/* ---- how figures were computed ---- */

/* Every figure of the scope is computed anew from the totals; what it takes on the way gets its line, too. */
static void tell_figures(const casemix_settlement *settlement, casemix_scope scope, const struct rational *pool,
                         struct figure_case *figure, casemix_derivation_fn *tell, void *user) {
    const struct policy_view *policy = settlement->policy;
    struct teller teller = {tell, user, &figure->run};
    bool given[FORMULAS_MAX] = {false};
    for (uint32_t i = 0; i < policy->figure_count; i++) {
        struct rational unused;
        uint32_t formula = policy->figures[i].formula;
        if (policy->figures[i].scope == (uint32_t)scope) {
            formula_value(&figure->run, formula, &unused);
        } else if (scope == CASEMIX_SCOPE_HOSPITAL && pool[i].denominator != 0) {
            formula_set(&figure->run, formula, &pool[i]);
            given[formula] = true;
        }
    }
    for (uint32_t n = 0; n < policy->formula_count; n++) {
        if (formula_is_known(&figure->run, n) && !given[n]) {
            derivation_formula(&teller, n, -1);
        }
    }
}

/* How the parts of a pool were made to add up to its pot. */
static void tell_closing(const casemix_settlement *settlement, const struct entry *entry,
                         struct figure_case *figure, casemix_derivation_fn *tell, void *user) {
    const struct image_policy *about = settlement->policy->about;
    struct teller teller = {tell, user, &figure->run};
    char inputs[3 * RATIONAL_TEXT], closing[RATIONAL_TEXT], paid[RATIONAL_TEXT], cases[RATIONAL_TEXT];
    if (about->closed == IMAGE_NONE32 || settlement->stage != STAGE_DONE) {
        return;
    }
    rational_text(rational_of(entry->account.of_cases, FEN), cases, sizeof cases);
    rational_text(rational_of(entry->account.closing, FEN), closing, sizeof closing);
    rational_text(rational_of(entry->total.fund_payment, FEN), paid, sizeof paid);
    snprintf(inputs, sizeof inputs, "of_cases %s, closing %s", cases, closing);
    derivation_line(&teller, "fund_payment", "closed to the fen: largest remainders first, ties by hospital",
                    inputs, paid, settlement->policy->formulas[about->closed].line);
}

casemix_result casemix_explain_figures(const casemix_settlement *settlement, casemix_scope scope, uint32_t n,
                                       casemix_derivation_fn *tell, void *user, casemix_error *error) {
    size_t at;
    if (settlement == NULL || tell == NULL || !find_listed(settlement, scope, n, &at)) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT, "there is no such pool or hospital in the settlement");
    }
    const struct entry *entry = scope == CASEMIX_SCOPE_HOSPITAL ? &settlement->entries[at] : NULL;
    uint32_t pool = entry != NULL ? entry->pool : (uint32_t)at;
    if (pool >= settlement->pool_count) {
        return CASEMIX_OK; /* cases without a known pool: nothing is computed of them */
    }
    struct figure_case *figure = malloc(sizeof *figure);
    if (figure == NULL) {
        return settlement_fail(error, CASEMIX_NO_MEMORY, "no memory for the figures");
    }
    casemix_result result =
        figures_start(settlement, pool, entry != NULL ? (uint32_t)at : IMAGE_NONE32, figure, error);
    if (result == CASEMIX_OK) {
        tell_figures(settlement, scope, settlement->pool_figures + (size_t)pool * settlement->policy->figure_count,
                     figure, tell, user);
        if (entry != NULL) {
            tell_closing(settlement, entry, figure, tell, user);
        }
    }
    free(figure);
    return result;
}
