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
    uint32_t reserved;
};
static_assert(sizeof(struct image_policy) == 88, "image_policy");

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
    uint32_t reserved;
};
static_assert(sizeof(struct image_formula) == 32, "image_formula");

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
};
static_assert(sizeof(struct image_axis) == 24, "image_axis");

/* A word of a member; `key` is axis_key() of it, so that most words are told apart by one comparison. */
struct image_axis_word {
    uint64_t key;
    image_text word;
    uint16_t length, member;
};
static_assert(sizeof(struct image_axis_word) == 16, "image_axis_word");

/* Value number first + sum of stride[i] * member on axis[i]. An unused place has axis IMAGE_NONE16 and stride 0. */
struct image_table {
    image_text name;
    uint32_t line;
    uint32_t first, count;
    uint16_t axis[IMAGE_TABLE_AXES], reserved;
    uint32_t stride[IMAGE_TABLE_AXES], reserved2;
};
static_assert(sizeof(struct image_table) == 40, "image_table");

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
};
static_assert(sizeof(struct image_class) == 24, "image_class");

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
