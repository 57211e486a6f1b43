/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix diff: what differs between two rule sets, in words, and what that does to cases. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "../tables/compile/compare.h"
#include "command.h"
#include "output.h"
#include "rules.h"

static const char help[] =
    "usage: casemix diff A.yaml B.yaml [--cases FILE] [options]\n"
    "\n"
    "Says in words what differs between two rule sets, each a bundle or a scheme alone: groups added, removed, "
    "moved\n"
    "and renamed, conditions (old and new text), codes that came into a set or left it, codes whose severity or\n"
    "exclusion changed, preparation, and with policies weights, parameters and formulas. Of DIP schemes: entries "
    "added,\n"
    "removed and changed, kinds, operations, search steps, auxiliary catalogues, supervision indices. Sets and\n"
    "exclusion tables are compared by the codes in them, so other names and numbers of the same content are no\n"
    "difference.\n"
    "With --cases every case is grouped by both, and tables show which cases move from which group to which. "
    "Memory\n"
    "grows with the number of groups, not of cases.\n"
    "\n"
    "      --cases FILE        cases as for `casemix group`\n"
    "      --scheme-a ID       scheme of A, --scheme-b ID of B; not needed where there is one. Of bundles with "
    "several\n"
    "                          the schemes of the same id are compared, and each case is grouped by its date\n"
    "      --policy-a ID       policy of A, --policy-b ID of B; not needed where each has one\n"
    "      --all               every code of a list (otherwise the first 10), every group of the tables\n"
    "      --map FILE, --encoding NAME, --rejects FILE    as for `casemix group`\n"
    "\n"
    "Exit code 0 no difference, 1 differences (or errors in the rules), 2 wrong use, 3 cannot read.\n"
    "\n"
    "examples:\n"
    "  casemix diff rules/bundles/chs-drg-11.yaml rules/bundles/haerbin-2022.yaml\n"
    "  casemix diff old.yaml new.yaml --cases 2025.csv.gz --policy-a city-2025 --policy-b city-2026\n";

enum { SHOWN = 10, LINE_WIDTH = 110, PAIR_WIDTH = 70 };

/* ---- printing differences --------------------------------------------------------------------------------- */

/* One line: blanks and ends of line in a row become one blank. */
static char *one_line(const char *text) {
    char *line = need(strdup(text)), *to = line;
    for (const char *at = line; *at; at++) {
        bool blank = *at == ' ' || *at == '\n' || *at == '\t' || *at == '\r';
        if (!blank) {
            *to++ = *at;
        } else if (to > line && to[-1] != ' ') {
            *to++ = ' ';
        }
    }
    *to = '\0';
    return line;
}

struct layout {
    size_t subject, what; /* widths of the first two columns */
    bool all;
};

static size_t indent_of(const struct layout *layout) {
    return 2 + layout->subject + 2 + layout->what + 2;
}

static void new_line(const struct layout *layout) {
    printf("\n%*s", (int)indent_of(layout), "");
}

/* "12 added: I60.000 I60.100 ... and 2 more" */
static void print_list(const struct layout *layout, const char *words, const char **items, size_t count) {
    size_t shown = layout->all || count <= SHOWN ? count : SHOWN;
    size_t at = indent_of(layout) + (size_t)printf("%zu%s:", count, words);
    for (size_t i = 0; i < shown; i++) {
        size_t width = 1 + display_width(items[i], strlen(items[i]));
        if (at + width > LINE_WIDTH) {
            new_line(layout);
            printf(" ");
            at = indent_of(layout) + 1;
        }
        printf(" %s", items[i]);
        at += width;
    }
    if (shown < count) {
        printf(" ... and %zu more", count - shown);
    }
}

static void print_pair(const struct layout *layout, const struct difference *d) {
    char *before = one_line(d->before), *after = one_line(d->after);
    if (display_width(before, strlen(before)) + display_width(after, strlen(after)) <= PAIR_WIDTH) {
        printf("%s -> %s", before, after);
    } else {
        printf("- %s", before);
        new_line(layout);
        printf("+ %s", after);
    }
    free(before);
    free(after);
}

/* The text, and of what is new its condition, on a line of its own if it is long. */
static void print_text(const struct layout *layout, const struct difference *d) {
    char *text = one_line(d->text), *when = one_line(d->before == NULL && d->after != NULL ? d->after : "");
    bool fits =
        indent_of(layout) + display_width(text, strlen(text)) + display_width(when, strlen(when)) < LINE_WIDTH;
    printf("%s", text);
    if (when[0] != '\0') {
        printf("%s", fits ? "; " : "");
        if (!fits) {
            new_line(layout);
        }
        printf("when: %s", when);
    }
    free(text);
    free(when);
}

