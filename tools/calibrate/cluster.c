/* SPDX-License-Identifier: Apache-2.0
 *
 * Clustering: see cluster.h. First by diagnosis and principal operation; in each cluster that is large enough by
 * related operations; what is left by category and kind, then by letter and kind. */
#include "cluster.h"

#include <stdlib.h>
#include <string.h>

enum { RELATED_MOST = 3, CATEGORY_LENGTH = 3 };

/* A set of related operations that may become an entry. */
struct candidate {
    uint32_t operations[RELATED_MOST];
    unsigned size;
    casemix_text text;
    uint64_t cases; /* assigned to it in the end */
    struct quotient mean;
    int64_t difference;
    bool accepted;
    uint32_t entry;
};

struct work {
    const struct study *study;
    const struct combination *combinations;
    const struct sorting *sorting;
    const struct cluster_rules *rules;
    struct clustering *out;
    uint32_t count;
    uint32_t *related; /* numbers of related operations: those of combination c are from first_related[c] on */
    size_t *first_related;
    uint64_t *support; /* of each operation, within a cluster */
    uint32_t *members; /* records gathered */
    size_t member_count, member_room;
    struct candidate *candidates;
    size_t candidate_count, candidate_room;
};

/* ---- small things ----------------------------------------------------------------------------------------- */

static uint64_t cases_of(const struct work *w, uint32_t combination) {
    return w->sorting->first[combination + 1] - w->sorting->first[combination];
}

static bool same(casemix_text a, casemix_text b) {
    return text_order(a, b) == 0;
}

static casemix_text head(casemix_text text, size_t length) {
    return (casemix_text){text.text, text.length < length ? text.length : length};
}

static const uint32_t *related_of(const struct work *w, uint32_t combination) {
    return w->related + w->first_related[combination];
}

static unsigned related_count(const struct work *w, uint32_t combination) {
    return (unsigned)(w->first_related[combination + 1] - w->first_related[combination]);
}

static void add_members(struct work *w, uint32_t combination) {
    size_t count = cases_of(w, combination);
    if (count == 0) {
        return;
    }
    if (w->member_room - w->member_count < count) {
        w->member_room = (w->member_count + count) * 2;
        w->members = need(reallocarray(w->members, w->member_room, sizeof *w->members));
    }
    memcpy(w->members + w->member_count, w->sorting->order + w->sorting->first[combination],
           count * sizeof *w->members);
    w->member_count += count;
}

/* false: trimming leaves none. */
static bool mean_of_members(struct work *w, struct quotient *mean) {
    struct summary summary;
    summarise(w->study, w->members, w->member_count, &summary, NULL);
    return yearly_mean(w->study, &summary.cost, mean);
}

static uint32_t add_entry(struct work *w, struct entry entry) {
    struct clustering *out = w->out;
    if (out->count == out->room) {
        out->room = out->room ? 2 * out->room : 256;
        out->entries = need(reallocarray(out->entries, out->room, sizeof *out->entries));
    }
    out->entries[out->count] = entry;
    return out->count++;
}

static void add_merge(struct work *w, struct merge merge) {
    struct clustering *out = w->out;
    if (out->merge_count == out->merge_room) {
        out->merge_room = out->merge_room ? 2 * out->merge_room : 256;
        out->merges = need(reallocarray(out->merges, out->merge_room, sizeof *out->merges));
    }
    out->merges[out->merge_count++] = merge;
}

static struct merge merge_of(const struct combination *c, enum merge_reason reason, uint64_t cases,
                             uint32_t entry) {
    return (struct merge){reason, c->diagnosis, c->principal, {"", 0}, cases, entry, -1};
}

/* Behind the cluster that begins at `first`: the same diagnosis and principal operation. Without a principal one
 * each set of other operations is a cluster, and conservative cases are. */
static uint32_t cluster_end(const struct work *w, uint32_t first) {
    const struct combination *c = w->combinations;
    uint32_t end = first + 1;
    while (end < w->count && same(c[end].diagnosis, c[first].diagnosis) &&
           same(c[end].principal, c[first].principal) &&
           (c[first].principal.length || same(c[end].related, c[first].related))) {
        end++;
    }
    return end;
}

static bool is_headless(const struct combination *c) {
    return c->principal.length == 0 && c->related.length > 0;
}

static uint64_t cluster_cases_in(const struct work *w, uint32_t first, uint32_t end) {
    return w->sorting->first[end] - w->sorting->first[first];
}

