/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy meets its scheme, and becomes sections of the image. */
#include <stdlib.h>
#include <string.h>

#include "dip.h"
#include "policy.h"

/* ---- groups of the scheme ---- */

/* A code that a case can be answered with, and its number: DRGs first, then steps. */
struct answer {
    const char *code;
    uint32_t number;
};

static int by_code(const void *a, const void *b) {
    const struct answer *one = a, *two = b;
    int order = strcmp(one->code, two->code);
    return order != 0 ? order : one->number < two->number ? -1 : one->number > two->number;
}

/* All answers of a scheme sorted by code; a code may have several (an ADRG in several entries). */
static struct answer *list_answers(struct policy *policy, const struct scheme *scheme, size_t *count) {
    struct answer *answers = NULL;
    size_t capacity = 0;
    *count = 0;
    policy->drg_count = policy->step_count = 0;
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            const struct step *step = scheme->mdcs[m]->steps[s];
            for (size_t d = 0; d < step->drg_count; d++) {
                struct answer answer = {step->drgs[d].code, policy->drg_count++};
                ARENA_PUSH(policy->arena, answers, *count, capacity, answer);
            }
        }
    }
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            struct answer answer = {scheme->mdcs[m]->steps[s]->code, policy->drg_count + policy->step_count++};
            ARENA_PUSH(policy->arena, answers, *count, capacity, answer);
        }
    }
    if (*count > 0) {
        qsort(answers, *count, sizeof *answers, by_code);
    }
    return answers;
}

/* The answers whose code starts with a prefix, or is it if `whole`: [*first, *end). */
static void find_answers(const struct answer *answers, size_t count, const char *code, size_t length, bool whole,
                         size_t *first, size_t *end) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strncmp(answers[middle].code, code, length) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *first = low;
    while (low < count && strncmp(answers[low].code, code, length) == 0 &&
           (!whole || answers[low].code[length] == '\0')) {
        low++;
    }
    *end = low;
}

static const char *nearest_code(struct policy *policy, const struct answer *answers, size_t count,
                                const char *code) {
    struct nearest nearest;
    nearest_start(&nearest, code, strlen(code));
    for (size_t i = 0; i < count; i++) {
        nearest_offer(&nearest, answers[i].code, strlen(answers[i].code));
    }
    return nearest_hint(&nearest, policy->arena);
}

static void link_weights(struct policy *policy, const struct answer *answers, size_t count) {
    for (size_t i = 0; i < policy->weight_count; i++) {
        const struct policy_weight *row = &policy->weights[i];
        size_t first, end;
        find_answers(answers, count, row->code, strlen(row->code), true, &first, &end);
        if (first == end) {
            report_say(policy->report, MSG_weight_without_group, row->place, policy->scheme->id,
                       report_clip(policy->report, row->code, strlen(row->code)),
                       nearest_code(policy, answers, count, row->code));
            continue;
        }
        uint32_t before = policy->rows[answers[first].number];
        if (before != IMAGE_NONE32) {
            report_say(policy->report, MSG_weight_twice, row->place, row->code, policy->weights[before].place.line);
            continue;
        }
        for (size_t k = first; k < end; k++) {
            policy->rows[answers[k].number] = (uint32_t)i;
        }
    }
}

/* DRGs without a weight, each code once, the first few by name. */
static void say_unweighted(struct policy *policy, const struct answer *answers, size_t count) {
    enum { NAMED = 8 };
    const char *list = "";
    unsigned missing = 0;
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && strcmp(answers[i].code, answers[i - 1].code) == 0;
        if (answers[i].number >= policy->drg_count || policy->rows[answers[i].number] != IMAGE_NONE32 || again) {
            continue;
        }
        if (missing++ < NAMED) {
            list = arena_format(policy->arena, "%s%s%s", list, list[0] != '\0' ? ", " : "", answers[i].code);
        }
    }
    if (missing > 0) {
        list = missing > NAMED ? arena_format(policy->arena, "%s ...", list) : list;
        report_say(policy->report, MSG_group_without_weight, policy->place, missing, policy->scheme->id, list);
    }
}

