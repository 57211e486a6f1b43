/* SPDX-License-Identifier: Apache-2.0
 *
 * Neutral facts in JSON: which code stands in which list, in which order groups are tried, under which condition. Read
 * into the compiler's own model of a scheme. Nothing of the file is believed before it was looked at. */
#include "import.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { FACTS_BYTES = 512 << 20, CONDITION_DEPTH = 48, ID_LENGTH = 40 };

struct fact_set { /* a list may be asked for diagnoses and for procedures: then it is two sets */
    const char *name; /* in the facts */
    json_t *codes;
    bool used[CODE_KINDS];
    struct codeset *sets[CODE_KINDS];
};

struct facts {
    struct arena *arena;
    const char *path;
    json_t *root;
    bool failed;
    struct fact_set *sets; /* sorted by name; the last one is that of the surgical procedures */
    size_t set_count;
    struct fact_set valid; /* `valid_procedures` */
    struct catalogue *const *catalogues;
    const char **names; /* given to sets so far */
    size_t name_count, name_capacity;
    unsigned renamed; /* ADRGs that went by the name of one of their DRGs */
};

/* Say what is wrong and where; only the first fault is said. */
__attribute__((format(printf, 3, 4))) static void wrong(struct facts *f, const char *where, const char *format, ...) {
    if (f->failed) {
        return;
    }
    f->failed = true;
    va_list list;
    va_start(list, format);
    char text[400];
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    complain("%s: %.100s: %s", f->path, where, text);
}

/* ---- the file ---- */

static char *read_packed(const char *path, size_t *size) {
    gzFile file = gzopen(path, "rb"); /* reads what is not packed as it is */
    if (file == NULL) {
        complain("cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    size_t capacity = 1 << 20, length = 0;
    char *bytes = need(malloc(capacity));
    int got;
    while ((got = gzread(file, bytes + length, (unsigned)(capacity - length))) > 0) {
        length += (size_t)got;
        if (length == capacity && capacity >= FACTS_BYTES) {
            complain("%s: more than %d MiB; this cannot be the facts of one scheme", path, FACTS_BYTES >> 20);
            got = -2;
            break;
        }
        if (length == capacity) {
            capacity *= 2;
            bytes = need(realloc(bytes, capacity));
        }
    }
    int error;
    const char *message = gzerror(file, &error);
    if (got == -1 || (got == 0 && error != Z_OK && error != Z_STREAM_END)) {
        complain("cannot read %s: %s", path, error == Z_ERRNO ? strerror(errno) : message);
        got = -1;
    }
    gzclose(file);
    if (got < 0) {
        free(bytes);
        return NULL;
    }
    *size = length;
    return bytes;
}

/* ---- pieces ---- */

static const char *text_of_key(struct facts *f, const json_t *map, const char *key, const char *where, bool needed) {
    const json_t *value = json_object_get(map, key);
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (needed || (value != NULL && !json_is_null(value))) {
        wrong(f, where, "\"%s\" must be a text", key);
    }
    return "";
}

/* A list or a map that must be there. */
static const json_t *part(struct facts *f, const json_t *map, const char *key, json_type type, const char *where) {
    const json_t *value = json_object_get(map, key);
    if (value == NULL || json_typeof(value) != type) {
        wrong(f, where, "\"%s\" must be %s", key, type == JSON_ARRAY ? "a list" : "a map");
        return NULL;
    }
    return value;
}

/* A code of a group or a table: it becomes a key of YAML. */
static const char *plain_id(struct facts *f, const char *text, const char *where) {
    size_t length = strlen(text);
    bool good = length > 0 && length <= ID_LENGTH;
    for (size_t i = 0; good && i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        good = byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z') ||
               strchr("_-.", byte) != NULL;
    }
    if (!good) {
        wrong(f, where, "\"%.60s\" cannot be the code of a group; letters, digits, `_`, `-` and `.`, at most %d", text,
              ID_LENGTH);
    }
    return text;
}

/* Can the rules write this code at all? */
static bool writable(const char *code) {
    size_t length = strlen(code);
    if (length == 0 || length > CODE_LENGTH_MAX || strstr(code, "\xEF\xBC\x8C") || strstr(code, "\xE3\x80\x80") ||
        strstr(code, "..")) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)code[i];
        bool good = byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z') ||
                    byte == '.' || byte == '+' || byte == '*';
        if (!good) {
            return false;
        }
    }
    return code[0] != '*';
}

/* ---- sets ---- */

static int compare_sets(const void *left, const void *right) {
    return strcmp(((const struct fact_set *)left)->name, ((const struct fact_set *)right)->name);
}

static struct fact_set *find_set(struct facts *f, const char *name) {
    struct fact_set key = {.name = name};
    if (strcmp(name, "@valid_procedures") == 0) {
        return f->valid.codes != NULL ? &f->valid : NULL;
    }
    return f->set_count == 0 ? NULL : bsearch(&key, f->sets, f->set_count, sizeof *f->sets, compare_sets);
}

static void check_codes(struct facts *f, const json_t *codes, const char *where) {
    size_t i;
    const json_t *code;
    json_array_foreach(codes, i, code) {
        if (!json_is_string(code)) {
            wrong(f, where, "its item %zu is no text; a set is a list of codes", i + 1);
            return;
        }
    }
}

static void list_sets(struct facts *f) {
    const json_t *sets = part(f, f->root, "sets", JSON_OBJECT, "the file");
    if (sets == NULL) {
        return;
    }
    f->sets = ARENA_ARRAY(f->arena, struct fact_set, json_object_size(sets) + 1);
    const char *name;
    json_t *codes;
    json_object_foreach((json_t *)sets, name, codes) {
        if (!json_is_array(codes)) {
            wrong(f, name, "a set must be a list of codes");
            return;
        }
        check_codes(f, codes, name);
        f->sets[f->set_count++] = (struct fact_set){.name = name, .codes = codes};
    }
    qsort(f->sets, f->set_count, sizeof *f->sets, compare_sets);
    json_t *valid = json_object_get(f->root, "valid_procedures");
    if (valid != NULL && !json_is_array(valid)) {
        wrong(f, "valid_procedures", "must be a list of codes");
    } else if (valid != NULL) {
        check_codes(f, valid, "valid_procedures");
        f->valid = (struct fact_set){.name = "@valid_procedures", .codes = valid, .used[CODE_PROCEDURE] = true};
    }
}

