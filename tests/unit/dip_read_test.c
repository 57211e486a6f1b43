/* SPDX-License-Identifier: Apache-2.0
 *
 * DIP schemes as they are read: rows to entries, signs, codes, kinds, steps, totals, factors, and what overlays
 * change. */
#include "../../tables/compile/csv_rows.h"
#include "../../tables/compile/dip.h"
#include "../../tables/compile/text_map.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static struct loaded_scheme small(const char *file) {
    char name[200];
    snprintf(name, sizeof name, "tests/rules/dip-small/%s", file);
    return load_scheme(path_under("CASEMIX_ROOT", name));
}

static const struct dip_entry *entry_of(const struct dip *dip, const char *code) {
    for (size_t i = 0; i < dip->entry_count; i++) {
        if (strcmp(dip->entries[i].code, code) == 0) {
            return &dip->entries[i];
        }
    }
    cr_assert_fail("no entry %s", code);
    return NULL;
}

static const struct dip_step *step_of(const struct dip *dip, const char *name) {
    for (size_t i = 0; i < dip->step_count; i++) {
        if (strcmp(dip->steps[i].name, name) == 0) {
            return &dip->steps[i];
        }
    }
    return NULL;
}

static const struct dip_index *index_of(const struct dip *dip, const char *name) {
    for (size_t i = 0; i < dip->index_count; i++) {
        if (strcmp(dip->indices[i].name, name) == 0) {
            return &dip->indices[i];
        }
    }
    return NULL;
}

/* "47.0100 47.0900": the procedures of a list. */
static const char *codes_of(const struct scheme *scheme, const uint32_t *numbers, uint32_t count) {
    static char text[1000];
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        strcat(strcat(text, i > 0 ? " " : ""), scheme->catalogues[CODE_PROCEDURE]->codes[numbers[i]].text);
    }
    return text;
}

/* The diagnoses of a key, the first and the last. */
static void expect_key(const struct scheme *scheme, const struct dip_key *key, const char *first, const char *last,
                       uint32_t length) {
    const struct catalogue *catalogue = scheme->catalogues[CODE_DIAGNOSIS];
    cr_assert(key->first < key->end);
    cr_expect_str_eq(catalogue->codes[key->first].text, first);
    cr_expect_str_eq(catalogue->codes[key->end - 1].text, last);
    cr_expect_eq(key->length, length, "%s: %u", first, key->length);
}

/* ---- the scheme ---- */

Test(dip_read, entries_are_the_groups_of_a_scheme) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct scheme *scheme = loaded.scheme;
    const struct dip *dip = scheme->dip;
    cr_assert(dip != NULL && scheme->demonstration);
    cr_assert_eq(scheme->mdc_count, dip->part_count);
    size_t entry = 0;
    for (uint32_t part = 0; part < dip->part_count; part++) {
        const struct mdc *mdc = scheme->mdcs[part];
        cr_expect_str_eq(mdc->code, dip->parts[part]);
        cr_assert_eq(mdc->step_count, 1);
        for (size_t i = 0; i < mdc->steps[0]->drg_count; i++, entry++) {
            cr_expect_str_eq(mdc->steps[0]->drgs[i].code, dip->entries[entry].code);
            cr_expect_eq(dip->entries[entry].part, part);
        }
        cr_expect(!mdc->steps[0]->bare);
    }
    cr_expect_eq(entry, dip->entry_count);
    cr_expect_eq(scheme->requirement_count, 2);
    arena_free(loaded.arena);
}

Test(dip_read, rows_have_numbers_and_places) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct dip *dip = loaded.scheme->dip;
    const struct dip_entry *one = entry_of(dip, "A01.0"), *two = entry_of(dip, "B-K80");
    cr_expect(one->place.line == 2 && strstr(one->place.file, "core.csv"));
    cr_expect(one->score == 4102500 && one->mean_cost == 41025000 && one->mean_stay == 85000 && !one->basic);
    cr_assert(one->level_means != NULL && dip->level_count == 3);
    cr_expect(one->level_means[0] == 48000000 && one->level_means[1] == 39005000 &&
              one->level_means[2] == 30000000);
    cr_expect_eq(entry_of(dip, "A01.0:33.2402/44.1300x001")->level_means[1], -1);
    cr_assert_eq(dip->column_count, 2);
    cr_expect(strcmp(dip->columns[0], "drw") == 0 && one->values[0].numerator == 1205 &&
              one->values[0].denominator == 10);
    cr_expect_eq(entry_of(dip, "A01.1")->values[0].denominator, 0);
    cr_expect(two->score == 9001234 && two->basic && two->mean_stay == -1 && two->level_means == NULL);
    cr_expect_str_eq(two->name, "胆囊切除, 单纯");
    cr_expect(entry_of(dip, "G-ALL")->no_auxiliary && !one->no_auxiliary);
    arena_free(loaded.arena);
}

