/* SPDX-License-Identifier: Apache-2.0
 *
 * make-history: writes three years of synthetic claims of twelve hospitals that do not exist, as CSV, whose true
 * mean costs are known, so that it can be seen whether `casemix calibrate` finds them.
 *
 *   make-history --diagnoses ICD10.tsv --procedures ICD9.tsv [--count N] [--seed N] [--year FIRST] [--clean]
 *                [--truth TRUTH.csv] [-o OUT.csv]
 *
 * A claim's cost is the mean of its illness x a factor of its year x a factor of the hospital's level x chance; the
 * last two have the mean 1 exactly, so the true score of an entry is its mean by the mean of all illnesses,
 * weighted by how frequent they are. TRUTH.csv gets entry,mean_cost,score,square of the coefficient of variation.
 * About one row in a thousand is spoilt unless --clean. Whole numbers only: the same bytes for a seed on every
 * machine. */
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 whole128;

enum { MILLION = 1000000, YEARS = 3, TAIL = 900, ILLNESSES_MAX = 1200, CODES_MAX = 50000, SPOIL_EVERY = 997 };

/* Chance: NARROW is close to the mean, WIDE now and then far above it, AGED costs five times as much from 66 years
 * on as before. */
enum chance { NARROW, WIDE, AGED };

struct illness {
    const char *diagnosis, *principal, *related; /* codes; "" for none, related separated by `|` */
    int64_t mean;                                /* yuan in the first year */
    int stay, drugs, materials;                  /* days; percent of the cost */
    enum chance chance;
    unsigned of_cluster; /* percent of the cases with this diagnosis and principal operation */
    uint64_t share;      /* of all cases */
};

static const struct illness frequent[] = {
    {"J18.900", "", "", 5200, 8, 45, 5, WIDE, 100, 0},
    {"I63.900", "", "", 9200, 10, 48, 4, WIDE, 100, 0},
    {"Z51.100", "99.2503", "", 6400, 4, 60, 4, NARROW, 100, 0},
    {"E11.900", "", "", 5600, 8, 45, 3, NARROW, 100, 0},
    {"J44.100", "", "", 8100, 9, 46, 4, WIDE, 100, 0},
    {"I10.x00", "", "", 4200, 7, 35, 2, NARROW, 100, 0},
    {"I20.000", "", "", 7400, 7, 38, 6, NARROW, 100, 0},
    {"I20.000", "88.5600", "", 11000, 5, 16, 36, NARROW, 100, 0},
    {"I20.000", "36.0700", "", 36000, 6, 9, 62, NARROW, 72, 0},
    {"I20.000", "36.0700", "00.6600", 37300, 6, 9, 62, NARROW, 28, 0},
    {"H25.900", "13.4100", "13.7100", 6800, 2, 8, 52, NARROW, 100, 0},
    {"K35.800", "47.0100", "", 9800, 6, 24, 28, NARROW, 75, 0},
    {"K35.800", "47.0100", "54.5100", 10100, 7, 24, 28, NARROW, 25, 0},
    {"K35.800", "", "", 3600, 5, 50, 3, NARROW, 100, 0},
    {"K80.100", "51.2300", "", 12000, 7, 22, 30, NARROW, 78, 0},
    {"K80.100", "51.2300", "51.4100", 19500, 10, 24, 30, NARROW, 22, 0},
    {"K40.900", "17.1200", "", 11200, 5, 12, 45, NARROW, 100, 0},
    {"O82.000", "74.1x01", "", 7600, 5, 20, 14, NARROW, 100, 0},
    {"O80.000", "", "", 3300, 3, 12, 6, NARROW, 100, 0},
    {"O34.200", "74.1x01", "", 8100, 5, 20, 14, NARROW, 100, 0},
    {"I50.900", "", "", 8300, 9, 42, 4, WIDE, 100, 0},
    {"J35.000", "28.2x00", "", 7400, 6, 20, 20, NARROW, 100, 0},
    {"K63.500", "45.4300", "", 5800, 4, 18, 26, NARROW, 100, 0},
    {"D25.900", "68.2901", "", 11000, 7, 22, 22, NARROW, 100, 0},
    {"N20.100", "56.0x00x003", "", 9900, 5, 18, 32, NARROW, 70, 0},
    {"N20.100", "56.0x00x003", "59.8x00", 13400, 6, 18, 38, NARROW, 30, 0},
    {"N18.500", "39.9500", "", 8100, 10, 34, 26, WIDE, 100, 0},
    {"M51.200", "80.5107", "", 18500, 9, 16, 38, NARROW, 100, 0},
    {"M51.200", "", "", 5300, 8, 32, 4, NARROW, 100, 0},
    {"M17.100", "81.5400", "", 42000, 12, 12, 60, NARROW, 100, 0},
    {"S72.000", "81.5200", "", 39000, 14, 14, 58, NARROW, 100, 0},
    {"C50.900", "85.4301", "", 23000, 11, 24, 20, NARROW, 68, 0},
    {"C50.900", "85.4301", "40.2300", 27800, 12, 24, 24, NARROW, 32, 0},
    {"C34.900", "32.4100", "", 52000, 14, 20, 44, NARROW, 100, 0},
    {"C16.900", "43.7x00", "", 48000, 15, 26, 36, NARROW, 100, 0},
    {"C73.x00", "06.2x00", "", 15500, 6, 18, 32, NARROW, 100, 0},
    {"N40.x00", "60.2900", "", 13800, 9, 22, 24, NARROW, 100, 0},
    {"A41.900", "", "", 15500, 11, 48, 8, AGED, 100, 0},
    {"K85.900", "", "", 11800, 10, 48, 6, AGED, 100, 0},
    {"J96.000", "96.7201", "", 64000, 18, 40, 14, WIDE, 100, 0},
    {"G45.900", "", "", 6100, 7, 42, 3, NARROW, 100, 0},
    {"N39.000", "", "", 4600, 7, 48, 4, AGED, 100, 0},
    {"K92.200", "", "", 7900, 7, 42, 5, WIDE, 100, 0},
    {"R42.x00", "", "", 4100, 6, 38, 3, NARROW, 100, 0},
    {"P59.900", "", "", 3600, 5, 14, 4, NARROW, 100, 0},
    {"J45.900", "", "", 5900, 7, 44, 4, NARROW, 100, 0},
    {"L03.100", "86.0400", "", 6600, 9, 38, 10, NARROW, 100, 0},
    {"I83.900", "38.5900", "", 8900, 6, 14, 24, NARROW, 100, 0},
    {"S82.200", "79.3600", "", 24000, 13, 16, 48, NARROW, 100, 0},
    {"B02.900", "", "", 4300, 8, 46, 3, NARROW, 100, 0},
};
enum { FREQUENT = sizeof frequent / sizeof *frequent };

