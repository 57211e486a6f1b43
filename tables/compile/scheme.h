/* SPDX-License-Identifier: Apache-2.0
 *
 * A grouping scheme as read from YAML: the model that checks look at and tables are built from. Expanded and linked,
 * in order of evaluation, every overlay applied. What the YAML looks like is told in rules/README.md. */
#ifndef CASEMIX_COMPILE_SCHEME_H
#define CASEMIX_COMPILE_SCHEME_H

#include "crosswalk.h"
#include "expression.h"

/* A DRG of an ADRG, tried in order. */
struct drg {
    const char *code, *name;
    struct place place;
    struct expression *when;
    bool own_when;                                       /* it says its condition itself, not by its split */
    enum { NAME_BY_SPLIT, NAME_OWN, NAME_RENAMED } named; /* where its name is from */
};

/* What the end of a DRG's code says of it: its condition, and what it adds to the ADRG's name. */
struct split {
    const char *key, *name;
    struct expression *when;
};

/* A step of an MDC: an ADRG, or the QY step. */
struct step {
    const char *id;   /* unique in the scheme: "BB1", "WB1_2" */
    const char *code; /* what comes out: "BB1", "WB1" */
    const char *name;
    struct place place;
    bool is_qy;       /* the answer is `code` (BQY), there are no DRGs */
    bool bare;        /* no DRG fits: the answer is the ADRG itself; otherwise the next step is tried */
    bool own_bare;    /* the step says so itself, not the scheme */
    struct expression *when;
    struct drg *drgs;
    size_t drg_count;
};

struct mdc {
    const char *code, *name;
    struct place place;
    struct expression *when;
    struct step **steps;
    size_t step_count;
};

/* MCC, CC: an other diagnosis counts unless the principal diagnosis stands in the same exclusion table. */
struct exclusion_table {
    const char *id;
    struct place place;
    struct codeset *principal, *mcc, *cc; /* any may be NULL */
};

/* A fact the scheme cannot do without: where `when` holds and the fact is absent, the case needs data. */
struct requirement {
    enum fact fact;
    struct expression *when;
    struct place place;
};

/* Codes that a case may carry but that must not decide its group: gray ones are too unspecific, invalid ones are not for
 * settlement lists. What one does as principal code. */
enum barred_action { BARRED_NOTHING, BARRED_UNGROUPED, BARRED_IGNORED };
enum barred_kind { BARRED_GRAY, BARRED_INVALID, BARRED_KINDS };
struct barred {
    struct codeset *sets[CODE_KINDS]; /* NULL: none */
    enum barred_action principal[CODE_KINDS];
};

/* What another implementation does where it departs from the published scheme; in force only when asked for. */
struct compatibility {
    bool exact_codes;      /* codes are not repaired */
    bool sex_words_refused;/* 男, 女 ... are no sex */
    bool sex_words_unknown;/* 男, 女 ... pass the check but are neither male nor female */
    bool negative_numbers; /* a negative number passes */
    bool gray_as_others;   /* gray and invalid principal codes are grouped as any other */
    bool zero_if_missing[FACT_COUNT]; /* an absent number is 0 */
};

struct scheme {
    const char *id, *title, *source, *from, *until;
    struct place place;
    struct catalogue *catalogues[CODE_KINDS];
    struct crosswalk *crosswalks[CODE_KINDS]; /* from the clinical version; NULL: none */
    struct codesets sets;
    struct mdc **mdcs;
    size_t mdc_count;
    struct exclusion_table *tables;
    size_t table_count;
    struct requirement *requirements;
    size_t requirement_count;
    struct barred barred[BARRED_KINDS];
    struct split *splits;
    size_t split_count;
    bool bare;             /* what steps do that say nothing else, as in struct step */
    bool retry_procedures; /* no group: try each other procedure alone */
    struct compatibility compatibility;
    struct dip *dip;      /* dip.h: what makes it a DIP scheme; NULL: it is a DRG scheme */
    bool demonstration;   /* made of demonstration data: every result says so */
    struct place listed;  /* where the bundle names it */
    const char **regions; /* of claims it is for, as the bundle says; none: for all */
    size_t region_count;
};

/* Read a scheme file and what it extends and includes. NULL after messages. */
struct scheme *scheme_read(struct sources *sources, const char *path, struct place from);

#endif
