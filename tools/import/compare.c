/* SPDX-License-Identifier: Apache-2.0
 *
 * When two conditions, sets, tables, schemes say the same. Conditions are compared by a number made of their meaning, in
 * which the order of what `and` and `or` join does not count. */
#include "import.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
    hash *= 0xBF58476D1CE4E5B9u;
    return hash ^ hash >> 32;
}

static uint64_t mix_text(uint64_t hash, const char *text) {
    for (; *text != '\0'; text++) {
        hash = mix(hash, (unsigned char)*text);
    }
    return mix(hash, 256);
}

uint64_t codeset_hash(const struct codeset *set) {
    if (set == NULL || set->count == 0) {
        return 0;
    }
    uint64_t hash = mix(1, set->kind);
    uint32_t left = set->count; /* so that words after the last code are not looked at */
    for (size_t i = 0; left > 0; i++) {
        if (set->bits[i] != 0) {
            hash = mix(mix(hash, i), set->bits[i]);
            left -= (uint32_t)__builtin_popcountll(set->bits[i]);
        }
    }
    return hash;
}

static uint64_t hash_of(const struct expression *e, bool sets) {
    uint64_t hash = mix(7, e->op), sum = 0;
    switch (e->op) {
    case EXPR_IN:
    case EXPR_COUNT:
        hash = mix(mix(hash, e->where), sets ? codeset_hash(e->set) : 0);
        return e->op == EXPR_IN ? hash : mix(mix(hash, e->compare), (uint64_t)e->number);
    case EXPR_COMPARE:
        return mix(mix(mix(hash, e->fact), e->compare), (uint64_t)e->number);
    case EXPR_SEVERITY:
        return mix(hash, (uint64_t)e->number);
    case EXPR_AMONG:
        for (size_t i = 0; i < e->count; i++) {
            sum += mix_text(3, e->words[i]);
        }
        return mix(mix(hash, e->fact), sum);
    case EXPR_PRESENT:
        return mix(hash, e->fact);
    default:
        for (size_t i = 0; i < e->count; i++) {
            sum += hash_of(e->children[i], sets);
        }
        return mix(mix(hash, e->op == EXPR_AT_LEAST ? (uint64_t)e->number : 0), sum);
    }
}

uint64_t expression_hash(const struct expression *when) {
    return hash_of(when, true);
}

uint64_t expression_shape(const struct expression *when) {
    return hash_of(when, false);
}

/* ---- the plain form of a condition ---- */

static struct expression *constant(struct arena *arena, bool value) {
    struct expression *e = ARENA_NEW(arena, struct expression);
    e->op = value ? EXPR_TRUE : EXPR_FALSE;
    return e;
}

/* Two parts of `or` in one: MCC and CC, the same set at other places. */
static bool join(struct expression *into, const struct expression *other) {
    if (into->op == EXPR_SEVERITY && other->op == EXPR_SEVERITY) {
        into->number |= other->number;
        return true;
    }
    if (into->op == EXPR_IN && other->op == EXPR_IN && codeset_hash(into->set) == codeset_hash(other->set)) {
        into->where |= other->where;
        return true;
    }
    return false;
}

static void add_part(struct arena *arena, struct expression *list, size_t *capacity, struct expression *one) {
    if (one->op == list->op) {
        for (size_t i = 0; i < one->count; i++) {
            add_part(arena, list, capacity, one->children[i]);
        }
        return;
    }
    uint64_t hash = expression_hash(one);
    for (size_t i = 0; i < list->count; i++) {
        if (expression_hash(list->children[i]) == hash) {
            return;
        }
        if (list->op == EXPR_OR && (one->op == EXPR_SEVERITY || one->op == EXPR_IN)) {
            struct expression *joined = ARENA_NEW(arena, struct expression);
            *joined = *list->children[i];
            if (join(joined, one)) {
                list->children[i] = joined;
                return;
            }
        }
    }
    ARENA_PUSH(arena, list->children, list->count, *capacity, one);
}

