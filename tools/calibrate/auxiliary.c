/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix calibrate auxiliary: factors of the classes of auxiliary catalogues, for the entries where classes tell
 * much of a wide spread. */
#include "calibrate.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: casemix calibrate auxiliary -i IMAGE.cmx HISTORY.csv... -o DIR [options]\n"
    "\n"
    "Groups the history by a DIP scheme, such as `casemix calibrate dip` made, and looks at each entry whose\n"
    "costs are spread widely: an auxiliary catalogue earns its place there if its classes have enough cases\n"
    "and make the spread within them smaller. Then the factor of a class is its mean cost by the entry's.\n"
    "Writes the folder DIR:\n"
    "  factors.csv    entry,catalogue,class,factor: `auxiliary: {factors: factors.csv}` of a scheme\n"
    "  report.txt, report.csv   each entry and catalogue that was looked at, and why it was taken or not\n"
    "  rejects.csv    file,line,column,field,reason of the rows that could not be used\n"
    "\n"
    "  -i, --image FILE        the compiled scheme; with --scheme ID where the image has several\n"
    "  -o, --output DIR        the folder to write; --force replaces it\n"
    "      --factor-cv 0.7     entries with a spread over this are looked at\n"
    "      --min-cases 15      cases that a class needs; smaller classes count as one\n"
    "      --reduction 20      percent by which the classes must make the spread smaller\n"
    "      --weights 1:2:7, --last-year YEAR, --trim RULE, --levels W=L,...   as for `casemix calibrate dip`\n"
    "      --quiet, --map FILE, --encoding NAME, --codes NAME, --threads N   as for `casemix settle`\n"
    "\n"
    "example:\n"
    "  casemix calibrate auxiliary -i city.cmx 2021.csv 2022.csv 2023.csv -o factors\n";

enum { FACTORS, REPORT, TABLE, REJECTS };
static const char *const file_names[] = {"factors.csv", "report.txt", "report.csv", "rejects.csv", NULL};

struct auxiliary {
    struct settings settings;
    casemix_image *image;
    struct history history;
    struct study study;
    struct totals totals;
    struct sorting sorting;
    struct folder *folder;
    struct buffer factors, table;
    uint32_t *members; /* of the entry, not trimmed */
    size_t member_count, member_room;
    uint64_t entries, wide, taken, factor_count;
};

/* A class of one catalogue within an entry. */
struct class {
    casemix_text name;
    struct summary summary;
};

/* entry TAB its name, then for each auxiliary catalogue that applies TAB catalogue NEWLINE class. */
static const char *class_key(const struct history *h, struct worker *w, struct buffer *key, struct record *one) {
    (void)h;
    (void)one;
    const casemix_grouping *g = &w->grouping;
    const char *wrong = why_ungrouped(g);
    if (wrong) {
        return wrong;
    }
    buffer_add(key, g->drg.text, g->drg.length);
    buffer_text(key, "\t");
    buffer_add(key, g->name.text, g->name.length);
    casemix_dip_index index;
    for (uint32_t i = 0; casemix_dip_index_at(w->context, i, &index) == CASEMIX_OK; i++) {
        if (!index.supervision) {
            buffer_text(key, "\t");
            buffer_add(key, index.index.text, index.index.length);
            buffer_text(key, "\n");
            buffer_add(key, index.class_name.text, index.class_name.length);
        }
    }
    return NULL;
}

/* ---- an entry --------------------------------------------------------------------------------------------- */

static casemix_text entry_code(const struct auxiliary *a, uint32_t group) {
    casemix_text key = a->history.groups.items[group];
    return (casemix_text){key.text, strcspn(key.text, "\t")};
}

static casemix_text entry_name(const struct auxiliary *a, uint32_t group) {
    const char *name = strchr(a->history.groups.items[group].text, '\t') + 1;
    return (casemix_text){name, strcspn(name, "\t")};
}

/* The class of a group of cases in the catalogue; absent if none applies. */
static casemix_text class_of(const struct auxiliary *a, uint32_t group, casemix_text catalogue) {
    const char *at = strchr(a->history.groups.items[group].text, '\t') + 1;
    while ((at = strchr(at, '\t')) != NULL) {
        at++;
        if (strncmp(at, catalogue.text, catalogue.length) == 0 && at[catalogue.length] == '\n') {
            at += catalogue.length + 1;
            return (casemix_text){at, strcspn(at, "\t")};
        }
    }
    return (casemix_text){"", 0};
}

/* The catalogues that apply to some of the groups of cases [first, end), in the order of their names. */
static void find_catalogues(const struct auxiliary *a, uint32_t first, uint32_t end, struct names *out) {
    struct names found = {0};
    for (uint32_t g = first; g < end; g++) {
        const char *at = strchr(a->history.groups.items[g].text, '\t') + 1;
        while ((at = strchr(at, '\t')) != NULL) {
            at++;
            names_add(&found, at, strcspn(at, "\n"));
        }
    }
    uint32_t *order = names_sorted(&found);
    for (uint32_t i = 0; i < found.count; i++) {
        names_add(out, found.items[order[i]].text, found.items[order[i]].length);
    }
    free(order);
    names_free(&found);
}

