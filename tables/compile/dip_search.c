/* SPDX-License-Identifier: Apache-2.0
 *
 * The search of a DIP scheme: its steps, and how overlays change them. */
#include <string.h>

#include "dip_draft.h"

static const char *const value_keys[DIP_STEP_KEYS + 1] = {"parts", "operations",        "kinds",  "case_kinds",
                                                          "when",  "unmatched_surgery", "choose", NULL};

/* ---- draft ---- */

static struct dip_draft_step *find_step(struct draft *draft, const char *name) {
    for (size_t i = 0; i < draft->dip->step_count; i++) {
        if (strcmp(draft->dip->steps[i].name, name) == 0) {
            return &draft->dip->steps[i];
        }
    }
    return NULL;
}

/* The values that a map says, over those that the step has. `more`: keys beside them. */
static void put_values(struct draft *draft, struct dip_draft_step *step, const struct node *map,
                       const char *const more[2]) {
    const char *keys[DIP_STEP_KEYS + 3] = {more[0], more[1]};
    memcpy(keys + (more[1] != NULL ? 2 : 1), value_keys, sizeof value_keys);
    node_check_keys(draft->report, map, keys, arena_format(draft->arena, "the step %s", step->name));
    for (size_t i = 0; i < DIP_STEP_KEYS; i++) {
        const struct node *value = node_get(map, value_keys[i]);
        step->values[i] = value != NULL ? value : step->values[i];
    }
}

/* Put a step at place `at`; NULL after a message. */
static struct dip_draft_step *insert_step(struct draft *draft, const char *name, struct place place, size_t at) {
    struct dip_draft *dip = draft->dip;
    struct dip_draft_step step = {.name = name, .place = place};
    if (dip->step_count == IMAGE_DIP_STEPS_MAX) {
        report_say(draft->report, MSG_dip_limit, place, (unsigned)IMAGE_DIP_STEPS_MAX, "steps of the search");
        return NULL;
    }
    ARENA_PUSH(draft->arena, dip->steps, dip->step_count, dip->step_capacity, step);
    memmove(dip->steps + at + 1, dip->steps + at, (dip->step_count - 1 - at) * sizeof step);
    dip->steps[at] = step;
    return &dip->steps[at];
}

static void add_step(struct draft *draft, const struct node *map) {
    static const char *const more[2] = {"step", NULL};
    if (node_expect(draft->report, map, NODE_MAP, "a step of the search") == NULL) {
        return;
    }
    const struct node *name = node_need(draft->report, map, "step", "a step of the search");
    if (name == NULL || node_text(draft->report, name, "step") == NULL) {
        return;
    }
    const struct dip_draft_step *twin = find_step(draft, name->text);
    if (twin != NULL) {
        report_say(draft->report, MSG_dip_named_twice, name->place, "step", name->text, twin->place.line);
        return;
    }
    struct dip_draft_step *step = insert_step(draft, name->text, name->place, draft->dip->step_count);
    if (step != NULL) {
        put_values(draft, step, map, more);
    }
}

static void say_no_step(struct draft *draft, const struct node *name) {
    struct nearest nearest;
    nearest_start(&nearest, name->text, name->length);
    for (size_t i = 0; i < draft->dip->step_count; i++) {
        nearest_offer(&nearest, draft->dip->steps[i].name, strlen(draft->dip->steps[i].name));
    }
    report_say(draft->report, MSG_nothing_to_change, name->place, "step of the search",
               report_clip(draft->report, name->text, name->length), nearest_hint(&nearest, draft->arena));
}

