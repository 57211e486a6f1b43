/* SPDX-License-Identifier: Apache-2.0
 *
 * The events of casemix_explain, sorted into the questions a coder asks: which facts were used, what was repaired,
 * which diagnosis counts as CC or MCC, what is the answer and by which rules, what was it nearly. */
#include "story.h"

#include <stdlib.h>
#include <string.h>

struct step {
    casemix_trace event;
    char *detail, *rule; /* the event's own are gone with the next event */
};

struct story {
    FILE *to;
    bool all;
    struct step *steps;
    size_t count, room;
};

static void collect(void *user, const casemix_trace *event) {
    struct story *story = user;
    if (story->count == story->room) {
        story->room = story->room ? 2 * story->room : 64;
        story->steps = need(reallocarray(story->steps, story->room, sizeof *story->steps));
    }
    struct step *step = &story->steps[story->count++];
    step->event = *event;
    step->detail = need(strndup(event->detail.length ? event->detail.text : "", event->detail.length));
    step->rule = need(strndup(event->rule.length ? event->rule.text : "", event->rule.length));
    step->event.detail = text_of(step->detail);
    step->event.rule = text_of(step->rule);
}

static void print_text(FILE *to, casemix_text text) {
    fwrite(text.text, 1, text.length, to);
}

/* ---- parts ------------------------------------------------------------------------------------------------ */

static size_t widest_code(const struct story *story, casemix_trace_kind from, casemix_trace_kind until) {
    size_t width = 0;
    for (size_t i = 0; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        size_t own = e->kind >= from && e->kind <= until ? display_width(e->code.text, e->code.length) : 0;
        width = own > width ? own : width;
    }
    return width;
}

static void tell_facts(const struct story *story) {
    size_t width = widest_code(story, CASEMIX_TRACE_FACT, CASEMIX_TRACE_FACT);
    fprintf(story->to, "facts used\n");
    for (size_t i = 0; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (e->kind == CASEMIX_TRACE_FACT) {
            fputs("  ", story->to);
            if (width) {
                print_padded(story->to, e->code, width + 2, false);
            }
            print_text(story->to, e->detail);
            fputs(e->name.length && e->detail.length ? "  " : "", story->to);
            print_text(story->to, e->name);
            fputc('\n', story->to);
        }
    }
}

static const char *finding_words(casemix_finding_code code) {
    switch (code) {
    case CASEMIX_FINDING_POLICY_NOT_IN_FORCE:
        return "is outside the policy's dates of force; the case is priced all the same";
    case CASEMIX_FINDING_CODE_REPAIRED:
        return "was read as";
    case CASEMIX_FINDING_CODE_UNKNOWN:
        return "is not in the code catalogue; it stands in no list";
    case CASEMIX_FINDING_CODE_EMPTY:
        return "is an empty place in the list";
    case CASEMIX_FINDING_VALUE_REPAIRED:
        return "was read as";
    case CASEMIX_FINDING_MISSING_AS_ZERO:
        return "is absent and was taken as 0 (compatibility)";
    case CASEMIX_FINDING_NEGATIVE_KEPT:
        return "is negative and was let through (compatibility)";
    case CASEMIX_FINDING_CODE_GRAY:
        return "is gray, too unspecific to be grouped by; the scheme's rule for that was applied";
    case CASEMIX_FINDING_CODE_INVALID:
        return "is not for settlement lists; the scheme's rule for that was applied";
    case CASEMIX_FINDING_CODE_CONVERTED:
        return "is a clinical code and was converted to";
    case CASEMIX_FINDING_PROCEDURE_RETRIED:
        return "was taken for the only procedure, as no group was found with all";
    case CASEMIX_FINDING_PROCEDURE_EXCLUDED:
        return "is dropped: the scheme excludes it";
    case CASEMIX_FINDING_PROCEDURE_CONSERVATIVE:
        return "counts as no procedure";
    case CASEMIX_FINDING_PROCEDURE_NOT_PRINCIPAL:
        return "cannot be the principal procedure; instead it is";
    case CASEMIX_FINDING_NO_COST_TO_COMPARE:
        return "is absent, so entries could not be told apart by it";
    }
    return "";
}

/* What goes with no replacement, where the words expect one. */
static const char *words_of(const casemix_finding *f) {
    bool alone = f->code == CASEMIX_FINDING_PROCEDURE_NOT_PRINCIPAL && f->replaced_by.length == 0;
    return alone ? "cannot be the principal procedure, and there is no other" : finding_words(f->code);
}

