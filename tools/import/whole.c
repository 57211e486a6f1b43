/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole scheme as rules: scheme.yaml, a file an MDC, severity.yaml, and long code lists beside them. */
#include "import.h"

#include <stdlib.h>
#include <string.h>

/* ---- parts that overlays have as well ---- */

void write_head(const struct writing *w, struct yaml *yaml, const char *about) {
    size_t adrgs = 0, drgs = 0;
    for (size_t m = 0; m < w->scheme->mdc_count; m++) {
        const struct mdc *mdc = w->scheme->mdcs[m];
        for (size_t s = 0; s < mdc->step_count; s++) {
            bool again = s > 0 && strcmp(mdc->steps[s - 1]->code, mdc->steps[s]->code) == 0;
            adrgs += !mdc->steps[s]->is_qy && !again;
            drgs += mdc->steps[s]->drg_count;
        }
    }
    yaml_put(yaml, "# SPDX-License-Identifier: Apache-2.0\n");
    yaml_comment(yaml, 0,
                 arena_format(w->arena, "%s: %zu MDC, %zu ADRG, %zu DRG. %s", w->scheme->title,
                              w->scheme->mdc_count, adrgs, drgs, about));
    for (size_t i = 0; w->base == NULL && w->notes[i] != NULL; i++) {
        yaml_comment(yaml, 0, w->notes[i]);
    }
    yaml_put(yaml, "\nscheme: %s\n", yaml_scalar(w->arena, w->scheme->id, false));
    if (w->extends != NULL) {
        yaml_put(yaml, "extends: %s\n", yaml_scalar(w->arena, w->extends, false));
    }
    yaml_text(yaml, 0, "title", w->scheme->title);
    yaml_text(yaml, 0, "source", w->scheme->source);
    yaml_put(yaml, "date: %s\n", w->date);
}

/* Codes that the catalogue lacks: with names as a map, without names as one text. */
void write_additions(const struct writing *w, struct yaml *yaml, int indent) {
    static const char *const keys[CODE_KINDS] = {"add_diagnoses", "add_procedures"};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        const struct missing_codes *missing = &w->missing[kind];
        struct yaml names = {.arena = w->arena}, codes = {.arena = w->arena};
        for (size_t i = 0; i < missing->count; i++) {
            if (missing->codes[i].name[0] != '\0') {
                yaml_put(&names, "%*s%s: %s\n", indent + 2, "",
                         yaml_scalar(w->arena, missing->codes[i].text, false),
                         yaml_scalar(w->arena, missing->codes[i].name, false));
            }
            yaml_put(&codes, "%s%s", i == 0 ? "" : " ", missing->codes[i].text);
        }
        if (names.length > 0) { /* one with a name: all as a map */
            yaml_put(yaml, "%*s%s:\n%s", indent, "", keys[kind], names.bytes);
            for (size_t i = 0; i < missing->count; i++) {
                if (missing->codes[i].name[0] == '\0') {
                    yaml_put(yaml, "%*s%s: ''\n", indent + 2, "",
                             yaml_scalar(w->arena, missing->codes[i].text, false));
                }
            }
        } else if (codes.length > 0) {
            yaml_items(yaml, indent, keys[kind], codes.bytes);
        }
        yaml_clear(&names);
        yaml_clear(&codes);
    }
}

void write_splits(const struct writing *w, struct yaml *yaml, const struct split *splits, size_t count) {
    if (count == 0) {
        return;
    }
    yaml_put(yaml,
             "\n# By the end of a DRG's code: its condition, and what it adds to the name of its ADRG.\nsplits:\n");
    for (size_t i = 0; i < count; i++) {
        const char *when = "", *name = "", *key = yaml_scalar(w->arena, splits[i].key, false);
        if (splits[i].when->op != EXPR_TRUE) {
            when = arena_format(w->arena, "when: %s",
                                yaml_scalar(w->arena, expression_text(w->arena, splits[i].when), true));
        }
        if (splits[i].name[0] != '\0') {
            name = arena_format(w->arena, "name: %s", yaml_scalar(w->arena, splits[i].name, true));
        }
        yaml_put(yaml, "  %s: {%s%s%s}\n", key, when, when[0] != '\0' && name[0] != '\0' ? ", " : "", name);
    }
}

