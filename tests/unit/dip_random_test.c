/* SPDX-License-Identifier: Apache-2.0
 *
 * DIP schemes made by chance: kinds, parts, signs, rows with every column, search steps with every rule, auxiliary
 * catalogues and supervision. The library, the explanation and the slow evaluator must agree on cases aimed at
 * them. CASEMIX_RANDOM_RULES sets how many schemes, CASEMIX_RANDOM_CASES how many cases each, CASEMIX_RANDOM_SEED
 * where they start; one that differs is shown. */
#include "../support/dip_duel.h"
#include "../support/rule_text.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TRIALS = 300,
    CASES = 500,
    EXPLAINED_EVERY = 3,
    FILES_MAX = 3,
    KINDS_MAX = 5,
    PARTS_MAX = 4,
    LEVELS_MAX = 3,
    ROWS_MAX = 60
};

static const char *const diagnosis_items[] = {
    "A01*",         "A15.000", "I20*, I21*", "C34.900..C78.700", "A01.000..Z99.100, !K*, !S72.000",
    "Z51.1*, J18*", "/^[A-E]/"};
static const char *const procedure_items[] = {
    "36.06* 36.0700", "99.28*", "4*", "/^3.*x/", "33.2402..47.0900", "51*, 54.9800", "33.2402..99.2800, !99*"};
static const char *const severity_codes[12] = {"A41.900", "J96.001", "I50.900", "E11.900", "I21.900", "K72.000",
                                               "C78.700", "G81.900", "A01.000", "B20.000", "N18.000", "J18.901"};
static const struct rule_words plain_words = {diagnosis_items, procedure_items, 7, 7,
                                              .ratios = true,  .total = true};
static const struct rule_words late_words = {diagnosis_items, procedure_items, 7,           7,
                                             .ratios = true,  .total = true,   .late = true};

struct trial {
    char folder[200];
    struct rule_text scheme, files[FILES_MAX];
    unsigned file_count, kinds, parts, levels, rows;
    bool compatibility;    /* cases are grouped in that mode */
    const char *any, *all; /* signs of the file that is written */
    uint64_t compiled, rejected, grouped, contested, cases;
    uint64_t by_rule[IMAGE_DIP_RULES];
};

/* ---- rows ------------------------------------------------------------------------------------------------- */

static void put_diagnoses(struct trial *trial, struct rule_text *text, struct random *random) {
    uint64_t count = 1 + random_below(random, 3);
    for (uint64_t i = 0; i < count; i++) {
        put(text, "%s%s", i > 0 ? trial->any : "",
            ONE_OF(random, "A01.0", "A01", "A01.000", "A15", "A15.0", "A15-A16", "I20", "I20.0", "I20-I21", "K80.2",
                   "K35.9", "K80", "S72.0", "Z51.1", "Z51.101", "J18.9", "J18", "A01-K35", "N18.0", "A01.100",
                   "C34.9"));
    }
}

static void put_operation(struct rule_text *text, struct random *random) {
    put(text, "%s",
        random_chance(random, 4) ? "ANY"
                                 : ONE_OF(random, "36.0600", "36.0700", "37.9400", "37.9400x001", "99.2800",
                                          "99.2800x005", "39.9500", "39.9500x007", "47.0100", "47.0900", "51.2200",
                                          "51.2300", "34.0401", "93.9001", "33.2402", "88.5500"));
}

static void put_operations(struct trial *trial, struct rule_text *text, struct random *random) {
    uint64_t count = 1 + random_below(random, random_chance(random, 70) ? 2 : 5);
    for (uint64_t i = 0; i < count; i++) {
        put(text, "%s", i == 0 ? "" : random_chance(random, 50) ? trial->any : trial->all);
        put_operation(text, random);
    }
}

/* Scores and means are few, so that they often tie. */
static void put_number(struct rule_text *text, struct random *random) {
    put(text, ",%s", ONE_OF(random, "", "100", "200", "200", "300.5", "1000", "0", "856.3241"));
}

