/* SPDX-License-Identifier: Apache-2.0
 *
 * See oracle.h. Three parts: reading the facts of a case (DESIGN 6, preparation), conditions by plain recursion,
 * and the walk over MDCs, steps and DRGs; that over a DIP catalogue is in dip_oracle.c. */
#include "../../tables/compile/dip.h"
#include "oracle_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_REPAIRED = 100 };

/* ---- reading ---------------------------------------------------------------------------------------------- */

/* Full width characters to plain ones, the dagger to `+`, blanks at both ends off. False if it is too long. */
static bool tidy(const char *text, size_t length, char out[TEXT_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        const unsigned char *c = (const unsigned char *)text + i;
        size_t left = length - i;
        if (n + 2 > TEXT_MAX) {
            return false;
        }
        if (left >= 3 && c[0] == 0xE3 && c[1] == 0x80 && c[2] == 0x80) { /* U+3000, a full width blank */
            out[n++] = ' ';
            i += 2;
        } else if (left >= 3 && c[0] == 0xEF && c[1] == 0xBC && c[2] >= 0x81) { /* U+FF01 .. U+FF3F are ! .. _ */
            out[n++] = (char)(c[2] - 0x81 + '!');
            i += 2;
        } else if (left >= 3 && c[0] == 0xEF && c[1] == 0xBD && c[2] <= 0x9E) { /* U+FF40 .. U+FF5E are ` .. ~ */
            out[n++] = (char)(c[2] - 0x80 + '`');
            i += 2;
        } else if (left >= 3 && c[0] == 0xE2 && c[1] == 0x80 && c[2] == 0xA0) { /* U+2020, the dagger */
            out[n++] = '+';
            i += 2;
        } else {
            out[n++] = text[i];
        }
    }
    out[n] = '\0';
    size_t start = strspn(out, " \t\r\n");
    n -= start;
    memmove(out, out + start, n + 1);
    while (n > 0 && strchr(" \t\r\n", out[n - 1])) {
        out[--n] = '\0';
    }
    return true;
}

