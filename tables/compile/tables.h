/* SPDX-License-Identifier: Apache-2.0
 *
 * From the model of schemes to the sections of an image. */
#ifndef CASEMIX_COMPILE_TABLES_H
#define CASEMIX_COMPILE_TABLES_H

#include "../image_writer.h"
#include "scheme.h"

/* The codes of an image: one catalogue for all schemes that name the same one, with what each of them adds. */
struct code_table {
    const char *id;
    enum code_kind kind;
    struct catalogue *codes; /* the union */
    uint16_t *ids;           /* id in the image of each code of the union */
    uint32_t id_count;
};

/* Make the hash table of a catalogue and write its sections as catalogue `owner`. False after a message (too many
 * codes for 16-bit ids). `about` is filled for the CATALOGUES section. */
bool code_table_write(struct arena *arena, struct report *report, struct image_writer *writer,
                      struct code_table *table, uint32_t owner, struct image_catalogue *about);

/* The image id of each code of a scheme's own catalogue. */
uint16_t *code_table_map(struct arena *arena, const struct code_table *table, const struct catalogue *catalogue);

/* Write the sections of a scheme as scheme `owner`; `about` is filled for the SCHEMES section. ids: code_table_map of
 * its catalogues. False after a message. */
bool scheme_tables_write(struct arena *arena, struct report *report, struct image_writer *writer,
                         const struct scheme *scheme, uint32_t owner, const struct code_table *const tables[CODE_KINDS],
                         struct image_scheme *about);

#endif
