/* SPDX-License-Identifier: Apache-2.0
 *
 * An overlay: what a scheme has otherwise than the one it extends, as short and as readable as a person would write
 * it. First it is decided what each set of the base is to hold, then which conditions, DRGs and names still differ.
 */
#include "overlay.h"

#include <stdlib.h>
#include <string.h>

/* ---- entries that the base has in one ---- */

static bool same_drgs(const struct step *a, const struct step *b) {
    bool same = a->drg_count == b->drg_count && a->bare == b->bare && strcmp(a->name, b->name) == 0;
    for (size_t d = 0; same && d < a->drg_count; d++) {
        same = strcmp(a->drgs[d].code, b->drgs[d].code) == 0 && strcmp(a->drgs[d].name, b->drgs[d].name) == 0 &&
               expression_hash(a->drgs[d].when) == expression_hash(b->drgs[d].when);
    }
    return same;
}

static struct expression *list_of(struct arena *arena, enum expression_op op, struct expression **parts,
                                  size_t count) {
    struct expression *e = ARENA_NEW(arena, struct expression);
    e->op = op;
    e->children = parts;
    e->count = count;
    return e;
}

/* a or b, with up to `most` parts that both ask drawn in front. */
static struct expression *either_of(struct arena *arena, struct expression *a, struct expression *b, size_t most) {
    if (a->op != EXPR_AND || b->op != EXPR_AND) {
        struct expression **both = ARENA_ARRAY(arena, struct expression *, 2);
        both[0] = a;
        both[1] = b;
        return expression_simple(arena, list_of(arena, EXPR_OR, both, 2));
    }
    struct expression **common = ARENA_ARRAY(arena, struct expression *, a->count + 1);
    struct expression **rest_a = ARENA_ARRAY(arena, struct expression *, a->count);
    struct expression **rest_b = ARENA_ARRAY(arena, struct expression *, b->count);
    size_t commons = 0, in_a = 0, in_b = 0;
    for (size_t i = 0; i < a->count; i++) {
        bool shared = false;
        for (size_t j = 0; j < b->count && commons < most; j++) {
            shared = shared || expression_hash(a->children[i]) == expression_hash(b->children[j]);
        }
        if (shared) {
            common[commons++] = a->children[i];
        } else {
            rest_a[in_a++] = a->children[i];
        }
    }
    for (size_t j = 0; j < b->count; j++) {
        bool shared = false;
        for (size_t i = 0; i < commons; i++) {
            shared = shared || expression_hash(common[i]) == expression_hash(b->children[j]);
        }
        if (!shared) {
            rest_b[in_b++] = b->children[j];
        }
    }
    struct expression **rests = ARENA_ARRAY(arena, struct expression *, 2);
    rests[0] = list_of(arena, EXPR_AND, rest_a, in_a);
    rests[1] = list_of(arena, EXPR_AND, rest_b, in_b);
    common[commons++] = list_of(arena, EXPR_OR, rests, 2);
    return expression_simple(arena, list_of(arena, EXPR_AND, common, commons));
}

static struct step *find_step(const struct scheme *scheme, const char *id, struct mdc **mdc) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            if (strcmp(scheme->mdcs[m]->steps[s]->id, id) == 0) {
                if (mdc != NULL) {
                    *mdc = scheme->mdcs[m];
                }
                return scheme->mdcs[m]->steps[s];
            }
        }
    }
    return NULL;
}

static struct mdc *find_mdc(const struct scheme *scheme, const char *code) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        if (strcmp(scheme->mdcs[m]->code, code) == 0) {
            return scheme->mdcs[m];
        }
    }
    return NULL;
}

/* Two entries of one ADRG that follow each other and give the same DRGs are one, if the base has it in one. */
static void join_entries(struct overlay *o, struct mdc *mdc) {
    for (size_t s = 0; s + 1 < mdc->step_count; s++) {
        struct step *a = mdc->steps[s], *b = mdc->steps[s + 1];
        const struct step *one = find_step(o->base, a->code, NULL);
        bool split = strcmp(a->code, b->code) == 0 && !a->is_qy && !b->is_qy;
        bool known = strcmp(a->id, a->code) != 0 && find_step(o->base, a->id, NULL) != NULL;
        if (!split || one == NULL || known || find_step(o->base, b->id, NULL) != NULL || !same_drgs(a, b)) {
            continue;
        }
        struct expression *when = either_of(o->arena, a->when, b->when, SIZE_MAX);
        for (size_t most = 0; most < 4 && expression_shape(when) != expression_shape(one->when); most++) {
            struct expression *other = either_of(o->arena, a->when, b->when, most);
            when = expression_shape(other) == expression_shape(one->when) ? other : when;
        }
        a->when = when;
        a->id = a->code;
        mdc->step_count--;
        memmove(mdc->steps + s + 1, mdc->steps + s + 2, (mdc->step_count - s - 1) * sizeof *mdc->steps);
        s--;
    }
}

/* ---- what the sets of the base are to hold ---- */

static void demand(struct overlay *o, const struct codeset *base, struct codeset *wanted) {
    uint64_t hash = codeset_hash(wanted);
    for (size_t i = 0; i < o->demand_count; i++) {
        if (o->demands[i].base == base && o->demands[i].hash == hash) {
            o->demands[i].count++;
            return;
        }
    }
    struct demand one = {base, wanted, hash, 1};
    ARENA_PUSH(o->arena, o->demands, o->demand_count, o->demand_capacity, one);
}

