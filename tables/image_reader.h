/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading an image: the file is mapped, verified once from end to end, and from then on used in place without further
 * checks. Whatever a reader function hands out lies inside the image and refers only to what lies inside it. */
#ifndef CASEMIX_TABLES_IMAGE_READER_H
#define CASEMIX_TABLES_IMAGE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "image.h"

struct image;
struct dip_view;

enum image_status { IMAGE_OK, IMAGE_CANNOT_READ, IMAGE_DAMAGED, IMAGE_NO_MEMORY };

/* A code catalogue, ready for look-ups. */
struct catalogue_view {
    const struct image_catalogue *about;
    const struct image_key *keys;
    const uint16_t *displacements;
    const struct image_long_key *long_keys;
    const image_text *names;
    uint32_t id_count; /* slots + long codes */
};

/* A scheme; counts are those of the sections. */
struct scheme_view {
    const struct image_scheme *about;
    const struct catalogue_view *diagnoses, *procedures;
    const uint16_t *diagnosis_profile, *procedure_profile;
    const struct image_diagnosis_profile *diagnosis_profiles;
    const struct image_procedure_profile *procedure_profiles;
    const uint64_t *rows, *fact_rows, *masks;
    const struct image_rule *rules;
    const struct image_step *steps;
    const struct image_branch *branches;
    const struct image_number *numbers;
    const struct image_break *breaks;
    const struct image_word *words;
    const struct image_derived *derived;
    const struct image_requirement *requirements;
    const struct image_mdc *mdcs;
    const struct image_drg *drgs;
    const struct image_expression *expressions;
    const struct image_set *sets;
    const uint16_t *members;
    const image_text *expression_words, *regions;
    const struct image_crossing *clinical_diagnoses, *clinical_procedures;
    const struct dip_view *dip; /* dip_view.h; NULL: it is no DIP scheme */
    uint32_t diagnosis_profile_count, procedure_profile_count, row_count, fact_row_count, mask_count, rule_count,
        step_count, branch_count, number_count, break_count, word_count, derived_count, requirement_count, mdc_count,
        drg_count, expression_count, set_count, member_count, expression_word_count, clinical_diagnosis_count,
        clinical_procedure_count, region_count;
};

/* Open a file, or take bytes aligned to 8 that outlive the image. A sentence in `message` unless IMAGE_OK. */
enum image_status image_open(const char *path, struct image **out, char *message, size_t message_size);
enum image_status image_from_memory(const void *bytes, size_t size, struct image **out, char *message,
                                    size_t message_size);
void image_close(struct image *image); /* NULL is allowed */

const struct image_header *image_about(const struct image *image);

/* A string of the image, NUL-terminated. */
const char *image_string(const struct image *image, image_text text);

/* The length of a string of the image. */
size_t image_string_length(const struct image *image, image_text text);

/* A section as an array of `*count` records; NULL and 0 if the image has none. The record size was checked. */
const void *image_section(const struct image *image, uint32_t section, uint32_t owner, uint32_t record_size,
                          uint32_t *count);

struct policy_view; /* policy_view.h */
uint32_t image_policy_count(const struct image *image);
const struct policy_view *image_policy_view(const struct image *image, uint32_t n);

uint32_t image_scheme_count(const struct image *image);
const struct scheme_view *image_scheme_view(const struct image *image, uint32_t n);

/* The id of a code longer than IMAGE_KEY_BYTES; code_lookup.h finds codes of any length. */
uint32_t catalogue_view_find_long(const struct catalogue_view *catalogue, const char *code, size_t length);

/* The code of an id, and its length (at most IMAGE_LONG_BYTES); not NUL-terminated. */
const char *catalogue_view_code(const struct catalogue_view *catalogue, uint32_t id, size_t *length);

#endif
