/* SPDX-License-Identifier: Apache-2.0
 *
 * The policies of rules/policies against a second way to compute them. tests/money/regions/regions.csv says of each
 * region, level and pool in numbers and words what the sources say (forms of payment, bounds, coefficients);
 * payments are computed from that with exact fractions, and must be those of the policy: at, just below and just
 * above every bound, in groups on both sides of every band, in basic groups, and under special review. expected.csv
 * keeps a case of every class of every region to read; CASEMIX_WRITE=FILE writes it anew.
 *
 * The policies are priced over the groups of tests/money/scheme, whose weights are known. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/rational.h"
#include "../support/rows.h"
#include "../support/support.h"

enum { TEXT = 4096, CLASSES_MAX = 12 };

/* ---- the policies over the groups of the tests ---- */

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, "cannot write %s", path);
}

static bool first_of_policy(const struct rows *regions, size_t i) {
    return i == 0 || strcmp(row_cell(regions, &regions->rows[i], "policy"),
                            row_cell(regions, &regions->rows[i - 1], "policy")) != 0;
}

static bool is_dip(const struct rows *regions, const struct row *row) {
    return strcmp(row_cell(regions, row, "method"), "dip") == 0;
}

/* A coefficient that is not published gets a value here: "tables coef hospital" or "parameters coef" says which. */
static void write_coefficient(const struct rows *regions, const struct row *row, char *text, size_t size) {
    char map[20], name[40], axis[20];
    int words = sscanf(row_cell(regions, row, "chosen"), "%19s %39s %19s", map, name, axis);
    const char *value = row_cell(regions, row, "coef");
    if (words == 3) {
        snprintf(text, size, "%s: {%s: {by: %s, else: %s}}\n", map, name, axis, value);
    } else if (words == 2) {
        snprintf(text, size, "%s: {%s: %s}\n", map, name, value);
    }
}

/* A bundle of all policies over groups or of all over entries, each extended by the scheme of the tests, its
 * weights, and a list of basic groups. */
static struct compiled compile_policies(const struct rows *regions, bool dip) {
    static char bundle[200000], text[TEXT], path[TEXT];
    char folder[] = "/tmp/casemix-regions-XXXXXX";
    cr_assert(mkdtemp(folder) != NULL);
    const char *root = setting("CASEMIX_ROOT");
    size_t used = (size_t)snprintf(bundle, sizeof bundle,
                                   "bundle: regions\nschemes: [%s/tests/money/%s/scheme.yaml]\npolicies:\n", root,
                                   dip ? "dip" : "scheme");
    for (size_t i = 0; i < regions->count; i++) {
        const struct row *row = &regions->rows[i];
        const char *policy = row_cell(regions, row, "policy"), *list = row_cell(regions, row, "list");
        if (!first_of_policy(regions, i) || is_dip(regions, row) != dip) {
            continue;
        }
        size_t length = (size_t)snprintf(text, sizeof text, "policy: %s\nextends: %s/rules/policies/%s.yaml\n",
                                         policy, root, policy);
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   is_dip(regions, row)
                                       ? "scheme: money-test-dip\nweights: catalogue\n"
                                       : "scheme: money-test\nweights: %s/tests/money/scheme/weights.csv\n",
                                   root);
        if (list[0] != '\0') {
            length += (size_t)snprintf(text + length, sizeof text - length, "groups: {%s: [B*]}\n", list);
        }
        write_coefficient(regions, row, text + length, sizeof text - length);
        snprintf(path, sizeof path, "%s/%s.yaml", folder, policy);
        write_text(path, text);
        used += (size_t)snprintf(bundle + used, sizeof bundle - used, "- %s.yaml\n", policy);
    }
    snprintf(path, sizeof path, "%s/bundle.yaml", folder);
    write_text(path, bundle);
    struct compiled compiled = compile_rules(path);
    snprintf(text, sizeof text, "rm -r '%s'", folder);
    cr_assert(system(text) == 0);
    return compiled;
}

/* ---- what a region says ---- */

struct region {
    const struct rows *rows;
    const struct row *row;
};

static const char *said(const struct region *region, const char *column) {
    return row_cell(region->rows, region->row, column);
}

static bool is(const struct region *region, const char *column, const char *word) {
    return strcmp(said(region, column), word) == 0;
}

static struct fraction number(const struct region *region, const char *column, const char *otherwise) {
    const char *text = said(region, column);
    return fraction_read(text[0] != '\0' ? text : otherwise);
}

