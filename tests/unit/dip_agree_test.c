/* SPDX-License-Identifier: Apache-2.0
 *
 * The library and the slow evaluator must agree on generated cases of every DIP bundle: those that are shipped,
 * found by their name, and those of tests/rules. CASEMIX_DIP_CASES sets how many cases a scheme, CASEMIX_DIP_SEED
 * where they start, CASEMIX_DIP_ONLY takes only bundles with that in their path. */
#include "../support/dip_duel.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CASES = 200000, EXPLAINED_EVERY = 50, BUNDLES_MAX = 100 };

static glob_t all_bundles(void) {
    glob_t found;
    glob(path_under("CASEMIX_ROOT", "rules/bundles/dip-*.yaml"), 0, NULL, &found);
    glob(path_under("CASEMIX_ROOT", "tests/rules/dip*/*bundle.yaml"), GLOB_APPEND, NULL, &found);
    return found;
}

static int64_t seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void agree(const casemix_image *image, const struct scheme *scheme, bool compatibility) {
    struct dip_duel duel;
    int64_t start = seconds_now();
    dip_duel_start(&duel, image, scheme, number_setting("CASEMIX_DIP_SEED", 1), compatibility);
    uint64_t cases = number_setting("CASEMIX_DIP_CASES", CASES);
    for (uint64_t n = 0; n < cases; n++) {
        dip_duel_fight(&duel, n, n % EXPLAINED_EVERY == 0);
    }
    char title[200];
    snprintf(title, sizeof title, "%s, %lld s", scheme->id, (long long)(seconds_now() - start));
    dip_duel_record(&duel, title);
    cr_expect(duel.mismatches == 0, "%s: %u of %llu cases differ", scheme->id, duel.mismatches,
              (unsigned long long)cases);
    dip_duel_end(&duel);
}

/* Bundles are numbered in the order found: one test each, so that they run beside one another. */
ParameterizedTestParameters(dip_agree, bundle) {
    static size_t numbers[BUNDLES_MAX];
    glob_t found = all_bundles();
    size_t count = found.gl_pathc < BUNDLES_MAX ? found.gl_pathc : BUNDLES_MAX;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = i;
    }
    globfree(&found);
    return cr_make_param_array(size_t, numbers, count);
}

ParameterizedTest(size_t *number, dip_agree, bundle, .timeout = 1800) {
    glob_t found = all_bundles();
    const char *path = found.gl_pathv[*number], *only = getenv("CASEMIX_DIP_ONLY");
    if (only && !strstr(path, only)) {
        globfree(&found);
        return;
    }
    struct compiled compiled = compile_rules(path);
    for (size_t s = 0; s < compilation_scheme_count(compiled.work); s++) {
        const struct scheme *scheme = compilation_scheme(compiled.work, s);
        if (scheme->dip) {
            agree(compiled.image, scheme, false);
        }
    }
    compiled_free(&compiled);
    globfree(&found);
}