static void demand_parts(struct overlay *o, const struct expression *base, const struct expression *wanted);

/* The parts of both in pairs: those that are the same first, then those of the same shape in order. */
static void demand_pairs(struct overlay *o, const struct expression *base, const struct expression *wanted) {
    bool *used = ARENA_ARRAY(o->arena, bool, base->count + 1),
         *done = ARENA_ARRAY(o->arena, bool, wanted->count + 1);
    for (int same = 1; same >= 0; same--) {
        for (size_t i = 0; i < wanted->count; i++) {
            for (size_t j = 0; j < base->count && !done[i]; j++) {
                const struct expression *a = base->children[j], *b = wanted->children[i];
                bool fits =
                    same ? expression_hash(a) == expression_hash(b) : expression_shape(a) == expression_shape(b);
                if (!used[j] && fits) {
                    used[j] = done[i] = true;
                    demand_parts(o, a, b);
                }
            }
        }
    }
}

static void demand_parts(struct overlay *o, const struct expression *base, const struct expression *wanted) {
    if (base->op == EXPR_IN || base->op == EXPR_COUNT) {
        demand(o, base->set, wanted->set);
    } else if (base->op != EXPR_AMONG && base->op == wanted->op) {
        demand_pairs(o, base, wanted);
    }
}

static void demand_of(struct overlay *o, const struct expression *base, const struct expression *wanted) {
    if (expression_shape(base) == expression_shape(wanted)) {
        demand_parts(o, base, wanted);
    }
}

static const struct drg *drg_of(const struct step *step, const char *code) {
    for (size_t d = 0; d < step->drg_count; d++) {
        if (strcmp(step->drgs[d].code, code) == 0) {
            return &step->drgs[d];
        }
    }
    return NULL;
}

static void collect_demands(struct overlay *o) {
    for (size_t m = 0; m < o->scheme->mdc_count; m++) {
        const struct mdc *mdc = o->scheme->mdcs[m], *there = find_mdc(o->base, mdc->code);
        if (there != NULL) {
            demand_of(o, there->when, mdc->when);
        }
        for (size_t s = 0; s < mdc->step_count; s++) {
            const struct step *step = mdc->steps[s], *old = find_step(o->base, step->id, NULL);
            if (old == NULL) {
                continue;
            }
            demand_of(o, old->when, step->when);
            for (size_t d = 0; d < step->drg_count; d++) {
                const struct drg *drg = drg_of(old, step->drgs[d].code);
                if (drg != NULL) {
                    demand_of(o, drg->when, step->drgs[d].when);
                }
            }
        }
    }
}

static struct final *final_of(struct overlay *o, const struct codeset *base) {
    for (size_t i = 0; i < o->final_count; i++) {
        if (o->finals[i].base == base) {
            return &o->finals[i];
        }
    }
    return NULL;
}

bool is_patchable(const struct overlay *o, const struct codeset *set) {
    return set->name[0] != '\0' && set != o->w->unused[CODE_DIAGNOSIS][0] && set != o->w->unused[CODE_PROCEDURE][0];
}

/* Each set of the base gets what most want of it; an even vote leaves it as it is. */
static void decide(struct overlay *o) {
    for (size_t i = 0; i < o->base->sets.count; i++) {
        struct codeset *set = o->base->sets.sets[i];
        struct final final = {.base = set, .holds = set, .hash = codeset_hash(set), .name = set->name};
        unsigned most = 0;
        for (size_t d = 0; d < o->demand_count; d++) {
            const struct demand *one = &o->demands[d];
            if (one->base != set || !is_patchable(o, set)) {
                continue;
            }
            final.demanded = true;
            bool own = one->hash == codeset_hash(set);
            if (one->count > most || (own && one->count == most)) {
                most = one->count;
                final.holds = own ? set : one->wanted;
                final.hash = one->hash;
                final.written = !own;
            }
        }
        ARENA_PUSH(o->arena, o->finals, o->final_count, o->final_capacity, final);
    }
}

/* A condition of the base with its sets as they will be. */
static struct expression *with_finals(struct overlay *o, const struct expression *when) {
    struct expression *e = ARENA_NEW(o->arena, struct expression);
    *e = *when;
    if (when->op == EXPR_IN || when->op == EXPR_COUNT) {
        struct final *final = final_of(o, when->set);
        e->set = final != NULL ? final->holds : when->set;
    } else if (when->op != EXPR_AMONG && when->count > 0) {
        e->children = ARENA_ARRAY(o->arena, struct expression *, when->count);
        for (size_t i = 0; i < when->count; i++) {
            e->children[i] = with_finals(o, when->children[i]);
        }
    }
    return e;
}

static bool same_when(struct overlay *o, const struct expression *base, const struct expression *wanted) {
    if (base->op != wanted->op && expression_shape(base) != expression_shape(wanted)) {
        return expression_hash(expression_simple(o->arena, with_finals(o, base))) == expression_hash(wanted);
    }
    return expression_hash(with_finals(o, base)) == expression_hash(wanted) ||
           expression_hash(expression_simple(o->arena, with_finals(o, base))) == expression_hash(wanted);
}