/* "1:3 2:2.5 *:2": up to weight 1 the value 3; "<1:3": below weight 1. */
static struct fraction band(const char *bands, struct fraction rw) {
    char text[200];
    snprintf(text, sizeof text, "%s", bands);
    for (char *part = strtok(text, " "); part != NULL; part = strtok(NULL, " ")) {
        char *colon = strchr(part, ':');
        cr_assert(colon != NULL, "\"%s\" is no list of bands", bands);
        *colon = '\0';
        if (strcmp(part, "*") == 0) {
            return fraction_read(colon + 1);
        }
        int order = fraction_compare(rw, fraction_read(part + (part[0] == '<')));
        if (order < 0 || (order == 0 && part[0] != '<')) {
            return fraction_read(colon + 1);
        }
    }
    cr_assert_fail("\"%s\" does not end with *", bands);
    return rw;
}

/* ---- the second way ---- */

struct question {
    struct fraction rw, cost;
    bool basic, special;
    const struct entry *entry; /* of a DIP catalogue */
};

struct answer {
    const char *class_name;
    struct fraction points, pay;
};

/* What the answer is made of. */
struct parts {
    struct fraction rw, cost, scale, n, value, coef, cap, formula_cap, normal, standard, base, low, high;
};

static struct fraction times(struct fraction a, struct fraction b) {
    return fraction_times(a, b);
}

static struct parts parts_of(const struct region *region, const struct question *q) {
    struct parts p = {.rw = q->rw, .cost = q->cost, .scale = number(region, "scale", "1")};
    p.n = number(region, "n", "1");
    p.value = number(region, "value", "");
    p.coef = number(region, "coef", "1");
    struct fraction weight = q->rw;
    if (q->basic) {
        p.coef = said(region, "basic_coef")[0] != '\0' ? number(region, "basic_coef", "") : p.coef;
        p.value = said(region, "basic_value")[0] != '\0' ? number(region, "basic_value", "") : p.value;
        p.n = fraction_over(p.n, number(region, "basic_n_divisor", "1"));
        weight = q->cost.above > 0 ? times(weight, number(region, "basic_share", "1")) : weight;
    }
    bool points = is(region, "method", "points");
    p.normal = points ? times(times(p.scale, weight), p.coef) : weight;
    p.standard = points ? times(p.normal, p.value) : times(times(weight, p.value), p.coef);
    const char *cap = said(region, "cap"), *other = said(region, "formula_cap");
    p.cap = band(cap, q->rw);
    p.formula_cap = other[0] != '\0' ? band(other, q->rw) : p.cap;
    p.base = is(region, "base", "standard") ? p.standard : times(p.n, p.rw);
    p.base = is(region, "base", "n*rw*coef") ? times(p.base, p.coef) : p.base;
    const char *low = said(region, "low");
    p.low = times(fraction_read(low + strspn(low, "<=")), p.base);
    p.high = times(p.cap, p.base);
    return p;
}

static struct answer paid_points(const char *class_name, struct fraction points, struct fraction value) {
    return (struct answer){class_name, points, times(points, value)};
}

/* Paid at cost: under points the points are what the cost is worth. */
static struct answer at_cost(const struct region *region, const struct parts *p, const char *class_name) {
    bool points = is(region, "method", "points");
    return (struct answer){class_name, points ? fraction_over(p->cost, p->value) : p->normal, p->cost};
}

static struct answer low_answer(const struct region *region, const struct parts *p, const char *class_name) {
    if (is(region, "low_form", "cost")) {
        return paid_points(class_name, times(fraction_over(p->cost, p->n), p->scale), p->value);
    }
    if (is(region, "low_form", "linear")) {
        return paid_points(class_name, fraction_over(p->cost, p->n), p->value);
    }
    return at_cost(region, p, class_name);
}

