/* SPDX-License-Identifier: Apache-2.0
 *
 * Wide whole numbers and their quotients: see exact.h. */
#include "exact.h"

static bool lost;

bool exact_lost(void) {
    return lost;
}

bool exact_read(const char *text, size_t length, unsigned places, uint64_t most, uint64_t *out) {
    uint64_t value = 0;
    unsigned decimals = 0;
    size_t digits = 0;
    bool point = false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)text[i] - '0';
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (digit > 9 || (point && decimals == places && digit > 0)) {
            return false;
        }
        digits++;
        if (point && decimals == places) {
            continue;
        }
        decimals += point;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    for (; decimals < places; decimals++) {
        if (__builtin_mul_overflow(value, 10, &value)) {
            return false;
        }
    }
    *out = value;
    return digits > 0 && value <= most;
}

/* ---- whole numbers ---------------------------------------------------------------------------------------- */

static struct wide wide_of(whole128 value) {
    return (struct wide){{(uint64_t)value, (uint64_t)(value >> 64)}};
}

/* Limbs in use. */
static int wide_size(const struct wide *a) {
    int size = WIDE_LIMBS;
    while (size > 0 && a->limb[size - 1] == 0) {
        size--;
    }
    return size;
}

static struct wide wide_add(const struct wide *a, const struct wide *b) {
    struct wide sum;
    uint64_t carry = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        whole128 part = (whole128)a->limb[i] + b->limb[i] + carry;
        sum.limb[i] = (uint64_t)part;
        carry = (uint64_t)(part >> 64);
    }
    lost |= carry != 0;
    return sum;
}

static struct wide wide_subtract(const struct wide *a, const struct wide *b) {
    struct wide rest;
    uint64_t borrow = 0;
    for (int i = 0; i < WIDE_LIMBS; i++) {
        whole128 part = (whole128)a->limb[i] - b->limb[i] - borrow;
        rest.limb[i] = (uint64_t)part;
        borrow = (uint64_t)(part >> 64) & 1;
    }
    lost |= borrow != 0;
    return rest;
}

static struct wide wide_multiply(const struct wide *a, const struct wide *b) {
    struct wide product = {{0}};
    int a_size = wide_size(a), b_size = wide_size(b);
    for (int i = 0; i < a_size; i++) {
        uint64_t carry = 0;
        lost |= a->limb[i] != 0 && b_size > 0 && i + b_size > WIDE_LIMBS;
        for (int j = 0; i + j < WIDE_LIMBS; j++) {
            whole128 part = (whole128)a->limb[i] * b->limb[j] + product.limb[i + j] + carry;
            product.limb[i + j] = (uint64_t)part;
            carry = (uint64_t)(part >> 64);
        }
        lost |= carry != 0;
    }
    return product;
}

static int wide_compare(const struct wide *a, const struct wide *b) {
    for (int i = WIDE_LIMBS - 1; i >= 0; i--) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

static struct wide wide_double(const struct wide *a) {
    return wide_add(a, a);
}

static void wide_halve(struct wide *a) {
    for (int i = 0; i < WIDE_LIMBS; i++) {
        a->limb[i] = a->limb[i] >> 1 | (i + 1 < WIDE_LIMBS ? a->limb[i + 1] << 63 : 0);
    }
}

/* a / b without what is left; it must be less than 2^62. */
static int64_t wide_quotient(struct wide a, struct wide b) {
    int64_t quotient = 0;
    int steps = 0;
    if (wide_size(&b) == 0) {
        lost = true;
        return 0;
    }
    for (; wide_compare(&b, &a) <= 0 && steps <= 62 && !(b.limb[WIDE_LIMBS - 1] >> 63); steps++) {
        b = wide_double(&b);
    }
    lost |= steps > 62 || wide_compare(&b, &a) <= 0;
    for (; steps > 0; steps--) {
        wide_halve(&b);
        quotient *= 2;
        if (wide_compare(&b, &a) <= 0) {
            a = wide_subtract(&a, &b);
            quotient++;
        }
    }
    return lost ? 0 : quotient;
}

/* ---- quotients -------------------------------------------------------------------------------------------- */

struct quotient quotient_of(whole128 above, whole128 below) {
    return (struct quotient){wide_of(above), wide_of(below)};
}

struct quotient quotient_add(struct quotient a, struct quotient b) {
    struct wide left = wide_multiply(&a.above, &b.below), right = wide_multiply(&b.above, &a.below);
    return (struct quotient){wide_add(&left, &right), wide_multiply(&a.below, &b.below)};
}

struct quotient quotient_subtract(struct quotient a, struct quotient b) {
    struct wide left = wide_multiply(&a.above, &b.below), right = wide_multiply(&b.above, &a.below);
    return (struct quotient){wide_subtract(&left, &right), wide_multiply(&a.below, &b.below)};
}

struct quotient quotient_multiply(struct quotient a, struct quotient b) {
    return (struct quotient){wide_multiply(&a.above, &b.above), wide_multiply(&a.below, &b.below)};
}

struct quotient quotient_divide(struct quotient a, struct quotient b) {
    return (struct quotient){wide_multiply(&a.above, &b.below), wide_multiply(&a.below, &b.above)};
}

int quotient_compare(struct quotient a, struct quotient b) {
    struct wide left = wide_multiply(&a.above, &b.below), right = wide_multiply(&b.above, &a.below);
    return wide_compare(&left, &right);
}

static struct wide power_of_ten(unsigned places) {
    uint64_t power = 1;
    for (; places > 0; places--) {
        power *= 10;
    }
    return wide_of(power);
}

/* floor(x + 1/2) = floor((2 x + 1) / 2) */
int64_t quotient_round(struct quotient a, unsigned places) {
    struct wide power = power_of_ten(places), two = wide_of(2);
    struct wide above = wide_multiply(&a.above, &power);
    above = wide_double(&above);
    above = wide_add(&above, &a.below);
    return wide_quotient(above, wide_multiply(&a.below, &two));
}

static int64_t whole_root(int64_t value) {
    int64_t root = 0;
    for (int64_t bit = (int64_t)1 << 30; bit > 0; bit /= 2) {
        if ((root + bit) * (root + bit) <= value) {
            root += bit;
        }
    }
    return root;
}

/* floor(sqrt(x) + 1/2) = floor((floor(sqrt(4 x)) + 1) / 2), and the root of x is not changed by what x has behind
 * the point of 4 x 10^(2 places). */
int64_t quotient_root(struct quotient a, unsigned places) {
    struct wide power = power_of_ten(2 * places), four = wide_of(4);
    power = wide_multiply(&power, &four);
    return (whole_root(wide_quotient(wide_multiply(&a.above, &power), a.below)) + 1) / 2;
}
