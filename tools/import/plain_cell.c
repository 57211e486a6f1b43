/* SPDX-License-Identifier: Apache-2.0 */
#include "plain_cell.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    ODD_ESCAPE = 1,
    ODD_BREAK = 2,
    ODD_WIDE_BLANK = 4,
    ODD_NO_BREAK = 8,
    ODD_ZERO_WIDTH = 16,
    ODD_WIDE_LETTER = 32
};
/* The character at `text`, and its bytes; expat gives valid UTF-8 only. */
static uint32_t character(const char *text, size_t *bytes) {
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) {
        *bytes = 1;
        return at[0];
    }
    *bytes = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    uint32_t value = at[0] & (0x7Fu >> *bytes);
    for (size_t i = 1; i < *bytes; i++) {
        value = value << 6 | (at[i] & 0x3Fu);
    }
    return value;
}

/* `_x000D_` and its like, as Excel writes control characters: the character, or 0. */
static uint32_t escaped(const char *text) {
    if (text[0] != '_' || text[1] != 'x') {
        return 0;
    }
    uint32_t value = 0;
    for (int i = 2; i < 6; i++) {
        if (!isxdigit((unsigned char)text[i])) {
            return 0;
        }
        value =
            value * 16 + (uint32_t)(isdigit((unsigned char)text[i]) ? text[i] - '0' : (text[i] | 32) - 'a' + 10);
    }
    return text[6] == '_' ? value : 0;
}

/* What kind of unusual blank a character is, 0 for none, or ODD_... */
static unsigned odd_blank(uint32_t c) {
    switch (c) {
    case '\n':
    case '\r':
    case '\t':
    case 0x85:
    case 0x2028:
    case 0x2029:
        return ODD_BREAK;
    case 0x3000:
        return ODD_WIDE_BLANK;
    case 0xA0:
    case 0x202F:
    case 0x205F:
        return ODD_NO_BREAK;
    case 0x200B:
    case 0x200C:
    case 0x200D:
    case 0x2060:
    case 0xFEFF:
        return ODD_ZERO_WIDTH;
    default:
        if (c >= 0x7F && c < 0xA0) { /* control characters: nothing that can be seen */
            return ODD_ZERO_WIDTH;
        }
        return c >= 0x2000 && c <= 0x200A ? ODD_NO_BREAK : 0;
    }
}

size_t plain_cell(const char *from, size_t length, enum plain_use use, char *out, unsigned *odd) {
    size_t size = 0;
    bool pending = false;
    for (size_t at = 0, bytes; at < length; at += bytes) {
        uint32_t c = character(from + at, &bytes), escape = escaped(from + at);
        if (escape == '\r' || escape == '\n' || escape == '\t') {
            bytes = 7;
            c = ' ';
            *odd |= ODD_ESCAPE;
        } else if (escape == '_') { /* how Excel writes a `_` that would start such an escape */
            memcpy(out + size, "_", 1);
            size++;
            bytes = 7;
            continue;
        }
        unsigned blank = odd_blank(c);
        *odd |= blank;
        if (blank == ODD_ZERO_WIDTH && use != PLAIN_RULE) {
            continue;
        }
        if (c == ' ' || blank) {
            pending = size > 0;
            continue;
        }
        if (pending && use != PLAIN_CODE) {
            out[size++] = ' ';
        }
        pending = false;
        if (use == PLAIN_CODE && c >= 0xFF01 && c <= 0xFF5E) {
            *odd |= ODD_WIDE_LETTER;
            out[size++] = (char)(c - 0xFF01 + '!');
            continue;
        }
        memcpy(out + size, from + at, bytes);
        size += bytes;
    }
    return size;
}

void plain_cell_words(unsigned odd, char words[PLAIN_WORDS_BYTES]) {
    static const char *const odd_words[] = {"_x000D_",        "line break",       "full-width blank",
                                            "no-break blank", "zero-width blank", "full-width letter"};
    words[0] = '\0';
    for (size_t i = 0; i < sizeof odd_words / sizeof *odd_words; i++) {
        if (odd >> i & 1) {
            size_t used = strlen(words);
            snprintf(words + used, PLAIN_WORDS_BYTES - used, "%s%s", used ? ", " : "", odd_words[i]);
        }
    }
}
