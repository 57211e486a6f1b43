/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix explain: one case, the whole reason. */
#include "command.h"
#include "story.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: casemix explain -i IMAGE.cmx NAME=VALUE... [--all] [--money [--policy ID]]\n"
    "       casemix explain -i IMAGE.cmx --input FILE.csv --id ID [options]\n"
    "\n"
    "Says of one case which facts were used, what was repaired, which diagnoses count as complications, the\n"
    "answer, the rules that led to it, which later groups would fit too, and which groups it missed by one condition.\n"
    "Under a DIP scheme: what each procedure counted as, the steps of the search, the entries that take the diagnosis and\n"
    "why they lost, the auxiliary catalogues with their factor, and the supervision indices.\n"
    "\n"
    "  -i, --image FILE     the compiled rules\n"
    "      NAME=VALUE       a fact of the case; `casemix help facts` lists the names. Codes are separated by |\n"
    "      --input FILE --id ID   take the case with that id out of a CSV file\n"
    "      --all            every step, also the groups that were tried and not met\n"
    "      --money          the payment too, line by line: what, result, formula, its inputs, the policy's line\n"
    "      --json           with --money: only the payment, as a JSON object\n"
    "      --policy ID      under which policy, if the image has several\n"
    "      --scheme ID      which scheme of the image, if it has several\n"
    "      --map FILE, --encoding NAME   as for `casemix group`\n"
    "\n"
    "examples:\n"
    "  casemix explain -i haerbin-2022.cmx gender=1 age=63 dx='I63.900|I10.x00x002'\n"
    "  casemix explain -i haerbin-2022.cmx --money gender=1 age=63 dx=I63.900 hospital_level=三级 \\\n"
    "      insured_type=职工 cost=15000 patient_paid=4000 other_paid=0\n"
    "  casemix explain -i haerbin-2022.cmx --input cases.csv --id 1042\n";

static int tell(const struct options *o, const casemix_image *image, const casemix_case *one) {
    casemix_context *context = NULL;
    const char *policy = o->money ? choose_policy(o, image) : o->policy;
    if (o->money && !policy) {
        return EXIT_USAGE;
    }
    int code = open_context(image, o->scheme, policy, o->clinical, &context);
    if (code != EXIT_DONE) {
        return code;
    }
    note_demonstration(image, o->scheme, policy);
    casemix_grouping grouping;
    casemix_result result = o->json ? CASEMIX_OK : tell_story(stdout, image, context, one, o->all);
    if (result == CASEMIX_OK && o->money && (result = casemix_group(context, one, &grouping)) == CASEMIX_OK) {
        result = o->json ? print_price_json(stdout, context, one, &grouping)
                         : tell_price(stdout, context, one, &grouping);
    }
    if (result != CASEMIX_OK) {
        complain("the case cannot be explained: %s", casemix_context_message(context));
        code = EXIT_FOUND;
    }
    casemix_context_free(context);
    return code;
}

static int explain_words(const struct options *o, const casemix_image *image) {
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
        code = tell(o, image, one);
    }
    casemix_case_free(one);
    return code;
}

/* Look the case up and explain it while its row is in memory. */
struct wanted_row {
    const struct options *o;
    const casemix_image *image;
    const struct fact_map *map;
    int code; /* -1: not found yet */
};

static int look_at_row(void *user, const struct csv_row *row, uint64_t line) {
    struct wanted_row *wanted = user;
    const casemix_text *id = &row->fields[wanted->map->id];
    (void)line;
    if (row->fault != CSV_FINE || id->length != strlen(wanted->o->id) || memcmp(id->text, wanted->o->id, id->length) != 0) {
        return EXIT_DONE; /* of another case: no matter what is wrong with it */
    }
    casemix_case *one = need(casemix_case_new());
    set_facts(one, wanted->map, row->fields);
    wanted->code = tell(wanted->o, wanted->image, one);
    casemix_case_free(one);
    return -1; /* no more rows */
}

static int explain_row(const struct options *o, const casemix_image *image, struct input *in,
                       const struct fact_map *map) {
    struct wanted_row wanted = {o, image, map, -1};
    if (input_rows(in, look_at_row, &wanted) == EXIT_IO) {
        return EXIT_IO;
    }
    if (wanted.code < 0) {
        complain("%s: no row has the id asked for; check --id", in->name);
        return EXIT_FOUND;
    }
    return wanted.code;
}

static int explain_input(const struct options *o, const casemix_image *image) {
    struct input *in;
    struct fact_map map;
    int code = input_open(o->input, o->encoding, &in);
    if (code == EXIT_DONE && (code = map_facts(in, o->map, NULL, &map)) == EXIT_DONE) {
        if (map.id < 0) {
            complain("%s: line %llu: the heading has no column 'id'", in->name, (unsigned long long)in->line);
            code = EXIT_FOUND;
        } else {
            code = explain_row(o, image, in, &map);
        }
        fact_map_free(&map);
    }
    input_close(in);
    return code;
}

int command_explain(int argc, char **argv) {
    struct options o;
    unsigned takes = TAKES_IMAGE | TAKES_SCHEME | TAKES_POLICY | TAKES_READING | TAKES_EXPLAIN | TAKES_JSON;
    int code = options_read(&o, argc, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if (o.json && !o.money) {
        return wrong_use(&o, "--json goes with --money");
    }
    if (!o.input != !o.id) {
        return wrong_use(&o, "--input FILE and --id ID belong together");
    }
    if (!o.input == (o.word_count == 0)) {
        return wrong_use(&o, o.input ? "either NAME=VALUE or --input, not both"
                                     : "say the case: NAME=VALUE..., or --input FILE --id ID");
    }
    casemix_image *image;
    if ((code = open_image(o.image, &image)) != EXIT_DONE) {
        return code;
    }
    code = o.input ? explain_input(&o, image) : explain_words(&o, image);
    close_image(image);
    return code;
}