/* ---- conditions ---- */

static const struct {
    const char *word;
    unsigned where;
} positions[] = {
    {"principal_dx_in", WHERE_PRINCIPAL_DIAGNOSIS},
    {"any_dx_in", WHERE_PRINCIPAL_DIAGNOSIS | WHERE_OTHER_DIAGNOSES},
    {"other_dx_in", WHERE_OTHER_DIAGNOSES},
    {"principal_proc_in", WHERE_PRINCIPAL_PROCEDURE},
    {"any_proc_in", WHERE_PRINCIPAL_PROCEDURE | WHERE_OTHER_PROCEDURES},
    {"other_proc_in", WHERE_OTHER_PROCEDURES},
};

/* The only key of a condition and its value. */
static const char *only_key(struct facts *f, const json_t *when, const char *where, json_t **value) {
    void *iterator = json_object_iter((json_t *)when);
    if (!json_is_object(when) || json_object_size(when) != 1) {
        wrong(f, where, "a condition must be a map of one key");
        return NULL;
    }
    *value = json_object_iter_value(iterator);
    return json_object_iter_key(iterator);
}

static void use_set(struct facts *f, const json_t *name, enum code_kind kind, const char *where) {
    struct fact_set *set = json_is_string(name) ? find_set(f, json_string_value(name)) : NULL;
    if (set == NULL) {
        wrong(f, where, "there is no set \"%.80s\"", json_is_string(name) ? json_string_value(name) : "(no text)");
    } else if (set == &f->valid && kind != CODE_PROCEDURE) {
        wrong(f, where, "%s are procedures, and this asks for a diagnosis", set->name);
    } else {
        set->used[kind] = true;
    }
}

/* First walk: which sets are used, and for which kind of code; also whether the condition can be read at all. */
static void use_condition(struct facts *f, const json_t *when, const char *where, int depth) {
    json_t *value;
    const char *key = only_key(f, when, where, &value);
    if (key == NULL || f->failed) {
        return;
    }
    if (depth > CONDITION_DEPTH) {
        wrong(f, where, "the condition is nested deeper than %d", CONDITION_DEPTH);
        return;
    }
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        if (strcmp(key, positions[i].word) == 0) {
            bool diagnosis = positions[i].where <= (WHERE_PRINCIPAL_DIAGNOSIS | WHERE_OTHER_DIAGNOSES);
            use_set(f, value, diagnosis ? CODE_DIAGNOSIS : CODE_PROCEDURE, where);
            return;
        }
    }
    if (strcmp(key, "all") == 0 || strcmp(key, "any") == 0) {
        size_t i;
        json_t *one;
        if (!json_is_array(value)) {
            wrong(f, where, "\"%s\" must be a list of conditions", key);
        }
        json_array_foreach(value, i, one) {
            use_condition(f, one, where, depth + 1);
        }
    } else if (strcmp(key, "not") == 0) {
        use_condition(f, value, where, depth + 1);
    } else if (strcmp(key, "dx_sites_at_least") == 0) {
        const char *name;
        json_t *set;
        json_object_foreach((json_t *)part(f, value, "sites", JSON_OBJECT, where), name, set) {
            use_set(f, set, CODE_DIAGNOSIS, where);
        }
    } else if (strcmp(key, "procs_at_least") == 0) {
        use_set(f, json_object_get(value, "set"), CODE_PROCEDURE, where);
    }
}

static void use_conditions(struct facts *f, const json_t *list) {
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one) {
        const json_t *when = json_object_get(one, "when"), *id = json_object_get(one, "id");
        id = id != NULL ? id : json_object_get(one, "code");
        const char *where = json_is_string(id) ? json_string_value(id) : "a group";
        if (when != NULL) {
            use_condition(f, when, where, 0);
        }
        size_t s;
        const json_t *step;
        json_array_foreach(json_object_get(one, "steps"), s, step) {
            if (json_is_object(step) && json_object_get(step, "when") != NULL) {
                use_condition(f, json_object_get(step, "when"), where, 0);
            }
        }
    }
}

static struct expression *new_expression(struct facts *f, enum expression_op op, size_t children) {
    struct expression *e = ARENA_NEW(f->arena, struct expression);
    e->op = op;
    e->children = ARENA_ARRAY(f->arena, struct expression *, children + 1);
    return e;
}

static enum fact fact_of_field(struct facts *f, const json_t *field, const char *where) {
    static const struct { const char *field, *column; } aliases[] = {{"age_years", "age"}, {"stay", "los"}};
    const char *name = json_is_string(field) ? json_string_value(field) : "";
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        name = strcmp(name, aliases[i].field) == 0 ? aliases[i].column : name;
    }
    enum fact fact = fact_of_column(name, strlen(name));
    if (fact == FACT_COUNT || fact_rows[fact].word[0] == '\0') {
        wrong(f, where, "\"%.40s\" is no fact of the case that conditions may ask; `casemix help facts` lists them", name);
        return FACT_AGE;
    }
    return fact;
}

