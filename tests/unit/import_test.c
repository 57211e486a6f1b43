/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import: the short form of sets, hostile facts, and that the schemes shipped say what their facts say: counts
 * always, every list code for code where the facts lie beside the project. */
#include "../../tools/import/import.h"
#include "../generate/random.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the short form ---- */

static void fill(struct random *random, const struct catalogue *catalogue, uint64_t *bits, unsigned runs) {
    memset(bits, 0, ((size_t)catalogue->count + 63) / 64 * sizeof *bits);
    for (unsigned i = 0; i < runs; i++) {
        uint32_t first = (uint32_t)random_below(random, catalogue->count);
        uint32_t length = (uint32_t)random_below(random, random_below(random, 3) == 0 ? 300 : 12) + 1;
        bool out = random_below(random, 4) == 0;
        for (uint32_t c = first; c < catalogue->count && c < first + length; c++) {
            uint64_t bit = (uint64_t)1 << (c % 64);
            bits[c / 64] = out ? bits[c / 64] & ~bit : bits[c / 64] | bit;
        }
    }
}

/* What shorten() writes is what the compiler reads. */
Test(import, short_form_means_the_same, .timeout = 300) {
    struct loaded_scheme loaded = load_scheme(path_under("CASEMIX_RULES", "schemes/chs-drg-11/scheme.yaml"));
    struct random random = {20261127};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        const struct catalogue *catalogue = loaded.scheme->catalogues[kind];
        struct shortener *shortener = shortener_new(loaded.arena, catalogue);
        size_t words = ((size_t)catalogue->count + 63) / 64;
        uint64_t *bits = ARENA_ARRAY(loaded.arena, uint64_t, words + 1);
        for (unsigned round = 0; round < 30; round++) {
            fill(&random, catalogue, bits, round + 1);
            const char *items = shorten(shortener, bits, NULL);
            struct node scalar = {.kind = NODE_SCALAR, .text = items, .length = strlen(items)};
            struct codeset *set = codesets_literal(&loaded.scheme->sets, &scalar, 0, items, strlen(items));
            size_t errors = loaded.scheme->sets.report->errors;
            bool good = codeset_expand(&loaded.scheme->sets, set);
            bool empty = strlen(items) == 0;
            cr_assert(good && errors == loaded.scheme->sets.report->errors, "round %u: %s", round, items);
            cr_assert(empty || memcmp(set->bits, bits, words * sizeof *bits) == 0, "round %u: %s", round, items);
        }
    }
    arena_free(loaded.arena);
}

/* ---- the schemes that are shipped ---- */

static const struct {
    const char *facts, *file; /* its id, and the scheme under rules/schemes */
    unsigned mdcs, adrgs, drgs; /* ADRGs by code; DRGs as often as they are named */
} shipped[] = {
    {"anyang_2021", "anyang-2021.yaml", 26, 356, 802},
    {"beijing_2022", "beijing-2022.yaml", 26, 376, 696},
    {"changsha_2023", "changsha-2023.yaml", 26, 376, 737},
    {"changzhou_2022", "changzhou-2022.yaml", 26, 376, 741},
    {"chongqing_2022", "chongqing-2022.yaml", 26, 376, 793},
    {"chs_drg_10", "chs-drg-10/scheme.yaml", 26, 376, 619},
    {"chs_drg_11", "chs-drg-11/scheme.yaml", 26, 376, 628},
    {"chs_drg_20", "chs-drg-20/scheme.yaml", 26, 409, 634},
    {"chs_drg_30", "chs-drg-30/scheme.yaml", 26, 492, 825},
    {"foshan_2022", "foshan-2022.yaml", 26, 376, 848},
    {"fuzhou_2022", "fuzhou-2022.yaml", 26, 376, 563},
    {"haerbin_2022", "haerbin-2022.yaml", 26, 376, 668},
    {"handan_2022", "handan-2022.yaml", 26, 376, 619},
    {"linfen_2022", "linfen-2022.yaml", 26, 364, 645},
    {"nanping_2023", "nanping-2023.yaml", 26, 376, 770},
    {"qingdao_2023", "qingdao-2023.yaml", 26, 376, 682},
    {"suzhou_2023", "suzhou-2023.yaml", 26, 376, 648},
    {"taizhou_2022", "taizhou-2022.yaml", 26, 376, 758},
    {"wlmq_2022", "wlmq-2022.yaml", 26, 376, 695},
    {"wuhan_2022", "wuhan-2022.yaml", 26, 376, 667},
    {"xjbt_2022", "xjbt-2022.yaml", 26, 367, 616},
    {"yancheng_2023", "yancheng-2023.yaml", 26, 376, 628},
    {"yantai_2023", "yantai-2023.yaml", 26, 376, 628},
    {"yinchuan_2023", "yinchuan-2023.yaml", 24, 341, 639},
    {"yunnan_2022", "yunnan-2022.yaml", 26, 365, 657},
    {"zhejiang_2022", "zhejiang-2022.yaml", 26, 376, 1006},
};
#define SHIPPED (sizeof shipped / sizeof shipped[0])