Test(dip_read, diagnoses_are_branches_ranges_or_all) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct scheme *scheme = loaded.scheme;
    const struct dip *dip = scheme->dip;
    expect_key(scheme, entry_of(dip, "A01.1")->keys, "A01.100", "A01.100x001", 4);
    expect_key(scheme, entry_of(dip, "B-J18")->keys, "J18.901", "J18.901", 6);
    expect_key(scheme, entry_of(dip, "I2:相关手术")->keys, "I20.000", "I21.900", 2);
    expect_key(scheme, entry_of(dip, "FZ-1841")->keys, "A15.000", "A16.200", 0);
    expect_key(scheme, entry_of(dip, "A00-C50:相关手术")->keys, "A01.000", "C50.900", 0);
    expect_key(scheme, entry_of(dip, "G-ALL")->keys, "A01.000", "Z99.100", 0);
    cr_expect(entry_of(dip, "G-ALL")->keys[0].all && !entry_of(dip, "FZ-1841")->keys[0].all);
    cr_expect_eq(entry_of(dip, "I20")->key_count, 2);
    arena_free(loaded.arena);
}

/* ---- operations ---- */

Test(dip_read, any_is_tighter_or_all_is) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct scheme *scheme = loaded.scheme;
    const struct dip_entry *tight = entry_of(scheme->dip, "I20+"), *loose = entry_of(scheme->dip, "B-K80+");
    cr_assert_eq(tight->operation_count, 1);
    cr_assert_eq(tight->operations[0].count, 2);
    cr_expect_str_eq(
        codes_of(scheme, tight->operations[0].needs[0].exact, tight->operations[0].needs[0].exact_count),
        "36.0600 36.0700");
    cr_expect_str_eq(tight->operations[0].needs[0].text, "36.0600/36.0700");
    cr_assert_eq(loose->operation_count, 2);
    for (size_t a = 0; a < 2; a++) {
        cr_assert_eq(loose->operations[a].count, 2);
        const struct dip_need *need = &loose->operations[a].needs[0];
        cr_expect_str_eq(codes_of(scheme, need->exact, need->exact_count), a == 0 ? "51.2300" : "51.2200");
    }
    const struct dip_entry *singles = entry_of(scheme->dip, "B-K80"); /* alternatives of one code are one need */
    cr_expect(singles->operation_count == 1 && singles->operations[0].needs[0].exact_count == 2);
    arena_free(loaded.arena);
}

Test(dip_read, a_code_stands_for_its_extensions) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct scheme *scheme = loaded.scheme;
    const struct dip_need *need = entry_of(scheme->dip, "FZ-1772")->operations[0].needs;
    cr_expect_str_eq(codes_of(scheme, need->exact, need->exact_count), "99.2800");
    cr_expect_str_eq(codes_of(scheme, need->loose, need->loose_count), "99.2800x005 99.2800x006");
    need = entry_of(scheme->dip, "FZ-1771")->operations[0].needs;
    cr_expect_str_eq(codes_of(scheme, need->exact, need->exact_count), "99.2800x005");
    cr_expect_eq(need->loose_count, 0);
    cr_expect(entry_of(scheme->dip, "S72:any")->operations[0].needs[0].all);
    arena_free(loaded.arena);
    loaded = small("city.yaml"); /* procedures: branch */
    need = entry_of(loaded.scheme->dip, "I20:37")->operations[0].needs;
    cr_expect_eq(need->exact_count, 0);
    cr_expect_str_eq(codes_of(loaded.scheme, need->loose, need->loose_count), "37.9400 37.9400x001");
    arena_free(loaded.arena);
}

Test(dip_read, the_principal_operation_meets_one_of_the_parts) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct dip *dip = loaded.scheme->dip;
    const struct dip_entry *both = entry_of(dip, "BX-27"), *related = entry_of(dip, "BX-26r");
    cr_assert(both->operation_count == 2 && both->operations[0].count == 2);
    for (size_t a = 0; a < 2; a++) {
        cr_expect_eq(both->operations[a].needs[a].at, IMAGE_DIP_AT_PRINCIPAL);
        cr_expect_eq(both->operations[a].needs[1 - a].at, IMAGE_DIP_AT_ANY);
    }
    cr_assert(related->operation_count == 1 && related->operations[0].count == 2);
    cr_expect_eq(related->operations[0].needs[0].at, IMAGE_DIP_AT_PRINCIPAL);
    cr_expect_eq(related->operations[0].needs[1].at, IMAGE_DIP_AT_OTHER);
    cr_expect_str_eq(related->operations_text, "34.0401; related: 86.2201");
    arena_free(loaded.arena);
}

