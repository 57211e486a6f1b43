/* SPDX-License-Identifier: Apache-2.0
 *
 * The heading of a CSV file, and its rows in chunks. */
#include "input.h"

#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLOCK (256u << 10) /* of one chunk: with its output it stays in the second-level cache */

/* ---- heading ---------------------------------------------------------------------------------------------- */

static char *trimmed(casemix_text text) {
    while (text.length && (unsigned char)text.text[0] <= ' ') {
        text.text++;
        text.length--;
    }
    while (text.length && (unsigned char)text.text[text.length - 1] <= ' ') {
        text.length--;
    }
    return need(strndup(text.text, text.length));
}

static bool is_spreadsheet(const char *bytes, size_t size) {
    return size >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "\xd0\xcf\x11\xe0", 4) == 0);
}

static int no_heading(const struct input *in, const char *bytes, size_t size) {
    if (size == 0) {
        complain("%s is empty; its first line must name the columns, `casemix help facts` lists them", in->name);
    } else if (is_spreadsheet(bytes, size)) {
        complain("%s is a spreadsheet, not CSV; save it as \"CSV UTF-8\" and give that file", in->name);
    } else if (size + 16 > BLOCK && !memchr(bytes, 0, size)) {
        complain("%s: line %llu: the heading does not end within %u KiB; the first line must name the columns, fewer "
                 "of them",
                 in->name, (unsigned long long)in->line, BLOCK >> 10);
    } else {
        complain("%s: line %llu: this is no CSV heading; the first line must name the columns in UTF-8 or GB18030 "
                 "text, `casemix help facts` lists them",
                 in->name, (unsigned long long)in->line);
    }
    return EXIT_FOUND;
}

static int keep_heading(struct input *in, const struct csv_row *row) {
    if (row->fault == CSV_NUL || row->fault == CSV_ENCODING) {
        return no_heading(in, "", 1);
    }
    if (row->fault != CSV_FINE) {
        complain("%s: line %llu: the heading cannot be read: %s", in->name, (unsigned long long)in->line,
                 row->fault == CSV_MANY ? "too many columns" : csv_fault_text(row->fault));
        return EXIT_FOUND;
    }
    in->names = need(calloc(row->count, sizeof *in->names));
    in->columns = row->count;
    for (uint32_t i = 0; i < row->count; i++) {
        in->names[i] = trimmed(row->fields[i]);
    }
    return EXIT_DONE;
}

static int read_heading(struct input *in) {
    const char *bytes = in->rest.data;
    size_t size = in->rest.size, blank = 0;
    while (blank < size && (bytes[blank] == '\n' || bytes[blank] == '\r')) {
        blank++;
    }
    if (blank == size || is_spreadsheet(bytes, size)) {
        return no_heading(in, bytes, blank == size ? 0 : size);
    }
    struct csv_cursor cursor;
    struct csv_row row;
    in->separator = csv_separator(bytes + blank, size - blank);
    csv_cursor_init(&cursor, in->separator, 0);
    csv_start(&cursor, bytes, size, !in->ended);
    bool found = csv_next(&cursor, &row);
    in->line = found ? cursor.line : cursor.line + 1;
    in->blank = cursor.blank;
    int code = found ? keep_heading(in, &row) : no_heading(in, bytes, size);
    if (code == EXIT_DONE) {
        size_t used = (size_t)(cursor.at - bytes);
        in->passed = used;
        memmove(in->rest.data, in->rest.data + used, size - used);
        in->rest.size = size - used;
    }
    csv_cursor_free(&cursor);
    return code;
}

/* ---- bytes ------------------------------------------------------------------------------------------------ */

static void chunk_reserve(struct chunk *chunk, size_t wanted) {
    if (chunk->capacity < wanted + CSV_SLACK) {
        chunk->bytes = need(realloc(chunk->bytes, wanted + CSV_SLACK));
        memset(chunk->bytes + chunk->size, 0, wanted + CSV_SLACK - chunk->size);
        chunk->capacity = wanted + CSV_SLACK;
    }
}

/* Read until `wanted` bytes are there or the source ends. The slack behind them stays readable. */
static bool fill(struct input *in, struct chunk *chunk, size_t wanted) {
    chunk_reserve(chunk, wanted);
    while (!in->ended && wanted - chunk->size >= 16) {
        size_t got;
        if (!source_pull(in->source, chunk->bytes + chunk->size, wanted - chunk->size, &got)) {
            return false;
        }
        chunk->size += got;
        in->ended = got == 0;
    }
    return true;
}

