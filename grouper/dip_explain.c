/* SPDX-License-Identifier: Apache-2.0
 *
 * The search of DIP told in words: what each procedure counted as, every step, every entry that takes the diagnosis
 * and why it lost, and the classes of auxiliary catalogues and supervision indices. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../tables/decimal.h"
#include "dip.h"
#include "evaluate.h"
#include "telling.h"

enum { UNITS = 10000, FACTOR_UNITS = 1000000 };

static const char *string_of(const struct telling *telling, image_text text) {
    return image_string(telling->context->owner->image, text);
}

static const char *kind_of(const struct telling *telling, uint32_t kind) {
    return string_of(telling, telling->context->scheme->dip->kinds[kind].name);
}

static const char *entry_of(const struct telling *telling, uint32_t entry) {
    return string_of(telling, telling->context->scheme->drgs[entry].code);
}

/* "410.25" */
static const char *number(int64_t value, int64_t units, char out[RATIONAL_TEXT]) {
    rational_text(rational_of(value, units), out, RATIONAL_TEXT);
    return out;
}

static void detail_add_procedure(struct telling *telling, uint32_t id) {
    size_t length;
    const char *code = catalogue_view_code(telling->context->scheme->procedures, id, &length);
    detail_format(telling, "%.*s", (int)length, code);
}

/* ---- procedures ------------------------------------------------------------------------------------------- */

/* The place of a procedure among those that count; IMAGE_NONE32 if it does not. */
static uint32_t place_of(const struct dip_case *dip, uint32_t id) {
    for (uint32_t i = 0; i < dip->count; i++) {
        if (dip->ids[i] == id) {
            return i;
        }
    }
    return IMAGE_NONE32;
}

static bool given_before(const struct dip_case *dip, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (dip->given[i] == dip->given[n]) {
            return true;
        }
    }
    return false;
}

/* What the n-th procedure of the case counted as, into the detail. False: as none. */
static bool describe_procedure(struct telling *telling, uint32_t n) {
    const struct dip_case *dip = &telling->context->dip;
    const struct image_dip_procedure *procedure = &telling->context->scheme->dip->procedures[dip->given[n]];
    uint32_t place = place_of(dip, dip->given[n]);
    if (place == IMAGE_NONE32) {
        detail_add(telling, procedure->use == IMAGE_DIP_EXCLUDED ? "dropped: the scheme excludes it"
                            : procedure->use == IMAGE_DIP_CONSERVATIVE
                                ? "counts as no procedure: conservative treatment"
                                : "dropped: the scheme does not know the code");
        return false;
    }
    if (given_before(dip, n)) {
        detail_add(telling, "counted already: the same code stands before");
        return false;
    }
    detail_format(telling, "%s procedure, %s", place == dip->principal ? "principal" : "other",
                  kind_of(telling, procedure->kind));
    if (procedure->use == IMAGE_DIP_NOT_PRINCIPAL) {
        detail_add(telling, "; never the principal one");
    } else if (procedure->use == IMAGE_DIP_RESTRICTED) {
        detail_add(telling, place == dip->principal ? "; the principal one only with such a principal diagnosis"
                                                    : "; the principal one only with certain principal diagnoses");
    }
    return true;
}

static void tell_used_procedures(struct telling *telling) {
    const struct dip_case *dip = &telling->context->dip;
    const struct catalogue_view *catalogue = telling->context->scheme->procedures;
    for (uint32_t n = 0; n < dip->given_count; n++) {
        if (dip->given[n] == IMAGE_NONE32) {
            continue; /* told with the facts */
        }
        casemix_trace event = {.kind = CASEMIX_TRACE_PROCEDURE,
                               .name = text_of(telling->context, catalogue->names[dip->given[n]])};
        event.code.text = catalogue_view_code(catalogue, dip->given[n], &event.code.length);
        detail_clear(telling);
        event.met = describe_procedure(telling, n);
        tell_event(telling, event);
    }
}

/* ---- why a match does not hold ---------------------------------------------------------------------------- */