/* Operations that rarer illnesses of a chapter may come with. */
static const struct {
    const char *letters, *operation;
} chapter_operations[] = {
    {"C", "40.1100"}, {"DE", "06.3100"}, {"GI", "38.9300"}, {"H", "08.7000"}, {"J", "33.2300"},
    {"K", "45.2300"}, {"LM", "83.2100"}, {"N", "57.3200"},  {"O", "73.5900"}, {"ST", "86.5900"},
};

struct code_list {
    char *bytes;
    char *codes[CODES_MAX];
    size_t count;
};

struct history {
    struct random random;
    struct illness illnesses[ILLNESSES_MAX];
    size_t illness_count;
    uint64_t share_sum;
    struct code_list diagnoses, procedures;
    unsigned first_year;
    bool clean;
    FILE *out;
};

/* Per mille; the means over the levels' shares are 1. */
static const int year_factors[YEARS] = {1000, 1050, 1080};
static const int level_factors[3] = {1100, 950, 825}, level_shares[3] = {50, 30, 20};
static const char *const level_names[3] = {"三级", "二级", "一级"};

static int fail(const char *what, const char *name) {
    fprintf(stderr, "make-history: %s %s\n", what, name);
    return 3;
}

/* ---- codes ------------------------------------------------------------------------------------------------ */

static bool read_codes(const char *path, struct code_list *out) {
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        return false;
    }
    long size = ftell(file);
    rewind(file);
    out->bytes = malloc((size_t)size + 1);
    bool fine = out->bytes && fread(out->bytes, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (!fine) {
        return false;
    }
    out->bytes[size] = '\0';
    char *save = NULL;
    for (char *line = strtok_r(out->bytes, "\n", &save); line && out->count < CODES_MAX;
         line = strtok_r(NULL, "\n", &save)) {
        line[strcspn(line, "\t")] = '\0';
        if (strcmp(line, "code") != 0) {
            out->codes[out->count++] = line;
        }
    }
    return true;
}

static bool is_code(const struct code_list *list, const char *code) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->codes[i], code) == 0) {
            return true;
        }
    }
    return false;
}

static bool same_key(const char *a, const char *b) {
    return strncmp(a, b, 5) == 0;
}

