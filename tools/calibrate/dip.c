/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix calibrate dip: a local catalogue out of the claims of several years. */
#include "dip.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: casemix calibrate dip -i FRAME.cmx HISTORY.csv... -o DIR [options]\n"
    "\n"
    "Makes a DIP catalogue with scores. FRAME is an image with a DIP scheme whose code systems, lists of\n"
    "operations and treatment kinds are used; its entries do not matter. Writes the folder DIR, complete or\n"
    "not at all:\n"
    "  scheme.yaml         an overlay of the frame's scheme, and bundle.yaml that compiles it\n"
    "  core.csv            entries: diagnosis key, principal operation, related operations\n"
    "  comprehensive.csv   the rest: category and treatment kind, else first letter and treatment kind\n"
    "  coefficients.csv    level,cases,mean_cost,coefficient,adjusted\n"
    "  report.txt, report.csv   coverage, spread before and after trimming, what was merged or split and why\n"
    "  rejects.csv         file,line,column,field,reason of the rows that could not be used\n"
    "The score of an entry is its mean cost by the mean cost of all cases, times 1000. A mean is taken of\n"
    "each year by date of discharge, then of the years with their weights.\n"
    "\n"
    "  -i, --image FILE        the frame; with --scheme ID where it has several schemes\n"
    "  -o, --output DIR        the folder to write; --force replaces it\n"
    "      --weights 1:2:7     weights of the years, oldest first; the last is the latest year of the history\n"
    "      --last-year YEAR    rows of later years are rejected\n"
    "      --trim RULE         none, percentile:2.5:97.5 or interval:0.3:3 (times the mean), for each entry\n"
    "      --key 4             characters of the diagnosis without the dot: 3, 4 or full\n"
    "      --min-cases 15      cases that a core entry needs\n"
    "      --coverage 95       instead: the largest clusters until this part of the cases is covered, percent\n"
    "      --related 10        percent by which related operations must change the mean to be an entry of\n"
    "                          their own\n"
    "      --operations principal   the entry's operation must be the case's principal one; any: any of its\n"
    "                               operations\n"
    "      --benchmark CODE    this entry gets the score 1000\n"
    "      --mean-cost YUAN    this instead of the mean cost of all cases\n"
    "      --basic-cv 0.7, --basic-cases 5   basic entries: spread at most, and cases at every hospital level\n"
    "                                        at least\n"
    "      --levels W=L,...    words of hospital_level that mean the level L\n"
    "      --extends PATH      the frame's scheme, as DIR/scheme.yaml is to name it: the way from DIR\n"
    "      --id ID, --title TEXT, --date YYYY-MM-DD, --demonstration   of the scheme\n"
    "      --names FILE,FILE   code catalogues (code TAB name) for the names of entries\n"
    "      --quiet, --map FILE, --encoding NAME, --codes NAME, --threads N   as for `casemix settle`\n"
    "\n"
    "example:\n"
    "  casemix calibrate dip -i frame.cmx 2021.csv 2022.csv 2023.csv -o city --extends ../frame/scheme.yaml\n"
    "  casemix compile city/bundle.yaml -o city.cmx\n";

static const char *const file_names[] = {"scheme.yaml",      "core.csv",    "comprehensive.csv",
                                         "coefficients.csv", "report.txt",  "report.csv",
                                         "rejects.csv",      "bundle.yaml", NULL};
enum { OPERATIONS_MAX = 512 };

/* ---- the history ------------------------------------------------------------------------------------------ */

static void add_sorted(struct buffer *key, casemix_text *codes, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        casemix_text one = codes[i];
        uint32_t at = i;
        for (; at > 0 && text_order(codes[at - 1], one) > 0; at--) {
            codes[at] = codes[at - 1];
        }
        codes[at] = one;
    }
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(key, i ? "+" : "");
        buffer_add(key, codes[i].text, codes[i].length);
    }
}

