/* SPDX-License-Identifier: Apache-2.0
 *
 * Adding up priced cases by hospital and pool. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "pricing.h"
#include "settlement.h"

const char *settlement_pool_name(const casemix_settlement *settlement, uint32_t pool) {
    if (pool >= settlement->pool_count) {
        return "";
    }
    return image_string(settlement->image,
                        settlement->policy->members[settlement->policy->axes[IMAGE_AXIS_POOL].first_member + pool]);
}

casemix_result settlement_fail(casemix_error *error, casemix_result code, const char *format, ...) {
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->code = code;
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return code;
}

/* ---- new and free ---- */

static bool replaces_any(const struct policy_view *policy) {
    for (uint32_t i = 0; i < policy->figure_count; i++) {
        if (policy->figures[i].replaces != IMAGE_NONE32) {
            return true;
        }
    }
    return false;
}

static enum settlement_stage first_stage(const struct policy_view *policy) {
    return policy->quota_count > 0 ? STAGE_QUOTAS : replaces_any(policy) ? STAGE_TOTALS : STAGE_PAYMENTS;
}

int casemix_settlement_passes(const casemix_settlement *settlement) {
    if (settlement == NULL) {
        return 0;
    }
    return 1 + replaces_any(settlement->policy) + (settlement->policy->quota_count > 0);
}

static bool make_pools(struct casemix_settlement *settlement) {
    size_t pools = (size_t)settlement->pool_count + 1, totals = settlement->policy->total_count;
    settlement->slot_count = 1024;
    settlement->slots = calloc(settlement->slot_count, sizeof *settlement->slots);
    settlement->pools = calloc(pools, sizeof *settlement->pools);
    settlement->accounts = calloc(pools, sizeof *settlement->accounts);
    settlement->pool_sums = calloc(pools * totals + 1, sizeof *settlement->pool_sums);
    settlement->pool_items = calloc(pools * totals + 1, sizeof *settlement->pool_items);
    settlement->pool_figures =
        calloc(pools * settlement->policy->figure_count + 1, sizeof *settlement->pool_figures);
    if (settlement->slots == NULL || settlement->pools == NULL || settlement->accounts == NULL ||
        settlement->pool_sums == NULL || settlement->pool_items == NULL || settlement->pool_figures == NULL) {
        return false;
    }
    for (size_t i = 0; i < pools; i++) {
        settlement->pools[i].budget = -1;
    }
    return true;
}

casemix_result casemix_settlement_new(const casemix_context *context, casemix_settlement **out,
                                      casemix_error *error) {
    if (out == NULL) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT, "a settlement needs a place to go to");
    }
    *out = NULL;
    if (context == NULL || context->policy == NULL) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT, "a settlement needs a context with a policy; name one");
    }
    struct casemix_settlement *settlement = calloc(1, sizeof *settlement);
    if (settlement == NULL) {
        return settlement_fail(error, CASEMIX_NO_MEMORY, "no memory for a settlement");
    }
    settlement->image = context->owner->image;
    settlement->policy = context->policy->view;
    settlement->pool_count = settlement->policy->axes[IMAGE_AXIS_POOL].member_count;
    settlement->stage = first_stage(settlement->policy);
    if (!make_pools(settlement)) {
        casemix_settlement_free(settlement);
        return settlement_fail(error, CASEMIX_NO_MEMORY, "no memory for a settlement");
    }
    *out = settlement;
    return CASEMIX_OK;
}

void casemix_settlement_free(casemix_settlement *settlement) {
    if (settlement == NULL) {
        return;
    }
    for (size_t i = 0; i < settlement->count; i++) {
        free(settlement->entries[i].hospital);
    }
    free(settlement->entries);
    free(settlement->slots);
    settlement_free_candidates(settlement);
    free(settlement->order);
    free(settlement->pools);
    free(settlement->accounts);
    free(settlement->pool_sums);
    free(settlement->pool_items);
    free(settlement->pool_figures);
    free(settlement->entry_sums);
    free(settlement->entry_items);
    free(settlement->entry_figures);
    free(settlement);
}

/* ---- adding ---- */

