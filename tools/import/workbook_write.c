/* SPDX-License-Identifier: Apache-2.0
 *
 * From the book to YAML. A code set stands where it is used: in the step, in the MDC, or in the scheme. */
#include "workbook_write.h"

#include <stdlib.h>
#include <string.h>

static const char *const written_names[WRITTEN_MDCS] = {"bundle.yaml", "scheme.yaml",   "severity.yaml",
                                                        "REPORT.md",   "diagnoses.tsv", "procedures.tsv"};

const char *writing_name(const struct book_writing *writing, enum written_number file) {
    return file < WRITTEN_MDCS ? written_names[file]
                               : arena_format(writing->book->arena, "mdc/%c.yaml", 'A' + (int)file - WRITTEN_MDCS);
}

/* ---- places ---- */

static void mark(struct book_writing *writing, enum written_number file, struct origin origin, uint32_t column) {
    struct written *written = &writing->files[file];
    for (; written->counted < written->text.length; written->counted++) {
        written->lines += written->text.bytes[written->counted] == '\n';
    }
    struct mark here = {written->lines + 1, column, origin};
    ARENA_PUSH(writing->book->arena, written->marks, written->mark_count, written->mark_capacity, here);
}

const struct mark *writing_find(const struct book_writing *writing, const char *path, uint32_t line) {
    for (int f = 0; f < WRITTEN_FILES; f++) {
        const struct written *written = &writing->files[f];
        const char *name = writing_name(writing, (enum written_number)f);
        size_t length = strlen(name), whole = strlen(path);
        if (whole <= length || path[whole - length - 1] != '/' || strcmp(path + whole - length, name) != 0) {
            continue;
        }
        const struct mark *found = NULL;
        for (size_t i = 0; i < written->mark_count && written->marks[i].line <= line; i++) {
            found = &written->marks[i];
        }
        return found;
    }
    return NULL;
}

/* ---- code catalogues ---- */

static enum code_kind kind_of(const struct book_code *code) {
    return code->text[0] >= '0' && code->text[0] <= '9' ? CODE_PROCEDURE : CODE_DIAGNOSIS;
}

/* The catalogue of a kind with the workbook's codes, and the file with what the base lacks. */
static void put_catalogue(struct book_writing *writing, enum code_kind kind) {
    struct book *book = writing->book;
    static const struct catalogue none[CODE_KINDS] = {{.kind = CODE_DIAGNOSIS}, {.kind = CODE_PROCEDURE}};
    const struct catalogue *base = writing->base[kind] ? writing->base[kind] : &none[kind];
    struct code *codes = ARENA_ARRAY(book->arena, struct code, book->code_count + 1);
    struct place *places = ARENA_ARRAY(book->arena, struct place, book->code_count + 1);
    uint32_t count = 0;
    for (size_t i = 0; i < book->code_count; i++) {
        const struct book_code *code = &book->codes[i];
        if (kind_of(code) == kind && catalogue_find(base, code->text, code->length) == UINT32_MAX) {
            codes[count++] =
                (struct code){.text = code->text, .length = (uint32_t)code->length, .name = code->name};
        }
    }
    struct report *report = report_new(book->arena);
    const struct catalogue *all = catalogue_extend(book->arena, report, base, codes, places, count);
    writing->catalogues[kind] = all;
    writing->added[kind] = count;
    struct yaml *out = &writing->files[kind == CODE_DIAGNOSIS ? WRITTEN_DIAGNOSES : WRITTEN_PROCEDURES].text;
    if (count == 0) {
        return;
    }
    yaml_put(out, "code\tname\n");
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->codes[i].added) {
            yaml_put(out, "%s\t%s\n", all->codes[i].text, all->codes[i].name);
        }
    }
}

static void number_codes(struct book_writing *writing) {
    const struct book *book = writing->book;
    writing->numbers = ARENA_ARRAY(book->arena, uint32_t, book->code_count + 1);
    for (size_t i = 0; i < book->code_count; i++) {
        const struct book_code *code = &book->codes[i];
        writing->numbers[i] = catalogue_find(writing->catalogues[kind_of(code)], code->text, code->length);
    }
}