/* diagnosis TAB principal operation TAB others TAB two digits and the name of the kind. */
static const char *combination_key(const struct history *h, struct worker *w, struct buffer *key,
                                   struct record *one) {
    (void)one;
    if (w->grouping.reason != CASEMIX_REASON_NO_ENTRY && w->grouping.status != CASEMIX_GROUPED) {
        return why_ungrouped(&w->grouping);
    }
    casemix_text diagnosis, kind, codes[OPERATIONS_MAX], kind_of_one, principal = {"", 0};
    uint32_t place, count = casemix_dip_procedure_count(w->context), others = 0;
    if (casemix_dip_diagnosis(w->context, &diagnosis) != CASEMIX_OK || diagnosis.length == 0) {
        return "there is no principal diagnosis";
    }
    if (casemix_dip_case_kind(w->context, &kind, &place) != CASEMIX_OK || count > OPERATIONS_MAX) {
        return "too many operations";
    }
    for (uint32_t i = 0; i < count; i++) {
        casemix_dip_procedure_at(w->context, i, &codes[others], &kind_of_one);
        if (i == 0) {
            principal = codes[0];
        } else {
            others++;
        }
    }
    size_t length = h->settings->key_length;
    buffer_add(key, diagnosis.text, length && diagnosis.length > length ? length : diagnosis.length);
    buffer_text(key, "\t");
    buffer_add(key, principal.text, principal.length);
    buffer_text(key, "\t");
    add_sorted(key, codes, others);
    buffer_format(key, "\t%02u", place);
    buffer_add(key, kind.text, kind.length);
    return NULL;
}

static casemix_text next_part(casemix_text *rest) {
    const char *tab = memchr(rest->text, '\t', rest->length);
    casemix_text part = {rest->text, tab ? (size_t)(tab - rest->text) : rest->length};
    size_t passed = part.length + (tab != NULL);
    *rest = (casemix_text){rest->text + passed, rest->length - passed};
    return part;
}

static void read_combinations(struct dip *d) {
    uint32_t count = d->history.groups.count;
    d->combinations = need(calloc((size_t)count + 1, sizeof *d->combinations));
    for (uint32_t i = 0; i < count; i++) {
        struct combination *c = &d->combinations[i];
        casemix_text rest = d->history.groups.items[i];
        c->diagnosis = next_part(&rest);
        c->principal = next_part(&rest);
        c->related = next_part(&rest);
        c->kind = (uint32_t)((rest.text[0] - '0') * 10 + rest.text[1] - '0') % DIP_KINDS_MAX;
        d->kinds[c->kind] = (casemix_text){rest.text + 2, rest.length - 2};
    }
}

/* ---- entries ---------------------------------------------------------------------------------------------- */

void dip_add_code(struct buffer *out, casemix_text diagnosis, casemix_text principal, casemix_text related) {
    buffer_add(out, diagnosis.text, diagnosis.length);
    if (principal.length || related.length) {
        buffer_text(out, ":");
        buffer_add(out, principal.text, principal.length);
        buffer_text(out, related.length ? "+" : "");
        buffer_add(out, related.text, related.length);
    }
}

static void add_titles(struct dip *d, struct buffer *out, casemix_text codes) {
    while (codes.length) {
        const char *plus = memchr(codes.text, '+', codes.length);
        size_t length = plus ? (size_t)(plus - codes.text) : codes.length;
        buffer_text(out, "+");
        code_names_add(&d->names, out, codes.text, length);
        length += plus != NULL;
        codes = (casemix_text){codes.text + length, codes.length - length};
    }
}

static void name_entry(struct dip *d, struct row *row) {
    const struct entry *e = row->entry;
    bool comprehensive = e->form >= ENTRY_CATEGORY;
    dip_add_code(&row->code, e->diagnosis, comprehensive ? d->kinds[e->kind] : e->principal, e->related);
    if (comprehensive) {
        buffer_add(&row->name, e->diagnosis.text, e->diagnosis.length);
    } else {
        code_names_add(&d->names, &row->name, e->diagnosis.text, e->diagnosis.length);
    }
    buffer_text(&row->name, "：");
    if (e->form == ENTRY_OPERATION) {
        code_names_add(&d->names, &row->name, e->principal.text, e->principal.length);
        add_titles(d, &row->name, e->related);
    } else {
        buffer_add(&row->name, d->kinds[e->kind].text, d->kinds[e->kind].length);
    }
    buffer_text(&row->name, d->settings.demonstration ? "（演示）" : "");
}

