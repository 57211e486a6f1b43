/* SPDX-License-Identifier: Apache-2.0
 *
 * The generator: finds what can be broken, breaks it, and works out where that is. */
#include "mutate.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* ---- the good rules ---- */

static char *read_whole(const char *path) {
    struct stat about;
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (file && fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode)) {
        text = calloc(1, (size_t)about.st_size + 1);
        if (text && fread(text, 1, (size_t)about.st_size, file) != (size_t)about.st_size) {
            free(text);
            text = NULL;
        }
    }
    if (file) {
        fclose(file);
    }
    return text;
}

static int compare_files(const void *a, const void *b) {
    return strcmp(((const struct rule_file *)a)->name, ((const struct rule_file *)b)->name);
}

bool folder_read(struct rule_folder *folder, const char *path) {
    DIR *directory = opendir(path);
    *folder = (struct rule_folder){.count = 0};
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL && folder->count < MUTATE_FILES;) {
        char file[4200];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        char *text = entry->d_name[0] == '.' ? NULL : read_whole(file);
        if (text) {
            folder->files[folder->count++] = (struct rule_file){strdup(entry->d_name), text};
        }
    }
    if (directory) {
        closedir(directory);
    }
    qsort(folder->files, folder->count, sizeof *folder->files, compare_files);
    return folder->count > 0;
}

void folder_free(struct rule_folder *folder) {
    for (size_t i = 0; i < folder->count; i++) {
        free(folder->files[i].name);
        free(folder->files[i].text);
    }
}

/* ---- breaking ---- */

struct hit {
    const struct rule_file *file;
    size_t start, end;
    char *instead;
};

struct hits {
    struct hit *hits;
    size_t count, capacity;
};

static void add_hit(struct hits *hits, struct hit hit) {
    if (hits->count == hits->capacity) {
        hits->capacity = hits->capacity * 2 + 16;
        hits->hits = realloc(hits->hits, hits->capacity * sizeof *hits->hits);
    }
    hits->hits[hits->count++] = hit;
}

/* What stands instead of a hit. */
static char *substitute(const pcre2_code *code, pcre2_match_data *match, const char *text, size_t start,
                        const char *replacement) {
    PCRE2_UCHAR out[4000];
    PCRE2_SIZE size = sizeof out;
    int result =
        pcre2_substitute(code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, start,
                         PCRE2_SUBSTITUTE_MATCHED | PCRE2_SUBSTITUTE_REPLACEMENT_ONLY | PCRE2_SUBSTITUTE_EXTENDED |
                             PCRE2_SUBSTITUTE_UNSET_EMPTY | PCRE2_SUBSTITUTE_UNKNOWN_UNSET,
                         match, NULL, (PCRE2_SPTR)replacement, PCRE2_ZERO_TERMINATED, out, &size);
    return result < 0 ? NULL : strndup((const char *)out, size);
}

static bool find_hits(const struct breaker *breaker, const struct rule_file *file, struct hits *hits) {
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)breaker->pattern, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_MULTILINE, &error, &offset, NULL);
    if (!code) {
        fprintf(stderr, "%s: the pattern does not work at byte %zu\n", breaker->kind, offset);
        return false;
    }
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
    bool good = true;
    for (size_t at = 0;
         good && pcre2_match(code, (PCRE2_SPTR)file->text, PCRE2_ZERO_TERMINATED, at, 0, match, NULL) > 0;) {
        const PCRE2_SIZE *where = pcre2_get_ovector_pointer(match);
        struct hit hit = {file, where[0], where[1], NULL};
        at = where[1] > where[0] ? where[1] : where[1] + 1;
        hit.instead = substitute(code, match, file->text, hit.start, breaker->replacement);
        good = hit.instead != NULL;
        if (good) {
            add_hit(hits, hit);
        }
    }
    pcre2_match_data_free(match);
    pcre2_code_free(code);
    return good;
}

/* The text with the hit broken; the marker gives the place. */
static bool break_one(const struct breaker *breaker, const struct hit *hit, struct mutation *out) {
    const char *text = hit->file->text, *marker = strstr(hit->instead, "@@");
    if (!marker) {
        return false;
    }
    size_t before = (size_t)(marker - hit->instead), behind = strlen(marker + 2), rest = strlen(text + hit->end);
    char *broken = malloc(hit->start + before + behind + rest + 1);
    memcpy(broken, text, hit->start);
    memcpy(broken + hit->start, hit->instead, before);
    memcpy(broken + hit->start + before, marker + 2, behind);
    memcpy(broken + hit->start + before + behind, text + hit->end, rest + 1);
    *out = (struct mutation){breaker->kind, hit->file->name, broken, breaker->message, 1, 1};
    for (size_t i = 0; i < hit->start + before; i++) {
        if (broken[i] == '\n') {
            out->line++;
            out->column = 1;
        } else {
            out->column += ((unsigned char)broken[i] & 0xC0) != 0x80;
        }
    }
    return true;
}

bool mutate(const struct rule_folder *folder, const struct breaker *breaker,
            void (*take)(void *user, const struct mutation *mutation), void *user) {
    struct hits hits = {0};
    bool good = true;
    for (size_t i = 0; good && i < folder->count; i++) {
        if (fnmatch(breaker->files, folder->files[i].name, 0) == 0) {
            good = find_hits(breaker, &folder->files[i], &hits);
        }
    }
    size_t most = breaker->most < hits.count ? breaker->most : hits.count;
    for (size_t i = 0; good && i < most; i++) {
        struct mutation mutation;
        good = break_one(breaker, &hits.hits[i * hits.count / most], &mutation);
        if (good) {
            take(user, &mutation);
            free(mutation.text);
        }
    }
    for (size_t i = 0; i < hits.count; i++) {
        free(hits.hits[i].instead);
    }
    good = good && hits.count > 0;
    free(hits.hits);
    return good;
}