static struct expression *simple_list(struct arena *arena, const struct expression *when) {
    struct expression *list = ARENA_NEW(arena, struct expression);
    size_t capacity = 0;
    list->op = when->op;
    list->place = when->place;
    for (size_t i = 0; i < when->count; i++) {
        struct expression *one = expression_simple(arena, when->children[i]);
        bool all = when->op == EXPR_AND;
        if (one->op == (all ? EXPR_FALSE : EXPR_TRUE)) {
            return one;
        }
        if (one->op != (all ? EXPR_TRUE : EXPR_FALSE)) {
            add_part(arena, list, &capacity, one);
        }
    }
    if (list->count == 0) {
        return constant(arena, when->op == EXPR_AND);
    }
    return list->count == 1 ? list->children[0] : list;
}

struct expression *expression_simple(struct arena *arena, struct expression *when) {
    switch (when->op) {
    case EXPR_AND:
    case EXPR_OR:
        return simple_list(arena, when);
    case EXPR_NOT: {
        struct expression *inner = expression_simple(arena, when->children[0]);
        if (inner->op == EXPR_TRUE || inner->op == EXPR_FALSE) {
            return constant(arena, inner->op == EXPR_FALSE);
        }
        struct expression *e = ARENA_NEW(arena, struct expression);
        *e = *when;
        e->children = ARENA_ARRAY(arena, struct expression *, 1);
        e->children[0] = inner;
        return inner->op == EXPR_NOT ? inner->children[0] : e;
    }
    case EXPR_IN:
        return when->set->count == 0 ? constant(arena, false) : when;
    default:
        return when;
    }
}

/* ---- exclusion tables ---- */

struct codeset *table_part(const struct exclusion_table *table, enum severity_part part) {
    return part == PART_MCC ? table->mcc : part == PART_CC ? table->cc : table->principal;
}

uint32_t *table_numbers(struct arena *arena, const struct scheme *scheme, enum severity_part part) {
    uint32_t codes = scheme->catalogues[CODE_DIAGNOSIS]->count;
    uint32_t *numbers = ARENA_ARRAY(arena, uint32_t, (size_t)codes + 1);
    memset(numbers, 0xFF, ((size_t)codes + 1) * sizeof *numbers);
    for (size_t t = 0; t < scheme->table_count; t++) {
        const struct codeset *set = table_part(&scheme->tables[t], part);
        for (uint32_t c = 0; set != NULL && c < codes; c++) {
            if (set->bits[c / 64] == 0) {
                c |= 63;
            } else if (codeset_has(set, c)) {
                numbers[c] = (uint32_t)t;
            }
        }
    }
    return numbers;
}

static bool has_principal(const struct scheme *scheme, uint32_t table) {
    const struct codeset *set = scheme->tables[table].principal;
    return set != NULL && set->count > 0;
}

/* The numbers of tables are nothing: which other diagnoses a principal diagnosis excludes is compared. */
static bool tables_equal(struct arena *arena, const struct scheme *a, const struct scheme *b, const char **first) {
    static const char *const words[PARTS] = {"principal of an exclusion table", "MCC", "CC"};
    uint32_t *there = ARENA_ARRAY(arena, uint32_t, a->table_count + 1), *back = ARENA_ARRAY(arena, uint32_t, b->table_count + 1);
    memset(there, 0xFF, (a->table_count + 1) * sizeof *there);
    memset(back, 0xFF, (b->table_count + 1) * sizeof *back);
    for (int part = 0; part < PARTS; part++) {
        const uint32_t *left = table_numbers(arena, a, (enum severity_part)part);
        const uint32_t *right = table_numbers(arena, b, (enum severity_part)part);
        for (uint32_t c = 0; c < a->catalogues[CODE_DIAGNOSIS]->count; c++) {
            uint32_t x = left[c], y = right[c];
            bool good = (x == UINT32_MAX) == (y == UINT32_MAX);
            if (good && x != UINT32_MAX && part == PART_PRINCIPAL) {
                good = (there[x] == UINT32_MAX && back[y] == UINT32_MAX) || (there[x] == y && back[y] == x);
                there[x] = y;
                back[y] = x;
            } else if (good && x != UINT32_MAX) {
                good = has_principal(a, x) ? there[x] == y : !has_principal(b, y);
            }
            if (!good) {
                *first = arena_format(arena, "%s as %s", a->catalogues[CODE_DIAGNOSIS]->codes[c].text, words[part]);
                return false;
            }
        }
    }
    return true;
}

/* ---- schemes ---- */

