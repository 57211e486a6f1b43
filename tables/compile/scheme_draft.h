/* SPDX-License-Identifier: Apache-2.0
 *
 * A scheme while it is read: what is known of each group is still the YAML node, so that overlays can put another in
 * its place. Conditions are parsed and sets expanded only when every overlay has had its say. */
#ifndef CASEMIX_COMPILE_SCHEME_DRAFT_H
#define CASEMIX_COMPILE_SCHEME_DRAFT_H

#include "scheme.h"

struct draft_step {
    const char *id;
    struct place place;
    const struct node *code, *name, *when, *drgs, *no_drg, *qy; /* NULL where not said */
};

struct draft_mdc {
    const char *code;
    struct place place;
    const struct node *name, *when;
    struct draft_step **steps;
    size_t step_count, step_capacity;
};

/* What happens to a DRG by its last character. */
struct draft_split {
    const char *key;
    struct place place;
    const struct node *when, *name;
};

/* A name or a condition that an overlay gives to a group. */
struct draft_patch {
    const struct node *key, *name, *suffix, *when; /* suffix: the name is that of the ADRG and this */
    bool used;
};

struct draft {
    struct arena *arena;
    struct report *report;
    struct sources *sources;
    struct scheme *scheme;
    const struct node *no_drg, *require, *compatibility, *retry, *demonstration; /* of the last file that says so */
    const struct node *barred[BARRED_KINDS][CODE_KINDS]; /* what a principal code does, likewise */
    struct draft_mdc **mdcs;
    size_t mdc_count, mdc_capacity;
    struct draft_split *splits;
    size_t split_count, split_capacity;
    struct draft_patch *patches; /* of DRGs, and names */
    size_t patch_count, patch_capacity;
    struct { const char *id; struct place place; } *tables; /* exclusion tables; their sets are found by name */
    size_t table_count, table_capacity;
    struct dip_draft *dip; /* dip_draft.h; NULL: a DRG scheme */
};

/* The parts of a scheme file that a whole scheme and an overlay share. */
void draft_sets(struct draft *draft, const struct node *sets, bool patch);
void draft_splits(struct draft *draft, const struct node *splits);
void draft_severity(struct draft *draft, const struct node *severity, bool patch);
struct draft_step *draft_new_step(struct draft *draft, const struct node *key, const struct node *body);
struct draft_step *draft_find_step(const struct draft *draft, const char *id, struct draft_mdc **mdc, size_t *at);
void draft_mdc_body(struct draft *draft, const struct node *code, const struct node *body); /* puts it last */
struct draft_mdc *draft_find_mdc(const struct draft *draft, const char *code);

/* Define a set under a name of the compiler's own, so that overlays can patch it as any other. The key is its place. */
void draft_named_set(struct draft *draft, const struct node *key, const struct node *definition, const char *set,
                     bool patch);

/* Linking: a condition (NULL: true); a set by name, NULL if there is none or after a message; a text, "" if it is
 * not said; true or false, false if it is not said. */
struct expression *draft_link_when(struct draft *draft, const struct node *when);
struct codeset *draft_link_set(struct draft *draft, const char *name, enum code_kind kind);
const char *draft_text(struct draft *draft, const struct node *node, const char *what);
bool draft_link_yes(struct draft *draft, const struct node *node, const char *what);

/* DIP schemes (dip.c): what one file of the chain says, and the model from all of them. */
#define DIP_SCHEME_KEYS                                                                                          \
    "parts", "kinds", "case_kind", "operations", "excluded_diagnoses", "without_principal", "levels", "expressions", \
        "totals", "catalogue", "search", "auxiliary", "supervision"
struct dip_draft *dip_draft_new(struct draft *draft);
void dip_draft_file(struct draft *draft, const struct node *root, bool overlay);
void dip_link(struct draft *draft);

/* Apply what an overlay says: order, change, insert, remove, rename. */
void draft_overlay(struct draft *draft, const struct node *root);

#endif