/* Answers [*first, *end) of a DRG, an ADRG (its DRGs and itself), or a branch `BR*`. */
static void find_item(const struct policy *policy, const char *text, size_t length, const struct answer *answers,
                      size_t count, size_t *first, size_t *end) {
    bool branch = length > 1 && text[length - 1] == '*';
    find_answers(answers, count, text, length - branch, !branch, first, end);
    if (*first < *end && !branch && answers[*first].number >= policy->drg_count) {
        find_answers(answers, count, text, length, false, first, end); /* an ADRG */
    }
}

static void say_unknown_group(struct policy *policy, const char *text, struct place place,
                              const struct answer *answers, size_t count) {
    report_say(policy->report, MSG_unknown_group, place, policy->scheme->id,
               report_clip(policy->report, text, strlen(text)), nearest_code(policy, answers, count, text));
}

static void set_bit(struct policy_groups *groups, uint32_t answer) {
    groups->bits[answer / 64] |= (uint64_t)1 << (answer % 64);
}

static void link_item(struct policy *policy, struct policy_groups *groups, const struct node *item,
                      const struct answer *answers, size_t count) {
    size_t first, end;
    find_item(policy, item->text, item->length, answers, count, &first, &end);
    if (first == end) {
        say_unknown_group(policy, item->text, item->place, answers, count);
    }
    for (size_t i = first; i < end; i++) {
        set_bit(groups, answers[i].number);
    }
}

/* All groups of an MDC, its steps included. */
static void link_mdc(struct policy *policy, struct policy_groups *groups, const struct node *item) {
    uint32_t drg = 0, step = policy->drg_count;
    struct nearest nearest;
    bool found = false;
    nearest_start(&nearest, item->text, item->length);
    for (size_t m = 0; m < policy->scheme->mdc_count; m++) {
        const struct mdc *mdc = policy->scheme->mdcs[m];
        bool this = strcmp(mdc->code, item->text) == 0;
        found |= this;
        nearest_offer(&nearest, mdc->code, strlen(mdc->code));
        for (size_t s = 0; s < mdc->step_count; s++, step++) {
            for (size_t d = 0; d < mdc->steps[s]->drg_count; d++, drg++) {
                if (this) {
                    set_bit(groups, drg);
                }
            }
            if (this) {
                set_bit(groups, step);
            }
        }
    }
    if (!found) {
        report_say(policy->report, MSG_unknown_group, item->place, policy->scheme->id,
                   report_clip(policy->report, item->text, item->length), nearest_hint(&nearest, policy->arena));
    }
}

static size_t set_words(const struct policy *policy) {
    return (policy->drg_count + policy->step_count + 63) / 64;
}

static void link_groups(struct policy *policy, const struct answer *answers, size_t count) {
    for (size_t i = 0; i < policy->groups_count; i++) {
        struct policy_groups *groups = &policy->groups[i];
        groups->bits = ARENA_ARRAY(policy->arena, uint64_t, set_words(policy));
        for (size_t k = 0; k < groups->item_count; k++) {
            link_item(policy, groups, groups->items[k], answers, count);
        }
        for (size_t k = 0; k < groups->mdc_count; k++) {
            link_mdc(policy, groups, groups->mdcs[k]);
        }
        const struct dip *dip = groups->is_basic ? policy->scheme->dip : NULL;
        for (size_t k = 0; dip != NULL && k < dip->entry_count; k++) {
            if (dip->entries[k].basic) {
                set_bit(groups, (uint32_t)k);
            }
        }
    }
}

/* ---- tables by group ---- */

static const struct policy_groups *find_list(const struct policy *policy, const char *name) {
    for (size_t i = 0; i < policy->groups_count; i++) {
        if (strcmp(policy->groups[i].name, name) == 0) {
            return &policy->groups[i];
        }
    }
    return NULL;
}

/* The row is for these answers. One that names a group itself counts before lists and branches, of which the last
 * does.
 */
