/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of an opened image, shared by the reader and the functions that verify it. */
#ifndef CASEMIX_TABLES_IMAGE_PRIVATE_H
#define CASEMIX_TABLES_IMAGE_PRIVATE_H

#include <string.h>

#include "dip_view.h"
#include "image_reader.h"
#include "policy_view.h"

struct image {
    const char *bytes;
    size_t size;
    bool mapped;
    const struct image_header *header;
    const struct image_entry *entries;
    const char *strings;
    uint32_t string_size;
    struct catalogue_view *catalogues;
    struct scheme_view *schemes;
    struct dip_view *dips; /* one a scheme; of DIP schemes only something is in it */
    struct policy_view *policies;
};

/* The verification of one image: the first thing found wrong ends up in `message`. */
struct image_check {
    struct image *image;
    char *message;
    size_t message_size;
    enum image_status status; /* no memory, until something was found wrong */
};

/* False, and a sentence that names the section. */
bool image_check_fail(struct image_check *check, const char *what) __attribute__((cold));

/* A section that must be there, with records of this size; its count goes to *count. NULL after image_check_fail. */
const void *image_check_section(struct image_check *check, uint32_t section, uint32_t owner, uint32_t record_size,
                                uint32_t *count, const char *what);

/* A section that may be missing; false after image_check_fail if it has records of another size. */
bool image_check_optional(struct image_check *check, uint32_t section, uint32_t owner, uint32_t record_size,
                          const void **records, uint32_t *count);

/* Is there a string, as long as it says? */
static inline bool image_has_text(const struct image *image, image_text text) {
    uint32_t length;
    if (text == 0) {
        return true;
    }
    if (text < sizeof length || text >= image->string_size) {
        return false;
    }
    memcpy(&length, image->strings + text - sizeof length, sizeof length);
    return length < image->string_size - text && memchr(image->strings + text, '\0', length + 1) ==
                                                     image->strings + text + length;
}

/* Is first .. first + count within 0 .. total? */
static inline bool image_within(uint64_t first, uint64_t count, uint64_t total) {
    return first <= total && count <= total - first;
}

bool image_check_catalogue(struct image_check *check, uint32_t n);
bool image_check_scheme(struct image_check *check, uint32_t n);
bool image_check_dip(struct image_check *check, uint32_t n); /* after the rest of scheme n */
bool image_check_policy(struct image_check *check, uint32_t n); /* after the schemes */

#endif