Test(import, counts_hold, .timeout = 600) {
    for (size_t i = 0; i < SHIPPED; i++) {
        char name[200];
        snprintf(name, sizeof name, "schemes/%s", shipped[i].file);
        struct loaded_scheme loaded = load_scheme(path_under("CASEMIX_RULES", name));
        unsigned adrgs = 0, drgs = 0;
        for (size_t m = 0; m < loaded.scheme->mdc_count; m++) {
            const struct mdc *mdc = loaded.scheme->mdcs[m];
            for (size_t s = 0; s < mdc->step_count; s++) {
                bool again = false;
                for (size_t t = 0; t < s && !again; t++) {
                    again = strcmp(mdc->steps[t]->code, mdc->steps[s]->code) == 0;
                }
                adrgs += !again && !mdc->steps[s]->is_qy;
                drgs += (unsigned)mdc->steps[s]->drg_count;
            }
        }
        cr_expect(loaded.scheme->mdc_count == shipped[i].mdcs && adrgs == shipped[i].adrgs && drgs == shipped[i].drgs,
                  "%s: %zu MDC, %u ADRG, %u DRG", shipped[i].file, loaded.scheme->mdc_count, adrgs, drgs);
        arena_free(loaded.arena);
    }
}

/* Every bundle that is shipped has its row above. */
Test(import, every_bundle_is_known) {
    glob_t found;
    cr_assert(glob(path_under("CASEMIX_RULES", "bundles/*.yaml"), 0, NULL, &found) == 0);
    for (size_t b = 0; b < found.gl_pathc; b++) {
        const char *name = strrchr(found.gl_pathv[b], '/') + 1;
        bool known = strncmp(name, "dip-", 4) == 0 || strncmp(name, "policies-", 9) == 0; /* not from facts */
        for (size_t i = 0; i < SHIPPED && !known; i++) {
            char id[100];
            snprintf(id, sizeof id, "%s.yaml", shipped[i].facts);
            for (char *at = id; *at; at++) {
                *at = *at == '_' ? '-' : *at;
            }
            known = strcmp(id, name) == 0;
        }
        cr_expect(known, "rules/bundles/%s is not in the table of import_test.c", name);
    }
    globfree(&found);
}

struct search {
    const struct scheme *scheme;
    const char *facts;
};

/* A list of the facts is a set of the scheme, code for code. */
static void look_for(struct codeset *set, void *user) {
    const struct search *search = user;
    uint64_t hash = codeset_hash(set);
    for (size_t i = 0; i < search->scheme->sets.count; i++) {
        const struct codeset *other = search->scheme->sets.sets[i];
        if (other->count == set->count && codeset_hash(other) == hash) {
            return;
        }
    }
    cr_expect(hash == 0, "%s: no set of the scheme holds the %u codes of %s", search->facts, set->count, set->name);
}

static void walk(const struct expression *when, struct search *search) {
    if (when->op == EXPR_IN || when->op == EXPR_COUNT) {
        look_for(when->set, search);
    } else if (when->op != EXPR_AMONG) {
        for (size_t i = 0; i < when->count; i++) {
            walk(when->children[i], search);
        }
    }
}

static void compare_severity(struct arena *arena, const struct scheme *facts, const struct scheme *scheme, const char *id) {
    for (int part = 0; part < PARTS; part++) {
        const uint32_t *a = table_numbers(arena, facts, (enum severity_part)part);
        const uint32_t *b = table_numbers(arena, scheme, (enum severity_part)part);
        for (uint32_t c = 0; c < facts->catalogues[CODE_DIAGNOSIS]->count; c++) {
            cr_assert((a[c] == UINT32_MAX) == (b[c] == UINT32_MAX), "%s: %s", id,
                      facts->catalogues[CODE_DIAGNOSIS]->codes[c].text);
        }
    }
}

static void compare_lists(const char *id, const char *file, const char *path) {
    char name[200];
    snprintf(name, sizeof name, "schemes/%s", file);
    struct loaded_scheme loaded = load_scheme(path_under("CASEMIX_RULES", name));
    int code;
    struct facts *facts = facts_open(loaded.arena, path, &code);
    cr_assert(facts != NULL, "%s cannot be read", path);
    struct missing_codes missing[CODE_KINDS] = {{0}, {0}};
    facts_missing(facts, (const struct catalogue *const *)loaded.scheme->catalogues, missing);
    cr_assert(missing[0].count + missing[1].count == 0, "%s: codes of the facts are not in the scheme", id);
    struct scheme *wanted = facts_scheme(facts, loaded.scheme->catalogues);
    cr_assert(wanted != NULL);
    struct search search = {loaded.scheme, id};
    for (size_t m = 0; m < wanted->mdc_count; m++) {
        walk(wanted->mdcs[m]->when, &search);
        for (size_t s = 0; s < wanted->mdcs[m]->step_count; s++) {
            const struct step *step = wanted->mdcs[m]->steps[s];
            walk(step->when, &search);
            for (size_t d = 0; d < step->drg_count; d++) {
                walk(step->drgs[d].when, &search);
            }
        }
    }
    compare_severity(loaded.arena, wanted, loaded.scheme, id);
    facts_close(facts);
    arena_free(loaded.arena);
}

