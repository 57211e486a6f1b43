/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import scheme: neutral facts -> a scheme in YAML, or an overlay of one that is there. What was written is
 * read back by the compiler and compared with the facts before it gets its name. */
#include "import.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: casemix import scheme FACTS.json[.gz] -o DIR [--base SCHEME.yaml] [--codes DIR] [--force]\n"
    "\n"
    "Writes the facts of a grouping scheme as rules. DIR/bundle.yaml compiles at once. With --base it writes an "
    "overlay:\n"
    "only what differs from that scheme. If the name after -o ends in .yaml, an overlay is this one file.\n"
    "\n"
    "  -o, --output DIR     where the rules go; must not be there\n"
    "  -b, --base FILE      the scheme that the new one extends\n"
    "  -c, --codes DIR      folder with the code catalogues, icd10*.tsv and icd9*.tsv; or a scheme that names "
    "them\n"
    "                       (default: those of the base, else the folder rules/codes here or above)\n"
    "  -f, --force          replace what an earlier import wrote\n"
    "\n"
    "Codes that no catalogue has are added to the scheme, without a name, and listed.\n"
    "\n"
    "examples:\n"
    "  casemix import scheme my_city.json.gz -o my-city --base rules/schemes/chs-drg-11/scheme.yaml\n"
    "  casemix compile my-city/bundle.yaml -o my-city.cmx\n";

struct request {
    const char *facts, *output, *base, *codes;
    bool force, one_file;
};

struct job {
    struct request request;
    struct arena *arena;
    struct report *report;
    struct sources sources;
    struct facts *facts;
    struct missing_codes missing[CODE_KINDS];
    const char *catalogue_files[CODE_KINDS];
    struct catalogue *catalogues[CODE_KINDS];
    struct writing writing;
    const char **anew;  /* sets that an overlay writes out */
    const char *folder; /* of the scheme file when all is done, from which its ways count */
    int code;
};

/* ---- code catalogues ---- */

static bool reported(struct job *job) {
    report_print(job->report, stderr);
    job->code = EXIT_FOUND;
    for (size_t i = 0; i < job->report->count; i++) {
        job->code = job->report->lines[i].message == MSG_cannot_read ? EXIT_IO : job->code;
    }
    return false;
}

static bool starts(const char *text, const char *with) {
    return strncasecmp(text, with, strlen(with)) == 0;
}

/* The catalogues of a folder; of several of a kind the last by name: the newest version. */
static bool look_into(struct job *job, const char *path) {
    DIR *folder = opendir(path);
    const char *found[CODE_KINDS] = {NULL, NULL};
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        size_t length = strlen(name);
        int kind = starts(name, "icd10") ? CODE_DIAGNOSIS : CODE_PROCEDURE;
        if (length < 4 || strcmp(name + length - 4, ".tsv") != 0 ||
            !starts(name, kind == CODE_DIAGNOSIS ? "icd10" : "icd9")) {
            continue;
        }
        if (found[kind] == NULL || strcmp(found[kind], name) < 0) {
            found[kind] = arena_copy(job->arena, name, length);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        if (found[kind] == NULL) {
            return false;
        }
        job->catalogue_files[kind] = arena_format(job->arena, "%s/%s", path, found[kind]);
    }
    return true;
}

/* The catalogues that a scheme file names. */
static bool codes_of_scheme(struct job *job, const char *path) {
    static const char *const keys[CODE_KINDS] = {"diagnoses", "procedures"};
    const struct node *root = document_read(&job->sources, path, (struct place){path, 0, 0});
    for (int kind = 0; kind < CODE_KINDS && root != NULL; kind++) {
        const struct node *file = node_get(node_get(root, "codes"), keys[kind]);
        if (file == NULL || file->kind != NODE_SCALAR) {
            complain("%s: `codes` names no %s; give a scheme that extends no other, or a folder", path, keys[kind]);
            job->code = EXIT_FOUND;
            return false;
        }
        job->catalogue_files[kind] = source_path(&job->sources, path, file->text);
    }
    return root != NULL || reported(job);
}

