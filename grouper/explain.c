/* SPDX-License-Identifier: Apache-2.0
 *
 * The reason for an answer, told step by step from the conditions as they were written. The answer itself is that of
 * classify(). The search of DIP is told by dip_explain.c. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dip.h"
#include "evaluate.h"
#include "telling.h"

void detail_clear(struct telling *telling) {
    telling->used = 0;
    telling->context->detail[0] = '\0';
}

void detail_add(struct telling *telling, const char *text) {
    size_t room = sizeof telling->context->detail - 1 - telling->used, length = strlen(text);
    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(telling->context->detail + telling->used, text, length);
    telling->used += length;
    telling->context->detail[telling->used] = '\0';
}

void detail_format(struct telling *telling, const char *format, ...) {
    char words[sizeof telling->context->detail];
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    detail_add(telling, words);
}

void tell_event(const struct telling *telling, casemix_trace event) {
    casemix_text *texts[] = {&event.code, &event.name, &event.rule, &event.file};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        texts[i]->text = texts[i]->text == NULL ? "" : texts[i]->text;
    }
    event.detail = (casemix_text){telling->context->detail, telling->used};
    telling->tell(telling->user, &event);
}

static const struct image_expression *node(const struct telling *telling, uint32_t number) {
    return &telling->context->scheme->expressions[number];
}

static void detail_add_test(struct telling *telling, uint32_t number) {
    char words[400];
    describe_test(telling->context, number, words, sizeof words);
    if (telling->used > 0) {
        detail_add(telling, "; ");
    }
    detail_add(telling, words);
}

static void add_decisive(struct telling *telling, uint32_t number, bool met, int depth) {
    const struct image_expression *test = node(telling, number);
    bool all = test->op == IMAGE_OP_AND, any = test->op == IMAGE_OP_OR || test->op == IMAGE_OP_AT_LEAST;
    if (test->op == IMAGE_OP_NOT && depth > 0) {
        add_decisive(telling, test->first, !met, depth - 1);
    } else if ((all || any) && depth > 0) {
        for (uint32_t i = 0; i < test->count; i++) {
            if (condition_holds(telling->context, test->first + i) == met) {
                add_decisive(telling, test->first + i, met, depth - 1);
                if (all != met) {
                    return; /* one is enough: a part that failed, or an alternative that held */
                }
            }
        }
    } else {
        detail_add_test(telling, number);
    }
}

void detail_decisive(struct telling *telling, uint32_t expression, bool met) {
    enum { DEPTH = 8 }; /* below, parts are told as a whole */
    add_decisive(telling, expression, met, DEPTH);
}

/* Does one part alone keep a conjunction from being met, while a code of the case meets another? Without that a male
 * patient would be one part short of every group for males. */
static bool one_part_short(struct telling *telling, uint32_t number, uint32_t *failing) {
    const struct image_expression *test = node(telling, number);
    uint32_t count = 0;
    bool code_fits = false;
    for (uint32_t i = 0; test->op == IMAGE_OP_AND && i < test->count; i++) {
        bool met = condition_holds(telling->context, test->first + i);
        code_fits = code_fits || (met && node(telling, test->first + i)->op == IMAGE_OP_IN);
        if (!met) {
            *failing = test->first + i;
            count++;
        }
    }
    return count == 1 && code_fits;
}

/* Is a failed condition, or one of its alternatives, one part short of being met? Then the detail names the part. */
static bool near_miss(struct telling *telling, uint32_t number) {
    const struct image_expression *test = node(telling, number);
    uint32_t failing = 0;
    if (one_part_short(telling, number, &failing)) {
        detail_clear(telling);
        detail_decisive(telling, failing, false);
        return true;
    }
    for (uint32_t i = 0; test->op == IMAGE_OP_OR && i < test->count; i++) {
        if (one_part_short(telling, test->first + i, &failing)) {
            detail_clear(telling);
            detail_decisive(telling, failing, false);
            return true;
        }
    }
    return false;
}

static bool tell_condition(struct telling *telling, casemix_trace_kind kind, uint32_t when, image_text code,
                           image_text name, image_text file, uint32_t line) {
    bool met = condition_holds(telling->context, when);
    detail_clear(telling);
    detail_decisive(telling, when, met);
    bool near = !met && near_miss(telling, when);
    tell_event(telling, (casemix_trace){
                            .kind = kind,
                            .met = met,
                            .near_miss = near,
                            .code = text_of(telling->context, code),
                            .name = text_of(telling->context, name),
                            .rule = text_of(telling->context, node(telling, when)->text),
                            .file = text_of(telling->context, file),
                            .line = line,
                        });
    return met;
}

