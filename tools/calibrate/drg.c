/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix calibrate drg: relative weights, base rates and unstable groups out of the claims of several years. */
#include "calibrate.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: casemix calibrate drg -i IMAGE.cmx HISTORY.csv... -o DIR [options]\n"
    "\n"
    "Groups the claims of several years and computes what a policy needs. Writes the folder DIR, complete or\n"
    "not at all:\n"
    "  weights.csv       drg,name,weight,raw_weight,cases,mean_cost,cv,unstable\n"
    "  base-rates.csv    pool,year,cases,total_weight,total_cost,fund,share,rate\n"
    "  coefficients.csv  level,cases,mean_cost,coefficient,adjusted\n"
    "  report.txt, report.csv   what was used, trimmed, replaced; spread before and after\n"
    "  rejects.csv       file,line,column,field,reason of the rows that could not be used\n"
    "The weight of a group is its mean cost by the mean cost of all cases. A mean is taken of each year by\n"
    "date of discharge, then of the years with their weights. The rate of a pool is fund / share / total\n"
    "weight of the last year, or cost / total weight of that year where no fund is said.\n"
    "\n"
    "  -i, --image FILE        the compiled rules; with --scheme ID where it has several schemes\n"
    "  -o, --output DIR        the folder to write; --force replaces it\n"
    "      --weights 1:2:7     weights of the years, oldest first; the last is the latest year of the history\n"
    "      --last-year YEAR    rows of later years are rejected\n"
    "      --trim RULE         none, percentile:2.5:97.5 or interval:0.3:3 (times the mean), for each group\n"
    "      --levels W=L,...    words of hospital_level that mean the level L; --pools likewise for\n"
    "                          insured_type\n"
    "      --fund P=YUAN,...   last year's fund for these cases, by pool, or one amount for all\n"
    "      --fund-share P=0.75,...   and what part of the cost the fund paid\n"
    "      --expert FILE       group,weight: these weights are taken as they are, and the others scaled so\n"
    "                          that the total weight stays\n"
    "      --unstable-cv 1, --unstable-cases 5   a group with a spread of 1 or more, or fewer cases, is\n"
    "                                            unstable\n"
    "      --quiet, --map FILE, --encoding NAME, --codes NAME, --threads N   as for `casemix settle`\n"
    "\n"
    "example:\n"
    "  casemix calibrate drg -i city.cmx 2021.csv 2022.csv 2023.csv -o weights --trim percentile:2.5:97.5\n";

enum { WEIGHTS, RATES, COEFFICIENTS, REPORT, TABLE, REJECTS };
static const char *const file_names[] = {
    "weights.csv", "base-rates.csv", "coefficients.csv", "report.txt", "report.csv", "rejects.csv", NULL};

struct group {
    casemix_text code, name;
    struct summary summary;
    struct quotient mean;
    int64_t mean_fen;
    int64_t raw, weight; /* 1/10000; -1: no cases */
    int64_t expert;      /* 1/10000; -1: none */
    bool unstable;
};

struct pool {
    uint64_t cases, cost; /* of the last year */
    whole128 weight;      /* 1/10000 */
};

struct drg {
    struct settings settings;
    casemix_image *image;
    struct history history;
    struct study study;
    struct totals totals;
    struct folder *folder;
    struct group *groups;
    uint32_t count; /* of the history; behind these, groups that only the experts name */
    uint32_t expert_only;
    struct names expert_names;   /* codes of these */
    struct quotient mean;        /* of all cases */
    whole128 total, total_after; /* sums of cases x weight, 1/10000 */
    struct pool *pools;
};

/* A case of a bare ADRG is in the ADRG. */
static const char *group_key(const struct history *h, struct worker *w, struct buffer *key, struct record *one) {
    (void)h;
    (void)one;
    const casemix_grouping *g = &w->grouping;
    const char *wrong = why_ungrouped(g);
    if (!wrong) {
        casemix_text code = g->drg.length ? g->drg : g->adrg;
        buffer_add(key, code.text, code.length);
        buffer_add(key, "\t", 1);
        buffer_add(key, g->name.text, g->name.length);
    }
    return wrong;
}

