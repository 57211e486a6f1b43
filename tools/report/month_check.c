/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the files of a month agree? Rows add up to lines of hospitals and of pools, these to the summary. The first
 * difference is told with both numbers. */
#include "month_inside.h"

#include <string.h>

/* A number of a file and what it should be. */
struct claim {
    const char *file, *column;
    uint64_t line; /* 0: of a file without lines */
    int64_t said;
    const char *source; /* what adds up to something else */
    int64_t found;
    unsigned places;
    bool lost; /* that is more than can be held */
};

static bool holds(const struct month *month, const struct claim *c) {
    char said[32], found[32], line[40] = "";
    if (c->said == c->found && !c->lost) {
        return true;
    }
    *put_decimal(said, c->said, c->places) = '\0';
    *put_decimal(found, c->found, c->places) = '\0';
    if (c->line) {
        snprintf(line, sizeof line, " line %llu:", (unsigned long long)c->line);
    }
    complain("%s/%s:%s %s is %s, but %s %s; a file of the folder was changed: settle again", month->folder, c->file,
             line, c->column, said, c->source, c->lost ? "more than can be held" : found);
    return false;
}

/* ---- lines against rows ----------------------------------------------------------------------------------- */

/* Claims taken back without a price, or with a cost of 0, look like others in cases.csv: what the line says of its
 * cases must be possible for its rows, and is exact where there are none of these. */
static bool counts_hold(const struct month *month, const char *file, const struct month_line *line,
                        const struct pair *rows) {
    const struct month_sum *said = &line->sum, *seen = &rows->sum;
    uint64_t together;
    if (__builtin_add_overflow(said->cases, said->reversed, &together) || together != rows->rows) {
        complain(
            "%s/%s: line %llu: cases and reversed are %llu and %llu, but cases.csv has %llu rows of it; a file of "
            "the folder was changed: settle again",
            month->folder, file, (unsigned long long)line->line, (unsigned long long)said->cases,
            (unsigned long long)said->reversed, (unsigned long long)rows->rows);
        return false;
    }
    uint64_t least = seen->reversed, most = seen->reversed + seen->unpriced + rows->zero;
    bool possible = said->unpriced <= seen->unpriced && said->reversed >= least && said->reversed <= most;
    if (possible) {
        uint64_t hidden = said->reversed - seen->reversed, unpriced = seen->unpriced - said->unpriced;
        possible = unpriced <= hidden && hidden - unpriced <= rows->zero;
    }
    if (!possible) {
        complain(
            "%s/%s: line %llu: unpriced is %llu and reversed %llu, but cases.csv has %llu rows without price and "
            "%llu with a cost below 0; a file of the folder was changed: settle again",
            month->folder, file, (unsigned long long)line->line, (unsigned long long)said->unpriced,
            (unsigned long long)said->reversed, (unsigned long long)seen->unpriced,
            (unsigned long long)seen->reversed);
    }
    return possible;
}

static bool line_holds(const struct month *month, const char *file, const struct month_line *line,
                       const struct pair *rows) {
    static const struct pair no_rows = {0};
    static const char *const source = "the rows of cases.csv add up to";
    rows = rows ? rows : &no_rows;
    int64_t parts = 0;
    bool fits = !__builtin_add_overflow(line->of_cases, line->closing, &parts);
    const struct claim claims[] = {
        {file, "points", line->line, line->sum.points, source, rows->sum.points, 4, false},
        {file, "cost", line->line, line->sum.cost, source, rows->sum.cost, 2, false},
        {file, "standard", line->line, line->sum.standard, source, rows->sum.standard, 2, false},
        {file, "of_cases", line->line, line->of_cases, source, rows->sum.fund_payment, 2, false},
        {file, "fund_payment", line->line, line->sum.fund_payment, "of_cases and closing add up to", parts, 2,
         !fits}};
    if (!counts_hold(month, file, line, rows)) {
        return false;
    }
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        if (!holds(month, &claims[i])) {
            return false;
        }
    }
    return true;
}

/* ---- every line, every row -------------------------------------------------------------------------------- */

static uint32_t number_of(const struct month *month, casemix_text text) {
    return names_find(&month->rows->texts, text.text, text.length);
}

