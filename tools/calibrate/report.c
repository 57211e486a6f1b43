/* SPDX-License-Identifier: Apache-2.0
 *
 * What the reports of `casemix calibrate` share. */
#include "calibrate.h"

#include <stdlib.h>
#include <string.h>

/* ---- pieces ----------------------------------------------------------------------------------------------- */

void add_decimal(struct buffer *text, int64_t value, unsigned places) {
    char *at = buffer_room(text, 24);
    text->size += (size_t)(put_decimal(at, value, places) - at);
}

void add_cell(struct buffer *text, casemix_text cell) {
    buffer_text(text, ",");
    buffer_cell(text, cell);
}

void add_number(struct buffer *text, int64_t value, unsigned places) {
    buffer_text(text, ",");
    if (value >= 0) {
        add_decimal(text, value, places);
    }
}

bool write_text(const struct folder *folder, int n, const struct buffer *text) {
    struct output *out = output_open(folder_file(folder, n));
    if (!out) {
        return false;
    }
    output_write(out, text->data, text->size);
    return output_close(out);
}

int check_frame(const struct settings *s, const casemix_image *image, bool *demonstration) {
    casemix_scheme_info info;
    const char *id = s->o.scheme;
    uint32_t count = casemix_scheme_count(image);
    if (count > 1 && !id) {
        return wrong_use(&s->o, "the image has several schemes; say which one: --scheme ID");
    }
    for (uint32_t i = 0; i < count && casemix_scheme_at(image, i, &info) == CASEMIX_OK; i++) {
        if ((!id || strcmp(info.id.text, id) == 0) && casemix_scheme_kind_at(image, i) == CASEMIX_SCHEME_DIP) {
            if (demonstration) {
                *demonstration = casemix_scheme_is_demonstration(image, i) == 1;
            }
            return EXIT_DONE;
        }
    }
    return wrong_use(&s->o, "%s has no such DIP scheme; `casemix version -i` tells what it has", s->o.image);
}

/* ---- totals ----------------------------------------------------------------------------------------------- */

void totals_new(struct totals *t, const struct study *study) {
    *t = (struct totals){.levels = need(calloc(study->levels, sizeof *t->levels)),
                         .expected = need(calloc(study->levels, sizeof *t->expected))};
}

void totals_add(struct totals *t, const struct study *study, const struct summary *group,
                const struct yearly *levels, int64_t mean) {
    summary_join(&t->all, group, study->years);
    if (group->used) {
        t->unexplained += group->squares - (whole128)group->sum * group->sum / group->used;
    }
    for (unsigned l = 0; l < study->levels; l++) {
        yearly_join(&t->levels[l], &levels[l], study->years);
        for (unsigned y = 0; y < study->years; y++) {
            t->expected[l].cost += levels[l].sum[y];
            t->expected[l].expected += (whole128)levels[l].count[y] * (whole128)mean;
        }
    }
}

void totals_free(struct totals *t) {
    free(t->levels);
    free(t->expected);
}

bool write_coefficients(const struct folder *folder, int n, const struct history *h, const struct study *study,
                        const struct totals *t) {
    struct buffer text = {0};
    struct quotient all, mean;
    buffer_text(&text, "level,cases,mean_cost,coefficient,adjusted\n");
    for (unsigned l = 1; l < study->levels && yearly_mean(study, &t->all.cost, &all); l++) {
        if (!yearly_mean(study, &t->levels[l], &mean)) {
            continue;
        }
        buffer_cell(&text, h->levels.items[l]);
        add_number(&text, (int64_t)yearly_cases(&t->levels[l]), 0);
        add_number(&text, quotient_round(mean, 0), 2);
        add_number(&text, quotient_round(quotient_divide(mean, all), 4), 4);
        struct quotient adjusted = quotient_of(t->expected[l].cost, t->expected[l].expected);
        add_number(&text, t->expected[l].expected ? quotient_round(adjusted, 4) : -1, 4);
        buffer_text(&text, "\n");
    }
    bool fine = write_text(folder, n, &text);
    buffer_free(&text);
    return fine;
}

/* ---- the head of report.txt ------------------------------------------------------------------------------- */

static void add_line(struct buffer *text, const char *what, uint64_t count, const char *more) {
    buffer_format(text, "  %-34s %12llu%s%s\n", what, (unsigned long long)count, *more ? "  " : "", more);
}

