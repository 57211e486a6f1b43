/* SPDX-License-Identifier: Apache-2.0
 *
 * A month under the `settlement` of a policy: totals, figures of pools and hospitals, published and closed point
 * values, quotas, claims taken back. What is expected is from published worked examples (E44 ...) or was worked out
 * by hand. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/money_world.h"

#define POOLS_HEAD                                                                                                 \
    "policy: p\nscheme: tiny\nmethod: drg-points\nsource: none\ndate: 2026-01-01\n"                                \
    "pools: {employee: [职工], resident: [居民]}\n"

/* A claim. Weights of groups are given as the case's `weight` in 1/1000, so that each may have its own. */
struct claim {
    const char *id, *hospital, *pool, *weight, *cost, *other;
    int reversed;
};

static casemix_price price_claim(struct world *world, const struct claim *claim) {
    say(world, "id", claim->id);
    say(world, "hospital", claim->hospital);
    say(world, "insured_type", claim->pool);
    say(world, "weight", claim->weight);
    say(world, "cost", claim->cost);
    say(world, "other_paid", claim->other);
    return price_of(world, AA15);
}

/* All claims in all passes, taken from place `first` on round the list, dealt out to two settlements if `split`.
 * Results are in `out`; prices of the last pass in prices, if not NULL. */
static void settle_month(struct world *world, casemix_settlement *out, const struct claim *claims, size_t count,
                         size_t first, bool split, casemix_price *prices) {
    casemix_settlement *other;
    casemix_error error;
    cr_assert_eq(casemix_settlement_new(world->context, &other, &error), CASEMIX_OK);
    for (int pass = casemix_settlement_passes(out); pass > 0; pass--) {
        for (size_t i = 0; i < count; i++) {
            const struct claim *claim = &claims[(i + first) % count];
            casemix_price price = price_claim(world, claim);
            cr_assert_eq(
                casemix_settlement_add_case(split && i % 2 ? other : out, world->context, claim->reversed, &price),
                CASEMIX_OK);
            if (prices != NULL && pass == 1) {
                prices[(i + first) % count] = price;
            }
        }
        cr_assert_eq(casemix_settlement_merge(out, other), CASEMIX_OK);
        cr_assert_eq(casemix_settlement_next(out, &error), CASEMIX_OK, "%s", error.message);
        casemix_settlement_clear(other);
        casemix_settlement_next(other, NULL); /* its stage is the same; it has no claims then */
        casemix_context_settle(world->context, out);
    }
    casemix_settlement_free(other);
}

static casemix_settlement *new_settlement(const struct world *world) {
    casemix_settlement *settlement;
    casemix_error error;
    cr_assert_eq(casemix_settlement_new(world->context, &settlement, &error), CASEMIX_OK, "%s", error.message);
    return settlement;
}

static void tell(casemix_settlement *settlement, const char *pool, const char *item, const char *number) {
    casemix_error error;
    cr_assert_eq(casemix_settlement_say(settlement, NULL, pool, item, number, &error), CASEMIX_OK, "%s",
                 error.message);
}

static casemix_amount fund_of(casemix_settlement *settlement, const char *hospital) {
    uint32_t count = casemix_settlement_hospitals(settlement);
    casemix_total total;
    for (uint32_t i = 0; i < count; i++) {
        cr_assert_eq(casemix_settlement_hospital_at(settlement, i, &total), CASEMIX_OK);
        if (strlen(hospital) == total.hospital.length &&
            memcmp(total.hospital.text, hospital, total.hospital.length) == 0) {
            return total.fund_payment;
        }
    }
    cr_assert(false, "there is no hospital %s", hospital);
    return 0;
}

static void expect_figure(casemix_settlement *settlement, casemix_scope scope, uint32_t n, const char *name,
                          const char *expected) {
    char text[64] = "none";
    casemix_settlement_hospitals(settlement);
    for (uint32_t f = 0; f < casemix_settlement_figures(settlement, scope); f++) {
        if (strcmp(casemix_settlement_figure_name(settlement, scope, f).text, name) == 0) {
            cr_assert_eq(casemix_settlement_figure(settlement, scope, n, f, text, sizeof text), CASEMIX_OK);
        }
    }
    cr_expect_str_eq(text, expected, "%s of %u: %s, not %s", name, n, text, expected);
}

/* ---- a region from end to end: E59 ---- */

