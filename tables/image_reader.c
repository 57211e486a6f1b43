/* SPDX-License-Identifier: Apache-2.0 */
#include "image_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "code_hash.h"
#include "image_private.h"

bool image_check_fail(struct image_check *check, const char *what) {
    check->status = IMAGE_DAMAGED;
    snprintf(check->message, check->message_size,
             "the image is damaged (%s); compile it again, or copy it again from where it came", what);
    return false;
}

/* The directory entry of a section. Images have a few dozen sections a scheme and look-ups happen at opening only. */
static const struct image_entry *find_entry(const struct image *image, uint32_t section, uint32_t owner) {
    for (uint32_t i = 0; i < image->header->section_count; i++) {
        const struct image_entry *entry = &image->entries[i];
        if (entry->section == section && entry->owner == owner) {
            return entry;
        }
    }
    return NULL;
}

const void *image_section(const struct image *image, uint32_t section, uint32_t owner, uint32_t record_size,
                          uint32_t *count) {
    const struct image_entry *entry = find_entry(image, section, owner);
    if (entry == NULL || entry->record_size != record_size) {
        *count = 0;
        return NULL;
    }
    *count = (uint32_t)entry->count;
    return image->bytes + entry->offset;
}

const void *image_check_section(struct image_check *check, uint32_t section, uint32_t owner, uint32_t record_size,
                                uint32_t *count, const char *what) {
    const void *records = image_section(check->image, section, owner, record_size, count);
    if (records == NULL) {
        image_check_fail(check, what);
    }
    return records;
}

bool image_check_optional(struct image_check *check, uint32_t section, uint32_t owner, uint32_t record_size,
                          const void **records, uint32_t *count) {
    *records = image_section(check->image, section, owner, record_size, count);
    return *records != NULL || find_entry(check->image, section, owner) == NULL ||
           image_check_fail(check, "size of the records of a section");
}

/* The checksum covers the whole file with its own field taken as zero. */
static uint64_t checksum_of(const char *bytes, size_t size) {
    struct image_header head;
    memcpy(&head, bytes, sizeof head);
    head.checksum = 0;
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, &head, sizeof head);
    XXH3_64bits_update(&state, bytes + sizeof head, size - sizeof head);
    return XXH3_64bits_digest(&state);
}

static bool check_header(struct image_check *check) {
    const struct image *image = check->image;
    const struct image_header *header = image->header;
    if (image->size < sizeof *header || memcmp(header->magic, IMAGE_MAGIC, sizeof header->magic) != 0) {
        check->status = IMAGE_DAMAGED;
        snprintf(check->message, check->message_size,
                 "this is not a Casemix image; make one with `casemix compile BUNDLE.yaml -o IMAGE.cmx`");
        return false;
    }
    if (header->version < IMAGE_OLDEST_VERSION || header->version > IMAGE_VERSION) {
        check->status = IMAGE_DAMAGED;
        snprintf(check->message, check->message_size,
                 "the image has format version %u and this program reads %d to %d; compile the rules again with this "
                 "program, or use a newer one",
                 header->version, IMAGE_OLDEST_VERSION, IMAGE_VERSION);
        return false;
    }
    if (header->header_size != sizeof *header || header->entry_size != sizeof(struct image_entry)) {
        return image_check_fail(check, "size of its header");
    }
    if (header->file_size != image->size) {
        return image_check_fail(check, "it is not as long as it says");
    }
    if (header->checksum != checksum_of(image->bytes, image->size)) {
        return image_check_fail(check, "its checksum does not fit");
    }
    return true;
}

static bool check_directory(struct image_check *check) {
    struct image *image = check->image;
    uint64_t count = image->header->section_count;
    if (count > 100000 || !image_within(sizeof *image->header, count * sizeof(struct image_entry), image->size)) {
        return image_check_fail(check, "directory of sections");
    }
    for (uint64_t i = 0; i < count; i++) {
        const struct image_entry *entry = &image->entries[i];
        bool fits = entry->record_size > 0 && entry->count < UINT32_MAX && entry->offset % IMAGE_ALIGN == 0 &&
                    image_within(entry->offset, entry->count * entry->record_size, image->size);
        /* Sorted by section and owner, and in that order in the file, so none comes twice and none overlaps. */
        if (fits && i > 0) {
            const struct image_entry *before = entry - 1;
            fits = (before->section < entry->section ||
                    (before->section == entry->section && before->owner < entry->owner)) &&
                   before->offset + before->count * before->record_size <= entry->offset;
        }
        if (!fits) {
            return image_check_fail(check, "place of a section");
        }
    }
    image->strings = image_check_section(check, IMAGE_STRINGS, 0, 1, &image->string_size, "strings");
    if (image->strings == NULL) {
        return false;
    }
    if (image->string_size == 0 || image->strings[0] != '\0' || image->strings[image->string_size - 1] != '\0') {
        return image_check_fail(check, "strings");
    }
    return image_has_text(image, image->header->bundle) && image_has_text(image, image->header->compiler)
               ? true
               : image_check_fail(check, "names in its header");
}

static bool check_sources(struct image_check *check) {
    const struct image *image = check->image;
    uint32_t count;
    const struct image_source *sources =
        image_section(image, IMAGE_SOURCES, 0, sizeof(struct image_source), &count);
    if (count != image->header->source_count) {
        return image_check_fail(check, "list of sources");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!image_has_text(image, sources[i].name)) {
            return image_check_fail(check, "name of a source");
        }
    }
    return true;
}

