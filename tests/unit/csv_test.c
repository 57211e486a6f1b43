/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of CSV: rows, faults and line numbers; the same answer wherever the bytes are cut; encodings; rows too
 * long to be held; and the cells that are written. */
#include "tools/cells.h"
#include "tools/command.h"
#include "tools/input.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* ---- rows as one line of text ----------------------------------------------------------------------------- */

/* "1:a|b|c" for a good row, "1:!fault@column" for a bad one, joined by " ; ". */
static void tell_rows(struct csv_cursor *cursor, uint64_t first_line, struct buffer *out) {
    struct csv_row row;
    while (csv_next(cursor, &row)) {
        buffer_format(out, "%s%llu:", out->size ? " ; " : "", (unsigned long long)(first_line + row.line));
        if (row.fault != CSV_FINE) {
            buffer_format(out, "!%d@%u", row.fault, row.column);
            continue;
        }
        for (uint32_t i = 0; i < row.count; i++) {
            buffer_text(out, i ? "|" : "");
            buffer_add(out, row.fields[i].text, row.fields[i].length);
        }
    }
}

/* A copy with the slack that the cursor may read, filled with what would hurt if it were taken for text. */
static char *with_slack(const char *text, size_t size) {
    char *bytes = need(malloc(size + CSV_SLACK));
    memcpy(bytes, text, size);
    for (size_t i = 0; i < CSV_SLACK; i++) {
        bytes[size + i] = ",\n\""[i % 3];
    }
    return bytes;
}

static char *rows_of(const char *text, size_t size, char separator, uint32_t columns) {
    struct csv_cursor cursor;
    struct buffer out = {0};
    char *bytes = with_slack(text, size);
    csv_cursor_init(&cursor, separator, columns);
    csv_start(&cursor, bytes, size, false);
    tell_rows(&cursor, 1, &out);
    csv_cursor_free(&cursor);
    free(bytes);
    buffer_add(&out, "", 1);
    return out.data;
}

/* The same, but the bytes come in two parts cut at `cut`, as from a file read in blocks. */
static char *rows_in_parts(const char *text, size_t size, size_t cut, char separator, uint32_t columns) {
    struct csv_cursor cursor;
    struct buffer out = {0};
    char *bytes = with_slack(text, size);
    csv_cursor_init(&cursor, separator, columns);
    size_t whole = csv_whole_rows(&cursor, bytes, cut);
    csv_start(&cursor, bytes, whole, false);
    tell_rows(&cursor, 1, &out);
    uint64_t line = 1 + cursor.line;
    csv_start(&cursor, bytes + whole, size - whole, false);
    tell_rows(&cursor, line, &out);
    csv_cursor_free(&cursor);
    free(bytes);
    buffer_add(&out, "", 1);
    return out.data;
}

struct example {
    const char *text, *rows;
    uint32_t columns;
};

static const struct example examples[] = {
    {"", "", 2},
    {"\n\n", "", 2},
    {"a,b\n", "1:a|b", 2},
    {"a,b", "1:a|b", 2},
    {"a,b\r\nc,d\r\n", "1:a|b ; 2:c|d", 2},
    {"a,b\r", "1:a|b", 2},
    {"\na,b\n\r\n\nc,d\n", "2:a|b ; 5:c|d", 2},
    {",\n", "1:|", 2},
    {"a\n", "1:!1@1", 2},
    {"a,b,c\n", "1:!2@2", 2},
    {"\"a\",\"b\"\n", "1:a|b", 2},
    {"\"a,b\",c\n", "1:a,b|c", 2},
    {"\"a\nb\",c\nd,e\n", "1:a\nb|c ; 3:d|e", 2},
    {"\"a\"\"b\",\"\"\n", "1:a\"b|", 2},
    {"\"\"\"\",\"\"\"x\"\"\"\n", "1:\"|\"x\"", 2},
    {"\"a\",\"b\"\r\n\"c\",\"d\"\r\n", "1:a|b ; 2:c|d", 2},
    {"a,\"b\"", "1:a|b", 2},
    {"a,\"b\"\r", "1:a|b", 2},
    {"a\"b,c\"\n", "1:a\"b|c\"", 2},
    {"\"a\"b,c\nd,e\n", "1:!4@0 ; 2:d|e", 2},
    {"a,\"b\nc,d\n", "1:!3@1 ; 2:c|d", 2},
    {"a,\"b\nc,\"d\"\ne,f\n", "1:!4@1 ; 2:c|d ; 3:e|f", 2},
    {"a,\"\"\n", "1:a|", 2},
    {"\"\"\n", "1:", 1},
    {"\xe5\x8c\xbb,\xe9\x99\xa2\n", "1:\xe5\x8c\xbb|\xe9\x99\xa2", 2},
    {"a,\xff\nc,d\n", "1:!6@1 ; 2:c|d", 2},
    {"\xe5\x8c,b\n", "1:!6@0", 2},
    {"\"x\",\xc0\x80\n", "1:!6@1", 2},
};

