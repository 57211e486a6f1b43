/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting bytes into rows and fields. Rows without quoted fields, the usual case, take the short way: 64 bytes are
 * compared at once and each separator or end of line is one bit of a mask. Rows with them go field by field. */
#include "csv.h"

#include "source.h"

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* ---- looking at 64 bytes at once -------------------------------------------------------------------------- */

/* Bit n: byte n is `a`, `b` or `c` (give one twice to look for two). */
static inline uint64_t find_any(const char *bytes, char a, char b, char c) {
    uint64_t mask = 0;
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8(a), second = _mm_set1_epi8(b), third = _mm_set1_epi8(c);
    for (unsigned i = 0; i < 4; i++) {
        __m128i some = _mm_loadu_si128((const __m128i *)(const void *)(bytes + (size_t)16 * i));
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(some, first), _mm_cmpeq_epi8(some, second));
        hits = a == c ? hits : _mm_or_si128(hits, _mm_cmpeq_epi8(some, third));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(hits) << 16 * i;
    }
#else
    for (unsigned i = 0; i < 64; i++) {
        mask |= (uint64_t)(bytes[i] == a || bytes[i] == b || bytes[i] == c) << i;
    }
#endif
    return mask;
}

/* Which of the rare kinds of bytes occur at all: quotes, NUL, beyond ASCII. One pass over the bytes. */
static void look_through(struct csv_cursor *c, const char *bytes, size_t size) {
    size_t i = 0;
    unsigned quotes = 0, nul = 0, high = 0;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), none = _mm_setzero_si128();
    __m128i quotes16 = none, nul16 = none, high16 = none;
    for (; size - i >= 16; i += 16) {
        __m128i some = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
        quotes16 = _mm_or_si128(quotes16, _mm_cmpeq_epi8(some, quote));
        nul16 = _mm_or_si128(nul16, _mm_cmpeq_epi8(some, none));
        high16 = _mm_or_si128(high16, some);
    }
    quotes = (unsigned)_mm_movemask_epi8(quotes16);
    nul = (unsigned)_mm_movemask_epi8(nul16);
    high = (unsigned)_mm_movemask_epi8(high16);
#endif
    for (; i < size; i++) {
        quotes |= bytes[i] == '"';
        nul |= bytes[i] == '\0';
        high |= (unsigned char)bytes[i] >> 7;
    }
    c->quotes = quotes != 0;
    c->nul = nul != 0;
    size_t at;
    c->utf8 = high == 0 || utf8_valid(bytes, size, &at);
}

/* ---- the cursor ------------------------------------------------------------------------------------------- */

void csv_cursor_init(struct csv_cursor *c, char separator, uint32_t columns) {
    *c = (struct csv_cursor){.separator = separator, .columns = columns};
    c->fields = need(calloc(columns ? columns : CSV_COLUMNS_MAX, sizeof *c->fields));
}

void csv_cursor_free(struct csv_cursor *c) {
    free(c->fields);
    buffer_free(&c->scratch);
    c->fields = NULL;
}

/* Separators and ends of line in the next 64 bytes, and quotes if `quotes`. */
static inline uint64_t window_mask(const struct csv_cursor *c, const char *window, bool quotes) {
    uint64_t mask = find_any(window, c->separator, '\n', quotes ? '"' : c->separator);
    size_t left = (size_t)(c->end - window);
    return left >= 64 ? mask : mask & ((UINT64_C(1) << left) - 1);
}

void csv_start(struct csv_cursor *c, const char *bytes, size_t size, bool partial) {
    c->at = c->looked = bytes;
    c->end = bytes + size;
    c->partial = partial;
    c->line = c->blank = 0;
    look_through(c, bytes, size);
    c->window = bytes;
    c->mask = size ? window_mask(c, bytes, c->quotes) : 0;
}

static uint32_t column_limit(const struct csv_cursor *c) {
    return c->columns ? c->columns : CSV_COLUMNS_MAX;
}

