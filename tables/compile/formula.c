/* SPDX-License-Identifier: Apache-2.0
 *
 * Formulas: text -> tree -> program. */
#include "formula.h"

#include <string.h>
#include <strings.h>

/* ---- signs and words ---- */

enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_WORD, TOKEN_QUOTED, TOKEN_SIGN, TOKEN_BAD };

struct token {
    enum token_kind kind;
    size_t start, length; /* in the text */
    const char *sign;     /* its plain form, for TOKEN_SIGN */
};

/* Signs, longest first; those beyond ASCII with the plain form they stand for. */
static const struct {
    const char *written, *plain;
} signs[] = {
    {"->", ":"},  {"→", ":"},  {"：", ":"}, {":", ":"},  {"<=", "<="}, {">=", ">="}, {"!=", "!="},
    {"<>", "!="}, {"（", "("}, {"）", ")"}, {"，", ","}, {"＜", "<"},  {"＞", ">"},  {"＝", "="},
    {"≤", "<="},  {"≥", ">="}, {"≠", "!="}, {"×", "*"},  {"÷", "/"},   {"％", "%"},  {"＋", "+"},
    {"－", "-"},  {"＊", "*"}, {"／", "/"}, {"(", "("},  {")", ")"},   {",", ","},   {"+", "+"},
    {"-", "-"},   {"*", "*"},  {"/", "/"},  {"<", "<"},  {">", ">"},   {"=", "="},   {"%", "%"},
};

static size_t sign_at(const char *text, const char **plain) {
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t length = strlen(signs[i].written);
        if (strncmp(text, signs[i].written, length) == 0) {
            *plain = signs[i].plain;
            return length;
        }
    }
    return 0;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_wide_blank(const char *text) {
    return strncmp(text, "　", 3) == 0;
}

size_t formula_name_length(const char *text) {
    size_t length = 0;
    const char *plain;
    while (is_letter(text[length]) || (length > 0 && is_digit(text[length]))) {
        if ((unsigned char)text[length] >= 0x80 &&
            (sign_at(text + length, &plain) > 0 || is_wide_blank(text + length))) {
            break;
        }
        length++;
    }
    return length;
}

/* A name, or two joined by a dot: `pool.points`. */
static size_t word_length(const char *text) {
    size_t length = formula_name_length(text);
    size_t more = length > 0 && text[length] == '.' ? formula_name_length(text + length + 1) : 0;
    return more > 0 ? length + 1 + more : length;
}

struct parser {
    struct report *report;
    struct arena *arena;
    const struct node *scalar;
    const struct formula_names *names;
    struct token token;
    unsigned depth;
    unsigned nodes;
    bool failed;
};

static size_t number_length(const char *text) {
    size_t length = 0;
    while (is_digit(text[length])) {
        length++;
    }
    if (text[length] == '.') {
        length++;
        while (is_digit(text[length])) {
            length++;
        }
    }
    return length;
}

static void next(struct parser *parser) {
    const char *text = parser->scalar->text;
    size_t at = parser->token.start + parser->token.length;
    while (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || is_wide_blank(text + at)) {
        at += is_wide_blank(text + at) ? 3 : 1;
    }
    struct token *token = &parser->token;
    *token = (struct token){.kind = TOKEN_END, .start = at};
    if (text[at] == '\0') {
        return;
    }
    if (is_digit(text[at]) || text[at] == '.') {
        token->kind = TOKEN_NUMBER;
        token->length = number_length(text + at);
    } else if ((token->length = word_length(text + at)) > 0) {
        token->kind = TOKEN_WORD;
    } else if ((token->length = sign_at(text + at, &token->sign)) > 0) {
        token->kind = TOKEN_SIGN;
    } else if (text[at] == '\'' || text[at] == '"') {
        const char *end = strchr(text + at + 1, text[at]);
        token->kind = end != NULL ? TOKEN_QUOTED : TOKEN_BAD;
        token->length = end != NULL ? (size_t)(end - text) + 1 - at : 1;
    } else {
        token->kind = TOKEN_BAD;
        token->length = 1;
    }
}

/* ---- messages ---- */

static struct place token_place(const struct parser *parser) {
    return node_place(parser->scalar, parser->token.start);
}

static struct formula_node *fail(struct parser *parser) {
    parser->failed = true;
    return NULL;
}

