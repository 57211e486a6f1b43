/* SPDX-License-Identifier: Apache-2.0
 *
 * What a grouped case is worth under a policy, and the derivation of it. */
#include <stdio.h>
#include <string.h>

#include "derivation.h"
#include "pricing.h"
#include "settlement.h"

enum { FEN_PLACES = 2, POINT_PLACES = 4, POINT_VALUE_PLACES = 6 };

const char *casemix_price_status_text(casemix_price_status status) {
    switch (status) {
    case CASEMIX_PRICED:
        return "priced";
    case CASEMIX_NOT_GROUPED:
        return "not-grouped";
    case CASEMIX_NO_WEIGHT:
        return "no-weight";
    case CASEMIX_PRICE_MISSING_FACT:
        return "missing-fact";
    case CASEMIX_PRICE_UNKNOWN_WORD:
        return "unknown-word";
    case CASEMIX_PRICE_BAD_FACT:
        return "bad-fact";
    case CASEMIX_PRICE_OVERFLOW:
        return "overflow";
    case CASEMIX_PRICE_DIVISION_BY_ZERO:
        return "division-by-zero";
    case CASEMIX_PRICE_NO_FIGURE:
        return "no-figure";
    case CASEMIX_PRICE_NOT_IN_FORCE:
        return "not-in-force";
    }
    return "";
}

/* ---- the case, as the policy sees it ---- */

/* IMAGE_CLASS_ of the case; 0 for one that no policy prices. */
static uint32_t kind_of(const casemix_grouping *grouping) {
    switch (grouping->status) {
    case CASEMIX_GROUPED:
        return IMAGE_CLASS_GROUPED;
    case CASEMIX_QY:
        return IMAGE_CLASS_QY;
    case CASEMIX_UNGROUPED:
        return IMAGE_CLASS_UNGROUPED;
    default:
        return 0;
    }
}

/* Number of the case's group among the scheme's answers: DRGs, then steps. */
static uint32_t answer_of(const struct policy_view *policy, const casemix_grouping *grouping) {
    uint32_t answer = IMAGE_NONE32;
    if (grouping->status == CASEMIX_GROUPED && grouping->group < policy->drg_count) {
        answer = grouping->group;
    } else if (grouping->status == CASEMIX_GROUPED || grouping->status == CASEMIX_QY) {
        uint32_t steps = policy->answer_count - policy->drg_count;
        answer = grouping->step < steps ? policy->drg_count + grouping->step : IMAGE_NONE32;
    }
    return answer;
}

/* The amounts that are there, in fen; those that are not stay 0. What is wrong with them is said when it matters.
 */
static void note_amounts(struct formula_case *run, casemix_price *out) {
    static const enum fact facts[] = {FACT_COST, FACT_PATIENT_PAID, FACT_OTHER_PAID};
    casemix_amount *amounts[] = {&out->cost, &out->patient_paid, &out->other_paid};
    for (int i = 0; i < 3; i++) {
        int64_t value;
        if (run->facts[facts[i]].length > 0 && formula_fact(run, facts[i], &value)) {
            *amounts[i] = (casemix_amount)(((uint64_t)value + 50) / 100);
        }
    }
    run->status = CASEMIX_PRICED;
    run->fact = -1;
}

static bool find_place(struct formula_case *run, const struct casemix_context *context, uint32_t number,
                       casemix_text *out) {
    const struct image_axis *axis = &run->policy->axes[number];
    uint32_t member;
    if (axis->member_count == 0) {
        return true;
    }
    if (!formula_member(run, number, &member)) {
        return false;
    }
    *out = context->policy->members[axis->first_member + member];
    return true;
}

/* ---- figures ---- */

/* The value of a formula in units of 1/10^unit. */
static bool figure(struct formula_case *run, uint32_t formula, int unit, int64_t *out) {
    struct rational value;
    if (formula == IMAGE_NONE32) {
        return true;
    }
    if (!formula_value(run, formula, &value)) {
        return false;
    }
    if (!rational_round(value, unit, ROUND_HALF_UP, out)) {
        run->status = CASEMIX_PRICE_OVERFLOW;
        run->fact = -1;
        return false;
    }
    return true;
}

