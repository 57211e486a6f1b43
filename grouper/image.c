/* SPDX-License-Identifier: Apache-2.0
 *
 * Images as the public header shows them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tables/image_policy.h"
#include "../tables/policy_view.h"
#include "context.h"

const char *casemix_version(void) {
    return CASEMIX_VERSION;
}

static casemix_result finish_open(enum image_status status, struct image *image, casemix_image **out,
                                  casemix_error *error) {
    static const casemix_result results[] = {[IMAGE_OK] = CASEMIX_OK,
                                             [IMAGE_CANNOT_READ] = CASEMIX_NO_FILE,
                                             [IMAGE_DAMAGED] = CASEMIX_BAD_IMAGE,
                                             [IMAGE_NO_MEMORY] = CASEMIX_NO_MEMORY};
    if (status == IMAGE_OK) {
        *out = calloc(1, sizeof **out);
        if (*out == NULL) {
            image_close(image);
            status = IMAGE_NO_MEMORY;
        } else {
            (*out)->image = image;
            snprintf((*out)->fingerprint, sizeof(*out)->fingerprint, "%016llx",
                     (unsigned long long)image_about(image)->checksum);
        }
    }
    if (error != NULL) {
        error->code = results[status];
        if (status == IMAGE_OK) {
            error->message[0] = '\0';
        }
    }
    return results[status];
}

static casemix_result refuse(casemix_error *error, const char *what) {
    if (error != NULL) {
        error->code = CASEMIX_BAD_ARGUMENT;
        snprintf(error->message, sizeof error->message, "%s is NULL; give one", what);
    }
    return CASEMIX_BAD_ARGUMENT;
}

casemix_result casemix_image_open(const char *path, casemix_image **out, casemix_error *error) {
    char unused[500];
    struct image *image = NULL;
    if (out == NULL || path == NULL) {
        return refuse(error, out == NULL ? "out" : "path");
    }
    *out = NULL;
    char *message = error == NULL ? unused : error->message;
    enum image_status status = image_open(path, &image, message, sizeof unused);
    return finish_open(status, image, out, error);
}

casemix_result casemix_image_from_memory(const void *bytes, size_t size, casemix_image **out,
                                         casemix_error *error) {
    char unused[500];
    struct image *image = NULL;
    if (out == NULL || bytes == NULL) {
        return refuse(error, out == NULL ? "out" : "bytes");
    }
    *out = NULL;
    char *message = error == NULL ? unused : error->message;
    enum image_status status = image_from_memory(bytes, size, &image, message, sizeof unused);
    return finish_open(status, image, out, error);
}

static_assert(sizeof((casemix_error *)0)->message == 500, "messages of the two kinds of opening have one size");

void casemix_image_close(casemix_image *image) {
    if (image != NULL) {
        image_close(image->image);
        free(image);
    }
}

const char *casemix_image_fingerprint(const casemix_image *image) {
    return image == NULL ? "" : image->fingerprint;
}

static casemix_text image_text_of(const casemix_image *image, image_text text) {
    return (casemix_text){image_string(image->image, text), image_string_length(image->image, text)};
}

uint32_t casemix_scheme_count(const casemix_image *image) {
    return image == NULL ? 0 : image_about(image->image)->scheme_count;
}

uint32_t casemix_policy_count(const casemix_image *image) {
    return image == NULL ? 0 : image_about(image->image)->policy_count;
}

uint32_t casemix_source_count(const casemix_image *image) {
    return image == NULL ? 0 : image_about(image->image)->source_count;
}

/* ADRGs are counted by their codes: an ADRG in several entries, which stand together, is one. QY steps are none. */
static uint32_t count_adrgs(const casemix_image *image, const struct scheme_view *scheme) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < scheme->step_count; i++) {
        bool again = false;
        for (uint32_t j = scheme->mdcs[scheme->steps[i].mdc].first_step; j < i && !again; j++) {
            again = strcmp(image_string(image->image, scheme->steps[i].code),
                           image_string(image->image, scheme->steps[j].code)) == 0;
        }
        count += !again && !(scheme->steps[i].flags & IMAGE_STEP_QY);
    }
    return count;
}

