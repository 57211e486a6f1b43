/* SPDX-License-Identifier: Apache-2.0
 *
 * Several schemes in one image, on tests/rules/years: `small` of 2022, `next` from 2023 to June 2024, and `city` from
 * July 2023 on for the regions 230100 and 230200. */
#include "../../tables/compile/compile.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct expected {
    const char *discharged, *region, *scheme;
    casemix_status status;
    casemix_reason reason;
    const char *fact, *drg;
};

#define BY(scheme, drg) scheme, CASEMIX_GROUPED, CASEMIX_REASON_NONE, "", drg
#define NOT(status, reason, fact) "", CASEMIX_##status, CASEMIX_REASON_##reason, fact, ""

/* A stroke of a man of 63: BR25, in the city BR29. */
static const struct expected table[] = {
    {"2022-01-01", "", BY("small", "BR25")},
    {"2022-12-31", "", BY("small", "BR25")},
    {"2023-01-01", "", BY("next", "BR25")},
    {"2023/06/30", "230100", BY("next", "BR25")},
    {"20230701", "230100", BY("city", "BR29")},
    {"2023-07-01 08:30:00", " 230200 ", BY("city", "BR29")},
    {"2023-07-01T08:30", "230300", BY("next", "BR25")},
    {"2023-07-01", "", BY("next", "BR25")},
    {"2024-06-30", "23010", BY("next", "BR25")},
    {"2030-01-01", "230100", BY("city", "BR29")},
    {"2021-12-31", "", NOT(INVALID, NO_SCHEME_IN_FORCE, "discharged")},
    {"2021-12-31", "230100", NOT(INVALID, NO_SCHEME_IN_FORCE, "discharged")},
    {"2024-07-01", "230300", NOT(INVALID, NO_SCHEME_IN_FORCE, "region")},
    {"2024-07-01", "", NOT(NEEDS_DATA, MISSING_FACT, "region")},
    {"", "230100", NOT(NEEDS_DATA, MISSING_FACT, "discharged")},
    {"2022-13-01", "", NOT(INVALID, BAD_FACT, "discharged")},
    {"2022-1-1", "", NOT(INVALID, BAD_FACT, "discharged")},
    {"2022-01/01", "", NOT(INVALID, BAD_FACT, "discharged")},
    {"202201011", "", NOT(INVALID, BAD_FACT, "discharged")},
    {"yesterday", "", NOT(INVALID, BAD_FACT, "discharged")},
};

static void set(casemix_case *one, const char *column, const char *text) {
    casemix_case_set(one, casemix_fact(column), text, strlen(text));
}

static bool is(casemix_text text, const char *expected) {
    return text.length == strlen(expected) && memcmp(text.text, expected, text.length) == 0;
}

static casemix_case *stroke(void) {
    casemix_case *one = casemix_case_new();
    cr_assert(one);
    set(one, "gender", "1");
    set(one, "age", "63");
    set(one, "dx", "i63.900");
    return one;
}

static void ignore_event(void *user, const casemix_trace *event) {
    (*(unsigned *)user)++;
}

static void expect(casemix_context *context, casemix_case *one, const struct expected *row) {
    casemix_grouping grouping, explained;
    set(one, "discharged", row->discharged);
    set(one, "region", row->region);
    cr_assert_eq(casemix_group(context, one, &grouping), CASEMIX_OK);
    const char *fact = grouping.fact < 0 ? "" : casemix_fact_column(grouping.fact);
    cr_expect(grouping.status == row->status && grouping.reason == row->reason && is(grouping.scheme, row->scheme) &&
                  is(grouping.drg, row->drg) && strcmp(fact, row->fact) == 0,
              "%s in '%s': %s, %s, scheme %.*s, DRG %.*s, fact %s", row->discharged, row->region,
              casemix_status_text(grouping.status), casemix_reason_text(grouping.reason), (int)grouping.scheme.length,
              grouping.scheme.text, (int)grouping.drg.length, grouping.drg.text, fact);
    cr_expect_eq(casemix_finding_count(context), row->scheme[0] ? 1u : 0u, "the repaired code, if it was looked at");
    unsigned events = 0;
    cr_assert_eq(casemix_explain(context, one, ignore_event, &events, &explained), CASEMIX_OK);
    cr_expect(events > 0 && explained.reason == grouping.reason && is(explained.scheme, row->scheme));
}

Test(choice, by_date_and_region) {
    casemix_image *image = open_image("years.cmx");
    casemix_context *context = new_context(image, NULL, NULL);
    casemix_case *one = stroke();
    size_t rows = sizeof table / sizeof *table;
    for (size_t i = 0; i < rows; i++) { /* every row after every other: nothing of the case before may stay */
        for (size_t j = 0; j < rows; j++) {
            expect(context, one, &table[i]);
            expect(context, one, &table[j]);
        }
    }
    casemix_case_free(one);
    casemix_context_free(context);
    casemix_image_close(image);
}

/* A scheme that was named is used for every case, and so is the only one of an image. */
Test(choice, not_where_one_was_named) {
    casemix_image *images[] = {open_image("years.cmx"), open_image("small.cmx")};
    const char *const names[] = {"next", NULL}, *const used[] = {"next", "small"};
    for (int i = 0; i < 2; i++) {
        casemix_context *context = new_context(images[i], names[i], NULL);
        casemix_case *one = stroke();
        casemix_grouping grouping;
        set(one, "discharged", "1999-01-01");
        cr_assert_eq(casemix_group(context, one, &grouping), CASEMIX_OK);
        cr_expect(grouping.status == CASEMIX_GROUPED && is(grouping.scheme, used[i]));
        casemix_case_free(one);
        casemix_context_free(context);
        casemix_image_close(images[i]);
    }
}

/* An image whose schemes are in force at once was not reviewed; a context for it must name one. */
Test(choice, overlapping_schemes_must_be_named) {
    struct compilation *work = compilation_new();
    cr_assert(compilation_read(work, path_under("CASEMIX_ROOT", "tests/bad-rules/schemes-overlap.yaml")) &&
              compilation_build(work));
    size_t size;
    const void *bytes = compilation_image(work, &size);
    casemix_image *image;
    casemix_context *context;
    casemix_error error = {0};
    cr_assert_eq(casemix_image_from_memory(bytes, size, &image, &error), CASEMIX_OK);
    cr_expect_eq(casemix_context_new(image, NULL, NULL, &context, &error), CASEMIX_BAD_ARGUMENT);
    cr_expect(strstr(error.message, "overlapping") && strstr(error.message, "name the one to use"), "%s", error.message);
    cr_expect_eq(casemix_context_new(image, "overlapping", NULL, &context, &error), CASEMIX_OK);
    casemix_context_free(context);
    casemix_image_close(image);
    compilation_free(work);
}
