/* SPDX-License-Identifier: Apache-2.0
 *
 * Code catalogues: loading, extending, finding. */
#include "catalogue.h"

#include <stdlib.h>
#include <string.h>

struct row {
    struct code code;
    uint32_t line; /* in the file, or number of the place */
};

static int compare_text(const char *a, size_t a_length, const char *b, size_t b_length) {
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_rows(const void *left, const void *right) {
    const struct row *a = left, *b = right;
    int order = compare_text(a->code.text, a->code.length, b->code.text, b->code.length);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Why a text cannot be a code, or NULL if it can. `foreign`: a scheme's own codes may hold letters of any script,
 * because some cities' lists do. */
static const char *code_fault(const char *text, size_t length, bool foreign) {
    if (length == 0) {
        return "it is empty";
    }
    if (length > CODE_LENGTH_MAX) {
        return "it is longer than 24 bytes";
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        bool sign = byte == '.' || byte == '+' || byte == '*';
        if (!letter && !sign && !(foreign && byte >= 0x80)) {
            return "only letters, digits, `.`, `+` and `*` may stand in it";
        }
    }
    return NULL;
}

struct loading {
    struct sources *sources;
    const char *file;
    struct row *rows;
    size_t count;
};

/* One line, which may be changed: NUL after the code and after the name. */
static void take_line(struct loading *loading, char *line, char *end, uint32_t number) {
    struct report *report = loading->sources->report;
    struct place place = {loading->file, number, 1};
    if (line == end || *line == '#') {
        return;
    }
    char *tab = memchr(line, '\t', (size_t)(end - line));
    if (!tab) {
        report_say(report, MSG_bad_catalogue_line, place, "no TAB");
        return;
    }
    const char *fault = code_fault(line, (size_t)(tab - line), false);
    if (fault) {
        report_say(report, MSG_bad_code, place, report_clip(report, line, (size_t)(tab - line)), fault);
        return;
    }
    char *second = memchr(tab + 1, '\t', (size_t)(end - tab - 1)); /* columns after the name are not ours */
    *tab = 0;
    *(second ? second : end) = 0;
    struct row *row = &loading->rows[loading->count++];
    row->code = (struct code){.text = line, .length = (uint32_t)(tab - line), .name = tab + 1};
    row->line = number;
}

static bool is_heading(const char *line, const char *end) {
    static const char heading[] = "code\tname";
    size_t length = sizeof heading - 1;
    return (size_t)(end - line) >= length && memcmp(line, heading, length) == 0 &&
           (line + length == end || line[length] == '\t');
}

/* Cut `text` (NUL-terminated, may be changed) into lines. */
static void take_lines(struct loading *loading, char *text, size_t length) {
    bool heading = false;
    uint32_t number = 0;
    for (char *line = text, *stop = text + length; line < stop;) {
        char *end = memchr(line, '\n', (size_t)(stop - line));
        char *next = end ? end + 1 : stop;
        end = end ? end : stop;
        if (end > line && end[-1] == '\r') {
            end--;
        }
        number++;
        if (!heading && end > line && *line != '#') {
            heading = true;
            if (is_heading(line, end)) {
                line = next;
                continue;
            }
            report_say(loading->sources->report, MSG_catalogue_heading, (struct place){loading->file, number, 1});
        }
        take_line(loading, line, end, number);
        line = next;
    }
}

static void sort_rows(struct row *rows, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (compare_rows(&rows[i - 1], &rows[i]) > 0) {
            qsort(rows, count, sizeof *rows, compare_rows);
            return;
        }
    }
}

static size_t count_lines(const char *text, size_t length) {
    size_t lines = 1;
    const char *stop = text + length;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(stop - at))) != NULL; at++) {
        lines++;
    }
    return lines;
}

