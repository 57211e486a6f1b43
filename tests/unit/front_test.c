/* SPDX-License-Identifier: Apache-2.0
 *
 * The front of the compiler: files, YAML trees, messages, catalogues, code sets and the rule language. Everything
 * here is small and made up; places are checked to the column, because a clerk goes where a message points. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tables/compile/expression.h"

/* ---- a folder of files, and one compilation over it ---- */

static char folder[64];
static struct arena *arena;
static struct report *report;
static struct sources sources;
static struct codesets sets;

static const char diagnoses_text[] = "code\tname\n"
                                     "A01.000x005+J17.0*\tx\n"
                                     "A02.201+J17.0*\tx\n"
                                     "A02.201+J17.0*x1\tx\n"
                                     "I60.000\tx\nI60.000x001\tx\nI60.100\tx\n"
                                     "I61.300\tx\nI61.300x001\tx\n"
                                     "I62.900\tx\nI62.900x003\tx\nI63.000\tx\n"
                                     "K70.000\tx\nK71.000\tx\nK78.000\tx\n";
static const char procedures_text[] = "code\tname\n"
                                      "00.0100\tx\n38.1200\tx\n38.1201\tx\n39.7200\tx\n";

static const char *in_folder(const char *name) {
    return arena_format(arena, "%s/%s", folder, name);
}

static void put_bytes(const char *name, const char *bytes, size_t size) {
    FILE *file = fopen(in_folder(name), "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void put(const char *name, const char *text) {
    put_bytes(name, text, strlen(text));
}

static struct place nowhere(void) {
    return (struct place){"the test", 1, 1};
}

static void start(void) {
    snprintf(folder, sizeof folder, "%s/casemix-front-XXXXXX", P_tmpdir);
    cr_assert(mkdtemp(folder));
    arena = arena_new();
    report = report_new(arena);
    sources = (struct sources){.arena = arena, .report = report};
    put("dx.tsv", diagnoses_text);
    put("proc.tsv", procedures_text);
    struct catalogue *diagnoses = catalogue_load(&sources, in_folder("dx.tsv"), nowhere(), CODE_DIAGNOSIS, "dx");
    struct catalogue *procedures =
        catalogue_load(&sources, in_folder("proc.tsv"), nowhere(), CODE_PROCEDURE, "proc");
    codesets_init(&sets, &sources, diagnoses, procedures);
    cr_assert_eq(report->count, 0);
}

static void stop(void) {
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
    arena_free(arena);
}

static struct node *yaml(const char *text) {
    static int number;
    const char *name = arena_format(arena, "%d.yaml", number++);
    put(name, text);
    return document_read(&sources, in_folder(name), nowhere());
}

/* The next message that was not looked at yet. */
static size_t seen;
static void said_at(int line, enum message message, unsigned place_line, unsigned column) {
    if (seen >= report->count) {
        cr_assert_fail("from line %d: no message %s was said", line, message_rows[message].name);
    }
    const struct report_line *got = &report->lines[seen++];
    if (got->message != message || got->place.line != place_line || got->place.column != column) {
        cr_assert_fail("from line %d: %s:%u:%u wanted, %s:%u:%u said: %s", line, message_rows[message].name,
                       place_line, column, message_rows[got->message].name, got->place.line, got->place.column,
                       got->text);
    }
}
#define SAID(message, line, column) said_at(__LINE__, MSG_##message, (line), (column))

static void silent_at(int line) {
    if (seen < report->count) {
        cr_assert_fail("from line %d: %s:%u:%u was said: %s", line, message_rows[report->lines[seen].message].name,
                       report->lines[seen].place.line, report->lines[seen].place.column, report->lines[seen].text);
    }
}
#define SILENT() silent_at(__LINE__)

static const char *last_text(void) {
    return report->count ? report->lines[report->count - 1].text : "";
}

TestSuite(front, .init = start, .fini = stop, .timeout = 60);

/* ---- arena, messages ---- */

Test(front, arena_pieces_are_zero_and_apart) {
    char *small = arena_take(arena, 5), *large = arena_take(arena, 10 << 20), *more = arena_take(arena, 0);
    cr_assert_eq((size_t)small % 16, 0);
    cr_assert_eq(small[4] | large[(10 << 20) - 1], 0);
    cr_assert_neq((void *)small, (void *)more);
    size_t count = 0, capacity = 0;
    int *numbers = NULL;
    for (int i = 0; i < 1000; i++) {
        ARENA_PUSH(arena, numbers, count, capacity, i);
    }
    cr_assert_eq(numbers[0], 0);
    cr_assert_eq(numbers[999], 999);
}

Test(front, numbers_of_messages_are_unique) {
    for (int i = 0; i < MESSAGE_COUNT; i++) {
        for (int j = 0; j < i; j++) {
            cr_assert_neq(message_rows[i].number, message_rows[j].number, "%s", message_rows[i].name);
        }
    }
}

Test(front, report_stops_keeping_but_not_counting) {
    for (int i = 0; i < REPORT_MAX + 50; i++) {
        struct place place = nowhere();
        place.column = (uint32_t)i + 1; /* the same said twice of one place is said once */
        report_say(report, MSG_missing_value, place, "x\x1b[31m\n");
    }
    cr_assert_eq(report->errors, REPORT_MAX + 50);
    cr_assert_eq(report->count, REPORT_MAX);
    cr_assert_null(strpbrk(report->lines[0].text, "\x1b\n"));
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    report_print(report, out);
    fclose(out);
    cr_assert_eq(strncmp(text, "the test:1:1: error E116: ", 26), 0);
    cr_assert(strstr(text, "and 50 messages more"));
    free(text);
}

Test(front, report_cuts_between_characters) {
    char *text = arena_take(arena, 10000);
    for (int i = 0; i < 3000; i++) {
        memcpy(text + i * 3, "\xE9\x9C\x8D", 3);
    }
    report_say(report, MSG_missing_value, nowhere(), text);
    size_t length = strlen(last_text());
    cr_assert(length <= 2000 && length > 1990);
    cr_assert_eq((unsigned char)last_text()[length - 3], 0xE9);
    cr_assert(strlen(report_clip(report, text, 9000)) <= 63);
}

static const char *nearest_of(const char *text) {
    static const char *const names[] = {"DI_BB2", "DI_BB21", "OP_X", "when", "NL"};
    struct nearest nearest;
    nearest_start(&nearest, text, strlen(text));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        nearest_offer(&nearest, names[i], strlen(names[i]));
    }
    return nearest_hint(&nearest, arena);
}

