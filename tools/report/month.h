/* SPDX-License-Identifier: Apache-2.0
 *
 * A settled month: what `casemix settle` wrote into a folder, read back, added up anew and compared with the totals
 * that stand there. Both reports (the statements of hospitals, the page of the month) are made from this and
 * nothing else. */
#ifndef CASEMIX_TOOLS_MONTH_H
#define CASEMIX_TOOLS_MONTH_H

#include "../csv.h"

#include "group_names.h"

#include <jansson.h>

/* The columns of cases.csv that reports know, by their places in month_columns. */
enum month_column {
    MONTH_ID,
    MONTH_HOSPITAL,
    MONTH_POOL,
    MONTH_SCHEME,
    MONTH_GROUP,
    MONTH_STATUS,
    MONTH_CLASS,
    MONTH_POINTS,
    MONTH_POINT_VALUE,
    MONTH_STANDARD,
    MONTH_FUND_PAYMENT,
    MONTH_REASON,
    MONTH_PRICE_STATUS,
    MONTH_COST,
    MONTH_FINDINGS,
    MONTH_DEMONSTRATION, /* the last is in results of demonstration data only */
    MONTH_COLUMNS
};
extern const char *const month_columns[MONTH_COLUMNS];

/* A sum over cases. Claims that take another back count with their amounts below 0. In cases.csv such a claim
 * without a price looks like any case without one, and is counted so in tallies; sums of lines, hospitals and the
 * month know better. */
struct month_sum {
    uint64_t cases, unpriced, reversed;   /* unpriced: among the cases; reversed: not among them */
    int64_t points;                       /* 1/10000 */
    int64_t cost, standard, fund_payment; /* fen, of the priced cases */
};

/* Sums by the words of one column (or two), in the order of the words. */
struct month_tally {
    struct month_entry {
        casemix_text key;
        struct month_sum sum;
    } * entries;
    size_t count;
};

/* A line of hospitals.csv or pools.csv as it stands there: its cells in the order of the file's heading. */
struct month_line {
    casemix_text hospital, pool; /* hospital: empty in pools.csv */
    casemix_text *cells;
    struct month_sum sum;      /* its totals, read from the line: fund_payment = of_cases + closing */
    int64_t of_cases, closing; /* fen */
    uint64_t line;             /* in the file, from 1 */
};

struct month_table {
    size_t columns, count;
    casemix_text *names; /* the heading */
    struct month_line *lines;
};

struct month_hospital {
    casemix_text hospital;              /* may be empty: claims that name none */
    size_t first_line, lines;           /* its lines of `hospitals`, one a pool */
    uint64_t first_row, rows;           /* its rows, see month_rows */
    struct month_sum sum;               /* over its rows */
    struct month_tally classes, groups; /* groups: those of priced cases */
};

/* Cases by what the cost is of the standard: under 10 %, 10 to 20 % ... 290 to 300 %, 300 % and more. Priced cases
 * with a standard above 0 that are not reversed. */
#define MONTH_RATIOS 31

/* Keys of `reasons` are the words of the columns reason and price_status with a blank between: "qy not-grouped",
 * "missing-fact not-grouped", "unknown-word" (the reason is empty), "adrg-only" (it has a price). Groups are those
 * of priced cases; classes and statuses are of all, an empty class is that of cases that came to none. */
struct month {
    char *folder;
    json_t *summary; /* summary.json */
    struct month_table pools, hospital_lines;
    struct month_hospital *hospitals; /* by code */
    size_t hospital_count;
    struct month_sum sum;
    struct month_tally classes, groups, statuses, reasons; /* statuses: of grouping; reasons: why a case has no
                                                            * price or no group, see below */
    uint64_t ratios[MONTH_RATIOS];
    const struct group_names *names; /* of groups, NULL where they are not known; given by who opened the month */
    size_t id_width; /* of the longest id, in columns of a screen */
    struct month_rows *rows;
};

/* Read the folder and compare: the rows of cases.csv must add up to hospitals.csv and pools.csv (cases, unpriced,
 * points, cost, standard, of_cases; of_cases + closing = fund_payment), and these to summary.json. EXIT_DONE;
 * otherwise a message was given with file, line and what to do, and the result is the exit code: EXIT_IO or
 * EXIT_FOUND. */
int month_open(const char *folder, struct month **out);
void month_close(struct month *month); /* NULL is allowed */

/* A row of cases.csv. */
struct month_row {
    const casemix_text *fields; /* MONTH_COLUMNS; no NUL behind them */
    casemix_text bytes;         /* as it stands in the file, with its end of line */
    bool priced;                /* only then it has amounts */
    int64_t points, standard, fund_payment, cost;
};

/* Hand out the rows of a hospital in the order of cases.csv, valid during the call. Stops where `take` returns
 * false. False: a message was given, or `take` returned it. Rows that are no longer those that were added up are an
 * error. */
bool month_rows(struct month *month, const struct month_hospital *hospital,
                bool (*take)(void *user, const struct month_row *row), void *user);

/* Does cases.csv have the column demonstration? */
bool month_tells_demonstration(const struct month *month);
/* The heading of cases.csv as CSV, with the separator of its rows. */
void month_heading(const struct month *month, struct buffer *text);

/* A decimal with at most `places` places in 1/10^places; false: it is none, or too large. */
bool month_decimal(casemix_text text, unsigned places, int64_t *out);

#endif
