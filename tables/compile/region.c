/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions: cutting and comparing the cases that conditions let through. */
#include "region.h"

#include <string.h>

enum { WHERE_PRINCIPAL = WHERE_PRINCIPAL_DIAGNOSIS | WHERE_PRINCIPAL_PROCEDURE };
enum { WHERE_OTHER = WHERE_OTHER_DIAGNOSES | WHERE_OTHER_PROCEDURES };
enum { NODES_SMALL = 20, SAME_DEPTH = 8 };

/* ---- bit sets ---- */

bool bits_meet(const uint64_t *a, const uint64_t *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (a[i] & b[i]) {
            return true;
        }
    }
    return false;
}

bool bits_within(const uint64_t *a, const uint64_t *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (a[i] & ~b[i]) {
            return false;
        }
    }
    return true;
}

bool bits_any(const uint64_t *a, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (a[i]) {
            return true;
        }
    }
    return false;
}

/* All codes of a catalogue. */
static void fill(const struct regions *regions, enum code_kind kind, uint64_t *out) {
    uint32_t count = regions->scheme->catalogues[kind]->count;
    memset(out, 0xFF, count / 64 * sizeof *out);
    if (count % 64 != 0) {
        out[count / 64] = ((uint64_t)1 << (count % 64)) - 1;
    }
}

static uint64_t *room(const struct regions *regions, enum code_kind kind, uint64_t **own) {
    if (*own == NULL) {
        *own = ARENA_ARRAY(regions->arena, uint64_t, regions->words[kind] + 1);
    }
    return *own;
}

/* ---- making regions ---- */

static void keep_principal(struct regions *regions, struct region *region, enum code_kind kind,
                           const uint64_t *set) {
    size_t words = regions->words[kind];
    const uint64_t *now = region->principal[kind];
    region->no_principal[kind] = false;
    if (now == NULL) {
        region->principal[kind] = set;
    } else if (now != set && !bits_within(now, set, words)) {
        uint64_t *own = room(regions, kind, &region->own_principal[kind]);
        for (size_t i = 0; i < words; i++) {
            own[i] = now[i] & set[i];
        }
        region->principal[kind] = own;
    }
}

static void drop_principal(struct regions *regions, struct region *region, enum code_kind kind,
                           const uint64_t *set) {
    size_t words = regions->words[kind];
    uint64_t *own = room(regions, kind, &region->own_principal[kind]);
    if (region->principal[kind] == NULL) {
        fill(regions, kind, own);
    } else if (region->principal[kind] != own) {
        memcpy(own, region->principal[kind], words * sizeof *own);
    }
    for (size_t i = 0; i < words; i++) {
        own[i] &= ~set[i];
    }
    region->principal[kind] = own;
}

static void ban(struct regions *regions, struct region *region, enum code_kind kind, const uint64_t *set) {
    size_t words = regions->words[kind];
    const uint64_t *now = region->banned[kind];
    if (now == NULL) {
        region->banned[kind] = set;
    } else if (now != set) {
        uint64_t *own = room(regions, kind, &region->own_banned[kind]);
        for (size_t i = 0; i < words; i++) {
            own[i] = now[i] | set[i];
        }
        region->banned[kind] = own;
    }
}

static void add_hit(struct region *region, enum code_kind kind, unsigned where, const uint64_t *set) {
    if (region->hit_count == REGION_HITS_MAX) {
        region->inexact = true;
        return;
    }
    region->hits[region->hit_count++] = (struct hit){kind, where, set};
}

static bool span_empty(const struct span *span) {
    return !span->absent && span->low > span->high;
}

/* A region in which some test can no longer be met is empty. A test that only the principal code can still meet is
 * a test of the principal code. */
