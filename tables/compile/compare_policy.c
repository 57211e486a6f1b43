/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of two policies: weights by group, parameters, formulas, tables, classes, words. */
#include <inttypes.h>
#include <string.h>

#include "compare.h"

static const char part[] = "policy";

static void change(struct comparison *c, const char *subject, const char *what, const char *before,
                   const char *after) {
    if (strcmp(before, after) != 0) {
        struct difference *out = difference_add(c, part, subject, what);
        out->before = before;
        out->after = after;
    }
}

/* "0.8123"; "none" for a cell that is empty. */
static const char *decimal_words(struct comparison *c, struct decimal value) {
    if (value.denominator == 0) {
        return "none";
    }
    int places = 0;
    for (int64_t d = value.denominator; d >= 10; d /= 10) {
        places++;
    }
    uint64_t size = value.numerator < 0 ? 0 - (uint64_t)value.numerator : (uint64_t)value.numerator;
    uint64_t unit = (uint64_t)value.denominator;
    const char *sign = value.numerator < 0 ? "-" : "";
    return places == 0 ? arena_format(c->arena, "%s%" PRIu64, sign, size)
                       : arena_format(c->arena, "%s%" PRIu64 ".%0*" PRIu64, sign, size / unit, places, size % unit);
}

/* ---- weights ---- */

static const struct policy_weight *find_weight(const struct policy *policy, const char *code) {
    for (size_t i = 0; i < policy->weight_count; i++) {
        if (strcmp(policy->weights[i].code, code) == 0) {
            return &policy->weights[i];
        }
    }
    return NULL;
}

static struct decimal cell_of(const struct policy *policy, const struct policy_weight *weight, const char *column) {
    for (size_t i = 0; weight != NULL && i < policy->column_count; i++) {
        if (strcmp(policy->columns[i], column) == 0) {
            return weight->values[i];
        }
    }
    return (struct decimal){0, 0};
}

static void compare_weight(struct comparison *c, const struct policy *a, const struct policy *b, const char *code) {
    const struct policy_weight *before = find_weight(a, code), *after = find_weight(b, code);
    for (size_t i = 0; i < b->column_count; i++) {
        change(c, code, b->columns[i], decimal_words(c, cell_of(a, before, b->columns[i])),
               decimal_words(c, cell_of(b, after, b->columns[i])));
    }
    for (size_t i = 0; i < a->column_count; i++) {
        struct decimal there = cell_of(b, after, a->columns[i]);
        bool told = false;
        for (size_t j = 0; j < b->column_count; j++) {
            told |= strcmp(a->columns[i], b->columns[j]) == 0;
        }
        if (!told) {
            change(c, code, a->columns[i], decimal_words(c, cell_of(a, before, a->columns[i])), decimal_words(c, there));
        }
    }
}

static void compare_weights(struct comparison *c, const struct policy *a, const struct policy *b) {
    for (size_t i = 0; i < b->weight_count; i++) {
        compare_weight(c, a, b, b->weights[i].code);
    }
    for (size_t i = 0; i < a->weight_count; i++) {
        if (find_weight(b, a->weights[i].code) == NULL) {
            compare_weight(c, a, b, a->weights[i].code);
        }
    }
}

/* ---- what has a name ---- */

static const struct policy_name *find_name(const struct policy *policy, enum policy_name_kind kind, const char *name) {
    for (size_t i = 0; i < policy->name_count; i++) {
        if (policy->names[i].kind == kind && strcmp(policy->names[i].name, name) == 0) {
            return &policy->names[i];
        }
    }
    return NULL;
}

static const char *formula_words(const struct policy_formula *formula) {
    return formula == NULL ? "none" : formula->text == NULL ? "" : formula->text;
}

static const char *group_words(struct comparison *c, const struct policy_groups *groups) {
    const char *words = "";
    for (size_t i = 0; i < groups->item_count; i++) {
        words = arena_format(c->arena, "%s%s%s", words, i > 0 ? " " : "", groups->items[i]->text);
    }
    return words;
}

static const char *axis_words(struct comparison *c, const struct policy_axis *axis) {
    const char *words = "";
    for (size_t m = 0; m < axis->member_count; m++) {
        words = arena_format(c->arena, "%s%s%s", words, m > 0 ? "; " : "", axis->members[m]);
        for (size_t w = 0; w < axis->word_count; w++) {
            if (axis->words[w].member == m) {
                words = arena_format(c->arena, "%s %s", words, axis->words[w].word);
            }
        }
    }
    return words;
}

