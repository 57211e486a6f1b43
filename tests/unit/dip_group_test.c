/* SPDX-License-Identifier: Apache-2.0
 *
 * The DIP part of casemix.h on the scheme of tests/rules/dip-small: what each case must come out as was worked out
 * by hand from its rows and rules. */
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A case as "age=60 dx=I20.000 proc=36.0700", and its entry. */
struct expected {
    const char *facts;
    const char *entry, *part, *kind, *step, *rule;
    int64_t score, mean_cost, factor; /* as in casemix_dip */
};

#define NONE (-1)
#define ONE  1000000

static const struct expected table[] = {
    /* one of the procedures; the mean cost is that of the hospital's level, or the entry's */
    {"age=60 dx=I20.000 proc=36.0700 hospital_level=三级", "I20", "core", "相关手术", "operations", "", 31000000,
     330000000, ONE},
    {"age=60 dx=I20.000 proc=36.0700 hospital_level=3", "I20", "core", "相关手术", "operations", "", 31000000,
     330000000, ONE},
    {"age=60 dx=I20.100 proc=36.0600 hospital_level=二级", "I20", "core", "相关手术", "operations", "", 31000000,
     310000000, ONE},
    {"age=60 dx=I20.100 proc=36.0600 hospital_level=四级", "I20", "core", "相关手术", "operations", "", 31000000,
     310000000, ONE},
    /* two parts beat one, whatever the order of the procedures; an extension is taken by the shorter code */
    {"age=60 dx=I20.100 proc=36.0600|37.9400x001", "I20+", "core", "相关手术", "operations", "plus", 91005000,
     910050000, ONE},
    {"age=60 dx=I20.100 proc=37.9400|36.0600", "I20+", "core", "相关手术", "operations", "plus", 91005000,
     910050000, ONE},
    {"age=60 dx=A40.900 proc=34.0401|86.2201", "BX-26r", "core", "相关手术", "operations", "plus", 30000000,
     300000000, ONE},
    {"age=60 dx=A40.900 proc=34.0401|34.0401", "BX-26", "core", "治疗性操作", "operations", "", 26000000, 260000000,
     ONE},
    /* the code in full beats the shorter one; costs that are equally near leave it to the order */
    {"age=60 dx=N18.000 proc=39.9500x007", "N18:39x7", "core", "治疗性操作", "operations", "exact", 8800000,
     88000000, ONE},
    {"age=60 dx=K35.900 proc=47.0100 cost=10750", "K35.9:47.0", "core", "相关手术", "operations", "order", 10000000,
     100000000, ONE},
    {"age=60 dx=K35.900 proc=47.0100 cost=10750.01", "K35.9:47.01", "core", "相关手术", "operations", "cost",
     11500000, 115000000, ONE},
    {"age=60 dx=K35.900 proc=47.0100 cost=10750.01 hospital_level=一级", "K35.9:47.01", "core", "相关手术",
     "operations", "cost", 11500000, 115000000, ONE},
    {"age=60 dx=K35.900 proc=47.0100 cost=9000 hospital_level=一级", "K35.9:47.0", "core", "相关手术", "operations",
     "cost", 10000000, 70000000, ONE},
    /* no procedure that counts */
    {"age=60 dx=A01.000 proc=00.2900x001|99.1500", "A01.0", "core", "保守治疗", "conservative", "", 4102500,
     41025000, ONE},
    {"age=60 dx=J18.900", "J18", "core", "保守治疗", "conservative", "", 3800000, 38000000, ONE},
    {"age=60 dx=J18.901", "B-J18", "basic", "保守治疗", "conservative", "key", 3600000, 36000000, ONE},
    /* auxiliary catalogues: an entry's own factor, the highest, a class without factor */
    {"age=70 dx=A01.000", "A01.0", "core", "保守治疗", "conservative", "", 4102500, 41025000, 1120000},
    {"age=70 dx=A01.100", "A01.1", "core", "保守治疗", "conservative", "", 3950000, 39500000, ONE},
    {"age=70 dx=A01.000|I21.900|G81.900|K72.000", "A01.0", "core", "保守治疗", "conservative", "", 4102500,
     41025000, 1600000},
    {"age=70 dx=A01.000|I21.900|I50.900|I21.900", "A01.0", "core", "保守治疗", "conservative", "", 4102500,
     41025000, 1120000},
    {"age=70 dx=A01.100|I21.900|G81.900", "A01.1", "core", "保守治疗", "conservative", "", 3950000, 39500000,
     1250000},
    {"age=3 dx=A01.100 discharge=5", "A01.1", "core", "保守治疗", "conservative", "", 3950000, 39500000, 1300000},
    /* a newborn by its weight, at both sides of the bounds */
    {"age=0 age_days=28 weight=999 dx=P07.000", "P07-16", "core", "保守治疗", "newborn", "conditions", 60000000,
     600000000, 1100000},
    {"age=0 age_days=28 weight=1000 dx=P07.000", "P07-17", "core", "保守治疗", "newborn", "conditions", 50000000,
     500000000, 1100000},
    {"age=0 age_days=28 weight=1500 dx=P07.000", "P07-19", "core", "保守治疗", "newborn", "", 9000000, 90000000,
     1100000},
    {"age=0 age_days=29 weight=2500 dx=P07.000", "P07-19", "core", "保守治疗", "conservative", "", 9000000,
     90000000, ONE},
    /* other diagnoses as conditions */
    {"age=60 dx=Z51.101|C34.901 proc=99.2503", "FZ-1770", "core", "治疗性操作", "operations", "", 8000000, 80000000,
     ONE},
    {"age=60 dx=A15.000|U84.300", "FZ-1840", "core", "保守治疗", "conservative", "conditions", 15000000, 150000000,
     ONE},
    {"age=60 dx=A15.000", "FZ-1841", "core", "保守治疗", "conservative", "", 6000000, 60000000, ONE},
    /* fall-backs; no auxiliary catalogue there */
    {"age=70 dx=A09.900 proc=79.3500", "A00-A09:相关手术", "comprehensive", "相关手术", "surgery", "order", 8000000,
     80000000, ONE},
    {"age=70 dx=S72.000", "G-ALL", "guarantee", "保守治疗", "guarantee", "", 600000, 7000000, ONE},
};

