/* SPDX-License-Identifier: Apache-2.0
 *
 * The grouping part of casemix.h, on the small scheme of tests/rules/small. */
#include "../support/support.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A case as "gender=1 age=63 dx=I63.900|I10.x00x002", and what must come out. */
struct expected {
    const char *facts;
    casemix_status status;
    casemix_reason reason;
    casemix_severity severity;
    const char *mdc, *adrg, *drg;
    const char *fact; /* column of the fact that the reason speaks of */
};

#define GROUPED(mdc, adrg, drg, severity) CASEMIX_GROUPED, CASEMIX_REASON_NONE, severity, mdc, adrg, drg, NULL
#define BARE(mdc, adrg)                   CASEMIX_GROUPED, CASEMIX_REASON_ADRG_ONLY, CASEMIX_NO_CC, mdc, adrg, "", NULL
#define AMBIGUOUS(mdc, drg)               CASEMIX_QY, CASEMIX_REASON_QY, CASEMIX_NO_CC, mdc, "", drg, NULL
#define NOT_GROUPED(reason, mdc)          CASEMIX_UNGROUPED, CASEMIX_REASON_##reason, CASEMIX_NO_CC, mdc, "", "", NULL
#define BAD(fact)                         CASEMIX_INVALID, CASEMIX_REASON_BAD_FACT, CASEMIX_NO_CC, "", "", "", fact
#define MISSING(fact)                     CASEMIX_NEEDS_DATA, CASEMIX_REASON_MISSING_FACT, CASEMIX_NO_CC, "", "", "", fact
#define NONE                              CASEMIX_NO_CC
#define CC                                CASEMIX_CC
#define MCC                               CASEMIX_MCC

