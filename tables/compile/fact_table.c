/* SPDX-License-Identifier: Apache-2.0 */
#include "fact_table.h"

#include <stdlib.h>
#include <string.h>

#include "run_pool.h"

enum { FACTS_MAX = IMAGE_FACT_WORDS_MAX * 64 };

/* A fact that is asked of codes: is one of the set at one of the positions? */
struct code_fact {
    const struct codeset *set;
    unsigned where;
    uint16_t bit;
};

/* A fact that is asked of a number or text: a test as the rule has it. */
struct value_fact {
    const struct expression *test;
    uint16_t bit;
};

/* A condition that became one fact. */
struct whole_fact {
    const struct expression *test;
    uint16_t bit;
};

struct fact_table {
    struct arena *arena;
    struct report *report;
    const struct scheme *scheme;
    uint16_t next; /* the next free bit */
    bool too_many;
    struct code_fact *codes;
    struct value_fact *values;
    struct whole_fact *wholes;
    struct image_derived *derived;
    struct run_pool masks; /* struct mask */
    struct run_pool rows;  /* struct fact_bits */
    size_t code_count, code_capacity, value_count, value_capacity, whole_count, whole_capacity, derived_count,
        derived_capacity;
};

/* ---- conjunctions ---- */

static void push_conjunction(struct arena *arena, struct alternatives *out, const struct part *a, size_t a_count,
                             const struct part *b, size_t b_count) {
    struct part *parts = ARENA_ARRAY(arena, struct part, a_count + b_count + 1);
    for (size_t i = 0; i < a_count + b_count; i++) {
        parts[i] = i < a_count ? a[i] : b[i - a_count];
    }
    struct conjunction one = {parts, a_count + b_count};
    ARENA_PUSH(arena, out->items, out->count, out->capacity, one);
}

static void whole_condition(struct arena *arena, const struct expression *when, bool negated, struct alternatives *out) {
    struct part *part = ARENA_NEW(arena, struct part);
    *part = (struct part){when, negated};
    struct conjunction one = {part, 1};
    out->count = 0;
    ARENA_PUSH(arena, out->items, out->count, out->capacity, one);
}

/* The product of two lists of alternatives. */
static struct alternatives multiply(struct arena *arena, const struct alternatives *a, const struct alternatives *b) {
    struct alternatives out = {0};
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            push_conjunction(arena, &out, a->items[i].parts, a->items[i].count, b->items[j].parts, b->items[j].count);
        }
    }
    return out;
}

/* All of the children: the product of their alternatives. Children with one alternative, which most are, are strung
 * together first, so that a long `and` is copied once. */
static void product(struct arena *arena, const struct expression *when, bool negated, struct alternatives *out) {
    struct alternatives all = {0}, common = {0};
    struct part *parts = NULL;
    size_t part_count = 0, part_capacity = 0;
    push_conjunction(arena, &all, NULL, 0, NULL, 0);
    for (size_t i = 0; i < when->count; i++) {
        struct alternatives child = {0};
        alternatives_of(arena, when->children[i], negated, &child);
        if (child.count == 0) {
            return; /* one that never holds */
        }
        if (all.count * child.count > ALTERNATIVES_MAX) {
            whole_condition(arena, when->children[i], negated, &child);
        }
        if (child.count > 1) {
            all = multiply(arena, &all, &child);
            continue;
        }
        for (size_t p = 0; p < child.items[0].count; p++) {
            ARENA_PUSH(arena, parts, part_count, part_capacity, child.items[0].parts[p]);
        }
    }
    push_conjunction(arena, &common, parts, part_count, NULL, 0);
    all = multiply(arena, &common, &all);
    for (size_t i = 0; i < all.count; i++) {
        ARENA_PUSH(arena, out->items, out->count, out->capacity, all.items[i]);
    }
}

/* Any of the children: all their alternatives. */
static void sum(struct arena *arena, const struct expression *when, bool negated, struct alternatives *out) {
    struct alternatives all = {0};
    for (size_t i = 0; i < when->count; i++) {
        alternatives_of(arena, when->children[i], negated, &all);
    }
    if (all.count > ALTERNATIVES_MAX) {
        whole_condition(arena, when, negated, &all);
    }
    for (size_t i = 0; i < all.count; i++) {
        ARENA_PUSH(arena, out->items, out->count, out->capacity, all.items[i]);
    }
}