/* ---- facts and severity ---- */

static void tell_fact(struct telling *telling, casemix_trace_kind kind, bool met, const char *code, size_t length,
                      const char *name) {
    tell_event(telling,
               (casemix_trace){.kind = kind, .met = met, .code = {code, length}, .name = {name, strlen(name)}});
}

/* A place in the list without a code to group by: what was given there, and why it does not count. */
static void tell_no_code(struct telling *telling, int fact, uint32_t place) {
    const struct casemix_context *context = telling->context;
    uint32_t count = context->finding_count < CASEMIX_FINDINGS_MAX ? context->finding_count : CASEMIX_FINDINGS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const casemix_finding *f = &context->findings[i];
        bool unknown = f->code == CASEMIX_FINDING_CODE_UNKNOWN;
        bool barred = f->code == CASEMIX_FINDING_CODE_GRAY || f->code == CASEMIX_FINDING_CODE_INVALID;
        if (f->fact == fact && f->place == place && (unknown || barred)) {
            tell_fact(telling, CASEMIX_TRACE_FACT, false, f->given.text, f->given.length,
                      unknown ? "not in the code catalogue" : "not used");
            return;
        }
    }
    tell_fact(telling, CASEMIX_TRACE_FACT, false, "", 0, place == 0 ? "none" : "not in the code catalogue");
}

static void tell_codes(struct telling *telling, int fact, const struct code_list *list, const struct catalogue_view *catalogue,
                       const char *what) {
    struct casemix_context *context = telling->context;
    for (uint32_t i = 0; i < list->count; i++) {
        char words[100];
        snprintf(words, sizeof words, "%s %s", i == 0 ? "principal" : "other", what);
        detail_clear(telling);
        detail_add(telling, words);
        if (list->ids[i] == IMAGE_NONE32) {
            tell_no_code(telling, fact, i);
        } else {
            size_t length;
            const char *code = catalogue_view_code(catalogue, list->ids[i], &length);
            tell_fact(telling, CASEMIX_TRACE_FACT, true, code, length,
                      image_string(context->owner->image, catalogue->names[list->ids[i]]));
        }
    }
}

static void tell_numbers(struct telling *telling) {
    const struct casemix_context *context = telling->context;
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        const struct fact_row *row = &fact_rows[fact];
        bool used = context->scheme->about->used_numbers >> fact & 1;
        if (used && row->kind != FACT_KIND_TEXT && row->kind != FACT_KIND_DATE) {
            char words[100];
            bool present = context->prepared.present >> fact & 1;
            const char *label = row->column;
            if (row->kind == FACT_KIND_RATIO) {
                label = row->word;
                describe_ratio(context->prepared.numbers[fact], words, sizeof words);
            } else if (row->kind == FACT_KIND_MONEY) {
                casemix_text given = context->given->facts[fact]; /* as it is written: it is a decimal */
                snprintf(words, sizeof words, "%.*s %s", (int)(given.length < 40 ? given.length : 40), given.text, row->unit);
            } else {
                snprintf(words, sizeof words, "%" PRId64 "%s%s", context->prepared.numbers[fact],
                         row->unit[0] ? " " : "", row->unit);
            }
            detail_clear(telling);
            bool given = context->given->facts[fact].length > 0;
            const char *absent = row->kind == FACT_KIND_RATIO ? "not known"
                                 : given                      ? "given, but not understood"
                                                              : "not given";
            detail_add(telling, present ? words : absent);
            tell_fact(telling, CASEMIX_TRACE_FACT, present, label, strlen(label), row->meaning);
        }
    }
}

static void tell_severity(struct telling *telling) {
    struct casemix_context *context = telling->context;
    const struct catalogue_view *catalogue = context->scheme->diagnoses;
    const struct code_list *list = &context->prepared.diagnoses;
    for (uint32_t i = 1; i < list->count; i++) {
        bool excluded;
        casemix_severity severity = severity_of(context, i, &excluded);
        if (severity == CASEMIX_NO_CC && !excluded) {
            continue;
        }
        size_t length;
        const char *code = catalogue_view_code(catalogue, list->ids[i], &length);
        detail_clear(telling);
        detail_add(telling, excluded                     ? "does not count: excluded by the principal diagnosis"
                            : severity == CASEMIX_MCC    ? "counts as MCC"
                                                         : "counts as CC");
        tell_fact(telling, CASEMIX_TRACE_SEVERITY, !excluded, code, length,
                  image_string(context->owner->image, catalogue->names[list->ids[i]]));
    }
}