#define E59                                                                                                        \
    POOLS_HEAD                                                                                                     \
    "tables: {coef: {by: hospital, A: 1.05, B: 0.95, C: 0.8}}\n"                                                   \
    "parameters: {n: 10000}\n"                                                                                     \
    "values:\n"                                                                                                    \
    "  w: weight / 1000\n"                                                                                         \
    "  cap: bands(w, <= 1 -> 3, <= 2 -> 2.5, else 2)\n"                                                            \
    "points: 100 * w * coef\n"                                                                                     \
    "point_value: 100\n"                                                                                           \
    "classes:\n"                                                                                                   \
    "- {class: low, when: cost < 0.4 * n * w, points: cost / n * 100}\n"                                           \
    "- {class: high, when: cost > cap * n * w, points: 100 * w * coef + (cost / (n * w) - cap) * w * 100}\n"       \
    "- {class: normal}\n"                                                                                          \
    "fund: pay - other_paid\n"                                                                                     \
    "settlement:\n"                                                                                                \
    "  budget: [plan]\n"

static const struct claim e59_claims[] = {
    {"1", "A", "职工", "1200", "12500", "3750", 0}, {"2", "A", "职工", "600", "2000", "900", 0},
    {"3", "A", "职工", "900", "31000", "6200", 0},  {"4", "B", "职工", "800", "8200", "2050", 0},
    {"5", "B", "职工", "2400", "26000", "6500", 0}, {"6", "C", "职工", "500", "4100", "820", 0},
    {"7", "C", "职工", "500", "5200", "1040", 0},
};
enum { E59_COUNT = sizeof e59_claims / sizeof e59_claims[0] };

Test(money_settle, e59_closed) {
    struct world world =
        open_world(E59 "  pool: {pot: pool.plan, point_value: (pot + pool.other_paid) / pool.points}\n"
                       "  hospital: {payable: hospital.points * point_value - hospital.other_paid}\n"
                       "  close: {hospital: payable, pool: pot}\n",
                   "drg,weight\nAA15,1\n");
    static const casemix_points points[] = {1260000, 200000, 1345000, 760000, 2280000, 400000, 400000};
    for (size_t first = 0; first < E59_COUNT; first++) { /* whatever the order, in one settlement or in two */
        casemix_settlement *settlement = new_settlement(&world);
        casemix_price prices[E59_COUNT];
        casemix_total total;
        casemix_account account;
        cr_expect_eq(casemix_settlement_passes(settlement), 2);
        tell(settlement, "employee", "plan", "60000.00");
        settle_month(&world, settlement, e59_claims, E59_COUNT, first, first % 2 == 1, prices);
        for (size_t i = 0; i < E59_COUNT; i++) {
            cr_expect_eq(prices[i].points, points[i], "%zu: %" PRId64, i, prices[i].points);
            cr_expect_eq(prices[i].point_value, 122287434);
        }
        cr_expect(is_class(&prices[1], "low") && is_class(&prices[2], "high") && is_class(&prices[3], "normal"));
        cr_expect_eq(prices[3].standard, 929384); /* 76 x 122.28743416 */
        cr_expect_eq(fund_of(settlement, "A"), 2345163);
        cr_expect_eq(fund_of(settlement, "B"), 2862538);
        cr_expect_eq(fund_of(settlement, "C"), 792299);
        expect_figure(settlement, CASEMIX_SCOPE_POOL, 0, "point_value", "122.28743416");
        expect_figure(settlement, CASEMIX_SCOPE_HOSPITAL, 1, "payable", "28625.38");
        expect_figure(settlement, CASEMIX_SCOPE_POOL, 1, "pot", "");
        cr_assert_eq(casemix_settlement_pool_at(settlement, 0, &total), CASEMIX_OK);
        cr_expect_eq(total.fund_payment, 6000000);
        cr_expect_eq(total.budget, 6000000);
        cr_expect_eq(total.points, 6645000);
        cr_assert_eq(casemix_settlement_account(settlement, CASEMIX_SCOPE_POOL, 0, &account), CASEMIX_OK);
        cr_expect_eq(account.of_cases + account.closing, total.fund_payment);
        casemix_context_settle(world.context, NULL);
        casemix_settlement_free(settlement);
    }
    close_world(&world);
}

/* ---- derivations of a settled month ---- */

/* Lines as "what|formula|inputs|result". */
struct heard {
    char lines[32][400];
    size_t count;
};

static void hear(void *user, const casemix_derivation *line) {
    struct heard *heard = user;
    cr_assert_lt(heard->count, 32);
    snprintf(heard->lines[heard->count++], sizeof heard->lines[0], "%.*s|%.*s|%.*s|%.*s", (int)line->what.length,
             line->what.text, (int)line->formula.length, line->formula.text, (int)line->inputs.length,
             line->inputs.text, (int)line->result.length, line->result.text);
}

