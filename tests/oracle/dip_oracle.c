/* SPDX-License-Identifier: Apache-2.0
 *
 * See dip_oracle.h. In the order of the evaluation: the operations that count, the kind of the case, the steps with
 * their matches, the tie rules, and what is known only of the entry chosen. */
#include "dip_oracle.h"

#include <stdlib.h>
#include <string.h>

#include "oracle_private.h"

enum { MATCHES_MAX = 20000, UNIT = 1000000, NO_STEP = 255 };

/* An operation that counts. */
struct operation {
    int code;
    size_t place;
    uint32_t kind;
};

/* A way in which an entry takes the case: by one of its diagnosis keys and one alternative of its operations. */
struct match {
    uint32_t entry;
    const struct dip_key *key;
    const struct dip_alternative *way;
    size_t part_rank;
};

struct walk {
    const struct scheme *scheme;
    const struct dip *dip;
    struct patient *patient;
    struct operation operations[DIP_PROCEDURES_MAX]; /* in the order of the case */
    size_t operation_count;
    int principal; /* of operations; -1: none */
    uint32_t case_kind;
    uint32_t *candidates; /* entries that take the diagnosis, whatever else they ask for; in order */
    size_t candidate_count;
    struct match matches[MATCHES_MAX];
    size_t match_count;
    bool cost_missed; /* said already */
    struct dip_answer *out;
};

static bool in(const struct codeset *set, int code) {
    return set && code >= 0 && codeset_has(set, (uint32_t)code);
}

static const char *code_text(const struct walk *walk, enum code_kind kind, int code) {
    return walk->scheme->catalogues[kind]->codes[code].text;
}

static void find(struct walk *walk, casemix_finding_code code, size_t place, const char *replaced_by) {
    if (walk->out->finding_count < DIP_FINDINGS_MAX) {
        walk->out->findings[walk->out->finding_count++] = (struct dip_answer_finding){code, place, replaced_by};
    }
}

/* ---- operations ------------------------------------------------------------------------------------------- */

static uint32_t kind_of(const struct dip *dip, int code) {
    uint32_t kind = 0;
    for (uint32_t k = 0; k < dip->kind_count; k++) {
        kind = in(dip->kinds[k].procedures, code) ? k : kind;
    }
    return kind;
}

static bool may_be_principal(const struct walk *walk, int code) {
    const struct dip *dip = walk->dip;
    int diagnosis = walk->patient->count[CODE_DIAGNOSIS] > 0 ? walk->patient->codes[CODE_DIAGNOSIS][0] : EMPTY;
    if (in(dip->not_principal, code)) {
        return false;
    }
    bool restricted = false;
    for (size_t r = 0; r < dip->restriction_count; r++) {
        if (in(dip->restrictions[r].procedures, code)) {
            if (in(dip->restrictions[r].diagnoses, diagnosis)) {
                return true;
            }
            restricted = true;
        }
    }
    return !restricted;
}

static bool counted_before(const struct walk *walk, int code) {
    for (size_t i = 0; i < walk->operation_count; i++) {
        if (walk->operations[i].code == code) {
            return true;
        }
    }
    return false;
}

static void strip_operations(struct walk *walk) {
    const struct patient *patient = walk->patient;
    for (size_t i = 0; i < patient->count[CODE_PROCEDURE]; i++) {
        int code = patient->codes[CODE_PROCEDURE][i];
        size_t place = patient->places[CODE_PROCEDURE][i];
        if (code < 0) {
            continue;
        }
        if (in(walk->dip->excluded, code)) {
            find(walk, CASEMIX_FINDING_PROCEDURE_EXCLUDED, place, "");
        } else if (in(walk->dip->conservative, code)) {
            find(walk, CASEMIX_FINDING_PROCEDURE_CONSERVATIVE, place, "");
        } else if (!counted_before(walk, code) && walk->operation_count < DIP_PROCEDURES_MAX - 1) {
            walk->operations[walk->operation_count++] = (struct operation){code, place, kind_of(walk->dip, code)};
        }
    }
}

