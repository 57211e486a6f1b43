/* SPDX-License-Identifier: Apache-2.0
 *
 * The image: what a compiled rule set looks like on disk and in memory. Writer and reader share this header and
 * nothing else; casemix-image(5) tells the same for people. Little-endian, fixed width, mapped and used in place.
 *
 *   header      96 bytes
 *   directory   one entry a section: what it is, whose it is, where it lies
 *   sections    each aligned to 64 bytes, in the order of the directory, zeros between
 *
 * Offsets count from the start of the file. A `text` is an offset into the STRINGS section: there lie the bytes of a
 * string and a NUL, and before them its length in 4 bytes, so that no one has to count; 0 is the empty string. An index of 0xFFFF or 0xFFFFFFFF means none.
 *
 * How a case is looked up:
 *
 *   code text --XXH3 + displacement--> slot (its dense id) --> profile (what the scheme knows of the code)
 *   profile   --> row numbers; a row is one bit a rule, rules in order of evaluation
 *   principal diagnosis row AND principal procedure row AND any-diagnosis rows OR-ed AND any-procedure rows OR-ed
 *             --> candidate rules; the first whose `need` and `forbid` facts agree is the group
 *
 * Names that start with hot_ are touched for every case, the others for explanations only. */
#ifndef CASEMIX_TABLES_IMAGE_H
#define CASEMIX_TABLES_IMAGE_H

#include <assert.h>
#include <stdint.h>

#define IMAGE_MAGIC "CASEMIX\x1a"
enum {
    IMAGE_VERSION = 3,        /* grows with every change that an old reader cannot read */
    IMAGE_OLDEST_VERSION = 3, /* the oldest this reader reads */
    IMAGE_ALIGN = 64,
    IMAGE_KEY_BYTES = 16,     /* codes up to this length are found by hashing, longer ones by bisection */
    IMAGE_LONG_BYTES = 24,
    IMAGE_ROW_LINE = 8,       /* words of a cache line; rows are whole lines */
    IMAGE_ROW_WORDS_MAX = 64, /* 4096 rules */
    IMAGE_FACT_WORDS_MAX = 16,/* 1024 different facts asked by rules */
};
#define IMAGE_NONE16 0xFFFFu
#define IMAGE_NONE32 0xFFFFFFFFu

typedef uint32_t image_text;

struct image_header {
    char magic[8];
    uint32_t version;
    uint32_t header_size;    /* sizeof(struct image_header) of the writer */
    uint32_t entry_size;     /* sizeof(struct image_entry) of the writer */
    uint32_t section_count;
    uint64_t file_size;
    uint64_t checksum;       /* XXH3, 64 bits, of the whole file with this field 0 */
    image_text bundle;       /* id of the bundle */
    image_text compiler;     /* version that wrote it */
    uint32_t catalogue_count, scheme_count, policy_count, source_count;
    uint8_t reserved[32];    /* zeros */
};
static_assert(sizeof(struct image_header) == 96, "image_header");

