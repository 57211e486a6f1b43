/* SPDX-License-Identifier: Apache-2.0 */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dip.h"
#include "tables.h"

#ifndef CASEMIX_COMPILER
#define CASEMIX_COMPILER "casemix"
#endif

struct compilation {
    struct arena *arena;
    struct sources sources;
    const char *bundle;
    struct scheme **schemes;
    struct policy **policies;
    size_t scheme_count, scheme_capacity, policy_count, policy_capacity;
    void *image;
    size_t image_size;
};

struct compilation *compilation_new(void) {
    struct arena *arena = arena_new();
    struct compilation *work = ARENA_NEW(arena, struct compilation);
    work->arena = arena;
    work->sources.arena = arena;
    work->sources.report = report_new(arena);
    work->bundle = "";
    return work;
}

void compilation_free(struct compilation *work) {
    if (work != NULL) {
        free(work->image);
        arena_free(work->arena);
    }
}

const struct report *compilation_report(const struct compilation *work) {
    return work->sources.report;
}

size_t compilation_scheme_count(const struct compilation *work) {
    return work->scheme_count;
}

const struct scheme *compilation_scheme(const struct compilation *work, size_t n) {
    return work->schemes[n];
}

size_t compilation_policy_count(const struct compilation *work) {
    return work->policy_count;
}

const struct policy *compilation_policy(const struct compilation *work, size_t n) {
    return work->policies[n];
}

/* ---- reading ---- */

/* NULL after messages. */
static struct scheme *read_scheme(struct compilation *work, const char *path, struct place from) {
    struct scheme *scheme = scheme_read(&work->sources, path, from);
    if (scheme == NULL) {
        return NULL;
    }
    if (scheme->dip != NULL && scheme->dip->entry_count == 0) { /* fine for one that others extend */
        report_say(work->sources.report, MSG_missing_key, scheme->place, "a DIP scheme", "catalogue");
        return NULL;
    }
    for (size_t i = 0; i < work->scheme_count; i++) {
        if (strcmp(work->schemes[i]->id, scheme->id) == 0) {
            report_say(work->sources.report, MSG_duplicate_scheme, from, scheme->id);
            return NULL;
        }
    }
    scheme->listed = from;
    ARENA_PUSH(work->arena, work->schemes, work->scheme_count, work->scheme_capacity, scheme);
    return scheme;
}

/* The regions whose claims the scheme is for. */
static void read_regions(struct compilation *work, struct scheme *scheme, const struct node *list) {
    struct report *report = work->sources.report;
    if (list == NULL || node_expect(report, list, NODE_LIST, "regions") == NULL) {
        return;
    }
    if (list->count == 0) {
        report_say(report, MSG_empty_text, list->place, "regions");
    }
    scheme->regions = ARENA_ARRAY(work->arena, const char *, list->count + 1);
    for (size_t i = 0; i < list->count; i++) {
        if (node_text(report, list->items[i], "a region") != NULL) {
            scheme->regions[scheme->region_count++] = list->items[i]->text;
        }
    }
}

/* A scheme of a bundle: its file, or a map of its file and the regions it is for. */
static void read_scheme_item(struct compilation *work, const struct node *item) {
    static const char *const keys[] = {"file", "regions", NULL};
    struct report *report = work->sources.report;
    const struct node *file = item;
    if (item->kind == NODE_MAP) {
        node_check_keys(report, item, keys, "a scheme of a bundle");
        file = node_need(report, item, "file", "a scheme of a bundle");
    }
    if (file == NULL || node_text(report, file, "schemes") == NULL) {
        return;
    }
    struct scheme *scheme = read_scheme(work, source_path(&work->sources, file->place.file, file->text), file->place);
    if (scheme != NULL && item != file) {
        read_regions(work, scheme, node_get(item, "regions"));
    }
}

static void read_policy(struct compilation *work, const char *path, struct place from) {
    struct policy *policy = policy_read(&work->sources, path, from);
    if (policy != NULL) {
        ARENA_PUSH(work->arena, work->policies, work->policy_count, work->policy_capacity, policy);
    }
}

