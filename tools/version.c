/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix version: of the command, and of an image what it was made of. */
#include "command.h"
#include "common.h"
#include "report/page.h"

static const char help[] = "usage: casemix version [-i IMAGE.cmx]\n"
                           "\n"
                           "Prints the version of the command and its library, and whether the page of `casemix "
                           "report` has charts. With an\n"
                           "image also its fingerprint, which names it in every result, its schemes, its policies, "
                           "and the files it was made\n"
                           "of with their XXH3 hashes.\n"
                           "\n"
                           "examples:\n"
                           "  casemix version\n"
                           "  casemix version -i haerbin-2022.cmx\n";

static void print_regions(const casemix_image *image, uint32_t scheme) {
    casemix_text region;
    uint32_t count = casemix_scheme_region_count(image, scheme);
    for (uint32_t i = 0; i < count && casemix_scheme_region_at(image, scheme, i, &region) == CASEMIX_OK; i++) {
        printf("%s%s%s", i == 0 ? "  for the regions " : " ", region.text, i + 1 == count ? "\n" : "");
    }
}

static void print_dates(casemix_text from, casemix_text until) {
    if (from.length || until.length) {
        printf("  in force %s to %s\n", from.length ? from.text : "...", until.length ? until.text : "...");
    }
}

static void print_schemes(const casemix_image *image) {
    casemix_scheme_info s;
    for (uint32_t i = 0; i < casemix_scheme_count(image) && casemix_scheme_at(image, i, &s) == CASEMIX_OK; i++) {
        printf("scheme %s  %s\n", s.id.text, s.title.text);
        if (casemix_scheme_kind_at(image, i) == CASEMIX_SCHEME_DIP) {
            printf("  DIP: %u parts, %u entries, ", s.mdcs, s.drgs);
        } else {
            printf("  DRG: %u MDC, %u ADRG, %u DRG, ", s.mdcs, s.adrgs, s.drgs);
        }
        printf("%u diagnoses, %u procedures\n", s.diagnoses, s.procedures);
        if (casemix_scheme_is_demonstration(image, i)) {
            printf("  made of demonstration data: no real catalogue\n");
        }
        print_dates(s.from, s.until);
        print_regions(image, i);
        if (s.source.length) {
            printf("  source: %s\n", s.source.text);
        }
    }
}

static void print_policies(const casemix_image *image) {
    casemix_policy_info p;
    for (uint32_t i = 0; i < casemix_policy_count(image) && casemix_policy_at(image, i, &p) == CASEMIX_OK; i++) {
        printf("policy %s  %s\n  for scheme %s\n", p.id.text, p.title.text, p.scheme.text);
        print_dates(p.from, p.until);
        if (p.source.length) {
            printf("  source: %s\n", p.source.text);
        }
    }
}

static void print_sources(const casemix_image *image) {
    casemix_source_info s;
    printf("made of\n");
    for (uint32_t i = 0; i < casemix_source_count(image) && casemix_source_at(image, i, &s) == CASEMIX_OK; i++) {
        printf("  %016llx %9llu  %s\n", (unsigned long long)s.hash, (unsigned long long)s.size, s.name.text);
    }
}

int command_version(int argc, char **argv) {
    struct options o;
    int code = options_read(&o, argc, argv, TAKES_IMAGE | IMAGE_OPTIONAL, help);
    if (code >= 0) {
        return code;
    }
    if (o.word_count) {
        return wrong_use(&o, "an image is named with -i IMAGE.cmx");
    }
    printf("casemix %s\n", casemix_version());
    if (!o.image) {
        printf("charts: %s\n",
               page_chart_library[0] ? page_chart_library : "not built in (run tools/vendor and build again)");
        return EXIT_DONE;
    }
    casemix_image *image;
    if ((code = open_image(o.image, &image)) != EXIT_DONE) {
        return code;
    }
    printf("image %s\n", casemix_image_fingerprint(image));
    print_schemes(image);
    print_policies(image);
    print_sources(image);
    close_image(image);
    return EXIT_DONE;
}
