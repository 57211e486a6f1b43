/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of cases.csv: read once and added up, of each only its place is kept; handed out later, hospital by
 * hospital. */
#include "month_inside.h"

#include "../exact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const month_columns[MONTH_COLUMNS] = {
    "id",          "hospital", "pool",         "scheme", "group",        "status", "class",    "points",
    "point_value", "standard", "fund_payment", "reason", "price_status", "cost",   "findings", "demonstration"};

/* ---- the amounts of a row --------------------------------------------------------------------------------- */

bool month_decimal(casemix_text text, unsigned places, int64_t *out) {
    bool negative = text.length > 0 && text.text[0] == '-';
    uint64_t size = 0;
    if (!exact_read(text.text + negative, text.length - negative, places, INT64_MAX, &size)) {
        return false;
    }
    *out = negative ? -(int64_t)size : (int64_t)size;
    return true;
}

/* The column that is wrong, or MONTH_COLUMNS. */
static enum month_column read_amounts(struct month_row *row) {
    static const enum month_column amounts[] = {MONTH_POINTS, MONTH_STANDARD, MONTH_FUND_PAYMENT, MONTH_COST};
    int64_t *const into[] = {&row->points, &row->standard, &row->fund_payment, &row->cost};
    int64_t value;
    row->priced = text_order(row->fields[MONTH_PRICE_STATUS], (casemix_text){"priced", 6}) == 0;
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        casemix_text text = row->fields[amounts[i]];
        *into[i] = 0;
        if (row->priced ? !month_decimal(text, amounts[i] == MONTH_POINTS ? 4 : 2, into[i]) : text.length > 0) {
            return amounts[i];
        }
    }
    casemix_text value_text = row->fields[MONTH_POINT_VALUE];
    if (row->priced ? !month_decimal(value_text, 6, &value) : value_text.length > 0) {
        return MONTH_POINT_VALUE;
    }
    return MONTH_COLUMNS;
}

/* Where each column is in the row. */
static void pick(const struct month_rows *rows, const struct csv_row *row, casemix_text *fields) {
    for (int i = 0; i < MONTH_COLUMNS; i++) {
        fields[i] = rows->column[i] < 0 ? (casemix_text){"", 0} : row->fields[rows->column[i]];
    }
}

/* ---- adding up -------------------------------------------------------------------------------------------- */

/* cases.csv while it is read. */
struct reading {
    struct month *month;
    struct gathered *out;
    const struct input *in;
    uint64_t start;       /* bytes of the file before its text */
    struct month_sum one; /* of the row at hand */
    bool zero;
    struct buffer key;
};

static bool add_row(struct reading *r, struct pairs *pairs, uint32_t first, uint32_t second) {
    struct pair *pair = pairs_at(pairs, first, second);
    struct month_sum *sum = &pair->sum;
    pair->rows++;
    pair->zero += r->zero;
    sum->cases += r->one.cases;
    sum->unpriced += r->one.unpriced;
    sum->reversed += r->one.reversed;
    return !__builtin_add_overflow(sum->points, r->one.points, &sum->points) &&
           !__builtin_add_overflow(sum->cost, r->one.cost, &sum->cost) &&
           !__builtin_add_overflow(sum->standard, r->one.standard, &sum->standard) &&
           !__builtin_add_overflow(sum->fund_payment, r->one.fund_payment, &sum->fund_payment);
}

static uint32_t number_of(const struct reading *r, casemix_text text) {
    return names_add(&r->month->rows->texts, text.text, text.length);
}

/* Why a row has no price or no group; false: there is nothing to say. */
static bool reason_of(struct reading *r, const struct month_row *row) {
    casemix_text reason = row->fields[MONTH_REASON], status = row->fields[MONTH_PRICE_STATUS];
    r->key.size = 0;
    buffer_add(&r->key, reason.text, reason.length);
    if (!row->priced) {
        buffer_add(&r->key, " ", reason.length > 0);
        buffer_add(&r->key, status.text, status.length);
    }
    return r->key.size > 0;
}

static void count_ratio(struct month *month, const struct month_row *row) {
    if (row->priced && row->standard > 0 && row->cost >= 0) {
        __int128 tenths = (__int128)row->cost * 10 / row->standard;
        month->ratios[tenths < MONTH_RATIOS - 1 ? (size_t)tenths : MONTH_RATIOS - 1]++;
    }
}