Test(front, nearest_name) {
    cr_assert_str_eq(nearest_of("DI_BB3"), " - did you mean \"DI_BB2\"?");
    cr_assert_str_eq(nearest_of("di_bb2"), " - did you mean \"DI_BB2\"?");
    cr_assert_str_eq(nearest_of("wehn"), " - did you mean \"when\"?");
    cr_assert_str_eq(nearest_of("N"), "");
    cr_assert_str_eq(nearest_of("XX"), "");
    cr_assert_str_eq(nearest_of(""), "");
}

/* ---- files ---- */

Test(front, files_that_cannot_be_read) {
    cr_assert_null(source_read(&sources, in_folder("none"), nowhere()));
    SAID(cannot_read, 1, 1);
    cr_assert_null(source_read(&sources, folder, nowhere()));
    SAID(cannot_read, 1, 1);
    cr_assert_eq(mkfifo(in_folder("pipe"), 0600), 0);
    cr_assert_null(source_read(&sources, in_folder("pipe"), nowhere()));
    SAID(cannot_read, 1, 1);
    put("large", "");
    cr_assert_eq(truncate(in_folder("large"), (off_t)200 << 20), 0);
    cr_assert_null(source_read(&sources, in_folder("large"), nowhere()));
    SAID(file_too_large, 1, 1);
    put_bytes("nul", "a\0b", 3);
    cr_assert_null(source_read(&sources, in_folder("nul"), nowhere()));
    SAID(binary_file, 1, 1);
    put("gbk", "id: x\nname: \xE9\x9C\x8D\xD6\xD0\n");
    cr_assert_null(document_read(&sources, in_folder("gbk"), nowhere()));
    SAID(not_utf8, 2, 8);
    SILENT();
}

Test(front, not_utf8) {
    static const char *const bad[] = {"\x80",         "\xC0\x80",         "\xE0\x80\x80",
                                      "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
                                      "\xFF\xFE",     "\xE4\xB8",         "aaaaaaaaaaaaaaaa\xE4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *name = arena_format(arena, "bad%zu", i);
        put(name, bad[i]);
        cr_assert_null(source_read(&sources, in_folder(name), nowhere()));
        SAID(not_utf8, 1, i == 8 ? 17 : 1);
    }
}

Test(front, a_path_is_read_once) {
    struct source *first = source_read(&sources, in_folder("dx.tsv"), nowhere());
    cr_assert_eq(first, source_read(&sources, in_folder("dx.tsv"), nowhere()));
    cr_assert_neq(first->hash, 0);
    cr_assert_str_eq(source_path(&sources, "rules/a/b.yaml", "c.txt"), "rules/a/c.txt");
    cr_assert_str_eq(source_path(&sources, "b.yaml", "c.txt"), "c.txt");
    cr_assert_str_eq(source_path(&sources, "rules/b.yaml", "/c.txt"), "/c.txt");
}

/* ---- YAML ---- */

Test(front, tree) {
    struct node *root = yaml("\xEF\xBB\xBF# comment\nid: x\n霍: 乱 \nlist: [a, {b: c}]\nnone:\n");
    cr_assert(root);
    cr_assert_eq(root->kind, NODE_MAP);
    cr_assert_eq(root->count, 4);
    const struct node *name = node_get(root, "霍");
    cr_assert_str_eq(name->text, "乱");
    cr_assert_eq(name->place.line, 3);
    cr_assert_eq(name->place.column, 4);
    cr_assert_eq(memcmp(name->source->bytes + name->offset, "乱", 3), 0);
    const struct node *list = node_get(root, "list");
    cr_assert_eq(list->kind, NODE_LIST);
    cr_assert_str_eq(node_get(list->items[1], "b")->text, "c");
    cr_assert_eq(node_get(list->items[1], "b")->place.column, 15);
    cr_assert_eq(node_get(root, "none")->length, 0);
    cr_assert_null(node_get(root, "other"));
    cr_assert_null(node_get(list, "b"));
    SILENT();
}