/* ---- conditions that are written: their sets need names ---- */

static bool name_free(const struct overlay *o, const char *name) {
    for (size_t i = 0; i < o->final_count; i++) {
        if (strcmp(o->finals[i].name, name) == 0) {
            return false;
        }
    }
    return true;
}

/* A name for a set: that of one that holds the same, or a new one. */
static void name_set(struct codeset *set, void *user) {
    struct overlay *o = user;
    if (set->name[0] == '{') {
        return;
    }
    uint64_t hash = codeset_hash(set);
    struct final *same = NULL, *spare = NULL;
    for (size_t i = 0; i < o->final_count; i++) {
        struct final *final = &o->finals[i];
        bool helper = final->base != NULL && !is_patchable(o, final->base);
        if (final->name[0] == '\0' || helper || strncmp(final->name, "MCC_", 4) == 0 ||
            strncmp(final->name, "CC_", 3) == 0 || strncmp(final->name, "PRINCIPAL_", 10) == 0) {
            continue;
        }
        if (final->hash == hash && (same == NULL || strcmp(final->name, set->name) == 0)) {
            same = final;
        }
        if (strcmp(final->name, set->name) == 0 && final->base != NULL && !final->demanded) {
            spare = final;
        }
    }
    if (same != NULL) {
        same->demanded = true;
        set->name = same->name;
        return;
    }
    if (spare != NULL) { /* nobody else asks for the base's set of this name */
        *spare = (struct final){spare->base, set, hash, spare->name, true, true};
        return;
    }
    const char *name = set->name;
    for (unsigned n = 2; !name_free(o, name); n++) {
        name = arena_format(o->arena, "%s_%u", set->name, n);
    }
    struct final final = {NULL, set, hash, name, true, true};
    set->name = name;
    ARENA_PUSH(o->arena, o->finals, o->final_count, o->final_capacity, final);
}

/* Facts may have several sets that hold the same: each goes by the name that stands for that. */
static const char *when_text(struct overlay *o, struct expression *when) {
    each_set(when, name_set, o);
    return expression_text(o->arena, when);
}

/* Steps that change alike go into one line. */
struct change {
    const char *keys, *body;
};

struct pieces {
    struct yaml changes, inserts, removes, renames;
    struct change *joint; /* of QY steps */
    size_t joint_count, joint_capacity;
    struct change *suffixes; /* of names */
    size_t suffix_count, suffix_capacity;
};

/* ---- DRGs and names ---- */

static bool drgs_same(struct overlay *o, const struct step *old, const struct step *step) {
    if (old->drg_count != step->drg_count) {
        return false;
    }
    for (size_t d = 0; d < step->drg_count; d++) {
        const struct drg *was = &old->drgs[d], *is = &step->drgs[d];
        if (strcmp(was->code, is->code) != 0 || (is->named == NAME_OWN && strcmp(was->name, is->name) != 0)) {
            return false;
        }
        const struct split *split = splits_of(o->scheme->splits, o->scheme->split_count, was->code);
        if (was->own_when ? !same_when(o, was->when, is->when)
                          : split == NULL || expression_hash(split->when) != expression_hash(is->when)) {
            return false;
        }
    }
    return true;
}

/* The name that a DRG has without a word of this overlay about it. */
static const char *name_without(struct overlay *o, const struct step *old, const struct step *step,
                                const struct drg *drg, bool list_kept) {
    const struct drg *was = old != NULL ? drg_of(old, drg->code) : NULL;
    if (was != NULL && (was->named == NAME_RENAMED || (was->named == NAME_OWN && list_kept))) {
        return was->name;
    }
    const struct split *split = splits_of(o->scheme->splits, o->scheme->split_count, drg->code);
    return arena_format(o->arena, "%s%s", step->name, split != NULL ? split->name : "");
}

static void rename_line(struct overlay *o, struct yaml *rename, const char *code, const char *name) {
    yaml_put(rename, "  %s: %s\n", yaml_scalar(o->arena, code, false), yaml_scalar(o->arena, name, false));
}

