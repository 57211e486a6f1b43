/* SPDX-License-Identifier: Apache-2.0
 *
 * From the rows of a catalogue to entries. */
#include <string.h>

#include "dip_draft.h"

/* ---- single cells ---- */

bool dip_decimal(struct report *report, const char *text, size_t length, struct place place, const char *what,
                 int places, int64_t *out) {
    int64_t value;
    if (decimal_read_scaled(text, length, places, &value) != DECIMAL_OK || value < 0) {
        report_say(report, MSG_dip_bad_decimal, place, what, (unsigned)places, report_clip(report, text, length));
        return false;
    }
    *out = value;
    return true;
}

/* A score, cost or stay; -1 if the cell is empty. */
static bool read_number(struct dip_link *link, const struct dip_row *row, const struct dip_cell *cell,
                        const char *column, int64_t *out) {
    *out = -1;
    if (cell->length == 0) {
        return true;
    }
    const char *what =
        arena_format(link->arena, "%s of %s", column, report_clip(link->report, row->code, strlen(row->code)));
    return dip_decimal(link->report, cell->text, cell->length, dip_cell_place(cell), what, DIP_PLACES, out);
}

static bool read_part(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry) {
    const struct dip_cell *cell = &row->cells[DIP_COLUMN_PART];
    const struct node *part = row->file->part;
    if (cell->length > 0) {
        entry->part = dip_part_of(link, cell->text, dip_cell_place(cell));
    } else if (part != NULL) {
        entry->part =
            node_text(link->report, part, "part") != NULL ? dip_part_of(link, part->text, part->place) : UINT32_MAX;
    } else {
        report_say(link->report, MSG_missing_key, row->place, "a row of the catalogue", "part");
        entry->part = UINT32_MAX;
    }
    return entry->part != UINT32_MAX;
}

static uint32_t higher(const struct dip_link *link, uint32_t kind, const uint32_t *members, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        kind = link->procedure_kinds[members[i]] > kind ? link->procedure_kinds[members[i]] : kind;
    }
    return kind;
}

/* The kind that the row says, or the highest of its operations. */
static bool read_kind(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry) {
    const struct dip_cell *cell = &row->cells[DIP_COLUMN_KIND];
    if (cell->length > 0) {
        entry->kind = dip_kind_of(link, cell->text, dip_cell_place(cell));
        return entry->kind != UINT32_MAX;
    }
    for (size_t a = 0; a < entry->operation_count; a++) {
        for (size_t n = 0; n < entry->operations[a].count; n++) {
            const struct dip_need *need = &entry->operations[a].needs[n];
            entry->kind = higher(link, entry->kind, need->exact, need->exact_count);
            entry->kind = higher(link, entry->kind, need->loose, need->loose_count);
        }
    }
    return true;
}

static bool read_basic(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry) {
    const struct dip_cell *cell = &row->cells[DIP_COLUMN_BASIC];
    entry->basic = row->file->basic;
    if (cell->length == 0) {
        return true;
    }
    if (strcmp(cell->text, "0") != 0 && strcmp(cell->text, "1") != 0) {
        report_say(link->report, MSG_wrong_choice, dip_cell_place(cell), "basic",
                   report_clip(link->report, cell->text, cell->length), "0, 1", "");
        return false;
    }
    entry->basic = cell->text[0] == '1';
    return true;
}

/* ---- further conditions ---- */

static uint32_t tests_in(const struct expression *when) {
    uint32_t count = 0;
    switch (when->op) {
    case EXPR_TRUE:
    case EXPR_FALSE:
        return 0;
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
    case EXPR_AT_LEAST:
        for (size_t i = 0; i < when->count; i++) {
            count += tests_in(when->children[i]);
        }
        return count;
    default:
        return 1;
    }
}

/* The same text is read once, and its tests belong to all rows that have it. */
static struct expression *read_when(struct dip_link *link, const struct dip_cell *cell) {
    bool added;
    if (cell->length == 0) {
        return draft_link_when(link->draft, NULL);
    }
    uint32_t *number =
        text_map_put(&link->conditions, cell->text, cell->length, (uint32_t)link->condition_count, &added);
    if (added) {
        struct node *node = ARENA_NEW(link->arena, struct node); /* expressions and their sets keep it */
        *node = (struct node){.kind = NODE_SCALAR,
                              .place = dip_cell_place(cell),
                              .text = cell->text,
                              .length = cell->length,
                              .source = cell->source,
                              .offset = cell->offset};
        struct expression *when = draft_link_when(link->draft, node);
        ARENA_PUSH(link->arena, link->condition_list, link->condition_count, link->condition_capacity, when);
    }
    return link->condition_list[*number];
}

/* ---- columns that not every catalogue has ---- */

