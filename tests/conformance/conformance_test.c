/* SPDX-License-Identifier: Apache-2.0
 *
 * `casemix verify` against the answers of an independent implementation: over the samples kept here, and over the
 * whole vectors where the folder that holds them lies beside the project. */
#include "../support/support.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run `casemix verify`; its output goes to the test's log. The exit code, or -1. */
static int verify(const char *image, const char *vectors) {
    char command[8192];
    snprintf(command, sizeof command, "'%s' verify -i '%s' '%s' >&2", setting("CASEMIX_COMMAND"), image, vectors);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_no_mismatch(const char *image, const char *vectors) {
    int code = verify(path_under("CASEMIX_IMAGES", image), vectors);
    cr_expect(code == 0, "verify of %s ended with %d", vectors, code);
}

static void whole(const char *image, const char *name) {
    const char *path = path_under("CASEMIX_ROOT", name);
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "SKIPPED: %s is not there; only the sample in tests/conformance was verified\n", path);
        cr_skip_test("no vectors beside the project");
    }
    expect_no_mismatch(image, path);
}

Test(conformance, sample_chs_drg_11, .timeout = 60) {
    expect_no_mismatch("chs-drg-11.cmx", path_under("CASEMIX_ROOT", "tests/conformance/chs-drg-11.csv"));
}

Test(conformance, sample_haerbin_2022, .timeout = 60) {
    expect_no_mismatch("haerbin-2022.cmx", path_under("CASEMIX_ROOT", "tests/conformance/haerbin-2022.csv"));
}

/* The answers of one scheme are not those of the other: verify must notice. */
Test(conformance, finds_mismatches, .timeout = 60) {
    int code = verify(path_under("CASEMIX_IMAGES", "chs-drg-11.cmx"),
                      path_under("CASEMIX_ROOT", "tests/conformance/haerbin-2022.csv"));
    cr_expect(code == 1, "verify against the wrong scheme ended with %d", code);
}

Test(conformance, whole_chs_drg_11, .timeout = 300) {
    whole("chs-drg-11.cmx", "../shared/vectors/chs_drg_11.csv.gz");
}

/* ---- every vectors file beside the project ---- */

static char work[] = "/tmp/casemix-conformance-XXXXXX";

static void make_work(void) {
    cr_assert(mkdtemp(work) != NULL);
}

static void remove_work(void) {
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", work);
    cr_expect(system(command) == 0);
}

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *format, ...) {
    char command[8192];
    va_list list;
    va_start(list, format);
    vsnprintf(command, sizeof command, format, list);
    va_end(list);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The id of a vectors file as bundles have it: chs_drg_30.csv.gz -> chs-drg-30. */
static void id_of(const char *path, char *id, size_t size) {
    const char *slash = strrchr(path, '/');
    snprintf(id, size, "%s", slash == NULL ? path : slash + 1);
    id[strcspn(id, ".")] = '\0';
    for (char *at = id; *at != '\0'; at++) {
        *at = *at == '_' ? '-' : *at;
    }
}

static glob_t all_vectors(void) {
    glob_t found;
    if (glob(path_under("CASEMIX_ROOT", "../shared/vectors/*.csv.gz"), 0, NULL, &found) != 0) {
        fprintf(stderr, "SKIPPED: ../shared/vectors is not there; only the samples in tests/conformance were verified\n");
        cr_skip_test("no vectors beside the project");
    }
    return found;
}

/* The bundle that is shipped for each. */
Test(conformance, shipped_bundles, .init = make_work, .fini = remove_work, .timeout = 1800) {
    glob_t found = all_vectors();
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char id[100], name[200];
        id_of(found.gl_pathv[i], id, sizeof id);
        snprintf(name, sizeof name, "bundles/%s.yaml", id);
        int code = run("'%s' compile -q '%s' -o '%s/%s.cmx' >&2", setting("CASEMIX_COMMAND"),
                       path_under("CASEMIX_RULES", name), work, id);
        cr_expect(code == 0, "compile of %s ended with %d", name, code);
        code = run("'%s' verify -i '%s/%s.cmx' '%s' >&2", setting("CASEMIX_COMMAND"), work, id, found.gl_pathv[i]);
        cr_expect(code == 0, "verify of %s ended with %d", id, code);
    }
    globfree(&found);
}

/* The facts of each, imported as an overlay of CHS-DRG 1.1 whatever they are, compiled and verified. With sanitizers
 * only some, for the sake of time. */
Test(conformance, imported_facts, .init = make_work, .fini = remove_work, .timeout = 1800) {
    glob_t found = all_vectors();
    size_t step = 1;
#ifdef __SANITIZE_ADDRESS__
    step = 6;
#endif
    for (size_t i = 0; i < found.gl_pathc; i += step) {
        char id[100], facts[4096];
        id_of(found.gl_pathv[i], id, sizeof id);
        const char *file = strrchr(found.gl_pathv[i], '/') + 1;
        snprintf(facts, sizeof facts, "%.*s", (int)(strlen(file) - strlen(".csv.gz")), file);
        int code = run("'%s' import scheme '%s/%s.json.gz' --base '%s' -o '%s/%s' 2>/dev/null && '%s' compile -q "
                       "'%s/%s/bundle.yaml' -o '%s/%s.cmx' >&2", setting("CASEMIX_COMMAND"),
                       path_under("CASEMIX_ROOT", "../shared/facts/schemes"), facts,
                       path_under("CASEMIX_RULES", "schemes/chs-drg-11/scheme.yaml"), work, id, setting("CASEMIX_COMMAND"),
                       work, id, work, id);
        cr_expect(code == 0, "import of %s ended with %d", facts, code);
        code = run("'%s' verify -i '%s/%s.cmx' '%s' >&2", setting("CASEMIX_COMMAND"), work, id, found.gl_pathv[i]);
        cr_expect(code == 0, "verify of the import of %s ended with %d", facts, code);
    }
    globfree(&found);
}
