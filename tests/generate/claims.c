/* SPDX-License-Identifier: Apache-2.0
 *
 * make-claims: writes the sample month, synthetic claims of twelve hospitals that do not exist, as CSV.
 *
 *   make-claims --scheme SCHEME.yaml --weights WEIGHTS.csv [--count N] [--seed N] [-o OUT.csv]
 *
 * Groups come with the frequency of a rank law, frequent illnesses first; costs spread around weight x rate as
 * costs do, to the right; a few per cent are far below or above. Some claims lack what grouping needs, some have
 * codes that were typed sloppily, and about one row in 700 is broken as CSV, so that every part of a settlement has
 * something to show. Whole numbers only: the same bytes for a seed on every machine. */
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tables/compile/report.h"

enum { DRG_MAX = 4096, HOSPITALS = 12, BROKEN_EVERY = 667 };

struct weighted_drg {
    const struct step *step;
    const struct drg *drg;
    uint64_t rank_key;
    int64_t weight; /* 1/10000 */
    uint64_t share; /* of the rank law */
};

struct sample {
    struct random random;
    struct generator *generator;
    struct oracle *oracle;
    const struct scheme *scheme;
    struct weighted_drg drgs[DRG_MAX];
    size_t drg_count;
    uint64_t share_sum;
    FILE *out;
};

struct claim {
    int hospital; /* 0 .. HOSPITALS - 1 */
    bool employee;
    struct plain_case one;
    int64_t weight; /* of its group */
    int64_t stay;
    int64_t cost, patient, other; /* fen */
    char diagnoses[2000];
    char age[16];
};

/* The illnesses that fill a general hospital: these lead the rank law. */
static const char *const frequent[] = {
    "BR2", "ES3", "FR3", "KS1", "RE1", "FR2", "GZ1", "ET2", "OB1", "IU2", "OR1", "CB3",
    "FV2", "LR1", "FM1", "GU1", "HC2", "LX1", "HU1", "FR1", "BX2", "ER1", "HS2", "GS1",
    "IU1", "PV1", "GE1", "IC2", "GD2", "IF1", "LS1", "EX2", "GB2", "GK3", "DD2", "JS1",
};

/* What older patients have beside the reason for the stay, the most frequent first. */
static const char *const companions[] = {
    "I10.x00x002", "E11.900", "I25.103", "E78.500", "K76.000", "K29.500", "N40.x00", "D64.900", "N28.100",
    "E03.900",     "K80.200", "H25.900", "N39.000", "I48.900", "M81.900", "I69.300", "I70.900", "E87.600",
    "E04.100",     "J44.900", "E77.801", "Z95.501", "J18.900", "I50.900", "J96.900",
};

static int fail(const char *what, const char *name) {
    fprintf(stderr, "make-claims: %s %s\n", what, name);
    return 3;
}

/* ---- weights ---------------------------------------------------------------------------------------------- */

/* "1.1237" as 11237; 0 if it is not such a number. */
static int64_t read_weight(const char *text) {
    int64_t value = 0;
    int decimals = -1;
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && decimals < 0); text++) {
        if (*text == '.') {
            decimals = 0;
        } else if (decimals < 4) {
            value = value * 10 + (*text - '0');
            decimals += decimals >= 0;
        }
    }
    for (decimals = decimals < 0 ? 0 : decimals; decimals < 4; decimals++) {
        value *= 10;
    }
    return value;
}

/* The field of a line under a heading's name, -1 if there is none. */
static int column_of(char *heading, const char *name) {
    char *save = NULL;
    int n = 0;
    for (char *field = strtok_r(heading, ",\r\n", &save); field; field = strtok_r(NULL, ",\r\n", &save), n++) {
        if (strcmp(field, name) == 0) {
            return n;
        }
    }
    return -1;
}

static const char *field_at(char *line, int n) {
    for (; n > 0 && line; n--) {
        line = strchr(line, ',');
        line = line ? line + 1 : NULL;
    }
    return line ? line : "";
}

