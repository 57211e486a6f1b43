/* SPDX-License-Identifier: Apache-2.0
 *
 * The words for the numbers of casemix.h. They stand in outputs, so they never change. */
#include "context.h"

#include <string.h>

#define WORD_OF(words, number) ((size_t)(number) < sizeof(words) / sizeof *(words) ? (words)[number] : "unknown")

const char *casemix_status_text(casemix_status status) {
    static const char *const words[] = {"grouped", "qy", "ungrouped", "invalid", "needs-data"};
    return WORD_OF(words, status);
}

const char *casemix_reason_text(casemix_reason reason) {
    static const char *const words[] = {"",          "adrg-only",
                                        "qy",        "no-principal-diagnosis",
                                        "principal-diagnosis-unknown", "principal-diagnosis-in-no-mdc",
                                        "no-group-in-mdc", "bad-fact",
                                        "missing-fact", "gray-principal-code", "invalid-principal-code",
                                        "no-scheme-in-force", "excluded-principal-diagnosis", "no-entry"};
    return WORD_OF(words, reason);
}

const char *casemix_finding_text(casemix_finding_code code) {
    static const char *const words[] = {"",           "code-repaired",  "code-unknown",  "code-empty",
                                        "value-repaired", "missing-as-zero", "negative-kept", "code-gray", "code-invalid",
                                        "procedure-retried", "code-converted", "procedure-excluded",
                                        "procedure-conservative", "procedure-not-principal", "no-cost-to-compare", "policy-not-in-force"};
    return WORD_OF(words, code);
}

int casemix_fact(const char *column) {
    enum fact fact = column == NULL ? FACT_COUNT : fact_of_column(column, strlen(column));
    return fact == FACT_COUNT ? -1 : (int)fact;
}

int casemix_fact_count(void) {
    return FACT_COUNT;
}

const char *casemix_fact_column(int fact) {
    return fact < 0 || fact >= FACT_COUNT ? NULL : fact_rows[fact].column;
}

const char *casemix_fact_word(int fact) {
    return fact < 0 || fact >= FACT_COUNT ? NULL : fact_rows[fact].word;
}

const char *casemix_fact_unit(int fact) {
    return fact < 0 || fact >= FACT_COUNT ? NULL : fact_rows[fact].unit;
}

const char *casemix_fact_meaning(int fact) {
    return fact < 0 || fact >= FACT_COUNT ? NULL : fact_rows[fact].meaning;
}
