/* SPDX-License-Identifier: Apache-2.0
 *
 * See generate.h. A draft of a case is a set of wishes: which codes the two principal places may still hold, which
 * further codes are there, which numbers are fixed. Conditions are walked and turned into wishes; what is still
 * open at the end is filled by chance. Wishes can contradict each other: then the case falls where it falls. */
#include "draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the scheme asks --------------------------------------------------------------------------------- */

static void note_threshold(struct generator *generator, enum fact fact, int64_t number) {
    size_t *count = &generator->threshold_count[fact];
    for (size_t i = 0; i < *count; i++) {
        if (generator->thresholds[fact][i] == number) {
            return;
        }
    }
    if (*count < THRESHOLDS_MAX) {
        generator->thresholds[fact][(*count)++] = number;
    }
}

void draft_note_set(struct generator *generator, const struct codeset *set) {
    if (set && set->count > 0 && generator->set_count[set->kind] < TARGETS_MAX) {
        generator->sets[set->kind][generator->set_count[set->kind]++] = set;
    }
}

void draft_note(struct generator *generator, const struct expression *e) {
    if (!e) {
        return;
    }
    if (e->op == EXPR_COMPARE) {
        note_threshold(generator, e->fact, e->number);
    }
    if (e->op == EXPR_COMPARE || e->op == EXPR_AMONG || e->op == EXPR_PRESENT) {
        const enum fact *parts = fact_ratio(e->fact);
        generator->asked[e->fact] = true;
        for (int i = 0; parts && i < 2; i++) {
            generator->asked[parts[i] < FACT_COUNT ? parts[i] : e->fact] = true;
        }
    }
    for (size_t i = 0; e->op == EXPR_AMONG && i < e->count; i++) {
        size_t *count = &generator->word_count[e->fact];
        if (*count < THRESHOLDS_MAX) {
            generator->words[e->fact][(*count)++] = e->words[i];
        }
    }
    if (e->op == EXPR_IN || e->op == EXPR_COUNT) {
        draft_note_set(generator, e->set);
    }
    if (e->op == EXPR_AND || e->op == EXPR_OR || e->op == EXPR_NOT || e->op == EXPR_AT_LEAST ||
        e->op == EXPR_TOTAL) {
        for (size_t i = 0; i < e->count; i++) {
            draft_note(generator, e->children[i]);
        }
    }
}

static void note_target(struct generator *generator, const struct mdc *mdc, const struct step *step,
                        const struct drg *drg) {
    if (generator->target_count < TARGETS_MAX) {
        generator->targets[generator->target_count++] = (struct target){mdc, step, drg};
    }
}

static void note_scheme(struct generator *generator) {
    const struct scheme *scheme = generator->scheme;
    for (size_t r = 0; r < scheme->requirement_count; r++) {
        draft_note(generator, scheme->requirements[r].when);
    }
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        const struct mdc *mdc = scheme->mdcs[m];
        draft_note(generator, mdc->when);
        for (size_t s = 0; s < mdc->step_count; s++) {
            const struct step *step = mdc->steps[s];
            draft_note(generator, step->when);
            if (step->drg_count == 0) {
                note_target(generator, mdc, step, NULL);
            }
            for (size_t d = 0; d < step->drg_count; d++) {
                draft_note(generator, step->drgs[d].when);
                note_target(generator, mdc, step, &step->drgs[d]);
            }
        }
    }
}

/* ---- bits ------------------------------------------------------------------------------------------------- */

static size_t words_of(const struct generator *generator, enum code_kind kind) {
    return (generator->scheme->catalogues[kind]->count + 63) / 64;
}

static uint32_t count_bits(const uint64_t *bits, size_t words) {
    uint32_t count = 0;
    for (size_t w = 0; w < words; w++) {
        count += (uint32_t)__builtin_popcountll(bits[w]);
    }
    return count;
}

