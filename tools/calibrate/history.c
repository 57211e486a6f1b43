/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows to records: see history.h. Each worker collects its own; what comes of them is put into one order at the
 * end. */
#include "history.h"

#include "../command.h"

#include <stdlib.h>
#include <string.h>

struct collector {
    struct store store;
    struct names groups, levels, pools;
    struct buffer key;
    bool too_many;
};

/* ---- one row ---------------------------------------------------------------------------------------------- */

static casemix_text trimmed(casemix_text text) {
    while (text.length && (unsigned char)text.text[0] <= ' ') {
        text.text++;
        text.length--;
    }
    while (text.length && (unsigned char)text.text[text.length - 1] <= ' ') {
        text.length--;
    }
    return text;
}

static int two_digits(const char *at) {
    return at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9' ? (at[0] - '0') * 10 + at[1] - '0' : -1;
}

/* YYYY-MM-DD, YYYYMMDD or YYYY/MM/DD, with or without a time after it. 0: it is no such date. */
static unsigned year_of(casemix_text date) {
    const char *at = date.text;
    if (date.length < 8) {
        return 0;
    }
    bool parted = at[4] == '-' || at[4] == '/';
    if (parted && (date.length < 10 || at[7] != at[4])) {
        return 0;
    }
    size_t end = parted ? 10 : 8;
    int century = two_digits(at), year = two_digits(at + 2), month = two_digits(at + 4 + parted),
        day = two_digits(at + 6 + 2 * parted);
    bool fine = century >= 19 && year >= 0 && century * 100 + year < 2156 && month >= 1 && month <= 12 &&
                day >= 1 && day <= 31 && (date.length == end || at[end] == ' ' || at[end] == 'T');
    return fine ? (unsigned)(century * 100 + year) : 0;
}

/* An amount that may be absent. */
static bool read_part(casemix_text text, uint32_t *out) {
    uint64_t fen = ABSENT32;
    bool fine = text.length == 0 || exact_read(text.text, text.length, 2, COST_MOST, &fen);
    *out = (uint32_t)fen;
    return fine;
}

/* NULL, or what is wrong and in which column. */
static const char *read_facts(const struct history *h, const struct csv_row *row, struct record *one, int *column) {
    const struct columns *c = &h->columns;
    casemix_text date = trimmed(worker_field(row, *column = c->discharged));
    unsigned year = year_of(date);
    if (year == 0) {
        return date.length ? "the date of discharge is no date such as 2023-05-31"
                           : "the date of discharge is missing";
    }
    if (h->settings->last_year && year > h->settings->last_year) {
        return "discharged after the last year that counts";
    }
    one->year = (uint8_t)(year - 1900);
    casemix_text cost = trimmed(worker_field(row, *column = c->cost));
    if (!read_part(cost, &one->cost)) {
        return "the cost is no amount in yuan with at most two decimals, up to 40000000";
    }
    if (one->cost == ABSENT32 || one->cost == 0) {
        return cost.length ? "the cost is 0" : "the cost is missing";
    }
    if (!read_part(trimmed(worker_field(row, *column = c->drug)), &one->drug) ||
        !read_part(trimmed(worker_field(row, *column = c->material)), &one->material)) {
        return "a part of the cost is no amount in yuan with at most two decimals, up to 40000000";
    }
    casemix_text stay = trimmed(worker_field(row, *column = c->stay));
    uint64_t days = ABSENT16;
    if (stay.length && !exact_read(stay.text, stay.length, 0, STAY_MOST, &days)) {
        return "the length of stay is no number of days, 0 to 65534";
    }
    one->stay = (uint16_t)days;
    return NULL;
}

/* The number of a word, 0 for none. */
static uint8_t word_number(struct names *names, casemix_text word, bool *too_many) {
    if (names->count == 0) {
        names_add(names, "", 0);
    }
    uint32_t number = names_add(names, word.text, word.length);
    *too_many |= number > UINT8_MAX;
    return (uint8_t)number;
}

static bool take_row(struct worker *w, const struct csv_row *row) {
    const struct history *h = w->batch->user;
    struct collector *c = &h->collectors[w - w->batch->workers];
    struct record one = {0};
    int column = -1;
    const char *wrong = read_facts(h, row, &one, &column);
    if (!wrong) {
        column = -1;
        c->key.size = 0;
        wrong = h->key(h, w, &c->key, &one);
    }
    if (wrong) {
        worker_reject(w, row, (uint32_t)(column + 1), wrong);
        return false;
    }
    one.level = word_number(&c->levels, trimmed(worker_field(row, h->columns.level)), &c->too_many);
    one.pool = word_number(&c->pools, trimmed(worker_field(row, h->columns.pool)), &c->too_many);
    one.group = names_add(&c->groups, c->key.data, c->key.size);
    store_add(&c->store, &one);
    return true;
}

