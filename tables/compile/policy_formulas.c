/* SPDX-License-Identifier: Apache-2.0
 *
 * The formulas of a policy: values, classes, the fund's part. Formulas may use each other in any order; each is
 * parsed when it is first asked for, so that their numbers follow what they need. */
#include <string.h>

#include "policy.h"

enum { FORMULA_CHAIN = 24 }; /* formulas that wait for one another while they are parsed */

static struct policy_formula *new_formula(struct policy *policy, const char *name, const struct node *scalar) {
    struct policy_formula *formula = ARENA_NEW(policy->arena, struct policy_formula);
    formula->name = name;
    formula->scalar = scalar;
    formula->place = scalar->place;
    formula->text = scalar->text;
    formula->places = -1;
    if (policy->formula_count == FORMULAS_MAX) {
        report_say(policy->report, MSG_policy_limit, scalar->place, (unsigned)FORMULAS_MAX, "formulas in a policy");
    }
    ARENA_PUSH(policy->arena, policy->formulas, policy->formula_count, policy->formula_capacity, formula);
    return formula;
}

/* Its number comes after the numbers of all that it asks for. */
static void give_number(struct policy *policy, struct policy_formula *formula) {
    formula->number = (uint32_t)policy->order_count;
    ARENA_PUSH(policy->arena, policy->order, policy->order_count, policy->order_capacity, formula);
}

/* ---- names in formulas ---- */

static bool parse_formula(struct policy *policy, struct policy_formula *formula);

static bool ask_formula(struct policy *policy, struct policy_formula *formula, struct formula_node *out) {
    if (formula->state == POLICY_PARSING) {
        const char *way = formula->name;
        for (size_t i = 0; i < policy->formula_count; i++) {
            struct policy_formula *other = policy->formulas[i];
            if (other != formula && other->state == POLICY_PARSING) {
                way = arena_format(policy->arena, "%s, %s", way, other->name);
            }
        }
        report_say(policy->report, MSG_cyclic_formula, out->place, way);
        return false;
    }
    if (!parse_formula(policy, formula)) {
        return false;
    }
    out->op = FORMULA_VALUE;
    out->operand = formula->number;
    out->type = formula->tree->type;
    out->needs = formula->tree->needs;
    return true;
}

static bool find_name(void *owner, const char *text, size_t length, struct formula_node *out);

/* A quotient of the case: the two facts, or the fact and a number of the case's group. */
static bool find_ratio(struct policy *policy, enum fact fact, struct formula_node *out) {
    static const struct {
        enum fact ratio;
        const char *over, *under;
    } rows[] = {{FACT_DRUG_SHARE, "drug_cost", "cost"},       {FACT_MATERIAL_SHARE, "material_cost", "cost"},
                {FACT_THERAPY_SHARE, "therapy_cost", "cost"}, {FACT_TCM_SHARE, "tcm_cost", "cost"},
                {FACT_COST_RATIO, "cost", "mean_cost"},       {FACT_STAY_RATIO, "los", "mean_stay"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].ratio != fact) {
            continue;
        }
        const char *words[2] = {rows[i].over, rows[i].under};
        out->op = FORMULA_DIVIDE;
        out->type = FORMULA_NUMBER;
        for (unsigned k = 0; k < 2; k++) {
            struct formula_node *part = ARENA_NEW(policy->arena, struct formula_node);
            part->kind = FORMULA_OPERATION;
            part->place = out->place;
            if (!find_name(policy, words[k], strlen(words[k]), part)) {
                return false;
            }
            out->parts[k] = part;
            formula_add_needs(&out->needs, &part->needs);
        }
        return true;
    }
    report_say(policy->report, MSG_fact_not_usable, out->place, fact_rows[fact].word);
    return false;
}

static bool find_fact(struct policy *policy, enum fact fact, struct formula_node *out) {
    enum fact_kind kind = fact_rows[fact].kind;
    if (kind == FACT_KIND_RATIO) {
        return find_ratio(policy, fact, out);
    }
    if (kind != FACT_KIND_NUMBER && kind != FACT_KIND_MONEY && kind != FACT_KIND_FLAG) {
        report_say(policy->report, MSG_fact_not_usable, out->place, fact_rows[fact].column);
        return false;
    }
    out->op = FORMULA_FACT;
    out->operand = fact;
    out->type = kind == FACT_KIND_FLAG ? FORMULA_TRUTH : FORMULA_NUMBER;
    out->needs.facts = (uint64_t)1 << fact;
    return true;
}

