/* SPDX-License-Identifier: Apache-2.0
 *
 * The diagnoses of a catalogue row: codes, branches, ranges, or all of them. */
#include <string.h>

#include "dip_draft.h"

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool dip_next_item(const struct dip_item *list, const char *sign, size_t *at, struct dip_item *item) {
    if (*at > list->length) {
        return false;
    }
    const char *start = list->text + *at;
    size_t left = list->length - *at, size = strlen(sign);
    const char *end = memmem(start, left, sign, size);
    size_t length = end != NULL ? (size_t)(end - start) : left;
    *at += end != NULL ? length + size : left + 1;
    while (length > 0 && is_blank(start[0])) {
        start++;
        length--;
    }
    while (length > 0 && is_blank(start[length - 1])) {
        length--;
    }
    *item = (struct dip_item){start, length, list->at + (size_t)(start - list->text)};
    return true;
}

struct place dip_item_place(const struct dip_cell *cell, size_t at) {
    struct node node = {.kind = NODE_SCALAR,
                        .place = dip_cell_place(cell),
                        .text = cell->text,
                        .length = cell->length,
                        .source = cell->source,
                        .offset = cell->offset};
    return node_place(&node, at);
}

static bool item_is(const struct dip_item *item, const char *word) {
    return strlen(word) == item->length && memcmp(word, item->text, item->length) == 0;
}

static const char *said(struct dip_link *link, const struct dip_item *item) {
    return report_clip(link->report, item->text, item->length);
}

static uint32_t key_length(const struct dip_item *item) {
    uint32_t length = 0;
    for (size_t i = 0; i < item->length; i++) {
        length += item->text[i] != '.';
    }
    return length;
}

/* A15-A16: from the first code of the lower branch to the last of the upper one. */
static bool read_range(struct dip_link *link, const struct dip_cell *cell, const struct dip_item *item,
                       struct dip_key *key) {
    const struct catalogue *catalogue = link->scheme->catalogues[CODE_DIAGNOSIS];
    struct dip_item low, high;
    size_t at = 0;
    struct dip_item list = *item;
    dip_next_item(&list, "-", &at, &low);
    bool two = dip_next_item(&list, "-", &at, &high) && at > list.length && low.length > 0 && high.length > 0;
    const char *fault = two ? NULL : "it needs one code before and one behind the `-`";
    if (two) {
        uint32_t unused;
        catalogue_branch(catalogue, low.text, low.length, &key->first, &unused);
        catalogue_branch(catalogue, high.text, high.length, &unused, &key->end);
        size_t shared = low.length < high.length ? low.length : high.length;
        bool reversed = memcmp(low.text, high.text, shared) > 0;
        fault = reversed                 ? "its first code comes after its last"
                : key->first >= key->end ? "it holds no code of the catalogue"
                                         : NULL;
    }
    if (fault != NULL) {
        report_say(link->report, MSG_dip_bad_range, dip_item_place(cell, item->at), said(link, item), fault);
    }
    return fault == NULL;
}

static bool is_extended(const struct catalogue *catalogue, const struct dip_item *item) {
    char base[CODE_LENGTH_MAX + 1];
    uint32_t first = 0, end = 0;
    if (item->length < CODE_LENGTH_MAX) {
        memcpy(base, item->text, item->length);
        base[item->length] = 'x';
        catalogue_branch(catalogue, base, item->length + 1, &first, &end);
    }
    return first < end;
}

/* A code or a branch; key->first == key->end if it hits nothing. */
static void find_code(const struct catalogue *catalogue, enum dip_code_match match, const struct dip_item *item,
                      struct dip_key *key) {
    uint32_t code = catalogue_find(catalogue, item->text, item->length);
    key->length = key_length(item);
    if (match == DIP_CODES_EXACT) {
        key->first = code == UINT32_MAX ? 0 : code;
        key->end = code == UINT32_MAX ? 0 : code + 1;
    } else if (match == DIP_CODES_BRANCH || code != UINT32_MAX || is_extended(catalogue, item)) {
        catalogue_branch(catalogue, item->text, item->length, &key->first, &key->end);
    }
}

static bool read_key(struct dip_link *link, const struct dip_row *row, const struct dip_item *item,
                     struct dip_key *key) {
    const struct catalogue *catalogue = link->scheme->catalogues[CODE_DIAGNOSIS];
    const struct dip_cell *cell = &row->cells[DIP_COLUMN_DIAGNOSES];
    const struct dip_signs *signs = &row->file->signs;
    if (item->length == 0) {
        report_say(link->report, MSG_dip_empty_key, dip_item_place(cell, item->at),
                   "there is no diagnosis between two signs", signs->all_diagnoses);
        return false;
    }
    if (item_is(item, signs->all_diagnoses)) {
        *key = (struct dip_key){0, catalogue->count, 0, true};
        return true;
    }
    if (memchr(item->text, '-', item->length) != NULL) {
        return read_range(link, cell, item, key);
    }
    find_code(catalogue, signs->diagnoses, item, key);
    if (key->first < key->end) {
        return true;
    }
    if (memmem(item->text, item->length, signs->all, strlen(signs->all)) != NULL) {
        report_say(link->report, MSG_dip_joined_diagnoses, dip_item_place(cell, item->at), said(link, item),
                   signs->all, signs->any);
    } else {
        report_say(link->report, MSG_dip_unknown_code, dip_item_place(cell, item->at), said(link, item),
                   "diagnoses", codesets_hint(&link->scheme->sets, item->text, item->length, true));
    }
    return false;
}

static bool same_key(const struct dip_key *a, const struct dip_key *b) {
    return a->first == b->first && a->end == b->end && a->length == b->length;
}

bool dip_read_keys(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry) {
    const struct dip_cell *cell = &row->cells[DIP_COLUMN_DIAGNOSES];
    const struct dip_item list = {cell->text, cell->length, 0};
    struct dip_item item;
    size_t capacity = 0, at = 0;
    bool good = true;
    if (cell->length == 0) {
        struct place place = cell->text != NULL ? dip_cell_place(cell) : row->place;
        report_say(link->report, MSG_dip_empty_key, place, "the row has no diagnoses",
                   row->file->signs.all_diagnoses);
        return false;
    }
    while (dip_next_item(&list, row->file->signs.any, &at, &item)) {
        struct dip_key key = {0};
        if (!read_key(link, row, &item, &key)) {
            good = false;
            continue;
        }
        bool there = false;
        for (size_t i = 0; i < entry->key_count && !there; i++) {
            there = same_key(&entry->keys[i], &key);
        }
        if (!there) {
            ARENA_PUSH(link->arena, entry->keys, entry->key_count, capacity, key);
        }
    }
    return good;
}
