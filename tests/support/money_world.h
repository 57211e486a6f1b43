/* SPDX-License-Identifier: Apache-2.0
 *
 * A scheme of a few groups and a policy, made of texts: what the tests of money work on. */
#ifndef CASEMIX_TESTS_MONEY_WORLD_H
#define CASEMIX_TESTS_MONEY_WORLD_H

#include <stdbool.h>

#include "../../grouper/casemix.h"
#include "../../tables/compile/compile.h"

enum { AA11, AA15, AR19 }; /* DRGs of the scheme in order */
extern const char weights_text[];

/* Parts of a policy that most tests share; `%s` is what a test adds. */
#define HEAD                                                                                                       \
    "policy: p\nscheme: tiny\nmethod: drg-rate\nsource: none\ndate: 2026-01-01\n"                                  \
    "pools: {employee: [职工, \"310\"], resident: 居民}\n"                                                     \
    "levels: {三级: [\"3\"], 二级: \"2\", 一级: }\n"                                                         \
    "weights: weights.csv\n"

struct world {
    char folder[64];
    struct compilation *work;
    casemix_image *image;
    casemix_context *context;
    casemix_case *one;
};

/* Read the texts; whether they are good is in the report of world.work. */
struct world compile_world(const char *policy, const char *weights);
/* Read them, and open what they make. */
struct world open_world(const char *policy, const char *weights);
void close_world(struct world *world);
/* A fact of world->one. */
void say(struct world *world, const char *column, const char *text);
/* Priced the quick way, from what is kept of earlier cases, and the long way: the same. */
casemix_price price_of(struct world *world, uint32_t group);
casemix_price price_at(struct world *world, uint32_t group, const char *level, const char *pool, const char *cost);
bool is_class(const casemix_price *price, const char *name);

#endif