static bool verify(struct image_check *check) {
    struct image *image = check->image;
    if (!check_header(check) || !check_directory(check) || !check_sources(check)) {
        return false;
    }
    const struct image_header *header = image->header;
    if (header->catalogue_count > 1000 || header->scheme_count > 1000 ||
        header->policy_count > 1000) {
        return image_check_fail(check, "number of schemes");
    }
    image->catalogues = calloc(header->catalogue_count + 1, sizeof *image->catalogues);
    image->schemes = calloc(header->scheme_count + 1, sizeof *image->schemes);
    image->dips = calloc(header->scheme_count + 1, sizeof *image->dips);
    image->policies = calloc(header->policy_count + 1, sizeof *image->policies);
    if (image->catalogues == NULL || image->schemes == NULL || image->dips == NULL || image->policies == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < header->catalogue_count; i++) {
        if (!image_check_catalogue(check, i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < header->scheme_count; i++) {
        if (!image_check_scheme(check, i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < header->policy_count; i++) {
        if (!image_check_policy(check, i)) {
            return false;
        }
    }
    return true;
}

static enum image_status open_bytes(const void *bytes, size_t size, bool mapped, struct image **out, char *message,
                                    size_t message_size) {
    struct image *image = calloc(1, sizeof *image);
    if (image == NULL) {
        snprintf(message, message_size, "no memory for the image");
        return IMAGE_NO_MEMORY;
    }
    image->bytes = bytes;
    image->size = size;
    image->mapped = mapped;
    image->header = bytes;
    image->entries = (const struct image_entry *)((const char *)bytes + sizeof *image->header);
    snprintf(message, message_size, "no memory for the image");
    struct image_check check = {image, message, message_size, IMAGE_NO_MEMORY};
    if (!verify(&check)) {
        image->mapped = false; /* the caller unmaps */
        image_close(image);
        return check.status;
    }
    message[0] = '\0';
    *out = image;
    return IMAGE_OK;
}

enum image_status image_from_memory(const void *bytes, size_t size, struct image **out, char *message,
                                    size_t message_size) {
    *out = NULL;
    if ((uintptr_t)bytes % 8 != 0 || size < sizeof(struct image_header)) {
        snprintf(message, message_size, "this is not a Casemix image (%zu bytes)", size);
        return IMAGE_DAMAGED;
    }
    return open_bytes(bytes, size, false, out, message, message_size);
}

static enum image_status open_file(const char *path, int file, struct image **out, char *message,
                                   size_t message_size) {
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        snprintf(message, message_size, "%s: not a regular file; name an image made by `casemix compile`", path);
        return IMAGE_CANNOT_READ;
    }
    size_t size = (size_t)about.st_size;
    if (size < sizeof(struct image_header)) {
        snprintf(message, message_size, "%s: this is not a Casemix image (%zu bytes); make one with `casemix compile`",
                 path, size);
        return IMAGE_DAMAGED;
    }
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
        snprintf(message, message_size, "%s: cannot be mapped (%s)", path, strerror(errno));
        return IMAGE_CANNOT_READ;
    }
    char detail[400];
    enum image_status status = open_bytes(bytes, size, true, out, detail, sizeof detail);
    if (status != IMAGE_OK) {
        munmap(bytes, size);
        snprintf(message, message_size, "%s: %s", path, detail);
    }
    return status;
}

enum image_status image_open(const char *path, struct image **out, char *message, size_t message_size) {
    *out = NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        snprintf(message, message_size, "%s: cannot be opened (%s); check the path given with -i", path,
                 strerror(errno));
        return IMAGE_CANNOT_READ;
    }
    enum image_status status = open_file(path, file, out, message, message_size);
    close(file);
    return status;
}

void image_close(struct image *image) {
    if (image == NULL) {
        return;
    }
    free(image->catalogues);
    free(image->schemes);
    free(image->dips);
    free(image->policies);
    if (image->mapped) {
        munmap((void *)image->bytes, image->size);
    }
    free(image);
}

const struct image_header *image_about(const struct image *image) {
    return image->header;
}

const char *image_string(const struct image *image, image_text text) {
    return image->strings + text;
}

uint32_t image_policy_count(const struct image *image) {
    return image->header->policy_count;
}

const struct policy_view *image_policy_view(const struct image *image, uint32_t n) {
    return &image->policies[n];
}

size_t image_string_length(const struct image *image, image_text text) {
    uint32_t length = 0;
    if (text != 0) {
        memcpy(&length, image->strings + text - sizeof length, sizeof length);
    }
    return length;
}

uint32_t image_scheme_count(const struct image *image) {
    return image->header->scheme_count;
}

const struct scheme_view *image_scheme_view(const struct image *image, uint32_t n) {
    return &image->schemes[n];
}

uint32_t catalogue_view_find_long(const struct catalogue_view *catalogue, const char *code, size_t length) {
    char key[IMAGE_LONG_BYTES] = {0};
    if (length > sizeof key) {
        return IMAGE_NONE32;
    }
    memcpy(key, code, length);
    uint32_t low = 0, high = catalogue->about->long_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = memcmp(key, catalogue->long_keys[middle].bytes, sizeof key);
        if (order == 0) {
            return catalogue->about->slots + middle;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return IMAGE_NONE32;
}

const char *catalogue_view_code(const struct catalogue_view *catalogue, uint32_t id, size_t *length) {
    uint32_t slots = catalogue->about->slots;
    const char *bytes = id < slots ? catalogue->keys[id].bytes : catalogue->long_keys[id - slots].bytes;
    *length = strnlen(bytes, id < slots ? IMAGE_KEY_BYTES : IMAGE_LONG_BYTES);
    return bytes;
}
