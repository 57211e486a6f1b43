/* SPDX-License-Identifier: Apache-2.0
 *
 * Source files, and YAML files as trees whose nodes know their places. */
#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <yaml.h>

/* ---- sources ---- */

/* Read at most `size` bytes (what fstat said); a file that shrinks meanwhile gives less, one that grows no more. */
static bool read_bytes(int file, char *bytes, size_t size, size_t *got) {
    *got = 0;
    while (*got < size) {
        ssize_t step = read(file, bytes + *got, size - *got);
        if (step < 0 && errno == EINTR) {
            continue;
        }
        if (step < 0) {
            return false;
        }
        if (step == 0) {
            return true;
        }
        *got += (size_t)step;
    }
    return true;
}

/* Length of the UTF-8 character at `at`, or 0 if there is none. */
static size_t utf8_character(const unsigned char *at, size_t left) {
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80                    ? 1
                    : at[0] >= 0xF0 && at[0] < 0xF5 ? 4
                    : at[0] >= 0xE0                 ? 3
                    : at[0] >= 0xC2                 ? 2
                                                    : 0;
    if (length == 0 || length > left || at[0] >= 0xF5) {
        return 0;
    }
    uint32_t character = length == 1 ? at[0] : at[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
        character = character << 6 | (at[i] & 0x3Fu);
    }
    bool good =
        character >= smallest[length] && character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
    return good ? length : 0;
}

