/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of `casemix settle` share: a month at work. */
#ifndef CASEMIX_TOOLS_SETTLE_H
#define CASEMIX_TOOLS_SETTLE_H

#include "batch.h"
#include "folder.h"
#include "names.h"

#include <jansson.h>

enum { SETTLE_CASES, SETTLE_HOSPITALS, SETTLE_POOLS, SETTLE_REJECTS, SETTLE_SUMMARY };

/* Texts of a file, and which of them the claims have. */
struct listed {
    struct names names;
    bool *seen; /* by number */
};

struct settle {
    struct options o;
    casemix_image *image;
    struct batch batch;
    struct folder *folder;
    struct rejects rejects;
    casemix_text scheme;
    casemix_settlement *total; /* of worker 0, all others merged into it */
    json_t *inputs;
    bool last;                 /* in this pass the rows are written */
    struct listed approved;    /* ids of --approved */
    struct listed said;        /* hospitals of --hospitals */
    uint64_t duplicates;       /* rows beyond the first of their hospital and id */
    int special_review;        /* number of that fact */
    int cost;                  /* column of the input at hand, -1: none */
    char **spooled;            /* of each input: the copy that is read instead, or NULL */
    bool incomplete;           /* a figure has no value; a message was given */
};

/* settle.c: settle the claims that the options name. With a folder of theirs everything is written into it; with none nothing
 * is, and what was found counts in the contexts of s->batch. The exit code, after a message if it is not EXIT_DONE. */
int settle_month(struct settle *s, const struct options *o, casemix_image *image, const char *policy);
void settle_end(struct settle *s);
bool settle_is_negative(casemix_text amount); /* such a claim takes another back */

/* settle_files.c: --budget, --hospitals, --approved. EXIT_DONE, or the exit code after a message. */
int settle_read_files(struct settle *s);
bool settle_is_approved(const struct settle *s, casemix_text id);
/* A line for each file that names what no claim has. */
void settle_tell_unused(const struct settle *s);
void settle_free_files(struct settle *s);

/* settle_write.c: hospitals.csv, pools.csv, summary.json; the tables on the screen. */
bool settle_write(struct settle *s);
void settle_print(const struct settle *s);

/* settle_sort.c: bring the rows of cases.csv into the order of their ids, numbers in them by value, so that it does not
 * depend on the order of the input; counts the rows whose hospital and id stand there before. False after a message. */
bool settle_sort(const char *path, uint64_t *duplicates);

#endif