/* "36.0600, 36.0700 or 3 more" */
static void detail_add_members(struct telling *telling, const struct image_dip_need *need) {
    enum { NAMED = 4 };
    const struct dip_view *view = telling->context->scheme->dip;
    if (need->exact == 1 && need->loose == 0) {
        detail_add_procedure(telling, need->first);
        return;
    }
    uint32_t count = need->exact + (need->loose == IMAGE_NONE16 ? 0 : need->loose);
    for (uint32_t i = 0; i < count && i < NAMED; i++) {
        detail_add(telling, i == 0 ? "" : i + 1 == count ? " or " : ", ");
        detail_add_procedure(telling, view->members[need->first + i]);
    }
    if (count > NAMED) {
        detail_format(telling, " or %" PRIu32 " more", count - NAMED);
    } else if (need->loose == IMAGE_NONE16) {
        detail_add(telling, count > 0 ? " or any" : "any procedure that counts");
    }
}

/* Add what is wrong with a match; how many things that are. */
static uint32_t describe_failure(struct telling *telling, const struct image_dip_match *match,
                                 const struct working *work) {
    static const char *const places[] = {[IMAGE_DIP_AT_ANY] = "",
                                         [IMAGE_DIP_AT_PRINCIPAL] = " as principal procedure",
                                         [IMAGE_DIP_AT_OTHER] = " besides the principal procedure"};
    const struct casemix_context *context = telling->context;
    const struct dip_case *dip = &context->dip;
    bool wrong_kind = (match->flags & IMAGE_DIP_MATCH_KIND) && dip->kind != match->kind;
    bool not_lowest = (match->flags & IMAGE_DIP_MATCH_CONSERVATIVE) && dip->kind != 0;
    uint32_t failures = 0;
    if (wrong_kind || not_lowest) {
        failures++;
        detail_format(telling, "it takes cases of %s only, this one is of %s",
                      kind_of(telling, not_lowest ? 0 : match->kind), kind_of(telling, dip->kind));
    }
    for (uint32_t n = 0; n < match->need_count; n++) {
        const struct image_dip_need *need = &context->scheme->dip->needs[match->first_need + n];
        if (!dip_need_met(context, need)) {
            detail_add(telling, failures++ == 0 ? "missing: " : "; missing: ");
            detail_add_members(telling, need);
            detail_add(telling, places[need->at]);
        }
    }
    uint32_t when = context->scheme->drgs[match->entry].when;
    if (match->mask != 0 && !mask_holds(context->scheme, match->mask, work->facts)) {
        failures++;
        detail_decisive(telling, when, condition_holds(context, when));
    }
    return failures;
}

/* ---- tie rules in words ----------------------------------------------------------------------------------- */

static void detail_add_count(struct telling *telling, int64_t count, const char *one, const char *several) {
    detail_format(telling, "%" PRId64 " %s", count, count == 1 ? one : several);
}

static void detail_add_worth(struct telling *telling, const struct image_dip_step *step, enum image_dip_rule rule,
                             const struct dip_found *found) {
    const struct casemix_context *context = telling->context;
    uint32_t entry = found->match->entry;
    int64_t worth = dip_worth(context, step, rule, found), mean = dip_mean_cost(context, entry);
    char words[RATIONAL_TEXT], other[RATIONAL_TEXT];
    switch (rule) {
    case IMAGE_DIP_RULE_KEY:
        if (worth == 0) {
            detail_add(telling, "a range of diagnoses or all");
        } else {
            detail_format(telling, "a diagnosis key of %" PRId64 " characters", worth);
        }
        return;
    case IMAGE_DIP_RULE_PLUS:
        detail_add_count(telling, worth, "part", "parts that must all be met");
        return;
    case IMAGE_DIP_RULE_MATCHED:
        detail_add_count(telling, worth, "procedure of the case in it", "procedures of the case in it");
        return;
    case IMAGE_DIP_RULE_EXACT:
        detail_add_count(telling, -worth, "part met by a shorter code only", "parts met by a shorter code only");
        return;
    case IMAGE_DIP_RULE_PRINCIPAL:
        detail_add(telling, worth ? "the principal procedure in it" : "the principal procedure not in it");
        return;
    case IMAGE_DIP_RULE_COMPLETE:
        detail_add(telling, worth ? "every procedure in it" : "procedures left out");
        return;
    case IMAGE_DIP_RULE_SCORE:
        detail_format(telling, "%s%s", worth < 0 ? "no score" : "score ",
                      worth < 0 ? "" : number(worth, UNITS, words));
        return;
    case IMAGE_DIP_RULE_COST:
        if (mean < 0) {
            detail_add(telling, "no mean cost");
        } else {
            detail_format(telling, "mean cost %s, %s from the case's", number(mean, UNITS, words),
                          number(-worth, UNITS, other));
        }
        return;
    case IMAGE_DIP_RULE_KIND:
        detail_add(telling, kind_of(telling, found->match->kind));
        return;
    case IMAGE_DIP_RULE_PART:
        detail_format(telling, "part %s", string_of(telling, context->scheme->mdcs[dip_part(context, entry)].code));
        return;
    case IMAGE_DIP_RULE_CONDITIONS:
        detail_add_count(telling, worth, "further condition", "further conditions");
        return;
    default:
        return;
    }
}

