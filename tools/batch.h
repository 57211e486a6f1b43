/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine of the subcommands on many cases: chunks of whole rows go to workers, each with its own context, case
 * and result buffer; results are written in the order of the input. The bytes do not depend on how many workers
 * there are. */
#ifndef CASEMIX_TOOLS_BATCH_H
#define CASEMIX_TOOLS_BATCH_H

#include "common.h"

struct batch;

/* What became of one chunk, until it is written. */
struct done {
    struct buffer out;      /* result rows */
    struct reject *rejects; /* lines count from the start of the chunk */
    size_t reject_count, reject_room;
    uint64_t rows, lines, blank;
};

/* Two workers never write to the same line of the cache. */
struct worker {
    _Alignas(128) const struct batch *batch;
    casemix_context *context;
    casemix_case *one;
    casemix_grouping grouping;      /* of the row at hand */
    casemix_settlement *settlement; /* NULL unless the batch asks for one */
    struct csv_cursor cursor;
    struct chunk chunk;
    struct done done; /* of the chunk */
};

/* ",1" where scheme or policy are made of demonstration data, else ","; nothing if the results have no such column. */
char *put_demonstration(char *at, const struct batch *batch, casemix_text scheme);

/* Add the result of the grouped case to worker->done.out. false: the row is rejected, by worker_reject. */
typedef bool batch_row(struct worker *worker, const struct csv_row *row);

struct batch {
    /* given */
    const casemix_image *image;
    const char *scheme, *policy;     /* may be NULL */
    const char *map_file, *encoding; /* may be NULL */
    bool settles;                    /* each worker adds up a settlement */
    bool clinical;                   /* the codes are of the clinical version */
    bool again;                      /* the inputs were read before: notes on them were told */
    bool any_date;                   /* price also what was discharged outside the policy's dates of force */
    bool tells_scheme;               /* results of `group` name the scheme: the image has several */
    bool tells_demonstration;        /* every row ends with `demonstration`: some of the rules are made of such data */
    bool tells_dip;                  /* they have the columns of DIP: the image has such a scheme */
    unsigned threads;
    batch_row *row;
    own_column_fn *own; /* further columns the row function reads; may be NULL */
    void *user;
    const char *heading; /* of batch_to_file */
    struct output *out;  /* may be NULL */
    struct rejects *rejects;
    /* counted */
    uint64_t in, done, rejected, blank;
    /* at work */
    struct worker *workers;
    struct input *input;
    struct fact_map map;
    void *line; /* of chunks: see batch.c */
};

/* What the command line and the image say of it. Subcommands without --threads have one. */
struct batch batch_of(const struct options *options, const casemix_image *image, batch_row *row);
/* Make the workers; batch_run may then be called for one input after the other. EXIT_DONE or the exit code after a
 * message. */
int batch_start(struct batch *batch);
/* opened: called once the heading is known, to look up further columns; may be NULL. */
typedef int batch_opened(struct batch *batch);
int batch_run(struct batch *batch, const char *path, batch_opened *opened);
void batch_free(struct batch *batch);
/* From start to end: one input (the first word, or standard input) to the -o file, with the heading as its first line,
 * the rejects file and the balance. Returns the exit code. */
int batch_to_file(struct batch *batch, const struct options *options, const char *heading);

void worker_reject(struct worker *worker, const struct csv_row *row, uint32_t column, const char *reason);
/* The field of the row, absent for column -1. */
static inline casemix_text worker_field(const struct csv_row *row, int column) {
    return column < 0 ? (casemix_text){"", 0} : row->fields[column];
}

/* One row of `casemix group` and of `casemix price`: the benchmark measures the very same. */
batch_row group_row, price_row;

/* The hot loop alone, for the benchmark: rows of `size` bytes (CSV_SLACK more readable) into worker->done. */
void worker_chunk(struct worker *worker, const char *bytes, size_t size);

#endif
