/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix calibrate: the figures on sets of records, the clustering, and the whole command on histories worked by
 * hand, where every figure is exact; then on three synthetic years whose true scores are known. */
#include "../../tools/calibrate/cluster.h"
#include "../generate/random.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* ---- exact quotients -------------------------------------------------------------------------------------- */

static struct quotient of(uint64_t above, uint64_t below) {
    return quotient_of(above, below);
}

Test(exact, half_up) {
    cr_expect_eq(quotient_round(of(1, 2), 0), 1);
    cr_expect_eq(quotient_round(of(49999, 100000), 0), 0);
    cr_expect_eq(quotient_round(of(2, 3), 4), 6667);
    cr_expect_eq(quotient_round(of(1, 3), 4), 3333);
    cr_expect_eq(quotient_round(of(100005, 100000), 4), 10001);
    cr_expect_eq(quotient_round(of(100004999, 100000000), 4), 10000);
    cr_expect_eq(quotient_round(of(0, 7), 6), 0);
    /* E36: mean 14321.77, all cases 11988.40: 1194.6356 */
    struct quotient score = quotient_multiply(quotient_divide(of(1432177, 1), of(1198840, 1)), of(1000, 1));
    cr_expect_eq(quotient_round(score, 4), 11946356);
    cr_expect_not(exact_lost());
}

Test(exact, roots) {
    cr_expect_eq(quotient_root(of(49, 100), 4), 7000);
    cr_expect_eq(quotient_root(of(2, 1), 4), 14142);
    cr_expect_eq(quotient_root(of(0, 1), 4), 0);
    cr_expect_eq(quotient_root(of(1, 1000000000000), 4), 0);
    /* exactly half of the last place: 0.00005 ^ 2 */
    cr_expect_eq(quotient_root(of(25, 10000000000), 4), 1);
    cr_expect_eq(quotient_root(of(24, 10000000000), 4), 0);
}

/* Against plain 128-bit arithmetic. */
Test(exact, agrees_with_plain_arithmetic) {
    struct random random = {7};
    for (int i = 0; i < 20000; i++) {
        uint64_t a = random_next(&random) >> 34, b = (random_next(&random) >> 34) + 1,
                 c = random_next(&random) >> 34, d = (random_next(&random) >> 34) + 1;
        whole128 left = (whole128)a * d, right = (whole128)c * b, below = (whole128)b * d;
        struct quotient sum = quotient_add(of(a, b), of(c, d));
        cr_assert_eq(quotient_compare(of(a, b), of(c, d)), left < right ? -1 : left > right);
        cr_assert_eq((uint64_t)quotient_round(sum, 0), (uint64_t)((2 * (left + right) + below) / (2 * below)));
    }
    cr_expect_not(exact_lost());
}

Test(exact, what_does_not_fit_is_lost) {
    struct quotient large = of(UINT64_MAX, 1);
    for (int i = 0; i < 7; i++) {
        large = quotient_multiply(large, of(UINT64_MAX, 1));
    }
    cr_expect_not(exact_lost(), "512 bits fit");
    quotient_multiply(large, of(UINT64_MAX, 1));
    cr_expect(exact_lost());
}

Test(exact, a_quotient_by_zero_is_lost) {
    quotient_round(of(1, 0), 0);
    cr_expect(exact_lost());
}

Test(exact, numbers_as_text) {
    uint64_t value;
    cr_expect(exact_read("12.5", 4, 2, 100000, &value) && value == 1250);
    cr_expect(exact_read("12.5000", 7, 2, 100000, &value) && value == 1250);
    cr_expect(exact_read(".5", 2, 2, 100000, &value) && value == 50);
    cr_expect(exact_read("7.", 2, 2, 100000, &value) && value == 700);
    static const char *const wrong[] = {
        "", ".", "-1", "1.005", "1e3", "1 ", "1.2.3", "1001", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not(exact_read(wrong[i], strlen(wrong[i]), 2, 100000, &value), "%s", wrong[i]);
    }
}

/* ---- figures of sets of records --------------------------------------------------------------------------- */

struct bench {
    struct store store;
    struct study study;
    uint32_t *members;
};

static void add_cost(struct bench *b, unsigned year, uint32_t yuan) {
    struct record one = {
        .cost = yuan * 100, .drug = ABSENT32, .material = ABSENT32, .stay = ABSENT16, .year = (uint8_t)year};
    store_add(&b->store, &one);
    b->members = realloc(b->members, b->store.count * sizeof *b->members);
    b->members[b->store.count - 1] = (uint32_t)b->store.count - 1;
    b->study =
        (struct study){.store = &b->store, .trim = b->study.trim, .weights = {1, 2, 7}, .years = 3, .levels = 1};
}

static struct summary summary_of(struct bench *b) {
    struct summary out;
    summarise(&b->study, b->members, b->store.count, &out, NULL);
    return out;
}

static void bench_free(struct bench *b) {
    store_free(&b->store);
    free(b->members);
}

/* E37: 12000, 13000, 15000 with the weights 1:2:7 are 14300; years without cases have no weight. */
Test(statistics, years_are_weighted) {
    struct bench b = {0};
    struct quotient mean;
    cr_expect_not(yearly_mean(&b.study, &(struct yearly){{0}, {0}}, &mean));
    add_cost(&b, 1, 12000);
    add_cost(&b, 1, 14000);
    struct summary one = summary_of(&b);
    cr_expect(yearly_mean(&b.study, &one.cost, &mean) && quotient_round(mean, 0) == 1300000);
    add_cost(&b, 0, 12000);
    one = summary_of(&b);
    cr_expect(yearly_mean(&b.study, &one.cost, &mean) && quotient_round(mean, 0) == 1266667,
              "(12000 + 2 x 13000) / 3");
    add_cost(&b, 2, 15000);
    one = summary_of(&b);
    cr_expect(yearly_mean(&b.study, &one.cost, &mean) && quotient_round(mean, 0) == 1430000);
    bench_free(&b);
}

