/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the generators: a draft of a case, and how conditions become wishes for it. generate.c fills it for
 * DRG, dip_cases.c for DIP. */
#ifndef CASEMIX_TESTS_DRAFT_H
#define CASEMIX_TESTS_DRAFT_H

#include "generate.h"

enum { CODES_MAX = 80, THRESHOLDS_MAX = 64, TARGETS_MAX = 4096, TEXT_BYTES = 8192 };

/* Where a case may be aimed: a DRG of a step, or the step alone. */
struct target {
    const struct mdc *mdc;
    const struct step *step;
    const struct drg *drg; /* NULL for QY */
};

struct draft {
    uint64_t *principal[CODE_KINDS]; /* codes still possible as principal */
    bool wished[CODE_KINDS];         /* a principal code is wished for */
    uint32_t others[CODE_KINDS][CODES_MAX];
    size_t count[CODE_KINDS];
    bool fixed[FACT_COUNT];
    int64_t number[FACT_COUNT];
    const char *word[FACT_COUNT];
};

struct generator {
    const struct scheme *scheme;
    uint64_t seed;
    struct target targets[TARGETS_MAX];
    size_t target_count;
    const struct codeset *sets[CODE_KINDS][TARGETS_MAX]; /* of conditions, to draw plausible codes from */
    size_t set_count[CODE_KINDS];
    int64_t thresholds[FACT_COUNT][THRESHOLDS_MAX];
    size_t threshold_count[FACT_COUNT];
    const char *words[FACT_COUNT][THRESHOLDS_MAX]; /* that conditions ask for */
    size_t word_count[FACT_COUNT];
    bool asked[FACT_COUNT]; /* conditions look at the fact */
    struct draft draft;
    char texts[FACT_COUNT][TEXT_BYTES];
};

/* Remember what a condition (NULL: none) asks for, and a set to draw codes from. */
void draft_note(struct generator *generator, const struct expression *e);
void draft_note_set(struct generator *generator, const struct codeset *set);

void draft_start(struct generator *generator);
/* Make the condition (NULL: none) true, or false, as far as that is easy. */
void draft_wish(struct generator *generator, struct random *random, const struct expression *e, bool wanted);
void draft_set_principal(struct generator *generator, enum code_kind kind, uint32_t code);
void draft_add(struct draft *draft, enum code_kind kind, uint32_t code);

/* A code by chance: of the severity lists, of some condition's set, or any; and one of a set, which has some. */
uint32_t draft_any_code(struct generator *generator, struct random *random, enum code_kind kind);
uint32_t draft_code_of(const struct generator *generator, struct random *random, const struct codeset *set);

/* Write the draft; `dirt` percent of the values are not what they should be. */
void draft_write_codes(struct generator *generator, struct random *random, enum code_kind kind, unsigned dirt);
void draft_write_facts(struct generator *generator, struct random *random, unsigned dirt, struct plain_case *out);

#endif
