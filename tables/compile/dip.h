/* SPDX-License-Identifier: Apache-2.0
 *
 * A DIP scheme as read from YAML and its catalogue files: the model that checks and the second evaluator look at and
 * tables are built from. Expanded and linked, every overlay applied. What the YAML looks like is told in
 * rules/README.md, what it means for a case in tables/image_dip.h.
 *
 * It hangs on a struct scheme, whose MDCs are then the parts of the catalogue (one step each, of the same code) and whose
 * DRGs are the entries, in the same order as here; so whatever prices or names groups need not know of DIP. */
#ifndef CASEMIX_COMPILE_DIP_H
#define CASEMIX_COMPILE_DIP_H

#include "../decimal.h"
#include "../image_dip.h"
#include "scheme.h"

/* How a code of a catalogue row stands for codes of the code catalogue. */
enum dip_code_match {
    DIP_CODES_EXACT,      /* for itself */
    DIP_CODES_EXTENSIONS, /* and for its extensions: 99.2800 for 99.2800x005 */
    DIP_CODES_BRANCH,     /* for all that start with it: A01.0 for A01.001, 37.94 for 37.9400x001 */
};

struct dip_kind {
    const char *name;
    struct place place;
    struct codeset *procedures; /* NULL: none; a procedure is of the highest kind whose set has it */
    bool surgical;              /* counts as surgery where a step asks for unmatched ones */
};

/* Operations that only count as principal with certain principal diagnoses. */
struct dip_restriction {
    struct codeset *procedures, *diagnoses;
    struct place place;
};

/* One item of an entry's diagnoses: the codes [first, end) of the diagnosis catalogue. */
struct dip_key {
    uint32_t first, end;
    uint32_t length; /* characters without the dot; 0: a range or all diagnoses */
    bool all;        /* all diagnoses, written as the scheme's word for it */
};

/* One of these procedures is there. Numbers in the procedure catalogue, ascending. */
struct dip_need {
    unsigned at; /* IMAGE_DIP_AT_ */
    const uint32_t *exact, *loose;
    uint32_t exact_count, loose_count;
    bool all; /* any procedure at all that counts */
    const char *text; /* as written, for explanations */
};
struct dip_alternative {
    struct dip_need *needs;
    size_t count;
};

struct dip_entry {
    const char *code, *name;
    struct place place;
    uint32_t part, kind;
    struct dip_key *keys;
    size_t key_count;
    struct dip_alternative *operations; /* one at least; one without needs: no operation is asked for */
    size_t operation_count;
    bool conservative;  /* it asks for no operation, and only takes cases of the lowest kind */
    bool of_kind;       /* it takes cases of its own kind only: comprehensive ones */
    struct expression *when;            /* further conditions; EXPR_TRUE: none */
    uint32_t conditions;                /* tests in it */
    const char *diagnoses_text, *operations_text;
    int64_t score, mean_cost, mean_stay; /* as in struct image_dip_entry */
    int64_t *level_means;                /* one a level, -1: none; NULL: none at all */
    bool basic, no_auxiliary;
    struct decimal *values;              /* one a column; denominator 0: an empty cell */
};

struct dip_step {
    const char *name;
    struct place place;
    struct expression *when;
    uint32_t case_kinds; /* bit a kind */
    uint8_t ranks[IMAGE_DIP_PARTS_MAX]; /* of parts, 255: the part is not in it */
    uint32_t entry_kinds; /* bit a kind: only entries of these */
    enum { DIP_OPERATIONS_ANY, DIP_OPERATIONS_SOME, DIP_OPERATIONS_NONE } operations; /* only entries that ask for such */
    enum image_dip_unmatched unmatched;
    enum image_dip_rule rules[IMAGE_DIP_RULES_MAX];
    size_t rule_count;
};

struct dip_factor {
    uint32_t entry;
    int64_t number; /* 1/1000000 */
};
struct dip_class {
    const char *name;
    struct place place;
    struct expression *when;
    int64_t number; /* 1/1000000; -1: only the entries' own */
    struct dip_factor *factors; /* ascending by entry */
    size_t factor_count;
};
struct dip_index {
    const char *name;
    struct place place;
    bool supervision; /* a supervision index; otherwise an auxiliary catalogue */
    struct dip_class *classes;
    size_t class_count;
};

struct dip_level {
    const char *name;
    const char **words; /* further words of the claim for it */
    size_t word_count;
};

struct dip {
    const char **parts; /* names, in order */
    size_t part_count;
    struct dip_kind *kinds; /* lowest first */
    size_t kind_count;
    enum image_dip_case_kind case_kind;
    struct codeset *excluded, *conservative, *not_principal; /* procedures; NULL: none */
    struct dip_restriction *restrictions;
    size_t restriction_count;
    struct codeset *excluded_diagnoses; /* as principal: no group; NULL: none; already widened if so matched */
    bool without_principal;
    struct dip_level *levels;
    size_t level_count;
    const char **columns; /* further numbers of entries, for policies */
    size_t column_count;
    struct dip_entry *entries; /* part after part */
    size_t entry_count;
    struct dip_step *steps;
    size_t step_count;
    struct dip_index *indices; /* auxiliary catalogues, then supervision indices */
    size_t index_count;
    enum image_dip_pick pick;
};

#endif
