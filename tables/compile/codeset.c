/* SPDX-License-Identifier: Apache-2.0
 *
 * Code sets: their names, and their expansion over the catalogues. */
#include "codeset.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { STATE_NEW, STATE_OPEN, STATE_DONE, STATE_FAILED };

/* A regular expression gets so many steps for one code, and so many bytes: more is a slip. */
enum { REGEX_STEPS = 20000, REGEX_BYTES = 1000 };

/* ---- names ---- */

const char *code_kind_words(enum code_kind kind) {
    return kind == CODE_DIAGNOSIS ? "diagnoses" : "procedures";
}

const char *codeset_title(struct report *report, const struct codeset *set) {
    if (!set->literal) {
        return report_clip(report, set->name, strlen(set->name));
    }
    return arena_format(report->arena, "{%s}", report_clip(report, set->literal, set->literal_length));
}

void codesets_init(struct codesets *sets, struct sources *sources, const struct catalogue *diagnoses,
                   const struct catalogue *procedures) {
    static const struct catalogue none[CODE_KINDS] = {{.kind = CODE_DIAGNOSIS}, {.kind = CODE_PROCEDURE}};
    *sets = (struct codesets){.arena = sources->arena, .report = sources->report, .sources = sources};
    sets->catalogues[CODE_DIAGNOSIS] = diagnoses ? diagnoses : &none[CODE_DIAGNOSIS];
    sets->catalogues[CODE_PROCEDURE] = procedures ? procedures : &none[CODE_PROCEDURE];
    sets->open = ARENA_ARRAY(sets->arena, struct codeset *, CODESET_DEPTH);
    sets->index_size = 256;
    sets->index = ARENA_ARRAY(sets->arena, struct codeset *, sets->index_size);
}

/* Where a name is in the hash table, or the free row for it. */
static struct codeset **index_row(const struct codesets *sets, const char *name, size_t length) {
    size_t at = XXH3_64bits(name, length) & (sets->index_size - 1);
    while (sets->index[at]) {
        const char *known = sets->index[at]->name;
        if (strlen(known) == length && memcmp(known, name, length) == 0) {
            break;
        }
        at = (at + 1) & (sets->index_size - 1);
    }
    return &sets->index[at];
}

struct codeset *codesets_find(const struct codesets *sets, const char *name, size_t length) {
    return length == 0 ? NULL : *index_row(sets, name, length);
}

static void index_grow(struct codesets *sets) {
    if (sets->count * 2 < sets->index_size) {
        return;
    }
    sets->index_size *= 2;
    sets->index = ARENA_ARRAY(sets->arena, struct codeset *, sets->index_size);
    for (size_t i = 0; i < sets->count; i++) {
        struct codeset *set = sets->sets[i];
        if (!set->literal) {
            *index_row(sets, set->name, strlen(set->name)) = set;
        }
    }
}

static struct codeset *new_set(struct codesets *sets, struct place place) {
    if (sets->count >= CODESETS_MAX) {
        report_say(sets->report, MSG_too_many_sets, place, (unsigned)CODESETS_MAX);
        return NULL;
    }
    struct codeset *set = ARENA_NEW(sets->arena, struct codeset);
    set->name = "";
    set->place = place;
    set->number = (uint32_t)sets->count;
    ARENA_PUSH(sets->arena, sets->sets, sets->count, sets->capacity, set);
    return set;
}

static bool find_code(const struct codesets *sets, const char *text, size_t length) {
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        if (catalogue_find(sets->catalogues[kind], text, length) != UINT32_MAX) {
            return true;
        }
    }
    return false;
}

/* Why a text cannot name a set, or NULL. What could be read as another item or as part of an expression cannot. */
static const char *name_fault(const struct codesets *sets, const char *name, size_t length) {
    if (length == 0) {
        return "it is empty";
    }
    if (length > 200) {
        return "it is longer than 200 bytes";
    }
    if (strpbrk(name, " \t\r\n,(){}=<>!/*|&#\"'") || strstr(name, "..") || strstr(name, "\xE2\x88\xA9")) {
        return "blanks, `..`, `∩` and any of , ( ) { } = < > ! / * | & # and quotes have a meaning of their own";
    }
    if (strcasecmp(name, "MCC") == 0 || strcasecmp(name, "CC") == 0) {
        return "MCC and CC are words of the rule language";
    }
    return find_code(sets, name, length) ? "it is a code of the catalogue" : NULL;
}