/* 3 and 17: mean 10, deviation 7. */
Test(statistics, variation_at_its_bound) {
    cr_expect_eq(variation(2, 20, 9 + 289), 7000);
    cr_expect_eq(variation_compare(2, 20, 9 + 289, 7000), 0);
    cr_expect_eq(variation_compare(2, 20000, 2999ull * 2999 + 17001ull * 17001, 7000), 1);
    cr_expect_eq(variation_compare(2, 20000, 3001ull * 3001 + 16999ull * 16999, 7000), -1);
    cr_expect_eq(variation(2, 20000, 2999ull * 2999 + 17001ull * 17001), 7001);
    cr_expect_eq(variation(1, 5, 25), 0);
    cr_expect_eq(variation(0, 0, 0), -1);
    /* 2^32 - 1 cases of the highest cost: the largest there can be */
    uint64_t most = UINT32_MAX;
    cr_expect_eq(variation(most, most * COST_MOST, (whole128)most * COST_MOST * COST_MOST), 0);
    cr_expect_not(exact_lost());
}

Test(statistics, ten_percent_at_its_bound) {
    cr_expect(differs(of(11000, 1), of(10000, 1), 1000));
    cr_expect(differs(of(9000, 1), of(10000, 1), 1000));
    cr_expect_not(differs(of(10999, 1), of(10000, 1), 1000));
    cr_expect_not(differs(of(9001, 1), of(10000, 1), 1000));
    cr_expect(differs(of(11, 3), of(10, 3), 1000));
    cr_expect_eq(difference_of(of(9001, 1), of(10000, 1)), 999);
}

/* 1 to 200 yuan: 2.5 % are five cases at each end. */
Test(statistics, percentiles_are_trimmed) {
    struct bench b = {.study.trim = {TRIM_PERCENTILE, 250, 9750}};
    for (uint32_t i = 0; i < 200; i++) {
        add_cost(&b, i % 3, (i * 77) % 200 + 1);
    }
    struct summary all = summary_of(&b);
    cr_expect(all.cases == 200 && all.used == 190 && all.low == 600 && all.high == 19500, "%u to %u", all.low,
              all.high);
    cr_expect_eq(all.sum, (uint64_t)(200 * 201 / 2 - 15 - 990) * 100);
    bench_free(&b);
    /* 39 cases: 0.975 of a case is none */
    struct bench few = {.study.trim = {TRIM_PERCENTILE, 250, 9750}};
    for (uint32_t i = 1; i <= 39; i++) {
        add_cost(&few, 0, i);
    }
    cr_expect_eq(summary_of(&few).used, 39);
    add_cost(&few, 0, 40);
    all = summary_of(&few);
    cr_expect(all.used == 38 && all.low == 200 && all.high == 3900);
    bench_free(&few);
    /* of equal costs none is trimmed before another */
    struct bench equal = {.study.trim = {TRIM_PERCENTILE, 250, 9750}};
    for (uint32_t i = 0; i < 100; i++) {
        add_cost(&equal, 0, i < 50 ? 10 : 20);
    }
    cr_expect_eq(summary_of(&equal).used, 100);
    bench_free(&equal);
}

/* The mean is 100: 50 and 150 are kept, 49 and 151 are not. */
Test(statistics, intervals_are_trimmed) {
    struct bench b = {.study.trim = {TRIM_INTERVAL, 5000, 15000}};
    static const uint32_t costs[] = {49, 50, 100, 150, 151};
    for (size_t i = 0; i < 5; i++) {
        add_cost(&b, 2, costs[i]);
    }
    struct summary all = summary_of(&b);
    cr_expect(all.used == 3 && all.sum == 30000 && all.low == 5000 && all.high == 15000);
    bench_free(&b);
}

/* ---- clustering ------------------------------------------------------------------------------------------- */

static casemix_text text(const char *words) {
    return (casemix_text){words, strlen(words)};
}

/* costs: a case each, of the last year. */
static void add_cases(struct bench *b, uint32_t group, unsigned count, uint32_t yuan) {
    for (unsigned i = 0; i < count; i++) {
        add_cost(b, 2, yuan);
        store_at(&b->store, b->store.count - 1)->group = group;
    }
}

static void cluster(struct bench *b, const struct combination *combinations, uint32_t count, uint64_t min_cases,
                    uint64_t coverage, struct clustering *out) {
    struct sorting sorting = sort_records(&b->store, count);
    struct cluster_rules rules = {min_cases, coverage, 1000};
    cluster_cases(&b->study, combinations, count, &sorting, &rules, out);
    sorting_free(&sorting);
}

static bool entry_is(const struct clustering *c, uint32_t combination, enum entry_form form, const char *diagnosis,
                     const char *principal, const char *related, uint64_t cases) {
    const struct entry *e = &c->entries[c->entry_of[combination]];
    bool fine = e->form == form && text_order(e->diagnosis, text(diagnosis)) == 0 &&
                text_order(e->principal, text(principal)) == 0 && text_order(e->related, text(related)) == 0 &&
                e->summary.cases == cases;
    if (!fine) {
        cr_log_error("combination %u: form %d, %.*s:%.*s+%.*s, %llu cases\n", combination, e->form,
                     (int)e->diagnosis.length, e->diagnosis.text, (int)e->principal.length, e->principal.text,
                     (int)e->related.length, e->related.text, (unsigned long long)e->summary.cases);
    }
    return fine;
}

/* A related operation of 9000 against 11000 with as many cases is just 10 % from the mean of 10000; 10999 is not. A
 * set of two needs 10 % more again. */