bool names_have(const char *const *names, const char *name) {
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Must a part be written although it seemed to be that of the base: reading back showed that it is not. */
static bool forced(const struct overlay *o, const char *part, const char *id) {
    return names_have(o->anew, arena_format(o->arena, "%s:%s", part, id));
}

/* DRGs that are named by the same words behind the name of their ADRG. */
static void rename_by(struct overlay *o, struct pieces *p, const char *code, const char *words) {
    for (size_t i = 0; i < p->suffix_count; i++) {
        if (strcmp(p->suffixes[i].body, words) == 0) {
            p->suffixes[i].keys = arena_format(o->arena, "%s %s", p->suffixes[i].keys, code);
            return;
        }
    }
    struct change one = {code, words};
    ARENA_PUSH(o->arena, p->suffixes, p->suffix_count, p->suffix_capacity, one);
}

static bool has_word(const char *text, const char *word) {
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += length) {
        if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool renamed_already(struct overlay *o, const struct pieces *p, const char *code) {
    bool there =
        p->renames.bytes != NULL && strstr(p->renames.bytes, arena_format(o->arena, "  %s: ", code)) != NULL;
    for (size_t i = 0; i < p->suffix_count && !there; i++) {
        there = has_word(p->suffixes[i].keys, code);
    }
    return there;
}

static void write_renames(struct overlay *o, struct pieces *p, const struct step *old, const struct step *step,
                          bool list_kept) {
    if ((old != NULL && strcmp(old->name, step->name) != 0) || forced(o, "name", step->id)) {
        rename_line(o, &p->renames, step->id, step->name);
    }
    size_t own = strlen(step->name);
    for (size_t d = 0; d < step->drg_count; d++) {
        const struct drg *drg = &step->drgs[d];
        bool force = forced(o, "name", drg->code);
        if (drg->named == NAME_OWN) {
            continue;
        }
        if ((strcmp(name_without(o, old, step, drg, list_kept), drg->name) == 0 && !force) ||
            renamed_already(o, p, drg->code)) {
            continue;
        }
        if (!force && own > 0 && strncmp(drg->name, step->name, own) == 0) {
            rename_by(o, p, drg->code, drg->name + own);
        } else {
            rename_line(o, &p->renames, drg->code, drg->name);
        }
    }
}

/* ---- steps ---- */

static void add_joint(struct overlay *o, struct pieces *p, const char *id, const char *body) {
    for (size_t i = 0; i < p->joint_count; i++) {
        if (strcmp(p->joint[i].body, body) == 0) {
            p->joint[i].keys = arena_format(o->arena, "%s %s", p->joint[i].keys, id);
            return;
        }
    }
    struct change one = {id, body};
    ARENA_PUSH(o->arena, p->joint, p->joint_count, p->joint_capacity, one);
}

/* `split: [1, 3, 5]`, if the ends of the codes say everything; or NULL. */
static const char *split_text(struct overlay *o, const struct step *step) {
    const char *text = "";
    size_t length = strlen(step->code);
    for (size_t d = 0; d < step->drg_count; d++) {
        const struct drg *drg = &step->drgs[d];
        const struct split *split = splits_of(o->scheme->splits, o->scheme->split_count, drg->code);
        if (drg->named == NAME_OWN || strncmp(drg->code, step->code, length) != 0 || drg->code[length] == '\0' ||
            split == NULL || expression_hash(split->when) != expression_hash(drg->when)) {
            return NULL;
        }
        text = arena_format(o->arena, "%s%s%s", text, d == 0 ? "" : ", ",
                            yaml_scalar(o->arena, drg->code + length, true));
    }
    return arena_format(o->arena, "split: [%s]", text);
}

static const char *drgs_text(struct overlay *o, const struct step *step) {
    const char *split = split_text(o, step);
    if (split != NULL) {
        return split;
    }
    struct yaml text = {.arena = o->arena};
    for (size_t d = 0; d < step->drg_count; d++) {
        each_set(step->drgs[d].when, name_set, o);
    }
    yaml_drgs(&text, 0, step, o->scheme->splits, o->scheme->split_count);
    text.bytes[text.length - 1] = '\0';
    const char *copy = arena_copy(o->arena, text.bytes, strlen(text.bytes));
    yaml_clear(&text);
    return copy;
}

/* What a step has otherwise, as parts of a flow map; "" if nothing. Its condition apart. */
static const char *step_changes(struct overlay *o, const struct step *old, struct step *step, bool *list_kept,
                                const char **when) {
    const char *text = "";
    *when = "";
    *list_kept = drgs_same(o, old, step) && !forced(o, "drgs", step->id);
    if (strcmp(old->code, step->code) != 0) {
        text = arena_format(o->arena, "%s, code: %s", text, step->code);
    }
    if (!same_when(o, old->when, step->when) || forced(o, "when", step->id)) {
        *when = when_text(o, step->when);
    }
    bool bare = old->own_bare ? old->bare : o->scheme->bare;
    if (!step->is_qy && bare != step->bare) {
        text = arena_format(o->arena, "%s, no_drg: %s", text, step->bare ? "adrg" : "next");
    }
    if (!*list_kept) {
        text = arena_format(o->arena, "%s, %s", text, drgs_text(o, step));
    }
    if (old->is_qy != step->is_qy) {
        text = arena_format(o->arena, "%s, qy: %s", text, step->is_qy ? "true" : "false");
    }
    return text[0] == '\0' ? "" : text + 2;
}

static void put_change(struct overlay *o, struct yaml *yaml, const char *key, const char *body) {
    if (strlen(key) + strlen(body) + 6 <= 112 && strchr(body, '\n') == NULL) {
        yaml_put(yaml, "  %s: {%s}\n", key, body);
        return;
    }
    /* one part a line: they are separated by `, ` and a word with a colon */
    yaml_put(yaml, "  %s:\n", key);
    static const char *const words[] = {", code: ", ", when: ", ", no_drg: ", ", drgs: ", ", split: ", ", qy: "};
    for (const char *at = body; *at != '\0';) {
        const char *end = at + strlen(at);
        int depth = 0;
        bool quoted = false;
        for (const char *look = at; *look != '\0' && end == at + strlen(at); look++) {
            quoted = quoted != (*look == '\'');
            depth += !quoted && (*look == '{' || *look == '[')   ? 1
                     : !quoted && (*look == '}' || *look == ']') ? -1
                                                                 : 0;
            for (size_t w = 0; !quoted && depth == 0 && w < sizeof words / sizeof *words; w++) {
                end = strncmp(look, words[w], strlen(words[w])) == 0 ? look : end;
            }
        }
        yaml_put(yaml, "    %.*s\n", (int)(end - at), at);
        at = *end == '\0' ? end : end + 2;
    }
}

static void insert_step(struct overlay *o, struct yaml *yaml, struct step *step, const char *way, const char *at) {
    yaml_put(yaml, "  %s:\n", yaml_scalar(o->arena, step->id, false));
    if (way != NULL) {
        yaml_put(yaml, "    %s: %s\n", way, at);
    }
    if (strcmp(step->id, step->code) != 0) {
        yaml_put(yaml, "    code: %s\n", step->code);
    }
    if (step->is_qy) {
        yaml_put(yaml, "    qy: true\n");
    } else {
        yaml_text(yaml, 4, "name", step->name);
    }
    each_set(step->when, name_set, o);
    if (step->when->op != EXPR_TRUE) {
        yaml_when(yaml, 4, step->when);
    }
    if (!step->is_qy && step->own_bare) {
        yaml_put(yaml, "    no_drg: %s\n", step->bare ? "adrg" : "next");
    }
    if (step->drg_count > 0) {
        for (size_t d = 0; d < step->drg_count; d++) {
            each_set(step->drgs[d].when, name_set, o);
        }
        yaml_drgs(yaml, 4, step, o->scheme->splits, o->scheme->split_count);
    }
}

/* Several codes as one key; a long one in the form that YAML has for that. */
static void put_long_key(struct yaml *yaml, const char *keys) {
    if (strlen(keys) <= 100) {
        yaml_put(yaml, "  %s: ", keys);
        return;
    }
    yaml_put(yaml, "  ? >-\n");
    struct yaml lines = {.arena = yaml->arena};
    yaml_items(&lines, 2, "of-several-groups", keys); /* always folded; its own line is left out */
    yaml_put(yaml, "%s", strchr(lines.bytes, '\n') + 1);
    yaml_clear(&lines);
    yaml_put(yaml, "  : ");
}

/* ---- the order inside an MDC ---- */

struct order {
    const char **ids;
    size_t count;
};

static size_t place_of(const struct order *order, const char *id) {
    size_t at = 0;
    while (at < order->count && strcmp(order->ids[at], id) != 0) {
        at++;
    }
    return at;
}

/* Steps of the base that stay in this MDC. */
static void staying(struct overlay *o, const struct mdc *old, const struct mdc *mdc, struct order *order) {
    order->ids = ARENA_ARRAY(o->arena, const char *, old->step_count + mdc->step_count + 1);
    for (size_t s = 0; s < old->step_count; s++) {
        for (size_t t = 0; t < mdc->step_count; t++) {
            if (strcmp(old->steps[s]->id, mdc->steps[t]->id) == 0) {
                order->ids[order->count++] = old->steps[s]->id;
            }
        }
    }
}

static void put_into(struct order *order, size_t at, const char *id) {
    memmove(order->ids + at + 1, order->ids + at, (order->count - at) * sizeof *order->ids);
    order->ids[at] = id;
    order->count++;
}

/* Steps that the base lacks in this MDC: each after the one before it. */
static void insert_steps(struct overlay *o, struct pieces *p, const struct mdc *mdc, struct order *order) {
    for (size_t s = 0; s < mdc->step_count; s++) {
        struct step *step = mdc->steps[s];
        if (place_of(order, step->id) < order->count) {
            continue;
        }
        if (order->count == 0) {
            insert_step(o, &p->inserts, step, "mdc", mdc->code);
            put_into(order, 0, step->id);
        } else if (s == 0) {
            insert_step(o, &p->inserts, step, "before", order->ids[0]);
            put_into(order, 0, step->id);
        } else {
            insert_step(o, &p->inserts, step, "after", mdc->steps[s - 1]->id);
            put_into(order, place_of(order, mdc->steps[s - 1]->id) + 1, step->id);
        }
        write_renames(o, p, NULL, step, false);
    }
}

/* The steps that stand elsewhere, in their order; "" if none does. */
static const char *moved_steps(struct overlay *o, const struct mdc *mdc, const struct order *order) {
    const char *text = "";
    for (size_t s = 0; s < mdc->step_count; s++) {
        if (strcmp(order->ids[s], mdc->steps[s]->id) != 0) {
            text = arena_format(o->arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ", mdc->steps[s]->id);
        }
    }
    return text;
}

/* What a step of an MDC has otherwise. */
struct changed {
    struct step *step;
    const char *when, *rest;
    const char *pattern; /* the condition with `*` where the sets are named after the step */
    bool list_kept, done, rest_done;
};

static bool ends_name(char byte) {
    return byte == '\0' || byte == ' ' || byte == '_' || byte == ')' || byte == ',';
}

static const char *pattern_of(struct overlay *o, const char *when, const char *id) {
    const char *text = "";
    size_t length = strlen(id);
    for (const char *at = when; *at != '\0';) {
        const char *name = at;
        while (name != NULL && (name = strstr(name, id)) != NULL &&
               (name == at || name[-1] != '_' || !ends_name(name[length]))) {
            name++;
        }
        size_t before = name == NULL ? strlen(at) : (size_t)(name - at);
        text = arena_format(o->arena, "%s%.*s%s", text, (int)before, at, name == NULL ? "" : "*");
        at += before + (name == NULL ? 0 : length);
    }
    return text;
}

/* Steps whose conditions change alike in one line, then the others and the rest. */
static void put_changes(struct overlay *o, struct pieces *p, struct yaml *own, struct changed *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *keys = list[i].step->id;
        for (size_t j = i + 1; j < count && list[i].when[0] != '\0' && !list[i].step->is_qy && !list[i].done; j++) {
            if (list[j].when[0] != '\0' && !list[j].done && strcmp(list[i].pattern, list[j].pattern) == 0) {
                keys = arena_format(o->arena, "%s %s", keys, list[j].step->id);
                list[j].done = true;
            }
        }
        const char *when_keys = keys != list[i].step->id ? keys : NULL;
        list[i].done = list[i].done || when_keys != NULL;
        keys = list[i].step->id;
        bool alone = strstr(list[i].rest, "drgs: ") != NULL || strstr(list[i].rest, "code: ") != NULL ||
                     list[i].rest[0] == '\0' || list[i].rest_done || list[i].step->is_qy;
        for (size_t j = i + 1; j < count && !alone; j++) {
            if (strcmp(list[i].rest, list[j].rest) == 0 && !list[j].rest_done && !list[j].step->is_qy) {
                keys = arena_format(o->arena, "%s %s", keys, list[j].step->id);
                list[j].rest_done = true;
            }
        }
        bool rest_joint = keys != list[i].step->id,
             both = rest_joint && when_keys != NULL && strcmp(keys, when_keys) == 0;
        if (when_keys != NULL) {
            put_long_key(own, when_keys);
            yaml_put(own, "{when: %s%s%s}\n", yaml_scalar(o->arena, list[i].pattern, true), both ? ", " : "",
                     both ? list[i].rest : "");
        }
        if (rest_joint && !both) {
            put_long_key(own, keys);
            yaml_put(own, "{%s}\n", list[i].rest);
        }
        list[i].rest_done = list[i].rest_done || rest_joint;
        list[i].rest = list[i].rest_done ? "" : list[i].rest;
        const char *when = list[i].done || list[i].when[0] == '\0'
                               ? ""
                               : arena_format(o->arena, "when: %s", yaml_scalar(o->arena, list[i].when, true));
        const char *between = when[0] != '\0' && list[i].rest[0] != '\0' ? ", " : "";
        const char *body = arena_format(o->arena, "%s%s%s", when, between, list[i].rest);
        if (body[0] != '\0' && list[i].step->is_qy) {
            add_joint(o, p, list[i].step->id, body);
        } else if (body[0] != '\0') {
            put_change(o, own, list[i].step->id, body);
        }
    }
}

static void compare_mdc(struct overlay *o, struct pieces *p, const struct mdc *old, struct mdc *mdc) {
    struct yaml own = {.arena = o->arena};
    struct order order = {0};
    struct changed *list = ARENA_ARRAY(o->arena, struct changed, mdc->step_count + 1);
    size_t count = 0;
    staying(o, old, mdc, &order);
    const char *body = "";
    if (!same_when(o, old->when, mdc->when)) {
        body = arena_format(o->arena, ", when: %s", yaml_scalar(o->arena, when_text(o, mdc->when), true));
    }
    insert_steps(o, p, mdc, &order);
    const char *moved = moved_steps(o, mdc, &order);
    if (moved[0] != '\0') {
        body = arena_format(o->arena, "%s, order: [%s]", body, moved);
    }
    if (body[0] != '\0') {
        yaml_put(&own, "  %s: {%s}\n", mdc->code, body + 2);
    }
    if (strcmp(old->name, mdc->name) != 0) {
        rename_line(o, &p->renames, mdc->code, mdc->name);
    }
    for (size_t s = 0; s < mdc->step_count; s++) {
        struct mdc *was_in = NULL;
        const struct step *was = find_step(o->base, mdc->steps[s]->id, &was_in);
        if (was == NULL || was_in != old) {
            continue;
        }
        struct changed *one = &list[count++];
        one->step = mdc->steps[s];
        one->rest = step_changes(o, was, one->step, &one->list_kept, &one->when);
        one->pattern = pattern_of(o, one->when, one->step->id);
        write_renames(o, p, was, one->step, one->list_kept);
    }
    put_changes(o, p, &own, list, count);
    if (own.length > 0) {
        yaml_put(&p->changes, "  # %s %s\n%s", mdc->code, mdc->name, own.bytes);
    }
    yaml_clear(&own);
}

/* An MDC that the base lacks. */
static void insert_mdc(struct overlay *o, struct pieces *p, struct mdc *mdc) {
    struct yaml steps = {.arena = o->arena};
    yaml_put(&p->inserts, "  %s:\n", yaml_scalar(o->arena, mdc->code, false));
    yaml_text(&p->inserts, 4, "name", mdc->name);
    each_set(mdc->when, name_set, o);
    if (mdc->when->op != EXPR_TRUE) {
        yaml_when(&p->inserts, 4, mdc->when);
    }
    for (size_t s = 0; s < mdc->step_count; s++) {
        insert_step(o, &steps, mdc->steps[s], NULL, NULL);
        write_renames(o, p, NULL, mdc->steps[s], false);
    }
    yaml_put(&p->inserts, "    steps:%s\n", mdc->step_count == 0 ? " {}" : "");
    for (char *line = steps.bytes; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        yaml_put(&p->inserts, "    %.*s\n", (int)(end - line), line);
        line = end + 1;
    }
    yaml_clear(&steps);
}

static void compare_groups(struct overlay *o, struct pieces *p) {
    const char *between = "";
    for (size_t m = 0; m < o->base->mdc_count; m++) {
        const struct mdc *old = o->base->mdcs[m], *mdc = find_mdc(o->scheme, old->code);
        if (mdc == NULL) {
            yaml_put(&p->removes, "%s%s", between, old->code);
            between = ", ";
        }
        for (size_t s = 0; mdc != NULL && s < old->step_count; s++) {
            struct mdc *in = NULL;
            find_step(o->scheme, old->steps[s]->id, &in);
            if (in != mdc) {
                yaml_put(&p->removes, "%s%s", between, old->steps[s]->id);
                between = ", ";
            }
        }
    }
    for (size_t m = 0; m < o->scheme->mdc_count; m++) {
        struct mdc *mdc = o->scheme->mdcs[m], *old = find_mdc(o->base, mdc->code);
        if (old != NULL) {
            compare_mdc(o, p, old, mdc);
        } else {
            insert_mdc(o, p, mdc);
        }
    }
}

/* The order of the MDCs; "" if it is that of the base. */
static const char *mdc_order(struct overlay *o) {
    size_t at = 0;
    bool same = true;
    for (int inserted = 0; inserted < 2; inserted++) {
        const struct scheme *from = inserted ? o->scheme : o->base;
        for (size_t m = 0; m < from->mdc_count; m++) {
            bool there = find_mdc(inserted ? o->base : o->scheme, from->mdcs[m]->code) != NULL;
            if (there != (inserted == 1)) {
                same = same && at < o->scheme->mdc_count &&
                       strcmp(o->scheme->mdcs[at]->code, from->mdcs[m]->code) == 0;
                at++;
            }
        }
    }
    const char *text = "";
    for (size_t m = 0; !same && m < o->scheme->mdc_count; m++) {
        text = arena_format(o->arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ", o->scheme->mdcs[m]->code);
    }
    return text;
}

/* ---- the whole ---- */

static void write_changed_splits(struct overlay *o, struct yaml *yaml) {
    struct split *changed = ARENA_ARRAY(o->arena, struct split, o->scheme->split_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < o->scheme->split_count; i++) {
        const struct split *split = &o->scheme->splits[i];
        bool same = false;
        for (size_t b = 0; b < o->base->split_count; b++) {
            const struct split *old = &o->base->splits[b];
            same = same || (strcmp(old->key, split->key) == 0 && strcmp(old->name, split->name) == 0 &&
                            expression_hash(old->when) == expression_hash(split->when));
        }
        if (!same) {
            changed[count++] = *split;
        }
    }
    write_splits(o->w, yaml, changed, count);
}

static void put_groups(struct overlay *o, struct yaml *yaml, struct pieces *p) {
    const char *order = mdc_order(o);
    if (order[0] != '\0') {
        yaml_put(yaml, "\norder: [%s]\n", order);
    }
    if (p->joint_count > 0 || p->changes.length > 0) {
        yaml_put(yaml, "\nchange:\n");
        for (size_t i = 0; i < p->joint_count; i++) {
            yaml_put(yaml,
                     i == 0 ? "  # cases that no step above took: ambiguous (QY) where the condition holds\n" : "");
            put_long_key(yaml, p->joint[i].keys);
            yaml_put(yaml, "{%s}\n", p->joint[i].body);
        }
        yaml_put(yaml, "%s", p->changes.length > 0 ? p->changes.bytes : "");
    }
    if (p->inserts.length > 0) {
        yaml_put(yaml, "\ninsert:\n%s", p->inserts.bytes);
    }
    if (p->removes.length > 0) {
        yaml_put(yaml, "\nremove: [%s]\n", p->removes.bytes);
    }
    if (p->renames.length > 0 || p->suffix_count > 0) {
        yaml_put(yaml, "\n# Names that are written otherwise.\nrename:\n%s",
                 p->renames.length > 0 ? p->renames.bytes : "");
    }
    if (p->suffix_count > 0) {
        yaml_put(yaml, "  # named as their ADRG, and these words\n");
    }
    for (size_t i = 0; i < p->suffix_count; i++) {
        put_long_key(yaml, p->suffixes[i].keys);
        yaml_put(yaml, "{add: %s}\n", yaml_scalar(o->arena, p->suffixes[i].body, true));
    }
}

/* A code that comes out of several steps goes by several names: `rename` knows only one, so each says its own. */
static bool names_differ(const struct scheme *scheme, const struct drg *drg) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            const struct drg *twin = drg_of(scheme->mdcs[m]->steps[s], drg->code);
            if (twin != NULL && strcmp(twin->name, drg->name) != 0) {
                return true;
            }
        }
    }
    return false;
}