/* ---- sets ---- */

struct short_forms {
    struct shortener *of[CODE_KINDS];
    uint64_t *bits[CODE_KINDS];
};

static size_t words_of(const struct book_writing *writing, enum code_kind kind) {
    return (size_t)writing->catalogues[kind]->count / 64 + 1;
}

static void clear(const struct book_writing *writing, const struct short_forms *forms, enum code_kind kind) {
    memset(forms->bits[kind], 0, words_of(writing, kind) * sizeof(uint64_t));
}

static void put_bit(uint64_t *bits, uint32_t number) {
    bits[number / 64] |= (uint64_t)1 << number % 64;
}

static const char *plain_list(const struct book_writing *writing, enum code_kind kind, const uint64_t *bits) {
    const struct catalogue *all = writing->catalogues[kind];
    size_t size = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        size += bits[i / 64] >> i % 64 & 1 ? all->codes[i].length + 1 : 0;
    }
    char *text = arena_take(writing->book->arena, size + 1), *at = text;
    for (uint32_t i = 0; i < all->count; i++) {
        if (bits[i / 64] >> i % 64 & 1) {
            memcpy(at, all->codes[i].text, all->codes[i].length);
            at += all->codes[i].length;
            *at++ = ' ';
        }
    }
    if (at > text) {
        at[-1] = '\0';
    }
    return text;
}

static const char *text_of_bits(const struct book_writing *writing, const struct short_forms *forms,
                                enum code_kind kind) {
    return writing->base[kind] ? shorten(forms->of[kind], forms->bits[kind], NULL)
                               : plain_list(writing, kind, forms->bits[kind]);
}

/* Branches and ranges say the same in less over a catalogue that the user named. Without one the codes stand there
 * as the workbook has them: what a branch takes in would depend on which codes the workbook happens to name. */
static const char *items_of(const struct book_writing *writing, const struct short_forms *forms,
                            const struct book_set *set) {
    clear(writing, forms, set->kind);
    for (size_t i = 0; i < set->count; i++) {
        put_bit(forms->bits[set->kind], writing->numbers[set->members[i].code]);
    }
    return text_of_bits(writing, forms, set->kind);
}

static bool is_gray(const struct book_set *set) {
    return strcmp(set->id, "DI_GRAY") == 0 || strcmp(set->id, "OP_GRAY") == 0;
}

/* The sets of a step, an MDC, or (both NULL) the scheme. */
static void put_sets(struct book_writing *writing, enum written_number file, const struct short_forms *forms,
                     unsigned indent, const struct group *mdc, const struct group *step) {
    const struct book *book = writing->book;
    struct yaml *out = &writing->files[file].text;
    bool any = false;
    for (size_t i = 0; i < book->set_count; i++) {
        const struct book_set *set = &book->sets[i];
        if (set->mdc != mdc || set->step != step || is_gray(set)) {
            continue;
        }
        if (!any) {
            yaml_put(out, "%*ssets:\n", (int)indent, "");
            any = true;
        }
        mark(writing, file, set->origin, 0);
        yaml_items(out, indent + 2, set->id, items_of(writing, forms, set));
    }
}

/* ---- rules ---- */

/* `when`, and the official text in a comment where the two differ. */
static void put_when(struct book_writing *writing, enum written_number file, const struct group *group,
                     unsigned indent) {
    struct yaml *out = &writing->files[file].text;
    struct origin origin = {group->origin.sheet, group->origin.row, group->rule_column};
    bool same = strcmp(group->rule, group->official) == 0;
    if (!same) {
        yaml_put(out, "%*s# official rule: %s\n", (int)indent, "",
                 group->official[0] ? group->official : "(empty)");
    }
    if (group->rule[0] == '\0') {
        return;
    }
    size_t before = out->length;
    yaml_put(out, "%*swhen: ", (int)indent, "");
    uint32_t column = (uint32_t)(out->length - before) + 1;
    size_t start = out->length;
    mark(writing, file, origin, 0);
    yaml_put(out, "%s", yaml_scalar(writing->book->arena, group->rule, false));
    struct written *written = &writing->files[file];
    written->marks[written->mark_count - 1].column = same ? column + (out->bytes[start] != group->rule[0]) : 0;
    yaml_put(out, "\n");
}