static void add_figure(struct buffer *text, const char *what, int64_t value, unsigned places, const char *unit) {
    char number[32] = "-";
    if (value >= 0) {
        *put_decimal(number, value, places) = '\0';
    }
    buffer_format(text, "  %-34s %12s%s%s\n", what, number, *unit ? " " : "", unit);
}

static void add_trim(struct buffer *text, const struct trim *trim) {
    char low[32], high[32];
    if (trim->rule == TRIM_NONE) {
        buffer_text(text, "Trimming: none.\n");
    } else if (trim->rule == TRIM_PERCENTILE) {
        *put_decimal(low, trim->low, 2) = '\0';
        *put_decimal(high, 10000 - trim->high, 2) = '\0';
        buffer_format(text, "Trimming: the lowest %s %% and the highest %s %% of the costs of each group.\n", low,
                      high);
    } else {
        *put_decimal(low, trim->low, 4) = '\0';
        *put_decimal(high, trim->high, 4) = '\0';
        buffer_format(text, "Trimming: costs under %s or over %s times the mean of their group.\n", low, high);
    }
}

static void add_years(struct buffer *text, const struct history *h) {
    const struct settings *s = h->settings;
    buffer_text(text, "\nYears by date of discharge:\n");
    for (unsigned y = 0; y < s->years; y++) {
        buffer_format(text, "  %u  weight %u  %12llu cases\n", h->first_year + y, s->weights[y],
                      (unsigned long long)h->by_year[y]);
    }
}

void report_head(struct buffer *text, const char *what, const struct history *h, const struct totals *t,
                 const char *unit) {
    const struct summary *all = &t->all;
    buffer_format(text, "%s\nRules: image %s.\n", what, casemix_image_fingerprint(h->image));
    add_trim(text, &h->settings->trim);
    add_years(text, h);
    buffer_text(text, "\nRows:\n");
    add_line(text, "in", h->batch.in, "");
    add_line(text, "used", all->used, "");
    add_line(text, "trimmed", all->cases - all->used, "");
    if (h->earlier) {
        add_line(text, "of earlier years", h->earlier, "not looked at");
    }
    add_line(text, "rejected", h->batch.rejected, "see rejects.csv");
    buffer_text(text, "\nSpread of the costs (standard deviation by mean), all cases:\n");
    add_figure(text, "before trimming", variation(all->cases, all->sum_before, all->squares_before), 4, "");
    add_figure(text, "after trimming", variation(all->used, all->sum, all->squares), 4, "");
    if (all->used && all->sum) {
        whole128 total = all->squares - (whole128)all->sum * all->sum / all->used;
        struct quotient left = total ? quotient_of(t->unexplained, total) : quotient_of(0, 1);
        int64_t rest = quotient_round(left, 4);
        buffer_format(text, "  %-34s", "variance that is explained");
        add_decimal(text, rest > 10000 ? 0 : 10000 - rest, 2);
        buffer_format(text, " %%  (1 - squares around the means of the %s / squares around the mean of all)\n",
                      unit);
    }
}

static void tell_balance(const struct history *h, const struct totals *t) {
    char earlier[60] = "", blank[60] = "";
    if (h->earlier) {
        snprintf(earlier, sizeof earlier, " + %llu of earlier years", (unsigned long long)h->earlier);
    }
    if (h->batch.blank) {
        snprintf(blank, sizeof blank, " (blank lines passed by: %llu)", (unsigned long long)h->batch.blank);
    }
    complain("%llu in = %llu used + %llu trimmed%s + %llu rejected%s", (unsigned long long)h->batch.in,
             (unsigned long long)t->all.used, (unsigned long long)(t->all.cases - t->all.used), earlier,
             (unsigned long long)h->batch.rejected, blank);
}

int finish(struct folder **folder, const struct history *history, const struct totals *totals) {
    if (exact_lost()) {
        complain("a figure gets too large to be held exactly; nothing was written. Calibrate fewer years at once");
        return EXIT_FOUND;
    }
    bool fine = folder_close(*folder);
    *folder = NULL;
    if (fine) {
        tell_balance(history, totals);
    }
    return fine ? EXIT_DONE : EXIT_IO;
}
