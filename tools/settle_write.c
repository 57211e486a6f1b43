/* SPDX-License-Identifier: Apache-2.0
 *
 * The reports of a settled month: hospitals, pools, the summary, the tables on the screen. */
#include "settle.h"

#include <stdlib.h>
#include <string.h>

/* ---- hospitals.csv, pools.csv ----------------------------------------------------------------------------- */

static bool write_file(const struct settle *s, int n, const struct buffer *text) {
    struct output *out = output_open(folder_file(s->folder, n));
    if (!out) {
        return false;
    }
    output_write(out, text->data, text->size);
    return output_close(out);
}

static void add_decimal(struct buffer *text, int64_t value, unsigned places) {
    char *at = buffer_room(text, 32);
    text->size += (size_t)(put_next_decimal(at, value, places) - at);
}

/* Points to fund payment in the order of both files; a pool's point value stands between. */
static void add_totals(struct buffer *text, const casemix_total *t, const char *point_value) {
    buffer_format(text, ",%llu", (unsigned long long)t->cases);
    add_decimal(text, t->points, 4);
    if (point_value) {
        buffer_format(text, ",%s", point_value);
    }
    add_decimal(text, t->standard, 2);
    add_decimal(text, t->fund_payment, 2);
    buffer_format(text, ",%llu", (unsigned long long)t->unpriced);
    add_decimal(text, t->cost, 2);
}

/* ---- figures of the policy's settlement ------------------------------------------------------------------- */

/* A pool's figure by its name; "" if there is none, or it has no value. */
static const char *figure_by_name(const struct settle *s, uint32_t pool, const char *name, char words[64]) {
    uint32_t count = casemix_settlement_figures(s->total, CASEMIX_SCOPE_POOL);
    words[0] = '\0';
    for (uint32_t f = 0; f < count; f++) {
        if (same_text(casemix_settlement_figure_name(s->total, CASEMIX_SCOPE_POOL, f), text_of(name))) {
            casemix_settlement_figure(s->total, CASEMIX_SCOPE_POOL, pool, f, words, 64);
        }
    }
    return words;
}

/* Is it shown in a column of its own? */
static bool is_further(casemix_text name) {
    return !same_text(name, text_of("point_value"));
}

/* As formulas say it: pool.patient_paid. */
static const char *const scope_words[] = {[CASEMIX_SCOPE_POOL] = "pool", [CASEMIX_SCOPE_HOSPITAL] = "hospital"};

static void add_figure_names(const struct settle *s, struct buffer *text, casemix_scope scope) {
    buffer_text(text, ",reversed,of_cases,closing");
    uint32_t count = casemix_settlement_figures(s->total, scope);
    for (uint32_t f = 0; f < count; f++) {
        casemix_text name = casemix_settlement_figure_name(s->total, scope, f);
        if (is_further(name)) {
            buffer_text(text, ",");
            buffer_cell(text, name);
        }
    }
    count = casemix_settlement_totals(s->total, scope);
    for (uint32_t t = 0; t < count; t++) {
        casemix_text name = casemix_settlement_total_name(s->total, scope, t);
        buffer_format(text, ",%s.%.*s", scope_words[scope], (int)name.length, name.text);
    }
    buffer_text(text, s->batch.tells_demonstration ? ",demonstration\n" : "\n");
}

static void add_figures(const struct settle *s, struct buffer *text, casemix_scope scope, uint32_t n) {
    casemix_account account = {0};
    char words[64];
    casemix_settlement_account(s->total, scope, n, &account);
    buffer_format(text, ",%llu", (unsigned long long)account.reversed);
    add_decimal(text, account.of_cases, 2);
    add_decimal(text, account.closing, 2);
    uint32_t count = casemix_settlement_figures(s->total, scope);
    for (uint32_t f = 0; f < count; f++) {
        if (is_further(casemix_settlement_figure_name(s->total, scope, f)) &&
            casemix_settlement_figure(s->total, scope, n, f, words, sizeof words) == CASEMIX_OK) {
            buffer_format(text, ",%s", words);
        }
    }
    count = casemix_settlement_totals(s->total, scope);
    for (uint32_t t = 0; t < count; t++) {
        casemix_settlement_total(s->total, scope, n, t, words, sizeof words);
        buffer_format(text, ",%s", words);
    }
    buffer_text(text, s->batch.tells_demonstration ? ",1\n" : "\n");
}

