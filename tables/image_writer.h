/* SPDX-License-Identifier: Apache-2.0
 *
 * Putting an image together: sections are handed over whole, in any order; the bytes that come out depend on nothing
 * but what was handed over. */
#ifndef CASEMIX_TABLES_IMAGE_WRITER_H
#define CASEMIX_TABLES_IMAGE_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "image.h"

struct image_writer;

struct image_writer *image_writer_new(void); /* NULL: no memory */
void image_writer_free(struct image_writer *writer);

/* A string of the image; equal strings are kept once. NULL is the empty string. */
image_text image_writer_text(struct image_writer *writer, const char *text);

/* A section; the records are copied. A section without records is left out. */
void image_writer_section(struct image_writer *writer, uint32_t section, uint32_t owner, const void *records,
                          uint32_t record_size, uint64_t count);

/* The finished image, to be freed by free(). `header` gives bundle, compiler and the counts; the rest is filled in.
 * NULL: no memory at some time before. */
void *image_writer_finish(struct image_writer *writer, const struct image_header *header, size_t *size);

/* Write a file so that a reader of `path` sees the old one or the new one: temporary name, fsync, rename. False with a
 * sentence in `message`. */
bool image_write_file(const char *path, const void *bytes, size_t size, char *message, size_t message_size);

#endif