static void expect_line(const struct heard *heard, const char *line) {
    for (size_t i = 0; i < heard->count; i++) {
        if (strcmp(heard->lines[i], line) == 0) {
            return;
        }
    }
    cr_expect(false, "no line %s", line);
    for (size_t i = 0; i < heard->count; i++) {
        fprintf(stderr, "  %s\n", heard->lines[i]);
    }
}

static void expect_total(const casemix_settlement *settlement, casemix_scope scope, uint32_t n, const char *name,
                         const char *expected) {
    char text[64] = "none";
    for (uint32_t t = 0; t < casemix_settlement_totals(settlement, scope); t++) {
        if (strcmp(casemix_settlement_total_name(settlement, scope, t).text, name) == 0) {
            cr_assert_eq(casemix_settlement_total(settlement, scope, n, t, text, sizeof text), CASEMIX_OK);
        }
    }
    cr_expect_str_eq(text, expected, "%s of %u: %s, not %s", name, n, text, expected);
}

/* The point value before the settlement (100) decides nothing here, and must be in no line. */
static void expect_settled_case(struct world *world, const struct claim *claim, const casemix_price *paid) {
    struct heard heard = {.count = 0};
    casemix_grouping grouping = {.status = CASEMIX_GROUPED, .group = AA15};
    casemix_price told;
    price_claim(world, claim);
    cr_assert_eq(casemix_explain_price(world->context, world->one, &grouping, hear, &heard, &told), CASEMIX_OK);
    cr_expect_eq(told.standard, paid->standard);
    cr_expect_eq(told.fund_payment, paid->fund_payment);
    cr_expect_eq(told.points, paid->points);
    cr_expect_eq(told.point_value, paid->point_value);
    expect_line(&heard, "point_value|as settled for the pool||122.28743416...");
    for (size_t i = 0; i < heard.count; i++) {
        cr_expect_null(strstr(heard.lines[i], "point_value 100"), "%s", heard.lines[i]);
    }
}

Test(money_settle, derivation_of_a_settled_month) {
    struct world world =
        open_world(E59 "  pool: {pot: pool.plan, point_value: (pot + pool.other_paid) / pool.points}\n"
                       "  hospital: {payable: hospital.points * point_value - hospital.other_paid}\n"
                       "  close: {hospital: payable, pool: pot}\n",
                   "drg,weight\nAA15,1\n");
    casemix_settlement *settlement = new_settlement(&world);
    casemix_price prices[E59_COUNT];
    struct heard pool = {.count = 0}, hospital = {.count = 0}, none = {.count = 0};
    tell(settlement, "employee", "plan", "60000.00");
    settle_month(&world, settlement, e59_claims, E59_COUNT, 0, false, prices);
    for (size_t i = 0; i < E59_COUNT; i++) {
        expect_settled_case(&world, &e59_claims[i], &prices[i]);
    }
    cr_expect_eq(casemix_settlement_hospitals(settlement), 3);
    expect_total(settlement, CASEMIX_SCOPE_POOL, 0, "plan", "60000");
    expect_total(settlement, CASEMIX_SCOPE_POOL, 0, "other_paid", "21260");
    expect_total(settlement, CASEMIX_SCOPE_HOSPITAL, 0, "other_paid", "10850");
    expect_total(settlement, CASEMIX_SCOPE_HOSPITAL, 0, "plan", "none");
    cr_assert_eq(casemix_explain_figures(settlement, CASEMIX_SCOPE_POOL, 0, hear, &pool, NULL), CASEMIX_OK);
    expect_line(&pool, "pot|pool.plan|pool.plan 60000|60000");
    expect_line(&pool, "point_value|(pot + pool.other_paid) / pool.points|pot 60000, pool.other_paid 21260, "
                       "pool.points 664.5|122.28743416...");
    cr_expect_eq(pool.count, 2);
    cr_assert_eq(casemix_explain_figures(settlement, CASEMIX_SCOPE_HOSPITAL, 1, hear, &hospital, NULL), CASEMIX_OK);
    expect_line(&hospital, "payable|hospital.points * point_value - hospital.other_paid|hospital.points 304, "
                           "point_value 122.28743416..., hospital.other_paid 8550|28625.37998495...");
    cr_expect(strstr(hospital.lines[1], "|28625.38") != NULL, "%s", hospital.lines[1]);
    cr_expect_eq(hospital.count, 2);
    cr_expect_eq(casemix_explain_figures(settlement, CASEMIX_SCOPE_HOSPITAL, 3, hear, &none, NULL),
                 CASEMIX_BAD_ARGUMENT);
    casemix_context_settle(world.context, NULL);
    casemix_settlement_free(settlement);
    close_world(&world);
}