static void prepare(struct overlay *o) {
    for (size_t m = 0; m < o->scheme->mdc_count; m++) {
        join_entries(o, o->scheme->mdcs[m]);
    }
    splits_find(o->arena, o->scheme, o->base);
    for (size_t m = 0; m < o->scheme->mdc_count; m++) { /* names go under `rename` */
        for (size_t s = 0; s < o->scheme->mdcs[m]->step_count; s++) {
            struct step *step = o->scheme->mdcs[m]->steps[s];
            for (size_t d = 0; d < step->drg_count; d++) {
                step->drgs[d].named = names_differ(o->scheme, &step->drgs[d]) ? NAME_OWN : NAME_BY_SPLIT;
            }
        }
    }
    inline_small_sets(o->w);
    collect_demands(o);
    decide(o);
}

void write_overlay(struct writing *w, const char *const *anew, struct yaml *yaml) {
    struct overlay o = {.anew = anew, .w = w, .arena = w->arena, .base = w->base, .scheme = w->scheme};
    struct pieces p = {
        .changes.arena = w->arena, .inserts.arena = w->arena, .removes.arena = w->arena, .renames.arena = w->arena};
    w->scheme->split_count = 0;
    make_added(&o);
    prepare(&o);
    compare_groups(&o, &p);
    write_head(w, yaml, arena_format(w->arena, "What differs from %s.", w->base_title));
    if (w->missing[CODE_DIAGNOSIS].count + w->missing[CODE_PROCEDURE].count > 0) {
        yaml_put(yaml, "\ncodes: # in lists of the source, not in the catalogue\n");
        write_additions(w, yaml, 2);
    }
    write_rules_of_input(w, yaml, w->base);
    write_changed_splits(&o, yaml);
    struct yaml sets = {.arena = w->arena}, rest = {.arena = w->arena};
    write_sets(&o, &sets, anew);
    write_barred_changes(&o, &rest);
    write_tables(&o, &rest, anew);
    write_added(&o, yaml);
    bool headed = w->added_used[CODE_DIAGNOSIS] || w->added_used[CODE_PROCEDURE];
    yaml_put(yaml, "%s%s", sets.length == 0 ? "" : sets.bytes + (headed ? strlen("\nsets:\n") : 0),
             rest.length == 0 ? "" : rest.bytes);
    yaml_clear(&sets);
    yaml_clear(&rest);
    put_groups(&o, yaml, &p);
    yaml_clear(&p.changes);
    yaml_clear(&p.inserts);
    yaml_clear(&p.removes);
    yaml_clear(&p.renames);
    w->finals = o.finals;
    w->final_count = o.final_count;
}

