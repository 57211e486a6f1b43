/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV cells and numbers without printf. Each function writes at `at` and returns the place behind; the caller has
 * made room. They are here, not in a .c file, because a result row calls about twenty of them. */
#ifndef CASEMIX_TOOLS_CELLS_H
#define CASEMIX_TOOLS_CELLS_H

#include "grouper/casemix.h"

#include <stdbool.h>
#include <string.h>

/* Room: the length. Most texts are codes of 3 to 16 bytes: two overlapping moves beat a call. */
static inline char *put_bytes(char *at, const char *text, size_t length) {
    if (length >= 8 && length <= 16) {
        uint64_t head, tail;
        memcpy(&head, text, 8);
        memcpy(&tail, text + length - 8, 8);
        memcpy(at, &head, 8);
        memcpy(at + length - 8, &tail, 8);
    } else if (length >= 4 && length < 8) {
        uint32_t head, tail;
        memcpy(&head, text, 4);
        memcpy(&tail, text + length - 4, 4);
        memcpy(at, &head, 4);
        memcpy(at + length - 4, &tail, 4);
    } else if (length > 16) {
        memcpy(at, text, length);
    } else {
        for (size_t i = 0; i < length; i++) {
            at[i] = text[i];
        }
    }
    return at + length;
}

static inline unsigned count_digits(uint64_t value) {
    unsigned digits = 1;
    for (; value >= 10000; value /= 10000) {
        digits += 4;
    }
    return digits + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* The last `digits` decimal digits of the value, two at a time. */
static inline char *put_digits(char *at, uint64_t value, unsigned digits) {
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char *end = at + digits;
    for (char *to = end; to - at >= 2; value /= 100) {
        to -= 2;
        memcpy(to, pairs + 2 * (value % 100), 2);
        digits -= 2;
    }
    if (digits) {
        *at = (char)('0' + value % 10);
    }
    return end;
}

/* Room: 20. */
static inline char *put_number(char *at, uint64_t value) {
    return put_digits(at, value, count_digits(value));
}

/* value / 10^places, 0 <= places <= 6. Room: 22. Inline by force: with the places known, the compiler multiplies
 * instead of dividing. */
static inline __attribute__((always_inline)) char *put_decimal(char *at, int64_t value, unsigned places) {
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value < 0) {
        *at++ = '-';
    }
    at = put_number(at, size / powers[places]);
    if (places == 0) {
        return at;
    }
    *at++ = '.';
    return put_digits(at, size % powers[places], places);
}

/* A point value in 1/1000000: four decimals, or six where the last two are not 00. Room: 22. */
static inline char *put_point_value(char *at, casemix_point_value value) {
    return value % 100 == 0 ? put_decimal(at, value / 100, 4) : put_decimal(at, value, 6);
}

/* Quoted if it must be. Room: 2 x length + 2. */
static inline char *put_cell(char *at, casemix_text text) {
    static const bool special[256] = {['"'] = true, [','] = true, ['\n'] = true, ['\r'] = true};
    bool quote = false;
    for (size_t i = 0; i < text.length; i++) {
        quote |= special[(unsigned char)text.text[i]];
    }
    if (__builtin_expect(!quote, 1)) {
        return put_bytes(at, text.text, text.length);
    }
    *at++ = '"';
    for (size_t i = 0; i < text.length; i++) {
        if (text.text[i] == '"') {
            *at++ = '"';
        }
        *at++ = text.text[i];
    }
    *at++ = '"';
    return at;
}

/* `,` and the cell. */
static inline char *put_next_cell(char *at, casemix_text text) {
    *at++ = ',';
    return put_cell(at, text);
}

static inline __attribute__((always_inline)) char *put_next_decimal(char *at, int64_t value, unsigned places) {
    *at++ = ',';
    return put_decimal(at, value, places);
}

#endif
