/* SPDX-License-Identifier: Apache-2.0
 *
 * A payment policy as read from YAML; what the YAML looks like is told in rules/README.md. Whatever differs between
 * regions is a parameter, a table or a formula here; there is no region and no method in the code. */
#ifndef CASEMIX_COMPILE_POLICY_H
#define CASEMIX_COMPILE_POLICY_H

#include "../image_policy.h"
#include "../image_writer.h"
#include "formula.h"
#include "scheme.h"

enum { POLICY_NAMES_MAX = 1000, POLICY_MEMBERS_MAX = 5000, POLICY_TABLE_MAX = 200000 };

/* What a name in a formula stands for; `number` counts within the kind. */
enum policy_name_kind { POLICY_PARAMETER, POLICY_TABLE, POLICY_GROUPS, POLICY_COLUMN, POLICY_AXIS, POLICY_FORMULA };
struct policy_name {
    const char *name;
    enum policy_name_kind kind;
    uint32_t number;
    struct place place;
};

struct policy_parameter {
    const char *name, *note;
    struct place place;
    bool demonstration;
    struct decimal value;
};

struct policy_word {
    const char *word;
    struct place place;
    uint32_t member;
};

struct policy_axis {
    const char *name;
    enum fact fact;
    const char **members;
    size_t member_count, member_capacity;
    struct policy_word *words;
    size_t word_count, word_capacity;
};

struct policy_table {
    const char *name;
    struct place place;
    uint32_t axes[IMAGE_TABLE_AXES], strides[IMAGE_TABLE_AXES];
    size_t axis_count;
    struct decimal *values; /* denominator 0: not said */
    size_t value_count;
};

/* A list of groups: DRGs, ADRGs (all their DRGs), or a branch `BR*`. */
struct policy_groups {
    const char *name, *note;
    struct place place;
    bool demonstration;
    const struct node **items;
    size_t item_count, item_capacity;
    uint64_t *bits; /* after policy_link */
};

/* Weights by group: a row a group, rw first. */
struct policy_weight {
    const char *code;
    struct place place;
    struct decimal *values; /* column_count; denominator 0: an empty cell */
};

enum policy_formula_state { POLICY_NEW, POLICY_PARSING, POLICY_PARSED, POLICY_FAILED };
struct policy_formula {
    const char *name, *text;
    struct place place;
    const struct node *scalar;
    enum policy_formula_state state;
    struct formula_node *tree;
    enum formula_type type;
    uint32_t number; /* in the image: after all that it asks for */
};

struct policy_class {
    const char *name;
    struct place place;
    struct policy_formula *when, *pay, *points; /* when, points: NULL if there is none */
    uint32_t cases;                             /* IMAGE_CLASS_ */
};

struct policy {
    const char *id, *title, *source, *note, *scheme_id, *from, *until;
    struct place place, scheme_place;
    struct arena *arena;
    struct report *report;
    struct sources *sources;
    struct policy_name *names;
    size_t name_count, name_capacity;
    struct policy_parameter *parameters;
    size_t parameter_count, parameter_capacity;
    struct policy_axis *axes;
    size_t axis_count, axis_capacity;
    struct policy_table *tables;
    size_t table_count, table_capacity;
    struct policy_groups *groups;
    size_t groups_count, groups_capacity;
    const char **columns;
    size_t column_count, column_capacity;
    struct policy_weight *weights;
    size_t weight_count, weight_capacity;
    struct policy_formula **formulas; /* all; those with names can be asked for */
    size_t formula_count, formula_capacity;
    struct policy_formula **order; /* in order of `number` */
    size_t order_count, order_capacity;
    struct policy_class *classes;
    size_t class_count, class_capacity;
    struct policy_formula *points, *point_value, *standard, *fund, *low_below, *high_above;
    bool low_inclusive, high_inclusive;
    uint32_t pay_places, fund_places;
    uint64_t zero_if_absent;
    unsigned depth; /* of formulas that are being parsed for others */
    /* after policy_link */
    const struct scheme *scheme;
    uint32_t *rows; /* one a DRG, then one a step: row of weights or IMAGE_NONE32 */
    uint32_t drg_count, step_count;
};

/* Read a policy file and its weights. Never NULL unless the file cannot be read; whether it is good is in
 * report->errors. */
struct policy *policy_read(struct sources *sources, const char *path, struct place from);

/* Find the groups that weights and lists name in the policy's scheme, which has `scheme_id` for its id. */
void policy_link(struct policy *policy, const struct scheme *scheme);

/* The sections of the policy, which was linked and has no errors, and its record for IMAGE_POLICIES. False after a
 * message: a formula is too large. */
bool policy_write(struct policy *policy, struct image_writer *writer, uint32_t number, uint32_t scheme_number,
                  struct image_policy *out);

/* ---- between the files that make up the reader ---- */

/* Give a name to something; a message and false if it cannot have it. */
bool policy_name(struct policy *policy, const char *name, struct place place, enum policy_name_kind kind,
                 uint32_t number);

/* A decimal, perhaps with `%`; `what` names it in the message. */
bool policy_decimal(struct policy *policy, const struct node *scalar, const char *what, struct decimal *out);

/* The weights file: columns and rows. */
void policy_read_weights(struct policy *policy, const struct node *file);

/* `tables`, and `pools`, `levels`, `axes`. */
void policy_read_axes(struct policy *policy, const struct node *root);
void policy_read_tables(struct policy *policy, const struct node *tables);

/* values, points, point_value, standard, classes, fund. */
void policy_read_formulas(struct policy *policy, const struct node *root);

#endif
