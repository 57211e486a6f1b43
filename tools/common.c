/* SPDX-License-Identifier: Apache-2.0
 *
 * Image, columns, rejects and cells: see common.h. */
#include "common.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- image ------------------------------------------------------------------------------------------------ */

static void *image_bytes; /* of the open image */

static int no_image(const char *path, int code, const char *why) {
    complain("%s: %s", path, why);
    return code;
}

/* The whole file. Memory from malloc is aligned as the image needs it. */
static int read_image(const char *path, int file, void **out, size_t *size) {
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        return no_image(path, EXIT_IO, "not a regular file; name an image made by `casemix compile`");
    }
    char *bytes = need(malloc((size_t)about.st_size + 1));
    ssize_t got = 1;
    for (*size = 0; got > 0 && *size < (size_t)about.st_size;) {
        got = read(file, bytes + *size, (size_t)about.st_size - *size);
        *size += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        free(bytes);
        return no_image(path, EXIT_IO, strerror(errno));
    }
    *out = bytes;
    return EXIT_DONE;
}

int open_image(const char *path, casemix_image **out) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        complain("%s: cannot be opened (%s); check the path given with -i", path, strerror(errno));
        return EXIT_IO;
    }
    size_t size = 0;
    int code = read_image(path, file, &image_bytes, &size);
    close(file);
    if (code != EXIT_DONE) {
        return code;
    }
    casemix_error error = {0};
    casemix_result result = casemix_image_from_memory(image_bytes, size, out, &error);
    if (result != CASEMIX_OK) {
        complain("%s: %s%s", path, error.message,
                 result == CASEMIX_BAD_IMAGE && !strstr(error.message, "compile") ? "; make one with `casemix compile`" : "");
        close_image(NULL);
        return result == CASEMIX_BAD_IMAGE ? EXIT_IMAGE : EXIT_IO;
    }
    return EXIT_DONE;
}

void close_image(casemix_image *image) {
    casemix_image_close(image);
    free(image_bytes);
    image_bytes = NULL;
}

int open_context(const casemix_image *image, const char *scheme, const char *policy, bool clinical,
                 casemix_context **out) {
    casemix_error error = {0};
    casemix_result result = casemix_context_new(image, scheme, policy, out, &error);
    if (result == CASEMIX_OK && clinical && casemix_context_set(*out, CASEMIX_CLINICAL_CODES, 1) != CASEMIX_OK) {
        complain("--codes clinical: %s", casemix_context_message(*out));
        return EXIT_USAGE;
    }
    if (result == CASEMIX_OK) {
        return EXIT_DONE;
    }
    complain("%s", error.message);
    return result == CASEMIX_BAD_ARGUMENT ? EXIT_USAGE : result == CASEMIX_BAD_IMAGE ? EXIT_IMAGE : EXIT_IO;
}

const char *choose_policy(const struct options *options, const casemix_image *image) {
    if (options->policy) {
        return options->policy;
    }
    uint32_t count = casemix_policy_count(image);
    casemix_policy_info info;
    if (count == 1 && casemix_policy_at(image, 0, &info) == CASEMIX_OK) {
        return info.id.text;
    }
    struct buffer list = {0};
    for (uint32_t i = 0; i < count && casemix_policy_at(image, i, &info) == CASEMIX_OK; i++) {
        buffer_format(&list, "%s%.*s", i ? ", " : "", (int)info.id.length, info.id.text);
    }
    if (count == 0) {
        complain("%s: the image has no policy to price with; name one in the bundle and compile it again",
                 options->command);
    } else {
        complain("%s: say --policy ID; the image has %.*s", options->command, (int)list.size, list.data);
    }
    buffer_free(&list);
    return NULL;
}

/* The scheme that cases are grouped by, NULL if it may be any. */
static const char *used_scheme(const casemix_image *image, const char *scheme, const char *policy) {
    casemix_policy_info info;
    for (uint32_t i = 0; !scheme && policy && casemix_policy_at(image, i, &info) == CASEMIX_OK; i++) {
        scheme = strcmp(info.id.text, policy) == 0 ? info.scheme.text : NULL;
    }
    return scheme;
}

