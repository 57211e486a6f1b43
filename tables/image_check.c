/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification of what the catalogues and schemes of an image refer to. After it, grouping and explaining index
 * without looking. One rule of thumb: every index is compared with the count of what it points into, every pair
 * first/count with image_within. */
#include "facts.h"
#include "image_private.h"

/* Fetch an obligatory or optional array of a scheme or catalogue into a view. */
#define NEED(field, count, section, type, what)                                                               \
    if (((field) = image_check_section(check, (section), n, sizeof(type), &(count), (what))) == NULL) {       \
        return false;                                                                                         \
    }
#define MAY(field, count, section, type)                                                                      \
    if (!image_check_optional(check, (section), n, sizeof(type), (const void **)&(field), &(count))) {        \
        return false;                                                                                         \
    }

bool image_check_catalogue(struct image_check *check, uint32_t n) {
    struct catalogue_view *view = &check->image->catalogues[n];
    uint32_t count;
    const struct image_catalogue *all = image_check_section(check, IMAGE_CATALOGUES, 0, sizeof *all, &count, "catalogues");
    if (all == NULL || count != check->image->header->catalogue_count) {
        return image_check_fail(check, "catalogues");
    }
    const struct image_catalogue *about = view->about = &all[n];
    if (!image_has_text(check->image, about->id) || about->kind > 1 || about->slots == 0 || about->buckets == 0 ||
        about->slots > IMAGE_NONE16 || about->long_count > IMAGE_NONE16) {
        return image_check_fail(check, "catalogue");
    }
    view->id_count = about->slots + about->long_count;
    uint32_t keys, displacements, long_keys, names;
    NEED(view->keys, keys, IMAGE_HOT_KEYS, struct image_key, "codes");
    NEED(view->displacements, displacements, IMAGE_HOT_DISPLACEMENTS, uint16_t, "code table");
    NEED(view->names, names, IMAGE_CODE_NAMES, image_text, "names of codes");
    MAY(view->long_keys, long_keys, IMAGE_HOT_LONG_KEYS, struct image_long_key);
    if (keys != about->slots || displacements != about->buckets || long_keys != about->long_count ||
        names != view->id_count || view->id_count > IMAGE_NONE16) {
        return image_check_fail(check, "size of a code table");
    }
    for (uint32_t i = 0; i < names; i++) {
        if (!image_has_text(check->image, view->names[i])) {
            return image_check_fail(check, "name of a code");
        }
    }
    return true;
}

/* A scheme without rules has no rows either; then every row is number 0 and nobody looks at it. */
static bool is_row(const struct scheme_view *view, uint32_t row) {
    return row < view->row_count || (row == 0 && view->about->kind == IMAGE_SCHEME_DIP);
}

static bool check_profiles(struct image_check *check, const struct scheme_view *view) {
    for (uint32_t i = 0; i < view->diagnoses->id_count; i++) {
        if (view->diagnosis_profile[i] >= view->diagnosis_profile_count) {
            return image_check_fail(check, "profile of a diagnosis");
        }
    }
    for (uint32_t i = 0; i < view->procedures->id_count; i++) {
        if (view->procedure_profile[i] >= view->procedure_profile_count) {
            return image_check_fail(check, "profile of a procedure");
        }
    }
    for (uint32_t i = 0; i < view->diagnosis_profile_count; i++) {
        const struct image_diagnosis_profile *p = &view->diagnosis_profiles[i];
        if (!is_row(view, p->principal_row) || !is_row(view, p->any_row) ||
            p->principal_facts >= view->fact_row_count || p->other_facts >= view->fact_row_count) {
            return image_check_fail(check, "profile of diagnoses");
        }
    }
    for (uint32_t i = 0; i < view->procedure_profile_count; i++) {
        const struct image_procedure_profile *p = &view->procedure_profiles[i];
        if (!is_row(view, p->principal_row) || !is_row(view, p->any_row) ||
            p->principal_facts >= view->fact_row_count || p->other_facts >= view->fact_row_count) {
            return image_check_fail(check, "profile of procedures");
        }
    }
    return true;
}

