/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix report: the statements of hospitals and the page of a settled month. */
#include "report/month.h"
#include "report/page.h"
#include "report/statement.h"

#include "command.h"
#include "common.h"
#include "folder.h"

#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: casemix report MONTH [-i IMAGE.cmx] -o DIR [options]\n"
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
    "    groups.csv             group,cases,reversed,points,cost,standard,fund_payment,difference, and name with "
    "-i\n"
    "CODE is the code of the hospital; what a file name cannot hold is written as %XX.\n"
    "\n"
    "  -i, --image FILE     the image that settled the month: groups are told with their names\n"
    "  -o, --output DIR     the folder to write\n"
    "      --language NAME  zh (the default) or en\n"
    "      --force          replace DIR if it is there and holds nothing but reports\n"
    "      --quiet          do not print what was written\n"
    "\n"
    "examples:\n"
    "  casemix settle -i haerbin-2022.cmx --policy harbin-2022 2022-06.csv -o 2022-06\n"
    "  casemix report 2022-06 -i haerbin-2022.cmx -o 2022-06-reports\n";

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

static void add_scheme(struct group_names *out, const casemix_image *image, uint32_t scheme) {
    casemix_text code, name;
    for (uint32_t i = 0; casemix_scheme_answer_at(image, scheme, i, &code, &name) == CASEMIX_OK; i++) {
        group_names_add(out, code, name);
    }
}

static void add_schemes(struct group_names *out, const casemix_image *image, const char *first) {
    casemix_scheme_info info;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; casemix_scheme_at(image, i, &info) == CASEMIX_OK; i++) {
            if (same_text(info.id, text_of(first)) == (pass == 0)) {
                add_scheme(out, image, i);
            }
        }
    }
}

/* Out of an image, which must be the one that settled the month; where several of its schemes have a code, the
 * month's scheme names it. */
static int read_names(const char *image_path, const struct month *month, struct group_names *out) {
    const char *settled_by = json_string_value(json_object_get(month->summary, "image"));
    const char *scheme = json_string_value(json_object_get(month->summary, "scheme"));
    casemix_image *image;
    int code = open_image(image_path, &image);
    if (code != EXIT_DONE) {
        return code;
    }
    if (!settled_by || strcmp(settled_by, casemix_image_fingerprint(image)) != 0) {
        complain(
            "%s: is not the image that settled %s (its fingerprint is %s, that was %s); name that one, or none",
            image_path, month->folder, casemix_image_fingerprint(image), settled_by ? settled_by : "not told");
        code = EXIT_FOUND;
    } else {
        add_schemes(out, image, scheme ? scheme : "");
    }
    close_image(image);
    return code;
}

static int write_reports(const struct options *o, struct month *month, struct folder *folder) {
    struct statement_style style = {.language = o->english ? ENGLISH : CHINESE, .progress = isatty(STDERR_FILENO)};
    int code = statements_write(month, &style, folder);
    return code == EXIT_DONE ? page_write(month, style.language, folder_file(folder, FILE_PAGE)) : code;
}

int command_report(int argc, char **argv) {
    struct options o;
    struct month *month;
    int code = options_read(&o, argc, argv, TAKES_IMAGE | IMAGE_OPTIONAL | TAKES_OUTPUT | TAKES_REPORT, help);
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
    struct group_names names = {0};
    code = month_open(o.words[0], &month);
    if (code == EXIT_DONE && o.image) {
        code = read_names(o.image, month, &names);
        month->names = &names;
    }
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
    group_names_free(&names);
    return code;
}
