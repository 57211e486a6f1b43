/* SPDX-License-Identifier: Apache-2.0
 *
 * The sheets of an .xlsx workbook, row by row, as text. Memory is that of the shared texts; sheets pass through. A
 * workbook is trusted no more than any other file from outside: every size has a limit. */
#ifndef CASEMIX_TOOLS_IMPORT_XLSX_H
#define CASEMIX_TOOLS_IMPORT_XLSX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    XLSX_FILE_BYTES = 256 << 20,    /* of the file itself */
    XLSX_PART_BYTES = 256 << 20,    /* of one part, unpacked */
    XLSX_STRINGS_BYTES = 128 << 20, /* of all shared texts */
    XLSX_STRINGS = 2000000,
    XLSX_CELL_BYTES = 128 << 10, /* a cell holds at most 32,767 characters */
    XLSX_ROWS = 1048576,
    XLSX_COLUMNS = 16384,
    XLSX_COLUMNS_READ = 64, /* cells further to the right are passed by */
};

/* Why something did not work: one sentence for the user, without the name of the file. */
struct xlsx_trouble {
    bool unreadable; /* the file could not be opened at all */
    char text[700];
};

struct xlsx;
struct xlsx *xlsx_open(const char *path, struct xlsx_trouble *trouble); /* NULL after trouble */
void xlsx_close(struct xlsx *book);                                     /* NULL is allowed */

size_t xlsx_sheet_count(const struct xlsx *book);
const char *xlsx_sheet_name(const struct xlsx *book, size_t n);
/* Number of the sheet with a name (blanks around it do not count), or SIZE_MAX. */
size_t xlsx_find_sheet(const struct xlsx *book, const char *name);

struct xlsx_cell {
    const char *text; /* "" where there is none; with a NUL after it */
    size_t length;
    bool is_number; /* written as a number: leading and closing zeros of a code are lost */
};

/* The cells of a row, [0] is column A; valid during the call. Rows without cells are not told. False ends the
 * reading. */
typedef bool xlsx_row_fn(void *user, uint32_t row, const struct xlsx_cell *cells, size_t count);

/* False after trouble, or when `tell` ended it (then trouble->text is ""). */
bool xlsx_read(struct xlsx *book, size_t sheet, xlsx_row_fn *tell, void *user, struct xlsx_trouble *trouble);

/* "A", "B" ... "AA" for a column from 0. */
const char *xlsx_column_name(size_t column, char name[8]);

#endif
