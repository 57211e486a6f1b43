/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a workbook whole? libxlsxwriter does not look whether its temporary files took what it wrote, so on a full
 * disk it can make one that lacks rows and say that all is well. It is read once more, part by part. */
#include "statement.h"

#include <string.h>
#include <zip.h>

enum { ENDS = 4096 }; /* bytes looked at, at both ends of a part */

/* A part of the archive while it passes. */
struct part {
    char head[ENDS + 1], tail[2 * ENDS + 1];
    size_t head_size, tail_size;
    uint64_t size;
    uint64_t mark; /* where the last row should begin, from the first one on; */
    char row[8];   /* and what stands there */
};

static void keep_head(struct part *part, const char *bytes, size_t size) {
    size_t room = ENDS - part->head_size, more = size < room ? size : room;
    memcpy(part->head + part->head_size, bytes, more);
    part->head_size += more;
    part->head[part->head_size] = '\0';
}

static void keep_tail(struct part *part, const char *bytes, size_t size) {
    if (size > ENDS) {
        bytes += size - ENDS;
        size = ENDS;
    }
    if (part->tail_size + size > 2 * ENDS) {
        memmove(part->tail, part->tail + part->tail_size - ENDS, ENDS);
        part->tail_size = ENDS;
    }
    memcpy(part->tail + part->tail_size, bytes, size);
    part->tail_size += size;
    part->tail[part->tail_size] = '\0';
}

/* Where rows begin: behind <sheetData>; 0 if that was not seen. */
static uint64_t rows_start(const struct part *part) {
    const char *start = strstr(part->head, "<sheetData>");
    return start ? (uint64_t)(start - part->head) + strlen("<sheetData>") : 0;
}

static void keep_row(struct part *part, const char *bytes, size_t size) {
    uint64_t start = rows_start(part) + part->mark;
    for (size_t i = 0; i < sizeof part->row; i++) {
        if (start + i >= part->size && start + i < part->size + size) {
            part->row[i] = bytes[start + i - part->size];
        }
    }
}

static bool read_part(zip_t *zip, zip_uint64_t n, struct part *part) {
    char bytes[1 << 16];
    zip_file_t *file = zip_fopen_index(zip, n, 0);
    zip_int64_t got = -1;
    while (file && (got = zip_fread(file, bytes, sizeof bytes)) > 0) {
        keep_head(part, bytes, (size_t)got);
        keep_row(part, bytes, (size_t)got);
        keep_tail(part, bytes, (size_t)got);
        part->size += (uint64_t)got;
    }
    return file && zip_fclose(file) == 0 && got == 0;
}

/* Its first element ends at its end. */
static bool is_closed(const struct part *part) {
    char end[80] = "</";
    const char *root = strstr(part->head, "?>");
    root = root ? strchr(root, '<') : NULL;
    size_t length = root ? strcspn(root + 1, " />\r\n") : 0;
    if (length == 0 || length > sizeof end - 4) {
        return false;
    }
    memcpy(end + 2, root + 1, length);
    end[length + 2] = '>';
    size_t size = part->tail_size;
    size -= size > 0 && part->tail[size - 1] == '\n';
    return size >= length + 3 && memcmp(part->tail + size - length - 3, end, length + 3) == 0;
}

/* All rows but the last were `mark` bytes; the last begins right behind them and is followed by the end of the
 * rows. */
static bool has_rows(const struct part *part) {
    const char *end = strstr(part->tail, "</row></sheetData>");
    return rows_start(part) > 0 && end && memcmp(part->row, "<row r=\"", sizeof part->row) == 0;
}

bool workbook_is_whole(const char *path, const uint64_t *rows, size_t sheets) {
    int error;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &error);
    bool fine = zip != NULL;
    zip_int64_t count = zip ? zip_get_num_entries(zip, 0) : 0;
    size_t seen = 0;
    for (zip_int64_t i = 0; i < count && fine; i++) {
        struct part part = {0};
        unsigned sheet = 0;
        const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
        bool is_sheet =
            name && sscanf(name, "xl/worksheets/sheet%u.xml", &sheet) == 1 && sheet > 0 && sheet <= sheets;
        part.mark = is_sheet ? rows[sheet - 1] : 0;
        fine = read_part(zip, (zip_uint64_t)i, &part) && is_closed(&part) && (!is_sheet || has_rows(&part));
        seen += is_sheet;
    }
    if (zip) {
        zip_discard(zip);
    }
    return fine && seen == sheets;
}
