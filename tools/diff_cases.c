/* SPDX-License-Identifier: Apache-2.0
 *
 * What a change of rules does to cases: every case is grouped, and priced, by both rule sets, and counted by the pair
 * of its two groups. */
#include "batch.h"
#include "command.h"
#include "diff.h"

#include <stdlib.h>
#include <string.h>

/* Of one side: cases, and what they amount to. */
struct sums {
    uint64_t cases, unpriced;
    int64_t points, standard; /* 1/10000 point, fen */
};

/* All cases that went from one answer to another. */
struct move {
    casemix_text mdc, before, after, name_before, name_after;
    struct sums sums[2]; /* by A, by B */
};

struct migration {
    struct move *moves;
    size_t count, room;
    size_t *places; /* hash table of numbers into moves, + 1 */
    size_t mask;
    casemix_context *other; /* of B; A's is the worker's */
    bool priced;
    uint64_t cases, moved;
    bool all;
};

/* ---- counting --------------------------------------------------------------------------------------------- */

/* The group of a case, or in brackets why it has none. */
static casemix_text answer_of(const casemix_grouping *g) {
    static const casemix_text none[] = {{"(grouped)", 9}, {"(qy)", 4}, {"(ungrouped)", 11}, {"(invalid)", 9},
                                        {"(needs-data)", 12}};
    return g->drg.length > 0 ? g->drg : g->adrg.length > 0 ? g->adrg : none[g->status];
}

static uint64_t hash_text(uint64_t hash, casemix_text text) {
    for (size_t i = 0; i < text.length; i++) { /* FNV-1a */
        hash = (hash ^ (unsigned char)text.text[i]) * 0x100000001b3u;
    }
    return (hash ^ 0xff) * 0x100000001b3u;
}

static size_t place_of(const struct migration *m, const struct move *move) {
    uint64_t hash = hash_text(hash_text(hash_text(0xcbf29ce484222325u, move->mdc), move->before), move->after);
    size_t at = (size_t)hash & m->mask;
    while (m->places[at] != 0) {
        const struct move *there = &m->moves[m->places[at] - 1];
        if (same_text(there->mdc, move->mdc) && same_text(there->before, move->before) && same_text(there->after, move->after)) {
            break;
        }
        at = (at + 1) & m->mask;
    }
    return at;
}

static void grow(struct migration *m) {
    if (m->count < m->room) {
        return;
    }
    m->room = m->room ? 2 * m->room : 1024;
    m->moves = need(reallocarray(m->moves, m->room, sizeof *m->moves));
    free(m->places);
    m->places = need(calloc(4 * m->room, sizeof *m->places));
    m->mask = 4 * m->room - 1;
    for (size_t i = 0; i < m->count; i++) {
        m->places[place_of(m, &m->moves[i])] = i + 1;
    }
}

static struct move *find_move(struct migration *m, const struct move *wanted) {
    grow(m);
    size_t at = place_of(m, wanted);
    if (m->places[at] == 0) {
        m->moves[m->count++] = *wanted;
        m->places[at] = m->count;
    }
    return &m->moves[m->places[at] - 1];
}

static bool add_sums(struct sums *to, const struct sums *more) {
    to->cases += more->cases;
    to->unpriced += more->unpriced;
    return !__builtin_add_overflow(to->points, more->points, &to->points) &&
           !__builtin_add_overflow(to->standard, more->standard, &to->standard);
}

static struct sums sums_of(casemix_context *context, const casemix_case *one, const casemix_grouping *g, bool priced) {
    struct sums sums = {.cases = 1};
    casemix_price price;
    if (priced && casemix_price_case(context, one, g, &price) == CASEMIX_OK && price.status == CASEMIX_PRICED) {
        sums.points = price.points;
        sums.standard = price.standard;
    } else {
        sums.unpriced = 1;
    }
    return sums;
}

static bool count_row(struct worker *w, const struct csv_row *row) {
    struct migration *m = w->batch->user;
    const casemix_grouping *a = &w->grouping;
    casemix_grouping b;
    if (casemix_group(m->other, w->one, &b) != CASEMIX_OK) {
        worker_reject(w, row, 0, "the case cannot be grouped");
        return false;
    }
    struct move wanted = {a->mdc, answer_of(a), answer_of(&b), a->name, b.name, {{0}, {0}}};
    struct sums of_a = sums_of(w->context, w->one, a, m->priced), of_b = sums_of(m->other, w->one, &b, m->priced);
    struct move *move = find_move(m, &wanted);
    if (!add_sums(&move->sums[0], &of_a) || !add_sums(&move->sums[1], &of_b)) {
        worker_reject(w, row, 0, "the case cannot be added up: the total gets too large");
        return false;
    }
    m->cases++;
    m->moved += !same_text(wanted.before, wanted.after);
    return true;
}

/* ---- cells ------------------------------------------------------------------------------------------------ */

