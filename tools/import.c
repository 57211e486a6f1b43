/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import: which kind of file is meant. */
#include "import/import.h"

#include <string.h>

static const char help[] =
    "usage: casemix import scheme|workbook|codes|dip-workbook|dip-csv FILE ...\n"
    "\n"
    "Makes rules in YAML out of other files. Nothing is overwritten without --force, and nothing is there before it is\n"
    "complete.\n"
    "\n"
    "  scheme FACTS.json[.gz] -o DIR    neutral facts of a grouping scheme, whole or as an overlay of another\n"
    "  workbook FILE.xlsx -o DIR        the official workbook of CHS-DRG 3.0\n"
    "  codes FILE.csv -o FILE.tsv       a code catalogue or a crosswalk\n"
    "  dip-workbook FILE.xlsx -o DIR    the official workbook of DIP 3.0\n"
    "  dip-csv FILE.csv -o DIR          a city's DIP catalogue, its columns mapped to ours\n"
    "\n"
    "`casemix import KIND --help` says more.\n";

int command_import(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } kinds[] = {{"scheme", import_scheme}, {"codes", import_codes},
                 {"workbook", import_workbook},
                 {"dip-workbook", import_dip_workbook}, {"dip-csv", import_dip_csv},
    };
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            return kinds[i].run(argc - 1, argv + 1);
        }
    }
    complain(argc < 2 ? "import: say what: scheme, workbook, codes, dip-workbook or dip-csv; see `casemix import --help`"
                      : "import: there is no import of \"%.40s\"; it is scheme, workbook, codes, dip-workbook or dip-csv", argc < 2 ? "" : argv[1]);
    return EXIT_USAGE;
}
