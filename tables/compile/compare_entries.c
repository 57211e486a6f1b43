/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of the entries of two DIP catalogues, by their codes. */
#include <string.h>

#include "compare_dip.h"
#include "text_map.h"

enum { AMOUNT_PLACES = 4 };

static uint32_t *numbers_in(struct arena *arena, const struct dip *from, const struct dip *to) {
    struct text_map codes;
    uint32_t *out = ARENA_ARRAY(arena, uint32_t, from->entry_count + 1);
    bool added;
    text_map_start(&codes, arena);
    for (size_t e = 0; e < to->entry_count; e++) {
        text_map_put(&codes, to->entries[e].code, strlen(to->entries[e].code), (uint32_t)e, &added);
    }
    for (size_t e = 0; e < from->entry_count; e++) {
        const uint32_t *number = text_map_get(&codes, from->entries[e].code, strlen(from->entries[e].code));
        out[e] = number == NULL ? UINT32_MAX : *number;
    }
    return out;
}

struct entry_maps map_entries(struct comparison *c) {
    return (struct entry_maps){numbers_in(c->arena, c->a->dip, c->b->dip), numbers_in(c->arena, c->b->dip, c->a->dip)};
}

/* ---- diagnoses ---- */

/* The codes of the keys of an entry as a set; their longest key for each is not asked. */
static struct codeset *codes_of(struct comparison *c, const struct scheme *scheme, const struct dip_entry *entry) {
    uint32_t codes = scheme->catalogues[CODE_DIAGNOSIS]->count;
    struct codeset *set = ARENA_NEW(c->arena, struct codeset);
    set->bits = ARENA_ARRAY(c->arena, uint64_t, codes / 64 + 1);
    for (size_t k = 0; k < entry->key_count; k++) {
        const struct dip_key *key = &entry->keys[k];
        for (uint32_t code = key->all ? 0 : key->first; code < (key->all ? codes : key->end); code++) {
            set->count += !codeset_has(set, code);
            set->bits[code / 64] |= (uint64_t)1 << (code % 64);
        }
    }
    return set;
}

/* The same first and last codes, and as many between. */
static bool same_key(struct comparison *c, const struct dip_key *a, const struct dip_key *b) {
    const uint32_t *to_b = c->to_b[CODE_DIAGNOSIS];
    if (a->all || b->all) {
        return a->all == b->all;
    }
    return a->length == b->length && a->end - a->first == b->end - b->first && a->first < a->end &&
           to_b[a->first] == b->first && to_b[a->end - 1] == b->end - 1;
}

static bool same_keys(struct comparison *c, const struct dip_entry *a, const struct dip_entry *b) {
    bool same = a->key_count == b->key_count;
    for (size_t k = 0; same && k < a->key_count; k++) {
        same = same_key(c, &a->keys[k], &b->keys[k]);
    }
    return same;
}

/* ---- operations ---- */

static bool same_codes(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, const uint32_t *to_b) {
    bool same = a_count == b_count;
    for (uint32_t i = 0; same && i < a_count; i++) {
        same = to_b[a[i]] == b[i];
    }
    return same;
}

static bool same_need(struct comparison *c, const struct dip_need *a, const struct dip_need *b) {
    const uint32_t *to_b = c->to_b[CODE_PROCEDURE];
    return a->at == b->at && a->all == b->all && same_codes(a->exact, a->exact_count, b->exact, b->exact_count, to_b) &&
           same_codes(a->loose, a->loose_count, b->loose, b->loose_count, to_b);
}

static bool same_operations(struct comparison *c, const struct dip_entry *a, const struct dip_entry *b) {
    bool same = a->operation_count == b->operation_count;
    for (size_t i = 0; same && i < a->operation_count; i++) {
        same = a->operations[i].count == b->operations[i].count;
        for (size_t n = 0; same && n < a->operations[i].count; n++) {
            same = same_need(c, &a->operations[i].needs[n], &b->operations[i].needs[n]);
        }
    }
    return same;
}

/* ---- entries ---- */

/* Entries whose text means something else than before, told once for all. */
struct reread {
    const char **diagnoses, **operations;
    size_t diagnosis_count, diagnosis_capacity, operation_count, operation_capacity;
};

