/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_text.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void put(struct rule_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, RULE_TEXT_BYTES - text->length, format, arguments);
    va_end(arguments);
    cr_assert(length >= 0 && (size_t)length < RULE_TEXT_BYTES - text->length, "the rules are too long");
    text->length += (size_t)length;
}

void rule_text_save(const struct rule_text *text, const char *folder, const char *name) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(text->bytes, 1, text->length, file) == text->length && fclose(file) == 0,
              "cannot write %s", path);
}

const char *one_of(struct random *random, const char *const *words, size_t count) {
    return words[random_below(random, count)];
}

/* ---- conditions ------------------------------------------------------------------------------------------- */

void put_set(struct rule_text *text, struct random *random, const struct rule_words *words, bool diagnoses) {
    if (random_chance(random, 70)) {
        put(text, "%s_%u", diagnoses ? "DI" : "OP", (unsigned)random_below(random, RULE_SETS));
    } else if (diagnoses) {
        put(text, "{%s}", one_of(random, words->diagnoses, words->diagnosis_count));
    } else {
        put(text, "{%s}", one_of(random, words->procedures, words->procedure_count));
    }
}

const char *where_text(struct random *random, bool diagnoses) {
    return diagnoses ? ONE_OF(random, "ZYZD", "QTZD", "{ZYZD,QTZD}", "{QTZD}")
                     : ONE_OF(random, "ZYSS", "QTSS", "{ZYSS,QTSS}", "{ZYSS}");
}

static const char *comparison(struct random *random) {
    return ONE_OF(random, "=", "<", "<=", ">", ">=", "!=");
}

static void put_number(struct rule_text *text, struct random *random) {
    static const char *const facts[] = {"XB", "XJS", "RJSS", "XSRTZ", "NL", "XSRTL", "ZYTS", "ICUXS", "HXJXS", "DBW"};
    enum { WITH_FEW_VALUES = 3, FACTS = sizeof facts / sizeof *facts };
    size_t which = random_below(random, FACTS);
    put(text, "%s %s ", facts[which], comparison(random));
    put(text, "%s",
        which < WITH_FEW_VALUES    ? ONE_OF(random, "0", "1", "2")
        : which == WITH_FEW_VALUES ? ONE_OF(random, "0", "1500", "2147483647")
                                   : ONE_OF(random, "0", "1", "17", "28", "60"));
}

/* Quotients of the case: shares of its cost, and what is known of a DIP entry only; or a total. */
static void put_quotient(struct rule_text *text, struct random *random, const struct rule_words *words) {
    if (words->total && (!words->ratios || random_chance(random, 40))) {
        put(text, "CCI %s ", comparison(random));
        put(text, "%s", ONE_OF(random, "0", "1", "2", "3", "5", "7"));
        return;
    }
    bool late = words->late && random_chance(random, 60);
    const char *ratio = late ? ONE_OF(random, "FYBL", "ZYBL") : ONE_OF(random, "YPZB", "HCZB", "ZLZB", "ZYZB");
    if (random_chance(random, 8)) {
        put(text, "present(%s)", ratio);
        return;
    }
    put(text, "%s %s ", ratio, comparison(random));
    put(text, "%s", ONE_OF(random, "0", "0.3", "0.5", "0.3333", "1", "1.5", "2.0001", "3"));
}

static void put_text(struct rule_text *text, struct random *random) {
    const char *fact = ONE_OF(random, "KS", "LYFS", "YYJB", "CBLX", "QYDM");
    switch (random_below(random, 4)) {
    case 0:
        put(text, "%s = %s", fact, ONE_OF(random, "1", "ICU", "5"));
        break;
    case 1:
        put(text, "%s != %s", fact, ONE_OF(random, "1", "ICU", "5"));
        break;
    default:
        put(text, "%s %s ", fact, ONE_OF(random, "in", "not in"));
        put(text, "{%s}", ONE_OF(random, "1, 5", "ICU", "0302, 1, 1", "5, 28"));
    }
}

static void put_count(struct rule_text *text, struct random *random, const struct rule_words *words) {
    bool diagnoses = random_chance(random, 50), set_first = random_chance(random, 50);
    put(text, "length(");
    if (set_first) {
        put_set(text, random, words, diagnoses);
        put(text, " ∩ %s", where_text(random, diagnoses));
    } else {
        put(text, "%s ∩ ", where_text(random, diagnoses));
        put_set(text, random, words, diagnoses);
    }
    put(text, ") %s ", comparison(random));
    put(text, "%u", (unsigned)random_below(random, 4));
}