/* The policy that cases are priced by; its note names the values that are made up. */
static bool tell_demonstration_policy(const casemix_image *image, const char *policy, bool aloud) {
    casemix_policy_info info;
    for (uint32_t i = 0; policy && casemix_policy_at(image, i, &info) == CASEMIX_OK; i++) {
        if (strcmp(info.id.text, policy) == 0 && casemix_policy_is_demonstration(image, i)) {
            if (aloud) {
                complain("note: policy %s: %s", info.id.text, info.note.length ? info.note.text : "demonstration data");
            }
            return true;
        }
    }
    return false;
}

static bool tell_demonstration(const casemix_image *image, const char *scheme, const char *policy, bool aloud) {
    const char *only = used_scheme(image, scheme, policy);
    casemix_scheme_info info;
    bool any = false;
    for (uint32_t i = 0; casemix_scheme_at(image, i, &info) == CASEMIX_OK; i++) {
        if (casemix_scheme_is_demonstration(image, i) && (!only || strcmp(info.id.text, only) == 0)) {
            any = true;
            if (aloud) {
                complain("note: scheme %s is made of demonstration data", info.id.text);
            }
        }
    }
    return tell_demonstration_policy(image, policy, aloud) || any;
}

void note_demonstration(const casemix_image *image, const char *scheme, const char *policy) {
    tell_demonstration(image, scheme, policy, true);
}

bool is_demonstration(const casemix_image *image, const char *scheme, const char *policy) {
    return tell_demonstration(image, scheme, policy, false);
}

/* ---- columns and facts ------------------------------------------------------------------------------------ */

struct rename {
    char *ours, *theirs;
    size_t line; /* of the map file */
};

struct renames {
    struct rename *rows;
    size_t count;
};

static char *trim(char *text) {
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1])) {
        text[--length] = '\0';
    }
    return text;
}

static void renames_free(struct renames *renames) {
    for (size_t i = 0; i < renames->count; i++) {
        free(renames->rows[i].ours);
        free(renames->rows[i].theirs);
    }
    free(renames->rows);
}

/* The file as UTF-8 text: whoever has claims in GB18030 writes the map in it too. */
static int read_text(const char *path, struct buffer *out) {
    struct source *source = source_open(path, NULL);
    size_t got = source ? 1 : 0;
    bool fine = source != NULL;
    while (fine && got > 0) {
        fine = source_pull(source, buffer_room(out, 4096), 4096, &got);
        out->size += fine ? got : 0;
    }
    source_close(source);
    *buffer_room(out, 1) = '\0';
    return fine ? EXIT_DONE : EXIT_IO;
}

/* One line of the map. */
static int add_rename(const char *path, char *line, size_t number, struct renames *out) {
    char *equals = strchr(line, '=');
    if (!equals) {
        complain("%s: line %zu: expected `our_column = their column`, as in `dx = 诊断编码`", path, number);
        return EXIT_FOUND;
    }
    *equals = '\0';
    out->rows = need(reallocarray(out->rows, out->count + 1, sizeof *out->rows));
    struct rename *row = &out->rows[out->count++];
    *row = (struct rename){need(strdup(trim(line))), need(strdup(trim(equals + 1))), number};
    if (casemix_fact(row->ours) < 0) {
        complain("%s: line %zu: there is no column '%s' in our format; `casemix help facts` lists them", path, number,
                 row->ours);
        return EXIT_FOUND;
    }
    return EXIT_DONE;
}

static int read_renames(const char *path, struct renames *out) {
    struct buffer text = {0};
    int code = read_text(path, &text);
    char *rest = text.data;
    for (size_t number = 1; code == EXIT_DONE && rest; number++) {
        char *line = trim(strsep(&rest, "\n"));
        if (*line && *line != '#') {
            code = add_rename(path, line, number, out);
        }
    }
    buffer_free(&text);
    return code;
}

