/* SPDX-License-Identifier: Apache-2.0
 *
 * Records, trimming and figures: see statistics.h. */
#include "statistics.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_RECORDS = 1 << STORE_BITS, ONE = 10000 };

/* ---- records ---------------------------------------------------------------------------------------------- */

void store_add(struct store *store, const struct record *record) {
    if (store->count == store->block_count << STORE_BITS) {
        if (store->block_count == store->block_room) {
            store->block_room = store->block_room ? 2 * store->block_room : 16;
            store->blocks = need(reallocarray(store->blocks, store->block_room, sizeof *store->blocks));
        }
        store->blocks[store->block_count++] = need(malloc(BLOCK_RECORDS * sizeof(struct record)));
    }
    *store_at(store, store->count++) = *record;
}

void store_move(struct store *to, struct store *from) {
    if (to->count == 0) {
        store_free(to);
        *to = *from;
        *from = (struct store){0};
        return;
    }
    for (size_t b = 0; b < from->block_count; b++) {
        size_t first = b << STORE_BITS, count = from->count - first;
        for (size_t i = 0; i < count && i < BLOCK_RECORDS; i++) {
            store_add(to, &from->blocks[b][i]);
        }
        free(from->blocks[b]);
        from->blocks[b] = NULL;
    }
    store_free(from);
}

void store_free(struct store *store) {
    for (size_t b = 0; b < store->block_count; b++) {
        free(store->blocks[b]);
    }
    free(store->blocks);
    *store = (struct store){0};
}

struct sorting sort_records(const struct store *store, uint32_t groups) {
    struct sorting sorting = {need(malloc((store->count + 1) * sizeof *sorting.order)),
                              need(calloc((size_t)groups + 2, sizeof *sorting.first))};
    size_t *next = sorting.first + 1; /* where the next of g goes; in the end that is where g + 1 begins */
    for (size_t i = 0; i < store->count; i++) {
        uint32_t group = store_at(store, i)->group;
        if (group < groups) {
            next[group + 1]++;
        }
    }
    for (uint32_t g = 1; g <= groups; g++) {
        next[g] += next[g - 1];
    }
    for (size_t i = 0; i < store->count; i++) {
        uint32_t group = store_at(store, i)->group;
        if (group < groups) {
            sorting.order[next[group]++] = (uint32_t)i;
        }
    }
    return sorting;
}

void sorting_free(struct sorting *sorting) {
    free(sorting->order);
    free(sorting->first);
    *sorting = (struct sorting){0};
}

/* ---- trimming --------------------------------------------------------------------------------------------- */

static uint32_t cost_of(const struct study *study, uint32_t member) {
    return store_at(study->store, member)->cost;
}

/* The cost that `rank` others come before, 0 for the lowest: byte after byte, the highest first. */
static uint32_t cost_at_rank(const struct study *study, const uint32_t *members, size_t count, size_t rank) {
    uint32_t known = 0, mask = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        size_t numbers[256] = {0};
        for (size_t i = 0; i < count; i++) {
            uint32_t cost = cost_of(study, members[i]);
            numbers[cost >> shift & 255] += (cost & mask) == known;
        }
        uint32_t byte = 0;
        for (; rank >= numbers[byte]; byte++) {
            rank -= numbers[byte];
        }
        known |= byte << shift;
        mask |= 255u << shift;
    }
    return known;
}

/* Costs low to high are kept. Of equal costs all stay or all go, so it does not matter which comes first. */
static void find_bounds(const struct study *study, const uint32_t *members, size_t count, uint64_t sum,
                        uint32_t *low, uint32_t *high) {
    const struct trim *trim = &study->trim;
    *low = 0;
    *high = UINT32_MAX;
    if (trim->rule == TRIM_PERCENTILE && count > 0) {
        size_t below = (size_t)((whole128)count * trim->low / ONE);
        size_t above = (size_t)((whole128)count * (ONE - trim->high) / ONE);
        *low = below ? cost_at_rank(study, members, count, below) : 0;
        *high = above ? cost_at_rank(study, members, count, count - 1 - above) : UINT32_MAX;
    } else if (trim->rule == TRIM_INTERVAL && count > 0) {
        whole128 below = (whole128)trim->low * sum, above = (whole128)trim->high * sum, by = (whole128)count * ONE;
        whole128 least = (below + by - 1) / by, most = above / by;
        *low = least > UINT32_MAX ? UINT32_MAX : (uint32_t)least;
        *high = most > UINT32_MAX ? UINT32_MAX : (uint32_t)most;
    }
}

