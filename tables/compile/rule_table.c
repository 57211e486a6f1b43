/* SPDX-License-Identifier: Apache-2.0
 *
 * The hot part of a scheme's tables: its groups as rules, a rule as a bit, and for each code the rows of bits that say
 * which rules it leaves possible. */
#include <string.h>

#include "condition_table.h"
#include "fact_table.h"

enum { RULES_MAX = IMAGE_ROW_WORDS_MAX * 64 };

/* One conjunction of a step's condition and its MDC's, taken apart. */
struct rule {
    uint16_t step, mask;
    const uint64_t *allowed[CODE_KINDS]; /* principal codes that pass, bit a code; NULL: all */
    bool absent_passes[CODE_KINDS];      /* as does having none, or one that is in no list */
    const struct codeset *any[CODE_KINDS]; /* some code must be of this set; NULL: not asked */
};

struct row_pool {
    struct arena *arena;
    size_t words;
    uint64_t *rows;
    size_t count, capacity;
    uint32_t *index; /* open addressing, 1 + number; 0 is free */
    size_t index_size;
};

struct builder {
    struct arena *arena;
    struct report *report;
    struct image_writer *writer;
    const struct scheme *scheme;
    const uint16_t *ids[CODE_KINDS];
    uint32_t id_counts[CODE_KINDS];
    struct fact_table *facts;
    struct condition_table *conditions;
    struct rule *rules;
    size_t rule_count, rule_capacity;
    struct image_step *steps;
    struct image_branch *branches;
    struct image_drg *drgs;
    struct image_mdc *mdcs;
    size_t step_count, step_capacity, branch_count, branch_capacity, drg_count, drg_capacity;
    uint64_t used_numbers; /* as in image_scheme */
    struct row_pool pool;
};

/* ---- rows, kept once each ---- */

static uint64_t row_hash(const uint64_t *row, size_t words) {
    uint64_t hash = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < words; i++) {
        hash = (hash ^ row[i]) * 0xD6E8FEB86659FD93u;
        hash ^= hash >> 32;
    }
    return hash;
}

static void pool_rehash(struct row_pool *pool) {
    pool->index_size = pool->index_size == 0 ? 4096 : pool->index_size * 2;
    pool->index = ARENA_ARRAY(pool->arena, uint32_t, pool->index_size);
    for (size_t i = 0; i < pool->count; i++) {
        size_t at = row_hash(pool->rows + i * pool->words, pool->words) & (pool->index_size - 1);
        while (pool->index[at] != 0) {
            at = (at + 1) & (pool->index_size - 1);
        }
        pool->index[at] = (uint32_t)i + 1;
    }
}

static uint32_t pool_row(struct row_pool *pool, const uint64_t *row) {
    if (pool->count * 2 >= pool->index_size) {
        pool_rehash(pool);
    }
    size_t size = pool->words * sizeof *row;
    size_t at = row_hash(row, pool->words) & (pool->index_size - 1);
    while (pool->index[at] != 0) {
        uint32_t number = pool->index[at] - 1;
        if (memcmp(pool->rows + number * pool->words, row, size) == 0) {
            return number;
        }
        at = (at + 1) & (pool->index_size - 1);
    }
    pool->rows = arena_grow(pool->arena, pool->rows, pool->count, &pool->capacity, size);
    memcpy(pool->rows + pool->count * pool->words, row, size);
    pool->index[at] = (uint32_t)++pool->count;
    return (uint32_t)pool->count - 1;
}

/* ---- rules ---- */

/* The numbers that a condition looks at. Also where it can never hold: what a bad value does to a case must not hang
 * on how conditions are multiplied out. */
static void use_numbers(struct builder *b, const struct expression *when) {
    bool inner = when->op == EXPR_AND || when->op == EXPR_OR || when->op == EXPR_NOT || when->op == EXPR_AT_LEAST;
    if ((when->op == EXPR_COMPARE || when->op == EXPR_PRESENT) && fact_rows[when->fact].kind != FACT_KIND_TEXT) {
        b->used_numbers |= (uint64_t)1 << when->fact;
    }
    for (size_t i = 0; inner && i < when->count; i++) {
        use_numbers(b, when->children[i]);
    }
}

