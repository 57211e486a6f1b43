/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of rule sets: every change of tests/rules/years/next.yaml is told, and nothing else; what only looks
 * different is no difference. */
#include "../../tables/compile/compare.h"
#include "../../tables/compile/compile.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* "part subject what" and what must occur in the rest of the difference. */
struct expected {
    const char *part, *subject, *what, *holds;
};

static const struct expected of_next[] = {
    {"", "in force", "dates", "2022-01-01 to 2022-12-31 -> 2023-01-01 to 2024-06-30"},
    {"", "many groups", "DRG name", "..., complication -> ..., complication or age"},
    {"", "many groups", "condition", "QTZD in {MCC,CC} -> QTZD in {MCC,CC} or NL >= 80"},
    {"", "MDCP", "moved", "after MDCA -> after MDCZ"},
    {"", "severity", "no CC -> MCC", "list 1 I62.900x003"},
    {"", "severity", "no CC -> CC", "list 1 N40.x00"},
    {"", "severity", "MCC -> no CC", "list 1 I21.900"},
    {"MDCA", "AC1", "name", "New technique -> New technique of the year"},
    {"MDCA", "OP_A", "codes", "used by MDCA added 1 81.5400"},
    {"MDCB", "BR2", "condition", "always -> NL >= 18"},
    {"MDCB", "BR3", "added", "Stroke of a child; DRG BR39; after BR2; when: always"},
    {"MDCX", "MDCX", "condition", "or QTZD in {C34.900} -> "},
    {"MDCX", "XR3", "removed", "Heart with many diagnoses; DRG XR39"},
};

static void words_of(const struct difference *d, char *out, size_t size) {
    int used = snprintf(out, size, "%s", d->text ? d->text : "");
    used += !d->before && d->after ? snprintf(out + used, size - (size_t)used, "; when: %s", d->after) : 0;
    used += d->before ? snprintf(out + used, size - (size_t)used, "%s -> %s", d->before, d->after) : 0;
    used += d->list_count ? snprintf(out + used, size - (size_t)used, " list %zu %s", d->list_count, d->list[0]) : 0;
    used += d->added_count ? snprintf(out + used, size - (size_t)used, " added %zu %s", d->added_count, d->added[0]) : 0;
    if (d->removed_count) {
        snprintf(out + used, size - (size_t)used, " removed %zu %s", d->removed_count, d->removed[0]);
    }
}

static bool told(const struct comparison *c, const struct expected *e) {
    for (size_t i = 0; i < c->count; i++) {
        const struct difference *d = &c->items[i];
        char words[2000];
        words_of(d, words, sizeof words);
        if (strcmp(d->part, e->part) == 0 && strcmp(d->subject, e->subject) == 0 && strcmp(d->what, e->what) == 0 &&
            strstr(words, e->holds)) {
            return true;
        }
    }
    return false;
}

static void expect_all(const char *a, const char *b, const struct expected *rows, size_t count) {
    struct loaded_scheme one = load_scheme(path_under("CASEMIX_ROOT", a));
    struct loaded_scheme other = load_scheme(path_under("CASEMIX_ROOT", b));
    struct comparison *c = compare_schemes(one.arena, one.scheme, other.scheme);
    for (size_t i = 0; i < count; i++) {
        cr_expect(told(c, &rows[i]), "%s %s: %s %s %s is not told", a, b, rows[i].subject, rows[i].what,
                  rows[i].holds);
    }
    cr_expect_eq(c->count, count, "%s %s: %zu differences told, %zu expected", a, b, c->count, count);
    arena_free(one.arena);
    arena_free(other.arena);
}

#define SMALL "tests/rules/small/scheme.yaml"
#define NEXT "tests/rules/years/next.yaml"

Test(diff, every_change_is_told) {
    expect_all(SMALL, NEXT, of_next, sizeof of_next / sizeof *of_next);
}

/* The other way round there are as many, and what was added is removed. */
Test(diff, backwards) {
    static const struct expected rows[] = {
        {"MDCB", "BR3", "removed", "Stroke of a child; DRG BR39"},
        {"MDCX", "XR3", "added", "after XR2; when: ZYZD in {I21.900, I50.900} and length("},
        {"MDCA", "OP_A", "codes", "used by MDCA removed 1 81.5400"},
        {"", "severity", "MCC -> no CC", "list 1 I62.900x003"},
        {"", "severity", "CC -> no CC", "list 1 N40.x00"},
        {"", "severity", "no CC -> MCC", "list 1 I21.900"},
    };
    struct loaded_scheme one = load_scheme(path_under("CASEMIX_ROOT", NEXT));
    struct loaded_scheme other = load_scheme(path_under("CASEMIX_ROOT", SMALL));
    struct comparison *c = compare_schemes(one.arena, one.scheme, other.scheme);
    cr_expect_eq(c->count, sizeof of_next / sizeof *of_next);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect(told(c, &rows[i]), "%s %s", rows[i].subject, rows[i].what);
    }
    arena_free(one.arena);
    arena_free(other.arena);
}

