/* SPDX-License-Identifier: Apache-2.0
 *
 * The evaluator of formulas. Programs were verified when the image was opened, so operands, jumps and the depth of
 * the stack are not checked here. */
#include "formula.h"

#include <stdio.h>
#include <string.h>

#include "context.h"

enum { MONEY_PLACES = 4, MONEY_UNIT = 10000 };
static_assert(FACT_COUNT <= 64, "facts_read has a bit for each fact");

void formula_start(struct formula_case *one, const struct policy_view *policy, const struct image *image,
                   const struct word_index *words, const casemix_text *facts, uint32_t answer) {
    one->words = words;
    one->policy = policy;
    one->image = image;
    one->facts = facts;
    one->answer = answer;
    uint32_t row = answer != IMAGE_NONE32 ? policy->weight_rows[answer] : IMAGE_NONE32;
    one->weights = row != IMAGE_NONE32 ? policy->weights + (size_t)row * policy->column_count : NULL;
    memset(one->members, 0xFF, sizeof one->members);
    one->pay = rational_of(0, 1);
    one->class = 0;
    one->factor = -1;
    one->status = CASEMIX_PRICED;
    one->fact = -1;
    one->listener = NULL;
    one->facts_read = 0;
    memset(one->totals, 0, sizeof one->totals);
    memset(one->values_known, 0, sizeof one->values_known);
    memset(one->unavailable, 0, sizeof one->unavailable);
}

static bool stop(struct formula_case *one, casemix_price_status status, int fact) {
    one->status = status;
    one->fact = fact;
    return false;
}

/* ---- facts and words of the case ---- */

bool formula_member(struct formula_case *one, uint32_t number, uint32_t *out) {
    const struct policy_view *policy = one->policy;
    if (one->members[number] != IMAGE_NONE16) {
        *out = one->members[number];
        return true;
    }
    const struct image_axis *axis = &policy->axes[number];
    casemix_text text = without_blanks(one->facts[axis->fact]);
    if (text.length == 0) {
        return stop(one, CASEMIX_PRICE_MISSING_FACT, (int)axis->fact);
    }
    uint64_t key = axis_key(text.text, text.length);
    const struct image_axis_word *words = policy->words + axis->first_word;
    uint32_t mask = one->words->masks[number], slot = axis_slot(key, mask);
    for (uint32_t at; (at = one->words->slots[number][slot]) != 0; slot = (slot + 1) & mask) {
        const struct image_axis_word *word = &words[at - 1];
        if (word->key == key && word->length == text.length &&
            (text.length <= AXIS_KEY_BYTES ||
             memcmp(image_string(one->image, word->word), text.text, text.length) == 0)) {
            *out = one->members[number] = word->member;
            return true;
        }
    }
    if (axis->other == IMAGE_NONE32) {
        return stop(one, CASEMIX_PRICE_UNKNOWN_WORD, (int)axis->fact);
    }
    one->members[number] = (uint16_t)axis->other;
    *out = axis->other;
    return true;
}

bool formula_read_fact(struct formula_case *one, uint32_t fact) {
    casemix_text text = one->facts[fact];
    int places = fact_rows[fact].kind == FACT_KIND_MONEY ? MONEY_PLACES : 0;
    int64_t value = 0;
    enum decimal_result result = DECIMAL_OK;
    if (!is_absent(text) || (one->policy->about->zero_if_absent >> fact & 1) == 0) {
        result = decimal_read_scaled(text.text, text.length, places, &value);
    }
    if (result == DECIMAL_TOO_LARGE) {
        return stop(one, CASEMIX_PRICE_OVERFLOW, -1);
    }
    if (result != DECIMAL_OK || value < 0 || (fact_rows[fact].kind == FACT_KIND_FLAG && value > 1)) {
        return stop(one, is_absent(text) ? CASEMIX_PRICE_MISSING_FACT : CASEMIX_PRICE_BAD_FACT, (int)fact);
    }
    one->numbers[fact] = value;
    one->facts_read |= (uint64_t)1 << fact;
    return true;
}

/* ---- what programs push ---- */

static struct rational of_disk(const struct image_decimal *value) {
    return rational_of(value->numerator, value->denominator);
}

/* Out of line, so that the fast path pays one comparison for it. */
static __attribute__((noinline, cold)) void tell(struct formula_case *one, const char *name, const char *text,
                                                 struct rational value) {
    one->listener->used(one->listener, name, text, value);
}

