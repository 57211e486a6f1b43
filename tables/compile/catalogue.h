/* SPDX-License-Identifier: Apache-2.0
 *
 * Code catalogues of a scheme: its diagnoses and its procedures, each sorted by code (byte order: the catalogue's
 * order, in which ranges are meant). Loaded from a text file of lines `code TAB name`, first line `code TAB name`;
 * lines that are blank or start with `#` do not count, nor do columns after the name. */
#ifndef CASEMIX_COMPILE_CATALOGUE_H
#define CASEMIX_COMPILE_CATALOGUE_H

#include "document.h"

enum code_kind { CODE_DIAGNOSIS, CODE_PROCEDURE, CODE_KINDS };
enum { CODE_LENGTH_MAX = 24 }; /* longest in use: 18, A01.000x005+J17.0* */

struct code {
    const char *text;
    uint32_t length;
    const char *name; /* "" if unknown */
    bool added;       /* by the scheme, not in the national catalogue */
};

struct catalogue {
    enum code_kind kind;
    const char *id;     /* "icd10-nhsa-2.0" */
    struct code *codes; /* sorted, no code twice */
    uint32_t count;
};

/* Load a file; messages for lines without TAB, codes twice, codes that are empty, too long or hold characters other
 * than letters, digits, `.`, `+`, `*`. NULL if nothing could be loaded. */
struct catalogue *catalogue_load(struct sources *sources, const char *path, struct place from, enum code_kind kind,
                                 const char *id);

/* A catalogue like `base` with further codes (sorted in); the base is not changed. A code that is there already is
 * kept as it was, with a warning. */
struct catalogue *catalogue_extend(struct arena *arena, struct report *report, const struct catalogue *base,
                                   const struct code *more, const struct place *places, uint32_t count);

/* Number of a code, or UINT32_MAX. */
uint32_t catalogue_find(const struct catalogue *catalogue, const char *code, size_t length);

/* The codes that start with a prefix: [*first, *end). Empty if first == end. */
void catalogue_branch(const struct catalogue *catalogue, const char *prefix, size_t length, uint32_t *first,
                      uint32_t *end);

#endif