static struct formula_node *expected(struct parser *parser, const char *what) {
    const struct token *token = &parser->token;
    const char *found = "the end";
    if (token->kind != TOKEN_END) {
        const char *text = report_clip(parser->report, parser->scalar->text + token->start, token->length);
        found = arena_format(parser->arena, "\"%s\"", text);
    }
    report_say(parser->report, MSG_formula_syntax, token_place(parser), what, found);
    return fail(parser);
}

static const char *type_words(enum formula_type type) {
    return type == FORMULA_NUMBER ? "a number" : type == FORMULA_TRUTH ? "a condition" : "a place on an axis";
}

static bool want(struct parser *parser, const struct formula_node *node, enum formula_type type, const char *what) {
    if (node == NULL) {
        return false;
    }
    if (node->type == type || type == FORMULA_ANY) {
        return true;
    }
    report_say(parser->report, MSG_formula_type, node->place, what, type_words(type), type_words(node->type));
    parser->failed = true;
    return false;
}

/* ---- tree ---- */

static struct formula_node *new_node(struct parser *parser, enum formula_kind kind, struct place place) {
    struct formula_node *node = ARENA_NEW(parser->arena, struct formula_node);
    node->kind = kind;
    node->place = place;
    if (++parser->nodes > FORMULA_LENGTH_MAX / 4) {
        if (!parser->failed) {
            report_say(parser->report, MSG_formula_too_large, place);
        }
        parser->failed = true;
    }
    return node;
}

static void add_part(struct formula_node *node, unsigned n, struct formula_node *part) {
    node->parts[n] = part;
    formula_add_needs(&node->needs, &part->needs);
}

static struct formula_node *operation(struct parser *parser, enum formula_op op, struct formula_node *left,
                                      struct formula_node *right, struct place place) {
    struct formula_node *node = new_node(parser, FORMULA_OPERATION, place);
    node->op = op;
    node->type =
        (op >= FORMULA_LESS && op <= FORMULA_UNEQUAL) || op == FORMULA_NOT ? FORMULA_TRUTH : FORMULA_NUMBER;
    add_part(node, 0, left);
    if (right != NULL) {
        add_part(node, 1, right);
    }
    return node;
}

/* ---- grammar ---- */

static struct formula_node *parse_or(struct parser *parser);

static bool at_sign(const struct parser *parser, const char *sign) {
    return parser->token.kind == TOKEN_SIGN && strcmp(parser->token.sign, sign) == 0;
}

static bool at_word(const struct parser *parser, const char *word) {
    return parser->token.kind == TOKEN_WORD && parser->token.length == strlen(word) &&
           strncasecmp(parser->scalar->text + parser->token.start, word, parser->token.length) == 0;
}

static bool take_sign(struct parser *parser, const char *sign) {
    if (!at_sign(parser, sign)) {
        expected(parser, arena_format(parser->arena, "\"%s\"", strcmp(sign, ":") == 0 ? "->" : sign));
        return false;
    }
    next(parser);
    return true;
}

static struct formula_node *parse_decimal(struct parser *parser) {
    struct formula_node *node = new_node(parser, FORMULA_DECIMAL, token_place(parser));
    const char *text = parser->scalar->text + parser->token.start;
    bool read = decimal_read(text, parser->token.length, &node->decimal) == DECIMAL_OK;
    if (!read) {
        report_say(parser->report, MSG_bad_decimal, node->place, "a number",
                   report_clip(parser->report, text, parser->token.length));
        return fail(parser);
    }
    next(parser);
    if (at_sign(parser, "%")) {
        if (node->decimal.denominator > decimal_power(DECIMAL_PLACES - 2)) {
            return expected(parser, "a percentage of at most 10 places");
        }
        node->decimal.denominator *= 100;
        next(parser);
    }
    return node;
}

/* "(" formula { "," formula } ")" into `parts`; the number of them, 0 after a message. */
static unsigned parse_arguments(struct parser *parser, struct formula_node **parts, unsigned most) {
    if (!take_sign(parser, "(")) {
        return 0;
    }
    unsigned count = 0;
    for (;;) {
        struct formula_node *part = parse_or(parser);
        if (part == NULL) {
            return 0;
        }
        if (count == most) {
            expected(parser, "\")\"");
            return 0;
        }
        parts[count++] = part;
        if (!at_sign(parser, ",")) {
            break;
        }
        next(parser);
    }
    return take_sign(parser, ")") ? count : 0;
}