static int find_code(const struct catalogue *catalogue, const char *text) {
    size_t low = 0, high = catalogue->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(catalogue->codes[middle].text, text);
        if (order == 0) {
            return (int)middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return UNKNOWN;
}

/* The letters as codes have them: large, but an `x` that neither starts the code nor follows a `+` is small. */
static void set_letters(char *code) {
    for (size_t i = 0; code[i]; i++) {
        code[i] = (char)toupper((unsigned char)code[i]);
        if (code[i] == 'X' && i > 0 && code[i - 1] != '+') {
            code[i] = 'x';
        }
    }
}

static void insert(char *code, size_t at, char sign) {
    memmove(code + at + 1, code + at, strlen(code + at) + 1);
    code[at] = sign;
}

/* A dot after the category, if the code has none: A01000 is A01.000, 451600 is 45.1600. */
static void insert_dot(char *code, enum code_kind kind) {
    size_t category = kind == CODE_DIAGNOSIS ? 3 : 2;
    if (!strchr(code, '.') && strlen(code) > category) {
        insert(code, category, '.');
    }
}

/* `+` before the second large letter and `*` at the end: A01.000x005J17.0 is A01.000x005+J17.0*. */
static void insert_signs(char *code) {
    size_t second = 1;
    while (code[second] && !isupper((unsigned char)code[second])) {
        second++;
    }
    bool plus = strchr(code, '+') != NULL;
    if (!plus && code[second]) {
        insert(code, second, '+');
        plus = true;
    }
    if (plus && code[strlen(code) - 1] != '*') {
        strcat(code, "*");
    }
}

/* The code as it stands, otherwise repaired step by step until it is in the catalogue. */
static int read_code(const struct oracle *oracle, enum code_kind kind, const char *text, size_t length) {
    const struct catalogue *catalogue = oracle->scheme->catalogues[kind];
    bool exact = oracle->compatibility && oracle->scheme->compatibility.exact_codes;
    char code[TEXT_MAX + 4];
    if (length > LONGEST_REPAIRED || !tidy(text, length, code)) {
        return UNKNOWN;
    }
    if (code[0] == '\0') {
        return EMPTY;
    }
    bool untouched = strlen(code) == length && memcmp(code, text, length) == 0;
    int found = exact && !untouched ? UNKNOWN : find_code(catalogue, code);
    for (int repair = 0; repair < 3 && found == UNKNOWN && !exact; repair++) {
        if (repair == 0) {
            set_letters(code);
        } else if (repair == 1) {
            insert_dot(code, kind);
        } else if (kind == CODE_DIAGNOSIS) {
            insert_signs(code);
        }
        found = find_code(catalogue, code);
    }
    return found;
}

static void read_codes(const struct oracle *oracle, enum code_kind kind, const char *list,
                       struct patient *patient) {
    size_t *count = &patient->count[kind], place = 0;
    *count = 0;
    for (; list; place++) {
        const char *bar = strchr(list, '|');
        int code = read_code(oracle, kind, list, bar ? (size_t)(bar - list) : strlen(list));
        bool principal = *count == 0;
        if ((code != EMPTY || principal) && *count < LIST_MAX) {
            patient->places[kind][*count] = place;
            patient->codes[kind][(*count)++] = code;
        }
        list = bar ? bar + 1 : NULL;
    }
}

/* A whole number of 0 .. 2147483647; zeros may follow a decimal point. */
static bool read_number(const char *text, bool negative, int64_t *out) {
    bool minus = negative && text[0] == '-';
    const char *digits = text + (minus ? 1 : 0);
    size_t n = strspn(digits, "0123456789");
    bool zeros = digits[n] == '.' && digits[n + 1] && strspn(digits + n + 1, "0") == strlen(digits + n + 1);
    if (n == 0 || (digits[n] && !zeros)) {
        return false;
    }
    *out = 0;
    for (; n > 0; digits++, n--) {
        *out = *out * 10 + (*digits - '0');
        if (*out > INT32_MAX) {
            return false;
        }
    }
    *out = minus ? -*out : *out;
    return true;
}

/* Yuan with up to 4 decimals, in 1/10000 yuan. */
static bool read_money(const char *text, int64_t *out) {
    const char *dot = strchr(text, '.');
    size_t whole = dot ? (size_t)(dot - text) : strlen(text), decimals = dot ? strlen(dot + 1) : 0;
    if (whole == 0 || whole > 18 || strspn(text, "0123456789") != whole || decimals > 4 || (dot && decimals == 0) ||
        (dot && strspn(dot + 1, "0123456789") != decimals)) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < whole + 4; i++) {
        char digit = i < whole ? text[i] : i - whole < decimals ? dot[1 + i - whole] : '0';
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, digit - '0', out)) {
            return false;
        }
    }
    return true;
}