void tell_findings(FILE *to, const casemix_context *context, uint32_t first) {
    casemix_finding f;
    uint32_t count = casemix_finding_count(context);
    for (uint32_t i = first; i < count && casemix_finding_at(context, i, &f) == CASEMIX_OK; i++) {
        const char *column = casemix_fact_column(f.fact);
        fprintf(to, "%s  %s", i == first ? "findings\n" : "", column ? column : "");
        if (holds_codes(f.fact)) {
            fprintf(to, " %u", f.place + 1);
        }
        if (f.given.length) {
            fprintf(to, " \"%.*s\"", (int)f.given.length, f.given.text);
        }
        fprintf(to, " %s", words_of(&f));
        if (f.replaced_by.length) {
            fprintf(to, " \"%.*s\"", (int)f.replaced_by.length, f.replaced_by.text);
        }
        fputc('\n', to);
    }
}

static void tell_severity(const struct story *story, bool has_others) {
    size_t width = widest_code(story, CASEMIX_TRACE_SEVERITY, CASEMIX_TRACE_SEVERITY);
    bool first = true;
    for (size_t i = 0; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (e->kind == CASEMIX_TRACE_SEVERITY) {
            fputs(first ? "other diagnoses as complications (CC, MCC)\n" : "", story->to);
            first = false;
            fputs("  ", story->to);
            print_padded(story->to, e->code, width + 2, false);
            print_text(story->to, e->detail);
            fputs(e->name.length ? "  " : "", story->to);
            print_text(story->to, e->name);
            fputc('\n', story->to);
        }
    }
    if (first && has_others) {
        fputs("other diagnoses as complications (CC, MCC)\n  none of them stands in a list\n", story->to);
    }
}

static const char *level_name(casemix_trace_kind kind) {
    static const char *const names[] = {[CASEMIX_TRACE_MDC] = "MDC",
                                        [CASEMIX_TRACE_ADRG] = "ADRG",
                                        [CASEMIX_TRACE_QY] = "QY",
                                        [CASEMIX_TRACE_DRG] = "DRG"};
    return names[kind];
}

static bool is_level(const casemix_trace *e) {
    return e->kind >= CASEMIX_TRACE_MDC && e->kind <= CASEMIX_TRACE_DRG;
}

/* One step: the group, then below it the rule, where it stands, and the fact that decided. */
static void tell_step(FILE *to, const casemix_trace *e, const char *mark) {
    fprintf(to, "  %-4s %s ", level_name(e->kind), mark);
    print_padded(to, e->code, e->name.length ? 6 : 0, false);
    print_text(to, e->name);
    fputc('\n', to);
    if (e->rule.length) {
        fprintf(to, "           rule: %.*s", (int)e->rule.length, e->rule.text);
        if (e->file.length) {
            fprintf(to, "   (%.*s:%u)", (int)e->file.length, e->file.text, e->line);
        }
        fputc('\n', to);
    }
    if (e->detail.length) {
        fprintf(to, "           %s: %.*s\n", e->met ? "because" : "but", (int)e->detail.length, e->detail.text);
    }
}

static size_t answer_place(const struct story *story) {
    for (size_t i = 0; i < story->count; i++) {
        if (story->steps[i].event.kind == CASEMIX_TRACE_ANSWER) {
            return i;
        }
    }
    return story->count;
}

/* Does a group of the MDC at `mdc` take the case? The next MDC or the answer ends it. */
static bool has_group(const struct story *story, size_t mdc) {
    for (size_t i = mdc + 1; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (e->kind == CASEMIX_TRACE_MDC || e->kind == CASEMIX_TRACE_ANSWER) {
            return e->kind == CASEMIX_TRACE_ANSWER && e->met;
        }
    }
    return false;
}

/* The way to the answer. Of what was tried and not met, only the DRGs beside the answer are of interest: a coder
 * asks first why the case is not the severe one. */
