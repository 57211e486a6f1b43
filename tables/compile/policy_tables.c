/* SPDX-License-Identifier: Apache-2.0
 *
 * What a policy looks up: axes with their words, and tables that go by axes and groups. */
#include <string.h>

#include "csv_rows.h"
#include "policy.h"

/* ---- axes ---- */

static void add_word(struct policy *policy, struct policy_axis *axis, const char *word, struct place place,
                     uint32_t member) {
    for (size_t i = 0; i < axis->word_count; i++) {
        if (strcmp(axis->words[i].word, word) == 0) {
            if (axis->words[i].member != member) {
                report_say(policy->report, MSG_word_twice, place, report_clip(policy->report, word, strlen(word)),
                           axis->members[axis->words[i].member], axis->words[i].place.line);
            }
            return;
        }
    }
    if (axis->word_count == POLICY_MEMBERS_MAX) {
        report_say(policy->report, MSG_policy_limit, place, (unsigned)POLICY_MEMBERS_MAX, "words on an axis");
        return;
    }
    struct policy_word entry = {word, place, member};
    ARENA_PUSH(policy->arena, axis->words, axis->word_count, axis->word_capacity, entry);
}

static void add_words(struct policy *policy, struct policy_axis *axis, const struct node *words, uint32_t member) {
    if (words->kind == NODE_SCALAR) {
        if (words->length > 0) {
            add_word(policy, axis, words->text, words->place, member);
        }
        return;
    }
    if (node_expect(policy->report, words, NODE_LIST, axis->members[member]) == NULL) {
        return;
    }
    for (size_t i = 0; i < words->count; i++) {
        const char *word = node_text(policy->report, words->items[i], "a word");
        if (word != NULL) {
            add_word(policy, axis, word, words->items[i]->place, member);
        }
    }
}

static void add_member(struct policy *policy, struct policy_axis *axis, const char *member, struct place place) {
    if (axis->member_count == POLICY_MEMBERS_MAX) {
        report_say(policy->report, MSG_policy_limit, place, (unsigned)POLICY_MEMBERS_MAX, "members of an axis");
        return;
    }
    ARENA_PUSH(policy->arena, axis->members, axis->member_count, axis->member_capacity, member);
    add_word(policy, axis, member, place, (uint32_t)axis->member_count - 1);
}

uint32_t policy_member(const struct policy_axis *axis, const char *word, size_t length) {
    for (size_t i = 0; i < axis->word_count; i++) {
        if (strlen(axis->words[i].word) == length && memcmp(axis->words[i].word, word, length) == 0) {
            return axis->words[i].member;
        }
    }
    return IMAGE_NONE32;
}

/* {三级: [三级甲等, 3], ...}: members and the words that mean them; the member's own name is one. */
static void read_members(struct policy *policy, struct policy_axis *axis, const struct node *map) {
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, axis->name) == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const char *member = node_text(policy->report, map->keys[i], axis->name);
        if (member != NULL) {
            add_member(policy, axis, member, map->keys[i]->place);
        }
    }
    for (size_t i = 0; i < map->count && axis->member_count == map->count; i++) {
        add_words(policy, axis, map->items[i], (uint32_t)i);
    }
}

/* Adds an axis; NULL after a message. otherwise: the member for words that are not named, or NULL. */
static struct policy_axis *add_axis(struct policy *policy, const char *name, enum fact fact,
                                    const struct node *members, const struct node *otherwise, struct place place) {
    struct policy_axis axis = {.name = name, .fact = fact, .other = IMAGE_NONE16};
    if (policy->axis_count == IMAGE_AXES_MAX) {
        report_say(policy->report, MSG_policy_limit, place, (unsigned)IMAGE_AXES_MAX, "axes");
        return NULL;
    }
    read_members(policy, &axis, members);
    if (otherwise != NULL && node_text(policy->report, otherwise, "else") != NULL) {
        axis.other = policy_member(&axis, otherwise->text, otherwise->length);
        if (axis.other == IMAGE_NONE32) {
            axis.other = (uint32_t)axis.member_count;
            add_member(policy, &axis, otherwise->text, otherwise->place);
        }
    }
    policy_name(policy, name, place, POLICY_AXIS, (uint32_t)policy->axis_count);
    ARENA_PUSH(policy->arena, policy->axes, policy->axis_count, policy->axis_capacity, axis);
    return &policy->axes[policy->axis_count - 1];
}