Test(money_settle, e59b_published) {
    struct world world =
        open_world(E59 "  pool: {point_value: \"round((pool.plan + pool.other_paid) / pool.points, 4)\"}\n"
                       "  hospital: {payable: \"round(hospital.points * point_value, 2) - hospital.other_paid\"}\n",
                   "drg,weight\nAA15,1\n");
    casemix_settlement *settlement = new_settlement(&world);
    tell(settlement, "employee", "plan", "60000.00");
    settle_month(&world, settlement, e59_claims, E59_COUNT, 0, false, NULL);
    expect_figure(settlement, CASEMIX_SCOPE_POOL, 0, "point_value", "122.2874");
    expect_figure(settlement, CASEMIX_SCOPE_HOSPITAL, 0, "payable", "23451.62");
    expect_figure(settlement, CASEMIX_SCOPE_HOSPITAL, 1, "payable", "28625.37");
    expect_figure(settlement, CASEMIX_SCOPE_HOSPITAL, 2, "payable", "7922.99");
    casemix_settlement_free(settlement);
    close_world(&world);
}

/* A claim and the one that takes it back leave nothing behind. */
Test(money_settle, reversed_claims) {
    struct world world =
        open_world(E59 "  pool: {pot: pool.plan, point_value: (pot + pool.other_paid) / pool.points}\n"
                       "  hospital: {payable: hospital.points * point_value - hospital.other_paid}\n"
                       "  close: {hospital: payable, pool: pot}\n",
                   "drg,weight\nAA15,1\n");
    struct claim claims[E59_COUNT + 3];
    memcpy(claims, e59_claims, sizeof e59_claims);
    claims[E59_COUNT] = (struct claim){"8", "B", "职工", "1700", "17000", "40", 0};
    claims[E59_COUNT + 1] = (struct claim){"8", "B", "职工", "1700", "17000", "40", 1};
    claims[E59_COUNT + 2] = (struct claim){"9", "B", "军人", "1700", "17000", "40", 1}; /* no pool, so no price */
    casemix_settlement *settlement = new_settlement(&world);
    casemix_price prices[E59_COUNT + 3];
    casemix_account account;
    casemix_total total;
    tell(settlement, "employee", "plan", "60000");
    settle_month(&world, settlement, claims, E59_COUNT + 3, 3, true, prices);
    cr_expect_eq(fund_of(settlement, "A"), 2345163);
    cr_expect_eq(fund_of(settlement, "B"), 2862538);
    cr_expect_eq(prices[E59_COUNT].standard, -prices[E59_COUNT + 1].standard);
    cr_expect_eq(prices[E59_COUNT + 1].points, -1615000);
    cr_assert_eq(casemix_settlement_account(settlement, CASEMIX_SCOPE_POOL, 0, &account), CASEMIX_OK);
    cr_expect_eq(account.reversed, 1);
    cr_assert_eq(casemix_settlement_pool_at(settlement, 0, &total), CASEMIX_OK);
    cr_expect_eq(total.cases, E59_COUNT + 1);
    casemix_settlement_free(settlement);
    close_world(&world);
}

/* ---- closing: E44 ---- */

#define BY_POINTS                                                                                                  \
    POOLS_HEAD "points: cost\npoint_value: 1\nclasses:\n- {class: normal}\nfund: pay\n"                            \
               "settlement:\n"                                                                                     \
               "  budget: {pot: , places: 8}\n"                                                                    \
               "  pool: {pot: pool.pot, point_value: pot / pool.points}\n"                                         \
               "  hospital: {payable: hospital.points * point_value}\n"

