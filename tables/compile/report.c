/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages of a compilation, and the search for the name that was meant. */
#include "report.h"

#include <ctype.h>
#include <string.h>

const struct message_row message_rows[MESSAGE_COUNT] = {
#define MESSAGE(name, number, severity, text) {#name, number, MESSAGE_##severity, text},
#include "messages.def"
#undef MESSAGE
};

enum { MESSAGE_BYTES = 2000, CLIP_BYTES = 60 };

struct report *report_new(struct arena *arena) {
    struct report *report = ARENA_NEW(arena, struct report);
    report->arena = arena;
    return report;
}

/* The largest length up to `limit` that does not cut a UTF-8 character. */
static size_t whole_characters(const char *text, size_t length, size_t limit) {
    if (length <= limit) {
        return length;
    }
    while (limit > 0 && ((unsigned char)text[limit] & 0xC0) == 0x80) {
        limit--;
    }
    return limit;
}

const char *report_clip(struct report *report, const char *text, size_t length) {
    if (report->count >= REPORT_MAX) {
        return ""; /* nobody will read it */
    }
    size_t kept = whole_characters(text, length, CLIP_BYTES);
    if (kept == length) {
        return arena_copy(report->arena, text, length);
    }
    return arena_format(report->arena, "%.*s...", (int)kept, text);
}

/* What several readers of one line find is said once: a split's condition is read for each of its DRGs. */
static bool was_said(const struct report *report, enum message message, struct place place, const char *text,
                     size_t length) {
    for (size_t i = report->count; i-- > 0;) {
        const struct report_line *line = &report->lines[i];
        if (line->message == message && line->place.line == place.line && line->place.column == place.column &&
            line->place.line > 0 && line->place.file && place.file && strcmp(line->place.file, place.file) == 0 &&
            strlen(line->text) == length && memcmp(line->text, text, length) == 0) {
            return true;
        }
    }
    return false;
}

void report_say(struct report *report, enum message message, struct place place, ...) {
    const struct message_row *row = &message_rows[message];
    size_t *counter = row->severity == MESSAGE_ERROR ? &report->errors : &report->warnings;
    if (report->count >= REPORT_MAX) {
        *counter += 1;
        return;
    }
    char text[MESSAGE_BYTES + 4];
    va_list arguments;
    va_start(arguments, place);
    int wanted = vsnprintf(text, sizeof text, row->text, arguments);
    va_end(arguments);
    size_t length = whole_characters(text, strnlen(text, sizeof text), wanted < 0 ? 0 : MESSAGE_BYTES);
    for (size_t i = 0; i < length; i++) { /* rules may hold anything: a terminal must not obey it */
        if (iscntrl((unsigned char)text[i])) {
            text[i] = '?';
        }
    }
    if (was_said(report, message, place, text, length)) {
        return;
    }
    *counter += 1;
    struct report_line line = {message, place, arena_copy(report->arena, text, length)};
    ARENA_PUSH(report->arena, report->lines, report->count, report->capacity, line);
}

void report_print(const struct report *report, FILE *out) {
    for (size_t i = 0; i < report->count; i++) {
        const struct report_line *line = &report->lines[i];
        const struct message_row *row = &message_rows[line->message];
        bool error = row->severity == MESSAGE_ERROR;
        if (line->place.file) {
            fputs(line->place.file, out);
        } else {
            fputs("rules", out);
        }
        if (line->place.line > 0) {
            fprintf(out, ":%u:%u", line->place.line, line->place.column);
        }
        fprintf(out, ": %s %c%u: %s\n", error ? "error" : "warning", error ? 'E' : 'W', row->number, line->text);
    }
    size_t all = report->errors + report->warnings;
    if (all > report->count) {
        fprintf(out, "and %zu messages more; correct these first\n", all - report->count);
    }
}

void nearest_start(struct nearest *nearest, const char *text, size_t length) {
    *nearest = (struct nearest){.text = text, .length = length, .distance = length <= 3 ? 2 : 3};
    if (length < 2) {
        nearest->distance = 1;
    }
}

enum { NEAREST_LENGTH = 60 };

/* Letters to insert, take away or change to make `b` of `a`, or `limit` if it is that many or more. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length, unsigned limit) {
    unsigned row[NEAREST_LENGTH + 1];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 0; i < a_length; i++) {
        unsigned diagonal = row[0], smallest;
        smallest = row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < b_length; j++) {
            bool same = toupper((unsigned char)a[i]) == toupper((unsigned char)b[j]);
            unsigned least = diagonal + !same;
            diagonal = row[j + 1];
            least = least < diagonal + 1 ? least : diagonal + 1;
            least = least < row[j] + 1 ? least : row[j] + 1;
            row[j + 1] = least;
            smallest = least < smallest ? least : smallest;
        }
        if (smallest >= limit) {
            return limit;
        }
    }
    return row[b_length] < limit ? row[b_length] : limit;
}

void nearest_offer(struct nearest *nearest, const char *name, size_t length) {
    size_t gap = length > nearest->length ? length - nearest->length : nearest->length - length;
    if (gap >= nearest->distance || nearest->length > NEAREST_LENGTH || length > NEAREST_LENGTH || length == 0) {
        return;
    }
    unsigned distance = edit_distance(nearest->text, nearest->length, name, length, nearest->distance);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = name;
        nearest->best_length = length;
    }
}

const char *nearest_hint(const struct nearest *nearest, struct arena *arena) {
    if (!nearest->best) {
        return "";
    }
    return arena_format(arena, " - did you mean \"%.*s\"?", (int)nearest->best_length, nearest->best);
}
