/* SPDX-License-Identifier: Apache-2.0 */
#include "dip_duel.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { SHOWN_MAX = 3 };

static bool same_text(casemix_text text, const char *other) {
    return strlen(other) == text.length && memcmp(text.text, other, text.length) == 0;
}

/* ---- comparing: each returns what differs, or NULL -------------------------------------------------------- */

static const char *compare_grouping(const casemix_grouping *got, const struct dip_answer *want) {
    const struct oracle_answer *base = &want->base;
    bool early = base->status == CASEMIX_INVALID || base->status == CASEMIX_NEEDS_DATA;
    return got->status != base->status                 ? "status"
           : got->reason != base->reason               ? "reason"
           : got->fact != base->fact                   ? "fact"
           : !early && got->severity != base->severity ? "severity"
           : !same_text(got->mdc, base->mdc)           ? "part"
           : !same_text(got->adrg, "")                 ? "adrg"
           : !same_text(got->drg, base->drg)           ? "entry"
           : !same_text(got->name, want->name)         ? "name"
           : got->group != want->entry                 ? "number of the entry"
           : got->step != want->part                   ? "number of the part"
                                                       : NULL;
}

static const char *compare_dip(const casemix_context *context, const struct dip_answer *want) {
    casemix_dip got;
    casemix_result result = casemix_dip_of(context, &got);
    if (want->base.status != CASEMIX_GROUPED) {
        return result == CASEMIX_BAD_ARGUMENT ? NULL : "result of casemix_dip_of";
    }
    return result != CASEMIX_OK                         ? "result of casemix_dip_of"
           : !same_text(got.entry, want->base.drg)      ? "entry of casemix_dip"
           : !same_text(got.name, want->name)           ? "name of casemix_dip"
           : !same_text(got.part, want->base.mdc)       ? "part of casemix_dip"
           : !same_text(got.kind, want->kind)           ? "kind"
           : !same_text(got.case_kind, want->case_kind) ? "kind of the case"
           : !same_text(got.step, want->step)           ? "step"
           : strcmp(got.rule, want->rule) != 0          ? "rule"
           : got.score != want->score                   ? "score"
           : got.mean_cost != want->mean_cost           ? "mean cost"
           : got.factor != want->factor                 ? "factor"
           : (got.basic != 0) != want->basic            ? "basic"
                                                        : NULL;
}

static const char *compare_indices(const casemix_context *context, const struct dip_answer *want) {
    if (want->base.status != CASEMIX_GROUPED) {
        return NULL;
    }
    if (casemix_dip_index_count(context) != want->index_count) {
        return "number of classes";
    }
    for (uint32_t i = 0; i < want->index_count; i++) {
        casemix_dip_index got;
        const struct dip_answer_index *index = &want->indices[i];
        if (casemix_dip_index_at(context, i, &got) != CASEMIX_OK || !same_text(got.index, index->index) ||
            !same_text(got.class_name, index->class_name) || (got.supervision != 0) != index->supervision ||
            (got.counts != 0) != index->counts || got.number != index->number) {
            return "classes";
        }
    }
    return NULL;
}

/* Was the case searched for in the catalogue? */
static bool was_searched(const struct dip_answer *want) {
    return want->base.status == CASEMIX_GROUPED || want->base.reason == CASEMIX_REASON_NO_ENTRY;
}

static const char *compare_procedures(const casemix_context *context, const struct dip_answer *want) {
    if (!was_searched(want)) {
        return NULL;
    }
    if (casemix_dip_procedure_count(context) != want->procedure_count) {
        return "number of procedures";
    }
    for (uint32_t i = 0; i < want->procedure_count; i++) {
        casemix_text code, kind;
        if (casemix_dip_procedure_at(context, i, &code, &kind) != CASEMIX_OK ||
            !same_text(code, want->procedures[i]) || !same_text(kind, want->procedure_kinds[i])) {
            return "procedures";
        }
    }
    casemix_text diagnosis;
    return casemix_dip_diagnosis(context, &diagnosis) != CASEMIX_OK || !same_text(diagnosis, want->diagnosis)
               ? "diagnosis"
               : NULL;
}

/* The n-th of the library's findings that are of DIP alone; false beyond the last. */
static bool dip_finding(const casemix_context *context, size_t n, casemix_finding *out) {
    uint32_t count = casemix_finding_count(context);
    for (uint32_t i = 0; i < count && i < CASEMIX_FINDINGS_MAX; i++) {
        cr_assert(casemix_finding_at(context, i, out) == CASEMIX_OK);
        if (out->code >= CASEMIX_FINDING_PROCEDURE_EXCLUDED && out->code <= CASEMIX_FINDING_NO_COST_TO_COMPARE &&
            n-- == 0) {
            return true;
        }
    }
    return false;
}

