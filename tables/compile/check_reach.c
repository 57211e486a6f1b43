/* SPDX-License-Identifier: Apache-2.0
 *
 * The review of a scheme: MDCs, ADRGs and DRGs that no case comes to. For each it is asked whether a case is left
 * that meets its conditions and none of those that are tried before it and take their cases for good. The search
 * cuts away what each of them takes; where there are several ways not to be taken, it goes them one by one. It
 * stops after a while: then the group counts as within reach. */
#include "check.h"

#include <string.h>

enum {
    DEPTH_MAX = 40,      /* ways gone one after the other */
    BRANCHES_MAX = 200,  /* for one group */
    ROUNDS_MAX = 12,     /* over all that take cases, before a way must be chosen */
    STEPS_MAX = 4000000, /* comparisons for one scheme: about a second */
    NAMED_MAX = 5,       /* groups named in one message */
    OWNERS_MAX = 60,     /* tried to be left out of a message */
};

/* Cases that are taken for good, and by whom. */
struct taker {
    const struct region *region;
    const struct step *step;
    const struct drg *drg; /* NULL: by the step as a whole */
    bool used;             /* the search needed it */
    bool left_out;
};

struct takers {
    struct taker *items;
    size_t count, capacity;
};

struct reach {
    struct review *review;
    struct region *states[DEPTH_MAX + 1];
    unsigned branches;
    struct takers before;                         /* all so far, in order */
    struct takers near_mdc, near_step, own, used; /* for one MDC or step at a time; kept for their memory */
};

static bool too_much(const struct reach *reach) {
    return reach->review->regions.steps > STEPS_MAX || reach->review->regions.made > REGIONS_MAX;
}

/* ---- the search ---- */

/* Cut away what can be cut without a choice. True: nothing is left. *open: one that leaves a choice, with its ways.
 */
static bool cut(struct reach *reach, struct takers *takers, struct region *state, struct taker **open,
                struct way ways[WAYS_MAX], size_t *way_count) {
    struct regions *regions = &reach->review->regions;
    bool changed = true;
    for (unsigned round = 0; changed && round < ROUNDS_MAX; round++) {
        changed = false;
        *open = NULL;
        for (size_t i = 0; i < takers->count; i++) {
            struct taker *taker = &takers->items[i];
            struct way now[WAYS_MAX];
            size_t count = 0;
            enum stand stand =
                taker->left_out ? STAND_APART : region_stand(regions, state, taker->region, now, &count);
            if (stand == STAND_APART) {
                continue;
            }
            if (stand == STAND_WITHIN || count == 1) {
                taker->used = true;
            }
            if (stand == STAND_WITHIN) {
                return true;
            }
            if (count == 1) {
                region_go(regions, state, taker->region, &now[0]);
                changed = true;
                if (state->empty) {
                    return true;
                }
            } else if (*open == NULL) {
                *open = taker;
                memcpy(ways, now, count * sizeof *now);
                *way_count = count;
            }
        }
    }
    return false;
}

/* Is every case of the state at this depth taken? */
static bool all_taken(struct reach *reach, struct takers *takers, unsigned depth) {
    struct region *state = reach->states[depth];
    struct taker *open = NULL;
    struct way ways[WAYS_MAX];
    size_t way_count = 0;
    if (cut(reach, takers, state, &open, ways, &way_count)) {
        return true;
    }
    if (open == NULL || depth == DEPTH_MAX || ++reach->branches > BRANCHES_MAX || too_much(reach)) {
        return false;
    }
    open->used = true;
    if (reach->states[depth + 1] == NULL) {
        reach->states[depth + 1] = ARENA_NEW(reach->review->arena, struct region);
    }
    for (size_t i = 0; i < way_count; i++) {
        struct region *next = reach->states[depth + 1];
        region_copy(next, state);
        region_go(&reach->review->regions, next, open->region, &ways[i]);
        if (!next->empty && !all_taken(reach, takers, depth + 1)) {
            return false;
        }
    }
    return true;
}

/* A fact that the scheme cannot do without is there. */
static void apply_requirements(struct reach *reach, struct region *state) {
    const struct scheme *scheme = reach->review->scheme;
    struct way ways[WAYS_MAX];
    size_t count;
    for (size_t i = 0; i < scheme->requirement_count; i++) {
        const struct requirement *need = &scheme->requirements[i];
        struct part part = {need->when, false};
        struct region asked;
        if (need->when == NULL || need->when->op != EXPR_COMPARE || !state->spans[need->fact].absent) {
            continue;
        }
        region_all(&reach->review->regions, &asked);
        region_require(&reach->review->regions, &asked, &part);
        if (!asked.empty && region_stand(&reach->review->regions, state, &asked, ways, &count) == STAND_WITHIN) {
            struct span *span = &state->spans[need->fact];
            span->absent = false;
            state->empty = state->empty || span->low > span->high;
        }
    }
}

