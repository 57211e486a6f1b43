/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule sets made by chance, of every word of the rule language in every place: the library, the explanation and the
 * slow evaluator must agree on cases aimed at them, and nothing may fall into a group that the compiler's review says
 * can never be reached. CASEMIX_RANDOM_RULES sets how many rule sets, CASEMIX_RANDOM_CASES how many cases each,
 * CASEMIX_RANDOM_SEED where they start; one that differs is shown. */
#include "../../tables/compile/compile.h"
#include "../support/duel.h"
#include "../support/rule_text.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIALS = 300, CASES = 300, MDCS_MAX = 4, EXPLAINED_EVERY = 3 };

static const char *const diagnosis_items[] = {"S*", "I60.000", "I*, !I63.900", "A01.000..E11.900",
                                              "K35.900, P22.000"};
static const char *const procedure_items[] = {"47*", "39.6100", "4*, !47.0900", "/^[47]/", "01.2400..38.9300"};
static const struct rule_words words = {diagnosis_items, procedure_items, 5, 5, .ratios = true};

/* ---- schemes ---------------------------------------------------------------------------------------------- */

static void put_drgs(struct rule_text *text, struct random *random, unsigned mdc, unsigned step) {
    uint64_t count = 1 + random_below(random, 3);
    put(text, "    drgs:\n");
    for (unsigned d = 1; d <= count; d++) {
        put(text, "    - {drg: %c%c%u, when: \"", 'A' + mdc, 'A' + step, 10 + d);
        put_condition(text, random, &words, random_chance(random, 60) ? 0 : 2);
        put(text, "\"}\n");
    }
}

static void put_mdc(struct rule_text *text, struct random *random, unsigned mdc) {
    put(text, "# SPDX-License-Identifier: Apache-2.0\nmdc: MDC%c\nname: by chance\nwhen: \"", 'A' + mdc);
    if (random_chance(random, 70)) {
        put(text, "ZYZD in ");
        put_set(text, random, &words, true);
        put(text, "%s", random_chance(random, 50) ? " or " : "");
    }
    if (text->bytes[text->length - 1] == '"' || text->bytes[text->length - 1] == ' ') {
        put_condition(text, random, &words, 2);
    }
    put(text, "\"\nsteps:\n");
    uint64_t steps = 1 + random_below(random, 4);
    for (unsigned s = 0; s < steps; s++) {
        bool qy = random_chance(random, 15);
        put(text, "  %c%c1:\n    name: step\n    when: \"", 'A' + mdc, 'A' + s);
        put_condition(text, random, &words, 4);
        put(text, "\"\n%s", qy ? "    qy: true\n" : "");
        if (!qy) {
            put(text, "    no_drg: %s\n", ONE_OF(random, "next", "next", "adrg"));
            put_drgs(text, random, mdc, s);
        }
    }
}

static void put_scheme(struct rule_text *text, struct random *random, unsigned mdcs) {
    static const char *const diagnoses[] = {"S*", "I*", "A01* A41*", "J15.900..J96.000", "K*", "E* P*", "*", "C34.900",
                                            "* !S* !I*", "N17.900 N40.x00 O80.000", "R50.900 Z*"};
    static const char *const procedures[] = {"*", "01*", "39.6100 96.7201", "47* 51*", "* !38.9300 !45.2300",
                                             "33.2200..46.7900", "99.2500", "79.3500 81.5400 86.5900"};
    static const char *const severity_codes[12] = {"A01.000", "A41.901", "J96.000", "I21.900", "I50.900", "N17.900",
                                                   "E87.600", "E11.900", "S06.500", "J15.900", "K70.300",
                                                   "I10.x00x002"};
    put(text, "# SPDX-License-Identifier: Apache-2.0\nscheme: random\ntitle: by chance\nsource: made by chance\n"
              "date: 2026-11-27\nno_drg: next\ncodes:\n");
    put(text, "  diagnoses: %s\n", path_under("CASEMIX_ROOT", "tests/rules/small/diagnoses.tsv"));
    put(text, "  procedures: %s\n", path_under("CASEMIX_ROOT", "tests/rules/small/procedures.tsv"));
    put_sets(text, random, diagnoses, sizeof diagnoses / sizeof *diagnoses, procedures,
             sizeof procedures / sizeof *procedures);
    put_severity(text, random, severity_codes);
    if (random_chance(random, 50)) {
        put(text, "require:\n- {fact: NL}\n- {fact: %s, when: \"", ONE_OF(random, "XSRTL", "ZFY", "KS", "RJSS"));
        put_condition(text, random, &words, 2);
        put(text, "\"}\n");
    }
    put(text, "mdcs: [mdc0.yaml");
    for (unsigned m = 1; m < mdcs; m++) {
        put(text, ", mdc%u.yaml", m);
    }
    put(text, "]\n");
}

/* ---- a rule set ------------------------------------------------------------------------------------------- */

struct trial {
    char folder[200];
    struct rule_text files[MDCS_MAX + 1]; /* the scheme, then its MDCs */
    unsigned mdcs;
    unsigned compiled, too_large;
    uint64_t by_status[5];
};

static void write_rules(struct trial *trial, struct random *random) {
    trial->mdcs = 1 + (unsigned)random_below(random, MDCS_MAX);
    for (unsigned f = 0; f <= trial->mdcs; f++) {
        char name[20] = "scheme.yaml";
        struct rule_text *text = &trial->files[f];
        text->length = 0;
        if (f == 0) {
            put_scheme(text, random, trial->mdcs);
        } else {
            snprintf(name, sizeof name, "mdc%u.yaml", f - 1);
            put_mdc(text, random, f - 1);
        }
        rule_text_save(text, trial->folder, name);
    }
}