/* Each policy finds its scheme in the bundle. */
static void link_policies(struct compilation *work) {
    for (size_t p = 0; p < work->policy_count; p++) {
        struct policy *policy = work->policies[p];
        const struct scheme *scheme = NULL;
        for (size_t s = 0; s < work->scheme_count; s++) {
            if (policy->scheme_id != NULL && strcmp(work->schemes[s]->id, policy->scheme_id) == 0) {
                scheme = work->schemes[s];
            }
        }
        if (scheme != NULL) {
            policy_link(policy, scheme);
        } else if (policy->scheme_id != NULL && work->sources.report->errors == 0) {
            report_say(work->sources.report, MSG_policy_scheme, policy->scheme_place, policy->scheme_id, "");
        }
    }
}

static void read_policy_item(struct compilation *work, const struct node *item) {
    if (node_text(work->sources.report, item, "policies") != NULL) {
        read_policy(work, source_path(&work->sources, item->place.file, item->text), item->place);
    }
}

static void read_list(struct compilation *work, const struct node *root, const char *key,
                      void (*read)(struct compilation *, const struct node *)) {
    const struct node *list = node_get(root, key);
    if (list == NULL || node_expect(work->sources.report, list, NODE_LIST, key) == NULL) {
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        read(work, list->items[i]);
    }
}

static void read_bundle(struct compilation *work, const struct node *root) {
    static const char *const keys[] = {"bundle", "title", "note", "schemes", "policies", NULL};
    node_check_keys(work->sources.report, root, keys, "a bundle");
    const struct node *id = node_get(root, "bundle");
    if (node_text(work->sources.report, id, "bundle") != NULL) {
        work->bundle = id->text;
    }
    if (node_get(root, "schemes") == NULL) {
        report_say(work->sources.report, MSG_missing_key, root->place, "a bundle", "schemes");
    }
    read_list(work, root, "schemes", read_scheme_item);
    read_list(work, root, "policies", read_policy_item);
}

bool compilation_read(struct compilation *work, const char *path) {
    struct report *report = work->sources.report;
    struct place from = {path, 0, 0};
    const struct node *root = document_read(&work->sources, path, from);
    if (root == NULL || node_expect(report, root, NODE_MAP, "a bundle") == NULL) {
        return false;
    }
    if (node_get(root, "scheme") != NULL && node_get(root, "policy") == NULL) {
        read_scheme(work, path, from);
        work->bundle = work->scheme_count > 0 ? work->schemes[0]->id : "";
    } else if (node_get(root, "policy") != NULL) {
        read_policy(work, path, from);
        return report->errors == 0; /* its scheme is not there to be linked to */
    } else if (node_get(root, "bundle") != NULL) {
        read_bundle(work, root);
    } else {
        report_say(report, MSG_not_a_rule_file, root->place);
    }
    link_policies(work);
    return report->errors == 0;
}

/* The region that two schemes share; "" if both are for all; NULL if there is none. A scheme that is for all gives way
 * to one that is for a region. */
static const char *shared_region(const struct scheme *a, const struct scheme *b) {
    for (size_t i = 0; i < a->region_count; i++) {
        for (size_t j = 0; j < b->region_count; j++) {
            if (strcmp(a->regions[i], b->regions[j]) == 0) {
                return a->regions[i];
            }
        }
    }
    return a->region_count == 0 && b->region_count == 0 ? "" : NULL;
}

static bool in_force_together(const struct scheme *a, const struct scheme *b) {
    bool before = a->until[0] != '\0' && b->from[0] != '\0' && strcmp(a->until, b->from) < 0;
    bool after = b->until[0] != '\0' && a->from[0] != '\0' && strcmp(b->until, a->from) < 0;
    return !before && !after;
}

/* A case without --scheme must find one scheme, not two. */
static void check_force(struct compilation *work) {
    for (size_t i = 0; i < work->scheme_count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct scheme *a = work->schemes[j], *b = work->schemes[i];
            const char *region = shared_region(a, b);
            if (region != NULL && in_force_together(a, b)) {
                const char *where =
                    region[0] == '\0' ? "" : arena_format(work->arena, " in region %s", region);
                report_say(work->sources.report, MSG_schemes_overlap, b->listed, b->id, a->id, where);
            }
        }
    }
}

