/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two walks of the second evaluator share, DRG (oracle.c) and DIP (dip_oracle.c): a case that was read,
 * and conditions. */
#ifndef CASEMIX_TESTS_ORACLE_PRIVATE_H
#define CASEMIX_TESTS_ORACLE_PRIVATE_H

#include "oracle.h"

enum { TEXT_MAX = 300, LIST_MAX = 4000, UNKNOWN = -1, EMPTY = -2 };

struct oracle {
    const struct scheme *scheme;
    bool compatibility;
    bool used[FACT_COUNT]; /* rules or requirements look at the fact */
    uint32_t *candidates;  /* of a DIP scheme: room for as many as there are entries */
};

/* A case that was read. */
struct patient {
    bool there[FACT_COUNT];
    int64_t number[FACT_COUNT];  /* of a ratio: what is divided */
    int64_t divisor[FACT_COUNT]; /* of a ratio, above 0 */
    char text[FACT_COUNT][TEXT_MAX];
    int codes[CODE_KINDS][LIST_MAX];     /* number in the catalogue, UNKNOWN, or EMPTY; [0] is the principal */
    size_t places[CODE_KINDS][LIST_MAX]; /* where each code stands in the list of the case */
    size_t count[CODE_KINDS];
    casemix_reason barred; /* a principal code keeps the case out of every group; NONE if not */
};

/* Read a case. False: `out` says that it is invalid or needs data. Otherwise its severity is filled. */
bool oracle_prepare(const struct oracle *oracle, const struct plain_case *one, struct patient *patient,
                    struct oracle_answer *out);

bool oracle_holds(const struct scheme *scheme, const struct patient *patient, const struct expression *e);

/* A ratio of the case; it is absent where a part is absent (below 0) or the divisor is 0. */
void oracle_set_ratio(struct patient *patient, enum fact fact, int64_t divided, int64_t divisor);

/* Mark the facts that a condition looks at (NULL: none), and that a DIP scheme does. */
void oracle_mark(const struct expression *e, bool *used);
void dip_oracle_mark(const struct dip *dip, bool *used);

#endif
