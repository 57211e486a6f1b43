/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables that every scheme has: what it knows of each code, its structure, what it requires. */
#include "scheme_table.h"

#include <string.h>

static_assert(FACT_COUNT < 64, "facts are bits of 64-bit words in the image");

/* ---- what conditions ask ---- */

void use_fact(struct builder *b, enum fact fact) {
    const enum fact *parts = fact_ratio(fact);
    b->used_numbers |= (uint64_t)1 << fact;
    for (int i = 0; parts != NULL && i < 2; i++) {
        b->used_numbers |= parts[i] == FACT_COUNT ? 0 : (uint64_t)1 << parts[i];
    }
}

void use_numbers(struct builder *b, const struct expression *when) {
    bool inner = when->op == EXPR_AND || when->op == EXPR_OR || when->op == EXPR_NOT || when->op == EXPR_AT_LEAST;
    if ((when->op == EXPR_COMPARE || when->op == EXPR_PRESENT) && fact_rows[when->fact].kind != FACT_KIND_TEXT) {
        use_fact(b, when->fact);
    }
    for (size_t i = 0; inner && i < when->count; i++) {
        use_numbers(b, when->children[i]);
    }
}

uint16_t conjunction_mask(struct builder *b, const struct conjunction *conjunction) {
    struct mask mask = {0};
    for (size_t p = 0; p < conjunction->count; p++) {
        fact_table_require(b->facts, &conjunction->parts[p], &mask);
    }
    return fact_table_mask(b->facts, &mask);
}

/* ---- structure ---- */

image_text file_name(struct builder *b, struct place place) {
    return image_writer_text(b->writer, source_name(b->scheme->sets.sources, place.file));
}

void push_mdc(struct builder *b, const struct mdc *mdc) {
    struct image_mdc out = {.code = image_writer_text(b->writer, mdc->code),
                            .name = image_writer_text(b->writer, mdc->name),
                            .file = file_name(b, mdc->place),
                            .line = mdc->place.line,
                            .when = condition_table_add(b->conditions, mdc->when),
                            .first_step = (uint32_t)b->step_count,
                            .step_count = (uint32_t)mdc->step_count};
    ARENA_PUSH(b->arena, b->mdcs, b->mdc_count, b->mdc_capacity, out);
}

void push_step(struct builder *b, const struct step *step, struct image_step rest) {
    rest.code = image_writer_text(b->writer, step->code);
    rest.name = image_writer_text(b->writer, step->name);
    rest.id = image_writer_text(b->writer, step->id);
    rest.file = file_name(b, step->place);
    rest.line = step->place.line;
    rest.when = condition_table_add(b->conditions, step->when);
    rest.mdc = (uint16_t)(b->mdc_count - 1);
    rest.drg_count = (uint16_t)step->drg_count;
    rest.flags = (uint16_t)((step->is_qy ? IMAGE_STEP_QY : 0) | (step->bare ? IMAGE_STEP_BARE : 0));
    ARENA_PUSH(b->arena, b->steps, b->step_count, b->step_capacity, rest);
}

void push_drg(struct builder *b, const struct drg *drg, const struct expression *when) {
    struct image_drg out = {image_writer_text(b->writer, drg->code),
                            image_writer_text(b->writer, drg->name),
                            file_name(b, drg->place),
                            drg->place.line,
                            condition_table_add(b->conditions, when),
                            (uint32_t)b->step_count};
    ARENA_PUSH(b->arena, b->drgs, b->drg_count, b->drg_capacity, out);
}

bool fits(struct builder *b, size_t count, size_t most, const char *what) {
    if (count > most) {
        report_say(b->report, MSG_too_many_groups, b->scheme->place, (unsigned)most, what);
    }
    return count <= most;
}

static void write_structure(struct builder *b, uint32_t owner) {
    image_writer_section(b->writer, IMAGE_HOT_STEPS, owner, b->steps, sizeof *b->steps, b->step_count);
    image_writer_section(b->writer, IMAGE_MDCS, owner, b->mdcs, sizeof *b->mdcs, b->mdc_count);
    image_writer_section(b->writer, IMAGE_DRGS, owner, b->drgs, sizeof *b->drgs, b->drg_count);
}

/* ---- profiles ---- */

/* The exclusion table of each diagnosis in one of its parts, plus 1. A code in two tables is said, the first
 * counts. */
static uint16_t *exclusion_of(struct builder *b, size_t part) {
    const struct catalogue *codes = b->scheme->catalogues[CODE_DIAGNOSIS];
    uint16_t *table_of = ARENA_ARRAY(b->arena, uint16_t, codes->count + 1);
    for (size_t t = 0; t < b->scheme->table_count; t++) {
        const struct exclusion_table *table = &b->scheme->tables[t];
        const struct codeset *set = part == 0 ? table->principal : part == 1 ? table->mcc : table->cc;
        for (uint32_t code = 0; set != NULL && set->count > 0 && code < codes->count; code++) {
            if (!codeset_has(set, code)) {
                continue;
            }
            if (table_of[code] != 0) {
                report_say(b->report, MSG_code_in_two_tables, set->place, codes->codes[code].text,
                           b->scheme->tables[table_of[code] - 1].id, table->id);
            } else {
                table_of[code] = (uint16_t)(t + 1);
            }
        }
    }
    return table_of;
}