/* ---- illnesses -------------------------------------------------------------------------------------------- */

/* Every code of the table must be in the catalogues: calibrate would reject or drop it. */
static const char *unknown_code(const struct history *h) {
    for (size_t i = 0; i < h->illness_count; i++) {
        const struct illness *one = &h->illnesses[i];
        if (!is_code(&h->diagnoses, one->diagnosis)) {
            return one->diagnosis;
        }
        if (one->principal[0] && !is_code(&h->procedures, one->principal)) {
            return one->principal;
        }
        if (one->related[0] && !is_code(&h->procedures, one->related)) {
            return one->related;
        }
    }
    return NULL;
}

static void add_frequent(struct history *h) {
    for (size_t i = 0, rank = 0; i < FREQUENT; i++) {
        struct illness one = frequent[i];
        rank += i == 0 || !same_key(one.diagnosis, frequent[i - 1].diagnosis) ||
                strcmp(one.principal, frequent[i - 1].principal) != 0;
        one.share = (uint64_t)75 * MILLION / (rank + 8) / 100 * one.of_cluster;
        h->illnesses[h->illness_count++] = one;
    }
}

static bool has_key(const struct history *h, const char *diagnosis) {
    for (size_t i = 0; i < h->illness_count; i++) {
        if (same_key(h->illnesses[i].diagnosis, diagnosis)) {
            return true;
        }
    }
    return false;
}

/* Rarer ones, from the whole catalogue; a few come with an operation. */
static void add_tail(struct history *h) {
    for (unsigned n = 0; n < TAIL && h->illness_count < ILLNESSES_MAX;) {
        const char *code = h->diagnoses.codes[random_below(&h->random, h->diagnoses.count)];
        if (strlen(code) < 7 || strchr(code, '+') || strchr("UVWXYZ", code[0]) || has_key(h, code)) {
            continue;
        }
        struct illness one = {code, "", "", random_between(&h->random, 15, 120) * 100, 7, 40, 5, NARROW, 100, 0};
        for (size_t i = 0; i < sizeof chapter_operations / sizeof *chapter_operations; i++) {
            if (strchr(chapter_operations[i].letters, code[0]) && random_chance(&h->random, 25)) {
                one.principal = chapter_operations[i].operation;
                one.mean = one.mean * 16 / 10;
            }
        }
        one.share = (uint64_t)20 * MILLION / (n + 40);
        h->illnesses[h->illness_count++] = one;
        n++;
    }
}

static void add_up_shares(struct history *h) {
    for (size_t i = 0; i < h->illness_count; i++) {
        h->share_sum += h->illnesses[i].share;
    }
}

static const struct illness *draw_illness(struct history *h) {
    uint64_t left = random_below(&h->random, h->share_sum);
    size_t i = 0;
    while (left >= h->illnesses[i].share) {
        left -= h->illnesses[i++].share;
    }
    return &h->illnesses[i];
}

/* ---- truth ------------------------------------------------------------------------------------------------ */

/* Mean of the square of a cost, the mean being 1: of level, chance and age. In millionths. */
static uint64_t square_of(enum chance chance) {
    static const uint64_t narrow = 1045000 /* of the sum of six even chances, see draw_chance */, level = 1011875;
    uint64_t square = level * narrow / MILLION;
    return chance == WIDE ? square * 136 / 100 : chance == AGED ? square * 175 / 100 : square;
}

struct truth {
    const struct illness *first;
    const char *related;
    whole128 cost, square; /* sums of share x mean, and share x mean^2 x the above */
    uint64_t share;
};

static void add_truth(struct truth *truth, const struct illness *one) {
    truth->share += one->share;
    truth->cost += (whole128)one->share * (whole128)one->mean;
    truth->square += (whole128)one->share * (whole128)one->mean * (whole128)one->mean * square_of(one->chance);
}

/* The illnesses of one diagnosis and principal operation: those that cost 10 % more or less than all together are
 * entries of their own. Which are is the same in any sample: none is near 10 %. */
