/* SPDX-License-Identifier: Apache-2.0 */
#include "condition_table.h"

#include <stdlib.h>
#include <string.h>

#include "run_pool.h"

struct condition_table {
    struct arena *arena;
    struct image_writer *writer;
    const struct scheme *scheme;
    const uint16_t *ids[CODE_KINDS];
    struct run_pool roots; /* const struct expression *: the conditions that were added, */
    uint32_t *numbers;     /* and the number of the first node of each */
    struct run_pool sets;  /* const struct codeset * */
    struct image_expression *nodes;
    const struct expression **from; /* what each node was made of */
    image_text *words;
    size_t number_count, number_capacity, node_count, node_capacity, from_count, from_capacity, word_count,
        word_capacity;
};

struct condition_table *condition_table_new(struct arena *arena, struct image_writer *writer,
                                            const struct scheme *scheme, const uint16_t *const ids[CODE_KINDS]) {
    struct condition_table *table = ARENA_NEW(arena, struct condition_table);
    table->arena = arena;
    table->writer = writer;
    table->scheme = scheme;
    table->ids[CODE_DIAGNOSIS] = ids[CODE_DIAGNOSIS];
    table->ids[CODE_PROCEDURE] = ids[CODE_PROCEDURE];
    run_pool_init(&table->roots, arena, sizeof(const struct expression *));
    run_pool_init(&table->sets, arena, sizeof(const struct codeset *));
    return table;
}

static void push_node(struct condition_table *table, const struct expression *when) {
    const char *text = when->text == NULL ? "" : arena_copy(table->arena, when->text, when->length);
    struct image_expression node = {.op = (uint16_t)when->op, .where = (uint16_t)when->where};
    node.fact = (uint16_t)when->fact;
    node.compare = (uint16_t)when->compare;
    node.number = when->number;
    node.text = image_writer_text(table->writer, text);
    node.set = when->set == NULL ? IMAGE_NONE32 : (uint32_t)run_pool_put(&table->sets, &when->set, 1);
    if (when->op == EXPR_AMONG) {
        node.first = (uint32_t)table->word_count;
        node.count = (uint32_t)when->count;
        for (size_t i = 0; i < when->count; i++) {
            image_text word = image_writer_text(table->writer, when->words[i]);
            ARENA_PUSH(table->arena, table->words, table->word_count, table->word_capacity, word);
        }
    }
    ARENA_PUSH(table->arena, table->nodes, table->node_count, table->node_capacity, node);
    ARENA_PUSH(table->arena, table->from, table->from_count, table->from_capacity, when);
}

static bool has_children(const struct expression *when) {
    return when->op == EXPR_AND || when->op == EXPR_OR || when->op == EXPR_NOT || when->op == EXPR_AT_LEAST ||
           when->op == EXPR_TOTAL;
}

/* Breadth first, as the image wants it: the children of each node follow those of the node before it. */
uint32_t condition_table_add(struct condition_table *table, const struct expression *when) {
    static const struct expression always = {.op = EXPR_TRUE};
    if (when == NULL || (when->op == EXPR_TRUE && when->length == 0)) {
        when = &always; /* entries of a DIP catalogue have thousands of these */
    }
    size_t root = run_pool_put(&table->roots, &when, 1);
    if (root < table->number_count) {
        return table->numbers[root];
    }
    uint32_t number = (uint32_t)table->node_count;
    ARENA_PUSH(table->arena, table->numbers, table->number_count, table->number_capacity, number);
    push_node(table, when);
    for (size_t at = number; at < table->node_count; at++) {
        const struct expression *node = table->from[at];
        if (has_children(node)) {
            table->nodes[at].first = (uint32_t)table->node_count;
            table->nodes[at].count = (uint32_t)node->count;
            for (size_t i = 0; i < node->count; i++) {
                push_node(table, node->children[i]);
                if (node->op == EXPR_TOTAL) {
                    table->nodes[table->node_count - 1].number = node->weights[i];
                }
            }
        }
    }
    return number;
}

static int by_number(const void *a, const void *b) {
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

void condition_table_write(struct condition_table *table, uint32_t owner) {
    const struct codeset *const *from = (const struct codeset *const *)(const void *)table->sets.records;
    size_t count = table->sets.count;
    struct image_set *sets = ARENA_ARRAY(table->arena, struct image_set, count + 1);
    size_t total = 0, next = 0;
    for (size_t i = 0; i < count; i++) {
        total += from[i]->count;
    }
    uint16_t *members = ARENA_ARRAY(table->arena, uint16_t, total + 1);
    for (size_t i = 0; i < count; i++) {
        const struct codeset *set = from[i];
        sets[i] = (struct image_set){image_writer_text(table->writer, set->name), set->kind, (uint32_t)next, set->count};
        uint32_t codes = table->scheme->catalogues[set->kind]->count;
        for (uint32_t code = 0; code < codes; code++) {
            if (codeset_has(set, code)) {
                members[next++] = table->ids[set->kind][code];
            }
        }
        qsort(members + sets[i].first, set->count, sizeof *members, by_number);
    }
    image_writer_section(table->writer, IMAGE_EXPRESSIONS, owner, table->nodes, sizeof *table->nodes, table->node_count);
    image_writer_section(table->writer, IMAGE_SETS, owner, sets, sizeof *sets, count);
    image_writer_section(table->writer, IMAGE_MEMBERS, owner, members, sizeof *members, total);
    image_writer_section(table->writer, IMAGE_EXPRESSION_WORDS, owner, table->words, sizeof *table->words,
                         table->word_count);
}
