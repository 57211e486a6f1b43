/* SPDX-License-Identifier: Apache-2.0
 *
 * The sheets of a statement that are one list each: groups, cases, cases without price. */
#include "statement_book.h"

#include "../cells.h"

#include <string.h>

enum { FINDINGS_WIDTH = 30 };

static const struct column case_columns[] = {
    {"id", TEXT, MONTH_ID},
    {"pool", WORD, MONTH_POOL},
    {"scheme", TEXT, MONTH_SCHEME},
    {"group", TEXT, MONTH_GROUP},
    {"status", WORD, MONTH_STATUS},
    {"class", WORD, MONTH_CLASS},
    {"points", POINTS, MONTH_POINTS},
    {"point_value", VALUE, MONTH_POINT_VALUE},
    {"cost", YUAN, MONTH_COST},
    {"standard", YUAN, MONTH_STANDARD},
    {"fund_payment", YUAN, MONTH_FUND_PAYMENT},
    {"reason", WORD, MONTH_REASON},
    {"price_status", WORD, MONTH_PRICE_STATUS},
    {"findings", FINDINGS, MONTH_FINDINGS},
};
static const struct column unpriced_columns[] = {
    {"id", TEXT, MONTH_ID},
    {"pool", WORD, MONTH_POOL},
    {"group", TEXT, MONTH_GROUP},
    {"status", WORD, MONTH_STATUS},
    {"reason", WORD, MONTH_REASON},
    {"price_status", WORD, MONTH_PRICE_STATUS},
    {"missing", FINDINGS, MONTH_FINDINGS},
};
/* Where names are known, and where they are not. */
static const struct column group_columns[] = {
    {"group", TEXT, 0},     {"name", TEXT, 0},         {"cases", COUNT, 0},
    {"reversed", COUNT, 0}, {"points", POINTS, 0},     {"cost", YUAN, 0},
    {"standard", YUAN, 0},  {"fund_payment", YUAN, 0}, {"difference", YUAN, 0},
};
static const struct column plain_group_columns[] = {
    {"group", TEXT, 0}, {"cases", COUNT, 0},   {"reversed", COUNT, 0},    {"points", POINTS, 0},
    {"cost", YUAN, 0},  {"standard", YUAN, 0}, {"fund_payment", YUAN, 0}, {"difference", YUAN, 0},
};

/* ---- widths of columns ----------------------------------------------------------------------------------- */

/* With sign, point and separators. */
static size_t number_width(int64_t value, enum kind kind) {
    unsigned digits = count_digits(value < 0 ? 0 - (uint64_t)value : (uint64_t)value), places = book_places(kind);
    unsigned whole = digits > places ? digits - places : 1;
    return whole + (kind == POINTS ? 0 : (whole - 1) / 3) + places + 2;
}

static size_t word_width(const struct book *b, casemix_text key) {
    char text[128];
    if (key.length >= sizeof text) {
        return display_width(key.text, key.length);
    }
    memcpy(text, key.text, key.length);
    text[key.length] = '\0';
    return display_width(book_say(b, text), strlen(book_say(b, text)));
}

static size_t tally_width(const struct book *b, const struct month_tally *tally) {
    size_t most = 0;
    for (size_t i = 0; i < tally->count; i++) {
        size_t width = word_width(b, tally->entries[i].key);
        most = width > most ? width : most;
    }
    return most;
}

static size_t pool_width(const struct book *b) {
    size_t most = 0;
    for (size_t i = 0; i < b->hospital->lines; i++) {
        size_t width = word_width(b, b->month->hospital_lines.lines[b->hospital->first_line + i].pool);
        most = width > most ? width : most;
    }
    return most;
}

/* Of what stands in it. Rows cannot be waited for: the library takes widths only before them. */
static size_t content_width(const struct book *b, const struct column *column) {
    const struct month_sum *sum = &b->hospital->sum;
    switch (column->kind) {
    case FINDINGS:
        return FINDINGS_WIDTH;
    case COUNT:
        return number_width((int64_t)b->hospital->rows, COUNT);
    case POINTS:
        return number_width(sum->points, POINTS);
    case VALUE:
        return 11;
    case YUAN:
        return number_width(sum->cost > sum->standard ? sum->cost : sum->standard, YUAN);
    default:
        break;
    }
    const char *key = column->key;
    return strcmp(key, "id") == 0       ? b->month->id_width
           : strcmp(key, "pool") == 0   ? pool_width(b)
           : strcmp(key, "group") == 0  ? tally_width(b, &b->month->groups)
           : strcmp(key, "status") == 0 ? tally_width(b, &b->month->statuses)
           : strcmp(key, "class") == 0  ? tally_width(b, &b->hospital->classes)
           : strcmp(key, "reason") == 0 ? 22
           : strcmp(key, "name") == 0   ? 50
                                        : 14;
}

