/* SPDX-License-Identifier: Apache-2.0
 *
 * The sheets of the official workbook to the book: columns by the text of their headings, cells made plain, each
 * repair noted. */
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "plain_cell.h"
#include "workbook_book.h"

/* ---- what is said ---- */

static const char *place_text(struct book *book, struct origin origin) {
    const char *sheet = book->sheets[origin.sheet].name;
    if (origin.row == 0) {
        return sheet;
    }
    if (origin.column == SIZE_MAX) {
        return arena_format(book->arena, "%s, row %u", sheet, origin.row);
    }
    char letters[8];
    return arena_format(book->arena, "%s, row %u, column %s (%s)", sheet, origin.row,
                        xlsx_column_name(origin.column, letters),
                        book_column_title(book, origin.sheet, origin.column));
}

void book_problem(struct book *book, struct origin origin, const char *format, ...) {
    if (book->problems++ >= BOOK_PROBLEMS_SHOWN) {
        return;
    }
    char text[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    complain("%s: sheet %s: %s", book->path, place_text(book, origin), text);
}

void book_note(struct book *book, enum note_kind kind, const char *title, struct origin origin, const char *format,
               ...) {
    struct topic **at = &book->topics[kind];
    while (*at && strcmp((*at)->title, title) != 0) {
        at = &(*at)->next;
    }
    if (!*at) {
        *at = ARENA_NEW(book->arena, struct topic);
        (*at)->kind = kind;
        (*at)->title = title;
    }
    struct topic *topic = *at;
    if (topic->count++ >= BOOK_NOTES_SHOWN) {
        return;
    }
    char text[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct note *note = ARENA_NEW(book->arena, struct note);
    note->text = arena_format(book->arena, "%s: %s", place_text(book, origin), text);
    if (topic->last) {
        topic->last->next = note;
    } else {
        topic->first = note;
    }
    topic->last = note;
}

/* ---- names to numbers ---- */

static uint64_t name_hash(const char *text, size_t length) {
    char upper[64];
    uint64_t hash = length;
    for (size_t at = 0; at < length; at += sizeof upper) {
        size_t part = length - at < sizeof upper ? length - at : sizeof upper;
        for (size_t i = 0; i < part; i++) {
            upper[i] = (char)toupper((unsigned char)text[at + i]);
        }
        hash = XXH3_64bits_withSeed(upper, part, hash);
    }
    return hash;
}

static size_t name_row(const struct name_table *table, const char *text, size_t length) {
    size_t at = name_hash(text, length) & (table->size - 1);
    while (table->rows[at].text &&
           (strncasecmp(table->rows[at].text, text, length) != 0 || table->rows[at].text[length] != '\0')) {
        at = (at + 1) & (table->size - 1);
    }
    return at;
}

uint32_t name_find(const struct name_table *table, const char *text, size_t length) {
    if (table->size == 0) {
        return UINT32_MAX;
    }
    size_t at = name_row(table, text, length);
    return table->rows[at].text ? table->rows[at].number : UINT32_MAX;
}

void name_add(struct name_table *table, struct arena *arena, const char *text, uint32_t number) {
    if (table->count * 2 >= table->size) {
        struct name_table larger = {.size = table->size ? table->size * 4 : 256, .count = table->count};
        larger.rows = arena_take_array(arena, sizeof *larger.rows, larger.size);
        for (size_t i = 0; i < table->size; i++) {
            if (table->rows[i].text) {
                larger.rows[name_row(&larger, table->rows[i].text, strlen(table->rows[i].text))].text =
                    table->rows[i].text;
                larger.rows[name_row(&larger, table->rows[i].text, strlen(table->rows[i].text))].number =
                    table->rows[i].number;
            }
        }
        *table = larger;
    }
    size_t at = name_row(table, text, strlen(text));
    table->rows[at].text = text;
    table->rows[at].number = number;
    table->count++;
}

/* ---- cells ---- */

/* A row while it is read. */
struct row {
    struct book *book;
    enum book_sheet sheet;
    uint32_t number;
    const struct xlsx_cell *cells;
    size_t count;
};

static struct origin row_origin(const struct row *row, int column) {
    return (struct origin){row->sheet, row->number,
                           column < 0 ? SIZE_MAX : row->book->sheets[row->sheet].columns[column]};
}

static const struct xlsx_cell *row_cell(const struct row *row, int column) {
    static const struct xlsx_cell none = {.text = ""};
    size_t at = row->book->sheets[row->sheet].columns[column];
    return at < row->count ? &row->cells[at] : &none;
}

static const char *row_text(const struct row *row, int column, enum plain_use use) {
    const struct xlsx_cell *cell = row_cell(row, column);
    if (cell->length == 0) {
        return "";
    }
    char *out = arena_take(row->book->arena, cell->length + 1), words[PLAIN_WORDS_BYTES];
    unsigned odd = 0;
    out[plain_cell(cell->text, cell->length, use, out, &odd)] = '\0';
    if (odd) {
        plain_cell_words(odd, words);
        book_note(row->book, NOTE_REPAIRED, "Unusual blanks and line breaks made plain", row_origin(row, column),
                  "%s", words);
    }
    return out;
}

/* An id: letters in upper case. */
static const char *row_id(const struct row *row, int column) {
    char *text = (char *)(uintptr_t)row_text(row, column, PLAIN_CODE);
    for (char *at = text; *at; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    return text;
}

/* A code that a spreadsheet took for a number: 17.41 was 17.4100. */
static const char *code_of_number(const struct row *row, int column, const char *text) {
    char *end, padded[32];
    double value = strtod(text, &end);
    if (*end != '\0' || !(value >= 0 && value < 100) || fabs(value * 10000 - round(value * 10000)) > 1e-6) {
        return text;
    }
    snprintf(padded, sizeof padded, "%07.4f", value);
    if (strcmp(padded, text) != 0) {
        book_note(row->book, NOTE_REPAIRED, "Procedure codes that were written as numbers", row_origin(row, column),
                  "%.20s is %s", text, padded);
    }
    return arena_copy(row->book->arena, padded, strlen(padded));
}

static uint32_t book_code(const struct row *row, int column, int name_column) {
    struct book *book = row->book;
    const char *text = row_text(row, column, PLAIN_CODE);
    if (row_cell(row, column)->is_number) {
        text = code_of_number(row, column, text);
    }
    size_t length = strlen(text);
    if (length > CODE_LENGTH_MAX || !isalnum((unsigned char)text[0]) ||
        text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+*")] != '\0') {
        book_problem(book, row_origin(row, column),
                     "\"%.60s\" cannot be a code of a diagnosis or a procedure; correct it", text);
        return UINT32_MAX;
    }
    uint32_t found = name_find(&book->code_names, text, length);
    const char *name = name_column < 0 ? "" : row_text(row, name_column, PLAIN_TEXT);
    if (found == UINT32_MAX) {
        struct book_code code = {.text = text, .name = name, .length = length, .origin = row_origin(row, column)};
        found = (uint32_t)book->code_count;
        ARENA_PUSH(book->arena, book->codes, book->code_count, book->code_capacity, code);
        name_add(&book->code_names, book->arena, text, found);
    } else if (book->codes[found].name[0] == '\0') {
        book->codes[found].name = name;
    }
    if (strcmp(book->codes[found].text, text) != 0) {
        book_note(book, NOTE_REPAIRED, "Codes in other letter case than before", row_origin(row, column),
                  "%s is %s", text, book->codes[found].text);
    }
    return found;
}

static enum code_kind kind_of(const struct book_code *code) {
    return isdigit((unsigned char)code->text[0]) ? CODE_PROCEDURE : CODE_DIAGNOSIS;
}

/* Ids become parts of names in rules. */
static bool good_id(const struct row *row, int column, const char *id, const char *what) {
    if (id[0] == '\0') {
        book_problem(row->book, row_origin(row, column), "%s is missing; write it, or take the row out", what);
        return false;
    }
    bool good = strlen(id) <= 60 && id[0] != '-' && id[0] != '.' && !strstr(id, "..");
    for (const char *at = id; *at; at++) {
        good = good && (isalnum((unsigned char)*at) || (unsigned char)*at >= 0x80 || strchr("_-.", *at));
    }
    if (!good) {
        book_problem(row->book, row_origin(row, column), "\"%.60s\" cannot be %s; use letters, digits and _", id,
                     what);
    }
    return good;
}

/* ---- one row of each sheet ---- */

static int64_t sort_value(const struct row *row) {
    const char *text = row_text(row, GROUP_SORT, PLAIN_CODE);
    char *end;
    double value = strtod(text, &end);
    if (text[0] == '\0' || *end != '\0' || !(fabs(value) < 1e9)) {
        book_note(row->book, NOTE_MOVED, "Rows without a number in 排序, put last in their scope",
                  row_origin(row, GROUP_SORT), "\"%.40s\"", text);
        return INT64_MAX;
    }
    return (int64_t)(value * 1000);
}

static bool same_group(const struct group *a, const struct group *b) {
    return strcmp(a->name, b->name) == 0 && strcmp(a->official, b->official) == 0 &&
           strcmp(a->parent, b->parent) == 0;
}

static void take_group(const struct row *row) {
    struct book *book = row->book;
    enum book_sheet sheet = row->sheet;
    struct group group = {.code = row_id(row, GROUP_CODE),
                          .name = row_text(row, GROUP_NAME, PLAIN_TEXT),
                          .parent = "",
                          .mdc = "",
                          .origin = row_origin(row, GROUP_CODE),
                          .rule_column = book->sheets[sheet].columns[GROUP_RULE]};
    if (!good_id(row, GROUP_CODE, group.code, "the code of a group")) {
        return;
    }
    group.official = group.rule = row_text(row, GROUP_RULE, PLAIN_RULE);
    if (sheet != SHEET_MDC) {
        group.parent = row_id(row, GROUP_PARENT);
    }
    if (sheet == SHEET_DRG && book->sheets[sheet].columns[GROUP_MDC] != SIZE_MAX) {
        group.mdc = row_id(row, GROUP_MDC);
    }
    uint32_t twin = name_find(&book->group_names[sheet], group.code, strlen(group.code));
    if (twin != UINT32_MAX && same_group(book->groups[sheet][twin], &group)) {
        book_note(book, NOTE_LEFT_OUT, "Rows of groups that are there twice", group.origin, "%s, as row %u",
                  group.code, book->groups[sheet][twin]->origin.row);
        return;
    }
    if (twin != UINT32_MAX) {
        book_problem(book, group.origin, "%s stands in row %u already, with another name or rule; keep one of them",
                     group.code, book->groups[sheet][twin]->origin.row);
        return;
    }
    if (book->group_counts[sheet] >= BOOK_GROUPS_MAX) {
        book_problem(book, group.origin, "there are more than %d rows; that is no such workbook", BOOK_GROUPS_MAX);
        return;
    }
    group.sort = sort_value(row);
    struct group *kept = ARENA_NEW(book->arena, struct group);
    *kept = group;
    name_add(&book->group_names[sheet], book->arena, kept->code, (uint32_t)book->group_counts[sheet]);
    ARENA_PUSH(book->arena, book->groups[sheet], book->group_counts[sheet], book->group_capacities[sheet], kept);
}

static void take_set_row(const struct row *row) {
    struct book *book = row->book;
    const struct xlsx_cell *id_cell = row_cell(row, SET_ID), *code_cell = row_cell(row, SET_CODE);
    if (code_cell->length == 0 && id_cell->length > 0) {
        book_note(book, NOTE_LEFT_OUT, "Rows without a code", row_origin(row, SET_CODE), "of %.60s", id_cell->text);
        return;
    }
    const char *id = row_id(row, SET_ID);
    if (!good_id(row, SET_ID, id, "the number of a set")) {
        return;
    }
    uint32_t code = book_code(row, SET_CODE, SET_NAME);
    if (code == UINT32_MAX) {
        return;
    }
    uint32_t at = name_find(&book->set_names, id, strlen(id));
    if (at == UINT32_MAX) {
        struct book_set set = {.id = id, .origin = row_origin(row, SET_ID), .kind = kind_of(&book->codes[code])};
        at = (uint32_t)book->set_count;
        ARENA_PUSH(book->arena, book->sets, book->set_count, book->set_capacity, set);
        name_add(&book->set_names, book->arena, id, at);
    }
    struct book_set *set = &book->sets[at];
    if (kind_of(&book->codes[code]) != set->kind) {
        book_problem(book, row_origin(row, SET_CODE),
                     "%s is not of the kind of the set %s, which starts with %s in row %u; "
                     "correct the code or the set",
                     book->codes[code].text, id, code_kind_words(set->kind), set->origin.row);
        return;
    }
    struct member member = {code, row->number};
    ARENA_PUSH(book->arena, set->members, set->count, set->capacity, member);
}

static uint32_t exclusion_number(const struct row *row, int column, const char *id) {
    struct book *book = row->book;
    uint32_t at = name_find(&book->exclusion_names, id, strlen(id));
    if (at == UINT32_MAX) {
        struct exclusion exclusion = {.id = id, .origin = row_origin(row, column)};
        at = (uint32_t)book->exclusion_count;
        ARENA_PUSH(book->arena, book->exclusions, book->exclusion_count, book->exclusion_capacity, exclusion);
        name_add(&book->exclusion_names, book->arena, id, at);
    }
    return at;
}

static void take_exclusion_row(const struct row *row) {
    struct book *book = row->book;
    const char *id = row_id(row, EXCLUSION_TABLE);
    if (row_cell(row, EXCLUSION_CODE)->length == 0 && id[0] != '\0') {
        book_note(book, NOTE_LEFT_OUT, "Rows without a code", row_origin(row, EXCLUSION_CODE), "of %.60s", id);
        return;
    }
    uint32_t at;
    if (!good_id(row, EXCLUSION_TABLE, id, "the number of an exclusion table") ||
        (at = book_code(row, EXCLUSION_CODE, EXCLUSION_NAME)) == UINT32_MAX) {
        return;
    }
    struct book_code *code = &book->codes[at];
    if (kind_of(code) != CODE_DIAGNOSIS) {
        book_problem(book, row_origin(row, EXCLUSION_CODE),
                     "%s is no diagnosis; exclusion tables hold principal "
                     "diagnoses, correct it",
                     code->text);
        return;
    }
    uint32_t table = exclusion_number(row, EXCLUSION_TABLE, id);
    book->exclusions[table].has_members = true;
    if (code->exclusion == table + 1) {
        book_note(book, NOTE_LEFT_OUT, "Doubled rows of 排除表", row_origin(row, EXCLUSION_CODE),
                  "%s in %s, as row %u", code->text, id, code->exclusion_row);
    } else if (code->exclusion != 0) {
        book_note(book, NOTE_LOOK, "Principal diagnoses in two exclusion tables: the first counts",
                  row_origin(row, EXCLUSION_CODE), "%s is in %s, row %u, and here in %s", code->text,
                  book->exclusions[code->exclusion - 1].id, code->exclusion_row, id);
    } else {
        code->exclusion = table + 1;
        code->exclusion_row = row->number;
        book->exclusion_rows++;
    }
}

static void take_severity_row(const struct row *row) {
    struct book *book = row->book;
    const char *type = row_id(row, SEVERITY_TYPE);
    char severity = strcmp(type, "MCC") == 0 ? 'M' : strcmp(type, "CC") == 0 ? 'C' : '\0';
    if (severity == '\0') {
        book_problem(book, row_origin(row, SEVERITY_TYPE), "the type is \"%.40s\"; write MCC or CC", type);
        return;
    }
    const char *id = row_id(row, SEVERITY_TABLE);
    uint32_t at = book_code(row, SEVERITY_CODE, SEVERITY_NAME);
    if (at == UINT32_MAX || (id[0] && !good_id(row, SEVERITY_TABLE, id, "the number of an exclusion table"))) {
        return;
    }
    struct book_code *code = &book->codes[at];
    if (kind_of(code) != CODE_DIAGNOSIS) {
        book_problem(book, row_origin(row, SEVERITY_CODE),
                     "%s is no diagnosis; only diagnoses are MCC or CC, correct it", code->text);
        return;
    }
    uint32_t table = id[0] ? exclusion_number(row, SEVERITY_TABLE, id) + 1 : 0;
    if (code->severity == severity && code->table == table) {
        book_note(book, NOTE_LEFT_OUT, "Doubled rows of CC", row_origin(row, SEVERITY_CODE), "%s", code->text);
        return;
    }
    if (code->severity != 0) {
        book_problem(book, row_origin(row, SEVERITY_CODE),
                     "%s stands further up with another type or exclusion table; "
                     "keep one of the rows",
                     code->text);
        return;
    }
    code->severity = severity;
    code->table = table;
    book->severity_counts[severity == 'C']++;
    if (table == 0) {
        book_note(book, NOTE_LOOK, "MCC and CC without an exclusion table: always count",
                  row_origin(row, SEVERITY_TABLE), "%s", code->text);
    }
}

/* ---- headings ---- */

struct sheet_spec {
    const char *name;
    struct {
        const char *titles[4];
        bool needed;
    } columns[BOOK_COLUMNS];
    void (*take)(const struct row *row);
};

static const struct sheet_spec sheet_specs[BOOK_SHEETS] = {
    [SHEET_MDC] = {"MDC",
                   {{{"MDC编码"}, true}, {{"MDC名称"}, true}, {{"MDC规则"}, true}, {{"排序"}, true}},
                   take_group},
    [SHEET_ADRG] = {"ADRG",
                    {{{"ADRG编码"}, true},
                     {{"ADRG名称"}, true},
                     {{"ADRG规则"}, true},
                     {{"MDC内排序", "排序"}, true},
                     {{"所属MDC编码"}, true}},
                    take_group},
    [SHEET_DRG] = {"DRG",
                   {{{"DRG", "DRG编码"}, true},
                    {{"DRG名称"}, true},
                    {{"DRG规则"}, true},
                    {{"排序"}, true},
                    {{"所属ADRG编码"}, true},
                    {{"所属MDC编码"}, false}},
                   take_group},
    [SHEET_SETS] =
        {"集合",
         {{{"集合编号"}, true}, {{"ICD编码"}, true}, {{"ICD名称"}, false}, {{"类型编号", "类型"}, false}},
         take_set_row},
    [SHEET_SEVERITY] = {"CC",
                        {{{"疾病编码", "ICD编码"}, true},
                         {{"疾病名称", "ICD名称"}, false},
                         {{"排除表"}, true},
                         {{"类型", "类型编号"}, true}},
                        take_severity_row},
    [SHEET_EXCLUSIONS] = {"排除表",
                          {{{"集合编号"}, true}, {{"ICD编码"}, true}, {{"ICD名称"}, false}},
                          take_exclusion_row},
};
enum { HEADING_ROWS = 10 };

const char *book_column_title(const struct book *book, enum book_sheet sheet, size_t column) {
    for (size_t i = 0; i < BOOK_COLUMNS; i++) {
        if (book->sheets[sheet].columns[i] == column && sheet_specs[sheet].columns[i].titles[0]) {
            return sheet_specs[sheet].columns[i].titles[0];
        }
    }
    return "";
}

/* A sheet while it is read. */
struct sheet_reading {
    struct book *book;
    enum book_sheet sheet;
    uint32_t looked_at; /* rows searched for headings */
    size_t best;        /* headings found in the best of them */
    char missing[400];  /* what that one lacks */
};

static bool find_heading(const struct xlsx_cell *cells, size_t count, const char *const *titles, size_t *column) {
    for (size_t t = 0; t < 4 && titles[t]; t++) {
        for (size_t c = 0; c < count; c++) {
            char plain[64];
            unsigned odd = 0;
            if (cells[c].length < sizeof plain) {
                plain[plain_cell(cells[c].text, cells[c].length, PLAIN_CODE, plain, &odd)] = '\0';
                if (strcmp(plain, titles[t]) == 0) {
                    *column = c;
                    return true;
                }
            }
        }
    }
    *column = SIZE_MAX;
    return false;
}

/* Is this the row of headings? */
static bool take_heading(struct sheet_reading *reading, uint32_t row, const struct xlsx_cell *cells, size_t count) {
    const struct sheet_spec *spec = &sheet_specs[reading->sheet];
    size_t columns[BOOK_COLUMNS], found = 0;
    char missing[400] = "";
    for (size_t i = 0; i < BOOK_COLUMNS; i++) {
        columns[i] = SIZE_MAX;
        if (spec->columns[i].titles[0] && find_heading(cells, count, spec->columns[i].titles, &columns[i])) {
            found++;
        } else if (spec->columns[i].needed) {
            snprintf(missing + strlen(missing), sizeof missing - strlen(missing), "%s%s", missing[0] ? ", " : "",
                     spec->columns[i].titles[0]);
        }
    }
    if (missing[0] == '\0') {
        memcpy(reading->book->sheets[reading->sheet].columns, columns, sizeof columns);
        reading->book->sheets[reading->sheet].heading = row;
        return true;
    }
    if (found > reading->best || reading->looked_at == 0) {
        reading->best = found;
        memcpy(reading->missing, missing, sizeof missing);
    }
    if (reading->looked_at++ == 0 && reading->sheet == SHEET_MDC && count > 0 && cells[0].length > 0) {
        char *title = arena_take(reading->book->arena, cells[0].length + 1);
        unsigned odd = 0;
        title[plain_cell(cells[0].text, cells[0].length, PLAIN_TEXT, title, &odd)] = '\0';
        reading->book->title = title;
    }
    return false;
}

static bool on_row(void *user, uint32_t number, const struct xlsx_cell *cells, size_t count) {
    struct sheet_reading *reading = user;
    struct book *book = reading->book;
    if (book->sheets[reading->sheet].heading == 0) {
        take_heading(reading, number, cells, count);
        return book->sheets[reading->sheet].heading != 0 || reading->looked_at < HEADING_ROWS;
    }
    struct row row = {book, reading->sheet, number, cells, count};
    for (int c = 0; c < BOOK_COLUMNS; c++) {
        if (book->sheets[reading->sheet].columns[c] != SIZE_MAX && row_cell(&row, c)->length > 0) {
            book->sheets[reading->sheet].rows++;
            sheet_specs[reading->sheet].take(&row);
            break;
        }
    }
    return true;
}

static const char *sheet_list(struct book *book, const struct xlsx *workbook) {
    const char *list = "";
    for (size_t i = 0; i < xlsx_sheet_count(workbook) && strlen(list) < 300; i++) {
        list = arena_format(book->arena, "%s%s%.60s", list, i ? ", " : "", xlsx_sheet_name(workbook, i));
    }
    return list;
}

static bool read_sheet(struct book *book, struct xlsx *workbook, enum book_sheet sheet) {
    const struct sheet_spec *spec = &sheet_specs[sheet];
    book->sheets[sheet].name = spec->name;
    size_t at = xlsx_find_sheet(workbook, spec->name);
    if (at == SIZE_MAX) {
        complain("%s: the sheet %s is missing (there are: %s); this import reads the official workbook of DRG 3.0 "
                 "with the "
                 "sheets MDC, ADRG, DRG, 集合, CC, 排除表: name that file, or give the sheet its name",
                 book->path, spec->name, sheet_list(book, workbook));
        book->problems++;
        return false;
    }
    struct sheet_reading reading = {.book = book, .sheet = sheet};
    struct xlsx_trouble trouble;
    if (!xlsx_read(workbook, at, on_row, &reading, &trouble) && trouble.text[0] != '\0') {
        complain("%s: %s", book->path, trouble.text);
        book->problems++;
        return false;
    }
    if (book->sheets[sheet].heading == 0) {
        book_problem(book, (struct origin){sheet, 0, SIZE_MAX},
                     "none of the first %d rows holds the headings; missing: %s; "
                     "write them as in the official workbook",
                     HEADING_ROWS, reading.looked_at ? reading.missing : "all");
    }
    return true;
}

/* ---- doubled rows of sets ---- */

static int compare_members(const void *a, const void *b) {
    const struct member *left = a, *right = b;
    if (left->code != right->code) {
        return left->code < right->code ? -1 : 1;
    }
    return left->row < right->row ? -1 : left->row > right->row;
}

static void take_out_doubles(struct book *book, struct book_set *set) {
    qsort(set->members, set->count, sizeof *set->members, compare_members);
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (kept > 0 && set->members[kept - 1].code == set->members[i].code) {
            struct origin origin = {SHEET_SETS, set->members[i].row, book->sheets[SHEET_SETS].columns[SET_CODE]};
            book_note(book, NOTE_LEFT_OUT, "Doubled rows of 集合", origin, "%s in %s, as row %u",
                      book->codes[set->members[i].code].text, set->id, set->members[kept - 1].row);
            continue;
        }
        set->members[kept++] = set->members[i];
    }
    set->count = kept;
    book->set_rows += kept;
}

bool book_read(struct book *book, struct xlsx *workbook) {
    for (int sheet = 0; sheet < BOOK_SHEETS; sheet++) {
        if (!read_sheet(book, workbook, (enum book_sheet)sheet)) {
            return false;
        }
    }
    for (size_t i = 0; i < book->set_count; i++) {
        take_out_doubles(book, &book->sets[i]);
    }
    return book->problems == 0;
}
