/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    cr_assert(file != NULL, "cannot read %s", path);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)size + 1);
    cr_assert(bytes != NULL && fread(bytes, 1, (size_t)size, file) == (size_t)size, "cannot read %s", path);
    fclose(file);
    bytes[size] = '\0';
    return bytes;
}

static size_t split(char *line, const char *cells[ROWS_COLUMNS]) {
    size_t count = 0;
    for (char *at = line; at != NULL && count < ROWS_COLUMNS;) {
        cells[count++] = at;
        at = strchr(at, ',');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return count;
}

struct rows rows_read(const char *path) {
    struct rows rows = {.bytes = read_text(path)};
    size_t capacity = 0;
    unsigned number = 0;
    for (char *line = rows.bytes, *next; line != NULL && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        number++;
        if (line[0] == '#' || line[0] == '\0') {
            continue;
        }
        if (rows.column_count == 0) {
            rows.column_count = split(line, rows.headings);
            continue;
        }
        if (rows.count == capacity) {
            capacity = capacity == 0 ? 64 : 2 * capacity;
            rows.rows = realloc(rows.rows, capacity * sizeof *rows.rows);
            cr_assert(rows.rows != NULL);
        }
        struct row *row = &rows.rows[rows.count++];
        row->line = number;
        size_t cells = split(line, row->cells);
        cr_assert(cells == rows.column_count, "%s:%u: %zu cells, the first line has %zu", path, number, cells,
                  rows.column_count);
    }
    return rows;
}

void rows_free(struct rows *rows) {
    free(rows->rows);
    free(rows->bytes);
}

const char *row_cell(const struct rows *rows, const struct row *row, const char *column) {
    for (size_t i = 0; i < rows->column_count; i++) {
        if (strcmp(rows->headings[i], column) == 0) {
            return row->cells[i];
        }
    }
    cr_assert_fail("there is no column %s", column);
    return "";
}
