/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a workbook's cell made plain: what Excel and those who type into it leave there besides the letters. */
#ifndef CASEMIX_TOOLS_IMPORT_PLAIN_CELL_H
#define CASEMIX_TOOLS_IMPORT_PLAIN_CELL_H

#include <stddef.h>

enum plain_use {
    PLAIN_TEXT, /* one blank between words */
    PLAIN_RULE, /* likewise; a blank of no width is one too */
    PLAIN_CODE, /* no blanks; full-width letters become plain ones */
};

/* Writes at most `length` bytes to `out`, without NUL, and says how many. What was odd is added to the bits of `*odd`. */
size_t plain_cell(const char *from, size_t length, enum plain_use use, char *out, unsigned *odd);

/* The oddities in words: "line break, full-width blank". */
enum { PLAIN_WORDS_BYTES = 200 };
void plain_cell_words(unsigned odd, char words[PLAIN_WORDS_BYTES]);

#endif
