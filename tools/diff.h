/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two halves of `casemix diff` share: the sides that are compared. */
#ifndef CASEMIX_TOOLS_DIFF_H
#define CASEMIX_TOOLS_DIFF_H

#include <stddef.h>

#include "options.h"

struct diff_side {
    const char *path;
    const void *image; /* compiled in memory */
    size_t image_size;
    const char *scheme, *policy; /* ids; scheme NULL: the one in force at each case's date; policy NULL: none */
};

/* Group every case of a file by both sides and print what moves from group to group. The exit code. */
int diff_cases(const struct options *options, const struct diff_side sides[2]);

#endif