static bool any_of(const char *text, const char *a, const char *b) {
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* 1 male, 2 female, 0 somebody that the rules do not know. `given` is the text before it was tidied: the other
 * implementations do not tidy. */
static bool read_sex(const struct oracle *oracle, const char *given, const char *text, int64_t *out) {
    const struct compatibility *odd = &oracle->scheme->compatibility;
    bool unknown = oracle->compatibility && odd->sex_words_unknown;
    bool refused = oracle->compatibility && odd->sex_words_refused;
    bool male = any_of(text, "男", "M") || strcmp(text, "m") == 0;
    bool female = any_of(text, "女", "F") || strcmp(text, "f") == 0;
    if (unknown && any_of(given, "男", "女")) {
        *out = 0;
        return true;
    }
    if (unknown || refused) {
        *out = given[0] - '0';
        return any_of(given, "1", "2");
    }
    *out = male ? 1 : female ? 2 : text[0] - '0';
    return male || female || any_of(text, "1", "2");
}

/* False: the fact is not what it should be. */
static bool read_fact(const struct oracle *oracle, enum fact fact, const char *given, struct patient *patient) {
    char *text = patient->text[fact];
    int64_t *number = &patient->number[fact];
    bool negative = oracle->compatibility && oracle->scheme->compatibility.negative_numbers;
    if (!tidy(given, strlen(given), text)) {
        return fact_rows[fact].kind == FACT_KIND_TEXT;
    }
    if (text[0] == '\0') {
        return true; /* nothing there: absent */
    }
    bool good = true;
    switch (fact_rows[fact].kind) {
    case FACT_KIND_NUMBER:
        good = read_number(text, negative, number);
        break;
    case FACT_KIND_MONEY:
        good = read_money(text, number);
        break;
    case FACT_KIND_SEX:
        good = read_sex(oracle, given, text, number);
        break;
    case FACT_KIND_FLAG:
        good = any_of(text, "0", "1");
        *number = text[0] - '0';
        break;
    default:
        break;
    }
    patient->there[fact] = good;
    return good;
}

/* ---- conditions ------------------------------------------------------------------------------------------- */

__extension__ typedef __int128 exact;

static bool compares(exact a, enum compare compare, exact b) {
    switch (compare) {
    case COMPARE_EQUAL:
        return a == b;
    case COMPARE_LESS:
        return a < b;
    case COMPARE_LESS_EQUAL:
        return a <= b;
    case COMPARE_GREATER:
        return a > b;
    case COMPARE_GREATER_EQUAL:
        return a >= b;
    case COMPARE_UNEQUAL:
        return a != b;
    }
    return false;
}

/* How many different codes at `where` are in `set`. */
static int64_t count_in(const struct patient *patient, unsigned where, const struct codeset *set) {
    const int *codes = patient->codes[set->kind];
    unsigned principal = set->kind == CODE_DIAGNOSIS ? WHERE_PRINCIPAL_DIAGNOSIS : WHERE_PRINCIPAL_PROCEDURE;
    unsigned other = set->kind == CODE_DIAGNOSIS ? WHERE_OTHER_DIAGNOSES : WHERE_OTHER_PROCEDURES;
    int64_t found = 0;
    for (size_t i = 0; i < patient->count[set->kind]; i++) {
        bool looked_at = where & (i == 0 ? principal : other);
        bool seen = false;
        for (size_t k = 0; k < i; k++) {
            seen = seen || (codes[k] == codes[i] && (where & (k == 0 ? principal : other)));
        }
        found += looked_at && !seen && codes[i] >= 0 && codeset_has(set, (uint32_t)codes[i]);
    }
    return found;
}

static bool listed(const struct codeset *set, int code) {
    return set && code >= 0 && codeset_has(set, (uint32_t)code);
}

/* Another diagnosis counts as MCC (CC) when it is in a table's list and the principal is not in the same table. */
static bool counts_as(const struct scheme *scheme, const struct patient *patient, int64_t wanted) {
    if (patient->count[CODE_DIAGNOSIS] == 0) {
        return false;
    }
    int principal = patient->codes[CODE_DIAGNOSIS][0];
    for (size_t i = 1; i < patient->count[CODE_DIAGNOSIS]; i++) {
        int code = patient->codes[CODE_DIAGNOSIS][i];
        for (size_t t = 0; t < scheme->table_count; t++) {
            const struct exclusion_table *table = &scheme->tables[t];
            bool in_list = ((wanted & SEVERITY_MCC) && listed(table->mcc, code)) ||
                           ((wanted & SEVERITY_CC) && listed(table->cc, code));
            if (in_list && !listed(table->principal, principal)) {
                return true;
            }
        }
    }
    return false;
}

/* A ratio is compared as it is: `number` is in halves of 1/10000. */
static bool compares_fact(const struct patient *patient, const struct expression *e) {
    bool ratio = fact_rows[e->fact].kind == FACT_KIND_RATIO;
    exact value = patient->number[e->fact], other = e->number;
    return patient->there[e->fact] && compares(ratio ? value * 20000 : value, e->compare,
                                               ratio ? other * patient->divisor[e->fact] : other);
}

bool oracle_holds(const struct scheme *scheme, const struct patient *patient, const struct expression *e) {
    size_t holding = 0;
    int64_t total = 0;
    if (e->op == EXPR_AND || e->op == EXPR_OR || e->op == EXPR_NOT || e->op == EXPR_AT_LEAST ||
        e->op == EXPR_TOTAL) {
        for (size_t i = 0; i < e->count; i++) {
            bool child = oracle_holds(scheme, patient, e->children[i]);
            holding += child;
            total += child && e->op == EXPR_TOTAL ? e->weights[i] : 0;
        }
    }
    switch (e->op) {
    case EXPR_TRUE:
        return true;
    case EXPR_FALSE:
        return false;
    case EXPR_AND:
        return holding == e->count;
    case EXPR_OR:
        return holding > 0;
    case EXPR_NOT:
        return holding == 0;
    case EXPR_AT_LEAST:
        return (int64_t)holding >= e->number;
    case EXPR_IN:
        return count_in(patient, e->where, e->set) > 0;
    case EXPR_SEVERITY:
        return counts_as(scheme, patient, e->number);
    case EXPR_COMPARE:
        return compares_fact(patient, e);
    case EXPR_AMONG:
        for (size_t i = 0; i < e->count; i++) {
            if (patient->there[e->fact] && strcmp(patient->text[e->fact], e->words[i]) == 0) {
                return true;
            }
        }
        return false;
    case EXPR_COUNT:
        return compares(count_in(patient, e->where, e->set), e->compare, e->number);
    case EXPR_PRESENT:
        return patient->there[e->fact];
    case EXPR_TOTAL:
        return compares(total, e->compare, e->number);
    }
    return false;
}

/* ---- the walk --------------------------------------------------------------------------------------------- */

static void answer(struct oracle_answer *out, casemix_status status, casemix_reason reason) {
    out->status = status;
    out->reason = reason;
}

/* True if the step takes the case; `out` is then filled. */
static bool take_step(const struct oracle *oracle, const struct patient *patient, const struct step *step,
                      struct oracle_answer *out) {
    if (!oracle_holds(oracle->scheme, patient, step->when)) {
        return false;
    }
    if (step->is_qy) {
        answer(out, CASEMIX_QY, CASEMIX_REASON_QY);
        out->drg = step->code;
        return true;
    }
    for (size_t d = 0; d < step->drg_count; d++) {
        if (oracle_holds(oracle->scheme, patient, step->drgs[d].when)) {
            answer(out, CASEMIX_GROUPED, CASEMIX_REASON_NONE);
            out->adrg = step->code;
            out->drg = step->drgs[d].code;
            return true;
        }
    }
    if (step->bare) {
        answer(out, CASEMIX_GROUPED, CASEMIX_REASON_ADRG_ONLY);
        out->adrg = step->code;
    }
    return step->bare;
}

/* An MDC whose condition asks for no principal diagnosis (transplants) takes cases of every disease: a case that
 * was tried there has not come to an MDC of its own by that. */
static bool asks_principal(const struct expression *e) {
    bool asks = e->op == EXPR_IN && (e->where & WHERE_PRINCIPAL_DIAGNOSIS);
    for (size_t i = 0; i < e->count && e->op != EXPR_AMONG; i++) {
        asks = asks || asks_principal(e->children[i]);
    }
    return asks;
}

static void walk(const struct oracle *oracle, const struct patient *patient, struct oracle_answer *out) {
    const struct scheme *scheme = oracle->scheme;
    const char *entered = NULL; /* the last one */
    if (patient->barred != CASEMIX_REASON_NONE) {
        answer(out, CASEMIX_UNGROUPED, patient->barred);
        return;
    }
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        const struct mdc *mdc = scheme->mdcs[m];
        if (!oracle_holds(scheme, patient, mdc->when)) {
            continue;
        }
        entered = asks_principal(mdc->when) ? mdc->code : entered;
        for (size_t s = 0; s < mdc->step_count; s++) {
            if (take_step(oracle, patient, mdc->steps[s], out)) {
                out->mdc = mdc->code;
                return;
            }
        }
    }
    int principal = patient->count[CODE_DIAGNOSIS] > 0 ? patient->codes[CODE_DIAGNOSIS][0] : EMPTY;
    answer(out, CASEMIX_UNGROUPED,
           principal == EMPTY     ? CASEMIX_REASON_NO_PRINCIPAL
           : principal == UNKNOWN ? CASEMIX_REASON_UNKNOWN_PRINCIPAL
           : entered              ? CASEMIX_REASON_NO_GROUP_IN_MDC
                                  : CASEMIX_REASON_PRINCIPAL_IN_NO_MDC);
    out->mdc = out->reason == CASEMIX_REASON_NO_GROUP_IN_MDC ? entered : "";
}