/* A line of the map that no heading answers to is a slip of the pen, and may cost a column. */
static void tell_unused(const struct renames *renames, const char *path, const struct input *in) {
    for (size_t i = 0; i < renames->count; i++) {
        if (input_column(in, renames->rows[i].theirs) < 0) {
            complain("%s: line %zu: %s has no column '%s'", path, renames->rows[i].line, in->name,
                     renames->rows[i].theirs);
        }
    }
}

static int fact_of(const struct renames *renames, const char *name) {
    for (size_t i = 0; i < renames->count; i++) {
        if (strcasecmp(renames->rows[i].theirs, name) == 0) {
            return casemix_fact(renames->rows[i].ours);
        }
    }
    return name[0] ? casemix_fact(name) : -1;
}

static int check_map(const struct input *in, const struct fact_map *map, const struct buffer *passed) {
    int dx = casemix_fact("dx");
    bool has_dx = false;
    for (uint32_t i = 0; i < map->count; i++) {
        has_dx |= map->fact[i] == dx;
        for (uint32_t j = 0; j < i; j++) {
            if (map->fact[j] == map->fact[i]) {
                complain("%s: line %llu: columns %u and %u are both '%s'; remove or rename one", in->name,
                         (unsigned long long)in->line, map->column[j] + 1, map->column[i] + 1,
                         casemix_fact_column(map->fact[i]));
                return EXIT_FOUND;
            }
        }
    }
    if (!has_dx) {
        complain(
            "%s: line %llu: the heading has no column 'dx' (diagnoses, principal first, separated by |)%s; usual "
            "columns are id, gender, age, dx, proc, los (`casemix help facts` lists all). Rename the columns, or "
            "say --map FILE with lines such as `dx = their name`",
            in->name, (unsigned long long)in->line,
            map->count ? "" : ", nor any other column known here: the first line must name the columns");
        return EXIT_FOUND;
    }
    if (passed->size) {
        complain("%s: columns passed by: %.*s", in->name, (int)passed->size, passed->data);
    }
    return EXIT_DONE;
}

int map_facts(const struct input *in, const char *map_file, own_column_fn *own, struct fact_map *out) {
    struct renames renames = {0};
    struct buffer passed = {0};
    *out = (struct fact_map){.id = -1, .hospital = -1};
    int code = map_file ? read_renames(map_file, &renames) : EXIT_DONE;
    if (code == EXIT_DONE) {
        tell_unused(&renames, map_file, in);
    }
    out->column = need(calloc(in->columns, sizeof *out->column));
    out->fact = need(calloc(in->columns, sizeof *out->fact));
    const int id = casemix_fact("id"), hospital = casemix_fact("hospital");
    for (uint32_t i = 0; i < in->columns && code == EXIT_DONE; i++) {
        int fact = fact_of(&renames, in->names[i]);
        if (fact >= 0) {
            out->id = fact == id ? (int)i : out->id;
            out->hospital = fact == hospital ? (int)i : out->hospital;
            out->column[out->count] = i;
            out->fact[out->count++] = fact;
        } else if (!own || !own(in->names[i])) {
            buffer_format(&passed, "%s%s", passed.size ? ", " : "", in->names[i][0] ? in->names[i] : "(no name)");
        }
    }
    if (code == EXIT_DONE) {
        code = check_map(in, out, &passed);
    }
    if (code != EXIT_DONE) {
        fact_map_free(out);
    }
    buffer_free(&passed);
    renames_free(&renames);
    return code;
}

int fact_column(const struct fact_map *map, const char *name) {
    int fact = casemix_fact(name);
    for (uint32_t i = 0; i < map->count; i++) {
        if (map->fact[i] == fact) {
            return (int)map->column[i];
        }
    }
    return -1;
}

