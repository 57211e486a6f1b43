/* SPDX-License-Identifier: Apache-2.0
 *
 * DIP schemes: what each file of the chain says, and the model made of it. The catalogue is in dip_catalogue.c and
 * dip_entries.c, the search in dip_search.c, auxiliary catalogues and supervision indices in dip_index.c. */
#include <string.h>

#include "dip_draft.h"

/* ---- draft ---- */

static const struct {
    const char *key;
    enum dip_value value;
} value_keys[] = {
    {"parts", DIP_VALUE_PARTS},
    {"case_kind", DIP_VALUE_CASE_KIND},
    {"without_principal", DIP_VALUE_WITHOUT_PRINCIPAL},
    {"levels", DIP_VALUE_LEVELS},
};

/* Sets of operations that overlays can patch as any other set. */
static const struct {
    const char *key, *set;
} operation_sets[] = {
    {"excluded", "OP_excluded"}, {"conservative", "OP_conservative"}, {"not_principal", "OP_not_principal"}};
static const char EXCLUDED_DIAGNOSES[] = "DI_excluded";

static const char *kind_set(struct draft *draft, const char *kind) {
    return arena_format(draft->arena, "OP_kind_%s", kind);
}

struct dip_draft *dip_draft_new(struct draft *draft) {
    return ARENA_NEW(draft->arena, struct dip_draft);
}

static struct dip_draft_kind *find_kind(struct dip_draft *dip, const char *name) {
    for (size_t i = 0; i < dip->kind_count; i++) {
        if (strcmp(dip->kinds[i].name, name) == 0) {
            return &dip->kinds[i];
        }
    }
    return NULL;
}

static void draft_kind_body(struct draft *draft, struct dip_draft_kind *kind, const struct node *map, bool patch) {
    const struct node *surgical = node_get(map, "surgical"), *procedures = node_get(map, "procedures");
    kind->surgical = surgical != NULL ? surgical : kind->surgical;
    if (procedures != NULL) {
        struct node key = {.kind = NODE_SCALAR, .place = procedures->place};
        draft_named_set(draft, &key, procedures, kind_set(draft, kind->name), patch);
    }
}

static void draft_kind(struct draft *draft, const struct node *map, bool overlay) {
    static const char *const keys[] = {"kind", "procedures", "surgical", NULL};
    struct dip_draft *dip = draft->dip;
    if (node_expect(draft->report, map, NODE_MAP, "a treatment kind") == NULL) {
        return;
    }
    node_check_keys(draft->report, map, keys, "a treatment kind");
    const struct node *name = node_need(draft->report, map, "kind", "a treatment kind");
    if (name == NULL || node_text(draft->report, name, "kind") == NULL) {
        return;
    }
    const struct dip_draft_kind *twin = find_kind(dip, name->text);
    if (twin != NULL) {
        report_say(draft->report, MSG_dip_named_twice, name->place, "kind", name->text, twin->place.line);
        return;
    }
    struct dip_draft_kind kind = {.name = name->text, .place = name->place};
    draft_kind_body(draft, &kind, map, overlay);
    ARENA_PUSH(draft->arena, dip->kinds, dip->kind_count, dip->kind_capacity, kind);
}

static void draft_kinds(struct draft *draft, const struct node *kinds, bool overlay) {
    static const char *const keys[] = {"procedures", "surgical", NULL};
    struct dip_draft *dip = draft->dip;
    if (kinds == NULL) {
        return;
    }
    if (overlay && kinds->kind == NODE_MAP) {
        for (size_t i = 0; i < kinds->count; i++) {
            const struct node *name = kinds->keys[i];
            struct dip_draft_kind *kind = find_kind(dip, name->text);
            if (kind == NULL) {
                report_say(draft->report, MSG_nothing_to_change, name->place, "treatment kind", name->text, "");
            } else if (node_expect(draft->report, kinds->items[i], NODE_MAP, "a treatment kind") != NULL) {
                node_check_keys(draft->report, kinds->items[i], keys, "the change of a treatment kind");
                draft_kind_body(draft, kind, kinds->items[i], true);
            }
        }
        return;
    }
    if (node_expect(draft->report, kinds, NODE_LIST, "kinds") == NULL) {
        return;
    }
    dip->kind_count = 0;
    for (size_t i = 0; i < kinds->count; i++) {
        draft_kind(draft, kinds->items[i], overlay);
    }
}

