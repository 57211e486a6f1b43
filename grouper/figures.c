/* SPDX-License-Identifier: Apache-2.0
 *
 * Figures of pools and hospitals, and the closing of a pool: its hospitals' parts add up to its pot to the fen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settlement.h"

enum { FEN_PLACES = 2, FEN = 100, UNITS = 10000 };

/* A sum of 1 is 1/unit. */
static int64_t unit_of(const struct image_total *total) {
    switch (total->kind) {
    case IMAGE_TOTAL_POINTS:
    case IMAGE_TOTAL_FORMULA:
        return UNITS;
    case IMAGE_TOTAL_STANDARD:
    case IMAGE_TOTAL_FUND:
        return FEN;
    case IMAGE_TOTAL_FACT:
        return fact_rows[total->operand].kind == FACT_KIND_MONEY ? UNITS : 1;
    default:
        return 1;
    }
}

static bool is_item(const struct image_total *total) {
    return total->kind == IMAGE_TOTAL_BUDGET || total->kind == IMAGE_TOTAL_ITEM;
}

/* ---- totals as numbers ---- */

/* What was said, or what counts where nothing was; denominator 0: it had to be said. */
static struct rational item_of(const struct image_total *total, const struct image_decimal *said) {
    const struct image_decimal *value = said != NULL && said->denominator != 0 ? said : &total->otherwise;
    if (value != said && total->required) {
        return rational_of(0, 0);
    }
    return rational_of(value->numerator, value->denominator);
}

struct rational settlement_total(const casemix_settlement *settlement, const wide *sums,
                                 const struct image_decimal *items, size_t row, uint32_t t) {
    const struct image_total *total = &settlement->policy->totals[t];
    size_t at = row * settlement->policy->total_count + t;
    return is_item(total) ? item_of(total, items != NULL ? &items[at] : NULL)
                          : (struct rational){sums[at], unit_of(total)};
}

static void totals_of(const casemix_settlement *settlement, const wide *sums, const struct image_decimal *items,
                      size_t row, struct rational *out) {
    for (uint32_t t = 0; t < settlement->policy->total_count; t++) {
        out[t] = settlement_total(settlement, sums, items, row, t);
    }
}

/* The sum over all pools; an item that one of them lacks is lacking. */
static bool totals_of_all(const casemix_settlement *settlement, struct rational *out) {
    uint32_t count = settlement->policy->total_count;
    struct rational one[IMAGE_TOTALS_MAX];
    for (uint32_t t = 0; t < count; t++) {
        out[t] = rational_of(0, 1);
    }
    for (uint32_t p = 0; p < settlement->pool_count; p++) {
        totals_of(settlement, settlement->pool_sums, settlement->pool_items, p, one);
        for (uint32_t t = 0; t < count; t++) {
            if (one[t].denominator == 0 || out[t].denominator == 0) {
                out[t] = rational_of(0, settlement->pools[p].cases > 0 ? 0 : out[t].denominator != 0);
            } else if (rational_add(out[t], one[t], &out[t]) != RATIONAL_OK) {
                return false;
            }
        }
    }
    return true;
}

/* The member of a hospital on an axis of hospitals; IMAGE_NONE16 if it has none. */
static uint16_t hospital_member(const casemix_settlement *settlement, const struct image_axis *axis,
                                const struct entry *entry) {
    for (uint32_t w = 0; w < axis->word_count; w++) {
        const struct image_axis_word *word = &settlement->policy->words[axis->first_word + w];
        if (word->length == entry->hospital_length &&
            memcmp(image_string(settlement->image, word->word), entry->hospital, word->length) == 0) {
            return word->member;
        }
    }
    return axis->other == IMAGE_NONE32 ? IMAGE_NONE16 : (uint16_t)axis->other;
}

casemix_result figures_start(const casemix_settlement *settlement, uint32_t pool, uint32_t entry,
                             struct figure_case *out, casemix_error *error) {
    const struct policy_view *policy = settlement->policy;
    memset(out->facts, 0, sizeof out->facts);
    formula_start(&out->run, policy, settlement->image, NULL, out->facts, IMAGE_NONE32);
    totals_of(settlement, settlement->pool_sums, settlement->pool_items, pool, out->pool);
    if (!totals_of_all(settlement, out->all)) {
        return settlement_fail(error, CASEMIX_OVERFLOW, "the totals of all pools are too large to be held exactly");
    }
    out->run.totals[IMAGE_SCOPE_POOL] = out->pool;
    out->run.totals[IMAGE_SCOPE_ALL] = out->all;
    out->run.members[IMAGE_AXIS_POOL] = pool < settlement->pool_count ? (uint16_t)pool : IMAGE_NONE16;
    if (entry != IMAGE_NONE32) {
        const struct entry *hospital = &settlement->entries[entry];
        totals_of(settlement, settlement->entry_sums, settlement->entry_items, entry, out->hospital);
        out->run.totals[IMAGE_SCOPE_HOSPITAL] = out->hospital;
        for (uint32_t a = 0; a < policy->axis_count; a++) {
            if (policy->axes[a].fact == FACT_HOSPITAL) {
                out->run.members[a] = hospital_member(settlement, &policy->axes[a], hospital);
            }
        }
    }
    return CASEMIX_OK;
}

