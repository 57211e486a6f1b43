/* SPDX-License-Identifier: Apache-2.0 */
#include "crosswalk.h"

#include <stdlib.h>
#include <string.h>

struct line {
    struct crossing crossing;
    uint32_t number;
};

static int by_code(const void *a, const void *b) {
    const struct line *one = a, *two = b;
    int order = strcmp(one->crossing.from, two->crossing.from);
    return order != 0 ? order : one->number < two->number ? -1 : 1;
}

/* One line, NUL-terminated by the caller. False after a message. */
static bool read_line(struct report *report, const struct catalogue *catalogue, const char *text, struct place place,
                      struct crossing *out) {
    const char *tab = strchr(text, '\t');
    size_t length = tab == NULL ? 0 : (size_t)(tab - text);
    if (length == 0 || tab[1] == '\0' || strchr(tab + 1, '\t') != NULL) {
        report_say(report, MSG_bad_crosswalk_line, place, tab == NULL ? "no TAB" : "an empty or a third column");
        return false;
    }
    if (length > CODE_LENGTH_MAX) {
        report_say(report, MSG_bad_code, place, report_clip(report, text, length), "it is too long");
        return false;
    }
    uint32_t to = catalogue_find(catalogue, tab + 1, strlen(tab + 1));
    if (to == UINT32_MAX) {
        report_say(report, MSG_crosswalk_target, place, report_clip(report, tab + 1, strlen(tab + 1)));
        return false;
    }
    *out = (struct crossing){arena_copy(report->arena, text, length), (uint32_t)length, to};
    return true;
}

/* All good lines, in the file's order. */
static struct line *read_lines(struct sources *sources, const char *path, const char *bytes, size_t length,
                               const struct catalogue *catalogue, size_t *count) {
    static const char heading[] = "from\tto";
    struct line *lines = NULL;
    size_t capacity = 0;
    uint32_t number = 1;
    *count = 0;
    for (const char *at = bytes, *end = bytes + length; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((newline == NULL ? end : newline) - at);
        char *text = arena_copy(sources->arena, at, size > 0 && at[size - 1] == '\r' ? size - 1 : size);
        struct place place = {path, number, 1};
        struct line line = {.number = number};
        if (number == 1 && strcmp(text, heading) != 0) {
            report_say(sources->report, MSG_bad_crosswalk_line, place, "no heading `from TAB to`");
        } else if (number > 1 && text[0] != '\0' && read_line(sources->report, catalogue, text, place, &line.crossing)) {
            ARENA_PUSH(sources->arena, lines, *count, capacity, line);
        }
        at = newline == NULL ? end : newline + 1;
    }
    return lines;
}

struct crosswalk *crosswalk_load(struct sources *sources, const char *path, struct place from,
                                 const struct catalogue *catalogue) {
    const struct source *source = source_read(sources, path, from);
    if (source == NULL) {
        return NULL;
    }
    size_t length, count;
    const char *bytes = source_text(source, &length);
    struct line *lines = read_lines(sources, source->path, bytes, length, catalogue, &count);
    if (count > 0) {
        qsort(lines, count, sizeof *lines, by_code);
    }
    struct crosswalk *crosswalk = ARENA_NEW(sources->arena, struct crosswalk);
    crosswalk->crossings = ARENA_ARRAY(sources->arena, struct crossing, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(lines[i - 1].crossing.from, lines[i].crossing.from) == 0) {
            report_say(sources->report, MSG_duplicate_code, (struct place){source->path, lines[i].number, 1},
                       lines[i].crossing.from, lines[i - 1].number);
            continue;
        }
        crosswalk->crossings[crosswalk->count++] = lines[i].crossing;
    }
    return crosswalk;
}