/* In what a class pays, `points` are those of the class. */
static struct policy_formula *points_here(const struct policy *policy, struct policy_formula *formula) {
    const struct policy_formula *asking = policy->parsing;
    bool own = formula == policy->points && asking != NULL && asking->own_points != NULL;
    return own ? asking->own_points : formula;
}

static enum policy_scope scope_here(const struct policy *policy) {
    return policy->parsing != NULL ? policy->parsing->scope : POLICY_OF_CASE;
}

static bool use_name(struct policy *policy, const struct policy_name *name, struct formula_node *out) {
    out->operand = name->number;
    out->type = FORMULA_NUMBER;
    switch (name->kind) {
    case POLICY_PARAMETER:
        out->op = FORMULA_PARAMETER;
        break;
    case POLICY_TABLE:
        out->op = FORMULA_TABLE;
        out->needs.group = policy->tables[name->number].is_mean;
        break;
    case POLICY_COLUMN:
        out->op = FORMULA_COLUMN;
        out->needs.group = true;
        break;
    case POLICY_GROUPS:
        out->op = FORMULA_SET;
        out->type = FORMULA_TRUTH;
        out->needs.group = true;
        break;
    case POLICY_AXIS:
        out->op = FORMULA_MEMBER;
        out->type = FORMULA_AXIS;
        break;
    case POLICY_FIGURE:
        return ask_formula(policy, policy->formulas[name->number], out);
    case POLICY_FORMULA:
        return ask_formula(policy, points_here(policy, policy->formulas[name->number]), out);
    }
    return true;
}

/* Is this name known to the formula that is being parsed? Figures of the settlement know parameters, tables and
 * axes, figures of their own kind and hospitals those of pools. */
static bool is_known_here(const struct policy *policy, const struct policy_name *name) {
    enum policy_scope here = scope_here(policy);
    switch (name->kind) {
    case POLICY_FIGURE:
        return here != POLICY_OF_CASE && policy->formulas[name->number]->scope <= here;
    case POLICY_FORMULA:
    case POLICY_COLUMN:
    case POLICY_GROUPS:
        return here == POLICY_OF_CASE;
    default:
        return true;
    }
}

/* Words that are neither names of the policy nor facts. */
static bool find_word(const struct policy *policy, const char *text, size_t length, struct formula_node *out) {
    static const struct {
        const char *word;
        enum formula_op op;
        uint32_t operand;
        enum formula_type type;
    } rows[] = {{"factor", FORMULA_CASE, FORMULA_CASE_FACTOR, FORMULA_NUMBER},
                {"class", FORMULA_CASE, FORMULA_CASE_CLASS, FORMULA_AXIS},
                {"pay", FORMULA_PAY, 0, FORMULA_NUMBER}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool factor = rows[i].operand == FORMULA_CASE_FACTOR && rows[i].op == FORMULA_CASE;
        if (strlen(rows[i].word) != length || memcmp(rows[i].word, text, length) != 0 ||
            (factor && !policy->from_catalogue)) {
            continue;
        }
        out->op = rows[i].op;
        out->operand = rows[i].operand;
        out->type = rows[i].type;
        out->needs.group = factor;
        out->needs.pay = !factor;
        return true;
    }
    return false;
}

static bool find_name(void *owner, const char *text, size_t length, struct formula_node *out) {
    struct policy *policy = owner;
    struct nearest nearest;
    nearest_start(&nearest, text, length);
    if (memchr(text, '.', length) != NULL) {
        out->op = FORMULA_TOTAL;
        out->type = FORMULA_NUMBER;
        out->operand = policy_total(policy, text, length, out->place);
        return out->operand != IMAGE_NONE32;
    }
    for (size_t i = 0; i < policy->name_count; i++) {
        const char *name = policy->names[i].name;
        if (!is_known_here(policy, &policy->names[i])) {
            continue;
        }
        if (strlen(name) == length && memcmp(name, text, length) == 0) {
            return use_name(policy, &policy->names[i], out);
        }
        nearest_offer(&nearest, name, strlen(name));
    }
    if (scope_here(policy) == POLICY_OF_CASE) {
        if (find_word(policy, text, length, out)) {
            return true;
        }
        enum fact fact = fact_of_column(text, length);
        fact = fact != FACT_COUNT ? fact : fact_of_word(text, length);
        if (fact != FACT_COUNT) {
            return find_fact(policy, fact, out);
        }
        for (int f = 0; f < FACT_COUNT; f++) {
            nearest_offer(&nearest, fact_rows[f].column, strlen(fact_rows[f].column));
        }
    }
    report_say(policy->report, MSG_formula_unknown_name, out->place, report_clip(policy->report, text, length),
               nearest_hint(&nearest, policy->arena));
    return false;
}