void fact_map_free(struct fact_map *map) {
    free(map->column);
    free(map->fact);
    *map = (struct fact_map){.id = -1, .hospital = -1};
}

void set_facts(casemix_case *one, const struct fact_map *map, const casemix_text *fields) {
    for (uint32_t i = 0; i < map->count; i++) {
        const casemix_text *field = &fields[map->column[i]];
        casemix_case_set(one, map->fact[i], field->text, field->length);
    }
}

/* ---- rejects ---------------------------------------------------------------------------------------------- */

bool rejects_open(struct rejects *rejects, const char *path, bool names_input) {
    *rejects = (struct rejects){.names_input = names_input};
    if (!path) {
        return true;
    }
    rejects->file = output_open(path);
    if (rejects->file) {
        buffer_text(&rejects->text, names_input ? "file,line,column,field,reason\n" : "line,column,field,reason\n");
    }
    return rejects->file != NULL;
}

static bool rejects_flush(struct rejects *rejects) {
    bool fine = output_write(rejects->file, rejects->text.data, rejects->text.size);
    rejects->text.size = 0;
    return fine;
}

bool rejects_tell(struct rejects *rejects, const struct input *in, const struct reject *reject) {
    const char *field = reject->column > 0 && reject->column <= in->columns ? in->names[reject->column - 1] : "";
    rejects->told++;
    if (!rejects->file) {
        if (rejects->told <= REJECTS_SHOWN) {
            complain("%s: line %llu: column %u%s%s: rejected: %s", in->name, (unsigned long long)reject->line,
                     reject->column, *field ? " " : "", field, reject->reason);
        }
        return true;
    }
    struct buffer *text = &rejects->text;
    if (rejects->names_input) {
        buffer_cell(text, text_of(in->path));
        buffer_text(text, ",");
    }
    buffer_format(text, "%llu,%u,", (unsigned long long)reject->line, reject->column);
    buffer_cell(text, text_of(field));
    buffer_text(text, ",");
    buffer_cell(text, text_of(reject->reason));
    buffer_text(text, "\n");
    return text->size < (64u << 10) || rejects_flush(rejects);
}

bool rejects_close(struct rejects *rejects) {
    bool fine = true;
    if (rejects->file) {
        fine = rejects_flush(rejects);
        fine = output_close(rejects->file) && fine;
        rejects->file = NULL;
    } else if (rejects->told > REJECTS_SHOWN) {
        complain("%llu more rejected rows; --rejects FILE keeps them all",
                 (unsigned long long)(rejects->told - REJECTS_SHOWN));
    }
    buffer_free(&rejects->text);
    return fine;
}

void rejects_abandon(struct rejects *rejects) {
    output_abandon(rejects->file);
    rejects->file = NULL;
    buffer_free(&rejects->text);
}

char *rejects_path(const char *output) {
    size_t length = strlen(output);
    if (length > 4 && strcasecmp(output + length - 4, ".csv") == 0) {
        length -= 4;
    }
    char *path;
    if (asprintf(&path, "%.*s.rejects.csv", (int)length, output) < 0) {
        out_of_memory();
    }
    return path;
}

void print_balance(uint64_t in, uint64_t out, uint64_t rejected, uint64_t blank) {
    char blanks[60] = "";
    if (blank) {
        snprintf(blanks, sizeof blanks, " (blank lines passed by: %llu)", (unsigned long long)blank);
    }
    complain("%llu in = %llu out + %llu rejected%s", (unsigned long long)in, (unsigned long long)out,
             (unsigned long long)rejected, blanks);
}

/* ---- cells of results ------------------------------------------------------------------------------------- */

casemix_text text_of(const char *text) {
    return (casemix_text){text, strlen(text)};
}

casemix_text severity_text(casemix_severity severity) {
    static const casemix_text texts[] = {{"", 0}, {"CC", 2}, {"MCC", 3}};
    return texts[severity];
}

/* Words are asked for in every row: measuring them with strlen each time costs as much as writing them. */
static casemix_text learn(casemix_text *known, const char *text) {
    return *known = text_of(text);
}

