/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of the image that holds payment policies; image.h tells the rest. Sections from 100 on belong to a
 * policy, owner is its number.
 *
 * How a case is priced: its texts are found on the policy's axes (pool, hospital level, ...), its group has a row
 * of weights; then the classes are tried in order, and the formulas of the first that holds give what is paid. A
 * formula is a program (formula.h); the value of each is computed at most once for a case, and only if it is asked
 * for. */
#ifndef CASEMIX_TABLES_IMAGE_POLICY_H
#define CASEMIX_TABLES_IMAGE_POLICY_H

#include <stddef.h>

#include "formula.h"
#include "image.h"

enum image_policy_section {
    IMAGE_HOT_FORMULAS = 100,     /* struct image_formula */
    IMAGE_HOT_INSTRUCTIONS = 101, /* struct image_instruction */
    IMAGE_HOT_CONSTANTS = 102,    /* struct image_decimal */
    IMAGE_HOT_PARAMETERS = 103,   /* struct image_parameter */
    IMAGE_HOT_AXES = 104,         /* struct image_axis; 0 is the pool, 1 the hospital level */
    IMAGE_HOT_AXIS_WORDS = 105,   /* struct image_axis_word */
    IMAGE_AXIS_MEMBERS = 106,     /* image_text */
    IMAGE_HOT_TABLES = 107,       /* struct image_table */
    IMAGE_HOT_TABLE_VALUES = 108, /* struct image_decimal */
    IMAGE_HOT_WEIGHT_ROWS = 109,  /* uint32_t, one a DRG of the scheme, then one a step: row of cells, or none */
    IMAGE_HOT_WEIGHTS = 110,      /* struct image_decimal, column_count a row; denominator 0: there is none */
    IMAGE_WEIGHT_COLUMNS = 111,   /* image_text */
    IMAGE_HOT_GROUP_SETS = 112,   /* uint64_t, a bit a DRG, then a bit a step; whole words a set */
    IMAGE_GROUP_SETS = 113,       /* struct image_group_set */
    IMAGE_HOT_CLASSES = 114,      /* struct image_class, in order */
    IMAGE_HOT_TABLE_ROWS = 115,   /* uint32_t, of each table by group one a DRG, then one a step: its row; 0 is of all
                                     that are not named */
    IMAGE_HOT_TOTALS = 116,       /* struct image_total */
    IMAGE_HOT_FIGURES = 117,      /* struct image_figure: of pools, then of hospitals */
    IMAGE_HOT_QUOTAS = 118,       /* struct image_quota */
};

enum { IMAGE_AXIS_POOL = 0, IMAGE_AXIS_LEVEL = 1, IMAGE_AXES_MAX = 8, IMAGE_TABLE_AXES = 3 };

struct image_policy {
    image_text id, title, source, note, scheme, file;
    image_text from, until; /* dates of force, may be absent */
    uint32_t scheme_number;
    uint32_t column_count;                        /* of the weights */
    uint32_t points, point_value, standard, fund; /* formulas; fund asks for FORMULA_PAY. points may be none */
    uint32_t low_below, high_above;               /* formulas: bounds of the normal class, or none */
    uint16_t bound_inclusive; /* bit 0: a cost that equals low_below is low; bit 1: ... high_above is high */
    uint16_t pay_places, fund_places; /* rounding, 0 to 2 places of a yuan */
    uint16_t demonstration;           /* 1: some parameters are demonstration values, `note` says which */
    uint64_t zero_if_absent;          /* bit a fact (facts.def) */
    uint32_t line;
    image_text methods; /* "drg-points, bed-day" */
    uint32_t closed, pot; /* figures of hospitals and of the pool: the first add up to the second; or none */
};
static_assert(sizeof(struct image_policy) == 96, "image_policy");

/* numerator / denominator; the denominator is 1, 10, 100 ... or 10^12. */
struct image_decimal {
    int64_t numerator, denominator;
};
static_assert(sizeof(struct image_decimal) == 16, "image_decimal");

struct image_formula {
    image_text name, text, file;
    uint32_t line;
    uint32_t first, count; /* instructions */
    uint32_t condition;    /* 1: its value is yes or no */
};
static_assert(sizeof(struct image_formula) == 28, "image_formula");

struct image_parameter {
    image_text name, note;
    uint32_t line;
    uint32_t demonstration; /* 1: a demonstration value */
    struct image_decimal value;
};
static_assert(sizeof(struct image_parameter) == 32, "image_parameter");

/* Places that a text fact can name. An axis without members is not used (a policy may know no hospital levels). */
struct image_axis {
    image_text name;
    uint32_t fact; /* facts.def, a TEXT */
    uint32_t first_member, member_count;
    uint32_t first_word, word_count;
    uint32_t other; /* member of all words that are not named; IMAGE_NONE32: they have none */
};
static_assert(sizeof(struct image_axis) == 28, "image_axis");

