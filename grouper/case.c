/* SPDX-License-Identifier: Apache-2.0
 *
 * Preparation: from the texts of a case to code ids and numbers. What is right already passes in one look; what is not
 * is repaired on a slower path, and whatever is repaired or not understood leaves a finding. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tables/code_lookup.h"
#include "../tables/decimal.h"
#include "context.h"

static const casemix_text no_text = {"", 0};

casemix_case *casemix_case_new(void) {
    return calloc(1, sizeof(casemix_case));
}

void casemix_case_free(casemix_case *one) {
    free(one);
}

void casemix_case_clear(casemix_case *one) {
    if (one != NULL) {
        memset(one, 0, sizeof *one);
    }
}

void casemix_case_set(casemix_case *one, int fact, const char *text, size_t length) {
    if (one != NULL && fact >= 0 && fact < FACT_COUNT) {
        one->facts[fact] = text == NULL ? no_text : (casemix_text){text, length};
    }
}

void add_finding(struct casemix_context *context, casemix_finding_code code, int fact, uint32_t place,
                 casemix_text given, casemix_text replaced_by) {
    if (context->finding_count < CASEMIX_FINDINGS_MAX) {
        context->findings[context->finding_count] = (casemix_finding){code, fact, place, given, replaced_by};
    }
    context->finding_count++;
}

/* ---- quotients ---- */

__extension__ typedef __int128 wide_number;

bool ratio_of(int64_t divided, int64_t divisor, int64_t *out) {
    enum { UNITS = 10000 };
    if (divided < 0 || divisor <= 0) {
        return false;
    }
    wide_number units = (wide_number)divided * UNITS;
    wide_number held = units / divisor * 2 + (units % divisor != 0);
    *out = held > INT64_MAX ? INT64_MAX : (int64_t)held; /* beyond every number that rules compare with */
    return true;
}

/* ---- repairing texts ---- */

enum { REPAIR_MAX = 31 }; /* longer texts are no codes */

/* Room for one repaired text that lives as long as the findings; the last place is overwritten when they are full. */
static char *repair_room(struct casemix_context *context) {
    uint32_t n = context->finding_count < CASEMIX_FINDINGS_MAX ? context->finding_count : CASEMIX_FINDINGS_MAX - 1;
    return context->repaired[n];
}

/* Blanks of all kinds taken out, full width made half width, the dagger made `+` and the double dagger `*`. Returns
 * the length, 0 if there were blanks only, or NOT_PLAIN. */
#define NOT_PLAIN SIZE_MAX
static size_t plain_text(const char *text, size_t length, char out[REPAIR_MAX + 1]) {
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        const unsigned char *at = (const unsigned char *)text + i;
        size_t left = length - i, step = 1;
        int plain = at[0];
        if (plain == ' ' || plain == '\t' || plain == '\r' || plain == '\n') {
            plain = 0;
        } else if (left >= 2 && at[0] == 0xC2 && at[1] == 0xA0) { /* no-break space */
            plain = 0;
            step = 2;
        } else if (left >= 3 && ((at[0] == 0xE3 && at[1] == 0x80 && at[2] == 0x80) || /* ideographic space */
                                 (at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF))) { /* byte order mark */
            plain = 0;
            step = 3;
        } else if (left >= 3 && at[0] == 0xEF && (at[1] == 0xBC || at[1] == 0xBD)) { /* U+FF01 to U+FF5E */
            plain = 0x20 + (at[1] - 0xBC) * 0x40 + at[2] - 0x80;
            step = 3;
        } else if (left >= 3 && at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA0 || at[2] == 0xA1)) { /* daggers */
            plain = at[2] == 0xA0 ? '+' : '*';
            step = 3;
        }
        if (plain >= 0x80 || (plain != 0 && used == REPAIR_MAX)) {
            return NOT_PLAIN;
        }
        if (plain != 0) {
            out[used++] = (char)plain;
        }
        i += step;
    }
    out[used] = '\0';
    return used;
}

static bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Letters are large, but the `x` of an extension or a filler is small: one that neither starts the code nor follows
 * a `+`. */
static void fold_case(char *code, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (is_letter(code[i])) {
            bool starts = i == 0 || code[i - 1] == '+';
            char large = (char)(code[i] & ~0x20);
            code[i] = large == 'X' && !starts ? 'x' : large;
        }
    }
}

