/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact fractions for tests that compute a payment a second way. Shares nothing with the project's own arithmetic.
 * A number that does not fit ends the test with a message. */
#ifndef CASEMIX_TESTS_RATIONAL_H
#define CASEMIX_TESTS_RATIONAL_H

#include <stdbool.h>
#include <stddef.h>

struct fraction {
    __extension__ __int128 above, below; /* in lowest terms, below > 0 */
};

struct fraction fraction_of(long long whole);
/* "12", "-0.5", "2.82"; the test ends if it is none. */
struct fraction fraction_read(const char *text);

struct fraction fraction_plus(struct fraction a, struct fraction b);
struct fraction fraction_minus(struct fraction a, struct fraction b);
struct fraction fraction_times(struct fraction a, struct fraction b);
struct fraction fraction_over(struct fraction a, struct fraction b);
int fraction_compare(struct fraction a, struct fraction b); /* -1, 0, 1 */

/* Whole units of 1/10^places, half away from zero. */
long long fraction_round(struct fraction a, int places);
/* The same downwards. */
long long fraction_floor(struct fraction a, int places);

/* "12.50" for 1250 hundredths; `out` holds FRACTION_TEXT bytes. */
enum { FRACTION_TEXT = 48 };
const char *fraction_text(long long units, int places, char out[FRACTION_TEXT]);

#endif
