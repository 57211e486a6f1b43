/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of two schemes: its frame, groups with their order, names and conditions. DIP catalogues are in
 * compare_dip.c and compare_entries.c. */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "compare_dip.h"

struct difference *difference_add(struct comparison *c, const char *part, const char *subject, const char *what) {
    struct difference item = {.part = part, .subject = subject, .what = what};
    ARENA_PUSH(c->arena, c->items, c->count, c->capacity, item);
    return &c->items[c->count - 1];
}

void compare_change(struct comparison *c, const char *part, const char *subject, const char *what,
                    const char *before, const char *after) {
    if (strcmp(before, after) != 0) {
        struct difference *out = difference_add(c, part, subject, what);
        out->before = before;
        out->after = after;
    }
}

const char *condition_words(struct comparison *c, const struct expression *when) {
    return when->text == NULL || when->length == 0 ? "always" : arena_copy(c->arena, when->text, when->length);
}

/* ---- conditions ---- */

static bool has_children(const struct expression *when) {
    return when->op == EXPR_AND || when->op == EXPR_OR || when->op == EXPR_NOT || when->op == EXPR_AT_LEAST ||
           when->op == EXPR_TOTAL;
}

/* Do both ask the same, whatever the sets hold? Sets written in braces or with other names may stand for each
 * other. */
static bool same_shape(const struct expression *a, const struct expression *b) {
    if (a->op != b->op || a->where != b->where || a->number != b->number || a->count != b->count ||
        a->fact != b->fact || a->compare != b->compare || (a->set == NULL) != (b->set == NULL) ||
        (a->set != NULL && a->set->kind != b->set->kind)) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->op == EXPR_AMONG ? strcmp(a->words[i], b->words[i]) != 0
                                : has_children(a) && !same_shape(a->children[i], b->children[i])) {
            return false;
        }
        if (a->op == EXPR_TOTAL && a->weights[i] != b->weights[i]) {
            return false;
        }
    }
    return true;
}

static void note_sets(struct comparison *c, const struct expression *a, const struct expression *b,
                      const char *part, const char *user) {
    if (a->set != NULL) {
        compare_note_pair(c, a->set, b->set, part, user);
    }
    for (size_t i = 0; has_children(a) && i < a->count; i++) {
        note_sets(c, a->children[i], b->children[i], part, user);
    }
}

/* The sets that a new condition names: changed since, or new. */
void compare_named_sets(struct comparison *c, const struct expression *b, const char *part, const char *user) {
    if (b->set != NULL && b->set->name[0] != '\0') {
        const struct codeset *before = codesets_find(&c->a->sets, b->set->name, strlen(b->set->name));
        if (before != NULL && before->kind == b->set->kind) {
            compare_note_pair(c, before, b->set, part, user);
        } else {
            compare_new_set(c, b->set, part, user);
        }
    }
    for (size_t i = 0; has_children(b) && i < b->count; i++) {
        compare_named_sets(c, b->children[i], part, user);
    }
}

void compare_when(struct comparison *c, const struct expression *a, const struct expression *b, const char *part,
                  const char *subject, const char *user) {
    if (same_shape(a, b)) {
        note_sets(c, a, b, part, user);
        return;
    }
    struct difference *out = difference_add(c, part, subject, "condition");
    out->before = condition_words(c, a);
    out->after = condition_words(c, b);
    compare_named_sets(c, b, part, user);
}

/* ---- order ---- */

/* The length of the longest ascending run that ends with each place, 0 where there is none; the greatest of them.
 * `ends[k]` is the thing with the lowest place that ends a run of k + 1. */