static void set_weight(struct sample *sample, const char *line_code, int64_t weight) {
    size_t length = strcspn(line_code, ",\r\n");
    for (size_t i = 0; i < sample->drg_count; i++) {
        const char *code = sample->drgs[i].drg->code;
        if (strlen(code) == length && memcmp(code, line_code, length) == 0) {
            sample->drgs[i].weight = weight;
        }
    }
}

static bool read_weights(struct sample *sample, const char *path) {
    FILE *file = fopen(path, "r");
    char line[1000], copy[1000];
    int code = -1, weight = -1;
    while (file && fgets(line, sizeof line, file)) {
        if (line[0] == '#') {
            continue;
        }
        if (code < 0) {
            snprintf(copy, sizeof copy, "%s", line);
            code = column_of(copy, "drg");
            weight = column_of(line, "weight");
            continue;
        }
        set_weight(sample, field_at(line, code), read_weight(field_at(line, weight)));
    }
    return file && fclose(file) == 0 && code >= 0 && weight >= 0;
}

/* ---- frequencies ------------------------------------------------------------------------------------------ */

static int compare_rank(const void *a, const void *b) {
    const struct weighted_drg *x = a, *y = b;
    return x->rank_key < y->rank_key ? -1 : x->rank_key > y->rank_key;
}

static uint64_t rank_key(struct random *random, const struct step *step, size_t place) {
    for (size_t i = 0; i < sizeof frequent / sizeof *frequent; i++) {
        if (strcmp(step->code, frequent[i]) == 0) {
            return i * 1000 + place * 300 + random_below(random, 300);
        }
    }
    return 1000000 + random_below(random, 1000000);
}

static void collect_drgs(struct sample *sample) {
    for (size_t m = 0; m < sample->scheme->mdc_count; m++) {
        const struct mdc *mdc = sample->scheme->mdcs[m];
        for (size_t s = 0; s < mdc->step_count; s++) {
            const struct step *step = mdc->steps[s];
            for (size_t d = 0; d < step->drg_count && sample->drg_count < DRG_MAX; d++) {
                size_t place = step->drg_count - 1 - d; /* without complications first: those are most */
                sample->drgs[sample->drg_count++] =
                    (struct weighted_drg){step, &step->drgs[d], rank_key(&sample->random, step, place), 8000, 0};
            }
        }
    }
}

static void share_out(struct sample *sample) {
    qsort(sample->drgs, sample->drg_count, sizeof *sample->drgs, compare_rank);
    for (size_t i = 0; i < sample->drg_count; i++) {
        sample->drgs[i].share = 1000000 / (i + 6);
        sample->share_sum += sample->drgs[i].share;
    }
}

static const struct weighted_drg *draw_drg(struct sample *sample) {
    uint64_t left = random_below(&sample->random, sample->share_sum);
    size_t i = 0;
    while (left >= sample->drgs[i].share) {
        left -= sample->drgs[i++].share;
    }
    return &sample->drgs[i];
}

static int64_t weight_of(const struct sample *sample, const char *drg) {
    for (size_t i = 0; i < sample->drg_count; i++) {
        if (strcmp(sample->drgs[i].drg->code, drg) == 0) {
            return sample->drgs[i].weight;
        }
    }
    return 7000;
}

/* ---- one claim -------------------------------------------------------------------------------------------- */

static const char *level_of(int hospital) {
    return hospital < 4 ? "三级" : hospital < 8 ? "二级" : "一级";
}

static int draw_hospital(struct random *random) {
    uint64_t way = random_below(random, 100);
    int first = way < 55 ? 0 : way < 88 ? 4 : 8;
    return first + (int)random_below(random, 4);
}