/* What a code does as principal code, IMAGE_BARRED_. A code that is both gray and invalid is invalid. */
static uint8_t barred_of(const struct scheme *scheme, enum code_kind kind, uint32_t code) {
    static const uint8_t numbers[BARRED_KINDS][3] = {
        {0, IMAGE_BARRED_GRAY_UNGROUPED, IMAGE_BARRED_GRAY_IGNORED},
        {0, IMAGE_BARRED_INVALID_UNGROUPED, IMAGE_BARRED_INVALID_IGNORED}};
    for (int b = BARRED_KINDS; b-- > 0;) {
        const struct codeset *set = scheme->barred[b].sets[kind];
        if (set != NULL && set->count > 0 && codeset_has(set, code) &&
            scheme->barred[b].principal[kind] != BARRED_NOTHING) {
            return numbers[b][scheme->barred[b].principal[kind]];
        }
    }
    return 0;
}

/* Does the scheme say of any code that it may not decide the group? */
static bool has_barred(const struct scheme *scheme) {
    bool any = false;
    for (int b = 0; b < BARRED_KINDS; b++) {
        for (int kind = 0; kind < CODE_KINDS; kind++) {
            const struct codeset *set = scheme->barred[b].sets[kind];
            any = any || (set != NULL && set->count > 0 && scheme->barred[b].principal[kind] != BARRED_NOTHING);
        }
    }
    return any;
}

/* The rows of each code: none in a scheme without rules. */
static struct code_rows *rows_of(struct builder *b, enum code_kind kind, uint32_t *base) {
    if (b->scheme->dip == NULL) {
        return rules_code_rows(b, kind, base);
    }
    *base = 0;
    return ARENA_ARRAY(b->arena, struct code_rows, b->scheme->catalogues[kind]->count + 1);
}

static void write_diagnoses(struct builder *b, uint32_t owner, struct image_scheme *about) {
    uint32_t codes = b->scheme->catalogues[CODE_DIAGNOSIS]->count;
    struct code_rows *rows = rows_of(b, CODE_DIAGNOSIS, &about->any_diagnosis_base);
    uint16_t *excluded = exclusion_of(b, 0), *mcc = exclusion_of(b, 1), *cc = exclusion_of(b, 2);
    uint16_t *profile_of = ARENA_ARRAY(b->arena, uint16_t, b->id_counts[CODE_DIAGNOSIS]);
    struct image_diagnosis_profile none = {.principal_row = rows[codes].principal};
    struct run_pool profiles;
    run_pool_init(&profiles, b->arena, sizeof none);
    run_pool_put(&profiles, &none, 1);
    for (uint32_t code = 0; code < codes; code++) {
        struct image_diagnosis_profile profile = {
            rows[code].principal,
            rows[code].any,
            fact_table_code(b->facts, CODE_DIAGNOSIS, code, WHERE_PRINCIPAL_DIAGNOSIS),
            fact_table_code(b->facts, CODE_DIAGNOSIS, code, WHERE_OTHER_DIAGNOSES),
            mcc[code],
            cc[code],
            excluded[code],
            1,
            barred_of(b->scheme, CODE_DIAGNOSIS, code)};
        profile_of[b->ids[CODE_DIAGNOSIS][code]] = (uint16_t)run_pool_put(&profiles, &profile, 1);
    }
    about->diagnosis_count = codes;
    image_writer_section(b->writer, IMAGE_HOT_DIAGNOSIS_PROFILE, owner, profile_of, sizeof *profile_of,
                         b->id_counts[CODE_DIAGNOSIS]);
    image_writer_section(b->writer, IMAGE_HOT_DIAGNOSIS_PROFILES, owner, profiles.records, sizeof none,
                         profiles.count);
}

static void write_procedures(struct builder *b, uint32_t owner, struct image_scheme *about) {
    uint32_t codes = b->scheme->catalogues[CODE_PROCEDURE]->count;
    struct code_rows *rows = rows_of(b, CODE_PROCEDURE, &about->any_procedure_base);
    uint16_t *profile_of = ARENA_ARRAY(b->arena, uint16_t, b->id_counts[CODE_PROCEDURE]);
    struct image_procedure_profile none = {.principal_row = rows[codes].principal};
    struct run_pool profiles;
    run_pool_init(&profiles, b->arena, sizeof none);
    run_pool_put(&profiles, &none, 1);
    for (uint32_t code = 0; code < codes; code++) {
        struct image_procedure_profile profile = {
            rows[code].principal,
            rows[code].any,
            fact_table_code(b->facts, CODE_PROCEDURE, code, WHERE_PRINCIPAL_PROCEDURE),
            fact_table_code(b->facts, CODE_PROCEDURE, code, WHERE_OTHER_PROCEDURES),
            1,
            barred_of(b->scheme, CODE_PROCEDURE, code),
            0};
        profile_of[b->ids[CODE_PROCEDURE][code]] = (uint16_t)run_pool_put(&profiles, &profile, 1);
    }
    about->procedure_count = codes;
    image_writer_section(b->writer, IMAGE_HOT_PROCEDURE_PROFILE, owner, profile_of, sizeof *profile_of,
                         b->id_counts[CODE_PROCEDURE]);
    image_writer_section(b->writer, IMAGE_HOT_PROCEDURE_PROFILES, owner, profiles.records, sizeof none,
                         profiles.count);
}