static size_t run_lengths(struct arena *arena, const size_t *places, size_t count, size_t *lengths) {
    size_t *ends = ARENA_ARRAY(arena, size_t, count + 1), longest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t low = 0, high = longest;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (places[ends[middle]] < places[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (places[i] != SIZE_MAX) {
            ends[low] = i;
            lengths[i] = low + 1;
            longest += low == longest;
        }
    }
    return longest;
}

/* Of things in the order of B, given by their places in A (SIZE_MAX: not there), those that moved: all that are not
 * in a longest ascending run; of several such runs the one whose things stand first. */
bool *compare_moved(struct arena *arena, const size_t *places, size_t count) {
    bool *moved = ARENA_ARRAY(arena, bool, count + 1);
    size_t *lengths = ARENA_ARRAY(arena, size_t, count + 1), *first = ARENA_ARRAY(arena, size_t, count + 2);
    size_t *by_length = ARENA_ARRAY(arena, size_t, count + 1);
    size_t longest = run_lengths(arena, places, count, lengths), below = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        moved[i] = lengths[i] > 0;
        first[lengths[i]]++;
    }
    for (size_t length = 0, next = 0; length <= longest;
         length++) { /* from how many there are to where they start */
        size_t there = first[length];
        first[length] = next;
        next += there;
    }
    for (size_t i = 0; i < count; i++) {
        by_length[first[lengths[i]]++] = i;
    }
    for (size_t length = longest; length > 0;
         length--) { /* first[length - 1] is where those of this length start now */
        size_t at = first[length - 1];
        while (places[by_length[at]] >= below) {
            at++;
        }
        below = places[by_length[at]];
        moved[by_length[at]] = false;
    }
    return moved;
}

void compare_say_moved(struct comparison *c, const char *part, const char *subject, const char *before,
                       const char *after) {
    struct difference *out = difference_add(c, part, subject, "moved");
    out->before = before == NULL ? "first" : arena_format(c->arena, "after %s", before);
    out->after = after == NULL ? "first" : arena_format(c->arena, "after %s", after);
}

/* ---- DRGs ---- */

static const struct drg *find_drg(const struct step *step, const char *code, size_t *at) {
    for (size_t d = 0; d < step->drg_count; d++) {
        if (strcmp(step->drgs[d].code, code) == 0) {
            *at = d;
            return &step->drgs[d];
        }
    }
    *at = SIZE_MAX;
    return NULL;
}

static const struct step *step_of_drg(const struct scheme *scheme, const char *code) {
    size_t at;
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            if (find_drg(scheme->mdcs[m]->steps[s], code, &at) != NULL) {
                return scheme->mdcs[m]->steps[s];
            }
        }
    }
    return NULL;
}

/* What a DRG's name adds to its ADRG's: a renamed ADRG renames its DRGs, which need not be told one by one. */
static const char *own_name(struct comparison *c, const struct step *step, const struct drg *drg) {
    size_t length = strlen(step->name);
    return strncmp(drg->name, step->name, length) == 0 ? arena_format(c->arena, "...%s", drg->name + length)
                                                       : drg->name;
}

static void add_drg(struct comparison *c, const char *part, const struct step *b, const struct drg *drg) {
    const struct step *from = step_of_drg(c->a, drg->code);
    struct difference *out = difference_add(c, part, drg->code, from == NULL ? "DRG added" : "DRG moved");
    out->text = from == NULL ? drg->name : arena_format(c->arena, "%s; from %s to %s", drg->name, from->id, b->id);
    if (from == NULL) {
        out->after = condition_words(c, drg->when);
        compare_named_sets(c, drg->when, part, drg->code);
        return;
    }
    size_t at;
    const struct drg *before = find_drg(from, drg->code, &at);
    compare_change(c, part, drg->code, "DRG name", own_name(c, from, before), own_name(c, b, drg));
    compare_when(c, before->when, drg->when, part, drg->code, drg->code);
}