/* ---- weights ---------------------------------------------------------------------------------------------- */

static void make_groups(struct drg *d) {
    d->count = d->history.groups.count;
    d->groups = need(calloc(d->count + 1, sizeof *d->groups));
    struct sorting sorting = sort_records(&d->history.store, d->count);
    struct yearly *levels = need(calloc(d->study.levels, sizeof *levels));
    for (uint32_t i = 0; i < d->count; i++) {
        struct group *g = &d->groups[i];
        casemix_text key = d->history.groups.items[i];
        size_t length = strcspn(key.text, "\t");
        g->code = (casemix_text){key.text, length};
        g->name = (casemix_text){key.text + length + 1, key.length - length - 1};
        g->expert = g->raw = g->weight = g->mean_fen = -1;
        summarise(&d->study, sorting.order + sorting.first[i], sorting.first[i + 1] - sorting.first[i], &g->summary,
                  levels);
        const struct summary *s = &g->summary;
        if (yearly_mean(&d->study, &s->cost, &g->mean)) {
            g->mean_fen = quotient_round(g->mean, 0);
        }
        g->unstable = s->used < d->settings.unstable_cases ||
                      variation_compare(s->used, s->sum, s->squares, (uint32_t)d->settings.unstable_cv) >= 0;
        totals_add(&d->totals, &d->study, s, levels, g->mean_fen > 0 ? g->mean_fen : 0);
    }
    free(levels);
    sorting_free(&sorting);
}

static bool make_weights(struct drg *d) {
    if (!yearly_mean(&d->study, &d->totals.all.cost, &d->mean)) {
        complain("after trimming no case is left; check --trim and --weights");
        return false;
    }
    for (uint32_t i = 0; i < d->count; i++) {
        struct group *g = &d->groups[i];
        if (g->summary.used) {
            g->weight = g->raw = quotient_round(quotient_divide(g->mean, d->mean), 4);
            d->total += (whole128)g->summary.used * (whole128)g->raw;
        }
    }
    d->total_after = d->total;
    return true;
}

/* ---- weights of experts ----------------------------------------------------------------------------------- */

/* A group of the history, or a new one behind these. */
static struct group *group_of(struct drg *d, casemix_text code) {
    uint32_t all = d->count + d->expert_only;
    for (uint32_t i = 0; i < all; i++) {
        if (same_text(d->groups[i].code, code)) {
            return &d->groups[i];
        }
    }
    d->groups = need(reallocarray(d->groups, all + 1, sizeof *d->groups));
    d->expert_only++;
    uint32_t kept = names_add(&d->expert_names, code.text, code.length);
    d->groups[all] = (struct group){.code = d->expert_names.items[kept],
                                    .name = {"", 0},
                                    .expert = -1,
                                    .raw = -1,
                                    .weight = -1,
                                    .mean_fen = -1,
                                    .unstable = true};
    return &d->groups[all];
}

/* The file of expert weights. */
struct experts {
    struct drg *d;
    const struct input *in;
    int group, weight; /* columns */
};

static int take_expert(void *user, const struct csv_row *row, uint64_t at) {
    const struct experts *experts = user;
    const struct input *in = experts->in;
    unsigned long long line = at;
    uint64_t value;
    if (row->fault != CSV_FINE) {
        return input_fault(in, row, at);
    }
    casemix_text text = row->fields[experts->weight];
    if (!exact_read(text.text, text.length, 4, 10000000000, &value)) {
        complain("%s: line %llu: weight: '%.*s' is no weight with at most four decimals, such as 1.2345", in->name,
                 line, (int)text.length, text.text);
        return EXIT_FOUND;
    }
    struct group *g = group_of(experts->d, row->fields[experts->group]);
    if (g->expert >= 0) {
        complain("%s: line %llu: group: '%.*s' has a weight already; keep one line a group", in->name, line,
                 (int)g->code.length, g->code.text);
        return EXIT_FOUND;
    }
    g->expert = (int64_t)value;
    return EXIT_DONE;
}

