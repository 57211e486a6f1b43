/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between two schemes, or two policies, in words. Schemes are compared by what they do: groups by their
 * codes, sets by the codes in them, severity and exclusion by code, so that other numbers, names of sets and spelling
 * make no difference. */
#ifndef CASEMIX_COMPILE_COMPARE_H
#define CASEMIX_COMPILE_COMPARE_H

#include "policy.h"

/* A part that differs. Texts that do not apply are NULL. */
struct difference {
    const char *part;            /* code of an MDC, "" for the scheme as a whole, "policy" */
    const char *subject;         /* "BB1", "DI_BB1", "MCC" ... */
    const char *what;            /* "added", "removed", "moved", "name", "condition", "codes" ... */
    const char *text;            /* a few words more */
    const char *before, *after;  /* as written in the one and in the other; of what is new, after alone: its condition */
    const char **list;           /* codes or groups this is about */
    const char **added, **removed;
    size_t list_count, added_count, removed_count;
};

struct comparison {
    struct arena *arena;
    const struct scheme *a, *b;
    struct difference *items; /* in no order of parts; those of one part are in order */
    size_t count, capacity;
    uint32_t *to_b[CODE_KINDS], *to_a[CODE_KINDS]; /* number of each code in the other catalogue, or UINT32_MAX */
    struct set_pair *pairs;
    size_t pair_count, pair_capacity;
};

struct comparison *compare_schemes(struct arena *arena, const struct scheme *a, const struct scheme *b);

/* Adds what differs between two policies of the schemes compared. */
void compare_policies(struct comparison *comparison, const struct policy *a, const struct policy *b);

/* ---- between the files that make up the comparison ---- */

struct difference *difference_add(struct comparison *c, const char *part, const char *subject, const char *what);

/* Tell two words that differ, if they do. */
void compare_change(struct comparison *c, const char *part, const char *subject, const char *what,
                    const char *before, const char *after);

/* Conditions: two of a `user`, and the sets that a new one names. In words: as written, or "always". */
void compare_when(struct comparison *c, const struct expression *a, const struct expression *b, const char *part,
                  const char *subject, const char *user);
void compare_named_sets(struct comparison *c, const struct expression *b, const char *part, const char *user);
const char *condition_words(struct comparison *c, const struct expression *when);

bool *compare_moved(struct arena *arena, const size_t *places, size_t count);
void compare_say_moved(struct comparison *c, const char *part, const char *subject, const char *before,
                       const char *after);

/* Codes of `b` that `a` lacks, and the other way round; either may be NULL. False if there are none. */
bool compare_sets(struct comparison *c, const struct codeset *a, const struct codeset *b, enum code_kind kind,
                  struct difference *out);

/* Two sets that do the same work in a group of the part: told by compare_set_pairs if they differ. */
void compare_note_pair(struct comparison *c, const struct codeset *a, const struct codeset *b, const char *part,
                       const char *user);
void compare_set_pairs(struct comparison *c);
void compare_new_set(struct comparison *c, const struct codeset *b, const char *part, const char *user);

/* Gray and invalid codes, severity, exclusion. */
void compare_barred(struct comparison *c);
void compare_severity(struct comparison *c);

#endif