static void settle(struct regions *regions, struct region *region) {
    if (region->need & region->forbid) {
        region->empty = true;
    }
    for (size_t i = 0; i < region->hit_count && !region->empty; i++) {
        const struct hit *hit = &region->hits[i];
        const uint64_t *banned = region->banned[hit->kind];
        if ((hit->where & WHERE_OTHER) != 0 && banned == NULL) {
            continue; /* its set is not empty: see require_codes */
        }
        if ((hit->where & WHERE_OTHER) != 0 && !bits_within(hit->set, banned, regions->words[hit->kind])) {
            continue;
        }
        if ((hit->where & WHERE_PRINCIPAL) == 0) {
            region->empty = true;
        } else {
            keep_principal(regions, region, hit->kind, hit->set);
        }
    }
    for (int kind = 0; kind < CODE_KINDS && !region->empty; kind++) {
        region->empty = region->principal[kind] != NULL && !region->no_principal[kind] &&
                        !bits_any(region->principal[kind], regions->words[kind]);
    }
}

static struct span whole_span(const struct scheme *scheme, enum fact fact) {
    struct span span = {INT64_MIN, INT64_MAX, true};
    if (fact_rows[fact].kind == FACT_KIND_SEX) {
        span.low = 1;
        span.high = 2;
    } else if (fact_rows[fact].kind == FACT_KIND_FLAG) {
        span.low = 0;
        span.high = 1;
    } else if (fact_rows[fact].kind == FACT_KIND_NUMBER) {
        span.low = scheme->compatibility.negative_numbers ? INT64_MIN : 0;
        span.high = INT32_MAX;
    } else if (fact_rows[fact].kind == FACT_KIND_MONEY) {
        span.low = 0;
    }
    return span;
}

void region_all(struct regions *regions, struct region *out) {
    *out = (struct region){0};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        out->no_principal[kind] = true;
    }
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        out->spans[fact] = whole_span(regions->scheme, (enum fact)fact);
    }
    unsigned there = 0;
    for (size_t i = 0; i < regions->scheme->table_count; i++) {
        const struct exclusion_table *table = &regions->scheme->tables[i];
        there |= table->mcc != NULL && table->mcc->count > 0 ? SEVERITY_MCC : 0;
        there |= table->cc != NULL && table->cc->count > 0 ? SEVERITY_CC : 0;
    }
    out->forbid = ~there & (SEVERITY_MCC | SEVERITY_CC);
    for (size_t i = 0; i < regions->scheme->requirement_count; i++) {
        const struct requirement *need = &regions->scheme->requirements[i];
        if (need->when == NULL || need->when->op == EXPR_TRUE) {
            out->spans[need->fact].absent = false;
        }
    }
}

void region_copy(struct region *out, const struct region *from) {
    uint64_t *principal[CODE_KINDS], *banned[CODE_KINDS];
    memcpy(principal, out->own_principal, sizeof principal);
    memcpy(banned, out->own_banned, sizeof banned);
    *out = *from;
    memcpy(out->own_principal, principal, sizeof principal);
    memcpy(out->own_banned, banned, sizeof banned);
}

/* ---- tests ---- */

static void require_codes(struct regions *regions, struct region *region, const struct expression *test,
                          bool negated) {
    const struct codeset *set = test->set;
    if (set->count == 0) {
        region->empty = region->empty || !negated;
        return;
    }
    if (!negated && (test->where & WHERE_OTHER) == 0) {
        keep_principal(regions, region, set->kind, set->bits);
    } else if (!negated) {
        add_hit(region, set->kind, test->where, set->bits);
    }
    if (negated && (test->where & WHERE_PRINCIPAL) != 0) {
        drop_principal(regions, region, set->kind, set->bits);
    }
    if (negated && (test->where & WHERE_OTHER) != 0) {
        ban(regions, region, set->kind, set->bits);
    }
}

static void add_part(struct region *region, const struct part *part) {
    if (region->part_count == REGION_PARTS_MAX) {
        region->inexact = true;
        return;
    }
    region->parts[region->part_count++] = *part;
}

static void cut_span(struct span *span, int64_t low, int64_t high) {
    span->low = low > span->low ? low : span->low;
    span->high = high < span->high ? high : span->high;
}

