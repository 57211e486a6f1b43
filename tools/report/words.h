/* SPDX-License-Identifier: Apache-2.0
 *
 * The words that reports use for columns, classes, statuses and headings, in Chinese and English. */
#ifndef CASEMIX_TOOLS_WORDS_H
#define CASEMIX_TOOLS_WORDS_H

enum language { CHINESE, ENGLISH };

/* All words, for a reader that changes language by itself. */
struct word {
    const char *key;
    const char *text[2]; /* by language */
};
extern const struct word words[];
extern const int word_count;

/* The word for a key such as "fund_payment"; the key itself where there is none (classes and figures have the names that
 * their policy gives them). */
const char *word_of(const char *key, enum language language);

#endif
