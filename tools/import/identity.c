/* SPDX-License-Identifier: Apache-2.0
 *
 * What imported rules are called, and of which day they are. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../rules.h"
#include "import.h"

const char *rules_id(struct arena *arena, const char *path, const char *otherwise) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    size_t start = length;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    char *id = arena_copy(arena, path + start, length - start);
    for (char *at = id; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        bool fits = (byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z') || byte >= 0x80 ||
                    strchr("-._", *at) != NULL;
        *at = fits ? *at : '-';
    }
    return id[0] != '\0' && strcmp(id, ".") != 0 && strcmp(id, "..") != 0 ? id : otherwise;
}

const char *file_date(struct arena *arena, const char *path) {
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    for (const char *at = name; *at; at++) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 8 && strncmp(at, "20", 2) == 0 && strncmp(at + 4, "00", 2) > 0 &&
            strncmp(at + 4, "13", 2) < 0 && strncmp(at + 6, "00", 2) > 0 && strncmp(at + 6, "32", 2) < 0) {
            return arena_format(arena, "%.4s-%.2s-%.2s", at, at + 4, at + 6);
        }
        at += digits > 0 ? digits - 1 : 0;
    }
    struct stat about;
    struct tm day;
    char text[20] = "1970-01-01";
    if (stat(path, &about) == 0 && gmtime_r(&about.st_mtime, &day)) {
        strftime(text, sizeof text, "%Y-%m-%d", &day);
    }
    return arena_copy(arena, text, strlen(text));
}

const char *rules_facts(struct arena *arena, struct compilation *work) {
    size_t size, length;
    char *text = NULL;
    compilation_image(work, &size);
    FILE *memory = need(open_memstream(&text, &length));
    rules_print_scheme(compilation_scheme(work, 0), memory);
    fclose(memory);
    const char *facts = arena_format(arena, "%.*s, an image of %zu bytes, %zu warnings", (int)(length - 1), text, size,
                                     compilation_report(work)->warnings);
    free(text);
    return facts;
}
