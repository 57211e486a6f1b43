/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix settle: the cases of a month become what each hospital and each pool gets, in a folder of reports. */
#include "batch.h"
#include "command.h"
#include "folder.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: casemix settle -i IMAGE.cmx [--policy ID] [--budget FILE] INPUT.csv... -o DIR [options]\n"
    "\n"
    "Groups and prices every case and adds up what the fund pays, by hospital and pool. Writes the folder DIR,\n"
    "complete or not at all:\n"
    "  cases.csv      id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,\n"
    "                 price_status,cost,findings\n"
    "  hospitals.csv  hospital,pool,cases,points,standard,fund_payment,unpriced,cost\n"
    "  pools.csv      pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance\n"
    "  rejects.csv    file,line,column,field,reason of the rows that could not be read\n"
    "  summary.json   the image, the policy, the counts and the totals\n"
    "Amounts are in yuan. The totals of the three levels are equal to the fen; so are the files of two runs.\n"
    "\n"
    "  -i, --image FILE     the compiled rules\n"
    "      --policy ID      the payment policy; not needed if the image has one only\n"
    "      --budget FILE    budgets of pools in yuan, CSV: pool,budget\n"
    "  -o, --output DIR     the folder to write\n"
    "      --force          replace DIR if it is there\n"
    "      --quiet          do not print the tables\n"
    "      --scheme ID, --map FILE, --encoding NAME, --threads N   as for `casemix group`\n"
    "\n"
    "examples:\n"
    "  casemix settle -i haerbin-2022.cmx --policy harbin-2022 2022-06.csv -o 2022-06\n"
    "  casemix settle -i haerbin-2022.cmx --budget budget.csv h1.csv h2.csv -o month --threads 2\n";

enum { CASES, HOSPITALS, POOLS, REJECTS, SUMMARY };
static const char *const file_names[] = {"cases.csv",   "hospitals.csv", "pools.csv",
                                         "rejects.csv", "summary.json",  NULL};

struct settle {
    struct options o;
    casemix_image *image;
    struct batch batch;
    struct folder *folder;
    struct rejects rejects;
    casemix_text scheme;
    casemix_settlement *total; /* of worker 0, all others merged into it */
    json_t *inputs;
};

/* ---- cases.csv -------------------------------------------------------------------------------------------- */

static const char cases_heading[] = "id,hospital,pool,scheme,group,status,class,points,point_value,standard,"
                                    "fund_payment,reason,price_status,cost,findings\n";

static char *put_payment(char *at, const casemix_price *p) {
    if (p->status != CASEMIX_PRICED) {
        return put_bytes(at, ",,,,", 4);
    }
    at = put_next_decimal(at, p->points, 4);
    *at++ = ',';
    at = put_point_value(at, p->point_value);
    at = put_next_decimal(at, p->standard, 2);
    return put_next_decimal(at, p->fund_payment, 2);
}

static bool add_case(struct worker *w, const struct csv_row *row) {
    const casemix_grouping *g = &w->grouping;
    casemix_text id = worker_field(row, w->batch->map.id), hospital = worker_field(row, w->batch->map.hospital);
    casemix_price p;
    if (casemix_price_case(w->context, w->one, g, &p) != CASEMIX_OK) {
        worker_reject(w, row, 0, "the case cannot be priced");
        return false;
    }
    if (casemix_settlement_add(w->settlement, hospital, &p) != CASEMIX_OK) {
        worker_reject(w, row, 0, "the case cannot be added up: the total gets too large");
        return false;
    }
    size_t room = row_room(id, g) + 2 * (hospital.length + p.pool.length + g->scheme.length + p.class_name.length);
    char *start = buffer_room(&w->done.out, room + 256 + FINDINGS_ROOM), *at = start;
    at = put_cell(at, id);
    at = put_next_cell(at, hospital);
    at = put_next_cell(at, p.pool);
    at = put_next_cell(at, g->scheme);
    at = put_next_cell(at, g->drg.length ? g->drg : g->adrg);
    at = put_next_cell(at, status_word(g->status));
    at = put_next_cell(at, p.class_name);
    at = put_payment(at, &p);
    at = put_next_cell(at, reason_word(g->reason));
    at = put_next_cell(at, price_status_word(p.status));
    at = p.status == CASEMIX_PRICED ? put_next_decimal(at, p.cost, 2) : put_bytes(at, ",", 1);
    *at++ = ',';
    at = put_findings(at, w->context, g, &p);
    *at++ = '\n';
    w->done.out.size += (size_t)(at - start);
    return true;
}

