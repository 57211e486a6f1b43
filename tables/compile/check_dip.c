/* SPDX-License-Identifier: Apache-2.0
 *
 * The review of a DIP scheme: parts and entries that the search never comes to, steps that find nothing, entries
 * whose cases another always takes, classes that no case comes to. */
#include <string.h>

#include "check.h"
#include "dip.h"
#include "text_map.h"

enum { FIRST_ENTRIES = 5 };

static bool asks_for_operations(const struct dip_entry *entry) {
    return entry->operation_count != 1 || entry->operations[0].count > 0;
}

/* Some case that comes to the step may match the entry there, as far as kinds and operations go. */
static bool step_takes(const struct dip_step *step, const struct dip_entry *entry) {
    bool operations = asks_for_operations(entry);
    if (step->ranks[entry->part] == 255 || !(step->entry_kinds >> entry->kind & 1) || switched_off(step->when) ||
        (step->operations == DIP_OPERATIONS_SOME && !operations) ||
        (step->operations == DIP_OPERATIONS_NONE && operations)) {
        return false;
    }
    bool lowest = step->case_kinds & 1;
    return (!entry->conservative || lowest) && (!entry->of_kind || (step->case_kinds >> entry->kind & 1));
}

/* ---- the search ---- */

/* Entries of a part that no step takes, said in one message. */
struct missed {
    const char *codes;
    unsigned count, all;
    const struct dip_entry *first;
    bool searched; /* some step looks at the part */
};

static void say_missed(const struct review *review, const struct missed *missed, uint32_t part) {
    const char *name = review->scheme->dip->parts[part];
    if (!missed->searched) {
        report_say(review->report, MSG_dip_part_not_searched, review->scheme->mdcs[part]->place, name, missed->all);
    } else if (missed->count > 0) {
        report_say(review->report, MSG_dip_entry_not_searched, missed->first->place, name, missed->count,
                   missed->count > FIRST_ENTRIES ? arena_format(review->arena, "%s ...", missed->codes)
                                                 : missed->codes);
    }
}

static void check_search(const struct review *review) {
    const struct dip *dip = review->scheme->dip;
    struct missed *missed = ARENA_ARRAY(review->arena, struct missed, dip->part_count + 1);
    bool *finds = ARENA_ARRAY(review->arena, bool, dip->step_count + 1);
    for (size_t s = 0; s < dip->step_count; s++) {
        for (size_t p = 0; p < dip->part_count; p++) {
            missed[p].searched = missed[p].searched || dip->steps[s].ranks[p] != 255;
        }
    }
    for (size_t i = 0; i < dip->entry_count; i++) {
        const struct dip_entry *entry = &dip->entries[i];
        struct missed *of = &missed[entry->part];
        bool taken = false;
        for (size_t s = 0; s < dip->step_count; s++) {
            bool takes = step_takes(&dip->steps[s], entry);
            finds[s] = finds[s] || takes;
            taken = taken || takes;
        }
        of->all++;
        if (!taken && of->count++ < FIRST_ENTRIES) {
            of->codes =
                of->count == 1 ? entry->code : arena_format(review->arena, "%s, %s", of->codes, entry->code);
            of->first = of->count == 1 ? entry : of->first;
        }
    }
    for (uint32_t p = 0; p < dip->part_count; p++) {
        say_missed(review, &missed[p], p);
    }
    for (size_t s = 0; s < dip->step_count; s++) {
        if (!finds[s] && !switched_off(dip->steps[s].when)) {
            report_say(review->report, MSG_dip_step_finds_nothing, dip->steps[s].place, dip->steps[s].name);
        }
    }
}

/* ---- entries whose cases another takes ---- */

/* A text that grows. */
struct words {
    struct arena *arena;
    char *bytes;
    size_t count, capacity;
};

static void put(struct words *out, const void *from, size_t size) {
    for (size_t i = 0; i < size; i++) {
        ARENA_PUSH(out->arena, out->bytes, out->count, out->capacity, ((const char *)from)[i]);
    }
}

/* The diagnoses and operations of an entry: two entries of the same take the same cases but for kinds and
 * conditions. */
