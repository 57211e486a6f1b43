/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder under a temporary name, renamed when its files are complete. */
#include "folder.h"

#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 8

struct folder {
    char *path, *temporary;
    const char *const *names;
    char *files[FILES_MAX + 1];
    bool replaces;
};

static bool is_ours(const char *const *names, const char *name) {
    for (; *names; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* May the folder that is there be replaced? Somebody's other files never are. */
static bool may_replace(const char *path, const char *const *names) {
    DIR *folder = opendir(path);
    if (!folder) {
        complain("cannot replace %s: %s", path, strerror(errno));
        return false;
    }
    bool fine = true;
    for (struct dirent *entry; fine && (entry = readdir(folder)) != NULL;) {
        fine = is_ours(names, entry->d_name);
        if (!fine) {
            complain("%s holds %s, which is not a result of this command; choose another folder", path,
                     entry->d_name);
        }
    }
    closedir(folder);
    return fine;
}

static char *joined(const char *folder, const char *name) {
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        out_of_memory();
    }
    return path;
}

static void remove_files(const char *path, const char *const *names) {
    for (; *names; names++) {
        char *file = joined(path, *names);
        unlink(file);
        free(file);
    }
    rmdir(path);
}

struct folder *folder_open(const char *path, const char *const *names, bool force) {
    struct stat there;
    bool exists = stat(path, &there) == 0;
    if (exists && !force) {
        complain("%s exists; say --force to replace it, or choose another folder", path);
        return NULL;
    }
    if (exists && !may_replace(path, names)) {
        return NULL;
    }
    struct folder *f = need(calloc(1, sizeof *f));
    f->path = final_path(path);
    for (size_t length = strlen(f->path); length > 1 && f->path[length - 1] == '/';) {
        f->path[--length] = '\0';
    }
    f->names = names;
    f->replaces = exists;
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
    for (int i = 0; names[i] && i < FILES_MAX; i++) {
        f->files[i] = joined(f->temporary, names[i]);
        temporary_add(f->files[i]);
    }
    return f;
}

const char *folder_file(const struct folder *f, int n) {
    return f->files[n];
}

static bool put_in_place(struct folder *f) {
    mode_t mask = umask(0);
    umask(mask);
    char *aside = NULL;
    if (asprintf(&aside, "%s.old", f->temporary) < 0) {
        out_of_memory();
    }
    bool fine = chmod(f->temporary, 0777 & ~mask) == 0 && (!f->replaces || rename(f->path, aside) == 0);
    if (fine && rename(f->temporary, f->path) != 0) {
        fine = false;
        int reason = errno;
        if (f->replaces && rename(aside, f->path) != 0) {
            complain("the former %s is now %s", f->path, aside);
        }
        errno = reason;
    } else if (fine && f->replaces) {
        remove_files(aside, f->names);
    }
    if (!fine) {
        cannot_write(f->path, errno);
    }
    free(aside);
    return fine;
}

bool folder_close(struct folder *f) {
    bool fine = put_in_place(f);
    if (fine) {
        for (int i = 0; f->files[i]; i++) {
            temporary_forget(f->files[i]);
        }
        temporary_forget(f->temporary);
        f->temporary[0] = '\0';
    }
    folder_abandon(f);
    return fine;
}

void folder_abandon(struct folder *f) {
    if (!f) {
        return;
    }
    if (f->temporary[0]) {
        remove_files(f->temporary, f->names);
    }
    for (int i = 0; f->files[i]; i++) {
        temporary_forget(f->files[i]);
        free(f->files[i]);
    }
    temporary_forget(f->temporary);
    free(f->temporary);
    free(f->path);
    free(f);
}
