/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix settle: the cases of a month become what each hospital and each pool gets, in a folder of reports. */
#include "settle.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: casemix settle -i IMAGE.cmx [--policy ID] [--budget FILE] INPUT.csv... -o DIR [options]\n"
    "\n"
    "Groups and prices every case and adds up what the fund pays, by hospital and pool. Where the policy divides "
    "a\n"
    "budget, the claims are read twice: for the points of each pool, then for the payments. A claim whose amounts "
    "are\n"
    "below 0 takes an earlier one back. Writes the folder DIR, complete or not at all:\n"
    "  cases.csv      id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,\n"
    "                 price_status,cost,findings\n"
    "  hospitals.csv  hospital,pool,cases,points,standard,fund_payment,unpriced,cost,reversed,of_cases,closing, "
    "the\n"
    "                 figures of the policy, and the sums and items that they are computed from\n"
    "  pools.csv      "
    "pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance,reversed,...\n"
    "  rejects.csv    file,line,column,field,reason of the rows that could not be read\n"
    "  summary.json   the image, the policy, the counts and the totals\n"
    "Amounts are in yuan. The totals of the three levels are equal to the fen (of_cases + closing = fund_payment). "
    "The\n"
    "order of the claims, and whether they come in one file or several, makes no difference.\n"
    "\n"
    "  -i, --image FILE     the compiled rules\n"
    "      --policy ID      the payment policy; not needed if the image has one only\n"
    "      --any-date       price also cases discharged outside the policy's dates of force, see `casemix help "
    "price`\n"
    "      --budget FILE    budgets of pools in yuan, CSV: pool,budget or the items the policy asks for\n"
    "      --hospitals FILE what the policy wants to know of hospitals, CSV: hospital,pool,ITEM...\n"
    "      --approved FILE  cases approved for special review, CSV with a column id\n"
    "  -o, --output DIR     the folder to write\n"
    "      --force          replace DIR if it is there\n"
    "      --quiet          do not print the tables\n"
    "      --scheme ID, --map FILE, --encoding NAME, --threads N   as for `casemix group`\n"
    "\n"
    "examples:\n"
    "  casemix settle -i haerbin-2022.cmx --policy harbin-2022 2022-06.csv -o 2022-06\n"
    "  casemix settle -i haerbin-2022.cmx --budget budget.csv h1.csv h2.csv -o month --threads 2\n";

static const char *const file_names[] = {"cases.csv",   "hospitals.csv", "pools.csv",
                                         "rejects.csv", "summary.json",  NULL};

/* ---- cases.csv -------------------------------------------------------------------------------------------- */

static const char cases_heading[] = "id,hospital,pool,scheme,group,status,class,points,point_value,standard,"
                                    "fund_payment,reason,price_status,cost,findings";

static char *put_payment(char *at, const casemix_price *p) {
    if (p->status != CASEMIX_PRICED) {
        return put_bytes(at, ",,,,", 4);
    }
    at = put_next_decimal(at, p->points, 4);
    *at++ = ',';
    at = put_point_value(at, p->point_value);
    at = put_next_decimal(at, p->standard, 2);
    return put_next_decimal(at, p->fund_payment, 2);
}

/* ---- claims that take back another ------------------------------------------------------------------------ */

static casemix_text without_sign(casemix_text text) {
    while (text.length > 0 && text.text[0] == ' ') {
        text.text++;
        text.length--;
    }
    return (casemix_text){text.text + 1, text.length - 1};
}

bool settle_is_negative(casemix_text text) {
    size_t i = 0;
    while (i < text.length && text.text[i] == ' ') {
        i++;
    }
    return i < text.length && text.text[i] == '-';
}

static bool is_zero(casemix_text text) {
    for (size_t i = 0; i < text.length; i++) {
        if (text.text[i] >= '1' && text.text[i] <= '9') {
            return false;
        }
    }
    return true;
}

/* Group the claim again as the one that it takes back: with its amounts above 0. False: rejected. */
static bool turn_round(struct worker *w, const struct csv_row *row) {
    const struct fact_map *map = &w->batch->map;
    for (uint32_t i = 0; i < map->count; i++) {
        casemix_text field = row->fields[map->column[i]];
        if (strcmp(casemix_fact_unit(map->fact[i]), "yuan") != 0) {
            continue;
        }
        if (settle_is_negative(field)) {
            field = without_sign(field);
            casemix_case_set(w->one, map->fact[i], field.text, field.length);
        } else if (!is_zero(field)) {
            worker_reject(w, row, map->column[i] + 1,
                          "the cost is below 0, so the claim takes another back, but this amount is above 0");
            return false;
        }
    }
    if (casemix_group(w->context, w->one, &w->grouping) != CASEMIX_OK) {
        worker_reject(w, row, 0, "the case cannot be grouped");
        return false;
    }
    return true;
}

