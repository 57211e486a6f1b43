/* SPDX-License-Identifier: Apache-2.0
 *
 * The review of a scheme: codes twice, groups without an answer, severity lists. Groups out of reach are in
 * check_reach.c, diagnoses without a place in check_diagnoses.c, DIP schemes in check_dip.c. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CODES = 5 };

bool switched_off(const struct expression *when) {
    return when != NULL && when->op == EXPR_FALSE;
}

const char *first_codes(const struct review *review, enum code_kind kind, const uint64_t *bits, unsigned *count) {
    const struct catalogue *catalogue = review->scheme->catalogues[kind];
    const char *text = "";
    *count = 0;
    for (size_t word = 0; word < review->regions.words[kind]; word++) {
        for (uint64_t left = bits[word]; left != 0 && *count < FIRST_CODES; left &= left - 1) {
            const struct code *code = &catalogue->codes[word * 64 + (unsigned)__builtin_ctzll(left)];
            text = arena_format(review->arena, "%s%s%s", text, *count == 0 ? "" : ", ", code->text);
            ++*count;
        }
        if (*count == FIRST_CODES) {
            break;
        }
    }
    *count = 0;
    for (size_t word = 0; word < review->regions.words[kind]; word++) {
        *count += (unsigned)__builtin_popcountll(bits[word]);
    }
    return *count > FIRST_CODES ? arena_format(review->arena, "%s ...", text) : text;
}

const char *line_words(const struct review *review, const struct place *place, const struct place *from) {
    const char *file = place->file == NULL ? "" : place->file, *slash = strrchr(file, '/');
    if (from->file != NULL && strcmp(file, from->file) == 0) {
        return arena_format(review->arena, "line %u", place->line);
    }
    return arena_format(review->arena, "line %u of %s", place->line, slash == NULL ? file : slash + 1);
}

/* ---- codes twice ---- */

struct named {
    const char *code;
    const struct mdc *mdc;
    const struct step *step;
    const struct drg *drg; /* NULL: the step */
    size_t order;
};

static int by_code(const void *left, const void *right) {
    const struct named *a = left, *b = right;
    int order = strcmp(a->code, b->code);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

/* A name that its bearer shares with one before it, and may not. */
struct clash {
    const struct named *first, *again;
};

static int by_order(const void *left, const void *right) {
    const struct clash *a = left, *b = right;
    return (a->again->order > b->again->order) - (a->again->order < b->again->order);
}

static void say_clash(const struct review *review, const struct clash *clash) {
    const struct named *first = clash->first, *again = clash->again;
    if (again->drg == NULL) {
        report_say(review->report, MSG_adrg_in_two_mdcs, again->step->place, again->code, again->mdc->code,
                   first->mdc->code, line_words(review, &first->step->place, &again->step->place));
    } else if (first->step == again->step) {
        report_say(review->report, MSG_duplicate_group, again->drg->place, again->code, first->drg->place.line);
    } else {
        report_say(review->report, MSG_drg_in_two_adrgs, again->drg->place, again->code, again->step->code,
                   first->step->code, line_words(review, &first->drg->place, &again->drg->place));
    }
}

/* Who of those with the same name before number i may not share it with i; NULL: nobody. Entries of one ADRG may
 * share their DRGs, entries in one MDC their ADRG. */
static const struct named *clashes_with(const struct named *names, size_t first, size_t i) {
    if (names[i].drg == NULL) {
        return names[first].mdc != names[i].mdc ? &names[first] : NULL;
    }
    if (names[i - 1].step == names[i].step) {
        return &names[i - 1];
    }
    return strcmp(names[first].step->code, names[i].step->code) != 0 ? &names[first] : NULL;
}

/* Tell the clashes in order of the rules. */
static void check_names(const struct review *review, struct named *names, size_t count) {
    struct clash *clashes = NULL;
    size_t found = 0, capacity = 0, first = 0;
    if (count == 0) {
        return;
    }
    qsort(names, count, sizeof *names, by_code);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i].code, names[first].code) != 0) {
            first = i;
            continue;
        }
        struct clash clash = {clashes_with(names, first, i), &names[i]};
        if (clash.first != NULL) {
            ARENA_PUSH(review->arena, clashes, found, capacity, clash);
        }
    }
    if (found > 0) {
        qsort(clashes, found, sizeof *clashes, by_order);
    }
    for (size_t i = 0; i < found; i++) {
        say_clash(review, &clashes[i]);
    }
}