static bool is_patch(const struct node *definition) {
    return node_get(definition, "add") || node_get(definition, "remove");
}

static struct codeset *change_set(struct codesets *sets, struct codeset *set, const struct node *name,
                                  const struct node *definition) {
    struct codeset *base = NULL;
    if (is_patch(definition)) {
        base = ARENA_NEW(sets->arena, struct codeset);
        *base = *set;
    }
    set->base = base;
    set->definition = definition;
    set->place = name->place;
    set->state = STATE_NEW;
    return set;
}

struct codeset *codesets_define(struct codesets *sets, const struct node *name, const struct node *definition,
                                bool patch) {
    struct codeset *known = codesets_find(sets, name->text, name->length);
    const char *said = report_clip(sets->report, name->text, name->length);
    if (known && patch) {
        return change_set(sets, known, name, definition);
    }
    if (known) {
        report_say(sets->report, MSG_duplicate_set, name->place, said, known->place.line, known->place.file);
        return NULL;
    }
    if (patch) {
        const char *hint = codesets_hint(sets, name->text, name->length, false);
        report_say(sets->report, MSG_unknown_set, name->place, said, hint);
        return NULL;
    }
    const char *fault = name_fault(sets, name->text, name->length);
    if (fault) {
        report_say(sets->report, MSG_bad_set_name, name->place, said, fault);
        return NULL;
    }
    struct codeset *set = new_set(sets, name->place);
    if (set) {
        set->name = name->text;
        set->definition = definition;
        *index_row(sets, name->text, name->length) = set;
        index_grow(sets);
    }
    return set;
}

struct codeset *codesets_literal(struct codesets *sets, const struct node *scalar, size_t offset, const char *text,
                                 size_t length) {
    struct codeset *set = new_set(sets, scalar->place);
    if (set) {
        set->literal = text;
        set->literal_length = length;
        set->literal_node = scalar;
        set->literal_offset = offset;
        node_cursor_start(&set->start, scalar);
        index_grow(sets);
    }
    return set;
}

/* Names near in the catalogues: those that begin with the same letter, for the sake of time. `seen` bytes of each.
 */
static void offer_codes(const struct codesets *sets, struct nearest *nearest, size_t seen) {
    char initial = nearest->text[0];
    initial = initial >= 'a' && initial <= 'z' ? (char)(initial - 'a' + 'A') : initial;
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        uint32_t first, end;
        catalogue_branch(sets->catalogues[kind], &initial, 1, &first, &end);
        for (uint32_t i = first; i < end; i++) {
            const struct code *code = &sets->catalogues[kind]->codes[i];
            nearest_offer(nearest, code->text, code->length < seen ? code->length : seen);
        }
    }
}

const char *codesets_hint(const struct codesets *sets, const char *text, size_t length, bool codes) {
    struct nearest nearest;
    if (sets->report->count >= REPORT_MAX || length == 0) {
        return "";
    }
    nearest_start(&nearest, text, length);
    if (codes) {
        offer_codes(sets, &nearest, SIZE_MAX);
    }
    for (size_t i = 0; i < sets->count; i++) {
        nearest_offer(&nearest, sets->sets[i]->name, strlen(sets->sets[i]->name));
    }
    return nearest_hint(&nearest, sets->arena);
}

/* ---- items of a text ---- */

struct item {
    const char *text; /* without the `!` */
    size_t length;
    struct place place;
    bool minus;
};

/* Where items come from: a scalar, a part of one, or a whole text file. */
struct item_source {
    const char *text;
    size_t length, at;
    size_t base; /* of the text in the scalar */
    struct node_cursor cursor;
    bool comments;
};

