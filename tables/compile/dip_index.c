/* SPDX-License-Identifier: Apache-2.0
 *
 * Auxiliary catalogues and supervision indices of a DIP scheme: classes with their conditions, and the factors that
 * entries have of their own. */
#include <stdlib.h>
#include <string.h>

#include "csv_rows.h"
#include "dip_draft.h"

/* ---- draft ---- */

void dip_draft_indices(struct draft *draft, const struct node *map, bool supervision) {
    struct dip_draft *dip = draft->dip;
    if (map == NULL ||
        node_expect(draft->report, map, NODE_MAP, supervision ? "supervision" : "catalogues") == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        struct dip_draft_index index = {map->keys[i], map->items[i], supervision};
        if (node_expect(draft->report, index.classes, NODE_LIST, "classes") == NULL) {
            continue;
        }
        size_t at = 0;
        while (at < dip->index_count && (dip->indices[at].supervision != supervision ||
                                         strcmp(dip->indices[at].name->text, index.name->text) != 0)) {
            at++;
        }
        if (at < dip->index_count) {
            dip->indices[at] = index; /* an empty list takes it out */
        } else {
            ARENA_PUSH(draft->arena, dip->indices, dip->index_count, dip->index_capacity, index);
        }
    }
}

void dip_draft_auxiliary(struct draft *draft, const struct node *map) {
    static const char *const keys[] = {"pick", "catalogues", "factors", NULL};
    if (map == NULL || node_expect(draft->report, map, NODE_MAP, "auxiliary") == NULL) {
        return;
    }
    node_check_keys(draft->report, map, keys, "auxiliary");
    const struct node *pick = node_get(map, "pick"), *factors = node_get(map, "factors");
    const struct node **values = draft->dip->values;
    values[DIP_VALUE_PICK] = pick != NULL ? pick : values[DIP_VALUE_PICK];
    values[DIP_VALUE_FACTORS] = factors != NULL ? factors : values[DIP_VALUE_FACTORS];
    dip_draft_indices(draft, node_get(map, "catalogues"), false);
}

/* ---- classes ---- */

static bool link_class(struct dip_link *link, const struct dip_index *index, const struct node *map,
                       struct dip_class *out) {
    static const char *const auxiliary[] = {"class", "when", "factor", "note", NULL};
    static const char *const supervision[] = {"class", "when", "score", "note", NULL};
    if (node_expect(link->report, map, NODE_MAP, "a class") == NULL) {
        return false;
    }
    node_check_keys(link->report, map, index->supervision ? supervision : auxiliary, "a class");
    const struct node *name = node_need(link->report, map, "class", "a class"), *number;
    if (name == NULL || node_text(link->report, name, "class") == NULL) {
        return false;
    }
    *out = (struct dip_class){.name = name->text, .place = name->place, .number = -1};
    link->scheme->sets.late_facts = true;
    out->when = draft_link_when(link->draft, node_get(map, "when"));
    link->scheme->sets.late_facts = false;
    const char *what = index->supervision ? "score" : "factor";
    number =
        index->supervision ? node_need(link->report, map, what, "a class of `supervision`") : node_get(map, what);
    return number == NULL || node_text(link->report, number, what) == NULL ||
           dip_decimal(link->report, number->text, number->length, number->place, what, DIP_FACTOR_PLACES,
                       &out->number);
}

/* A class behind one that takes all, and two of one name. */
static void check_class(struct dip_link *link, const struct dip_index *index, size_t number) {
    const struct dip_class *class = &index->classes[number];
    for (size_t i = 0; i < number; i++) {
        const struct dip_class *before = &index->classes[i];
        if (strcmp(before->name, class->name) == 0) {
            report_say(link->report, MSG_dip_named_twice, class->place, "class", class->name, before->place.line);
        } else if (before->when->op == EXPR_TRUE) {
            report_say(link->report, MSG_class_unreachable, class->place, class->name, before->name,
                       before->place.line);
            return;
        }
    }
}

static void link_index(struct dip_link *link, const struct dip_draft_index *from, struct dip_index *index) {
    *index =
        (struct dip_index){.name = from->name->text, .place = from->name->place, .supervision = from->supervision};
    index->classes = ARENA_ARRAY(link->arena, struct dip_class, from->classes->count + 1);
    for (size_t i = 0; i < from->classes->count; i++) {
        if (link_class(link, index, from->classes->items[i], &index->classes[index->class_count])) {
            check_class(link, index, index->class_count++);
        }
    }
}