static size_t insert_at(char *code, size_t length, size_t at, char c) {
    if (length >= REPAIR_MAX || at > length) {
        return length;
    }
    memmove(code + at + 1, code + at, length - at + 1);
    code[at] = c;
    return length + 1;
}

/* The point behind the category, which is three characters long for diagnoses and two for procedures. */
static size_t insert_dot(char *code, size_t length, size_t category) {
    return length > category && memchr(code, '.', length) == NULL ? insert_at(code, length, category, '.') : length;
}

/* The signs of a dagger-asterisk pair: `+` before its second letter, `*` at its end. */
static size_t insert_signs(char *code, size_t length) {
    if (memchr(code, '+', length) == NULL) {
        size_t second = 1;
        while (second < length && !(code[second] >= 'A' && code[second] <= 'Z')) {
            second++;
        }
        if (second == length) {
            return length;
        }
        length = insert_at(code, length, second, '+');
    }
    return code[length - 1] == '*' ? length : insert_at(code, length, length, '*');
}

static uint32_t find_repaired(const struct catalogue_view *catalogue, char *code, size_t *length) {
    bool diagnosis = catalogue->about->kind == 0;
    fold_case(code, *length);
    uint32_t id = catalogue_view_find(catalogue, code, *length);
    if (id == IMAGE_NONE32) {
        *length = insert_dot(code, *length, diagnosis ? 3 : 2);
        id = catalogue_view_find(catalogue, code, *length);
    }
    if (id == IMAGE_NONE32 && diagnosis && *length > 0) {
        *length = insert_signs(code, *length);
        id = catalogue_view_find(catalogue, code, *length);
    }
    return id;
}

static uint32_t repair_code(struct casemix_context *context, const struct catalogue_view *catalogue, int fact,
                            uint32_t place, casemix_text given) {
    char *code = repair_room(context);
    uint32_t id = IMAGE_NONE32;
    bool exact = context->compatibility && (context->scheme->about->compatibility & IMAGE_COMPAT_EXACT_CODES);
    size_t length = exact ? NOT_PLAIN : plain_text(given.text, given.length, code);
    if (length > 0 && length != NOT_PLAIN) {
        id = find_repaired(catalogue, code, &length);
    }
    if (length == 0) {
        add_finding(context, CASEMIX_FINDING_CODE_EMPTY, fact, place, given, no_text);
    } else if (id == IMAGE_NONE32) {
        add_finding(context, CASEMIX_FINDING_CODE_UNKNOWN, fact, place, given, no_text);
    } else {
        add_finding(context, CASEMIX_FINDING_CODE_REPAIRED, fact, place, given, (casemix_text){code, length});
    }
    return id;
}

/* ---- codes ---- */

enum { PROBES = 16 }; /* codes looked up together */