/* Bytes of the separator here, 0 if there is none: blank, comma, and both in full width. */
static size_t separator(const char *text, size_t length, size_t at) {
    char byte = text[at];
    if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == ',') {
        return 1;
    }
    bool wide = length - at >= 3 &&
                (memcmp(text + at, "\xEF\xBC\x8C", 3) == 0 || memcmp(text + at, "\xE3\x80\x80", 3) == 0);
    return wide ? 3 : 0;
}

static void skip_separators(struct item_source *from) {
    while (from->at < from->length) {
        size_t step = separator(from->text, from->length, from->at);
        if (step > 0) {
            from->at += step;
        } else if (from->comments && from->text[from->at] == '#') {
            const char *end = memchr(from->text + from->at, '\n', from->length - from->at);
            from->at = end ? (size_t)(end - from->text) : from->length;
        } else {
            return;
        }
    }
}

/* The end of a regular expression that starts at `at`: after its last `/`, or at a blank. */
static size_t regex_end(const char *text, size_t length, size_t at) {
    for (at++; at < length; at++) {
        if (text[at] == '/') {
            return at + 1;
        }
        if (text[at] != ',' && separator(text, length, at) > 0) {
            return at;
        }
        if (text[at] == '\\' && at + 1 < length) {
            at++;
        }
    }
    return length;
}

static bool next_item(struct item_source *from, struct item *item) {
    skip_separators(from);
    if (from->at >= from->length) {
        return false;
    }
    size_t start = from->at;
    item->minus = from->text[start] == '!';
    size_t at = start + item->minus;
    item->text = from->text + at;
    if (at < from->length && from->text[at] == '/') {
        at = regex_end(from->text, from->length, at);
    }
    while (at < from->length && separator(from->text, from->length, at) == 0) {
        at++;
    }
    item->length = (size_t)(from->text + at - item->text);
    item->place = node_cursor_place(&from->cursor, from->base + start);
    from->at = at;
    return true;
}

/* ---- expansion ---- */

/* What an item means: a run of codes of one or both kinds, another set, all codes, or a regular expression. */
enum meaning { MEANS_CODES, MEANS_SET, MEANS_REGEX };

struct hit {
    enum meaning meaning;
    bool possible[CODE_KINDS];
    uint32_t first[CODE_KINDS], end[CODE_KINDS];
    const struct codeset *set;
};

struct expansion {
    struct codesets *sets;
    struct codeset *set;
    uint64_t *bits[CODE_KINDS];
    bool known; /* `kind` is */
    enum code_kind kind;
    struct item *later, *minus; /* items whose kind the others decide; items to take out */
    size_t later_count, later_capacity, minus_count, minus_capacity;
    bool removing; /* the items are those of `remove` */
    bool failed;
};

static const char *item_said(const struct expansion *x, const struct item *item) {
    return report_clip(x->sets->report, item->text - item->minus, item->length + item->minus);
}

static size_t words_of(const struct expansion *x, enum code_kind kind) {
    return ((size_t)x->sets->catalogues[kind]->count + 63) / 64;
}

/* Set or clear the bits [first, end). True if one was changed. */
static bool fill(uint64_t *bits, uint32_t first, uint32_t end, bool on) {
    bool changed = false;
    for (uint32_t at = first; at < end;) {
        uint32_t stop = at / 64 * 64 + 64 < end ? at / 64 * 64 + 64 : end;
        uint64_t mask = (stop - at == 64 ? ~(uint64_t)0 : (((uint64_t)1 << (stop - at)) - 1)) << at % 64;
        uint64_t before = bits[at / 64];
        bits[at / 64] = on ? before | mask : before & ~mask;
        changed = changed || bits[at / 64] != before;
        at = stop;
    }
    return changed;
}

static bool fill_set(uint64_t *bits, const struct codeset *from, size_t words, bool on) {
    bool changed = false;
    for (size_t i = 0; i < words; i++) {
        uint64_t before = bits[i];
        bits[i] = on ? before | from->bits[i] : before & ~from->bits[i];
        changed = changed || bits[i] != before;
    }
    return changed;
}