/* A new step, or with `after` or `before` and nothing else an old one put elsewhere. */
static void place_step(struct draft *draft, const struct node *name, const struct node *map) {
    static const char *const more[2] = {"after", "before"};
    struct dip_draft *dip = draft->dip;
    const struct node *after = node_get(map, "after"), *before = node_get(map, "before");
    const struct node *where = after != NULL ? after : before;
    if (node_text(draft->report, where, "the place of a step") == NULL) {
        return;
    }
    struct dip_draft_step moved = {.name = name->text, .place = name->place};
    struct dip_draft_step *old = find_step(draft, name->text);
    if (old != NULL && strcmp(where->text, name->text) != 0) {
        moved = *old;
        dip->step_count--;
        memmove(old, old + 1, (size_t)(dip->steps + dip->step_count - old) * sizeof *old);
    }
    const struct dip_draft_step *mark = find_step(draft, where->text);
    if (mark == NULL) {
        say_no_step(draft, where);
        return;
    }
    struct dip_draft_step *step =
        insert_step(draft, moved.name, moved.place, (size_t)(mark - dip->steps) + (after != NULL));
    if (step != NULL) {
        *step = moved;
        put_values(draft, step, map, more);
    }
}

static void patch_step(struct draft *draft, const struct node *name, const struct node *body) {
    static const char *const more[2] = {"after", "before"};
    static const char *const removal[] = {"remove", NULL};
    struct dip_draft *dip = draft->dip;
    if (body->kind == NODE_MAP && (node_get(body, "after") != NULL || node_get(body, "before") != NULL)) {
        place_step(draft, name, body);
        return;
    }
    struct dip_draft_step *step = find_step(draft, name->text);
    if (step == NULL) {
        say_no_step(draft, name);
    } else if (body->kind == NODE_SCALAR) {
        if (dip_choice(draft->report, body, "a step that is a word", removal) == 0) {
            dip->step_count--;
            memmove(step, step + 1, (size_t)(dip->steps + dip->step_count - step) * sizeof *step);
        }
    } else if (node_expect(draft->report, body, NODE_MAP, "a step of the search") != NULL) {
        put_values(draft, step, body, more);
    }
}

void dip_draft_search(struct draft *draft, const struct node *search, bool overlay) {
    if (search == NULL) {
        return;
    }
    if (overlay && search->kind == NODE_MAP) {
        for (size_t i = 0; i < search->count; i++) {
            patch_step(draft, search->keys[i], search->items[i]);
        }
        return;
    }
    if (node_expect(draft->report, search, NODE_LIST, "search") == NULL) {
        return;
    }
    draft->dip->step_count = 0;
    for (size_t i = 0; i < search->count; i++) {
        add_step(draft, search->items[i]);
    }
}

/* ---- linking ---- */

/* The names of a list, each once, by a function that knows their numbers. */
static size_t read_names(struct dip_link *link, const struct node *list, const char *what,
                         uint32_t (*number_of)(struct dip_link *, const char *, struct place), uint32_t *numbers,
                         size_t most) {
    size_t count = 0;
    if (node_expect(link->report, list, NODE_LIST, what) == NULL) {
        return 0;
    }
    if (list->count == 0) {
        report_say(link->report, MSG_empty_text, list->place, arena_format(link->arena, "the list `%s`", what));
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct node *item = list->items[i];
        uint32_t number =
            node_text(link->report, item, what) != NULL ? number_of(link, item->text, item->place) : UINT32_MAX;
        for (size_t j = 0; j < count && number != UINT32_MAX; j++) {
            if (numbers[j] == number) {
                report_say(link->report, MSG_dip_named_twice, item->place, "name", item->text, list->place.line);
                number = UINT32_MAX;
            }
        }
        if (number != UINT32_MAX && count < most) {
            numbers[count++] = number;
        }
    }
    return count;
}

static void link_parts(struct dip_link *link, const struct node *list, struct dip_step *step) {
    uint32_t parts[IMAGE_DIP_PARTS_MAX];
    memset(step->ranks, list == NULL ? 0 : 255, sizeof step->ranks);
    if (list == NULL) { /* all, in their order */
        for (size_t i = 0; i < sizeof step->ranks; i++) {
            step->ranks[i] = i < link->dip->part_count ? (uint8_t)i : 255;
        }
        return;
    }
    size_t count = read_names(link, list, "parts", dip_part_of, parts, IMAGE_DIP_PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        step->ranks[parts[i]] = (uint8_t)i;
    }
}

