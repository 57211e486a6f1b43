/* SPDX-License-Identifier: Apache-2.0
 *
 * The page of a settled month: its sums as JSON in tables that add up, inside the page that the build embedded. All
 * arithmetic is done here and exactly; the script in the page lays out texts. */
#include "page.h"

#include "../cells.h"
#include "../command.h"
#include "../common.h"

#include <stdlib.h>
#include <string.h>

#define GROUPS_SHOWN   50 /* by fund payment */
#define EXTREMES_SHOWN 10 /* groups with the greatest gain, and as many with the greatest loss */

/* ---- cells ------------------------------------------------------------------------------------------------ */

/* Texts may come from files that somebody wrote by hand: what is no UTF-8 is shown as `?`. */
static json_t *text_json(casemix_text text) {
    json_t *value = json_stringn(text.text, text.length);
    if (value) {
        return value;
    }
    char *copy = need(malloc(text.length + 1));
    for (size_t i = 0; i < text.length; i++) {
        copy[i] = (unsigned char)text.text[i] < 0x80 ? text.text[i] : '?';
    }
    value = json_stringn(copy, text.length);
    free(copy);
    return value;
}

static void add_text(json_t *row, casemix_text text) {
    json_array_append_new(row, text_json(text));
}

static void add_nothing(json_t *row) {
    json_array_append_new(row, json_null());
}

static void add_count(json_t *row, uint64_t count) {
    json_array_append_new(row, json_integer((json_int_t)count));
}

static json_t *decimal_json(int64_t value, unsigned places) {
    char digits[32];
    *put_decimal(digits, value, places) = '\0';
    return json_string(digits);
}

static void add_decimal(json_t *row, int64_t value, unsigned places) {
    json_array_append_new(row, decimal_json(value, places));
}

/* a - b; nothing where it is too large. */
static void add_difference(json_t *row, int64_t a, int64_t b) {
    int64_t value;
    if (__builtin_sub_overflow(a, b, &value)) {
        add_nothing(row);
    } else {
        add_decimal(row, value, 2);
    }
}

/* 100 a / b with two decimals, half up; nothing where that says nothing. */
static void add_percent(json_t *row, int64_t a, int64_t b) {
    __int128 value = b > 0 ? ((__int128)a * 20000 + b) / ((__int128)b * 2) : 0;
    if (a < 0 || b <= 0 || value > INT64_MAX) {
        add_nothing(row);
    } else {
        add_decimal(row, (int64_t)value, 2);
    }
}

/* ---- tables ----------------------------------------------------------------------------------------------- */

/* How the script shows a column: text as it is; word: by the words of the language; words: several, with blanks
 * between; count, amount, points, percent; figure: a number of the policy's own. */
struct column {
    const char *key, *kind;
};

/* The columns of a sum; reversed where the month has reversed claims. */
static const struct column sum_columns[] = {
    {"cases", "count"},         {"unpriced", "count"},    {"reversed", "count"},
    {"points", "points"},       {"cost", "amount"},       {"standard", "amount"},
    {"fund_payment", "amount"}, {"difference", "amount"}, {"payment_share", "percent"},
};
#define SUM_COLUMNS (sizeof sum_columns / sizeof sum_columns[0])

struct page_table {
    json_t *columns, *rows, *foot; /* inside the month */
    bool reversed, named;          /* has the column */
};

static struct page_table table_new(json_t *tables, const char *id) {
    struct page_table t = {json_array(), json_array(), json_array(), false, false};
    json_t *root = json_object();
    json_object_set_new(root, "columns", t.columns);
    json_object_set_new(root, "rows", t.rows);
    json_object_set_new(root, "foot", t.foot);
    json_object_set_new(tables, id, root);
    return t;
}

static void add_column(struct page_table *t, casemix_text key, const char *kind) {
    json_t *column = json_array();
    add_text(column, key);
    add_text(column, text_of(kind));
    json_array_append_new(t->columns, column);
}

static bool is_shown(const struct page_table *t, size_t sum_column) {
    return t->reversed || strcmp(sum_columns[sum_column].key, "reversed") != 0;
}