static bool write_hospitals(const struct settle *s) {
    struct buffer text = {0};
    buffer_text(&text, "hospital,pool,cases,points,standard,fund_payment,unpriced,cost");
    add_figure_names(s, &text, CASEMIX_SCOPE_HOSPITAL);
    uint32_t count = casemix_settlement_hospitals(s->total);
    casemix_total t;
    for (uint32_t i = 0; i < count && casemix_settlement_hospital_at(s->total, i, &t) == CASEMIX_OK; i++) {
        buffer_cell(&text, t.hospital);
        buffer_text(&text, ",");
        buffer_cell(&text, t.pool);
        add_totals(&text, &t, NULL);
        add_figures(s, &text, CASEMIX_SCOPE_HOSPITAL, i);
    }
    bool fine = write_file(s, SETTLE_HOSPITALS, &text);
    buffer_free(&text);
    return fine;
}

/* As the policy's settlement has it, else what a point was paid in 1/10000 yuan, half up; "" without points. Fen
 * and 1/10000 points: x 10^6. */
static const char *pool_point_value(const struct settle *s, uint32_t pool, const casemix_total *t, char words[64]) {
    if (figure_by_name(s, pool, "point_value", words)[0] == '\0' && t->points > 0 && t->standard >= 0) {
        __int128 value = ((__int128)t->standard * 2000000 + t->points) / ((__int128)t->points * 2);
        if (value <= INT64_MAX) {
            *put_decimal(words, (int64_t)value, 4) = '\0';
        }
    }
    return words;
}

static bool write_pools(const struct settle *s) {
    struct buffer text = {0};
    buffer_text(&text, "pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance");
    add_figure_names(s, &text, CASEMIX_SCOPE_POOL);
    uint32_t count = casemix_settlement_pools(s->total);
    casemix_total t;
    char value[64];
    for (uint32_t i = 0; i < count && casemix_settlement_pool_at(s->total, i, &t) == CASEMIX_OK; i++) {
        buffer_cell(&text, t.pool);
        if (t.budget >= 0) {
            add_decimal(&text, t.budget, 2);
        } else {
            buffer_text(&text, ",");
        }
        add_totals(&text, &t, pool_point_value(s, i, &t, value));
        if (t.budget >= 0) {
            add_decimal(&text, t.budget - t.fund_payment, 2);
        } else {
            buffer_text(&text, ",");
        }
        add_figures(s, &text, CASEMIX_SCOPE_POOL, i);
    }
    bool fine = write_file(s, SETTLE_POOLS, &text);
    buffer_free(&text);
    return fine;
}

/* ---- summary.json ----------------------------------------------------------------------------------------- */

/* Amounts are texts: a reader that makes binary fractions of numbers cannot spoil them. */
static json_t *decimal(int64_t value, unsigned places) {
    char words[32];
    *put_decimal(words, value, places) = '\0';
    return json_string(words);
}

/* Decimals by name under a key, unless there are none. */
static void add_named(json_t *pool, const char *key, const struct settle *s, uint32_t n, uint32_t count,
                      casemix_text (*name)(const casemix_settlement *, casemix_scope, uint32_t),
                      casemix_result (*read)(const casemix_settlement *, casemix_scope, uint32_t, uint32_t, char *,
                                             size_t)) {
    json_t *all = json_object();
    char value[64];
    for (uint32_t i = 0; i < count; i++) {
        read(s->total, CASEMIX_SCOPE_POOL, n, i, value, sizeof value);
        json_object_set_new(all, name(s->total, CASEMIX_SCOPE_POOL, i).text, json_string(value));
    }
    if (count > 0) {
        json_object_set(pool, key, all);
    }
    json_decref(all);
}

static json_t *pool_summary(const struct settle *s, uint32_t n, const casemix_total *t) {
    char value[64];
    json_t *pool = json_object();
    json_object_set_new(pool, "pool", json_stringn(t->pool.text, t->pool.length));
    json_object_set_new(pool, "cases", json_integer((json_int_t)t->cases));
    json_object_set_new(pool, "unpriced", json_integer((json_int_t)t->unpriced));
    json_object_set_new(pool, "points", decimal(t->points, 4));
    json_object_set_new(pool, "point_value", json_string(pool_point_value(s, n, t, value)));
    json_object_set_new(pool, "cost", decimal(t->cost, 2));
    json_object_set_new(pool, "standard", decimal(t->standard, 2));
    json_object_set_new(pool, "fund_payment", decimal(t->fund_payment, 2));
    if (t->budget >= 0) {
        json_object_set_new(pool, "budget", decimal(t->budget, 2));
        json_object_set_new(pool, "balance", decimal(t->budget - t->fund_payment, 2));
    }
    add_named(pool, "figures", s, n, casemix_settlement_figures(s->total, CASEMIX_SCOPE_POOL),
              casemix_settlement_figure_name, casemix_settlement_figure);
    /* what they are made of, so that they can be computed again */
    add_named(pool, "totals", s, n, casemix_settlement_totals(s->total, CASEMIX_SCOPE_POOL),
              casemix_settlement_total_name, casemix_settlement_total);
    return pool;
}

