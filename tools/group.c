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
    "region (columns discharged and region), and a column scheme at the end names it. An image with a DIP scheme\n"
    "adds the columns dip,part,kind,score,factor,auxiliary: the entry, its part of the catalogue, its treatment kind,\n"
    "its score, the factor of the auxiliary catalogues, and the classes of these that count, separated by |. Results of\n"
    "a scheme made of demonstration data have a last column demonstration, 1.\n"
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

static const char heading[] = "id,status,reason,mdc,adrg,drg,severity,findings",
                  dip_heading[] = ",dip,part,kind,score,factor,auxiliary";

/* ---- DIP -------------------------------------------------------------------------------------------------- */

/* The entry of the case at hand, and the auxiliary classes that count. */
struct entry {
    bool found;
    casemix_dip dip;
    uint32_t classes;
    size_t length; /* of their names, with a separator each */
};

static struct entry look_up_entry(const casemix_context *context) {
    struct entry entry = {0};
    casemix_dip_index one;
    entry.found = casemix_dip_of(context, &entry.dip) == CASEMIX_OK;
    uint32_t count = entry.found ? casemix_dip_index_count(context) : 0;
    for (uint32_t i = 0; i < count && casemix_dip_index_at(context, i, &one) == CASEMIX_OK; i++) {
        entry.classes += one.counts != 0;
        entry.length += one.counts ? one.class_name.length + 1 : 0;
    }
    return entry;
}

static size_t entry_room(const struct entry *entry) {
    const casemix_dip *dip = &entry->dip;
    return 64 + (entry->found ? 2 * (dip->entry.length + dip->part.length + dip->kind.length) + 3 * entry->length : 0);
}

/* Names are put together behind the place of the cell, then moved into it, quoted if they must be. */
static char *put_classes(char *at, const casemix_context *context, const struct entry *entry) {
    char *names = at + 2 * entry->length + 2, *end = names;
    casemix_dip_index one;
    uint32_t count = entry->classes > 0 ? casemix_dip_index_count(context) : 0;
    for (uint32_t i = 0; i < count && casemix_dip_index_at(context, i, &one) == CASEMIX_OK; i++) {
        if (one.counts) {
            end = end > names ? put_bytes(end, "|", 1) : end;
            end = put_bytes(end, one.class_name.text, one.class_name.length);
        }
    }
    return put_cell(at, (casemix_text){names, (size_t)(end - names)});
}

/* ,dip,part,kind,score,factor,auxiliary */
static char *put_entry(char *at, const casemix_context *context, const struct entry *entry) {
    const casemix_dip *dip = &entry->dip;
    if (!entry->found) {
        return put_bytes(at, ",,,,,,", 6);
    }
    at = put_next_cell(at, dip->entry);
    at = put_next_cell(at, dip->part);
    at = put_next_cell(at, dip->kind);
    at = dip->score >= 0 ? put_next_decimal(at, dip->score, 4) : put_bytes(at, ",", 1);
    *at++ = ',';
    at = put_point_value(at, dip->factor);
    *at++ = ',';
    return put_classes(at, context, entry);
}

/* ---- a row ------------------------------------------------------------------------------------------------ */

/* Under a DIP scheme the entry has its own columns, and those of DRG are empty. */
static casemix_grouping without_group(const casemix_grouping *g) {
    casemix_grouping out = *g;
    out.mdc = out.adrg = out.drg = (casemix_text){"", 0};
    return out;
}

bool group_row(struct worker *w, const struct csv_row *row) {
    const struct batch *b = w->batch;
    struct entry entry = {0};
    casemix_grouping bare;
    const casemix_grouping *g = &w->grouping;
    if (b->tells_dip && (entry = look_up_entry(w->context)).found) {
        bare = without_group(g);
        g = &bare;
    }
    casemix_text id = worker_field(row, b->map.id);
    size_t room = row_room(id, g) + 2 * g->scheme.length + FINDINGS_ROOM + (b->tells_dip ? entry_room(&entry) : 0);
    char *start = buffer_room(&w->done.out, room), *at = start;
    at = put_answer(at, id, g);
    at = put_next_cell(at, severity_text(g->severity));
    *at++ = ',';
    at = put_findings(at, w->context, g, NULL);
    if (b->tells_dip) {
        at = put_entry(at, w->context, &entry);
    }
    if (b->tells_scheme) {
        at = put_next_cell(at, g->scheme);
    }
    at = put_demonstration(at, b, g->scheme);
    *at++ = '\n';
    w->done.out.size += (size_t)(at - start);
    return true;
}

/* ---- the trace in one cell -------------------------------------------------------------------------------- */

static void add_step(void *user, const casemix_trace *event) {
    struct buffer *steps = user;
    bool group = (event->kind >= CASEMIX_TRACE_MDC && event->kind <= CASEMIX_TRACE_DRG) ||
                 event->kind == CASEMIX_TRACE_SEARCH || event->kind == CASEMIX_TRACE_ENTRY;
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
    struct buffer first = {0};
    batch.tells_demonstration = is_demonstration(image, o.scheme, NULL);
    buffer_format(&first, "%s%s%s%s%s\n", heading, batch.tells_dip ? dip_heading : "",
                  batch.tells_scheme ? ",scheme" : "", batch.tells_demonstration ? ",demonstration" : "",
                  o.trace ? ",trace" : "");
    *buffer_room(&first, 1) = '\0';
    code = batch_to_file(&batch, &o, first.data);
    buffer_free(&first);
    batch_free(&batch);
    close_image(image);
    return code;
}