static bool same_requirements(const struct scheme *a, const struct scheme *b) {
    bool same = a->requirement_count == b->requirement_count;
    for (size_t i = 0; same && i < a->requirement_count; i++) {
        same = a->requirements[i].fact == b->requirements[i].fact &&
               expression_hash(a->requirements[i].when) == expression_hash(b->requirements[i].when);
    }
    return same;
}

static void write_compatibility(struct yaml *yaml, const struct compatibility *c) {
    yaml_put(yaml, "\ncompatibility:\n");
    yaml_put(yaml, c->exact_codes ? "  codes: exact\n" : "");
    yaml_put(yaml, c->sex_words_unknown   ? "  sex: unknown-words\n"
                   : c->sex_words_refused ? "  sex: refuse-words\n"
                                          : "");
    yaml_put(yaml, c->negative_numbers ? "  numbers: negative\n" : "");
    yaml_put(yaml, c->gray_as_others ? "  gray: as-others\n" : "");
    const char *between = "  missing_as_zero: [";
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        if (c->zero_if_missing[fact]) {
            yaml_put(yaml, "%s%s", between, fact_rows[fact].word);
            between = ", ";
        }
    }
    yaml_put(yaml, between[0] == ',' ? "]\n" : "");
}

/* What a case must have, and what is done where the source's program departs from the plain reading. */
void write_rules_of_input(const struct writing *w, struct yaml *yaml, const struct scheme *base) {
    const struct scheme *scheme = w->scheme;
    if (base == NULL || scheme->bare != base->bare) {
        yaml_put(yaml, "\n# %s\nno_drg: %s\n",
                 scheme->bare ? "An ADRG none of whose DRGs fits is the answer itself."
                              : "An ADRG none of whose DRGs fits is passed over.",
                 scheme->bare ? "adrg" : "next");
    }
    if (base == NULL ? scheme->retry_procedures : scheme->retry_procedures != base->retry_procedures) {
        yaml_put(yaml, "\n# No group: each other procedure is tried alone.\nretry_procedures: %s\n",
                 scheme->retry_procedures ? "true" : "false");
    }
    if (base == NULL || !same_requirements(scheme, base)) {
        yaml_put(yaml, "\nrequire:\n");
        for (size_t i = 0; i < scheme->requirement_count; i++) {
            const struct requirement *one = &scheme->requirements[i];
            bool always = one->when->op == EXPR_TRUE;
            yaml_put(yaml, always ? "- {fact: %s}\n" : "- {fact: %s, when: %s}\n", fact_rows[one->fact].word,
                     expression_text(w->arena, one->when));
        }
    }
    if (base == NULL || memcmp(&scheme->compatibility, &base->compatibility, sizeof scheme->compatibility) != 0) {
        write_compatibility(yaml, &scheme->compatibility);
    }
}

/* ---- sets ---- */

/* Call for every set of a condition. */
void each_set(const struct expression *when, void (*tell)(struct codeset *, void *), void *user) {
    if (when->op == EXPR_IN || when->op == EXPR_COUNT) {
        tell(when->set, user);
    } else if (when->op != EXPR_AMONG) {
        for (size_t i = 0; i < when->count; i++) {
            each_set(when->children[i], tell, user);
        }
    }
}