static struct expression *read_compare(struct facts *f, const json_t *value, const char *where) {
    static const char *const signs[] = {"==", "<", "<=", ">", ">=", "!="};
    struct expression *e = new_expression(f, EXPR_COMPARE, 0);
    const json_t *sign = json_array_get(value, 1), *number = json_array_get(value, 2);
    if (json_array_size(value) != 3 || !json_is_string(sign) || !json_is_integer(number)) {
        wrong(f, where, "\"cmp\" must be [field, sign, whole number]");
        return e;
    }
    e->fact = fact_of_field(f, json_array_get(value, 0), where);
    size_t at = 0;
    while (at < sizeof signs / sizeof *signs && strcmp(signs[at], json_string_value(sign)) != 0) {
        at++;
    }
    if (at == sizeof signs / sizeof *signs) {
        wrong(f, where, "\"%.20s\" is no comparison; write one of == < <= > >= !=", json_string_value(sign));
        return e;
    }
    enum fact_kind kind = fact_rows[e->fact].kind;
    if (kind != FACT_KIND_NUMBER && kind != FACT_KIND_SEX && kind != FACT_KIND_FLAG) {
        wrong(f, where, "%s is not compared with a whole number", fact_rows[e->fact].column);
    }
    e->compare = (enum compare)at;
    e->number = json_integer_value(number);
    if (e->number < 0 || e->number > INT32_MAX) {
        wrong(f, where, "the number %lld is out of range", (long long)e->number);
    }
    if (e->fact == FACT_WEIGHT && e->compare == COMPARE_UNEQUAL && e->number == 0) {
        e->compare = COMPARE_GREATER; /* there is no other weight, and so it is said in plain words */
    }
    return e;
}

static struct expression *read_among(struct facts *f, const json_t *value, const char *where) {
    struct expression *e = new_expression(f, EXPR_AMONG, 0);
    const json_t *words = json_array_get(value, 1), *word;
    size_t i;
    if (json_array_size(value) != 2 || !json_is_array(words)) {
        wrong(f, where, "\"in\" must be [field, [values]]");
        return e;
    }
    e->fact = fact_of_field(f, json_array_get(value, 0), where);
    if (fact_rows[e->fact].kind != FACT_KIND_TEXT) {
        wrong(f, where, "%s is no text, so \"in\" cannot ask for it", fact_rows[e->fact].column);
    }
    e->words = ARENA_ARRAY(f->arena, const char *, json_array_size(words) + 1);
    json_array_foreach(words, i, word) {
        const char *text = json_is_string(word) ? json_string_value(word) : "";
        if (text[0] == '\0' || strpbrk(text, " \t\r\n(){},=<>!") != NULL) {
            wrong(f, where, "\"%.40s\" cannot be a value of a condition", text);
        }
        e->words[e->count++] = text;
    }
    if (e->count == 0) {
        e->op = EXPR_FALSE;
    }
    return e;
}

static struct expression *read_in(struct facts *f, const char *name, unsigned where) {
    struct fact_set *set = find_set(f, name);
    struct expression *e = new_expression(f, EXPR_IN, 0);
    e->where = where;
    e->set = set->sets[where <= (WHERE_PRINCIPAL_DIAGNOSIS | WHERE_OTHER_DIAGNOSES) ? CODE_DIAGNOSIS : CODE_PROCEDURE];
    return e;
}

static struct expression *read_condition(struct facts *f, const json_t *when, const char *where);

static struct expression *read_list(struct facts *f, const json_t *list, enum expression_op op, const char *where) {
    struct expression *e = new_expression(f, op, json_array_size(list));
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one) {
        e->children[e->count++] = read_condition(f, one, where);
    }
    return e;
}

static struct expression *read_sites(struct facts *f, const json_t *value, const char *where) {
    const json_t *sites = json_object_get(value, "sites"), *least = json_object_get(value, "min");
    struct expression *e = new_expression(f, EXPR_AT_LEAST, json_object_size(sites));
    e->number = json_integer_value(least);
    const char *name;
    json_t *set;
    json_object_foreach((json_t *)sites, name, set) {
        e->children[e->count++] =
            read_in(f, json_string_value(set), WHERE_PRINCIPAL_DIAGNOSIS | WHERE_OTHER_DIAGNOSES);
    }
    if (!json_is_integer(least) || e->number < 1 || e->number > (int64_t)e->count) {
        wrong(f, where, "\"min\" must be a number from 1 to the number of sites");
    }
    return e;
}

static struct expression *read_count(struct facts *f, const json_t *value, const char *where) {
    const json_t *least = json_object_get(value, "min");
    struct expression *e = read_in(f, json_string_value(json_object_get(value, "set")),
                                   WHERE_PRINCIPAL_PROCEDURE | WHERE_OTHER_PROCEDURES);
    e->op = EXPR_COUNT;
    e->compare = COMPARE_GREATER_EQUAL;
    e->number = json_integer_value(least);
    if (!json_is_integer(least) || e->number < 1 || e->number > 1000) {
        wrong(f, where, "\"min\" must be a number from 1 to 1000");
    }
    return e;
}

static struct expression *read_severity(struct facts *f, const json_t *value, const char *where) {
    struct expression *e = new_expression(f, EXPR_SEVERITY, 0);
    const char *word = json_is_string(value) ? json_string_value(value) : "";
    bool mcc = strcmp(word, "mcc") == 0;
    if (!mcc && strcmp(word, "cc") != 0) {
        wrong(f, where, "\"severity\" is mcc or cc");
    }
    e->number = mcc ? SEVERITY_MCC : SEVERITY_CC;
    return e;
}

/* The sets of the condition have been looked up by use_condition. */
static struct expression *read_condition(struct facts *f, const json_t *when, const char *where) {
    json_t *value = NULL;
    const char *key = f->failed ? NULL : only_key(f, when, where, &value);
    if (key == NULL) {
        return new_expression(f, EXPR_FALSE, 0);
    }
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        if (strcmp(key, positions[i].word) == 0) {
            return read_in(f, json_string_value(value), positions[i].where);
        }
    }
    if (strcmp(key, "all") == 0 || strcmp(key, "any") == 0) {
        return read_list(f, value, key[1] == 'l' ? EXPR_AND : EXPR_OR, where);
    }
    if (strcmp(key, "not") == 0) {
        struct expression *e = new_expression(f, EXPR_NOT, 1);
        e->children[e->count++] = read_condition(f, value, where);
        return e;
    }
    if (strcmp(key, "const") == 0 && json_is_boolean(value)) {
        return new_expression(f, json_is_true(value) ? EXPR_TRUE : EXPR_FALSE, 0);
    }
    if (strcmp(key, "present") == 0) {
        struct expression *e = new_expression(f, EXPR_PRESENT, 0);
        e->fact = fact_of_field(f, value, where);
        return e;
    }
    static const struct {
        const char *key;
        struct expression *(*read)(struct facts *, const json_t *, const char *);
    } kinds[] = {{"cmp", read_compare},     {"in", read_among},  {"severity", read_severity},
                 {"dx_sites_at_least", read_sites}, {"procs_at_least", read_count}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(key, kinds[i].key) == 0) {
            return kinds[i].read(f, value, where);
        }
    }
    wrong(f, where, "\"%.40s\" is no condition that the rule language knows", key);
    return new_expression(f, EXPR_FALSE, 0);
}