Test(money_settle, e44_largest_remainder) {
    static const struct claim claims[] = {
        {"1", "A", "职工", "1", "412345.6789", "", 0}, {"2", "B", "职工", "1", "298765.4321", "", 0},
        {"3", "C", "职工", "1", "188888.8889", "", 0}, {"4", "Z", "居民", "1", "1", "", 0},
        {"5", "X", "居民", "1", "1", "", 0},           {"6", "Y", "居民", "1", "1", "", 0}};
    struct world world = open_world(BY_POINTS "  close: {hospital: payable, pool: pot}\n", "drg,weight\nAA15,1\n");
    casemix_settlement *settlement = new_settlement(&world);
    tell(settlement, "employee", "pot", "10000000.00");
    tell(settlement, "resident", "pot", "100.00");
    settle_month(&world, settlement, claims, 6, 2, true, NULL);
    cr_expect_eq(fund_of(settlement, "A"), 458161866);
    cr_expect_eq(fund_of(settlement, "B"), 331961591);
    cr_expect_eq(fund_of(settlement, "C"), 209876543);
    cr_expect_eq(fund_of(settlement, "X"), 3334); /* E44b: the tie goes to the first code */
    cr_expect_eq(fund_of(settlement, "Y"), 3333);
    cr_expect_eq(fund_of(settlement, "Z"), 3333);
    casemix_settlement_free(settlement);
    close_world(&world);
}

Test(money_settle, parts_that_are_not_the_pot) {
    static const struct claim claims[] = {{"1", "A", "职工", "1", "10", "", 0}};
    struct world world =
        open_world(POOLS_HEAD "points: cost\npoint_value: 1\nclasses:\n- {class: normal}\nfund: pay\n"
                              "settlement:\n  budget: [pot]\n  pool: {pot: pool.pot}\n"
                              "  hospital: {payable: hospital.points}\n  close: {hospital: payable, pool: pot}\n",
                   "drg,weight\nAA15,1\n");
    casemix_settlement *settlement = new_settlement(&world);
    casemix_error error;
    tell(settlement, "employee", "pot", "11");
    casemix_price price = price_claim(&world, &claims[0]);
    casemix_settlement_add_case(settlement, world.context, 0, &price);
    cr_expect_eq(casemix_settlement_next(settlement, &error), CASEMIX_BAD_ARGUMENT);
    cr_expect(strstr(error.message, "are 10 together, but its pot is 11") != NULL, "%s", error.message);
    casemix_settlement_free(settlement);
    close_world(&world);
}

/* ---- forms of figures ---- */