/* The first class of that name: `class = high` holds for all that have it. */
static bool find_class(struct policy *policy, const char *word, size_t length, struct place place, uint32_t *out) {
    struct nearest nearest;
    nearest_start(&nearest, word, length);
    for (size_t i = 0; i < policy->class_count; i++) {
        const char *name = policy->classes[i].name;
        if (strlen(name) == length && memcmp(name, word, length) == 0) {
            *out = (uint32_t)i;
            return true;
        }
        nearest_offer(&nearest, name, strlen(name));
    }
    report_say(policy->report, MSG_table_key_unknown, place, report_clip(policy->report, word, length), "classes",
               nearest_hint(&nearest, policy->arena));
    return false;
}

static bool find_member(void *owner, uint32_t number, const char *word, size_t length, struct place place,
                        uint32_t *out) {
    struct policy *policy = owner;
    if (number == FORMULA_CASE_CLASS) {
        return find_class(policy, word, length, place, out);
    }
    const struct policy_axis *axis = &policy->axes[number];
    struct nearest nearest;
    *out = policy_member(axis, word, length);
    if (*out != IMAGE_NONE32) {
        return true;
    }
    nearest_start(&nearest, word, length);
    for (size_t i = 0; i < axis->word_count; i++) {
        nearest_offer(&nearest, axis->words[i].word, strlen(axis->words[i].word));
    }
    report_say(policy->report, MSG_table_key_unknown, place, report_clip(policy->report, word, length),
               arena_format(policy->arena, "%ss", axis->name), nearest_hint(&nearest, policy->arena));
    return false;
}

static bool find_slice(void *owner, uint32_t axis, uint32_t member, struct formula_node *table) {
    struct policy *policy = owner;
    uint32_t part = policy_slice(policy, table->operand, axis, member);
    if (part == IMAGE_NONE32) {
        report_say(policy->report, MSG_slice_axis, table->place, policy->tables[table->operand].name,
                   policy->axes[axis].name);
        return false;
    }
    table->operand = part;
    return true;
}

/* round(value, places) as the last thing of a formula. */
static void round_tree(struct policy *policy, struct policy_formula *formula) {
    struct formula_node *node = ARENA_NEW(policy->arena, struct formula_node);
    *node = *formula->tree;
    node->kind = FORMULA_OPERATION;
    node->op = FORMULA_ROUND;
    node->operand = (uint32_t)formula->places;
    node->text = NULL;
    node->parts[0] = formula->tree;
    node->parts[1] = node->parts[2] = NULL;
    formula->tree = node;
}

/* Parse once; false after a message, now or the first time. */
static bool parse_formula(struct policy *policy, struct policy_formula *formula) {
    if (formula->state != POLICY_NEW) {
        return formula->state == POLICY_PARSED;
    }
    if (policy->depth == FORMULA_CHAIN) {
        report_say(policy->report, MSG_formula_too_large, formula->place);
        formula->state = POLICY_FAILED;
        return false;
    }
    struct formula_names names = {policy, find_name, find_member, find_slice};
    formula->state = POLICY_PARSING;
    policy->depth++;
    struct policy_formula *asking = policy->parsing;
    policy->parsing = formula;
    formula->tree = formula_parse(policy->report, formula->scalar, &names, formula->type);
    policy->parsing = asking;
    policy->depth--;
    formula->state = formula->tree != NULL ? POLICY_PARSED : POLICY_FAILED;
    if (formula->tree != NULL && formula->tree->needs.pay && !formula->after_class) {
        report_say(policy->report, MSG_needs_pay, formula->place);
        formula->state = POLICY_FAILED;
    }
    if (formula->state == POLICY_PARSED) {
        if (formula->places >= 0 && formula->tree->type == FORMULA_NUMBER) {
            round_tree(policy, formula);
        }
        give_number(policy, formula);
    }
    return formula->state == POLICY_PARSED;
}

/* ---- the policy's own formulas ---- */

