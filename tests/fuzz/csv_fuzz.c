/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV: the rows must be the same whether the bytes come whole or cut in two. */
#include "fuzz.h"
#include "tools/csv.h"

/* Rows, fields and faults of the bytes, as one number. */
static uint64_t read_rows(struct csv_cursor *cursor, const char *bytes, size_t size, bool partial, uint64_t sum) {
    struct csv_row row;
    csv_start(cursor, bytes, size, partial);
    while (csv_next(cursor, &row)) {
        sum = sum * 31 + row.fault;
        for (uint32_t f = 0; row.fault == CSV_FINE && f < row.count; f++) {
            for (size_t i = 0; i < row.fields[f].length; i++) {
                sum = sum * 31 + (unsigned char)row.fields[f].text[i];
            }
            sum = sum * 31 + 7;
        }
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *bytes = calloc(1, size + CSV_SLACK);
    struct csv_cursor whole, cut;
    if (!bytes) {
        return 0;
    }
    memcpy(bytes, data, size);
    csv_cursor_init(&whole, csv_separator(bytes, size), 3);
    csv_cursor_init(&cut, whole.separator, 3);
    uint64_t all = read_rows(&whole, bytes, size, false, 1);
    size_t first = csv_whole_rows(&cut, bytes, size / 2);
    uint64_t halves = read_rows(&cut, bytes, first, false, 1);
    halves = read_rows(&cut, bytes + first, size - first, false, halves);
    if (all != halves) {
        abort();
    }
    csv_cursor_free(&whole);
    csv_cursor_free(&cut);
    free(bytes);
    return 0;
}
