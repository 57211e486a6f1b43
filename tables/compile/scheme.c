/* SPDX-License-Identifier: Apache-2.0
 *
 * From the YAML of a scheme, and of the schemes it extends, to the model. Base first, overlay after overlay; then
 * everything is linked once. */
#include "scheme.h"

#include <string.h>

#include "scheme_draft.h"

enum { EXTENDS_DEPTH = 16 };

/* Keys of every scheme, then those of each kind. */
#define SCHEME_KEYS                                                                                                \
    "scheme", "kind", "title", "source", "date", "sure", "note", "demonstration", "in_force", "codes", "require",  \
        "sets", "severity", "gray", "invalid", "compatibility", "extends"
static const char *const drg_keys[] = {SCHEME_KEYS, "no_drg",           "splits", "mdcs",
                                       "order",     "change",           "insert", "remove",
                                       "rename",    "retry_procedures", NULL};
static const char *const dip_keys[] = {SCHEME_KEYS, DIP_SCHEME_KEYS, NULL};

/* ---- pieces that whole schemes and overlays share ---- */

void draft_sets(struct draft *draft, const struct node *sets, bool patch) {
    if (sets == NULL || node_expect(draft->report, sets, NODE_MAP, "sets") == NULL) {
        return;
    }
    for (size_t i = 0; i < sets->count; i++) {
        const struct node *name = sets->keys[i];
        bool there = codesets_find(&draft->scheme->sets, name->text, name->length) != NULL;
        codesets_define(&draft->scheme->sets, name, sets->items[i], patch && there);
    }
}

void draft_splits(struct draft *draft, const struct node *splits) {
    static const char *const keys[] = {"when", "name", NULL};
    if (splits == NULL || node_expect(draft->report, splits, NODE_MAP, "splits") == NULL) {
        return;
    }
    for (size_t i = 0; i < splits->count; i++) {
        const struct node *body = splits->items[i];
        if (node_expect(draft->report, body, NODE_MAP, "a split") == NULL) {
            continue;
        }
        node_check_keys(draft->report, body, keys, "a split");
        struct draft_split split = {splits->keys[i]->text, splits->keys[i]->place, node_get(body, "when"),
                                    node_get(body, "name")};
        size_t at = 0;
        while (at < draft->split_count && strcmp(draft->splits[at].key, split.key) != 0) {
            at++;
        }
        if (at < draft->split_count) {
            draft->splits[at] = split;
        } else {
            ARENA_PUSH(draft->arena, draft->splits, draft->split_count, draft->split_capacity, split);
        }
    }
}

/* The set of a part of an exclusion table has a name like MCC_105, so that overlays can patch it as any other. */
static const char *table_set(struct draft *draft, const char *part, const char *table) {
    return arena_format(draft->arena, "%s_%s", part, table);
}

void draft_named_set(struct draft *draft, const struct node *key, const struct node *definition, const char *set,
                     bool patch) {
    if (definition == NULL) {
        return;
    }
    struct node *name = ARENA_NEW(draft->arena, struct node);
    *name = *key;
    name->text = set;
    name->length = strlen(name->text);
    bool there = codesets_find(&draft->scheme->sets, name->text, name->length) != NULL;
    codesets_define(&draft->scheme->sets, name, definition, patch && there);
}

void draft_severity(struct draft *draft, const struct node *severity, bool patch) {
    static const char *const keys[] = {"principal", "mcc", "cc", NULL};
    if (severity == NULL || node_expect(draft->report, severity, NODE_MAP, "severity") == NULL) {
        return;
    }
    for (size_t i = 0; i < severity->count; i++) {
        const struct node *key = severity->keys[i], *body = severity->items[i];
        if (node_expect(draft->report, body, NODE_MAP, "an exclusion table") == NULL) {
            continue;
        }
        node_check_keys(draft->report, body, keys, "an exclusion table");
        size_t at = 0;
        while (at < draft->table_count && strcmp(draft->tables[at].id, key->text) != 0) {
            at++;
        }
        if (at == draft->table_count) {
            draft->tables = arena_grow(draft->arena, draft->tables, draft->table_count, &draft->table_capacity,
                                       sizeof *draft->tables);
            draft->tables[draft->table_count].id = key->text;
            draft->tables[draft->table_count++].place = key->place;
        }
        static const char *const parts[] = {"PRINCIPAL", "MCC", "CC"};
        for (size_t part = 0; part < body->count; part++) {
            for (size_t k = 0; k < 3; k++) {
                if (strcmp(body->keys[part]->text, keys[k]) == 0) {
                    draft_named_set(draft, body->keys[part], body->items[part],
                                    table_set(draft, parts[k], key->text), patch);
                }
            }
        }
    }
}