/* Its members are those that tables name, after `else`. */
static void open_axis(struct policy *policy, const char *name, enum fact fact, struct place place) {
    struct policy_axis *axis = add_axis(policy, name, fact, NULL, NULL, place);
    if (axis != NULL) {
        axis->open = true;
        axis->other = 0;
        ARENA_PUSH(policy->arena, axis->members, axis->member_count, axis->member_capacity, "else");
    }
}

static void read_axis(struct policy *policy, const struct node *key, const struct node *map) {
    static const char *const keys[] = {"fact", "words", "else", NULL};
    if (node_expect(policy->report, map, NODE_MAP, key->text) == NULL) {
        return;
    }
    node_check_keys(policy->report, map, keys, "an axis");
    const struct node *fact = node_need(policy->report, map, "fact", key->text);
    const struct node *words = node_get(map, "words");
    const char *column = fact != NULL ? node_text(policy->report, fact, "fact") : NULL;
    if (column == NULL) {
        return;
    }
    enum fact number = fact_of_column(column, fact->length);
    if (number == FACT_COUNT || fact_rows[number].kind != FACT_KIND_TEXT) {
        report_say(policy->report, MSG_unknown_fact, fact->place, report_clip(policy->report, column, fact->length),
                   "");
    } else if (words == NULL) {
        open_axis(policy, key->text, number, key->place);
    } else {
        add_axis(policy, key->text, number, words, node_get(map, "else"), key->place);
    }
}

void policy_read_axes(struct policy *policy, const struct node *root) {
    const struct node *pools = node_need(policy->report, root, "pools", "the policy");
    const struct node *levels = node_get(root, "levels"), *axes = node_get(root, "axes");
    add_axis(policy, "pool", FACT_INSURED_TYPE, pools, NULL, root->place);
    add_axis(policy, "level", FACT_HOSPITAL_LEVEL, levels, NULL, root->place);
    if (axes != NULL && node_expect(policy->report, axes, NODE_MAP, "axes") != NULL) {
        for (size_t i = 0; i < axes->count; i++) {
            read_axis(policy, axes->keys[i], axes->items[i]);
        }
    }
}

/* ---- tables: what they go by ---- */

static bool is_group_word(const char *word) {
    return strcmp(word, "group") == 0 || strcmp(word, "drg") == 0;
}

static uint32_t axis_number(const struct policy *policy, const char *name) {
    uint32_t a = 0;
    while (a < policy->axis_count && strcmp(policy->axes[a].name, name) != 0) {
        a++;
    }
    return a;
}

/* The number of an axis that a table goes by; a text fact that is no axis yet becomes one. IMAGE_NONE32 after a
 * message. */
static uint32_t axis_of(struct policy *policy, const char *name, size_t length, struct place place) {
    uint32_t a = axis_number(policy, name);
    enum fact fact = fact_of_column(name, length);
    if (a == policy->axis_count && fact != FACT_COUNT && fact_rows[fact].kind == FACT_KIND_TEXT) {
        open_axis(policy, name, fact, place);
    }
    if (a < policy->axis_count && policy->axes[a].member_count > 0) {
        return a;
    }
    struct nearest nearest;
    nearest_start(&nearest, name, length);
    for (uint32_t i = 0; i < policy->axis_count; i++) {
        nearest_offer(&nearest, policy->axes[i].name, strlen(policy->axes[i].name));
    }
    report_say(policy->report, MSG_axis_unknown, place, report_clip(policy->report, name, length),
               nearest_hint(&nearest, policy->arena));
    return IMAGE_NONE32;
}

