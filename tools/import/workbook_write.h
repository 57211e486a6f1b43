/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of a workbook as text, each line knowing the row it is from. */
#ifndef CASEMIX_TOOLS_IMPORT_WORKBOOK_WRITE_H
#define CASEMIX_TOOLS_IMPORT_WORKBOOK_WRITE_H

#include "import.h"
#include "workbook_book.h"

enum written_number {
    WRITTEN_BUNDLE,
    WRITTEN_SCHEME,
    WRITTEN_SEVERITY,
    WRITTEN_REPORT,
    WRITTEN_DIAGNOSES,
    WRITTEN_PROCEDURES,
    WRITTEN_MDCS, /* MDCA and on, by letter */
    WRITTEN_FILES = WRITTEN_MDCS + 26
};

/* From a line on, what is written comes from a place of the workbook. */
struct mark {
    uint32_t line;
    uint32_t column; /* where the text of a rule starts, if it is the official one; else 0 */
    struct origin origin;
};

struct written {
    struct yaml text;
    uint32_t lines; /* complete ones */
    size_t counted; /* bytes in which they were counted */
    struct mark *marks;
    size_t mark_count, mark_capacity;
};

struct book_writing {
    struct book *book;
    struct written files[WRITTEN_FILES];
    const char *id, *date;
    /* code catalogues: those the user named, or none */
    const char *catalogue_paths[CODE_KINDS];        /* as the rules name them; NULL: written beside them */
    const struct catalogue *base[CODE_KINDS];       /* NULL: none */
    const struct catalogue *catalogues[CODE_KINDS]; /* with the codes of the workbook */
    uint32_t *numbers;                              /* of each code of the book in its catalogue */
    size_t added[CODE_KINDS];                       /* codes that the base lacks */
};

/* "mdc/A.yaml": its name in the folder. */
const char *writing_name(const struct book_writing *writing, enum written_number file);

/* All files but the report. */
void writing_rules(struct book_writing *writing);

/* The report, after the rules were compiled. `facts`: what the compiler counted. */
void writing_report(struct book_writing *writing, const char *facts);

/* Where a line of a file is from, or NULL. */
const struct mark *writing_find(const struct book_writing *writing, const char *path, uint32_t line);

#endif
