/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of what consists of codes: sets, severity, exclusion. Codes are the same if their texts are. */
#include <stdint.h>
#include <string.h>

#include "compare.h"

enum { USERS_SHOWN = 5 };

struct set_pair {
    const struct codeset *a, *b; /* a NULL: the set is new */
    const char *part, *users;
    const char *last_user;
    size_t user_count;
};

/* The codes of `from` that `other` lacks; `map` gives the numbers of the one catalogue in the other. */
static const char **missing_in(struct arena *arena, const struct codeset *from, const struct catalogue *catalogue,
                               const struct codeset *other, const uint32_t *map, size_t *count) {
    *count = 0;
    if (from == NULL || from->count == 0) {
        return NULL;
    }
    const char **out = NULL;
    size_t capacity = 0;
    for (uint32_t w = 0; w * 64 < catalogue->count; w++) {
        for (uint64_t bits = from->bits[w]; bits != 0; bits &= bits - 1) {
            uint32_t code = w * 64 + (uint32_t)__builtin_ctzll(bits);
            bool there = other != NULL && other->count > 0 && map[code] != UINT32_MAX && codeset_has(other, map[code]);
            if (!there) {
                ARENA_PUSH(arena, out, *count, capacity, catalogue->codes[code].text);
            }
        }
    }
    return out;
}

bool compare_sets(struct comparison *c, const struct codeset *a, const struct codeset *b, enum code_kind kind,
                  struct difference *out) {
    out->removed = missing_in(c->arena, a, c->a->catalogues[kind], b, c->to_b[kind], &out->removed_count);
    out->added = missing_in(c->arena, b, c->b->catalogues[kind], a, c->to_a[kind], &out->added_count);
    return out->removed_count + out->added_count > 0;
}

/* ---- sets that rules name ---- */

static bool add_user(struct comparison *c, struct set_pair *pair, const char *user) {
    if (pair->last_user != NULL && strcmp(pair->last_user, user) == 0) {
        return true;
    }
    pair->last_user = user;
    pair->user_count++;
    if (pair->user_count <= USERS_SHOWN) {
        pair->users = pair->users == NULL ? user : arena_format(c->arena, "%s, %s", pair->users, user);
    }
    return true;
}

void compare_note_pair(struct comparison *c, const struct codeset *a, const struct codeset *b, const char *part,
                       const char *user) {
    for (size_t i = c->pair_count; i-- > 0;) { /* users of a set stand together: look at the newest first */
        if (c->pairs[i].a == a && c->pairs[i].b == b) {
            add_user(c, &c->pairs[i], user);
            return;
        }
    }
    struct set_pair pair = {.a = a, .b = b, .part = part};
    add_user(c, &pair, user);
    ARENA_PUSH(c->arena, c->pairs, c->pair_count, c->pair_capacity, pair);
}

void compare_new_set(struct comparison *c, const struct codeset *b, const char *part, const char *user) {
    compare_note_pair(c, NULL, b, part, user);
}

static const char *set_words(struct comparison *c, const struct codeset *set) {
    if (set->name[0] != '\0') {
        return set->name;
    }
    enum { SHOWN = 30 };
    const char *text = set->literal == NULL ? "..." : set->literal;
    size_t length = set->literal == NULL ? 3 : set->literal_length;
    return length <= SHOWN ? arena_format(c->arena, "{%.*s}", (int)length, text)
                           : arena_format(c->arena, "{%.*s ...}", SHOWN, text);
}

void compare_set_pairs(struct comparison *c) {
    for (size_t i = 0; i < c->pair_count; i++) {
        const struct set_pair *pair = &c->pairs[i];
        struct difference found = {0};
        if (!compare_sets(c, pair->a, pair->b, pair->b->kind, &found)) {
            continue;
        }
        const char *after = set_words(c, pair->b), *before = pair->a == NULL ? after : set_words(c, pair->a);
        const char *subject = strcmp(before, after) == 0 ? after : arena_format(c->arena, "%s -> %s", before, after);
        struct difference *out = difference_add(c, pair->part, subject, pair->a == NULL ? "new set" : "codes");
        out->text = arena_format(c->arena, "used by %s%s", pair->users, pair->user_count > USERS_SHOWN ? " ..." : "");
        out->added = found.added;
        out->added_count = found.added_count;
        out->removed = found.removed;
        out->removed_count = found.removed_count;
    }
}

/* ---- gray and invalid codes ---- */

static void compare_action(struct comparison *c, const char *subject, const char *what, enum barred_action a,
                           enum barred_action b) {
    static const char *const words[] = {"no rule", "ungrouped", "ignored"};
    if (a != b) {
        struct difference *out = difference_add(c, "", subject, what);
        out->before = words[a];
        out->after = words[b];
    }
}

void compare_barred(struct comparison *c) {
    static const char *const subjects[BARRED_KINDS] = {"gray", "invalid"};
    static const char *const principals[CODE_KINDS] = {"as principal diagnosis", "as principal procedure"};
    for (int kind = 0; kind < BARRED_KINDS; kind++) {
        const struct barred *a = &c->a->barred[kind], *b = &c->b->barred[kind];
        for (int codes = 0; codes < CODE_KINDS; codes++) {
            struct difference found = {0};
            if (compare_sets(c, a->sets[codes], b->sets[codes], (enum code_kind)codes, &found)) {
                struct difference *out = difference_add(c, "", subjects[kind], code_kind_words((enum code_kind)codes));
                out->added = found.added;
                out->added_count = found.added_count;
                out->removed = found.removed;
                out->removed_count = found.removed_count;
            }
            compare_action(c, subjects[kind], principals[codes], a->principal[codes], b->principal[codes]);
        }
    }
}