static void link_columns(struct dip_link *link) {
    struct dip *dip = link->dip;
    struct dip_draft *from = link->from;
    dip->columns = ARENA_ARRAY(link->arena, const char *, from->extra_count + 1);
    for (size_t i = 0; i < from->extra_count; i++) {
        struct dip_extra_column *extra = &from->extras[i];
        if (extra->level == NULL) {
            extra->number = (uint32_t)dip->column_count;
            dip->columns[dip->column_count++] = extra->name;
            continue;
        }
        const char *levels = "";
        struct nearest nearest;
        nearest_start(&nearest, extra->level, strlen(extra->level));
        extra->number = UINT32_MAX;
        for (size_t l = 0; l < dip->level_count; l++) {
            const char *name = dip->levels[l].name;
            extra->number = strcmp(name, extra->level) == 0 ? (uint32_t)l : extra->number;
            levels = arena_format(link->arena, "%s%s%s", levels, l > 0 ? ", " : "", name);
            nearest_offer(&nearest, name, strlen(name));
        }
        if (extra->number == UINT32_MAX) {
            report_say(link->report, MSG_dip_unknown_name, extra->place, "level",
                       report_clip(link->report, extra->level, strlen(extra->level)),
                       dip->level_count > 0 ? levels : "(none)", nearest_hint(&nearest, link->arena));
        }
    }
}

static bool read_level_mean(struct dip_link *link, const struct dip_row *row, const struct dip_cell *cell,
                            const struct dip_extra_column *column, struct dip_entry *entry) {
    size_t levels = link->dip->level_count;
    if (column->number == UINT32_MAX) {
        return false; /* said */
    }
    if (entry->level_means == NULL) {
        entry->level_means = ARENA_ARRAY(link->arena, int64_t, levels);
        for (size_t l = 0; l < levels; l++) {
            entry->level_means[l] = -1;
        }
    }
    return read_number(link, row, cell, column->name, &entry->level_means[column->number]);
}

static bool read_extras(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry) {
    bool good = true;
    entry->values = ARENA_ARRAY(link->arena, struct decimal, link->dip->column_count + 1);
    for (size_t i = 0; i < row->extra_count; i++) {
        const struct dip_cell *cell = &row->extras[i].cell;
        const struct dip_extra_column *column = &link->from->extras[row->extras[i].column];
        if (cell->length == 0) {
            continue;
        }
        if (column->level != NULL) {
            good = read_level_mean(link, row, cell, column, entry) && good;
        } else if (decimal_read(cell->text, cell->length, &entry->values[column->number]) != DECIMAL_OK) {
            report_say(link->report, MSG_bad_decimal, dip_cell_place(cell),
                       arena_format(link->arena, "%s of %s", column->name,
                                    report_clip(link->report, row->code, strlen(row->code))),
                       report_clip(link->report, cell->text, cell->length));
            good = false;
        }
    }
    return good;
}

/* ---- rows ---- */

static const char *cell_text(const struct dip_cell *cell) {
    return cell->length > 0 ? cell->text : "";
}

static bool read_row(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry) {
    *entry = (struct dip_entry){.code = row->code,
                                .name = cell_text(&row->cells[DIP_COLUMN_NAME]),
                                .place = row->place,
                                .of_kind = row->file->of_kind,
                                .no_auxiliary = row->file->no_auxiliary,
                                .diagnoses_text = cell_text(&row->cells[DIP_COLUMN_DIAGNOSES])};
    bool good = read_part(link, row, entry);
    good = dip_read_keys(link, row, entry) && good;
    good = dip_read_operations(link, row, entry) && good;
    if (!good) {
        return false;
    }
    bool operations = entry->operation_count != 1 || entry->operations[0].count > 0;
    entry->conservative = !operations && !row->file->any_case && !entry->of_kind;
    entry->when = read_when(link, &row->cells[DIP_COLUMN_WHEN]);
    entry->conditions = tests_in(entry->when);
    good = read_kind(link, row, entry) && good;
    good = read_basic(link, row, entry) && good;
    good = read_number(link, row, &row->cells[DIP_COLUMN_SCORE], "score", &entry->score) && good;
    good = read_number(link, row, &row->cells[DIP_COLUMN_MEAN_COST], "mean_cost", &entry->mean_cost) && good;
    good = read_number(link, row, &row->cells[DIP_COLUMN_MEAN_STAY], "mean_stay", &entry->mean_stay) && good;
    return read_extras(link, row, entry) && good;
}

static void link_signs(struct dip_link *link) {
    static const struct dip_signs usual = {.any = "/",
                                           .all = "+",
                                           .all_diagnoses = "所有诊断",
                                           .all_procedures = "所有手术操作",
                                           .procedures = DIP_CODES_EXACT,
                                           .diagnoses = DIP_CODES_BRANCH};
    struct dip_signs signs = dip_read_signs(link->report, &usual, link->from->signs);
    for (size_t i = 0; i < link->from->file_count; i++) {
        struct dip_file *file = link->from->files[i];
        const struct node *own[DIP_SIGN_KEYS] = {0};
        dip_sign_values(link->report, node_get(file->node, "expressions"), own);
        file->signs = dip_read_signs(link->report, &signs, own);
    }
}

void dip_link_entries(struct dip_link *link) {
    struct dip *dip = link->dip;
    size_t errors = link->report->errors;
    text_map_start(&link->conditions, link->arena);
    link_signs(link);
    if (link->report->errors > errors) {
        return; /* how cells are read is wrong: every row would be */
    }
    link_columns(link);
    for (size_t i = 0; i < link->from->row_count; i++) {
        const struct dip_row *row = &link->from->rows[i];
        struct dip_entry entry;
        if (!row->removed && read_row(link, row, &entry)) {
            size_t count = dip->entry_count;
            ARENA_PUSH(link->arena, link->rows, count, link->row_capacity, row);
            ARENA_PUSH(link->arena, dip->entries, dip->entry_count, link->entry_capacity, entry);
        }
    }
}
