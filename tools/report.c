/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix report: the statements of hospitals and the page of a settled month. */
#include "report/month.h"
#include "report/page.h"
#include "report/statement.h"

#include "command.h"
#include "folder.h"
#include "options.h"

#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: casemix report MONTH -o DIR [options]\n"
    "\n"
    "Reports of a month that `casemix settle` wrote into the folder MONTH. All cases are added up anew and "
    "compared with\n"
    "the totals that stand there; if anything differs, the first difference is told and nothing is written. Writes "
    "the\n"
    "folder DIR, complete or not at all:\n"
    "  month.html               the page of the month: tables and charts, sums only; it opens without a network\n"
    "  statements/CODE/         one folder a hospital, to be handed to it as it is:\n"
    "    statement.xlsx         summary, groups, cases, cases without price, for Excel and WPS\n"
    "    cases.csv              its rows of cases.csv\n"
    "    totals.csv             its lines of hospitals.csv\n"
    "    groups.csv             group,cases,reversed,points,cost,standard,fund_payment,difference\n"
    "CODE is the code of the hospital; what a file name cannot hold is written as %XX.\n"
    "\n"
    "  -o, --output DIR     the folder to write\n"
    "      --language NAME  zh (the default) or en\n"
    "      --force          replace DIR if it is there and holds nothing but reports\n"
    "      --quiet          do not print what was written\n"
    "\n"
    "examples:\n"
    "  casemix settle -i haerbin-2022.cmx --policy harbin-2022 2022-06.csv -o 2022-06\n"
    "  casemix report 2022-06 -o 2022-06-reports\n";

/* A star is one hospital. */
static const char *const file_names[] = {"month.html",
                                         "statements/*/cases.csv",
                                         "statements/*/totals.csv",
                                         "statements/*/groups.csv",
                                         "statements/*/statement.xlsx",
                                         NULL};
enum { FILE_PAGE };

static void tell(const struct options *o, const struct month *month) {
    printf("%s: month.html, %zu statements of %llu cases (%llu without price, %llu taken back)\n", o->output,
           month->hospital_count, (unsigned long long)month->sum.cases, (unsigned long long)month->sum.unpriced,
           (unsigned long long)month->sum.reversed);
}

static int write_reports(const struct options *o, struct month *month, struct folder *folder) {
    struct statement_style style = {.language = o->english ? ENGLISH : CHINESE, .progress = isatty(STDERR_FILENO)};
    int code = statements_write(month, &style, folder);
    return code == EXIT_DONE ? page_write(month, style.language, folder_file(folder, FILE_PAGE)) : code;
}

int command_report(int argc, char **argv) {
    struct options o;
    struct month *month;
    int code = options_read(&o, argc, argv, TAKES_OUTPUT | TAKES_REPORT, help);
    if (code >= 0) {
        return code;
    }
    if (o.word_count != 1) {
        return wrong_use(&o, "say which month: the one folder that `casemix settle` wrote");
    }
    if (!o.output) {
        return wrong_use(&o, "say where the reports go: -o DIR");
    }
    struct folder *folder = folder_open(o.output, file_names, o.force);
    if (!folder) {
        return EXIT_IO;
    }
    code = month_open(o.words[0], &month);
    if (code == EXIT_DONE) {
        code = write_reports(&o, month, folder);
    }
    if (code != EXIT_DONE) {
        folder_abandon(folder);
    } else if (!folder_close(folder)) {
        code = EXIT_IO;
    } else if (!o.quiet) {
        tell(&o, month);
    }
    month_close(month);
    return code;
}
