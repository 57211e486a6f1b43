/* SPDX-License-Identifier: Apache-2.0
 *
 * 300 and more rule sets with one thing wrong in each: the right message at the right place.
 * CASEMIX_SHOW_MESSAGES=1 prints what is said of each. */
#include "../../tables/compile/compile.h"
#include "../support/support.h"
#include "mutate.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MUTATIONS_WANTED = 300, MESSAGES_AT_MOST = 3, SEEN_MAX = 2000 };

struct trying {
    struct rule_folder good;
    char folder[200];
    uint64_t seen[SEEN_MAX]; /* hashes of what was tried */
    size_t count, wrong;
    size_t usual; /* warnings of the good rules */
};

static void write_file(const struct trying *trying, const char *name, const char *text) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", trying->folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "cannot write %s", path);
}

static const struct report *compile(struct compilation *work, const struct trying *trying) {
    char path[300];
    snprintf(path, sizeof path, "%s/bundle.yaml", trying->folder);
    bool good = compilation_read(work, path) && compilation_check(work) && compilation_build(work);
    const struct report *report = compilation_report(work);
    cr_expect(good == (report->errors == 0));
    return report;
}

static bool is_wanted(const struct report_line *line, const struct mutation *mutation) {
    const char *name = line->place.file ? strrchr(line->place.file, '/') : NULL;
    return line->message == mutation->message && name && strcmp(name + 1, mutation->file) == 0 &&
           line->place.line == mutation->line && line->place.column == mutation->column;
}

static uint64_t hash_of(const char *file, const char *text) {
    uint64_t hash = 1469598103934665603u;
    for (; *file; file++) {
        hash = (hash ^ (unsigned char)*file) * 1099511628211u;
    }
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    }
    return hash;
}

static const char *good_text(const struct trying *trying, const char *file) {
    for (size_t i = 0; i < trying->good.count; i++) {
        if (strcmp(trying->good.files[i].name, file) == 0) {
            return trying->good.files[i].text;
        }
    }
    return "";
}

static void try_one(void *user, const struct mutation *mutation) {
    struct trying *trying = user;
    uint64_t hash = hash_of(mutation->file, mutation->text);
    for (size_t i = 0; i < trying->count; i++) {
        if (trying->seen[i] == hash) {
            return; /* another way to the same text */
        }
    }
    cr_assert(trying->count < SEEN_MAX);
    trying->seen[trying->count++] = hash;
    write_file(trying, mutation->file, mutation->text);
    struct compilation *work = compilation_new();
    const struct report *report = compile(work, trying);
    bool found = report->count > 0 && is_wanted(&report->lines[0], mutation);
    size_t most = MESSAGES_AT_MOST + (report->errors ? 0 : trying->usual);
    for (size_t i = 1; i < report->count && report->count <= most; i++) {
        found = found || is_wanted(&report->lines[i], mutation);
    }
    if (!found || getenv("CASEMIX_SHOW_MESSAGES")) {
        fprintf(stderr, "%s %s: %s:%u:%u: %s\n", found ? "right" : "WRONG", mutation->kind, mutation->file,
                mutation->line, mutation->column, message_rows[mutation->message].name);
        report_print(report, stderr);
    }
    trying->wrong += !found;
    compilation_free(work);
    write_file(trying, mutation->file, good_text(trying, mutation->file));
}

Test(mutate, one_thing_wrong_one_message, .timeout = 300) {
    static struct trying trying;
    const char *base = getenv("TMPDIR");
    snprintf(trying.folder, sizeof trying.folder, "%.150s/mutate-test.XXXXXX", base ? base : "/tmp");
    cr_assert(mkdtemp(trying.folder));
    cr_assert(folder_read(&trying.good, path_under("CASEMIX_ROOT", "tests/rules/small")));
    for (size_t i = 0; i < trying.good.count; i++) {
        write_file(&trying, trying.good.files[i].name, trying.good.files[i].text);
    }
    struct compilation *work = compilation_new();
    const struct report *report = compile(work, &trying);
    cr_assert(report->errors == 0, "the good rules are good");
    trying.usual = report->count;
    compilation_free(work);
    for (size_t i = 0; i < breaker_count; i++) {
        cr_expect(mutate(&trying.good, &breakers[i], try_one, &trying), "\"%s\" breaks nothing (%s)",
                  breakers[i].kind, breakers[i].pattern);
    }
    fprintf(stderr, "%zu broken rule sets, %zu with another message or place\n", trying.count, trying.wrong);
    cr_expect(trying.wrong == 0);
    cr_expect(trying.count >= MUTATIONS_WANTED);
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", trying.folder);
    cr_expect(system(command) == 0);
    folder_free(&trying.good);
}