/* A gray or invalid principal code (invalid, if it is both) keeps the case out of every group, or counts for
 * nothing. */
static void bar(const struct oracle *oracle, enum code_kind kind, struct patient *patient) {
    const struct scheme *scheme = oracle->scheme;
    if (patient->count[kind] == 0 || (oracle->compatibility && scheme->compatibility.gray_as_others)) {
        return;
    }
    int *principal = &patient->codes[kind][0];
    for (int b = BARRED_KINDS - 1; b >= 0; b--) {
        enum barred_action action = scheme->barred[b].principal[kind];
        if (action == BARRED_NOTHING || !listed(scheme->barred[b].sets[kind], *principal)) {
            continue;
        }
        if (action == BARRED_IGNORED) {
            *principal = UNKNOWN;
        } else if (patient->barred == CASEMIX_REASON_NONE) {
            patient->barred = b == BARRED_GRAY ? CASEMIX_REASON_GRAY_PRINCIPAL : CASEMIX_REASON_INVALID_PRINCIPAL;
        }
        return;
    }
}

void oracle_set_ratio(struct patient *patient, enum fact fact, int64_t divided, int64_t divisor) {
    patient->there[fact] = divided >= 0 && divisor > 0;
    patient->number[fact] = divided;
    patient->divisor[fact] = divisor;
}

