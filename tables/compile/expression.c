/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule language: its words, and its grammar by recursive descent. The first mistake in the grammar ends the
 * reading; names that are not there are said and read over, so that one run shows all of them. */
#include "expression.h"

#include <string.h>
#include <strings.h>

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_BRACE_OPEN,
    TOKEN_BRACE_CLOSE,
    TOKEN_COMMA,
    TOKEN_MEET, /* ∩ */
    TOKEN_COMPARE,
    TOKEN_OTHER,
};

struct token {
    enum token_kind kind;
    enum compare compare;
    size_t start, end; /* bytes of the text */
};

struct parser {
    struct codesets *sets;
    struct report *report;
    const struct node *scalar;
    const char *text;
    size_t length;
    struct token token;  /* the next one */
    size_t previous_end; /* of the one before it */
    struct node_cursor cursor;
    unsigned depth;
    size_t nodes;
    bool stopped; /* after a mistake in the grammar */
    bool ok;
};

enum compare compare_opposite(enum compare compare) {
    static const enum compare opposite[] = {
        [COMPARE_EQUAL] = COMPARE_UNEQUAL,      [COMPARE_UNEQUAL] = COMPARE_EQUAL,
        [COMPARE_LESS] = COMPARE_GREATER_EQUAL, [COMPARE_GREATER_EQUAL] = COMPARE_LESS,
        [COMPARE_LESS_EQUAL] = COMPARE_GREATER, [COMPARE_GREATER] = COMPARE_LESS_EQUAL,
    };
    return opposite[compare];
}

/* ---- words ---- */

/* The character at `at`, full width forms as plain ones, and its bytes. The text is UTF-8: the reader saw to it. */
static uint32_t character(const char *text, size_t length, size_t at, size_t *bytes) {
    unsigned char first = (unsigned char)text[at];
    size_t wanted = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    uint32_t value = wanted == 1 ? first : first & (0x7Fu >> wanted);
    *bytes = 1;
    while (*bytes < wanted && at + *bytes < length) {
        value = value << 6 | ((unsigned char)text[at + *bytes] & 0x3Fu);
        *bytes += 1;
    }
    if (value >= 0xFF01 && value <= 0xFF5E) {
        return value - 0xFF01 + '!';
    }
    return value == 0x3000 ? ' ' : value;
}

static bool is_blank(uint32_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum { SIGN_MEET = 0x2229, SIGN_UNEQUAL = 0x2260, SIGN_LESS_EQUAL = 0x2264, SIGN_GREATER_EQUAL = 0x2265 };

static bool ends_word(uint32_t c) {
    return is_blank(c) || (c < 0x80 && c != 0 && strchr("(){},=<>!", (int)c)) || c == SIGN_MEET ||
           c == SIGN_UNEQUAL || c == SIGN_LESS_EQUAL || c == SIGN_GREATER_EQUAL;
}

static size_t skip_blanks(const char *text, size_t length, size_t at) {
    size_t bytes;
    while (at < length && is_blank(character(text, length, at, &bytes))) {
        at += bytes;
    }
    return at;
}

static size_t word_end(const char *text, size_t length, size_t at) {
    size_t bytes;
    while (at < length && !ends_word(character(text, length, at, &bytes))) {
        at += bytes;
    }
    return at;
}

static const struct {
    uint32_t sign;
    enum token_kind kind;
    enum compare compare;
    bool takes_equal; /* `=` may follow: */
    enum compare with_equal;
} signs[] = {
    {'(', TOKEN_OPEN, 0, false, 0},
    {')', TOKEN_CLOSE, 0, false, 0},
    {'{', TOKEN_BRACE_OPEN, 0, false, 0},
    {'}', TOKEN_BRACE_CLOSE, 0, false, 0},
    {',', TOKEN_COMMA, 0, false, 0},
    {SIGN_MEET, TOKEN_MEET, 0, false, 0},
    {'=', TOKEN_COMPARE, COMPARE_EQUAL, false, 0},
    {'<', TOKEN_COMPARE, COMPARE_LESS, true, COMPARE_LESS_EQUAL},
    {'>', TOKEN_COMPARE, COMPARE_GREATER, true, COMPARE_GREATER_EQUAL},
    {'!', TOKEN_OTHER, 0, true, COMPARE_UNEQUAL},
    {SIGN_LESS_EQUAL, TOKEN_COMPARE, COMPARE_LESS_EQUAL, false, 0},
    {SIGN_GREATER_EQUAL, TOKEN_COMPARE, COMPARE_GREATER_EQUAL, false, 0},
    {SIGN_UNEQUAL, TOKEN_COMPARE, COMPARE_UNEQUAL, false, 0},
};

static struct token read_token(const char *text, size_t length, size_t at) {
    at = skip_blanks(text, length, at);
    struct token token = {.kind = TOKEN_END, .start = at, .end = at};
    if (at >= length) {
        return token;
    }
    size_t bytes;
    uint32_t first = character(text, length, at, &bytes);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (signs[i].sign != first) {
            continue;
        }
        token.kind = signs[i].kind;
        token.compare = signs[i].compare;
        token.end = at + bytes;
        if (signs[i].takes_equal && token.end < length && character(text, length, token.end, &bytes) == '=') {
            token.kind = TOKEN_COMPARE;
            token.compare = signs[i].with_equal;
            token.end += bytes;
        }
        return token;
    }
    token.kind = TOKEN_WORD;
    token.end = word_end(text, length, at);
    return token;
}