/* The codes of `gray` and `invalid` are sets like others: DI_GRAY, OP_GRAY, DI_INVALID, OP_INVALID. */
static const char *const barred_sets[BARRED_KINDS][CODE_KINDS] = {{"DI_GRAY", "OP_GRAY"},
                                                                  {"DI_INVALID", "OP_INVALID"}};

static void draft_barred(struct draft *draft, const struct node *map, enum barred_kind kind, bool patch) {
    static const char *const keys[] = {"diagnoses", "procedures", "principal_diagnosis", "principal_procedure",
                                       NULL};
    const char *what = kind == BARRED_GRAY ? "gray" : "invalid";
    if (map == NULL || node_expect(draft->report, map, NODE_MAP, what) == NULL) {
        return;
    }
    node_check_keys(draft->report, map, keys, what);
    for (size_t i = 0; i < map->count; i++) {
        for (int codes = 0; codes < CODE_KINDS; codes++) {
            if (strcmp(map->keys[i]->text, keys[codes]) == 0) {
                draft_named_set(draft, map->keys[i], map->items[i], barred_sets[kind][codes], patch);
            } else if (strcmp(map->keys[i]->text, keys[CODE_KINDS + codes]) == 0) {
                draft->barred[kind][codes] = map->items[i];
            }
        }
    }
}

struct draft_step *draft_find_step(const struct draft *draft, const char *id, struct draft_mdc **mdc, size_t *at) {
    for (size_t m = 0; m < draft->mdc_count; m++) {
        for (size_t s = 0; s < draft->mdcs[m]->step_count; s++) {
            if (strcmp(draft->mdcs[m]->steps[s]->id, id) == 0) {
                if (mdc != NULL) {
                    *mdc = draft->mdcs[m];
                    *at = s;
                }
                return draft->mdcs[m]->steps[s];
            }
        }
    }
    return NULL;
}

struct draft_mdc *draft_find_mdc(const struct draft *draft, const char *code) {
    for (size_t m = 0; m < draft->mdc_count; m++) {
        if (strcmp(draft->mdcs[m]->code, code) == 0) {
            return draft->mdcs[m];
        }
    }
    return NULL;
}

struct draft_step *draft_new_step(struct draft *draft, const struct node *key, const struct node *body) {
    static const char *const keys[] = {"code", "name",  "when",   "drgs", "no_drg", "qy",
                                       "sets", "after", "before", "mdc",  "source", NULL};
    const char *what = arena_format(draft->arena, "the step %s", key->text);
    if (node_expect(draft->report, body, NODE_MAP, what) == NULL) {
        return NULL;
    }
    node_check_keys(draft->report, body, keys, what);
    const struct draft_step *twin = draft_find_step(draft, key->text, NULL, NULL);
    if (twin != NULL) {
        report_say(draft->report, MSG_duplicate_group, key->place, key->text, twin->place.line);
        return NULL;
    }
    draft_sets(draft, node_get(body, "sets"), false);
    struct draft_step *step = ARENA_NEW(draft->arena, struct draft_step);
    *step = (struct draft_step){key->text,
                                key->place,
                                node_get(body, "code"),
                                node_get(body, "name"),
                                node_get(body, "when"),
                                node_get(body, "drgs"),
                                node_get(body, "no_drg"),
                                node_get(body, "qy")};
    return step;
}

/* ---- a whole scheme ---- */

void draft_mdc_body(struct draft *draft, const struct node *code, const struct node *root) {
    struct draft_mdc *mdc = ARENA_NEW(draft->arena, struct draft_mdc);
    *mdc = (struct draft_mdc){.code = code->text, .place = code->place};
    mdc->name = node_get(root, "name");
    mdc->when = node_get(root, "when");
    ARENA_PUSH(draft->arena, draft->mdcs, draft->mdc_count, draft->mdc_capacity, mdc);
    draft_sets(draft, node_get(root, "sets"), false);
    const struct node *steps = node_get(root, "steps");
    if (steps == NULL) {
        report_say(draft->report, MSG_missing_key, root->place, code->text, "steps");
    } else if (node_expect(draft->report, steps, NODE_MAP, "steps") != NULL) {
        for (size_t i = 0; i < steps->count; i++) {
            struct draft_step *step = draft_new_step(draft, steps->keys[i], steps->items[i]);
            if (step != NULL) {
                ARENA_PUSH(draft->arena, mdc->steps, mdc->step_count, mdc->step_capacity, step);
            }
        }
    }
}

