/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix bench: nanoseconds a case, beside the time of merely finding the separators of the same bytes, so that
 * the figures of two machines, or of a busy one, can be compared. */
#include "batch.h"
#include "bench.h"
#include "command.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] = "usage: casemix bench -i IMAGE.cmx [--policy ID] INPUT.csv [--json]\n"
                           "       casemix bench settle -i IMAGE.cmx [--policy ID] [--budget FILE] INPUT.csv [--json]\n"
                           "\n"
                           "Measures in memory, on one thread, the best of several rounds, in nanoseconds a case:\n"
                           "  scan_ns    finding every separator and end of line with memchr, the yardstick\n"
                           "  group_ns   grouping alone: the facts are set, codes are still text\n"
                           "  csv_ns     CSV to CSV: read, group, price if the image has a policy, write\n"
                           "\n"
                           "`bench settle` runs a whole settlement once, files and all: time, memory, ratio to the scan.\n"
                           "\n"
                           "  -i, --image FILE     the compiled rules\n"
                           "      --policy ID      price under this policy (an only policy is taken by itself)\n"
                           "      --scheme ID, --map FILE, --encoding NAME   as for `casemix group`\n"
                           "      --json           one JSON object\n"
                           "\n"
                           "examples:\n"
                           "  casemix bench -i haerbin-2022.cmx cases.csv\n"
                           "  casemix bench -i haerbin-2022.cmx --policy harbin-2022 cases.csv --json\n";

#define ROUNDS_LEAST 5
#define ROUNDS_MOST  50
#define TIME_ENOUGH  3e9 /* ns, of all rounds together */