/* A bound as an amount in fen that decides about whole fen the same way as the exact bound does. */
bool price_bound(struct formula_case *run, uint32_t formula, bool low, bool inclusive, casemix_amount *out) {
    struct rational value;
    *out = 0;
    if (formula == IMAGE_NONE32) {
        return true;
    }
    if (!formula_value(run, formula, &value)) {
        return false;
    }
    /* low: cost < X is cost < ceil(X); cost <= X is cost < floor(X) + 1. high: the mirror image. */
    enum rounding rounding = low != inclusive ? ROUND_CEILING : ROUND_FLOOR;
    int64_t amount;
    if (!rational_round(value, FEN_PLACES, rounding, &amount) ||
        __builtin_add_overflow(amount, inclusive ? (low ? 1 : -1) : 0, out)) {
        run->status = CASEMIX_PRICE_OVERFLOW;
        run->fact = -1;
        return false;
    }
    return true;
}

bool price_base(struct formula_case *run, struct fixed *out) {
    const struct image_policy *about = run->policy->about;
    out->points = out->point_value = out->base_standard = out->low_below = out->high_above = 0;
    return figure(run, about->points, POINT_PLACES, &out->points) &&
           price_bound(run, about->low_below, true, about->bound_inclusive & 1, &out->low_below) &&
           price_bound(run, about->high_above, false, about->bound_inclusive & 2, &out->high_above);
}

bool price_value(struct formula_case *run, struct fixed *out) {
    const struct image_policy *about = run->policy->about;
    return figure(run, about->point_value, POINT_VALUE_PLACES, &out->point_value) &&
           figure(run, about->standard, FEN_PLACES, &out->base_standard);
}

/* Is there room for the case in a class that it would come to? */
static bool is_admitted(const struct pricing *pricing, const struct image_class *class,
                        const struct formula_case *run) {
    return class->quota == IMAGE_NONE32 || pricing->settlement == NULL ||
           settlement_admits(pricing->settlement, class->quota, run->facts[FACT_ID], run->facts[FACT_HOSPITAL]);
}

/* The first class that holds; NULL if a condition has no value (see run->status), or none holds. */
static const struct image_class *find_class(const struct pricing *pricing, struct formula_case *run,
                                            uint32_t kind) {
    for (uint32_t i = 0; i < run->policy->class_count; i++) {
        const struct image_class *class = &run->policy->classes[i];
        struct rational holds = rational_of(1, 1);
        if ((class->cases & kind) == 0) {
            continue;
        }
        if (class->when != IMAGE_NONE32 && !formula_value(run, class->when, &holds)) {
            return NULL;
        }
        if (holds.numerator != 0 && is_admitted(pricing, class, run)) {
            return class;
        }
    }
    return NULL;
}

bool price_amount(struct formula_case *run, uint32_t formula, uint32_t places, casemix_amount *out) {
    int64_t value = 0;
    *out = 0;
    if (!figure(run, formula, (int)places, &value)) {
        return false;
    }
    if (__builtin_mul_overflow(value, decimal_power(FEN_PLACES - (int)places), out)) {
        run->status = CASEMIX_PRICE_OVERFLOW;
        run->fact = -1;
        return false;
    }
    return true;
}

/* The same, for a formula that may be simple enough for the short way. */
static bool price_quickly(const struct pricing *pricing, struct formula_case *run, uint32_t formula,
                          uint32_t places, casemix_amount *out) {
    int64_t value;
    if (places == FEN_PLACES && pricing->in_units[formula] && formula_in_units(run, formula, &value)) {
        int64_t fen = value / 100, rest = value % 100;
        *out = fen + (rest >= 50) - (rest <= -50);
        return true;
    }
    return price_amount(run, formula, places, out);
}

/* The class by limits in fen, and by formulas where a condition is no limit. NULL: a condition has no value, or it
 * takes a quota to tell. */