static struct answer high_answer(const struct region *region, const struct parts *p) {
    struct fraction one = fraction_of(1), units = fraction_over(p->cost, p->n), mean = times(p->n, p->rw);
    if (is(region, "high_form", "add") || is(region, "high_form", "whole")) {
        struct fraction from = is(region, "high_form", "whole") ? one : p->formula_cap;
        struct fraction above = fraction_minus(fraction_over(p->cost, mean), from);
        return paid_points("high", fraction_plus(p->normal, times(times(above, p->rw), p->scale)), p->value);
    }
    if (is(region, "high_form", "deduct")) {
        struct fraction taken = times(times(fraction_minus(p->formula_cap, one), p->rw), p->coef);
        return paid_points("high", times(p->scale, fraction_minus(units, taken)), p->value);
    }
    if (is(region, "high_form", "linear")) {
        struct fraction taken = times(fraction_minus(p->formula_cap, one), p->rw);
        return paid_points("high", fraction_minus(units, taken), p->value);
    }
    if (is(region, "high_form", "standard+excess")) {
        struct fraction pay = fraction_plus(p->standard, fraction_minus(p->cost, p->high));
        return (struct answer){"high", fraction_over(pay, p->value), pay};
    }
    char first[20], share[20];
    if (sscanf(said(region, "high_form"), "step %19s %19s", first, share) == 2) {
        struct fraction above = fraction_minus(fraction_over(p->cost, p->standard), p->cap);
        struct fraction factor = fraction_plus(fraction_read(first), times(fraction_read(share), above));
        return (struct answer){"high", p->normal, times(p->standard, factor)};
    }
    cr_assert(is(region, "high_form", "actual"), "%s is no form of payment", said(region, "high_form"));
    return at_cost(region, p, "high");
}

static struct fraction zones_base(const struct region *region, const struct question *q) {
    return times(times(q->rw, fraction_of(1000)), number(region, q->basic ? "basic_coef" : "coef", "1"));
}

/* Five zones of cost / (3 x score x coefficient), children x 1.03. */
static struct answer zones_answer(const struct region *region, const struct question *q) {
    struct parts p = {.rw = q->rw, .cost = q->cost, .value = number(region, "value", "")};
    struct fraction base = zones_base(region, q);
    struct fraction ratio = fraction_over(q->cost, times(fraction_of(3), base));
    struct fraction bonus = fraction_read(atoi(said(region, "age")) < 6 ? "1.03" : "1");
    p.normal = times(base, bonus);
    if (q->special) {
        return at_cost(region, &p, "special");
    }
    if (fraction_compare(ratio, fraction_read("0.4")) <= 0) {
        return (struct answer){"very-low", times(fraction_over(q->cost, fraction_of(3)), bonus), q->cost};
    }
    if (fraction_compare(ratio, fraction_read("0.8")) < 0) {
        return paid_points("low", times(p.normal, ratio), p.value);
    }
    if (fraction_compare(ratio, fraction_read("1.4")) <= 0) {
        return paid_points("normal", p.normal, p.value);
    }
    if (fraction_compare(ratio, fraction_read("2.5")) <= 0) {
        return paid_points("high", times(p.normal, fraction_minus(ratio, fraction_read("0.4"))), p.value);
    }
    return paid_points("very-high", times(p.normal, fraction_read("2.1")), p.value);
}

/* Entries of tests/money/dip. `level` has a mean cost of its own. */
static const struct entry {
    const char *diagnosis, *score, *mean, *level, *level_mean;
    bool basic, blank;
} entries[] = {{"D00.0001", "856.3241", "9123.45", "", "", false, false},
               {"D00.0002", "700", "9000", "三级", "7200", false, false},
               {"D00.0003", "800", "8000", "", "", false, false},
               {"D00.0005", "0", "3000", "", "", false, false},
               {"D01.0001", "856.3241", "9123.45", "", "", true, false},
               {"D01.0002", "500", "5000.5", "二级", "4200.25", true, false},
               {"D02.0001", "800", "8000", "", "", false, true}};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

static struct fraction mean_of(const struct region *region, const struct entry *entry) {
    bool own = entry->level[0] != '\0' && is(region, "level", entry->level);
    return fraction_read(own ? entry->level_mean : entry->mean);
}

static struct answer dip_high(const struct region *region, struct fraction ratio, struct fraction score,
                              struct fraction normal, struct fraction coef, struct fraction value) {
    const char *form = said(region, "high_form"), *top = said(region, "formula_cap");
    char from[20];
    if (top[0] != '\0' && fraction_compare(ratio, fraction_read(top)) > 0) {
        return paid_points("very-high", times(coef, score), value);
    }
    if (strcmp(form, "normal") == 0) {
        return paid_points("high", normal, value);
    }
    if (strcmp(form, "coefficient") == 0) {
        struct fraction above = fraction_minus(ratio, band(said(region, "cap"), score));
        return paid_points("high", times(fraction_plus(above, coef), score), value);
    }
    cr_assert(sscanf(form, "from %19s", from) == 1, "%s is no form of payment", form);
    return paid_points("high", times(fraction_minus(ratio, fraction_read(from)), score), value);
}

