/* SPDX-License-Identifier: Apache-2.0
 *
 * The first sheet of a statement: whose it is, sums by pool and class, whether the sheets agree with the
 * settlement, its figures. */
#include "statement_book.h"

#include "../cells.h"

#include <string.h>

enum { SUMMARY_COLUMNS = 10 };

/* ---- summary ---------------------------------------------------------------------------------------------- */

static void label_line(struct book *b, const char *key, casemix_text text, lxw_format *format) {
    book_put_word(b, b->summary, b->summary_row, 0, key, b->label);
    book_put_text(b, b->summary, b->summary_row++, 1, text, format);
}

static casemix_text summary_text(const struct book *b, const char *key) {
    const char *text = json_string_value(json_object_get(b->month->summary, key));
    return (casemix_text){text ? text : "", text ? strlen(text) : 0};
}

/* The note of a policy takes as many lines as it needs. */
static void policy_note(struct book *b) {
    casemix_text note = summary_text(b, "note");
    if (note.length == 0) {
        return;
    }
    size_t lines = display_width(note.text, note.length) / 130 + 1;
    worksheet_set_row(b->summary, b->summary_row, 14.0 * (double)(lines < 20 ? lines : 20) + 2, NULL);
    book_put_word(b, b->summary, b->summary_row, 0, "policy-note", b->label);
    book_fault(b, worksheet_merge_range(b->summary, b->summary_row, 1, b->summary_row, SUMMARY_COLUMNS - 1,
                                        book_cell_text(b, note), b->wrapped));
    b->summary_row++;
}

static void summary_head(struct book *b) {
    struct buffer text = {0};
    worksheet_set_row(b->summary, 0, 24, NULL);
    book_put_word(b, b->summary, 0, 0, "statement", b->title);
    b->summary_row = 1;
    if (book_is_demonstration(b)) {
        book_put_word(b, b->summary, b->summary_row++, 0, "is-demonstration", b->warning);
    }
    book_add_hospital(b, &text);
    label_line(b, "hospital", (casemix_text){text.data, text.size}, b->section);
    text.size = 0;
    casemix_text policy = summary_text(b, "policy"), methods = summary_text(b, "methods");
    buffer_add(&text, policy.text, policy.length);
    buffer_format(&text, methods.length ? " (%.*s)" : "%.*s", (int)methods.length, methods.text);
    label_line(b, "policy", (casemix_text){text.data, text.size}, b->cell[TEXT]);
    policy_note(b);
    label_line(b, "scheme", summary_text(b, "scheme"), b->cell[TEXT]);
    text.size = 0;
    casemix_text image = summary_text(b, "image"), version = summary_text(b, "casemix");
    buffer_format(&text, "%.*s (casemix %.*s)", (int)image.length, image.text, (int)version.length, version.text);
    label_line(b, "image", (casemix_text){text.data, text.size}, b->cell[TEXT]);
    const char *unit = book_say(b, "amounts-in");
    label_line(b, "amounts", (casemix_text){unit, strlen(unit)}, b->cell[TEXT]);
    buffer_free(&text);
}

static void section(struct book *b, const char *key, const char *const *headings, size_t count) {
    b->summary_row++;
    book_put_word(b, b->summary, b->summary_row++, 0, key, b->section);
    for (size_t i = 0; i < count; i++) {
        book_put_word(b, b->summary, b->summary_row, i, headings[i], b->heading);
    }
    worksheet_set_row(b->summary, b->summary_row++, 30, NULL);
}

static const enum kind table_kinds[] = {COUNT, COUNT, COUNT, POINTS, YUAN, YUAN, YUAN, YUAN, YUAN};

/* A row of numbers behind its name, added to the sums below. */
static void table_line(struct book *b, const char *none, casemix_text name, const int64_t *numbers, size_t count,
                       int64_t *sums, bool *as_text) {
    char key[128] = "";
    if (name.length < sizeof key) {
        memcpy(key, name.text, name.length);
        key[name.length] = '\0';
    }
    const char *word = name.length == 0 ? book_say(b, none) : name.length < sizeof key ? book_say(b, key) : NULL;
    book_put_text(b, b->summary, b->summary_row, 0, word ? (casemix_text){word, strlen(word)} : name,
                  b->cell[TEXT]);
    for (size_t i = 0; i < count; i++) {
        book_put_amount(b, b->summary, b->summary_row, i + 1, numbers[i], table_kinds[i], false);
        as_text[i] |= !book_fits(numbers[i]) || __builtin_add_overflow(sums[i], numbers[i], &sums[i]);
    }
    b->summary_row++;
}

