/* SPDX-License-Identifier: Apache-2.0 */
#include "condition_table.h"

#include <stdlib.h>
#include <string.h>

struct root {
    const struct expression *when;
    uint32_t number;
};

struct condition_table {
    struct arena *arena;
    struct image_writer *writer;
    const struct scheme *scheme;
    const uint16_t *ids[CODE_KINDS];
    struct root *roots;
    struct image_expression *nodes;
    const struct expression **from; /* what each node was made of */
    const struct codeset **sets;
    image_text *words;
    size_t root_count, root_capacity, node_count, node_capacity, from_count, from_capacity, set_count, set_capacity,
        word_count, word_capacity;
};

struct condition_table *condition_table_new(struct arena *arena, struct image_writer *writer,
                                            const struct scheme *scheme, const uint16_t *const ids[CODE_KINDS]) {
    struct condition_table *table = ARENA_NEW(arena, struct condition_table);
    table->arena = arena;
    table->writer = writer;
    table->scheme = scheme;
    table->ids[CODE_DIAGNOSIS] = ids[CODE_DIAGNOSIS];
    table->ids[CODE_PROCEDURE] = ids[CODE_PROCEDURE];
    return table;
}

static uint32_t set_number(struct condition_table *table, const struct codeset *set) {
    for (size_t i = 0; i < table->set_count; i++) {
        if (table->sets[i] == set) {
            return (uint32_t)i;
        }
    }
    ARENA_PUSH(table->arena, table->sets, table->set_count, table->set_capacity, set);
    return (uint32_t)(table->set_count - 1);
}

static void push_node(struct condition_table *table, const struct expression *when) {
    const char *text = when->text == NULL ? "" : arena_copy(table->arena, when->text, when->length);
    struct image_expression node = {.op = (uint16_t)when->op, .where = (uint16_t)when->where};
    node.fact = (uint16_t)when->fact;
    node.compare = (uint16_t)when->compare;
    node.number = when->number;
    node.text = image_writer_text(table->writer, text);
    node.set = when->set == NULL ? IMAGE_NONE32 : set_number(table, when->set);
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
    return when->op == EXPR_AND || when->op == EXPR_OR || when->op == EXPR_NOT || when->op == EXPR_AT_LEAST;
}

/* Breadth first, as the image wants it: the children of each node follow those of the node before it. */
uint32_t condition_table_add(struct condition_table *table, const struct expression *when) {
    for (size_t i = 0; i < table->root_count; i++) {
        if (table->roots[i].when == when) {
            return table->roots[i].number;
        }
    }
    struct root root = {when, (uint32_t)table->node_count};
    ARENA_PUSH(table->arena, table->roots, table->root_count, table->root_capacity, root);
    push_node(table, when);
    for (size_t at = root.number; at < table->node_count; at++) {
        const struct expression *node = table->from[at];
        if (has_children(node)) {
            table->nodes[at].first = (uint32_t)table->node_count;
            table->nodes[at].count = (uint32_t)node->count;
            for (size_t i = 0; i < node->count; i++) {
                push_node(table, node->children[i]);
            }
        }
    }
    return root.number;
}

static int by_number(const void *a, const void *b) {
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

void condition_table_write(struct condition_table *table, uint32_t owner) {
    struct image_set *sets = ARENA_ARRAY(table->arena, struct image_set, table->set_count + 1);
    size_t total = 0, next = 0;
    for (size_t i = 0; i < table->set_count; i++) {
        total += table->sets[i]->count;
    }
    uint16_t *members = ARENA_ARRAY(table->arena, uint16_t, total + 1);
    for (size_t i = 0; i < table->set_count; i++) {
        const struct codeset *set = table->sets[i];
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
    image_writer_section(table->writer, IMAGE_SETS, owner, sets, sizeof *sets, table->set_count);
    image_writer_section(table->writer, IMAGE_MEMBERS, owner, members, sizeof *members, total);
    image_writer_section(table->writer, IMAGE_EXPRESSION_WORDS, owner, table->words, sizeof *table->words,
                         table->word_count);
}
