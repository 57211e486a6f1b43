/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions and the code sets inside them: the input is the text of a condition. */
#include "fuzz.h"

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
    struct node scalar = {
        .kind = NODE_SCALAR, .place = nowhere, .text = text, .length = strlen(text), .source = &source};
    bool ok = true;
    struct expression *expression = expression_parse(&sets, &scalar, &ok);
    if (!expression || (!ok && sources.report->errors == 0)) {
        abort(); /* whatever is wrong must be said */
    }
    arena_free(arena);
    return 0;
}