/* One of the codes whose bit is set; there must be one. */
static uint32_t pick_bit(struct random *random, const uint64_t *bits, size_t words) {
    uint32_t skip = (uint32_t)random_below(random, count_bits(bits, words));
    for (size_t w = 0; w < words; w++) {
        uint32_t here = (uint32_t)__builtin_popcountll(bits[w]);
        if (skip >= here) {
            skip -= here;
            continue;
        }
        uint64_t word = bits[w];
        while (skip-- > 0) {
            word &= word - 1;
        }
        return (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(word);
    }
    abort();
}

/* Narrow the principal place to the codes in (or not in) a set, unless none would be left. */
static void narrow(struct generator *generator, const struct codeset *set, bool in) {
    uint64_t *possible = generator->draft.principal[set->kind];
    size_t words = words_of(generator, set->kind);
    uint32_t left = 0;
    for (size_t w = 0; w < words; w++) {
        left += (uint32_t)__builtin_popcountll(possible[w] & (in ? set->bits[w] : ~set->bits[w]));
    }
    for (size_t w = 0; left > 0 && w < words; w++) {
        possible[w] &= in ? set->bits[w] : ~set->bits[w];
    }
}

void draft_set_principal(struct generator *generator, enum code_kind kind, uint32_t code) {
    memset(generator->draft.principal[kind], 0, words_of(generator, kind) * sizeof(uint64_t));
    generator->draft.principal[kind][code / 64] |= (uint64_t)1 << code % 64;
    generator->draft.wished[kind] = true;
}

uint32_t draft_code_of(const struct generator *generator, struct random *random, const struct codeset *set) {
    return pick_bit(random, set->bits, words_of(generator, set->kind));
}

void draft_add(struct draft *draft, enum code_kind kind, uint32_t code) {
    if (draft->count[kind] < CODES_MAX) {
        draft->others[kind][draft->count[kind]++] = code;
    }
}

/* ---- wishes ----------------------------------------------------------------------------------------------- */

static void wish_in(struct generator *generator, struct random *random, const struct expression *e, bool wanted) {
    unsigned principal = WHERE_PRINCIPAL_DIAGNOSIS | WHERE_PRINCIPAL_PROCEDURE;
    unsigned others = WHERE_OTHER_DIAGNOSES | WHERE_OTHER_PROCEDURES;
    if (e->set->count == 0) {
        return;
    }
    if (!wanted) {
        if (e->where & principal) {
            narrow(generator, e->set, false);
        }
        return;
    }
    if ((e->where & principal) && (!(e->where & others) || random_chance(random, 50))) {
        generator->draft.wished[e->set->kind] = true;
        narrow(generator, e->set, true);
        return;
    }
    generator->draft.wished[e->set->kind] = true;
    draft_add(&generator->draft, e->set->kind, pick_bit(random, e->set->bits, words_of(generator, e->set->kind)));
}

static void wish_severity(struct generator *generator, struct random *random, const struct expression *e) {
    const struct scheme *scheme = generator->scheme;
    for (int tries = 0; scheme->table_count > 0 && tries < 20; tries++) {
        const struct exclusion_table *table = &scheme->tables[random_below(random, scheme->table_count)];
        bool mcc = (e->number & SEVERITY_MCC) && (!(e->number & SEVERITY_CC) || random_chance(random, 50));
        const struct codeset *set = mcc ? table->mcc : table->cc;
        if (set && set->count > 0) {
            draft_add(&generator->draft, CODE_DIAGNOSIS,
                      pick_bit(random, set->bits, words_of(generator, CODE_DIAGNOSIS)));
            return;
        }
    }
}

/* So that a little may be added. */
static int64_t below_end(int64_t number) {
    return number > INT64_MAX - 10 ? INT64_MAX - 10 : number;
}

static void wish_number(struct generator *generator, struct random *random, const struct expression *e,
                        bool wanted) {
    struct draft *draft = &generator->draft;
    int64_t near = random_chance(random, 60) ? 0 : random_between(random, 0, 3);
    int64_t n = below_end(e->number);
    bool above =
        e->compare == COMPARE_GREATER || e->compare == COMPARE_GREATER_EQUAL || e->compare == COMPARE_UNEQUAL;
    if (e->compare == COMPARE_EQUAL) {
        n += wanted ? 0 : 1 + near;
    } else if (above == wanted) {
        n += near + (e->compare != COMPARE_GREATER_EQUAL && e->compare != COMPARE_LESS);
    } else {
        n -= near + (e->compare != COMPARE_GREATER && e->compare != COMPARE_LESS_EQUAL);
    }
    if (e->compare == COMPARE_UNEQUAL && !wanted) {
        n = below_end(e->number);
    }
    draft->number[e->fact] = n < 0 ? 0 : n;
    draft->fixed[e->fact] = true;
}

static void wish_children(struct generator *generator, struct random *random, const struct expression *e,
                          bool wanted) {
    bool all = (e->op == EXPR_AND) == wanted;
    size_t enough = e->op == EXPR_AT_LEAST && wanted ? (size_t)e->number : 1;
    size_t first = random_below(random, e->count);
    for (size_t i = 0; i < (all && e->op != EXPR_AT_LEAST ? e->count : enough) && i < e->count; i++) {
        draft_wish(generator, random, e->children[(first + i) % e->count], wanted);
    }
}

/* Enough of the sets for the total, or one fewer. */
static void wish_total(struct generator *generator, struct random *random, const struct expression *e,
                       bool wanted) {
    int64_t total = 0, enough = e->number + (wanted ? 0 : -1);
    size_t first = random_below(random, e->count);
    for (size_t i = 0; i < e->count && total < enough; i++) {
        size_t child = (first + i) % e->count;
        draft_wish(generator, random, e->children[child], true);
        total += e->weights[child];
    }
}

void draft_wish(struct generator *generator, struct random *random, const struct expression *e, bool wanted) {
    if (!e) {
        return;
    }
    switch (e->op) {
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_AT_LEAST:
        wish_children(generator, random, e, wanted);
        break;
    case EXPR_NOT:
        draft_wish(generator, random, e->children[0], !wanted);
        break;
    case EXPR_IN:
        wish_in(generator, random, e, wanted);
        break;
    case EXPR_COUNT:
        for (int64_t i = 0; wanted && i <= e->number && i < 8; i++) {
            wish_in(generator, random, e, true);
        }
        break;
    case EXPR_SEVERITY:
        if (wanted) {
            wish_severity(generator, random, e);
        }
        break;
    case EXPR_TOTAL:
        wish_total(generator, random, e, wanted);
        break;
    case EXPR_COMPARE:
        wish_number(generator, random, e, wanted);
        break;
    case EXPR_AMONG:
        generator->draft.word[e->fact] = wanted ? e->words[random_below(random, e->count)] : NULL;
        break;
    default:
        break;
    }
}

void draft_start(struct generator *generator) {
    struct draft *draft = &generator->draft;
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        uint32_t count = generator->scheme->catalogues[kind]->count;
        size_t words = words_of(generator, (enum code_kind)kind);
        memset(draft->principal[kind], 0xFF, words * sizeof(uint64_t));
        if (count % 64) {
            draft->principal[kind][words - 1] = ((uint64_t)1 << count % 64) - 1;
        }
        draft->wished[kind] = false;
        draft->count[kind] = 0;
    }
    memset(draft->fixed, 0, sizeof draft->fixed);
    memset(draft->word, 0, sizeof draft->word);
}

