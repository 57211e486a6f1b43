/* SPDX-License-Identifier: Apache-2.0
 *
 * See dip_cases.h. The operations are kept as a list of their own until all is done to them; everything else is a
 * draft as for DRG. */
#include "dip_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"

enum { OPERATIONS_MAX = 30, NEIGHBOURS = 4 };

struct dip_generator {
    struct generator *base;
    const struct dip *dip;
    struct random random;
    const struct dip_entry *entry, *rival; /* that this case is aimed at, and one beside it */
    uint32_t operations[OPERATIONS_MAX];   /* the principal one first */
    size_t operation_count;
    int64_t mean; /* of the entry for the level of this case; -1: none */
};

/* ---- the scheme ------------------------------------------------------------------------------------------- */

static void note_dip(struct generator *base, const struct dip *dip) {
    for (size_t e = 0; e < dip->entry_count; e++) {
        draft_note(base, dip->entries[e].when);
    }
    for (size_t s = 0; s < dip->step_count; s++) {
        draft_note(base, dip->steps[s].when);
    }
    for (size_t i = 0; i < dip->index_count; i++) {
        for (size_t c = 0; c < dip->indices[i].class_count; c++) {
            draft_note(base, dip->indices[i].classes[c].when);
        }
    }
    for (size_t k = 0; k < dip->kind_count; k++) {
        draft_note_set(base, dip->kinds[k].procedures);
    }
    for (size_t r = 0; r < dip->restriction_count; r++) {
        draft_note_set(base, dip->restrictions[r].procedures);
        draft_note_set(base, dip->restrictions[r].diagnoses);
    }
    draft_note_set(base, dip->excluded);
    draft_note_set(base, dip->conservative);
    draft_note_set(base, dip->not_principal);
    draft_note_set(base, dip->excluded_diagnoses);
    base->asked[FACT_COST] = true; /* by tie rules */
}

struct dip_generator *dip_generator_new(const struct scheme *scheme, uint64_t seed) {
    struct dip_generator *generator = calloc(1, sizeof *generator);
    if (!generator) {
        abort();
    }
    generator->base = generator_new(scheme, seed);
    generator->dip = scheme->dip;
    note_dip(generator->base, scheme->dip);
    return generator;
}

void dip_generator_free(struct dip_generator *generator) {
    if (generator) {
        generator_free(generator->base);
        free(generator);
    }
}

/* ---- codes ------------------------------------------------------------------------------------------------ */

static const struct catalogue *catalogue_of(const struct dip_generator *generator, enum code_kind kind) {
    return generator->base->scheme->catalogues[kind];
}

static uint64_t below(struct dip_generator *generator, uint64_t end) {
    return random_below(&generator->random, end);
}

static bool chance(struct dip_generator *generator, unsigned percent) {
    return random_chance(&generator->random, percent);
}

/* A code of the catalogue a few places from another: an extension of it, or of the same category. */
static uint32_t beside(struct dip_generator *generator, enum code_kind kind, uint32_t code) {
    int64_t other = (int64_t)code + random_between(&generator->random, -3, 3);
    return other < 0 || other >= catalogue_of(generator, kind)->count ? code : (uint32_t)other;
}

static uint32_t diagnosis_of(struct dip_generator *generator, const struct dip_entry *entry) {
    const struct dip_key *key = &entry->keys[below(generator, entry->key_count)];
    if (key->all || key->end <= key->first) {
        return draft_any_code(generator->base, &generator->random, CODE_DIAGNOSIS);
    }
    uint64_t way = below(generator, 10); /* the ends of ranges, or anything in them */
    return way == 0   ? key->first
           : way == 1 ? key->end - 1
                      : key->first + (uint32_t)below(generator, key->end - key->first);
}

static void insert_operation(struct dip_generator *generator, size_t at, uint32_t code) {
    if (generator->operation_count < OPERATIONS_MAX) {
        memmove(generator->operations + at + 1, generator->operations + at,
                (generator->operation_count - at) * sizeof *generator->operations);
        generator->operations[at] = code;
        generator->operation_count++;
    }
}

static void insert_anywhere(struct dip_generator *generator, uint32_t code) {
    insert_operation(generator, below(generator, generator->operation_count + 1), code);
}

