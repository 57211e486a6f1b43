/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame of a policy: its head, names, parameters and lists of groups. */
#include "policy.h"

#include <string.h>
#include <strings.h>

/* ---- names ---- */

static const char *name_is_taken(const struct policy *policy, const char *name, enum policy_name_kind kind) {
    static const char *const words[] = {"and",  "or",      "not", "if",   "min",  "max", "round", "floor",
                                        "ceil", "present", "pay", "fund", "else", "by",  "class"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(name, words[i]) == 0) {
            return "a word of formulas";
        }
    }
    size_t length = strlen(name);
    enum fact fact = fact_of_column(name, length);
    fact = fact != FACT_COUNT ? fact : fact_of_word(name, length);
    if (fact != FACT_COUNT && !(kind == POLICY_AXIS && fact_rows[fact].kind == FACT_KIND_TEXT)) {
        return "a fact of the case";
    }
    for (size_t i = 0; i < policy->name_count; i++) {
        bool apart = kind == POLICY_FIGURE && policy->names[i].kind != POLICY_FIGURE;
        if (strcmp(policy->names[i].name, name) == 0 && !apart) {
            return arena_format(policy->arena, "used already in line %u", policy->names[i].place.line);
        }
    }
    return NULL;
}

bool policy_name(struct policy *policy, const char *name, struct place place, enum policy_name_kind kind,
                 uint32_t number) {
    size_t length = strlen(name);
    if (length == 0 || formula_name_length(name) != length) {
        report_say(policy->report, MSG_bad_name, place, report_clip(policy->report, name, length));
        return false;
    }
    const char *taken = name_is_taken(policy, name, kind);
    if (taken != NULL) {
        report_say(policy->report, MSG_name_taken, place, report_clip(policy->report, name, length), taken);
        return false;
    }
    if (policy->name_count == POLICY_NAMES_MAX) {
        report_say(policy->report, MSG_policy_limit, place, (unsigned)POLICY_NAMES_MAX, "names in a policy");
        return false;
    }
    struct policy_name entry = {name, kind, number, place};
    ARENA_PUSH(policy->arena, policy->names, policy->name_count, policy->name_capacity, entry);
    return true;
}

/* ---- parts ---- */

bool policy_decimal(struct policy *policy, const struct node *scalar, const char *what, struct decimal *out) {
    const char *text = node_text(policy->report, scalar, what);
    if (text == NULL) {
        return false;
    }
    size_t length = scalar->length;
    bool percent = length > 1 && text[length - 1] == '%';
    if (decimal_read(text, length - percent, out) != DECIMAL_OK ||
        (percent && out->denominator > decimal_power(DECIMAL_PLACES - 2))) {
        report_say(policy->report, MSG_bad_decimal, scalar->place, what, report_clip(policy->report, text, length));
        return false;
    }
    out->denominator *= percent ? 100 : 1;
    return true;
}

bool policy_flag(struct policy *policy, const struct node *map, const char *key) {
    const struct node *node = node_get(map, key);
    if (node == NULL) {
        return false;
    }
    const char *text = node_text(policy->report, node, key);
    if (text != NULL && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        report_say(policy->report, MSG_wrong_choice, node->place, key,
                   report_clip(policy->report, text, node->length), "true, false", "");
    }
    return text != NULL && strcmp(text, "true") == 0;
}

const char *policy_text(struct policy *policy, const struct node *map, const char *key) {
    const struct node *node = node_get(map, key);
    const char *text = node != NULL ? node_text(policy->report, node, key) : NULL;
    return text != NULL ? text : "";
}

static void read_parameters(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"value", "note", "demonstration", NULL};
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "parameters") == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct node *value = map->items[i];
        struct policy_parameter parameter = {.name = map->keys[i]->text, .note = "", .place = map->keys[i]->place};
        if (value->kind == NODE_MAP) {
            node_check_keys(policy->report, value, keys, "a parameter");
            parameter.note = policy_text(policy, value, "note");
            parameter.demonstration = policy_flag(policy, value, "demonstration");
            value = node_need(policy->report, value, "value", parameter.name);
        }
        if (value == NULL || !policy_decimal(policy, value, parameter.name, &parameter.value)) {
            parameter.value = (struct decimal){0, 1};
        }
        if (policy_name(policy, parameter.name, parameter.place, POLICY_PARAMETER,
                        (uint32_t)policy->parameter_count)) {
            ARENA_PUSH(policy->arena, policy->parameters, policy->parameter_count, policy->parameter_capacity,
                       parameter);
        }
    }
}