/* `seen` gets a pair for each line: `rows` is its number in the file, `zero` its place in the table. */
static bool lines_hold(const struct month *month, const char *file, const struct month_table *table,
                       const struct pairs *rows, struct pairs *seen) {
    for (size_t i = 0; i < table->count; i++) {
        const struct month_line *line = &table->lines[i];
        uint32_t first = table == &month->pools ? 0 : number_of(month, line->hospital);
        uint32_t pool = number_of(month, line->pool);
        struct pair *before = pairs_at(seen, first, pool);
        if (before->rows) {
            complain(
                "%s/%s: lines %llu and %llu are of the same %s; a file of the folder was changed: settle again",
                month->folder, file, (unsigned long long)before->rows, (unsigned long long)line->line,
                table == &month->pools ? "pool" : "hospital and pool");
            return false;
        }
        before->rows = line->line;
        before->zero = i;
        if (!line_holds(month, file, line, pairs_find(rows, first, pool))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        if (!pairs_find(seen, rows->items[i].first, rows->items[i].second)) {
            complain(
                "%s/%s: has no line for a %s that %llu rows of cases.csv are of; a file of the folder was changed: "
                "settle again",
                month->folder, file, table == &month->pools ? "pool" : "hospital and pool",
                (unsigned long long)rows->items[i].rows);
            return false;
        }
    }
    return true;
}

/* What closing a pool added must be what it added to its hospitals. pools: its lines by their texts. */
static bool closings_hold(const struct month *month, const struct pairs *pools, struct pairs *sums) {
    for (size_t i = 0; i < month->hospital_lines.count; i++) {
        const struct month_line *line = &month->hospital_lines.lines[i];
        uint32_t pool = number_of(month, line->pool);
        struct pair *sum = pairs_at(sums, 0, pool);
        sum->zero |= __builtin_add_overflow(sum->sum.cost, line->closing, &sum->sum.cost);
        if (!pairs_find(pools, 0, pool)) {
            complain("%s/hospitals.csv: line %llu: names a pool that pools.csv does not; a file of the folder was "
                     "changed: "
                     "settle again",
                     month->folder, (unsigned long long)line->line);
            return false;
        }
    }
    for (size_t i = 0; i < month->pools.count; i++) {
        const struct month_line *pool = &month->pools.lines[i];
        const struct pair *sum = pairs_at(sums, 0, number_of(month, pool->pool));
        const struct claim claim = {
            "pools.csv",   "closing", pool->line,    pool->closing, "hospitals.csv adds up to",
            sum->sum.cost, 2,         sum->zero != 0};
        if (!holds(month, &claim)) {
            return false;
        }
    }
    return true;
}

/* ---- the summary ------------------------------------------------------------------------------------------ */

static const struct month_line *pool_line(const struct month *month, const struct pairs *pools, const char *name) {
    uint32_t number = number_of(month, (casemix_text){name, strlen(name)});
    const struct pair *there = number == UINT32_MAX ? NULL : pairs_find(pools, 0, number);
    return there ? &month->pools.lines[there->zero] : NULL;
}

static bool amount_holds(const struct month *month, const json_t *pool, const char *key, unsigned places,
                         int64_t found) {
    const char *text = json_string_value(json_object_get(pool, key));
    int64_t said;
    if (!month_decimal((casemix_text){text, strlen(text)}, places, &said)) {
        complain("%s/summary.json: %s of a pool is no number with its decimals; a file of the folder was changed: "
                 "settle "
                 "again",
                 month->folder, key);
        return false;
    }
    const struct claim claim = {"summary.json", key, 0, said, "pools.csv says", found, places, false};
    return holds(month, &claim);
}

static bool pool_holds(const struct month *month, const struct pairs *pools, const json_t *pool) {
    const struct month_line *line = pool_line(month, pools, json_string_value(json_object_get(pool, "pool")));
    if (!line) {
        complain(
            "%s/summary.json: names a pool that pools.csv does not; a file of the folder was changed: settle again",
            month->folder);
        return false;
    }
    const struct claim claims[] = {{"summary.json", "cases", 0, json_integer_value(json_object_get(pool, "cases")),
                                    "pools.csv says", (int64_t)line->sum.cases, 0, false},
                                   {"summary.json", "unpriced", 0,
                                    json_integer_value(json_object_get(pool, "unpriced")), "pools.csv says",
                                    (int64_t)line->sum.unpriced, 0, false}};
    return holds(month, &claims[0]) && holds(month, &claims[1]) &&
           amount_holds(month, pool, "points", 4, line->sum.points) &&
           amount_holds(month, pool, "cost", 2, line->sum.cost) &&
           amount_holds(month, pool, "standard", 2, line->sum.standard) &&
           amount_holds(month, pool, "fund_payment", 2, line->sum.fund_payment);
}

static bool summary_holds(const struct month *month, const struct pairs *lines, const struct gathered *g) {
    const json_t *pools = json_object_get(month->summary, "pools");
    const struct claim claims[] = {{"summary.json", "out", 0,
                                    json_integer_value(json_object_get(month->summary, "out")),
                                    "the rows of cases.csv are", (int64_t)g->rows, 0, false},
                                   {"summary.json", "the number of pools", 0, (int64_t)json_array_size(pools),
                                    "the lines of pools.csv are", (int64_t)month->pools.count, 0, false}};
    size_t i;
    json_t *pool;
    if (!holds(month, &claims[0]) || !holds(month, &claims[1])) {
        return false;
    }
    json_array_foreach((json_t *)(uintptr_t)pools, i, pool) {
        if (!pool_holds(month, lines, pool)) {
            return false;
        }
    }
    return true;
}

int month_check(const struct month *month, const struct gathered *g) {
    struct pairs lines = {0}, pools = {0}, closings = {0};
    bool fine = lines_hold(month, "hospitals.csv", &month->hospital_lines, &g->lines, &lines) &&
                lines_hold(month, "pools.csv", &month->pools, &g->pools, &pools) &&
                closings_hold(month, &pools, &closings) && summary_holds(month, &pools, g);
    pairs_free(&lines);
    pairs_free(&pools);
    pairs_free(&closings);
    return fine ? EXIT_DONE : EXIT_FOUND;
}