static void tell_way(const struct story *story, casemix_status status) {
    const bool answered = status == CASEMIX_GROUPED || status == CASEMIX_QY;
    unsigned mdcs = 0, adrgs = 0;
    size_t end = answer_place(story);
    bool first = true;
    for (size_t i = 0; i < end; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (!is_level(e)) {
            continue;
        }
        fputs(!first ? "" : answered ? "how it was found\n" : "what was tried\n", story->to);
        first = false;
        mdcs += !e->met && e->kind == CASEMIX_TRACE_MDC;
        adrgs += !e->met && (e->kind == CASEMIX_TRACE_ADRG || e->kind == CASEMIX_TRACE_QY);
        if (e->met || story->all || e->kind == CASEMIX_TRACE_DRG) {
            tell_step(story->to, e, e->met ? "yes" : "no ");
        }
        if (e->met && e->kind == CASEMIX_TRACE_MDC && !has_group(story, i)) {
            fputs("           but none of its groups takes the case\n", story->to);
        } else if (!e->met && e->kind == CASEMIX_TRACE_DRG && story->steps[i + 1].event.kind != CASEMIX_TRACE_DRG) {
            fputs("           so none of the DRGs takes the case\n", story->to);
        }
    }
    if (!story->all && mdcs + adrgs > 0) {
        fprintf(story->to, "  %snot met: %u MDC, %u ADRG (--all shows them)\n", answered ? "tried before and " : "",
                mdcs, adrgs);
    }
}

/* Groups of the same MDC that would take the case too, had the answer not come first: one ADRG after the other. */
static void tell_later(const struct story *story) {
    enum { SHOWN = 3 };
    size_t told = 0, left = 0;
    for (size_t i = answer_place(story); i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (!e->met || (e->kind != CASEMIX_TRACE_ADRG && e->kind != CASEMIX_TRACE_QY)) {
            continue;
        }
        if (told >= SHOWN && !story->all) {
            left++;
            continue;
        }
        fputs(told++ == 0 ? "why not the next: these fit too, but the scheme has them behind the answer\n" : "",
              story->to);
        tell_step(story->to, e, "...");
    }
    if (left) {
        fprintf(story->to, "  and %zu more (--all shows them)\n", left);
    }
}

/* Groups that lack one condition only: before the answer, why not that; after it, what else it might have been. */
static void tell_near(const struct story *story, casemix_status status) {
    enum { SHOWN = 5 };
    size_t end = answer_place(story), told = 0, left = 0;
    for (size_t i = 0; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (!e->near_miss || e->met || !is_level(e) || (e->kind == CASEMIX_TRACE_DRG && i < end)) {
            continue; /* the DRGs beside the answer were told with it */
        }
        if (e->kind == CASEMIX_TRACE_MDC && status == CASEMIX_GROUPED && !story->all) {
            continue; /* another MDC of the same sex is no news to a case that has one */
        }
        if (told >= SHOWN && !story->all) {
            left++;
            continue;
        }
        fputs(told++ == 0 ? "why not another: one condition is missing for\n" : "", story->to);
        tell_step(story->to, e, i < end ? "no " : "...");
    }
    if (left) {
        fprintf(story->to, "  and %zu more (--all shows them)\n", left);
    }
}

/* What the reason means, and what can be done. */
static const char *reason_sentence(casemix_reason reason) {
    switch (reason) {
    case CASEMIX_REASON_NONE:
        return "";
    case CASEMIX_REASON_ADRG_ONLY:
        return "no DRG of the ADRG fits; this scheme answers with the ADRG then";
    case CASEMIX_REASON_QY:
        return "ambiguous: the MDC takes the diagnosis, but no group before this step takes it with these "
               "procedures";
    case CASEMIX_REASON_NO_PRINCIPAL:
        return "there is no principal diagnosis; it is the first of dx";
    case CASEMIX_REASON_UNKNOWN_PRINCIPAL:
        return "the principal diagnosis is not in the code catalogue; look the code up in the insurance version";
    case CASEMIX_REASON_PRINCIPAL_IN_NO_MDC:
        return "no MDC takes this principal diagnosis with these facts";
    case CASEMIX_REASON_NO_GROUP_IN_MDC:
        return "an MDC takes the principal diagnosis, but none of its groups fits the whole case";
    case CASEMIX_REASON_BAD_FACT:
        return "no group was looked for: this fact cannot be understood; correct it";
    case CASEMIX_REASON_MISSING_FACT:
        return "no group was looked for: the scheme needs this fact; add it to the case";
    case CASEMIX_REASON_GRAY_PRINCIPAL:
        return "a principal code is gray, too unspecific to be grouped by; code it more exactly";
    case CASEMIX_REASON_INVALID_PRINCIPAL:
        return "a principal code is not for settlement lists; choose another";
    case CASEMIX_REASON_EXCLUDED_PRINCIPAL:
        return "the scheme takes no case with this principal diagnosis";
    case CASEMIX_REASON_NO_ENTRY:
        return "no entry of the catalogue takes the case; what was tried tells what each lacks";
    case CASEMIX_REASON_NO_SCHEME_IN_FORCE:
        return "no scheme of the image is in force for this date or region; `casemix version -i IMAGE` lists them";
    }
    return "";
}

