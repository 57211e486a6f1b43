/* SPDX-License-Identifier: Apache-2.0
 *
 * Several schemes in one image: which of them a case is grouped by, decided by its date of discharge and the region of
 * its claim. A scheme that is bound to regions comes before one that is for all; two that could both claim a case are
 * refused when the context is made. */
#include "choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const casemix_text no_text = {"", 0};

uint32_t date_of(casemix_text text) {
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *at = text.text, *end = at + text.length;
    while (at < end && *at == ' ') {
        at++;
    }
    size_t left = (size_t)(end - at);
    bool signs = left >= 10 && (at[4] == '-' || at[4] == '/') && at[7] == at[4];
    size_t length = signs ? 10 : 8;
    if (left < length || (left > length && at[length] != ' ' && at[length] != 'T')) {
        return 0;
    }
    uint32_t date = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned char)at[i] - '0';
        if (signs && (i == 4 || i == 7)) {
            continue;
        }
        if (digit > 9) {
            return 0;
        }
        date = date * 10 + digit;
    }
    uint32_t month = date / 100 % 100, day = date % 100;
    return date >= 10000000 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] ? date : 0;
}

static bool has_region(const struct choice *choice, casemix_text region) {
    for (uint32_t i = 0; i < choice->region_count; i++) {
        if (choice->regions[i].length == region.length &&
            memcmp(choice->regions[i].text, region.text, region.length) == 0) {
            return true;
        }
    }
    return false;
}

/* Could both claim the same case with equal right? */
static bool collide(const struct choice *a, const struct choice *b) {
    if (a->from > b->until || b->from > a->until || (a->region_count == 0) != (b->region_count == 0)) {
        return false;
    }
    for (uint32_t i = 0; i < a->region_count; i++) {
        if (has_region(b, a->regions[i])) {
            return true;
        }
    }
    return a->region_count == 0;
}

static void fill_choice(const struct casemix_context *context, uint32_t number, struct choice *choice,
                        casemix_text *regions) {
    const struct scheme_view *scheme = image_scheme_view(context->owner->image, number);
    uint32_t from = date_of(text_of(context, scheme->about->from));
    uint32_t until = date_of(text_of(context, scheme->about->until));
    *choice = (struct choice){scheme, number, from, until == 0 ? UINT32_MAX : until, regions, scheme->region_count};
    for (uint32_t i = 0; i < scheme->region_count; i++) {
        regions[i] = text_of(context, scheme->regions[i]);
    }
}

casemix_result context_open_choices(struct casemix_context *context, const char **one, const char **other) {
    const struct image *image = context->owner->image;
    uint32_t count = image_scheme_count(image);
    size_t regions = 0;
    for (uint32_t i = 0; i < count; i++) {
        regions += image_scheme_view(image, i)->region_count;
    }
    struct choices *choices = calloc(1, sizeof *choices + count * sizeof(struct choice));
    casemix_text *texts = calloc(regions + 1, sizeof *texts);
    context->choices = choices;
    if (choices == NULL || texts == NULL) {
        free(texts);
        return CASEMIX_NO_MEMORY;
    }
    choices->texts = texts;
    choices->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct choice *choice = &choices->items[i];
        fill_choice(context, i, choice, texts);
        texts += choice->region_count;
        choices->by_date |= choice->from != 0 || choice->until != UINT32_MAX;
        for (uint32_t j = 0; j < i; j++) {
            if (collide(choice, &choices->items[j])) {
                *one = image_string(image, choices->items[j].scheme->about->id);
                *other = image_string(image, choice->scheme->about->id);
                return CASEMIX_BAD_ARGUMENT;
            }
        }
    }
    return CASEMIX_OK;
}

void context_close_choices(struct casemix_context *context) {
    if (context->choices != NULL) {
        free(context->choices->texts);
        free(context->choices);
    }
}

void context_use_scheme(struct casemix_context *context, uint32_t number) {
    context->scheme_number = number;
    context->scheme = image_scheme_view(context->owner->image, number);
    context->scheme_id = text_of(context, context->scheme->about->id);
}

/* No scheme: nothing of the case is looked at. */
static bool refuse(struct casemix_context *context, casemix_status status, casemix_reason reason, int fact,
                   casemix_grouping *out) {
    context->finding_count = 0;
    *out = (casemix_grouping){.status = status, .reason = reason, .fact = fact, .mdc = no_text, .adrg = no_text,
                              .drg = no_text, .name = no_text, .step = IMAGE_NONE32, .group = IMAGE_NONE32,
                              .scheme = no_text};
    return false;
}

bool choose_scheme(struct casemix_context *context, const struct casemix_case *one, casemix_grouping *out) {
    const struct choices *choices = context->choices;
    casemix_text discharged = one->facts[FACT_DISCHARGED], region = without_blanks(one->facts[FACT_REGION]);
    uint32_t date = 0;
    if (choices->by_date) {
        if (is_absent(discharged)) {
            return refuse(context, CASEMIX_NEEDS_DATA, CASEMIX_REASON_MISSING_FACT, FACT_DISCHARGED, out);
        }
        date = date_of(discharged);
        if (date == 0) {
            return refuse(context, CASEMIX_INVALID, CASEMIX_REASON_BAD_FACT, FACT_DISCHARGED, out);
        }
    }
    const struct choice *found = NULL;
    bool in_force = false;
    for (uint32_t i = 0; i < choices->count; i++) {
        const struct choice *choice = &choices->items[i];
        if (date < choice->from || date > choice->until) {
            continue;
        }
        in_force = true;
        if (choice->region_count == 0) {
            found = found == NULL ? choice : found;
        } else if (region.length > 0 && has_region(choice, region)) {
            found = choice;
            break;
        }
    }
    if (found != NULL) {
        if (found->scheme != context->scheme) {
            context_use_scheme(context, found->number);
        }
        return true;
    }
    if (in_force && region.length == 0) {
        return refuse(context, CASEMIX_NEEDS_DATA, CASEMIX_REASON_MISSING_FACT, FACT_REGION, out);
    }
    return refuse(context, CASEMIX_INVALID, CASEMIX_REASON_NO_SCHEME_IN_FORCE,
                  in_force ? FACT_REGION : FACT_DISCHARGED, out);
}