static void choose_principal(struct walk *walk) {
    walk->principal = -1;
    for (size_t i = 0; i < walk->operation_count && walk->principal < 0; i++) {
        if (may_be_principal(walk, walk->operations[i].code)) {
            walk->principal = (int)i;
        }
    }
    size_t before = walk->principal < 0 ? walk->operation_count : (size_t)walk->principal;
    for (size_t i = 0; i < before; i++) {
        find(walk, CASEMIX_FINDING_PROCEDURE_NOT_PRINCIPAL, walk->operations[i].place,
             walk->principal < 0 ? "" : code_text(walk, CODE_PROCEDURE, walk->operations[walk->principal].code));
    }
}

static void tell_procedure(struct walk *walk, const char *code, const char *kind) {
    struct dip_answer *out = walk->out;
    out->procedures[out->procedure_count] = code;
    out->procedure_kinds[out->procedure_count++] = kind;
}

/* Conditions look at the operations that count, the principal one in the first place. */
static void tell_operations(struct walk *walk) {
    struct patient *patient = walk->patient;
    patient->count[CODE_PROCEDURE] = 0;
    for (int i = -1; i < (int)walk->operation_count && walk->operation_count > 0; i++) {
        int which = i < 0 ? walk->principal : i;
        if (i >= 0 && i == walk->principal) {
            continue;
        }
        int code = which < 0 ? EMPTY : walk->operations[which].code;
        patient->codes[CODE_PROCEDURE][patient->count[CODE_PROCEDURE]++] = code;
        tell_procedure(walk, which < 0 ? "" : code_text(walk, CODE_PROCEDURE, code),
                       which < 0 ? "" : walk->dip->kinds[walk->operations[which].kind].name);
    }
}

static void find_case_kind(struct walk *walk) {
    walk->case_kind = 0;
    for (size_t i = 0; i < walk->operation_count; i++) {
        bool looked_at = walk->dip->case_kind == IMAGE_DIP_KIND_HIGHEST || (int)i == walk->principal;
        uint32_t kind = walk->operations[i].kind;
        walk->case_kind = looked_at && kind > walk->case_kind ? kind : walk->case_kind;
    }
}

/* ---- matches ---------------------------------------------------------------------------------------------- */

static bool among(const uint32_t *codes, uint32_t count, int code) {
    for (uint32_t i = 0; i < count; i++) {
        if (codes[i] == (uint32_t)code) {
            return true;
        }
    }
    return false;
}

/* May the need be met by this operation, considering whether it is the principal one? */
static bool fits(const struct walk *walk, const struct dip_need *need, size_t operation) {
    bool principal = (int)operation == walk->principal;
    return need->at == IMAGE_DIP_AT_ANY || (need->at == IMAGE_DIP_AT_PRINCIPAL) == principal;
}

/* Is it met by the operation: by its code in full, or (loosely) by a shorter one? */
static bool met_in_full(const struct walk *walk, const struct dip_need *need, size_t operation) {
    return fits(walk, need, operation) && among(need->exact, need->exact_count, walk->operations[operation].code);
}

static bool met_by(const struct walk *walk, const struct dip_need *need, size_t operation) {
    return met_in_full(walk, need, operation) ||
           (fits(walk, need, operation) &&
            (need->all || among(need->loose, need->loose_count, walk->operations[operation].code)));
}

static bool is_met(const struct walk *walk, const struct dip_need *need) {
    for (size_t i = 0; i < walk->operation_count; i++) {
        if (met_by(walk, need, i)) {
            return true;
        }
    }
    return false;
}

static bool is_met_in_full(const struct walk *walk, const struct dip_need *need) {
    for (size_t i = 0; i < walk->operation_count; i++) {
        if (met_in_full(walk, need, i)) {
            return true;
        }
    }
    return false;
}

/* Does the operation meet some need of the way? */
static bool is_matched(const struct walk *walk, const struct dip_alternative *way, size_t operation) {
    for (size_t n = 0; n < way->count; n++) {
        if (met_by(walk, &way->needs[n], operation)) {
            return true;
        }
    }
    return false;
}

static bool all_met(const struct walk *walk, const struct dip_alternative *way) {
    for (size_t n = 0; n < way->count; n++) {
        if (!is_met(walk, &way->needs[n])) {
            return false;
        }
    }
    return true;
}

