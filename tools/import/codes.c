/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import codes: a code catalogue or a crosswalk, out of a CSV file of anybody, in the form that rules have:
 * TAB between two columns, sorted by code, no code twice. What was repaired is told. */
#include "import.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../input.h"

static const char help[] = "usage: casemix import codes FILE.csv -o OUT [--code COLUMN --name COLUMN | --from "
                           "COLUMN --to COLUMN] [--force]\n"
                           "\n"
                           "Writes a code catalogue (code, name) or a crosswalk (from, to) as rules have it: "
                           "sorted, no code twice. OUT is a\n"
                           "file if it ends in .tsv, else a folder for catalogue.tsv or crosswalk.tsv. A crosswalk "
                           "keeps only the pairs that\n"
                           "differ. The columns are found by their headings (code, name, from, to, 编码, 代码, "
                           "名称, 临床 ..., 医保 ...) or named.\n"
                           "\n"
                           "  -o, --output OUT     where it goes\n"
                           "      --code, --name   columns of a catalogue\n"
                           "      --from, --to     columns of a crosswalk\n"
                           "      --encoding NAME  of the file (default: UTF-8 or GB18030, as it looks)\n"
                           "  -f, --force          replace what is there\n"
                           "\n"
                           "example:\n"
                           "  casemix import codes icd10.csv -o my-codes.tsv --code 诊断代码 --name 诊断名称\n";

enum { SHOWN = 20 };

struct pair {
    const char *code, *other;
    uint64_t line;
};

struct lists {
    struct arena *arena;
    const char *path;
    bool crosswalk;
    struct pair *pairs;
    size_t count, capacity;
    unsigned repaired, left_out, twice, same, told;
};

struct wanted {
    const char *output, *code, *name, *from, *to, *encoding;
    bool force;
};

/* ---- codes ---- */

static void tell(struct lists *lists, uint64_t line, const char *what, const char *code) {
    if (lists->told++ < SHOWN) {
        fprintf(stderr, "casemix: %s:%llu: %s: \"%.60s\"\n", lists->path, (unsigned long long)line, what, code);
    }
}

/* Blanks around, full width signs, the dagger of old lists, a small first letter. */
static char *repaired(struct lists *lists, casemix_text text, bool code) {
    char *out = ARENA_ARRAY(lists->arena, char, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        const unsigned char *at = (const unsigned char *)text.text + i;
        size_t left = text.length - i;
        if (code && left >= 3 && at[0] == 0xEF && (at[1] == 0xBC || at[1] == 0xBD) && at[2] >= 0x80) {
            unsigned sign = (at[1] == 0xBC ? 0x20u : 0x60u) + (at[2] - 0x80u);
            out[length++] = (char)sign;
            i += 2;
        } else if (left >= 3 && (memcmp(at, "\xE3\x80\x80", 3) == 0 || memcmp(at, "\xEF\xBB\xBF", 3) == 0)) {
            out[length++] = ' ';
            i += 2;
        } else if (code && left >= 3 && memcmp(at, "†", 3) == 0) {
            out[length++] = '+';
            i += 2;
        } else {
            out[length++] = at[0] == '\t' || at[0] == '\n' || at[0] == '\r' ? ' ' : (char)at[0];
        }
    }
    size_t start = strspn(out, " ");
    while (length > start && out[length - 1] == ' ') {
        length--;
    }
    out[length] = '\0';
    out += start;
    if (code && out[0] >= 'a' && out[0] <= 'z') {
        out[0] = (char)(out[0] - 'a' + 'A');
    }
    return out;
}