/* ---- a row ------------------------------------------------------------------------------------------------ */

/* Price and add up. False: the row is rejected. */
static bool count_case(struct worker *w, const struct csv_row *row, casemix_price *p) {
    const struct settle *s = w->batch->user;
    bool reversed = s->cost >= 0 && settle_is_negative(row->fields[s->cost]);
    if (reversed && !turn_round(w, row)) {
        return false;
    }
    if (s->approved.names.count > 0 && settle_is_approved(s, worker_field(row, w->batch->map.id))) {
        casemix_case_set(w->one, s->special_review, "1", 1);
    }
    bool priced = casemix_price_case(w->context, w->one, &w->grouping, p) == CASEMIX_OK;
    casemix_result result =
        priced ? casemix_settlement_add_case(w->settlement, w->context, reversed, p) : CASEMIX_BAD_ARGUMENT;
    if (s->approved.names.count > 0) {
        casemix_case_set(w->one, s->special_review, "", 0);
    }
    if (result != CASEMIX_OK) {
        worker_reject(w, row, 0,
                      !priced ? "the case cannot be priced"
                              : "the case cannot be added up: the total gets too large");
    }
    return result == CASEMIX_OK;
}

static bool add_case(struct worker *w, const struct csv_row *row) {
    const struct settle *s = w->batch->user;
    const casemix_grouping *g = &w->grouping;
    casemix_text id = worker_field(row, w->batch->map.id), hospital = worker_field(row, w->batch->map.hospital);
    casemix_price p;
    if (!count_case(w, row, &p)) {
        return false;
    }
    if (!s->last || !s->batch.out) {
        return true;
    }
    size_t room = row_room(id, g) + 2 * (hospital.length + p.pool.length + g->scheme.length + p.class_name.length);
    char *start = buffer_room(&w->done.out, room + 256 + FINDINGS_ROOM), *at = start;
    at = put_cell(at, id);
    at = put_next_cell(at, hospital);
    at = put_next_cell(at, p.pool);
    at = put_next_cell(at, g->scheme);
    at = put_next_cell(at, g->drg.length ? g->drg : g->adrg);
    at = put_next_cell(at, status_word(g->status));
    at = put_next_cell(at, p.class_name);
    at = put_payment(at, &p);
    at = put_next_cell(at, reason_word(g->reason));
    at = put_next_cell(at, price_status_word(p.status));
    at = p.status == CASEMIX_PRICED ? put_next_decimal(at, p.cost, 2) : put_bytes(at, ",", 1);
    *at++ = ',';
    at = put_findings(at, w->context, g, &p);
    at = put_demonstration(at, w->batch, g->scheme);
    *at++ = '\n';
    w->done.out.size += (size_t)(at - start);
    return true;
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static casemix_text scheme_of(const casemix_image *image, const char *scheme, const char *policy) {
    casemix_policy_info p;
    casemix_scheme_info only;
    if (scheme) {
        return text_of(scheme);
    }
    for (uint32_t i = 0; i < casemix_policy_count(image); i++) {
        if (casemix_policy_at(image, i, &p) == CASEMIX_OK && strcmp(p.id.text, policy) == 0 && p.scheme.length) {
            return p.scheme;
        }
    }
    return casemix_scheme_at(image, 0, &only) == CASEMIX_OK ? only.id : text_of("");
}

/* ---- passes ----------------------------------------------------------------------------------------------- */

static bool keep_all_columns(const char *name __attribute__((unused))) {
    return true;
}

/* Standard input can be read once: for a second pass it is copied beside the results, to be removed at the end. */
static int spool_input(struct settle *s, char **path) {
    char bytes[1 << 16];
    *path = need(malloc(strlen(s->o.output) + 16));
    sprintf(*path, "%s.claims-XXXXXX", s->o.output);
    int to = mkstemp(*path);
    if (to < 0) {
        cannot_write(*path, errno);
        return EXIT_IO;
    }
    temporary_add(*path);
    ssize_t got;
    bool fine = true;
    while (fine && (got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {
        for (ssize_t put = 0, n; put < got && fine; put += n) {
            n = write(to, bytes + put, (size_t)(got - put));
            fine = n > 0;
        }
    }
    fine = close(to) == 0 && fine;
    if (!fine) {
        cannot_write(*path, errno);
    }
    return fine ? EXIT_DONE : EXIT_IO;
}

/* An input was opened: where its costs are, and what messages and rejects call the copy of standard input. */
static int look_at_input(struct batch *batch) {
    struct settle *s = batch->user;
    s->cost = fact_column(&batch->map, "cost");
    for (int i = 0; i < s->o.word_count; i++) {
        if (s->spooled[i] && strcmp(batch->input->path, s->spooled[i]) == 0) {
            free(batch->input->path);
            batch->input->path = need(strdup("-"));
            batch->input->name = "standard input";
        }
    }
    return EXIT_DONE;
}

static int run_inputs(struct settle *s) {
    struct batch *b = &s->batch;
    json_decref(s->inputs);
    s->inputs = json_array();
    for (int i = 0; i < s->o.word_count; i++) {
        uint64_t in = b->in, done = b->done, rejected = b->rejected;
        int code = batch_run(b, s->spooled[i] ? s->spooled[i] : s->o.words[i], look_at_input);
        if (code != EXIT_DONE) {
            return code;
        }
        json_array_append_new(s->inputs,
                              json_pack("{s:s%,s:I,s:I,s:I}", "file", s->o.words[i], strlen(s->o.words[i]), "in",
                                        (json_int_t)(b->in - in), "out", (json_int_t)(b->done - done), "rejected",
                                        (json_int_t)(b->rejected - rejected)));
    }
    for (unsigned i = 1; i < b->threads; i++) {
        if (casemix_settlement_merge(s->total, b->workers[i].settlement) != CASEMIX_OK) {
            complain("the totals get too large to be held exactly; settle in parts");
            return EXIT_FOUND;
        }
    }
    return EXIT_DONE;
}

/* What is written begins anew with each pass; only that of the last one stays. */
static bool open_outputs(struct settle *s) {
    const char *rest = s->batch.tells_demonstration ? ",demonstration\n" : "\n";
    output_abandon(s->batch.out);
    rejects_abandon(&s->rejects);
    if (!s->folder) {
        rejects_open(&s->rejects, NULL, true);
        s->rejects.told = s->last ? 0 : REJECTS_SHOWN; /* once is enough */
        return true;
    }
    s->batch.out = output_open(folder_file(s->folder, SETTLE_CASES));
    return s->batch.out && rejects_open(&s->rejects, folder_file(s->folder, SETTLE_REJECTS), true) &&
           output_write(s->batch.out, cases_heading, sizeof cases_heading - 1) &&
           output_write(s->batch.out, rest, strlen(rest));
}

static int run_pass(struct settle *s) {
    struct batch *b = &s->batch;
    uint64_t before = b->in;
    b->in = b->done = b->rejected = b->blank = 0;
    if (!open_outputs(s)) {
        return EXIT_IO;
    }
    int code = run_inputs(s);
    if (code == EXIT_DONE && b->again && b->in != before) {
        complain("the claims were changed while they were read: %llu rows, then %llu; settle them again",
                 (unsigned long long)before, (unsigned long long)b->in);
        return EXIT_IO;
    }
    b->own = keep_all_columns; /* what is passed by was told */
    b->again = true;
    return code;
}

/* The end of a pass: what it found counts for all workers from now on. */
static int end_pass(struct settle *s) {
    struct batch *b = &s->batch;
    casemix_error error;
    casemix_result result = casemix_settlement_next(s->total, &error);
    if (result != CASEMIX_OK) {
        complain("%s", error.message);
        return result == CASEMIX_NO_MEMORY ? EXIT_IO : EXIT_FOUND;
    }
    if (error.message[0]) {
        complain("%s", error.message);
        s->incomplete = true;
    }
    for (unsigned i = 0; i < b->threads && !s->last; i++) {
        casemix_context_settle(b->workers[i].context, s->total);
        if (i > 0) {
            casemix_settlement_clear(b->workers[i].settlement);
        }
    }
    return EXIT_DONE;
}

static int run_passes(struct settle *s) {
    int passes = casemix_settlement_passes(s->total);
    for (int i = 0; i < s->o.word_count && passes > 1; i++) {
        int code = strcmp(s->o.words[i], "-") == 0 ? spool_input(s, &s->spooled[i]) : EXIT_DONE;
        if (code != EXIT_DONE) {
            return code;
        }
    }
    for (int pass = 1; pass <= passes; pass++) {
        s->last = pass == passes;
        int code = run_pass(s);
        code = code == EXIT_DONE ? end_pass(s) : code;
        if (code != EXIT_DONE) {
            return code;
        }
    }
    return EXIT_DONE;
}

/* The rest of the folder; on failure it is dropped with what is open. */
static int write_folder(struct settle *s) {
    bool fine = output_close(s->batch.out);
    s->batch.out = NULL;
    fine = rejects_close(&s->rejects) && fine;
    fine = fine && settle_sort(folder_file(s->folder, SETTLE_CASES), &s->duplicates) && settle_write(s);
    if (!fine) {
        return EXIT_IO;
    }
    if (s->duplicates) {
        complain("%llu claims have the hospital and id of another; they are paid as well. They stand together in "
                 "cases.csv: take out those that are there twice and settle again",
                 (unsigned long long)s->duplicates);
    }
    fine = folder_close(s->folder);
    s->folder = NULL;
    return fine ? EXIT_DONE : EXIT_IO;
}

/* With the workers there: what is said beside the claims, then the claims. */
static int settle(struct settle *s) {
    s->total = s->batch.workers[0].settlement;
    int code = settle_read_files(s);
    if (code == EXIT_DONE && s->o.output) {
        s->folder = folder_open(s->o.output, file_names, s->o.force);
        code = s->folder ? EXIT_DONE : EXIT_IO;
    }
    if (code == EXIT_DONE) {
        code = run_passes(s);
    }
    if (code == EXIT_DONE) {
        settle_tell_unused(s);
        code = s->folder ? write_folder(s) : rejects_close(&s->rejects) ? EXIT_DONE : EXIT_IO;
    }
    return code == EXIT_DONE && s->incomplete ? EXIT_FOUND : code;
}

int settle_month(struct settle *s, const struct options *o, casemix_image *image, const char *policy) {
    *s = (struct settle){.o = *o, .image = image};
    s->batch = batch_of(&s->o, image, add_case);
    s->batch.settles = true;
    s->batch.user = s;
    s->batch.rejects = &s->rejects;
    s->batch.policy = policy;
    s->batch.tells_demonstration = is_demonstration(image, o->scheme, policy);
    s->scheme = scheme_of(image, o->scheme, policy);
    s->special_review = casemix_fact("special_review");
    s->spooled = need(calloc((size_t)o->word_count, sizeof *s->spooled));
    int code = batch_start(&s->batch);
    code = code == EXIT_DONE ? settle(s) : code;
    if (code == EXIT_DONE || s->incomplete) {
        print_balance(s->batch.in, s->batch.done, s->batch.rejected, s->batch.blank);
    }
    return code;
}

void settle_end(struct settle *s) {
    output_abandon(s->batch.out);
    rejects_abandon(&s->rejects);
    folder_abandon(s->folder);
    json_decref(s->inputs);
    for (int i = 0; i < s->o.word_count && s->spooled; i++) {
        if (s->spooled[i]) {
            unlink(s->spooled[i]);
            temporary_forget(s->spooled[i]);
        }
        free(s->spooled[i]);
    }
    free(s->spooled);
    settle_free_files(s);
    batch_free(&s->batch);
}

int command_settle(int argc, char **argv) {
    struct settle s;
    struct options o = {0};
    casemix_image *image;
    unsigned takes =
        TAKES_IMAGE | TAKES_OUTPUT | TAKES_SCHEME | TAKES_POLICY | TAKES_READING | TAKES_THREADS | TAKES_SETTLE;
    int code = options_read(&o, argc, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if (!o.output || o.word_count == 0) {
        return wrong_use(&o, o.output ? "say which cases: INPUT.csv" : "say where the reports go: -o DIR");
    }
    if ((code = check_inputs(&o)) != EXIT_DONE || (code = open_image(o.image, &image)) != EXIT_DONE) {
        return code;
    }
    const char *policy = choose_policy(&o, image);
    if (!policy) {
        close_image(image);
        return EXIT_USAGE;
    }
    code = settle_month(&s, &o, image, policy);
    if ((code == EXIT_DONE || s.incomplete) && !o.quiet) {
        settle_print(&s);
    }
    settle_end(&s);
    close_image(image);
    return code;
}