/* A row may have no bit beyond the last rule. */
static bool check_rows(struct image_check *check, const struct scheme_view *view) {
    uint32_t words = view->about->row_words;
    for (uint32_t row = 0; row < view->row_count; row++) {
        for (uint32_t word = view->rule_count / 64; word < words; word++) {
            uint64_t bits = view->rows[(size_t)row * words + word];
            unsigned used = word == view->rule_count / 64 ? view->rule_count % 64 : 0;
            if (bits >> used != 0) {
                return image_check_fail(check, "row of rules");
            }
        }
    }
    for (uint32_t i = 0; i < view->rule_count; i++) {
        if (view->rules[i].step >= view->step_count || view->rules[i].mask >= view->mask_count) {
            return image_check_fail(check, "rule");
        }
    }
    return true;
}

static bool good_when(const struct scheme_view *view, uint32_t when) {
    return when < view->expression_count;
}

static bool check_groups(struct image_check *check, const struct scheme_view *view) {
    const struct image *image = check->image;
    for (uint32_t i = 0; i < view->step_count; i++) {
        const struct image_step *s = &view->steps[i];
        if (!image_has_text(image, s->code) || !image_has_text(image, s->name) || !image_has_text(image, s->id) ||
            !image_has_text(image, s->file) || !good_when(view, s->when) || s->mdc >= view->mdc_count ||
            !image_within(s->first_branch, s->branch_count, view->branch_count) ||
            !image_within(s->first_drg, s->drg_count, view->drg_count)) {
            return image_check_fail(check, "ADRG");
        }
    }
    for (uint32_t i = 0; i < view->branch_count; i++) {
        if (view->branches[i].drg >= view->drg_count || view->branches[i].mask >= view->mask_count) {
            return image_check_fail(check, "DRG condition");
        }
    }
    for (uint32_t i = 0; i < view->drg_count; i++) {
        const struct image_drg *d = &view->drgs[i];
        if (!image_has_text(image, d->code) || !image_has_text(image, d->name) || !image_has_text(image, d->file) ||
            !good_when(view, d->when) || d->step >= view->step_count) {
            return image_check_fail(check, "DRG");
        }
    }
    for (uint32_t i = 0; i < view->mdc_count; i++) {
        const struct image_mdc *m = &view->mdcs[i];
        if (!image_has_text(image, m->code) || !image_has_text(image, m->name) || !image_has_text(image, m->file) ||
            !good_when(view, m->when) || !image_within(m->first_step, m->step_count, view->step_count)) {
            return image_check_fail(check, "MDC");
        }
    }
    return true;
}

static bool check_facts(struct image_check *check, const struct scheme_view *view) {
    uint32_t facts = view->about->fact_words * 64;
    for (uint32_t i = 0; i < view->number_count; i++) {
        const struct image_number *number = &view->numbers[i];
        if (number->fact >= FACT_COUNT || !image_within(number->first_break, number->break_count, view->break_count)) {
            return image_check_fail(check, "number asked by rules");
        }
    }
    for (uint32_t i = 0; i < view->break_count; i++) {
        if (view->breaks[i].facts >= view->fact_row_count) {
            return image_check_fail(check, "interval of a number");
        }
    }
    for (uint32_t i = 0; i < view->word_count; i++) {
        const struct image_word *word = &view->words[i];
        if (word->fact >= FACT_COUNT || word->facts >= view->fact_row_count ||
            !image_within(word->word, word->length, check->image->string_size)) {
            return image_check_fail(check, "word asked by rules");
        }
    }
    for (uint32_t i = 0; i < view->derived_count; i++) {
        const struct image_derived *d = &view->derived[i];
        if (d->kind < IMAGE_DERIVED_AT_LEAST || d->kind > IMAGE_DERIVED_TOTAL || d->result >= facts ||
            d->of >= facts || d->mask >= view->mask_count || d->compare > 5 || d->where > 15) {
            return image_check_fail(check, "fact computed from facts");
        }
    }
    for (uint32_t i = 0; i < view->requirement_count; i++) {
        if (view->requirements[i].fact >= FACT_COUNT || view->requirements[i].mask >= view->mask_count) {
            return image_check_fail(check, "required fact");
        }
    }
    return true;
}

/* What a total adds up are the weights of tests of codes; their sum cannot overflow. */
static bool has_weights(const struct scheme_view *view, const struct image_expression *total) {
    for (uint32_t i = 0; i < total->count; i++) {
        const struct image_expression *child = &view->expressions[total->first + i];
        if (child->op != IMAGE_OP_IN || child->number < 0 || child->number > UINT32_MAX) {
            return false;
        }
    }
    return true;
}

/* Trees lie one after the other, each breadth first: the children of each node start where the children of the node
 * before it ended. So every node has one parent at most, and walking a tree cannot come back. */
