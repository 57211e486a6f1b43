/* SPDX-License-Identifier: Apache-2.0
 *
 * The worked examples of payments, each through the library and through the command. tests/money/examples has the
 * policies, the claims and the figures that must come out, to the fen or to the decimals that the example gives.
 * Where the facts lie beside the project, every example of theirs must be here, and every figure must be one of
 * theirs. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/rational.h"
#include "../support/rows.h"
#include "../support/support.h"

enum { TEXT = 4096, EXAMPLES_MAX = 200, PARTS_MAX = 20, CELL = 100 };

/* ---- "name=value;name=value" ---- */

struct part {
    char name[CELL], value[CELL];
};

static size_t split_parts(const char *text, struct part parts[PARTS_MAX]) {
    size_t count = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, ";"), name = strcspn(text, "=");
        cr_assert(count < PARTS_MAX && name < length && length < CELL, "\"%s\" is not name=value;...", text);
        snprintf(parts[count].name, CELL, "%.*s", (int)name, text);
        snprintf(parts[count++].value, CELL, "%.*s", (int)(length - name - 1), text + name + 1);
        text += length + (text[length] == ';');
    }
    return count;
}

static bool is_number(const char *text) {
    size_t length = strspn(text, "-0123456789.");
    return length > 0 && text[length] == '\0' && text[strcspn(text, "0123456789")] != '\0';
}

/* The same text, or the same number. */
static bool same(const char *want, const char *got) {
    if (!is_number(want) || !is_number(got)) {
        return strcmp(want, got) == 0;
    }
    return fraction_compare(fraction_read(want), fraction_read(got)) == 0;
}

/* ---- what was found of each example ---- */

enum way { BY_LIBRARY, BY_COMMAND, WAYS };
static const char *const way_names[WAYS] = {"library", "command"};

struct example {
    char id[20];
    unsigned checked[WAYS], wrong[WAYS];
};
static struct example examples[EXAMPLES_MAX];
static size_t example_count;

static struct example *example_of(const char *id) {
    for (size_t i = 0; i < example_count; i++) {
        if (strcmp(examples[i].id, id) == 0) {
            return &examples[i];
        }
    }
    cr_assert(example_count < EXAMPLES_MAX);
    snprintf(examples[example_count].id, sizeof examples[0].id, "%s", id);
    return &examples[example_count++];
}

static void check(const char *id, enum way way, const char *what, const char *want, const char *got) {
    struct example *example = example_of(id);
    example->checked[way]++;
    if (!same(want, got)) {
        example->wrong[way]++;
        fprintf(stderr, "%s by the %s: %s is %s, not %s\n", id, way_names[way], what,
                got[0] != '\0' ? got : "nothing", want);
    }
}

/* ---- the folder and the command ---- */

static char work[] = "/tmp/casemix-examples-XXXXXX";

static void make_work(void) {
    cr_assert(mkdtemp(work) != NULL);
}

static void remove_work(void) {
    char command[TEXT];
    snprintf(command, sizeof command, "rm -rf '%s'", work);
    cr_expect(system(command) == 0);
}

static const char *data(const char *name) {
    char path[CELL + 40];
    snprintf(path, sizeof path, "tests/money/examples/%.*s", CELL, name);
    return path_under("CASEMIX_ROOT", path);
}

static bool command(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool command(const char *format, ...) {
    char text[2 * TEXT], whole[3 * TEXT];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    snprintf(whole, sizeof whole, "'%s' %s 2>'%s/said' >&2 || { cat '%s/said' >&2; false; }",
             setting("CASEMIX_COMMAND"), text, work, work);
    return system(whole) == 0;
}

static void say(casemix_case *one, const char *column, const char *text) {
    int fact = casemix_fact(column);
    cr_assert(fact >= 0, "there is no fact %s", column);
    casemix_case_set(one, fact, text, strlen(text));
}

/* ---- one case ---- */

/* A cell of the answer as `casemix price` would write it. */
static void price_cell(const casemix_price *price, const char *name, char out[CELL]) {
    const struct {
        const char *name;
        long long units;
        int places;
    } cells[] = {{"points", price->points, 4},       {"point_value", price->point_value, 6},
                 {"standard", price->standard, 2},   {"fund_payment", price->fund_payment, 2},
                 {"low_below", price->low_below, 2}, {"high_above", price->high_above, 2}};
    out[0] = '\0';
    if (strcmp(name, "class") == 0) {
        snprintf(out, CELL, "%s", price->class_name.length > 0 ? price->class_name.text : "");
    }
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        if (strcmp(name, cells[i].name) == 0) {
            char text[FRACTION_TEXT];
            snprintf(out, CELL, "%s", fraction_text(cells[i].units, cells[i].places, text));
        }
    }
}

