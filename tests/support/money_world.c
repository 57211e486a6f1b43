/* SPDX-License-Identifier: Apache-2.0 */
#include "money_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char scheme_text[] = "scheme: tiny\n"
                                  "title: for tests\n"
                                  "source: none\ndate: 2026-01-01\n"
                                  "codes: {diagnoses: dx.tsv, procedures: proc.tsv}\n"
                                  "no_drg: adrg\n"
                                  "severity: severity.yaml\n"
                                  "mdcs: [mdc.yaml]\n";
static const char mdc_text[] = "mdc: MDCA\n"
                               "name: all\n"
                               "when: ZYZD in {A00*}\n"
                               "steps:\n"
                               "  AA1:\n"
                               "    when: ZYSS in {00.1}\n"
                               "    drgs: [{drg: AA11, when: NL < 10}, {drg: AA15, when: NL >= 10}]\n"
                               "  AQY: {qy: true, when: 0}\n"
                               "  AR1: {when: 1, drgs: [{drg: AR19, when: NL > 0}]}\n";
const char weights_text[] = "drg,name,weight,extra\n"
                            "AA11,\"a, \"\"b\"\"\",1.1237,2\n"
                            "AA15,,1,\n"
                            "AR1,bare,0.5,1\n";

static void write_text(const struct world *world, const char *name, const char *text) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

struct world compile_world(const char *policy, const char *weights) {
    struct world world = {.folder = "/tmp/casemix-money-XXXXXX"};
    char path[200];
    cr_assert(mkdtemp(world.folder) != NULL);
    write_text(&world, "dx.tsv", "code\tname\nA00.0\t\nA00.1\t\n");
    write_text(&world, "proc.tsv", "code\tname\n00.1\t\n");
    write_text(&world, "severity.yaml", "severity:\n  1: {mcc: A00.1}\n");
    write_text(&world, "scheme.yaml", scheme_text);
    write_text(&world, "mdc.yaml", mdc_text);
    write_text(&world, "weights.csv", weights);
    write_text(&world, "policy.yaml", policy);
    write_text(&world, "bundle.yaml", "bundle: tiny\nschemes: [scheme.yaml]\npolicies: [policy.yaml]\n");
    world.work = compilation_new();
    snprintf(path, sizeof path, "%s/bundle.yaml", world.folder);
    compilation_read(world.work, path);
    static const char *const names[] = {"dx.tsv",   "proc.tsv",    "severity.yaml", "scheme.yaml",
                                        "mdc.yaml", "weights.csv", "policy.yaml",   "bundle.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", world.folder, names[i]);
        unlink(path);
    }
    rmdir(world.folder);
    return world;
}

struct world open_world(const char *policy, const char *weights) {
    struct world world = compile_world(policy, weights);
    size_t size;
    casemix_error error = {0};
    bool built = compilation_build(world.work);
    if (!built) {
        report_print(compilation_report(world.work), stderr);
    }
    cr_assert(built, "the policy does not compile");
    const void *bytes = compilation_image(world.work, &size);
    cr_assert(casemix_image_from_memory(bytes, size, &world.image, &error) == CASEMIX_OK, "%s", error.message);
    cr_assert(casemix_context_new(world.image, NULL, "p", &world.context, &error) == CASEMIX_OK, "%s",
              error.message);
    world.one = casemix_case_new();
    return world;
}

void close_world(struct world *world) {
    casemix_case_free(world->one);
    casemix_context_free(world->context);
    casemix_image_close(world->image);
    compilation_free(world->work);
}

void say(struct world *world, const char *column, const char *text) {
    casemix_case_set(world->one, casemix_fact(column), text, strlen(text));
}

static void hear_nothing(void *user __attribute__((unused)),
                         const casemix_derivation *line __attribute__((unused))) {
}

casemix_price price_of(struct world *world, uint32_t group) {
    casemix_grouping grouping = {.status = CASEMIX_GROUPED, .group = group, .step = 0};
    casemix_price price, again;
    cr_assert(casemix_price_case(world->context, world->one, &grouping, &price) == CASEMIX_OK);
    cr_assert(casemix_explain_price(world->context, world->one, &grouping, hear_nothing, NULL, &again) ==
              CASEMIX_OK);
    cr_assert(memcmp(&price, &again, sizeof price) == 0);
    return price;
}

casemix_price price_at(struct world *world, uint32_t group, const char *level, const char *pool, const char *cost) {
    say(world, "hospital_level", level);
    say(world, "insured_type", pool);
    say(world, "cost", cost);
    say(world, "patient_paid", "0");
    return price_of(world, group);
}

bool is_class(const casemix_price *price, const char *name) {
    return price->class_name.length == strlen(name) && memcmp(price->class_name.text, name, strlen(name)) == 0;
}