/* A formula with a name. Its type is not known before it is parsed: `values` may be conditions too. */
static struct policy_formula *named(struct policy *policy, const char *name, struct place place,
                                    const struct node *scalar) {
    if (scalar == NULL || node_text(policy->report, scalar, name) == NULL) {
        return NULL;
    }
    uint32_t number = (uint32_t)policy->formula_count;
    struct policy_formula *formula = new_formula(policy, name, scalar);
    policy_name(policy, name, place, POLICY_FORMULA, number);
    return formula;
}

static struct policy_formula *unnamed(struct policy *policy, const char *name, const struct node *scalar,
                                      enum formula_type type) {
    if (scalar == NULL || node_text(policy->report, scalar, name) == NULL) {
        return NULL;
    }
    struct policy_formula *formula = new_formula(policy, name, scalar);
    formula->type = type;
    return formula;
}

struct policy_formula *policy_new_formula(struct policy *policy, const char *name, const struct node *scalar,
                                          enum formula_type type) {
    return unnamed(policy, name, scalar, type);
}

bool policy_parse(struct policy *policy, struct policy_formula *formula) {
    return parse_formula(policy, formula);
}

/* ---- classes ---- */

static const struct {
    const char *word;
    uint32_t bit;
} case_kinds[] = {{"grouped", IMAGE_CLASS_GROUPED}, {"qy", IMAGE_CLASS_QY}, {"ungrouped", IMAGE_CLASS_UNGROUPED}};
enum { CASE_KINDS = sizeof case_kinds / sizeof case_kinds[0] };

static uint32_t case_kind(struct policy *policy, const struct node *node) {
    const char *text = node_text(policy->report, node, "for");
    for (size_t i = 0; text != NULL && i < CASE_KINDS; i++) {
        if (strcmp(text, case_kinds[i].word) == 0) {
            return case_kinds[i].bit;
        }
    }
    if (text != NULL) {
        report_say(policy->report, MSG_wrong_choice, node->place, "for",
                   report_clip(policy->report, text, node->length), "grouped, qy, ungrouped", "");
    }
    return 0;
}

static uint32_t read_cases(struct policy *policy, const struct node *node) {
    if (node == NULL) {
        return IMAGE_CLASS_GROUPED;
    }
    if (node->kind == NODE_SCALAR) {
        return case_kind(policy, node);
    }
    uint32_t cases = 0;
    if (node_expect(policy->report, node, NODE_LIST, "for") != NULL) {
        for (size_t i = 0; i < node->count; i++) {
            cases |= case_kind(policy, node->items[i]);
        }
    }
    return cases;
}

/* A formula that the policy does not write out, made of others: its text parsed at the place of `at`. */
static struct policy_formula *implied(struct policy *policy, const char *name, const char *text,
                                      const struct node *at) {
    struct node *scalar = ARENA_NEW(policy->arena, struct node);
    *scalar = (struct node){.kind = NODE_SCALAR,
                            .place = at->place,
                            .text = text,
                            .length = strlen(text),
                            .source = at->source,
                            .offset = at->offset};
    return unnamed(policy, name, scalar, FORMULA_NUMBER);
}

static const char *class_method(struct policy *policy, const struct node *map) {
    const struct node *method = node_get(map, "method");
    const char *text = policy_text(policy, map, "method");
    const char *at = text[0] != '\0' ? strstr(policy->methods, text) : text;
    size_t length = strlen(text);
    if (at == NULL || (length > 0 && at[length] != '\0' && at[length] != ',')) {
        report_say(policy->report, MSG_wrong_choice, method->place, "method",
                   report_clip(policy->report, text, method->length), policy->methods, "");
    }
    return text;
}

/* What a class without `pay` pays: its own points at the point value, or the standard. */
static struct policy_formula *implied_pay(struct policy *policy, const struct node *map,
                                          struct policy_formula *points) {
    struct policy_formula *pay = implied(policy, "pay", points != NULL ? "points * point_value" : "standard", map);
    if (pay != NULL) {
        pay->own_points = points;
    }
    return pay;
}