static struct answer dip_answer(const struct region *region, const struct question *q) {
    const struct entry *entry = q->entry;
    struct fraction score = fraction_read(entry->score), ratio = fraction_over(q->cost, mean_of(region, entry));
    struct fraction value = number(region, "value", ""),
                    coef = number(region, entry->basic ? "basic_coef" : "coef", "1");
    struct fraction normal = times(score, coef);
    if (atoi(said(region, "age")) >= 65) {
        normal = times(normal, fraction_read("1.0911"));
    }
    const char *low = said(region, "low");
    int below = fraction_compare(ratio, fraction_read(low + strspn(low, "<=")));
    int above = fraction_compare(ratio, band(said(region, "cap"), score));
    if (q->special) {
        return (struct answer){"special", fraction_over(q->cost, value), q->cost};
    }
    if (score.above == 0) {
        return (struct answer){"no-score", score, q->cost};
    }
    if (entry->blank && is(region, "basic_class", "blank")) {
        return paid_points("blank", times(times(ratio, fraction_read("0.7")), score), value);
    }
    if (below < 0 || (below == 0 && low[1] == '=')) {
        return paid_points("low", times(ratio, score), value);
    }
    if (above > 0 || (above == 0 && said(region, "high")[1] == '=')) {
        return dip_high(region, ratio, score, normal, coef, value);
    }
    return paid_points("normal", normal, value);
}

static struct answer second_way(const struct region *region, const struct question *q) {
    if (is(region, "method", "zones")) {
        return zones_answer(region, q);
    }
    if (is(region, "method", "dip")) {
        return dip_answer(region, q);
    }
    struct parts p = parts_of(region, q);
    const char *own = said(region, "basic_class");
    if (q->special) {
        return at_cost(region, &p, "special");
    }
    if (q->basic && own[0] != '\0') {
        return low_answer(region, &p, own);
    }
    int low = fraction_compare(p.cost, p.low), high = fraction_compare(p.cost, p.high);
    if (low < 0 || (low == 0 && said(region, "low")[1] == '=')) {
        return low_answer(region, &p, "low");
    }
    if (high > 0 || (high == 0 && said(region, "high")[1] == '=')) {
        return high_answer(region, &p);
    }
    return (struct answer){"normal", p.normal, p.standard};
}

/* ---- the policy's way ---- */

struct pricing {
    casemix_context *context;
    casemix_case *one;
};

static void say(casemix_case *one, const char *column, const char *text) {
    casemix_case_set(one, casemix_fact(column), text, strlen(text));
}

static casemix_price price_of(struct pricing *work, const struct region *region, const char *diagnosis,
                              const char *cost, bool special) {
    casemix_grouping grouping;
    casemix_price price;
    casemix_case_clear(work->one);
    say(work->one, "dx", diagnosis);
    say(work->one, "gender", "1");
    say(work->one, "los", "8");
    say(work->one, "insured_type", said(region, "pool"));
    say(work->one, "hospital_level", said(region, "level"));
    say(work->one, "hospital", said(region, "hospital")[0] != '\0' ? said(region, "hospital") : "H1");
    say(work->one, "age", said(region, "age")[0] != '\0' ? said(region, "age") : "50");
    say(work->one, "cost", cost);
    say(work->one, "patient_paid", "100");
    say(work->one, "special_review", special ? "1" : "");
    cr_assert(casemix_group(work->context, work->one, &grouping) == CASEMIX_OK);
    cr_assert(grouping.status == CASEMIX_GROUPED, "%s has no group", diagnosis);
    cr_assert(casemix_price_case(work->context, work->one, &grouping, &price) == CASEMIX_OK);
    return price;
}

/* `pay` rounded, less the 100 yuan that the patient paid; or a share of it. */
static long long fund_of(const struct region *region, long long pay) {
    const char *share = said(region, "fund_share");
    struct fraction yuan = fraction_over(fraction_of(pay), fraction_of(100));
    return share[0] == '\0' ? pay - 10000 : fraction_round(times(yuan, fraction_read(share)), 2);
}

/* ---- a region ---- */

struct found {
    FILE *writer; /* where a case of each class is kept, or NULL */
    const char *classes[CLASSES_MAX];
    size_t class_count;
    unsigned long cases, wrong;
};