/* A case without a principal diagnosis only fits what takes all diagnoses. */
static bool key_takes(const struct dip_key *key, int diagnosis) {
    return key->all || (diagnosis >= 0 && key->first <= (uint32_t)diagnosis && (uint32_t)diagnosis < key->end);
}

static void find_candidates(struct walk *walk) {
    int diagnosis = walk->patient->count[CODE_DIAGNOSIS] > 0 ? walk->patient->codes[CODE_DIAGNOSIS][0] : EMPTY;
    walk->candidate_count = 0;
    for (uint32_t e = 0; e < walk->dip->entry_count; e++) {
        const struct dip_entry *entry = &walk->dip->entries[e];
        bool takes = false;
        for (size_t k = 0; k < entry->key_count && !takes; k++) {
            takes = key_takes(&entry->keys[k], diagnosis);
        }
        if (takes) {
            walk->candidates[walk->candidate_count++] = e;
        }
    }
}

static bool belongs_to(const struct dip_step *step, const struct dip_entry *entry) {
    bool asks = entry->operations[0].count > 0;
    return step->ranks[entry->part] != NO_STEP && (step->entry_kinds >> entry->kind & 1) &&
           (step->operations == DIP_OPERATIONS_ANY || asks == (step->operations == DIP_OPERATIONS_SOME));
}

static bool suits(const struct walk *walk, const struct dip_entry *entry) {
    return (!entry->conservative || walk->case_kind == 0) && (!entry->of_kind || walk->case_kind == entry->kind) &&
           oracle_holds(walk->scheme, walk->patient, entry->when);
}

static void match_entry(struct walk *walk, const struct dip_step *step, uint32_t number) {
    const struct dip_entry *entry = &walk->dip->entries[number];
    int diagnosis = walk->patient->count[CODE_DIAGNOSIS] > 0 ? walk->patient->codes[CODE_DIAGNOSIS][0] : EMPTY;
    int suitable = -1; /* not looked at yet */
    for (size_t k = 0; k < entry->key_count; k++) {
        if (!key_takes(&entry->keys[k], diagnosis)) {
            continue;
        }
        suitable = suitable < 0 ? suits(walk, entry) : suitable;
        for (size_t w = 0; suitable && w < entry->operation_count; w++) {
            if (all_met(walk, &entry->operations[w]) && walk->match_count < MATCHES_MAX) {
                walk->matches[walk->match_count++] =
                    (struct match){number, &entry->keys[k], &entry->operations[w], step->ranks[entry->part]};
            }
        }
    }
}

static bool leaves_surgery(const struct walk *walk, const struct match *match) {
    for (size_t i = 0; i < walk->operation_count; i++) {
        if (walk->dip->kinds[walk->operations[i].kind].surgical && !is_matched(walk, match->way, i)) {
            return true;
        }
    }
    return false;
}

/* The matches of the step; none where its rule for unmatched surgery says so. */
static void match_step(struct walk *walk, const struct dip_step *step) {
    walk->match_count = 0;
    if (!(step->case_kinds >> walk->case_kind & 1) || !oracle_holds(walk->scheme, walk->patient, step->when)) {
        return;
    }
    for (size_t c = 0; c < walk->candidate_count; c++) {
        if (belongs_to(step, &walk->dip->entries[walk->candidates[c]])) {
            match_entry(walk, step, walk->candidates[c]);
        }
    }
    size_t leaving = 0;
    for (size_t m = 0; m < walk->match_count; m++) {
        leaving += leaves_surgery(walk, &walk->matches[m]);
    }
    if ((step->unmatched == IMAGE_DIP_UNMATCHED_ALL && leaving == walk->match_count) ||
        (step->unmatched == IMAGE_DIP_UNMATCHED_ANY && leaving > 0)) {
        walk->match_count = 0;
    }
}

/* ---- tie rules -------------------------------------------------------------------------------------------- */

const char *dip_rule_name(enum image_dip_rule rule) {
    static const char *const names[IMAGE_DIP_RULES] = {"order", "key",       "plus",     "matched",
                                                       "exact", "principal", "complete", "score",
                                                       "cost",  "kind",      "part",     "conditions"};
    return names[rule];
}

