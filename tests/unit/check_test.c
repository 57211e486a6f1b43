/* SPDX-License-Identifier: Apache-2.0
 *
 * The review of schemes: groups out of reach. Chosen cases, then schemes made by chance whose answers are all tried
 * with the second evaluator: what a case gets must not be said to be out of reach. What single messages look like
 * is in bad_rules_test.c. */
#include "../../tables/compile/compile.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT_MAX = 4000, WORD_MAX = 400, RULES_MAX = 12 };

/* ---- schemes from C ---- */

static FILE *start_file(const char *prefix, const char *name, char *path, size_t size) {
    snprintf(path, size, "%s-%s", prefix, name);
    FILE *file = fopen(path, "w");
    cr_assert(file, "cannot write %s", path);
    return file;
}

/* The scheme around MDC files PREFIX-a.yaml and, if `two`, PREFIX-b.yaml. */
static void write_scheme(const char *prefix, bool two, char *path, size_t size) {
    const char *parts = path_under("CASEMIX_ROOT", "tests/bad-rules/parts");
    FILE *file = start_file(prefix, "scheme.yaml", path, size);
    fprintf(file,
            "scheme: made\ntitle: Made\nsource: made up\ndate: 2026-11-27\n"
            "codes: {diagnoses: %s/clean-diagnoses.tsv, procedures: %s/clean-procedures.tsv}\n"
            "no_drg: next\nrequire: [{fact: NL}]\nsplits: {9: {}}\nseverity: %s/clean-severity.yaml\n"
            "sets: {OP_SOME: 01*}\nmdcs: [%s-a.yaml%s%s%s]\n",
            parts, parts, parts, prefix, two ? ", " : "", two ? prefix : "", two ? "-b.yaml" : "");
    fclose(file);
}

/* All that the review says of reach, as "AB1 BR11 ", in order. */
static void out_of_reach(const char *path, char *out, size_t size) {
    struct compilation *work = compilation_new();
    size_t used = 0;
    bool read = compilation_read(work, path);
    const struct report *report = compilation_report(work);
    if (!read) {
        report_print(report, stderr);
    }
    cr_assert(read, "%s", path);
    compilation_check(work);
    out[0] = '\0';
    for (size_t i = 0; i < report->count; i++) {
        const struct report_line *line = &report->lines[i];
        bool reach = line->message == MSG_mdc_never || line->message == MSG_step_never ||
                     line->message == MSG_drg_never || line->message == MSG_taken_before;
        if (reach && used < size) {
            used += (size_t)snprintf(out + used, size - used, "%.*s ", (int)strcspn(line->text, " "), line->text);
        }
    }
    compilation_free(work);
}

/* ---- chosen cases ---- */

/* Steps of one MDC, `code: when`, or `code> when` for a further DRG of the step before it (a step whose first rule
 * has no further ones has a DRG that always fits). A step that ends in QY is one. */