static void aim(struct generator *generator, struct random *random, const struct target *target) {
    draft_wish(generator, random, target->mdc->when, true);
    draft_wish(generator, random, target->step->when, true);
    if (target->drg) {
        draft_wish(generator, random, target->drg->when, true);
    }
}

/* ---- what is still open ----------------------------------------------------------------------------------- */

/* A code by chance: of the severity lists, of some condition's set, or any. */
uint32_t draft_any_code(struct generator *generator, struct random *random, enum code_kind kind) {
    uint64_t way = random_below(random, 10);
    const struct codeset *set = NULL;
    if (way < 3 && kind == CODE_DIAGNOSIS && generator->scheme->table_count > 0) {
        const struct exclusion_table *table =
            &generator->scheme->tables[random_below(random, generator->scheme->table_count)];
        const struct codeset *lists[] = {table->mcc, table->cc, table->principal};
        set = lists[random_below(random, 3)];
    } else if (way < 7 && generator->set_count[kind] > 0) {
        set = generator->sets[kind][random_below(random, generator->set_count[kind])];
    }
    if (set && set->count > 0) {
        return pick_bit(random, set->bits, words_of(generator, kind));
    }
    return (uint32_t)random_below(random, generator->scheme->catalogues[kind]->count);
}

static void add_noise(struct generator *generator, struct random *random) {
    static const unsigned many[] = {0, 0, 1, 1, 2, 2, 3, 5, 8, 60};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        uint64_t count = random_below(random, many[random_below(random, 10)] + 1);
        for (uint64_t i = 0; i < count; i++) {
            draft_add(&generator->draft, (enum code_kind)kind,
                      draft_any_code(generator, random, (enum code_kind)kind));
        }
        if (count > 0 && kind == CODE_PROCEDURE) {
            generator->draft.wished[kind] = true;
        }
    }
}

