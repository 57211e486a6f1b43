/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder under a temporary name, renamed when its files are complete. */
#include "folder.h"

#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char *path, *temporary;
    const char *const *names;
    char **files; /* of `names`; NULL for those in folders */
    char **made;  /* files and folders in it by their whole names, a folder before what is in it */
    size_t made_count, made_room;
    bool replaces;
};

/* ---- what is ours ----------------------------------------------------------------------------------------- */

/* Is it a file of ours? name: from the folder on. */
static bool is_file(const char *const *names, const char *name) {
    for (; *names; names++) {
        if (fnmatch(*names, name, FNM_PATHNAME | FNM_NOESCAPE) == 0) {
            return true;
        }
    }
    return false;
}

/* The slash behind as many names as `name` has; NULL: there are fewer. */
static const char *slash_behind(const char *pattern, const char *name) {
    const char *end = strchr(pattern, '/');
    for (const char *at = strchr(name, '/'); at && end; at = strchr(at + 1, '/')) {
        end = strchr(end + 1, '/');
    }
    return end;
}

/* May a folder of this name hold files of ours? */
static bool is_folder(const char *const *names, const char *name) {
    for (; *names; names++) {
        const char *end = slash_behind(*names, name);
        char *pattern = end ? need(strndup(*names, (size_t)(end - *names))) : NULL;
        bool found = pattern && fnmatch(pattern, name, FNM_PATHNAME | FNM_NOESCAPE) == 0;
        free(pattern);
        if (found) {
            return true;
        }
    }
    return false;
}

/* A walk through a folder that is there. */
struct walk {
    const char *root; /* for messages */
    const char *const *names;
    bool removes; /* false: only looks whether all is ours */
};

static bool walk(const struct walk *w, int above, const char *last, const char *name);

/* One entry: ours, or refused. name: from the root on. */
static bool walk_entry(const struct walk *w, int here, const char *last, const char *name) {
    struct stat there;
    if (fstatat(here, last, &there, AT_SYMLINK_NOFOLLOW) != 0) {
        complain("cannot replace %s/%s: %s", w->root, name, strerror(errno));
        return false;
    }
    if (S_ISDIR(there.st_mode) && is_folder(w->names, name)) {
        return walk(w, here, last, name);
    }
    if (S_ISDIR(there.st_mode) || !is_file(w->names, name)) {
        complain("%s holds %s, which is not a result of this command; choose another folder", w->root, name);
        return false;
    }
    return !w->removes || unlinkat(here, last, 0) == 0;
}

/* A folder, `last` in the folder `above`; name: from the root on, "" for itself. */
static bool walk(const struct walk *w, int above, const char *last, const char *name) {
    int file = openat(above, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = file < 0 ? NULL : fdopendir(file);
    if (!folder) {
        complain("cannot replace %s: %s", *name ? name : w->root, strerror(errno));
        if (file >= 0) {
            close(file);
        }
        return false;
    }
    bool fine = true;
    for (struct dirent *entry; fine && (entry = readdir(folder)) != NULL;) {
        char *inner;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (asprintf(&inner, "%s%s%s", name, *name ? "/" : "", entry->d_name) < 0) {
            out_of_memory();
        }
        fine = walk_entry(w, file, entry->d_name, inner);
        free(inner);
    }
    closedir(folder);
    return fine && (!w->removes || unlinkat(above, last, AT_REMOVEDIR) == 0);
}

/* ---- making it -------------------------------------------------------------------------------------------- */

static char *joined(const char *folder, const char *name) {
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        out_of_memory();
    }
    return path;
}

static void make_files(struct folder *f) {
    size_t count = 0;
    while (f->names[count]) {
        count++;
    }
    f->files = need(calloc(count + 1, sizeof *f->files));
    for (size_t i = 0; i < count; i++) {
        if (!strchr(f->names[i], '/')) {
            f->files[i] = joined(f->temporary, f->names[i]);
            temporary_add(f->files[i]);
        }
    }
}