static void link_row(struct policy *policy, struct policy_table *table, size_t number, bool broad,
                     const struct answer *answers, size_t count) {
    const struct policy_table_row *row = &table->rows[number];
    const struct policy_groups *list = find_list(policy, row->group);
    size_t length = strlen(row->group), first = 0, end = 0;
    if (list != NULL) {
        for (uint32_t i = 0; broad && i < policy->drg_count + policy->step_count; i++) {
            if (list->bits[i / 64] >> (i % 64) & 1) {
                table->group_rows[i] = (uint32_t)number + 1;
            }
        }
        return;
    }
    find_item(policy, row->group, length, answers, count, &first, &end);
    if (first == end && broad) {
        say_unknown_group(policy, row->group, row->place, answers, count);
    }
    bool own = first < end && answers[first].number < policy->drg_count && row->group[length - 1] != '*';
    if (own == broad) {
        return;
    }
    for (size_t i = first; i < end; i++) {
        uint32_t *at = &table->group_rows[answers[i].number];
        const struct policy_table_row *before = *at > 0 ? &table->rows[*at - 1] : NULL;
        if (own && before != NULL && strcmp(before->group, row->group) == 0) {
            report_say(policy->report, MSG_weight_twice, row->place, row->group, before->place.line);
        }
        *at = (uint32_t)number + 1;
    }
}

static uint32_t level_of_dip(const struct policy *policy, const struct dip *dip, const char *word) {
    for (uint32_t l = 0; l < dip->level_count; l++) {
        const struct dip_level *level = &dip->levels[l];
        bool same = strcmp(level->name, word) == 0;
        for (size_t w = 0; w < level->word_count && !same; w++) {
            same = strcmp(level->words[w], word) == 0;
        }
        if (same) {
            return l;
        }
    }
    return IMAGE_NONE32;
}

/* The catalogue's level for a level of the policy: by its name or any of its words. */
static uint32_t dip_level(const struct policy *policy, const struct dip *dip, size_t member) {
    const struct policy_axis *axis = &policy->axes[IMAGE_AXIS_LEVEL];
    uint32_t level = level_of_dip(policy, dip, axis->members[member]);
    for (size_t w = 0; w < axis->word_count && level == IMAGE_NONE32; w++) {
        if (axis->words[w].member == member) {
            level = level_of_dip(policy, dip, axis->words[w].word);
        }
    }
    return level;
}

static struct decimal in_units(int64_t number) {
    return number < 0 ? (struct decimal){0, 0} : (struct decimal){number, 10000};
}

/* Mean costs of all entries, by level where the catalogue has levels. */
static void link_means(struct policy *policy, struct policy_table *table) {
    const struct dip *dip = policy->scheme->dip;
    uint32_t levels[POLICY_MEMBERS_MAX];
    for (size_t m = 0; m < table->row_size; m++) {
        levels[m] = table->axis_count > 0 ? dip_level(policy, dip, m) : IMAGE_NONE32;
    }
    for (size_t e = 0; e < dip->entry_count; e++) {
        const struct dip_entry *entry = &dip->entries[e];
        struct policy_table_row row = {.group = entry->code, .place = entry->place};
        row.values = ARENA_ARRAY(policy->arena, struct decimal, table->row_size);
        for (size_t m = 0; m < table->row_size; m++) {
            int64_t mean =
                entry->level_means != NULL && levels[m] != IMAGE_NONE32 ? entry->level_means[levels[m]] : -1;
            row.values[m] = in_units(mean >= 0 ? mean : entry->mean_cost);
        }
        ARENA_PUSH(policy->arena, table->rows, table->row_count, table->row_capacity, row);
        table->group_rows[e] = (uint32_t)table->row_count;
    }
}

static void link_tables(struct policy *policy, const struct answer *answers, size_t count) {
    for (size_t i = 0; i < policy->table_count; i++) {
        struct policy_table *table = &policy->tables[i];
        if (!table->by_group || table->slice_of != IMAGE_NONE32) {
            continue;
        }
        table->group_rows = ARENA_ARRAY(policy->arena, uint32_t, policy->drg_count + policy->step_count);
        if (table->is_mean) {
            if (policy->scheme->dip != NULL) {
                link_means(policy, table);
            }
            continue;
        }
        for (size_t r = 0; r < table->row_count; r++) {
            link_row(policy, table, r, true, answers, count);
        }
        for (size_t r = 0; r < table->row_count; r++) {
            link_row(policy, table, r, false, answers, count);
        }
    }
}

/* ---- weights of a catalogue ---- */

static size_t dip_column(struct policy *policy, const struct dip *dip, const char *name) {
    struct nearest nearest;
    nearest_start(&nearest, name, strlen(name));
    for (size_t i = 0; i < dip->column_count; i++) {
        if (strcmp(dip->columns[i], name) == 0) {
            return i;
        }
        nearest_offer(&nearest, dip->columns[i], strlen(dip->columns[i]));
    }
    report_say(policy->report, MSG_catalogue_column, policy->weights_place, policy->scheme->id, name,
               nearest_hint(&nearest, policy->arena));
    return SIZE_MAX;
}

