/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy of an opened image, verified: what its records refer to is there, its programs can be run. */
#ifndef CASEMIX_TABLES_POLICY_VIEW_H
#define CASEMIX_TABLES_POLICY_VIEW_H

#include "image_policy.h"

struct policy_view {
    const struct image_policy *about;
    const struct image_formula *formulas;
    const struct image_instruction *instructions;
    const struct image_decimal *constants;
    const struct image_parameter *parameters;
    const struct image_axis *axes;
    const struct image_axis_word *words;
    const image_text *members;
    const struct image_table *tables;
    const struct image_decimal *table_values;
    const uint32_t *table_rows;
    const uint32_t *weight_rows;
    const struct image_decimal *weights;
    const image_text *columns;
    const uint64_t *set_bits;
    const struct image_group_set *sets;
    const struct image_class *classes;
    const struct image_total *totals;
    const struct image_figure *figures;
    const struct image_quota *quotas;
    uint32_t formula_count, instruction_count, constant_count, parameter_count, axis_count, word_count,
        member_count, table_count, table_value_count, table_row_count, answer_count, cell_count, column_count, set_bit_count,
        set_count, class_count, total_count, figure_count, quota_count;
    uint32_t drg_count; /* of the scheme: a step's answer is drg_count + its number */
    uint32_t set_words; /* words of set_bits for one set */
};

#endif