static bool add_table_axis(struct policy *policy, struct policy_table *table, const struct node *by) {
    const char *name = node_text(policy->report, by, "by");
    if (name == NULL) {
        return false;
    }
    if (is_group_word(name) && table->axis_count == 0 && !table->by_group) {
        table->by_group = true;
        return true;
    }
    uint32_t axis = axis_of(policy, name, by->length, by->place);
    if (axis == IMAGE_NONE32) {
        return false;
    }
    if (table->axis_count == IMAGE_TABLE_AXES) {
        report_say(policy->report, MSG_policy_limit, by->place, (unsigned)IMAGE_TABLE_AXES, "axes of a table");
        return false;
    }
    table->axes[table->axis_count++] = axis;
    return true;
}

static bool read_table_axes(struct policy *policy, struct policy_table *table, const struct node *by) {
    if (by->kind == NODE_SCALAR) {
        return add_table_axis(policy, table, by);
    }
    if (node_expect(policy->report, by, NODE_LIST, "by") == NULL) {
        return false;
    }
    for (size_t i = 0; i < by->count; i++) {
        if (!add_table_axis(policy, table, by->items[i])) {
            return false;
        }
    }
    return true;
}

/* ---- tables: files ---- */

enum { NO_COLUMN = -1 };

/* A table's file. The values stand in the column `value`, or in a column for each member of the axis `across`. */
struct sheet {
    const struct csv_field **rows;
    size_t row_count, row_capacity, column_count;
    int group, value, across;    /* columns and axis of the table; NO_COLUMN: none */
    int axes[IMAGE_TABLE_AXES];  /* columns */
    bool counts[CSV_FIELDS_MAX]; /* columns of values */
};

static bool bad_sheet(struct policy *policy, struct place place, const char *what) {
    report_say(policy->report, MSG_bad_table_file, place, what);
    return false;
}

static bool read_sheet_heading(struct policy *policy, const struct policy_table *table, struct sheet *sheet) {
    const struct csv_field *heading = sheet->rows[0];
    sheet->group = sheet->value = sheet->across = NO_COLUMN;
    size_t others = 0, missing = 0;
    for (size_t a = 0; a < IMAGE_TABLE_AXES; a++) {
        sheet->axes[a] = NO_COLUMN;
    }
    for (size_t i = 0; i < sheet->column_count; i++) {
        const char *name = heading[i].text;
        size_t a = 0;
        while (a < table->axis_count && strcmp(policy->axes[table->axes[a]].name, name) != 0) {
            a++;
        }
        if (a < table->axis_count) {
            sheet->axes[a] = (int)i;
        } else if (table->by_group && is_group_word(name)) {
            sheet->group = (int)i;
        } else if (strcmp(name, "value") == 0) {
            sheet->value = (int)i;
        } else if (strcmp(name, "name") != 0) {
            sheet->counts[i] = true;
            others++;
        }
    }
    for (size_t a = 0; a < table->axis_count; a++) {
        if (sheet->axes[a] == NO_COLUMN) {
            sheet->across = (int)a;
            missing++;
        }
    }
    if (table->by_group && sheet->group == NO_COLUMN) {
        return bad_sheet(policy, heading[0].place, "the first line does not name `group`");
    }
    bool good = sheet->value != NO_COLUMN ? missing == 0 : missing == 1 && others > 0;
    return good ||
           bad_sheet(policy, heading[0].place, "the first line does not name what the table goes by, and `value`");
}

