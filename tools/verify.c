/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix verify: cases with the answer that somebody else expects. */
#include "batch.h"
#include "command.h"
#include "story.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char help[] =
    "usage: casemix verify -i IMAGE.cmx VECTORS.csv[.gz] [--strict] [--show N]\n"
    "\n"
    "Groups the cases of a CSV file and compares the answers with its columns expected_status, expected_mdc,\n"
    "expected_adrg, expected_drg, and under a DIP scheme expected_dip, expected_part, expected_score, expected_factor;\n"
    "one of them is enough, an empty cell is not compared. Statuses are ours\n"
    "(grouped, qy, ungrouped, invalid, needs-data) or SUCCESS, QY, FAIL and CHECK_FAILED. Where the answers\n"
    "differ, the case is grouped once more with the compatibility switches of the scheme: cases that agree then\n"
    "are counted apart. Exit code 1 if there is any mismatch.\n"
    "\n"
    "  -i, --image FILE     the compiled rules\n"
    "      --strict         a case that agrees only under the compatibility switches is a mismatch\n"
    "      --show N         how many mismatches are shown, with their reasons (default 10)\n"
    "      --scheme ID, --map FILE, --encoding NAME, --rejects FILE   as for `casemix group`\n"
    "\n"
    "examples:\n"
    "  casemix verify -i chs-drg-11.cmx chs_drg_11.csv.gz\n"
    "  casemix verify -i chs-drg-11.cmx chs_drg_11.csv.gz --strict --show 3\n";

enum { STATUS, MDC, ADRG, DRG, DIP, PART, SCORE, FACTOR, EXPECTED };
static const char *const expected_names[EXPECTED] = {"expected_status", "expected_mdc",  "expected_adrg",
                                                     "expected_drg",    "expected_dip",  "expected_part",
                                                     "expected_score",  "expected_factor"};
enum { SCORE_PLACES = 4, FACTOR_PLACES = 6, NUMBER_ROOM = 32 };
#define COMPATIBLE_SHOWN 5

struct verify {
    const struct options *o;
    casemix_context *compatible; /* with the switches on */
    int columns[EXPECTED];       /* -1: not there */
    uint64_t mismatches, compatible_only;
    uint64_t statuses[CASEMIX_NEEDS_DATA + 1]; /* ours */
    FILE *shown, *shown_compatible;
};