static void set_shares(struct patient *patient) {
    static const enum fact shares[][2] = {{FACT_DRUG_SHARE, FACT_DRUG_COST},
                                          {FACT_MATERIAL_SHARE, FACT_MATERIAL_COST},
                                          {FACT_THERAPY_SHARE, FACT_THERAPY_COST},
                                          {FACT_TCM_SHARE, FACT_TCM_COST}};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        enum fact part = shares[i][1];
        oracle_set_ratio(patient, shares[i][0], patient->there[part] ? patient->number[part] : -1,
                         patient->there[FACT_COST] ? patient->number[FACT_COST] : 0);
    }
}

static bool read_facts(const struct oracle *oracle, const struct plain_case *one, struct patient *patient,
                       struct oracle_answer *out) {
    memset(patient->there, 0, sizeof patient->there);
    memset(patient->text, 0, sizeof patient->text);
    for (int f = 0; f < FACT_COUNT; f++) {
        if (one->facts[f] && !read_fact(oracle, (enum fact)f, one->facts[f], patient) && oracle->used[f]) {
            answer(out, CASEMIX_INVALID, CASEMIX_REASON_BAD_FACT);
            out->fact = f;
            return false;
        }
        if (oracle->compatibility && oracle->scheme->compatibility.zero_if_missing[f] && !patient->there[f]) {
            patient->there[f] = true;
            patient->number[f] = 0;
        }
    }
    return true;
}

