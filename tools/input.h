/* SPDX-License-Identifier: Apache-2.0
 *
 * A CSV file as its heading and a sequence of chunks, each of whole rows. Chunks have the same borders whoever
 * takes them, so that several threads give the same result as one. */
#ifndef CASEMIX_TOOLS_INPUT_H
#define CASEMIX_TOOLS_INPUT_H

#include "csv.h"
#include "source.h"

struct input {
    char *path; /* "-" is standard input; `name` is what messages call it */
    const char *name;
    struct source *source;
    char separator;
    uint32_t columns;
    char **names;             /* of the columns, without blanks around */
    uint64_t line;            /* physical lines up to the end of the heading */
    uint64_t blank;           /* blank ones among them */
    uint64_t passed;          /* bytes of the text given out or passed by */
    uint64_t row_start;       /* of the row that input_rows hands out: its place in the text, */
    size_t row_size;          /* and its bytes, blank lines before it included */
    bool ended;               /* the source has no more */
    bool skipping;            /* inside a row too long to be held: pass by until its end of line */
    struct buffer rest;       /* bytes read and not given out */
    struct csv_cursor border; /* finds the end of the last whole row */
};

struct chunk {
    char *bytes; /* CSV_SLACK more are readable */
    size_t size, capacity;
    uint64_t start; /* bytes of the text (after a byte order mark, as UTF-8) before it */
};

/* Open and read the heading. On failure a message was given, *out is NULL, and the result is the exit code: EXIT_IO
 * if the file cannot be read, EXIT_FOUND if it has no heading. */
int input_open(const char *path, const char *encoding, struct input **out);
/* The same for a file that was opened before: what is to be noted of it was told. */
int input_open_again(const char *path, const char *encoding, struct input **out);
/* The next chunk; size 0 at the end. Not for two threads at once. false: a message was given. */
bool input_chunk(struct input *input, struct chunk *chunk);
void input_close(struct input *input); /* NULL is allowed */

/* Hand every row of a file read in one go to `take`, faulty ones too, with its physical line from 1, until that returns
 * another exit code than EXIT_DONE. Returns that code, or EXIT_IO after a message. */
int input_rows(struct input *input, int (*take)(void *user, const struct csv_row *row, uint64_t line), void *user);
/* Says the fault of a row that may have none, for files that go with a command; EXIT_FOUND. */
int input_fault(const struct input *input, const struct csv_row *row, uint64_t line);
void chunk_free(struct chunk *chunk);

/* The column of that name (case does not matter), -1 if there is none. */
int input_column(const struct input *input, const char *name);

#endif
