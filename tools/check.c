/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix check: the review of rules. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "rules.h"

static const char help[] =
    "usage: casemix check RULES.yaml\n"
    "\n"
    "Reviews a bundle, or a scheme or policy alone, without making an image: what is wrong, and what looks wrong\n"
    "(groups that can never be reached, diagnoses in no MDC, weights for groups that do not exist ...). Each line says\n"
    "file:line:column and what to do. Exit code 1 if there are errors; warnings do not count.\n"
    "\n"
    "examples:\n"
    "  casemix check rules/bundles/haerbin-2022.yaml\n"
    "  casemix check rules/schemes/chs-drg-11/scheme.yaml\n";

int command_check(int argc, char **argv) {
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        return c == 'h' ? rules_help(help) : rules_wrong_use("check", "unknown option");
    }
    if (argc - optind != 1) {
        return rules_wrong_use("check", "name one file of rules");
    }
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, argv[optind]);
    good = good && compilation_check(work) && (compilation_scheme_count(work) == 0 || compilation_build(work));
    const struct report *report = compilation_report(work);
    report_print(report, stdout);
    for (size_t i = 0; good && i < compilation_scheme_count(work); i++) {
        rules_print_scheme(compilation_scheme(work, i), stdout);
    }
    printf("%zu errors, %zu warnings\n", report->errors, report->warnings);
    int code = good ? EXIT_DONE : rules_exit_code(work);
    compilation_free(work);
    return code;
}
