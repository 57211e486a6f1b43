/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers for tests and samples: splitmix64, the same numbers for a seed on every machine. */
#ifndef CASEMIX_TESTS_RANDOM_H
#define CASEMIX_TESTS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random) {
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* 0 .. below - 1; 0 if below is 0. */
static inline uint64_t random_below(struct random *random, uint64_t below) {
    return below == 0 ? 0 : random_next(random) % below;
}

static inline int64_t random_between(struct random *random, int64_t low, int64_t high) {
    return low + (int64_t)random_below(random, (uint64_t)(high - low) + 1);
}

/* True `percent` times of a hundred. */
static inline bool random_chance(struct random *random, unsigned percent) {
    return random_below(random, 100) < percent;
}

#endif