/* ---- the parser's hands ---- */

static void advance_to(struct parser *p, size_t at) {
    p->previous_end = at;
    if (!p->stopped) {
        p->token = read_token(p->text, p->length, at);
    }
}

static void advance(struct parser *p) {
    advance_to(p, p->token.end);
}

static struct place place_at(struct parser *p, size_t offset) {
    return node_cursor_place(&p->cursor, offset);
}

/* After a message: nothing more is read. */
static void stop(struct parser *p) {
    p->ok = false;
    p->stopped = true;
    p->token = (struct token){.kind = TOKEN_END, .start = p->length, .end = p->length};
}

static const char *said(struct parser *p, struct token token) {
    return report_clip(p->report, p->text + token.start, token.end - token.start);
}

static void expected(struct parser *p, const char *what) {
    if (p->stopped) {
        return;
    }
    const char *found = "the end";
    if (p->token.kind != TOKEN_END) {
        found = arena_format(p->report->arena, "\"%s\"", said(p, p->token));
    }
    report_say(p->report, MSG_expression_syntax, place_at(p, p->token.start), what, found);
    stop(p);
}

static bool accept(struct parser *p, enum token_kind kind) {
    if (p->token.kind != kind) {
        return false;
    }
    advance(p);
    return true;
}

static bool expect(struct parser *p, enum token_kind kind, const char *what) {
    if (accept(p, kind)) {
        return true;
    }
    expected(p, what);
    return false;
}

static bool same_word(const struct parser *p, struct token token, const char *word) {
    size_t length = strlen(word);
    return token.kind == TOKEN_WORD && token.end - token.start == length &&
           strncasecmp(p->text + token.start, word, length) == 0;
}

static bool accept_word(struct parser *p, const char *word) {
    if (!same_word(p, p->token, word)) {
        return false;
    }
    advance(p);
    return true;
}

static struct expression *new_expression_at(struct parser *p, enum expression_op op, size_t start,
                                            struct place place) {
    struct expression *expression = ARENA_NEW(p->sets->arena, struct expression);
    expression->op = op;
    expression->place = place;
    expression->text = p->text + start;
    if (++p->nodes > EXPRESSION_NODES && !p->stopped) {
        report_say(p->report, MSG_expression_too_large, expression->place, (unsigned)EXPRESSION_NODES);
        stop(p);
    }
    return expression;
}

static struct expression *new_expression(struct parser *p, enum expression_op op, size_t start) {
    return new_expression_at(p, op, start, place_at(p, start));
}

/* The text from the start of the expression to the token before the next one. */
static struct expression *finish(const struct parser *p, struct expression *expression) {
    size_t start = (size_t)(expression->text - p->text);
    expression->length = p->previous_end > start ? p->previous_end - start : 0;
    return expression;
}

static bool enter(struct parser *p, size_t start) {
    if (p->depth == EXPRESSION_DEPTH) {
        if (!p->stopped) {
            report_say(p->report, MSG_expression_too_deep, place_at(p, start), (unsigned)EXPRESSION_DEPTH);
        }
        stop(p);
        return false;
    }
    p->depth++;
    return true;
}

