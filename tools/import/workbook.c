/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import workbook: the national bureau's DRG workbook to rules that compile at once, with a report. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "../rules.h"
#include "import.h"
#include "workbook_write.h"

static const char help[] = "usage: casemix import workbook FILE.xlsx -o DIR [--codes DIR] [--force]\n"
                           "\n"
                           "Reads the official workbook of DRG 3.0 (sheets MDC, ADRG, DRG, 集合, CC, 排除表; "
                           "columns by their headings) and writes\n"
                           "a scheme: DIR/bundle.yaml compiles at once. Each rule keeps its official text and its "
                           "row; DIR/REPORT.md tells what\n"
                           "was read, repaired, moved and left out, and what to look at. What is wrong in the "
                           "workbook is said with sheet, row\n"
                           "and column, and then nothing is written.\n"
                           "\n"
                           "  -o, --output DIR     the folder of the rules; its last name is the id of the scheme\n"
                           "      --codes DIR      a folder of code catalogues: icd10*.tsv or diagnoses.tsv, "
                           "icd9*.tsv or procedures.tsv, and perhaps\n"
                           "                       gray-diagnoses.txt and gray-procedures.txt, a code a line; "
                           "without it the codes of the\n"
                           "                       workbook are the catalogue\n"
                           "      --force          replace DIR\n"
                           "\n"
                           "examples:\n"
                           "  casemix import workbook drg-3.0.xlsx -o my-drg --codes rules/codes\n"
                           "  casemix compile my-drg/bundle.yaml -o my-drg.cmx\n";

/* ---- code catalogues of the user ---- */

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The catalogue of a kind in a folder; the last by name if there are several versions. */
static const char *find_catalogue(struct arena *arena, const char *folder, enum code_kind kind) {
    const char *start = kind == CODE_DIAGNOSIS ? "icd10" : "icd9";
    const char *plain = kind == CODE_DIAGNOSIS ? "diagnoses.tsv" : "procedures.tsv", *best = NULL;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        const char *name = entry->d_name;
        bool fits =
            strcmp(name, plain) == 0 || (strncmp(name, start, strlen(start)) == 0 && ends_with(name, ".tsv"));
        if (fits && (!best || strcmp(name, best) > 0)) {
            best = arena_copy(arena, name, strlen(name));
        }
    }
    if (directory) {
        closedir(directory);
    }
    return best ? arena_format(arena, "%s/%s", folder, best) : NULL;
}

static int load_catalogues(struct book_writing *writing, const struct import_arguments *options) {
    struct arena *arena = writing->book->arena;
    struct sources sources = {.arena = arena, .report = report_new(arena)};
    for (int kind = 0; options->further && kind < CODE_KINDS; kind++) {
        const char *path = find_catalogue(arena, options->further, (enum code_kind)kind);
        if (!path) {
            complain("%s: there is no catalogue of %s (%s); name a folder that holds one, as rules/codes",
                     options->further, code_kind_words((enum code_kind)kind),
                     kind == CODE_DIAGNOSIS ? "icd10*.tsv or diagnoses.tsv" : "icd9*.tsv or procedures.tsv");
            return EXIT_IO;
        }
        writing->base[kind] =
            catalogue_load(&sources, path, (struct place){options->further, 0, 0}, (enum code_kind)kind, path);
        if (!writing->base[kind] || sources.report->errors > 0) {
            report_print(sources.report, stderr);
            return EXIT_FOUND;
        }
        writing->catalogue_paths[kind] = way_to(arena, options->output, path);
    }
    return EXIT_DONE;
}

/* ---- gray codes ---- */

/* Put a list of the user into the set of gray codes. Codes that the workbook does not know do nothing in its rules,
 * but may still be principal codes. */
static bool read_gray(struct book *book, const char *path, const char *id, enum code_kind kind) {
    FILE *file = fopen(path, "r");
    char line[200];
    uint32_t number = 0;
    while (file && fgets(line, sizeof line, file)) {
        number++;
        line[strcspn(line, "# \t\r\n")] = '\0';
        if (line[0] == '\0') {
            continue;
        }
        size_t length = strlen(line);
        if (length > CODE_LENGTH_MAX || (kind == CODE_PROCEDURE) != (isdigit((unsigned char)line[0]) != 0)) {
            complain("%s:%u: \"%.60s\" is no code of %s; write a code a line", path, number, line,
                     code_kind_words(kind));
            fclose(file);
            return false;
        }
        book_add_member(book, id, kind, line);
    }
    if (file) {
        fclose(file);
    }
    return true;
}

static bool take_gray(struct book *book, const struct import_arguments *options) {
    if (options->further) {
        const char *diagnoses = arena_format(book->arena, "%s/gray-diagnoses.txt", options->further);
        const char *procedures = arena_format(book->arena, "%s/gray-procedures.txt", options->further);
        if (!read_gray(book, diagnoses, "DI_GRAY", CODE_DIAGNOSIS) ||
            !read_gray(book, procedures, "OP_GRAY", CODE_PROCEDURE)) {
            return false;
        }
    }
    book_apply_gray(book);
    return true;
}

/* ---- compiling what was written ---- */

