/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import dip-csv: a city's DIP catalogue, its columns called as the city calls them, to rules that compile
 * at once. Every row is in the catalogue or in rejects.csv. */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../input.h"
#include "../rules.h"
#include "dip_book.h"
#include "plain_cell.h"

static const char help[] =
    "usage: casemix import dip-csv FILE.csv -o DIR [--columns OURS=THEIRS,...] [options]\n"
    "\n"
    "Writes a city's DIP catalogue as a scheme that extends another one: DIR/bundle.yaml compiles at once. Columns "
    "are\n"
    "found by our names (`casemix-rules(7)`) or headings in common use (病种编码, 主要诊断, 手术操作, 分值 ...), "
    "the others are named\n"
    "with --columns. A row that cannot be used goes to DIR/rejects.csv with line and reason; rows in = entries + "
    "rejected.\n"
    "\n"
    "  -o, --output DIR     the folder of the rules; its last name is the id of the scheme\n"
    "      --base FILE      the DIP scheme that is extended: it has the search, the treatment kinds and the code\n"
    "                       catalogues; else schemes/dip-hubei/scheme.yaml in the folder that CASEMIX_RULES names, "
    "in\n"
    "                       ./rules, or where the rules are installed\n"
    "      --columns LIST   our name=their heading, separated by commas: "
    "diagnoses=主诊断,operations=手术,score=分值\n"
    "      --numbers LIST   further columns to keep, for policies, separated by commas\n"
    "      --part NAME      part of the catalogue its rows are of (default core), if there is no column `part`\n"
    "      --any SIGN       between operations of which one is needed (default /)\n"
    "      --all SIGN       between operations that are all needed (default +)\n"
    "      --encoding NAME  of the file (default: UTF-8 or GB18030, as it looks)\n"
    "      --add            keep the base's own entries, and add these (default: these replace them)\n"
    "      --force          replace DIR\n"
    "\n"
    "example:\n"
    "  casemix import dip-csv catalogue.csv -o our-city --columns "
    "diagnoses=诊断编码,operations=操作编码,score=标准分值\n";

enum { NUMBERS_MAX = 16 };
enum column {
    CODE,
    NAME,
    PART,
    KIND,
    DIAGNOSES,
    PRINCIPAL,
    OPERATIONS,
    RELATED,
    WHEN,
    SCORE,
    MEAN_COST,
    MEAN_STAY,
    BASIC,
    COLUMNS
};
static const struct {
    const char *name;
    enum plain_use use;
    const char *headings[6];
} columns[COLUMNS] = {
    [CODE] = {"code", PLAIN_CODE, {"病种编码", "病种代码", "DIP编码", "DIP病种编码"}},
    [NAME] = {"name", PLAIN_TEXT, {"病种名称", "DIP名称", "DIP病种名称", "名称"}},
    [PART] = {"part", PLAIN_CODE, {NULL}},
    [KIND] = {"kind", PLAIN_CODE, {"治疗方式", "操作类型"}},
    [DIAGNOSES] = {"diagnoses",
                   PLAIN_CODE,
                   {"主要诊断", "主要诊断编码", "主诊断编码", "诊断编码", "主要诊断代码", "诊断代码"}},
    [PRINCIPAL] = {"principal_operations", PLAIN_CODE, {"主要手术操作", "主要操作编码", "主要手术操作编码"}},
    [OPERATIONS] = {"operations",
                    PLAIN_CODE,
                    {"手术操作", "手术操作编码", "操作编码", "手术编码", "手术操作代码", "操作代码"}},
    [RELATED] = {"related_operations", PLAIN_CODE, {"相关手术操作", "相关手术操作编码", "相关手术"}},
    [WHEN] = {"when", PLAIN_RULE, {NULL}},
    [SCORE] = {"score", PLAIN_CODE, {"分值", "病种分值", "标准分值", "基准分值"}},
    [MEAN_COST] = {"mean_cost", PLAIN_CODE, {"均费", "次均费用", "例均费用", "平均费用", "病种均费"}},
    [MEAN_STAY] = {"mean_stay", PLAIN_CODE, {"平均住院日", "平均住院天数"}},
    [BASIC] = {"basic", PLAIN_CODE, {"基层病种", "是否基层病种"}},
};

