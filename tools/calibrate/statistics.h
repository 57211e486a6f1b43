/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases of a history as small records, and what is computed of any set of them: which are trimmed, means of
 * weighted years, spread. Costs are in fen. Everything is exact, and no figure depends on the order of the cases.
 */
#ifndef CASEMIX_TOOLS_STATISTICS_H
#define CASEMIX_TOOLS_STATISTICS_H

#include "../exact.h"

#include "../output.h"

enum {
    YEARS_MAX = 5,
    LEVELS_MAX = 64,
    COST_MOST = 4000000000u, /* fen: 40 million yuan */
    STAY_MOST = 65534,       /* days */
};
#define ABSENT32 UINT32_MAX
#define ABSENT16 UINT16_MAX

struct record {
    uint32_t group;                /* what it is in: a group, or a combination of codes */
    uint32_t cost, drug, material; /* ABSENT32: not said; cost is always there */
    uint16_t stay;                 /* ABSENT16: not said */
    uint8_t year;                  /* since 1900; in a struct study: 0 the oldest that counts */
    uint8_t level, pool;           /* 0: not said */
};
_Static_assert(sizeof(struct record) == 24, "ten million of these must fit");

/* Records in blocks, so that no more than a block is ever moved or unused. */
struct store {
    struct record **blocks;
    size_t block_count, block_room;
    size_t count;
};
enum { STORE_BITS = 16 };
void store_add(struct store *store, const struct record *record);
static inline struct record *store_at(const struct store *store, size_t n) {
    return &store->blocks[n >> STORE_BITS][n & ((1u << STORE_BITS) - 1)];
}
/* The blocks of `from` become part of `to`; `from` is empty then. */
void store_move(struct store *to, struct store *from);
void store_free(struct store *store);

/* What is trimmed of a set of cases. */
struct trim {
    enum trim_rule { TRIM_NONE, TRIM_PERCENTILE, TRIM_INTERVAL } rule;
    uint32_t low,
        high; /* 1/10000: shares of the cases that are below and not above; or multiples of the plain mean */
};

struct study {
    const struct store *store;
    struct trim trim;
    uint32_t weights[YEARS_MAX]; /* oldest first */
    unsigned years, levels;      /* levels: 1 more than there are words for */
};

struct yearly {
    uint64_t count[YEARS_MAX], sum[YEARS_MAX];
};

/* Of a set of cases. */
struct summary {
    uint64_t cases, used;     /* before and after trimming */
    uint32_t low, high;       /* costs that are kept */
    uint64_t sum_before, sum; /* of costs, before and after */
    whole128 squares_before, squares;
    struct yearly cost, drug, material, stay; /* of the cases used */
};

/* members: numbers of records. levels: NULL, or study->levels of them, which get the costs by level. */
void summarise(const struct study *study, const uint32_t *members, size_t count, struct summary *out,
               struct yearly *levels);
void yearly_join(struct yearly *to, const struct yearly *from, unsigned years);
void summary_join(struct summary *to, const struct summary *from,
                  unsigned years); /* of sets without a common case */
uint64_t yearly_cases(const struct yearly *yearly);
/* Sum of weight x mean over the years that have cases, by the sum of these weights; false if there is no case. */
bool yearly_mean(const struct study *study, const struct yearly *yearly, struct quotient *out);

/* Coefficient of variation: standard deviation (of all, not of a sample) by the plain mean, and its square. */
struct quotient variation_square(uint64_t count, uint64_t sum, whole128 squares);
int64_t variation(uint64_t count, uint64_t sum, whole128 squares);                     /* 1/10000; -1: no cases */
int variation_compare(uint64_t count, uint64_t sum, whole128 squares, uint32_t bound); /* bound in 1/10000 */
/* By how much a differs from b: |a - b| / b, in 1/10000. */
int64_t difference_of(struct quotient a, struct quotient b);
bool differs(struct quotient a, struct quotient b, uint32_t share); /* by share / 10000 of b, or more */

/* Members of each group 0 .. groups - 1: those of g are order[first[g]] up to order[first[g + 1]]. Records whose
 * group is not less than groups are left out. */
struct sorting {
    uint32_t *order;
    size_t *first;
};
struct sorting sort_records(const struct store *store, uint32_t groups);
void sorting_free(struct sorting *sorting);

#endif
