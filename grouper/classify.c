/* SPDX-License-Identifier: Apache-2.0
 *
 * The hot path: the group of a prepared case. Under a DRG scheme rows of rules are AND-ed, the first rule that is left
 * and whose facts agree is the answer; image.h tells the tables. No text is looked at but where a rule asks for one.
 * Facts are found in the same way for DIP, whose own part is dip.c. */
#include <string.h>

#include "choice.h"
#include "dip.h"
#include "evaluate.h"
#include "working.h"

static inline void and_row(uint64_t *rules, const uint64_t *row, uint32_t words) {
    for (uint32_t line = 0; line < words; line += IMAGE_ROW_LINE) {
        for (uint32_t w = 0; w < IMAGE_ROW_LINE; w++) {
            rules[line + w] &= row[line + w];
        }
    }
}

static inline void or_row(uint64_t *rules, const uint64_t *row, uint32_t words) {
    for (uint32_t line = 0; line < words; line += IMAGE_ROW_LINE) {
        for (uint32_t w = 0; w < IMAGE_ROW_LINE; w++) {
            rules[line + w] |= row[line + w];
        }
    }
}

/* What the diagnoses leave of the rules, and the facts they make true; MCC and CC among these. Only DRG has rules: that is
 * known when this is compiled. */
static inline __attribute__((always_inline)) void look_at_diagnoses(const struct scheme_view *scheme,
                                                                    const struct code_list *list, bool rules,
                                                                    struct working *work) {
    uint32_t words = scheme->about->row_words;
    const uint64_t *rows = scheme->rows;
    uint64_t any[IMAGE_ROW_WORDS_MAX];
    const struct image_diagnosis_profile *principal = diagnosis_of(scheme, list->count == 0 ? IMAGE_NONE32 : list->ids[0]);
    if (rules) {
        memcpy(work->rules, rows + (size_t)principal->principal_row * words, words * sizeof *rows);
        memcpy(any, rows + (size_t)scheme->about->any_diagnosis_base * words, words * sizeof *rows);
    }
    if (rules && principal->any_row != 0) {
        or_row(any, rows + (size_t)principal->any_row * words, words);
    }
    if (principal->principal_facts != 0) {
        or_facts(scheme, principal->principal_facts, work->facts);
    }
    uint64_t mcc = 0, cc = 0;
    for (uint32_t i = 1; i < list->count; i++) {
        const struct image_diagnosis_profile *other = diagnosis_of(scheme, list->ids[i]);
        mcc |= (other->mcc_table != 0) & (other->mcc_table != principal->exclusion);
        cc |= (other->cc_table != 0) & (other->cc_table != principal->exclusion);
        if (rules && other->any_row != 0) {
            or_row(any, rows + (size_t)other->any_row * words, words);
        }
        if (other->other_facts != 0) {
            or_facts(scheme, other->other_facts, work->facts);
        }
    }
    if (rules) {
        and_row(work->rules, any, words);
    }
    work->facts[0] |= mcc << IMAGE_FACT_MCC | cc << IMAGE_FACT_CC;
}

static inline __attribute__((always_inline)) void look_at_procedures(const struct scheme_view *scheme,
                                                                     const struct code_list *list, bool rules,
                                                                     struct working *work) {
    uint32_t words = scheme->about->row_words;
    const uint64_t *rows = scheme->rows;
    uint64_t any[IMAGE_ROW_WORDS_MAX];
    const struct image_procedure_profile *principal = procedure_of(scheme, list->count == 0 ? IMAGE_NONE32 : list->ids[0]);
    if (rules) {
        and_row(work->rules, rows + (size_t)principal->principal_row * words, words);
        memcpy(any, rows + (size_t)scheme->about->any_procedure_base * words, words * sizeof *rows);
    }
    if (list->count > 0) {
        if (rules && principal->any_row != 0) {
            or_row(any, rows + (size_t)principal->any_row * words, words);
        }
        if (principal->principal_facts != 0) {
            or_facts(scheme, principal->principal_facts, work->facts);
        }
    }
    for (uint32_t i = 1; i < list->count; i++) {
        const struct image_procedure_profile *other = procedure_of(scheme, list->ids[i]);
        if (rules && other->any_row != 0) {
            or_row(any, rows + (size_t)other->any_row * words, words);
        }
        if (other->other_facts != 0) {
            or_facts(scheme, other->other_facts, work->facts);
        }
    }
    if (rules) {
        and_row(work->rules, any, words);
    }
}

