/* SPDX-License-Identifier: Apache-2.0
 *
 * What an official DIP workbook says, read from its sheets, each row with its place; and what had to be repaired. Between
 * the files that make up the import. */
#ifndef CASEMIX_TOOLS_IMPORT_DIP_BOOK_H
#define CASEMIX_TOOLS_IMPORT_DIP_BOOK_H

#include "import.h"
#include "xlsx.h"

enum dip_sheet {
    DIP_FIRST,      /* 一、先期分组 */
    DIP_MERGED,     /* 二、并项规则下的核心病种 */
    DIP_BURNS,      /* 三、诊断辅助细分-烧伤类病种 */
    DIP_TUMOURS,    /* 三、诊断辅助细分-肿瘤类病种 */
    DIP_TB,         /* 三、诊断辅助细分-结核类病种 */
    DIP_BASIC_RULES,/* 四、基础规则下的核心病种 */
    DIP_ENTRY_SHEETS,
    DIP_RESISTANT = DIP_ENTRY_SHEETS, /* 附表—结核耐药诊断 */
    DIP_NO_DIAGNOSES,  /* 五、不纳入分组的主要诊断 */
    DIP_NO_PROCEDURES, /* 五、不纳入分组的主要手术操作 */
    DIP_BASIC,         /* 六、基层病种 */
    DIP_SHEETS
};

/* An entry of the catalogue. Texts are "" where the cell is empty. */
struct dip_row {
    uint32_t number, row;
    const char *code, *name, *diagnoses, *other, *principal, *related, *note;
    const char *diagnosis_names, *procedure_names;
    const char *when; /* what `other`, `note` and the sheet mean, as a condition */
    bool basic;
};

/* A code of one of the lists. */
struct dip_listed {
    const char *code, *name, *note;
    uint32_t row;
};

struct dip_list {
    struct dip_listed *items;
    size_t count, capacity;
};

/* What may be done with an operation of 五、不纳入分组的主要手术操作. */
enum dip_operation_list { DIP_AS_CONSERVATIVE, DIP_NOT_AS_PRINCIPAL, DIP_IN_SCOPE_ONLY, DIP_OPERATION_LISTS };

struct dip_book {
    struct arena *arena;
    const char *path;
    const char *sheet_names[DIP_SHEETS]; /* NULL: the workbook lacks it */
    struct dip_row *rows[DIP_ENTRY_SHEETS];
    size_t row_counts[DIP_ENTRY_SHEETS], row_capacities[DIP_ENTRY_SHEETS];
    struct dip_list resistant, excluded, operations[DIP_OPERATION_LISTS];
    size_t basic_count, problems;
    struct yaml notes; /* lines of the report: what was repaired, what to look at */
    size_t note_count;
};

/* Words of the workbook for everything. */
#define DIP_ALL_DIAGNOSES "所有诊断"
#define DIP_ALL_PROCEDURES "所有手术操作"

/* Say what is wrong, on standard error with sheet, row and column ("" and 0: the sheet as a whole). */
void dip_problem(struct dip_book *book, enum dip_sheet sheet, uint32_t row, size_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A line of the report. */
void dip_note(struct dip_book *book, enum dip_sheet sheet, uint32_t row, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Read all sheets. False after problems. */
bool dip_book_read(struct dip_book *book, struct xlsx *workbook);

/* Part and file of a sheet of entries: "XQ", "xq.csv". */
const char *dip_sheet_part(enum dip_sheet sheet);
const char *dip_sheet_file(enum dip_sheet sheet);

/* ---- dip_write.c ---- */

/* The files of the rules over a base scheme: scheme.yaml, bundle.yaml, a CSV a sheet, lists. `extends` is the way to the
 * base from the folder. False after a message. */
bool dip_write(struct dip_book *book, struct place_out *out, const char *id, const char *extends,
               const struct scheme *base);
/* After they were compiled. */
bool dip_write_report(struct dip_book *book, struct place_out *out, const char *facts);

/* A cell of CSV. */
void dip_cell(struct yaml *csv, const char *text, bool last);

/* ---- shared by `import dip-workbook` and `import dip-csv` ---- */

/* The scheme to be extended: as the user says, or that of the rules at hand (`name`: dip-30). NULL after a message. */
const char *dip_base(struct arena *arena, const char *said, const char *name);
/* Compile DIR/bundle.yaml in `out`: the compiler's counts, or NULL after its messages. */
const char *dip_compile(struct arena *arena, struct place_out *out);

#endif
