/* SPDX-License-Identifier: Apache-2.0
 *
 * The `settlement` of a policy: totals of pools and hospitals, the figures that are computed from them, quotas. */
#include <string.h>

#include "policy.h"

/* ---- totals ---- */

static const struct {
    const char *name;
    enum image_total_kind kind;
} own_totals[] = {{"cases", IMAGE_TOTAL_CASES},
                  {"unpriced", IMAGE_TOTAL_UNPRICED},
                  {"points", IMAGE_TOTAL_POINTS},
                  {"standard", IMAGE_TOTAL_STANDARD},
                  {"fund", IMAGE_TOTAL_FUND}};
enum { OWN_TOTALS = sizeof own_totals / sizeof own_totals[0] };

static uint32_t find_total(const struct policy *policy, const char *name, size_t length) {
    for (size_t i = 0; i < policy->total_count; i++) {
        if (strlen(policy->totals[i].name) == length && memcmp(policy->totals[i].name, name, length) == 0) {
            return (uint32_t)i;
        }
    }
    return IMAGE_NONE32;
}

static uint32_t add_total(struct policy *policy, struct policy_total total) {
    if (policy->total_count == IMAGE_TOTALS_MAX) {
        report_say(policy->report, MSG_policy_limit, total.place, (unsigned)IMAGE_TOTALS_MAX, "totals");
        return IMAGE_NONE32;
    }
    ARENA_PUSH(policy->arena, policy->totals, policy->total_count, policy->total_capacity, total);
    return (uint32_t)policy->total_count - 1;
}

static bool is_summable(enum fact fact) {
    return fact != FACT_COUNT &&
           (fact_rows[fact].kind == FACT_KIND_MONEY || fact_rows[fact].kind == FACT_KIND_NUMBER ||
            fact_rows[fact].kind == FACT_KIND_FLAG);
}

/* A total by its word, made if it is one that needs no saying. */
static uint32_t total_of(struct policy *policy, const char *word, size_t length, struct place place) {
    uint32_t found = find_total(policy, word, length);
    struct policy_total total = {
        .name = arena_copy(policy->arena, word, length), .place = place, .otherwise = {0, 1}};
    for (size_t i = 0; i < OWN_TOTALS && found == IMAGE_NONE32; i++) {
        if (strcmp(own_totals[i].name, total.name) == 0) {
            total.kind = own_totals[i].kind;
            found = add_total(policy, total);
        }
    }
    enum fact fact = fact_of_column(word, length);
    if (found == IMAGE_NONE32 && is_summable(fact)) {
        total.kind = IMAGE_TOTAL_FACT;
        total.fact = fact;
        found = add_total(policy, total);
    }
    return found;
}

static void say_unknown_total(struct policy *policy, const char *text, size_t length, size_t dot,
                              struct place place) {
    struct nearest nearest;
    nearest_start(&nearest, text + dot + 1, length - dot - 1);
    for (size_t i = 0; i < policy->total_count; i++) {
        nearest_offer(&nearest, policy->totals[i].name, strlen(policy->totals[i].name));
    }
    for (size_t i = 0; i < OWN_TOTALS; i++) {
        nearest_offer(&nearest, own_totals[i].name, strlen(own_totals[i].name));
    }
    report_say(policy->report, MSG_unknown_total, place, report_clip(policy->report, text, length),
               nearest_hint(&nearest, policy->arena));
}

uint32_t policy_total(struct policy *policy, const char *text, size_t length, struct place place) {
    static const char *const scopes[IMAGE_SCOPES] = {"pool", "hospital", "all"};
    size_t dot = (size_t)((const char *)memchr(text, '.', length) - text);
    uint32_t scope = 0;
    while (scope < IMAGE_SCOPES && (strlen(scopes[scope]) != dot || memcmp(scopes[scope], text, dot) != 0)) {
        scope++;
    }
    enum policy_scope here = policy->parsing != NULL ? policy->parsing->scope : POLICY_OF_CASE;
    if (scope == IMAGE_SCOPES) {
        say_unknown_total(policy, text, length, dot, place);
        return IMAGE_NONE32;
    }
    if (here == POLICY_OF_CASE || (here == POLICY_OF_POOL && scope == IMAGE_SCOPE_HOSPITAL)) {
        report_say(policy->report, MSG_total_misplaced, place, report_clip(policy->report, text, length));
        return IMAGE_NONE32;
    }
    uint32_t number = total_of(policy, text + dot + 1, length - dot - 1, place);
    bool fits =
        number != IMAGE_NONE32 && (scope == IMAGE_SCOPE_HOSPITAL ? policy->totals[number].kind != IMAGE_TOTAL_BUDGET
                                                                 : policy->totals[number].kind != IMAGE_TOTAL_ITEM);
    if (!fits) {
        say_unknown_total(policy, text, length, dot, place);
        return IMAGE_NONE32;
    }
    return number + scope * IMAGE_TOTAL_SCOPE;
}