/* ---- regular expressions ---- */

static void say_regex(const struct expansion *x, const struct item *item, int error, size_t offset) {
    PCRE2_UCHAR words[200];
    if (pcre2_get_error_message(error, words, sizeof words) < 0) {
        words[0] = 0;
    }
    const char *fault = arena_format(x->sets->arena, "%s at its byte %zu", (const char *)words, offset + 1);
    report_say(x->sets->report, MSG_bad_regex, item->place, item_said(x, item), fault);
}

static pcre2_code *regex_compile(const struct expansion *x, const struct item *item) {
    if (item->length < 2 || item->text[item->length - 1] != '/') {
        report_say(x->sets->report, MSG_bad_regex, item->place, item_said(x, item),
                   "it must end with `/` and hold no blank");
        return NULL;
    }
    if (item->length == 2 || item->length > REGEX_BYTES) {
        report_say(x->sets->report, MSG_bad_regex, item->place, item_said(x, item),
                   item->length == 2 ? "it is empty" : "it is longer than 1000 bytes");
        return NULL;
    }
    if (++x->sets->regexes > REGEXES_MAX) {
        report_say(x->sets->report, MSG_bad_regex, item->place, item_said(x, item),
                   "there are more than 5000 of them; write branches and ranges");
        return NULL;
    }
    int error;
    size_t offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)item->text + 1, item->length - 2,
                                     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, NULL);
    if (!code) {
        say_regex(x, item, error, offset);
    }
    return code;
}

/* Set or clear the codes that match. False after a message; *hits and *changed say what happened. */
static bool fill_regex(const struct expansion *x, const struct item *item, enum code_kind kind, uint64_t *bits,
                       bool on, bool *hits, bool *changed) {
    const struct catalogue *catalogue = x->sets->catalogues[kind];
    pcre2_match_data *match = NULL;
    pcre2_match_context *limits = NULL;
    bool good = false;
    *hits = *changed = false;
    pcre2_code *code = regex_compile(x, item);
    if (!code) {
        return false;
    }
    match = pcre2_match_data_create(1, NULL);
    limits = pcre2_match_context_create(NULL);
    if (!match || !limits) {
        say_regex(x, item, PCRE2_ERROR_NOMEMORY, 0);
        goto done;
    }
    pcre2_set_match_limit(limits, REGEX_STEPS);
    pcre2_set_depth_limit(limits, REGEX_STEPS);
    for (uint32_t i = 0; i < catalogue->count; i++) {
        int result = pcre2_match(code, (PCRE2_SPTR)catalogue->codes[i].text, catalogue->codes[i].length, 0, 0,
                                 match, limits);
        if (result < 0 && result != PCRE2_ERROR_NOMATCH) {
            say_regex(x, item, result, 0);
            goto done;
        }
        if (result >= 0) {
            *hits = true;
            *changed = fill(bits, i, i + 1, on) || *changed;
        }
    }
    good = true;
done:
    pcre2_match_context_free(limits);
    pcre2_match_data_free(match);
    pcre2_code_free(code);
    return good;
}

/* ---- one item ---- */

static void say_cycle(const struct expansion *x, const struct item *item, const struct codeset *set) {
    struct codesets *sets = x->sets;
    const char *way = "";
    size_t i = 0;
    while (i < sets->depth && sets->open[i] != set) {
        i++;
    }
    for (; i < sets->depth; i++) {
        if (i > 0 && sets->open[i - 1]->base == sets->open[i]) {
            continue; /* what an overlay patched goes by the same name */
        }
        way = arena_format(sets->arena, "%s%s -> ", way, codeset_title(sets->report, sets->open[i]));
    }
    way = arena_format(sets->arena, "%s%s", way, codeset_title(sets->report, set));
    report_say(sets->report, MSG_cyclic_set, item->place, way);
}