/* ---- budgets ---------------------------------------------------------------------------------------------- */

/* "12345.67" to fen; at most two decimals. */
static bool read_yuan(casemix_text text, casemix_amount *out) {
    casemix_amount amount = 0;
    size_t decimals = 0, digits = 0;
    bool point = false;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || (point && ++decimals > 2) || __builtin_mul_overflow(amount, 10, &amount) ||
            __builtin_add_overflow(amount, c - '0', &amount)) {
            return false;
        }
        digits++;
    }
    for (; decimals < 2; decimals++) {
        if (__builtin_mul_overflow(amount, 10, &amount)) {
            return false;
        }
    }
    *out = amount;
    return digits > 0;
}

/* What was given for the pool so far, -1 if nothing. */
static casemix_amount budget_of(casemix_settlement *total, const char *pool) {
    casemix_total t;
    uint32_t count = casemix_settlement_pools(total);
    for (uint32_t i = 0; i < count && casemix_settlement_pool_at(total, i, &t) == CASEMIX_OK; i++) {
        if (same_text(t.pool, text_of(pool))) {
            return t.budget;
        }
    }
    return -1;
}

static int take_budget(const struct settle *s, const struct input *in, const struct csv_row *row) {
    int pool = input_column(in, "pool"), budget = input_column(in, "budget");
    unsigned long long line = in->line + row->line + 1;
    if (row->fault != CSV_FINE) {
        complain("%s: line %llu: %s", in->name, line, csv_fault_text(row->fault));
        return EXIT_FOUND;
    }
    casemix_amount amount;
    if (!read_yuan(row->fields[budget], &amount)) {
        complain("%s: line %llu: budget: '%.*s' is not an amount in yuan such as 1200000.00", in->name, line,
                 (int)row->fields[budget].length, row->fields[budget].text);
        return EXIT_FOUND;
    }
    char *name = need(strndup(row->fields[pool].text, row->fields[pool].length));
    const char *wrong = budget_of(s->total, name) >= 0 ? "has a budget already; keep one line a pool" : NULL;
    if (!wrong && casemix_settlement_budget(s->total, name, amount) != CASEMIX_OK) {
        wrong = "is no pool of the policy; pools.csv of a run without --budget names them";
    }
    if (wrong) {
        complain("%s: line %llu: pool: '%s' %s", in->name, line, name, wrong);
    }
    free(name);
    return wrong ? EXIT_FOUND : EXIT_DONE;
}

static int read_budgets(const struct settle *s) {
    struct input *in;
    int code = input_open(s->o.budget, NULL, &in);
    if (code != EXIT_DONE) {
        return code;
    }
    if (input_column(in, "pool") < 0 || input_column(in, "budget") < 0) {
        complain("%s: line %llu: the columns of a budget file are pool,budget", in->name,
                 (unsigned long long)in->line);
        input_close(in);
        return EXIT_FOUND;
    }
    struct chunk chunk = {0};
    struct csv_cursor cursor;
    struct csv_row row;
    csv_cursor_init(&cursor, in->separator, in->columns);
    bool fine = true;
    while (code == EXIT_DONE && (fine = input_chunk(in, &chunk)) && chunk.size) {
        csv_start(&cursor, chunk.bytes, chunk.size, false);
        while (code == EXIT_DONE && csv_next(&cursor, &row)) {
            code = take_budget(s, in, &row);
        }
        in->line += cursor.line;
    }
    csv_cursor_free(&cursor);
    chunk_free(&chunk);
    input_close(in);
    return fine ? code : EXIT_IO;
}

/* ---- hospitals.csv, pools.csv ----------------------------------------------------------------------------- */

static bool write_file(const struct settle *s, int n, const struct buffer *text) {
    struct output *out = output_open(folder_file(s->folder, n));
    if (!out) {
        return false;
    }
    output_write(out, text->data, text->size);
    return output_close(out);
}

static void add_decimal(struct buffer *text, int64_t value, unsigned places) {
    char *at = buffer_room(text, 32);
    text->size += (size_t)(put_next_decimal(at, value, places) - at);
}

