/* SPDX-License-Identifier: Apache-2.0
 *
 * cases.csv in the order of ids: the same whatever the order of the input, and however it was split. */
#include "output.h"
#include "settle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A row, its line end included. */
struct line {
    const char *start;
    uint64_t key; /* of its id, where all are of one length: the bytes that tell them apart, as a number */
    uint32_t length, id_length;
};

/* All rows after the heading. */
struct lines {
    struct line *rows;
    size_t count, room, heading; /* heading: bytes of it */
    bool same_length;            /* all ids are of one length: their bytes decide */
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Digits together count as a number: c9 before c10. */
static int compare_naturally(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t i = 0, j = 0;
    while (i < a_length && j < b_length) {
        if (!is_digit(a[i]) || !is_digit(b[j])) {
            if (a[i] != b[j]) {
                return (unsigned char)a[i] < (unsigned char)b[j] ? -1 : 1;
            }
            i++;
            j++;
            continue;
        }
        for (; i < a_length && a[i] == '0'; i++) {
        }
        for (; j < b_length && b[j] == '0'; j++) {
        }
        size_t from = i, there = j;
        for (; i < a_length && is_digit(a[i]); i++) {
        }
        for (; j < b_length && is_digit(b[j]); j++) {
        }
        if (i - from != j - there) {
            return i - from < j - there ? -1 : 1;
        }
        int order = memcmp(a + from, b + there, i - from);
        if (order != 0) {
            return order;
        }
    }
    return (a_length - i > b_length - j) - (a_length - i < b_length - j);
}

static int compare_rows(const void *a, const void *b, void *user) {
    const struct line *one = a, *two = b;
    const struct lines *lines = user;
    if (one->key != two->key) {
        return one->key < two->key ? -1 : 1;
    }
    int order = lines->same_length ? memcmp(one->start, two->start, one->id_length)
                                   : compare_naturally(one->start, one->id_length, two->start, two->id_length);
    if (order != 0) {
        return order;
    }
    order = memcmp(one->start, two->start, one->length < two->length ? one->length : two->length);
    return order != 0 ? order : (one->length > two->length) - (one->length < two->length);
}

/* The end of the field that starts at `at`: its separator or the end of its row. */
static const char *field_end(const char *at, const char *end) {
    bool quoted = at < end && *at == '"';
    if (!quoted) {
        while (at < end && *at != ',' && *at != '\n') {
            at++;
        }
        return at;
    }
    for (at++; at < end; at++) {
        if (*at == '"' && (at + 1 == end || at[1] != '"')) {
            return at + 1;
        }
        at += *at == '"';
    }
    return end;
}

/* Rows may hold line ends inside quotes; most hold no quotes at all. */
static const char *row_end(const char *at, const char *end) {
    const char *line = memchr(at, '\n', (size_t)(end - at));
    if (line == NULL || memchr(at, '"', (size_t)(line - at)) == NULL) {
        return line != NULL ? line + 1 : end;
    }
    while (at < end && *at != '\n') {
        at = field_end(at, end);
        at += at < end && *at == ',';
    }
    return at < end ? at + 1 : end;
}

/* Eight bytes of each id, from where they differ: most comparisons need no more, and need not go to the rows. */
static void set_keys(struct lines *lines) {
    uint32_t length = lines->count ? lines->rows[0].id_length : 0, prefix = length;
    for (size_t i = 1; i < lines->count; i++) {
        const char *a = lines->rows[0].start, *b = lines->rows[i].start;
        uint32_t same = 0;
        while (same < prefix && a[same] == b[same]) {
            same++;
        }
        prefix = same;
    }
    for (size_t i = 0; i < lines->count; i++) {
        for (uint32_t k = 0; k < 8; k++) {
            unsigned char byte = prefix + k < length ? (unsigned char)lines->rows[i].start[prefix + k] : 0;
            lines->rows[i].key = lines->rows[i].key << 8 | byte;
        }
    }
}

static void find_rows(const char *bytes, size_t size, struct lines *out) {
    const char *end = bytes + size, *at = row_end(bytes, end);
    out->heading = (size_t)(at - bytes);
    out->same_length = true;
    while (at < end) {
        if (out->count == out->room) {
            out->room = out->room ? 2 * out->room : 4096;
            out->rows = need(reallocarray(out->rows, out->room, sizeof *out->rows));
        }
        const char *next = row_end(at, end);
        struct line row = {at, 0, (uint32_t)(next - at), (uint32_t)(field_end(at, end) - at)};
        out->rows[out->count++] = row;
        out->same_length &= row.id_length == out->rows[0].id_length;
        at = next;
    }
    if (out->same_length) {
        set_keys(out);
    }
}

/* Bytes of id and hospital; *reversed: the cost, field 14, is below 0. */
static size_t key_length(const struct line *row, bool *reversed) {
    enum { COST = 13 };
    const char *at = row->start, *end = row->start + row->length;
    size_t key = 0;
    for (int field = 0; field <= COST; field++) {
        const char *after = field_end(at, end);
        key = field == 1 ? (size_t)(after - row->start) : key;
        *reversed = field == COST && *at == '-';
        at = after < end ? after + 1 : end;
    }
    return key;
}

/* Keys of different ids mostly differ, which saves the way to the rows. */
static bool same_id(const struct line *a, const struct line *b) {
    return a->key == b->key && a->id_length == b->id_length && memcmp(a->start, b->start, a->id_length) == 0;
}

static uint64_t count_duplicates(const struct lines *lines) {
    uint64_t count = 0;
    bool seen[2] = {false, false};
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *row = &lines->rows[i], *before = i > 0 ? row - 1 : NULL;
        bool next = i + 1 < lines->count && same_id(row, row + 1);
        bool same = before != NULL && same_id(before, row);
        if (row->id_length == 0 || (!same && !next)) {
            continue;
        }
        bool reversed, unused;
        size_t key = key_length(row, &reversed);
        same = same && key_length(before, &unused) == key && memcmp(before->start, row->start, key) == 0;
        if (!same) {
            seen[0] = seen[1] = false;
        }
        count += seen[reversed];
        seen[reversed] = true;
    }
    return count;
}