static const struct {
    const char *mdc, *rules[RULES_MAX], *expected;
} chosen[] = {
    /* nothing wrong */
    {"ZYZD in {A*}", {"AB1: ZYSS in {01*}", "AR1: 1"}, ""},
    {"1",
     {"AA1: ZYZD in {A00.000}", "AB1: ZYZD in {A*}", "AC1: QTZD in {A*}", "AD1: {ZYZD,QTZD} in {A* B00.000}"},
     ""},
    {"ZYZD in {A*}", {"AA1: NL < 5", "AB1: NL > 5", "AC1: NL = 5"}, ""},
    {"1", {"AA1: {ZYSS,QTSS} in {01*}", "AB1: QTSS not in {01*} and ZYSS in {02*}"}, ""},
    {"1", {"AA1: ZYSS in {01*}", "AB1: {ZYSS,QTSS} in {01*}"}, ""},
    {"1", {"AQY: 0", "AB1: 1", "AC1: 0"}, ""},
    /* the same or less */
    {"1", {"AA1: ZYZD in {A*}", "AB1: ZYZD in {A00.000}"}, "AB1 "},
    {"1", {"AA1: {ZYZD,QTZD} in {A*}", "AB1: QTZD in {A00.000}", "AC1: ZYZD in {A00.100}"}, "AB1 AC1 "},
    {"1", {"AA1: 1", "AB1: NL > 3"}, "AB1 "},
    {"1", {"AQY: ZYSS in {01* 02*}", "AB1: ZYSS in {01*} and NL > 5", "AR1: 1"}, "AB1 "},
    {"ZYZD in {A*}", {"AA1: ZYZD in {A00.000}", "AB1: ZYZD in {A*}", "AC1: 1"}, "AC1 "},
    /* several together */
    {"1", {"AA1: ZYZD in {A00.000}", "AB1: ZYZD in {A00.100}", "AC1: ZYZD in {A*}"}, "AC1 "},
    {"1", {"AA1: NL < 5", "AB1: NL = 5", "AC1: NL > 5", "AD1: ZYZD in {A*}"}, "AD1 "},
    {"1", {"AA1: ZYZD in {A*} and NL < 9", "AB1: ZYZD in {A* B*} and NL >= 9", "AC1: ZYZD in {A00.000}"}, "AC1 "},
    {"1",
     {"AA1: ZYZD in {A*} or ZYSS in {01*}", "AB1: ZYZD in {A*}", "AC1: ZYSS in {01*} and ZYZD in {B*}"},
     "AB1 AC1 "},
    {"1", {"AA1: {ZYSS,QTSS} in {01*}", "AB1: {ZYSS,QTSS} not in {01*}", "AC1: ZYZD in {A*}"}, "AC1 "},
    {"ZYZD in {A*}",
     {"AA1: ZYZD in {A00.000} and ZYSS in {01*}", "AB1: ZYZD in {A00.100} and ZYSS in {01*}", "AC1: ZYSS in {01*}"},
     "AC1 "},
    {"1", {"AA1: KS in {1, 2}", "AB1: KS = 2 and NL > 3", "AC1: KS = 3"}, "AB1 "},
    {"1", {"AA1: KS not in {1}", "AB1: KS = 2", "AC1: KS = 1"}, "AB1 "},
    {"1",
     {"AA1: atleast(2, NL > 1, ZYZD in {A*}, ZYTS > 3)", "AB1: atleast(2, NL > 1, ZYZD in {A*}, ZYTS > 3)"},
     "AB1 "},
    {"1", {"AA1: {ZYSS,QTSS} in {01* 02*}", "AB1: 'length(OP_SOME ∩ {ZYSS,QTSS}) >= 1'"}, "AB1 "},
    /* contradictions */
    {"ZYZD in {A*}",
     {"AA1: ZYZD in {B*}", "AB1: NL > 5 and NL < 5", "AC1: ZYZD in {A*} and XB = 3"},
     "AA1 AB1 AC1 "},
    {"{ZYZD,QTZD} not in {A*}", {"AA1: QTZD in {A00.000}", "AB1: {ZYZD,QTZD} in {A* B*}"}, "AA1 "},
    /* DRGs */
    {"1", {"AA1: 1", "AA19> 1", "AA11> QTZD in MCC"}, "AA11 "},
    {"1", {"AA1: 1", "AA11> QTZD in {MCC,CC}", "AA13> QTZD in MCC", "AA15> 1"}, "AA13 "},
    {"1", {"AA1: 1", "AA11> QTZD in MCC", "AA13> QTZD in {MCC,CC}", "AA15> 1"}, ""},
    {"1", {"AA1: 1", "AA11> NL < 17", "AA13> NL >= 17", "AA15> 1"}, "AA15 "},
    {"1", {"AA1: 1", "AA11> ZYTS < 17", "AA13> ZYTS >= 17", "AA15> 1"}, ""}, /* the stay may be absent */
    /* a step that passes cases on takes none of them */
    {"1", {"AA1: ZYZD in {A*}", "AA11> QTZD in MCC", "AB1: ZYZD in {A*}"}, ""},
    {"1", {"AA1: ZYZD in {A*}", "AA11> QTZD in MCC", "AB1: ZYZD in {A*} and QTZD in MCC"}, "AB1 "},
};