static bool find_set(struct expansion *x, const struct item *item, struct codeset *set, struct hit *hit) {
    if (set->state == STATE_OPEN) {
        say_cycle(x, item, set);
        return false;
    }
    if (set->state == STATE_NEW && x->sets->depth == CODESET_DEPTH) {
        report_say(x->sets->report, MSG_set_too_deep, item->place, (unsigned)CODESET_DEPTH);
        return false;
    }
    if (!codeset_expand(x->sets, set)) {
        return false;
    }
    hit->meaning = MEANS_SET;
    hit->set = set;
    hit->possible[set->kind] = true;
    return true;
}

/* One end of a range: a code, or the branch it starts. */
static bool range_end(const struct catalogue *catalogue, const char *text, size_t length, uint32_t *first,
                      uint32_t *end) {
    *first = catalogue_find(catalogue, text, length);
    if (*first != UINT32_MAX) {
        *end = *first + 1;
        return true;
    }
    catalogue_branch(catalogue, text, length, first, end);
    return *first < *end;
}

static bool find_range(struct expansion *x, const struct item *item, const char *dots, struct hit *hit) {
    struct report *report = x->sets->report;
    size_t left = (size_t)(dots - item->text), right = item->length - left - 2;
    if (left == 0 || right == 0) {
        report_say(report, MSG_bad_range, item->place, item_said(x, item), "one end is missing");
        return false;
    }
    bool left_there = false, right_there = false, reversed = false;
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        uint32_t first[2], end[2];
        bool has_left = range_end(x->sets->catalogues[kind], item->text, left, &first[0], &end[0]);
        bool has_right = range_end(x->sets->catalogues[kind], dots + 2, right, &first[1], &end[1]);
        left_there = left_there || has_left;
        right_there = right_there || has_right;
        if (has_left && has_right) {
            reversed = first[0] >= end[1];
            hit->possible[kind] = !reversed;
            hit->first[kind] = first[0];
            hit->end[kind] = end[1];
        }
    }
    if (hit->possible[CODE_DIAGNOSIS] || hit->possible[CODE_PROCEDURE]) {
        return true;
    }
    if (!left_there || !right_there) {
        const char *end = left_there ? dots + 2 : item->text;
        size_t length = left_there ? right : left;
        report_say(report, MSG_item_hits_nothing, item->place, report_clip(report, end, length),
                   codesets_hint(x->sets, end, length, true));
        return false;
    }
    report_say(report, MSG_bad_range, item->place, item_said(x, item),
               reversed ? "its first end comes after its last" : "one end is a diagnosis, the other a procedure");
    return false;
}

static bool find_branch(struct expansion *x, const struct item *item, struct hit *hit) {
    size_t length = item->length - 1; /* 0: the whole catalogue */
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        catalogue_branch(x->sets->catalogues[kind], item->text, length, &hit->first[kind], &hit->end[kind]);
        hit->possible[kind] = hit->first[kind] < hit->end[kind];
    }
    if (hit->possible[CODE_DIAGNOSIS] || hit->possible[CODE_PROCEDURE]) {
        return true;
    }
    const char *hint = "";
    if (length > 1 && x->sets->report->count < REPORT_MAX) {
        struct nearest nearest;
        nearest_start(&nearest, item->text, length);
        offer_codes(x->sets, &nearest, length);
        if (nearest.best) {
            hint =
                arena_format(x->sets->arena, " - did you mean \"%.*s*\"?", (int)nearest.best_length, nearest.best);
        }
    }
    report_say(x->sets->report, MSG_item_hits_nothing, item->place, item_said(x, item), hint);
    return false;
}

static const char *find_dots(const struct item *item) {
    for (size_t i = 0; i + 1 < item->length; i++) {
        if (item->text[i] == '.' && item->text[i + 1] == '.') {
            return item->text + i;
        }
    }
    return NULL;
}