static int compare_rows(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    bool x_rest = x->entry->form >= ENTRY_CATEGORY, y_rest = y->entry->form >= ENTRY_CATEGORY;
    return x_rest != y_rest ? x_rest - y_rest : text_order(bytes_of(&x->code), bytes_of(&y->code));
}

static bool is_basic(const struct dip *d, const struct entry *e) {
    const struct summary *s = &e->summary;
    bool some = false;
    if (e->form >= ENTRY_CATEGORY || s->used == 0 ||
        variation_compare(s->used, s->sum, s->squares, (uint32_t)d->settings.basic_cv) > 0) {
        return false;
    }
    for (unsigned l = 1; l < d->study.levels; l++) {
        if (yearly_cases(&d->totals.levels[l]) > 0) {
            some = true;
            if (yearly_cases(&e->levels[l]) < d->settings.basic_cases) {
                return false;
            }
        }
    }
    return some;
}

static void make_rows(struct dip *d) {
    struct clustering *c = &d->clustering;
    d->rows = need(calloc((size_t)c->count + 1, sizeof *d->rows));
    d->row_of = need(calloc((size_t)c->count + 1, sizeof *d->row_of));
    for (uint32_t i = 0; i < c->count; i++) {
        struct row *row = &d->rows[i];
        row->entry = &c->entries[i];
        row->mean_fen = row->score = -1;
        if (yearly_mean(&d->study, &row->entry->summary.cost, &row->mean)) {
            row->mean_fen = quotient_round(row->mean, 0);
        }
        name_entry(d, row);
        totals_add(&d->totals, &d->study, &row->entry->summary, row->entry->levels,
                   row->mean_fen > 0 ? row->mean_fen : 0);
    }
    qsort(d->rows, c->count, sizeof *d->rows, compare_rows);
    for (uint32_t i = 0; i < c->count; i++) {
        d->row_of[d->rows[i].entry - c->entries] = &d->rows[i];
        d->rows[i].basic = is_basic(d, d->rows[i].entry);
    }
}

static const struct row *find_row(const struct dip *d, const char *code) {
    for (uint32_t i = 0; i < d->clustering.count; i++) {
        if (text_order(bytes_of(&d->rows[i].code), text_of(code)) == 0) {
            return &d->rows[i];
        }
    }
    return NULL;
}

/* What has the score 1000, and the same for drugs and consumables. */
static int find_unit(struct dip *d) {
    const struct summary *from = &d->totals.all;
    if (d->settings.benchmark) {
        const struct row *row = find_row(d, d->settings.benchmark);
        if (!row || row->mean_fen < 0) {
            complain(
                "--benchmark %s: no entry has this code; report.csv of a run without --benchmark lists all, such "
                "as %.*s",
                d->settings.benchmark, d->clustering.count ? (int)d->rows[0].code.size : 0,
                d->clustering.count ? d->rows[0].code.data : "");
            return EXIT_FOUND;
        }
        from = &row->entry->summary;
    }
    d->has_drug =
        yearly_mean(&d->study, &from->drug, &d->drug_unit) && quotient_compare(d->drug_unit, quotient_of(0, 1)) > 0;
    d->has_material = yearly_mean(&d->study, &from->material, &d->material_unit) &&
                      quotient_compare(d->material_unit, quotient_of(0, 1)) > 0;
    if (d->settings.mean_cost) {
        d->unit = quotient_of(d->settings.mean_cost, 1);
    } else if (!yearly_mean(&d->study, &from->cost, &d->unit)) {
        complain("after trimming no case is left; check --trim and --weights");
        return EXIT_FOUND;
    }
    return EXIT_DONE;
}

