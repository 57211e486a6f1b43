/* SPDX-License-Identifier: Apache-2.0
 *
 * The sets of an overlay: which are new, which are patches of the base's, in as few words as may be; and severity, gray
 * and invalid codes, which are sets too. */
#include "overlay.h"

#include <stdlib.h>
#include <string.h>

/* ---- patches of sets ---- */

/* Branches and ranges of the base take in the codes that the overlay adds. Where none of them is wanted, they are taken out
 * by one name. */
static void remove_added(struct writing *w, const struct codeset *to, uint64_t *bits, const uint64_t *either, size_t words,
                         const char **remove) {
    const struct codeset *added = w->added[to->kind];
    if (added == NULL || (*remove)[0] == '\0' || !disjoint(to->bits, added->bits, w->scheme->catalogues[to->kind]->count)) {
        return;
    }
    for (size_t i = 0; i < words; i++) {
        bits[i] &= ~added->bits[i];
    }
    const char *rest = shorten_plain(w->shorteners[to->kind], bits, either);
    if (strlen(rest) + strlen(added->name) + 8 < strlen(*remove)) {
        *remove = rest[0] == '\0' ? added->name : arena_format(w->arena, "%s %s", rest, added->name);
        w->added_used[to->kind] = true;
    }
}

/* What must be added and removed. Added items may cover what is there anyway, removed ones what is in neither. */
static void difference(struct writing *w, const struct codeset *from, const struct codeset *to, const char **add,
                       const char **remove) {
    size_t words = ((size_t)w->scheme->catalogues[to->kind]->count + 63) / 64;
    uint64_t *bits = ARENA_ARRAY(w->arena, uint64_t, words + 1), *either = ARENA_ARRAY(w->arena, uint64_t, words + 1);
    static const uint64_t nothing[1];
    for (size_t i = 0; i < words; i++) {
        uint64_t was = from != NULL && from->count > 0 ? from->bits[i] : nothing[0];
        bits[i] = to->bits[i] & ~was;
        either[i] = to->bits[i];
    }
    *add = items_text(w, to, bits, either);
    for (size_t i = 0; i < words; i++) {
        uint64_t was = from != NULL && from->count > 0 ? from->bits[i] : nothing[0];
        bits[i] = was & ~to->bits[i];
        either[i] = ~to->bits[i];
    }
    *remove = shorten_plain(w->shorteners[to->kind], bits, either); /* `remove` takes no minus */
    remove_added(w, to, bits, either, words, remove);
}

static void put_patch(struct yaml *yaml, int indent, const char *key, const char *add, const char *remove) {
    size_t length = (size_t)indent + strlen(key) + strlen(add) + strlen(remove) + 24;
    if (length <= 112) {
        yaml_put(yaml, "%*s%s: {%s%s%s%s%s}\n", indent, "", key, add[0] != '\0' ? "add: " : "", add,
                 add[0] != '\0' && remove[0] != '\0' ? ", " : "", remove[0] != '\0' ? "remove: " : "", remove);
        return;
    }
    yaml_put(yaml, "%*s%s:\n", indent, "", key);
    if (add[0] != '\0') {
        yaml_items(yaml, indent + 2, "add", add);
    }
    if (remove[0] != '\0') {
        yaml_items(yaml, indent + 2, "remove", remove);
    }
}

static unsigned apart(const struct codeset *a, const struct codeset *b, size_t words) {
    unsigned count = 0;
    for (size_t i = 0; i < words; i++) {
        count += (unsigned)__builtin_popcountll(a->bits[i] ^ b->bits[i]);
    }
    return count;
}

/* A new set as another one and what tells them apart, if that is much shorter. Others: those of the base, and new ones
 * before it, so that no set is made of itself. */