static void show_rules(const struct trial *trial) {
    for (unsigned f = 0; f <= trial->mdcs; f++) {
        fprintf(stderr, "---- file %u\n%.*s", f, (int)trial->files[f].length, trial->files[f].bytes);
    }
}

/* Does the review say of a place that no case comes there? */
static bool is_unreachable(const struct report *report, const struct place *place) {
    for (size_t i = 0; i < report->count; i++) {
        const struct report_line *line = &report->lines[i];
        bool reach = line->message == MSG_mdc_never || line->message == MSG_step_never ||
                     line->message == MSG_drg_never || line->message == MSG_taken_before;
        if (reach && line->place.line == place->line && strcmp(line->place.file, place->file) == 0) {
            return true;
        }
    }
    return false;
}

/* The MDC, step or DRG of an answer that the review takes for out of reach; NULL if there is none. */
static const char *wrongly_reviewed(const struct report *report, const struct scheme *scheme,
                                    const struct oracle_answer *answer) {
    bool answered = answer->status == CASEMIX_GROUPED || answer->status == CASEMIX_QY;
    for (size_t m = 0; m < scheme->mdc_count && answered; m++) {
        const struct mdc *mdc = scheme->mdcs[m];
        if (strcmp(mdc->code, answer->mdc) != 0) {
            continue;
        }
        if (is_unreachable(report, &mdc->place)) {
            return mdc->code;
        }
        for (size_t s = 0; s < mdc->step_count; s++) {
            const struct step *step = mdc->steps[s];
            if (strcmp(step->code, step->is_qy ? answer->drg : answer->adrg) != 0) {
                continue;
            }
            if (is_unreachable(report, &step->place)) {
                return step->code;
            }
            for (size_t d = 0; d < step->drg_count; d++) {
                if (strcmp(step->drgs[d].code, answer->drg) == 0 && is_unreachable(report, &step->drgs[d].place)) {
                    return step->drgs[d].code;
                }
            }
        }
    }
    return NULL;
}

static bool compare(struct trial *trial, struct compilation *work, uint64_t seed, uint64_t cases) {
    size_t size;
    const void *bytes = compilation_image(work, &size);
    const struct report *report = compilation_report(work);
    const struct scheme *scheme = compilation_scheme(work, 0);
    casemix_image *image;
    casemix_error error;
    struct duel duel;
    cr_assert(casemix_image_from_memory(bytes, size, &image, &error) == CASEMIX_OK, "%s", error.message);
    duel_start(&duel, image, scheme, seed, false);
    bool good = true;
    for (uint64_t n = 0; n < cases && good; n++) {
        struct oracle_answer answer;
        duel_fight(&duel, n, n % EXPLAINED_EVERY == 0, &answer);
        const char *wrong = wrongly_reviewed(report, scheme, &answer);
        if (wrong) {
            fprintf(stderr, "seed %llu, case %llu is in %s, which the review says can never be reached\n",
                    (unsigned long long)seed, (unsigned long long)n, wrong);
            report_print(report, stderr);
        }
        good = duel.mismatches == 0 && !wrong;
    }
    for (int s = 0; s < 5; s++) {
        trial->by_status[s] += duel.by_status[s];
    }
    duel_end(&duel);
    casemix_image_close(image);
    return good;
}

/* Too many alternatives or facts is what chance may do; any other error is a mistake of this file. */
static bool only_too_large(const struct report *report) {
    for (size_t i = 0; i < report->count; i++) {
        enum message message = report->lines[i].message;
        if (message_rows[message].severity == MESSAGE_ERROR && message != MSG_too_many_groups &&
            message != MSG_too_many_facts) {
            return false;
        }
    }
    return true;
}

static bool try_rules(struct trial *trial, uint64_t seed, uint64_t cases) {
    char path[300];
    struct random random = {seed};
    write_rules(trial, &random);
    snprintf(path, sizeof path, "%s/scheme.yaml", trial->folder);
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, path) && compilation_check(work), same = true;
    if (good && compilation_build(work)) {
        trial->compiled++;
        same = compare(trial, work, seed, cases);
    } else if (good && only_too_large(compilation_report(work))) {
        trial->too_large++;
    } else {
        report_print(compilation_report(work), stderr);
        same = false;
    }
    if (!same) {
        show_rules(trial);
    }
    compilation_free(work);
    return same;
}

Test(random_rules, agree, .timeout = 900) {
    static struct trial trial;
    uint64_t seed = number_setting("CASEMIX_RANDOM_SEED", 1);
    uint64_t rules = number_setting("CASEMIX_RANDOM_RULES", TRIALS);
    uint64_t cases = number_setting("CASEMIX_RANDOM_CASES", CASES), wrong = 0;
    const char *base = getenv("TMPDIR");
    snprintf(trial.folder, sizeof trial.folder, "%.150s/random-rules.XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(trial.folder));
    for (uint64_t n = 0; n < rules && wrong < 3; n++) {
        wrong += !try_rules(&trial, seed + n, cases);
    }
    fprintf(stderr, "%u rule sets, %u too large:", trial.compiled, trial.too_large);
    for (int s = 0; s < 5; s++) {
        fprintf(stderr, " %s %llu", casemix_status_text((casemix_status)s), (unsigned long long)trial.by_status[s]);
    }
    fprintf(stderr, "\n");
    cr_expect(wrong == 0, "%llu rule sets differ", (unsigned long long)wrong);
    cr_expect(trial.compiled > trial.too_large * 4, "most rule sets are small enough");
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", trial.folder);
    cr_expect(system(command) == 0);
}
