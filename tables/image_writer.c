/* SPDX-License-Identifier: Apache-2.0 */
#include "image_writer.h"

#include <errno.h>
#include <sys/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

struct part {
    struct image_entry entry;
    void *records;
};

struct image_writer {
    struct part *parts;
    size_t part_count, part_capacity;
    char *strings;
    size_t string_size, string_capacity;
    uint32_t *index; /* open addressing over the strings' offsets; 0 is free */
    size_t index_size, string_count;
    bool failed; /* some memory could not be had */
};

struct image_writer *image_writer_new(void) {
    struct image_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return NULL;
    }
    writer->string_capacity = 1 << 16;
    writer->string_size = 1; /* offset 0 is the empty string, without a length before it */
    writer->strings = calloc(1, writer->string_capacity);
    writer->index_size = 1 << 12;
    writer->index = calloc(writer->index_size, sizeof *writer->index);
    writer->failed = writer->strings == NULL || writer->index == NULL;
    return writer;
}

void image_writer_free(struct image_writer *writer) {
    if (writer == NULL) {
        return;
    }
    for (size_t i = 0; i < writer->part_count; i++) {
        free(writer->parts[i].records);
    }
    free(writer->parts);
    free(writer->strings);
    free(writer->index);
    free(writer);
}

/* The place of a string in the index: where it is, or where it would go. */
static size_t index_place(const struct image_writer *writer, const char *text, size_t length) {
    size_t mask = writer->index_size - 1;
    size_t at = XXH3_64bits(text, length) & mask;
    while (writer->index[at] != 0 && strcmp(writer->strings + writer->index[at], text) != 0) {
        at = (at + 1) & mask;
    }
    return at;
}

static bool index_grow(struct image_writer *writer) {
    uint32_t *old = writer->index;
    size_t old_size = writer->index_size;
    uint32_t *index = calloc(old_size * 2, sizeof *index);
    if (index == NULL) {
        return false;
    }
    writer->index = index;
    writer->index_size = old_size * 2;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] != 0) {
            const char *text = writer->strings + old[i];
            index[index_place(writer, text, strlen(text))] = old[i];
        }
    }
    free(old);
    return true;
}

image_text image_writer_text(struct image_writer *writer, const char *text) {
    if (writer->failed || text == NULL || text[0] == '\0') {
        return 0;
    }
    if (writer->string_count * 2 >= writer->index_size && !index_grow(writer)) {
        writer->failed = true;
        return 0;
    }
    size_t length = strlen(text);
    size_t at = index_place(writer, text, length);
    if (writer->index[at] != 0) {
        return writer->index[at];
    }
    uint32_t prefix = (uint32_t)length;
    while (writer->string_capacity - writer->string_size < sizeof prefix + length + 1) {
        char *strings = writer->string_capacity > UINT32_MAX / 4
                            ? NULL
                            : realloc(writer->strings, writer->string_capacity * 2);
        if (strings == NULL) {
            writer->failed = true;
            return 0;
        }
        writer->strings = strings;
        writer->string_capacity *= 2;
    }
    memcpy(writer->strings + writer->string_size, &prefix, sizeof prefix);
    uint32_t offset = (uint32_t)(writer->string_size + sizeof prefix);
    memcpy(writer->strings + offset, text, length + 1);
    writer->string_size = offset + length + 1;
    writer->index[at] = offset;
    writer->string_count++;
    return offset;
}

void image_writer_section(struct image_writer *writer, uint32_t section, uint32_t owner, const void *records,
                          uint32_t record_size, uint64_t count) {
    if (count == 0 || writer->failed) {
        return;
    }
    if (writer->part_count == writer->part_capacity) {
        size_t capacity = writer->part_capacity == 0 ? 64 : writer->part_capacity * 2;
        struct part *parts = realloc(writer->parts, capacity * sizeof *parts);
        if (parts == NULL) {
            writer->failed = true;
            return;
        }
        writer->parts = parts;
        writer->part_capacity = capacity;
    }
    struct part *part = &writer->parts[writer->part_count];
    *part = (struct part){
        .entry = {.section = section, .owner = owner, .count = count, .record_size = record_size}};
    part->records = malloc(record_size * count);
    if (part->records == NULL) {
        writer->failed = true;
        return;
    }
    memcpy(part->records, records, record_size * count);
    writer->part_count++;
}

static int by_section(const void *a, const void *b) {
    const struct image_entry *one = &((const struct part *)a)->entry, *two = &((const struct part *)b)->entry;
    if (one->section != two->section) {
        return one->section < two->section ? -1 : 1;
    }
    return one->owner < two->owner ? -1 : one->owner > two->owner;
}

static uint64_t aligned(uint64_t offset) {
    return (offset + IMAGE_ALIGN - 1) / IMAGE_ALIGN * IMAGE_ALIGN;
}

void *image_writer_finish(struct image_writer *writer, const struct image_header *header, size_t *size) {
    image_writer_section(writer, IMAGE_STRINGS, 0, writer->strings, 1, writer->string_size);
    if (writer->failed) {
        return NULL;
    }
    qsort(writer->parts, writer->part_count, sizeof *writer->parts, by_section);
    uint64_t end = aligned(sizeof *header + writer->part_count * sizeof(struct image_entry));
    for (size_t i = 0; i < writer->part_count; i++) {
        struct image_entry *entry = &writer->parts[i].entry;
        entry->offset = end;
        end = aligned(end + entry->count * entry->record_size);
    }
    char *bytes = calloc(1, end);
    if (bytes == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < writer->part_count; i++) {
        const struct image_entry *entry = &writer->parts[i].entry;
        memcpy(bytes + sizeof *header + i * sizeof *entry, entry, sizeof *entry);
        memcpy(bytes + entry->offset, writer->parts[i].records, entry->count * entry->record_size);
    }
    struct image_header head = *header;
    memcpy(head.magic, IMAGE_MAGIC, sizeof head.magic);
    head.version = IMAGE_VERSION;
    head.header_size = sizeof head;
    head.entry_size = sizeof(struct image_entry);
    head.section_count = (uint32_t)writer->part_count;
    head.file_size = end;
    head.checksum = 0;
    memcpy(bytes, &head, sizeof head);
    head.checksum = XXH3_64bits(bytes, end);
    memcpy(bytes, &head, sizeof head);
    *size = end;
    return bytes;
}

static bool write_all(int file, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t done = write(file, bytes, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        bytes += done;
        size -= (size_t)done;
    }
    return true;
}

bool image_write_file(const char *path, const void *bytes, size_t size, char *message, size_t message_size) {
    char temporary[4096];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp-XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof temporary) {
        snprintf(message, message_size, "%s: the path is too long; use a shorter one", path);
        return false;
    }
    int file = mkstemp(temporary);
    if (file < 0) {
        snprintf(message, message_size, "%s: cannot be written (%s); check that the folder exists and is yours", path,
                 strerror(errno));
        return false;
    }
    bool written = write_all(file, bytes, size) && fchmod(file, 0644) == 0 && fsync(file) == 0;
    written = close(file) == 0 && written;
    if (!written || rename(temporary, path) != 0) {
        snprintf(message, message_size, "%s: cannot be written (%s); check the space left on the disk", path,
                 strerror(errno));
        unlink(temporary);
        return false;
    }
    return true;
}
