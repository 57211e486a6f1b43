/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of two DIP schemes, all but the entries: what operations are, how entries are searched, auxiliary
 * catalogues and supervision indices. Steps, kinds, indices and classes are the same if they have the same name. */
#include "compare_dip.h"

#include <string.h>

const char *amount_words(struct comparison *c, int64_t number, int places) {
    char text[RATIONAL_TEXT];
    if (number < 0) {
        return "none";
    }
    rational_text(rational_of(number, decimal_power(places)), text, sizeof text);
    return arena_copy(c->arena, text, strlen(text));
}

void compare_code_sets(struct comparison *c, const struct codeset *a, const struct codeset *b, enum code_kind kind,
                       const char *part, const char *subject, const char *what) {
    struct difference found = {0};
    if (compare_sets(c, a, b, kind, &found)) {
        struct difference *out = difference_add(c, part, subject, what);
        out->added = found.added;
        out->added_count = found.added_count;
        out->removed = found.removed;
        out->removed_count = found.removed_count;
    }
}

/* ---- lists in words ---- */

static const char *join(struct comparison *c, const char *list, const char *word) {
    return list[0] == '\0' ? word : arena_format(c->arena, "%s, %s", list, word);
}

static const char *kind_words(struct comparison *c, const struct dip *dip, uint32_t kinds) {
    const char *words = "";
    bool all = true;
    for (size_t k = 0; k < dip->kind_count; k++) {
        bool in = kinds >> k & 1;
        words = in ? join(c, words, dip->kinds[k].name) : words;
        all = all && in;
    }
    return all ? "all" : words;
}

static const char *kind_order(struct comparison *c, const struct dip *dip) {
    const char *words = "";
    for (size_t k = 0; k < dip->kind_count; k++) {
        words = join(c, words, dip->kinds[k].name);
    }
    return words;
}

static const char *name_list(struct comparison *c, const char *const *names, size_t count) {
    const char *words = "";
    for (size_t i = 0; i < count; i++) {
        words = join(c, words, names[i]);
    }
    return words[0] == '\0' ? "none" : words;
}

static const char *level_list(struct comparison *c, const struct dip *dip) {
    const char *words = "";
    for (size_t l = 0; l < dip->level_count; l++) {
        const struct dip_level *level = &dip->levels[l];
        words = arena_format(c->arena, "%s%s%s", words, l > 0 ? "; " : "", level->name);
        for (size_t w = 0; w < level->word_count; w++) {
            words = arena_format(c->arena, "%s %s", words, level->words[w]);
        }
    }
    return words[0] == '\0' ? "none" : words;
}

/* The parts that a step looks at, by rank; those of one rank are not told apart. */
static const char *rank_words(struct comparison *c, const struct dip *dip, const struct dip_step *step) {
    const char *words = "";
    for (unsigned rank = 0; rank < UINT8_MAX; rank++) {
        for (size_t p = 0; p < dip->part_count; p++) {
            words = step->ranks[p] == rank ? join(c, words, dip->parts[p]) : words;
        }
    }
    return words;
}

static const char *rule_list(struct comparison *c, const struct dip_step *step) {
    static const char *const names[IMAGE_DIP_RULES] = {"",         "key",   "plus", "matched", "exact", "principal",
                                                       "complete", "score", "cost", "kind",    "part",  "conditions"};
    const char *words = "";
    for (size_t r = 0; r < step->rule_count; r++) {
        words = join(c, words, names[step->rules[r]]);
    }
    return words[0] == '\0' ? "order of the catalogue" : words;
}

/* ---- kinds and operations ---- */

static const struct dip_kind *find_kind(const struct dip *dip, const char *name) {
    for (size_t k = 0; k < dip->kind_count; k++) {
        if (strcmp(dip->kinds[k].name, name) == 0) {
            return &dip->kinds[k];
        }
    }
    return NULL;
}