static const char *like_another(struct overlay *o, size_t at, const char *whole) {
    struct codeset *set = o->finals[at].holds;
    size_t words = ((size_t)o->scheme->catalogues[set->kind]->count + 63) / 64;
    const struct final *best = NULL;
    bool set_is_helper = strstr(set->name, "_UNUSED_HERE") != NULL;
    unsigned least = set->count / 4 * 3;
    for (size_t i = 0; i < o->final_count; i++) {
        const struct final *other = &o->finals[i];
        bool usable = other->name[0] != '\0' && other->holds->kind == set->kind && other->holds->count > 0 &&
                      (other->base != NULL ? is_patchable(o, other->base) || set_is_helper : i < at) &&
                      (strncmp(other->name, "DI_", 3) == 0 || strncmp(other->name, "OP_", 3) == 0);
        unsigned far = usable ? apart(other->holds, set, words) : UINT32_MAX;
        if (far < least) {
            best = other;
            least = far;
        }
    }
    if (best == NULL) {
        return whole;
    }
    const char *add, *remove, *text = best->name;
    difference(o->w, best->holds, set, &add, &remove);
    text = add[0] == '\0' ? text : arena_format(o->arena, "%s %s", text, add);
    for (const char *item = remove; *item != '\0';) {
        size_t length = strcspn(item, " ");
        text = arena_format(o->arena, "%s !%.*s", text, (int)length, item);
        item += length + (item[length] == ' ');
    }
    return strlen(text) * 5 < strlen(whole) * 4 ? text : whole;
}

/* A set as {add, remove} or anew, whichever is shorter. */
static void put_set(struct writing *w, struct yaml *yaml, int indent, const char *key, const struct codeset *from,
                    const struct codeset *to, bool anew) {
    const char *add = "", *remove = "", *whole = set_text(w, to);
    if (from != NULL && !anew) {
        difference(w, from, to, &add, &remove);
        if (strlen(add) + strlen(remove) + 20 < strlen(whole) || to->count == 0) {
            put_patch(yaml, indent, key, add, remove);
            return;
        }
    }
    yaml_items(yaml, indent, key, whole);
}

static size_t measure_sets(struct overlay *o, enum code_kind kind);

/* A set of the codes that no list has: none of the scheme, or only none of those written here. */
static struct codeset *unused_here(struct overlay *o, enum code_kind kind, const char *name, bool written) {
    size_t words = ((size_t)o->scheme->catalogues[kind]->count + 63) / 64;
    struct codeset *set = ARENA_NEW(o->arena, struct codeset);
    set->name = name;
    set->kind = kind;
    set->bits = ARENA_ARRAY(o->arena, uint64_t, words + 1);
    for (uint32_t c = 0; c < o->scheme->catalogues[kind]->count; c++) {
        set->bits[c / 64] |= (uint64_t)1 << (c % 64);
    }
    for (size_t i = 0; i < o->final_count; i++) {
        const struct final *final = &o->finals[i];
        bool list = (written ? final->written : final->demanded) && final->holds->kind == kind &&
                    final->holds->count > 0 && strcmp(final->name, "OP_ALL") != 0;
        for (size_t b = 0; list && b < words; b++) {
            set->bits[b] &= ~final->holds->bits[b];
        }
    }
    for (size_t b = 0; b < words; b++) {
        set->count += (uint32_t)__builtin_popcountll(set->bits[b]);
    }
    return set;
}

/* The length of all sets with this one as a help, its own text included. */
static size_t measure_with(struct overlay *o, struct codeset *set) {
    struct final final = {NULL, set, codeset_hash(set), set->name, true, true};
    ARENA_PUSH(o->arena, o->finals, o->final_count, o->final_capacity, final);
    const char *text = like_another(o, o->final_count - 1, shorten(o->w->shorteners[set->kind], set->bits, NULL));
    o->final_count--;
    o->w->unused[set->kind][1] = set;
    size_t length = measure_sets(o, set->kind) + strlen(text);
    o->w->unused[set->kind][1] = NULL;
    return length;
}