/* Points to fund payment in the order of both files; a pool's point value stands between. */
static void add_totals(struct buffer *text, const casemix_total *t, const char *point_value) {
    buffer_format(text, ",%llu", (unsigned long long)t->cases);
    add_decimal(text, t->points, 4);
    if (point_value) {
        buffer_format(text, ",%s", point_value);
    }
    add_decimal(text, t->standard, 2);
    add_decimal(text, t->fund_payment, 2);
    buffer_format(text, ",%llu", (unsigned long long)t->unpriced);
    add_decimal(text, t->cost, 2);
}

static bool write_hospitals(const struct settle *s) {
    struct buffer text = {0};
    buffer_text(&text, "hospital,pool,cases,points,standard,fund_payment,unpriced,cost\n");
    uint32_t count = casemix_settlement_hospitals(s->total);
    casemix_total t;
    for (uint32_t i = 0; i < count && casemix_settlement_hospital_at(s->total, i, &t) == CASEMIX_OK; i++) {
        buffer_cell(&text, t.hospital);
        buffer_text(&text, ",");
        buffer_cell(&text, t.pool);
        add_totals(&text, &t, NULL);
        buffer_text(&text, "\n");
    }
    bool fine = write_file(s, HOSPITALS, &text);
    buffer_free(&text);
    return fine;
}

/* Standard per point in 1/10000 yuan, half up; "" without points. Fen and 1/10000 points: x 10^6. */
static const char *pool_point_value(const casemix_total *t, char words[40]) {
    words[0] = '\0';
    if (t->points > 0 && t->standard >= 0) {
        __int128 value = ((__int128)t->standard * 2000000 + t->points) / ((__int128)t->points * 2);
        if (value <= INT64_MAX) {
            *put_decimal(words, (int64_t)value, 4) = '\0';
        }
    }
    return words;
}

static bool write_pools(const struct settle *s) {
    struct buffer text = {0};
    buffer_text(&text, "pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance\n");
    uint32_t count = casemix_settlement_pools(s->total);
    casemix_total t;
    char value[40];
    for (uint32_t i = 0; i < count && casemix_settlement_pool_at(s->total, i, &t) == CASEMIX_OK; i++) {
        buffer_cell(&text, t.pool);
        if (t.budget >= 0) {
            add_decimal(&text, t.budget, 2);
        } else {
            buffer_text(&text, ",");
        }
        add_totals(&text, &t, pool_point_value(&t, value));
        if (t.budget >= 0) {
            add_decimal(&text, t.budget - t.fund_payment, 2);
        } else {
            buffer_text(&text, ",");
        }
        buffer_text(&text, "\n");
    }
    bool fine = write_file(s, POOLS, &text);
    buffer_free(&text);
    return fine;
}

/* ---- summary.json ----------------------------------------------------------------------------------------- */

/* Amounts are texts: a reader that makes binary fractions of numbers cannot spoil them. */
static json_t *decimal(int64_t value, unsigned places) {
    char words[32];
    *put_decimal(words, value, places) = '\0';
    return json_string(words);
}

static json_t *pool_summary(const casemix_total *t) {
    char value[40];
    json_t *pool = json_object();
    json_object_set_new(pool, "pool", json_stringn(t->pool.text, t->pool.length));
    json_object_set_new(pool, "cases", json_integer((json_int_t)t->cases));
    json_object_set_new(pool, "unpriced", json_integer((json_int_t)t->unpriced));
    json_object_set_new(pool, "points", decimal(t->points, 4));
    json_object_set_new(pool, "point_value", json_string(pool_point_value(t, value)));
    json_object_set_new(pool, "cost", decimal(t->cost, 2));
    json_object_set_new(pool, "standard", decimal(t->standard, 2));
    json_object_set_new(pool, "fund_payment", decimal(t->fund_payment, 2));
    if (t->budget >= 0) {
        json_object_set_new(pool, "budget", decimal(t->budget, 2));
        json_object_set_new(pool, "balance", decimal(t->budget - t->fund_payment, 2));
    }
    return pool;
}

