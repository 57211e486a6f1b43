/* SPDX-License-Identifier: Apache-2.0
 *
 * Code sets of a scheme, as written in YAML:
 *
 *   DI_BB1: S02.0* S06* !S06.0*          items by blanks or commas, on one line or many, or as a YAML list
 *   OP_X: {file: long-list.txt}          items in a text file beside the YAML (`#` starts a comment)
 *   DI_Y: {add: [..], remove: [..]}      in an overlay: the set of the base scheme, patched
 *
 * An item is
 *   I60.000x001       a code of the catalogue (diagnosis or procedure; one set holds one kind)
 *   I60*              a branch: all codes that start so. A text that is itself a code (`A02.201+J17.0*`) is that code.
 *   I60.0..I62.9      a range over the catalogue's order, both ends included; an end that is not a code means the
 *                     whole branch it starts (I62.9 takes I62.900x003 along), an end that is one means that code only
 *   DI_BB2            another set of the scheme
 *   /^K7[0-7]\./      a regular expression (PCRE2), matched anywhere in the code unless anchored
 *   !item             minus: taken out after everything else of the set was put in, wherever it stands
 *   *                 the whole catalogue of the kind that the set's other items or its name (DI_, OP_) show
 *
 * Everything is expanded against the scheme's catalogues at compile time. An item that hits nothing is an error with
 * its own place; a `!item` that takes nothing out is a warning. */
#ifndef CASEMIX_COMPILE_CODESET_H
#define CASEMIX_COMPILE_CODESET_H

#include "catalogue.h"

enum { CODESET_DEPTH = 200, CODESETS_MAX = 50000, REGEXES_MAX = 5000 };

struct codeset {
    const char *name;     /* "" for one written inside an expression */
    struct place place;   /* of its name */
    enum code_kind kind;
    uint64_t *bits;       /* one per code of the catalogue of its kind */
    uint32_t count;       /* codes in it */
    /* the rest belongs to codeset.c */
    const struct node *definition;
    struct codeset *base; /* what an overlay patched */
    const char *literal;  /* text of one written inside an expression, else NULL */
    size_t literal_length;
    const struct node *literal_node;
    size_t literal_offset;
    struct node_cursor start; /* near the literal, so that places in it are found without reading all before it */
    int state;
    uint32_t number;      /* dense, in the order of definition */
};

struct codesets {
    struct arena *arena;
    struct report *report;
    struct sources *sources;
    const struct catalogue *catalogues[CODE_KINDS];
    struct codeset **sets;
    size_t count, capacity;
    struct codeset **index; /* hash table of names, by codeset.c */
    size_t index_size;
    struct codeset **open; /* sets being expanded, the outermost first */
    size_t depth;
    unsigned regexes; /* compiled so far: each is run over a whole catalogue */
    const struct total *totals; /* the scheme's, for expression.c, which knows what they are */
    size_t total_count;
    bool late_facts; /* expressions may ask for what is known only once the DIP entry of a case is */
};

void codesets_init(struct codesets *sets, struct sources *sources, const struct catalogue *diagnoses,
                   const struct catalogue *procedures);

/* Define a set. Defining a name twice is an error, unless `patch`: then the name must be there, and the definition
 * replaces it ({add, remove}: patches it). The set stays the same object; define and patch all before the first is
 * expanded. NULL after a message if it could not be defined. */
struct codeset *codesets_define(struct codesets *sets, const struct node *name, const struct node *definition,
                                bool patch);

/* The set of a name, or NULL. */
struct codeset *codesets_find(const struct codesets *sets, const char *name, size_t length);

/* A set written inside an expression: the text between its braces, at byte `offset` of `scalar`. The text must outlive
 * the set. Its place is the scalar's until the caller sets it (with `start`). NULL after a message. */
struct codeset *codesets_literal(struct codesets *sets, const struct node *scalar, size_t offset, const char *text,
                                 size_t length);

/* Expand a set (and what it refers to) once; later calls do nothing. False after a message: unknown code or set, an
 * item that hits nothing, a cycle (said with its way), mixed kinds, a bad regular expression. */
bool codeset_expand(struct codesets *sets, struct codeset *set);

/* "diagnoses" or "procedures"; the name of a set in a message. */
const char *code_kind_words(enum code_kind kind);
const char *codeset_title(struct report *report, const struct codeset *set);

/* What was meant by an unknown name: the nearest set (and code, with `codes`) as a hint of a message. */
const char *codesets_hint(const struct codesets *sets, const char *text, size_t length, bool codes);

static inline bool codeset_has(const struct codeset *set, uint32_t code) {
    return set->bits[code / 64] >> (code % 64) & 1;
}

#endif
