/* SPDX-License-Identifier: Apache-2.0
 *
 * The page of a settled month: one HTML file with tables and charts that opens without a network. */
#ifndef CASEMIX_TOOLS_PAGE_H
#define CASEMIX_TOOLS_PAGE_H

#include "month.h"
#include "words.h"

/* Write it. EXIT_DONE, or the exit code after a message. The page holds sums only, never a case. */
int page_write(const struct month *month, enum language language, const char *path);

/* Made by page/embed.py at build time: the page up to its language, up to the month, and the rest. */
extern const char page_head[], page_middle[], page_tail[];
extern const size_t page_head_size, page_middle_size, page_tail_size;
/* Name and version of the chart library; empty if charts are not built in. */
extern const char page_chart_library[];

#endif
