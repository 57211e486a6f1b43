/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame of a policy: its head, names, parameters and lists of groups. */
#include "policy.h"

#include <string.h>
#include <strings.h>

/* ---- names ---- */

static const char *name_is_taken(const struct policy *policy, const char *name) {
    static const char *const words[] = {"and",   "or",   "not",     "if",  "min",  "max",  "round",
                                        "floor", "ceil", "present", "pay", "fund", "else", "by"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(name, words[i]) == 0) {
            return "a word of formulas";
        }
    }
    size_t length = strlen(name);
    if (fact_of_column(name, length) != FACT_COUNT || fact_of_word(name, length) != FACT_COUNT) {
        return "a fact of the case";
    }
    for (size_t i = 0; i < policy->name_count; i++) {
        if (strcmp(policy->names[i].name, name) == 0) {
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
    const char *taken = name_is_taken(policy, name);
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

static bool read_flag(struct policy *policy, const struct node *map, const char *key) {
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

static const char *optional_text(struct policy *policy, const struct node *map, const char *key) {
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
            parameter.note = optional_text(policy, value, "note");
            parameter.demonstration = read_flag(policy, value, "demonstration");
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

static void read_groups(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"drgs", "note", "demonstration", NULL};
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "groups") == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct node *value = map->items[i];
        struct policy_groups groups = {.name = map->keys[i]->text, .note = "", .place = map->keys[i]->place};
        if (value->kind == NODE_MAP) {
            node_check_keys(policy->report, value, keys, "a list of groups");
            groups.note = optional_text(policy, value, "note");
            groups.demonstration = read_flag(policy, value, "demonstration");
            value = node_need(policy->report, value, "drgs", groups.name);
        }
        if (value == NULL || node_expect(policy->report, value, NODE_LIST, groups.name) == NULL) {
            continue;
        }
        for (size_t k = 0; k < value->count; k++) {
            if (node_text(policy->report, value->items[k], "a group") != NULL) {
                ARENA_PUSH(policy->arena, groups.items, groups.item_count, groups.item_capacity, value->items[k]);
            }
        }
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

static void read_rounding(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"pay", "fund", NULL};
    policy->pay_places = policy->fund_places = 2;
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "rounding") == NULL) {
        return;
    }
    node_check_keys(policy->report, map, keys, "rounding");
    const struct node *pay = node_get(map, "pay"), *fund = node_get(map, "fund");
    int64_t places;
    if (pay != NULL && node_number(policy->report, pay, "places of `pay`", 0, 2, &places)) {
        policy->pay_places = (uint32_t)places;
    }
    if (fund != NULL && node_number(policy->report, fund, "places of `fund`", 0, 2, &places)) {
        policy->fund_places = (uint32_t)places;
    }
}

static const char *read_date(struct policy *policy, const struct node *map, const char *key) {
    const char *text = optional_text(policy, map, key);
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

/* Outputs made with demonstration values must say so: the note names them. */
static void note_demonstrations(struct policy *policy) {
    const char *list = "";
    for (size_t i = 0; i < policy->parameter_count; i++) {
        if (policy->parameters[i].demonstration) {
            list = arena_format(policy->arena, "%s%s%s", list, list[0] != '\0' ? ", " : "",
                                policy->parameters[i].name);
        }
    }
    for (size_t i = 0; i < policy->groups_count; i++) {
        if (policy->groups[i].demonstration) {
            list = arena_format(policy->arena, "%s%s%s", list, list[0] != '\0' ? ", " : "", policy->groups[i].name);
        }
    }
    if (list[0] != '\0') {
        policy->note = arena_format(policy->arena, "%s%sdemonstration values: %s", policy->note,
                                    policy->note[0] != '\0' ? "; " : "", list);
    }
}

/* ---- the file ---- */

static void read_head(struct policy *policy, const struct node *root) {
    const struct node *id = node_need(policy->report, root, "policy", "the policy");
    const struct node *scheme = node_need(policy->report, root, "scheme", "the policy");
    const char *text = id != NULL ? node_text(policy->report, id, "policy") : NULL;
    policy->id = text != NULL ? text : "";
    text = scheme != NULL ? node_text(policy->report, scheme, "scheme") : NULL;
    policy->scheme_id = text != NULL ? text : "";
    policy->scheme_place = scheme != NULL ? scheme->place : root->place;
    policy->title = optional_text(policy, root, "title");
    node_need(policy->report, root, "source", "the policy");
    node_need(policy->report, root, "date", "the policy");
    policy->source = optional_text(policy, root, "source");
    policy->note = optional_text(policy, root, "note");
    read_date(policy, root, "date");
    const char *sure = optional_text(policy, root, "sure");
    if (sure[0] != '\0') {
        policy->note =
            arena_format(policy->arena, "%s%s%s", sure, policy->note[0] != '\0' ? "; " : "", policy->note);
    }
    const struct node *method = node_need(policy->report, root, "method", "the policy");
    text = method != NULL ? node_text(policy->report, method, "method") : NULL;
    if (text != NULL && strcmp(text, "drg-rate") != 0) {
        report_say(policy->report, MSG_wrong_choice, method->place, "method",
                   report_clip(policy->report, text, method->length), "drg-rate", "");
    }
    read_dates(policy, node_get(root, "in_force"));
}

struct policy *policy_read(struct sources *sources, const char *path, struct place from) {
    static const char *const keys[] = {
        "policy",      "title",    "source",  "date",    "sure",     "note",       "scheme", "method", "in_force",
        "pools",       "levels",   "axes",    "weights", "tables",   "parameters", "groups", "values", "points",
        "point_value", "standard", "classes", "fund",    "rounding", "absent",     NULL};
    struct node *root = document_read(sources, path, from);
    if (root == NULL || node_expect(sources->report, root, NODE_MAP, "a policy") == NULL) {
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
    policy_read_weights(policy, node_need(policy->report, root, "weights", "the policy"));
    read_parameters(policy, node_get(root, "parameters"));
    read_groups(policy, node_get(root, "groups"));
    policy_read_tables(policy, node_get(root, "tables"));
    read_absent(policy, node_get(root, "absent"));
    read_rounding(policy, node_get(root, "rounding"));
    policy_read_formulas(policy, root);
    note_demonstrations(policy);
    return policy;
}