Test(import, lists_equal_the_facts, .timeout = 900) {
    unsigned compared = 0;
    for (size_t i = 0; i < SHIPPED; i++) {
        char name[200];
        snprintf(name, sizeof name, "../shared/facts/schemes/%s.json.gz", shipped[i].facts);
        const char *path = path_under("CASEMIX_ROOT", name);
        if (access(path, R_OK) == 0) {
            compare_lists(shipped[i].facts, shipped[i].file, path);
            compared++;
        }
    }
    if (compared == 0) {
        fprintf(stderr, "SKIPPED: ../shared/facts/schemes is not there; no list was compared with its facts\n");
        cr_skip_test("no facts beside the project");
    }
}

/* An overlay is a small part of its facts. */
Test(import, overlays_are_small, .timeout = 300) {
    unsigned compared = 0;
    for (size_t i = 0; i < SHIPPED; i++) {
        char name[200];
        size_t rules;
        snprintf(name, sizeof name, "../shared/facts/schemes/%s.json.gz", shipped[i].facts);
        const char *facts = path_under("CASEMIX_ROOT", name);
        if (strchr(shipped[i].file, '/') != NULL || access(facts, R_OK) != 0) {
            continue;
        }
        snprintf(name, sizeof name, "schemes/%s", shipped[i].file);
        free(read_file(path_under("CASEMIX_RULES", name), &rules));
        char command[1000], line[50] = "";
        snprintf(command, sizeof command, "gzip -dc '%s' | wc -c", facts);
        FILE *pipe = popen(command, "r");
        cr_assert(pipe != NULL && fgets(line, sizeof line, pipe) != NULL);
        pclose(pipe);
        cr_expect(rules * 10 <= strtoul(line, NULL, 10), "%s: %zu bytes of rules, %s of facts", shipped[i].file, rules, line);
        compared++;
    }
    if (compared == 0) {
        cr_skip_test("no facts beside the project");
    }
}

/* ---- hostile facts ---- */

static char folder[] = "/tmp/casemix-import-XXXXXX";

static void make_folder(void) {
    cr_assert(mkdtemp(folder) != NULL);
}

static void remove_folder(void) {
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_expect(system(command) == 0);
}

static void write_mutated(struct random *random, const unsigned char *bytes, size_t size, const char *path) {
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL);
    unsigned changes = (unsigned)random_below(random, 4) + 1;
    size_t at = 0;
    while (changes-- > 0) {
        size_t next = at + random_below(random, size - at);
        fwrite(bytes + at, 1, next - at, file);
        static const char *const pieces[] = {"\"", "{", "[", "]", "}", ",", "null", "-1", "1e99", "\"\"", "\"@valid_procedures\"",
                                             "{\"all\":[]}", "\xFF", "{\"not\":{\"not\":{\"const\":true}}}", "999999999999"};
        switch (random_below(random, 3)) {
        case 0:
            fputs(pieces[random_below(random, sizeof pieces / sizeof *pieces)], file);
            break;
        case 1:
            fputc((int)random_below(random, 256), file);
            next += next < size;
            break;
        default:
            next += random_below(random, 20);
            break;
        }
        at = next < size ? next : size - 1;
    }
    fwrite(bytes + at, 1, size - at, file);
    fclose(file);
}

Test(import, hostile_facts_are_refused, .init = make_folder, .fini = remove_folder, .timeout = 900) {
    static const char *const names[] = {"tests/golden/input/facts-small.json", "tests/golden/input/facts-city.json"};
    struct random random = {7};
    char facts[200], command[2000];
    snprintf(facts, sizeof facts, "%s/facts.json", folder);
    for (unsigned round = 0; round < 240; round++) {
        size_t size;
        unsigned char *bytes = read_file(path_under("CASEMIX_ROOT", names[round % 2]), &size);
        write_mutated(&random, bytes, size, facts);
        free(bytes);
        snprintf(command, sizeof command, "'%s' import scheme '%s' -o '%s/out' --force --codes '%s' 2>'%s/err'",
                 setting("CASEMIX_COMMAND"), facts, folder, path_under("CASEMIX_ROOT", "tests/rules/small/scheme.yaml"), folder);
        int status = system(command);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        cr_assert(code == 0 || code == 1 || code == 3, "round %u ended with %d: %s", round, code, facts);
    }
}