enum image_section {
    IMAGE_STRINGS = 1,         /* bytes */
    IMAGE_SOURCES = 2,         /* struct image_source */
    IMAGE_CATALOGUES = 3,      /* struct image_catalogue */
    IMAGE_SCHEMES = 4,         /* struct image_scheme */
    IMAGE_POLICIES = 5,        /* see image_policy.h, as all from 100 on */
    /* of a catalogue; owner is its number */
    IMAGE_HOT_KEYS = 10,       /* struct image_key, `slots` of them; the slot is the code's id */
    IMAGE_HOT_DISPLACEMENTS = 11, /* uint16_t, one a bucket */
    IMAGE_HOT_LONG_KEYS = 12,  /* struct image_long_key, sorted; the n-th has id slots + n */
    IMAGE_CODE_NAMES = 13,     /* image_text, one an id */
    /* of a scheme; owner is its number */
    IMAGE_HOT_DIAGNOSIS_PROFILE = 20, /* uint16_t, one an id of the diagnosis catalogue */
    IMAGE_HOT_PROCEDURE_PROFILE = 21, /* uint16_t, one an id of the procedure catalogue */
    IMAGE_HOT_DIAGNOSIS_PROFILES = 22,/* struct image_diagnosis_profile; 0 is: in no list */
    IMAGE_HOT_PROCEDURE_PROFILES = 23,/* struct image_procedure_profile; 0 is: in no list, also: no procedure */
    IMAGE_HOT_ROWS = 24,       /* uint64_t[row_words] each: a bit a rule */
    IMAGE_HOT_FACT_ROWS = 25,  /* uint64_t[fact_words] each: a bit a fact */
    IMAGE_HOT_RULES = 26,      /* struct image_rule */
    IMAGE_HOT_STEPS = 27,      /* struct image_step */
    IMAGE_HOT_BRANCHES = 28,   /* struct image_branch: a DRG of a step under one conjunction */
    IMAGE_HOT_MASKS = 29,      /* uint64_t[2 * fact_words] each: need, then forbid; 0 is: nothing */
    IMAGE_HOT_NUMBERS = 30,    /* struct image_number: how a number becomes facts */
    IMAGE_HOT_BREAKS = 31,     /* struct image_break */
    IMAGE_HOT_WORDS = 32,      /* struct image_word: how a text becomes facts */
    IMAGE_HOT_DERIVED = 33,    /* struct image_derived: facts computed from facts, in order */
    IMAGE_HOT_REQUIREMENTS = 34, /* struct image_requirement */
    IMAGE_MDCS = 40,           /* struct image_mdc */
    IMAGE_DRGS = 41,           /* struct image_drg */
    IMAGE_EXPRESSIONS = 42,    /* struct image_expression: trees, children after their parent */
    IMAGE_SETS = 43,           /* struct image_set */
    IMAGE_MEMBERS = 44,        /* uint16_t: ids of the codes of sets, ascending within each */
    IMAGE_EXPRESSION_WORDS = 45, /* image_text: words of AMONG expressions */
    IMAGE_REGIONS = 46,        /* image_text: regions of claims the scheme is for; none: for all */
    IMAGE_CLINICAL_DIAGNOSES = 47, /* struct image_crossing, sorted by `from` */
    IMAGE_CLINICAL_PROCEDURES = 48,
};

struct image_entry {
    uint32_t section; /* enum image_section */
    uint32_t owner;
    uint64_t offset;
    uint64_t count;   /* records */
    uint32_t record_size;
    uint32_t reserved;
};
static_assert(sizeof(struct image_entry) == 32, "image_entry");

struct image_source {
    image_text name;
    uint32_t reserved;
    uint64_t size, hash; /* XXH3 of its bytes */
};
static_assert(sizeof(struct image_source) == 24, "image_source");

/* ---- code catalogues ---- */

struct image_catalogue {
    image_text id;
    uint32_t kind;         /* 0 diagnoses, 1 procedures */
    uint32_t slots;        /* of the hash table; empty slots hold a zero key */
    uint32_t buckets;
    uint64_t seed;
    uint32_t long_count;
    uint32_t code_count;
};
static_assert(sizeof(struct image_catalogue) == 32, "image_catalogue");

/* A code, padded with zeros. Hash: h = XXH3_64bits(bytes, 16, seed); bucket = high half scaled to `buckets`;
 * slot = mix(low half, displacement[bucket]) scaled to `slots`, see tables/code_hash.h. */
struct image_key {
    char bytes[IMAGE_KEY_BYTES];
};
struct image_long_key {
    char bytes[IMAGE_LONG_BYTES];
};

/* A code of the clinical version that is another one in the scheme's catalogue. */
struct image_crossing {
    char from[IMAGE_LONG_BYTES]; /* zeros behind it */
    uint16_t to, reserved;       /* id */
};
static_assert(sizeof(struct image_crossing) == 28, "image_crossing");

/* ---- schemes ---- */

enum {
    IMAGE_COMPAT_EXACT_CODES = 1,
    IMAGE_COMPAT_SEX_WORDS_REFUSED = 2,
    IMAGE_COMPAT_SEX_WORDS_UNKNOWN = 4,
    IMAGE_COMPAT_NEGATIVE_NUMBERS = 8,
    IMAGE_COMPAT_GRAY_AS_OTHERS = 16,
};

