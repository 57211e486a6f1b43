/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix explain: one case, the whole reason. */
#include "command.h"
#include "settle.h"
#include "story.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: casemix explain -i IMAGE.cmx NAME=VALUE... [--all] [--money [--policy ID]]\n"
    "       casemix explain -i IMAGE.cmx --input FILE.csv --id ID [options]\n"
    "       casemix explain -i IMAGE.cmx --money --settled --id ID [--budget FILE] CLAIMS.csv... [options]\n"
    "\n"
    "Says of one case which facts were used, what was repaired, which diagnoses count as complications, the\n"
    "answer, the rules that led to it, which later groups would fit too, and which groups it missed by one "
    "condition.\n"
    "Under a DIP scheme: what each procedure counted as, the steps of the search, the entries that take the "
    "diagnosis and\n"
    "why they lost, the auxiliary catalogues with their factor, and the supervision indices.\n"
    "\n"
    "  -i, --image FILE     the compiled rules\n"
    "      NAME=VALUE       a fact of the case; `casemix help facts` lists the names. Codes are separated by |\n"
    "      --input FILE --id ID   take the case with that id out of a CSV file\n"
    "      --all            every step, also the groups that were tried and not met\n"
    "      --money          the payment too, line by line: what, result, formula, its inputs, the policy's line\n"
    "      --settled        the payment as `casemix settle` has it: all claims of the month are settled first "
    "(nothing\n"
    "                       is written); the figures of the case's pool and hospital are derived, too\n"
    "      --budget FILE, --hospitals FILE, --approved FILE   with --settled: as for `casemix settle`\n"
    "      --json           with --money: only the payment, as a JSON object\n"
    "      --policy ID      under which policy, if the image has several\n"
    "      --any-date       price a case also if the policy was not in force when it was discharged\n"
    "      --scheme ID      which scheme of the image, if it has several\n"
    "      --map FILE, --encoding NAME   as for `casemix group`\n"
    "\n"
    "examples:\n"
    "  casemix explain -i haerbin-2022.cmx gender=1 age=63 dx='I63.900|I10.x00x002'\n"
    "  casemix explain -i haerbin-2022.cmx --money gender=1 age=63 dx=I63.900 hospital_level=三级 \\\n"
    "      insured_type=职工 cost=15000 patient_paid=4000 other_paid=0\n"
    "  casemix explain -i haerbin-2022.cmx --input cases.csv --id 1042\n"
    "  casemix explain -i zhejiang.cmx --policy zhejiang-form --money --settled --budget budget.csv --id 1042 "
    "month.csv\n";

/* What explaining works with. */
struct explaining {
    const struct options *o;
    const casemix_image *image;
    casemix_context *context;
    struct settle *month; /* --settled, else NULL */
};

/* A context for one case; EXIT_DONE or the exit code after a message. */
static int start(struct explaining *e) {
    const struct options *o = e->o;
    const char *policy = o->money ? choose_policy(o, e->image) : o->policy;
    if (o->money && !policy) {
        return EXIT_USAGE;
    }
    int code = open_context(e->image, o->scheme, policy, o->clinical, &e->context);
    if (code == EXIT_DONE) {
        casemix_context_any_date(e->context, o->any_date);
        note_demonstration(e->image, o->scheme, policy);
    }
    return code;
}

static int tell(const struct explaining *e, const casemix_case *one, casemix_text hospital) {
    const struct options *o = e->o;
    casemix_settlement *month = e->month ? e->month->total : NULL;
    casemix_grouping grouping;
    casemix_result result = o->json ? CASEMIX_OK : tell_story(stdout, e->image, e->context, one, o->all);
    if (result == CASEMIX_OK && o->money && (result = casemix_group(e->context, one, &grouping)) == CASEMIX_OK) {
        result = o->json ? print_price_json(stdout, e->context, one, &grouping, month, hospital)
                         : tell_price(stdout, e->context, one, &grouping, month, hospital);
    }
    if (result != CASEMIX_OK) {
        complain("the case cannot be explained: %s", casemix_context_message(e->context));
        return EXIT_FOUND;
    }
    return EXIT_DONE;
}

static int explain_words(const struct explaining *e) {
    const struct options *o = e->o;
    casemix_case *one = need(casemix_case_new());
    int code = EXIT_DONE;
    for (int i = 0; i < o->word_count && code == EXIT_DONE; i++) {
        char *equals = strchr(o->words[i], '=');
        if (!equals) {
            code = wrong_use(o, "argument %d is not NAME=VALUE, as in age=63", i + 1);
            break;
        }
        *equals = '\0';
        int fact = casemix_fact(o->words[i]);
        if (fact < 0) {
            code = wrong_use(o, "there is no fact '%s'; `casemix help facts` lists them", o->words[i]);
            break;
        }
        casemix_case_set(one, fact, equals + 1, strlen(equals + 1));
    }
    if (code == EXIT_DONE) {
        code = tell(e, one, text_of(""));
    }
    casemix_case_free(one);
    return code;
}

/* Look the case up and explain it while its row is in memory. */
struct wanted_row {
    const struct explaining *e;
    const struct fact_map *map;
    int cost;   /* column, -1: none */
    bool found; /* else `taken_back` or nothing */
    bool taken_back;
    int code;
};