static bool read_sheet(struct policy *policy, const struct policy_table *table, const struct node *file,
                       struct sheet *sheet) {
    const char *name = node_text(policy->report, file, "file");
    struct source *source =
        name != NULL
            ? source_read(policy->sources, source_path(policy->sources, file->place.file, name), file->place)
            : NULL;
    if (source == NULL) {
        return false;
    }
    struct csv_rows rows;
    csv_rows_start(&rows, policy->arena, source);
    enum csv_result result;
    while ((result = csv_rows_next(&rows)) == CSV_ROW) {
        if (sheet->row_count == 0) {
            sheet->column_count = rows.count;
        } else if (rows.count != sheet->column_count) {
            return bad_sheet(policy, rows.fields[0].place, "this line has not as many fields as the first");
        }
        struct csv_field *copy = ARENA_ARRAY(policy->arena, struct csv_field, rows.count);
        memcpy(copy, rows.fields, rows.count * sizeof *copy);
        ARENA_PUSH(policy->arena, sheet->rows, sheet->row_count, sheet->row_capacity, copy);
    }
    if (result != CSV_END) {
        return bad_sheet(policy, rows.fields[rows.count - 1].place,
                         result == CSV_OPEN_QUOTE ? "this quote is not closed" : "this line has too many fields");
    }
    if (sheet->row_count == 0) {
        return bad_sheet(policy, (struct place){source->path, 1, 1}, "it has no first line");
    }
    return read_sheet_heading(policy, table, sheet);
}

/* ---- tables: members that only tables name ---- */

/* A table between its two readings: members of open axes are known after the first. */
struct table_draft {
    struct policy_table table;
    const struct node *map;
    struct sheet *sheet; /* NULL: the values stand in the YAML */
    bool good;
};

static void offer_member(struct policy *policy, struct policy_axis *axis, const char *member, size_t length,
                         struct place place) {
    if (axis->open && length > 0 && strcmp(member, "else") != 0 &&
        policy_member(axis, member, length) == IMAGE_NONE32) {
        add_member(policy, axis, member, place);
    }
}

static bool is_table_key(const char *key) {
    return strcmp(key, "by") == 0 || strcmp(key, "file") == 0 || strcmp(key, "note") == 0 ||
           strcmp(key, "demonstration") == 0;
}

static void collect_from_map(struct policy *policy, const struct policy_table *table, const struct node *part,
                             size_t depth, bool top) {
    if (part->kind != NODE_MAP || depth >= table->axis_count || depth >= IMAGE_TABLE_AXES) {
        return;
    }
    for (size_t i = 0; i < part->count; i++) {
        if (top && is_table_key(part->keys[i]->text)) {
            continue;
        }
        if (top && table->by_group) {
            collect_from_map(policy, table, part->items[i], 0, false);
            continue;
        }
        offer_member(policy, &policy->axes[table->axes[depth]], part->keys[i]->text, part->keys[i]->length,
                     part->keys[i]->place);
        collect_from_map(policy, table, part->items[i], depth + 1, false);
    }
}

static void collect_from_sheet(struct policy *policy, const struct policy_table *table, const struct sheet *sheet) {
    for (size_t a = 0; a < table->axis_count; a++) {
        struct policy_axis *axis = &policy->axes[table->axes[a]];
        for (size_t i = 1; i < sheet->row_count && sheet->axes[a] != NO_COLUMN; i++) {
            const struct csv_field *field = &sheet->rows[i][sheet->axes[a]];
            offer_member(policy, axis, field->text, field->length, field->place);
        }
        for (size_t c = 0; c < sheet->column_count && sheet->across == (int)a; c++) {
            if (sheet->counts[c]) {
                offer_member(policy, axis, sheet->rows[0][c].text, sheet->rows[0][c].length,
                             sheet->rows[0][c].place);
            }
        }
    }
}

/* ---- tables: values ---- */