static bool add_up(struct reading *r, const struct month_row *row) {
    struct gathered *g = r->out;
    bool reversed = row->priced && row->cost < 0;
    r->zero = row->priced && row->cost == 0;
    r->one = (struct month_sum){.cases = !reversed,
                                .unpriced = !row->priced,
                                .reversed = reversed,
                                .points = row->points,
                                .cost = row->cost,
                                .standard = row->standard,
                                .fund_payment = row->fund_payment};
    uint32_t hospital = number_of(r, row->fields[MONTH_HOSPITAL]), pool = number_of(r, row->fields[MONTH_POOL]);
    uint32_t class = number_of(r, row->fields[MONTH_CLASS]), group = number_of(r, row->fields[MONTH_GROUP]);
    count_ratio(r->month, row);
    if (row->fields[MONTH_ID].length > r->month->id_width) {
        size_t width = display_width(row->fields[MONTH_ID].text, row->fields[MONTH_ID].length);
        r->month->id_width = width > r->month->id_width ? width : r->month->id_width;
    }
    bool fine = add_row(r, &g->lines, hospital, pool) && add_row(r, &g->pools, 0, pool) &&
                add_row(r, &g->classes, 0, class) && add_row(r, &g->hospital_classes, hospital, class) &&
                add_row(r, &g->statuses, 0, number_of(r, row->fields[MONTH_STATUS]));
    if (fine && row->priced) {
        fine = add_row(r, &g->groups, 0, group) && add_row(r, &g->hospital_groups, hospital, group);
    }
    if (fine && reason_of(r, row)) {
        fine = add_row(r, &g->reasons, 0, number_of(r, (casemix_text){r->key.data, r->key.size}));
    }
    g->places[g->rows++].hospital = hospital;
    return fine;
}

static void keep_place(struct gathered *g, uint64_t offset, size_t length) {
    if (g->rows == g->room) {
        g->room = g->room ? g->room + g->room / 2 : 4096;
        g->places = need(reallocarray(g->places, g->room, sizeof *g->places));
    }
    g->places[g->rows] = (struct row_place){.offset = offset, .length = (uint32_t)length};
}

static int take_row(void *user, const struct csv_row *row, uint64_t line) {
    struct reading *r = user;
    const struct input *in = r->in;
    casemix_text fields[MONTH_COLUMNS];
    struct month_row one = {.fields = fields};
    keep_place(r->out, r->start + in->row_start, in->row_size);
    if (row->fault != CSV_FINE) {
        return input_fault(in, row, line);
    }
    pick(r->month->rows, row, fields);
    enum month_column wrong = read_amounts(&one);
    if (wrong != MONTH_COLUMNS) {
        complain("%s: line %llu: %s is %s; the file is not as `casemix settle` wrote it: settle again", in->name,
                 (unsigned long long)line, month_columns[wrong],
                 one.priced ? "no number with the decimals of its column"
                            : "not empty, though the case has no price");
        return EXIT_FOUND;
    }
    if (!add_up(r, &one)) {
        complain("%s: line %llu: the sums get too large to be held exactly; settle in parts", in->name,
                 (unsigned long long)line);
        return EXIT_FOUND;
    }
    return EXIT_DONE;
}

/* ---- the file --------------------------------------------------------------------------------------------- */

/* The bytes before its text: rows are read again by their place, so the text must stand in the file as it is. */
static int text_start(const struct month_rows *rows, const struct input *in, uint64_t *start) {
    unsigned char head[3] = {0};
    ssize_t got = pread(rows->file, head, sizeof head, 0);
    if (got < 0) {
        complain("cannot read %s: %s", rows->path, strerror(errno));
        return EXIT_IO;
    }
    bool packed = head[0] == 0x1f && head[1] == 0x8b;
    if (packed || strcmp(source_encoding(in->source), "UTF-8") != 0) {
        complain("%s: is %s; reports need it in UTF-8 text as `casemix settle` writes it: settle again, or save it "
                 "as \"CSV UTF-8\"",
                 rows->path, packed ? "packed" : source_encoding(in->source));
        return EXIT_FOUND;
    }
    *start = memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return EXIT_DONE;
}