Test(money_settle, forms_of_point_values_and_payments) {
    static const struct {
        const char *pool, *hospital; /* figures x */
        const char *items[12];       /* of the pool (employee) or, with a `.` before it, of the hospital */
        const char *expected;
    } rows[] = {
        /* E42, E43, E53, E57, E27 */
        {"round((pool.c1 + 2 * pool.c2 + 7 * pool.c3) / (pool.v1 + 2 * pool.v2 + 7 * pool.v3), 4)",
         NULL,
         {"c1", "1850000000", "c2", "1930000000", "c3", "2010000000", "v1", "152000000", "v2", "158000000", "v3",
          "161000000"},
         "12.4013"},
        {"round(pool.fund_total / pool.share / pool.score, 4)",
         NULL,
         {"fund_total", "1372000000.00", "share", "70%", "score", "163500000"},
         "11.9878"},
        {"pool.plan * (1 - pool.reserve)", NULL, {"plan", "400000000.00", "reserve", "5%"}, "380000000"},
        {"pool.plan - pool.outpatient - pool.away - pool.drugs - pool.bed_day - pool.plan * pool.reserve",
         NULL,
         {"plan", "2860000000.00", "outpatient", "612000000.00", "away", "318000000.00", "drugs", "96000000.00",
          "bed_day", "74000000.00", "reserve", "3%"},
         "1674200000"},
        {"round(pool.plan / pool.share / pool.weight_, 2)",
         NULL,
         {"plan", "850000000.00", "share", "0.68", "weight_", "152000"},
         "8223.68"},
        /* E45, E47, E48, E49a-d, E58 */
        {NULL,
         "round(hospital.score * 10.8421 * 72% * hospital.assessment - hospital.deduction, 2)",
         {".score", "18250.50", ".assessment", "0.985", ".deduction", "3521.40"},
         "136810.66"},
        {NULL,
         "round((hospital.score * 9850 - hospital.paid) * 95% - hospital.deduction, 2)",
         {".score", "1820.4410", ".paid", "5120333.18", ".deduction", "20150.00"},
         "12150310.14"},
        {NULL,
         "round(round(hospital.year * 5%, 2) * linear(hospital.quality, 0 -> 0, 95 -> 1), 2)",
         {".year", "48600000.00", ".quality", "92.4"},
         "2363494.74"},
#define BANDS                                                                                                      \
    "bands(hospital.recorded / hospital.payable, < 85% -> min(hospital.recorded * 1.15, hospital.payable), "       \
    "<= 100% -> hospital.payable, <= 110% -> hospital.payable + (hospital.recorded - hospital.payable) * 70%, "    \
    "else hospital.payable * (1 + 10% * 70%))"
        {NULL, BANDS, {".payable", "10000000.00", ".recorded", "9200000.00"}, "10000000"},
        {NULL, BANDS, {".payable", "10000000.00", ".recorded", "8000000.00"}, "9200000"},
        {NULL, BANDS, {".payable", "10000000.00", ".recorded", "10600000.00"}, "10420000"},
        {NULL, BANDS, {".payable", "10000000.00", ".recorded", "11800000.00"}, "10700000"},
        {NULL,
         "hospital.payable - round(hospital.payable * 5%, 2) + round(round(hospital.payable * 5%, 2) * "
         "min(1, hospital.quality / 95), 2) - hospital.prepaid - hospital.deduction",
         {".payable", "13681066.00", ".quality", "92.4", ".prepaid", "12150310.14", ".deduction", "86402.13"},
         "1425632.27"},
        /* E51, E64: rounded over the hospital, not case by case */
        {"floor(184337 * 0.5%) * 10000 + floor(184337 * 5%)", NULL, {NULL}, "9219216"},
        {NULL, "round(3 * hospital.points, 2)", {NULL}, "100.01"},
        {"all.points", NULL, {NULL}, "33.335"},
        {"1 / (pool.points - 33.335)", NULL, {NULL}, ""},
    };
    static const struct claim claim = {"1", "A", "职工", "1", "33.335", "", 0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char policy[4000], budget[400] = "", hospitals[400] = "";
        for (size_t k = 0; k < 12 && rows[i].items[k] != NULL; k += 2) {
            bool of_hospital = rows[i].items[k][0] == '.';
            char *list = of_hospital ? hospitals : budget;
            strcat(list, list[0] != '\0' ? ", " : "");
            strcat(list, rows[i].items[k] + of_hospital);
        }
        snprintf(policy, sizeof policy,
                 POOLS_HEAD "points: cost\npoint_value: 1\nclasses:\n- {class: normal}\nfund: pay\n"
                            "settlement:\n  budget: [%s]\n  hospitals: [%s]\n  %s: {x: \"%s\"}\n",
                 budget, hospitals, rows[i].pool != NULL ? "pool" : "hospital",
                 rows[i].pool != NULL ? rows[i].pool : rows[i].hospital);
        struct world world = open_world(policy, "drg,weight\nAA15,1\n");
        casemix_settlement *settlement = new_settlement(&world);
        casemix_error error;
        for (size_t k = 0; k < 12 && rows[i].items[k] != NULL; k += 2) {
            bool of_hospital = rows[i].items[k][0] == '.';
            cr_assert_eq(casemix_settlement_say(settlement, of_hospital ? "A" : NULL, of_hospital ? "" : "employee",
                                                rows[i].items[k] + of_hospital, rows[i].items[k + 1], &error),
                         CASEMIX_OK, "%s", error.message);
        }
        settle_month(&world, settlement, &claim, 1, 0, false, NULL);
        expect_figure(settlement, rows[i].pool != NULL ? CASEMIX_SCOPE_POOL : CASEMIX_SCOPE_HOSPITAL, 0, "x",
                      rows[i].expected);
        casemix_settlement_free(settlement);
        close_world(&world);
    }
}

/* ---- the fund's part: E46, E60, E50 ---- */

