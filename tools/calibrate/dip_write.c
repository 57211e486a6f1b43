/* SPDX-License-Identifier: Apache-2.0
 *
 * A calibrated catalogue as the files of a DIP scheme. */
#include "dip.h"

#include <stdlib.h>

/* ---- catalogue files -------------------------------------------------------------------------------------- */

static bool level_is_used(const struct dip *d, unsigned level) {
    return yearly_cases(&d->totals.levels[level]) > 0;
}

static void add_part_score(struct dip *d, struct buffer *text, const struct yearly *part, bool known,
                           struct quotient unit) {
    struct quotient mean;
    add_number(text, known && yearly_mean(&d->study, part, &mean) ? dip_score(mean, unit) : -1, 4);
}

/* The columns that both files have at the end. */
static void add_figures(struct dip *d, struct buffer *text, const struct row *row) {
    const struct entry *e = row->entry;
    const struct summary *s = &e->summary;
    struct quotient mean;
    add_number(text, row->score, 4);
    add_number(text, row->mean_fen, 2);
    for (unsigned l = 1; l < d->study.levels; l++) {
        if (level_is_used(d, l)) {
            bool enough = yearly_cases(&e->levels[l]) >= d->settings.basic_cases;
            add_number(text, enough && yearly_mean(&d->study, &e->levels[l], &mean) ? quotient_round(mean, 0) : -1,
                       2);
        }
    }
    add_number(text, yearly_mean(&d->study, &s->stay, &mean) ? quotient_round(mean, 2) : -1, 2);
    add_number(text, (int64_t)s->used, 0);
    add_number(text, variation(s->used, s->sum, s->squares), 4);
    add_part_score(d, text, &s->drug, d->has_drug, d->drug_unit);
    add_part_score(d, text, &s->material, d->has_material, d->material_unit);
}

static void add_figure_names(struct dip *d, struct buffer *text) {
    struct buffer name = {0};
    buffer_text(text, ",score,mean_cost");
    for (unsigned l = 1; l < d->study.levels; l++) {
        if (level_is_used(d, l)) {
            name.size = 0;
            buffer_text(&name, "mean_cost:");
            buffer_add(&name, d->history.levels.items[l].text, d->history.levels.items[l].length);
            add_cell(text, bytes_of(&name));
        }
    }
    buffer_text(text, ",mean_stay,cases,cv,drw,crw");
    buffer_free(&name);
}

static void add_operations(const struct dip *d, struct buffer *text, const struct entry *e) {
    struct buffer all = {0};
    buffer_add(&all, e->principal.text, e->principal.length);
    if (d->settings.any_place) {
        buffer_text(&all, e->related.length ? "+" : "");
        buffer_add(&all, e->related.text, e->related.length);
    }
    add_cell(text, bytes_of(&all));
    if (!d->settings.any_place) {
        add_cell(text, e->related);
    }
    buffer_free(&all);
}

static bool write_entries(struct dip *d, bool core) {
    struct buffer text = {0};
    buffer_text(&text, "code,name,diagnoses");
    buffer_text(&text, !core                   ? ",kind"
                       : d->settings.any_place ? ",operations"
                                               : ",principal_operations,related_operations");
    add_figure_names(d, &text);
    buffer_text(&text, core ? ",basic\n" : "\n");
    for (uint32_t i = 0; i < d->clustering.count; i++) {
        const struct row *row = &d->rows[i];
        if ((row->entry->form < ENTRY_CATEGORY) != core || row->score < 0) {
            continue;
        }
        buffer_cell(&text, bytes_of(&row->code));
        add_cell(&text, bytes_of(&row->name));
        add_cell(&text, row->entry->diagnosis);
        if (core) {
            add_operations(d, &text, row->entry);
        } else {
            add_cell(&text, d->kinds[row->entry->kind]);
        }
        add_figures(d, &text, row);
        buffer_text(&text, !core ? "\n" : row->basic ? ",1\n" : ",0\n");
    }
    bool fine = write_text(d->folder, core ? CORE : COMPREHENSIVE, &text);
    buffer_free(&text);
    return fine;
}

/* ---- scheme.yaml, bundle.yaml ----------------------------------------------------------------------------- */

/* A text in double quotes. */
static void add_quoted(struct buffer *text, const char *value) {
    buffer_text(text, "\"");
    for (; *value; value++) {
        if (*value == '"' || *value == '\\') {
            buffer_text(text, "\\");
        }
        buffer_add(text, (unsigned char)*value < ' ' ? " " : value, 1);
    }
    buffer_text(text, "\"");
}

static void add_years(struct buffer *text, const struct dip *d) {
    unsigned first = d->history.first_year, years = d->study.years;
    while (years > 1 && d->history.by_year[first - d->history.first_year] == 0) {
        first++;
        years--;
    }
    buffer_format(text, years > 1 ? "%u-%u" : "%u", first, first + years - 1);
}

static void add_head(struct buffer *text, const struct dip *d) {
    const struct settings *s = &d->settings;
    buffer_format(text, "# A catalogue made by `casemix calibrate dip`; report.txt tells how.\n\nscheme: %s\n",
                  s->id ? s->id : "local-dip");
    if (s->extends) {
        buffer_text(text, "extends: ");
        add_quoted(text, s->extends);
        buffer_text(text, "\n");
    } else {
        buffer_text(text,
                    "# To compile it, name the scheme here whose kinds, lists of operations and search it is made "
                    "for:\n# extends: ../FRAME/scheme.yaml\n");
    }
    struct buffer title = {0};
    buffer_text(&title, s->title ? s->title : "Local DIP catalogue ");
    if (!s->title) {
        add_years(&title, d);
    }
    buffer_text(&title, s->demonstration ? "（演示）" : "");
    buffer_add(&title, "", 1);
    buffer_text(text, "title: ");
    add_quoted(text, title.data);
    buffer_free(&title);
    buffer_text(text, "\ndate: ");
    if (s->date) {
        add_quoted(text, s->date);
    } else {
        buffer_format(text, "%u-12-31", d->history.first_year + d->study.years - 1);
    }
    buffer_format(text, "\ndemonstration: %s\nsource: >-\n  casemix calibrate dip on %llu cases discharged in ",
                  d->demonstration ? "true" : "false", (unsigned long long)d->totals.all.used);
    add_years(text, d);
    buffer_text(text, d->settings.demonstration
                          ? ",\n  synthetic claims of hospitals that do not exist: for demonstration only\n"
                          : "\n");
}

static bool write_scheme(struct dip *d) {
    static const char numbers[] = "numbers: [cases, cv, drw, crw]";
    struct buffer text = {0};
    add_head(&text, d);
    buffer_format(
        &text,
        "\ncatalogue:\n"
        "- file: core.csv\n  part: core\n  expressions: {any: \"|\", all: \"+\", procedures: exact, diagnoses: "
        "%s}\n"
        "  without_operations: conservative\n  %s\n"
        "- file: comprehensive.csv\n  part: comprehensive\n  expressions: {diagnoses: branch}\n  of_kind: true\n"
        "  without_operations: any\n  %s\n",
        d->settings.key_length ? "branch" : "exact", numbers, numbers);
    bool fine = write_text(d->folder, SCHEME, &text);
    text.size = 0;
    buffer_format(&text, "bundle: %s\nschemes: [scheme.yaml]\n", d->settings.id ? d->settings.id : "local-dip");
    fine = fine && write_text(d->folder, BUNDLE, &text);
    buffer_free(&text);
    return fine;
}

bool dip_write_catalogue(struct dip *d) {
    return write_entries(d, true) && write_entries(d, false) && write_scheme(d);
}