/* A name decides nothing: rules that have it otherwise are good, and it is said. */
static void say_name(const char *code, const char *wanted, const char *got) {
    if (strcmp(wanted, got) != 0) {
        fprintf(stderr, "casemix: the name of %s became \"%s\", not \"%s\"; change it under `rename`\n", code, got, wanted);
    }
}

static const char *drgs_differ(const struct step *a, const struct step *b) {
    if (a->drg_count != b->drg_count) {
        return "the DRGs";
    }
    for (size_t i = 0; i < a->drg_count; i++) {
        if (strcmp(a->drgs[i].code, b->drgs[i].code) != 0) {
            return "the DRGs";
        }
        say_name(a->drgs[i].code, a->drgs[i].name, b->drgs[i].name);
        if (expression_hash(a->drgs[i].when) != expression_hash(b->drgs[i].when)) {
            return "the condition of a DRG";
        }
    }
    return NULL;
}

static const char *step_differs(const struct step *a, const struct step *b) {
    if (strcmp(a->id, b->id) != 0 || strcmp(a->code, b->code) != 0) {
        return "the order of steps";
    }
    say_name(a->id, a->name, b->name);
    if (a->is_qy != b->is_qy || (!a->is_qy && a->bare != b->bare)) {
        return "what comes out when no DRG fits";
    }
    return expression_hash(a->when) != expression_hash(b->when) ? "the condition" : drgs_differ(a, b);
}

static const char *mdc_differs(const struct mdc *a, const struct mdc *b) {
    if (strcmp(a->code, b->code) != 0) {
        return "the order of MDCs";
    }
    say_name(a->code, a->name, b->name);
    if (expression_hash(a->when) != expression_hash(b->when)) {
        return "the condition";
    }
    return a->step_count != b->step_count ? "the steps" : NULL;
}

static bool barred_equal(const struct scheme *a, const struct scheme *b) {
    for (int kind = 0; kind < BARRED_KINDS; kind++) {
        for (int code = 0; code < CODE_KINDS; code++) {
            const struct codeset *left = a->barred[kind].sets[code], *right = b->barred[kind].sets[code];
            bool none = codeset_hash(left) == 0;
            if (codeset_hash(left) != codeset_hash(right) ||
                (!none && a->barred[kind].principal[code] != b->barred[kind].principal[code])) {
                return false;
            }
        }
    }
    return true;
}

static bool requirements_equal(const struct scheme *a, const struct scheme *b) {
    bool same = a->requirement_count == b->requirement_count;
    for (size_t i = 0; same && i < a->requirement_count; i++) {
        same = a->requirements[i].fact == b->requirements[i].fact &&
               expression_hash(a->requirements[i].when) == expression_hash(b->requirements[i].when);
    }
    return same;
}

static bool differs(const char *where, const char *what) {
    complain("internal fault: what was written says something else than the facts: %s: %s", where, what);
    return false;
}

bool schemes_equal(const struct scheme *wanted, const struct scheme *got) {
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        if (wanted->catalogues[kind]->count != got->catalogues[kind]->count) {
            return differs(code_kind_words((enum code_kind)kind), "the codes");
        }
    }
    for (size_t m = 0; m < wanted->mdc_count || m < got->mdc_count; m++) {
        if (m >= wanted->mdc_count || m >= got->mdc_count) {
            return differs("the scheme", "the MDCs");
        }
        const struct mdc *a = wanted->mdcs[m], *b = got->mdcs[m];
        const char *what = mdc_differs(a, b), *where = a->code;
        for (size_t s = 0; what == NULL && s < a->step_count; s++) {
            where = a->steps[s]->id;
            what = step_differs(a->steps[s], b->steps[s]);
        }
        if (what != NULL) {
            return differs(where, what);
        }
    }
    struct arena *arena = arena_new();
    const char *code = "";
    bool good = tables_equal(arena, wanted, got, &code) || differs("severity", code);
    arena_free(arena);
    good = good && (barred_equal(wanted, got) || differs("the scheme", "gray and invalid codes"));
    good = good && (requirements_equal(wanted, got) || differs("the scheme", "what a case must have"));
    bool same = memcmp(&wanted->compatibility, &got->compatibility, sizeof wanted->compatibility) == 0 &&
                wanted->retry_procedures == got->retry_procedures;
    return good && (same || differs("the scheme", "compatibility"));
}