static const char *text_or(const char *text, const char *none) {
    return text == NULL || text[0] == '\0' ? none : text;
}

static const char *part_of(const struct scheme *scheme, const struct dip_entry *entry) {
    return scheme->dip->parts[entry->part];
}

static void compare_diagnoses(struct comparison *c, const struct dip_entry *a, const struct dip_entry *b,
                              struct reread *reread) {
    const char *before = text_or(a->diagnoses_text, "none"), *after = text_or(b->diagnoses_text, "none");
    struct difference found = {0};
    if (same_keys(c, a, b)) {
        return;
    }
    bool differ = compare_sets(c, codes_of(c, c->a, a), codes_of(c, c->b, b), CODE_DIAGNOSIS, &found);
    if (strcmp(before, after) == 0) {
        if (differ) {
            ARENA_PUSH(c->arena, reread->diagnoses, reread->diagnosis_count, reread->diagnosis_capacity, b->code);
        }
        return;
    }
    struct difference *out = difference_add(c, part_of(c->b, b), b->code, "diagnoses");
    out->before = before;
    out->after = after;
    out->added = found.added;
    out->added_count = found.added_count;
    out->removed = found.removed;
    out->removed_count = found.removed_count;
}

static void compare_operations(struct comparison *c, const struct dip_entry *a, const struct dip_entry *b,
                               struct reread *reread) {
    const char *before = text_or(a->operations_text, "none"), *after = text_or(b->operations_text, "none");
    if (same_operations(c, a, b)) {
        return;
    }
    if (strcmp(before, after) == 0) {
        ARENA_PUSH(c->arena, reread->operations, reread->operation_count, reread->operation_capacity, b->code);
    } else {
        compare_change(c, part_of(c->b, b), b->code, "operations", before, after);
    }
}

static int64_t level_mean(const struct dip *dip, const struct dip_entry *entry, const char *level) {
    for (size_t l = 0; entry->level_means != NULL && l < dip->level_count; l++) {
        if (strcmp(dip->levels[l].name, level) == 0) {
            return entry->level_means[l];
        }
    }
    return -1;
}

static const char *value_words(struct comparison *c, const struct dip *dip, const struct dip_entry *entry,
                               const char *column) {
    char text[RATIONAL_TEXT];
    for (size_t i = 0; entry->values != NULL && i < dip->column_count; i++) {
        if (strcmp(dip->columns[i], column) == 0 && entry->values[i].denominator != 0) {
            rational_text(rational_of(entry->values[i].numerator, entry->values[i].denominator), text, sizeof text);
            return arena_copy(c->arena, text, strlen(text));
        }
    }
    return "none";
}

static void compare_numbers(struct comparison *c, const char *part, const struct dip_entry *a,
                            const struct dip_entry *b) {
    const struct dip *before = c->a->dip, *after = c->b->dip;
    const struct {
        const char *what;
        int64_t before, after;
    } numbers[] = {{"score", a->score, b->score},
                   {"mean cost", a->mean_cost, b->mean_cost},
                   {"mean stay", a->mean_stay, b->mean_stay}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].before != numbers[i].after) {
            compare_change(c, part, b->code, numbers[i].what, amount_words(c, numbers[i].before, AMOUNT_PLACES),
                           amount_words(c, numbers[i].after, AMOUNT_PLACES));
        }
    }
    for (size_t l = 0; l < after->level_count; l++) {
        const char *name = after->levels[l].name;
        int64_t was = level_mean(before, a, name), is = level_mean(after, b, name);
        if (was != is) {
            compare_change(c, part, b->code, arena_format(c->arena, "mean cost, %s", name),
                           amount_words(c, was, AMOUNT_PLACES), amount_words(c, is, AMOUNT_PLACES));
        }
    }
    for (size_t i = 0; i < after->column_count; i++) {
        compare_change(c, part, b->code, after->columns[i], value_words(c, before, a, after->columns[i]),
                       value_words(c, after, b, after->columns[i]));
    }
}