/* Keys of a level of a table must be members of its axis or `else`. */
static void check_table_keys(struct policy *policy, const struct policy_axis *axis, const struct node *map,
                             bool top) {
    for (size_t i = 0; i < map->count; i++) {
        const struct node *key = map->keys[i];
        bool member = false;
        for (size_t m = 0; m < axis->member_count && !member; m++) {
            member = strcmp(axis->members[m], key->text) == 0;
        }
        if (member || strcmp(key->text, "else") == 0 || (top && is_table_key(key->text))) {
            continue;
        }
        struct nearest nearest;
        nearest_start(&nearest, key->text, key->length);
        for (size_t m = 0; m < axis->member_count; m++) {
            nearest_offer(&nearest, axis->members[m], strlen(axis->members[m]));
        }
        report_say(policy->report, MSG_table_key_unknown, key->place,
                   report_clip(policy->report, key->text, key->length),
                   arena_format(policy->arena, "%ss", axis->name), nearest_hint(&nearest, policy->arena));
    }
}

/* The part of a table from axis `depth` on into values. A decimal stands for all that is left. partial: what is not
 * said is taken from elsewhere. */
static void fill_table(struct policy *policy, const struct policy_table *table, const struct node *part,
                       size_t depth, struct decimal *values, const char *way, bool partial) {
    if (part->kind == NODE_SCALAR || depth == table->axis_count || depth == IMAGE_TABLE_AXES) {
        size_t count = depth == 0 ? table->row_size : table->strides[depth - 1];
        struct decimal value;
        if (policy_decimal(policy, part, table->name, &value)) {
            for (size_t i = 0; i < count; i++) {
                values[i] = value;
            }
        }
        return;
    }
    const struct policy_axis *axis = &policy->axes[table->axes[depth]];
    if (node_expect(policy->report, part, NODE_MAP, table->name) == NULL) {
        return;
    }
    check_table_keys(policy, axis, part, depth == 0 && !table->by_group);
    for (size_t m = 0; m < axis->member_count; m++) {
        const char *here = arena_format(policy->arena, "%s%s%s", way, way[0] != '\0' ? ", " : "", axis->members[m]);
        const struct node *value = node_get(part, axis->members[m]);
        value = value != NULL ? value : node_get(part, "else");
        if (value != NULL) {
            fill_table(policy, table, value, depth + 1, values + m * table->strides[depth], here, partial);
        } else if (!partial && !axis->open) {
            report_say(policy->report, MSG_table_key_missing, part->place, table->name, here);
        }
    }
}

static struct policy_table_row *add_row(struct policy *policy, struct policy_table *table, const char *group,
                                        struct place place) {
    struct policy_table_row row = {.group = group, .place = place};
    if ((table->row_count + 2) * table->row_size > POLICY_TABLE_MAX) {
        report_say(policy->report, MSG_policy_limit, place, (unsigned)POLICY_TABLE_MAX, "values in a table");
        return NULL;
    }
    row.values = ARENA_ARRAY(policy->arena, struct decimal, table->row_size);
    ARENA_PUSH(policy->arena, table->rows, table->row_count, table->row_capacity, row);
    return &table->rows[table->row_count - 1];
}

static void fill_from_map(struct policy *policy, struct policy_table *table, const struct node *map) {
    if (!table->by_group) {
        fill_table(policy, table, map, 0, table->values, "", false);
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct node *key = map->keys[i];
        if (is_table_key(key->text)) {
            continue;
        }
        bool otherwise = strcmp(key->text, "else") == 0;
        struct policy_table_row *row = otherwise ? NULL : add_row(policy, table, key->text, key->place);
        if (otherwise || row != NULL) {
            fill_table(policy, table, map->items[i], 0, otherwise ? table->values : row->values, key->text,
                       !otherwise);
        }
    }
}

/* The row for a line of a file: lines of a group mostly follow each other. */
static struct policy_table_row *row_of(struct policy *policy, struct policy_table *table,
                                       const struct csv_field *field) {
    for (size_t i = table->row_count; i-- > 0;) {
        if (strcmp(table->rows[i].group, field->text) == 0) {
            return &table->rows[i];
        }
        if (i + 64 < table->row_count && table->row_count > 5000) {
            break; /* a very large file: its groups should stand together; a group twice is told when it is linked
                    */
        }
    }
    return add_row(policy, table, field->text, field->place);
}