/* A list of codes, or of MDCs, into items. */
static void read_items(struct policy *policy, const struct node *list, const char *name, const struct node ***items,
                       size_t *count, size_t *capacity) {
    if (list == NULL || node_expect(policy->report, list, NODE_LIST, name) == NULL) {
        return;
    }
    for (size_t k = 0; k < list->count; k++) {
        if (node_text(policy->report, list->items[k], "a group") != NULL) {
            ARENA_PUSH(policy->arena, *items, *count, *capacity, list->items[k]);
        }
    }
}

static void read_groups(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"drgs", "mdcs", "note", "demonstration", NULL};
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "groups") == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct node *value = map->items[i], *mdcs = NULL;
        struct policy_groups groups = {.name = map->keys[i]->text, .note = "", .place = map->keys[i]->place};
        if (value->kind == NODE_MAP) {
            node_check_keys(policy->report, value, keys, "a list of groups");
            groups.note = policy_text(policy, value, "note");
            groups.demonstration = policy_flag(policy, value, "demonstration");
            mdcs = node_get(value, "mdcs");
            value = mdcs != NULL ? node_get(value, "drgs") : node_need(policy->report, value, "drgs", groups.name);
        }
        read_items(policy, value, groups.name, &groups.items, &groups.item_count, &groups.item_capacity);
        read_items(policy, mdcs, groups.name, &groups.mdcs, &groups.mdc_count, &groups.mdc_capacity);
        if (policy_name(policy, groups.name, groups.place, POLICY_GROUPS, (uint32_t)policy->groups_count)) {
            ARENA_PUSH(policy->arena, policy->groups, policy->groups_count, policy->groups_capacity, groups);
        }
    }
}

/* absent: {other_paid: 0}: a fact that a case does not have counts as 0. */
static void read_absent(struct policy *policy, const struct node *map) {
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "absent") == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct node *key = map->keys[i];
        enum fact fact = fact_of_column(key->text, key->length);
        if (fact == FACT_COUNT ||
            (fact_rows[fact].kind != FACT_KIND_MONEY && fact_rows[fact].kind != FACT_KIND_NUMBER &&
             fact_rows[fact].kind != FACT_KIND_FLAG)) {
            report_say(policy->report, MSG_unknown_fact, key->place,
                       report_clip(policy->report, key->text, key->length), "");
            continue;
        }
        int64_t zero;
        if (node_number(policy->report, map->items[i], "what an absent fact counts as", 0, 0, &zero)) {
            policy->zero_if_absent |= (uint64_t)1 << fact;
        }
    }
}

static int read_places(struct policy *policy, const struct node *map, const char *key, int most, int otherwise) {
    const struct node *node = node_get(map, key);
    int64_t places;
    const char *what = arena_format(policy->arena, "places of `%s`", key);
    return node != NULL && node_number(policy->report, node, what, 0, most, &places) ? (int)places : otherwise;
}

static void read_rounding(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"pay", "fund", "points", "point_value", "standard", NULL};
    policy->pay_places = policy->fund_places = 2;
    policy->points_places = policy->value_places = policy->standard_places = -1;
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "rounding") == NULL) {
        return;
    }
    node_check_keys(policy->report, map, keys, "rounding");
    policy->pay_places = (uint32_t)read_places(policy, map, "pay", 2, 2);
    policy->fund_places = (uint32_t)read_places(policy, map, "fund", 2, 2);
    policy->points_places = read_places(policy, map, "points", FORMULA_ROUND_MAX, -1);
    policy->value_places = read_places(policy, map, "point_value", FORMULA_ROUND_MAX, -1);
    policy->standard_places = read_places(policy, map, "standard", FORMULA_ROUND_MAX, -1);
}

/* Points that are added up over cases are held in 1/10000. */
static void round_added_points(struct policy *policy, const struct node *settlement) {
    enum { ADDED_PLACES = 4 };
    if (node_get(settlement, "pool") != NULL &&
        (policy->points_places < 0 || policy->points_places > ADDED_PLACES)) {
        policy->points_places = ADDED_PLACES;
    }
}

static const char *read_date(struct policy *policy, const struct node *map, const char *key) {
    const char *text = policy_text(policy, map, key);
    if (text[0] != '\0' && !text_is_date(text)) {
        const struct node *node = node_get(map, key);
        report_say(policy->report, MSG_bad_date, node->place, key, report_clip(policy->report, text, node->length));
        return "";
    }
    return text;
}

static void read_dates(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"from", "until", NULL};
    policy->from = policy->until = "";
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "in_force") == NULL) {
        return;
    }
    node_check_keys(policy->report, map, keys, "in_force");
    policy->from = read_date(policy, map, "from");
    policy->until = read_date(policy, map, "until");
    if (policy->from[0] != '\0' && policy->until[0] != '\0' && strcmp(policy->from, policy->until) > 0) {
        report_say(policy->report, MSG_dates_reversed, map->place, policy->until, policy->from);
    }
}