static void compare_drgs(struct comparison *c, const char *part, const struct step *a, const struct step *b) {
    size_t at, *places = ARENA_ARRAY(c->arena, size_t, b->drg_count + 1);
    for (size_t d = 0; d < a->drg_count; d++) {
        if (find_drg(b, a->drgs[d].code, &at) == NULL && step_of_drg(c->b, a->drgs[d].code) == NULL) {
            difference_add(c, part, a->drgs[d].code, "DRG removed")->text = a->drgs[d].name;
        }
    }
    for (size_t d = 0; d < b->drg_count; d++) {
        const struct drg *drg = &b->drgs[d], *before = find_drg(a, drg->code, &places[d]);
        if (before == NULL) {
            add_drg(c, part, b, drg);
            continue;
        }
        compare_change(c, part, drg->code, "DRG name", own_name(c, a, before), own_name(c, b, drg));
        compare_when(c, before->when, drg->when, part, drg->code, drg->code);
    }
    const bool *moved = compare_moved(c->arena, places, b->drg_count);
    for (size_t d = 0; d < b->drg_count; d++) {
        if (moved[d]) {
            compare_say_moved(c, part, b->drgs[d].code, places[d] > 0 ? a->drgs[places[d] - 1].code : NULL,
                              d > 0 ? b->drgs[d - 1].code : NULL);
        }
    }
}

/* ---- steps ---- */

static const struct step *find_step(const struct scheme *scheme, const char *id, const struct mdc **mdc,
                                    size_t *at) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            if (strcmp(scheme->mdcs[m]->steps[s]->id, id) == 0) {
                *mdc = scheme->mdcs[m];
                *at = s;
                return scheme->mdcs[m]->steps[s];
            }
        }
    }
    *mdc = NULL;
    *at = SIZE_MAX;
    return NULL;
}

/* Is there an ADRG that comes out as this code? One may stand in several entries. */
static bool has_code(const struct scheme *scheme, const char *code) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            if (strcmp(scheme->mdcs[m]->steps[s]->code, code) == 0) {
                return true;
            }
        }
    }
    return false;
}

static const char *drg_codes(struct comparison *c, const struct step *step) {
    const char *codes = "";
    for (size_t d = 0; d < step->drg_count; d++) {
        codes = arena_format(c->arena, "%s%s%s", codes, d > 0 ? " " : "", step->drgs[d].code);
    }
    return codes;
}

static void add_step(struct comparison *c, const struct mdc *mdc, size_t at) {
    const struct step *step = mdc->steps[at];
    struct difference *out =
        difference_add(c, mdc->code, step->id, has_code(c->a, step->code) ? "entry added" : "added");
    out->text = arena_format(c->arena, "%s%s%s; %s%s", step->name, step->drg_count > 0 ? "; DRG " : "",
                             drg_codes(c, step), at > 0 ? "after " : "first", at > 0 ? mdc->steps[at - 1]->id : "");
    out->after = condition_words(c, step->when);
    compare_named_sets(c, step->when, mdc->code, step->id);
    for (size_t d = 0; d < step->drg_count; d++) {
        compare_named_sets(c, step->drgs[d].when, mdc->code, step->id);
    }
}

static void remove_step(struct comparison *c, const char *part, const struct step *step) {
    struct difference *out =
        difference_add(c, part, step->id, has_code(c->b, step->code) ? "entry removed" : "removed");
    out->text =
        arena_format(c->arena, "%s%s%s", step->name, step->drg_count > 0 ? "; DRG " : "", drg_codes(c, step));
}

static void compare_step(struct comparison *c, const char *part, const struct step *a, const struct step *b) {
    compare_change(c, part, b->id, "name", a->name, b->name);
    compare_change(c, part, b->id, "answer", a->code, b->code);
    compare_change(c, part, b->id, "kind", a->is_qy ? "QY step" : "ADRG", b->is_qy ? "QY step" : "ADRG");
    if (!a->is_qy && !b->is_qy) {
        compare_change(c, part, b->id, "no DRG fits", a->bare ? "the ADRG is the answer" : "the next step is tried",
                       b->bare ? "the ADRG is the answer" : "the next step is tried");
    }
    compare_when(c, a->when, b->when, part, b->id, b->id);
    compare_drgs(c, part, a, b);
}

