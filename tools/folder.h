/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of results that is there completely or not at all. */
#ifndef CASEMIX_TOOLS_FOLDER_H
#define CASEMIX_TOOLS_FOLDER_H

#include <stdbool.h>

struct folder;

/* names: the files it will hold, up to a NULL. An existing folder is refused, unless `force` and it holds nothing
 * but those files. NULL after a message. */
struct folder *folder_open(const char *path, const char *const *names, bool force);
/* Where the file is written meanwhile; n is its place in `names`. */
const char *folder_file(const struct folder *folder, int n);
/* Give it its name; false after a message, and nothing is left of it. */
bool folder_close(struct folder *folder);
void folder_abandon(struct folder *folder); /* NULL is allowed */

#endif
