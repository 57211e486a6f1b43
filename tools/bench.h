/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benchmarks share. */
#ifndef CASEMIX_TOOLS_BENCH_H
#define CASEMIX_TOOLS_BENCH_H

#include "options.h"

#include <stddef.h>
#include <stdint.h>

/* memchr to each end of line, and in the line to each separator: every one of them once. The number of both. */
uint64_t scan_separators(const char *bytes, size_t size, char separator);

/* `casemix bench settle FILE`: the exit code. */
int bench_settle(const struct options *options);

#endif