static void draft_mdc_file(struct draft *draft, const struct node *entry) {
    static const char *const keys[] = {"mdc", "name", "when", "sets", "steps", "source", "note", NULL};
    const char *file = node_text(draft->report, entry, "the file of an MDC");
    if (file == NULL) {
        return;
    }
    const struct node *root =
        document_read(draft->sources, source_path(draft->sources, entry->place.file, file), entry->place);
    if (root == NULL || node_expect(draft->report, root, NODE_MAP, "an MDC file") == NULL) {
        return;
    }
    node_check_keys(draft->report, root, keys, "an MDC file");
    const struct node *code = node_get(root, "mdc");
    if (code == NULL) {
        report_say(draft->report, MSG_missing_key, root->place, "an MDC file", "mdc");
        return;
    }
    if (node_text(draft->report, code, "mdc") == NULL) {
        return;
    }
    const struct draft_mdc *twin = draft_find_mdc(draft, code->text);
    if (twin != NULL) {
        report_say(draft->report, MSG_duplicate_group, code->place, code->text, twin->place.line);
        return;
    }
    draft_mdc_body(draft, code, root);
}

static void draft_mdcs(struct draft *draft, const struct node *root) {
    const struct node *mdcs = node_get(root, "mdcs");
    if (mdcs == NULL) {
        report_say(draft->report, MSG_missing_key, root->place, "a scheme that extends no other", "mdcs");
    } else if (node_expect(draft->report, mdcs, NODE_LIST, "mdcs") != NULL) {
        for (size_t i = 0; i < mdcs->count; i++) {
            draft_mdc_file(draft, mdcs->items[i]);
        }
    }
}

static const char *draft_date(struct draft *draft, const struct node *node, const char *what) {
    if (node == NULL || node_text(draft->report, node, what) == NULL) {
        return "";
    }
    if (!text_is_date(node->text)) {
        report_say(draft->report, MSG_bad_date, node->place, what, node->text);
        return "";
    }
    return node->text;
}

/* Who the scheme is; each overlay is a scheme of its own, so its title and dates replace those of its base. */
static void draft_identity(struct draft *draft, const struct node *root) {
    static const char *const keys[] = {"from", "until", NULL};
    struct scheme *scheme = draft->scheme;
    static const char *const needed[] = {"scheme", "title", "source", "date"};
    const char *texts[4] = {"", "", "", ""};
    for (size_t i = 0; i < 4; i++) {
        const struct node *node = node_get(root, needed[i]);
        if (node == NULL) {
            report_say(draft->report, MSG_missing_key, root->place, "a scheme", needed[i]);
        } else if (node_text(draft->report, node, needed[i]) != NULL) {
            texts[i] = node->text;
        }
    }
    scheme->id = texts[0];
    scheme->title = texts[1];
    scheme->source = texts[2];
    draft_date(draft, node_get(root, "date"), "date");
    const struct node *force = node_get(root, "in_force");
    scheme->from = scheme->until = "";
    if (force != NULL && node_expect(draft->report, force, NODE_MAP, "in_force") != NULL) {
        node_check_keys(draft->report, force, keys, "in_force");
        scheme->from = draft_date(draft, node_get(force, "from"), "from");
        scheme->until = draft_date(draft, node_get(force, "until"), "until");
        if (scheme->from[0] != '\0' && scheme->until[0] != '\0' && strcmp(scheme->from, scheme->until) > 0) {
            report_say(draft->report, MSG_dates_reversed, force->place, scheme->until, scheme->from);
        }
    }
}

/* ---- code catalogues ---- */

struct additions {
    struct code *codes;
    struct place *places;
    size_t count, code_capacity, place_capacity;
};

static void add_code(struct draft *draft, struct additions *more, struct code code, struct place place) {
    size_t count = more->count;
    ARENA_PUSH(draft->arena, more->places, count, more->place_capacity, place);
    ARENA_PUSH(draft->arena, more->codes, more->count, more->code_capacity, code);
}

/* Codes without names, as one text. */
static void collect_nameless(struct draft *draft, const struct node *node, struct additions *more) {
    struct node_cursor cursor;
    node_cursor_start(&cursor, node);
    for (size_t at = 0; at < node->length;) {
        size_t length = strcspn(node->text + at, " ,\t\n");
        if (length > 0) {
            struct code code = {
                .text = arena_copy(draft->arena, node->text + at, length), .length = (uint32_t)length, .name = ""};
            add_code(draft, more, code, node_cursor_place(&cursor, at));
        }
        at += length + 1;
    }
}