Test(csv, examples) {
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *e = &examples[i];
        char *rows = rows_of(e->text, strlen(e->text), ',', e->columns);
        cr_expect_str_eq(rows, e->rows, "example %zu: %s, not %s", i, rows, e->rows);
        free(rows);
    }
}

Test(csv, nul_bytes_are_a_fault) {
    char *rows = rows_of("a,b\0c\nd,e\n", 10, ',', 2);
    cr_expect_str_eq(rows, "1:!5@1 ; 2:d|e");
    free(rows);
    rows = rows_of("\"a\",\"b\0c\"\nd,e\n", 14, ',', 2);
    cr_expect_str_eq(rows, "1:!5@1 ; 2:d|e");
    free(rows);
}

Test(csv, long_rows_cross_many_windows) {
    struct buffer text = {0}, rows = {0};
    for (int row = 0; row < 50; row++) {
        buffer_format(&rows, "%s%d:", row ? " ; " : "", row + 1);
        for (int i = 0; i < 100; i++) {
            buffer_format(
                &text, "%s%.*s", i ? "," : "", (row * 7 + i * 13) % 90,
                "123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890");
            buffer_format(
                &rows, "%s%.*s", i ? "|" : "", (row * 7 + i * 13) % 90,
                "123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890");
        }
        buffer_text(&text, "\n");
    }
    buffer_add(&rows, "", 1);
    char *got = rows_of(text.data, text.size, ',', 100);
    cr_expect_str_eq(got, rows.data);
    free(got);
    buffer_free(&text);
    buffer_free(&rows);
}

Test(csv, separators) {
    cr_expect_eq(csv_separator("a,b;c,d\n;;;;;", 13), ',');
    cr_expect_eq(csv_separator("a;b;c\n", 6), ';');
    cr_expect_eq(csv_separator("a\tb,c\td\n", 8), '\t');
    cr_expect_eq(csv_separator("\"a;b;c\",d\n", 10), ',');
    cr_expect_eq(csv_separator("dx\n", 3), ',');
}

/* ---- properties ------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static size_t random_text(uint32_t *state, char *text, size_t most) {
    static const char letters[] = "ab,,,\n\n\"\"\r\xe5\xff";
    size_t size = next_random(state) % most;
    for (size_t i = 0; i < size; i++) {
        text[i] = letters[next_random(state) % (sizeof letters - 1)];
    }
    return size;
}

Test(csv, the_same_wherever_the_bytes_are_cut, .timeout = 60) {
    uint32_t state = 20220601;
    char text[160];
    for (int round = 0; round < 3000; round++) {
        size_t size = random_text(&state, text, sizeof text);
        char *whole = rows_of(text, size, ',', 2);
        for (size_t cut = 0; cut <= size; cut += 1 + size / 16) {
            char *parts = rows_in_parts(text, size, cut, ',', 2);
            cr_assert_str_eq(parts, whole, "round %d, cut at %zu of %zu:\n%.*s\n%s\n%s", round, cut, size,
                             (int)size, text, whole, parts);
            free(parts);
        }
        free(whole);
    }
}

/* The short way for bytes without quotes and the way field by field must agree: a quoted row in front of the text
 * forces the second. */
Test(csv, both_ways_agree, .timeout = 60) {
    uint32_t state = 7;
    char text[200], second[216];
    for (int round = 0; round < 20000; round++) {
        size_t size = random_text(&state, text, sizeof text);
        for (size_t i = 0; i < size; i++) {
            text[i] = text[i] == '"' ? 'q' : text[i];
        }
        memcpy(second, "\"q\",q\n", 6);
        memcpy(second + 6, text, size);
        text[size] = '\0';
        char *plain = rows_of(text, size, ',', 2), *rows = rows_of(second, size + 6, ',', 2);
        struct buffer expected = {0};
        buffer_text(&expected, "1:q|q");
        for (char *row = strtok(plain, ";"); row; row = strtok(NULL, ";")) {
            char *rest;
            unsigned long line = strtoul(row, &rest, 10);
            buffer_format(&expected, "%s%lu%s", expected.size > 5 ? "; " : " ; ", line + 1, rest);
        }
        buffer_add(&expected, "", 1);
        cr_assert_str_eq(rows, expected.data, "round %d", round);
        buffer_free(&expected);
        free(plain);
        free(rows);
    }
}