static const struct image_class *find_class_by_limits(const struct pricing *pricing, const struct fixed *fixed,
                                                      struct formula_case *run, casemix_amount cost) {
    for (uint32_t i = 0; i < pricing->view->class_count; i++) {
        const struct image_class *class = &pricing->view->classes[i];
        struct rational value;
        int64_t number;
        bool holds = true;
        if ((class->cases & IMAGE_CLASS_GROUPED) == 0) {
            continue;
        }
        switch (pricing->plans[i].test) {
        case TEST_ALWAYS:
            break;
        case TEST_BELOW:
            holds = cost < fixed->classes[i].limit;
            break;
        case TEST_ABOVE:
            holds = cost > fixed->classes[i].limit;
            break;
        case TEST_FACT:
            if (formula_fact_is_zero(run, pricing->plans[i].bound)) {
                holds = false;
                break;
            }
            if (!formula_fact(run, pricing->plans[i].bound, &number)) {
                return NULL;
            }
            holds = number != 0;
            break;
        case TEST_FIXED:
            holds = fixed->classes[i].limit != 0;
            break;
        case TEST_FORMULA:
            if (!formula_value(run, class->when, &value)) {
                return NULL;
            }
            holds = value.numerator != 0;
            break;
        }
        if (holds) {
            return class->quota == IMAGE_NONE32 ? class : NULL;
        }
    }
    return NULL;
}

static void note_base(const struct fixed *base, casemix_price *out) {
    out->points = base->points;
    out->point_value = base->point_value;
    out->base_standard = base->base_standard;
    out->low_below = base->low_below;
    out->high_above = base->high_above;
}

/* Figures and class from what is kept for the case's group and places. NULL: they must be computed. */
static const struct image_class *price_by_fixed(struct pricing *pricing, struct formula_case *run,
                                                casemix_price *out, const struct fixed **fixed) {
    int64_t cost;
    *fixed = pricing_fixed(pricing, run);
    if (*fixed == NULL) {
        return NULL;
    }
    const struct image_class *class = NULL;
    if (formula_fact(run, FACT_COST, &cost) && cost % 100 == 0) { /* the limits hold for whole fen */
        class = find_class_by_limits(pricing, *fixed, run, cost / 100);
    }
    if (class != NULL) {
        note_base(*fixed, out);
    } else { /* said again by the formulas */
        run->status = CASEMIX_PRICED;
        run->fact = -1;
    }
    return class;
}

static const struct image_class *price_by_formulas(const struct pricing *pricing, struct formula_case *run,
                                                   uint32_t kind, casemix_price *out) {
    if (kind == IMAGE_CLASS_GROUPED) {
        struct fixed base;
        bool good = price_base(run, &base) && price_value(run, &base);
        note_base(&base, out);
        if (!good) {
            return NULL;
        }
    }
    const struct image_class *class = find_class(pricing, run, kind);
    if (class == NULL && run->status == CASEMIX_PRICED) {
        run->status = CASEMIX_NOT_GROUPED;
    }
    return class;
}

/* Points and class are decided: payments go by the figures of the settlement, if there is one. A point value that
 * is not to be had matters only to what asks for it. */
static bool settle(const struct pricing *pricing, struct formula_case *run, uint32_t kind, bool by_fixed,
                   casemix_price *out) {
    struct fixed base;
    struct rational unused;
    if (pricing->settlement == NULL) {
        return true;
    }
    uint32_t points = run->policy->about->points;
    if (pricing->points_first && kind == IMAGE_CLASS_GROUPED && !formula_value(run, points, &unused)) {
        return false;
    }
    pricing_settle(pricing, run);
    if (kind != IMAGE_CLASS_GROUPED || by_fixed) {
        return true;
    }
    base.point_value = base.base_standard = 0;
    if (!price_value(run, &base)) {
        run->status = CASEMIX_PRICED;
        run->fact = -1;
    }
    out->point_value = base.point_value;
    out->base_standard = base.base_standard;
    return true;
}

