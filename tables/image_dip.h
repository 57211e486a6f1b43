/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of the image that holds DIP schemes; image.h tells the rest. Sections from 50 to 66 belong to a scheme of kind
 * IMAGE_SCHEME_DIP, owner is its number.
 *
 * A DIP scheme is a scheme whose groups are the rows of a catalogue: IMAGE_MDCS are the parts of the catalogue (core,
 * basic, comprehensive ...; XQ, BX ...), IMAGE_HOT_STEPS has one step for each, IMAGE_DRGS are the entries, part after part.
 * It has no rules, branches and rows (row_words is 0); facts, masks, numbers, words and derived facts work as in DRG.
 *
 * How a case is looked up:
 *
 *   principal diagnosis --code hash--> id --> bucket: every way to match an entry that takes this diagnosis, in order of
 *   the search steps; procedures --id--> what they are (excluded, not principal, treatment kind)
 *   step after step: the matches whose mask and operations hold; the first step that has one answers, and among
 *   its matches the tie rules choose, in their order; the catalogue's order decides at last. */
#ifndef CASEMIX_TABLES_IMAGE_DIP_H
#define CASEMIX_TABLES_IMAGE_DIP_H

#include "image.h"

enum image_dip_section {
    IMAGE_DIP = 50,                /* struct image_dip, one */
    IMAGE_HOT_DIP_BUCKETS = 51,    /* struct image_dip_bucket; 0: of diagnoses that are in no entry, and of none */
    IMAGE_HOT_DIP_DIAGNOSES = 52,  /* uint32_t, bucket of each id of the diagnosis catalogue; IMAGE_NONE32: as principal
                                      diagnosis it is excluded from grouping */
    IMAGE_HOT_DIP_PROCEDURES = 53, /* struct image_dip_procedure, one an id of the procedure catalogue */
    IMAGE_HOT_DIP_MATCHES = 54,    /* struct image_dip_match */
    IMAGE_HOT_DIP_NEEDS = 55,      /* struct image_dip_need */
    IMAGE_HOT_DIP_MEMBERS = 56,    /* uint16_t, procedure ids, ascending within each list */
    IMAGE_HOT_DIP_ENTRIES = 57,    /* struct image_dip_entry, one an IMAGE_DRGS */
    IMAGE_HOT_DIP_STEPS = 58,      /* struct image_dip_step, in order of search */
    IMAGE_HOT_DIP_LEVEL_WORDS = 59,/* struct image_dip_word */
    IMAGE_HOT_DIP_LEVEL_MEANS = 60,/* int64_t, level_count an entry, 1/10000 yuan; -1: none */
    IMAGE_HOT_DIP_INDICES = 61,    /* struct image_dip_index: auxiliary catalogues, then supervision indices */
    IMAGE_HOT_DIP_CLASSES = 62,    /* struct image_dip_class */
    IMAGE_HOT_DIP_FACTORS = 63,    /* struct image_dip_factor, sorted by class, then entry */
    IMAGE_DIP_KINDS = 64,          /* struct image_dip_kind, lowest first */
    IMAGE_HOT_DIP_MASKS = 65,      /* uint16_t, lists of masks: conditions that are several conjunctions */
    IMAGE_DIP_TEXTS = 66,          /* struct image_dip_text, one an entry */
};

enum {
    IMAGE_DIP_KINDS_MAX = 32,
    IMAGE_DIP_STEPS_MAX = 255,
    IMAGE_DIP_PARTS_MAX = 64,
    IMAGE_DIP_RULES_MAX = 12,
    IMAGE_DIP_LEVELS_MAX = 64,
    IMAGE_DIP_INDICES_MAX = 64,
};

/* How the treatment kind of a case is found. */
enum image_dip_case_kind { IMAGE_DIP_KIND_HIGHEST = 0, IMAGE_DIP_KIND_PRINCIPAL = 1 };
/* Several auxiliary factors apply. */
enum image_dip_pick { IMAGE_DIP_PICK_HIGHEST = 0, IMAGE_DIP_PICK_PRODUCT = 1 };

struct image_dip {
    uint32_t case_kind;           /* enum image_dip_case_kind */
    uint32_t kind_count;
    uint32_t level_count;
    uint32_t auxiliary_count;     /* of IMAGE_HOT_DIP_INDICES, the first are auxiliary catalogues */
    uint32_t pick;                /* enum image_dip_pick */
    uint32_t without_principal;   /* 1: a case without principal diagnosis may match entries of all diagnoses */
    uint32_t surgical_kinds;      /* bit a kind: counted as surgery by `unmatched` */
    uint32_t reserved;
    uint64_t late_facts;          /* bit a fact: known only when the entry is (COST_RATIO, STAY_RATIO) and asked for */
};
static_assert(sizeof(struct image_dip) == 40, "image_dip");

struct image_dip_bucket {
    uint32_t first, count; /* in MATCHES */
};

/* What an operation may be. */
enum image_dip_use {
    IMAGE_DIP_COUNTS = 0,
    IMAGE_DIP_EXCLUDED = 1,      /* dropped */
    IMAGE_DIP_CONSERVATIVE = 2,  /* counts as no operation */
    IMAGE_DIP_NOT_PRINCIPAL = 3, /* the next one is the principal; it still counts as another one */
    IMAGE_DIP_RESTRICTED = 4,    /* as NOT_PRINCIPAL where `mask` does not hold */
};
struct image_dip_procedure {
    uint8_t use, kind;
    uint16_t mask; /* of RESTRICTED */
};
static_assert(sizeof(struct image_dip_procedure) == 4, "image_dip_procedure");