/* ---- what files say ---- */

static void read_item(struct policy *policy, const struct node *key, const struct node *value,
                      enum image_total_kind kind) {
    struct policy_total total = {.name = key->text, .place = key->place, .kind = kind, .otherwise = {0, 1}};
    size_t length = strlen(key->text);
    enum fact fact = fact_of_column(key->text, length);
    bool own = is_summable(fact);
    for (size_t i = 0; i < OWN_TOTALS; i++) {
        own |= strcmp(own_totals[i].name, key->text) == 0;
    }
    if (length == 0 || formula_name_length(key->text) != length) {
        report_say(policy->report, MSG_bad_name, key->place, report_clip(policy->report, key->text, length));
        return;
    }
    if (own || find_total(policy, key->text, length) != IMAGE_NONE32) {
        report_say(policy->report, MSG_name_taken, key->place, report_clip(policy->report, key->text, length),
                   own ? "a sum over cases" : "used already for an item or a total");
        return;
    }
    total.required = value == NULL || (value->kind == NODE_SCALAR && value->length == 0);
    if (!total.required && !policy_decimal(policy, value, key->text, &total.otherwise)) {
        total.otherwise = (struct decimal){0, 1};
    }
    add_total(policy, total);
}

/* {plan: , reserve: 5%} or [plan, reserve]: items, and what they are where the file does not say them. */
static void read_items(struct policy *policy, const struct node *node, const char *key,
                       enum image_total_kind kind) {
    if (node == NULL) {
        return;
    }
    if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->count; i++) {
            if (node_text(policy->report, node->items[i], key) != NULL) {
                read_item(policy, node->items[i], NULL, kind);
            }
        }
    } else if (node_expect(policy->report, node, NODE_MAP, key) != NULL) {
        for (size_t i = 0; i < node->count; i++) {
            read_item(policy, node->keys[i], node->items[i], kind);
        }
    }
}

/* ---- sums of cases ---- */

static void read_totals(struct policy *policy, const struct node *map) {
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "totals") == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        size_t before = policy->total_count;
        read_item(policy, map->keys[i], NULL, IMAGE_TOTAL_FORMULA);
        struct policy_formula *formula =
            policy_new_formula(policy, map->keys[i]->text, map->items[i], FORMULA_NUMBER);
        if (policy->total_count > before && formula != NULL) {
            formula->after_class = true;
            policy->totals[before].formula = formula;
            policy_parse(policy, formula);
        }
    }
}

/* ---- figures ---- */

static struct policy_formula *case_formula(const struct policy *policy, const char *name) {
    for (size_t i = 0; i < policy->name_count; i++) {
        if (policy->names[i].kind == POLICY_FORMULA && strcmp(policy->names[i].name, name) == 0) {
            return policy->formulas[policy->names[i].number];
        }
    }
    return NULL;
}

static void read_figures(struct policy *policy, const struct node *map, const char *key, enum policy_scope scope) {
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, key) == NULL) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const char *name = map->keys[i]->text;
        uint32_t number = (uint32_t)policy->formula_count;
        struct policy_formula *formula = policy_new_formula(policy, name, map->items[i], FORMULA_NUMBER);
        if (formula == NULL || !policy_name(policy, name, map->keys[i]->place, POLICY_FIGURE, number)) {
            continue;
        }
        formula->scope = scope;
        struct policy_figure figure = {formula, scope == POLICY_OF_POOL ? case_formula(policy, name) : NULL};
        ARENA_PUSH(policy->arena, policy->figures, policy->figure_count, policy->figure_capacity, figure);
    }
}

static struct policy_formula *figure_by_name(struct policy *policy, const struct node *map, const char *key,
                                             enum policy_scope scope) {
    const struct node *node = node_need(policy->report, map, key, "close");
    const char *name = node != NULL ? node_text(policy->report, node, key) : NULL;
    struct nearest nearest;
    if (name == NULL) {
        return NULL;
    }
    nearest_start(&nearest, name, node->length);
    for (size_t i = 0; i < policy->figure_count; i++) {
        struct policy_formula *formula = policy->figures[i].formula;
        if (formula->scope == scope && strcmp(formula->name, name) == 0) {
            return formula;
        }
        nearest_offer(&nearest, formula->name, strlen(formula->name));
    }
    report_say(policy->report, MSG_formula_unknown_name, node->place,
               report_clip(policy->report, name, node->length), nearest_hint(&nearest, policy->arena));
    return NULL;
}

