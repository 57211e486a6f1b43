/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening a policy for a context, and keeping what is fixed for a group and the places of a case. */
#include "pricing.h"

#include "settlement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 32768, KEPT_BYTES = 4 << 20 };

/* ---- which formulas are fixed ---- */

/* Which formulas have one value for a group and places on axes, and which axes (a bit each) those are. The factor
 * of auxiliary catalogues is mostly 1: what needs it is fixed as long as it is. */
enum { PLAIN_FACTOR = 1 << 30 };
struct fixing {
    bool fixed[FORMULAS_MAX];
    uint32_t axes[FORMULAS_MAX]; /* and PLAIN_FACTOR */
};
static_assert(IMAGE_AXES_MAX <= 30, "a bit for each axis");

static uint32_t table_axes(const struct image_table *table) {
    uint32_t axes = 0;
    for (int i = 0; i < IMAGE_TABLE_AXES && table->axis[i] != IMAGE_NONE16; i++) {
        axes |= (uint32_t)1 << table->axis[i];
    }
    return axes;
}

static bool program_is_fixed(const struct policy_view *view, const struct image_formula *formula,
                             const struct fixing *fixing, uint32_t *axes) {
    const struct image_instruction *code = view->instructions + formula->first;
    *axes = 0;
    for (uint32_t i = 0; i < formula->count; i++) {
        bool good = true;
        switch (code[i].op) {
        case FORMULA_FACT:
        case FORMULA_PRESENT:
        case FORMULA_PAY:
        case FORMULA_TOTAL:
            good = false;
            break;
        case FORMULA_CASE:
            good = code[i].operand == FORMULA_CASE_FACTOR;
            *axes |= PLAIN_FACTOR;
            break;
        case FORMULA_TABLE:
            *axes |= table_axes(&view->tables[code[i].operand]);
            break;
        case FORMULA_MEMBER:
            *axes |= (uint32_t)1 << code[i].operand;
            break;
        case FORMULA_VALUE:
            good = fixing->fixed[code[i].operand];
            *axes |= fixing->axes[code[i].operand];
            break;
        default:
            break;
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

/* `cost < X` or `X > cost` with X fixed is decided by a limit in fen; other conditions by their formula. */
static struct class_plan plan_class(const struct policy_view *view, const struct image_class *class,
                                    const bool *fixed) {
    struct class_plan plan = {.test = TEST_FORMULA, .pay_is_fixed = fixed[class->pay]};
    if (class->when == IMAGE_NONE32) {
        plan.test = TEST_ALWAYS;
        return plan;
    }
    const struct image_formula *when = &view->formulas[class->when];
    const struct image_instruction *code = view->instructions + when->first;
    if (when->count == 1 && code[0].op == FORMULA_FACT) {
        plan.test = TEST_FACT;
        plan.bound = code[0].operand;
        return plan;
    }
    if (fixed[class->when]) {
        plan.test = TEST_FIXED;
        plan.bound = class->when;
        return plan;
    }
    if (when->count != 3 || code[2].op < FORMULA_LESS || code[2].op > FORMULA_GREATER_EQUAL) {
        return plan;
    }
    int cost = code[0].op == FORMULA_FACT && code[0].operand == FACT_COST ? 0 : 1;
    const struct image_instruction *bound = &code[1 - cost];
    if (code[cost].op != FORMULA_FACT || code[cost].operand != FACT_COST || bound->op != FORMULA_VALUE ||
        !fixed[bound->operand]) {
        return plan;
    }
    bool less = code[2].op == FORMULA_LESS || code[2].op == FORMULA_LESS_EQUAL;
    plan.test = less == (cost == 0) ? TEST_BELOW : TEST_ABOVE;
    plan.inclusive = code[2].op == FORMULA_LESS_EQUAL || code[2].op == FORMULA_GREATER_EQUAL;
    plan.bound = bound->operand;
    return plan;
}

/* Nothing but amounts added, subtracted and compared? */
static bool program_is_in_units(const struct policy_view *view, const struct image_formula *formula) {
    const struct image_instruction *code = view->instructions + formula->first;
    for (uint32_t i = 0; i < formula->count; i++) {
        switch (code[i].op) {
        case FORMULA_FACT:
            if (fact_rows[code[i].operand].kind != FACT_KIND_MONEY) {
                return false;
            }
            break;
        case FORMULA_CONSTANT:
            if (view->constants[code[i].operand].denominator > FORMULA_UNITS) {
                return false;
            }
            break;
        case FORMULA_PAY:
        case FORMULA_ADD:
        case FORMULA_SUBTRACT:
        case FORMULA_MINIMUM:
        case FORMULA_MAXIMUM:
            break;
        default:
            return false;
        }
    }
    return true;
}

/* ---- which formulas the settlement changes ---- */

static bool has_bit(const uint64_t *bits, uint32_t n) {
    return bits[n / 64] >> (n % 64) & 1;
}

static bool needs_any(const struct policy_view *view, uint32_t number, const uint64_t *bits) {
    const struct image_formula *formula = &view->formulas[number];
    const struct image_instruction *code = view->instructions + formula->first;
    for (uint32_t i = 0; i < formula->count; i++) {
        if (code[i].op == FORMULA_VALUE && has_bit(bits, code[i].operand)) {
            return true;
        }
    }
    return false;
}

/* Formulas that figures of pools replace, and all that need them; but not points, which stay what they were when
 * they were added up. */
static void plan_settlement(struct pricing *pricing) {
    const struct policy_view *view = pricing->view;
    uint64_t points[FORMULAS_MAX / 64] = {0}, *settled = pricing->settled;
    if (view->about->points != IMAGE_NONE32) {
        points[view->about->points / 64] |= (uint64_t)1 << view->about->points % 64;
    }
    for (uint32_t i = 0; i < view->class_count; i++) {
        uint32_t n = view->classes[i].points;
        if (n != IMAGE_NONE32) {
            points[n / 64] |= (uint64_t)1 << n % 64;
        }
    }
    for (uint32_t i = 0; i < view->figure_count; i++) {
        uint32_t n = view->figures[i].replaces;
        if (n != IMAGE_NONE32) {
            settled[n / 64] |= (uint64_t)1 << n % 64;
        }
    }
    for (uint32_t n = 0; n < view->formula_count; n++) {
        if (!needs_any(view, n, settled)) {
            continue;
        }
        if (has_bit(points, n)) {
            pricing->points_first = true;
        } else {
            settled[n / 64] |= (uint64_t)1 << n % 64;
        }
    }
}

void pricing_settle(const struct pricing *pricing, struct formula_case *run) {
    const struct policy_view *view = pricing->view;
    uint32_t pool = view->axes[IMAGE_AXIS_POOL].member_count == 0 ? 0 : run->members[IMAGE_AXIS_POOL];
    if (pricing->settlement == NULL || !settlement_has_figures(pricing->settlement)) {
        return;
    }
    for (uint32_t w = 0; w < FORMULAS_MAX / 64; w++) {
        run->values_known[w] &= ~pricing->settled[w];
    }
    for (uint32_t i = 0; i < view->figure_count; i++) {
        if (view->figures[i].replaces != IMAGE_NONE32) {
            formula_set(run, view->figures[i].replaces, settlement_figure(pricing->settlement, pool, i));
        }
    }
}

/* The known values count again. */
static void unsettle(const struct pricing *pricing, struct formula_case *run) {
    for (uint32_t w = 0; w < FORMULAS_MAX / 64; w++) {
        run->values_known[w] &= ~pricing->settled[w];
        run->unavailable[w] = 0;
    }
}

void pricing_forget(struct pricing *pricing) {
    memset(pricing->kept, 0, (pricing->mask + 1) * pricing->fixed_size);
}

/* Is something of its condition kept? */
static bool has_limit(const struct class_plan *plan) {
    return plan->test == TEST_BELOW || plan->test == TEST_ABOVE || plan->test == TEST_FIXED;
}

/* May the base figures be kept, and by which places of the case? The pool is one of them always: figures of a
 * settlement are its pool's. */
static void plan_keeping(struct pricing *pricing, const struct fixing *fixing) {
    const struct policy_view *view = pricing->view;
    const struct image_policy *about = view->about;
    const uint32_t base[] = {about->points, about->point_value, about->standard, about->low_below,
                             about->high_above};
    uint32_t axes = 1 << IMAGE_AXIS_POOL;
    pricing->is_fixed = true;
    for (size_t i = 0; i < sizeof base / sizeof base[0]; i++) {
        if (base[i] != IMAGE_NONE32) {
            pricing->is_fixed &= fixing->fixed[base[i]];
            axes |= fixing->axes[base[i]];
        }
    }
    for (uint32_t i = 0; i < view->class_count; i++) {
        const struct class_plan *plan = &pricing->plans[i];
        axes |= has_limit(plan) ? fixing->axes[plan->bound] : 0;
        axes |= plan->pay_is_fixed ? fixing->axes[view->classes[i].pay] : 0;
    }
    uint64_t keys = view->answer_count;
    for (uint32_t a = 0; a < view->axis_count; a++) {
        uint32_t size = view->axes[a].member_count;
        if ((axes >> a & 1) == 0 || size == 0) {
            continue;
        }
        pricing->places[pricing->place_count].axis = a;
        pricing->places[pricing->place_count++].size = size;
        pricing->is_fixed &= !__builtin_mul_overflow(keys, size, &keys);
    }
    pricing->keys = keys;
    pricing->plain_factor = (axes & PLAIN_FACTOR) != 0;
}

static void plan(struct pricing *pricing) {
    const struct policy_view *view = pricing->view;
    struct fixing fixing;
    for (uint32_t n = 0; n < view->formula_count; n++) {
        fixing.fixed[n] = program_is_fixed(view, &view->formulas[n], &fixing, &fixing.axes[n]);
        pricing->in_units[n] = program_is_in_units(view, &view->formulas[n]);
    }
    plan_settlement(pricing);
    for (uint32_t i = 0; i < view->class_count; i++) {
        pricing->plans[i] = plan_class(view, &view->classes[i], fixing.fixed);
        pricing->cases |= view->classes[i].cases;
        pricing->first_classes[i] = i;
        for (uint32_t k = i; k-- > 0;) {
            bool same = view->classes[k].name == view->classes[i].name;
            pricing->first_classes[i] = same ? k : pricing->first_classes[i];
        }
    }
    plan_keeping(pricing, &fixing);
}

/* ---- open and close ---- */

static void free_pricing(struct pricing *pricing) {
    free(pricing->plans);
    free(pricing->members);
    free(pricing->class_names);
    free(pricing->first_classes);
    free(pricing->kept);
    for (uint32_t a = 0; a < pricing->view->axis_count; a++) {
        free(pricing->words.slots[a]);
    }
    free(pricing);
}

static casemix_text text_in(const struct image *image, image_text text) {
    const char *string = image_string(image, text);
    return (casemix_text){string, strlen(string)};
}

static bool index_words(struct pricing *pricing) {
    for (uint32_t a = 0; a < pricing->view->axis_count; a++) {
        const struct image_axis *axis = &pricing->view->axes[a];
        uint32_t size = 16;
        while (size < axis->word_count * 4 && size < 1 << 18) {
            size *= 2;
        }
        pricing->words.masks[a] = size - 1;
        pricing->words.slots[a] = calloc(size, sizeof *pricing->words.slots[a]);
        if (pricing->words.slots[a] == NULL) {
            return false;
        }
        for (uint32_t w = 0; w < axis->word_count; w++) {
            uint32_t slot = axis_slot(pricing->view->words[axis->first_word + w].key, size - 1);
            while (pricing->words.slots[a][slot] != 0) {
                slot = (slot + 1) & (size - 1);
            }
            pricing->words.slots[a][slot] = (uint16_t)(w + 1);
        }
    }
    return true;
}

static bool make_places(struct pricing *pricing) {
    pricing->fixed_size = sizeof(struct fixed) + pricing->view->class_count * sizeof(struct fixed_class);
    uint64_t places = 64;
    while (places < pricing->keys && places < KEPT_MAX && places * pricing->fixed_size < KEPT_BYTES) {
        places *= 2;
    }
    pricing->mask = places - 1;
    pricing->kept = calloc(places, pricing->fixed_size);
    return pricing->kept != NULL;
}

static struct pricing *new_pricing(const struct image *image, const struct policy_view *view) {
    struct pricing *pricing = calloc(1, sizeof *pricing);
    if (pricing == NULL) {
        return NULL;
    }
    pricing->view = view;
    pricing->plans = calloc((size_t)view->class_count + 1, sizeof *pricing->plans);
    pricing->members = calloc((size_t)view->member_count + 1, sizeof *pricing->members);
    pricing->class_names = calloc((size_t)view->class_count + 1, sizeof *pricing->class_names);
    pricing->first_classes = calloc((size_t)view->class_count + 1, sizeof *pricing->first_classes);
    pricing->class = IMAGE_NONE32;
    pricing->from = date_of(text_in(image, view->about->from));
    pricing->until = date_of(text_in(image, view->about->until));
    pricing->until = pricing->until == 0 ? UINT32_MAX : pricing->until;
    if (pricing->first_classes == NULL || pricing->plans == NULL || pricing->members == NULL ||
        pricing->class_names == NULL || !index_words(pricing)) {
        free_pricing(pricing);
        return NULL;
    }
    for (uint32_t i = 0; i < view->member_count; i++) {
        pricing->members[i] = text_in(image, view->members[i]);
    }
    for (uint32_t i = 0; i < view->class_count; i++) {
        pricing->class_names[i] = text_in(image, view->classes[i].name);
    }
    plan(pricing);
    if (!make_places(pricing)) {
        free_pricing(pricing);
        return NULL;
    }
    return pricing;
}

static casemix_result fail(casemix_error *error, casemix_result code, const char *format, const char *one,
                           const char *two) {
    if (error != NULL) {
        error->code = code;
        snprintf(error->message, sizeof error->message, format, one, two);
    }
    return code;
}

/* Each a date or open, and the first not after the last. */
static bool has_sound_dates(const struct image *image, const struct image_policy *about) {
    casemix_text from = text_in(image, about->from), until = text_in(image, about->until);
    uint32_t first = date_of(from), last = date_of(until);
    return (from.length == 0 || first != 0) && (until.length == 0 || (last != 0 && first <= last));
}

casemix_result context_open_policy(struct casemix_context *context, casemix_error *error) {
    const struct image *image = context->owner->image;
    context->policy = NULL;
    if (context->policy_number >= image_policy_count(image)) {
        return CASEMIX_OK;
    }
    const struct policy_view *view = image_policy_view(image, context->policy_number);
    if (view->about->scheme_number != context->scheme_number) {
        return fail(error, CASEMIX_BAD_ARGUMENT,
                    "the policy %s is for the scheme %s; group with that scheme, or choose another policy",
                    image_string(image, view->about->id), image_string(image, view->about->scheme));
    }
    if (!has_sound_dates(image, view->about)) {
        return fail(
            error, CASEMIX_BAD_IMAGE,
            "the dates of force of the policy %s%s are no dates, or end before they begin; compile it again",
            image_string(image, view->about->id), "");
    }
    context->policy = new_pricing(image, view);
    return context->policy != NULL ? CASEMIX_OK
                                   : fail(error, CASEMIX_NO_MEMORY, "no memory for the policy %s%s",
                                          image_string(image, view->about->id), "");
}

void context_close_policy(struct casemix_context *context) {
    if (context->policy != NULL) {
        free_pricing(context->policy);
        context->policy = NULL;
    }
}

/* ---- keeping ---- */

/* What a class's condition is decided by; false: a formula has no value. */
static bool compute_limit(const struct class_plan *plan, struct formula_case *run, casemix_amount *out) {
    struct rational value;
    if (plan->test != TEST_FIXED) {
        return price_bound(run, plan->bound, plan->test == TEST_BELOW, plan->inclusive, out);
    }
    if (!formula_value(run, plan->bound, &value)) {
        return false;
    }
    *out = value.numerator != 0;
    return true;
}

static bool compute_fixed(const struct pricing *pricing, struct formula_case *run, struct fixed *out) {
    const struct policy_view *view = pricing->view;
    if (!price_base(run, out)) {
        return false;
    }
    for (uint32_t i = 0; i < view->class_count; i++) {
        const struct class_plan *plan = &pricing->plans[i];
        if (has_limit(plan) && (view->classes[i].cases & IMAGE_CLASS_GROUPED) != 0 &&
            !compute_limit(plan, run, &out->classes[i].limit)) {
            return false;
        }
    }
    pricing_settle(pricing, run);
    bool good = price_value(run, out);
    for (uint32_t i = 0; i < view->class_count && good; i++) {
        const struct image_class *class = &view->classes[i];
        good = !pricing->plans[i].pay_is_fixed || (class->cases & IMAGE_CLASS_GROUPED) == 0 ||
               price_amount(run, class->pay, view->about->pay_places, &out->classes[i].pay);
    }
    if (pricing->settlement != NULL) {
        unsettle(pricing, run);
    }
    return good;
}

/* 1 + the number of the case's group and places; 0: one of its places is not known. */
static uint64_t key_of(const struct pricing *pricing, struct formula_case *run) {
    uint64_t key = run->answer;
    for (uint32_t i = 0; i < pricing->place_count; i++) {
        uint32_t axis = pricing->places[i].axis, member = run->members[axis];
        if (member == IMAGE_NONE16 && !formula_member(run, axis, &member)) {
            run->status = CASEMIX_PRICED;
            run->fact = -1;
            return 0;
        }
        key = key * pricing->places[i].size + member;
    }
    return key + 1;
}

const struct fixed *pricing_fixed(struct pricing *pricing, struct formula_case *run) {
    if (!pricing->is_fixed || pricing->points_first || run->answer == IMAGE_NONE32 ||
        (pricing->plain_factor && run->factor != FORMULA_FACTOR_UNITS)) {
        return NULL;
    }
    uint64_t key = key_of(pricing, run);
    struct fixed *fixed = (struct fixed *)(pricing->kept + (key & pricing->mask) * pricing->fixed_size);
    if (key == 0 || fixed->key == key) {
        return key == 0 ? NULL : fixed;
    }
    fixed->key = 0;
    if (!compute_fixed(pricing, run, fixed)) { /* said again when everything is computed */
        run->status = CASEMIX_PRICED;
        run->fact = -1;
        return NULL;
    }
    fixed->key = key;
    return fixed;
}