static image_text file_name(struct builder *b, struct place place) {
    return image_writer_text(b->writer, source_name(b->scheme->sets.sources, place.file));
}

static size_t code_words(const struct builder *b, enum code_kind kind) {
    return (b->scheme->catalogues[kind]->count + 63) / 64;
}

/* Keep only the principal codes that pass one more test. */
static void restrict_principal(struct builder *b, struct rule *rule, const struct part *part) {
    enum code_kind kind = part->test->set->kind;
    size_t words = code_words(b, kind);
    uint64_t *allowed = ARENA_ARRAY(b->arena, uint64_t, words + 1);
    for (size_t w = 0; w < words; w++) {
        uint64_t set = part->negated ? ~part->test->set->bits[w] : part->test->set->bits[w];
        allowed[w] = rule->allowed[kind] == NULL ? set : set & rule->allowed[kind][w];
    }
    rule->allowed[kind] = allowed;
    rule->absent_passes[kind] = rule->absent_passes[kind] && part->negated;
}

static bool is_principal_test(const struct part *part) {
    return part->test->op == EXPR_IN &&
           (part->test->where == WHERE_PRINCIPAL_DIAGNOSIS || part->test->where == WHERE_PRINCIPAL_PROCEDURE);
}

/* A test of all codes of a kind, principal and others. */
static bool is_any_test(const struct part *part) {
    return part->test->op == EXPR_IN && !part->negated &&
           (part->test->where == (WHERE_PRINCIPAL_DIAGNOSIS | WHERE_OTHER_DIAGNOSES) ||
            part->test->where == (WHERE_PRINCIPAL_PROCEDURE | WHERE_OTHER_PROCEDURES));
}

/* A principal code that passed is of the set already: the test of any code says nothing more. */
static bool implied(const struct builder *b, const struct rule *rule, const struct codeset *any) {
    const uint64_t *allowed = rule->allowed[any->kind];
    if (allowed == NULL || rule->absent_passes[any->kind]) {
        return false;
    }
    size_t words = code_words(b, any->kind);
    uint32_t spare = (uint32_t)(words * 64 - b->scheme->catalogues[any->kind]->count);
    for (size_t w = 0; w < words; w++) {
        uint64_t beyond = allowed[w] & ~any->bits[w];
        if (w + 1 == words && spare > 0) {
            beyond &= UINT64_MAX >> spare;
        }
        if (beyond != 0) {
            return false;
        }
    }
    return true;
}

static void add_rule(struct builder *b, uint16_t step, const struct conjunction *mdc, const struct conjunction *own) {
    if (b->rule_count > RULES_MAX) {
        return; /* one too many is enough to be refused */
    }
    struct rule rule = {.step = step, .absent_passes = {true, true}};
    const struct conjunction *both[2] = {mdc, own};
    struct mask mask = {0};
    for (size_t i = 0; i < 2; i++) {
        for (size_t p = 0; p < both[i]->count; p++) {
            if (is_principal_test(&both[i]->parts[p])) {
                restrict_principal(b, &rule, &both[i]->parts[p]);
            }
        }
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t p = 0; p < both[i]->count; p++) {
            const struct part *part = &both[i]->parts[p];
            if (is_principal_test(part)) {
                continue;
            }
            if (is_any_test(part) && implied(b, &rule, part->test->set)) {
                continue;
            }
            if (is_any_test(part) && rule.any[part->test->set->kind] == NULL) {
                rule.any[part->test->set->kind] = part->test->set;
            } else {
                fact_table_require(b->facts, part, &mask);
            }
        }
    }
    rule.mask = fact_table_mask(b->facts, &mask);
    if (rule.mask != UINT16_MAX) {
        ARENA_PUSH(b->arena, b->rules, b->rule_count, b->rule_capacity, rule);
    }
}

