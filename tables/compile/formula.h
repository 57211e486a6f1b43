/* SPDX-License-Identifier: Apache-2.0
 *
 * The formulas of a policy, as a clerk writes them:
 *
 *   rw * rate
 *   cost > cap * standard
 *   if(graded_care, graded_rate, level_rate)
 *   max(0, pay - patient_paid - other_paid)
 *   if(level = 三级 and age < 6, 103%, 1)
 *   bands(rw, <= 1 -> 3, <= 2 -> 2.5, else 2)
 *   steps(los, 30 -> 320, 90 -> 280, else 240)
 *
 *   formula = and { "or" and };        and   = not { "and" not };       not = "not" not | test
 *   test    = sum [ cmp sum ] | axis ("=" | "!=") word                  cmp = "=" | "!=" | "<" | "<=" | ">" | ">="
 *   sum     = product { ("+" | "-") product };     product = minus { ("*" | "/") minus };     minus = "-" minus |
 * part
 *   part    = decimal ["%"] | name | "(" formula ")" | "min" "(" formula { "," formula } ")" | "max" likewise |
 *             "if" "(" formula "," formula "," formula ")" | "round" "(" formula "," places ")" |
 *             "floor" "(" formula ")" | "ceil" "(" formula ")" | "present" "(" fact ")" |
 *             "at" "(" table { "," axis "=" word } ")" |
 *             "bands" "(" sum { "," cmp sum "->" formula } "," "else" formula ")" |
 *             "choose" "(" formula "->" formula { "," formula "->" formula } "," "else" formula ")" |
 *             "steps" "(" sum { "," decimal "->" formula } "," "else" formula ")" |
 *             "linear" "(" sum "," decimal "->" formula { "," decimal "->" formula } ")"
 *
 * bands: the value of the first comparison that holds; choose: of the first condition. steps: the part of the number up
 * to the first bound times the first value, the part from there to the second bound times the second, and so on.
 * linear: a straight line between points, level outside. `:` and → are other ways to write ->.
 *
 * Words may be Chinese; a word with other signs in it stands in quotes ('县二级90%'). Full width
 * （），＜＞＝＋－＊／％ and × ÷ ≤ ≥ ≠ are read as their plain forms. Numbers are exact; `round` goes half away
 * from zero. Of `if`, `and`, `or` only the parts that are needed are computed. */
#ifndef CASEMIX_COMPILE_FORMULA_H
#define CASEMIX_COMPILE_FORMULA_H

#include "../decimal.h"
#include "../formula.h"
#include "document.h"

/* FORMULA_ANY: of a formula that may be a number or a condition. */
enum formula_type { FORMULA_NUMBER, FORMULA_TRUTH, FORMULA_AXIS, FORMULA_ANY };

/* What a formula depends on. */
struct formula_needs {
    uint64_t facts; /* bit a fact */
    bool group;     /* the case's group: rw, other columns, sets of groups */
    bool pay;
    bool factor;    /* auxiliary factors */
};
static inline void formula_add_needs(struct formula_needs *to, const struct formula_needs *more) {
    to->facts |= more->facts;
    to->group |= more->group;
    to->pay |= more->pay;
    to->factor |= more->factor;
}

enum formula_kind { FORMULA_OPERATION, FORMULA_DECIMAL, FORMULA_IF, FORMULA_AND, FORMULA_OR };

struct formula_node {
    enum formula_kind kind;
    enum formula_op op; /* of FORMULA_OPERATION */
    uint32_t operand;
    enum formula_type type;
    struct formula_needs needs;
    struct decimal decimal; /* of FORMULA_DECIMAL */
    const char *text;       /* as written, of the sides of a comparison; otherwise NULL */
    struct place place;
    struct formula_node *parts[3];
};

/* What names mean; the policy answers. `out` has its place already; the answer is op, operand, type and needs.
 * False after a message. */
struct formula_names {
    void *owner;
    bool (*find)(void *owner, const char *name, size_t length, struct formula_node *out);
    /* number of a member of an axis */
    bool (*member)(void *owner, uint32_t axis, const char *word, size_t length, struct place place, uint32_t *out);
    /* make of a table that a node pushes the part of it at a member of an axis */
    bool (*slice)(void *owner, uint32_t axis, uint32_t member, struct formula_node *table);
};

enum { FORMULA_DEPTH = 24 };

/* Parse the text of a scalar, which must be of the type. NULL after a message. */
struct formula_node *formula_parse(struct report *report, const struct node *scalar,
                                   const struct formula_names *names, enum formula_type type);

/* The bytes of a name, or 0: letters, digits, `_` and everything beyond ASCII but the signs of formulas. */
size_t formula_name_length(const char *text);

/* Programs being put together; constants are kept once. */
struct formula_code {
    struct arena *arena;
    struct image_instruction *instructions;
    size_t count, capacity;
    struct decimal *constants;
    size_t constant_count, constant_capacity;
};
void formula_emit(struct formula_code *code, const struct formula_node *node);

#endif
