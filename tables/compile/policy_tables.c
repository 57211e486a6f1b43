/* SPDX-License-Identifier: Apache-2.0
 *
 * What a policy looks up: axes with their words, tables that go by axes, weights by group. */
#include <string.h>

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

/* {三级: [三级甲等, 3], ...}: members and the words that mean them; the member's own name is one. */
static void read_members(struct policy *policy, struct policy_axis *axis, const struct node *map) {
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, axis->name) == NULL) {
        return;
    }
    if (map->count > POLICY_MEMBERS_MAX) {
        report_say(policy->report, MSG_policy_limit, map->place, (unsigned)POLICY_MEMBERS_MAX,
                   "members of an axis");
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const char *member = node_text(policy->report, map->keys[i], axis->name);
        if (member != NULL) {
            ARENA_PUSH(policy->arena, axis->members, axis->member_count, axis->member_capacity, member);
            add_word(policy, axis, member, map->keys[i]->place, (uint32_t)axis->member_count - 1);
        }
    }
    for (size_t i = 0; i < map->count && axis->member_count == map->count; i++) {
        add_words(policy, axis, map->items[i], (uint32_t)i);
    }
}

static void add_axis(struct policy *policy, const char *name, enum fact fact, const struct node *members,
                     struct place place) {
    struct policy_axis axis = {.name = name, .fact = fact};
    if (policy->axis_count == IMAGE_AXES_MAX) {
        report_say(policy->report, MSG_policy_limit, place, (unsigned)IMAGE_AXES_MAX, "axes");
        return;
    }
    read_members(policy, &axis, members);
    policy_name(policy, name, place, POLICY_AXIS, (uint32_t)policy->axis_count);
    ARENA_PUSH(policy->arena, policy->axes, policy->axis_count, policy->axis_capacity, axis);
}

void policy_read_axes(struct policy *policy, const struct node *root) {
    static const char *const keys[] = {"fact", "words", NULL};
    const struct node *pools = node_need(policy->report, root, "pools", "the policy");
    const struct node *levels = node_get(root, "levels"), *axes = node_get(root, "axes");
    add_axis(policy, "pool", FACT_INSURED_TYPE, pools, root->place);
    add_axis(policy, "level", FACT_HOSPITAL_LEVEL, levels, root->place);
    if (axes == NULL || node_expect(policy->report, axes, NODE_MAP, "axes") == NULL) {
        return;
    }
    for (size_t i = 0; i < axes->count; i++) {
        const struct node *axis = axes->items[i];
        if (node_expect(policy->report, axis, NODE_MAP, axes->keys[i]->text) == NULL) {
            continue;
        }
        node_check_keys(policy->report, axis, keys, "an axis");
        const struct node *fact = node_need(policy->report, axis, "fact", axes->keys[i]->text);
        const struct node *words = node_need(policy->report, axis, "words", axes->keys[i]->text);
        const char *column = fact != NULL ? node_text(policy->report, fact, "fact") : NULL;
        if (column == NULL || words == NULL) {
            continue;
        }
        enum fact number = fact_of_column(column, fact->length);
        if (number == FACT_COUNT || fact_rows[number].kind != FACT_KIND_TEXT) {
            report_say(policy->report, MSG_unknown_fact, fact->place,
                       report_clip(policy->report, column, fact->length), "");
            continue;
        }
        add_axis(policy, axes->keys[i]->text, number, words, axes->keys[i]->place);
    }
}

/* ---- tables ---- */