static void put_signature(struct words *out, const struct dip_entry *entry) {
    out->count = 0;
    for (size_t i = 0; i < entry->key_count; i++) {
        put(out, &entry->keys[i].first, sizeof entry->keys[i].first);
        put(out, &entry->keys[i].end, sizeof entry->keys[i].end);
        put(out, &entry->keys[i].all, sizeof entry->keys[i].all);
    }
    for (size_t a = 0; a < entry->operation_count; a++) {
        put(out, "|", 1);
        for (size_t n = 0; n < entry->operations[a].count; n++) {
            const struct dip_need *need = &entry->operations[a].needs[n];
            uint32_t head[] = {need->at, need->exact_count, need->loose_count, need->all};
            put(out, head, sizeof head);
            put(out, need->exact, need->exact_count * sizeof *need->exact);
            put(out, need->loose, need->loose_count * sizeof *need->loose);
        }
    }
}

static bool same_condition(const struct expression *a, const struct expression *b) {
    return a == b || (a->length == b->length && memcmp(a->text, b->text, a->length) == 0);
}

/* Every case that `entry` may take, `other` of the same signature may take as well. */
static bool takes_as_much(const struct dip_entry *other, const struct dip_entry *entry) {
    bool kind = !other->of_kind || (entry->of_kind && entry->kind == other->kind);
    bool when = other->when->op == EXPR_TRUE || same_condition(other->when, entry->when);
    return kind && when && (!other->conservative || entry->conservative);
}

static uint32_t least_key(const struct dip_entry *entry) {
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < entry->key_count; i++) {
        least = entry->keys[i].length < least ? entry->keys[i].length : least;
    }
    return least;
}

static uint32_t most_key(const struct dip_entry *entry) {
    uint32_t most = 0;
    for (size_t i = 0; i < entry->key_count; i++) {
        most = entry->keys[i].length > most ? entry->keys[i].length : most;
    }
    return most;
}

