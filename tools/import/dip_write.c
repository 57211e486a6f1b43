/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules that a DIP workbook becomes: an overlay of a base scheme (which has the search and the treatment kinds)
 * that brings the catalogue and its lists, a CSV a sheet. */
#include "dip_book.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifndef CASEMIX_RULES_FOLDER
#define CASEMIX_RULES_FOLDER "/usr/local/share/casemix/rules"
#endif

/* ---- pieces ---- */

void dip_cell(struct yaml *csv, const char *text, bool last) {
    if (strpbrk(text, ",\"\r\n") == NULL) {
        yaml_put(csv, "%s", text);
    } else {
        yaml_put(csv, "\"");
        for (const char *at = text; *at != '\0'; at++) {
            yaml_put(csv, *at == '"' ? "\"\"" : "%c", *at);
        }
        yaml_put(csv, "\"");
    }
    yaml_put(csv, last ? "\n" : ",");
}

const char *dip_base(struct arena *arena, const char *said, const char *name) {
    const char *folder = getenv("CASEMIX_RULES");
    const char *places[] = {said,
                            folder != NULL ? arena_format(arena, "%s/schemes/%s/scheme.yaml", folder, name) : NULL,
                            arena_format(arena, "rules/schemes/%s/scheme.yaml", name),
                            arena_format(arena, CASEMIX_RULES_FOLDER "/schemes/%s/scheme.yaml", name)};
    struct stat about;
    for (size_t i = said != NULL ? 0 : 1; i < (said != NULL ? 1 : sizeof places / sizeof *places); i++) {
        if (places[i] != NULL && stat(places[i], &about) == 0) {
            return places[i];
        }
    }
    if (said != NULL) {
        complain("cannot read %s; --base names the scheme that is extended", said);
    } else {
        complain("the scheme %s is not at hand; name it with --base, it is schemes/%s/scheme.yaml among the rules",
                 name, name);
    }
    return NULL;
}

const char *dip_compile(struct arena *arena, struct place_out *out) {
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, place_file(out, "bundle.yaml")) && compilation_check(work) &&
                compilation_build(work);
    const char *facts = good ? rules_facts(arena, work) : NULL;
    if (!good) {
        report_print(compilation_report(work), stderr);
    }
    compilation_free(work);
    return facts;
}

/* ---- codes that the base's catalogues lack ---- */

struct lacking {
    struct arena *arena;
    const struct catalogue *catalogue;
    struct dip_listed *items;
    size_t count, capacity;
};

static void look_up(struct lacking *lack, const char *code, size_t length, const char *name) {
    uint32_t first, end;
    catalogue_branch(lack->catalogue, code, length, &first, &end);
    if (length == 0 || length > CODE_LENGTH_MAX || first < end) {
        return;
    }
    struct dip_listed item = {arena_copy(lack->arena, code, length), name, "", 0};
    ARENA_PUSH(lack->arena, lack->items, lack->count, lack->capacity, item);
}

/* The codes of a list; ranges and words for everything need none. Names go with the codes where there are as many.
 */
static void look_up_list(struct lacking *lack, const char *list, const char *separators) {
    if (strcmp(list, DIP_ALL_DIAGNOSES) == 0 || strcmp(list, DIP_ALL_PROCEDURES) == 0) {
        return;
    }
    for (const char *at = list; *at != '\0';) {
        size_t length = strcspn(at, separators);
        if (memchr(at, '-', length) == NULL) {
            look_up(lack, at, length, "");
        }
        at += length + (at[length] != '\0');
    }
}

static int by_code(const void *a, const void *b) {
    const struct dip_listed *x = a, *y = b;
    return strcmp(x->code, y->code);
}

