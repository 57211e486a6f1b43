/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of an input as UTF-8: a file or standard input, gzip or plain, in UTF-8, GB18030 or UTF-16. */
#ifndef CASEMIX_TOOLS_SOURCE_H
#define CASEMIX_TOOLS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct source;

/* Open `path` ("-" is standard input). encoding: NULL to find out (a byte order mark; text that is not UTF-8 but is
 * GB18030), or a name that iconv knows. NULL on failure: a message was given. */
struct source *source_open(const char *path, const char *encoding);
/* Fill `into` with up to `room` bytes, room being 16 or more; *got is 0 only at the end. false: a message was
 * given. */
bool source_pull(struct source *source, char *into, size_t room, size_t *got);
/* "UTF-8", or what the text is converted from. */
const char *source_encoding(const struct source *source);
void source_close(struct source *source); /* NULL is allowed */

/* Is it UTF-8? On false, *at is the offset of the first byte that is not. */
bool utf8_valid(const char *text, size_t length, size_t *at);

#endif