static void table_total(struct book *b, uint32_t first, const int64_t *sums, const bool *as_text, size_t count) {
    book_put_word(b, b->summary, b->summary_row, 0, "total", b->total[TEXT]);
    for (size_t i = 0; i < count; i++) {
        char formula[64], column = (char)('B' + i);
        snprintf(formula, sizeof formula, "=SUM(%c%u:%c%u)", column, first + 1, column, b->summary_row);
        book_put_formula(b, b->summary, b->summary_row, i + 1, formula, sums[i], table_kinds[i], true,
                         b->summary_row > first && !as_text[i]);
    }
    b->summary_row++;
}

static void summary_pools(struct book *b) {
    static const char *const headings[] = {"pool", "cases",    "unpriced", "reversed", "points",
                                           "cost", "standard", "of_cases", "closing",  "fund_payment"};
    enum { NUMBERS = COUNT_OF(headings) - 1 };
    int64_t sums[NUMBERS] = {0};
    bool as_text[NUMBERS] = {false};
    section(b, "by-pool", headings, COUNT_OF(headings));
    uint32_t first = b->summary_row;
    for (size_t i = 0; i < b->hospital->lines; i++) {
        const struct month_line *line = &b->month->hospital_lines.lines[b->hospital->first_line + i];
        const struct month_sum *sum = &line->sum;
        const int64_t numbers[NUMBERS] = {
            (int64_t)sum->cases, (int64_t)sum->unpriced, (int64_t)sum->reversed, sum->points,      sum->cost,
            sum->standard,       line->of_cases,         line->closing,          sum->fund_payment};
        table_line(b, "no-pool", line->pool, numbers, NUMBERS, sums, as_text);
    }
    table_total(b, first, sums, as_text, NUMBERS);
}

static void summary_classes(struct book *b) {
    static const char *const headings[] = {"class",  "cases", "unpriced", "reversed",
                                           "points", "cost",  "standard", "of_cases"};
    enum { NUMBERS = COUNT_OF(headings) - 1 };
    int64_t sums[NUMBERS] = {0};
    bool as_text[NUMBERS] = {false};
    section(b, "by-class", headings, COUNT_OF(headings));
    uint32_t first = b->summary_row;
    for (size_t i = 0; i < b->hospital->classes.count; i++) {
        const struct month_entry *entry = &b->hospital->classes.entries[i];
        const struct month_sum *sum = &entry->sum;
        const int64_t numbers[NUMBERS] = {
            (int64_t)sum->cases, (int64_t)sum->unpriced, (int64_t)sum->reversed, sum->points,
            sum->cost,           sum->standard,          sum->fund_payment};
        table_line(b, "no-class", entry->key, numbers, NUMBERS, sums, as_text);
    }
    table_total(b, first, sums, as_text, NUMBERS);
}

/* ---- the check -------------------------------------------------------------------------------------------- */

/* What the sheets of cases add up to beside what was settled, and whether that agrees: computed by the spreadsheet
 * too, unless numbers are too long for it. */