/* ---- groups ---- */

static void tell_step(struct telling *telling, uint32_t number) {
    const struct scheme_view *scheme = telling->context->scheme;
    const struct image_step *step = &scheme->steps[number];
    bool qy = step->flags & IMAGE_STEP_QY;
    bool met = tell_condition(telling, qy ? CASEMIX_TRACE_QY : CASEMIX_TRACE_ADRG, step->when, step->code, step->name,
                              step->file, step->line);
    for (uint32_t i = 0; met && i < step->drg_count; i++) {
        const struct image_drg *drg = &scheme->drgs[step->first_drg + i];
        if (tell_condition(telling, CASEMIX_TRACE_DRG, drg->when, drg->code, drg->name, drg->file, drg->line)) {
            return; /* the first that fits */
        }
    }
}

void tell_answer(const struct telling *telling, const casemix_grouping *answer) {
    struct telling silent = *telling;
    detail_clear(&silent);
    tell_event(&silent, (casemix_trace){
                            .kind = CASEMIX_TRACE_ANSWER,
                            .met = answer->status == CASEMIX_GROUPED || answer->status == CASEMIX_QY,
                            .code = answer->drg.length > 0 ? answer->drg : answer->adrg,
                            .name = answer->name,
                        });
}

/* Every MDC up to the one of the answer; of those entered every step; the answer; then, as what might have been, the
 * steps of that MDC behind it. */
static void tell_groups(struct telling *telling, const casemix_grouping *answer) {
    const struct scheme_view *scheme = telling->context->scheme;
    for (uint32_t m = 0; m < scheme->mdc_count; m++) {
        const struct image_mdc *mdc = &scheme->mdcs[m];
        uint32_t end = mdc->first_step + mdc->step_count;
        bool entered = tell_condition(telling, CASEMIX_TRACE_MDC, mdc->when, mdc->code, mdc->name, mdc->file, mdc->line);
        bool last = answer->step >= mdc->first_step && answer->step < end;
        for (uint32_t s = mdc->first_step; entered && s < end; s++) {
            tell_step(telling, s);
            if (s == answer->step) {
                tell_answer(telling, answer);
            }
        }
        if (last) {
            return;
        }
    }
    tell_answer(telling, answer);
}

/* DIP leaves those that count in the place of those given. */
static void tell_procedures(struct telling *telling) {
    const struct dip_case *dip = &telling->context->dip;
    const struct code_list *list = &telling->context->prepared.procedures;
    struct code_list given;
    if (dip->used && dip->given_count > 0) {
        given.count = dip->given_count;
        memcpy(given.ids, dip->given, dip->given_count * sizeof *given.ids);
        list = &given;
    }
    tell_codes(telling, FACT_PROCEDURES, list, telling->context->scheme->procedures, "procedure");
}

casemix_result casemix_explain(casemix_context *context, const casemix_case *one, casemix_trace_fn *tell, void *user,
                               casemix_grouping *out) {
    if (tell == NULL) {
        return refuse_call(context, "an explanation needs a function to tell it to");
    }
    casemix_result result = casemix_group(context, one, out);
    if (result != CASEMIX_OK) {
        return result;
    }
    struct telling telling = {context, tell, user, 0};
    detail_clear(&telling);
    if (out->scheme.length == 0) { /* nothing was looked at */
        tell_answer(&telling, out);
        return CASEMIX_OK;
    }
    tell_codes(&telling, FACT_DIAGNOSES, &context->prepared.diagnoses, context->scheme->diagnoses, "diagnosis");
    tell_procedures(&telling);
    tell_numbers(&telling);
    tell_severity(&telling);
    if (out->status == CASEMIX_INVALID || out->status == CASEMIX_NEEDS_DATA) {
        tell_answer(&telling, out);
    } else if (context->dip.used) {
        tell_dip(&telling, out);
    } else {
        tell_groups(&telling, out);
    }
    return CASEMIX_OK;
}
