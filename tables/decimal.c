/* SPDX-License-Identifier: Apache-2.0 */
#include "decimal.h"

#include <stdio.h>
#include <string.h>

static const int64_t powers[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

int64_t decimal_power(int power) {
    return powers[power];
}

/* The parts of a decimal text: digits before and after the point. */
struct digits {
    const char *whole, *fraction;
    size_t whole_length, fraction_length;
    bool negative;
};

static bool split(const char *text, size_t length, struct digits *out) {
    *out = (struct digits){.whole = text};
    if (length > 0 && text[0] == '-') {
        out->negative = true;
        out->whole++;
        length--;
    }
    size_t at = 0;
    while (at < length && out->whole[at] >= '0' && out->whole[at] <= '9') {
        at++;
    }
    out->whole_length = at;
    if (at == length) {
        return at > 0;
    }
    if (at == 0 || out->whole[at] != '.') {
        return false;
    }
    out->fraction = out->whole + at + 1;
    out->fraction_length = length - at - 1;
    for (size_t i = 0; i < out->fraction_length; i++) {
        if (out->fraction[i] < '0' || out->fraction[i] > '9') {
            return false;
        }
    }
    return out->fraction_length > 0;
}

/* value * 10 + each digit; false if it does not fit. */
static bool append(const char *digits, size_t length, int64_t *value) {
    for (size_t i = 0; i < length; i++) {
        if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, digits[i] - '0', value)) {
            return false;
        }
    }
    return true;
}

enum decimal_result decimal_read(const char *text, size_t length, struct decimal *out) {
    struct digits digits;
    if (!split(text, length, &digits)) {
        return DECIMAL_BAD;
    }
    while (digits.fraction_length > 0 && digits.fraction[digits.fraction_length - 1] == '0') {
        digits.fraction_length--;
    }
    int64_t value = 0;
    if (digits.fraction_length > DECIMAL_PLACES || !append(digits.whole, digits.whole_length, &value) ||
        !append(digits.fraction, digits.fraction_length, &value) || value >= powers[DECIMAL_DIGITS]) {
        return DECIMAL_TOO_LARGE;
    }
    *out = (struct decimal){digits.negative ? -value : value, powers[digits.fraction_length]};
    return DECIMAL_OK;
}

/* Any length of digits, by the checked way. */
static enum decimal_result read_scaled_slowly(const char *text, size_t length, int places, int64_t *out) {
    struct digits digits;
    if (!split(text, length, &digits) || digits.fraction_length > (size_t)places) {
        return DECIMAL_BAD;
    }
    int64_t value = 0;
    int64_t scale = powers[places - (int)digits.fraction_length];
    if (!append(digits.whole, digits.whole_length, &value) ||
        !append(digits.fraction, digits.fraction_length, &value) || __builtin_mul_overflow(value, scale, &value)) {
        return DECIMAL_TOO_LARGE;
    }
    *out = digits.negative ? -value : value;
    return DECIMAL_OK;
}

/* 1 to 8 digits, all at once: they are brought to the end of eight bytes with zeros before them, then pairs, fours
 * and eights are joined by multiplication. False if one is no digit. */
static inline bool read_digits(const char *text, size_t length, uint64_t *out) {
    uint64_t word = 0;
    if (length >= 4) {
        uint32_t head, tail;
        memcpy(&head, text, 4);
        memcpy(&tail, text + length - 4, 4);
        word = (uint64_t)tail << 32 | (uint32_t)((uint64_t)head << 8 * (8 - length));
    } else {
        for (size_t i = 0; i < length; i++) {
            word = word >> 8 | (uint64_t)(unsigned char)text[i] << 56;
        }
    }
    word |= 0x3030303030303030u >> 4 * length >> 4 * length;
    uint64_t digits = word ^ 0x3030303030303030u;
    if (((digits + 0x7676767676767676u) | digits) & 0x8080808080808080u) {
        return false;
    }
    digits = digits * 10 + (digits >> 8);
    *out = ((digits & 0x000000FF000000FFu) * 0x000F424000000064u +
            (digits >> 16 & 0x000000FF000000FFu) * 0x0000271000000001u) >>
           32;
    return true;
}

