/* SPDX-License-Identifier: Apache-2.0
 *
 * Quotas: of the cases that would come to a class, the highest in rank do so. */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "settlement.h"

bool settlement_offer(casemix_settlement *settlement, const struct candidate *candidate) {
    if (settlement->candidate_count == settlement->candidate_capacity) {
        size_t capacity = settlement->candidate_capacity == 0 ? 64 : 2 * settlement->candidate_capacity;
        struct candidate *more =
            capacity < UINT32_MAX ? realloc(settlement->candidates, capacity * sizeof *more) : NULL;
        if (more == NULL) {
            return false;
        }
        settlement->candidates = more;
        settlement->candidate_capacity = capacity;
    }
    char *id = malloc(candidate->id_length + 1);
    if (id == NULL) {
        return false;
    }
    memcpy(id, candidate->id, candidate->id_length);
    id[candidate->id_length] = '\0';
    settlement->candidates[settlement->candidate_count] = *candidate;
    settlement->candidates[settlement->candidate_count++].id = id;
    return true;
}

void settlement_free_candidates(casemix_settlement *settlement) {
    for (size_t i = 0; i < settlement->candidate_count; i++) {
        free(settlement->candidates[i].id);
    }
    free(settlement->candidates);
    free(settlement->admitted);
    settlement->candidates = NULL;
    settlement->admitted = NULL;
    settlement->candidate_count = settlement->candidate_capacity = settlement->admitted_slots = 0;
}

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length) {
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* Those who share a quota's number stand together. */
static int compare_places(const casemix_settlement *settlement, const struct candidate *a,
                          const struct candidate *b) {
    const struct entry *one = &settlement->entries[a->entry], *two = &settlement->entries[b->entry];
    if (a->quota != b->quota) {
        return a->quota < b->quota ? -1 : 1;
    }
    if (one->pool != two->pool) {
        return one->pool < two->pool ? -1 : 1;
    }
    if (settlement->policy->quotas[a->quota].scope == IMAGE_SCOPE_POOL) {
        return 0;
    }
    return compare_bytes(one->hospital, one->hospital_length, two->hospital, two->hospital_length);
}

static int by_rank(const void *a, const void *b, void *user) {
    const casemix_settlement *settlement = user;
    const struct candidate *one = a, *two = b;
    int order = compare_places(settlement, one, two);
    order = order != 0 ? order : rational_compare(two->rank, one->rank);
    order = order != 0 ? order : compare_bytes(one->id, one->id_length, two->id, two->id_length);
    if (order != 0) {
        return order;
    }
    const struct entry *here = &settlement->entries[one->entry], *there = &settlement->entries[two->entry];
    return compare_bytes(here->hospital, here->hospital_length, there->hospital, there->hospital_length);
}

/* How many the quota lets in where this candidate is. */
static casemix_result most_of(const casemix_settlement *settlement, const struct candidate *candidate,
                              int64_t *most, casemix_error *error) {
    const struct image_quota *quota = &settlement->policy->quotas[candidate->quota];
    const struct entry *entry = &settlement->entries[candidate->entry];
    struct figure_case *figure = malloc(sizeof *figure);
    struct rational value;
    if (figure == NULL) {
        return settlement_fail(error, CASEMIX_NO_MEMORY, "no memory for a quota");
    }
    uint32_t number = quota->scope == IMAGE_SCOPE_POOL ? IMAGE_NONE32 : candidate->entry;
    casemix_result result = figures_start(settlement, entry->pool, number, figure, error);
    if (result == CASEMIX_OK &&
        (!formula_value(&figure->run, quota->most, &value) || !rational_round(value, 0, ROUND_FLOOR, most))) {
        result = settlement_fail(error, CASEMIX_BAD_ARGUMENT, "the quota %s has no number (%s); correct the policy",
                                 image_string(settlement->image, quota->name),
                                 casemix_price_status_text(figure->run.status));
    }
    free(figure);
    return result;
}

static size_t admitted_slot(const casemix_settlement *settlement, uint32_t quota, const char *id, size_t id_length,
                            const char *hospital, size_t hospital_length) {
    size_t mask = settlement->admitted_slots - 1;
    size_t at = (XXH3_64bits_withSeed(id, id_length, quota) ^ XXH3_64bits(hospital, hospital_length)) & mask;
    for (; settlement->admitted[at] != 0; at = (at + 1) & mask) {
        const struct candidate *candidate = &settlement->candidates[settlement->admitted[at] - 1];
        const struct entry *entry = &settlement->entries[candidate->entry];
        if (candidate->quota == quota && compare_bytes(candidate->id, candidate->id_length, id, id_length) == 0 &&
            compare_bytes(entry->hospital, entry->hospital_length, hospital, hospital_length) == 0) {
            break;
        }
    }
    return at;
}

bool settlement_admits(const casemix_settlement *settlement, uint32_t quota, casemix_text id,
                       casemix_text hospital) {
    if (settlement->stage == STAGE_QUOTAS) {
        return true;
    }
    if (settlement->admitted == NULL || id.length == 0) {
        return false;
    }
    hospital.text = hospital.text != NULL ? hospital.text : "";
    return settlement
               ->admitted[admitted_slot(settlement, quota, id.text, id.length, hospital.text, hospital.length)] !=
           0;
}

casemix_result settlement_admit(casemix_settlement *settlement, casemix_error *error) {
    size_t slots = 64;
    if (settlement->candidate_count == 0) {
        return CASEMIX_OK;
    }
    while (slots < settlement->candidate_count * 2) {
        slots *= 2;
    }
    settlement->admitted = calloc(slots, sizeof *settlement->admitted);
    settlement->admitted_slots = slots;
    if (settlement->admitted == NULL) {
        return settlement_fail(error, CASEMIX_NO_MEMORY, "no memory for the quotas");
    }
    qsort_r(settlement->candidates, settlement->candidate_count, sizeof *settlement->candidates, by_rank,
            settlement);
    int64_t left = 0;
    for (size_t i = 0; i < settlement->candidate_count; i++) {
        const struct candidate *one = &settlement->candidates[i];
        if (i == 0 || compare_places(settlement, one - 1, one) != 0) {
            casemix_result result = most_of(settlement, one, &left, error);
            if (result != CASEMIX_OK) {
                return result;
            }
        }
        if (left-- > 0) {
            const struct entry *entry = &settlement->entries[one->entry];
            size_t at = admitted_slot(settlement, one->quota, one->id, one->id_length, entry->hospital,
                                      entry->hospital_length);
            settlement->admitted[at] = (uint32_t)i + 1;
        }
    }
    return CASEMIX_OK;
}