/* The folder of the codes: as said, or rules/codes here, above here, or beside the program. */
static bool find_codes(struct job *job) {
    size_t name = job->request.codes != NULL ? strlen(job->request.codes) : 0;
    if (name > 5 && strcmp(job->request.codes + name - 5, ".yaml") == 0) {
        return codes_of_scheme(job, job->request.codes);
    }
    if (job->request.codes != NULL) {
        if (!look_into(job, job->request.codes)) {
            complain("%s holds no icd10*.tsv and icd9*.tsv; name the folder of the code catalogues with --codes",
                     job->request.codes);
            job->code = EXIT_IO;
            return false;
        }
        return true;
    }
    char program[4000];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    const char *start[] = {".", arena_format(job->arena, "%s/..", job->request.output),
                           arena_format(job->arena, "%s/..", program)};
    for (size_t i = 0; i < sizeof start / sizeof *start; i++) {
        const char *up = start[i];
        for (int n = 0; n < 6; n++) {
            if (look_into(job, arena_format(job->arena, "%s/rules/codes", up)) ||
                look_into(job, arena_format(job->arena, "%s/codes", up)) ||
                look_into(job, arena_format(job->arena, "%s/share/casemix/rules/codes", up))) {
                return true;
            }
            up = arena_format(job->arena, "%s/..", up);
        }
    }
    complain("no folder rules/codes here or above; name the folder of the code catalogues with --codes");
    job->code = EXIT_IO;
    return false;
}

static void list_missing(const struct job *job) {
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        const struct missing_codes *missing = &job->missing[kind];
        if (missing->count > 0) {
            fprintf(stderr, "casemix: %zu %s are in no catalogue and are added to the scheme:\n", missing->count,
                    code_kind_words((enum code_kind)kind));
        }
        for (size_t i = 0; i < missing->count; i++) {
            fprintf(stderr, "  %s%s%s\n", missing->codes[i].text, missing->codes[i].name[0] != '\0' ? " " : "",
                    missing->codes[i].name);
        }
    }
}

/* The catalogues of the new scheme: those of files, and what they lack. */
static bool load_catalogues(struct job *job) {
    static const struct place nowhere = {"", 0, 0};
    if (!find_codes(job)) {
        return false;
    }
    struct catalogue *loaded[CODE_KINDS];
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        loaded[kind] =
            catalogue_load(&job->sources, job->catalogue_files[kind], nowhere, (enum code_kind)kind, "codes");
        if (loaded[kind] == NULL) {
            return reported(job);
        }
    }
    facts_missing(job->facts, (const struct catalogue *const *)loaded, job->missing);
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        const struct missing_codes *more = &job->missing[kind];
        struct place *places = ARENA_ARRAY(job->arena, struct place, more->count + 1);
        for (size_t i = 0; i < more->count; i++) {
            places[i] = nowhere;
        }
        job->catalogues[kind] = more->count == 0 ? loaded[kind]
                                                 : catalogue_extend(job->arena, job->report, loaded[kind],
                                                                    more->codes, places, (uint32_t)more->count);
    }
    return job->report->errors == 0 || reported(job);
}

/* ---- the base ---- */

static const struct scheme *read_scheme(struct job *job, const char *path) {
    job->report = job->sources.report = report_new(job->arena);
    job->sources.first = job->sources.last = NULL; /* a file may have been written anew */
    struct scheme *scheme = scheme_read(&job->sources, path, (struct place){path, 0, 0});
    if (scheme == NULL) {
        reported(job);
    }
    return scheme;
}

static void simplify(struct arena *arena, const struct scheme *scheme) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        struct mdc *mdc = scheme->mdcs[m];
        mdc->when = expression_simple(arena, mdc->when);
        for (size_t s = 0; s < mdc->step_count; s++) {
            mdc->steps[s]->when = expression_simple(arena, mdc->steps[s]->when);
            for (size_t d = 0; d < mdc->steps[s]->drg_count; d++) {
                mdc->steps[s]->drgs[d].when = expression_simple(arena, mdc->steps[s]->drgs[d].when);
            }
        }
    }
    for (size_t i = 0; i < scheme->split_count; i++) {
        scheme->splits[i].when = expression_simple(arena, scheme->splits[i].when);
    }
}

/* The base over the catalogues of the new scheme: read through an overlay that adds its codes and nothing else,
 * because what a branch or range of the base means depends on the codes there are. */
