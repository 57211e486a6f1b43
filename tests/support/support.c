/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *setting(const char *name) {
    const char *value = getenv(name);
    cr_assert(value, "%s is not set: run the tests by `meson test`", name);
    return value;
}

uint64_t number_setting(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

const char *path_under(const char *folder_setting, const char *name) {
    static char paths[8][4096];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", setting(folder_setting), name);
    return path;
}

struct loaded_scheme load_scheme(const char *path) {
    struct loaded_scheme loaded = {arena_new(), NULL};
    struct report *report = report_new(loaded.arena);
    struct sources *sources = ARENA_NEW(loaded.arena, struct sources);
    *sources = (struct sources){.arena = loaded.arena, .report = report};
    loaded.scheme = scheme_read(sources, path, (struct place){0});
    if (report->errors > 0) {
        report_print(report, stderr);
    }
    cr_assert(loaded.scheme && report->errors == 0, "%s has errors", path);
    return loaded;
}

struct compiled compile_rules(const char *path) {
    struct compiled compiled = {compilation_new(), NULL};
    bool good = compilation_read(compiled.work, path) && compilation_build(compiled.work);
    if (!good) {
        report_print(compilation_report(compiled.work), stderr);
    }
    cr_assert(good, "%s cannot be compiled", path);
    size_t size;
    const void *bytes = compilation_image(compiled.work, &size);
    casemix_error error = {0};
    casemix_result result = casemix_image_from_memory(bytes, size, &compiled.image, &error);
    cr_assert(result == CASEMIX_OK, "%s: %s", path, error.message);
    return compiled;
}

void compiled_free(struct compiled *compiled) {
    casemix_image_close(compiled->image);
    compilation_free(compiled->work);
}

casemix_image *open_image(const char *name) {
    casemix_image *image = NULL;
    casemix_error error = {0};
    casemix_result result = casemix_image_open(path_under("CASEMIX_IMAGES", name), &image, &error);
    cr_assert(result == CASEMIX_OK, "%s: %s", name, error.message);
    return image;
}

casemix_context *new_context(const casemix_image *image, const char *scheme, const char *policy) {
    casemix_context *context = NULL;
    casemix_error error = {0};
    casemix_result result = casemix_context_new(image, scheme, policy, &context, &error);
    cr_assert(result == CASEMIX_OK, "%s", error.message);
    return context;
}

void fill_case(casemix_case *one, const struct plain_case *from) {
    casemix_case_clear(one);
    for (int f = 0; f < FACT_COUNT; f++) {
        if (from->facts[f]) {
            casemix_case_set(one, f, from->facts[f], strlen(from->facts[f]));
        }
    }
}

unsigned char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    cr_assert(file, "cannot read %s", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = aligned_alloc(64, (*size + 64) / 64 * 64);
    cr_assert(bytes && fread(bytes, 1, *size, file) == *size, "cannot read %s", path);
    fclose(file);
    return bytes;
}
