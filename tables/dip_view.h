/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes a scheme of an opened image a DIP scheme, verified: what its records refer to is there. */
#ifndef CASEMIX_TABLES_DIP_VIEW_H
#define CASEMIX_TABLES_DIP_VIEW_H

#include "image_dip.h"

/* Entries, and their texts and level means, are as many as the DRGs of the scheme; diagnoses and procedures as many as
 * the ids of its catalogues; kinds and level means as `about` says. */
struct dip_view {
    const struct image_dip *about;
    const struct image_dip_bucket *buckets;
    const uint32_t *diagnoses; /* bucket of each id; IMAGE_NONE32: excluded as principal diagnosis */
    const struct image_dip_procedure *procedures;
    const struct image_dip_match *matches;
    const struct image_dip_need *needs;
    const uint16_t *members;
    const struct image_dip_entry *entries;
    const struct image_dip_text *texts;
    const struct image_dip_step *steps;
    const struct image_dip_word *level_words;
    const int64_t *level_means; /* entry * level_count + level; NULL if there are no levels */
    const struct image_dip_index *indices;
    const struct image_dip_class *classes;
    const struct image_dip_factor *factors;
    const struct image_dip_kind *kinds;
    const uint16_t *masks;
    uint32_t bucket_count, match_count, need_count, member_count, entry_count, step_count, level_word_count,
        level_mean_count, index_count, class_count, factor_count, mask_count;
};

#endif
