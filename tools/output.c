/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages, buffers, cells and numbers, files that appear when complete, aligned tables. */
#include "output.h"

#include "cells.h"
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- messages --------------------------------------------------------------------------------------------- */

void complain(const char *format, ...) {
    va_list list;
    va_start(list, format);
    flockfile(stderr);
    fputs("casemix: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    funlockfile(stderr);
    va_end(list);
}

void out_of_memory(void) {
    complain("out of memory; use fewer threads or split the input");
    temporary_remove_all();
    _exit(EXIT_IO);
}

void *need(void *memory) {
    if (!memory) {
        out_of_memory();
    }
    return memory;
}

/* ---- bytes in memory -------------------------------------------------------------------------------------- */

static void buffer_grow(struct buffer *buffer, size_t extra) {
    size_t capacity = buffer->capacity ? buffer->capacity : 4096;
    while (capacity - buffer->size < extra) {
        if (capacity > SIZE_MAX / 2) {
            out_of_memory();
        }
        capacity *= 2;
    }
    buffer->data = need(realloc(buffer->data, capacity));
    buffer->capacity = capacity;
}

char *buffer_room(struct buffer *buffer, size_t extra) {
    if (buffer->capacity - buffer->size < extra) {
        buffer_grow(buffer, extra);
    }
    return buffer->data + buffer->size;
}

void buffer_add(struct buffer *buffer, const char *text, size_t length) {
    if (length) {
        memcpy(buffer_room(buffer, length), text, length);
        buffer->size += length;
    }
}

void buffer_text(struct buffer *buffer, const char *text) {
    buffer_add(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...) {
    size_t room = 256;
    for (;;) {
        va_list list;
        va_start(list, format);
        int length = vsnprintf(buffer_room(buffer, room), room, format, list);
        va_end(list);
        if (length < 0) {
            return;
        }
        if ((size_t)length < room) {
            buffer->size += (size_t)length;
            return;
        }
        room = (size_t)length + 1;
    }
}

void buffer_cell(struct buffer *buffer, casemix_text text) {
    char *at = buffer_room(buffer, 2 * text.length + 2);
    buffer->size += (size_t)(put_cell(at, text) - at);
}

void buffer_free(struct buffer *buffer) {
    free(buffer->data);
    *buffer = (struct buffer){0};
}

/* ---- names that vanish ------------------------------------------------------------------------------------ */

/* The latest first, so that the files of a folder come before it. The handler of a signal may look at any moment: a name
 * is complete before it is in the list, and memory is freed only after it left. */
struct temporary {
    struct temporary *before;
    char path[];
};
static struct temporary *volatile temporaries;

void temporary_add(const char *path) {
    size_t size = strlen(path) + 1;
    struct temporary *one = need(malloc(sizeof *one + size));
    memcpy(one->path, path, size);
    one->before = temporaries;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    temporaries = one;
}

/* It takes no time where the latest are forgotten first. */
void temporary_forget(const char *path) {
    struct temporary *one = temporaries, *after = NULL;
    while (one && strcmp(one->path, path) != 0) {
        after = one;
        one = one->before;
    }
    if (!one) {
        return;
    }
    if (after) {
        after->before = one->before;
    } else {
        temporaries = one->before;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    free(one);
}

/* Calls only what is allowed in a signal handler: the names stay in memory. */
void temporary_remove_all(void) {
    for (struct temporary *one = temporaries; one; one = one->before) {
        if (unlink(one->path) != 0) {
            rmdir(one->path);
        }
    }
}

static void interrupted(int number) {
    temporary_remove_all();
    signal(number, SIG_DFL);
    raise(number);
}

void temporary_catch_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (signal(numbers[i], interrupted) == SIG_IGN) {
            signal(numbers[i], SIG_IGN);
        }
    }
}

/* ---- files ------------------------------------------------------------------------------------------------ */

struct output {
    char *path; /* NULL: standard output */
    char *temporary;
    int file;
    bool failed;
};

/* Where a link leads to, so that the link stays; otherwise the path itself. */
char *final_path(const char *path) {
    struct stat there;
    char *target = lstat(path, &there) == 0 && S_ISLNK(there.st_mode) ? realpath(path, NULL) : NULL;
    return target ? target : need(strdup(path));
}

void cannot_write(const char *path, int reason) {
    complain("cannot write %s: %s%s", path, strerror(reason),
             reason == ENOSPC || reason == EDQUOT ? "; free some space, or name another place"
             : reason == EISDIR                   ? "; name a file in it"
             : reason == EPIPE || reason == EIO   ? ""
                                                  : "; check that its folder exists and may be written to");
}

/* -1 and errno. */
static int open_output(struct output *out) {
    struct stat there;
    bool exists = stat(out->path, &there) == 0;
    if (exists && S_ISDIR(there.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (exists && !S_ISREG(there.st_mode)) {
        return open(out->path, O_WRONLY | O_CLOEXEC); /* /dev/null and pipes cannot be renamed over */
    }
    if (asprintf(&out->temporary, "%s.XXXXXX", out->path) < 0) {
        out_of_memory();
    }
    return mkostemp(out->temporary, O_CLOEXEC);
}

struct output *output_open(const char *path) {
    struct output *out = need(calloc(1, sizeof *out));
    if (!path || strcmp(path, "-") == 0) {
        out->file = STDOUT_FILENO;
        return out;
    }
    out->path = final_path(path);
    out->file = open_output(out);
    if (out->file < 0) {
        cannot_write(path, errno);
        free(out->temporary);
        free(out->path);
        free(out);
        return NULL;
    }
    if (out->temporary) {
        temporary_add(out->temporary);
    }
    return out;
}

struct output *output_open_inside(const char *path) {
    struct output *out = need(calloc(1, sizeof *out));
    out->path = need(strdup(path));
    out->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (out->file < 0) {
        cannot_write(path, errno);
        free(out->path);
        free(out);
        return NULL;
    }
    return out;
}

static bool output_fail(struct output *out) {
    if (!out->failed) {
        cannot_write(out->path ? out->path : "to standard output", errno);
    }
    out->failed = true;
    return false;
}

bool output_write(struct output *out, const char *data, size_t size) {
    while (size > 0 && !out->failed) {
        ssize_t done = write(out->file, data, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return output_fail(out);
        }
        data += done;
        size -= (size_t)done;
    }
    return !out->failed;
}

/* mkostemp gives 0600; a result is as readable as any other new file. */
static int ordinary_mode(int file) {
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(file, 0666 & ~mask);
}

bool output_close(struct output *out) {
    if (out->temporary && !out->failed) {
        if (ordinary_mode(out->file) != 0 || fsync(out->file) != 0) {
            output_fail(out);
        }
        if (close(out->file) != 0) {
            output_fail(out);
        }
        out->file = -1;
        if (!out->failed && rename(out->temporary, out->path) != 0) {
            output_fail(out);
        }
        if (!out->failed) {
            temporary_forget(out->temporary);
        }
    } else if (out->path && !out->failed) {
        if (close(out->file) != 0) {
            output_fail(out);
        }
        out->file = -1;
    }
    bool fine = !out->failed;
    output_abandon(out);
    return fine;
}

void output_abandon(struct output *out) {
    if (!out) {
        return;
    }
    if (out->path && out->file >= 0) {
        close(out->file);
    }
    if (out->temporary) {
        unlink(out->temporary); /* nothing is there any more if it got its name */
        temporary_forget(out->temporary);
    }
    free(out->temporary);
    free(out->path);
    free(out);
}

/* ---- tables for people ------------------------------------------------------------------------------------ */

/* The next letter of a UTF-8 text; bytes that are none count as themselves. */
static uint32_t next_letter(const char *text, size_t length, size_t *used) {
    unsigned char first = (unsigned char)text[0];
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
    if (more >= length) {
        more = 0;
    }
    uint32_t letter = more == 3 ? first & 7u : more == 2 ? first & 15u : more == 1 ? first & 31u : first;
    for (size_t i = 1; i <= more; i++) {
        letter = letter << 6 | ((unsigned char)text[i] & 63u);
    }
    *used = more + 1;
    return letter;
}

/* East Asian wide and full width letters; no locale is needed for that. */
static bool is_wide(uint32_t letter) {
    static const uint32_t ranges[][2] = {{0x1100, 0x115f},  {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf},
                                         {0x4e00, 0x9fff},  {0xa000, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
                                         {0xfe30, 0xfe6f},  {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff},
                                         {0x20000, 0x3fffd}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (letter >= ranges[i][0] && letter <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

size_t display_width(const char *text, size_t length) {
    size_t width = 0, used = 0;
    for (size_t i = 0; i < length; i += used) {
        width += is_wide(next_letter(text + i, length - i, &used)) ? 2 : 1;
    }
    return width;
}

void print_padded(FILE *to, casemix_text text, size_t width, bool right) {
    size_t own = display_width(text.text, text.length);
    int blanks = own < width ? (int)(width - own) : 0;
    fprintf(to, "%*s%.*s%*s", right ? blanks : 0, "", (int)text.length, text.text, right ? 0 : blanks, "");
}

void table_row(struct table *table, char **cells) {
    if (table->rows == table->room) {
        table->room = table->room ? 2 * table->room : 16;
        table->cells = need(reallocarray(table->cells, table->room * table->columns, sizeof *table->cells));
    }
    memcpy(table->cells + table->rows++ * table->columns, cells, table->columns * sizeof *cells);
}

void table_heading(struct table *table, const char *const *names) {
    char **cells = need(calloc(table->columns, sizeof *cells));
    for (size_t i = 0; i < table->columns; i++) {
        cells[i] = need(strdup(names[i]));
    }
    table_row(table, cells);
    free(cells);
}

char *count_cell(uint64_t value) {
    char *words = need(malloc(24));
    *put_number(words, value) = '\0';
    return words;
}

char *decimal_cell(int64_t value, unsigned places) {
    char *words = need(malloc(32));
    *put_decimal(words, value, places) = '\0';
    return words;
}

char *text_cell(casemix_text text, const char *if_empty) {
    return text.length ? need(strndup(text.text, text.length)) : need(strdup(if_empty));
}

void table_print(const struct table *table, FILE *to) {
    size_t *widths = need(calloc(table->columns, sizeof *widths));
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        size_t width = display_width(table->cells[i], strlen(table->cells[i]));
        if (width > widths[i % table->columns]) {
            widths[i % table->columns] = width;
        }
    }
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        size_t column = i % table->columns;
        bool last = column + 1 == table->columns;
        casemix_text text = {table->cells[i], strlen(table->cells[i])};
        print_padded(to, text, last && !table->right[column] ? 0 : widths[column], table->right[column]);
        fputs(last ? "\n" : "  ", to);
    }
    free(widths);
}

void table_free(struct table *table) {
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    table->cells = NULL;
    table->rows = table->room = 0;
}