int64_t dip_score(struct quotient mean, struct quotient unit) {
    return quotient_round(quotient_multiply(quotient_divide(mean, unit), quotient_of(1000, 1)), 4);
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static int check_words(const struct settings *s) {
    for (const char *c = s->id ? s->id : "x"; *c; c++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *c)) {
            return wrong_use(&s->o, "--id takes letters, digits, - _ and . only, not '%s'", s->id);
        }
    }
    return s->benchmark && s->mean_cost ? wrong_use(&s->o, "say --benchmark or --mean-cost, not both") : EXIT_DONE;
}

/* The rules that are written would not compile: better said before the history is read. */
static int check_extends(const struct dip *d) {
    const char *way = d->settings.extends, *file = folder_file(d->folder, REJECTS);
    char *path = NULL;
    if (!way) {
        return EXIT_DONE;
    }
    if (asprintf(&path, "%.*s%s", way[0] == '/' ? 0 : (int)(strrchr(file, '/') + 1 - file), file, way) < 0) {
        out_of_memory();
    }
    bool there = access(path, R_OK) == 0;
    free(path);
    return there ? EXIT_DONE
                 : wrong_use(&d->settings.o, "--extends %s: there is no such file as seen from %s; say the way from there",
                             way, d->settings.o.output);
}

static void make_catalogue(struct dip *d) {
    read_combinations(d);
    struct sorting sorting = sort_records(&d->history.store, d->history.groups.count);
    struct cluster_rules rules = {d->settings.min_cases, d->settings.coverage, (uint32_t)d->settings.related};
    cluster_cases(&d->study, d->combinations, d->history.groups.count, &sorting, &rules, &d->clustering);
    sorting_free(&sorting);
    make_rows(d);
}

static int calibrate(struct dip *d) {
    int code = check_words(&d->settings);
    if (code != EXIT_DONE || (code = check_frame(&d->settings, d->image, &d->demonstration)) != EXIT_DONE ||
        (code = code_names_read(&d->names, d->settings.names)) != EXIT_DONE) {
        return code;
    }
    d->demonstration |= d->settings.demonstration;
    d->folder = folder_open(d->settings.o.output, file_names, d->settings.force);
    if (!d->folder) {
        return EXIT_IO;
    }
    if ((code = check_extends(d)) != EXIT_DONE ||
        (code = history_read(&d->history, folder_file(d->folder, REJECTS))) != EXIT_DONE) {
        return code;
    }
    d->study = study_of(&d->history);
    totals_new(&d->totals, &d->study);
    make_catalogue(d);
    if ((code = find_unit(d)) != EXIT_DONE) {
        return code;
    }
    for (uint32_t i = 0; i < d->clustering.count; i++) {
        d->rows[i].score = d->rows[i].mean_fen >= 0 ? dip_score(d->rows[i].mean, d->unit) : -1;
    }
    bool fine = dip_write_catalogue(d) && dip_write_reports(d) &&
                write_coefficients(d->folder, COEFFICIENTS, &d->history, &d->study, &d->totals);
    return fine ? finish(&d->folder, &d->history, &d->totals) : EXIT_IO;
}

int calibrate_dip(int argc, char **argv) {
    struct dip d = {0};
    int code = settings_read(&d.settings, argc, argv, FOR_DIP, help);
    if (code >= 0) {
        return code;
    }
    if ((code = open_image(d.settings.o.image, &d.image)) != EXIT_DONE) {
        return code;
    }
    d.history = (struct history){.settings = &d.settings, .image = d.image, .key = combination_key};
    code = calibrate(&d);
    folder_abandon(d.folder);
    for (uint32_t i = 0; d.rows && i < d.clustering.count; i++) {
        buffer_free(&d.rows[i].code);
        buffer_free(&d.rows[i].name);
    }
    free(d.rows);
    free(d.row_of);
    free(d.combinations);
    clustering_free(&d.clustering);
    totals_free(&d.totals);
    code_names_free(&d.names);
    history_free(&d.history);
    close_image(d.image);
    return code;
}