/* Each finding of one side must be on the other, in any order. */
static const char *compare_findings(const casemix_context *context, const struct dip_answer *want) {
    casemix_finding got;
    size_t count = 0;
    if (casemix_finding_count(context) > CASEMIX_FINDINGS_MAX) {
        return NULL; /* not all were kept */
    }
    for (; dip_finding(context, count, &got); count++) {
        bool found = false;
        for (size_t i = 0; i < want->finding_count && !found; i++) {
            const struct dip_answer_finding *finding = &want->findings[i];
            found = finding->code == got.code && finding->place == got.place &&
                    same_text(got.replaced_by, finding->replaced_by);
        }
        if (!found) {
            return "findings";
        }
    }
    return count == want->finding_count ? NULL : "number of findings";
}

static const char *compare(const casemix_context *context, const casemix_grouping *got,
                           const struct dip_answer *want) {
    const char *differs = compare_grouping(got, want);
    differs = differs ? differs : compare_dip(context, want);
    differs = differs ? differs : compare_indices(context, want);
    differs = differs ? differs : compare_procedures(context, want);
    return differs ? differs : compare_findings(context, want);
}

/* ---- showing ---------------------------------------------------------------------------------------------- */

#define SHOWN(what) (int)(what).length, (what).text

static void show_case(const struct plain_case *one) {
    for (int f = 0; f < FACT_COUNT; f++) {
        if (one->facts[f]) {
            fprintf(stderr, "    %s = \"%s\"\n", fact_rows[f].column, one->facts[f]);
        }
    }
}

static void show_got(const casemix_context *context, const casemix_grouping *got) {
    casemix_dip dip;
    fprintf(stderr, "  library: %s %s fact %d severity %d: part %.*s entry %.*s\n",
            casemix_status_text(got->status), casemix_reason_text(got->reason), got->fact, (int)got->severity,
            SHOWN(got->mdc), SHOWN(got->drg));
    if (casemix_dip_of(context, &dip) == CASEMIX_OK) {
        fprintf(stderr,
                "    kind %.*s of case %.*s, step %.*s, rule %s, score %lld, mean %lld, factor %lld, basic %d\n",
                SHOWN(dip.kind), SHOWN(dip.case_kind), SHOWN(dip.step), dip.rule, (long long)dip.score,
                (long long)dip.mean_cost, (long long)dip.factor, dip.basic);
    }
    for (uint32_t i = 0; i < casemix_dip_index_count(context); i++) {
        casemix_dip_index index;
        if (casemix_dip_index_at(context, i, &index) == CASEMIX_OK) {
            fprintf(stderr, "    %.*s: %.*s supervision %d counts %d number %lld\n", SHOWN(index.index),
                    SHOWN(index.class_name), index.supervision, index.counts, (long long)index.number);
        }
    }
    for (uint32_t i = 0; i < casemix_dip_procedure_count(context); i++) {
        casemix_text code = {"", 0}, kind = {"", 0};
        casemix_dip_procedure_at(context, i, &code, &kind);
        fprintf(stderr, "    procedure \"%.*s\" %.*s\n", SHOWN(code), SHOWN(kind));
    }
    casemix_finding finding;
    for (size_t i = 0; dip_finding(context, i, &finding); i++) {
        fprintf(stderr, "    finding %s place %u \"%.*s\"\n", casemix_finding_text(finding.code), finding.place,
                SHOWN(finding.replaced_by));
    }
}

static void show_want(const struct dip_answer *want) {
    const struct oracle_answer *base = &want->base;
    fprintf(stderr, "  oracle: %s %s fact %d severity %d: part %s entry %s\n", casemix_status_text(base->status),
            casemix_reason_text(base->reason), base->fact, (int)base->severity, base->mdc, base->drg);
    if (base->status == CASEMIX_GROUPED) {
        fprintf(stderr, "    kind %s of case %s, step %s, rule %s, score %lld, mean %lld, factor %lld, basic %d\n",
                want->kind, want->case_kind, want->step, want->rule, (long long)want->score,
                (long long)want->mean_cost, (long long)want->factor, want->basic);
    }
    for (size_t i = 0; i < want->index_count; i++) {
        const struct dip_answer_index *index = &want->indices[i];
        fprintf(stderr, "    %s: %s supervision %d counts %d number %lld\n", index->index, index->class_name,
                index->supervision, index->counts, (long long)index->number);
    }
    for (size_t i = 0; i < want->procedure_count; i++) {
        fprintf(stderr, "    procedure \"%s\" %s\n", want->procedures[i], want->procedure_kinds[i]);
    }
    for (size_t i = 0; i < want->finding_count; i++) {
        fprintf(stderr, "    finding %s place %zu \"%s\"\n", casemix_finding_text(want->findings[i].code),
                want->findings[i].place, want->findings[i].replaced_by);
    }
}

static void tell_nothing(void *user, const casemix_trace *event) {
    (void)user;
    (void)event;
}