enum {
    IMAGE_DIP_MATCH_CONSERVATIVE = 1, /* only if the kind of the case is the lowest */
    IMAGE_DIP_MATCH_KIND = 2,         /* only if the kind of the case is the entry's */
};
/* A way to match an entry under a diagnosis: one alternative of its operations and one of its conditions. */
struct image_dip_match {
    uint32_t entry;
    uint32_t first_need;
    uint16_t mask;
    uint8_t need_count; /* also the number of `+` parts */
    uint8_t step;
    uint8_t key;        /* characters of the diagnosis key that took the case, without the dot; 0: a range or all */
    uint8_t kind;       /* of the entry */
    uint8_t conditions; /* tests of the entry beyond diagnosis and operations */
    uint8_t flags;      /* IMAGE_DIP_MATCH_ */
};
static_assert(sizeof(struct image_dip_match) == 16, "image_dip_match");

/* A part of an operation expression: one of these procedures is there. */
enum { IMAGE_DIP_AT_ANY = 0, IMAGE_DIP_AT_PRINCIPAL = 1, IMAGE_DIP_AT_OTHER = 2 };
struct image_dip_need {
    uint32_t first;        /* in MEMBERS; if exact is 1 and loose 0: the id itself */
    uint16_t exact, loose; /* procedures named in full, then those found by a shorter code; loose IMAGE_NONE16: all */
    uint16_t at, reserved;
};
static_assert(sizeof(struct image_dip_need) == 12, "image_dip_need");

enum { IMAGE_DIP_ENTRY_BASIC = 1, IMAGE_DIP_ENTRY_NO_AUXILIARY = 2 };
struct image_dip_entry {
    int64_t score;     /* 1/10000 point; -1: none */
    int64_t mean_cost; /* 1/10000 yuan; -1: none */
    int64_t mean_stay; /* 1/10000 day; -1: none */
    uint32_t flags;    /* IMAGE_DIP_ENTRY_ */
    uint32_t kind;
};
static_assert(sizeof(struct image_dip_entry) == 32, "image_dip_entry");

/* What an entry asks for, as its row of the catalogue has it. */
struct image_dip_text {
    image_text diagnoses, operations;
};

/* Tie rules: of two matches, the first ... */
enum image_dip_rule {
    IMAGE_DIP_RULE_END = 0,
    IMAGE_DIP_RULE_KEY = 1,        /* has the longer diagnosis key */
    IMAGE_DIP_RULE_PLUS = 2,       /* has more `+` parts */
    IMAGE_DIP_RULE_MATCHED = 3,    /* has more of the case's operations in it */
    IMAGE_DIP_RULE_EXACT = 4,      /* has fewer parts that were met by a shorter code only */
    IMAGE_DIP_RULE_PRINCIPAL = 5,  /* has the principal operation in it */
    IMAGE_DIP_RULE_COMPLETE = 6,   /* leaves no operation of the case unmatched */
    IMAGE_DIP_RULE_SCORE = 7,      /* has the higher score; none is lowest */
    IMAGE_DIP_RULE_COST = 8,       /* has the mean cost nearer to the case's cost; none is farthest; absent cost: equal */
    IMAGE_DIP_RULE_KIND = 9,       /* is of the higher treatment kind */
    IMAGE_DIP_RULE_PART = 10,      /* is of the part named earlier in the step */
    IMAGE_DIP_RULE_CONDITIONS = 11,/* has more conditions */
    IMAGE_DIP_RULES
};

/* Matches that leave an operation of a surgical kind unmatched. */
enum image_dip_unmatched {
    IMAGE_DIP_UNMATCHED_ALLOWED = 0,
    IMAGE_DIP_UNMATCHED_ALL = 1, /* if every match does, the step has none */
    IMAGE_DIP_UNMATCHED_ANY = 2, /* if one match does, the step has none */
};

struct image_dip_step {
    image_text name, file;
    uint32_t line;
    uint32_t case_kinds;   /* bit a kind: the step is for cases of these */
    uint32_t unmatched;    /* enum image_dip_unmatched */
    uint32_t when;         /* expression, as written */
    uint16_t first_mask, mask_count; /* in DIP_MASKS: for cases where one of them holds; none: for no case */
    uint8_t rules[IMAGE_DIP_RULES_MAX]; /* enum image_dip_rule, ends with END or is full */
    uint8_t parts[IMAGE_DIP_PARTS_MAX]; /* rank of each part (IMAGE_MDCS) within the step; 255: is not in it */
};
static_assert(sizeof(struct image_dip_step) == 104, "image_dip_step");

/* A word for a hospital level, as it may stand in the claim. */
struct image_dip_word {
    image_text word;
    uint32_t level;
};

/* An auxiliary catalogue or supervision index: the first class that holds gives its number. */
enum { IMAGE_DIP_INDEX_SUPERVISION = 1 };
struct image_dip_index {
    image_text name, file;
    uint32_t line;
    uint32_t first_class, class_count;
    uint32_t flags; /* IMAGE_DIP_INDEX_ */
};
static_assert(sizeof(struct image_dip_index) == 24, "image_dip_index");

struct image_dip_class {
    image_text name;
    uint32_t line;
    uint32_t when;                /* expression */
    uint16_t first_mask, mask_count; /* in DIP_MASKS */
    uint32_t first_factor, factor_count; /* in FACTORS, by entry */
    int64_t number;               /* 1/1000000: factor or score where the entry has no factor of its own; -1: none */
};
static_assert(sizeof(struct image_dip_class) == 32, "image_dip_class");

struct image_dip_factor {
    uint32_t entry, reserved;
    int64_t number; /* 1/1000000 */
};
static_assert(sizeof(struct image_dip_factor) == 16, "image_dip_factor");

struct image_dip_kind {
    image_text name;
    uint32_t reserved;
};

#endif