/* The steps of an MDC; those that came from another MDC are told here, those that went to another are told there.
 */
static void compare_steps(struct comparison *c, const struct mdc *a, const struct mdc *b) {
    size_t at, *places = ARENA_ARRAY(c->arena, size_t, b->step_count + 1);
    const struct mdc *mdc;
    for (size_t s = 0; s < a->step_count; s++) {
        if (find_step(c->b, a->steps[s]->id, &mdc, &at) == NULL) {
            remove_step(c, b->code, a->steps[s]);
        }
    }
    for (size_t s = 0; s < b->step_count; s++) {
        const struct step *step = b->steps[s], *before = find_step(c->a, step->id, &mdc, &places[s]);
        if (before == NULL) {
            add_step(c, b, s);
            continue;
        }
        if (mdc != a) {
            compare_change(c, b->code, step->id, "moved", mdc->code, b->code);
            places[s] = SIZE_MAX;
        }
        compare_step(c, b->code, before, step);
    }
    const bool *moved = compare_moved(c->arena, places, b->step_count);
    for (size_t s = 0; s < b->step_count; s++) {
        if (moved[s]) {
            compare_say_moved(c, b->code, b->steps[s]->id, places[s] > 0 ? a->steps[places[s] - 1]->id : NULL,
                              s > 0 ? b->steps[s - 1]->id : NULL);
        }
    }
}

/* ---- MDCs ---- */

static const struct mdc *find_mdc(const struct scheme *scheme, const char *code, size_t *at) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        if (strcmp(scheme->mdcs[m]->code, code) == 0) {
            *at = m;
            return scheme->mdcs[m];
        }
    }
    *at = SIZE_MAX;
    return NULL;
}

static void compare_mdcs(struct comparison *c) {
    const struct scheme *a = c->a, *b = c->b;
    size_t at, *places = ARENA_ARRAY(c->arena, size_t, b->mdc_count + 1);
    for (size_t m = 0; m < b->mdc_count; m++) {
        const struct mdc *mdc = b->mdcs[m], *before = find_mdc(a, mdc->code, &places[m]);
        if (before == NULL) {
            static const struct mdc nothing;
            struct difference *out = difference_add(c, mdc->code, mdc->code, "added");
            out->text = mdc->name;
            out->after = condition_words(c, mdc->when);
            compare_named_sets(c, mdc->when, mdc->code, mdc->code);
            compare_steps(c, &nothing, mdc);
            continue;
        }
        compare_change(c, mdc->code, mdc->code, "name", before->name, mdc->name);
        compare_when(c, before->when, mdc->when, mdc->code, mdc->code, mdc->code);
        compare_steps(c, before, mdc);
    }
    for (size_t m = 0; m < a->mdc_count; m++) {
        const struct mdc *mdc = a->mdcs[m], *other;
        if (find_mdc(b, mdc->code, &at) != NULL) {
            continue;
        }
        difference_add(c, mdc->code, mdc->code, "removed")->text = mdc->name;
        for (size_t s = 0; s < mdc->step_count; s++) {
            if (find_step(b, mdc->steps[s]->id, &other, &at) == NULL) {
                remove_step(c, mdc->code, mdc->steps[s]);
            }
        }
    }
    const bool *moved = compare_moved(c->arena, places, b->mdc_count);
    for (size_t m = 0; m < b->mdc_count; m++) {
        if (moved[m]) {
            compare_say_moved(c, "", b->mdcs[m]->code, places[m] > 0 ? a->mdcs[places[m] - 1]->code : NULL,
                              m > 0 ? b->mdcs[m - 1]->code : NULL);
        }
    }
}

/* ---- the scheme as a whole ---- */