/* ---- sums ------------------------------------------------------------------------------------------------- */

static void add_to(struct yearly *yearly, unsigned year, uint64_t value) {
    yearly->count[year]++;
    yearly->sum[year] += value; /* less than 2^32 each: 2^32 cases fit */
}

static void add_case(struct summary *s, const struct record *one) {
    s->used++;
    s->sum += one->cost;
    s->squares += (whole128)one->cost * one->cost;
    add_to(&s->cost, one->year, one->cost);
    if (one->drug != ABSENT32) {
        add_to(&s->drug, one->year, one->drug);
    }
    if (one->material != ABSENT32) {
        add_to(&s->material, one->year, one->material);
    }
    if (one->stay != ABSENT16) {
        add_to(&s->stay, one->year, one->stay);
    }
}

void summarise(const struct study *study, const uint32_t *members, size_t count, struct summary *out,
               struct yearly *levels) {
    *out = (struct summary){.cases = count};
    if (levels) {
        memset(levels, 0, study->levels * sizeof *levels);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t cost = cost_of(study, members[i]);
        out->sum_before += cost;
        out->squares_before += (whole128)cost * cost;
    }
    find_bounds(study, members, count, out->sum_before, &out->low, &out->high);
    for (size_t i = 0; i < count; i++) {
        const struct record *one = store_at(study->store, members[i]);
        if (one->cost < out->low || one->cost > out->high) {
            continue;
        }
        add_case(out, one);
        if (levels) {
            add_to(&levels[one->level], one->year, one->cost);
        }
    }
}

void yearly_join(struct yearly *to, const struct yearly *from, unsigned years) {
    for (unsigned y = 0; y < years; y++) {
        to->count[y] += from->count[y];
        to->sum[y] += from->sum[y];
    }
}

void summary_join(struct summary *to, const struct summary *from, unsigned years) {
    to->cases += from->cases;
    to->used += from->used;
    to->sum_before += from->sum_before;
    to->sum += from->sum;
    to->squares_before += from->squares_before;
    to->squares += from->squares;
    yearly_join(&to->cost, &from->cost, years);
    yearly_join(&to->drug, &from->drug, years);
    yearly_join(&to->material, &from->material, years);
    yearly_join(&to->stay, &from->stay, years);
}

uint64_t yearly_cases(const struct yearly *yearly) {
    uint64_t count = 0;
    for (unsigned y = 0; y < YEARS_MAX; y++) {
        count += yearly->count[y];
    }
    return count;
}

/* ---- figures ---------------------------------------------------------------------------------------------- */

bool yearly_mean(const struct study *study, const struct yearly *yearly, struct quotient *out) {
    uint64_t weights = 0;
    *out = quotient_of(0, 1);
    for (unsigned y = 0; y < study->years; y++) {
        if (yearly->count[y]) {
            *out = quotient_add(*out, quotient_of((whole128)study->weights[y] * yearly->sum[y], yearly->count[y]));
            weights += study->weights[y];
        }
    }
    if (weights == 0) {
        return false;
    }
    *out = quotient_divide(*out, quotient_of(weights, 1));
    return true;
}

/* n x sum of squares - square of the sum, over the latter: at most 2^32 cases of 2^32 fen, so it fits. */
struct quotient variation_square(uint64_t count, uint64_t sum, whole128 squares) {
    whole128 square = (whole128)sum * sum;
    return quotient_of(count * squares - square, square);
}

int64_t variation(uint64_t count, uint64_t sum, whole128 squares) {
    return count == 0 || sum == 0 ? -1 : quotient_root(variation_square(count, sum, squares), 4);
}

int variation_compare(uint64_t count, uint64_t sum, whole128 squares, uint32_t bound) {
    if (count == 0 || sum == 0) {
        return -1;
    }
    return quotient_compare(variation_square(count, sum, squares), quotient_of((uint64_t)bound * bound, ONE * ONE));
}

static struct quotient distance(struct quotient a, struct quotient b) {
    return quotient_compare(a, b) < 0 ? quotient_subtract(b, a) : quotient_subtract(a, b);
}

int64_t difference_of(struct quotient a, struct quotient b) {
    return quotient_round(quotient_divide(distance(a, b), b), 4);
}

bool differs(struct quotient a, struct quotient b, uint32_t share) {
    return quotient_compare(distance(a, b), quotient_multiply(b, quotient_of(share, ONE))) >= 0;
}
