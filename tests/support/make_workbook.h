/* SPDX-License-Identifier: Apache-2.0
 *
 * Workbooks for tests, in the layout of the official one. */
#ifndef CASEMIX_TESTS_MAKE_WORKBOOK_H
#define CASEMIX_TESTS_MAKE_WORKBOOK_H

#include <stdbool.h>
#include <stddef.h>

enum { TEST_COLUMNS = 10, TEST_SHEETS = 10 };

/* A row: texts, NULL for no cell; a text that starts with `=` is written as the number behind it. */
struct test_row {
    const char *cells[TEST_COLUMNS];
};
struct test_sheet {
    const char *name; /* NULL: no sheet */
    const struct test_row *rows;
    size_t count;
};
struct test_book {
    struct test_sheet sheets[TEST_SHEETS];
};

/* A small good one: two MDCs with surgical and medical groups, QY, buckets, MCC and CC. The numbers of its sheets:
 */
enum { TEST_MDC, TEST_ADRG, TEST_DRG, TEST_SETS, TEST_CC, TEST_EXCLUSIONS };
struct test_book small_test_book(void);

bool write_test_book(const struct test_book *book, const char *path);

/* The small book with one cell changed; row from 1 as in the sheet, column from 0. Valid until the next call. */
struct test_book changed_test_book(int sheet, size_t row, size_t column, const char *text);
/* ... with a row more at the end of a sheet. */
struct test_book longer_test_book(int sheet, struct test_row row);

/* One of the full size, 492 ADRG, 825 DRG, 107,000 rows of sets over the codes of two catalogue files, all quirks
 * included. False if the catalogues cannot be read or the file cannot be written. */
bool write_full_book(const char *path, const char *diagnoses, const char *procedures);

#endif