static int read_experts(struct drg *d) {
    struct input *in;
    int code = input_open(d->settings.expert, NULL, &in);
    if (code != EXIT_DONE) {
        return code;
    }
    struct experts experts = {d, in, input_column(in, "group"), input_column(in, "weight")};
    if (experts.group < 0 || experts.weight < 0) {
        complain("%s: line %llu: the columns of expert weights are group,weight; name them so in the heading", in->name,
                 (unsigned long long)in->line);
        code = EXIT_FOUND;
    } else {
        code = input_rows(in, take_expert, &experts);
    }
    input_close(in);
    return code;
}

/* The total T stays: what the experts do not name is scaled by (T - theirs now) / (T - theirs before). */
static int apply_experts(struct drg *d) {
    whole128 before = 0, now = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        const struct group *g = &d->groups[i];
        if (g->expert >= 0 && g->summary.used) {
            before += (whole128)g->summary.used * (whole128)g->raw;
            now += (whole128)g->summary.used * (whole128)g->expert;
        }
    }
    if (now >= d->total && before < d->total) {
        complain("%s: these weights leave nothing of the total weight for the other groups; make them smaller",
                 d->settings.expert);
        return EXIT_FOUND;
    }
    struct quotient scale = before < d->total ? quotient_of(d->total - now, d->total - before) : quotient_of(1, 1);
    d->total_after = 0;
    for (uint32_t i = 0; i < d->count + d->expert_only; i++) {
        struct group *g = &d->groups[i];
        if (g->expert >= 0) {
            g->weight = g->expert;
        } else if (g->summary.used) {
            g->weight = quotient_round(quotient_multiply(quotient_divide(g->mean, d->mean), scale), 4);
        }
        d->total_after += (whole128)g->summary.used * (whole128)(g->weight > 0 ? g->weight : 0);
    }
    return EXIT_DONE;
}

/* ---- base rates ------------------------------------------------------------------------------------------- */

/* All cases of the last year, trimmed or not: they are what the fund pays. */
static void sum_pools(struct drg *d) {
    d->pools = need(calloc(d->history.pools.count, sizeof *d->pools));
    for (size_t i = 0; i < d->history.store.count; i++) {
        const struct record *one = store_at(&d->history.store, i);
        if (one->group == ABSENT32 || one->year + 1u != d->study.years || d->groups[one->group].weight < 0) {
            continue;
        }
        struct pool *p = &d->pools[one->pool];
        p->cases++;
        p->cost += one->cost;
        p->weight += (whole128)d->groups[one->group].weight;
    }
}

/* The number of a list "pool=number,..." for the pool; one number alone is for the only pool there is. -1: none,
 * -2: it is wrong. */
static int64_t number_for(const char *list, casemix_text pool, bool only, unsigned places, uint64_t most) {
    if (!list) {
        return -1;
    }
    casemix_text text = strchr(list, '=') ? listed(list, pool) : only ? text_of(list) : (casemix_text){"", 0};
    uint64_t value;
    if (text.length == 0) {
        return -1;
    }
    return exact_read(text.text, text.length, places, most, &value) && value > 0 ? (int64_t)value : -2;
}

/* Every pool that the list names must be one of the history. */
static bool check_list(const struct drg *d, const char *option, const char *list) {
    if (list && !strchr(list, '=') && d->history.pools.count > 2) {
        wrong_use(&d->settings.o,
                  "%s: the history has several pools; say POOL=NUMBER,... with the words of insured_type", option);
        return false;
    }
    while (list && strchr(list, '=')) {
        size_t length = strcspn(list, "=");
        uint32_t pool = names_find(&d->history.pools, list, length);
        if (pool == ABSENT32) {
            wrong_use(&d->settings.o, "%s: the history has no pool '%.*s' (column insured_type)", option,
                      (int)length, list);
            return false;
        }
        list = strchr(list, ',');
        list += list != NULL;
    }
    return true;
}