/* Messages of the compiler, told in places of the workbook. */
static void tell_messages(struct book_writing *writing, const struct report *report) {
    struct book *book = writing->book;
    for (size_t i = 0; i < report->count; i++) {
        const struct report_line *line = &report->lines[i];
        const struct mark *mark =
            line->place.file ? writing_find(writing, line->place.file, line->place.line) : NULL;
        if (message_rows[line->message].severity == MESSAGE_WARNING) {
            struct origin origin = mark ? mark->origin : (struct origin){SHEET_MDC, 0, SIZE_MAX};
            book_note(book, NOTE_LOOK, "What `casemix check` says", origin, "%s", line->text);
        } else if (!mark) {
            const char *file = line->place.file ? line->place.file : "";
            complain("%s: in what became of it, %s:%u:%u: %s", book->path,
                     strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line->place.line, line->place.column,
                     line->text);
            book->problems++;
        } else if (mark->column > 0 && line->place.line == mark->line && line->place.column >= mark->column) {
            book_problem(book, mark->origin, "at character %u: %s", line->place.column - mark->column + 1,
                         line->text);
        } else {
            book_problem(book, mark->origin, "%s", line->text);
        }
    }
    if (book->problems > BOOK_PROBLEMS_SHOWN) {
        complain("%s: and %zu more", book->path, book->problems - BOOK_PROBLEMS_SHOWN);
    }
}

/* Compile the rules where they are meanwhile; the messages are told. NULL after errors, else the compiler's counts.
 */
static const char *compile_rules(struct book_writing *writing, struct place_out *out) {
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, place_file(out, writing_name(writing, WRITTEN_BUNDLE))) &&
                compilation_check(work) && compilation_build(work);
    const struct report *report = compilation_report(work);
    tell_messages(writing, report);
    const char *facts = good ? rules_facts(writing->book->arena, work) : NULL;
    compilation_free(work);
    return facts;
}

static bool put_files(struct book_writing *writing, struct place_out *out) {
    for (int f = 0; f < WRITTEN_FILES; f++) {
        const struct yaml *text = &writing->files[f].text;
        if (text->length > 0 && f != WRITTEN_REPORT &&
            !place_write(out, writing_name(writing, (enum written_number)f), text)) {
            return false;
        }
    }
    return true;
}

static int write_rules(struct book_writing *writing, const struct import_arguments *options) {
    struct place_out *out = place_open(options->output, options->force);
    if (!out) {
        return EXIT_IO;
    }
    for (int f = 0; f < WRITTEN_FILES; f++) {
        writing->files[f].text.arena = writing->book->arena;
    }
    writing_rules(writing);
    if (!put_files(writing, out)) {
        place_abandon(out);
        return EXIT_IO;
    }
    const char *facts = compile_rules(writing, out);
    if (!facts) {
        complain("%s: nothing was written; correct the workbook and import it again", options->file);
        place_abandon(out);
        return EXIT_FOUND;
    }
    writing_report(writing, facts);
    if (!place_write(out, writing_name(writing, WRITTEN_REPORT), &writing->files[WRITTEN_REPORT].text)) {
        place_abandon(out);
        return EXIT_IO;
    }
    if (!place_close(out)) {
        return EXIT_IO;
    }
    fprintf(stderr, "%s\n", facts);
    return EXIT_DONE;
}

/* ---- the whole ---- */

static void print_summary(const struct book *book, const char *output) {
    static const char *const words[NOTE_KINDS] = {"repaired", "moved", "left out", "to look at"};
    for (int kind = 0; kind < NOTE_KINDS; kind++) {
        for (const struct topic *topic = book->topics[kind]; topic; topic = topic->next) {
            fprintf(stderr, "%-10s %6zu  %s\n", words[kind], topic->count, topic->title);
        }
    }
    fprintf(stderr, "%s/REPORT.md tells it row by row\n", output);
}

static int read_book(struct book *book) {
    struct xlsx_trouble trouble;
    struct xlsx *workbook = xlsx_open(book->path, &trouble);
    if (!workbook) {
        complain("%s: %s", book->path, trouble.text);
        return trouble.unreadable ? EXIT_IO : EXIT_FOUND;
    }
    bool good = book_read(book, workbook) && book_order(book);
    xlsx_close(workbook);
    if (!good) {
        if (book->problems > BOOK_PROBLEMS_SHOWN) {
            complain("%s: and %zu more", book->path, book->problems - BOOK_PROBLEMS_SHOWN);
        }
        complain("%s: nothing was written; correct the workbook and import it again", book->path);
    }
    return good ? EXIT_DONE : EXIT_FOUND;
}

int import_workbook(int argc, char **argv) {
    struct import_arguments options;
    int code = import_arguments(&options, argc, argv, help, "codes");
    if (code >= 0) {
        return code;
    }
    struct arena *arena = arena_new();
    struct book *book = ARENA_NEW(arena, struct book);
    struct book_writing *writing = ARENA_NEW(arena, struct book_writing);
    book->arena = arena;
    book->path = options.file;
    writing->book = book;
    writing->id = rules_id(arena, options.output, "chs-drg-workbook");
    writing->date = file_date(arena, options.file);
    code = read_book(book);
    if (code == EXIT_DONE) {
        code = load_catalogues(writing, &options);
    }
    if (code == EXIT_DONE) {
        code = take_gray(book, &options) ? write_rules(writing, &options) : EXIT_FOUND;
    }
    if (code == EXIT_DONE) {
        print_summary(book, options.output);
    }
    for (int f = 0; f < WRITTEN_FILES; f++) {
        yaml_clear(&writing->files[f].text);
    }
    arena_free(arena);
    return code;
}
