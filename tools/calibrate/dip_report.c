/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of the cases, and why: report.txt and report.csv of `casemix calibrate dip`. */
#include "dip.h"

#include <stdlib.h>

/* ---- reports ---------------------------------------------------------------------------------------------- */

static const char *const merge_words[] = {
    [MERGE_FEW_CASES] = "too few cases",
    [MERGE_NO_PRINCIPAL] = "no operation may be the principal one",
    [MERGE_LOWEST_KIND] = "operations of the lowest kind only; too few cases of its own",
    [MERGE_SAME_COST] = "related operations change the mean too little",
    [MERGE_LEFT_FEW] = "too few cases are left beside entries with more operations",
    [MERGE_SPLIT] = "related operations change the mean",
};

static void add_entry_row(struct buffer *text, const struct row *row) {
    static const char *const forms[] = {"operation", "conservative", "category", "letter"};
    const struct summary *s = &row->entry->summary;
    buffer_format(text, "entry,%s,", forms[row->entry->form]);
    buffer_cell(text, bytes_of(&row->code));
    add_number(text, (int64_t)s->cases, 0);
    add_number(text, (int64_t)s->used, 0);
    add_number(text, s->low ? (int64_t)s->low : -1, 2);
    add_number(text, s->high != UINT32_MAX ? (int64_t)s->high : -1, 2);
    add_number(text, row->mean_fen, 2);
    add_number(text, row->score, 4);
    add_number(text, variation(s->cases, s->sum_before, s->squares_before), 4);
    add_number(text, variation(s->used, s->sum, s->squares), 4);
    buffer_text(text, row->score < 0 ? ",,,trimming leaves no case: not in the catalogue\n" : ",,,\n");
}

static void add_merge_row(struct buffer *text, const struct dip *d, const struct merge *m) {
    struct buffer code = {0};
    dip_add_code(&code, m->diagnosis, m->principal, m->related);
    buffer_format(text, "%s,,", m->reason == MERGE_SPLIT ? "split" : "merged");
    buffer_cell(text, bytes_of(&code));
    add_number(text, (int64_t)m->cases, 0);
    buffer_text(text, ",,,,,,,");
    add_cell(text, m->entry == UINT32_MAX ? text_of("") : bytes_of(&d->row_of[m->entry]->code));
    add_number(text, m->difference, 4);
    buffer_format(text, ",%s\n", merge_words[m->reason]);
    buffer_free(&code);
}

/* Row by row: there may be as many as there are combinations. */
static bool write_table(struct dip *d) {
    struct output *out = output_open(folder_file(d->folder, TABLE));
    struct buffer text = {0};
    bool fine = out != NULL;
    buffer_text(&text,
                "what,form,code,cases,used,low_kept,high_kept,mean_cost,score,cv_before,cv_after,into,difference,"
                "reason\n");
    size_t rows = d->clustering.count + d->clustering.merge_count;
    for (size_t i = 0; i < rows && fine; i++) {
        if (i < d->clustering.count) {
            add_entry_row(&text, &d->rows[i]);
        } else {
            add_merge_row(&text, d, &d->clustering.merges[i - d->clustering.count]);
        }
        if (text.size > 1u << 16) {
            fine = output_write(out, text.data, text.size);
            text.size = 0;
        }
    }
    fine = fine && output_write(out, text.data, text.size);
    buffer_free(&text);
    if (fine) {
        return output_close(out);
    }
    output_abandon(out);
    return false;
}

static void add_coverage(struct buffer *text, const struct dip *d) {
    static const char *const forms[] = {"core, with operations", "core, conservative", "comprehensive, by category",
                                        "comprehensive, by letter"};
    uint64_t entries[4] = {0}, cases[4] = {0}, wide[4] = {0}, basic = 0, all = d->totals.all.cases;
    for (uint32_t i = 0; i < d->clustering.count; i++) {
        const struct row *row = &d->rows[i];
        const struct summary *s = &row->entry->summary;
        entries[row->entry->form]++;
        cases[row->entry->form] += s->cases;
        wide[row->entry->form] += variation_compare(s->used, s->sum, s->squares, 7000) > 0;
        basic += row->basic;
    }
    buffer_format(text, "\nA core entry needs %llu cases.\n\n  %-28s %8s %12s %9s  %s\n",
                  (unsigned long long)d->clustering.threshold, "", "entries", "cases", "share",
                  "with a spread over 0.7");
    for (int f = 0; f < 4; f++) {
        char share[32];
        *put_decimal(share, quotient_round(quotient_of((whole128)cases[f] * 100, all), 2), 2) = '\0';
        buffer_format(text, "  %-28s %8llu %12llu %7s %%  %llu\n", forms[f], (unsigned long long)entries[f],
                      (unsigned long long)cases[f], share, (unsigned long long)wide[f]);
    }
    buffer_format(text, "Basic entries: %llu (a spread of ", (unsigned long long)basic);
    add_decimal(text, (int64_t)d->settings.basic_cv, 4);
    buffer_format(text, " at most, and %llu cases or more at every hospital level).\n",
                  (unsigned long long)d->settings.basic_cases);
}

static void add_merges(struct buffer *text, const struct dip *d) {
    uint64_t count[MERGE_SPLIT + 1] = {0}, cases[MERGE_SPLIT + 1] = {0};
    for (size_t i = 0; i < d->clustering.merge_count; i++) {
        count[d->clustering.merges[i].reason]++;
        cases[d->clustering.merges[i].reason] += d->clustering.merges[i].cases;
    }
    buffer_text(text, "\nWhat was merged, or split (report.csv has each):\n");
    for (int r = 0; r <= MERGE_SPLIT; r++) {
        buffer_format(text, "  %8llu with %12llu cases  %s: %s\n", (unsigned long long)count[r],
                      (unsigned long long)cases[r], r == MERGE_SPLIT ? "split" : "merged", merge_words[r]);
    }
    buffer_text(text, "Sets of related operations overlap, so a case may be counted several times here.\n");
}

static bool write_report(struct dip *d) {
    struct buffer text = {0};
    if (d->demonstration) {
        buffer_text(&text, "DEMONSTRATION (演示): made of demonstration data, not for payment.\n\n");
    }
    report_head(&text, "DIP catalogue by casemix calibrate dip", &d->history, &d->totals, "entries");
    add_coverage(&text, d);
    buffer_text(&text, d->settings.benchmark   ? "\nScore 1000 (the benchmark entry's mean cost): "
                       : d->settings.mean_cost ? "\nScore 1000 (as said): "
                                               : "\nScore 1000 (mean cost of all cases, the years weighted): ");
    add_decimal(&text, quotient_round(d->unit, 0), 2);
    buffer_text(&text, " yuan.\n");
    add_merges(&text, d);
    bool fine = write_text(d->folder, REPORT, &text);
    if (fine && !d->settings.quiet) {
        fwrite(text.data, 1, text.size, stdout);
    }
    buffer_free(&text);
    return fine;
}

bool dip_write_reports(struct dip *d) {
    return write_table(d) && write_report(d);
}
