/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <string.h>

#include "command.h"

int rules_help(const char *help) {
    fputs(help, stdout);
    return EXIT_DONE;
}

int rules_wrong_use(const char *command, const char *what) {
    fprintf(stderr, "casemix %s: %s; see `casemix %s --help`\n", command, what, command);
    return EXIT_USAGE;
}

int rules_exit_code(const struct compilation *work) {
    const struct report *report = compilation_report(work);
    for (size_t i = 0; i < report->count; i++) {
        if (report->lines[i].message == MSG_cannot_read) {
            return EXIT_IO;
        }
    }
    return EXIT_FOUND;
}

int rules_print_errors(const struct compilation *work) {
    report_print(compilation_report(work), stderr);
    return rules_exit_code(work);
}

/* ADRGs are counted by code: those in several entries stand together. */
static size_t count_adrgs(const struct mdc *mdc) {
    size_t count = 0;
    for (size_t s = 0; s < mdc->step_count; s++) {
        bool again = false;
        for (size_t t = 0; t < s && !again; t++) {
            again = strcmp(mdc->steps[t]->code, mdc->steps[s]->code) == 0;
        }
        count += !again && !mdc->steps[s]->is_qy;
    }
    return count;
}

void rules_print_scheme(const struct scheme *scheme, FILE *out) {
    size_t adrgs = 0, drgs = 0;
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        adrgs += count_adrgs(scheme->mdcs[m]);
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            drgs += scheme->mdcs[m]->steps[s]->drg_count;
        }
    }
    if (scheme->dip != NULL) {
        fprintf(out, "%s: DIP, %zu parts, %zu entries", scheme->id, scheme->mdc_count, drgs);
    } else {
        fprintf(out, "%s: %zu MDC, %zu ADRG, %zu DRG", scheme->id, scheme->mdc_count, adrgs, drgs);
    }
    fprintf(out, ", %u diagnoses, %u procedures\n", scheme->catalogues[CODE_DIAGNOSIS]->count,
            scheme->catalogues[CODE_PROCEDURE]->count);
}
