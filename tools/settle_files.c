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

/* ---- what is listed ---------------------------------------------------------------------------------------- */

static void listed_add(struct listed *listed, casemix_text text) {
    names_add(&listed->names, text.text, text.length);
}

static void listed_end(struct listed *listed) {
    listed->seen = need(calloc(listed->names.count + 1, sizeof *listed->seen));
}

/* Is it there? Marked as seen; several threads may ask. */
static bool listed_find(const struct listed *listed, casemix_text text) {
    uint32_t number = names_find(&listed->names, text.text, text.length);
    if (number == UINT32_MAX) {
        return false;
    }
    __atomic_store_n(&listed->seen[number], true, __ATOMIC_RELAXED);
    return true;
}

static void listed_free(struct listed *listed) {
    names_free(&listed->names);
    free(listed->seen);
}

/* ---- numbers by pool or by hospital ----------------------------------------------------------------------- */

/* A file of numbers: pool,item,amount; pool,budget,plan,...; hospital,pool,assessment,... */
struct numbers {
    struct settle *s;
    const struct input *in;
    int hospital, pool, item, amount; /* columns, -1: none */
};

static int say(const struct numbers *n, uint64_t line, const char *hospital, const char *pool, const char *item,
               casemix_text number) {
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
    if (hospital) {
        listed_add(&n->s->said, row->fields[n->hospital]);
    }
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
    listed_add(&s->approved, row->fields[approved->id]);
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
    input_close(in);
    return code;
}

bool settle_is_approved(const struct settle *s, casemix_text id) {
    return listed_find(&s->approved, id);
}

void settle_tell_unused(const struct settle *s) {
    uint32_t count = casemix_settlement_hospitals(s->total);
    casemix_total total;
    casemix_account account;
    for (uint32_t i = 0; i < count && s->said.names.count > 0; i++) {
        casemix_settlement_hospital_at(s->total, i, &total);
        casemix_settlement_account(s->total, CASEMIX_SCOPE_HOSPITAL, i, &account);
        if (total.cases + account.reversed > 0) {
            listed_find(&s->said, total.hospital);
        }
    }
    for (uint32_t i = 0; i < s->said.names.count; i++) {
        if (!s->said.seen[i]) {
            complain("%s: no claim is of the hospital %s; check its code", s->o.hospitals,
                     s->said.names.items[i].text);
        }
    }
    uint32_t unseen = 0;
    for (uint32_t i = 0; i < s->approved.names.count; i++) {
        unseen += !s->approved.seen[i];
    }
    if (unseen > 0) {
        complain("%s: %u of %u ids are in no claim; check them", s->o.approved, unseen, s->approved.names.count);
    }
}

void settle_free_files(struct settle *s) {
    listed_free(&s->approved);
    listed_free(&s->said);
}

int settle_read_files(struct settle *s) {
    int code = s->o.budget ? read_numbers(s, s->o.budget, false) : EXIT_DONE;
    if (code == EXIT_DONE && s->o.hospitals) {
        code = read_numbers(s, s->o.hospitals, true);
    }
    if (code == EXIT_DONE && s->o.approved) {
        code = read_approved(s, s->o.approved);
    }
    listed_end(&s->said);
    listed_end(&s->approved);
    return code;
}