struct bench {
    struct buffer bytes; /* the rows of the input, without the heading */
    size_t *slices;      /* borders of chunks as of a real run; the first is 0, the last bytes.size */
    size_t slice_count;
    uint64_t rows;
    uint64_t found; /* separators and ends of line */
    int rounds;
    double scan, group, csv; /* ns a case */
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double least(double a, double b) {
    return a == 0 || b < a ? b : a;
}

/* ---- the bytes -------------------------------------------------------------------------------------------- */

static bool load(struct bench *b, struct input *in) {
    struct chunk chunk = {0};
    bool fine;
    b->slices = need(calloc(1, sizeof *b->slices));
    while ((fine = input_chunk(in, &chunk)) && chunk.size) {
        buffer_add(&b->bytes, chunk.bytes, chunk.size);
        b->slices = need(reallocarray(b->slices, b->slice_count + 2, sizeof *b->slices));
        b->slices[++b->slice_count] = b->bytes.size;
    }
    memset(buffer_room(&b->bytes, CSV_SLACK), 0, CSV_SLACK);
    chunk_free(&chunk);
    return fine;
}

/* ---- what is measured ------------------------------------------------------------------------------------- */

uint64_t scan_separators(const char *bytes, size_t size, char separator) {
    uint64_t found = 0;
    for (const char *at = bytes, *end = bytes + size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = stop ? stop : end;
        for (const char *comma; (comma = memchr(at, separator, (size_t)(line_end - at))) != NULL; at = comma + 1) {
            found++;
        }
        at = line_end + 1;
        found++;
    }
    return found;
}

static void measure_scan(struct bench *b, char separator) {
    double start = now();
    b->found = scan_separators(b->bytes.data, b->bytes.size, separator);
    b->scan = least(b->scan, (now() - start) / (double)b->rows);
}

static void measure_csv(struct bench *b, struct worker *w) {
    double start = now();
    for (size_t i = 0; i < b->slice_count; i++) {
        worker_chunk(w, b->bytes.data + b->slices[i], b->slices[i + 1] - b->slices[i]);
    }
    b->csv = least(b->csv, (now() - start) / (double)b->rows);
}

/* Do the fields outlive their row? Those that had to be unescaped are not in the bytes. */
static bool stays(const struct bench *b, const struct csv_row *row) {
    for (uint32_t i = 0; i < row->count; i++) {
        const char *text = row->fields[i].text;
        if (row->fields[i].length && (text < b->bytes.data || text >= b->bytes.data + b->bytes.size)) {
            return false;
        }
    }
    return true;
}

/* Cases whose facts are set, a thousand at a time, which stay in the cache. Setting them is not counted. */
static void measure_group(struct bench *b, struct worker *w, casemix_case **cases, size_t count) {
    double spent = 0;
    uint64_t grouped = 0;
    struct csv_row row;
    casemix_grouping grouping;
    bool more = true;
    size_t slice = 0;
    while (slice < b->slice_count && more) {
        size_t ready = 0;
        csv_start(&w->cursor, b->bytes.data + b->slices[slice], b->slices[slice + 1] - b->slices[slice], false);
        while (ready < count && csv_next(&w->cursor, &row)) {
            if (row.fault == CSV_FINE && stays(b, &row)) {
                set_facts(cases[ready++], &w->batch->map, row.fields);
            }
        }
        double start = now();
        for (size_t i = 0; i < ready; i++) {
            casemix_group(w->context, cases[i], &grouping);
        }
        spent += now() - start;
        grouped += ready;
        slice++;
    }
    if (grouped) {
        b->group = least(b->group, spent / (double)grouped);
    }
}

static void count_rows(struct bench *b, struct worker *w) {
    for (size_t i = 0; i < b->slice_count; i++) {
        worker_chunk(w, b->bytes.data + b->slices[i], b->slices[i + 1] - b->slices[i]);
        b->rows += w->done.rows;
    }
}

static int measure(struct bench *b, struct batch *batch) {
    enum { CASES = 1024 };
    struct worker *w = &batch->workers[0];
    csv_cursor_init(&w->cursor, batch->input->separator, batch->input->columns);
    if (!load(b, batch->input)) {
        return EXIT_IO;
    }
    count_rows(b, w);
    if (b->rows == 0) {
        complain("%s: there are no rows after the heading, nothing to measure", batch->input->name);
        return EXIT_FOUND;
    }
    casemix_case **cases = need(calloc(CASES, sizeof(casemix_case *)));
    for (int i = 0; i < CASES; i++) {
        cases[i] = need(casemix_case_new());
    }
    for (double start = now(); b->rounds < ROUNDS_LEAST || (b->rounds < ROUNDS_MOST && now() - start < TIME_ENOUGH);
         b->rounds++) {
        measure_scan(b, batch->input->separator);
        measure_group(b, w, cases, CASES);
        measure_csv(b, w);
    }
    for (int i = 0; i < CASES; i++) {
        casemix_case_free(cases[i]);
    }
    free(cases);
    return EXIT_DONE;
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static void print_json(const struct bench *b, const struct batch *batch) {
    json_t *root = json_object();
    json_object_set_new(root, "cases", json_integer((json_int_t)b->rows));
    json_object_set_new(root, "bytes", json_integer((json_int_t)b->bytes.size));
    json_object_set_new(root, "priced", json_boolean(batch->policy != NULL));
    if (is_demonstration(batch->image, batch->scheme, batch->policy)) {
        json_object_set_new(root, "demonstration", json_true());
    }
    json_object_set_new(root, "scan_ns", json_real(b->scan));
    json_object_set_new(root, "group_ns", json_real(b->group));
    json_object_set_new(root, "csv_ns", json_real(b->csv));
    json_object_set_new(root, "group_to_scan", json_real(b->group / b->scan));
    json_object_set_new(root, "csv_to_scan", json_real(b->csv / b->scan));
    json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(root);
}

static void print_words(const struct bench *b, const struct batch *batch) {
    printf("%llu cases, %.0f bytes a case; the best of %d rounds, one thread\n", (unsigned long long)b->rows,
           (double)b->bytes.size / (double)b->rows, b->rounds);
    printf("                                   ns/case    cases/s   to scan\n");
    printf("find the separators (memchr)      %8.1f %10.0f\n", b->scan, 1e9 / b->scan);
    printf("group only                        %8.1f %10.0f %8.2fx\n", b->group, 1e9 / b->group, b->group / b->scan);
    printf("%-33s %8.1f %10.0f %8.2fx\n", batch->policy ? "CSV to CSV, grouped and priced" : "CSV to CSV, grouped",
           b->csv, 1e9 / b->csv, b->csv / b->scan);
}

int command_bench(int argc, char **argv) {
    struct options o;
    unsigned takes =
        TAKES_IMAGE | TAKES_SCHEME | TAKES_POLICY | TAKES_READING | TAKES_JSON | TAKES_SETTLE | TAKES_THREADS;
    int code = options_read(&o, argc, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if (o.word_count == 2 && strcmp(o.words[0], "settle") == 0) {
        return bench_settle(&o);
    }
    if (o.word_count != 1) {
        return wrong_use(&o, "say one file with cases");
    }
    casemix_image *image;
    if ((code = open_image(o.image, &image)) != EXIT_DONE) {
        return code;
    }
    struct bench b = {0};
    struct batch batch = batch_of(&o, image, group_row);
    batch.threads = 1;
    batch.policy = o.policy;
    if (!batch.policy && casemix_policy_count(image) == 1) {
        batch.policy = choose_policy(&o, image);
    }
    if (batch.policy) {
        batch.row = price_row;
    }
    code = batch_start(&batch);
    if (code == EXIT_DONE && (code = input_open(o.words[0], o.encoding, &batch.input)) == EXIT_DONE &&
        (code = map_facts(batch.input, o.map, NULL, &batch.map)) == EXIT_DONE) {
        code = measure(&b, &batch);
    }
    if (code == EXIT_DONE) {
        o.json ? print_json(&b, &batch) : print_words(&b, &batch);
    }
    fact_map_free(&batch.map);
    input_close(batch.input);
    batch_free(&batch);
    buffer_free(&b.bytes);
    free(b.slices);
    close_image(image);
    return code;
}
