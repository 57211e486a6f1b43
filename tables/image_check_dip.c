/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification of what makes a scheme a DIP scheme. After it, the search indexes without looking, and sums and
 * differences of the catalogue's numbers stay within 64 bits. */
#include <stdlib.h>

#include "facts.h"
#include "image_private.h"

#define MAY(field, count, section, type)                                                                           \
    if (!image_check_optional(check, (section), n, sizeof(type), (const void **)&(field), &(count))) {             \
        return false;                                                                                              \
    }

/* How many records the sections have that must have as many as something else. */
struct counts {
    uint32_t about, diagnoses, procedures, texts, kinds;
};

static bool fetch(struct image_check *check, uint32_t n, struct dip_view *view, struct counts *counts) {
    MAY(view->about, counts->about, IMAGE_DIP, struct image_dip);
    MAY(view->buckets, view->bucket_count, IMAGE_HOT_DIP_BUCKETS, struct image_dip_bucket);
    MAY(view->diagnoses, counts->diagnoses, IMAGE_HOT_DIP_DIAGNOSES, uint32_t);
    MAY(view->procedures, counts->procedures, IMAGE_HOT_DIP_PROCEDURES, struct image_dip_procedure);
    MAY(view->matches, view->match_count, IMAGE_HOT_DIP_MATCHES, struct image_dip_match);
    MAY(view->needs, view->need_count, IMAGE_HOT_DIP_NEEDS, struct image_dip_need);
    MAY(view->members, view->member_count, IMAGE_HOT_DIP_MEMBERS, uint16_t);
    MAY(view->entries, view->entry_count, IMAGE_HOT_DIP_ENTRIES, struct image_dip_entry);
    MAY(view->texts, counts->texts, IMAGE_DIP_TEXTS, struct image_dip_text);
    MAY(view->steps, view->step_count, IMAGE_HOT_DIP_STEPS, struct image_dip_step);
    MAY(view->level_words, view->level_word_count, IMAGE_HOT_DIP_LEVEL_WORDS, struct image_dip_word);
    MAY(view->level_means, view->level_mean_count, IMAGE_HOT_DIP_LEVEL_MEANS, int64_t);
    MAY(view->indices, view->index_count, IMAGE_HOT_DIP_INDICES, struct image_dip_index);
    MAY(view->classes, view->class_count, IMAGE_HOT_DIP_CLASSES, struct image_dip_class);
    MAY(view->factors, view->factor_count, IMAGE_HOT_DIP_FACTORS, struct image_dip_factor);
    MAY(view->kinds, counts->kinds, IMAGE_DIP_KINDS, struct image_dip_kind);
    MAY(view->masks, view->mask_count, IMAGE_HOT_DIP_MASKS, uint16_t);
    return true;
}

/* A number of the catalogue, or -1 for none: so far from the ends of int64_t that two can be added. */
static bool is_amount(int64_t number) {
    return number >= -1 && number <= INT64_MAX / 4;
}

static bool check_about(struct image_check *check, const struct scheme_view *scheme, const struct dip_view *view,
                        const struct counts *counts) {
    const struct image_dip *about = view->about;
    uint64_t late = (uint64_t)1 << FACT_COST_RATIO | (uint64_t)1 << FACT_STAY_RATIO;
    bool good = counts->about == 1 && about->case_kind <= IMAGE_DIP_KIND_PRINCIPAL && about->kind_count > 0 &&
                about->kind_count <= IMAGE_DIP_KINDS_MAX && counts->kinds == about->kind_count &&
                about->level_count <= IMAGE_DIP_LEVELS_MAX && about->pick <= IMAGE_DIP_PICK_PRODUCT &&
                about->without_principal <= 1 && (uint64_t)about->surgical_kinds >> about->kind_count == 0 &&
                (about->late_facts & ~(late & scheme->about->used_numbers)) == 0;
    good = good && about->auxiliary_count <= view->index_count && view->index_count <= IMAGE_DIP_INDICES_MAX &&
           view->step_count <= IMAGE_DIP_STEPS_MAX && scheme->mdc_count <= IMAGE_DIP_PARTS_MAX &&
           view->entry_count == scheme->drg_count && counts->texts == view->entry_count &&
           (uint64_t)view->entry_count * about->level_count == view->level_mean_count &&
           counts->diagnoses == scheme->diagnoses->id_count && counts->procedures == scheme->procedures->id_count;
    for (uint32_t i = 0; good && i < counts->kinds; i++) {
        good = image_has_text(check->image, view->kinds[i].name);
    }
    return good ? true : image_check_fail(check, "DIP scheme");
}

