/* SPDX-License-Identifier: Apache-2.0
 *
 * Broken rules and what the compiler must say of them. Each file of tests/bad-rules is a bundle, scheme or policy
 * that is wrong in one way, and starts with all messages it must cause, in order, and no other:
 *
 *   # expect: E211 12:5                   number, line and column in the file itself
 *   # expect: E203 bad-codes/twice.tsv 3:1    ... in another file of the folder
 *
 * Every message of messages.def must have its file, but for the few that a small file cannot cause.
 * CASEMIX_SHOW_MESSAGES=1 prints what is said of each file. */
#include "../../tables/compile/compile.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 500, TEXT_MAX = 20000 };

/* Messages without a file here, and why. */
static const struct {
    enum message message;
    const char *why;
} exceptions[] = {
    {MSG_file_too_large, "needs a file of more than 64 MiB; see too_large below"},
    {MSG_too_many_nodes, "needs a very large file"},
    {MSG_expression_too_large, "needs a very large expression"},
    {MSG_too_many_sets, "needs tens of thousands of sets"},
    {MSG_too_many_groups, "needs thousands of groups"},
    {MSG_too_many_codes, "needs tens of thousands of codes"},
    {MSG_too_many_facts, "needs more than a thousand conditions"},
    {MSG_unknown_scheme, "said of --scheme only; see the golden runs"},
    {MSG_missing_value, "for callers that ask for a value by a path; none does today"},
    {MSG_review_stopped, "needs thousands of groups; see check_test.c"},
};

static bool seen[MESSAGE_COUNT];

static const char *folder(void) {
    return path_under("CASEMIX_ROOT", "tests/bad-rules");
}

/* "E211 12:5" or "E203 other.tsv 3:1" for a line of the report. */
static size_t describe(const struct report_line *line, const char *file, char *out, size_t size) {
    const struct message_row *row = &message_rows[line->message];
    char letter = row->severity == MESSAGE_ERROR ? 'E' : 'W';
    const char *place = line->place.file ? line->place.file : "";
    const char *within = strstr(place, "bad-rules/");
    const char *name = within ? within + strlen("bad-rules/") : place;
    bool own = strcmp(name, file) == 0;
    return (size_t)snprintf(out, size, "%c%u %s%s%u:%u\n", letter, row->number, own ? "" : name, own ? "" : " ",
                            line->place.line, line->place.column);
}

/* The `# expect:` lines at the start of a file. */
static void read_expected(const char *path, char *out, size_t size) {
    char line[500];
    size_t used = 0;
    FILE *file = fopen(path, "r");
    cr_assert(file, "cannot read %s", path);
    out[0] = '\0';
    while (fgets(line, sizeof line, file) && line[0] == '#') {
        if (strncmp(line, "# expect: ", 10) == 0) {
            used += (size_t)snprintf(out + used, size - used, "%s", line + 10);
        }
    }
    fclose(file);
}

static void try_file(const char *name) {
    char path[4096], want[TEXT_MAX], got[TEXT_MAX] = "";
    snprintf(path, sizeof path, "%s/%s", folder(), name);
    read_expected(path, want, sizeof want);
    cr_expect(want[0], "%s has no line `# expect: E101 3:5`", name);
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, path) && compilation_check(work) && compilation_build(work);
    const struct report *report = compilation_report(work);
    size_t used = 0;
    for (size_t i = 0; i < report->count && used + 500 < sizeof got; i++) {
        used += describe(&report->lines[i], name, got + used, sizeof got - used);
        seen[report->lines[i].message] = true;
        cr_expect(strlen(report->lines[i].text) > 20, "%s: a sentence: %s", name, report->lines[i].text);
    }
    cr_expect(good == (report->errors == 0), "%s: errors stop, warnings do not", name);
    bool same = strcmp(want, got) == 0;
    cr_expect(same, "%s: expected\n%sgot\n%s", name, want, got);
    if (!same || getenv("CASEMIX_SHOW_MESSAGES")) {
        report_print(report, stderr);
    }
    compilation_free(work);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_files(char **names) {
    size_t count = 0;
    DIR *directory = opendir(folder());
    cr_assert(directory, "cannot open %s", folder());
    for (struct dirent *entry = readdir(directory); entry && count < FILES_MAX; entry = readdir(directory)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".yaml") == 0) {
            names[count++] = strdup(entry->d_name);
        }
    }
    closedir(directory);
    qsort(names, count, sizeof *names, compare_names);
    return count;
}

static bool excepted(int message) {
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
        if ((int)exceptions[i].message == message) {
            return true;
        }
    }
    return false;
}

Test(bad_rules, each_is_told_as_expected, .timeout = 300) {
    static char *names[FILES_MAX];
    size_t count = list_files(names);
    for (size_t i = 0; i < count; i++) {
        try_file(names[i]);
        free(names[i]);
    }
    for (int m = 0; m < MESSAGE_COUNT; m++) {
        cr_expect(seen[m] || excepted(m), "no file of tests/bad-rules causes %u (%s)", message_rows[m].number,
                  message_rows[m].name);
    }
}

/* A file of more than 64 MiB, made of a hole: refused before it is read. */
Test(bad_rules, too_large, .timeout = 60) {
    const char *path = "too-large.yaml";
    FILE *file = fopen(path, "w");
    cr_assert(file && fseek(file, 200L << 20, SEEK_SET) == 0 && fputc('\n', file) == '\n' && fclose(file) == 0);
    struct compilation *work = compilation_new();
    cr_expect(!compilation_read(work, path));
    const struct report *report = compilation_report(work);
    cr_expect(report->count == 1 && report->lines[0].message == MSG_file_too_large);
    compilation_free(work);
    remove(path);
}

/* Rules for tests and rules that are shipped have no errors. */
static void expect_good(const char *path) {
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, path) && compilation_check(work) && compilation_build(work);
    if (!good) {
        report_print(compilation_report(work), stderr);
    }
    cr_expect(good, "%s has errors", path);
    compilation_free(work);
}

Test(bad_rules, good_rules_are_good, .timeout = 120) {
    expect_good(path_under("CASEMIX_ROOT", "tests/rules/small/bundle.yaml"));
    expect_good(path_under("CASEMIX_RULES", "bundles/chs-drg-11.yaml"));
    expect_good(path_under("CASEMIX_RULES", "bundles/haerbin-2022.yaml"));
}

/* The same rules give the same bytes. */
Test(bad_rules, same_rules_same_image, .timeout = 120) {
    void *first = NULL;
    size_t first_size = 0;
    for (int round = 0; round < 2; round++) {
        struct compilation *work = compilation_new();
        cr_assert(compilation_read(work, path_under("CASEMIX_ROOT", "tests/rules/small/bundle.yaml")) &&
                  compilation_build(work));
        size_t size;
        const void *image = compilation_image(work, &size);
        if (round == 0) {
            first_size = size;
            first = malloc(size);
            memcpy(first, image, size);
        } else {
            cr_expect(size == first_size && memcmp(first, image, size) == 0);
        }
        compilation_free(work);
    }
    free(first);
}
