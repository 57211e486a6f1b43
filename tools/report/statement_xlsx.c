/* SPDX-License-Identifier: Apache-2.0
 *
 * A statement as a workbook for Excel and WPS. libxlsxwriter writes it in its mode of constant memory: a row is on
 * its way to the disk when the next one begins.
 *
 * Amounts are whole fen and points whole ten-thousandths up to here. The file format knows only binary fractions,
 * so this is the one place where a `double` appears: the border of the library. A number of at most 15 digits
 * divided by its power of ten is the fraction nearest to the decimal, which every spreadsheet shows as that decimal
 * (it shows 15 digits; the file has 16, of which the last may be off: 9.949999999999999 for 9.95). Longer ones are
 * written as text, never rounded. */
#include "statement.h"

#include "../cells.h"
#include "../command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

enum {
    FIRST_ROW = 3, /* title, note, heading */
    COLUMNS_MOST = 14,
    SUMMARY_COLUMNS = 10,
    TEXT_MOST = 32000, /* bytes; a cell takes 32,767 letters */
    HEADING_MOST = 200,
    FINDINGS_WIDTH = 30,
};
static const int64_t digits_most = 999999999999999; /* 15 */

enum kind { TEXT, WORD, FINDINGS, COUNT, YUAN, POINTS, VALUE, KINDS };

struct column {
    const char *key; /* of its word */
    enum kind kind;
    enum month_column from; /* in cases.csv */
};

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
static const struct column group_columns[] = {
    {"group", TEXT, 0}, {"cases", COUNT, 0},   {"reversed", COUNT, 0},    {"points", POINTS, 0},
    {"cost", YUAN, 0},  {"standard", YUAN, 0}, {"fund_payment", YUAN, 0}, {"difference", YUAN, 0},
};
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* A sheet with one heading and rows of one kind. */
struct list {
    lxw_worksheet *sheet;
    char name[64];
    const struct column *columns;
    size_t count;
    uint32_t row; /* the next */
    struct {
        int64_t sum;
        bool as_text; /* some cell is too long for a number */
        bool lost;    /* the sum is too long to be held, before amounts below 0 made it shorter */
    } state[COLUMNS_MOST];
};

struct book {
    struct month *month;
    const struct month_hospital *hospital;
    const struct statement_style *style;
    char *path;
    lxw_workbook *book;
    lxw_format *title, *note, *warning, *label, *heading, *section, *wrapped, *good;
    lxw_format *cell[KINDS], *total[KINDS], *too_long, *too_long_total;
    lxw_worksheet *summary;
    uint32_t summary_row;
    struct list groups, unpriced, *cases;
    uint64_t unpriced_left; /* that the sheet could not hold */
    size_t case_sheets, at; /* at: the one being filled */
    uint32_t sheet_rows;
    struct buffer text;
    int error; /* the first of the library; 0 none */
};

/* ---- cells ------------------------------------------------------------------------------------------------ */

static const char *say(const struct book *b, const char *key) {
    return word_of(key, b->style->language);
}

static void note_error(struct book *b, lxw_error error) {
    b->error = b->error ? b->error : (int)error;
}

/* `_x0041_` is how the file format writes a letter by its number; a text that only looks so gets its `_` written
 * so. */
static bool looks_like_letter(const char *text, size_t left) {
    if (left < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_') {
        return false;
    }
    return strspn(text + 2, "0123456789abcdefABCDEF") >= 4;
}

/* The text as a cell may hold it, with a NUL. Two letters of Unicode are none in XML. */
static const char *cell_text(struct book *b, casemix_text text) {
    size_t length = text.length < TEXT_MOST ? text.length : TEXT_MOST;
    while (length < text.length && length > 0 && ((unsigned char)text.text[length] & 0xc0) == 0x80) {
        length--;
    }
    char *to = buffer_room(&b->text, 7 * length + 8);
    for (size_t i = 0; i < length;) {
        if (length - i >= 3 &&
            (memcmp(text.text + i, "\xef\xbf\xbe", 3) == 0 || memcmp(text.text + i, "\xef\xbf\xbf", 3) == 0)) {
            to = put_bytes(to, "\xef\xbf\xbd", 3);
            i += 3;
            continue;
        }
        if (looks_like_letter(text.text + i, length - i)) {
            to = put_bytes(to, "_x005F", 6);
        }
        *to++ = text.text[i++];
    }
    if (length < text.length) {
        to = put_bytes(to, "…", 3);
    }
    *to = '\0';
    return b->text.data;
}

