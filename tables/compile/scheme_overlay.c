/* SPDX-License-Identifier: Apache-2.0
 *
 * What an overlay does to the groups of its base: order, change, insert, remove, rename. Whatever it speaks of must be
 * there. */
#include <string.h>

#include "scheme_draft.h"

static void say_nothing_to_change(struct draft *draft, struct place place, const char *what, const char *name) {
    report_say(draft->report, MSG_nothing_to_change, place, what, name, "");
}

static void draft_patch(struct draft *draft, const struct node *key, const struct node *name, const struct node *suffix,
                        const struct node *when) {
    struct draft_patch patch = {key, name, suffix, when, false};
    ARENA_PUSH(draft->arena, draft->patches, draft->patch_count, draft->patch_capacity, patch);
}

/* `DI_*` in a condition that several steps share is the set named after each: DI_BB1 for BB1. */
static const struct node *with_own_sets(struct draft *draft, const struct node *when, const char *id) {
    if (when == NULL || when->kind != NODE_SCALAR || strstr(when->text, "_*") == NULL) {
        return when;
    }
    struct node *own = ARENA_NEW(draft->arena, struct node);
    *own = *when;
    const char *text = "";
    for (const char *at = when->text, *star; *at != '\0'; at = star) {
        star = strstr(at, "_*");
        star = star == NULL ? at + strlen(at) : star + 2;
        bool named = star[-1] == '*' && star[-2] == '_';
        text = arena_format(draft->arena, "%s%.*s%s", text, (int)(star - at - named), at, named ? id : "");
    }
    own->text = text;
    own->length = strlen(text);
    return own;
}

/* `split: [1, 3, 5]`: the DRGs BB11, BB13, BB15 of BB1. */
static const struct node *split_drgs(struct draft *draft, const struct draft_step *step, const struct node *split) {
    if (node_expect(draft->report, split, NODE_LIST, "split") == NULL) {
        return step->drgs;
    }
    const char *code = step->code != NULL && step->code->kind == NODE_SCALAR ? step->code->text : step->id;
    struct node *drgs = ARENA_NEW(draft->arena, struct node);
    *drgs = *split;
    drgs->items = ARENA_ARRAY(draft->arena, struct node *, split->count + 1);
    for (size_t i = 0; i < split->count; i++) {
        if (node_text(draft->report, split->items[i], "the end of a DRG's code") == NULL) {
            return step->drgs;
        }
        struct node *drg = drgs->items[i] = ARENA_NEW(draft->arena, struct node);
        *drg = *split->items[i];
        drg->text = arena_format(draft->arena, "%s%s", code, split->items[i]->text);
        drg->length = strlen(drg->text);
    }
    return drgs;
}

static void change_step(struct draft *draft, struct draft_step *step, const struct node *body) {
    static const char *const keys[] = {"when", "name", "drgs", "split", "no_drg", "qy", "code", "sets", NULL};
    node_check_keys(draft->report, body, keys, "the change of a step");
    const struct node *value;
    step->when = (value = node_get(body, "when")) != NULL ? with_own_sets(draft, value, step->id) : step->when;
    step->name = (value = node_get(body, "name")) != NULL ? value : step->name;
    step->drgs = (value = node_get(body, "drgs")) != NULL ? value : step->drgs;
    step->no_drg = (value = node_get(body, "no_drg")) != NULL ? value : step->no_drg;
    step->qy = (value = node_get(body, "qy")) != NULL ? value : step->qy;
    step->code = (value = node_get(body, "code")) != NULL ? value : step->code;
    step->drgs = (value = node_get(body, "split")) != NULL ? split_drgs(draft, step, value) : step->drgs;
}

/* The steps named take the places that they have among them, in the order named. */
static void order_steps(struct draft *draft, struct draft_mdc *mdc, const struct node *order) {
    if (order == NULL || node_expect(draft->report, order, NODE_LIST, "order") == NULL) {
        return;
    }
    struct draft_step **named = ARENA_ARRAY(draft->arena, struct draft_step *, order->count);
    bool *place = ARENA_ARRAY(draft->arena, bool, mdc->step_count);
    for (size_t i = 0; i < order->count; i++) {
        const struct node *id = order->items[i];
        struct draft_mdc *in = NULL;
        size_t at = 0;
        if (node_text(draft->report, id, "a step") == NULL) {
            return;
        }
        named[i] = draft_find_step(draft, id->text, &in, &at);
        if (in != mdc || place[at]) {
            say_nothing_to_change(draft, id->place, "further step of this MDC", id->text);
            return;
        }
        place[at] = true;
    }
    for (size_t at = 0, i = 0; at < mdc->step_count; at++) {
        mdc->steps[at] = place[at] ? named[i++] : mdc->steps[at];
    }
}

