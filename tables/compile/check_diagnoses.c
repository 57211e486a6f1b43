/* SPDX-License-Identifier: Apache-2.0
 *
 * The review of a scheme: diagnoses without a place, with two, or in a list where they have no effect. */
#include "check.h"

#include <string.h>

enum { LISTS_SAID = 5, NAMES_SAID = 20 }; /* groups of an MDC in messages of their own, and by name alone */

/* The principal diagnoses of an MDC. */
struct mdc_diagnoses {
    uint64_t *bits;
    bool any;   /* its condition asks neither for diagnoses nor for procedures */
    bool open;  /* a case may come in without one of them as principal diagnosis */
    bool plain; /* it asks for the principal diagnosis and nothing else */
};

static void unite(uint64_t *to, const uint64_t *from, size_t words) {
    for (size_t i = 0; i < words; i++) {
        to[i] |= from[i];
    }
}

/* The region asks for the principal diagnosis and nothing else. */
static bool region_is_plain(struct regions *regions, const struct region *region) {
    struct region all, rest = *region;
    struct way ways[WAYS_MAX];
    size_t way_count;
    region_all(regions, &all);
    rest.principal[CODE_DIAGNOSIS] = NULL;
    rest.no_principal[CODE_DIAGNOSIS] = true;
    return region->principal[CODE_DIAGNOSIS] != NULL && !region->no_principal[CODE_DIAGNOSIS] && !region->inexact &&
           region_stand(regions, &all, &rest, ways, &way_count) == STAND_WITHIN;
}

static bool asks_for_procedures(const struct region *region) {
    bool asks = !region->no_principal[CODE_PROCEDURE];
    for (size_t i = 0; i < region->hit_count; i++) {
        asks = asks || region->hits[i].kind == CODE_PROCEDURE;
    }
    return asks;
}

static void add_region(struct review *review, const struct region *region, struct mdc_diagnoses *out) {
    size_t words = review->regions.words[CODE_DIAGNOSIS];
    out->plain = out->plain && region_is_plain(&review->regions, region);
    if (region->principal[CODE_DIAGNOSIS] != NULL) {
        unite(out->bits, region->principal[CODE_DIAGNOSIS], words);
        return;
    }
    out->open = true;
    bool asks = asks_for_procedures(region);
    for (size_t i = 0; i < region->hit_count; i++) {
        if (region->hits[i].where & WHERE_PRINCIPAL_DIAGNOSIS) {
            unite(out->bits, region->hits[i].set, words);
        }
        asks = true;
    }
    out->any = out->any || !asks;
}

static struct mdc_diagnoses *diagnoses_of_mdcs(struct review *review) {
    size_t count = review->scheme->mdc_count;
    struct mdc_diagnoses *out = ARENA_ARRAY(review->arena, struct mdc_diagnoses, count + 1);
    for (size_t m = 0; m < count; m++) {
        out[m].bits = ARENA_ARRAY(review->arena, uint64_t, review->regions.words[CODE_DIAGNOSIS] + 1);
        out[m].plain = review->mdcs[m].count > 0;
        out[m].any = out[m].open = review->unclear[m];
        for (size_t r = 0; r < review->mdcs[m].count; r++) {
            add_region(review, review->mdcs[m].items[r], &out[m]);
        }
    }
    return out;
}

/* ---- in no MDC, in two ---- */

static void check_in_none(struct review *review, const struct mdc_diagnoses *mdcs) {
    const struct catalogue *catalogue = review->scheme->catalogues[CODE_DIAGNOSIS];
    size_t words = review->regions.words[CODE_DIAGNOSIS];
    uint64_t *left = ARENA_ARRAY(review->arena, uint64_t, words + 1);
    for (uint32_t i = 0; i < catalogue->count; i++) {
        left[i / 64] |= (uint64_t)1 << (i % 64);
    }
    for (size_t m = 0; m < review->scheme->mdc_count; m++) {
        if (mdcs[m].any) {
            return;
        }
        for (size_t i = 0; i < words; i++) {
            left[i] &= ~mdcs[m].bits[i];
        }
    }
    unsigned count;
    const char *codes = first_codes(review, CODE_DIAGNOSIS, left, &count);
    if (count > 0) {
        report_say(review->report, MSG_diagnoses_in_no_mdc, review->scheme->place, count, codes);
    }
}

static void check_in_two(struct review *review, const struct mdc_diagnoses *mdcs) {
    size_t words = review->regions.words[CODE_DIAGNOSIS];
    uint64_t *both = ARENA_ARRAY(review->arena, uint64_t, words + 1);
    for (size_t m = 0; m < review->scheme->mdc_count; m++) {
        for (size_t before = 0; mdcs[m].plain && before < m; before++) {
            if (!mdcs[before].plain || !bits_meet(mdcs[m].bits, mdcs[before].bits, words)) {
                continue;
            }
            for (size_t i = 0; i < words; i++) {
                both[i] = mdcs[m].bits[i] & mdcs[before].bits[i];
            }
            unsigned count;
            const char *codes = first_codes(review, CODE_DIAGNOSIS, both, &count);
            report_say(review->report, MSG_diagnoses_in_two_mdcs, review->scheme->mdcs[m]->place,
                       review->scheme->mdcs[m]->code, review->scheme->mdcs[before]->code, count, codes);
        }
    }
}