static int64_t any_number(struct generator *generator, struct random *random, enum fact fact) {
    size_t borders = generator->threshold_count[fact];
    if (borders > 0 && random_chance(random, 60)) {
        int64_t n = generator->thresholds[fact][random_below(random, borders)];
        n = below_end(n) + random_between(random, -1, 1);
        return n < 0 ? 0 : n;
    }
    return fact == FACT_AGE        ? random_between(random, 0, 101)
           : fact == FACT_AGE_DAYS ? random_between(random, 0, 400)
           : fact == FACT_WEIGHT   ? random_between(random, 400, 4200)
           : fact == FACT_SEX      ? random_between(random, 1, 2)
           : fact == FACT_COST     ? random_between(random, 1000000, 900000000)
                                   : random_between(random, 0, 70);
}

/* ---- writing the texts ------------------------------------------------------------------------------------ */

/* Plain characters to full width ones. */
static void write_full_width(const char *text, char *out) {
    for (; *text; text++) {
        unsigned c = (unsigned char)*text;
        unsigned wide = c == ' ' ? 0x3000 : 0xFF01 + (c - '!');
        *out++ = (char)(0xE0 | wide >> 12);
        *out++ = (char)(0x80 | (wide >> 6 & 0x3F));
        *out++ = (char)(0x80 | (wide & 0x3F));
    }
    *out = '\0';
}

static void drop_character(char *text, char which) {
    char *hit = strchr(text, which);
    if (hit) {
        memmove(hit, hit + 1, strlen(hit));
    }
}

/* A code as somebody might have typed it. */
static void write_dirty_code(struct random *random, const char *code, char *out, size_t size) {
    char copy[64];
    snprintf(copy, sizeof copy, "%s", code);
    char *plus = strchr(copy, '+');
    switch (random_below(random, 10)) {
    case 0:
        for (char *c = copy; *c; c++) {
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        }
        break;
    case 1:
        for (char *c = copy; *c; c++) {
            *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
        }
        break;
    case 2:
        write_full_width(code, out);
        return;
    case 3:
        snprintf(out, size, " %s\t", code);
        return;
    case 4:
        drop_character(copy, '.');
        break;
    case 5:
        if (plus) {
            *plus = '\0';
            snprintf(out, size, "%s\xE2\x80\xA0%s", copy, plus + 1);
            return;
        }
        break;
    case 6:
        copy[strlen(copy) - 1] = '\0';
        break;
    case 7:
        snprintf(copy, sizeof copy, "%s", random_chance(random, 50) ? "ZZZ.999" : "\xE8\x82\xBA\xE7\x82\x8E");
        break;
    case 8:
        snprintf(copy, sizeof copy, "%s", random_chance(random, 50) ? "" : " ");
        break;
    default:
        drop_character(copy, '*');
        break;
    }
    snprintf(out, size, "%s", copy);
}

void draft_write_codes(struct generator *generator, struct random *random, enum code_kind kind, unsigned dirt) {
    const struct draft *draft = &generator->draft;
    char *out = generator->texts[kind == CODE_DIAGNOSIS ? FACT_DIAGNOSES : FACT_PROCEDURES];
    const struct code *codes = generator->scheme->catalogues[kind]->codes;
    uint32_t principal = pick_bit(random, draft->principal[kind], words_of(generator, kind));
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i <= draft->count[kind] && used + 120 < TEXT_BYTES; i++) {
        const char *code = codes[i == 0 ? principal : draft->others[kind][i - 1]].text;
        if (i > 0) {
            out[used++] = '|';
        }
        if (random_chance(random, dirt)) {
            write_dirty_code(random, code, out + used, 120);
        } else {
            snprintf(out + used, 120, "%s", code);
        }
        used += strlen(out + used);
    }
}

