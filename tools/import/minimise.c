/* SPDX-License-Identifier: Apache-2.0
 *
 * The short form of a code set, by dynamic programming over the catalogue's order. At each code one item is open or
 * none, and inside it one item that is taken out or none. An item is a single code, a branch (a prefix of one of a few
 * lengths), a range of branches within the next larger branch, or a range of codes within a category. The cost is the
 * number of characters, with small fines for what is harder to review: ranges of codes and nested minus. */
#include "minimise.h"

#include <stdlib.h>
#include <string.h>

#include "../output.h"

enum { LEVELS_MAX = 4, TYPES_MAX = 2 * LEVELS_MAX + 2, STATES_MAX = 1 + TYPES_MAX * (1 + TYPES_MAX) };
enum { FAR = 1 << 28 };             /* a cost that cannot be */
enum { GAP = 300 };                 /* items never reach over so many codes that are not wanted */
enum { FINE_CODES = 5, FINE_BRANCHES = 1, FINE_MINUS = 2 };

/* For each code: does a branch of the level begin or end here, and may a range of branches end here. */
struct mark {
    uint8_t first[LEVELS_MAX], last[LEVELS_MAX], start[LEVELS_MAX], end[LEVELS_MAX], branch[LEVELS_MAX];
    uint8_t start_length, end_length; /* of the text of a range of codes that starts or ends here */
};

struct shortener {
    struct arena *arena;
    const struct catalogue *catalogue;
    int levels, category; /* the level that a range of codes may not leave */
    uint32_t length[LEVELS_MAX];
    struct mark *marks;
    uint32_t longest; /* level: the longest prefix */
};

/* ---- the catalogue, once ---- */