/* Which row has the NUL or the bytes that are no UTF-8; asked only where the whole has some. */
static void check_bytes(struct csv_cursor *c, const char *start, const char *end, struct csv_row *row) {
    size_t at = 0;
    const char *bad = c->nul ? memchr(start, '\0', (size_t)(end - start)) : NULL;
    if (bad) {
        row->fault = CSV_NUL;
    } else if (!c->utf8 && !utf8_valid(start, (size_t)(end - start), &at)) {
        row->fault = CSV_ENCODING;
        bad = start + at;
    } else {
        return;
    }
    row->column = 0;
    while (row->column + 1 < row->count && row->column + 1 < column_limit(c) &&
           c->fields[row->column + 1].text <= bad) {
        row->column++;
    }
}

/* What is to be said of a row whose end was found. */
static void check_row(struct csv_cursor *c, const char *start, const char *end, struct csv_row *row) {
    if (unlikely((size_t)(end - start) > CSV_ROW_MAX)) {
        row->fault = CSV_LONG;
        row->column = 0;
    } else if (unlikely(c->nul || !c->utf8)) {
        check_bytes(c, start, end, row);
    }
    if (row->fault == CSV_FINE && unlikely(c->columns ? row->count != c->columns : row->count > CSV_COLUMNS_MAX)) {
        row->fault = row->count < c->columns ? CSV_FEW : CSV_MANY;
        row->column = row->count < c->columns ? row->count : column_limit(c);
    }
}

static void drop_carriage_return(struct csv_cursor *c, struct csv_row *row) {
    if (row->count <= column_limit(c)) {
        casemix_text *last = &c->fields[row->count - 1];
        if (last->length && last->text[last->length - 1] == '\r') {
            last->length--;
        }
    }
}

/* ---- rows without quoted fields --------------------------------------------------------------------------- */

/* The fields of one row up to its end of line, which is returned; NULL if there is none before the end, or if a field
 * starts with a quote, which *quoted tells. A quote inside a field is a character like others. */
static inline const char *plain_fields(struct csv_cursor *c, const char *field, struct csv_row *row, bool quotes,
                                       bool *quoted) {
    const char *window = c->window;
    uint64_t mask = c->mask;
    const uint32_t limit = column_limit(c);
    uint32_t count = 0;
    for (;;) {
        while (mask == 0) {
            if (c->end - window <= 64) {
                row->count = count;
                c->at = field;
                return NULL;
            }
            window += 64;
            mask = window_mask(c, window, quotes);
        }
        const char *stop = window + __builtin_ctzll(mask);
        mask &= mask - 1;
        if (quotes && *stop == '"') {
            if (stop == field) {
                *quoted = true;
                return NULL;
            }
            continue;
        }
        if (likely(count < limit)) {
            c->fields[count] = (casemix_text){field, (size_t)(stop - field)};
        }
        count++;
        field = stop + 1;
        if (*stop == '\n') {
            c->window = window;
            c->mask = mask;
            c->at = field;
            row->count = count;
            return stop;
        }
    }
}

/* The last line of the bytes has no end of line. */
static bool plain_last(struct csv_cursor *c, struct csv_row *row) {
    if (row->count < column_limit(c)) {
        c->fields[row->count] = (casemix_text){c->at, (size_t)(c->end - c->at)};
    }
    row->count++;
    c->at = c->window = c->end;
    c->mask = 0;
    return true;
}

static bool quoted_next(struct csv_cursor *c, struct csv_row *row);