struct dip_csv {
    struct arena *arena;
    const char *file, *output, *base, *columns, *numbers, *part, *any, *all, *encoding;
    bool force, add;
    struct input *input;
    int at[COLUMNS + NUMBERS_MAX]; /* column of the file, -1: none */
    const char *number_names[NUMBERS_MAX];
    size_t number_count;
    struct yaml catalogue, rejects;
    uint64_t rows, kept, rejected;
};

/* ---- options ---- */

static int read_options(struct dip_csv *out, int argc, char **argv) {
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},  {"base", required_argument, NULL, 'b'},
        {"columns", required_argument, NULL, 'c'}, {"numbers", required_argument, NULL, 'n'},
        {"part", required_argument, NULL, 'p'},    {"any", required_argument, NULL, 'y'},
        {"all", required_argument, NULL, 'l'},     {"encoding", required_argument, NULL, 'e'},
        {"add", no_argument, NULL, 'a'},           {"force", no_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    out->part = "core";
    out->any = "/";
    out->all = "+";
    optind = 0; /* the dispatcher has read its own words */
    for (int c; (c = getopt_long(argc, argv, "o:h", options, NULL)) != -1;) {
        switch (c) {
        case 'o':
            out->output = optarg;
            break;
        case 'b':
            out->base = optarg;
            break;
        case 'c':
            out->columns = optarg;
            break;
        case 'n':
            out->numbers = optarg;
            break;
        case 'p':
            out->part = optarg;
            break;
        case 'y':
            out->any = optarg;
            break;
        case 'l':
            out->all = optarg;
            break;
        case 'e':
            out->encoding = optarg;
            break;
        case 'a':
            out->add = true;
            break;
        case 'f':
            out->force = true;
            break;
        case 'h':
            return rules_help(help);
        default:
            return rules_wrong_use("import dip-csv", "unknown option");
        }
    }
    if (argc - optind != 1 || out->output == NULL || out->output[0] == '\0') {
        return rules_wrong_use("import dip-csv",
                               argc - optind != 1 ? "name one file" : "say where the rules go with -o");
    }
    if (strlen(out->any) != 1 || strlen(out->all) != 1 || out->any[0] == out->all[0]) {
        return rules_wrong_use("import dip-csv", "--any and --all are two different signs, such as / and +");
    }
    out->file = argv[optind];
    return -1;
}

/* ---- columns ---- */

static bool map_column(struct dip_csv *csv, const char *ours, size_t length, const char *theirs) {
    int column = input_column(csv->input, theirs);
    for (int c = 0; c < COLUMNS; c++) {
        if (strlen(columns[c].name) == length && memcmp(columns[c].name, ours, length) == 0) {
            csv->at[c] = column;
            if (column < 0) {
                complain("%s: there is no column \"%.60s\"; name a heading of its first line in --columns",
                         csv->file, theirs);
            }
            return column >= 0;
        }
    }
    complain("--columns: \"%.*s\" is no column of ours; casemix-rules(7) lists them",
             (int)(length < 60 ? length : 60), ours);
    return false;
}

static bool map_columns(struct dip_csv *csv) {
    for (int c = 0; c < COLUMNS; c++) {
        csv->at[c] = input_column(csv->input, columns[c].name);
        for (size_t h = 0; h < 6 && columns[c].headings[h] != NULL && csv->at[c] < 0; h++) {
            csv->at[c] = input_column(csv->input, columns[c].headings[h]);
        }
    }
    char *list = csv->columns != NULL ? arena_copy(csv->arena, csv->columns, strlen(csv->columns)) : NULL, *rest;
    for (char *item = list != NULL ? strtok_r(list, ",", &rest) : NULL; item != NULL;
         item = strtok_r(NULL, ",", &rest)) {
        char *equal = strchr(item, '=');
        if (equal == NULL) {
            complain("--columns: \"%.60s\" is not OURS=THEIRS", item);
            return false;
        }
        if (!map_column(csv, item, (size_t)(equal - item), equal + 1)) {
            return false;
        }
    }
    list = csv->numbers != NULL ? arena_copy(csv->arena, csv->numbers, strlen(csv->numbers)) : NULL;
    for (char *item = list != NULL ? strtok_r(list, ",", &rest) : NULL; item != NULL;
         item = strtok_r(NULL, ",", &rest)) {
        int column = input_column(csv->input, item);
        if (column < 0 || csv->number_count == NUMBERS_MAX) {
            complain(column < 0 ? "%s: there is no column \"%.60s\"; correct --numbers"
                                : "%s: \"%.60s\" is one number column too many",
                     csv->file, item);
            return false;
        }
        csv->at[COLUMNS + csv->number_count] = column;
        csv->number_names[csv->number_count++] = item;
    }
    if (csv->at[DIAGNOSES] < 0) {
        complain("%s: no column holds the principal diagnoses; say which with --columns diagnoses=HEADING",
                 csv->file);
    }
    return csv->at[DIAGNOSES] >= 0;
}