/* A comparison as the values that meet it, or false: they are not one span. */
static bool compared_span(const struct expression *test, bool negated, const struct span *whole, struct span *out) {
    int64_t n = test->number;
    *out = (struct span){INT64_MIN, INT64_MAX, negated};
    switch (negated ? compare_opposite(test->compare) : test->compare) {
    case COMPARE_EQUAL:
        out->low = out->high = n;
        return true;
    case COMPARE_LESS:
        n = n == INT64_MIN ? n : n - 1;
        out->high = n;
        return true;
    case COMPARE_LESS_EQUAL:
        out->high = n;
        return true;
    case COMPARE_GREATER:
        n = n == INT64_MAX ? n : n + 1;
        out->low = n;
        return true;
    case COMPARE_GREATER_EQUAL:
        out->low = n;
        return true;
    case COMPARE_UNEQUAL:
        if (n <= whole->low) {
            out->low = n < whole->low ? whole->low : n + 1;
            return true;
        }
        if (n >= whole->high) {
            out->high = n > whole->high ? whole->high : n - 1;
            return true;
        }
        return false;
    }
    return false;
}

static void require_number(struct regions *regions, struct region *region, const struct part *part) {
    struct span *span = &region->spans[part->test->fact], meets;
    struct span whole = whole_span(regions->scheme, part->test->fact);
    if (!compared_span(part->test, part->negated, &whole, &meets)) {
        span->absent = span->absent && part->negated;
        add_part(region, part);
        return;
    }
    cut_span(span, meets.low, meets.high);
    span->absent = span->absent && meets.absent;
    region->empty = region->empty || span_empty(span);
}

/* At least one code of a set is a hit of it as well. */
static void require_count(struct region *region, const struct part *part) {
    const struct expression *test = part->test;
    bool some = (test->compare == COMPARE_GREATER_EQUAL || test->compare == COMPARE_EQUAL) ? test->number >= 1
                : test->compare == COMPARE_GREATER                                         ? test->number >= 0
                                                                                           : false;
    add_part(region, part);
    if (!part->negated && some && test->set->count > 0) {
        add_hit(region, test->set->kind, test->where, test->set->bits);
    }
}

static bool is_number(enum fact fact) {
    enum fact_kind kind = fact_rows[fact].kind;
    return kind == FACT_KIND_NUMBER || kind == FACT_KIND_MONEY || kind == FACT_KIND_SEX || kind == FACT_KIND_FLAG;
}

void region_require(struct regions *regions, struct region *region, const struct part *part) {
    const struct expression *test = part->test;
    struct span *span = &region->spans[test->fact];
    switch (test->op) {
    case EXPR_IN:
        require_codes(regions, region, test, part->negated);
        break;
    case EXPR_SEVERITY:
        *(part->negated ? &region->forbid : &region->need) |= (unsigned)test->number;
        break;
    case EXPR_COMPARE:
        require_number(regions, region, part);
        break;
    case EXPR_COUNT:
        require_count(region, part);
        break;
    case EXPR_PRESENT:
        if (!is_number(test->fact)) {
            add_part(region, part);
        } else if (part->negated) {
            *span = (struct span){1, 0, span->absent};
        } else {
            span->absent = false;
        }
        region->empty = region->empty || (is_number(test->fact) && span_empty(span));
        break;
    default:
        add_part(region, part);
    }
    if (!region->empty) {
        settle(regions, region);
    }
}

/* ---- conditions ---- */

static size_t nodes_of(const struct expression *when, size_t most) {
    size_t nodes = 1;
    bool inner = when->op == EXPR_AND || when->op == EXPR_OR || when->op == EXPR_NOT || when->op == EXPR_AT_LEAST;
    for (size_t i = 0; inner && i < when->count && nodes < most; i++) {
        nodes += nodes_of(when->children[i], most - nodes);
    }
    return nodes;
}

static void add_regions(struct regions *regions, const struct region_list *within, const struct conjunction *all,
                        struct region_list *out) {
    for (size_t w = 0; w < within->count; w++) {
        struct region *region = ARENA_NEW(regions->arena, struct region);
        region_copy(region, within->items[w]);
        for (size_t p = 0; p < all->count && !region->empty; p++) {
            region_require(regions, region, &all->parts[p]);
        }
        regions->made++;
        if (!region->empty) {
            ARENA_PUSH(regions->arena, out->items, out->count, out->capacity, region);
        }
    }
}

