/* SPDX-License-Identifier: Apache-2.0
 *
 * The entries of a catalogue in their final form: those of some parts one for each category they take, all of them
 * part after part, each code once. */
#include <string.h>

#include "dip_draft.h"

enum { CATEGORY_BYTES = 3 };

/* Entries while they are put together. */
struct splitting {
    struct dip_link *link;
    struct dip_entry *old;
    size_t old_count;
    bool *split_part; /* entries of this part are split */
    struct text_map codes;
};

/* ---- one entry, its categories ---- */

static void category_of(const struct catalogue *catalogue, uint32_t code, uint32_t *first, uint32_t *end) {
    const struct code *in = &catalogue->codes[code];
    size_t length = in->length < CATEGORY_BYTES ? in->length : CATEGORY_BYTES;
    catalogue_branch(catalogue, in->text, length, first, end);
}

/* The first code from `from` on that a key of the entry takes; UINT32_MAX: there is none. */
static uint32_t next_code(const struct dip_entry *entry, uint32_t from) {
    uint32_t next = UINT32_MAX;
    for (size_t i = 0; i < entry->key_count; i++) {
        uint32_t first = entry->keys[i].first > from ? entry->keys[i].first : from;
        if (first < entry->keys[i].end && first < next) {
            next = first;
        }
    }
    return next;
}

static bool is_one_category(const struct splitting *s, const struct dip_entry *entry) {
    const struct catalogue *catalogue = s->link->scheme->catalogues[CODE_DIAGNOSIS];
    uint32_t first, end, code = next_code(entry, 0);
    category_of(catalogue, code, &first, &end);
    return next_code(entry, end) == UINT32_MAX;
}

/* The text with the diagnoses replaced by the category; as it is if it does not hold them. */
static const char *replaced(struct splitting *s, const char *text, const char *diagnoses, const char *category) {
    const char *at = strstr(text, diagnoses);
    if (at == NULL) {
        return text;
    }
    return arena_format(s->link->arena, "%.*s%s%s", (int)(at - text), text, category, at + strlen(diagnoses));
}

/* The entry for the codes [first, end) of one category. */
static struct dip_entry part_of(struct splitting *s, const struct dip_entry *entry, uint32_t first, uint32_t end) {
    const struct code *code = &s->link->scheme->catalogues[CODE_DIAGNOSIS]->codes[first];
    size_t length = code->length < CATEGORY_BYTES ? code->length : CATEGORY_BYTES;
    const char *category = arena_copy(s->link->arena, code->text, length);
    struct dip_entry part = *entry;
    part.code = replaced(s, entry->code, entry->diagnoses_text, category);
    part.name = replaced(s, entry->name, entry->diagnoses_text, category);
    if (part.code == entry->code) {
        part.code = arena_format(s->link->arena, "%s:%s", entry->code, category);
    }
    part.keys = ARENA_ARRAY(s->link->arena, struct dip_key, entry->key_count);
    part.key_count = 0;
    for (size_t i = 0; i < entry->key_count; i++) {
        struct dip_key key = entry->keys[i];
        key.first = key.first > first ? key.first : first;
        key.end = key.end < end ? key.end : end;
        key.all = false;
        if (key.first < key.end) {
            part.keys[part.key_count++] = key;
        }
    }
    return part;
}

/* ---- codes ---- */

static void push(struct splitting *s, struct dip_entry entry) {
    ARENA_PUSH(s->link->arena, s->link->dip->entries, s->link->dip->entry_count, s->link->entry_capacity, entry);
}

/* An entry that is not split: its code must be new. */
static void register_entry(struct splitting *s, const struct dip_entry *entry, size_t number) {
    bool added;
    uint32_t first = *text_map_put(&s->codes, entry->code, strlen(entry->code), (uint32_t)number, &added);
    if (!added) {
        const struct dip_entry *twin = &s->old[first];
        report_say(s->link->report, MSG_dip_entry_twice, entry->place,
                   report_clip(s->link->report, entry->code, strlen(entry->code)), twin->place.line,
                   dip_other_file(s->link->arena, &twin->place, &entry->place));
    }
}

static uint32_t longest_key(const struct dip_entry *entry) {
    uint32_t longest = 0;
    for (size_t i = 0; i < entry->key_count; i++) {
        longest = entry->keys[i].length > longest ? entry->keys[i].length : longest;
    }
    return longest;
}

/* Who gets the code of a category that several entries take: entries of one category first, then longer keys, then
 * those earlier in the catalogue. What one entry gets: */
struct owned {
    struct dip_entry *parts;
    size_t count, capacity;
};

static void own_categories(struct splitting *s, size_t number, struct owned *owned) {
    const struct catalogue *catalogue = s->link->scheme->catalogues[CODE_DIAGNOSIS];
    const struct dip_entry *entry = &s->old[number];
    for (uint32_t code = next_code(entry, 0); code != UINT32_MAX;) {
        uint32_t first, end;
        bool added;
        category_of(catalogue, code, &first, &end);
        struct dip_entry part = part_of(s, entry, first, end);
        text_map_put(&s->codes, part.code, strlen(part.code), (uint32_t)number, &added);
        if (added) {
            ARENA_PUSH(s->link->arena, owned->parts, owned->count, owned->capacity, part);
        }
        code = next_code(entry, end);
    }
}

static struct owned *own_all(struct splitting *s) {
    struct owned *owned = ARENA_ARRAY(s->link->arena, struct owned, s->old_count + 1);
    enum { ONE_CATEGORY = CODE_LENGTH_MAX + 1 };
    for (uint32_t length = ONE_CATEGORY + 1; length-- > 0;) {
        for (size_t i = 0; i < s->old_count; i++) {
            const struct dip_entry *entry = &s->old[i];
            if (s->split_part[entry->part] &&
                (is_one_category(s, entry) ? ONE_CATEGORY : longest_key(entry)) == length) {
                own_categories(s, i, &owned[i]);
            }
        }
    }
    return owned;
}

/* ---- all of them ---- */

static bool split_parts(struct splitting *s) {
    bool any = false;
    for (size_t i = 0; i < s->link->from->by_category_count; i++) {
        const struct node *name = s->link->from->by_category[i];
        uint32_t part = dip_part_of(s->link, name->text, name->place);
        if (part != UINT32_MAX) {
            s->split_part[part] = any = true;
        }
    }
    return any;
}

void dip_split_entries(struct dip_link *link) {
    struct dip *dip = link->dip;
    struct splitting s = {.link = link, .old = dip->entries, .old_count = dip->entry_count};
    s.split_part = ARENA_ARRAY(link->arena, bool, dip->part_count + 1);
    text_map_start(&s.codes, link->arena);
    bool any = split_parts(&s);
    for (size_t i = 0; i < s.old_count; i++) {
        if (!s.split_part[s.old[i].part]) {
            register_entry(&s, &s.old[i], i);
        }
    }
    struct owned *owned = any ? own_all(&s) : NULL;
    dip->entries = NULL;
    dip->entry_count = link->entry_capacity = 0;
    for (uint32_t part = 0; part < dip->part_count; part++) {
        for (size_t i = 0; i < s.old_count; i++) {
            if (s.old[i].part != part) {
                continue;
            }
            if (!s.split_part[part]) {
                push(&s, s.old[i]);
            }
            for (size_t p = 0; any && p < owned[i].count; p++) {
                push(&s, owned[i].parts[p]);
            }
        }
    }
}