struct folder *folder_open(const char *path, const char *const *names, bool force) {
    struct stat there;
    bool exists = stat(path, &there) == 0;
    if (exists && !force) {
        complain("%s exists; say --force to replace it, or choose another folder", path);
        return NULL;
    }
    struct folder *f = need(calloc(1, sizeof *f));
    f->path = final_path(path);
    for (size_t length = strlen(f->path); length > 1 && f->path[length - 1] == '/';) {
        f->path[--length] = '\0';
    }
    f->names = names;
    f->replaces = exists;
    struct walk look = {.root = path, .names = names};
    if (exists && !walk(&look, AT_FDCWD, f->path, "")) {
        folder_abandon(f);
        return NULL;
    }
    if (asprintf(&f->temporary, "%s.XXXXXX", f->path) < 0) {
        out_of_memory();
    }
    if (!mkdtemp(f->temporary)) {
        cannot_write(path, errno);
        f->temporary[0] = '\0';
        folder_abandon(f);
        return NULL;
    }
    temporary_add(f->temporary);
    make_files(f);
    return f;
}

const char *folder_file(const struct folder *f, int n) {
    return f->files[n];
}

/* The name of something in it, which vanishes with it from now on. */
static const char *note_made(struct folder *f, const char *name, size_t length) {
    if (f->made_count == f->made_room) {
        f->made_room = f->made_room ? 2 * f->made_room : 64;
        f->made = need(reallocarray(f->made, f->made_room, sizeof *f->made));
    }
    char *path;
    if (asprintf(&path, "%s/%.*s", f->temporary, (int)length, name) < 0) {
        out_of_memory();
    }
    temporary_add(path);
    f->made[f->made_count++] = path;
    return path;
}

const char *folder_inside(struct folder *f, const char *name) {
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - name);
        char *path = joined(f->temporary, name);
        path[strlen(f->temporary) + 1 + length] = '\0';
        bool there = mkdir(path, 0777) != 0;
        int reason = errno;
        free(path);
        if (there && reason != EEXIST) {
            cannot_write(name, reason);
            return NULL;
        }
        if (!there) {
            note_made(f, name, length);
        }
    }
    return note_made(f, name, strlen(name));
}

/* ---- its end ---------------------------------------------------------------------------------------------- */

/* What was written inside is forced to the disk at once, before the folder gets its name. */
static bool flush(const struct folder *f) {
    int file = open(f->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = file >= 0 && syncfs(file) == 0;
    int reason = errno;
    if (file >= 0) {
        close(file);
    }
    errno = reason;
    return fine;
}

static bool put_in_place(struct folder *f) {
    mode_t mask = umask(0);
    umask(mask);
    char *aside = NULL;
    if (asprintf(&aside, "%s.old", f->temporary) < 0) {
        out_of_memory();
    }
    bool fine = (f->made_count == 0 || flush(f)) && chmod(f->temporary, 0777 & ~mask) == 0 &&
                (!f->replaces || rename(f->path, aside) == 0);
    if (fine && rename(f->temporary, f->path) != 0) {
        fine = false;
        int reason = errno;
        if (f->replaces && rename(aside, f->path) != 0) {
            complain("the former %s is now %s", f->path, aside);
        }
        errno = reason;
    } else if (fine && f->replaces) {
        struct walk removal = {.root = aside, .names = f->names, .removes = true};
        if (!walk(&removal, AT_FDCWD, aside, "")) {
            complain("%s is complete; what is left of the former one is in %s", f->path, aside);
        }
    }
    if (!fine) {
        cannot_write(f->path, errno);
    }
    free(aside);
    return fine;
}

/* Let go of the names in it, the latest first; `remove` what they name. */
static void drop_names(struct folder *f, bool remove) {
    for (size_t i = f->made_count; i > 0; i--) {
        if (remove && unlink(f->made[i - 1]) != 0) {
            rmdir(f->made[i - 1]);
        }
        temporary_forget(f->made[i - 1]);
        free(f->made[i - 1]);
    }
    f->made_count = 0;
    size_t count = 0;
    while (f->files && f->names[count]) {
        count++;
    }
    for (size_t i = count; i > 0; i--) {
        if (f->files[i - 1]) {
            if (remove) {
                unlink(f->files[i - 1]);
            }
            temporary_forget(f->files[i - 1]);
            free(f->files[i - 1]);
        }
    }
    free(f->files);
    f->files = NULL;
    if (f->temporary && f->temporary[0]) {
        if (remove) {
            rmdir(f->temporary);
        }
        temporary_forget(f->temporary);
        f->temporary[0] = '\0';
    }
}

bool folder_close(struct folder *f) {
    bool fine = put_in_place(f);
    drop_names(f, !fine);
    folder_abandon(f);
    return fine;
}

void folder_abandon(struct folder *f) {
    if (!f) {
        return;
    }
    drop_names(f, true);
    free(f->made);
    free(f->temporary);
    free(f->path);
    free(f);
}