/* close: {hospital: payable, pool: pot} */
static void read_close(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"hospital", "pool", NULL};
    if (map == NULL || node_expect(policy->report, map, NODE_MAP, "close") == NULL) {
        return;
    }
    node_check_keys(policy->report, map, keys, "close");
    policy->closed = figure_by_name(policy, map, "hospital", POLICY_OF_HOSPITAL);
    policy->pot = figure_by_name(policy, map, "pool", POLICY_OF_POOL);
}

/* ---- quotas ---- */

static void read_quota(struct policy *policy, const struct node *key, const struct node *map) {
    static const char *const keys[] = {"at", "most", "by", NULL};
    if (node_expect(policy->report, map, NODE_MAP, key->text) == NULL) {
        return;
    }
    if (policy->quota_count == IMAGE_QUOTAS_MAX) {
        report_say(policy->report, MSG_policy_limit, key->place, (unsigned)IMAGE_QUOTAS_MAX, "quotas");
        return;
    }
    node_check_keys(policy->report, map, keys, "a quota");
    struct policy_quota quota = {.name = key->text, .place = key->place, .scope = POLICY_OF_HOSPITAL};
    const struct node *at = node_get(map, "at");
    const char *scope = policy_text(policy, map, "at");
    if (strcmp(scope, "pool") == 0) {
        quota.scope = POLICY_OF_POOL;
    } else if (at != NULL && strcmp(scope, "hospital") != 0) {
        report_say(policy->report, MSG_wrong_choice, at->place, "at",
                   report_clip(policy->report, scope, strlen(scope)), "hospital, pool", "");
    }
    const struct node *most = node_need(policy->report, map, "most", key->text);
    const struct node *by = node_need(policy->report, map, "by", key->text);
    quota.most = most != NULL ? policy_new_formula(policy, "most", most, FORMULA_NUMBER) : NULL;
    quota.rank = by != NULL ? policy_new_formula(policy, "by", by, FORMULA_NUMBER) : NULL;
    if (quota.most == NULL || quota.rank == NULL) {
        return;
    }
    quota.most->scope = quota.scope;
    quota.rank->after_class = true;
    policy_parse(policy, quota.most);
    policy_parse(policy, quota.rank);
    ARENA_PUSH(policy->arena, policy->quotas, policy->quota_count, policy->quota_capacity, quota);
}

uint32_t policy_quota_number(struct policy *policy, const struct node *name) {
    const char *text = name != NULL ? node_text(policy->report, name, "quota") : NULL;
    struct nearest nearest;
    if (text == NULL) {
        return IMAGE_NONE32;
    }
    nearest_start(&nearest, text, name->length);
    for (size_t i = 0; i < policy->quota_count; i++) {
        if (strcmp(policy->quotas[i].name, text) == 0) {
            return (uint32_t)i;
        }
        nearest_offer(&nearest, policy->quotas[i].name, strlen(policy->quotas[i].name));
    }
    report_say(policy->report, MSG_unknown_quota, name->place, report_clip(policy->report, text, name->length),
               nearest_hint(&nearest, policy->arena));
    return IMAGE_NONE32;
}

/* ---- all ---- */

void policy_read_settlement(struct policy *policy, const struct node *map) {
    static const char *const keys[] = {"budget",   "hospitals", "totals", "pool",
                                       "hospital", "close",     "quotas", NULL};
    if (map != NULL && node_expect(policy->report, map, NODE_MAP, "settlement") != NULL) {
        node_check_keys(policy->report, map, keys, "settlement");
        read_items(policy, node_get(map, "budget"), "budget", IMAGE_TOTAL_BUDGET);
        read_items(policy, node_get(map, "hospitals"), "hospitals", IMAGE_TOTAL_ITEM);
        read_totals(policy, node_get(map, "totals"));
        read_figures(policy, node_get(map, "pool"), "pool", POLICY_OF_POOL);
        read_figures(policy, node_get(map, "hospital"), "hospital", POLICY_OF_HOSPITAL);
        for (size_t i = 0; i < policy->figure_count; i++) {
            policy_parse(policy, policy->figures[i].formula);
        }
        read_close(policy, node_get(map, "close"));
        const struct node *quotas = node_get(map, "quotas");
        if (quotas != NULL && node_expect(policy->report, quotas, NODE_MAP, "quotas") != NULL) {
            for (size_t i = 0; i < quotas->count; i++) {
                read_quota(policy, quotas->keys[i], quotas->items[i]);
            }
        }
    }
    for (size_t i = 0; i < policy->class_count; i++) {
        policy_quota_number(policy, policy->classes[i].quota);
    }
}