static struct formula_node *parse_if(struct parser *parser, struct place place) {
    struct formula_node *parts[3];
    unsigned count = parse_arguments(parser, parts, 3);
    if (count == 0) {
        return NULL;
    }
    if (count != 3) {
        return expected(parser, "if(condition, value, other value)");
    }
    if (!want(parser, parts[0], FORMULA_TRUTH, "the first part of `if`") ||
        !want(parser, parts[2], parts[1]->type, "the last part of `if`")) {
        return NULL;
    }
    struct formula_node *node = new_node(parser, FORMULA_IF, place);
    node->type = parts[1]->type;
    for (unsigned i = 0; i < 3; i++) {
        add_part(node, i, parts[i]);
    }
    return node;
}

static struct formula_node *parse_extreme(struct parser *parser, enum formula_op op, struct place place) {
    enum { MOST = 20 };
    struct formula_node *parts[MOST];
    unsigned count = parse_arguments(parser, parts, MOST);
    if (count == 1) {
        return expected(parser, "a second value before the \")\"");
    }
    struct formula_node *node = NULL;
    for (unsigned i = 0; i < count; i++) {
        if (!want(parser, parts[i], FORMULA_NUMBER, "each part of `min` and `max`")) {
            return NULL;
        }
        node = i == 0 ? parts[0] : operation(parser, op, node, parts[i], place);
    }
    return node;
}

static struct formula_node *parse_rounding(struct parser *parser, enum formula_op op, struct place place) {
    struct formula_node *parts[2];
    unsigned wanted = op == FORMULA_ROUND ? 2 : 1;
    unsigned count = parse_arguments(parser, parts, wanted);
    if (count == 0 || !want(parser, parts[0], FORMULA_NUMBER, "what is rounded")) {
        return NULL;
    }
    if (count != wanted) {
        return expected(parser, "round(value, places)");
    }
    struct formula_node *node = operation(parser, op, parts[0], NULL, place);
    if (op == FORMULA_ROUND) {
        const struct decimal *places = &parts[1]->decimal;
        if (parts[1]->kind != FORMULA_DECIMAL || places->denominator != 1 ||
            places->numerator > FORMULA_ROUND_MAX) {
            report_say(parser->report, MSG_formula_type, parts[1]->place, "the number of places",
                       "written out, from 0 to 12", "something else");
            return fail(parser);
        }
        node->operand = (uint32_t)places->numerator;
    }
    return node;
}

static struct formula_node *parse_present(struct parser *parser, struct place place) {
    struct formula_node *parts[1];
    if (parse_arguments(parser, parts, 1) == 0) {
        return NULL;
    }
    if (parts[0]->kind != FORMULA_OPERATION || parts[0]->op != FORMULA_FACT) {
        report_say(parser->report, MSG_formula_type, parts[0]->place, "what `present` asks for",
                   "a fact of the case", "something else");
        return fail(parser);
    }
    struct formula_node *node = parts[0];
    node->op = FORMULA_PRESENT;
    node->type = FORMULA_TRUTH;
    node->place = place;
    return node;
}

/* ---- functions that choose by bounds ---- */

enum { ARMS_MAX = 24 };

/* bound -> value, ..., else value */
struct arm {
    enum formula_op op; /* comparison with the bound */
    struct formula_node *bound, *value;
    struct place place;
};
struct arms {
    struct arm arms[ARMS_MAX];
    unsigned count;
    struct formula_node *otherwise; /* NULL: there is no `else` */
};

static bool comparison(const struct parser *parser, enum formula_op *op);
static struct formula_node *parse_sum(struct parser *parser);

enum arm_style { ARM_COMPARISON, ARM_BOUND, ARM_CONDITION };

static bool parse_arm(struct parser *parser, enum arm_style style, struct arm *arm) {
    *arm = (struct arm){.op = FORMULA_LESS_EQUAL, .place = token_place(parser)};
    if (style == ARM_COMPARISON) {
        if (!comparison(parser, &arm->op)) {
            expected(parser, "a comparison such as `<= 2 -> 2.5`, or `else`");
            return false;
        }
        next(parser);
    }
    arm->bound = style == ARM_CONDITION ? parse_or(parser) : parse_sum(parser);
    if (!want(parser, arm->bound, style == ARM_CONDITION ? FORMULA_TRUTH : FORMULA_NUMBER,
              "what stands before `->`") ||
        !take_sign(parser, ":")) {
        return false;
    }
    arm->value = parse_or(parser);
    return arm->value != NULL;
}

