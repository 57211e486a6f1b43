/* SPDX-License-Identifier: Apache-2.0
 *
 * The catalogue of a DIP scheme, as rows of cells: CSV files, rows in the YAML, and what overlays change. */
#include <string.h>

#include "csv_rows.h"
#include "dip_draft.h"

const char *const dip_column_names[DIP_COLUMNS + 1] = {"code",       "name",
                                                       "part",       "kind",
                                                       "diagnoses",  "principal_operations",
                                                       "operations", "related_operations",
                                                       "when",       "score",
                                                       "mean_cost",  "mean_stay",
                                                       "basic",      NULL};

static const char LEVEL_PREFIX[] = "mean_cost:";

/* Where the cells of a column go. */
struct target {
    enum { TARGET_NOWHERE, TARGET_CELL, TARGET_EXTRA } what;
    uint32_t number; /* enum dip_column, or of dip_draft.extras */
};

struct place dip_cell_place(const struct dip_cell *cell) {
    return (struct place){cell->source != NULL ? cell->source->path : NULL, cell->line, cell->column};
}

/* ---- columns ---- */

static uint32_t extra_of(struct draft *draft, const char *name, const char *level, struct place place) {
    struct dip_draft *dip = draft->dip;
    for (size_t i = 0; i < dip->extra_count; i++) {
        if (strcmp(dip->extras[i].name, name) == 0) {
            return (uint32_t)i;
        }
    }
    struct dip_extra_column column = {.name = name, .level = level, .place = place};
    ARENA_PUSH(draft->arena, dip->extras, dip->extra_count, dip->extra_capacity, column);
    return (uint32_t)dip->extra_count - 1;
}