static void compare_kinds(struct comparison *c, const struct dip *a, const struct dip *b) {
    compare_change(c, "", "kinds", "order", kind_order(c, a), kind_order(c, b));
    for (size_t k = 0; k < b->kind_count; k++) {
        const struct dip_kind *kind = &b->kinds[k], *before = find_kind(a, kind->name);
        const char *subject = arena_format(c->arena, "kind %s", kind->name);
        compare_code_sets(c, before == NULL ? NULL : before->procedures, kind->procedures, CODE_PROCEDURE, "", subject,
                          "procedures");
        if (before != NULL) {
            compare_change(c, "", subject, "surgical", before->surgical ? "yes" : "no", kind->surgical ? "yes" : "no");
        }
    }
    compare_change(c, "", "case", "kind", a->case_kind == IMAGE_DIP_KIND_HIGHEST ? "highest" : "principal",
                   b->case_kind == IMAGE_DIP_KIND_HIGHEST ? "highest" : "principal");
}

/* Restrictions that stand in the same place are compared; what is beyond is new or gone. */
static void compare_restrictions(struct comparison *c, const struct dip *a, const struct dip *b) {
    size_t most = a->restriction_count > b->restriction_count ? a->restriction_count : b->restriction_count;
    for (size_t i = 0; i < most; i++) {
        const struct dip_restriction *before = i < a->restriction_count ? &a->restrictions[i] : NULL;
        const struct dip_restriction *after = i < b->restriction_count ? &b->restrictions[i] : NULL;
        const char *subject = arena_format(c->arena, "restriction %zu", i + 1);
        compare_code_sets(c, before == NULL ? NULL : before->procedures, after == NULL ? NULL : after->procedures,
                          CODE_PROCEDURE, "", subject, "procedures");
        compare_code_sets(c, before == NULL ? NULL : before->diagnoses, after == NULL ? NULL : after->diagnoses,
                          CODE_DIAGNOSIS, "", subject, "diagnoses");
    }
}

static void compare_operations(struct comparison *c, const struct dip *a, const struct dip *b) {
    compare_code_sets(c, a->excluded, b->excluded, CODE_PROCEDURE, "", "operations", "excluded");
    compare_code_sets(c, a->conservative, b->conservative, CODE_PROCEDURE, "", "operations", "conservative");
    compare_code_sets(c, a->not_principal, b->not_principal, CODE_PROCEDURE, "", "operations", "not principal");
    compare_restrictions(c, a, b);
    compare_code_sets(c, a->excluded_diagnoses, b->excluded_diagnoses, CODE_DIAGNOSIS, "", "diagnoses", "excluded");
    compare_change(c, "", "no principal", "diagnosis", a->without_principal ? "entries of all diagnoses" : "ungrouped",
                   b->without_principal ? "entries of all diagnoses" : "ungrouped");
}

/* ---- the search ---- */

static const struct dip_step *find_step(const struct dip *dip, const char *name, size_t *at) {
    for (*at = 0; *at < dip->step_count; ++*at) {
        if (strcmp(dip->steps[*at].name, name) == 0) {
            return &dip->steps[*at];
        }
    }
    *at = SIZE_MAX;
    return NULL;
}

static const char *step_title(struct comparison *c, const struct dip_step *step) {
    return arena_format(c->arena, "step %s", step->name);
}

static void compare_step(struct comparison *c, const struct dip_step *a, const struct dip_step *b) {
    static const char *const asks[] = {"with and without", "with", "without"};
    static const char *const unmatched[] = {"allowed", "all", "any"};
    const char *title = step_title(c, b);
    compare_change(c, "", title, "parts", rank_words(c, c->a->dip, a), rank_words(c, c->b->dip, b));
    compare_change(c, "", title, "kinds", kind_words(c, c->a->dip, a->entry_kinds),
                   kind_words(c, c->b->dip, b->entry_kinds));
    compare_change(c, "", title, "case kinds", kind_words(c, c->a->dip, a->case_kinds),
                   kind_words(c, c->b->dip, b->case_kinds));
    compare_change(c, "", title, "operations", asks[a->operations], asks[b->operations]);
    compare_change(c, "", title, "unmatched surgery", unmatched[a->unmatched], unmatched[b->unmatched]);
    compare_change(c, "", title, "choose", rule_list(c, a), rule_list(c, b));
    compare_when(c, a->when, b->when, "", title, title);
}