static void write_chosen(size_t n, char *path, size_t size) {
    const char *const *rules = chosen[n].rules;
    FILE *file = start_file("check-chosen", "a.yaml", path, size);
    fprintf(file, "mdc: MDCA\nname: A\nwhen: \"%s\"\nsteps:\n", chosen[n].mdc);
    for (size_t i = 0; i < RULES_MAX && rules[i] != NULL; i++) {
        int code = (int)strcspn(rules[i], ":>");
        const char *when = rules[i] + code + 2;
        bool quoted = when[0] == '\'';
        const char *quote = quoted ? "" : "\"";
        bool more = i + 1 < RULES_MAX && rules[i + 1] != NULL && strchr(rules[i + 1], '>') != NULL &&
                    rules[i + 1][strcspn(rules[i + 1], ":>")] == '>';
        if (rules[i][code] == '>') {
            fprintf(file, "    - {drg: %.*s, name: x, when: %s%s%s}\n", code, rules[i], quote, when, quote);
        } else if (strncmp(rules[i] + 1, "QY", 2) == 0) {
            fprintf(file, "  %.*s: {qy: true, name: x, when: %s%s%s}\n", code, rules[i], quote, when, quote);
        } else {
            fprintf(file, "  %.*s:\n    name: x\n    when: %s%s%s\n    drgs:%s", code, rules[i], quote, when, quote,
                    more ? "\n" : "");
            if (!more) {
                fprintf(file, " [%.*s9]\n", code, rules[i]);
            }
        }
    }
    fclose(file);
}

Test(check, finds_what_is_out_of_reach) {
    char path[WORD_MAX], got[TEXT_MAX];
    for (size_t n = 0; n < sizeof chosen / sizeof *chosen; n++) {
        write_chosen(n, path, sizeof path);
        write_scheme("check-chosen", false, path, sizeof path);
        out_of_reach(path, got, sizeof got);
        cr_expect_str_eq(got, chosen[n].expected, "%zu: %s / %s ...: expected \"%s\", got \"%s\"", n, chosen[n].mdc,
                         chosen[n].rules[0], chosen[n].expected, got);
    }
}

/* ---- schemes by chance ---- */

static uint64_t seed;

static unsigned below(unsigned most) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 33) % most;
}

static void put(char *out, size_t size, const char *format, ...) {
    size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + used, size - used, format, arguments);
    va_end(arguments);
}

static void random_test(char *out, size_t size) {
    static const char *const diagnoses[] = {"A*",      "A00.000",         "A00.100",   "B*",
                                            "B00.000", "A00.000 B00.100", "A* B00.000"};
    static const char *const procedures[] = {"01*", "02*", "01* 02*"};
    static const char *const of_diagnoses[] = {"ZYZD", "ZYZD", "ZYZD", "QTZD", "{ZYZD,QTZD}"};
    static const char *const of_procedures[] = {"ZYSS", "ZYSS", "QTSS", "{ZYSS,QTSS}"};
    static const char *const compares[] = {"<", "<=", ">", ">=", "=", "!="};
    static const char *const severities[] = {"MCC", "CC", "{MCC,CC}"};
    const char *not = below(6) == 0 ? "not " : "";
    switch (below(8)) {
    case 0:
    case 1:
    case 2:
        put(out, size, "%s %sin {%s}", of_diagnoses[below(5)], not, diagnoses[below(7)]);
        break;
    case 3:
    case 4:
        put(out, size, "%s %sin {%s}", of_procedures[below(4)], not, procedures[below(3)]);
        break;
    case 5:
        put(out, size, "%s%s %s %u", not, below(3) == 0 ? "ZYTS" : "NL", compares[below(6)], below(3));
        break;
    case 6:
        put(out, size, "QTZD in %s", severities[below(3)]);
        break;
    default:
        put(out, size, "1");
    }
}

static void random_condition(char *out, size_t size, unsigned most) {
    unsigned count = 1 + below(most);
    for (unsigned i = 0; i < count; i++) {
        put(out, size, "%s", i == 0 ? "" : below(3) == 0 ? " or " : " and ");
        random_test(out, size);
    }
}