Test(cluster, related_operations) {
    const struct combination c[] = {
        {text("K80.1"), text("51.23"), text(""), 3},
        {text("K80.1"), text("51.23"), text("51.41"), 3},
        {text("K80.2"), text("51.23"), text(""), 3},
        {text("K80.2"), text("51.23"), text("51.41"), 3},
        {text("K80.3"), text("51.23"), text(""), 3},
        {text("K80.3"), text("51.23"), text("51.41"), 3},
        {text("K80.3"), text("51.23"), text("51.41+54.51"), 3},
        {text("K80.3"), text("51.23"), text("54.51"), 3},
        {text("K80.4"), text("51.23"), text(""), 3},
        {text("K80.4"), text("51.23"), text("51.41"), 3},
    };
    struct bench b = {0};
    struct clustering out;
    add_cases(&b, 0, 3, 9000);
    add_cases(&b, 1, 3, 11000);
    add_cases(&b, 2, 3, 9000);
    add_cases(&b, 3, 3, 10999);
    add_cases(&b, 4, 10, 9000);
    add_cases(&b, 5, 3, 15000); /* a split: 20000 on average with the next */
    add_cases(&b, 6, 3, 25000); /* a split of its own: 25 % above 20000 */
    add_cases(&b, 7, 3, 9000);  /* with the set before 17000, far from the mean */
    add_cases(&b, 8, 2, 9000);
    add_cases(&b, 9, 6, 20000); /* the mean of both is 17250 */
    cluster(&b, c, 10, 4, 0, &out);
    cr_expect_eq(out.threshold, 4);
    cr_expect(entry_is(&out, 1, ENTRY_OPERATION, "K80.1", "51.23", "", 6), "three cases make no set");
    cr_expect(entry_is(&out, 5, ENTRY_OPERATION, "K80.3", "51.23", "51.41", 6));
    cr_expect(entry_is(&out, 6, ENTRY_OPERATION, "K80.3", "51.23", "51.41", 6), "the first of two sets of one");
    cr_expect(entry_is(&out, 7, ENTRY_OPERATION, "K80.3", "51.23", "", 13), "the other has three cases left");
    cr_expect(entry_is(&out, 8, ENTRY_LETTER, "K", "", "", 2), "too few are left beside the set");
    cr_expect(entry_is(&out, 9, ENTRY_OPERATION, "K80.4", "51.23", "51.41", 6));
    clustering_free(&out);
    cluster(&b, c, 10, 3, 0, &out);
    cr_expect(entry_is(&out, 0, ENTRY_OPERATION, "K80.1", "51.23", "", 3));
    cr_expect(entry_is(&out, 1, ENTRY_OPERATION, "K80.1", "51.23", "51.41", 3));
    cr_expect(entry_is(&out, 2, ENTRY_OPERATION, "K80.2", "51.23", "", 6));
    cr_expect(entry_is(&out, 3, ENTRY_OPERATION, "K80.2", "51.23", "", 6));
    cr_expect(entry_is(&out, 4, ENTRY_OPERATION, "K80.3", "51.23", "", 10));
    cr_expect(entry_is(&out, 5, ENTRY_OPERATION, "K80.3", "51.23", "51.41", 3));
    cr_expect(entry_is(&out, 6, ENTRY_OPERATION, "K80.3", "51.23", "51.41+54.51", 3));
    cr_expect(entry_is(&out, 7, ENTRY_OPERATION, "K80.3", "51.23", "54.51", 3));
    clustering_free(&out);
    bench_free(&b);
}

/* Cases without an entry of their own: by category and kind if enough, else by letter and kind; with operations of
 * the lowest kind to the conservative entry. */
