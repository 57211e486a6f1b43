/* SPDX-License-Identifier: Apache-2.0
 *
 * The subcommands and what their exit codes mean. Each lives in the file of its name. */
#ifndef CASEMIX_TOOLS_COMMAND_H
#define CASEMIX_TOOLS_COMMAND_H

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FOUND = 1, /* something wrong was found: mismatches, errors in rules, an input without usable heading */
    EXIT_USAGE = 2, /* wrong use of the command */
    EXIT_IO = 3,    /* a file cannot be read or written */
    EXIT_IMAGE = 4, /* the image is damaged, or no image */
};

/* argv[0] is the name of the subcommand; every one knows --help. */
typedef int command_fn(int argc, char **argv);

command_fn command_compile, command_check, command_codes, command_import, command_diff, command_calibrate; /* the rules */
command_fn command_group, command_verify, command_explain, command_price, command_settle, command_report,
    command_bench, command_version;

#endif
