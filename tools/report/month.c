/* SPDX-License-Identifier: Apache-2.0
 *
 * A settled month as a whole: from files that agree to sums by hospital, class and group. */
#include "month_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- sums by two texts ------------------------------------------------------------------------------------ */

static uint32_t pair_slot(const struct pairs *pairs, uint32_t first, uint32_t second) {
    uint64_t hash = ((uint64_t)first << 32 | second) * 0x9E3779B97F4A7C15u;
    uint32_t slot = (uint32_t)(hash >> 32) & (pairs->slot_count - 1);
    for (; pairs->slots[slot]; slot = (slot + 1) & (pairs->slot_count - 1)) {
        const struct pair *there = &pairs->items[pairs->slots[slot] - 1];
        if (there->first == first && there->second == second) {
            break;
        }
    }
    return slot;
}

static void pairs_grow(struct pairs *pairs) {
    free(pairs->slots);
    pairs->slot_count = pairs->slot_count ? 2 * pairs->slot_count : 256;
    pairs->slots = need(calloc(pairs->slot_count, sizeof *pairs->slots));
    for (uint32_t i = 0; i < pairs->count; i++) {
        pairs->slots[pair_slot(pairs, pairs->items[i].first, pairs->items[i].second)] = i + 1;
    }
}

struct pair *pairs_at(struct pairs *pairs, uint32_t first, uint32_t second) {
    if (pairs->count + 1 > pairs->slot_count / 2) {
        pairs_grow(pairs);
    }
    uint32_t slot = pair_slot(pairs, first, second);
    if (pairs->slots[slot]) {
        return &pairs->items[pairs->slots[slot] - 1];
    }
    if (pairs->count == pairs->room) {
        pairs->room = pairs->room ? 2 * pairs->room : 64;
        pairs->items = need(reallocarray(pairs->items, pairs->room, sizeof *pairs->items));
    }
    pairs->slots[slot] = pairs->count + 1;
    pairs->items[pairs->count] = (struct pair){.first = first, .second = second};
    return &pairs->items[pairs->count++];
}

const struct pair *pairs_find(const struct pairs *pairs, uint32_t first, uint32_t second) {
    uint32_t number = pairs->slot_count ? pairs->slots[pair_slot(pairs, first, second)] : 0;
    return number ? &pairs->items[number - 1] : NULL;
}

static int compare_pairs(const void *a, const void *b, void *user) {
    const struct pair *one = a, *two = b;
    const struct names *texts = user;
    int order = one->first == two->first ? 0 : text_order(texts->items[one->first], texts->items[two->first]);
    return order ? order : text_order(texts->items[one->second], texts->items[two->second]);
}

void pairs_sort(struct pairs *pairs, const struct names *texts) {
    if (pairs->count > 0) {
        qsort_r(pairs->items, pairs->count, sizeof *pairs->items, compare_pairs, (void *)(uintptr_t)texts);
    }
}

void pairs_free(struct pairs *pairs) {
    free(pairs->items);
    free(pairs->slots);
    *pairs = (struct pairs){0};
}

static void gathered_free(struct gathered *g) {
    free(g->places);
    struct pairs *all[] = {&g->lines,    &g->pools,   &g->classes,          &g->groups,
                           &g->statuses, &g->reasons, &g->hospital_classes, &g->hospital_groups};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        pairs_free(all[i]);
    }
}

/* ---- what the files share --------------------------------------------------------------------------------- */

char *month_path(const struct month *month, const char *name) {
    char *path;
    struct stat there;
    if (asprintf(&path, "%s/%s", month->folder, name) < 0) {
        out_of_memory();
    }
    if (stat(path, &there) != 0) {
        complain("cannot read %s: %s; give the folder that `casemix settle` wrote with -o", path, strerror(errno));
    } else if (!S_ISREG(there.st_mode)) {
        complain("cannot read %s: it is not a file; give the folder that `casemix settle` wrote with -o", path);
    } else {
        return path;
    }
    free(path);
    return NULL;
}

casemix_text month_text(struct month *month, casemix_text text) {
    struct names *texts = &month->rows->texts;
    uint32_t number = names_add(texts, text.text, text.length); /* which may move the items */
    return texts->items[number];
}

/* ---- from the sums of the rows to the month --------------------------------------------------------------- */

/* The sums are counts of rows that all fit in what was added up before; a sum of the whole month may not. */
static bool add_sum(struct month_sum *to, const struct month_sum *from) {
    return !__builtin_add_overflow(to->cases, from->cases, &to->cases) &&
           !__builtin_add_overflow(to->unpriced, from->unpriced, &to->unpriced) &&
           !__builtin_add_overflow(to->reversed, from->reversed, &to->reversed) &&
           !__builtin_add_overflow(to->points, from->points, &to->points) &&
           !__builtin_add_overflow(to->cost, from->cost, &to->cost) &&
           !__builtin_add_overflow(to->standard, from->standard, &to->standard) &&
           !__builtin_add_overflow(to->fund_payment, from->fund_payment, &to->fund_payment);
}

/* All pairs, in their order, as entries named by the second text. */
static struct month_entry *entries_of(const struct pairs *pairs, const struct names *texts) {
    struct month_entry *entries = need(calloc(pairs->count + 1, sizeof *entries));
    for (uint32_t i = 0; i < pairs->count; i++) {
        entries[i] = (struct month_entry){texts->items[pairs->items[i].second], pairs->items[i].sum};
    }
    return entries;
}

static struct month_tally tally_of(struct pairs *pairs, const struct names *texts) {
    pairs_sort(pairs, texts);
    return (struct month_tally){entries_of(pairs, texts), pairs->count};
}