bool csv_next(struct csv_cursor *c, struct csv_row *row) {
    row->fields = c->fields;
    for (;;) {
        const char *start = c->at;
        if (start == c->end) {
            return false;
        }
        row->line = c->line;
        row->fault = CSV_FINE;
        bool quoted = false;
        const char *stop = c->quotes ? plain_fields(c, start, row, true, &quoted)
                                     : plain_fields(c, start, row, false, &quoted);
        if (quoted) {
            c->at = start;
            bool found = quoted_next(c, row);
            c->window = c->at;
            c->mask = c->at < c->end ? window_mask(c, c->at, true) : 0;
            return found;
        }
        if (!stop) {
            if (c->partial) {
                c->at = start;
                return false;
            }
            plain_last(c, row);
            stop = c->end;
        }
        c->line++;
        drop_carriage_return(c, row);
        if (unlikely(row->count == 1 && c->fields[0].length == 0)) {
            c->blank++;
            continue;
        }
        check_row(c, start, stop, row);
        return true;
    }
}

/* ---- rows with quoted fields ------------------------------------------------------------------------------ */

enum progress { FIELD_ENDS, ROW_ENDS, FAULT, STOP };

static const char *find_stop(const struct csv_cursor *c, const char *at) {
    while (at < c->end) {
        uint64_t mask = window_mask(c, at, false);
        if (mask) {
            return at + __builtin_ctzll(mask);
        }
        at = c->end - at > 64 ? at + 64 : c->end;
    }
    return c->end;
}

static void keep(struct csv_cursor *c, struct csv_row *row, const char *text, size_t length) {
    if (row->count < column_limit(c)) {
        c->fields[row->count] = (casemix_text){text, length};
    }
    row->count++;
}

/* Where the bytes end before the field does: wait for more, or it never ends. */
static enum progress ran_out(struct csv_cursor *c, const char *start, struct csv_row *row, enum csv_fault fault) {
    if (c->partial && (size_t)(c->end - start) <= CSV_ROW_MAX) {
        return STOP;
    }
    row->fault = fault;
    row->column = row->count;
    return FAULT;
}

/* "" in the field becomes ". The scratch has room for the whole rest, so that earlier fields stay in place. */
static casemix_text without_doubles(struct csv_cursor *c, const char *text, size_t length) {
    if (c->scratch.size == 0) {
        buffer_room(&c->scratch, (size_t)(c->end - text) + 1);
    }
    char *to = c->scratch.data + c->scratch.size, *first = to;
    for (size_t i = 0; i < length; i++) {
        *to++ = text[i];
        i += text[i] == '"';
    }
    c->scratch.size += (size_t)(to - first);
    return (casemix_text){first, (size_t)(to - first)};
}

/* A field that starts with a quote at c->at. */
static enum progress quoted_field(struct csv_cursor *c, const char *start, struct csv_row *row) {
    const char *text = c->at + 1, *quote = text;
    bool doubled = false;
    for (;; quote += 2, doubled = true) {
        quote = quote < c->end ? memchr(quote, '"', (size_t)(c->end - quote)) : NULL;
        if (!quote || (c->partial && c->end - quote < 3)) {
            return ran_out(c, start, row, CSV_QUOTE_OPEN);
        }
        if (c->end - quote < 2 || quote[1] != '"') {
            break;
        }
    }
    const char *next = quote + 1;
    if (c->end - next >= 2 && next[0] == '\r' && next[1] == '\n') {
        next++;
    }
    if (next < c->end && *next != c->separator && *next != '\n' && !(*next == '\r' && next + 1 == c->end)) {
        c->looked = next + 1 > c->looked ? next + 1 : c->looked;
        row->fault = CSV_QUOTE_TEXT;
        row->column = row->count;
        return FAULT;
    }
    casemix_text field = {text, (size_t)(quote - text)};
    if (doubled) {
        field = without_doubles(c, field.text, field.length);
    }
    for (const char *p = text; (p = memchr(p, '\n', (size_t)(quote - p))) != NULL; p++) {
        c->line++;
    }
    keep(c, row, field.text, field.length);
    bool more = next < c->end && *next == c->separator;
    c->at = next < c->end ? next + 1 : c->end;
    return more ? FIELD_ENDS : ROW_ENDS;
}