/* Codes of the clinical version may name a tumour's histology behind a slash. */
static const char *fault_of(const char *code, bool clinical) {
    size_t length = strlen(code);
    if (length == 0) {
        return "no code";
    }
    if (length > CODE_LENGTH_MAX) {
        return "longer than a code can be, left out";
    }
    for (size_t i = 0; i < length; i++) {
        char byte = code[i];
        if (!((byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z') ||
              strchr(clinical ? ".+*/" : ".+*", byte))) {
            return "only letters, digits, `.`, `+` and `*` may stand in a code, left out";
        }
    }
    return NULL;
}

static const char *take(struct lists *lists, casemix_text field, uint64_t line, bool code) {
    const char *text = repaired(lists, field, code);
    bool same = strlen(text) == field.length && memcmp(text, field.text, field.length) == 0;
    if (!same) {
        lists->repaired++;
        if (code) {
            tell(lists, line, "repaired, it is now", text);
        }
    }
    return text;
}

static void take_row(struct lists *lists, const struct csv_row *row, uint64_t line, uint32_t first,
                     uint32_t second) {
    if (row->fault != CSV_FINE && row->fault != CSV_FEW && row->fault != CSV_MANY) {
        lists->left_out++;
        tell(lists, line, "left out", csv_fault_text(row->fault));
        return;
    }
    casemix_text none = {"", 0};
    casemix_text left = first < row->count ? row->fields[first] : none,
                 right = second < row->count ? row->fields[second] : none;
    struct pair pair = {take(lists, left, line, true), take(lists, right, line, lists->crosswalk), line};
    const char *fault = fault_of(pair.code, lists->crosswalk);
    fault = fault == NULL && lists->crosswalk ? fault_of(pair.other, false) : fault;
    if (fault != NULL) {
        lists->left_out++;
        tell(lists, line, fault, pair.code);
    } else if (lists->crosswalk && strcmp(pair.code, pair.other) == 0) {
        lists->same++;
    } else {
        ARENA_PUSH(lists->arena, lists->pairs, lists->count, lists->capacity, pair);
    }
}

/* ---- columns ---- */

static bool holds(const char *heading, const char *const *words) {
    for (; *words != NULL; words++) {
        if (strcasestr(heading, *words) != NULL) {
            return true;
        }
    }
    return false;
}

/* A column by the words of its heading: one of `words`, and one of `of` (NULL: any). */
static int look_for(const struct input *input, const char *const *words, const char *const *of, int not_this) {
    for (uint32_t i = 0; i < input->columns; i++) {
        if ((int)i != not_this && holds(input->names[i], words) && (of == NULL || holds(input->names[i], of))) {
            return (int)i;
        }
    }
    return -1;
}

static bool find_columns(const struct input *input, const struct wanted *wanted, struct lists *lists, int *first,
                         int *second) {
    static const char *const codes[] = {"code", "编码", "代码", NULL}, *const names[] = {"name", "名称", NULL};
    static const char *const clinical[] = {"临床", "国临", "clinical", NULL}, *const insurance[] = {"医保",
                                                                                                    "insurance",
                                                                                                    "nhsa", NULL};
    lists->crosswalk = wanted->from != NULL || wanted->to != NULL;
    *first = input_column(input, lists->crosswalk && wanted->from ? wanted->from
                                 : wanted->code                   ? wanted->code
                                                                  : "from");
    *second = input_column(input, lists->crosswalk && wanted->to ? wanted->to : wanted->name ? wanted->name : "to");
    if (wanted->from != NULL || wanted->to != NULL || wanted->code != NULL || wanted->name != NULL) {
        return *first >= 0 && *second >= 0;
    }
    lists->crosswalk = *first >= 0 && *second >= 0;
    if (lists->crosswalk) {
        return true;
    }
    *first = look_for(input, clinical, codes, -1);
    *second = look_for(input, insurance, codes, *first);
    lists->crosswalk = *first >= 0 && *second >= 0;
    if (!lists->crosswalk) {
        *first = look_for(input, codes, NULL, -1);
        *second = look_for(input, names, NULL, *first);
    }
    return *first >= 0 && *second >= 0;
}

/* ---- out ---- */

static int compare_pairs(const void *left, const void *right) {
    const struct pair *a = left, *b = right;
    int order = strcmp(a->code, b->code);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static void sort(struct lists *lists) {
    if (lists->count > 0) {
        qsort(lists->pairs, lists->count, sizeof *lists->pairs, compare_pairs);
    }
    size_t kept = 0;
    for (size_t i = 0; i < lists->count; i++) {
        if (kept > 0 && strcmp(lists->pairs[kept - 1].code, lists->pairs[i].code) == 0) {
            bool same = strcmp(lists->pairs[kept - 1].other, lists->pairs[i].other) == 0;
            lists->twice++;
            tell(lists, lists->pairs[i].line,
                 same ? "here again, left out" : "here again with another value, left out", lists->pairs[i].code);
            continue;
        }
        lists->pairs[kept++] = lists->pairs[i];
    }
    lists->count = kept;
}

static int write_list(const struct lists *lists, const struct wanted *wanted) {
    struct yaml text = {.arena = lists->arena};
    yaml_put(&text, lists->crosswalk ? "from\tto\n" : "code\tname\n");
    for (size_t i = 0; i < lists->count; i++) {
        yaml_put(&text, "%s\t%s\n", lists->pairs[i].code, lists->pairs[i].other);
    }
    size_t length = strlen(wanted->output);
    bool good;
    if (length > 4 && strcmp(wanted->output + length - 4, ".tsv") == 0) {
        if (!wanted->force && access(wanted->output, F_OK) == 0) {
            complain("%s exists; say --force to replace it, or choose another name", wanted->output);
            yaml_clear(&text);
            return EXIT_IO;
        }
        struct output *out = output_open(wanted->output);
        good = out != NULL && output_write(out, text.bytes, text.length);
        good = good ? output_close(out) : (output_abandon(out), false);
    } else {
        struct place_out *out = place_open(wanted->output, wanted->force);
        good = out != NULL && place_write(out, lists->crosswalk ? "crosswalk.tsv" : "catalogue.tsv", &text);
        good = good ? place_close(out) : (place_abandon(out), false);
    }
    yaml_clear(&text);
    return good ? EXIT_DONE : EXIT_IO;
}

struct columns {
    struct lists *lists;
    uint32_t first, second;
};

static int take_pair(void *user, const struct csv_row *row, uint64_t line) {
    const struct columns *of = user;
    take_row(of->lists, row, line, of->first, of->second);
    return EXIT_DONE;
}

static int run(struct lists *lists, const struct wanted *wanted) {
    struct input *input;
    int first, second, code = input_open(lists->path, wanted->encoding, &input);
    if (code != EXIT_DONE) {
        return code;
    }
    if (!find_columns(input, wanted, lists, &first, &second)) {
        complain("%s: its columns are not known: name them with --code and --name, or with --from and --to",
                 lists->path);
        input_close(input);
        return EXIT_FOUND;
    }
    code = input_rows(input, take_pair, &(struct columns){lists, (uint32_t)first, (uint32_t)second});
    input_close(input);
    if (code != EXIT_DONE) {
        return code;
    }
    sort(lists);
    if (lists->count == 0) {
        complain("%s: no usable row; check its columns", lists->path);
        return EXIT_FOUND;
    }
    code = write_list(lists, wanted);
    if (lists->told > SHOWN) {
        fprintf(stderr, "casemix: %s: %u more such lines\n", lists->path, lists->told - SHOWN);
    }
    if (code == EXIT_DONE) {
        fprintf(stderr, "%s: %zu %s; %u repaired, %u left out, %u twice%s", wanted->output, lists->count,
                lists->crosswalk ? "pairs that differ" : "codes", lists->repaired, lists->left_out, lists->twice,
                lists->crosswalk ? "" : "\n");
        if (lists->crosswalk) {
            fprintf(stderr, ", %u the same on both sides\n", lists->same);
        }
    }
    return code;
}

int import_codes(int argc, char **argv) {
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"code", required_argument, NULL, 'c'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"from", required_argument, NULL, 'F'},
                                            {"to", required_argument, NULL, 't'},
                                            {"encoding", required_argument, NULL, 'e'},
                                            {"force", no_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct wanted wanted = {0};
    for (int c; (c = getopt_long(argc, argv, "o:fh", options, NULL)) != -1;) {
        const char **texts[] = {['o'] = &wanted.output, ['c'] = &wanted.code, ['n'] = &wanted.name,
                                ['F'] = &wanted.from,   ['t'] = &wanted.to,   ['e'] = &wanted.encoding};
        if (c == 'h') {
            fputs(help, stdout);
            return EXIT_DONE;
        }
        if (c == 'f') {
            wanted.force = true;
        } else if (c == '?') {
            complain("import codes: unknown option; see `casemix import codes --help`");
            return EXIT_USAGE;
        } else {
            *texts[c] = optarg;
        }
    }
    if (argc - optind != 1 || wanted.output == NULL) {
        complain("import codes: %s; see `casemix import codes --help`",
                 wanted.output == NULL ? "say where it goes with -o" : "name one file");
        return EXIT_USAGE;
    }
    struct lists lists = {.arena = arena_new(), .path = argv[optind]};
    int code = run(&lists, &wanted);
    arena_free(lists.arena);
    return code;
}
