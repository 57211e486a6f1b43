/* SPDX-License-Identifier: Apache-2.0
 *
 * Contexts: which scheme and policy of an image, and the scratch memory of one thread. */
#include "choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tables/image_policy.h"

static casemix_result fail(casemix_error *error, casemix_result code, const char *format, const char *what) {
    if (error != NULL) {
        error->code = code;
        snprintf(error->message, sizeof error->message, format, what);
    }
    return code;
}

static bool find_scheme(const casemix_image *image, const char *id, uint32_t *out) {
    for (uint32_t i = 0; i < casemix_scheme_count(image); i++) {
        const struct scheme_view *scheme = image_scheme_view(image->image, i);
        if (strcmp(image_string(image->image, scheme->about->id), id) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool find_policy(const casemix_image *image, const char *id, uint32_t *out, const char **scheme) {
    uint32_t count;
    const struct image_policy *policies = image_section(image->image, IMAGE_POLICIES, 0, sizeof *policies, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(image_string(image->image, policies[i].id), id) == 0) {
            *out = i;
            *scheme = image_string(image->image, policies[i].scheme);
            return true;
        }
    }
    return false;
}

/* Each case will say which scheme is its own. */
static casemix_result choose_by_case(struct casemix_context *context, casemix_error *error) {
    const char *one = "", *other = "";
    casemix_result result = context_open_choices(context, &one, &other);
    if (result == CASEMIX_NO_MEMORY) {
        return fail(error, result, "no memory for %s", "a context");
    }
    if (result != CASEMIX_OK && error != NULL) {
        error->code = result;
        snprintf(error->message, sizeof error->message,
                 "the image has several schemes, and %s and %s are in force at the same time; name the one to use", one,
                 other);
    }
    return result;
}

/* The numbers of the scheme and policy asked for. */
static casemix_result choose(const casemix_image *image, const char *scheme, const char *policy,
                             struct casemix_context *context, casemix_error *error) {
    const char *policy_scheme = NULL;
    if (policy != NULL && !find_policy(image, policy, &context->policy_number, &policy_scheme)) {
        return fail(error, CASEMIX_BAD_ARGUMENT,
                    "the image has no policy \"%s\"; `casemix version -i IMAGE` lists what it has", policy);
    }
    if (scheme == NULL) {
        scheme = policy_scheme;
    } else if (policy_scheme != NULL && strcmp(scheme, policy_scheme) != 0) {
        return fail(error, CASEMIX_BAD_ARGUMENT, "the policy is not for the scheme \"%s\"; leave the scheme out", scheme);
    }
    if (scheme == NULL && casemix_scheme_count(image) == 0) {
        return fail(error, CASEMIX_BAD_ARGUMENT, "the image has no %s to group by", "scheme");
    }
    if (scheme == NULL && casemix_scheme_count(image) > 1) {
        casemix_result result = choose_by_case(context, error);
        if (result != CASEMIX_OK) {
            return result;
        }
    }
    if (scheme != NULL && !find_scheme(image, scheme, &context->scheme_number)) {
        return fail(error, CASEMIX_BAD_ARGUMENT,
                    "the image has no scheme \"%s\"; `casemix version -i IMAGE` lists what it has", scheme);
    }
    context_use_scheme(context, context->scheme_number);
    return CASEMIX_OK;
}

casemix_result casemix_context_new(const casemix_image *image, const char *scheme, const char *policy,
                                   casemix_context **out, casemix_error *error) {
    if (image == NULL || out == NULL) {
        return fail(error, CASEMIX_BAD_ARGUMENT, "%s is NULL", image == NULL ? "image" : "out");
    }
    *out = NULL;
    struct casemix_context *context = calloc(1, sizeof *context);
    if (context == NULL) {
        return fail(error, CASEMIX_NO_MEMORY, "no memory for %s", "a context");
    }
    context->owner = image;
    casemix_result result = choose(image, scheme, policy, context, error);
    if (result == CASEMIX_OK && policy != NULL) {
        result = context_open_policy(context, error);
    }
    if (result != CASEMIX_OK) {
        casemix_context_free(context);
        return result;
    }
    *out = context;
    return CASEMIX_OK;
}

void casemix_context_free(casemix_context *context) {
    if (context != NULL) {
        context_close_policy(context);
        context_close_choices(context);
        free(context);
    }
}

casemix_result refuse_call(struct casemix_context *context, const char *message) {
    if (context != NULL) {
        snprintf(context->message, sizeof context->message, "%s", message);
    }
    return CASEMIX_BAD_ARGUMENT;
}

/* Does every scheme that the context may use have a crosswalk? */
static bool has_crosswalks(const struct casemix_context *context) {
    for (uint32_t i = 0; i < casemix_scheme_count(context->owner); i++) {
        const struct scheme_view *scheme = image_scheme_view(context->owner->image, i);
        bool used = context->choices != NULL || scheme == context->scheme;
        if (used && scheme->clinical_diagnosis_count == 0 && scheme->clinical_procedure_count == 0) {
            return false;
        }
    }
    return true;
}

casemix_result casemix_context_set(casemix_context *context, casemix_option option, int on) {
    if (context == NULL || (option != CASEMIX_COMPATIBILITY && option != CASEMIX_CLINICAL_CODES)) {
        return refuse_call(context, "there is no such switch; casemix.h lists them");
    }
    if (option == CASEMIX_COMPATIBILITY) {
        context->compatibility = on != 0;
        return CASEMIX_OK;
    }
    if (on != 0 && !has_crosswalks(context)) {
        return refuse_call(context, "the scheme has no crosswalk from the clinical version; name one under `codes` of "
                                    "the scheme, or give cases with codes of the insurance version");
    }
    context->clinical = on != 0;
    return CASEMIX_OK;
}

const char *casemix_context_message(const casemix_context *context) {
    return context == NULL ? "there is no context" : context->message;
}

uint32_t casemix_finding_count(const casemix_context *context) {
    return context == NULL ? 0 : context->finding_count;
}

casemix_result casemix_finding_at(const casemix_context *context, uint32_t n, casemix_finding *out) {
    if (context == NULL || out == NULL || n >= context->finding_count || n >= CASEMIX_FINDINGS_MAX) {
        return CASEMIX_BAD_ARGUMENT;
    }
    *out = context->findings[n];
    return CASEMIX_OK;
}