/* named: a column for the name follows. */
static struct page_table sums_table(json_t *tables, const char *id, const char *first, const char *kind, bool named,
                                    const struct month *month) {
    struct page_table t = table_new(tables, id);
    t.reversed = month->sum.reversed > 0;
    t.named = named;
    add_column(&t, text_of(first), kind);
    if (named) {
        add_column(&t, text_of("name"), "text");
    }
    for (size_t i = 0; i < SUM_COLUMNS; i++) {
        if (is_shown(&t, i)) {
            add_column(&t, text_of(sum_columns[i].key), sum_columns[i].kind);
        }
    }
    return t;
}

static json_t *row_new(json_t *rows) {
    json_t *row = json_array();
    json_array_append_new(rows, row);
    return row;
}

/* A row below the others begins with a word, and if that tells a number, with both. */
static json_t *foot_row(struct page_table *t, const char *word, int64_t number) {
    json_t *row = row_new(t->foot), *label = json_array();
    add_text(label, text_of(word));
    if (number >= 0) {
        add_count(label, (uint64_t)number);
    }
    json_array_append_new(row, label);
    if (t->named) {
        add_nothing(row);
    }
    return row;
}

/* In the order of sum_columns. fund_payment: with what closing a pool added, where the row has it. */
static void add_sum(const struct page_table *t, json_t *row, const struct month_sum *sum, int64_t fund_payment) {
    add_count(row, sum->cases);
    add_count(row, sum->unpriced);
    if (t->reversed) {
        add_count(row, sum->reversed);
    }
    add_decimal(row, sum->points, 4);
    add_decimal(row, sum->cost, 2);
    add_decimal(row, sum->standard, 2);
    add_decimal(row, fund_payment, 2);
    add_difference(row, sum->standard, sum->cost);
    add_percent(row, fund_payment, sum->cost);
}

/* ---- sums ------------------------------------------------------------------------------------------------- */

/* The month's sums hold all of their parts, so that neither of these can overflow. */
static void sum_join(struct month_sum *to, const struct month_sum *more) {
    to->cases += more->cases;
    to->unpriced += more->unpriced;
    to->reversed += more->reversed;
    to->points += more->points;
    to->cost += more->cost;
    to->standard += more->standard;
    to->fund_payment += more->fund_payment;
}

static void sum_part(struct month_sum *from, const struct month_sum *less) {
    from->cases -= less->cases;
    from->unpriced -= less->unpriced;
    from->reversed -= less->reversed;
    from->points -= less->points;
    from->cost -= less->cost;
    from->standard -= less->standard;
    from->fund_payment -= less->fund_payment;
}

static int64_t lines_fund_payment(const struct month_line *lines, size_t count) {
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += lines[i].sum.fund_payment;
    }
    return sum;
}

static int64_t month_fund_payment(const struct month *month) {
    return lines_fund_payment(month->pools.lines, month->pools.count);
}

/* What is not of cases, and the month: the end of every table of sums. */
static void add_end(struct page_table *t, const struct month *month) {
    int64_t all = month_fund_payment(month), closing = all - month->sum.fund_payment;
    if (closing != 0) {
        json_t *row = foot_row(t, "closing", -1);
        for (size_t i = 0; i < SUM_COLUMNS; i++) {
            if (strcmp(sum_columns[i].key, "fund_payment") == 0) {
                add_decimal(row, closing, 2);
            } else if (is_shown(t, i)) {
                add_nothing(row);
            }
        }
    }
    add_sum(t, foot_row(t, "total", -1), &month->sum, all);
}

/* ---- pools and lines of hospitals as they stand in their files -------------------------------------------- */

/* The columns that are the same under every policy, in the order of the page; the others are figures of the policy.
 * Some are shown only where a column has a number that is not 0. */
static const struct line_column {
    const char *key, *kind, *shown_with;
} line_columns[] = {
    {"hospital", "text", NULL},
    {"pool", "word", NULL},
    {"cases", "count", NULL},
    {"unpriced", "count", NULL},
    {"reversed", "count", "reversed"},
    {"points", "points", NULL},
    {"point_value", "figure", "point_value"},
    {"cost", "amount", NULL},
    {"standard", "amount", NULL},
    {"of_cases", "amount", "closing"},
    {"closing", "amount", "closing"},
    {"fund_payment", "amount", NULL},
    {"budget", "amount", "budget"},
    {"balance", "amount", "budget"},
    {"demonstration", NULL, NULL}, /* the page says it once */
};
#define LINE_COLUMNS (sizeof line_columns / sizeof line_columns[0])

