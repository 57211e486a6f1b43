/* SPDX-License-Identifier: Apache-2.0
 *
 * Scores, basic entries and factors of the worked examples E33 to E41, E52 and E62, as far as grouping gives them:
 * what their payment is made of. Library and slow evaluator must both say so. */
#include "../../tables/decimal.h"
#include "../support/dip_duel.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct example {
    const char *name, *diagnoses, *age, *level, *cost, *tcm_cost; /* NULL: absent */
    const char *entry;
    int64_t score, mean_cost, factor; /* as in casemix_dip */
    bool basic;
    const char *classes; /* of indices, in order */
};

static const struct example examples[] = {
    {"E33 normal", "A01.000", "40", NULL, "9000", NULL, "N", 8563241, -1, 1000000, false, ""},
    {"E34 basic entry", "A01.100", "40", NULL, "9000", NULL, "B", 8563241, -1, 1000000, true, ""},
    {"E35 the highest of two factors", "A01.000|K72.000", "65", NULL, "9000", NULL, "N", 8563241, -1, 1183200,
     false, "cci=严重* age=65岁以上 "},
    {"E35 one factor alone", "A01.000", "65", NULL, "9000", NULL, "N", 8563241, -1, 1091100, false,
     "age=65岁以上* "},
    {"E36 score from cost", "A09.900", "40", NULL, NULL, NULL, "M", 11946356, 143217700, 1000000, false, ""},
    {"E37 mean of three years", "A02.000", "40", NULL, NULL, NULL, "Y", 10000000, 143000000, 1000000, false, ""},
    {"E38 low", "J18.900", "40", "3", "2900.00", NULL, "L", 7000000, 72000000, 1000000, false,
     "low_standard=低于50% "},
    {"E38 at another level", "J18.900", "40", "2", "2900.00", NULL, "L", 7000000, 90000000, 1000000, false,
     "low_standard=低于50% "},
    {"E38 exactly half is not low", "J18.900", "40", "三级", "3600", NULL, "L", 7000000, 72000000, 1000000, false,
     ""},
    {"E38 a ten-thousandth less is", "J18.900", "40", "三级", "3599.9999", NULL, "L", 7000000, 72000000, 1000000,
     false, "low_standard=低于50% "},
    {"E39 E40 E41a high", "N18.000", "40", NULL, "20000.00", NULL, "H", 8000000, 80000000, 1000000, false,
     "high=超过2倍 "},
    {"E41b far above", "N18.000", "40", NULL, "41000.00", NULL, "H", 8000000, 80000000, 1000000, false,
     "high=超过2倍 "},
    {"E41c exactly half", "N18.000", "40", NULL, "4000.00", NULL, "H", 8000000, 80000000, 1000000, false, ""},
    {"E52 score 0 is a score", "D50.900", "40", NULL, "3287.65", NULL, "Z", 0, -1, 1000000, false, ""},
    {"E62 share of traditional medicine", "G81.900", "40", NULL, "10000", "4100", "T", 6400000, -1, 1030000, false,
     "tcm=中医占比* "},
    {"E62 below the share", "G81.900", "40", NULL, "10000", "3999.9999", "T", 6400000, -1, 1000000, false, ""},
    {"E62 no cost, no share", "G81.900", "40", NULL, NULL, "4100", "T", 6400000, -1, 1000000, false, ""},
};

static void write_classes(const struct dip_answer *answer, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < answer->index_count && used < size; i++) {
        const struct dip_answer_index *index = &answer->indices[i];
        used += (size_t)snprintf(out + used, size - used, "%s=%s%s ", index->index, index->class_name,
                                 index->counts ? "*" : "");
    }
}

/* The library gives what the slow evaluator does, and that is what the example says. */
Test(dip_score, examples) {
    struct compiled compiled = compile_rules(path_under("CASEMIX_ROOT", "tests/rules/dip-score/bundle.yaml"));
    static struct dip_duel duel;
    dip_duel_start(&duel, compiled.image, compilation_scheme(compiled.work, 0), 1, false);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        static struct dip_answer answer;
        char classes[300];
        struct plain_case one = {0};
        one.facts[FACT_DIAGNOSES] = e->diagnoses;
        one.facts[FACT_AGE] = e->age;
        one.facts[FACT_HOSPITAL_LEVEL] = e->level;
        one.facts[FACT_COST] = e->cost;
        one.facts[FACT_TCM_COST] = e->tcm_cost;
        cr_expect(dip_duel_case(&duel, &one, true, &answer), "%s: library and slow evaluator differ", e->name);
        write_classes(&answer, classes, sizeof classes);
        cr_expect(strcmp(answer.base.drg, e->entry) == 0, "%s: entry %s", e->name, answer.base.drg);
        cr_expect(answer.score == e->score, "%s: score %lld", e->name, (long long)answer.score);
        cr_expect(answer.mean_cost == e->mean_cost, "%s: mean %lld", e->name, (long long)answer.mean_cost);
        cr_expect(answer.factor == e->factor, "%s: factor %lld", e->name, (long long)answer.factor);
        cr_expect(answer.basic == e->basic, "%s: basic %d", e->name, answer.basic);
        cr_expect(strcmp(classes, e->classes) == 0, "%s: classes %s", e->name, classes);
    }
    dip_duel_end(&duel);
    compiled_free(&compiled);
}

/* The two numbers that the catalogue holds ready-made are those of the examples. */
Test(dip_score, made_from_cost) {
    struct rational score;
    int64_t points;
    cr_assert(rational_divide(rational_of(1432177 * 1000, 100), rational_of(1198840, 100), &score) == RATIONAL_OK);
    cr_expect(rational_round(score, 4, ROUND_HALF_UP, &points) && points == 11946356, "E36: %lld",
              (long long)points);
    cr_expect(1 * 12000 + 2 * 13000 + 7 * 15000 == 14300 * 10, "E37");
}
