/* SPDX-License-Identifier: Apache-2.0
 *
 * The small files of a settled month: hospitals.csv and pools.csv line by line, summary.json. */
#include "month_inside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- columns ---------------------------------------------------------------------------------------------- */

static bool column_twice(const struct input *in) {
    for (uint32_t i = 0; i < in->columns; i++) {
        if (input_column(in, in->names[i]) != (int)i) {
            complain(
                "%s: line %llu: column %u has the name of another; the file is not as `casemix settle` wrote it: "
                "settle again",
                in->name, (unsigned long long)in->line, i + 1);
            return true;
        }
    }
    return false;
}

int month_find_columns(const struct input *in, const char *const *names, int count, int required, int *out) {
    for (int i = 0; i < count; i++) {
        out[i] = input_column(in, names[i]);
        if (out[i] < 0 && i < required) {
            complain(
                "%s: line %llu: there is no column %s; the file is not as `casemix settle` wrote it: settle again",
                in->name, (unsigned long long)in->line, names[i]);
            return EXIT_FOUND;
        }
    }
    return column_twice(in) ? EXIT_FOUND : EXIT_DONE;
}

/* ---- hospitals.csv, pools.csv ----------------------------------------------------------------------------- */

enum table_column {
    TABLE_POOL,
    TABLE_CASES,
    TABLE_POINTS,
    TABLE_STANDARD,
    TABLE_FUND_PAYMENT,
    TABLE_UNPRICED,
    TABLE_COST,
    TABLE_REVERSED,
    TABLE_OF_CASES,
    TABLE_CLOSING,
    TABLE_HOSPITAL, /* required in hospitals.csv only */
    TABLE_COLUMNS
};
static const char *const table_columns[TABLE_COLUMNS] = {"pool",         "cases",    "points",  "standard",
                                                         "fund_payment", "unpriced", "cost",    "reversed",
                                                         "of_cases",     "closing",  "hospital"};

struct table_reading {
    struct month *month;
    const struct input *in;
    struct month_table *table;
    int column[TABLE_COLUMNS];
    size_t room;
};

static bool read_sum(struct month_line *line, const struct csv_row *row, const int *column,
                     enum table_column *wrong) {
    struct month_sum *sum = &line->sum;
    int64_t cases, unpriced, reversed;
    const struct {
        enum table_column column;
        unsigned places;
        int64_t *into;
    } numbers[] = {{TABLE_CASES, 0, &cases},
                   {TABLE_UNPRICED, 0, &unpriced},
                   {TABLE_REVERSED, 0, &reversed},
                   {TABLE_POINTS, 4, &sum->points},
                   {TABLE_STANDARD, 2, &sum->standard},
                   {TABLE_FUND_PAYMENT, 2, &sum->fund_payment},
                   {TABLE_COST, 2, &sum->cost},
                   {TABLE_OF_CASES, 2, &line->of_cases},
                   {TABLE_CLOSING, 2, &line->closing}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *wrong = numbers[i].column;
        if (!month_decimal(row->fields[column[*wrong]], numbers[i].places, numbers[i].into) ||
            (numbers[i].places == 0 && *numbers[i].into < 0)) {
            return false;
        }
    }
    sum->cases = (uint64_t)cases;
    sum->unpriced = (uint64_t)unpriced;
    sum->reversed = (uint64_t)reversed;
    return true;
}

static int take_line(void *user, const struct csv_row *row, uint64_t number) {
    struct table_reading *r = user;
    struct month_table *table = r->table;
    struct month_line line = {.line = number};
    enum table_column wrong;
    if (row->fault != CSV_FINE) {
        return input_fault(r->in, row, number);
    }
    if (!read_sum(&line, row, r->column, &wrong)) {
        complain(
            "%s: line %llu: %s is no number with the decimals of its column; the file is not as `casemix settle` "
            "wrote it: settle again",
            r->in->name, (unsigned long long)number, table_columns[wrong]);
        return EXIT_FOUND;
    }
    if (table->count == r->room) {
        r->room = r->room ? 2 * r->room : 64;
        table->lines = need(reallocarray(table->lines, r->room, sizeof *table->lines));
    }
    line.cells = need(calloc(table->columns + 1, sizeof *line.cells));
    for (size_t i = 0; i < table->columns; i++) {
        line.cells[i] = month_text(r->month, row->fields[i]);
    }
    line.pool = line.cells[r->column[TABLE_POOL]];
    line.hospital = r->column[TABLE_HOSPITAL] < 0 ? (casemix_text){"", 0} : line.cells[r->column[TABLE_HOSPITAL]];
    table->lines[table->count++] = line;
    return EXIT_DONE;
}

static int read_table(struct month *month, const char *name, int required, struct month_table *table) {
    char *path = month_path(month, name);
    struct table_reading r = {.month = month, .table = table};
    struct input *in = NULL;
    int code = path ? input_open(path, NULL, &in) : EXIT_IO;
    if (code == EXIT_DONE) {
        r.in = in;
        table->columns = in->columns;
        table->names = need(calloc(in->columns + 1, sizeof *table->names));
        for (uint32_t i = 0; i < in->columns; i++) {
            table->names[i] = month_text(month, (casemix_text){in->names[i], strlen(in->names[i])});
        }
        code = month_find_columns(in, table_columns, TABLE_COLUMNS, required, r.column);
        r.column[TABLE_HOSPITAL] = required == TABLE_COLUMNS ? r.column[TABLE_HOSPITAL] : -1;
        code = code == EXIT_DONE ? input_rows(in, take_line, &r) : code;
    }
    input_close(in);
    free(path);
    return code;
}