Test(money_settle, funds_part_of_a_case) {
    static const struct {
        const char *fund, *standard, *cost;
        casemix_amount expected;
    } rows[] = {
        {"pay - patient_paid", "9450", "10320.00", 637608},
        {"pay * fund_recorded / cost", "9450", "10320.00", 663522},
        {"(pay - self_pay - pre_pay - deductible) * 85%", "9450", "10320.00", 650658},
        {"pay - 2910", "2500", "10320.00", -41000},
        {"max(0, pay - 2910)", "2500", "10320.00", 0},
        {"pay + excluded_cost * 70%", "1.4 * 9800 * 1.02", "33100", 2701440}, /* E60 */
        {"pay", "min(1, (los + 1) / 8.4) * 9240", "1", 330000},               /* E61 */
        {"pay", "if(special_review, cost - excluded_cost, 1)", "51000", 3240000},
        {"pay", "84 * 50% * 84.71", "1", 355782},                                              /* E32 */
        {"pay", "640 * 0.98 * if(tcm_cost / cost >= 40%, 1.03, 1) * 11.2233", "1000", 725043}, /* E62 */
        {"pay", "640 * 0.98 * if(ZYZB >= 40%, 1.03, 1) * 11.2233", "1000", 725043},
        {"pay", "100.5 * 0.41", "1", 4121}, /* E63 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char policy[3000];
        snprintf(policy, sizeof policy,
                 POOLS_HEAD "points: 1\npoint_value: 1\nclasses:\n- class: normal\n  pay: \"%s\"\nfund: \"%s\"\n",
                 rows[i].standard, rows[i].fund);
        struct world world = open_world(policy, "drg,weight\nAA15,1\n");
        say(&world, "patient_paid", "3073.92");
        say(&world, "fund_recorded", "7246.08");
        say(&world, "self_pay", "780.00");
        say(&world, "pre_pay", "415.20");
        say(&world, "deductible", "600.00");
        say(&world, "excluded_cost", "18600.00");
        say(&world, "tcm_cost", "410.00");
        say(&world, "special_review", "1");
        say(&world, "los", "2");
        say(&world, "insured_type", "职工");
        say(&world, "cost", rows[i].cost);
        casemix_price price = price_of(&world, AA15);
        cr_expect_eq(price.fund_payment, rows[i].expected, "%s, %s: %" PRId64, rows[i].fund, rows[i].standard,
                     price.fund_payment);
        close_world(&world);
    }
}

/* ---- quotas: E29 ---- */

Test(money_settle, e29_high_cases_by_item_up_to_a_quota) {
    struct world world = open_world(
        POOLS_HEAD
        "values: {std: weight}\npoints: 1\npoint_value: 1\nstandard: std\nclasses:\n"
        "- {class: by_item, when: cost > 3 * std, pay: cost, quota: high}\n- {class: normal}\nfund: pay\n"
        "settlement:\n  quotas: {high: {at: hospital, most: hospital.cases * 5%, by: cost - std}}\n"
        "  totals: {items: \"if(class = by_item, pay, 0)\"}\n  hospital: {of_items: hospital.items}\n",
        "drg,weight\nAA15,1\n");
    struct claim claims[41];
    for (size_t i = 0; i < 41; i++) {
        claims[i] = (struct claim){"n", i == 40 ? "B" : "A", "职工", "1000", "1000", "", 0};
    }
    claims[5] = (struct claim){"c1", "A", "职工", "9000", "30000", "", 0};
    claims[11] = (struct claim){"c2", "A", "职工", "12000", "52000", "", 0};
    claims[17] = (struct claim){"c3", "A", "职工", "13000", "41000", "", 0};
    claims[40] = (struct claim){"c4", "B", "职工", "9000", "90000", "", 0}; /* one case: no quota */
    for (size_t first = 0; first < 41; first += 8) {
        casemix_settlement *settlement = new_settlement(&world);
        casemix_price prices[41];
        cr_expect_eq(casemix_settlement_passes(settlement), 2);
        settle_month(&world, settlement, claims, 41, first, first % 16 == 8, prices);
        cr_expect_eq(prices[11].standard, 5200000);
        cr_expect_eq(prices[17].standard, 4100000);
        cr_expect_eq(prices[5].standard, 900000);
        cr_expect(is_class(&prices[5], "normal") && is_class(&prices[17], "by_item"));
        cr_expect_eq(prices[5].standard + prices[11].standard + prices[17].standard, 10200000);
        cr_expect(is_class(&prices[40], "normal"));
        expect_figure(settlement, CASEMIX_SCOPE_HOSPITAL, 0, "of_items", "93000");
        casemix_context_settle(world.context, NULL);
        casemix_settlement_free(settlement);
    }
    close_world(&world);
}

/* ---- months that are not as they should be ---- */

Test(money_settle, no_points_no_budget) {
    static const struct claim claims[] = {{"1", "A", "职工", "1", "0", "", 0},
                                          {"2", "B", "居民", "1", "100", "", 0}};
    struct world world = open_world(BY_POINTS, "drg,weight\nAA15,1\n");
    casemix_settlement *settlement = new_settlement(&world);
    casemix_error error;
    casemix_price price;
    tell(settlement, "resident", "pot", "0");
    for (size_t i = 0; i < 2; i++) {
        price = price_claim(&world, &claims[i]);
        cr_assert_eq(casemix_settlement_add_case(settlement, world.context, 0, &price), CASEMIX_OK);
    }
    cr_expect_eq(casemix_settlement_next(settlement, &error), CASEMIX_BAD_ARGUMENT); /* employee has no pot */
    cr_expect(strstr(error.message, "does not say pot of the pool employee") != NULL, "%s", error.message);
    casemix_settlement_free(settlement);
    settlement = new_settlement(&world);
    tell(settlement, "resident", "pot", "0");
    tell(settlement, "employee", "pot", "1000");
    for (size_t i = 0; i < 2; i++) {
        price = price_claim(&world, &claims[i]);
        casemix_settlement_add_case(settlement, world.context, 0, &price);
    }
    cr_expect_eq(casemix_settlement_next(settlement, &error), CASEMIX_OK);
    cr_expect(strstr(error.message, "employee: point_value has no value (division-by-zero)") != NULL, "%s",
              error.message);
    casemix_context_settle(world.context, settlement);
    price = price_claim(&world, &claims[0]); /* without points there is no point value: said, not paid with 0 */
    cr_expect_eq(price.status, CASEMIX_PRICE_NO_FIGURE);
    cr_expect_str_eq(casemix_price_status_text(price.status), "no-figure");
    cr_assert_eq(casemix_settlement_add_case(settlement, world.context, 0, &price), CASEMIX_OK);
    price = price_claim(&world, &claims[1]); /* a budget of 0: points are worth 0 */
    cr_expect_eq(price.status, CASEMIX_PRICED);
    cr_expect_eq(price.point_value, 0);
    cr_expect_eq(price.fund_payment, 0);
    cr_assert_eq(casemix_settlement_add_case(settlement, world.context, 0, &price), CASEMIX_OK);
    casemix_settlement_next(settlement, &error);
    casemix_total total;
    cr_assert_eq(casemix_settlement_pool_at(settlement, 0, &total), CASEMIX_OK);
    cr_expect_eq(total.unpriced, 1);
    casemix_settlement_free(settlement);
    close_world(&world);
}

Test(money_settle, what_cannot_be_said) {
    static const struct {
        const char *hospital, *pool, *item, *number, *message;
    } rows[] = {
        {NULL, "students", "plan", "1", "is no pool"},
        {NULL, "employee", "plans", "1", "is no item"},
        {NULL, "employee", "plan", "1,000", "is not a number"},
        {NULL, "employee", "plan", "", "is not a number"},
        {NULL, "employee", "plan", "1e9", "is not a number"},
        {NULL, "employee", "plan", "1000", ""},
        {NULL, "employee", "plan", "1000", "was said before"},
        {"A", "employee", "assessment", "95%", ""},
        {"A", "employee", "assessment", "95%", "was said before"},
        {"A", "", "assessment", "90%", ""},
        {"A", "employee", "plan", "1", "is no item"},
        {NULL, "employee", "budget", "-1", "is not an amount"},
    };
    struct world world =
        open_world(E59 "  hospitals: {assessment: 1}\n  pool: {x: pool.plan}\n", "drg,weight\nAA15,1\n");
    casemix_settlement *settlement = new_settlement(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        casemix_error error = {0};
        casemix_result result = casemix_settlement_say(settlement, rows[i].hospital, rows[i].pool, rows[i].item,
                                                       rows[i].number, &error);
        cr_expect_eq(result, rows[i].message[0] == '\0' ? CASEMIX_OK : CASEMIX_BAD_ARGUMENT, "row %zu", i);
        cr_expect(strstr(error.message, rows[i].message) != NULL, "row %zu: %s", i, error.message);
    }
    casemix_settlement_free(settlement);
    close_world(&world);
}

Test(money_settle, very_large_amounts) {
    static const struct claim large = {"1", "A", "职工", "1", "900000000000000", "", 0};
    static const struct claim too_large = {"2", "A", "职工", "1", "1000000000000000", "", 0};
    struct world world = open_world(BY_POINTS, "drg,weight\nAA15,1\n");
    casemix_settlement *settlement = new_settlement(&world);
    casemix_price price = price_claim(&world, &too_large); /* 10^15 yuan are beyond 64 bits of 1/10000 yuan */
    cr_expect_eq(price.status, CASEMIX_PRICE_OVERFLOW);
    int added = 0;
    for (int i = 0; i < 200; i++) {
        price = price_claim(&world, &large);
        cr_assert_eq(price.status, CASEMIX_PRICED);
        casemix_result result = casemix_settlement_add_case(settlement, world.context, 0, &price);
        cr_assert(result == CASEMIX_OK || result == CASEMIX_OVERFLOW);
        added += result == CASEMIX_OK;
    }
    cr_expect_eq(added, 1); /* points in 1/10000 are what overflows first */
    casemix_settlement_free(settlement);
    close_world(&world);
}