static void add_child(struct parser *p, struct expression *parent, struct expression *child, size_t *capacity) {
    ARENA_PUSH(p->sets->arena, parent->children, parent->count, *capacity, child);
}

static struct expression *negation(struct parser *p, struct expression *of) {
    struct expression *expression = new_expression_at(p, EXPR_NOT, (size_t)(of->text - p->text), of->place);
    size_t capacity = 0;
    add_child(p, expression, of, &capacity);
    return finish(p, expression);
}

/* ---- positions ---- */

static const struct {
    const char *word;
    unsigned where;
} positions[] = {
    {"ZYZD", WHERE_PRINCIPAL_DIAGNOSIS},
    {"QTZD", WHERE_OTHER_DIAGNOSES},
    {"ZYSS", WHERE_PRINCIPAL_PROCEDURE},
    {"QTSS", WHERE_OTHER_PROCEDURES},
};
enum {
    POSITION_COUNT = sizeof positions / sizeof *positions,
    WHERE_DIAGNOSES = WHERE_PRINCIPAL_DIAGNOSIS | WHERE_OTHER_DIAGNOSES,
    WHERE_PROCEDURES = WHERE_PRINCIPAL_PROCEDURE | WHERE_OTHER_PROCEDURES,
};

static unsigned position_of(const struct parser *p, struct token token) {
    for (int i = 0; i < POSITION_COUNT; i++) {
        if (same_word(p, token, positions[i].word)) {
            return positions[i].where;
        }
    }
    return 0;
}

/* A word that stands where a test begins and is none. */
static void say_unknown_word(struct parser *p, struct token token) {
    static const char *const words[] = {"not", "length", "atleast", "present"};
    const char *text = p->text + token.start;
    size_t length = token.end - token.start;
    if (p->stopped) {
        return;
    }
    if (codesets_find(p->sets, text, length)) {
        expected(p, arena_format(p->report->arena, "a position before the set (`ZYZD in %s`)", said(p, token)));
        return;
    }
    struct nearest nearest;
    nearest_start(&nearest, text, length);
    for (int i = 0; i < POSITION_COUNT; i++) {
        nearest_offer(&nearest, positions[i].word, strlen(positions[i].word));
    }
    for (int i = 0; i < FACT_COUNT; i++) {
        nearest_offer(&nearest, fact_rows[i].word, strlen(fact_rows[i].word));
    }
    for (size_t i = 0; i < p->sets->total_count; i++) {
        nearest_offer(&nearest, p->sets->totals[i].name, strlen(p->sets->totals[i].name));
    }
    struct token next = read_token(p->text, p->length, token.end);
    bool compared = next.kind == TOKEN_COMPARE;
    for (size_t i = 0; i < sizeof words / sizeof *words && !compared; i++) {
        nearest_offer(&nearest, words[i], strlen(words[i]));
    }
    report_say(p->report, compared ? MSG_unknown_fact : MSG_unknown_word, place_at(p, token.start), said(p, token),
               nearest_hint(&nearest, p->report->arena));
    stop(p);
}

/* ZYZD or {ZYZD, QTZD}. 0 after a message. */
static unsigned parse_where(struct parser *p) {
    unsigned where = position_of(p, p->token);
    struct place place = place_at(p, p->token.start);
    if (where) {
        advance(p);
        return where;
    }
    if (!expect(p, TOKEN_BRACE_OPEN, "a position (ZYZD, QTZD, ZYSS, QTSS)")) {
        return 0;
    }
    do {
        unsigned one = position_of(p, p->token);
        if (!one && p->token.kind == TOKEN_WORD) {
            say_unknown_word(p, p->token);
        } else if (!one) {
            expected(p, "a position (ZYZD, QTZD, ZYSS, QTSS)");
        }
        if (!one) {
            return 0;
        }
        where |= one;
        advance(p);
    } while (accept(p, TOKEN_COMMA));
    if (!expect(p, TOKEN_BRACE_CLOSE, "`,` or `}`")) {
        return 0;
    }
    if ((where & WHERE_DIAGNOSES) && (where & WHERE_PROCEDURES)) {
        report_say(p->report, MSG_mixed_positions, place);
        p->ok = false;
        where &= WHERE_DIAGNOSES;
    }
    return where;
}