static void tell_left_out(const struct dip_csv *csv) {
    for (uint32_t c = 0; c < csv->input->columns; c++) {
        bool used = false;
        for (size_t i = 0; i < COLUMNS + csv->number_count; i++) {
            used = used || csv->at[i] == (int)c;
        }
        if (!used) {
            fprintf(stderr, "casemix: %s: the column \"%.60s\" is left out; --columns or --numbers would take it\n",
                    csv->file, csv->input->names[c]);
        }
    }
}

/* ---- rows ---- */

static const char *plain(struct dip_csv *csv, casemix_text field, enum plain_use use) {
    char *out = arena_take(csv->arena, field.length + 1);
    unsigned odd = 0;
    out[plain_cell(field.text, field.length, use, out, &odd)] = '\0';
    return out;
}

static void reject(struct dip_csv *csv, uint64_t line, const char *reason) {
    csv->rejected++;
    yaml_put(&csv->rejects, "%llu,", (unsigned long long)line);
    dip_cell(&csv->rejects, reason, true);
}

/* Catalogues write codes with a capital first letter and a small x: a00.0X01 is A00.0x01. */
static const char *code_case(char *text) {
    bool start = true;
    for (char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        *at = start ? (char)toupper(byte) : *at == 'X' ? 'x' : *at;
        start = !isalnum(byte) && byte != '.' && byte < 0x80;
    }
    return text;
}

static const char *cell_of(struct dip_csv *csv, const struct csv_row *row, int c) {
    static const char *const yes[] = {"是", "1", "Y", "y", "true"};
    if (csv->at[c] < 0) {
        return "";
    }
    const char *text = plain(csv, row->fields[csv->at[c]], c < COLUMNS ? columns[c].use : PLAIN_CODE);
    if (c == DIAGNOSES || c == PRINCIPAL || c == OPERATIONS || c == RELATED) {
        return code_case((char *)(uintptr_t)text);
    }
    if (c == BASIC) {
        for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
            if (strcmp(text, yes[i]) == 0) {
                return "1";
            }
        }
        return "";
    }
    return text;
}

static int take_row(void *user, const struct csv_row *row, uint64_t line) {
    struct dip_csv *csv = user;
    csv->rows++;
    if (row->fault != CSV_FINE || cell_of(csv, row, DIAGNOSES)[0] == '\0') {
        reject(csv, line, row->fault != CSV_FINE ? csv_fault_text(row->fault) : "the diagnosis is empty; enter it");
        return EXIT_DONE;
    }
    size_t last = COLUMNS + csv->number_count;
    for (size_t c = 0; c < last; c++) {
        const char *text = c == PART && csv->at[PART] < 0 ? csv->part : cell_of(csv, row, (int)c);
        dip_cell(&csv->catalogue, text, c + 1 == last);
    }
    csv->kept++;
    return EXIT_DONE;
}

static int read_rows(struct dip_csv *csv) {
    for (int c = 0; c < COLUMNS; c++) {
        yaml_put(&csv->catalogue, "%s%s", c > 0 ? "," : "", columns[c].name);
    }
    for (size_t n = 0; n < csv->number_count; n++) {
        yaml_put(&csv->catalogue, ",");
        dip_cell(&csv->catalogue, csv->number_names[n], false);
        csv->catalogue.length--; /* the comma behind it */
    }
    yaml_put(&csv->catalogue, "\n");
    yaml_put(&csv->rejects, "line,reason\n");
    return input_rows(csv->input, take_row, csv);
}

/* ---- the rules ---- */

