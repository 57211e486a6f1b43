/* SPDX-License-Identifier: Apache-2.0
 *
 * Cells of a statement's workbook, and how they look.
 *
 * Amounts are whole fen and points whole ten-thousandths up to here. The file format knows only binary fractions,
 * so this is the one place where a `double` appears: the border of the library. A number of at most 15 digits
 * divided by its power of ten is the fraction nearest to the decimal, which every spreadsheet shows as that decimal
 * (it shows 15 digits; the file has 16, of which the last may be off: 9.949999999999999 for 9.95). Longer ones are
 * written as text, never rounded. */
#include "statement_book.h"

#include "../cells.h"

#include <string.h>

enum {
    TEXT_MOST = 32000, /* bytes; a cell takes 32,767 letters */
    HEADING_MOST = 200,
};
static const int64_t digits_most = 999999999999999; /* 15 */

/* ---- cells ------------------------------------------------------------------------------------------------ */

const char *book_say(const struct book *b, const char *key) {
    return word_of(key, b->style->language);
}

void book_fault(struct book *b, lxw_error error) {
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
const char *book_cell_text(struct book *b, casemix_text text) {
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

void book_put_text(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, casemix_text text,
                   lxw_format *format) {
    if (text.length > 0 || format) {
        book_fault(b, worksheet_write_string(sheet, row, (lxw_col_t)column, book_cell_text(b, text), format));
    }
}

void book_put_word(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, const char *key,
                   lxw_format *format) {
    book_fault(b, worksheet_write_string(sheet, row, (lxw_col_t)column, book_say(b, key), format));
}

unsigned book_places(enum kind kind) {
    return kind == COUNT ? 0 : kind == YUAN ? 2 : kind == POINTS ? 4 : 6;
}

/* The border: see above. */
double book_nearest(int64_t value, unsigned places) {
    static const double powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 1e7, 1e8, 1e9, 1e10};
    return (double)value / powers[places];
}

bool book_fits(int64_t value) {
    return value >= -digits_most && value <= digits_most;
}

void book_put_amount(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, int64_t value,
                     enum kind kind, bool total) {
    char told[32];
    if (book_fits(value)) {
        book_fault(b, worksheet_write_number(sheet, row, (lxw_col_t)column, book_nearest(value, book_places(kind)),
                                             total ? b->total[kind] : b->cell[kind]));
        return;
    }
    *put_decimal(told, value, book_places(kind)) = '\0';
    book_fault(
        b, worksheet_write_string(sheet, row, (lxw_col_t)column, told, total ? b->too_long_total : b->too_long));
}

/* A formula with the value that it has; as a number without it where spreadsheets could not compute it exactly. */
void book_put_formula(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, const char *formula,
                      int64_t value, enum kind kind, bool total, bool exact) {
    if (exact && book_fits(value)) {
        book_fault(b, worksheet_write_formula_num(sheet, row, (lxw_col_t)column, formula,
                                                  total ? b->total[kind] : b->cell[kind],
                                                  book_nearest(value, book_places(kind))));
    } else {
        book_put_amount(b, sheet, row, column, value, kind, total);
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

void book_make_formats(struct book *b) {
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

bool book_is_demonstration(const struct book *b) {
    return month_tells_demonstration(b->month) || json_is_true(json_object_get(b->month->summary, "demonstration"));
}

void book_set_page(struct book *b, lxw_worksheet *sheet) {
    char footer[HEADING_MOST], header[HEADING_MOST];
    worksheet_set_landscape(sheet);
    worksheet_set_paper(sheet, 9); /* A4 */
    worksheet_fit_to_pages(sheet, 1, 0);
    worksheet_set_margins(sheet, 0.4, 0.4, 0.6, 0.6);
    snprintf(footer, sizeof footer, "&C&9%s", book_say(b, "page-of"));
    book_fault(b, worksheet_set_footer(sheet, footer));
    if (book_is_demonstration(b)) {
        snprintf(header, sizeof header, "&R&9%s", book_say(b, "is-demonstration"));
        book_fault(b, worksheet_set_header(sheet, header));
    }
}

/* The name of the hospital as a title can show it. */
void book_add_hospital(struct book *b, struct buffer *out) {
    casemix_text name = b->hospital->hospital;
    const char *none = book_say(b, "no-hospital");
    name = name.length ? name : (casemix_text){none, strlen(none)};
    size_t length = name.length < HEADING_MOST ? name.length : HEADING_MOST;
    while (length < name.length && ((unsigned char)name.text[length] & 0xc0) == 0x80) {
        length--;
    }
    buffer_add(out, name.text, length);
    buffer_text(out, length < name.length ? "…" : "");
}