static void tell(void *user, const casemix_trace *event) {
    (void)user;
    fprintf(stderr, "    [%d] %s %.*s %.*s: %.*s (%.*s)\n", (int)event->kind, event->met ? "met" : "not met",
            SHOWN(event->code), SHOWN(event->name), SHOWN(event->rule), SHOWN(event->detail));
}

/* ---- the duel --------------------------------------------------------------------------------------------- */

void dip_duel_start(struct dip_duel *duel, const casemix_image *image, const struct scheme *scheme, uint64_t seed,
                    bool compatibility) {
    cr_assert(scheme->dip, "%s is not a DIP scheme", scheme->id);
    *duel =
        (struct dip_duel){.context = new_context(image, scheme->id, NULL), .one = casemix_case_new(), .seed = seed};
    duel->scheme = scheme;
    duel->oracle = oracle_new(scheme, compatibility);
    duel->generator = dip_generator_new(scheme, seed);
    duel->answered = calloc(scheme->dip->entry_count + 1, sizeof *duel->answered);
    cr_assert(duel->one && duel->answered);
    cr_assert(casemix_context_set(duel->context, CASEMIX_COMPATIBILITY, compatibility) == CASEMIX_OK);
}

void dip_duel_end(struct dip_duel *duel) {
    free(duel->answered);
    dip_generator_free(duel->generator);
    oracle_free(duel->oracle);
    casemix_case_free(duel->one);
    casemix_context_free(duel->context);
}

static void count(struct dip_duel *duel, const struct dip_answer *want) {
    duel->by_status[want->base.status]++;
    duel->by_reason[want->base.reason]++;
    if (want->base.status == CASEMIX_GROUPED) {
        duel->by_step[want->step_number]++;
        duel->by_rule[want->rule_number] += want->matched > 1;
        duel->contested += want->matched > 1;
        duel->answered[want->entry] = true;
    }
}

bool dip_duel_case(struct dip_duel *duel, const struct plain_case *plain, bool explain, struct dip_answer *want) {
    static _Thread_local struct dip_answer own;
    casemix_grouping got;
    want = want ? want : &own;
    fill_case(duel->one, plain);
    dip_oracle_group(duel->oracle, plain, want);
    cr_assert(casemix_group(duel->context, duel->one, &got) == CASEMIX_OK, "%s",
              casemix_context_message(duel->context));
    const char *differs = compare(duel->context, &got, want), *who = "group";
    count(duel, want);
    if (!differs && explain) {
        cr_assert(casemix_explain(duel->context, duel->one, tell_nothing, NULL, &got) == CASEMIX_OK);
        who = "explain";
        differs = compare(duel->context, &got, want);
    }
    if (differs && ++duel->mismatches <= SHOWN_MAX) {
        fprintf(stderr, "%s of a case of %s: the %s differs\n", who, duel->scheme->id, differs);
        show_case(plain);
        show_got(duel->context, &got);
        show_want(want);
        casemix_explain(duel->context, duel->one, tell, NULL, &got);
    }
    return !differs;
}

void dip_duel_fight(struct dip_duel *duel, uint64_t n, bool explain) {
    struct plain_case plain;
    dip_generator_case(duel->generator, n, &plain);
    if (!dip_duel_case(duel, &plain, explain, NULL) && duel->mismatches <= SHOWN_MAX) {
        fprintf(stderr, "  that was seed %llu, case %llu\n", (unsigned long long)duel->seed, (unsigned long long)n);
    }
}

void dip_duel_record(const struct dip_duel *duel, const char *title) {
    const struct dip *dip = duel->scheme->dip;
    size_t answered = 0;
    for (size_t e = 0; e < dip->entry_count; e++) {
        answered += duel->answered[e];
    }
    fprintf(stderr, "%s:", title);
    for (int s = 0; s < 5; s++) {
        fprintf(stderr, " %s %llu", casemix_status_text((casemix_status)s), (unsigned long long)duel->by_status[s]);
    }
    for (size_t r = 1; r < 32; r++) {
        if (duel->by_reason[r] > 0) {
            fprintf(stderr, ", %s %llu", casemix_reason_text((casemix_reason)r),
                    (unsigned long long)duel->by_reason[r]);
        }
    }
    fprintf(stderr, "; steps:");
    for (size_t s = 0; s < dip->step_count; s++) {
        fprintf(stderr, " %s %llu", dip->steps[s].name, (unsigned long long)duel->by_step[s]);
    }
    fprintf(stderr, "; contested %llu, decided by", (unsigned long long)duel->contested);
    for (int r = 0; r < IMAGE_DIP_RULES; r++) {
        if (duel->by_rule[r] > 0) {
            fprintf(stderr, " %s %llu", dip_rule_name((enum image_dip_rule)r),
                    (unsigned long long)duel->by_rule[r]);
        }
    }
    fprintf(stderr, "; %zu of %zu entries answered\n", answered, dip->entry_count);
}