static void tell_reason(FILE *to, const casemix_grouping *g) {
    const char *reason = casemix_reason_text(g->reason);
    fprintf(to, "answer\n  %s", casemix_status_text(g->status));
    if (g->fact >= 0) {
        fprintf(to, " (%s: %s)", reason, casemix_fact_column(g->fact));
    } else if (*reason && g->reason != CASEMIX_REASON_QY) { /* its status says it already */
        fprintf(to, " (%s)", reason);
    }
}

static void tell_answer(FILE *to, const casemix_grouping *g) {
    tell_reason(to, g);
    const casemix_text codes[] = {g->mdc, g->adrg, g->drg};
    for (size_t i = 0; i < 3; i++) {
        fprintf(to, "%s%.*s", codes[i].length ? "  " : "", (int)codes[i].length, codes[i].text);
    }
    fprintf(to, "%s%.*s\n", g->name.length ? "  " : "", (int)g->name.length, g->name.text);
    const char *sentence = reason_sentence(g->reason);
    if (*sentence) {
        fprintf(to, "  %s\n", sentence);
    }
    casemix_text severity = severity_text(g->severity);
    if (severity.length) {
        fprintf(to, "  severity %s\n", severity.text);
    }
}

static bool has_others(const struct story *story) {
    size_t codes = 0;
    for (size_t i = 0; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        codes += e->kind == CASEMIX_TRACE_FACT && e->met && strcmp(story->steps[i].detail, "other diagnosis") == 0;
    }
    return codes > 0;
}

/* ---- DIP -------------------------------------------------------------------------------------------------- */

/* value / 10^places without the zeros at its end. */
static void print_decimal(FILE *to, int64_t value, unsigned places) {
    char words[32], *end = put_decimal(words, value, places);
    while (end[-1] == '0') {
        end--;
    }
    end -= end[-1] == '.';
    fprintf(to, "%.*s", (int)(end - words), words);
}

static void tell_figure(FILE *to, const char *what, int64_t value, unsigned places) {
    fprintf(to, ", %s ", what);
    if (value < 0) {
        fputs("not given", to);
    } else {
        print_decimal(to, value, places);
    }
}

/* What the entry is worth, and what decided. */
static void tell_entry(FILE *to, const casemix_dip *dip) {
    fprintf(to, "  %s entry of %s for a case of %s", dip->basic ? "basic" : "an", dip->kind.text,
            dip->case_kind.text);
    tell_figure(to, "score", dip->score, 4);
    tell_figure(to, "mean cost", dip->mean_cost, 4);
    fputs(", auxiliary factor ", to);
    print_decimal(to, dip->factor, 6);
    fprintf(to, "\n  found in the step %s, %s%s\n", dip->step.text,
            *dip->rule ? "decided by " : "where only this entry matches", dip->rule);
}

static bool has_kind(const struct story *story, casemix_trace_kind kind) {
    for (size_t i = 0; i < story->count; i++) {
        if (story->steps[i].event.kind == kind) {
            return true;
        }
    }
    return false;
}

static void tell_used_procedures(const struct story *story) {
    size_t width = widest_code(story, CASEMIX_TRACE_PROCEDURE, CASEMIX_TRACE_PROCEDURE);
    fputs(has_kind(story, CASEMIX_TRACE_PROCEDURE) ? "what the procedures count as\n" : "", story->to);
    for (size_t i = 0; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (e->kind == CASEMIX_TRACE_PROCEDURE) {
            fputs("  ", story->to);
            print_padded(story->to, e->code, width + 2, false);
            print_text(story->to, e->detail);
            fputs(e->name.length ? "  " : "", story->to);
            print_text(story->to, e->name);
            fputc('\n', story->to);
        }
    }
}