static int find_name(const struct month_table *table, const char *name) {
    for (size_t i = 0; i < table->columns; i++) {
        if (same_text(table->names[i], text_of(name))) {
            return (int)i;
        }
    }
    return -1;
}

static bool says_something(const struct month_table *table, int column) {
    for (size_t i = 0; i < table->count && column >= 0; i++) {
        casemix_text cell = table->lines[i].cells[column];
        for (size_t k = 0; k < cell.length; k++) {
            if (cell.text[k] >= '1' && cell.text[k] <= '9') {
                return true;
            }
        }
    }
    return false;
}

static bool is_figure(casemix_text name) {
    for (size_t i = 0; i < LINE_COLUMNS; i++) {
        if (same_text(name, text_of(line_columns[i].key))) {
            return false;
        }
    }
    return true;
}

static unsigned places_of(const char *kind) {
    return strcmp(kind, "amount") == 0 ? 2 : strcmp(kind, "points") == 0 ? 4 : 0;
}

/* The sum of a column; cells without a number count nothing. */
static void add_column_total(json_t *row, const struct month_table *table, int column, const char *kind) {
    int64_t sum = 0, value;
    bool any = false;
    for (size_t i = 0; i < table->count && strcmp(kind, "figure") != 0; i++) {
        if (!month_decimal(table->lines[i].cells[column], places_of(kind), &value)) {
            continue;
        }
        any = true;
        if (__builtin_add_overflow(sum, value, &sum)) {
            any = false;
            break;
        }
    }
    if (any) {
        add_decimal(row, sum, places_of(kind));
    } else {
        add_nothing(row);
    }
}

static void add_line_column(struct page_table *t, json_t *total, const struct month_table *table, int column,
                            const char *kind) {
    add_column(t, table->names[column], kind);
    for (size_t i = 0; i < table->count; i++) {
        add_text(json_array_get(t->rows, i), table->lines[i].cells[column]);
    }
    if (json_array_size(t->columns) > 1) {
        add_column_total(total, table, column, strcmp(kind, "word") == 0 ? "figure" : kind);
    }
}

/* A file's lines as a table. Figures: also those of the policy, as further columns. */
static void add_lines(json_t *tables, const char *id, const struct month_table *table, bool figures) {
    struct page_table t = table_new(tables, id);
    for (size_t i = 0; i < table->count; i++) {
        row_new(t.rows);
    }
    json_t *total = foot_row(&t, "total", -1);
    for (size_t i = 0; i < LINE_COLUMNS; i++) {
        int column = find_name(table, line_columns[i].key);
        const char *witness = line_columns[i].shown_with;
        if (column >= 0 && line_columns[i].kind && (!witness || says_something(table, find_name(table, witness)))) {
            add_line_column(&t, total, table, column, line_columns[i].kind);
        }
    }
    for (size_t i = 0; i < table->columns && figures; i++) {
        if (is_figure(table->names[i])) {
            add_line_column(&t, total, table, (int)i, "figure");
        }
    }
}

/* A policy may have dozens of figures and few pools: a row each, a column a pool. */
static void add_pool_figures(json_t *tables, const struct month_table *pools) {
    struct page_table t = table_new(tables, "pool_figures");
    add_column(&t, text_of("figure"), "word");
    for (size_t i = 0; i < pools->count; i++) {
        add_column(&t, pools->lines[i].pool, "figure");
    }
    for (size_t c = 0; c < pools->columns; c++) {
        if (is_figure(pools->names[c])) {
            json_t *row = row_new(t.rows);
            add_text(row, pools->names[c]);
            for (size_t i = 0; i < pools->count; i++) {
                add_text(row, pools->lines[i].cells[c]);
            }
        }
    }
}

/* ---- hospitals, classes, groups --------------------------------------------------------------------------- */

static void add_hospitals(json_t *tables, const struct month *month) {
    struct page_table t = sums_table(tables, "hospitals", "hospital", "text", false, month);
    for (size_t i = 0; i < month->hospital_count; i++) {
        const struct month_hospital *h = &month->hospitals[i];
        json_t *row = row_new(t.rows);
        add_text(row, h->hospital);
        add_sum(&t, row, &h->sum, lines_fund_payment(month->hospital_lines.lines + h->first_line, h->lines));
    }
    add_sum(&t, foot_row(&t, "total", -1), &month->sum, month_fund_payment(month));
}