static bool write_scheme(struct dip_csv *csv, struct place_out *out, const char *extends) {
    struct arena *arena = csv->arena;
    struct yaml yaml = {.arena = arena};
    const char *id = rules_id(arena, csv->output, "dip-city");
    const char *name = strrchr(csv->file, '/') != NULL ? strrchr(csv->file, '/') + 1 : csv->file;
    yaml_put(&yaml, "# A city's catalogue, made by `casemix import dip-csv`.\n\nscheme: %s\nextends: %s\n",
             yaml_scalar(arena, id, false), yaml_scalar(arena, extends, false));
    yaml_put(&yaml, "title: %s\nsource: %s\n", yaml_scalar(arena, arena_format(arena, "DIP, %s", id), false),
             yaml_scalar(arena, arena_format(arena, "the file %s", name), false));
    yaml_put(&yaml, "date: %s\n", file_date(arena, csv->file));
    const char *indent = csv->add ? "  " : "";
    yaml_put(&yaml, "catalogue:\n%s%s- file: catalogue.csv\n", csv->add ? "  add:\n" : "", indent);
    yaml_put(&yaml, "%s  expressions: {any: \"%s\", all: \"%s\"}\n", indent, csv->any, csv->all);
    if (csv->number_count > 0) {
        yaml_put(&yaml, "%s  numbers: [", indent);
        for (size_t n = 0; n < csv->number_count; n++) {
            yaml_put(&yaml, "%s%s", n > 0 ? ", " : "", yaml_scalar(arena, csv->number_names[n], true));
        }
        yaml_put(&yaml, "]\n");
    }
    bool good = place_put(out, "scheme.yaml", &yaml);
    yaml_put(&yaml, "bundle: %s\nschemes: [scheme.yaml]\n", yaml_scalar(arena, id, false));
    return place_put(out, "bundle.yaml", &yaml) && good;
}

static int write_rules(struct dip_csv *csv, const char *base) {
    struct place_out *out = place_open(csv->output, csv->force);
    if (out == NULL) {
        return EXIT_IO;
    }
    bool written = place_put(out, "catalogue.csv", &csv->catalogue) &&
                   (csv->rejected == 0 || place_put(out, "rejects.csv", &csv->rejects)) &&
                   write_scheme(csv, out, way_to(csv->arena, csv->output, base));
    const char *facts = written ? dip_compile(csv->arena, out) : NULL;
    if (facts == NULL) {
        if (written) {
            complain("%s: nothing was written; correct the rows that are named (catalogue.csv has the heading in "
                     "its first line and "
                     "then the rows that were kept, in the order of the file) and import it again",
                     csv->file);
        }
        place_abandon(out);
        return written ? EXIT_FOUND : EXIT_IO;
    }
    if (!place_close(out)) {
        return EXIT_IO;
    }
    fprintf(stderr, "%s\nrows in %llu = entries %llu + rejected %llu%s\n", facts, (unsigned long long)csv->rows,
            (unsigned long long)csv->kept, (unsigned long long)csv->rejected,
            csv->rejected > 0 ? " (rejects.csv)" : "");
    return csv->rejected > 0 ? EXIT_FOUND : EXIT_DONE;
}

static int import_file(struct dip_csv *csv) {
    const char *base = dip_base(csv->arena, csv->base, "dip-hubei");
    if (base == NULL) {
        return EXIT_IO;
    }
    if (!place_is_free(csv->output, csv->force)) {
        return EXIT_IO;
    }
    int code = input_open(csv->file, csv->encoding, &csv->input);
    if (code != EXIT_DONE) {
        return code;
    }
    if (!map_columns(csv)) {
        return EXIT_USAGE;
    }
    tell_left_out(csv);
    code = read_rows(csv);
    return code == EXIT_DONE ? write_rules(csv, base) : code;
}

int import_dip_csv(int argc, char **argv) {
    struct dip_csv csv = {.arena = arena_new()};
    csv.catalogue.arena = csv.rejects.arena = csv.arena;
    int code = read_options(&csv, argc, argv);
    if (code < 0) {
        code = import_file(&csv);
    }
    input_close(csv.input);
    yaml_clear(&csv.catalogue);
    yaml_clear(&csv.rejects);
    arena_free(csv.arena);
    return code;
}