/* ---- figures ---- */

/* Those that replace a formula of the case, and those that they need: known before the last pass. */
static void find_early(const struct policy_view *policy, bool *early) {
    bool needed[FORMULAS_MAX] = {false};
    for (uint32_t i = 0; i < policy->figure_count; i++) {
        needed[policy->figures[i].formula] |= policy->figures[i].replaces != IMAGE_NONE32;
    }
    for (uint32_t n = policy->formula_count; n-- > 0;) { /* what a formula needs has a lower number */
        const struct image_instruction *code = policy->instructions + policy->formulas[n].first;
        for (uint32_t i = 0; needed[n] && i < policy->formulas[n].count; i++) {
            if (code[i].op == FORMULA_VALUE) {
                needed[code[i].operand] = true;
            }
        }
    }
    for (uint32_t i = 0; i < policy->figure_count; i++) {
        early[i] = needed[policy->figures[i].formula];
    }
}

/* The first figure without a value is told; the run goes on. */
static void note_missing(const casemix_settlement *settlement, const struct figure_case *figure, uint32_t number,
                         const char *pool, const char *hospital, casemix_error *error) {
    const struct image_formula *formula = &settlement->policy->formulas[number];
    if (error != NULL && error->message[0] == '\0') {
        settlement_fail(error, CASEMIX_OK, "%s%s%s: %s has no value (%s): %s", hospital,
                        hospital[0] != '\0' ? ", " : "", pool, image_string(settlement->image, formula->name),
                        casemix_price_status_text(figure->run.status),
                        image_string(settlement->image, formula->text));
    }
}

static casemix_result figures_of_pool(casemix_settlement *settlement, uint32_t pool, const bool *wanted,
                                      const bool *known, struct figure_case *figure, casemix_error *error) {
    const struct policy_view *policy = settlement->policy;
    struct rational *figures = settlement->pool_figures + (size_t)pool * policy->figure_count;
    casemix_result result = figures_start(settlement, pool, IMAGE_NONE32, figure, error);
    for (uint32_t i = 0; i < policy->figure_count && result == CASEMIX_OK; i++) {
        uint32_t number = policy->figures[i].formula;
        if (known[i]) {
            formula_set(&figure->run, number, figures[i].denominator != 0 ? &figures[i] : NULL);
        } else if (wanted[i] && policy->figures[i].scope == IMAGE_SCOPE_POOL &&
                   !formula_value(&figure->run, number, &figures[i])) {
            figures[i] = rational_of(0, 0);
            if (settlement->pools[pool].cases > 0) {
                note_missing(settlement, figure, number, settlement_pool_name(settlement, pool), "", error);
            }
        }
    }
    return result;
}

/* Every item that must be said of a pool with cases was said. */
static casemix_result check_items(const casemix_settlement *settlement, casemix_error *error) {
    uint32_t count = settlement->policy->total_count;
    for (uint32_t p = 0; p < settlement->pool_count; p++) {
        for (uint32_t t = 0; t < count; t++) {
            const struct image_total *total = &settlement->policy->totals[t];
            bool said = settlement->pool_items[(size_t)p * count + t].denominator != 0;
            if (total->kind == IMAGE_TOTAL_BUDGET && total->required && !said && settlement->pools[p].cases > 0) {
                return settlement_fail(error, CASEMIX_BAD_ARGUMENT,
                                       "the budget does not say %s of the pool %s; add it to the budget file",
                                       image_string(settlement->image, total->name),
                                       settlement_pool_name(settlement, p));
            }
        }
    }
    for (size_t e = 0; e < settlement->count; e++) {
        for (uint32_t t = 0; t < count; t++) {
            const struct image_total *total = &settlement->policy->totals[t];
            const struct entry *entry = &settlement->entries[e];
            bool said = settlement->entry_items[e * count + t].denominator != 0;
            if (total->kind == IMAGE_TOTAL_ITEM && total->required && !said &&
                entry->pool < settlement->pool_count) {
                return settlement_fail(
                    error, CASEMIX_BAD_ARGUMENT,
                    "nothing says %s of the hospital %s in the pool %s; add it to the file of hospitals",
                    image_string(settlement->image, total->name), entry->hospital,
                    settlement_pool_name(settlement, entry->pool));
            }
        }
    }
    return CASEMIX_OK;
}