/* a + b into out; false if a sum does not fit, out is then not changed. */
static bool add_totals(const casemix_total *a, const casemix_total *b, casemix_total *out) {
    casemix_total sum = *a;
    bool overflow = __builtin_add_overflow(a->cases, b->cases, &sum.cases) ||
                    __builtin_add_overflow(a->unpriced, b->unpriced, &sum.unpriced) ||
                    __builtin_add_overflow(a->points, b->points, &sum.points) ||
                    __builtin_add_overflow(a->cost, b->cost, &sum.cost) ||
                    __builtin_add_overflow(a->standard, b->standard, &sum.standard) ||
                    __builtin_add_overflow(a->fund_payment, b->fund_payment, &sum.fund_payment);
    if (overflow) {
        return false;
    }
    *out = sum;
    return true;
}

static size_t slot_of(const struct casemix_settlement *settlement, casemix_text hospital, uint32_t pool) {
    size_t mask = settlement->slot_count - 1;
    size_t at = XXH3_64bits_withSeed(hospital.text, hospital.length, pool) & mask;
    while (settlement->slots[at] != 0) {
        const struct entry *entry = &settlement->entries[settlement->slots[at] - 1];
        if (entry->pool == pool && entry->hospital_length == hospital.length &&
            memcmp(entry->hospital, hospital.text, hospital.length) == 0) {
            break;
        }
        at = (at + 1) & mask;
    }
    return at;
}

static bool grow_slots(struct casemix_settlement *settlement) {
    uint32_t *old = settlement->slots;
    uint32_t *slots = calloc(settlement->slot_count * 2, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    settlement->slots = slots;
    settlement->slot_count *= 2;
    for (size_t i = 0; i < settlement->count; i++) {
        const struct entry *entry = &settlement->entries[i];
        casemix_text hospital = {entry->hospital, entry->hospital_length};
        slots[slot_of(settlement, hospital, entry->pool)] = (uint32_t)i + 1;
    }
    free(old);
    return true;
}

static bool grow_entries(struct casemix_settlement *settlement) {
    size_t capacity = settlement->capacity == 0 ? 256 : settlement->capacity * 2;
    size_t totals = settlement->policy->total_count;
    struct entry *entries = capacity < UINT32_MAX ? realloc(settlement->entries, capacity * sizeof *entries) : NULL;
    if (entries == NULL) {
        return false;
    }
    settlement->entries = entries;
    wide *sums = realloc(settlement->entry_sums, (capacity * totals + 1) * sizeof *sums);
    settlement->entry_sums = sums != NULL ? sums : settlement->entry_sums;
    struct image_decimal *items = realloc(settlement->entry_items, (capacity * totals + 1) * sizeof *items);
    settlement->entry_items = items != NULL ? items : settlement->entry_items;
    if (sums == NULL || items == NULL) {
        return false;
    }
    settlement->capacity = capacity;
    return true;
}

/* The entry of a hospital in a pool, made if there is none. NULL: no memory. */
static struct entry *find_entry(struct casemix_settlement *settlement, casemix_text hospital, uint32_t pool) {
    size_t at = slot_of(settlement, hospital, pool);
    if (settlement->slots[at] != 0) {
        return &settlement->entries[settlement->slots[at] - 1];
    }
    if (settlement->count == settlement->capacity && !grow_entries(settlement)) {
        return NULL;
    }
    if (settlement->count * 2 >= settlement->slot_count) {
        if (!grow_slots(settlement)) {
            return NULL;
        }
        at = slot_of(settlement, hospital, pool);
    }
    char *copy = malloc(hospital.length + 1);
    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, hospital.text, hospital.length);
    copy[hospital.length] = '\0';
    struct entry *entry = &settlement->entries[settlement->count++];
    size_t totals = settlement->policy->total_count, first = (settlement->count - 1) * totals;
    *entry =
        (struct entry){.hospital = copy, .hospital_length = hospital.length, .pool = pool, .total = {.budget = -1}};
    memset(settlement->entry_sums + first, 0, totals * sizeof *settlement->entry_sums);
    memset(settlement->entry_items + first, 0, totals * sizeof *settlement->entry_items);
    settlement->slots[at] = (uint32_t)settlement->count;
    return entry;
}