static bool check_expressions(struct image_check *check, const struct scheme_view *view) {
    const struct image *image = check->image;
    uint64_t next = 0;
    for (uint32_t i = 0; i < view->expression_count; i++) {
        const struct image_expression *e = &view->expressions[i];
        if (i == next) {
            next++;
        }
        bool parent = e->op == IMAGE_OP_AND || e->op == IMAGE_OP_OR || e->op == IMAGE_OP_NOT ||
                      e->op == IMAGE_OP_AT_LEAST || e->op == IMAGE_OP_TOTAL;
        bool fits = e->op < IMAGE_OPS && image_has_text(image, e->text) && e->compare <= 5 && e->where <= 15;
        if (parent) {
            fits = fits && e->first == next && image_within(e->first, e->count, view->expression_count) &&
                   (e->op != IMAGE_OP_NOT || e->count == 1);
            next += e->count;
        } else if (e->op == IMAGE_OP_AMONG) {
            fits = fits && image_within(e->first, e->count, view->expression_word_count);
        }
        fits = fits && (e->op != IMAGE_OP_TOTAL || has_weights(view, e));
        if (e->op == IMAGE_OP_IN || e->op == IMAGE_OP_COUNT) {
            fits = fits && e->set < view->set_count;
        }
        if (e->op == IMAGE_OP_COMPARE || e->op == IMAGE_OP_AMONG || e->op == IMAGE_OP_PRESENT) {
            fits = fits && e->fact < FACT_COUNT;
        }
        if (!fits) {
            return image_check_fail(check, "condition");
        }
    }
    for (uint32_t i = 0; i < view->expression_word_count; i++) {
        if (!image_has_text(image, view->expression_words[i])) {
            return image_check_fail(check, "word of a condition");
        }
    }
    return true;
}

static bool check_sets(struct image_check *check, const struct scheme_view *view) {
    for (uint32_t i = 0; i < view->set_count; i++) {
        const struct image_set *set = &view->sets[i];
        if (!image_has_text(check->image, set->name) || set->kind > 1 ||
            !image_within(set->first, set->count, view->member_count)) {
            return image_check_fail(check, "code set");
        }
    }
    return true;
}

static bool check_crosswalk(struct image_check *check, const struct image_crossing *crossings, uint32_t count,
                            const struct catalogue_view *catalogue) {
    for (uint32_t i = 0; i < count; i++) {
        if (crossings[i].to >= catalogue->id_count) {
            return image_check_fail(check, "crosswalk");
        }
    }
    return true;
}

/* The counts of arrays whose records are as long as the scheme says. */
static bool split_rows(struct image_check *check, uint32_t n, struct scheme_view *view) {
    const struct image_scheme *about = view->about;
    uint32_t words, fact_words, mask_words;
    bool good_rows;
    if (about->kind == IMAGE_SCHEME_DIP) {
        MAY(view->rows, words, IMAGE_HOT_ROWS, uint64_t);
        good_rows = about->row_words == 0 && words == 0;
    } else {
        NEED(view->rows, words, IMAGE_HOT_ROWS, uint64_t, "rows");
        good_rows = about->row_words != 0 && about->row_words % IMAGE_ROW_LINE == 0 &&
                    about->row_words <= IMAGE_ROW_WORDS_MAX && words % about->row_words == 0;
    }
    NEED(view->fact_rows, fact_words, IMAGE_HOT_FACT_ROWS, uint64_t, "fact rows");
    NEED(view->masks, mask_words, IMAGE_HOT_MASKS, uint64_t, "masks");
    if (!good_rows || about->fact_words == 0 || about->fact_words > IMAGE_FACT_WORDS_MAX ||
        fact_words % about->fact_words != 0 || mask_words % (2 * about->fact_words) != 0) {
        return image_check_fail(check, "width of rows");
    }
    view->row_count = about->row_words == 0 ? 0 : words / about->row_words;
    view->fact_row_count = fact_words / about->fact_words;
    view->mask_count = mask_words / (2 * about->fact_words);
    return true;
}

