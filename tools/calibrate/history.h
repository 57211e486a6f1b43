/* SPDX-License-Identifier: Apache-2.0
 *
 * Claims of several years, read once: every row becomes a record or a line of the rejects file. */
#ifndef CASEMIX_TOOLS_HISTORY_H
#define CASEMIX_TOOLS_HISTORY_H

#include "../batch.h"
#include "../names.h"
#include "settings.h"

struct history;
struct collector;

/* Say in `key` what the grouped case is in, and fill what of the record depends on it. NULL, or why the case is
 * rejected: a fixed sentence. Several threads. */
typedef const char *key_fn(const struct history *history, struct worker *worker, struct buffer *key,
                           struct record *one);

struct history {
    /* given */
    const struct settings *settings;
    const casemix_image *image;
    key_fn *key;
    void *user;
    /* at work */
    struct batch batch;
    struct rejects rejects;
    struct collector *collectors; /* one a worker */
    struct columns {
        int cost, drug, material, stay, discharged, level, pool;
    } columns;
    /* read: numbers in the order of the names' bytes, whatever the order of the rows */
    struct store store;
    struct names groups; /* what the keys say; a record's group is a number here, ABSENT32: of an earlier year */
    struct names levels, pools; /* 0 is "" */
    unsigned first_year;        /* of year 0 */
    uint64_t by_year[YEARS_MAX];
    uint64_t earlier; /* cases of years before */
};

/* Reads the inputs of the settings. EXIT_DONE, or the exit code after a message. */
int history_read(struct history *history, const char *rejects_path);
void history_free(struct history *history);
struct study study_of(const struct history *history);

/* A word for why a case is in no group; NULL: it is. */
const char *why_ungrouped(const casemix_grouping *grouping);

#endif
