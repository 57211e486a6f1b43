/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of a catalogue row: `a/b+c`. Each column gives alternatives, each a list of needs; a row with
 * several columns has every combination of theirs. */
#include <stdlib.h>
#include <string.h>

#include "dip_draft.h"

/* Alternatives of one column. */
struct ways {
    struct dip_alternative *items;
    size_t count, capacity;
};

/* The procedures of a need, while it is read. */
struct members {
    uint32_t *items;
    size_t count, capacity;
};

struct reading {
    struct dip_link *link;
    const struct dip_row *row;
    const struct dip_cell *cell;
    const struct dip_signs *signs;
    struct members exact, loose;
    bool all, good;
};

static void say_fault(struct reading *r, size_t at, const char *fault) {
    report_say(r->link->report, MSG_dip_bad_operations, dip_item_place(r->cell, at), fault, r->signs->any,
               r->signs->all);
    r->good = false;
}

/* ---- members of a need ---- */

static void push(struct reading *r, struct members *to, uint32_t code) {
    ARENA_PUSH(r->link->arena, to->items, to->count, to->capacity, code);
}

/* 99.2800x005 of 99.2800: an x and three digits at least. */
static bool is_extension(const struct code *code, size_t length) {
    if (code->length < length + 4 || code->text[length] != 'x') {
        return false;
    }
    for (size_t i = length + 1; i < code->length; i++) {
        if (code->text[i] < '0' || code->text[i] > '9') {
            return false;
        }
    }
    return true;
}

static void add_code(struct reading *r, const struct dip_item *item) {
    const struct catalogue *catalogue = r->link->scheme->catalogues[CODE_PROCEDURE];
    uint32_t code = catalogue_find(catalogue, item->text, item->length), first = 0, end = 0;
    bool found = code != UINT32_MAX;
    if (found) {
        push(r, &r->exact, code);
    }
    if (r->signs->procedures != DIP_CODES_EXACT) {
        catalogue_branch(catalogue, item->text, item->length, &first, &end);
    }
    for (uint32_t i = first; i < end; i++) {
        if (i != code &&
            (r->signs->procedures == DIP_CODES_BRANCH || is_extension(&catalogue->codes[i], item->length))) {
            push(r, &r->loose, i);
            found = true;
        }
    }
    if (!found) {
        report_say(r->link->report, MSG_dip_unknown_code, dip_item_place(r->cell, item->at),
                   report_clip(r->link->report, item->text, item->length), "procedures",
                   codesets_hint(&r->link->scheme->sets, item->text, item->length, true));
        r->good = false;
    }
}

static void add_item(struct reading *r, const struct dip_item *item) {
    const char *all = r->signs->all_procedures;
    if (item->length == 0) {
        say_fault(r, item->at, "a code is missing");
    } else if (strlen(all) == item->length && memcmp(all, item->text, item->length) == 0) {
        r->all = true;
    } else if (memchr(item->text, '(', item->length) != NULL || memchr(item->text, ')', item->length) != NULL) {
        say_fault(r, item->at, "brackets are not used; `tighter` says which sign goes first");
    } else {
        add_code(r, item);
    }
}