/* What a case, or the cases of another settlement, add. */
struct addend {
    casemix_total total;
    uint64_t reversed;
    wide sums[IMAGE_TOTALS_MAX]; /* total_count of them */
};

static bool add_sums(wide *to, const wide *sums, uint32_t count) {
    for (uint32_t t = 0; t < count; t++) {
        if (__builtin_add_overflow(to[t], sums[t], &to[t])) {
            return false;
        }
    }
    return true;
}

/* Add to a hospital's total and to its pool's, or to neither. Sums of 128 bits hold whatever 64-bit totals let
 * through, so they are added last. */
static casemix_result add(struct casemix_settlement *settlement, casemix_text hospital, uint32_t pool,
                          const struct addend *addend) {
    casemix_total pool_sum;
    uint32_t totals = settlement->policy->total_count;
    if (!add_totals(&settlement->pools[pool], &addend->total, &pool_sum)) {
        return CASEMIX_OVERFLOW;
    }
    struct entry *entry = find_entry(settlement, hospital, pool);
    if (entry == NULL) {
        return CASEMIX_NO_MEMORY;
    }
    if (!add_totals(&entry->total, &addend->total, &entry->total)) {
        return CASEMIX_OVERFLOW;
    }
    settlement->pools[pool] = pool_sum;
    entry->account.reversed += addend->reversed;
    entry->account.of_cases = entry->total.fund_payment;
    settlement->accounts[pool].reversed += addend->reversed;
    settlement->accounts[pool].of_cases = pool_sum.fund_payment;
    size_t number = (size_t)(entry - settlement->entries);
    return add_sums(settlement->entry_sums + number * totals, addend->sums, totals) &&
                   add_sums(settlement->pool_sums + (size_t)pool * totals, addend->sums, totals)
               ? CASEMIX_OK
               : CASEMIX_OVERFLOW;
}

/* The number of a pool by its word in a price. Prices carry the image's own texts, so pointers mostly decide. */
static uint32_t pool_number(const struct casemix_settlement *settlement, casemix_text pool) {
    for (uint32_t i = 0; i < settlement->pool_count; i++) {
        if (settlement_pool_name(settlement, i) == pool.text) {
            return i;
        }
    }
    for (uint32_t i = 0; i < settlement->pool_count && pool.length > 0; i++) {
        const char *name = settlement_pool_name(settlement, i);
        if (strlen(name) == pool.length && memcmp(name, pool.text, pool.length) == 0) {
            return i;
        }
    }
    return settlement->pool_count;
}

static void start_addend(const casemix_price *price, struct addend *out) {
    out->total = (casemix_total){.cases = 1, .unpriced = price->status != CASEMIX_PRICED};
    out->reversed = 0;
    if (price->status == CASEMIX_PRICED) {
        out->total.points = price->points;
        out->total.cost = price->cost;
        out->total.standard = price->standard;
        out->total.fund_payment = price->fund_payment;
    }
}

/* Sums that take no more than the price. */
static void fill_sums(const struct policy_view *policy, struct addend *out) {
    for (uint32_t t = 0; t < policy->total_count; t++) {
        const casemix_total *total = &out->total;
        switch (policy->totals[t].kind) {
        case IMAGE_TOTAL_CASES:
            out->sums[t] = 1;
            break;
        case IMAGE_TOTAL_UNPRICED:
            out->sums[t] = (wide)total->unpriced;
            break;
        case IMAGE_TOTAL_POINTS:
            out->sums[t] = total->points;
            break;
        case IMAGE_TOTAL_STANDARD:
            out->sums[t] = total->standard;
            break;
        case IMAGE_TOTAL_FUND:
            out->sums[t] = total->fund_payment;
            break;
        default:
            out->sums[t] = 0;
        }
    }
}

/* Sums of facts and formulas of the case. False: it lacks one, see run->status. */
static bool fill_further_sums(struct formula_case *run, struct addend *out) {
    for (uint32_t t = 0; t < run->policy->total_count; t++) {
        const struct image_total *total = &run->policy->totals[t];
        struct rational value;
        int64_t number = 0;
        if (total->kind == IMAGE_TOTAL_FACT) {
            if (!formula_fact(run, total->operand, &number)) {
                return false;
            }
            out->sums[t] = number;
        } else if (total->kind == IMAGE_TOTAL_FORMULA) {
            if (!formula_value(run, total->operand, &value)) {
                return false;
            }
            if (!rational_round(value, 4, ROUND_HALF_UP, &number)) {
                run->status = CASEMIX_PRICE_OVERFLOW;
                run->fact = -1;
                return false;
            }
            out->sums[t] = number;
        }
    }
    return true;
}

