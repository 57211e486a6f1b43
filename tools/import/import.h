/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import: from other people's files to rules in YAML. The parts of it, each in the file of its name. */
#ifndef CASEMIX_TOOLS_IMPORT_H
#define CASEMIX_TOOLS_IMPORT_H

#include <stdio.h>

#include "tables/compile/compile.h"
#include "tables/compile/dip.h"
#include "../command.h"
#include "../output.h"

/* The subcommands: argv[0] is "scheme", "codes", "workbook", "dip-workbook", "dip-csv". */
int import_scheme(int argc, char **argv);
int import_codes(int argc, char **argv);
int import_workbook(int argc, char **argv);
int import_dip_workbook(int argc, char **argv);
int import_dip_csv(int argc, char **argv);

/* ---- facts.c: neutral facts in JSON -> the compiler's model ---- */

/* Codes that a scheme needs and the catalogue of a kind lacks. */
struct missing_codes {
    struct code *codes; /* sorted */
    size_t count, capacity;
};

struct facts;

/* Read a file, packed or not, and look at its sets. NULL after a message; *code is then the exit code. */
struct facts *facts_open(struct arena *arena, const char *path, int *code);
void facts_close(struct facts *facts); /* NULL is allowed */

/* The codes that are in none of its lists but ours: `out`[kind] gets what the catalogues lack. */
void facts_missing(struct facts *facts, const struct catalogue *const catalogues[CODE_KINDS],
                   struct missing_codes out[CODE_KINDS]);

/* The model over catalogues that hold every code. The sets have the names they should be given; their objects are of
 * facts.c, not of a codesets table. NULL after a message. */
struct scheme *facts_scheme(struct facts *facts, struct catalogue *const catalogues[CODE_KINDS]);

/* What the facts say of themselves, a sentence each, NULL at the end. */
const char **facts_notes(struct facts *facts);

/* The procedures that make a case surgical; NULL if the facts have none. */
struct codeset *facts_valid_procedures(const struct facts *facts);

/* ---- splits.c ---- */

/* What is common to DRGs whose codes end alike: fills scheme->splits, by majority, an even vote for what `base` has (NULL:
 * none). Says for each DRG whether it needs words of its own (own_when, named). */
void splits_find(struct arena *arena, struct scheme *scheme, const struct scheme *base);
const struct split *splits_of(const struct split *splits, size_t count, const char *drg);

/* ---- compare.c: what is the same ---- */

uint64_t codeset_hash(const struct codeset *set);         /* of what it holds; the empty one is 0 */
uint64_t expression_hash(const struct expression *when);  /* of what it means: order and nesting of and/or are nothing */
uint64_t expression_shape(const struct expression *when); /* the same with all sets taken as one */
struct expression *expression_simple(struct arena *arena, struct expression *when);

/* Does the model that was read back say what was to be written? False after a message that names the first difference. */
bool schemes_equal(const struct scheme *wanted, const struct scheme *got);

/* The exclusion table that a code is mcc, cc or principal in, by number; UINT32_MAX for none. */
enum severity_part { PART_PRINCIPAL, PART_MCC, PART_CC, PARTS };
struct codeset *table_part(const struct exclusion_table *table, enum severity_part part);
uint32_t *table_numbers(struct arena *arena, const struct scheme *scheme, enum severity_part part);

/* ---- yaml.c: pieces of YAML ---- */

struct yaml {
    struct arena *arena;
    char *bytes;
    size_t length, capacity;
};
void yaml_put(struct yaml *yaml, const char *format, ...) __attribute__((format(printf, 2, 3)));
void yaml_clear(struct yaml *yaml);
/* A text as a scalar; `flow`: inside [] or {}. */
const char *yaml_scalar(struct arena *arena, const char *text, bool flow);
/* `key: items`, folded over lines where it is long. */
void yaml_items(struct yaml *yaml, int indent, const char *key, const char *items);
void yaml_text(struct yaml *yaml, int indent, const char *key, const char *text); /* the same for a text of words */
void yaml_lines(struct yaml *yaml, const char *items); /* items over lines */
void yaml_when(struct yaml *yaml, int indent, const struct expression *when);
void yaml_comment(struct yaml *yaml, int indent, const char *text);
/* The text of a condition; sets go by their names, or are written out if they have none. */
const char *expression_text(struct arena *arena, const struct expression *when);
/* `drgs: [...]` of a step by the splits. */
void yaml_drgs(struct yaml *yaml, int indent, const struct step *step, const struct split *splits, size_t split_count);
const char *codes_text(struct arena *arena, const struct codeset *set, const struct catalogue *catalogue);