static const char *join(struct policy *policy, const char *list, const char *name) {
    return arena_format(policy->arena, "%s%s%s", list, list[0] != '\0' ? ", " : "", name);
}

/* Outputs made with demonstration values must say so: the note names them. */
static void note_demonstrations(struct policy *policy) {
    const char *list = "";
    for (size_t i = 0; i < policy->parameter_count; i++) {
        list = policy->parameters[i].demonstration ? join(policy, list, policy->parameters[i].name) : list;
    }
    for (size_t i = 0; i < policy->table_count; i++) {
        list = policy->tables[i].demonstration ? join(policy, list, policy->tables[i].name) : list;
    }
    for (size_t i = 0; i < policy->groups_count; i++) {
        list = policy->groups[i].demonstration ? join(policy, list, policy->groups[i].name) : list;
    }
    if (list[0] != '\0') {
        policy->note = arena_format(policy->arena, "%s%sdemonstration values: %s", policy->note,
                                    policy->note[0] != '\0' ? "; " : "", list);
    }
}

/* ---- the file ---- */

static void read_method(struct policy *policy, const struct node *node) {
    static const char *const methods[] = {"drg-rate", "drg-points", "dip-points", "bed-day", "by-item"};
    const char *text = node_text(policy->report, node, "method");
    for (size_t i = 0; text != NULL && i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(text, methods[i]) == 0) {
            policy->methods = join(policy, policy->methods, text);
            return;
        }
    }
    if (text != NULL) {
        report_say(policy->report, MSG_wrong_choice, node->place, "method",
                   report_clip(policy->report, text, node->length),
                   "drg-rate, drg-points, dip-points, bed-day, by-item", "");
    }
}

/* What the policy pays by: one method, or a list of those that its classes use. */
static void read_methods(struct policy *policy, const struct node *node) {
    policy->methods = "";
    if (node == NULL || node->kind == NODE_SCALAR) {
        if (node != NULL) {
            read_method(policy, node);
        }
    } else if (node_expect(policy->report, node, NODE_LIST, "method") != NULL) {
        for (size_t i = 0; i < node->count; i++) {
            read_method(policy, node->items[i]);
        }
    }
}

static void read_head(struct policy *policy, const struct node *root) {
    const struct node *id = node_need(policy->report, root, "policy", "the policy");
    const struct node *scheme = node_need(policy->report, root, "scheme", "the policy");
    const char *text = id != NULL ? node_text(policy->report, id, "policy") : NULL;
    policy->id = text != NULL ? text : "";
    text = scheme != NULL ? node_text(policy->report, scheme, "scheme") : NULL;
    policy->scheme_id = text != NULL ? text : "";
    policy->scheme_place = scheme != NULL ? scheme->place : root->place;
    policy->title = policy_text(policy, root, "title");
    node_need(policy->report, root, "source", "the policy");
    node_need(policy->report, root, "date", "the policy");
    policy->source = policy_text(policy, root, "source");
    policy->note = policy_text(policy, root, "note");
    read_date(policy, root, "date");
    const char *sure = policy_text(policy, root, "sure");
    if (sure[0] != '\0') {
        policy->note =
            arena_format(policy->arena, "%s%s%s", sure, policy->note[0] != '\0' ? "; " : "", policy->note);
    }
    read_methods(policy, node_need(policy->report, root, "method", "the policy"));
    read_dates(policy, node_get(root, "in_force"));
}

struct policy *policy_read(struct sources *sources, const char *path, struct place from) {
    static const char *const keys[] = {"policy", "extends",     "title",    "source",     "date",   "sure",
                                       "note",   "scheme",      "method",   "in_force",   "pools",  "levels",
                                       "axes",   "weights",     "tables",   "parameters", "groups", "values",
                                       "points", "point_value", "standard", "classes",    "fund",   "rounding",
                                       "absent", "settlement",  NULL};
    struct node *root = policy_document(sources, path, from);
    if (root == NULL) {
        return NULL;
    }
    struct policy *policy = ARENA_NEW(sources->arena, struct policy);
    policy->arena = sources->arena;
    policy->report = sources->report;
    policy->sources = sources;
    policy->place = root->place;
    node_check_keys(policy->report, root, keys, "a policy");
    read_head(policy, root);
    policy_read_axes(policy, root);
    policy_read_weights(policy, node_get(root, "weights"));
    read_parameters(policy, node_get(root, "parameters"));
    read_groups(policy, node_get(root, "groups"));
    policy_read_tables(policy, node_get(root, "tables"));
    read_absent(policy, node_get(root, "absent"));
    read_rounding(policy, node_get(root, "rounding"));
    round_added_points(policy, node_get(root, "settlement"));
    policy_read_formulas(policy, root);
    policy_read_settlement(policy, node_get(root, "settlement"));
    note_demonstrations(policy);
    return policy;
}