/* Offset of the first byte that is not UTF-8, or `size`. */
static size_t first_bad_byte(const char *bytes, size_t size) {
    size_t at = 0;
    while (at < size) {
        uint64_t eight;
        if (size - at >= sizeof eight) {
            memcpy(&eight, bytes + at, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        size_t length = utf8_character((const unsigned char *)bytes + at, size - at);
        if (length == 0) {
            return at;
        }
        at += length;
    }
    return size;
}

static struct place place_of_byte(const struct source *source, size_t offset) {
    struct place place = {source->path, 1, 1};
    for (size_t i = 0; i < offset && i < source->size; i++) {
        unsigned char byte = (unsigned char)source->bytes[i];
        if (byte == '\n') {
            place.line++;
            place.column = 1;
        } else if ((byte & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static bool is_text(struct report *report, const struct source *source, struct place from) {
    if (memchr(source->bytes, 0, source->size)) {
        report_say(report, MSG_binary_file, from, source->path);
        return false;
    }
    size_t bad = first_bad_byte(source->bytes, source->size);
    if (bad < source->size) {
        const char *hex = arena_format(report->arena, "%02X", (unsigned)(unsigned char)source->bytes[bad]);
        report_say(report, MSG_not_utf8, place_of_byte(source, bad), hex);
        return false;
    }
    return true;
}

static bool open_regular(struct report *report, const char *path, struct place from, int *file, size_t *size) {
    struct stat status;
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe must not make us wait */
    if (*file < 0 || fstat(*file, &status) != 0) {
        report_say(report, MSG_cannot_read, from, path, strerror(errno));
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        report_say(report, MSG_cannot_read, from, path, "it is no regular file");
        return false;
    }
    if (status.st_size > DOCUMENT_BYTES) {
        report_say(report, MSG_file_too_large, from, path, (unsigned)(DOCUMENT_BYTES >> 20));
        return false;
    }
    *size = (size_t)status.st_size;
    return true;
}

struct source *source_read(struct sources *sources, const char *path, struct place from) {
    for (struct source *known = sources->first; known; known = known->next) {
        if (strcmp(known->path, path) == 0) {
            return known;
        }
    }
    int file = -1;
    size_t size = 0;
    struct source *source = NULL;
    if (!open_regular(sources->report, path, from, &file, &size)) {
        goto done;
    }
    char *bytes = arena_take(sources->arena, size + 1);
    size_t got;
    if (!read_bytes(file, bytes, size, &got)) {
        report_say(sources->report, MSG_cannot_read, from, path, strerror(errno));
        goto done;
    }
    source = ARENA_NEW(sources->arena, struct source);
    source->path = arena_copy(sources->arena, path, strlen(path));
    source->bytes = bytes;
    source->size = got;
    source->hash = XXH3_64bits(bytes, got);
    if (!is_text(sources->report, source, from)) {
        source = NULL;
        goto done;
    }
    if (sources->last) {
        sources->last->next = source;
    } else {
        sources->first = source;
    }
    sources->last = source;
done:
    if (file >= 0) {
        close(file);
    }
    return source;
}

const char *source_path(struct sources *sources, const char *beside, const char *path) {
    const char *slash = beside ? strrchr(beside, '/') : NULL;
    if (path[0] == '/' || !slash) {
        return arena_copy(sources->arena, path, strlen(path));
    }
    return arena_format(sources->arena, "%.*s%s", (int)(slash - beside + 1), beside, path);
}

const char *source_name(const struct sources *sources, const char *path) {
    const char *root = sources->first == NULL ? NULL : strrchr(sources->first->path, '/');
    size_t length = root == NULL ? 0 : (size_t)(root - sources->first->path) + 1;
    return strncmp(path, sources->first == NULL ? "" : sources->first->path, length) == 0 ? path + length : path;
}

const char *source_text(const struct source *source, size_t *length) {
    size_t mark = source->size >= 3 && memcmp(source->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    *length = source->size - mark;
    return source->bytes + mark;
}

/* ---- the tree ---- */

struct frame {
    struct node *node;
    size_t items_capacity, keys_capacity;
    struct node *key; /* waits for its value */
};

struct reader {
    struct arena *arena;
    struct report *report;
    const struct source *source;
    const char *text; /* without the byte order mark */
    size_t length;
    size_t index, byte; /* the same point of the text, in characters and in bytes */
    size_t nodes;
    struct frame frames[DOCUMENT_DEPTH];
    unsigned depth;
    struct node *root;
};

static struct place place_of_mark(const struct reader *reader, yaml_mark_t mark) {
    return (struct place){reader->source->path, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static bool continues(const struct reader *reader, size_t byte) {
    return byte < reader->length && ((unsigned char)reader->text[byte] & 0xC0) == 0x80;
}

/* libyaml counts characters; the tree wants bytes. Events come nearly in order, so go on from the last one. */
static size_t byte_of_index(struct reader *reader, size_t index) {
    while (reader->index < index && reader->byte < reader->length) {
        do {
            reader->byte++;
        } while (continues(reader, reader->byte));
        reader->index++;
    }
    while (reader->index > index && reader->byte > 0) {
        do {
            reader->byte--;
        } while (continues(reader, reader->byte));
        reader->index--;
    }
    return reader->byte;
}

/* libyaml's words for what went wrong, as part of a sentence. */
static void say_syntax(struct reader *reader, const yaml_parser_t *parser) {
    struct report *report = reader->report;
    struct place place = place_of_mark(reader, parser->problem_mark);
    if (parser->error == YAML_READER_ERROR) {
        place = place_of_byte(reader->source, parser->problem_offset + (reader->source->size - reader->length));
    }
    const char *context = parser->context ? parser->context : "";
    if (strstr(context, "alias") || strstr(context, "anchor")) {
        report_say(report, MSG_alias_refused, place_of_mark(reader, parser->context_mark));
        return;
    }
    if (strstr(context, "tag") && !strstr(context, "directive")) {
        report_say(report, MSG_tag_refused, place_of_mark(reader, parser->context_mark));
        return;
    }
    const char *way = "";
    if (*context) {
        way = arena_format(reader->arena, ", %s that starts in line %u", context,
                           (unsigned)parser->context_mark.line + 1);
    }
    report_say(report, MSG_yaml_syntax, place, parser->problem ? parser->problem : "it cannot be read", way);
}

static struct node *new_node(struct reader *reader, enum node_kind kind, const yaml_event_t *event) {
    if (++reader->nodes > DOCUMENT_NODES) {
        report_say(reader->report, MSG_too_many_nodes, place_of_mark(reader, event->start_mark),
                   (unsigned)DOCUMENT_NODES);
        return NULL;
    }
    struct node *node = ARENA_NEW(reader->arena, struct node);
    node->kind = kind;
    node->place = place_of_mark(reader, event->start_mark);
    node->source = reader->source;
    node->offset = byte_of_index(reader, event->start_mark.index);
    node->offset += reader->source->size - reader->length;
    node->text = "";
    return node;
}

/* Put a finished scalar or a container that begins at its place in the tree. */
static bool attach(struct reader *reader, struct node *node) {
    if (reader->depth == 0) {
        reader->root = node;
        return true;
    }
    struct frame *frame = &reader->frames[reader->depth - 1];
    struct node *parent = frame->node;
    if (parent->kind == NODE_MAP && !frame->key) {
        if (node->kind != NODE_SCALAR) {
            report_say(reader->report, MSG_key_not_scalar, node->place);
            return false;
        }
        frame->key = node;
        return true;
    }
    if (parent->kind == NODE_MAP) {
        size_t keys = parent->count;
        ARENA_PUSH(reader->arena, parent->keys, keys, frame->keys_capacity, frame->key);
        frame->key = NULL;
    }
    ARENA_PUSH(reader->arena, parent->items, parent->count, frame->items_capacity, node);
    return true;
}

static bool take_scalar(struct reader *reader, const yaml_event_t *event) {
    struct node *node = new_node(reader, NODE_SCALAR, event);
    if (!node) {
        return false;
    }
    node->length = event->data.scalar.length;
    const char *text = (const char *)event->data.scalar.value;
    if (memchr(text, 0, node->length)) {
        report_say(reader->report, MSG_nul_in_text, node->place);
        return false;
    }
    node->text = arena_copy(reader->arena, text, node->length);
    return attach(reader, node);
}

static bool open_container(struct reader *reader, enum node_kind kind, const yaml_event_t *event) {
    struct node *node = new_node(reader, kind, event);
    if (!node || !attach(reader, node)) {
        return false;
    }
    if (reader->depth == DOCUMENT_DEPTH) {
        report_say(reader->report, MSG_too_deep, node->place, (unsigned)DOCUMENT_DEPTH);
        return false;
    }
    reader->frames[reader->depth++] = (struct frame){.node = node};
    return true;
}

/* Every key of a finished map against those before it, by a hash table: a catalogue may be one large map. */
static void say_duplicate_keys(struct reader *reader, const struct node *map) {
    size_t size = 16;
    while (size < map->count * 2) {
        size *= 2;
    }
    struct node **table = calloc(size, sizeof *table);
    if (!table) {
        arena_take_array(reader->arena, SIZE_MAX, 2); /* says that memory is out */
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        struct node *key = map->keys[i];
        size_t at = XXH3_64bits(key->text, key->length) & (size - 1);
        while (table[at] &&
               (table[at]->length != key->length || memcmp(table[at]->text, key->text, key->length) != 0)) {
            at = (at + 1) & (size - 1);
        }
        if (table[at]) {
            const char *name = report_clip(reader->report, key->text, key->length);
            report_say(reader->report, MSG_duplicate_key, key->place, name, table[at]->place.line);
        } else {
            table[at] = key;
        }
    }
    free(table);
}

static bool refused(struct reader *reader, const yaml_event_t *event, const yaml_char_t *anchor,
                    const yaml_char_t *tag) {
    if (anchor) {
        report_say(reader->report, MSG_alias_refused, place_of_mark(reader, event->start_mark));
    } else if (tag) {
        report_say(reader->report, MSG_tag_refused, place_of_mark(reader, event->start_mark));
    }
    return anchor || tag;
}

/* One event of libyaml. False after a message. */
static bool take_event(struct reader *reader, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (reader->root) {
            report_say(reader->report, MSG_several_documents, place_of_mark(reader, event->start_mark));
            return false;
        }
        return true;
    case YAML_ALIAS_EVENT:
        report_say(reader->report, MSG_alias_refused, place_of_mark(reader, event->start_mark));
        return false;
    case YAML_SCALAR_EVENT:
        return !refused(reader, event, event->data.scalar.anchor, event->data.scalar.tag) &&
               take_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return !refused(reader, event, event->data.sequence_start.anchor, event->data.sequence_start.tag) &&
               open_container(reader, NODE_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return !refused(reader, event, event->data.mapping_start.anchor, event->data.mapping_start.tag) &&
               open_container(reader, NODE_MAP, event);
    case YAML_MAPPING_END_EVENT:
        say_duplicate_keys(reader, reader->frames[reader->depth - 1].node);
        reader->depth--;
        return true;
    case YAML_SEQUENCE_END_EVENT:
        reader->depth--;
        return true;
    default:
        return true;
    }
}

static bool parse(struct reader *reader) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        arena_take_array(reader->arena, SIZE_MAX, 2); /* says that memory is out */
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)reader->text, reader->length);
    bool good = true, done = false;
    while (good && !done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            say_syntax(reader, &parser);
            good = false;
            break;
        }
        done = event.type == YAML_STREAM_END_EVENT;
        good = take_event(reader, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return good;
}

struct node *document_read(struct sources *sources, const char *path, struct place from) {
    struct source *source = source_read(sources, path, from);
    if (!source) {
        return NULL;
    }
    if (source->parsed) {
        return source->root;
    }
    source->parsed = true;
    struct reader reader = {.arena = sources->arena, .report = sources->report, .source = source};
    reader.text = source_text(source, &reader.length);
    if (!parse(&reader)) {
        return NULL;
    }
    bool nothing = !reader.root || (reader.root->kind == NODE_SCALAR && reader.root->length == 0);
    if (nothing) {
        report_say(sources->report, MSG_empty_file, (struct place){source->path, 0, 0}, source->path);
        return NULL;
    }
    return source->root = reader.root;
}

/* ---- places inside scalars ---- */

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static char raw_byte(const struct node_cursor *cursor) {
    const struct source *source = cursor->scalar->source;
    return cursor->raw < source->size ? source->bytes[cursor->raw] : 0;
}

/* One byte further in the source. */
static void step_raw(struct node_cursor *cursor) {
    unsigned char byte = (unsigned char)raw_byte(cursor);
    cursor->raw++;
    bool feed = byte == '\n' || (byte == '\r' && raw_byte(cursor) != '\n');
    if (feed) {
        cursor->line++;
        cursor->column = 1;
    } else if (byte != '\r' && ((unsigned char)raw_byte(cursor) & 0xC0) != 0x80) {
        cursor->column++; /* the next byte begins a character */
    }
}

static void skip_raw_blanks(struct node_cursor *cursor) {
    while (cursor->raw < cursor->scalar->source->size && is_blank(raw_byte(cursor))) {
        step_raw(cursor);
    }
}

void node_cursor_start(struct node_cursor *cursor, const struct node *scalar) {
    *cursor = (struct node_cursor){.scalar = scalar, .raw = scalar->offset};
    cursor->line = scalar->place.line;
    cursor->column = scalar->place.column;
    cursor->lost = !scalar->source || scalar->kind != NODE_SCALAR;
    if (cursor->lost || scalar->text == scalar->source->bytes + scalar->offset) {
        return; /* a whole text file: no YAML around it */
    }
    char first = raw_byte(cursor);
    if (first == '"' || first == '\'') {
        step_raw(cursor);
    } else if (first == '|' || first == '>') {
        while (raw_byte(cursor) != 0 && raw_byte(cursor) != '\n' && raw_byte(cursor) != '\r') {
            step_raw(cursor);
        }
    }
    if (scalar->length > 0 && !is_blank(scalar->text[0])) {
        skip_raw_blanks(cursor);
    }
}

/* One byte of the text further. Blanks of the text match any run of blanks of the source (folded lines,
 * indentation); words match byte for byte, or (escapes, doubled quotes) are lost up to their end. */
static void step_both(struct node_cursor *cursor) {
    const struct node *scalar = cursor->scalar;
    if (is_blank(scalar->text[cursor->offset])) {
        while (cursor->offset < scalar->length && is_blank(scalar->text[cursor->offset])) {
            cursor->offset++;
        }
        while (cursor->lost_word && cursor->raw < scalar->source->size && !is_blank(raw_byte(cursor))) {
            step_raw(cursor);
        }
        cursor->lost_word = false;
        cursor->lost = cursor->lost || !is_blank(raw_byte(cursor));
        skip_raw_blanks(cursor);
        return;
    }
    if (!cursor->lost_word && raw_byte(cursor) == scalar->text[cursor->offset]) {
        step_raw(cursor);
    } else {
        cursor->lost_word = true;
    }
    cursor->offset++;
}

struct place node_cursor_place(struct node_cursor *cursor, size_t offset) {
    const struct node *scalar = cursor->scalar;
    if (offset > scalar->length) {
        offset = scalar->length;
    }
    if (offset < cursor->offset) {
        node_cursor_start(cursor, scalar);
    }
    while (!cursor->lost && cursor->offset < offset) {
        step_both(cursor);
    }
    if (cursor->lost || cursor->lost_word) {
        return scalar->place;
    }
    if (offset < scalar->length && !is_blank(scalar->text[offset]) && raw_byte(cursor) != scalar->text[offset]) {
        return scalar->place;
    }
    return (struct place){scalar->place.file, cursor->line, cursor->column};
}

struct place node_place(const struct node *scalar, size_t offset) {
    struct node_cursor cursor;
    node_cursor_start(&cursor, scalar);
    return node_cursor_place(&cursor, offset);
}

/* ---- checked access ---- */

static const char *kind_words(enum node_kind kind) {
    return kind == NODE_SCALAR ? "a text" : kind == NODE_LIST ? "a list" : "a mapping (key: value)";
}

struct node *node_get(const struct node *map, const char *key) {
    if (!map || map->kind != NODE_MAP) {
        return NULL;
    }
    size_t length = strlen(key);
    for (size_t i = 0; i < map->count; i++) {
        if (map->keys[i]->length == length && memcmp(map->keys[i]->text, key, length) == 0) {
            return map->items[i];
        }
    }
    return NULL;
}

const struct node *node_need(struct report *report, const struct node *map, const char *key, const char *what) {
    const struct node *value = node_get(map, key);
    if (!value) {
        report_say(report, MSG_missing_key, map ? map->place : (struct place){NULL, 0, 0}, what, key);
    }
    return value;
}

const struct node *node_expect(struct report *report, const struct node *node, enum node_kind kind,
                               const char *what) {
    if (!node) {
        report_say(report, MSG_missing_value, (struct place){NULL, 0, 0}, what);
        return NULL;
    }
    if (node->kind != kind) {
        report_say(report, MSG_wrong_type, node->place, what, kind_words(kind), kind_words(node->kind));
        return NULL;
    }
    return node;
}

const char *node_text(struct report *report, const struct node *node, const char *what) {
    return node_expect(report, node, NODE_SCALAR, what) ? node->text : NULL;
}

/* A whole number, the text being nothing else. */
static bool parse_whole(const char *text, int64_t *out) {
    bool negative = *text == '-';
    int64_t value = 0;
    text += negative;
    if (*text == 0) {
        return false;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, *text - '0', &value)) { /* below zero there is room for one more */
            return false;
        }
    }
    return negative ? (*out = value, true) : !__builtin_sub_overflow((int64_t)0, value, out);
}

bool node_number(struct report *report, const struct node *node, const char *what, int64_t low, int64_t high,
                 int64_t *out) {
    const char *text = node_text(report, node, what);
    if (!text) {
        return false;
    }
    int64_t value;
    if (!parse_whole(text, &value) || value < low || value > high) {
        const char *from = arena_format(report->arena, "%lld", (long long)low);
        const char *to = arena_format(report->arena, "%lld", (long long)high);
        report_say(report, MSG_number_expected, node->place, what, from, to,
                   report_clip(report, text, node->length));
        return false;
    }
    *out = value;
    return true;
}

bool text_is_date(const char *text) {
    static const char form[] = "0000-00-00";
    if (strlen(text) != sizeof form - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) {
            return false;
        }
    }
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = atoi(text), month = atoi(text + 5), day = atoi(text + 8);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (leap && month == 2);
}

static const char *list_words(struct arena *arena, const char *const *words) {
    const char *list = "";
    for (size_t i = 0; words[i]; i++) {
        list = i == 0 ? words[i] : arena_format(arena, "%s, %s", list, words[i]);
    }
    return list;
}

void node_check_keys(struct report *report, const struct node *map, const char *const *known, const char *what) {
    if (!map || map->kind != NODE_MAP) {
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct node *key = map->keys[i];
        struct nearest nearest;
        nearest_start(&nearest, key->text, key->length);
        bool found = false;
        for (size_t k = 0; known[k] && !found; k++) {
            found = strcmp(known[k], key->text) == 0;
            nearest_offer(&nearest, known[k], strlen(known[k]));
        }
        if (!found) {
            const char *name = report_clip(report, key->text, key->length);
            report_say(report, MSG_unknown_key, key->place, name, what, list_words(report->arena, known),
                       nearest_hint(&nearest, report->arena));
        }
    }
}