/* ---- what turned out otherwise ---- */

struct faults {
    struct arena *arena;
    const char **names;
    size_t count, capacity, old;
};

static void add_fault(struct faults *faults, const char *name) {
    for (size_t i = 0; i < faults->count; i++) {
        if (strcmp(faults->names[i], name) == 0) {
            return;
        }
    }
    ARENA_PUSH(faults->arena, faults->names, faults->count, faults->capacity, name);
}

static void step_faults(struct faults *faults, const struct step *wanted, const struct step *got) {
    if (strcmp(wanted->name, got->name) != 0) {
        add_fault(faults, arena_format(faults->arena, "name:%s", wanted->id));
    }
    if (expression_hash(wanted->when) != expression_hash(got->when)) {
        add_fault(faults, arena_format(faults->arena, "when:%s", wanted->id));
    }
    for (size_t d = 0; d < wanted->drg_count || d < got->drg_count; d++) {
        const struct drg *a = &wanted->drgs[d], *b = &got->drgs[d];
        bool there = d < wanted->drg_count && d < got->drg_count && strcmp(a->code, b->code) == 0;
        if (!there || expression_hash(a->when) != expression_hash(b->when)) {
            add_fault(faults, arena_format(faults->arena, "drgs:%s", wanted->id));
            return;
        }
        if (strcmp(a->name, b->name) != 0) {
            add_fault(faults, arena_format(faults->arena, "name:%s", a->code));
        }
    }
}