static void set_cell(struct policy *policy, const struct policy_table *table, const struct csv_field *field,
                     struct decimal *value) {
    if (field->length == 0) {
        return;
    }
    if (value->denominator != 0) {
        bad_sheet(policy, field->place, "this value is said twice");
    } else if (decimal_read(field->text, field->length, value) != DECIMAL_OK) {
        *value = (struct decimal){0, 0};
        report_say(policy->report, MSG_bad_decimal, field->place, table->name,
                   report_clip(policy->report, field->text, field->length));
    }
}

/* Number of a member on axis `a` of the table; false after a message. */
static bool member_at(struct policy *policy, const struct policy_table *table, size_t a,
                      const struct csv_field *field, size_t *at) {
    const struct policy_axis *axis = &policy->axes[table->axes[a]];
    uint32_t member =
        axis->open && strcmp(field->text, "else") == 0 ? 0 : policy_member(axis, field->text, field->length);
    if (member == IMAGE_NONE32) {
        report_say(policy->report, MSG_table_key_unknown, field->place,
                   report_clip(policy->report, field->text, field->length),
                   arena_format(policy->arena, "%ss", axis->name), "");
        return false;
    }
    *at += (size_t)member * table->strides[a];
    return true;
}

static void fill_from_line(struct policy *policy, struct policy_table *table, const struct sheet *sheet,
                           const struct csv_field *line, struct decimal *all) {
    struct decimal *values = all;
    size_t at = 0;
    if (sheet->group != NO_COLUMN && strcmp(line[sheet->group].text, "else") != 0) {
        struct policy_table_row *row = row_of(policy, table, &line[sheet->group]);
        if (row == NULL) {
            return;
        }
        values = row->values;
    }
    for (size_t a = 0; a < table->axis_count; a++) {
        if (sheet->axes[a] != NO_COLUMN && !member_at(policy, table, a, &line[sheet->axes[a]], &at)) {
            return;
        }
    }
    if (sheet->value != NO_COLUMN) {
        set_cell(policy, table, &line[sheet->value], &values[at]);
        return;
    }
    for (size_t c = 0; c < sheet->column_count; c++) {
        size_t there = at;
        if (sheet->counts[c] && member_at(policy, table, (size_t)sheet->across, &sheet->rows[0][c], &there)) {
            set_cell(policy, table, &line[c], &values[there]);
        }
    }
}

static void fill_from_sheet(struct policy *policy, struct policy_table *table, const struct sheet *sheet,
                            const struct node *map) {
    struct decimal *all = ARENA_ARRAY(policy->arena, struct decimal, table->row_size);
    const struct node *otherwise = node_get(map, "else");
    for (size_t i = 0; i < map->count; i++) {
        if (!is_table_key(map->keys[i]->text) && strcmp(map->keys[i]->text, "else") != 0) {
            bad_sheet(policy, map->keys[i]->place, "beside `file` a table has only `by` and `else`");
        }
    }
    if (otherwise != NULL) {
        fill_table(policy, table, otherwise, 0, table->values, "else", false);
    }
    for (size_t i = 1; i < sheet->row_count; i++) {
        fill_from_line(policy, table, sheet, sheet->rows[i], all);
    }
    for (size_t i = 0; i < table->row_size; i++) {
        table->values[i] = all[i].denominator != 0 ? all[i] : table->values[i];
    }
}

/* A row says of what it leaves out what is said of the groups that are not named. */
static void fill_gaps(struct policy_table *table) {
    for (size_t r = 0; r < table->row_count; r++) {
        for (size_t i = 0; i < table->row_size; i++) {
            if (table->rows[r].values[i].denominator == 0) {
                table->rows[r].values[i] = table->values[i];
            }
        }
    }
}

/* ---- tables: all ---- */

