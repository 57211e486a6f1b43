/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix group: cases in, groups out. */
#include "batch.h"
#include "command.h"

static const char help[] =
    "usage: casemix group -i IMAGE.cmx [INPUT.csv] [-o OUT.csv] [options]\n"
    "\n"
    "Groups every case of a CSV file (standard input if none is named, or for -). The first line names the\n"
    "columns, `casemix help facts` lists them; any order, only dx is required. UTF-8 or GB18030, `,` TAB or `;`,\n"
    "plain or gzip. Result: id,status,reason,mdc,adrg,drg,severity,findings. A row that cannot be read is told in\n"
    "the rejects file with line, column and reason, and the rest goes on; the last line on standard error says\n"
    "how many. Of an image with several schemes each case takes the one in force at its date of discharge in its\n"
    "region (columns discharged and region), and a column scheme at the end names it.\n"
    "\n"
    "  -i, --image FILE     the compiled rules\n"
    "  -o, --output FILE    result; it appears when complete (default: standard output)\n"
    "      --rejects FILE   rejected rows as line,column,field,reason (default: OUT.rejects.csv; without -o the\n"
    "                       first 20 are told on standard error)\n"
    "      --scheme ID      this scheme of the image for all cases\n"
    "      --map FILE       foreign column names, lines `dx = their name`\n"
    "      --encoding NAME  encoding of the input, if it is not found out rightly: utf-8, gb18030\n"
    "      --from csv       format of the input\n"
    "      --codes nhsa     code system of the input: the insurance version\n"
    "      --threads N      work with N threads; the result is the same (default 1)\n"
    "      --trace          one more column, trace: the steps that led to the answer\n"
    "\n"
    "examples:\n"
    "  casemix group -i haerbin-2022.cmx cases.csv -o groups.csv\n"
    "  zcat cases.csv.gz | casemix group -i haerbin-2022.cmx --threads 2 > groups.csv\n"
    "  casemix group -i haerbin-2022.cmx --map his.map export.csv -o groups.csv\n";

static const char heading[] = "id,status,reason,mdc,adrg,drg,severity,findings";

bool group_row(struct worker *w, const struct csv_row *row) {
    const casemix_grouping *g = &w->grouping;
    casemix_text id = worker_field(row, w->batch->map.id);
    char *start = buffer_room(&w->done.out, row_room(id, g) + 2 * g->scheme.length + FINDINGS_ROOM), *at = start;
    at = put_answer(at, id, g);
    at = put_next_cell(at, severity_text(g->severity));
    *at++ = ',';
    at = put_findings(at, w->context, g, NULL);
    if (w->batch->tells_scheme) {
        at = put_next_cell(at, g->scheme);
    }
    *at++ = '\n';
    w->done.out.size += (size_t)(at - start);
    return true;
}

/* ---- the trace in one cell -------------------------------------------------------------------------------- */

static void add_step(void *user, const casemix_trace *event) {
    struct buffer *steps = user;
    bool group = event->kind >= CASEMIX_TRACE_MDC && event->kind <= CASEMIX_TRACE_DRG;
    if (!group || !(event->met || event->near_miss)) {
        return;
    }
    buffer_text(steps, steps->size ? "; " : "");
    buffer_add(steps, event->code.text, event->code.length);
    buffer_text(steps, event->met ? "" : " nearly");
    if (event->detail.length) {
        buffer_text(steps, ": ");
        buffer_add(steps, event->detail.text, event->detail.length);
    }
}

static bool add_row_with_trace(struct worker *w, const struct csv_row *row) {
    struct buffer steps = {0};
    group_row(w, row);
    w->done.out.size--; /* the end of line comes after the trace */
    buffer_text(&w->done.out, ",");
    casemix_grouping again;
    if (casemix_explain(w->context, w->one, add_step, &steps, &again) == CASEMIX_OK) {
        buffer_cell(&w->done.out, (casemix_text){steps.data ? steps.data : "", steps.size});
    }
    buffer_text(&w->done.out, "\n");
    buffer_free(&steps);
    return true;
}

/* ---- the command ------------------------------------------------------------------------------------------ */

int command_group(int argc, char **argv) {
    struct options o;
    unsigned takes =
        TAKES_IMAGE | TAKES_OUTPUT | TAKES_SCHEME | TAKES_READING | TAKES_REJECTS | TAKES_THREADS | TAKES_TRACE;
    int code = options_read(&o, argc, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if (o.word_count > 1) {
        return wrong_use(&o, "one input at a time");
    }
    casemix_image *image;
    if ((code = open_image(o.image, &image)) != EXIT_DONE) {
        return code;
    }
    struct batch batch = batch_of(&o, image, o.trace ? add_row_with_trace : group_row);
    batch.tells_scheme = casemix_scheme_count(image) > 1;
    struct buffer first = {0};
    buffer_format(&first, "%s%s%s\n", heading, batch.tells_scheme ? ",scheme" : "", o.trace ? ",trace" : "");
    *buffer_room(&first, 1) = '\0';
    code = batch_to_file(&batch, &o, first.data);
    buffer_free(&first);
    batch_free(&batch);
    close_image(image);
    return code;
}
