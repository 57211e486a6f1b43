/* SPDX-License-Identifier: Apache-2.0 */
#include "formula.h"

#include <stdbool.h>
#include <string.h>

#include "facts.h"
#include "image_policy.h"

/* A fact that formulas can count with. */
static bool is_countable(uint32_t fact) {
    if (fact >= FACT_COUNT) {
        return false;
    }
    enum fact_kind kind = fact_rows[fact].kind;
    return kind == FACT_KIND_NUMBER || kind == FACT_KIND_MONEY || kind == FACT_KIND_FLAG;
}

static bool operand_fits(const struct image_instruction *instruction, const struct formula_limits *limits) {
    uint32_t operand = instruction->operand;
    switch (instruction->op) {
    case FORMULA_CONSTANT:
        return operand < limits->constants;
    case FORMULA_PARAMETER:
        return operand < limits->parameters;
    case FORMULA_FACT:
    case FORMULA_PRESENT:
        return is_countable(operand);
    case FORMULA_COLUMN:
        return operand < limits->columns;
    case FORMULA_TABLE:
        return operand < limits->tables;
    case FORMULA_MEMBER:
        return operand < limits->axes;
    case FORMULA_SET:
        return operand < limits->sets;
    case FORMULA_VALUE:
        return operand < limits->number;
    case FORMULA_TOTAL:
        return operand / IMAGE_TOTAL_SCOPE < IMAGE_SCOPES && operand % IMAGE_TOTAL_SCOPE < limits->totals;
    case FORMULA_CASE:
        return operand == FORMULA_CASE_FACTOR || operand == FORMULA_CASE_CLASS;
    case FORMULA_ROUND:
        return operand <= FORMULA_ROUND_MAX;
    default:
        return instruction->op < FORMULA_OPS;
    }
}

bool formula_verify(const struct image_instruction *code, uint32_t count, const struct formula_limits *limits,
                    const uint8_t *depths, uint8_t *depth_out) {
    enum { UNKNOWN = -1 };
    int8_t before[FORMULA_LENGTH_MAX + 1]; /* numbers on the stack before each instruction, where a jump says so */
    if (count == 0 || count > FORMULA_LENGTH_MAX) {
        return false;
    }
    memset(before, UNKNOWN, count + 1);
    before[0] = 0;
    int deepest = 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct image_instruction *at = &code[i];
        if (before[i] == UNKNOWN || !operand_fits(at, limits) || before[i] < formula_takes(at->op)) {
            return false;
        }
        int after = before[i] - formula_takes(at->op) + formula_puts(at->op);
        int reached = at->op == FORMULA_VALUE ? before[i] + depths[at->operand] : after;
        deepest = reached > deepest ? reached : deepest;
        if (deepest > FORMULA_STACK_MAX) {
            return false;
        }
        bool jumps = at->op == FORMULA_JUMP || at->op == FORMULA_JUMP_IF_FALSE;
        if (jumps && at->operand >= count - i) {
            return false;
        }
        uint32_t next[2] = {i + 1, jumps ? i + 1 + at->operand : i + 1};
        for (int n = at->op == FORMULA_JUMP; n < 2; n++) {
            if (before[next[n]] != UNKNOWN && before[next[n]] != after) {
                return false;
            }
            before[next[n]] = (int8_t)after;
        }
    }
    *depth_out = (uint8_t)deepest;
    return before[count] == 1;
}