/* MCC or CC in one test are two tests. */
static void severity_alternatives(struct arena *arena, const struct expression *when, struct alternatives *out) {
    for (int64_t level = SEVERITY_MCC; level <= SEVERITY_CC; level++) {
        struct expression *one = ARENA_NEW(arena, struct expression);
        *one = *when;
        one->number = level;
        struct part part = {one, false};
        push_conjunction(arena, out, &part, 1, NULL, 0);
    }
}

void alternatives_of(struct arena *arena, const struct expression *when, bool negated, struct alternatives *out) {
    struct part part = {when, negated};
    switch (when->op) {
    case EXPR_TRUE:
    case EXPR_FALSE:
        if ((when->op == EXPR_TRUE) != negated) {
            push_conjunction(arena, out, NULL, 0, NULL, 0);
        }
        return;
    case EXPR_NOT:
        alternatives_of(arena, when->children[0], !negated, out);
        return;
    case EXPR_AND:
    case EXPR_OR:
        if ((when->op == EXPR_AND) != negated) {
            product(arena, when, negated, out);
        } else {
            sum(arena, when, negated, out);
        }
        return;
    case EXPR_SEVERITY:
        if (when->number == (SEVERITY_MCC | SEVERITY_CC)) {
            struct alternatives two = {0};
            severity_alternatives(arena, when, &two);
            if (!negated) {
                push_conjunction(arena, out, two.items[0].parts, 1, NULL, 0);
                push_conjunction(arena, out, two.items[1].parts, 1, NULL, 0);
            } else {
                struct part none[2] = {two.items[0].parts[0], two.items[1].parts[0]};
                none[0].negated = none[1].negated = true;
                push_conjunction(arena, out, none, 2, NULL, 0);
            }
            return;
        }
        push_conjunction(arena, out, &part, 1, NULL, 0);
        return;
    default:
        push_conjunction(arena, out, &part, 1, NULL, 0);
    }
}

/* ---- facts ---- */

struct fact_table *fact_table_new(struct arena *arena, struct report *report, const struct scheme *scheme) {
    struct fact_table *table = ARENA_NEW(arena, struct fact_table);
    table->arena = arena;
    table->report = report;
    table->scheme = scheme;
    table->next = IMAGE_FACT_FIRST_FREE;
    struct mask empty_mask = {0};
    struct fact_bits empty_row = {0};
    run_pool_init(&table->masks, arena, sizeof empty_mask);
    run_pool_init(&table->rows, arena, sizeof empty_row);
    run_pool_put(&table->masks, &empty_mask, 1);
    run_pool_put(&table->rows, &empty_row, 1);
    return table;
}

static void set_bit(struct fact_bits *bits, uint16_t bit) {
    bits->words[bit / 64] |= (uint64_t)1 << (bit % 64);
}

static uint16_t new_bit(struct fact_table *table) {
    if (table->next == FACTS_MAX) {
        table->too_many = true;
        return FACTS_MAX - 1;
    }
    return table->next++;
}

static bool same_set(const struct fact_table *table, const struct codeset *a, const struct codeset *b) {
    return a == b || (a->kind == b->kind && a->count == b->count &&
                      memcmp(a->bits, b->bits, (table->scheme->catalogues[a->kind]->count + 63) / 64 * 8) == 0);
}

static uint16_t code_bit(struct fact_table *table, const struct codeset *set, unsigned where) {
    for (size_t i = 0; i < table->code_count; i++) {
        if (table->codes[i].where == where && same_set(table, table->codes[i].set, set)) {
            return table->codes[i].bit;
        }
    }
    struct code_fact fact = {set, where, new_bit(table)};
    if (table->too_many) {
        return fact.bit; /* nothing will be written: do not look through more and more of them */
    }
    ARENA_PUSH(table->arena, table->codes, table->code_count, table->code_capacity, fact);
    return fact.bit;
}

static bool same_value(const struct expression *a, const struct expression *b) {
    if (a->op != b->op || a->fact != b->fact || a->compare != b->compare || a->number != b->number ||
        a->count != b->count) {
        return false;
    }
    for (size_t i = 0; a->op == EXPR_AMONG && i < a->count; i++) {
        if (strcmp(a->words[i], b->words[i]) != 0) {
            return false;
        }
    }
    return true;
}

