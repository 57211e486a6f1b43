/* SPDX-License-Identifier: Apache-2.0
 *
 * The derivation of a price: numbered lines for people, and the same as JSON. */
#include "story.h"

#include <jansson.h>
#include <string.h>

static const char rounded[] = ", rounded ";

/* A result is "25052.29, rounded half up from 25052.2912736": the number, and how it was rounded. */
static void split_result(casemix_text result, casemix_text *number, casemix_text *rounding) {
    const char *at = memmem(result.text, result.length, rounded, sizeof rounded - 1);
    size_t length = at ? (size_t)(at - result.text) : result.length;
    *number = (casemix_text){result.text, length};
    *rounding = at ? (casemix_text){at + 2, result.length - length - 2} : (casemix_text){"", 0};
}

/* ---- for people ------------------------------------------------------------------------------------------- */

struct lines {
    FILE *to;
    unsigned count;
};

static void tell_line(void *user, const casemix_derivation *line) {
    struct lines *lines = user;
    casemix_text number, rounding;
    split_result(line->result, &number, &rounding);
    fprintf(lines->to, "  %2u ", ++lines->count);
    print_padded(lines->to, line->what, 16, false);
    fputc(' ', lines->to);
    print_padded(lines->to, number, 14, true);
    fprintf(lines->to, "   %.*s", (int)line->formula.length, line->formula.text);
    if (line->inputs.length) {
        fprintf(lines->to, "   [%.*s]", (int)line->inputs.length, line->inputs.text);
    }
    if (rounding.length) {
        fprintf(lines->to, "   %.*s", (int)rounding.length, rounding.text);
    }
    if (line->file.length) {
        fprintf(lines->to, "   (%.*s:%u)", (int)line->file.length, line->file.text, line->line);
    }
    fputc('\n', lines->to);
}

/* The line of the case's pool, or of its hospital there, in a settlement; its count if it has none. */
static uint32_t find_total(casemix_settlement *month, casemix_scope scope, const casemix_price *price,
                           casemix_text hospital) {
    bool of_pool = scope == CASEMIX_SCOPE_POOL;
    uint32_t count = of_pool ? casemix_settlement_pools(month) : casemix_settlement_hospitals(month), n = 0;
    casemix_total total;
    while (n < count) {
        if (of_pool) {
            casemix_settlement_pool_at(month, n, &total);
        } else {
            casemix_settlement_hospital_at(month, n, &total);
        }
        if (same_text(total.pool, price->pool) && (of_pool || same_text(total.hospital, hospital))) {
            break;
        }
        n++;
    }
    return n;
}

/* Figures of the case's pool or hospital to `tell`. */
static void derive(casemix_settlement *month, casemix_scope scope, const casemix_price *price,
                   casemix_text hospital, casemix_derivation_fn *tell, void *user) {
    casemix_explain_figures(month, scope, find_total(month, scope, price, hospital), tell, user, NULL);
}

casemix_result tell_price(FILE *to, casemix_context *context, const casemix_case *one,
                          const casemix_grouping *grouping, casemix_settlement *month, casemix_text hospital) {
    struct lines lines = {.to = to};
    casemix_price price;
    uint32_t of_grouping = casemix_finding_count(context); /* they are told already */
    casemix_result result = casemix_price_case(context, one, grouping, &price);
    tell_findings(to, context, of_grouping);
    if (month && result == CASEMIX_OK) {
        fprintf(to, "settlement of the pool %.*s\n", (int)price.pool.length, price.pool.text);
        derive(month, CASEMIX_SCOPE_POOL, &price, hospital, tell_line, &lines);
    }
    fputs("payment, in yuan\n", to);
    result = casemix_explain_price(context, one, grouping, tell_line, &lines, &price);
    if (month && result == CASEMIX_OK) {
        fprintf(to, "settlement of the hospital %.*s in the pool\n", (int)hospital.length, hospital.text);
        derive(month, CASEMIX_SCOPE_HOSPITAL, &price, hospital, tell_line, &lines);
    }
    return result;
}

/* ---- JSON ------------------------------------------------------------------------------------------------- */

static void put_text(json_t *object, const char *key, casemix_text text) {
    json_object_set_new(object, key, json_stringn(text.length ? text.text : "", text.length));
}

/* Amounts are texts: a reader that makes binary fractions of numbers cannot spoil them. */
static void put_amount(json_t *object, const char *key, int64_t value, unsigned places) {
    char words[32];
    *put_decimal(words, value, places) = '\0';
    json_object_set_new(object, key, json_string(words));
}

static void add_line(void *user, const casemix_derivation *line) {
    json_t *lines = user, *object = json_object();
    casemix_text number, rounding;
    split_result(line->result, &number, &rounding);
    json_object_set_new(object, "number", json_integer((json_int_t)json_array_size(lines) + 1));
    put_text(object, "what", line->what);
    put_text(object, "formula", line->formula);
    put_text(object, "inputs", line->inputs);
    put_text(object, "result", number);
    put_text(object, "rounding", rounding);
    put_text(object, "file", line->file);
    json_object_set_new(object, "line", json_integer(line->line));
    json_array_append_new(lines, object);
}

static json_t *price_object(const casemix_price *p) {
    json_t *object = json_object();
    json_object_set_new(object, "status", json_string(casemix_price_status_text(p->status)));
    put_text(object, "pool", p->pool);
    put_text(object, "level", p->level);
    put_text(object, "class", p->class_name);
    if (p->class_name.length) {
        put_amount(object, "points", p->points, 4);
        put_amount(object, "point_value", p->point_value, 6);
        put_amount(object, "standard", p->standard, 2);
        put_amount(object, "base_standard", p->base_standard, 2);
        put_amount(object, "cost", p->cost, 2);
        put_amount(object, "gap", p->standard - p->cost, 2);
    }
    if (p->status == CASEMIX_PRICED) {
        put_amount(object, "fund_payment", p->fund_payment, 2);
    }
    return object;
}

casemix_result print_price_json(FILE *to, casemix_context *context, const casemix_case *one,
                                const casemix_grouping *grouping, casemix_settlement *month,
                                casemix_text hospital) {
    casemix_price price;
    char findings[FINDINGS_ROOM];
    json_t *root = json_object(), *lines = json_array();
    casemix_result result = casemix_explain_price(context, one, grouping, add_line, lines, &price);
    put_text(root, "scheme", grouping->scheme);
    json_object_set_new(root, "group_status", json_string(casemix_status_text(grouping->status)));
    put_text(root, "group", grouping->drg.length ? grouping->drg : grouping->adrg);
    if (result == CASEMIX_OK) {
        json_object_set_new(root, "price", price_object(&price));
        char *end = put_findings(findings, context, grouping, &price);
        put_text(root, "findings", (casemix_text){findings, (size_t)(end - findings)});
    }
    json_object_set_new(root, "lines", lines);
    for (casemix_scope scope = CASEMIX_SCOPE_POOL; month && scope <= CASEMIX_SCOPE_HOSPITAL; scope++) {
        json_t *figures = json_array();
        derive(month, scope, &price, hospital, add_line, figures);
        json_object_set_new(root, scope == CASEMIX_SCOPE_POOL ? "pool_lines" : "hospital_lines", figures);
    }
    if (result == CASEMIX_OK) {
        json_dumpf(root, to, JSON_INDENT(2));
        fputc('\n', to);
    }
    json_decref(root);
    return result;
}