/* The rest of a function after its "(" and first part: arms, an `else`, ")". */
static bool parse_arms(struct parser *parser, enum arm_style style, struct arms *out) {
    out->count = 0;
    out->otherwise = NULL;
    while (out->count < ARMS_MAX && out->otherwise == NULL) {
        if (at_word(parser, "else")) {
            next(parser);
            if (at_sign(parser, ":")) {
                next(parser);
            }
            out->otherwise = parse_or(parser);
            if (out->otherwise == NULL) {
                return false;
            }
        } else if (!parse_arm(parser, style, &out->arms[out->count++])) {
            return false;
        }
        if (!at_sign(parser, ",")) {
            break;
        }
        next(parser);
    }
    return take_sign(parser, ")");
}

/* Bounds that are written out must rise, or a part can never be reached. */
static bool check_rising(struct parser *parser, const struct arms *arms, bool must_be_written) {
    for (unsigned i = 0; i < arms->count; i++) {
        const struct arm *arm = &arms->arms[i], *before = i > 0 ? &arms->arms[i - 1] : NULL;
        bool written = arm->bound->kind == FORMULA_DECIMAL;
        if (!written && must_be_written) {
            report_say(parser->report, MSG_formula_type, arm->place, "a bound", "a number that is written out",
                       "something else");
            return fail(parser) != NULL;
        }
        if (!written || before == NULL || before->bound->kind != FORMULA_DECIMAL ||
            before->op > FORMULA_LESS_EQUAL || arm->op > FORMULA_LESS_EQUAL) {
            continue;
        }
        struct rational a = {before->bound->decimal.numerator, before->bound->decimal.denominator};
        struct rational b = {arm->bound->decimal.numerator, arm->bound->decimal.denominator};
        int order = rational_compare(a, b);
        if (order > 0 || (order == 0 && (before->op == FORMULA_LESS_EQUAL || arm->op == FORMULA_LESS))) {
            report_say(parser->report, MSG_bounds_fall, arm->place);
            return fail(parser) != NULL;
        }
    }
    return true;
}

static struct formula_node *branch(struct parser *parser, struct formula_node *when, struct formula_node *then,
                                   struct formula_node *otherwise, struct place place) {
    if (!want(parser, otherwise, then->type, "each value")) {
        return NULL;
    }
    struct formula_node *node = new_node(parser, FORMULA_IF, place);
    node->type = then->type;
    add_part(node, 0, when);
    add_part(node, 1, then);
    add_part(node, 2, otherwise);
    return node;
}

static bool need_else(struct parser *parser, const struct arms *arms) {
    if (arms->otherwise == NULL || arms->count == 0) {
        expected(parser, arms->count == 0 ? "at least one `bound -> value`" : "`else value` at the end");
        return false;
    }
    return true;
}

/* The first part of a function and the comma after it. */
static struct formula_node *parse_subject(struct parser *parser) {
    struct formula_node *subject = take_sign(parser, "(") ? parse_sum(parser) : NULL;
    if (!want(parser, subject, FORMULA_NUMBER, "the first part") || !take_sign(parser, ",")) {
        return NULL;
    }
    return subject;
}

/* bands(rw, <= 1 -> 3, <= 2 -> 2.5, else 2): the value of the first comparison that holds. */
static struct formula_node *parse_bands(struct parser *parser, struct place place) {
    struct arms arms;
    struct formula_node *subject = parse_subject(parser);
    if (subject == NULL || !parse_arms(parser, ARM_COMPARISON, &arms) || !need_else(parser, &arms) ||
        !check_rising(parser, &arms, false)) {
        return NULL;
    }
    struct formula_node *node = arms.otherwise;
    for (unsigned i = arms.count; i-- > 0 && node != NULL;) {
        struct arm *arm = &arms.arms[i];
        node = branch(parser, operation(parser, arm->op, subject, arm->bound, arm->place), arm->value, node, place);
    }
    return node;
}

/* choose(condition -> value, ..., else value) */
static struct formula_node *parse_choose(struct parser *parser, struct place place) {
    struct arms arms;
    if (!take_sign(parser, "(") || !parse_arms(parser, ARM_CONDITION, &arms) || !need_else(parser, &arms)) {
        return NULL;
    }
    struct formula_node *node = arms.otherwise;
    for (unsigned i = arms.count; i-- > 0 && node != NULL;) {
        node = branch(parser, arms.arms[i].bound, arms.arms[i].value, node, place);
    }
    return node;
}