/* A price that is told while it is made. */
struct told {
    struct teller teller;
    uint64_t done[FORMULAS_MAX / 64]; /* bit a formula: its line was told */
};

static void mark(uint64_t *bits, uint32_t number) {
    if (number != IMAGE_NONE32) {
        bits[number / 64] |= (uint64_t)1 << number % 64;
    }
}

static bool is_marked(const uint64_t *bits, uint32_t number) {
    return bits[number / 64] >> number % 64 & 1;
}

/* The formulas that decided class and points, and all that they need. */
static void find_deciding(const struct policy_view *policy, const struct image_class *class, uint64_t *out) {
    mark(out, policy->about->points);
    mark(out, class->points);
    for (const struct image_class *c = policy->classes; c <= class; c++) {
        mark(out, c->when);
    }
    for (uint32_t n = policy->formula_count; n-- > 0;) { /* what a formula needs has a lower number */
        const struct image_instruction *code = policy->instructions + policy->formulas[n].first;
        for (uint32_t i = 0; is_marked(out, n) && i < policy->formulas[n].count; i++) {
            if (code[i].op == FORMULA_VALUE) {
                mark(out, code[i].operand);
            }
        }
    }
}

/* What decided class and points is told with the values it had then: the settlement replaces some of them after it.
 */
static void tell_deciding(struct told *told, const struct pricing *pricing, const struct image_class *class) {
    struct formula_case *run = told->teller.run;
    uint64_t deciding[FORMULAS_MAX / 64] = {0};
    if (pricing->settlement == NULL || !settlement_has_figures(pricing->settlement)) {
        return;
    }
    find_deciding(run->policy, class, deciding);
    for (uint32_t n = 0; n < run->policy->formula_count; n++) {
        if (is_marked(deciding, n) && formula_is_known(run, n)) {
            derivation_formula(&told->teller, n, -1);
            mark(told->done, n);
        }
    }
    for (uint32_t w = 0; w < FORMULAS_MAX / 64; w++) {
        told->done[w] &= ~pricing->settled[w];
    }
}

/* Everything of the price as far as formulas have values (see run->status), and the class of the case or NULL. The
 * quick way leaves no values behind, so a derivation (told) takes the other. */
static const struct image_class *compute(struct formula_case *run, const struct casemix_context *context,
                                         uint32_t kind, struct told *told, casemix_price *out) {
    const bool quick = told == NULL;
    struct pricing *pricing = context->policy;
    const struct image_policy *about = run->policy->about;
    const struct image_class *class = NULL;
    const struct fixed *fixed = NULL;
    if (quick && kind == IMAGE_CLASS_GROUPED) {
        class = price_by_fixed(pricing, run, out, &fixed);
    }
    bool by_fixed = class != NULL;
    if (class == NULL) {
        class = price_by_formulas(pricing, run, kind, out);
    }
    if (class == NULL) {
        return NULL;
    }
    uint32_t number = (uint32_t)(class - run->policy->classes);
    bool pay_is_known = by_fixed && pricing->plans[number].pay_is_fixed;
    casemix_amount pay = pay_is_known ? fixed->classes[number].pay : 0;
    run->class = pricing->first_classes[number];
    pricing->class = number;
    if (!figure(run, class->points, POINT_PLACES, &out->points)) {
        return class;
    }
    if (told != NULL) {
        tell_deciding(told, pricing, class);
    }
    if (!settle(pricing, run, kind, by_fixed, out) ||
        (!pay_is_known && !(quick ? price_quickly(pricing, run, class->pay, about->pay_places, &pay)
                                  : price_amount(run, class->pay, about->pay_places, &pay)))) {
        return class;
    }
    run->pay = (struct rational){(wide)pay * 100, 10000}; /* the unit of amounts of the case: sums are cheap then */
    out->standard = pay;
    out->class_name = pricing->class_names[class - run->policy->classes];
    out->class_line = class->line;
    if (quick) {
        price_quickly(pricing, run, about->fund, about->fund_places, &out->fund_payment);
    } else {
        price_amount(run, about->fund, about->fund_places, &out->fund_payment);
    }
    return class;
}

