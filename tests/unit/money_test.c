/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies, formulas, prices and settlements, on a scheme of a few groups that is made here. No binary floating
 * point: what is expected was worked out by hand, is from published worked examples (E15 ...), or is computed
 * another way. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "grouper/casemix.h"
#include "tables/compile/compile.h"
#include "tables/decimal.h"
#include "tables/facts.h"
#include "tables/image_reader.h"
#include "tests/support/money_world.h"

/* ---- the form of Harbin 2022 ---- */

static const char harbin[] =
    HEAD "tables:\n"
         "  level_rate:\n"
         "    by: [level, pool]\n"
         "    三级: {employee: 11356.64, resident: 11291.10}\n"
         "    二级: {employee: 10000, resident: 11261.99}\n"
         "    一级: 8404.32\n"
         "  graded_rate: {by: pool, employee: 11259.81, resident: 11199.27}\n"
         "  cap: {by: level, 三级: 3, else: 2}\n"
         "groups:\n"
         "  graded_care: {drgs: [AR1], demonstration: true, note: for tests}\n"
         "values:\n"
         "  rate: if(graded_care, graded_rate, level_rate)\n"
         "points: rw\n"
         "point_value: rate\n"
         "standard: rw * rate\n"
         "classes:\n"
         "- {class: low, when: cost < 0.4 * standard, pay: cost}\n"
         "- {class: high, when: cost > cap * standard, pay: standard * (1.7 + 0.5 * (cost / standard - cap))}\n"
         "- {class: normal, pay: standard}\n"
         "fund: pay - patient_paid - other_paid\n"
         "absent: {other_paid: 0}\n";

Test(money, e18_high_by_step) {
    struct world world = open_world(harbin, weights_text);
    casemix_price price = price_at(&world, AA11, "三级", "职工", "45000.00");
    cr_assert_eq(price.status, CASEMIX_PRICED);
    cr_assert(is_class(&price, "high"));
    cr_assert_eq(price.standard, 2505229);
    cr_assert_eq(price.base_standard, 1276146);
    cr_assert_eq(price.points, 11237);
    cr_assert_eq(price.point_value, 11356640000);
    cr_assert_str_eq(price.pool.text, "employee");
    cr_assert_str_eq(price.level.text, "三级");
    cr_assert_eq(price.fund_payment, 2505229);
    say(&world, "patient_paid", "5000.5");
    say(&world, "other_paid", "1.005");
    price = price_of(&world, AA11);
    cr_assert_eq(price.fund_payment, 2505229 - 500050 - 100); /* 20050.785: half up */
    cr_assert_eq(price.other_paid, 101);
    close_world(&world);
}

Test(money, strict_borders_and_cap) {
    static const struct {
        const char *level, *cost, *name;
        casemix_amount standard;
    } rows[] = {
        {"二级", "4000.00", "normal", 1000000},
        {"二级", "3999.99", "low", 399999},
        {"二级", "3999.9999", "low", 400000},
        {"2", "20000", "normal", 1000000},
        {"2", "20000.0001", "high", 1700000},
        {"2", "20000.02", "high", 1700001},
        {"2", "0", "low", 0},
        {" 2 ", "20000.01", "high", 1700001}, /* 17000.005 */
    };
    struct world world = open_world(harbin, weights_text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        casemix_price price = price_at(&world, AA15, rows[i].level, "310", rows[i].cost);
        cr_expect(is_class(&price, rows[i].name), "%s: %s", rows[i].cost, price.class_name.text);
        cr_expect_eq(price.standard, rows[i].standard, "%s: %" PRId64, rows[i].cost, price.standard);
        cr_expect_eq(price.low_below, 400000);
        cr_expect_eq(price.high_above, 2000000);
    }
    casemix_price price = price_at(&world, AA15, "三级", "employee", "34069.92"); /* 3 x 11356.64 */
    cr_expect(is_class(&price, "normal"));
    price = price_at(&world, AA15, "三级", "employee", "34069.93");
    cr_expect(is_class(&price, "high"));
    price = price_at(&world, AA15, "一级", "居民", "16808.65"); /* no cap of its own: 2 x 8404.32 */
    cr_expect(is_class(&price, "high"));
    cr_expect_str_eq(price.pool.text, "resident");
    close_world(&world);
}

Test(money, groups_of_their_own_rate_and_bare_adrg) {
    struct world world = open_world(harbin, weights_text);
    /* AR19 has no weight of its own; a bare ADRG AR1 has, and is in the list */
    casemix_price price = price_at(&world, AR19, "一级", "职工", "5000");
    cr_expect_eq(price.status, CASEMIX_NO_WEIGHT);
    casemix_grouping bare = {.status = CASEMIX_GROUPED, .group = UINT32_MAX, .step = 2};
    cr_assert_eq(casemix_price_case(world.context, world.one, &bare, &price), CASEMIX_OK);
    cr_expect_eq(price.status, CASEMIX_PRICED);
    cr_expect_eq(price.point_value, 11259810000);
    cr_expect_eq(price.standard, 562991); /* 5629.905 */
    /* a grouping that is not of this scheme */
    casemix_grouping wild = {.status = CASEMIX_GROUPED, .group = 12345, .step = 4711};
    cr_assert_eq(casemix_price_case(world.context, world.one, &wild, &price), CASEMIX_OK);
    cr_expect_eq(price.status, CASEMIX_NO_WEIGHT);
    casemix_policy_info info;
    cr_assert_eq(casemix_policy_at(world.image, 0, &info), CASEMIX_OK);
    cr_expect_str_eq(info.note.text, "demonstration values: graded_care");
    close_world(&world);
}