static const char *value_words(struct comparison *c, const struct decimal *values, size_t count) {
    const char *words = "";
    for (size_t i = 0; i < count; i++) {
        words = arena_format(c->arena, "%s%s %s", words, i == 0 ? "" : ",", decimal_words(c, values[i]));
    }
    return words;
}

static const char *table_words(struct comparison *c, const struct policy *policy, const struct policy_table *table) {
    const char *words = table->by_group ? "by group" : "by";
    for (size_t i = 0; i < table->axis_count; i++) {
        words = arena_format(c->arena, "%s %s", words, policy->axes[table->axes[i]].name);
    }
    words = arena_format(c->arena, "%s:%s", words, value_words(c, table->values, table->row_size));
    for (size_t r = 0; r < table->row_count && !table->is_mean; r++) {
        words = arena_format(c->arena, "%s; %s:%s", words, table->rows[r].group,
                             value_words(c, table->rows[r].values, table->row_size));
    }
    return words;
}

/* What a name stands for, so that two of the same text do the same. */
static const char *name_words(struct comparison *c, const struct policy *policy, const struct policy_name *name) {
    if (name == NULL) {
        return "none";
    }
    switch (name->kind) {
    case POLICY_PARAMETER:
        return decimal_words(c, policy->parameters[name->number].value);
    case POLICY_TABLE:
        return table_words(c, policy, &policy->tables[name->number]);
    case POLICY_GROUPS:
        return group_words(c, &policy->groups[name->number]);
    case POLICY_AXIS:
        return axis_words(c, &policy->axes[name->number]);
    case POLICY_FORMULA:
    case POLICY_FIGURE:
        return formula_words(policy->formulas[name->number]);
    default:
        return ""; /* a column: its cells are compared */
    }
}

static void compare_names(struct comparison *c, const struct policy *a, const struct policy *b) {
    static const char *const words[] = {"parameter", "table", "groups", "column", "words", "formula", "figure"};
    for (size_t i = 0; i < b->name_count; i++) {
        const struct policy_name *name = &b->names[i];
        change(c, name->name, words[name->kind], name_words(c, a, find_name(a, name->kind, name->name)),
               name_words(c, b, name));
    }
    for (size_t i = 0; i < a->name_count; i++) {
        const struct policy_name *name = &a->names[i];
        if (find_name(b, name->kind, name->name) == NULL) {
            change(c, name->name, words[name->kind], name_words(c, a, name), "none");
        }
    }
}

static const char *class_words(struct comparison *c, const struct policy *policy) {
    const char *words = "";
    for (size_t i = 0; i < policy->class_count; i++) {
        const struct policy_class *class = &policy->classes[i];
        words = arena_format(c->arena, "%s%s%s%s%s: %s", words, i > 0 ? "; " : "", class->name,
                             class->when == NULL ? "" : " when ", class->when == NULL ? "" : formula_words(class->when),
                             formula_words(class->pay));
    }
    return words;
}

/* One of the fixed formulas, unless it is among the names. */
static void compare_formula(struct comparison *c, const char *name, const struct policy *a,
                            const struct policy_formula *before, const struct policy *b,
                            const struct policy_formula *after) {
    if (find_name(a, POLICY_FORMULA, name) == NULL && find_name(b, POLICY_FORMULA, name) == NULL) {
        change(c, name, "formula", formula_words(before), formula_words(after));
    }
}

void compare_policies(struct comparison *c, const struct policy *a, const struct policy *b) {
    compare_formula(c, "points", a, a->points, b, b->points);
    compare_formula(c, "point_value", a, a->point_value, b, b->point_value);
    compare_formula(c, "standard", a, a->standard, b, b->standard);
    change(c, "classes", "rules", class_words(c, a), class_words(c, b));
    change(c, "fund", "formula", formula_words(a->fund), formula_words(b->fund));
    change(c, "rounding", "places", arena_format(c->arena, "pay %u, fund %u", a->pay_places, a->fund_places),
           arena_format(c->arena, "pay %u, fund %u", b->pay_places, b->fund_places));
    compare_names(c, a, b);
    compare_weights(c, a, b);
}