static void collect_additions(struct draft *draft, const struct node *node, enum code_kind kind,
                              struct additions *more) {
    if (node != NULL && node->kind == NODE_SCALAR) {
        collect_nameless(draft, node, more);
        return;
    }
    if (node == NULL || node_expect(draft->report, node, NODE_MAP, "codes to add") == NULL) {
        return;
    }
    const struct node *file = node_get(node, "file");
    if (file != NULL && node_text(draft->report, file, "file") != NULL) {
        const char *path = source_path(draft->sources, file->place.file, file->text);
        const struct catalogue *loaded = catalogue_load(draft->sources, path, file->place, kind, file->text);
        for (uint32_t i = 0; loaded != NULL && i < loaded->count; i++) {
            struct place place = {path, i + 2, 1};
            add_code(draft, more, loaded->codes[i], place);
        }
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct node *key = node->keys[i], *name = node->items[i];
        if (node_expect(draft->report, name, NODE_SCALAR, "the name of a code") != NULL) {
            struct code code = {.text = key->text, .length = (uint32_t)key->length, .name = name->text};
            add_code(draft, more, code, key->place);
        }
    }
}

/* The catalogue of one kind: the base scheme's file, and what every scheme of the chain adds. */
static bool draft_catalogue(struct draft *draft, const struct node *const *chain, size_t count,
                            enum code_kind kind) {
    const char *key = kind == CODE_DIAGNOSIS ? "diagnoses" : "procedures";
    const char *add = kind == CODE_DIAGNOSIS ? "add_diagnoses" : "add_procedures";
    const struct node *base = node_get(node_get(chain[0], "codes"), key);
    if (base == NULL) {
        report_say(draft->report, MSG_missing_key, chain[0]->place, "codes", key);
        return false;
    }
    if (node_text(draft->report, base, key) == NULL) {
        return false;
    }
    const char *path = source_path(draft->sources, base->place.file, base->text);
    const char *slash = strrchr(path, '/');
    const char *id = slash == NULL ? path : slash + 1;
    size_t length = strlen(id) > 4 && strcmp(id + strlen(id) - 4, ".tsv") == 0 ? strlen(id) - 4 : strlen(id);
    struct catalogue *catalogue =
        catalogue_load(draft->sources, path, base->place, kind, arena_copy(draft->arena, id, length));
    if (catalogue == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct additions more = {0};
        collect_additions(draft, node_get(node_get(chain[i], "codes"), add), kind, &more);
        if (more.count > 0) {
            catalogue = catalogue_extend(draft->arena, draft->report, catalogue, more.codes, more.places,
                                         (uint32_t)more.count);
        }
    }
    draft->scheme->catalogues[kind] = catalogue;
    return true;
}

/* The crosswalk of one kind: of the last scheme of the chain that names one. */
static void draft_crosswalk(struct draft *draft, const struct node *const *chain, size_t count,
                            enum code_kind kind) {
    const char *key = kind == CODE_DIAGNOSIS ? "clinical_diagnoses" : "clinical_procedures";
    const struct node *file = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct node *here = node_get(node_get(chain[i], "codes"), key);
        file = here != NULL ? here : file;
    }
    if (file != NULL && node_text(draft->report, file, key) != NULL) {
        const char *path = source_path(draft->sources, file->place.file, file->text);
        draft->scheme->crosswalks[kind] =
            crosswalk_load(draft->sources, path, file->place, draft->scheme->catalogues[kind]);
    }
}

/* ---- linking ---- */

const char *draft_text(struct draft *draft, const struct node *node, const char *what) {
    if (node == NULL || node_expect(draft->report, node, NODE_SCALAR, what) == NULL) {
        return "";
    }
    return node->text;
}

/* A name that an overlay gave to a group, or NULL. */
static const char *renamed(struct draft *draft, const char *code) {
    const char *name = NULL;
    for (size_t i = 0; i < draft->patch_count; i++) {
        struct draft_patch *patch = &draft->patches[i];
        if (patch->name != NULL && strcmp(patch->key->text, code) == 0) {
            patch->used = true;
            name = patch->name->text;
        }
    }
    return name;
}

/* What an overlay adds to the ADRG's name for that of a DRG, if that is the last that was said of it; or NULL. */
static const char *renamed_by(struct draft *draft, const char *code) {
    const char *suffix = NULL;
    for (size_t i = 0; i < draft->patch_count; i++) {
        struct draft_patch *patch = &draft->patches[i];
        if ((patch->name != NULL || patch->suffix != NULL) && strcmp(patch->key->text, code) == 0) {
            patch->used = true;
            suffix = patch->suffix != NULL ? patch->suffix->text : NULL;
        }
    }
    return suffix;
}

static const struct node *patched_when(struct draft *draft, const char *code) {
    const struct node *when = NULL;
    for (size_t i = 0; i < draft->patch_count; i++) {
        struct draft_patch *patch = &draft->patches[i];
        if (patch->when != NULL && strcmp(patch->key->text, code) == 0) {
            patch->used = true;
            when = patch->when;
        }
    }
    return when;
}

struct expression *draft_link_when(struct draft *draft, const struct node *when) {
    bool ok = true;
    return expression_parse(&draft->scheme->sets, when, &ok);
}

