/* SPDX-License-Identifier: Apache-2.0
 *
 * The hot path of DIP: which procedures count, the matches of the principal diagnosis step after step, the tie
 * rules, and the auxiliary catalogues of the entry chosen. */
#include "dip.h"

#include <string.h>

static inline bool may_match_without(const struct casemix_context *context) {
    return context->scheme->dip->about->without_principal != 0 && !has_principal(context);
}

/* ---- procedures ------------------------------------------------------------------------------------------- */

static bool counted_before(const struct dip_case *dip, uint32_t id) {
    for (uint32_t i = 0; i < dip->count; i++) {
        if (dip->ids[i] == id) {
            return true;
        }
    }
    return false;
}

static bool may_be_principal(const struct scheme_view *scheme, uint32_t id, const struct working *work) {
    const struct image_dip_procedure *procedure = &scheme->dip->procedures[id];
    return procedure->use == IMAGE_DIP_COUNTS ||
           (procedure->use == IMAGE_DIP_RESTRICTED && mask_holds(scheme, procedure->mask, work->facts));
}

/* Some that may not be principal stand before the one that is. */
static void note_not_principal(struct casemix_context *context) {
    const struct dip_case *dip = &context->dip;
    casemix_text code = {"", 0};
    if (dip->principal != IMAGE_NONE32) {
        code.text = catalogue_view_code(context->scheme->procedures, dip->ids[dip->principal], &code.length);
    }
    for (uint32_t i = 0; i < dip->count && i < dip->principal; i++) {
        uint32_t given = 0;
        while (dip->given[given] != dip->ids[i]) {
            given++;
        }
        add_code_finding(context, CASEMIX_FINDING_PROCEDURE_NOT_PRINCIPAL, FACT_PROCEDURES, given, code);
    }
}

/* Conditions look at the procedures that count, the principal one in its place. */
static void replace_procedures(struct casemix_context *context, struct working *work) {
    struct dip_case *dip = &context->dip;
    struct code_list *list = &context->prepared.procedures;
    const struct scheme_view *scheme = context->scheme;
    bool asked = false; /* does any condition look at what was given? */
    for (uint32_t i = 0; i < list->count; i++) {
        const struct image_procedure_profile *profile = procedure_of(scheme, list->ids[i]);
        asked |= (profile->principal_facts | profile->other_facts) != 0;
    }
    list->count = 0;
    if (dip->count > 0) {
        list->ids[list->count++] = dip->principal == IMAGE_NONE32 ? IMAGE_NONE32 : dip->ids[dip->principal];
    }
    for (uint32_t i = 0; i < dip->count; i++) {
        if (i != dip->principal) {
            list->ids[list->count++] = dip->ids[i];
        }
    }
    if (asked) {
        look_at_facts(context, work);
    }
}

static void count_procedures(struct casemix_context *context, struct working *work) {
    static const casemix_text nothing = {"", 0};
    const struct scheme_view *scheme = context->scheme;
    const struct dip_view *view = scheme->dip;
    const struct code_list *list = &context->prepared.procedures;
    struct dip_case *dip = &context->dip;
    dip->given_count = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t id = list->ids[i];
        dip->given[i] = id;
        if (id == IMAGE_NONE32 || scheme->procedure_profile[id] == 0) {
            continue;
        }
        uint8_t use = view->procedures[id].use, kind = view->procedures[id].kind;
        if (use == IMAGE_DIP_EXCLUDED || use == IMAGE_DIP_CONSERVATIVE) {
            add_code_finding(context,
                             use == IMAGE_DIP_EXCLUDED ? CASEMIX_FINDING_PROCEDURE_EXCLUDED
                                                       : CASEMIX_FINDING_PROCEDURE_CONSERVATIVE,
                             FACT_PROCEDURES, i, nothing);
        } else if (!counted_before(dip, id)) {
            uint32_t n = dip->count++;
            dip->ids[n] = id;
            dip->surgical[n / 64] = n % 64 == 0 ? 0 : dip->surgical[n / 64];
            dip->surgical[n / 64] |= (uint64_t)(view->about->surgical_kinds >> kind & 1) << (n % 64);
            if (dip->principal == IMAGE_NONE32 && may_be_principal(scheme, id, work)) {
                dip->principal = n;
            }
            bool asked = view->about->case_kind == IMAGE_DIP_KIND_HIGHEST || dip->principal == n;
            dip->kind = asked && kind > dip->kind ? kind : dip->kind;
        }
    }
    if (dip->count > 0 && dip->principal != 0) {
        note_not_principal(context);
    }
    if (dip->count != list->count || (dip->count > 0 && dip->principal != 0)) {
        replace_procedures(context, work);
    }
}