/* The policy, what it pays by, and what its source says of its numbers; results of made up ones say so. */
static void add_policy(const struct settle *s, json_t *root) {
    casemix_policy_info info;
    json_object_set_new(root, "policy", json_string(s->batch.policy));
    for (uint32_t i = 0; casemix_policy_at(s->image, i, &info) == CASEMIX_OK; i++) {
        if (strcmp(info.id.text, s->batch.policy) == 0) {
            json_object_set_new(root, "methods", json_string(casemix_policy_methods(s->image, i).text));
            json_object_set_new(root, "note", json_string(info.note.text));
        }
    }
    if (s->batch.tells_demonstration) {
        json_object_set_new(root, "demonstration", json_true());
    }
}

static bool write_summary(const struct settle *s) {
    json_t *root = json_object(), *pools = json_array();
    json_object_set_new(root, "casemix", json_string(casemix_version()));
    json_object_set_new(root, "image", json_string(casemix_image_fingerprint(s->image)));
    json_object_set_new(root, "scheme", json_stringn(s->scheme.text, s->scheme.length));
    add_policy(s, root);
    json_object_set(root, "inputs", s->inputs);
    json_object_set_new(root, "in", json_integer((json_int_t)s->batch.in));
    json_object_set_new(root, "out", json_integer((json_int_t)s->batch.done));
    json_object_set_new(root, "rejected", json_integer((json_int_t)s->batch.rejected));
    json_object_set_new(root, "duplicates", json_integer((json_int_t)s->duplicates));
    uint32_t count = casemix_settlement_pools(s->total);
    casemix_total t;
    for (uint32_t i = 0; i < count && casemix_settlement_pool_at(s->total, i, &t) == CASEMIX_OK; i++) {
        json_array_append_new(pools, pool_summary(s, i, &t));
    }
    json_object_set_new(root, "pools", pools);
    char *words = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    need(words);
    struct buffer text = {0};
    buffer_text(&text, words);
    buffer_text(&text, "\n");
    free(words);
    bool fine = write_file(s, SETTLE_SUMMARY, &text);
    buffer_free(&text);
    return fine;
}

/* ---- tables on the screen --------------------------------------------------------------------------------- */

#define COLUMNS 8

static void total_row(struct table *table, char *first, char *second, const casemix_total *t) {
    char *cells[COLUMNS] = {first,
                            second,
                            count_cell(t->cases),
                            count_cell(t->unpriced),
                            decimal_cell(t->points, 4),
                            decimal_cell(t->cost, 2),
                            decimal_cell(t->standard, 2),
                            decimal_cell(t->fund_payment, 2)};
    table_row(table, cells);
}

void settle_print(const struct settle *s) {
    static const char *const pool_heading[COLUMNS] = {"pool",   "budget", "cases",    "unpriced",
                                                      "points", "cost",   "standard", "fund payment"};
    static const char *const hospital_heading[COLUMNS] = {"hospital", "pool", "cases",    "unpriced",
                                                          "points",   "cost", "standard", "fund payment"};
    static const bool pool_right[COLUMNS] = {false, true, true, true, true, true, true, true};
    static const bool hospital_right[COLUMNS] = {false, false, true, true, true, true, true, true};
    struct table pools = {.columns = COLUMNS, .right = pool_right};
    struct table hospitals = {.columns = COLUMNS, .right = hospital_right};
    casemix_total t;
    table_heading(&pools, pool_heading);
    uint32_t count = casemix_settlement_pools(s->total);
    for (uint32_t i = 0; i < count && casemix_settlement_pool_at(s->total, i, &t) == CASEMIX_OK; i++) {
        char *budget = t.budget >= 0 ? decimal_cell(t.budget, 2) : need(strdup("-"));
        total_row(&pools, text_cell(t.pool, "(none)"), budget, &t);
    }
    table_heading(&hospitals, hospital_heading);
    count = casemix_settlement_hospitals(s->total);
    for (uint32_t i = 0; i < count && casemix_settlement_hospital_at(s->total, i, &t) == CASEMIX_OK; i++) {
        total_row(&hospitals, text_cell(t.hospital, "(none)"), text_cell(t.pool, "(none)"), &t);
    }
    table_print(&pools, stdout);
    putchar('\n');
    table_print(&hospitals, stdout);
    table_free(&pools);
    table_free(&hospitals);
}

bool settle_write(struct settle *s) {
    return write_hospitals(s) && write_pools(s) && write_summary(s);
}