Test(cluster, the_rest) {
    const struct combination c[] = {
        {text("G45.0"), text(""), text(""), 0},      {text("G45.9"), text(""), text(""), 0},
        {text("I63.9"), text(""), text(""), 0},      {text("I63.9"), text(""), text("88.41"), 1},
        {text("I63.9"), text("93.39"), text(""), 0}, {text("N20.0"), text(""), text(""), 0},
        {text("N39.0"), text(""), text(""), 0},      {text("N39.0"), text("55.23"), text(""), 1},
    };
    static const unsigned cases[] = {2, 1, 3, 1, 2, 1, 2, 2};
    struct bench b = {0};
    struct clustering out;
    for (uint32_t i = 0; i < 8; i++) {
        add_cases(&b, i, cases[i], 1000);
    }
    cluster(&b, c, 8, 3, 0, &out);
    cr_expect(entry_is(&out, 0, ENTRY_CATEGORY, "G45", "", "", 3));
    cr_expect(entry_is(&out, 1, ENTRY_CATEGORY, "G45", "", "", 3));
    cr_expect(entry_is(&out, 2, ENTRY_CONSERVATIVE, "I63.9", "", "", 5));
    cr_expect(entry_is(&out, 3, ENTRY_LETTER, "I", "", "", 1), "no operation may be the principal one");
    cr_expect(entry_is(&out, 4, ENTRY_CONSERVATIVE, "I63.9", "", "", 5));
    cr_expect(entry_is(&out, 5, ENTRY_LETTER, "N", "", "", 3));
    cr_expect(entry_is(&out, 6, ENTRY_LETTER, "N", "", "", 3));
    cr_expect(entry_is(&out, 7, ENTRY_LETTER, "N", "", "", 2), "another kind");
    clustering_free(&out);
    /* 14 cases; clusters of 3, 2, 2, 2, 2 ...: half of them is 7, so 3 + 2 + 2 and all of that size */
    cluster(&b, c, 8, 15, 5000, &out);
    cr_expect_eq(out.threshold, 2);
    cr_expect(entry_is(&out, 0, ENTRY_CONSERVATIVE, "G45.0", "", "", 2));
    cr_expect(entry_is(&out, 4, ENTRY_OPERATION, "I63.9", "93.39", "", 2));
    clustering_free(&out);
    bench_free(&b);
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static char folder[64];

static void make_folder(void) {
    strcpy(folder, "/tmp/casemix-calibrate-XXXXXX");
    cr_assert(mkdtemp(folder));
    setenv("F", folder, 1);
    setenv("CASEMIX", setting("CASEMIX_COMMAND"), 1);
    setenv("IMAGES", setting("CASEMIX_IMAGES"), 1);
    setenv("RULES", setting("CASEMIX_RULES"), 1);
}

/* A line of shell; returns the exit code. */
static int run(const char *line) {
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void drop_folder(void) {
    cr_expect_eq(run("rm -r \"$F\""), 0);
}

static void write_lines(const char *name, const char *const *lines, size_t count, bool backwards) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    cr_assert(out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s\n", lines[backwards && i > 0 ? count - i : i]);
    }
    cr_assert_eq(fclose(out), 0);
}

/* The next field of a line without its quotes; *rest is NULL behind the last. */
static char *next_field(char **rest) {
    bool quoted = **rest == '"';
    char *field = *rest + quoted, *end = field + strcspn(field, quoted ? "\"" : ",");
    *rest = *end == '\0' || (quoted && end[1] == '\0') ? NULL : end + 1 + quoted;
    *end = '\0';
    return field;
}

/* The cell of the row that starts with `row`, under a heading; "(none)" if there is no such. */
static const char *cell(const char *file, const char *row, const char *column) {
    static char found[4][200], line[4000];
    static unsigned turn;
    char path[200], *out = found[turn++ % 4];
    int wanted = -1;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *in = fopen(path, "r");
    cr_assert(in, "%s", path);
    strcpy(out, "(none)");
    while (fgets(line, sizeof line, in)) {
        bool ours = wanted >= 0 && strncmp(line, row, strlen(row)) == 0 && line[strlen(row)] == ',';
        line[strcspn(line, "\n")] = '\0';
        char *rest = line;
        for (int n = 0; rest != NULL; n++) {
            char *field = next_field(&rest);
            if (wanted < 0 && strcmp(field, column) == 0) {
                wanted = n;
                break;
            }
            if (ours && n == wanted) {
                snprintf(out, sizeof found[0], "%s", field);
            }
        }
    }
    fclose(in);
    return out;
}

#define EXPECT_CELL(file, row, column, expected)                                                                   \
    cr_expect_str_eq(cell(file, row, column), expected, "%s: %s: %s is %s, not %s", file, row, column,             \
                     cell(file, row, column), expected)

/* 33 cases and what is wrong with six rows. All-case means: 2021 (12000 + 4000) / 2 = 8000; 2022 (13000 + 4000) / 2
 * = 8500; 2023 232000 / 29 = 8000; weighted (8000 + 2 x 8500 + 7 x 8000) / 10 = 8100. */
static const char *const dip_history[] = {
    "id,hospital_level,discharged,dx,proc,los,cost,drug_cost",
    /* (12000 + 2 x 13000 + 7 x 15000) / 10 = 14300 */
    "1,三级,2021-03-01,K35.800,47.0100,5,12000,",
    "2,二级,2022-03-01,K35.800,47.0100,6,13000,",
    "3,三甲,2023-03-01,K35.800,47.0100,7,15000,3000",
    /* (4000 + 2 x 4000 + 7 x 5000) / 10 = 4700 */
    "4,二级,20211231,J18.900,,,4000,",
    "5,二级,2022/01/01,J18.900,,,4000,",
    "6,三级,2023-01-01,J18.900,,,6000,1000",
    "7,三级,2023-12-31 10:00,J18.900,,,4000.00,1000",
    /* 11000 is 10 % above 10000 */
    "8,三级,2023-05-01,K80.100,51.2300,,9000,",
    "9,三级,2023-05-01,K80.100,51.2300,,9000,",
    "10,三级,2023-05-01,K80.100,51.2300,,9000,",
    "11,三级,2023-05-01,K80.100,51.2300|51.4100,,11000,",
    "12,三级,2023-05-01,K80.100,51.2300|51.4100,,11000,",
    "13,三级,2023-05-01,K80.100,51.2300|51.4100|51.4100,,11000,",
    /* 10999 is not, above 9999.50 */
    "14,三级,2023-05-01,K80.200,51.2300,,9000,",
    "15,三级,2023-05-01,K80.200,51.2300,,9000,",
    "16,三级,2023-05-01,K80.200,51.2300,,9000,",
    "17,三级,2023-05-01,K80.200,51.2300|51.4100,,10999,",
    "18,三级,2023-05-01,K80.200,51.2300|51.4100,,10999,",
    "19,三级,2023-05-01,K80.200,51.2300|51.4100,,10999,",
    /* deviation 7000 of 10000: 0.7, at both levels */
    "20,三级,2023-05-01,I50.900,,,3000,",
    "21,三级,2023-05-01,I50.900,,,17000,",
    "22,二级,2023-05-01,I50.900,,,3000,",
    "23,二级,2023-05-01,I50.900,,,17000,",
    /* a little more */
    "24,三级,2023-05-01,E11.900,,,2999,",
    "25,三级,2023-05-01,E11.900,,,17001,",
    "26,二级,2023-05-01,E11.900,,,3000,",
    "27,二级,2023-05-01,E11.900,,,17000,",
    /* too few each: to the letter, and to the category */
    "28,三级,2023-05-01,N39.000,,,1000,",
    "29,三级,2023-05-01,N39.000,,,1000,",
    "30,三级,2023-05-01,N20.000,,,1000,",
    "31,三级,2023-05-01,G45.000,,,1001,",
    "32,三级,2023-05-01,G45.000,,,1001,",
    "33,三级,2023-05-01,G45.900,,,2001,",
    /* not counted */
    "34,三级,2020-05-01,G45.900,,,2001,",
    "35,三级,2023-05-01,G45.900,,,,",
    "36,三级,2023-05-01,G45.900,,,0.00,",
    "37,三级,2023-05-01,G45.900,,,12.345,",
    "38,三级,2023-13-01,G45.900,,,2001,",
    "39,三级,2023-05-01,,,,2001,",
};
#define LINES(list) list, sizeof(list) / sizeof *(list)

static int run_dip(const char *more) {
    char line[1000];
    snprintf(line, sizeof line,
             "$CASEMIX calibrate dip -i $F/frame.cmx $F/history.csv -o $F/out --force --quiet --min-cases 3 "
             "--basic-cases 2 "
             "--levels 三甲=三级 %s 2>$F/said",
             more);
    return run(line);
}

static bool said(const char *words) {
    setenv("WORDS", words, 1);
    return run("grep -qF -- \"$WORDS\" $F/said || { cat $F/said >&2; false; }") == 0;
}

static void expect_catalogue(void) {
    static const struct {
        const char *code, *score, *mean, *third, *second, *cases, *cv, *basic;
    } core[] = {
        {"K35.8:47.0100", "1765.4321", "14300.00", "14625.00", "", "3", "0.0935", "0"},
        {"J18.9", "580.2469", "4700.00", "5000.00", "4000.00", "4", "0.1925", "1"},
        {"K80.1:51.2300", "1111.1111", "9000.00", "9000.00", "", "3", "0.0000", "0"},
        {"K80.1:51.2300+51.4100", "1358.0247", "11000.00", "11000.00", "", "3", "0.0000", "0"},
        {"K80.2:51.2300", "1234.5062", "9999.50", "9999.50", "", "6", "0.1000", "0"},
        {"I50.9", "1234.5679", "10000.00", "10000.00", "10000.00", "4", "0.7000", "1"},
        {"E11.9", "1234.5679", "10000.00", "10000.00", "10000.00", "4", "0.7001", "0"},
    };
    for (size_t i = 0; i < sizeof core / sizeof *core; i++) {
        EXPECT_CELL("out/core.csv", core[i].code, "score", core[i].score);
        EXPECT_CELL("out/core.csv", core[i].code, "mean_cost", core[i].mean);
        EXPECT_CELL("out/core.csv", core[i].code, "mean_cost:三级", core[i].third);
        EXPECT_CELL("out/core.csv", core[i].code, "mean_cost:二级", core[i].second);
        EXPECT_CELL("out/core.csv", core[i].code, "cases", core[i].cases);
        EXPECT_CELL("out/core.csv", core[i].code, "cv", core[i].cv);
        EXPECT_CELL("out/core.csv", core[i].code, "basic", core[i].basic);
    }
    /* a comma ends the list: there are no others */
    cr_expect_eq(run("[ $(wc -l <$F/out/core.csv) = 8 ] && [ $(wc -l <$F/out/comprehensive.csv) = 3 ]"), 0);
    EXPECT_CELL("out/core.csv", "K35.8:47.0100", "mean_stay", "6.60"); /* (5 + 2 x 6 + 7 x 7) / 10 */
    EXPECT_CELL("out/core.csv", "K35.8:47.0100", "drw", "1800.0000");  /* 3000 of (3000 + 1000 + 1000) / 3 */
    EXPECT_CELL("out/core.csv", "J18.9", "drw", "600.0000");
    EXPECT_CELL("out/core.csv", "E11.9", "drw", "");
    EXPECT_CELL("out/core.csv", "K80.1:51.2300+51.4100", "related_operations", "51.4100");
    EXPECT_CELL("out/comprehensive.csv", "N:保守治疗", "score", "123.4568");
    EXPECT_CELL("out/comprehensive.csv", "N:保守治疗", "cases", "3");
    EXPECT_CELL("out/comprehensive.csv", "G45:保守治疗", "score", "164.7325"); /* 4003 / 3 / 8.1 */
    EXPECT_CELL("out/comprehensive.csv", "G45:保守治疗", "mean_cost", "1334.33");
    /* 二级: (4000 + 2 x 8500 + 7 x 10000) / 10 = 9100; 三级: (12000 + 7 x 7680) / 8 = 8220 */
    EXPECT_CELL("out/coefficients.csv", "二级", "mean_cost", "9100.00");
    EXPECT_CELL("out/coefficients.csv", "二级", "coefficient", "1.1235");
    EXPECT_CELL("out/coefficients.csv", "三级", "coefficient", "1.0148");
}

Test(command, dip_by_hand, .init = make_folder, .fini = drop_folder) {
    write_lines("history.csv", LINES(dip_history), false);
    cr_assert_eq(run("$CASEMIX compile $RULES/bundles/dip-hubei.yaml -o $F/frame.cmx 2>$F/said >&2"), 0);
    cr_assert_eq(run_dip("--extends $RULES/schemes/dip-hubei/scheme.yaml"), 0, "%s", "see said");
    cr_expect(said("39 in = 33 used + 0 trimmed + 1 of earlier years + 5 rejected"));
    expect_catalogue();
    cr_expect_eq(
        run("grep -q '^split,,K80.1:51.2300+51.4100,3,,,,,,,,K80.1:51.2300+51.4100,0.1000,' $F/out/report.csv"), 0);
    cr_expect_eq(run("grep -q '^merged,,K80.2:51.2300+51.4100,3,,,,,,,,K80.2:51.2300,0.1000,' $F/out/report.csv"),
                 0, "0.09995 is shown as 0.1000, and is less than 10 %%");
    cr_expect_eq(run("grep -q '^merged,,N39.0,2,,,,,,,,N:保守治疗,,too few cases' $F/out/report.csv"), 0);
    cr_expect_eq(run("grep -q '^merged,,G45.9,1,,,,,,,,G45:保守治疗,,too few cases' $F/out/report.csv"), 0);
    /* it compiles, and every case is grouped into the entry it made */
    cr_assert_eq(run("$CASEMIX compile $F/out/bundle.yaml -o $F/new.cmx 2>$F/said >&2"), 0);
    cr_expect_eq(run("$CASEMIX calibrate drg -i $F/new.cmx $F/history.csv -o $F/again --quiet 2>$F/said"), 0);
    for (size_t i = 0; i < 2; i++) {
        EXPECT_CELL("again/weights.csv", i ? "K80.1:51.2300+51.4100" : "G45:保守治疗", "weight",
                    i ? "1.3580" : "0.1647");
        EXPECT_CELL("again/weights.csv", i ? "K80.2:51.2300" : "N:保守治疗", "cases", i ? "6" : "3");
    }
}

/* The same rows in another order, and with two threads, give the same bytes; only rejects.csv has other lines. */
Test(command, dip_in_any_order, .init = make_folder, .fini = drop_folder) {
    cr_assert_eq(run("$CASEMIX compile $RULES/bundles/dip-hubei.yaml -o $F/frame.cmx 2>$F/said >&2"), 0);
    write_lines("history.csv", LINES(dip_history), false);
    cr_assert_eq(run_dip("--trim percentile:10:90"), 0);
    cr_assert_eq(run("mv $F/out $F/first"), 0);
    write_lines("history.csv", LINES(dip_history), true);
    cr_assert_eq(run_dip("--trim percentile:10:90 --threads 2"), 0);
    cr_expect_eq(run("diff -r -x rejects.csv $F/first $F/out"), 0);
}

Test(command, dip_parameters, .init = make_folder, .fini = drop_folder) {
    write_lines("history.csv", LINES(dip_history), false);
    cr_assert_eq(run("$CASEMIX compile $RULES/bundles/dip-hubei.yaml -o $F/frame.cmx 2>$F/said >&2"), 0);
    cr_assert_eq(run_dip("--benchmark K80.1:51.2300"), 0);
    EXPECT_CELL("out/core.csv", "K80.1:51.2300", "score", "1000.0000");
    EXPECT_CELL("out/core.csv", "K35.8:47.0100", "score", "1588.8889");
    cr_assert_eq(run_dip("--mean-cost 10000"), 0);
    EXPECT_CELL("out/core.csv", "K35.8:47.0100", "score", "1430.0000");
    cr_assert_eq(run_dip("--weights 1"), 0);
    cr_expect(said("39 in = 29 used + 0 trimmed + 5 of earlier years + 5 rejected"));
    EXPECT_CELL("out/comprehensive.csv", "J:保守治疗", "score", "625.0000"); /* 5000 / 8000 */
    cr_assert_eq(run_dip("--last-year 2022 --min-cases 1"), 0);
    cr_expect(said("39 in = 5 used + 0 trimmed + 34 rejected"));
    EXPECT_CELL("out/core.csv", "J18.9", "mean_cost", "4000.00");
    EXPECT_CELL("out/core.csv", "K35.8:47.0100", "mean_cost", "12777.78"); /* (2 x 12000 + 7 x 13000) / 9 */
}

/* Of 33 cases half are 16.5: 6 + 6 + 4 + 4, and all clusters of 4. */
Test(command, dip_coverage, .init = make_folder, .fini = drop_folder) {
    write_lines("history.csv", LINES(dip_history), false);
    cr_assert_eq(run("$CASEMIX compile $RULES/bundles/dip-hubei.yaml -o $F/frame.cmx 2>$F/said >&2"), 0);
    cr_assert_eq(run_dip("--coverage 50"), 0);
    cr_expect_eq(run("grep -q 'A core entry needs 4 cases' $F/out/report.txt"), 0);
    EXPECT_CELL("out/core.csv", "K35.8:47.0100", "score", "(none)");
    EXPECT_CELL("out/core.csv", "E11.9", "cases", "4");
    EXPECT_CELL("out/comprehensive.csv", "K:相关手术", "cases", "3");
}

/* Costs of 3000 and 17000 are all outside half to one and a half times their mean. */
Test(command, dip_trimmed_away, .init = make_folder, .fini = drop_folder) {
    write_lines("history.csv", LINES(dip_history), false);
    cr_assert_eq(run("$CASEMIX compile $RULES/bundles/dip-hubei.yaml -o $F/frame.cmx 2>$F/said >&2"), 0);
    cr_assert_eq(run_dip("--trim interval:0.5:1.5"), 0);
    EXPECT_CELL("out/core.csv", "I50.9", "score", "(none)");
    cr_expect(said("39 in = 25 used + 8 trimmed + 1 of earlier years + 5 rejected"));
    cr_expect_eq(run("grep -q '^entry,conservative,I50.9,4,0,.*not in the catalogue' $F/out/report.csv"), 0);
}

Test(command, wrong_use, .init = make_folder, .fini = drop_folder) {
    static const struct {
        const char *words, *message;
        int code;
    } uses[] = {
        {"", "say what: dip, drg or auxiliary", 2},
        {"dpi", "cannot be calibrated", 2},
        {"drg -i $IMAGES/small.cmx $F/history.csv", "say where the results go", 2},
        {"drg -i $IMAGES/small.cmx -o $F/out", "say which history", 2},
        {"drg -i $IMAGES/small.cmx $F/none.csv -o $F/out", "cannot read", 3},
        {"drg -i $IMAGES/small.cmx $F/history.csv $F/history.csv -o $F/out", "would count twice", 2},
        {"dip -i $IMAGES/dip-small.cmx $F/history.csv -o $F/out --extends none.yaml", "say the way from there", 2},
        {"drg -i $IMAGES/small.cmx $F/history.csv -o $F/out --weights 1:0:7", "--weights takes", 2},
        {"drg -i $IMAGES/small.cmx $F/history.csv -o $F/out --weights 1:2:3:4:5:6", "--weights takes", 2},
        {"drg -i $IMAGES/small.cmx $F/history.csv -o $F/out --trim percentile:97:2", "--trim takes", 2},
        {"drg -i $IMAGES/small.cmx $F/history.csv -o $F/out --trim interval:0.3", "--trim takes", 2},
        {"drg -i $IMAGES/small.cmx $F/history.csv -o $F/out --min-cases 3", "no option --min-cases", 2},
        {"drg -i $IMAGES/small.cmx $F/history.csv -o $F/out --unstable-cv", "needs a value", 2},
        {"drg -i $IMAGES/years.cmx $F/history.csv -o $F/out", "say which one: --scheme ID", 2},
        {"dip -i $IMAGES/small.cmx $F/history.csv -o $F/out", "no such DIP scheme", 2},
        {"dip -i $IMAGES/small.cmx $F/history.csv -o $F/out --related 10.005", "--related takes percent", 2},
        {"dip -i $IMAGES/small.cmx $F/history.csv -o $F/out --id 'a b'", "--id takes letters", 2},
        {"dip -i $IMAGES/small.cmx $F/history.csv -o $F/out --key 5", "--key takes", 2},
        {"auxiliary -i $IMAGES/small.cmx $F/history.csv -o $F/out", "no such DIP scheme", 2},
        {"drg -i $IMAGES/small.cmx $F/no-cost.csv -o $F/out", "no column 'cost'", 1},
    };
    static const char *const no_cost[] = {"id,dx,discharged", "1,I63.900,2023-01-01"};
    write_lines("history.csv", LINES(dip_history), false);
    write_lines("no-cost.csv", LINES(no_cost), false);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        char line[1000];
        snprintf(line, sizeof line, "$CASEMIX calibrate %s >$F/said 2>&1", uses[i].words);
        cr_expect_eq(run(line), uses[i].code, "%s", uses[i].words);
        cr_expect(said(uses[i].message), "%s", uses[i].words);
        cr_expect_neq(run("[ -e $F/out ]"), 0, "%s leaves something", uses[i].words);
    }
}