static const char *yes_or_no(struct rational value) {
    return value.numerator != 0 ? "yes" : "no";
}

static inline bool is_heard(const struct formula_case *one) {
    return __builtin_expect(one->listener != NULL, 0);
}

static bool push_fact(struct formula_case *one, uint32_t fact, struct rational *out) {
    int64_t value;
    if (!formula_fact(one, fact, &value)) {
        return false;
    }
    *out = rational_of(value, fact_rows[fact].kind == FACT_KIND_MONEY ? MONEY_UNIT : 1);
    if (is_heard(one)) {
        tell(one, fact_rows[fact].column, NULL, *out);
    }
    return true;
}

static bool push_column(struct formula_case *one, uint32_t column, struct rational *out) {
    if (one->weights == NULL || one->weights[column].denominator == 0) {
        return stop(one, CASEMIX_NO_WEIGHT, -1);
    }
    *out = of_disk(&one->weights[column]);
    if (is_heard(one)) {
        tell(one, image_string(one->image, one->policy->columns[column]), NULL, *out);
    }
    return true;
}

static bool push_table(struct formula_case *one, uint32_t number, struct rational *out) {
    const struct policy_view *policy = one->policy;
    const struct image_table *table = &policy->tables[number];
    uint32_t at = table->first;
    if (table->rows != IMAGE_NONE32 && one->answer != IMAGE_NONE32) {
        at += policy->table_rows[table->rows + one->answer] * table->row_size;
    }
    int last = -1;
    for (int i = 0; i < IMAGE_TABLE_AXES && table->axis[i] != IMAGE_NONE16; i++) {
        uint32_t member;
        if (!formula_member(one, table->axis[i], &member)) {
            return false;
        }
        at += table->stride[i] * member;
        last = table->axis[i];
    }
    const struct image_decimal *value = &policy->table_values[at];
    if (value->denominator == 0) { /* nothing is said for this group or this word */
        return table->rows != IMAGE_NONE32 || last < 0
                   ? stop(one, CASEMIX_NO_WEIGHT, -1)
                   : stop(one, CASEMIX_PRICE_UNKNOWN_WORD, (int)policy->axes[last].fact);
    }
    *out = of_disk(value);
    if (is_heard(one)) {
        tell(one, image_string(one->image, table->name), NULL, *out);
    }
    return true;
}

static bool push_total(struct formula_case *one, uint32_t operand, struct rational *out) {
    static const char *const scopes[IMAGE_SCOPES] = {"pool", "hospital", "all"};
    uint32_t scope = operand / IMAGE_TOTAL_SCOPE, number = operand % IMAGE_TOTAL_SCOPE;
    if (one->totals[scope] == NULL || one->totals[scope][number].denominator == 0) {
        return stop(one, CASEMIX_PRICE_NO_FIGURE, -1);
    }
    *out = one->totals[scope][number];
    if (is_heard(one)) {
        char name[200];
        snprintf(name, sizeof name, "%s.%s", scopes[scope],
                 image_string(one->image, one->policy->totals[number].name));
        tell(one, name, NULL, *out);
    }
    return true;
}

static bool push_case(struct formula_case *one, uint32_t number, struct rational *out) {
    if (number == FORMULA_CASE_CLASS) {
        *out = rational_of(one->class, 1);
        if (is_heard(one)) {
            tell(one, "class", image_string(one->image, one->policy->classes[one->class].name), *out);
        }
        return true;
    }
    if (one->factor < 0) {
        return stop(one, CASEMIX_NO_WEIGHT, -1);
    }
    *out = rational_of(one->factor, FORMULA_FACTOR_UNITS);
    if (is_heard(one)) {
        tell(one, "factor", NULL, *out);
    }
    return true;
}

static bool push_member(struct formula_case *one, uint32_t axis, struct rational *out) {
    uint32_t member;
    if (!formula_member(one, axis, &member)) {
        return false;
    }
    *out = rational_of(member, 1);
    const struct image_axis *row = &one->policy->axes[axis];
    if (is_heard(one)) { /* told by its word, not by its number */
        image_text word = one->policy->members[row->first_member + member];
        tell(one, image_string(one->image, row->name), image_string(one->image, word), *out);
    }
    return true;
}

static void push_set(struct formula_case *one, uint32_t set, struct rational *out) {
    const uint64_t *bits = one->policy->set_bits + (size_t)set * one->policy->set_words;
    bool in = one->answer != IMAGE_NONE32 && (bits[one->answer / 64] >> (one->answer % 64) & 1) != 0;
    *out = rational_of(in, 1);
    if (is_heard(one)) {
        tell(one, image_string(one->image, one->policy->sets[set].name), yes_or_no(*out), *out);
    }
}