static void put_row(struct trial *trial, struct rule_text *text, struct random *random) {
    trial->rows++;
    put(text, "E%u,row %u,", trial->rows, trial->rows);
    if (random_chance(random, 8)) {
        put(text, "ALL");
    } else {
        put_diagnoses(trial, text, random);
    }
    put(text, ",p%u,", (unsigned)random_below(random, trial->parts));
    if (random_chance(random, 60)) {
        put(text, "k%u", (unsigned)random_below(random, trial->kinds));
    }
    for (int column = 0; column < 3; column++) { /* principal_operations, operations, related_operations */
        static const unsigned often[3] = {25, 50, 15};
        put(text, ",\"");
        if (random_chance(random, often[column])) {
            put_operations(trial, text, random);
        }
        put(text, "\"");
    }
    put(text, ",\"");
    if (random_chance(random, 20)) {
        put_condition(text, random, &plain_words, random_chance(random, 70) ? 0 : 2);
    }
    put(text, "\"");
    for (unsigned i = 0; i < 3 + trial->levels; i++) {
        put_number(text, random);
    }
    put(text, ",%s\n", ONE_OF(random, "", "0", "1"));
}

static void put_file(struct trial *trial, struct random *random, unsigned file) {
    struct rule_text *text = &trial->files[file];
    text->length = 0;
    put(text, "code,name,diagnoses,part,kind,principal_operations,operations,related_operations,when,score,mean_"
              "cost,mean_stay");
    for (unsigned l = 0; l < trial->levels; l++) {
        put(text, ",mean_cost:l%u", l);
    }
    put(text, ",basic\n");
    uint64_t rows = 3 + random_below(random, ROWS_MAX / FILES_MAX - 3);
    for (uint64_t i = 0; i < rows; i++) {
        put_row(trial, text, random);
    }
}

/* ---- the scheme ------------------------------------------------------------------------------------------- */

static void put_kinds(struct trial *trial, struct rule_text *text, struct random *random) {
    put(text, "kinds:\n");
    for (unsigned k = 0; k < trial->kinds; k++) {
        put(text, "- {kind: k%u", k);
        if (k > 0) {
            put(text, ", procedures: ");
            put(text, "%s",
                ONE_OF(random, "OP_0", "OP_1", "OP_2 OP_3", "33.2402 88.5500", "36.0* 37* 47* 51*", "99.28*"));
        }
        put(text, "%s}\n", random_chance(random, 40) ? ", surgical: true" : "");
    }
    put(text, "case_kind: %s\n", ONE_OF(random, "highest", "principal"));
}

static void put_uses(struct rule_text *text, struct random *random) {
    static const char *const uses[] = {"excluded", "conservative", "not_principal"};
    put(text, "operations:\n");
    for (int i = 0; i < 3; i++) {
        if (random_chance(random, 60)) {
            put(text, "  %s: ", uses[i]);
            put(text, "%s\n",
                ONE_OF(random, "99.1500", "00.3101 33.2402", "88.5500", "OP_4", "34.0401 93.9001", "36.0600"));
        }
    }
    put(text, "  restricted: [");
    for (uint64_t i = random_below(random, 3); i > 0; i--) {
        put(text, "{procedures: ");
        put(text, "%s, diagnoses: ", ONE_OF(random, "39.95*", "OP_5", "47.0100 51.2200", "99.2503"));
        put(text, "%s}%s", ONE_OF(random, "DI_0", "I20*", "K*", "A01* A15.000"), i > 1 ? ", " : "");
    }
    put(text, "]\n");
    if (random_chance(random, 60)) {
        put(text, "excluded_diagnoses: {codes: ");
        put(text, "%s, match: ", ONE_OF(random, "Z51.100", "A16.000 Z51.100", "A01.100", "T31.000"));
        put(text, "%s}\n", ONE_OF(random, "equal", "prefix"));
    }
    put(text, "without_principal: %s\n", ONE_OF(random, "ungrouped", "all_diagnoses"));
}

static void put_signs(struct trial *trial, struct rule_text *text, struct random *random, const char *before) {
    trial->any = ONE_OF(random, "/", "|", ";");
    trial->all = ONE_OF(random, "+", "&");
    put(text, "%sexpressions: {any: \"%s\", all: \"%s\", tighter: ", before, trial->any, trial->all);
    put(text, "%s, procedures: ", ONE_OF(random, "any", "all"));
    put(text, "%s, diagnoses: branch, all_diagnoses: ALL, all_procedures: ANY}",
        ONE_OF(random, "exact", "extensions", "branch"));
}

