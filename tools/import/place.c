/* SPDX-License-Identifier: Apache-2.0
 *
 * The folder of an import: made under a temporary name, given its own when it is complete. What stood there before is
 * taken away only when --force was said, and only if it is rules or empty. */
#include "import.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place_out {
    struct arena *arena;
    const char *path, *temporary;
    bool replaces;
};

enum { DEPTH_MAX = 4 };

/* Nothing but rules may be in a folder that is replaced. */
static bool only_rules(const char *path, int depth) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        complain("cannot replace %s: %s", path, strerror(errno));
        return false;
    }
    bool fine = true;
    for (struct dirent *entry; fine && (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name, *end = strrchr(name, '.');
        char *file;
        struct stat about;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            continue;
        }
        if (asprintf(&file, "%s/%s", path, name) < 0) {
            out_of_memory();
        }
        bool known = end != NULL && (strcmp(end, ".yaml") == 0 || strcmp(end, ".txt") == 0 || strcmp(end, ".tsv") == 0 ||
                                     strcmp(end, ".md") == 0);
        fine = lstat(file, &about) == 0 &&
               (S_ISDIR(about.st_mode) ? depth < DEPTH_MAX && only_rules(file, depth + 1) : S_ISREG(about.st_mode) && known);
        if (!fine) {
            complain("%s is no file of an import, so its folder is not replaced; choose another folder", file);
        }
        free(file);
    }
    closedir(folder);
    return fine;
}

static void remove_tree(const char *path, int depth) {
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && depth <= DEPTH_MAX && (entry = readdir(folder)) != NULL;) {
        char *file;
        struct stat about;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (asprintf(&file, "%s/%s", path, entry->d_name) < 0) {
            out_of_memory();
        }
        if (lstat(file, &about) == 0 && S_ISDIR(about.st_mode)) {
            remove_tree(file, depth + 1);
        } else {
            unlink(file);
        }
        free(file);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    rmdir(path);
}

bool place_is_free(const char *path, bool force) {
    struct stat there;
    if (force || lstat(path, &there) != 0) {
        return true;
    }
    complain("%s exists; say --force to replace it, or choose another folder", path);
    return false;
}

struct place_out *place_open(const char *path, bool force) {
    struct stat there;
    bool exists = lstat(path, &there) == 0;
    if (!place_is_free(path, force)) {
        return NULL;
    }
    if (exists && (!S_ISDIR(there.st_mode) || !only_rules(path, 0))) {
        complain("%s is not replaced", path);
        return NULL;
    }
    struct arena *arena = arena_new();
    struct place_out *out = ARENA_NEW(arena, struct place_out);
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    char *temporary = arena_format(arena, "%.*s.XXXXXX", (int)length, path);
    *out = (struct place_out){arena, arena_copy(arena, path, length), temporary, exists};
    if (mkdtemp(temporary) == NULL) {
        complain("cannot write %s: %s; check that the folder it goes to exists and may be written to", path,
                 strerror(errno));
        arena_free(arena);
        return NULL;
    }
    return out;
}

const char *place_file(struct place_out *out, const char *name) {
    return arena_format(out->arena, "%s/%s", out->temporary, name);
}

bool place_write(struct place_out *out, const char *name, const struct yaml *yaml) {
    const char *path = place_file(out, name), *slash = strrchr(name, '/');
    if (slash != NULL) {
        mkdir(place_file(out, arena_copy(out->arena, name, (size_t)(slash - name))), 0777);
    }
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fwrite(yaml->bytes, 1, yaml->length, file) == yaml->length;
    good = file != NULL && fclose(file) == 0 && good;
    if (!good) {
        complain("cannot write %s: %s", path, strerror(errno));
    }
    return good;
}

bool place_put(struct place_out *out, const char *name, struct yaml *yaml) {
    bool good = place_write(out, name, yaml);
    yaml_clear(yaml);
    return good;
}

bool place_close(struct place_out *out) {
    mode_t mask = umask(0);
    umask(mask);
    const char *aside = arena_format(out->arena, "%s.old", out->temporary);
    bool fine = chmod(out->temporary, 0777 & ~mask) == 0 && (!out->replaces || rename(out->path, aside) == 0);
    if (fine && rename(out->temporary, out->path) != 0) {
        fine = false;
        int reason = errno;
        if (out->replaces && rename(aside, out->path) != 0) {
            complain("the former %s is now %s", out->path, aside);
        }
        errno = reason;
    } else if (fine && out->replaces) {
        remove_tree(aside, 0);
    }
    if (!fine) {
        complain("cannot write %s: %s", out->path, strerror(errno));
        place_abandon(out);
        return false;
    }
    arena_free(out->arena);
    return true;
}

void place_abandon(struct place_out *out) {
    if (out != NULL) {
        remove_tree(out->temporary, 0);
        arena_free(out->arena);
    }
}

/* ---- ways ---- */

/* The whole path without `.` and `..`; what does not exist is taken as written. */
static char *absolute(struct arena *arena, const char *path) {
    char *real = realpath(path, NULL);
    if (real != NULL) {
        char *copy = arena_copy(arena, real, strlen(real));
        free(real);
        return copy;
    }
    const char *slash = strrchr(path, '/');
    if (slash == path || strcmp(path, "/") == 0) {
        return arena_copy(arena, path, strlen(path));
    }
    const char *folder = slash == NULL ? "." : arena_copy(arena, path, (size_t)(slash - path));
    const char *name = slash == NULL ? path : slash + 1;
    char *above = strcmp(folder, path) == 0 ? arena_copy(arena, "/", 1) : absolute(arena, folder);
    return name[0] == '\0' ? above : arena_format(arena, "%s/%s", above, name);
}

const char *way_to(struct arena *arena, const char *folder, const char *file) {
    const char *from = absolute(arena, folder), *to = absolute(arena, file);
    size_t same = 0;
    for (size_t i = 0;; i++) {
        bool from_ends = from[i] == '\0' || from[i] == '/', to_ends = to[i] == '\0' || to[i] == '/';
        if (from_ends && to_ends) {
            same = i;
        }
        if (from[i] != to[i] || from[i] == '\0') {
            break;
        }
    }
    const char *up = "";
    for (const char *at = from + same; *at != '\0'; at++) {
        up = at[0] == '/' && at[1] != '\0' ? arena_format(arena, "%s../", up) : up;
    }
    const char *rest = to + same;
    return arena_format(arena, "%s%s", up, rest[0] == '/' ? rest + 1 : rest);
}