static bool run(struct formula_case *one, uint32_t number, struct rational *stack);

static bool push_value(struct formula_case *one, uint32_t number, struct rational *stack) {
    if (formula_is_known(one, number)) {
        *stack = one->values[number];
    } else if (!run(one, number, stack)) {
        return false;
    }
    if (is_heard(one)) {
        const struct image_formula *formula = &one->policy->formulas[number];
        tell(one, image_string(one->image, formula->name), formula->condition ? yes_or_no(*stack) : NULL, *stack);
    }
    return true;
}

static bool push(struct formula_case *one, const struct image_instruction *at, struct rational *stack) {
    switch (at->op) {
    case FORMULA_CONSTANT:
        *stack = of_disk(&one->policy->constants[at->operand]);
        return true;
    case FORMULA_PARAMETER:
        *stack = of_disk(&one->policy->parameters[at->operand].value);
        if (is_heard(one)) {
            tell(one, image_string(one->image, one->policy->parameters[at->operand].name), NULL, *stack);
        }
        return true;
    case FORMULA_FACT:
        return push_fact(one, at->operand, stack);
    case FORMULA_PRESENT:
        *stack = rational_of(!is_absent(one->facts[at->operand]), 1);
        return true;
    case FORMULA_COLUMN:
        return push_column(one, at->operand, stack);
    case FORMULA_TABLE:
        return push_table(one, at->operand, stack);
    case FORMULA_MEMBER:
        return push_member(one, at->operand, stack);
    case FORMULA_SET:
        push_set(one, at->operand, stack);
        return true;
    case FORMULA_VALUE:
        return push_value(one, at->operand, stack);
    case FORMULA_CASE:
        return push_case(one, at->operand, stack);
    case FORMULA_TOTAL:
        return push_total(one, at->operand, stack);
    default: /* FORMULA_PAY */
        *stack = one->pay;
        if (is_heard(one)) {
            tell(one, "pay", NULL, one->pay);
        }
        return true;
    }
}

/* ---- operations ---- */

static enum rational_result whole(struct rational a, int places, enum rounding rounding, struct rational *out) {
    int64_t value;
    if (!rational_round(a, places, rounding, &value)) {
        return RATIONAL_OVERFLOW;
    }
    *out = rational_of(value, decimal_power(places));
    return RATIONAL_OK;
}

static enum rational_result change_one(const struct image_instruction *at, struct rational *top) {
    switch (at->op) {
    case FORMULA_NEGATE:
        return rational_negate(*top, top);
    case FORMULA_NOT:
        *top = rational_of(top->numerator == 0, 1);
        return RATIONAL_OK;
    case FORMULA_ROUND:
        return whole(*top, (int)at->operand, ROUND_HALF_UP, top);
    case FORMULA_FLOOR:
        return whole(*top, 0, ROUND_FLOOR, top);
    default: /* FORMULA_CEILING */
        return whole(*top, 0, ROUND_CEILING, top);
    }
}

static bool compare(unsigned op, int order) {
    switch (op) {
    case FORMULA_LESS:
        return order < 0;
    case FORMULA_LESS_EQUAL:
        return order <= 0;
    case FORMULA_GREATER:
        return order > 0;
    case FORMULA_GREATER_EQUAL:
        return order >= 0;
    case FORMULA_EQUAL:
        return order == 0;
    default: /* FORMULA_UNEQUAL */
        return order != 0;
    }
}

/* a op b into a. */
static enum rational_result combine(unsigned op, struct rational *a, const struct rational *b) {
    switch (op) {
    case FORMULA_ADD:
        return rational_add(*a, *b, a);
    case FORMULA_SUBTRACT:
        return rational_subtract(*a, *b, a);
    case FORMULA_MULTIPLY:
        return rational_multiply(*a, *b, a);
    case FORMULA_DIVIDE:
        return rational_divide(*a, *b, a);
    case FORMULA_MINIMUM:
    case FORMULA_MAXIMUM:
        if ((rational_compare(*a, *b) > 0) == (op == FORMULA_MINIMUM)) {
            *a = *b;
        }
        return RATIONAL_OK;
    default:
        *a = rational_of(compare(op, rational_compare(*a, *b)), 1);
        return RATIONAL_OK;
    }
}