static uint32_t member_of(struct dip_generator *generator, const struct dip_need *need) {
    bool loose = need->loose_count > 0 && (need->exact_count == 0 || chance(generator, 40));
    if (need->all || need->exact_count + need->loose_count == 0) {
        return draft_any_code(generator->base, &generator->random, CODE_PROCEDURE);
    }
    return loose ? need->loose[below(generator, need->loose_count)]
                 : need->exact[below(generator, need->exact_count)];
}

static void meet(struct dip_generator *generator, const struct dip_need *need) {
    uint32_t code = member_of(generator, need);
    if (need->at == IMAGE_DIP_AT_PRINCIPAL) {
        insert_operation(generator, 0, code);
    } else if (need->at == IMAGE_DIP_AT_OTHER) {
        insert_operation(generator, generator->operation_count, code);
    } else {
        insert_anywhere(generator, code);
    }
}

static void meet_entry(struct dip_generator *generator, const struct dip_entry *entry) {
    const struct dip_alternative *way = &entry->operations[below(generator, entry->operation_count)];
    for (size_t n = 0; n < way->count; n++) {
        meet(generator, &way->needs[n]);
    }
}

/* ---- missing by one thing --------------------------------------------------------------------------------- */

static const struct codeset *odd_set(struct dip_generator *generator) {
    const struct dip *dip = generator->dip;
    const struct codeset *sets[] = {dip->excluded, dip->conservative, dip->not_principal, NULL};
    if (dip->restriction_count > 0) {
        sets[3] = dip->restrictions[below(generator, dip->restriction_count)].procedures;
    }
    return sets[below(generator, 4)];
}

static void insert_of(struct dip_generator *generator, size_t at, const struct codeset *set) {
    if (set && set->count > 0) {
        insert_operation(generator, at, draft_code_of(generator->base, &generator->random, set));
    }
}

static void disturb_operations(struct dip_generator *generator, uint64_t way) {
    size_t count = generator->operation_count, which = below(generator, count);
    uint32_t first = count > 0 ? generator->operations[0] : 0;
    if (way == 0 && count > 0) { /* one fewer */
        memmove(generator->operations + which, generator->operations + which + 1,
                (count - which - 1) * sizeof *generator->operations);
        generator->operation_count--;
    } else if (way == 1 && count > 0) { /* another one nearby */
        generator->operations[which] = beside(generator, CODE_PROCEDURE, generator->operations[which]);
    } else if (way == 2) { /* one more of some kind */
        insert_anywhere(generator, draft_any_code(generator->base, &generator->random, CODE_PROCEDURE));
        insert_of(generator, below(generator, generator->operation_count + 1),
                  generator->dip->kinds[below(generator, generator->dip->kind_count)].procedures);
    } else if (way == 3 && count > 1) { /* another principal one */
        generator->operations[0] = generator->operations[which];
        generator->operations[which] = first;
    } else if (way == 4) { /* one that does not count, or not as principal, often before all others */
        insert_of(generator, chance(generator, 60) ? 0 : below(generator, count + 1), odd_set(generator));
        insert_of(generator, chance(generator, 60) ? 0 : below(generator, count + 1), odd_set(generator));
    } else if (way == 5 && count > 0) { /* one twice */
        insert_anywhere(generator, generator->operations[which]);
    } else if (way == 6) { /* those of an entry beside this one too */
        meet_entry(generator, generator->rival);
    }
}

static uint32_t disturb_diagnosis(struct dip_generator *generator, uint32_t code) {
    const struct codeset *excluded = generator->dip->excluded_diagnoses;
    if (chance(generator, 30) && excluded && excluded->count > 0) {
        return draft_code_of(generator->base, &generator->random, excluded);
    }
    return chance(generator, 30) ? diagnosis_of(generator, generator->rival)
                                 : beside(generator, CODE_DIAGNOSIS, code);
}

/* ---- facts ------------------------------------------------------------------------------------------------ */

static int64_t mean_at(const struct dip_entry *entry, int level) {
    bool own = level >= 0 && entry->level_means && entry->level_means[level] >= 0;
    return own ? entry->level_means[level] : entry->mean_cost;
}

/* The number of the level, -1 if the word is none or there is no word. */
static int choose_level(struct dip_generator *generator) {
    const struct dip *dip = generator->dip;
    char *text = generator->base->texts[FACT_HOSPITAL_LEVEL];
    if (dip->level_count == 0 || chance(generator, 15)) {
        generator->base->draft.word[FACT_HOSPITAL_LEVEL] = chance(generator, 50) ? NULL : "Q7";
        return -1;
    }
    int number = (int)below(generator, dip->level_count);
    const struct dip_level *level = &dip->levels[number];
    uint64_t word = below(generator, level->word_count + 1);
    snprintf(text, TEXT_BYTES, chance(generator, 5) ? " %s " : "%s",
             word == 0 ? level->name : level->words[word - 1]);
    generator->base->draft.word[FACT_HOSPITAL_LEVEL] = text;
    return number;
}