static void link_catalogue(struct policy *policy) {
    enum { OWN = 2 }; /* score, mean_stay */
    const struct dip *dip = policy->scheme->dip;
    if (dip == NULL) {
        report_say(policy->report, MSG_not_a_catalogue, policy->weights_place, policy->scheme->id);
        return;
    }
    size_t *columns = ARENA_ARRAY(policy->arena, size_t, policy->column_count + 1);
    for (size_t c = OWN; c < policy->column_count; c++) {
        columns[c] = dip_column(policy, dip, policy->columns[c]);
    }
    for (size_t e = 0; e < dip->entry_count; e++) {
        const struct dip_entry *entry = &dip->entries[e];
        struct policy_weight row = {.code = entry->code, .place = entry->place};
        row.values = ARENA_ARRAY(policy->arena, struct decimal, policy->column_count);
        row.values[0] = in_units(entry->score);
        row.values[1] = in_units(entry->mean_stay);
        for (size_t c = OWN; c < policy->column_count; c++) {
            row.values[c] = columns[c] != SIZE_MAX ? entry->values[columns[c]] : (struct decimal){0, 0};
        }
        policy->rows[e] = (uint32_t)policy->weight_count;
        ARENA_PUSH(policy->arena, policy->weights, policy->weight_count, policy->weight_capacity, row);
    }
}

void policy_link(struct policy *policy, const struct scheme *scheme) {
    size_t count;
    policy->scheme = scheme;
    struct answer *answers = list_answers(policy, scheme, &count);
    policy->rows = ARENA_ARRAY(policy->arena, uint32_t, count);
    memset(policy->rows, 0xFF, count * sizeof *policy->rows);
    if (policy->from_catalogue) {
        link_catalogue(policy);
    } else if (policy->column_count > 0) {
        link_weights(policy, answers, count);
        say_unweighted(policy, answers, count);
    }
    link_groups(policy, answers, count);
    link_tables(policy, answers, count);
}

/* ---- sections ---- */

static struct image_decimal on_disk(struct decimal value) {
    return (struct image_decimal){value.numerator, value.denominator};
}

static uint32_t number_of(const struct policy_formula *formula) {
    return formula != NULL ? formula->number : IMAGE_NONE32;
}

/* Formulas in order of their numbers, each checked the way the reader will. */
static bool write_formulas(struct policy *policy, struct image_writer *writer, uint32_t owner) {
    struct formula_code code = {.arena = policy->arena};
    struct image_formula *formulas = ARENA_ARRAY(policy->arena, struct image_formula, policy->order_count);
    for (size_t i = 0; i < policy->order_count; i++) {
        const struct policy_formula *formula = policy->order[i];
        formulas[i] = (struct image_formula){
            .name = image_writer_text(writer, formula->name),
            .text = image_writer_text(writer, formula->text),
            .file = image_writer_text(writer, source_name(policy->sources, formula->place.file)),
            .line = formula->place.line,
            .first = (uint32_t)code.count,
            .condition = formula->tree->type == FORMULA_TRUTH};
        formula_emit(&code, formula->tree);
        formulas[i].count = (uint32_t)code.count - formulas[i].first;
    }
    uint8_t depths[FORMULAS_MAX];
    for (size_t i = 0; i < policy->order_count; i++) {
        struct formula_limits limits = {(uint32_t)code.constant_count,  (uint32_t)policy->parameter_count,
                                        (uint32_t)policy->column_count, (uint32_t)policy->table_count,
                                        (uint32_t)policy->axis_count,   (uint32_t)policy->groups_count,
                                        (uint32_t)policy->total_count,  (uint32_t)i};
        if (!formula_verify(code.instructions + formulas[i].first, formulas[i].count, &limits, depths,
                            &depths[i])) {
            report_say(policy->report, MSG_formula_too_large, policy->order[i]->place);
            return false;
        }
    }
    struct image_decimal *constants = ARENA_ARRAY(policy->arena, struct image_decimal, code.constant_count);
    for (size_t i = 0; i < code.constant_count; i++) {
        constants[i] = on_disk(code.constants[i]);
    }
    image_writer_section(writer, IMAGE_HOT_FORMULAS, owner, formulas, sizeof *formulas, policy->order_count);
    image_writer_section(writer, IMAGE_HOT_INSTRUCTIONS, owner, code.instructions, sizeof *code.instructions,
                         code.count);
    image_writer_section(writer, IMAGE_HOT_CONSTANTS, owner, constants, sizeof *constants, code.constant_count);
    return true;
}