/* Writes the file of added codes; its name, or NULL where none are lacking. */
static bool write_lacking(struct dip_book *book, struct place_out *out, enum code_kind kind,
                          const struct catalogue *catalogue, bool *there) {
    struct lacking lack = {.arena = book->arena, .catalogue = catalogue};
    bool diagnoses = kind == CODE_DIAGNOSIS;
    for (int sheet = 0; sheet < DIP_ENTRY_SHEETS; sheet++) {
        for (size_t i = 0; i < book->row_counts[sheet]; i++) {
            const struct dip_row *row = &book->rows[sheet][i];
            look_up_list(&lack, diagnoses ? row->diagnoses : row->principal, diagnoses ? "|" : "|+");
            look_up_list(&lack, diagnoses ? row->other : row->related, diagnoses ? "|" : "|+");
        }
    }
    for (int list = 0; list < (diagnoses ? 2 : DIP_OPERATION_LISTS); list++) {
        const struct dip_list *of = !diagnoses  ? &book->operations[list]
                                    : list == 0 ? &book->resistant
                                                : &book->excluded;
        for (size_t i = 0; i < of->count; i++) {
            look_up(&lack, of->items[i].code, strlen(of->items[i].code), of->items[i].name);
        }
    }
    *there = lack.count > 0;
    if (lack.count == 0) {
        return true;
    }
    qsort(lack.items, lack.count, sizeof *lack.items, by_code);
    struct yaml text = {.arena = book->arena};
    yaml_put(&text, "code\tname\n");
    for (size_t i = 0; i < lack.count; i++) {
        if (i == 0 || strcmp(lack.items[i].code, lack.items[i - 1].code) != 0) {
            yaml_put(&text, "%s\t%s\n", lack.items[i].code, lack.items[i].name);
        }
    }
    return place_put(out, diagnoses ? "added-diagnoses.tsv" : "added-procedures.tsv", &text);
}

/* ---- files ---- */

static bool write_sheet(struct dip_book *book, struct place_out *out, int sheet) {
    struct yaml csv = {.arena = book->arena};
    yaml_put(&csv, "code,name,diagnoses,principal_operations,related_operations,when,basic\n");
    for (size_t i = 0; i < book->row_counts[sheet]; i++) {
        const struct dip_row *row = &book->rows[sheet][i];
        dip_cell(&csv, row->code, false);
        dip_cell(&csv, row->name, false);
        dip_cell(&csv, row->diagnoses, false);
        dip_cell(&csv, row->principal, false);
        dip_cell(&csv, strcmp(row->related, DIP_ALL_PROCEDURES) == 0 ? "" : row->related, false);
        dip_cell(&csv, row->when, false);
        dip_cell(&csv, row->basic ? "1" : "", true);
    }
    return place_put(out, dip_sheet_file((enum dip_sheet)sheet), &csv);
}

static bool write_list(struct dip_book *book, struct place_out *out, const char *name,
                       const struct dip_list *list) {
    struct yaml text = {.arena = book->arena};
    for (size_t i = 0; i < list->count; i++) {
        yaml_put(&text, "%s%s%s\n", list->items[i].code, list->items[i].name[0] != '\0' ? "  # " : "",
                 list->items[i].name);
    }
    return list->count == 0 || place_put(out, name, &text);
}

/* ICD codes and categories that a note names, as items of a set: "限A09.0、K92.2" is A09.0* K92.2*. */
static const char *codes_of_note(struct arena *arena, const char *note) {
    const char *out = "";
    for (const char *at = note; *at != '\0'; at++) {
        size_t length = strspn(at + 1, "0123456789.x");
        bool starts =
            *at >= 'A' && *at <= 'Z' && length >= 2 && at[1] >= '0' && at[1] <= '9' && at[2] >= '0' && at[2] <= '9';
        if (starts && (at == note || !((at[-1] | 32) >= 'a' && (at[-1] | 32) <= 'z'))) {
            out = arena_format(arena, "%s%s%.*s*", out, *out != '\0' ? " " : "", (int)(length + 1), at);
            at += length;
        }
    }
    return out;
}

static bool names_operation(const char *list, const char *code) {
    size_t length = strlen(code);
    for (const char *at = list; *at != '\0';) {
        size_t part = strcspn(at, "|+");
        if (part == length && memcmp(at, code, length) == 0) {
            return true;
        }
        at += part + (at[part] != '\0');
    }
    return false;
}

/* With which diagnoses an operation of limited scope may be principal: those of its note, else those of the entries
 * that name it. */