/* A set of the base may be made of others, and what its own base said of names and DRGs goes on: such parts are
 * written out the next time. */
const char **overlay_faults(struct writing *w, const struct scheme *got, const char *const *anew) {
    struct faults faults = {.arena = w->arena};
    for (; *anew != NULL; anew++) {
        ARENA_PUSH(w->arena, faults.names, faults.count, faults.capacity, *anew);
    }
    faults.old = faults.count;
    for (size_t i = 0; i < w->final_count; i++) {
        const struct final *final = &w->finals[i];
        const struct codeset *set = codesets_find(&got->sets, final->name, strlen(final->name));
        bool severity = strncmp(final->name, "MCC_", 4) == 0 || strncmp(final->name, "CC_", 3) == 0 ||
                        strncmp(final->name, "PRINCIPAL_", 10) == 0;
        if (set != NULL && !severity && final->demanded && codeset_hash(set) != final->hash) {
            add_fault(&faults, final->name);
        }
    }
    bool sets = faults.count > faults.old; /* conditions are right when their sets are */
    for (size_t m = 0; m < w->scheme->mdc_count && !sets; m++) {
        for (size_t s = 0; s < w->scheme->mdcs[m]->step_count; s++) {
            const struct step *step = find_step(got, w->scheme->mdcs[m]->steps[s]->id, NULL);
            if (step != NULL) {
                step_faults(&faults, w->scheme->mdcs[m]->steps[s], step);
            }
        }
    }
    bool more = faults.count > faults.old;
    ARENA_PUSH(w->arena, faults.names, faults.count, faults.capacity, NULL);
    return more ? faults.names : NULL;
}
