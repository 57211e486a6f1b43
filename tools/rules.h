/* SPDX-License-Identifier: Apache-2.0
 *
 * What the subcommands on rules share: compile, check and codes. The only part of the tools that knows the compiler. */
#ifndef CASEMIX_TOOLS_RULES_H
#define CASEMIX_TOOLS_RULES_H

#include <stdbool.h>
#include <stdio.h>

#include "../tables/compile/compile.h"

/* Print the help of a subcommand on standard output; returns EXIT_DONE. */
int rules_help(const char *help);
/* A message about wrong use that points to the help; returns EXIT_USAGE. */
int rules_wrong_use(const char *command, const char *what);

/* The exit code of rules with errors: EXIT_IO if a file could not be read, EXIT_FOUND otherwise. */
int rules_exit_code(const struct compilation *work);
/* All messages on standard error; returns rules_exit_code. */
int rules_print_errors(const struct compilation *work);

/* "haerbin-2022: 26 MDC, 376 ADRG, 671 DRG, 33308 diagnoses, 13686 procedures" */
void rules_print_scheme(const struct scheme *scheme, FILE *out);

#endif