/* ---- factors of entries ---- */

enum { FACTOR_ENTRY, FACTOR_CATALOGUE, FACTOR_CLASS, FACTOR_NUMBER, FACTOR_COLUMNS };
static const char *const factor_columns[FACTOR_COLUMNS] = {"entry", "catalogue", "class", "factor"};

/* A row of the file. */
struct row {
    struct dip_class *class;
    struct dip_factor factor;
    struct place place;
};

struct factors {
    struct dip_link *link;
    struct row *rows;
    size_t count, capacity;
    struct text_map entries;
    bool strict; /* the last file of the chain names the factors; otherwise what they speak of may have been taken
                    out */
    size_t columns[FACTOR_COLUMNS], column_count;
};

static void say_bad_factors(const struct factors *f, struct place place, const char *fault) {
    report_say(f->link->report, MSG_dip_bad_catalogue, place, fault);
}

static bool read_heading(struct factors *f, const struct csv_rows *rows) {
    f->column_count = rows->count;
    for (size_t c = 0; c < FACTOR_COLUMNS; c++) {
        f->columns[c] = SIZE_MAX;
        for (size_t i = 0; i < rows->count; i++) {
            f->columns[c] = strcmp(rows->fields[i].text, factor_columns[c]) == 0 ? i : f->columns[c];
        }
        if (f->columns[c] == SIZE_MAX) {
            say_bad_factors(
                f, rows->fields[0].place,
                arena_format(f->link->arena, "the first line of the factors has no \"%s\"", factor_columns[c]));
            return false;
        }
    }
    return true;
}

static void say_unknown(const struct factors *f, const struct csv_field *field, const char *what,
                        const char *known) {
    if (f->strict) {
        report_say(f->link->report, MSG_dip_unknown_name, field->place, what,
                   report_clip(f->link->report, field->text, field->length), known, "");
    }
}

/* The class of a catalogue that a row names, or NULL after a message. */
static struct dip_class *find_class(const struct factors *f, const struct csv_rows *rows) {
    const struct csv_field *catalogue = &rows->fields[f->columns[FACTOR_CATALOGUE]];
    const struct csv_field *name = &rows->fields[f->columns[FACTOR_CLASS]];
    const struct dip *dip = f->link->dip;
    const char *known = "";
    for (size_t i = 0; i < dip->index_count; i++) {
        struct dip_index *index = &dip->indices[i];
        if (index->supervision || strcmp(index->name, catalogue->text) != 0) {
            known = index->supervision
                        ? known
                        : arena_format(f->link->arena, "%s%s%s", known, known[0] != '\0' ? ", " : "", index->name);
            continue;
        }
        known = "";
        for (size_t c = 0; c < index->class_count; c++) {
            if (strcmp(index->classes[c].name, name->text) == 0) {
                return &index->classes[c];
            }
            known = arena_format(f->link->arena, "%s%s%s", known, c > 0 ? ", " : "", index->classes[c].name);
        }
        say_unknown(f, name, "class", known);
        return NULL;
    }
    say_unknown(f, catalogue, "auxiliary catalogue", known);
    return NULL;
}

static void read_factor(struct factors *f, const struct csv_rows *rows) {
    const struct csv_field *code = &rows->fields[f->columns[FACTOR_ENTRY]];
    const struct csv_field *number = &rows->fields[f->columns[FACTOR_NUMBER]];
    const uint32_t *entry = text_map_get(&f->entries, code->text, code->length);
    struct dip_class *class = find_class(f, rows);
    struct row row = {.class = class, .place = code->place};
    if (entry == NULL) {
        say_unknown(f, code, "entry", "the codes of the catalogue");
    }
    bool good = dip_decimal(f->link->report, number->text, number->length, number->place, "factor",
                            DIP_FACTOR_PLACES, &row.factor.number);
    if (good && entry != NULL && class != NULL) {
        row.factor.entry = *entry;
        ARENA_PUSH(f->link->arena, f->rows, f->count, f->capacity, row);
    }
}

