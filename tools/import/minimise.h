/* SPDX-License-Identifier: Apache-2.0
 *
 * The short form of a code set: branches, ranges and minus over a catalogue, as few characters as a person can still
 * review. */
#ifndef CASEMIX_TOOLS_MINIMISE_H
#define CASEMIX_TOOLS_MINIMISE_H

#include "tables/compile/catalogue.h"

/* What is known of a catalogue once, for all sets over it. */
struct shortener;

struct shortener *shortener_new(struct arena *arena, const struct catalogue *catalogue);

/* The items of a set, blanks between them; "" for the empty one. `bits`: the codes that must be in it; `either`: codes
 * that may be in it or not, or NULL. What the items mean has been compared with that: a difference ends the process
 * (a fault of this program, never of the input). */
const char *shorten(const struct shortener *shortener, const uint64_t *bits, const uint64_t *either);

/* The same with codes that may be in it or not, but that no minus may touch, because the text goes into a larger one. */
const char *shorten_keeping(const struct shortener *shortener, const uint64_t *bits, const uint64_t *either,
                            const uint64_t *keep);

/* The same without minus. */
const char *shorten_plain(const struct shortener *shortener, const uint64_t *bits, const uint64_t *either);

/* The codes that items as made by shorten() mean; false if one is no such item. */
bool spell_out(const struct shortener *shortener, const char *items, uint64_t *bits);

#endif