static uint16_t value_bit(struct fact_table *table, const struct expression *test) {
    for (size_t i = 0; i < table->value_count; i++) {
        if (same_value(table->values[i].test, test)) {
            return table->values[i].bit;
        }
    }
    struct value_fact fact = {test, new_bit(table)};
    if (table->too_many) {
        return fact.bit;
    }
    ARENA_PUSH(table->arena, table->values, table->value_count, table->value_capacity, fact);
    return fact.bit;
}

static void push_derived(struct fact_table *table, struct image_derived derived) {
    ARENA_PUSH(table->arena, table->derived, table->derived_count, table->derived_capacity, derived);
}

static uint16_t fact_of(struct fact_table *table, const struct expression *test, bool *negated);

/* A part as exactly one fact that is true when the part is: a negated one becomes a fact computed from its own. */
static uint16_t positive_fact(struct fact_table *table, const struct expression *test) {
    bool negated = false;
    uint16_t bit = fact_of(table, test, &negated);
    if (!negated) {
        return bit;
    }
    struct mask mask = {0};
    set_bit(&mask.forbid, bit);
    uint16_t result = new_bit(table);
    push_derived(table, (struct image_derived){.kind = IMAGE_DERIVED_MATCH,
                                               .result = result,
                                               .mask = fact_table_mask(table, &mask)});
    return result;
}

static uint16_t compound_fact(struct fact_table *table, const struct expression *test) {
    struct mask mask = {0};
    for (size_t i = 0; i < test->count; i++) {
        set_bit(&mask.need, positive_fact(table, test->children[i]));
    }
    /* Children that ask the same share a bit; then they would count once, so each gets a fact of its own. */
    size_t distinct = 0;
    for (size_t w = 0; w < IMAGE_FACT_WORDS_MAX; w++) {
        distinct += (size_t)__builtin_popcountll(mask.need.words[w]);
    }
    if (test->op == EXPR_AT_LEAST && distinct < test->count) {
        struct fact_bits seen = {0};
        memset(&mask, 0, sizeof mask);
        for (size_t i = 0; i < test->count; i++) {
            uint16_t bit = positive_fact(table, test->children[i]);
            if (seen.words[bit / 64] >> (bit % 64) & 1) {
                struct mask one = {0};
                set_bit(&one.need, bit);
                bit = new_bit(table);
                push_derived(table, (struct image_derived){.kind = IMAGE_DERIVED_MATCH,
                                                           .result = bit,
                                                           .mask = fact_table_mask(table, &one)});
            }
            set_bit(&seen, bit);
            set_bit(&mask.need, bit);
        }
    }
    uint16_t result = new_bit(table);
    struct image_derived derived = {.result = result, .mask = fact_table_mask(table, &mask)};
    derived.kind = test->op == EXPR_AND ? IMAGE_DERIVED_MATCH : IMAGE_DERIVED_AT_LEAST;
    derived.number = test->op == EXPR_AT_LEAST ? (uint32_t)test->number : 1;
    push_derived(table, derived);
    return result;
}

/* Counts and totals that ask the same in two places are one fact. */
static bool same_count(const struct fact_table *table, const struct expression *a, const struct expression *b) {
    if (a->op != b->op || a->compare != b->compare || a->number != b->number || a->count != b->count) {
        return false;
    }
    if (a->op == EXPR_COUNT) {
        return a->where == b->where && same_set(table, a->set, b->set);
    }
    for (size_t i = 0; a->op == EXPR_TOTAL && i < a->count; i++) {
        if (a->weights[i] != b->weights[i] || !same_set(table, a->children[i]->set, b->children[i]->set)) {
            return false;
        }
    }
    return a->op == EXPR_TOTAL;
}

static const struct whole_fact *find_whole(const struct fact_table *table, const struct expression *test) {
    for (size_t i = 0; i < table->whole_count; i++) {
        if (table->wholes[i].test == test || same_count(table, table->wholes[i].test, test)) {
            return &table->wholes[i];
        }
    }
    return NULL;
}

static uint16_t whole_bit(struct fact_table *table, const struct expression *test) {
    const struct whole_fact *known = find_whole(table, test);
    if (known != NULL) {
        return known->bit;
    }
    struct whole_fact fact = {test, compound_fact(table, test)};
    ARENA_PUSH(table->arena, table->wholes, table->whole_count, table->whole_capacity, fact);
    return fact.bit;
}

