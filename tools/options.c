/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the command line of a subcommand. */
#include "options.h"

#include "command.h"
#include "output.h"

#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum option_kind { WORD, NUMBER, SWITCH };

struct option_row {
    const char *name;
    unsigned bit;
    enum option_kind kind;
    size_t field; /* where in struct options */
};

static const struct option_row rows[] = {
    {"image", TAKES_IMAGE, WORD, offsetof(struct options, image)},
    {"output", TAKES_OUTPUT, WORD, offsetof(struct options, output)},
    {"scheme", TAKES_SCHEME, WORD, offsetof(struct options, scheme)},
    {"policy", TAKES_POLICY, WORD, offsetof(struct options, policy)},
    {"any-date", TAKES_POLICY, SWITCH, offsetof(struct options, any_date)},
    {"rejects", TAKES_REJECTS, WORD, offsetof(struct options, rejects)},
    {"map", TAKES_READING, WORD, offsetof(struct options, map)},
    {"encoding", TAKES_READING, WORD, offsetof(struct options, encoding)},
    {"from", TAKES_READING, WORD, offsetof(struct options, from)},
    {"codes", TAKES_READING, WORD, offsetof(struct options, codes)},
    {"budget", TAKES_SETTLE | TAKES_MONTH, WORD, offsetof(struct options, budget)},
    {"hospitals", TAKES_SETTLE | TAKES_MONTH, WORD, offsetof(struct options, hospitals)},
    {"approved", TAKES_SETTLE | TAKES_MONTH, WORD, offsetof(struct options, approved)},
    {"input", TAKES_EXPLAIN, WORD, offsetof(struct options, input)},
    {"id", TAKES_EXPLAIN, WORD, offsetof(struct options, id)},
    {"threads", TAKES_THREADS, NUMBER, offsetof(struct options, threads)},
    {"show", TAKES_STRICT, NUMBER, offsetof(struct options, show)},
    {"trace", TAKES_TRACE, SWITCH, offsetof(struct options, trace)},
    {"strict", TAKES_STRICT, SWITCH, offsetof(struct options, strict)},
    {"cases", TAKES_DIFF, WORD, offsetof(struct options, cases)},
    {"scheme-a", TAKES_DIFF, WORD, offsetof(struct options, scheme_a)},
    {"scheme-b", TAKES_DIFF, WORD, offsetof(struct options, scheme_b)},
    {"policy-a", TAKES_DIFF, WORD, offsetof(struct options, policy_a)},
    {"policy-b", TAKES_DIFF, WORD, offsetof(struct options, policy_b)},
    {"all", TAKES_EXPLAIN | TAKES_DIFF, SWITCH, offsetof(struct options, all)},
    {"money", TAKES_EXPLAIN, SWITCH, offsetof(struct options, money)},
    {"settled", TAKES_EXPLAIN, SWITCH, offsetof(struct options, settled)},
    {"language", TAKES_REPORT, WORD, offsetof(struct options, language)},
    {"force", TAKES_SETTLE | TAKES_REPORT, SWITCH, offsetof(struct options, force)},
    {"quiet", TAKES_SETTLE | TAKES_REPORT, SWITCH, offsetof(struct options, quiet)},
    {"json", TAKES_JSON, SWITCH, offsetof(struct options, json)},
};
#define ROWS (sizeof rows / sizeof rows[0])
enum { ROW_IMAGE, ROW_OUTPUT }; /* the first two */
enum { SHORT_HELP = 'h', SHORT_IMAGE = 'i', SHORT_OUTPUT = 'o', FIRST_ROW = 256 };

int wrong_use(const struct options *options, const char *format, ...) {
    char sentence[400];
    va_list list;
    va_start(list, format);
    vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    complain("%s: %s; see `casemix help %s`", options->command, sentence, options->command);
    return EXIT_USAGE;
}

static int set_option(struct options *options, const struct option_row *row, const char *value) {
    char *field = (char *)options + row->field;
    if (row->kind == SWITCH) {
        *(bool *)(void *)field = true;
    } else if (row->kind == WORD && !*value) {
        return wrong_use(options, "--%s needs a value", row->name);
    } else if (row->kind == WORD) {
        *(const char **)(void *)field = value;
    } else {
        char *end;
        unsigned long number = strtoul(value, &end, 10);
        if (value[0] < '0' || value[0] > '9' || *end || number > 100000) {
            return wrong_use(options, "--%s needs a whole number, not '%s'", row->name, value);
        }
        *(unsigned *)(void *)field = (unsigned)number;
    }
    return -1;
}

/* What is wrong where getopt says '?' or ':'. Of an option with a value only the name is repeated. */
static int bad_option(const struct options *options, int found, char **argv) {
    char *word = argv[optind - 1];
    if (optopt && optopt < FIRST_ROW && found == '?') {
        return wrong_use(options, "there is no option -%c", optopt);
    }
    int name = (int)strcspn(word, "=");
    return wrong_use(options, found == ':' ? "%.*s needs a value" : "there is no option %.*s", name, word);
}

static size_t known_options(unsigned takes, struct option *known) {
    size_t count = 0;
    known[count++] = (struct option){"help", no_argument, NULL, SHORT_HELP};
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].bit & takes) {
            int needs = rows[i].kind == SWITCH ? no_argument : required_argument;
            known[count++] = (struct option){rows[i].name, needs, NULL, FIRST_ROW + (int)i};
        }
    }
    known[count] = (struct option){0};
    return count;
}

static const char *short_options(unsigned takes) {
    return takes & TAKES_OUTPUT ? ":hi:o:" : ":hi:";
}

int options_read(struct options *options, int argc, char **argv, unsigned takes, const char *help) {
    struct option known[ROWS + 2];
    known_options(takes, known);
    *options = (struct options){.command = argv[0], .threads = 1, .show = 10};
    opterr = 0;
    optind = 0; /* glibc: start anew */
    int found;
    while ((found = getopt_long(argc, argv, short_options(takes), known, NULL)) != -1) {
        int code = -1;
        if (found == SHORT_HELP) {
            fputs(help, stdout);
            return EXIT_DONE;
        }
        if (found == SHORT_IMAGE || found == SHORT_OUTPUT) {
            code = set_option(options, &rows[found == SHORT_IMAGE ? ROW_IMAGE : ROW_OUTPUT], optarg);
        } else if (found >= FIRST_ROW) {
            code = set_option(options, &rows[found - FIRST_ROW], optarg);
        } else {
            code = bad_option(options, found, argv);
        }
        if (code >= 0) {
            return code;
        }
    }
    options->words = argv + optind;
    options->word_count = argc - optind;
    if ((takes & TAKES_IMAGE) && !(takes & IMAGE_OPTIONAL) && !options->image) {
        return wrong_use(options, "say which rules: -i IMAGE.cmx (made by `casemix compile`)");
    }
    if (options->threads < 1 || options->threads > 256) {
        return wrong_use(options, "--threads takes 1 to 256");
    }
    if (options->from && strcmp(options->from, "csv") != 0) {
        return wrong_use(options, "--from %s is not supported; this version reads csv", options->from);
    }
    options->english = options->language && strcmp(options->language, "en") == 0;
    if (options->language && !options->english && strcmp(options->language, "zh") != 0) {
        return wrong_use(options, "--language takes zh or en, not '%s'", options->language);
    }
    options->clinical = options->codes && strcmp(options->codes, "clinical") == 0;
    if (options->codes && !options->clinical && strcmp(options->codes, "nhsa") != 0) {
        return wrong_use(options, "--codes takes nhsa or clinical, not '%s'", options->codes);
    }
    return -1;
}