static void write_random(const char *name, char letter, char *path, size_t size) {
    FILE *file = start_file("check-random", name, path, size);
    char when[WORD_MAX] = "";
    random_condition(when, sizeof when, 2);
    fprintf(file, "mdc: MDC%c\nname: x\nwhen: \"%s\"\nsteps:\n", letter, when);
    for (unsigned s = 0; s < 4; s++) {
        when[0] = '\0';
        random_condition(when, sizeof when, 3);
        if (s == 2 && below(2)) {
            fprintf(file, "  %cQY: {qy: true, name: x, when: \"%s\"}\n", letter, when);
            continue;
        }
        fprintf(file, "  %c%c1:\n    name: x\n    no_drg: %s\n    when: \"%s\"\n    drgs:\n", letter, 'A' + (int)s,
                below(4) == 0 ? "adrg" : "next", when);
        for (unsigned d = 1 + below(3); d > 0; d--) {
            when[0] = '\0';
            random_condition(when, sizeof when, 2);
            fprintf(file, "    - {drg: %c%c1%u, name: x, when: \"%s\"}\n", letter, 'A' + (int)s, d, when);
        }
    }
    fclose(file);
}

/* Does a list of words hold one? */
static bool listed(const char *list, const char *word) {
    char with_blank[WORD_MAX], blank_first[WORD_MAX + 1];
    snprintf(with_blank, sizeof with_blank, "%s ", word);
    snprintf(blank_first, sizeof blank_first, " %s", with_blank);
    return word[0] != '\0' && (strncmp(list, with_blank, strlen(with_blank)) == 0 || strstr(list, blank_first));
}

struct trial {
    const struct oracle *oracle;
    const char *said;
    char reached[TEXT_MAX];
    unsigned wrong;
};

static void try_case(struct trial *trial, const char *dx, const char *proc, const char *age, const char *stay) {
    struct plain_case one = {{0}};
    struct oracle_answer answer;
    one.facts[FACT_SEX] = "1";
    one.facts[FACT_AGE] = age;
    one.facts[FACT_STAY] = stay;
    one.facts[FACT_DIAGNOSES] = dx;
    one.facts[FACT_PROCEDURES] = proc;
    oracle_group(trial->oracle, &one, &answer);
    const char *names[] = {answer.mdc, answer.adrg, answer.drg};
    for (int i = 0; i < 3; i++) {
        bool wrong = listed(trial->said, names[i]);
        if (wrong && trial->wrong++ < 3) {
            fprintf(stderr, "%s is reached by dx %s proc %s age %s stay %s\n", names[i], dx, proc ? proc : "none",
                    age, stay ? stay : "absent");
        }
        if (names[i][0] != '\0' && !listed(trial->reached, names[i])) {
            put(trial->reached, sizeof trial->reached, "%s ", names[i]);
        }
    }
}

static void try_all_cases(struct trial *trial) {
    static const char *const diagnoses[] = {"A00.000", "A00.100", "B00.000", "B00.100"};
    static const char *const procedures[] = {NULL,
                                             "01.0000",
                                             "02.0000",
                                             "01.0000|02.0000",
                                             "02.0000|01.0000",
                                             "01.0000|01.0000",
                                             "02.0000|02.0000",
                                             "01.0000|01.0000|02.0000",
                                             "02.0000|01.0000|02.0000"};
    static const char *const ages[] = {"0", "1", "2", "3"}, *const stays[] = {NULL, "0", "1", "2", "3"};
    for (unsigned principal = 0; principal < 4; principal++) {
        for (unsigned others = 0; others < 16; others++) {
            char dx[WORD_MAX] = "";
            put(dx, sizeof dx, "%s", diagnoses[principal]);
            for (unsigned i = 0; i < 4; i++) {
                if (others >> i & 1) {
                    put(dx, sizeof dx, "|%s", diagnoses[i]);
                }
            }
            for (unsigned p = 0; p < 9; p++) {
                for (unsigned n = 0; n < 20; n++) {
                    try_case(trial, dx, procedures[p], ages[n % 4], stays[n / 4]);
                }
            }
        }
    }
}

/* Every group of the scheme that no case got, and how many of them the review found. */
static void count_found(const struct scheme *scheme, const struct trial *trial, unsigned *unreached,
                        unsigned *found) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        const struct mdc *mdc = scheme->mdcs[m];
        for (size_t s = 0; s < mdc->step_count; s++) {
            for (size_t d = 0; d < mdc->steps[s]->drg_count; d++) {
                const char *code = mdc->steps[s]->drgs[d].code;
                bool off = mdc->steps[s]->drgs[d].when->op == EXPR_FALSE || mdc->steps[s]->when->op == EXPR_FALSE;
                if (off || listed(trial->reached, code)) {
                    continue;
                }
                ++*unreached;
                *found += listed(trial->said, code) || listed(trial->said, mdc->steps[s]->id) ||
                          listed(trial->said, mdc->code);
            }
        }
    }
}