static uint16_t constant_fact(struct fact_table *table) {
    static const struct expression always = {.op = EXPR_TRUE};
    for (size_t i = 0; i < table->whole_count; i++) {
        if (table->wholes[i].test->op == EXPR_TRUE) {
            return table->wholes[i].bit;
        }
    }
    struct whole_fact fact = {&always, new_bit(table)};
    push_derived(table, (struct image_derived){.kind = IMAGE_DERIVED_MATCH, .result = fact.bit});
    ARENA_PUSH(table->arena, table->wholes, table->whole_count, table->whole_capacity, fact);
    return fact.bit;
}

static uint16_t severity_fact(struct fact_table *table, const struct expression *test) {
    if (test->number == SEVERITY_MCC) {
        return IMAGE_FACT_MCC;
    }
    if (test->number == SEVERITY_CC) {
        return IMAGE_FACT_CC;
    }
    struct mask both = {0};
    set_bit(&both.need, IMAGE_FACT_MCC);
    set_bit(&both.need, IMAGE_FACT_CC);
    uint16_t bit = new_bit(table);
    push_derived(table, (struct image_derived){.kind = IMAGE_DERIVED_AT_LEAST,
                                               .result = bit,
                                               .mask = fact_table_mask(table, &both),
                                               .number = 1});
    return bit;
}

/* How many different codes of a set there are: asked only where there is one at all, so a test that 0 would pass is
 * turned round. */
static uint16_t count_fact(struct fact_table *table, const struct expression *test, bool *negated) {
    enum compare compare = test->compare;
    bool zero_passes = (compare == COMPARE_EQUAL && test->number == 0) ||
                       (compare == COMPARE_UNEQUAL && test->number != 0) ||
                       (compare == COMPARE_LESS && test->number > 0) || compare == COMPARE_LESS_EQUAL ||
                       (compare == COMPARE_GREATER_EQUAL && test->number <= 0);
    if (zero_passes) {
        compare = compare_opposite(compare);
        *negated = !*negated;
    }
    const struct whole_fact *known = find_whole(table, test);
    if (known != NULL) {
        return known->bit;
    }
    uint16_t of = code_bit(table, test->set, test->where);
    struct whole_fact fact = {test, new_bit(table)};
    push_derived(table, (struct image_derived){.kind = IMAGE_DERIVED_DISTINCT,
                                               .result = fact.bit,
                                               .of = of,
                                               .where = (uint16_t)test->where,
                                               .compare = (uint16_t)compare,
                                               .number = (uint32_t)test->number});
    ARENA_PUSH(table->arena, table->wholes, table->whole_count, table->whole_capacity, fact);
    return fact.bit;
}

/* A sum of weights compared with a number. The tests of one weight are added up together; those that ask the same share
 * a bit, so each further one is added by itself. */
static uint16_t total_fact(struct fact_table *table, const struct expression *test) {
    const struct whole_fact *known = find_whole(table, test);
    if (known != NULL) {
        return known->bit;
    }
    struct whole_fact fact = {test, new_bit(table)};
    bool *done = ARENA_ARRAY(table->arena, bool, test->count + 1);
    for (size_t i = 0; i < test->count; i++) {
        struct mask mask = {0};
        bool any = false;
        for (size_t k = i; k < test->count; k++) {
            const struct expression *child = test->children[k];
            if (done[k] || test->weights[k] != test->weights[i]) {
                continue;
            }
            uint16_t bit = code_bit(table, child->set, child->where);
            if (!(mask.need.words[bit / 64] >> (bit % 64) & 1)) {
                set_bit(&mask.need, bit);
                any = done[k] = true;
            }
        }
        if (any) {
            push_derived(table, (struct image_derived){.kind = IMAGE_DERIVED_ADD,
                                                       .mask = fact_table_mask(table, &mask),
                                                       .number = test->weights[i]});
        }
    }
    push_derived(table, (struct image_derived){.kind = IMAGE_DERIVED_TOTAL,
                                               .result = fact.bit,
                                               .compare = (uint16_t)test->compare,
                                               .number = (uint32_t)test->number});
    ARENA_PUSH(table->arena, table->wholes, table->whole_count, table->whole_capacity, fact);
    return fact.bit;
}

