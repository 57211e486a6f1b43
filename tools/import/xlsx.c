/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading .xlsx: a zip of XML files. xl/workbook.xml names the sheets, xl/_rels/workbook.xml.rels says in which
 * part each is, xl/sharedStrings.xml holds the texts that cells refer to by number. */
#include "xlsx.h"

#include <errno.h>
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "../output.h"

enum { CHUNK = 64 << 10, DEPTH_MAX = 64, TAG_BYTES = 4 << 20, SHEETS_MAX = 255, NAME_BYTES = 1000 };

/* ---- small things ---- */

/* Bytes that grow; always with a NUL after them. */
struct bytes {
    char *at;
    size_t length, capacity;
};

static void bytes_add(struct bytes *bytes, const char *text, size_t length) {
    if (bytes->capacity - bytes->length <= length) {
        bytes->capacity = (bytes->length + length + 64) * 2;
        bytes->at = need(realloc(bytes->at, bytes->capacity));
    }
    memcpy(bytes->at + bytes->length, text, length);
    bytes->length += length;
    bytes->at[bytes->length] = '\0';
}

static bool trouble_say(struct xlsx_trouble *trouble, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool trouble_say(struct xlsx_trouble *trouble, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(trouble->text, sizeof trouble->text, format, arguments);
    va_end(arguments);
    return false;
}

const char *xlsx_column_name(size_t column, char name[8]) {
    char *at = name + 7;
    *at = '\0';
    for (column++; column > 0 && at > name; column = (column - 1) / 26) {
        *--at = (char)('A' + (column - 1) % 26);
    }
    return at;
}

/* ---- the book ---- */

struct sheet {
    char *name, *relation, *part;
};

struct xlsx {
    zip_t *zip;
    struct sheet sheets[SHEETS_MAX];
    size_t sheet_count;
    char *strings_part;
    bool strings_read;
    struct bytes strings;   /* the texts one after the other, each with its NUL */
    uint32_t *string_start; /* count + 1 of them */
    size_t string_count, string_capacity;
};

/* One XML part being read. */
struct reading {
    struct xlsx *book;
    struct xlsx_trouble *trouble;
    const char *what; /* "the sheet ADRG": names the part in messages */
    XML_Parser parser;
    size_t fed, last_event; /* bytes given to the parser; at the last event */
    unsigned depth;
    bool stopped;
    struct bytes text;
    bool takes_text;
    unsigned passing; /* depth of an element whose text does not count, 0 for none */
    /* of a sheet */
    xlsx_row_fn *tell;
    void *user;
    uint32_t row, rows;
    size_t column, cell_count; /* cell_count: one beyond the last that was filled */
    char cell_type;            /* s shared, t text, n number */
    struct bytes row_text;
    struct {
        size_t start, length;
        bool is_number;
    } cells[XLSX_COLUMNS_READ];
};

static void stop(struct reading *reading) {
    if (!reading->stopped) {
        reading->stopped = true;
        XML_StopParser(reading->parser, XML_FALSE);
    }
}

static const char *local_name(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *attribute(const char **attributes, const char *name) {
    for (size_t i = 0; attributes[i]; i += 2) {
        if (strcmp(local_name(attributes[i]), name) == 0) {
            return attributes[i + 1];
        }
    }
    return NULL;
}

static void doctype(void *user, const char *name, const char *system, const char *public, int internal) {
    struct reading *reading = user;
    trouble_say(reading->trouble,
                "%s holds a document type declaration, which no workbook has; save it anew with a "
                "spreadsheet program",
                reading->what);
    stop(reading);
}

static void on_text(void *user, const char *text, int length) {
    struct reading *reading = user;
    reading->last_event = reading->fed;
    if (!reading->takes_text || reading->passing || reading->stopped) {
        return;
    }
    if (reading->text.length + (size_t)length > XLSX_CELL_BYTES) {
        trouble_say(reading->trouble,
                    "%s holds a text of more than %d KiB%s; a cell holds at most 32,767 characters: "
                    "correct the file",
                    reading->what, XLSX_CELL_BYTES >> 10, reading->row ? " in a cell" : "");
        stop(reading);
        return;
    }
    bytes_add(&reading->text, text, (size_t)length);
}

static void on_comment(void *user, const char *text) {
    struct reading *reading = user;
    reading->last_event = reading->fed;
}

/* True if the element is to be looked at. */
static bool enter(struct reading *reading) {
    reading->last_event = reading->fed;
    if (++reading->depth > DEPTH_MAX) {
        trouble_say(reading->trouble,
                    "%s is nested deeper than %d; save the workbook anew with a spreadsheet program", reading->what,
                    DEPTH_MAX);
        stop(reading);
    }
    return !reading->stopped;
}

static void leave(struct reading *reading) {
    reading->last_event = reading->fed;
    if (reading->passing == reading->depth) {
        reading->passing = 0;
    }
    reading->depth--;
}

static bool feed(struct reading *reading, zip_file_t *file) {
    char chunk[CHUNK];
    for (;;) {
        zip_int64_t got = zip_fread(file, chunk, sizeof chunk);
        if (got < 0) {
            return trouble_say(reading->trouble, "%s is damaged (%s); download or save the workbook again",
                               reading->what, zip_file_strerror(file));
        }
        reading->fed += (size_t)got;
        if (reading->fed > XLSX_PART_BYTES) {
            return trouble_say(reading->trouble,
                               "%s unpacks to more than %d MiB, which no such workbook needs; take "
                               "out what does not belong there",
                               reading->what, XLSX_PART_BYTES >> 20);
        }
        if (XML_Parse(reading->parser, chunk, (int)got, got == 0) != XML_STATUS_OK) {
            return reading->stopped ? false
                                    : trouble_say(reading->trouble,
                                                  "%s is not well-formed XML at line %lu (%s); save the workbook "
                                                  "anew with a spreadsheet program",
                                                  reading->what, XML_GetCurrentLineNumber(reading->parser),
                                                  XML_ErrorString(XML_GetErrorCode(reading->parser)));
        }
        if (got == 0) {
            return true;
        }
        if (reading->fed - reading->last_event > TAG_BYTES) { /* the parser looks at it again with each chunk */
            return trouble_say(reading->trouble,
                               "%s holds a single tag of more than %d MiB; save the workbook anew "
                               "with a spreadsheet program",
                               reading->what, TAG_BYTES >> 20);
        }
    }
}

/* Run a part of the zip through a parser. */
static bool read_part(struct reading *reading, const char *part, XML_StartElementHandler start,
                      XML_EndElementHandler end) {
    zip_file_t *file = zip_fopen(reading->book->zip, part, 0);
    if (!file) {
        return trouble_say(reading->trouble,
                           "%s is missing in the file (no part %.200s: %s); name an .xlsx workbook", reading->what,
                           part, zip_strerror(reading->book->zip));
    }
    reading->parser = need(XML_ParserCreate(NULL));
    XML_SetUserData(reading->parser, reading);
    XML_SetElementHandler(reading->parser, start, end);
    XML_SetCharacterDataHandler(reading->parser, on_text);
    XML_SetCommentHandler(reading->parser, on_comment);
    XML_SetStartDoctypeDeclHandler(reading->parser, doctype);
    bool fine = feed(reading, file);
    XML_ParserFree(reading->parser);
    zip_fclose(file);
    free(reading->text.at);
    return fine;
}

/* ---- the list of sheets ---- */

static void workbook_start(void *user, const char *name, const char **attributes) {
    struct reading *reading = user;
    struct xlsx *book = reading->book;
    if (!enter(reading) || strcmp(local_name(name), "sheet") != 0) {
        return;
    }
    const char *title = attribute(attributes, "name"), *relation = NULL;
    for (size_t i = 0; attributes[i]; i += 2) { /* r:id, not sheetId; the prefix is free */
        relation = strchr(attributes[i], ':') && strcmp(local_name(attributes[i]), "id") == 0 ? attributes[i + 1]
                                                                                              : relation;
    }
    if (title && relation && book->sheet_count < SHEETS_MAX && strlen(title) < NAME_BYTES) {
        book->sheets[book->sheet_count++] = (struct sheet){need(strdup(title)), need(strdup(relation)), NULL};
    }
}

static void any_end(void *user, const char *name) {
    leave(user);
}

static char *part_path(const char *target) {
    char *path = NULL;
    if (target[0] == '/') {
        path = strdup(target + 1);
    } else if (asprintf(&path, "xl/%s", target) < 0) {
        path = NULL;
    }
    return need(path);
}

static void relations_start(void *user, const char *name, const char **attributes) {
    struct reading *reading = user;
    struct xlsx *book = reading->book;
    if (!enter(reading) || strcmp(local_name(name), "Relationship") != 0) {
        return;
    }
    const char *id = attribute(attributes, "Id"), *target = attribute(attributes, "Target");
    const char *type = attribute(attributes, "Type");
    if (!id || !target || !type || strlen(target) > NAME_BYTES) {
        return;
    }
    for (size_t i = 0; i < book->sheet_count; i++) {
        if (strcmp(book->sheets[i].relation, id) == 0 && !book->sheets[i].part) {
            book->sheets[i].part = part_path(target);
        }
    }
    const char *kind = strrchr(type, '/');
    if (kind && strcmp(kind, "/sharedStrings") == 0 && !book->strings_part) {
        book->strings_part = part_path(target);
    }
}

static bool read_list(struct xlsx *book, struct xlsx_trouble *trouble) {
    struct reading sheets = {.book = book, .trouble = trouble, .what = "the list of sheets"};
    struct reading relations = {.book = book, .trouble = trouble, .what = "the list of parts"};
    return read_part(&sheets, "xl/workbook.xml", workbook_start, any_end) &&
           read_part(&relations, "xl/_rels/workbook.xml.rels", relations_start, any_end);
}

/* What a file is that is no zip: the two cases that happen. */
static const char *what_it_is(const char *path) {
    static const unsigned char compound[4] = {0xd0, 0xcf, 0x11, 0xe0};
    unsigned char head[4] = {0};
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(head, 1, sizeof head, file) : 0;
    if (file) {
        fclose(file);
    }
    return got == 4 && memcmp(head, compound, 4) == 0
               ? "is an .xls file or protected by a password; open it and save it as .xlsx without password"
               : "is no .xlsx workbook, or not all of it is there; download it again, or save it as .xlsx";
}

struct xlsx *xlsx_open(const char *path, struct xlsx_trouble *trouble) {
    struct stat about;
    int code = 0;
    trouble->text[0] = '\0';
    trouble->unreadable = stat(path, &about) != 0;
    if (trouble->unreadable || !S_ISREG(about.st_mode)) {
        trouble_say(trouble, "cannot be read: %s; check its name and its permissions",
                    trouble->unreadable ? strerror(errno) : "it is no file");
        trouble->unreadable = true;
        return NULL;
    }
    if (about.st_size > XLSX_FILE_BYTES) {
        trouble_say(trouble, "is larger than %d MiB; that is no such workbook", XLSX_FILE_BYTES >> 20);
        return NULL;
    }
    struct xlsx *book = need(calloc(1, sizeof *book));
    book->zip = zip_open(path, ZIP_RDONLY, &code);
    if (!book->zip) {
        trouble->unreadable = code == ZIP_ER_OPEN;
        trouble_say(trouble, "%s",
                    trouble->unreadable ? "cannot be read; check its permissions" : what_it_is(path));
        free(book);
        return NULL;
    }
    if (!read_list(book, trouble)) {
        xlsx_close(book);
        return NULL;
    }
    return book;
}

void xlsx_close(struct xlsx *book) {
    if (!book) {
        return;
    }
    for (size_t i = 0; i < book->sheet_count; i++) {
        free(book->sheets[i].name);
        free(book->sheets[i].relation);
        free(book->sheets[i].part);
    }
    zip_discard(book->zip);
    free(book->strings_part);
    free(book->strings.at);
    free(book->string_start);
    free(book);
}

size_t xlsx_sheet_count(const struct xlsx *book) {
    return book->sheet_count;
}

const char *xlsx_sheet_name(const struct xlsx *book, size_t n) {
    return book->sheets[n].name;
}

size_t xlsx_find_sheet(const struct xlsx *book, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < book->sheet_count; i++) {
        const char *title = book->sheets[i].name;
        title += strspn(title, " \t");
        if (strncmp(title, name, length) == 0 && title[length + strspn(title + length, " \t")] == '\0') {
            return i;
        }
    }
    return SIZE_MAX;
}

/* ---- shared texts ---- */

static void strings_start(void *user, const char *name, const char **attributes) {
    struct reading *reading = user;
    if (!enter(reading) || reading->passing) {
        return;
    }
    name = local_name(name);
    if (strcmp(name, "si") == 0) {
        reading->text.length = 0;
    } else if (strcmp(name, "rPh") == 0) { /* how it is pronounced */
        reading->passing = reading->depth;
    }
    reading->takes_text = strcmp(name, "t") == 0;
}

static void strings_end(void *user, const char *name) {
    struct reading *reading = user;
    struct xlsx *book = reading->book;
    leave(reading);
    reading->takes_text = false;
    if (strcmp(local_name(name), "si") != 0 || reading->stopped) {
        return;
    }
    if (book->string_count >= XLSX_STRINGS || book->strings.length + reading->text.length > XLSX_STRINGS_BYTES) {
        trouble_say(reading->trouble,
                    "the workbook holds more than %d texts or %d MiB of them; take out what does not "
                    "belong there",
                    XLSX_STRINGS, XLSX_STRINGS_BYTES >> 20);
        stop(reading);
        return;
    }
    bytes_add(&book->strings, reading->text.length ? reading->text.at : "", reading->text.length);
    bytes_add(&book->strings, "", 1);
    if (book->string_count + 1 >= book->string_capacity) {
        book->string_capacity = book->string_capacity * 2 + 1024;
        book->string_start = need(realloc(book->string_start, book->string_capacity * sizeof *book->string_start));
        book->string_start[0] = 0;
    }
    book->string_start[++book->string_count] = (uint32_t)book->strings.length;
}

static bool read_strings(struct xlsx *book, struct xlsx_trouble *trouble) {
    struct reading reading = {.book = book, .trouble = trouble, .what = "the list of texts"};
    if (book->strings_read || !book->strings_part) {
        return true;
    }
    book->strings_read = read_part(&reading, book->strings_part, strings_start, strings_end);
    return book->strings_read;
}

/* ---- sheets ---- */

/* Column of "AB12" from 0, or SIZE_MAX. */
static size_t column_of(const char *reference) {
    size_t column = 0, letters = 0;
    for (; reference[letters] >= 'A' && reference[letters] <= 'Z' && letters < 4; letters++) {
        column = column * 26 + (size_t)(reference[letters] - 'A' + 1);
    }
    return letters == 0 || column > XLSX_COLUMNS ? SIZE_MAX : column - 1;
}

static void start_row(struct reading *reading, const char **attributes) {
    const char *number = attribute(attributes, "r");
    unsigned long row = number ? strtoul(number, NULL, 10) : reading->row + 1ul;
    if (row <= reading->row || row > XLSX_ROWS) {
        trouble_say(reading->trouble,
                    "%s has the row number \"%.20s\" after row %u; save the workbook anew with a "
                    "spreadsheet program",
                    reading->what, number ? number : "", reading->row);
        stop(reading);
        return;
    }
    reading->row = (uint32_t)row;
    reading->column = reading->cell_count = reading->row_text.length = 0;
    memset(reading->cells, 0, sizeof reading->cells);
}

static void start_cell(struct reading *reading, const char **attributes) {
    const char *reference = attribute(attributes, "r"), *type = attribute(attributes, "t");
    size_t column = reference ? column_of(reference) : reading->column;
    if (column == SIZE_MAX || column < reading->column) {
        trouble_say(reading->trouble,
                    "%s, row %u, has a cell at \"%.20s\" out of order; save the workbook anew with a "
                    "spreadsheet program",
                    reading->what, reading->row, reference ? reference : "");
        stop(reading);
        return;
    }
    reading->column = column;
    reading->cell_type = 'n';
    if (type && strcmp(type, "s") == 0) {
        reading->cell_type = 's';
    } else if (type && strcmp(type, "n") != 0) {
        reading->cell_type = 't';
    }
    reading->text.length = 0;
}

static void sheet_start(void *user, const char *name, const char **attributes) {
    struct reading *reading = user;
    if (!enter(reading) || reading->passing) {
        return;
    }
    name = local_name(name);
    if (strcmp(name, "row") == 0) {
        start_row(reading, attributes);
    } else if (strcmp(name, "c") == 0) {
        start_cell(reading, attributes);
    } else if (strcmp(name, "rPh") == 0 || strcmp(name, "f") == 0) { /* a formula: its result is in <v> */
        reading->passing = reading->depth;
    }
    reading->takes_text = strcmp(name, "v") == 0 || strcmp(name, "t") == 0;
}

static void end_cell(struct reading *reading) {
    size_t column = reading->column++;
    const struct xlsx *book = reading->book;
    if (column >= XLSX_COLUMNS_READ || reading->text.length == 0) {
        return;
    }
    const char *text = reading->text.at;
    size_t length = reading->text.length;
    if (reading->cell_type == 's') {
        char *end;
        unsigned long number = strtoul(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != '\0' || number >= book->string_count) {
            char letters[8];
            trouble_say(reading->trouble,
                        "%s, row %u, column %s, refers to the text number \"%.20s\", which is not "
                        "there; save the workbook anew with a spreadsheet program",
                        reading->what, reading->row, xlsx_column_name(column, letters), text);
            stop(reading);
            return;
        }
        text = book->strings.at + book->string_start[number];
        length = book->string_start[number + 1] - book->string_start[number] - 1;
    }
    reading->cells[column].start = reading->row_text.length;
    reading->cells[column].length = length;
    reading->cells[column].is_number = reading->cell_type == 'n';
    bytes_add(&reading->row_text, text, length);
    bytes_add(&reading->row_text, "", 1);
    reading->cell_count = column + 1;
}

static void end_row(struct reading *reading) {
    struct xlsx_cell cells[XLSX_COLUMNS_READ];
    for (size_t i = 0; i < reading->cell_count; i++) {
        bool there = reading->cells[i].length > 0;
        cells[i] = (struct xlsx_cell){there ? reading->row_text.at + reading->cells[i].start : "",
                                      reading->cells[i].length, reading->cells[i].is_number};
    }
    if (reading->cell_count > 0 && !reading->tell(reading->user, reading->row, cells, reading->cell_count)) {
        stop(reading);
    }
}

static void sheet_end(void *user, const char *name) {
    struct reading *reading = user;
    leave(reading);
    reading->takes_text = false;
    name = local_name(name);
    if (reading->stopped || reading->passing) {
        return;
    }
    if (strcmp(name, "c") == 0) {
        end_cell(reading);
    } else if (strcmp(name, "row") == 0) {
        end_row(reading);
    }
}

bool xlsx_read(struct xlsx *book, size_t sheet, xlsx_row_fn *tell, void *user, struct xlsx_trouble *trouble) {
    char what[300];
    snprintf(what, sizeof what, "the sheet %.200s", book->sheets[sheet].name);
    struct reading reading = {.book = book, .trouble = trouble, .what = what, .tell = tell, .user = user};
    trouble->text[0] = '\0';
    if (!book->sheets[sheet].part) {
        return trouble_say(
            trouble, "%s is named but not in the file; save the workbook anew with a spreadsheet program", what);
    }
    bool fine =
        read_strings(book, trouble) && read_part(&reading, book->sheets[sheet].part, sheet_start, sheet_end);
    free(reading.row_text.at);
    return fine;
}