/* "by plus: 1 part against 2 parts ..." */
static void detail_add_rule(struct telling *telling, uint32_t step_number, uint32_t place,
                            const struct dip_found *one, const struct dip_found *other) {
    const struct image_dip_step *step = &telling->context->scheme->dip->steps[step_number];
    if (place >= IMAGE_DIP_RULES_MAX) {
        detail_add(telling, "by order: every rule finds them alike, so the catalogue's order decides");
        return;
    }
    detail_format(telling, "by %s: ", dip_rule_text(telling->context, step_number, place));
    detail_add_worth(telling, step, step->rules[place], one);
    detail_add(telling, " against ");
    detail_add_worth(telling, step, step->rules[place], other);
}

/* ---- a step ----------------------------------------------------------------------------------------------- */

/* A step of the search, and what the bucket has for it. */
struct search {
    uint32_t number;
    const struct image_dip_step *step;
    const struct image_dip_match *first, *end;
    const struct working *work;
    bool takes; /* it is for cases such as this */
    bool answers;
    uint32_t entries, holding;
    uint32_t leaving, matches; /* of those that hold: that leave surgery out; all */
    struct dip_found best;     /* if some hold */
};

/* The matches of one entry from `at` on: where they end, and the best that holds. */
static const struct image_dip_match *look_at_entry(const struct telling *telling, struct search *search,
                                                   const struct image_dip_match *at, struct dip_found *best,
                                                   bool *holds) {
    const struct image_dip_match *match = at;
    *holds = false;
    for (; match < search->end && match->entry == at->entry; match++) {
        struct dip_found found;
        uint32_t place;
        if (!dip_match_holds(telling->context, match, search->work, &found)) {
            continue;
        }
        search->matches++;
        search->leaving += found.leaves_surgery;
        if (!*holds || dip_compare(telling->context, search->step, &found, best, &place) > 0) {
            *best = found;
        }
        *holds = true;
    }
    return match;
}

static void look_at_step(const struct telling *telling, struct search *search) {
    const struct casemix_context *context = telling->context;
    search->takes = dip_step_takes(context, search->step, search->work);
    for (const struct image_dip_match *at = search->first; at < search->end;) {
        struct dip_found found;
        bool holds;
        uint32_t place;
        at = look_at_entry(telling, search, at, &found, &holds);
        search->entries++;
        if (holds &&
            (search->holding++ == 0 || dip_compare(context, search->step, &found, &search->best, &place) > 0)) {
            search->best = found;
        }
    }
    search->answers = context->dip.entry != IMAGE_NONE32 && context->dip.step == search->number;
}

/* Which treatment kinds a step is for. */
static void detail_add_kinds(struct telling *telling, uint32_t kinds) {
    const char *sign = "";
    for (uint32_t k = 0; k < telling->context->scheme->dip->about->kind_count; k++) {
        if (kinds >> k & 1) {
            detail_format(telling, "%s%s", sign, kind_of(telling, k));
            sign = ", ";
        }
    }
}

static void describe_step(struct telling *telling, const struct search *search) {
    const struct image_dip_step *step = search->step;
    const struct dip_case *dip = &telling->context->dip;
    if (!(step->case_kinds >> dip->kind & 1)) {
        detail_add(telling, "it is for cases of ");
        detail_add_kinds(telling, step->case_kinds);
        detail_format(telling, ", this one is of %s", kind_of(telling, dip->kind));
    } else if (!search->takes) {
        detail_decisive(telling, step->when, false);
    } else if (search->entries == 0) {
        detail_add(telling, "none of its entries takes the diagnosis");
    } else {
        detail_format(telling, "of its entries %" PRIu32 " %s the diagnosis, %" PRIu32 " of these %s",
                      search->entries, search->entries == 1 ? "takes" : "take", search->holding,
                      search->holding == 1 ? "matches" : "match");
        bool barred = search->holding > 0 && !search->answers;
        if (barred && step->unmatched == IMAGE_DIP_UNMATCHED_ALL) {
            detail_add(telling,
                       ", but every match leaves a surgical procedure of the case out (unmatched_surgery: all)");
        } else if (barred) {
            detail_add(telling,
                       ", but a match leaves a surgical procedure of the case out (unmatched_surgery: any)");
        }
    }
}