static void put_drg(struct book_writing *writing, enum written_number file, const struct group *drg) {
    struct yaml *out = &writing->files[file].text;
    struct origin origin = {drg->origin.sheet, drg->origin.row, drg->rule_column};
    bool same = strcmp(drg->rule, drg->official) == 0;
    if (!same) {
        yaml_put(out, "    # official rule: %s\n", drg->official);
    }
    mark(writing, file, origin, 0);
    size_t before = out->length;
    yaml_put(out, "    - {drg: %s", drg->code);
    if (drg->rule[0] != '\0') {
        yaml_put(out, ", when: ");
        size_t start = out->length;
        yaml_put(out, "%s", yaml_scalar(writing->book->arena, drg->rule, true));
        struct written *written = &writing->files[file];
        uint32_t column = (uint32_t)(start - before) + 1;
        written->marks[written->mark_count - 1].column = same ? column + (out->bytes[start] != drg->rule[0]) : 0;
    }
    yaml_put(out, ", name: ");
    yaml_put(out, "%s", yaml_scalar(writing->book->arena, drg->name, true));
    yaml_put(out, "} # row %u\n", drg->origin.row);
}

static void put_step(struct book_writing *writing, enum written_number file, const struct short_forms *forms,
                     const struct group *mdc, const struct group *step) {
    struct yaml *out = &writing->files[file].text;
    mark(writing, file, step->origin, 0);
    yaml_put(out, "  %s:\n    name: ", step->code);
    yaml_put(out, "%s", yaml_scalar(writing->book->arena, step->name, false));
    yaml_put(out, "\n    source: ADRG row %u\n", step->origin.row);
    if (step->qy) {
        yaml_put(out, "    qy: true\n");
    }
    put_when(writing, file, step, 4);
    put_sets(writing, file, forms, 4, mdc, step);
    if (step->qy) {
        return;
    }
    if (step->below_count == 0) {
        yaml_put(out, "    no_drg: adrg\n");
        return;
    }
    yaml_put(out, "    drgs:\n");
    for (size_t i = 0; i < step->below_count; i++) {
        put_drg(writing, file, step->below[i]);
    }
}

static void put_mdc(struct book_writing *writing, const struct short_forms *forms, const struct group *mdc) {
    enum written_number file = (enum written_number)(WRITTEN_MDCS + mdc->code[3] - 'A');
    struct yaml *out = &writing->files[file].text;
    yaml_put(out,
             "# Rows are those of the sheets MDC, ADRG and (behind each DRG) DRG of the official workbook.\n\n");
    mark(writing, file, mdc->origin, 0);
    yaml_put(out, "mdc: %s\nname: ", mdc->code);
    yaml_put(out, "%s", yaml_scalar(writing->book->arena, mdc->name, false));
    yaml_put(out, "\nsource: MDC row %u\n", mdc->origin.row);
    put_when(writing, file, mdc, 0);
    put_sets(writing, file, forms, 0, mdc, NULL);
    yaml_put(out, "%s", mdc->below_count ? "steps:\n" : "steps: {}\n");
    for (size_t i = 0; i < mdc->below_count; i++) {
        put_step(writing, file, forms, mdc, mdc->below[i]);
    }
}

/* ---- severity ---- */