/* Numbers the group's conditions left open: age by kind of patient, sex by chance or as the MDC needs it. */
static void fill_person(struct sample *sample, struct claim *claim, char mdc) {
    struct random *random = &sample->random;
    struct plain_case *one = &claim->one;
    int64_t low = 48, high = 84;
    if (mdc == 'O') {
        low = 21, high = 39;
    } else if (random_chance(random, 8)) {
        low = 1, high = 15;
    } else if (random_chance(random, 30)) {
        low = 18, high = 50;
    }
    bool newborn = one->facts[FACT_AGE_DAYS] || one->facts[FACT_WEIGHT] || mdc == 'P';
    snprintf(claim->age, sizeof claim->age, "%lld", (long long)random_between(random, low, high));
    one->facts[FACT_AGE] = newborn ? "0" : one->facts[FACT_AGE] ? one->facts[FACT_AGE] : claim->age;
    if (newborn && !one->facts[FACT_AGE_DAYS]) {
        static const char *const days[] = {"1", "3", "7", "15", "28", "30", "90", "200"};
        one->facts[FACT_AGE_DAYS] = days[random_below(random, 8)];
    }
    if (newborn && !one->facts[FACT_WEIGHT]) {
        static const char *const grams[] = {"1350", "1820", "2340", "2800", "3150", "3300", "3600"};
        one->facts[FACT_WEIGHT] = grams[random_below(random, 7)];
    }
    if (!one->facts[FACT_SEX]) {
        one->facts[FACT_SEX] = mdc == 'O' || mdc == 'N' ? "2" : mdc == 'M' || random_chance(random, 50) ? "1" : "2";
    }
}

static void add_companions(struct sample *sample, struct claim *claim, bool elderly) {
    struct random *random = &sample->random;
    size_t used =
        (size_t)snprintf(claim->diagnoses, sizeof claim->diagnoses, "%s", claim->one.facts[FACT_DIAGNOSES]);
    uint64_t count = elderly ? random_below(random, 6) : random_below(random, 2);
    const size_t known = sizeof companions / sizeof *companions;
    for (uint64_t i = 0; i < count && used + 40 < sizeof claim->diagnoses; i++) {
        uint64_t a = random_below(random, known), b = random_below(random, a + 1);
        const char *code = companions[random_below(random, b + 1)]; /* the first ones more often */
        bool prostate = strncmp(code, "N40", 3) == 0;
        bool fits = !strstr(claim->diagnoses, code) && (!prostate || claim->one.facts[FACT_SEX][0] == '1');
        if (fits && catalogue_find(sample->scheme->catalogues[CODE_DIAGNOSIS], code, strlen(code)) != UINT32_MAX) {
            used += (size_t)snprintf(claim->diagnoses + used, sizeof claim->diagnoses - used, "|%s", code);
        }
    }
    claim->one.facts[FACT_DIAGNOSES] = claim->diagnoses;
}

/* Yuan per unit of weight that a hospital spends, roughly what the fund pays for it. */
static int64_t rate_of(int hospital) {
    return hospital < 4 ? 10400 : hospital < 8 ? 10100 : 7700;
}

static void fill_money(struct sample *sample, struct claim *claim) {
    struct random *random = &sample->random;
    int64_t spread = 1000; /* 1/1000; a walk of equal factors up and down is close to a log-normal law */
    for (int i = 0; i < 9; i++) {
        spread = random_chance(random, 50) ? spread * 111 / 100 : spread * 100 / 111;
    }
    spread += random_between(random, -25, 25);
    if (random_chance(random, 3)) {
        spread = random_between(random, 80, 360);
    } else if (random_chance(random, 2)) {
        spread = random_between(random, 2900, 6200);
    }
    claim->cost = claim->weight * rate_of(claim->hospital) / 100 * spread / 1000 + random_between(random, 0, 99);
    int64_t share = claim->employee ? random_between(random, 14, 24) : random_between(random, 28, 42);
    claim->patient = claim->cost * share / 100 + random_between(random, 0, 99);
    claim->other = random_chance(random, 8) ? claim->cost * random_between(random, 2, 9) / 100 : 0;
    claim->stay = 1 + claim->weight / 2500 * random_between(random, 60, 140) / 100 + random_between(random, 1, 5);
    claim->stay = claim->stay > 120 ? 120 : claim->stay;
}