casemix_result casemix_settlement_add(casemix_settlement *settlement, casemix_text hospital,
                                      const casemix_price *price) {
    if (settlement == NULL || price == NULL || settlement->stage == STAGE_QUOTAS) {
        return CASEMIX_BAD_ARGUMENT;
    }
    for (uint32_t t = 0; t < settlement->policy->total_count; t++) {
        enum image_total_kind kind = settlement->policy->totals[t].kind;
        if (kind == IMAGE_TOTAL_FACT || kind == IMAGE_TOTAL_FORMULA) {
            return CASEMIX_BAD_ARGUMENT;
        }
    }
    if (hospital.text == NULL) {
        hospital = (casemix_text){"", 0};
    }
    struct addend addend;
    start_addend(price, &addend);
    fill_sums(settlement->policy, &addend);
    return add(settlement, hospital, pool_number(settlement, price->pool), &addend);
}

static void take_back(const struct policy_view *policy, struct addend *addend, casemix_price *price) {
    addend->total.points = -addend->total.points;
    addend->total.cost = -addend->total.cost;
    addend->total.standard = -addend->total.standard;
    addend->total.fund_payment = -addend->total.fund_payment;
    addend->total.cases = addend->total.unpriced = 0;
    addend->reversed = 1;
    for (uint32_t t = 0; t < policy->total_count; t++) {
        addend->sums[t] = -addend->sums[t];
    }
    price->points = -price->points;
    price->standard = -price->standard;
    price->fund_payment = -price->fund_payment;
    price->cost = -price->cost;
    price->patient_paid = -price->patient_paid;
    price->other_paid = -price->other_paid;
}

/* A case that came to a class with a quota is remembered with its rank. */
static casemix_result offer(casemix_settlement *settlement, struct formula_case *run, uint32_t class, uint32_t pool,
                            casemix_text hospital, casemix_price *price) {
    uint32_t quota = settlement->policy->classes[class].quota;
    struct candidate candidate = {.quota = quota};
    if (quota == IMAGE_NONE32) {
        return CASEMIX_OK;
    }
    if (!formula_value(run, settlement->policy->quotas[quota].rank, &candidate.rank)) {
        price->status = run->status;
        price->fact = run->fact;
        return CASEMIX_OK;
    }
    struct entry *entry = find_entry(settlement, hospital, pool);
    if (entry == NULL) {
        return CASEMIX_NO_MEMORY;
    }
    candidate.entry = (uint32_t)(entry - settlement->entries);
    candidate.id = (char *)(uintptr_t)run->facts[FACT_ID].text;
    candidate.id_length = run->facts[FACT_ID].length;
    return candidate.id_length == 0 || settlement_offer(settlement, &candidate) ? CASEMIX_OK : CASEMIX_NO_MEMORY;
}

casemix_result casemix_settlement_add_case(casemix_settlement *settlement, const casemix_context *context,
                                           int reversed, casemix_price *price) {
    if (settlement == NULL || price == NULL || context == NULL || context->policy == NULL ||
        context->policy->view != settlement->policy) {
        return CASEMIX_BAD_ARGUMENT;
    }
    struct pricing *pricing = context->policy;
    struct formula_case *run = &pricing->run;
    uint32_t pool = pool_number(settlement, price->pool);
    casemix_text hospital = run->facts[FACT_HOSPITAL];
    hospital.text = hospital.text != NULL ? hospital.text : "";
    struct addend addend;
    if (settlement->stage == STAGE_QUOTAS && price->status == CASEMIX_PRICED && pricing->class != IMAGE_NONE32 &&
        !reversed) {
        casemix_result result = offer(settlement, run, pricing->class, pool, hospital, price);
        if (result != CASEMIX_OK) {
            return result;
        }
    }
    start_addend(price, &addend);
    fill_sums(settlement->policy, &addend);
    if (price->status == CASEMIX_PRICED && !fill_further_sums(run, &addend)) {
        price->status = run->status;
        price->fact = run->fact;
        price->fund_payment = 0;
        start_addend(price, &addend);
        fill_sums(settlement->policy, &addend);
    }
    if (reversed) {
        take_back(settlement->policy, &addend, price);
    }
    return add(settlement, hospital, pool, &addend);
}