static void add_drgs(struct builder *b, const struct step *from, struct image_step *step, uint16_t number) {
    step->first_drg = (uint32_t)b->drg_count;
    step->drg_count = (uint16_t)from->drg_count;
    step->first_branch = (uint32_t)b->branch_count;
    for (size_t d = 0; d < from->drg_count; d++) {
        const struct drg *drg = &from->drgs[d];
        struct alternatives ways = {0};
        use_numbers(b, drg->when);
        alternatives_of(b->arena, drg->when, false, &ways);
        for (size_t i = 0; i < ways.count; i++) {
            struct mask mask = {0};
            for (size_t p = 0; p < ways.items[i].count; p++) {
                fact_table_require(b->facts, &ways.items[i].parts[p], &mask);
            }
            struct image_branch branch = {(uint16_t)b->drg_count, fact_table_mask(b->facts, &mask)};
            if (branch.mask != UINT16_MAX) {
                ARENA_PUSH(b->arena, b->branches, b->branch_count, b->branch_capacity, branch);
            }
        }
        struct image_drg out = {image_writer_text(b->writer, drg->code), image_writer_text(b->writer, drg->name),
                                file_name(b, drg->place), drg->place.line,
                                condition_table_add(b->conditions, drg->when), number};
        ARENA_PUSH(b->arena, b->drgs, b->drg_count, b->drg_capacity, out);
    }
    step->branch_count = (uint16_t)(b->branch_count - step->first_branch);
}

static void add_step(struct builder *b, uint16_t mdc, const struct alternatives *mdc_ways, const struct step *from) {
    uint16_t number = (uint16_t)b->step_count;
    struct image_step step = {.code = image_writer_text(b->writer, from->code),
                              .name = image_writer_text(b->writer, from->name),
                              .id = image_writer_text(b->writer, from->id),
                              .file = file_name(b, from->place),
                              .line = from->place.line,
                              .when = condition_table_add(b->conditions, from->when),
                              .mdc = mdc,
                              .flags = (uint16_t)((from->is_qy ? IMAGE_STEP_QY : 0) | (from->bare ? IMAGE_STEP_BARE : 0))};
    struct alternatives ways = {0};
    use_numbers(b, from->when);
    alternatives_of(b->arena, from->when, false, &ways);
    for (size_t m = 0; m < mdc_ways->count; m++) {
        for (size_t w = 0; w < ways.count; w++) {
            add_rule(b, number, &mdc_ways->items[m], &ways.items[w]);
        }
    }
    add_drgs(b, from, &step, number);
    ARENA_PUSH(b->arena, b->steps, b->step_count, b->step_capacity, step);
}

static void add_mdcs(struct builder *b) {
    const struct scheme *scheme = b->scheme;
    b->mdcs = ARENA_ARRAY(b->arena, struct image_mdc, scheme->mdc_count + 1);
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        const struct mdc *mdc = scheme->mdcs[m];
        struct alternatives ways = {0};
        use_numbers(b, mdc->when);
        alternatives_of(b->arena, mdc->when, false, &ways);
        b->mdcs[m] = (struct image_mdc){image_writer_text(b->writer, mdc->code),
                                        image_writer_text(b->writer, mdc->name),
                                        file_name(b, mdc->place),
                                        mdc->place.line,
                                        condition_table_add(b->conditions, mdc->when),
                                        (uint32_t)b->step_count,
                                        (uint32_t)mdc->step_count,
                                        0};
        for (size_t s = 0; s < mdc->step_count; s++) {
            add_step(b, (uint16_t)m, &ways, mdc->steps[s]);
        }
    }
}

/* ---- rows and profiles ---- */

static void put(uint64_t *row, size_t bit) {
    row[bit / 64] |= (uint64_t)1 << (bit % 64);
}

/* For each code the rules it leaves possible as principal code; behind the last, the same for none or an unknown one. */
static uint64_t *principal_rows(struct builder *b, enum code_kind kind) {
    uint32_t codes = b->scheme->catalogues[kind]->count;
    size_t words = b->pool.words;
    uint64_t *rows = ARENA_ARRAY(b->arena, uint64_t, (codes + 1) * words);
    uint64_t *open = ARENA_ARRAY(b->arena, uint64_t, words);
    for (size_t r = 0; r < b->rule_count; r++) {
        const struct rule *rule = &b->rules[r];
        if (rule->allowed[kind] == NULL) {
            put(open, r);
        } else {
            for (uint32_t code = 0; code < codes; code++) {
                if (rule->allowed[kind][code / 64] >> (code % 64) & 1) {
                    put(rows + code * words, r);
                }
            }
        }
        if (rule->absent_passes[kind]) {
            put(rows + codes * words, r);
        }
    }
    for (uint32_t code = 0; code <= codes; code++) {
        for (size_t w = 0; w < words; w++) {
            rows[code * words + w] |= open[w];
        }
    }
    return rows;
}