/* The level of the hospital: its name or a further word for it; -1 if none. */
static int level_of(const struct walk *walk) {
    const char *text = walk->patient->text[FACT_HOSPITAL_LEVEL];
    for (size_t l = 0; l < walk->dip->level_count && walk->patient->there[FACT_HOSPITAL_LEVEL]; l++) {
        const struct dip_level *level = &walk->dip->levels[l];
        bool named = strcmp(text, level->name) == 0;
        for (size_t w = 0; w < level->word_count; w++) {
            named = named || strcmp(text, level->words[w]) == 0;
        }
        if (named) {
            return (int)l;
        }
    }
    return -1;
}

static int64_t mean_of(const struct walk *walk, const struct dip_entry *entry) {
    int level = level_of(walk);
    bool own = level >= 0 && entry->level_means && entry->level_means[level] >= 0;
    return own ? entry->level_means[level] : entry->mean_cost;
}

static int64_t matched_operations(const struct walk *walk, const struct match *match) {
    int64_t matched = 0;
    for (size_t i = 0; i < walk->operation_count; i++) {
        matched += is_matched(walk, match->way, i);
    }
    return matched;
}

static int64_t loose_needs(const struct walk *walk, const struct match *match) {
    int64_t loose = 0;
    for (size_t n = 0; n < match->way->count; n++) {
        loose += !is_met_in_full(walk, &match->way->needs[n]);
    }
    return loose;
}

/* What the rule says of a match; the greatest wins. */
static int64_t worth(const struct walk *walk, const struct match *match, enum image_dip_rule rule) {
    const struct dip_entry *entry = &walk->dip->entries[match->entry];
    int64_t mean = mean_of(walk, entry), cost = walk->patient->number[FACT_COST];
    switch (rule) {
    case IMAGE_DIP_RULE_KEY:
        return match->key->length;
    case IMAGE_DIP_RULE_PLUS:
        return (int64_t)match->way->count;
    case IMAGE_DIP_RULE_MATCHED:
        return matched_operations(walk, match);
    case IMAGE_DIP_RULE_EXACT:
        return -loose_needs(walk, match);
    case IMAGE_DIP_RULE_PRINCIPAL:
        return walk->principal >= 0 && is_matched(walk, match->way, (size_t)walk->principal);
    case IMAGE_DIP_RULE_COMPLETE:
        return matched_operations(walk, match) == (int64_t)walk->operation_count;
    case IMAGE_DIP_RULE_SCORE:
        return entry->score;
    case IMAGE_DIP_RULE_COST:
        return mean < 0 ? INT64_MIN : mean > cost ? cost - mean : mean - cost;
    case IMAGE_DIP_RULE_KIND:
        return entry->kind;
    case IMAGE_DIP_RULE_PART:
        return -(int64_t)match->part_rank;
    case IMAGE_DIP_RULE_CONDITIONS:
        return entry->conditions;
    default:
        return 0;
    }
}

/* Strike out the matches that lose by the rule. */
static void strike(struct walk *walk, enum image_dip_rule rule) {
    int64_t best = INT64_MIN;
    for (size_t m = 0; m < walk->match_count; m++) {
        int64_t here = worth(walk, &walk->matches[m], rule);
        best = here > best ? here : best;
    }
    size_t kept = 0;
    for (size_t m = 0; m < walk->match_count; m++) {
        if (worth(walk, &walk->matches[m], rule) == best) {
            walk->matches[kept++] = walk->matches[m];
        }
    }
    walk->match_count = kept;
}

static size_t entries_left(const struct walk *walk) {
    size_t entries = 0;
    for (size_t m = 0; m < walk->match_count; m++) {
        entries +=
            m == 0 || walk->matches[m].entry != walk->matches[m - 1].entry; /* they stand in order of entries */
    }
    return entries;
}

