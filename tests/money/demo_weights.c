/* SPDX-License-Identifier: Apache-2.0
 *
 * make-weights: weights for every group of a DRG scheme, made up by rule, for regions that publish none.
 *
 *   make-weights SCHEME.yaml > rules/policies/demo/ID.weights.csv
 *
 * Surgical groups weigh most, then groups with procedures, then medical ones; more with complications, less
 * without; and each ADRG its own share more or less, by a hash of its code. The score is the weight in thousandths,
 * for regions that count so. Whole numbers only: the same bytes everywhere. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../tables/compile/document.h"
#include "../../tables/compile/scheme.h"

enum { CODES_MAX = 5000 };

static uint32_t spread(const char *code, size_t length) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)code[i]) * 16777619u;
    }
    return 60 + (hash >> 8) % 121; /* per cent */
}

/* In ten-thousandths. */
static uint32_t weight_of(const char *code) {
    size_t length = strlen(code);
    char kind = length > 1 ? code[1] : 'R', end = length > 3 ? code[3] : '9';
    uint32_t base = kind <= 'J' ? 22000 : kind <= 'Q' ? 12000 : 8000;
    uint32_t severity = end == '1' ? 150 : end == '3' ? 115 : end == '5' ? 85 : 100;
    return base / 100 * spread(code, length < 3 ? length : 3) * severity / 100;
}

static void write_row(const char *code) {
    static const char *written[CODES_MAX];
    static size_t count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(written[i], code) == 0) {
            return;
        }
    }
    if (count < CODES_MAX) {
        written[count++] = code;
    }
    uint32_t weight = weight_of(code);
    printf("%s,%" PRIu32 ".%04" PRIu32 ",%" PRIu32 ".%" PRIu32 "\n", code, weight / 10000, weight % 10000,
           weight / 10, weight % 10);
}

static void write_step(const struct step *step) {
    if (step->is_qy) {
        return;
    }
    for (size_t d = 0; d < step->drg_count; d++) {
        write_row(step->drgs[d].code);
    }
    if (step->bare) {
        write_row(step->code);
    }
}

int main(int argc, char **argv) {
    struct arena *arena = arena_new();
    struct sources sources = {.arena = arena, .report = report_new(arena)};
    if (argc != 2) {
        fprintf(stderr, "usage: make-weights SCHEME.yaml\n");
        return 2;
    }
    struct scheme *scheme = scheme_read(&sources, argv[1], (struct place){0});
    if (scheme == NULL || sources.report->errors > 0) {
        report_print(sources.report, stderr);
        return 1;
    }
    printf("drg,weight,score\n");
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            write_step(scheme->mdcs[m]->steps[s]);
        }
    }
    arena_free(arena);
    return 0;
}