bool disjoint(const uint64_t *a, const uint64_t *b, uint32_t count) {
    for (size_t i = 0; i < ((size_t)count + 63) / 64; i++) {
        if ((a[i] & b[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* The short form; or one of whole branches minus the codes that no list has, if that is shorter. */
const char *items_text(const struct writing *w, const struct codeset *whole, const uint64_t *bits,
                       const uint64_t *keep) {
    const struct shortener *shortener = w->shorteners[whole->kind];
    uint32_t count = w->scheme->catalogues[whole->kind]->count;
    size_t words = ((size_t)count + 63) / 64;
    const char *best = shorten_keeping(shortener, bits, NULL, keep);
    size_t cost = strlen(best);
    uint64_t *meant = need(calloc(words + 1, sizeof *meant));
    for (int i = 0; i < 2; i++) {
        const struct codeset *unused = w->unused[whole->kind][i];
        if (unused == NULL || cost < 40 || !disjoint(whole->bits, unused->bits, count)) {
            continue;
        }
        const char *longer = shorten_keeping(shortener, bits, unused->bits, keep);
        spell_out(shortener, longer, meant);
        bool minus = !disjoint(meant, unused->bits, count);
        size_t own =
            strlen(longer) + (minus ? strlen(unused->name) + 14 : 0); /* the name tells less than codes do */
        if (own < cost) {
            best = minus ? arena_format(w->arena, "%s !%s", longer, unused->name) : longer;
            cost = own;
        }
    }
    free(meant);
    return best;
}

const char *set_text(const struct writing *w, const struct codeset *set) {
    return items_text(w, set, set->bits, NULL);
}

/* Where a set is used: in one step, in one MDC, or in several. */
struct use {
    const struct codeset *set;
    const struct mdc *mdc;
    const struct step *step; /* NULL: in the condition of the MDC, or in several steps */
    bool shared;
};

struct uses {
    struct arena *arena;
    struct use *rows;
    size_t count, capacity;
    const struct mdc *mdc; /* where the walk is */
    const struct step *step;
};

static void find_used(struct codeset *set, void *user) {
    struct uses *uses = user;
    for (size_t i = 0; i < uses->count; i++) {
        struct use *row = &uses->rows[i];
        if (row->set == set) {
            row->shared = row->shared || row->mdc != uses->mdc;
            row->step = row->step == uses->step ? row->step : NULL;
            return;
        }
    }
    struct use row = {set, uses->mdc, uses->step, false};
    ARENA_PUSH(uses->arena, uses->rows, uses->count, uses->capacity, row);
}

static void find_uses(struct uses *uses, const struct scheme *scheme) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        uses->mdc = scheme->mdcs[m];
        uses->step = NULL;
        each_set(scheme->mdcs[m]->when, find_used, uses);
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            uses->step = scheme->mdcs[m]->steps[s];
            each_set(uses->step->when, find_used, uses);
            for (size_t d = 0; d < uses->step->drg_count; d++) {
                each_set(uses->step->drgs[d].when, find_used, uses);
            }
        }
    }
}

/* A few codes in the condition of an MDC or DRG are written there. */
static void inline_small(struct codeset *set, void *user) {
    const struct writing *w = user;
    if (set->count <= 3 && set != w->valid_procedures) {
        set->name = arena_format(w->arena, "{%s}", codes_text(w->arena, set, w->scheme->catalogues[set->kind]));
    }
}

void inline_small_sets(struct writing *w) {
    for (size_t m = 0; m < w->scheme->mdc_count; m++) {
        const struct mdc *mdc = w->scheme->mdcs[m];
        each_set(mdc->when, inline_small, w);
        for (size_t s = 0; s < mdc->step_count; s++) {
            for (size_t d = 0; d < mdc->steps[s]->drg_count; d++) {
                each_set(mdc->steps[s]->drgs[d].when, inline_small, w);
            }
        }
    }
}

static bool is_inline(const struct codeset *set) {
    return set->name[0] == '{';
}

static void write_sets(const struct writing *w, struct yaml *yaml, int indent, const struct uses *uses,
                       const struct mdc *mdc, const struct step *step) {
    bool first = true;
    for (size_t i = 0; i < uses->count; i++) {
        const struct use *row = &uses->rows[i];
        bool here = mdc == NULL ? row->shared : !row->shared && row->mdc == mdc && row->step == step;
        if (!here || is_inline(row->set) || row->set == w->valid_procedures) {
            continue;
        }
        if (first && mdc != NULL) {
            yaml_put(yaml, "%*ssets:\n", indent, "");
        }
        first = false;
        yaml_items(yaml, indent + 2, row->set->name, set_text(w, row->set));
    }
}

/* Codes in no list of a group and principal in no exclusion table, if leaving them in makes the lists much shorter.
 */
static void find_unused(struct writing *w, const struct uses *uses, enum code_kind kind) {
    uint32_t count = w->scheme->catalogues[kind]->count;
    size_t words = ((size_t)count + 63) / 64;
    struct codeset *unused = ARENA_NEW(w->arena, struct codeset);
    unused->name = kind == CODE_DIAGNOSIS ? "DI_UNUSED" : "OP_UNUSED";
    unused->kind = kind;
    unused->bits = ARENA_ARRAY(w->arena, uint64_t, words + 1);
    for (uint32_t c = 0; c < count; c++) {
        unused->bits[c / 64] |= (uint64_t)1 << (c % 64);
    }
    size_t plain = 0, shorter = 0;
    for (size_t i = 0; i < uses->count; i++) {
        const struct codeset *set = uses->rows[i].set;
        for (size_t b = 0; b < words && set->kind == kind && set != w->valid_procedures; b++) {
            unused->bits[b] &= ~set->bits[b];
        }
    }
    for (size_t t = 0; t < w->scheme->table_count && kind == CODE_DIAGNOSIS; t++) {
        const struct codeset *set = w->scheme->tables[t].principal;
        for (size_t b = 0; b < words && set != NULL; b++) {
            unused->bits[b] &= ~set->bits[b];
        }
    }
    for (size_t b = 0; b < words; b++) {
        unused->count += (uint32_t)__builtin_popcountll(unused->bits[b]);
    }
    for (size_t i = 0; i < uses->count; i++) {
        const struct codeset *set = uses->rows[i].set;
        if (set->kind == kind && set != w->valid_procedures) {
            w->unused[kind][0] = NULL;
            plain += strlen(set_text(w, set));
            w->unused[kind][0] = unused;
            shorter += strlen(set_text(w, set));
        }
    }
    size_t own = strlen(shorten(w->shorteners[kind], unused->bits, NULL));
    w->unused[kind][0] = unused->count > 0 && shorter + own + 500 < plain ? unused : NULL;
}

/* ---- files ---- */

static const char *const mark = "# SPDX-License-Identifier: Apache-2.0\n";

/* A long list in a text file of its own; the words that name it in YAML. */
static const char *write_list(const struct writing *w, const char *file, const char *about,
                              const struct codeset *set, bool *good) {
    struct yaml text = {.arena = w->arena};
    yaml_put(&text, "%s", mark);
    yaml_comment(&text, 0, arena_format(w->arena, "%s: %u.", about, set->count));
    yaml_put(&text, "\n");
    yaml_lines(&text, shorten(w->shorteners[set->kind], set->bits, NULL));
    *good = place_put(w->out, file, &text) && *good;
    return arena_format(w->arena, "{file: %s}", file);
}

static void write_step(const struct writing *w, struct yaml *yaml, const struct step *step, const struct uses *uses,
                       const struct mdc *mdc) {
    const char *id = yaml_scalar(w->arena, step->id, false);
    if (step->is_qy) {
        yaml_put(yaml, "  %s:\n    qy: true\n", id);
    } else {
        yaml_put(yaml, "  %s:\n", id);
        if (strcmp(step->id, step->code) != 0) {
            yaml_put(yaml, "    code: %s\n", yaml_scalar(w->arena, step->code, false));
        }
        yaml_text(yaml, 4, "name", step->name);
    }
    if (step->when->op != EXPR_TRUE) {
        yaml_when(yaml, 4, step->when);
    } else {
        yaml_put(yaml, "    # every case that the steps above have left\n");
    }
    write_sets(w, yaml, 4, uses, mdc, step);
    if (step->own_bare && !step->is_qy) {
        yaml_put(yaml, "    no_drg: %s\n", step->bare ? "adrg" : "next");
    }
    if (step->drg_count > 0) {
        yaml_drgs(yaml, 4, step, w->scheme->splits, w->scheme->split_count);
    }
}

static const char *mdc_file(const struct writing *w, const struct mdc *mdc) {
    bool usual = strncmp(mdc->code, "MDC", 3) == 0 && strlen(mdc->code) == 4;
    return arena_format(w->arena, "mdc/%s.yaml", usual ? mdc->code + 3 : mdc->code);
}

static bool write_mdc(const struct writing *w, const struct mdc *mdc, const struct uses *uses) {
    struct yaml yaml = {.arena = w->arena};
    yaml_put(&yaml, "%s\nmdc: %s\n", mark, yaml_scalar(w->arena, mdc->code, false));
    yaml_text(&yaml, 0, "name", mdc->name);
    if (mdc->when->op != EXPR_TRUE) {
        yaml_when(&yaml, 0, mdc->when);
    }
    write_sets(w, &yaml, 0, uses, mdc, NULL);
    yaml_put(&yaml, "steps:%s\n", mdc->step_count == 0 ? " {}" : "");
    for (size_t s = 0; s < mdc->step_count; s++) {
        write_step(w, &yaml, mdc->steps[s], uses, mdc);
    }
    bool good = place_put(w->out, mdc_file(w, mdc), &yaml);
    return good;
}

static bool write_severity(const struct writing *w) {
    static const char *const keys[PARTS] = {"principal", "mcc", "cc"};
    size_t counts[PARTS] = {0};
    for (size_t t = 0; t < w->scheme->table_count; t++) {
        for (int part = 0; part < PARTS; part++) {
            const struct codeset *set = table_part(&w->scheme->tables[t], (enum severity_part)part);
            counts[part] += set != NULL ? set->count : 0;
        }
    }
    struct yaml yaml = {.arena = w->arena};
    yaml_put(&yaml, "%s", mark);
    yaml_comment(&yaml, 0,
                 arena_format(w->arena,
                              "Severity: %zu exclusion tables with %zu MCC, %zu CC and %zu principal diagnoses. "
                              "The keys are the numbers that "
                              "the source gives its tables; they mean nothing beyond telling the tables apart. The "
                              "codes of a table without "
                              "principal diagnoses always count.",
                              w->scheme->table_count, counts[PART_MCC], counts[PART_CC], counts[PART_PRINCIPAL]));
    yaml_put(&yaml, "\nseverity:%s\n", w->scheme->table_count == 0 ? " {}" : "");
    for (size_t t = 0; t < w->scheme->table_count; t++) {
        yaml_put(&yaml, "  %s:\n", yaml_scalar(w->arena, w->scheme->tables[t].id, false));
        for (int part = 0; part < PARTS; part++) {
            const struct codeset *set = table_part(&w->scheme->tables[t], (enum severity_part)part);
            if (set != NULL && set->count > 0) {
                yaml_items(&yaml, 4, keys[part], set_text(w, set));
            }
        }
    }
    bool good = place_put(w->out, "severity.yaml", &yaml);
    return good;
}

static bool write_barred_lists(const struct writing *w, struct yaml *yaml) {
    static const char *const kinds[BARRED_KINDS] = {[BARRED_GRAY] = "gray", [BARRED_INVALID] = "invalid"};
    static const char *const abouts[BARRED_KINDS] = {
        [BARRED_GRAY] = "too unspecific to decide a group", [BARRED_INVALID] = "not for settlement lists"};
    static const char *const codes[CODE_KINDS] = {"diagnoses", "procedures"}, *const one[CODE_KINDS] = {
                                                                                  "diagnosis", "procedure"};
    bool good = true;
    for (int kind = 0; kind < BARRED_KINDS; kind++) {
        const struct barred *barred = &w->scheme->barred[kind];
        bool first = true;
        for (int code = 0; code < CODE_KINDS; code++) {
            if (barred->sets[code] == NULL || barred->sets[code]->count == 0) {
                continue;
            }
            if (first) {
                yaml_put(yaml, "\n# %s\n%s:\n", abouts[kind], kinds[kind]);
            }
            first = false;
            const char *file = arena_format(w->arena, "%s-%s.txt", kinds[kind], codes[code]);
            const char *about =
                arena_format(w->arena, "%s %s", code == 0 ? "Diagnoses" : "Procedures", abouts[kind]);
            yaml_put(yaml, "  %s: %s\n", codes[code], write_list(w, file, about, barred->sets[code], &good));
            if (barred->principal[code] != BARRED_NOTHING) {
                yaml_put(yaml, "  principal_%s: %s\n", one[code],
                         barred->principal[code] == BARRED_UNGROUPED ? "ungrouped" : "ignore");
            }
        }
    }
    return good;
}

static bool write_scheme_file(const struct writing *w, const struct uses *uses) {
    struct yaml yaml = {.arena = w->arena}, sets = {.arena = w->arena};
    bool good = true;
    write_head(w, &yaml, "");
    yaml_put(&yaml, "\ncodes:\n  diagnoses: %s\n  procedures: %s\n",
             yaml_scalar(w->arena, w->codes[CODE_DIAGNOSIS], false),
             yaml_scalar(w->arena, w->codes[CODE_PROCEDURE], false));
    if (w->missing[CODE_DIAGNOSIS].count + w->missing[CODE_PROCEDURE].count > 0) {
        yaml_put(&yaml, "  # in lists of the source, not in the catalogue\n");
        write_additions(w, &yaml, 2);
    }
    write_rules_of_input(w, &yaml, NULL);
    write_splits(w, &yaml, w->scheme->splits, w->scheme->split_count);
    if (w->valid_procedures != NULL && w->valid_procedures->count > 0) {
        yaml_put(&sets, "  OP_ALL: %s\n",
                 write_list(w, "valid-procedures.txt", "Procedures that make a case surgical (OP_ALL)",
                            w->valid_procedures, &good));
    }
    if (w->unused[CODE_DIAGNOSIS][0] != NULL) {
        yaml_put(&sets, "  DI_UNUSED: %s\n",
                 write_list(w, "unused-diagnoses.txt",
                            "Diagnoses in no list of an MDC or ADRG, and principal in no exclusion table "
                            "(DI_UNUSED). The lists are whole branches minus these",
                            w->unused[CODE_DIAGNOSIS][0], &good));
    }
    if (w->unused[CODE_PROCEDURE][0] != NULL) {
        yaml_put(
            &sets, "  OP_UNUSED: %s\n",
            write_list(w, "unused-procedures.txt",
                       "Procedures that no group asks for (OP_UNUSED). The lists are whole branches minus these",
                       w->unused[CODE_PROCEDURE][0], &good));
    }
    write_sets(w, &sets, 0, uses, NULL, NULL);
    if (sets.length > 0) {
        yaml_put(&yaml, "\nsets:\n%s", sets.bytes);
    }
    good = write_barred_lists(w, &yaml) && good;
    if (w->scheme->table_count > 0) {
        yaml_put(&yaml, "\nseverity: severity.yaml\n");
        good = write_severity(w) && good;
    }
    yaml_put(&yaml, "\nmdcs:\n");
    for (size_t m = 0; m < w->scheme->mdc_count; m++) {
        yaml_put(&yaml, "- %s\n", yaml_scalar(w->arena, mdc_file(w, w->scheme->mdcs[m]), false));
    }
    good = place_put(w->out, "scheme.yaml", &yaml) && good;
    yaml_clear(&sets);
    return good;
}

bool write_whole(struct writing *w) {
    struct uses uses = {.arena = w->arena};
    splits_find(w->arena, w->scheme, NULL);
    inline_small_sets(w);
    find_uses(&uses, w->scheme);
    find_unused(w, &uses, CODE_DIAGNOSIS);
    find_unused(w, &uses, CODE_PROCEDURE);
    bool good = write_scheme_file(w, &uses);
    for (size_t m = 0; good && m < w->scheme->mdc_count; m++) {
        good = write_mdc(w, w->scheme->mdcs[m], &uses);
    }
    return good;
}
