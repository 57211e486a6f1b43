/* SPDX-License-Identifier: Apache-2.0
 *
 * What the public header tells of the DIP entry of the case last grouped. */
#include "dip.h"

static const casemix_text no_text = {"", 0};

const char *dip_rule_text(const struct casemix_context *context, uint32_t step, uint32_t place) {
    static const char *const words[IMAGE_DIP_RULES] = {
        [IMAGE_DIP_RULE_KEY] = "key",
        [IMAGE_DIP_RULE_PLUS] = "plus",
        [IMAGE_DIP_RULE_MATCHED] = "matched",
        [IMAGE_DIP_RULE_EXACT] = "exact",
        [IMAGE_DIP_RULE_PRINCIPAL] = "principal",
        [IMAGE_DIP_RULE_COMPLETE] = "complete",
        [IMAGE_DIP_RULE_SCORE] = "score",
        [IMAGE_DIP_RULE_COST] = "cost",
        [IMAGE_DIP_RULE_KIND] = "kind",
        [IMAGE_DIP_RULE_PART] = "part",
        [IMAGE_DIP_RULE_CONDITIONS] = "conditions",
    };
    if (place >= IMAGE_DIP_RULES_MAX) {
        return place == DIP_BY_ORDER ? "order" : "";
    }
    return words[context->scheme->dip->steps[step].rules[place]];
}

static casemix_text kind_name(const struct casemix_context *context, uint32_t kind) {
    return text_of(context, context->scheme->dip->kinds[kind].name);
}

static bool has_entry(const casemix_context *context) {
    return context != NULL && context->dip.used && context->dip.entry != IMAGE_NONE32;
}

casemix_result casemix_dip_of(const casemix_context *context, casemix_dip *out) {
    if (out == NULL || !has_entry(context)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const struct dip_case *dip = &context->dip;
    const struct scheme_view *scheme = context->scheme;
    const struct image_dip_entry *entry = &scheme->dip->entries[dip->entry];
    *out = (casemix_dip){
        .entry = text_of(context, scheme->drgs[dip->entry].code),
        .name = text_of(context, scheme->drgs[dip->entry].name),
        .part = text_of(context, scheme->mdcs[dip_part(context, dip->entry)].code),
        .kind = kind_name(context, entry->kind),
        .case_kind = kind_name(context, dip->kind),
        .step = text_of(context, scheme->dip->steps[dip->step].name),
        .rule = dip_rule_text(context, dip->step, dip->rule),
        .score = entry->score,
        .mean_cost = dip_mean_cost(context, dip->entry),
        .factor = dip->factor,
        .basic = (entry->flags & IMAGE_DIP_ENTRY_BASIC) != 0,
    };
    return CASEMIX_OK;
}

uint32_t casemix_dip_index_count(const casemix_context *context) {
    return has_entry(context) ? context->dip.applied_count : 0;
}

casemix_result casemix_dip_index_at(const casemix_context *context, uint32_t n, casemix_dip_index *out) {
    if (out == NULL || n >= casemix_dip_index_count(context)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const struct dip_view *view = context->scheme->dip;
    const struct dip_applied *applied = &context->dip.applied[n];
    *out = (casemix_dip_index){
        .index = text_of(context, view->indices[applied->index].name),
        .class_name = text_of(context, view->classes[applied->class].name),
        .supervision = applied->index >= view->about->auxiliary_count,
        .counts = applied->counts,
        .number = applied->number,
    };
    return CASEMIX_OK;
}

/* Without a principal one, place 0 is one more, and empty. */
static bool is_headless(const struct dip_case *dip) {
    return dip->count > 0 && dip->principal == IMAGE_NONE32;
}

uint32_t casemix_dip_procedure_count(const casemix_context *context) {
    return context == NULL || !context->dip.used ? 0 : context->dip.count + is_headless(&context->dip);
}

casemix_result casemix_dip_procedure_at(const casemix_context *context, uint32_t n, casemix_text *code,
                                        casemix_text *kind) {
    if (code == NULL || kind == NULL || n >= casemix_dip_procedure_count(context)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const struct dip_case *dip = &context->dip;
    *code = *kind = no_text;
    if (n == 0 && is_headless(dip)) {
        return CASEMIX_OK;
    }
    uint32_t place = n == 0 ? dip->principal : is_headless(dip) || n <= dip->principal ? n - 1 : n;
    const struct scheme_view *scheme = context->scheme;
    code->text = catalogue_view_code(scheme->procedures, dip->ids[place], &code->length);
    *kind = kind_name(context, scheme->dip->procedures[dip->ids[place]].kind);
    return CASEMIX_OK;
}

casemix_result casemix_dip_case_kind(const casemix_context *context, casemix_text *kind, uint32_t *place) {
    if (context == NULL || kind == NULL || place == NULL || !context->dip.used) {
        return CASEMIX_BAD_ARGUMENT;
    }
    *place = context->dip.kind;
    *kind = kind_name(context, context->dip.kind);
    return CASEMIX_OK;
}

casemix_result casemix_dip_diagnosis(const casemix_context *context, casemix_text *code) {
    if (context == NULL || code == NULL || !context->dip.used) {
        return CASEMIX_BAD_ARGUMENT;
    }
    *code = no_text;
    if (context->dip.diagnosis != IMAGE_NONE32) {
        code->text = catalogue_view_code(context->scheme->diagnoses, context->dip.diagnosis, &code->length);
    }
    return CASEMIX_OK;
}