static void write_cluster(const struct history *h, size_t first, size_t end, uint64_t mean_of_all, FILE *out) {
    struct truth all = {&h->illnesses[first], "", 0, 0, 0}, plain = all;
    for (size_t i = first; i < end; i++) {
        add_truth(&all, &h->illnesses[i]);
    }
    for (size_t i = first; i <= end; i++) {
        const struct illness *one = i < end ? &h->illnesses[i] : NULL;
        struct truth own = {one, one ? one->related : "", 0, 0, 0};
        bool split = one && one->related[0] &&
                     llabs(one->mean * (int64_t)all.share - (int64_t)all.cost) * 10 >= (int64_t)all.cost;
        if (one) {
            add_truth(split ? &own : &plain, one);
        }
        const struct truth *truth = split ? &own : i == end ? &plain : NULL;
        if (!truth || truth->share == 0) {
            continue;
        }
        /* all means grow alike over the years: (1 x 1000 + 2 x 1050 + 7 x 1080) / 10 per mille */
        uint64_t mean = (uint64_t)(truth->cost * 1066 / truth->share); /* 1/1000 yuan */
        uint64_t score = (uint64_t)(truth->cost * 1000 * 10000 / truth->share * 1000 / mean_of_all);
        uint64_t square = (uint64_t)(truth->square * truth->share / (truth->cost * truth->cost)) - MILLION;
        fprintf(out, "%.5s%s%s%s%s,%llu.%03llu,%llu.%04llu,0.%06llu\n", h->illnesses[first].diagnosis,
                h->illnesses[first].principal[0] ? ":" : "", h->illnesses[first].principal,
                truth->related[0] ? "+" : "", truth->related, (unsigned long long)mean / 1000,
                (unsigned long long)mean % 1000, (unsigned long long)score / 10000,
                (unsigned long long)score % 10000, (unsigned long long)square);
    }
}

static bool write_truth(const struct history *h, const char *path) {
    FILE *out = fopen(path, "w");
    if (!out) {
        return false;
    }
    whole128 all = 0;
    for (size_t i = 0; i < h->illness_count; i++) {
        all += (whole128)h->illnesses[i].share * (whole128)h->illnesses[i].mean;
    }
    uint64_t mean_of_all = (uint64_t)(all * 1000 / h->share_sum); /* 1/1000 yuan, of the first year */
    fputs("entry,mean_cost,score,cv_square\n", out);
    for (size_t first = 0, end; first < h->illness_count; first = end) {
        for (end = first + 1; end < h->illness_count &&
                              same_key(h->illnesses[end].diagnosis, h->illnesses[first].diagnosis) &&
                              strcmp(h->illnesses[end].principal, h->illnesses[first].principal) == 0;) {
            end++;
        }
        write_cluster(h, first, end, mean_of_all, out);
    }
    return fclose(out) == 0;
}

/* ---- claims ----------------------------------------------------------------------------------------------- */

/* Millionths, with the mean 1: six even chances of 0.15 up or down together have the variance 6 x 0.15^2 / 3 =
 * 0.045. */
static int64_t draw_chance(struct random *random, enum chance chance, bool aged) {
    int64_t factor = MILLION;
    for (int i = 0; i < 6; i++) {
        factor += random_between(random, -150000, 150000);
    }
    if (chance == WIDE) {
        factor = random_chance(random, 10) ? factor * 28 / 10 : factor * 8 / 10;
    } else if (chance == AGED) {
        factor = aged ? factor * 5 / 2 : factor / 2;
    }
    return factor;
}

static void write_yuan(FILE *out, int64_t fen) {
    fprintf(out, ",%lld.%02lld", (long long)(fen / 100), (long long)(fen % 100));
}

/* What a row may have wrong: a cost of 0, none, letters; no date, no diagnosis, too few fields. */
static void write_spoilt(struct history *h, uint64_t n) {
    static const char *const rows[] = {
        "H2023-%09llu,H01,三级,职工,1,50,5,1,%u-05-01,J18.900,,0,,\n",
        "H2023-%09llu,H01,三级,职工,1,50,5,1,%u-05-01,J18.900,,,,\n",
        "H2023-%09llu,H01,三级,职工,1,50,5,1,%u-05-01,J18.900,,about 5000,,\n",
        "H2023-%09llu,H01,三级,职工,1,50,5,1,%u-15-01,J18.900,,5000.00,,\n",
        "H2023-%09llu,H01,三级,职工,1,50,5,1,%u-05-01,,,5000.00,,\n",
        "H2023-%09llu,H01,三级,职工,1,%u\n",
    };
    fprintf(h->out, rows[n % 6], (unsigned long long)n + 1, h->first_year + YEARS - 1);
}