/* The id that a clinical code is converted to; IMAGE_NONE32 if it is the same in both versions, or in neither. */
static uint32_t convert(const struct scheme_view *scheme, const struct catalogue_view *catalogue, const char *code,
                        size_t length) {
    bool diagnosis = catalogue == scheme->diagnoses;
    const struct image_crossing *crossings = diagnosis ? scheme->clinical_diagnoses : scheme->clinical_procedures;
    uint32_t low = 0, high = diagnosis ? scheme->clinical_diagnosis_count : scheme->clinical_procedure_count;
    char key[IMAGE_LONG_BYTES] = {0};
    if (length > sizeof key) {
        return IMAGE_NONE32;
    }
    memcpy(key, code, length);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = memcmp(key, crossings[middle].from, sizeof key);
        if (order == 0) {
            return crossings[middle].to;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return IMAGE_NONE32;
}

/* A code of a case that is declared clinical: as it is written, or with its case and blanks put right. Converted once,
 * never again: some targets are clinical codes of another meaning. False: it is the same in both versions. */
static bool clinical_code(struct casemix_context *context, const struct catalogue_view *catalogue, int fact,
                          uint32_t place, const struct code_probe *probe, uint32_t *id) {
    casemix_text given = {probe->text, probe->length};
    char plain[REPAIR_MAX + 1];
    uint32_t found = convert(context->scheme, catalogue, given.text, given.length);
    size_t length = found == IMAGE_NONE32 ? plain_text(given.text, given.length, plain) : 0;
    if (length > 0 && length != NOT_PLAIN) {
        fold_case(plain, length);
        found = convert(context->scheme, catalogue, plain, length);
    }
    if (found == IMAGE_NONE32) {
        return false;
    }
    casemix_text code;
    code.text = catalogue_view_code(catalogue, found, &code.length);
    add_finding(context, CASEMIX_FINDING_CODE_CONVERTED, fact, place, given, code);
    *id = found;
    return true;
}

/* A code that is not in the catalogue as it is written. */
static uint32_t odd_code(struct casemix_context *context, const struct catalogue_view *catalogue, int fact,
                         uint32_t place, const struct code_probe *probe) {
    casemix_text given = {probe->text, probe->length};
    if (probe->length > 0) {
        return repair_code(context, catalogue, fact, place, given);
    }
    add_finding(context, CASEMIX_FINDING_CODE_EMPTY, fact, place, given, no_text);
    return IMAGE_NONE32;
}

static bool resolve_codes(struct casemix_context *context, const struct catalogue_view *catalogue, int fact,
                          casemix_text text, struct code_list *list) {
    list->count = 0;
    if (text.length == 0) {
        return true;
    }
    const char *at = text.text, *end = at + text.length;
    uint32_t place = 0;
    while (at != NULL) {
        struct code_probe probes[PROBES];
        uint32_t count = 0;
        while (at != NULL && count < PROBES) {
            struct code_probe *probe = &probes[count++];
            code_probe_start(probe, catalogue, at, end);
            at = probe->text + probe->length == end ? NULL : probe->text + probe->length + 1;
        }
        if (place + count > CODES_MAX) {
            snprintf(context->message, sizeof context->message,
                     "the case has more than %d codes in `%s`; check the list, a settlement list never has so many",
                     CODES_MAX, fact_rows[fact].column);
            return false;
        }
        for (uint32_t i = 0; i < count; i++, place++) {
            uint32_t id = code_probe_finish(&probes[i], catalogue);
            bool converted =
                context->clinical && clinical_code(context, catalogue, fact, place, &probes[i], &id);
            if (!converted && id == IMAGE_NONE32) {
                id = odd_code(context, catalogue, fact, place, &probes[i]);
            }
            if (probes[i].length > 0 || place == 0) { /* an empty place counts only as the principal one */
                list->ids[list->count++] = id;
            }
        }
    }
    return true;
}

void add_code_finding(struct casemix_context *context, casemix_finding_code code, int fact, uint32_t n,
                      casemix_text replaced_by) {
    casemix_text list = context->given->facts[fact];
    const char *at = list.text, *end = at + list.length;
    for (uint32_t place = 0;; place++) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        size_t length = (size_t)((bar == NULL ? end : bar) - at);
        if (length > 0 || place == 0) { /* the others were not counted, see resolve_codes */
            if (n == 0) {
                add_finding(context, code, fact, place, (casemix_text){at, length}, replaced_by);
                return;
            }
            n--;
        }
        if (bar == NULL) {
            return;
        }
        at = bar + 1;
    }
}

/* ---- numbers ---- */

/* Digits only, and no more than a number of a case may be. -1 otherwise. */
static int64_t plain_number(const char *text, size_t length) {
    int64_t value = 0;
    while (length > 10 && text[0] == '0') {
        text++;
        length--;
    }
    if (length == 0 || length > 10) {
        return -1;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned char)text[i] - '0';
        if (digit > 9) {
            return -1;
        }
        value = value * 10 + digit;
    }
    return value <= INT32_MAX ? value : -1;
}

bool is_absent(casemix_text given) {
    char unused[REPAIR_MAX + 1];
    bool plain = given.length > 0 && given.text[0] > ' '; /* nearly all; a wide blank starts with a byte below 0 */
    return !plain && (given.length == 0 || plain_text(given.text, given.length, unused) == 0);
}

static bool compatible(const struct casemix_context *context, uint32_t flag) {
    return context->compatibility && (context->scheme->about->compatibility & flag) != 0;
}

/* A number that is not plain: blanks, full width, `63.0`; a negative one where the scheme's compatibility lets it. */
static bool repair_number(struct casemix_context *context, int fact, casemix_text given, int64_t *out) {
    char *text = repair_room(context);
    size_t length = plain_text(given.text, given.length, text);
    if (length == NOT_PLAIN) {
        return false;
    }
    bool negative = length > 1 && text[0] == '-';
    if (negative && compatible(context, IMAGE_COMPAT_NEGATIVE_NUMBERS)) {
        int64_t value = plain_number(text + 1, length - 1);
        if (value >= 0) {
            add_finding(context, CASEMIX_FINDING_NEGATIVE_KEPT, fact, 0, given, no_text);
            *out = -value;
            return true;
        }
    }
    size_t whole = length;
    while (whole > 0 && text[whole - 1] == '0') {
        whole--;
    }
    if (whole > 1 && whole < length && text[whole - 1] == '.') {
        length = whole - 1;
        text[length] = '\0';
    }
    int64_t value = plain_number(text, length);
    if (value < 0) {
        return false;
    }
    add_finding(context, CASEMIX_FINDING_VALUE_REPAIRED, fact, 0, given, (casemix_text){text, length});
    *out = value;
    return true;
}

