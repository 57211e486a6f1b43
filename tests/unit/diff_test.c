/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of rule sets: every change of tests/rules/years/next.yaml and tests/rules/dip-years/next.yaml is told,
 * and nothing else; what only looks different is no difference. */
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

/* ---- DIP ---- */

#define DIP_SMALL "tests/rules/dip-small/scheme.yaml"
#define DIP_NEXT "tests/rules/dip-years/next.yaml"

Test(diff, dip) {
    static const struct expected rows[] = {
        {"", "in force", "dates", "2022-01-01 to 2022-12-31 -> 2023-01-01 to 2023-12-31"},
        {"", "hospital levels", "words", "二级 2; 一级 -> 三级 三甲 3; 二级 2 二甲; 一级"},
        {"", "kind 诊断性操作", "surgical", "no -> yes"},
        {"", "kind 治疗性操作", "procedures", "added 2 36.0600"},
        {"", "operations", "excluded", "added 1 00.3101"},
        {"", "restriction 1", "diagnoses", "added 4 A01.000"},
        {"", "diagnoses", "excluded", "removed 1 A16.000"},
        {"", "step newborn", "removed", "core"},
        {"", "step operations", "choose", "plus, matched, exact, cost, kind, part, key -> cost, kind"},
        {"", "step severe", "added", "core; by score; after surgery; when: QTZD in MCC"},
        {"", "step conservative", "moved", "after surgery -> first"},
        {"", "auxiliary severity", "removed", "死亡, MCC, CC"},
        {"", "auxiliary age, 0-28天", "factor", "1.1 -> 1.15"},
        {"", "auxiliary age, 1-6岁", "condition", "NL >= 1 and NL <= 6 -> NL >= 1 and NL <= 5"},
        {"", "auxiliary age, 65岁以上", "own factors", "list 1 A01.0"},
        {"", "auxiliary icu", "added", "2天以上"},
        {"", "auxiliary", "pick", "highest -> product"},
        {"", "DI_CCI_CHF", "codes", "used by auxiliary cci, 极严重, auxiliary cci, 严重, auxiliary cci, 一般 added 1 I63.900"},
        {"core", "J18", "removed", "肺炎; diagnoses J18.9; operations none; score 380"},
        {"core", "A01.0", "score", "410.25 -> 512.5"},
        {"core", "A01.0", "mean stay", "8.5 -> 9"},
        {"core", "A01.0", "mean cost, 二级", "3900.5 -> 4100"},
        {"core", "A01.1", "diagnoses", "A01.1 -> A01 added 2 A01.000"},
        {"core", "K35.9", "kind", "保守治疗 -> 相关手术"},
        {"core", "K35.9", "operations", "none -> 47.0100+47.0900"},
        {"core", "K35.9", "cases without operation", "of the lowest kind only -> all"},
        {"core", "BX-26", "name", "脓毒症引流 -> 脓毒症引流术"},
        {"core", "FZ-1840", "condition", "QTZD in {U84.300} -> QTZD in {U84.300} and NL >= 18"},
        {"core", "I50", "added", "心衰; diagnoses I50; operations none; score 640; when: NL >= 18"},
    };
    expect_all(DIP_SMALL, DIP_NEXT, rows, sizeof rows / sizeof *rows);
}

Test(diff, dip_differs_not_from_itself) {
    expect_all(DIP_SMALL, DIP_SMALL, NULL, 0);
    expect_all(DIP_NEXT, DIP_NEXT, NULL, 0);
    expect_all("rules/schemes/dip-jingzhou.yaml", "rules/schemes/dip-jingzhou.yaml", NULL, 0);
}

/* A catalogue by category has other entries and other parts. */
Test(diff, dip_of_a_city) {
    static const struct expected rows[] = {
        {"", "catalogue", "parts", "core, basic, comprehensive, guarantee -> core, basic, comprehensive, guarantee, blank"},
        {"", "case", "kind", "highest -> principal"},
        {"", "no principal", "diagnosis", "ungrouped -> entries of all diagnoses"},
        {"", "step operations", "unmatched surgery", "allowed -> any"},
        {"", "supervision long_stay", "removed", "超过3倍"},
        {"core", "I20", "kind", "相关手术 -> 治疗性操作"},
        {"guarantee", "G-ALL", "removed", "其他保底; diagnoses 所有诊断"},
        {"guarantee", "G-ALL:A01", "added", "score 60"},
        {"blank", "BLANK", "added", "空白病组"},
    };
    struct loaded_scheme one = load_scheme(path_under("CASEMIX_ROOT", DIP_SMALL));
    struct loaded_scheme other = load_scheme(path_under("CASEMIX_ROOT", "tests/rules/dip-small/city.yaml"));
    struct comparison *c = compare_schemes(one.arena, one.scheme, other.scheme);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect(told(c, &rows[i]), "%s %s %s is not told", rows[i].subject, rows[i].what, rows[i].holds);
    }
    arena_free(one.arena);
    arena_free(other.arena);
}

/* A DRG scheme and a DIP scheme: what both have, and that they are of another kind. */
Test(diff, drg_and_dip) {
    static const struct expected row = {"", "scheme", "kind", "DRG -> DIP"};
    struct loaded_scheme one = load_scheme(path_under("CASEMIX_ROOT", SMALL));
    struct loaded_scheme other = load_scheme(path_under("CASEMIX_ROOT", DIP_SMALL));
    struct comparison *c = compare_schemes(one.arena, one.scheme, other.scheme);
    cr_expect(told(c, &row));
    arena_free(one.arena);
    arena_free(other.arena);
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