static void check_groups(const struct review *review) {
    const struct scheme *scheme = review->scheme;
    struct named *steps = NULL, *drgs = NULL;
    size_t step_count = 0, step_capacity = 0, drg_count = 0, drg_capacity = 0;
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        const struct mdc *mdc = scheme->mdcs[m];
        for (size_t s = 0; s < mdc->step_count; s++) {
            const struct step *step = mdc->steps[s];
            struct named name = {step->code, mdc, step, NULL, step_count};
            ARENA_PUSH(review->arena, steps, step_count, step_capacity, name);
            for (size_t d = 0; d < step->drg_count; d++) {
                struct named drg = {step->drgs[d].code, mdc, step, &step->drgs[d], drg_count};
                ARENA_PUSH(review->arena, drgs, drg_count, drg_capacity, drg);
            }
        }
    }
    check_names(review, steps, step_count);
    check_names(review, drgs, drg_count);
}

/* ---- no answer ---- */

static void check_answers(const struct review *review) {
    for (size_t m = 0; m < review->scheme->mdc_count; m++) {
        const struct mdc *mdc = review->scheme->mdcs[m];
        if (mdc->step_count == 0 && !switched_off(mdc->when)) {
            report_say(review->report, MSG_mdc_without_steps, mdc->place, mdc->code);
        }
        for (size_t s = 0; s < mdc->step_count; s++) {
            const struct step *step = mdc->steps[s];
            if (!step->is_qy && !step->bare && step->drg_count == 0 && !switched_off(step->when)) {
                report_say(review->report, MSG_adrg_without_answer, step->place, step->id);
            }
        }
    }
}

/* ---- severity ---- */

static unsigned set_count(const struct codeset *set) {
    return set == NULL ? 0 : set->count;
}

static void add_bits(const struct review *review, uint64_t *to, const struct codeset *set) {
    for (size_t i = 0; set != NULL && i < review->regions.words[CODE_DIAGNOSIS]; i++) {
        to[i] |= set->bits[i];
    }
}

static void check_severity(const struct review *review) {
    const struct scheme *scheme = review->scheme;
    size_t words = review->regions.words[CODE_DIAGNOSIS];
    uint64_t *mcc = ARENA_ARRAY(review->arena, uint64_t, words + 1);
    uint64_t *cc = ARENA_ARRAY(review->arena, uint64_t, words + 1);
    for (size_t t = 0; t < scheme->table_count; t++) {
        const struct exclusion_table *table = &scheme->tables[t];
        unsigned count = set_count(table->mcc) + set_count(table->cc);
        if (set_count(table->principal) == 0 && count > 0) {
            report_say(review->report, MSG_severity_never_excluded, table->place, table->id, count);
        }
        add_bits(review, mcc, table->mcc);
        add_bits(review, cc, table->cc);
    }
    for (size_t i = 0; i < words; i++) {
        mcc[i] &= cc[i];
    }
    unsigned both;
    const char *codes = first_codes(review, CODE_DIAGNOSIS, mcc, &both);
    if (both > 0) {
        report_say(review->report, MSG_severity_twice, scheme->place, both, codes);
    }
}

/* ---- all of it ---- */

static void make_regions(struct review *review) {
    const struct scheme *scheme = review->scheme;
    struct region_list all = {0};
    struct region *everything = ARENA_NEW(review->arena, struct region);
    region_all(&review->regions, everything);
    ARENA_PUSH(review->arena, all.items, all.count, all.capacity, everything);
    review->mdcs = ARENA_ARRAY(review->arena, struct region_list, scheme->mdc_count + 1);
    review->unclear = ARENA_ARRAY(review->arena, bool, scheme->mdc_count + 1);
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        review->unclear[m] = !regions_of(&review->regions, &all, scheme->mdcs[m]->when, &review->mdcs[m]);
    }
}

void scheme_check(struct report *report, const struct scheme *scheme) {
    struct review review = {.arena = arena_new(), .report = report, .scheme = scheme};
    review.regions = (struct regions){.arena = review.arena, .scheme = scheme};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        review.regions.words[kind] = ((size_t)scheme->catalogues[kind]->count + 63) / 64;
    }
    if (scheme->dip != NULL) {
        check_dip(&review);
    } else {
        make_regions(&review);
        check_groups(&review);
        check_answers(&review);
        check_reach(&review);
        check_diagnoses(&review);
    }
    check_severity(&review);
    arena_free(review.arena);
}