Test(dip_read, kinds_and_what_an_entry_asks_of_a_case) {
    struct loaded_scheme loaded = small("scheme.yaml"), city = small("city.yaml");
    const struct dip *dip = loaded.scheme->dip;
    const struct dip_entry *comprehensive = entry_of(dip, "A00-A09:诊断性操作");
    cr_expect_eq(entry_of(dip, "I20")->kind, 3);
    cr_expect_eq(entry_of(city.scheme->dip, "I20")->kind, 2); /* there stents are no surgery */
    cr_expect_eq(entry_of(dip, "ANY:96")->kind, 2);
    cr_expect(entry_of(dip, "A01.0")->conservative && !entry_of(dip, "G-ALL")->conservative);
    cr_expect(comprehensive->of_kind && !comprehensive->conservative && comprehensive->kind == 1);
    cr_expect(dip->kinds[3].surgical && !dip->kinds[2].surgical && dip->kinds[0].procedures == NULL);
    cr_expect(dip->case_kind == IMAGE_DIP_KIND_HIGHEST && city.scheme->dip->case_kind == IMAGE_DIP_KIND_PRINCIPAL);
    cr_expect_eq(dip->restriction_count, 1);
    cr_expect_eq(dip->restrictions[0].procedures->count, 1);
    cr_expect(dip->excluded->count == 1 && city.scheme->dip->excluded->count == 2);
    cr_expect(dip->conservative->count == 1 && city.scheme->dip->conservative->count == 2);
    cr_expect(dip->not_principal->count == 2 && city.scheme->dip->not_principal->count == 1);
    cr_expect(dip->excluded_diagnoses->count == 2 && city.scheme->dip->excluded_diagnoses->count == 3);
    cr_expect(!dip->without_principal && city.scheme->dip->without_principal);
    arena_free(loaded.arena);
    arena_free(city.arena);
}

/* ---- conditions ---- */

Test(dip_read, totals_and_ratios) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct dip *dip = loaded.scheme->dip;
    const struct expression *severe = index_of(dip, "cci")->classes[0].when;
    cr_assert(severe->op == EXPR_TOTAL && severe->count == 5);
    static const uint32_t weights[] = {1, 1, 2, 3, 6};
    for (size_t i = 0; i < 5; i++) {
        cr_expect(severe->children[i]->op == EXPR_IN && severe->children[i]->where == WHERE_OTHER_DIAGNOSES);
        cr_expect(severe->children[i]->set->count == 1 && severe->weights[i] == weights[i]);
    }
    cr_expect(severe->compare == COMPARE_GREATER_EQUAL && severe->number == 5);
    const struct expression *low = index_of(dip, "low_standard")->classes[0].when;
    cr_expect(low->op == EXPR_COMPARE && low->fact == FACT_COST_RATIO && low->number == 6000);
    const struct dip_entry *newborn = entry_of(dip, "P07-17");
    cr_expect(newborn->when->op == EXPR_AND && newborn->conditions == 2);
    cr_expect(entry_of(dip, "FZ-1770")->when == entry_of(dip, "FZ-1771")->when, "the same text is read once");
    arena_free(loaded.arena);
}

Test(dip_read, classes_and_factors) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct dip *dip = loaded.scheme->dip;
    const struct dip_index *age = index_of(dip, "age"), *cci = index_of(dip, "cci");
    cr_assert(age->class_count == 3 && !age->supervision && index_of(dip, "long_stay")->supervision);
    cr_expect(age->classes[0].number == 1100000 && age->classes[2].number == -1);
    cr_assert_eq(age->classes[2].factor_count, 2);
    cr_expect_str_eq(dip->entries[age->classes[2].factors[0].entry].code, "A01.0");
    cr_expect_eq(age->classes[2].factors[1].number, 1200000);
    cr_expect_eq(cci->classes[1].factors[0].number, 1331100);
    bool supervision = false;
    for (size_t i = 0; i < dip->index_count; i++) { /* auxiliary catalogues first */
        cr_expect(dip->indices[i].supervision || !supervision);
        supervision = dip->indices[i].supervision;
    }
    arena_free(loaded.arena);
}

/* ---- steps, overlays ---- */

