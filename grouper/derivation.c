/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of a derivation: what, by which formula, from what, with which result, on which line of the policy. */
#include "derivation.h"

#include <stdio.h>
#include <string.h>

#include "../tables/image_reader.h"

enum { INPUTS_SIZE = 800, INPUTS_MAX = 32, GIVEN_MAX = 200 };

/* Collects "rw 1.1237, rate 11356.64", each name once. */
struct inputs {
    struct formula_listener listener;
    char text[INPUTS_SIZE];
    size_t length;
    struct {
        size_t at, length;
    } names[INPUTS_MAX]; /* in the text: a listener's names last no longer than the call */
    size_t count;
};

static bool has_input(const struct inputs *inputs, const char *name) {
    for (size_t i = 0; i < inputs->count; i++) {
        if (strlen(name) == inputs->names[i].length &&
            memcmp(inputs->text + inputs->names[i].at, name, inputs->names[i].length) == 0) {
            return true;
        }
    }
    return false;
}

static void collect(struct formula_listener *listener, const char *name, const char *text, struct rational value) {
    struct inputs *inputs = (struct inputs *)listener;
    char number[RATIONAL_TEXT];
    if (inputs->count == INPUTS_MAX || has_input(inputs, name)) {
        return;
    }
    if (text == NULL) {
        rational_text(value, number, sizeof number);
        text = number;
    }
    const char *comma = inputs->count > 0 ? ", " : "";
    size_t room = sizeof inputs->text - inputs->length;
    int written = snprintf(inputs->text + inputs->length, room, "%s%s %s", comma, name, text);
    if (written < 0 || (size_t)written >= room) {
        inputs->text[inputs->length] = '\0'; /* no room for it whole: leave it out */
        return;
    }
    inputs->names[inputs->count].at = inputs->length + strlen(comma);
    inputs->names[inputs->count++].length = strlen(name);
    inputs->length += (size_t)written;
}

static casemix_text plain_text(const char *text) {
    return (casemix_text){text, strlen(text)};
}

static casemix_text image_text_of(const struct teller *teller, image_text text) {
    return plain_text(image_string(teller->run->image, text));
}

void derivation_line(const struct teller *teller, const char *what, const char *formula, const char *inputs,
                     const char *result, uint32_t line) {
    casemix_derivation event = {plain_text(what),
                                plain_text(formula),
                                plain_text(inputs),
                                plain_text(result),
                                image_text_of(teller, teller->run->policy->about->file),
                                line};
    teller->tell(teller->user, &event);
}

void derivation_place(const struct teller *teller, uint32_t number) {
    const struct formula_case *run = teller->run;
    const struct image_axis *axis = &run->policy->axes[number];
    char inputs[INPUTS_SIZE];
    casemix_text given = run->facts[axis->fact];
    if (axis->member_count == 0 || run->members[number] == IMAGE_NONE16) {
        return;
    }
    image_text word = run->policy->members[axis->first_member + run->members[number]];
    snprintf(inputs, sizeof inputs, "%s %.*s", fact_rows[axis->fact].column,
             (int)(given.length < GIVEN_MAX ? given.length : GIVEN_MAX), given.text);
    derivation_line(teller, image_string(run->image, axis->name), "", inputs, image_string(run->image, word),
                    run->policy->about->line);
}

void derivation_formula(const struct teller *teller, uint32_t number, int places) {
    struct formula_case *run = teller->run;
    const struct image_formula *formula = &run->policy->formulas[number];
    struct inputs inputs = {.listener = {collect}};
    char result[3 * RATIONAL_TEXT], exact[RATIONAL_TEXT], rounded[RATIONAL_TEXT];
    struct rational before;
    int64_t value;
    formula_listen(run, number, &inputs.listener);
    rational_text(run->values[number], exact, sizeof exact);
    snprintf(result, sizeof result, "%s", exact);
    if (formula->condition) {
        snprintf(result, sizeof result, "%s", run->values[number].numerator != 0 ? "yes" : "no");
    } else if (places >= 0 && rational_round(run->values[number], places, ROUND_HALF_UP, &value)) {
        rational_text(rational_of(value, decimal_power(places)), rounded, sizeof rounded);
        if (strcmp(exact, rounded) != 0) {
            snprintf(result, sizeof result, "%s, rounded half up from %s", rounded, exact);
        }
    } else if (formula_unrounded(run, number, &before)) {
        rational_text(before, rounded, sizeof rounded);
        if (strcmp(exact, rounded) != 0) {
            snprintf(result, sizeof result, "%s, rounded half up from %s", exact, rounded);
        }
    }
    casemix_derivation event = {image_text_of(teller, formula->name), image_text_of(teller, formula->text),
                                {inputs.text, inputs.length},         plain_text(result),
                                image_text_of(teller, formula->file), formula->line};
    teller->tell(teller->user, &event);
}

void derivation_replaced(const struct teller *teller, uint32_t number, uint32_t figure) {
    const struct formula_case *run = teller->run;
    const struct image_formula *formula = &run->policy->formulas[number];
    const struct image_formula *source = &run->policy->formulas[run->policy->figures[figure].formula];
    char value[RATIONAL_TEXT];
    rational_text(run->values[number], value, sizeof value);
    casemix_derivation event = {image_text_of(teller, formula->name),
                                plain_text("as settled for the pool"),
                                plain_text(""),
                                plain_text(value),
                                image_text_of(teller, source->file),
                                source->line};
    teller->tell(teller->user, &event);
}