/* ---- matches ---------------------------------------------------------------------------------------------- */

enum met { NOT_MET, MET_BY_SHORTER, MET_IN_FULL };

static inline bool is_listed(const uint16_t *members, uint32_t count, uint32_t id) {
    enum { FEW = 8 };
    while (count > FEW) {
        uint32_t half = count / 2;
        if (members[half] <= id) {
            members += half;
            count -= half;
        } else {
            count = half;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (members[i] == id) {
            return true;
        }
    }
    return false;
}

static inline enum met meets(const struct dip_view *view, const struct image_dip_need *need, uint32_t id) {
    if (need->exact == 1 && need->loose == 0) {
        return need->first == id ? MET_IN_FULL : NOT_MET;
    }
    const uint16_t *members = view->members + need->first;
    if (need->exact > 0 && is_listed(members, need->exact, id)) {
        return MET_IN_FULL;
    }
    return need->loose == IMAGE_NONE16 || (need->loose > 0 && is_listed(members + need->exact, need->loose, id))
               ? MET_BY_SHORTER
               : NOT_MET;
}

/* The best that a procedure does for a need; those that meet it are added to the bits. */
static inline enum met meet(const struct casemix_context *context, const struct image_dip_need *need,
                            uint64_t *bits) {
    const struct dip_case *dip = &context->dip;
    uint32_t first = 0, end = dip->count;
    enum met best = NOT_MET;
    if (need->at == IMAGE_DIP_AT_PRINCIPAL) {
        if (dip->principal == IMAGE_NONE32) {
            return NOT_MET;
        }
        first = dip->principal;
        end = first + 1;
    }
    for (uint32_t i = first; i < end; i++) {
        enum met here = need->at == IMAGE_DIP_AT_OTHER && i == dip->principal
                            ? NOT_MET
                            : meets(context->scheme->dip, need, dip->ids[i]);
        bits[i / 64] |= (uint64_t)(here != NOT_MET) << (i % 64);
        best = here > best ? here : best;
    }
    return best;
}

/* Are all needs of the match met? */
static inline bool meet_all(const struct casemix_context *context, const struct image_dip_match *match,
                            struct dip_found *out) {
    const struct dip_case *dip = &context->dip;
    const struct image_dip_need *needs = context->scheme->dip->needs + match->first_need;
    uint32_t words = (dip->count + 63) / 64;
    uint64_t bits[CODES_MAX / 64];
    for (uint32_t w = 0; w < words; w++) {
        bits[w] = 0;
    }
    *out = (struct dip_found){.match = match};
    for (uint32_t n = 0; n < match->need_count; n++) {
        enum met met = meet(context, &needs[n], bits);
        if (met == NOT_MET) {
            return false;
        }
        out->loose += met == MET_BY_SHORTER;
    }
    for (uint32_t w = 0; w < words; w++) {
        out->matched += (uint32_t)__builtin_popcountll(bits[w]);
        out->leaves_surgery |= (dip->surgical[w] & ~bits[w]) != 0;
    }
    out->principal = dip->principal != IMAGE_NONE32 && (bits[dip->principal / 64] >> (dip->principal % 64) & 1);
    return true;
}

static inline bool match_holds(const struct casemix_context *context, const struct image_dip_match *match,
                               const struct working *work, struct dip_found *out) {
    const struct dip_case *dip = &context->dip;
    if ((match->need_count > 0 && dip->count == 0) ||
        ((match->flags & IMAGE_DIP_MATCH_CONSERVATIVE) && dip->kind != 0) ||
        ((match->flags & IMAGE_DIP_MATCH_KIND) && dip->kind != match->kind)) {
        return false;
    }
    return (match->mask == 0 || mask_holds(context->scheme, match->mask, work->facts)) &&
           meet_all(context, match, out);
}

bool dip_match_holds(const struct casemix_context *context, const struct image_dip_match *match,
                     const struct working *work, struct dip_found *out) {
    return match_holds(context, match, work, out);
}

bool dip_need_met(const struct casemix_context *context, const struct image_dip_need *need) {
    uint64_t bits[CODES_MAX / 64] = {0};
    return meet(context, need, bits) != NOT_MET;
}

/* ---- tie rules -------------------------------------------------------------------------------------------- */

/* Most words differ within their first letter: it is cheaper not to ask for their lengths. */
static inline bool is_word(const char *word, casemix_text given) {
    for (size_t i = 0; i < given.length; i++) {
        if (word[i] != given.text[i] || word[i] == '\0') {
            return false;
        }
    }
    return word[given.length] == '\0';
}

/* The level by the claim's word for it. */
static uint32_t find_level(const struct casemix_context *context) {
    const struct dip_view *view = context->scheme->dip;
    casemix_text given = without_blanks(context->given->facts[FACT_HOSPITAL_LEVEL]);
    for (uint32_t i = 0; i < view->level_word_count && given.length > 0; i++) {
        if (is_word(image_string(context->owner->image, view->level_words[i].word), given)) {
            return view->level_words[i].level;
        }
    }
    return IMAGE_NONE32;
}

int64_t dip_mean_cost(const struct casemix_context *context, uint32_t entry) {
    const struct dip_view *view = context->scheme->dip;
    uint32_t level = context->dip.level;
    int64_t own = level == IMAGE_NONE32 ? -1 : view->level_means[(size_t)entry * view->about->level_count + level];
    return own >= 0 ? own : view->entries[entry].mean_cost;
}

static inline bool has_cost(const struct casemix_context *context) {
    return context->prepared.present >> FACT_COST & 1;
}

/* How near the mean cost is to the cost of the case; no mean is farthest, and without a cost all are alike. */
static int64_t nearness(const struct casemix_context *context, uint32_t entry) {
    int64_t mean = dip_mean_cost(context, entry), cost = context->prepared.numbers[FACT_COST];
    if (!has_cost(context)) {
        return 0;
    }
    return mean < 0 ? INT64_MIN : mean > cost ? cost - mean : mean - cost;
}

int64_t dip_worth(const struct casemix_context *context, const struct image_dip_step *step,
                  enum image_dip_rule rule, const struct dip_found *found) {
    const struct image_dip_match *match = found->match;
    switch (rule) {
    case IMAGE_DIP_RULE_KEY:
        return match->key;
    case IMAGE_DIP_RULE_PLUS:
        return match->need_count;
    case IMAGE_DIP_RULE_MATCHED:
        return found->matched;
    case IMAGE_DIP_RULE_EXACT:
        return -(int64_t)found->loose;
    case IMAGE_DIP_RULE_PRINCIPAL:
        return found->principal;
    case IMAGE_DIP_RULE_COMPLETE:
        return found->matched == context->dip.count;
    case IMAGE_DIP_RULE_SCORE:
        return context->scheme->dip->entries[match->entry].score;
    case IMAGE_DIP_RULE_COST:
        return nearness(context, match->entry);
    case IMAGE_DIP_RULE_KIND:
        return match->kind;
    case IMAGE_DIP_RULE_PART:
        return -(int64_t)step->parts[dip_part(context, match->entry)];
    case IMAGE_DIP_RULE_CONDITIONS:
        return match->conditions;
    default:
        return 0;
    }
}

int dip_compare(const struct casemix_context *context, const struct image_dip_step *step, const struct dip_found *a,
                const struct dip_found *b, uint32_t *place) {
    for (*place = 0; *place < IMAGE_DIP_RULES_MAX && step->rules[*place] != IMAGE_DIP_RULE_END; ++*place) {
        enum image_dip_rule rule = step->rules[*place];
        int64_t one = dip_worth(context, step, rule, a), other = dip_worth(context, step, rule, b);
        if (one != other) {
            return one > other ? 1 : -1;
        }
    }
    *place = DIP_BY_ORDER;
    if (a->match->entry != b->match->entry) {
        return a->match->entry < b->match->entry ? 1 : -1;
    }
    return a->match < b->match ? 1 : -1;
}

/* The best match of a step so far, and how the last of its rivals was beaten: ways in which one entry matches are
 * no rivals. */
struct contest {
    struct dip_found best;
    uint32_t rule; /* the deepest in the step's list that it took to beat a rival */
    bool any, all_leave_surgery, some_leave_surgery;
};

static inline void enter(struct contest *contest, const struct casemix_context *context,
                         const struct image_dip_step *step, const struct dip_found *found) {
    contest->some_leave_surgery |= found->leaves_surgery;
    contest->all_leave_surgery &= found->leaves_surgery;
    if (!contest->any) {
        contest->any = true;
        contest->best = *found;
        return;
    }
    uint32_t place;
    bool rivals = found->match->entry != contest->best.match->entry, had = contest->rule != DIP_NO_RIVAL;
    bool wins = dip_compare(context, step, found, &contest->best, &place) > 0;
    if (wins) {
        contest->best = *found;
        if (rivals ||
            (had && place < contest->rule)) { /* the old rivals differ from the new best no later than this */
            contest->rule = place;
        }
    } else if (rivals && (!had || place > contest->rule)) {
        contest->rule = place;
    }
}

/* Were two entries alike up to a rule that compares costs, and there was no cost? */
static bool lacked_cost(const struct casemix_context *context, const struct image_dip_step *step, uint32_t rule) {
    for (uint32_t i = 0; i < rule && i < IMAGE_DIP_RULES_MAX && rule != DIP_NO_RIVAL; i++) {
        if (step->rules[i] == IMAGE_DIP_RULE_COST) {
            return !has_cost(context);
        }
    }
    return false;
}

/* ---- the search ------------------------------------------------------------------------------------------- */

const struct image_dip_bucket *dip_bucket(const struct casemix_context *context) {
    const struct dip_view *view = context->scheme->dip;
    uint32_t id = context->dip.diagnosis;
    return &view->buckets[id == IMAGE_NONE32 ? 0 : view->diagnoses[id]];
}

static inline bool step_takes(const struct casemix_context *context, const struct image_dip_step *step,
                              const struct working *work) {
    const uint16_t *masks = context->scheme->dip->masks + step->first_mask;
    if (!(step->case_kinds >> context->dip.kind & 1)) {
        return false;
    }
    for (uint32_t i = 0; i < step->mask_count; i++) {
        if (masks[i] == 0 || mask_holds(context->scheme, masks[i], work->facts)) {
            return true;
        }
    }
    return false;
}

bool dip_step_takes(const struct casemix_context *context, const struct image_dip_step *step,
                    const struct working *work) {
    return step_takes(context, step, work);
}

/* The first step that has a match answers. */
static bool search(struct casemix_context *context, const struct working *work) {
    const struct dip_view *view = context->scheme->dip;
    const struct image_dip_bucket *bucket = dip_bucket(context);
    const struct image_dip_match *match = view->matches + bucket->first, *end = match + bucket->count;
    while (match < end) {
        uint8_t number = match->step;
        const struct image_dip_step *step = &view->steps[number];
        struct contest contest = {.rule = DIP_NO_RIVAL, .all_leave_surgery = true};
        struct dip_found found;
        bool takes = step_takes(context, step, work);
        for (; match < end && match->step == number; match++) {
            if (takes && match_holds(context, match, work, &found)) {
                __builtin_prefetch(&view->entries[match->entry]); /* one of them will be asked for */
                __builtin_prefetch(&context->scheme->drgs[match->entry]);
                enter(&contest, context, step, &found);
            }
        }
        bool barred = (step->unmatched == IMAGE_DIP_UNMATCHED_ALL && contest.all_leave_surgery) ||
                      (step->unmatched == IMAGE_DIP_UNMATCHED_ANY && contest.some_leave_surgery);
        if (!contest.any || barred) {
            continue;
        }
        context->dip.entry = contest.best.match->entry;
        context->dip.match = (uint32_t)(contest.best.match - view->matches);
        context->dip.step = number;
        context->dip.rule = contest.rule;
        context->dip.cost_missed = lacked_cost(context, step, contest.rule);
        return true;
    }
    return false;
}

/* ---- auxiliary catalogues and supervision ----------------------------------------------------------------- */

/* Ratios to the means of the entry. */
static void find_late_facts(struct casemix_context *context, struct working *work) {
    struct prepared *prepared = &context->prepared;
    uint64_t late = context->scheme->dip->about->late_facts;
    enum { STAY_UNITS = 10000 };
    if (late >> FACT_COST_RATIO & 1 && has_cost(context) &&
        ratio_of(prepared->numbers[FACT_COST], dip_mean_cost(context, context->dip.entry),
                 &prepared->numbers[FACT_COST_RATIO])) {
        prepared->present |= (uint64_t)1 << FACT_COST_RATIO;
    }
    if (late >> FACT_STAY_RATIO & 1 && prepared->present >> FACT_STAY & 1 &&
        ratio_of(prepared->numbers[FACT_STAY] * STAY_UNITS,
                 context->scheme->dip->entries[context->dip.entry].mean_stay,
                 &prepared->numbers[FACT_STAY_RATIO])) {
        prepared->present |= (uint64_t)1 << FACT_STAY_RATIO;
    }
    look_at_late_values(context, late, work);
}

static const struct image_dip_class *find_class(const struct casemix_context *context,
                                                const struct image_dip_index *index, const struct working *work) {
    const struct dip_view *view = context->scheme->dip;
    for (uint32_t c = 0; c < index->class_count; c++) {
        const struct image_dip_class *class = &view->classes[index->first_class + c];
        for (uint32_t i = 0; i < class->mask_count; i++) {
            if (mask_holds(context->scheme, view->masks[class->first_mask + i], work->facts)) {
                return class;
            }
        }
    }
    return NULL;
}

/* The entry's own factor for the class, else the class's number. */
static int64_t number_of(const struct dip_view *view, const struct image_dip_class *class, uint32_t entry) {
    const struct image_dip_factor *factors = view->factors + class->first_factor;
    uint32_t low = 0, high = class->factor_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (factors[middle].entry == entry) {
            return factors[middle].number;
        }
        if (factors[middle].entry < entry) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return class->number;
}

enum { FACTOR_UNIT = 1000000 };

static int64_t highest_factor(struct dip_case *dip, uint32_t auxiliary) {
    struct dip_applied *highest = NULL;
    for (uint32_t i = 0; i < dip->applied_count && dip->applied[i].index < auxiliary; i++) {
        struct dip_applied *one = &dip->applied[i];
        if (one->number >= 0 && (highest == NULL || one->number > highest->number)) {
            highest = one;
        }
    }
    if (highest == NULL) {
        return FACTOR_UNIT;
    }
    highest->counts = true;
    return highest->number;
}

__extension__ typedef unsigned __int128 wide_factor;

/* Exact up to the last place as long as 38 digits hold it, which six factors of six places do. */
static int64_t product_of_factors(struct dip_case *dip, uint32_t auxiliary) {
    wide_factor product = FACTOR_UNIT, scale = 1;
    for (uint32_t i = 0; i < dip->applied_count && dip->applied[i].index < auxiliary; i++) {
        struct dip_applied *one = &dip->applied[i];
        if (one->number < 0) {
            continue;
        }
        one->counts = true;
        uint64_t number = (uint64_t)one->number, unit = FACTOR_UNIT;
        for (; number % 10 == 0 && unit > 1; unit /= 10) {
            number /= 10;
        }
        wide_factor next;
        if (__builtin_mul_overflow(product, number, &next) || next > (wide_factor)-1 / (2 * unit)) {
            product = (product * 2 + scale) / (scale * 2);
            scale = 1;
            next = product * number;
        }
        product = next;
        scale *= unit;
    }
    product = (product * 2 + scale) / (scale * 2);
    return product > INT64_MAX ? INT64_MAX : (int64_t)product;
}

static void apply_indices(struct casemix_context *context, struct working *work) {
    const struct dip_view *view = context->scheme->dip;
    struct dip_case *dip = &context->dip;
    bool exempt = view->entries[dip->entry].flags & IMAGE_DIP_ENTRY_NO_AUXILIARY;
    uint32_t auxiliary = view->about->auxiliary_count;
    if (view->about->late_facts != 0) {
        find_late_facts(context, work);
    }
    for (uint32_t i = exempt ? auxiliary : 0; i < view->index_count && i < IMAGE_DIP_INDICES_MAX; i++) {
        const struct image_dip_class *class = find_class(context, &view->indices[i], work);
        if (class != NULL) {
            dip->applied[dip->applied_count++] = (struct dip_applied){i, (uint32_t)(class - view->classes), false,
                                                                      number_of(view, class, dip->entry)};
        }
    }
    dip->factor = view->about->pick == IMAGE_DIP_PICK_PRODUCT ? product_of_factors(dip, auxiliary)
                                                              : highest_factor(dip, auxiliary);
}

/* ---- the case --------------------------------------------------------------------------------------------- */

void start_dip(struct casemix_context *context) {
    const struct code_list *list = &context->prepared.diagnoses;
    uint32_t id = list->count == 0 ? IMAGE_NONE32 : list->ids[0];
    bool known = id != IMAGE_NONE32 && context->scheme->diagnosis_profile[id] != 0;
    struct dip_case *dip = &context->dip;
    dip->used = true;
    dip->cost_missed = false;
    dip->diagnosis = known ? id : IMAGE_NONE32;
    dip->kind = 0;
    dip->entry = dip->principal = dip->level = IMAGE_NONE32;
    dip->count = dip->given_count = dip->applied_count = 0;
    dip->factor = FACTOR_UNIT;
    if (known && context->scheme->dip->diagnoses[id] != IMAGE_NONE32) { /* memory answers while facts are found */
        __builtin_prefetch(dip_bucket(context));
    }
}

static void ungrouped(casemix_reason reason, casemix_grouping *out) {
    out->status = CASEMIX_UNGROUPED;
    out->reason = reason;
}

/* Why the principal diagnosis takes the case out of the search; NONE if it does not. */
static casemix_reason bad_principal(const struct casemix_context *context) {
    const struct scheme_view *scheme = context->scheme;
    uint32_t id = context->dip.diagnosis;
    if (id == IMAGE_NONE32) {
        return may_match_without(context) ? CASEMIX_REASON_NONE
               : has_principal(context)   ? CASEMIX_REASON_UNKNOWN_PRINCIPAL
                                          : CASEMIX_REASON_NO_PRINCIPAL;
    }
    return scheme->dip->diagnoses[id] == IMAGE_NONE32 ? CASEMIX_REASON_EXCLUDED_PRINCIPAL : CASEMIX_REASON_NONE;
}

void find_entry(struct casemix_context *context, struct working *work, casemix_grouping *out) {
    struct dip_case *dip = &context->dip;
    casemix_reason reason = bad_principal(context);
    if (reason != CASEMIX_REASON_NONE) {
        ungrouped(reason, out);
        return;
    }
    __builtin_prefetch(&context->scheme->dip->matches[dip_bucket(context)->first]);
    dip->level = find_level(context);
    count_procedures(context, work);
    if (!search(context, work)) {
        ungrouped(dip->diagnosis == IMAGE_NONE32 ? CASEMIX_REASON_NO_PRINCIPAL : CASEMIX_REASON_NO_ENTRY, out);
        return;
    }
    if (dip->cost_missed) {
        static const casemix_text nothing = {"", 0};
        add_finding(context, CASEMIX_FINDING_NO_COST_TO_COMPARE, FACT_COST, 0, nothing, nothing);
    }
    const struct image_drg *entry = &context->scheme->drgs[dip->entry];
    __builtin_prefetch(image_string(context->owner->image, entry->code));
    __builtin_prefetch(image_string(context->owner->image, entry->name));
    apply_indices(context, work);
    out->status = CASEMIX_GROUPED;
    out->mdc = text_of(context, context->scheme->mdcs[dip_part(context, dip->entry)].code);
    out->drg = text_of(context, entry->code);
    out->name = text_of(context, entry->name);
    out->step = entry->step;
    out->group = dip->entry;
}