/* A number as it may stand in a file; NULL: absent. */
static const char *write_number(struct generator *generator, struct random *random, enum fact fact, unsigned dirt) {
    static const char *const odd[] = {
        "-1", "1.5", "abc",          "2147483647", "2147483648", "99999999999999999999999",
        "",   " ",   "\xE5\xB2\x81", "+5",         "0x1",        "1e1"};
    struct draft *draft = &generator->draft;
    char *out = generator->texts[fact];
    int64_t number = draft->fixed[fact] ? draft->number[fact] : any_number(generator, random, fact);
    char plain[32];
    snprintf(plain, sizeof plain, "%lld", (long long)number);
    snprintf(out, TEXT_BYTES, "%s", plain);
    if (!random_chance(random, dirt)) {
        return out;
    }
    switch (random_below(random, 6)) {
    case 0:
        return NULL;
    case 1:
        write_full_width(plain, out);
        return out;
    case 2:
        snprintf(out, TEXT_BYTES, " %s ", plain);
        return out;
    case 3:
        snprintf(out, TEXT_BYTES, "00%s", plain);
        return out;
    default:
        return odd[random_below(random, sizeof odd / sizeof *odd)];
    }
}

/* An amount in yuan, from 1/10000 yuan; NULL: absent. */
static const char *write_money(struct generator *generator, struct random *random, enum fact fact, unsigned dirt) {
    static const char *const odd[] = {"-1", "1.23456", ".5", "5.", "1e3", "", "1,000", "9999999999999999999"};
    const struct draft *draft = &generator->draft;
    char *out = generator->texts[fact];
    int64_t amount = draft->fixed[fact] ? draft->number[fact] : any_number(generator, random, fact);
    if (random_chance(random, dirt)) {
        return random_chance(random, 30) ? NULL : odd[random_below(random, sizeof odd / sizeof *odd)];
    }
    int length = snprintf(out, TEXT_BYTES, "%lld.%04lld", (long long)(amount / 10000), (long long)(amount % 10000));
    if (amount % 10000 == 0 && random_chance(random, 50)) {
        out[length - 5] = '\0'; /* no decimals */
    }
    return out;
}

/* A word that some condition asks for, or none of them. */
static const char *write_word(struct generator *generator, struct random *random, enum fact fact) {
    size_t count = generator->word_count[fact];
    uint64_t way = random_below(random, 10);
    const char *word = way < 8 && count > 0 ? generator->words[fact][random_below(random, count)] : "Q7";
    char *out = generator->texts[fact];
    snprintf(out, TEXT_BYTES, way == 3 ? " %s  " : "%s", word);
    return way < 2 ? NULL : way == 2 ? " " : out;
}

static const char *write_sex(struct generator *generator, struct random *random, unsigned dirt) {
    static const char *const words[] = {"\xE7\x94\xB7", "\xE5\xA5\xB3", "M", "F", "3", "0", "9", "01", "", "x"};
    if (random_chance(random, dirt)) {
        return words[random_below(random, sizeof words / sizeof *words)];
    }
    bool known = generator->draft.fixed[FACT_SEX] && generator->draft.number[FACT_SEX] == 1;
    generator->draft.number[FACT_SEX] = generator->draft.fixed[FACT_SEX] ? 2 - known : random_between(random, 1, 2);
    generator->draft.fixed[FACT_SEX] = true;
    return write_number(generator, random, FACT_SEX, dirt / 2);
}

/* Numbers and words; the age in days fits the age, unless dirt decides otherwise. */
void draft_write_facts(struct generator *generator, struct random *random, unsigned dirt, struct plain_case *out) {
    struct draft *draft = &generator->draft;
    bool newborn = (draft->fixed[FACT_AGE_DAYS] || draft->fixed[FACT_WEIGHT]) && !draft->fixed[FACT_AGE];
    if (newborn && !random_chance(random, dirt)) {
        draft->fixed[FACT_AGE] = true;
        draft->number[FACT_AGE] = 0;
    }
    for (int f = 0; f < FACT_COUNT; f++) {
        enum fact_kind kind = fact_rows[f].kind;
        bool rare = f == FACT_WEIGHT || f == FACT_AGE_DAYS || f == FACT_ICU_HOURS || f == FACT_VENTILATOR_HOURS;
        if (kind == FACT_KIND_NUMBER && (draft->fixed[f] || !rare || random_chance(random, 70))) {
            out->facts[f] = write_number(generator, random, (enum fact)f, dirt);
        } else if (kind == FACT_KIND_FLAG && random_chance(random, 20)) {
            out->facts[f] = random_chance(random, 50) ? "1" : "0";
        } else if (kind == FACT_KIND_MONEY && generator->asked[f] && (draft->fixed[f] || random_chance(random, 70))) {
            out->facts[f] = write_money(generator, random, (enum fact)f, dirt);
        } else if (draft->word[f]) {
            out->facts[f] = draft->word[f];
        } else if (kind == FACT_KIND_TEXT && generator->asked[f]) {
            out->facts[f] = write_word(generator, random, (enum fact)f);
        }
    }
    out->facts[FACT_SEX] = write_sex(generator, random, dirt);
    static const char *const departments[] = {NULL, "01", "0302", "28", "ICU", "13040503"};
    if (!out->facts[FACT_DEPARTMENT]) {
        out->facts[FACT_DEPARTMENT] = departments[random_below(random, 6)];
    }
    if (!out->facts[FACT_DISCHARGE_WAY]) {
        static const char *const ways[] = {"1", "2", "3", "4", "5", "9"};
        out->facts[FACT_DISCHARGE_WAY] = ways[random_below(random, 6)];
    }
}