#define WORDS_MOST 64u /* more than any of the lists has */

casemix_text status_word(casemix_status status) {
    static _Thread_local casemix_text known[WORDS_MOST];
    casemix_text *word = &known[status % WORDS_MOST];
    return word->text ? *word : learn(word, casemix_status_text(status));
}

casemix_text reason_word(casemix_reason reason) {
    static _Thread_local casemix_text known[WORDS_MOST];
    casemix_text *word = &known[reason % WORDS_MOST];
    return word->text ? *word : learn(word, casemix_reason_text(reason));
}

casemix_text price_status_word(casemix_price_status status) {
    static _Thread_local casemix_text known[WORDS_MOST];
    casemix_text *word = &known[status % WORDS_MOST];
    return word->text ? *word : learn(word, casemix_price_status_text(status));
}

bool same_text(casemix_text a, casemix_text b) {
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

bool holds_codes(int fact) {
    const char *column = casemix_fact_column(fact);
    return column && (strcmp(column, "dx") == 0 || strcmp(column, "proc") == 0);
}

static char *put_finding(char *at, const char *what, int fact) {
    at = put_bytes(at, what, strlen(what));
    const char *column = fact >= 0 ? casemix_fact_column(fact) : NULL;
    if (column) {
        *at++ = ':';
        at = put_bytes(at, column, strlen(column));
    }
    return at;
}

char *put_findings(char *at, const casemix_context *context, const casemix_grouping *grouping,
                   const casemix_price *price) {
    char *first = at;
    uint32_t count = casemix_finding_count(context);
    if (__builtin_expect(count == 0 && grouping->fact < 0 && (!price || price->fact < 0), 1)) {
        return at;
    }
    if (grouping->fact >= 0) {
        at = put_finding(at, casemix_reason_text(grouping->reason), grouping->fact);
    }
    if (price && price->fact >= 0) {
        at = at > first ? (*at = ';', at + 1) : at;
        at = put_finding(at, casemix_price_status_text(price->status), price->fact);
    }
    casemix_finding finding;
    for (uint32_t i = 0; i < count && casemix_finding_at(context, i, &finding) == CASEMIX_OK; i++) {
        at = at > first ? (*at = ';', at + 1) : at;
        at = put_finding(at, casemix_finding_text(finding.code), finding.fact);
        if (holds_codes(finding.fact)) {
            at = put_number(at, (uint64_t)finding.place + 1);
        }
    }
    return at;
}

char *put_answer(char *at, casemix_text id, const casemix_grouping *g) {
    at = put_cell(at, id);
    at = put_next_cell(at, status_word(g->status));
    at = put_next_cell(at, reason_word(g->reason));
    at = put_next_cell(at, g->mdc);
    at = put_next_cell(at, g->adrg);
    return put_next_cell(at, g->drg);
}

size_t row_room(casemix_text id, const casemix_grouping *grouping) {
    return 2 * (id.length + grouping->mdc.length + grouping->adrg.length + grouping->drg.length) + 256;
}

/* ---- several inputs --------------------------------------------------------------------------------------- */

int check_inputs(const struct options *o) {
    struct stat one, other;
    for (int i = 0; i < o->word_count; i++) {
        const char *path = o->words[i];
        bool there = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &one) == 0 : stat(path, &one) == 0;
        if (!there) {
            complain("cannot read %s: %s; check the name and the permissions", path, strerror(errno));
            return EXIT_IO;
        }
        for (int j = 0; j < i; j++) {
            there =
                strcmp(o->words[j], "-") == 0 ? fstat(STDIN_FILENO, &other) == 0 : stat(o->words[j], &other) == 0;
            if (there && one.st_dev == other.st_dev && one.st_ino == other.st_ino) {
                return wrong_use(o, "%s and %s are the same file; its cases would count twice", o->words[j],
                                 path);
            }
        }
    }
    return EXIT_DONE;
}