/* A line "  STEP yes name", or "  entry no  code  name", and below it the rule and what decided. */
static void tell_search_line(FILE *to, const casemix_trace *e, const char *level, bool good) {
    fprintf(to, "  %-5s %s ", level, good ? "yes" : "no ");
    print_padded(to, e->code, e->name.length ? 8 : 0, false);
    fputs(e->name.length ? " " : "", to);
    print_text(to, e->name);
    fputc('\n', to);
    if (e->rule.length) {
        const char *what = e->kind == CASEMIX_TRACE_ENTRY ? "asks" : "rule";
        fprintf(to, "            %s: %.*s", what, (int)e->rule.length, e->rule.text);
        if (e->file.length) {
            fprintf(to, "   (%.*s:%u)", (int)e->file.length, e->file.text, e->line);
        }
        fputc('\n', to);
    }
    if (e->detail.length) {
        fprintf(to, "            %s: %.*s\n", good ? "because" : "but", (int)e->detail.length, e->detail.text);
    }
}

/* The steps up to the answer with the entries that take the diagnosis. Unless all are asked for: of those that do
 * not match only some that lack one thing. */
static void tell_steps(const struct story *story, const casemix_dip *answer) {
    enum { SHOWN = 8 };
    size_t near = 0, left = 0;
    bool first = true, answers = false;
    for (size_t i = 0; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (e->kind == CASEMIX_TRACE_SEARCH) {
            fputs(first ? "how it was looked for, step by step\n" : "", story->to);
            first = false;
            answers = e->met;
            tell_search_line(story->to, e, "step", e->met);
        } else if (e->kind == CASEMIX_TRACE_ENTRY) {
            bool tells = story->all || e->met || (e->near_miss && near++ < SHOWN);
            left += !tells;
            if (tells) {
                tell_search_line(story->to, e, "entry", answers && same_text(e->code, answer->entry));
            }
        }
    }
    if (left) {
        fprintf(story->to, "  and %zu more that do not match (--all shows them)\n", left);
    }
}

static void tell_indices(const struct story *story) {
    bool first = true;
    for (size_t i = 0; i < story->count; i++) {
        const casemix_trace *e = &story->steps[i].event;
        if (e->kind != CASEMIX_TRACE_INDEX || (!e->met && e->code.length && !story->all)) {
            continue;
        }
        fputs(first ? "auxiliary catalogues and supervision\n" : "", story->to);
        first = false;
        if (e->code.length == 0) {
            fprintf(story->to, "  %.*s\n", (int)e->detail.length, e->detail.text);
            continue;
        }
        tell_search_line(story->to, e, "class", e->met);
    }
}

/* ---- the whole -------------------------------------------------------------------------------------------- */

static void tell_drg(const struct story *story, const casemix_grouping *g) {
    tell_answer(story->to, g);
    tell_way(story, g->status);
    tell_later(story);
    tell_near(story, g->status);
}

static void tell_dip(const struct story *story, const casemix_context *context, const casemix_grouping *g) {
    casemix_dip dip = {0};
    bool found = casemix_dip_of(context, &dip) == CASEMIX_OK;
    tell_used_procedures(story);
    tell_answer(story->to, g);
    if (found) {
        tell_entry(story->to, &dip);
    }
    tell_steps(story, &dip);
    tell_indices(story);
}

static void tell_head(FILE *to, const casemix_image *image, casemix_text scheme) {
    if (scheme.length && is_demonstration(image, scheme.text, NULL)) {
        fprintf(to, "made of demonstration data: the catalogue of scheme %s is not a real one\n", scheme.text);
    }
}

casemix_result tell_story(FILE *to, const casemix_image *image, casemix_context *context, const casemix_case *one,
                          bool all) {
    struct story story = {.to = to, .all = all};
    casemix_grouping g, findings_of;
    casemix_text unused;
    casemix_result result = casemix_explain(context, one, collect, &story, &g);
    if (result == CASEMIX_OK) {
        tell_head(to, image, g.scheme);
        tell_facts(&story);
        if (casemix_group(context, one, &findings_of) == CASEMIX_OK) { /* findings are those of the last grouping */
            tell_findings(to, context, 0);
        }
        tell_severity(&story, has_others(&story));
        if (casemix_dip_diagnosis(context, &unused) == CASEMIX_OK) {
            tell_dip(&story, context, &g);
        } else {
            tell_drg(&story, &g);
        }
    }
    for (size_t i = 0; i < story.count; i++) {
        free(story.steps[i].detail);
        free(story.steps[i].rule);
    }
    free(story.steps);
    return result;
}