static const struct expected table[] = {
    /* plain answers, severity and exclusion */
    {"gender=1 age=63 dx=I63.900", GROUPED("MDCB", "BR2", "BR25", NONE)},
    {"gender=1 age=63 dx=I63.900|E87.600", GROUPED("MDCB", "BR2", "BR23", CC)},
    {"gender=1 age=63 dx=I63.900|E87.600|N17.900", GROUPED("MDCB", "BR2", "BR21", MCC)},
    {"gender=1 age=63 dx=J15.900|J96.000", GROUPED("MDCE", "ES1", "ES15", NONE)},
    {"gender=1 age=63 dx=J15.900|J96.000|A41.900", GROUPED("MDCE", "ES1", "ES13", CC)},
    {"gender=1 age=63 dx=J15.900|I21.900", GROUPED("MDCE", "ES1", "ES11", MCC)},
    {"gender=1 age=63 dx=I63.900|I63.900|I63.900", GROUPED("MDCB", "BR2", "BR25", NONE)},
    /* a long code, a code the scheme added */
    {"gender=1 age=63 dx=A01.000x005+J17.0*", GROUPED("MDCE", "ES1", "ES15", NONE)},
    {"gender=1 age=63 dx=K71.100", GROUPED("MDCG", "GZ1", "GZ15", NONE)},
    /* procedures at either place; different codes counted once */
    {"gender=2 age=50 dx=K80.200 proc=51.2300", GROUPED("MDCG", "GC1", "GC15", NONE)},
    {"gender=2 age=50 dx=K80.200 proc=99.2500|51.2300", GROUPED("MDCG", "GC1", "GC15", NONE)},
    {"gender=2 age=50 dx=K80.200 proc=81.5400", AMBIGUOUS("MDCG", "GQY")},
    {"gender=2 age=50 dx=K80.200 proc=99.2500", GROUPED("MDCG", "GZ1", "GZ15", NONE)},
    {"gender=1 age=40 dx=S06.500|S27.000 proc=34.0400|34.0400", GROUPED("MDCZ", "ZC1", "ZC19", NONE)},
    {"gender=1 age=40 dx=S06.500|S27.000 proc=34.0400|46.7900", GROUPED("MDCZ", "ZB1", "ZB15", NONE)},
    {"gender=1 age=40 dx=S06.500|S27.000", GROUPED("MDCZ", "ZZ1", "ZZ15", NONE)},
    {"gender=1 age=40 dx=S06.500|S27.000 multiple_sites=1", GROUPED("MDCZ", "ZC1", "ZC19", NONE)},
    {"gender=1 age=40 dx=S06.500|S27.000 multiple_sites=1 day_surgery=1", GROUPED("MDCZ", "ZZ1", "ZZ15", NONE)},
    {"gender=1 age=40 dx=S06.500", GROUPED("MDCB", "BR2", "BR25", NONE)},
    /* ages at both sides of a border; the next step when no DRG fits */
    {"gender=1 age=16 dx=I60.000 proc=01.2400", GROUPED("MDCB", "BB1", "BB13", NONE)},
    {"gender=1 age=17 dx=I60.000|N17.900 proc=01.2400", GROUPED("MDCB", "BB1", "BB11", MCC)},
    {"gender=1 age=17 los=2 dx=I60.000 proc=01.2400", GROUPED("MDCB", "BB1", "BB15", NONE)},
    {"gender=1 age=17 los=1 dx=I60.000 proc=01.2400", GROUPED("MDCB", "BR1", "BR15", NONE)},
    {"gender=1 age=17 dx=I60.000 proc=01.2400", GROUPED("MDCB", "BR1", "BR15", NONE)},
    {"gender=1 age=17 dx=I61.000 proc=47.0900|01.2400", GROUPED("MDCB", "BB1", "BB14", NONE)},
    /* other facts: hours, department, discharge, flags, cost */
    {"gender=1 age=70 dx=R50.900 ventilator_hours=96", BARE("MDCA", "AB1")},
    {"gender=1 age=70 dx=R50.900 ventilator_hours=95", NOT_GROUPED(PRINCIPAL_IN_NO_MDC, "")},
    {"gender=1 age=70 dx=R50.900 ventilator_hours=96 dept=ICU icu_hours=49", GROUPED("MDCA", "AB1", "AB11", NONE)},
    {"gender=1 age=70 dx=R50.900 ventilator_hours=96 dept=ICU icu_hours=48 discharge=5",
     GROUPED("MDCA", "AB1", "AB13", NONE)},
    {"gender=1 age=0 age_days=90 weight=3000 dx=R50.900 proc=96.7201", GROUPED("MDCA", "AB1", "AB15", NONE)},
    {"gender=1 age=70 dx=I63.900 new_technique=1 cost=50000.50", GROUPED("MDCA", "AC1", "AC19", NONE)},
    {"gender=1 age=70 dx=I63.900 new_technique=1 cost=50000.49", GROUPED("MDCB", "BR2", "BR25", NONE)},
    {"gender=1 age=70 dx=I63.900 new_technique=1", GROUPED("MDCB", "BR2", "BR25", NONE)},
    /* newborns: what a case cannot do without */
    {"gender=1 age=0 age_days=28 weight=1499 dx=P07.000", GROUPED("MDCP", "PS1", "PS15", NONE)},
    {"gender=1 age=0 age_days=28 weight=1500 dx=P07.000", GROUPED("MDCP", "PS2", "PS25", NONE)},
    {"gender=1 age=0 age_days=29 dx=P07.000", GROUPED("MDCP", "PV1", "PV19", NONE)},
    {"gender=1 age=0 age_days=28 dx=P07.000", MISSING("weight")},
    {"gender=1 age=0 dx=P07.000", MISSING("age_days")},
    {"gender=1 dx=I63.900", MISSING("age")},
    {"age=63 dx=I63.900", MISSING("gender")},
    /* what is not a fact */
    {"gender=1 age=abc dx=I63.900", BAD("age")},
    {"gender=1 age=-1 dx=I63.900", BAD("age")},
    {"gender=1 age=1.5 dx=I63.900", BAD("age")},
    {"gender=1 age=2147483648 dx=I63.900", BAD("age")},
    {"gender=3 age=63 dx=I63.900", BAD("gender")},
    /* not grouped */
    {"gender=1 age=63", NOT_GROUPED(NO_PRINCIPAL, "")},
    {"gender=1 age=63 dx=|I63.900", NOT_GROUPED(NO_PRINCIPAL, "")},
    {"gender=1 age=63 dx=I64.999", NOT_GROUPED(UNKNOWN_PRINCIPAL, "")},
    {"gender=1 age=63 dx=Z99.900", NOT_GROUPED(PRINCIPAL_IN_NO_MDC, "")},
    {"gender=2 age=63 dx=N40.x00", NOT_GROUPED(NO_GROUP_IN_MDC, "MDCX")},
    /* sloppy typing */
    {"gender=男 age=63 dx=i63.900", GROUPED("MDCB", "BR2", "BR25", NONE)},
    {"gender=１ age=６３ dx=I63900", GROUPED("MDCB", "BR2", "BR25", NONE)},
    {"gender=1 age=63 dx=Ｉ６３．９００", GROUPED("MDCB", "BR2", "BR25", NONE)},
    {"gender=1 age=63 dx=A01.000X005†J17.0*", GROUPED("MDCE", "ES1", "ES15", NONE)},
    {"gender=1 age=63 dx=I10.X00X002", NOT_GROUPED(NO_GROUP_IN_MDC, "MDCX")},
};