static casemix_result merge_candidates(casemix_settlement *to, const casemix_settlement *from) {
    for (size_t i = 0; i < from->candidate_count; i++) {
        struct candidate candidate = from->candidates[i];
        const struct entry *entry = &from->entries[candidate.entry];
        struct entry *there = find_entry(to, (casemix_text){entry->hospital, entry->hospital_length}, entry->pool);
        if (there == NULL) {
            return CASEMIX_NO_MEMORY;
        }
        candidate.entry = (uint32_t)(there - to->entries);
        if (!settlement_offer(to, &candidate)) {
            return CASEMIX_NO_MEMORY;
        }
    }
    return CASEMIX_OK;
}

casemix_result casemix_settlement_merge(casemix_settlement *to, const casemix_settlement *from) {
    if (to == NULL || from == NULL || to == from || to->policy != from->policy) {
        return CASEMIX_BAD_ARGUMENT;
    }
    uint32_t totals = to->policy->total_count;
    struct addend addend;
    for (size_t i = 0; i < from->count; i++) {
        const struct entry *entry = &from->entries[i];
        if (entry->pool == EVERY_POOL) {
            continue;
        }
        casemix_text hospital = {entry->hospital, entry->hospital_length};
        addend.total = entry->total;
        addend.reversed = entry->account.reversed;
        if (totals > 0) {
            memcpy(addend.sums, from->entry_sums + i * totals, totals * sizeof *addend.sums);
        }
        casemix_result result = add(to, hospital, entry->pool, &addend);
        if (result != CASEMIX_OK) {
            return result;
        }
    }
    for (uint32_t i = 0; i < to->pool_count; i++) {
        if (to->pools[i].budget < 0) {
            to->pools[i].budget = from->pools[i].budget;
        }
    }
    return merge_candidates(to, from);
}

/* ---- passes ---- */

static void clear_total(casemix_total *total, casemix_account *account) {
    *total = (casemix_total){.budget = total->budget};
    *account = (casemix_account){0};
}

static void clear_sums(casemix_settlement *settlement) {
    size_t totals = settlement->policy->total_count;
    for (size_t i = 0; i < settlement->count; i++) {
        clear_total(&settlement->entries[i].total, &settlement->entries[i].account);
    }
    for (uint32_t p = 0; p <= settlement->pool_count; p++) {
        clear_total(&settlement->pools[p], &settlement->accounts[p]);
    }
    memset(settlement->pool_sums, 0, ((size_t)settlement->pool_count + 1) * totals * sizeof *settlement->pool_sums);
    if (settlement->count > 0 && totals > 0) {
        memset(settlement->entry_sums, 0, settlement->count * totals * sizeof *settlement->entry_sums);
    }
}

void casemix_settlement_clear(casemix_settlement *settlement) {
    if (settlement != NULL) {
        clear_sums(settlement);
        if (settlement->stage == STAGE_QUOTAS) {
            settlement_free_candidates(settlement);
        }
    }
}

bool settlement_has_figures(const casemix_settlement *settlement) {
    return settlement->stage >= STAGE_PAYMENTS && replaces_any(settlement->policy);
}

const struct rational *settlement_figure(const casemix_settlement *settlement, uint32_t pool, uint32_t number) {
    if (pool >= settlement->pool_count) {
        return NULL;
    }
    const struct rational *value =
        &settlement->pool_figures[(size_t)pool * settlement->policy->figure_count + number];
    return value->denominator != 0 ? value : NULL;
}

