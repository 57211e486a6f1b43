/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of groups: cases.csv has their codes only, the image that settled the month has both. */
#ifndef CASEMIX_TOOLS_GROUP_NAMES_H
#define CASEMIX_TOOLS_GROUP_NAMES_H

#include "../names.h"

struct group_names {
    struct names codes;
    casemix_text *names; /* by number of the code */
    size_t room;
};

/* The first name of a code counts; both texts are copied. */
void group_names_add(struct group_names *names, casemix_text code, casemix_text name);
void group_names_free(struct group_names *names);
/* Absent where it is not known; names may be NULL. */
casemix_text group_name(const struct group_names *names, casemix_text code);

#endif