enum image_scheme_kind {
    IMAGE_SCHEME_DRG = 0,
    IMAGE_SCHEME_DIP = 1, /* MDCs are the parts of the catalogue, DRGs its entries; image_dip.h tells the rest */
};

struct image_scheme {
    image_text id, title, source, from, until;
    uint32_t diagnosis_catalogue, procedure_catalogue;
    uint32_t row_words, fact_words;
    uint32_t any_diagnosis_base;  /* row: the rules that do not ask for any diagnosis */
    uint32_t any_procedure_base;  /* row: the rules that do not ask for any procedure */
    uint32_t kind;                /* enum image_scheme_kind */
    uint64_t zero_if_missing;     /* bit a fact (facts.def), in compatibility mode */
    uint64_t used_numbers;        /* bit a fact that rules, requirements or the search look at, and the
                                     parts of their ratios */
    uint32_t compatibility;       /* IMAGE_COMPAT_ */
    uint32_t diagnosis_count, procedure_count; /* codes known to the scheme */
    uint32_t retry_procedures;    /* 1: no group, so each other procedure is tried alone */
    uint32_t barred;              /* 1: some profile has a `barred` that is not 0 */
    uint32_t demonstration;       /* 1: made of demonstration data; every result made with it is to say so */
};
static_assert(sizeof(struct image_scheme) == 88, "image_scheme");

/* A principal code that may not decide the group. */
enum {
    IMAGE_BARRED_GRAY_UNGROUPED = 1,
    IMAGE_BARRED_GRAY_IGNORED = 2,
    IMAGE_BARRED_INVALID_UNGROUPED = 3,
    IMAGE_BARRED_INVALID_IGNORED = 4,
};

/* What a scheme knows of a diagnosis. Row and fact row numbers; fact row 0 is: no facts. */
struct image_diagnosis_profile {
    uint16_t principal_row;   /* rules possible with it as principal diagnosis */
    uint16_t any_row;         /* rules that ask for any diagnosis and take it; 0 is the empty row */
    uint16_t principal_facts; /* facts it makes true as principal, */
    uint16_t other_facts;     /* as other diagnosis (facts of `any` are in both) */
    uint16_t mcc_table, cc_table; /* 0: is none; else number of its exclusion table + 1 */
    uint16_t exclusion;       /* as principal: its exclusion table + 1; 0: none */
    uint8_t known;            /* 1: in the scheme's catalogue */
    uint8_t barred;           /* IMAGE_BARRED_: what it does as principal diagnosis */
};
static_assert(sizeof(struct image_diagnosis_profile) == 16, "image_diagnosis_profile");

struct image_procedure_profile {
    uint16_t principal_row, any_row, principal_facts, other_facts;
    uint8_t known, barred;
    uint16_t reserved;
};
static_assert(sizeof(struct image_procedure_profile) == 12, "image_procedure_profile");

/* A rule: one conjunction of a step's condition and its MDC's. Bit n of a row is rule n. */
struct image_rule {
    uint16_t step;
    uint16_t mask; /* what facts must and must not hold beyond the rows */
};
static_assert(sizeof(struct image_rule) == 4, "image_rule");

enum { IMAGE_STEP_QY = 1, IMAGE_STEP_BARE = 2 };

struct image_step {
    image_text code, name, id, file;
    uint32_t line;
    uint32_t when;         /* expression; its own condition, without the MDC's */
    uint32_t first_branch; /* in IMAGE_HOT_BRANCHES */
    uint16_t branch_count;
    uint16_t mdc;
    uint32_t first_drg;    /* in IMAGE_DRGS */
    uint16_t drg_count;
    uint16_t flags;        /* IMAGE_STEP_ */
};
static_assert(sizeof(struct image_step) == 40, "image_step");

struct image_branch {
    uint16_t drg;
    uint16_t mask;
};
static_assert(sizeof(struct image_branch) == 4, "image_branch");

struct image_drg {
    image_text code, name, file;
    uint32_t line;
    uint32_t when; /* expression */
    uint32_t step;
};
static_assert(sizeof(struct image_drg) == 24, "image_drg");

