/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the regions' DIP rules differ: every line of tests/rules/dip-regions/differences.csv is a case, two shipped
 * bundles and the entry (and factor) that each gives it. Both the library and the slow evaluator must say so, and
 * the two answers must differ. One line of output each. */
#include "../../tables/compile/csv_rows.h"
#include "../support/dip_duel.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { BUNDLES_MAX = 40 };

/* Points in which regions differ; each must have a line. */
static const char *const points[] = {"match order",      "separator",   "comprehensive",
                                     "local supplement", "blank group", "version note"};

struct region {
    char bundle[100];
    struct compiled compiled;
    struct dip_duel duel;
};
static struct region regions[BUNDLES_MAX];
static size_t region_count;

/* The file that is read: names of its columns, and the row at hand. */
static struct csv_rows rows;
static const char *columns[CSV_FIELDS_MAX];
static size_t column_count;

static const char *cell(const char *column) {
    for (size_t i = 0; i < column_count && i < rows.count; i++) {
        if (strcmp(columns[i], column) == 0) {
            return rows.fields[i].text;
        }
    }
    return "";
}

static void open_differences(struct arena *arena) {
    struct report *report = report_new(arena);
    struct sources *sources = ARENA_NEW(arena, struct sources);
    *sources = (struct sources){.arena = arena, .report = report};
    const char *path = path_under("CASEMIX_ROOT", "tests/rules/dip-regions/differences.csv");
    const struct source *source = source_read(sources, path, (struct place){0});
    cr_assert(source, "%s cannot be read", path);
    csv_rows_start(&rows, arena, source);
    cr_assert(csv_rows_next(&rows) == CSV_ROW);
    column_count = rows.count;
    for (size_t i = 0; i < rows.count; i++) {
        columns[i] = rows.fields[i].text;
    }
}

static struct region *region_of(const char *bundle) {
    for (size_t i = 0; i < region_count; i++) {
        if (strcmp(regions[i].bundle, bundle) == 0) {
            return &regions[i];
        }
    }
    cr_assert(region_count < BUNDLES_MAX);
    struct region *region = &regions[region_count++];
    char name[200];
    snprintf(region->bundle, sizeof region->bundle, "%s", bundle);
    snprintf(name, sizeof name, "bundles/%s.yaml", bundle);
    region->compiled = compile_rules(path_under("CASEMIX_RULES", name));
    dip_duel_start(&region->duel, region->compiled.image, compilation_scheme(region->compiled.work, 0), 1, false);
    return region;
}

static void read_case(struct plain_case *one) {
    memset(one, 0, sizeof *one);
    for (size_t i = 0; i < column_count && i < rows.count; i++) {
        enum fact fact = fact_of_column(columns[i], strlen(columns[i]));
        if (fact < FACT_COUNT && rows.fields[i].length > 0) {
            one->facts[fact] = rows.fields[i].text;
        }
    }
}

/* 1.35 as 1350000; 1000000 where nothing is written. */
static int64_t factor_of(const char *text) {
    int64_t whole = 0, places = 1000000;
    bool behind = false;
    for (const char *at = text[0] ? text : "1"; *at; at++) {
        whole = *at == '.' ? whole : whole * 10 + (*at - '0');
        places /= behind ? 10 : 1;
        behind = behind || *at == '.';
    }
    return whole * places;
}

/* Does the region give the entry, and the factor if one is written? */
static bool gives(const char *bundle, const struct plain_case *one, const char *entry, const char *factor) {
    static struct dip_answer answer;
    struct region *region = region_of(bundle);
    bool same = dip_duel_case(&region->duel, one, true, &answer);
    bool factor_right = factor[0] == '\0' || answer.factor == factor_of(factor);
    if (same && (strcmp(answer.base.drg, entry) != 0 || !factor_right)) {
        fprintf(stderr, "  %s gives \"%s\" (%s), factor %lld\n", bundle, answer.base.drg,
                casemix_reason_text(answer.base.reason), (long long)answer.factor);
    }
    return same && strcmp(answer.base.drg, entry) == 0 && factor_right;
}

static const char *shown(const char *entry) {
    return entry[0] ? entry : "no entry";
}

/* The row at hand. */
static bool check_row(void) {
    struct plain_case one;
    read_case(&one);
    bool differ = strcmp(cell("dip_a"), cell("dip_b")) != 0 || strcmp(cell("factor_a"), cell("factor_b")) != 0;
    bool a = gives(cell("bundle_a"), &one, cell("dip_a"), cell("factor_a"));
    bool b = gives(cell("bundle_b"), &one, cell("dip_b"), cell("factor_b"));
    fprintf(stderr, "%s %s, %s (%s): %s %s%s%s, %s %s%s%s\n", a && b && differ ? "PASS" : "FAIL", cell("row"),
            cell("what"), cell("id"), cell("bundle_a"), shown(cell("dip_a")), cell("factor_a")[0] ? " x " : "",
            cell("factor_a"), cell("bundle_b"), shown(cell("dip_b")), cell("factor_b")[0] ? " x " : "",
            cell("factor_b"));
    return a && b && differ;
}

Test(dip_regions, differences, .timeout = 600) {
    struct arena *arena = arena_new();
    size_t lines = 0, passed = 0, of_point[sizeof points / sizeof *points] = {0};
    open_differences(arena);
    while (csv_rows_next(&rows) == CSV_ROW) {
        passed += check_row();
        lines++;
        for (size_t p = 0; p < sizeof points / sizeof *points; p++) {
            of_point[p] += strcmp(cell("row"), points[p]) == 0;
        }
    }
    fprintf(stderr, "%zu of %zu lines\n", passed, lines);
    cr_expect(passed == lines && lines > 0, "%zu of %zu lines fail", lines - passed, lines);
    for (size_t p = 0; p < sizeof points / sizeof *points; p++) {
        cr_expect(of_point[p] > 0, "no line shows the difference \"%s\"", points[p]);
    }
    for (size_t i = 0; i < region_count; i++) {
        dip_duel_end(&regions[i].duel);
        compiled_free(&regions[i].compiled);
    }
    arena_free(arena);
}
