/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases with codes of the clinical version: converted once by the crosswalk, with a finding, and only when declared so.
 * The codes are of rules/codes/crosswalk-*.tsv, the image is Harbin's. */
#include <criterion/criterion.h>
#include <string.h>

#include "../../grouper/casemix.h"
#include "../support/support.h"

static casemix_image *image;
static casemix_context *context;
static casemix_case *one;

static void setup(void) {
    casemix_error error;
    cr_assert(casemix_image_open(path_under("CASEMIX_IMAGES", "haerbin-2022.cmx"), &image, &error) == CASEMIX_OK, "%s",
              error.message);
    cr_assert(casemix_context_new(image, NULL, NULL, &context, &error) == CASEMIX_OK, "%s", error.message);
    one = casemix_case_new();
}

static void teardown(void) {
    casemix_case_free(one);
    casemix_context_free(context);
    casemix_image_close(image);
}

static void say(const char *column, const char *text) {
    casemix_case_set(one, casemix_fact(column), text, strlen(text));
}

static casemix_grouping group(const char *diagnoses, const char *procedures) {
    casemix_grouping grouping;
    say("gender", "1");
    say("age", "60");
    say("dx", diagnoses);
    say("proc", procedures);
    cr_assert(casemix_group(context, one, &grouping) == CASEMIX_OK);
    return grouping;
}

static void expect_finding(uint32_t n, casemix_finding_code code, const char *given, const char *replaced_by) {
    casemix_finding finding;
    cr_assert(casemix_finding_at(context, n, &finding) == CASEMIX_OK, "finding %u of %u", n,
              casemix_finding_count(context));
    cr_expect(finding.code == code, "%s instead of %s", casemix_finding_text(finding.code), casemix_finding_text(code));
    cr_expect(finding.given.length == strlen(given) && memcmp(finding.given.text, given, finding.given.length) == 0);
    cr_expect(finding.replaced_by.length == strlen(replaced_by) &&
                  memcmp(finding.replaced_by.text, replaced_by, finding.replaced_by.length) == 0,
              "%.*s instead of %s", (int)finding.replaced_by.length, finding.replaced_by.text, replaced_by);
}

TestSuite(clinical, .init = setup, .fini = teardown);

Test(clinical, a_code_is_converted_once) {
    cr_assert(casemix_context_set(context, CASEMIX_CLINICAL_CODES, 1) == CASEMIX_OK);
    /* A19.000x001, the target, is itself a clinical code of another meaning: it must not be converted again. */
    group("A19.800x010", "00.6400x007");
    cr_expect_eq(casemix_finding_count(context), 2);
    expect_finding(0, CASEMIX_FINDING_CODE_CONVERTED, "A19.800x010", "A19.000x001");
    expect_finding(1, CASEMIX_FINDING_CODE_CONVERTED, "00.6400x007", "00.6500x014");
}

Test(clinical, a_sloppy_code_is_converted) {
    cr_assert(casemix_context_set(context, CASEMIX_CLINICAL_CODES, 1) == CASEMIX_OK);
    group("I10.x00x002| a01.000X002", "");
    cr_expect_eq(casemix_finding_count(context), 1);
    expect_finding(0, CASEMIX_FINDING_CODE_CONVERTED, " a01.000X002", "A01.003");
}

Test(clinical, a_code_of_both_versions_stays) {
    cr_assert(casemix_context_set(context, CASEMIX_CLINICAL_CODES, 1) == CASEMIX_OK);
    group("I63.900|J18.900", "");
    cr_expect_eq(casemix_finding_count(context), 0);
}

Test(clinical, insurance_codes_are_never_converted) {
    group("A21.200", ""); /* means something else in the clinical version */
    cr_expect_eq(casemix_finding_count(context), 0);
    casemix_grouping before = group("A49.100", "");
    cr_assert(casemix_context_set(context, CASEMIX_CLINICAL_CODES, 1) == CASEMIX_OK);
    group("A49.100", "");
    expect_finding(0, CASEMIX_FINDING_CODE_CONVERTED, "A49.100", "A49.103");
    cr_assert(casemix_context_set(context, CASEMIX_CLINICAL_CODES, 0) == CASEMIX_OK);
    casemix_grouping after = group("A49.100", "");
    cr_expect_eq(before.group, after.group);
    cr_expect_eq(casemix_finding_count(context), 0);
}

Test(clinical, an_image_without_crosswalk_says_so) {
    casemix_image *small;
    casemix_context *without;
    cr_assert(casemix_image_open(path_under("CASEMIX_IMAGES", "small.cmx"), &small, NULL) == CASEMIX_OK);
    cr_assert(casemix_context_new(small, NULL, NULL, &without, NULL) == CASEMIX_OK);
    cr_expect(casemix_context_set(without, CASEMIX_CLINICAL_CODES, 1) == CASEMIX_BAD_ARGUMENT);
    cr_expect(strstr(casemix_context_message(without), "crosswalk") != NULL);
    casemix_context_free(without);
    casemix_image_close(small);
}
