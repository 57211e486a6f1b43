/* SPDX-License-Identifier: Apache-2.0
 *
 * Images: the input is one, its checksum made true, so that the lies behind it are looked at. */
#include "fuzz.h"
#include "tables/image.h"

#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    unsigned char *bytes = aligned_alloc(64, (size + 64) / 64 * 64);
    if (!bytes) {
        return 0;
    }
    memcpy(bytes, data, size);
    struct image_header *header = (struct image_header *)(void *)bytes;
    if (size >= sizeof *header) {
        header->file_size = size;
        header->checksum = 0;
        header->checksum = XXH3_64bits(bytes, size);
    }
    fuzz_use_image(bytes, size);
    free(bytes);
    return 0;
}