static bool write_summary(const struct settle *s) {
    json_t *root = json_object(), *pools = json_array();
    json_object_set_new(root, "casemix", json_string(casemix_version()));
    json_object_set_new(root, "image", json_string(casemix_image_fingerprint(s->image)));
    json_object_set_new(root, "scheme", json_stringn(s->scheme.text, s->scheme.length));
    json_object_set_new(root, "policy", json_string(s->batch.policy));
    json_object_set(root, "inputs", s->inputs);
    json_object_set_new(root, "in", json_integer((json_int_t)s->batch.in));
    json_object_set_new(root, "out", json_integer((json_int_t)s->batch.done));
    json_object_set_new(root, "rejected", json_integer((json_int_t)s->batch.rejected));
    uint32_t count = casemix_settlement_pools(s->total);
    casemix_total t;
    for (uint32_t i = 0; i < count && casemix_settlement_pool_at(s->total, i, &t) == CASEMIX_OK; i++) {
        json_array_append_new(pools, pool_summary(&t));
    }
    json_object_set_new(root, "pools", pools);
    char *words = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    need(words);
    struct buffer text = {0};
    buffer_text(&text, words);
    buffer_text(&text, "\n");
    free(words);
    bool fine = write_file(s, SUMMARY, &text);
    buffer_free(&text);
    return fine;
}

/* ---- tables on the screen --------------------------------------------------------------------------------- */

#define COLUMNS 8

static void total_row(struct table *table, char *first, char *second, const casemix_total *t) {
    char *cells[COLUMNS] = {first,
                            second,
                            count_cell(t->cases),
                            count_cell(t->unpriced),
                            decimal_cell(t->points, 4),
                            decimal_cell(t->cost, 2),
                            decimal_cell(t->standard, 2),
                            decimal_cell(t->fund_payment, 2)};
    table_row(table, cells);
}

