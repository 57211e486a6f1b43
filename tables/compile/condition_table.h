/* SPDX-License-Identifier: Apache-2.0
 *
 * The cold part of a scheme's tables: conditions as they were written, with their code sets, for explanations. */
#ifndef CASEMIX_COMPILE_CONDITION_TABLE_H
#define CASEMIX_COMPILE_CONDITION_TABLE_H

#include "tables.h"

struct condition_table;

/* ids: image id of each code of the scheme's catalogues. */
struct condition_table *condition_table_new(struct arena *arena, struct image_writer *writer,
                                            const struct scheme *scheme, const uint16_t *const ids[CODE_KINDS]);

/* Number of a condition in IMAGE_EXPRESSIONS. The same expression is kept once. */
uint32_t condition_table_add(struct condition_table *table, const struct expression *when);

void condition_table_write(struct condition_table *table, uint32_t owner);

#endif