static void change_mdc(struct draft *draft, struct draft_mdc *mdc, const struct node *body) {
    static const char *const keys[] = {"when", "name", "sets", "order", NULL};
    node_check_keys(draft->report, body, keys, "the change of an MDC");
    const struct node *value;
    order_steps(draft, mdc, node_get(body, "order"));
    mdc->when = (value = node_get(body, "when")) != NULL ? value : mdc->when;
    mdc->name = (value = node_get(body, "name")) != NULL ? value : mdc->name;
}

/* One name of a key of `change`; `name` has the key's place and one word of its text. */
static void change_one(struct draft *draft, const struct node *name, const struct node *body) {
    static const char *const keys[] = {"when", "name", NULL};
    struct draft_step *step = draft_find_step(draft, name->text, NULL, NULL);
    if (step != NULL) {
        change_step(draft, step, body);
        return;
    }
    struct draft_mdc *mdc = draft_find_mdc(draft, name->text);
    if (mdc != NULL) {
        change_mdc(draft, mdc, body);
        return;
    }
    node_check_keys(draft->report, body, keys, "the change of a DRG");
    draft_patch(draft, name, node_get(body, "name"), NULL, node_get(body, "when"));
}

/* The words of a key, each as a scalar of its own with its own place. */
static struct node *next_word(struct draft *draft, const struct node *key, size_t *at) {
    while (*at < key->length && strchr(" ,\t\n", key->text[*at]) != NULL) {
        (*at)++;
    }
    size_t start = *at;
    while (*at < key->length && strchr(" ,\t\n", key->text[*at]) == NULL) {
        (*at)++;
    }
    if (*at == start) {
        return NULL;
    }
    struct node *word = ARENA_NEW(draft->arena, struct node);
    *word = *key;
    word->text = arena_copy(draft->arena, key->text + start, *at - start);
    word->length = *at - start;
    word->place = node_place(key, start);
    return word;
}

static void overlay_change(struct draft *draft, const struct node *change) {
    if (change == NULL || node_expect(draft->report, change, NODE_MAP, "change") == NULL) {
        return;
    }
    for (size_t i = 0; i < change->count; i++) {
        const struct node *body = change->items[i];
        if (node_expect(draft->report, body, NODE_MAP, "a change") == NULL) {
            continue;
        }
        draft_sets(draft, node_get(body, "sets"), true);
        size_t at = 0;
        for (struct node *word; (word = next_word(draft, change->keys[i], &at)) != NULL;) {
            change_one(draft, word, body);
        }
    }
}

static void insert_at(struct draft *draft, struct draft_mdc *mdc, size_t at, struct draft_step *step) {
    ARENA_PUSH(draft->arena, mdc->steps, mdc->step_count, mdc->step_capacity, step);
    memmove(mdc->steps + at + 1, mdc->steps + at, (mdc->step_count - 1 - at) * sizeof *mdc->steps);
    mdc->steps[at] = step;
}

/* An MDC with its steps, written as in a file of its own; it comes last, `order` may put it elsewhere. */
static void insert_mdc(struct draft *draft, const struct node *key, const struct node *body) {
    static const char *const keys[] = {"name", "when", "sets", "steps", "source", NULL};
    node_check_keys(draft->report, body, keys, "an MDC to insert");
    const struct draft_mdc *twin = draft_find_mdc(draft, key->text);
    if (twin != NULL) {
        report_say(draft->report, MSG_duplicate_group, key->place, key->text, twin->place.line);
        return;
    }
    draft_mdc_body(draft, key, body);
}

static void insert_one(struct draft *draft, const struct node *key, const struct node *body) {
    if (node_expect(draft->report, body, NODE_MAP, "a step to insert") == NULL) {
        return;
    }
    if (node_get(body, "steps") != NULL) {
        insert_mdc(draft, key, body);
        return;
    }
    const struct node *after = node_get(body, "after"), *before = node_get(body, "before"), *in = node_get(body, "mdc");
    const struct node *where = after != NULL ? after : before != NULL ? before : in;
    if (where == NULL) {
        report_say(draft->report, MSG_missing_key, body->place, "a step to insert", "after");
        return;
    }
    if (node_text(draft->report, where, "the place of a step") == NULL) {
        return;
    }
    struct draft_mdc *mdc = NULL;
    size_t at = 0;
    if (where == in) {
        mdc = draft_find_mdc(draft, in->text);
        at = mdc == NULL ? 0 : mdc->step_count;
    } else if (draft_find_step(draft, where->text, &mdc, &at) != NULL && where == after) {
        at++;
    }
    if (mdc == NULL) {
        say_nothing_to_change(draft, where->place, where == in ? "MDC" : "step", where->text);
        return;
    }
    struct draft_step *step = draft_new_step(draft, key, body);
    if (step != NULL) {
        insert_at(draft, mdc, at, step);
    }
}

