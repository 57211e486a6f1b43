/* SPDX-License-Identifier: Apache-2.0
 *
 * What every subcommand on cases needs: the image with its messages and exit codes, the way from columns to facts,
 * the rejects file, and the cells that results share. */
#ifndef CASEMIX_TOOLS_COMMON_H
#define CASEMIX_TOOLS_COMMON_H

#include "cells.h"
#include "input.h"
#include "options.h"

/* ---- image ------------------------------------------------------------------------------------------------ */

/* EXIT_DONE, or the exit code after a message. The image is read into memory, not mapped: rules that somebody copies
 * over the file in the middle of a month can neither crash the run nor change its answers. One image at a time. */
int open_image(const char *path, casemix_image **out);
void close_image(casemix_image *image);
int open_context(const casemix_image *image, const char *scheme, const char *policy, bool clinical,
                 casemix_context **out);
/* The policy to use: the one asked for, or the image's only one. NULL after a message. */
const char *choose_policy(const struct options *options, const casemix_image *image);

/* A line on standard error for each scheme made of demonstration data that cases may be grouped by: the one named, or the
 * policy's, or any of the image. */
void note_demonstration(const casemix_image *image, const char *scheme, const char *policy);
bool is_demonstration(const casemix_image *image, const char *scheme, const char *policy);

/* ---- columns and facts ------------------------------------------------------------------------------------ */

struct fact_map {
    uint32_t count;
    uint32_t *column;
    int *fact;
    int id, hospital; /* columns of these, -1 if there are none */
};

/* Other columns that the subcommand takes, as "expected_drg". */
typedef bool own_column_fn(const char *name);

/* Which column is which fact. map_file: NULL, or lines `our_column = their column`. One note names the columns that
 * are passed by. EXIT_DONE, or the exit code after a message. */
int map_facts(const struct input *input, const char *map_file, own_column_fn *own, struct fact_map *out);
void fact_map_free(struct fact_map *map);
int fact_column(const struct fact_map *map, const char *fact); /* -1: the input has none for it */
void set_facts(casemix_case *one, const struct fact_map *map, const casemix_text *fields);

/* ---- rejects ---------------------------------------------------------------------------------------------- */

struct reject {
    uint64_t line;      /* from 1 */
    uint32_t column;    /* from 1, 0 for the whole row */
    const char *reason; /* a fixed sentence: no value of the case may get in */
};

/* Where rejected rows are told: a CSV file, or the first 20 on standard error. */
struct rejects {
    struct output *file; /* NULL: standard error */
    bool names_input;    /* a first column `file` */
    uint64_t told;
    struct buffer text;
};
#define REJECTS_SHOWN 20

/* path NULL: standard error. false after a message. */
bool rejects_open(struct rejects *rejects, const char *path, bool names_input);
bool rejects_tell(struct rejects *rejects, const struct input *input, const struct reject *reject);
bool rejects_close(struct rejects *rejects); /* gives the file its name */
void rejects_abandon(struct rejects *rejects);
/* OUT.csv -> OUT.rejects.csv; the caller frees it. */
char *rejects_path(const char *output);

/* "N rows in = N out + N rejected" on standard error. */
void print_balance(uint64_t in, uint64_t out, uint64_t rejected, uint64_t blank);

/* ---- cells of results ------------------------------------------------------------------------------------- */

casemix_text text_of(const char *text);
bool same_text(casemix_text a, casemix_text b);
casemix_text severity_text(casemix_severity severity); /* "", "CC", "MCC" */

/* The words of casemix_status_text and its like, with their lengths. */
casemix_text status_word(casemix_status status);
casemix_text reason_word(casemix_reason reason);
casemix_text price_status_word(casemix_price_status status);

/* Is it dx or proc, whose findings have a place in the list? */
bool holds_codes(int fact);

/* The findings of the last casemix_group as "code-repaired:dx2;missing-fact:age", in front of them the fact that
 * the grouping (and the price, if not NULL) lacks. FINDINGS_ROOM bytes must be free at `at`. */
char *put_findings(char *at, const casemix_context *context, const casemix_grouping *grouping,
                   const casemix_price *price);
#define FINDINGS_ROOM (80u * (CASEMIX_FINDINGS_MAX + 2))

/* id,status,reason,mdc,adrg,drg: what rows of `group` and `price` begin with. */
char *put_answer(char *at, casemix_text id, const casemix_grouping *grouping);

/* Room for a row without its findings: the texts of the image are short, those of the input are given. */
size_t row_room(casemix_text id, const casemix_grouping *grouping);

/* The inputs of a command that takes several: a missing one is told before the others are worked off, and no file is
 * counted twice. The exit code. */
int check_inputs(const struct options *o);

#endif
