/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a statement's workbook, shared by the files that fill it. */
#ifndef CASEMIX_TOOLS_STATEMENT_BOOK_H
#define CASEMIX_TOOLS_STATEMENT_BOOK_H

#include "statement.h"

#include <xlsxwriter.h>

enum {
    FIRST_ROW = 3, /* of a list: title, note, heading come before */
    COLUMNS_MOST = 14,
};
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* What a cell holds; YUAN in fen, POINTS in 1/10000, VALUE in 1/1000000. */
enum kind { TEXT, WORD, FINDINGS, COUNT, YUAN, POINTS, VALUE, KINDS };

struct column {
    const char *key; /* of its word */
    enum kind kind;
    enum month_column from; /* in cases.csv */
};

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

/* ---- statement_cells.c ------------------------------------------------------------------------------------ */

void book_make_formats(struct book *b);
const char *book_say(const struct book *b, const char *key);
void book_fault(struct book *b, lxw_error error); /* the first is kept */
/* The text as a cell may hold it, valid until the next call. */
const char *book_cell_text(struct book *b, casemix_text text);
void book_put_text(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, casemix_text text,
                   lxw_format *format);
void book_put_word(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, const char *key,
                   lxw_format *format);
void book_put_amount(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, int64_t value,
                     enum kind kind, bool total);
/* A formula with the value that it has; as a number without it where spreadsheets could not compute it exactly. */
void book_put_formula(struct book *b, lxw_worksheet *sheet, uint32_t row, size_t column, const char *formula,
                      int64_t value, enum kind kind, bool total, bool exact);
unsigned book_places(enum kind kind);
bool book_fits(int64_t value); /* into a number of a spreadsheet */
double book_nearest(int64_t value, unsigned places);
bool book_is_demonstration(const struct book *b);
void book_set_page(struct book *b, lxw_worksheet *sheet);
void book_add_hospital(struct book *b, struct buffer *out);

/* ---- statement_lists.c ------------------------------------------------------------------------------------ */

void book_make_lists(struct book *b);
void book_add_groups(struct book *b);
void book_tell_unpriced(struct book *b);
/* "K4:K90", the rows of a column. */
void list_range(const struct list *list, size_t column, char out[48]);
void list_end(struct book *b, struct list *list, bool totals);

/* ---- statement_summary.c ---------------------------------------------------------------------------------- */

void book_make_summary(struct book *b);

#endif