bool compilation_check(struct compilation *work) {
    check_force(work);
    if (work->sources.report->errors > 0) {
        return false;
    }
    for (size_t i = 0; i < work->scheme_count; i++) {
        scheme_check(work->sources.report, work->schemes[i]);
    }
    return work->sources.report->errors == 0;
}

/* ---- building ---- */

/* Codes that one catalogue has and the other lacks, as additions. */
static struct catalogue *unite(struct compilation *work, struct catalogue *base, const struct catalogue *with) {
    struct code *more = ARENA_ARRAY(work->arena, struct code, with->count + 1);
    struct place *places = ARENA_ARRAY(work->arena, struct place, with->count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < with->count; i++) {
        if (catalogue_find(base, with->codes[i].text, with->codes[i].length) == UINT32_MAX) {
            more[count++] = with->codes[i];
        }
    }
    return count == 0 ? base
                      : catalogue_extend(work->arena, work->sources.report, base, more, places, count);
}

/* The code tables: schemes that name the same catalogue share one. */
static struct code_table **make_tables(struct compilation *work, size_t *count) {
    struct code_table **tables = ARENA_ARRAY(work->arena, struct code_table *, work->scheme_count * CODE_KINDS + 1);
    *count = 0;
    for (size_t s = 0; s < work->scheme_count; s++) {
        for (int kind = 0; kind < CODE_KINDS; kind++) {
            struct catalogue *catalogue = work->schemes[s]->catalogues[kind];
            size_t t = 0;
            while (t < *count && (tables[t]->kind != catalogue->kind || strcmp(tables[t]->id, catalogue->id) != 0)) {
                t++;
            }
            if (t == *count) {
                tables[(*count)++] = ARENA_NEW(work->arena, struct code_table);
                *tables[t] = (struct code_table){.id = catalogue->id, .kind = catalogue->kind, .codes = catalogue};
            } else {
                tables[t]->codes = unite(work, tables[t]->codes, catalogue);
            }
        }
    }
    return tables;
}

static size_t table_of(struct code_table *const *tables, size_t count, const struct catalogue *catalogue) {
    size_t t = 0;
    while (t + 1 < count && (tables[t]->kind != catalogue->kind || strcmp(tables[t]->id, catalogue->id) != 0)) {
        t++;
    }
    return t;
}

static uint32_t write_sources(struct compilation *work, struct image_writer *writer) {
    uint32_t count = 0;
    for (const struct source *source = work->sources.first; source != NULL; source = source->next) {
        count++;
    }
    struct image_source *records = ARENA_ARRAY(work->arena, struct image_source, count + 1);
    count = 0;
    for (const struct source *source = work->sources.first; source != NULL; source = source->next) {
        records[count++] =
            (struct image_source){image_writer_text(writer, source_name(&work->sources, source->path)), 0,
                                  source->size, source->hash};
    }
    image_writer_section(writer, IMAGE_SOURCES, 0, records, sizeof *records, count);
    return count;
}

static void write_regions(struct compilation *work, struct image_writer *writer, const struct scheme *scheme,
                          uint32_t owner) {
    image_text *regions = ARENA_ARRAY(work->arena, image_text, scheme->region_count + 1);
    for (size_t i = 0; i < scheme->region_count; i++) {
        regions[i] = image_writer_text(writer, scheme->regions[i]);
    }
    image_writer_section(writer, IMAGE_REGIONS, owner, regions, sizeof *regions, scheme->region_count);
}

