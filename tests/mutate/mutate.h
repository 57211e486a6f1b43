/* SPDX-License-Identifier: Apache-2.0
 *
 * Broken rules, made from good ones by breaking one thing each, and what the compiler must say of each, and where.
 */
#ifndef CASEMIX_TESTS_MUTATE_H
#define CASEMIX_TESTS_MUTATE_H

#include "../../tables/compile/report.h"

enum { MUTATE_FILES = 40 };

/* The good rules, kept in memory. */
struct rule_file {
    char *name, *text;
};
struct rule_folder {
    struct rule_file files[MUTATE_FILES];
    size_t count;
};

/* Every file of a folder; false if it cannot be read. */
bool folder_read(struct rule_folder *folder, const char *path);
void folder_free(struct rule_folder *folder);

/* One broken rule set: another text for one file, and where the message must stand. */
struct mutation {
    const char *kind;
    const char *file;
    char *text;
    enum message message;
    uint32_t line, column;
};

/* A way to break things: each hit of `pattern` (PCRE2, lines by ^ and $) in the files whose name matches `files` (a
 * glob) is replaced, one at a time. `@@` in the replacement is where the message must stand; it is taken out. */
struct breaker {
    const char *kind, *files, *pattern, *replacement;
    enum message message;
    unsigned most; /* hits that are used, spread over all */
};
extern const struct breaker breakers[];
extern const size_t breaker_count;

/* All mutations of a breaker: calls `take` for each. False if the pattern does not work or hits nothing. */
bool mutate(const struct rule_folder *folder, const struct breaker *breaker,
            void (*take)(void *user, const struct mutation *mutation), void *user);

#endif
