/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of codes, for the names of entries. */
#include "dip.h"

#include <stdlib.h>
#include <string.h>

static void add_name(struct code_names *names, casemix_text code, casemix_text title) {
    uint32_t known = names->codes.count;
    if (code.length == 0 || names_add(&names->codes, code.text, code.length) != known) {
        return;
    }
    if (known == names->room) {
        names->room = known ? 2 * known : 1024;
        names->titles = need(reallocarray(names->titles, names->room, sizeof *names->titles));
    }
    names->titles[known] = need(strndup(title.text, title.length));
}

struct names_file {
    struct code_names *names;
    const struct input *in;
};

static int take_name(void *user, const struct csv_row *row, uint64_t line) {
    const struct names_file *file = user;
    if (row->fault != CSV_FINE) {
        return input_fault(file->in, row, line);
    }
    add_name(file->names, row->fields[0], row->fields[1]);
    return EXIT_DONE;
}

static int read_names_file(struct code_names *names, const char *path) {
    struct input *in;
    int code = input_open(path, NULL, &in);
    if (code != EXIT_DONE) {
        return code;
    }
    if (in->columns < 2) {
        complain("%s: line %llu: a code catalogue has the columns code and name; give it both", in->name,
                 (unsigned long long)in->line);
        input_close(in);
        return EXIT_FOUND;
    }
    code = input_rows(in, take_name, &(struct names_file){names, in});
    input_close(in);
    return code;
}

int code_names_read(struct code_names *names, const char *files) {
    int code = EXIT_DONE;
    for (const char *list = files; list && *list && code == EXIT_DONE;) {
        size_t length = strcspn(list, ",");
        char *path = need(strndup(list, length));
        code = read_names_file(names, path);
        free(path);
        list += length + (list[length] == ',');
    }
    return code;
}

void code_names_add(const struct code_names *names, struct buffer *out, const char *code, size_t length) {
    char whole[64];
    uint32_t number = names_find(&names->codes, code, length);
    if (number == ABSENT32 && length + 2 < sizeof whole) {
        memcpy(whole, code, length);
        memcpy(whole + length, "00", 2); /* A01.0 is called as A01.000 is */
        number = names_find(&names->codes, whole, length + 2);
    }
    if (number == ABSENT32) {
        buffer_add(out, code, length);
    } else {
        buffer_text(out, names->titles[number]);
    }
}

void code_names_free(struct code_names *names) {
    for (uint32_t i = 0; i < names->codes.count; i++) {
        free(names->titles[i]);
    }
    free(names->titles);
    names_free(&names->codes);
}