/* One part of an exclusion table: 'P' its principal diagnoses, 'M' its MCC, 'C' its CC. */
static bool put_part(struct book_writing *writing, const struct short_forms *forms, uint32_t table, char part) {
    const struct book *book = writing->book;
    bool any = false;
    clear(writing, forms, CODE_DIAGNOSIS);
    for (size_t i = 0; i < book->code_count; i++) {
        const struct book_code *code = &book->codes[i];
        if (part == 'P' ? table != 0 && code->exclusion == table : code->severity == part && code->table == table) {
            put_bit(forms->bits[CODE_DIAGNOSIS], writing->numbers[i]);
            any = true;
        }
    }
    if (any) {
        yaml_items(&writing->files[WRITTEN_SEVERITY].text, 4,
                   part == 'P'   ? "principal"
                   : part == 'M' ? "mcc"
                                 : "cc",
                   text_of_bits(writing, forms, CODE_DIAGNOSIS));
    }
    return any;
}

static void put_severity(struct book_writing *writing, const struct short_forms *forms) {
    struct book *book = writing->book;
    struct yaml *out = &writing->files[WRITTEN_SEVERITY].text;
    yaml_put(out,
             "# Sheets CC and 排除表: an MCC or CC does not count if the principal diagnosis is in its table.\n\n"
             "severity:");
    size_t tables = 0;
    for (uint32_t t = 0; t <= book->exclusion_count; t++) {
        size_t before = out->length;
        if (t > 0) {
            mark(writing, WRITTEN_SEVERITY, book->exclusions[t - 1].origin, 0);
        }
        yaml_put(out, "%s  %s:\n", tables == 0 ? "\n" : "", t == 0 ? "always" : book->exclusions[t - 1].id);
        bool principal = put_part(writing, forms, t, 'P');
        bool mcc = put_part(writing, forms, t, 'M'), cc = put_part(writing, forms, t, 'C');
        if (!principal && !mcc && !cc) {
            out->length = before;
            continue;
        }
        tables++;
        if (t > 0 && !principal) {
            book_note(book, NOTE_LOOK, "Exclusion tables of CC that 排除表 does not have: their codes always count",
                      book->exclusions[t - 1].origin, "%s", book->exclusions[t - 1].id);
        }
    }
    if (tables == 0) {
        yaml_put(out, " {}\n");
    }
}

/* ---- the scheme ---- */

static void put_codes_key(struct book_writing *writing, enum code_kind kind) {
    struct yaml *out = &writing->files[WRITTEN_SCHEME].text;
    const char *word = kind == CODE_DIAGNOSIS ? "diagnoses" : "procedures";
    yaml_put(out, "  %s: ", word);
    if (!writing->catalogue_paths[kind]) {
        yaml_put(out, "%s.tsv\n", word);
        return;
    }
    yaml_put(out, "%s", yaml_scalar(writing->book->arena, writing->catalogue_paths[kind], false));
    yaml_put(out, "\n");
    if (writing->added[kind] > 0) {
        yaml_put(out, "  add_%s: {file: %s.tsv} # of the workbook, not in the catalogue\n", word, word);
    }
}

static void put_gray(struct book_writing *writing, const struct short_forms *forms) {
    static const struct {
        const char *id, *key, *action;
    } rows[] = {{"DI_GRAY", "diagnoses", "principal_diagnosis: ungrouped"},
                {"OP_GRAY", "procedures", "principal_procedure: ignore"}};
    const struct book *book = writing->book;
    struct yaml *out = &writing->files[WRITTEN_SCHEME].text;
    bool any = false;
    for (size_t r = 0; r < 2; r++) {
        uint32_t at = name_find(&book->set_names, rows[r].id, strlen(rows[r].id));
        if (at == UINT32_MAX || book->sets[at].count == 0) {
            continue;
        }
        yaml_put(out, "%s", any ? "" : "gray:\n");
        any = true;
        mark(writing, WRITTEN_SCHEME, book->sets[at].origin, 0);
        yaml_items(out, 2, rows[r].key, items_of(writing, forms, &book->sets[at]));
        yaml_put(out, "  %s\n", rows[r].action);
    }
}

