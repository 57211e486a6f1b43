/* SPDX-License-Identifier: Apache-2.0
 *
 * Names by code: see group_names.h. */
#include "group_names.h"

#include <stdlib.h>
#include <string.h>

void group_names_add(struct group_names *out, casemix_text code, casemix_text name) {
    uint32_t count = out->codes.count, number = names_add(&out->codes, code.text, code.length);
    if (number < count) {
        return; /* named before */
    }
    if (number == out->room) {
        out->room = out->room ? 2 * out->room : 1024;
        out->names = need(reallocarray(out->names, out->room, sizeof *out->names));
    }
    out->names[number] = (casemix_text){need(strndup(name.text, name.length)), name.length};
}

void group_names_free(struct group_names *names) {
    for (uint32_t i = 0; i < names->codes.count; i++) {
        free((char *)(uintptr_t)names->names[i].text);
    }
    free(names->names);
    names_free(&names->codes);
}

casemix_text group_name(const struct group_names *names, casemix_text code) {
    uint32_t number = names ? names_find(&names->codes, code.text, code.length) : UINT32_MAX;
    return number == UINT32_MAX ? (casemix_text){"", 0} : names->names[number];
}
