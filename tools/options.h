/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of the subcommands that work on cases. One table says which there are; a subcommand names those it
 * takes. */
#ifndef CASEMIX_TOOLS_OPTIONS_H
#define CASEMIX_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum option_bit {
    TAKES_IMAGE = 1 << 0,  /* -i */
    TAKES_OUTPUT = 1 << 1, /* -o */
    TAKES_SCHEME = 1 << 2,
    TAKES_POLICY = 1 << 3,  /* --policy, --any-date */
    TAKES_READING = 1 << 4, /* --map, --encoding, --from, --codes */
    TAKES_REJECTS = 1 << 5,
    TAKES_THREADS = 1 << 6,
    TAKES_TRACE = 1 << 7,
    TAKES_STRICT = 1 << 8,  /* --strict, --show */
    TAKES_EXPLAIN = 1 << 9, /* --all, --money, --settled, --input, --id */
    TAKES_SETTLE = 1 << 10, /* --force, --quiet and those of TAKES_MONTH */
    TAKES_MONTH = 1 << 14,  /* --budget, --hospitals, --approved */
    TAKES_JSON = 1 << 11,
    IMAGE_OPTIONAL = 1 << 12,
    TAKES_DIFF = 1 << 13,   /* --cases, --scheme-a, --scheme-b, --policy-a, --policy-b, --all */
    TAKES_REPORT = 1 << 15, /* --language, --force, --quiet */
};

struct options {
    const char *command;
    const char *image, *output, *scheme, *policy, *rejects;
    const char *map, *encoding, *from, *codes;
    const char *budget, *hospitals, *approved, *input, *id;
    const char *language;
    const char *cases, *scheme_a, *scheme_b, *policy_a, *policy_b;
    unsigned threads, show;
    bool clinical; /* --codes clinical */
    bool english;  /* --language en */
    bool trace, strict, all, money, settled, any_date, force, quiet, json;
    char **words; /* what is left of the command line */
    int word_count;
};

/* -1: go on. Otherwise the exit code: after --help, or after a message about wrong use. */
int options_read(struct options *options, int argc, char **argv, unsigned takes, const char *help);
/* A message about wrong use that points to the help; returns EXIT_USAGE. */
int wrong_use(const struct options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