static bool are_numbers(struct parser *parser, const struct arms *arms) {
    for (unsigned i = 0; i < arms->count; i++) {
        if (!want(parser, arms->arms[i].value, FORMULA_NUMBER, "each value")) {
            return false;
        }
    }
    return arms->otherwise == NULL || want(parser, arms->otherwise, FORMULA_NUMBER, "each value");
}

/* steps(los, 30 -> 320, 90 -> 280, else 240): what lies up to 30 times 320, from there to 90 times 280, beyond
 * times 240. */
static struct formula_node *parse_steps(struct parser *parser, struct place place) {
    struct arms arms;
    struct formula_node *subject = parse_subject(parser);
    if (subject == NULL || !parse_arms(parser, ARM_BOUND, &arms) || !need_else(parser, &arms) ||
        !are_numbers(parser, &arms) || !check_rising(parser, &arms, true)) {
        return NULL;
    }
    struct formula_node *sum = NULL, *below = NULL; /* what of the subject lies below the bound before */
    for (unsigned i = 0; i <= arms.count; i++) {
        struct formula_node *reach = subject;
        if (i < arms.count) {
            reach = operation(parser, FORMULA_MINIMUM, subject, arms.arms[i].bound, place);
        }
        struct formula_node *part =
            below != NULL ? operation(parser, FORMULA_SUBTRACT, reach, below, place) : reach;
        part =
            operation(parser, FORMULA_MULTIPLY, part, i < arms.count ? arms.arms[i].value : arms.otherwise, place);
        sum = sum != NULL ? operation(parser, FORMULA_ADD, sum, part, place) : part;
        below = reach;
    }
    return sum;
}

/* linear(x, 80 -> 0, 95 -> 1): a straight line between the points, the first and last value outside. */
static struct formula_node *parse_linear(struct parser *parser, struct place place) {
    struct arms arms;
    struct formula_node *subject = parse_subject(parser);
    if (subject == NULL || !parse_arms(parser, ARM_BOUND, &arms) || !are_numbers(parser, &arms) ||
        !check_rising(parser, &arms, true)) {
        return NULL;
    }
    if (arms.count < 2 || arms.otherwise != NULL) {
        return expected(parser, "linear(x, x1 -> y1, x2 -> y2 ...) with two points at least and no `else`");
    }
    struct formula_node *node = arms.arms[arms.count - 1].value;
    for (unsigned i = arms.count; i-- > 0 && node != NULL;) {
        const struct arm *to = &arms.arms[i], *from = i > 0 ? to - 1 : NULL;
        struct formula_node *value = to->value;
        if (from != NULL) { /* from.y + (x - from.x) * (to.y - from.y) / (to.x - from.x) */
            struct formula_node *rise = operation(parser, FORMULA_SUBTRACT, to->value, from->value, place);
            struct formula_node *run = operation(parser, FORMULA_SUBTRACT, to->bound, from->bound, place);
            struct formula_node *way = operation(parser, FORMULA_SUBTRACT, subject, from->bound, place);
            value = operation(parser, FORMULA_MULTIPLY, way, rise, place);
            value = operation(parser, FORMULA_DIVIDE, value, run, place);
            value = operation(parser, FORMULA_ADD, from->value, value, place);
        }
        node = branch(parser, operation(parser, FORMULA_LESS_EQUAL, subject, to->bound, place), value, node, place);
    }
    return node;
}

/* ---- places on axes ---- */

/* A word of an axis, and past it. */
static bool parse_member(struct parser *parser, const struct formula_node *axis, uint32_t *member) {
    const struct token *token = &parser->token;
    if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED && token->kind != TOKEN_NUMBER) {
        expected(parser, "a word of the policy");
        return false;
    }
    size_t quote = token->kind == TOKEN_QUOTED;
    if (!parser->names->member(parser->names->owner, axis->operand, parser->scalar->text + token->start + quote,
                               token->length - 2 * quote, token_place(parser), member)) {
        parser->failed = true;
        return false;
    }
    next(parser);
    return true;
}

