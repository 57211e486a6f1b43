/* SPDX-License-Identifier: Apache-2.0
 *
 * Code sets: the input is the text of a set's items. */
#include "fuzz.h"

static struct node scalar_of(const struct source *source) {
    return (struct node){.kind = NODE_SCALAR,
                         .place = {source->path, 1, 1},
                         .text = source->bytes,
                         .length = source->size,
                         .source = source};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena *arena = arena_new();
    struct sources sources = {.arena = arena, .report = report_new(arena)};
    struct codesets sets;
    struct place nowhere = {"input", 1, 1};
    codesets_init(&sets, &sources,
                  catalogue_load(&sources, fuzz_path("diagnoses.tsv"), nowhere, CODE_DIAGNOSIS, "diagnoses"),
                  catalogue_load(&sources, fuzz_path("procedures.tsv"), nowhere, CODE_PROCEDURE, "procedures"));
    char *text = arena_copy(arena, (const char *)data, size);
    struct source source = {.path = "input", .bytes = text, .size = strlen(text)};
    struct source name = {.path = "input", .bytes = "DI_X", .size = 4};
    struct node name_node = scalar_of(&name), items = scalar_of(&source);
    struct codeset *set = codesets_define(&sets, &name_node, &items, false);
    if (set && !codeset_expand(&sets, set) && sources.report->errors == 0) {
        abort(); /* whatever is wrong must be said */
    }
    arena_free(arena);
    return 0;
}