/* Cases without a price have no class: they stand below the others. */
static void add_classes(json_t *tables, const struct month *month) {
    struct page_table t = sums_table(tables, "classes", "class", "word", false, month);
    for (size_t i = 0; i < month->classes.count; i++) {
        const struct month_entry *class = &month->classes.entries[i];
        bool unpriced =
            class->key.length == 0 && class->sum.unpriced == class->sum.cases && class->sum.reversed == 0;
        json_t *row = unpriced ? foot_row(&t, "page_unpriced_cases", -1) : row_new(t.rows);
        if (!unpriced) {
            add_text(row, class->key);
        }
        add_sum(&t, row, &class->sum, class->sum.fund_payment);
    }
    add_end(&t, month);
}

static int compare_payment(const void *a, const void *b) {
    const struct month_entry *x = *(const struct month_entry *const *)a, *y = *(const struct month_entry *const *)b;
    if (x->sum.fund_payment != y->sum.fund_payment) {
        return x->sum.fund_payment < y->sum.fund_payment ? 1 : -1;
    }
    return x < y ? -1 : x > y;
}

static int compare_difference(const void *a, const void *b) {
    const struct month_entry *x = *(const struct month_entry *const *)a, *y = *(const struct month_entry *const *)b;
    __int128 p = (__int128)x->sum.standard - x->sum.cost, q = (__int128)y->sum.standard - y->sum.cost;
    return p != q ? (p < q ? 1 : -1) : x < y ? -1 : x > y;
}

/* Some of the groups, then what the others and the unpriced cases add, so that the sum is whole. */
static void add_groups(json_t *tables, const char *id, const struct month *month, struct month_entry **some,
                       size_t count) {
    struct page_table t = sums_table(tables, id, "group", "text", month->names != NULL, month);
    struct month_sum others = {0}, ungrouped = month->sum;
    for (size_t i = 0; i < month->groups.count; i++) {
        sum_join(&others, &month->groups.entries[i].sum);
    }
    sum_part(&ungrouped, &others);
    for (size_t i = 0; i < count; i++) {
        json_t *row = row_new(t.rows);
        add_text(row, some[i]->key);
        if (t.named) {
            add_text(row, group_name(month->names, some[i]->key));
        }
        add_sum(&t, row, &some[i]->sum, some[i]->sum.fund_payment);
        sum_part(&others, &some[i]->sum);
    }
    if (count < month->groups.count) {
        add_sum(&t, foot_row(&t, "page_other_groups", (int64_t)(month->groups.count - count)), &others,
                others.fund_payment);
    }
    if (ungrouped.cases || ungrouped.reversed) {
        add_sum(&t, foot_row(&t, "page_unpriced_cases", -1), &ungrouped, ungrouped.fund_payment);
    }
    add_end(&t, month);
}

static void add_all_groups(json_t *tables, const struct month *month) {
    size_t count = month->groups.count, shown = count < GROUPS_SHOWN ? count : GROUPS_SHOWN, gains = 0, losses = 0;
    struct month_entry **order = need(calloc(count + 1, sizeof *order));
    for (size_t i = 0; i < count; i++) {
        order[i] = &month->groups.entries[i];
    }
    qsort(order, count, sizeof *order, compare_payment);
    add_groups(tables, "groups", month, order, shown);
    qsort(order, count, sizeof *order, compare_difference);
    while (gains < count && gains < EXTREMES_SHOWN && order[gains]->sum.standard > order[gains]->sum.cost) {
        gains++;
    }
    while (losses < count && losses < EXTREMES_SHOWN &&
           order[count - 1 - losses]->sum.standard < order[count - 1 - losses]->sum.cost) {
        losses++;
    }
    memmove(order + gains, order + count - losses, losses * sizeof *order);
    add_groups(tables, "group_extremes", month, order, gains + losses);
    free(order);
}

/* ---- counts ----------------------------------------------------------------------------------------------- */

static struct page_table counts_table(json_t *tables, const char *id, const char *first, const char *kind) {
    struct page_table t = table_new(tables, id);
    add_column(&t, text_of(first), kind);
    add_column(&t, text_of("cases"), "count");
    add_column(&t, text_of("page_share"), "percent");
    return t;
}

static void add_share(json_t *row, uint64_t count, uint64_t all) {
    add_count(row, count);
    add_percent(row, (int64_t)count, (int64_t)all);
}

