/* SPDX-License-Identifier: Apache-2.0
 *
 * DIP 3.0 on the catalogue rows of tests/rules/dip3: the cases whose answers public programs give, one line of
 * output each, by the library and the slow evaluator; and `casemix verify` over the copy of them that is kept here.
 */
#include "../support/dip_duel.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The facts of a case as text, with room for them. */
struct vector {
    struct plain_case one;
    char diagnoses[500], procedures[500], age_days[20], weight[20], title[1100];
    const char *expect;
};

static void join(const json_t *list, const char *between, char *out, size_t size) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s", i > 0 ? between : "", json_string_value(item));
    }
}

static void set_number(struct vector *vector, const json_t *value, enum fact fact, char out[20]) {
    if (json_is_integer(value)) {
        snprintf(out, 20, "%lld", (long long)json_integer_value(value));
        vector->one.facts[fact] = out;
    }
}

static void read_vector(const json_t *from, struct vector *vector) {
    const char *principal = json_string_value(json_object_get(from, "dx"));
    memset(vector, 0, sizeof *vector);
    vector->expect = json_string_value(json_object_get(from, "expect"));
    snprintf(vector->diagnoses, sizeof vector->diagnoses, "%s%s", principal ? principal : "",
             json_array_size(json_object_get(from, "other")) > 0 ? "|" : "");
    join(json_object_get(from, "other"), "|", vector->diagnoses, sizeof vector->diagnoses);
    join(json_object_get(from, "ops"), "|", vector->procedures, sizeof vector->procedures);
    vector->one.facts[FACT_DIAGNOSES] = vector->diagnoses;
    vector->one.facts[FACT_PROCEDURES] = vector->procedures;
    set_number(vector, json_object_get(from, "age_days"), FACT_AGE_DAYS, vector->age_days);
    set_number(vector, json_object_get(from, "weight_g"), FACT_WEIGHT, vector->weight);
    snprintf(vector->title, sizeof vector->title, "%s: %s + %s%s%s%s%s", vector->expect,
             vector->diagnoses[0] ? vector->diagnoses : "no diagnosis",
             vector->procedures[0] ? vector->procedures : "no procedure", vector->age_days[0] ? ", days " : "",
             vector->age_days, vector->weight[0] ? ", g " : "", vector->weight);
}

/* An entry; `!XQ-16..19`: none of these; EXCLUDED. */
static bool is_expected(const struct dip_answer *answer, const char *expect) {
    char part[20];
    unsigned first, last;
    if (strcmp(expect, "EXCLUDED") == 0) {
        return answer->base.reason == CASEMIX_REASON_EXCLUDED_PRINCIPAL;
    }
    if (sscanf(expect, "!%19[A-Z-]%u..%u", part, &first, &last) != 3) {
        return strcmp(answer->base.drg, expect) == 0;
    }
    for (unsigned n = first; n <= last; n++) {
        char code[40];
        snprintf(code, sizeof code, "%s%u", part, n);
        if (strcmp(answer->base.drg, code) == 0) {
            return false;
        }
    }
    return true;
}

Test(dip3, vectors, .timeout = 300) {
    const char *path = path_under("CASEMIX_ROOT", "../shared/domain/dip3_vectors.json");
    json_error_t error;
    json_t *vectors = json_load_file(path, 0, &error);
    if (!vectors) {
        fprintf(stderr, "SKIPPED: %s is not there; only tests/rules/dip3/cases.csv was verified\n", path);
        cr_skip_test("no vectors beside the project");
    }
    struct compiled compiled = compile_rules(path_under("CASEMIX_ROOT", "tests/rules/dip3/bundle.yaml"));
    static struct dip_duel duel;
    dip_duel_start(&duel, compiled.image, compilation_scheme(compiled.work, 0), 1, false);
    size_t i, passed = 0;
    json_t *item;
    json_array_foreach(vectors, i, item) {
        static struct vector vector;
        static struct dip_answer answer;
        read_vector(item, &vector);
        bool same = dip_duel_case(&duel, &vector.one, true, &answer);
        bool good = same && is_expected(&answer, vector.expect);
        fprintf(stderr, "%s %2zu %s%s%s\n", good ? "PASS" : "FAIL", i + 1, vector.title, good ? "" : ", but got ",
                good                 ? ""
                : !same              ? "two answers"
                : answer.base.drg[0] ? answer.base.drg
                                     : "no entry");
        cr_expect(good, "%s", vector.title);
        passed += good;
    }
    fprintf(stderr, "%zu of %zu cases\n", passed, json_array_size(vectors));
    cr_expect(json_array_size(vectors) > 0);
    dip_duel_end(&duel);
    compiled_free(&compiled);
    json_decref(vectors);
}

/* ---- casemix verify over the copies ---- */

static int verify(const char *bundle, const char *cases) {
    char work[] = "/tmp/casemix-dip3-XXXXXX", command[16384];
    cr_assert(mkdtemp(work));
    snprintf(command, sizeof command,
             "'%s' compile -q '%s' -o '%s/image.cmx' >&2 && '%s' verify -i '%s/image.cmx' '%s' >&2; code=$?; rm "
             "-rf '%s'; "
             "exit $code",
             setting("CASEMIX_COMMAND"), path_under("CASEMIX_ROOT", bundle), work, setting("CASEMIX_COMMAND"), work,
             path_under("CASEMIX_ROOT", cases), work);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(dip3, copies, .timeout = 300) {
    cr_expect(verify("tests/rules/dip3/bundle.yaml", "tests/rules/dip3/cases.csv") == 0);
}

/* The switch of the exclusion list gives other answers: verify must notice. */
Test(dip3, prefix_differs, .timeout = 300) {
    cr_expect(verify("tests/rules/dip3/prefix-bundle.yaml", "tests/rules/dip3/cases.csv") == 1);
}
