/* SPDX-License-Identifier: Apache-2.0
 *
 * A formula as it stands in an image: a program for a stack of exact numbers. The compiler writes it,
 * grouper/formula.c runs it. Conditions are the numbers 1 and 0. Jumps lead forward only, so every program ends. */
#ifndef CASEMIX_TABLES_FORMULA_H
#define CASEMIX_TABLES_FORMULA_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum formula_op {
    /* push */
    FORMULA_CONSTANT,  /* operand: number in the policy's constants */
    FORMULA_PARAMETER, /* a named constant */
    FORMULA_FACT,      /* fact of facts.def; the case must have it, unless the policy takes it as 0 */
    FORMULA_PRESENT,   /* 1 if the case has the fact */
    FORMULA_COLUMN,    /* value of the case's group in a column of the weights */
    FORMULA_TABLE,     /* value of a table for the case's place on the table's axes */
    FORMULA_MEMBER,    /* number of the case's member on an axis */
    FORMULA_SET,       /* 1 if the case's group is in a set of groups */
    FORMULA_VALUE,     /* value of an earlier formula, computed now if it was not yet */
    FORMULA_PAY,       /* what the case's class pays, rounded */
    FORMULA_CASE,      /* something else of the case: enum formula_case_number */
    FORMULA_TOTAL,     /* a total of a pool or hospital: its number + scope * IMAGE_TOTAL_SCOPE */
    /* take one, push one */
    FORMULA_NEGATE,
    FORMULA_NOT,
    FORMULA_ROUND, /* operand: places; half away from zero */
    FORMULA_FLOOR, /* to a whole number, downwards */
    FORMULA_CEILING,
    /* take two, push one */
    FORMULA_ADD,
    FORMULA_SUBTRACT,
    FORMULA_MULTIPLY,
    FORMULA_DIVIDE,
    FORMULA_MINIMUM,
    FORMULA_MAXIMUM,
    FORMULA_LESS,
    FORMULA_LESS_EQUAL,
    FORMULA_GREATER,
    FORMULA_GREATER_EQUAL,
    FORMULA_EQUAL,
    FORMULA_UNEQUAL,
    /* control; operand: instructions to skip */
    FORMULA_JUMP,
    FORMULA_JUMP_IF_FALSE, /* take one */
    FORMULA_OPS
};

enum formula_case_number {
    FORMULA_CASE_FACTOR = 0,   /* of the auxiliary catalogues */
    FORMULA_CASE_CLASS = 1000, /* number of the first class with the name of the case's class */
};

struct image_instruction {
    uint16_t op; /* enum formula_op */
    uint16_t reserved;
    uint32_t operand;
};
static_assert(sizeof(struct image_instruction) == 8, "image_instruction");

enum {
    FORMULA_LENGTH_MAX = 1024, /* instructions of one formula */
    FORMULA_STACK_MAX = 48,    /* numbers on the stack, those of the formulas it asks for included */
    FORMULAS_MAX = 128,        /* formulas of a policy */
    FORMULA_ROUND_MAX = 12,    /* places of FORMULA_ROUND */
};

/* What an operation takes from the stack and puts on it. */
static inline int formula_takes(unsigned op) {
    return op < FORMULA_NEGATE ? 0 : op < FORMULA_ADD ? 1 : op < FORMULA_JUMP ? 2 : op == FORMULA_JUMP_IF_FALSE;
}
static inline int formula_puts(unsigned op) {
    return op < FORMULA_JUMP;
}

/* What the operands of a program may be. */
struct formula_limits {
    uint32_t constants, parameters, columns, tables, axes, sets, totals;
    uint32_t number; /* of the formula: it may ask for those before it */
};

/* Can the program be run without further checks? Operands within the limits, no jump out of it, no way to it that
 * leaves fewer numbers on the stack than are taken, one number at the end, no more than FORMULA_STACK_MAX in
 * between. depths: what formula_verify said of the earlier formulas; *depth_out: of this one. */
bool formula_verify(const struct image_instruction *code, uint32_t count, const struct formula_limits *limits,
                    const uint8_t *depths, uint8_t *depth_out);

#endif
