/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of `casemix calibrate`. Those that every command on cases has are left to options.c. */
#include "settings.h"

#include "../command.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { WORD, SWITCH, COUNT, SHARE, MULTIPLE, YUAN, OWN };

struct row {
    const char *name;
    unsigned what; /* FOR_ */
    enum kind kind;
    size_t field;
};

#define AT(name) offsetof(struct settings, name)
static const struct row rows[] = {
    {"force", FOR_ALL, SWITCH, AT(force)},
    {"quiet", FOR_ALL, SWITCH, AT(quiet)},
    {"weights", FOR_ALL, OWN, 0},
    {"trim", FOR_ALL, OWN, 0},
    {"last-year", FOR_ALL, COUNT, AT(last_year)},
    {"levels", FOR_ALL, WORD, AT(levels)},
    {"min-cases", FOR_DIP | FOR_AUXILIARY, COUNT, AT(min_cases)},
    {"key", FOR_DIP, OWN, 0},
    {"coverage", FOR_DIP, SHARE, AT(coverage)},
    {"related", FOR_DIP, SHARE, AT(related)},
    {"operations", FOR_DIP, OWN, 0},
    {"benchmark", FOR_DIP, WORD, AT(benchmark)},
    {"mean-cost", FOR_DIP, YUAN, AT(mean_cost)},
    {"basic-cases", FOR_DIP, COUNT, AT(basic_cases)},
    {"basic-cv", FOR_DIP, MULTIPLE, AT(basic_cv)},
    {"extends", FOR_DIP, WORD, AT(extends)},
    {"id", FOR_DIP, WORD, AT(id)},
    {"title", FOR_DIP, WORD, AT(title)},
    {"date", FOR_DIP, WORD, AT(date)},
    {"names", FOR_DIP, WORD, AT(names)},
    {"demonstration", FOR_DIP, SWITCH, AT(demonstration)},
    {"pools", FOR_DRG, WORD, AT(pools)},
    {"fund", FOR_DRG, WORD, AT(fund)},
    {"fund-share", FOR_DRG, WORD, AT(fund_share)},
    {"expert", FOR_DRG, WORD, AT(expert)},
    {"unstable-cases", FOR_DRG, COUNT, AT(unstable_cases)},
    {"unstable-cv", FOR_DRG, MULTIPLE, AT(unstable_cv)},
    {"factor-cv", FOR_AUXILIARY, MULTIPLE, AT(factor_cv)},
    {"reduction", FOR_AUXILIARY, SHARE, AT(reduction)},
};

/* ---- values ----------------------------------------------------------------------------------------------- */

/* "1:2:7", oldest year first. */
static int set_weights(struct settings *s, const char *value) {
    s->years = 0;
    for (const char *at = value; at;) {
        size_t length = strcspn(at, ":");
        uint64_t weight;
        if (s->years == YEARS_MAX || !exact_read(at, length, 0, 1000, &weight) || weight == 0) {
            return wrong_use(&s->o,
                             "--weights takes the weights of 1 to %d years, oldest first, each 1 to 1000, such "
                             "as 1:2:7, not '%s'",
                             YEARS_MAX, value);
        }
        s->weights[s->years++] = (uint32_t)weight;
        at = at[length] ? at + length + 1 : NULL;
    }
    return -1;
}

static bool read_pair(const char *text, unsigned places, uint64_t most, struct trim *out) {
    size_t length = strcspn(text, ":");
    uint64_t low, high;
    if (!text[length] || !exact_read(text, length, places, most, &low) ||
        !exact_read(text + length + 1, strlen(text + length + 1), places, most, &high) || low >= high) {
        return false;
    }
    out->low = (uint32_t)low;
    out->high = (uint32_t)high;
    return true;
}

static int set_trim(struct settings *s, const char *value) {
    static const char percentile[] = "percentile:", interval[] = "interval:";
    bool fine = strcmp(value, "none") == 0;
    s->trim = (struct trim){TRIM_NONE, 0, 0};
    if (strncmp(value, percentile, sizeof percentile - 1) == 0) {
        s->trim.rule = TRIM_PERCENTILE;
        fine = read_pair(value + sizeof percentile - 1, 2, 10000, &s->trim);
    } else if (strncmp(value, interval, sizeof interval - 1) == 0) {
        s->trim.rule = TRIM_INTERVAL;
        fine = read_pair(value + sizeof interval - 1, 4, 100000000, &s->trim);
    }
    return fine ? -1
                : wrong_use(&s->o,
                            "--trim takes none, percentile:2.5:97.5 (percent of the cases) or "
                            "interval:0.3:3 (times the mean), the lower first, not '%s'",
                            value);
}