/* A word of a member; `key` is axis_key() of it, so that most words are told apart by one comparison. */
struct image_axis_word {
    uint64_t key;
    image_text word;
    uint16_t length, member;
};
static_assert(sizeof(struct image_axis_word) == 16, "image_axis_word");

/* Value number first + row of the group * row_size + sum of stride[i] * member on axis[i]. An unused place has axis
 * IMAGE_NONE16 and stride 0. Denominator 0: nothing is said there. */
struct image_table {
    image_text name;
    uint32_t line;
    uint32_t first, count;
    uint32_t rows, row_size; /* rows: first in TABLE_ROWS; IMAGE_NONE32: the table does not go by group */
    uint32_t stride[IMAGE_TABLE_AXES];
    uint16_t axis[IMAGE_TABLE_AXES], reserved;
};
static_assert(sizeof(struct image_table) == 44, "image_table");

struct image_group_set {
    image_text name, note;
    uint32_t line;
    uint32_t demonstration;
};
static_assert(sizeof(struct image_group_set) == 16, "image_group_set");

/* Cases a class is for, bits of `cases`. */
enum { IMAGE_CLASS_GROUPED = 1, IMAGE_CLASS_QY = 2, IMAGE_CLASS_UNGROUPED = 4 };

struct image_class {
    image_text name;
    uint32_t line;
    uint32_t when;   /* formula, none: always */
    uint32_t pay;    /* formula */
    uint32_t points; /* formula; none: the policy's */
    uint32_t cases;  /* IMAGE_CLASS_ */
    image_text method; /* "bed-day", or none */
    uint32_t quota;    /* it takes no more cases than this lets in; none: all */
};
static_assert(sizeof(struct image_class) == 32, "image_class");

/* What is known of a pool, or of a hospital in a pool, when a month is settled: sums over its cases, and what files say
 * of it. */
enum image_total_kind {
    IMAGE_TOTAL_CASES,
    IMAGE_TOTAL_UNPRICED,
    IMAGE_TOTAL_POINTS,
    IMAGE_TOTAL_STANDARD, /* what classes pay */
    IMAGE_TOTAL_FUND,
    IMAGE_TOTAL_FACT,    /* operand: fact */
    IMAGE_TOTAL_FORMULA, /* operand: formula of the case, rounded to 4 places */
    IMAGE_TOTAL_BUDGET,  /* said of a pool */
    IMAGE_TOTAL_ITEM,    /* said of a hospital */
    IMAGE_TOTAL_KINDS
};
struct image_total {
    image_text name;
    uint32_t kind, operand;
    uint32_t required;              /* 1: of BUDGET and ITEM, it must be said */
    struct image_decimal otherwise; /* what it is where it is not said */
};
static_assert(sizeof(struct image_total) == 32, "image_total");

enum image_scope { IMAGE_SCOPE_POOL, IMAGE_SCOPE_HOSPITAL, IMAGE_SCOPE_ALL, IMAGE_SCOPES };
/* A total as formulas ask for it: operand of FORMULA_TOTAL. */
enum { IMAGE_TOTAL_SCOPE = 1 << 16, IMAGE_TOTALS_MAX = 256, IMAGE_QUOTAS_MAX = 32 };

/* A formula of a pool or of a hospital in it. `replaces`: from the second pass on it is the value of this formula of
 * the case, or none. */
struct image_figure {
    uint32_t formula, replaces, scope, reserved;
};
static_assert(sizeof(struct image_figure) == 16, "image_figure");

/* Of the cases that would come to a class, the first `most` by `rank`, highest first, do so; ties by id. */
struct image_quota {
    image_text name;
    uint32_t scope; /* POOL or HOSPITAL */
    uint32_t most;  /* formula of the scope; its whole part counts */
    uint32_t rank;  /* formula of the case */
    uint32_t line;
    uint32_t reserved;
};
static_assert(sizeof(struct image_quota) == 24, "image_quota");

/* Ends and length of a word; words of up to AXIS_KEY_BYTES with the same key and length are the same. Reads nothing
 * outside the word. */
enum { AXIS_KEY_BYTES = 8 };
static inline uint64_t axis_key(const char *text, size_t length) {
    uint32_t head = 0, tail = 0;
    if (length >= 4) {
        __builtin_memcpy(&head, text, 4);
        __builtin_memcpy(&tail, text + length - 4, 4);
    } else {
        for (size_t i = 0; i < length; i++) {
            head = head << 8 | (unsigned char)text[i];
        }
    }
    return (head | (uint64_t)tail << 32) ^ (uint64_t)length * 0x9E3779B97F4A7C15u;
}

#endif
