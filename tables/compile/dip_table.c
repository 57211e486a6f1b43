/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of a DIP scheme: its entries, and for each diagnosis the list of ways in which a case with it can match
 * one. Diagnoses that the same entries take share a list. */
#include <stdlib.h>

#include "dip.h"
#include "scheme_table.h"

enum { RUNS_MAX = 1 << 24, BYTE_MAX = 255 };

/* One way to match an entry: an alternative of its operations and one of its conditions. */
struct way {
    uint32_t first_need;
    uint16_t mask;
    uint8_t need_count;
};

struct ways {
    struct way *items;
    size_t count, capacity;
    bool asks; /* for operations */
};

struct dip_table {
    struct builder *b;
    const struct dip *dip;
    struct ways *ways; /* one an entry */
    struct run_pool members, needs, matches, buckets, masks;
    struct image_dip_match *list; /* of the diagnoses that are being looked at */
    size_t list_count, list_capacity;
    uint32_t *bucket_of; /* one an id */
};

/* ---- operations ---- */

static int by_id(const void *a, const void *b) {
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static void map_codes(const struct builder *b, const uint32_t *codes, uint32_t count, uint16_t *out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = b->ids[CODE_PROCEDURE][codes[i]];
    }
    qsort(out, count, sizeof *out, by_id);
}

static struct image_dip_need need_of(struct dip_table *table, const struct dip_need *need) {
    struct builder *b = table->b;
    uint32_t loose = need->all ? 0 : need->loose_count;
    uint16_t *ids = ARENA_ARRAY(b->arena, uint16_t, (size_t)need->exact_count + loose + 1);
    map_codes(b, need->exact, need->exact_count, ids);
    map_codes(b, need->loose, loose, ids + need->exact_count);
    struct image_dip_need out = {.exact = (uint16_t)need->exact_count,
                                 .loose = need->all ? IMAGE_NONE16 : (uint16_t)loose,
                                 .at = (uint16_t)need->at};
    bool single = out.exact == 1 && out.loose == 0;
    out.first = single ? ids[0] : (uint32_t)run_pool_put(&table->members, ids, (size_t)need->exact_count + loose);
    return out;
}

/* The needs of an alternative in the image; false after a message. */
static bool add_needs(struct dip_table *table, const struct dip_entry *entry, const struct dip_alternative *alternative,
                      struct way *way) {
    struct builder *b = table->b;
    if (alternative->count > BYTE_MAX) {
        report_say(b->report, MSG_dip_limit, entry->place, (unsigned)BYTE_MAX, "operations that must all be met");
        return false;
    }
    struct image_dip_need *needs = ARENA_ARRAY(b->arena, struct image_dip_need, alternative->count + 1);
    for (size_t i = 0; i < alternative->count; i++) {
        needs[i] = need_of(table, &alternative->needs[i]);
    }
    way->first_need = (uint32_t)run_pool_put(&table->needs, needs, alternative->count);
    way->need_count = (uint8_t)alternative->count;
    return true;
}

static bool add_ways(struct dip_table *table, const struct dip_entry *entry, struct ways *ways) {
    struct builder *b = table->b;
    struct alternatives conditions = {0};
    if (entry->conditions > BYTE_MAX) {
        report_say(b->report, MSG_dip_limit, entry->place, (unsigned)BYTE_MAX, "conditions of an entry");
        return false;
    }
    use_numbers(b, entry->when);
    alternatives_of(b->arena, entry->when, false, &conditions);
    for (size_t i = 0; i < entry->operation_count; i++) {
        struct way way = {0};
        if (!add_needs(table, entry, &entry->operations[i], &way)) {
            return false;
        }
        ways->asks = ways->asks || way.need_count > 0;
        for (size_t c = 0; c < conditions.count; c++) {
            way.mask = conjunction_mask(b, &conditions.items[c]);
            if (way.mask != UINT16_MAX) {
                ARENA_PUSH(b->arena, ways->items, ways->count, ways->capacity, way);
            }
        }
    }
    return true;
}

