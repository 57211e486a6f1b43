/* SPDX-License-Identifier: Apache-2.0
 *
 * What the command line of `casemix calibrate` says. */
#ifndef CASEMIX_TOOLS_SETTINGS_H
#define CASEMIX_TOOLS_SETTINGS_H

#include "../options.h"
#include "statistics.h"

enum { FOR_DIP = 1, FOR_DRG = 2, FOR_AUXILIARY = 4, FOR_ALL = 7 };

struct settings {
    struct options o;
    bool force, quiet, demonstration;
    /* the history */
    uint32_t weights[YEARS_MAX];
    unsigned years;
    struct trim trim;
    uint64_t last_year;         /* 0: the latest there is */
    const char *levels, *pools; /* "word=level,word=level" */
    /* entries of a catalogue */
    unsigned key_length; /* characters of diagnosis codes with the dot; 0: all */
    uint64_t min_cases;
    uint64_t coverage; /* 1/10000; 0: by min_cases */
    uint64_t related;  /* 1/10000 */
    bool any_place;    /* the principal operation may stand anywhere among a case's operations */
    const char *benchmark;
    uint64_t mean_cost;             /* fen; 0: that of all cases */
    uint64_t basic_cases, basic_cv; /* 1/10000 */
    const char *extends, *id, *title, *date, *names;
    /* groups */
    const char *fund, *fund_share, *expert;
    uint64_t unstable_cases, unstable_cv;
    /* factors */
    uint64_t factor_cv, reduction; /* 1/10000 */
};

/* -1: go on. Otherwise the exit code, after --help or a message. The words of argv are moved. */
int settings_read(struct settings *settings, int argc, char **argv, unsigned what, const char *help);

/* The item of the list "a=x,b=y" that `word` stands before; absent if there is none. */
casemix_text listed(const char *list, casemix_text word);

#endif