/* A pot below 0 is no budget: more was taken off than there was. */
static casemix_result check_pots(const casemix_settlement *settlement, casemix_error *error) {
    const struct policy_view *policy = settlement->policy;
    char pot[RATIONAL_TEXT];
    for (uint32_t i = 0; i < policy->figure_count; i++) {
        for (uint32_t p = 0; p < settlement->pool_count && policy->figures[i].formula == policy->about->pot; p++) {
            const struct rational *value = settlement_figure(settlement, p, i);
            if (value != NULL && value->numerator < 0) {
                rational_text(*value, pot, sizeof pot);
                return settlement_fail(
                    error, CASEMIX_BAD_ARGUMENT,
                    "the pot of the pool %s is %s, below 0: more is taken off than there is; correct "
                    "what the budget file says of it",
                    settlement_pool_name(settlement, p), pot);
            }
        }
    }
    return CASEMIX_OK;
}

/* A pool that was not given a budget has its pot for one. */
static void note_pots(casemix_settlement *settlement) {
    const struct policy_view *policy = settlement->policy;
    for (uint32_t i = 0; i < policy->figure_count; i++) {
        for (uint32_t p = 0; p < settlement->pool_count && policy->figures[i].formula == policy->about->pot; p++) {
            const struct rational *pot = settlement_figure(settlement, p, i);
            int64_t fen;
            if (pot != NULL && settlement->pools[p].budget < 0 && rational_round(*pot, 2, ROUND_HALF_UP, &fen)) {
                settlement->pools[p].budget = fen < 0 ? -1 : fen;
            }
        }
    }
}

casemix_result casemix_settlement_next(casemix_settlement *settlement, casemix_error *error) {
    casemix_result result = CASEMIX_OK;
    if (error != NULL) {
        *error = (casemix_error){.code = CASEMIX_OK};
    }
    if (settlement == NULL || settlement->stage == STAGE_DONE) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT, "the settlement has no further pass");
    }
    switch (settlement->stage) {
    case STAGE_QUOTAS:
        result = settlement_admit(settlement, error);
        settlement->stage = replaces_any(settlement->policy) ? STAGE_TOTALS : STAGE_PAYMENTS;
        clear_sums(settlement);
        return result;
    case STAGE_TOTALS:
        result = figures_of_pools(settlement, false, error);
        result = result == CASEMIX_OK ? check_pots(settlement, error) : result;
        settlement->stage = STAGE_PAYMENTS;
        clear_sums(settlement);
        return result;
    default:
        break;
    }
    if (!replaces_any(settlement->policy)) {
        result = figures_of_pools(settlement, false, error);
    }
    if (result == CASEMIX_OK) {
        result = figures_of_pools(settlement, true, error);
        result = result == CASEMIX_OK ? check_pots(settlement, error) : result;
    }
    if (result == CASEMIX_OK) {
        result = figures_of_hospitals(settlement, error);
    }
    if (result == CASEMIX_OK) {
        note_pots(settlement);
        result = figures_close(settlement, error);
    }
    settlement->stage = STAGE_DONE;
    return result;
}

casemix_result casemix_context_settle(casemix_context *context, const casemix_settlement *settlement) {
    if (context == NULL || context->policy == NULL ||
        (settlement != NULL && settlement->policy != context->policy->view)) {
        return refuse_call(context, "a context and a settlement go together that were made for the same policy");
    }
    context->policy->settlement = settlement;
    pricing_forget(context->policy);
    return CASEMIX_OK;
}

/* ---- what is said ---- */

static uint32_t pool_by_name(const casemix_settlement *settlement, const char *pool) {
    uint32_t i = 0;
    while (i < settlement->pool_count && strcmp(settlement_pool_name(settlement, i), pool) != 0) {
        i++;
    }
    return i;
}

static uint32_t item_by_name(const casemix_settlement *settlement, uint32_t kind, const char *item) {
    for (uint32_t t = 0; t < settlement->policy->total_count; t++) {
        const struct image_total *total = &settlement->policy->totals[t];
        if (total->kind == kind && strcmp(image_string(settlement->image, total->name), item) == 0) {
            return t;
        }
    }
    return IMAGE_NONE32;
}

static bool read_number(const char *text, struct image_decimal *out) {
    size_t length = strlen(text);
    struct decimal value;
    while (length > 0 && text[0] == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ') {
        length--;
    }
    bool percent = length > 0 && text[length - 1] == '%';
    if (decimal_read(text, length - percent, &value) != DECIMAL_OK ||
        (percent && value.denominator > decimal_power(DECIMAL_PLACES - 2))) {
        return false;
    }
    *out = (struct image_decimal){value.numerator, value.denominator * (percent ? 100 : 1)};
    return true;
}