static void overlay_insert(struct draft *draft, const struct node *insert) {
    if (insert == NULL || node_expect(draft->report, insert, NODE_MAP, "insert") == NULL) {
        return;
    }
    for (size_t i = 0; i < insert->count; i++) {
        insert_one(draft, insert->keys[i], insert->items[i]);
    }
}

static void remove_one(struct draft *draft, const struct node *name) {
    if (node_text(draft->report, name, "what to remove") == NULL) {
        return;
    }
    struct draft_mdc *mdc;
    size_t at;
    if (draft_find_step(draft, name->text, &mdc, &at) != NULL) {
        mdc->step_count--;
        memmove(mdc->steps + at, mdc->steps + at + 1, (mdc->step_count - at) * sizeof *mdc->steps);
        return;
    }
    for (at = 0; at < draft->mdc_count; at++) {
        if (strcmp(draft->mdcs[at]->code, name->text) == 0) {
            draft->mdc_count--;
            memmove(draft->mdcs + at, draft->mdcs + at + 1, (draft->mdc_count - at) * sizeof *draft->mdcs);
            return;
        }
    }
    say_nothing_to_change(draft, name->place, "step or MDC", name->text);
}

static void overlay_remove(struct draft *draft, const struct node *remove) {
    if (remove == NULL || node_expect(draft->report, remove, NODE_LIST, "remove") == NULL) {
        return;
    }
    for (size_t i = 0; i < remove->count; i++) {
        remove_one(draft, remove->items[i]);
    }
}

/* `PS15 PS25: {add: words}`: these DRGs are named as their ADRGs, and these words. */
static void rename_several(struct draft *draft, const struct node *key, const struct node *body) {
    static const char *const keys[] = {"add", NULL};
    node_check_keys(draft->report, body, keys, "a name");
    const struct node *suffix = node_need(draft->report, body, "add", "a name");
    if (suffix == NULL || node_expect(draft->report, suffix, NODE_SCALAR, "what is added to the name") == NULL) {
        return;
    }
    size_t at = 0;
    for (struct node *word; (word = next_word(draft, key, &at)) != NULL;) {
        draft_patch(draft, word, NULL, suffix, NULL);
    }
}

static void overlay_rename(struct draft *draft, const struct node *rename) {
    if (rename == NULL || node_expect(draft->report, rename, NODE_MAP, "rename") == NULL) {
        return;
    }
    for (size_t i = 0; i < rename->count; i++) {
        const struct node *name = rename->items[i];
        if (name->kind == NODE_MAP) {
            rename_several(draft, rename->keys[i], name);
        } else if (node_text(draft->report, name, "a name") != NULL) {
            draft_patch(draft, rename->keys[i], name, NULL, NULL);
        }
    }
}

/* All MDCs must be named, so that none is lost by forgetting it. */
static void overlay_order(struct draft *draft, const struct node *order) {
    if (order == NULL || node_expect(draft->report, order, NODE_LIST, "order") == NULL) {
        return;
    }
    size_t done = 0;
    for (size_t i = 0; i < order->count; i++) {
        const struct node *code = order->items[i];
        if (node_text(draft->report, code, "an MDC") == NULL) {
            return;
        }
        size_t at = done;
        while (at < draft->mdc_count && strcmp(draft->mdcs[at]->code, code->text) != 0) {
            at++;
        }
        if (at == draft->mdc_count) {
            say_nothing_to_change(draft, code->place, "further MDC", code->text);
            return;
        }
        struct draft_mdc *mdc = draft->mdcs[at];
        memmove(draft->mdcs + done + 1, draft->mdcs + done, (at - done) * sizeof *draft->mdcs);
        draft->mdcs[done++] = mdc;
    }
    if (done < draft->mdc_count) {
        report_say(draft->report, MSG_order_incomplete, order->place, draft->mdcs[done]->code);
    }
}

void draft_overlay(struct draft *draft, const struct node *root) {
    const struct node *mdcs = node_get(root, "mdcs");
    if (mdcs != NULL) {
        report_say(draft->report, MSG_key_not_in_overlay, mdcs->place, "mdcs");
    }
    overlay_remove(draft, node_get(root, "remove"));
    overlay_insert(draft, node_get(root, "insert"));
    overlay_change(draft, node_get(root, "change"));
    overlay_order(draft, node_get(root, "order"));
    overlay_rename(draft, node_get(root, "rename"));
}