/* ---- that no medical group takes ---- */

/* Add the principal diagnoses with which a case without any procedure and without further diagnoses may be in the
 * region. */
static void add_medical(struct review *review, const struct region *region, const struct mdc_diagnoses *mdc,
                        uint64_t *taken) {
    size_t words = review->regions.words[CODE_DIAGNOSIS];
    const uint64_t *start =
        region->principal[CODE_DIAGNOSIS] != NULL ? region->principal[CODE_DIAGNOSIS] : mdc->bits;
    if (asks_for_procedures(region)) {
        return;
    }
    for (size_t i = 0; i < region->hit_count; i++) {
        if ((region->hits[i].where & WHERE_PRINCIPAL_DIAGNOSIS) == 0) {
            return;
        }
    }
    for (size_t i = 0; i < words; i++) {
        uint64_t word = start[i];
        for (size_t h = 0; h < region->hit_count; h++) {
            word &= region->hits[h].set[i];
        }
        taken[i] |= word;
    }
}

static void check_medical(struct review *review, size_t m, const struct mdc_diagnoses *diagnoses, uint64_t *taken) {
    const struct mdc *mdc = review->scheme->mdcs[m];
    size_t words = review->regions.words[CODE_DIAGNOSIS];
    memset(taken, 0, words * sizeof *taken);
    for (size_t s = 0; s < mdc->step_count; s++) {
        struct region_list list = {0};
        if (mdc->steps[s]->is_qy || switched_off(mdc->steps[s]->when)) {
            continue;
        }
        if (!regions_of(&review->regions, &review->mdcs[m], mdc->steps[s]->when, &list)) {
            return;
        }
        for (size_t r = 0; r < list.count; r++) {
            add_medical(review, list.items[r], diagnoses, taken);
        }
    }
    for (size_t i = 0; i < words; i++) {
        taken[i] = diagnoses->bits[i] & ~taken[i];
    }
    unsigned count;
    const char *codes = first_codes(review, CODE_DIAGNOSIS, taken, &count);
    if (count > 0) {
        report_say(review->report, MSG_diagnoses_without_group, mdc->place, mdc->code, count, codes);
    }
}

/* ---- in a list without effect ---- */

/* Add the codes that a condition asks the principal diagnosis to be. */
static void add_lists(struct review *review, const struct expression *when, uint64_t *out) {
    if (when->op == EXPR_IN && when->where == WHERE_PRINCIPAL_DIAGNOSIS) {
        unite(out, when->set->bits, review->regions.words[CODE_DIAGNOSIS]);
    }
    for (size_t i = 0;
         i < when->count && (when->op == EXPR_AND || when->op == EXPR_OR || when->op == EXPR_AT_LEAST); i++) {
        add_lists(review, when->children[i], out);
    }
}

/* *outside: the codes of the step's lists that its MDC does not have. */
static void outside_mdc(struct review *review, const struct step *step, const struct mdc_diagnoses *diagnoses,
                        uint64_t *outside) {
    size_t words = review->regions.words[CODE_DIAGNOSIS];
    memset(outside, 0, words * sizeof *outside);
    if (step->when != NULL && !switched_off(step->when)) {
        add_lists(review, step->when, outside);
    }
    for (size_t i = 0; i < words; i++) {
        outside[i] &= ~diagnoses->bits[i];
    }
}

static void check_lists(struct review *review, const struct mdc *mdc, const struct mdc_diagnoses *diagnoses,
                        uint64_t *outside) {
    unsigned said = 0, more = 0;
    const char *names = "";
    for (size_t s = 0; s < mdc->step_count; s++) {
        const struct step *step = mdc->steps[s];
        unsigned count;
        outside_mdc(review, step, diagnoses, outside);
        const char *codes = first_codes(review, CODE_DIAGNOSIS, outside, &count);
        if (count == 0) {
            continue;
        }
        if (said < LISTS_SAID) {
            said++;
            report_say(review->report, MSG_codes_outside_mdc, step->place, step->id, mdc->code, count, codes);
        } else if (more++ < NAMES_SAID) {
            names = arena_format(review->arena, "%s%s%s", names, more == 1 ? "" : ", ", step->id);
        }
    }
    if (more > NAMES_SAID) {
        names = arena_format(review->arena, "%s ...", names);
    }
    if (more > 0) {
        report_say(review->report, MSG_more_outside_mdc, mdc->place, mdc->code, more, names);
    }
}

void check_diagnoses(struct review *review) {
    const struct scheme *scheme = review->scheme;
    struct mdc_diagnoses *mdcs = diagnoses_of_mdcs(review);
    size_t words = review->regions.words[CODE_DIAGNOSIS];
    uint64_t *bits = ARENA_ARRAY(review->arena, uint64_t, words + 1);
    check_in_none(review, mdcs);
    check_in_two(review, mdcs);
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        if (mdcs[m].any || switched_off(scheme->mdcs[m]->when)) {
            continue;
        }
        if (scheme->mdcs[m]->step_count > 0) {
            check_medical(review, m, &mdcs[m], bits);
        }
        if (!mdcs[m].open) {
            check_lists(review, scheme->mdcs[m], &mdcs[m], bits);
        }
    }
}
