/* SPDX-License-Identifier: Apache-2.0
 *
 * Data files of tests: CSV without quotes, columns by name, `#` starts a line that does not count. */
#ifndef CASEMIX_TESTS_ROWS_H
#define CASEMIX_TESTS_ROWS_H

#include <stddef.h>

enum { ROWS_COLUMNS = 40 };

struct row {
    const char *cells[ROWS_COLUMNS];
    unsigned line;
};

struct rows {
    char *bytes;
    const char *headings[ROWS_COLUMNS];
    size_t column_count;
    struct row *rows;
    size_t count;
};

/* The test fails if the file cannot be read or a line has not as many cells as the first. */
struct rows rows_read(const char *path);
void rows_free(struct rows *rows);

/* The cell of a column; the test fails if there is no such column. */
const char *row_cell(const struct rows *rows, const struct row *row, const char *column);

#endif