Test(money, dates_of_force) {
    static const struct {
        const char *force, *discharged;
        casemix_price_status status;
    } rows[] = {
        {"{from: 2022-01-01, until: 2022-12-31}", "2021-12-31", CASEMIX_PRICE_NOT_IN_FORCE},
        {"{from: 2022-01-01, until: 2022-12-31}", "2022-01-01", CASEMIX_PRICED},
        {"{from: 2022-01-01, until: 2022-12-31}", "2022-12-31 23:59:59", CASEMIX_PRICED},
        {"{from: 2022-01-01, until: 2022-12-31}", "20230101", CASEMIX_PRICE_NOT_IN_FORCE},
        {"{from: 2022-01-01, until: 2022-12-31}", "", CASEMIX_PRICED},
        {"{from: 2022-01-01, until: 2022-12-31}", " ", CASEMIX_PRICED},
        {"{from: 2022-01-01, until: 2022-12-31}", "2022-13-01", CASEMIX_PRICE_BAD_FACT},
        {"{from: 2022-01-01}", "2021/12/31", CASEMIX_PRICE_NOT_IN_FORCE},
        {"{from: 2022-01-01}", "2099-01-01", CASEMIX_PRICED},
        {"{until: 2022-12-31}", "1999-01-01", CASEMIX_PRICED},
        {"{until: 2022-12-31}", "2023-01-01", CASEMIX_PRICE_NOT_IN_FORCE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char policy[4000];
        casemix_policy_info info;
        casemix_finding finding = {0};
        snprintf(policy, sizeof policy, "%sin_force: %s\n", harbin, rows[i].force);
        struct world world = open_world(policy, weights_text);
        cr_assert_eq(casemix_policy_at(world.image, 0, &info), CASEMIX_OK);
        cr_expect_eq(info.until.length > 0, strstr(rows[i].force, "until") != NULL);
        say(&world, "discharged", rows[i].discharged);
        casemix_price price = price_at(&world, AA11, "三级", "职工", "45000.00");
        cr_expect_eq(price.status, rows[i].status, "%s %s: %s", rows[i].force, rows[i].discharged,
                     casemix_price_status_text(price.status));
        cr_expect_eq(price.standard, rows[i].status == CASEMIX_PRICED ? 2505229 : 0);
        cr_expect_str_eq(price.pool.text, "employee"); /* it is counted there */
        cr_expect_eq(price.fact, rows[i].status == CASEMIX_PRICED ? -1 : casemix_fact("discharged"));
        say(&world, "discharged", "2022-06-30"); /* in force under all of these; then the day at hand again */
        cr_expect_eq(price_of(&world, AA11).status, CASEMIX_PRICED);
        say(&world, "discharged", rows[i].discharged);
        cr_expect_eq(price_of(&world, AA11).status, rows[i].status);
        casemix_context_any_date(world.context, 1);
        bool outside = rows[i].status == CASEMIX_PRICE_NOT_IN_FORCE;
        price = price_of(&world, AA11);
        cr_expect_eq(price.status, outside ? CASEMIX_PRICED : rows[i].status);
        cr_expect_eq(casemix_finding_count(world.context), outside);
        cr_expect(!outside || (casemix_finding_at(world.context, 0, &finding) == CASEMIX_OK &&
                               finding.code == CASEMIX_FINDING_POLICY_NOT_IN_FORCE));
        close_world(&world);
    }
}

Test(money, cases_without_a_group) {
    struct world world = open_world(harbin, weights_text);
    for (int status = CASEMIX_QY; status <= CASEMIX_NEEDS_DATA; status++) {
        casemix_grouping grouping = {.status = (casemix_status)status, .group = UINT32_MAX, .step = UINT32_MAX};
        casemix_price price;
        say(&world, "insured_type", "居民");
        casemix_price_case(world.context, world.one, &grouping, &price);
        cr_expect_eq(price.status, CASEMIX_NOT_GROUPED);
        cr_expect_str_eq(price.pool.text, "resident");
        cr_expect_eq(price.fund_payment, 0);
    }
    close_world(&world);
    world = open_world(HEAD "points: rw\npoint_value: 1\nstandard: rw\nclasses:\n"
                            "- {class: qy, for: qy, pay: 0.7 * cost}\n"
                            "- {class: none, for: [ungrouped], when: cost > 100, pay: 100, points: 1.5}\n"
                            "- {class: none, for: [ungrouped], pay: cost}\n"
                            "- {class: normal, pay: standard}\n"
                            "fund: max(0, pay - 50)\n",
                       weights_text);
    casemix_grouping grouping = {.status = CASEMIX_QY, .group = UINT32_MAX, .step = 1};
    casemix_price price;
    price_at(&world, AA11, "3", "310", "200.05");
    casemix_price_case(world.context, world.one, &grouping, &price);
    cr_expect_eq(price.standard, 14004); /* 140.035 */
    cr_expect_eq(price.fund_payment, 9004);
    grouping.status = CASEMIX_UNGROUPED;
    casemix_price_case(world.context, world.one, &grouping, &price);
    cr_expect_eq(price.standard, 10000);
    cr_expect_eq(price.points, 15000);
    price_at(&world, AA11, "3", "310", "20.05");
    casemix_price_case(world.context, world.one, &grouping, &price);
    cr_expect_eq(price.standard, 2005);
    cr_expect_eq(price.fund_payment, 0);
    close_world(&world);
}

Test(money, facts_that_are_wrong) {
    static const char *const bad[] = {"",   "-5",  "-0.01", "1e5", "1,000", "12.34567",
                                      "+5", "abc", ".5",    "5.",  "１２",  "1 2"};
    struct world world = open_world(harbin, weights_text);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        casemix_price price = price_at(&world, AA11, "3", "310", bad[i]);
        cr_expect_eq(price.status, bad[i][0] == '\0' ? CASEMIX_PRICE_MISSING_FACT : CASEMIX_PRICE_BAD_FACT, "cost %s: %d",
                     bad[i], price.status);
        cr_expect_eq(price.fact, FACT_COST);
        cr_expect_eq(price.base_standard, 1276146); /* what does not need it is there */
    }
    casemix_price price = price_at(&world, AA11, "3", "310", "922337203685478");
    cr_expect_eq(price.status, CASEMIX_PRICE_OVERFLOW); /* beyond 64 bits of 1/10000 yuan */
    price = price_at(&world, AA11, "3", "310", "900000000000000.0000");
    cr_expect_eq(price.status, CASEMIX_PRICED);
    cr_expect_eq(price.standard, 45000000000255229); /* 0.2 x standard + cost / 2, 2552.2912736 + cost / 2 */
    price = price_at(&world, AA11, "四级", "310", "1");
    cr_expect_eq(price.status, CASEMIX_PRICE_UNKNOWN_WORD);
    cr_expect_eq(price.fact, FACT_HOSPITAL_LEVEL);
    cr_expect_str_eq(price.pool.text, "employee");
    price = price_at(&world, AA11, "3", "军人", "1");
    cr_expect_eq(price.status, CASEMIX_PRICE_UNKNOWN_WORD);
    cr_expect_eq(price.fact, FACT_INSURED_TYPE);
    price = price_at(&world, AA11, "3", "", "1");
    cr_expect_eq(price.status, CASEMIX_PRICE_MISSING_FACT);
    price_at(&world, AA11, "3", "310", "12000");
    say(&world, "patient_paid", "");
    price = price_of(&world, AA11);
    cr_expect_eq(price.status, CASEMIX_PRICE_MISSING_FACT);
    cr_expect_eq(price.fact, FACT_PATIENT_PAID);
    cr_expect_eq(price.standard, 1276146);
    cr_expect(is_class(&price, "normal"));
    close_world(&world);
}

/* ---- worked examples of other regions: nothing but parameters and formulas ---- */

#define RATE "point_value: rate\npoints: rw\nabsent: {patient_paid: 0}\nfund: pay - patient_paid\n"
static const char xian[] = HEAD RATE "parameters: {rate: 11419.09603}\nstandard: rw * rate\nclasses:\n"
                                     "- {class: low, when: cost < 0.3 * standard, pay: cost}\n"
                                     "- {class: high, when: cost >= 3 * standard, pay: cost}\n"
                                     "- {class: normal, pay: standard}\n";
static const char qingyang[] = HEAD RATE "parameters: {rate: 3399.6038}\n"
                                         "tables:\n  coef: {by: level, 一级: 0.7826, 二级: 1.126, 三级: 1.4}\n"
                                         "  cap: {by: level, 三级: 2.5, else: 2}\n"
                                         "standard: rw * rate * coef\nclasses:\n"
                                         "- {class: low, when: cost < 40% * standard, pay: cost}\n"
                                         "- {class: high, when: cost / standard > cap, "
                                         "pay: standard * (1 + 0.7 * (cost / standard - cap))}\n"
                                         "- {class: normal, pay: standard}\n";
static const char dandong[] =
    HEAD RATE "parameters: {rate: 7339.85, n: 7150}\n"
              "tables: {coef: {by: level, 三级: 1.1, 二级: 0.9, else: 1}}\n"
              "values:\n  cap: if(rw <= 1, 3, if(rw <= 3, 2, 1.5))\n"
              "standard: rw * rate * coef\nclasses:\n"
              "- {class: low, when: cost < 0.6 * standard, pay: cost / n * rate}\n"
              "- {class: high, when: cost > cap * standard, pay: (cost / n - (cap - 1) * rw) * rate}\n"
              "- {class: normal, pay: standard}\n";
static const char quanzhou[] = HEAD RATE "parameters: {rate: 8000}\n"
                                         "groups: {basic: [AA11, AR1]}\n"
                                         "tables: {level_coef: {by: level, 三级: 1.11, 二级: 0.93, 一级: 0.75}}\n"
                                         "values: {coef: 'if(basic and level = 三级, 0.93, level_coef)'}\n"
                                         "standard: rw * rate * coef\nclasses:\n"
                                         "- {class: low, when: cost <= 0.5 * standard, pay: cost}\n"
                                         "- {class: high, when: cost >= 2 * standard, pay: cost}\n"
                                         "- {class: normal, pay: standard}\n";
