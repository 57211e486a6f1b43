/* SPDX-License-Identifier: Apache-2.0
 *
 * An overlay in the making: what overlay.c (groups and conditions) and overlay_sets.c (sets and severity) share. */
#ifndef CASEMIX_IMPORT_OVERLAY_H
#define CASEMIX_IMPORT_OVERLAY_H

#include "import.h"

/* A set of the base should hold what a set of the facts holds, because one stands where the other does. */
struct demand {
    const struct codeset *base;
    struct codeset *wanted;
    uint64_t hash;
    unsigned count;
};

/* What a set of the rules will hold. */
struct final {
    const struct codeset *base; /* NULL: a new one */
    struct codeset *holds;
    uint64_t hash;
    const char *name;
    bool written; /* it is new or changed: it goes under `sets` */
    bool demanded;
};

struct overlay {
    struct writing *w;
    struct arena *arena;
    const struct scheme *base;
    struct scheme *scheme;
    struct demand *demands;
    size_t demand_count, demand_capacity;
    struct final *finals;
    size_t final_count, final_capacity;
    const char *const *anew; /* what must be written although it seems to be there, see overlay_faults */
};

void write_sets(struct overlay *o, struct yaml *yaml, const char *const *anew);
/* The set of the codes that the overlay adds, if it came to be used. */
void write_added(struct overlay *o, struct yaml *yaml);
void make_added(struct overlay *o);
void write_tables(struct overlay *o, struct yaml *yaml, const char *const *anew);
void write_barred_changes(struct overlay *o, struct yaml *yaml);
bool names_have(const char *const *names, const char *name);
bool is_patchable(const struct overlay *o, const struct codeset *set);

#endif