static void write_parameters(struct policy *policy, struct image_writer *writer, uint32_t owner) {
    struct image_parameter *rows = ARENA_ARRAY(policy->arena, struct image_parameter, policy->parameter_count);
    for (size_t i = 0; i < policy->parameter_count; i++) {
        const struct policy_parameter *parameter = &policy->parameters[i];
        rows[i] = (struct image_parameter){image_writer_text(writer, parameter->name),
                                           image_writer_text(writer, parameter->note), parameter->place.line,
                                           parameter->demonstration, on_disk(parameter->value)};
    }
    image_writer_section(writer, IMAGE_HOT_PARAMETERS, owner, rows, sizeof *rows, policy->parameter_count);
}

static void write_axes(struct policy *policy, struct image_writer *writer, uint32_t owner) {
    struct image_axis *axes = ARENA_ARRAY(policy->arena, struct image_axis, policy->axis_count);
    struct image_axis_word *words = NULL;
    image_text *members = NULL;
    size_t word_count = 0, word_capacity = 0, member_count = 0, member_capacity = 0;
    for (size_t a = 0; a < policy->axis_count; a++) {
        const struct policy_axis *axis = &policy->axes[a];
        axes[a] = (struct image_axis){image_writer_text(writer, axis->name),
                                      (uint32_t)axis->fact,
                                      (uint32_t)member_count,
                                      (uint32_t)axis->member_count,
                                      (uint32_t)word_count,
                                      (uint32_t)axis->word_count,
                                      axis->other == IMAGE_NONE16 ? IMAGE_NONE32 : axis->other};
        for (size_t i = 0; i < axis->member_count; i++) {
            ARENA_PUSH(policy->arena, members, member_count, member_capacity,
                       image_writer_text(writer, axis->members[i]));
        }
        for (size_t i = 0; i < axis->word_count; i++) {
            const char *text = axis->words[i].word;
            size_t length = strlen(text);
            struct image_axis_word word = {axis_key(text, length), image_writer_text(writer, text),
                                           (uint16_t)length, (uint16_t)axis->words[i].member};
            ARENA_PUSH(policy->arena, words, word_count, word_capacity, word);
        }
    }
    image_writer_section(writer, IMAGE_HOT_AXES, owner, axes, sizeof *axes, policy->axis_count);
    image_writer_section(writer, IMAGE_HOT_AXIS_WORDS, owner, words, sizeof *words, word_count);
    image_writer_section(writer, IMAGE_AXIS_MEMBERS, owner, members, sizeof *members, member_count);
}

/* What is written of the tables: all values, and rows of groups. */
struct table_values {
    struct image_decimal *values;
    size_t value_count, value_capacity;
    uint32_t *rows;
    size_t row_count, row_capacity;
};

static void put_values(struct policy *policy, const struct policy_table *table, struct table_values *out) {
    for (size_t i = 0; i < table->row_size; i++) {
        ARENA_PUSH(policy->arena, out->values, out->value_count, out->value_capacity, on_disk(table->values[i]));
    }
    for (size_t r = 0; r < table->row_count; r++) {
        for (size_t i = 0; i < table->row_size; i++) {
            ARENA_PUSH(policy->arena, out->values, out->value_count, out->value_capacity,
                       on_disk(table->rows[r].values[i]));
        }
    }
    for (uint32_t i = 0; table->by_group && i < policy->drg_count + policy->step_count; i++) {
        ARENA_PUSH(policy->arena, out->rows, out->row_count, out->row_capacity, table->group_rows[i]);
    }
}