static void draft_operations(struct draft *draft, const struct node *map, bool overlay) {
    static const char *const keys[] = {"excluded", "conservative", "not_principal", "restricted", NULL};
    if (map == NULL || node_expect(draft->report, map, NODE_MAP, "operations") == NULL) {
        return;
    }
    node_check_keys(draft->report, map, keys, "operations");
    for (size_t i = 0; i < map->count; i++) {
        for (size_t k = 0; k < sizeof operation_sets / sizeof *operation_sets; k++) {
            if (strcmp(map->keys[i]->text, operation_sets[k].key) == 0) {
                draft_named_set(draft, map->keys[i], map->items[i], operation_sets[k].set, overlay);
            }
        }
    }
    const struct node *restricted = node_get(map, "restricted");
    draft->dip->values[DIP_VALUE_RESTRICTED] =
        restricted != NULL ? restricted : draft->dip->values[DIP_VALUE_RESTRICTED];
}

static void draft_excluded(struct draft *draft, const struct node *map, bool overlay) {
    static const char *const keys[] = {"codes", "match", NULL};
    if (map == NULL || node_expect(draft->report, map, NODE_MAP, "excluded_diagnoses") == NULL) {
        return;
    }
    node_check_keys(draft->report, map, keys, "excluded_diagnoses");
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->keys[i]->text, "codes") == 0) {
            draft_named_set(draft, map->keys[i], map->items[i], EXCLUDED_DIAGNOSES, overlay);
        }
    }
    const struct node *match = node_get(map, "match");
    draft->dip->values[DIP_VALUE_EXCLUDED_MATCH] =
        match != NULL ? match : draft->dip->values[DIP_VALUE_EXCLUDED_MATCH];
}

static void draft_totals(struct draft *draft, const struct node *totals) {
    struct dip_draft *dip = draft->dip;
    if (totals == NULL || node_expect(draft->report, totals, NODE_MAP, "totals") == NULL) {
        return;
    }
    for (size_t i = 0; i < totals->count; i++) {
        size_t at = 0;
        while (at < dip->total_count && strcmp(dip->totals[at].name->text, totals->keys[i]->text) != 0) {
            at++;
        }
        if (at == dip->total_count) {
            dip->totals =
                arena_grow(draft->arena, dip->totals, dip->total_count, &dip->total_capacity, sizeof *dip->totals);
            dip->total_count++;
        }
        dip->totals[at].name = totals->keys[i];
        dip->totals[at].sets = totals->items[i];
    }
}

void dip_draft_file(struct draft *draft, const struct node *root, bool overlay) {
    for (size_t i = 0; i < sizeof value_keys / sizeof *value_keys; i++) {
        const struct node *value = node_get(root, value_keys[i].key),
                          **old = &draft->dip->values[value_keys[i].value];
        *old = value != NULL ? value : *old;
    }
    draft_kinds(draft, node_get(root, "kinds"), overlay);
    draft_operations(draft, node_get(root, "operations"), overlay);
    draft_excluded(draft, node_get(root, "excluded_diagnoses"), overlay);
    dip_sign_values(draft->report, node_get(root, "expressions"), draft->dip->signs);
    draft_totals(draft, node_get(root, "totals"));
    dip_draft_catalogue(draft, node_get(root, "catalogue"), overlay);
    dip_draft_search(draft, node_get(root, "search"), overlay);
    dip_draft_auxiliary(draft, node_get(root, "auxiliary"));
    dip_draft_indices(draft, node_get(root, "supervision"), true);
}

/* ---- linking: words ---- */

int dip_choice(struct report *report, const struct node *node, const char *what, const char *const *words) {
    const char *text = node_text(report, node, what), *all = "";
    struct nearest nearest;
    if (text == NULL) {
        return -1;
    }
    nearest_start(&nearest, text, node->length);
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
        nearest_offer(&nearest, words[i], strlen(words[i]));
        all = arena_format(report->arena, "%s%s%s", all, i > 0 ? ", " : "", words[i]);
    }
    report_say(report, MSG_wrong_choice, node->place, what, report_clip(report, text, node->length), all,
               nearest_hint(&nearest, report->arena));
    return -1;
}

