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

enum { POLICY_NAMES_MAX = 1000, POLICY_MEMBERS_MAX = 5000, POLICY_TABLE_MAX = 2000000 };

/* What a name in a formula stands for; `number` counts within the kind. */
enum policy_name_kind {
    POLICY_PARAMETER,
    POLICY_TABLE,
    POLICY_GROUPS,
    POLICY_COLUMN,
    POLICY_AXIS,
    POLICY_FORMULA,
    POLICY_FIGURE, /* of the settlement; may have the name of a formula */
};
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
    bool open;      /* its members are those that tables name */
    uint32_t other; /* the member that words not named stand for, or IMAGE_NONE16 */
    const char **members;
    size_t member_count, member_capacity;
    struct policy_word *words;
    size_t word_count, word_capacity;
};

/* What a table says for a group: a code, an ADRG, a branch `BR*` or a list of the policy. */
struct policy_table_row {
    const char *group;
    struct place place;
    struct decimal *values; /* row_size; denominator 0: not said, then it is as for groups not named */
};

/* Numbers by axes; by_group: a row of them for each group that is named, and one for all others. */
struct policy_table {
    const char *name, *note;
    struct place place;
    bool demonstration;
    bool by_group;
    bool is_mean; /* mean costs of the catalogue, by level if it has levels; filled when it is linked */
    uint32_t axes[IMAGE_TABLE_AXES], strides[IMAGE_TABLE_AXES];
    size_t axis_count;
    struct decimal *values; /* row_size, of groups not named; denominator 0: not said */
    size_t row_size;
    struct policy_table_row *rows;
    size_t row_count, row_capacity;
    uint32_t slice_of, slice_offset; /* part of an earlier table from this value on; slice_of IMAGE_NONE32: none */
    uint32_t *group_rows;            /* after policy_link: row of each answer, 0 for those not named */
};

/* A list of groups: DRGs, ADRGs (all their DRGs), or a branch `BR*`. */
struct policy_groups {
    const char *name, *note;
    struct place place;
    bool demonstration;
    const struct node **items; /* codes and branches */
    size_t item_count, item_capacity;
    const struct node **mdcs; /* all groups of an MDC, or of a part of the catalogue */
    size_t mdc_count, mdc_capacity;
    bool is_basic;  /* the basic entries of the catalogue */
    uint64_t *bits; /* after policy_link */
};

/* Numbers by group: a row a group. */
struct policy_weight {
    const char *code;
    struct place place;
    struct decimal *values; /* column_count; denominator 0: an empty cell */
};

/* What a formula is computed for. */
enum policy_scope { POLICY_OF_CASE, POLICY_OF_POOL, POLICY_OF_HOSPITAL };

enum policy_formula_state { POLICY_NEW, POLICY_PARSING, POLICY_PARSED, POLICY_FAILED };
struct policy_formula {
    const char *name, *text;
    struct place place;
    const struct node *scalar;
    enum policy_formula_state state;
    enum policy_scope scope;
    bool after_class; /* it may ask for the class and what it pays */
    int places;       /* its value is rounded to so many, -1: it is not */
    struct policy_formula *own_points; /* what `points` in it means, if not the policy's */
    struct formula_node *tree;
    enum formula_type type;
    uint32_t number; /* in the image: after all that it asks for */
};

struct policy_class {
    const char *name, *method; /* method: "" if it says none */
    const struct node *quota;  /* the name of one, or NULL */
    struct place place;
    struct policy_formula *when, *pay, *points; /* when, points: NULL if there is none */
    uint32_t cases;                             /* IMAGE_CLASS_ */
};

/* See struct image_total. */
struct policy_total {
    const char *name;
    struct place place;
    enum image_total_kind kind;
    enum fact fact;
    struct policy_formula *formula;
    bool required;
    struct decimal otherwise;
};

struct policy_figure {
    struct policy_formula *formula, *replaces; /* replaces: NULL if none */
};

struct policy_quota {
    const char *name;
    struct place place;
    enum policy_scope scope;
    struct policy_formula *most, *rank;
};

struct policy {
    const char *id, *title, *source, *note, *scheme_id, *from, *until;
    const char *methods; /* "drg-points, bed-day" */
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
    const char **columns; /* of the weights */
    size_t column_count, column_capacity;
    bool from_catalogue; /* the weights are the numbers of the DIP catalogue */
    struct place weights_place;
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
    struct policy_total *totals;
    size_t total_count, total_capacity;
    struct policy_figure *figures; /* of pools, then of hospitals */
    size_t figure_count, figure_capacity;
    struct policy_quota *quotas;
    size_t quota_count, quota_capacity;
    struct policy_formula *closed, *pot; /* NULL: the parts of a pool are not closed */
    uint32_t pay_places, fund_places;
    int points_places, value_places, standard_places; /* -1: not rounded */
    uint64_t zero_if_absent;
    unsigned depth; /* of formulas that are being parsed for others */
    struct policy_formula *parsing; /* the one that is being parsed, NULL: none */
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

/* The tree of a policy file, a map, laid over those of the policies that it extends. NULL after a message. */
struct node *policy_document(struct sources *sources, const char *path, struct place from);

/* The weights file: columns and rows. */
void policy_read_weights(struct policy *policy, const struct node *file);

/* `tables`, and `pools`, `levels`, `axes`. */
void policy_read_axes(struct policy *policy, const struct node *root);
void policy_read_tables(struct policy *policy, const struct node *tables);
bool policy_flag(struct policy *policy, const struct node *map, const char *key);       /* false if it is not there */
const char *policy_text(struct policy *policy, const struct node *map, const char *key); /* "" if it is not there */
/* The number of a word's member on an axis, or IMAGE_NONE32. */
uint32_t policy_member(const struct policy_axis *axis, const char *word, size_t length);
/* The part of a table at a member of one of its axes, a table of its own. IMAGE_NONE32: it does not go by that axis. */
uint32_t policy_slice(struct policy *policy, uint32_t table, uint32_t axis, uint32_t member);

/* values, points, point_value, standard, classes, fund. */
void policy_read_formulas(struct policy *policy, const struct node *root);
/* A formula to be parsed later; NULL after a message. */
struct policy_formula *policy_new_formula(struct policy *policy, const char *name, const struct node *scalar,
                                          enum formula_type type);
/* Parse once; false after a message, now or the first time. */
bool policy_parse(struct policy *policy, struct policy_formula *formula);

/* `settlement`: what is known of pools and hospitals, and what is computed from it. */
void policy_read_settlement(struct policy *policy, const struct node *map);
/* `pool.points`: the number of a total as formulas ask for it. IMAGE_NONE32 after a message. */
uint32_t policy_total(struct policy *policy, const char *text, size_t length, struct place place);
uint32_t policy_quota_number(struct policy *policy, const struct node *name); /* IMAGE_NONE32: none, or after a message */

#endif