static struct table_draft start_table(struct policy *policy, const struct node *key, const struct node *map) {
    struct table_draft draft = {
        .map = map, .table = {.name = key->text, .note = "", .place = key->place, .slice_of = IMAGE_NONE32}};
    const struct node *by = node_expect(policy->report, map, NODE_MAP, key->text) != NULL
                                ? node_need(policy->report, map, "by", key->text)
                                : NULL;
    draft.good = by != NULL && read_table_axes(policy, &draft.table, by);
    if (!draft.good) {
        return draft;
    }
    draft.table.note = policy_text(policy, map, "note");
    draft.table.demonstration = policy_flag(policy, map, "demonstration");
    const struct node *file = node_get(map, "file");
    if (file == NULL) {
        collect_from_map(policy, &draft.table, map, 0, true);
        return draft;
    }
    draft.sheet = ARENA_NEW(policy->arena, struct sheet);
    draft.good = read_sheet(policy, &draft.table, file, draft.sheet);
    if (draft.good) {
        collect_from_sheet(policy, &draft.table, draft.sheet);
    }
    return draft;
}

static bool lay_out(struct policy *policy, struct policy_table *table) {
    table->row_size = 1;
    for (size_t i = table->axis_count; i-- > 0;) {
        table->strides[i] = (uint32_t)table->row_size;
        table->row_size *= policy->axes[table->axes[i]].member_count;
        if (table->row_size > POLICY_TABLE_MAX) {
            report_say(policy->report, MSG_policy_limit, table->place, (unsigned)POLICY_TABLE_MAX,
                       "values in a table");
            return false;
        }
    }
    table->values = ARENA_ARRAY(policy->arena, struct decimal, table->row_size);
    return true;
}

static void finish_table(struct policy *policy, struct table_draft *draft) {
    struct policy_table *table = &draft->table;
    if (draft->good && lay_out(policy, table)) {
        if (draft->sheet != NULL) {
            fill_from_sheet(policy, table, draft->sheet, draft->map);
        } else {
            fill_from_map(policy, table, draft->map);
        }
        fill_gaps(table);
    }
    /* Known by name even if it is wrong, so that formulas that use it are not wrong as well. */
    if (policy_name(policy, table->name, table->place, POLICY_TABLE, (uint32_t)policy->table_count)) {
        ARENA_PUSH(policy->arena, policy->tables, policy->table_count, policy->table_capacity, *table);
    }
}

void policy_read_tables(struct policy *policy, const struct node *tables) {
    if (tables == NULL || node_expect(policy->report, tables, NODE_MAP, "tables") == NULL) {
        return;
    }
    struct table_draft *drafts = ARENA_ARRAY(policy->arena, struct table_draft, tables->count);
    for (size_t i = 0; i < tables->count; i++) {
        drafts[i] = start_table(policy, tables->keys[i], tables->items[i]);
    }
    for (size_t i = 0; i < tables->count; i++) {
        finish_table(policy, &drafts[i]);
    }
}

uint32_t policy_slice(struct policy *policy, uint32_t number, uint32_t axis, uint32_t member) {
    struct policy_table part = policy->tables[number];
    size_t at = 0;
    while (at < part.axis_count && part.axes[at] != axis) {
        at++;
    }
    if (at == part.axis_count) {
        return IMAGE_NONE32;
    }
    part.slice_offset += part.strides[at] * member;
    part.slice_of = part.slice_of != IMAGE_NONE32 ? part.slice_of : number;
    part.name = arena_format(policy->arena, "%s at %s", part.name, policy->axes[axis].members[member]);
    for (part.axis_count--; at < part.axis_count; at++) {
        part.axes[at] = part.axes[at + 1];
        part.strides[at] = part.strides[at + 1];
    }
    ARENA_PUSH(policy->arena, policy->tables, policy->table_count, policy->table_capacity, part);
    return (uint32_t)policy->table_count - 1;
}