static const char *scope_of(struct dip_book *book, const struct dip_listed *operation) {
    const char *items = codes_of_note(book->arena, operation->note);
    if (items[0] != '\0') {
        return items;
    }
    for (int sheet = 0; sheet < DIP_ENTRY_SHEETS; sheet++) {
        for (size_t i = 0; i < book->row_counts[sheet]; i++) {
            const struct dip_row *row = &book->rows[sheet][i];
            if (!names_operation(row->principal, operation->code) ||
                strcmp(row->diagnoses, DIP_ALL_DIAGNOSES) == 0) {
                continue;
            }
            for (const char *at = row->diagnoses; *at != '\0';) {
                size_t length = strcspn(at, "|"), dash = strcspn(at, "-|");
                const char *item = dash < length ? arena_format(book->arena, "%.*s..%.*s", (int)dash, at,
                                                                (int)(length - dash - 1), at + dash + 1)
                                                 : arena_format(book->arena, "%.*s*", (int)length, at);
                if (strstr(items, item) == NULL) {
                    items = arena_format(book->arena, "%s%s%s", items, items[0] != '\0' ? " " : "", item);
                }
                at += length + (at[length] == '|');
            }
        }
    }
    dip_note(book, DIP_NO_PROCEDURES, operation->row,
             "%s names no diagnoses; it is limited to those of the entries that name it%s", operation->code,
             items[0] != '\0' ? "" : ", and none does: it is never principal");
    return items;
}

static void write_operations(struct dip_book *book, struct yaml *yaml) {
    const struct dip_list *lists = book->operations;
    if (lists[DIP_AS_CONSERVATIVE].count + lists[DIP_NOT_AS_PRINCIPAL].count + lists[DIP_IN_SCOPE_ONLY].count ==
        0) {
        return;
    }
    yaml_put(yaml, "operations:\n");
    if (lists[DIP_AS_CONSERVATIVE].count > 0) {
        yaml_put(yaml, "  conservative: {file: conservative-operations.txt}\n");
    }
    if (lists[DIP_NOT_AS_PRINCIPAL].count > 0) {
        yaml_put(yaml, "  not_principal: {file: not-principal-operations.txt}\n");
    }
    if (lists[DIP_IN_SCOPE_ONLY].count > 0) {
        yaml_put(yaml, "  restricted:\n");
    }
    for (size_t i = 0; i < lists[DIP_IN_SCOPE_ONLY].count; i++) {
        const struct dip_listed *one = &lists[DIP_IN_SCOPE_ONLY].items[i];
        yaml_put(yaml, "  - procedures: %s\n", one->code);
        yaml_items(yaml, 4, "diagnoses", scope_of(book, one));
    }
}

static bool write_scheme(struct dip_book *book, struct place_out *out, const char *id, const char *extends,
                         const bool added[CODE_KINDS]) {
    struct yaml yaml = {.arena = book->arena};
    const char *name = strrchr(book->path, '/') != NULL ? strrchr(book->path, '/') + 1 : book->path;
    yaml_put(&yaml,
             "# The catalogue of an official DIP workbook, made by `casemix import dip-workbook`.\n\nscheme: "
             "%s\nextends: %s\n",
             yaml_scalar(book->arena, id, false), yaml_scalar(book->arena, extends, false));
    yaml_put(&yaml, "title: %s\n", yaml_scalar(book->arena, arena_format(book->arena, "DIP 3.0, %s", id), false));
    yaml_put(&yaml, "source: %s\n",
             yaml_scalar(book->arena, arena_format(book->arena, "the workbook %s", name), false));
    yaml_put(&yaml, "date: %s\n", file_date(book->arena, book->path));
    if (added[CODE_DIAGNOSIS] || added[CODE_PROCEDURE]) {
        yaml_put(&yaml, "codes:\n%s%s",
                 added[CODE_DIAGNOSIS] ? "  add_diagnoses: {file: added-diagnoses.tsv}\n" : "",
                 added[CODE_PROCEDURE] ? "  add_procedures: {file: added-procedures.tsv}\n" : "");
    }
    yaml_put(&yaml, "sets:\n  DI_TB_RESISTANT: %s\n",
             book->resistant.count > 0 ? "{file: resistant-diagnoses.txt}" : "U84.3*");
    if (book->excluded.count > 0) {
        yaml_put(&yaml, "excluded_diagnoses: {codes: {file: excluded-diagnoses.txt}, match: equal}\n");
    }
    write_operations(book, &yaml);
    yaml_put(&yaml, "catalogue:\n");
    for (int sheet = 0; sheet < DIP_ENTRY_SHEETS; sheet++) {
        if (book->row_counts[sheet] > 0) {
            yaml_put(&yaml, "- {file: %s, part: %s%s}\n", dip_sheet_file((enum dip_sheet)sheet),
                     dip_sheet_part((enum dip_sheet)sheet), sheet == DIP_FIRST ? ", without_operations: any" : "");
        }
    }
    bool good = place_put(out, "scheme.yaml", &yaml);
    yaml_put(&yaml, "bundle: %s\nschemes: [scheme.yaml]\n", yaml_scalar(book->arena, id, false));
    return place_put(out, "bundle.yaml", &yaml) && good;
}