static void put_text(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, casemix_text text,
                     lxw_format *format) {
    if (text.length > 0 || format) {
        note_error(b, worksheet_write_string(sheet, row, (lxw_col_t)column, cell_text(b, text), format));
    }
}

static void put_word(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, const char *key,
                     lxw_format *format) {
    note_error(b, worksheet_write_string(sheet, row, (lxw_col_t)column, say(b, key), format));
}

static unsigned places_of(enum kind kind) {
    return kind == COUNT ? 0 : kind == YUAN ? 2 : kind == POINTS ? 4 : 6;
}

/* The border: see above. */
static double nearest(int64_t value, unsigned places) {
    static const double powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 1e7, 1e8, 1e9, 1e10};
    return (double)value / powers[places];
}

static bool fits(int64_t value) {
    return value >= -digits_most && value <= digits_most;
}

static void put_amount(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, int64_t value,
                       enum kind kind, bool total) {
    char told[32];
    if (fits(value)) {
        note_error(b, worksheet_write_number(sheet, row, (lxw_col_t)column, nearest(value, places_of(kind)),
                                             total ? b->total[kind] : b->cell[kind]));
        return;
    }
    *put_decimal(told, value, places_of(kind)) = '\0';
    note_error(
        b, worksheet_write_string(sheet, row, (lxw_col_t)column, told, total ? b->too_long_total : b->too_long));
}

/* A formula with the value that it has; as a number without it where spreadsheets could not compute it exactly. */
static void put_formula(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, const char *formula,
                        int64_t value, enum kind kind, bool total, bool exact) {
    if (exact && fits(value)) {
        note_error(b, worksheet_write_formula_num(sheet, row, (lxw_col_t)column, formula,
                                                  total ? b->total[kind] : b->cell[kind],
                                                  nearest(value, places_of(kind))));
    } else {
        put_amount(b, sheet, row, column, value, kind, total);
    }
}

/* ---- looks ------------------------------------------------------------------------------------------------ */

/* 宋体 and 微软雅黑 come with every Chinese Windows and Office, and WPS has or replaces them; 134 is their
 * character set. Letters of other scripts are in them too, so that codes line up. Arial for English: what it lacks,
 * spreadsheets take from a Chinese font. */
static lxw_format *new_format(struct book *b, bool heading, double size) {
    lxw_format *format = workbook_add_format(b->book);
    if (b->style->language == CHINESE) {
        format_set_font_name(format, heading ? "微软雅黑" : "宋体");
        format_set_font_charset(format, 134);
    } else {
        format_set_font_name(format, "Arial");
    }
    format_set_font_size(format, size);
    format_set_align(format, LXW_ALIGN_VERTICAL_CENTER);
    return format;
}

static lxw_format *number_format(struct book *b, enum kind kind, bool total) {
    static const char *const formats[KINDS] = {[COUNT] = "#,##0",
                                               [YUAN] = "#,##0.00;[Red]-#,##0.00",
                                               [POINTS] = "0.0000;[Red]-0.0000",
                                               [VALUE] = "#,##0.0000######"};
    lxw_format *format = new_format(b, total, 10);
    if (kind == WORD || kind == FINDINGS) {
        format_set_indent(format, 1);
    }
    if (kind == FINDINGS) {
        format_set_text_wrap(format);
    }
    if (formats[kind]) {
        format_set_num_format(format, formats[kind]);
        format_set_align(format, LXW_ALIGN_RIGHT);
    }
    if (total) {
        format_set_bold(format);
        format_set_top(format, LXW_BORDER_THIN);
        format_set_bg_color(format, 0xEEF3F8);
    }
    return format;
}

