/* SPDX-License-Identifier: Apache-2.0
 *
 * How an explanation is told: the words of an event are put together in the context, then the event is given away.
 */
#ifndef CASEMIX_GROUPER_TELLING_H
#define CASEMIX_GROUPER_TELLING_H

#include "context.h"

struct telling {
    struct casemix_context *context;
    casemix_trace_fn *tell;
    void *user;
    size_t used; /* of context->detail */
};

void detail_clear(struct telling *telling);
/* Cut at the end of the room, at a whole character. */
void detail_add(struct telling *telling, const char *text);
void detail_format(struct telling *telling, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add the tests that decide a condition: of a met one those that hold it up, of a failed one those that let it
 * fall. */
void detail_decisive(struct telling *telling, uint32_t expression, bool met);

/* Give the event away, with the detail. */
void tell_event(const struct telling *telling, casemix_trace event);

/* The end of the search. */
void tell_answer(const struct telling *telling, const casemix_grouping *answer);

#endif