Test(check, says_nothing_wrong_of_schemes_by_chance) {
    char path[WORD_MAX], said[TEXT_MAX];
    unsigned unreached = 0, found = 0, wrong = 0;
    const char *rounds = getenv("CASEMIX_CHECK_SCHEMES");
    unsigned long schemes = rounds ? strtoul(rounds, NULL, 10) : 60;
    for (unsigned long n = 0; n < schemes; n++) {
        seed = 88172645463325252U + n * 7919;
        write_random("a.yaml", 'A', path, sizeof path);
        write_random("b.yaml", 'B', path, sizeof path);
        write_scheme("check-random", true, path, sizeof path);
        out_of_reach(path, said, sizeof said);
        struct loaded_scheme loaded = load_scheme(path);
        struct oracle *oracle = oracle_new(loaded.scheme, false);
        struct trial trial = {.oracle = oracle, .said = said};
        try_all_cases(&trial);
        cr_expect(trial.wrong == 0, "scheme %lu: said \"%s\", reached \"%s\"", n, said, trial.reached);
        count_found(loaded.scheme, &trial, &unreached, &found);
        wrong += trial.wrong;
        oracle_free(oracle);
        arena_free(loaded.arena);
    }
    fprintf(stderr, "%lu schemes: of %u DRGs that no case gets %u were found, %u wrongly\n", schemes, unreached,
            found, wrong);
    /* The rest needs that MCC and CC are certain codes, or that there are no further codes: it is left out on
     * purpose. */
    cr_expect(found * 10 >= unreached * 8, "found %u of %u", found, unreached);
}

/* ---- size ---- */

/* Thousands of groups that overlap in every way: the review gives up after a while and says so. */
Test(check, stops_when_there_is_too_much) {
    char path[WORD_MAX];
    FILE *file = start_file("check-large", "a.yaml", path, sizeof path);
    fprintf(file, "mdc: MDCA\nname: x\nwhen: 1\nsteps:\n");
    for (unsigned i = 0; i < 6000; i++) {
        fprintf(file,
                "  A%u: {name: x, when: 'QTZD in {A*} and NL > %u and ZYTS > %u and ZYSS not in {01*} or "
                "QTZD in {B*} and NL < %u and ZYTS < %u', drgs: [{drg: D%u, when: 1, name: x}]}\n",
                i, i, 7000 - i, i, 7000 - i, i);
    }
    fclose(file);
    write_scheme("check-large", false, path, sizeof path);
    struct compilation *work = compilation_new();
    cr_assert(compilation_read(work, path));
    clock_t start = clock();
    compilation_check(work);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    const struct report *report = compilation_report(work);
    bool stopped = false;
    for (size_t i = 0; i < report->count; i++) {
        stopped = stopped || report->lines[i].message == MSG_review_stopped;
    }
    fprintf(stderr, "stopped after %.2f s\n", seconds);
    cr_expect(stopped);
    cr_expect(seconds < 60, "the review took %.1f s", seconds);
    compilation_free(work);
}

/* ---- the rules that are shipped ---- */

static void expect_reachable(const char *file) {
    char got[TEXT_MAX];
    const char *path = path_under("CASEMIX_RULES", file);
    out_of_reach(path, got, sizeof got);
    cr_expect_str_eq(got, "", "%s: out of reach: %s", file, got);
    struct compilation *work = compilation_new();
    cr_assert(compilation_read(work, path));
    clock_t start = clock();
    cr_expect(compilation_check(work));
    fprintf(stderr, "%s: reviewed in %.3f s\n", file, (double)(clock() - start) / CLOCKS_PER_SEC);
    cr_expect(compilation_report(work)->warnings <= 40, "%s: %zu warnings", file,
              compilation_report(work)->warnings);
    compilation_free(work);
}

Test(check, every_shipped_group_can_be_reached) {
    expect_reachable("schemes/chs-drg-11/scheme.yaml");
    expect_reachable("schemes/haerbin-2022.yaml");
}