static bool read_sex(struct casemix_context *context, casemix_text given, int64_t *out) {
    if (given.length == 1 && (given.text[0] == '1' || given.text[0] == '2')) {
        *out = given.text[0] - '0';
        return true;
    }
    char plain[REPAIR_MAX + 1];
    bool exact = compatible(context, IMAGE_COMPAT_EXACT_CODES);
    if (!exact && plain_text(given.text, given.length, plain) == 1 && (plain[0] == '1' || plain[0] == '2')) {
        *out = plain[0] - '0';
        add_finding(context, CASEMIX_FINDING_VALUE_REPAIRED, FACT_SEX, 0, given,
                    (casemix_text){plain[0] == '1' ? "1" : "2", 1});
        return true;
    }
    static const struct {
        const char *word, *sex;
    } words[] = {{"男", "1"}, {"女", "2"}, {"M", "1"}, {"F", "2"}, {"m", "1"}, {"f", "2"}};
    bool unknown = compatible(context, IMAGE_COMPAT_SEX_WORDS_UNKNOWN);
    size_t accepted = compatible(context, IMAGE_COMPAT_SEX_WORDS_REFUSED) ? 0 : unknown ? 2 : sizeof words / sizeof *words;
    for (size_t i = 0; i < accepted; i++) {
        if (strlen(words[i].word) == given.length && memcmp(words[i].word, given.text, given.length) == 0) {
            *out = unknown ? 0 : words[i].sex[0] - '0';
            add_finding(context, CASEMIX_FINDING_VALUE_REPAIRED, FACT_SEX, 0, given,
                        unknown ? no_text : (casemix_text){words[i].sex, 1});
            return true;
        }
    }
    return false;
}

static bool read_value(struct casemix_context *context, int fact, casemix_text given, int64_t *out) {
    switch (fact_rows[fact].kind) {
    case FACT_KIND_SEX:
        return read_sex(context, given, out);
    case FACT_KIND_MONEY:
        return decimal_read_scaled(given.text, given.length, 4, out) == DECIMAL_OK && *out >= 0;
    case FACT_KIND_FLAG:
        *out = plain_number(given.text, given.length);
        return *out == 0 || *out == 1;
    default:
        *out = plain_number(given.text, given.length);
        return *out >= 0 || repair_number(context, fact, given, out);
    }
}

/* Shares of the cost, of those parts and that cost that were read before. Out of the way of the many cases under schemes
 * that ask for none. */
static __attribute__((noinline)) void read_shares(struct casemix_context *context) {
    static const enum fact shares[][2] = {{FACT_DRUG_SHARE, FACT_DRUG_COST},
                                          {FACT_MATERIAL_SHARE, FACT_MATERIAL_COST},
                                          {FACT_THERAPY_SHARE, FACT_THERAPY_COST},
                                          {FACT_TCM_SHARE, FACT_TCM_COST}};
    struct prepared *prepared = &context->prepared;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        enum fact share = shares[i][0], part = shares[i][1];
        uint64_t parts = (uint64_t)1 << part | (uint64_t)1 << FACT_COST;
        if (context->scheme->about->used_numbers >> share & 1 && (prepared->present & parts) == parts &&
            ratio_of(prepared->numbers[part], prepared->numbers[FACT_COST], &prepared->numbers[share])) {
            prepared->present |= (uint64_t)1 << share;
        }
    }
}

enum { FIRST_SHARE = FACT_DRUG_SHARE, LAST_SHARE = FACT_TCM_SHARE };
#define SHARES (((uint64_t)2 << LAST_SHARE) - ((uint64_t)1 << FIRST_SHARE))
#define RATIOS (SHARES | (uint64_t)1 << FACT_COST_RATIO | (uint64_t)1 << FACT_STAY_RATIO)