static void put_scheme(struct book_writing *writing, const struct short_forms *forms) {
    const struct book *book = writing->book;
    struct yaml *out = &writing->files[WRITTEN_SCHEME].text;
    const char *file = strrchr(book->path, '/') ? strrchr(book->path, '/') + 1 : book->path;
    yaml_put(
        out,
        "# Written by `casemix import workbook`; REPORT.md tells what was read, repaired and moved.\n\nscheme: ");
    yaml_put(out, "%s", yaml_scalar(writing->book->arena, writing->id, false));
    yaml_put(out, "\ntitle: ");
    yaml_put(out, "%s",
             yaml_scalar(writing->book->arena, book->title ? book->title : "按病组（DRG）付费分组方案", false));
    yaml_put(out, "\nsource: ");
    yaml_put(out, "%s", yaml_scalar(writing->book->arena, file, false));
    yaml_put(out, "\ndate: %s\ncodes:\n", writing->date);
    put_codes_key(writing, CODE_DIAGNOSIS);
    put_codes_key(writing, CODE_PROCEDURE);
    yaml_put(out, "no_drg: next\n");
    put_gray(writing, forms);
    put_sets(writing, WRITTEN_SCHEME, forms, 0, NULL, NULL);
    yaml_put(out, "severity: severity.yaml\nmdcs:\n");
    for (size_t i = 0; i < book->group_counts[SHEET_MDC]; i++) {
        const struct group *mdc = book->groups[SHEET_MDC][i];
        if (!mdc->bucket) {
            yaml_put(out, "- mdc/%c.yaml # %s\n", mdc->code[3], mdc->name);
        }
    }
}

void writing_rules(struct book_writing *writing) {
    const struct book *book = writing->book;
    struct short_forms forms;
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        put_catalogue(writing, (enum code_kind)kind);
        forms.of[kind] = shortener_new(book->arena, writing->catalogues[kind]);
        forms.bits[kind] = ARENA_ARRAY(book->arena, uint64_t, words_of(writing, (enum code_kind)kind));
    }
    number_codes(writing);
    struct yaml *bundle = &writing->files[WRITTEN_BUNDLE].text;
    yaml_put(bundle, "bundle: ");
    yaml_put(bundle, "%s", yaml_scalar(writing->book->arena, writing->id, false));
    yaml_put(bundle, "\nschemes: [scheme.yaml]\n");
    put_scheme(writing, &forms);
    put_severity(writing, &forms);
    for (size_t i = 0; i < book->group_counts[SHEET_MDC]; i++) {
        if (!book->groups[SHEET_MDC][i]->bucket) {
            put_mdc(writing, &forms, book->groups[SHEET_MDC][i]);
        }
    }
}

/* ---- the report ---- */

static size_t count_groups(const struct book *book, enum book_sheet sheet) {
    size_t count = 0;
    for (size_t i = 0; i < book->group_counts[sheet]; i++) {
        count += !book->groups[sheet][i]->bucket && !book->groups[sheet][i]->qy;
    }
    return count;
}

static void put_counts(struct book_writing *writing) {
    const struct book *book = writing->book;
    uint32_t all = name_find(&book->set_names, "OP_ALL", 6);
    const struct {
        const char *what;
        size_t count;
        const char *official;
    } rows[] = {
        {"MDC", count_groups(book, SHEET_MDC), "26"},
        {"ADRG", count_groups(book, SHEET_ADRG), "492"},
        {"DRG", count_groups(book, SHEET_DRG), "825"},
        {"MCC", book->severity_counts[0], "1581"},
        {"CC", book->severity_counts[1], "6337"},
        {"exclusion tables", book->exclusion_count, "148"},
        {"principal diagnoses in them", book->exclusion_rows,
         "21043 (7 rows are missing in the workbook of 2026-09-09)"},
        {"code sets", book->set_count, ""},
        {"rows of code sets, each once", book->set_rows, "106837 (106950 with 113 doubled ones)"},
        {"valid procedures OP_ALL", all == UINT32_MAX ? 0 : book->sets[all].count, "9514"},
    };
    struct yaml *out = &writing->files[WRITTEN_REPORT].text;
    yaml_put(out, "## Read\n\n| what | here | CHS-DRG 3.0 of 2026-09-09 |\n|---|---|---|\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        yaml_put(out, "| %s | %zu | %s |\n", rows[i].what, rows[i].count, rows[i].official);
    }
    yaml_put(out, "\n| sheet | headings in row | rows below |\n|---|---|---|\n");
    for (int s = 0; s < BOOK_SHEETS; s++) {
        yaml_put(out, "| %s | %u | %u |\n", book->sheets[s].name, book->sheets[s].heading, book->sheets[s].rows);
    }
}

