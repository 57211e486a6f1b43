/* SPDX-License-Identifier: Apache-2.0
 *
 * From the rows of the workbook to the order of evaluation: who belongs to whom, what each rule names, which rows
 * are buckets, where the QY step goes. Whatever is not done as the rows stand is noted. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "workbook_book.h"

/* ---- rules ---- */

/* Is a byte part of a word of a rule? Signs beyond ASCII that end words: ∩ ≠ ≤ ≥ and full-width forms. */
static bool in_word(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) {
        return at[0] > ' ' && !strchr("(){},=<>!", at[0]);
    }
    return !(at[0] == 0xE2 && (at[1] == 0x88 || at[1] == 0x89)) && !(at[0] == 0xEF && at[1] >= 0xBC);
}

static size_t word_length(const char *text) {
    size_t length = 0;
    while (text[length] && in_word(text + length)) {
        length++;
    }
    return length;
}

static bool is_word(const char *text, size_t length, const char *word) {
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

/* Bytes of a comparison and its number after `text`, 0 if there is none. */
static size_t comparison_length(const char *text) {
    const char *at = text + strspn(text, " ");
    size_t sign = 0;
    while (at[sign] && (strchr("=<>!", at[sign]) || strncmp(at + sign, "\xE2\x89", 2) == 0 ||
                        strncmp(at + sign, "\xEF\xBC", 2) == 0)) {
        sign += (unsigned char)at[sign] < 0x80 ? 1 : 3;
    }
    if (sign == 0) {
        return 0;
    }
    at += sign;
    at += strspn(at, " ");
    size_t digits = strspn(at, "0123456789");
    return digits == 0 ? 0 : (size_t)(at + digits - text);
}

static void use_set(struct book_set *set, const struct group *group) {
    const struct group *step = group->origin.sheet == SHEET_DRG ? group->above : group;
    const struct group *mdc = group->origin.sheet == SHEET_MDC ? group : step->above;
    step = group->origin.sheet == SHEET_MDC ? NULL : step;
    if (!set->used) {
        set->used = true;
        set->mdc = mdc;
        set->step = step;
        return;
    }
    set->step = set->step == step ? step : NULL;
    set->mdc = set->mdc == mdc ? mdc : NULL;
}

/* Look at the words of a rule, and write it as our language wants it: names of sets as they are spelled in 集合,
 * and conditions on days of age false from the first birthday on, as the official rules mean them. */
static void read_rule(struct book *book, struct group *group) {
    struct buffer out = {0};
    struct origin origin = {group->origin.sheet, group->origin.row, group->rule_column};
    const char *text = group->official;
    for (size_t at = 0; text[at];) {
        size_t length = word_length(text + at);
        if (length == 0) {
            buffer_add(&out, text + at, 1);
            at++;
            continue;
        }
        const char *word = text + at;
        uint32_t set = name_find(&book->set_names, word, length);
        size_t rest = is_word(word, length, "XSRTL") ? comparison_length(word + length) : 0;
        group->names_procedure |= is_word(word, length, "ZYSS") || is_word(word, length, "QTSS");
        group->names_principal |= is_word(word, length, "ZYZD");
        if (set != UINT32_MAX) {
            use_set(&book->sets[set], group);
            buffer_text(&out, book->sets[set].id);
            if (strncmp(word, book->sets[set].id, length) != 0) {
                book_note(book, NOTE_REPAIRED, "Names of sets in other letter case than in 集合", origin,
                          "%.*s is %s", (int)length, word, book->sets[set].id);
            }
        } else if (rest > 0) {
            buffer_format(&out, "(%.*s and not NL >= 1)", (int)(length + rest), word);
            book_note(book, NOTE_REPAIRED,
                      "Conditions on days of age: false from the first birthday on, written out", origin, "%.*s",
                      (int)(length + rest), word);
            length += rest;
        } else {
            buffer_add(&out, word, length);
        }
        at += length;
    }
    group->rule = out.size ? arena_copy(book->arena, out.data, out.size) : "";
    buffer_free(&out);
}

/* ---- who belongs to whom ---- */

static struct group *find_group(const struct book *book, enum book_sheet sheet, const char *code) {
    uint32_t at = name_find(&book->group_names[sheet], code, strlen(code));
    return at == UINT32_MAX ? NULL : book->groups[sheet][at];
}

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* 0000, X00, X000: where the official program puts cases that no group takes. */
static bool is_bucket(const struct group *group) {
    const char *code = group->code;
    size_t length = strlen(code);
    if (strcmp(code, "000") == 0 || strcmp(code, "0000") == 0) {
        return true;
    }
    return group->origin.sheet != SHEET_MDC && group->official[0] == '\0' &&
           ((length == 3 && ends_with(code, "00")) || (length == 4 && ends_with(code, "000")));
}

static void link_group(struct book *book, struct group *group) {
    enum book_sheet above = group->origin.sheet == SHEET_ADRG ? SHEET_MDC : SHEET_ADRG;
    struct origin origin = group->origin;
    origin.column = book->sheets[origin.sheet].columns[GROUP_PARENT];
    group->above = find_group(book, above, group->parent);
    if (!group->above) {
        book_problem(book, origin,
                     "%s belongs to \"%.40s\", which is not in the sheet %s; correct the code or add its row",
                     group->code, group->parent, book->sheets[above].name);
        return;
    }
    if (group->mdc[0] != '\0' && strcmp(group->mdc, group->above->parent) != 0) {
        origin.column = book->sheets[origin.sheet].columns[GROUP_MDC];
        book_note(book, NOTE_LOOK, "DRGs whose MDC is not that of their ADRG: the ADRG's counts", origin,
                  "%s: %s, but %s is in %s", group->code, group->mdc, group->parent, group->above->parent);
    }
    ARENA_PUSH(book->arena, group->above->below, group->above->below_count, group->above->below_capacity, group);
}

static bool is_qy(const struct group *group) {
    return group->origin.sheet == SHEET_ADRG && strlen(group->code) == 3 && ends_with(group->code, "QY");
}

/* A bucket that comes before real groups would swallow their cases. */
static void note_early_bucket(struct book *book, const struct group *bucket) {
    for (size_t i = 0; i < book->group_counts[bucket->origin.sheet]; i++) {
        const struct group *other = book->groups[bucket->origin.sheet][i];
        if (strcmp(other->parent, bucket->parent) == 0 && other->sort > bucket->sort && !is_bucket(other)) {
            book_note(book, NOTE_MOVED, "Buckets sorted before real groups, passed over", bucket->origin,
                      "%s, before %s", bucket->code, other->code);
            return;
        }
    }
}

/* Buckets are no groups: their cases have no group, and the answer says so. */
static void link_groups(struct book *book) {
    for (int sheet = SHEET_MDC; sheet <= SHEET_DRG; sheet++) {
        for (size_t i = 0; i < book->group_counts[sheet]; i++) {
            struct group *group = book->groups[sheet][i];
            group->qy = is_qy(group);
            group->bucket = is_bucket(group);
            const struct group *above = sheet == SHEET_DRG ? find_group(book, SHEET_ADRG, group->parent) : NULL;
            if (group->bucket) {
                book_note(book, NOTE_LEFT_OUT, "Buckets for cases without a group: such cases are ungrouped",
                          group->origin, "%s %s", group->code, group->name);
                note_early_bucket(book, group);
            } else if (above && above->qy) {
                book_note(book, NOTE_LEFT_OUT, "DRG rows of QY: the QY step is itself the answer", group->origin,
                          "%s", group->code);
                group->bucket = true;
            } else if (sheet != SHEET_MDC) {
                link_group(book, group);
            }
        }
    }
}

/* ---- order ---- */

static int compare_groups(const void *a, const void *b) {
    const struct group *left = *(struct group *const *)a, *right = *(struct group *const *)b;
    if (left->sort != right->sort) {
        return left->sort < right->sort ? -1 : 1;
    }
    return left->origin.row < right->origin.row ? -1 : 1;
}

/* Sort the groups of a scope; those with an empty rule take everything, so they go to the end. */
static void sort_scope(struct book *book, struct group **groups, size_t count, bool moves_empty) {
    if (count == 0) {
        return;
    }
    qsort(groups, count, sizeof *groups, compare_groups);
    for (size_t i = 1; i < count; i++) {
        if (groups[i]->sort == groups[i - 1]->sort && groups[i]->sort != INT64_MAX) {
            struct origin origin = groups[i]->origin;
            origin.column = book->sheets[origin.sheet].columns[GROUP_SORT];
            book_note(book, NOTE_MOVED, "The same number in 排序: in the order of rows", origin, "%s after %s",
                      groups[i]->code, groups[i - 1]->code);
        }
    }
    struct group **sorted = ARENA_ARRAY(book->arena, struct group *, count);
    size_t put = 0;
    for (size_t i = 0; i < count; i++) {
        if (!moves_empty || groups[i]->official[0] != '\0' || groups[i]->qy) {
            sorted[put++] = groups[i];
        }
    }
    for (size_t i = 0; i < count && put < count; i++) {
        if (groups[i]->official[0] == '\0' && !groups[i]->qy) {
            if (put != i) {
                book_note(book, NOTE_MOVED, "Empty rules moved to the end of their scope", groups[i]->origin,
                          "%s, stood before %s", groups[i]->code, groups[i + 1]->code);
            }
            sorted[put++] = groups[i];
        }
    }
    memcpy(groups, sorted, count * sizeof *groups);
}

/* A medical group: lettered R to Z, and no rule of it names a procedure. */
static bool is_medical(const struct group *adrg) {
    if (adrg->qy || strlen(adrg->code) != 3 || adrg->code[1] < 'R' || adrg->code[1] > 'Z' ||
        adrg->names_procedure) {
        return false;
    }
    for (size_t i = 0; i < adrg->below_count; i++) {
        if (adrg->below[i]->names_procedure) {
            return false;
        }
    }
    return true;
}

static const char *joined(struct book *book, const char *left, const char *word, const char *right) {
    if (right[0] == '\0' || strcmp(right, "1") == 0) {
        return left;
    }
    return left[0] == '\0' ? right : arena_format(book->arena, "(%s) %s (%s)", left, word, right);
}

/* "MDCP" has no condition on the principal diagnosis, so its QY is for those only whom a medical group would take.
 */
static const char *any_medical(struct book *book, const struct group *mdc) {
    const char *any = "", *only = "";
    size_t count = 0;
    for (size_t i = 0; i < mdc->below_count; i++) {
        const struct group *step = mdc->below[i];
        if (step->medical && (step->rule[0] == '\0' || strcmp(step->rule, "1") == 0)) {
            return ""; /* takes all */
        }
        if (step->medical) {
            any = count++ ? arena_format(book->arena, "%s or (%s)", any, step->rule)
                          : arena_format(book->arena, "(%s)", step->rule);
            only = step->rule;
        }
    }
    return count == 1 ? only : any;
}

/* The QY row of an MDC, or NULL. */
static struct group *find_qy(struct book *book, const struct group *mdc, size_t *at) {
    struct group *found = NULL;
    for (size_t i = 0; i < mdc->below_count; i++) {
        if (!mdc->below[i]->qy) {
            continue;
        }
        if (found) {
            book_problem(book, mdc->below[i]->origin, "%s is a second QY of %s, the first is in row %u; keep one",
                         mdc->below[i]->code, mdc->code, found->origin.row);
            return NULL;
        }
        found = mdc->below[i];
        *at = i;
    }
    return found;
}

static void complete_qy(struct book *book, struct group *qy) {
    if (qy->official[0] != '\0') {
        return;
    }
    uint32_t set = name_find(&book->set_names, "OP_ALL", 6);
    if (set != UINT32_MAX) {
        use_set(&book->sets[set], qy);
    }
    qy->rule = "ZYSS in OP_ALL";
    book_note(book, NOTE_REPAIRED, "QY without a rule: for a principal procedure of OP_ALL", qy->origin, "%s",
              qy->code);
}

/* A medical group that stands before QY: not for the cases of QY. */
static void keep_surgical_out(struct book *book, struct group *medical, const struct group *qy) {
    medical->rule = medical->rule[0] == '\0'
                        ? arena_format(book->arena, "not (%s)", qy->rule)
                        : arena_format(book->arena, "(%s) and not (%s)", medical->rule, qy->rule);
    book_note(book, NOTE_REPAIRED, "Medical groups before groups with procedures: surgical cases pass them",
              medical->origin, "%s", medical->code);
}

/* An MDC that asks for no principal diagnosis has cases that none of its groups is for. */
static void narrow_qy(struct book *book, const struct group *mdc, struct group *qy) {
    const char *any = mdc->names_principal ? "" : any_medical(book, mdc);
    if (any[0] != '\0') {
        qy->rule = joined(book, qy->rule, "and", any);
        book_note(book, NOTE_REPAIRED,
                  "QY of an MDC that asks for no principal diagnosis: only for cases that a medical "
                  "group would take",
                  qy->origin, "%s", qy->code);
    }
}

/* A surgical case does not fall into a medical group, it becomes QY: the QY step stands before the first of them.
 * Where groups with procedures follow a medical one, QY stands after them, and the medical ones before it say that
 * they are not for surgical cases. */
static void place_qy(struct book *book, struct group *mdc) {
    size_t stood = 0, place = 0, others = mdc->below_count - 1;
    struct group *qy = find_qy(book, mdc, &stood);
    if (!qy) {
        return;
    }
    memmove(mdc->below + stood, mdc->below + stood + 1, (others - stood) * sizeof *mdc->below);
    for (size_t i = 0; i < others; i++) {
        place = mdc->below[i]->medical ? place : i + 1;
    }
    mdc->below_count = others;
    complete_qy(book, qy);
    const char *rule = qy->rule;
    narrow_qy(book, mdc, qy);
    const struct group as_stated = {.rule = rule};
    for (size_t i = 0; i < place; i++) {
        if (mdc->below[i]->medical) {
            keep_surgical_out(book, mdc->below[i], &as_stated);
        }
    }
    if (stood != place) {
        book_note(book, NOTE_MOVED, "QY put before the medical groups", qy->origin, "%s, to come after %s",
                  qy->code, place > 0 ? mdc->below[place - 1]->code : "nothing");
    }
    memmove(mdc->below + place + 1, mdc->below + place, (others - place) * sizeof *mdc->below);
    mdc->below[place] = qy;
    mdc->below_count = others + 1;
}

static void order_mdc(struct book *book, struct group *mdc) {
    sort_scope(book, mdc->below, mdc->below_count, true);
    for (size_t i = 0; i < mdc->below_count; i++) {
        struct group *adrg = mdc->below[i];
        sort_scope(book, adrg->below, adrg->below_count, true);
        adrg->medical = is_medical(adrg);
        if (adrg->below_count == 0 && !adrg->qy) {
            book_note(book, NOTE_LOOK, "ADRGs without a DRG: the answer is the ADRG itself", adrg->origin, "%s",
                      adrg->code);
        }
    }
    place_qy(book, mdc);
}

bool book_order(struct book *book) {
    link_groups(book);
    if (book->problems > 0) {
        return false;
    }
    for (int sheet = SHEET_MDC; sheet <= SHEET_DRG; sheet++) {
        for (size_t i = 0; i < book->group_counts[sheet]; i++) {
            if (!book->groups[sheet][i]->bucket) {
                read_rule(book, book->groups[sheet][i]);
            }
        }
    }
    sort_scope(book, book->groups[SHEET_MDC], book->group_counts[SHEET_MDC], false); /* an empty MDCA takes all */
    for (size_t i = 0; i < book->group_counts[SHEET_MDC]; i++) {
        struct group *mdc = book->groups[SHEET_MDC][i];
        if (!mdc->bucket && (strlen(mdc->code) != 4 || strncmp(mdc->code, "MDC", 3) != 0 || mdc->code[3] < 'A' ||
                             mdc->code[3] > 'Z')) {
            book_problem(book, mdc->origin, "\"%.40s\" is no code of an MDC; write MDC and a letter", mdc->code);
        }
        order_mdc(book, mdc);
    }
    for (size_t i = 0; i < book->set_count; i++) {
        for (size_t m = 0; m < book->sets[i].count; m++) {
            book->codes[book->sets[i].members[m].code].in_set = true;
        }
        if (!book->sets[i].used) {
            book_note(book, NOTE_LOOK, "Sets that no rule names", book->sets[i].origin, "%s, %zu codes",
                      book->sets[i].id, book->sets[i].count);
        }
    }
    return book->problems == 0;
}

/* ---- gray codes ---- */

void book_add_member(struct book *book, const char *set_id, enum code_kind kind, const char *text) {
    struct origin origin = {SHEET_SETS, 0, SIZE_MAX};
    uint32_t at = name_find(&book->set_names, set_id, strlen(set_id));
    if (at == UINT32_MAX) {
        struct book_set set = {.id = set_id, .origin = origin, .kind = kind};
        at = (uint32_t)book->set_count;
        ARENA_PUSH(book->arena, book->sets, book->set_count, book->set_capacity, set);
        name_add(&book->set_names, book->arena, set_id, at);
    }
    uint32_t code = name_find(&book->code_names, text, strlen(text));
    if (code == UINT32_MAX) {
        struct book_code one = {.text = arena_copy(book->arena, text, strlen(text)),
                                .name = "",
                                .length = strlen(text),
                                .origin = origin};
        code = (uint32_t)book->code_count;
        ARENA_PUSH(book->arena, book->codes, book->code_count, book->code_capacity, one);
        name_add(&book->code_names, book->arena, one.text, code);
    }
    struct member member = {code, 0};
    struct book_set *set = &book->sets[at];
    ARENA_PUSH(book->arena, set->members, set->count, set->capacity, member);
}

/* Take the marked codes out of a set; how many. */
static size_t take_out(struct book_set *set, const bool *marked) {
    size_t kept = 0, before = set->count;
    for (size_t i = 0; i < before; i++) {
        if (!marked[set->members[i].code]) {
            set->members[kept++] = set->members[i];
        }
    }
    set->count = kept;
    return before - kept;
}

static bool *marks_of(struct book *book, const char *id) {
    uint32_t at = name_find(&book->set_names, id, strlen(id));
    if (at == UINT32_MAX) {
        return NULL;
    }
    bool *marked = ARENA_ARRAY(book->arena, bool, book->code_count + 1);
    for (size_t i = 0; i < book->sets[at].count; i++) {
        marked[book->sets[at].members[i].code] = true;
    }
    return marked;
}

void book_apply_gray(struct book *book) {
    bool *gray = marks_of(book, "OP_GRAY"), *robot = marks_of(book, "OP_ARB");
    if (!gray) {
        return;
    }
    for (size_t i = 0; i < book->set_count; i++) {
        struct book_set *set = &book->sets[i];
        bool is_gray = strcmp(set->id, "OP_GRAY") == 0;
        if (set->kind != CODE_PROCEDURE || strcmp(set->id, "OP_ARB") == 0 || (is_gray && !robot)) {
            continue;
        }
        size_t taken = take_out(set, is_gray ? robot : gray);
        if (taken > 0 && is_gray) {
            book_note(book, NOTE_REPAIRED, "Gray codes of OP_ARB: visible to the rules that name it", set->origin,
                      "%zu codes", taken);
        } else if (taken > 0) {
            book_note(book, NOTE_LEFT_OUT, "Gray procedures taken out of the sets of the rules", set->origin,
                      "%zu of %s", taken, set->id);
        }
    }
}