/* Records of the groups [first, end), or of those in a class of the catalogue, that cost low to high. */
static void gather_members(struct auxiliary *a, uint32_t first, uint32_t end, const casemix_text *catalogue,
                           casemix_text name, uint32_t low, uint32_t high) {
    a->member_count = 0;
    for (uint32_t g = first; g < end; g++) {
        if (catalogue && text_order(class_of(a, g, *catalogue), name) != 0) {
            continue;
        }
        for (size_t i = a->sorting.first[g]; i < a->sorting.first[g + 1]; i++) {
            uint32_t cost = store_at(&a->history.store, a->sorting.order[i])->cost;
            if (cost < low || cost > high) {
                continue;
            }
            if (a->member_count == a->member_room) {
                a->member_room = a->member_room ? 2 * a->member_room : 1024;
                a->members = need(reallocarray(a->members, a->member_room, sizeof *a->members));
            }
            a->members[a->member_count++] = a->sorting.order[i];
        }
    }
}

/* Squares around the mean, of a set. */
static struct quotient squares_around(const struct summary *s) {
    return quotient_subtract(quotient_of(s->squares, 1), quotient_of((whole128)s->sum * s->sum, s->used));
}

/* ---- a catalogue within an entry -------------------------------------------------------------------------- */

struct trial {
    const struct summary *entry;
    struct quotient entry_mean;
    casemix_text catalogue;
    struct class *classes; /* those with enough cases */
    size_t count;
    struct summary rest; /* the other cases */
    bool taken;
    int64_t within;    /* spread within the classes, 1/10000 */
    int64_t reduction; /* 1/10000; negative: none */
};

static void find_classes(struct auxiliary *a, uint32_t first, uint32_t end, struct trial *t) {
    struct names found = {0};
    for (uint32_t g = first; g < end; g++) {
        casemix_text name = class_of(a, g, t->catalogue);
        names_add(&found, name.text, name.length);
    }
    uint32_t *order = names_sorted(&found);
    struct study plain = a->study;
    plain.trim.rule = TRIM_NONE;
    t->classes = need(calloc((size_t)found.count + 1, sizeof *t->classes));
    for (uint32_t i = 0; i < found.count; i++) {
        casemix_text name = found.items[order[i]];
        struct class *class = &t->classes[t->count];
        gather_members(a, first, end, &t->catalogue, name, t->entry->low, t->entry->high);
        summarise(&plain, a->members, a->member_count, &class->summary, NULL);
        if (name.length == 0 || class->summary.used == 0 || class->summary.used < a->settings.min_cases) {
            summary_join(&t->rest, &class->summary, a->study.years);
            continue;
        }
        /* the text stays in the keys of the history */
        for (uint32_t g = first; g < end; g++) {
            casemix_text lasting = class_of(a, g, t->catalogue);
            class->name = text_order(lasting, name) == 0 ? lasting : class->name;
        }
        t->count++;
    }
    free(order);
    names_free(&found);
}

/* The spread within classes is that of all cases around the mean of their class, by the mean of the entry. */
static void judge(struct auxiliary *a, struct trial *t) {
    struct quotient inside = t->rest.used ? squares_around(&t->rest) : quotient_of(0, 1);
    for (size_t i = 0; i < t->count; i++) {
        inside = quotient_add(inside, squares_around(&t->classes[i].summary));
    }
    struct quotient all = squares_around(t->entry);
    struct quotient share = quotient_divide(inside, all), left = quotient_of(10000 - a->settings.reduction, 10000);
    struct quotient square = variation_square(t->entry->used, t->entry->sum, t->entry->squares);
    t->within = quotient_root(quotient_multiply(share, square), 4);
    t->reduction = 10000 - quotient_root(share, 4);
    bool parts = t->count > 0 && t->count + (t->rest.used > 0) > 1;
    t->taken = parts && quotient_compare(share, quotient_multiply(left, left)) <= 0;
}

static void write_trial(struct auxiliary *a, uint32_t group, const struct trial *t) {
    for (size_t i = 0; i <= t->count; i++) {
        const struct class *class = i < t->count ? &t->classes[i] : NULL;
        const struct summary *s = class ? &class->summary : &t->rest;
        struct quotient mean;
        if (!yearly_mean(&a->study, &s->cost, &mean)) {
            continue;
        }
        int64_t factor = class ? quotient_round(quotient_divide(mean, t->entry_mean), 4) : -1;
        buffer_cell(&a->table, entry_code(a, group));
        add_cell(&a->table, entry_name(a, group));
        add_cell(&a->table, t->catalogue);
        add_cell(&a->table, class ? class->name : text_of("(other cases)"));
        add_number(&a->table, (int64_t)s->used, 0);
        add_number(&a->table, quotient_round(mean, 0), 2);
        add_number(&a->table, factor, 4);
        add_number(&a->table, variation(t->entry->used, t->entry->sum, t->entry->squares), 4);
        add_number(&a->table, t->within, 4);
        buffer_text(&a->table, ",");
        add_decimal(&a->table, t->reduction, 4);
        buffer_text(&a->table, t->count == 0 ? ",no class has enough cases\n"
                               : t->taken    ? ",taken\n"
                                             : ",too little\n");
        if (class && t->taken) {
            buffer_cell(&a->factors, entry_code(a, group));
            add_cell(&a->factors, t->catalogue);
            add_cell(&a->factors, class->name);
            add_number(&a->factors, factor, 4);
            buffer_text(&a->factors, "\n");
            a->factor_count++;
        }
    }
}

