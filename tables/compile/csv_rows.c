/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a CSV file that goes with rules. */
#include "csv_rows.h"

void csv_rows_start(struct csv_rows *rows, struct arena *arena, const struct source *source) {
    size_t size;
    const char *text = source_text(source, &size);
    *rows = (struct csv_rows){.arena = arena, .source = source, .at = text, .end = text + size, .line = 1};
}

/* Go on to `to`; counts characters, not bytes. A line end within quotes starts a new line. */
static void go_on(struct csv_rows *rows, const char *to, uint32_t *column) {
    for (; rows->at < to; rows->at++) {
        if (*rows->at == '\n') {
            rows->line++;
            *column = 1;
        } else {
            *column += ((unsigned char)*rows->at & 0xC0) != 0x80;
        }
    }
}

/* Where the line ends begin: at LF, at CR LF, or at a CR that is the last byte. */
static bool is_line_end(const struct csv_rows *rows, const char *at) {
    return *at == '\n' || (*at == '\r' && (at + 1 == rows->end || at[1] == '\n'));
}

/* The text of the field that starts here, quotes taken away. *after: what ends it. False: its quote is not closed.
 */
static bool take_field(struct csv_rows *rows, struct csv_field *field, const char **after) {
    const char *at = rows->at;
    bool quoted = at < rows->end && *at == '"', open = quoted;
    at += quoted;
    const char *start = at;
    while (at < rows->end && (open || (*at != ',' && !is_line_end(rows, at)))) {
        open = quoted && *at == '"' ? !open : open;
        at++;
    }
    *after = at;
    if (!quoted) {
        field->text = arena_copy(rows->arena, start, (size_t)(at - start));
        field->length = (size_t)(at - start);
        return true;
    }
    char *text = arena_take(rows->arena, (size_t)(at - start) + 1);
    bool inside = true;
    for (; start < at; start++) {
        bool doubled = *start == '"' && !inside;
        inside = *start == '"' ? !inside : inside;
        if (*start != '"' || (doubled && start[-1] == '"')) { /* "" inside quotes is one quote */
            text[field->length++] = *start;
        }
    }
    field->text = text;
    return !open;
}

static void skip_empty_lines(struct csv_rows *rows) {
    while (rows->at < rows->end && is_line_end(rows, rows->at)) {
        rows->line += *rows->at == '\n';
        rows->at++;
    }
}

static enum csv_result stop(struct csv_rows *rows, enum csv_result result) {
    rows->at = rows->end;
    return result;
}

enum csv_result csv_rows_next(struct csv_rows *rows) {
    const char *bytes = rows->source->bytes;
    uint32_t column = 1;
    rows->count = 0;
    skip_empty_lines(rows);
    if (rows->at == rows->end) {
        return CSV_END;
    }
    for (;;) {
        struct csv_field field = {.offset = (size_t)(rows->at - bytes),
                                  .place = {rows->source->path, rows->line, column}};
        const char *after;
        bool closed = take_field(rows, &field, &after);
        ARENA_PUSH(rows->arena, rows->fields, rows->count, rows->capacity, field);
        if (!closed || rows->count > CSV_FIELDS_MAX) {
            return stop(rows, closed ? CSV_TOO_MANY : CSV_OPEN_QUOTE);
        }
        go_on(rows, after, &column);
        if (rows->at == rows->end || *rows->at != ',') {
            return CSV_ROW; /* its line end is skipped with the empty lines before the next row */
        }
        rows->at++;
        column++;
    }
}