/* For each code the rules whose question for any code it answers, and the base row: the rules that have none. */
static uint64_t *any_rows(struct builder *b, enum code_kind kind, uint32_t *base) {
    uint32_t codes = b->scheme->catalogues[kind]->count;
    size_t words = b->pool.words;
    uint64_t *rows = ARENA_ARRAY(b->arena, uint64_t, (codes + 1) * words);
    uint64_t *unasked = ARENA_ARRAY(b->arena, uint64_t, words);
    for (size_t r = 0; r < b->rule_count; r++) {
        const struct codeset *any = b->rules[r].any[kind];
        if (any == NULL) {
            put(unasked, r);
            continue;
        }
        for (uint32_t code = 0; code < codes; code++) {
            if (codeset_has(any, code)) {
                put(rows + code * words, r);
            }
        }
    }
    *base = pool_row(&b->pool, unasked);
    return rows;
}

/* The exclusion table of each diagnosis in one of its parts, plus 1. A code in two tables is said, the first counts. */
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
    static const uint8_t numbers[BARRED_KINDS][3] = {{0, IMAGE_BARRED_GRAY_UNGROUPED, IMAGE_BARRED_GRAY_IGNORED},
                                                     {0, IMAGE_BARRED_INVALID_UNGROUPED, IMAGE_BARRED_INVALID_IGNORED}};
    for (int b = BARRED_KINDS; b-- > 0;) {
        const struct codeset *set = scheme->barred[b].sets[kind];
        if (set != NULL && set->count > 0 && codeset_has(set, code) && scheme->barred[b].principal[kind] != BARRED_NOTHING) {
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

static uint16_t profile_number(void *profiles, size_t *count, const void *profile, size_t size) {
    char *bytes = profiles;
    for (size_t i = *count; i-- > 0;) { /* neighbours are alike: look at the newest first */
        if (memcmp(bytes + i * size, profile, size) == 0) {
            return (uint16_t)i;
        }
    }
    memcpy(bytes + *count * size, profile, size);
    return (uint16_t)(*count)++;
}

static void write_diagnoses(struct builder *b, uint32_t owner, struct image_scheme *about) {
    uint32_t codes = b->scheme->catalogues[CODE_DIAGNOSIS]->count;
    uint64_t *principal = principal_rows(b, CODE_DIAGNOSIS);
    uint64_t *any = any_rows(b, CODE_DIAGNOSIS, &about->any_diagnosis_base);
    uint16_t *excluded = exclusion_of(b, 0), *mcc = exclusion_of(b, 1), *cc = exclusion_of(b, 2);
    struct image_diagnosis_profile *profiles = ARENA_ARRAY(b->arena, struct image_diagnosis_profile, codes + 1);
    uint16_t *profile_of = ARENA_ARRAY(b->arena, uint16_t, b->id_counts[CODE_DIAGNOSIS]);
    size_t count = 0, words = b->pool.words;
    struct image_diagnosis_profile none = {.principal_row = (uint16_t)pool_row(&b->pool, principal + codes * words)};
    profile_number(profiles, &count, &none, sizeof none);
    for (uint32_t code = 0; code < codes; code++) {
        struct image_diagnosis_profile profile = {
            (uint16_t)pool_row(&b->pool, principal + code * words), (uint16_t)pool_row(&b->pool, any + code * words),
            fact_table_code(b->facts, CODE_DIAGNOSIS, code, WHERE_PRINCIPAL_DIAGNOSIS),
            fact_table_code(b->facts, CODE_DIAGNOSIS, code, WHERE_OTHER_DIAGNOSES), mcc[code], cc[code], excluded[code], 1,
            barred_of(b->scheme, CODE_DIAGNOSIS, code)};
        profile_of[b->ids[CODE_DIAGNOSIS][code]] = profile_number(profiles, &count, &profile, sizeof profile);
    }
    about->diagnosis_count = codes;
    image_writer_section(b->writer, IMAGE_HOT_DIAGNOSIS_PROFILE, owner, profile_of, sizeof *profile_of,
                         b->id_counts[CODE_DIAGNOSIS]);
    image_writer_section(b->writer, IMAGE_HOT_DIAGNOSIS_PROFILES, owner, profiles, sizeof *profiles, count);
}

static void write_procedures(struct builder *b, uint32_t owner, struct image_scheme *about) {
    uint32_t codes = b->scheme->catalogues[CODE_PROCEDURE]->count;
    uint64_t *principal = principal_rows(b, CODE_PROCEDURE);
    uint64_t *any = any_rows(b, CODE_PROCEDURE, &about->any_procedure_base);
    struct image_procedure_profile *profiles = ARENA_ARRAY(b->arena, struct image_procedure_profile, codes + 1);
    uint16_t *profile_of = ARENA_ARRAY(b->arena, uint16_t, b->id_counts[CODE_PROCEDURE]);
    size_t count = 0, words = b->pool.words;
    struct image_procedure_profile none = {.principal_row = (uint16_t)pool_row(&b->pool, principal + codes * words)};
    profile_number(profiles, &count, &none, sizeof none);
    for (uint32_t code = 0; code < codes; code++) {
        struct image_procedure_profile profile = {
            (uint16_t)pool_row(&b->pool, principal + code * words), (uint16_t)pool_row(&b->pool, any + code * words),
            fact_table_code(b->facts, CODE_PROCEDURE, code, WHERE_PRINCIPAL_PROCEDURE),
            fact_table_code(b->facts, CODE_PROCEDURE, code, WHERE_OTHER_PROCEDURES), 1,
            barred_of(b->scheme, CODE_PROCEDURE, code), 0};
        profile_of[b->ids[CODE_PROCEDURE][code]] = profile_number(profiles, &count, &profile, sizeof profile);
    }
    about->procedure_count = codes;
    image_writer_section(b->writer, IMAGE_HOT_PROCEDURE_PROFILE, owner, profile_of, sizeof *profile_of,
                         b->id_counts[CODE_PROCEDURE]);
    image_writer_section(b->writer, IMAGE_HOT_PROCEDURE_PROFILES, owner, profiles, sizeof *profiles, count);
}

static void write_crosswalk(struct builder *b, uint32_t owner, enum code_kind kind) {
    const struct crosswalk *crosswalk = b->scheme->crosswalks[kind];
    uint32_t count = crosswalk == NULL ? 0 : crosswalk->count;
    struct image_crossing *out = ARENA_ARRAY(b->arena, struct image_crossing, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out[i].from, crosswalk->crossings[i].from, crosswalk->crossings[i].length);
        out[i].to = b->ids[kind][crosswalk->crossings[i].to];
    }
    image_writer_section(b->writer, kind == CODE_DIAGNOSIS ? IMAGE_CLINICAL_DIAGNOSES : IMAGE_CLINICAL_PROCEDURES, owner,
                         out, sizeof *out, count);
}

static void write_requirements(struct builder *b, uint32_t owner) {
    struct image_requirement *out = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < b->scheme->requirement_count; i++) {
        const struct requirement *need = &b->scheme->requirements[i];
        struct alternatives ways = {0};
        alternatives_of(b->arena, need->when, false, &ways);
        b->used_numbers |= (uint64_t)1 << need->fact;
        use_numbers(b, need->when);
        for (size_t w = 0; w < ways.count; w++) {
            struct mask mask = {0};
            for (size_t p = 0; p < ways.items[w].count; p++) {
                fact_table_require(b->facts, &ways.items[w].parts[p], &mask);
            }
            struct image_requirement one = {(uint16_t)need->fact, fact_table_mask(b->facts, &mask)};
            if (one.mask != UINT16_MAX) {
                ARENA_PUSH(b->arena, out, count, capacity, one);
            }
        }
    }
    image_writer_section(b->writer, IMAGE_HOT_REQUIREMENTS, owner, out, sizeof *out, count);
}

