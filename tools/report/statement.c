/* SPDX-License-Identifier: Apache-2.0
 *
 * The folder of each hospital: its cases, totals and groups in CSV; the workbook is made on the way. */
#include "statement.h"

#include "../cells.h"
#include "../command.h"
#include "../names.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- the name of the folder ------------------------------------------------------------------------------- */

static bool is_plain(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

static bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Chinese letters: the file systems in use keep them as they are. Others have case, or two spellings of the same
 * letter, so that two hospitals could meet in one folder. Bytes of the letter, or 0. */
static size_t chinese_letter(const unsigned char *text, size_t left) {
    if (left >= 3 && (text[0] & 0xf0) == 0xe0 && (text[1] & 0xc0) == 0x80 && (text[2] & 0xc0) == 0x80) {
        unsigned letter = (text[0] & 15u) << 12 | (text[1] & 63u) << 6 | (text[2] & 63u);
        return (letter >= 0x3400 && letter <= 0x4dbf) || (letter >= 0x4e00 && letter <= 0x9fff) ? 3 : 0;
    }
    return 0;
}

/* Names that Windows keeps for devices. */
static bool is_device(casemix_text name) {
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL"};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (name.length == 3 && strncasecmp(name.text, devices[i], 3) == 0) {
            return true;
        }
    }
    return name.length == 4 && name.text[3] >= '0' && name.text[3] <= '9' &&
           (strncasecmp(name.text, "COM", 3) == 0 || strncasecmp(name.text, "LPT", 3) == 0);
}

/* The code, escaped; `letters`: Latin letters too. */
static void escape(casemix_text code, bool letters, struct buffer *name) {
    const unsigned char *text = (const unsigned char *)code.text;
    bool first = is_device(code) || (code.length == 1 && code.text[0] == '_');
    for (size_t i = 0; i < code.length; first = false) {
        size_t chinese = chinese_letter(text + i, code.length - i);
        bool plain = is_plain(text[i]) && !first && !(letters && is_letter(code.text[i]));
        if (chinese || plain) {
            buffer_add(name, code.text + i, chinese ? chinese : 1);
        } else {
            buffer_format(name, "%%%02X", text[i]);
        }
        i += chinese ? chinese : 1;
    }
}

