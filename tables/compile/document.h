/* SPDX-License-Identifier: Apache-2.0
 *
 * A YAML file as a tree whose every node knows its place. Read through libyaml's events. Not part of the rule
 * language, each refused with a message: anchors and aliases, tags, several documents in a file, keys that are not
 * scalars, the same key twice in a mapping, nesting deeper than DOCUMENT_DEPTH, files larger than DOCUMENT_BYTES
 * or of more than DOCUMENT_NODES values, text that is not UTF-8. */
#ifndef CASEMIX_COMPILE_DOCUMENT_H
#define CASEMIX_COMPILE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report.h"

enum { DOCUMENT_DEPTH = 32, DOCUMENT_BYTES = 64 << 20, DOCUMENT_NODES = 2000000 };

/* A file that was read, kept whole: places inside scalars are found in it, and the image names it. */
struct source {
    const char *path;  /* as opened */
    const char *bytes; /* NUL-terminated */
    size_t size;
    uint64_t hash;     /* XXH3 of the bytes */
    struct source *next;
    struct node *root; /* of the tree, once it was read; NULL if it is no good */
    bool parsed;
};

/* All files of one compilation, in the order first read. Reading a path twice gives the same source. */
struct sources {
    struct arena *arena;
    struct report *report;
    struct source *first, *last;
};

/* Read a file. NULL after a message at `from` (the place that names the file) if it cannot be read, is no regular file,
 * too large or holds a NUL, or after a message at its own place if it is not UTF-8. A byte order mark stays in it. */
struct source *source_read(struct sources *sources, const char *path, struct place from);

/* A path as written in the file `beside`, relative to that file's folder. */
const char *source_path(struct sources *sources, const char *beside, const char *path);

/* The name of a file in an image: its path as seen from the folder of the first file read, so that the same rules make
 * the same image wherever they lie. */
const char *source_name(const struct sources *sources, const char *path);

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    struct place place;
    /* scalar */
    const char *text; /* NUL-terminated; may hold no NUL inside (refused) */
    size_t length;
    const struct source *source;
    size_t offset;    /* of its first byte (quote or block indicator included) in the source */
    /* list: items; map: items are the values, keys[i] is the scalar key of items[i], in the file's order */
    struct node **items, **keys;
    size_t count;
};

/* The bytes of a source without its byte order mark. */
const char *source_text(const struct source *source, size_t *length);

/* The root of a YAML file, or NULL after a message. An empty file is an error. A key that is there twice is said, but
 * the tree is given back, so that more can be said of it: whether a file was good is in report->errors. A file is read
 * once: asked for again, the same root comes back, and nothing is said twice. */
struct node *document_read(struct sources *sources, const char *path, struct place from);

/* The value of a key of a map; NULL if it has none (or `map` is NULL or no map). */
struct node *node_get(const struct node *map, const char *key);

/* The place of byte `offset` of a scalar's text, also inside quoted, folded and literal scalars (exact where the
 * scalar has no escapes; otherwise the place of the scalar). */
struct place node_place(const struct node *scalar, size_t offset);

/* The same for many offsets of one scalar: going forward costs only the way between them. */
struct node_cursor {
    const struct node *scalar;
    size_t offset, raw; /* that far in the text, and in the source */
    uint32_t line, column;
    bool lost, lost_word; /* the two differ: for good, or up to the next blank */
};
void node_cursor_start(struct node_cursor *cursor, const struct node *scalar);
struct place node_cursor_place(struct node_cursor *cursor, size_t offset);

/* A value that must be there: NULL after a message at the map. */
const struct node *node_need(struct report *report, const struct node *map, const char *key, const char *what);

/* Checked access: NULL/false after a message if the node is absent where required, or of another kind.
 * `what` names it in the message ("mdc", "drgs of BB1"). */
const char *node_text(struct report *report, const struct node *node, const char *what);
bool node_number(struct report *report, const struct node *node, const char *what, int64_t low, int64_t high,
                 int64_t *out);
const struct node *node_expect(struct report *report, const struct node *node, enum node_kind kind, const char *what);

/* Is it YYYY-MM-DD, and a day that there is? */
bool text_is_date(const char *text);

/* Every key of `map` must be one of `known` (NULL-terminated list); others are said, with the nearest known one. */
void node_check_keys(struct report *report, const struct node *map, const char *const *known, const char *what);

#endif
