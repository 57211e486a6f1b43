/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line that imports of one file into a folder of rules share. */
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#include "../rules.h"
#include "import.h"

int import_arguments(struct import_arguments *out, int argc, char **argv, const char *help, const char *further) {
    const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                     {further, required_argument, NULL, 'x'},
                                     {"force", no_argument, NULL, 'f'},
                                     {"help", no_argument, NULL, 'h'},
                                     {NULL, 0, NULL, 0}};
    char command[40];
    snprintf(command, sizeof command, "import %.30s", argv[0]);
    *out = (struct import_arguments){0};
    optind = 0; /* the dispatcher has read its own words */
    for (int c; (c = getopt_long(argc, argv, "o:h", options, NULL)) != -1;) {
        if (c == 'h') {
            return rules_help(help);
        }
        if (c == '?') {
            return rules_wrong_use(command, "unknown option");
        }
        out->output = c == 'o' ? optarg : out->output;
        out->further = c == 'x' ? optarg : out->further;
        out->force = out->force || c == 'f';
    }
    if (argc - optind != 1 || out->output == NULL || out->output[0] == '\0') {
        return rules_wrong_use(command,
                               argc - optind != 1 ? "name one workbook" : "say where the rules go with -o");
    }
    out->file = argv[optind];
    return place_is_free(out->output, out->force) ? -1 : EXIT_IO;
}