static inline __attribute__((always_inline)) void look_at_all(const struct casemix_context *context, bool rules,
                                                              struct working *work) {
    const struct scheme_view *scheme = context->scheme;
    memset(work->facts, 0, scheme->about->fact_words * sizeof *work->facts);
    look_at_diagnoses(scheme, &context->prepared.diagnoses, rules, work);
    look_at_procedures(scheme, &context->prepared.procedures, rules, work);
    look_at_values(context, work);
    derive_facts(context, work);
}

void look_at_facts(const struct casemix_context *context, struct working *work) {
    look_at_all(context, false, work);
}

/* ---- answers ---- */

static void answer(const struct casemix_context *context, uint32_t step_number, uint32_t group, casemix_grouping *out) {
    const struct scheme_view *scheme = context->scheme;
    const struct image_step *step = &scheme->steps[step_number];
    out->mdc = text_of(context, scheme->mdcs[step->mdc].code);
    out->step = step_number;
    if (step->flags & IMAGE_STEP_QY) {
        out->status = CASEMIX_QY;
        out->reason = CASEMIX_REASON_QY;
        out->drg = text_of(context, step->code);
        out->name = text_of(context, step->name);
        return;
    }
    out->status = CASEMIX_GROUPED;
    out->adrg = text_of(context, step->code);
    if (group == IMAGE_NONE32) {
        out->reason = CASEMIX_REASON_ADRG_ONLY;
        out->name = text_of(context, step->name);
        return;
    }
    out->group = group;
    out->drg = text_of(context, scheme->drgs[group].code);
    out->name = text_of(context, scheme->drgs[group].name);
}

/* The DRG of an ADRG that takes the case; IMAGE_NONE32 if none fits. */
static uint32_t drg_of(const struct scheme_view *scheme, const struct image_step *step, const uint64_t *facts) {
    const struct image_branch *branch = scheme->branches + step->first_branch;
    for (uint32_t i = 0; i < step->branch_count; i++) {
        if (mask_holds(scheme, branch[i].mask, facts)) {
            return branch[i].drg;
        }
    }
    return IMAGE_NONE32;
}

static bool find_group(const struct casemix_context *context, const struct working *work, casemix_grouping *out) {
    const struct scheme_view *scheme = context->scheme;
    for (uint32_t w = 0; w < scheme->about->row_words; w++) {
        for (uint64_t bits = work->rules[w]; bits != 0; bits &= bits - 1) {
            const struct image_rule *rule = &scheme->rules[w * 64 + (uint32_t)__builtin_ctzll(bits)];
            if (!mask_holds(scheme, rule->mask, work->facts)) {
                continue;
            }
            const struct image_step *step = &scheme->steps[rule->step];
            uint32_t group = drg_of(scheme, step, work->facts);
            if (group != IMAGE_NONE32 || step->flags != 0) { /* a DRG, the bare ADRG, or QY */
                answer(context, rule->step, group, out);
                return true;
            }
        }
    }
    return false;
}

static bool lacks_a_fact(const struct casemix_context *context, const struct working *work, casemix_grouping *out) {
    const struct scheme_view *scheme = context->scheme;
    for (uint32_t i = 0; i < scheme->requirement_count; i++) {
        const struct image_requirement *requirement = &scheme->requirements[i];
        if (!(context->prepared.present >> requirement->fact & 1) &&
            mask_holds(scheme, requirement->mask, work->facts)) {
            out->status = CASEMIX_NEEDS_DATA;
            out->reason = CASEMIX_REASON_MISSING_FACT;
            out->fact = requirement->fact;
            return true;
        }
    }
    return false;
}