/* Parts as MDCs with one step each, entries as their DRGs. */
static bool add_entries(struct dip_table *table) {
    struct builder *b = table->b;
    size_t next = 0;
    table->ways = ARENA_ARRAY(b->arena, struct ways, table->dip->entry_count + 1);
    for (size_t m = 0; m < b->scheme->mdc_count; m++) {
        const struct mdc *part = b->scheme->mdcs[m];
        push_mdc(b, part);
        for (size_t s = 0; s < part->step_count; s++) {
            const struct step *step = part->steps[s];
            struct image_step rest = {.first_drg = (uint32_t)b->drg_count};
            if (!fits(b, step->drg_count, IMAGE_NONE16, "entries")) {
                return false;
            }
            for (size_t d = 0; d < step->drg_count; d++, next++) {
                const struct dip_entry *entry = &table->dip->entries[next];
                push_drg(b, &step->drgs[d], entry->when);
                if (!add_ways(table, entry, &table->ways[next])) {
                    return false;
                }
            }
            push_step(b, step, rest);
        }
    }
    return true;
}

/* ---- diagnoses ---- */

/* A key of an entry, as it comes and goes in a walk over the diagnoses in order. */
struct stay {
    uint32_t first, end, entry;
    uint8_t length;
};

struct walk {
    struct stay *stays;
    size_t count, capacity;
    const struct stay **by_end; /* the same, in the order in which they go */
    const struct stay **open;   /* those of the diagnosis that was reached, by entry, then length */
    size_t open_count;
};

static int by_first(const void *a, const void *b) {
    const struct stay *one = a, *two = b;
    if (one->first != two->first) {
        return one->first < two->first ? -1 : 1;
    }
    return one->entry != two->entry ? (one->entry < two->entry ? -1 : 1) : (int)one->length - (int)two->length;
}

static int by_end(const void *a, const void *b) {
    const struct stay *one = *(const struct stay *const *)a, *two = *(const struct stay *const *)b;
    return one->end != two->end ? (one->end < two->end ? -1 : 1) : (one > two) - (one < two);
}

static bool stands_before(const struct stay *a, const struct stay *b) {
    if (a->entry != b->entry) {
        return a->entry < b->entry;
    }
    return a->length != b->length ? a->length < b->length : a < b;
}

