/* SPDX-License-Identifier: Apache-2.0
 *
 * The sheets of the official DIP workbook to the book. Their columns have an order and no headings of their own to
 * go by (headings span two rows), so a row counts as one of the catalogue by its category and number. */
#include "dip_book.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "plain_cell.h"

enum { PROBLEMS_SHOWN = 20, NOTES_SHOWN = 400 };

/* Columns by what they hold; NONE: the sheet has no such column. */
enum { NONE = -1 };
struct sheet_spec {
    const char *key;  /* what the name of the sheet contains */
    const char *part; /* category of its rows; NULL: a list */
    const char *file;
    uint32_t first; /* row in which the data starts */
    int number, name, diagnoses, diagnosis_names, other, principal, procedure_names, related, note;
};
static const struct sheet_spec specs[DIP_SHEETS] = {
    [DIP_FIRST] = {"先期分组", "XQ", "xq.csv", 4, 1, 2, 3, 4, NONE, 5, 6, NONE, 7},
    [DIP_MERGED] = {"并项规则", "BX", "bx.csv", 3, 1, NONE, 2, 3, NONE, 4, 5, 6, NONE},
    [DIP_BURNS] = {"烧伤", "FZ", "fz-burns.csv", 4, 1, NONE, 2, 3, 4, 6, 7, 8, NONE},
    [DIP_TUMOURS] = {"肿瘤", "FZ", "fz-tumours.csv", 3, 1, NONE, 2, 3, 4, 6, 7, NONE, NONE},
    [DIP_TB] = {"结核类", "FZ", "fz-tb.csv", 3, 1, NONE, 2, 3, NONE, 4, 5, NONE, 6},
    [DIP_BASIC_RULES] = {"基础规则", "JC", "jc.csv", 3, 1, NONE, 2, 3, NONE, 4, 5, NONE, NONE},
    [DIP_RESISTANT] = {"耐药", NULL, NULL, 3, NONE, 1, 0, NONE, NONE, NONE, NONE, NONE, NONE},
    [DIP_NO_DIAGNOSES] = {"不纳入分组的主要诊断", NULL, NULL, 4, NONE, 1, 0, NONE, NONE, NONE, NONE, NONE, NONE},
    [DIP_NO_PROCEDURES] = {"不纳入分组的主要手术", NULL, NULL, 3, NONE, 1, 0, NONE, NONE, NONE, NONE, NONE, 2},
    [DIP_BASIC] = {"基层病种", NULL, NULL, 3, 0, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE},
};

const char *dip_sheet_part(enum dip_sheet sheet) {
    return specs[sheet].part;
}

const char *dip_sheet_file(enum dip_sheet sheet) {
    return specs[sheet].file;
}

/* ---- what is said ---- */

void dip_problem(struct dip_book *book, enum dip_sheet sheet, uint32_t row, size_t column, const char *format,
                 ...) {
    if (book->problems++ >= PROBLEMS_SHOWN) {
        return;
    }
    char text[1200], letters[8];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *name = book->sheet_names[sheet] != NULL ? book->sheet_names[sheet] : specs[sheet].key;
    if (row == 0) {
        complain("%s: sheet %s: %s", book->path, name, text);
    } else {
        complain("%s: sheet %s, row %u, column %s: %s", book->path, name, row, xlsx_column_name(column, letters),
                 text);
    }
}