/* ---- sets ---- */

/* The `}` that ends the set whose items start at `at`; braces inside a regular expression do not count. */
static bool find_brace_end(const struct parser *p, size_t at, struct token *brace) {
    bool item_start = true, regex = false;
    size_t bytes;
    for (; at < p->length; at += bytes) {
        uint32_t c = character(p->text, p->length, at, &bytes);
        if (regex) {
            if (c == '\\' && at + bytes < p->length) {
                bytes++;
            }
            regex = c != '/' && !is_blank(c);
            item_start = false;
            continue;
        }
        if (c == '}') {
            *brace = (struct token){.kind = TOKEN_BRACE_CLOSE, .start = at, .end = at + bytes};
            return true;
        }
        if (c == '{') {
            return false;
        }
        regex = c == '/' && item_start;
        item_start = is_blank(c) || c == ',' || (c == '!' && item_start);
    }
    return false;
}

/* The severities between braces: words MCC and CC and nothing else; 0 otherwise. */
static unsigned severity_words(const struct parser *p, size_t at, size_t end) {
    unsigned severity = 0;
    for (;;) {
        struct token token = read_token(p->text, end, at);
        if (token.kind == TOKEN_COMMA) {
            at = token.end;
            continue;
        }
        if (token.kind == TOKEN_END) {
            return severity;
        }
        if (same_word(p, token, "MCC")) {
            severity |= SEVERITY_MCC;
        } else if (same_word(p, token, "CC")) {
            severity |= SEVERITY_CC;
        } else {
            return 0;
        }
        at = token.end;
    }
}

static void say_no_set(struct parser *p, struct token token) {
    const char *text = p->text + token.start, *hint;
    size_t length = token.end - token.start;
    struct place place = place_at(p, token.start);
    bool code = text[length - 1] == '*';
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        code = code || catalogue_find(p->sets->catalogues[kind], text, length) != UINT32_MAX;
    }
    if (code) {
        hint = arena_format(p->report->arena, " - codes stand in braces: {%s}", said(p, token));
    } else {
        hint = codesets_hint(p->sets, text, length, false);
    }
    report_say(p->report, MSG_unknown_set, place, said(p, token), hint);
    p->ok = false;
}

struct set_part {
    struct codeset *set; /* NULL if it is a severity, or not to be had (said) */
    unsigned severity;
    struct token token; /* the whole of it */
};

static void parse_braced_set(struct parser *p, struct set_part *part) {
    struct token open = p->token, close;
    if (!find_brace_end(p, open.end, &close)) {
        report_say(p->report, MSG_expression_syntax, place_at(p, open.start), "a `}` for this `{`",
                   "the end or another `{`");
        stop(p);
        return;
    }
    part->token.end = close.end;
    part->severity = severity_words(p, open.end, close.start);
    if (!part->severity) {
        struct place place = place_at(p, open.start);
        part->set = codesets_literal(p->sets, p->scalar, open.end, p->text + open.end, close.start - open.end);
        if (!part->set) {
            stop(p);
            return;
        }
        part->set->place = place;
        part->set->start = p->cursor;
    }
    advance_to(p, close.end);
}

/* A set: its name, {items}, or a severity. False if the reading stopped. */
static bool parse_set(struct parser *p, struct set_part *part) {
    *part = (struct set_part){.token = p->token};
    if (p->token.kind == TOKEN_BRACE_OPEN) {
        parse_braced_set(p, part);
    } else if (p->token.kind != TOKEN_WORD) {
        expected(p, "a set (its name, or {codes})");
    } else {
        part->severity = same_word(p, p->token, "MCC")  ? SEVERITY_MCC
                         : same_word(p, p->token, "CC") ? SEVERITY_CC
                                                        : 0;
        if (!part->severity) {
            part->set = codesets_find(p->sets, p->text + p->token.start, p->token.end - p->token.start);
            if (!part->set) {
                say_no_set(p, p->token);
            }
        }
        advance(p);
    }
    if (part->set && !codeset_expand(p->sets, part->set)) {
        p->ok = false;
        part->set = NULL;
    }
    return !p->stopped;
}