/* Why a case is in no group. Few cases come here, so the MDCs' conditions are simply evaluated. */
static void no_group(const struct casemix_context *context, casemix_grouping *out) {
    const struct scheme_view *scheme = context->scheme;
    out->status = CASEMIX_UNGROUPED;
    out->reason = CASEMIX_REASON_PRINCIPAL_IN_NO_MDC;
    if (!has_principal(context)) {
        out->reason = CASEMIX_REASON_NO_PRINCIPAL;
    } else if (context->prepared.diagnoses.ids[0] == IMAGE_NONE32 ||
               scheme->diagnosis_profile[context->prepared.diagnoses.ids[0]] == 0) {
        out->reason = CASEMIX_REASON_UNKNOWN_PRINCIPAL;
    } else {
        for (uint32_t m = 0; m < scheme->mdc_count; m++) {
            uint32_t when = scheme->mdcs[m].when;
            if (condition_asks_diagnosis(context, when) && condition_holds(context, when)) {
                out->mdc = text_of(context, scheme->mdcs[m].code);
                out->reason = CASEMIX_REASON_NO_GROUP_IN_MDC;
            }
        }
    }
}

void classify(struct casemix_context *context, casemix_grouping *out) {
    const struct scheme_view *scheme = context->scheme;
    struct working work;
    static const casemix_text none = {"", 0};
    *out = (casemix_grouping){.fact = -1, .mdc = none, .adrg = none, .drg = none, .name = none,
                              .step = IMAGE_NONE32, .group = IMAGE_NONE32, .scheme = context->scheme_id};
    if (scheme->dip != NULL) {
        start_dip(context);
    }
    if (context->prepared.bad_fact >= 0) {
        out->status = CASEMIX_INVALID;
        out->reason = CASEMIX_REASON_BAD_FACT;
        out->fact = context->prepared.bad_fact;
        return;
    }
    if (scheme->dip == NULL) {
        look_at_all(context, true, &work);
    } else {
        look_at_facts(context, &work);
    }
    out->severity = work.facts[0] >> IMAGE_FACT_MCC & 1  ? CASEMIX_MCC
                    : work.facts[0] >> IMAGE_FACT_CC & 1 ? CASEMIX_CC
                                                         : CASEMIX_NO_CC;
    if (lacks_a_fact(context, &work, out)) {
        return;
    }
    if (context->prepared.barred != CASEMIX_REASON_NONE) {
        out->status = CASEMIX_UNGROUPED;
        out->reason = context->prepared.barred;
    } else if (scheme->dip != NULL) {
        find_entry(context, &work, out);
    } else if (!find_group(context, &work, out)) {
        no_group(context, out);
    }
}

/* Where the scheme says so, a case without group is tried again with each of its other procedures as the only one. */
static void retry(struct casemix_context *context, casemix_grouping *out) {
    struct code_list *procedures = &context->prepared.procedures;
    uint32_t count = procedures->count, principal = count > 0 ? procedures->ids[0] : IMAGE_NONE32;
    for (uint32_t i = 1; i < count && out->status == CASEMIX_UNGROUPED; i++) {
        procedures->ids[0] = procedures->ids[i];
        procedures->count = 1;
        casemix_grouping again;
        classify(context, &again);
        procedures->count = count;
        if (again.status != CASEMIX_UNGROUPED) {
            *out = again;
            add_finding(context, CASEMIX_FINDING_PROCEDURE_RETRIED, FACT_PROCEDURES, i,
                        context->given->facts[FACT_PROCEDURES], (casemix_text){"", 0});
            procedures->count = 1; /* what the answer, and an explanation of it, is about */
            return;
        }
    }
    if (count > 0) {
        procedures->ids[0] = principal;
    }
}

casemix_result casemix_group(casemix_context *context, const casemix_case *one, casemix_grouping *out) {
    if (context == NULL || one == NULL || out == NULL) {
        return refuse_call(context, "a case and a place for its grouping are needed; one is NULL");
    }
    context->dip.used = false;
    if (context->choices != NULL && !choose_scheme(context, one, out)) {
        return CASEMIX_OK;
    }
    if (!prepare_case(context, one)) {
        return CASEMIX_BAD_CASE;
    }
    classify(context, out);
    if (out->status == CASEMIX_UNGROUPED && context->scheme->about->retry_procedures && !context->dip.used) {
        retry(context, out);
    }
    return CASEMIX_OK;
}