bool regions_of(struct regions *regions, const struct region_list *within, const struct expression *when,
                struct region_list *out) {
    static const struct conjunction always;
    size_t nodes = when == NULL ? 0 : nodes_of(when, REGION_CONDITION_NODES + 1);
    if (nodes > REGION_CONDITION_NODES || regions->made > REGIONS_MAX) {
        return false;
    }
    if (when == NULL) {
        add_regions(regions, within, &always, out);
        return true;
    }
    /* Regions keep nothing of the alternatives, which may be large. */
    struct arena *scratch = nodes > NODES_SMALL ? arena_new() : regions->arena;
    struct alternatives all = {0};
    alternatives_of(scratch, when, false, &all);
    bool good = within->count * all.count <= ALTERNATIVES_MAX;
    for (size_t a = 0; a < all.count && good; a++) {
        add_regions(regions, within, &all.items[a], out);
    }
    if (scratch != regions->arena) {
        arena_free(scratch);
    }
    return good;
}

/* ---- comparing ---- */

static bool same_set(const struct regions *regions, const struct codeset *a, const struct codeset *b) {
    return a == b || (a != NULL && b != NULL && a->kind == b->kind && a->count == b->count &&
                      memcmp(a->bits, b->bits, regions->words[a->kind] * sizeof *a->bits) == 0);
}

static bool same_condition(const struct regions *regions, const struct expression *a, const struct expression *b,
                           unsigned depth) {
    if (a == b) {
        return true;
    }
    if (depth == 0 || a->op != b->op || a->fact != b->fact || a->compare != b->compare || a->number != b->number ||
        a->where != b->where || a->count != b->count || !same_set(regions, a->set, b->set)) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->op == EXPR_AMONG ? strcmp(a->words[i], b->words[i]) != 0
                                : !same_condition(regions, a->children[i], b->children[i], depth - 1)) {
            return false;
        }
    }
    return true;
}