/* In pieces, because gcc clears a larger struct by a string instruction that takes longer than a fifth of pricing.
 */
static void clear(casemix_price *out) {
    enum { PIECE = 64 };
    static_assert(sizeof *out > 2 * PIECE && sizeof *out <= 4 * PIECE, "pieces of a price");
    char *bytes = (char *)out;
    memset(bytes, 0, PIECE);
    memset(bytes + PIECE, 0, PIECE);
    memset(bytes + sizeof *out - 2 * PIECE, 0, PIECE);
    memset(bytes + sizeof *out - PIECE, 0, PIECE);
    out->fact = -1;
    out->pool.text = out->level.text = out->class_name.text = "";
}

void casemix_context_any_date(casemix_context *context, int on) {
    if (context != NULL) {
        context->any_date = on != 0;
    }
}

static bool was_told(const struct casemix_context *context, casemix_finding_code code) {
    uint32_t last = context->finding_count - 1;
    return context->finding_count > 0 && last < CASEMIX_FINDINGS_MAX && context->findings[last].code == code;
}

/* Was the policy in force when the case was discharged? A case that does not say when is taken to be of its time.
 */
static bool is_in_force(struct casemix_context *context, struct formula_case *run) {
    struct pricing *pricing = context->policy;
    casemix_text discharged = run->facts[FACT_DISCHARGED];
    enum { DATE = sizeof pricing->in_force };
    bool always = pricing->from == 0 && pricing->until == UINT32_MAX;
    if (always || (discharged.length == DATE && memcmp(discharged.text, pricing->in_force, DATE) == 0) ||
        is_absent(discharged)) {
        return true;
    }
    uint32_t date = date_of(discharged);
    if (date >= pricing->from && date <= pricing->until && date != 0) {
        if (discharged.length == DATE) {
            memcpy(pricing->in_force, discharged.text, DATE);
        }
        return true;
    }
    if (date != 0 && context->any_date) {
        if (!was_told(context, CASEMIX_FINDING_POLICY_NOT_IN_FORCE)) {
            add_finding(context, CASEMIX_FINDING_POLICY_NOT_IN_FORCE, FACT_DISCHARGED, 0, discharged,
                        (casemix_text){"", 0});
        }
        return true;
    }
    run->status = date == 0 ? CASEMIX_PRICE_BAD_FACT : CASEMIX_PRICE_NOT_IN_FORCE;
    run->fact = FACT_DISCHARGED;
    return false;
}

/* The dates that decided, where both are known. Out of the way: within price() it costs a case a twelfth more. */
static __attribute__((noinline, cold)) void tell_force(const struct teller *teller, const struct pricing *pricing) {
    enum { GIVEN_MAX = 40 };
    const struct image_policy *about = pricing->view->about;
    casemix_text discharged = teller->run->facts[FACT_DISCHARGED];
    uint32_t date = date_of(discharged);
    bool from = pricing->from != 0, until = pricing->until != UINT32_MAX;
    char inputs[80], force[80];
    if (date == 0 || (!from && !until)) {
        return;
    }
    snprintf(inputs, sizeof inputs, "%s %.*s", fact_rows[FACT_DISCHARGED].column,
             (int)(discharged.length < GIVEN_MAX ? discharged.length : GIVEN_MAX), discharged.text);
    snprintf(force, sizeof force, "%s%s%s%s%s", from ? "from " : "", image_string(teller->run->image, about->from),
             from && until ? " " : "", until ? "until " : "", image_string(teller->run->image, about->until));
    derivation_line(teller, "in force", force, inputs,
                    date >= pricing->from && date <= pricing->until ? "yes" : "no", about->line);
}

