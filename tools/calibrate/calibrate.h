/* SPDX-License-Identifier: Apache-2.0
 *
 * `casemix calibrate`: from claims of several years to weights, scores and coefficients. The kinds of it, and what
 * their reports share. */
#ifndef CASEMIX_TOOLS_CALIBRATE_H
#define CASEMIX_TOOLS_CALIBRATE_H

#include "../command.h"
#include "../folder.h"
#include "history.h"

/* argv[0] is "calibrate drg" and so on; exit codes as everywhere. */
int calibrate_dip(int argc, char **argv);
int calibrate_drg(int argc, char **argv);
int calibrate_auxiliary(int argc, char **argv);

/* The scheme that is used must be of DIP; demonstration: NULL, or gets whether it is of such data. EXIT_DONE,
 * or the exit code after a message. */
int check_frame(const struct settings *settings, const casemix_image *image, bool *demonstration);

/* ---- report.c --------------------------------------------------------------------------------------------- */

void add_decimal(struct buffer *text, int64_t value, unsigned places); /* value / 10^places */
void add_cell(struct buffer *text, casemix_text cell);                 /* `,` and the cell */
void add_number(struct buffer *text, int64_t value, unsigned places);  /* `,` and the number; -1: an empty cell */
bool write_text(const struct folder *folder, int n, const struct buffer *text); /* false after a message */

/* Costs of the cases used, all together and by level. */
struct totals {
    struct summary all;
    struct yearly *levels; /* study.levels of them */
    struct expected {      /* of each level's cases: what they cost, and at the means of their groups */
        uint64_t cost;
        whole128 expected;
    } * expected;
    whole128
        unexplained; /* sum of the squares around the means of the groups; each group rounded to a whole fen^2 */
};
void totals_new(struct totals *totals, const struct study *study);
/* A group's figures; mean: of the group, in fen. */
void totals_add(struct totals *totals, const struct study *study, const struct summary *group,
                const struct yearly *levels, int64_t mean);
void totals_free(struct totals *totals);

/* coefficients.csv: level,cases,mean_cost,coefficient,adjusted */
bool write_coefficients(const struct folder *folder, int n, const struct history *history,
                        const struct study *study, const struct totals *totals);
/* What report.txt begins with: the history, the years, the balance of rows, trimming, spread. */
void report_head(struct buffer *text, const char *what, const struct history *history, const struct totals *totals,
                 const char *unit);
/* After all files are written: gives the folder its name and says "N in = N used + ..."; EXIT_FOUND after a message if a
 * figure could not be held exactly. The folder is then gone, or still to be abandoned. */
int finish(struct folder **folder, const struct history *history, const struct totals *totals);

#endif