static struct expression *read_when(struct facts *f, const json_t *map, const char *where) {
    const json_t *when = json_object_get(map, "when");
    return when == NULL ? new_expression(f, EXPR_TRUE, 0)
                        : expression_simple(f->arena, read_condition(f, when, where));
}

/* ---- codes ---- */

static int compare_codes(const void *left, const void *right) {
    return strcmp(((const struct code *)left)->text, ((const struct code *)right)->text);
}

struct collecting {
    struct facts *facts;
    const struct catalogue *catalogue;
    struct missing_codes *out;
};

static void collect(struct collecting *c, const char *code, const char *name) {
    size_t length = strlen(code);
    if (catalogue_find(c->catalogue, code, length) != UINT32_MAX || !writable(code)) {
        return;
    }
    struct code one = {.text = code, .length = (uint32_t)length, .name = name, .added = true};
    ARENA_PUSH(c->facts->arena, c->out->codes, c->out->count, c->out->capacity, one);
}

static void collect_list(struct collecting *c, const json_t *list) {
    size_t i;
    const json_t *code;
    json_array_foreach(list, i, code) {
        if (json_is_string(code)) {
            collect(c, json_string_value(code), "");
        }
    }
}

/* Codes are the keys; `names`: and the values their names. */
static void collect_keys(struct collecting *c, const json_t *map, bool names) {
    const char *code;
    json_t *value;
    json_object_foreach((json_t *)map, code, value) {
        collect(c, code, names && json_is_string(value) ? json_string_value(value) : "");
    }
}

void facts_missing(struct facts *f, const struct catalogue *const catalogues[CODE_KINDS],
                   struct missing_codes out[CODE_KINDS]) {
    static const char *const lists[CODE_KINDS][2] = {{"gray_dx", "invalid_dx"}, {"gray_proc", "invalid_proc"}};
    static const char *const names[CODE_KINDS] = {"names_dx", "names_proc"};
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        struct collecting c = {f, catalogues[kind], &out[kind]};
        collect_keys(&c, json_object_get(json_object_get(f->root, "extra_names"), names[kind]), true);
        for (size_t i = 0; i < f->set_count; i++) {
            if (f->sets[i].used[kind]) {
                collect_list(&c, f->sets[i].codes);
            }
        }
        for (int i = 0; i < 2; i++) {
            collect_list(&c, json_object_get(f->root, lists[kind][i]));
        }
        if (kind == CODE_PROCEDURE) {
            collect_list(&c, f->valid.codes);
        } else {
            collect_keys(&c, json_object_get(f->root, "mcc"), false);
            collect_keys(&c, json_object_get(f->root, "cc"), false);
            collect_keys(&c, json_object_get(f->root, "exclusion"), false);
        }
        if (out[kind].count > 0) {
            qsort(out[kind].codes, out[kind].count, sizeof *out[kind].codes, compare_codes);
        }
        size_t kept = 0; /* of the same code the one with a name */
        for (size_t i = 0; i < out[kind].count; i++) {
            struct code *code = &out[kind].codes[i];
            if (kept > 0 && strcmp(out[kind].codes[kept - 1].text, code->text) == 0) {
                out[kind].codes[kept - 1].name = code->name[0] != '\0' ? code->name : out[kind].codes[kept - 1].name;
            } else {
                out[kind].codes[kept++] = *code;
            }
        }
        out[kind].count = kept;
    }
}

static struct codeset *new_codeset(struct facts *f, const char *name, enum code_kind kind) {
    struct codeset *set = ARENA_NEW(f->arena, struct codeset);
    set->name = name;
    set->kind = kind;
    set->bits = ARENA_ARRAY(f->arena, uint64_t, ((size_t)f->catalogues[kind]->count + 63) / 64 + 1);
    return set;
}

/* Codes that cannot be written are left out, and said. */
static void put_code(struct facts *f, struct codeset *set, const char *code, const char *where) {
    uint32_t at = catalogue_find(f->catalogues[set->kind], code, strlen(code));
    if (at == UINT32_MAX) {
        fprintf(stderr, "casemix: %s: %s: \"%.60s\" is left out, no code can be written so\n", f->path, where, code);
    } else if (!codeset_has(set, at)) {
        set->bits[at / 64] |= (uint64_t)1 << (at % 64);
        set->count++;
    }
}

static void put_list(struct facts *f, struct codeset *set, const json_t *list, const char *where) {
    size_t i;
    const json_t *code;
    json_array_foreach(list, i, code) {
        put_code(f, set, json_string_value(code), where);
    }
}

/* ---- names of sets: DI_BB1, OP_BB1, OP_BB1_2 ---- */