void dip_note(struct dip_book *book, enum dip_sheet sheet, uint32_t row, const char *format, ...) {
    if (book->note_count++ >= NOTES_SHOWN) {
        return;
    }
    char text[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    yaml_put(&book->notes, "- %s, row %u: %s\n", book->sheet_names[sheet], row, text);
}

/* ---- cells ---- */

struct reading {
    struct dip_book *book;
    enum dip_sheet sheet;
    uint32_t row;
    const struct xlsx_cell *cells;
    size_t count;
    struct dip_list *basics;
};

static const char *cell_text(struct reading *r, int column, enum plain_use use) {
    if (column < 0 || (size_t)column >= r->count || r->cells[column].length == 0) {
        return "";
    }
    const struct xlsx_cell *cell = &r->cells[column];
    char *out = arena_take(r->book->arena, cell->length + 1), words[PLAIN_WORDS_BYTES];
    unsigned odd = 0;
    out[plain_cell(cell->text, cell->length, use, out, &odd)] = '\0';
    if (odd != 0) {
        plain_cell_words(odd, words);
        dip_note(r->book, r->sheet, r->row, "made plain: %s", words);
    }
    return out;
}

/* The letters of a list of codes; `both`: codes may be joined by `+`. Words for everything stand alone. */
static const char *codes_cell(struct reading *r, int column, const char *all) {
    const char *text = cell_text(r, column, PLAIN_CODE);
    if (text[0] == '\0' || strcmp(text, all) == 0) {
        return text;
    }
    if ((size_t)column < r->count && r->cells[column].is_number) {
        dip_problem(r->book, r->sheet, r->row, (size_t)column,
                    "the code %.20s was saved as a number, so its zeros are lost; format the column as text and "
                    "enter it again",
                    text);
        return "";
    }
    char *upper = arena_copy(r->book->arena, text, strlen(text));
    for (char *at = upper; *at != '\0'; at++) {
        bool fits = isalnum((unsigned char)*at) || strchr(".+*|-", *at) != NULL;
        if (!fits) {
            dip_problem(
                r->book, r->sheet, r->row, (size_t)column,
                "\"%.40s\" is no list of codes; separate codes by | and join by + those that are all needed", text);
            return "";
        }
        *at = *at == 'X' ? 'x' : *at; /* the catalogues write 00.2900x001 */
    }
    for (char *at = upper; *at != '\0'; at++) { /* a letter at the start of a code is a capital one */
        if (at == upper || strchr("|+-", at[-1]) != NULL) {
            *at = (char)toupper((unsigned char)*at);
        }
    }
    return upper;
}

/* ---- conditions ---- */

/* Items of a code set for a list of the workbook: A15-A16|U84.3 as A15..A16 U84.3*. */
static const char *set_items(struct arena *arena, const char *list) {
    const char *out = "";
    for (const char *at = list; *at != '\0';) {
        size_t length = strcspn(at, "|"), dash = strcspn(at, "-|");
        if (length > 0 && dash < length) {
            out = arena_format(arena, "%s%s%.*s..%.*s", out, *out ? " " : "", (int)dash, at,
                               (int)(length - dash - 1), at + dash + 1);
        } else if (length > 0) {
            out = arena_format(arena, "%s%s%.*s*", out, *out ? " " : "", (int)length, at);
        }
        at += length + (at[length] == '|');
    }
    return out;
}

/* Grams of the admission weight out of words such as 1000-1499g or <1000克: false if there are none. */
static bool weight_range(const char *text, unsigned *low, unsigned *high) {
    for (const char *at = text; *at != '\0'; at++) {
        if (!isdigit((unsigned char)*at)) {
            continue;
        }
        char *end;
        unsigned long first = strtoul(at, &end, 10), second = first;
        const char *behind = end + strspn(end, " ");
        bool less = at > text && (at[-1] == '<' || (at - text >= 3 && memcmp(at - 3, "＜", 3) == 0));
        size_t dash =
            behind[0] == '-' || behind[0] == '~'                                                             ? 1
            : strncmp(behind, "～", 3) == 0 || strncmp(behind, "—", 3) == 0 || strncmp(behind, "至", 3) == 0 ? 3
                                                                                                             : 0;
        const char *unit = behind;
        if (dash > 0 && isdigit((unsigned char)behind[dash])) {
            second = strtoul(behind + dash, &end, 10);
            unit = end + strspn(end, " ");
        }
        bool grams = unit[0] == 'g' || unit[0] == 'G' || strncmp(unit, "克", 3) == 0;
        if (grams && first <= 9999 && second <= 9999 && (dash > 0 || less)) {
            *low = dash > 0 ? (unsigned)first : 0;
            *high = dash > 0 ? (unsigned)second : (unsigned)first - 1;
            return true;
        }
        at = end - 1;
    }
    return false;
}

static void take_condition(struct reading *r, struct dip_row *row) {
    struct arena *arena = r->book->arena;
    unsigned low, high;
    row->when = "";
    if (r->sheet == DIP_FIRST && strncmp(row->diagnoses, "P07", 3) == 0) {
        const char *words = arena_format(arena, "%s %s", row->name, row->note);
        if (!weight_range(words, &low, &high)) {
            dip_problem(r->book, r->sheet, r->row, (size_t)specs[r->sheet].note,
                        "no weight such as 1000-1499g is in the name or the note; write it there");
        } else if (low == 0) {
            row->when = arena_format(arena, "XSRTL < 29 and XSRTZ <= %u", high);
        } else {
            row->when = arena_format(arena, "XSRTL < 29 and XSRTZ >= %u and XSRTZ <= %u", low, high);
        }
    } else if (r->sheet == DIP_TB && strcmp(row->note, "是") == 0) {
        row->when = "{ZYZD,QTZD} in DI_TB_RESISTANT";
    } else if (r->sheet == DIP_TB && strcmp(row->note, "否") == 0) {
        row->when = "not {ZYZD,QTZD} in DI_TB_RESISTANT";
    } else if (r->sheet == DIP_TB && row->note[0] != '\0') {
        dip_problem(r->book, r->sheet, r->row, (size_t)specs[r->sheet].note,
                    "drug resistance is 是, 否 or empty, not \"%.30s\"", row->note);
    } else if (row->other[0] != '\0' && strcmp(row->other, DIP_ALL_DIAGNOSES) != 0) {
        row->when = arena_format(arena, "QTZD in {%s}", set_items(arena, row->other));
    }
}

/* ---- rows ---- */

static uint32_t number_cell(struct reading *r, int column) {
    const char *text = cell_text(r, column, PLAIN_CODE);
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    return text[0] == '\0' || value == 0 || value > 99999 || (*end != '\0' && strcmp(end, ".0") != 0)
               ? 0
               : (uint32_t)value;
}

/* A name for people: the catalogue's own, or those of the codes, cut where lists are long. */
static const char *entry_name(struct arena *arena, const struct dip_row *row) {
    enum { NAME_BYTES = 150 };
    if (row->name[0] != '\0') {
        return row->name;
    }
    const char *text = row->procedure_names[0] == '\0'
                           ? row->diagnosis_names
                           : arena_format(arena, "%s：%s", row->diagnosis_names, row->procedure_names);
    size_t length = strlen(text);
    if (length <= NAME_BYTES) {
        return text;
    }
    length = NAME_BYTES;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
        length--;
    }
    return arena_format(arena, "%.*s…", (int)length, text);
}