struct bench {
    casemix_image *image;
    casemix_context *context;
    casemix_case *one;
};

static struct bench bench;

static void set_up(void) {
    bench.image = open_image("small.cmx");
    bench.context = new_context(bench.image, NULL, NULL);
    bench.one = casemix_case_new();
    cr_assert(bench.one);
}

static void tear_down(void) {
    casemix_case_free(bench.one);
    casemix_context_free(bench.context);
    casemix_image_close(bench.image);
}

TestSuite(group, .init = set_up, .fini = tear_down, .timeout = 120);

/* "age=63 dx=I63.900" into a case; the text stays the caller's. */
static void fill(casemix_case *one, const char *facts) {
    casemix_case_clear(one);
    while (*facts) {
        size_t length = strcspn(facts, " "), name = strcspn(facts, "=");
        char column[40];
        snprintf(column, sizeof column, "%.*s", (int)name, facts);
        int fact = casemix_fact(column);
        cr_assert(fact >= 0, "%s", column);
        casemix_case_set(one, fact, facts + name + 1, length - name - 1);
        facts += length + (facts[length] == ' ');
    }
}

static casemix_grouping group(const char *facts) {
    casemix_grouping got;
    fill(bench.one, facts);
    cr_assert(casemix_group(bench.context, bench.one, &got) == CASEMIX_OK, "%s", facts);
    return got;
}

static bool is(casemix_text text, const char *want) {
    return text.length == strlen(want) && memcmp(text.text, want, text.length) == 0;
}

static bool as_expected(const casemix_grouping *got, const struct expected *want) {
    bool stopped = want->status == CASEMIX_INVALID || want->status == CASEMIX_NEEDS_DATA;
    int fact = want->fact ? casemix_fact(want->fact) : -1;
    return got->status == want->status && got->reason == want->reason && got->fact == fact &&
           (stopped || got->severity == want->severity) && is(got->mdc, want->mdc) && is(got->adrg, want->adrg) &&
           is(got->drg, want->drg);
}

Test(group, answers) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        casemix_grouping got = group(table[i].facts);
        cr_expect(as_expected(&got, &table[i]), "%s: got %s %s fact %d severity %d \"%s\" \"%s\" \"%s\"",
                  table[i].facts, casemix_status_text(got.status), casemix_reason_text(got.reason), got.fact,
                  (int)got.severity, got.mdc.text, got.adrg.text, got.drg.text);
    }
}

static void count_events(void *user, const casemix_trace *event) {
    unsigned *counts = user;
    cr_assert(event->kind >= 0 && event->kind <= CASEMIX_TRACE_ANSWER);
    counts[event->kind]++;
}

Test(group, explain_gives_the_same_answers) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        casemix_grouping got;
        unsigned counts[CASEMIX_TRACE_ANSWER + 1] = {0};
        fill(bench.one, table[i].facts);
        cr_assert(casemix_explain(bench.context, bench.one, count_events, counts, &got) == CASEMIX_OK);
        cr_expect(as_expected(&got, &table[i]), "%s", table[i].facts);
        cr_expect(counts[CASEMIX_TRACE_ANSWER] == 1, "%s: %u answers", table[i].facts,
                  counts[CASEMIX_TRACE_ANSWER]);
    }
}

struct seen {
    bool answer, met_mdc, near_miss;
};

static void look(void *user, const casemix_trace *event) {
    struct seen *seen = user;
    seen->answer = seen->answer || (event->kind == CASEMIX_TRACE_ANSWER && is(event->code, "BR25"));
    seen->met_mdc = seen->met_mdc || (event->kind == CASEMIX_TRACE_MDC && event->met && is(event->code, "MDCB") &&
                                      is(event->rule, "ZYZD in DI_B") && event->line > 0);
    seen->near_miss = seen->near_miss || (event->near_miss && event->detail.length > 0);
}

Test(group, explain_tells_the_way) {
    casemix_grouping got;
    struct seen seen = {0};
    fill(bench.one, "gender=1 age=63 dx=I63.900");
    cr_assert(casemix_explain(bench.context, bench.one, look, &seen, &got) == CASEMIX_OK);
    cr_expect(seen.met_mdc, "the MDC that was entered, with its rule and line");
    cr_expect(seen.answer, "the answer");
}