static int by_class_and_entry(const void *left, const void *right) {
    const struct row *a = left, *b = right;
    if (a->class != b->class) {
        return a->class > b->class ? 1 : -1;
    }
    if (a->factor.entry != b->factor.entry) {
        return a->factor.entry > b->factor.entry ? 1 : -1;
    }
    return (a->place.line > b->place.line) - (a->place.line < b->place.line);
}

/* Give each class its rows, ascending by entry; an entry has one factor in a class. */
static void deal_out(struct factors *f) {
    struct dip_factor *all = ARENA_ARRAY(f->link->arena, struct dip_factor, f->count + 1);
    if (f->count > 0) {
        qsort(f->rows, f->count, sizeof *f->rows, by_class_and_entry);
    }
    for (size_t i = 0; i < f->count; i++) {
        const struct row *row = &f->rows[i], *before = i > 0 ? row - 1 : NULL;
        bool same = before != NULL && before->class == row->class;
        if (same && before->factor.entry == row->factor.entry) {
            const char *code = f->link->dip->entries[row->factor.entry].code;
            report_say(f->link->report, MSG_dip_named_twice, row->place, "factor of the entry",
                       report_clip(f->link->report, code, strlen(code)), before->place.line);
            continue;
        }
        row->class->factors = same ? row->class->factors : &all[i];
        row->class->factors[row->class->factor_count++] = row->factor;
    }
}

static void read_factors(struct factors *f, const struct source *source) {
    struct csv_rows rows;
    csv_rows_start(&rows, f->link->arena, source);
    enum csv_result result = csv_rows_next(&rows);
    if (result == CSV_END) {
        say_bad_factors(f, (struct place){source->path, 1, 1}, "the file of factors has no first line");
        return;
    }
    if (result == CSV_ROW && !read_heading(f, &rows)) {
        return;
    }
    while (result == CSV_ROW && (result = csv_rows_next(&rows)) == CSV_ROW) {
        if (rows.count == f->column_count) {
            read_factor(f, &rows);
        } else {
            say_bad_factors(f, rows.fields[0].place,
                            arena_format(f->link->arena, "this line has %zu fields, the first line %zu", rows.count,
                                         f->column_count));
        }
    }
    if (result != CSV_END) {
        say_bad_factors(f, rows.fields[rows.count - 1].place,
                        result == CSV_OPEN_QUOTE ? "this quote is not closed" : "this line has too many fields");
    }
    deal_out(f);
}

static void link_factors(struct dip_link *link) {
    const struct node *name = link->from->values[DIP_VALUE_FACTORS];
    const struct source *source = NULL;
    if (name != NULL && node_text(link->report, name, "factors") != NULL) {
        source = source_read(link->draft->sources, source_path(link->draft->sources, name->place.file, name->text),
                             name->place);
    }
    if (source == NULL) {
        return;
    }
    struct factors f = {.link = link, .strict = strcmp(name->place.file, link->scheme->place.file) == 0};
    text_map_start(&f.entries, link->arena);
    for (size_t i = 0; i < link->dip->entry_count; i++) {
        const char *code = link->dip->entries[i].code;
        bool added;
        text_map_put(&f.entries, code, strlen(code), (uint32_t)i, &added);
    }
    read_factors(&f, source);
}

/* ---- all of it ---- */

void dip_link_indices(struct dip_link *link) {
    static const char *const picks[] = {"highest", "product", NULL}; /* as enum image_dip_pick */
    struct dip *dip = link->dip;
    const struct node *pick = link->from->values[DIP_VALUE_PICK];
    int choice = pick != NULL ? dip_choice(link->report, pick, "pick", picks) : -1;
    dip->pick = choice == 1 ? IMAGE_DIP_PICK_PRODUCT : IMAGE_DIP_PICK_HIGHEST;
    dip->indices = ARENA_ARRAY(link->arena, struct dip_index, link->from->index_count + 1);
    for (int supervision = 0; supervision < 2; supervision++) {
        for (size_t i = 0; i < link->from->index_count; i++) {
            const struct dip_draft_index *from = &link->from->indices[i];
            if (from->supervision == (supervision == 1) && from->classes->count > 0) {
                link_index(link, from, &dip->indices[dip->index_count++]);
            }
        }
    }
    link_factors(link);
}