/* ---- the rest ---- */

static void write_crosswalk(struct builder *b, uint32_t owner, enum code_kind kind) {
    const struct crosswalk *crosswalk = b->scheme->crosswalks[kind];
    uint32_t count = crosswalk == NULL ? 0 : crosswalk->count;
    struct image_crossing *out = ARENA_ARRAY(b->arena, struct image_crossing, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out[i].from, crosswalk->crossings[i].from, crosswalk->crossings[i].length);
        out[i].to = b->ids[kind][crosswalk->crossings[i].to];
    }
    image_writer_section(b->writer, kind == CODE_DIAGNOSIS ? IMAGE_CLINICAL_DIAGNOSES : IMAGE_CLINICAL_PROCEDURES,
                         owner, out, sizeof *out, count);
}

static void write_requirements(struct builder *b, uint32_t owner) {
    struct image_requirement *out = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < b->scheme->requirement_count; i++) {
        const struct requirement *need = &b->scheme->requirements[i];
        struct alternatives ways = {0};
        alternatives_of(b->arena, need->when, false, &ways);
        use_fact(b, need->fact);
        use_numbers(b, need->when);
        for (size_t w = 0; w < ways.count; w++) {
            struct image_requirement one = {(uint16_t)need->fact, conjunction_mask(b, &ways.items[w])};
            if (one.mask != UINT16_MAX) {
                ARENA_PUSH(b->arena, out, count, capacity, one);
            }
        }
    }
    image_writer_section(b->writer, IMAGE_HOT_REQUIREMENTS, owner, out, sizeof *out, count);
}

static void write_identity(struct builder *b, struct image_scheme *about) {
    const struct scheme *scheme = b->scheme;
    about->id = image_writer_text(b->writer, scheme->id);
    about->title = image_writer_text(b->writer, scheme->title);
    about->source = image_writer_text(b->writer, scheme->source);
    about->from = image_writer_text(b->writer, scheme->from);
    about->until = image_writer_text(b->writer, scheme->until);
    about->kind = scheme->dip == NULL ? IMAGE_SCHEME_DRG : IMAGE_SCHEME_DIP;
    about->demonstration = scheme->demonstration;
    about->retry_procedures = scheme->retry_procedures;
    about->barred = has_barred(scheme);
    const struct compatibility *c = &scheme->compatibility;
    about->compatibility = (c->exact_codes ? IMAGE_COMPAT_EXACT_CODES : 0u) |
                           (c->sex_words_refused ? IMAGE_COMPAT_SEX_WORDS_REFUSED : 0u) |
                           (c->sex_words_unknown ? IMAGE_COMPAT_SEX_WORDS_UNKNOWN : 0u) |
                           (c->negative_numbers ? IMAGE_COMPAT_NEGATIVE_NUMBERS : 0u) |
                           (c->gray_as_others ? IMAGE_COMPAT_GRAY_AS_OTHERS : 0u);
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        about->zero_if_missing |= c->zero_if_missing[fact] ? (uint64_t)1 << fact : 0;
    }
}

bool scheme_tables_write(struct arena *arena, struct report *report, struct image_writer *writer,
                         const struct scheme *scheme, uint32_t owner,
                         const struct code_table *const tables[CODE_KINDS], struct image_scheme *about) {
    size_t errors = report->errors;
    bool is_dip = scheme->dip != NULL;
    struct builder b = {.arena = arena, .report = report, .writer = writer, .scheme = scheme};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        b.ids[kind] = code_table_map(arena, tables[kind], scheme->catalogues[kind]);
        b.id_counts[kind] = tables[kind]->id_count;
    }
    b.facts = fact_table_new(arena, report, scheme);
    b.conditions = condition_table_new(arena, writer, scheme, b.ids);
    write_identity(&b, about);
    if (is_dip ? !dip_tables_write(&b, owner) : !rules_add(&b, about)) {
        return false;
    }
    if (!fits(&b, b.mdc_count, IMAGE_NONE16, "MDCs") || !fits(&b, b.step_count, IMAGE_NONE16, "ADRGs") ||
        !fits(&b, b.drg_count, IMAGE_NONE16, is_dip ? "entries" : "DRGs")) {
        return false;
    }
    write_requirements(&b, owner);
    about->used_numbers = b.used_numbers;
    write_diagnoses(&b, owner, about);
    write_procedures(&b, owner, about);
    write_structure(&b, owner);
    write_crosswalk(&b, owner, CODE_DIAGNOSIS);
    write_crosswalk(&b, owner, CODE_PROCEDURE);
    condition_table_write(b.conditions, owner);
    return fact_table_write(b.facts, writer, owner, about) && (is_dip || rules_write(&b, owner)) &&
           report->errors == errors;
}