/* ---- DRG by hand ------------------------------------------------------------------------------------------ */

/* 19 cases, all of 2023, mean 190000 / 19 = 10000. */
static const char *const drg_history[] = {
    "id,insured_type,gender,age,discharged,dx,proc,cost",
    "1,职工,1,60,2023-01-01,I63.900,,6000", /* BR25: mean 10000 */
    "2,职工,1,60,2023-01-01,I63.900,,8000",
    "3,职工,1,60,2023-01-01,I63.900,,10000",
    "4,职工,1,60,2023-01-01,I63.900,,12000",
    "5,职工,1,60,2023-01-01,I63.900,,14000",
    "6,职工,2,50,2023-01-01,K80.200,51.2300,20000", /* GC15: 20000 */
    "7,职工,2,50,2023-01-01,K80.200,51.2300,20000",
    "8,职工,2,50,2023-01-01,K80.200,51.2300,20000",
    "9,职工,2,50,2023-01-01,K80.200,51.2300,20000",
    "10,职工,2,50,2023-01-01,K80.200,51.2300,20000",
    "11,居民,2,16,2023-01-01,I60.000|A41.900,01.2400,1000", /* BB13: mean 2000, deviation 2000 */
    "12,居民,2,16,2023-01-01,I60.000|A41.900,01.2400,1000",
    "13,居民,2,16,2023-01-01,I60.000|A41.900,01.2400,1000",
    "14,居民,2,16,2023-01-01,I60.000|A41.900,01.2400,1000",
    "15,居民,2,16,2023-01-01,I60.000|A41.900,01.2400,6000",
    "16,居民,1,60,2023-01-01,I63.900|E87.600|N17.900,,7500", /* BR21: four cases */
    "17,居民,1,60,2023-01-01,I63.900|E87.600|N17.900,,7500",
    "18,居民,1,60,2023-01-01,I63.900|E87.600|N17.900,,7500",
    "19,居民,1,60,2023-01-01,I63.900|E87.600|N17.900,,7500",
    "20,居民,1,,2023-01-01,I63.900,,7500",
};