/* What every claim of the examples has unless the example says otherwise. */
static const struct part usual[] = {{"hospital", "H0"}, {"patient_paid", "0"}};
enum { USUAL = sizeof usual / sizeof usual[0] };

static size_t facts_of(const struct rows *rows, const struct row *row, struct part facts[PARTS_MAX]) {
    size_t count = split_parts(row_cell(rows, row, "facts"), facts), said = count;
    for (size_t u = 0; u < USUAL; u++) {
        size_t i = 0;
        while (i < said && strcmp(facts[i].name, usual[u].name) != 0) {
            i++;
        }
        if (i == said && count < PARTS_MAX) {
            facts[count++] = usual[u];
        }
    }
    return count;
}

static void price_by_library(const casemix_image *image, const struct rows *rows, const struct row *row) {
    struct part facts[PARTS_MAX], wanted[PARTS_MAX];
    size_t fact_count = facts_of(rows, row, facts);
    size_t wanted_count = split_parts(row_cell(rows, row, "expect"), wanted);
    casemix_context *context = new_context(image, NULL, row_cell(rows, row, "policy"));
    casemix_case *one = casemix_case_new();
    casemix_grouping grouping;
    casemix_price price;
    for (size_t i = 0; i < fact_count; i++) {
        say(one, facts[i].name, facts[i].value);
    }
    cr_assert(casemix_group(context, one, &grouping) == CASEMIX_OK);
    cr_assert(casemix_price_case(context, one, &grouping, &price) == CASEMIX_OK);
    for (size_t i = 0; i < wanted_count; i++) {
        char got[CELL];
        price_cell(&price, wanted[i].name, got);
        check(row_cell(rows, row, "id"), BY_LIBRARY, wanted[i].name, wanted[i].value, got);
    }
    check(row_cell(rows, row, "id"), BY_LIBRARY, "status", "priced", casemix_price_status_text(price.status));
    casemix_case_free(one);
    casemix_context_free(context);
}

static void price_by_command(const struct rows *rows, const struct row *row) {
    struct part facts[PARTS_MAX], wanted[PARTS_MAX];
    size_t fact_count = facts_of(rows, row, facts);
    size_t wanted_count = split_parts(row_cell(rows, row, "expect"), wanted);
    const char *id = row_cell(rows, row, "id");
    char path[TEXT];
    snprintf(path, sizeof path, "%s/in.csv", work);
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL);
    fprintf(file, "id");
    for (size_t i = 0; i < fact_count; i++) {
        fprintf(file, ",%s", facts[i].name);
    }
    fprintf(file, "\n%s", id);
    for (size_t i = 0; i < fact_count; i++) {
        fprintf(file, ",%s", facts[i].value);
    }
    cr_assert(fputc('\n', file) >= 0 && fclose(file) == 0);
    bool done = command("price -i '%s/%s.cmx' --policy %s '%s/in.csv' -o '%s/out.csv'", work,
                        row_cell(rows, row, "bundle"), row_cell(rows, row, "policy"), work, work);
    if (!done) {
        check(id, BY_COMMAND, "casemix price", "done", "not done");
        return;
    }
    snprintf(path, sizeof path, "%s/out.csv", work);
    struct rows out = rows_read(path);
    cr_assert(out.count == 1);
    for (size_t i = 0; i < wanted_count; i++) {
        check(id, BY_COMMAND, wanted[i].name, wanted[i].value, row_cell(&out, &out.rows[0], wanted[i].name));
    }
    check(id, BY_COMMAND, "price_status", "priced", row_cell(&out, &out.rows[0], "price_status"));
    rows_free(&out);
}

static void try_prices(struct compiled *drg, struct compiled *dip) {
    struct rows rows = rows_read(data("prices.csv"));
    for (size_t i = 0; i < rows.count; i++) {
        const struct row *row = &rows.rows[i];
        struct compiled *compiled = strcmp(row_cell(&rows, row, "bundle"), "dip") == 0 ? dip : drg;
        price_by_library(compiled->image, &rows, row);
        price_by_command(&rows, row);
    }
    rows_free(&rows);
}