static bool fits(struct builder *b, size_t count, size_t most, const char *what) {
    if (count > most) {
        report_say(b->report, MSG_too_many_groups, b->scheme->place, (unsigned)most, what);
    }
    return count <= most;
}

static void write_groups(struct builder *b, uint32_t owner) {
    struct image_rule *rules = ARENA_ARRAY(b->arena, struct image_rule, b->rule_count + 1);
    for (size_t r = 0; r < b->rule_count; r++) {
        rules[r] = (struct image_rule){b->rules[r].step, b->rules[r].mask};
    }
    image_writer_section(b->writer, IMAGE_HOT_RULES, owner, rules, sizeof *rules, b->rule_count);
    image_writer_section(b->writer, IMAGE_HOT_STEPS, owner, b->steps, sizeof *b->steps, b->step_count);
    image_writer_section(b->writer, IMAGE_HOT_BRANCHES, owner, b->branches, sizeof *b->branches, b->branch_count);
    image_writer_section(b->writer, IMAGE_MDCS, owner, b->mdcs, sizeof *b->mdcs, b->scheme->mdc_count);
    image_writer_section(b->writer, IMAGE_DRGS, owner, b->drgs, sizeof *b->drgs, b->drg_count);
    image_writer_section(b->writer, IMAGE_HOT_ROWS, owner, b->pool.rows, sizeof *b->pool.rows,
                         b->pool.count * b->pool.words);
}