static const char yinchuan[] =
    HEAD RATE "tables: {rate: {by: pool, employee: 2.82, resident: 3.29}}\n"
              "parameters: {coef: 1.1}\n"
              "values:\n  base: 3 * rw * coef\n  ratio: cost / base\n  bonus: if(age < 6, 103%, 1)\n"
              "standard: rw * coef * rate * bonus\nclasses:\n"
              "- {class: very low, when: cost <= 0.4 * base, pay: cost}\n"
              "- {class: low, when: cost < 0.8 * base, pay: rw * ratio * coef * rate * bonus}\n"
              "- {class: normal, when: cost <= 1.4 * base, pay: standard}\n"
              "- {class: high, when: cost <= 2.5 * base, pay: rw * (ratio - 0.4) * coef * rate * bonus}\n"
              "- {class: very high, pay: 2.1 * standard}\n";
/* points: DRG points at a known point value, strict and deducting */
static const char yancheng[] = HEAD "absent: {patient_paid: 0}\nfund: pay - patient_paid\n"
                                    "parameters: {n: 7726.16}\npoint_value: 59.2876\n"
                                    "tables: {coef: {by: level, 三级: 1.14, 二级: 0.98, 一级: 0.64}}\n"
                                    "values:\n  cap: if(rw <= 1, 3, if(rw <= 3, 2, 1.5))\n"
                                    "  low_points: cost / n * 100\n"
                                    "  high_points: 100 * (cost / n - (cap - 1) * rw * coef)\n"
                                    "points: 100 * rw * coef\nstandard: points * point_value\nclasses:\n"
                                    "- {class: low, when: cost < 0.4 * n * rw, points: low_points, "
                                    "pay: low_points * point_value}\n"
                                    "- {class: high, when: cap * n * rw < cost, points: high_points, "
                                    "pay: high_points * point_value}\n"
                                    "- {class: normal, pay: standard}\n";

Test(money, worked_examples) {
    static const struct {
        const char *id, *policy, *rw, *level, *cost, *age, *name;
        casemix_amount pay;
        casemix_points points; /* 0: not compared */
    } rows[] = {
        {"E15", xian, "1.35", "三级", "13000.00", "40", "normal", 1541578, 13500},
        {"E16", xian, "1.35", "三级", "4500.00", "40", "low", 450000, 0},
        {"E17", xian, "1.35", "三级", "47000.00", "40", "high", 4700000, 0},
        {"E20", qingyang, "1.6", "三级", "24000.00", "40", "high", 1108867, 0},
        {"E21", dandong, "1.3", "二级", "24000.00", "40", "high", 1509545, 0},
        {"E22", quanzhou, "0.9", "三级", "13392.00", "40", "high", 1339200, 0},
        {"E24a", yinchuan, "2000", "三级", "2500.00", "40", "very low", 250000, 0},
        {"E24b", yinchuan, "2000", "三级", "4200.00", "40", "low", 394800, 0},
        {"E24c", yinchuan, "2000", "三级", "7000.00", "40", "normal", 620400, 0},
        {"E24d", yinchuan, "2000", "三级", "13000.00", "40", "high", 973840, 0},
        {"E24e", yinchuan, "2000", "三级", "25000.00", "40", "very high", 1302840, 0},
        {"E24f", yinchuan, "2000", "三级", "7000.00", "3", "normal", 639012, 0},
        {"E07", yancheng, "2.4", "三级", "45000.00", "40", "high", 1831019, 3088368},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char weights[100];
        snprintf(weights, sizeof weights, "drg,name,weight\nAA11,,%s\n", rows[i].rw);
        struct world world = open_world(rows[i].policy, weights);
        say(&world, "age", rows[i].age);
        casemix_price price = price_at(&world, AA11, rows[i].level, "职工", rows[i].cost);
        cr_expect_eq(price.status, CASEMIX_PRICED, "%s", rows[i].id);
        cr_expect(is_class(&price, rows[i].name), "%s: %s", rows[i].id, price.class_name.text);
        cr_expect_eq(price.standard, rows[i].pay, "%s: %" PRId64, rows[i].id, price.standard);
        cr_expect(rows[i].points == 0 || price.points == rows[i].points, "%s: %" PRId64, rows[i].id, price.points);
        if (rows[i].policy == yinchuan) { /* zones: the bounds next to the normal one */
            cr_expect_eq(price.low_below, 528000);
            cr_expect_eq(price.high_above, 924000);
        }
        close_world(&world);
    }
}

/* A cost in whole fen is low if and only if it is below low_below, high if above high_above. */
Test(money, bounds_agree_with_classes) {
    static const struct { const char *low, *high; } forms[] = {{"<", ">"}, {"<=", ">="}};
    for (size_t f = 0; f < 2; f++) {
        char policy[2000];
        snprintf(policy, sizeof policy,
                 HEAD RATE
                 "parameters: {rate: 3.331}\nstandard: rw * rate\nclasses:\n"
                 "- {class: low, when: cost %s 0.5 * standard, pay: cost}\n"
                 "- {class: high, when: cost %s 2 * standard, pay: cost}\n- {class: normal, pay: standard}\n",
                 forms[f].low, forms[f].high);
        for (int rw = 1; rw <= 40; rw++) {
            char weights[100];
            snprintf(weights, sizeof weights, "drg,name,weight\nAA11,,%d.%d\n", rw / 4, rw % 4 * 25);
            struct world world = open_world(policy, weights);
            casemix_price price = price_at(&world, AA11, "3", "310", "0");
            int64_t borders[] = {price.low_below, price.high_above};
            for (int b = 0; b < 2; b++) {
                for (int64_t cost = borders[b] - 1; cost <= borders[b] + 1; cost++) {
                    char text[40];
                    snprintf(text, sizeof text, "%" PRId64 ".%02" PRId64, cost / 100, cost % 100);
                    casemix_price at = price_at(&world, AA11, "3", "310", cost < 0 ? "0" : text);
                    const char *name = cost < price.low_below ? "low" : cost > price.high_above ? "high" : "normal";
                    cr_expect(cost < 0 || is_class(&at, name), "%s at %s, rw %s", name, text, weights);
                }
            }
            close_world(&world);
        }
    }
}