static bool is_expected(const char *name) {
    for (int i = 0; i < EXPECTED; i++) {
        if (strcasecmp(name, expected_names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- comparing -------------------------------------------------------------------------------------------- */

/* What a word allows, as bits of casemix_status; 0 for an unknown word. */
static unsigned allowed(casemix_text word) {
    static const struct {
        const char *word;
        unsigned bits;
    } words[] = {
        {"SUCCESS", 1u << CASEMIX_GROUPED}, {"QY", 1u << CASEMIX_QY},
        {"FAIL", 1u << CASEMIX_UNGROUPED},  {"CHECK_FAILED", 1u << CASEMIX_INVALID | 1u << CASEMIX_NEEDS_DATA},
        {"grouped", 1u << CASEMIX_GROUPED}, {"ungrouped", 1u << CASEMIX_UNGROUPED},
        {"invalid", 1u << CASEMIX_INVALID}, {"needs-data", 1u << CASEMIX_NEEDS_DATA}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].word) == word.length && strncasecmp(words[i].word, word.text, word.length) == 0) {
            return words[i].bits;
        }
    }
    return 0;
}

/* Without expected_status the codes say it: sentinels of zeros, MDC letter + QY, or a group. */
static unsigned allowed_by_codes(const casemix_text *expected) {
    casemix_text drg = expected[DRG].length    ? expected[DRG]
                       : expected[ADRG].length ? expected[ADRG]
                                               : expected[MDC];
    if (expected[DIP].length) { /* no entry is expected by the status: codes of entries may begin with anything */
        return 1u << CASEMIX_GROUPED;
    }
    if (drg.length >= 2 && strncmp(drg.text, "00", 2) == 0) {
        return 1u << CASEMIX_UNGROUPED;
    }
    if (drg.length >= 2 && strncmp(drg.text + drg.length - 2, "QY", 2) == 0) {
        return 1u << CASEMIX_QY;
    }
    return 1u << CASEMIX_GROUPED;
}

static void note_difference(FILE *to, const char *what, casemix_text expected, casemix_text got) {
    if (to) {
        fprintf(to, "  %s: expected %.*s, got %.*s\n", what, (int)expected.length, expected.text,
                got.length ? (int)got.length : 9, got.length ? got.text : "(nothing)");
    }
}

/* ---- numbers ---- */

/* Without zeros that say nothing: "01.500" is "1.5". */
static casemix_text short_number(casemix_text number) {
    while (number.length > 1 && number.text[0] == '0' && number.text[1] != '.') {
        number.text++;
        number.length--;
    }
    if (memchr(number.text, '.', number.length)) {
        while (number.text[number.length - 1] == '0') {
            number.length--;
        }
        number.length -= number.text[number.length - 1] == '.';
    }
    return number;
}

static bool same_cell(int what, casemix_text a, casemix_text b) {
    return what == SCORE || what == FACTOR ? b.length && same_text(short_number(a), short_number(b)) : same_text(a, b);
}

/* ---- answers ---- */

struct answer {
    const casemix_grouping *grouping;
    casemix_text cells[EXPECTED];
    char score[NUMBER_ROOM], factor[NUMBER_ROOM];
};

/* What was got, cell by cell as it is expected. A bare ADRG stands in expected_drg too. */
static void fill_answer(struct answer *out, const casemix_grouping *got, const casemix_context *context) {
    casemix_dip dip;
    *out = (struct answer){.grouping = got, .cells = {[MDC] = got->mdc,
                                                      [ADRG] = got->adrg,
                                                      [DRG] = got->drg.length ? got->drg : got->adrg}};
    if (casemix_dip_of(context, &dip) == CASEMIX_OK) {
        out->cells[DIP] = dip.entry;
        out->cells[PART] = dip.part;
        char *end = put_decimal(out->factor, dip.factor, FACTOR_PLACES);
        out->cells[FACTOR] = (casemix_text){out->factor, (size_t)(end - out->factor)};
    }
    if (out->cells[DIP].length && dip.score >= 0) {
        char *end = put_decimal(out->score, dip.score, SCORE_PLACES);
        out->cells[SCORE] = (casemix_text){out->score, (size_t)(end - out->score)};
    }
}

/* Number of differences; each is told to `to` if it is not NULL. */
static unsigned compare(const casemix_text *expected, const struct answer *answer, FILE *to) {
    const casemix_grouping *got = answer->grouping;
    unsigned bits = expected[STATUS].length ? allowed(expected[STATUS]) : allowed_by_codes(expected);
    unsigned differences = 0;
    if (!(bits >> got->status & 1u)) {
        casemix_text word = expected[STATUS].length ? expected[STATUS] : text_of("another status");
        note_difference(to, "status", word, text_of(casemix_status_text(got->status)));
        differences++;
    }
    if (!(bits & (1u << CASEMIX_GROUPED | 1u << CASEMIX_QY))) {
        return differences; /* the codes are sentinels */
    }
    for (int i = MDC; i < EXPECTED; i++) {
        bool counts = expected[i].length && !(i == ADRG && bits == 1u << CASEMIX_QY);
        if (counts && !same_cell(i, expected[i], answer->cells[i])) {
            note_difference(to, expected_names[i] + strlen("expected_"), expected[i], answer->cells[i]);
            differences++;
        }
    }
    return differences;
}

static void name_case(FILE *to, const struct worker *w, const struct csv_row *row) {
    casemix_text id = worker_field(row, w->batch->map.id);
    fprintf(to, "case %.*s\n", (int)id.length, id.text);
}

static bool agrees_compatibly(const struct verify *v, const casemix_case *one, const casemix_text *expected) {
    casemix_grouping grouping;
    struct answer answer;
    if (casemix_group(v->compatible, one, &grouping) != CASEMIX_OK) {
        return false;
    }
    fill_answer(&answer, &grouping, v->compatible);
    return compare(expected, &answer, NULL) == 0;
}

static bool check_row(struct worker *w, const struct csv_row *row) {
    struct verify *v = w->batch->user;
    casemix_text expected[EXPECTED];
    for (int i = 0; i < EXPECTED; i++) {
        expected[i] = worker_field(row, v->columns[i]);
    }
    if (expected[STATUS].length && !allowed(expected[STATUS])) {
        worker_reject(w, row, (uint32_t)v->columns[STATUS] + 1, "not a status; see `casemix help verify`");
        return false;
    }
    v->statuses[w->grouping.status]++;
    struct answer answer;
    fill_answer(&answer, &w->grouping, w->context);
    if (compare(expected, &answer, NULL) == 0) {
        return true;
    }
    if (agrees_compatibly(v, w->one, expected)) {
        if (v->compatible_only++ < COMPATIBLE_SHOWN) {
            name_case(v->shown_compatible, w, row);
            compare(expected, &answer, v->shown_compatible);
        }
        if (!v->o->strict) {
            return true;
        }
    }
    if (v->mismatches++ < v->o->show) {
        name_case(v->shown, w, row);
        compare(expected, &answer, v->shown);
        tell_story(v->shown, w->batch->image, w->context, w->one, false);
        fputc('\n', v->shown);
    }
    return true;
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static int find_columns(struct batch *batch) {
    struct verify *v = batch->user;
    bool any = false;
    for (int i = 0; i < EXPECTED; i++) {
        v->columns[i] = input_column(batch->input, expected_names[i]);
        any |= v->columns[i] >= 0;
    }
    if (!any) {
        complain(
            "%s: line %llu: the heading has none of expected_status, expected_mdc, expected_adrg, expected_drg, "
            "expected_dip, expected_part, expected_score, expected_factor: there is nothing to compare with",
            batch->input->name, (unsigned long long)batch->input->line);
        return EXIT_FOUND;
    }
    return EXIT_DONE;
}

static void print_result(const struct verify *v, const struct batch *b, const char *shown, const char *compatible) {
    printf("%llu cases, %llu mismatches\n", (unsigned long long)b->done, (unsigned long long)v->mismatches);
    for (int i = 0; i <= CASEMIX_NEEDS_DATA; i++) {
        printf("%s%llu %s", i ? ", " : "  ", (unsigned long long)v->statuses[i],
               casemix_status_text((casemix_status)i));
    }
    putchar('\n');
    if (v->compatible_only) {
        printf("\n%llu agree only under the scheme's compatibility switches%s%s\n%s",
               (unsigned long long)v->compatible_only, v->o->strict ? " (counted as mismatches)" : "",
               v->compatible_only > COMPATIBLE_SHOWN ? ", the first:" : ":", compatible);
    }
    if (*shown) {
        printf("\n%smismatches:\n%s", v->mismatches > v->o->show ? "the first " : "", shown);
    }
}

static int verify(struct verify *v, struct batch *batch) {
    char *shown = NULL, *compatible = NULL;
    size_t shown_size, compatible_size;
    struct rejects rejects;
    if (!rejects_open(&rejects, v->o->rejects, false)) {
        return EXIT_IO;
    }
    batch->rejects = &rejects;
    v->shown = need(open_memstream(&shown, &shown_size));
    v->shown_compatible = need(open_memstream(&compatible, &compatible_size));
    int code = batch_run(batch, v->o->words[0], find_columns);
    fclose(v->shown);
    fclose(v->shown_compatible);
    if (code == EXIT_DONE) {
        code = rejects_close(&rejects) ? EXIT_DONE : EXIT_IO;
        print_balance(batch->in, batch->done, batch->rejected, batch->blank);
        print_result(v, batch, shown, compatible);
    } else {
        rejects_abandon(&rejects);
    }
    free(shown);
    free(compatible);
    return code == EXIT_DONE && v->mismatches ? EXIT_FOUND : code;
}

int command_verify(int argc, char **argv) {
    struct options o;
    unsigned takes = TAKES_IMAGE | TAKES_SCHEME | TAKES_READING | TAKES_REJECTS | TAKES_STRICT;
    int code = options_read(&o, argc, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if (o.word_count != 1) {
        return wrong_use(&o, "say one file with expected answers");
    }
    casemix_image *image;
    if ((code = open_image(o.image, &image)) != EXIT_DONE) {
        return code;
    }
    struct verify v = {.o = &o};
    struct batch batch = batch_of(&o, image, check_row);
    batch.own = is_expected;
    batch.user = &v;
    code = batch_start(&batch);
    if (code == EXIT_DONE && (code = open_context(image, o.scheme, NULL, o.clinical, &v.compatible)) == EXIT_DONE) {
        casemix_context_set(v.compatible, CASEMIX_COMPATIBILITY, 1);
        code = verify(&v, &batch);
    }
    casemix_context_free(v.compatible);
    batch_free(&batch);
    close_image(image);
    return code;
}
