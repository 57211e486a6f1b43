/* SPDX-License-Identifier: Apache-2.0
 *
 * Quotients of whole numbers that are never rounded before they are written. Means of several years have the
 * product of the yearly numbers of cases below the line, so 128 bits are soon too few; these have 512. What does
 * not fit is lost, and exact_lost() says so until the end of the run: nothing that was computed is to be kept then.
 */
#ifndef CASEMIX_TOOLS_EXACT_H
#define CASEMIX_TOOLS_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 whole128;

enum { WIDE_LIMBS = 8 };

struct wide {
    uint64_t limb[WIDE_LIMBS]; /* the least first */
};

/* Not negative. */
struct quotient {
    struct wide above, below;
};

bool exact_lost(void);

/* "12.5" in 1 / 10^places: digits and at most one point, no more decimals than that but zeros, not above `most`. */
bool exact_read(const char *text, size_t length, unsigned places, uint64_t most, uint64_t *out);

struct quotient quotient_of(whole128 above, whole128 below);
struct quotient quotient_add(struct quotient a, struct quotient b);
struct quotient quotient_subtract(struct quotient a, struct quotient b); /* lost if b is more than a */
struct quotient quotient_multiply(struct quotient a, struct quotient b);
struct quotient quotient_divide(struct quotient a, struct quotient b);
int quotient_compare(struct quotient a, struct quotient b); /* -1, 0, 1 */
/* In 1 / 10^places, half up. */
int64_t quotient_round(struct quotient a, unsigned places);
/* The square root of it, likewise. */
int64_t quotient_root(struct quotient a, unsigned places);

#endif