static int run_drg(const char *more) {
    char line[1000];
    snprintf(line, sizeof line,
             "$CASEMIX calibrate drg -i $IMAGES/small.cmx $F/history.csv -o $F/out --force --quiet %s "
             "2>$F/said",
             more);
    return run(line);
}

static void expect_weights(const char *br25, const char *gc15, const char *bb13, const char *br21) {
    EXPECT_CELL("out/weights.csv", "BR25", "weight", br25);
    EXPECT_CELL("out/weights.csv", "GC15", "weight", gc15);
    EXPECT_CELL("out/weights.csv", "BB13", "weight", bb13);
    EXPECT_CELL("out/weights.csv", "BR21", "weight", br21);
}

Test(command, drg_by_hand, .init = make_folder, .fini = drop_folder) {
    write_lines("history.csv", LINES(drg_history), false);
    cr_assert_eq(run_drg(""), 0);
    cr_expect(said("20 in = 19 used + 0 trimmed + 1 rejected"));
    expect_weights("1.0000", "2.0000", "0.2000", "0.7500");
    EXPECT_CELL("out/weights.csv", "BR25", "cv", "0.2828"); /* root of 8 / 100 */
    EXPECT_CELL("out/weights.csv", "BR25", "unstable", "0");
    EXPECT_CELL("out/weights.csv", "BB13", "cv", "1.0000");
    EXPECT_CELL("out/weights.csv", "BB13", "unstable", "1"); /* 1 is wide */
    EXPECT_CELL("out/weights.csv", "BR21", "unstable", "1"); /* 4 are few */
    EXPECT_CELL("out/base-rates.csv", "职工", "total_weight", "15.0000");
    EXPECT_CELL("out/base-rates.csv", "职工", "rate", "10000.0000");
    EXPECT_CELL("out/base-rates.csv", "居民", "rate", "10000.0000"); /* (10000 + 30000) / (5 x 0.2 + 4 x 0.75) */
    cr_assert_eq(run_drg("--fund 职工=90000,居民=24000.00 --fund-share 居民=0.6,职工=0.75"), 0);
    EXPECT_CELL("out/base-rates.csv", "职工", "rate", "8000.0000"); /* 90000 / 0.75 / 15 */
    EXPECT_CELL("out/base-rates.csv", "居民", "rate", "10000.0000");
    cr_assert_eq(run_drg("--fund 职工=90000,居民=24000.00 --fund-share 职工=0.75"), 2);
    cr_expect(said("say for each pool both --fund"));
    cr_assert_eq(run_drg("--fund 农民=90000 --fund-share 农民=0.75"), 2);
    cr_expect(said("no pool '农民'"));
    cr_assert_eq(run_drg("--fund 90000 --fund-share 0.75 --pools 职工=全体,居民=全体"), 0);
    EXPECT_CELL("out/base-rates.csv", "全体", "rate", "6315.7895"); /* 120000 / 19 */
}