/* The number of a name among those given by `name_of`, or UINT32_MAX after a message. */
static uint32_t number_of(struct dip_link *link, const char *what, const char *text, struct place place,
                          size_t count, const char *(*name_of)(const struct dip *, size_t)) {
    const char *all = "";
    struct nearest nearest;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name_of(link->dip, i), text) == 0) {
            return (uint32_t)i;
        }
    }
    nearest_start(&nearest, text, strlen(text));
    for (size_t i = 0; i < count; i++) {
        const char *name = name_of(link->dip, i);
        nearest_offer(&nearest, name, strlen(name));
        all = arena_format(link->arena, "%s%s%s", all, i > 0 ? ", " : "", name);
    }
    report_say(link->report, MSG_dip_unknown_name, place, what, report_clip(link->report, text, strlen(text)),
               count > 0 ? all : "(none)", nearest_hint(&nearest, link->arena));
    return UINT32_MAX;
}

static const char *part_name(const struct dip *dip, size_t number) {
    return dip->parts[number];
}

static const char *kind_name(const struct dip *dip, size_t number) {
    return dip->kinds[number].name;
}

uint32_t dip_part_of(struct dip_link *link, const char *text, struct place place) {
    return number_of(link, "part", text, place, link->dip->part_count, part_name);
}

uint32_t dip_kind_of(struct dip_link *link, const char *text, struct place place) {
    return number_of(link, "treatment kind", text, place, link->dip->kind_count, kind_name);
}

/* ---- linking: parts, kinds, operations, levels, totals ---- */

/* A value that a DIP scheme must have; NULL after a message. */
static const struct node *need_value(struct dip_link *link, enum dip_value value, const char *key,
                                     enum node_kind kind) {
    const struct node *node = link->from->values[value];
    if (node == NULL) {
        report_say(link->report, MSG_missing_key, link->scheme->place, "a DIP scheme", key);
        return NULL;
    }
    return node_expect(link->report, node, kind, key);
}

static void link_parts(struct dip_link *link) {
    struct dip *dip = link->dip;
    const struct node *list = need_value(link, DIP_VALUE_PARTS, "parts", NODE_LIST);
    size_t count = list == NULL ? 0 : list->count;
    if (count > IMAGE_DIP_PARTS_MAX) {
        report_say(link->report, MSG_dip_limit, list->place, (unsigned)IMAGE_DIP_PARTS_MAX, "parts");
        count = IMAGE_DIP_PARTS_MAX;
    }
    dip->parts = ARENA_ARRAY(link->arena, const char *, count + 1);
    link->part_places = ARENA_ARRAY(link->arena, struct place, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *name = node_text(link->report, list->items[i], "a part");
        for (size_t j = 0; name != NULL && j < dip->part_count; j++) {
            if (strcmp(dip->parts[j], name) == 0) {
                report_say(link->report, MSG_dip_named_twice, list->items[i]->place, "part", name,
                           list->place.line);
                name = NULL;
            }
        }
        if (name != NULL) {
            link->part_places[dip->part_count] = list->items[i]->place;
            dip->parts[dip->part_count++] = name;
        }
    }
}

static void link_kinds(struct dip_link *link) {
    struct dip *dip = link->dip;
    size_t count = link->from->kind_count;
    if (count == 0) {
        report_say(link->report, MSG_missing_key, link->scheme->place, "a DIP scheme", "kinds");
    }
    if (count > IMAGE_DIP_KINDS_MAX) {
        report_say(link->report, MSG_dip_limit, link->from->kinds[IMAGE_DIP_KINDS_MAX].place,
                   (unsigned)IMAGE_DIP_KINDS_MAX, "treatment kinds");
        count = IMAGE_DIP_KINDS_MAX;
    }
    uint32_t procedures = link->scheme->catalogues[CODE_PROCEDURE]->count;
    link->procedure_kinds = ARENA_ARRAY(link->arena, uint8_t, procedures + 1);
    dip->kinds = ARENA_ARRAY(link->arena, struct dip_kind, count + 1);
    for (dip->kind_count = 0; dip->kind_count < count; dip->kind_count++) {
        const struct dip_draft_kind *from = &link->from->kinds[dip->kind_count];
        struct dip_kind *kind = &dip->kinds[dip->kind_count];
        *kind = (struct dip_kind){from->name, from->place,
                                  draft_link_set(link->draft, kind_set(link->draft, from->name), CODE_PROCEDURE),
                                  draft_link_yes(link->draft, from->surgical, "surgical")};
        for (uint32_t i = 0; kind->procedures != NULL && kind->procedures->count > 0 && i < procedures; i++) {
            if (codeset_has(kind->procedures, i)) {
                link->procedure_kinds[i] = (uint8_t)dip->kind_count;
            }
        }
    }
}