static void put_test(struct rule_text *text, struct random *random, const struct rule_words *words) {
    bool diagnoses = random_chance(random, 50), quotients = words->ratios || words->total;
    switch (random_below(random, quotients ? 15 : 12)) {
    case 0:
        put_number(text, random);
        break;
    case 1:
        put(text, "ZFY %s ", comparison(random));
        put(text, "%s", ONE_OF(random, "0", "50000.5", "1234.0001", "922337203685477.5807"));
        break;
    case 2:
        put_text(text, random);
        break;
    case 3:
    case 4:
        put_count(text, random, words);
        break;
    case 5:
        put(text, "present(%s)", ONE_OF(random, "XSRTZ", "NL", "KS", "ZFY", "XB", "RJSS", "QYDM"));
        break;
    case 12:
    case 13:
    case 14:
        put_quotient(text, random, words);
        break;
    case 6:
    case 7:
        if (words->no_severity) {
            put(text, "1");
            break;
        }
        put(text, "QTZD %s ", ONE_OF(random, "in", "in", "not in"));
        put(text, "%s", ONE_OF(random, "MCC", "CC", "{MCC,CC}"));
        break;
    case 8:
        put(text, "%s", ONE_OF(random, "1", "0"));
        break;
    default:
        put(text, "%s ", where_text(random, diagnoses));
        put(text, "%s ", ONE_OF(random, "in", "in", "not in"));
        put_set(text, random, words, diagnoses);
    }
}

static void put_children(struct rule_text *text, struct random *random, const struct rule_words *words,
                         const char *between, unsigned most, unsigned depth) {
    uint64_t count = 2 + random_below(random, most);
    size_t start = text->length, first_length = 0;
    for (uint64_t i = 0; i < count; i++) {
        put(text, "%s", i > 0 ? between : "");
        if (i > 0 && random_chance(random, 15)) {
            put(text, "%.*s", (int)first_length, text->bytes + start); /* the first child again, word by word */
        } else {
            put_condition(text, random, words, depth);
        }
        first_length = i == 0 ? text->length - start : first_length;
    }
}

void put_condition(struct rule_text *text, struct random *random, const struct rule_words *words, unsigned depth) {
    uint64_t way = depth == 0 ? 0 : random_below(random, 10);
    unsigned most = random_chance(random, 4) ? 70 : 3; /* seldom too many to multiply out */
    depth -= depth > 0;
    switch (way) {
    default:
        put_test(text, random, words);
        break;
    case 3:
    case 4:
        put(text, "(");
        put_children(text, random, words, " and ", most, depth);
        put(text, ")");
        break;
    case 5:
    case 6:
        put(text, "(");
        put_children(text, random, words, " or ", most, most > 3 ? 0 : depth);
        put(text, ")");
        break;
    case 7:
        put(text, "not ");
        put_condition(text, random, words, depth);
        break;
    case 8:
    case 9:
        put(text, "atleast(%u, ", 1 + (unsigned)random_below(random, 2));
        put_children(text, random, words, ", ", 3, depth);
        put(text, ")");
    }
}

/* ---- parts of schemes ------------------------------------------------------------------------------------- */

void put_sets(struct rule_text *text, struct random *random, const char *const *diagnoses, size_t diagnosis_count,
              const char *const *procedures, size_t procedure_count) {
    put(text, "sets:\n");
    for (unsigned i = 0; i < RULE_SETS; i++) {
        put(text, "  DI_%u: \"%s\"\n", i, one_of(random, diagnoses, diagnosis_count));
        put(text, "  OP_%u: \"%s\"\n", i, one_of(random, procedures, procedure_count));
    }
}

/* Each list of the severity tables has codes of its own: a code stands in one table only. */
void put_severity(struct rule_text *text, struct random *random, const char *const codes[12]) {
    put(text, "severity:\n");
    size_t shift = random_below(random, 12);
    for (size_t t = 0; t < 3; t++) {
        put(text, "  t%zu:\n", t);
        if (random_chance(random, 80)) {
            put(text, "    principal: %s %s %s\n", codes[(shift + t * 4) % 12], codes[(shift + t * 4 + 1) % 12],
                codes[(shift + t * 4 + 3) % 12]);
        }
        put(text, "    mcc: %s %s\n    cc: %s %s\n", codes[(shift + t * 4) % 12], codes[(shift + t * 4 + 2) % 12],
            codes[(shift + t * 4 + 3) % 12], codes[(shift + t * 4 + (random_chance(random, 30) ? 2 : 1)) % 12]);
    }
}