/* What was said of a hospital in every pool holds where nothing was said of it in this pool. */
static void spread_items(casemix_settlement *settlement) {
    uint32_t count = settlement->policy->total_count;
    for (size_t every = 0; every < settlement->count; every++) {
        const struct entry *from = &settlement->entries[every];
        for (size_t e = 0; e < settlement->count && from->pool == EVERY_POOL; e++) {
            const struct entry *to = &settlement->entries[e];
            bool same = to->pool != EVERY_POOL && to->hospital_length == from->hospital_length &&
                        memcmp(to->hospital, from->hospital, from->hospital_length) == 0;
            for (uint32_t t = 0; t < count && same; t++) {
                struct image_decimal *item = &settlement->entry_items[e * count + t];
                *item = item->denominator != 0 ? *item : settlement->entry_items[every * count + t];
            }
        }
    }
}

casemix_result figures_of_pools(casemix_settlement *settlement, bool last, casemix_error *error) {
    const struct policy_view *policy = settlement->policy;
    bool *early = calloc((size_t)policy->figure_count * 2 + 1, sizeof *early), *all = early + policy->figure_count;
    bool *none = calloc((size_t)policy->figure_count + 1, sizeof *none);
    struct figure_case *figure = malloc(sizeof *figure);
    spread_items(settlement);
    casemix_result result = early != NULL && none != NULL && figure != NULL
                                ? check_items(settlement, error)
                                : settlement_fail(error, CASEMIX_NO_MEMORY, "no memory for the figures");
    if (result == CASEMIX_OK) {
        find_early(policy, early);
        memset(all, true, policy->figure_count);
    }
    for (uint32_t p = 0; p < settlement->pool_count && result == CASEMIX_OK; p++) {
        result = figures_of_pool(settlement, p, last ? all : early, last ? early : none, figure, error);
    }
    free(early);
    free(none);
    free(figure);
    return result;
}

static casemix_result figures_of_entry(casemix_settlement *settlement, uint32_t number, struct figure_case *figure,
                                       casemix_error *error) {
    const struct policy_view *policy = settlement->policy;
    const struct entry *entry = &settlement->entries[number];
    struct rational *figures = settlement->entry_figures + (size_t)number * policy->figure_count;
    const struct rational *pool = settlement->pool_figures + (size_t)entry->pool * policy->figure_count;
    casemix_result result = figures_start(settlement, entry->pool, number, figure, error);
    for (uint32_t i = 0; i < policy->figure_count && result == CASEMIX_OK; i++) {
        uint32_t formula = policy->figures[i].formula;
        if (policy->figures[i].scope == IMAGE_SCOPE_POOL) {
            formula_set(&figure->run, formula, pool[i].denominator != 0 ? &pool[i] : NULL);
        } else if (!formula_value(&figure->run, formula, &figures[i])) {
            figures[i] = rational_of(0, 0);
            note_missing(settlement, figure, formula, settlement_pool_name(settlement, entry->pool),
                         entry->hospital, error);
        }
    }
    return result;
}

casemix_result figures_of_hospitals(casemix_settlement *settlement, casemix_error *error) {
    size_t size = settlement->count * settlement->policy->figure_count;
    struct figure_case *figure = malloc(sizeof *figure);
    spread_items(settlement);
    casemix_result result = figure != NULL ? check_items(settlement, error) : CASEMIX_NO_MEMORY;
    free(settlement->entry_figures);
    settlement->entry_figures = calloc(size + 1, sizeof *settlement->entry_figures);
    if (settlement->entry_figures == NULL || figure == NULL) {
        free(figure);
        return settlement_fail(error, CASEMIX_NO_MEMORY, "no memory for the figures of hospitals");
    }
    for (uint32_t e = 0; e < settlement->count && result == CASEMIX_OK; e++) {
        if (settlement->entries[e].pool < settlement->pool_count) {
            result = figures_of_entry(settlement, e, figure, error);
        }
    }
    free(figure);
    return result;
}

/* ---- closing ---- */

/* A part of a pool: its whole fen, and what is left of it. */
struct part {
    uint32_t entry;
    int64_t fen;
    struct rational rest;
};

static int by_rest(const void *a, const void *b, void *user) {
    const casemix_settlement *settlement = user;
    const struct part *one = a, *two = b;
    int order = rational_compare(two->rest, one->rest);
    if (order != 0) {
        return order;
    }
    const struct entry *here = &settlement->entries[one->entry], *there = &settlement->entries[two->entry];
    size_t shorter =
        here->hospital_length < there->hospital_length ? here->hospital_length : there->hospital_length;
    order = memcmp(here->hospital, there->hospital, shorter);
    return order != 0 ? order
                      : (here->hospital_length > there->hospital_length) -
                            (here->hospital_length < there->hospital_length);
}