static const char *force_words(struct comparison *c, const struct scheme *scheme) {
    if (scheme->from[0] == '\0' && scheme->until[0] == '\0') {
        return "at all times";
    }
    return arena_format(c->arena, "%s to %s", scheme->from[0] == '\0' ? "..." : scheme->from,
                        scheme->until[0] == '\0' ? "..." : scheme->until);
}

static const char *region_words(struct comparison *c, const struct scheme *scheme) {
    const char *words = "";
    for (size_t i = 0; i < scheme->region_count; i++) {
        words = arena_format(c->arena, "%s%s%s", words, i > 0 ? " " : "", scheme->regions[i]);
    }
    return words[0] == '\0' ? "all" : words;
}

static const char *requirement_words(struct comparison *c, const struct scheme *scheme) {
    const char *words = "";
    for (size_t i = 0; i < scheme->requirement_count; i++) {
        const struct requirement *need = &scheme->requirements[i];
        bool always = need->when->op == EXPR_TRUE;
        words = arena_format(c->arena, "%s%s%s%s%s", words, i > 0 ? "; " : "", fact_rows[need->fact].word,
                             always ? "" : " when ", always ? "" : condition_words(c, need->when));
    }
    return words[0] == '\0' ? "nothing" : words;
}

static const char *compatibility_words(struct comparison *c, const struct scheme *scheme) {
    const struct compatibility *of = &scheme->compatibility;
    const char *words = arena_format(
        c->arena, "%s%s%s%s%s", of->exact_codes ? "codes exact, " : "",
        of->sex_words_refused ? "sex refuse-words, " : "", of->sex_words_unknown ? "sex unknown-words, " : "",
        of->negative_numbers ? "numbers negative, " : "", of->gray_as_others ? "gray as-others, " : "");
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        if (of->zero_if_missing[fact]) {
            words = arena_format(c->arena, "%s%s as zero, ", words, fact_rows[fact].word);
        }
    }
    size_t length = strlen(words);
    return length == 0 ? "nothing" : arena_copy(c->arena, words, length - 2);
}

static void compare_catalogue(struct comparison *c, enum code_kind kind) {
    const struct catalogue *a = c->a->catalogues[kind], *b = c->b->catalogues[kind];
    struct difference found = {0};
    size_t capacity = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        if (c->to_a[kind][i] == UINT32_MAX) {
            ARENA_PUSH(c->arena, found.added, found.added_count, capacity, b->codes[i].text);
        }
    }
    capacity = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        if (c->to_b[kind][i] == UINT32_MAX) {
            ARENA_PUSH(c->arena, found.removed, found.removed_count, capacity, a->codes[i].text);
        }
    }
    if (found.added_count + found.removed_count > 0) {
        struct difference *out = difference_add(c, "", "catalogue", code_kind_words(kind));
        out->added = found.added;
        out->added_count = found.added_count;
        out->removed = found.removed;
        out->removed_count = found.removed_count;
    }
}

static void compare_whole(struct comparison *c) {
    compare_change(c, "", "in force", "dates", force_words(c, c->a), force_words(c, c->b));
    compare_change(c, "", "in force", "regions", region_words(c, c->a), region_words(c, c->b));
    compare_catalogue(c, CODE_DIAGNOSIS);
    compare_catalogue(c, CODE_PROCEDURE);
    compare_change(c, "", "case", "requires", requirement_words(c, c->a), requirement_words(c, c->b));
    for (size_t i = 0; i < c->a->requirement_count && i < c->b->requirement_count; i++) {
        if (same_shape(c->a->requirements[i].when, c->b->requirements[i].when)) {
            note_sets(c, c->a->requirements[i].when, c->b->requirements[i].when, "", "require");
        }
    }
    compare_change(c, "", "no group", "retry",
                   c->a->retry_procedures ? "each other procedure is tried alone" : "no retry",
                   c->b->retry_procedures ? "each other procedure is tried alone" : "no retry");
    compare_change(c, "", "compatibility", "switches", compatibility_words(c, c->a), compatibility_words(c, c->b));
    compare_change(c, "", "scheme", "demonstration data", c->a->demonstration ? "yes" : "no",
                   c->b->demonstration ? "yes" : "no");
    compare_barred(c);
}

