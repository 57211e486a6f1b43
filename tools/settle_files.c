/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of pools, hospitals and cases beside the claims. */
#include "command.h"
#include "settle.h"

#include <stdlib.h>
#include <string.h>

static char *copy_field(casemix_text text) {
    return need(strndup(text.text, text.length));
}

/* ---- numbers by pool or by hospital ----------------------------------------------------------------------- */

/* A file of numbers: pool,item,amount; pool,budget,plan,...; hospital,pool,assessment,... */
struct numbers {
    struct settle *s;
    const struct input *in;
    int hospital, pool, item, amount; /* columns, -1: none */
};

static int say(const struct numbers *n, unsigned long long line, const char *hospital, const char *pool,
               const char *item, casemix_text number) {
    casemix_error error = {0};
    if (number.length == 0) {
        return EXIT_DONE; /* an empty cell says nothing */
    }
    char *text = copy_field(number);
    casemix_result result = casemix_settlement_say(n->s->total, hospital, pool, item, text, &error);
    free(text);
    if (result != CASEMIX_OK) {
        complain("%s: line %llu: %s: %s", n->in->name, line, item, error.message);
    }
    return result == CASEMIX_OK ? EXIT_DONE : EXIT_FOUND;
}

static int take_numbers(const struct numbers *n, const struct csv_row *row) {
    unsigned long long line = n->in->line + row->line + 1;
    if (row->fault != CSV_FINE) {
        complain("%s: line %llu: %s", n->in->name, line, csv_fault_text(row->fault));
        return EXIT_FOUND;
    }
    char *hospital = n->hospital >= 0 ? copy_field(row->fields[n->hospital]) : NULL;
    char *pool = n->pool >= 0 ? copy_field(row->fields[n->pool]) : need(strdup(""));
    int code = EXIT_DONE;
    if (n->item >= 0) {
        char *item = copy_field(row->fields[n->item]);
        code = say(n, line, hospital, pool, item, row->fields[n->amount]);
        free(item);
    }
    for (uint32_t i = 0; i < n->in->columns && n->item < 0 && code == EXIT_DONE; i++) {
        if ((int)i != n->hospital && (int)i != n->pool) {
            code = say(n, line, hospital, pool, n->in->names[i], row->fields[i]);
        }
    }
    free(hospital);
    free(pool);
    return code;
}

/* The columns of the file; false after a message. */
static bool find_columns(struct numbers *n, bool by_hospital) {
    n->hospital = by_hospital ? input_column(n->in, "hospital") : -1;
    n->pool = input_column(n->in, "pool");
    n->item = input_column(n->in, "item");
    n->amount = input_column(n->in, "amount");
    if ((n->item < 0) != (n->amount < 0)) {
        n->item = n->amount = -1;
    }
    if (by_hospital ? n->hospital < 0 : n->pool < 0) {
        complain("%s: line %llu: the columns of this file are %s", n->in->name, (unsigned long long)n->in->line,
                 by_hospital ? "hospital,pool and the items of hospitals, or hospital,pool,item,amount"
                             : "pool and the items of its budget, such as pool,budget, or pool,item,amount");
        return false;
    }
    return true;
}

static int read_numbers(struct settle *s, const char *path, bool by_hospital) {
    struct input *in;
    int code = input_open(path, NULL, &in);
    if (code != EXIT_DONE) {
        return code;
    }
    struct numbers numbers = {.s = s, .in = in};
    if (!find_columns(&numbers, by_hospital)) {
        input_close(in);
        return EXIT_FOUND;
    }
    struct chunk chunk = {0};
    struct csv_cursor cursor;
    struct csv_row row;
    csv_cursor_init(&cursor, in->separator, in->columns);
    bool fine = true;
    while (code == EXIT_DONE && (fine = input_chunk(in, &chunk)) && chunk.size) {
        csv_start(&cursor, chunk.bytes, chunk.size, false);
        while (code == EXIT_DONE && csv_next(&cursor, &row)) {
            code = take_numbers(&numbers, &row);
        }
        in->line += cursor.line;
    }
    csv_cursor_free(&cursor);
    chunk_free(&chunk);
    input_close(in);
    return fine ? code : EXIT_IO;
}

/* ---- approved cases --------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The column `id` of a CSV file. */
static int read_approved(struct settle *s, const char *path) {
    struct input *in;
    int code = input_open(path, NULL, &in);
    if (code != EXIT_DONE) {
        return code;
    }
    int id = input_column(in, "id");
    if (id < 0) {
        complain("%s: line %llu: the list of approved cases has a column `id`", in->name,
                 (unsigned long long)in->line);
        input_close(in);
        return EXIT_FOUND;
    }
    struct chunk chunk = {0};
    struct csv_cursor cursor;
    struct csv_row row;
    csv_cursor_init(&cursor, in->separator, in->columns);
    bool fine = true;
    while ((fine = input_chunk(in, &chunk)) && chunk.size) {
        csv_start(&cursor, chunk.bytes, chunk.size, false);
        while (csv_next(&cursor, &row)) {
            if (row.fault != CSV_FINE || row.fields[id].length == 0) {
                continue;
            }
            if (s->approved_count == s->approved_room) {
                s->approved_room = s->approved_room ? 2 * s->approved_room : 64;
                s->approved = need(reallocarray(s->approved, s->approved_room, sizeof *s->approved));
            }
            s->approved[s->approved_count++] = copy_field(row.fields[id]);
        }
    }
    if (s->approved_count > 0) {
        qsort(s->approved, s->approved_count, sizeof *s->approved, by_text);
    }
    csv_cursor_free(&cursor);
    chunk_free(&chunk);
    input_close(in);
    return fine ? EXIT_DONE : EXIT_IO;
}

bool settle_is_approved(const struct settle *s, casemix_text id) {
    size_t low = 0, high = s->approved_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *there = s->approved[middle];
        int order = strncmp(there, id.text, id.length);
        order = order == 0 ? there[id.length] != '\0' : order;
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

int settle_read_files(struct settle *s) {
    int code = s->o.budget ? read_numbers(s, s->o.budget, false) : EXIT_DONE;
    if (code == EXIT_DONE && s->o.hospitals) {
        code = read_numbers(s, s->o.hospitals, true);
    }
    if (code == EXIT_DONE && s->o.approved) {
        code = read_approved(s, s->o.approved);
    }
    return code;
}