static struct formula_node *parse_axis_test(struct parser *parser, struct formula_node *axis) {
    bool equal = at_sign(parser, "=");
    if (!equal && !at_sign(parser, "!=")) {
        return expected(parser, "= or != and a word of the policy");
    }
    next(parser);
    struct formula_node *number = new_node(parser, FORMULA_DECIMAL, token_place(parser));
    uint32_t member;
    if (!parse_member(parser, axis, &member)) {
        return NULL;
    }
    number->decimal = (struct decimal){member, 1};
    return operation(parser, equal ? FORMULA_EQUAL : FORMULA_UNEQUAL, axis, number, axis->place);
}

/* What a name of the policy is; NULL after a message. */
static struct formula_node *find_name(struct parser *parser) {
    struct formula_node *node = new_node(parser, FORMULA_OPERATION, token_place(parser));
    size_t quote = parser->token.kind == TOKEN_QUOTED;
    if (!parser->names->find(parser->names->owner, parser->scalar->text + parser->token.start + quote,
                             parser->token.length - 2 * quote, node)) {
        return fail(parser);
    }
    next(parser);
    return node;
}

/* at(rate, level = 二级): the value of a table as for a case at another place. */
static struct formula_node *parse_at(struct parser *parser, struct place place) {
    if (!take_sign(parser, "(")) {
        return NULL;
    }
    struct formula_node *table = parser->token.kind == TOKEN_WORD ? find_name(parser) : NULL;
    if (table == NULL || table->op != FORMULA_TABLE) {
        return parser->failed ? NULL : expected(parser, "at(table, axis = word)");
    }
    table->place = place;
    while (at_sign(parser, ",")) {
        next(parser);
        struct formula_node *axis = parser->token.kind == TOKEN_WORD ? find_name(parser) : NULL;
        uint32_t member;
        if (axis == NULL || axis->type != FORMULA_AXIS || !take_sign(parser, "=")) {
            return parser->failed ? NULL : expected(parser, "at(table, axis = word)");
        }
        if (!parse_member(parser, axis, &member)) {
            return NULL;
        }
        if (!parser->names->slice(parser->names->owner, axis->operand, member, table)) {
            return fail(parser);
        }
    }
    return take_sign(parser, ")") ? table : NULL;
}

/* Does a bracket follow the word? */
static bool opens(const struct parser *parser) {
    const char *text = parser->scalar->text + parser->token.start + parser->token.length, *plain;
    while (*text == ' ' || *text == '\t' || *text == '\n' || is_wide_blank(text)) {
        text += is_wide_blank(text) ? 3 : 1;
    }
    return sign_at(text, &plain) > 0 && strcmp(plain, "(") == 0;
}

static struct formula_node *parse_name(struct parser *parser) {
    static const struct {
        const char *word;
        enum formula_op op;
        struct formula_node *(*parse)(struct parser *, enum formula_op, struct place);
    } functions[] = {
        {"min", FORMULA_MINIMUM, parse_extreme},   {"max", FORMULA_MAXIMUM, parse_extreme},
        {"round", FORMULA_ROUND, parse_rounding},  {"floor", FORMULA_FLOOR, parse_rounding},
        {"ceil", FORMULA_CEILING, parse_rounding},
    };
    static const struct {
        const char *word;
        struct formula_node *(*parse)(struct parser *, struct place);
    } choices[] = {{"bands", parse_bands},
                   {"choose", parse_choose},
                   {"steps", parse_steps},
                   {"linear", parse_linear},
                   {"at", parse_at}};
    struct place place = token_place(parser);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (at_word(parser, functions[i].word)) {
            next(parser);
            return functions[i].parse(parser, functions[i].op, place);
        }
    }
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (at_word(parser, choices[i].word) && opens(parser)) { /* otherwise it may be a name of the policy */
            next(parser);
            return choices[i].parse(parser, place);
        }
    }
    if (at_word(parser, "if")) {
        next(parser);
        return parse_if(parser, place);
    }
    if (at_word(parser, "present")) {
        next(parser);
        return parse_present(parser, place);
    }
    if (at_word(parser, "and") || at_word(parser, "or") || at_word(parser, "not")) {
        return expected(parser, "a number or a name");
    }
    struct formula_node *node = find_name(parser);
    return node != NULL && node->type == FORMULA_AXIS ? parse_axis_test(parser, node) : node;
}