/* Of the splits that fit the end of a code, the longest. */
static const struct draft_split *split_of(struct draft *draft, const struct node *code) {
    const struct draft_split *best = NULL;
    for (size_t i = 0; i < draft->split_count; i++) {
        size_t length = strlen(draft->splits[i].key);
        if (length < code->length && strcmp(code->text + code->length - length, draft->splits[i].key) == 0 &&
            (best == NULL || length > strlen(best->key))) {
            best = &draft->splits[i];
        }
    }
    return best;
}

/* A DRG is named by its code, and split by its last character; or it is a map that says its own. */
static bool link_drg(struct draft *draft, const struct step *step, const struct node *node, struct drg *drg) {
    static const char *const keys[] = {"drg", "when", "name", NULL};
    const struct node *code = node, *when = NULL, *name = NULL;
    if (node->kind == NODE_MAP) {
        node_check_keys(draft->report, node, keys, "a DRG");
        code = node_get(node, "drg");
        when = node_get(node, "when");
        name = node_get(node, "name");
        if (code == NULL) {
            report_say(draft->report, MSG_missing_key, node->place, "a DRG", "drg");
            return false;
        }
    }
    if (node_text(draft->report, code, "a DRG") == NULL) {
        return false;
    }
    const struct draft_split *split = split_of(draft, code);
    if (split == NULL && node->kind != NODE_MAP) {
        report_say(draft->report, MSG_no_split, code->place, code->text);
        return false;
    }
    const struct node *patch = patched_when(draft, code->text);
    bool own_when = patch != NULL || when != NULL;
    if (patch != NULL) {
        when = patch;
    } else if (when == NULL && split != NULL) {
        when = split->when;
    }
    const char *text = renamed(draft, code->text);
    const char *added = renamed_by(draft, code->text);
    text = added == NULL ? text : arena_format(draft->arena, "%s%s", step->name, added);
    int named = text != NULL ? NAME_RENAMED : name != NULL ? NAME_OWN : NAME_BY_SPLIT;
    if (named == NAME_OWN) {
        text = draft_text(draft, name, "the name of a DRG");
    } else if (text == NULL) {
        const char *suffix = split == NULL ? "" : draft_text(draft, split->name, "the name of a split");
        text = arena_format(draft->arena, "%s%s", step->name, suffix);
    }
    *drg = (struct drg){code->text, text, code->place, draft_link_when(draft, when), own_when, named};
    return true;
}

static void link_drgs(struct draft *draft, struct step *step, const struct node *drgs) {
    if (drgs == NULL || node_expect(draft->report, drgs, NODE_LIST, "drgs") == NULL) {
        return;
    }
    step->drgs = ARENA_ARRAY(draft->arena, struct drg, drgs->count);
    for (size_t i = 0; i < drgs->count; i++) {
        if (link_drg(draft, step, drgs->items[i], &step->drgs[step->drg_count])) {
            step->drg_count++;
        }
    }
}

static bool link_no_drg(struct draft *draft, const struct node *node) {
    if (node == NULL) {
        return true;
    }
    if (node_text(draft->report, node, "no_drg") == NULL) {
        return true;
    }
    if (strcmp(node->text, "adrg") != 0 && strcmp(node->text, "next") != 0) {
        report_say(draft->report, MSG_wrong_choice, node->place, "no_drg", node->text, "adrg, next", "");
    }
    return strcmp(node->text, "next") != 0;
}

bool draft_link_yes(struct draft *draft, const struct node *node, const char *what) {
    if (node == NULL || node_text(draft->report, node, what) == NULL) {
        return false;
    }
    if (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0) {
        report_say(draft->report, MSG_wrong_choice, node->place, what, node->text, "true, false", "");
    }
    return strcmp(node->text, "true") == 0;
}

static struct step *link_step(struct draft *draft, const struct draft_step *from) {
    struct step *step = ARENA_NEW(draft->arena, struct step);
    step->id = from->id;
    step->code = from->code != NULL ? draft_text(draft, from->code, "code") : from->id;
    step->place = from->place;
    step->is_qy = draft_link_yes(draft, from->qy, "qy");
    step->own_bare = from->no_drg != NULL;
    step->bare = step->own_bare ? link_no_drg(draft, from->no_drg) : draft->scheme->bare;
    const char *name = renamed(draft, from->id);
    if (name == NULL && strcmp(step->code, from->id) != 0) {
        name = renamed(draft, step->code);
    }
    step->name = name != NULL ? name : draft_text(draft, from->name, "the name of a step");
    step->when = draft_link_when(draft, from->when);
    link_drgs(draft, step, from->drgs);
    return step;
}

