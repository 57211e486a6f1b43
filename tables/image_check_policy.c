/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification of policies. After it, pricing indexes without looking; programs end, and keep to their stack. */
#include "decimal.h"
#include "facts.h"
#include "image_private.h"

#define MAY(field, count, section, type)                                                                           \
    if (!image_check_optional(check, (section), n, sizeof(type), (const void **)&view->field, &view->count)) {     \
        return false;                                                                                              \
    }

static bool fetch(struct image_check *check, uint32_t n, struct policy_view *view) {
    MAY(formulas, formula_count, IMAGE_HOT_FORMULAS, struct image_formula);
    MAY(instructions, instruction_count, IMAGE_HOT_INSTRUCTIONS, struct image_instruction);
    MAY(constants, constant_count, IMAGE_HOT_CONSTANTS, struct image_decimal);
    MAY(parameters, parameter_count, IMAGE_HOT_PARAMETERS, struct image_parameter);
    MAY(axes, axis_count, IMAGE_HOT_AXES, struct image_axis);
    MAY(words, word_count, IMAGE_HOT_AXIS_WORDS, struct image_axis_word);
    MAY(members, member_count, IMAGE_AXIS_MEMBERS, image_text);
    MAY(tables, table_count, IMAGE_HOT_TABLES, struct image_table);
    MAY(table_values, table_value_count, IMAGE_HOT_TABLE_VALUES, struct image_decimal);
    MAY(table_rows, table_row_count, IMAGE_HOT_TABLE_ROWS, uint32_t);
    MAY(weight_rows, answer_count, IMAGE_HOT_WEIGHT_ROWS, uint32_t);
    MAY(weights, cell_count, IMAGE_HOT_WEIGHTS, struct image_decimal);
    MAY(columns, column_count, IMAGE_WEIGHT_COLUMNS, image_text);
    MAY(set_bits, set_bit_count, IMAGE_HOT_GROUP_SETS, uint64_t);
    MAY(sets, set_count, IMAGE_GROUP_SETS, struct image_group_set);
    MAY(classes, class_count, IMAGE_HOT_CLASSES, struct image_class);
    MAY(totals, total_count, IMAGE_HOT_TOTALS, struct image_total);
    MAY(figures, figure_count, IMAGE_HOT_FIGURES, struct image_figure);
    MAY(quotas, quota_count, IMAGE_HOT_QUOTAS, struct image_quota);
    return true;
}

static bool has_texts(const struct image *image, const image_text *texts, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (!image_has_text(image, texts[i])) {
            return false;
        }
    }
    return true;
}

static bool is_decimal(const struct image_decimal *value, bool may_be_absent) {
    for (int power = 0; power <= DECIMAL_PLACES; power++) {
        if (value->denominator == decimal_power(power)) {
            return true;
        }
    }
    return may_be_absent && value->denominator == 0;
}

static bool are_decimals(const struct image_decimal *values, uint32_t count, bool may_be_absent) {
    for (uint32_t i = 0; i < count; i++) {
        if (!is_decimal(&values[i], may_be_absent)) {
            return false;
        }
    }
    return true;
}

static bool check_formulas(struct image_check *check, const struct policy_view *view) {
    uint8_t depths[FORMULAS_MAX];
    if (view->formula_count > FORMULAS_MAX) {
        return image_check_fail(check, "formulas of a policy");
    }
    for (uint32_t i = 0; i < view->formula_count; i++) {
        const struct image_formula *formula = &view->formulas[i];
        const image_text texts[] = {formula->name, formula->text, formula->file};
        struct formula_limits limits = {view->constant_count,
                                        view->parameter_count,
                                        view->column_count,
                                        view->table_count,
                                        view->axis_count,
                                        view->set_count,
                                        view->total_count,
                                        i};
        if (!has_texts(check->image, texts, 3) ||
            !image_within(formula->first, formula->count, view->instruction_count) ||
            !formula_verify(view->instructions + formula->first, formula->count, &limits, depths, &depths[i])) {
            return image_check_fail(check, "a formula of a policy");
        }
    }
    return true;
}