static bool same_code(const struct code *a, const struct code *b) {
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

struct catalogue *catalogue_load(struct sources *sources, const char *path, struct place from, enum code_kind kind,
                                 const char *id) {
    const struct source *source = source_read(sources, path, from);
    if (!source) {
        return NULL;
    }
    size_t length;
    const char *bytes = source_text(source, &length);
    char *text = arena_copy(sources->arena, bytes, length);
    struct loading loading = {.sources = sources, .file = source->path};
    loading.rows = ARENA_ARRAY(sources->arena, struct row, count_lines(text, length));
    take_lines(&loading, text, length);
    if (loading.count == 0) {
        report_say(sources->report, MSG_empty_catalogue, (struct place){source->path, 0, 0}, source->path);
        return NULL;
    }
    sort_rows(loading.rows, loading.count);
    struct catalogue *catalogue = ARENA_NEW(sources->arena, struct catalogue);
    *catalogue = (struct catalogue){.kind = kind, .id = id};
    catalogue->codes = ARENA_ARRAY(sources->arena, struct code, loading.count);
    uint32_t first_line = 0;
    for (size_t i = 0; i < loading.count; i++) {
        const struct row *row = &loading.rows[i];
        if (catalogue->count > 0 && same_code(&catalogue->codes[catalogue->count - 1], &row->code)) {
            report_say(sources->report, MSG_duplicate_code, (struct place){source->path, row->line, 1},
                       row->code.text, first_line);
            continue;
        }
        first_line = row->line;
        catalogue->codes[catalogue->count++] = row->code;
    }
    return catalogue;
}

/* The further codes that are good and new, sorted. */
static struct row *new_rows(struct arena *arena, struct report *report, const struct catalogue *base,
                            const struct code *more, const struct place *places, uint32_t count, uint32_t *kept) {
    struct row *rows = ARENA_ARRAY(arena, struct row, count);
    *kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *fault = code_fault(more[i].text, more[i].length, true);
        if (fault) {
            report_say(report, MSG_bad_code, places[i], report_clip(report, more[i].text, more[i].length), fault);
        } else if (catalogue_find(base, more[i].text, more[i].length) != UINT32_MAX) {
            report_say(report, MSG_code_already_there, places[i], report_clip(report, more[i].text, more[i].length),
                       base->id ? base->id : "");
        } else {
            struct row *row = &rows[(*kept)++];
            row->code = more[i];
            row->code.text = arena_copy(arena, more[i].text, more[i].length);
            row->code.name = more[i].name ? arena_copy(arena, more[i].name, strlen(more[i].name)) : "";
            row->code.added = true;
            row->line = i;
        }
    }
    sort_rows(rows, *kept);
    uint32_t single = 0;
    for (uint32_t i = 0; i < *kept; i++) {
        if (single > 0 && same_code(&rows[single - 1].code, &rows[i].code)) {
            report_say(report, MSG_duplicate_code, places[rows[i].line], rows[i].code.text,
                       places[rows[single - 1].line].line);
            continue;
        }
        rows[single++] = rows[i];
    }
    *kept = single;
    return rows;
}

struct catalogue *catalogue_extend(struct arena *arena, struct report *report, const struct catalogue *base,
                                   const struct code *more, const struct place *places, uint32_t count) {
    uint32_t added;
    struct row *rows = new_rows(arena, report, base, more, places, count, &added);
    struct catalogue *catalogue = ARENA_NEW(arena, struct catalogue);
    *catalogue = *base;
    catalogue->codes = ARENA_ARRAY(arena, struct code, (size_t)base->count + added);
    catalogue->count = 0;
    for (uint32_t b = 0, a = 0; b < base->count || a < added;) {
        bool from_base = a == added;
        if (b < base->count && a < added) {
            const struct code *left = &base->codes[b], *right = &rows[a].code;
            from_base = compare_text(left->text, left->length, right->text, right->length) < 0;
        }
        catalogue->codes[catalogue->count++] = from_base ? base->codes[b++] : rows[a++].code;
    }
    return catalogue;
}

/* The first code that is not before `text`; with `after_branch`, nor in the branch of it. */
static uint32_t lower_bound(const struct catalogue *catalogue, const char *text, size_t length, bool after_branch) {
    uint32_t low = 0, high = catalogue->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct code *code = &catalogue->codes[middle];
        size_t seen = after_branch && code->length > length ? length : code->length;
        int order = compare_text(code->text, seen, text, length);
        if (order < 0 || (after_branch && order == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t catalogue_find(const struct catalogue *catalogue, const char *code, size_t length) {
    uint32_t at = lower_bound(catalogue, code, length, false);
    if (at == catalogue->count || catalogue->codes[at].length != length ||
        memcmp(catalogue->codes[at].text, code, length) != 0) {
        return UINT32_MAX;
    }
    return at;
}

void catalogue_branch(const struct catalogue *catalogue, const char *prefix, size_t length, uint32_t *first,
                      uint32_t *end) {
    *first = lower_bound(catalogue, prefix, length, false);
    *end = lower_bound(catalogue, prefix, length, true);
}