Test(dip_read, steps) {
    struct loaded_scheme loaded = small("scheme.yaml");
    const struct dip *dip = loaded.scheme->dip;
    const struct dip_step *step = step_of(dip, "operations");
    cr_expect(step->ranks[0] == 0 && step->ranks[1] == 1 && step->ranks[2] == 255);
    cr_expect(step->operations == DIP_OPERATIONS_SOME && step->case_kinds == 15 && step->entry_kinds == 15);
    static const enum image_dip_rule rules[] = {IMAGE_DIP_RULE_PLUS, IMAGE_DIP_RULE_MATCHED, IMAGE_DIP_RULE_EXACT,
                                                IMAGE_DIP_RULE_COST, IMAGE_DIP_RULE_KIND,    IMAGE_DIP_RULE_PART,
                                                IMAGE_DIP_RULE_KEY};
    cr_assert_eq(step->rule_count, sizeof rules / sizeof *rules);
    cr_expect_arr_eq(step->rules, rules, sizeof rules);
    step = step_of(dip, "surgery");
    cr_expect(step->entry_kinds == 8 && step->case_kinds == 8);
    cr_expect_eq(step_of(dip, "newborn")->when->op, EXPR_AND);
    arena_free(loaded.arena);
}

Test(dip_read, an_overlay_patches) {
    struct loaded_scheme loaded = small("city.yaml");
    const struct dip *dip = loaded.scheme->dip;
    static const char *const steps[] = {"operations",    "surgery",   "severe", "conservative",
                                        "comprehensive", "guarantee", "blank"};
    cr_assert_eq(dip->step_count, sizeof steps / sizeof *steps);
    for (size_t i = 0; i < dip->step_count; i++) {
        cr_expect_str_eq(dip->steps[i].name, steps[i]);
    }
    cr_expect(dip->steps[0].unmatched == IMAGE_DIP_UNMATCHED_ANY && dip->steps[0].rule_count == 3);
    cr_expect_eq(dip->steps[0].operations, DIP_OPERATIONS_SOME, "what is not said stays");
    const struct dip_entry *changed = entry_of(dip, "A01.0");
    cr_expect(changed->score == 5125000 && changed->level_means[1] == 41000000 &&
              changed->level_means[0] == 48000000);
    cr_expect_eq(entry_of(dip, "A02.0")->part, 1);
    for (size_t i = 0; i < dip->entry_count; i++) {
        cr_expect(strcmp(dip->entries[i].code, "B-A09") != 0);
    }
    cr_expect(index_of(dip, "age") == NULL && index_of(dip, "icu") != NULL && index_of(dip, "long_stay") == NULL);
    cr_expect_eq(dip->pick, IMAGE_DIP_PICK_PRODUCT);
    arena_free(loaded.arena);
}

Test(dip_read, entries_by_category) {
    struct loaded_scheme loaded = small("city.yaml");
    const struct scheme *scheme = loaded.scheme;
    const struct dip *dip = scheme->dip;
    cr_expect_str_eq(entry_of(dip, "G-A15")->name, "A15 保底");
    expect_key(scheme, entry_of(dip, "G-A15")->keys, "A15.000", "A15.000x010", 0);
    cr_expect_eq(entry_of(dip, "I20:相关手术")->score, 30000000, "its own entry, not that of I2 or I");
    cr_expect_eq(entry_of(dip, "I21:相关手术")->score, 28000000, "that of I2");
    cr_expect_eq(entry_of(dip, "I50:相关手术")->score, 25000000, "that of I");
    cr_expect(!entry_of(dip, "G-ALL:Z51")->keys[0].all && entry_of(dip, "BLANK")->keys[0].all);
    arena_free(loaded.arena);
}

/* ---- parts ---- */

static struct csv_rows rows_of(struct sources *sources, const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
    struct csv_rows rows;
    csv_rows_start(&rows, sources->arena, source_read(sources, name, (struct place){name, 0, 0}));
    return rows;
}

Test(dip_read, csv_rows) {
    struct arena *arena = arena_new();
    struct sources sources = {.arena = arena, .report = report_new(arena)};
    struct csv_rows rows =
        rows_of(&sources, "dip-rows.csv",
                "\xEF\xBB\xBF\xE7\xA0\x81,b\r\n\r\n\"x \"\"y\"\", z\",\r\n\"two\nlines\",3\n,\n\"open,\n");
    cr_assert_eq(csv_rows_next(&rows), CSV_ROW);
    cr_expect(rows.count == 2 && strcmp(rows.fields[0].text, "\xE7\xA0\x81") == 0 &&
              rows.fields[1].place.column == 3);
    cr_assert_eq(csv_rows_next(&rows), CSV_ROW);
    cr_expect(rows.count == 2 && strcmp(rows.fields[0].text, "x \"y\", z") == 0 && rows.fields[1].length == 0);
    cr_expect(rows.fields[0].place.line == 3 && rows.fields[1].place.column == 14);
    cr_assert_eq(csv_rows_next(&rows), CSV_ROW);
    cr_expect(strcmp(rows.fields[0].text, "two\nlines") == 0 && rows.fields[1].place.line == 5);
    cr_assert_eq(csv_rows_next(&rows), CSV_ROW);
    cr_expect(rows.count == 2 && rows.fields[0].length == 0 && rows.fields[1].length == 0);
    cr_expect_eq(csv_rows_next(&rows), CSV_OPEN_QUOTE);
    cr_expect_eq(rows.fields[rows.count - 1].place.line, 7);
    cr_expect_eq(csv_rows_next(&rows), CSV_END);
    remove("dip-rows.csv");
    arena_free(arena);
}