static bool plain(const char *text, uint32_t length) {
    for (uint32_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static bool same_branch(const struct catalogue *catalogue, uint32_t a, uint32_t b, uint32_t length) {
    const struct code *left = &catalogue->codes[a], *right = &catalogue->codes[b];
    return left->length >= length && right->length >= length && memcmp(left->text, right->text, length) == 0;
}

static bool is_code(const struct catalogue *catalogue, const char *text, uint32_t length, const char *more) {
    char whole[CODE_LENGTH_MAX + 2];
    memcpy(whole, text, length);
    strcpy(whole + length, more);
    return catalogue_find(catalogue, whole, strlen(whole)) != UINT32_MAX;
}

static void mark_code(struct shortener *s, uint32_t at) {
    const struct catalogue *catalogue = s->catalogue;
    const struct code *code = &catalogue->codes[at];
    struct mark *mark = &s->marks[at];
    mark->start_length = mark->end_length = (uint8_t)code->length;
    for (int level = 0; level < s->levels; level++) {
        uint32_t length = s->length[level];
        if (code->length < length || !plain(code->text, length)) {
            continue;
        }
        mark->first[level] = at == 0 || !same_branch(catalogue, at - 1, at, length);
        mark->last[level] = at + 1 == catalogue->count || !same_branch(catalogue, at + 1, at, length);
        bool prefix_is_code = is_code(catalogue, code->text, length, "");
        bool dot = code->text[length - 1] == '.'; /* a code of the other kind: its dot and those of a range run together */
        mark->start[level] = mark->first[level] && !dot;
        mark->end[level] = mark->last[level] && !dot && (!prefix_is_code || code->length == length);
        mark->branch[level] = !dot && !is_code(catalogue, code->text, length, "*");
        if (level == s->levels - 1 && !prefix_is_code) {
            mark->start_length = (uint8_t)(mark->first[level] ? length : code->length);
            mark->end_length = (uint8_t)(mark->last[level] ? length : code->length);
        }
    }
}

struct shortener *shortener_new(struct arena *arena, const struct catalogue *catalogue) {
    static const uint32_t diagnosis[] = {3, 5, 7}, procedure[] = {2, 4, 5, 7};
    bool diagnoses = catalogue->kind == CODE_DIAGNOSIS;
    struct shortener *s = ARENA_NEW(arena, struct shortener);
    s->arena = arena;
    s->catalogue = catalogue;
    s->levels = diagnoses ? 3 : 4;
    s->category = diagnoses ? 0 : 1;
    memcpy(s->length, diagnoses ? diagnosis : procedure, (size_t)s->levels * sizeof *s->length);
    s->marks = ARENA_ARRAY(arena, struct mark, (size_t)catalogue->count + 1);
    for (uint32_t i = 0; i < catalogue->count; i++) {
        mark_code(s, i);
    }
    return s;
}

/* ---- one stretch of the catalogue ---- */

/* Item types: 0 a code; 1..levels a branch; levels+1..2*levels a range of branches; then a range of codes. */
struct stretch {
    const struct shortener *s;
    uint32_t first, count;
    int types, states;
    uint8_t *back;   /* count x 4 x states: the state before each of the four moves at a code */
    int *cost;       /* states */
    bool no_minus;
};

/* State 0: nothing open. 1 + p * (1 + types): item of type p open; plus 1 + t: and in it one of type t, taken out. */
static int state_of(const struct stretch *x, int outer, int inner) {
    return 1 + outer * (1 + x->types) + inner;
}

static int open_cost(const struct stretch *x, int type, uint32_t at) {
    const struct shortener *s = x->s;
    const struct mark *mark = &s->marks[at];
    if (type == 0) {
        return (int)s->catalogue->codes[at].length + 1;
    }
    if (type <= s->levels) {
        int level = type - 1;
        return mark->first[level] && mark->branch[level] ? (int)s->length[level] + 2 : FAR;
    }
    if (type <= 2 * s->levels) {
        int level = type - s->levels - 1;
        return mark->start[level] ? (int)s->length[level] + 2 + FINE_BRANCHES : FAR;
    }
    bool dot = s->catalogue->codes[at].text[mark->start_length - 1] == '.'; /* it would run into those of the range */
    return dot ? FAR : mark->start_length + 2 + FINE_CODES;
}

/* What closing here costs; *must says that the item cannot go on behind this code. */
static int close_cost(const struct stretch *x, int type, uint32_t at, bool *must) {
    const struct shortener *s = x->s;
    const struct mark *mark = &s->marks[at];
    *must = type == 0;
    if (type == 0) {
        return 0;
    }
    if (type <= s->levels) {
        *must = mark->last[type - 1];
        return *must ? 0 : FAR;
    }
    if (type <= 2 * s->levels) {
        int level = type - s->levels - 1;
        *must = level > 0 && mark->last[level - 1];
        return mark->end[level] ? (int)s->length[level] + 1 : FAR;
    }
    *must = mark->last[s->category];
    return s->catalogue->codes[at].text[0] == '.' ? FAR : mark->end_length + 1;
}

static void step_open(struct stretch *x, uint32_t at, uint8_t *back) {
    int opening[TYPES_MAX];
    for (int t = 0; t < x->types; t++) {
        opening[t] = open_cost(x, t, at);
        if (opening[t] < FAR && x->cost[0] + opening[t] < x->cost[state_of(x, t, 0)]) {
            x->cost[state_of(x, t, 0)] = x->cost[0] + opening[t];
            back[state_of(x, t, 0)] = 0;
        }
    }
    back += x->states;
    for (int p = 1; p < x->types && !x->no_minus; p++) {
        int outer = x->cost[state_of(x, p, 0)];
        for (int t = 0; outer < FAR && t < x->types; t++) {
            int cost = outer + opening[t] + 1 + FINE_MINUS;
            if (opening[t] < FAR && cost < x->cost[state_of(x, p, 1 + t)]) {
                x->cost[state_of(x, p, 1 + t)] = cost;
                back[state_of(x, p, 1 + t)] = (uint8_t)state_of(x, p, 0);
            }
        }
    }
}

enum wanted { WANTED_OUT, WANTED_IN, WANTED_EITHER, WANTED_KEEP };

static void step_take(struct stretch *x, enum wanted wanted) {
    if (wanted == WANTED_IN || wanted == WANTED_KEEP) {
        x->cost[0] = wanted == WANTED_IN ? FAR : x->cost[0];
        for (int p = 0; p < x->types; p++) {
            for (int t = 0; t < x->types; t++) {
                x->cost[state_of(x, p, 1 + t)] = FAR;
            }
        }
    } else if (wanted == WANTED_OUT) {
        for (int p = 0; p < x->types; p++) {
            x->cost[state_of(x, p, 0)] = FAR;
        }
    }
}

static void step_close(struct stretch *x, uint32_t at, uint8_t *back) {
    int closing[TYPES_MAX];
    bool must[TYPES_MAX];
    for (int t = 0; t < x->types; t++) {
        closing[t] = close_cost(x, t, at, &must[t]);
    }
    for (int p = 1; p < x->types; p++) {
        int *outer = &x->cost[state_of(x, p, 0)];
        for (int t = 0; t < x->types; t++) {
            int *inner = &x->cost[state_of(x, p, 1 + t)];
            if (*inner < FAR && closing[t] < FAR && *inner + closing[t] < *outer) {
                *outer = *inner + closing[t];
                back[2 * x->states + state_of(x, p, 0)] = (uint8_t)state_of(x, p, 1 + t);
            }
            *inner = must[t] ? FAR : *inner;
        }
    }
    for (int p = 0; p < x->types; p++) {
        int outer = x->cost[state_of(x, p, 0)];
        if (outer < FAR && closing[p] < FAR && outer + closing[p] < x->cost[0]) {
            x->cost[0] = outer + closing[p];
            back[3 * x->states] = (uint8_t)state_of(x, p, 0);
        }
        for (int t = 0; must[p] && t <= x->types; t++) {
            x->cost[state_of(x, p, t)] = FAR;
        }
    }
}

/* ---- from the cheapest way to text ---- */

struct text {
    char *bytes;
    size_t length, capacity;
};

static void put(struct text *text, const char *bytes, size_t length) {
    if (text->capacity - text->length <= length) {
        text->capacity = (text->capacity + length + 1) * 2;
        text->bytes = need(realloc(text->bytes, text->capacity));
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

static void put_item(const struct shortener *s, struct text *text, bool minus, int type, uint32_t from, uint32_t to) {
    const struct code *first = &s->catalogue->codes[from], *last = &s->catalogue->codes[to];
    if (text->length > 0) {
        put(text, " ", 1);
    }
    put(text, "!", minus);
    if (type == 0) {
        put(text, first->text, first->length);
        return;
    }
    int level = type <= s->levels ? type - 1 : type - s->levels - 1;
    bool branch = type <= s->levels;
    if (!branch && type <= 2 * s->levels && memcmp(first->text, last->text, s->length[level]) == 0 &&
        s->marks[from].branch[level]) {
        branch = true;
    }
    if (branch) {
        put(text, first->text, s->length[level]);
        put(text, "*", 1);
        return;
    }
    bool codes = type > 2 * s->levels;
    put(text, first->text, codes ? s->marks[from].start_length : s->length[level]);
    put(text, "..", 2);
    put(text, last->text, codes ? s->marks[to].end_length : s->length[level]);
}

/* A move that was made: kind 0 opens, 1 opens a minus, 2 closes the minus, 3 closes. */
struct move {
    uint8_t kind, type;
    uint32_t at;
};

static void put_moves(const struct stretch *x, struct text *text, const struct move *moves, size_t count) {
    for (size_t i = count; i-- > 0;) { /* they were found backwards */
        if (moves[i].kind > 1) {
            continue;
        }
        size_t j = i;
        while (moves[j].kind != 3 - moves[i].kind) {
            j--;
        }
        put_item(x->s, text, moves[i].kind == 1, moves[i].type, moves[i].at, moves[j].at);
    }
}

static void trace_back(const struct stretch *x, struct text *text) {
    struct move *moves = need(malloc(((size_t)x->count * 4 + 1) * sizeof *moves));
    size_t count = 0;
    int state = 0;
    for (uint32_t i = x->count; i-- > 0;) {
        const uint8_t *back = x->back + (size_t)i * 4 * (size_t)x->states;
        for (int kind = 3; kind >= 0; kind--) {
            int before = back[kind * x->states + state];
            if (before == state) {
                continue;
            }
            int of = kind >= 2 ? before - 1 : state - 1; /* the state in which the item is open */
            int type = kind == 0 || kind == 3 ? of / (1 + x->types) : of % (1 + x->types) - 1;
            moves[count++] = (struct move){(uint8_t)kind, (uint8_t)type, x->first + i};
            state = before;
        }
    }
    put_moves(x, text, moves, count);
    free(moves);
}

static bool has(const uint64_t *bits, uint32_t at) {
    return bits != NULL && (bits[at / 64] >> (at % 64) & 1);
}

/* What is asked of each code. */
struct asked {
    const uint64_t *bits, *either, *keep;
    bool no_minus;
};

static enum wanted wanted_of(const struct asked *asked, uint32_t at) {
    if (has(asked->bits, at)) {
        return WANTED_IN;
    }
    return has(asked->keep, at) ? WANTED_KEEP : has(asked->either, at) ? WANTED_EITHER : WANTED_OUT;
}

static void shorten_stretch(const struct shortener *s, const struct asked *asked, uint32_t first, uint32_t end,
                            struct text *text) {
    struct stretch x = {.s = s, .first = first, .count = end - first, .types = 2 * s->levels + 2};
    x.no_minus = asked->no_minus;
    x.states = 1 + x.types * (1 + x.types);
    int cost[STATES_MAX];
    x.cost = cost;
    x.back = need(malloc((size_t)x.count * 4 * (size_t)x.states));
    for (int i = 0; i < x.states; i++) {
        cost[i] = i == 0 ? 0 : FAR;
    }
    for (uint32_t i = 0; i < x.count; i++) {
        uint8_t *back = x.back + (size_t)i * 4 * (size_t)x.states;
        for (int move = 0; move < 4; move++) {
            for (int state = 0; state < x.states; state++) {
                back[move * x.states + state] = (uint8_t)state;
            }
        }
        step_open(&x, first + i, back);
        step_take(&x, wanted_of(asked, first + i));
        step_close(&x, first + i, back);
    }
    trace_back(&x, text);
    free(x.back);
}

/* ---- proof ---- */

/* The codes of an end of a range: one code, or the branch that the text starts. */
static bool end_of(const struct catalogue *catalogue, const char *text, size_t length, uint32_t *first, uint32_t *end) {
    *first = catalogue_find(catalogue, text, length);
    *end = *first + 1;
    if (*first == UINT32_MAX) {
        catalogue_branch(catalogue, text, length, first, end);
    }
    return *first < *end;
}

static bool span_of(const struct catalogue *catalogue, const char *item, size_t length, uint32_t *first,
                    uint32_t *end) {
    uint32_t between;
    const char *dots = memmem(item, length, "..", 2);
    if (dots == NULL && item[length - 1] == '*' && catalogue_find(catalogue, item, length) == UINT32_MAX) {
        catalogue_branch(catalogue, item, length - 1, first, end);
        return *first < *end;
    }
    if (dots == NULL) {
        *first = catalogue_find(catalogue, item, length);
        *end = *first + 1;
        return *first != UINT32_MAX;
    }
    return end_of(catalogue, item, (size_t)(dots - item), first, &between) &&
           end_of(catalogue, dots + 2, length - (size_t)(dots - item) - 2, &between, end) && *first < *end;
}

bool spell_out(const struct shortener *s, const char *items, uint64_t *bits) {
    memset(bits, 0, ((size_t)s->catalogue->count + 63) / 64 * sizeof *bits);
    for (int minus = 0; minus < 2; minus++) {
        for (const char *at = items; *at != '\0';) {
            size_t length = strcspn(at, " ");
            bool is_minus = *at == '!';
            uint32_t first, end;
            if (length > 0 && is_minus == (minus == 1)) {
                if (!span_of(s->catalogue, at + is_minus, length - is_minus, &first, &end)) {
                    return false;
                }
                for (uint32_t i = first; i < end; i++) {
                    uint64_t bit = (uint64_t)1 << (i % 64);
                    bits[i / 64] = is_minus ? bits[i / 64] & ~bit : bits[i / 64] | bit;
                }
            }
            at += length;
            at += *at == ' ';
        }
    }
    return true;
}

static void prove(const struct shortener *s, const struct asked *asked, const char *items) {
    size_t words = ((size_t)s->catalogue->count + 63) / 64;
    uint64_t *meant = need(calloc(words + 1, sizeof *meant));
    bool good = spell_out(s, items, meant);
    for (size_t i = 0; good && i < words; i++) {
        uint64_t may = (asked->either != NULL ? asked->either[i] : 0) | (asked->keep != NULL ? asked->keep[i] : 0);
        good = (asked->bits[i] & ~meant[i]) == 0 && (meant[i] & ~asked->bits[i] & ~may) == 0;
    }
    for (const char *item = items; good && asked->keep != NULL && *item != '\0';) {
        size_t length = strcspn(item, " ");
        uint32_t first = 0, end = 0;
        good = *item != '!' || span_of(s->catalogue, item + 1, length - 1, &first, &end);
        for (uint32_t i = first; i < end && good; i++) {
            good = !has(asked->keep, i);
        }
        item += length + (item[length] == ' ');
    }
    free(meant);
    if (!good) {
        complain("internal fault: the short form of a set means something else: %.200s", items);
        abort();
    }
}

static const char *shorten_all(const struct shortener *s, const struct asked *asked) {
    const uint64_t *bits = asked->bits;
    uint32_t count = s->catalogue->count;
    struct text text = {0};
    put(&text, "", 0);
    for (uint32_t at = 0; at < count;) {
        if (!has(bits, at)) {
            at = bits[at / 64] >> (at % 64) == 0 ? (at / 64 + 1) * 64 : at + 1;
            continue;
        }
        uint32_t first = at, last = at;
        for (; at < count && at - last <= GAP; at++) {
            last = has(bits, at) ? at : last;
        }
        /* a whole category at each end, so that its branch may stand for it */
        while (first > 0 && same_branch(s->catalogue, first, first - 1, s->length[0]) && !s->marks[first].first[0]) {
            first--;
        }
        while (last + 1 < count && !s->marks[last].last[0] && same_branch(s->catalogue, last, last + 1, s->length[0])) {
            last++;
        }
        shorten_stretch(s, asked, first, last + 1, &text);
        at = last + 1;
    }
    prove(s, asked, text.bytes);
    const char *items = arena_copy(s->arena, text.bytes, text.length);
    free(text.bytes);
    return items;
}

const char *shorten(const struct shortener *s, const uint64_t *bits, const uint64_t *either) {
    const struct asked asked = {bits, either, NULL, false};
    return shorten_all(s, &asked);
}

const char *shorten_keeping(const struct shortener *s, const uint64_t *bits, const uint64_t *either,
                            const uint64_t *keep) {
    const struct asked asked = {bits, either, keep, false};
    return shorten_all(s, &asked);
}

const char *shorten_plain(const struct shortener *s, const uint64_t *bits, const uint64_t *either) {
    const struct asked asked = {bits, either, NULL, true};
    return shorten_all(s, &asked);
}