static casemix_result say_of_hospital(casemix_settlement *settlement, const char *hospital, uint32_t pool,
                                      const char *item, const struct image_decimal *number, casemix_error *error) {
    uint32_t total = item_by_name(settlement, IMAGE_TOTAL_ITEM, item);
    if (total == IMAGE_NONE32) {
        return settlement_fail(
            error, CASEMIX_BAD_ARGUMENT,
            "'%s' is no item that the policy asks of a hospital; see `hospitals` of its settlement", item);
    }
    struct entry *entry = find_entry(settlement, (casemix_text){hospital, strlen(hospital)}, pool);
    if (entry == NULL) {
        return settlement_fail(error, CASEMIX_NO_MEMORY, "no memory for a hospital");
    }
    struct image_decimal *place =
        &settlement->entry_items[(size_t)(entry - settlement->entries) * settlement->policy->total_count + total];
    if (place->denominator != 0) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT, "%s of the hospital %s was said before; keep one line",
                               item, hospital);
    }
    *place = *number;
    return CASEMIX_OK;
}

casemix_result casemix_settlement_say(casemix_settlement *settlement, const char *hospital, const char *pool,
                                      const char *item, const char *number, casemix_error *error) {
    struct image_decimal value;
    int64_t fen;
    if (settlement == NULL || pool == NULL || item == NULL || number == NULL) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT,
                               "what is said needs a settlement, a pool, an item and a number");
    }
    uint32_t at = pool_by_name(settlement, pool);
    if (at == settlement->pool_count && !(hospital != NULL && pool[0] == '\0')) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT,
                               "'%s' is no pool of the policy; pools.csv of a settlement names them", pool);
    }
    if (!read_number(number, &value)) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT, "'%.40s' is not a number such as 1200000.00 or 5%%",
                               number);
    }
    if (hospital != NULL) {
        return say_of_hospital(settlement, hospital, at == settlement->pool_count ? EVERY_POOL : at, item, &value,
                               error);
    }
    uint32_t total = item_by_name(settlement, IMAGE_TOTAL_BUDGET, item);
    bool budget = strcmp(item, "budget") == 0;
    if (total == IMAGE_NONE32 && !budget) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT,
                               "'%s' is no item that the policy asks of a pool; see `budget` of its settlement",
                               item);
    }
    struct image_decimal *place =
        total != IMAGE_NONE32 ? &settlement->pool_items[(size_t)at * settlement->policy->total_count + total]
                              : NULL;
    if ((place != NULL && place->denominator != 0) || (budget && settlement->pools[at].budget >= 0)) {
        return settlement_fail(error, CASEMIX_BAD_ARGUMENT, "%s of the pool %s was said before; keep one line",
                               item, pool);
    }
    if (place != NULL) {
        *place = value;
    }
    if (budget) {
        bool whole = value.numerator >= 0 && value.denominator <= 100 &&
                     rational_round(rational_of(value.numerator, value.denominator), 2, ROUND_HALF_UP, &fen);
        if (!whole) {
            return settlement_fail(error, CASEMIX_BAD_ARGUMENT,
                                   "'%.40s' is not an amount in yuan such as 1200000.00", number);
        }
        settlement->pools[at].budget = fen;
    }
    return CASEMIX_OK;
}

casemix_result casemix_settlement_budget(casemix_settlement *settlement, const char *pool, casemix_amount budget) {
    if (settlement == NULL || pool == NULL || budget < 0) {
        return CASEMIX_BAD_ARGUMENT;
    }
    uint32_t at = pool_by_name(settlement, pool);
    if (at == settlement->pool_count) {
        return CASEMIX_BAD_ARGUMENT;
    }
    uint32_t total = item_by_name(settlement, IMAGE_TOTAL_BUDGET, "budget");
    settlement->pools[at].budget = budget;
    if (total != IMAGE_NONE32) {
        settlement->pool_items[(size_t)at * settlement->policy->total_count + total] =
            (struct image_decimal){budget, 100};
    }
    return CASEMIX_OK;
}