/* What an item means. False after a message. */
static bool look_up(struct expansion *x, const struct item *item, struct hit *hit) {
    struct codesets *sets = x->sets;
    *hit = (struct hit){.meaning = MEANS_CODES};
    if (item->length == 0 || item->text[0] == '!') {
        report_say(sets->report, MSG_bad_item, item->place, item_said(x, item), "one `!` stands before an item");
        return false;
    }
    bool code = false;
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        hit->first[kind] = catalogue_find(sets->catalogues[kind], item->text, item->length);
        hit->end[kind] = hit->first[kind] + 1;
        hit->possible[kind] = hit->first[kind] != UINT32_MAX;
        code = code || hit->possible[kind];
    }
    if (code) {
        return true;
    }
    struct codeset *set = codesets_find(sets, item->text, item->length);
    if (set) {
        return find_set(x, item, set, hit);
    }
    if (item->text[0] == '/') {
        hit->meaning = MEANS_REGEX;
        hit->possible[CODE_DIAGNOSIS] = hit->possible[CODE_PROCEDURE] = true;
        return true;
    }
    const char *dots = find_dots(item);
    if (dots) {
        return find_range(x, item, dots, hit);
    }
    if (item->text[item->length - 1] == '*') {
        return find_branch(x, item, hit);
    }
    bool like_set = memchr(item->text, '_', item->length) != NULL; /* no code has one */
    report_say(sets->report, like_set ? MSG_unknown_set : MSG_unknown_code, item->place, item_said(x, item),
               codesets_hint(sets, item->text, item->length, true));
    return false;
}

/* Put the codes of an item in, or take them out. False after a message. */
static bool apply(struct expansion *x, const struct item *item, const struct hit *hit, enum code_kind kind, bool on,
                  bool *hits, bool *changed) {
    *hits = true;
    if (!x->bits[kind]) {
        x->bits[kind] = calloc(words_of(x, kind) + 1, sizeof *x->bits[kind]);
        if (!x->bits[kind]) {
            arena_take_array(x->sets->arena, SIZE_MAX, 2); /* says that memory is out */
            return false;
        }
    }
    switch (hit->meaning) {
    case MEANS_CODES:
        *changed = fill(x->bits[kind], hit->first[kind], hit->end[kind], on);
        return true;
    case MEANS_SET:
        *changed = fill_set(x->bits[kind], hit->set, words_of(x, kind), on);
        return true;
    default:
        return fill_regex(x, item, kind, x->bits[kind], on, hits, changed);
    }
}

static void say_mixed(struct expansion *x, const struct item *item, enum code_kind kind) {
    report_say(x->sets->report, MSG_mixed_set, item->place, item_said(x, item), code_kind_words(kind),
               codeset_title(x->sets->report, x->set), code_kind_words(x->kind));
    x->failed = true;
}

/* An item of one kind: it shows the kind of the set. */
static void put_in(struct expansion *x, const struct item *item, const struct hit *hit, enum code_kind kind) {
    bool hits, changed;
    if (x->known && x->kind != kind) {
        say_mixed(x, item, kind);
        return;
    }
    x->known = true;
    x->kind = kind;
    if (!apply(x, item, hit, kind, true, &hits, &changed)) {
        x->failed = true;
    } else if (!hits) {
        report_say(x->sets->report, MSG_item_hits_nothing, item->place, item_said(x, item), "");
        x->failed = true;
    }
}

static void take_item(struct expansion *x, struct item *item) {
    struct codesets *sets = x->sets;
    struct hit hit;
    if (x->removing && item->minus) {
        report_say(sets->report, MSG_bad_item, item->place, item_said(x, item), "`remove` takes items without `!`");
        x->failed = true;
        return;
    }
    if (item->minus || x->removing) {
        ARENA_PUSH(sets->arena, x->minus, x->minus_count, x->minus_capacity, *item);
        return;
    }
    if (!look_up(x, item, &hit)) {
        x->failed = true;
    } else if (hit.possible[CODE_DIAGNOSIS] && hit.possible[CODE_PROCEDURE]) {
        ARENA_PUSH(sets->arena, x->later, x->later_count, x->later_capacity, *item);
    } else {
        put_in(x, item, &hit, hit.possible[CODE_DIAGNOSIS] ? CODE_DIAGNOSIS : CODE_PROCEDURE);
    }
}

