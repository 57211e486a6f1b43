/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a catalogue against each other: the same row twice, and two that take the same cases and do not agree. */
#include <string.h>

#include "dip_draft.h"

const char *dip_other_file(struct arena *arena, const struct place *place, const struct place *from) {
    const char *file = place->file == NULL ? "" : place->file, *slash = strrchr(file, '/');
    if (from->file != NULL && strcmp(file, from->file) == 0) {
        return "";
    }
    return arena_format(arena, " of %s", slash == NULL ? file : slash + 1);
}

/* What decides which cases a row takes, as one text. */
static const char *cases_of(struct dip_link *link, size_t number) {
    static const enum dip_column columns[] = {DIP_COLUMN_DIAGNOSES, DIP_COLUMN_PRINCIPAL_OPERATIONS,
                                              DIP_COLUMN_OPERATIONS, DIP_COLUMN_RELATED_OPERATIONS,
                                              DIP_COLUMN_WHEN};
    const struct dip_entry *entry = &link->dip->entries[number];
    const struct dip_cell *cells = link->rows[number]->cells;
    const char *texts[5];
    for (size_t i = 0; i < 5; i++) {
        texts[i] = cells[columns[i]].length > 0 ? cells[columns[i]].text : "";
    }
    return arena_format(link->arena, "%u\n%u\n%s\n%s\n%s\n%s\n%s", entry->part,
                        entry->of_kind ? entry->kind + 1 : 0, texts[0], texts[1], texts[2], texts[3], texts[4]);
}

static bool same_values(const struct dip_link *link, const struct dip_entry *a, const struct dip_entry *b) {
    for (size_t i = 0; i < link->dip->column_count; i++) {
        if (a->values[i].numerator != b->values[i].numerator ||
            a->values[i].denominator != b->values[i].denominator) {
            return false;
        }
    }
    return true;
}

static bool same_means(const struct dip_link *link, const struct dip_entry *a, const struct dip_entry *b) {
    if (a->level_means == NULL || b->level_means == NULL) {
        return a->level_means == b->level_means;
    }
    return memcmp(a->level_means, b->level_means, link->dip->level_count * sizeof *a->level_means) == 0;
}

/* In what two rows that take the same cases differ; NULL: in nothing. */
static const char *difference(const struct dip_link *link, const struct dip_entry *a, const struct dip_entry *b) {
    return strcmp(a->code, b->code) != 0                             ? "code"
           : a->score != b->score                                    ? "score"
           : a->mean_cost != b->mean_cost || !same_means(link, a, b) ? "mean_cost"
           : a->mean_stay != b->mean_stay                            ? "mean_stay"
           : a->kind != b->kind                                      ? "kind"
           : a->basic != b->basic                                    ? "basic"
           : strcmp(a->name, b->name) != 0                           ? "name"
           : a->no_auxiliary != b->no_auxiliary                      ? "auxiliary"
           : !same_values(link, a, b)                                ? "number"
                                                                     : NULL;
}

static void say_clash(struct dip_link *link, const struct dip_entry *first, const struct dip_entry *again) {
    const char *other = dip_other_file(link->arena, &first->place, &again->place),
               *what = difference(link, first, again);
    if (what == NULL) {
        report_say(link->report, MSG_dip_row_twice, again->place, first->place.line, other);
    } else {
        report_say(link->report, MSG_dip_rows_contradict, again->place, first->place.line, other, what);
    }
}

/* What was said here goes out, so that the same code is not said as well. */
void dip_check_rows(struct dip_link *link) {
    struct dip_entry *entries = link->dip->entries;
    struct text_map map;
    size_t kept = 0;
    text_map_start(&map, link->arena);
    for (size_t i = 0; i < link->dip->entry_count; i++) {
        const char *cases = cases_of(link, i);
        bool added;
        uint32_t first = *text_map_put(&map, cases, strlen(cases), (uint32_t)kept, &added);
        if (!added) {
            say_clash(link, &entries[first], &entries[i]);
        }
        if (added || strcmp(entries[first].code, entries[i].code) != 0) {
            link->rows[kept] = link->rows[i];
            entries[kept++] = entries[i];
        }
    }
    link->dip->entry_count = kept;
}