/* ---- cases ------------------------------------------------------------------------------------------------ */

void generator_case(struct generator *generator, uint64_t n, struct plain_case *out) {
    struct random random = {generator->seed ^ (n + 1) * 0xD1342543DE82EF95u};
    random_next(&random);
    const struct target *target = &generator->targets[random_below(&random, generator->target_count)];
    unsigned dirt = random_chance(&random, 60) ? 0 : 6; /* percent of values */
    memset(out, 0, sizeof *out);
    draft_start(generator);
    aim(generator, &random, target);
    add_noise(generator, &random);
    draft_write_codes(generator, &random, CODE_DIAGNOSIS, dirt);
    draft_write_codes(generator, &random, CODE_PROCEDURE, dirt);
    draft_write_facts(generator, &random, dirt / 3, out);
    out->facts[FACT_DIAGNOSES] = random_chance(&random, dirt / 2) ? NULL : generator->texts[FACT_DIAGNOSES];
    bool surgical = generator->draft.wished[CODE_PROCEDURE] || random_chance(&random, 10);
    out->facts[FACT_PROCEDURES] = surgical ? generator->texts[FACT_PROCEDURES] : NULL;
    snprintf(generator->texts[FACT_ID], TEXT_BYTES, "%llu", (unsigned long long)n);
    out->facts[FACT_ID] = generator->texts[FACT_ID];
}

void generator_clean_case(struct generator *generator, struct random *random, const struct step *step,
                          const struct drg *drg, struct plain_case *out) {
    struct target target = {NULL, step, drg};
    for (size_t i = 0; i < generator->target_count; i++) {
        if (generator->targets[i].step == step) {
            target.mdc = generator->targets[i].mdc;
        }
    }
    memset(out, 0, sizeof *out);
    draft_start(generator);
    aim(generator, random, &target);
    draft_write_codes(generator, random, CODE_DIAGNOSIS, 0);
    draft_write_codes(generator, random, CODE_PROCEDURE, 0);
    for (int f = 0; f < FACT_COUNT; f++) {
        if (generator->draft.fixed[f]) {
            out->facts[f] = fact_rows[f].kind == FACT_KIND_MONEY
                                ? write_money(generator, random, (enum fact)f, 0)
                                : write_number(generator, random, (enum fact)f, 0);
        }
    }
    out->facts[FACT_DIAGNOSES] = generator->texts[FACT_DIAGNOSES];
    out->facts[FACT_PROCEDURES] =
        generator->draft.wished[CODE_PROCEDURE] ? generator->texts[FACT_PROCEDURES] : NULL;
}

struct generator *generator_new(const struct scheme *scheme, uint64_t seed) {
    struct generator *generator = calloc(1, sizeof *generator);
    if (!generator) {
        abort();
    }
    generator->scheme = scheme;
    generator->seed = seed;
    note_scheme(generator);
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        size_t words = words_of(generator, (enum code_kind)kind);
        generator->draft.principal[kind] = calloc(words + 1, sizeof(uint64_t));
        if (!generator->draft.principal[kind]) {
            abort();
        }
    }
    return generator;
}

void generator_free(struct generator *generator) {
    if (generator) {
        free(generator->draft.principal[CODE_DIAGNOSIS]);
        free(generator->draft.principal[CODE_PROCEDURE]);
        free(generator);
    }
}