Test(csv, utf8) {
    size_t at;
    cr_expect(utf8_valid("plain", 5, &at));
    cr_expect(utf8_valid("0123456789abcdef\xe5\x8c\xbb", 19, &at));
    cr_expect(utf8_valid("\xf0\x9f\x98\x80", 4, &at));
    static const char *const bad[] = {
        "\x80",     "\xc1\x81", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xe5\x8c", "\xc3("};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_not(utf8_valid(bad[i], strlen(bad[i]), &at), "bad %zu", i);
    }
    cr_expect_not(utf8_valid("0123456789abcdefg\xff", 18, &at));
    cr_expect_eq(at, 17);
}

/* ---- whole files ------------------------------------------------------------------------------------------ */

static void write_temporary(char path[32], const char *bytes, size_t size) {
    strcpy(path, "csv-test-XXXXXX");
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    for (size_t done = 0; done < size;) {
        ssize_t n = write(file, bytes + done, size - done);
        cr_assert_gt(n, 0);
        done += (size_t)n;
    }
    close(file);
}

/* Heading and rows of a file, or NULL with the exit code. */
static char *read_file(const char *path, const char *encoding, int *code) {
    struct input *in;
    struct chunk chunk = {0};
    struct csv_cursor cursor;
    struct buffer out = {0};
    *code = input_open(path, encoding, &in);
    if (*code != EXIT_DONE) {
        return NULL;
    }
    uint64_t line = in->line + 1;
    csv_cursor_init(&cursor, in->separator, in->columns);
    while (input_chunk(in, &chunk) && chunk.size) {
        csv_start(&cursor, chunk.bytes, chunk.size, false);
        tell_rows(&cursor, line, &out);
        line += cursor.line;
    }
    csv_cursor_free(&cursor);
    chunk_free(&chunk);
    input_close(in);
    buffer_add(&out, "", 1);
    return out.data;
}

static void expect_file(const char *bytes, size_t size, const char *encoding, const char *rows) {
    char path[32];
    int code;
    write_temporary(path, bytes, size);
    char *got = read_file(path, encoding, &code);
    cr_expect_eq(code, EXIT_DONE);
    cr_expect_str_eq(got ? got : "nothing", rows);
    free(got);
    unlink(path);
}

static void expect_failure(const char *bytes, size_t size, int expected) {
    char path[32];
    int code;
    write_temporary(path, bytes, size);
    cr_expect_null(read_file(path, NULL, &code));
    cr_expect_eq(code, expected);
    unlink(path);
}

#define TEXT(string) string, sizeof string - 1

Test(input, encodings) {
    expect_file(TEXT("\xef\xbb\xbfid,dx\n1,2\n"), NULL, "2:1|2");
    expect_file(TEXT("id,\xd5\xef\xb6\xcf\n1,\xd2\xbd\xd4\xba\n"), NULL, "2:1|\xe5\x8c\xbb\xe9\x99\xa2");
    expect_file(TEXT("id,dx\n1,\xd2\xbd\xd4\xba\n"), "gb18030", "2:1|\xe5\x8c\xbb\xe9\x99\xa2");
    expect_file(TEXT("\xff\xfei\0d\0,\0d\0x\0\n\0"
                     "1\0,\0"
                     "2\0\n\0"),
                NULL, "2:1|2");
    /* Mostly UTF-8 with a damaged row stays UTF-8. */
    expect_file(TEXT("id,\xe5\x8c\xbb\n1,\xe9\x99\xa2\n2,\xb5\xc4\n3,\xe9\x99\xa2\n"), NULL,
                "2:1|\xe9\x99\xa2 ; 3:!6@1 ; 4:3|\xe9\x99\xa2");
}

Test(input, headings) {
    expect_file(TEXT("\n\r\nid;dx\n\n1;2\n"), NULL, "5:1|2");
    expect_file(TEXT("\"id\",\"dx\"\n1,2"), NULL, "2:1|2");
    expect_file(TEXT("id,dx\n"), NULL, "");
    expect_failure(TEXT(""), EXIT_FOUND);
    expect_failure(TEXT("\n\n"), EXIT_FOUND);
    expect_failure(TEXT("PK\3\4 not a text"), EXIT_FOUND);
    expect_failure(TEXT("\x7f"
                        "ELF\0\1\2"),
                   EXIT_FOUND);
    expect_failure(TEXT("\"id,dx\n1,2\n"), EXIT_FOUND);
    expect_failure(TEXT("\xff\xff\xff\xff,\xff\n"), EXIT_FOUND);
    int code;
    cr_expect_null(read_file("there is no such file", NULL, &code));
    cr_expect_eq(code, EXIT_IO);
}

Test(input, gzip) {
    char path[] = "csv-test-XXXXXX";
    close(mkstemp(path));
    gzFile file = gzopen(path, "wb");
    gzputs(file, "id,dx\n1,2\n");
    gzclose(file);
    int code;
    char *rows = read_file(path, NULL, &code);
    cr_expect_str_eq(rows ? rows : "nothing", "2:1|2");
    free(rows);
    unlink(path);
}

Test(input, long_rows, .timeout = 120) {
    const size_t size = (size_t)CSV_ROW_MAX + (1u << 20);
    char *text = malloc(size + 64);
    cr_assert_not_null(text);
    /* a row of 17 MiB is rejected, its neighbours are not */
    memset(text, 'x', size);
    memcpy(text, "id,dx\n1,2\n", 10);
    memcpy(text + size, "\n3,4\n", 5);
    expect_file(text, size + 5, NULL, "2:1|2 ; 3:!7@0 ; 4:3|4");
    /* so is a quote that is never closed: reading goes on with the next line */
    memset(text, '\n', size);
    memcpy(text, "id,dx\n1,2\n5,\"6\n7,8\n", 19);
    memcpy(text + size, "\n3,4\n", 5);
    char rows[100];
    snprintf(rows, sizeof rows, "2:1|2 ; 3:!3@1 ; 4:7|8 ; %zu:3|4", size - 19 + 4 + 2);
    expect_file(text, size + 5, NULL, rows);
    /* a row of 1 MiB is a row */
    memset(text, 'y', 1u << 20);
    memcpy(text, "id,dx\n1,", 8);
    text[1u << 20] = '\n';
    char path[32];
    int code;
    write_temporary(path, text, (1u << 20) + 1);
    char *got = read_file(path, NULL, &code);
    cr_expect_eq(strlen(got), (1u << 20) - 6 + 2);
    free(got);
    unlink(path);
    free(text);
}

/* ---- what is written -------------------------------------------------------------------------------------- */

static const char *decimal(int64_t value, unsigned places) {
    static char words[32];
    *put_decimal(words, value, places) = '\0';
    return words;
}

Test(cells, numbers) {
    cr_expect_str_eq(decimal(0, 2), "0.00");
    cr_expect_str_eq(decimal(5, 2), "0.05");
    cr_expect_str_eq(decimal(-5, 2), "-0.05");
    cr_expect_str_eq(decimal(1276146, 2), "12761.46");
    cr_expect_str_eq(decimal(11237, 4), "1.1237");
    cr_expect_str_eq(decimal(42, 0), "42");
    cr_expect_str_eq(decimal(1234567, 3), "1234.567");
    cr_expect_str_eq(decimal(INT64_MAX, 6), "9223372036854.775807");
    cr_expect_str_eq(decimal(INT64_MIN, 2), "-92233720368547758.08");
    char words[32], expected[32];
    uint64_t value = 1;
    for (int i = 0; i < 64; i++, value = value * 2 + 1) {
        *put_number(words, value) = '\0';
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
        cr_expect_str_eq(words, expected);
    }
    *put_point_value(words, 11356640000) = '\0';
    cr_expect_str_eq(words, "11356.6400");
    *put_point_value(words, 11356640001) = '\0';
    cr_expect_str_eq(words, "11356.640001");
}

Test(cells, quoting) {
    static const char *const pairs[][2] = {
        {"", ""},
        {"a", "a"},
        {"abcd", "abcd"},
        {"a b c d e f", "a b c d e f"},
        {"a,b", "\"a,b\""},
        {"a\"b", "\"a\"\"b\""},
        {"a\nb", "\"a\nb\""},
        {"a text of more than sixteen bytes", "a text of more than sixteen bytes"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char words[100];
        *put_cell(words, (casemix_text){pairs[i][0], strlen(pairs[i][0])}) = '\0';
        cr_expect_str_eq(words, pairs[i][1]);
    }
}

Test(cells, widths) {
    cr_expect_eq(display_width("abc", 3), 3);
    cr_expect_eq(display_width("\xe5\x8c\xbb\xe9\x99\xa2", 6), 4);
    cr_expect_eq(display_width("a\xef\xbc\x8c", 4), 3); /* a full width comma */
}