enum decimal_result decimal_read_scaled(const char *text, size_t length, int places, int64_t *out) {
    while (length > 0 && (text[0] == ' ' || text[0] == '\t')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--;
    }
    /* The usual forms, 12345.67 and 12345; all others, and all that is wrong, the checked way. */
    uint64_t whole, fraction;
    if (length >= 4 && length <= 11 && text[length - 3] == '.' && places >= 2) {
        if (read_digits(text, length - 3, &whole) && read_digits(text + length - 2, 2, &fraction)) {
            *out = (int64_t)(whole * 100 + fraction) * powers[places - 2];
            return DECIMAL_OK;
        }
    } else if (length >= 1 && length <= 8 && places <= DECIMAL_PLACES - 2 && read_digits(text, length, &whole)) {
        *out = (int64_t)whole * powers[places];
        return DECIMAL_OK;
    }
    return read_scaled_slowly(text, length, places, out);
}

static wide_unsigned magnitude(wide a) {
    return a < 0 ? -(wide_unsigned)a : (wide_unsigned)a;
}

static wide_unsigned common_divisor(wide_unsigned a, wide_unsigned b) {
    while (b != 0) {
        if (a >> 64 == 0 && b >> 64 == 0) { /* 64-bit division is several times as fast */
            uint64_t x = (uint64_t)a, y = (uint64_t)b;
            while (y != 0) {
                uint64_t rest = x % y;
                x = y;
                y = rest;
            }
            return x;
        }
        wide_unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

struct rational rational_reduce(struct rational a) {
    wide_unsigned divisor = common_divisor(magnitude(a.numerator), (wide_unsigned)a.denominator);
    if (divisor > 1) {
        wide_unsigned numerator = magnitude(a.numerator) / divisor;
        a.numerator = a.numerator < 0 ? -(wide)numerator : (wide)numerator;
        a.denominator = (wide)((wide_unsigned)a.denominator / divisor);
    }
    return a;
}

/* a * b. Written out because clang turns the overflow builtin on 128 bits into a call that libgcc does not have. */
static bool multiply_fits(wide a, wide b, wide *out) {
    wide_unsigned x = magnitude(a), y = magnitude(b);
    uint64_t x_high = (uint64_t)(x >> 64), y_high = (uint64_t)(y >> 64);
    uint64_t x_low = (uint64_t)x, y_low = (uint64_t)y;
    if (x_high != 0 && y_high != 0) {
        return false;
    }
    wide_unsigned middle = (wide_unsigned)x_high * y_low + (wide_unsigned)y_high * x_low; /* one of the two is 0 */
    if (middle >> 63 != 0) {
        return false;
    }
    wide_unsigned low = (wide_unsigned)x_low * y_low;
    wide_unsigned product = (middle << 64) + low;
    if (product < low || product >> 127 != 0) {
        return false;
    }
    *out = (a < 0) != (b < 0) ? -(wide)product : (wide)product;
    return true;
}

enum rational_result rational_multiply_slow(struct rational a, struct rational b, struct rational *out) {
    struct rational product;
    if (multiply_fits(a.numerator, b.numerator, &product.numerator) &&
        multiply_fits(a.denominator, b.denominator, &product.denominator)) {
        *out = product;
        return RATIONAL_OK;
    }
    struct rational left = rational_reduce((struct rational){a.numerator, b.denominator});
    struct rational right = rational_reduce((struct rational){b.numerator, a.denominator});
    if (!multiply_fits(left.numerator, right.numerator, &product.numerator) ||
        !multiply_fits(left.denominator, right.denominator, &product.denominator)) {
        /* a and b may have common factors of their own */
        a = rational_reduce(a);
        b = rational_reduce(b);
        left = rational_reduce((struct rational){a.numerator, b.denominator});
        right = rational_reduce((struct rational){b.numerator, a.denominator});
        if (!multiply_fits(left.numerator, right.numerator, &product.numerator) ||
            !multiply_fits(left.denominator, right.denominator, &product.denominator)) {
            return RATIONAL_OVERFLOW;
        }
    }
    *out = product;
    return RATIONAL_OK;
}

/* a + b over the common denominator `factor_a * a.denominator` = `factor_b * b.denominator`. */
static bool add_over(struct rational a, wide factor_a, struct rational b, wide factor_b, struct rational *out) {
    wide left, right;
    struct rational sum;
    if (!multiply_fits(a.numerator, factor_a, &left) || !multiply_fits(b.numerator, factor_b, &right) ||
        !multiply_fits(a.denominator, factor_a, &sum.denominator) ||
        __builtin_add_overflow(left, right, &sum.numerator)) {
        return false;
    }
    *out = sum;
    return true;
}

enum rational_result rational_add_slow(struct rational a, struct rational b, struct rational *out) {
    if (a.denominator == b.denominator && !__builtin_add_overflow(a.numerator, b.numerator, &out->numerator)) {
        out->denominator = a.denominator;
        return RATIONAL_OK;
    }
    if (add_over(a, b.denominator, b, a.denominator, out)) {
        return RATIONAL_OK;
    }
    a = rational_reduce(a);
    b = rational_reduce(b);
    wide divisor = (wide)common_divisor((wide_unsigned)a.denominator, (wide_unsigned)b.denominator);
    return add_over(a, b.denominator / divisor, b, a.denominator / divisor, out) ? RATIONAL_OK : RATIONAL_OVERFLOW;
}

enum rational_result rational_divide(struct rational a, struct rational b, struct rational *out) {
    if (b.numerator == 0) {
        return RATIONAL_DIVISION_BY_ZERO;
    }
    struct rational inverse = {b.denominator, b.numerator};
    if (b.numerator < 0) {
        inverse.numerator = -b.denominator;
        if (__builtin_sub_overflow((wide)0, b.numerator, &inverse.denominator)) {
            return RATIONAL_OVERFLOW;
        }
    }
    return rational_multiply(a, inverse, out);
}

/* Quotient rounded towards minus infinity, and what is left. */
static wide floor_divide(wide a, wide b, wide *rest) {
    wide quotient = a / b;
    *rest = a % b;
    if (*rest < 0) {
        quotient--;
        *rest += b;
    }
    return quotient;
}

/* By continued fractions: the whole parts decide, or the inverse fractions of what is left do. Products are not
 * needed, so nothing can overflow. */
int rational_compare_slow(struct rational a, struct rational b) {
    int sign = 1;
    for (;;) {
        wide rest_a, rest_b;
        wide whole_a = floor_divide(a.numerator, a.denominator, &rest_a);
        wide whole_b = floor_divide(b.numerator, b.denominator, &rest_b);
        if (whole_a != whole_b) {
            return whole_a < whole_b ? -sign : sign;
        }
        if (rest_a == 0 || rest_b == 0) {
            return sign * ((rest_a != 0) - (rest_b != 0));
        }
        a = (struct rational){a.denominator, rest_a};
        b = (struct rational){b.denominator, rest_b};
        sign = -sign;
    }
}

/* Does a quotient grow by one in size because of what was left? */
static inline bool is_rounded_away(wide_unsigned rest, wide_unsigned divisor, bool negative,
                                   enum rounding rounding) {
    if (rest == 0) {
        return false;
    }
    return rounding == ROUND_HALF_UP ? rest >= divisor - rest : negative == (rounding == ROUND_FLOOR);
}

/* value / 10^power; the compiler turns each constant into a multiplication. */
static uint64_t divide_by_power(uint64_t value, int power) {
    switch (power) {
    case 1:
        return value / 10;
    case 2:
        return value / 100;
    case 3:
        return value / 1000;
    case 4:
        return value / 10000;
    case 5:
        return value / 100000;
    case 6:
        return value / 1000000;
    default:
        return value / (uint64_t)powers[power];
    }
}

/* k if value is 10^k, k <= 18; -1 if it is none. */
static int power_of(wide value) {
    if (value >> 60 != 0) {
        return -1;
    }
    int bits = 64 - __builtin_clzll((uint64_t)value | 1);
    int k = bits * 1233 >> 12; /* log10(2) is 1233/4096 */
    return powers[k] == value ? k : -1;
}

/* The usual case: a decimal that fits 63 bits. False if it is none. */
static bool round_decimal(const struct rational *a, int places, enum rounding rounding, int64_t *out) {
    int power = power_of(a->denominator);
    if (power < 0 || (int64_t)a->numerator != a->numerator || a->numerator == INT64_MIN) {
        return false;
    }
    int64_t numerator = (int64_t)a->numerator;
    if (power <= places) {
        return !__builtin_mul_overflow(numerator, powers[places - power], out);
    }
    power -= places;
    uint64_t size = numerator < 0 ? -(uint64_t)numerator : (uint64_t)numerator;
    uint64_t quotient = divide_by_power(size, power);
    uint64_t rest = size - quotient * (uint64_t)powers[power];
    quotient += is_rounded_away(rest, (uint64_t)powers[power], numerator < 0, rounding);
    *out = numerator < 0 ? -(int64_t)quotient : (int64_t)quotient;
    return true;
}

bool rational_round(struct rational a, int places, enum rounding rounding, int64_t *out) {
    wide scaled;
    if (round_decimal(&a, places, rounding, out)) {
        return true;
    }
    if (!multiply_fits(a.numerator, powers[places], &scaled)) {
        a = rational_reduce(a);
        struct rational unit = rational_reduce((struct rational){powers[places], a.denominator});
        if (!multiply_fits(a.numerator, unit.numerator, &scaled)) {
            return false;
        }
        a.denominator = unit.denominator;
    }
    wide_unsigned size = magnitude(scaled), quotient, rest, denominator = (wide_unsigned)a.denominator;
    if (size >> 64 == 0 && denominator >> 64 == 0) {
        quotient = (uint64_t)size / (uint64_t)denominator;
        rest = (uint64_t)size % (uint64_t)denominator;
    } else {
        quotient = size / denominator;
        rest = size % denominator;
    }
    bool negative = scaled < 0;
    quotient += is_rounded_away(rest, denominator, negative, rounding);
    if (quotient > INT64_MAX) {
        return false;
    }
    *out = negative ? -(int64_t)quotient : (int64_t)quotient;
    return true;
}

static size_t unsigned_text(wide_unsigned value, char *end) {
    char *at = end;
    do {
        *--at = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    return (size_t)(end - at);
}

size_t rational_text(struct rational a, char *buffer, size_t size) {
    enum { CUT = 8 };
    char whole[48], fraction[DECIMAL_PLACES + 1];
    wide_unsigned denominator = (wide_unsigned)a.denominator;
    wide_unsigned rest = magnitude(a.numerator) % denominator;
    size_t whole_length = unsigned_text(magnitude(a.numerator) / denominator, whole + sizeof whole);
    int places = 0;
    while (rest != 0 && places < DECIMAL_PLACES && rest <= ~(wide_unsigned)0 / 10) {
        fraction[places++] = (char)('0' + (int)(rest * 10 / denominator));
        rest = rest * 10 % denominator;
    }
    bool exact = rest == 0;
    if (!exact && places > CUT) {
        places = CUT;
    }
    int length =
        snprintf(buffer, size, "%s%.*s%s%.*s%s", a.numerator < 0 ? "-" : "", (int)whole_length,
                 whole + sizeof whole - whole_length, places > 0 ? "." : "", places, fraction, exact ? "" : "...");
    return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}
