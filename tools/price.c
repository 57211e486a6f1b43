/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix price: cases in, groups and payments out. */
#include "batch.h"
#include "command.h"

static const char help[] =
    "usage: casemix price -i IMAGE.cmx [--policy ID] [INPUT.csv] [-o OUT.csv] [options]\n"
    "\n"
    "Groups every case and prices it under a policy: class, points, point value, payment standard, the bounds of\n"
    "the normal class, and what the fund pays. Besides dx a policy usually needs hospital_level, insured_type,\n"
    "cost, patient_paid and other_paid. Amounts are in yuan. Where there is no price, price_status says why.\n"
    "Result: id,status,reason,mdc,adrg,drg,pool,price_status,class,points,point_value,standard,low_below,\n"
    "high_above,cost,fund_payment,gap,findings. gap: the standard less the cost, what is left or missing.\n"
    "Where the scheme or the policy is made of demonstration data a last column demonstration says 1.\n"
    "\n"
    "  -i, --image FILE     the compiled rules\n"
    "      --policy ID      the payment policy; not needed if the image has one only\n"
    "      --any-date       price also cases discharged outside the policy's dates of force (finding\n"
    "                       policy-not-in-force); without it their price_status is not-in-force\n"
    "  -o, --output FILE    result; it appears when complete (default: standard output)\n"
    "      --rejects FILE, --scheme ID, --map FILE, --encoding NAME, --threads N   as for `casemix group`\n"
    "\n"
    "examples:\n"
    "  casemix price -i haerbin-2022.cmx --policy harbin-2022 cases.csv -o prices.csv\n"
    "  casemix price -i haerbin-2022.cmx cases.csv | head\n";

static const char heading[] = "id,status,reason,mdc,adrg,drg,pool,price_status,class,points,point_value,standard,"
                              "low_below,high_above,cost,fund_payment,gap,findings";

/* Points to high_above; a case without class has empty cells, not zeros. One that only lacks what patients paid has
 * a class and a standard, which is what a ward wants to know. */
static char *put_amounts(char *at, const casemix_price *p) {
    if (p->class_name.length == 0) {
        return put_bytes(at, ",,,,,", 5);
    }
    at = put_next_decimal(at, p->points, 4);
    *at++ = ',';
    at = put_point_value(at, p->point_value);
    at = put_next_decimal(at, p->standard, 2);
    at = p->low_below ? put_next_decimal(at, p->low_below, 2) : put_bytes(at, ",", 1);
    return p->high_above ? put_next_decimal(at, p->high_above, 2) : put_bytes(at, ",", 1);
}

bool price_row(struct worker *w, const struct csv_row *row) {
    const casemix_grouping *g = &w->grouping;
    casemix_text id = worker_field(row, w->batch->map.id);
    casemix_price p;
    if (casemix_price_case(w->context, w->one, g, &p) != CASEMIX_OK) {
        worker_reject(w, row, 0, "the case cannot be priced");
        return false;
    }
    size_t room = row_room(id, g) + FINDINGS_ROOM + 2 * (p.pool.length + p.class_name.length) + 256;
    char *start = buffer_room(&w->done.out, room), *at = start;
    at = put_answer(at, id, g);
    at = put_next_cell(at, p.pool);
    at = put_next_cell(at, price_status_word(p.status));
    at = put_next_cell(at, p.class_name);
    at = put_amounts(at, &p);
    at = p.status == CASEMIX_PRICED || p.cost ? put_next_decimal(at, p.cost, 2) : put_bytes(at, ",", 1);
    at = p.status == CASEMIX_PRICED ? put_next_decimal(at, p.fund_payment, 2) : put_bytes(at, ",", 1);
    at = p.class_name.length ? put_next_decimal(at, p.standard - p.cost, 2) : put_bytes(at, ",", 1);
    *at++ = ',';
    at = put_findings(at, w->context, g, &p);
    at = put_demonstration(at, w->batch, g->scheme);
    *at++ = '\n';
    w->done.out.size += (size_t)(at - start);
    return true;
}

int command_price(int argc, char **argv) {
    struct options o;
    unsigned takes =
        TAKES_IMAGE | TAKES_OUTPUT | TAKES_SCHEME | TAKES_POLICY | TAKES_READING | TAKES_REJECTS | TAKES_THREADS;
    int code = options_read(&o, argc, argv, takes, help);
    if (code >= 0) {
        return code;
    }
    if (o.word_count > 1) {
        return wrong_use(&o, "one input at a time; `casemix settle` takes several");
    }
    casemix_image *image;
    if ((code = open_image(o.image, &image)) != EXIT_DONE) {
        return code;
    }
    struct batch batch = batch_of(&o, image, price_row);
    batch.policy = choose_policy(&o, image);
    if (batch.policy) {
        struct buffer first = {0};
        batch.tells_demonstration = is_demonstration(image, o.scheme, batch.policy);
        buffer_format(&first, "%s%s\n", heading, batch.tells_demonstration ? ",demonstration" : "");
        *buffer_room(&first, 1) = '\0';
        code = batch_to_file(&batch, &o, first.data);
        buffer_free(&first);
    } else {
        code = EXIT_USAGE;
    }
    batch_free(&batch);
    close_image(image);
    return code;
}