static void write_claim(struct history *h, uint64_t n) {
    struct random *random = &h->random;
    const struct illness *one = draw_illness(h);
    unsigned year = (unsigned)random_below(random, YEARS);
    uint64_t way = random_below(random, 100);
    int level = way < (unsigned)level_shares[0] ? 0 : way < (unsigned)(level_shares[0] + level_shares[1]) ? 1 : 2;
    bool aged = random_chance(random, 25), birth = one->diagnosis[0] == 'O', newborn = one->diagnosis[0] == 'P';
    int64_t chance = draw_chance(random, one->chance, aged);
    whole128 cost = (whole128)one->mean * 100 * (whole128)year_factors[year] * (whole128)level_factors[level];
    int64_t fen =
        (int64_t)((cost * (whole128)chance + (whole128)MILLION * MILLION / 2) / ((whole128)MILLION * MILLION));
    long long age = newborn ? 0
                    : birth ? random_between(random, 21, 39)
                    : aged  ? random_between(random, 66, 90)
                            : random_between(random, 18, 65);
    bool female = birth || one->diagnosis[0] == 'D' || (one->diagnosis[0] != 'N' && random_chance(random, 48));
    int64_t stay = one->stay + random_between(random, -one->stay / 3, one->stay / 3);
    int hospital = level * 4 + 1 + (int)random_below(random, 4);
    bool employee = random_chance(random, 58);
    int month = (int)random_between(random, 1, 12), day = (int)random_between(random, 1, 28);
    fprintf(h->out, "H%u-%09llu,H%02d,%s,%s,%d,%lld,%lld,1,%u-%02d-%02d,%s,%s%s%s", h->first_year + year,
            (unsigned long long)n + 1, hospital, level_names[level], employee ? "职工" : "居民", female ? 2 : 1, age,
            (long long)stay, h->first_year + year, month, day, one->diagnosis, one->principal,
            one->related[0] ? "|" : "", one->related);
    write_yuan(h->out, fen);
    write_yuan(h->out, fen * one->drugs / 100);
    write_yuan(h->out, fen * one->materials / 100);
    fputc('\n', h->out);
}

static void write_history(struct history *h, uint64_t count) {
    fputs("id,hospital,hospital_level,insured_type,gender,age,los,discharge,discharged,dx,proc,cost,drug_cost,"
          "material_cost\n",
          h->out);
    for (uint64_t n = 0; n < count; n++) {
        if (!h->clean && n % SPOIL_EVERY == SPOIL_EVERY / 2) {
            write_spoilt(h, n);
        } else {
            write_claim(h, n);
        }
    }
}

/* ---- the command ------------------------------------------------------------------------------------------ */

int main(int argc, char **argv) {
    const char *diagnoses = NULL, *procedures = NULL, *path = "-", *truth = NULL, *count = "120000", *seed = "2021",
               *year = "2021";
    static struct history h;
    for (int i = 1; i < argc; i++) {
        const char **to = strcmp(argv[i], "--diagnoses") == 0    ? &diagnoses
                          : strcmp(argv[i], "--procedures") == 0 ? &procedures
                          : strcmp(argv[i], "--count") == 0      ? &count
                          : strcmp(argv[i], "--seed") == 0       ? &seed
                          : strcmp(argv[i], "--year") == 0       ? &year
                          : strcmp(argv[i], "--truth") == 0      ? &truth
                          : strcmp(argv[i], "-o") == 0           ? &path
                                                                 : NULL;
        if (strcmp(argv[i], "--clean") == 0) {
            h.clean = true;
        } else if (!to || i + 1 == argc) {
            fputs("usage: make-history --diagnoses ICD10.tsv --procedures ICD9.tsv [--count N] [--seed N] [--year "
                  "FIRST]\n"
                  "                    [--clean] [--truth TRUTH.csv] [-o OUT.csv]\n",
                  stderr);
            return 2;
        } else {
            *to = argv[++i];
        }
    }
    if (!read_codes(diagnoses, &h.diagnoses) || !read_codes(procedures, &h.procedures)) {
        return fail("cannot read the codes:", "--diagnoses and --procedures name catalogues");
    }
    h.random.state = strtoull(seed, NULL, 10);
    h.first_year = (unsigned)strtoul(year, NULL, 10);
    add_frequent(&h);
    add_tail(&h);
    add_up_shares(&h);
    const char *unknown = unknown_code(&h);
    if (unknown) {
        return fail("no catalogue has the code", unknown);
    }
    if (truth && !write_truth(&h, truth)) {
        return fail("cannot write", truth);
    }
    h.out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (!h.out) {
        return fail("cannot write", path);
    }
    write_history(&h, strtoull(count, NULL, 10));
    int result = fflush(h.out) == 0 && !ferror(h.out) ? 0 : fail("cannot write", path);
    free(h.diagnoses.bytes);
    free(h.procedures.bytes);
    return result;
}