/* Is this the first of its kind? */
static bool note_class(struct found *found, const char *name) {
    for (size_t i = 0; i < found->class_count; i++) {
        if (strcmp(found->classes[i], name) == 0) {
            return false;
        }
    }
    if (found->class_count < CLASSES_MAX) {
        found->classes[found->class_count++] = name;
    }
    return true;
}

static void keep(FILE *writer, const struct region *region, const char *diagnosis, const char *cost,
                 const char *kind, const struct question *q, const struct answer *answer) {
    char points[FRACTION_TEXT], pay[FRACTION_TEXT];
    fprintf(writer, "%s,%s,%s,%s,%s,%s,%s,%s,%s,%d,%s,%s,%s\n", said(region, "policy"), kind, said(region, "pool"),
            said(region, "level"), said(region, "hospital"), said(region, "age"), said(region, "coef"), diagnosis,
            cost, q->special, answer->class_name, fraction_text(fraction_round(answer->points, 4), 4, points),
            fraction_text(fraction_round(answer->pay, 2), 2, pay));
}

/* Price a case both ways; a difference is told. */
static struct answer compare(struct pricing *work, const struct region *region, const char *diagnosis,
                             const struct question *q, const char *cost, struct found *found) {
    struct answer want = second_way(region, q);
    casemix_price got = price_of(work, region, diagnosis, cost, q->special);
    long long points = fraction_round(want.points, 4), pay = fraction_round(want.pay, 2);
    bool good = got.status == CASEMIX_PRICED && strcmp(got.class_name.text, want.class_name) == 0 &&
                got.points == points && got.standard == pay && got.fund_payment == fund_of(region, pay);
    found->cases++;
    found->wrong += !good;
    bool first = note_class(found, want.class_name), basic = q->basic && note_class(found, "basic");
    if (found->writer != NULL && (first || basic)) {
        keep(found->writer, region, diagnosis, cost, basic ? "basic" : want.class_name, q, &want);
    }
    if (!good && found->wrong <= 3) {
        fprintf(
            stderr,
            "%s %s %s: %s at %s: %s, class %s, points %lld, pay %lld, fund %lld; computed apart: %s, %lld, %lld\n",
            said(region, "policy"), said(region, "pool"), said(region, "level"), diagnosis, cost,
            casemix_price_status_text(got.status), got.class_name.length > 0 ? got.class_name.text : "none",
            (long long)got.points, (long long)got.standard, (long long)got.fund_payment, want.class_name, points,
            pay);
    }
    return want;
}

/* "A02.4000": what leads to the group of weight 2.4, or with B to the basic one. */
static struct fraction weight_of(const char *diagnosis) {
    struct fraction ten_thousandths =
        fraction_plus(times(fraction_read((char[]){diagnosis[1], diagnosis[2], 0}), fraction_of(10000)),
                      fraction_read(diagnosis + 4));
    return fraction_over(ten_thousandths, fraction_of(10000));
}

static const struct entry *entry_of(const char *diagnosis) {
    for (size_t i = 0; i < ENTRIES; i++) {
        if (strcmp(entries[i].diagnosis, diagnosis) == 0) {
            return &entries[i];
        }
    }
    return NULL;
}

static struct question question_of(const char *diagnosis, struct fraction cost, bool special) {
    const struct entry *entry = entry_of(diagnosis);
    bool basic = entry != NULL ? entry->basic : diagnosis[0] == 'B';
    return (struct question){weight_of(diagnosis), cost, basic, special, entry};
}

static void compare_at(struct pricing *work, const struct region *region, const char *diagnosis, long long cost,
                       int places, bool special, struct found *found) {
    char text[FRACTION_TEXT];
    if (cost < 0) {
        return;
    }
    fraction_text(cost, places, text);
    struct question q = question_of(diagnosis, fraction_read(text), special);
    compare(work, region, diagnosis, &q, text, found);
}