const char *why_ungrouped(const casemix_grouping *g) {
    static const char *const reasons[] = {
        [CASEMIX_REASON_QY] = "not grouped: in an ambiguous group (QY)",
        [CASEMIX_REASON_NO_PRINCIPAL] = "not grouped: there is no principal diagnosis",
        [CASEMIX_REASON_UNKNOWN_PRINCIPAL] = "not grouped: the principal diagnosis is not in the code catalogue",
        [CASEMIX_REASON_PRINCIPAL_IN_NO_MDC] = "not grouped: the principal diagnosis is in no MDC",
        [CASEMIX_REASON_NO_GROUP_IN_MDC] = "not grouped: no group of the MDC fits",
        [CASEMIX_REASON_BAD_FACT] = "not grouped: a fact is not what it should be",
        [CASEMIX_REASON_MISSING_FACT] = "not grouped: a fact that the scheme requires is missing",
        [CASEMIX_REASON_GRAY_PRINCIPAL] = "not grouped: a principal code is too unspecific (gray)",
        [CASEMIX_REASON_INVALID_PRINCIPAL] = "not grouped: a principal code is not for settlement lists",
        [CASEMIX_REASON_NO_SCHEME_IN_FORCE] = "not grouped: no scheme is in force for this date or region",
        [CASEMIX_REASON_EXCLUDED_PRINCIPAL] = "not grouped: the scheme excludes the principal diagnosis",
        [CASEMIX_REASON_NO_ENTRY] = "not grouped: no entry of the catalogue takes the case",
    };
    if (g->status == CASEMIX_GROUPED) {
        return NULL;
    }
    const char *reason = g->reason < sizeof reasons / sizeof *reasons ? reasons[g->reason] : NULL;
    return reason ? reason : "not grouped";
}

/* ---- columns ---------------------------------------------------------------------------------------------- */

static int column_of(const struct fact_map *map, const char *name) {
    int fact = casemix_fact(name);
    for (uint32_t i = 0; i < map->count; i++) {
        if (map->fact[i] == fact) {
            return (int)map->column[i];
        }
    }
    return -1;
}

static int find_columns(struct batch *batch) {
    struct history *h = batch->user;
    const struct fact_map *map = &batch->map;
    h->columns = (struct columns){column_of(map, "cost"),          column_of(map, "drug_cost"),
                                  column_of(map, "material_cost"), column_of(map, "los"),
                                  column_of(map, "discharged"),    column_of(map, "hospital_level"),
                                  column_of(map, "insured_type")};
    const char *lacks = h->columns.cost < 0 ? "cost" : h->columns.discharged < 0 ? "discharged" : NULL;
    if (lacks) {
        complain(
            "%s: line %llu: the heading has no column '%s', without which there are no yearly means; add it, or "
            "say --map FILE with a line `%s = their name`",
            batch->input->name, (unsigned long long)batch->input->line, lacks, lacks);
        return EXIT_FOUND;
    }
    return EXIT_DONE;
}

/* ---- all together ----------------------------------------------------------------------------------------- */

/* A word of the claims as the list of --levels or --pools has it. */
static casemix_text our_word(const char *list, casemix_text word) {
    casemix_text ours = listed(list, word);
    return ours.length ? ours : word;
}

/* The words of all workers in one order, "" first. */
static void gather_words(const struct history *h, struct names *out, size_t field, const char *list) {
    struct names all = {0};
    names_add(&all, "", 0);
    for (unsigned i = 0; i < h->batch.threads; i++) {
        const struct names *names = (const void *)((const char *)&h->collectors[i] + field);
        for (uint32_t n = 0; n < names->count; n++) {
            casemix_text word = our_word(list, names->items[n]);
            names_add(&all, word.text, word.length);
        }
    }
    uint32_t *order = names_sorted(&all);
    for (uint32_t n = 0; n < all.count; n++) {
        names_add(out, all.items[order[n]].text, all.items[order[n]].length);
    }
    free(order);
    names_free(&all);
}

static void renumber_words(struct history *h, struct collector *c) {
    uint8_t levels[UINT8_MAX + 1] = {0}, pools[UINT8_MAX + 1] = {0};
    for (uint32_t n = 0; n < c->levels.count; n++) {
        casemix_text word = our_word(h->settings->levels, c->levels.items[n]);
        levels[n] = (uint8_t)names_find(&h->levels, word.text, word.length);
    }
    for (uint32_t n = 0; n < c->pools.count; n++) {
        casemix_text word = our_word(h->settings->pools, c->pools.items[n]);
        pools[n] = (uint8_t)names_find(&h->pools, word.text, word.length);
    }
    for (size_t i = 0; i < c->store.count; i++) {
        struct record *one = store_at(&c->store, i);
        one->level = levels[one->level];
        one->pool = pools[one->pool];
    }
}

/* The keys of one worker get numbers among those of all. */
static void renumber_groups(struct history *h, struct collector *c) {
    if (h->groups.count == 0) { /* the first one's stay as they are */
        h->groups = c->groups;
        c->groups = (struct names){0};
        return;
    }
    uint32_t *number = need(malloc((c->groups.count + 1) * sizeof *number));
    for (uint32_t n = 0; n < c->groups.count; n++) {
        number[n] = names_add(&h->groups, c->groups.items[n].text, c->groups.items[n].length);
    }
    for (size_t i = 0; i < c->store.count; i++) {
        struct record *one = store_at(&c->store, i);
        one->group = number[one->group];
    }
    free(number);
    names_free(&c->groups);
}