static void fix(struct dip_generator *generator, enum fact fact, int64_t number) {
    generator->base->draft.number[fact] = number < 0 ? 0 : number;
    generator->base->draft.fixed[fact] = true;
}

__extension__ typedef __int128 exact;

/* base * ratio, which is in halves of 1/10000; sometimes a little beside it. */
static int64_t times(struct dip_generator *generator, int64_t base, int64_t ratio, int64_t divisor) {
    exact product = (exact)base * ratio / 20000 / divisor;
    int64_t result = product > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)product;
    return result + (chance(generator, 50) ? 0 : random_between(&generator->random, -1, 1));
}

/* Near the mean of the entry, or in the middle between it and the one beside it. */
static void choose_cost(struct dip_generator *generator, int level) {
    int64_t other = mean_at(generator->rival, level), mean = generator->mean;
    if (mean < 0) {
        return;
    }
    int64_t step = chance(generator, 60) ? random_between(&generator->random, -1, 1) : 0;
    if (other >= 0 && chance(generator, 50)) {
        fix(generator, FACT_COST, mean / 2 + other / 2 + (mean % 2 + other % 2) / 2 + step);
    } else if (chance(generator, 50)) {
        fix(generator, FACT_COST, mean + step);
    } else {
        fix(generator, FACT_COST, times(generator, mean, random_between(&generator->random, 1, 80000), 1));
    }
}

static void meet_ratio(struct dip_generator *generator, enum fact ratio, enum fact part) {
    struct draft *draft = &generator->base->draft;
    if (draft->fixed[ratio]) {
        if (!draft->fixed[FACT_COST]) {
            fix(generator, FACT_COST,
                random_between(&generator->random, 0, 200) * 50000000 + random_between(&generator->random, 0, 3));
        }
        fix(generator, part, times(generator, draft->number[FACT_COST], draft->number[ratio], 1));
    }
}

/* Ratios that were wished for, by their parts. */
static void meet_ratios(struct dip_generator *generator) {
    struct draft *draft = &generator->base->draft;
    if (draft->fixed[FACT_COST_RATIO] && generator->mean >= 0) {
        fix(generator, FACT_COST, times(generator, generator->mean, draft->number[FACT_COST_RATIO], 1));
    }
    if (draft->fixed[FACT_STAY_RATIO] && generator->entry->mean_stay >= 0) {
        int64_t days = times(generator, generator->entry->mean_stay, draft->number[FACT_STAY_RATIO], 10000);
        fix(generator, FACT_STAY, days > INT32_MAX ? INT32_MAX : days);
    }
    meet_ratio(generator, FACT_DRUG_SHARE, FACT_DRUG_COST);
    meet_ratio(generator, FACT_MATERIAL_SHARE, FACT_MATERIAL_COST);
    meet_ratio(generator, FACT_THERAPY_SHARE, FACT_THERAPY_COST);
    meet_ratio(generator, FACT_TCM_SHARE, FACT_TCM_COST);
}

/* ---- a case ----------------------------------------------------------------------------------------------- */

/* An entry of any part, or of the parts alike: some have many more entries than others. */
static void choose_entry(struct dip_generator *generator) {
    size_t count = generator->dip->entry_count, which = below(generator, count);
    uint64_t part = below(generator, generator->dip->part_count);
    for (size_t tries = 0; tries < 50 && chance(generator, 98) && generator->dip->entries[which].part != part;
         tries++) {
        which = below(generator, count);
    }
    int64_t beside_it = (int64_t)which + random_between(&generator->random, -NEIGHBOURS, NEIGHBOURS);
    generator->entry = &generator->dip->entries[which];
    generator->rival =
        &generator->dip
             ->entries[beside_it < 0 || (size_t)beside_it >= count ? below(generator, count) : (size_t)beside_it];
}