static bool write_rates(struct drg *d) {
    const char *fund_list = d->settings.fund, *share_list = d->settings.fund_share;
    struct buffer text = {0};
    bool only = d->history.pools.count <= 2, fine = true;
    buffer_text(&text, "pool,year,cases,total_weight,total_cost,fund,share,rate\n");
    for (uint32_t i = 0; i < d->history.pools.count && fine; i++) {
        const struct pool *p = &d->pools[i];
        casemix_text name = d->history.pools.items[i];
        int64_t fund = number_for(fund_list, name, only, 2, 100000000000000000);
        int64_t share = number_for(share_list, name, only, 4, 10000);
        if (p->cases == 0) {
            continue;
        }
        fine = fund != -2 && share != -2 && (fund < 0) == (share < 0);
        if (!fine) {
            wrong_use(&d->settings.o,
                      "say for each pool both --fund, yuan with at most two decimals, and --fund-share, "
                      "above 0 and at most 1, or neither");
            break;
        }
        whole128 money = fund < 0 ? p->cost : (whole128)fund * 10000;
        struct quotient rate = quotient_of(money * 100, p->weight * (fund < 0 ? 1 : (whole128)share));
        buffer_cell(&text, name);
        add_number(&text, d->history.first_year + d->study.years - 1, 0);
        add_number(&text, (int64_t)p->cases, 0);
        add_number(&text, (int64_t)p->weight, 4);
        add_number(&text, (int64_t)p->cost, 2);
        add_number(&text, fund, 2);
        add_number(&text, share, 4);
        add_number(&text, p->weight ? quotient_round(rate, 4) : -1, 4);
        buffer_text(&text, "\n");
    }
    fine = fine && write_text(d->folder, RATES, &text);
    buffer_free(&text);
    return fine;
}

/* ---- weights.csv, reports --------------------------------------------------------------------------------- */

static int compare_groups(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    int order = text_order(x->code, y->code);
    return order ? order : text_order(x->name, y->name);
}

static bool write_weights(struct drg *d) {
    struct buffer text = {0};
    buffer_text(&text, "drg,name,weight,raw_weight,cases,mean_cost,cv,unstable\n");
    for (uint32_t i = 0; i < d->count + d->expert_only; i++) {
        const struct group *g = &d->groups[i];
        const struct summary *s = &g->summary;
        if (g->weight < 0) {
            continue;
        }
        buffer_cell(&text, g->code);
        add_cell(&text, g->name);
        add_number(&text, g->weight, 4);
        add_number(&text, g->raw, 4);
        add_number(&text, (int64_t)s->used, 0);
        add_number(&text, g->mean_fen, 2);
        add_number(&text, variation(s->used, s->sum, s->squares), 4);
        buffer_text(&text, g->unstable ? ",1\n" : ",0\n");
    }
    bool fine = write_text(d->folder, WEIGHTS, &text);
    buffer_free(&text);
    return fine;
}

static void add_remark(struct buffer *text, const struct drg *d, const struct group *g) {
    const struct summary *s = &g->summary;
    buffer_text(text, ",");
    const char *between = "";
    if (g->expert >= 0) {
        buffer_text(text, s->used ? "weight of experts" : "weight of experts; no case in the history");
        between = "; ";
    } else if (s->used == 0) {
        buffer_text(text, s->cases ? "no case is left after trimming" : "no case in the years that count");
        between = "; ";
    }
    if (g->unstable && s->used) {
        bool few = s->used < d->settings.unstable_cases;
        buffer_format(text, "%sunstable: %s", between, few ? "few cases" : "wide spread");
    }
}

static bool write_table(struct drg *d) {
    struct buffer text = {0};
    buffer_text(&text,
                "group,name,cases,used,low_kept,high_kept,mean_cost,cv_before,cv_after,raw_weight,weight,remark\n");
    for (uint32_t i = 0; i < d->count + d->expert_only; i++) {
        const struct group *g = &d->groups[i];
        const struct summary *s = &g->summary;
        buffer_cell(&text, g->code);
        add_cell(&text, g->name);
        add_number(&text, (int64_t)s->cases, 0);
        add_number(&text, (int64_t)s->used, 0);
        add_number(&text, s->low ? (int64_t)s->low : -1, 2);
        add_number(&text, s->cases && s->high != UINT32_MAX ? (int64_t)s->high : -1, 2);
        add_number(&text, g->mean_fen, 2);
        add_number(&text, variation(s->cases, s->sum_before, s->squares_before), 4);
        add_number(&text, variation(s->used, s->sum, s->squares), 4);
        add_number(&text, g->raw, 4);
        add_number(&text, g->weight, 4);
        add_remark(&text, d, g);
        buffer_text(&text, "\n");
    }
    bool fine = write_text(d->folder, TABLE, &text);
    buffer_free(&text);
    return fine;
}

