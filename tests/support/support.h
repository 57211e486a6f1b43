/* SPDX-License-Identifier: Apache-2.0
 *
 * What several tests need: where the rules and the images are, a scheme from YAML, a case for the library. */
#ifndef CASEMIX_TESTS_SUPPORT_H
#define CASEMIX_TESTS_SUPPORT_H

#include "../../tables/compile/compile.h"
#include "../oracle/oracle.h"

/* The value of an environment variable that meson sets for tests; the test fails with a hint if it is not there.
 * CASEMIX_RULES: the folder rules/. CASEMIX_IMAGES: where the build put the images. CASEMIX_COMMAND: the command.
 */
const char *setting(const char *name);

/* An environment variable as a number. */
uint64_t number_setting(const char *name, uint64_t otherwise);

/* A path under the folder of a setting; the text is valid until the next call but seven. */
const char *path_under(const char *folder_setting, const char *name);

/* The scheme of a YAML file, with the memory it lives in. The test fails if it has errors. */
struct loaded_scheme {
    struct arena *arena;
    struct scheme *scheme;
};
struct loaded_scheme load_scheme(const char *path);

/* A bundle, scheme or policy file compiled in memory. The test fails if it has errors. */
struct compiled {
    struct compilation *work;
    casemix_image *image;
};
struct compiled compile_rules(const char *path);
void compiled_free(struct compiled *compiled);

/* An image under the build folder; the test fails if it cannot be opened. */
casemix_image *open_image(const char *name);

casemix_context *new_context(const casemix_image *image, const char *scheme, const char *policy);

/* Give the facts of a case to the library. The texts stay where they are. */
void fill_case(casemix_case *one, const struct plain_case *from);

/* A whole file in memory (aligned as an image must be); the test fails if it cannot be read. Free it. */
unsigned char *read_file(const char *path, size_t *size);

#endif