static void put_catalogue(struct trial *trial, struct rule_text *text, struct random *random) {
    put(text, "catalogue:\n");
    for (unsigned f = 0; f < trial->file_count; f++) {
        put(text, "- {file: rows%u.csv, without_operations: ", f);
        put(text, "%s, of_kind: ", ONE_OF(random, "conservative", "any"));
        put(text, "%s, auxiliary: ", ONE_OF(random, "true", "false", "false"));
        put(text, "%s", ONE_OF(random, "true", "true", "false"));
        put_signs(trial, text, random, ", ");
        put(text, "}\n");
        put_file(trial, random, f);
    }
}

/* Some of the names with a letter and a number below `count`; all of them now and then. */
static void put_some(struct rule_text *text, struct random *random, const char *key, char letter, unsigned count) {
    uint64_t chosen = random_below(random, ((uint64_t)1 << count) - 1) + 1;
    uint64_t turn = random_below(random, count);
    const char *between = "";
    put(text, ", %s: [", key);
    for (unsigned i = 0; i < count; i++) {
        uint64_t n = (i + turn) % count;
        if (chosen >> n & 1) {
            put(text, "%s%c%u", between, letter, (unsigned)n);
            between = ", ";
        }
    }
    put(text, "]");
}

static void put_choose(struct rule_text *text, struct random *random) {
    static const char *const rules[] = {"key",   "plus", "matched", "exact", "principal", "complete",
                                        "score", "cost", "kind",    "part",  "conditions"};
    uint64_t count = random_below(random, 6), first = random_below(random, 11),
             stride = 1 + random_below(random, 10);
    put(text, ", choose: [");
    for (uint64_t i = 0; i < count; i++) {
        put(text, "%s%s", i > 0 ? ", " : "", rules[(first + i * stride) % 11]); /* 11 is prime: none comes twice */
    }
    put(text, "]");
}

static void put_search(struct trial *trial, struct rule_text *text, struct random *random) {
    uint64_t steps = 1 + random_below(random, 5);
    put(text, "search:\n");
    for (uint64_t s = 0; s < steps; s++) {
        put(text, "- {step: s%u", (unsigned)s);
        put_some(text, random, "parts", 'p', trial->parts);
        if (random_chance(random, 40)) {
            put(text, ", operations: %s", ONE_OF(random, "some", "none"));
        }
        if (random_chance(random, 25)) {
            put_some(text, random, "kinds", 'k', trial->kinds);
        }
        if (random_chance(random, 25)) {
            put_some(text, random, "case_kinds", 'k', trial->kinds);
        }
        if (random_chance(random, 20)) {
            put(text, ", when: \"");
            put_condition(text, random, &plain_words, 2);
            put(text, "\"");
        }
        if (random_chance(random, 50)) {
            put(text, ", unmatched_surgery: %s", ONE_OF(random, "allowed", "all", "any"));
        }
        put_choose(text, random);
        put(text, "}\n");
    }
}

static void put_classes(struct rule_text *text, struct random *random, const char *number) {
    uint64_t count = 1 + random_below(random, 3);
    for (uint64_t c = 0; c < count; c++) {
        put(text, "    - {class: c%u, when: \"", (unsigned)c);
        put_condition(text, random, &late_words, random_chance(random, 60) ? 0 : 2);
        put(text, "\"");
        if (random_chance(random, 80)) {
            put(text, ", %s: %s", number, ONE_OF(random, "1.1", "1.1832", "1.0911", "0.95", "1.5", "1", "1.33333"));
        } else if (strcmp(number, "score") == 0) {
            put(text, ", score: 1");
        }
        put(text, "}\n");
    }
}

static void put_indices(struct trial *trial, struct rule_text *text, struct random *random) {
    uint64_t auxiliary = random_below(random, 4), supervision = random_below(random, 3);
    bool own = random_chance(random, 50);
    if (auxiliary > 0) {
        put(text, "auxiliary:\n  pick: %s\n", ONE_OF(random, "highest", "product"));
        put(text, "%s  catalogues:\n", own ? "  factors: factors.csv\n" : "");
    }
    for (uint64_t i = 0; i < auxiliary; i++) {
        put(text, "    a%u:\n", (unsigned)i);
        put_classes(text, random, "factor");
    }
    put(text, "%s", supervision > 0 ? "supervision:\n" : "");
    for (uint64_t i = 0; i < supervision; i++) {
        put(text, "  v%u:\n", (unsigned)i);
        put_classes(text, random, "score");
    }
    struct rule_text *factors = &trial->files[0];
    size_t length = factors->length;
    factors->length = 0;
    put(factors, "entry,catalogue,class,factor\n");
    for (unsigned row = 1; row <= trial->rows; row++) {
        if (random_chance(random, 30)) {
            put(factors, "E%u,a%u,c0,%s\n", row, (unsigned)random_below(random, auxiliary),
                ONE_OF(random, "1.2", "1.0001", "2"));
        }
    }
    if (auxiliary > 0 && own) {
        rule_text_save(factors, trial->folder, "factors.csv");
    }
    factors->length = length;
}