/* If the sets that are written become much shorter by leaving in at first codes that no list has, these become a set. */
static void find_unused_here(struct overlay *o, enum code_kind kind) {
    static const char *const names[CODE_KINDS] = {"DI_UNUSED_HERE", "OP_UNUSED_HERE"};
    struct codeset *best = NULL;
    o->w->unused[kind][1] = NULL;
    size_t least = measure_sets(o, kind);
    if (least < 5000 || codesets_find(&o->base->sets, names[kind], strlen(names[kind])) != NULL) {
        return;
    }
    least -= 300;
    for (int written = 0; written < 2; written++) {
        struct codeset *set = unused_here(o, kind, names[kind], written);
        size_t length = measure_with(o, set);
        if (length < least) {
            least = length;
            best = set;
        }
    }
    if (best != NULL) {
        struct final final = {NULL, best, codeset_hash(best), best->name, true, true};
        ARENA_PUSH(o->arena, o->finals, o->final_count, o->final_capacity, final);
        memmove(o->finals + 1, o->finals, (o->final_count - 1) * sizeof *o->finals); /* it is read first */
        o->finals[0] = final;
        o->w->unused[kind][1] = best;
    }
}

static size_t measure_sets(struct overlay *o, enum code_kind kind) {
    struct yaml yaml = {.arena = o->arena};
    for (size_t i = 0; i < o->final_count; i++) {
        const struct final *final = &o->finals[i];
        if (final->written && final->holds->kind == kind && final->holds != o->w->unused[kind][1]) {
            put_set(o->w, &yaml, 2, final->name, final->base, final->holds, false);
        }
    }
    size_t length = yaml.length;
    yaml_clear(&yaml);
    return length;
}

void write_sets(struct overlay *o, struct yaml *yaml, const char *const *anew) {
    bool first = true;
    find_unused_here(o, CODE_DIAGNOSIS);
    find_unused_here(o, CODE_PROCEDURE);
    for (size_t i = 0; i < o->final_count; i++) {
        const struct final *final = &o->finals[i];
        bool forced = names_have(anew, final->name);
        if (!final->written && !forced) {
            continue;
        }
        yaml_put(yaml, first ? "\nsets:\n" : "");
        first = false;
        const char *key = yaml_scalar(o->arena, final->name, false);
        if (final->base == NULL) {
            const char *whole = set_text(o->w, final->holds);
            yaml_items(yaml, 2, key, strlen(whole) < 60 || forced ? whole : like_another(o, i, whole));
        } else {
            put_set(o->w, yaml, 2, key, final->base, final->holds, forced);
        }
    }
}

/* The set of the codes that the overlay adds, if it came to be used. */
void write_added(struct overlay *o, struct yaml *yaml) {
    const char *head = "\n# the codes added above, which the lists of the base would take in by their branches\nsets:\n";
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        if (o->w->added_used[kind]) {
            yaml_put(yaml, "%s", head);
            yaml_items(yaml, 2, o->w->added[kind]->name, shorten(o->w->shorteners[kind], o->w->added[kind]->bits, NULL));
            head = "";
        }
    }
}

void make_added(struct overlay *o) {
    static const char *const names[CODE_KINDS] = {"DI_ADDED", "OP_ADDED"};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        const struct missing_codes *missing = &o->w->missing[kind];
        const struct catalogue *catalogue = o->scheme->catalogues[kind];
        o->w->added[kind] = NULL;
        o->w->added_used[kind] = false;
        if (missing->count < 10 || codesets_find(&o->base->sets, names[kind], strlen(names[kind])) != NULL) {
            continue;
        }
        struct codeset *set = o->w->added[kind] = ARENA_NEW(o->arena, struct codeset);
        set->name = names[kind];
        set->kind = (enum code_kind)kind;
        set->bits = ARENA_ARRAY(o->arena, uint64_t, ((size_t)catalogue->count + 63) / 64 + 1);
        for (size_t i = 0; i < missing->count; i++) {
            uint32_t at = catalogue_find(catalogue, missing->codes[i].text, missing->codes[i].length);
            set->bits[at / 64] |= (uint64_t)1 << (at % 64);
            set->count++;
        }
    }
}

/* ---- severity ---- */

struct pair {
    uint32_t base, table;
    unsigned common;
};

static int compare_pairs(const void *left, const void *right) {
    const struct pair *a = left, *b = right;
    if (a->common != b->common) {
        return a->common > b->common ? -1 : 1;
    }
    return a->base != b->base ? (a->base > b->base) - (a->base < b->base) : (a->table > b->table) - (a->table < b->table);
}