/* Positions and set must be of one kind. */
static void check_kind(struct parser *p, unsigned where, const struct set_part *part) {
    if (!part->set || !where) {
        return;
    }
    enum code_kind wanted = where & WHERE_DIAGNOSES ? CODE_DIAGNOSIS : CODE_PROCEDURE;
    if (part->set->kind != wanted) {
        const char *words = code_kind_words(wanted);
        report_say(p->report, MSG_wrong_set_kind, place_at(p, part->token.start),
                   codeset_title(p->report, part->set), code_kind_words(part->set->kind), words, words);
        p->ok = false;
    }
}

/* ---- tests ---- */

static struct expression *parse_in(struct parser *p) {
    size_t start = p->token.start;
    struct expression *test = new_expression(p, EXPR_IN, start);
    test->where = parse_where(p);
    bool negated = accept_word(p, "not");
    struct set_part part;
    if (!accept_word(p, "in")) {
        expected(p, negated ? "`in`" : "`in` or `not in`");
        return test;
    }
    if (!parse_set(p, &part)) {
        return test;
    }
    test->set = part.set;
    if (part.severity) {
        test->op = EXPR_SEVERITY;
        test->number = part.severity;
        if (test->where != WHERE_OTHER_DIAGNOSES) {
            report_say(p->report, MSG_severity_position, place_at(p, part.token.start), said(p, part.token));
            p->ok = false;
        }
    }
    check_kind(p, test->where, &part);
    finish(p, test);
    return negated ? negation(p, test) : test;
}