struct bench {
    casemix_image *image;
    casemix_context *context;
    casemix_case *one;
    char text[2000];
};

static struct bench start(void) {
    struct bench bench = {.image = open_image("dip-small.cmx"), .one = casemix_case_new()};
    bench.context = new_context(bench.image, NULL, NULL);
    return bench;
}

static void stop(struct bench *bench) {
    casemix_case_free(bench->one);
    casemix_context_free(bench->context);
    casemix_image_close(bench->image);
}

static bool is(casemix_text text, const char *expected) {
    return text.length == strlen(expected) && memcmp(text.text, expected, text.length) == 0;
}

static casemix_grouping group(struct bench *bench, const char *facts) {
    casemix_grouping out;
    char *rest = bench->text;
    snprintf(bench->text, sizeof bench->text, "%s", facts);
    casemix_case_clear(bench->one);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        int fact = casemix_fact(word);
        cr_assert(fact >= 0, "no fact %s", word);
        casemix_case_set(bench->one, fact, value, strlen(value));
    }
    cr_assert_eq(casemix_group(bench->context, bench->one, &out), CASEMIX_OK);
    return out;
}

Test(dip_group, entries) {
    struct bench bench = start();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct expected *e = &table[i];
        casemix_dip dip;
        casemix_grouping g = group(&bench, e->facts);
        cr_assert(casemix_dip_of(bench.context, &dip) == CASEMIX_OK, "%s: %s", e->facts,
                  casemix_reason_text(g.reason));
        cr_expect(g.status == CASEMIX_GROUPED && is(g.drg, e->entry) && is(g.mdc, e->part) && g.adrg.length == 0 &&
                      is(g.scheme, "dip-small"),
                  "%s: %.*s", e->facts, (int)g.drg.length, g.drg.text);
        cr_expect(is(dip.entry, e->entry) && is(dip.part, e->part) && is(dip.kind, e->kind) &&
                      is(dip.step, e->step) && strcmp(dip.rule, e->rule) == 0,
                  "%s: %s of %s, %s in %s by %s", e->facts, dip.entry.text, dip.part.text, dip.kind.text,
                  dip.step.text, dip.rule);
        cr_expect(dip.score == e->score && dip.mean_cost == e->mean_cost && dip.factor == e->factor,
                  "%s: score %lld, mean cost %lld, factor %lld", e->facts, (long long)dip.score,
                  (long long)dip.mean_cost, (long long)dip.factor);
    }
    stop(&bench);
}