/* ---- a month ---- */

/* "hospital:A:deduction": scope, who, what. */
struct place_name {
    char scope[CELL], who[CELL], what[CELL];
};

static struct place_name place_of(const char *name) {
    struct place_name place;
    cr_assert(sscanf(name, "%99[^:]:%99[^:]:%99s", place.scope, place.who, place.what) == 3,
              "\"%s\" is no scope:who:what", name);
    return place;
}

static bool of_hospital(const struct place_name *place) {
    return strcmp(place->scope, "hospital") == 0;
}

static void say_all(casemix_settlement *settlement, const char *said) {
    struct part parts[PARTS_MAX];
    size_t count = split_parts(said, parts);
    for (size_t i = 0; i < count; i++) {
        struct place_name place = place_of(parts[i].name);
        casemix_error error = {0};
        bool hospital = of_hospital(&place);
        casemix_result result =
            casemix_settlement_say(settlement, hospital ? place.who : NULL, hospital ? "employee" : place.who,
                                   place.what, parts[i].value, &error);
        cr_assert(result == CASEMIX_OK, "%s: %s", parts[i].name, error.message);
    }
}

static void add_claims(casemix_settlement *settlement, casemix_context *context, const struct rows *claims) {
    casemix_case *one = casemix_case_new();
    for (size_t i = 0; i < claims->count; i++) {
        casemix_grouping grouping;
        casemix_price price;
        casemix_case_clear(one);
        for (size_t c = 0; c < claims->column_count; c++) {
            say(one, claims->headings[c], claims->rows[i].cells[c]);
        }
        cr_assert(casemix_group(context, one, &grouping) == CASEMIX_OK);
        cr_assert(casemix_price_case(context, one, &grouping, &price) == CASEMIX_OK);
        cr_assert(casemix_settlement_add_case(settlement, context, 0, &price) == CASEMIX_OK);
    }
    casemix_case_free(one);
}

static void total_cell(const casemix_settlement *settlement, const struct place_name *place, uint32_t n,
                       const casemix_total *total, char out[CELL]) {
    char text[FRACTION_TEXT];
    casemix_scope scope = of_hospital(place) ? CASEMIX_SCOPE_HOSPITAL : CASEMIX_SCOPE_POOL;
    for (uint32_t f = 0; f < casemix_settlement_figures(settlement, scope); f++) {
        if (strcmp(casemix_settlement_figure_name(settlement, scope, f).text, place->what) == 0) {
            cr_assert(casemix_settlement_figure(settlement, scope, n, f, out, CELL) == CASEMIX_OK);
            return;
        }
    }
    if (strcmp(place->what, "points") == 0) {
        snprintf(out, CELL, "%s", fraction_text(total->points, 4, text));
    } else if (strcmp(place->what, "fund_payment") == 0) {
        snprintf(out, CELL, "%s", fraction_text(total->fund_payment, 2, text));
    }
}

/* A total or figure of a pool or hospital; "" if there is none. */
static void settled_cell(casemix_settlement *settlement, const char *name, char out[CELL]) {
    struct place_name place = place_of(name);
    bool hospital = of_hospital(&place);
    uint32_t count = hospital ? casemix_settlement_hospitals(settlement) : casemix_settlement_pools(settlement);
    out[0] = '\0';
    for (uint32_t n = 0; n < count; n++) {
        casemix_total total;
        casemix_result result = hospital ? casemix_settlement_hospital_at(settlement, n, &total)
                                         : casemix_settlement_pool_at(settlement, n, &total);
        cr_assert(result == CASEMIX_OK);
        casemix_text who = hospital ? total.hospital : total.pool;
        if (who.length == strlen(place.who) && memcmp(who.text, place.who, who.length) == 0) {
            total_cell(settlement, &place, n, &total, out);
            return;
        }
    }
}