static bool write_schemes(struct compilation *work, struct image_writer *writer, struct image_header *header) {
    size_t table_count;
    struct code_table **tables = make_tables(work, &table_count);
    struct image_catalogue *catalogues = ARENA_ARRAY(work->arena, struct image_catalogue, table_count + 1);
    for (size_t t = 0; t < table_count; t++) {
        if (!code_table_write(work->arena, work->sources.report, writer, tables[t], (uint32_t)t, &catalogues[t])) {
            return false;
        }
    }
    struct image_scheme *schemes = ARENA_ARRAY(work->arena, struct image_scheme, work->scheme_count + 1);
    for (size_t s = 0; s < work->scheme_count; s++) {
        const struct scheme *scheme = work->schemes[s];
        const struct code_table *own[CODE_KINDS];
        for (int kind = 0; kind < CODE_KINDS; kind++) {
            own[kind] = tables[table_of(tables, table_count, scheme->catalogues[kind])];
        }
        schemes[s].diagnosis_catalogue = (uint32_t)table_of(tables, table_count, scheme->catalogues[CODE_DIAGNOSIS]);
        schemes[s].procedure_catalogue = (uint32_t)table_of(tables, table_count, scheme->catalogues[CODE_PROCEDURE]);
        if (!scheme_tables_write(work->arena, work->sources.report, writer, scheme, (uint32_t)s, own, &schemes[s])) {
            return false;
        }
    }
    for (size_t s = 0; s < work->scheme_count; s++) {
        write_regions(work, writer, work->schemes[s], (uint32_t)s);
    }
    image_writer_section(writer, IMAGE_CATALOGUES, 0, catalogues, sizeof *catalogues, table_count);
    image_writer_section(writer, IMAGE_SCHEMES, 0, schemes, sizeof *schemes, work->scheme_count);
    header->catalogue_count = (uint32_t)table_count;
    header->scheme_count = (uint32_t)work->scheme_count;
    return true;
}

static bool write_policies(struct compilation *work, struct image_writer *writer, struct image_header *header) {
    struct image_policy *policies = ARENA_ARRAY(work->arena, struct image_policy, work->policy_count + 1);
    for (size_t p = 0; p < work->policy_count; p++) {
        uint32_t scheme = 0;
        while (work->schemes[scheme] != work->policies[p]->scheme) {
            scheme++;
        }
        if (!policy_write(work->policies[p], writer, (uint32_t)p, scheme, &policies[p])) {
            return false;
        }
    }
    image_writer_section(writer, IMAGE_POLICIES, 0, policies, sizeof *policies, work->policy_count);
    header->policy_count = (uint32_t)work->policy_count;
    return true;
}

bool compilation_build(struct compilation *work) {
    if (work->sources.report->errors > 0 || work->scheme_count == 0) {
        return false;
    }
    struct image_writer *writer = image_writer_new();
    if (writer == NULL) {
        return false;
    }
    struct image_header header = {.bundle = image_writer_text(writer, work->bundle),
                                  .compiler = image_writer_text(writer, CASEMIX_COMPILER)};
    bool good = write_schemes(work, writer, &header) && write_policies(work, writer, &header);
    header.source_count = write_sources(work, writer);
    free(work->image);
    work->image = good ? image_writer_finish(writer, &header, &work->image_size) : NULL;
    image_writer_free(writer);
    return work->image != NULL;
}

const void *compilation_image(const struct compilation *work, size_t *size) {
    *size = work->image_size;
    return work->image;
}

bool compilation_codes(struct compilation *work, const char *scheme, const char *set,
                       void (*tell)(void *user, const struct code *code), void *user) {
    struct scheme *of = NULL;
    for (size_t i = 0; i < work->scheme_count && of == NULL; i++) {
        of = scheme == NULL || strcmp(work->schemes[i]->id, scheme) == 0 ? work->schemes[i] : NULL;
    }
    struct place place = {"the command line", 0, 0};
    if (of == NULL) {
        report_say(work->sources.report, MSG_unknown_scheme, place, scheme == NULL ? "" : scheme, "");
        return false;
    }
    struct codeset *found = codesets_find(&of->sets, set, strlen(set));
    if (found == NULL) {
        struct node *items = ARENA_NEW(work->arena, struct node);
        *items = (struct node){.kind = NODE_SCALAR, .place = place, .text = set, .length = strlen(set)};
        found = codesets_literal(&of->sets, items, 0, items->text, items->length);
    }
    if (!codeset_expand(&of->sets, found)) {
        return false;
    }
    const struct catalogue *catalogue = of->catalogues[found->kind];
    for (uint32_t i = 0; i < catalogue->count; i++) {
        if (codeset_has(found, i)) {
            tell(user, &catalogue->codes[i]);
        }
    }
    return true;
}