static void look_at_entry(struct auxiliary *a, uint32_t first, uint32_t end) {
    struct summary entry;
    struct quotient mean;
    struct yearly *levels = need(calloc(a->study.levels, sizeof *levels));
    gather_members(a, first, end, NULL, text_of(""), 0, UINT32_MAX);
    summarise(&a->study, a->members, a->member_count, &entry, levels);
    bool some = yearly_mean(&a->study, &entry.cost, &mean);
    totals_add(&a->totals, &a->study, &entry, levels, some ? quotient_round(mean, 0) : 0);
    free(levels);
    a->entries += some;
    if (!some || variation_compare(entry.used, entry.sum, entry.squares, (uint32_t)a->settings.factor_cv) <= 0) {
        return;
    }
    a->wide++;
    struct names catalogues = {0};
    find_catalogues(a, first, end, &catalogues);
    for (uint32_t i = 0; i < catalogues.count; i++) {
        struct trial t = {.entry = &entry, .entry_mean = mean, .catalogue = catalogues.items[i]};
        find_classes(a, first, end, &t);
        judge(a, &t);
        write_trial(a, first, &t);
        a->taken += t.taken;
        free(t.classes);
    }
    names_free(&catalogues);
}

/* ---- the command ------------------------------------------------------------------------------------------ */

static bool write_report(struct auxiliary *a) {
    struct buffer text = {0};
    report_head(&text, "Auxiliary factors by casemix calibrate auxiliary", &a->history, &a->totals, "entries");
    buffer_format(&text, "\nEntries with cases: %llu, of which with a spread over ",
                  (unsigned long long)a->entries);
    add_decimal(&text, (int64_t)a->settings.factor_cv, 4);
    buffer_format(
        &text,
        ": %llu.\nCatalogues that earn their place there: %llu, with %llu factors (a class needs %llu cases; "
        "the spread must become smaller by ",
        (unsigned long long)a->wide, (unsigned long long)a->taken, (unsigned long long)a->factor_count,
        (unsigned long long)a->settings.min_cases);
    add_decimal(&text, (int64_t)a->settings.reduction, 2);
    buffer_text(&text, " %).\n");
    bool fine = write_text(a->folder, REPORT, &text);
    if (fine && !a->settings.quiet) {
        fwrite(text.data, 1, text.size, stdout);
    }
    buffer_free(&text);
    return fine;
}

static int calibrate(struct auxiliary *a) {
    a->folder = folder_open(a->settings.o.output, file_names, a->settings.force);
    if (!a->folder) {
        return EXIT_IO;
    }
    int code = history_read(&a->history, folder_file(a->folder, REJECTS));
    if (code != EXIT_DONE) {
        return code;
    }
    a->study = study_of(&a->history);
    totals_new(&a->totals, &a->study);
    a->sorting = sort_records(&a->history.store, a->history.groups.count);
    buffer_text(&a->factors, "entry,catalogue,class,factor\n");
    buffer_text(&a->table, "entry,name,catalogue,class,cases,mean_cost,factor,cv,cv_within,reduction,result\n");
    for (uint32_t first = 0, end; first < a->history.groups.count; first = end) {
        for (end = first + 1;
             end < a->history.groups.count && text_order(entry_code(a, first), entry_code(a, end)) == 0;) {
            end++;
        }
        look_at_entry(a, first, end);
    }
    bool fine =
        write_text(a->folder, FACTORS, &a->factors) && write_text(a->folder, TABLE, &a->table) && write_report(a);
    return fine ? finish(&a->folder, &a->history, &a->totals) : EXIT_IO;
}

int calibrate_auxiliary(int argc, char **argv) {
    struct auxiliary a = {0};
    int code = settings_read(&a.settings, argc, argv, FOR_AUXILIARY, help);
    if (code >= 0) {
        return code;
    }
    if ((code = open_image(a.settings.o.image, &a.image)) != EXIT_DONE) {
        return code;
    }
    a.history = (struct history){.settings = &a.settings, .image = a.image, .key = class_key};
    if ((code = check_frame(&a.settings, a.image, NULL)) == EXIT_DONE) {
        code = calibrate(&a);
    }
    folder_abandon(a.folder);
    buffer_free(&a.factors);
    buffer_free(&a.table);
    free(a.members);
    sorting_free(&a.sorting);
    totals_free(&a.totals);
    history_free(&a.history);
    close_image(a.image);
    return code;
}