/* The numbers that the scheme's rules look at; the rest of the case is not read. */
static void read_numbers(struct casemix_context *context, const struct casemix_case *one) {
    struct prepared *prepared = &context->prepared;
    uint64_t used = context->scheme->about->used_numbers & ~RATIOS;
    for (; used != 0; used &= used - 1) {
        int fact = __builtin_ctzll(used);
        casemix_text given = one->facts[fact];
        if (is_absent(given)) {
            if (context->compatibility && context->scheme->about->zero_if_missing >> fact & 1) {
                add_finding(context, CASEMIX_FINDING_MISSING_AS_ZERO, fact, 0, no_text, no_text);
                prepared->numbers[fact] = 0;
                prepared->present |= (uint64_t)1 << fact;
            }
        } else if (fact_rows[fact].kind == FACT_KIND_TEXT || fact_rows[fact].kind == FACT_KIND_DATE) {
            prepared->present |= (uint64_t)1 << fact;
        } else if (read_value(context, fact, given, &prepared->numbers[fact])) {
            prepared->present |= (uint64_t)1 << fact;
        } else if (prepared->bad_fact < 0) {
            prepared->bad_fact = fact;
        }
    }
    if (context->scheme->about->used_numbers & SHARES) {
        read_shares(context);
    }
}

/* A principal code that may not decide the group: the case stays ungrouped, or there is no principal code. */
static void look_at_barred(struct casemix_context *context, int fact, struct code_list *list, uint8_t barred) {
    bool gray = barred == IMAGE_BARRED_GRAY_UNGROUPED || barred == IMAGE_BARRED_GRAY_IGNORED;
    casemix_text given = context->given->facts[fact];
    const char *bar = memchr(given.text, '|', given.length);
    given.length = bar == NULL ? given.length : (size_t)(bar - given.text);
    add_finding(context, gray ? CASEMIX_FINDING_CODE_GRAY : CASEMIX_FINDING_CODE_INVALID, fact, 0, given, no_text);
    if (barred == IMAGE_BARRED_GRAY_IGNORED || barred == IMAGE_BARRED_INVALID_IGNORED) {
        list->ids[0] = IMAGE_NONE32;
    } else if (context->prepared.barred == CASEMIX_REASON_NONE) {
        context->prepared.barred = gray ? CASEMIX_REASON_GRAY_PRINCIPAL : CASEMIX_REASON_INVALID_PRINCIPAL;
    }
}

static void look_at_principals(struct casemix_context *context) {
    const struct scheme_view *scheme = context->scheme;
    struct code_list *diagnoses = &context->prepared.diagnoses, *procedures = &context->prepared.procedures;
    context->prepared.barred = CASEMIX_REASON_NONE;
    if (!scheme->about->barred || compatible(context, IMAGE_COMPAT_GRAY_AS_OTHERS)) {
        return;
    }
    if (diagnoses->count > 0 && diagnoses->ids[0] != IMAGE_NONE32) {
        uint8_t barred = scheme->diagnosis_profiles[scheme->diagnosis_profile[diagnoses->ids[0]]].barred;
        if (barred != 0) {
            look_at_barred(context, FACT_DIAGNOSES, diagnoses, barred);
        }
    }
    if (procedures->count > 0 && procedures->ids[0] != IMAGE_NONE32) {
        uint8_t barred = scheme->procedure_profiles[scheme->procedure_profile[procedures->ids[0]]].barred;
        if (barred != 0) {
            look_at_barred(context, FACT_PROCEDURES, procedures, barred);
        }
    }
}

bool has_principal(const struct casemix_context *context) {
    casemix_text given = context->given->facts[FACT_DIAGNOSES];
    const char *bar = given.length == 0 ? NULL : memchr(given.text, '|', given.length);
    given.length = bar == NULL ? given.length : (size_t)(bar - given.text);
    return !is_absent(given);
}

bool prepare_case(struct casemix_context *context, const struct casemix_case *one) {
    struct prepared *prepared = &context->prepared;
    context->finding_count = 0;
    prepared->present = 0;
    prepared->bad_fact = -1;
    context->given = one;
    read_numbers(context, one);
    if (!resolve_codes(context, context->scheme->diagnoses, FACT_DIAGNOSES, one->facts[FACT_DIAGNOSES],
                       &prepared->diagnoses) ||
        !resolve_codes(context, context->scheme->procedures, FACT_PROCEDURES, one->facts[FACT_PROCEDURES],
                       &prepared->procedures)) {
        return false;
    }
    look_at_principals(context);
    return true;
}
