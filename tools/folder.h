/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of results, perhaps with folders in it, that is there completely or not at all. */
#ifndef CASEMIX_TOOLS_FOLDER_H
#define CASEMIX_TOOLS_FOLDER_H

#include <stdbool.h>

struct folder;

/* names: the files it may hold, up to a NULL: their names as `cases.csv`, or with the folders on the way as
 * `list/H01.csv`; in a name, a star stands for anything but a slash. An existing folder is refused, unless `force`
 * and it holds nothing but such files, links not followed. NULL after a message. */
struct folder *folder_open(const char *path, const char *const *names, bool force);
/* Where the file is written meanwhile; n is its place in `names`, and it is a name without folder. */
const char *folder_file(const struct folder *folder, int n);
/* The same for a file in a folder, by its whole name such as `statements/H01/cases.csv`. The folders on the way are
 * made. Valid until the folder is closed; NULL after a message. */
const char *folder_inside(struct folder *folder, const char *name);
/* Give it its name; false after a message, and nothing is left of it. */
bool folder_close(struct folder *folder);
void folder_abandon(struct folder *folder); /* NULL is allowed */

#endif
