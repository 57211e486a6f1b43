/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of `casemix calibrate dip`. */
#ifndef CASEMIX_TOOLS_CALIBRATE_DIP_H
#define CASEMIX_TOOLS_CALIBRATE_DIP_H

#include "calibrate.h"
#include "cluster.h"

enum dip_file { SCHEME, CORE, COMPREHENSIVE, COEFFICIENTS, REPORT, TABLE, REJECTS, BUNDLE };
enum { DIP_KINDS_MAX = 32 };

/* ---- dip_names.c: what codes are called ---- */

struct code_names {
    struct names codes;
    char **titles; /* one a code, ended by NUL */
    uint32_t room;
};
/* files: "FILE,FILE" of code TAB name, or NULL. EXIT_DONE, or the exit code after a message. */
int code_names_read(struct code_names *names, const char *files);
/* The name of a code or of a diagnosis key; the code itself if it has none. */
void code_names_add(const struct code_names *names, struct buffer *out, const char *code, size_t length);
void code_names_free(struct code_names *names);

/* ---- dip.c ---- */

/* What is written of an entry. */
struct row {
    const struct entry *entry;
    struct buffer code, name;
    struct quotient mean;
    int64_t mean_fen, score; /* -1: trimming left no case */
    bool basic;
};

struct dip {
    struct settings settings;
    casemix_image *image;
    struct history history;
    struct study study;
    struct totals totals;
    struct folder *folder;
    struct combination *combinations;
    struct clustering clustering;
    struct row *rows;    /* core ones first, then by their texts */
    struct row **row_of; /* of each entry */
    casemix_text kinds[DIP_KINDS_MAX];
    struct code_names names;
    struct quotient unit; /* what has the score 1000 */
    struct quotient drug_unit, material_unit;
    bool has_drug, has_material, demonstration;
};

static inline casemix_text bytes_of(const struct buffer *buffer) {
    return (casemix_text){buffer->data ? buffer->data : "", buffer->size};
}

/* diagnosis:principal+related, as entries are called. */
void dip_add_code(struct buffer *out, casemix_text diagnosis, casemix_text principal, casemix_text related);
/* A mean as points: 1/10000. */
int64_t dip_score(struct quotient mean, struct quotient unit);

/* ---- dip_write.c, dip_report.c: false after a message ---- */

bool dip_write_catalogue(struct dip *dip);
bool dip_write_reports(struct dip *dip);

#endif