static struct formula_node *parse_part(struct parser *parser) {
    if (parser->failed) {
        return NULL;
    }
    switch (parser->token.kind) {
    case TOKEN_NUMBER:
        return parse_decimal(parser);
    case TOKEN_WORD:
    case TOKEN_QUOTED:
        return parse_name(parser);
    default:
        break;
    }
    if (!at_sign(parser, "(")) {
        return expected(parser, "a number or a name");
    }
    next(parser);
    struct formula_node *node = parse_or(parser);
    return node != NULL && take_sign(parser, ")") ? node : NULL;
}

static struct formula_node *parse_minus(struct parser *parser) {
    unsigned count = 0;
    struct place place = token_place(parser);
    while (at_sign(parser, "-")) {
        next(parser);
        count++;
    }
    struct formula_node *node = parse_part(parser);
    if (count == 0 || !want(parser, node, FORMULA_NUMBER, "what follows `-`")) {
        return count == 0 ? node : NULL;
    }
    return count % 2 == 0 ? node : operation(parser, FORMULA_NEGATE, node, NULL, place);
}

/* left { sign right }, both numbers: sums and products. */
static struct formula_node *parse_chain(struct parser *parser, struct formula_node *(*parse)(struct parser *),
                                        const char *first, enum formula_op first_op, const char *second,
                                        enum formula_op second_op) {
    struct formula_node *node = parse(parser);
    while (node != NULL && (at_sign(parser, first) || at_sign(parser, second))) {
        enum formula_op op = at_sign(parser, first) ? first_op : second_op;
        struct place place = token_place(parser);
        next(parser);
        struct formula_node *right = parse(parser);
        if (!want(parser, node, FORMULA_NUMBER, "what is computed with") ||
            !want(parser, right, FORMULA_NUMBER, "what is computed with")) {
            return NULL;
        }
        if (op == FORMULA_DIVIDE && right->kind == FORMULA_DECIMAL && right->decimal.numerator == 0) {
            report_say(parser->report, MSG_division_by_zero, right->place);
            return fail(parser);
        }
        node = operation(parser, op, node, right, place);
    }
    return node;
}

static struct formula_node *parse_product(struct parser *parser) {
    return parse_chain(parser, parse_minus, "*", FORMULA_MULTIPLY, "/", FORMULA_DIVIDE);
}

static struct formula_node *parse_sum(struct parser *parser) {
    return parse_chain(parser, parse_product, "+", FORMULA_ADD, "-", FORMULA_SUBTRACT);
}

static bool comparison(const struct parser *parser, enum formula_op *op) {
    static const struct {
        const char *sign;
        enum formula_op op;
    } rows[] = {{"<", FORMULA_LESS},           {"<=", FORMULA_LESS_EQUAL}, {">", FORMULA_GREATER},
                {">=", FORMULA_GREATER_EQUAL}, {"=", FORMULA_EQUAL},       {"!=", FORMULA_UNEQUAL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (at_sign(parser, rows[i].sign)) {
            *op = rows[i].op;
            return true;
        }
    }
    return false;
}

/* The text of a side of a comparison, which may get a name of its own (a bound of the normal class). */
static void set_text(struct parser *parser, struct formula_node *node, size_t start, size_t end) {
    const char *text = parser->scalar->text;
    while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\t' || text[end - 1] == '\n')) {
        end--;
    }
    node->text = arena_copy(parser->arena, text + start, end - start);
}

static struct formula_node *parse_test(struct parser *parser) {
    size_t start = parser->token.start;
    struct formula_node *left = parse_sum(parser);
    enum formula_op op;
    if (left == NULL || !comparison(parser, &op)) {
        return left;
    }
    struct place place = token_place(parser);
    size_t left_end = parser->token.start;
    next(parser);
    size_t right_start = parser->token.start;
    struct formula_node *right = parse_sum(parser);
    if (!want(parser, left, FORMULA_NUMBER, "what is compared") ||
        !want(parser, right, FORMULA_NUMBER, "what is compared")) {
        return NULL;
    }
    set_text(parser, left, start, left_end);
    set_text(parser, right, right_start, parser->token.start);
    if (comparison(parser, &op)) {
        return expected(parser, "`and` between two comparisons");
    }
    return operation(parser, op, left, right, place);
}

static struct formula_node *parse_not(struct parser *parser) {
    unsigned count = 0;
    struct place place = token_place(parser);
    while (at_word(parser, "not")) {
        next(parser);
        count++;
    }
    struct formula_node *node = parse_test(parser);
    if (count == 0 || !want(parser, node, FORMULA_TRUTH, "what follows `not`")) {
        return count == 0 ? node : NULL;
    }
    return count % 2 == 0 ? node : operation(parser, FORMULA_NOT, node, NULL, place);
}