static void compare_entry(struct comparison *c, const struct dip_entry *a, const struct dip_entry *b,
                          struct reread *reread) {
    const char *part = part_of(c->b, b);
    compare_change(c, part, b->code, "part", part_of(c->a, a), part);
    compare_change(c, part, b->code, "name", a->name, b->name);
    compare_change(c, part, b->code, "kind", c->a->dip->kinds[a->kind].name, c->b->dip->kinds[b->kind].name);
    compare_diagnoses(c, a, b, reread);
    compare_operations(c, a, b, reread);
    compare_change(c, part, b->code, "cases without operation", a->conservative ? "of the lowest kind only" : "all",
                   b->conservative ? "of the lowest kind only" : "all");
    compare_change(c, part, b->code, "cases of its kind only", a->of_kind ? "yes" : "no", b->of_kind ? "yes" : "no");
    compare_when(c, a->when, b->when, part, b->code, b->code);
    compare_numbers(c, part, a, b);
    compare_change(c, part, b->code, "basic", a->basic ? "yes" : "no", b->basic ? "yes" : "no");
    compare_change(c, part, b->code, "auxiliary catalogues", a->no_auxiliary ? "no" : "yes",
                   b->no_auxiliary ? "no" : "yes");
}

static const char *entry_words(struct comparison *c, const struct dip_entry *entry) {
    return arena_format(c->arena, "%s; diagnoses %s; operations %s; score %s", entry->name,
                        text_or(entry->diagnoses_text, "none"), text_or(entry->operations_text, "none"),
                        amount_words(c, entry->score, AMOUNT_PLACES));
}

static void add_entry(struct comparison *c, const struct dip_entry *entry) {
    struct difference *out = difference_add(c, part_of(c->b, entry), entry->code, "added");
    out->text = entry_words(c, entry);
    out->after = entry->when->op == EXPR_TRUE ? NULL : condition_words(c, entry->when);
    compare_named_sets(c, entry->when, part_of(c->b, entry), entry->code);
}

/* Entries that changed places among those of their part: the catalogue's order decides at last. */
static void compare_order(struct comparison *c, const struct entry_maps *maps) {
    const struct dip *a = c->a->dip, *b = c->b->dip;
    size_t *places = ARENA_ARRAY(c->arena, size_t, b->entry_count + 1);
    for (size_t first = 0, end; first < b->entry_count; first = end) {
        const char **codes = NULL, *part = part_of(c->b, &b->entries[first]);
        size_t count = 0, capacity = 0;
        for (end = first; end < b->entry_count && b->entries[end].part == b->entries[first].part; end++) {
            uint32_t before = maps->to_a[end];
            bool stayed = before != UINT32_MAX && strcmp(part_of(c->a, &a->entries[before]), part) == 0;
            places[end - first] = stayed ? before : SIZE_MAX;
        }
        const bool *moved = compare_moved(c->arena, places, end - first);
        for (size_t e = first; e < end; e++) {
            if (moved[e - first]) {
                ARENA_PUSH(c->arena, codes, count, capacity, b->entries[e].code);
            }
        }
        if (count > 0) {
            struct difference *out = difference_add(c, part, "order", "moved");
            out->text = "entries that stand in another place";
            out->list = codes;
            out->list_count = count;
        }
    }
}

static void say_reread(struct comparison *c, const char *what, const char **codes, size_t count) {
    if (count > 0) {
        struct difference *out = difference_add(c, "", "entries", what);
        out->text = "written as before, but standing for other codes";
        out->list = codes;
        out->list_count = count;
    }
}

void compare_entries(struct comparison *c, const struct entry_maps *maps) {
    const struct dip *a = c->a->dip, *b = c->b->dip;
    struct reread reread = {0};
    for (size_t e = 0; e < a->entry_count; e++) {
        if (maps->to_b[e] == UINT32_MAX) {
            difference_add(c, part_of(c->a, &a->entries[e]), a->entries[e].code, "removed")->text =
                entry_words(c, &a->entries[e]);
        }
    }
    for (size_t e = 0; e < b->entry_count; e++) {
        if (maps->to_a[e] == UINT32_MAX) {
            add_entry(c, &b->entries[e]);
        } else {
            compare_entry(c, &a->entries[maps->to_a[e]], &b->entries[e], &reread);
        }
    }
    compare_order(c, maps);
    say_reread(c, "diagnoses", reread.diagnoses, reread.diagnosis_count);
    say_reread(c, "operations", reread.operations, reread.operation_count);
}
