/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files that read a settled month share. */
#ifndef CASEMIX_TOOLS_MONTH_INSIDE_H
#define CASEMIX_TOOLS_MONTH_INSIDE_H

#include "month.h"

#include "../names.h"
#include "../cells.h"
#include "../command.h"
#include "../input.h"

/* Where a row stands in cases.csv, blank lines before it included. */
struct row_place {
    uint64_t offset;
    uint32_t length, hospital; /* hospital: number of its text */
};

struct month_rows {
    struct names texts; /* of everything that a month keeps */
    char *path;         /* cases.csv */
    int file;
    char separator;
    uint32_t columns;
    int column[MONTH_COLUMNS]; /* place in the file, -1: there is none */
    casemix_text *heading;
    struct row_place *places; /* by hospital */
    struct month_entry *class_entries, *group_entries;
    struct csv_cursor cursor; /* of the row at hand */
    struct buffer bytes;
};

/* Sums by two texts, or by one and 0. */
struct pair {
    uint32_t first, second; /* numbers of texts */
    uint64_t rows, zero;    /* zero: priced with a cost of 0 */
    struct month_sum sum;
};
struct pairs {
    struct pair *items;
    uint32_t count, room;
    uint32_t *slots; /* number + 1; 0 is free */
    uint32_t slot_count;
};
struct pair *pairs_at(struct pairs *pairs, uint32_t first, uint32_t second); /* made if it is not there */
const struct pair *pairs_find(const struct pairs *pairs, uint32_t first, uint32_t second); /* NULL: not there */
/* Sorted by the texts of both; pairs_find cannot be used any more. */
void pairs_sort(struct pairs *pairs, const struct names *texts);
void pairs_free(struct pairs *pairs);

/* What cases.csv adds up to. */
struct gathered {
    uint64_t rows;
    struct row_place *places; /* in the order of the file */
    size_t room;
    struct pairs lines; /* hospital, pool */
    struct pairs pools, classes, groups, statuses, reasons;
    struct pairs hospital_classes, hospital_groups;
};

/* The path of a file of the folder; the caller frees it. NULL after a message: it is not there, or no file. */
char *month_path(const struct month *month, const char *name);
casemix_text month_text(struct month *month, casemix_text text);

/* month_rows.c. EXIT_DONE, or the exit code after a message. */
int month_read_cases(struct month *month, struct gathered *out);

/* month_table.c. */
int month_read_summary(struct month *month);
int month_read_tables(struct month *month);
/* The columns of a heading by their names, -1 for those that are not there; the first `required` must be. A column
 * that is there twice is refused. */
int month_find_columns(const struct input *in, const char *const *names, int count, int required, int *out);

/* month_check.c: do the files agree? */
int month_check(const struct month *month, const struct gathered *gathered);

#endif