static const struct image_class *price(struct formula_case *run, struct casemix_context *context,
                                       const casemix_case *one, const casemix_grouping *grouping, struct told *told,
                                       casemix_price *out) {
    const struct policy_view *policy = context->policy->view;
    const struct image_class *class = NULL;
    uint32_t kind = kind_of(grouping);
    clear(out);
    context->policy->class = IMAGE_NONE32;
    formula_start(run, policy, context->owner->image, &context->policy->words, one->facts,
                  answer_of(policy, grouping));
    if (context->dip.used && context->dip.entry == run->answer) {
        run->factor = context->dip.factor;
    }
    note_amounts(run, out);
    /* The pool is found for every case: unpriced ones are counted in it. */
    bool placed = find_place(run, context, IMAGE_AXIS_POOL, &out->pool);
    if (told != NULL) {
        derivation_place(&told->teller, IMAGE_AXIS_POOL);
        tell_force(&told->teller, context->policy);
    }
    if (kind == 0 || (context->policy->cases & kind) == 0) {
        out->status = CASEMIX_NOT_GROUPED;
        out->fact = -1;
        return NULL;
    }
    placed = placed && is_in_force(context, run) && find_place(run, context, IMAGE_AXIS_LEVEL, &out->level);
    if (told != NULL) {
        derivation_place(&told->teller, IMAGE_AXIS_LEVEL);
    }
    if (placed) {
        class = compute(run, context, kind, told, out);
    }
    out->status = run->status;
    out->fact = run->fact;
    return class;
}

static const char cannot_price[] = "a price needs a context with a policy, a grouped case and a place to go to; "
                                   "name a policy when the context is made";

casemix_result casemix_price_case(casemix_context *context, const casemix_case *one,
                                  const casemix_grouping *grouping, casemix_price *out) {
    if (context == NULL || one == NULL || grouping == NULL || out == NULL || context->policy == NULL) {
        return refuse_call(context, cannot_price);
    }
    price(&context->policy->run, context, one, grouping, NULL, out);
    return CASEMIX_OK;
}

/* ---- derivation ---- */

/* The figure that a formula of the case has its value from; figure_count: it has its own. */
static uint32_t replacing_figure(const struct pricing *pricing, uint32_t number) {
    const struct policy_view *policy = pricing->view;
    uint32_t i = 0;
    if (pricing->settlement == NULL || !settlement_has_figures(pricing->settlement)) {
        return policy->figure_count;
    }
    while (i < policy->figure_count && policy->figures[i].replaces != number) {
        i++;
    }
    return i;
}

static void tell_rest(const struct told *told, const struct pricing *pricing, const struct image_class *class) {
    const struct formula_case *run = told->teller.run;
    const struct image_policy *about = run->policy->about;
    for (uint32_t n = 0; n < run->policy->formula_count; n++) {
        if (!formula_is_known(run, n) || is_marked(told->done, n)) {
            continue;
        }
        bool pays = class != NULL && n == class->pay;
        uint32_t figure = replacing_figure(pricing, n);
        if (pays) {
            derivation_line(&told->teller, "class", "", "", image_string(run->image, class->name), class->line);
        }
        if (figure < run->policy->figure_count) {
            derivation_replaced(&told->teller, n, figure);
        } else {
            derivation_formula(&told->teller, n,
                               pays               ? (int)about->pay_places
                               : n == about->fund ? (int)about->fund_places
                                                  : -1);
        }
    }
}

casemix_result casemix_explain_price(casemix_context *context, const casemix_case *one,
                                     const casemix_grouping *grouping, casemix_derivation_fn *tell, void *user,
                                     casemix_price *out) {
    if (context == NULL || one == NULL || grouping == NULL || tell == NULL || out == NULL ||
        context->policy == NULL) {
        return refuse_call(context, cannot_price);
    }
    struct formula_case run;
    struct told told = {.teller = {tell, user, &run}};
    const struct image_class *class = price(&run, context, one, grouping, &told, out);
    tell_rest(&told, context->policy, class);
    if (out->status != CASEMIX_PRICED) {
        const char *fact = out->fact >= 0 ? fact_rows[out->fact].column : "";
        derivation_line(&told.teller, "no price", "", fact, casemix_price_status_text(out->status),
                        run.policy->about->line);
    }
    return CASEMIX_OK;
}