/* The fact of a test; *negated is turned where the fact says the opposite. */
static uint16_t fact_of(struct fact_table *table, const struct expression *test, bool *negated) {
    switch (test->op) {
    case EXPR_NOT:
        *negated = !*negated;
        return fact_of(table, test->children[0], negated);
    case EXPR_TRUE:
        return constant_fact(table);
    case EXPR_FALSE:
        *negated = !*negated;
        return constant_fact(table);
    case EXPR_IN:
        return code_bit(table, test->set, test->where);
    case EXPR_SEVERITY:
        return severity_fact(table, test);
    case EXPR_COMPARE:
    case EXPR_AMONG:
    case EXPR_PRESENT:
        return value_bit(table, test);
    case EXPR_COUNT:
        return count_fact(table, test, negated);
    case EXPR_TOTAL:
        return total_fact(table, test);
    default:
        return whole_bit(table, test);
    }
}

void fact_table_require(struct fact_table *table, const struct part *part, struct mask *mask) {
    bool negated = part->negated;
    uint16_t bit = fact_of(table, part->test, &negated);
    set_bit(negated ? &mask->forbid : &mask->need, bit);
}

uint16_t fact_table_mask(struct fact_table *table, const struct mask *mask) {
    for (size_t w = 0; w < IMAGE_FACT_WORDS_MAX; w++) {
        if (mask->need.words[w] & mask->forbid.words[w]) {
            return UINT16_MAX;
        }
    }
    return (uint16_t)run_pool_put(&table->masks, mask, 1); /* too many are refused before anything is written */
}

static uint32_t row_of(struct fact_table *table, const struct fact_bits *bits) {
    return (uint32_t)run_pool_put(&table->rows, bits, 1);
}

uint16_t fact_table_code(struct fact_table *table, enum code_kind kind, uint32_t code, unsigned position) {
    struct fact_bits bits = {0};
    bool any = false;
    for (size_t i = 0; i < table->code_count; i++) {
        const struct code_fact *fact = &table->codes[i];
        if ((fact->where & position) != 0 && fact->set->kind == kind && codeset_has(fact->set, code)) {
            set_bit(&bits, fact->bit);
            any = true;
        }
    }
    return any ? (uint16_t)row_of(table, &bits) : 0;
}

/* ---- numbers and words ---- */

static bool passes(const struct expression *test, int64_t value) {
    if (test->op == EXPR_PRESENT) {
        return true;
    }
    switch (test->compare) {
    case COMPARE_EQUAL:
        return value == test->number;
    case COMPARE_LESS:
        return value < test->number;
    case COMPARE_LESS_EQUAL:
        return value <= test->number;
    case COMPARE_GREATER:
        return value > test->number;
    case COMPARE_GREATER_EQUAL:
        return value >= test->number;
    case COMPARE_UNEQUAL:
        return value != test->number;
    }
    return false;
}

static bool is_text(enum fact fact) {
    return fact_rows[fact].kind == FACT_KIND_TEXT || fact_rows[fact].kind == FACT_KIND_DATE;
}

static int ascending(const void *a, const void *b) {
    int64_t one = *(const int64_t *)a, two = *(const int64_t *)b;
    return one < two ? -1 : one > two;
}

/* Where the answers to the tests of a number can change, ascending, without repeats. */
static size_t breaks_of(struct fact_table *table, enum fact fact, int64_t *out) {
    size_t count = 0;
    for (size_t i = 0; i < table->value_count; i++) {
        const struct expression *test = table->values[i].test;
        if (test->fact == fact && test->op != EXPR_AMONG) {
            out[count++] = INT64_MIN;
            if (test->op == EXPR_COMPARE) {
                out[count++] = test->number;
                out[count++] = test->number < INT64_MAX ? test->number + 1 : INT64_MAX;
            }
        }
    }
    qsort(out, count, sizeof *out, ascending);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || out[kept - 1] != out[i]) {
            out[kept++] = out[i];
        }
    }
    return kept;
}