static void read_class(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"class", "when", "pay", "points", "for", "method", "quota", NULL};
    if (node_expect(policy->report, map, NODE_MAP, "a class") == NULL) {
        return;
    }
    node_check_keys(policy->report, map, keys, "a class");
    const struct node *name = node_need(policy->report, map, "class", "a class");
    const char *text = name != NULL ? node_text(policy->report, name, "class") : NULL;
    struct policy_class class = {.name = text != NULL ? text : "", .place = map->place};
    const struct node *when = node_get(map, "when"), *points = node_get(map, "points");
    class.cases = read_cases(policy, node_get(map, "for"));
    class.when = unnamed(policy, arena_format(policy->arena, "class %s", class.name), when, FORMULA_TRUTH);
    class.method = class_method(policy, map);
    class.quota = node_get(map, "quota");
    class.points = unnamed(policy, "points", points, FORMULA_NUMBER);
    if (class.points != NULL) {
        class.points->places = policy->points_places;
    }
    const struct node *pay = node_get(map, "pay");
    class.pay = pay != NULL ? unnamed(policy, "pay", pay, FORMULA_NUMBER) : implied_pay(policy, map, class.points);
    if (class.pay != NULL) {
        class.pay->own_points = class.points;
    }
    ARENA_PUSH(policy->arena, policy->classes, policy->class_count, policy->class_capacity, class);
}

/* Each kind of case that has classes has one that takes all, and nothing for it after that. */
static void check_order(struct policy *policy) {
    for (size_t k = 0; k < CASE_KINDS; k++) {
        const struct policy_class *all = NULL;
        bool any = case_kinds[k].bit == IMAGE_CLASS_GROUPED;
        for (size_t i = 0; i < policy->class_count; i++) {
            const struct policy_class *class = &policy->classes[i];
            if ((class->cases & case_kinds[k].bit) == 0) {
                continue;
            }
            any = true;
            if (all != NULL) {
                report_say(policy->report, MSG_class_unreachable, class->place, class->name, all->name,
                           all->place.line);
                return;
            }
            all = class->when == NULL && class->quota == NULL ? class : NULL;
        }
        if (any && all == NULL) {
            struct place place =
                policy->class_count > 0 ? policy->classes[policy->class_count - 1].place : policy->place;
            report_say(policy->report, MSG_no_catch_all, place, case_kinds[k].word);
        }
    }
}

static void check_needs(struct policy *policy, const struct policy_class *class) {
    if ((class->cases & ~(uint32_t)IMAGE_CLASS_GROUPED) == 0) {
        return;
    }
    const struct policy_formula *formulas[] = {class->when, class->pay, class->points};
    for (size_t i = 0; i < 3; i++) {
        if (formulas[i] != NULL && formulas[i]->tree != NULL && formulas[i]->tree->needs.group) {
            report_say(policy->report, MSG_needs_a_group, formulas[i]->place,
                       arena_format(policy->arena, "the class %s", class->name), "rw or lists of groups");
        }
    }
}

/* ---- bounds of the normal class ---- */

static bool is_cost(const struct formula_node *node) {
    return node->kind == FORMULA_OPERATION && node->op == FORMULA_FACT && node->operand == FACT_COST;
}

/* A condition `cost < X` or `X > cost`, X not asking for cost: the side of X, and the comparison as of cost with X.
 */
static struct formula_node **bound_of(struct formula_node *when, enum formula_op *op) {
    static const enum formula_op mirrored[] = {FORMULA_GREATER, FORMULA_GREATER_EQUAL, FORMULA_LESS,
                                               FORMULA_LESS_EQUAL};
    if (when->kind != FORMULA_OPERATION || when->op < FORMULA_LESS || when->op > FORMULA_GREATER_EQUAL) {
        return NULL;
    }
    unsigned side = is_cost(when->parts[0]) ? 1 : 0;
    struct formula_node *bound = when->parts[side];
    if (!is_cost(when->parts[1 - side]) || (bound->needs.facts >> FACT_COST & 1) != 0) {
        return NULL;
    }
    *op = side == 1 ? when->op : mirrored[when->op - FORMULA_LESS];
    return &when->parts[side];
}

/* Make a formula of its own of the bound, so that it is computed once and can be shown. */
static struct policy_formula *name_bound(struct policy *policy, const struct policy_class *class, const char *name,
                                         struct formula_node **side) {
    struct policy_formula *bound = new_formula(policy, name, class->when->scalar);
    bound->text = (*side)->text;
    bound->place = (*side)->place;
    bound->tree = *side;
    bound->state = POLICY_PARSED;
    /* It must come before the class's condition, which is moved behind it. */
    policy->order_count--;
    give_number(policy, bound);
    give_number(policy, class->when);
    struct formula_node *value = ARENA_NEW(policy->arena, struct formula_node);
    *value = **side;
    value->kind = FORMULA_OPERATION;
    value->op = FORMULA_VALUE;
    value->operand = bound->number;
    value->parts[0] = value->parts[1] = value->parts[2] = NULL;
    *side = value;
    return bound;
}