Test(dip_read, text_map) {
    struct arena *arena = arena_new();
    struct text_map map;
    bool added;
    text_map_start(&map, arena);
    for (uint32_t i = 0; i < 5000; i++) {
        const char *text = arena_format(arena, "%u", i % 2500);
        uint32_t *number = text_map_put(&map, text, strlen(text), i, &added);
        cr_assert(added == (i < 2500) && *number == i % 2500);
    }
    cr_expect(text_map_get(&map, "2500", 4) == NULL && *text_map_get(&map, "17x", 2) == 17);
    arena_free(arena);
}

/* ---- size ---- */

static const struct catalogue *national(struct sources *sources, const char *file, enum code_kind kind) {
    const char *path = path_under("CASEMIX_RULES", file);
    const struct catalogue *catalogue = catalogue_load(sources, path, (struct place){path, 0, 0}, kind, "");
    cr_assert(catalogue);
    return catalogue;
}

static void write_large(struct sources *sources, unsigned rows) {
    const struct catalogue *diagnoses = national(sources, "codes/icd10-nhsa-2.0.tsv", CODE_DIAGNOSIS);
    const struct catalogue *procedures = national(sources, "codes/icd9cm3-nhsa-2.0.tsv", CODE_PROCEDURE);
    mkdir("dip-large", 0777);
    FILE *file = fopen("dip-large/scheme.yaml", "w");
    cr_assert(file);
    fprintf(
        file,
        "scheme: large\nkind: dip\ntitle: Large\nsource: made up\ndate: 2026-11-27\ncodes:\n"
        "  diagnoses: %s\n  procedures: %s\n"
        "parts: [core]\nkinds: [{kind: none}, {kind: some, procedures: '*'}]\nexpressions: {procedures: branch}\n"
        "catalogue: [{file: core.csv, part: core}]\n"
        "search: [{step: one, parts: [core], choose: [plus, matched, cost]}]\n",
        path_under("CASEMIX_RULES", "codes/icd10-nhsa-2.0.tsv"),
        path_under("CASEMIX_RULES", "codes/icd9cm3-nhsa-2.0.tsv"));
    fclose(file);
    file = fopen("dip-large/core.csv", "w");
    cr_assert(file);
    fprintf(file, "code,name,diagnoses,operations,when,score,mean_cost\n");
    for (unsigned i = 0; i < rows; i++) {
        const char *when = i % 3 == 0 ? "NL >= 65" : i % 3 == 1 ? "QTZD in {E11*}" : "";
        fprintf(file, "E%u,\"entry, %u\",%s,%.5s/%s+%s,%s,%u.5,%u.25\n", i, i, diagnoses->codes[i].text,
                procedures->codes[i * 3 % procedures->count].text,
                procedures->codes[i * 7 % procedures->count].text, procedures->codes[i % procedures->count].text,
                when, i, i);
    }
    fclose(file);
}

/* Twenty thousand rows on the national code catalogues. */
Test(dip_read, a_large_catalogue_is_read_at_once, .timeout = 60) {
    enum { ROWS = 20000 };
    static const char path[] = "dip-large/scheme.yaml";
    struct arena *arena = arena_new();
    struct sources sources = {.arena = arena, .report = report_new(arena)};
    write_large(&sources, ROWS);
    clock_t start = clock();
    const struct scheme *scheme = scheme_read(&sources, path, (struct place){path, 0, 0});
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    report_print(sources.report, stderr);
    cr_assert(scheme != NULL);
    cr_expect_eq(scheme->dip->entry_count, ROWS);
    fprintf(stderr, "%u rows read in %.3f s\n", (unsigned)ROWS, seconds);
    cr_expect(seconds < 10, "it took %.1f s", seconds); /* with sanitizers, on a busy machine */
    arena_free(arena);
}