/* Split a value into whole fen, downwards, and the rest of a fen. */
static bool split_fen(struct rational value, struct part *out) {
    struct rational scaled, whole;
    if (!rational_round(value, FEN_PLACES, ROUND_FLOOR, &out->fen) ||
        rational_multiply(value, rational_of(FEN, 1), &scaled) != RATIONAL_OK) {
        return false;
    }
    whole = rational_of(out->fen, 1);
    return rational_subtract(scaled, whole, &out->rest) == RATIONAL_OK;
}

static casemix_result cannot_close(const casemix_settlement *settlement, uint32_t pool, int64_t parts, int64_t pot,
                                   casemix_error *error) {
    char sum[RATIONAL_TEXT], whole[RATIONAL_TEXT];
    rational_text(rational_of(parts, FEN), sum, sizeof sum);
    rational_text(rational_of(pot, FEN), whole, sizeof whole);
    return settlement_fail(
        error, CASEMIX_BAD_ARGUMENT,
        "the parts of the pool %s are %s together, but its pot is %s: what is closed must be the pot "
        "divided; correct the figures named by `close`, or take `close` out",
        settlement_pool_name(settlement, pool), sum, whole);
}

static uint32_t number_of_figure(const struct policy_view *policy, uint32_t formula) {
    uint32_t i = 0;
    while (i < policy->figure_count && policy->figures[i].formula != formula) {
        i++;
    }
    return i;
}

/* Give the fen that are left to the parts with the largest rests; ties by hospital. */
static casemix_result close_parts(casemix_settlement *settlement, uint32_t pool, int64_t pot, struct part *parts,
                                  size_t count, casemix_error *error) {
    uint32_t figure = number_of_figure(settlement->policy, settlement->policy->about->closed);
    int64_t sum = 0, left;
    for (size_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(sum, parts[i].fen, &sum)) {
            return settlement_fail(error, CASEMIX_OVERFLOW, "the parts of the pool %s are too large to be added",
                                   settlement_pool_name(settlement, pool));
        }
    }
    if (__builtin_sub_overflow(pot, sum, &left) || left < 0 || (uint64_t)left > count) {
        return cannot_close(settlement, pool, sum, pot, error);
    }
    qsort_r(parts, count, sizeof *parts, by_rest, settlement);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &settlement->entries[parts[i].entry];
        int64_t fen = parts[i].fen + (i < (uint64_t)left);
        settlement->entry_figures[(size_t)parts[i].entry * settlement->policy->figure_count + figure] =
            rational_of(fen, FEN);
        entry->account.closing = fen - entry->total.fund_payment;
        entry->total.fund_payment = fen;
        settlement->accounts[pool].closing += entry->account.closing;
    }
    settlement->pools[pool].fund_payment = pot;
    return CASEMIX_OK;
}

static casemix_result close_pool(casemix_settlement *settlement, uint32_t pool, struct part *parts,
                                 casemix_error *error) {
    const struct policy_view *policy = settlement->policy;
    uint32_t figure = number_of_figure(policy, policy->about->closed);
    struct rational whole =
        settlement
            ->pool_figures[(size_t)pool * policy->figure_count + number_of_figure(policy, policy->about->pot)];
    size_t count = 0;
    int64_t pot;
    if (whole.denominator == 0 || settlement->pools[pool].cases == 0) {
        return CASEMIX_OK;
    }
    for (uint32_t e = 0; e < settlement->count; e++) {
        struct rational value = settlement->entry_figures[(size_t)e * policy->figure_count + figure];
        if (settlement->entries[e].pool != pool) {
            continue;
        }
        if (value.denominator == 0) {
            return CASEMIX_OK; /* said: that figure has no value */
        }
        parts[count].entry = e;
        if (!split_fen(value, &parts[count++])) {
            return settlement_fail(error, CASEMIX_OVERFLOW,
                                   "the part of the hospital %s is too large to be held exactly",
                                   settlement->entries[e].hospital);
        }
    }
    if (!rational_round(whole, FEN_PLACES, ROUND_HALF_UP, &pot)) {
        return settlement_fail(error, CASEMIX_OVERFLOW, "the pot of the pool %s is too large to be held exactly",
                               settlement_pool_name(settlement, pool));
    }
    return close_parts(settlement, pool, pot, parts, count, error);
}

casemix_result figures_close(casemix_settlement *settlement, casemix_error *error) {
    const struct image_policy *about = settlement->policy->about;
    if (about->closed == IMAGE_NONE32 || about->pot == IMAGE_NONE32) {
        return CASEMIX_OK;
    }
    struct part *parts = calloc(settlement->count + 1, sizeof *parts);
    casemix_result result = parts != NULL ? CASEMIX_OK : CASEMIX_NO_MEMORY;
    for (uint32_t p = 0; p < settlement->pool_count && result == CASEMIX_OK; p++) {
        result = close_pool(settlement, p, parts, error);
    }
    free(parts);
    return result;
}