bool dip_write(struct dip_book *book, struct place_out *out, const char *id, const char *extends,
               const struct scheme *base) {
    bool added[CODE_KINDS];
    bool good =
        write_lacking(book, out, CODE_DIAGNOSIS, base->catalogues[CODE_DIAGNOSIS], &added[CODE_DIAGNOSIS]) &&
        write_lacking(book, out, CODE_PROCEDURE, base->catalogues[CODE_PROCEDURE], &added[CODE_PROCEDURE]);
    for (int sheet = 0; sheet < DIP_ENTRY_SHEETS && good; sheet++) {
        good = book->row_counts[sheet] == 0 || write_sheet(book, out, sheet);
    }
    struct dip_listed u84 = {"U84.3*", "耐抗结核药", "", 0}; /* says so itself, whatever the list holds */
    if (book->resistant.count > 0) {
        ARENA_PUSH(book->arena, book->resistant.items, book->resistant.count, book->resistant.capacity, u84);
    }
    return good && write_list(book, out, "resistant-diagnoses.txt", &book->resistant) &&
           write_list(book, out, "excluded-diagnoses.txt", &book->excluded) &&
           write_list(book, out, "conservative-operations.txt", &book->operations[DIP_AS_CONSERVATIVE]) &&
           write_list(book, out, "not-principal-operations.txt", &book->operations[DIP_NOT_AS_PRINCIPAL]) &&
           write_scheme(book, out, id, extends, added);
}

bool dip_write_report(struct dip_book *book, struct place_out *out, const char *facts) {
    struct yaml text = {.arena = book->arena};
    yaml_put(&text, "# What was read\n\n%s\n\n", facts);
    for (int sheet = 0; sheet < DIP_ENTRY_SHEETS; sheet++) {
        yaml_put(&text, "- %s: %zu entries in %s\n", book->sheet_names[sheet], book->row_counts[sheet],
                 dip_sheet_file((enum dip_sheet)sheet));
    }
    yaml_put(&text, "- %s: %zu diagnoses\n- %s: %zu diagnoses\n", book->sheet_names[DIP_RESISTANT],
             book->resistant.count > 0 ? book->resistant.count - 1 : 0, book->sheet_names[DIP_NO_DIAGNOSES],
             book->excluded.count);
    yaml_put(&text, "- %s: %zu count as conservative, %zu are never principal, %zu only with certain diagnoses\n",
             book->sheet_names[DIP_NO_PROCEDURES], book->operations[DIP_AS_CONSERVATIVE].count,
             book->operations[DIP_NOT_AS_PRINCIPAL].count, book->operations[DIP_IN_SCOPE_ONLY].count);
    yaml_put(&text, "- %s: %zu of these entries\n", book->sheet_names[DIP_BASIC], book->basic_count);
    if (book->note_count > 0) {
        yaml_put(&text, "\n# What was repaired or left out, and what to look at (%zu)\n\n%.*s", book->note_count,
                 (int)book->notes.length, book->notes.bytes);
    }
    yaml_clear(&book->notes);
    return place_put(out, "REPORT.md", &text);
}