/* What the entry asks for, as the catalogue has it. */
static casemix_text entry_rule(const struct telling *telling, uint32_t entry) {
    struct casemix_context *context = telling->context;
    const struct scheme_view *scheme = context->scheme;
    const char *operations = string_of(telling, scheme->dip->texts[entry].operations);
    const char *when = string_of(telling, scheme->expressions[scheme->drgs[entry].when].text);
    int length = snprintf(context->rule, sizeof context->rule, "%s%s%s%s%s",
                          string_of(telling, scheme->dip->texts[entry].diagnoses),
                          operations[0] == '\0' ? "" : " with ", operations, when[0] == '\0' ? "" : ", ", when);
    size_t room = sizeof context->rule - 1;
    return (casemix_text){context->rule, length < 0 ? 0 : (size_t)length < room ? (size_t)length : room};
}

/* The rival that the deciding rule beat last. */
static bool find_last_rival(const struct telling *telling, const struct search *search, struct dip_found *rival) {
    struct search again = *search;
    uint32_t place, deepest = 0;
    bool any = false, holds;
    for (const struct image_dip_match *at = search->first; at < search->end;) {
        struct dip_found found;
        at = look_at_entry(telling, &again, at, &found, &holds);
        if (!holds || found.match->entry == search->best.match->entry) {
            continue;
        }
        dip_compare(telling->context, search->step, &search->best, &found, &place);
        if (!any || place > deepest) {
            any = true;
            deepest = place;
            *rival = found;
        }
    }
    return any;
}

static void describe_match(struct telling *telling, const struct search *search, const struct dip_found *found) {
    const struct casemix_context *context = telling->context;
    uint32_t place;
    struct dip_found rival;
    if (!search->answers) {
        detail_add(telling, found->leaves_surgery ? "it matches, but leaves a surgical procedure of the case out"
                                                  : "it matches, but the step gives no answer");
    } else if (found->match->entry == search->best.match->entry) {
        if (find_last_rival(telling, search, &rival)) {
            detail_format(telling, "it beats %s ", entry_of(telling, rival.match->entry));
            detail_add_rule(telling, search->number, context->dip.rule, found, &rival);
        } else {
            detail_add(telling, "it is the only one that matches");
        }
    } else {
        dip_compare(context, search->step, &search->best, found, &place);
        detail_format(telling, "it matches, but loses to %s ", entry_of(telling, search->best.match->entry));
        detail_add_rule(telling, search->number, place, found, &search->best);
    }
}

/* Of the ways in which an entry might match, the one that lacks least. */
static uint32_t describe_nearest(struct telling *telling, const struct search *search,
                                 const struct image_dip_match *at, const struct image_dip_match *end) {
    const struct image_dip_match *nearest = at;
    uint32_t least = UINT32_MAX;
    for (; at < end; at++) {
        detail_clear(telling);
        uint32_t failures = describe_failure(telling, at, search->work);
        if (failures < least) {
            least = failures;
            nearest = at;
        }
    }
    detail_clear(telling);
    return describe_failure(telling, nearest, search->work);
}

static const struct image_dip_match *tell_entry(struct telling *telling, struct search *search,
                                                const struct image_dip_match *at) {
    struct casemix_context *context = telling->context;
    const struct image_drg *entry = &context->scheme->drgs[at->entry];
    struct search unused = *search;
    struct dip_found found;
    bool holds, near = false;
    const struct image_dip_match *end = look_at_entry(telling, &unused, at, &found, &holds);
    detail_clear(telling);
    if (holds) {
        describe_match(telling, search, &found);
    } else {
        near = describe_nearest(telling, search, at, end) == 1;
    }
    tell_event(telling, (casemix_trace){
                            .kind = CASEMIX_TRACE_ENTRY,
                            .met = holds,
                            .near_miss = near,
                            .code = text_of(context, entry->code),
                            .name = text_of(context, entry->name),
                            .rule = entry_rule(telling, at->entry),
                            .file = text_of(context, entry->file),
                            .line = entry->line,
                        });
    return end;
}