/* The policy that is shipped: E18 from the case's codes to the payment, and its rates as published. */
Test(money, harbin_2022_as_shipped) {
    static const struct {
        const char *level, *pool, *cost;
        casemix_amount standard;
        casemix_point_value rate;
    } rows[] = {
        {"三级", "职工", "45000.00", 2505229, 11356640000}, /* E18 */
        {"三级", "居民", "12000", 1268781, 11291100000},    /* 1.1237 x 11291.10 = 12687.80907 */
        {"二级", "310", "12000", 1231989, 10963680000},     /* 12319.887216 */
        {"二级", "390", "12000", 1265510, 11261990000},     /* 12655.098163 */
        {"一级", "职工", "9000", 944393, 8404320000},       /* 9443.934384 */
        {"一级", "居民", "9000", 955802, 8505850000},       /* 9558.023645 */
        {"一级", "居民", "3000", 300000, 8505850000},       /* below 0.4 of it */
        {"一级", "居民", "19116.04", 955802, 8505850000},   /* twice is 19116.04729 */
        {"一级", "居民", "19116.05", 1624864, 8505850000},  /* 1.7 x 9558.023645 + 0.5 x 0.00271 */
    };
    const char *folder = getenv("CASEMIX_IMAGES");
    if (folder == NULL) {
        cr_skip_test("CASEMIX_IMAGES is not set: run the tests by `meson test`");
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/haerbin-2022.cmx", folder);
    casemix_image *image;
    casemix_error error = {0};
    cr_assert(casemix_image_open(path, &image, &error) == CASEMIX_OK, "%s", error.message);
    casemix_context *context;
    cr_assert(casemix_context_new(image, NULL, "harbin-2022", &context, &error) == CASEMIX_OK, "%s", error.message);
    struct world world = {.image = image, .context = context, .one = casemix_case_new()};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        casemix_grouping grouping;
        casemix_price price;
        casemix_case_clear(world.one);
        say(&world, "gender", "1");
        say(&world, "age", "63");
        say(&world, "dx", "I60.500x003");
        say(&world, "hospital_level", rows[i].level);
        say(&world, "insured_type", rows[i].pool);
        say(&world, "cost", rows[i].cost);
        say(&world, "patient_paid", "100.50");
        cr_assert_eq(casemix_group(context, world.one, &grouping), CASEMIX_OK);
        cr_assert_str_eq(grouping.drg.text, "BR19");
        cr_assert_eq(casemix_price_case(context, world.one, &grouping, &price), CASEMIX_OK);
        cr_expect_eq(price.status, CASEMIX_PRICED);
        cr_expect_eq(price.points, 11237);
        cr_expect_eq(price.point_value, rows[i].rate);
        cr_expect_eq(price.standard, rows[i].standard, "%zu: %" PRId64, i, price.standard);
        cr_expect_eq(price.fund_payment, rows[i].standard - 10050);
    }
    close_world(&world);
}

/* ---- against another way of computing ---- */

static uint64_t random_state;
static uint64_t random_below(uint64_t bound) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % bound;
}

/* The Harbin form in whole numbers: weight in 1/10000, rate in fen, cost in 1/10000 yuan. Everything in 1/10^7
 * yuan: standard 10 * S with S = weight * rate in 1/10^6; high = 17 S + 5 C - 5 cap S with C = 100 * cost. */
static int64_t harbin_by_hand(int64_t weight, int64_t rate, int64_t cap, int64_t cost, int *class) {
    int64_t s = weight * rate, c = cost * 100;
    *class = 10 * c < 4 * s ? 0 : c > cap * s ? 2 : 1;
    int64_t pay = *class == 0 ? 10 * c : *class == 1 ? 10 * s : 17 * s + 5 * c - 5 * cap * s;
    int64_t sign = pay < 0 ? -1 : 1;
    return sign * ((sign * pay * 2 + 100000) / 200000);
}

Test(money, random_cases_agree_with_whole_numbers) {
    static const char *const classes[] = {"low", "normal", "high"};
    static const struct {
        const char *level, *pool;
        int64_t rate, cap;
    } places[] = {{"三级", "职工", 1135664, 3},
                  {"三级", "居民", 1129110, 3},
                  {"二级", "310", 1000000, 2},
                  {"2", "resident", 1126199, 2},
                  {"一级", "职工", 840432, 2}};
    random_state = 20221127;
    for (int w = 0; w < 40; w++) {
        int64_t weight = 1 + (int64_t)random_below(w % 4 == 0 ? 500000 : 20000);
        char weights[100];
        snprintf(weights, sizeof weights, "drg,name,weight\nAA11,,%" PRId64 ".%04" PRId64 "\n", weight / 10000,
                 weight % 10000);
        struct world world = open_world(harbin, weights);
        for (int n = 0; n < 5000; n++) {
            int p = (int)random_below(5);
            /* most costs near a border or near half a fen */
            int64_t standard = weight * places[p].rate / 100; /* 1/10000 yuan */
            int64_t near[] = {standard * 2 / 5, standard * places[p].cap, standard, standard * 8};
            int64_t cost = near[random_below(4)] + (int64_t)random_below(2001) - 1000;
            cost = random_below(3) == 0 ? (int64_t)random_below((uint64_t)standard * 9 + 1) : cost < 0 ? 0 : cost;
            char text[40];
            snprintf(text, sizeof text, "%" PRId64 ".%04" PRId64, cost / 10000, cost % 10000);
            casemix_price price = price_at(&world, AA11, places[p].level, places[p].pool, text);
            int class;
            int64_t pay = harbin_by_hand(weight, places[p].rate, places[p].cap, cost, &class);
            cr_assert(price.standard == pay && is_class(&price, classes[class]) && price.fund_payment == pay,
                      "weight %" PRId64 " place %d cost %s: %" PRId64 " %s, by hand %" PRId64 " %s", weight, p,
                      text, price.standard, price.class_name.text, pay, classes[class]);
        }
        close_world(&world);
    }
}

/* ---- formulas ---- */

Test(money, formula_values) {
    static const struct {
        const char *formula;
        int64_t fen;
    } rows[] = {
        {"1 + 2 * 3 - 4 / 8", 650},
        {"-(2 - 5) * --2", 600},
        {"10 / 3", 333},
        {"20 / 3", 667},
        {"-20 / 3", -667},
        {"0.005", 1},
        {"-0.005", -1},
        {"0.0049999", 0},
        {"min(3, 1, 2) + max(1, 5)", 600},
        {"if(1 < 2 and not 2 <= 1 or 1 = 2, 7, 1 / (1 - 1))", 700},
        {"if(1 = 2 and 1 / (1 - 1) > 0, 1, 2)", 200},
        {"if(1 = 1 or 1 / (1 - 1) > 0, 1, 2)", 100},
        {"round(2.34567, 3)", 235},
        {"round(-2.5, 0)", -300},
        {"floor(-2.5) + ceil(2.1)", 0},
        {"50% * 3", 150},
        {"（1＋2）× 3 ÷ 2", 450},
        {"if(present(icu_hours), 1, 2)", 200},
        {"if(level = \"3\", 1, 2) + if(pool != 居民, 10, 20)", 1100},
        {"rw + extra", 312},
        {"ZFY / 2", 5000},
        {"if(day_surgery, 1, 2)", 100},
        {"if(1/3 + 1/3 + 1/3 = 1, 1, 0)", 100},
        {"123456789012.345678 * 0.000001", 12345679},
        {"(1/7) * (1/11) * (1/13) * (1/17) * (1/19) * (1/23) * 7 * 11 * 13 * 17 * 19 * 23", 100},
        {"if(0.1 + 0.2 = 0.3 and 3 >= 3 and 3 != 4 and 4 > 3 and 2 <= 2, 1, 0)", 100},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char policy[2000];
        snprintf(policy, sizeof policy,
                 HEAD "points: 0\npoint_value: 0\nstandard: 0\nclasses: [{class: normal, pay: 0}]\nfund: '%s'\n",
                 rows[i].formula);
        struct world world = open_world(policy, weights_text);
        say(&world, "day_surgery", "1");
        casemix_price price = price_at(&world, AA11, "3", "310", "100");
        cr_expect_eq(price.status, CASEMIX_PRICED, "%s", rows[i].formula);
        cr_expect_eq(price.fund_payment, rows[i].fen, "%s: %" PRId64, rows[i].formula, price.fund_payment);
        close_world(&world);
    }
}