static uint32_t link_kinds(struct dip_link *link, const struct node *list, const char *what) {
    uint32_t kinds[IMAGE_DIP_KINDS_MAX], bits = 0;
    if (list == NULL) {
        return (uint32_t)(((uint64_t)1 << link->dip->kind_count) - 1);
    }
    size_t count = read_names(link, list, what, dip_kind_of, kinds, IMAGE_DIP_KINDS_MAX);
    for (size_t i = 0; i < count; i++) {
        bits |= (uint32_t)1 << kinds[i];
    }
    return bits;
}

/* Tie rules, in the order of enum image_dip_rule. */
static const char *const rule_words[] = {"key",   "plus", "matched", "exact", "principal",  "complete",
                                         "score", "cost", "kind",    "part",  "conditions", NULL};
static_assert(sizeof rule_words / sizeof *rule_words == IMAGE_DIP_RULES, "a word a rule");

static uint32_t rule_of(struct dip_link *link, const char *text, struct place place) {
    const char *all = "";
    struct nearest nearest;
    nearest_start(&nearest, text, strlen(text));
    for (uint32_t i = 0; rule_words[i] != NULL; i++) {
        if (strcmp(rule_words[i], text) == 0) {
            return i + 1;
        }
        nearest_offer(&nearest, rule_words[i], strlen(rule_words[i]));
        all = arena_format(link->arena, "%s%s%s", all, i > 0 ? ", " : "", rule_words[i]);
    }
    report_say(link->report, MSG_wrong_choice, place, "a rule of `choose`",
               report_clip(link->report, text, strlen(text)), all, nearest_hint(&nearest, link->arena));
    return UINT32_MAX;
}

static void link_rules(struct dip_link *link, const struct node *list, struct dip_step *step) {
    uint32_t rules[IMAGE_DIP_RULES_MAX];
    if (list == NULL || (list->kind == NODE_LIST && list->count == 0)) {
        return; /* the catalogue's order decides */
    }
    step->rule_count = read_names(link, list, "choose", rule_of, rules, IMAGE_DIP_RULES_MAX);
    for (size_t i = 0; i < step->rule_count; i++) {
        step->rules[i] = (enum image_dip_rule)rules[i];
    }
}

static void link_step(struct dip_link *link, const struct dip_draft_step *from, struct dip_step *step) {
    static const char *const operations[] = {"any", "some", "none", NULL}; /* as the enums have them */
    static const char *const unmatched[] = {"allowed", "all", "any", NULL};
    const struct node *const *values = from->values;
    *step = (struct dip_step){.name = from->name, .place = from->place};
    link_parts(link, values[DIP_STEP_PARTS], step);
    step->entry_kinds = link_kinds(link, values[DIP_STEP_KINDS], "kinds");
    step->case_kinds = link_kinds(link, values[DIP_STEP_CASE_KINDS], "case_kinds");
    step->when = draft_link_when(link->draft, values[DIP_STEP_WHEN]);
    int choice = -1;
    if (values[DIP_STEP_OPERATIONS] != NULL) {
        choice = dip_choice(link->report, values[DIP_STEP_OPERATIONS], "operations", operations);
    }
    step->operations = choice == 1 ? DIP_OPERATIONS_SOME : choice == 2 ? DIP_OPERATIONS_NONE : DIP_OPERATIONS_ANY;
    choice = -1;
    if (values[DIP_STEP_UNMATCHED] != NULL) {
        choice = dip_choice(link->report, values[DIP_STEP_UNMATCHED], "unmatched_surgery", unmatched);
    }
    step->unmatched = choice < 0 ? IMAGE_DIP_UNMATCHED_ALLOWED : (enum image_dip_unmatched)choice;
    link_rules(link, values[DIP_STEP_CHOOSE], step);
}

void dip_link_search(struct dip_link *link) {
    struct dip *dip = link->dip;
    if (link->from->step_count == 0) {
        report_say(link->report, MSG_missing_key, link->scheme->place, "a DIP scheme", "search");
    }
    dip->steps = ARENA_ARRAY(link->arena, struct dip_step, link->from->step_count + 1);
    dip->step_count = link->from->step_count;
    for (size_t i = 0; i < dip->step_count; i++) {
        link_step(link, &link->from->steps[i], &dip->steps[i]);
    }
}