static void print_tables(const struct settle *s) {
    static const char *const pool_heading[COLUMNS] = {"pool",   "budget", "cases",    "unpriced",
                                                      "points", "cost",   "standard", "fund payment"};
    static const char *const hospital_heading[COLUMNS] = {"hospital", "pool", "cases",    "unpriced",
                                                          "points",   "cost", "standard", "fund payment"};
    static const bool pool_right[COLUMNS] = {false, true, true, true, true, true, true, true};
    static const bool hospital_right[COLUMNS] = {false, false, true, true, true, true, true, true};
    struct table pools = {.columns = COLUMNS, .right = pool_right};
    struct table hospitals = {.columns = COLUMNS, .right = hospital_right};
    casemix_total t;
    table_heading(&pools, pool_heading);
    uint32_t count = casemix_settlement_pools(s->total);
    for (uint32_t i = 0; i < count && casemix_settlement_pool_at(s->total, i, &t) == CASEMIX_OK; i++) {
        char *budget = t.budget >= 0 ? decimal_cell(t.budget, 2) : need(strdup("-"));
        total_row(&pools, text_cell(t.pool, "(none)"), budget, &t);
    }
    table_heading(&hospitals, hospital_heading);
    count = casemix_settlement_hospitals(s->total);
    for (uint32_t i = 0; i < count && casemix_settlement_hospital_at(s->total, i, &t) == CASEMIX_OK; i++) {
        total_row(&hospitals, text_cell(t.hospital, "(none)"), text_cell(t.pool, "(none)"), &t);
    }
    table_print(&pools, stdout);
    putchar('\n');
    table_print(&hospitals, stdout);
    table_free(&pools);
    table_free(&hospitals);
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static casemix_text scheme_of(const casemix_image *image, const char *scheme, const char *policy) {
    casemix_policy_info p;
    casemix_scheme_info only;
    if (scheme) {
        return text_of(scheme);
    }
    for (uint32_t i = 0; i < casemix_policy_count(image); i++) {
        if (casemix_policy_at(image, i, &p) == CASEMIX_OK && strcmp(p.id.text, policy) == 0 && p.scheme.length) {
            return p.scheme;
        }
    }
    return casemix_scheme_at(image, 0, &only) == CASEMIX_OK ? only.id : text_of("");
}

static int run_inputs(struct settle *s) {
    struct batch *b = &s->batch;
    s->inputs = json_array();
    for (int i = 0; i < s->o.word_count; i++) {
        uint64_t in = b->in, done = b->done, rejected = b->rejected;
        int code = batch_run(b, s->o.words[i], NULL);
        if (code != EXIT_DONE) {
            return code;
        }
        json_array_append_new(s->inputs,
                              json_pack("{s:s%,s:I,s:I,s:I}", "file", s->o.words[i], strlen(s->o.words[i]), "in",
                                        (json_int_t)(b->in - in), "out", (json_int_t)(b->done - done), "rejected",
                                        (json_int_t)(b->rejected - rejected)));
    }
    for (unsigned i = 1; i < b->threads; i++) {
        if (casemix_settlement_merge(s->total, b->workers[i].settlement) != CASEMIX_OK) {
            complain("the totals get too large to be held exactly; settle in parts");
            return EXIT_FOUND;
        }
    }
    return EXIT_DONE;
}

/* Everything into the folder; on failure the caller drops the folder and what is open. */
static int settle(struct settle *s) {
    int code = batch_start(&s->batch);
    if (code != EXIT_DONE) {
        return code;
    }
    s->total = s->batch.workers[0].settlement;
    if (s->o.budget && (code = read_budgets(s)) != EXIT_DONE) {
        return code;
    }
    s->folder = folder_open(s->o.output, file_names, s->o.force);
    if (!s->folder) {
        return EXIT_IO;
    }
    s->batch.out = output_open(folder_file(s->folder, CASES));
    if (!s->batch.out || !rejects_open(&s->rejects, folder_file(s->folder, REJECTS), true) ||
        !output_write(s->batch.out, cases_heading, sizeof cases_heading - 1)) {
        return EXIT_IO;
    }
    if ((code = run_inputs(s)) != EXIT_DONE) {
        return code;
    }
    bool fine = output_close(s->batch.out);
    s->batch.out = NULL;
    fine = rejects_close(&s->rejects) && fine;
    fine = fine && write_hospitals(s) && write_pools(s) && write_summary(s);
    if (!fine) {
        return EXIT_IO;
    }
    fine = folder_close(s->folder);
    s->folder = NULL;
    return fine ? EXIT_DONE : EXIT_IO;
}

/* A missing file is told before the others are worked off, and no file is counted twice. */
static int check_inputs(const struct options *o) {
    struct stat one, other;
    for (int i = 0; i < o->word_count; i++) {
        const char *path = o->words[i];
        bool there = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &one) == 0 : stat(path, &one) == 0;
        if (!there) {
            complain("cannot read %s: %s", path, strerror(errno));
            return EXIT_IO;
        }
        for (int j = 0; j < i; j++) {
            there = strcmp(o->words[j], "-") == 0 ? fstat(STDIN_FILENO, &other) == 0 : stat(o->words[j], &other) == 0;
            if (there && one.st_dev == other.st_dev && one.st_ino == other.st_ino) {
                return wrong_use(o, "%s and %s are the same file; its cases would be paid twice", o->words[j], path);
            }
        }
    }
    return EXIT_DONE;
}

int command_settle(int argc, char **argv) {
    struct settle s = {0};
    unsigned takes =
        TAKES_IMAGE | TAKES_OUTPUT | TAKES_SCHEME | TAKES_POLICY | TAKES_READING | TAKES_THREADS | TAKES_SETTLE;
    int code = options_read(&s.o, argc, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if (!s.o.output || s.o.word_count == 0) {
        return wrong_use(&s.o, s.o.output ? "say which cases: INPUT.csv" : "say where the reports go: -o DIR");
    }
    if ((code = check_inputs(&s.o)) != EXIT_DONE || (code = open_image(s.o.image, &s.image)) != EXIT_DONE) {
        return code;
    }
    s.batch = batch_of(&s.o, s.image, add_case);
    s.batch.settles = true;
    s.batch.user = &s;
    s.batch.rejects = &s.rejects;
    s.batch.policy = choose_policy(&s.o, s.image);
    code = EXIT_USAGE;
    if (s.batch.policy) {
        s.scheme = scheme_of(s.image, s.o.scheme, s.batch.policy);
        code = settle(&s);
    }
    if (code == EXIT_DONE) {
        print_balance(s.batch.in, s.batch.done, s.batch.rejected, s.batch.blank);
        if (!s.o.quiet) {
            print_tables(&s);
        }
    }
    output_abandon(s.batch.out);
    rejects_abandon(&s.rejects);
    folder_abandon(s.folder);
    json_decref(s.inputs);
    batch_free(&s.batch);
    close_image(s.image);
    return code;
}
