/* SPDX-License-Identifier: Apache-2.0
 *
 * The hot part of a DRG scheme's tables: its groups as rules, a rule as a bit, and for each code the rows of bits that
 * say which rules it leaves possible. */
#include "scheme_table.h"

enum { RULES_MAX = IMAGE_ROW_WORDS_MAX * 64 };

/* ---- rules ---- */

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

static void add_branches(struct builder *b, const struct drg *drg) {
    struct alternatives ways = {0};
    use_numbers(b, drg->when);
    alternatives_of(b->arena, drg->when, false, &ways);
    for (size_t i = 0; i < ways.count; i++) {
        struct image_branch branch = {(uint16_t)b->drg_count, conjunction_mask(b, &ways.items[i])};
        if (branch.mask != UINT16_MAX) {
            ARENA_PUSH(b->arena, b->branches, b->branch_count, b->branch_capacity, branch);
        }
    }
}

static void add_step(struct builder *b, const struct alternatives *mdc_ways, const struct step *from) {
    struct alternatives ways = {0};
    struct image_step step = {.first_branch = (uint32_t)b->branch_count, .first_drg = (uint32_t)b->drg_count};
    use_numbers(b, from->when);
    alternatives_of(b->arena, from->when, false, &ways);
    for (size_t m = 0; m < mdc_ways->count; m++) {
        for (size_t w = 0; w < ways.count; w++) {
            add_rule(b, (uint16_t)b->step_count, &mdc_ways->items[m], &ways.items[w]);
        }
    }
    for (size_t d = 0; d < from->drg_count; d++) {
        add_branches(b, &from->drgs[d]);
        push_drg(b, &from->drgs[d], from->drgs[d].when);
    }
    step.branch_count = (uint16_t)(b->branch_count - step.first_branch);
    push_step(b, from, step);
}

bool rules_add(struct builder *b, struct image_scheme *about) {
    const struct scheme *scheme = b->scheme;
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        const struct mdc *mdc = scheme->mdcs[m];
        struct alternatives ways = {0};
        use_numbers(b, mdc->when);
        alternatives_of(b->arena, mdc->when, false, &ways);
        push_mdc(b, mdc);
        for (size_t s = 0; s < mdc->step_count; s++) {
            add_step(b, &ways, mdc->steps[s]);
        }
    }
    if (!fits(b, b->rule_count, RULES_MAX, "alternatives of conditions") ||
        !fits(b, b->branch_count, IMAGE_NONE16, "alternatives of DRG conditions")) {
        return false;
    }
    b->row_words = (b->rule_count / 64 / IMAGE_ROW_LINE + 1) * IMAGE_ROW_LINE;
    about->row_words = (uint32_t)b->row_words;
    run_pool_init(&b->rows, b->arena, sizeof(uint64_t));
    run_pool_put(&b->rows, ARENA_ARRAY(b->arena, uint64_t, b->row_words), b->row_words); /* row 0 is empty */
    return true;
}

/* ---- rows ---- */

static void put(uint64_t *row, size_t bit) {
    row[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static uint16_t row_number(struct builder *b, const uint64_t *row) {
    return (uint16_t)(run_pool_put(&b->rows, row, b->row_words) / b->row_words);
}

/* For each code the rules it leaves possible as principal code; behind the last, the same for none or an unknown one. */
static uint64_t *principal_rows(struct builder *b, enum code_kind kind) {
    uint32_t codes = b->scheme->catalogues[kind]->count;
    size_t words = b->row_words;
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
    size_t words = b->row_words;
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
    *base = row_number(b, unasked);
    return rows;
}

struct code_rows *rules_code_rows(struct builder *b, enum code_kind kind, uint32_t *base) {
    uint32_t codes = b->scheme->catalogues[kind]->count;
    uint64_t *principal = principal_rows(b, kind);
    uint64_t *any = any_rows(b, kind, base);
    struct code_rows *out = ARENA_ARRAY(b->arena, struct code_rows, codes + 1);
    out[codes].principal = row_number(b, principal + codes * b->row_words);
    for (uint32_t code = 0; code < codes; code++) {
        out[code] = (struct code_rows){row_number(b, principal + code * b->row_words),
                                       row_number(b, any + code * b->row_words)};
    }
    return out;
}

bool rules_write(struct builder *b, uint32_t owner) {
    struct image_rule *rules = ARENA_ARRAY(b->arena, struct image_rule, b->rule_count + 1);
    for (size_t r = 0; r < b->rule_count; r++) {
        rules[r] = (struct image_rule){b->rules[r].step, b->rules[r].mask};
    }
    image_writer_section(b->writer, IMAGE_HOT_RULES, owner, rules, sizeof *rules, b->rule_count);
    image_writer_section(b->writer, IMAGE_HOT_BRANCHES, owner, b->branches, sizeof *b->branches, b->branch_count);
    image_writer_section(b->writer, IMAGE_HOT_ROWS, owner, b->rows.records, sizeof(uint64_t), b->rows.count);
    return fits(b, b->rows.count / b->row_words, IMAGE_NONE16, "rows");
}
