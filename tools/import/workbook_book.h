/* SPDX-License-Identifier: Apache-2.0
 *
 * What an official DRG workbook says, read from its sheets, with the row of everything, and notes on what had to be
 * repaired. Between the files that make up the import. */
#ifndef CASEMIX_TOOLS_IMPORT_WORKBOOK_BOOK_H
#define CASEMIX_TOOLS_IMPORT_WORKBOOK_BOOK_H

#include "../../tables/compile/codeset.h"
#include "../output.h"
#include "xlsx.h"

enum book_sheet { SHEET_MDC, SHEET_ADRG, SHEET_DRG, SHEET_SETS, SHEET_SEVERITY, SHEET_EXCLUSIONS, BOOK_SHEETS };
enum { BOOK_COLUMNS = 6, BOOK_GROUPS_MAX = 5000, BOOK_PROBLEMS_SHOWN = 20, BOOK_NOTES_SHOWN = 40 };

/* Where something stands in the workbook; row 0: the sheet as a whole, column SIZE_MAX: the row as a whole. */
struct origin {
    enum book_sheet sheet;
    uint32_t row;
    size_t column;
};

/* The columns of the sheets, as the code calls them. */
enum { GROUP_CODE, GROUP_NAME, GROUP_RULE, GROUP_SORT, GROUP_PARENT, GROUP_MDC };
enum { SET_ID, SET_CODE, SET_NAME, SET_TYPE };
enum { SEVERITY_CODE, SEVERITY_NAME, SEVERITY_TABLE, SEVERITY_TYPE };
enum { EXCLUSION_TABLE, EXCLUSION_CODE, EXCLUSION_NAME };

/* An MDC, an ADRG or a DRG. */
struct group {
    const char *code, *name;
    const char *official; /* the rule as the cell has it, blanks repaired */
    const char *rule;     /* what is written as `when`; "" is true */
    const char *parent;   /* of an ADRG its MDC, of a DRG its ADRG; "" of an MDC */
    const char *mdc;      /* of a DRG, as the row says */
    struct origin origin; /* of the code */
    size_t rule_column;
    int64_t sort;
    struct group *above, **below; /* below: in order of evaluation */
    size_t below_count, below_capacity;
    bool bucket, qy, medical, names_procedure, names_principal;
};

struct member {
    uint32_t code, row;
};

struct book_set {
    const char *id;
    struct origin origin;
    enum code_kind kind;
    struct member *members;
    size_t count, capacity;
    bool used;
    const struct group *mdc, *step; /* the only ones that use it, or NULL */
};

struct book_code {
    const char *text, *name;
    size_t length;
    struct origin origin;
    /* of diagnoses: */
    uint32_t exclusion, exclusion_row; /* table that it is in as principal diagnosis, plus 1 */
    uint32_t table;                    /* table that it has as MCC or CC, plus 1 */
    char severity;                     /* 0, 'M', 'C' */
    bool in_set;                       /* in a set of the rules */
};

struct exclusion {
    const char *id;
    struct origin origin;
    bool has_members;
};

enum note_kind { NOTE_REPAIRED, NOTE_MOVED, NOTE_LEFT_OUT, NOTE_LOOK, NOTE_KINDS };
struct note {
    const char *text; /* "ADRG, row 5, column C: ..." */
    struct note *next;
};
struct topic {
    enum note_kind kind;
    const char *title;
    size_t count;
    struct note *first, *last;
    struct topic *next;
};

/* Words to numbers. */
struct name_table {
    struct {
        const char *text;
        uint32_t number;
    } * rows;
    size_t size, count;
};

struct book {
    struct arena *arena;
    const char *path, *title;
    struct {
        bool found;
        const char *name;             /* as the workbook spells it */
        uint32_t heading, rows;       /* row of the headings; rows read below */
        size_t columns[BOOK_COLUMNS]; /* SIZE_MAX: not there */
    } sheets[BOOK_SHEETS];
    struct group **groups[3]; /* by SHEET_MDC, SHEET_ADRG, SHEET_DRG, in the order of rows */
    size_t group_counts[3], group_capacities[3];
    struct name_table group_names[3];
    struct book_set *sets;
    size_t set_count, set_capacity;
    struct name_table set_names;
    struct book_code *codes;
    size_t code_count, code_capacity;
    struct name_table code_names;
    struct exclusion *exclusions;
    size_t exclusion_count, exclusion_capacity;
    struct name_table exclusion_names;
    size_t set_rows, severity_counts[2], exclusion_rows; /* different ones */
    struct topic *topics[NOTE_KINDS];
    size_t problems;
};

/* Say what is wrong in the workbook: a line on standard error with the place. */
void book_problem(struct book *book, struct origin origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Note something for the report. `title` names the topic, it is shown with the count. */
void book_note(struct book *book, enum note_kind kind, const char *title, struct origin origin, const char *format,
               ...) __attribute__((format(printf, 5, 6)));

/* Number of a name, or UINT32_MAX; letters in upper and lower case are the same. */
uint32_t name_find(const struct name_table *table, const char *text, size_t length);
void name_add(struct name_table *table, struct arena *arena, const char *text, uint32_t number);

const char *book_column_title(const struct book *book, enum book_sheet sheet, size_t column);

/* Read all sheets. False after problems. */
bool book_read(struct book *book, struct xlsx *workbook);

/* Put the groups in their order, with what each rule names: buckets out, empty rules last, QY before the medical
 * groups. False after problems. */
bool book_order(struct book *book);

/* A code of a list of the user's in a set of gray codes. */
void book_add_member(struct book *book, const char *set, enum code_kind kind, const char *code);

/* Gray procedures count for nothing but OP_ARB: they leave all other sets. */
void book_apply_gray(struct book *book);

#endif