/* An item that may be of either kind, in a set of which nothing shows the kind: the one in which it hits. */
static void take_undecided(struct expansion *x, const struct item *item, const struct hit *hit) {
    bool hits[CODE_KINDS], changed;
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        if (!apply(x, item, hit, (enum code_kind)kind, true, &hits[kind], &changed)) {
            x->failed = true;
            return;
        }
    }
    if (hits[CODE_DIAGNOSIS] && hits[CODE_PROCEDURE]) {
        report_say(x->sets->report, MSG_undecided_kind, item->place, item_said(x, item));
        x->failed = true;
    } else if (!hits[CODE_DIAGNOSIS] && !hits[CODE_PROCEDURE]) {
        report_say(x->sets->report, MSG_item_hits_nothing, item->place, item_said(x, item), "");
        x->failed = true;
    } else {
        x->known = true;
        x->kind = hits[CODE_DIAGNOSIS] ? CODE_DIAGNOSIS : CODE_PROCEDURE;
    }
}

static void take_later_items(struct expansion *x) {
    const char *name = x->set->name;
    static const char *const diagnoses[] = {"DI_", "MCC_", "CC_", "PRINCIPAL_"}; /* severity has no others */
    for (size_t i = 0; i < sizeof diagnoses / sizeof *diagnoses && !x->known; i++) {
        x->known = strncmp(name, diagnoses[i], strlen(diagnoses[i])) == 0;
        x->kind = CODE_DIAGNOSIS;
    }
    if (!x->known && strncmp(name, "OP_", 3) == 0) {
        x->known = true;
        x->kind = CODE_PROCEDURE;
    }
    for (size_t i = 0; i < x->later_count; i++) {
        struct hit hit;
        if (!look_up(x, &x->later[i], &hit)) {
            x->failed = true;
        } else if (x->known) {
            put_in(x, &x->later[i], &hit, x->kind);
        } else {
            take_undecided(x, &x->later[i], &hit);
        }
    }
}

static void take_minus_items(struct expansion *x) {
    for (size_t i = 0; i < x->minus_count; i++) {
        const struct item *item = &x->minus[i];
        struct hit hit;
        bool hits, changed;
        if (!look_up(x, item, &hit)) {
            x->failed = true;
        } else if (!hit.possible[x->kind]) {
            say_mixed(x, item, x->kind == CODE_DIAGNOSIS ? CODE_PROCEDURE : CODE_DIAGNOSIS);
        } else if (!apply(x, item, &hit, x->kind, false, &hits, &changed)) {
            x->failed = true;
        } else if (!hits) {
            report_say(x->sets->report, MSG_item_hits_nothing, item->place, item_said(x, item), "");
            x->failed = true;
        } else if (!changed && !x->failed) {
            report_say(x->sets->report, MSG_minus_takes_nothing, item->place, item_said(x, item),
                       codeset_title(x->sets->report, x->set));
        }
    }
}

/* ---- definitions ---- */

static void take_items(struct expansion *x, struct item_source *from) {
    struct item item;
    while (next_item(from, &item)) {
        take_item(x, &item);
    }
}

static void take_scalar(struct expansion *x, const struct node *scalar) {
    struct item_source from = {.text = scalar->text, .length = scalar->length};
    node_cursor_start(&from.cursor, scalar);
    take_items(x, &from);
}

static void take_file(struct expansion *x, const struct node *map) {
    static const char *const keys[] = {"file", NULL};
    struct sources *sources = x->sets->sources;
    size_t errors = x->sets->report->errors;
    node_check_keys(x->sets->report, map, keys, "a set in a file");
    const struct node *file = node_get(map, "file");
    const char *path = file ? node_text(x->sets->report, file, "file") : NULL;
    if (!path || errors != x->sets->report->errors) {
        x->failed = true;
        return;
    }
    const struct source *source = source_read(sources, source_path(sources, map->source->path, path), file->place);
    if (!source) {
        x->failed = true;
        return;
    }
    struct item_source from = {.comments = true};
    from.text = source_text(source, &from.length);
    struct node *whole = ARENA_NEW(x->sets->arena, struct node);
    *whole = (struct node){.kind = NODE_SCALAR, .place = {source->path, 1, 1}, .source = source};
    whole->text = from.text;
    whole->length = from.length;
    whole->offset = (size_t)(from.text - source->bytes);
    node_cursor_start(&from.cursor, whole);
    take_items(x, &from);
}