/* A name too long for a file system is cut and gets a fingerprint of the whole code; `%~` is in no other name. */
static void shorten(casemix_text code, struct buffer *name) {
    enum { KEPT = 100 };
    if (name->size <= STATEMENT_NAME - 20) {
        return;
    }
    size_t length = KEPT;
    while ((name->data[length] & 0xc0) == 0x80) {
        length--;
    }
    for (size_t i = length - 2; i < length; i++) {
        length = name->data[i] == '%' ? i : length;
    }
    XXH128_hash_t hash = XXH3_128bits(code.text, code.length);
    name->size = length;
    buffer_format(name, "%%~%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

static void name_folder(casemix_text hospital, bool letters, struct buffer *name) {
    name->size = 0;
    if (hospital.length == 0) {
        buffer_text(name, "_");
    }
    escape(hospital, letters, name);
    shorten(hospital, name);
    *buffer_room(name, 1) = '\0';
}

void statement_name(casemix_text hospital, struct buffer *name) {
    name_folder(hospital, false, name);
}

/* ---- findings --------------------------------------------------------------------------------------------- */

/* "missing-fact:age", "code-repaired:dx2": the fact may have a place behind it. */
static void tell_finding(casemix_text finding, enum language language, struct buffer *out) {
    char code[64], fact[64];
    const char *colon = memchr(finding.text, ':', finding.length);
    size_t length = colon ? (size_t)(colon - finding.text) : finding.length;
    size_t left = colon ? finding.length - length - 1 : 0, name = left;
    if (length >= sizeof code || left >= sizeof fact) {
        buffer_add(out, finding.text, finding.length);
        return;
    }
    memcpy(code, finding.text, length);
    code[length] = '\0';
    buffer_text(out, word_of(code, language));
    if (!colon) {
        return;
    }
    buffer_text(out, language == CHINESE ? "：" : ": ");
    while (name > 0 && colon[name] >= '0' && colon[name] <= '9') {
        name--;
    }
    memcpy(fact, colon + 1, name);
    fact[name] = '\0';
    buffer_text(out, word_of(fact, language));
    buffer_text(out, language == ENGLISH && name < left ? " " : "");
    buffer_add(out, colon + 1 + name, left - name);
}

void statement_findings(casemix_text findings, enum language language, struct buffer *out) {
    out->size = 0;
    for (size_t at = 0; at < findings.length;) {
        const char *end = memchr(findings.text + at, ';', findings.length - at);
        size_t length = end ? (size_t)(end - findings.text) - at : findings.length - at;
        buffer_text(out, out->size == 0 ? "" : language == CHINESE ? "；" : "; ");
        tell_finding((casemix_text){findings.text + at, length}, language, out);
        at += length + 1;
    }
    *buffer_room(out, 1) = '\0';
}

/* ---- one hospital ----------------------------------------------------------------------------------------- */

struct work {
    struct month *month;
    const struct statement_style *style;
    struct folder *folder;
    const struct month_hospital *hospital;
    struct buffer name, text;
    struct names folded; /* the names so far, in small letters */
    /* while rows pass */
    struct output *cases;
    struct book *book;
};

static const char *file_of(struct work *w, const char *file) {
    char *name;
    if (asprintf(&name, "statements/%s/%s", w->name.data, file) < 0) {
        out_of_memory();
    }
    const char *path = folder_inside(w->folder, name);
    free(name);
    return path;
}

static bool write_file(struct work *w, const char *file) {
    const char *path = file_of(w, file);
    struct output *out = path ? output_open_inside(path) : NULL;
    if (!out) {
        return false;
    }
    output_write(out, w->text.data, w->text.size);
    return output_close(out);
}

static bool write_totals(struct work *w) {
    const struct month_table *table = &w->month->hospital_lines;
    w->text.size = 0;
    for (size_t i = 0; i <= w->hospital->lines; i++) {
        const casemix_text *cells = i == 0 ? table->names : table->lines[w->hospital->first_line + i - 1].cells;
        for (size_t c = 0; c < table->columns; c++) {
            buffer_add(&w->text, ",", c > 0);
            buffer_cell(&w->text, cells[c]);
        }
        buffer_text(&w->text, "\n");
    }
    return write_file(w, "totals.csv");
}

static void add_decimal(struct buffer *text, int64_t value, unsigned places) {
    char *at = buffer_room(text, 32);
    text->size += (size_t)(put_next_decimal(at, value, places) - at);
}

static bool write_groups(struct work *w) {
    const struct month_tally *groups = &w->hospital->groups;
    bool demonstration = month_tells_demonstration(w->month);
    w->text.size = 0;
    buffer_text(&w->text, "group,cases,reversed,points,cost,standard,fund_payment,difference");
    buffer_text(&w->text, w->month->names ? ",name" : "");
    buffer_text(&w->text, demonstration ? ",demonstration\n" : "\n");
    for (size_t i = 0; i < groups->count; i++) {
        const struct month_sum *sum = &groups->entries[i].sum;
        int64_t difference;
        if (__builtin_sub_overflow(sum->standard, sum->cost, &difference)) {
            complain("%s/cases.csv: the sums of a group get too large to be held exactly; settle in parts",
                     w->month->folder);
            return false;
        }
        buffer_cell(&w->text, groups->entries[i].key);
        buffer_format(&w->text, ",%llu,%llu", (unsigned long long)sum->cases, (unsigned long long)sum->reversed);
        add_decimal(&w->text, sum->points, 4);
        add_decimal(&w->text, sum->cost, 2);
        add_decimal(&w->text, sum->standard, 2);
        add_decimal(&w->text, sum->fund_payment, 2);
        add_decimal(&w->text, difference, 2);
        if (w->month->names) {
            buffer_text(&w->text, ",");
            buffer_cell(&w->text, group_name(w->month->names, groups->entries[i].key));
        }
        buffer_text(&w->text, demonstration ? ",1\n" : "\n");
    }
    return write_file(w, "groups.csv");
}

static bool take_case(void *user, const struct month_row *row) {
    struct work *w = user;
    buffer_add(&w->text, row->bytes.text, row->bytes.length);
    if (row->bytes.text[row->bytes.length - 1] != '\n') {
        buffer_text(&w->text, "\n");
    }
    book_row(w->book, row);
    bool fine = w->text.size < (64u << 10) || output_write(w->cases, w->text.data, w->text.size);
    w->text.size = w->text.size < (64u << 10) ? w->text.size : 0;
    return fine;
}

/* cases.csv and the workbook, in one go through the rows. */
static bool write_cases(struct work *w) {
    const char *path = file_of(w, "cases.csv");
    w->cases = path ? output_open_inside(path) : NULL;
    path = w->cases ? file_of(w, "statement.xlsx") : NULL;
    w->book = path ? book_open(w->month, w->hospital, w->style, path) : NULL;
    w->text.size = 0;
    month_heading(w->month, &w->text);
    bool fine = w->book && month_rows(w->month, w->hospital, take_case, w) &&
                output_write(w->cases, w->text.data, w->text.size);
    if (fine) {
        fine = output_close(w->cases);
        fine = book_close(w->book) && fine;
    } else {
        output_abandon(w->cases);
        book_abandon(w->book);
    }
    w->cases = NULL;
    w->book = NULL;
    return fine;
}

/* Where codes differ in the case of letters only, the folders must still differ on file systems that do not see it.
 */
static void choose_name(struct work *w) {
    struct buffer folded = {0};
    name_folder(w->hospital->hospital, false, &w->name);
    for (int again = 0; again < 2; again++) {
        folded.size = 0;
        for (size_t i = 0; i < w->name.size; i++) {
            char c = w->name.data[i];
            c = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
            buffer_add(&folded, &c, 1);
        }
        if (names_find(&w->folded, folded.data, folded.size) == UINT32_MAX) {
            break;
        }
        name_folder(w->hospital->hospital, true, &w->name);
    }
    names_add(&w->folded, folded.data, folded.size);
    buffer_free(&folded);
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

static void show_progress(const struct work *w, size_t done, struct timespec *shown) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - shown->tv_sec) * 1000 + (now.tv_nsec - shown->tv_nsec) / 1000000 >= 500) {
        fprintf(stderr, "\r%zu of %zu statements", done, w->month->hospital_count);
        *shown = now;
    }
}

int statements_write(struct month *month, const struct statement_style *style, struct folder *folder) {
    struct work w = {.month = month, .style = style, .folder = folder};
    struct timespec shown = {0};
    bool fine = true;
    clock_gettime(CLOCK_MONOTONIC, &shown);
    for (size_t i = 0; i < month->hospital_count && fine; i++) {
        w.hospital = &month->hospitals[i];
        choose_name(&w);
        fine = write_totals(&w) && write_groups(&w) && write_cases(&w);
        if (style->progress) {
            show_progress(&w, i + 1, &shown);
        }
    }
    if (style->progress) {
        fputs("\r\033[K", stderr);
    }
    names_free(&w.folded);
    buffer_free(&w.name);
    buffer_free(&w.text);
    return fine ? EXIT_DONE : EXIT_IO;
}