Test(dip_group, cases_in_no_entry) {
    static const struct {
        const char *facts;
        casemix_status status;
        casemix_reason reason;
    } cases[] = {
        {"age=60 dx=Z51.100 proc=99.2503", CASEMIX_UNGROUPED, CASEMIX_REASON_EXCLUDED_PRINCIPAL},
        {"age=60 dx=X99.999 proc=99.2503", CASEMIX_UNGROUPED, CASEMIX_REASON_UNKNOWN_PRINCIPAL},
        {"age=60 dx=|A01.000", CASEMIX_UNGROUPED, CASEMIX_REASON_NO_PRINCIPAL},
        {"age=60", CASEMIX_UNGROUPED, CASEMIX_REASON_NO_PRINCIPAL},
        {"age=60 dx=D50.900", CASEMIX_UNGROUPED, CASEMIX_REASON_GRAY_PRINCIPAL},
        {"age=60 dx=S72.000 proc=88.5500 cost=x", CASEMIX_INVALID, CASEMIX_REASON_BAD_FACT},
        {"dx=A01.000", CASEMIX_NEEDS_DATA, CASEMIX_REASON_MISSING_FACT},
    };
    struct bench bench = start();
    casemix_dip dip;
    casemix_dip_index index;
    cr_expect_eq(casemix_dip_of(bench.context, &dip), CASEMIX_BAD_ARGUMENT, "nothing was grouped yet");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        group(&bench, "age=70 dx=A01.000"); /* whose answer must be gone */
        casemix_grouping g = group(&bench, cases[i].facts);
        cr_expect(g.status == cases[i].status && g.reason == cases[i].reason, "%s: %s", cases[i].facts,
                  casemix_reason_text(g.reason));
        cr_expect_eq(casemix_dip_of(bench.context, &dip), CASEMIX_BAD_ARGUMENT);
        cr_expect_eq(casemix_dip_index_count(bench.context), 0u);
        cr_expect_eq(casemix_dip_index_at(bench.context, 0, &index), CASEMIX_BAD_ARGUMENT);
        cr_expect_eq(casemix_dip_procedure_count(bench.context), 0u);
    }
    stop(&bench);
}

Test(dip_group, drg_schemes_have_no_entries) {
    casemix_image *image = open_image("small.cmx");
    casemix_context *context = new_context(image, NULL, NULL);
    casemix_case *one = casemix_case_new();
    casemix_grouping g;
    casemix_dip dip;
    casemix_text code;
    casemix_case_set(one, casemix_fact("dx"), "I63.900", 7);
    casemix_case_set(one, casemix_fact("age"), "63", 2);
    casemix_case_set(one, casemix_fact("gender"), "1", 1);
    cr_assert_eq(casemix_group(context, one, &g), CASEMIX_OK);
    cr_expect_eq(g.status, CASEMIX_GROUPED);
    cr_expect_eq(casemix_dip_of(context, &dip), CASEMIX_BAD_ARGUMENT);
    cr_expect_eq(casemix_dip_diagnosis(context, &code), CASEMIX_BAD_ARGUMENT);
    cr_expect(casemix_scheme_kind_at(image, 0) == CASEMIX_SCHEME_DRG && casemix_scheme_kind_at(image, 1) == -1);
    cr_expect_eq(casemix_scheme_is_demonstration(image, 0), 0);
    casemix_case_free(one);
    casemix_context_free(context);
    casemix_image_close(image);
}