static void wish_conditions(struct dip_generator *generator) {
    const struct dip *dip = generator->dip;
    struct generator *base = generator->base;
    draft_wish(base, &generator->random, generator->entry->when, !chance(generator, 7));
    if (dip->step_count > 0 && chance(generator, 40)) {
        draft_wish(base, &generator->random, dip->steps[below(generator, dip->step_count)].when,
                   !chance(generator, 20));
    }
    for (int i = 0; i < 2 && dip->index_count > 0 && chance(generator, 50); i++) {
        const struct dip_index *index = &dip->indices[below(generator, dip->index_count)];
        if (index->class_count > 0) {
            draft_wish(base, &generator->random, index->classes[below(generator, index->class_count)].when,
                       !chance(generator, 20));
        }
    }
}

static void add_others(struct dip_generator *generator) {
    static const unsigned many[] = {0, 0, 0, 1, 1, 2, 3, 12};
    uint64_t count = many[below(generator, 8)];
    for (uint64_t i = 0; i < count; i++) {
        draft_add(&generator->base->draft, CODE_DIAGNOSIS,
                  draft_any_code(generator->base, &generator->random, CODE_DIAGNOSIS));
    }
    if (chance(generator, 15)) {
        insert_anywhere(generator, draft_any_code(generator->base, &generator->random, CODE_PROCEDURE));
    }
}

/* The operations into the draft, before conditions narrow what is still open. */
static void place_operations(struct dip_generator *generator) {
    for (size_t i = 0; i < generator->operation_count; i++) {
        if (i == 0) {
            draft_set_principal(generator->base, CODE_PROCEDURE, generator->operations[0]);
        } else {
            draft_add(&generator->base->draft, CODE_PROCEDURE, generator->operations[i]);
        }
    }
}

/* Now and then a fact is not there. */
static void drop_fact(struct dip_generator *generator, struct plain_case *out) {
    static const enum fact dropped[] = {FACT_COST,     FACT_COST,           FACT_AGE,
                                        FACT_AGE_DAYS, FACT_WEIGHT,         FACT_STAY,
                                        FACT_SEX,      FACT_HOSPITAL_LEVEL, FACT_DRUG_COST};
    if (chance(generator, 25)) {
        out->facts[dropped[below(generator, sizeof dropped / sizeof *dropped)]] = NULL;
    }
}

static void write_case(struct dip_generator *generator, unsigned dirt, struct plain_case *out) {
    struct generator *base = generator->base;
    struct random *random = &generator->random;
    draft_write_codes(base, random, CODE_DIAGNOSIS, dirt);
    draft_write_codes(base, random, CODE_PROCEDURE, dirt);
    draft_write_facts(base, random, dirt / 3, out);
    out->facts[FACT_DIAGNOSES] = chance(generator, 2) ? NULL : base->texts[FACT_DIAGNOSES];
    char *procedures = base->texts[FACT_PROCEDURES];
    size_t length = strlen(procedures);
    if (chance(generator, 2) && length + 2 < TEXT_BYTES) { /* none stands in the first place */
        memmove(procedures + 1, procedures, length + 1);
        procedures[0] = '|';
    }
    out->facts[FACT_PROCEDURES] = base->draft.wished[CODE_PROCEDURE] ? procedures : NULL;
    drop_fact(generator, out);
}

void dip_generator_case(struct dip_generator *generator, uint64_t n, struct plain_case *out) {
    struct generator *base = generator->base;
    generator->random = (struct random){base->seed ^ (n + 1) * 0xD1342543DE82EF95u};
    random_next(&generator->random);
    memset(out, 0, sizeof *out);
    generator->operation_count = 0;
    unsigned dirt = chance(generator, 70) ? 0 : 5; /* percent of values */
    draft_start(base);
    choose_entry(generator);
    uint32_t diagnosis = diagnosis_of(generator, generator->entry);
    draft_set_principal(base, CODE_DIAGNOSIS,
                        chance(generator, 6) ? disturb_diagnosis(generator, diagnosis) : diagnosis);
    meet_entry(generator, generator->entry);
    for (int i = 0; i < 2 && chance(generator, 45); i++) {
        disturb_operations(generator, below(generator, 7));
    }
    add_others(generator);
    place_operations(generator);
    wish_conditions(generator);
    int level = choose_level(generator);
    generator->mean = mean_at(generator->entry, level);
    if (!base->draft.fixed[FACT_COST]) {
        choose_cost(generator, level);
    }
    meet_ratios(generator);
    write_case(generator, dirt, out);
    snprintf(base->texts[FACT_ID], TEXT_BYTES, "%llu", (unsigned long long)n);
    out->facts[FACT_ID] = base->texts[FACT_ID];
}
