/* SPDX-License-Identifier: Apache-2.0
 *
 * Adding up priced cases by hospital and pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "pricing.h"

/* The cases of a hospital in a pool. pool: number among the policy's, pool_count for one that is not known. */
struct entry {
    char *hospital;
    size_t hospital_length;
    uint32_t pool;
    casemix_total total; /* its texts are filled when they are asked for */
};

struct casemix_settlement {
    const struct image *image;
    const struct policy_view *policy;
    struct entry *entries;
    size_t count, capacity;
    uint32_t *slots; /* number of the entry + 1; 0 is free */
    size_t slot_count;
    uint32_t *order; /* entries sorted; of `sorted` of them */
    size_t sorted;
    uint32_t pool_count;
    casemix_total *pools; /* pool_count + 1; the last for cases without a known pool */
};

static const char *pool_name(const struct casemix_settlement *settlement, uint32_t pool) {
    if (pool >= settlement->pool_count) {
        return "";
    }
    return image_string(settlement->image,
                        settlement->policy->members[settlement->policy->axes[IMAGE_AXIS_POOL].first_member + pool]);
}

static casemix_result fail(casemix_error *error, casemix_result code, const char *message) {
    if (error != NULL) {
        error->code = code;
        snprintf(error->message, sizeof error->message, "%s", message);
    }
    return code;
}

casemix_result casemix_settlement_new(const casemix_context *context, casemix_settlement **out,
                                      casemix_error *error) {
    if (out == NULL) {
        return fail(error, CASEMIX_BAD_ARGUMENT, "a settlement needs a place to go to");
    }
    *out = NULL;
    if (context == NULL || context->policy == NULL) {
        return fail(error, CASEMIX_BAD_ARGUMENT, "a settlement needs a context with a policy; name one");
    }
    struct casemix_settlement *settlement = calloc(1, sizeof *settlement);
    if (settlement == NULL) {
        return fail(error, CASEMIX_NO_MEMORY, "no memory for a settlement");
    }
    settlement->image = context->owner->image;
    settlement->policy = context->policy->view;
    settlement->pool_count = settlement->policy->axes[IMAGE_AXIS_POOL].member_count;
    settlement->slot_count = 1024;
    settlement->slots = calloc(settlement->slot_count, sizeof *settlement->slots);
    settlement->pools = calloc((size_t)settlement->pool_count + 1, sizeof *settlement->pools);
    if (settlement->slots == NULL || settlement->pools == NULL) {
        casemix_settlement_free(settlement);
        return fail(error, CASEMIX_NO_MEMORY, "no memory for a settlement");
    }
    for (uint32_t i = 0; i <= settlement->pool_count; i++) {
        settlement->pools[i].budget = -1;
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
    free(settlement->order);
    free(settlement->pools);
    free(settlement);
}

casemix_result casemix_settlement_budget(casemix_settlement *settlement, const char *pool, casemix_amount budget) {
    if (settlement == NULL || pool == NULL || budget < 0) {
        return CASEMIX_BAD_ARGUMENT;
    }
    for (uint32_t i = 0; i < settlement->pool_count; i++) {
        if (strcmp(pool_name(settlement, i), pool) == 0) {
            settlement->pools[i].budget = budget;
            return CASEMIX_OK;
        }
    }
    return CASEMIX_BAD_ARGUMENT;
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
    struct entry *entries = capacity < UINT32_MAX ? realloc(settlement->entries, capacity * sizeof *entries) : NULL;
    if (entries == NULL) {
        return false;
    }
    settlement->entries = entries;
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
    *entry = (struct entry){copy, hospital.length, pool, {.budget = -1}};
    settlement->slots[at] = (uint32_t)settlement->count;
    return entry;
}

/* Add to a hospital's total and to its pool's, or to neither. */
static casemix_result add(struct casemix_settlement *settlement, casemix_text hospital, uint32_t pool,
                          const casemix_total *total) {
    casemix_total pool_sum;
    if (!add_totals(&settlement->pools[pool], total, &pool_sum)) {
        return CASEMIX_OVERFLOW;
    }
    struct entry *entry = find_entry(settlement, hospital, pool);
    if (entry == NULL) {
        return CASEMIX_NO_MEMORY;
    }
    if (!add_totals(&entry->total, total, &entry->total)) {
        return CASEMIX_OVERFLOW;
    }
    settlement->pools[pool] = pool_sum;
    return CASEMIX_OK;
}

/* The number of a pool by its word in a price. Prices carry the image's own texts, so pointers mostly decide. */
static uint32_t pool_number(const struct casemix_settlement *settlement, casemix_text pool) {
    for (uint32_t i = 0; i < settlement->pool_count; i++) {
        if (pool_name(settlement, i) == pool.text) {
            return i;
        }
    }
    for (uint32_t i = 0; i < settlement->pool_count && pool.length > 0; i++) {
        const char *name = pool_name(settlement, i);
        if (strlen(name) == pool.length && memcmp(name, pool.text, pool.length) == 0) {
            return i;
        }
    }
    return settlement->pool_count;
}

casemix_result casemix_settlement_add(casemix_settlement *settlement, casemix_text hospital,
                                      const casemix_price *price) {
    if (settlement == NULL || price == NULL) {
        return CASEMIX_BAD_ARGUMENT;
    }
    if (hospital.text == NULL) {
        hospital = (casemix_text){"", 0};
    }
    casemix_total total = {.cases = 1, .unpriced = price->status != CASEMIX_PRICED};
    if (price->status == CASEMIX_PRICED) {
        total.points = price->points;
        total.cost = price->cost;
        total.standard = price->standard;
        total.fund_payment = price->fund_payment;
    }
    return add(settlement, hospital, pool_number(settlement, price->pool), &total);
}

casemix_result casemix_settlement_merge(casemix_settlement *to, const casemix_settlement *from) {
    if (to == NULL || from == NULL || to == from || to->policy != from->policy) {
        return CASEMIX_BAD_ARGUMENT;
    }
    for (size_t i = 0; i < from->count; i++) {
        const struct entry *entry = &from->entries[i];
        casemix_text hospital = {entry->hospital, entry->hospital_length};
        casemix_result result = add(to, hospital, entry->pool, &entry->total);
        if (result != CASEMIX_OK) {
            return result;
        }
    }
    for (uint32_t i = 0; i < to->pool_count; i++) {
        if (to->pools[i].budget < 0) {
            to->pools[i].budget = from->pools[i].budget;
        }
    }
    return CASEMIX_OK;
}

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
        uint32_t *order = realloc(settlement->order, settlement->count * sizeof *order);
        if (order == NULL) {
            return 0;
        }
        for (size_t i = 0; i < settlement->count; i++) {
            order[i] = (uint32_t)i;
        }
        qsort_r(order, settlement->count, sizeof *order, by_hospital, settlement);
        settlement->order = order;
        settlement->sorted = settlement->count;
    }
    return (uint32_t)settlement->count;
}

casemix_result casemix_settlement_hospital_at(casemix_settlement *settlement, uint32_t n, casemix_total *out) {
    if (settlement == NULL || out == NULL || n >= casemix_settlement_hospitals(settlement)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const struct entry *entry = &settlement->entries[settlement->order[n]];
    const char *pool = pool_name(settlement, entry->pool);
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
    const char *pool = pool_name(settlement, n);
    *out = settlement->pools[n];
    out->hospital = (casemix_text){"", 0};
    out->pool = (casemix_text){pool, strlen(pool)};
    return CASEMIX_OK;
}