/* Items as one text, in a file, or a list of these. */
static void take_definition(struct expansion *x, const struct node *node, bool in_list) {
    if (node->kind == NODE_SCALAR) {
        take_scalar(x, node);
    } else if (node->kind == NODE_MAP && node_get(node, "file")) {
        take_file(x, node);
    } else if (node->kind == NODE_LIST && !in_list) {
        for (size_t i = 0; i < node->count; i++) {
            take_definition(x, node->items[i], true);
        }
    } else {
        report_say(x->sets->report, MSG_bad_set, node->place, codeset_title(x->sets->report, x->set));
        x->failed = true;
    }
}

static void take_patch(struct expansion *x, const struct node *map) {
    static const char *const keys[] = {"add", "remove", NULL};
    struct codeset *base = x->set->base;
    if (!base) {
        report_say(x->sets->report, MSG_patch_without_base, map->place);
        x->failed = true;
        return;
    }
    size_t errors = x->sets->report->errors;
    node_check_keys(x->sets->report, map, keys, "a change of a set");
    if (x->sets->depth >= CODESET_DEPTH) {
        report_say(x->sets->report, MSG_set_too_deep, map->place, (unsigned)CODESET_DEPTH);
    }
    if (errors != x->sets->report->errors || !codeset_expand(x->sets, base)) {
        x->failed = true;
        return;
    }
    struct hit hit = {.meaning = MEANS_SET, .set = base};
    struct item whole = {.text = base->name, .length = strlen(base->name), .place = x->set->place};
    put_in(x, &whole, &hit, base->kind);
    const struct node *add = node_get(map, "add"), *remove = node_get(map, "remove");
    if (add) {
        take_definition(x, add, false);
    }
    x->removing = true;
    if (remove) {
        take_definition(x, remove, false);
    }
    x->removing = false;
}

static void take_all(struct expansion *x) {
    const struct codeset *set = x->set;
    if (set->literal) {
        struct item_source from = {.text = set->literal, .length = set->literal_length};
        from.base = set->literal_offset;
        from.cursor = set->start;
        take_items(x, &from);
    } else if (set->definition && is_patch(set->definition)) {
        take_patch(x, set->definition);
    } else if (set->definition) {
        take_definition(x, set->definition, false);
    }
    take_later_items(x);
    take_minus_items(x);
}

static void keep_bits(struct expansion *x) {
    struct codeset *set = x->set;
    size_t words = words_of(x, x->kind);
    set->kind = x->kind;
    set->count = 0;
    set->bits = ARENA_ARRAY(x->sets->arena, uint64_t, words + 1);
    if (!x->failed && x->bits[x->kind]) {
        memcpy(set->bits, x->bits[x->kind], words * sizeof *set->bits);
    }
    for (size_t i = 0; i < words; i++) {
        set->count += (uint32_t)__builtin_popcountll(set->bits[i]);
    }
    free(x->bits[CODE_DIAGNOSIS]);
    free(x->bits[CODE_PROCEDURE]);
}

bool codeset_expand(struct codesets *sets, struct codeset *set) {
    if (set->state != STATE_NEW) {
        return set->state == STATE_DONE;
    }
    struct expansion x = {.sets = sets, .set = set};
    set->state = STATE_OPEN;
    sets->open[sets->depth++] = set;
    take_all(&x);
    sets->depth--;
    keep_bits(&x);
    if (!x.failed && set->count == 0) {
        report_say(sets->report, MSG_empty_set, set->place, codeset_title(sets->report, set));
    }
    set->state = x.failed ? STATE_FAILED : STATE_DONE;
    return !x.failed;
}
