/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix codes: what a code set holds, written out. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "rules.h"

static const char help[] =
    "usage: casemix codes [--rules RULES.yaml] [--scheme ID] SET\n"
    "\n"
    "Writes out a code set: a set of the rules by its name, or items as a set is written. One line a code: code, TAB,\n"
    "name. Nothing else goes to standard output; the count goes to standard error.\n"
    "\n"
    "  -r, --rules FILE     bundle or scheme (default: rules/bundles/chs-drg-11.yaml)\n"
    "      --scheme ID      scheme of the bundle; not needed if it has one only\n"
    "\n"
    "examples:\n"
    "  casemix codes DI_BB1\n"
    "  casemix codes 'I60.0..I62.9 !I61.3*'\n"
    "  casemix codes --rules rules/bundles/haerbin-2022.yaml 'DI_MDCB /^G4[0-7]/'\n";

struct listing {
    size_t count;
};

static void print_code(void *user, const struct code *code) {
    struct listing *listing = user;
    listing->count++;
    printf("%s\t%s\n", code->text, code->name);
}

int command_codes(int argc, char **argv) {
    static const struct option options[] = {{"rules", required_argument, NULL, 'r'},
                                            {"scheme", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *rules = "rules/bundles/chs-drg-11.yaml", *scheme = NULL;
    for (int c; (c = getopt_long(argc, argv, "r:h", options, NULL)) != -1;) {
        if (c == 'h') {
            return rules_help(help);
        }
        if (c == '?') {
            return rules_wrong_use("codes", "unknown option");
        }
        rules = c == 'r' ? optarg : rules;
        scheme = c == 's' ? optarg : scheme;
    }
    if (argc - optind != 1) {
        return rules_wrong_use("codes", "name one set, or quote its items");
    }
    struct compilation *work = compilation_new();
    struct listing listing = {0};
    bool good = compilation_read(work, rules) &&
                compilation_codes(work, scheme, argv[optind], print_code, &listing);
    int code = good ? EXIT_DONE : rules_print_errors(work);
    if (good) {
        fprintf(stderr, "%zu codes\n", listing.count);
    }
    compilation_free(work);
    return code;
}