static bool name_taken(const struct facts *f, const char *name) {
    for (size_t i = 0; i < f->name_count; i++) {
        if (strcmp(f->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_number(const char *text) {
    return strspn(text, "0123456789") == strlen(text);
}

/* What stands before the dot is the group; what stands behind it helps only if it is in words of the field. */
static const char *set_name(struct facts *f, const struct fact_set *set, enum code_kind kind) {
    char owner[64], part_name[64];
    const char *dot = strchr(set->name, '.'), *rest = dot != NULL ? dot + 1 : "";
    size_t length = 0, words = 0;
    for (const char *at = set->name; *at != '\0' && at != dot && length < sizeof owner - 1; at++) {
        unsigned char byte = (unsigned char)*at;
        bool letter = byte < 0x80 && (byte == '_' || (byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z'));
        if (letter) {
            owner[length++] = *at;
        }
    }
    owner[length] = '\0';
    const char *prefix = kind == CODE_DIAGNOSIS ? "DI" : "OP";
    bool site = (unsigned char)rest[0] >= 0x80 && strlen(rest) < sizeof part_name && strncmp(owner, "MDC", 3) == 0;
    for (const char *at = rest; site && *at != '\0'; at++) { /* only Chinese characters, U+4000 to U+9FFF, no marks */
        if ((unsigned char)*at >= 0xE4 && (unsigned char)*at <= 0xE9) {
            memcpy(part_name + words, at, 3);
            words += 3;
            at += 2;
        }
    }
    part_name[words] = '\0';
    const char *name = words > 0 ? arena_format(f->arena, "%s_%s_%s", prefix, owner, part_name)
                                 : arena_format(f->arena, "%s_%s", prefix, length > 0 ? owner : "SET");
    const char *first = name;
    for (unsigned n = 2; name_taken(f, name); n++) {
        name = arena_format(f->arena, "%s_%u", first, n);
    }
    ARENA_PUSH(f->arena, f->names, f->name_count, f->name_capacity, name);
    return name;
}

static bool natural_order(const struct fact_set *left, const struct fact_set *right) {
    size_t a = strcspn(left->name, "."), b = strcspn(right->name, ".");
    if (a != b || strncmp(left->name, right->name, a) != 0) {
        return strcmp(left->name, right->name) < 0;
    }
    const char *x = left->name + a, *y = right->name + b;
    x += *x == '.';
    y += *y == '.';
    if (is_number(x) && is_number(y) && strlen(x) != strlen(y)) {
        return strlen(x) < strlen(y);
    }
    return strcmp(x, y) < 0;
}

static void make_sets(struct facts *f) {
    static const char *const reserved[] = {"OP_ALL", "DI_UNUSED", "OP_UNUSED", "DI_GRAY", "OP_GRAY", "DI_INVALID", "OP_INVALID"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        ARENA_PUSH(f->arena, f->names, f->name_count, f->name_capacity, reserved[i]);
    }
    struct fact_set **order = ARENA_ARRAY(f->arena, struct fact_set *, f->set_count + 1);
    for (size_t i = 0; i < f->set_count; i++) { /* mostly in order already */
        size_t at = i;
        for (; at > 0 && natural_order(&f->sets[i], order[at - 1]); at--) {
            order[at] = order[at - 1];
        }
        order[at] = &f->sets[i];
    }
    for (size_t i = 0; i < f->set_count; i++) {
        struct fact_set *set = order[i];
        for (int kind = 0; kind < CODE_KINDS; kind++) {
            if (set->used[kind]) {
                set->sets[kind] = new_codeset(f, set_name(f, set, (enum code_kind)kind), (enum code_kind)kind);
                put_list(f, set->sets[kind], set->codes, set->name);
            }
        }
    }
    if (f->valid.codes != NULL) {
        f->valid.sets[CODE_PROCEDURE] = new_codeset(f, "OP_ALL", CODE_PROCEDURE);
        put_list(f, f->valid.sets[CODE_PROCEDURE], f->valid.codes, "valid_procedures");
    }
}

struct codeset *facts_valid_procedures(const struct facts *f) {
    return f->valid.sets[CODE_PROCEDURE];
}

/* ---- groups ---- */

static const json_t *find_by_id(const json_t *list, const char *id) {
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one) {
        const json_t *own = json_object_get(one, "id");
        own = own != NULL ? own : json_object_get(one, "code");
        if (json_is_string(own) && strcmp(json_string_value(own), id) == 0) {
            return one;
        }
    }
    return NULL;
}

static void add_drg(struct facts *f, struct step *step, size_t *capacity, const char *code, const char *name,
                    struct expression *when) {
    struct drg drg = {.code = plain_id(f, code, step->id), .name = name, .when = when};
    ARENA_PUSH(f->arena, step->drgs, step->drg_count, *capacity, drg);
}

/* A DRG that its ADRG tries a second time: taken where its first condition holds, or where the second one does and none of
 * those between. */
static void join_drg(struct facts *f, struct step *step, size_t first, struct expression *when) {
    struct expression *later = new_expression(f, EXPR_AND, step->drg_count), *either = new_expression(f, EXPR_OR, 2);
    later->children[later->count++] = when;
    for (size_t d = first + 1; d < step->drg_count; d++) {
        struct expression *not = new_expression(f, EXPR_NOT, 1);
        not->children[not->count++] = step->drgs[d].when;
        later->children[later->count++] = not;
    }
    either->children[either->count++] = step->drgs[first].when;
    either->children[either->count++] = later;
    step->drgs[first].when = expression_simple(f->arena, either);
}

static void read_drg(struct facts *f, struct step *step, size_t *capacity, const json_t *drg) {
    const char *code = text_of_key(f, drg, "code", step->id, true);
    struct expression *when = read_when(f, drg, code);
    for (size_t d = 0; d < step->drg_count; d++) {
        if (strcmp(step->drgs[d].code, code) == 0) {
            join_drg(f, step, d, when);
            return;
        }
    }
    add_drg(f, step, capacity, code, text_of_key(f, drg, "name", code, false), when);
}

/* Where a text may be cut: before the marks and words that lead to what tells the DRGs apart. */
static size_t trimmed(const char *text, size_t length) {
    static const char *const ends[] = {"，", ",", "伴", "不", "、", "（", "(", " ", "　", "有", "无"};
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
        length--; /* to the beginning of a character */
    }
    for (bool cut = true; cut;) {
        cut = false;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            size_t end = strlen(ends[i]);
            if (length >= end && memcmp(text + length - end, ends[i], end) == 0) {
                length -= end;
                cut = true;
            }
        }
    }
    return length;
}

/* Some sources give an ADRG the name of one of its DRGs. Its own is then what the names of all begin with. */
static void repair_name(struct facts *f, struct step *step) {
    bool fits = true, stolen = false;
    size_t common = step->drg_count > 0 ? strlen(step->drgs[0].name) : 0, own = strlen(step->name);
    for (size_t d = 0; d < step->drg_count; d++) {
        const char *name = step->drgs[d].name;
        fits = fits && strncmp(name, step->name, own) == 0;
        stolen = stolen || strcmp(name, step->name) == 0;
        size_t same = 0;
        while (same < common && name[same] == step->drgs[0].name[same]) {
            same++;
        }
        common = same;
    }
    if (fits || !stolen) {
        return;
    }
    size_t length = trimmed(step->drgs[0].name, common);
    if (length >= 6) {
        step->name = arena_copy(f->arena, step->drgs[0].name, length);
        f->renamed++;
    }
}

static struct step *read_step(struct facts *f, const json_t *adrg, const char *id) {
    struct step *step = ARENA_NEW(f->arena, struct step);
    step->id = plain_id(f, id, id);
    step->code = plain_id(f, text_of_key(f, adrg, "code", id, true), id);
    step->name = text_of_key(f, adrg, "name", id, false);
    step->when = read_when(f, adrg, id);
    size_t i, capacity = 0;
    const json_t *drg;
    json_array_foreach(json_object_get(f->root, "drg"), i, drg) {
        const json_t *of = json_object_get(drg, "adrg");
        if (json_is_string(of) && strcmp(json_string_value(of), id) == 0) {
            read_drg(f, step, &capacity, drg);
        }
    }
    repair_name(f, step);
    const char *otherwise = text_of_key(f, adrg, "otherwise", id, false);
    step->bare = strcmp(otherwise, step->code) == 0;
    if (otherwise[0] != '\0' && !step->bare) { /* another group takes the rest */
        const json_t *other = find_by_id(json_object_get(f->root, "adrg"), otherwise);
        const char *name = other != NULL ? text_of_key(f, other, "name", otherwise, false) : step->name;
        add_drg(f, step, &capacity, otherwise, name, new_expression(f, EXPR_TRUE, 0));
    }
    return step;
}

static struct step *read_qy(struct facts *f, const json_t *qy, const char *where) {
    struct step *step = ARENA_NEW(f->arena, struct step);
    step->id = step->code = plain_id(f, text_of_key(f, qy, "qy", where, true), where);
    step->name = "";
    step->is_qy = true;
    step->when = read_when(f, qy, where);
    return step;
}

static const struct step *step_of_id(const struct scheme *scheme, const char *id) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            if (strcmp(scheme->mdcs[m]->steps[s]->id, id) == 0) {
                return scheme->mdcs[m]->steps[s];
            }
        }
    }
    return NULL;
}

