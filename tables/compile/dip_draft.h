/* SPDX-License-Identifier: Apache-2.0
 *
 * A DIP scheme while it is read: rows of its catalogue are cells with their places, the rest is YAML, so that
 * overlays can put another in its place. Keys and expressions are read only when every overlay has had its say. */
#ifndef CASEMIX_COMPILE_DIP_DRAFT_H
#define CASEMIX_COMPILE_DIP_DRAFT_H

#include "dip.h"
#include "scheme_draft.h"
#include "text_map.h"

enum {
    DIP_ROWS_MAX = 1000000,
    DIP_WAYS_MAX = 1000,       /* alternatives of the operations of an entry */
    DIP_PARTS_OF_WAY_MAX = 50, /* codes joined by `all` */
    DIP_PLACES = 4,            /* of scores, costs and stays */
    DIP_FACTOR_PLACES = 6,
};

/* ---- the catalogue ---- */

enum dip_column {
    DIP_COLUMN_CODE,
    DIP_COLUMN_NAME,
    DIP_COLUMN_PART,
    DIP_COLUMN_KIND,
    DIP_COLUMN_DIAGNOSES,
    DIP_COLUMN_PRINCIPAL_OPERATIONS,
    DIP_COLUMN_OPERATIONS,
    DIP_COLUMN_RELATED_OPERATIONS,
    DIP_COLUMN_WHEN,
    DIP_COLUMN_SCORE,
    DIP_COLUMN_MEAN_COST,
    DIP_COLUMN_MEAN_STAY,
    DIP_COLUMN_BASIC,
    DIP_COLUMNS,
};
extern const char *const dip_column_names[DIP_COLUMNS + 1]; /* NULL at the end */

/* One field of a row, blanks around it taken away; text NULL: not said. */
struct dip_cell {
    const char *text;
    const struct source *source;
    uint32_t length, offset; /* offset: in the source */
    uint32_t line, column;
};

/* How cells are read: `expressions` of the scheme, and of the file where it differs. */
struct dip_signs {
    const char *any, *all, *all_diagnoses, *all_procedures;
    bool all_tighter;
    enum dip_code_match procedures, diagnoses;
};

/* An item of `catalogue`. */
struct dip_file {
    const struct node *node, *part;
    bool of_kind, basic, no_auxiliary, any_case;
    struct dip_signs signs; /* when linked */
};

/* A cell of a column by level or of a further number. */
struct dip_extra {
    uint32_t column; /* of dip_draft.extras */
    struct dip_cell cell;
};

struct dip_row {
    const char *code;
    struct place place;
    struct dip_file *file;
    struct dip_cell cells[DIP_COLUMNS];
    struct dip_extra *extras;
    size_t extra_count, extra_capacity;
    bool removed;
};

/* A column that not every catalogue has. */
struct dip_extra_column {
    const char *name, *level; /* "drw"; "mean_cost:三级" with the level; level NULL: a number */
    struct place place;       /* where it is named first */
    uint32_t number; /* when linked: of the level, or among the numbers; UINT32_MAX: there is no such level */
};

/* ---- the rest ---- */

struct dip_draft_kind {
    const char *name;
    struct place place;
    const struct node *surgical;
};

enum dip_step_key {
    DIP_STEP_PARTS,
    DIP_STEP_OPERATIONS,
    DIP_STEP_KINDS,
    DIP_STEP_CASE_KINDS,
    DIP_STEP_WHEN,
    DIP_STEP_UNMATCHED,
    DIP_STEP_CHOOSE,
    DIP_STEP_KEYS,
};
struct dip_draft_step {
    const char *name;
    struct place place;
    const struct node *values[DIP_STEP_KEYS]; /* NULL where not said */
};

struct dip_draft_index {
    const struct node *name, *classes;
    bool supervision;
};

/* A value that the last file to say it decides. */
enum dip_value {
    DIP_VALUE_PARTS,
    DIP_VALUE_CASE_KIND,
    DIP_VALUE_RESTRICTED,
    DIP_VALUE_EXCLUDED_MATCH,
    DIP_VALUE_WITHOUT_PRINCIPAL,
    DIP_VALUE_LEVELS,
    DIP_VALUE_PICK,
    DIP_VALUE_FACTORS,
    DIP_VALUES,
};