/* A long heading takes two lines. */
static size_t column_width(const struct book *b, const struct column *column) {
    const char *heading = book_say(b, column->key);
    size_t least = display_width(heading, strlen(heading)), width = content_width(b, column);
    least = least > 8 ? 10 : least + 2; /* the button of the filter */
    width = width < least ? least : width;
    return width > 60 ? 60 : width;
}

/* ---- sheets of one list ----------------------------------------------------------------------------------- */

/* rows: how many there will be; the library takes what covers them only before they are written. */
static void list_start(struct book *b, struct list *list, const char *const names[2], size_t number, uint64_t rows,
                       const struct column *columns, size_t count) {
    struct buffer text = {0};
    list->columns = columns;
    list->count = count;
    list->row = FIRST_ROW;
    snprintf(list->name, sizeof list->name, number > 0 ? "%s %zu" : "%s", book_say(b, names[0]), number + 1);
    list->sheet = workbook_add_worksheet(b->book, list->name);
    if (!list->sheet) {
        book_fault(b, LXW_ERROR_CREATING_TMPFILE);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        book_fault(b, worksheet_set_column(list->sheet, (lxw_col_t)i, (lxw_col_t)i,
                                           (double)column_width(b, &columns[i]) + 1, NULL));
    }
    book_fault(b, worksheet_autofilter(list->sheet, FIRST_ROW - 1, 0, (lxw_row_t)(FIRST_ROW - 1 + rows),
                                       (lxw_col_t)(count - 1)));
    buffer_format(&text, "%s  ", book_say(b, names[1]));
    book_add_hospital(b, &text);
    worksheet_set_row(list->sheet, 0, 24, NULL);
    book_put_text(b, list->sheet, 0, 0, (casemix_text){text.data, text.size}, b->title);
    buffer_free(&text);
    book_put_word(b, list->sheet, 1, 0, book_is_demonstration(b) ? "is-demonstration" : "amounts-in",
                  book_is_demonstration(b) ? b->warning : b->note);
    worksheet_set_row(list->sheet, 2, 30, NULL);
    for (size_t i = 0; i < count; i++) {
        book_put_word(b, list->sheet, 2, i, columns[i].key, b->heading);
    }
}

static void list_text(struct book *b, struct list *list, size_t column, casemix_text text) {
    if (text.length > 0) {
        book_put_text(b, list->sheet, list->row, column, text, b->cell[list->columns[column].kind]);
    }
}

static void list_number(struct book *b, struct list *list, size_t column, int64_t value) {
    enum kind kind = list->columns[column].kind;
    list->state[column].as_text |= !book_fits(value);
    list->state[column].lost |= __builtin_add_overflow(list->state[column].sum, value, &list->state[column].sum);
    book_put_amount(b, list->sheet, list->row, column, value, kind, false);
}

void list_range(const struct list *list, size_t column, char out[48]) {
    snprintf(out, 48, "%c%d:%c%u", (char)('A' + column), FIRST_ROW + 1, (char)('A' + column), list->row);
}

static bool has_total(enum kind kind) {
    return kind == COUNT || kind == YUAN || kind == POINTS;
}

