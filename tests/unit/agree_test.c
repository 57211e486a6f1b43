/* SPDX-License-Identifier: Apache-2.0
 *
 * The library and the slow evaluator (tests/oracle) must agree on generated cases. CASEMIX_AGREE_CASES sets how
 * many a scheme, CASEMIX_AGREE_SEED where they start. */
#include "../support/duel.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { CASES = 200000, EXPLAINED_EVERY = 50 };

static void agree(const char *scheme_file, const char *image_file, bool compatibility) {
    struct loaded_scheme loaded = load_scheme(path_under("CASEMIX_ROOT", scheme_file));
    casemix_image *image = open_image(image_file);
    struct duel duel;
    duel_start(&duel, image, loaded.scheme, number_setting("CASEMIX_AGREE_SEED", compatibility ? 2 : 1),
               compatibility);
    uint64_t cases = number_setting("CASEMIX_AGREE_CASES", CASES);
    for (uint64_t n = 0; n < cases; n++) {
        duel_fight(&duel, n, n % EXPLAINED_EVERY == 0, NULL);
    }
    fprintf(stderr, "%s%s:", image_file, compatibility ? " (compatibility)" : "");
    for (int s = 0; s < 5; s++) {
        fprintf(stderr, " %s %llu", casemix_status_text((casemix_status)s), (unsigned long long)duel.by_status[s]);
    }
    fprintf(stderr, "\n");
    cr_expect(duel.mismatches == 0, "%s: %u of %llu cases differ", image_file, duel.mismatches,
              (unsigned long long)cases);
    duel_end(&duel);
    casemix_image_close(image);
    arena_free(loaded.arena);
}

Test(agree, chs_drg_11, .timeout = 900) {
    agree("rules/schemes/chs-drg-11/scheme.yaml", "chs-drg-11.cmx", false);
}

Test(agree, haerbin_2022, .timeout = 900) {
    agree("rules/schemes/haerbin-2022.yaml", "haerbin-2022.cmx", false);
}

Test(agree, chs_drg_11_compatibility, .timeout = 900) {
    agree("rules/schemes/chs-drg-11/scheme.yaml", "chs-drg-11.cmx", true);
}

Test(agree, haerbin_2022_compatibility, .timeout = 900) {
    agree("rules/schemes/haerbin-2022.yaml", "haerbin-2022.cmx", true);
}

/* The small scheme has every kind of condition. */
Test(agree, small, .timeout = 900) {
    agree("tests/rules/small/scheme.yaml", "small.cmx", false);
}

Test(agree, small_compatibility, .timeout = 900) {
    agree("tests/rules/small/scheme.yaml", "small.cmx", true);
}
