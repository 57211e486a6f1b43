/* SPDX-License-Identifier: Apache-2.0
 *
 * A statement as a workbook for Excel and WPS. libxlsxwriter writes it in its mode of constant memory: a row is on
 * its way to the disk when the next one begins. */
#include "statement_book.h"

#include "../command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void book_free(struct book *b) {
    buffer_free(&b->text);
    free(b->cases);
    free(b->path);
    free(b);
}

static bool book_failed(struct book *b) {
    const char *why = b->error == LXW_ERROR_CREATING_XLSX_FILE || b->error == LXW_ERROR_CREATING_TMPFILE
                          ? strerror(errno)
                          : lxw_strerror((lxw_error)b->error);
    complain("cannot write %s: %s; free some space, or name another place", b->path, why);
    return false;
}

struct book *book_open(struct month *month, const struct month_hospital *hospital,
                       const struct statement_style *style, const char *path) {
    struct book *b = need(calloc(1, sizeof *b));
    b->month = month;
    b->hospital = hospital;
    b->style = style;
    b->path = need(strdup(path));
    b->sheet_rows = style->sheet_rows ? style->sheet_rows : LXW_ROW_MAX - FIRST_ROW - 1;
    b->case_sheets = hospital->rows == 0 ? 1 : (size_t)((hospital->rows - 1) / b->sheet_rows + 1);
    b->cases = need(calloc(b->case_sheets, sizeof *b->cases));
    char *slash =
        strrchr(b->path, '/'); /* temporary files beside the result: /tmp may be small, and of everybody */
    char *folder = slash ? need(strndup(b->path, (size_t)(slash - b->path))) : need(strdup("."));
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = folder, .use_zip64 = LXW_FALSE};
    b->book = workbook_new_opt(path, &options);
    free(folder);
    if (!b->book) {
        out_of_memory();
    }
    book_make_formats(b);
    b->summary = workbook_add_worksheet(b->book, book_say(b, "sheet-summary"));
    book_make_lists(b);
    if (!b->summary || b->error) {
        book_failed(b);
        book_abandon(b);
        return NULL;
    }
    book_add_groups(b);
    return b;
}

/* The bytes of the rows of each sheet but the last, which is written when the workbook is closed. */
static uint64_t *measure_rows(struct book *b, size_t *sheets) {
    uint64_t *rows = need(calloc(b->case_sheets + 3, sizeof *rows));
    size_t count = 0;
    lxw_worksheet *sheet;
    LXW_FOREACH_WORKSHEET(sheet, b->book) {
        FILE *file = sheet->optimize_tmpfile;
        off_t size = file && fflush(file) == 0 && !ferror(file) ? ftello(file) : -1;
        if (size < 0 || count == b->case_sheets + 3) {
            book_fault(b, LXW_ERROR_CREATING_TMPFILE);
            break;
        }
        rows[count++] = (uint64_t)size;
    }
    *sheets = count;
    return rows;
}

bool book_close(struct book *b) {
    /* A fixed day: the same month makes the same bytes. No name of a user. */
    lxw_doc_properties properties = {.title = (char *)(uintptr_t)book_say(b, "statement"), .created = 946684800};
    for (size_t i = 0; i < b->case_sheets; i++) {
        list_end(b, &b->cases[i], true);
    }
    book_tell_unpriced(b);
    list_end(b, &b->unpriced, false);
    book_make_summary(b);
    book_fault(b, workbook_set_properties(b->book, &properties));
    size_t sheets = 0;
    uint64_t *rows = measure_rows(b, &sheets);
    book_fault(b, workbook_close(b->book));
    if (!b->error && !workbook_is_whole(b->path, rows, sheets)) {
        errno = ENOSPC; /* the library does not say */
        book_fault(b, LXW_ERROR_CREATING_TMPFILE);
    }
    free(rows);
    bool fine = !b->error || book_failed(b);
    book_free(b);
    return fine;
}

void book_abandon(struct book *b) {
    if (b) {
        lxw_workbook_free(b->book);
        book_free(b);
    }
}