static int sign(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

enum { UNCLEAR = 2 };

/* What a tie rule says of two entries of the same signature: above 0: for the first, UNCLEAR: it depends on the
 * case. */
static int rule_favours(const struct dip_step *step, enum image_dip_rule rule, const struct dip_entry *a,
                        const struct dip_entry *b) {
    switch (rule) {
    case IMAGE_DIP_RULE_KEY:
        if (least_key(a) == most_key(b) && most_key(a) == least_key(b)) {
            return 0;
        }
        return least_key(a) > most_key(b) ? 1 : UNCLEAR;
    case IMAGE_DIP_RULE_SCORE:
        return sign(a->score, b->score);
    case IMAGE_DIP_RULE_COST:
        return a->mean_cost == b->mean_cost && a->level_means == NULL && b->level_means == NULL ? 0 : UNCLEAR;
    case IMAGE_DIP_RULE_KIND:
        return sign(a->kind, b->kind);
    case IMAGE_DIP_RULE_PART:
        return sign(step->ranks[b->part], step->ranks[a->part]);
    case IMAGE_DIP_RULE_CONDITIONS:
        return sign(a->conditions, b->conditions);
    default:
        return 0; /* of the operations, which are the same */
    }
}

static bool wins_in(const struct dip_step *step, const struct dip_entry *a, const struct dip_entry *b) {
    for (size_t i = 0; i < step->rule_count; i++) {
        int favours = rule_favours(step, step->rules[i], a, b);
        if (favours != 0) {
            return favours == 1;
        }
    }
    return a < b; /* entries of one array: the catalogue's order */
}

/* In every step that takes `entry`, `other` is chosen there, or was the answer of an earlier one or hid behind its
 * answer. */
static bool always_before(const struct dip *dip, const struct dip_entry *other, const struct dip_entry *entry) {
    bool found = false;
    for (size_t s = 0; s < dip->step_count; s++) {
        const struct dip_step *step = &dip->steps[s];
        if (!step_takes(step, entry)) {
            continue;
        }
        bool before = step_takes(step, other) && wins_in(step, other, entry);
        for (size_t e = 0; e < s && !before; e++) {
            const struct dip_step *early = &dip->steps[e];
            before = step_takes(early, other) && early->unmatched == IMAGE_DIP_UNMATCHED_ALLOWED &&
                     (early->case_kinds & step->case_kinds) == step->case_kinds &&
                     (early->when->op == EXPR_TRUE || same_condition(early->when, step->when));
        }
        if (!before) {
            return false;
        }
        found = true;
    }
    return found;
}

static void say_shadowed(const struct review *review, const struct dip_entry *entry, const struct dip_entry *by) {
    const char *file = by->place.file, *slash = strrchr(file, '/');
    bool same = strcmp(file, entry->place.file) == 0;
    report_say(review->report, MSG_dip_entry_shadowed, entry->place, entry->code, by->code, by->place.line,
               same ? "" : arena_format(review->arena, " of %s", slash == NULL ? file : slash + 1));
}

static bool same_row(const struct dip_entry *a, const struct dip_entry *b) {
    return a->place.line == b->place.line && a->place.column == b->place.column &&
           strcmp(a->place.file, b->place.file) == 0;
}

/* Of the chain from `other` on, an entry that takes all cases of entry `number`; NULL: none. */
static const struct dip_entry *shadow_of(const struct dip *dip, uint32_t number, uint32_t other,
                                         const uint32_t *next) {
    enum { CHAIN_MAX = 64 };
    const struct dip_entry *entry = &dip->entries[number];
    for (uint32_t seen = 0; other != UINT32_MAX && seen < CHAIN_MAX; other = next[other], seen++) {
        if (other != number && takes_as_much(&dip->entries[other], entry) &&
            always_before(dip, &dip->entries[other], entry)) {
            return &dip->entries[other];
        }
    }
    return NULL;
}

/* Entries of the same diagnoses and operations are chained: usually one or two. */
static void check_shadows(const struct review *review) {
    const struct dip *dip = review->scheme->dip;
    uint32_t *next = ARENA_ARRAY(review->arena, uint32_t, dip->entry_count + 1);
    uint32_t *first = ARENA_ARRAY(review->arena, uint32_t, dip->entry_count + 1);
    struct text_map map;
    struct words words = {.arena = review->arena};
    text_map_start(&map, review->arena);
    for (uint32_t i = 0; i < dip->entry_count; i++) {
        bool added;
        put_signature(&words, &dip->entries[i]);
        const char *text = text_map_get(&map, words.bytes, words.count) != NULL
                               ? words.bytes
                               : arena_copy(review->arena, words.bytes, words.count);
        uint32_t *last = text_map_put(&map, text, words.count, i, &added);
        next[i] = UINT32_MAX;
        first[i] = added ? i : first[*last];
        if (!added) {
            next[*last] = i;
            *last = i;
        }
    }
    for (uint32_t i = 0, end; i < dip->entry_count;
         i = end) { /* the entries of one row: several if split by category */
        const struct dip_entry *by = NULL;
        bool all = true;
        for (end = i; end < dip->entry_count && same_row(&dip->entries[i], &dip->entries[end]); end++) {
            const struct dip_entry *here = all ? shadow_of(dip, end, first[end], next) : NULL;
            by = by == NULL ? here : by;
            all = all && here != NULL;
        }
        if (all) {
            say_shadowed(review, &dip->entries[i], by);
        }
    }
}

/* ---- classes ---- */

static void check_classes(const struct review *review) {
    const struct dip *dip = review->scheme->dip;
    for (size_t i = 0; i < dip->index_count; i++) {
        const struct dip_index *index = &dip->indices[i];
        for (size_t c = 1; c < index->class_count; c++) {
            for (size_t b = 0; b < c; b++) {
                const struct dip_class *class = &index->classes[c], *before = &index->classes[b];
                if (same_condition(class->when, before->when)) {
                    report_say(review->report, MSG_dip_class_repeats, class->place, class->name, before->name,
                               before->place.line);
                    break;
                }
            }
        }
    }
}

void check_dip(struct review *review) {
    check_search(review);
    check_shadows(review);
    check_classes(review);
}