/* Buckets lie one after the other, so that all of them together are looked at once; in each, matches stand in the order
 * of steps, then entries. */
static bool check_buckets(struct image_check *check, const struct dip_view *view, uint32_t diagnoses) {
    uint64_t next = 0;
    bool good = view->bucket_count > 0;
    for (uint32_t i = 0; good && i < view->bucket_count; i++) {
        const struct image_dip_bucket *bucket = &view->buckets[i];
        good = bucket->count == 0 ||
               (bucket->first == next && image_within(bucket->first, bucket->count, view->match_count));
        for (uint32_t m = 1; good && m < bucket->count; m++) {
            const struct image_dip_match *match = &view->matches[bucket->first + m], *before = match - 1;
            good = before->step < match->step || (before->step == match->step && before->entry <= match->entry);
        }
        next += bucket->count;
    }
    for (uint32_t i = 0; good && i < diagnoses; i++) {
        good = view->diagnoses[i] < view->bucket_count || view->diagnoses[i] == IMAGE_NONE32;
    }
    return good && next == view->match_count ? true : image_check_fail(check, "entries of a diagnosis");
}

static bool check_matches(struct image_check *check, const struct scheme_view *scheme, const struct dip_view *view) {
    for (uint32_t i = 0; i < view->match_count; i++) {
        const struct image_dip_match *match = &view->matches[i];
        if (match->entry >= view->entry_count || match->mask >= scheme->mask_count || match->step >= view->step_count ||
            match->kind >= view->about->kind_count ||
            match->flags > (IMAGE_DIP_MATCH_CONSERVATIVE | IMAGE_DIP_MATCH_KIND) ||
            !image_within(match->first_need, match->need_count, view->need_count)) {
            return image_check_fail(check, "way to match an entry");
        }
    }
    for (uint32_t i = 0; i < scheme->procedures->id_count; i++) {
        const struct image_dip_procedure *procedure = &view->procedures[i];
        if (procedure->use > IMAGE_DIP_RESTRICTED || procedure->kind >= view->about->kind_count ||
            procedure->mask >= scheme->mask_count) {
            return image_check_fail(check, "what a procedure is");
        }
    }
    return true;
}

/* For each member how many before or at it are not higher than the one before them: between two members of an ascending
 * list this does not grow. */
static uint32_t *count_descents(const struct dip_view *view) {
    uint32_t *descents = calloc((size_t)view->member_count + 1, sizeof *descents);
    for (uint32_t i = 1; descents != NULL && i < view->member_count; i++) {
        descents[i] = descents[i - 1] + (view->members[i] <= view->members[i - 1]);
    }
    return descents;
}

static bool ascends(const struct dip_view *view, const uint32_t *descents, uint64_t first, uint32_t count) {
    return image_within(first, count, view->member_count) &&
           (count < 2 || descents[first + count - 1] == descents[first]);
}

static bool check_needs(struct image_check *check, const struct dip_view *view, uint32_t procedures) {
    uint32_t *descents = count_descents(view);
    bool good = descents != NULL;
    for (uint32_t i = 0; good && i < view->member_count; i++) {
        good = view->members[i] < procedures;
    }
    for (uint32_t i = 0; good && i < view->need_count; i++) {
        const struct image_dip_need *need = &view->needs[i];
        bool single = need->exact == 1 && need->loose == 0;
        good = need->at <= IMAGE_DIP_AT_OTHER &&
               (single ? need->first < procedures
                       : ascends(view, descents, need->first, need->exact) &&
                             (need->loose == IMAGE_NONE16 ||
                              ascends(view, descents, (uint64_t)need->first + need->exact, need->loose)));
    }
    bool has_memory = descents != NULL;
    free(descents);
    return good || !has_memory ? good : image_check_fail(check, "operations of an entry");
}