/* `cost < X` before the normal class bounds it from below, `cost > X` from above; the last of each counts. A normal
 * class with a condition of its own says its bound the other way round. Called right after the condition of the
 * class was parsed. False: classes after this one are beyond the normal class. */
static bool note_bound(struct policy *policy, const struct policy_class *class) {
    bool normal = strcmp(class->name, "normal") == 0;
    enum formula_op op;
    struct formula_node **side = class->when != NULL ? bound_of(class->when->tree, &op) : NULL;
    if (side == NULL) {
        return !normal && class->when != NULL;
    }
    bool less = op == FORMULA_LESS || op == FORMULA_LESS_EQUAL;
    bool inclusive = (op == FORMULA_LESS_EQUAL || op == FORMULA_GREATER_EQUAL) != normal;
    struct policy_formula *bound = name_bound(policy, class, less != normal ? "low_below" : "high_above", side);
    if (less != normal) {
        policy->low_below = bound;
        policy->low_inclusive = inclusive;
    } else {
        policy->high_above = bound;
        policy->high_inclusive = inclusive;
    }
    return !normal;
}

/* ---- all ---- */

static bool parse_class(struct policy *policy, struct policy_class *class, bool bounds) {
    if (class->when != NULL && parse_formula(policy, class->when) && bounds &&
        (class->cases & IMAGE_CLASS_GROUPED) != 0) {
        bounds = note_bound(policy, class);
    } else if (class->when == NULL && (class->cases & IMAGE_CLASS_GROUPED) != 0) {
        bounds = false;
    }
    if (class->points != NULL) {
        parse_formula(policy, class->points);
    }
    if (class->pay != NULL) {
        parse_formula(policy, class->pay);
    }
    check_needs(policy, class);
    return bounds;
}

static struct policy_formula *need_named(struct policy *policy, const struct node *root, const char *name,
                                         int places) {
    const struct node *scalar = node_need(policy->report, root, name, "the policy");
    struct policy_formula *formula = named(policy, name, scalar != NULL ? scalar->place : root->place, scalar);
    if (formula != NULL) {
        formula->places = places;
    }
    return formula;
}

/* points, point_value and standard, which is points * point_value unless it is said. */
static void read_base(struct policy *policy, const struct node *root) {
    const struct node *standard = node_get(root, "standard");
    policy->points = need_named(policy, root, "points", policy->points_places);
    policy->point_value = need_named(policy, root, "point_value", policy->value_places);
    if (standard != NULL) {
        policy->standard = need_named(policy, root, "standard", policy->standard_places);
        return;
    }
    const struct node *points = node_get(root, "points");
    uint32_t number = (uint32_t)policy->formula_count;
    policy->standard = implied(policy, "standard", "points * point_value", points != NULL ? points : root);
    policy->standard->places = policy->standard_places;
    policy_name(policy, "standard", policy->standard->place, POLICY_FORMULA, number);
}

void policy_read_formulas(struct policy *policy, const struct node *root) {
    const struct node *values = node_get(root, "values");
    if (values != NULL && node_expect(policy->report, values, NODE_MAP, "values") != NULL) {
        for (size_t i = 0; i < values->count; i++) {
            struct policy_formula *value =
                named(policy, values->keys[i]->text, values->keys[i]->place, values->items[i]);
            if (value != NULL) {
                value->type = FORMULA_ANY;
            }
        }
    }
    read_base(policy, root);
    for (size_t i = 0; i < policy->formula_count; i++) {
        parse_formula(policy, policy->formulas[i]);
    }
    const struct node *classes = node_need(policy->report, root, "classes", "the policy");
    if (classes != NULL && node_expect(policy->report, classes, NODE_LIST, "classes") != NULL) {
        for (size_t i = 0; i < classes->count; i++) {
            read_class(policy, classes->items[i]);
        }
        check_order(policy);
    }
    bool bounds = true;
    for (size_t i = 0; i < policy->class_count; i++) {
        bounds = parse_class(policy, &policy->classes[i], bounds);
    }
    policy->fund = unnamed(policy, "fund", node_need(policy->report, root, "fund", "the policy"), FORMULA_NUMBER);
    if (policy->fund != NULL) {
        policy->fund->after_class = true;
        parse_formula(policy, policy->fund);
    }
}
