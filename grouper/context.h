/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the opaque handles of casemix.h, shared by the files of this folder. */
#ifndef CASEMIX_GROUPER_CONTEXT_H
#define CASEMIX_GROUPER_CONTEXT_H

#include <stdbool.h>

#include "../tables/dip_view.h"
#include "../tables/facts.h"
#include "../tables/image_reader.h"
#include "casemix.h"

/* More codes than any settlement list holds; a case with more is refused, not cut. */
enum { CODES_MAX = 512 };

struct casemix_image {
    struct image *image;
    char fingerprint[17];
};

struct casemix_case {
    casemix_text facts[FACT_COUNT];
};

/* The codes of one kind of a case, resolved. `ids[0]` is the principal one. */
struct code_list {
    uint32_t count;
    uint32_t ids[CODES_MAX]; /* in the catalogue; IMAGE_NONE32 for an unknown or empty one */
};

/* A case ready to be classified: codes as ids, numbers as numbers. */
struct prepared {
    struct code_list diagnoses, procedures;
    int64_t numbers[FACT_COUNT];
    uint64_t present; /* bit a fact: there is a number, or a text */
    int bad_fact;     /* a fact the scheme needs that is not what it should be; -1 if none */
    casemix_reason barred; /* the principal codes keep the case out of every group; NONE if not */
};

/* A class of an auxiliary catalogue or supervision index that holds. */
struct dip_applied {
    uint32_t index, class;
    bool counts;    /* in the factor */
    int64_t number; /* 1/1000000; -1: none */
};

/* What became of the case last grouped, if that was under a DIP scheme. */
struct dip_case {
    bool used;
    bool cost_missed;    /* a tie rule asked for a cost that is absent */
    uint32_t diagnosis;  /* id of the principal one; IMAGE_NONE32: none, or unknown */
    uint32_t kind;       /* of the case */
    uint32_t level;      /* of the hospital; IMAGE_NONE32: none, or none of the scheme's words */
    uint32_t entry;      /* IMAGE_NONE32: none */
    uint32_t match, step, rule; /* that answered; DIP_RULE_ */
    uint32_t applied_count;
    int64_t factor;      /* 1/1000000 */
    uint32_t given_count;/* procedures of the case as they were prepared; */
    uint32_t principal;  /* place in `ids` of the principal one of those that count; IMAGE_NONE32: none */
    uint32_t count;      /* how many count */
    uint64_t surgical[CODES_MAX / 64]; /* bit a procedure that counts: it is surgery */
    struct dip_applied applied[IMAGE_DIP_INDICES_MAX];
    uint32_t given[CODES_MAX], ids[CODES_MAX]; /* in the case's order */
};

struct casemix_context {
    const struct casemix_image *owner;
    const struct scheme_view *scheme;
    struct pricing *policy; /* pricing.h; NULL if there is none */
    casemix_text scheme_id;
    struct choices *choices; /* choice.h; NULL if every case is grouped by `scheme` */
    uint32_t scheme_number, policy_number;
    bool compatibility, clinical;
    bool any_date; /* the policy prices cases outside its dates of force, too */
    struct prepared prepared;
    const struct casemix_case *given; /* the case that was prepared last */
    casemix_finding findings[CASEMIX_FINDINGS_MAX];
    uint32_t finding_count;
    char repaired[CASEMIX_FINDINGS_MAX][32]; /* codes as they were read, where they had to be repaired */
    char message[500];
    char detail[1000], rule[1000]; /* of an explanation's event */
    struct dip_case dip;
};

static inline casemix_text text_of(const struct casemix_context *context, image_text text) {
    const struct image *image = context->owner->image;
    return (casemix_text){image_string(image, text), image_string_length(image, text)};
}

static inline casemix_text without_blanks(casemix_text text) {
    while (text.length > 0 && text.text[0] == ' ') {
        text.text++;
        text.length--;
    }
    while (text.length > 0 && text.text[text.length - 1] == ' ') {
        text.length--;
    }
    return text;
}

/* context.c: a call that cannot be done, and why; CASEMIX_BAD_ARGUMENT. The context may be NULL. */
casemix_result refuse_call(struct casemix_context *context, const char *message);

/* choice.c: YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD, with or without a time after it, as 20260131; 0 if it is no date. */
uint32_t date_of(casemix_text text);

/* case.c: nothing but blanks of any kind is the same as nothing. */
bool is_absent(casemix_text given);

/* case.c: from texts to ids and numbers. False: the case cannot be worked on, see context->message. */
bool prepare_case(struct casemix_context *context, const struct casemix_case *one);
/* Is there anything where the principal diagnosis should be? */
bool has_principal(const struct casemix_context *context);
void add_finding(struct casemix_context *context, casemix_finding_code code, int fact, uint32_t place,
                 casemix_text given, casemix_text replaced_by);
/* The same of the n-th code of a prepared list; where it stands in the case's own list is looked up. */
void add_code_finding(struct casemix_context *context, casemix_finding_code code, int fact, uint32_t n,
                      casemix_text replaced_by);
/* A quotient as facts.def says it is held; false: it is absent. Parts are absent below 0. */
bool ratio_of(int64_t divided, int64_t divisor, int64_t *out);

/* classify.c: the group of the prepared case. */
void classify(struct casemix_context *context, casemix_grouping *out);

/* price.c: opens the policy of an image for a context. */
casemix_result context_open_policy(struct casemix_context *context, casemix_error *error);
void context_close_policy(struct casemix_context *context);

#endif