enum { DIP_SIGN_KEYS = 7 };

struct dip_draft {
    const struct node *values[DIP_VALUES];
    const struct node *signs[DIP_SIGN_KEYS];
    struct dip_draft_kind *kinds;
    size_t kind_count, kind_capacity;
    struct {
        const struct node *name, *sets;
    } * totals;
    size_t total_count, total_capacity;
    struct dip_file **files;
    size_t file_count, file_capacity;
    struct dip_row *rows;
    size_t row_count, row_capacity;
    struct dip_extra_column *extras;
    size_t extra_count, extra_capacity;
    const struct node **by_category; /* names of parts */
    size_t by_category_count, by_category_capacity;
    struct dip_draft_step *steps;
    size_t step_count, step_capacity;
    struct dip_draft_index *indices;
    size_t index_count, index_capacity;
};

/* What readers of the linked parts share. */
struct dip_link {
    struct draft *draft;
    struct dip_draft *from;
    struct scheme *scheme;
    struct dip *dip;
    struct arena *arena;
    struct report *report;
    struct place *part_places;
    uint8_t *procedure_kinds;   /* one a procedure */
    struct text_map conditions; /* `when` cells that were read: rows of a catalogue often have the same */
    struct expression **condition_list;
    size_t condition_count, condition_capacity;
    const struct dip_row **rows; /* of each entry, while they are made */
    size_t entry_capacity, row_capacity;
};

/* dip_catalogue.c: what `catalogue` of one file says. */
void dip_draft_catalogue(struct draft *draft, const struct node *catalogue, bool overlay);
struct place dip_cell_place(const struct dip_cell *cell);

/* dip_signs.c: from `expressions` (one of its keys each, NULL where not said; over `base`). */
extern const char *const dip_sign_keys[DIP_SIGN_KEYS + 1];
struct dip_signs dip_read_signs(struct report *report, const struct dip_signs *base,
                                const struct node *const values[DIP_SIGN_KEYS]);
void dip_sign_values(struct report *report, const struct node *map, const struct node *values[DIP_SIGN_KEYS]);

/* dip_diagnoses.c, dip_operations.c: cells to keys, and to alternatives. False after a message. */
bool dip_read_keys(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry);
bool dip_read_operations(struct dip_link *link, const struct dip_row *row, struct dip_entry *entry);
/* The next item of a list cell up to a sign (all of the rest if there is none), blanks around it taken away. False
 * at the end. */
struct dip_item {
    const char *text;
    size_t length, at; /* at: its byte in the cell */
};
bool dip_next_item(const struct dip_item *list, const char *sign, size_t *at, struct dip_item *item);
struct place dip_item_place(const struct dip_cell *cell, size_t at);

/* dip_entries.c: rows to entries. dip_category.c: entries by category; entries part after part; codes that stand
 * twice. dip_rows.c: rows that say the same, or contradict each other. */
void dip_link_entries(struct dip_link *link);
void dip_split_entries(struct dip_link *link);
void dip_check_rows(struct dip_link *link);

/* dip_search.c, dip_index.c */
void dip_draft_search(struct draft *draft, const struct node *search, bool overlay);
void dip_link_search(struct dip_link *link);
void dip_draft_indices(struct draft *draft, const struct node *map, bool supervision);
void dip_draft_auxiliary(struct draft *draft, const struct node *map);
void dip_link_indices(struct dip_link *link);

/* dip_totals.c */
void dip_link_totals(struct dip_link *link);

/* Number of a part or kind that a text names, or UINT32_MAX after a message at `place`. */
uint32_t dip_part_of(struct dip_link *link, const char *text, struct place place);
uint32_t dip_kind_of(struct dip_link *link, const char *text, struct place place);

/* "" or " of core.csv": the file of a place that is not the one of another. */
const char *dip_other_file(struct arena *arena, const struct place *place, const struct place *from);

/* One of several words: its number, or -1 after a message. `words` ends with NULL. */
int dip_choice(struct report *report, const struct node *node, const char *what, const char *const *words);

/* A number that is not below 0 of at most `places` places, in units of the last. False after a message. */
bool dip_decimal(struct report *report, const char *text, size_t length, struct place place, const char *what,
                 int places, int64_t *out);

#endif