static void write_tables(struct policy *policy, struct image_writer *writer, uint32_t owner) {
    struct image_table *tables = ARENA_ARRAY(policy->arena, struct image_table, policy->table_count);
    struct table_values all = {0};
    for (size_t t = 0; t < policy->table_count; t++) {
        const struct policy_table *table = &policy->tables[t];
        const struct image_table *whole = table->slice_of != IMAGE_NONE32 ? &tables[table->slice_of] : NULL;
        tables[t] = (struct image_table){.name = image_writer_text(writer, table->name),
                                         .line = table->place.line,
                                         .first = (uint32_t)all.value_count,
                                         .count = (uint32_t)(table->row_size * (table->row_count + 1)),
                                         .rows = table->by_group ? (uint32_t)all.row_count : IMAGE_NONE32,
                                         .row_size = table->by_group ? (uint32_t)table->row_size : 0};
        if (whole != NULL) {
            tables[t].first = whole->first + table->slice_offset;
            tables[t].count = whole->count - table->slice_offset;
            tables[t].rows = whole->rows;
        } else {
            put_values(policy, table, &all);
        }
        for (size_t a = 0; a < IMAGE_TABLE_AXES; a++) {
            tables[t].axis[a] = a < table->axis_count ? (uint16_t)table->axes[a] : IMAGE_NONE16;
            tables[t].stride[a] = a < table->axis_count ? table->strides[a] : 0;
        }
    }
    image_writer_section(writer, IMAGE_HOT_TABLES, owner, tables, sizeof *tables, policy->table_count);
    image_writer_section(writer, IMAGE_HOT_TABLE_VALUES, owner, all.values, sizeof *all.values, all.value_count);
    image_writer_section(writer, IMAGE_HOT_TABLE_ROWS, owner, all.rows, sizeof *all.rows, all.row_count);
}

static void write_weights(struct policy *policy, struct image_writer *writer, uint32_t owner) {
    size_t cells = policy->weight_count * policy->column_count;
    struct image_decimal *values = ARENA_ARRAY(policy->arena, struct image_decimal, cells);
    for (size_t i = 0; i < cells; i++) {
        values[i] = on_disk(policy->weights[i / policy->column_count].values[i % policy->column_count]);
    }
    image_text *columns = ARENA_ARRAY(policy->arena, image_text, policy->column_count);
    for (size_t i = 0; i < policy->column_count; i++) {
        columns[i] = image_writer_text(writer, policy->columns[i]);
    }
    image_writer_section(writer, IMAGE_HOT_WEIGHT_ROWS, owner, policy->rows, sizeof *policy->rows,
                         policy->drg_count + policy->step_count);
    image_writer_section(writer, IMAGE_HOT_WEIGHTS, owner, values, sizeof *values, cells);
    image_writer_section(writer, IMAGE_WEIGHT_COLUMNS, owner, columns, sizeof *columns, policy->column_count);
}

static void write_groups(struct policy *policy, struct image_writer *writer, uint32_t owner) {
    size_t words = set_words(policy);
    struct image_group_set *sets = ARENA_ARRAY(policy->arena, struct image_group_set, policy->groups_count);
    uint64_t *bits = ARENA_ARRAY(policy->arena, uint64_t, policy->groups_count * words);
    for (size_t i = 0; i < policy->groups_count; i++) {
        const struct policy_groups *groups = &policy->groups[i];
        sets[i] = (struct image_group_set){image_writer_text(writer, groups->name),
                                           image_writer_text(writer, groups->note), groups->place.line,
                                           groups->demonstration};
        memcpy(bits + i * words, groups->bits, words * sizeof *bits);
    }
    image_writer_section(writer, IMAGE_HOT_GROUP_SETS, owner, bits, sizeof *bits, policy->groups_count * words);
    image_writer_section(writer, IMAGE_GROUP_SETS, owner, sets, sizeof *sets, policy->groups_count);
}

static void write_classes(struct policy *policy, struct image_writer *writer, uint32_t owner) {
    struct image_class *classes = ARENA_ARRAY(policy->arena, struct image_class, policy->class_count);
    for (size_t i = 0; i < policy->class_count; i++) {
        const struct policy_class *class = &policy->classes[i];
        classes[i] = (struct image_class){image_writer_text(writer, class->name),
                                          class->place.line,
                                          number_of(class->when),
                                          number_of(class->pay),
                                          number_of(class->points),
                                          class->cases,
                                          image_writer_text(writer, class->method),
                                          policy_quota_number(policy, class->quota)};
    }
    image_writer_section(writer, IMAGE_HOT_CLASSES, owner, classes, sizeof *classes, policy->class_count);
}

