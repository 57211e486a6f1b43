/* SPDX-License-Identifier: Apache-2.0
 *
 * The choice of a scheme for each case, where an image has several and the caller named none. */
#ifndef CASEMIX_GROUPER_CHOICE_H
#define CASEMIX_GROUPER_CHOICE_H

#include "context.h"

struct choice {
    const struct scheme_view *scheme;
    uint32_t number;
    uint32_t from, until;        /* 20260131; 0 and UINT32_MAX where it is open */
    const casemix_text *regions; /* the regions it is for; none: for all */
    uint32_t region_count;
};

struct choices {
    casemix_text *texts; /* all regions */
    bool by_date;        /* some scheme has a date of force */
    uint32_t count;
    struct choice items[];
};

/* Prepare the choice for a context. CASEMIX_BAD_ARGUMENT with the ids of two schemes that are in force for the same
 * region at the same time. */
casemix_result context_open_choices(struct casemix_context *context, const char **one, const char **other);
void context_close_choices(struct casemix_context *context);

void context_use_scheme(struct casemix_context *context, uint32_t number);

/* The scheme of the case becomes the context's. False: there is none, and `out` says why. */
bool choose_scheme(struct casemix_context *context, const struct casemix_case *one, casemix_grouping *out);

#endif