casemix_result casemix_scheme_at(const casemix_image *image, uint32_t n, casemix_scheme_info *out) {
    if (image == NULL || out == NULL || n >= casemix_scheme_count(image)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const struct scheme_view *scheme = image_scheme_view(image->image, n);
    *out = (casemix_scheme_info){
        .id = image_text_of(image, scheme->about->id),
        .title = image_text_of(image, scheme->about->title),
        .source = image_text_of(image, scheme->about->source),
        .from = image_text_of(image, scheme->about->from),
        .until = image_text_of(image, scheme->about->until),
        .mdcs = scheme->mdc_count,
        .adrgs = scheme->dip == NULL ? count_adrgs(image, scheme) : 0,
        .drgs = scheme->drg_count,
        .diagnoses = scheme->about->diagnosis_count,
        .procedures = scheme->about->procedure_count,
    };
    return CASEMIX_OK;
}

int casemix_scheme_kind_at(const casemix_image *image, uint32_t n) {
    if (image == NULL || n >= casemix_scheme_count(image)) {
        return -1;
    }
    return image_scheme_view(image->image, n)->dip == NULL ? CASEMIX_SCHEME_DRG : CASEMIX_SCHEME_DIP;
}

int casemix_scheme_is_demonstration(const casemix_image *image, uint32_t n) {
    return image != NULL && n < casemix_scheme_count(image) &&
           image_scheme_view(image->image, n)->about->demonstration != 0;
}

uint32_t casemix_scheme_region_count(const casemix_image *image, uint32_t n) {
    return image == NULL || n >= casemix_scheme_count(image) ? 0 : image_scheme_view(image->image, n)->region_count;
}

casemix_result casemix_scheme_region_at(const casemix_image *image, uint32_t n, uint32_t region,
                                        casemix_text *out) {
    if (out == NULL || region >= casemix_scheme_region_count(image, n)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    *out = image_text_of(image, image_scheme_view(image->image, n)->regions[region]);
    return CASEMIX_OK;
}

casemix_result casemix_scheme_answer_at(const casemix_image *image, uint32_t n, uint32_t answer, casemix_text *code,
                                        casemix_text *name) {
    if (image == NULL || code == NULL || name == NULL || n >= casemix_scheme_count(image)) {
        return CASEMIX_BAD_ARGUMENT;
    }
    const struct scheme_view *scheme = image_scheme_view(image->image, n);
    if (answer < scheme->drg_count) {
        *code = image_text_of(image, scheme->drgs[answer].code);
        *name = image_text_of(image, scheme->drgs[answer].name);
        return CASEMIX_OK;
    }
    if (answer - scheme->drg_count >= scheme->step_count) {
        return CASEMIX_BAD_ARGUMENT;
    }
    *code = image_text_of(image, scheme->steps[answer - scheme->drg_count].code);
    *name = image_text_of(image, scheme->steps[answer - scheme->drg_count].name);
    return CASEMIX_OK;
}

casemix_result casemix_policy_at(const casemix_image *image, uint32_t n, casemix_policy_info *out) {
    uint32_t count = 0;
    const struct image_policy *policies =
        image == NULL ? NULL : image_section(image->image, IMAGE_POLICIES, 0, sizeof *policies, &count);
    if (out == NULL || n >= count) {
        return CASEMIX_BAD_ARGUMENT;
    }
    *out = (casemix_policy_info){
        .id = image_text_of(image, policies[n].id),
        .title = image_text_of(image, policies[n].title),
        .source = image_text_of(image, policies[n].source),
        .scheme = image_text_of(image, policies[n].scheme),
        .note = image_text_of(image, policies[n].note),
        .from = image_text_of(image, policies[n].from),
        .until = image_text_of(image, policies[n].until),
    };
    return CASEMIX_OK;
}

int casemix_policy_is_demonstration(const casemix_image *image, uint32_t n) {
    return n < casemix_policy_count(image) && image_policy_view(image->image, n)->about->demonstration != 0;
}

casemix_text casemix_policy_methods(const casemix_image *image, uint32_t n) {
    return n < casemix_policy_count(image)
               ? image_text_of(image, image_policy_view(image->image, n)->about->methods)
               : (casemix_text){"", 0};
}

casemix_result casemix_source_at(const casemix_image *image, uint32_t n, casemix_source_info *out) {
    uint32_t count = 0;
    const struct image_source *sources =
        image == NULL ? NULL : image_section(image->image, IMAGE_SOURCES, 0, sizeof *sources, &count);
    if (out == NULL || n >= count) {
        return CASEMIX_BAD_ARGUMENT;
    }
    *out = (casemix_source_info){image_text_of(image, sources[n].name), sources[n].size, sources[n].hash};
    return CASEMIX_OK;
}