static void link_splits(struct draft *draft) {
    struct scheme *scheme = draft->scheme;
    scheme->splits = ARENA_ARRAY(draft->arena, struct split, draft->split_count);
    scheme->split_count = draft->split_count;
    for (size_t i = 0; i < draft->split_count; i++) {
        const struct draft_split *from = &draft->splits[i];
        scheme->splits[i] = (struct split){from->key, draft_text(draft, from->name, "the name of a split"),
                                           draft_link_when(draft, from->when)};
    }
}

static void link_mdcs(struct draft *draft) {
    struct scheme *scheme = draft->scheme;
    scheme->bare = link_no_drg(draft, draft->no_drg);
    scheme->mdcs = ARENA_ARRAY(draft->arena, struct mdc *, draft->mdc_count);
    scheme->mdc_count = draft->mdc_count;
    for (size_t m = 0; m < draft->mdc_count; m++) {
        const struct draft_mdc *from = draft->mdcs[m];
        struct mdc *mdc = scheme->mdcs[m] = ARENA_NEW(draft->arena, struct mdc);
        mdc->code = from->code;
        mdc->place = from->place;
        const char *name = renamed(draft, from->code);
        mdc->name = name != NULL ? name : draft_text(draft, from->name, "the name of an MDC");
        mdc->when = draft_link_when(draft, from->when);
        mdc->steps = ARENA_ARRAY(draft->arena, struct step *, from->step_count);
        for (size_t s = 0; s < from->step_count; s++) {
            mdc->steps[mdc->step_count++] = link_step(draft, from->steps[s]);
        }
    }
}

struct codeset *draft_link_set(struct draft *draft, const char *name, enum code_kind kind) {
    struct codeset *set = codesets_find(&draft->scheme->sets, name, strlen(name));
    if (set == NULL || !codeset_expand(&draft->scheme->sets, set)) {
        return NULL;
    }
    if (set->kind != kind && set->count > 0) {
        report_say(draft->report, MSG_wrong_set_kind, set->place, name, code_kind_words(set->kind),
                   code_kind_words(kind), code_kind_words(kind));
        return NULL;
    }
    return set;
}

static void link_severity(struct draft *draft) {
    struct scheme *scheme = draft->scheme;
    scheme->tables = ARENA_ARRAY(draft->arena, struct exclusion_table, draft->table_count);
    scheme->table_count = draft->table_count;
    for (size_t i = 0; i < draft->table_count; i++) {
        const char *id = draft->tables[i].id;
        scheme->tables[i] = (struct exclusion_table){
            id, draft->tables[i].place, draft_link_set(draft, table_set(draft, "PRINCIPAL", id), CODE_DIAGNOSIS),
            draft_link_set(draft, table_set(draft, "MCC", id), CODE_DIAGNOSIS),
            draft_link_set(draft, table_set(draft, "CC", id), CODE_DIAGNOSIS)};
    }
}

static enum barred_action link_action(struct draft *draft, const struct node *node) {
    if (node == NULL || node_text(draft->report, node, "what a principal code does") == NULL) {
        return BARRED_NOTHING;
    }
    if (strcmp(node->text, "nothing") == 0) { /* in an overlay: no longer what the base does */
        return BARRED_NOTHING;
    }
    bool ungrouped = strcmp(node->text, "ungrouped") == 0;
    if (!ungrouped && strcmp(node->text, "ignore") != 0) {
        report_say(draft->report, MSG_wrong_choice, node->place, "what a principal code does", node->text,
                   "ungrouped, ignore, nothing", "");
    }
    return ungrouped ? BARRED_UNGROUPED : BARRED_IGNORED;
}

static void link_barred(struct draft *draft) {
    for (int kind = 0; kind < BARRED_KINDS; kind++) {
        for (int codes = 0; codes < CODE_KINDS; codes++) {
            struct barred *barred = &draft->scheme->barred[kind];
            barred->sets[codes] = draft_link_set(draft, barred_sets[kind][codes], (enum code_kind)codes);
            barred->principal[codes] = link_action(draft, draft->barred[kind][codes]);
        }
    }
}

static enum fact link_fact(struct draft *draft, const struct node *node) {
    if (node_text(draft->report, node, "fact") == NULL) {
        return FACT_COUNT;
    }
    enum fact fact = fact_of_word(node->text, node->length);
    if (fact == FACT_COUNT) {
        report_say(draft->report, MSG_unknown_fact, node->place, node->text, "");
    } else if (fact_is_late(fact)) {
        report_say(draft->report, MSG_dip_late_fact, node->place, node->text);
        return FACT_COUNT;
    }
    return fact;
}