static void print_difference(const struct layout *layout, const struct difference *d) {
    bool started = false;
    printf("  ");
    print_padded(stdout, (casemix_text){d->subject, strlen(d->subject)}, layout->subject, false);
    printf("  ");
    print_padded(stdout, (casemix_text){d->what, strlen(d->what)}, layout->what, false);
    printf("  ");
    if (d->text != NULL) {
        print_text(layout, d);
        started = true;
    }
    if (d->before != NULL) {
        print_pair(layout, d);
        started = true;
    }
    const struct {
        const char *words, **items;
        size_t count;
    } lists[] = {{"", d->list, d->list_count},
                 {" added", d->added, d->added_count},
                 {" removed", d->removed, d->removed_count}};
    for (size_t i = 0; i < 3; i++) {
        if (lists[i].count > 0) {
            if (started) {
                new_line(layout);
            }
            print_list(layout, lists[i].words, lists[i].items, lists[i].count);
            started = true;
        }
    }
    putchar('\n');
}

static void print_part(const struct comparison *c, const char *part, const char *heading, bool all) {
    struct layout layout = {.all = all};
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct difference *d = &c->items[i];
        if (strcmp(d->part, part) == 0) {
            size_t subject = display_width(d->subject, strlen(d->subject));
            size_t what = display_width(d->what, strlen(d->what));
            layout.subject = subject > layout.subject ? subject : layout.subject;
            layout.what = what > layout.what ? what : layout.what;
            count++;
        }
    }
    if (count == 0) {
        return;
    }
    printf("\n%s\n", heading);
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->items[i].part, part) == 0) {
            print_difference(&layout, &c->items[i]);
        }
    }
}

static bool has_mdc(const struct scheme *scheme, const char *code) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        if (strcmp(scheme->mdcs[m]->code, code) == 0) {
            return true;
        }
    }
    return false;
}

static void print_mdc(const struct comparison *c, const struct mdc *mdc, bool all) {
    struct buffer heading = {0};
    buffer_format(&heading, "%s", mdc->code);
    if (strcmp(mdc->code, mdc->name) != 0) { /* parts of a DIP catalogue have no code beside their name */
        buffer_format(&heading, " %s", mdc->name);
    }
    *buffer_room(&heading, 1) = '\0';
    print_part(c, mdc->code, heading.data, all);
    buffer_free(&heading);
}

static void print_comparison(const struct comparison *c, bool all) {
    print_part(c, "", "the scheme as a whole", all);
    for (size_t m = 0; m < c->b->mdc_count; m++) {
        print_mdc(c, c->b->mdcs[m], all);
    }
    for (size_t m = 0; m < c->a->mdc_count; m++) {
        if (!has_mdc(c->b, c->a->mdcs[m]->code)) {
            print_mdc(c, c->a->mdcs[m], all);
        }
    }
    print_part(c, "policy", "policy", all);
}

/* ---- which schemes and policies --------------------------------------------------------------------------- */

static const struct scheme *scheme_of(const struct compilation *work, const char *id) {
    for (size_t i = 0; i < compilation_scheme_count(work); i++) {
        if (strcmp(compilation_scheme(work, i)->id, id) == 0) {
            return compilation_scheme(work, i);
        }
    }
    return NULL;
}

static const struct policy *policy_of(const struct compilation *work, const char *id) {
    for (size_t i = 0; i < compilation_policy_count(work); i++) {
        if (strcmp(compilation_policy(work, i)->id, id) == 0) {
            return compilation_policy(work, i);
        }
    }
    return NULL;
}

/* What --scheme and --policy say of a side, or what is the only one there. */
static int choose_side(const struct options *o, const struct compilation *work, const char *scheme,
                       const char *policy, struct diff_side *side) {
    if (policy != NULL && policy_of(work, policy) == NULL) {
        return wrong_use(o, "%s has no policy %s", side->path, policy);
    }
    if (scheme != NULL && scheme_of(work, scheme) == NULL) {
        return wrong_use(o, "%s has no scheme %s", side->path, scheme);
    }
    side->policy = policy == NULL && compilation_policy_count(work) == 1 ? compilation_policy(work, 0)->id : policy;
    side->scheme = scheme == NULL && compilation_scheme_count(work) == 1 ? compilation_scheme(work, 0)->id : scheme;
    if (side->scheme == NULL && policy != NULL) {
        side->scheme = policy_of(work, policy)->scheme_id;
    }
    if (side->policy != NULL && side->scheme != NULL &&
        strcmp(policy_of(work, side->policy)->scheme_id, side->scheme) != 0) {
        if (policy != NULL) {
            return wrong_use(o, "the policy %s is for the scheme %s, not %s", policy,
                             policy_of(work, policy)->scheme_id, side->scheme);
        }
        side->policy = NULL;
    }
    if (side->scheme == NULL) {
        side->policy = NULL; /* schemes go by date, and a policy is for one */
    }
    return EXIT_DONE;
}