/* Where a stay is among the open ones, or would go. */
static size_t open_place(const struct walk *walk, const struct stay *stay) {
    size_t low = 0, high = walk->open_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (stands_before(walk->open[middle], stay)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void open_stay(struct walk *walk, const struct stay *stay) {
    size_t at = open_place(walk, stay);
    for (size_t i = walk->open_count++; i > at; i--) {
        walk->open[i] = walk->open[i - 1];
    }
    walk->open[at] = stay;
}

static void close_stay(struct walk *walk, const struct stay *stay) {
    size_t at = open_place(walk, stay);
    for (walk->open_count--; at < walk->open_count; at++) {
        walk->open[at] = walk->open[at + 1];
    }
}

static bool step_takes(const struct dip_step *step, const struct dip_entry *entry, const struct ways *ways) {
    return step->ranks[entry->part] != BYTE_MAX && (step->entry_kinds >> entry->kind & 1) != 0 &&
           (step->operations == DIP_OPERATIONS_ANY || (step->operations == DIP_OPERATIONS_SOME) == ways->asks);
}

static void push_matches(struct dip_table *table, uint8_t step, const struct stay *stay) {
    const struct dip_entry *entry = &table->dip->entries[stay->entry];
    const struct ways *ways = &table->ways[stay->entry];
    for (size_t w = 0; w < ways->count; w++) {
        struct image_dip_match match = {
            .entry = stay->entry,
            .first_need = ways->items[w].first_need,
            .mask = ways->items[w].mask,
            .need_count = ways->items[w].need_count,
            .step = step,
            .key = stay->length,
            .kind = (uint8_t)entry->kind,
            .conditions = (uint8_t)entry->conditions,
            .flags = (uint8_t)((entry->conservative ? IMAGE_DIP_MATCH_CONSERVATIVE : 0) |
                               (entry->of_kind ? IMAGE_DIP_MATCH_KIND : 0)),
        };
        ARENA_PUSH(table->b->arena, table->list, table->list_count, table->list_capacity, match);
    }
}

/* The bucket of the diagnoses where the open stays are. Of the keys of an entry the longest counts, which is the last. */
static uint32_t bucket_of_open(struct dip_table *table, const struct walk *walk) {
    table->list_count = 0;
    for (size_t s = 0; s < table->dip->step_count; s++) {
        for (size_t i = 0; i < walk->open_count; i++) {
            const struct stay *stay = walk->open[i];
            bool last = i + 1 == walk->open_count || walk->open[i + 1]->entry != stay->entry;
            const struct dip_entry *entry = &table->dip->entries[stay->entry];
            if (last && step_takes(&table->dip->steps[s], entry, &table->ways[stay->entry])) {
                push_matches(table, (uint8_t)s, stay);
            }
        }
    }
    struct image_dip_bucket bucket = {(uint32_t)run_pool_put(&table->matches, table->list, table->list_count),
                                      (uint32_t)table->list_count};
    return (uint32_t)run_pool_put(&table->buckets, &bucket, 1);
}

static void collect_stays(const struct dip_table *table, struct walk *walk) {
    struct arena *arena = table->b->arena;
    for (size_t e = 0; e < table->dip->entry_count; e++) {
        const struct dip_entry *entry = &table->dip->entries[e];
        for (size_t k = 0; k < entry->key_count; k++) {
            const struct dip_key *key = &entry->keys[k];
            uint32_t end = key->all ? UINT32_MAX : key->end;
            struct stay stay = {key->all ? 0 : key->first, end, (uint32_t)e, (uint8_t)(key->all ? 0 : key->length)};
            if (stay.first < stay.end) {
                ARENA_PUSH(arena, walk->stays, walk->count, walk->capacity, stay);
            }
        }
    }
    walk->by_end = ARENA_ARRAY(arena, const struct stay *, walk->count + 1);
    walk->open = ARENA_ARRAY(arena, const struct stay *, walk->count + 1);
    if (walk->count > 0) {
        qsort(walk->stays, walk->count, sizeof *walk->stays, by_first);
    }
    for (size_t i = 0; i < walk->count; i++) {
        walk->by_end[i] = &walk->stays[i];
    }
    if (walk->count > 0) {
        qsort(walk->by_end, walk->count, sizeof *walk->by_end, by_end);
    }
}

/* Walk over the diagnoses; between two places where keys come or go, all of them have the same bucket. Bucket 0 is that
 * of the keys that take every diagnosis. */
static bool add_buckets(struct dip_table *table) {
    struct builder *b = table->b;
    struct walk walk = {0};
    uint32_t codes = b->scheme->catalogues[CODE_DIAGNOSIS]->count;
    table->bucket_of = ARENA_ARRAY(b->arena, uint32_t, b->id_counts[CODE_DIAGNOSIS]);
    collect_stays(table, &walk);
    for (size_t i = 0; i < walk.count; i++) {
        if (walk.stays[i].end == UINT32_MAX) {
            open_stay(&walk, &walk.stays[i]);
        }
    }
    bucket_of_open(table, &walk);
    size_t coming = 0, going = 0;
    for (uint32_t code = 0; code < codes;) {
        for (; coming < walk.count && walk.stays[coming].first <= code; coming++) {
            if (walk.stays[coming].end != UINT32_MAX) {
                open_stay(&walk, &walk.stays[coming]);
            }
        }
        for (; going < walk.count && walk.by_end[going]->end <= code; going++) {
            close_stay(&walk, walk.by_end[going]);
        }
        uint32_t next = coming < walk.count ? walk.stays[coming].first : codes;
        next = going < walk.count && walk.by_end[going]->end < next ? walk.by_end[going]->end : next;
        uint32_t bucket = bucket_of_open(table, &walk);
        for (; code < next && code < codes; code++) {
            table->bucket_of[b->ids[CODE_DIAGNOSIS][code]] = bucket;
        }
        if (!fits(b, table->matches.count, RUNS_MAX, "ways to match entries by diagnosis")) {
            return false;
        }
    }
    const struct codeset *excluded = table->dip->excluded_diagnoses;
    for (uint32_t code = 0; excluded != NULL && code < codes; code++) {
        if (codeset_has(excluded, code)) {
            table->bucket_of[b->ids[CODE_DIAGNOSIS][code]] = IMAGE_NONE32;
        }
    }
    return true;
}

/* ---- procedures ---- */

static bool is_in(const struct codeset *set, uint32_t code) {
    return set != NULL && codeset_has(set, code);
}

/* The mask that lets a restricted procedure be the principal one: the diagnoses of all its restrictions count. */
static uint16_t restriction_mask(struct dip_table *table, uint32_t code, bool *restricted) {
    struct builder *b = table->b;
    struct codeset *all = NULL;
    size_t words = (b->scheme->catalogues[CODE_DIAGNOSIS]->count + 63) / 64;
    for (size_t i = 0; i < table->dip->restriction_count; i++) {
        const struct dip_restriction *restriction = &table->dip->restrictions[i];
        if (!is_in(restriction->procedures, code)) {
            continue;
        }
        if (all == NULL) {
            all = restriction->diagnoses;
            continue;
        }
        struct codeset *both = ARENA_NEW(b->arena, struct codeset);
        *both = *all;
        both->bits = ARENA_ARRAY(b->arena, uint64_t, words + 1);
        both->count = 0;
        for (size_t w = 0; w < words; w++) {
            both->bits[w] = all->bits[w] | restriction->diagnoses->bits[w];
            both->count += (uint32_t)__builtin_popcountll(both->bits[w]);
        }
        all = both;
    }
    *restricted = all != NULL;
    if (all == NULL) {
        return 0;
    }
    struct expression *test = ARENA_NEW(b->arena, struct expression);
    *test = (struct expression){.op = EXPR_IN, .set = all, .where = WHERE_PRINCIPAL_DIAGNOSIS};
    struct part part = {test, false};
    return conjunction_mask(b, &(struct conjunction){&part, 1});
}

static struct image_dip_procedure procedure_of(struct dip_table *table, uint32_t code) {
    const struct dip *dip = table->dip;
    struct image_dip_procedure out = {0};
    for (size_t k = 0; k < dip->kind_count; k++) {
        out.kind = is_in(dip->kinds[k].procedures, code) ? (uint8_t)k : out.kind;
    }
    if (is_in(dip->excluded, code)) {
        out.use = IMAGE_DIP_EXCLUDED;
    } else if (is_in(dip->conservative, code)) {
        out.use = IMAGE_DIP_CONSERVATIVE;
    } else if (is_in(dip->not_principal, code)) {
        out.use = IMAGE_DIP_NOT_PRINCIPAL;
    } else {
        bool restricted;
        out.mask = restriction_mask(table, code, &restricted);
        out.use = restricted ? IMAGE_DIP_RESTRICTED : IMAGE_DIP_COUNTS;
    }
    return out;
}

static void write_procedures(struct dip_table *table, uint32_t owner) {
    struct builder *b = table->b;
    uint32_t ids = b->id_counts[CODE_PROCEDURE];
    struct image_dip_procedure *out = ARENA_ARRAY(b->arena, struct image_dip_procedure, ids);
    for (uint32_t code = 0; code < b->scheme->catalogues[CODE_PROCEDURE]->count; code++) {
        out[b->ids[CODE_PROCEDURE][code]] = procedure_of(table, code);
    }
    image_writer_section(b->writer, IMAGE_HOT_DIP_PROCEDURES, owner, out, sizeof *out, ids);
}

/* ---- steps and indices ---- */

/* The masks of which one must hold, in DIP_MASKS; none: the condition never holds. */
static void add_masks(struct dip_table *table, const struct expression *when, uint16_t *first, uint16_t *count) {
    struct builder *b = table->b;
    struct alternatives ways = {0};
    use_numbers(b, when);
    alternatives_of(b->arena, when, false, &ways);
    uint16_t *masks = ARENA_ARRAY(b->arena, uint16_t, ways.count + 1);
    *count = 0;
    for (size_t i = 0; i < ways.count; i++) {
        uint16_t mask = conjunction_mask(b, &ways.items[i]);
        if (mask != UINT16_MAX) {
            masks[(*count)++] = mask;
        }
    }
    *first = (uint16_t)run_pool_put(&table->masks, masks, *count);
}

static void write_steps(struct dip_table *table, uint32_t owner) {
    struct builder *b = table->b;
    const struct dip *dip = table->dip;
    struct image_dip_step *out = ARENA_ARRAY(b->arena, struct image_dip_step, dip->step_count + 1);
    for (size_t s = 0; s < dip->step_count; s++) {
        const struct dip_step *step = &dip->steps[s];
        out[s] = (struct image_dip_step){.name = image_writer_text(b->writer, step->name),
                                         .file = file_name(b, step->place),
                                         .line = step->place.line,
                                         .case_kinds = step->case_kinds,
                                         .unmatched = step->unmatched,
                                         .when = condition_table_add(b->conditions, step->when)};
        add_masks(table, step->when, &out[s].first_mask, &out[s].mask_count);
        for (size_t r = 0; r < step->rule_count; r++) {
            out[s].rules[r] = (uint8_t)step->rules[r];
        }
        for (size_t p = 0; p < IMAGE_DIP_PARTS_MAX; p++) {
            out[s].parts[p] = p < dip->part_count ? step->ranks[p] : BYTE_MAX;
        }
    }
    image_writer_section(b->writer, IMAGE_HOT_DIP_STEPS, owner, out, sizeof *out, dip->step_count);
}

struct index_lists {
    struct image_dip_class *classes;
    struct image_dip_factor *factors;
    size_t class_count, class_capacity, factor_count, factor_capacity;
};

static void add_class(struct dip_table *table, const struct dip_class *class, struct index_lists *lists) {
    struct builder *b = table->b;
    struct image_dip_class out = {.name = image_writer_text(b->writer, class->name),
                                  .line = class->place.line,
                                  .when = condition_table_add(b->conditions, class->when),
                                  .first_factor = (uint32_t)lists->factor_count,
                                  .factor_count = (uint32_t)class->factor_count,
                                  .number = class->number};
    add_masks(table, class->when, &out.first_mask, &out.mask_count);
    for (size_t i = 0; i < class->factor_count; i++) {
        struct image_dip_factor factor = {class->factors[i].entry, 0, class->factors[i].number};
        ARENA_PUSH(b->arena, lists->factors, lists->factor_count, lists->factor_capacity, factor);
    }
    ARENA_PUSH(b->arena, lists->classes, lists->class_count, lists->class_capacity, out);
}

/* How many of them are auxiliary catalogues. */
static uint32_t write_indices(struct dip_table *table, uint32_t owner) {
    struct builder *b = table->b;
    const struct dip *dip = table->dip;
    struct index_lists lists = {0};
    uint32_t auxiliary = 0;
    struct image_dip_index *out = ARENA_ARRAY(b->arena, struct image_dip_index, dip->index_count + 1);
    for (size_t i = 0; i < dip->index_count; i++) {
        const struct dip_index *index = &dip->indices[i];
        out[i] = (struct image_dip_index){image_writer_text(b->writer, index->name),
                                          file_name(b, index->place),
                                          index->place.line,
                                          (uint32_t)lists.class_count,
                                          (uint32_t)index->class_count,
                                          index->supervision ? IMAGE_DIP_INDEX_SUPERVISION : 0};
        auxiliary += !index->supervision;
        for (size_t c = 0; c < index->class_count; c++) {
            add_class(table, &index->classes[c], &lists);
        }
    }
    image_writer_section(b->writer, IMAGE_HOT_DIP_INDICES, owner, out, sizeof *out, dip->index_count);
    image_writer_section(b->writer, IMAGE_HOT_DIP_CLASSES, owner, lists.classes, sizeof *lists.classes,
                         lists.class_count);
    image_writer_section(b->writer, IMAGE_HOT_DIP_FACTORS, owner, lists.factors, sizeof *lists.factors,
                         lists.factor_count);
    return auxiliary;
}

/* ---- entries, kinds, levels ---- */

static void write_entries(struct dip_table *table, uint32_t owner) {
    struct builder *b = table->b;
    const struct dip *dip = table->dip;
    struct image_dip_entry *out = ARENA_ARRAY(b->arena, struct image_dip_entry, dip->entry_count + 1);
    struct image_dip_text *texts = ARENA_ARRAY(b->arena, struct image_dip_text, dip->entry_count + 1);
    int64_t *means = ARENA_ARRAY(b->arena, int64_t, dip->entry_count * dip->level_count + 1);
    for (size_t e = 0; e < dip->entry_count; e++) {
        const struct dip_entry *entry = &dip->entries[e];
        out[e] = (struct image_dip_entry){entry->score, entry->mean_cost, entry->mean_stay,
                                          (entry->basic ? IMAGE_DIP_ENTRY_BASIC : 0u) |
                                              (entry->no_auxiliary ? IMAGE_DIP_ENTRY_NO_AUXILIARY : 0u),
                                          entry->kind};
        texts[e] = (struct image_dip_text){image_writer_text(b->writer, entry->diagnoses_text),
                                           image_writer_text(b->writer, entry->operations_text)};
        for (size_t l = 0; l < dip->level_count; l++) {
            means[e * dip->level_count + l] = entry->level_means == NULL ? -1 : entry->level_means[l];
        }
    }
    image_writer_section(b->writer, IMAGE_HOT_DIP_ENTRIES, owner, out, sizeof *out, dip->entry_count);
    image_writer_section(b->writer, IMAGE_DIP_TEXTS, owner, texts, sizeof *texts, dip->entry_count);
    image_writer_section(b->writer, IMAGE_HOT_DIP_LEVEL_MEANS, owner, means, sizeof *means,
                         dip->entry_count * dip->level_count);
}

static void write_words(struct dip_table *table, uint32_t owner) {
    struct builder *b = table->b;
    const struct dip *dip = table->dip;
    struct image_dip_word *words = NULL;
    size_t count = 0, capacity = 0;
    for (size_t l = 0; l < dip->level_count; l++) {
        const struct dip_level *level = &dip->levels[l];
        for (size_t w = 0; w <= level->word_count; w++) {
            const char *text = w == 0 ? level->name : level->words[w - 1];
            struct image_dip_word word = {image_writer_text(b->writer, text), (uint32_t)l};
            ARENA_PUSH(b->arena, words, count, capacity, word);
        }
    }
    image_writer_section(b->writer, IMAGE_HOT_DIP_LEVEL_WORDS, owner, words, sizeof *words, count);
    struct image_dip_kind *kinds = ARENA_ARRAY(b->arena, struct image_dip_kind, dip->kind_count + 1);
    for (size_t k = 0; k < dip->kind_count; k++) {
        kinds[k].name = image_writer_text(b->writer, dip->kinds[k].name);
    }
    image_writer_section(b->writer, IMAGE_DIP_KINDS, owner, kinds, sizeof *kinds, dip->kind_count);
}

/* ---- all of it ---- */

static bool of_right_size(struct builder *b, const struct dip *dip) {
    return fits(b, dip->kind_count, IMAGE_DIP_KINDS_MAX, "treatment kinds") &&
           fits(b, dip->step_count, IMAGE_DIP_STEPS_MAX, "steps of the search") &&
           fits(b, dip->part_count, IMAGE_DIP_PARTS_MAX, "parts of the catalogue") &&
           fits(b, dip->level_count, IMAGE_DIP_LEVELS_MAX, "hospital levels") &&
           fits(b, dip->index_count, IMAGE_DIP_INDICES_MAX, "auxiliary catalogues and supervision indices");
}

static uint32_t surgical_kinds(const struct dip *dip) {
    uint32_t bits = 0;
    for (size_t k = 0; k < dip->kind_count; k++) {
        bits |= dip->kinds[k].surgical ? (uint32_t)1 << k : 0;
    }
    return bits;
}

static uint64_t late_facts(uint64_t used) {
    uint64_t late = 0;
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        late |= fact_is_late((enum fact)fact) ? (uint64_t)1 << fact & used : 0;
    }
    return late;
}

/* Ties are broken by the cost in some step. */
static bool compares_costs(const struct dip *dip) {
    for (size_t s = 0; s < dip->step_count; s++) {
        for (size_t r = 0; r < dip->steps[s].rule_count; r++) {
            if (dip->steps[s].rules[r] == IMAGE_DIP_RULE_COST) {
                return true;
            }
        }
    }
    return false;
}

static void write_pools(struct dip_table *table, uint32_t owner) {
    const struct {
        uint32_t section;
        const struct run_pool *pool;
    } pools[] = {{IMAGE_HOT_DIP_BUCKETS, &table->buckets}, {IMAGE_HOT_DIP_MATCHES, &table->matches},
                 {IMAGE_HOT_DIP_NEEDS, &table->needs},     {IMAGE_HOT_DIP_MEMBERS, &table->members},
                 {IMAGE_HOT_DIP_MASKS, &table->masks}};
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
        image_writer_section(table->b->writer, pools[i].section, owner, pools[i].pool->records,
                             (uint32_t)pools[i].pool->size, pools[i].pool->count);
    }
    image_writer_section(table->b->writer, IMAGE_HOT_DIP_DIAGNOSES, owner, table->bucket_of, sizeof *table->bucket_of,
                         table->b->id_counts[CODE_DIAGNOSIS]);
}