static void write_numbers(struct fact_table *table, struct image_writer *writer, uint32_t owner) {
    struct image_number *numbers = NULL;
    struct image_break *breaks = NULL;
    size_t number_count = 0, number_capacity = 0, break_count = 0, break_capacity = 0;
    int64_t *from = ARENA_ARRAY(table->arena, int64_t, table->value_count * 3 + 1);
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        size_t count = is_text((enum fact)fact) ? 0 : breaks_of(table, (enum fact)fact, from);
        if (count == 0) {
            continue;
        }
        struct image_number number = {(uint16_t)fact, (uint16_t)count, (uint32_t)break_count};
        ARENA_PUSH(table->arena, numbers, number_count, number_capacity, number);
        for (size_t b = 0; b < count; b++) {
            struct fact_bits bits = {0};
            for (size_t i = 0; i < table->value_count; i++) {
                const struct expression *test = table->values[i].test;
                if (test->fact == (enum fact)fact && passes(test, from[b])) {
                    set_bit(&bits, table->values[i].bit);
                }
            }
            struct image_break one = {from[b], row_of(table, &bits), 0};
            ARENA_PUSH(table->arena, breaks, break_count, break_capacity, one);
        }
    }
    image_writer_section(writer, IMAGE_HOT_NUMBERS, owner, numbers, sizeof *numbers, number_count);
    image_writer_section(writer, IMAGE_HOT_BREAKS, owner, breaks, sizeof *breaks, break_count);
}

static void push_word(struct fact_table *table, struct image_writer *writer, struct image_word **words, size_t *count,
                      size_t *capacity, const struct value_fact *fact, const char *word) {
    struct fact_bits bits = {0};
    set_bit(&bits, fact->bit);
    struct image_word one = {(uint16_t)fact->test->fact, (uint16_t)strlen(word), image_writer_text(writer, word),
                             row_of(table, &bits)};
    ARENA_PUSH(table->arena, *words, *count, *capacity, one);
}

static void write_words(struct fact_table *table, struct image_writer *writer, uint32_t owner) {
    struct image_word *words = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i < table->value_count; i++) {
        const struct value_fact *fact = &table->values[i];
        if (fact->test->op == EXPR_PRESENT && is_text(fact->test->fact)) {
            push_word(table, writer, &words, &count, &capacity, fact, "");
        }
        for (size_t w = 0; fact->test->op == EXPR_AMONG && w < fact->test->count; w++) {
            push_word(table, writer, &words, &count, &capacity, fact, fact->test->words[w]);
        }
    }
    image_writer_section(writer, IMAGE_HOT_WORDS, owner, words, sizeof *words, count);
}

static bool few_enough(const struct fact_table *table) {
    bool few = !table->too_many && table->masks.count < UINT16_MAX && table->rows.count < UINT16_MAX;
    if (!few) {
        report_say(table->report, MSG_too_many_facts, table->scheme->place, (unsigned)FACTS_MAX);
    }
    return few;
}

bool fact_table_write(struct fact_table *table, struct image_writer *writer, uint32_t owner,
                      struct image_scheme *about) {
    if (!few_enough(table)) {
        return false;
    }
    write_numbers(table, writer, owner);
    write_words(table, writer, owner);
    image_writer_section(writer, IMAGE_HOT_DERIVED, owner, table->derived, sizeof *table->derived,
                         table->derived_count);
    if (!few_enough(table)) { /* numbers and words made further rows */
        return false;
    }
    size_t width = (table->next + 63) / 64;
    about->fact_words = (uint32_t)width;
    const struct fact_bits *from_rows = (const struct fact_bits *)(const void *)table->rows.records;
    uint64_t *rows = ARENA_ARRAY(table->arena, uint64_t, table->rows.count * width);
    for (size_t i = 0; i < table->rows.count; i++) {
        memcpy(rows + i * width, from_rows[i].words, width * sizeof *rows);
    }
    image_writer_section(writer, IMAGE_HOT_FACT_ROWS, owner, rows, sizeof *rows, table->rows.count * width);
    const struct mask *from_masks = (const struct mask *)(const void *)table->masks.records;
    uint64_t *masks = ARENA_ARRAY(table->arena, uint64_t, table->masks.count * width * 2);
    for (size_t i = 0; i < table->masks.count; i++) {
        memcpy(masks + i * width * 2, from_masks[i].need.words, width * sizeof *masks);
        memcpy(masks + i * width * 2 + width, from_masks[i].forbid.words, width * sizeof *masks);
    }
    image_writer_section(writer, IMAGE_HOT_MASKS, owner, masks, sizeof *masks, table->masks.count * width * 2);
    return true;
}