/* Totals and print; rows are complete. */
void list_end(struct book *b, struct list *list, bool totals) {
    for (size_t i = 0; totals && i < list->count; i++) {
        char range[48], formula[64];
        enum kind kind = list->columns[i].kind;
        list_range(list, i, range);
        snprintf(formula, sizeof formula, "=SUM(%s)", range);
        if (i == 0) {
            book_put_word(b, list->sheet, list->row, i, "total", b->total[TEXT]);
        } else if (has_total(kind) && !list->state[i].lost) {
            book_put_formula(b, list->sheet, list->row, i, formula, list->state[i].sum, kind, true,
                             list->row > FIRST_ROW && !list->state[i].as_text);
        } else {
            book_fault(b, worksheet_write_blank(list->sheet, list->row, (lxw_col_t)i, b->total[TEXT]));
        }
    }
    book_fault(b, worksheet_repeat_rows(list->sheet, 0, FIRST_ROW - 1));
    /* ids of digits are texts by intention: no green corners */
    book_fault(b, worksheet_ignore_errors(list->sheet, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:N1048576"));
    worksheet_freeze_panes(list->sheet, FIRST_ROW, 1);
    book_set_page(b, list->sheet);
}

/* In the order of the sheets. */
void book_make_lists(struct book *b) {
    static const char *const groups[] = {"sheet-groups", "title-groups"},
                             *const cases[] = {"sheet-cases", "title-cases"},
                             *const unpriced[] = {"sheet-unpriced", "title-unpriced"};
    uint64_t left = b->hospital->rows, priced = 0;
    bool named = b->month->names != NULL;
    list_start(b, &b->groups, groups, 0, b->hospital->groups.count, named ? group_columns : plain_group_columns,
               named ? COUNT_OF(group_columns) : COUNT_OF(plain_group_columns));
    for (size_t i = 0; i < b->case_sheets && !b->error; i++) {
        uint64_t rows = left < b->sheet_rows ? left : b->sheet_rows;
        list_start(b, &b->cases[i], cases, i, rows, case_columns, COUNT_OF(case_columns));
        left -= rows;
    }
    for (size_t i = 0; i < b->hospital->groups.count; i++) {
        const struct month_sum *sum = &b->hospital->groups.entries[i].sum;
        priced += sum->cases + sum->reversed;
    }
    left = b->hospital->rows - priced;
    list_start(b, &b->unpriced, unpriced, 0, left < b->sheet_rows ? left : b->sheet_rows, unpriced_columns,
               COUNT_OF(unpriced_columns));
}

void book_add_groups(struct book *b) {
    struct list *list = &b->groups;
    for (size_t i = 0; i < b->hospital->groups.count; i++) {
        const struct month_entry *entry = &b->hospital->groups.entries[i];
        const struct month_sum *sum = &entry->sum;
        const int64_t numbers[] = {
            (int64_t)sum->cases, (int64_t)sum->reversed,   sum->points, sum->cost, sum->standard,
            sum->fund_payment,   sum->standard - sum->cost}; /* groups.csv was refused if it did not fit */
        list_text(b, list, 0, entry->key);
        if (b->month->names) {
            list_text(b, list, 1, group_name(b->month->names, entry->key));
        }
        for (size_t n = 0; n < COUNT_OF(numbers); n++) {
            list_number(b, list, list->count - COUNT_OF(numbers) + n, numbers[n]);
        }
        list->row++;
    }
    list_end(b, list, true);
}

/* ---- cases ------------------------------------------------------------------------------------------------ */

static int64_t amount_of(const struct month_row *row, enum month_column column) {
    int64_t value = 0;
    switch (column) {
    case MONTH_POINTS:
        return row->points;
    case MONTH_STANDARD:
        return row->standard;
    case MONTH_FUND_PAYMENT:
        return row->fund_payment;
    case MONTH_COST:
        return row->cost;
    default:
        month_decimal(row->fields[column], book_places(VALUE), &value);
        return value;
    }
}

static void put_row(struct book *b, struct list *list, const struct month_row *row) {
    char key[128];
    struct buffer told = {0};
    for (size_t i = 0; i < list->count; i++) {
        const struct column *column = &list->columns[i];
        casemix_text field = row->fields[column->from];
        if (field.length == 0) {
            continue;
        }
        if (column->kind == WORD && field.length < sizeof key) {
            memcpy(key, field.text, field.length);
            key[field.length] = '\0';
            const char *word = book_say(b, key);
            list_text(b, list, i, (casemix_text){word, strlen(word)});
        } else if (column->kind == FINDINGS) {
            statement_findings(field, b->style->language, &told);
            size_t lines = display_width(told.data, told.size) / (FINDINGS_WIDTH - 2);
            if (lines > 0) { /* not every spreadsheet finds the height by itself */
                worksheet_set_row(list->sheet, list->row, 15.0 * (double)(lines < 20 ? lines + 1 : 21), NULL);
            }
            list_text(b, list, i, (casemix_text){told.data, told.size});
        } else if (column->kind == TEXT || column->kind == WORD) {
            list_text(b, list, i, field);
        } else {
            list_number(b, list, i, amount_of(row, column->from));
        }
    }
    buffer_free(&told);
    list->row++;
}

void book_row(struct book *b, const struct month_row *row) {
    if (b->cases[b->at].row == FIRST_ROW + b->sheet_rows && b->at + 1 < b->case_sheets) {
        b->at++;
    }
    put_row(b, &b->cases[b->at], row);
    if (!row->priced && b->unpriced.row < FIRST_ROW + b->sheet_rows) {
        put_row(b, &b->unpriced, row);
    } else if (!row->priced) {
        b->unpriced_left++;
    }
}

/* One row is left on the sheet, where the others have their totals. */
void book_tell_unpriced(struct book *b) {
    if (b->unpriced_left > 0) {
        char told[160];
        snprintf(told, sizeof told, "%s: %llu", book_say(b, "more-unpriced"), (unsigned long long)b->unpriced_left);
        book_put_text(b, b->unpriced.sheet, b->unpriced.row, 0, (casemix_text){told, strlen(told)}, b->warning);
    }
}