static void make_formats(struct book *b) {
    b->title = new_format(b, true, 14);
    format_set_bold(b->title);
    b->note = new_format(b, false, 10);
    format_set_font_color(b->note, 0x595959);
    b->warning = new_format(b, true, 10);
    format_set_bold(b->warning);
    format_set_font_color(b->warning, 0xC00000);
    b->label = new_format(b, false, 10);
    format_set_font_color(b->label, 0x595959);
    b->heading = new_format(b, true, 10);
    format_set_bold(b->heading);
    format_set_text_wrap(b->heading);
    format_set_align(b->heading, LXW_ALIGN_CENTER);
    format_set_bg_color(b->heading, 0xD9E5F1);
    format_set_bottom(b->heading, LXW_BORDER_THIN);
    b->section = new_format(b, true, 11);
    format_set_bold(b->section);
    b->wrapped = new_format(b, false, 10);
    format_set_text_wrap(b->wrapped);
    format_set_align(b->wrapped, LXW_ALIGN_VERTICAL_TOP);
    b->good = new_format(b, true, 10);
    format_set_bold(b->good);
    format_set_align(b->good, LXW_ALIGN_CENTER);
    format_set_font_color(b->good, 0x1E6B3A);
    for (int kind = 0; kind < KINDS; kind++) {
        b->cell[kind] = number_format(b, (enum kind)kind, false);
        b->total[kind] = number_format(b, (enum kind)kind, true);
    }
    b->too_long = number_format(b, TEXT, false);
    format_set_align(b->too_long, LXW_ALIGN_RIGHT);
    b->too_long_total = number_format(b, TEXT, true);
    format_set_align(b->too_long_total, LXW_ALIGN_RIGHT);
}

static bool is_demonstration(const struct book *b) {
    return month_tells_demonstration(b->month) || json_is_true(json_object_get(b->month->summary, "demonstration"));
}

static void set_page(struct book *b, lxw_worksheet *sheet) {
    char footer[HEADING_MOST], header[HEADING_MOST];
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, 9); /* A4 */
    worksheet_fit_to_pages(sheet, 1, 0);
    worksheet_set_margins(sheet, 0.4, 0.4, 0.6, 0.6);
    snprintf(footer, sizeof footer, "&C&9%s", say(b, "page-of"));
    note_error(b, worksheet_set_footer(sheet, footer));
    if (is_demonstration(b)) {
        snprintf(header, sizeof header, "&R&9%s", say(b, "is-demonstration"));
        note_error(b, worksheet_set_header(sheet, header));
    }
}

/* The name of the hospital as a title can show it. */
static void add_hospital(struct book *b, struct buffer *out) {
    casemix_text name = b->hospital->hospital;
    const char *none = say(b, "no-hospital");
    name = name.length ? name : (casemix_text){none, strlen(none)};
    size_t length = name.length < HEADING_MOST ? name.length : HEADING_MOST;
    while (length < name.length && ((unsigned char)name.text[length] & 0xc0) == 0x80) {
        length--;
    }
    buffer_add(out, name.text, length);
    buffer_text(out, length < name.length ? "…" : "");
}

/* ---- widths of columns ----------------------------------------------------------------------------------- */

/* With sign, point and separators. */
static size_t number_width(int64_t value, enum kind kind) {
    unsigned digits = count_digits(value < 0 ? 0 - (uint64_t)value : (uint64_t)value), places = places_of(kind);
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
    return display_width(say(b, text), strlen(say(b, text)));
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
                                        : 14;
}

/* A long heading takes two lines. */
static size_t column_width(const struct book *b, const struct column *column) {
    const char *heading = say(b, column->key);
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
    snprintf(list->name, sizeof list->name, number > 0 ? "%s %zu" : "%s", say(b, names[0]), number + 1);
    list->sheet = workbook_add_worksheet(b->book, list->name);
    if (!list->sheet) {
        note_error(b, LXW_ERROR_CREATING_TMPFILE);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        note_error(b, worksheet_set_column(list->sheet, (lxw_col_t)i, (lxw_col_t)i,
                                           (double)column_width(b, &columns[i]) + 1, NULL));
    }
    note_error(b, worksheet_autofilter(list->sheet, FIRST_ROW - 1, 0, (lxw_row_t)(FIRST_ROW - 1 + rows),
                                       (lxw_col_t)(count - 1)));
    buffer_format(&text, "%s  ", say(b, names[1]));
    add_hospital(b, &text);
    worksheet_set_row(list->sheet, 0, 24, NULL);
    put_text(b, list->sheet, 0, 0, (casemix_text){text.data, text.size}, b->title);
    buffer_free(&text);
    put_word(b, list->sheet, 1, 0, is_demonstration(b) ? "is-demonstration" : "amounts-in",
             is_demonstration(b) ? b->warning : b->note);
    worksheet_set_row(list->sheet, 2, 30, NULL);
    for (size_t i = 0; i < count; i++) {
        put_word(b, list->sheet, 2, i, columns[i].key, b->heading);
    }
}

static void list_text(struct book *b, struct list *list, size_t column, casemix_text text) {
    if (text.length > 0) {
        put_text(b, list->sheet, list->row, column, text, b->cell[list->columns[column].kind]);
    }
}