static void check_line(struct book *b, const char *key, const char *formula, int64_t sheets, int64_t settled,
                       enum kind kind, bool exact) {
    char text[96];
    uint32_t row = b->summary_row++;
    bool agrees = sheets == settled;
    int64_t difference = 0;
    exact =
        exact && book_fits(sheets) && book_fits(settled) && !__builtin_sub_overflow(sheets, settled, &difference);
    book_put_word(b, b->summary, row, 0, key, b->cell[TEXT]);
    book_put_formula(b, b->summary, row, 1, formula, sheets, kind, false, exact);
    book_put_amount(b, b->summary, row, 2, settled, kind, false);
    if (!exact) {
        book_put_amount(b, b->summary, row, 3, difference, kind, false);
        book_put_word(b, b->summary, row, 4, agrees ? "agrees" : "differs", b->good);
        return;
    }
    snprintf(text, sizeof text, "=ROUND(B%u-C%u,%u)", row + 1, row + 1, book_places(kind));
    book_fault(b, worksheet_write_formula_num(b->summary, row, 3, text, b->cell[kind],
                                              book_nearest(difference, book_places(kind))));
    snprintf(text, sizeof text, "=IF(D%u=0,\"%s\",\"%s\")", row + 1, book_say(b, "agrees"), book_say(b, "differs"));
    book_fault(b, worksheet_write_formula_str(b->summary, row, 4, text, b->good,
                                              book_say(b, agrees ? "agrees" : "differs")));
}

/* "=SUM('Cases'!K4:K90,'Cases 2'!K4:K20)" and the sum. */
static bool case_sum(const struct book *b, const char *function, size_t column, struct buffer *formula,
                     int64_t *sum) {
    bool exact = true;
    *sum = 0;
    formula->size = 0;
    buffer_text(formula, "=");
    for (size_t i = 0; i < b->case_sheets; i++) {
        const struct list *list = &b->cases[i];
        char range[48];
        list_range(list, column, range);
        buffer_format(formula, "%s%s('%s'!%s)", i > 0 ? "+" : "", function, list->name, range);
        exact = exact && list->row > FIRST_ROW && !list->state[column].as_text && !list->state[column].lost &&
                !__builtin_add_overflow(*sum, list->state[column].sum, sum);
    }
    *buffer_room(formula, 1) = '\0';
    return exact;
}

static void summary_check(struct book *b) {
    static const char *const headings[] = {"check-item", "check-sheets", "check-settled", "check-difference",
                                           "check-result"};
    static const struct {
        const char *key;
        size_t column; /* of the sheets of cases */
        enum kind kind;
    } amounts[] = {{"points", 6, POINTS}, {"cost", 8, YUAN}, {"standard", 9, YUAN}, {"of_cases", 10, YUAN}};
    const struct month_sum *sum = &b->hospital->sum;
    const int64_t settled[] = {sum->points, sum->cost, sum->standard, sum->fund_payment};
    struct buffer formula = {0};
    int64_t found, closing = 0, paid = 0, both;
    section(b, "check", headings, COUNT_OF(headings));
    bool exact = case_sum(b, "ROWS", 0, &formula, &found);
    check_line(b, "check-cases", formula.data, (int64_t)b->hospital->rows, (int64_t)(sum->cases + sum->reversed),
               COUNT, exact);
    for (size_t i = 0; i < COUNT_OF(amounts); i++) {
        exact = case_sum(b, "SUM", amounts[i].column, &formula, &found);
        check_line(b, amounts[i].key, formula.data, exact ? found : settled[i], settled[i], amounts[i].kind, exact);
    }
    bool lost = false;
    for (size_t i = 0; i < b->hospital->lines; i++) {
        const struct month_line *line = &b->month->hospital_lines.lines[b->hospital->first_line + i];
        lost |= __builtin_add_overflow(closing, line->closing, &closing) ||
                __builtin_add_overflow(paid, line->sum.fund_payment, &paid);
    }
    if (!lost && !__builtin_add_overflow(sum->fund_payment, closing, &both)) {
        char told[32];
        *put_decimal(told, closing, 2) = '\0';
        buffer_format(&formula, "%s%s", closing < 0 ? "" : "+", told);
        check_line(b, "check-paid", formula.data, both, paid, YUAN, exact && book_fits(closing));
    }
    buffer_free(&formula);
}

/* ---- figures ---------------------------------------------------------------------------------------------- */

/* A decimal of any kind as a number where 15 digits hold it, else as text. */
static void put_value(struct book *b, uint32_t row, size_t column, casemix_text text) {
    const char *point = memchr(text.text, '.', text.length);
    size_t places = point ? text.length - (size_t)(point - text.text) - 1 : 0;
    int64_t value;
    if (places <= 10 && month_decimal(text, (unsigned)places, &value) && book_fits(value)) {
        book_fault(b,
                   worksheet_write_number(b->summary, row, (lxw_col_t)column, book_nearest(value, (unsigned)places),
                                          b->cell[places <= 2 ? YUAN : VALUE]));
    } else {
        book_put_text(b, b->summary, row, column, text, b->too_long);
    }
}