/* Cases by a word; a further row for those that have none makes it whole. */
static void add_counts(json_t *tables, const char *id, const char *first, const struct month *month,
                       const struct month_tally *tally) {
    struct page_table t = counts_table(tables, id, first, "words");
    uint64_t rest = month->sum.cases;
    for (size_t i = 0; i < tally->count; i++) {
        json_t *row = row_new(t.rows);
        add_text(row, tally->entries[i].key);
        add_share(row, tally->entries[i].sum.cases, month->sum.cases);
        rest -= tally->entries[i].sum.cases;
    }
    if (rest) {
        add_share(foot_row(&t, "page_no_reason", -1), rest, month->sum.cases);
    }
    add_share(foot_row(&t, "total", -1), month->sum.cases, month->sum.cases);
}

static void add_ratios(json_t *tables, const struct month *month) {
    struct page_table t = counts_table(tables, "ratios", "page_ratio", "text");
    uint64_t rest = month->sum.cases - month->sum.unpriced;
    char digits[32];
    for (int i = 0; i < MONTH_RATIOS; i++) {
        json_t *row = row_new(t.rows);
        snprintf(digits, sizeof digits, i + 1 == MONTH_RATIOS ? "≥ %d%%" : "%d–%d%%", i * 10, i * 10 + 10);
        add_text(row, text_of(digits));
        add_share(row, month->ratios[i], month->sum.cases);
        rest -= month->ratios[i];
    }
    if (rest) {
        add_share(foot_row(&t, "page_no_ratio", -1), rest, month->sum.cases);
    }
    if (month->sum.unpriced) {
        add_share(foot_row(&t, "page_unpriced_cases", -1), month->sum.unpriced, month->sum.cases);
    }
    add_share(foot_row(&t, "total", -1), month->sum.cases, month->sum.cases);
}

/* ---- what the summary says -------------------------------------------------------------------------------- */