static bool regions_taken(struct reach *reach, const struct region_list *list, struct takers *takers) {
    for (size_t i = 0; i < list->count; i++) {
        reach->branches = 0;
        region_copy(reach->states[0], list->items[i]);
        apply_requirements(reach, reach->states[0]);
        if (!reach->states[0]->empty && !all_taken(reach, takers, 0)) {
            return false;
        }
    }
    return true;
}

/* Those that some case of the regions could be taken by. */
static void takers_near(struct reach *reach, const struct region_list *list, const struct takers *from,
                        struct takers *out) {
    struct way ways[WAYS_MAX];
    size_t count;
    out->count = 0;
    for (size_t t = 0; t < from->count && !too_much(reach); t++) {
        bool near = false;
        for (size_t i = 0; i < list->count && !near; i++) {
            near = region_stand(&reach->review->regions, list->items[i], from->items[t].region, ways, &count) !=
                   STAND_APART;
        }
        if (near) {
            ARENA_PUSH(reach->review->arena, out->items, out->count, out->capacity, from->items[t]);
        }
    }
}

/* ---- in words ---- */

static bool same_owner(const struct taker *a, const struct taker *b, const struct step *here) {
    return a->step == b->step && (a->step != here || a->drg == b->drg);
}

static void leave_out(struct takers *takers, const struct taker *owner, const struct step *here, bool out) {
    for (size_t i = 0; i < takers->count; i++) {
        if (same_owner(&takers->items[i], owner, here)) {
            takers->items[i].left_out = out;
        }
    }
}

/* Leave out those that are not needed, the first ones first: what is near explains more. */
static void keep_needed(struct reach *reach, const struct region_list *list, struct takers *takers,
                        const struct step *here) {
    struct takers *used = &reach->used;
    used->count = 0;
    for (size_t i = 0; i < takers->count; i++) {
        if (takers->items[i].used) {
            ARENA_PUSH(reach->review->arena, used->items, used->count, used->capacity, takers->items[i]);
        }
        takers->items[i].left_out = !takers->items[i].used;
    }
    for (size_t i = 0; i < used->count && i < OWNERS_MAX; i++) {
        if (i > 0 && same_owner(&used->items[i - 1], &used->items[i], here)) {
            continue;
        }
        leave_out(takers, &used->items[i], here, true);
        if (!regions_taken(reach, list, takers)) {
            for (size_t t = 0; t < takers->count; t++) {
                if (takers->items[t].used && same_owner(&takers->items[t], &used->items[i], here)) {
                    takers->items[t].left_out = false;
                }
            }
        }
    }
}

static const char *owner_words(const struct reach *reach, const struct taker *taker, const struct place *from,
                               const struct step *here) {
    bool drg = taker->drg != NULL && taker->step == here;
    const struct place *place = drg ? &taker->drg->place : &taker->step->place;
    const char *name = drg ? taker->drg->code : taker->step->id;
    return arena_format(reach->review->arena, "%s (%s)", name, line_words(reach->review, place, from));
}

static void say_taken(struct reach *reach, const char *name, struct place place, const struct region_list *list,
                      struct takers *takers, const struct step *here) {
    const char *text = "";
    unsigned count = 0, more = 0;
    const struct taker *last = NULL;
    keep_needed(reach, list, takers, here);
    for (size_t i = 0; i < takers->count; i++) {
        struct taker *taker = &takers->items[i];
        if (taker->left_out || (last != NULL && same_owner(last, taker, here))) {
            continue;
        }
        last = taker;
        if (count++ < NAMED_MAX) {
            text = arena_format(reach->review->arena, "%s%s%s", text, count == 1 ? "" : ", ",
                                owner_words(reach, taker, &place, here));
        } else {
            more++;
        }
    }
    if (more > 0) {
        text = arena_format(reach->review->arena, "%s and %u more", text, more);
    }
    report_say(reach->review->report, MSG_taken_before, place, name, text);
}

/* ---- group by group ---- */

