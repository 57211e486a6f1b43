/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix: which subcommand is meant. */
#include "command.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

struct command {
    const char *name, *what;
    command_fn *run;
};

static command_fn command_help;

static const struct command commands[] = {
    {"compile", "make an image out of rules in YAML", command_compile},
    {"check", "look for errors in rules", command_check},
    {"codes", "print what a set of codes holds", command_codes},
    {"diff", "say what differs between two rule sets, and what that does to cases", command_diff},
    {"import", "make rules out of other files: facts, a workbook, code lists", command_import},
    {"calibrate", "make weights, scores and catalogues out of claims of several years", command_calibrate},
    {"group", "group cases", command_group},
    {"price", "group cases and say what is paid for each", command_price},
    {"settle", "group, price and add up a month: hospitals and pools", command_settle},
    {"report", "statements of hospitals and the page of a settled month", command_report},
    {"explain", "one case, the whole reason", command_explain},
    {"verify", "compare with expected answers", command_verify},
    {"bench", "measure the speed", command_bench},
    {"help", "say how to use a command; `help facts` lists the columns", command_help},
    {"version", "print the version; with -i IMAGE what an image holds", command_version},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void print_commands(FILE *to) {
    fputs("usage: casemix COMMAND [ARGUMENTS]\n\nFrom coded inpatient cases to groups and payments.\n\n", to);
    for (size_t i = 0; i < COMMANDS; i++) {
        fprintf(to, "  %-9s  %s\n", commands[i].name, commands[i].what);
    }
    fputs("\n`casemix help COMMAND` says more. Exit codes: 0 done, 1 something wrong was found, 2 wrong use,\n"
          "3 cannot read or write, 4 bad image.\n\n"
          "examples:\n"
          "  casemix compile rules/bundles/haerbin-2022.yaml -o haerbin-2022.cmx\n"
          "  casemix settle -i haerbin-2022.cmx cases.csv -o month\n"
          "  casemix explain -i haerbin-2022.cmx gender=1 age=63 dx='I63.900|I10.x00x002'\n",
          to);
}

/* ---- the nearest name ------------------------------------------------------------------------------------- */

/* Letters to change, add or remove (at most 31 of the longer names count). */
static size_t distance(const char *a, const char *b) {
    enum { MOST = 31 };
    size_t row[MOST + 1], width = strnlen(b, MOST);
    for (size_t j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < strnlen(a, MOST); i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < width; j++) {
            size_t change = corner + (a[i] != b[j]);
            corner = row[j + 1];
            size_t other = 1 + (row[j] < corner ? row[j] : corner);
            row[j + 1] = change < other ? change : other;
        }
    }
    return row[width];
}

static const struct command *find_command(const char *name) {
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int unknown_command(const char *name) {
    const char *nearest = commands[0].name;
    for (size_t i = 1; i < COMMANDS; i++) {
        if (distance(name, commands[i].name) < distance(name, nearest)) {
            nearest = commands[i].name;
        }
    }
    if (distance(name, nearest) <= 3) {
        complain("there is no command '%s'; do you mean `casemix %s`? `casemix help` lists all", name, nearest);
    } else {
        complain("there is no command '%s'; `casemix help` lists all", name);
    }
    return EXIT_USAGE;
}

/* ---- help and version ------------------------------------------------------------------------------------- */

static void print_facts(void) {
    puts("Columns of the input, and names for `casemix explain`. Only dx is required by every command.\n"
         "WORD is the name in the rule language.\n");
    printf("%-16s  %-6s  %-5s  %s\n", "COLUMN", "WORD", "UNIT", "MEANING");
    for (int i = 0; i < casemix_fact_count(); i++) {
        printf("%-16s  %-6s  %-5s  %s\n", casemix_fact_column(i), casemix_fact_word(i), casemix_fact_unit(i),
               casemix_fact_meaning(i));
    }
}

static int command_help(int argc, char **argv) {
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_commands(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "facts") == 0) {
        print_facts();
        return EXIT_DONE;
    }
    const struct command *command = find_command(argv[1]);
    char ask[] = "--help";
    return command ? command->run(2, (char *[]){argv[1], ask, NULL}) : unknown_command(argv[1]);
}

int main(int argc, char **argv) {
    temporary_catch_signals();
    if (argc < 2) {
        print_commands(stderr);
        return EXIT_USAGE;
    }
    char version[] = "version";
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = "help";
        argc = 2;
    } else if (strcmp(name, "--version") == 0) {
        name = argv[1] = version;
    }
    const struct command *command = find_command(name);
    int code = command ? command->run(argc - 1, argv + 1) : unknown_command(name);
    temporary_remove_all();
    if (fflush(stdout) != 0 && code == EXIT_DONE) {
        complain("cannot write to standard output");
        code = EXIT_IO;
    }
    return code;
}