struct image_mdc {
    image_text code, name, file;
    uint32_t line;
    uint32_t when; /* expression */
    uint32_t first_step, step_count;
    uint32_t reserved;
};
static_assert(sizeof(struct image_mdc) == 32, "image_mdc");

/* ---- facts: what rules ask beyond the two principal codes ---- */

enum { IMAGE_FACT_MCC = 0, IMAGE_FACT_CC = 1, IMAGE_FACT_FIRST_FREE = 2 };

/* A number of the case: the fact row of the interval it lies in. Intervals start at their break; below the first
 * break, and if the number is absent, there are no facts. */
struct image_number {
    uint16_t fact;        /* facts.def */
    uint16_t break_count;
    uint32_t first_break;
};
static_assert(sizeof(struct image_number) == 8, "image_number");

struct image_break {
    int64_t from;
    uint32_t facts; /* fact row */
    uint32_t reserved;
};
static_assert(sizeof(struct image_break) == 16, "image_break");

struct image_word {
    uint16_t fact;  /* facts.def, a TEXT */
    uint16_t length;
    image_text word;
    uint32_t facts; /* fact row if the text is this word; word "" : if there is any text */
};
static_assert(sizeof(struct image_word) == 12, "image_word");

enum image_derivation {
    IMAGE_DERIVED_AT_LEAST = 1, /* at least `number` of the facts in `mask` (need part) hold */
    IMAGE_DERIVED_MATCH = 2,    /* `mask` holds: all needed, none forbidden */
    IMAGE_DERIVED_DISTINCT = 3, /* the number of different codes at `where` that make fact `of` true, compared with
                                   `number` by `compare` */
    IMAGE_DERIVED_ADD = 4,      /* no fact: adds number x how many facts in `mask` (need part) hold to a running total,
                                   which starts at 0 */
    IMAGE_DERIVED_TOTAL = 5,    /* the running total compared with `number` by `compare`; then it is 0 again */
};

struct image_derived {
    uint16_t kind;   /* enum image_derivation */
    uint16_t result; /* fact it makes true; of ADD: 0, it makes none true */
    uint16_t mask;
    uint16_t of;
    uint16_t where;  /* 1 principal diagnosis, 2 other diagnoses, 4 principal procedure, 8 other procedures */
    uint16_t compare;/* 0 = 1 < 2 <= 3 > 4 >= 5 != */
    uint32_t number;
};
static_assert(sizeof(struct image_derived) == 16, "image_derived");

struct image_requirement {
    uint16_t fact; /* facts.def: must be there */
    uint16_t mask; /* where this holds; several rows for one requirement are alternatives */
};
static_assert(sizeof(struct image_requirement) == 4, "image_requirement");

/* ---- for explanations: the conditions as they were written ---- */

/* A node of a condition. Children of a node (AND, OR, NOT, AT_LEAST, TOTAL) are `count` consecutive nodes from `first`,
 * all after the node. */
struct image_expression {
    uint16_t op;      /* enum image_op, in the order of enum expression_op of the compiler */
    uint16_t where;
    uint16_t fact, compare;
    uint32_t first, count; /* children; for AMONG: words in IMAGE_SECTION_WORDS */
    uint32_t set;     /* number in IMAGE_SETS */
    image_text text;  /* as written */
    int64_t number;
};
static_assert(sizeof(struct image_expression) == 32, "image_expression");

enum image_op {
    IMAGE_OP_TRUE,
    IMAGE_OP_FALSE,
    IMAGE_OP_AND,
    IMAGE_OP_OR,
    IMAGE_OP_NOT,
    IMAGE_OP_AT_LEAST,
    IMAGE_OP_IN,
    IMAGE_OP_SEVERITY,
    IMAGE_OP_COMPARE,
    IMAGE_OP_AMONG,
    IMAGE_OP_COUNT,
    IMAGE_OP_PRESENT,
    IMAGE_OP_TOTAL, /* the weights (`number`) of the children that hold, added up; children are of op IN */
    IMAGE_OPS
};

struct image_set {
    image_text name;
    uint32_t kind; /* 0 diagnoses, 1 procedures */
    uint32_t first, count; /* in IMAGE_MEMBERS */
};
static_assert(sizeof(struct image_set) == 16, "image_set");

#endif