static void compare_search(struct comparison *c, const struct dip *a, const struct dip *b) {
    size_t at, *places = ARENA_ARRAY(c->arena, size_t, b->step_count + 1);
    for (size_t s = 0; s < a->step_count; s++) {
        if (find_step(b, a->steps[s].name, &at) == NULL) {
            difference_add(c, "", step_title(c, &a->steps[s]), "removed")->text = rank_words(c, a, &a->steps[s]);
        }
    }
    for (size_t s = 0; s < b->step_count; s++) {
        const struct dip_step *step = &b->steps[s], *before = find_step(a, step->name, &places[s]);
        if (before != NULL) {
            compare_step(c, before, step);
            continue;
        }
        struct difference *out = difference_add(c, "", step_title(c, step), "added");
        out->text = arena_format(c->arena, "%s; by %s; %s%s", rank_words(c, b, step), rule_list(c, step),
                                 s > 0 ? "after " : "first", s > 0 ? b->steps[s - 1].name : "");
        out->after = condition_words(c, step->when);
        compare_named_sets(c, step->when, "", step_title(c, step));
    }
    const bool *moved = compare_moved(c->arena, places, b->step_count);
    for (size_t s = 0; s < b->step_count; s++) {
        if (moved[s]) {
            compare_say_moved(c, "", step_title(c, &b->steps[s]), places[s] > 0 ? a->steps[places[s] - 1].name : NULL,
                              s > 0 ? b->steps[s - 1].name : NULL);
        }
    }
}

/* ---- auxiliary catalogues and supervision indices ---- */

static const struct dip_index *find_index(const struct dip *dip, const struct dip_index *like) {
    for (size_t i = 0; i < dip->index_count; i++) {
        if (dip->indices[i].supervision == like->supervision && strcmp(dip->indices[i].name, like->name) == 0) {
            return &dip->indices[i];
        }
    }
    return NULL;
}

static const struct dip_class *find_class(const struct dip_index *index, const char *name, size_t *at) {
    for (*at = 0; *at < index->class_count; ++*at) {
        if (strcmp(index->classes[*at].name, name) == 0) {
            return &index->classes[*at];
        }
    }
    *at = SIZE_MAX;
    return NULL;
}

static const char *index_title(struct comparison *c, const struct dip_index *index) {
    return arena_format(c->arena, "%s %s", index->supervision ? "supervision" : "auxiliary", index->name);
}

static const char *class_title(struct comparison *c, const struct dip_index *index, const struct dip_class *class) {
    return arena_format(c->arena, "%s, %s", index_title(c, index), class->name);
}

static const char *class_names(struct comparison *c, const struct dip_index *index) {
    const char *words = "";
    for (size_t i = 0; i < index->class_count; i++) {
        words = join(c, words, index->classes[i].name);
    }
    return words;
}

enum { FACTOR_PLACES = 6 };

/* The factor of an entry of its own, or -1. */
static int64_t factor_of(const struct dip_class *class, uint32_t entry) {
    size_t low = 0, high = class->factor_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (class->factors[middle].entry < entry) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < class->factor_count && class->factors[low].entry == entry ? class->factors[low].number : -1;
}