static char *share_cell(uint64_t part, uint64_t whole) {
    char *words = need(malloc(32));
    uint64_t share = whole == 0 ? 0 : (uint64_t)(((unsigned __int128)part * 20000 + whole) / (2 * (unsigned __int128)whole));
    strcpy(put_decimal(words, (int64_t)share, 2), "%");
    return words;
}

static void print_table(struct table *table, const char *title) {
    if (table->rows > 1) {
        printf("\n%s\n", title);
        table_print(table, stdout);
    }
    table_free(table);
}

/* ---- tables ----------------------------------------------------------------------------------------------- */

static int by_text(casemix_text a, casemix_text b) {
    int order = memcmp(a.text, b.text, a.length < b.length ? a.length : b.length);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int by_place(const void *a, const void *b) {
    const struct move *x = a, *y = b;
    int order = by_text(x->mdc, y->mdc);
    order = order != 0 ? order : by_text(x->before, y->before);
    order = order != 0 ? order : (x->sums[0].cases < y->sums[0].cases) - (x->sums[0].cases > y->sums[0].cases);
    return order != 0 ? order : by_text(x->after, y->after);
}

/* Moves are sorted: those of one group stand together. */
static uint64_t cases_of_group(const struct migration *m, size_t first) {
    uint64_t cases = 0;
    for (size_t i = first; i < m->count && same_text(m->moves[i].before, m->moves[first].before) &&
                           same_text(m->moves[i].mdc, m->moves[first].mdc);
         i++) {
        cases += m->moves[i].sums[0].cases;
    }
    return cases;
}

static void print_moves(const struct migration *m) {
    static const char *const names[] = {"MDC", "before", "after", "cases", "share", "name after"};
    static const bool right[] = {false, false, false, true, true, false};
    struct table table = {.columns = 6, .right = right};
    uint64_t whole = 0;
    table_heading(&table, names);
    for (size_t i = 0; i < m->count; i++) {
        const struct move *move = &m->moves[i];
        if (i == 0 || !same_text(move->before, move[-1].before) || !same_text(move->mdc, move[-1].mdc)) {
            whole = cases_of_group(m, i);
        }
        if (m->all || !same_text(move->before, move->after)) {
            char *cells[] = {text_cell(move->mdc, "-"),
                             text_cell(move->before, "-"),
                             text_cell(move->after, "-"),
                             count_cell(move->sums[0].cases),
                             share_cell(move->sums[0].cases, whole),
                             text_cell(move->name_after, "-")};
            table_row(&table, cells);
        }
    }
    print_table(&table, m->all ? "from group to group (share: of the cases of the group before)"
                               : "cases with another group (share: of the cases of the group before)");
}

static void print_mdcs(const struct migration *m) {
    static const char *const names[] = {"MDC", "cases", "another group", "share"};
    static const bool right[] = {false, true, true, true};
    struct table table = {.columns = 4, .right = right};
    table_heading(&table, names);
    for (size_t i = 0; i < m->count;) {
        casemix_text mdc = m->moves[i].mdc;
        uint64_t cases = 0, moved = 0;
        for (; i < m->count && same_text(m->moves[i].mdc, mdc); i++) {
            cases += m->moves[i].sums[0].cases;
            moved += same_text(m->moves[i].before, m->moves[i].after) ? 0 : m->moves[i].sums[0].cases;
        }
        char *cells[] = {text_cell(mdc, "-"), count_cell(cases), count_cell(moved), share_cell(moved, cases)};
        table_row(&table, cells);
    }
    char *total[] = {need(strdup("all")), count_cell(m->cases), count_cell(m->moved), share_cell(m->moved, m->cases)};
    table_row(&table, total);
    print_table(&table, "by MDC before");
}

/* A group with its cases before and after. */
struct group {
    casemix_text code, name;
    struct sums sums[2];
};

static int by_code(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    return by_text(x->code, y->code);
}

/* One entry a group, whichever side it is on, sorted. False: a total gets too large. */
static bool collect_groups(const struct migration *m, struct group **out, size_t *count, struct sums total[2]) {
    struct group *groups = need(calloc(2 * m->count + 1, sizeof *groups));
    bool fine = true;
    for (size_t i = 0; i < m->count; i++) {
        const struct move *move = &m->moves[i];
        groups[2 * i] = (struct group){move->before, move->name_before, {move->sums[0], {0}}};
        groups[2 * i + 1] = (struct group){move->after, move->name_after, {{0}, move->sums[1]}};
        fine = add_sums(&total[0], &move->sums[0]) && add_sums(&total[1], &move->sums[1]) && fine;
    }
    qsort(groups, 2 * m->count, sizeof *groups, by_code);
    size_t kept = 0;
    for (size_t i = 0; i < 2 * m->count; i++) {
        if (kept == 0 || !same_text(groups[kept - 1].code, groups[i].code)) {
            groups[kept++] = groups[i];
        } else {
            fine = add_sums(&groups[kept - 1].sums[0], &groups[i].sums[0]) &&
                   add_sums(&groups[kept - 1].sums[1], &groups[i].sums[1]) && fine;
        }
    }
    *out = groups;
    *count = kept;
    return fine;
}

static bool differs(const struct group *g) {
    return g->sums[0].cases != g->sums[1].cases || g->sums[0].points != g->sums[1].points ||
           g->sums[0].standard != g->sums[1].standard || g->sums[0].unpriced != g->sums[1].unpriced;
}

/* The column of the names is last, for it is as wide as they are. */
static void group_row_of(struct table *table, const struct group *g, bool priced) {
    char *cells[10];
    size_t n = 0;
    cells[n++] = text_cell(g->code, "-");
    cells[n++] = count_cell(g->sums[0].cases);
    cells[n++] = count_cell(g->sums[1].cases);
    if (priced) {
        cells[n++] = decimal_cell(g->sums[0].points, 4);
        cells[n++] = decimal_cell(g->sums[1].points, 4);
        cells[n++] = decimal_cell(g->sums[0].standard, 2);
        cells[n++] = decimal_cell(g->sums[1].standard, 2);
    }
    cells[n] = text_cell(g->name, "-");
    table_row(table, cells);
}

static bool print_groups(const struct migration *m) {
    static const char *const priced_names[] = {"group",        "cases before",    "after", "points before",
                                               "points after", "standard before", "after", "name"};
    static const char *const names[] = {"group", "cases before", "after", "name"};
    static const bool priced_right[] = {false, true, true, true, true, true, true, false};
    static const bool right[] = {false, true, true, false};
    struct table table = {.columns = m->priced ? 8 : 4, .right = m->priced ? priced_right : right};
    struct group *groups, total = {.code = text_of("all"), .name = text_of("")};
    size_t count;
    if (!collect_groups(m, &groups, &count, total.sums)) {
        complain("the totals get too large to be held exactly; split the cases");
        free(groups);
        return false;
    }
    table_heading(&table, m->priced ? priced_names : names);
    for (size_t i = 0; i < count; i++) {
        if (m->all || differs(&groups[i])) {
            group_row_of(&table, &groups[i], m->priced);
        }
    }
    if (m->priced || table.rows > 1) {
        group_row_of(&table, &total, m->priced);
    }
    print_table(&table, m->all ? "by group" : "groups that differ");
    if (m->priced && total.sums[0].unpriced + total.sums[1].unpriced > 0) {
        printf("without price: %llu before, %llu after\n", (unsigned long long)total.sums[0].unpriced,
               (unsigned long long)total.sums[1].unpriced);
    }
    free(groups);
    return true;
}

static bool print_migration(struct migration *m) {
    if (m->count > 0) {
        qsort(m->moves, m->count, sizeof *m->moves, by_place);
    }
    char *share = share_cell(m->moved, m->cases);
    printf("\n%llu cases, %llu with another group (%s)\n", (unsigned long long)m->cases, (unsigned long long)m->moved,
           share);
    free(share);
    print_moves(m);
    print_mdcs(m);
    return print_groups(m);
}

/* ---- the run ---------------------------------------------------------------------------------------------- */

static int open_side(const struct diff_side *side, casemix_image **out) {
    casemix_error error = {0};
    if (casemix_image_from_memory(side->image, side->image_size, out, &error) != CASEMIX_OK) {
        complain("%s: %s", side->path, error.message);
        return EXIT_IMAGE;
    }
    return EXIT_DONE;
}

static int run(const struct options *o, const struct diff_side sides[2], casemix_image *const images[2],
               struct migration *m) {
    struct rejects rejects = {0};
    struct batch batch = batch_of(o, images[0], count_row);
    batch.scheme = sides[0].scheme;
    batch.policy = m->priced ? sides[0].policy : NULL;
    batch.user = m;
    batch.rejects = &rejects;
    int code = open_context(images[1], sides[1].scheme, m->priced ? sides[1].policy : NULL, o->clinical, &m->other);
    if (code == EXIT_DONE && (code = batch_start(&batch)) == EXIT_DONE) {
        code = rejects_open(&rejects, o->rejects, false) ? batch_run(&batch, o->cases, NULL) : EXIT_IO;
    }
    if (code == EXIT_DONE) {
        code = rejects_close(&rejects) && print_migration(m) ? EXIT_DONE : EXIT_IO;
        fflush(stdout);
        print_balance(batch.in, batch.done, batch.rejected, batch.blank);
    }
    rejects_abandon(&rejects);
    batch_free(&batch);
    return code;
}

int diff_cases(const struct options *o, const struct diff_side sides[2]) {
    casemix_image *images[2] = {NULL, NULL};
    struct migration m = {.priced = sides[0].policy != NULL && sides[1].policy != NULL, .all = o->all};
    int code = open_side(&sides[0], &images[0]);
    code = code == EXIT_DONE ? open_side(&sides[1], &images[1]) : code;
    if (code == EXIT_DONE) {
        code = run(o, sides, images, &m);
    }
    casemix_context_free(m.other);
    casemix_image_close(images[0]);
    casemix_image_close(images[1]);
    free(m.moves);
    free(m.places);
    return code;
}