/* ---- folding ---- */

enum { FOLD_LEAST = 4 };

/* A change with its place in the list. */
struct change_place {
    const struct difference *item;
    size_t at;
};

static int by_text(const void *left, const void *right) {
    const struct difference *a = ((const struct change_place *)left)->item;
    const struct difference *b = ((const struct change_place *)right)->item;
    int order = strcmp(a->what, b->what);
    order = order != 0 ? order : strcmp(a->before, b->before);
    return order != 0 ? order : strcmp(a->after, b->after);
}

static int by_text_then_place(const void *left, const void *right) {
    const struct change_place *a = left, *b = right;
    int order = by_text(a, b);
    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

/* Tell a run of equal changes once, in the place of the first, if it is long enough. */
static void fold_run(struct comparison *c, const struct change_place *run, size_t count, bool *gone) {
    if (count < FOLD_LEAST) {
        return;
    }
    const char **groups = ARENA_ARRAY(c->arena, const char *, count);
    for (size_t i = 0; i < count; i++) {
        groups[i] = run[i].item->subject;
        gone[run[i].at] = i > 0;
    }
    struct difference *first = &c->items[run[0].at];
    first->part = "";
    first->subject = "many groups";
    first->list = groups;
    first->list_count = count;
}

/* The same change of many groups is told once, for the scheme as a whole. */
static void fold(struct comparison *c) {
    struct change_place *changes = ARENA_ARRAY(c->arena, struct change_place, c->count + 1);
    bool *gone = ARENA_ARRAY(c->arena, bool, c->count + 1);
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].before != NULL && c->items[i].part[0] != '\0' && c->items[i].added_count == 0 &&
            c->items[i].removed_count == 0) {
            changes[count++] = (struct change_place){&c->items[i], i};
        }
    }
    if (count > 0) {
        qsort(changes, count, sizeof *changes, by_text_then_place);
    }
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && by_text(&changes[first], &changes[end]) == 0;) {
            end++;
        }
        fold_run(c, &changes[first], end - first, gone);
    }
    for (size_t i = 0; i < c->count; i++) {
        if (!gone[i]) {
            c->items[kept++] = c->items[i];
        }
    }
    c->count = kept;
}

static uint32_t *map_codes(struct arena *arena, const struct catalogue *from, const struct catalogue *to) {
    uint32_t *map = ARENA_ARRAY(arena, uint32_t, from->count + 1);
    for (uint32_t i = 0; i < from->count; i++) {
        map[i] = catalogue_find(to, from->codes[i].text, from->codes[i].length);
    }
    return map;
}

struct comparison *compare_schemes(struct arena *arena, const struct scheme *a, const struct scheme *b) {
    struct comparison *c = ARENA_NEW(arena, struct comparison);
    *c = (struct comparison){.arena = arena, .a = a, .b = b};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        c->to_b[kind] = map_codes(arena, a->catalogues[kind], b->catalogues[kind]);
        c->to_a[kind] = map_codes(arena, b->catalogues[kind], a->catalogues[kind]);
    }
    compare_whole(c);
    if ((a->dip == NULL) != (b->dip == NULL)) {
        compare_change(c, "", "scheme", "kind", a->dip == NULL ? "DRG" : "DIP", b->dip == NULL ? "DRG" : "DIP");
        compare_severity(c);
        return c; /* groups of the one and entries of the other have nothing in common */
    }
    if (a->dip == NULL) {
        compare_mdcs(c);
    } else {
        compare_dip(c);
    }
    compare_set_pairs(c);
    compare_severity(c);
    fold(c);
    return c;
}