/* Compare two schemes, and their policies if both sides have one. The number of differences. */
static size_t compare_pair(const struct options *o, struct compilation *const works[2], const struct scheme *a,
                           const struct scheme *b, const struct diff_side sides[2]) {
    struct arena *arena = arena_new();
    struct comparison *c = compare_schemes(arena, a, b);
    bool with_policies = sides[0].policy != NULL && sides[1].policy != NULL;
    if (with_policies) {
        compare_policies(c, policy_of(works[0], sides[0].policy), policy_of(works[1], sides[1].policy));
    }
    fputs("A ", stdout);
    rules_print_scheme(a, stdout);
    fputs("B ", stdout);
    rules_print_scheme(b, stdout);
    if (with_policies) {
        printf("policies: %s -> %s\n", sides[0].policy, sides[1].policy);
    } else if (sides[0].policy != NULL || sides[1].policy != NULL) {
        printf("policies: not compared, %s has none to compare with %s\n",
               sides[sides[0].policy != NULL ? 1 : 0].path,
               sides[0].policy != NULL ? sides[0].policy : sides[1].policy);
    }
    print_comparison(c, o->all);
    size_t count = c->count;
    if (count == 0) {
        puts("no differences");
    } else {
        printf("\n%zu difference%s\n", count, count == 1 ? "" : "s");
    }
    arena_free(arena);
    return count;
}

/* Of two bundles with several schemes: those of the same id, and what only one has. */
static size_t compare_by_id(const struct options *o, struct compilation *const works[2],
                            const struct diff_side sides[2]) {
    size_t found = 0;
    for (size_t i = 0; i < compilation_scheme_count(works[1]); i++) {
        const struct scheme *b = compilation_scheme(works[1], i), *a = scheme_of(works[0], b->id);
        if (a == NULL) {
            printf("scheme %s added\n", b->id);
            found++;
        } else {
            found += compare_pair(o, works, a, b, sides);
        }
    }
    for (size_t i = 0; i < compilation_scheme_count(works[0]); i++) {
        const char *id = compilation_scheme(works[0], i)->id;
        if (scheme_of(works[1], id) == NULL) {
            printf("scheme %s removed\n", id);
            found++;
        }
    }
    return found;
}

static int compare_sides(const struct options *o, struct compilation *const works[2], struct diff_side sides[2],
                         size_t *found) {
    const char *schemes[] = {o->scheme_a, o->scheme_b}, *policies[] = {o->policy_a, o->policy_b};
    for (int i = 0; i < 2; i++) {
        int code = choose_side(o, works[i], schemes[i], policies[i], &sides[i]);
        if (code != EXIT_DONE) {
            return code;
        }
    }
    if ((sides[0].scheme == NULL) != (sides[1].scheme == NULL)) {
        return wrong_use(o, "%s has several schemes; say --scheme-%c ID", sides[sides[0].scheme != NULL].path,
                         sides[0].scheme == NULL ? 'a' : 'b');
    }
    *found = sides[0].scheme == NULL ? compare_by_id(o, works, sides)
                                     : compare_pair(o, works, scheme_of(works[0], sides[0].scheme),
                                                    scheme_of(works[1], sides[1].scheme), sides);
    return EXIT_DONE;
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static int read_side(struct compilation *work, struct diff_side *side, bool build) {
    if (!compilation_read(work, side->path) || (build && !compilation_build(work))) {
        return rules_print_errors(work);
    }
    if (compilation_scheme_count(work) == 0) {
        complain("%s: this is a policy alone; name a bundle that has its scheme as well", side->path);
        return EXIT_FOUND;
    }
    side->image = build ? compilation_image(work, &side->image_size) : NULL;
    return EXIT_DONE;
}

int command_diff(int argc, char **argv) {
    struct options o;
    int code = options_read(&o, argc, argv, TAKES_READING | TAKES_REJECTS | TAKES_DIFF, help);
    if (code >= 0) {
        return code;
    }
    if (o.word_count != 2 || o.image != NULL) {
        return wrong_use(&o, "name two files of rules, the old and the new");
    }
    struct diff_side sides[2] = {{.path = o.words[0]}, {.path = o.words[1]}};
    struct compilation *works[2] = {compilation_new(), compilation_new()};
    size_t found = 0;
    code = EXIT_DONE;
    for (int i = 0; i < 2 && code == EXIT_DONE; i++) {
        code = read_side(works[i], &sides[i], o.cases != NULL);
    }
    if (code == EXIT_DONE) {
        code = compare_sides(&o, works, sides, &found);
    }
    if (code == EXIT_DONE && o.cases != NULL) {
        code = diff_cases(&o, sides);
    }
    compilation_free(works[0]);
    compilation_free(works[1]);
    return code == EXIT_DONE && found > 0 ? EXIT_FOUND : code;
}