static void write_settlement(struct policy *policy, struct image_writer *writer, uint32_t owner) {
    struct image_total *totals = ARENA_ARRAY(policy->arena, struct image_total, policy->total_count);
    struct image_figure *figures = ARENA_ARRAY(policy->arena, struct image_figure, policy->figure_count);
    struct image_quota *quotas = ARENA_ARRAY(policy->arena, struct image_quota, policy->quota_count);
    for (size_t i = 0; i < policy->total_count; i++) {
        const struct policy_total *total = &policy->totals[i];
        totals[i] = (struct image_total){image_writer_text(writer, total->name), total->kind,
                                         total->kind == IMAGE_TOTAL_FACT ? (uint32_t)total->fact : 0,
                                         total->required, on_disk(total->otherwise)};
        if (total->kind == IMAGE_TOTAL_FORMULA) {
            totals[i].operand = number_of(total->formula);
        }
    }
    for (size_t i = 0; i < policy->figure_count; i++) {
        const struct policy_figure *figure = &policy->figures[i];
        figures[i] = (struct image_figure){
            number_of(figure->formula), number_of(figure->replaces),
            figure->formula->scope == POLICY_OF_POOL ? IMAGE_SCOPE_POOL : IMAGE_SCOPE_HOSPITAL, 0};
    }
    for (size_t i = 0; i < policy->quota_count; i++) {
        const struct policy_quota *quota = &policy->quotas[i];
        quotas[i] = (struct image_quota){image_writer_text(writer, quota->name),
                                         quota->scope == POLICY_OF_POOL ? IMAGE_SCOPE_POOL : IMAGE_SCOPE_HOSPITAL,
                                         number_of(quota->most),
                                         number_of(quota->rank),
                                         quota->place.line,
                                         0};
    }
    image_writer_section(writer, IMAGE_HOT_TOTALS, owner, totals, sizeof *totals, policy->total_count);
    image_writer_section(writer, IMAGE_HOT_FIGURES, owner, figures, sizeof *figures, policy->figure_count);
    image_writer_section(writer, IMAGE_HOT_QUOTAS, owner, quotas, sizeof *quotas, policy->quota_count);
}

static bool any_demonstration(const struct policy *policy) {
    for (size_t i = 0; i < policy->parameter_count; i++) {
        if (policy->parameters[i].demonstration) {
            return true;
        }
    }
    for (size_t i = 0; i < policy->groups_count; i++) {
        if (policy->groups[i].demonstration) {
            return true;
        }
    }
    for (size_t i = 0; i < policy->table_count; i++) {
        if (policy->tables[i].demonstration) {
            return true;
        }
    }
    return policy->scheme != NULL && policy->scheme->demonstration;
}

bool policy_write(struct policy *policy, struct image_writer *writer, uint32_t number, uint32_t scheme_number,
                  struct image_policy *out) {
    if (!write_formulas(policy, writer, number)) {
        return false;
    }
    write_parameters(policy, writer, number);
    write_axes(policy, writer, number);
    write_tables(policy, writer, number);
    write_weights(policy, writer, number);
    write_groups(policy, writer, number);
    write_classes(policy, writer, number);
    write_settlement(policy, writer, number);
    *out = (struct image_policy){
        .id = image_writer_text(writer, policy->id),
        .title = image_writer_text(writer, policy->title),
        .source = image_writer_text(writer, policy->source),
        .note = image_writer_text(writer, policy->note),
        .scheme = image_writer_text(writer, policy->scheme_id),
        .file = image_writer_text(writer, source_name(policy->sources, policy->place.file)),
        .from = image_writer_text(writer, policy->from),
        .until = image_writer_text(writer, policy->until),
        .scheme_number = scheme_number,
        .column_count = (uint32_t)policy->column_count,
        .points = number_of(policy->points),
        .point_value = number_of(policy->point_value),
        .standard = number_of(policy->standard),
        .fund = number_of(policy->fund),
        .low_below = number_of(policy->low_below),
        .high_above = number_of(policy->high_above),
        .bound_inclusive = (uint16_t)(policy->low_inclusive | policy->high_inclusive << 1),
        .pay_places = (uint16_t)policy->pay_places,
        .fund_places = (uint16_t)policy->fund_places,
        .demonstration = any_demonstration(policy),
        .zero_if_absent = policy->zero_if_absent,
        .line = policy->place.line,
        .methods = image_writer_text(writer, policy->methods),
        .closed = number_of(policy->closed),
        .pot = number_of(policy->pot),
    };
    return true;
}
