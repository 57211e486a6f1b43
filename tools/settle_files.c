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

static int say(const struct numbers *n, uint64_t line, const char *hospital, const char *pool,
               const char *item, casemix_text number) {
    casemix_error error = {0};
    if (number.length == 0) {
        return EXIT_DONE; /* an empty cell says nothing */
    }
    char *text = copy_field(number);
    casemix_result result = casemix_settlement_say(n->s->total, hospital, pool, item, text, &error);
    free(text);
    if (result != CASEMIX_OK) {
        complain("%s: line %llu: %s: %s", n->in->name, (unsigned long long)line, item, error.message);
    }
    return result == CASEMIX_OK ? EXIT_DONE : EXIT_FOUND;
}

static int take_numbers(void *user, const struct csv_row *row, uint64_t line) {
    const struct numbers *n = user;
    if (row->fault != CSV_FINE) {
        return input_fault(n->in, row, line);
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
    code = find_columns(&numbers, by_hospital) ? input_rows(in, take_numbers, &numbers) : EXIT_FOUND;
    input_close(in);
    return code;
}

/* ---- approved cases --------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct approved {
    struct settle *s;
    const struct input *in;
    int id; /* column */
};

static int take_approved(void *user, const struct csv_row *row, uint64_t line) {
    const struct approved *approved = user;
    struct settle *s = approved->s;
    if (row->fault != CSV_FINE) {
        return input_fault(approved->in, row, line);
    }
    if (row->fields[approved->id].length == 0) {
        complain("%s: line %llu: id is empty; name the case, or take the line out", approved->in->name,
                 (unsigned long long)line);
        return EXIT_FOUND;
    }
    if (s->approved_count == s->approved_room) {
        s->approved_room = s->approved_room ? 2 * s->approved_room : 64;
        s->approved = need(reallocarray(s->approved, s->approved_room, sizeof *s->approved));
    }
    s->approved[s->approved_count++] = copy_field(row->fields[approved->id]);
    return EXIT_DONE;
}

/* The column `id` of a CSV file. */
static int read_approved(struct settle *s, const char *path) {
    struct input *in;
    int code = input_open(path, NULL, &in);
    if (code != EXIT_DONE) {
        return code;
    }
    struct approved approved = {s, in, input_column(in, "id")};
    if (approved.id < 0) {
        complain("%s: line %llu: the list of approved cases has a column `id`; name it so in the heading", in->name,
                 (unsigned long long)in->line);
        code = EXIT_FOUND;
    } else {
        code = input_rows(in, take_approved, &approved);
    }
    if (s->approved_count > 0) {
        qsort(s->approved, s->approved_count, sizeof *s->approved, by_text);
    }
    input_close(in);
    return code;
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
