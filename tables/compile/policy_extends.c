/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy that `extends` another: the base's keys, and in their place those that the policy says itself. Of the
 * maps whose entries have names of their own the entries are replaced or added one by one, or taken out by an entry
 * that says nothing. */
#include <string.h>

#include "policy.h"

enum { EXTENDS_DEPTH = 8 };

static bool merged_by_name(const char *key) {
    static const char *const maps[] = {"parameters", "tables", "groups",   "values",
                                       "axes",       "absent", "rounding", "settlement"};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        if (strcmp(key, maps[i]) == 0) {
            return true;
        }
    }
    return false;
}

static size_t find_key(const struct node *map, const char *key) {
    size_t at = 0;
    while (at < map->count && strcmp(map->keys[at]->text, key) != 0) {
        at++;
    }
    return at;
}

static bool says_nothing(const struct node *node) {
    return node->kind == NODE_SCALAR && node->length == 0;
}

static void take_out(struct node *map, size_t at) {
    map->count--;
    memmove(&map->keys[at], &map->keys[at + 1], (map->count - at) * sizeof map->keys[0]);
    memmove(&map->items[at], &map->items[at + 1], (map->count - at) * sizeof map->items[0]);
}

/* The entries of `base` in their order, replaced by those of `own` with the same key; then the others of `own`. */
static struct node *merge(struct arena *arena, const struct node *base, const struct node *own, bool top) {
    struct node *merged = ARENA_NEW(arena, struct node);
    *merged = *own;
    merged->count = base->count;
    merged->items = ARENA_ARRAY(arena, struct node *, base->count + own->count);
    merged->keys = ARENA_ARRAY(arena, struct node *, base->count + own->count);
    for (size_t i = 0; i < base->count; i++) {
        merged->keys[i] = base->keys[i];
        merged->items[i] = base->items[i];
    }
    for (size_t i = 0; i < own->count; i++) {
        size_t at = find_key(merged, own->keys[i]->text);
        if (at < merged->count && !top && says_nothing(own->items[i])) {
            take_out(merged, at);
            continue;
        }
        bool both = at < merged->count && merged->items[at]->kind == NODE_MAP && own->items[i]->kind == NODE_MAP;
        merged->items[at] = both && top && merged_by_name(own->keys[i]->text)
                                ? merge(arena, merged->items[at], own->items[i], false)
                                : own->items[i];
        merged->keys[at] = own->keys[i];
        merged->count += at == merged->count;
    }
    return merged;
}

static struct node *read_chain(struct sources *sources, const char *path, struct place from, unsigned depth) {
    if (depth == EXTENDS_DEPTH) {
        report_say(sources->report, MSG_cyclic_extends, from, path);
        return NULL;
    }
    struct node *root = document_read(sources, path, from);
    if (root == NULL || node_expect(sources->report, root, NODE_MAP, "a policy") == NULL) {
        return NULL;
    }
    const struct node *extends = node_get(root, "extends");
    if (extends == NULL) {
        return root;
    }
    const char *name = node_text(sources->report, extends, "extends");
    if (name == NULL) {
        return NULL;
    }
    struct node *base =
        read_chain(sources, source_path(sources, extends->place.file, name), extends->place, depth + 1);
    return base != NULL ? merge(sources->arena, base, root, true) : NULL;
}

struct node *policy_document(struct sources *sources, const char *path, struct place from) {
    return read_chain(sources, path, from, 0);
}