/* A few claims lack what grouping needs, or carry a code that no group takes. */
static void spoil(struct random *random, struct plain_case *one) {
    uint64_t way = random_below(random, 1000);
    if (way < 6) {
        one->facts[FACT_AGE] = NULL;
    } else if (way < 9) {
        one->facts[FACT_SEX] = NULL;
    } else if (way < 12) {
        one->facts[FACT_AGE] = "0";
        one->facts[FACT_AGE_DAYS] = NULL;
    } else if (way < 18) {
        one->facts[FACT_DIAGNOSES] = "Q99.999";
    } else if (way < 21) {
        one->facts[FACT_DIAGNOSES] = NULL;
    } else if (way < 23) {
        one->facts[FACT_AGE] = "六十";
    }
}

static void make_claim(struct sample *sample, struct claim *claim) {
    memset(claim, 0, sizeof *claim);
    claim->hospital = draw_hospital(&sample->random);
    claim->employee = random_chance(&sample->random, 58);
    const struct weighted_drg *aim = draw_drg(sample);
    generator_clean_case(sample->generator, &sample->random, aim->step, aim->drg, &claim->one);
    char mdc = aim->step->code[0];
    fill_person(sample, claim, mdc);
    add_companions(sample, claim, atoi(claim->one.facts[FACT_AGE]) >= 40);
    spoil(&sample->random, &claim->one);
    struct oracle_answer answer;
    oracle_group(sample->oracle, &claim->one, &answer);
    claim->weight = weight_of(sample, answer.drg);
    fill_money(sample, claim);
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

/* A day of June 2022 or before, counted from June 1st as day 1, downwards over the months. */
static void write_date(FILE *out, int64_t day) {
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 2022, month = 6;
    while (day < 1) {
        month--;
        if (month == 0) {
            month = 12;
            year--;
        }
        day += lengths[month - 1];
    }
    fprintf(out, ",%04d-%02d-%02d", year, month, (int)day);
}

static void write_yuan(FILE *out, int64_t fen) {
    fprintf(out, ",%lld.%02lld", (long long)(fen / 100), (long long)(fen % 100));
}

/* Codes, now and then as somebody typed them: in lower case, without the dot, with full width signs. */
static void write_codes(struct random *random, FILE *out, const char *codes) {
    uint64_t way = codes && codes[0] ? random_below(random, 150) : 3;
    fputc(',', out);
    bool first_dot = true;
    for (const char *c = codes ? codes : ""; *c; c++) {
        if (way == 0 && *c >= 'A' && *c <= 'Z') {
            fputc(*c + 32, out);
        } else if (way == 1 && *c == '.' && first_dot) {
            first_dot = false;
        } else if (way == 2 && *c == '.') {
            fputs("．", out);
        } else {
            fputc(*c, out);
        }
    }
}

static void write_fact(FILE *out, const struct claim *claim, enum fact fact) {
    fprintf(out, ",%s", claim->one.facts[fact] ? claim->one.facts[fact] : "");
}

/* Rows that no reader can take apart: too few fields, too many, text behind a closing quote. */
static void write_broken(FILE *out, unsigned n) {
    static const char *const rows[] = {
        "SYN-BROKEN-%02u,H23010000001,三级,职工,1,63\n",
        "SYN-BROKEN-%02u,H23010000005,二级,居民,2,71,,,0301,9,1,2022-06-01,2022-06-10,I63.900,,8123.40,2100,0,,,\n",
        "\"SYN-BROKEN-%02u\"?,H23010000009,一级,职工,1,58,,,0301,6,1,2022-06-02,2022-06-08,J18.900,,5210,900,0\n",
    };
    fprintf(out, rows[n % 3], n + 1);
}

static void write_claim(struct sample *sample, const struct claim *claim, uint64_t n) {
    static const char *const departments[] = {"0301", "0304", "0307", "0401", "0402", "0501", "0600", "ICU"};
    FILE *out = sample->out;
    struct random *random = &sample->random;
    bool obstetric = claim->one.facts[FACT_DIAGNOSES] && claim->one.facts[FACT_DIAGNOSES][0] == 'O';
    fprintf(out, "SYN%07llu,H230100000%02d,%s,%s", (unsigned long long)n + 1, claim->hospital + 1,
            level_of(claim->hospital), claim->employee ? "职工" : "居民");
    write_fact(out, claim, FACT_SEX);
    write_fact(out, claim, FACT_AGE);
    write_fact(out, claim, FACT_AGE_DAYS);
    write_fact(out, claim, FACT_WEIGHT);
    fprintf(out, ",%s,%lld,%s", obstetric ? "0502" : departments[random_below(random, 8)], (long long)claim->stay,
            random_chance(random, 92)   ? "1"
            : random_chance(random, 80) ? "4"
                                        : "5");
    int64_t discharged = random_between(random, 1, 30);
    write_date(out, discharged - claim->stay);
    write_date(out, discharged);
    write_codes(random, out, claim->one.facts[FACT_DIAGNOSES]);
    write_codes(random, out, claim->one.facts[FACT_PROCEDURES]);
    write_yuan(out, claim->cost);
    write_yuan(out, claim->patient);
    write_yuan(out, claim->other);
    fputc('\n', out);
}

static void write_sample(struct sample *sample, uint64_t count) {
    struct claim claim;
    fputs(
        "id,hospital,hospital_level,insured_type,gender,age,age_days,weight,dept,los,discharge,admitted,discharged,"
        "dx,proc,cost,patient_paid,other_paid\n",
        sample->out);
    for (uint64_t n = 0; n < count; n++) {
        if (n % BROKEN_EVERY == BROKEN_EVERY / 2) {
            write_broken(sample->out, (unsigned)(n / BROKEN_EVERY));
            continue;
        }
        make_claim(sample, &claim);
        write_claim(sample, &claim, n);
    }
}

int main(int argc, char **argv) {
    const char *scheme = NULL, *weights = NULL, *path = "-", *count = "20000", *seed = "2022";
    for (int i = 1; i + 1 < argc; i += 2) {
        const char **to = strcmp(argv[i], "--scheme") == 0    ? &scheme
                          : strcmp(argv[i], "--weights") == 0 ? &weights
                          : strcmp(argv[i], "--count") == 0   ? &count
                          : strcmp(argv[i], "--seed") == 0    ? &seed
                          : strcmp(argv[i], "-o") == 0        ? &path
                                                              : NULL;
        if (!to) {
            return fail("unknown option", argv[i]);
        }
        *to = argv[i + 1];
    }
    if (!scheme || !weights || argc % 2 == 0) {
        fputs("usage: make-claims --scheme SCHEME.yaml --weights WEIGHTS.csv [--count N] [--seed N] [-o OUT.csv]\n",
              stderr);
        return 2;
    }
    struct arena *arena = arena_new();
    struct report *report = report_new(arena);
    struct sources sources = {.arena = arena, .report = report};
    static struct sample sample;
    sample.scheme = scheme_read(&sources, scheme, (struct place){0});
    if (!sample.scheme || report->errors > 0) {
        report_print(report, stderr);
        return 1;
    }
    sample.random.state = strtoull(seed, NULL, 10);
    sample.generator = generator_new(sample.scheme, 0);
    sample.oracle = oracle_new(sample.scheme, false);
    collect_drgs(&sample);
    if (!read_weights(&sample, weights)) {
        return fail("cannot read weights from", weights);
    }
    share_out(&sample);
    sample.out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (!sample.out) {
        return fail("cannot write", path);
    }
    write_sample(&sample, strtoull(count, NULL, 10));
    int result = fflush(sample.out) == 0 && !ferror(sample.out) ? 0 : fail("cannot write", path);
    generator_free(sample.generator);
    oracle_free(sample.oracle);
    arena_free(arena);
    return result;
}