static bool read_base(struct job *job) {
    const struct scheme *plain = read_scheme(job, job->request.base);
    if (plain == NULL) {
        return false;
    }
    facts_missing(job->facts, (const struct catalogue *const *)plain->catalogues, job->missing);
    job->writing.base_title = plain->title;
    char *real = realpath(job->request.base, NULL);
    const char *whole = real != NULL ? arena_copy(job->arena, real, strlen(real)) : job->request.base;
    free(real);
    struct yaml yaml = {.arena = job->arena};
    yaml_put(&yaml, "scheme: base\nextends: %s\ntitle: base\nsource: base\ndate: 2000-01-01\ncodes:\n",
             yaml_scalar(job->arena, whole, false));
    size_t head = yaml.length;
    job->writing.missing = job->missing;
    write_additions(&job->writing, &yaml, 2);
    yaml_put(&yaml, yaml.length == head ? "  {}\n" : "");
    bool good = place_put(job->writing.out, "base.yaml", &yaml);
    const char *path = place_file(job->writing.out, "base.yaml");
    job->writing.base = good ? read_scheme(job, path) : NULL;
    unlink(path);
    if (job->writing.base == NULL) {
        return false;
    }
    simplify(job->arena, job->writing.base);
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        static const char *const names[CODE_KINDS] = {"DI_UNUSED", "OP_UNUSED"};
        job->catalogues[kind] = job->writing.base->catalogues[kind];
        job->writing.unused[kind][0] = codesets_find(&job->writing.base->sets, names[kind], strlen(names[kind]));
    }
    return true;
}

/* ---- writing ---- */

static const char *today(struct arena *arena) {
    const char *fixed = getenv("SOURCE_DATE_EPOCH");
    time_t now = fixed != NULL ? (time_t)strtoll(fixed, NULL, 10) : time(NULL);
    struct tm parts;
    char text[32] = "2000-01-01";
    if (gmtime_r(&now, &parts) != NULL) {
        strftime(text, sizeof text, "%Y-%m-%d", &parts);
    }
    return arena_copy(arena, text, strlen(text));
}

/* Does what the compiler reads say what the facts say? */
static const struct scheme *read_back(struct job *job) {
    const struct scheme *got = read_scheme(job, place_file(job->writing.out, "scheme.yaml"));
    if (got != NULL) {
        simplify(job->arena, got);
    }
    return got;
}

/* In the temporary folder the ways to other files are longer or shorter only by its name, which is beside the
 * final. */
static bool write_all_of_overlay(struct job *job) {
    job->anew = ARENA_ARRAY(job->arena, const char *, 1);
    for (int attempt = 0;; attempt++) {
        struct yaml yaml = {.arena = job->arena};
        write_overlay(&job->writing, job->anew, &yaml);
        bool good = place_put(job->writing.out, "scheme.yaml", &yaml);
        const struct scheme *got = good ? read_back(job) : NULL;
        if (got == NULL) {
            return false;
        }
        const char **more = attempt < 4 ? overlay_faults(&job->writing, got, job->anew) : NULL;
        if (more == NULL) {
            return schemes_equal(job->writing.scheme, got);
        }
        job->anew = more;
    }
}

static bool write_bundle(struct job *job) {
    struct yaml yaml = {.arena = job->arena};
    yaml_put(&yaml, "# SPDX-License-Identifier: Apache-2.0\n\nbundle: %s\nschemes: [scheme.yaml]\n",
             yaml_scalar(job->arena, job->writing.scheme->id, false));
    bool good = place_put(job->writing.out, "bundle.yaml", &yaml);
    return good;
}

/* A file instead of a folder. */
static bool move_file(struct job *job) {
    if (!job->request.force && access(job->request.output, F_OK) == 0) {
        complain("%s exists; say --force to replace it, or choose another name", job->request.output);
        return false;
    }
    /* beside the others its way to the base is another than in the temporary folder */
    struct yaml yaml = {.arena = job->arena};
    const char *slash = strrchr(job->request.output, '/');
    const char *folder =
        slash == NULL ? "."
                      : arena_format(job->arena, "%.*s/.", (int)(slash - job->request.output), job->request.output);
    job->writing.extends = way_to(job->arena, folder, job->request.base);
    write_overlay(&job->writing, job->anew, &yaml);
    bool good = place_put(job->writing.out, "scheme.yaml", &yaml);
    if (!good) {
        return false;
    }
    if (rename(place_file(job->writing.out, "scheme.yaml"), job->request.output) != 0) {
        complain("cannot write %s: %s", job->request.output, strerror(errno));
        return false;
    }
    place_abandon(job->writing.out);
    job->writing.out = NULL;
    return true;
}