static void take_entry(struct reading *r) {
    const struct sheet_spec *spec = &specs[r->sheet];
    struct dip_book *book = r->book;
    struct dip_row row = {.number = number_cell(r, spec->number), .row = r->row};
    const char *category = cell_text(r, 0, PLAIN_CODE);
    if (strcasecmp(category, spec->part) != 0 && (category[0] != '\0' || row.number == 0)) {
        if (category[0] != '\0' || row.number != 0) {
            dip_note(book, r->sheet, r->row, "left out: it is no row of %s", spec->part);
        }
        return;
    }
    if (row.number == 0) {
        dip_problem(book, r->sheet, r->row, (size_t)spec->number, "the number of the entry is missing; enter it");
        return;
    }
    row.name = cell_text(r, spec->name, PLAIN_TEXT);
    row.diagnoses = codes_cell(r, spec->diagnoses, DIP_ALL_DIAGNOSES);
    row.diagnosis_names = cell_text(r, spec->diagnosis_names, PLAIN_TEXT);
    row.other = codes_cell(r, spec->other, DIP_ALL_DIAGNOSES);
    row.principal = codes_cell(r, spec->principal, DIP_ALL_PROCEDURES);
    row.procedure_names = cell_text(r, spec->procedure_names, PLAIN_TEXT);
    row.related = codes_cell(r, spec->related, DIP_ALL_PROCEDURES);
    row.note = cell_text(r, spec->note, PLAIN_TEXT);
    row.code = arena_format(book->arena, "%s-%u", spec->part, row.number);
    if (row.diagnoses[0] == '\0' && row.principal[0] != '\0') {
        row.diagnoses = DIP_ALL_DIAGNOSES;
        dip_note(book, r->sheet, r->row, "it names no diagnosis and is taken for all");
    } else if (row.diagnoses[0] == '\0') {
        dip_problem(book, r->sheet, r->row, (size_t)spec->diagnoses,
                    "neither a diagnosis nor an operation; enter one");
        return;
    }
    take_condition(r, &row);
    row.name = entry_name(book->arena, &row);
    ARENA_PUSH(book->arena, book->rows[r->sheet], book->row_counts[r->sheet], book->row_capacities[r->sheet], row);
}

static enum dip_operation_list operation_list(struct reading *r, const char *note) {
    if (strstr(note, "保守") != NULL) {
        return DIP_AS_CONSERVATIVE;
    }
    if (strstr(note, "限") != NULL) {
        return DIP_IN_SCOPE_ONLY;
    }
    if (strstr(note, "不可") == NULL && strstr(note, "不能") == NULL && note[0] != '\0') {
        dip_note(r->book, r->sheet, r->row, "to look at: \"%.60s\" is read as: not as principal operation", note);
    }
    return DIP_NOT_AS_PRINCIPAL;
}