/* ---- threshold -------------------------------------------------------------------------------------------- */

static int compare_sizes(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* By coverage: the number of cases of the smallest cluster that is taken when the largest are taken first. Clusters
 * of equal size are taken together. */
static uint64_t find_threshold(const struct work *w) {
    if (w->rules->coverage == 0) {
        return w->rules->min_cases ? w->rules->min_cases : 1;
    }
    uint64_t *sizes = need(malloc((w->count + 1) * sizeof *sizes)), total = 0, covered = 0, threshold = 1;
    size_t count = 0;
    for (uint32_t first = 0, end; first < w->count; first = end) {
        end = cluster_end(w, first);
        total += cluster_cases_in(w, first, end);
        if (!is_headless(&w->combinations[first])) {
            sizes[count++] = cluster_cases_in(w, first, end);
        }
    }
    qsort(sizes, count, sizeof *sizes, compare_sizes);
    for (size_t i = 0; i < count && (whole128)covered * 10000 < (whole128)total * w->rules->coverage; i++) {
        covered += sizes[i];
        threshold = sizes[i];
    }
    free(sizes);
    return threshold > 0 ? threshold : 1;
}

/* ---- related operations ----------------------------------------------------------------------------------- */

static bool contains(const struct work *w, uint32_t combination, const struct candidate *set) {
    for (unsigned i = 0; i < set->size; i++) {
        bool found = false;
        for (unsigned j = 0; j < related_count(w, combination) && !found; j++) {
            found = related_of(w, combination)[j] == set->operations[i];
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static bool is_subset(const struct candidate *a, const struct candidate *b) {
    for (unsigned i = 0; i < a->size; i++) {
        bool found = false;
        for (unsigned j = 0; j < b->size && !found; j++) {
            found = b->operations[j] == a->operations[i];
        }
        if (!found) {
            return false;
        }
    }
    return a->size < b->size;
}

static void add_candidate(struct work *w, struct candidate candidate) {
    if (w->candidate_count == w->candidate_room) {
        w->candidate_room = w->candidate_room ? 2 * w->candidate_room : 32;
        w->candidates = need(reallocarray(w->candidates, w->candidate_room, sizeof *w->candidates));
    }
    w->candidates[w->candidate_count++] = candidate;
}

static int compare_candidates(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    return x->size != y->size ? (x->size < y->size ? -1 : 1) : text_order(x->text, y->text);
}

static bool all_supported(const struct work *w, uint32_t combination) {
    for (unsigned i = 0; i < related_count(w, combination); i++) {
        if (w->support[related_of(w, combination)[i]] < w->out->threshold) {
            return false;
        }
    }
    return true;
}

/* Operations with enough cases, and sets of two or three such that occur. Several cases have the same set where
 * kinds differ, so a set is only taken if it is not that of the combination before. */
static void find_candidates(struct work *w, uint32_t first, uint32_t end) {
    for (uint32_t c = first; c < end; c++) {
        for (unsigned i = 0; i < related_count(w, c); i++) {
            w->support[related_of(w, c)[i]] += cases_of(w, c);
        }
    }
    for (uint32_t c = first; c < end; c++) {
        unsigned size = related_count(w, c);
        bool again = c > first && same(w->combinations[c].related, w->combinations[c - 1].related);
        if (size >= 2 && size <= RELATED_MOST && !again && all_supported(w, c)) {
            struct candidate set = {.size = size, .text = w->combinations[c].related};
            memcpy(set.operations, related_of(w, c), size * sizeof *set.operations);
            add_candidate(w, set);
        }
    }
    for (uint32_t c = first; c < end; c++) {
        for (unsigned i = 0; i < related_count(w, c); i++) {
            uint32_t operation = related_of(w, c)[i];
            if (w->support[operation] >= w->out->threshold) {
                struct candidate one = {
                    .operations = {operation}, .size = 1, .text = w->out->operations.items[operation]};
                add_candidate(w, one);
            }
            w->support[operation] = 0;
        }
    }
    if (w->candidate_count > 0) {
        qsort(w->candidates, w->candidate_count, sizeof *w->candidates, compare_candidates);
    }
}

/* Does the set change the mean of what its cases would be in without it: the largest accepted set within it, else
 * the cluster? */
static void judge(struct work *w, uint32_t first, uint32_t end, size_t number,
                  const struct quotient *cluster_mean) {
    struct candidate *set = &w->candidates[number];
    w->member_count = 0;
    for (uint32_t c = first; c < end; c++) {
        if (contains(w, c, set)) {
            add_members(w, c);
        }
    }
    set->cases = w->member_count;
    set->entry = UINT32_MAX;
    set->difference = -1;
    if (w->member_count < w->out->threshold || !mean_of_members(w, &set->mean)) {
        return;
    }
    struct quotient base = *cluster_mean;
    unsigned size = 0;
    for (size_t i = 0; i < number; i++) {
        const struct candidate *other = &w->candidates[i];
        if (other->accepted && other->size > size && is_subset(other, set)) {
            base = other->mean;
            size = other->size;
        }
    }
    set->difference = difference_of(set->mean, base);
    set->accepted = differs(set->mean, base, w->rules->related);
}

/* The accepted set of a combination: the largest, then the first; NULL if there is none. */
static struct candidate *set_of(struct work *w, uint32_t combination) {
    struct candidate *best = NULL;
    for (size_t i = 0; i < w->candidate_count; i++) {
        struct candidate *set = &w->candidates[i];
        if (set->accepted && (!best || set->size > best->size) && contains(w, combination, set)) {
            best = set;
        }
    }
    return best;
}

/* A set whose cases larger sets took is none any more; the one with the fewest cases goes first. */
static void drop_small_sets(struct work *w, uint32_t first, uint32_t end) {
    for (;;) {
        struct candidate *smallest = NULL;
        for (size_t i = 0; i < w->candidate_count; i++) {
            w->candidates[i].cases = w->candidates[i].accepted ? 0 : w->candidates[i].cases;
        }
        for (uint32_t c = first; c < end; c++) {
            struct candidate *set = set_of(w, c);
            if (set) {
                set->cases += cases_of(w, c);
            }
        }
        for (size_t i = 0; i < w->candidate_count; i++) {
            struct candidate *set = &w->candidates[i];
            if (set->accepted && set->cases < w->out->threshold && (!smallest || set->cases <= smallest->cases)) {
                smallest = set;
            }
        }
        if (!smallest) {
            return;
        }
        smallest->accepted = false;
        struct merge merge = merge_of(&w->combinations[first], MERGE_LEFT_FEW, smallest->cases, UINT32_MAX);
        merge.related = smallest->text;
        merge.difference = smallest->difference;
        smallest->difference = -1;
        add_merge(w, merge);
    }
}

static uint32_t new_entry(struct work *w, enum entry_form form, const struct combination *c, casemix_text related) {
    return add_entry(
        w, (struct entry){.form = form, .diagnosis = c->diagnosis, .principal = c->principal, .related = related});
}

/* A cluster of one diagnosis and principal operation, large enough: its entries. What is left too small stays
 * without one. */
static void split_cluster(struct work *w, uint32_t first, uint32_t end) {
    const struct combination *c = &w->combinations[first];
    uint64_t left = cluster_cases_in(w, first, end);
    w->member_count = 0;
    for (uint32_t i = first; i < end; i++) {
        add_members(w, i);
    }
    struct quotient mean;
    w->candidate_count = 0;
    if (mean_of_members(w, &mean)) {
        find_candidates(w, first, end);
    }
    for (size_t i = 0; i < w->candidate_count; i++) {
        judge(w, first, end, i, &mean);
    }
    drop_small_sets(w, first, end);
    for (size_t i = 0; i < w->candidate_count; i++) {
        left -= w->candidates[i].accepted ? w->candidates[i].cases : 0;
    }
    uint32_t plain =
        left >= w->out->threshold ? new_entry(w, ENTRY_OPERATION, c, (casemix_text){"", 0}) : UINT32_MAX;
    for (size_t i = 0; i < w->candidate_count; i++) {
        struct candidate *set = &w->candidates[i];
        if (set->difference < 0) {
            continue;
        }
        set->entry = set->accepted ? new_entry(w, ENTRY_OPERATION, c, set->text) : UINT32_MAX;
        struct merge merge = merge_of(c, set->accepted ? MERGE_SPLIT : MERGE_SAME_COST, set->cases,
                                      set->accepted ? set->entry : plain);
        merge.related = set->text;
        merge.difference = set->difference;
        add_merge(w, merge);
    }
    for (uint32_t i = first; i < end; i++) {
        const struct candidate *set = set_of(w, i);
        w->out->entry_of[i] = set ? set->entry : plain;
    }
}

/* ---- clusters --------------------------------------------------------------------------------------------- */

/* Cases with operations of the lowest kind only, in clusters too small, count as conservative: the entry without
 * operations takes them when grouping. Clusters of a diagnosis are [first, end). */
static void make_conservative(struct work *w, uint32_t first, uint32_t end) {
    const struct combination *c = w->combinations;
    uint64_t cases = 0, folded = 0;
    for (uint32_t i = first; i < end; i++) {
        if (w->out->entry_of[i] == UINT32_MAX && c[i].kind == 0) {
            bool plain = c[i].principal.length == 0 && c[i].related.length == 0;
            cases += cases_of(w, i);
            folded += plain ? 0 : cases_of(w, i);
        }
    }
    if (cases < w->out->threshold) {
        return;
    }
    struct combination without = {.diagnosis = c[first].diagnosis, .principal = {"", 0}};
    uint32_t entry = new_entry(w, ENTRY_CONSERVATIVE, &without, (casemix_text){"", 0});
    w->out->entries[entry].folded = folded;
    for (uint32_t i = first; i < end; i++) {
        if (w->out->entry_of[i] == UINT32_MAX && c[i].kind == 0) {
            w->out->entry_of[i] = entry;
            if (c[i].principal.length || c[i].related.length) {
                struct merge merge = merge_of(&c[i], MERGE_LOWEST_KIND, cases_of(w, i), entry);
                merge.related = c[i].related;
                add_merge(w, merge);
            }
        }
    }
}

static void make_core(struct work *w) {
    const struct combination *c = w->combinations;
    for (uint32_t first = 0, end; first < w->count; first = end) {
        for (end = first; end < w->count && same(c[end].diagnosis, c[first].diagnosis);) {
            uint32_t next = cluster_end(w, end);
            if (c[end].principal.length && cluster_cases_in(w, end, next) >= w->out->threshold) {
                split_cluster(w, end, next);
            }
            end = next;
        }
        make_conservative(w, first, end);
    }
}

/* ---- the rest --------------------------------------------------------------------------------------------- */

enum { KINDS_MAX = 32 };

/* Cases of [first, end) without an entry, by kind: an entry each of this form, where they are enough. */
static void make_comprehensive(struct work *w, uint32_t first, uint32_t end, size_t length, enum entry_form form,
                               uint64_t threshold) {
    uint64_t cases[KINDS_MAX] = {0};
    uint32_t entry[KINDS_MAX];
    for (uint32_t i = first; i < end; i++) {
        if (w->out->entry_of[i] == UINT32_MAX) {
            cases[w->combinations[i].kind % KINDS_MAX] += cases_of(w, i);
        }
    }
    for (uint32_t k = 0; k < KINDS_MAX; k++) {
        entry[k] = UINT32_MAX;
        if (cases[k] > 0 && cases[k] >= threshold) {
            entry[k] = add_entry(w, (struct entry){.form = form,
                                                   .kind = k,
                                                   .principal = {"", 0},
                                                   .related = {"", 0},
                                                   .diagnosis = head(w->combinations[first].diagnosis, length)});
        }
    }
    for (uint32_t i = first; i < end; i++) {
        if (w->out->entry_of[i] == UINT32_MAX) {
            w->out->entry_of[i] = entry[w->combinations[i].kind % KINDS_MAX];
        }
    }
}

static void make_all_comprehensive(struct work *w, size_t length, enum entry_form form, uint64_t threshold) {
    const struct combination *c = w->combinations;
    for (uint32_t first = 0, end; first < w->count; first = end) {
        casemix_text category = head(c[first].diagnosis, length);
        for (end = first; end < w->count && same(head(c[end].diagnosis, length), category);) {
            end++;
        }
        make_comprehensive(w, first, end, length, form, threshold);
    }
}

/* Clusters in comprehensive entries; one row for each entry that took some of it. */
static void tell_rest(struct work *w) {
    const struct combination *c = w->combinations;
    const uint32_t *entry_of = w->out->entry_of;
    for (uint32_t first = 0, end; first < w->count; first = end) {
        uint64_t cases[KINDS_MAX] = {0};
        uint32_t entry[KINDS_MAX];
        end = cluster_end(w, first);
        bool some = false;
        for (uint32_t i = first; i < end; i++) {
            if (cases_of(w, i) == 0) {
                continue;
            }
            bool rest = w->out->entries[entry_of[i]].form >= ENTRY_CATEGORY;
            cases[c[i].kind % KINDS_MAX] += rest ? cases_of(w, i) : 0;
            entry[c[i].kind % KINDS_MAX] = entry_of[i];
            some |= w->out->entries[entry_of[i]].form == ENTRY_OPERATION;
        }
        for (uint32_t k = 0; k < KINDS_MAX; k++) {
            if (cases[k]) {
                enum merge_reason reason = is_headless(&c[first]) ? MERGE_NO_PRINCIPAL
                                           : some                 ? MERGE_LEFT_FEW
                                                                  : MERGE_FEW_CASES;
                struct merge merge = merge_of(&c[first], reason, cases[k], entry[k]);
                merge.related = is_headless(&c[first]) ? c[first].related : merge.related;
                add_merge(w, merge);
            }
        }
    }
}

/* ---- figures ---------------------------------------------------------------------------------------------- */

static void summarise_entries(struct work *w) {
    struct clustering *out = w->out;
    uint32_t *next = need(malloc((w->count + 1) * sizeof *next)),
             *head_of = need(malloc((out->count + 1) * sizeof *head_of));
    memset(head_of, 0xFF, (out->count + 1) * sizeof *head_of);
    for (uint32_t i = w->count; i-- > 0;) {
        if (out->entry_of[i] != UINT32_MAX) {
            next[i] = head_of[out->entry_of[i]];
            head_of[out->entry_of[i]] = i;
        }
    }
    for (uint32_t e = 0; e < out->count; e++) {
        w->member_count = 0;
        for (uint32_t i = head_of[e]; i != UINT32_MAX; i = next[i]) {
            add_members(w, i);
        }
        out->entries[e].levels = need(calloc(w->study->levels, sizeof *out->entries[e].levels));
        summarise(w->study, w->members, w->member_count, &out->entries[e].summary, out->entries[e].levels);
    }
    free(next);
    free(head_of);
}

/* ---- from start to end ------------------------------------------------------------------------------------ */

static void read_related(struct work *w) {
    size_t count = 0;
    for (uint32_t i = 0; i < w->count; i++) {
        casemix_text text = w->combinations[i].related;
        count += text.length > 0;
        for (size_t k = 0; k < text.length; k++) {
            count += text.text[k] == '+';
        }
    }
    w->related = need(malloc((count + 1) * sizeof *w->related));
    w->first_related = need(malloc(((size_t)w->count + 1) * sizeof *w->first_related));
    count = 0;
    for (uint32_t i = 0; i < w->count; i++) {
        casemix_text text = w->combinations[i].related;
        w->first_related[i] = count;
        while (text.length) {
            const char *plus = memchr(text.text, '+', text.length);
            size_t length = plus ? (size_t)(plus - text.text) : text.length;
            w->related[count++] = names_add(&w->out->operations, text.text, length);
            text.text += length + (plus != NULL);
            text.length -= length + (plus != NULL);
        }
    }
    w->first_related[w->count] = count;
    w->support = need(calloc((size_t)w->out->operations.count + 1, sizeof *w->support));
}

void cluster_cases(const struct study *study, const struct combination *combinations, uint32_t count,
                   const struct sorting *sorting, const struct cluster_rules *rules, struct clustering *out) {
    struct work w = {.study = study,
                     .combinations = combinations,
                     .count = count,
                     .sorting = sorting,
                     .rules = rules,
                     .out = out};
    *out = (struct clustering){.entry_of = need(malloc(((size_t)count + 1) * sizeof *out->entry_of))};
    memset(out->entry_of, 0xFF, ((size_t)count + 1) * sizeof *out->entry_of);
    read_related(&w);
    out->threshold = find_threshold(&w);
    make_core(&w);
    make_all_comprehensive(&w, CATEGORY_LENGTH, ENTRY_CATEGORY, out->threshold);
    make_all_comprehensive(&w, 1, ENTRY_LETTER, 1);
    tell_rest(&w);
    summarise_entries(&w);
    free(w.related);
    free(w.first_related);
    free(w.support);
    free(w.members);
    free(w.candidates);
}

void clustering_free(struct clustering *c) {
    for (uint32_t i = 0; i < c->count; i++) {
        free(c->entries[i].levels);
    }
    free(c->entries);
    free(c->entry_of);
    free(c->merges);
    names_free(&c->operations);
    *c = (struct clustering){0};
}