Test(diff, nothing_differs_from_itself) {
    expect_all(SMALL, SMALL, NULL, 0);
    expect_all(NEXT, NEXT, NULL, 0);
    expect_all("rules/schemes/chs-drg-11/scheme.yaml", "rules/schemes/chs-drg-11/scheme.yaml", NULL, 0);
}

/* Sets written in another way and under other names, tables with other numbers: no difference. */
Test(diff, spelling_is_no_difference) {
    expect_all(SMALL, "tests/rules/years/respelled.yaml", NULL, 0);
}

Test(diff, whole_scheme) {
    static const struct expected rows[] = {
        {"", "in force", "dates", "2022-01-01 to 2022-12-31 -> at all times"},
        {"", "catalogue", "diagnoses", "added 1 Z99.901"},
        {"", "case", "requires", "XB; NL; XSRTL when NL = 0; XSRTZ when NL = 0 and XSRTL <= 28 -> XB; NL"},
        {"", "no group", "retry", "no retry -> each other procedure is tried alone"},
        {"", "compatibility", "switches", "-> nothing"},
        {"", "gray", "diagnoses", "added 2 Z51.100"},
        {"", "gray", "as principal diagnosis", "no rule -> ignored"},
        {"", "table lungs -> lungs_new", "exclusion", "removed 1 J96.000"},
        {"MDCE", "EB1", "moved", "first -> after ES1"},
        {"MDCG", "GB1", "no DRG fits", "the next step is tried -> the ADRG is the answer"},
        {"MDCG", "GC11", "DRG removed", "Gallbladder, major complication"},
        {"MDCG", "GC13", "moved", "after GC11 -> after GC15"},
        {"MDCG", "GZ11", "DRG moved", "from GZ1 to GB1"},
        {"MDCG", "GZ11", "DRG name", "..., major complication -> Other digestion"},
        {"MDCP", "PV1", "answer", "PV1 -> PV9"},
        {"MDCZ", "MDCZ", "removed", "Several injuries"},
        {"MDCZ", "ZB1", "removed", "Several injuries, two operations"},
        {"MDCZ", "ZC1", "removed", "Several injuries with operation"},
        {"MDCZ", "ZZ1", "removed", "Several injuries"},
    };
    expect_all(SMALL, "tests/rules/years/other.yaml", rows, sizeof rows / sizeof *rows);
}

/* ---- policies ---- */

Test(diff, policies) {
    static const struct expected rows[] = {
        {"policy", "standard", "formula", "rw * rate -> rw * rate * 1.01"},
        {"policy", "classes", "rules", "long when los > 60"},
        {"policy", "step_base", "parameter", "1.7 -> 1.75"},
        {"policy", "extra", "parameter", "none -> 2"},
        {"policy", "day", "parameter", "321.65 -> none"},
        {"policy", "cap", "table", "by level: 3, 2 -> by level: 3, 2.5"},
        {"policy", "graded_care", "groups", "GZ1 BR25 -> GZ1"},
        {"policy", "AA19", "rw", "0.3 -> 0.31"},
        {"policy", "ZZ15", "rw", "3.8545 -> none"},
    };
    const char *paths[] = {"tests/rules/small/bundle.yaml", "tests/rules/years/policy-bundle.yaml"};
    struct compilation *works[2];
    for (int i = 0; i < 2; i++) {
        works[i] = compilation_new();
        bool good = compilation_read(works[i], path_under("CASEMIX_ROOT", paths[i]));
        if (!good) {
            report_print(compilation_report(works[i]), stderr);
        }
        cr_assert(good);
    }
    struct arena *arena = arena_new();
    struct comparison *c =
        compare_schemes(arena, compilation_scheme(works[0], 0), compilation_scheme(works[1], 0));
    compare_policies(c, compilation_policy(works[0], 0), compilation_policy(works[1], 0));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect(told(c, &rows[i]), "%s %s", rows[i].subject, rows[i].what);
    }
    cr_expect_eq(c->count, sizeof rows / sizeof *rows);
    arena_free(arena);
    compilation_free(works[0]);
    compilation_free(works[1]);
}