int input_open_again(const char *path, const char *encoding, struct input **out) {
    *out = NULL;
    struct input *in = need(calloc(1, sizeof *in));
    in->path = need(strdup(path));
    in->name = strcmp(path, "-") == 0 ? "standard input" : in->path;
    in->source = source_open(path, encoding);
    struct chunk first = {0};
    int code = EXIT_IO;
    if (in->source && fill(in, &first, BLOCK)) {
        in->rest = (struct buffer){first.bytes, first.size, first.capacity};
        first.bytes = NULL;
        code = read_heading(in);
    }
    chunk_free(&first);
    if (code != EXIT_DONE) {
        input_close(in);
        return code;
    }
    csv_cursor_init(&in->border, in->separator, in->columns);
    *out = in;
    return EXIT_DONE;
}

int input_open(const char *path, const char *encoding, struct input **out) {
    int code = input_open_again(path, encoding, out);
    if (code == EXIT_DONE && strcmp(source_encoding((*out)->source), "UTF-8") != 0) {
        complain("%s: read as %s", (*out)->name, source_encoding((*out)->source));
    }
    return code;
}

/* Drop the bytes of a row that is too long, up to its end of line. */
static void skip(struct input *in, struct chunk *chunk) {
    char *newline = memchr(chunk->bytes, '\n', chunk->size);
    size_t drop = newline ? (size_t)(newline + 1 - chunk->bytes) : chunk->size;
    memmove(chunk->bytes, chunk->bytes + drop, chunk->size - drop);
    chunk->size -= drop;
    in->passed += drop;
    in->skipping = !newline;
}

/* Whole rows at the front of the chunk; 0: more bytes are needed to tell. */
static size_t whole_rows(struct input *in, const struct chunk *chunk) {
    size_t whole = in->ended ? chunk->size : csv_whole_rows(&in->border, chunk->bytes, chunk->size);
    if (whole == 0 && chunk->size > CSV_ROW_MAX) {
        whole = chunk->size;
    }
    in->skipping = !in->ended && whole > 0 && chunk->bytes[whole - 1] != '\n';
    return whole;
}

bool input_chunk(struct input *in, struct chunk *chunk) {
    chunk->size = 0;
    size_t wanted = in->rest.size > BLOCK ? in->rest.size : BLOCK, whole = 0;
    chunk_reserve(chunk, wanted);
    if (in->rest.size) {
        memcpy(chunk->bytes, in->rest.data, in->rest.size);
    }
    chunk->size = in->rest.size;
    in->rest.size = 0;
    for (;;) {
        if (!fill(in, chunk, wanted)) {
            return false;
        }
        if (in->skipping) {
            skip(in, chunk);
        }
        whole = in->skipping ? 0 : whole_rows(in, chunk);
        if (whole > 0 || in->ended) {
            break;
        }
        if (!in->skipping && wanted - chunk->size < 16) {
            wanted *= 2;
        }
    }
    buffer_add(&in->rest, chunk->bytes + whole, chunk->size - whole);
    chunk->size = whole;
    chunk->start = in->passed;
    in->passed += whole;
    return true;
}

void chunk_free(struct chunk *chunk) {
    free(chunk->bytes);
    *chunk = (struct chunk){0};
}

void input_close(struct input *in) {
    if (!in) {
        return;
    }
    for (uint32_t i = 0; in->names && i < in->columns; i++) {
        free(in->names[i]);
    }
    free(in->names);
    source_close(in->source);
    buffer_free(&in->rest);
    csv_cursor_free(&in->border);
    free(in->path);
    free(in);
}

int input_column(const struct input *in, const char *name) {
    for (uint32_t i = 0; i < in->columns; i++) {
        if (strcasecmp(in->names[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int input_rows(struct input *in, int (*take)(void *user, const struct csv_row *row, uint64_t line), void *user) {
    struct chunk chunk = {0};
    struct csv_cursor cursor;
    csv_cursor_init(&cursor, in->separator, in->columns);
    uint64_t line = in->line;
    int code = EXIT_DONE;
    while (code == EXIT_DONE) {
        if (!input_chunk(in, &chunk)) {
            code = EXIT_IO;
        }
        if (code != EXIT_DONE || chunk.size == 0) {
            break;
        }
        csv_start(&cursor, chunk.bytes, chunk.size, false);
        const char *start = cursor.at;
        for (struct csv_row row; code == EXIT_DONE && csv_next(&cursor, &row); start = cursor.at) {
            in->row_start = chunk.start + (uint64_t)(start - chunk.bytes);
            in->row_size = (size_t)(cursor.at - start);
            code = take(user, &row, line + row.line + 1);
        }
        line += cursor.line;
    }
    csv_cursor_free(&cursor);
    chunk_free(&chunk);
    return code;
}

int input_fault(const struct input *in, const struct csv_row *row, uint64_t line) {
    complain("%s: line %llu: %s; correct this line", in->name, (unsigned long long)line, csv_fault_text(row->fault));
    return EXIT_FOUND;
}