Test(dip_group, scheme_says_what_it_is) {
    struct bench bench = start();
    casemix_scheme_info info;
    cr_expect_eq(casemix_scheme_kind_at(bench.image, 0), CASEMIX_SCHEME_DIP);
    cr_expect_eq(casemix_scheme_is_demonstration(bench.image, 0), 1);
    cr_assert_eq(casemix_scheme_at(bench.image, 0, &info), CASEMIX_OK);
    cr_expect(info.mdcs == 4 && info.adrgs == 0 && info.drgs > 40);
    stop(&bench);
}

/* ---- procedures ------------------------------------------------------------------------------------------- */

static void expect_procedures(const struct bench *bench, const char *expected) {
    char got[2000] = "";
    uint32_t count = casemix_dip_procedure_count(bench->context);
    for (uint32_t i = 0; i < count; i++) {
        casemix_text code, kind;
        cr_assert_eq(casemix_dip_procedure_at(bench->context, i, &code, &kind), CASEMIX_OK);
        cr_expect_eq(code.length == 0, kind.length == 0);
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%.*s", i ? "|" : "", (int)code.length, code.text);
    }
    cr_expect_str_eq(got, expected);
}

static void expect_findings(const struct bench *bench, const char *expected) {
    char got[2000] = "";
    casemix_finding f;
    for (uint32_t i = 0; casemix_finding_at(bench->context, i, &f) == CASEMIX_OK; i++) {
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s %u %.*s %.*s", i ? "; " : "", casemix_finding_text(f.code),
                 f.place, (int)f.given.length, f.given.text, (int)f.replaced_by.length, f.replaced_by.text);
    }
    cr_expect_str_eq(got, expected);
}

Test(dip_group, procedures_that_count) {
    struct bench bench = start();
    group(&bench, "age=60 dx=N18.000 proc=38.9500|99.1500|39.9500|38.9500|88.5500");
    expect_procedures(&bench, "39.9500|38.9500|88.5500");
    expect_findings(&bench, "procedure-excluded 1 99.1500 ; procedure-not-principal 0 38.9500 39.9500");
    group(&bench, "age=60 dx=N18.000 proc=|99.99xx||00.2900x001|39.9500");
    expect_procedures(&bench, "39.9500");
    group(&bench, "age=60 dx=N18.000 proc=38.9500|00.3101");
    expect_procedures(&bench, "|38.9500|00.3101");
    expect_findings(&bench, "procedure-not-principal 0 38.9500 ; procedure-not-principal 1 00.3101 ");
    group(&bench, "age=60 dx=A01.000 proc=44.1300x001|33.2402");
    expect_procedures(&bench, "33.2402|44.1300x001");
    group(&bench, "age=60 dx=A09.900 proc=44.1300x001|33.2402");
    expect_procedures(&bench, "44.1300x001|33.2402");
    expect_findings(&bench, "");
    stop(&bench);
}

Test(dip_group, no_cost_to_compare) {
    struct bench bench = start();
    casemix_dip dip;
    group(&bench, "age=60 dx=K35.900 proc=47.0100");
    cr_assert_eq(casemix_dip_of(bench.context, &dip), CASEMIX_OK);
    cr_expect_str_eq(dip.rule, "order");
    expect_findings(&bench, "no-cost-to-compare 0  ");
    group(&bench, "age=60 dx=K35.900 proc=47.0900"); /* one entry: nothing to tell apart */
    expect_findings(&bench, "");
    stop(&bench);
}