static bool check_axes(struct image_check *check, const struct policy_view *view) {
    if (view->axis_count < 2 || view->axis_count > IMAGE_AXES_MAX ||
        !has_texts(check->image, view->members, view->member_count)) {
        return image_check_fail(check, "axes of a policy");
    }
    for (uint32_t a = 0; a < view->axis_count; a++) {
        const struct image_axis *axis = &view->axes[a];
        if (!image_has_text(check->image, axis->name) || axis->fact >= FACT_COUNT ||
            fact_rows[axis->fact].kind != FACT_KIND_TEXT ||
            !image_within(axis->first_member, axis->member_count, view->member_count) ||
            (axis->other != IMAGE_NONE32 && axis->other >= axis->member_count) || axis->word_count >= IMAGE_NONE16 || axis->member_count >= IMAGE_NONE16 ||
            !image_within(axis->first_word, axis->word_count, view->word_count)) {
            return image_check_fail(check, "an axis of a policy");
        }
        for (uint32_t w = 0; w < axis->word_count; w++) {
            const struct image_axis_word *word = &view->words[axis->first_word + w];
            if (word->member >= axis->member_count ||
                !image_within(word->word, (uint64_t)word->length + 1, check->image->string_size) ||
                word->key != axis_key(check->image->strings + word->word, word->length)) {
                return image_check_fail(check, "a word of a policy");
            }
        }
    }
    return true;
}

static bool check_tables(struct image_check *check, const struct policy_view *view) {
    for (uint32_t t = 0; t < view->table_count; t++) {
        const struct image_table *table = &view->tables[t];
        bool good = image_has_text(check->image, table->name) && table->count > 0 &&
                    image_within(table->first, table->count, view->table_value_count);
        uint64_t last = 0; /* the highest number that groups and members can lead to */
        if (good && table->rows != IMAGE_NONE32) {
            good = image_within(table->rows, view->answer_count, view->table_row_count);
            uint32_t highest = 0;
            for (uint32_t i = 0; i < view->answer_count && good; i++) {
                uint32_t row = view->table_rows[table->rows + i];
                highest = row > highest ? row : highest;
            }
            last = (uint64_t)highest * table->row_size;
        }
        for (int a = 0; a < IMAGE_TABLE_AXES && good; a++) {
            if (table->axis[a] == IMAGE_NONE16) {
                good = table->stride[a] == 0;
                continue;
            }
            good = table->axis[a] < view->axis_count && view->axes[table->axis[a]].member_count > 0 &&
                   table->stride[a] <= table->count;
            if (good) {
                last += (uint64_t)table->stride[a] * (view->axes[table->axis[a]].member_count - 1);
            }
        }
        if (!good || last >= table->count) {
            return image_check_fail(check, "a table of a policy");
        }
    }
    return true;
}

static bool check_weights(struct image_check *check, const struct policy_view *view) {
    bool good = view->column_count == view->about->column_count &&
                has_texts(check->image, view->columns, view->column_count) &&
                (view->column_count == 0 ? view->cell_count == 0 : view->cell_count % view->column_count == 0);
    uint32_t rows = good && view->column_count > 0 ? view->cell_count / view->column_count : 0;
    for (uint32_t i = 0; good && i < view->answer_count; i++) {
        good = view->weight_rows[i] == IMAGE_NONE32 || view->weight_rows[i] < rows;
    }
    for (uint32_t i = 0; good && i < view->set_count; i++) {
        const image_text texts[] = {view->sets[i].name, view->sets[i].note};
        good = has_texts(check->image, texts, 2);
    }
    good = good && (uint64_t)view->set_count * view->set_words == view->set_bit_count;
    for (uint32_t i = 0; good && i < view->parameter_count; i++) {
        const image_text texts[] = {view->parameters[i].name, view->parameters[i].note};
        good = has_texts(check->image, texts, 2) && is_decimal(&view->parameters[i].value, false);
    }
    good = good && are_decimals(view->constants, view->constant_count, false) &&
           are_decimals(view->table_values, view->table_value_count, true) &&
           are_decimals(view->weights, view->cell_count, true);
    return good ? true : image_check_fail(check, "weights of a policy");
}

static bool is_formula(const struct policy_view *view, uint32_t number, bool may_be_none) {
    return number < view->formula_count || (may_be_none && number == IMAGE_NONE32);
}