Test(money, formulas_without_a_value) {
    static const struct {
        const char *formula;
        casemix_price_status status;
    } rows[] = {
        {"1 / (cost - 100)", CASEMIX_PRICE_DIVISION_BY_ZERO},
        {"cost * 999999999999999999 * 999999999999999999 * 999999999999999999", CASEMIX_PRICE_OVERFLOW},
        {"99999999999999999 * 100", CASEMIX_PRICE_OVERFLOW},
        {"los * 2", CASEMIX_PRICE_MISSING_FACT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char policy[2000];
        snprintf(policy, sizeof policy,
                 HEAD "points: 0\npoint_value: 0\nstandard: 0\nclasses: [{class: normal, pay: 0}]\nfund: '%s'\n",
                 rows[i].formula);
        struct world world = open_world(policy, weights_text);
        casemix_price price = price_at(&world, AA11, "3", "310", "100");
        cr_expect_eq(price.status, rows[i].status, "%s: %d", rows[i].formula, price.status);
        close_world(&world);
    }
}

/* ---- messages ---- */

/* A good policy in lines; a row replaces one of them. */
static const char *const good_lines[] = {
    "policy: p",                                                               /* 1 */
    "scheme: tiny",                                                            /* 2 */
    "method: drg-rate",                                                        /* 3 */
    "pools: {employee: [职工], resident: [居民]}",                             /* 4 */
    "levels: {三级: [], 二级: []}",                                            /* 5 */
    "weights: weights.csv",                                                    /* 6 */
    "tables:",                                                                 /* 7 */
    "  rate: {by: [level, pool], 三级: 10, 二级: {employee: 1, resident: 2}}", /* 8 */
    "groups: {basic: [AA11]}",                                                 /* 9 */
    "values: {x: cost + rw, y: x + 1}",                                        /* 10 */
    "points: rw",                                                              /* 11 */
    "point_value: rate",                                                       /* 12 */
    "standard: rw * rate",                                                     /* 13 */
    "classes:",                                                                /* 14 */
    "- {class: low, when: cost < 0.4 * standard, pay: cost}",                  /* 15 */
    "- {class: normal, pay: standard}",                                        /* 16 */
    "fund: pay - patient_paid",                                                /* 17 */
    "absent: {other_paid: 0}",                                                 /* 18 */
    "source: none",                                                            /* 19 */
    "date: 2026-01-01",                                                        /* 20 */
};

Test(money, messages) {
    static const struct {
        unsigned line;
        const char *text;
        enum message message;
        unsigned at_line, column;
    } rows[] = {
        {13, "standard: rw * rates", MSG_formula_unknown_name, 13, 16},
        {13, "standard: rw *", MSG_formula_syntax, 13, 15},
        {13, "standard: (rw * rate", MSG_formula_syntax, 13, 21},
        {13, "standard: rw rate", MSG_formula_syntax, 13, 14},
        {13, "standard: rw < rate", MSG_formula_type, 13, 14},
        {13, "standard: if(rw, 1, 2)", MSG_formula_type, 13, 14},
        {13, "standard: if(rw < 1, 1)", MSG_formula_syntax, 13, 24},
        {13, "standard: rw / 0", MSG_division_by_zero, 13, 16},
        {13, "standard: 1.2.3", MSG_formula_syntax, 13, 14},
        {13, "standard: 0.1234567890123", MSG_bad_decimal, 13, 11},
        {13, "standard: hospital", MSG_fact_not_usable, 13, 11},
        {13, "standard: pay", MSG_needs_pay, 13, 11},
        {13, "standard: if(level = 四级, 1, 2)", MSG_table_key_unknown, 13, 22},
        {13, "standard: level + 1", MSG_formula_syntax, 13, 17},
        {13, "standard: standard + 1", MSG_cyclic_formula, 13, 11},
        {13, "standard: round(rw, rw)", MSG_formula_type, 13, 21},
        {13, "standard: rw # rate", MSG_formula_syntax, 0, 0}, /* a comment: good */
        {13, "standard: rw & rate", MSG_formula_syntax, 13, 14},
        {10, "values: {x: y, y: x}", MSG_cyclic_formula, 10, 19},
        {10, "values: {cost: 1}", MSG_name_taken, 10, 10},
        {10, "values: {basic: 1}", MSG_name_taken, 10, 10},
        {10, "values: {1x: 1}", MSG_bad_name, 10, 10},
        {8, "  rate: {by: [level, pool], 三级: 10, 二级: {employee: 1}}", MSG_table_key_missing, 8, 41},
        {8, "  rate: {by: [level, pool], 三级: 10, 二级: 1, 四级: 2}", MSG_table_key_unknown, 8, 44},
        {8, "  rate: {by: levels, else: 1}", MSG_axis_unknown, 8, 14},
        {8, "  rate: {by: level, else: 1x}", MSG_bad_decimal, 8, 27},
        {8, "  rate: {by: level, else: 1234567890123456789}", MSG_bad_decimal, 8, 27},
        {4, "pools: {employee: [职工], resident: [职工]}", MSG_word_twice, 4, 36},
        {9, "groups: {basic: [AA1, AA99]}", MSG_unknown_group, 9, 23},
        {16, "", MSG_no_catch_all, 15, 3},
        {15, "- {class: low, pay: cost}", MSG_class_unreachable, 16, 3},
        {15, "- {class: low, for: qy, pay: rw}", MSG_needs_a_group, 15, 30},
        {3, "method: by-guess", MSG_wrong_choice, 3, 9},
        {2, "scheme: tinny", MSG_policy_scheme, 2, 9},
        {18, "absent: {hospital: 0}", MSG_unknown_fact, 18, 10},
        {18, "rounding: {pay: 3}", MSG_number_expected, 18, 17},
        {19, "", MSG_missing_key, 1, 1},
        {20, "date: yesterday", MSG_bad_date, 20, 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char policy[3000] = "";
        for (unsigned line = 1; line <= 20; line++) {
            strcat(policy, rows[i].line == line ? rows[i].text : good_lines[line - 1]);
            strcat(policy, "\n");
        }
        struct world world = compile_world(policy, weights_text);
        const struct report *report = compilation_report(world.work);
        const struct report_line *found = NULL;
        for (size_t k = 0; k < report->count; k++) {
            if (message_rows[report->lines[k].message].severity == MESSAGE_ERROR && found == NULL) {
                found = &report->lines[k];
            }
        }
        if (rows[i].at_line == 0) {
            cr_expect(found == NULL, "%s: %s", rows[i].text, found != NULL ? found->text : "");
        } else if (found == NULL) {
            cr_expect(false, "%s: nothing was said", rows[i].text);
        } else {
            cr_expect(found->message == rows[i].message && found->place.line == rows[i].at_line &&
                          found->place.column == rows[i].column,
                      "%s: %u:%u %s: %s", rows[i].text, found->place.line, found->place.column,
                      message_rows[found->message].name, found->text);
        }
        compilation_free(world.work);
    }
}

Test(money, messages_of_weights) {
    static const struct {
        const char *weights;
        enum message message;
        unsigned line;
    } rows[] = {
        {"drg,name,weight\nAA11,,1\nAA1,,2\nXX99,,1\n", MSG_weight_without_group, 4},
        {"drg,name,weight\nAA11,,1\nAA11,,2\n", MSG_weight_twice, 3},
        {"drg,name,weight\nAA11,,1x\n", MSG_bad_decimal, 2},
        {"drg,name,weight\nAA11,1\n", MSG_bad_weights_file, 2},
        {"drg,name,weight\n,x,1\n", MSG_bad_weights_file, 2},
        {"drg,name,weight\nAA11,\"x,1\n", MSG_bad_weights_file, 2},
        {"drg,name\nAA11,x\n", MSG_bad_weights_file, 1},
        {"drg,name,weight\r\nAA11,,1\r\n\r\n", MSG_group_without_weight, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char policy[3000] = "";
        for (unsigned line = 1; line <= 20; line++) {
            strcat(policy, good_lines[line - 1]);
            strcat(policy, "\n");
        }
        struct world world = compile_world(policy, rows[i].weights);
        const struct report *report = compilation_report(world.work);
        bool found = false;
        for (size_t k = 0; k < report->count; k++) {
            found |= report->lines[k].message == rows[i].message && report->lines[k].place.line == rows[i].line;
        }
        if (!found) {
            report_print(report, stderr);
        }
        cr_expect(found, "%s", rows[i].weights);
        compilation_free(world.work);
    }
}

/* ---- words that choose, tables by group ---- */

/* A policy that pays `formula`; what it needs besides stands in `more`. */
static struct world paying(const char *formula, const char *more) {
    char policy[3000];
    snprintf(policy, sizeof policy,
             HEAD "%spoints: rw\npoint_value: 1\nstandard: rw\nclasses:\n- class: normal\n  pay: \"%s\"\n"
                  "fund: pay\nabsent: {los: 0, age: 0}\n",
             more, formula);
    return open_world(policy, weights_text);
}

Test(money, words_that_choose) {
    static const struct {
        const char *formula, *los;
        casemix_amount pay;
    } rows[] = {
        {"bands(los, <= 1 -> 3, <= 2: 2.5, else 2)", "1", 300},
        {"bands(los, <= 1 → 3, <= 2 -> 2.5, else -> 2)", "2", 250},
        {"bands(los, <= 1 -> 3, <= 2 -> 2.5, else 2)", "3", 200},
        {"bands(los, < 1 -> 3, <= 1 -> 2.5, else 2)", "1", 250},
        {"bands(los, = 7 -> 3, > 5 -> 1, else 2)", "7", 300},
        {"bands(los, = 7 -> 3, > 5 -> 1, else 2)", "6", 100},
        {"steps(los, 30 -> 320, 90 -> 280, else 240)", "100", 2880000}, /* E30 */
        {"steps(los, 30 -> 320, 90 -> 280, else 240)", "30", 960000},
        {"steps(los, 30 -> 320, 90 -> 280, else 240)", "0", 0},
        {"steps(los, 30 -> 320, else 240)", "31", 984000},
        {"2430000 * linear(los / 10, 0 -> 0, 95 -> 1)", "924", 236349474}, /* E48 */
        {"linear(los, 10 -> 1, 20 -> 3, 30 -> 2)", "5", 100},
        {"linear(los, 10 -> 1, 20 -> 3, 30 -> 2)", "15", 200},
        {"linear(los, 10 -> 1, 20 -> 3, 30 -> 2)", "27", 230},
        {"linear(los, 10 -> 1, 20 -> 3, 30 -> 2)", "31", 200},
        {"choose(los < 2 -> 5, level = 三级 and age < 6 -> 1.03, else 1)", "1", 500},
        {"choose(los < 2 -> 5, level = 三级 and age < 6 -> 1.03, else 1)", "2", 103},
        {"choose(los < 2 -> 5, level = 二级 -> 1.03, else 1)", "2", 100},
        {"if(bands(los, < 2 -> los = 1, else los = 5), 7, 8)", "5", 700},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world = paying(rows[i].formula, "");
        say(&world, "los", rows[i].los);
        casemix_price price = price_at(&world, AA11, "3", "310", "1");
        cr_expect_eq(price.status, CASEMIX_PRICED, "%s", rows[i].formula);
        cr_expect_eq(price.standard, rows[i].pay, "%s of %s: %" PRId64, rows[i].formula, rows[i].los, price.standard);
        close_world(&world);
    }
}

Test(money, tables_by_group) {
    static const char tables[] = "tables:\n"
                                 "  coef: {by: [group, level], AA11: {三级: 1.1, else: 1.2}, AA1*: 1.3, else: {三级: 2, else: 3}}\n"
                                 "  place: {by: hospital, H1: 5, H2: 6, else: 7}\n"
                                 "  some: {by: [group, hospital], AA15: {H3: 9}}\n"
                                 "  list: {by: group, few: 4, else: 8}\n"
                                 "groups: {few: [AR1]}\n";
    static const struct {
        const char *formula;
        uint32_t group;
        const char *level, *hospital;
        casemix_price_status status;
        casemix_amount pay;
    } rows[] = {
        {"coef", AA11, "3", "", CASEMIX_PRICED, 110},
        {"coef", AA11, "2", "", CASEMIX_PRICED, 120},
        {"coef", AA15, "2", "", CASEMIX_PRICED, 130},
        {"coef", AR19, "3", "", CASEMIX_PRICED, 200},
        {"at(coef, level = 二级)", AR19, "3", "", CASEMIX_PRICED, 300},
        {"at(coef, level = 二级)", AA11, "3", "", CASEMIX_PRICED, 120},
        {"place", AA11, "3", "H2", CASEMIX_PRICED, 600},
        {"place", AA11, "3", "H9", CASEMIX_PRICED, 700},
        {"place", AA11, "3", "", CASEMIX_PRICE_MISSING_FACT, 0},
        {"at(place, hospital = H1)", AA11, "3", "", CASEMIX_PRICED, 500},
        {"if(hospital = H1, 1, 2)", AA11, "3", "H1", CASEMIX_PRICED, 100},
        {"some", AA15, "3", "H3", CASEMIX_PRICED, 900},
        {"some", AA15, "3", "H1", CASEMIX_NO_WEIGHT, 0},
        {"some", AA11, "3", "H3", CASEMIX_NO_WEIGHT, 0},
        {"list", AR19, "3", "", CASEMIX_PRICED, 400},
        {"list", AA11, "3", "", CASEMIX_PRICED, 800},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world = paying(rows[i].formula, tables);
        say(&world, "hospital", rows[i].hospital);
        say(&world, "hospital_level", rows[i].level);
        say(&world, "insured_type", "职工");
        say(&world, "cost", "1");
        casemix_price price = price_of(&world, rows[i].group);
        if (rows[i].group == AR19) { /* has no weight, so the base figures have none: the class alone counts */
            close_world(&world);
            continue;
        }
        cr_expect_eq(price.status, rows[i].status, "%s (row %zu): %d", rows[i].formula, i, price.status);
        cr_expect_eq(price.standard, rows[i].pay, "%s (row %zu): %" PRId64, rows[i].formula, i, price.standard);
        close_world(&world);
    }
}

/* E01: a class without `pay` pays its points; E31 and E59: points rounded first. */
Test(money, points_of_a_class_and_their_rounding) {
    static const char text[] = HEAD "tables: {pv: {by: pool, else: 84.71}}\n"
                                    "parameters: {n: 9583.5171, day: 320}\n"
                                    "points: 100 * rw * 1.3\npoint_value: pv\n"
                                    "classes:\n"
                                    "- {class: bed, when: los > 60, points: day / n * 100 * los, method: bed-day}\n"
                                    "- {class: days, when: los > 50, points: \"round(day / n * 100, 4) * los\"}\n"
                                    "- {class: normal}\nfund: pay\n"
                                    "absent: {los: 0}\n%s";
    char policy[3000];
    snprintf(policy, sizeof policy, text, "");
    char *method = strstr(policy, "drg-rate"); /* HEAD says one method only */
    cr_assert(method != NULL);
    char both[3200];
    snprintf(both, sizeof both, "%.*s[drg-points, bed-day]%s", (int)(method - policy), policy, method + strlen("drg-rate"));
    struct world world = open_world(both, weights_text);
    casemix_price price = price_at(&world, AA15, "3", "310", "1");
    cr_expect_eq(price.points, 1300000);
    cr_expect_eq(price.standard, 1101230);
    cr_expect_eq(price.base_standard, 1101230);
    say(&world, "los", "75");
    price = price_at(&world, AA15, "3", "310", "1");
    cr_expect_eq(price.standard, 2121392); /* E31, the unrounded path */
    say(&world, "los", "51");
    price = price_at(&world, AA15, "3", "310", "1");
    cr_expect_eq(price.points, 1702941); /* 3.3391 x 51 = 170.2941 */
    close_world(&world);
    strcat(both, "rounding: {points: 1, point_value: 1, standard: 0}\n");
    world = open_world(both, weights_text);
    say(&world, "los", "75");
    price = price_at(&world, AA15, "3", "310", "1");
    cr_expect_eq(price.points, 2504000);     /* 250.4325 */
    cr_expect_eq(price.point_value, 84700000);
    cr_expect_eq(price.standard, 2120888);   /* 250.4 x 84.7 */
    cr_expect_eq(price.base_standard, 1101100); /* 130 x 84.7 = 11011 */
    close_world(&world);
}

/* ---- derivation ---- */

struct heard {
    char text[8000];
};

static void hear(void *user, const casemix_derivation *line) {
    struct heard *heard = user;
    size_t length = strlen(heard->text);
    snprintf(heard->text + length, sizeof heard->text - length, "%s = %s [%.*s] %s (%s:%u)\n", line->what.text,
             line->formula.text, (int)line->inputs.length, line->inputs.text, line->result.text, line->file.text,
             line->line);
}

Test(money, derivation_tells_dates_of_force) {
    static const struct {
        const char *discharged, *line;
    } rows[] = {
        {"2022-06-30", "in force = from 2022-01-01 until 2022-12-31 [discharged 2022-06-30] yes (policy.yaml:"},
        {"2023-01-01", "in force = from 2022-01-01 until 2022-12-31 [discharged 2023-01-01] no (policy.yaml:"},
        {"", NULL},
        {"soon", NULL}, /* bad-fact says that */
    };
    char policy[4000];
    snprintf(policy, sizeof policy, "%sin_force: {from: 2022-01-01, until: 2022-12-31}\n", harbin);
    struct world world = open_world(policy, weights_text);
    casemix_grouping grouping = {.status = CASEMIX_GROUPED, .group = AA11};
    casemix_price price;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heard heard = {""};
        say(&world, "discharged", rows[i].discharged);
        price_at(&world, AA11, "三级", "职工", "45000.00");
        cr_assert_eq(casemix_explain_price(world.context, world.one, &grouping, hear, &heard, &price), CASEMIX_OK);
        cr_expect(rows[i].line != NULL ? strstr(heard.text, rows[i].line) != NULL
                                       : strstr(heard.text, "in force = ") == NULL,
                  "%s: %s", rows[i].discharged, heard.text);
    }
    close_world(&world);
}

Test(money, derivation) {
    struct world world = open_world(harbin, weights_text);
    price_at(&world, AA11, "三级", "职工", "45000.00");
    casemix_grouping grouping = {.status = CASEMIX_GROUPED, .group = AA11};
    casemix_price price;
    struct heard heard = {""};
    cr_assert_eq(casemix_explain_price(world.context, world.one, &grouping, hear, &heard, &price), CASEMIX_OK);
    cr_expect_eq(price.standard, 2505229);
    static const char *const wanted[] = {
        "pool =  [insured_type 职工] employee (policy.yaml:1)\n",
        "rate = if(graded_care, graded_rate, level_rate) [graded_care no, level_rate 11356.64] 11356.64 "
        "(policy.yaml:20)",
        "standard = rw * rate [rw 1.1237, rate 11356.64] 12761.456368 (policy.yaml:23)",
        "low_below = 0.4 * standard [standard 12761.456368] 5104.5825472 (policy.yaml:25)",
        "class low = cost < 0.4 * standard [cost 45000, low_below 5104.5825472] no (policy.yaml:25)",
        "class high = cost > cap * standard [cost 45000, high_above 38284.369104] yes (policy.yaml:26)",
        "class =  [] high (policy.yaml:26)",
        ("pay = standard * (1.7 + 0.5 * (cost / standard - cap)) [standard 12761.456368, cost 45000, cap 3] "
         "25052.29, rounded half up from 25052.2912736 (policy.yaml:26)"),
        ("fund = pay - patient_paid - other_paid [pay 25052.29, patient_paid 0, other_paid 0] 25052.29 "
         "(policy.yaml:28)"),
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        cr_expect(strstr(heard.text, wanted[i]) != NULL, "%s is not in\n%s", wanted[i], heard.text);
    }
    close_world(&world);
}

/* ---- settlement ---- */

static casemix_price plain_price(casemix_text pool, casemix_amount amount) {
    return (casemix_price){
        .pool = pool, .points = amount, .cost = amount, .standard = amount, .fund_payment = -amount};
}

Test(money, settlement) {
    struct world world = open_world(harbin, weights_text);
    casemix_settlement *all, *half;
    casemix_error error;
    casemix_text employee = {"employee", 8}, resident = {"resident", 8}, unknown = {"", 0};
    cr_assert_eq(casemix_settlement_new(world.context, &all, &error), CASEMIX_OK);
    cr_assert_eq(casemix_settlement_new(world.context, &half, &error), CASEMIX_OK);
    cr_expect_eq(casemix_settlement_budget(all, "employee", 777), CASEMIX_OK);
    cr_expect_eq(casemix_settlement_budget(all, "soldiers", 777), CASEMIX_BAD_ARGUMENT);
    for (int i = 0; i < 3000; i++) {
        char hospital[20];
        int length = snprintf(hospital, sizeof hospital, "H%d", i % 700);
        casemix_price price = plain_price(i % 3 == 0 ? resident : employee, i);
        price.status = i % 100 == 99 ? CASEMIX_NO_WEIGHT : CASEMIX_PRICED;
        casemix_text name = {hospital, (size_t)length};
        cr_assert_eq(casemix_settlement_add(i % 2 == 0 ? all : half, name, &price), CASEMIX_OK);
    }
    casemix_price lost = {.status = CASEMIX_PRICE_UNKNOWN_WORD, .pool = unknown};
    cr_assert_eq(casemix_settlement_add(half, unknown, &lost), CASEMIX_OK);
    cr_assert_eq(casemix_settlement_merge(all, half), CASEMIX_OK);
    casemix_total total, sum = {0};
    cr_expect_eq(casemix_settlement_hospitals(all), 700 * 2 + 1);
    char before[30] = "";
    for (uint32_t i = 0; i < casemix_settlement_hospitals(all); i++) {
        cr_assert_eq(casemix_settlement_hospital_at(all, i, &total), CASEMIX_OK);
        cr_expect(strcmp(before, total.hospital.text) <= 0);
        snprintf(before, sizeof before, "%s", total.hospital.text);
        sum.cases += total.cases;
        sum.unpriced += total.unpriced;
        sum.standard += total.standard;
        sum.fund_payment += total.fund_payment;
    }
    cr_expect_eq(sum.cases, 3001);
    cr_expect_eq(sum.unpriced, 31);
    cr_assert_eq(casemix_settlement_pools(all), 3);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(casemix_settlement_pool_at(all, i, &total), CASEMIX_OK);
        cr_expect_str_eq(total.pool.text, i == 0 ? "employee" : i == 1 ? "resident" : "");
        cr_expect_eq(total.budget, i == 0 ? 777 : -1);
        sum.cases -= total.cases;
        sum.unpriced -= total.unpriced;
        sum.standard -= total.standard;
        sum.fund_payment -= total.fund_payment;
    }
    cr_expect(sum.cases == 0 && sum.unpriced == 0 && sum.standard == 0 && sum.fund_payment == 0);
    casemix_price huge = plain_price(employee, INT64_MAX);
    cr_expect_eq(casemix_settlement_add(all, unknown, &huge), CASEMIX_OVERFLOW);
    cr_expect_eq(casemix_settlement_pool_at(all, 3, &total), CASEMIX_BAD_ARGUMENT);
    casemix_settlement_free(all);
    casemix_settlement_free(half);
    close_world(&world);
}

/* ---- decimals ---- */

Test(money, decimals) {
    static const struct {
        const char *text;
        enum decimal_result result;
        int64_t numerator, denominator;
    } rows[] = {
        {"0", DECIMAL_OK, 0, 1},
        {"11356.64", DECIMAL_OK, 1135664, 100},
        {"-0.50", DECIMAL_OK, -5, 10},
        {"007", DECIMAL_OK, 7, 1},
        {"999999999999999999", DECIMAL_OK, 999999999999999999, 1},
        {"0.000000000001", DECIMAL_OK, 1, 1000000000000},
        {"1000000000000000000", DECIMAL_TOO_LARGE, 0, 0},
        {"0.0000000000001", DECIMAL_TOO_LARGE, 0, 0},
        {"", DECIMAL_BAD, 0, 0},
        {"-", DECIMAL_BAD, 0, 0},
        {".5", DECIMAL_BAD, 0, 0},
        {"5.", DECIMAL_BAD, 0, 0},
        {"1e3", DECIMAL_BAD, 0, 0},
        {"--1", DECIMAL_BAD, 0, 0},
        {"1.2.3", DECIMAL_BAD, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct decimal value = {0, 0};
        enum decimal_result result = decimal_read(rows[i].text, strlen(rows[i].text), &value);
        cr_expect(result == rows[i].result && (result != DECIMAL_OK || (value.numerator == rows[i].numerator &&
                                                                        value.denominator == rows[i].denominator)),
                  "%s", rows[i].text);
    }
}

/* Amounts of every length, with every kind of wrong character at every place. */
Test(money, scaled_decimals) {
    static const char wrong[] = "/:.-+ eE,\x80\xB0\x39\x40\x2F\n";
    random_state = 99;
    for (int n = 0; n < 200000; n++) {
        char text[32];
        int64_t whole = (int64_t)random_below((uint64_t)decimal_power(1 + (int)random_below(13))), fraction = 0;
        int places = (int)random_below(5);
        int length = snprintf(text, sizeof text, "%" PRId64, whole);
        if (places > 0) {
            fraction = (int64_t)random_below((uint64_t)decimal_power(places));
            length += snprintf(text + length, sizeof text - (size_t)length, ".%0*" PRId64, places, fraction);
        }
        char *exact = malloc((size_t)length); /* so that reading beyond it is noticed */
        memcpy(exact, text, (size_t)length);
        int64_t out = -1;
        cr_assert_eq(decimal_read_scaled(exact, (size_t)length, 4, &out), DECIMAL_OK);
        cr_assert_eq(out, whole * 10000 + fraction * decimal_power(4 - places), "%s", text);
        exact[random_below((uint64_t)length)] = wrong[random_below(sizeof wrong - 1)];
        struct decimal other;
        bool digits_only = decimal_read(exact, (size_t)length, &other) == DECIMAL_OK;
        enum decimal_result result = decimal_read_scaled(exact, (size_t)length, 4, &out);
        if (digits_only && result == DECIMAL_OK) {
            cr_assert_eq(out, other.numerator * (10000 / other.denominator), "%.*s", length, exact);
        } else { /* the difference: blanks around, and too many places */
            cr_assert(result != DECIMAL_OK || exact[0] == ' ' || exact[length - 1] == ' ', "%.*s", length, exact);
        }
        free(exact);
    }
}

/* Sums, products and comparisons near the limits: exact, or said to be too large. */
Test(money, rationals_near_the_limits) {
    struct rational out, one = {1, 1};
    wide large = (wide)1 << 126;
    struct rational big = {large, 3}, tiny = {1, large}, third = {1, 3};
    cr_expect_eq(rational_add(big, big, &out), RATIONAL_OVERFLOW); /* 2^127 does not fit */
    cr_expect_eq(rational_multiply(big, tiny, &out), RATIONAL_OK);
    cr_expect_eq(rational_compare(out, third), 0);
    cr_expect_eq(rational_multiply(tiny, tiny, &out), RATIONAL_OVERFLOW);
    cr_expect_eq(rational_divide(one, (struct rational){0, 5}, &out), RATIONAL_DIVISION_BY_ZERO);
    cr_expect_eq(rational_divide(one, (struct rational){-2, 5}, &out), RATIONAL_OK);
    cr_expect(out.numerator == -5 && out.denominator == 2);
    cr_expect(rational_compare(big, tiny) > 0 && rational_compare(tiny, big) < 0);
    struct rational near = {large - 1, large}, nearer = {large - 2, large - 1};
    cr_expect(rational_compare(near, nearer) > 0);
    cr_expect(rational_compare((struct rational){-large, 7}, (struct rational){-large + 1, 7}) < 0);
    int64_t whole;
    cr_expect(!rational_round(big, 2, ROUND_HALF_UP, &whole));
    cr_expect(rational_round((struct rational){-large, large / 2}, 4, ROUND_FLOOR, &whole) && whole == -20000);
    cr_expect(rational_round((struct rational){-25, 10}, 0, ROUND_HALF_UP, &whole) && whole == -3);
    cr_expect(rational_round((struct rational){-25, 10}, 0, ROUND_CEILING, &whole) && whole == -2);
    cr_expect(rational_round((struct rational){7, 3}, 0, ROUND_CEILING, &whole) && whole == 3);
    char text[RATIONAL_TEXT];
    rational_text((struct rational){-10, 3}, text, sizeof text);
    cr_expect_str_eq(text, "-3.33333333...");
    rational_text((struct rational){1123700, 1000000}, text, sizeof text);
    cr_expect_str_eq(text, "1.1237");
}

/* ---- an image that lies ---- */

/* Any byte of an image altered, the checksum made right again: it is refused, or prices without harm. */
Test(money, hostile_policies, .timeout = 120) {
    struct world world = open_world(harbin, weights_text);
    size_t size;
    const unsigned char *good = compilation_image(world.work, &size);
    unsigned char *bytes = aligned_alloc(64, (size + 63) / 64 * 64);
    cr_assert(bytes != NULL);
    random_state = 4711;
    unsigned refused = 0, used = 0;
    for (int n = 0; n < 30000; n++) {
        memcpy(bytes, good, size);
        for (uint64_t k = 0; k <= random_below(3); k++) {
            static const unsigned char values[] = {0, 1, 2, 3, 0x7F, 0x80, 0xFF};
            size_t at = 96 + random_below(size - 96);
            bytes[at] = random_below(2) == 0 ? values[random_below(7)] : (unsigned char)random_below(256);
        }
        memset(bytes + offsetof(struct image_header, checksum), 0, 8);
        uint64_t checksum = XXH3_64bits(bytes, size);
        memcpy(bytes + offsetof(struct image_header, checksum), &checksum, 8);
        casemix_image *image;
        casemix_context *context;
        if (casemix_image_from_memory(bytes, size, &image, NULL) != CASEMIX_OK) {
            refused++;
            continue;
        }
        if (casemix_context_new(image, NULL, "p", &context, NULL) == CASEMIX_OK) {
            struct heard heard = {""};
            for (uint32_t group = 0; group < 5; group++) {
                casemix_grouping grouping = {.status = (casemix_status)(group % 3), .group = group, .step = group};
                casemix_price price;
                price_at(&world, AA11, group % 2 == 0 ? "三级" : "2", "居民", group % 2 == 0 ? "100" : "99999");
                casemix_explain_price(context, world.one, &grouping, hear, &heard, &price);
                casemix_settlement *settlement;
                if (casemix_settlement_new(context, &settlement, NULL) == CASEMIX_OK) {
                    casemix_settlement_add(settlement, (casemix_text){"H", 1}, &price);
                    casemix_settlement_free(settlement);
                }
            }
            used++;
        }
        casemix_context_free(context);
        casemix_image_close(image);
    }
    cr_expect(refused > 1000 && used > 1000, "refused %u, used %u", refused, used);
    free(bytes);
    close_world(&world);
}