static int by_number(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Ascending, each once. */
static void order(struct members *members) {
    size_t kept = 0;
    if (members->count == 0) {
        return;
    }
    qsort(members->items, members->count, sizeof *members->items, by_number);
    for (size_t i = 0; i < members->count; i++) {
        if (kept == 0 || members->items[kept - 1] != members->items[i]) {
            members->items[kept++] = members->items[i];
        }
    }
    members->count = kept;
}

static const uint32_t *keep(struct reading *r, const struct members *members) {
    uint32_t *items = ARENA_ARRAY(r->link->arena, uint32_t, members->count + 1);
    if (members->count > 0) {
        memcpy(items, members->items, members->count * sizeof *items);
    }
    return items;
}

/* The need made of the items read since the last one. */
static struct dip_need take_need(struct reading *r, const char *text, size_t length, unsigned at) {
    struct dip_need need = {.at = at, .all = r->all, .text = arena_copy(r->link->arena, text, length)};
    order(&r->exact);
    order(&r->loose);
    size_t kept = 0;
    for (size_t i = 0, e = 0; i < r->loose.count; i++) { /* what is named in full is not loose as well */
        while (e < r->exact.count && r->exact.items[e] < r->loose.items[i]) {
            e++;
        }
        if (e == r->exact.count || r->exact.items[e] != r->loose.items[i]) {
            r->loose.items[kept++] = r->loose.items[i];
        }
    }
    r->loose.count = kept;
    if (!r->all) {
        need.exact = keep(r, &r->exact);
        need.loose = keep(r, &r->loose);
        need.exact_count = (uint32_t)r->exact.count;
        need.loose_count = (uint32_t)r->loose.count;
    }
    r->exact.count = r->loose.count = 0;
    r->all = false;
    return need;
}

/* ---- alternatives of a column ---- */

static struct dip_alternative *new_way(struct reading *r, struct ways *ways) {
    struct dip_alternative empty = {0};
    ARENA_PUSH(r->link->arena, ways->items, ways->count, ways->capacity, empty);
    return &ways->items[ways->count - 1];
}

static void push_need(struct reading *r, struct dip_alternative *way, size_t *capacity, struct dip_need need) {
    if (way->count == DIP_PARTS_OF_WAY_MAX) {
        report_say(r->link->report, MSG_dip_limit, dip_cell_place(r->cell), (unsigned)DIP_PARTS_OF_WAY_MAX,
                   "operations that must all be there");
        r->good = false;
        return;
    }
    ARENA_PUSH(r->link->arena, way->needs, way->count, *capacity, need);
}

/* (a or b) and c: one alternative. */
static void read_any_tighter(struct reading *r, unsigned at, struct ways *ways) {
    const struct dip_item list = {r->cell->text, r->cell->length, 0};
    struct dip_item part, item;
    struct dip_alternative *way = new_way(r, ways);
    size_t from = 0, capacity = 0;
    while (r->good && dip_next_item(&list, r->signs->all, &from, &part)) {
        size_t inner = 0;
        while (dip_next_item(&part, r->signs->any, &inner, &item)) {
            add_item(r, &item);
        }
        push_need(r, way, &capacity, take_need(r, part.text, part.length, at));
    }
}

/* a, or b and c: an alternative a term; terms of one code together are one. */
static void read_all_tighter(struct reading *r, unsigned at, struct ways *ways) {
    const struct dip_item list = {r->cell->text, r->cell->length, 0};
    struct dip_item term, item;
    struct members exact = {0}, loose = {0};
    const char *text = "";
    bool singles = false, all = false;
    size_t from = 0;
    while (r->good && dip_next_item(&list, r->signs->any, &from, &term)) {
        if (memmem(term.text, term.length, r->signs->all, strlen(r->signs->all)) != NULL) {
            struct dip_alternative *way = new_way(r, ways);
            size_t inner = 0, capacity = 0;
            while (r->good && dip_next_item(&term, r->signs->all, &inner, &item)) {
                add_item(r, &item);
                push_need(r, way, &capacity, take_need(r, item.text, item.length, at));
            }
            continue;
        }
        add_item(r, &term);
        for (size_t i = 0; i < r->exact.count; i++) {
            push(r, &exact, r->exact.items[i]);
        }
        for (size_t i = 0; i < r->loose.count; i++) {
            push(r, &loose, r->loose.items[i]);
        }
        all = all || r->all;
        text = arena_format(r->link->arena, "%s%s%.*s", text, singles ? r->signs->any : "", (int)term.length,
                            term.text);
        singles = true;
        r->exact.count = r->loose.count = 0;
        r->all = false;
    }
    if (singles) {
        struct dip_alternative *way = new_way(r, ways);
        size_t capacity = 0;
        r->exact = exact;
        r->loose = loose;
        r->all = all;
        push_need(r, way, &capacity, take_need(r, text, strlen(text), at));
    }
}

/* The principal operation meets one of the parts, and all are there: an alternative for each part it may meet. */
static void vary_principal(struct reading *r, struct ways *ways) {
    struct ways varied = {0};
    for (size_t w = 0; w < ways->count; w++) {
        const struct dip_alternative *from = &ways->items[w];
        for (size_t n = 0; n < from->count; n++) {
            struct dip_alternative *way = new_way(r, &varied);
            way->count = from->count;
            way->needs = ARENA_ARRAY(r->link->arena, struct dip_need, from->count);
            memcpy(way->needs, from->needs, from->count * sizeof *way->needs);
            way->needs[n].at = IMAGE_DIP_AT_PRINCIPAL;
        }
    }
    *ways = varied;
}

static struct ways read_column(struct reading *r, enum dip_column column, unsigned at) {
    struct ways ways = {0};
    r->cell = &r->row->cells[column];
    if (r->cell->length == 0) {
        new_way(r, &ways); /* nothing is asked for */
        return ways;
    }
    if (r->signs->all_tighter) {
        read_all_tighter(r, at, &ways);
    } else {
        read_any_tighter(r, at, &ways);
    }
    if (column == DIP_COLUMN_PRINCIPAL_OPERATIONS) {
        vary_principal(r, &ways);
    }
    return ways;
}

/* ---- the row ---- */

static void append(struct dip_alternative *to, const struct dip_alternative *from) {
    if (from->count > 0) {
        memcpy(to->needs + to->count, from->needs, from->count * sizeof *to->needs);
        to->count += from->count;
    }
}

static void combine(struct dip_link *link, const struct ways columns[3], struct dip_entry *entry) {
    entry->operation_count = columns[0].count * columns[1].count * columns[2].count;
    entry->operations = ARENA_ARRAY(link->arena, struct dip_alternative, entry->operation_count);
    struct dip_alternative *out = entry->operations;
    for (size_t a = 0; a < columns[0].count; a++) {
        for (size_t b = 0; b < columns[1].count; b++) {
            for (size_t c = 0; c < columns[2].count; c++, out++) {
                const struct dip_alternative *parts[] = {&columns[0].items[a], &columns[1].items[b],
                                                         &columns[2].items[c]};
                out->needs = ARENA_ARRAY(link->arena, struct dip_need,
                                         parts[0]->count + parts[1]->count + parts[2]->count + 1);
                for (int i = 0; i < 3; i++) {
                    append(out, parts[i]);
                }
            }
        }
    }
}

/* As written; columns other than `operations` with their names where there are several. */
static const char *operations_text(struct dip_link *link, const struct dip_row *row) {
    const char *text = "";
    int said = 0;
    for (int column = DIP_COLUMN_PRINCIPAL_OPERATIONS; column <= DIP_COLUMN_RELATED_OPERATIONS; column++) {
        const struct dip_cell *cell = &row->cells[column];
        static const char *const names[] = {"", "", "related: "};
        if (cell->length > 0) {
            text = arena_format(link->arena, "%s%s%s%.*s", text, said++ > 0 ? "; " : "",
                                names[column - DIP_COLUMN_PRINCIPAL_OPERATIONS], (int)cell->length, cell->text);
        }
    }
    return text;
}

bool dip_read_operations(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry) {
    struct reading r = {.link = link, .row = row, .signs = &row->file->signs, .good = true};
    struct ways columns[3] = {read_column(&r, DIP_COLUMN_PRINCIPAL_OPERATIONS, IMAGE_DIP_AT_ANY),
                              read_column(&r, DIP_COLUMN_OPERATIONS, IMAGE_DIP_AT_ANY),
                              read_column(&r, DIP_COLUMN_RELATED_OPERATIONS, IMAGE_DIP_AT_OTHER)};
    entry->operations_text = operations_text(link, row);
    if (!r.good) {
        return false;
    }
    size_t ways = columns[0].count * columns[1].count; /* each is at most the bytes of a cell */
    if (ways > DIP_WAYS_MAX || ways * columns[2].count > DIP_WAYS_MAX) {
        report_say(link->report, MSG_dip_limit, row->place, (unsigned)DIP_WAYS_MAX,
                   "ways to meet the operations of an entry");
        return false;
    }
    combine(link, columns, entry);
    return true;
}
