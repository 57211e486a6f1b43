/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix calibrate: what is to be computed of a history. */
#include "calibrate/calibrate.h"

#include <string.h>

static const char help[] =
    "usage: casemix calibrate dip|drg|auxiliary -i IMAGE.cmx HISTORY.csv... -o DIR [options]\n"
    "\n"
    "Computes from the claims of several years what a region needs to pay by groups. All figures are exact\n"
    "and are rounded once; the order of the rows does not matter.\n"
    "\n"
    "  dip        a local catalogue: entries, scores, comprehensive entries, coefficients by hospital level\n"
    "  auxiliary  factors of auxiliary catalogues, where they earn their place\n"
    "  drg        relative weights, base rates, unstable groups\n"
    "\n"
    "`casemix calibrate KIND --help` says more.\n";

int command_calibrate(int argc, char **argv) {
    static const struct {
        const char *name;
        char full_name[24];
        int (*run)(int argc, char **argv);
    } kinds[] = {
        {"dip", "calibrate dip", calibrate_dip},
        {"drg", "calibrate drg", calibrate_drg},
        {"auxiliary", "calibrate auxiliary", calibrate_auxiliary},
    };
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return EXIT_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(argv[1], kinds[i].name) == 0) {
            char name[24];
            memcpy(name, kinds[i].full_name, sizeof name);
            argv[1] = name;
            return kinds[i].run(argc - 1, argv + 1);
        }
    }
    complain(argc < 2 ? "calibrate: say what: dip, drg or auxiliary; see `casemix calibrate --help`"
                      : "calibrate: \"%.40s\" cannot be calibrated; it is dip, drg or auxiliary",
             argc < 2 ? "" : argv[1]);
    return EXIT_USAGE;
}