/* ---- severity ---- */

enum { LEVEL_NONE, LEVEL_CC, LEVEL_MCC, LEVELS };

/* Level and exclusion table (+ 1) of every diagnosis of a scheme. */
struct severity_map {
    uint8_t *level;
    uint16_t *table;
};

static void mark_level(const struct scheme *scheme, const struct codeset *set, uint8_t level, size_t table,
                       struct severity_map *map) {
    uint32_t codes = scheme->catalogues[CODE_DIAGNOSIS]->count;
    for (uint32_t code = 0; set != NULL && set->count > 0 && code < codes; code++) {
        if (codeset_has(set, code) && map->level[code] < level) {
            map->level[code] = level;
            map->table[code] = (uint16_t)(table + 1);
        }
    }
}

static struct severity_map severity_of_codes(struct arena *arena, const struct scheme *scheme) {
    uint32_t codes = scheme->catalogues[CODE_DIAGNOSIS]->count;
    struct severity_map map = {ARENA_ARRAY(arena, uint8_t, codes + 1), ARENA_ARRAY(arena, uint16_t, codes + 1)};
    for (size_t t = 0; t < scheme->table_count; t++) {
        mark_level(scheme, scheme->tables[t].cc, LEVEL_CC, t, &map);
        mark_level(scheme, scheme->tables[t].mcc, LEVEL_MCC, t, &map);
    }
    return map;
}

struct code_list {
    const char **codes;
    size_t count, capacity;
};

static void compare_levels(struct comparison *c, const struct severity_map *a, const struct severity_map *b) {
    static const char *const words[LEVELS] = {"no CC", "CC", "MCC"};
    struct code_list lists[LEVELS][LEVELS] = {0};
    const struct catalogue *in_a = c->a->catalogues[CODE_DIAGNOSIS], *in_b = c->b->catalogues[CODE_DIAGNOSIS];
    for (uint32_t code = 0; code < in_a->count; code++) {
        uint32_t other = c->to_b[CODE_DIAGNOSIS][code];
        uint8_t after = other == UINT32_MAX ? LEVEL_NONE : b->level[other];
        if (a->level[code] != after) {
            struct code_list *list = &lists[a->level[code]][after];
            ARENA_PUSH(c->arena, list->codes, list->count, list->capacity, in_a->codes[code].text);
        }
    }
    for (uint32_t code = 0; code < in_b->count; code++) {
        if (c->to_a[CODE_DIAGNOSIS][code] == UINT32_MAX && b->level[code] != LEVEL_NONE) {
            struct code_list *list = &lists[LEVEL_NONE][b->level[code]];
            ARENA_PUSH(c->arena, list->codes, list->count, list->capacity, in_b->codes[code].text);
        }
    }
    for (int before = 0; before < LEVELS; before++) {
        for (int after = LEVELS; after-- > 0;) {
            if (lists[before][after].count > 0) {
                struct difference *out = difference_add(c, "", "severity", words[before]);
                out->what = arena_format(c->arena, "%s -> %s", words[before], words[after]);
                out->list = lists[before][after].codes;
                out->list_count = lists[before][after].count;
            }
        }
    }
}

/* Which principal diagnoses switch a code off, of the codes that count in both: told once for all codes that share both
 * tables, so that other numbers of the same tables are no difference. */
static void compare_exclusion(struct comparison *c, const struct severity_map *a, const struct severity_map *b) {
    size_t rows = c->a->table_count + 1, columns = c->b->table_count + 1;
    uint32_t *shared = ARENA_ARRAY(c->arena, uint32_t, rows * columns);
    for (uint32_t code = 0; code < c->a->catalogues[CODE_DIAGNOSIS]->count; code++) {
        uint32_t other = c->to_b[CODE_DIAGNOSIS][code];
        if (other != UINT32_MAX && a->table[code] != 0 && b->table[other] != 0) {
            shared[a->table[code] * columns + b->table[other]]++;
        }
    }
    for (size_t i = 1; i < rows; i++) {
        for (size_t j = 1; j < columns; j++) {
            struct difference found = {0};
            const struct exclusion_table *before = &c->a->tables[i - 1], *after = &c->b->tables[j - 1];
            if (shared[i * columns + j] == 0 ||
                !compare_sets(c, before->principal, after->principal, CODE_DIAGNOSIS, &found)) {
                continue;
            }
            const char *subject = strcmp(before->id, after->id) == 0
                                      ? after->id
                                      : arena_format(c->arena, "%s -> %s", before->id, after->id);
            struct difference *out = difference_add(c, "", arena_format(c->arena, "table %s", subject), "exclusion");
            out->text = arena_format(c->arena, "principal diagnoses that switch off its codes (%u)",
                                     shared[i * columns + j]);
            out->added = found.added;
            out->added_count = found.added_count;
            out->removed = found.removed;
            out->removed_count = found.removed_count;
        }
    }
}

void compare_severity(struct comparison *c) {
    struct severity_map a = severity_of_codes(c->arena, c->a), b = severity_of_codes(c->arena, c->b);
    compare_levels(c, &a, &b);
    compare_exclusion(c, &a, &b);
}
