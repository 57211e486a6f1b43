/* SPDX-License-Identifier: Apache-2.0
 *
 * What the command writes: messages, output files that appear only when complete, and tables aligned by the width
 * of their letters on a screen. */
#ifndef CASEMIX_TOOLS_OUTPUT_H
#define CASEMIX_TOOLS_OUTPUT_H

#include "grouper/casemix.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* ---- messages --------------------------------------------------------------------------------------------- */

/* A line on standard error that starts with "casemix: ". Never give it a value out of a case. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that memory ran out, removes what is unfinished and leaves. */
void out_of_memory(void) __attribute__((noreturn));
void *need(void *memory); /* memory, or out_of_memory() if it is NULL */

/* ---- bytes in memory -------------------------------------------------------------------------------------- */

struct buffer {
    char *data;
    size_t size, capacity;
};

/* Room for `extra` more bytes; returns where they go. The caller adds what it wrote to size. */
char *buffer_room(struct buffer *buffer, size_t extra);
void buffer_add(struct buffer *buffer, const char *text, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_cell(struct buffer *buffer, casemix_text text); /* a CSV cell, quoted if it must be */
void buffer_free(struct buffer *buffer);

/* ---- files ------------------------------------------------------------------------------------------------ */

/* The path, or where it leads to if it is a link; the caller frees it. */
char *final_path(const char *path);
/* The message with what to do; reason: errno. */
void cannot_write(const char *path, int reason);

/* A file under a temporary name beside the final one, or standard output for the path "-" (or NULL). */
struct output;
struct output *output_open(const char *path);                         /* NULL: a message was given */
/* A new file in a folder that appears when complete (folder.h): it has its name at once, and reaches the disk with the
 * folder, not one by one. */
struct output *output_open_inside(const char *path);
bool output_write(struct output *out, const char *data, size_t size); /* false: a message was given, once */
bool output_close(struct output *out);   /* gives it its name; false: a message was given, the file is removed */
void output_abandon(struct output *out); /* NULL is allowed */

/* Names that vanish unless they are forgotten again: on failure, on interrupt. A folder comes before its files. */
void temporary_add(const char *path);
void temporary_forget(const char *path);
void temporary_remove_all(void);
void temporary_catch_signals(void);

/* ---- tables for people ------------------------------------------------------------------------------------ */

/* Columns that a UTF-8 text takes on a screen; Chinese letters take two. */
size_t display_width(const char *text, size_t length);
/* The text and blanks up to the width, blanks first if `right`. */
void print_padded(FILE *to, casemix_text text, size_t width, bool right);

struct table {
    size_t columns, rows, room;
    char **cells;      /* rows x columns, the first row is the heading */
    const bool *right; /* which columns are aligned right */
};
void table_row(struct table *table, char **cells); /* takes over the texts, which must come from malloc */
void table_heading(struct table *table, const char *const *names);
/* Texts for table_row. */
char *count_cell(uint64_t value);
char *decimal_cell(int64_t value, unsigned places); /* value / 10^places, at most 6 */
char *text_cell(casemix_text text, const char *if_empty);
void table_print(const struct table *table, FILE *to);
void table_free(struct table *table);

#endif