/* The entry that answers; the rule that struck out the last rival is told. */
static const struct dip_entry *choose(struct walk *walk, const struct dip_step *step) {
    walk->out->matched = entries_left(walk);
    walk->out->rule = walk->out->matched > 1 ? dip_rule_name(IMAGE_DIP_RULE_END) : "";
    for (size_t r = 0; r < step->rule_count && entries_left(walk) > 1; r++) {
        enum image_dip_rule rule = step->rules[r];
        if (rule == IMAGE_DIP_RULE_COST && !walk->patient->there[FACT_COST]) {
            if (!walk->cost_missed) {
                find(walk, CASEMIX_FINDING_NO_COST_TO_COMPARE, 0, "");
                walk->cost_missed = true;
            }
            continue;
        }
        strike(walk, rule);
        if (entries_left(walk) == 1) {
            walk->out->rule = dip_rule_name(rule);
            walk->out->rule_number = rule;
        }
    }
    return &walk->dip->entries[walk->matches[0].entry];
}

/* ---- the entry chosen ------------------------------------------------------------------------------------- */

static void late_facts(struct walk *walk, const struct dip_entry *entry) {
    struct patient *patient = walk->patient;
    bool cost = patient->there[FACT_COST], stay = patient->there[FACT_STAY];
    int64_t days = stay && patient->number[FACT_STAY] <= INT32_MAX ? patient->number[FACT_STAY] * 10000 : -1;
    oracle_set_ratio(patient, FACT_COST_RATIO, cost ? patient->number[FACT_COST] : -1, walk->out->mean_cost);
    oracle_set_ratio(patient, FACT_STAY_RATIO, stay ? days : -1, entry->mean_stay);
}

static int64_t number_of(const struct dip_class *class, uint32_t entry) {
    for (size_t f = 0; f < class->factor_count; f++) {
        if (class->factors[f].entry == entry) {
            return class->factors[f].number;
        }
    }
    return class->number;
}

/* In each auxiliary catalogue and supervision index the first class that holds. */
static void look_up_indices(struct walk *walk, const struct dip_entry *entry) {
    struct dip_answer *out = walk->out;
    for (size_t i = 0; i < walk->dip->index_count; i++) {
        const struct dip_index *index = &walk->dip->indices[i];
        for (size_t c = 0; c < index->class_count && (index->supervision || !entry->no_auxiliary); c++) {
            const struct dip_class *class = &index->classes[c];
            if (oracle_holds(walk->scheme, walk->patient, class->when)) {
                out->indices[out->index_count++] =
                    (struct dip_answer_index){index->name, class->name, index->supervision, false,
                                              number_of(class, (uint32_t)(entry - walk->dip->entries))};
                break;
            }
        }
    }
}

__extension__ typedef __int128 exact;

/* The product of factors, rounded once. */
static void multiply_factors(struct dip_answer *out) {
    exact product = UNIT, scale = 1;
    for (size_t i = 0; i < out->index_count; i++) {
        struct dip_answer_index *index = &out->indices[i];
        if (index->supervision || index->number < 0) {
            continue;
        }
        index->counts = true;
        exact number = index->number, unit = UNIT;
        while (number % 10 == 0 && unit > 1) {
            number /= 10;
            unit /= 10;
        }
        product *= number;
        scale *= unit;
    }
    out->factor = (int64_t)((product * 2 + scale) / (scale * 2));
}

static void highest_factor(struct dip_answer *out) {
    struct dip_answer_index *highest = NULL;
    for (size_t i = 0; i < out->index_count; i++) {
        struct dip_answer_index *index = &out->indices[i];
        if (!index->supervision && index->number >= 0 && (!highest || index->number > highest->number)) {
            highest = index;
        }
    }
    if (highest) {
        highest->counts = true;
        out->factor = highest->number;
    }
}

static void tell_entry(struct walk *walk, const struct dip_step *step, const struct dip_entry *entry) {
    struct dip_answer *out = walk->out;
    const struct dip *dip = walk->dip;
    out->base.status = CASEMIX_GROUPED;
    out->base.reason = CASEMIX_REASON_NONE;
    out->base.drg = entry->code;
    out->base.mdc = dip->parts[entry->part];
    out->entry = (uint32_t)(entry - dip->entries);
    out->part = entry->part;
    out->name = entry->name;
    out->kind = dip->kinds[entry->kind].name;
    out->case_kind = dip->kinds[walk->case_kind].name;
    out->step = step->name;
    out->step_number = (size_t)(step - dip->steps);
    out->score = entry->score;
    out->mean_cost = mean_of(walk, entry);
    out->basic = entry->basic;
    late_facts(walk, entry);
    look_up_indices(walk, entry);
    if (dip->pick == IMAGE_DIP_PICK_PRODUCT) {
        multiply_factors(out);
    } else {
        highest_factor(out);
    }
}