static void tell_search(struct telling *telling, struct search *search) {
    const struct casemix_context *context = telling->context;
    look_at_step(telling, search);
    detail_clear(telling);
    describe_step(telling, search);
    tell_event(telling, (casemix_trace){
                            .kind = CASEMIX_TRACE_SEARCH,
                            .met = search->answers,
                            .code = text_of(context, search->step->name),
                            .rule = text_of(context, context->scheme->expressions[search->step->when].text),
                            .file = text_of(context, search->step->file),
                            .line = search->step->line,
                        });
    for (const struct image_dip_match *at = search->first; search->takes && at < search->end;) {
        at = tell_entry(telling, search, at);
    }
}

/* Every step up to the answer. */
static void tell_steps(struct telling *telling) {
    struct casemix_context *context = telling->context;
    const struct dip_view *view = context->scheme->dip;
    const struct image_dip_bucket *bucket = dip_bucket(context);
    const struct image_dip_match *at = view->matches + bucket->first, *end = at + bucket->count;
    const uint64_t known = context->prepared.present;
    struct working work;
    context->prepared.present &= ~view->about->late_facts; /* the search was before them */
    look_at_facts(context, &work);
    for (uint32_t s = 0; s < view->step_count; s++) {
        struct search search = {.number = s, .step = &view->steps[s], .first = at, .work = &work};
        while (at < end && at->step == s) {
            at++;
        }
        search.end = at;
        tell_search(telling, &search);
        if (search.answers) {
            break;
        }
    }
    context->prepared.present = known;
}

/* ---- auxiliary catalogues and supervision ----------------------------------------------------------------- */

static void describe_number(struct telling *telling, bool supervision, const struct dip_applied *applied) {
    char words[RATIONAL_TEXT];
    if (applied->number < 0) {
        detail_add(telling, supervision ? "; it has no score" : "; there is no factor for this entry");
        return;
    }
    detail_format(telling, "; %s %s", supervision ? "score" : "factor",
                  number(applied->number, FACTOR_UNITS, words));
    if (!supervision) {
        detail_add(telling, applied->counts ? ", counts" : ", another is higher");
    }
}

/* The classes of an index up to the first that holds. */
static void tell_index(struct telling *telling, uint32_t n) {
    const struct casemix_context *context = telling->context;
    const struct dip_view *view = context->scheme->dip;
    const struct image_dip_index *index = &view->indices[n];
    const struct dip_applied *applied = NULL;
    for (uint32_t i = 0; i < context->dip.applied_count; i++) {
        applied = context->dip.applied[i].index == n ? &context->dip.applied[i] : applied;
    }
    for (uint32_t c = index->first_class; c < index->first_class + index->class_count; c++) {
        const struct image_dip_class *class = &view->classes[c];
        bool met = applied != NULL && applied->class == c;
        detail_clear(telling);
        detail_decisive(telling, class->when, met);
        if (met) {
            describe_number(telling, n >= view->about->auxiliary_count, applied);
        }
        tell_event(telling, (casemix_trace){
                                .kind = CASEMIX_TRACE_INDEX,
                                .met = met,
                                .code = text_of(context, index->name),
                                .name = text_of(context, class->name),
                                .rule = text_of(context, context->scheme->expressions[class->when].text),
                                .file = text_of(context, index->file),
                                .line = class->line,
                            });
        if (met) {
            return;
        }
    }
}

static void tell_indices(struct telling *telling) {
    const struct dip_view *view = telling->context->scheme->dip;
    const struct dip_case *dip = &telling->context->dip;
    uint32_t first = 0;
    if (view->about->auxiliary_count > 0 && (view->entries[dip->entry].flags & IMAGE_DIP_ENTRY_NO_AUXILIARY)) {
        first = view->about->auxiliary_count;
        detail_clear(telling);
        detail_add(telling, "auxiliary catalogues do not apply to this entry");
        tell_event(telling, (casemix_trace){.kind = CASEMIX_TRACE_INDEX});
    }
    for (uint32_t n = first; n < view->index_count; n++) {
        tell_index(telling, n);
    }
}

void tell_dip(struct telling *telling, const casemix_grouping *answer) {
    const struct dip_case *dip = &telling->context->dip;
    bool searched =
        dip->entry != IMAGE_NONE32 || answer->reason == CASEMIX_REASON_NO_ENTRY ||
        (answer->reason == CASEMIX_REASON_NO_PRINCIPAL && telling->context->scheme->dip->about->without_principal);
    tell_used_procedures(telling);
    if (searched) {
        tell_steps(telling);
    }
    tell_answer(telling, answer);
    if (dip->entry != IMAGE_NONE32) {
        tell_indices(telling);
    }
}