static void sort_groups(struct history *h) {
    uint32_t *order = names_sorted(&h->groups), *number = need(malloc((h->groups.count + 1) * sizeof *number));
    casemix_text *items = need(malloc((h->groups.count + 1) * sizeof *items));
    for (uint32_t n = 0; n < h->groups.count; n++) {
        number[order[n]] = n;
        items[n] = h->groups.items[order[n]];
    }
    for (uint32_t n = 0; n < h->groups.slot_count; n++) {
        h->groups.slots[n] = h->groups.slots[n] ? number[h->groups.slots[n] - 1] + 1 : 0;
    }
    free(h->groups.items);
    h->groups.items = items;
    h->groups.room = h->groups.count + 1;
    for (size_t i = 0; i < h->store.count; i++) {
        struct record *one = store_at(&h->store, i);
        one->group = number[one->group];
    }
    free(order);
    free(number);
}

/* Years become 0 .. years - 1; what was before counts no more. */
static void count_years(struct history *h) {
    unsigned last = 0, years = h->settings->years;
    for (size_t i = 0; i < h->store.count; i++) {
        const struct record *one = store_at(&h->store, i);
        last = one->year > last ? one->year : last;
    }
    h->first_year = 1900 + last + 1 - years;
    for (size_t i = 0; i < h->store.count; i++) {
        struct record *one = store_at(&h->store, i);
        if (1900u + one->year < h->first_year) {
            one->group = ABSENT32;
            h->earlier++;
        } else {
            one->year = (uint8_t)(1900u + one->year - h->first_year);
            h->by_year[one->year]++;
        }
    }
}

static int gather(struct history *h) {
    for (unsigned i = 0; i < h->batch.threads; i++) {
        if (h->collectors[i].too_many) {
            complain(
                "more than 255 different words for the hospital level or the insured type; are these the right "
                "columns?");
            return EXIT_FOUND;
        }
    }
    gather_words(h, &h->levels, offsetof(struct collector, levels), h->settings->levels);
    gather_words(h, &h->pools, offsetof(struct collector, pools), h->settings->pools);
    if (h->levels.count > LEVELS_MAX) {
        complain(
            "more than %d different words for the hospital level; --levels WORD=LEVEL,... makes one of several",
            LEVELS_MAX - 1);
        return EXIT_FOUND;
    }
    for (unsigned i = 0; i < h->batch.threads; i++) {
        renumber_words(h, &h->collectors[i]);
        renumber_groups(h, &h->collectors[i]);
        store_move(&h->store, &h->collectors[i].store);
    }
    sort_groups(h);
    count_years(h);
    if (h->store.count == 0) {
        complain("no row of the history can be used; the rejects file of a run of `casemix group` may say why");
        return EXIT_FOUND;
    }
    if (h->store.count >= ABSENT32) {
        complain("more than %u cases are too many for one run", ABSENT32 - 1);
        return EXIT_FOUND;
    }
    return EXIT_DONE;
}

int history_read(struct history *h, const char *rejects_path) {
    const struct options *o = &h->settings->o;
    int code = check_inputs(o);
    if (code != EXIT_DONE) {
        return code;
    }
    h->batch = batch_of(o, h->image, take_row);
    h->batch.user = h;
    h->batch.rejects = &h->rejects;
    h->collectors = need(calloc(o->threads, sizeof *h->collectors));
    code = batch_start(&h->batch);
    if (code == EXIT_DONE) {
        code = rejects_open(&h->rejects, rejects_path, true) ? EXIT_DONE : EXIT_IO;
    }
    for (int i = 0; i < o->word_count && code == EXIT_DONE; i++) {
        code = batch_run(&h->batch, o->words[i], find_columns);
    }
    if (code == EXIT_DONE) {
        code = gather(h);
    }
    if (code == EXIT_DONE) {
        code = rejects_close(&h->rejects) ? EXIT_DONE : EXIT_IO;
    }
    return code;
}

void history_free(struct history *h) {
    for (unsigned i = 0; h->collectors && i < h->batch.threads; i++) {
        struct collector *c = &h->collectors[i];
        store_free(&c->store);
        names_free(&c->groups);
        names_free(&c->levels);
        names_free(&c->pools);
        buffer_free(&c->key);
    }
    free(h->collectors);
    rejects_abandon(&h->rejects);
    batch_free(&h->batch);
    store_free(&h->store);
    names_free(&h->groups);
    names_free(&h->levels);
    names_free(&h->pools);
}

struct study study_of(const struct history *h) {
    struct study study = {
        .store = &h->store, .trim = h->settings->trim, .years = h->settings->years, .levels = h->levels.count};
    memcpy(study.weights, h->settings->weights, sizeof study.weights);
    return study;
}