static bool write_scheme(struct job *job) {
    struct writing *w = &job->writing;
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        w->shorteners[kind] = shortener_new(job->arena, job->catalogues[kind]);
        w->codes[kind] = w->base == NULL ? way_to(job->arena, job->folder, job->catalogue_files[kind]) : NULL;
    }
    w->extends = w->base != NULL ? way_to(job->arena, job->folder, job->request.base) : NULL;
    if (w->base != NULL) {
        return write_all_of_overlay(job) && (job->request.one_file || write_bundle(job));
    }
    if (!write_whole(w)) {
        return false;
    }
    const struct scheme *got = read_back(job);
    return got != NULL && schemes_equal(w->scheme, got) && write_bundle(job);
}

static int run(struct job *job) {
    struct request *request = &job->request;
    job->facts = facts_open(job->arena, request->facts, &job->code);
    if (job->facts == NULL) {
        return job->code;
    }
    job->code = EXIT_IO;
    /* The temporary folder of a single file is beside it, so that ways count from the same place. */
    const char *place =
        request->one_file ? arena_format(job->arena, "%s.import", request->output) : request->output;
    job->folder = place;
    job->writing.out = place_open(place, request->force && !request->one_file);
    if (job->writing.out == NULL) {
        return EXIT_IO;
    }
    if (!(request->base != NULL ? read_base(job) : load_catalogues(job))) {
        return job->code;
    }
    struct writing *w = &job->writing;
    w->missing = job->missing;
    w->date = today(job->arena);
    w->path = request->facts;
    w->scheme = facts_scheme(job->facts, job->catalogues);
    if (w->scheme == NULL) {
        return EXIT_FOUND;
    }
    w->notes = facts_notes(job->facts);
    w->valid_procedures = facts_valid_procedures(job->facts);
    job->code = EXIT_FOUND;
    if (!write_scheme(job)) {
        return job->code;
    }
    list_missing(job);
    bool good = request->one_file ? move_file(job) : place_close(w->out);
    w->out = request->one_file ? w->out : NULL;
    return good ? EXIT_DONE : EXIT_IO;
}

static int wrong_use_of(const char *what) {
    complain("import scheme: %s; see `casemix import scheme --help`", what);
    return EXIT_USAGE;
}

int import_scheme(int argc, char **argv) {
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'}, {"base", required_argument, NULL, 'b'},
        {"codes", required_argument, NULL, 'c'},  {"force", no_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    struct job job = {.code = EXIT_IO};
    for (int c; (c = getopt_long(argc, argv, "o:b:c:fh", options, NULL)) != -1;) {
        switch (c) {
        case 'o':
            job.request.output = optarg;
            break;
        case 'b':
            job.request.base = optarg;
            break;
        case 'c':
            job.request.codes = optarg;
            break;
        case 'f':
            job.request.force = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        default:
            return wrong_use_of("unknown option");
        }
    }
    if (argc - optind != 1 || job.request.output == NULL) {
        return wrong_use_of(job.request.output == NULL ? "say where the rules go with -o"
                                                       : "name one file of facts");
    }
    job.request.facts = argv[optind];
    size_t length = strlen(job.request.output);
    job.request.one_file = length > 5 && strcmp(job.request.output + length - 5, ".yaml") == 0;
    if (job.request.one_file && job.request.base == NULL) {
        return wrong_use_of("a whole scheme is a folder; only an overlay (--base) can be one file");
    }
    job.arena = job.writing.arena = arena_new();
    job.report = report_new(job.arena);
    job.sources = (struct sources){.arena = job.arena, .report = job.report};
    int code = run(&job);
    place_abandon(job.writing.out);
    facts_close(job.facts);
    arena_free(job.arena);
    return code;
}