/* By hospital; the pools of one stay in the order of the file. */
static int by_hospital(const void *a, const void *b) {
    const struct month_line *one = a, *two = b;
    int order = text_order(one->hospital, two->hospital);
    return order ? order : one->line < two->line ? -1 : one->line > two->line;
}

int month_read_tables(struct month *month) {
    int code = read_table(month, "hospitals.csv", TABLE_COLUMNS, &month->hospital_lines);
    if (code == EXIT_DONE) {
        code = read_table(month, "pools.csv", TABLE_HOSPITAL, &month->pools);
    }
    if (code == EXIT_DONE && month->hospital_lines.count > 0) {
        qsort(month->hospital_lines.lines, month->hospital_lines.count, sizeof *month->hospital_lines.lines,
              by_hospital);
    }
    return code;
}

/* ---- summary.json ----------------------------------------------------------------------------------------- */

enum { SUMMARY_BYTES = 64 << 20 };

struct summary_key {
    const char *name;
    json_type type;
    bool required;
};
static const struct summary_key summary_keys[] = {
    {"casemix", JSON_STRING, true},      {"image", JSON_STRING, true},       {"scheme", JSON_STRING, true},
    {"policy", JSON_STRING, true},       {"methods", JSON_STRING, false},    {"note", JSON_STRING, false},
    {"demonstration", JSON_TRUE, false}, {"in", JSON_INTEGER, true},         {"out", JSON_INTEGER, true},
    {"rejected", JSON_INTEGER, true},    {"duplicates", JSON_INTEGER, true}, {"inputs", JSON_ARRAY, true},
    {"pools", JSON_ARRAY, true}};
static const struct summary_key input_keys[] = {{"file", JSON_STRING, true},
                                                {"in", JSON_INTEGER, true},
                                                {"out", JSON_INTEGER, true},
                                                {"rejected", JSON_INTEGER, true}};
static const struct summary_key pool_keys[] = {
    {"pool", JSON_STRING, true},     {"cases", JSON_INTEGER, true},       {"unpriced", JSON_INTEGER, true},
    {"points", JSON_STRING, true},   {"point_value", JSON_STRING, true},  {"cost", JSON_STRING, true},
    {"standard", JSON_STRING, true}, {"fund_payment", JSON_STRING, true}, {"budget", JSON_STRING, false},
    {"balance", JSON_STRING, false}, {"figures", JSON_OBJECT, false}};
#define KEYS(keys) keys, sizeof keys / sizeof keys[0]

/* Whoever reads the summary later finds what is named here, of its kind and counts not below 0. */
static bool check_keys(const char *path, const json_t *object, const struct summary_key *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, keys[i].name);
        bool fine = value ? json_typeof(value) == keys[i].type : json_is_object(object) && !keys[i].required;
        if (!fine || (keys[i].type == JSON_INTEGER && json_integer_value(value) < 0)) {
            complain("%s: \"%s\" is %s; the file is not as `casemix settle` wrote it: settle again", path,
                     keys[i].name, value ? "not what it should be" : "missing");
            return false;
        }
    }
    return true;
}

static bool check_figures(const char *path, const json_t *pool) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json_object_get(pool, "figures"), name, value) {
        if (!json_is_string(value)) {
            complain(
                "%s: a figure of a pool is no text; the file is not as `casemix settle` wrote it: settle again",
                path);
            return false;
        }
    }
    return true;
}

static bool check_summary(const char *path, const json_t *summary) {
    size_t i;
    json_t *item;
    if (!check_keys(path, summary, KEYS(summary_keys))) {
        return false;
    }
    json_array_foreach(json_object_get(summary, "inputs"), i, item) {
        if (!check_keys(path, item, KEYS(input_keys))) {
            return false;
        }
    }
    json_array_foreach(json_object_get(summary, "pools"), i, item) {
        if (!check_keys(path, item, KEYS(pool_keys)) || !check_figures(path, item)) {
            return false;
        }
    }
    return true;
}

int month_read_summary(struct month *month) {
    char *path = month_path(month, "summary.json");
    struct stat there;
    json_error_t error;
    int code = path ? EXIT_FOUND : EXIT_IO;
    if (path && stat(path, &there) == 0 && there.st_size > SUMMARY_BYTES) {
        complain("%s: is too large to be a summary of `casemix settle`: settle again", path);
    } else if (path) {
        month->summary = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
        if (!month->summary) {
            complain("%s: line %d: column %d: %s; the file is not as `casemix settle` wrote it: settle again", path,
                     error.line, error.column, error.text);
        } else if (check_summary(path, month->summary)) {
            code = EXIT_DONE;
        }
    }
    free(path);
    return code;
}
