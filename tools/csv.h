/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of CSV out of memory, without copying: fields are places in the caller's bytes. Quotes as in RFC 4180; a
 * quote inside a field that does not start with one is an ordinary letter. CRLF or LF.
 *
 * A row that is not right is handed out with its fault, and reading goes on behind it. After a fault of quotes that
 * is the next physical line, so that one forgotten quote costs one row and not the rest of the file. */
#ifndef CASEMIX_TOOLS_CSV_H
#define CASEMIX_TOOLS_CSV_H

#include "output.h"

#define CSV_ROW_MAX     (16u << 20) /* bytes of the longest row */
#define CSV_COLUMNS_MAX 4096u
#define CSV_SLACK       64 /* bytes behind the end that may be read; what they are does not matter */

enum csv_fault {
    CSV_FINE,
    CSV_FEW,        /* fewer fields than the header */
    CSV_MANY,       /* more */
    CSV_QUOTE_OPEN, /* a quote that never ends */
    CSV_QUOTE_TEXT, /* text between a closing quote and the next separator */
    CSV_NUL,        /* a NUL byte */
    CSV_ENCODING,   /* not UTF-8 */
    CSV_LONG,       /* longer than CSV_ROW_MAX */
};

struct csv_row {
    uint64_t line; /* where the row starts, 0 being the first line of the bytes */
    casemix_text *fields;
    uint32_t count; /* how many the row has; no more than the cursor's columns are kept */
    enum csv_fault fault;
    uint32_t column; /* of the fault, 0 the first */
};

struct csv_cursor {
    const char *at, *end;
    char separator;
    bool partial;         /* the bytes may end inside a row: then csv_next stops before it */
    bool quotes, nul;     /* occur in the bytes */
    bool utf8;            /* all of the bytes are UTF-8 */
    uint32_t columns;     /* expected; 0 takes any number up to CSV_COLUMNS_MAX */
    uint64_t line, blank; /* physical lines passed, blank ones among them */
    const char *looked;   /* as far as the quotes of faulty rows were followed, which may be beyond `at` */
    const char *window;   /* 64 bytes whose separators and ends of line are the bits of `mask` */
    uint64_t mask;
    casemix_text *fields;
    struct buffer scratch; /* fields that had doubled quotes */
};

void csv_cursor_init(struct csv_cursor *cursor, char separator, uint32_t columns);
void csv_cursor_free(struct csv_cursor *cursor);
/* Start on bytes that begin with a row. CSV_SLACK more must be readable. */
void csv_start(struct csv_cursor *cursor, const char *bytes, size_t size, bool partial);
/* The next row, false at the end. Blank lines are passed by and counted. The fields last until the next call. */
bool csv_next(struct csv_cursor *cursor, struct csv_row *row);

/* How many of the bytes are whole rows: the rest begins with a row that may go on behind the end. */
size_t csv_whole_rows(struct csv_cursor *cursor, const char *bytes, size_t size);

/* The separator of a heading line: the most frequent of , TAB ; outside quotes, `,` if there is none. */
char csv_separator(const char *bytes, size_t size);

/* What is wrong, for the rejects file and for people. */
const char *csv_fault_text(enum csv_fault fault);

#endif