/* `restricted` has sets for each of its items; they are made now, as no overlay can patch them. */
static void define_restrictions(struct dip_link *link) {
    static const char *const keys[] = {"procedures", "diagnoses", NULL};
    const struct node *list = link->from->values[DIP_VALUE_RESTRICTED];
    if (list == NULL || node_expect(link->report, list, NODE_LIST, "restricted") == NULL) {
        return;
    }
    link->dip->restrictions = ARENA_ARRAY(link->arena, struct dip_restriction, list->count + 1);
    for (size_t i = 0; i < list->count; i++) {
        const struct node *map = list->items[i];
        if (node_expect(link->report, map, NODE_MAP, "an item of `restricted`") == NULL) {
            continue;
        }
        node_check_keys(link->report, map, keys, "an item of `restricted`");
        struct dip_restriction restriction = {.place = map->place};
        for (int k = 0; k < 2; k++) {
            const struct node *codes = node_need(link->report, map, keys[k], "an item of `restricted`");
            const char *name = arena_format(link->arena, "%s_restricted_%zu", k == 0 ? "OP" : "DI", i + 1);
            if (codes != NULL) {
                draft_named_set(link->draft, map, codes, name, false);
                *(k == 0 ? &restriction.procedures : &restriction.diagnoses) =
                    draft_link_set(link->draft, name, k == 0 ? CODE_PROCEDURE : CODE_DIAGNOSIS);
            }
        }
        if (restriction.procedures != NULL && restriction.diagnoses != NULL) {
            link->dip->restrictions[link->dip->restriction_count++] = restriction;
        }
    }
}

static void link_operations(struct dip_link *link) {
    struct codeset **sets[] = {&link->dip->excluded, &link->dip->conservative, &link->dip->not_principal};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        *sets[i] = draft_link_set(link->draft, operation_sets[i].set, CODE_PROCEDURE);
    }
}

/* With `match: prefix`, whatever starts with one of the codes is excluded as well. */
static struct codeset *widened(struct dip_link *link, const struct codeset *set) {
    const struct catalogue *catalogue = link->scheme->catalogues[CODE_DIAGNOSIS];
    struct codeset *all = ARENA_NEW(link->arena, struct codeset);
    *all = *set;
    all->bits = ARENA_ARRAY(link->arena, uint64_t, ((size_t)catalogue->count + 63) / 64 + 1);
    all->count = 0;
    for (uint32_t i = 0; set->count > 0 && i < catalogue->count; i++) {
        uint32_t first, end;
        if (!codeset_has(set, i)) {
            continue;
        }
        catalogue_branch(catalogue, catalogue->codes[i].text, catalogue->codes[i].length, &first, &end);
        for (uint32_t code = first; code < end; code++) {
            all->count += !codeset_has(all, code);
            all->bits[code / 64] |= (uint64_t)1 << (code % 64);
        }
    }
    return all;
}

static void link_excluded(struct dip_link *link) {
    static const char *const matches[] = {"equal", "prefix", NULL};
    const struct node *match = link->from->values[DIP_VALUE_EXCLUDED_MATCH];
    int choice = match != NULL ? dip_choice(link->report, match, "match", matches) : 0;
    struct codeset *set = draft_link_set(link->draft, EXCLUDED_DIAGNOSES, CODE_DIAGNOSIS);
    link->dip->excluded_diagnoses = set != NULL && choice == 1 ? widened(link, set) : set;
}

/* A word means one level; `map` gives the place of an earlier one. */
static void check_word(struct dip_link *link, const struct node *map, size_t level, const struct node *word) {
    for (size_t l = 0; l < level; l++) {
        const struct node *words = map->items[l];
        bool same = strcmp(map->keys[l]->text, word->text) == 0;
        for (size_t i = 0; words->kind == NODE_LIST && i < words->count && !same; i++) {
            same = words->items[i]->kind == NODE_SCALAR && strcmp(words->items[i]->text, word->text) == 0;
        }
        if (same) {
            report_say(link->report, MSG_word_twice, word->place,
                       report_clip(link->report, word->text, word->length), map->keys[l]->text,
                       map->keys[l]->place.line);
            return;
        }
    }
}