/* ---- arguments.c ---- */

/* FILE -o DIR [--FURTHER VALUE] [--force] */
struct import_arguments {
    const char *file, *output, *further; /* further: NULL if not said */
    bool force;
};
/* -1, or the exit code of a run that ends here: after the help, wrong use, or DIR in the way. */
int import_arguments(struct import_arguments *out, int argc, char **argv, const char *help, const char *further);

/* ---- place.c: a folder with sub-folders that is there completely or not at all ---- */

struct place_out;
bool place_is_free(const char *path, bool force);           /* false after a message; place_open looks again */
struct place_out *place_open(const char *path, bool force); /* NULL after a message */
bool place_write(struct place_out *out, const char *name, const struct yaml *yaml); /* "mdc/A.yaml"; false after a message */
bool place_put(struct place_out *out, const char *name, struct yaml *yaml); /* the same, and clears the text */
const char *place_file(struct place_out *out, const char *name);                    /* where it is meanwhile */
bool place_close(struct place_out *out);                                            /* gives it its name */
void place_abandon(struct place_out *out);
/* The way from the folder (there or not) to a file. */
const char *way_to(struct arena *arena, const char *folder, const char *file);

/* ---- identity.c ---- */

/* What the compiler counted of the first scheme, in a line. */
const char *rules_facts(struct arena *arena, struct compilation *work);

/* The last part of a path, in letters that an id may have. */
const char *rules_id(struct arena *arena, const char *path, const char *otherwise);
/* The day in a file's name (20260909), else the day of the file; YYYY-MM-DD. */
const char *file_date(struct arena *arena, const char *path);

/* ---- whole.c, overlay.c ---- */

struct writing {
    struct arena *arena;
    const char *path;       /* of the facts, for messages */
    struct scheme *scheme;  /* what is to be written */
    const struct codeset *valid_procedures;
    const struct missing_codes *missing; /* [CODE_KINDS] */
    const char *date;
    const char **notes; /* NULL at the end */
    const char *codes[CODE_KINDS]; /* as written in YAML */
    const char *extends;           /* as written in YAML */
    const struct scheme *base;     /* over the same catalogues; NULL: none */
    const struct shortener *shorteners[CODE_KINDS];
    struct codeset *added[CODE_KINDS]; /* the codes that an overlay adds, a set of its rules; NULL if they are few */
    bool added_used[CODE_KINDS];
    /* Sets of codes that no list has: of the base (or the scheme), and of the overlay itself. NULL: none. */
    const struct codeset *unused[CODE_KINDS][2];
    const char *base_title;
    struct place_out *out;
    struct final *finals; /* of overlay.c */
    size_t final_count;
};
bool write_whole(struct writing *w);
/* `yaml` gets the overlay. `anew`: names of sets, NULL at the end, that are not to be patched but written out. */
void write_overlay(struct writing *w, const char *const *anew, struct yaml *yaml);
/* After reading back: `anew` and the sets that hold something else than they should, or NULL if all are right. */
const char **overlay_faults(struct writing *w, const struct scheme *got, const char *const *anew);
/* Parts that both have. */
void write_head(const struct writing *w, struct yaml *yaml, const char *about);
void write_additions(const struct writing *w, struct yaml *yaml, int indent);
void write_splits(const struct writing *w, struct yaml *yaml, const struct split *splits, size_t count);
void write_rules_of_input(const struct writing *w, struct yaml *yaml, const struct scheme *base);
void each_set(const struct expression *when, void (*tell)(struct codeset *, void *), void *user);
/* Items for codes of the set `whole`: `bits` must be among them, `keep` may be but stay untouched (NULL: none). */
const char *items_text(const struct writing *w, const struct codeset *whole, const uint64_t *bits, const uint64_t *keep);
bool disjoint(const uint64_t *a, const uint64_t *b, uint32_t count);
const char *set_text(const struct writing *w, const struct codeset *set);
void inline_small_sets(struct writing *w); /* a few codes in the condition of an MDC or DRG are written there */

#include "minimise.h"

#endif
