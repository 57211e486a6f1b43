/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix compile: rules in, image out. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "rules.h"

static const char help[] =
    "usage: casemix compile BUNDLE.yaml -o IMAGE.cmx [--quiet]\n"
    "\n"
    "Compiles a bundle of rules (or a scheme alone) into one image. The review of `casemix check` runs first: errors\n"
    "stop, warnings are counted. The same rules make the same image, byte for byte; it appears when it is complete.\n"
    "\n"
    "  -o, --output FILE    the image\n"
    "  -q, --quiet          say nothing but errors\n"
    "\n"
    "examples:\n"
    "  casemix compile rules/bundles/haerbin-2022.yaml -o haerbin-2022.cmx\n"
    "  casemix version -i haerbin-2022.cmx        what is in it\n";

static int write_image(const struct compilation *work, const char *path, bool quiet) {
    size_t size;
    char message[500];
    const void *bytes = compilation_image(work, &size);
    if (!image_write_file(path, bytes, size, message, sizeof message)) {
        fprintf(stderr, "casemix compile: %s\n", message);
        return EXIT_IO;
    }
    if (!quiet) {
        for (size_t i = 0; i < compilation_scheme_count(work); i++) {
            rules_print_scheme(compilation_scheme(work, i), stderr);
        }
        fprintf(stderr, "%s: %zu bytes, %zu warnings (casemix check lists them)\n", path, size,
                compilation_report(work)->warnings);
    }
    return EXIT_DONE;
}

int command_compile(int argc, char **argv) {
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *output = NULL;
    bool quiet = false;
    for (int c; (c = getopt_long(argc, argv, "o:qh", options, NULL)) != -1;) {
        if (c == 'h') {
            return rules_help(help);
        }
        if (c == '?') {
            return rules_wrong_use("compile", "unknown option");
        }
        output = c == 'o' ? optarg : output;
        quiet = quiet || c == 'q';
    }
    if (output == NULL || argc - optind != 1) {
        return rules_wrong_use("compile", output == NULL ? "say where the image goes with -o" : "name one bundle");
    }
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, argv[optind]) && compilation_check(work) && compilation_build(work);
    int code = good ? write_image(work, output, quiet) : rules_print_errors(work);
    compilation_free(work);
    return code;
}