static void take_listed(struct reading *r) {
    const struct sheet_spec *spec = &specs[r->sheet];
    struct dip_book *book = r->book;
    struct dip_listed item = {codes_cell(r, spec->diagnoses, ""), cell_text(r, spec->name, PLAIN_TEXT),
                              cell_text(r, spec->note, PLAIN_TEXT), r->row};
    if (item.code[0] == '\0') {
        return;
    }
    struct dip_list *list = r->sheet == DIP_RESISTANT      ? &book->resistant
                            : r->sheet == DIP_NO_DIAGNOSES ? &book->excluded
                                                           : &book->operations[operation_list(r, item.note)];
    ARENA_PUSH(book->arena, list->items, list->count, list->capacity, item);
}

static void take_basic(struct reading *r) {
    uint32_t number = number_cell(r, specs[DIP_BASIC].number);
    if (number == 0) {
        return;
    }
    for (int sheet = 0; sheet < DIP_ENTRY_SHEETS; sheet++) {
        for (size_t i = 0; i < r->book->row_counts[sheet]; i++) {
            if (r->book->rows[sheet][i].number == number) {
                r->book->basic_count += !r->book->rows[sheet][i].basic;
                r->book->rows[sheet][i].basic = true;
                return;
            }
        }
    }
    dip_problem(r->book, r->sheet, r->row, 0, "no entry has the number %u; correct it", number);
}

static bool on_row(void *user, uint32_t number, const struct xlsx_cell *cells, size_t count) {
    struct reading *r = user;
    if (number < specs[r->sheet].first) {
        return true;
    }
    r->row = number;
    r->cells = cells;
    r->count = count;
    if (r->sheet == DIP_BASIC) {
        take_basic(r);
    } else if (specs[r->sheet].part != NULL) {
        take_entry(r);
    } else {
        take_listed(r);
    }
    return true;
}

/* ---- the whole ---- */

static int by_number(const void *a, const void *b) {
    const struct dip_row *const *x = a, *const *y = b;
    return (*x)->number < (*y)->number ? -1 : (*x)->number > (*y)->number;
}

static void check_numbers(struct dip_book *book) {
    size_t count = 0;
    for (int sheet = 0; sheet < DIP_ENTRY_SHEETS; sheet++) {
        count += book->row_counts[sheet];
    }
    const struct dip_row **all = ARENA_ARRAY(book->arena, const struct dip_row *, count + 1);
    count = 0;
    for (int sheet = 0; sheet < DIP_ENTRY_SHEETS; sheet++) {
        for (size_t i = 0; i < book->row_counts[sheet]; i++) {
            all[count++] = &book->rows[sheet][i];
        }
    }
    qsort(all, count, sizeof *all, by_number);
    for (size_t i = 1; i < count; i++) {
        if (all[i]->number == all[i - 1]->number) {
            book->problems++;
            complain("%s: the number %u is there twice (%s in row %u, %s in row %u); correct one", book->path,
                     all[i]->number, all[i - 1]->code, all[i - 1]->row, all[i]->code, all[i]->row);
        }
    }
    if (count == 0 && book->problems == 0) {
        book->problems++;
        complain("%s: no sheet holds an entry; is it the workbook of the DIP scheme?", book->path);
    }
}

bool dip_book_read(struct dip_book *book, struct xlsx *workbook) {
    book->notes.arena = book->arena;
    for (int sheet = 0; sheet < DIP_SHEETS; sheet++) {
        size_t at = SIZE_MAX;
        for (size_t n = 0; n < xlsx_sheet_count(workbook) && at == SIZE_MAX; n++) {
            at = strstr(xlsx_sheet_name(workbook, n), specs[sheet].key) != NULL ? n : SIZE_MAX;
        }
        if (at == SIZE_MAX) {
            dip_problem(book, (enum dip_sheet)sheet, 0, 0,
                        "the workbook has no sheet of this name; is it complete?");
            continue;
        }
        book->sheet_names[sheet] =
            arena_copy(book->arena, xlsx_sheet_name(workbook, at), strlen(xlsx_sheet_name(workbook, at)));
        struct reading reading = {.book = book, .sheet = (enum dip_sheet)sheet};
        struct xlsx_trouble trouble;
        if (!xlsx_read(workbook, at, on_row, &reading, &trouble)) {
            dip_problem(book, (enum dip_sheet)sheet, 0, 0, "%s", trouble.text);
        }
    }
    check_numbers(book);
    if (book->problems > PROBLEMS_SHOWN) {
        complain("%s: and %zu more", book->path, book->problems - PROBLEMS_SHOWN);
    }
    return book->problems == 0;
}
