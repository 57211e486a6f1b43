/* SPDX-License-Identifier: Apache-2.0
 *
 * What the compiler has to say of a rule set. Every message has a number and a name in messages.def, a place, and says
 * what to do. Messages are collected in order, and printed by the caller. */
#ifndef CASEMIX_COMPILE_REPORT_H
#define CASEMIX_COMPILE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"

/* A place in a source. line and column count from 1; column counts characters, not bytes. line 0: the file as a whole. */
struct place {
    const char *file;
    uint32_t line, column;
};

enum message {
#define MESSAGE(name, number, severity, text) MSG_##name,
#include "messages.def"
#undef MESSAGE
    MESSAGE_COUNT
};

enum message_severity { MESSAGE_ERROR, MESSAGE_WARNING };

struct message_row {
    const char *name;   /* "unknown-code" with `_` for `-`: the name in messages.def */
    unsigned number;    /* stable; printed as E101 or W301; a retired number is never used again */
    enum message_severity severity;
    const char *text;   /* printf format; says what is wrong and what to do */
};
extern const struct message_row message_rows[MESSAGE_COUNT];

struct report_line {
    enum message message;
    struct place place;
    const char *text; /* formatted */
};

struct report {
    struct arena *arena;
    struct report_line *lines;
    size_t count, capacity;
    size_t errors, warnings; /* all that were said; beyond REPORT_MAX lines only counted */
};
enum { REPORT_MAX = 1000 };

struct report *report_new(struct arena *arena);

/* Say a message. The arguments are those of its format. */
void report_say(struct report *report, enum message message, struct place place, ...);

/* "rules/x.yaml:12:5: error E101: ..." a line each; beyond REPORT_MAX one more line with the number left out. */
void report_print(const struct report *report, FILE *out);

/* A text of a rule file for use in a message: a copy, cut at about 60 bytes. */
const char *report_clip(struct report *report, const char *text, size_t length);

/* The name nearest to a text that was not found: offer every name there is, then ask for the hint. Letter case does
 * not count; a name of up to 3 bytes may differ by one letter, a longer one by two. */
struct nearest {
    const char *text, *best;
    size_t length, best_length;
    unsigned distance; /* smallest so far that is no longer accepted */
};
void nearest_start(struct nearest *nearest, const char *text, size_t length);
void nearest_offer(struct nearest *nearest, const char *name, size_t length);
const char *nearest_hint(const struct nearest *nearest, struct arena *arena); /* ` - did you mean "X"?` or "" */

#endif