/* Run the program of a formula from `stack` upwards; its value is left in stack[0]. */
static bool run_program(struct formula_case *one, const struct image_instruction *at, uint32_t count,
                        struct rational *stack) {
    const struct image_instruction *end = at + count;
    struct rational *top = stack; /* one beyond the last */
    for (; at < end; at++) {
        enum rational_result result = RATIONAL_OK;
        if (at->op < FORMULA_NEGATE) {
            if (!push(one, at, top)) {
                return false;
            }
            top++;
        } else if (at->op < FORMULA_ADD) {
            result = change_one(at, top - 1);
        } else if (at->op < FORMULA_JUMP) {
            top--;
            result = combine(at->op, top - 1, top);
        } else if (at->op == FORMULA_JUMP || (--top)->numerator == 0) {
            at += at->operand;
        }
        if (result != RATIONAL_OK) {
            return stop(one, result == RATIONAL_OVERFLOW ? CASEMIX_PRICE_OVERFLOW : CASEMIX_PRICE_DIVISION_BY_ZERO,
                        -1);
        }
    }
    return true;
}

/* The same, and the value is remembered. */
static bool run(struct formula_case *one, uint32_t number, struct rational *stack) {
    if (__builtin_expect(one->unavailable[number / 64] >> (number % 64) & 1, 0)) {
        return stop(one, CASEMIX_PRICE_NO_FIGURE, -1);
    }
    const struct image_formula *formula = &one->policy->formulas[number];
    if (!run_program(one, one->policy->instructions + formula->first, formula->count, stack)) {
        return false;
    }
    one->values[number] = stack[0];
    one->values_known[number / 64] |= (uint64_t)1 << (number % 64);
    return true;
}

bool formula_value(struct formula_case *one, uint32_t number, struct rational *out) {
    if (!formula_is_known(one, number)) {
        struct rational stack[FORMULA_STACK_MAX];
        if (!run(one, number, stack)) {
            return false;
        }
    }
    *out = one->values[number];
    return true;
}

bool formula_in_units(struct formula_case *one, uint32_t number, int64_t *out) {
    const struct image_formula *formula = &one->policy->formulas[number];
    const struct image_instruction *at = one->policy->instructions + formula->first;
    const struct image_instruction *end = at + formula->count;
    int64_t stack[FORMULA_STACK_MAX];
    int64_t *top = stack; /* one beyond the last */
    for (; at < end; at++) {
        const struct image_decimal *constant;
        bool overflow = false;
        switch (at->op) {
        case FORMULA_PAY:
            *top = (int64_t)one->pay.numerator;
            overflow = one->pay.numerator != *top || one->pay.denominator != FORMULA_UNITS;
            top++;
            break;
        case FORMULA_FACT:
            overflow = !formula_fact(one, at->operand, top++);
            break;
        case FORMULA_CONSTANT:
            constant = &one->policy->constants[at->operand];
            overflow = __builtin_mul_overflow(constant->numerator, FORMULA_UNITS / constant->denominator, top++);
            break;
        case FORMULA_ADD:
            top--;
            overflow = __builtin_add_overflow(top[-1], top[0], &top[-1]);
            break;
        case FORMULA_SUBTRACT:
            top--;
            overflow = __builtin_sub_overflow(top[-1], top[0], &top[-1]);
            break;
        case FORMULA_MINIMUM:
            top--;
            top[-1] = top[0] < top[-1] ? top[0] : top[-1];
            break;
        default: /* FORMULA_MAXIMUM */
            top--;
            top[-1] = top[0] > top[-1] ? top[0] : top[-1];
            break;
        }
        if (overflow) {
            return false;
        }
    }
    *out = stack[0];
    return true;
}

void formula_listen(struct formula_case *one, uint32_t number, struct formula_listener *listener) {
    struct rational stack[FORMULA_STACK_MAX];
    one->listener = listener;
    run(one, number, stack);
    one->listener = NULL;
}

bool formula_unrounded(struct formula_case *one, uint32_t number, struct rational *out) {
    const struct image_formula *formula = &one->policy->formulas[number];
    struct rational stack[FORMULA_STACK_MAX];
    const struct image_instruction *last = one->policy->instructions + formula->first + formula->count - 1;
    if (formula->count < 2 || last->op != FORMULA_ROUND ||
        !run_program(one, one->policy->instructions + formula->first, formula->count - 1, stack)) {
        return false;
    }
    *out = stack[0];
    return true;
}