static void put_topics(struct book_writing *writing, enum note_kind kind, const char *title) {
    struct yaml *out = &writing->files[WRITTEN_REPORT].text;
    yaml_put(out, "\n## %s\n", title);
    if (!writing->book->topics[kind]) {
        yaml_put(out, "\nNothing.\n");
    }
    for (const struct topic *topic = writing->book->topics[kind]; topic; topic = topic->next) {
        yaml_put(out, "\n### %s: %zu\n\n", topic->title, topic->count);
        for (const struct note *note = topic->first; note; note = note->next) {
            yaml_put(out, "- %s\n", note->text);
        }
        if (topic->count > BOOK_NOTES_SHOWN) {
            yaml_put(out, "- and %zu more\n", topic->count - BOOK_NOTES_SHOWN);
        }
    }
}

static int compare_diagnoses(const void *a, const void *b) {
    return strcmp((*(struct book_code *const *)a)->text, (*(struct book_code *const *)b)->text);
}

/* Rows that seem to be missing in 排除表: a four-digit category in no table, although the codes before and behind
 * it are in the same one and the one behind is a part of it. Nothing is added by guess; an overlay can add them. */
static void put_missing(struct book_writing *writing) {
    struct book *book = writing->book;
    struct yaml *out = &writing->files[WRITTEN_REPORT].text;
    const struct book_code **sorted = ARENA_ARRAY(book->arena, const struct book_code *, book->code_count + 1);
    size_t count = 0, found = 0;
    for (size_t i = 0; i < book->code_count; i++) {
        if (kind_of(&book->codes[i]) == CODE_DIAGNOSIS && (book->codes[i].in_set || book->codes[i].exclusion)) {
            sorted[count++] = &book->codes[i];
        }
    }
    qsort(sorted, count, sizeof *sorted, compare_diagnoses);
    for (size_t i = 1; i + 1 < count; i++) {
        const struct book_code *code = sorted[i], *before = sorted[i - 1], *behind = sorted[i + 1];
        if (code->exclusion != 0 || behind->exclusion == 0 || before->exclusion != behind->exclusion ||
            code->length != 7 || strcmp(code->text + 5, "00") != 0 || strncmp(code->text, behind->text, 5) != 0) {
            continue;
        }
        yaml_put(out, "%s",
                 found++ ? ""
                         : "\n### Rows that seem to be missing in 排除表\n\nNothing was added. Look them up in the "
                           "printed edition; an overlay adds them under `severity:` with:\n\n```yaml\n");
        yaml_put(out, "  %s: {principal: {add: %s}}\n", book->exclusions[behind->exclusion - 1].id, code->text);
    }
    yaml_put(out, "%s", found ? "```\n" : "");
}

void writing_report(struct book_writing *writing, const char *facts) {
    static const char *const titles[NOTE_KINDS] = {"Repaired", "Moved", "Left out", "To look at"};
    const struct book *book = writing->book;
    struct yaml *out = &writing->files[WRITTEN_REPORT].text;
    const char *file = strrchr(book->path, '/') ? strrchr(book->path, '/') + 1 : book->path;
    yaml_put(out,
             "# What became of %s\n\nRead by `casemix import workbook`. Rows and columns are those of the "
             "workbook. Compiled: %s.\n\n",
             file, facts);
    put_counts(writing);
    for (int kind = 0; kind < NOTE_KINDS; kind++) {
        put_topics(writing, (enum note_kind)kind, titles[kind]);
    }
    put_missing(writing);
}