static uint64_t summary_count(const json_t *object, const char *key) {
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

/* Only the last part of a file's name: the folders before it are nobody's business. */
static casemix_text file_name(const json_t *input) {
    const char *name = json_string_value(json_object_get(input, "file"));
    const char *slash = name ? strrchr(name, '/') : NULL;
    return text_of(slash ? slash + 1 : name ? name : "");
}

static void add_inputs(json_t *tables, const json_t *summary) {
    static const char *const counts[] = {"in", "out", "rejected"};
    static const char *const headings[] = {"rows-in", "rows-out", "page_rejected"};
    struct page_table t = table_new(tables, "inputs");
    const json_t *inputs = json_object_get(summary, "inputs");
    add_column(&t, text_of("page_file"), "text");
    for (int i = 0; i < 3; i++) {
        add_column(&t, text_of(headings[i]), "count");
    }
    for (size_t n = 0; n < json_array_size(inputs); n++) {
        const json_t *input = json_array_get(inputs, n);
        json_t *row = row_new(t.rows);
        add_text(row, file_name(input));
        for (int i = 0; i < 3; i++) {
            add_count(row, summary_count(input, counts[i]));
        }
    }
    json_t *total = foot_row(&t, "total", -1);
    for (int i = 0; i < 3; i++) {
        add_count(total, summary_count(summary, counts[i]));
    }
}

static void copy_facts(json_t *root, const json_t *summary) {
    static const char *const keys[] = {"policy", "methods", "scheme", "image", "casemix", "note", "demonstration"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *value = json_object_get(summary, keys[i]);
        if (value) {
            json_object_set(root, keys[i], value);
        }
    }
}

static void add_key_figure(json_t *figures, const char *key, const char *kind, json_t *value) {
    json_t *figure = json_array();
    add_text(figure, text_of(key));
    add_text(figure, text_of(kind));
    json_array_append_new(figure, value);
    json_array_append_new(figures, figure);
}

static json_t *count_json(uint64_t count) {
    return json_integer((json_int_t)count);
}

/* Each with its word, its kind and its value; of a pool's balance also the pool. */
static json_t *key_figures(const struct month *month) {
    json_t *figures = json_array(), *difference = json_array();
    uint64_t duplicates = summary_count(month->summary, "duplicates");
    int balance = find_name(&month->pools, "balance");
    add_key_figure(figures, "rows-in", "count", count_json(summary_count(month->summary, "in")));
    add_key_figure(figures, "rows-out", "count", count_json(summary_count(month->summary, "out")));
    add_key_figure(figures, "page_rejected", "count", count_json(summary_count(month->summary, "rejected")));
    add_key_figure(figures, "unpriced", "count", count_json(month->sum.unpriced));
    if (month->sum.reversed) {
        add_key_figure(figures, "reversed", "count", count_json(month->sum.reversed));
    }
    if (duplicates) {
        add_key_figure(figures, "rows-duplicate", "count", count_json(duplicates));
    }
    add_key_figure(figures, "cost", "amount", decimal_json(month->sum.cost, 2));
    add_key_figure(figures, "standard", "amount", decimal_json(month->sum.standard, 2));
    add_key_figure(figures, "fund_payment", "amount", decimal_json(month_fund_payment(month), 2));
    add_difference(difference, month->sum.standard, month->sum.cost);
    add_key_figure(figures, "difference", "amount", json_incref(json_array_get(difference, 0)));
    json_decref(difference);
    for (size_t i = 0; i < month->pools.count && balance >= 0; i++) {
        const struct month_line *pool = &month->pools.lines[i];
        if (pool->cells[balance].length) {
            add_key_figure(figures, "balance", "amount", text_json(pool->cells[balance]));
            add_text(json_array_get(figures, json_array_size(figures) - 1), pool->pool);
        }
    }
    return figures;
}

/* ---- the page --------------------------------------------------------------------------------------------- */

static json_t *words_json(void) {
    json_t *all = json_object();
    for (int i = 0; i < word_count; i++) {
        json_t *both = json_array();
        add_text(both, text_of(words[i].text[CHINESE]));
        add_text(both, text_of(words[i].text[ENGLISH]));
        json_object_set_new(all, words[i].key, both);
    }
    return all;
}

static json_t *month_json(const struct month *month, enum language language) {
    json_t *root = json_object(), *tables = json_object();
    json_object_set_new(root, "language", json_string(language == CHINESE ? "zh" : "en"));
    json_object_set_new(root, "library", json_string(page_chart_library));
    copy_facts(root, month->summary);
    json_object_set_new(root, "figures", key_figures(month));
    json_object_set_new(root, "tables", tables);
    add_inputs(tables, month->summary);
    add_lines(tables, "pools", &month->pools, false);
    add_pool_figures(tables, &month->pools);
    add_hospitals(tables, month);
    add_lines(tables, "hospital_lines", &month->hospital_lines, true);
    add_classes(tables, month);
    add_all_groups(tables, month);
    add_ratios(tables, month);
    add_counts(tables, "statuses", "status", month, &month->statuses);
    add_counts(tables, "reasons", "page_reason", month, &month->reasons);
    json_object_set_new(root, "words", words_json());
    return root;
}

/* JSON inside an element of HTML: `<` could end it, and two separators of lines end lines in old scripts. */
static void add_escaped(struct buffer *page, const char *json) {
    for (const char *at = json; *at; at++) {
        if (*at == '<') {
            buffer_text(page, "\\u003c");
        } else if (strncmp(at, "\xe2\x80\xa8", 3) == 0 || strncmp(at, "\xe2\x80\xa9", 3) == 0) {
            buffer_text(page, at[2] == '\xa8' ? "\\u2028" : "\\u2029");
            at += 2;
        } else {
            buffer_add(page, at, 1);
        }
    }
}

int page_write(const struct month *month, enum language language, const char *path) {
    struct output *out = output_open(path);
    if (!out) {
        return EXIT_IO;
    }
    json_t *root = month_json(month, language);
    char *json = need(json_dumps(root, JSON_COMPACT));
    json_decref(root);
    struct buffer page = {0};
    buffer_add(&page, page_head, page_head_size);
    buffer_text(&page, language == CHINESE ? "zh-CN" : "en");
    buffer_add(&page, page_middle, page_middle_size);
    add_escaped(&page, json);
    buffer_add(&page, page_tail, page_tail_size);
    free(json);
    output_write(out, page.data, page.size);
    buffer_free(&page);
    if (!output_close(out)) {
        return EXIT_IO;
    }
    if (page_chart_library[0] == '\0') {
        complain("note: charts are not built in, the page has the tables only; run tools/vendor, then build again");
    }
    return EXIT_DONE;
}