static bool has_word(const struct expression *among, const char *word) {
    for (size_t i = 0; i < among->count; i++) {
        if (strcmp(among->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* How many of the words of a are words of b. */
static size_t common_words(const struct expression *a, const struct expression *b) {
    size_t common = 0;
    for (size_t i = 0; i < a->count; i++) {
        common += has_word(b, a->words[i]);
    }
    return common;
}

static enum stand stand_word(const struct part *known, const struct part *asked) {
    size_t common = common_words(known->test, asked->test);
    bool apart = !known->negated && common == 0;                   /* the word is none of those asked */
    bool within = !known->negated && common == known->test->count; /* ... is one of those asked */
    if (known->negated) {
        apart = common_words(asked->test, known->test) == asked->test->count;
    }
    enum stand stand = within ? STAND_WITHIN : apart ? STAND_APART : STAND_OPEN;
    if (asked->negated && stand != STAND_OPEN) {
        stand = stand == STAND_WITHIN ? STAND_APART : STAND_WITHIN;
    }
    return stand;
}

static enum stand stand_part(struct regions *regions, const struct region *region, const struct part *asked) {
    regions->steps += region->part_count;
    for (size_t i = 0; i < region->part_count; i++) {
        const struct part *known = &region->parts[i];
        if (known->test->op == EXPR_AMONG && asked->test->op == EXPR_AMONG &&
            known->test->fact == asked->test->fact) {
            enum stand stand = stand_word(known, asked);
            if (stand != STAND_OPEN) {
                return stand;
            }
        } else if (same_condition(regions, known->test, asked->test, SAME_DEPTH)) {
            return known->negated == asked->negated ? STAND_WITHIN : STAND_APART;
        }
    }
    return STAND_OPEN;
}

static enum stand stand_span(const struct span *span, const struct span *other) {
    bool values = span->low <= span->high;
    bool within =
        (!values || (other->low <= span->low && span->high <= other->high)) && (!span->absent || other->absent);
    bool meet = (values && other->low <= span->high && span->low <= other->high) || (span->absent && other->absent);
    return within ? STAND_WITHIN : meet ? STAND_OPEN : STAND_APART;
}

static enum stand stand_principal(const struct regions *regions, const struct region *region,
                                  const struct region *other, enum code_kind kind) {
    size_t words = regions->words[kind];
    const uint64_t *a = region->principal[kind], *b = other->principal[kind];
    bool none = region->no_principal[kind], other_none = other->no_principal[kind];
    if (b == NULL) {
        return !none || other_none ? STAND_WITHIN : STAND_OPEN;
    }
    if (a != NULL && (!none || other_none) && bits_within(a, b, words)) {
        return STAND_WITHIN;
    }
    bool meet = (none && other_none) || (a == NULL ? bits_any(b, words) : bits_meet(a, b, words));
    return meet ? STAND_OPEN : STAND_APART;
}

static enum stand stand_hit(const struct regions *regions, const struct region *region, const struct hit *asked) {
    size_t words = regions->words[asked->kind];
    const uint64_t *principal = region->principal[asked->kind], *banned = region->banned[asked->kind];
    bool by_principal = (asked->where & WHERE_PRINCIPAL) != 0;
    if (by_principal && principal != NULL && !region->no_principal[asked->kind] &&
        bits_within(principal, asked->set, words)) {
        return STAND_WITHIN;
    }
    for (size_t i = 0; i < region->hit_count; i++) {
        const struct hit *known = &region->hits[i];
        if (known->kind == asked->kind && (known->where & ~asked->where) == 0 &&
            (known->set == asked->set || bits_within(known->set, asked->set, words))) {
            return STAND_WITHIN;
        }
    }
    bool other_out =
        (asked->where & WHERE_OTHER) == 0 || (banned != NULL && bits_within(asked->set, banned, words));
    bool principal_out = !by_principal || (principal != NULL && !bits_meet(principal, asked->set, words));
    return other_out && principal_out ? STAND_APART : STAND_OPEN;
}

/* No other code may be one of `asked`. */
static enum stand stand_banned(const struct regions *regions, const struct region *region, enum code_kind kind,
                               const uint64_t *asked) {
    size_t words = regions->words[kind];
    if (region->banned[kind] != NULL && bits_within(asked, region->banned[kind], words)) {
        return STAND_WITHIN;
    }
    for (size_t i = 0; i < region->hit_count; i++) {
        const struct hit *known = &region->hits[i];
        if (known->kind == kind && (known->where & WHERE_PRINCIPAL) == 0 && bits_within(known->set, asked, words)) {
            return STAND_APART;
        }
    }
    return STAND_OPEN;
}

static enum stand stand_severity(unsigned yes, unsigned no, unsigned severity) {
    return yes & severity ? STAND_WITHIN : no & severity ? STAND_APART : STAND_OPEN;
}

struct comparison {
    struct way *ways;
    size_t count;
    bool apart;
};

static void note(struct comparison *c, enum stand stand, int kind, unsigned number) {
    c->apart = c->apart || stand == STAND_APART;
    if (stand == STAND_OPEN) {
        c->ways[c->count].kind = kind;
        c->ways[c->count++].number = number;
    }
}

static void compare_spans(struct comparison *c, const struct region *region, const struct region *other) {
    for (unsigned f = 0; f < FACT_COUNT && !c->apart; f++) {
        const struct span *span = &region->spans[f], *asked = &other->spans[f];
        enum stand stand = stand_span(span, asked);
        bool below = span->low <= span->high && span->low < asked->low;
        bool above = span->low <= span->high && span->high > asked->high;
        if (stand == STAND_OPEN && (below || !above)) { /* without a fact one goes either way */
            note(c, stand, WAY_BELOW, f);
        }
        if (stand == STAND_OPEN && above) {
            note(c, stand, WAY_ABOVE, f);
        }
        c->apart = c->apart || stand == STAND_APART;
    }
}

enum stand region_stand(struct regions *regions, const struct region *region, const struct region *other,
                        struct way ways[WAYS_MAX], size_t *way_count) {
    struct comparison c = {ways, 0, false};
    regions->steps++;
    compare_spans(&c, region, other);
    for (unsigned s = SEVERITY_MCC; s <= SEVERITY_CC && !c.apart; s++) {
        if (other->need & s) {
            note(&c, stand_severity(region->need, region->forbid, s), WAY_NEED, s);
        }
        if (other->forbid & s) {
            note(&c, stand_severity(region->forbid, region->need, s), WAY_FORBID, s);
        }
    }
    for (unsigned i = 0; i < other->part_count && !c.apart; i++) {
        note(&c, stand_part(regions, region, &other->parts[i]), WAY_PART, i);
    }
    for (unsigned kind = 0; kind < CODE_KINDS && !c.apart; kind++) {
        if (other->principal[kind] != NULL || !other->no_principal[kind]) {
            regions->steps++;
            note(&c, stand_principal(regions, region, other, (enum code_kind)kind), WAY_PRINCIPAL, kind);
        }
    }
    for (unsigned i = 0; i < other->hit_count && !c.apart; i++) {
        regions->steps += 1 + region->hit_count;
        note(&c, stand_hit(regions, region, &other->hits[i]), WAY_HIT, i);
    }
    for (unsigned kind = 0; kind < CODE_KINDS && !c.apart; kind++) {
        if (other->banned[kind] != NULL) {
            regions->steps += 1 + region->hit_count;
            note(&c, stand_banned(regions, region, (enum code_kind)kind, other->banned[kind]), WAY_BANNED, kind);
        }
    }
    *way_count = c.count;
    return c.apart ? STAND_APART : c.count == 0 ? STAND_WITHIN : STAND_OPEN;
}

/* ---- going another way ---- */

/* Without the principal codes that the other region lets through. */
static void leave_principal(struct regions *regions, struct region *region, const struct region *other,
                            enum code_kind kind) {
    bool none = region->no_principal[kind] && !other->no_principal[kind];
    if (other->principal[kind] != NULL) {
        drop_principal(regions, region, kind, other->principal[kind]);
    } else {
        uint64_t *own = room(regions, kind, &region->own_principal[kind]);
        memset(own, 0, regions->words[kind] * sizeof *own);
        region->principal[kind] = own;
    }
    region->no_principal[kind] = none;
}

static void leave_span(struct region *region, const struct region *other, const struct way *way) {
    struct span *span = &region->spans[way->number];
    const struct span *asked = &other->spans[way->number];
    if (asked->low <= asked->high && way->kind == WAY_BELOW) {
        span->high = asked->low == INT64_MIN       ? INT64_MIN
                     : span->high < asked->low - 1 ? span->high
                                                   : asked->low - 1;
        span->low = asked->low == INT64_MIN ? INT64_MAX : span->low;
    } else if (asked->low <= asked->high) {
        span->low = asked->high == INT64_MAX      ? INT64_MAX
                    : span->low > asked->high + 1 ? span->low
                                                  : asked->high + 1;
        span->high = asked->high == INT64_MAX ? INT64_MIN : span->high;
    }
    span->absent = span->absent && !asked->absent;
    region->empty = region->empty || span_empty(span);
}

static void leave_hit(struct regions *regions, struct region *region, const struct hit *hit) {
    if (hit->where & WHERE_PRINCIPAL) {
        drop_principal(regions, region, hit->kind, hit->set);
    }
    if (hit->where & WHERE_OTHER) {
        ban(regions, region, hit->kind, hit->set);
    }
}

void region_go(struct regions *regions, struct region *region, const struct region *other, const struct way *way) {
    static const unsigned others[CODE_KINDS] = {WHERE_OTHER_DIAGNOSES, WHERE_OTHER_PROCEDURES};
    struct part part;
    switch (way->kind) {
    case WAY_PART:
        part = other->parts[way->number];
        part.negated = !part.negated;
        add_part(region, &part);
        break;
    case WAY_BELOW:
    case WAY_ABOVE:
        leave_span(region, other, way);
        break;
    case WAY_HIT:
        leave_hit(regions, region, &other->hits[way->number]);
        break;
    case WAY_BANNED:
        if (!bits_any(other->banned[way->number], regions->words[way->number])) {
            region->empty = true;
            break;
        }
        add_hit(region, (enum code_kind)way->number, others[way->number], other->banned[way->number]);
        break;
    case WAY_PRINCIPAL:
        leave_principal(regions, region, other, (enum code_kind)way->number);
        break;
    case WAY_NEED:
        region->forbid |= way->number;
        break;
    case WAY_FORBID:
        region->need |= way->number;
        break;
    }
    if (!region->empty) {
        settle(regions, region);
    }
}