/* The total of 19 stays: 5 x 1.5 + 5 x 0.5 = 10 are the experts', so what was 8 becomes 9. */
Test(command, drg_experts, .init = make_folder, .fini = drop_folder) {
    static const char *const experts[] = {"group,weight", "GC15,1.5", "BB13,0.5000", "AH19,9.9"};
    static const char *const twice[] = {"group,weight", "GC15,1.5", "GC15,1.4"};
    static const char *const wrong[] = {"group,weight", "GC15,1.50001"};
    static const char *const heavy[] = {"group,weight", "GC15,4"};
    static const char *const heading[] = {"drg,rw", "GC15,4"};
    write_lines("history.csv", LINES(drg_history), false);
    write_lines("experts.csv", LINES(experts), false);
    cr_assert_eq(run_drg("--expert $F/experts.csv"), 0);
    expect_weights("1.1250", "1.5000", "0.5000", "0.8438"); /* 0.75 x 9 / 8 = 0.84375 */
    EXPECT_CELL("out/weights.csv", "AH19", "weight", "9.9000");
    EXPECT_CELL("out/weights.csv", "GC15", "raw_weight", "2.0000");
    cr_expect_eq(
        run("grep -q 'Total weight of the cases used: 19.0000; after 3 weights of experts and scaling the others: "
            "19.0002' $F/out/report.txt"),
        0);
    const struct {
        const char *const *lines;
        size_t count;
        const char *message;
    } bad[] = {{LINES(twice), "line 3: group: '"},
               {LINES(wrong), "line 2: weight: '"},
               {LINES(heavy), "leave nothing of the total weight"},
               {LINES(heading), "the columns of expert weights are group,weight"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_lines("experts.csv", bad[i].lines, bad[i].count, false);
        cr_expect_eq(run_drg("--expert $F/experts.csv"), 1);
        cr_expect(said(bad[i].message));
    }
}

/* ---- three synthetic years -------------------------------------------------------------------------------- */

/* Every score within four standard errors of the true one. The error of a weighted mean of three years with n / 3
 * cases each is cv x root((1 + 4 + 49) / 100 x 3 / n). */
static void compare_with_truth(void) {
    char path[200], line[400], entry[100], mean[40], score[40], square[40];
    snprintf(path, sizeof path, "%s/truth.csv", folder);
    FILE *in = fopen(path, "r");
    cr_assert(in && fgets(line, sizeof line, in));
    unsigned compared = 0;
    double worst = 0;
    while (fgets(line, sizeof line, in)) {
        cr_assert_eq(sscanf(line, "%99[^,],%39[^,],%39[^,],%39s", entry, mean, score, square), 4);
        double cases = atof(cell("out/core.csv", entry, "cases")), truth = atof(score);
        if (cases < 150) {
            continue; /* too few for such an error to mean much, or in no entry of its own */
        }
        double found = atof(cell("out/core.csv", entry, "score"));
        double error =
            truth * sqrt(1.62 * (atof(square) / cases + 1.3 / 60000)); /* and that of the all-case mean */
        double off = fabs(found - truth) / error;
        worst = off > worst ? off : worst;
        cr_expect(off < 4, "%s: %.4f, true %.4f, standard error %.4f, %.0f cases", entry, found, truth, error,
                  cases);
        compared++;
    }
    fclose(in);
    cr_expect(compared >= 45, "only %u entries were compared", compared);
    printf("calibrate: %u scores of the synthetic history, the worst %.2f standard errors from the true one\n",
           compared, worst);
}

Test(command, synthetic_history, .init = make_folder, .fini = drop_folder, .timeout = 300) {
    setenv("MAKE_HISTORY", setting("CASEMIX_MAKE_HISTORY"), 1);
    cr_assert_eq(run("$CASEMIX compile $RULES/bundles/dip-hubei.yaml -o $F/frame.cmx 2>$F/said >&2"), 0);
    cr_assert_eq(run("$MAKE_HISTORY --diagnoses $RULES/codes/icd10-nhsa-2.0.tsv --procedures "
                     "$RULES/codes/icd9cm3-nhsa-2.0.tsv "
                     "--count 60000 --truth $F/truth.csv -o $F/history.csv"),
                 0);
    cr_assert_eq(run("$CASEMIX calibrate dip -i $F/frame.cmx $F/history.csv -o $F/out --quiet --extends "
                     "$RULES/schemes/dip-hubei/scheme.yaml 2>$F/said"),
                 0);
    compare_with_truth();
    /* coefficients by level: 1.1, 0.95, 0.825 were put in */
    static const struct {
        const char *level;
        double truth;
    } levels[] = {{"三级", 1.1}, {"二级", 0.95}, {"一级", 0.825}};
    for (size_t i = 0; i < 3; i++) {
        double found = atof(cell("out/coefficients.csv", levels[i].level, "coefficient"));
        cr_expect(fabs(found - levels[i].truth) < 0.04, "%s: %.4f", levels[i].level, found);
    }
    /* factors: what is aged costs 2.5 times the mean */
    cr_assert_eq(run("$CASEMIX compile $F/out/bundle.yaml -o $F/new.cmx 2>$F/said >&2"), 0);
    cr_assert_eq(run("$CASEMIX calibrate auxiliary -i $F/new.cmx $F/history.csv -o $F/factors --quiet 2>$F/said"),
                 0);
    static const char *const aged[] = {"A41.9", "K85.9", "N39.0"};
    for (size_t i = 0; i < 3; i++) {
        double found = atof(cell("factors/factors.csv", aged[i], "factor"));
        cr_expect(found > 2.3 && found < 2.7, "%s: %.4f", aged[i], found);
    }
    cr_expect_eq(run("[ $(wc -l <$F/factors/factors.csv) = 4 ]"), 0);
}