static bool check_entries(struct image_check *check, const struct dip_view *view) {
    bool good = true;
    for (uint32_t i = 0; good && i < view->entry_count; i++) {
        const struct image_dip_entry *entry = &view->entries[i];
        good = is_amount(entry->score) && is_amount(entry->mean_cost) && is_amount(entry->mean_stay) &&
               entry->kind < view->about->kind_count &&
               entry->flags <= (IMAGE_DIP_ENTRY_BASIC | IMAGE_DIP_ENTRY_NO_AUXILIARY) &&
               image_has_text(check->image, view->texts[i].diagnoses) &&
               image_has_text(check->image, view->texts[i].operations);
    }
    for (uint32_t i = 0; good && i < view->level_mean_count; i++) {
        good = is_amount(view->level_means[i]);
    }
    for (uint32_t i = 0; good && i < view->level_word_count; i++) {
        good = image_has_text(check->image, view->level_words[i].word) &&
               view->level_words[i].level < view->about->level_count;
    }
    return good ? true : image_check_fail(check, "entry");
}

static bool check_steps(struct image_check *check, const struct scheme_view *scheme, const struct dip_view *view) {
    bool good = true;
    for (uint32_t i = 0; good && i < view->step_count; i++) {
        const struct image_dip_step *step = &view->steps[i];
        good = image_has_text(check->image, step->name) && image_has_text(check->image, step->file) &&
               step->unmatched <= IMAGE_DIP_UNMATCHED_ANY && step->when < scheme->expression_count &&
               (uint64_t)step->case_kinds >> view->about->kind_count == 0 &&
               image_within(step->first_mask, step->mask_count, view->mask_count);
        for (int r = 0; good && r < IMAGE_DIP_RULES_MAX; r++) {
            good = step->rules[r] < IMAGE_DIP_RULES;
        }
    }
    for (uint32_t i = 0; good && i < view->mask_count; i++) {
        good = view->masks[i] < scheme->mask_count;
    }
    return good ? true : image_check_fail(check, "step of the search");
}

static bool check_class(struct image_check *check, const struct scheme_view *scheme, const struct dip_view *view,
                        const struct image_dip_class *class) {
    bool good = image_has_text(check->image, class->name) && class->when < scheme->expression_count &&
                image_within(class->first_mask, class->mask_count, view->mask_count) && is_amount(class->number);
    for (uint32_t i = 0; good && i < class->factor_count; i++) {
        const struct image_dip_factor *factor = &view->factors[class->first_factor + i];
        good = factor->entry < view->entry_count && is_amount(factor->number) &&
               (i == 0 || (factor - 1)->entry < factor->entry);
    }
    return good;
}

/* The classes of an index follow those of the one before it, as do the factors of a class. */
static bool check_indices(struct image_check *check, const struct scheme_view *scheme, const struct dip_view *view) {
    uint64_t next_class = 0, next_factor = 0;
    bool good = true;
    for (uint32_t i = 0; good && i < view->index_count; i++) {
        const struct image_dip_index *index = &view->indices[i];
        bool supervision = i >= view->about->auxiliary_count;
        good = image_has_text(check->image, index->name) && image_has_text(check->image, index->file) &&
               index->flags == (supervision ? IMAGE_DIP_INDEX_SUPERVISION : 0) && index->first_class == next_class &&
               image_within(next_class, index->class_count, view->class_count);
        next_class += index->class_count;
    }
    for (uint32_t i = 0; good && i < view->class_count; i++) {
        const struct image_dip_class *class = &view->classes[i];
        good = class->first_factor == next_factor &&
               image_within(next_factor, class->factor_count, view->factor_count) &&
               check_class(check, scheme, view, class);
        next_factor += class->factor_count;
    }
    return good && next_class == view->class_count && next_factor == view->factor_count
               ? true
               : image_check_fail(check, "auxiliary catalogue or supervision index");
}

bool image_check_dip(struct image_check *check, uint32_t n) {
    const struct scheme_view *scheme = &check->image->schemes[n];
    struct dip_view *view = &check->image->dips[n];
    struct counts counts;
    if (!fetch(check, n, view, &counts) || !check_about(check, scheme, view, &counts)) {
        return false;
    }
    check->image->schemes[n].dip = view;
    return check_buckets(check, view, counts.diagnoses) && check_matches(check, scheme, view) &&
           check_needs(check, view, counts.procedures) && check_entries(check, view) &&
           check_steps(check, scheme, view) && check_indices(check, scheme, view);
}