static bool list_has(const struct node *list, const char *name) {
    for (size_t i = 0; list != NULL && list->kind == NODE_LIST && i < list->count; i++) {
        if (list->items[i]->kind == NODE_SCALAR && strcmp(list->items[i]->text, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What a name that is ours means; nowhere if it means nothing. */
static struct target target_of(struct draft *draft, const struct dip_file *file, const char *name,
                               struct place place) {
    for (uint32_t i = 0; i < DIP_COLUMNS; i++) {
        if (strcmp(dip_column_names[i], name) == 0) {
            return (struct target){TARGET_CELL, i};
        }
    }
    if (strncmp(name, LEVEL_PREFIX, sizeof LEVEL_PREFIX - 1) == 0) {
        return (struct target){TARGET_EXTRA, extra_of(draft, name, name + sizeof LEVEL_PREFIX - 1, place)};
    }
    if (file != NULL && list_has(node_get(file->node, "numbers"), name)) {
        return (struct target){TARGET_EXTRA, extra_of(draft, name, NULL, place)};
    }
    for (size_t i = 0; file == NULL && i < draft->dip->extra_count; i++) { /* a change: any that some file has */
        if (strcmp(draft->dip->extras[i].name, name) == 0) {
            return (struct target){TARGET_EXTRA, (uint32_t)i};
        }
    }
    return (struct target){TARGET_NOWHERE, 0};
}

static void say_unknown_column(struct draft *draft, const char *name, struct place place) {
    struct nearest nearest;
    nearest_start(&nearest, name, strlen(name));
    for (size_t i = 0; i < DIP_COLUMNS; i++) {
        nearest_offer(&nearest, dip_column_names[i], strlen(dip_column_names[i]));
    }
    report_say(draft->report, MSG_dip_unknown_column, place, report_clip(draft->report, name, strlen(name)),
               nearest_hint(&nearest, draft->arena));
}

/* ---- rows ---- */

static struct dip_row *new_row(struct draft *draft, struct dip_file *file, struct place place) {
    struct dip_draft *dip = draft->dip;
    if (dip->row_count == DIP_ROWS_MAX) {
        report_say(draft->report, MSG_dip_limit, place, (unsigned)DIP_ROWS_MAX, "rows in the catalogue");
        return NULL;
    }
    struct dip_row row = {.file = file, .place = place};
    ARENA_PUSH(draft->arena, dip->rows, dip->row_count, dip->row_capacity, row);
    return &dip->rows[dip->row_count - 1];
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct dip_cell cell_of(struct arena *arena, const char *text, size_t length, const struct source *source,
                               size_t offset, struct place place) {
    size_t from = 0, end = length;
    while (from < end && is_blank(text[from])) {
        from++;
    }
    while (end > from && is_blank(text[end - 1])) {
        end--;
    }
    return (struct dip_cell){end < length ? arena_copy(arena, text + from, end - from) : text + from,
                             source,
                             (uint32_t)(end - from),
                             (uint32_t)offset,
                             place.line,
                             place.column};
}

static void put_cell(struct draft *draft, struct dip_row *row, struct target target, struct dip_cell cell) {
    if (target.what == TARGET_CELL) {
        row->cells[target.number] = cell;
        return;
    }
    for (size_t i = 0; target.what == TARGET_EXTRA && i < row->extra_count; i++) {
        if (row->extras[i].column == target.number) {
            row->extras[i].cell = cell;
            return;
        }
    }
    if (target.what == TARGET_EXTRA && cell.length > 0) {
        struct dip_extra extra = {target.number, cell};
        ARENA_PUSH(draft->arena, row->extras, row->extra_count, row->extra_capacity, extra);
    }
}

/* A row's code: what it says, or else its diagnoses and operations; of a comprehensive entry without operations its
 * diagnoses and kind. */
static void give_code(struct draft *draft, struct dip_row *row) {
    if (row->cells[DIP_COLUMN_CODE].length > 0) {
        row->code = row->cells[DIP_COLUMN_CODE].text;
        return;
    }
    const struct dip_cell *diagnoses = &row->cells[DIP_COLUMN_DIAGNOSES], *kind = &row->cells[DIP_COLUMN_KIND];
    const char *code = diagnoses->length > 0 ? diagnoses->text : "";
    bool operations = false;
    for (int column = DIP_COLUMN_PRINCIPAL_OPERATIONS; column <= DIP_COLUMN_RELATED_OPERATIONS; column++) {
        if (row->cells[column].length > 0) {
            code = arena_format(draft->arena, "%s:%s", code, row->cells[column].text);
            operations = true;
        }
    }
    bool by_kind = row->file->of_kind && !operations && kind->length > 0;
    row->code = by_kind ? arena_format(draft->arena, "%s:%s", code, kind->text) : code;
}

/* ---- a CSV file ---- */

static void say_bad_file(struct draft *draft, struct place place, const char *fault) {
    report_say(draft->report, MSG_dip_bad_catalogue, place, fault);
}

/* Our name for a heading of the file: `columns` may call it otherwise. */
static const char *our_name(const struct node *columns, const char *heading) {
    for (size_t i = 0; columns != NULL && columns->kind == NODE_MAP && i < columns->count; i++) {
        if (columns->items[i]->kind == NODE_SCALAR && strcmp(columns->items[i]->text, heading) == 0) {
            return columns->keys[i]->text;
        }
    }
    return heading;
}

/* Every heading that `columns` or `numbers` speaks of must be there. */
static void check_named(struct draft *draft, const struct csv_rows *rows, const struct node *name) {
    bool there = name->kind != NODE_SCALAR;
    for (size_t i = 0; i < rows->count && !there; i++) {
        there = strcmp(rows->fields[i].text, name->text) == 0;
    }
    if (!there) {
        say_bad_file(draft, name->place,
                     arena_format(draft->arena, "the first line of the file has no \"%s\"",
                                  report_clip(draft->report, name->text, name->length)));
    }
}

static void check_headings(struct draft *draft, const struct dip_file *file, const struct csv_rows *rows) {
    const struct node *columns = node_get(file->node, "columns"), *numbers = node_get(file->node, "numbers");
    for (size_t i = 0; columns != NULL && columns->kind == NODE_MAP && i < columns->count; i++) {
        check_named(draft, rows, columns->items[i]);
    }
    for (size_t i = 0; numbers != NULL && numbers->kind == NODE_LIST && i < numbers->count; i++) {
        if (node_get(columns, numbers->items[i]->text) == NULL) {
            check_named(draft, rows, numbers->items[i]);
        }
    }
}

static struct target *read_headings(struct draft *draft, const struct dip_file *file, const struct csv_rows *rows) {
    struct target *targets = ARENA_ARRAY(draft->arena, struct target, rows->count);
    const struct node *ignore = node_get(file->node, "ignore"), *columns = node_get(file->node, "columns");
    for (size_t i = 0; i < rows->count; i++) {
        const struct csv_field *heading = &rows->fields[i];
        if (list_has(ignore, heading->text)) {
            continue;
        }
        targets[i] = target_of(draft, file, our_name(columns, heading->text), heading->place);
        if (targets[i].what == TARGET_NOWHERE) {
            say_unknown_column(draft, heading->text, heading->place);
        }
        for (size_t j = 0; j < i && targets[i].what != TARGET_NOWHERE; j++) {
            if (targets[j].what == targets[i].what && targets[j].number == targets[i].number) {
                say_bad_file(draft, heading->place,
                             arena_format(draft->arena, "the column \"%s\" is here a second time",
                                          report_clip(draft->report, heading->text, heading->length)));
                break;
            }
        }
    }
    check_headings(draft, file, rows);
    return targets;
}

static void take_row(struct draft *draft, struct dip_file *file, const struct csv_rows *rows,
                     const struct target *targets) {
    struct dip_row *row = new_row(draft, file, rows->fields[0].place);
    for (size_t i = 0; row != NULL && i < rows->count; i++) {
        const struct csv_field *field = &rows->fields[i];
        if (field->length > 0) {
            put_cell(draft, row, targets[i],
                     cell_of(draft->arena, field->text, field->length, rows->source, field->offset, field->place));
        }
    }
    if (row != NULL) {
        give_code(draft, row);
    }
}

static bool next_row(struct draft *draft, struct csv_rows *rows) {
    enum csv_result result = csv_rows_next(rows);
    if (result == CSV_OPEN_QUOTE || result == CSV_TOO_MANY) {
        say_bad_file(draft, rows->fields[rows->count - 1].place,
                     result == CSV_OPEN_QUOTE ? "this quote is not closed" : "this line has too many fields");
    }
    return result == CSV_ROW;
}

static void read_csv(struct draft *draft, struct dip_file *file, const struct node *name) {
    const struct source *source =
        node_text(draft->report, name, "file") == NULL
            ? NULL
            : source_read(draft->sources, source_path(draft->sources, name->place.file, name->text), name->place);
    if (source == NULL) {
        return;
    }
    struct csv_rows rows;
    csv_rows_start(&rows, draft->arena, source);
    if (!next_row(draft, &rows)) {
        say_bad_file(draft, (struct place){source->path, 1, 1}, "the file has no first line");
        return;
    }
    size_t columns = rows.count;
    const struct target *targets = read_headings(draft, file, &rows);
    while (next_row(draft, &rows)) {
        if (rows.count == columns) {
            take_row(draft, file, &rows, targets);
        } else {
            say_bad_file(
                draft, rows.fields[0].place,
                arena_format(draft->arena, "this line has %zu fields, the first line %zu", rows.count, columns));
        }
    }
}

/* ---- rows in the YAML ---- */

/* What a map says of a row. `file` NULL: the change of a row. */
static void put_map(struct draft *draft, const struct dip_file *file, struct dip_row *row, const struct node *map) {
    for (size_t i = 0; i < map->count; i++) {
        const struct node *key = map->keys[i], *value = map->items[i];
        struct target target = target_of(draft, file, key->text, key->place);
        if (target.what == TARGET_NOWHERE) {
            say_unknown_column(draft, key->text, key->place);
        } else if (node_text(draft->report, value, key->text) != NULL) {
            put_cell(draft, row, target,
                     cell_of(draft->arena, value->text, value->length, value->source, value->offset, value->place));
        }
    }
}

static void read_yaml_rows(struct draft *draft, struct dip_file *file, const struct node *list) {
    if (node_expect(draft->report, list, NODE_LIST, "rows") == NULL) {
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct node *map = list->items[i];
        if (node_expect(draft->report, map, NODE_MAP, "a row of the catalogue") == NULL) {
            continue;
        }
        struct dip_row *row = new_row(draft, file, map->place);
        if (row != NULL) {
            put_map(draft, file, row, map);
            give_code(draft, row);
        }
    }
}

static void read_file(struct draft *draft, const struct node *map) {
    static const char *const keys[] = {
        "file",    "rows",  "part",      "columns", "ignore", "expressions", "without_operations",
        "of_kind", "basic", "auxiliary", "numbers", "source", "note",        NULL};
    static const char *const without[] = {"conservative", "any", NULL};
    if (node_expect(draft->report, map, NODE_MAP, "an item of `catalogue`") == NULL) {
        return;
    }
    node_check_keys(draft->report, map, keys, "an item of `catalogue`");
    struct dip_file *file = ARENA_NEW(draft->arena, struct dip_file);
    const struct node *auxiliary = node_get(map, "auxiliary"), *no_operations = node_get(map, "without_operations");
    const struct node *columns = node_get(map, "columns"), *numbers = node_get(map, "numbers");
    *file = (struct dip_file){.node = map, .part = node_get(map, "part")};
    file->of_kind = draft_link_yes(draft, node_get(map, "of_kind"), "of_kind");
    file->basic = draft_link_yes(draft, node_get(map, "basic"), "basic");
    file->no_auxiliary = auxiliary != NULL && !draft_link_yes(draft, auxiliary, "auxiliary");
    file->any_case =
        no_operations != NULL && dip_choice(draft->report, no_operations, "without_operations", without) == 1;
    if ((columns != NULL && node_expect(draft->report, columns, NODE_MAP, "columns") == NULL) ||
        (numbers != NULL && node_expect(draft->report, numbers, NODE_LIST, "numbers") == NULL)) {
        return;
    }
    ARENA_PUSH(draft->arena, draft->dip->files, draft->dip->file_count, draft->dip->file_capacity, file);
    const struct node *name = node_get(map, "file"), *rows = node_get(map, "rows");
    if (name == NULL && rows == NULL) {
        report_say(draft->report, MSG_missing_key, map->place, "an item of `catalogue`", "file");
    }
    if (name != NULL) {
        read_csv(draft, file, name);
    }
    if (rows != NULL) {
        read_yaml_rows(draft, file, rows);
    }
}

/* ---- overlays ---- */

/* The rows by their codes; the first of those that share one. */
static void index_rows(struct draft *draft, struct text_map *map) {
    text_map_start(map, draft->arena);
    for (size_t i = 0; i < draft->dip->row_count; i++) {
        const struct dip_row *row = &draft->dip->rows[i];
        bool added;
        if (!row->removed) {
            text_map_put(map, row->code, strlen(row->code), (uint32_t)i, &added);
        }
    }
}

/* The row of a code, or NULL after a message. */
static struct dip_row *find_row(struct draft *draft, const struct text_map *map, const struct node *code) {
    if (node_text(draft->report, code, "the code of an entry") == NULL) {
        return NULL;
    }
    const uint32_t *number = text_map_get(map, code->text, code->length);
    if (number != NULL && !draft->dip->rows[*number].removed) {
        return &draft->dip->rows[*number];
    }
    struct nearest nearest;
    nearest_start(&nearest, code->text, code->length);
    for (size_t i = 0; i < draft->dip->row_count; i++) {
        const struct dip_row *row = &draft->dip->rows[i];
        if (!row->removed) {
            nearest_offer(&nearest, row->code, strlen(row->code));
        }
    }
    report_say(draft->report, MSG_nothing_to_change, code->place, "entry",
               report_clip(draft->report, code->text, code->length), nearest_hint(&nearest, draft->arena));
    return NULL;
}

static void remove_rows(struct draft *draft, const struct text_map *map, const struct node *list) {
    if (list == NULL || node_expect(draft->report, list, NODE_LIST, "remove") == NULL) {
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct dip_row *row = find_row(draft, map, list->items[i]);
        if (row != NULL) {
            row->removed = true;
        }
    }
}

/* A changed row keeps its code, unless it gets another. */
static void change_rows(struct draft *draft, const struct text_map *map, const struct node *changes) {
    if (changes == NULL || node_expect(draft->report, changes, NODE_MAP, "change") == NULL) {
        return;
    }
    for (size_t i = 0; i < changes->count; i++) {
        struct dip_row *row = find_row(draft, map, changes->keys[i]);
        if (row != NULL &&
            node_expect(draft->report, changes->items[i], NODE_MAP, "the change of an entry") != NULL) {
            put_map(draft, NULL, row, changes->items[i]);
            const struct dip_cell *code = &row->cells[DIP_COLUMN_CODE];
            row->code = code->length > 0 ? code->text : row->code;
        }
    }
}

static void add_files(struct draft *draft, const struct node *list) {
    if (list == NULL || node_expect(draft->report, list, NODE_LIST, "catalogue") == NULL) {
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        read_file(draft, list->items[i]);
    }
}

static void patch_catalogue(struct draft *draft, const struct node *map) {
    static const char *const keys[] = {"add", "remove", "change", "by_category", NULL};
    struct dip_draft *dip = draft->dip;
    struct text_map codes;
    node_check_keys(draft->report, map, keys, "catalogue");
    index_rows(draft, &codes);
    remove_rows(draft, &codes, node_get(map, "remove"));
    change_rows(draft, &codes, node_get(map, "change"));
    add_files(draft, node_get(map, "add"));
    const struct node *parts = node_get(map, "by_category");
    if (parts == NULL || node_expect(draft->report, parts, NODE_LIST, "by_category") == NULL) {
        return;
    }
    dip->by_category_count = 0;
    for (size_t i = 0; i < parts->count; i++) {
        if (node_text(draft->report, parts->items[i], "a part") != NULL) {
            ARENA_PUSH(draft->arena, dip->by_category, dip->by_category_count, dip->by_category_capacity,
                       parts->items[i]);
        }
    }
}

void dip_draft_catalogue(struct draft *draft, const struct node *catalogue, bool overlay) {
    if (catalogue != NULL && overlay && catalogue->kind == NODE_MAP) {
        patch_catalogue(draft, catalogue);
        return;
    }
    if (catalogue != NULL) {
        draft->dip->row_count = draft->dip->file_count = draft->dip->extra_count = draft->dip->by_category_count =
            0;
    }
    add_files(draft, catalogue);
}
