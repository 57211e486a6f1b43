/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 200 }; /* rules are nested 64 deep at most; an image made otherwise gets no answer beyond this */

static bool set_has(const struct scheme_view *scheme, uint32_t set, uint32_t id) {
    const uint16_t *members = scheme->members + scheme->sets[set].first;
    uint32_t low = 0, high = scheme->sets[set].count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (members[middle] == id) {
            return true;
        }
        if (members[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* The codes at the positions of a test, one after the other: the principal one and the others are places of a list. */
struct walk {
    const struct code_list *list;
    uint32_t place, end;
};

static struct walk walk_over(const struct casemix_context *context, unsigned where, bool procedures) {
    const struct code_list *list = procedures ? &context->prepared.procedures : &context->prepared.diagnoses;
    unsigned principal = procedures ? 4 : 1, others = procedures ? 8 : 2;
    struct walk walk = {list, where & principal ? 0 : 1, where & others ? list->count : 1};
    if (walk.end > list->count) {
        walk.end = list->count;
    }
    return walk;
}

/* The place of the first code of the walk that is in the set, or the count of the list. */
static uint32_t first_in(const struct scheme_view *scheme, uint32_t set, struct walk walk) {
    for (uint32_t i = walk.place; i < walk.end; i++) {
        if (walk.list->ids[i] != IMAGE_NONE32 && set_has(scheme, set, walk.list->ids[i])) {
            return i;
        }
    }
    return IMAGE_NONE32;
}

static uint32_t distinct_in(const struct scheme_view *scheme, uint32_t set, struct walk walk) {
    uint32_t count = 0;
    for (uint32_t i = walk.place; i < walk.end; i++) {
        bool counts = walk.list->ids[i] != IMAGE_NONE32 && set_has(scheme, set, walk.list->ids[i]);
        for (uint32_t j = walk.place; j < i && counts; j++) {
            counts = walk.list->ids[j] != walk.list->ids[i];
        }
        count += counts;
    }
    return count;
}

bool compares(int64_t value, unsigned compare, int64_t with) {
    switch (compare) {
    case 0:
        return value == with;
    case 1:
        return value < with;
    case 2:
        return value <= with;
    case 3:
        return value > with;
    case 4:
        return value >= with;
    default:
        return value != with;
    }
}

casemix_severity severity_of(const struct casemix_context *context, uint32_t place, bool *excluded) {
    const struct scheme_view *scheme = context->scheme;
    const struct code_list *list = &context->prepared.diagnoses;
    *excluded = false;
    if (list->ids[place] == IMAGE_NONE32) {
        return CASEMIX_NO_CC;
    }
    uint16_t by = list->ids[0] == IMAGE_NONE32
                      ? 0
                      : scheme->diagnosis_profiles[scheme->diagnosis_profile[list->ids[0]]].exclusion;
    const struct image_diagnosis_profile *profile =
        &scheme->diagnosis_profiles[scheme->diagnosis_profile[list->ids[place]]];
    if (profile->mcc_table != 0 && profile->mcc_table != by) {
        return CASEMIX_MCC;
    }
    if (profile->cc_table != 0 && profile->cc_table != by) {
        return CASEMIX_CC;
    }
    *excluded = profile->mcc_table != 0 || profile->cc_table != 0;
    return CASEMIX_NO_CC;
}

/* Both severities that other diagnoses have: bit 0 MCC, bit 1 CC, as SEVERITY tests ask for them. */
static unsigned severities(const struct casemix_context *context) {
    const struct scheme_view *scheme = context->scheme;
    const struct code_list *list = &context->prepared.diagnoses;
    unsigned found = 0;
    uint16_t by = list->count == 0 || list->ids[0] == IMAGE_NONE32
                      ? 0
                      : scheme->diagnosis_profiles[scheme->diagnosis_profile[list->ids[0]]].exclusion;
    for (uint32_t i = 1; i < list->count; i++) {
        if (list->ids[i] != IMAGE_NONE32) {
            const struct image_diagnosis_profile *profile =
                &scheme->diagnosis_profiles[scheme->diagnosis_profile[list->ids[i]]];
            found |= profile->mcc_table != 0 && profile->mcc_table != by ? 1 : 0;
            found |= profile->cc_table != 0 && profile->cc_table != by ? 2 : 0;
        }
    }
    return found;
}

static bool among(const struct casemix_context *context, const struct image_expression *test) {
    casemix_text value = without_blanks(context->given->facts[test->fact]);
    for (uint32_t i = 0; i < test->count && value.length > 0; i++) {
        casemix_text word = text_of(context, context->scheme->expression_words[test->first + i]);
        if (word.length == value.length && memcmp(word.text, value.text, word.length) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_present(const struct casemix_context *context, unsigned fact) {
    enum fact_kind kind = fact_rows[fact].kind;
    return kind == FACT_KIND_TEXT || kind == FACT_KIND_DATE ? !is_absent(context->given->facts[fact])
                                                            : context->prepared.present >> fact & 1;
}

static bool holds(const struct casemix_context *context, uint32_t number, int depth);

/* The weights of the parts that hold. */
static int64_t total_of(const struct casemix_context *context, const struct image_expression *test, int depth) {
    int64_t total = 0;
    for (uint32_t i = 0; i < test->count; i++) {
        total += holds(context, test->first + i, depth + 1) ? context->scheme->expressions[test->first + i].number : 0;
    }
    return total;
}

static bool holds(const struct casemix_context *context, uint32_t number, int depth) {
    const struct scheme_view *scheme = context->scheme;
    const struct image_expression *test = &scheme->expressions[number];
    uint32_t met = 0;
    if (depth == DEPTH_MAX) {
        return false;
    }
    switch (test->op) {
    case IMAGE_OP_TRUE:
        return true;
    case IMAGE_OP_AND:
    case IMAGE_OP_OR:
    case IMAGE_OP_AT_LEAST:
        for (uint32_t i = 0; i < test->count; i++) {
            met += holds(context, test->first + i, depth + 1);
        }
        return test->op == IMAGE_OP_AND ? met == test->count : met >= (test->op == IMAGE_OP_OR ? 1 : test->number);
    case IMAGE_OP_NOT:
        return !holds(context, test->first, depth + 1);
    case IMAGE_OP_IN:
        return first_in(scheme, test->set, walk_over(context, test->where, scheme->sets[test->set].kind == 1)) !=
               IMAGE_NONE32;
    case IMAGE_OP_SEVERITY:
        return (severities(context) & (unsigned)test->number) != 0;
    case IMAGE_OP_COMPARE:
        return context->prepared.present >> test->fact & 1 &&
               compares(context->prepared.numbers[test->fact], test->compare, test->number);
    case IMAGE_OP_AMONG:
        return among(context, test);
    case IMAGE_OP_COUNT:
        return compares(distinct_in(scheme, test->set, walk_over(context, test->where, scheme->sets[test->set].kind == 1)),
                        test->compare, test->number);
    case IMAGE_OP_PRESENT:
        return is_present(context, test->fact);
    case IMAGE_OP_TOTAL:
        return compares(total_of(context, test, depth), test->compare, test->number);
    default:
        return false;
    }
}

bool condition_holds(const struct casemix_context *context, uint32_t expression) {
    return holds(context, expression, 0);
}

static bool asks_diagnosis(const struct casemix_context *context, uint32_t number, int depth) {
    const struct image_expression *test = &context->scheme->expressions[number];
    bool parent = test->op == IMAGE_OP_AND || test->op == IMAGE_OP_OR || test->op == IMAGE_OP_AT_LEAST ||
                  test->op == IMAGE_OP_NOT || test->op == IMAGE_OP_TOTAL;
    if (test->op == IMAGE_OP_IN || depth == DEPTH_MAX) {
        return test->op == IMAGE_OP_IN && (test->where & 1) != 0;
    }
    for (uint32_t i = 0; parent && i < test->count; i++) {
        if (asks_diagnosis(context, test->first + i, depth + 1)) {
            return true;
        }
    }
    return false;
}

bool condition_asks_diagnosis(const struct casemix_context *context, uint32_t expression) {
    return asks_diagnosis(context, expression, 0);
}

/* ---- in words ---- */

static const char *where_words(unsigned where) {
    static const char *const words[16] = {[1] = "principal diagnosis",  [2] = "other diagnoses",
                                          [3] = "diagnoses",            [4] = "principal procedure",
                                          [8] = "other procedures",     [12] = "procedures"};
    return words[where & 15] == NULL ? "codes" : words[where & 15];
}

static void describe_codes(const struct casemix_context *context, const struct image_expression *test, char *out,
                           size_t size) {
    const struct scheme_view *scheme = context->scheme;
    bool procedures = scheme->sets[test->set].kind == 1;
    struct walk walk = walk_over(context, test->where, procedures);
    uint32_t place = first_in(scheme, test->set, walk);
    const char *set = image_string(context->owner->image, scheme->sets[test->set].name);
    set = set[0] == '\0' ? "the list of the rule" : set;
    const struct catalogue_view *catalogue = procedures ? scheme->procedures : scheme->diagnoses;
    size_t length;
    if (test->op == IMAGE_OP_COUNT) {
        snprintf(out, size, "%u different codes of %s among the %s", distinct_in(scheme, test->set, walk), set,
                 where_words(test->where));
    } else if (place != IMAGE_NONE32) {
        const char *code = catalogue_view_code(catalogue, walk.list->ids[place], &length);
        const char *name = image_string(context->owner->image, catalogue->names[walk.list->ids[place]]);
        snprintf(out, size, "%s %.*s %s is in %s", place == 0 ? where_words(procedures ? 4 : 1) : procedures ? "procedure" : "diagnosis",
                 (int)length, code, name, set);
    } else if (walk.place >= walk.end) {
        snprintf(out, size, "there is no %s", where_words(test->where));
    } else if (walk.end - walk.place == 1 && walk.list->ids[walk.place] != IMAGE_NONE32) {
        const char *code = catalogue_view_code(catalogue, walk.list->ids[walk.place], &length);
        const char *name = image_string(context->owner->image, catalogue->names[walk.list->ids[walk.place]]);
        snprintf(out, size, "%s %.*s %s is not in %s", where_words(test->where), (int)length, code, name, set);
    } else {
        snprintf(out, size, "none of the %s is in %s", where_words(test->where), set);
    }
}

/* "3: 1 as diagnosis I21.900 ... is in DI_MI; 2 as ..." */
static void describe_total(const struct casemix_context *context, const struct image_expression *test, char *out,
                           size_t size) {
    int used = snprintf(out, size, "the total is %" PRId64, total_of(context, test, 0));
    const char *sign = ": ";
    for (uint32_t i = 0; i < test->count && used > 0 && (size_t)used < size; i++) {
        const struct image_expression *part = &context->scheme->expressions[test->first + i];
        if (holds(context, test->first + i, 1)) {
            char words[200];
            describe_codes(context, part, words, sizeof words);
            used += snprintf(out + used, size - (size_t)used, "%s%" PRId64 " as %s", sign, part->number, words);
            sign = ", ";
        }
    }
}

/* A ratio is held in halves of 1/10000, odd if it is between two of these. */
void describe_ratio(int64_t held, char *out, size_t size) {
    int64_t whole = held / 2;
    snprintf(out, size, "%s%" PRId64 ".%04" PRId64, held % 2 != 0 ? "a little over " : "", whole / 10000, whole % 10000);
}

static void describe_value(const struct casemix_context *context, const struct image_expression *test, char *out,
                           size_t size) {
    const struct fact_row *row = &fact_rows[test->fact];
    casemix_text value = context->given->facts[test->fact];
    if (row->kind == FACT_KIND_RATIO) {
        char words[40] = "not known";
        if (is_present(context, test->fact)) {
            describe_ratio(context->prepared.numbers[test->fact], words, sizeof words);
        }
        snprintf(out, size, "%s (%s) is %s", row->word, row->meaning, words);
    } else if (!is_present(context, test->fact)) {
        snprintf(out, size, "%s (%s) is not given", row->column, row->meaning);
    } else if (row->kind == FACT_KIND_NUMBER || row->kind == FACT_KIND_SEX || row->kind == FACT_KIND_FLAG) {
        snprintf(out, size, "%s is %" PRId64 "%s%s", row->column, context->prepared.numbers[test->fact],
                 row->unit[0] == '\0' ? "" : " ", row->unit);
    } else {
        snprintf(out, size, "%s is %.*s", row->column, (int)(value.length < 60 ? value.length : 60), value.text);
    }
}

void describe_test(const struct casemix_context *context, uint32_t expression, char *out, size_t size) {
    const struct image_expression *test = &context->scheme->expressions[expression];
    switch (test->op) {
    case IMAGE_OP_IN:
    case IMAGE_OP_COUNT:
        describe_codes(context, test, out, size);
        return;
    case IMAGE_OP_COMPARE:
    case IMAGE_OP_AMONG:
    case IMAGE_OP_PRESENT:
        describe_value(context, test, out, size);
        return;
    case IMAGE_OP_TOTAL:
        describe_total(context, test, out, size);
        return;
    case IMAGE_OP_SEVERITY: {
        const char *what = test->number == 3 ? "MCC or CC" : test->number == 1 ? "MCC" : "CC";
        bool met = condition_holds(context, expression);
        snprintf(out, size, met ? "an other diagnosis counts as %s" : "no other diagnosis counts as %s", what);
        return;
    }
    case IMAGE_OP_TRUE:
    case IMAGE_OP_FALSE:
        snprintf(out, size, test->op == IMAGE_OP_TRUE ? "takes every case" : "switched off");
        return;
    default:
        snprintf(out, size, "%s", condition_holds(context, expression) ? "holds" : "does not hold");
    }
}