static bool mdc_has(const struct mdc *mdc, const char *id) {
    bool has = false;
    for (size_t s = 0; s < mdc->step_count; s++) {
        has = has || strcmp(mdc->steps[s]->id, id) == 0;
    }
    return has;
}

static void read_mdc(struct facts *f, struct scheme *scheme, const json_t *from) {
    struct mdc *mdc = ARENA_NEW(f->arena, struct mdc);
    mdc->code = plain_id(f, text_of_key(f, from, "code", "an MDC", true), "an MDC");
    mdc->name = text_of_key(f, from, "name", mdc->code, false);
    mdc->when = read_when(f, from, mdc->code);
    const json_t *steps = part(f, from, "steps", JSON_ARRAY, mdc->code), *one;
    mdc->steps = ARENA_ARRAY(f->arena, struct step *, json_array_size(steps) + 1);
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        if (strcmp(scheme->mdcs[m]->code, mdc->code) == 0) {
            wrong(f, mdc->code, "this MDC is there twice");
        }
    }
    scheme->mdcs[scheme->mdc_count++] = mdc;
    size_t i;
    json_array_foreach(steps, i, one) {
        const char *id = json_is_string(one) ? json_string_value(one) : "";
        const json_t *adrg = json_is_string(one) ? find_by_id(json_object_get(f->root, "adrg"), id) : one;
        if (f->failed) {
            return;
        }
        if (!json_is_object(adrg)) {
            wrong(f, mdc->code, "there is no ADRG \"%.40s\"", id);
            return;
        }
        struct step *step = json_is_string(one) ? read_step(f, adrg, id) : read_qy(f, one, mdc->code);
        if (json_is_string(one) && mdc_has(mdc, step->id)) {
            continue; /* what the first one did not take the second one does not take either */
        }
        if (step_of_id(scheme, step->id) != NULL) {
            wrong(f, step->id, "this step is there twice");
            return;
        }
        mdc->steps[mdc->step_count++] = step;
    }
}

/* What a DRG is called where it stands first with a name. */
static const char *first_name(const struct scheme *scheme, const char *code) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            const struct step *step = scheme->mdcs[m]->steps[s];
            for (size_t d = 0; d < step->drg_count; d++) {
                if (step->drgs[d].name[0] != '\0' && strcmp(step->drgs[d].code, code) == 0) {
                    return step->drgs[d].name;
                }
            }
        }
    }
    return "";
}

/* Rules call a DRG by one name, also if several entries give it, and one with the code of its ADRG by the name of that. */
static void unite_names(const struct scheme *scheme) {
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            struct step *step = scheme->mdcs[m]->steps[s];
            for (size_t d = 0; d < step->drg_count; d++) {
                const char *code = step->drgs[d].code;
                step->drgs[d].name = strcmp(code, step->id) == 0 ? step->name : first_name(scheme, code);
            }
        }
    }
}

static void read_groups(struct facts *f, struct scheme *scheme) {
    const json_t *mdcs = part(f, f->root, "mdc", JSON_ARRAY, "the file"), *one;
    size_t i;
    scheme->mdcs = ARENA_ARRAY(f->arena, struct mdc *, json_array_size(mdcs) + 1);
    json_array_foreach(mdcs, i, one) {
        read_mdc(f, scheme, one);
    }
    unite_names(scheme);
    size_t bare = 0, next = 0;
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            const struct step *step = scheme->mdcs[m]->steps[s];
            bare += !step->is_qy && step->bare;
            next += !step->is_qy && !step->bare;
        }
    }
    scheme->bare = bare >= next;
    for (size_t m = 0; m < scheme->mdc_count; m++) {
        for (size_t s = 0; s < scheme->mdcs[m]->step_count; s++) {
            struct step *step = scheme->mdcs[m]->steps[s];
            step->bare = step->is_qy ? scheme->bare : step->bare;
            step->own_bare = step->bare != scheme->bare;
        }
    }
}