static struct formula_node *parse_joined(struct parser *parser, struct formula_node *(*parse)(struct parser *),
                                         const char *word, enum formula_kind kind) {
    struct formula_node *node = parse(parser);
    while (node != NULL && at_word(parser, word)) {
        struct place place = token_place(parser);
        next(parser);
        struct formula_node *right = parse(parser);
        if (!want(parser, node, FORMULA_TRUTH, "what is joined by `and` and `or`") ||
            !want(parser, right, FORMULA_TRUTH, "what is joined by `and` and `or`")) {
            return NULL;
        }
        struct formula_node *both = new_node(parser, kind, place);
        both->type = FORMULA_TRUTH;
        add_part(both, 0, node);
        add_part(both, 1, right);
        node = both;
    }
    return node;
}

static struct formula_node *parse_and(struct parser *parser) {
    return parse_joined(parser, parse_not, "and", FORMULA_AND);
}

static struct formula_node *parse_or(struct parser *parser) {
    if (parser->depth == FORMULA_DEPTH || parser->failed) {
        if (!parser->failed) {
            report_say(parser->report, MSG_formula_too_large, token_place(parser));
        }
        return fail(parser);
    }
    parser->depth++;
    struct formula_node *node = parse_joined(parser, parse_and, "or", FORMULA_OR);
    parser->depth--;
    return node;
}

struct formula_node *formula_parse(struct report *report, const struct node *scalar,
                                   const struct formula_names *names, enum formula_type type) {
    struct parser parser = {.report = report, .arena = report->arena, .scalar = scalar, .names = names};
    next(&parser);
    struct formula_node *node = parse_or(&parser);
    if (node == NULL || parser.failed) {
        return NULL;
    }
    if (parser.token.kind != TOKEN_END) {
        return expected(&parser, "an operation or the end");
    }
    return want(&parser, node, type, "the formula") ? node : NULL;
}

/* ---- program ---- */

static size_t put(struct formula_code *code, enum formula_op op, uint32_t operand) {
    struct image_instruction instruction = {.op = (uint16_t)op, .operand = operand};
    ARENA_PUSH(code->arena, code->instructions, code->count, code->capacity, instruction);
    return code->count - 1;
}

static void put_constant(struct formula_code *code, struct decimal value) {
    size_t at = 0;
    while (at < code->constant_count && (code->constants[at].numerator != value.numerator ||
                                         code->constants[at].denominator != value.denominator)) {
        at++;
    }
    if (at == code->constant_count) {
        ARENA_PUSH(code->arena, code->constants, code->constant_count, code->constant_capacity, value);
    }
    put(code, FORMULA_CONSTANT, (uint32_t)at);
}

/* A jump put at `from` leads to what comes next. */
static void land(struct formula_code *code, size_t from) {
    code->instructions[from].operand = (uint32_t)(code->count - from - 1);
}

/* if(a, b, c); `a and b` is if(a, b, 0), `a or b` is if(a, 1, b). */
static void emit_branches(struct formula_code *code, const struct formula_node *node) {
    formula_emit(code, node->parts[0]);
    size_t otherwise = put(code, FORMULA_JUMP_IF_FALSE, 0);
    if (node->kind == FORMULA_OR) {
        put_constant(code, (struct decimal){1, 1});
    } else {
        formula_emit(code, node->parts[1]);
    }
    size_t end = put(code, FORMULA_JUMP, 0);
    land(code, otherwise);
    if (node->kind == FORMULA_AND) {
        put_constant(code, (struct decimal){0, 1});
    } else {
        formula_emit(code, node->parts[node->kind == FORMULA_IF ? 2 : 1]);
    }
    land(code, end);
}

void formula_emit(struct formula_code *code, const struct formula_node *node) {
    switch (node->kind) {
    case FORMULA_DECIMAL:
        put_constant(code, node->decimal);
        return;
    case FORMULA_IF:
    case FORMULA_AND:
    case FORMULA_OR:
        emit_branches(code, node);
        return;
    case FORMULA_OPERATION:
        break;
    }
    for (unsigned i = 0; i < 2 && node->parts[i] != NULL; i++) {
        formula_emit(code, node->parts[i]);
    }
    put(code, node->op, node->operand);
}