static int set_key(struct settings *s, const char *value) {
    static const struct {
        const char *word;
        unsigned length;
    } keys[] = {{"3", 3}, {"4", 5}, {"full", 0}};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(keys[i].word, value) == 0) {
            s->key_length = keys[i].length;
            return -1;
        }
    }
    return wrong_use(&s->o, "--key takes 3, 4 (characters of the diagnosis without the dot) or full, not '%s'",
                     value);
}

static int set_operations(struct settings *s, const char *value) {
    s->any_place = strcmp(value, "any") == 0;
    return s->any_place || strcmp(value, "principal") == 0
               ? -1
               : wrong_use(&s->o, "--operations takes principal or any, not '%s'", value);
}

static int set_own(struct settings *s, const char *name, const char *value) {
    return strcmp(name, "weights") == 0 ? set_weights(s, value)
           : strcmp(name, "trim") == 0  ? set_trim(s, value)
           : strcmp(name, "key") == 0   ? set_key(s, value)
                                        : set_operations(s, value);
}

static int set_number(struct settings *s, const struct row *row, const char *value) {
    static const struct {
        unsigned places;
        uint64_t most;
        const char *what;
    } kinds[] = {
        [COUNT] = {0, 1000000000, "a whole number"},
        [SHARE] = {2, 10000, "percent from 0 to 100 with at most two decimals"},
        [MULTIPLE] = {4, 1000000, "a number from 0 to 100 with at most four decimals"},
        [YUAN] = {2, 100000000000000, "an amount in yuan with at most two decimals"},
    };
    uint64_t number;
    if (!exact_read(value, strlen(value), kinds[row->kind].places, kinds[row->kind].most, &number)) {
        return wrong_use(&s->o, "--%s takes %s, not '%s'", row->name, kinds[row->kind].what, value);
    }
    *(uint64_t *)(void *)((char *)s + row->field) = number;
    return -1;
}

static int set_value(struct settings *s, const struct row *row, const char *value) {
    if (row->kind == SWITCH) {
        *(bool *)(void *)((char *)s + row->field) = true;
        return -1;
    }
    if (!value || !*value) {
        return wrong_use(&s->o, "--%s needs a value", row->name);
    }
    if (row->kind == WORD) {
        *(const char **)(void *)((char *)s + row->field) = value;
        return -1;
    }
    return row->kind == OWN ? set_own(s, row->name, value) : set_number(s, row, value);
}

/* ---- the command line ------------------------------------------------------------------------------------- */

/* The row of `--name` or `--name=value`. */
static const struct row *row_of(const char *word, unsigned what) {
    size_t length = strncmp(word, "--", 2) == 0 ? strcspn(word + 2, "=") : 0;
    for (size_t i = 0; length && i < sizeof rows / sizeof *rows; i++) {
        bool takes_value = rows[i].kind != SWITCH;
        if ((rows[i].what & what) && strlen(rows[i].name) == length &&
            memcmp(rows[i].name, word + 2, length) == 0 && (takes_value || !word[2 + length])) {
            return &rows[i];
        }
    }
    return NULL;
}

int settings_read(struct settings *s, int argc, char **argv, unsigned what, const char *help) {
    *s = (struct settings){.o = {.command = argv[0]},
                           .weights = {1, 2, 7},
                           .years = 3,
                           .key_length = 5,
                           .min_cases = 15,
                           .related = 1000,
                           .basic_cases = 5,
                           .basic_cv = 7000,
                           .unstable_cases = 5,
                           .unstable_cv = 10000,
                           .factor_cv = 7000,
                           .reduction = 2000};
    int left = 1;
    bool words = false; /* behind `--` */
    for (int i = 1; i < argc; i++) {
        words |= strcmp(argv[i], "--") == 0;
        const struct row *row = words ? NULL : row_of(argv[i], what);
        if (!row) {
            argv[left++] = argv[i];
            continue;
        }
        const char *equals = strchr(argv[i], '=');
        const char *value = row->kind == SWITCH ? NULL : equals ? equals + 1 : ++i < argc ? argv[i] : NULL;
        int code = set_value(s, row, value);
        if (code >= 0) {
            return code;
        }
    }
    argv[left] = NULL;
    unsigned takes = TAKES_IMAGE | TAKES_OUTPUT | TAKES_SCHEME | TAKES_READING | TAKES_THREADS;
    int code = options_read(&s->o, left, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if (!s->o.output) {
        return wrong_use(&s->o, "say where the results go: -o DIR");
    }
    if (s->o.word_count == 0) {
        return wrong_use(&s->o, "say which history: HISTORY.csv");
    }
    return -1;
}

casemix_text listed(const char *list, casemix_text word) {
    while (list && *list) {
        size_t length = strcspn(list, ","), equals = strcspn(list, "=");
        if (equals < length && equals == word.length && memcmp(list, word.text, equals) == 0) {
            return (casemix_text){list + equals + 1, length - equals - 1};
        }
        list += length + (list[length] == ',');
    }
    return (casemix_text){"", 0};
}