/* ---- the walk --------------------------------------------------------------------------------------------- */

static casemix_reason bad_principal(const struct walk *walk) {
    const struct patient *patient = walk->patient;
    int principal = patient->count[CODE_DIAGNOSIS] > 0 ? patient->codes[CODE_DIAGNOSIS][0] : EMPTY;
    return patient->barred != CASEMIX_REASON_NONE                ? patient->barred
           : principal == EMPTY && !walk->dip->without_principal ? CASEMIX_REASON_NO_PRINCIPAL
           : principal == UNKNOWN                                ? CASEMIX_REASON_UNKNOWN_PRINCIPAL
           : in(walk->dip->excluded_diagnoses, principal)        ? CASEMIX_REASON_EXCLUDED_PRINCIPAL
                                                                 : CASEMIX_REASON_NONE;
}

static void search(struct walk *walk) {
    struct dip_answer *out = walk->out;
    find_candidates(walk);
    for (size_t s = 0; s < walk->dip->step_count; s++) {
        const struct dip_step *step = &walk->dip->steps[s];
        match_step(walk, step);
        if (walk->match_count > 0) {
            tell_entry(walk, step, choose(walk, step));
            return;
        }
    }
    const struct patient *patient = walk->patient;
    bool no_principal = patient->count[CODE_DIAGNOSIS] == 0 || patient->codes[CODE_DIAGNOSIS][0] == EMPTY;
    out->base.status = CASEMIX_UNGROUPED;
    out->base.reason = no_principal ? CASEMIX_REASON_NO_PRINCIPAL : CASEMIX_REASON_NO_ENTRY;
}

void dip_oracle_group(const struct oracle *oracle, const struct plain_case *one, struct dip_answer *out) {
    static _Thread_local struct patient patient;
    static _Thread_local struct walk walk;
    walk.scheme = oracle->scheme;
    walk.dip = oracle->scheme->dip;
    walk.patient = &patient;
    walk.out = out;
    walk.candidates = oracle->candidates;
    walk.operation_count = 0;
    walk.match_count = 0;
    walk.cost_missed = false;
    out->name = out->kind = out->case_kind = out->step = out->rule = out->diagnosis = "";
    out->rule_number = IMAGE_DIP_RULE_END;
    out->step_number = 0;
    out->score = out->mean_cost = -1;
    out->factor = UNIT;
    out->basic = false;
    out->entry = out->part = UINT32_MAX;
    out->index_count = out->procedure_count = out->finding_count = out->matched = 0;
    if (!oracle_prepare(oracle, one, &patient, &out->base)) {
        return;
    }
    casemix_reason reason = bad_principal(&walk);
    if (reason != CASEMIX_REASON_NONE) {
        out->base.status = CASEMIX_UNGROUPED;
        out->base.reason = reason;
        return;
    }
    strip_operations(&walk);
    choose_principal(&walk);
    tell_operations(&walk);
    find_case_kind(&walk);
    if (patient.count[CODE_DIAGNOSIS] > 0 && patient.codes[CODE_DIAGNOSIS][0] >= 0) {
        out->diagnosis = code_text(&walk, CODE_DIAGNOSIS, patient.codes[CODE_DIAGNOSIS][0]);
    }
    search(&walk);
}

void dip_oracle_mark(const struct dip *dip, bool *used) {
    for (size_t e = 0; e < dip->entry_count; e++) {
        oracle_mark(dip->entries[e].when, used);
    }
    for (size_t s = 0; s < dip->step_count; s++) {
        oracle_mark(dip->steps[s].when, used);
        for (size_t r = 0; r < dip->steps[s].rule_count; r++) {
            used[FACT_COST] |= dip->steps[s].rules[r] == IMAGE_DIP_RULE_COST;
        }
    }
    for (size_t i = 0; i < dip->index_count; i++) {
        for (size_t c = 0; c < dip->indices[i].class_count; c++) {
            oracle_mark(dip->indices[i].classes[c].when, used);
        }
    }
}