static void list_number(struct book *b, struct list *list, size_t column, int64_t value) {
    enum kind kind = list->columns[column].kind;
    list->state[column].as_text |= !fits(value);
    list->state[column].lost |= __builtin_add_overflow(list->state[column].sum, value, &list->state[column].sum);
    put_amount(b, list->sheet, list->row, column, value, kind, false);
}

static void sum_range(const struct list *list, size_t column, char out[48]) {
    snprintf(out, 48, "%c%d:%c%u", (char)('A' + column), FIRST_ROW + 1, (char)('A' + column), list->row);
}

static bool has_total(enum kind kind) {
    return kind == COUNT || kind == YUAN || kind == POINTS;
}

/* Totals and print; rows are complete. */
static void list_end(struct book *b, struct list *list, bool totals) {
    for (size_t i = 0; totals && i < list->count; i++) {
        char range[48], formula[64];
        enum kind kind = list->columns[i].kind;
        sum_range(list, i, range);
        snprintf(formula, sizeof formula, "=SUM(%s)", range);
        if (i == 0) {
            put_word(b, list->sheet, list->row, i, "total", b->total[TEXT]);
        } else if (has_total(kind) && !list->state[i].lost) {
            put_formula(b, list->sheet, list->row, i, formula, list->state[i].sum, kind, true,
                        list->row > FIRST_ROW && !list->state[i].as_text);
        } else {
            note_error(b, worksheet_write_blank(list->sheet, list->row, (lxw_col_t)i, b->total[TEXT]));
        }
    }
    note_error(b, worksheet_repeat_rows(list->sheet, 0, FIRST_ROW - 1));
    /* ids of digits are texts by intention: no green corners */
    note_error(b, worksheet_ignore_errors(list->sheet, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:N1048576"));
    worksheet_freeze_panes(list->sheet, FIRST_ROW, 1);
    set_page(b, list->sheet);
}

/* In the order of the sheets. */
static void make_lists(struct book *b) {
    static const char *const groups[] = {"sheet-groups", "title-groups"},
                             *const cases[] = {"sheet-cases", "title-cases"},
                             *const unpriced[] = {"sheet-unpriced", "title-unpriced"};
    uint64_t left = b->hospital->rows, priced = 0;
    list_start(b, &b->groups, groups, 0, b->hospital->groups.count, group_columns, COUNT_OF(group_columns));
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

static void add_groups(struct book *b) {
    struct list *list = &b->groups;
    for (size_t i = 0; i < b->hospital->groups.count; i++) {
        const struct month_entry *entry = &b->hospital->groups.entries[i];
        const struct month_sum *sum = &entry->sum;
        const int64_t numbers[] = {
            (int64_t)sum->cases, (int64_t)sum->reversed,   sum->points, sum->cost, sum->standard,
            sum->fund_payment,   sum->standard - sum->cost}; /* groups.csv was refused if it did not fit */
        list_text(b, list, 0, entry->key);
        for (size_t n = 0; n < COUNT_OF(numbers); n++) {
            list_number(b, list, n + 1, numbers[n]);
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
        month_decimal(row->fields[column], places_of(VALUE), &value);
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
            const char *word = say(b, key);
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
static void tell_unpriced_left(struct book *b) {
    if (b->unpriced_left > 0) {
        char told[160];
        snprintf(told, sizeof told, "%s: %llu", say(b, "more-unpriced"), (unsigned long long)b->unpriced_left);
        put_text(b, b->unpriced.sheet, b->unpriced.row, 0, (casemix_text){told, strlen(told)}, b->warning);
    }
}

/* ---- summary ---------------------------------------------------------------------------------------------- */

static void label_line(struct book *b, const char *key, casemix_text text, lxw_format *format) {
    put_word(b, b->summary, b->summary_row, 0, key, b->label);
    put_text(b, b->summary, b->summary_row++, 1, text, format);
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
    put_word(b, b->summary, b->summary_row, 0, "policy-note", b->label);
    note_error(b, worksheet_merge_range(b->summary, b->summary_row, 1, b->summary_row, SUMMARY_COLUMNS - 1,
                                        cell_text(b, note), b->wrapped));
    b->summary_row++;
}

static void summary_head(struct book *b) {
    struct buffer text = {0};
    worksheet_set_row(b->summary, 0, 24, NULL);
    put_word(b, b->summary, 0, 0, "statement", b->title);
    b->summary_row = 1;
    if (is_demonstration(b)) {
        put_word(b, b->summary, b->summary_row++, 0, "is-demonstration", b->warning);
    }
    add_hospital(b, &text);
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
    const char *unit = say(b, "amounts-in");
    label_line(b, "amounts", (casemix_text){unit, strlen(unit)}, b->cell[TEXT]);
    buffer_free(&text);
}

static void section(struct book *b, const char *key, const char *const *headings, size_t count) {
    b->summary_row++;
    put_word(b, b->summary, b->summary_row++, 0, key, b->section);
    for (size_t i = 0; i < count; i++) {
        put_word(b, b->summary, b->summary_row, i, headings[i], b->heading);
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
    const char *word = name.length == 0 ? say(b, none) : name.length < sizeof key ? say(b, key) : NULL;
    put_text(b, b->summary, b->summary_row, 0, word ? (casemix_text){word, strlen(word)} : name, b->cell[TEXT]);
    for (size_t i = 0; i < count; i++) {
        put_amount(b, b->summary, b->summary_row, i + 1, numbers[i], table_kinds[i], false);
        as_text[i] |= !fits(numbers[i]) || __builtin_add_overflow(sums[i], numbers[i], &sums[i]);
    }
    b->summary_row++;
}

static void table_total(struct book *b, uint32_t first, const int64_t *sums, const bool *as_text, size_t count) {
    put_word(b, b->summary, b->summary_row, 0, "total", b->total[TEXT]);
    for (size_t i = 0; i < count; i++) {
        char formula[64], column = (char)('B' + i);
        snprintf(formula, sizeof formula, "=SUM(%c%u:%c%u)", column, first + 1, column, b->summary_row);
        put_formula(b, b->summary, b->summary_row, i + 1, formula, sums[i], table_kinds[i], true,
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
    exact = exact && fits(sheets) && fits(settled) && !__builtin_sub_overflow(sheets, settled, &difference);
    put_word(b, b->summary, row, 0, key, b->cell[TEXT]);
    put_formula(b, b->summary, row, 1, formula, sheets, kind, false, exact);
    put_amount(b, b->summary, row, 2, settled, kind, false);
    if (!exact) {
        put_amount(b, b->summary, row, 3, difference, kind, false);
        put_word(b, b->summary, row, 4, agrees ? "agrees" : "differs", b->good);
        return;
    }
    snprintf(text, sizeof text, "=ROUND(B%u-C%u,%u)", row + 1, row + 1, places_of(kind));
    note_error(b, worksheet_write_formula_num(b->summary, row, 3, text, b->cell[kind],
                                              nearest(difference, places_of(kind))));
    snprintf(text, sizeof text, "=IF(D%u=0,\"%s\",\"%s\")", row + 1, say(b, "agrees"), say(b, "differs"));
    note_error(
        b, worksheet_write_formula_str(b->summary, row, 4, text, b->good, say(b, agrees ? "agrees" : "differs")));
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
        sum_range(list, column, range);
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
        check_line(b, "check-paid", formula.data, both, paid, YUAN, exact && fits(closing));
    }
    buffer_free(&formula);
}

/* ---- figures ---------------------------------------------------------------------------------------------- */

/* A decimal of any kind as a number where 15 digits hold it, else as text. */
static void put_value(struct book *b, uint32_t row, size_t column, casemix_text text) {
    const char *point = memchr(text.text, '.', text.length);
    size_t places = point ? text.length - (size_t)(point - text.text) - 1 : 0;
    int64_t value;
    if (places <= 10 && month_decimal(text, (unsigned)places, &value) && fits(value)) {
        note_error(b, worksheet_write_number(b->summary, row, (lxw_col_t)column, nearest(value, (unsigned)places),
                                             b->cell[places <= 2 ? YUAN : VALUE]));
    } else {
        put_text(b, b->summary, row, column, text, b->too_long);
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
        put_text(b, b->summary, row, 2, name, b->cell[TEXT]);
        return;
    }
    memcpy(key, name.text + skip, name.length - skip);
    key[name.length - skip] = '\0';
    put_text(b, b->summary, row, 2, (casemix_text){say(b, key), strlen(say(b, key))}, b->cell[TEXT]);
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
        put_word(b, b->summary, b->summary_row, 0, *pool ? pool : "no-pool", b->cell[TEXT]);
        put_word(b, b->summary, b->summary_row, 1, scope, b->cell[TEXT]);
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
    put_word(b, b->summary, b->summary_row++, 0, "whole-month", b->section);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        int64_t rows = json_integer_value(json_object_get(b->month->summary, keys[i][0]));
        put_word(b, b->summary, b->summary_row, 0, keys[i][1], b->cell[TEXT]);
        put_amount(b, b->summary, b->summary_row++, 1, rows, COUNT, false);
    }
}

static void make_summary(struct book *b) {
    note_error(b, worksheet_set_column(b->summary, 0, 0, 38, NULL));
    note_error(b, worksheet_set_column(b->summary, 1, SUMMARY_COLUMNS - 1, 16, NULL));
    summary_head(b);
    summary_pools(b);
    summary_check(b);
    summary_classes(b);
    summary_figures(b);
    summary_month(b);
    set_page(b, b->summary);
}

/* ---- open and close --------------------------------------------------------------------------------------- */

static void book_free(struct book *b) {
    buffer_free(&b->text);
    free(b->cases);
    free(b->path);
    free(b);
}

static bool book_failed(struct book *b) {
    const char *why = b->error == LXW_ERROR_CREATING_XLSX_FILE || b->error == LXW_ERROR_CREATING_TMPFILE
                          ? strerror(errno)
                          : lxw_strerror((lxw_error)b->error);
    complain("cannot write %s: %s; free some space, or name another place", b->path, why);
    return false;
}

struct book *book_open(struct month *month, const struct month_hospital *hospital,
                       const struct statement_style *style, const char *path) {
    struct book *b = need(calloc(1, sizeof *b));
    b->month = month;
    b->hospital = hospital;
    b->style = style;
    b->path = need(strdup(path));
    b->sheet_rows = style->sheet_rows ? style->sheet_rows : LXW_ROW_MAX - FIRST_ROW - 1;
    b->case_sheets = hospital->rows == 0 ? 1 : (size_t)((hospital->rows - 1) / b->sheet_rows + 1);
    b->cases = need(calloc(b->case_sheets, sizeof *b->cases));
    char *slash =
        strrchr(b->path, '/'); /* temporary files beside the result: /tmp may be small, and of everybody */
    char *folder = slash ? need(strndup(b->path, (size_t)(slash - b->path))) : need(strdup("."));
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = folder, .use_zip64 = LXW_FALSE};
    b->book = workbook_new_opt(path, &options);
    free(folder);
    if (!b->book) {
        out_of_memory();
    }
    make_formats(b);
    b->summary = workbook_add_worksheet(b->book, say(b, "sheet-summary"));
    make_lists(b);
    if (!b->summary || b->error) {
        book_failed(b);
        book_abandon(b);
        return NULL;
    }
    add_groups(b);
    return b;
}

/* The bytes of the rows of each sheet but the last, which is written when the workbook is closed. */
static uint64_t *measure_rows(struct book *b, size_t *sheets) {
    uint64_t *rows = need(calloc(b->case_sheets + 3, sizeof *rows));
    size_t count = 0;
    lxw_worksheet *sheet;
    LXW_FOREACH_WORKSHEET(sheet, b->book) {
        FILE *file = sheet->optimize_tmpfile;
        off_t size = file && fflush(file) == 0 && !ferror(file) ? ftello(file) : -1;
        if (size < 0 || count == b->case_sheets + 3) {
            note_error(b, LXW_ERROR_CREATING_TMPFILE);
            break;
        }
        rows[count++] = (uint64_t)size;
    }
    *sheets = count;
    return rows;
}

bool book_close(struct book *b) {
    /* A fixed day: the same month makes the same bytes. No name of a user. */
    lxw_doc_properties properties = {.title = (char *)(uintptr_t)say(b, "statement"), .created = 946684800};
    for (size_t i = 0; i < b->case_sheets; i++) {
        list_end(b, &b->cases[i], true);
    }
    tell_unpriced_left(b);
    list_end(b, &b->unpriced, false);
    make_summary(b);
    note_error(b, workbook_set_properties(b->book, &properties));
    size_t sheets = 0;
    uint64_t *rows = measure_rows(b, &sheets);
    note_error(b, workbook_close(b->book));
    if (!b->error && !workbook_is_whole(b->path, rows, sheets)) {
        errno = ENOSPC; /* the library does not say */
        note_error(b, LXW_ERROR_CREATING_TMPFILE);
    }
    free(rows);
    bool fine = !b->error || book_failed(b);
    book_free(b);
    return fine;
}

void book_abandon(struct book *b) {
    if (b) {
        lxw_workbook_free(b->book);
        book_free(b);
    }
}