static bool check_classes(struct image_check *check, const struct policy_view *view) {
    const struct image_policy *about = view->about;
    bool good = is_formula(view, about->points, true) && is_formula(view, about->point_value, true) &&
                is_formula(view, about->standard, true) && is_formula(view, about->fund, false) &&
                is_formula(view, about->low_below, true) && is_formula(view, about->high_above, true) &&
                about->pay_places <= 2 && about->fund_places <= 2;
    for (uint32_t i = 0; good && i < view->class_count; i++) {
        const struct image_class *class = &view->classes[i];
        good = image_has_text(check->image, class->name) && image_has_text(check->image, class->method) && is_formula(view, class->when, true) &&
               is_formula(view, class->pay, false) && is_formula(view, class->points, true) &&
               (class->quota < view->quota_count || class->quota == IMAGE_NONE32);
    }
    return good ? true : image_check_fail(check, "classes of a policy");
}

static bool check_settlement(struct image_check *check, const struct policy_view *view) {
    const struct image_policy *about = view->about;
    bool good = view->total_count <= IMAGE_TOTALS_MAX && view->quota_count <= IMAGE_QUOTAS_MAX &&
                is_formula(view, about->closed, true) && is_formula(view, about->pot, true);
    for (uint32_t i = 0; good && i < view->total_count; i++) {
        const struct image_total *total = &view->totals[i];
        enum fact_kind kind = total->operand < FACT_COUNT ? fact_rows[total->operand].kind : FACT_KIND_TEXT;
        good = image_has_text(check->image, total->name) && total->kind < IMAGE_TOTAL_KINDS &&
               is_decimal(&total->otherwise, false) &&
               (total->kind != IMAGE_TOTAL_FORMULA || total->operand < view->formula_count) &&
               (total->kind != IMAGE_TOTAL_FACT || kind == FACT_KIND_MONEY || kind == FACT_KIND_NUMBER ||
                kind == FACT_KIND_FLAG);
    }
    for (uint32_t i = 0; good && i < view->figure_count; i++) {
        const struct image_figure *figure = &view->figures[i];
        good = is_formula(view, figure->formula, false) && is_formula(view, figure->replaces, true) &&
               figure->scope <= IMAGE_SCOPE_HOSPITAL && (i == 0 || figure[-1].scope <= figure->scope);
    }
    for (uint32_t i = 0; good && i < view->quota_count; i++) {
        const struct image_quota *quota = &view->quotas[i];
        good = image_has_text(check->image, quota->name) && quota->scope <= IMAGE_SCOPE_HOSPITAL &&
               is_formula(view, quota->most, false) && is_formula(view, quota->rank, false);
    }
    return good ? true : image_check_fail(check, "settlement of a policy");
}

bool image_check_policy(struct image_check *check, uint32_t n) {
    struct policy_view *view = &check->image->policies[n];
    uint32_t count;
    const struct image_policy *all = image_check_section(check, IMAGE_POLICIES, 0, sizeof *all, &count, "policies");
    if (all == NULL || count != check->image->header->policy_count) {
        return image_check_fail(check, "policies");
    }
    const struct image_policy *about = view->about = &all[n];
    const image_text texts[] = {about->id,     about->title, about->source, about->note,
                                about->scheme, about->file,  about->from,   about->until, about->methods};
    if (!has_texts(check->image, texts, sizeof texts / sizeof texts[0]) ||
        about->scheme_number >= check->image->header->scheme_count) {
        return image_check_fail(check, "a policy");
    }
    if (!fetch(check, n, view)) {
        return false;
    }
    const struct scheme_view *scheme = &check->image->schemes[about->scheme_number];
    view->drg_count = scheme->drg_count;
    view->set_words = (uint32_t)(((uint64_t)view->answer_count + 63) / 64);
    if ((uint64_t)scheme->drg_count + scheme->step_count != view->answer_count) {
        return image_check_fail(check, "groups of a policy");
    }
    return check_formulas(check, view) && check_axes(check, view) && check_tables(check, view) &&
           check_weights(check, view) && check_classes(check, view) && check_settlement(check, view);
}
