/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import dip-workbook: the national bureau's DIP workbook to rules that compile at once, with a report. */
#include "dip_book.h"

static const char help[] =
    "usage: casemix import dip-workbook FILE.xlsx -o DIR [--base SCHEME.yaml] [--force]\n"
    "\n"
    "Reads the official workbook of DIP 3.0 (先期分组, 并项规则, 烧伤, 肿瘤, 结核, 基础规则, the lists of 五 and "
    "六) and writes\n"
    "a scheme: DIR/bundle.yaml compiles at once. The order of search, the treatment kinds and the code catalogues "
    "are those\n"
    "of the base scheme; codes that it lacks are added. DIR/REPORT.md tells what was read, repaired and left out. "
    "What is\n"
    "wrong in the workbook is said with sheet, row and column, and then nothing is written.\n"
    "\n"
    "  -o, --output DIR     the folder of the rules; its last name is the id of the scheme\n"
    "      --base FILE      the scheme that is extended; else schemes/dip-30/scheme.yaml in the folder that "
    "CASEMIX_RULES\n"
    "                       names, in ./rules, or where the rules are installed\n"
    "      --force          replace DIR\n"
    "\n"
    "examples:\n"
    "  casemix import dip-workbook dip-3.0.xlsx -o my-dip\n"
    "  casemix compile my-dip/bundle.yaml -o my-dip.cmx\n";

static int read_book(struct dip_book *book) {
    struct xlsx_trouble trouble;
    struct xlsx *workbook = xlsx_open(book->path, &trouble);
    if (workbook == NULL) {
        complain("%s: %s", book->path, trouble.text);
        return trouble.unreadable ? EXIT_IO : EXIT_FOUND;
    }
    bool good = dip_book_read(book, workbook);
    xlsx_close(workbook);
    if (!good) {
        complain("%s: nothing was written; correct the workbook and import it again", book->path);
    }
    return good ? EXIT_DONE : EXIT_FOUND;
}

static int write_rules(struct dip_book *book, const struct import_arguments *options, const char *base_path) {
    struct sources sources = {.arena = book->arena, .report = report_new(book->arena)};
    struct scheme *base = scheme_read(&sources, base_path, (struct place){base_path, 0, 0});
    if (base == NULL || base->dip == NULL) {
        report_print(sources.report, stderr);
        complain("%s is no DIP scheme that can be extended; name another with --base", base_path);
        return EXIT_FOUND;
    }
    struct place_out *out = place_open(options->output, options->force);
    if (out == NULL) {
        return EXIT_IO;
    }
    const char *id = rules_id(book->arena, options->output, "dip-workbook");
    if (!dip_write(book, out, id, way_to(book->arena, options->output, base_path), base)) {
        place_abandon(out);
        return EXIT_IO;
    }
    const char *facts = dip_compile(book->arena, out);
    if (facts == NULL) {
        complain("%s: nothing was written; correct the workbook and import it again", options->file);
        place_abandon(out);
        return EXIT_FOUND;
    }
    if (!dip_write_report(book, out, facts)) {
        place_abandon(out);
        return EXIT_IO;
    }
    if (!place_close(out)) {
        return EXIT_IO;
    }
    fprintf(stderr, "%s\n%s/REPORT.md tells what was read (%zu notes)\n", facts, options->output, book->note_count);
    return EXIT_DONE;
}

int import_dip_workbook(int argc, char **argv) {
    struct import_arguments options;
    int code = import_arguments(&options, argc, argv, help, "base");
    if (code >= 0) {
        return code;
    }
    struct arena *arena = arena_new();
    struct dip_book *book = ARENA_NEW(arena, struct dip_book);
    book->arena = arena;
    book->path = options.file;
    const char *base = dip_base(arena, options.further, "dip-30");
    code = base == NULL ? EXIT_IO : read_book(book);
    if (code == EXIT_DONE) {
        code = write_rules(book, &options, base);
    }
    yaml_clear(&book->notes);
    arena_free(arena);
    return code;
}