static bool is_told_before(casemix_text name) {
    static const char *const known[] = {"hospital", "pool", "cases",    "points",   "standard", "fund_payment",
                                        "unpriced", "cost", "reversed", "of_cases", "closing",  "demonstration"};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (name.length == strlen(known[i]) && strncasecmp(name.text, known[i], name.length) == 0) {
            return true;
        }
    }
    return false;
}

/* `payable`, or `hospital.patient_paid`, in told. */
static void put_figure_name(struct book *b, uint32_t row, casemix_text name) {
    char key[128];
    const char *point = memchr(name.text, '.', name.length);
    size_t skip = point ? (size_t)(point - name.text) + 1 : 0;
    if (name.length >= sizeof key) {
        book_put_text(b, b->summary, row, 2, name, b->cell[TEXT]);
        return;
    }
    memcpy(key, name.text + skip, name.length - skip);
    key[name.length - skip] = '\0';
    book_put_text(b, b->summary, row, 2, (casemix_text){book_say(b, key), strlen(book_say(b, key))}, b->cell[TEXT]);
}

static void figures_of(struct book *b, const struct month_table *table, const struct month_line *line,
                       const char *scope) {
    char pool[128] = "";
    if (line->pool.length < sizeof pool) {
        memcpy(pool, line->pool.text, line->pool.length);
        pool[line->pool.length] = '\0';
    }
    for (size_t i = 0; i < table->columns; i++) {
        if (is_told_before(table->names[i]) || line->cells[i].length == 0) {
            continue;
        }
        book_put_word(b, b->summary, b->summary_row, 0, *pool ? pool : "no-pool", b->cell[TEXT]);
        book_put_word(b, b->summary, b->summary_row, 1, scope, b->cell[TEXT]);
        put_figure_name(b, b->summary_row, table->names[i]);
        put_value(b, b->summary_row++, 3, line->cells[i]);
    }
}

static void summary_figures(struct book *b) {
    static const char *const headings[] = {"pool", "figure-scope", "figure", "figure-value"};
    section(b, "figures", headings, COUNT_OF(headings));
    for (size_t i = 0; i < b->hospital->lines; i++) {
        const struct month_line *line = &b->month->hospital_lines.lines[b->hospital->first_line + i];
        figures_of(b, &b->month->hospital_lines, line, "of-hospital");
        for (size_t p = 0; p < b->month->pools.count; p++) {
            const struct month_line *pool = &b->month->pools.lines[p];
            if (pool->pool.length == line->pool.length &&
                memcmp(pool->pool.text, line->pool.text, line->pool.length) == 0) {
                figures_of(b, &b->month->pools, pool, "of-pool");
            }
        }
    }
}

/* Rows that were rejected may name no hospital: they are of the month. */
static void summary_month(struct book *b) {
    static const char *const keys[][2] = {
        {"in", "rows-in"}, {"out", "rows-out"}, {"rejected", "rows-rejected"}, {"duplicates", "rows-duplicate"}};
    b->summary_row++;
    book_put_word(b, b->summary, b->summary_row++, 0, "whole-month", b->section);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        int64_t rows = json_integer_value(json_object_get(b->month->summary, keys[i][0]));
        book_put_word(b, b->summary, b->summary_row, 0, keys[i][1], b->cell[TEXT]);
        book_put_amount(b, b->summary, b->summary_row++, 1, rows, COUNT, false);
    }
}

void book_make_summary(struct book *b) {
    book_fault(b, worksheet_set_column(b->summary, 0, 0, 38, NULL));
    book_fault(b, worksheet_set_column(b->summary, 1, SUMMARY_COLUMNS - 1, 16, NULL));
    summary_head(b);
    summary_pools(b);
    summary_check(b);
    summary_classes(b);
    summary_figures(b);
    summary_month(b);
    book_set_page(b, b->summary);
}