static void put_scheme(struct trial *trial, struct random *random) {
    static const char *const diagnoses[] = {"A*", "I*", "C34* C50*", "* !A*", "K* S72.000", "A01.000..J18.901"};
    static const char *const procedures[] = {"36* 37*",    "99*", "* !99*", "47* 51*", "33.2402..39.9500x007",
                                             "99.2800x005"};
    struct rule_text *text = &trial->scheme;
    text->length = trial->rows = 0;
    trial->kinds = 1 + (unsigned)random_below(random, KINDS_MAX);
    trial->parts = 1 + (unsigned)random_below(random, PARTS_MAX);
    trial->levels = (unsigned)random_below(random, LEVELS_MAX + 1);
    trial->file_count = 1 + (unsigned)random_below(random, FILES_MAX);
    put(text, "# SPDX-License-Identifier: Apache-2.0\nscheme: random\nkind: dip\ntitle: by chance\n"
              "source: made by chance\ndate: 2026-11-27\ncodes:\n");
    put(text, "  diagnoses: %s\n", path_under("CASEMIX_ROOT", "tests/rules/dip-small/diagnoses.tsv"));
    put(text, "  procedures: %s\n", path_under("CASEMIX_ROOT", "tests/rules/dip-small/procedures.tsv"));
    put_sets(text, random, diagnoses, 6, procedures, 6);
    put_severity(text, random, severity_codes);
    if (random_chance(random, 30)) {
        put(text, "require:\n- {fact: %s, when: \"", ONE_OF(random, "NL", "ZFY", "XSRTL", "YYJB", "YPF"));
        put_condition(text, random, &plain_words, 1);
        put(text, "\"}\n");
    }
    if (random_chance(random, 30)) {
        put(text, "gray: {diagnoses: D50.900 E11.900, principal_diagnosis: %s",
            ONE_OF(random, "ungrouped", "ignore"));
        put(text, ", procedures: 99.1500 88.5500, principal_procedure: %s}\n",
            ONE_OF(random, "ungrouped", "ignore"));
    }
    trial->compatibility = random_chance(random, 20);
    if (trial->compatibility) {
        put(text, "compatibility: {missing_as_zero: [%s], numbers: negative",
            ONE_OF(random, "ZFY", "XSRTL, ZYTS", "YPF"));
        put(text, "%s}\n", ONE_OF(random, "", ", codes: exact", ", gray: as-others", ", sex: refuse-words"));
    }
    put(text, "totals:\n  CCI: {1: [DI_0, I50*], 2: [G81*], 3: K72.000 E11*, 6: [DI_2]}\n");
    put(text, "parts: [p0");
    for (unsigned p = 1; p < trial->parts; p++) {
        put(text, ", p%u", p);
    }
    put(text, "]\n");
    if (trial->levels > 0) {
        put(text, "levels: {l0: [三级, \"3\"]%s%s}\n", trial->levels > 1 ? ", l1: [二级]" : "",
            trial->levels > 2 ? ", l2: []" : "");
    }
    put_kinds(trial, text, random);
    put_uses(text, random);
    put_catalogue(trial, text, random);
    put_search(trial, text, random);
}

/* ---- a trial ---------------------------------------------------------------------------------------------- */

static void write_rules(struct trial *trial, uint64_t seed) {
    struct random random = {seed};
    char factors[300];
    snprintf(factors, sizeof factors, "%s/factors.csv", trial->folder);
    unlink(factors); /* of the trial before */
    put_scheme(trial, &random);
    for (unsigned f = 0; f < trial->file_count; f++) {
        char name[20];
        snprintf(name, sizeof name, "rows%u.csv", f);
        rule_text_save(&trial->files[f], trial->folder, name);
    }
    put_indices(trial, &trial->scheme, &random);
    rule_text_save(&trial->scheme, trial->folder, "scheme.yaml");
}