static void settle_by_library(const casemix_image *image, const struct rows *rows, const struct row *row) {
    char name[CELL];
    snprintf(name, sizeof name, "%s.csv", row_cell(rows, row, "claims"));
    struct rows claims = rows_read(data(name));
    casemix_context *context = new_context(image, NULL, row_cell(rows, row, "policy"));
    casemix_settlement *settlement;
    casemix_error error = {0};
    cr_assert(casemix_settlement_new(context, &settlement, &error) == CASEMIX_OK, "%s", error.message);
    say_all(settlement, row_cell(rows, row, "said"));
    for (int pass = casemix_settlement_passes(settlement); pass > 0; pass--) {
        add_claims(settlement, context, &claims);
        casemix_result result = casemix_settlement_next(settlement, &error);
        cr_assert(result == CASEMIX_OK, "%s: %s", row_cell(rows, row, "id"), error.message);
        cr_assert(casemix_context_settle(context, settlement) == CASEMIX_OK);
    }
    struct part wanted[PARTS_MAX];
    size_t count = split_parts(row_cell(rows, row, "expect"), wanted);
    for (size_t i = 0; i < count; i++) {
        char got[CELL];
        settled_cell(settlement, wanted[i].name, got);
        check(row_cell(rows, row, "id"), BY_LIBRARY, wanted[i].name, wanted[i].value, got);
    }
    casemix_settlement_free(settlement);
    casemix_context_free(context);
    rows_free(&claims);
}

/* The items of pools or of hospitals as a file for the command; false if there are none. */
static bool write_items(const char *said, bool hospitals) {
    struct part parts[PARTS_MAX];
    size_t count = split_parts(said, parts), written = 0;
    char path[TEXT];
    snprintf(path, sizeof path, "%s/%s.csv", work, hospitals ? "hospitals" : "budget");
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL);
    fprintf(file, "%spool,item,amount\n", hospitals ? "hospital," : "");
    for (size_t i = 0; i < count; i++) {
        struct place_name place = place_of(parts[i].name);
        if (of_hospital(&place) == hospitals) {
            fprintf(file, "%s%s,%s,%s\n", place.who, hospitals ? ",employee" : "", place.what, parts[i].value);
            written++;
        }
    }
    cr_assert(fclose(file) == 0);
    return written > 0;
}

/* The cell of hospitals.csv or pools.csv; "" if there is none. */
static void file_cell(const struct rows *file, const struct place_name *place, char out[CELL]) {
    out[0] = '\0';
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(row_cell(file, &file->rows[i], place->scope), place->who) == 0) {
            snprintf(out, CELL, "%s", row_cell(file, &file->rows[i], place->what));
            return;
        }
    }
}

static void settle_by_command(const struct rows *rows, const struct row *row) {
    const char *id = row_cell(rows, row, "id"), *said = row_cell(rows, row, "said");
    char name[CELL], budget[TEXT] = "", hospitals[TEXT] = "";
    snprintf(name, sizeof name, "%s.csv", row_cell(rows, row, "claims"));
    if (write_items(said, false)) {
        snprintf(budget, sizeof budget, "--budget '%s/budget.csv'", work);
    }
    if (write_items(said, true)) {
        snprintf(hospitals, sizeof hospitals, "--hospitals '%s/hospitals.csv'", work);
    }
    bool done = command("settle -i '%s/drg.cmx' --policy %s %s %s '%s' -o '%s/month' --force --quiet", work,
                        row_cell(rows, row, "policy"), budget, hospitals, data(name), work);
    if (!done) {
        check(id, BY_COMMAND, "casemix settle", "done", "not done");
        return;
    }
    char path[TEXT];
    snprintf(path, sizeof path, "%s/month/hospitals.csv", work);
    struct rows by_hospital = rows_read(path);
    snprintf(path, sizeof path, "%s/month/pools.csv", work);
    struct rows by_pool = rows_read(path);
    struct part wanted[PARTS_MAX];
    size_t count = split_parts(row_cell(rows, row, "expect"), wanted);
    for (size_t i = 0; i < count; i++) {
        struct place_name place = place_of(wanted[i].name);
        char got[CELL];
        file_cell(of_hospital(&place) ? &by_hospital : &by_pool, &place, got);
        check(id, BY_COMMAND, wanted[i].name, wanted[i].value, got);
    }
    rows_free(&by_hospital);
    rows_free(&by_pool);
}

static void try_settlements(struct compiled *drg) {
    struct rows rows = rows_read(data("settlements.csv"));
    for (size_t i = 0; i < rows.count; i++) {
        settle_by_library(drg->image, &rows, &rows.rows[i]);
        settle_by_command(&rows, &rows.rows[i]);
    }
    rows_free(&rows);
}