Test(front, yaml_that_is_refused) {
    cr_assert_null(yaml("a: &x [1]\nb: *x\n"));
    SAID(alias_refused, 1, 4);
    cr_assert_null(yaml("a: 1\nb: *x\n"));
    SAID(alias_refused, 2, 4);
    cr_assert_null(yaml("DI_ALL: *\n"));
    SAID(alias_refused, 1, 9);
    cr_assert_null(yaml("a: !S06.0* I60*\n"));
    SAID(tag_refused, 1, 4);
    cr_assert_null(yaml("a: !!str b\n"));
    SAID(tag_refused, 1, 4);
    cr_assert_null(yaml("a: 1\n---\nb: 1\n"));
    SAID(several_documents, 2, 1);
    cr_assert_null(yaml("? [a, b]\n: 1\n"));
    SAID(key_not_scalar, 1, 3);
    cr_assert_null(yaml(""));
    SAID(empty_file, 0, 0);
    cr_assert_null(yaml("# nothing\n"));
    SAID(empty_file, 0, 0);
    cr_assert_null(yaml("a: \"x\\0y\"\n"));
    SAID(nul_in_text, 1, 4);
    cr_assert_null(yaml("a: [1, 2\nb: 3\n"));
    cr_assert_eq(report->lines[seen++].message, MSG_yaml_syntax);
    cr_assert_null(yaml("a: \"open\n"));
    cr_assert_eq(report->lines[seen++].message, MSG_yaml_syntax);
    cr_assert_null(yaml("a: 1\nb: \x01\n"));
    SAID(yaml_syntax, 2, 4);
    SILENT();
}

Test(front, duplicate_keys) {
    cr_assert(yaml("a: 1\nb: {c: 1, d: 2, c: 3}\na: 2\n"));
    SAID(duplicate_key, 2, 17);
    SAID(duplicate_key, 3, 1);
    cr_assert(strstr(last_text(), "first in line 1"));
    SILENT();
}

static char *repeated(const char *piece, size_t count, const char *before, const char *after) {
    size_t length = strlen(piece), b = strlen(before), a = strlen(after);
    char *text = arena_take(arena, b + length * count + a + 1);
    memcpy(text, before, b);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + b + i * length, piece, length);
    }
    memcpy(text + b + length * count, after, a);
    return text;
}

Test(front, yaml_that_is_too_much) {
    cr_assert_null(yaml(repeated("[", 100000, "a: ", "")));
    SAID(too_deep, 1, 35);
    cr_assert_null(yaml(repeated("{a: ", 100000, "", "")));
    cr_assert_eq(report->lines[seen++].message, MSG_too_deep);
    cr_assert_null(yaml(repeated("- ", 100000, "", "")));
    cr_assert_eq(report->lines[seen++].message, MSG_too_deep);
    cr_assert(yaml(repeated("x", 30 << 20, "a: ", "\n")));
    cr_assert_null(yaml(repeated("x", 5 << 20, "a: 'b", "\n")));
    seen++;
    SILENT();
}