static int read_file(struct month *month, struct input *in, struct gathered *out) {
    struct month_rows *rows = month->rows;
    struct reading reading = {.month = month, .out = out, .in = in};
    int code = text_start(rows, in, &reading.start);
    if (code == EXIT_DONE) {
        code = month_find_columns(in, month_columns, MONTH_COLUMNS, MONTH_DEMONSTRATION, rows->column);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    rows->separator = in->separator;
    rows->columns = in->columns;
    rows->heading = need(calloc(in->columns + 1, sizeof *rows->heading));
    for (uint32_t i = 0; i < in->columns; i++) {
        rows->heading[i] = month_text(month, (casemix_text){in->names[i], strlen(in->names[i])});
    }
    csv_cursor_init(&rows->cursor, rows->separator, rows->columns);
    month_text(month, (casemix_text){"", 0});
    code = input_rows(in, take_row, &reading);
    buffer_free(&reading.key);
    return code;
}

int month_read_cases(struct month *month, struct gathered *out) {
    struct month_rows *rows = month->rows;
    struct input *in;
    rows->path = month_path(month, "cases.csv");
    if (!rows->path) {
        return EXIT_IO;
    }
    rows->file = open(rows->path, O_RDONLY | O_CLOEXEC);
    if (rows->file < 0) {
        complain("cannot read %s: %s", rows->path, strerror(errno));
        return EXIT_IO;
    }
    int code = input_open(rows->path, NULL, &in);
    if (code == EXIT_DONE) {
        code = read_file(month, in, out);
        input_close(in);
    }
    return code;
}

/* ---- handing out ------------------------------------------------------------------------------------------ */

bool month_tells_demonstration(const struct month *month) {
    return month->rows->column[MONTH_DEMONSTRATION] >= 0;
}

void month_heading(const struct month *month, struct buffer *text) {
    const struct month_rows *rows = month->rows;
    for (uint32_t i = 0; i < rows->columns; i++) {
        buffer_add(text, &rows->separator, i > 0);
        buffer_cell(text, rows->heading[i]);
    }
    buffer_text(text, "\n");
}

static bool changed(const struct month_rows *rows) {
    complain("%s was changed while the reports were made; settle again and leave the folder alone meanwhile",
             rows->path);
    return false;
}

/* The bytes of a row, without blank lines before it. */
static bool fetch(struct month_rows *rows, const struct row_place *place, casemix_text *out) {
    rows->bytes.size = 0;
    char *bytes = buffer_room(&rows->bytes, place->length + CSV_SLACK + 1);
    for (size_t done = 0; done < place->length;) {
        ssize_t got = pread(rows->file, bytes + done, place->length - done, (off_t)(place->offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            complain("cannot read %s: %s", rows->path, strerror(errno));
            return false;
        }
        if (got == 0) {
            return changed(rows);
        }
        done += (size_t)got;
    }
    size_t blank = 0;
    while (blank < place->length && (bytes[blank] == '\n' || bytes[blank] == '\r')) {
        blank++;
    }
    memset(bytes + place->length, 0, CSV_SLACK);
    *out = (casemix_text){bytes + blank, place->length - blank};
    return true;
}

/* One row again; false after a message. */
static bool read_again(struct month_rows *rows, casemix_text hospital, const struct row_place *place,
                       struct month_row *out, casemix_text *fields) {
    struct csv_row row;
    if (!fetch(rows, place, &out->bytes)) {
        return false;
    }
    csv_start(&rows->cursor, out->bytes.text, out->bytes.length, false);
    if (!csv_next(&rows->cursor, &row) || row.fault != CSV_FINE || rows->cursor.at != rows->cursor.end) {
        return changed(rows);
    }
    pick(rows, &row, fields);
    out->fields = fields;
    return (text_order(fields[MONTH_HOSPITAL], hospital) == 0 && read_amounts(out) == MONTH_COLUMNS) ||
           changed(rows);
}

/* Take from what was added up before; at the end nothing may be left. */
static void take_away(struct month_sum *left, const struct month_row *row) {
    left->points = (int64_t)((uint64_t)left->points - (uint64_t)row->points);
    left->cost = (int64_t)((uint64_t)left->cost - (uint64_t)row->cost);
    left->standard = (int64_t)((uint64_t)left->standard - (uint64_t)row->standard);
    left->fund_payment = (int64_t)((uint64_t)left->fund_payment - (uint64_t)row->fund_payment);
}

bool month_rows(struct month *month, const struct month_hospital *hospital,
                bool (*take)(void *user, const struct month_row *row), void *user) {
    struct month_rows *rows = month->rows;
    casemix_text fields[MONTH_COLUMNS];
    struct month_sum left = hospital->sum;
    for (uint64_t i = 0; i < hospital->rows; i++) {
        struct month_row row;
        if (!read_again(rows, hospital->hospital, &rows->places[hospital->first_row + i], &row, fields)) {
            return false;
        }
        take_away(&left, &row);
        if (!take(user, &row)) {
            return false;
        }
    }
    return (left.points == 0 && left.cost == 0 && left.standard == 0 && left.fund_payment == 0) || changed(rows);
}
