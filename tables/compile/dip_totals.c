/* SPDX-License-Identifier: Apache-2.0
 *
 * Totals of a DIP scheme: sums of weights of sets of other diagnoses, for use in expressions. */
#include <string.h>

#include "dip_draft.h"

enum { WEIGHT_MAX = 1000, SETS_MAX = 500, TOTALS_MAX = 50 };

/* Why a text cannot name a total, or NULL. */
static const char *name_fault(const struct dip_link *link, const struct node *name) {
    static const char *const words[] = {"ZYZD", "QTZD", "ZYSS", "QTSS",   "MCC",     "CC",     "and",
                                        "or",   "not",  "in",   "length", "atleast", "present"};
    if (fact_of_word(name->text, name->length) != FACT_COUNT) {
        return "a fact";
    }
    if (codesets_find(&link->scheme->sets, name->text, name->length) != NULL) {
        return "a set";
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], name->text) == 0) {
            return "a word of the rule language";
        }
    }
    return NULL;
}

/* A set by its name, or one written out: `K72.000 K76.7*`. */
static struct codeset *set_of(struct dip_link *link, const struct node *item) {
    struct codesets *sets = &link->scheme->sets;
    if (node_text(link->report, item, "a set of a total") == NULL) {
        return NULL;
    }
    struct codeset *set = codesets_find(sets, item->text, item->length);
    set = set != NULL ? set : codesets_literal(sets, item, 0, item->text, item->length);
    if (set == NULL || !codeset_expand(sets, set)) {
        return NULL;
    }
    if (set->kind != CODE_DIAGNOSIS && set->count > 0) {
        report_say(link->report, MSG_wrong_set_kind, item->place, codeset_title(link->report, set),
                   code_kind_words(set->kind), code_kind_words(CODE_DIAGNOSIS), code_kind_words(CODE_DIAGNOSIS));
        return NULL;
    }
    return set;
}

static void add_set(struct dip_link *link, struct total *total, uint32_t weight, const struct node *item) {
    struct codeset *set = set_of(link, item);
    if (set == NULL) {
        return;
    }
    if (total->count == SETS_MAX) {
        report_say(link->report, MSG_dip_limit, item->place, (unsigned)SETS_MAX, "sets in a total");
        return;
    }
    total->sets[total->count] = set;
    total->weights[total->count++] = weight;
}

/* Letters, digits and _, no digit first; beyond ASCII anything. */
static bool is_name(const char *text) {
    for (const char *at = text; *at != '\0'; at++) {
        bool letter =
            (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_' || (unsigned char)*at >= 0x80;
        if (!letter && (at == text || *at < '0' || *at > '9')) {
            return false;
        }
    }
    return text[0] != '\0';
}

static void link_total(struct dip_link *link, const struct node *name, const struct node *map,
                       struct total *total) {
    *total = (struct total){.name = name->text, .place = name->place};
    total->sets = ARENA_ARRAY(link->arena, struct codeset *, SETS_MAX);
    total->weights = ARENA_ARRAY(link->arena, uint32_t, SETS_MAX);
    for (size_t i = 0; i < map->count; i++) {
        const struct node *sets = map->items[i];
        int64_t weight;
        if (!node_number(link->report, map->keys[i], "the weight of a set", 1, WEIGHT_MAX, &weight)) {
            continue;
        }
        if (sets->kind == NODE_SCALAR) {
            add_set(link, total, (uint32_t)weight, sets);
        } else if (node_expect(link->report, sets, NODE_LIST, name->text) != NULL) {
            for (size_t s = 0; s < sets->count; s++) {
                add_set(link, total, (uint32_t)weight, sets->items[s]);
            }
        }
    }
}

void dip_link_totals(struct dip_link *link) {
    const struct dip_draft *from = link->from;
    struct total *totals = ARENA_ARRAY(link->arena, struct total, TOTALS_MAX);
    size_t count = 0;
    for (size_t i = 0; i < from->total_count; i++) {
        const struct node *name = from->totals[i].name;
        const char *fault = name_fault(link, name);
        if (fault != NULL) {
            report_say(link->report, MSG_name_taken, name->place, name->text, fault);
        } else if (!is_name(name->text)) {
            report_say(link->report, MSG_bad_name, name->place,
                       report_clip(link->report, name->text, name->length));
        } else if (count == TOTALS_MAX) {
            report_say(link->report, MSG_dip_limit, name->place, (unsigned)TOTALS_MAX, "totals");
            break;
        } else if (node_expect(link->report, from->totals[i].sets, NODE_MAP, name->text) != NULL) {
            link_total(link, name, from->totals[i].sets, &totals[count++]);
        }
    }
    link->scheme->sets.totals = totals;
    link->scheme->sets.total_count = count;
}