static void write_identity(struct builder *b, struct image_scheme *about) {
    const struct scheme *scheme = b->scheme;
    about->id = image_writer_text(b->writer, scheme->id);
    about->title = image_writer_text(b->writer, scheme->title);
    about->source = image_writer_text(b->writer, scheme->source);
    about->from = image_writer_text(b->writer, scheme->from);
    about->until = image_writer_text(b->writer, scheme->until);
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

static_assert(FACT_COUNT < 64, "facts are bits of 64-bit words in the image");

bool scheme_tables_write(struct arena *arena, struct report *report, struct image_writer *writer,
                         const struct scheme *scheme, uint32_t owner, const struct code_table *const tables[CODE_KINDS],
                         struct image_scheme *about) {
    size_t errors = report->errors;
    struct builder b = {.arena = arena, .report = report, .writer = writer, .scheme = scheme};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        b.ids[kind] = code_table_map(arena, tables[kind], scheme->catalogues[kind]);
        b.id_counts[kind] = tables[kind]->id_count;
    }
    b.facts = fact_table_new(arena, report, scheme);
    b.conditions = condition_table_new(arena, writer, scheme, b.ids);
    write_identity(&b, about);
    add_mdcs(&b);
    if (!fits(&b, b.rule_count, RULES_MAX, "alternatives of conditions") ||
        !fits(&b, scheme->mdc_count, IMAGE_NONE16, "MDCs") || !fits(&b, b.step_count, IMAGE_NONE16, "ADRGs") ||
        !fits(&b, b.drg_count, IMAGE_NONE16, "DRGs") ||
        !fits(&b, b.branch_count, IMAGE_NONE16, "alternatives of DRG conditions")) {
        return false;
    }
    b.pool.arena = arena;
    b.pool.words = (b.rule_count / 64 / IMAGE_ROW_LINE + 1) * IMAGE_ROW_LINE;
    about->row_words = (uint32_t)b.pool.words;
    pool_row(&b.pool, ARENA_ARRAY(arena, uint64_t, b.pool.words)); /* row 0 is empty */
    write_requirements(&b, owner);
    about->used_numbers = b.used_numbers;
    write_diagnoses(&b, owner, about);
    write_procedures(&b, owner, about);
    write_groups(&b, owner);
    write_crosswalk(&b, owner, CODE_DIAGNOSIS);
    write_crosswalk(&b, owner, CODE_PROCEDURE);
    condition_table_write(b.conditions, owner);
    return fact_table_write(b.facts, writer, owner, about) && fits(&b, b.pool.count, IMAGE_NONE16, "rows") &&
           report->errors == errors;
}