Test(money_examples, library_and_command, .init = make_work, .fini = remove_work, .timeout = 300) {
    char name[CELL];
    struct compiled drg = compile_rules(data("drg.yaml")), dip = compile_rules(data("dip.yaml"));
    static const char *const bundles[] = {"drg", "dip"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s.yaml", bundles[i]);
        cr_assert(command("compile -q '%s' -o '%s/%s.cmx'", data(name), work, bundles[i]));
    }
    try_prices(&drg, &dip);
    try_settlements(&drg);
    size_t good = 0;
    for (size_t i = 0; i < example_count; i++) {
        const struct example *e = &examples[i];
        bool pass = true;
        for (int way = 0; way < WAYS; way++) {
            pass = pass && e->checked[way] > 0 && e->wrong[way] == 0;
        }
        fprintf(stderr, "%-5s %s%s\n", e->id, pass ? "PASS" : "FAIL",
                e->checked[BY_COMMAND] == 0 ? " (not by the command)" : "");
        good += pass;
    }
    fprintf(stderr, "%zu of %zu examples\n", good, example_count);
    cr_expect(good == example_count, "%zu of %zu examples are as they must be", good, example_count);
    compiled_free(&drg);
    compiled_free(&dip);
}

/* ---- the facts beside the project ---- */

/* Does a text hold the number? Commas between thousands do not count. */
static bool holds_number(const char *text, const char *number) {
    struct fraction want = fraction_read(number);
    while (*text != '\0') {
        char digits[CELL];
        size_t length = 0;
        bool negative = *text == '-' && text[1] >= '0' && text[1] <= '9';
        const char *at = text + negative;
        for (; (*at >= '0' && *at <= '9') ||
               (length > 0 && (*at == '.' || *at == ',') && at[1] >= '0' && at[1] <= '9');
             at++) {
            if (*at != ',' && length < CELL - 1) {
                digits[length++] = *at;
            }
        }
        digits[length] = '\0';
        if (length > 0 && strchr(digits, '.') == strrchr(digits, '.') && length < 20) {
            struct fraction found = fraction_read(digits);
            struct fraction taken = negative ? fraction_minus(fraction_of(0), found) : found;
            if (fraction_compare(taken, want) == 0 || fraction_compare(found, want) == 0) {
                return true;
            }
        }
        text = length > 0 ? at : text + 1;
    }
    return false;
}

static bool example_holds(const json_t *example, const char *number) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)example, key, value) {
        if (json_is_string(value) && strcmp(key, "id") != 0 && holds_number(json_string_value(value), number)) {
            return true;
        }
    }
    return false;
}

/* Every figure that our rows expect of this example is one that the example itself tells; how many rows there are.
 */
static size_t compare_figures(const json_t *example, const struct rows *rows) {
    const char *id = json_string_value(json_object_get(example, "id"));
    size_t found = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct part wanted[PARTS_MAX];
        if (strcmp(row_cell(rows, &rows->rows[i], "id"), id) != 0) {
            continue;
        }
        found++;
        size_t count = split_parts(row_cell(rows, &rows->rows[i], "expect"), wanted);
        for (size_t k = 0; k < count; k++) {
            cr_expect(!is_number(wanted[k].value) || example_holds(example, wanted[k].value),
                      "%s: %s=%s is not in the facts", id, wanted[k].name, wanted[k].value);
        }
    }
    return found;
}

Test(money_examples, figures_are_those_of_the_facts, .timeout = 60) {
    const char *path = path_under("CASEMIX_ROOT", "../shared/domain/examples.json");
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "SKIPPED: %s is not there; the figures kept in tests/money/examples count\n", path);
        cr_skip_test("no facts beside the project");
    }
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    cr_assert(root != NULL, "%s", error.text);
    struct rows prices = rows_read(data("prices.csv")), settlements = rows_read(data("settlements.csv"));
    const json_t *pricing = json_object_get(root, "pricing");
    for (size_t i = 0; i < json_array_size(pricing); i++) {
        const json_t *example = json_array_get(pricing, i);
        size_t found = compare_figures(example, &prices) + compare_figures(example, &settlements);
        cr_expect(found > 0, "%s is not tried", json_string_value(json_object_get(example, "id")));
    }
    fprintf(stderr, "%zu examples in the facts\n", json_array_size(pricing));
    rows_free(&prices);
    rows_free(&settlements);
    json_decref(root);
}