static void link_levels(struct dip_link *link) {
    const struct node *map = link->from->values[DIP_VALUE_LEVELS];
    struct dip *dip = link->dip;
    if (map == NULL || node_expect(link->report, map, NODE_MAP, "levels") == NULL) {
        return;
    }
    if (map->count > IMAGE_DIP_LEVELS_MAX) {
        report_say(link->report, MSG_dip_limit, map->place, (unsigned)IMAGE_DIP_LEVELS_MAX, "levels");
        return;
    }
    dip->levels = ARENA_ARRAY(link->arena, struct dip_level, map->count + 1);
    for (size_t l = 0; l < map->count; l++) {
        const struct node *words = map->items[l];
        struct dip_level *level = &dip->levels[dip->level_count++];
        level->name = map->keys[l]->text;
        check_word(link, map, l, map->keys[l]);
        if (node_expect(link->report, words, NODE_LIST, level->name) == NULL) {
            continue;
        }
        level->words = ARENA_ARRAY(link->arena, const char *, words->count + 1);
        for (size_t i = 0; i < words->count; i++) {
            if (node_text(link->report, words->items[i], "a word") != NULL) {
                check_word(link, map, l, words->items[i]);
                level->words[level->word_count++] = words->items[i]->text;
            }
        }
    }
}

/* ---- linking: the whole ---- */

/* One MDC a part, with one step, whose DRGs are its entries. */
static void link_groups(struct dip_link *link) {
    struct scheme *scheme = link->scheme;
    const struct dip *dip = link->dip;
    size_t at = 0;
    scheme->mdcs = ARENA_ARRAY(link->arena, struct mdc *, dip->part_count + 1);
    scheme->mdc_count = dip->part_count;
    for (uint32_t part = 0; part < dip->part_count; part++) {
        struct mdc *mdc = scheme->mdcs[part] = ARENA_NEW(link->arena, struct mdc);
        struct step *step = ARENA_NEW(link->arena, struct step);
        const char *name = dip->parts[part];
        size_t end = at;
        while (end < dip->entry_count && dip->entries[end].part == part) {
            end++;
        }
        *step = (struct step){.id = name, .code = name, .name = name, .place = link->part_places[part]};
        step->when = draft_link_when(link->draft, NULL);
        step->drgs = ARENA_ARRAY(link->arena, struct drg, end - at + 1);
        for (; at < end; at++) {
            const struct dip_entry *entry = &dip->entries[at];
            step->drgs[step->drg_count++] = (struct drg){.code = entry->code,
                                                         .name = entry->name,
                                                         .place = entry->place,
                                                         .when = entry->when,
                                                         .own_when = true,
                                                         .named = NAME_OWN};
        }
        *mdc = (struct mdc){.code = name, .name = name, .place = step->place, .when = step->when};
        mdc->steps = ARENA_ARRAY(link->arena, struct step *, 1);
        mdc->steps[mdc->step_count++] = step;
    }
}

void dip_link(struct draft *draft) {
    static const char *const case_kinds[] = {"highest", "principal", NULL}; /* as enum image_dip_case_kind */
    static const char *const without[] = {"ungrouped", "all_diagnoses", NULL};
    struct dip_link link = {.draft = draft, .from = draft->dip, .scheme = draft->scheme, .arena = draft->arena};
    struct dip *dip = link.dip = draft->scheme->dip = ARENA_NEW(draft->arena, struct dip);
    link.report = draft->report;
    const struct node *case_kind = draft->dip->values[DIP_VALUE_CASE_KIND];
    const struct node *principal = draft->dip->values[DIP_VALUE_WITHOUT_PRINCIPAL];
    int choice = case_kind != NULL ? dip_choice(link.report, case_kind, "case_kind", case_kinds) : 0;
    dip->case_kind = choice == 1 ? IMAGE_DIP_KIND_PRINCIPAL : IMAGE_DIP_KIND_HIGHEST;
    dip->without_principal =
        principal != NULL && dip_choice(link.report, principal, "without_principal", without) == 1;
    define_restrictions(&link);
    link_parts(&link);
    link_kinds(&link);
    link_operations(&link);
    link_excluded(&link);
    link_levels(&link);
    dip_link_totals(&link);
    dip_link_entries(&link);
    dip_check_rows(&link);
    dip_split_entries(&link);
    dip_link_search(&link);
    dip_link_indices(&link);
    link_groups(&link);
}