static void add_takers(struct reach *reach, struct takers *to, const struct region_list *list,
                       const struct step *step, const struct drg *drg) {
    for (size_t i = 0; i < list->count; i++) {
        struct taker taker = {.region = list->items[i], .step = step, .drg = drg};
        if (!taker.region->inexact) {
            ARENA_PUSH(reach->review->arena, to->items, to->count, to->capacity, taker);
        }
    }
}

static bool is_always(const struct expression *when) {
    return when == NULL || when->op == EXPR_TRUE;
}

/* What the step as a whole takes for good, whichever of its DRGs it is. */
static bool takes_all(const struct step *step) {
    bool all = step->is_qy || step->bare;
    for (size_t d = 0; d < step->drg_count && !all; d++) {
        all = is_always(step->drgs[d].when);
    }
    return all;
}

static void reset(struct takers *takers) {
    for (size_t i = 0; i < takers->count; i++) {
        takers->items[i].used = takers->items[i].left_out = false;
    }
}

/* The DRGs of a step that can be reached itself; `near` takes before it. Adds what each DRG takes to `own`. */
static void check_drgs(struct reach *reach, const struct step *step, const struct region_list *regions,
                       struct takers *near, struct takers *own, bool say) {
    struct review *review = reach->review;
    for (size_t d = 0; d < step->drg_count; d++) {
        const struct drg *drg = &step->drgs[d];
        struct region_list list = {0};
        if (switched_off(drg->when) || !regions_of(&review->regions, regions, drg->when, &list)) {
            continue;
        }
        if (say && list.count == 0) {
            report_say(review->report, MSG_drg_never, drg->place, drg->code, step->id);
        } else if (say && !(d == 0 && is_always(drg->when))) {
            reset(near);
            if (regions_taken(reach, &list, near)) {
                say_taken(reach, drg->code, drg->place, &list, near, step);
            }
        }
        add_takers(reach, near, &list, step, drg);
        add_takers(reach, own, &list, step, drg);
    }
}

static void check_step(struct reach *reach, size_t m, const struct step *step) {
    struct review *review = reach->review;
    struct region_list list = {0};
    struct takers *near_mdc = &reach->near_mdc, *near = &reach->near_step, *own = &reach->own;
    own->count = 0;
    if (switched_off(step->when) || !regions_of(&review->regions, &review->mdcs[m], step->when, &list)) {
        return;
    }
    if (list.count == 0) {
        report_say(review->report, MSG_step_never, step->place, step->id, review->scheme->mdcs[m]->code);
        return;
    }
    takers_near(reach, &list, near_mdc, near);
    bool taken = regions_taken(reach, &list, near);
    if (taken) {
        say_taken(reach, step->id, step->place, &list, near, NULL);
    }
    check_drgs(reach, step, &list, near, own, !taken);
    if (takes_all(step)) {
        own->count = 0;
        add_takers(reach, own, &list, step, NULL);
    }
    for (size_t i = 0; i < own->count; i++) {
        ARENA_PUSH(review->arena, near_mdc->items, near_mdc->count, near_mdc->capacity, own->items[i]);
        ARENA_PUSH(review->arena, reach->before.items, reach->before.count, reach->before.capacity, own->items[i]);
    }
}

static void check_mdc(struct reach *reach, size_t m) {
    struct review *review = reach->review;
    const struct mdc *mdc = review->scheme->mdcs[m];
    struct takers *near = &reach->near_mdc;
    if (switched_off(mdc->when) || review->unclear[m]) {
        return;
    }
    if (review->mdcs[m].count == 0) {
        report_say(review->report, MSG_mdc_never, mdc->place, mdc->code);
        return;
    }
    takers_near(reach, &review->mdcs[m], &reach->before, near);
    if (regions_taken(reach, &review->mdcs[m], near)) {
        say_taken(reach, mdc->code, mdc->place, &review->mdcs[m], near, NULL);
        return;
    }
    for (size_t s = 0; s < mdc->step_count && !too_much(reach); s++) {
        reset(near);
        check_step(reach, m, mdc->steps[s]);
    }
}

void check_reach(struct review *review) {
    struct reach reach = {.review = review};
    reach.states[0] = ARENA_NEW(review->arena, struct region);
    for (size_t m = 0; m < review->scheme->mdc_count; m++) {
        check_mdc(&reach, m);
        if (too_much(&reach)) {
            report_say(review->report, MSG_review_stopped, review->scheme->mdcs[m]->place,
                       review->scheme->mdcs[m]->code);
            return;
        }
    }
}