static bool has_codes(const struct codeset *set) {
    return set != NULL && set->count > 0;
}

/* Which table of the base each table is: those with most codes in common. What a table is called is nothing. */
static uint32_t *match_tables(struct overlay *o) {
    const struct scheme *base = o->base, *scheme = o->scheme;
    size_t tables = scheme->table_count, bases = base->table_count;
    unsigned *common = ARENA_ARRAY(o->arena, unsigned, tables * bases + 1);
    for (int part = 0; part < PARTS; part++) {
        const uint32_t *a = table_numbers(o->arena, base, (enum severity_part)part);
        const uint32_t *b = table_numbers(o->arena, scheme, (enum severity_part)part);
        for (uint32_t c = 0; c < scheme->catalogues[CODE_DIAGNOSIS]->count; c++) {
            if (a[c] != UINT32_MAX && b[c] != UINT32_MAX) {
                common[b[c] * bases + a[c]]++;
            }
        }
    }
    struct pair *pairs = ARENA_ARRAY(o->arena, struct pair, tables * bases + 1);
    size_t count = 0;
    for (uint32_t t = 0; t < tables; t++) {
        for (uint32_t b = 0; b < bases; b++) {
            bool alike = has_codes(base->tables[b].principal) == has_codes(scheme->tables[t].principal);
            if (alike && common[t * bases + b] > 0) {
                pairs[count++] = (struct pair){b, t, common[t * bases + b]};
            }
        }
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    uint32_t *match = ARENA_ARRAY(o->arena, uint32_t, tables + 1);
    bool *taken = ARENA_ARRAY(o->arena, bool, bases + 1);
    memset(match, 0xFF, (tables + 1) * sizeof *match);
    for (size_t i = 0; i < count; i++) {
        if (match[pairs[i].table] == UINT32_MAX && !taken[pairs[i].base]) {
            match[pairs[i].table] = pairs[i].base;
            taken[pairs[i].base] = true;
        }
    }
    return match;
}

/* Tables without principal diagnoses all say: never excluded. One of them holds the codes of all. */
static void join_tables(struct overlay *o) {
    struct exclusion_table *never = NULL;
    size_t words = ((size_t)o->scheme->catalogues[CODE_DIAGNOSIS]->count + 63) / 64, kept = 0;
    for (size_t t = 0; t < o->scheme->table_count; t++) {
        struct exclusion_table *table = &o->scheme->tables[t];
        if (has_codes(table->principal) || never == NULL) {
            o->scheme->tables[kept] = *table;
            never = has_codes(table->principal) ? never : &o->scheme->tables[kept];
            kept++;
            continue;
        }
        for (int part = PART_MCC; part < PARTS; part++) {
            struct codeset **into = part == PART_MCC ? &never->mcc : &never->cc, *from = part == PART_MCC ? table->mcc : table->cc;
            if (*into == NULL) {
                *into = from;
                continue;
            }
            for (size_t i = 0; i < words && from != NULL; i++) {
                (*into)->bits[i] |= from->bits[i];
            }
            (*into)->count += from != NULL ? from->count : 0;
        }
    }
    o->scheme->table_count = kept;
}

static const char *free_table_id(struct overlay *o, const char *id, const struct yaml *written) {
    for (unsigned n = 0;; n++) {
        const char *key = n == 0 ? id : arena_format(o->arena, "%u", n);
        const char *line = arena_format(o->arena, "  %s:", key);
        bool taken = written->bytes != NULL && strstr(written->bytes, line) != NULL;
        for (size_t b = 0; b < o->base->table_count && !taken; b++) {
            taken = strcmp(o->base->tables[b].id, key) == 0;
        }
        if (!taken) {
            return key;
        }
    }
}

static void write_table(struct overlay *o, struct yaml *yaml, const char *id, const struct exclusion_table *from,
                        const struct exclusion_table *to, const char *const *anew) {
    static const char *const keys[PARTS] = {"principal", "mcc", "cc"}, *const names[PARTS] = {"PRINCIPAL", "MCC", "CC"};
    static uint64_t none_bits[4096]; /* an empty set, larger than any catalogue */
    struct yaml parts = {.arena = o->arena};
    const struct codeset none = {.name = "", .bits = none_bits};
    for (int part = 0; part < PARTS; part++) {
        const struct codeset *old = from != NULL ? table_part(from, (enum severity_part)part) : NULL;
        const struct codeset *now = to != NULL ? table_part(to, (enum severity_part)part) : NULL;
        bool forced = names_have(anew, arena_format(o->arena, "%s_%s", names[part], id));
        if (codeset_hash(old) == codeset_hash(now) && !forced) {
            continue;
        }
        if (now == NULL || now->count == 0) {
            yaml_put(&parts, "    %s: {remove: '*'}\n", keys[part]);
        } else {
            put_set(o->w, &parts, 4, keys[part], old, now == NULL ? &none : now, forced);
        }
    }
    if (parts.length > 0) {
        char *only = strchr(parts.bytes, '\n');
        bool one = only[1] == '\0' && parts.length < 100;
        yaml_put(yaml, one ? "  %s: {%.*s}\n" : "  %s:\n%.*s", id, one ? (int)parts.length - 5 : (int)parts.length,
                 one ? parts.bytes + 4 : parts.bytes);
    }
    yaml_clear(&parts);
}

void write_tables(struct overlay *o, struct yaml *yaml, const char *const *anew) {
    struct yaml tables = {.arena = o->arena};
    join_tables(o);
    const uint32_t *match = match_tables(o);
    bool *kept = ARENA_ARRAY(o->arena, bool, o->base->table_count + 1);
    for (size_t t = 0; t < o->scheme->table_count; t++) {
        const struct exclusion_table *table = &o->scheme->tables[t];
        const struct exclusion_table *old = match[t] != UINT32_MAX ? &o->base->tables[match[t]] : NULL;
        if (old != NULL) {
            kept[match[t]] = true;
        }
        write_table(o, &tables, old != NULL ? old->id : free_table_id(o, table->id, &tables), old, table, anew);
    }
    for (size_t b = 0; b < o->base->table_count; b++) {
        if (!kept[b]) {
            write_table(o, &tables, o->base->tables[b].id, &o->base->tables[b], NULL, anew);
        }
    }
    if (tables.length > 0) {
        yaml_put(yaml, "\nseverity:\n%s", tables.bytes);
    }
    yaml_clear(&tables);
}

/* ---- gray and invalid codes ---- */

void write_barred_changes(struct overlay *o, struct yaml *yaml) {
    static const char *const kinds[BARRED_KINDS] = {[BARRED_GRAY] = "gray", [BARRED_INVALID] = "invalid"};
    static const char *const codes[CODE_KINDS] = {"diagnoses", "procedures"}, *const one[CODE_KINDS] = {"diagnosis", "procedure"};
    for (int kind = 0; kind < BARRED_KINDS; kind++) {
        const struct barred *old = &o->base->barred[kind], *now = &o->scheme->barred[kind];
        struct yaml parts = {.arena = o->arena};
        for (int code = 0; code < CODE_KINDS; code++) {
            if (codeset_hash(old->sets[code]) != codeset_hash(now->sets[code])) {
                if (now->sets[code] == NULL) {
                    yaml_put(&parts, "  %s: {remove: '*'}\n", codes[code]);
                } else {
                    put_set(o->w, &parts, 2, codes[code], old->sets[code], now->sets[code], false);
                }
            }
            if (old->principal[code] != now->principal[code] && now->sets[code] != NULL) {
                static const char *const words[] = {[BARRED_NOTHING] = "nothing", [BARRED_UNGROUPED] = "ungrouped",
                                                    [BARRED_IGNORED] = "ignore"};
                yaml_put(&parts, "  principal_%s: %s\n", one[code], words[now->principal[code]]);
            }
        }
        if (parts.length > 0) {
            yaml_put(yaml, "\n%s:\n%s", kinds[kind], parts.bytes);
        }
        yaml_clear(&parts);
    }
}