static void write_about(struct dip_table *table, uint32_t owner, uint32_t auxiliary_count) {
    struct builder *b = table->b;
    const struct dip *dip = table->dip;
    struct image_dip about = {.case_kind = dip->case_kind,
                              .kind_count = (uint32_t)dip->kind_count,
                              .level_count = (uint32_t)dip->level_count,
                              .auxiliary_count = auxiliary_count,
                              .pick = dip->pick,
                              .without_principal = dip->without_principal,
                              .surgical_kinds = surgical_kinds(dip),
                              .late_facts = late_facts(b->used_numbers)};
    image_writer_section(b->writer, IMAGE_DIP, owner, &about, sizeof about, 1);
}

bool dip_tables_write(struct builder *b, uint32_t owner) {
    struct dip_table table = {.b = b, .dip = b->scheme->dip};
    run_pool_init(&table.members, b->arena, sizeof(uint16_t));
    run_pool_init(&table.needs, b->arena, sizeof(struct image_dip_need));
    run_pool_init(&table.matches, b->arena, sizeof(struct image_dip_match));
    run_pool_init(&table.buckets, b->arena, sizeof(struct image_dip_bucket));
    run_pool_init(&table.masks, b->arena, sizeof(uint16_t));
    if (!of_right_size(b, table.dip) || !add_entries(&table) || !add_buckets(&table)) {
        return false;
    }
    if (compares_costs(table.dip)) {
        use_fact(b, FACT_COST);
    }
    write_procedures(&table, owner);
    write_steps(&table, owner);
    uint32_t auxiliary_count = write_indices(&table, owner);
    write_entries(&table, owner);
    write_words(&table, owner);
    write_pools(&table, owner);
    write_about(&table, owner, auxiliary_count);
    return fits(b, table.masks.count, IMAGE_NONE16, "alternatives of conditions") &&
           fits(b, table.needs.count, RUNS_MAX, "lists of operations") &&
           fits(b, table.members.count, RUNS_MAX, "procedures in lists of operations");
}