static bool is_sorted(struct lines *lines) {
    for (size_t i = 1; i < lines->count; i++) {
        if (compare_rows(&lines->rows[i - 1], &lines->rows[i], lines) > 0) {
            return false;
        }
    }
    return true;
}

static bool write_rows(const char *path, const char *bytes, const struct lines *lines) {
    enum { FULL = 1 << 18 };
    struct buffer text = {0};
    struct output *out = output_open(path);
    bool fine = out != NULL;
    buffer_add(&text, bytes, lines->heading);
    for (size_t i = 0; i < lines->count && fine; i++) {
        buffer_add(&text, lines->rows[i].start, lines->rows[i].length);
        if (text.size > FULL) {
            fine = output_write(out, text.data, text.size);
            text.size = 0;
        }
    }
    fine = fine && output_write(out, text.data, text.size);
    buffer_free(&text);
    if (!fine) {
        output_abandon(out);
        return false;
    }
    return output_close(out);
}

bool settle_sort(const char *path, uint64_t *duplicates) {
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;
    if (file >= 0 && fstat(file, &about) == 0 && about.st_size > 0) {
        bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    }
    if (file >= 0) {
        close(file);
    }
    if (bytes == MAP_FAILED) {
        complain("%s: cannot be read again (%s); see that there is room and memory", path, strerror(errno));
        return false;
    }
    struct lines lines = {0};
    find_rows(bytes, (size_t)about.st_size, &lines);
    bool fine = true;
    if (!is_sorted(&lines)) {
        qsort_r(lines.rows, lines.count, sizeof *lines.rows, compare_rows, &lines);
        fine = write_rows(path, bytes, &lines);
    }
    *duplicates = count_duplicates(&lines);
    free(lines.rows);
    munmap(bytes, (size_t)about.st_size);
    return fine;
}
