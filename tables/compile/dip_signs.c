/* SPDX-License-Identifier: Apache-2.0
 *
 * How cells of a DIP catalogue are read: the signs between codes, what a code stands for, the words for all. */
#include <string.h>

#include "dip_draft.h"

const char *const dip_sign_keys[DIP_SIGN_KEYS + 1] = {"any",       "all",           "tighter",        "procedures",
                                                      "diagnoses", "all_diagnoses", "all_procedures", NULL};

enum { SIGN_ANY, SIGN_ALL, SIGN_TIGHTER, SIGN_PROCEDURES, SIGN_DIAGNOSES, SIGN_ALL_DIAGNOSES, SIGN_ALL_PROCEDURES };

void dip_sign_values(struct report *report, const struct node *map, const struct node *values[DIP_SIGN_KEYS]) {
    if (map == NULL || node_expect(report, map, NODE_MAP, "expressions") == NULL) {
        return;
    }
    node_check_keys(report, map, dip_sign_keys, "expressions");
    for (size_t i = 0; i < DIP_SIGN_KEYS; i++) {
        const struct node *value = node_get(map, dip_sign_keys[i]);
        values[i] = value != NULL ? value : values[i];
    }
}

/* Why a text cannot stand between codes, or NULL. */
static const char *sign_fault(const char *text) {
    if (text[0] == '\0') {
        return "it is empty";
    }
    for (const char *at = text; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (letter || strchr(". \t\r\n-*", *at) != NULL) {
            return "letters, digits, blanks and . - * are parts of codes and ranges";
        }
    }
    return NULL;
}

static void read_sign(struct report *report, const struct node *value, const char *key, const char **out) {
    if (value == NULL || node_text(report, value, key) == NULL) {
        return;
    }
    const char *fault = sign_fault(value->text);
    if (fault != NULL) {
        report_say(report, MSG_dip_bad_sign, value->place, report_clip(report, value->text, value->length), key,
                   fault);
        return;
    }
    *out = value->text;
}

static void read_word(struct report *report, const struct node *value, const char *key, const char **out) {
    if (value == NULL || node_text(report, value, key) == NULL) {
        return;
    }
    if (value->length == 0) {
        report_say(report, MSG_empty_text, value->place, key);
        return;
    }
    *out = value->text;
}

static void read_choice(struct report *report, const struct node *value, const char *key, const char *const *words,
                        int *out) {
    int choice = value != NULL ? dip_choice(report, value, key, words) : -1;
    *out = choice >= 0 ? choice : *out;
}

struct dip_signs dip_read_signs(struct report *report, const struct dip_signs *base,
                                const struct node *const values[DIP_SIGN_KEYS]) {
    static const char *const tighter[] = {"any", "all", NULL};
    static const char *const matches[] = {"exact", "extensions", "branch", NULL}; /* as enum dip_code_match */
    struct dip_signs signs = *base;
    int all_tighter = signs.all_tighter, procedures = signs.procedures, diagnoses = signs.diagnoses;
    read_sign(report, values[SIGN_ANY], "any", &signs.any);
    read_sign(report, values[SIGN_ALL], "all", &signs.all);
    read_choice(report, values[SIGN_TIGHTER], "tighter", tighter, &all_tighter);
    read_choice(report, values[SIGN_PROCEDURES], "procedures", matches, &procedures);
    read_choice(report, values[SIGN_DIAGNOSES], "diagnoses", matches, &diagnoses);
    read_word(report, values[SIGN_ALL_DIAGNOSES], "all_diagnoses", &signs.all_diagnoses);
    read_word(report, values[SIGN_ALL_PROCEDURES], "all_procedures", &signs.all_procedures);
    signs.all_tighter = all_tighter == 1;
    signs.procedures = (enum dip_code_match)procedures;
    signs.diagnoses = (enum dip_code_match)diagnoses;
    const struct node *last = values[SIGN_ALL] != NULL ? values[SIGN_ALL] : values[SIGN_ANY];
    if (last != NULL && strcmp(signs.any, signs.all) == 0) {
        report_say(report, MSG_dip_bad_sign, last->place, signs.any, last == values[SIGN_ALL] ? "all" : "any",
                   "`any` and `all` are the same");
    }
    return signs;
}