static void link_requirements(struct draft *draft) {
    static const char *const keys[] = {"fact", "when", NULL};
    const struct node *list = draft->require;
    if (list == NULL || node_expect(draft->report, list, NODE_LIST, "require") == NULL) {
        return;
    }
    struct scheme *scheme = draft->scheme;
    scheme->requirements = ARENA_ARRAY(draft->arena, struct requirement, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct node *item = list->items[i];
        if (node_expect(draft->report, item, NODE_MAP, "a requirement") == NULL) {
            continue;
        }
        node_check_keys(draft->report, item, keys, "a requirement");
        const struct node *name = node_get(item, "fact");
        if (name == NULL) {
            report_say(draft->report, MSG_missing_key, item->place, "a requirement", "fact");
            continue;
        }
        enum fact fact = link_fact(draft, name);
        if (fact != FACT_COUNT) {
            scheme->requirements[scheme->requirement_count++] =
                (struct requirement){fact, draft_link_when(draft, node_get(item, "when")), item->place};
        }
    }
}

static void link_compatibility(struct draft *draft) {
    static const char *const keys[] = {"codes", "sex", "numbers", "gray", "missing_as_zero", NULL};
    const struct node *map = draft->compatibility;
    if (map == NULL || node_expect(draft->report, map, NODE_MAP, "compatibility") == NULL) {
        return;
    }
    struct compatibility *out = &draft->scheme->compatibility;
    node_check_keys(draft->report, map, keys, "compatibility");
    static const struct {
        const char *key, *choices[3];
    } rows[] = {{"codes", {"exact"}},
                {"sex", {"refuse-words", "unknown-words"}},
                {"numbers", {"negative"}},
                {"gray", {"as-others"}}};
    bool *flags[4][2] = {{&out->exact_codes, NULL},
                         {&out->sex_words_refused, &out->sex_words_unknown},
                         {&out->negative_numbers, NULL},
                         {&out->gray_as_others, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct node *value = node_get(map, rows[i].key);
        if (value == NULL || node_text(draft->report, value, rows[i].key) == NULL) {
            continue;
        }
        bool found = false;
        for (size_t c = 0; c < 2 && rows[i].choices[c] != NULL; c++) {
            if (strcmp(value->text, rows[i].choices[c]) == 0) {
                *flags[i][c] = found = true;
            }
        }
        if (!found) {
            const char *second = rows[i].choices[1];
            report_say(
                draft->report, MSG_wrong_choice, value->place, rows[i].key, value->text,
                arena_format(draft->arena, "%s%s%s", rows[i].choices[0], second ? ", " : "", second ? second : ""),
                "");
        }
    }
    const struct node *missing = node_get(map, "missing_as_zero");
    if (missing != NULL && node_expect(draft->report, missing, NODE_LIST, "missing_as_zero") != NULL) {
        for (size_t i = 0; i < missing->count; i++) {
            enum fact fact = link_fact(draft, missing->items[i]);
            if (fact != FACT_COUNT) {
                out->zero_if_missing[fact] = true;
            }
        }
    }
}

/* Every name and condition that the last overlay gives to a group must have found it. What those below it gave may
 * have lost its group to a later one. */
static void check_patches(struct draft *draft) {
    for (size_t i = 0; i < draft->patch_count; i++) {
        bool last = strcmp(draft->patches[i].key->place.file, draft->scheme->place.file) == 0;
        if (last && !draft->patches[i].used) {
            report_say(draft->report, MSG_nothing_to_change, draft->patches[i].key->place, "group",
                       draft->patches[i].key->text, "");
        }
    }
}

/* ---- the whole ---- */

/* The files of a scheme and of what it extends; chain[0] is the one that extends none. */
static size_t read_chain(struct sources *sources, const char *path, struct place from,
                         const struct node *chain[EXTENDS_DEPTH]) {
    const struct node *reversed[EXTENDS_DEPTH];
    size_t count = 0;
    while (path != NULL) {
        if (count == EXTENDS_DEPTH) {
            report_say(sources->report, MSG_cyclic_extends, from, path);
            return 0;
        }
        const struct node *root = document_read(sources, path, from);
        if (root == NULL || node_expect(sources->report, root, NODE_MAP, "a scheme") == NULL) {
            return 0;
        }
        reversed[count++] = root;
        const struct node *extends = node_get(root, "extends");
        path = NULL;
        if (extends != NULL) {
            if (node_text(sources->report, extends, "extends") == NULL) {
                return 0;
            }
            path = source_path(sources, extends->place.file, extends->text);
            from = extends->place;
        }
    }
    for (size_t i = 0; i < count; i++) {
        chain[i] = reversed[count - 1 - i];
    }
    return count;
}

/* Whether the scheme is a DIP scheme: its base says so, and overlays may repeat it. Each file has the keys of its
 * kind. */
static bool read_kind(struct report *report, const struct node *const *chain, size_t count) {
    bool dip = false;
    for (size_t i = 0; i < count; i++) {
        const struct node *kind = node_get(chain[i], "kind");
        bool said = kind != NULL && node_text(report, kind, "kind") != NULL,
             here = said && strcmp(kind->text, "dip") == 0;
        if (said && !here && strcmp(kind->text, "drg") != 0) {
            report_say(report, MSG_wrong_choice, kind->place, "kind", kind->text, "drg, dip", "");
        } else if (said && i > 0 && here != dip) {
            report_say(report, MSG_dip_kind_differs, kind->place, dip ? "dip" : "drg");
        }
        dip = i == 0 ? here : dip;
        node_check_keys(report, chain[i], dip ? dip_keys : drg_keys, dip ? "a DIP scheme" : "a scheme");
    }
    return dip;
}

static void draft_severity_of(struct draft *draft, const struct node *root, bool overlay) {
    const struct node *severity = node_get(root, "severity");
    if (severity != NULL && severity->kind == NODE_SCALAR) {
        static const char *const keys[] = {"severity", "source", NULL};
        const char *path = source_path(draft->sources, severity->place.file, severity->text);
        const struct node *file = document_read(draft->sources, path, severity->place);
        if (file == NULL || node_expect(draft->report, file, NODE_MAP, "a severity file") == NULL) {
            return;
        }
        node_check_keys(draft->report, file, keys, "a severity file");
        severity = node_get(file, "severity");
        if (severity == NULL) {
            report_say(draft->report, MSG_missing_key, file->place, "a severity file", "severity");
        }
    }
    draft_severity(draft, severity, overlay);
}

static void draft_file(struct draft *draft, const struct node *root, bool overlay) {
    draft_identity(draft, root);
    draft->no_drg = node_get(root, "no_drg") != NULL ? node_get(root, "no_drg") : draft->no_drg;
    draft->require = node_get(root, "require") != NULL ? node_get(root, "require") : draft->require;
    draft->compatibility =
        node_get(root, "compatibility") != NULL ? node_get(root, "compatibility") : draft->compatibility;
    draft->retry = node_get(root, "retry_procedures") != NULL ? node_get(root, "retry_procedures") : draft->retry;
    const struct node *demonstration = node_get(root, "demonstration");
    draft->demonstration = demonstration != NULL ? demonstration : draft->demonstration;
    draft_barred(draft, node_get(root, "gray"), BARRED_GRAY, overlay);
    draft_barred(draft, node_get(root, "invalid"), BARRED_INVALID, overlay);
    draft_splits(draft, node_get(root, "splits"));
    draft_sets(draft, node_get(root, "sets"), overlay);
    draft_severity_of(draft, root, overlay);
    if (draft->dip != NULL) {
        dip_draft_file(draft, root, overlay);
    } else if (overlay) {
        draft_overlay(draft, root);
    } else {
        draft_mdcs(draft, root);
    }
}

struct scheme *scheme_read(struct sources *sources, const char *path, struct place from) {
    const struct node *chain[EXTENDS_DEPTH];
    size_t count = read_chain(sources, path, from, chain);
    if (count == 0) {
        return NULL;
    }
    size_t errors = sources->report->errors;
    struct draft draft = {.arena = sources->arena, .report = sources->report, .sources = sources};
    struct scheme *scheme = draft.scheme = ARENA_NEW(sources->arena, struct scheme);
    draft.dip = read_kind(sources->report, chain, count) ? dip_draft_new(&draft) : NULL;
    scheme->place = chain[count - 1]->place;
    if (!draft_catalogue(&draft, chain, count, CODE_DIAGNOSIS) ||
        !draft_catalogue(&draft, chain, count, CODE_PROCEDURE)) {
        return NULL;
    }
    draft_crosswalk(&draft, chain, count, CODE_DIAGNOSIS);
    draft_crosswalk(&draft, chain, count, CODE_PROCEDURE);
    codesets_init(&scheme->sets, sources, scheme->catalogues[CODE_DIAGNOSIS], scheme->catalogues[CODE_PROCEDURE]);
    for (size_t i = 0; i < count; i++) {
        draft_file(&draft, chain[i], i > 0);
    }
    if (draft.dip != NULL) {
        dip_link(&draft);
    } else {
        link_splits(&draft);
        link_mdcs(&draft);
        scheme->retry_procedures = draft_link_yes(&draft, draft.retry, "retry_procedures");
    }
    scheme->demonstration = draft_link_yes(&draft, draft.demonstration, "demonstration");
    link_severity(&draft);
    link_barred(&draft);
    link_requirements(&draft);
    link_compatibility(&draft);
    check_patches(&draft);
    for (size_t i = 0; i < scheme->sets.count; i++) {
        codeset_expand(&scheme->sets, scheme->sets.sets[i]); /* those no rule uses are read and checked as well */
    }
    return sources->report->errors == errors ? scheme : NULL;
}