/* ---- severity ---- */

static int compare_tables(const void *left, const void *right) {
    const char *a = ((const struct exclusion_table *)left)->id, *b = ((const struct exclusion_table *)right)->id;
    if (is_number(a) && is_number(b) && strlen(a) != strlen(b)) {
        return strlen(a) < strlen(b) ? -1 : 1;
    }
    return strcmp(a, b);
}

static const char *table_id(struct facts *f, const json_t *value, const char *where) {
    if (json_is_integer(value)) {
        return arena_format(f->arena, "%lld", (long long)json_integer_value(value));
    }
    return plain_id(f, json_is_string(value) ? json_string_value(value) : "", where);
}

static void list_tables(struct facts *f, struct scheme *scheme, const json_t *map, const char *where) {
    const char *code;
    json_t *value;
    size_t capacity = scheme->table_count;
    struct exclusion_table *tables = scheme->tables;
    json_object_foreach((json_t *)map, code, value) {
        struct exclusion_table table = {.id = table_id(f, value, where)};
        ARENA_PUSH(f->arena, tables, scheme->table_count, capacity, table);
    }
    scheme->tables = tables;
}

static void fill_tables(struct facts *f, struct scheme *scheme, const json_t *map, enum severity_part which,
                        const char *where) {
    const char *code;
    json_t *value;
    json_object_foreach((json_t *)map, code, value) {
        struct exclusion_table key = {.id = table_id(f, value, where)};
        struct exclusion_table *table =
            bsearch(&key, scheme->tables, scheme->table_count, sizeof *scheme->tables, compare_tables);
        struct codeset **set = which == PART_MCC ? &table->mcc : which == PART_CC ? &table->cc : &table->principal;
        if (*set == NULL) {
            *set = new_codeset(f, "", CODE_DIAGNOSIS);
        }
        put_code(f, *set, code, where);
    }
}

static void read_severity_tables(struct facts *f, struct scheme *scheme) {
    static const char *const keys[PARTS] = {[PART_PRINCIPAL] = "exclusion", [PART_MCC] = "mcc", [PART_CC] = "cc"};
    for (int which = 0; which < PARTS; which++) {
        const json_t *map = json_object_get(f->root, keys[which]);
        if (map != NULL && !json_is_object(map)) {
            wrong(f, keys[which], "must be a map from codes to exclusion tables");
            return;
        }
        list_tables(f, scheme, map, keys[which]);
    }
    if (f->failed || scheme->table_count == 0) {
        return;
    }
    qsort(scheme->tables, scheme->table_count, sizeof *scheme->tables, compare_tables);
    size_t kept = 1;
    for (size_t i = 1; i < scheme->table_count; i++) {
        if (strcmp(scheme->tables[kept - 1].id, scheme->tables[i].id) != 0) {
            scheme->tables[kept++] = scheme->tables[i];
        }
    }
    scheme->table_count = kept;
    for (int which = 0; which < PARTS; which++) {
        fill_tables(f, scheme, json_object_get(f->root, keys[which]), (enum severity_part)which, keys[which]);
    }
}

/* ---- input and preparation ---- */

static bool said(const json_t *map, const char *key, const char *value) {
    const json_t *text = json_object_get(map, key);
    return json_is_string(text) && strcmp(json_string_value(text), value) == 0;
}

static struct expression *compare_fact(struct facts *f, enum fact fact, enum compare compare, int64_t number) {
    struct expression *e = new_expression(f, EXPR_COMPARE, 0);
    e->fact = fact;
    e->compare = compare;
    e->number = number;
    return e;
}

static void read_input(struct facts *f, struct scheme *scheme) {
    const json_t *input = json_object_get(f->root, "input"), *accepts = json_object_get(input, "gender_accepts"), *word;
    bool words = false;
    size_t i;
    json_array_foreach(accepts, i, word) {
        words = words || (json_is_string(word) && strcmp(json_string_value(word), "男") == 0);
    }
    scheme->compatibility.exact_codes = true;
    scheme->compatibility.negative_numbers = true;
    scheme->compatibility.sex_words_unknown = words;
    scheme->compatibility.sex_words_refused = !words;
    scheme->compatibility.zero_if_missing[FACT_AGE_DAYS] = said(input, "missing_age_days", "zero");
    scheme->compatibility.zero_if_missing[FACT_WEIGHT] = said(input, "missing_weight", "zero");
    scheme->retry_procedures =
        json_is_true(json_object_get(json_object_get(f->root, "output"), "retry_other_procedures_when_no_mdc"));
    scheme->requirements = ARENA_ARRAY(f->arena, struct requirement, 4);
    struct expression *infant = compare_fact(f, FACT_AGE, COMPARE_EQUAL, 0), *newborn = new_expression(f, EXPR_AND, 2);
    newborn->children[newborn->count++] = infant;
    newborn->children[newborn->count++] = compare_fact(f, FACT_AGE_DAYS, COMPARE_LESS_EQUAL, 28);
    struct expression *always = new_expression(f, EXPR_TRUE, 0);
    const struct requirement all[] = {{.fact = FACT_SEX, .when = always},
                                      {.fact = FACT_AGE, .when = always},
                                      {.fact = FACT_AGE_DAYS, .when = infant},
                                      {.fact = FACT_WEIGHT, .when = newborn}};
    memcpy(scheme->requirements, all, sizeof all);
    scheme->requirement_count = sizeof all / sizeof *all;
}

