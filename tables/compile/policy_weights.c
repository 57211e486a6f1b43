/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers by group: from a CSV file, or from the catalogue of a DIP scheme. */
#include <string.h>

#include "csv_rows.h"
#include "policy.h"

/* Numbers of the columns `drg` and `name`; the others become columns of the policy. */
static bool read_heading(struct policy *policy, const struct csv_rows *rows, size_t *drg, size_t *name) {
    struct place place = rows->fields[0].place;
    *drg = *name = SIZE_MAX;
    bool weight = false; /* there is a number */
    for (size_t i = 0; i < rows->count; i++) {
        const char *field = rows->fields[i].text;
        if (strcmp(field, "drg") == 0) {
            *drg = i;
        } else if (strcmp(field, "name") == 0) {
            *name = i;
        } else {
            const char *column = strcmp(field, "weight") == 0 ? "rw" : field;
            weight = true;
            policy_name(policy, column, place, POLICY_COLUMN, (uint32_t)policy->column_count);
            ARENA_PUSH(policy->arena, policy->columns, policy->column_count, policy->column_capacity, column);
        }
    }
    if (*drg == SIZE_MAX || !weight) {
        report_say(policy->report, MSG_bad_weights_file, place,
                   "the first line does not name `drg` and a number such as `weight`");
        return false;
    }
    return true;
}

static void read_weight(struct policy *policy, const struct csv_rows *rows, size_t drg, size_t name) {
    struct policy_weight row = {.code = rows->fields[drg].text, .place = rows->fields[0].place};
    row.values = ARENA_ARRAY(policy->arena, struct decimal, policy->column_count);
    size_t column = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (i == drg || i == name) {
            continue;
        }
        const struct csv_field *field = &rows->fields[i];
        struct decimal *value = &row.values[column++];
        if (field->length > 0 && decimal_read(field->text, field->length, value) != DECIMAL_OK) {
            report_say(policy->report, MSG_bad_decimal, field->place,
                       arena_format(policy->arena, "%s of %s", policy->columns[column - 1],
                                    report_clip(policy->report, row.code, strlen(row.code))),
                       report_clip(policy->report, field->text, field->length));
            *value = (struct decimal){0, 0};
        }
    }
    ARENA_PUSH(policy->arena, policy->weights, policy->weight_count, policy->weight_capacity, row);
}

/* The next row of the file; false at its end. */
static bool next_row(struct policy *policy, struct csv_rows *rows) {
    enum csv_result result = csv_rows_next(rows);
    if (result == CSV_OPEN_QUOTE || result == CSV_TOO_MANY) {
        report_say(policy->report, MSG_bad_weights_file, rows->fields[rows->count - 1].place,
                   result == CSV_OPEN_QUOTE ? "this quote is not closed" : "this line has too many fields");
    }
    return result == CSV_ROW;
}

static void add_column(struct policy *policy, const char *column, struct place place) {
    if (policy_name(policy, column, place, POLICY_COLUMN, (uint32_t)policy->column_count)) {
        ARENA_PUSH(policy->arena, policy->columns, policy->column_count, policy->column_capacity, column);
    }
}

/* Mean costs of the catalogue: a table by group, and by level if there are levels. It is filled when it is linked.
 */
static void add_means(struct policy *policy, struct place place) {
    const struct policy_axis *level = &policy->axes[IMAGE_AXIS_LEVEL];
    struct policy_table table = {.name = "mean_cost",
                                 .note = "",
                                 .place = place,
                                 .by_group = true,
                                 .is_mean = true,
                                 .slice_of = IMAGE_NONE32,
                                 .row_size = 1};
    if (level->member_count > 0) {
        table.axes[table.axis_count++] = IMAGE_AXIS_LEVEL;
        table.strides[0] = 1;
        table.row_size = level->member_count;
    }
    table.values = ARENA_ARRAY(policy->arena, struct decimal, table.row_size);
    if (policy_name(policy, table.name, place, POLICY_TABLE, (uint32_t)policy->table_count)) {
        ARENA_PUSH(policy->arena, policy->tables, policy->table_count, policy->table_capacity, table);
    }
}

/* weights: catalogue, or {catalogue: [drw, crw]} with further columns of it. */
static void read_catalogue(struct policy *policy, const struct node *columns, struct place place) {
    struct policy_groups basic = {.name = "basic", .note = "", .place = place, .is_basic = true};
    policy->from_catalogue = true;
    add_column(policy, "score", place);
    add_column(policy, "mean_stay", place);
    add_means(policy, place);
    if (policy_name(policy, basic.name, place, POLICY_GROUPS, (uint32_t)policy->groups_count)) {
        ARENA_PUSH(policy->arena, policy->groups, policy->groups_count, policy->groups_capacity, basic);
    }
    if (columns != NULL && node_expect(policy->report, columns, NODE_LIST, "catalogue") != NULL) {
        for (size_t i = 0; i < columns->count; i++) {
            if (node_text(policy->report, columns->items[i], "a column") != NULL) {
                add_column(policy, columns->items[i]->text, columns->items[i]->place);
            }
        }
    }
}

void policy_read_weights(struct policy *policy, const struct node *file) {
    static const char *const keys[] = {"catalogue", NULL};
    struct source *source = NULL;
    if (file == NULL) {
        return; /* nothing by group */
    }
    policy->weights_place = file->place;
    if (file->kind == NODE_MAP) {
        node_check_keys(policy->report, file, keys, "weights");
        read_catalogue(policy, node_need(policy->report, file, "catalogue", "weights"), file->place);
        return;
    }
    const char *name = node_text(policy->report, file, "weights");
    if (name != NULL && strcmp(name, "catalogue") == 0) {
        read_catalogue(policy, NULL, file->place);
        return;
    }
    if (name != NULL) {
        const char *path = source_path(policy->sources, file->place.file, name);
        source = source_read(policy->sources, path, file->place);
    }
    if (source == NULL) { /* said; formulas still know the name */
        const char *column = "rw";
        policy_name(policy, column, policy->place, POLICY_COLUMN, 0);
        ARENA_PUSH(policy->arena, policy->columns, policy->column_count, policy->column_capacity, column);
        return;
    }
    struct csv_rows rows;
    csv_rows_start(&rows, policy->arena, source);
    size_t drg, name_column;
    if (csv_rows_next(&rows) != CSV_ROW) {
        report_say(policy->report, MSG_bad_weights_file, (struct place){source->path, 1, 1},
                   "it has no first line");
        return;
    }
    size_t columns = rows.count;
    if (!read_heading(policy, &rows, &drg, &name_column)) {
        return;
    }
    while (next_row(policy, &rows)) {
        if (rows.count == columns && rows.fields[drg].length > 0) {
            read_weight(policy, &rows, drg, name_column);
        } else {
            report_say(policy->report, MSG_bad_weights_file, rows.fields[0].place,
                       rows.count != columns ? "this line has not as many fields as the first"
                                             : "this line names no group");
        }
    }
}
