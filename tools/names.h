/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts and their numbers: the first text seen is 0, the next 1. */
#ifndef CASEMIX_TOOLS_NAMES_H
#define CASEMIX_TOOLS_NAMES_H

#include "output.h"

struct name_block;

struct names {
    casemix_text *items; /* ended by NUL as well; they stay where they are */
    uint32_t count, room;
    uint32_t *slots; /* number + 1, 0: free */
    uint32_t slot_count;
    struct name_block *blocks;
};

uint32_t names_add(struct names *names, const char *text, size_t length);
uint32_t names_find(const struct names *names, const char *text, size_t length); /* UINT32_MAX: it is not there */
/* The numbers in the order of the bytes of their texts; the caller frees it. */
uint32_t *names_sorted(const struct names *names);
int text_order(casemix_text a, casemix_text b);
void names_free(struct names *names);

#endif