static enum barred_action read_action(struct facts *f, const char *key) {
    const json_t *value = json_object_get(json_object_get(f->root, "preparation"), key);
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (strcmp(text, "ungrouped") == 0) {
        return BARRED_UNGROUPED;
    }
    if (strncmp(text, "as if", 5) == 0 || strcmp(text, "ignore") == 0 || strcmp(text, "ignored") == 0) {
        return BARRED_IGNORED;
    }
    if (value != NULL && !json_is_null(value)) {
        wrong(f, key, "\"%.80s\" is not known; `ungrouped`, or `as if there were none`", text);
    }
    return BARRED_NOTHING;
}

static void read_barred(struct facts *f, struct scheme *scheme) {
    static const char *const kinds[BARRED_KINDS] = {[BARRED_GRAY] = "gray", [BARRED_INVALID] = "invalid"};
    static const char *const codes[CODE_KINDS] = {"dx", "proc"};
    for (int kind = 0; kind < BARRED_KINDS; kind++) {
        for (int code = 0; code < CODE_KINDS; code++) {
            const char *key = arena_format(f->arena, "%s_%s", kinds[kind], codes[code]);
            const json_t *list = json_object_get(f->root, key);
            if (list != NULL && !json_is_array(list)) {
                wrong(f, key, "must be a list of codes");
                return;
            }
            check_codes(f, list, key);
            if (f->failed || json_array_size(list) == 0) {
                continue;
            }
            const char *name = arena_format(f->arena, "%s_%s", code == CODE_DIAGNOSIS ? "DI" : "OP",
                                            kind == BARRED_GRAY ? "GRAY" : "INVALID");
            scheme->compatibility.gray_as_others = true;
            scheme->barred[kind].sets[code] = new_codeset(f, name, (enum code_kind)code);
            put_list(f, scheme->barred[kind].sets[code], list, key);
            scheme->barred[kind].principal[code] =
                read_action(f, arena_format(f->arena, "%s_principal_%s", kinds[kind], codes[code]));
        }
    }
}

/* ---- the whole ---- */

/* Ids in rules have `-` where others write `_`. */
static const char *scheme_id(struct facts *f) {
    char *id = arena_copy(f->arena, "", 0);
    const char *text = text_of_key(f, f->root, "id", "the file", true);
    id = arena_copy(f->arena, text, strlen(text));
    for (char *at = id; *at != '\0'; at++) {
        *at = *at == '_' ? '-' : *at;
    }
    return plain_id(f, id, "id");
}

/* A public project by its name, licence, commit and folder; else all that is said of the source. */
static const char *source_text_of(struct facts *f) {
    const json_t *source = json_object_get(f->root, "source");
    const char *repository = text_of_key(f, source, "repository", "source", false);
    const char *text = json_is_string(source) ? json_string_value(source) : "", *key;
    json_t *value;
    if (repository[0] != '\0') {
        text = arena_format(f->arena, "public project %s (%s), commit %s, %s", repository,
                            text_of_key(f, source, "licence", "source", false),
                            text_of_key(f, source, "commit", "source", false),
                            text_of_key(f, source, "path", "source", false));
    } else {
        json_object_foreach((json_t *)source, key, value) {
            if (json_is_string(value)) {
                text = arena_format(f->arena, "%s%s%s", text, text[0] != '\0' ? "; " : "", json_string_value(value));
            }
        }
    }
    return arena_format(f->arena, "%s. Which code stands in which list, the order and the conditions; written by casemix "
                        "import.", text[0] != '\0' ? text : "Not said");
}

const char **facts_notes(struct facts *f) {
    const json_t *notes = json_object_get(f->root, "notes"), *note;
    const char **list = ARENA_ARRAY(f->arena, const char *, json_array_size(notes) + 1);
    size_t i, count = 0;
    json_array_foreach(notes, i, note) {
        if (json_is_string(note) && strpbrk(json_string_value(note), "\n\r") == NULL) {
            list[count++] = json_string_value(note);
        }
    }
    return list;
}

struct facts *facts_open(struct arena *arena, const char *path, int *code) {
    size_t size = 0;
    char *bytes = read_packed(path, &size);
    if (bytes == NULL) {
        *code = EXIT_IO;
        return NULL;
    }
    *code = EXIT_FOUND;
    struct facts *f = ARENA_NEW(arena, struct facts);
    f->arena = arena;
    f->path = path;
    json_error_t error;
    f->root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
    free(bytes);
    if (f->root == NULL) {
        complain("%s:%d:%d: not valid JSON: %s", path, error.line, error.column, error.text);
        return NULL;
    }
    if (!json_is_object(f->root)) {
        wrong(f, "the file", "it must be one map");
    }
    list_sets(f);
    use_conditions(f, json_object_get(f->root, "mdc"));
    use_conditions(f, json_object_get(f->root, "adrg"));
    use_conditions(f, json_object_get(f->root, "drg"));
    if (f->failed) {
        facts_close(f);
        return NULL;
    }
    return f;
}

void facts_close(struct facts *f) {
    if (f != NULL) {
        json_decref(f->root);
        f->root = NULL;
    }
}

struct scheme *facts_scheme(struct facts *f, struct catalogue *const catalogues[CODE_KINDS]) {
    struct scheme *scheme = ARENA_NEW(f->arena, struct scheme);
    f->catalogues = catalogues;
    scheme->id = scheme_id(f);
    scheme->title = text_of_key(f, f->root, "title", "the file", false);
    scheme->title = scheme->title[0] != '\0' ? scheme->title : scheme->id;
    scheme->source = source_text_of(f);
    scheme->from = scheme->until = "";
    for (int kind = 0; kind < CODE_KINDS; kind++) {
        scheme->catalogues[kind] = catalogues[kind];
    }
    make_sets(f);
    read_groups(f, scheme);
    read_severity_tables(f, scheme);
    read_input(f, scheme);
    read_barred(f, scheme);
    if (f->renamed > 0 && !f->failed) {
        fprintf(stderr, "casemix: %s: %u ADRGs have the name of one of their DRGs there; they are named by what the names of "
                "all their DRGs begin with\n", f->path, f->renamed);
    }
    return f->failed ? NULL : scheme;
}