enum { NO_MORE_ROWS = -1 };

static int look_at_row(void *user, const struct csv_row *row, uint64_t line) {
    struct wanted_row *wanted = user;
    const struct explaining *e = wanted->e;
    casemix_text id = row->fields[wanted->map->id];
    (void)line;
    if (row->fault != CSV_FINE || !same_text(id, text_of(e->o->id))) {
        return EXIT_DONE; /* of another case: no matter what is wrong with it */
    }
    if (e->month && wanted->cost >= 0 && settle_is_negative(row->fields[wanted->cost])) {
        wanted->taken_back = true;
        return EXIT_DONE;
    }
    casemix_case *one = need(casemix_case_new());
    set_facts(one, wanted->map, row->fields);
    if (e->month && settle_is_approved(e->month, id)) {
        casemix_case_set(one, e->month->special_review, "1", 1);
    }
    wanted->found = true;
    wanted->code = tell(e, one, worker_field(row, wanted->map->hospital));
    casemix_case_free(one);
    return NO_MORE_ROWS;
}

/* Look for the case in a file. EXIT_DONE with wanted->found, or not; otherwise the exit code after a message. */
static int look_into(const struct explaining *e, const char *path, struct wanted_row *wanted) {
    struct input *in;
    struct fact_map map;
    int code = input_open(path, e->o->encoding, &in);
    if (code == EXIT_DONE && (code = map_facts(in, e->o->map, NULL, &map)) == EXIT_DONE) {
        if (map.id < 0) {
            complain("%s: line %llu: the heading has no column 'id'", in->name, (unsigned long long)in->line);
            code = EXIT_FOUND;
        } else {
            wanted->map = &map;
            wanted->cost = fact_column(&map, "cost");
            code = input_rows(in, look_at_row, wanted);
            code = code == NO_MORE_ROWS ? EXIT_DONE : code;
        }
        fact_map_free(&map);
    }
    input_close(in);
    return code;
}

static int explain_row(const struct explaining *e, char *const *paths, int count) {
    struct wanted_row wanted = {.e = e};
    int code = EXIT_DONE;
    for (int i = 0; i < count && code == EXIT_DONE && !wanted.found; i++) {
        code = look_into(e, paths[i], &wanted);
    }
    if (code != EXIT_DONE || wanted.found) {
        return code != EXIT_DONE ? code : wanted.code;
    }
    complain(wanted.taken_back
                 ? "only a claim that takes another back has the id asked for; settle the month with the "
                   "claim it takes back, or check --id"
                 : "no row has the id asked for; check --id");
    return EXIT_FOUND;
}

/* As the month has it: settle, then explain with what that found. */
static int explain_settled(struct explaining *e, casemix_image *image) {
    struct settle month;
    const struct options *o = e->o;
    const char *policy = choose_policy(o, image);
    if (!policy) {
        return EXIT_USAGE;
    }
    int code = settle_month(&month, o, image, policy);
    if (code == EXIT_DONE || month.incomplete) {
        e->month = &month;
        e->context = month.batch.workers[0].context;
        int told = explain_row(e, o->words, o->word_count);
        code = code == EXIT_DONE ? told : code;
        e->context = NULL;
    }
    settle_end(&month);
    return code;
}

static int check_use(const struct options *o) {
    if (o->json && !o->money) {
        return wrong_use(o, "--json goes with --money");
    }
    if (o->settled) {
        if (!o->money || !o->id || o->input || o->word_count == 0) {
            return wrong_use(o, "--settled goes with --money, --id ID and the claims of the month: CLAIMS.csv...");
        }
        for (int i = 0; i < o->word_count; i++) {
            if (strcmp(o->words[i], "-") == 0) {
                return wrong_use(o, "with --settled the claims are read several times; name files, not -");
            }
        }
        return check_inputs(o);
    }
    if (o->budget || o->hospitals || o->approved) {
        return wrong_use(o, "--budget, --hospitals and --approved go with --settled");
    }
    if (!o->input != !o->id) {
        return wrong_use(o, "--input FILE and --id ID belong together");
    }
    if (!o->input == (o->word_count == 0)) {
        return wrong_use(o, o->input ? "either NAME=VALUE or --input, not both"
                                     : "say the case: NAME=VALUE..., or --input FILE --id ID");
    }
    return EXIT_DONE;
}

int command_explain(int argc, char **argv) {
    struct options o;
    casemix_image *image;
    unsigned takes =
        TAKES_IMAGE | TAKES_SCHEME | TAKES_POLICY | TAKES_READING | TAKES_EXPLAIN | TAKES_JSON | TAKES_MONTH;
    int code = options_read(&o, argc, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if ((code = check_use(&o)) != EXIT_DONE || (code = open_image(o.image, &image)) != EXIT_DONE) {
        return code;
    }
    struct explaining e = {.o = &o, .image = image};
    if (o.settled) {
        code = explain_settled(&e, image);
    } else if ((code = start(&e)) == EXIT_DONE) {
        char *input = (char *)(uintptr_t)o.input;
        code = o.input ? explain_row(&e, &input, 1) : explain_words(&e);
    }
    casemix_context_free(e.context);
    close_image(image);
    return code;
}