/* The entries whose own factor is another one; of an entry that only one scheme has, nothing is said. */
static void compare_factors(struct comparison *c, const struct dip_class *a, const struct dip_class *b,
                            const struct entry_maps *maps, const char *title) {
    const char **codes = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < b->factor_count; i++) {
        uint32_t entry = b->factors[i].entry, before = maps->to_a[entry];
        if (before != UINT32_MAX && factor_of(a, before) != b->factors[i].number) {
            ARENA_PUSH(c->arena, codes, count, capacity, c->b->dip->entries[entry].code);
        }
    }
    for (size_t i = 0; i < a->factor_count; i++) {
        uint32_t entry = a->factors[i].entry, after = maps->to_b[entry];
        if (after != UINT32_MAX && factor_of(b, after) < 0) {
            ARENA_PUSH(c->arena, codes, count, capacity, c->a->dip->entries[entry].code);
        }
    }
    if (count > 0) {
        struct difference *out = difference_add(c, "", title, "own factors");
        out->list = codes;
        out->list_count = count;
    }
}

static void compare_classes(struct comparison *c, const struct dip_index *a, const struct dip_index *b,
                            const struct entry_maps *maps) {
    size_t at, *places = ARENA_ARRAY(c->arena, size_t, b->class_count + 1);
    for (size_t i = 0; i < a->class_count; i++) {
        if (find_class(b, a->classes[i].name, &at) == NULL) {
            difference_add(c, "", class_title(c, a, &a->classes[i]), "removed")->text =
                amount_words(c, a->classes[i].number, FACTOR_PLACES);
        }
    }
    for (size_t i = 0; i < b->class_count; i++) {
        const struct dip_class *class = &b->classes[i], *before = find_class(a, class->name, &places[i]);
        const char *title = class_title(c, b, class);
        if (before == NULL) {
            struct difference *out = difference_add(c, "", title, "added");
            out->text = amount_words(c, class->number, FACTOR_PLACES);
            out->after = condition_words(c, class->when);
            compare_named_sets(c, class->when, "", title);
            continue;
        }
        compare_change(c, "", title, b->supervision ? "score" : "factor",
                       amount_words(c, before->number, FACTOR_PLACES), amount_words(c, class->number, FACTOR_PLACES));
        compare_when(c, before->when, class->when, "", title, title);
        compare_factors(c, before, class, maps, title);
    }
    const bool *moved = compare_moved(c->arena, places, b->class_count);
    for (size_t i = 0; i < b->class_count; i++) {
        if (moved[i]) {
            compare_say_moved(c, "", class_title(c, b, &b->classes[i]),
                              places[i] > 0 ? a->classes[places[i] - 1].name : NULL,
                              i > 0 ? b->classes[i - 1].name : NULL);
        }
    }
}

static void compare_indices(struct comparison *c, const struct dip *a, const struct dip *b,
                            const struct entry_maps *maps) {
    for (size_t i = 0; i < a->index_count; i++) {
        if (find_index(b, &a->indices[i]) == NULL) {
            difference_add(c, "", index_title(c, &a->indices[i]), "removed")->text = class_names(c, &a->indices[i]);
        }
    }
    for (size_t i = 0; i < b->index_count; i++) {
        const struct dip_index *index = &b->indices[i], *before = find_index(a, index);
        if (before == NULL) {
            difference_add(c, "", index_title(c, index), "added")->text = class_names(c, index);
        } else {
            compare_classes(c, before, index, maps);
        }
    }
    compare_change(c, "", "auxiliary", "pick", a->pick == IMAGE_DIP_PICK_HIGHEST ? "highest" : "product",
                   b->pick == IMAGE_DIP_PICK_HIGHEST ? "highest" : "product");
}

void compare_dip(struct comparison *c) {
    const struct dip *a = c->a->dip, *b = c->b->dip;
    struct entry_maps maps = map_entries(c);
    compare_change(c, "", "catalogue", "parts", name_list(c, a->parts, a->part_count),
                   name_list(c, b->parts, b->part_count));
    compare_change(c, "", "catalogue", "numbers", name_list(c, a->columns, a->column_count),
                   name_list(c, b->columns, b->column_count));
    compare_change(c, "", "hospital levels", "words", level_list(c, a), level_list(c, b));
    compare_kinds(c, a, b);
    compare_operations(c, a, b);
    compare_search(c, a, b);
    compare_indices(c, a, b, &maps);
    compare_entries(c, &maps);
}
