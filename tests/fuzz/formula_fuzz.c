/* SPDX-License-Identifier: Apache-2.0
 *
 * Formulas of money: the input is the standard of a small policy. */
#include "fuzz.h"

static const char before[] =
    "policy: fuzz\ntitle: Fuzz\nscheme: small\nmethod: drg-rate\nsource: made up\ndate: 2026-11-27\n"
    "sure: made up\npools: {employee: [职工]}\nlevels: {三级: []}\nweights: weights.csv\n"
    "tables: {cap: {by: level, 三级: 3}}\nparameters: {low: 0.4, day: 321.65}\n"
    "values: {rate: 11356.64 * cap}\npoints: rw\npoint_value: rate\nstandard: |-\n  ";
static const char behind[] = "\nclasses: [{class: normal, pay: standard}]\nfund: pay - patient_paid\n"
                             "rounding: {pay: 2, fund: 2}\nabsent: {other_paid: 0, los: 0}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char bundle[] = "bundle: fuzz\nschemes: [scheme.yaml]\npolicies: [formula.yaml]\n";
    uint8_t line[2000];
    size = size < sizeof line ? size : sizeof line;
    for (size_t i = 0; i < size; i++) {
        line[i] = data[i] < ' ' ? ' ' : data[i];
    }
    fuzz_file("formula.yaml", before, line, size, behind);
    fuzz_compile(fuzz_file("formula-bundle.yaml", bundle, line, 0, ""));
    return 0;
}
