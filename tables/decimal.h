/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact numbers: decimals as they are written, and fractions of 128-bit integers for what is computed from them. No
 * result is ever rounded unless a function of that name is called, and none wraps: what cannot be held is said so.
 */
#ifndef CASEMIX_TABLES_DECIMAL_H
#define CASEMIX_TABLES_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_DIGITS = 18, DECIMAL_PLACES = 12 };

/* numerator / denominator; the denominator is a power of ten from 1 to 10^DECIMAL_PLACES, no larger than needed. */
struct decimal {
    int64_t numerator, denominator;
};

enum decimal_result { DECIMAL_OK, DECIMAL_BAD, DECIMAL_TOO_LARGE };

/* "11356.64", "-0.5", "3": digits with at most one point, digits on both sides of it; no blanks, plus, exponent or
 * separators. DECIMAL_TOO_LARGE: more than DECIMAL_DIGITS digits or DECIMAL_PLACES places that count. */
enum decimal_result decimal_read(const char *text, size_t length, struct decimal *out);

/* The same as a whole number of 1/10^places; further places than that are DECIMAL_BAD, also if they are zeros. No
 * sign other than `-`, blanks around it are skipped. This is how amounts of a case are read (places 4). */
enum decimal_result decimal_read_scaled(const char *text, size_t length, int places, int64_t *out);

/* 10^power, 0 <= power <= 18. */
int64_t decimal_power(int power);

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 wide_unsigned;

/* A fraction; the denominator is above 0. Not reduced, until a result would not fit otherwise. */
struct rational {
    wide numerator, denominator;
};

enum rational_result { RATIONAL_OK, RATIONAL_OVERFLOW, RATIONAL_DIVISION_BY_ZERO };

enum rational_result rational_add_slow(struct rational a, struct rational b, struct rational *out);
enum rational_result rational_multiply_slow(struct rational a, struct rational b, struct rational *out);
int rational_compare_slow(struct rational a, struct rational b);

static inline struct rational rational_of(int64_t numerator, int64_t denominator) {
    return (struct rational){numerator, denominator};
}

/* Both parts fit into 63 bits and a sign, so that products and the sum of two products fit into 128. */
static inline bool rational_is_narrow(const struct rational *a) {
    return (int64_t)a->numerator == a->numerator && (int64_t)a->denominator == a->denominator;
}

static inline wide narrow_product(wide a, wide b) {
    return (wide)(int64_t)a * (int64_t)b;
}

static inline enum rational_result rational_add(struct rational a, struct rational b, struct rational *out) {
    if (!rational_is_narrow(&a) || !rational_is_narrow(&b)) {
        return rational_add_slow(a, b, out);
    }
    if (a.denominator == b.denominator) {
        *out = (struct rational){a.numerator + b.numerator, a.denominator};
        return RATIONAL_OK;
    }
    out->numerator = narrow_product(a.numerator, b.denominator) + narrow_product(b.numerator, a.denominator);
    out->denominator = narrow_product(a.denominator, b.denominator);
    return RATIONAL_OK;
}

static inline enum rational_result rational_negate(struct rational a, struct rational *out) {
    *out = a;
    return __builtin_sub_overflow((wide)0, a.numerator, &out->numerator) ? RATIONAL_OVERFLOW : RATIONAL_OK;
}

static inline enum rational_result rational_subtract(struct rational a, struct rational b, struct rational *out) {
    enum rational_result result = rational_negate(b, &b);
    return result != RATIONAL_OK ? result : rational_add(a, b, out);
}

static inline enum rational_result rational_multiply(struct rational a, struct rational b, struct rational *out) {
    if (!rational_is_narrow(&a) || !rational_is_narrow(&b)) {
        return rational_multiply_slow(a, b, out);
    }
    out->numerator = narrow_product(a.numerator, b.numerator);
    out->denominator = narrow_product(a.denominator, b.denominator);
    return RATIONAL_OK;
}

/* Below 0, 0 or above 0, as a is less than, equal to or greater than b. Never overflows. */
static inline int rational_compare(struct rational a, struct rational b) {
    if (!rational_is_narrow(&a) || !rational_is_narrow(&b)) {
        return rational_compare_slow(a, b);
    }
    wide left = narrow_product(a.numerator, b.denominator), right = narrow_product(b.numerator, a.denominator);
    return (left > right) - (left < right);
}

enum rational_result rational_divide(struct rational a, struct rational b, struct rational *out);

/* Lowest terms. */
struct rational rational_reduce(struct rational a);

/* The multiple of 1/10^places that is nearest to a (half away from zero), not above it, or not below it; as a whole
 * number of 1/10^places. False if it does not fit. */
enum rounding { ROUND_HALF_UP, ROUND_FLOOR, ROUND_CEILING };
bool rational_round(struct rational a, int places, enum rounding rounding, int64_t *out);

/* "12761.46" if that is exact within DECIMAL_PLACES places, otherwise the first 8 places and "...". NUL-terminated,
 * cut to the size of the buffer; RATIONAL_TEXT is always enough. Returns the length. */
enum { RATIONAL_TEXT = 64 };
size_t rational_text(struct rational a, char *buffer, size_t size);

#endif
