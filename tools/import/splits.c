/* SPDX-License-Identifier: Apache-2.0
 *
 * DRGs whose codes end alike mostly have the same condition, and a name made of the ADRG's and the same words. These are
 * found by majority, so that the rules need not repeat them. */
#include "import.h"

#include <stdlib.h>
#include <string.h>

/* What stands behind the ADRG's code; of a code that does not start so, the last character. */
static const char *ending(const struct step *step, const struct drg *drg) {
    size_t length = strlen(step->code);
    if (strncmp(drg->code, step->code, length) == 0 && drg->code[length] != '\0') {
        return drg->code + length;
    }
    size_t at = strlen(drg->code);
    for (at -= at > 0; at > 0 && ((unsigned char)drg->code[at] & 0xC0) == 0x80; at--) {
    }
    return drg->code + at;
}

const struct split *splits_of(const struct split *splits, size_t count, const char *drg) {
    const struct split *best = NULL;
    size_t length = strlen(drg);
    for (size_t i = 0; i < count; i++) {
        size_t end = strlen(splits[i].key);
        if (end < length && strcmp(drg + length - end, splits[i].key) == 0 &&
            (best == NULL || end > strlen(best->key))) {
            best = &splits[i];
        }
    }
    return best;
}

/* A vote for a condition or for words. */
struct vote {
    uint64_t hash;
    struct expression *when;
    const char *name;
    unsigned count;
};

struct poll {
    const char *key;
    struct vote *conditions, *names;
    size_t condition_count, condition_capacity, name_count, name_capacity;
};

static const struct split *same_key(const struct scheme *base, const char *key) {
    for (size_t i = 0; base != NULL && i < base->split_count; i++) {
        if (strcmp(base->splits[i].key, key) == 0) {
            return &base->splits[i];
        }
    }
    return NULL;
}

static void cast_condition(struct arena *arena, struct poll *poll, struct expression *when, unsigned count) {
    uint64_t hash = expression_hash(when);
    for (size_t i = 0; i < poll->condition_count; i++) {
        if (poll->conditions[i].hash == hash) {
            poll->conditions[i].count += count;
            return;
        }
    }
    struct vote vote = {.hash = hash, .when = when, .count = count};
    ARENA_PUSH(arena, poll->conditions, poll->condition_count, poll->condition_capacity, vote);
}

static void cast_name(struct arena *arena, struct poll *poll, const char *name, unsigned count) {
    for (size_t i = 0; i < poll->name_count; i++) {
        if (strcmp(poll->names[i].name, name) == 0) {
            poll->names[i].count += count;
            return;
        }
    }
    struct vote vote = {.name = name, .count = count};
    ARENA_PUSH(arena, poll->names, poll->name_count, poll->name_capacity, vote);
}

static const struct vote *winner(const struct vote *votes, size_t count) {
    const struct vote *best = &votes[0];
    for (size_t i = 1; i < count; i++) {
        best = votes[i].count > best->count ? &votes[i] : best;
    }
    return best;
}

/* Has the condition sets of codes? Such a one belongs to its own group. */
static bool asks_codes(const struct expression *when) {
    bool asks = when->op == EXPR_IN || when->op == EXPR_COUNT;
    for (size_t i = 0; !asks && when->op != EXPR_AMONG && i < when->count; i++) {
        asks = asks_codes(when->children[i]);
    }
    return asks;
}

static void cast(struct arena *arena, struct poll *poll, const struct step *step, const struct drg *drg) {
    size_t length = strlen(step->name);
    if (!asks_codes(drg->when)) {
        cast_condition(arena, poll, drg->when, 2);
    }
    if (strncmp(drg->name, step->name, length) == 0) {
        cast_name(arena, poll, drg->name + length, 2);
    }
}

static int compare_splits(const void *left, const void *right) {
    return strcmp(((const struct split *)left)->key, ((const struct split *)right)->key);
}

static void count_votes(struct arena *arena, struct scheme *scheme, const struct scheme *base, const struct poll *polls,
                        size_t count) {
    scheme->splits = ARENA_ARRAY(arena, struct split, count + (base != NULL ? base->split_count : 0) + 1);
    for (size_t i = 0; i < count; i++) {
        struct split split = {.key = polls[i].key, .name = ""};
        const struct split *there = same_key(base, split.key);
        if (polls[i].condition_count > 0) {
            split.when = winner(polls[i].conditions, polls[i].condition_count)->when;
        } else if (there != NULL) {
            split.when = there->when;
        } else {
            continue; /* every one of these says its own */
        }
        split.name = polls[i].name_count > 0 ? winner(polls[i].names, polls[i].name_count)->name : there != NULL ? there->name : "";
        scheme->splits[scheme->split_count++] = split;
    }
    size_t found = scheme->split_count;
    for (size_t i = 0; base != NULL && i < base->split_count; i++) { /* a base's split is never lost */
        const struct scheme only = {.splits = scheme->splits, .split_count = found};
        if (same_key(&only, base->splits[i].key) == NULL) {
            scheme->splits[scheme->split_count++] = base->splits[i];
        }
    }
    qsort(scheme->splits, scheme->split_count, sizeof *scheme->splits, compare_splits);
}

static void mark_exceptions(struct arena *arena, struct scheme *scheme, struct step *step) {
    for (size_t d = 0; d < step->drg_count; d++) {
        struct drg *drg = &step->drgs[d];
        const struct split *split = splits_of(scheme->splits, scheme->split_count, drg->code);
        drg->own_when = split == NULL || expression_hash(split->when) != expression_hash(drg->when);
        const char *name = arena_format(arena, "%s%s", step->name, split == NULL ? "" : split->name);
        drg->named = strcmp(name, drg->name) == 0 ? NAME_BY_SPLIT : NAME_OWN;
    }
}

void splits_find(struct arena *arena, struct scheme *scheme, const struct scheme *base) {
    struct poll *polls = NULL;
    size_t count = 0, capacity = 0;
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            const struct step *step = scheme->mdcs[m]->steps[s];
            for (size_t d = 0; d < step->drg_count; d++) {
                const char *key = ending(step, &step->drgs[d]);
                size_t at = 0;
                while (at < count && strcmp(polls[at].key, key) != 0) {
                    at++;
                }
                if (at == count) {
                    struct poll poll = {.key = key};
                    const struct split *there = same_key(base, key);
                    if (there != NULL) {
                        cast_condition(arena, &poll, there->when, 1);
                        cast_name(arena, &poll, there->name, 1);
                    }
                    ARENA_PUSH(arena, polls, count, capacity, poll);
                }
                cast(arena, &polls[at], step, &step->drgs[d]);
            }
        }
    }
    count_votes(arena, scheme, base, polls, count);
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            mark_exceptions(arena, scheme, scheme->mdcs[m]->steps[s]);
        }
    }
}
