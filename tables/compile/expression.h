/* SPDX-License-Identifier: Apache-2.0
 *
 * The bureau's rule language, parsed:
 *
 *   ZYZD in DI_BB2 and {ZYSS,QTSS} in OP_BB2
 *   QTZD in {MCC,CC} and NL >= 70
 *   length(OP_IC2 ∩ {ZYSS,QTSS}) >= 2
 *   atleast(2, {ZYZD,QTZD} in DI_HEAD, {ZYZD,QTZD} in DI_CHEST, {ZYZD,QTZD} in DI_ARM)
 *   KS in {ICU, 0302}        LYFS = 5        present(XSRTZ)
 *
 *   expression  = term { "or" term };   term = factor { "and" factor };
 *   factor      = "not" factor | "(" expression ")" | test;
 *   test        = where ["not"] "in" set | number-fact cmp integer | text-fact ["not"] "in" "{" word {"," word} "}"
 *               | text-fact ("=" | "!=") word | "length" "(" set "∩" where ")" cmp integer
 *               | "atleast" "(" integer { "," expression } ")" | "present" "(" fact ")" | total cmp integer | "1" | "0"
 *   where       = position | "{" position { "," position } "}";  position = ZYZD | QTZD | ZYSS | QTSS
 *   set         = name | "{" item { ("," | blank) item } "}" | MCC | CC | "{" MCC "," CC "}"  (the last three: QTZD only)
 *   cmp         = "=" | "<" | "<=" | ">" | ">=" | "!="
 *
 * Words in upper or lower case. Empty is true. Full width ，（）｛｝＝＜＞ and ≤ ≥ ≠ are read as their plain forms, so that a
 * row can be pasted from a workbook. `length` may be swapped: ∩ is commutative. A fact that is absent makes its
 * comparison false (`!=` too), and `not` of it true (`not in` too). A MONEY or RATIO fact is compared with a decimal of
 * at most 4 places. A total is one of the scheme's `totals`: `CCI >= 5`. */
#ifndef CASEMIX_COMPILE_EXPRESSION_H
#define CASEMIX_COMPILE_EXPRESSION_H

#include "../facts.h"
#include "codeset.h"

enum expression_op {
    EXPR_TRUE,
    EXPR_FALSE,
    EXPR_AND,      /* children */
    EXPR_OR,       /* children */
    EXPR_NOT,      /* children[0] */
    EXPR_AT_LEAST, /* `number` of the children hold */
    EXPR_IN,       /* a code at one of the positions `where` is in `set`; none at all: false */
    EXPR_SEVERITY, /* an other diagnosis that counts; `number` is SEVERITY_MCC, SEVERITY_CC or both */
    EXPR_COMPARE,  /* `fact` `compare` `number` */
    EXPR_AMONG,    /* text of `fact` is one of `words` */
    EXPR_COUNT,    /* number of different codes at `where` that are in `set`, `compare` `number` */
    EXPR_PRESENT,  /* `fact` is there */
    EXPR_TOTAL,    /* the sum of the `weights` of the children that hold, `compare` `number`; each child is an EXPR_IN
                    * of other diagnoses */
};

enum { WHERE_PRINCIPAL_DIAGNOSIS = 1, WHERE_OTHER_DIAGNOSES = 2, WHERE_PRINCIPAL_PROCEDURE = 4, WHERE_OTHER_PROCEDURES = 8 };
enum { SEVERITY_MCC = 1, SEVERITY_CC = 2 };
enum compare { COMPARE_EQUAL, COMPARE_LESS, COMPARE_LESS_EQUAL, COMPARE_GREATER, COMPARE_GREATER_EQUAL, COMPARE_UNEQUAL };

struct expression {
    enum expression_op op;
    struct place place;
    const char *text; /* as written, for explanations; with `length` */
    size_t length;
    struct expression **children;
    size_t count;
    uint32_t *weights; /* of a total: one a child */
    unsigned where;
    struct codeset *set; /* expanded */
    enum fact fact;
    enum compare compare;
    int64_t number; /* money in 1/10000 yuan, a ratio in halves of 1/10000 (facts.def) */
    const char **words; /* `count` of them */
};

/* A sum over the other diagnoses of a case: each set that has one of them in it adds its weight once. */
struct total {
    const char *name;
    struct place place;
    struct codeset **sets;
    uint32_t *weights;
    size_t count;
};

enum { EXPRESSION_DEPTH = 64, EXPRESSION_NODES = 100000 };

/* The comparison that holds where the other does not. */
enum compare compare_opposite(enum compare compare);

/* The total of a name, or NULL. */
const struct total *total_find(const struct codesets *sets, const char *name, size_t length);

/* Parse the text of a scalar (NULL or empty: true). Sets it names are expanded. Never NULL; after a message it is
 * EXPR_FALSE with *ok = false. The kinds must fit: diagnoses against a set of diagnoses. */
struct expression *expression_parse(struct codesets *sets, const struct node *scalar, bool *ok);

#endif