Test(front, random_bytes_do_no_harm) {
    static const char *const pieces[] = {"a", ": ",  "\n",  "  ", "- ", "[", "]",    "{",  "}",  ",",
                                         "'", "\"",  "|",   ">",  "#",  "&", "*",    "!",  "? ", "\\",
                                         "%", "---", "...", "霍", "\t", "0", "\r\n", "<<", "~",  "\xC2\x85"};
    unsigned state = 12345;
    for (int round = 0; round < 3000; round++) {
        char text[200] = "";
        for (int i = 0; i < 25; i++) {
            state = state * 1103515245u + 12345u;
            strcat(text, pieces[(state >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        put("fuzz.yaml", text);
        sources.first = sources.last = NULL; /* the same path, other bytes */
        struct node *root = document_read(&sources, in_folder("fuzz.yaml"), nowhere());
        cr_assert(root || report->errors > 0);
        for (size_t i = 0; root && root->kind == NODE_MAP && i < root->count; i++) {
            for (size_t at = 0; at <= root->items[i]->length; at++) {
                cr_assert(node_place(root->items[i], at).line > 0);
            }
        }
    }
}

/* ---- places inside scalars ---- */

static void check_place(const struct node *root, const char *key, const char *word, unsigned line,
                        unsigned column) {
    const struct node *scalar = node_get(root, key);
    const char *at = strstr(scalar->text, word);
    cr_assert(at, "%s", word);
    struct place place = node_place(scalar, (size_t)(at - scalar->text));
    cr_assert(place.line == line && place.column == column, "%s of %s: %u:%u", word, key, place.line, place.column);
}

Test(front, places_inside_scalars) {
    struct node *root = yaml("plain: 霍 one two\n"                                /* 1 */
                             "quoted: 'one two,three'\n"                          /* 2 */
                             "double: \"one  two\"\n"                             /* 3 */
                             "literal: |\n  one\n    two\n\n  four\n"             /* 4 */
                             "folded: >-  # why\n   one\n   two 霍x\n\n   four\n" /* 9 */
                             "lines: one\n  two\n\n  four\n"                      /* 14 */
                             "escapes: \"\\x41 one\"\n"                           /* 18 */
                             "double2: \"one\n  two\"\n");
    cr_assert(root);
    check_place(root, "plain", "two", 1, 14);
    check_place(root, "quoted", "one", 2, 10);
    check_place(root, "quoted", "three", 2, 18);
    check_place(root, "double", "two", 3, 15);
    check_place(root, "literal", "one", 5, 3);
    check_place(root, "literal", "two", 6, 5);
    check_place(root, "literal", "four", 8, 3);
    check_place(root, "folded", "one", 10, 4);
    check_place(root, "folded", "x", 11, 9);
    check_place(root, "folded", "four", 13, 4);
    check_place(root, "lines", "one", 14, 8);
    check_place(root, "lines", "two", 15, 3);
    check_place(root, "lines", "four", 17, 3);
    check_place(root, "escapes", "A", 18, 10);
    check_place(root, "escapes", "one", 18, 16);
    check_place(root, "double2", "two", 20, 3);
    struct node_cursor cursor;
    node_cursor_start(&cursor, node_get(root, "literal"));
    cr_assert_eq(node_cursor_place(&cursor, 6).column, 5);
    cr_assert_eq(node_cursor_place(&cursor, 0).line, 5);
    cr_assert_eq(node_cursor_place(&cursor, 1000).line, 9);
}

Test(front, checked_access) {
    static const char *const known[] = {"when", "name", NULL};
    struct node *root =
        yaml("when: 12\nnmae: x\nlist: [1]\nbig: 99999999999999999999\nlow: -9223372036854775808\n");
    int64_t number = 0;
    cr_assert(node_number(report, node_get(root, "when"), "when", 0, 12, &number));
    cr_assert_eq(number, 12);
    cr_assert(node_number(report, node_get(root, "low"), "low", INT64_MIN, 0, &number));
    cr_assert_eq(number, INT64_MIN);
    SILENT();
    cr_assert_not(node_number(report, node_get(root, "when"), "when", 0, 11, &number));
    SAID(number_expected, 1, 7);
    cr_assert_not(node_number(report, node_get(root, "big"), "big", 0, INT64_MAX, &number));
    SAID(number_expected, 4, 6);
    cr_assert_null(node_text(report, node_get(root, "list"), "list"));
    SAID(wrong_type, 3, 7);
    cr_assert_null(node_text(report, node_get(root, "gone"), "gone"));
    SAID(missing_value, 0, 0);
    cr_assert_null(node_need(report, root, "gone", "the scheme"));
    SAID(missing_key, 1, 1);
    node_check_keys(report, root, known, "a scheme");
    SAID(unknown_key, 2, 1);
    cr_assert(strstr(report->lines[seen - 1].text, "did you mean \"name\"?"));
}

/* ---- catalogues ---- */

static struct catalogue *catalogue_of(const char *name, const char *text) {
    put(name, text);
    return catalogue_load(&sources, in_folder(name), nowhere(), CODE_DIAGNOSIS, name);
}

Test(front, catalogue) {
    struct catalogue *c =
        catalogue_of("c.tsv", "\xEF\xBB\xBF# where it is from\r\ncode\tname\r\nB\tbe\tmore\r\nA.1\ta\r\n\r\nA\ta+");
    SILENT();
    cr_assert_eq(c->count, 3);
    cr_assert_str_eq(c->codes[0].text, "A");
    cr_assert_str_eq(c->codes[0].name, "a+");
    cr_assert_str_eq(c->codes[2].name, "be");
    cr_assert_eq(catalogue_find(c, "A.1", 3), 1);
    cr_assert_eq(catalogue_find(c, "A.", 2), UINT32_MAX);
    cr_assert_eq(catalogue_find(c, "C", 1), UINT32_MAX);
    uint32_t first, end;
    catalogue_branch(c, "A", 1, &first, &end);
    cr_assert(first == 0 && end == 2);
    catalogue_branch(c, "", 0, &first, &end);
    cr_assert(first == 0 && end == 3);
    catalogue_branch(c, "A.2", 3, &first, &end);
    cr_assert_eq(first, end);
}

Test(front, catalogue_lines_that_are_wrong) {
    struct catalogue *c = catalogue_of("c.tsv", "B\tb\nA\na b\tx\n\tx\nA123456789012345678901234\tx\nB\tc\n");
    cr_assert_eq(c->count, 1);
    SAID(catalogue_heading, 1, 1);
    SAID(bad_catalogue_line, 2, 1);
    SAID(bad_code, 3, 1);
    SAID(bad_code, 4, 1);
    SAID(bad_code, 5, 1);
    SAID(duplicate_code, 6, 1);
    cr_assert_null(catalogue_of("d.tsv", "code\tname\n"));
    SAID(empty_catalogue, 0, 0);
    SILENT();
}

Test(front, catalogue_with_further_codes) {
    const struct code more[] = {{.text = "Z", .length = 1},       {.text = "常R83.300", .length = 10, .name = "n"},
                                {.text = "I60.000", .length = 7}, {.text = "A", .length = 1},
                                {.text = "Z", .length = 1},       {.text = "", .length = 0}};
    struct place places[6];
    for (uint32_t i = 0; i < 6; i++) {
        places[i] = (struct place){"scheme", i + 1, 1};
    }
    struct catalogue *c = catalogue_extend(arena, report, sets.catalogues[0], more, places, 6);
    SAID(code_already_there, 3, 1);
    SAID(bad_code, 6, 1);
    SAID(duplicate_code, 5, 1);
    SILENT();
    cr_assert_eq(c->count, sets.catalogues[0]->count + 3);
    cr_assert_str_eq(c->codes[0].text, "A");
    cr_assert(c->codes[0].added);
    cr_assert_neq(catalogue_find(c, "常R83.300", 10), UINT32_MAX);
    cr_assert_not(c->codes[catalogue_find(c, "I60.000", 7)].added);
}

/* ---- code sets ---- */

static struct node *define_all(const char *text, bool patch) {
    struct node *root = yaml(text);
    cr_assert(root);
    for (size_t i = 0; i < root->count; i++) {
        codesets_define(&sets, root->keys[i], root->items[i], patch);
    }
    return root;
}

/* The codes of a set, in order, with blanks between; "?" if it failed. */
static const char *codes_of(const char *name) {
    struct codeset *set = codesets_find(&sets, name, strlen(name));
    cr_assert(set, "%s", name);
    if (!codeset_expand(&sets, set)) {
        return "?";
    }
    const char *codes = "";
    uint32_t count = 0;
    for (uint32_t i = 0; i < sets.catalogues[set->kind]->count; i++) {
        if (codeset_has(set, i)) {
            codes =
                arena_format(arena, "%s%s%s", codes, *codes ? " " : "", sets.catalogues[set->kind]->codes[i].text);
            count++;
        }
    }
    cr_assert_eq(count, set->count);
    return codes;
}

Test(front, items) {
    put("long.txt", "# a list\nI60.000, I61*   # and more\n!I61.300x001\n");
    define_all("DI_CODE: I60.000x001,K70.000\n"
               "DI_BRANCH: I60* !I60.1*\n"
               "DI_STAR: A02.201+J17.0*\n"
               "DI_STARS: A02.201+J17.0**\n"
               "DI_RANGE: I60.1..I62.9\n"
               "DI_RANGE2: I60.1..I62.900\n"
               "DI_SETS: [DI_CODE, '!I60*', I63.000]\n"
               "DI_REGEX: '/^K7[0-1]\\./'\n"
               "DI_BRACES: '/^K7{1,2}[0-9]{1,2}/ !K71*'\n"
               "DI_ALL: '* !I*'\n"
               "OP_ALL: '*'\n"
               "MIX: '/^38/'\n"
               "DI_FILE: {file: long.txt}\n"
               "DI_LIST:\n  - {file: long.txt}\n  - K70* K71*\n"
               "DI_WIDE: I60.000，I61.300　K70.000\n"
               "DI_MINUS_FIRST: '!I60.100 I60*'\n",
               false);
    SILENT();
    cr_assert_str_eq(codes_of("DI_CODE"), "I60.000x001 K70.000");
    cr_assert_str_eq(codes_of("DI_BRANCH"), "I60.000 I60.000x001");
    cr_assert_str_eq(codes_of("DI_STAR"), "A02.201+J17.0*");
    cr_assert_str_eq(codes_of("DI_STARS"), "A02.201+J17.0* A02.201+J17.0*x1");
    cr_assert_str_eq(codes_of("DI_RANGE"), "I60.100 I61.300 I61.300x001 I62.900 I62.900x003");
    cr_assert_str_eq(codes_of("DI_RANGE2"), "I60.100 I61.300 I61.300x001 I62.900");
    cr_assert_str_eq(codes_of("DI_SETS"), "I63.000 K70.000");
    cr_assert_str_eq(codes_of("DI_REGEX"), "K70.000 K71.000");
    cr_assert_str_eq(codes_of("DI_BRACES"), "K70.000 K78.000");
    cr_assert_str_eq(codes_of("DI_ALL"),
                     "A01.000x005+J17.0* A02.201+J17.0* A02.201+J17.0*x1 K70.000 K71.000 K78.000");
    cr_assert_str_eq(codes_of("OP_ALL"), "00.0100 38.1200 38.1201 39.7200");
    cr_assert_str_eq(codes_of("MIX"), "38.1200 38.1201");
    cr_assert_str_eq(codes_of("DI_FILE"), "I60.000 I61.300");
    cr_assert_str_eq(codes_of("DI_LIST"), "I60.000 I61.300 K70.000 K71.000");
    cr_assert_str_eq(codes_of("DI_WIDE"), "I60.000 I61.300 K70.000");
    cr_assert_str_eq(codes_of("DI_MINUS_FIRST"), "I60.000 I60.000x001");
    SILENT();
}

static void wrong_set(const char *text) {
    struct node *root = define_all(text, false);
    cr_assert_str_eq(codes_of(root->keys[0]->text), "?");
}

Test(front, items_that_are_wrong) {
    wrong_set("DI_A1: I60.000 I60.001\n");
    SAID(unknown_code, 1, 16);
    cr_assert(strstr(last_text(), "did you mean \"I60.000\"?"));
    wrong_set("DI_A2: |\n  I60.000\n  I68* K70.000\n");
    SAID(item_hits_nothing, 3, 3);
    cr_assert(strstr(last_text(), "\"I60*\""));
    wrong_set("DI_A3: I60* 38.12*\n");
    SAID(mixed_set, 1, 13);
    wrong_set("DI_A4: I60* 'x' /K7[/\n");
    SAID(unknown_code, 1, 13);
    SAID(bad_regex, 1, 17);
    wrong_set("DI_A5: /abc I60*\n");
    SAID(bad_regex, 1, 8);
    wrong_set("DI_A6: I62*..I60 ..I60 K70.000..38.1200 I62..I60\n");
    SAID(item_hits_nothing, 1, 8);
    SAID(bad_range, 1, 18);
    SAID(bad_range, 1, 24);
    SAID(bad_range, 1, 41);
    wrong_set("DI_A7: [DI_AX, I60*]\n");
    SAID(unknown_set, 1, 9);
    wrong_set("DI_A8: [[I60*]]\n");
    SAID(bad_set, 1, 9);
    wrong_set("DI_A9: {add: I60*}\n");
    SAID(patch_without_base, 1, 8);
    wrong_set("DI_B1: {file: gone.txt}\n");
    SAID(cannot_read, 1, 15);
    put("bad.txt", "I60* # x\n  I99*\n");
    wrong_set("DI_B2: {file: bad.txt}\n");
    SAID(item_hits_nothing, 2, 3);
    cr_assert(strstr(report->lines[seen - 1].place.file, "bad.txt"));
    wrong_set("ANY: '/./'\n");
    SAID(undecided_kind, 1, 7);
    wrong_set("DI_B3: I60* !!I60.1* !I99*\n");
    SAID(bad_item, 1, 13);
    SAID(item_hits_nothing, 1, 22);
    wrong_set("DI_B4: /(a+)+$|((.*)*)*x/\n");
    SAID(bad_regex, 1, 8);
    wrong_set("DI_B5: /zzz/\n");
    SAID(item_hits_nothing, 1, 8);
    define_all("DI_W: I60* !K70*\nDI_E: ''\n", false);
    cr_assert_str_eq(codes_of("DI_W"), "I60.000 I60.000x001 I60.100");
    SAID(minus_takes_nothing, 1, 12);
    cr_assert_str_eq(codes_of("DI_E"), "");
    SAID(empty_set, 2, 1);
    SILENT();
}

Test(front, names_of_sets) {
    define_all("DI_X: I60*\nMCC: I60*\n'A B': I60*\nI60.000: I60*\n'': I60*\n", false);
    SAID(bad_set_name, 2, 1);
    SAID(bad_set_name, 3, 1);
    SAID(bad_set_name, 4, 1);
    SAID(bad_set_name, 5, 1);
    define_all("DI_X: I61*\n", false);
    SAID(duplicate_set, 1, 1);
    define_all("DI_Y: I61*\n", true);
    SAID(unknown_set, 1, 1);
    cr_assert(strstr(last_text(), "DI_X"));
    SILENT();
}

Test(front, cycles) {
    define_all("A: B I60*\nB: K70* C\nC: [I61*, A]\nD: D\n", false);
    cr_assert_str_eq(codes_of("A"), "?");
    SAID(cyclic_set, 3, 11);
    cr_assert(strstr(last_text(), ": A -> B -> C -> A;"), "%s", last_text());
    cr_assert_str_eq(codes_of("B"), "?");
    cr_assert_str_eq(codes_of("D"), "?");
    SAID(cyclic_set, 4, 4);
    SILENT();
}

Test(front, long_chain_of_sets) {
    char *text = arena_take(arena, 100000), *at = text;
    for (int i = 0; i < 400; i++) {
        at += sprintf(at, "S%d: S%d\n", i, i + 1);
    }
    sprintf(at, "S400: I60*\n");
    define_all(text, false);
    cr_assert_str_eq(codes_of("S201"), "I60.000 I60.000x001 I60.100");
    cr_assert_str_eq(codes_of("S202"), "I60.000 I60.000x001 I60.100");
    SILENT();
    define_all("T: S0\n", false);
    cr_assert_str_eq(codes_of("T"), "?");
    SAID(set_too_deep, 199, 7);
    SILENT();
}

Test(front, patches) {
    define_all("DI_A: I60*\nDI_B: DI_A K70*\n", false);
    define_all("DI_A: {add: [I63.000, K78*], remove: I60.0*}\n", true);
    define_all("DI_A: {add: {file: x.txt}}\n", true);
    put("x.txt", "I61.300");
    cr_assert_str_eq(codes_of("DI_A"), "I60.100 I61.300 I63.000 K78.000");
    cr_assert_str_eq(codes_of("DI_B"), "I60.100 I61.300 I63.000 K70.000 K78.000");
    define_all("DI_C: I60*\nDI_D: I60*\nDI_E: DI_F\nDI_F: I60*\n", false);
    define_all("DI_C: {remove: [K70*]}\nDI_D: I61.300\nDI_F: {add: DI_E}\n", true);
    cr_assert_str_eq(codes_of("DI_C"), "I60.000 I60.000x001 I60.100");
    SAID(minus_takes_nothing, 1, 17);
    cr_assert_str_eq(codes_of("DI_D"), "I61.300");
    cr_assert_str_eq(codes_of("DI_E"), "?");
    SAID(cyclic_set, 3, 13);
    cr_assert(strstr(last_text(), ": DI_E -> DI_F -> DI_E;"), "%s", last_text());
    SILENT();
}

/* ---- the rule language ---- */

static const char *show(const struct expression *e);

static const char *show_children(const struct expression *e, const char *name) {
    const char *text = arena_format(arena, "(%s", name);
    for (size_t i = 0; i < e->count; i++) {
        text = arena_format(arena, "%s %s", text, show(e->children[i]));
    }
    return arena_format(arena, "%s)", text);
}

static const char *show(const struct expression *e) {
    static const char *const signs[] = {"=", "<", "<=", ">", ">=", "!="};
    switch (e->op) {
    case EXPR_TRUE:
        return "true";
    case EXPR_FALSE:
        return "false";
    case EXPR_AND:
        return show_children(e, "and");
    case EXPR_OR:
        return show_children(e, "or");
    case EXPR_NOT:
        return show_children(e, "not");
    case EXPR_AT_LEAST:
        return show_children(e, arena_format(arena, "atleast %d", (int)e->number));
    case EXPR_IN:
        return arena_format(arena, "%u in %u", e->where, e->set->count);
    case EXPR_SEVERITY:
        return arena_format(arena, "severity %d", (int)e->number);
    case EXPR_COMPARE:
        return arena_format(arena, "%s%s%lld", fact_rows[e->fact].name, signs[e->compare], (long long)e->number);
    case EXPR_AMONG: {
        const char *text = fact_rows[e->fact].name;
        for (size_t i = 0; i < e->count; i++) {
            text = arena_format(arena, "%s|%s", text, e->words[i]);
        }
        return text;
    }
    case EXPR_COUNT:
        return arena_format(arena, "count %u in %u%s%d", e->where, e->set->count, signs[e->compare],
                            (int)e->number);
    default:
        return arena_format(arena, "present %s", fact_rows[e->fact].name);
    }
}

static struct expression *parsed(const char *text, bool *ok) {
    struct node *root = yaml(arena_format(arena, "when: >-\n  %s\n", text));
    cr_assert(root);
    return expression_parse(&sets, node_get(root, "when"), ok);
}

static void reads(const char *text, const char *wanted) {
    bool ok = false;
    const char *got = show(parsed(text, &ok));
    cr_assert(ok, "%s: %s", text, last_text());
    cr_assert_str_eq(got, wanted, "%s: %s", text, got);
}

/* Column 3 is the first of the text. */
static void fails_at(int line, const char *text, enum message message, unsigned column) {
    bool ok = true;
    struct expression *e = parsed(text, &ok);
    cr_assert_not(ok, "%s", text);
    cr_assert_eq(e->op, EXPR_FALSE);
    said_at(line, message, 2, column);
    silent_at(line);
}
#define FAILS(text, message, column) fails_at(__LINE__, (text), MSG_##message, (column))

Test(front, expressions) {
    define_all("DI_BB2: I60*\nOP_BB2: 38*\n", false);
    reads("ZYZD in DI_BB2 and {ZYSS,QTSS} in OP_BB2", "(and 1 in 3 12 in 2)");
    reads("zyzd IN DI_BB2 AND XSRTL < 29 And XSRTZ>=2000", "(and 1 in 3 AGE_DAYS<29 WEIGHT>=2000)");
    reads("QTZD in {MCC,CC} and NL >= 70", "(and severity 3 AGE>=70)");
    reads("QTZD in MCC or QTZD not in {cc}", "(or severity 1 (not severity 2))");
    reads("ZYSS not in OP_BB2 or XB = 1", "(or (not 4 in 2) SEX=1)");
    reads("length(OP_BB2 ∩ {ZYSS,QTSS}) >= 2", "count 12 in 2>=2");
    reads("length({ZYSS, QTSS}∩{38* 39*})>=2", "count 12 in 3>=2");
    reads("length({38.1200,38.1201} ∩ QTSS)!=1", "count 8 in 2!=1");
    reads("{ZYZD,QTZD} in {/^K7[0-9]{1,2}/, !K71*}", "3 in 2");
    reads("atleast(2, {ZYZD,QTZD} in DI_BB2, NL > 1, (1 or 0))", "(atleast 2 3 in 3 AGE>1 (or true false))");
    reads("KS in {ICU, 0302, 内科(一)}", "DEPARTMENT|ICU|0302|内科(一)");
    reads("LYFS = 5 or LYFS != 4 or KS not in {x}",
          "(or DISCHARGE_WAY|5 (and present DISCHARGE_WAY (not DISCHARGE_WAY|4)) (not DEPARTMENT|x))");
    reads("present(XSRTZ)", "present WEIGHT");
    reads("ZFY >= 100000.5 and ZFY < 0.0001", "(and COST>=1000005000 COST<1)");
    reads("not not (NL ≤ 5 and (NL ≥ 1 or NL ≠ 3))", "(not (not (and AGE<=5 (or AGE>=1 AGE!=3))))");
    reads("（ZYZD in ｛I60*，K70*｝）and NL＞＝１８", "(and 1 in 4 AGE>=18)");
    reads("1 and 0", "(and true false)");
    reads("1 or 1 and not 1", "(or true (and true (not true)))");
    bool ok;
    cr_assert_eq(expression_parse(&sets, NULL, &ok)->op, EXPR_TRUE);
    cr_assert_eq(expression_parse(&sets, node_get(yaml("a: ''\n"), "a"), &ok)->op, EXPR_TRUE);
    cr_assert(ok);
    SILENT();
}

Test(front, expressions_know_their_places) {
    define_all("DI_BB2: I60*\n", false);
    struct node *root =
        yaml("when: |\n    (ZYZD in DI_BB2 or\n   　 NL ＞ 3) and\n    QTZD not in {K70.000\n      K71.000}\n");
    bool ok;
    cr_assert_null(root); /* less indented than the first line */
    root = yaml("when: |\n  (ZYZD in DI_BB2 or\n   　 NL ＞ 3) and\n    QTZD not in {K70.000\n      K71.000}\n");
    seen = report->count;
    struct expression *e = expression_parse(&sets, node_get(root, "when"), &ok);
    cr_assert(ok);
    cr_assert_str_eq(show(e), "(and (or 1 in 3 AGE>3) (not 2 in 2))");
    struct expression *age = e->children[0]->children[1], *last = e->children[1];
    cr_assert(age->place.line == 3 && age->place.column == 6, "%u:%u", age->place.line, age->place.column);
    cr_assert_eq(strncmp(age->text, "NL ＞ 3", age->length), 0);
    cr_assert_eq(age->length, strlen("NL ＞ 3"));
    cr_assert(last->place.line == 4 && last->place.column == 5);
    cr_assert_eq(last->text[last->length - 1], '}');
    cr_assert(last->children[0]->set->place.column == 17);
    SILENT();
}

Test(front, expressions_that_are_wrong) {
    define_all("DI_BB2: I60*\nOP_BB2: 38*\n", false);
    FAILS("ZYZD in DI_BB3", unknown_set, 11);
    cr_assert(strstr(last_text(), "did you mean \"DI_BB2\"?"));
    FAILS("ZYZD in I60.000", unknown_set, 11);
    cr_assert(strstr(last_text(), "{I60.000}"));
    FAILS("ZYZD in {I60.000, I99*}", item_hits_nothing, 21);
    FAILS("ZYZD in OP_BB2", wrong_set_kind, 11);
    FAILS("{ZYZD,ZYSS} in DI_BB2", mixed_positions, 3);
    FAILS("ZYZZ in DI_BB2", unknown_word, 3);
    cr_assert(strstr(last_text(), "did you mean \"ZYZD\"?"));
    FAILS("{ZYZD,QTZZ} in DI_BB2", unknown_word, 9);
    FAILS("NLL > 3", unknown_fact, 3);
    FAILS("present(NLL)", unknown_fact, 11);
    FAILS("DI_BB2", expression_syntax, 3);
    FAILS("NL > 3 and", expression_syntax, 13);
    FAILS("NL > 3 NL < 5", expression_syntax, 10);
    FAILS("(NL > 3", expression_syntax, 10);
    FAILS("NL > 3)", expression_syntax, 9);
    FAILS("NL > x", compare_number_expected, 8);
    FAILS("NL > 2.5", compare_number_expected, 8);
    FAILS("NL > 99999999999999999999", compare_number_expected, 8);
    FAILS("ZFY > 1.00001", compare_number_expected, 9);
    FAILS("ZFY > 9223372036854775807", compare_number_expected, 9);
    FAILS("NL in {1,2}", fact_test, 6);
    FAILS("KS > 3", fact_test, 6);
    FAILS("KS in {a b}", expression_syntax, 12);
    FAILS("KS in {}", expression_syntax, 10);
    FAILS("KS in {a,", expression_syntax, 12);
    FAILS("ZYZD in MCC", severity_position, 11);
    FAILS("length(MCC ∩ QTZD) > 1", severity_position, 10);
    FAILS("length(DI_BB2, QTZD) > 1", expression_syntax, 16);
    FAILS("atleast(3, 1, 1)", atleast_count, 3);
    FAILS("atleast(0, 1, 1)", atleast_count, 3);
    FAILS("ZYZD in {I60*", expression_syntax, 11);
    FAILS("ZYZD in {I60* {", expression_syntax, 11);
    FAILS("ZYZD ! in", expression_syntax, 8);
    FAILS("NL ! 3", expression_syntax, 6);
    FAILS("霍乱", unknown_word, 3);
}

Test(front, expressions_that_are_too_much) {
    bool ok;
    parsed(repeated("(", 100000, "", "1"), &ok);
    SAID(expression_too_deep, 2, 67);
    parsed(repeated("not ", 100000, "", "1"), &ok);
    SAID(expression_too_deep, 2, 3 + 64 * 4);
    parsed(repeated("atleast(1,", 100000, "", "1"), &ok);
    SAID(expression_too_deep, 2, 3 + 64 * 10);
    parsed(repeated("1 or ", 200000, "", "1"), &ok);
    cr_assert_eq(report->lines[seen++].message, MSG_expression_too_large);
    SILENT();
    parsed(repeated("ZYZD not in {I60*} or ", 20000, "", "1"), &ok);
    cr_assert(ok);
}

Test(front, random_expressions_do_no_harm) {
    static const char *const pieces[] = {"ZYZD",
                                         "QTSS",
                                         " in ",
                                         "not ",
                                         " and ",
                                         " or ",
                                         "(",
                                         ")",
                                         "{",
                                         "}",
                                         ",",
                                         "=",
                                         "<",
                                         "!",
                                         "∩",
                                         "NL",
                                         "KS",
                                         "ZFY",
                                         "1",
                                         "0.5",
                                         "MCC",
                                         "length(",
                                         "atleast(",
                                         "present(",
                                         "I60*",
                                         "I60.000",
                                         "38.1200",
                                         "/^I/",
                                         "/",
                                         "..",
                                         "!",
                                         "*",
                                         "，",
                                         "＝",
                                         "≥",
                                         "　",
                                         "\xF0\x9F\x98\x80",
                                         "DI_A"};
    unsigned state = 99;
    define_all("DI_A: I60*\n", false);
    for (int round = 0; round < 20000; round++) {
        char text[300] = "";
        for (int i = 0; i < 14; i++) {
            state = state * 1103515245u + 12345u;
            strcat(text, pieces[(state >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        struct node scalar = {.kind = NODE_SCALAR, .text = text, .length = strlen(text)};
        struct source source = {.path = "x", .bytes = text, .size = scalar.length};
        scalar.source = &source;
        scalar.place = (struct place){"x", (uint32_t)round + 1, 1}; /* what is said twice of a place is said once */
        size_t errors = report->errors;
        bool ok;
        cr_assert(expression_parse(&sets, &scalar, &ok));
        cr_assert_eq(ok, errors == report->errors, "%s", text);
    }
}
