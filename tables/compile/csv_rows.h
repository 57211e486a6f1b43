/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a CSV file that goes with rules: fields separated by `,`, quotes around fields that hold commas, quotes
 * (then doubled) or line ends. Line ends may be CRLF, a byte order mark may stand first, empty lines do not count.
 * Every field knows where it stands. */
#ifndef CASEMIX_COMPILE_CSV_ROWS_H
#define CASEMIX_COMPILE_CSV_ROWS_H

#include "document.h"

enum { CSV_FIELDS_MAX = 1000 };

struct csv_field {
    const char *text; /* without quotes and NUL-terminated; valid as long as the arena */
    size_t length;
    size_t offset; /* of its first byte (the quote included) in the source */
    struct place place;
};

struct csv_rows {
    struct arena *arena;
    const struct source *source;
    const char *at, *end;
    uint32_t line;
    struct csv_field *fields; /* of the row that was read last; the array is used again for the next one */
    size_t count, capacity;
};

enum csv_result { CSV_ROW, CSV_END, CSV_OPEN_QUOTE, CSV_TOO_MANY };

void csv_rows_start(struct csv_rows *rows, struct arena *arena, const struct source *source);

/* The next row. After CSV_OPEN_QUOTE (the field that was read last begins with a quote that is not closed) and
 * CSV_TOO_MANY (more than CSV_FIELDS_MAX fields) the file is at its end. */
enum csv_result csv_rows_next(struct csv_rows *rows);

#endif