/* Digits, and up to `places` decimals; the value is in units of 10^-places. */
static bool parse_digits(const struct parser *p, struct token token, int places, int64_t *out) {
    int64_t value = 0;
    int decimals = -1; /* none yet, no point either */
    size_t bytes, digits = 0;
    for (size_t at = token.start; at < token.end; at += bytes) {
        uint32_t c = character(p->text, token.end, at, &bytes);
        if (c == '.' && decimals < 0 && places > 0 && digits > 0) {
            decimals = 0;
            continue;
        }
        if (c < '0' || c > '9' || decimals == places || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (int64_t)c - '0', &value)) {
            return false;
        }
        digits++;
        decimals += decimals >= 0;
    }
    if (digits == 0 || decimals == 0) {
        return false;
    }
    for (int i = decimals > 0 ? decimals : 0; i < places; i++) {
        if (__builtin_mul_overflow(value, 10, &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

/* The number of a comparison; money in 1/10000 yuan, ratios in halves of 1/10000 (facts.def). */
static bool parse_number(struct parser *p, const char *what, enum fact_kind kind, int64_t *out) {
    bool money = kind == FACT_KIND_MONEY, ratio = kind == FACT_KIND_RATIO;
    if (p->token.kind != TOKEN_WORD) {
        expected(p, money ? "an amount" : ratio ? "a number" : "a whole number");
        return false;
    }
    bool good = parse_digits(p, p->token, money || ratio ? 4 : 0, out);
    good = good && (money || *out <= INT32_MAX) && (!ratio || !__builtin_mul_overflow(*out, 2, out));
    if (!good) {
        report_say(p->report, MSG_compare_number_expected, place_at(p, p->token.start), what,
                   money   ? "an amount of at most 4 decimals"
                   : ratio ? "a number like 0.3 or 1.5, of at most 4 decimals"
                           : "a whole number up to 2147483647",
                   said(p, p->token));
        stop(p);
        return false;
    }
    advance(p);
    return true;
}

static bool parse_compare(struct parser *p, struct expression *test) {
    if (p->token.kind != TOKEN_COMPARE) {
        expected(p, "one of = < <= > >= !=");
        return false;
    }
    test->compare = p->token.compare;
    advance(p);
    return true;
}

static const char *copy_word(struct parser *p, size_t start, size_t end) {
    return arena_copy(p->sets->arena, p->text + start, end - start);
}

/* {word, word}: between braces a word may hold anything but blanks, commas and `}`. */
static void parse_words(struct parser *p, struct expression *test) {
    size_t capacity = 0, bytes;
    if (p->token.kind != TOKEN_BRACE_OPEN) {
        expected(p, "`{` and the words");
        return;
    }
    for (;;) {
        size_t start = skip_blanks(p->text, p->length, p->token.end), end = start;
        while (end < p->length) {
            uint32_t c = character(p->text, p->length, end, &bytes);
            if (is_blank(c) || c == ',' || c == '}') {
                break;
            }
            end += bytes;
        }
        if (start == end) {
            advance(p);
            expected(p, "a word");
            return;
        }
        ARENA_PUSH(p->sets->arena, test->words, test->count, capacity, copy_word(p, start, end));
        advance_to(p, end);
        if (accept(p, TOKEN_BRACE_CLOSE)) {
            return;
        }
        if (p->token.kind != TOKEN_COMMA) {
            expected(p, "`,` or `}`");
            return;
        }
    }
}

/* `!=` of a text: a comparison, so false where the fact is absent, unlike `not`. */
static struct expression *there_but_not(struct parser *p, struct expression *among) {
    size_t start = (size_t)(among->text - p->text), capacity = 0;
    struct expression *both = new_expression_at(p, EXPR_AND, start, among->place);
    struct expression *there = new_expression_at(p, EXPR_PRESENT, start, among->place);
    there->fact = among->fact;
    add_child(p, both, finish(p, there), &capacity);
    add_child(p, both, negation(p, among), &capacity);
    return finish(p, both);
}

static struct expression *parse_text_test(struct parser *p, struct expression *test, const char *word) {
    test->op = EXPR_AMONG;
    if (p->token.kind == TOKEN_COMPARE) {
        bool unequal = p->token.compare == COMPARE_UNEQUAL;
        if (!unequal && p->token.compare != COMPARE_EQUAL) {
            const char *right = arena_format(p->report->arena, "`%s = word` or `%s in {word, word}`", word, word);
            report_say(p->report, MSG_fact_test, place_at(p, p->token.start), word, "a text", said(p, p->token),
                       right);
            stop(p);
            return test;
        }
        advance(p);
        if (p->token.kind != TOKEN_WORD) {
            expected(p, "a word");
            return test;
        }
        test->words = ARENA_NEW(p->sets->arena, const char *);
        test->words[test->count++] = copy_word(p, p->token.start, p->token.end);
        advance(p);
        finish(p, test);
        return unequal ? there_but_not(p, test) : test;
    }
    bool negated = accept_word(p, "not");
    if (!accept_word(p, "in")) {
        expected(p, negated ? "`in`" : "`=`, `!=`, `in` or `not in`");
        return test;
    }
    parse_words(p, test);
    finish(p, test);
    return negated ? negation(p, test) : test;
}

/* What is known only once the entry is chosen cannot decide which one it is. */
static void check_late(struct parser *p, enum fact fact, struct token token) {
    if (fact_is_late(fact) && !p->sets->late_facts) {
        report_say(p->report, MSG_dip_late_fact, place_at(p, token.start), fact_rows[fact].word);
        p->ok = false;
    }
}

static struct expression *parse_fact_test(struct parser *p, enum fact fact) {
    struct expression *test = new_expression(p, EXPR_COMPARE, p->token.start);
    const char *word = fact_rows[fact].word;
    enum fact_kind kind = fact_rows[fact].kind;
    test->fact = fact;
    check_late(p, fact, p->token);
    advance(p);
    if (kind == FACT_KIND_TEXT) {
        return parse_text_test(p, test, word);
    }
    if (same_word(p, p->token, "in") || same_word(p, p->token, "not")) {
        const char *right = arena_format(p->report->arena, "`%s = number`, tests joined by `or`", word);
        report_say(p->report, MSG_fact_test, place_at(p, p->token.start), word, "a number", said(p, p->token),
                   right);
        stop(p);
        return test;
    }
    if (parse_compare(p, test)) {
        parse_number(p, word, kind, &test->number);
    }
    return finish(p, test);
}

const struct total *total_find(const struct codesets *sets, const char *name, size_t length) {
    for (size_t i = 0; i < sets->total_count; i++) {
        if (strlen(sets->totals[i].name) == length && memcmp(sets->totals[i].name, name, length) == 0) {
            return &sets->totals[i];
        }
    }
    return NULL;
}

/* `CCI >= 5`: the sets of the total as tests of the other diagnoses, each with its weight. */
static struct expression *parse_total(struct parser *p, const struct total *total) {
    struct expression *test = new_expression(p, EXPR_TOTAL, p->token.start);
    size_t capacity = 0;
    for (size_t i = 0; i < total->count; i++) {
        struct expression *child = new_expression_at(p, EXPR_IN, p->token.start, test->place);
        child->where = WHERE_OTHER_DIAGNOSES;
        child->set = total->sets[i];
        child->text = arena_format(p->sets->arena, "QTZD in %s", codeset_title(p->report, total->sets[i]));
        child->length = strlen(child->text);
        add_child(p, test, child, &capacity);
    }
    test->weights = total->weights;
    advance(p);
    if (parse_compare(p, test)) {
        parse_number(p, total->name, FACT_KIND_NUMBER, &test->number);
    }
    return finish(p, test);
}

/* Positions rather than a set: ZYSS, or a brace whose first word is a position. */
static bool is_where(const struct parser *p) {
    if (p->token.kind != TOKEN_BRACE_OPEN) {
        return position_of(p, p->token) != 0;
    }
    return position_of(p, read_token(p->text, p->length, p->token.end)) != 0;
}

static struct expression *parse_length(struct parser *p) {
    struct expression *test = new_expression(p, EXPR_COUNT, p->token.start);
    struct set_part part = {.token = p->token};
    advance(p);
    if (!expect(p, TOKEN_OPEN, "`(`")) {
        return test;
    }
    bool where_first = is_where(p);
    if (where_first) {
        test->where = parse_where(p);
    } else if (!parse_set(p, &part)) {
        return test;
    }
    if (!expect(p, TOKEN_MEET, "`∩`")) {
        return test;
    }
    if (!where_first) {
        test->where = parse_where(p);
    } else if (!parse_set(p, &part)) {
        return test;
    }
    test->set = part.set;
    if (part.severity) {
        report_say(p->report, MSG_severity_position, place_at(p, part.token.start), said(p, part.token));
        stop(p);
    }
    check_kind(p, test->where, &part);
    if (expect(p, TOKEN_CLOSE, "`)`") && parse_compare(p, test)) {
        parse_number(p, "length", FACT_KIND_NUMBER, &test->number);
    }
    return finish(p, test);
}

static struct expression *parse_expression(struct parser *p);

static struct expression *parse_atleast(struct parser *p) {
    struct expression *test = new_expression(p, EXPR_AT_LEAST, p->token.start);
    size_t start = p->token.start, capacity = 0;
    advance(p);
    if (!expect(p, TOKEN_OPEN, "`(`")) {
        return test;
    }
    struct token number = p->token;
    if (!parse_number(p, "atleast", FACT_KIND_NUMBER, &test->number) || !enter(p, start)) {
        return test;
    }
    while (accept(p, TOKEN_COMMA)) {
        add_child(p, test, parse_expression(p), &capacity);
    }
    p->depth--;
    if (!expect(p, TOKEN_CLOSE, "`,` or `)`")) {
        return test;
    }
    if (test->number < 1 || (uint64_t)test->number > test->count) {
        report_say(p->report, MSG_atleast_count, test->place, said(p, number), (unsigned)test->count);
        p->ok = false;
    }
    return finish(p, test);
}

static struct expression *parse_present(struct parser *p) {
    struct expression *test = new_expression(p, EXPR_PRESENT, p->token.start);
    advance(p);
    if (!expect(p, TOKEN_OPEN, "`(`")) {
        return test;
    }
    if (p->token.kind != TOKEN_WORD) {
        expected(p, "a fact");
        return test;
    }
    test->fact = fact_of_word(p->text + p->token.start, p->token.end - p->token.start);
    if (test->fact == FACT_COUNT) {
        struct nearest nearest;
        nearest_start(&nearest, p->text + p->token.start, p->token.end - p->token.start);
        for (int i = 0; i < FACT_COUNT; i++) {
            nearest_offer(&nearest, fact_rows[i].word, strlen(fact_rows[i].word));
        }
        report_say(p->report, MSG_unknown_fact, place_at(p, p->token.start), said(p, p->token),
                   nearest_hint(&nearest, p->report->arena));
        stop(p);
        return test;
    }
    check_late(p, test->fact, p->token);
    advance(p);
    expect(p, TOKEN_CLOSE, "`)`");
    return finish(p, test);
}

static struct expression *parse_test(struct parser *p) {
    struct token token = p->token;
    if (token.kind == TOKEN_BRACE_OPEN || position_of(p, token)) {
        return parse_in(p);
    }
    if (token.kind == TOKEN_WORD) {
        struct token next = read_token(p->text, p->length, token.end);
        enum fact fact = fact_of_word(p->text + token.start, token.end - token.start);
        if (fact != FACT_COUNT) {
            return parse_fact_test(p, fact);
        }
        const struct total *total = total_find(p->sets, p->text + token.start, token.end - token.start);
        if (total != NULL) {
            return parse_total(p, total);
        }
        if (same_word(p, token, "1") || same_word(p, token, "0")) {
            struct expression *constant =
                new_expression(p, p->text[token.start] == '1' ? EXPR_TRUE : EXPR_FALSE, token.start);
            advance(p);
            return finish(p, constant);
        }
        if (next.kind == TOKEN_OPEN && same_word(p, token, "length")) {
            return parse_length(p);
        }
        if (next.kind == TOKEN_OPEN && same_word(p, token, "atleast")) {
            return parse_atleast(p);
        }
        if (next.kind == TOKEN_OPEN && same_word(p, token, "present")) {
            return parse_present(p);
        }
        say_unknown_word(p, token);
    }
    expected(p, "a condition");
    return new_expression(p, EXPR_FALSE, token.start);
}

static struct expression *parse_factor(struct parser *p) {
    size_t start = p->token.start;
    bool negated = same_word(p, p->token, "not");
    if (!negated && p->token.kind != TOKEN_OPEN) {
        return parse_test(p);
    }
    if (!enter(p, start)) {
        return new_expression(p, EXPR_FALSE, start);
    }
    struct expression *outer;
    if (negated) {
        size_t capacity = 0;
        outer = new_expression(p, EXPR_NOT, start);
        advance(p);
        add_child(p, outer, parse_factor(p), &capacity);
        finish(p, outer);
    } else {
        advance(p);
        outer = parse_expression(p);
        expect(p, TOKEN_CLOSE, "`and`, `or` or `)`");
    }
    p->depth--;
    return outer;
}

/* One or more parts joined by `word`. */
static struct expression *parse_chain(struct parser *p, enum expression_op op, const char *word,
                                      struct expression *(*part)(struct parser *)) {
    size_t start = p->token.start, capacity = 0;
    struct place place = place_at(p, start);
    struct expression *first = part(p);
    if (!same_word(p, p->token, word)) {
        return first;
    }
    struct expression *chain = new_expression_at(p, op, start, place);
    add_child(p, chain, first, &capacity);
    while (accept_word(p, word)) {
        add_child(p, chain, part(p), &capacity);
    }
    return finish(p, chain);
}

static struct expression *parse_term(struct parser *p) {
    return parse_chain(p, EXPR_AND, "and", parse_factor);
}

static struct expression *parse_expression(struct parser *p) {
    return parse_chain(p, EXPR_OR, "or", parse_term);
}

static struct expression *constant(struct codesets *sets, const struct node *scalar, enum expression_op op) {
    struct expression *expression = ARENA_NEW(sets->arena, struct expression);
    expression->op = op;
    expression->text = "";
    if (scalar) {
        expression->place = scalar->place;
        expression->text = scalar->kind == NODE_SCALAR ? scalar->text : "";
        expression->length = scalar->kind == NODE_SCALAR ? scalar->length : 0;
    }
    return expression;
}

struct expression *expression_parse(struct codesets *sets, const struct node *scalar, bool *ok) {
    *ok = true;
    if (!scalar) {
        return constant(sets, scalar, EXPR_TRUE);
    }
    if (!node_expect(sets->report, scalar, NODE_SCALAR, "a condition")) {
        *ok = false;
        return constant(sets, scalar, EXPR_FALSE);
    }
    struct parser p = {.sets = sets, .report = sets->report, .scalar = scalar, .ok = true};
    p.text = scalar->text;
    p.length = scalar->length;
    node_cursor_start(&p.cursor, scalar);
    advance_to(&p, 0);
    if (p.token.kind == TOKEN_END) {
        return constant(sets, scalar, EXPR_TRUE);
    }
    struct expression *expression = parse_expression(&p);
    if (p.token.kind != TOKEN_END) {
        expected(&p, "`and`, `or` or the end");
    }
    *ok = p.ok;
    return p.ok ? expression : constant(sets, scalar, EXPR_FALSE);
}