/* The costs at which the class changes. */
static size_t bounds_of(const struct region *region, const char *diagnosis, struct fraction bounds[4]) {
    struct question q = question_of(diagnosis, fraction_of(1), false);
    if (is(region, "method", "zones")) {
        static const char *const zones[] = {"0.4", "0.8", "1.4", "2.5"};
        struct fraction mean = times(zones_base(region, &q), fraction_of(3));
        for (size_t i = 0; i < 4; i++) {
            bounds[i] = times(fraction_read(zones[i]), mean);
        }
        return 4;
    }
    if (q.entry != NULL) {
        const char *low = said(region, "low"), *top = said(region, "formula_cap");
        struct fraction mean = mean_of(region, q.entry);
        bounds[0] = times(mean, fraction_read(low + strspn(low, "<=")));
        bounds[1] = times(mean, band(said(region, "cap"), mean));
        bounds[2] = times(mean, fraction_read(top[0] != '\0' ? top : "4"));
        return 3;
    }
    struct parts p = parts_of(region, &q);
    bounds[0] = p.low;
    bounds[1] = p.high;
    return 2;
}

static void compare_group(struct pricing *work, const struct region *region, const char *diagnosis,
                          struct found *found) {
    struct fraction bounds[4];
    size_t count = bounds_of(region, diagnosis, bounds);
    bool special = !is(region, "special", "none");
    for (size_t b = 0; b < count; b++) {
        for (int step = -1; step <= 1; step++) {
            compare_at(work, region, diagnosis, fraction_floor(bounds[b], 2) + step, 2, false, found);
            compare_at(work, region, diagnosis, fraction_floor(bounds[b], 4) + step, 4, false, found);
        }
        compare_at(work, region, diagnosis, fraction_floor(bounds[b], 2) * 3 / 4, 2, false, found);
        compare_at(work, region, diagnosis, fraction_floor(bounds[b], 2) * 5 / 2 + 77, 2, false, found);
        if (special) {
            compare_at(work, region, diagnosis, fraction_floor(bounds[b], 2) * 3 / 2, 2, true, found);
        }
    }
}

static const char *const diagnoses[] = {"A00.6000", "A01.0000", "A01.2000", "A02.0000", "A02.4000",
                                        "A03.0000", "A03.2000", "A04.0000", "A04.2000", "A05.0000",
                                        "A06.1000", "B00.7000", "B00.9000", "B01.2000", "B02.4000"};
enum { DIAGNOSES = sizeof diagnoses / sizeof diagnoses[0] };

static void tell(const char *policy, const struct found *found) {
    fprintf(stderr, "%-28s %s %5lu cases:", policy, found->wrong == 0 ? "PASS" : "FAIL", found->cases);
    for (size_t i = 0; i < found->class_count; i++) {
        fprintf(stderr, " %s", found->classes[i]);
    }
    fputc('\n', stderr);
    cr_expect(found->wrong == 0, "%s: %lu of %lu cases are not paid as computed apart", policy, found->wrong,
              found->cases);
}

static void compare_region(struct pricing *work, const struct region *region, struct found *found) {
    if (is(region, "method", "dip")) {
        for (size_t e = 0; e < ENTRIES; e++) {
            compare_group(work, region, entries[e].diagnosis, found);
        }
        return;
    }
    for (size_t d = 0; d < DIAGNOSES; d++) {
        if (diagnoses[d][0] == 'A' || said(region, "list")[0] != '\0') {
            compare_group(work, region, diagnoses[d], found);
        }
    }
}

Test(money_regions, every_class_of_every_region, .timeout = 300) {
    struct rows regions = rows_read(path_under("CASEMIX_ROOT", "tests/money/regions/regions.csv"));
    struct compiled groups = compile_policies(&regions, false), dip = compile_policies(&regions, true);
    struct pricing work = {NULL, casemix_case_new()};
    struct found found = {0};
    size_t policies = 0;
    const char *name = getenv("CASEMIX_WRITE");
    FILE *writer = name != NULL ? fopen(name, "w") : NULL;
    if (writer != NULL) {
        fprintf(writer,
                "policy,case,pool,level,hospital,age,coef,diagnosis,cost,special_review,class,points,pay\n");
    }
    for (size_t i = 0; i < regions.count; i++) {
        struct region region = {&regions, &regions.rows[i]};
        if (first_of_policy(&regions, i)) {
            work.context =
                new_context(is(&region, "method", "dip") ? dip.image : groups.image, NULL, said(&region, "policy"));
            found = (struct found){.writer = writer};
            policies++;
        }
        compare_region(&work, &region, &found);
        if (i + 1 == regions.count || first_of_policy(&regions, i + 1)) {
            tell(said(&region, "policy"), &found);
            casemix_context_free(work.context);
        }
    }
    fprintf(stderr, "%zu policies\n", policies);
    cr_expect(writer == NULL || fclose(writer) == 0);
    casemix_case_free(work.one);
    compiled_free(&groups);
    compiled_free(&dip);
    rows_free(&regions);
}