static bool fetch_scheme(struct image_check *check, uint32_t n, struct scheme_view *view) {
    uint32_t diagnoses, procedures;
    NEED(view->diagnosis_profile, diagnoses, IMAGE_HOT_DIAGNOSIS_PROFILE, uint16_t, "diagnoses");
    NEED(view->procedure_profile, procedures, IMAGE_HOT_PROCEDURE_PROFILE, uint16_t, "procedures");
    NEED(view->diagnosis_profiles, view->diagnosis_profile_count, IMAGE_HOT_DIAGNOSIS_PROFILES,
         struct image_diagnosis_profile, "profiles of diagnoses");
    NEED(view->procedure_profiles, view->procedure_profile_count, IMAGE_HOT_PROCEDURE_PROFILES,
         struct image_procedure_profile, "profiles of procedures");
    MAY(view->rules, view->rule_count, IMAGE_HOT_RULES, struct image_rule); /* none if nothing can be reached */
    MAY(view->steps, view->step_count, IMAGE_HOT_STEPS, struct image_step);
    MAY(view->mdcs, view->mdc_count, IMAGE_MDCS, struct image_mdc);
    MAY(view->expressions, view->expression_count, IMAGE_EXPRESSIONS, struct image_expression);
    MAY(view->drgs, view->drg_count, IMAGE_DRGS, struct image_drg);
    MAY(view->branches, view->branch_count, IMAGE_HOT_BRANCHES, struct image_branch);
    MAY(view->numbers, view->number_count, IMAGE_HOT_NUMBERS, struct image_number);
    MAY(view->breaks, view->break_count, IMAGE_HOT_BREAKS, struct image_break);
    MAY(view->words, view->word_count, IMAGE_HOT_WORDS, struct image_word);
    MAY(view->derived, view->derived_count, IMAGE_HOT_DERIVED, struct image_derived);
    MAY(view->requirements, view->requirement_count, IMAGE_HOT_REQUIREMENTS, struct image_requirement);
    MAY(view->sets, view->set_count, IMAGE_SETS, struct image_set);
    MAY(view->members, view->member_count, IMAGE_MEMBERS, uint16_t);
    MAY(view->expression_words, view->expression_word_count, IMAGE_EXPRESSION_WORDS, image_text);
    MAY(view->clinical_diagnoses, view->clinical_diagnosis_count, IMAGE_CLINICAL_DIAGNOSES, struct image_crossing);
    MAY(view->clinical_procedures, view->clinical_procedure_count, IMAGE_CLINICAL_PROCEDURES, struct image_crossing);
    MAY(view->regions, view->region_count, IMAGE_REGIONS, image_text);
    for (uint32_t i = 0; i < view->region_count; i++) {
        if (!image_has_text(check->image, view->regions[i])) {
            return image_check_fail(check, "region of a scheme");
        }
    }
    if (diagnoses != view->diagnoses->id_count || procedures != view->procedures->id_count) {
        return image_check_fail(check, "number of codes of a scheme");
    }
    return true;
}

bool image_check_scheme(struct image_check *check, uint32_t n) {
    struct image *image = check->image;
    struct scheme_view *view = &image->schemes[n];
    uint32_t count;
    const struct image_scheme *all = image_check_section(check, IMAGE_SCHEMES, 0, sizeof *all, &count, "schemes");
    if (all == NULL || count != image->header->scheme_count) {
        return image_check_fail(check, "schemes");
    }
    const struct image_scheme *about = view->about = &all[n];
    uint32_t catalogues = image->header->catalogue_count;
    if (!image_has_text(image, about->id) || !image_has_text(image, about->title) ||
        !image_has_text(image, about->source) || !image_has_text(image, about->from) ||
        !image_has_text(image, about->until) || about->diagnosis_catalogue >= catalogues ||
        about->procedure_catalogue >= catalogues || about->kind > IMAGE_SCHEME_DIP ||
        (about->used_numbers | about->zero_if_missing) >> FACT_COUNT != 0) {
        return image_check_fail(check, "scheme");
    }
    view->diagnoses = &image->catalogues[about->diagnosis_catalogue];
    view->procedures = &image->catalogues[about->procedure_catalogue];
    if (!fetch_scheme(check, n, view) || !split_rows(check, n, view)) {
        return false;
    }
    if (view->rule_count > about->row_words * 64 || !is_row(view, about->any_diagnosis_base) ||
        !is_row(view, about->any_procedure_base)) {
        return image_check_fail(check, "number of rules");
    }
    return check_profiles(check, view) && check_rows(check, view) && check_groups(check, view) &&
           check_facts(check, view) && check_expressions(check, view) && check_sets(check, view) &&
           check_crosswalk(check, view->clinical_diagnoses, view->clinical_diagnosis_count, view->diagnoses) &&
           check_crosswalk(check, view->clinical_procedures, view->clinical_procedure_count, view->procedures) &&
           (about->kind != IMAGE_SCHEME_DIP || image_check_dip(check, n));
}
