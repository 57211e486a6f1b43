/* SPDX-License-Identifier: Apache-2.0
 *
 * From combinations of diagnosis and operations to the entries of a DIP catalogue. It looks at plain records, at
 * nothing else. */
#ifndef CASEMIX_TOOLS_CLUSTER_H
#define CASEMIX_TOOLS_CLUSTER_H

#include "../names.h"
#include "statistics.h"

/* Cases with the same diagnosis key, operations and treatment kind. In the order of these three. */
struct combination {
    casemix_text diagnosis; /* as long as keys are */
    casemix_text principal; /* operation, absent if there is none */
    casemix_text related;   /* the other operations, ascending, separated by `+` */
    uint32_t kind;          /* of the case, 0 the lowest */
};

struct cluster_rules {
    uint64_t min_cases;
    uint64_t coverage; /* 1/10000 of the cases; 0: min_cases counts */
    uint32_t related;  /* 1/10000: by how much a related operation must change the mean */
};

enum entry_form {
    ENTRY_OPERATION,    /* diagnosis, principal operation, perhaps related ones */
    ENTRY_CONSERVATIVE, /* diagnosis without operations */
    ENTRY_CATEGORY,     /* comprehensive: category and kind */
    ENTRY_LETTER,       /* comprehensive: first letter and kind */
};

struct entry {
    enum entry_form form;
    casemix_text diagnosis, principal, related;
    uint32_t kind; /* of comprehensive ones; CONSERVATIVE: 0 */
    struct summary summary;
    struct yearly *levels; /* study->levels of them */
    uint64_t folded;       /* CONSERVATIVE: cases with operations of the lowest kind only */
};

/* What did not become an entry of its own, or why it did. */
enum merge_reason {
    MERGE_FEW_CASES,    /* a cluster with fewer cases than asked for: to a comprehensive entry */
    MERGE_NO_PRINCIPAL, /* no operation may be principal: to a comprehensive entry */
    MERGE_LOWEST_KIND,  /* operations of the lowest kind, few cases: to the entry without operations */
    MERGE_SAME_COST,    /* related operations that do not change the mean enough */
    MERGE_LEFT_FEW,     /* related operations whose cases others took, or what related operations left */
    MERGE_SPLIT,        /* no merge: related operations that became an entry */
};
struct merge {
    enum merge_reason reason;
    casemix_text diagnosis, principal, related;
    uint64_t cases;
    uint32_t entry;     /* where the cases are now; UINT32_MAX: see the other rows of the cluster */
    int64_t difference; /* 1/10000 of the mean without it; -1: not looked at */
};

struct clustering {
    uint64_t threshold; /* cases that an entry needs */
    struct entry *entries;
    uint32_t count, room;
    uint32_t *entry_of; /* of each combination; UINT32_MAX: it has no case in the years that count */
    struct merge *merges;
    size_t merge_count, merge_room;
    struct names operations; /* their texts */
};

/* sorting: the records of each combination. Entries and merges come in the order of the combinations. */
void cluster_cases(const struct study *study, const struct combination *combinations, uint32_t count,
                   const struct sorting *sorting, const struct cluster_rules *rules, struct clustering *out);
void clustering_free(struct clustering *clustering);

#endif