static enum progress bare_field(struct csv_cursor *c, const char *start, struct csv_row *row) {
    const char *stop = find_stop(c, c->at);
    if (stop == c->end && c->partial) {
        return ran_out(c, start, row, CSV_LONG);
    }
    bool more = stop < c->end && *stop == c->separator;
    keep(c, row, c->at, (size_t)(stop - c->at));
    if (!more) {
        drop_carriage_return(c, row);
    }
    c->at = stop < c->end ? stop + 1 : c->end;
    return more ? FIELD_ENDS : ROW_ENDS;
}

/* Go on with the physical line after the one where the faulty row starts. false: its end is not there yet. */
static bool skip_line(struct csv_cursor *c, const char *start, struct csv_row *row) {
    const char *newline = memchr(start, '\n', (size_t)(c->end - start));
    if (!newline && c->partial && (size_t)(c->end - start) <= CSV_ROW_MAX) {
        return false;
    }
    c->at = newline ? newline + 1 : c->end;
    c->line = row->line + 1;
    return true;
}

static bool quoted_next(struct csv_cursor *c, struct csv_row *row) {
    for (;;) {
        const char *start = c->at;
        if (start == c->end) {
            return false;
        }
        row->line = c->line;
        row->fault = CSV_FINE;
        row->count = 0;
        c->scratch.size = 0;
        enum progress progress = FIELD_ENDS;
        while (progress == FIELD_ENDS) {
            progress = c->at < c->end && *c->at == '"' ? quoted_field(c, start, row) : bare_field(c, start, row);
        }
        if (progress == FAULT && skip_line(c, start, row)) {
            return true;
        }
        if (progress == STOP || progress == FAULT) {
            c->at = start;
            c->line = row->line;
            return false;
        }
        c->line++;
        if (row->count == 1 && c->fields[0].length == 0 && *start != '"') {
            c->blank++;
            continue;
        }
        check_row(c, start, c->at, row);
        return true;
    }
}

size_t csv_whole_rows(struct csv_cursor *c, const char *bytes, size_t size) {
    if (!memchr(bytes, '"', size)) {
        const char *last = memrchr(bytes, '\n', size);
        return last ? (size_t)(last + 1 - bytes) : 0;
    }
    struct csv_row row;
    size_t whole = 0;
    csv_start(c, bytes, size, true);
    while (csv_next(c, &row)) {
        if (c->at >= c->looked) { /* otherwise the fault of an earlier row would look different without the rest */
            whole = (size_t)(c->at - bytes);
        }
    }
    return whole == 0 && size > CSV_ROW_MAX ? (size_t)(c->at - bytes) : whole;
}

char csv_separator(const char *bytes, size_t size) {
    size_t commas = 0, tabs = 0, semicolons = 0;
    bool quoted = false;
    for (size_t i = 0; i < size && (quoted || bytes[i] != '\n'); i++) {
        quoted ^= bytes[i] == '"';
        commas += !quoted && bytes[i] == ',';
        tabs += !quoted && bytes[i] == '\t';
        semicolons += !quoted && bytes[i] == ';';
    }
    if (tabs > commas && tabs >= semicolons) {
        return '\t';
    }
    return semicolons > commas ? ';' : ',';
}

const char *csv_fault_text(enum csv_fault fault) {
    switch (fault) {
    case CSV_FINE:
        return "";
    case CSV_FEW:
        return "fewer fields than the header";
    case CSV_MANY:
        return "more fields than the header";
    case CSV_QUOTE_OPEN:
        return "a quote that is never closed; double a quote that belongs to the text";
    case CSV_QUOTE_TEXT:
        return "text after a closing quote; double a quote that belongs to the text";
    case CSV_NUL:
        return "a NUL byte";
    case CSV_ENCODING:
        return "not UTF-8; if the file is in GB18030 say --encoding gb18030";
    case CSV_LONG:
        return "a row longer than 16 MiB";
    }
    return "";
}