static bool add_table_axis(struct policy *policy, struct policy_table *table, const struct node *by) {
    const char *name = node_text(policy->report, by, "by");
    if (name == NULL) {
        return false;
    }
    struct nearest nearest;
    nearest_start(&nearest, name, by->length);
    for (uint32_t a = 0; a < policy->axis_count; a++) {
        const struct policy_axis *axis = &policy->axes[a];
        if (strcmp(axis->name, name) != 0 || axis->member_count == 0) {
            nearest_offer(&nearest, axis->name, strlen(axis->name));
            continue;
        }
        if (table->axis_count == IMAGE_TABLE_AXES) {
            report_say(policy->report, MSG_policy_limit, by->place, (unsigned)IMAGE_TABLE_AXES, "axes of a table");
            return false;
        }
        table->axes[table->axis_count++] = a;
        return true;
    }
    report_say(policy->report, MSG_axis_unknown, by->place, report_clip(policy->report, name, by->length),
               nearest_hint(&nearest, policy->arena));
    return false;
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

static bool is_member(const struct policy_axis *axis, const char *name) {
    for (size_t m = 0; m < axis->member_count; m++) {
        if (strcmp(axis->members[m], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Keys of a level of a table must be members of its axis, `else`, or at the top `by`. */
static void check_table_keys(struct policy *policy, const struct policy_axis *axis, const struct node *map,
                             bool top) {
    for (size_t i = 0; i < map->count; i++) {
        const struct node *key = map->keys[i];
        if (is_member(axis, key->text) || strcmp(key->text, "else") == 0 || (top && strcmp(key->text, "by") == 0)) {
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

/* The part of a table from axis `depth` on, its values from `first` on. A decimal stands for all that is left. */
static void fill_table(struct policy *policy, struct policy_table *table, const struct node *part, size_t depth,
                       size_t first, const char *way) {
    if (part->kind == NODE_SCALAR || depth == table->axis_count || depth == IMAGE_TABLE_AXES) {
        size_t count = depth == 0 ? table->value_count : table->strides[depth - 1];
        struct decimal value;
        if (policy_decimal(policy, part, table->name, &value)) {
            for (size_t i = 0; i < count; i++) {
                table->values[first + i] = value;
            }
        }
        return;
    }
    const struct policy_axis *axis = &policy->axes[table->axes[depth]];
    if (node_expect(policy->report, part, NODE_MAP, table->name) == NULL) {
        return;
    }
    check_table_keys(policy, axis, part, depth == 0);
    for (size_t m = 0; m < axis->member_count; m++) {
        const char *here = arena_format(policy->arena, "%s%s%s", way, way[0] != '\0' ? ", " : "", axis->members[m]);
        const struct node *value = node_get(part, axis->members[m]);
        value = value != NULL ? value : node_get(part, "else");
        if (value == NULL) {
            report_say(policy->report, MSG_table_key_missing, part->place, table->name, here);
            continue;
        }
        fill_table(policy, table, value, depth + 1, first + m * table->strides[depth], here);
    }
}

static void read_table(struct policy *policy, const struct node *key, const struct node *map) {
    struct policy_table table = {.name = key->text, .place = key->place};
    const struct node *by = node_expect(policy->report, map, NODE_MAP, key->text) != NULL
                                ? node_need(policy->report, map, "by", key->text)
                                : NULL;
    if (by != NULL && read_table_axes(policy, &table, by)) {
        table.value_count = 1;
        for (size_t i = table.axis_count; i-- > 0;) {
            table.strides[i] = (uint32_t)table.value_count;
            table.value_count *= policy->axes[table.axes[i]].member_count;
            if (table.value_count > POLICY_TABLE_MAX) {
                report_say(policy->report, MSG_policy_limit, key->place, (unsigned)POLICY_TABLE_MAX,
                           "values in a table");
                return;
            }
        }
        table.values = ARENA_ARRAY(policy->arena, struct decimal, table.value_count);
        fill_table(policy, &table, map, 0, 0, "");
    }
    /* Known by name even if it is wrong, so that formulas that use it are not wrong as well. */
    if (policy_name(policy, table.name, table.place, POLICY_TABLE, (uint32_t)policy->table_count)) {
        ARENA_PUSH(policy->arena, policy->tables, policy->table_count, policy->table_capacity, table);
    }
}

void policy_read_tables(struct policy *policy, const struct node *tables) {
    if (tables == NULL || node_expect(policy->report, tables, NODE_MAP, "tables") == NULL) {
        return;
    }
    for (size_t i = 0; i < tables->count; i++) {
        read_table(policy, tables->keys[i], tables->items[i]);
    }
}

/* ---- weights: a CSV file ---- */

enum { WEIGHT_FIELDS_MAX = 100 };

struct lines {
    const char *at, *end;
    struct place place; /* of the line that was taken last */
    uint32_t columns[WEIGHT_FIELDS_MAX]; /* where its fields start */
};

/* The fields of the next line, quotes taken away; false at the end of the file. *count is 0 for an empty line, and
 * WEIGHT_FIELDS_MAX + 1 for one with an open quote or too many fields. */
static bool next_line(struct policy *policy, struct lines *lines, const char **fields, size_t *count) {
    *count = 0;
    if (lines->at == lines->end) {
        return false;
    }
    lines->place.line++;
    const char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    const char *after = end != NULL ? end + 1 : lines->end;
    end = end != NULL ? end : lines->end;
    if (end > lines->at && end[-1] == '\r') {
        end--;
    }
    const char *at = lines->at, *counted = at;
    uint32_t column = 1;
    lines->at = after;
    while (at < end || *count > 0) {
        if (*count == WEIGHT_FIELDS_MAX) {
            *count = WEIGHT_FIELDS_MAX + 1;
            return true;
        }
        for (; counted < at; counted++) {
            column += ((unsigned char)*counted & 0xC0) != 0x80;
        }
        lines->columns[*count] = column;
        char *field = arena_take(policy->arena, (size_t)(end - at) + 1);
        size_t length = 0;
        bool quoted = at < end && *at == '"', open = quoted;
        at += quoted;
        while (at < end && (open || *at != ',')) {
            if (quoted && *at == '"') {
                open = !open;
                if (open) { /* "" inside quotes is one quote */
                    field[length++] = '"';
                }
            } else {
                field[length++] = *at;
            }
            at++;
        }
        fields[(*count)++] = field;
        if (open) {
            *count = WEIGHT_FIELDS_MAX + 1;
            return true;
        }
        if (at == end) {
            return true;
        }
        at++;
    }
    return true;
}

/* Numbers of the columns `drg` and `name`; the others become columns of the policy. */
static bool read_heading(struct policy *policy, const char **fields, size_t count, struct place place, size_t *drg,
                         size_t *name) {
    *drg = *name = SIZE_MAX;
    bool weight = false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i], "drg") == 0) {
            *drg = i;
        } else if (strcmp(fields[i], "name") == 0) {
            *name = i;
        } else {
            bool is_weight = strcmp(fields[i], "weight") == 0;
            const char *column = is_weight ? "rw" : fields[i];
            weight |= is_weight;
            policy_name(policy, column, place, POLICY_COLUMN, (uint32_t)policy->column_count);
            ARENA_PUSH(policy->arena, policy->columns, policy->column_count, policy->column_capacity, column);
        }
    }
    if (*drg == SIZE_MAX || !weight) {
        report_say(policy->report, MSG_bad_weights_file, place, "the first line does not name `drg` and `weight`");
        return false;
    }
    return true;
}

static void read_weight(struct policy *policy, const char **fields, size_t count, const struct lines *lines, size_t drg,
                        size_t name) {
    struct policy_weight row = {.code = fields[drg], .place = lines->place};
    row.values = ARENA_ARRAY(policy->arena, struct decimal, policy->column_count);
    size_t column = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == drg || i == name) {
            continue;
        }
        struct decimal *value = &row.values[column++];
        if (fields[i][0] != '\0' && decimal_read(fields[i], strlen(fields[i]), value) != DECIMAL_OK) {
            struct place place = lines->place;
            place.column = lines->columns[i];
            report_say(policy->report, MSG_bad_decimal, place,
                       arena_format(policy->arena, "%s of %s", policy->columns[column - 1],
                                    report_clip(policy->report, row.code, strlen(row.code))),
                       report_clip(policy->report, fields[i], strlen(fields[i])));
            *value = (struct decimal){0, 0};
        }
    }
    ARENA_PUSH(policy->arena, policy->weights, policy->weight_count, policy->weight_capacity, row);
}

void policy_read_weights(struct policy *policy, const struct node *file) {
    const char *name = file != NULL ? node_text(policy->report, file, "weights") : NULL;
    struct source *source = NULL;
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
    size_t size;
    const char *text = source_text(source, &size);
    struct lines lines = {.at = text, .end = text + size, .place = {source->path, 0, 1}};
    const char *fields[WEIGHT_FIELDS_MAX];
    size_t columns, count, drg, name_column;
    next_line(policy, &lines, fields, &columns);
    if (columns > WEIGHT_FIELDS_MAX || !read_heading(policy, fields, columns, lines.place, &drg, &name_column)) {
        return;
    }
    while (next_line(policy, &lines, fields, &count)) {
        if (count == columns && fields[drg][0] != '\0') {
            read_weight(policy, fields, count, &lines, drg, name_column);
        } else if (count != 0) {
            report_say(policy->report, MSG_bad_weights_file, lines.place,
                       count != columns ? "this line has not as many fields as the first"
                                        : "this line names no group");
        }
    }
}
