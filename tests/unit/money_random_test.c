/* SPDX-License-Identifier: Apache-2.0
 *
 * Random policies and random cases, against exact rationals computed another way: numbers of any size of our own,
 * the rules straight from the parameters, not from the formulas. No reduced fractions, no shortcuts. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/money_world.h"

/* ---- whole numbers of up to 32 x LIMBS bits, without a sign ---- */

enum { LIMBS = 24 };
struct big {
    uint32_t limbs[LIMBS];
    int count; /* used, the last is not 0 */
};

static struct big big_of(uint64_t value) {
    struct big out = {.limbs = {(uint32_t)value, (uint32_t)(value >> 32)}};
    out.count = value >> 32 ? 2 : value ? 1 : 0;
    return out;
}

static struct big big_multiply(const struct big *a, const struct big *b) {
    struct big out = {.count = a->count + b->count};
    cr_assert(out.count <= LIMBS);
    for (int i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (int k = 0; k < b->count; k++) {
            carry += (uint64_t)a->limbs[i] * b->limbs[k] + out.limbs[i + k];
            out.limbs[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        out.limbs[i + b->count] = (uint32_t)carry;
    }
    while (out.count > 0 && out.limbs[out.count - 1] == 0) {
        out.count--;
    }
    return out;
}

static int big_compare(const struct big *a, const struct big *b) {
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (int i = a->count; i-- > 0;) {
        if (a->limbs[i] != b->limbs[i]) {
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
        }
    }
    return 0;
}

static struct big big_add(const struct big *a, const struct big *b) {
    struct big out = {.count = 0};
    uint64_t carry = 0;
    int count = a->count > b->count ? a->count : b->count;
    for (int i = 0; i < count; i++) {
        carry += (uint64_t)(i < a->count ? a->limbs[i] : 0) + (i < b->count ? b->limbs[i] : 0);
        out.limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    out.count = count;
    if (carry) {
        cr_assert(count < LIMBS);
        out.limbs[out.count++] = (uint32_t)carry;
    }
    return out;
}

/* a - b, a not less than b */
static struct big big_subtract(const struct big *a, const struct big *b) {
    struct big out = {.count = a->count};
    int64_t borrow = 0;
    for (int i = 0; i < a->count; i++) {
        int64_t left = (int64_t)a->limbs[i] - (i < b->count ? b->limbs[i] : 0) + borrow;
        out.limbs[i] = (uint32_t)left;
        borrow = left >> 32;
    }
    while (out.count > 0 && out.limbs[out.count - 1] == 0) {
        out.count--;
    }
    return out;
}

static int big_bits(const struct big *a) {
    return a->count ? 32 * a->count - __builtin_clz(a->limbs[a->count - 1]) : 0;
}

static struct big big_shift(const struct big *a, int bits) {
    struct big out = {.count = 0};
    int words = bits / 32, rest = bits % 32;
    cr_assert(a->count + words < LIMBS);
    for (int i = 0; i < a->count; i++) {
        uint64_t moved = (uint64_t)a->limbs[i] << rest;
        out.limbs[i + words] |= (uint32_t)moved;
        out.limbs[i + words + 1] |= (uint32_t)(moved >> 32);
    }
    out.count = a->count + words + 1;
    while (out.count > 0 && out.limbs[out.count - 1] == 0) {
        out.count--;
    }
    return out;
}

/* a / b, downwards; the rest into *rest */
static uint64_t big_divide(const struct big *a, const struct big *b, struct big *rest) {
    uint64_t quotient = 0;
    int bits = big_bits(a) - big_bits(b);
    cr_assert(b->count > 0 && bits < 63, "a quotient of the test is too large");
    *rest = *a;
    for (; bits >= 0; bits--) {
        struct big part = big_shift(b, bits);
        if (big_compare(&part, rest) <= 0) {
            *rest = big_subtract(rest, &part);
            quotient |= (uint64_t)1 << bits;
        }
    }
    return quotient;
}

/* ---- fractions ---- */

struct ratio {
    struct big over, under;
    bool negative;
};

static struct ratio ratio_of(int64_t over, uint64_t under) {
    return (struct ratio){big_of(over < 0 ? 0 - (uint64_t)over : (uint64_t)over), big_of(under), over < 0};
}

static struct ratio times(struct ratio a, struct ratio b) {
    return (struct ratio){big_multiply(&a.over, &b.over), big_multiply(&a.under, &b.under),
                          a.negative != b.negative};
}

static struct ratio over(struct ratio a, struct ratio b) {
    return (struct ratio){big_multiply(&a.over, &b.under), big_multiply(&a.under, &b.over),
                          a.negative != b.negative};
}

static struct ratio plus(struct ratio a, struct ratio b) {
    struct big left = big_multiply(&a.over, &b.under), right = big_multiply(&b.over, &a.under);
    struct ratio out = {.under = big_multiply(&a.under, &b.under), .negative = a.negative};
    if (a.negative == b.negative) {
        out.over = big_add(&left, &right);
    } else if (big_compare(&left, &right) >= 0) {
        out.over = big_subtract(&left, &right);
    } else {
        out.over = big_subtract(&right, &left);
        out.negative = b.negative;
    }
    return out;
}

static struct ratio minus(struct ratio a, struct ratio b) {
    b.negative = !b.negative;
    return plus(a, b);
}

static int compare(struct ratio a, struct ratio b) {
    struct ratio difference = minus(a, b);
    return difference.over.count == 0 ? 0 : difference.negative ? -1 : 1;
}

static uint64_t power_of_ten(int places) {
    uint64_t out = 1;
    while (places-- > 0) {
        out *= 10;
    }
    return out;
}

/* In units of 1/10^places, half away from zero. */
static int64_t rounded(struct ratio a, int places) {
    struct big rest, two = big_of(2), unit = big_of(power_of_ten(places)), scaled = big_multiply(&a.over, &unit);
    uint64_t whole = big_divide(&scaled, &a.under, &rest);
    struct big twice = big_multiply(&rest, &two);
    whole += big_compare(&twice, &a.under) >= 0;
    return a.negative ? -(int64_t)whole : (int64_t)whole;
}

/* ---- chance ---- */

static uint64_t state = 20261127;

static uint64_t any(uint64_t count) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % count;
}

static int64_t between(int64_t low, int64_t high) {
    return low + (int64_t)any((uint64_t)(high - low + 1));
}

/* A decimal as it is written, and as a fraction. */
struct written {
    char text[24];
    struct ratio value;
};

static struct written decimal(int64_t units, int places) {
    struct written out = {.value = ratio_of(units, power_of_ten(places))};
    uint64_t unit = power_of_ten(places);
    if (places == 0) {
        snprintf(out.text, sizeof out.text, "%" PRId64, units);
    } else {
        snprintf(out.text, sizeof out.text, "%" PRIu64 ".%0*" PRIu64, (uint64_t)units / unit, places,
                 (uint64_t)units % unit);
    }
    return out;
}

/* ---- a random policy ---- */

enum { HOSPITALS = 12, LEVELS = 3, POOLS = 2, GROUPS = 2, BANDS = 3 };
enum coef_kind { COEF_NONE, COEF_LEVEL, COEF_HOSPITAL, COEF_GROUP_LEVEL, COEF_KINDS };
enum base_kind { BASE_MEAN, BASE_MEAN_COEF, BASE_STANDARD, BASE_KINDS };
enum low_form { LOW_COST, LOW_POINTS, LOW_SHARE, LOW_FORMS };
enum high_form { HIGH_ADD, HIGH_DEDUCT, HIGH_WHOLE, HIGH_CAP, HIGH_ACTUAL, HIGH_STEP, HIGH_FORMS };
enum fund_form { FUND_REST, FUND_SHARE, FUND_FLOOR, FUND_FORMS };
enum month_form { MONTH_NONE, MONTH_PUBLISHED, MONTH_CLOSED, MONTH_FORMS };

struct plan {
    struct written scale, n, weights[GROUPS], coefs[GROUPS][LEVELS], hospital_coefs[HOSPITALS], values[POOLS];
    struct written low, upto[BANDS - 1], caps[BANDS], step_base, step_share, fund_share, days[2], pots[POOLS];
    enum coef_kind coef;
    enum base_kind base;
    enum low_form low_form;
    enum high_form high_form;
    enum fund_form fund;
    enum month_form month;
    bool low_inclusive, high_inclusive, bands_inclusive;
    int points_places; /* -1: not rounded */
};

static struct plan make_plan(void) {
    static const int64_t scales[] = {1, 100, 1000};
    static const int places[] = {-1, 4, 2};
    struct plan plan = {.coef = (enum coef_kind)any(COEF_KINDS),
                        .base = (enum base_kind)any(BASE_KINDS),
                        .low_form = (enum low_form)any(LOW_FORMS),
                        .high_form = (enum high_form)any(HIGH_FORMS),
                        .fund = (enum fund_form)any(FUND_FORMS),
                        .month = (enum month_form)any(MONTH_FORMS),
                        .low_inclusive = any(2),
                        .high_inclusive = any(2),
                        .bands_inclusive = any(2),
                        .points_places = places[any(3)]};
    plan.scale = decimal(scales[any(3)], 0);
    plan.n = any(2) ? decimal(between(3000, 15000), 0) : decimal(between(30000000, 150000000), 4);
    for (int g = 0; g < GROUPS; g++) {
        plan.weights[g] = any(8) == 0 ? decimal(between(1, 3), 0) : decimal(between(500, 80000), 4);
        for (int l = 0; l < LEVELS; l++) {
            plan.coefs[g][l] = decimal(between(5000, 15000), 4);
        }
    }
    for (int h = 0; h < HOSPITALS; h++) {
        plan.hospital_coefs[h] = decimal(between(50, 150), 2);
    }
    for (int p = 0; p < POOLS; p++) {
        plan.values[p] = decimal(between(100000, 15000000), 4);
        plan.pots[p] = decimal(between(100000, 10000000000), 2);
    }
    plan.low = decimal(between(3, 8), 1);
    plan.upto[0] = decimal(between(1, 2), 0);
    plan.upto[1] = decimal(between(3, 5), 0);
    for (int b = 0; b < BANDS; b++) {
        plan.caps[b] = decimal(between(12, 35), 1);
    }
    plan.step_base = decimal(between(10, 20), 1);
    plan.step_share = decimal(between(3, 9), 1);
    plan.fund_share = decimal(between(60, 95), 2);
    plan.days[0] = decimal(between(20000, 50000), 2);
    plan.days[1] = decimal(between(10000, 30000), 2);
    if (plan.month != MONTH_NONE && plan.points_places < 0) {
        plan.points_places = 4; /* what the policy takes where it adds points up */
    }
    if (plan.month == MONTH_CLOSED) {
        plan.fund = FUND_REST; /* a floor or a share cannot add up to the pot */
    }
    return plan;
}

static const char *const level_names[LEVELS] = {"三级", "二级", "一级"};
static const char *const pool_names[POOLS] = {"employee", "resident"};
static const char *const group_names[GROUPS] = {"AA11", "AA15"};

static void coef_text(const struct plan *plan, char *out, size_t size) {
    size_t at = 0;
    switch (plan->coef) {
    case COEF_NONE:
        snprintf(out, size, "{by: pool, else: 1}");
        return;
    case COEF_LEVEL:
        snprintf(out, size, "{by: level, 三级: %s, 二级: %s, else: %s}", plan->coefs[0][0].text,
                 plan->coefs[0][1].text, plan->coefs[0][2].text);
        return;
    case COEF_HOSPITAL:
        at += (size_t)snprintf(out, size, "{by: hospital");
        for (int h = 1; h < HOSPITALS; h++) {
            at += (size_t)snprintf(out + at, size - at, ", H%02d: %s", h, plan->hospital_coefs[h].text);
        }
        snprintf(out + at, size - at, ", else: %s}", plan->hospital_coefs[0].text);
        return;
    default:
        snprintf(out, size,
                 "{by: [group, level], AA11: {三级: %s, else: %s}, else: {三级: %s, 二级: %s, 一级: %s}}",
                 plan->coefs[0][0].text, plan->coefs[0][1].text, plan->coefs[1][0].text, plan->coefs[1][1].text,
                 plan->coefs[1][2].text);
    }
}

static const char *const base_texts[BASE_KINDS] = {"n * rw", "n * rw * coef", "standard"};
static const char *const low_texts[LOW_FORMS] = {"pay: cost", "points: cost / n * scale",
                                                 "points: points_normal * cost / base"};
static const char *const high_texts[HIGH_FORMS] = {
    "points: points_normal + (cost / (n * rw) - cap) * rw * scale",
    "points: scale * (cost / n - (cap - 1) * rw * coef)",
    "points: points_normal + (cost / (n * rw) - 1) * rw * scale",
    "points: points_normal * cap",
    "pay: cost",
    "pay: standard * (step_base + step_share * (cost / base - cap))",
};
static const char *const fund_texts[FUND_FORMS] = {"pay - patient_paid - other_paid",
                                                   "(pay - patient_paid) * fund_share",
                                                   "max(0, pay - patient_paid - other_paid)"};
static const char *const month_texts[MONTH_FORMS] = {
    "",
    "settlement:\n  budget: [pot]\n  pool: {point_value: \"round(pool.pot / pool.points, 4)\"}\n",
    "settlement:\n  budget: [pot]\n"
    "  pool: {pot: pool.pot, point_value: (pot + pool.patient_paid + pool.other_paid) / pool.points}\n"
    "  hospital: {payable: hospital.points * point_value - hospital.patient_paid - hospital.other_paid}\n"
    "  close: {hospital: payable, pool: pot}\n",
};

/* In a closed month all is paid by points. */
static void write_policy(const struct plan *plan, char *out, size_t size, char *weights, size_t weights_size) {
    char coef[1000], rounding[60] = "";
    coef_text(plan, coef, sizeof coef);
    if (plan->points_places >= 0) {
        snprintf(rounding, sizeof rounding, "rounding: {points: %d}\n", plan->points_places);
    }
    bool closed = plan->month == MONTH_CLOSED;
    const char *low = closed && plan->low_form == LOW_COST ? "points: cost / n * scale" : low_texts[plan->low_form];
    const char *high =
        closed && plan->high_form >= HIGH_ACTUAL ? high_texts[HIGH_CAP] : high_texts[plan->high_form];
    snprintf(weights, weights_size, "drg,weight\nAA11,%s\nAA15,%s\n", plan->weights[0].text, plan->weights[1].text);
    snprintf(out, size,
             HEAD "tables:\n  coef: %s\n  pv: {by: pool, employee: %s, resident: %s}\n"
                  "parameters: {n: %s, scale: %s, low: %s, step_base: %s, step_share: %s, fund_share: %s}\n"
                  "values:\n  points_normal: scale * rw * coef\n  base: %s\n"
                  "  cap: bands(rw, %s %s -> %s, %s %s -> %s, else %s)\n"
                  "points: points_normal\npoint_value: pv\nclasses:\n%s"
                  "- {class: low, when: cost %s low * base, %s}\n"
                  "- {class: high, when: cost %s cap * base, %s}\n"
                  "- {class: normal}\nfund: %s\nabsent: {los: 0}\n%s%s",
             coef, plan->values[0].text, plan->values[1].text, plan->n.text, plan->scale.text, plan->low.text,
             plan->step_base.text, plan->step_share.text, plan->fund_share.text, base_texts[plan->base],
             plan->bands_inclusive ? "<=" : "<", plan->upto[0].text, plan->caps[0].text,
             plan->bands_inclusive ? "<=" : "<", plan->upto[1].text, plan->caps[1].text, plan->caps[2].text,
             closed ? ""
                    : "- {class: bed, when: los > 60, points: 0, pay: \"steps(los, 90 -> 300.5, else 200.25)\"}\n",
             plan->low_inclusive ? "<=" : "<", low, plan->high_inclusive ? ">=" : ">", high, fund_texts[plan->fund],
             rounding, month_texts[plan->month]);
}

/* ---- a random case, and what it is worth ---- */

struct sample {
    uint8_t group, level, pool, hospital;
    uint16_t stay;
    int64_t cost, patient, other; /* fen */
};

static struct sample make_sample(const struct plan *plan) {
    struct sample out = {.group = (uint8_t)any(GROUPS),
                         .level = (uint8_t)any(LEVELS),
                         .pool = (uint8_t)any(POOLS),
                         .hospital = (uint8_t)any(HOSPITALS),
                         .stay = (uint16_t)(any(20) == 0 ? between(61, 200) : between(0, 60))};
    int64_t mean = rounded(times(plan->n.value, plan->weights[out.group].value), 2);
    switch (any(6)) {
    case 0: /* exactly on a border, or a fen beside it */
        out.cost = rounded(times(times(plan->n.value, plan->weights[out.group].value),
                                 any(2) ? plan->low.value : plan->caps[any(BANDS)].value),
                           2) +
                   between(-1, 1);
        break;
    case 1:
        out.cost = mean * between(2, 8);
        break;
    default:
        out.cost = between(0, 2 * mean);
    }
    out.cost = out.cost < 0 ? 0 : out.cost;
    out.patient = between(0, out.cost);
    out.other = any(3) ? 0 : between(0, out.cost - out.patient);
    return out;
}

enum class_of { IS_BED, IS_LOW, IS_HIGH, IS_NORMAL };
static const char *const class_names[] = {"bed", "low", "high", "normal"};

struct worth {
    enum class_of class;
    int64_t points, pay, fund;
};

static struct ratio coef_of(const struct plan *plan, const struct sample *one) {
    switch (plan->coef) {
    case COEF_NONE:
        return ratio_of(1, 1);
    case COEF_LEVEL:
        return plan->coefs[0][one->level].value;
    case COEF_HOSPITAL:
        return plan->hospital_coefs[one->hospital].value;
    default:
        return one->group == 0 ? plan->coefs[0][one->level == 0 ? 0 : 1].value : plan->coefs[1][one->level].value;
    }
}

static struct ratio cap_of(const struct plan *plan, struct ratio weight) {
    for (int b = 0; b < BANDS - 1; b++) {
        int order = compare(weight, plan->upto[b].value);
        if (order < 0 || (order == 0 && plan->bands_inclusive)) {
            return plan->caps[b].value;
        }
    }
    return plan->caps[BANDS - 1].value;
}

static struct ratio round_points(const struct plan *plan, struct ratio points) {
    return plan->points_places < 0
               ? points
               : ratio_of(rounded(points, plan->points_places), power_of_ten(plan->points_places));
}

/* known: the point value by which the class is decided; value: by which it is paid. */
static struct worth work_out(const struct plan *plan, const struct sample *one, struct ratio known,
                             struct ratio value) {
    struct ratio weight = plan->weights[one->group].value, coef = coef_of(plan, one), scale = plan->scale.value;
    struct ratio cost = ratio_of(one->cost, 100), mean = times(plan->n.value, weight), cap = cap_of(plan, weight);
    struct ratio exact = times(times(scale, weight), coef), normal = round_points(plan, exact), points = normal;
    struct ratio base = plan->base == BASE_MEAN        ? mean
                        : plan->base == BASE_MEAN_COEF ? times(mean, coef)
                                                       : times(normal, known);
    bool closed = plan->month == MONTH_CLOSED, by_points = true;
    struct ratio pay = ratio_of(0, 1), one_whole = ratio_of(1, 1);
    struct worth out = {.class = IS_NORMAL};
    int low = compare(cost, times(plan->low.value, base)), high = compare(cost, times(cap, base));
    if (one->stay > 60 && !closed) {
        out.class = IS_BED;
        by_points = false;
        points = ratio_of(0, 1);
        int64_t first = one->stay < 90 ? one->stay : 90;
        pay = plus(times(ratio_of(first, 1), ratio_of(3005, 10)),
                   times(ratio_of(one->stay - first, 1), ratio_of(20025, 100)));
    } else if (low < 0 || (low == 0 && plan->low_inclusive)) {
        out.class = IS_LOW;
        if (plan->low_form == LOW_COST && !closed) {
            by_points = false;
            pay = cost;
        } else if (plan->low_form == LOW_SHARE) {
            points = over(times(exact, cost), base);
        } else {
            points = times(over(cost, plan->n.value), scale);
        }
    } else if (high > 0 || (high == 0 && plan->high_inclusive)) {
        out.class = IS_HIGH;
        enum high_form form = closed && plan->high_form >= HIGH_ACTUAL ? HIGH_CAP : plan->high_form;
        struct ratio rate = over(cost, mean), per_weight = times(weight, scale);
        if (form == HIGH_ADD || form == HIGH_WHOLE) {
            points = plus(exact, times(minus(rate, form == HIGH_ADD ? cap : one_whole), per_weight));
        } else if (form == HIGH_DEDUCT) {
            points =
                times(scale, minus(over(cost, plan->n.value), times(times(minus(cap, one_whole), weight), coef)));
        } else if (form == HIGH_CAP) {
            points = times(exact, cap);
        } else if (form == HIGH_ACTUAL) {
            by_points = false;
            pay = cost;
        } else {
            by_points = false;
            struct ratio settled = plan->base == BASE_STANDARD ? times(normal, value) : base;
            struct ratio step =
                plus(plan->step_base.value, times(plan->step_share.value, minus(over(cost, settled), cap)));
            pay = times(times(normal, value), step);
        }
    }
    if (by_points) {
        points = round_points(plan, points);
        pay = times(points, value);
    }
    out.points = rounded(points, 4);
    out.pay = rounded(pay, 2);
    struct ratio paid = ratio_of(out.pay, 100), patient = ratio_of(one->patient, 100);
    struct ratio fund = minus(paid, patient);
    fund = plan->fund == FUND_SHARE ? times(fund, plan->fund_share.value) : minus(fund, ratio_of(one->other, 100));
    out.fund = plan->fund == FUND_FLOOR && fund.negative ? 0 : rounded(fund, 2);
    return out;
}

/* ---- one against the other ---- */

static void say_sample(struct world *world, const struct sample *one, size_t number) {
    static char texts[7][24]; /* the case keeps places, not copies */
    snprintf(texts[0], sizeof texts[0], "H%02d", one->hospital);
    snprintf(texts[1], sizeof texts[1], "%" PRId64 ".%02d", one->cost / 100, (int)(one->cost % 100));
    snprintf(texts[2], sizeof texts[2], "%" PRId64 ".%02d", one->patient / 100, (int)(one->patient % 100));
    snprintf(texts[3], sizeof texts[3], "%" PRId64 ".%02d", one->other / 100, (int)(one->other % 100));
    snprintf(texts[4], sizeof texts[4], "%d", one->stay);
    snprintf(texts[5], sizeof texts[5], "%zu", number);
    say(world, "hospital", texts[0]);
    say(world, "cost", texts[1]);
    say(world, "patient_paid", texts[2]);
    say(world, "other_paid", texts[3]);
    say(world, "los", texts[4]);
    say(world, "id", texts[5]);
    say(world, "hospital_level", level_names[one->level]);
    say(world, "insured_type", pool_names[one->pool]);
}

static casemix_price price_sample(struct world *world, const struct sample *one, size_t number) {
    casemix_grouping grouping = {.status = CASEMIX_GROUPED, .group = one->group, .step = 0};
    casemix_price price;
    say_sample(world, one, number);
    cr_assert_eq(casemix_price_case(world->context, world->one, &grouping, &price), CASEMIX_OK);
    return price;
}

static void expect_worth(const struct plan *plan, const struct sample *one, const casemix_price *price,
                         const struct worth *worth, const char *policy) {
    bool same = price->status == CASEMIX_PRICED && is_class(price, class_names[worth->class]) &&
                price->points == worth->points && price->standard == worth->pay &&
                price->fund_payment == worth->fund;
    if (!same) {
        fprintf(stderr, "%s\n", policy);
    }
    cr_assert(
        same,
        "%s %s hospital %d %s, cost %" PRId64 " patient %" PRId64 " other %" PRId64 " stay %d: status %d class %s "
        "points %" PRId64 " pay %" PRId64 " fund %" PRId64 ", not %s %" PRId64 " %" PRId64 " %" PRId64,
        group_names[one->group], level_names[one->level], one->hospital, pool_names[one->pool], one->cost,
        one->patient, one->other, one->stay, price->status, price->class_name.text, price->points, price->standard,
        price->fund_payment, class_names[worth->class], worth->points, worth->pay, worth->fund);
    (void)plan;
}

/* Sums of what was worked out, by pool and hospital. */
struct sums {
    int64_t points[POOLS][HOSPITALS], paid[POOLS][HOSPITALS], cases[POOLS][HOSPITALS];
};

static int64_t total_of(int64_t (*of)[HOSPITALS], int pool) {
    int64_t sum = 0;
    for (int h = 0; h < HOSPITALS; h++) {
        sum += of[pool][h];
    }
    return sum;
}

/* The point value of the month, exact or published. */
static struct ratio month_value(const struct plan *plan, struct sums *sums, int pool) {
    struct ratio points = ratio_of(total_of(sums->points, pool), 10000), pot = plan->pots[pool].value;
    if (plan->month == MONTH_PUBLISHED) {
        return ratio_of(rounded(over(pot, points), 4), 10000);
    }
    return over(plus(pot, ratio_of(total_of(sums->paid, pool), 100)), points);
}

/* The closed parts of a pool: whole fen downwards, then one more for the largest rests. */
static void expect_parts(const struct plan *plan, struct sums *sums, int pool, casemix_settlement *settlement) {
    struct ratio value = month_value(plan, sums, pool), rests[HOSPITALS];
    int64_t parts[HOSPITALS], left = rounded(plan->pots[pool].value, 2), found = 0;
    bool done[HOSPITALS] = {false};
    for (int h = 0; h < HOSPITALS; h++) {
        struct ratio exact =
            minus(times(ratio_of(sums->points[pool][h], 10000), value), ratio_of(sums->paid[pool][h], 100));
        int64_t near = rounded(exact, 2);
        near -= compare(ratio_of(near, 100), exact) > 0;
        parts[h] = near;
        rests[h] = minus(exact, ratio_of(near, 100));
        left -= near;
        done[h] = sums->cases[pool][h] == 0;
    }
    cr_assert(left >= 0 && left <= HOSPITALS);
    for (; left > 0; left--) {
        int best = -1;
        for (int h = 0; h < HOSPITALS; h++) {
            best = !done[h] && (best < 0 || compare(rests[h], rests[best]) > 0) ? h : best;
        }
        parts[best]++;
        done[best] = true;
    }
    casemix_total total;
    for (uint32_t i = 0; i < casemix_settlement_hospitals(settlement); i++) {
        cr_assert_eq(casemix_settlement_hospital_at(settlement, i, &total), CASEMIX_OK);
        if (strcmp(total.pool.text, pool_names[pool]) == 0) {
            int h = atoi(total.hospital.text + 1);
            cr_assert_eq(total.fund_payment, parts[h], "H%02d: %" PRId64 ", not %" PRId64, h, total.fund_payment,
                         parts[h]);
            found += total.fund_payment;
        }
    }
    cr_assert_eq(casemix_settlement_pool_at(settlement, (uint32_t)pool, &total), CASEMIX_OK);
    cr_assert_eq(found, rounded(plan->pots[pool].value, 2), "the parts of a pool are not its pot");
    cr_assert_eq(total.fund_payment, found);
}

static void add_all(struct world *world, casemix_settlement *settlement, const struct sample *samples, size_t count,
                    bool backwards) {
    for (size_t i = 0; i < count; i++) {
        size_t at = backwards ? count - 1 - i : i;
        casemix_price price = price_sample(world, &samples[at], at);
        cr_assert_eq(casemix_settlement_add_case(settlement, world->context, 0, &price), CASEMIX_OK);
    }
}

static void same_totals(casemix_settlement *one, casemix_settlement *two) {
    casemix_total a, b;
    uint32_t count = casemix_settlement_hospitals(one);
    cr_assert_eq(count, casemix_settlement_hospitals(two));
    for (uint32_t i = 0; i < count; i++) {
        casemix_settlement_hospital_at(one, i, &a);
        casemix_settlement_hospital_at(two, i, &b);
        cr_assert(strcmp(a.hospital.text, b.hospital.text) == 0 && a.points == b.points &&
                  a.standard == b.standard && a.fund_payment == b.fund_payment && a.cases == b.cases);
    }
}

static casemix_settlement *start_month(const struct world *world, const struct plan *plan) {
    casemix_settlement *settlement;
    casemix_error error;
    cr_assert_eq(casemix_settlement_new(world->context, &settlement, &error), CASEMIX_OK);
    for (int p = 0; p < POOLS && plan->month != MONTH_NONE; p++) {
        cr_assert_eq(casemix_settlement_say(settlement, NULL, pool_names[p], "pot", plan->pots[p].text, &error),
                     CASEMIX_OK, "%s", error.message);
    }
    return settlement;
}

/* A month: first pass, the values of the pools, then every case as it is paid; and the same the other way round. */
static void try_month(struct world *world, const struct plan *plan, const struct sample *samples, size_t count,
                      const char *policy) {
    static struct sums sums;
    casemix_settlement *settlement = start_month(world, plan), *backwards = start_month(world, plan);
    casemix_error error;
    memset(&sums, 0, sizeof sums);
    for (size_t i = 0; i < count; i++) {
        const struct sample *one = &samples[i];
        struct ratio known = plan->values[one->pool].value;
        struct worth worth = work_out(plan, one, known, known);
        sums.points[one->pool][one->hospital] += worth.points;
        sums.paid[one->pool][one->hospital] += one->patient + one->other;
        sums.cases[one->pool][one->hospital]++;
    }
    for (int pass = casemix_settlement_passes(settlement); pass > 1; pass--) {
        add_all(world, settlement, samples, count, false);
        add_all(world, backwards, samples, count, true);
        cr_assert_eq(casemix_settlement_next(settlement, &error), CASEMIX_OK, "%s", error.message);
        casemix_settlement_next(backwards, &error);
        casemix_context_settle(world->context, settlement);
    }
    for (size_t i = 0; i < count; i++) {
        const struct sample *one = &samples[i];
        struct ratio known = plan->values[one->pool].value;
        struct ratio value = plan->month == MONTH_NONE ? known : month_value(plan, &sums, one->pool);
        struct worth worth = work_out(plan, one, known, value);
        casemix_price price = price_sample(world, one, i);
        expect_worth(plan, one, &price, &worth, policy);
        cr_assert_eq(casemix_settlement_add_case(settlement, world->context, 0, &price), CASEMIX_OK);
    }
    casemix_context_settle(world->context, plan->month == MONTH_NONE ? NULL : backwards);
    add_all(world, backwards, samples, count, true);
    cr_assert_eq(casemix_settlement_next(settlement, &error), CASEMIX_OK, "%s", error.message);
    cr_assert_eq(casemix_settlement_next(backwards, &error), CASEMIX_OK, "%s", error.message);
    same_totals(settlement, backwards);
    for (int p = 0; p < POOLS && plan->month == MONTH_CLOSED; p++) {
        expect_parts(plan, &sums, p, settlement);
    }
    casemix_context_settle(world->context, NULL);
    casemix_settlement_free(settlement);
    casemix_settlement_free(backwards);
}

/* CASEMIX_RANDOM_CASES: how many; a million unless told. */
Test(money_random, agrees_with_exact_rationals, .timeout = 880) {
    enum { BATCH = 2000 };
    static struct sample samples[BATCH];
    const char *wanted = getenv("CASEMIX_RANDOM_CASES");
    size_t left = wanted != NULL ? strtoul(wanted, NULL, 10) : 1000000, months[MONTH_FORMS] = {0};
    for (; left > 0; left -= left < BATCH ? left : BATCH) {
        struct plan plan = make_plan();
        char policy[5000], weights[200];
        write_policy(&plan, policy, sizeof policy, weights, sizeof weights);
        struct world world = open_world(policy, weights);
        for (size_t i = 0; i < BATCH; i++) {
            samples[i] = make_sample(&plan);
        }
        try_month(&world, &plan, samples, BATCH, policy);
        months[plan.month]++;
        close_world(&world);
    }
    cr_expect(months[MONTH_NONE] && months[MONTH_PUBLISHED] && months[MONTH_CLOSED]);
}
