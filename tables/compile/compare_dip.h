/* SPDX-License-Identifier: Apache-2.0
 *
 * The comparison of DIP schemes. */
#ifndef CASEMIX_COMPILE_COMPARE_DIP_H
#define CASEMIX_COMPILE_COMPARE_DIP_H

#include "compare.h"
#include "dip.h"

/* Kinds, operations, levels, search, auxiliary catalogues and supervision indices, then the entries. */
void compare_dip(struct comparison *c);

/* ---- between the files that make it up ---- */

/* The entry of each code in either scheme: its number in the other, UINT32_MAX if it is not there. */
struct entry_maps {
    uint32_t *to_b, *to_a;
};
struct entry_maps map_entries(struct comparison *c);

void compare_entries(struct comparison *c, const struct entry_maps *maps);

/* A number of 1/10^places in words: "856.3241", "none" for -1. */
const char *amount_words(struct comparison *c, int64_t number, int places);

/* Sets of codes, each NULL or empty if there are none: told if they differ. */
void compare_code_sets(struct comparison *c, const struct codeset *a, const struct codeset *b, enum code_kind kind,
                       const char *part, const char *subject, const char *what);

#endif