Test(group, explain_tells_what_was_missed) {
    casemix_grouping got;
    struct seen seen = {0};
    fill(bench.one, "gender=1 age=17 los=1 dx=I60.000 proc=01.2400");
    cr_assert(casemix_explain(bench.context, bench.one, look, &seen, &got) == CASEMIX_OK);
    cr_expect(seen.near_miss, "a group missed by one condition");
}

/* The codes of the findings of a case, in order, as a text of digits. */
static const char *findings_of(const char *facts) {
    static char codes[CASEMIX_FINDINGS_MAX + 1];
    group(facts);
    uint32_t count = casemix_finding_count(bench.context);
    cr_assert(count <= CASEMIX_FINDINGS_MAX);
    for (uint32_t n = 0; n < count; n++) {
        casemix_finding finding;
        cr_assert(casemix_finding_at(bench.context, n, &finding) == CASEMIX_OK);
        codes[n] = (char)('0' + finding.code);
    }
    codes[count] = '\0';
    return codes;
}

Test(group, findings) {
    static const struct {
        const char *facts, *codes;
    } rows[] = {
        {"gender=1 age=63 dx=I63.900|I10.x00x002 proc=47.0100", ""},
        {"gender=1 age=63 dx=i63.900", "1"},
        {"gender=1 age=63 dx=I63.900|XYZ", "2"},
        {"gender=1 age=63 dx=I63.900||I10.x00x002", "3"},
        {"gender=女 age=63 dx=I63.900", "4"},
        {"gender=1 age=63 icu_hours=many dx=I63.900 patient_paid=1.234567", "5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *codes = findings_of(rows[i].facts);
        bool optional =
            strchr(rows[i].codes, '5') != NULL; /* icu_hours is used by the scheme: then it is invalid */
        cr_expect(optional || strcmp(codes, rows[i].codes) == 0, "%s: findings \"%s\"", rows[i].facts, codes);
    }
}

Test(group, finding_says_what_was_read) {
    casemix_finding finding;
    group("gender=1 age=63 dx=I63.900|i10x00X002");
    cr_assert(casemix_finding_count(bench.context) == 1);
    cr_assert(casemix_finding_at(bench.context, 0, &finding) == CASEMIX_OK);
    cr_expect(finding.place == 1 && finding.fact == casemix_fact("dx"));
    cr_expect(is(finding.given, "i10x00X002"), "%.*s", (int)finding.given.length, finding.given.text);
    cr_expect(is(finding.replaced_by, "I10.x00x002"), "%.*s", (int)finding.replaced_by.length,
              finding.replaced_by.text);
    cr_expect(casemix_finding_at(bench.context, 1, &finding) == CASEMIX_BAD_ARGUMENT);
}

Test(group, many_findings_are_counted) {
    char facts[4000] = "gender=1 age=63 dx=I63.900";
    for (int i = 0; i < 100; i++) {
        strcat(facts, "|XYZ");
    }
    group(facts);
    cr_expect(casemix_finding_count(bench.context) >= CASEMIX_FINDINGS_MAX);
}

Test(group, compatibility) {
    casemix_grouping got = group("gender=1 age=63 dx=i63.900");
    cr_expect(got.status == CASEMIX_GROUPED);
    cr_assert(casemix_context_set(bench.context, CASEMIX_COMPATIBILITY, 1) == CASEMIX_OK);
    got = group("gender=1 age=63 dx=i63.900");
    cr_expect(got.status == CASEMIX_UNGROUPED, "codes are exact");
    got = group("gender=男 age=63 dx=N40.x00");
    cr_expect(got.status == CASEMIX_UNGROUPED, "neither male nor female");
    got = group("gender=1 age=-5 dx=I63.900");
    cr_expect(got.status == CASEMIX_GROUPED, "a negative number passes");
    got = group("gender=1 age=0 dx=P07.000");
    cr_expect(is(got.drg, "PS15"), "0 days and 0 g: %s", got.drg.text);
    cr_assert(casemix_context_set(bench.context, CASEMIX_COMPATIBILITY, 0) == CASEMIX_OK);
    got = group("gender=1 age=0 dx=P07.000");
    cr_expect(got.status == CASEMIX_NEEDS_DATA);
    cr_expect(casemix_context_set(bench.context, (casemix_option)99, 1) == CASEMIX_BAD_ARGUMENT);
}

Test(group, a_case_can_be_changed_and_cleared) {
    casemix_grouping got;
    int age = casemix_fact("age");
    fill(bench.one, "gender=1 age=16 dx=I60.000 proc=01.2400");
    casemix_case_set(bench.one, age, "17", 2);
    cr_assert(casemix_group(bench.context, bench.one, &got) == CASEMIX_OK);
    cr_expect(is(got.adrg, "BR1"));
    casemix_case_set(bench.one, age, "", 0);
    cr_assert(casemix_group(bench.context, bench.one, &got) == CASEMIX_OK);
    cr_expect(got.status == CASEMIX_NEEDS_DATA, "empty is absent");
    casemix_case_set(bench.one, age, "17", 2);
    casemix_case_set(bench.one, age, NULL, 0);
    cr_assert(casemix_group(bench.context, bench.one, &got) == CASEMIX_OK);
    cr_expect(got.status == CASEMIX_NEEDS_DATA, "NULL is absent, what was said before is gone");
    casemix_case_clear(bench.one);
    cr_assert(casemix_group(bench.context, bench.one, &got) == CASEMIX_OK);
    cr_expect(got.status == CASEMIX_NEEDS_DATA);
}

/* The text need not end in NUL, nor may anything behind it be read: it lies at the end of its memory. */
Test(group, reads_no_byte_too_many) {
    static const char *const codes[] = {"I",
                                        "I6",
                                        "I63",
                                        "I63.",
                                        "I63.9",
                                        "I63.90",
                                        "I63.900",
                                        "I63.9001",
                                        "I63.90012",
                                        "A01.000x005+J17",
                                        "A01.000x005+J17.",
                                        "A01.000x005+J17.0",
                                        "A01.000x005+J17.0*",
                                        "A01.000x005+J17.0*x",
                                        "I63.900|",
                                        "I63.900|E",
                                        "|",
                                        "||",
                                        "\xE2\x80",
                                        "\xEF"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        size_t length = strlen(codes[i]);
        char *exact = malloc(length);
        casemix_grouping got;
        memcpy(exact, codes[i], length);
        fill(bench.one, "gender=1 age=63");
        casemix_case_set(bench.one, casemix_fact("dx"), exact, length);
        casemix_case_set(bench.one, casemix_fact("proc"), exact, length);
        cr_expect(casemix_group(bench.context, bench.one, &got) == CASEMIX_OK, "%s", codes[i]);
        cr_expect(casemix_explain(bench.context, bench.one, count_events, (unsigned[7]){0}, &got) == CASEMIX_OK);
        casemix_case_clear(bench.one);
        free(exact);
    }
}

Test(group, very_many_codes) {
    enum { COUNT = 100000 };
    char *list = malloc(COUNT * 8 + 8);
    strcpy(list, "I63.900");
    for (int i = 0; i < COUNT; i++) {
        memcpy(list + 7 + i * 8, "|E87.600", 9);
    }
    casemix_grouping got;
    fill(bench.one, "gender=1 age=63");
    casemix_case_set(bench.one, casemix_fact("dx"), list, strlen(list));
    casemix_result result = casemix_group(bench.context, bench.one, &got);
    cr_expect(result == CASEMIX_BAD_CASE || (result == CASEMIX_OK && is(got.drg, "BR23")), "%d", (int)result);
    if (result == CASEMIX_BAD_CASE) {
        cr_expect(strlen(casemix_context_message(bench.context)) > 0);
    }
    got = group("gender=1 age=63 dx=I63.900");
    cr_expect(is(got.drg, "BR25"), "the context goes on working");
    casemix_case_clear(bench.one);
    free(list);
}

Test(group, wrong_arguments) {
    casemix_context *context;
    casemix_error error = {0};
    casemix_grouping got;
    casemix_scheme_info scheme;
    casemix_source_info source;
    casemix_policy_info policy;
    casemix_image *image = NULL;
    cr_expect(casemix_context_new(bench.image, "nosuch", NULL, &context, &error) == CASEMIX_BAD_ARGUMENT);
    cr_expect(strlen(error.message) > 0);
    cr_expect(casemix_context_new(bench.image, NULL, "nosuch", &context, &error) == CASEMIX_BAD_ARGUMENT);
    cr_expect(casemix_context_new(NULL, NULL, NULL, &context, NULL) == CASEMIX_BAD_ARGUMENT);
    cr_expect(casemix_group(NULL, bench.one, &got) == CASEMIX_BAD_ARGUMENT);
    cr_expect(casemix_group(bench.context, NULL, &got) == CASEMIX_BAD_ARGUMENT);
    cr_expect(strlen(casemix_context_message(bench.context)) > 0);
    cr_expect(casemix_group(bench.context, bench.one, NULL) == CASEMIX_BAD_ARGUMENT);
    cr_expect(casemix_scheme_at(bench.image, casemix_scheme_count(bench.image), &scheme) == CASEMIX_BAD_ARGUMENT);
    cr_expect(casemix_source_at(bench.image, casemix_source_count(bench.image), &source) == CASEMIX_BAD_ARGUMENT);
    cr_expect(casemix_policy_at(bench.image, casemix_policy_count(bench.image), &policy) == CASEMIX_BAD_ARGUMENT);
    error = (casemix_error){0};
    cr_expect(casemix_image_open(NULL, &image, &error) == CASEMIX_BAD_ARGUMENT);
    cr_expect(error.code == CASEMIX_BAD_ARGUMENT && strlen(error.message) > 0);
    cr_expect(casemix_image_from_memory(NULL, 100, &image, &error) == CASEMIX_BAD_ARGUMENT);
    casemix_image_close(NULL);
    casemix_context_free(NULL);
    casemix_case_free(NULL);
    casemix_case_set(bench.one, -1, "x", 1);
    casemix_case_set(bench.one, 100000, "x", 1);
}

Test(group, tells_of_itself) {
    casemix_scheme_info info;
    cr_assert(casemix_scheme_count(bench.image) == 1);
    cr_assert(casemix_scheme_at(bench.image, 0, &info) == CASEMIX_OK);
    cr_expect(is(info.id, "small") && is(info.title, "Small scheme for tests"));
    cr_expect(is(info.from, "2022-01-01") && is(info.until, "2022-12-31"));
    cr_expect(info.mdcs == 7 && info.diagnoses == 39 && info.procedures == 23, "%u %u %u", info.mdcs,
              info.diagnoses, info.procedures);
    cr_expect(strlen(casemix_image_fingerprint(bench.image)) == 16);
    cr_expect(casemix_source_count(bench.image) >= 11);
    cr_expect(strcmp(casemix_version(), CASEMIX_VERSION) == 0);
}

Test(group, facts_by_name) {
    cr_expect(casemix_fact_count() == FACT_COUNT);
    for (int f = 0; f < FACT_COUNT; f++) {
        bool is_computed = casemix_fact_column(f)[0] == 0; /* a quotient: no one can say it */
        cr_expect(casemix_fact(casemix_fact_column(f)) == (is_computed ? -1 : f), "%s", casemix_fact_column(f));
        cr_expect(casemix_fact_word(f) && casemix_fact_unit(f) && casemix_fact_meaning(f));
    }
    cr_expect(casemix_fact("nosuch") == -1);
    cr_expect(casemix_fact(NULL) == -1);
    cr_expect(casemix_fact_column(FACT_COUNT) == NULL && casemix_fact_column(-1) == NULL);
}

Test(group, words_of_codes) {
    for (int s = CASEMIX_GROUPED; s <= CASEMIX_NEEDS_DATA; s++) {
        cr_expect(strlen(casemix_status_text((casemix_status)s)) > 0);
    }
    for (int r = CASEMIX_REASON_NONE; r <= CASEMIX_REASON_MISSING_FACT; r++) {
        cr_expect(casemix_reason_text((casemix_reason)r) != NULL);
    }
    cr_expect(strcmp(casemix_status_text(CASEMIX_NEEDS_DATA), "needs-data") == 0);
    cr_expect(casemix_status_text((casemix_status)77) != NULL, "no crash");
}

static void *group_table(void *user) {
    uintptr_t wrong = 0;
    casemix_context *context = new_context(bench.image, NULL, NULL);
    casemix_case *one = casemix_case_new();
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
            casemix_grouping got;
            fill(one, table[i].facts);
            wrong += casemix_group(context, one, &got) != CASEMIX_OK || !as_expected(&got, &table[i]);
        }
    }
    casemix_case_free(one);
    casemix_context_free(context);
    (void)user;
    return (void *)wrong;
}

Test(group, threads_share_an_image) {
    pthread_t threads[4];
    for (int t = 0; t < 4; t++) {
        cr_assert(pthread_create(&threads[t], NULL, group_table, NULL) == 0);
    }
    for (int t = 0; t < 4; t++) {
        void *wrong = NULL;
        cr_assert(pthread_join(threads[t], &wrong) == 0);
        cr_expect(wrong == NULL, "thread %d: %zu wrong answers", t, (size_t)(uintptr_t)wrong);
    }
}
