/* SPDX-License-Identifier: Apache-2.0
 *
 * What the fuzz targets share. They work in a folder that is a copy of tests/rules/small (tests/fuzz/run makes it
 * and sets CASEMIX_FUZZ_FOLDER), so that what a rule file names is there. */
#ifndef CASEMIX_TESTS_FUZZ_H
#define CASEMIX_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grouper/casemix.h"
#include "tables/compile/compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline const char *fuzz_path(const char *name) {
    static char paths[4][1000];
    static unsigned next;
    const char *folder = getenv("CASEMIX_FUZZ_FOLDER");
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder ? folder : ".", name);
    return path;
}

/* A file in the folder: text before the input, the input, text behind it. */
static inline const char *fuzz_file(const char *name, const char *before, const uint8_t *data, size_t size,
                                    const char *behind) {
    const char *path = fuzz_path(name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(before, 1, strlen(before), file) != strlen(before) || fwrite(data, 1, size, file) != size ||
        fwrite(behind, 1, strlen(behind), file) != strlen(behind) || fclose(file) != 0) {
        abort();
    }
    return path;
}

static inline void fuzz_tell(void *user, const casemix_trace *event) {
    *(size_t *)user += event->detail.length + event->rule.length;
}

/* Group, explain and price a case on every scheme and policy of an image. */
static inline void fuzz_use_image(const void *bytes, size_t size) {
    casemix_image *image = NULL;
    if (casemix_image_from_memory(bytes, size, &image, NULL) != CASEMIX_OK) {
        return;
    }
    casemix_case *one = casemix_case_new();
    static const char *const facts[] = {"gender",
                                        "1",
                                        "age",
                                        "0",
                                        "age_days",
                                        "9",
                                        "weight",
                                        "1400",
                                        "los",
                                        "70",
                                        "dx",
                                        "I63.900|E87.600|k35900|N17.900",
                                        "proc",
                                        "01.2400|51.2300",
                                        "dept",
                                        "ICU",
                                        "ventilator_hours",
                                        "99",
                                        "cost",
                                        "15000.50",
                                        "patient_paid",
                                        "10",
                                        "hospital_level",
                                        "三级",
                                        "insured_type",
                                        "职工"};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i += 2) {
        casemix_case_set(one, casemix_fact(facts[i]), facts[i + 1], strlen(facts[i + 1]));
    }
    uint32_t schemes = casemix_scheme_count(image), policies = casemix_policy_count(image);
    for (uint32_t n = 0; n < schemes + policies; n++) {
        casemix_scheme_info scheme = {0};
        casemix_policy_info policy = {0};
        casemix_context *context = NULL;
        casemix_grouping grouping;
        casemix_price price;
        size_t length = 0;
        if (n < schemes) {
            casemix_scheme_at(image, n, &scheme);
        } else {
            casemix_policy_at(image, n - schemes, &policy);
        }
        if (casemix_context_new(image, scheme.id.text, policy.id.text, &context, NULL) == CASEMIX_OK &&
            casemix_group(context, one, &grouping) == CASEMIX_OK &&
            casemix_explain(context, one, fuzz_tell, &length, &grouping) == CASEMIX_OK) {
            casemix_price_case(context, one, &grouping, &price);
        }
        casemix_context_free(context);
    }
    casemix_case_free(one);
    casemix_image_close(image);
}

/* Compile a rule file; if it is good, use the image. */
static inline void fuzz_compile(const char *path) {
    struct compilation *work = compilation_new();
    if (compilation_read(work, path) && compilation_check(work) && compilation_build(work)) {
        size_t size;
        const void *image = compilation_image(work, &size);
        fuzz_use_image(image, size);
    }
    compilation_free(work);
}

#endif