/* ---- the cases kept to read ---- */

static bool same_claim(const struct rows *regions, const struct row *region, const struct rows *kept,
                       const struct row *row) {
    static const char *const columns[] = {"policy", "pool", "level", "hospital", "age", "coef"};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (strcmp(row_cell(regions, region, columns[i]), row_cell(kept, row, columns[i])) != 0) {
            return false;
        }
    }
    return true;
}

static void compare_kept(const struct rows *regions, const struct rows *kept, const struct row *row) {
    for (size_t i = 0; i < regions->count; i++) {
        struct region region = {regions, &regions->rows[i]};
        if (!same_claim(regions, region.row, kept, row)) {
            continue;
        }
        char points[FRACTION_TEXT], pay[FRACTION_TEXT];
        struct question q =
            question_of(row_cell(kept, row, "diagnosis"), fraction_read(row_cell(kept, row, "cost")),
                        row_cell(kept, row, "special_review")[0] == '1');
        struct answer answer = second_way(&region, &q);
        fraction_text(fraction_round(answer.points, 4), 4, points);
        fraction_text(fraction_round(answer.pay, 2), 2, pay);
        bool good = strcmp(answer.class_name, row_cell(kept, row, "class")) == 0 &&
                    strcmp(points, row_cell(kept, row, "points")) == 0 &&
                    strcmp(pay, row_cell(kept, row, "pay")) == 0;
        cr_expect(good, "expected.csv:%u: %s, %s points, %s yuan", row->line, answer.class_name, points, pay);
        return;
    }
    cr_expect(false, "expected.csv:%u: regions.csv has no such region", row->line);
}

Test(money_regions, cases_kept, .timeout = 60) {
    struct rows regions = rows_read(path_under("CASEMIX_ROOT", "tests/money/regions/regions.csv"));
    struct rows kept = rows_read(path_under("CASEMIX_ROOT", "tests/money/regions/expected.csv"));
    for (size_t i = 0; i < kept.count; i++) {
        compare_kept(&regions, &kept, &kept.rows[i]);
    }
    fprintf(stderr, "%zu cases kept\n", kept.count);
    rows_free(&kept);
    rows_free(&regions);
}

/* ---- the bundles that are shipped ---- */

/* The policy over its own groups prices an everyday case: pneumonia. */
static void price_pneumonia(const struct compiled *compiled, const struct rows *regions, const char *policy) {
    for (size_t i = 0; i < regions->count; i++) {
        struct region region = {regions, &regions->rows[i]};
        if (strcmp(said(&region, "policy"), policy) != 0) {
            continue;
        }
        struct pricing work = {new_context(compiled->image, NULL, policy), casemix_case_new()};
        casemix_price price = price_of(&work, &region, "J18.900", "6000", false);
        cr_expect(price.status == CASEMIX_PRICED && price.standard > 0, "%s: %s", policy,
                  casemix_price_status_text(price.status));
        casemix_case_free(work.one);
        casemix_context_free(work.context);
        return;
    }
    cr_expect(false, "regions.csv does not know the policy %s", policy);
}

Test(money_regions, shipped_bundles, .timeout = 600) {
    struct rows regions = rows_read(path_under("CASEMIX_ROOT", "tests/money/regions/regions.csv"));
    glob_t found;
    size_t policies = 0;
    cr_assert(glob(path_under("CASEMIX_RULES", "bundles/policies-*.yaml"), 0, NULL, &found) == 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct compiled compiled = compile_rules(found.gl_pathv[i]);
        for (uint32_t n = 0; n < casemix_policy_count(compiled.image); n++) {
            casemix_policy_info info;
            cr_assert(casemix_policy_at(compiled.image, n, &info) == CASEMIX_OK);
            cr_expect(strstr(info.note.text, "demonstration values: ") != NULL ||
                          casemix_scheme_is_demonstration(compiled.image, 0) == 1,
                      "%s does not say what is demonstration", info.id.text);
            price_pneumonia(&compiled, &regions, info.id.text);
            policies++;
        }
        compiled_free(&compiled);
    }
    fprintf(stderr, "%zu policies in %zu bundles\n", policies, found.gl_pathc);
    globfree(&found);
    rows_free(&regions);
}
