/* SPDX-License-Identifier: Apache-2.0 */
#include "rational.h"

#include <stdio.h>
#include <stdlib.h>

__extension__ typedef __int128 wide;

static void stop(const char *why) {
    fprintf(stderr, "exact fractions: %s\n", why);
    abort();
}

static wide multiply(wide a, wide b) {
    wide product;
    if (__builtin_mul_overflow(a, b, &product)) {
        stop("a number does not fit in 128 bits");
    }
    return product;
}

static wide add(wide a, wide b) {
    wide sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        stop("a number does not fit in 128 bits");
    }
    return sum;
}

static wide common_divisor(wide a, wide b) {
    a = a < 0 ? -a : a;
    while (b != 0) {
        wide rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static struct fraction lowest(wide above, wide below) {
    if (below == 0) {
        stop("division by 0");
    }
    if (below < 0) {
        above = -above;
        below = -below;
    }
    wide divisor = common_divisor(above, below);
    return (struct fraction){above / divisor, below / divisor};
}

static wide power_of_ten(int exponent) {
    wide power = 1;
    for (int i = 0; i < exponent; i++) {
        power = multiply(power, 10);
    }
    return power;
}

struct fraction fraction_of(long long whole) {
    return (struct fraction){whole, 1};
}

struct fraction fraction_read(const char *text) {
    const char *at = text + (text[0] == '-');
    wide above = 0;
    int places = -1;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && places < 0); at++) {
        places += places >= 0 || *at == '.';
        if (*at != '.') {
            above = add(multiply(above, 10), *at - '0');
        }
    }
    if (*at != '\0' || at == text) {
        fprintf(stderr, "\"%s\" ", text);
        stop("is no decimal");
    }
    return lowest(text[0] == '-' ? -above : above, power_of_ten(places < 0 ? 0 : places));
}

struct fraction fraction_plus(struct fraction a, struct fraction b) {
    wide divisor = common_divisor(a.below, b.below);
    wide above = add(multiply(a.above, b.below / divisor), multiply(b.above, a.below / divisor));
    return lowest(above, multiply(a.below, b.below / divisor));
}

struct fraction fraction_minus(struct fraction a, struct fraction b) {
    b.above = -b.above;
    return fraction_plus(a, b);
}

struct fraction fraction_times(struct fraction a, struct fraction b) {
    struct fraction across = lowest(a.above, b.below), other = lowest(b.above, a.below);
    return (struct fraction){multiply(across.above, other.above), multiply(across.below, other.below)};
}

struct fraction fraction_over(struct fraction a, struct fraction b) {
    return fraction_times(a, lowest(b.below, b.above));
}

int fraction_compare(struct fraction a, struct fraction b) {
    struct fraction difference = fraction_minus(a, b);
    return difference.above < 0 ? -1 : difference.above > 0;
}

long long fraction_floor(struct fraction a, int places) {
    wide scaled = multiply(a.above, power_of_ten(places));
    wide whole = scaled / a.below;
    whole -= scaled % a.below < 0;
    if (whole != (long long)whole) {
        stop("a rounded number does not fit in 64 bits");
    }
    return (long long)whole;
}

long long fraction_round(struct fraction a, int places) {
    bool negative = a.above < 0;
    struct fraction size = {negative ? -a.above : a.above, a.below};
    long long whole = fraction_floor(fraction_plus(size, lowest(1, multiply(2, power_of_ten(places)))), places);
    return negative ? -whole : whole;
}

const char *fraction_text(long long units, int places, char out[FRACTION_TEXT]) {
    unsigned long long size = units < 0 ? 0ull - (unsigned long long)units : (unsigned long long)units;
    unsigned long long scale = (unsigned long long)power_of_ten(places);
    if (places == 0) {
        snprintf(out, FRACTION_TEXT, "%lld", units);
    } else {
        snprintf(out, FRACTION_TEXT, "%s%llu.%0*llu", units < 0 ? "-" : "", size / scale, places, size % scale);
    }
    return out;
}
