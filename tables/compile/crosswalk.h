/* SPDX-License-Identifier: Apache-2.0
 *
 * The crosswalk of a code catalogue: which code of the insurance version stands for a code of the clinical one. A text
 * file of lines `from TAB to`, first line `from TAB to`; only the pairs that differ. */
#ifndef CASEMIX_COMPILE_CROSSWALK_H
#define CASEMIX_COMPILE_CROSSWALK_H

#include "catalogue.h"

struct crossing {
    const char *from; /* at most CODE_LENGTH_MAX bytes */
    uint32_t length;
    uint32_t to;      /* number in the catalogue */
};

struct crosswalk {
    struct crossing *crossings; /* sorted by `from`, none twice */
    uint32_t count;
};

/* Messages for lines without TAB, codes twice, and targets that the catalogue does not have. NULL if the file cannot be
 * read. */
struct crosswalk *crosswalk_load(struct sources *sources, const char *path, struct place from,
                                 const struct catalogue *catalogue);

#endif