/* More procedures than a word has bits; the one that matters stands last. */
Test(dip_group, many_procedures) {
    struct bench bench = start();
    static const char *const codes[] = {"33.2402", "34.0401", "38.9500", "39.9500", "54.9800", "78.5500"};
    char facts[1900] = "age=60 dx=I20.000 proc=36.0700";
    casemix_dip dip;
    for (size_t i = 0; strlen(facts) < 1800; i++) {
        snprintf(facts + strlen(facts), sizeof facts - strlen(facts), "|%s", codes[i % 6]);
    }
    snprintf(facts + strlen(facts), sizeof facts - strlen(facts), "|37.9400");
    group(&bench, facts);
    cr_assert_eq(casemix_dip_of(bench.context, &dip), CASEMIX_OK);
    cr_expect(is(dip.entry, "I20+"), "%s", dip.entry.text);
    cr_expect_eq(casemix_dip_procedure_count(bench.context), 8u);
    stop(&bench);
}

/* ---- auxiliary catalogues and supervision ----------------------------------------------------------------- */

Test(dip_group, classes_that_hold) {
    struct bench bench = start();
    casemix_dip_index one;
    char got[1000] = "";
    group(&bench, "age=70 los=26 cost=1230.75 readmitted_days=31 readmitted_same=0 dx=A01.000|I21.900");
    for (uint32_t i = 0; casemix_dip_index_at(bench.context, i, &one) == CASEMIX_OK; i++) {
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s:%s %d %d %lld; ", one.index.text, one.class_name.text,
                 one.supervision, one.counts, (long long)one.number);
    }
    /* 1230.75 / 4102.5 is 0.3, which is not below 0.3 but below 0.5; 26 days are more than 3 x 8.5 */
    cr_expect_str_eq(got, "age:65岁以上 0 1 1120000; cci:一般 0 0 1083200; low_standard:低于50% 1 0 500000; "
                          "long_stay:超过3倍 1 0 1000000; readmission:不同诊断 1 0 500000; ");
    stop(&bench);
}

/* ---- explanation ------------------------------------------------------------------------------------------ */

struct seen {
    unsigned counts[CASEMIX_TRACE_INDEX + 1];
    unsigned winners, answering;
    char answer[64];
};

static void see(void *user, const casemix_trace *event) {
    struct seen *seen = user;
    cr_assert(event->kind >= 0 && event->kind <= CASEMIX_TRACE_INDEX);
    cr_assert(event->code.text && event->name.text && event->rule.text && event->file.text && event->detail.text);
    seen->counts[event->kind]++;
    seen->answering += event->kind == CASEMIX_TRACE_SEARCH && event->met;
    if (event->kind == CASEMIX_TRACE_ENTRY && event->met) {
        seen->winners += memmem(event->detail.text, event->detail.length, "loses", 5) == NULL;
        cr_expect(event->rule.length > 0 && event->line > 0);
    }
    if (event->kind == CASEMIX_TRACE_ANSWER) {
        snprintf(seen->answer, sizeof seen->answer, "%.*s", (int)event->code.length, event->code.text);
    }
}

Test(dip_group, explain_gives_the_same_answers) {
    struct bench bench = start();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct seen seen = {0};
        casemix_grouping got;
        casemix_dip dip;
        group(&bench, table[i].facts);
        uint32_t procedures = casemix_dip_procedure_count(bench.context);
        cr_assert_eq(casemix_explain(bench.context, bench.one, see, &seen, &got), CASEMIX_OK);
        cr_assert_eq(casemix_dip_of(bench.context, &dip), CASEMIX_OK);
        cr_expect(is(got.drg, table[i].entry) && strcmp(seen.answer, table[i].entry) == 0, "%s: %s", table[i].facts,
                  seen.answer);
        cr_expect(seen.counts[CASEMIX_TRACE_ANSWER] == 1 && seen.answering == 1 && seen.winners == 1,
                  "%s: %u winners", table[i].facts, seen.winners);
        cr_expect(seen.counts[CASEMIX_TRACE_PROCEDURE] >= procedures && seen.counts[CASEMIX_TRACE_FACT] > 0);
        cr_expect(casemix_dip_procedure_count(bench.context) == procedures && dip.factor == table[i].factor);
    }
    stop(&bench);
}
