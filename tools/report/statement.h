/* SPDX-License-Identifier: Apache-2.0
 *
 * The statements of a month: what each hospital gets, in CSV to check and as a workbook to read. */
#ifndef CASEMIX_TOOLS_STATEMENT_H
#define CASEMIX_TOOLS_STATEMENT_H

#include "../folder.h"
#include "month.h"
#include "words.h"

struct statement_style {
    enum language language;
    uint32_t sheet_rows; /* cases on one sheet at most; 0: as many as Excel takes */
    bool progress;       /* a counter on standard error */
};

/* Every statement into the folder statements/ of the report. EXIT_DONE, or the exit code after a message. */
int statements_write(struct month *month, const struct statement_style *style, struct folder *folder);

/* The name of a hospital's folder: letters, digits, - and _ of its code as they are, other bytes as %XX. Different
 * codes have different names, whatever the file system makes of letter case. The result is at most STATEMENT_NAME
 * bytes long. */
enum { STATEMENT_NAME = 160 };
void statement_name(casemix_text hospital, struct buffer *name);

/* The findings of a case in words, with a NUL behind them that does not count. */
void statement_findings(casemix_text findings, enum language language, struct buffer *out);

/* ---- the workbook (statement_xlsx.c) ---------------------------------------------------------------------- */

/* Sheets: summary, groups, cases (more where one does not hold them), cases without price. Rows pass through to a
 * temporary file without a name. NULL after a message. */
struct book;
struct book *book_open(struct month *month, const struct month_hospital *hospital,
                       const struct statement_style *style, const char *path);
void book_row(struct book *book, const struct month_row *row);
/* False after a message: it is not complete. */
bool book_close(struct book *book);
void book_abandon(struct book *book); /* NULL is allowed */

/* ---- is it whole? (statement_whole.c) --------------------------------------------------------------------- */

/* rows: of each sheet, the bytes of its rows but the last, as they were handed to the library. */
bool workbook_is_whole(const char *path, const uint64_t *rows, size_t sheets);

#endif