bool oracle_prepare(const struct oracle *oracle, const struct plain_case *one, struct patient *patient,
                    struct oracle_answer *out) {
    const struct scheme *scheme = oracle->scheme;
    *out = (struct oracle_answer){.fact = -1, .mdc = "", .adrg = "", .drg = ""};
    if (!read_facts(oracle, one, patient, out)) {
        return false;
    }
    set_shares(patient);
    read_codes(oracle, CODE_DIAGNOSIS, one->facts[FACT_DIAGNOSES], patient);
    read_codes(oracle, CODE_PROCEDURE, one->facts[FACT_PROCEDURES], patient);
    patient->barred = CASEMIX_REASON_NONE;
    bar(oracle, CODE_DIAGNOSIS, patient);
    bar(oracle, CODE_PROCEDURE, patient);
    for (size_t r = 0; r < scheme->requirement_count; r++) {
        const struct requirement *need = &scheme->requirements[r];
        if (!patient->there[need->fact] && (!need->when || oracle_holds(scheme, patient, need->when))) {
            answer(out, CASEMIX_NEEDS_DATA, CASEMIX_REASON_MISSING_FACT);
            out->fact = need->fact;
            return false;
        }
    }
    out->severity = counts_as(scheme, patient, SEVERITY_MCC)  ? CASEMIX_MCC
                    : counts_as(scheme, patient, SEVERITY_CC) ? CASEMIX_CC
                                                              : CASEMIX_NO_CC;
    return true;
}

void oracle_group(const struct oracle *oracle, const struct plain_case *one, struct oracle_answer *out) {
    static _Thread_local struct patient patient;
    if (oracle_prepare(oracle, one, &patient, out)) {
        walk(oracle, &patient, out);
    }
}

/* ---- making one ------------------------------------------------------------------------------------------- */

/* The facts that a ratio is computed from. */
static void mark_fact(enum fact fact, bool *used) {
    used[fact] = true;
    used[FACT_COST] |= fact_rows[fact].kind == FACT_KIND_RATIO && fact != FACT_STAY_RATIO;
    used[FACT_STAY] |= fact == FACT_STAY_RATIO;
    used[FACT_DRUG_COST] |= fact == FACT_DRUG_SHARE;
    used[FACT_MATERIAL_COST] |= fact == FACT_MATERIAL_SHARE;
    used[FACT_THERAPY_COST] |= fact == FACT_THERAPY_SHARE;
    used[FACT_TCM_COST] |= fact == FACT_TCM_SHARE;
}

void oracle_mark(const struct expression *e, bool *used) {
    if (!e) {
        return;
    }
    if (e->op == EXPR_COMPARE || e->op == EXPR_AMONG || e->op == EXPR_PRESENT) {
        mark_fact(e->fact, used);
    }
    if (e->op == EXPR_AND || e->op == EXPR_OR || e->op == EXPR_NOT || e->op == EXPR_AT_LEAST) {
        for (size_t i = 0; i < e->count; i++) {
            oracle_mark(e->children[i], used);
        }
    }
}

static void mark_scheme(const struct scheme *scheme, bool *used) {
    for (size_t r = 0; r < scheme->requirement_count; r++) {
        mark_fact(scheme->requirements[r].fact, used);
        oracle_mark(scheme->requirements[r].when, used);
    }
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        oracle_mark(scheme->mdcs[m]->when, used);
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            const struct step *step = scheme->mdcs[m]->steps[s];
            oracle_mark(step->when, used);
            for (size_t d = 0; d < step->drg_count; d++) {
                oracle_mark(step->drgs[d].when, used);
            }
        }
    }
}

struct oracle *oracle_new(const struct scheme *scheme, bool compatibility) {
    struct oracle *oracle = calloc(1, sizeof *oracle);
    if (!oracle) {
        abort();
    }
    oracle->scheme = scheme;
    oracle->compatibility = compatibility;
    mark_scheme(scheme, oracle->used);
    if (scheme->dip) {
        dip_oracle_mark(scheme->dip, oracle->used);
        oracle->candidates = calloc(scheme->dip->entry_count + 1, sizeof *oracle->candidates);
        if (!oracle->candidates) {
            abort();
        }
    }
    return oracle;
}

void oracle_free(struct oracle *oracle) {
    if (oracle) {
        free(oracle->candidates);
        free(oracle);
    }
}