static bool write_report(struct drg *d) {
    struct buffer text = {0};
    uint64_t with_cases = 0, unstable = 0, unstable_cases = 0, experts = 0;
    for (uint32_t i = 0; i < d->count + d->expert_only; i++) {
        const struct group *g = &d->groups[i];
        with_cases += g->summary.used > 0;
        unstable += g->unstable && g->summary.used;
        unstable_cases += g->unstable ? g->summary.used : 0;
        experts += g->expert >= 0;
    }
    report_head(&text, "Relative weights by casemix calibrate drg", &d->history, &d->totals, "groups");
    buffer_format(&text,
                  "\nGroups with cases: %llu. Unstable: %llu of them, with %llu cases (fewer than %llu cases, or a "
                  "spread of ",
                  (unsigned long long)with_cases, (unsigned long long)unstable, (unsigned long long)unstable_cases,
                  (unsigned long long)d->settings.unstable_cases);
    add_decimal(&text, (int64_t)d->settings.unstable_cv, 4);
    buffer_text(&text, " or more).\nMean cost of all cases, the years weighted: ");
    add_decimal(&text, quotient_round(d->mean, 0), 2);
    buffer_text(&text, " yuan; weight 1.\nTotal weight of the cases used: ");
    add_decimal(&text, (int64_t)d->total, 4);
    if (experts) {
        buffer_format(&text,
                      "; after %llu weights of experts and scaling the others: ", (unsigned long long)experts);
        add_decimal(&text, (int64_t)d->total_after, 4);
    }
    buffer_text(&text, ".\n");
    bool fine = write_text(d->folder, REPORT, &text);
    if (fine && !d->settings.quiet) {
        fwrite(text.data, 1, text.size, stdout);
    }
    buffer_free(&text);
    return fine;
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static int calibrate(struct drg *d) {
    d->folder = folder_open(d->settings.o.output, file_names, d->settings.force);
    if (!d->folder) {
        return EXIT_IO;
    }
    int code = history_read(&d->history, folder_file(d->folder, REJECTS));
    if (code != EXIT_DONE) {
        return code;
    }
    if (!check_list(d, "--fund", d->settings.fund) || !check_list(d, "--fund-share", d->settings.fund_share)) {
        return EXIT_USAGE;
    }
    d->study = study_of(&d->history);
    totals_new(&d->totals, &d->study);
    make_groups(d);
    if (!make_weights(d)) {
        return EXIT_FOUND;
    }
    if (d->settings.expert && ((code = read_experts(d)) != EXIT_DONE || (code = apply_experts(d)) != EXIT_DONE)) {
        return code;
    }
    sum_pools(d);
    if (!write_rates(d)) {
        return EXIT_USAGE;
    }
    qsort(d->groups, d->count + d->expert_only, sizeof *d->groups, compare_groups);
    bool fine = write_weights(d) && write_table(d) &&
                write_coefficients(d->folder, COEFFICIENTS, &d->history, &d->study, &d->totals) && write_report(d);
    return fine ? finish(&d->folder, &d->history, &d->totals) : EXIT_IO;
}

int calibrate_drg(int argc, char **argv) {
    struct drg d = {0};
    int code = settings_read(&d.settings, argc, argv, FOR_DRG, help);
    if (code >= 0) {
        return code;
    }
    if ((code = open_image(d.settings.o.image, &d.image)) != EXIT_DONE) {
        return code;
    }
    if (casemix_scheme_count(d.image) > 1 && !d.settings.o.scheme) {
        code = wrong_use(&d.settings.o, "the image has several schemes; say which one: --scheme ID");
    } else {
        d.history = (struct history){.settings = &d.settings, .image = d.image, .key = group_key};
        code = calibrate(&d);
    }
    folder_abandon(d.folder);
    history_free(&d.history);
    totals_free(&d.totals);
    names_free(&d.expert_names);
    free(d.groups);
    free(d.pools);
    close_image(d.image);
    return code;
}