static void show_file(const struct trial *trial, const char *name) {
    char path[300], line[4096];
    snprintf(path, sizeof path, "%s/%s", trial->folder, name);
    FILE *file = fopen(path, "r");
    fprintf(stderr, "---- %s\n", name);
    while (file && fgets(line, sizeof line, file)) {
        fputs(line, stderr);
    }
    if (file) {
        fclose(file);
    }
}

static void show_rules(const struct trial *trial) {
    show_file(trial, "scheme.yaml");
    for (unsigned f = 0; f < trial->file_count; f++) {
        char name[20];
        snprintf(name, sizeof name, "rows%u.csv", f);
        show_file(trial, name);
    }
    show_file(trial, "factors.csv");
}

/* Rows that come out the same, and too many alternatives, are what chance may do; any other error is a mistake of
 * this file. */
static bool only_by_chance(const struct report *report) {
    for (size_t i = 0; i < report->count; i++) {
        enum message message = report->lines[i].message;
        if (message_rows[message].severity == MESSAGE_ERROR && message != MSG_dip_row_twice &&
            message != MSG_dip_rows_contradict && message != MSG_dip_limit && message != MSG_class_unreachable &&
            message != MSG_too_many_groups && message != MSG_too_many_facts) {
            return false;
        }
    }
    return true;
}

static bool compare(struct trial *trial, struct compilation *work, uint64_t seed, uint64_t cases) {
    size_t size;
    const void *bytes = compilation_image(work, &size);
    casemix_image *image;
    casemix_error error;
    static struct dip_duel duel;
    cr_assert(casemix_image_from_memory(bytes, size, &image, &error) == CASEMIX_OK, "%s", error.message);
    dip_duel_start(&duel, image, compilation_scheme(work, 0), seed, trial->compatibility);
    for (uint64_t n = 0; n < cases && duel.mismatches == 0; n++) {
        dip_duel_fight(&duel, n, n % EXPLAINED_EVERY == 0);
        trial->cases++;
    }
    trial->grouped += duel.by_status[CASEMIX_GROUPED];
    trial->contested += duel.contested;
    for (int r = 0; r < IMAGE_DIP_RULES; r++) {
        trial->by_rule[r] += duel.by_rule[r];
    }
    bool same = duel.mismatches == 0;
    dip_duel_end(&duel);
    casemix_image_close(image);
    return same;
}

static bool try_rules(struct trial *trial, uint64_t seed, uint64_t cases) {
    char path[300];
    write_rules(trial, seed);
    snprintf(path, sizeof path, "%s/scheme.yaml", trial->folder);
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, path), same = true;
    if (good && compilation_build(work)) {
        trial->compiled++;
        same = compare(trial, work, seed, cases);
    } else if (only_by_chance(compilation_report(work))) {
        trial->rejected++;
    } else {
        report_print(compilation_report(work), stderr);
        same = false;
    }
    if (!same) {
        fprintf(stderr, "scheme of seed %llu:\n", (unsigned long long)seed);
        show_rules(trial);
    }
    compilation_free(work);
    return same;
}

Test(dip_random, agree, .timeout = 900) {
    static struct trial trial;
    uint64_t seed = number_setting("CASEMIX_RANDOM_SEED", 1);
    uint64_t rules = number_setting("CASEMIX_RANDOM_RULES", TRIALS);
    uint64_t cases = number_setting("CASEMIX_RANDOM_CASES", CASES), wrong = 0;
    const char *base = getenv("TMPDIR");
    snprintf(trial.folder, sizeof trial.folder, "%.150s/dip-random.XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(trial.folder));
    for (uint64_t n = 0; n < rules && wrong < 3; n++) {
        wrong += !try_rules(&trial, seed + n, cases);
    }
    fprintf(stderr, "%llu schemes, %llu with rows that clash; %llu cases, %llu grouped, %llu contested:",
            (unsigned long long)trial.compiled, (unsigned long long)trial.rejected, (unsigned long long)trial.cases,
            (unsigned long long)trial.grouped, (unsigned long long)trial.contested);
    for (int r = 0; r < IMAGE_DIP_RULES; r++) {
        fprintf(stderr, " %s %llu", dip_rule_name((enum image_dip_rule)r), (unsigned long long)trial.by_rule[r]);
    }
    fprintf(stderr, "\n");
    cr_expect(wrong == 0, "%llu schemes differ", (unsigned long long)wrong);
    cr_expect(trial.compiled > trial.rejected * 2, "most schemes can be compiled");
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", trial.folder);
    cr_expect(system(command) == 0);
}
