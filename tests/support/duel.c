/* SPDX-License-Identifier: Apache-2.0 */
#include "duel.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { SHOWN_MAX = 5 };

static bool same_text(casemix_text text, const char *other) {
    return strlen(other) == text.length && memcmp(text.text, other, text.length) == 0;
}

static bool same_answer(const casemix_grouping *got, const struct oracle_answer *want) {
    bool severity =
        want->status == CASEMIX_INVALID || want->status == CASEMIX_NEEDS_DATA || got->severity == want->severity;
    return got->status == want->status && got->reason == want->reason && got->fact == want->fact && severity &&
           same_text(got->mdc, want->mdc) && same_text(got->adrg, want->adrg) && same_text(got->drg, want->drg);
}

static void show_case(const struct plain_case *one) {
    for (int f = 0; f < FACT_COUNT; f++) {
        if (one->facts[f]) {
            fprintf(stderr, "    %s = \"%s\"\n", fact_rows[f].column, one->facts[f]);
        }
    }
}

static void show_got(const char *who, const casemix_grouping *got) {
    fprintf(stderr, "  %s: %s %s fact %d severity %d: %.*s %.*s %.*s\n", who, casemix_status_text(got->status),
            casemix_reason_text(got->reason), got->fact, (int)got->severity, (int)got->mdc.length, got->mdc.text,
            (int)got->adrg.length, got->adrg.text, (int)got->drg.length, got->drg.text);
}

static void show_want(const struct oracle_answer *want) {
    fprintf(stderr, "  oracle: %s %s fact %d severity %d: %s %s %s\n", casemix_status_text(want->status),
            casemix_reason_text(want->reason), want->fact, (int)want->severity, want->mdc, want->adrg, want->drg);
}

static void tell_nothing(void *user, const casemix_trace *event) {
    (void)user;
    (void)event;
}

void duel_start(struct duel *duel, const casemix_image *image, const struct scheme *scheme, uint64_t seed,
                bool compatibility) {
    *duel = (struct duel){.context = new_context(image, scheme->id, NULL), .one = casemix_case_new(), .seed = seed};
    duel->oracle = oracle_new(scheme, compatibility);
    duel->generator = generator_new(scheme, seed);
    cr_assert(duel->one);
    cr_assert(casemix_context_set(duel->context, CASEMIX_COMPATIBILITY, compatibility) == CASEMIX_OK);
}

void duel_end(struct duel *duel) {
    generator_free(duel->generator);
    oracle_free(duel->oracle);
    casemix_case_free(duel->one);
    casemix_context_free(duel->context);
}

void duel_fight(struct duel *duel, uint64_t n, bool explain, struct oracle_answer *want) {
    struct plain_case plain;
    struct oracle_answer own;
    casemix_grouping got;
    want = want ? want : &own;
    generator_case(duel->generator, n, &plain);
    fill_case(duel->one, &plain);
    oracle_group(duel->oracle, &plain, want);
    cr_assert(casemix_group(duel->context, duel->one, &got) == CASEMIX_OK, "case %llu: %s", (unsigned long long)n,
              casemix_context_message(duel->context));
    const char *who = "group";
    bool same = same_answer(&got, want);
    duel->by_status[want->status]++;
    if (same && explain) {
        cr_assert(casemix_explain(duel->context, duel->one, tell_nothing, NULL, &got) == CASEMIX_OK);
        who = "explain";
        same = same_answer(&got, want);
    }
    if (!same && ++duel->mismatches <= SHOWN_MAX) {
        fprintf(stderr, "seed %llu, case %llu:\n", (unsigned long long)duel->seed, (unsigned long long)n);
        show_case(&plain);
        show_got(who, &got);
        show_want(want);
    }
}