/* Deal the sorted pairs of all hospitals out; a tally of each is `offset` bytes into its record. */
static struct month_entry *deal_out(struct month *month, struct pairs *pairs, size_t offset) {
    const struct names *texts = &month->rows->texts;
    pairs_sort(pairs, texts);
    struct month_entry *entries = entries_of(pairs, texts);
    uint32_t at = 0;
    for (size_t i = 0; i < month->hospital_count; i++) {
        struct month_hospital *hospital = &month->hospitals[i];
        struct month_tally *tally = (struct month_tally *)(void *)((char *)hospital + offset);
        tally->entries = entries + at;
        while (at < pairs->count && text_order(texts->items[pairs->items[at].first], hospital->hospital) == 0) {
            tally->count++;
            at++;
        }
    }
    return entries;
}

/* Hospitals in the order of their lines, each with all of them. The amounts of the lines are those of the rows. */
static bool make_hospitals(struct month *month) {
    const struct month_table *table = &month->hospital_lines;
    bool fits = true;
    month->hospitals = need(calloc(table->count + 1, sizeof *month->hospitals));
    for (size_t i = 0; i < table->count; i++) {
        const struct month_line *line = &table->lines[i];
        if (i == 0 || text_order(table->lines[i - 1].hospital, line->hospital) != 0) {
            month->hospitals[month->hospital_count++] =
                (struct month_hospital){.hospital = line->hospital, .first_line = i};
        }
        struct month_hospital *hospital = &month->hospitals[month->hospital_count - 1];
        struct month_sum sum = line->sum;
        sum.fund_payment = line->of_cases;
        hospital->lines++;
        fits = fits && add_sum(&hospital->sum, &sum) && add_sum(&month->sum, &sum);
    }
    if (!fits) {
        complain("%s/hospitals.csv: the sums get too large to be held exactly; settle in parts", month->folder);
    }
    return fits;
}

/* The places of the rows, hospital by hospital, each in the order of the file. */
static void place_rows(struct month *month, struct gathered *g) {
    const struct names *texts = &month->rows->texts;
    uint32_t *number = need(calloc((size_t)texts->count + 1, sizeof *number));
    uint64_t *next = need(calloc(month->hospital_count + 1, sizeof *next)), at = 0;
    for (size_t i = 0; i < month->hospital_count; i++) {
        casemix_text name = month->hospitals[i].hospital;
        number[names_find(texts, name.text, name.length)] = (uint32_t)i;
    }
    for (uint64_t i = 0; i < g->rows; i++) {
        month->hospitals[number[g->places[i].hospital]].rows++;
    }
    for (size_t i = 0; i < month->hospital_count; i++) {
        month->hospitals[i].first_row = next[i] = at;
        at += month->hospitals[i].rows;
    }
    struct row_place *places = need(calloc(g->rows + 1, sizeof *places));
    for (uint64_t i = 0; i < g->rows; i++) {
        places[next[number[g->places[i].hospital]]++] = g->places[i];
    }
    month->rows->places = places;
    free(number);
    free(next);
}

static int build(struct month *month, struct gathered *g) {
    const struct names *texts = &month->rows->texts;
    int code = month_check(month, g);
    if (code != EXIT_DONE) {
        return code;
    }
    if (!make_hospitals(month)) {
        return EXIT_FOUND;
    }
    place_rows(month, g);
    month->classes = tally_of(&g->classes, texts);
    month->groups = tally_of(&g->groups, texts);
    month->statuses = tally_of(&g->statuses, texts);
    month->reasons = tally_of(&g->reasons, texts);
    month->rows->class_entries = deal_out(month, &g->hospital_classes, offsetof(struct month_hospital, classes));
    month->rows->group_entries = deal_out(month, &g->hospital_groups, offsetof(struct month_hospital, groups));
    return EXIT_DONE;
}

/* ---- open and close --------------------------------------------------------------------------------------- */

int month_open(const char *folder, struct month **out) {
    struct month *month = need(calloc(1, sizeof *month));
    struct gathered g = {0};
    *out = NULL;
    month->folder = need(strdup(folder));
    for (size_t length = strlen(folder); length > 1 && month->folder[length - 1] == '/';) {
        month->folder[--length] = '\0';
    }
    month->rows = need(calloc(1, sizeof *month->rows));
    month->rows->file = -1;
    int code = month_read_summary(month);
    code = code == EXIT_DONE ? month_read_tables(month) : code;
    code = code == EXIT_DONE ? month_read_cases(month, &g) : code;
    code = code == EXIT_DONE ? build(month, &g) : code;
    gathered_free(&g);
    if (code != EXIT_DONE) {
        month_close(month);
        return code;
    }
    *out = month;
    return EXIT_DONE;
}

static void table_free_lines(struct month_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        free(table->lines[i].cells);
    }
    free(table->lines);
    free(table->names);
}

void month_close(struct month *month) {
    if (!month) {
        return;
    }
    struct month_rows *rows = month->rows;
    table_free_lines(&month->pools);
    table_free_lines(&month->hospital_lines);
    free(month->hospitals);
    free(month->classes.entries);
    free(month->groups.entries);
    free(month->statuses.entries);
    free(month->reasons.entries);
    json_decref(month->summary);
    free(rows->class_entries);
    free(rows->group_entries);
    free(rows->places);
    free(rows->heading);
    free(rows->path);
    csv_cursor_free(&rows->cursor);
    buffer_free(&rows->bytes);
    names_free(&rows->texts);
    if (rows->file >= 0) {
        close(rows->file);
    }
    free(rows);
    free(month->folder);
    free(month);
}
