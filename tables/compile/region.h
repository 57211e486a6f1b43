/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions: the cases that a conjunction of tests lets through, in a form that can be cut and compared. What cannot
 * be told exactly (a sum over several positions, `atleast`) is kept as a whole and only compared for being the
 * same. A region may therefore hold more cases than can be, never fewer: who finds it empty may rely on it. */
#ifndef CASEMIX_COMPILE_REGION_H
#define CASEMIX_COMPILE_REGION_H

#include "fact_table.h"

enum { REGION_HITS_MAX = 24, REGION_PARTS_MAX = 24, REGION_CONDITION_NODES = 200, REGIONS_MAX = 50000 };

/* The values that a fact may have; `absent`: or none at all. */
struct span {
    int64_t low, high; /* low > high: no value */
    bool absent;
};

/* A code of `set` stands at one of the positions `where`, not at the principal one alone. */
struct hit {
    enum code_kind kind;
    unsigned where;
    const uint64_t *set;
};

struct region {
    bool empty;                            /* no case: nothing else of it counts */
    bool inexact;                          /* a test found no room and is not in it */
    const uint64_t *principal[CODE_KINDS]; /* codes that the principal one may be; NULL: any */
    bool no_principal[CODE_KINDS];         /* or there is none, or one that is in no catalogue */
    const uint64_t *banned[CODE_KINDS];    /* codes that no other position may have; NULL: none */
    unsigned need, forbid;                 /* severities */
    struct span spans[FACT_COUNT];
    struct hit hits[REGION_HITS_MAX];
    struct part parts[REGION_PARTS_MAX]; /* all that is told in no other way */
    size_t hit_count, part_count;
    uint64_t *own_principal[CODE_KINDS], *own_banned[CODE_KINDS]; /* memory to write in, kept over region_copy */
};

struct regions {
    struct arena *arena;
    const struct scheme *scheme;
    size_t words[CODE_KINDS]; /* of a bit set */
    size_t steps;             /* comparisons done so far, as a measure of work */
    size_t made;              /* regions made so far */
};

/* All cases that a scheme takes in. */
void region_all(struct regions *regions, struct region *out);

/* As `from`, which must live and stay as it is while the copy is used. */
void region_copy(struct region *out, const struct region *from);

/* Keep the cases that meet a test. */
void region_require(struct regions *regions, struct region *region, const struct part *part);

/* A region for each alternative of a condition within each of some regions; empty ones are left out. False: there
 * would be too many, or the condition is too large to look at. At most REGIONS_MAX are made for a scheme. */
struct region_list {
    struct region **items;
    size_t count, capacity;
};
bool regions_of(struct regions *regions, const struct region_list *within, const struct expression *when,
                struct region_list *out);

/* How the cases of one region stand to the tests of another. */
enum stand { STAND_APART, STAND_WITHIN, STAND_OPEN };

/* A test of a region that some cases of another meet and some do not; and a way not to meet it. */
struct way {
    enum { WAY_PART, WAY_BELOW, WAY_ABOVE, WAY_HIT, WAY_BANNED, WAY_PRINCIPAL, WAY_NEED, WAY_FORBID } kind;
    unsigned number; /* which one of its kind */
};
enum { WAYS_MAX = REGION_HITS_MAX + REGION_PARTS_MAX + 2 * FACT_COUNT + 2 * CODE_KINDS + 4 };

/* STAND_OPEN: the ways in which a case of `region` is not in `other`; every such case goes one of them. */
enum stand region_stand(struct regions *regions, const struct region *region, const struct region *other,
                        struct way ways[WAYS_MAX], size_t *way_count);

/* Keep the cases that go this way. */
void region_go(struct regions *regions, struct region *region, const struct region *other, const struct way *way);

/* Bit sets of `count` words. */
bool bits_meet(const uint64_t *a, const uint64_t *b, size_t count);
bool bits_within(const uint64_t *a, const uint64_t *b, size_t count); /* all of a are in b */
bool bits_any(const uint64_t *a, size_t count);

#endif
