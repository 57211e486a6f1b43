/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix.h: from a coded inpatient case to its DRG group or DIP entry and to what the insurance fund pays.
 *
 *   casemix_image     the compiled rules. Immutable once open; any number of threads may share it.
 *   casemix_context   one scheme (and, for money, one policy) of an image, with the scratch memory of one thread.
 *                     Made once, used for millions of cases; grouping and pricing never allocate.
 *   casemix_case      the facts of one case, as text. Nothing is copied: the text belongs to the caller and must
 *                     stay where it is until the case was grouped, priced and explained, or is cleared.
 *
 * No function prints, exits, or touches a global. Functions that can fail return a casemix_result (CASEMIX_OK is 0);
 * the sentence for people is in the context, or in the casemix_error given.
 *
 * Compatibility: within one SONAME (libcasemix.so.0) functions are only added, and structs keep their size and their
 * members, because the library fills them in the caller's memory: what a struct lacks comes by a new function. Enums
 * may get further numbers, so a switch needs a default. Anything else changes the SONAME.
 *
 *     casemix_image *image;  casemix_context *context;  casemix_error error;
 *     if (casemix_image_open("haerbin-2022.cmx", &image, &error) != CASEMIX_OK) ...
 *     casemix_context_new(image, NULL, NULL, &context, &error);
 *     casemix_case *one = casemix_case_new();
 *     casemix_case_set(one, casemix_fact("gender"), "1", 1);
 *     casemix_case_set(one, casemix_fact("age"), "63", 2);
 *     casemix_case_set(one, casemix_fact("dx"), "I63.900|I10.x00x002", 19);
 *     casemix_grouping grouping;
 *     casemix_group(context, one, &grouping);      // grouping.drg.text is "BR25", or the reason says why not
 */
#ifndef CASEMIX_H
#define CASEMIX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(CASEMIX_BUILD) && defined(__GNUC__)
#define CASEMIX_API __attribute__((visibility("default")))
#else
#define CASEMIX_API
#endif

#define CASEMIX_VERSION_MAJOR 0
#define CASEMIX_VERSION_MINOR 1
#define CASEMIX_VERSION_PATCH 0
#define CASEMIX_VERSION "0.1.0"

/* The version of the library that runs, "0.1.0". */
CASEMIX_API const char *casemix_version(void);

/* ---- results of calls ------------------------------------------------------------------------------------- */

typedef enum casemix_result {
    CASEMIX_OK = 0,
    CASEMIX_NO_MEMORY = 1,
    CASEMIX_BAD_ARGUMENT = 2, /* a NULL that may not be NULL, an unknown name */
    CASEMIX_NO_FILE = 3,      /* the image cannot be opened or read */
    CASEMIX_BAD_IMAGE = 4,    /* it is not an image, damaged, or of a version this library does not know */
    CASEMIX_BAD_CASE = 5,     /* the case cannot be worked on at all: too many codes */
    CASEMIX_OVERFLOW = 6,     /* an amount is too large to be held exactly */
} casemix_result;

/* A sentence in English for people, ending with what to do. */
typedef struct casemix_error {
    casemix_result code;
    char message[500];
} casemix_error;

/* A text that is not NUL-terminated in general. Texts of the image (codes, names) live as long as the image and are
 * NUL-terminated as well; texts of the case live as long as the caller's memory. An absent text is {"", 0}. */
typedef struct casemix_text {
    const char *text;
    size_t length;
} casemix_text;

/* ---- image ------------------------------------------------------------------------------------------------ */

typedef struct casemix_image casemix_image;

/* Open a compiled rule set. The file is mapped read-only, its checksum and every index in it are verified; a file that
 * is truncated, altered or hostile is refused with CASEMIX_BAD_IMAGE. Replace an image in use by writing a new file
 * and renaming it over the old one, never by writing into it. */
CASEMIX_API casemix_result casemix_image_open(const char *path, casemix_image **out, casemix_error *error);

/* The same from memory, which must be aligned to 8 bytes, stay unchanged and outlive the image. */
CASEMIX_API casemix_result casemix_image_from_memory(const void *bytes, size_t size, casemix_image **out,
                                                     casemix_error *error);

/* NULL is allowed. No context, settlement or text of the image may be used afterwards. */
CASEMIX_API void casemix_image_close(casemix_image *image);

/* 16 lower-case hexadecimal digits that name the image: its checksum. Every result can be traced to it. */
CASEMIX_API const char *casemix_image_fingerprint(const casemix_image *image);

typedef struct casemix_scheme_info {
    casemix_text id, title, source;
    casemix_text from, until; /* dates of force, YYYY-MM-DD, may be absent */
    uint32_t mdcs, adrgs, drgs;
    uint32_t diagnoses, procedures; /* size of its code catalogues */
} casemix_scheme_info;

typedef struct casemix_policy_info {
    casemix_text id, title, source, scheme, note;
    casemix_text from, until; /* dates of force, YYYY-MM-DD, may be absent */
} casemix_policy_info;

CASEMIX_API uint32_t casemix_scheme_count(const casemix_image *image);
CASEMIX_API uint32_t casemix_policy_count(const casemix_image *image);
/* 0 <= n < count; otherwise CASEMIX_BAD_ARGUMENT. */
CASEMIX_API casemix_result casemix_scheme_at(const casemix_image *image, uint32_t n, casemix_scheme_info *out);
/* The regions of claims that scheme n is for, where the bundle says so; 0: it is for all. */
CASEMIX_API uint32_t casemix_scheme_region_count(const casemix_image *image, uint32_t n);
CASEMIX_API casemix_result casemix_scheme_region_at(const casemix_image *image, uint32_t n, uint32_t region,
                                                    casemix_text *out);
/* The answers that scheme n can give, by number: its DRGs (or DIP entries), then its ADRGs and QY steps; an ADRG of several
 * entries is there more than once. CASEMIX_BAD_ARGUMENT beyond the last. The texts are the image's. */
CASEMIX_API casemix_result casemix_scheme_answer_at(const casemix_image *image, uint32_t n, uint32_t answer,
                                                    casemix_text *code, casemix_text *name);
CASEMIX_API casemix_result casemix_policy_at(const casemix_image *image, uint32_t n, casemix_policy_info *out);

/* 1: some values of policy n are demonstration values (its note names them), or its scheme is made of such data; whatever
 * is made with it must say so. */
CASEMIX_API int casemix_policy_is_demonstration(const casemix_image *image, uint32_t n);
/* What policy n pays by: "drg-rate", "drg-points, bed-day"; absent beyond the last. */
CASEMIX_API casemix_text casemix_policy_methods(const casemix_image *image, uint32_t n);

/* What the groups of scheme n are; -1 beyond the last. */
typedef enum casemix_scheme_kind {
    CASEMIX_SCHEME_DRG = 0,
    CASEMIX_SCHEME_DIP = 1, /* `mdcs` of its info are the parts of the catalogue, `drgs` its entries, `adrgs` 0 */
} casemix_scheme_kind;
CASEMIX_API int casemix_scheme_kind_at(const casemix_image *image, uint32_t n);
/* 1: scheme n was made of demonstration data; whatever is made with it must say so. */
CASEMIX_API int casemix_scheme_is_demonstration(const casemix_image *image, uint32_t n);

/* The sources an image was made of, in the order read: file name, size in bytes and XXH3 hash. */
typedef struct casemix_source_info {
    casemix_text name;
    uint64_t size, hash;
} casemix_source_info;
CASEMIX_API uint32_t casemix_source_count(const casemix_image *image);
CASEMIX_API casemix_result casemix_source_at(const casemix_image *image, uint32_t n, casemix_source_info *out);

/* ---- context ---------------------------------------------------------------------------------------------- */

typedef struct casemix_context casemix_context;

/* A context for one thread. scheme: an id of the image, or NULL: then it is the policy's scheme, or the only one of the
 * image, or, where the image has several, for each case the one in force at its date of discharge in its region (facts
 * `discharged` and `region`). policy: an id of the image, or NULL if nothing will be priced. */
CASEMIX_API casemix_result casemix_context_new(const casemix_image *image, const char *scheme, const char *policy,
                                               casemix_context **out, casemix_error *error);
CASEMIX_API void casemix_context_free(casemix_context *context); /* NULL is allowed */

/* Switches, off by default. Return CASEMIX_BAD_ARGUMENT for an unknown switch. */
typedef enum casemix_option {
    /* Follow the scheme's `compatibility` block: reproduce what another implementation does where it departs from
     * the published scheme. For comparing with that implementation only. */
    CASEMIX_COMPATIBILITY = 1,
    /* The codes of the cases are of the clinical version (国临版): each is converted once to the insurance version by the
     * scheme's crosswalk, with a finding. Codes that mean something else in the other version are never guessed at, so
     * say this for such cases only. CASEMIX_BAD_ARGUMENT if a scheme of the context has no crosswalk. */
    CASEMIX_CLINICAL_CODES = 2,
} casemix_option;
CASEMIX_API casemix_result casemix_context_set(casemix_context *context, casemix_option option, int on);

/* The sentence for the last call that was given this context to work with and did not return CASEMIX_OK; "" if there
 * was none. Valid until the next call. */
CASEMIX_API const char *casemix_context_message(const casemix_context *context);

/* ---- case ------------------------------------------------------------------------------------------------- */

typedef struct casemix_case casemix_case;

CASEMIX_API casemix_case *casemix_case_new(void); /* NULL: no memory */
CASEMIX_API void casemix_case_free(casemix_case *one);
CASEMIX_API void casemix_case_clear(casemix_case *one); /* as new */

/* The number of a fact by the name of its column ("age", "dx", "cost" ...; `casemix help facts` lists them), for
 * casemix_case_set; -1 if there is none. Look it up once. */
CASEMIX_API int casemix_fact(const char *column);
/* How many facts there are, and what one is called: column, word of the rule language ("" if rules cannot use it), unit
 * ("" if none), meaning; NULL beyond the last. */
CASEMIX_API int casemix_fact_count(void);
CASEMIX_API const char *casemix_fact_column(int fact);
CASEMIX_API const char *casemix_fact_word(int fact);
CASEMIX_API const char *casemix_fact_unit(int fact);
CASEMIX_API const char *casemix_fact_meaning(int fact);

/* Say a fact. The text is UTF-8, not copied, and need not end in NUL. Empty text, blanks only, and NULL are the same as
 * not saying it: absent is absent, never 0. Codes (dx, proc) are separated by `|`, the principal one first; a list that starts with `|` has
 * no principal code. An unknown fact number is ignored. */
CASEMIX_API void casemix_case_set(casemix_case *one, int fact, const char *text, size_t length);

/* ---- grouping --------------------------------------------------------------------------------------------- */

typedef enum casemix_status {
    CASEMIX_GROUPED = 0,    /* in a DRG, or in a bare ADRG where the scheme says so */
    CASEMIX_QY = 1,         /* ambiguous group: a valid principal procedure outside the MDC's own */
    CASEMIX_UNGROUPED = 2,  /* no group takes the case */
    CASEMIX_INVALID = 3,    /* a fact is not what it should be (a letter as age) */
    CASEMIX_NEEDS_DATA = 4, /* a fact that the scheme requires is absent */
} casemix_status;

/* Why a case has its status; NONE where nothing is to be said. Further ones may come, numbers never change. */
typedef enum casemix_reason {
    CASEMIX_REASON_NONE = 0,
    CASEMIX_REASON_ADRG_ONLY = 1,            /* grouped: no DRG of the ADRG fitted, the scheme answers with the ADRG */
    CASEMIX_REASON_QY = 2,                   /* qy */
    CASEMIX_REASON_NO_PRINCIPAL = 3,         /* ungrouped: there is no principal diagnosis */
    CASEMIX_REASON_UNKNOWN_PRINCIPAL = 4,    /* ungrouped: the principal diagnosis is not in the code catalogue */
    CASEMIX_REASON_PRINCIPAL_IN_NO_MDC = 5,  /* ungrouped: no MDC was entered */
    CASEMIX_REASON_NO_GROUP_IN_MDC = 6,      /* ungrouped: an MDC was entered, none of its groups fitted */
    CASEMIX_REASON_BAD_FACT = 7,             /* invalid: see `fact` */
    CASEMIX_REASON_MISSING_FACT = 8,         /* needs-data: see `fact` */
    CASEMIX_REASON_GRAY_PRINCIPAL = 9,       /* ungrouped: a principal code is gray, too unspecific to be grouped by */
    CASEMIX_REASON_INVALID_PRINCIPAL = 10,   /* ungrouped: a principal code is not for settlement lists */
    CASEMIX_REASON_NO_SCHEME_IN_FORCE = 11,  /* invalid: no scheme of the image is for this date or region, see `fact` */
    CASEMIX_REASON_EXCLUDED_PRINCIPAL = 12,  /* ungrouped, DIP: the scheme does not group this principal diagnosis */
    CASEMIX_REASON_NO_ENTRY = 13,            /* ungrouped, DIP: no entry of the catalogue takes the case */
} casemix_reason;

typedef enum casemix_severity { CASEMIX_NO_CC = 0, CASEMIX_CC = 1, CASEMIX_MCC = 2 } casemix_severity;

typedef struct casemix_grouping {
    casemix_status status;
    casemix_reason reason;
    int fact;                    /* the fact that reason 7, 8 and 11 speak of, otherwise -1 */
    casemix_severity severity;   /* the highest that counts after exclusion by the principal diagnosis */
    casemix_text mdc, adrg, drg; /* texts of the image; absent where the case did not get so far. For qy: drg is the
                                    ambiguous group (`BQY`), adrg is absent. A bare ADRG: drg is absent. Under a DIP
                                    scheme drg is the code of the entry, mdc the part of the catalogue, adrg absent. */
    casemix_text name;           /* name of the answer */
    uint32_t step, group;        /* dense numbers of the answer within the scheme (see casemix_price); ~0 if none */
    casemix_text scheme;         /* id of the scheme used; absent where none could be chosen */
} casemix_grouping;

CASEMIX_API const char *casemix_status_text(casemix_status status); /* "grouped", "qy", "ungrouped", ... */
CASEMIX_API const char *casemix_reason_text(casemix_reason reason); /* "", "adrg-only", "qy", ... */

/* Group one case. Returns CASEMIX_OK whenever `out` is filled, whatever the status of the case. */
CASEMIX_API casemix_result casemix_group(casemix_context *context, const casemix_case *one, casemix_grouping *out);

/* What was done to the case's facts before it was grouped, or should be looked at. Nothing is changed silently. */
typedef enum casemix_finding_code {
    CASEMIX_FINDING_CODE_REPAIRED = 1, /* a code was read as `replaced_by` (case, width, blanks, dot, dagger) */
    CASEMIX_FINDING_CODE_UNKNOWN = 2,  /* a code is not in the catalogue; it stands in no list */
    CASEMIX_FINDING_CODE_EMPTY = 3,    /* an empty place in a list of codes, skipped unless it is the principal */
    CASEMIX_FINDING_VALUE_REPAIRED = 4,/* a fact was read as `replaced_by` (男 as 1, full width digits) */
    CASEMIX_FINDING_MISSING_AS_ZERO = 5, /* compatibility: an absent number was taken as 0 */
    CASEMIX_FINDING_NEGATIVE_KEPT = 6, /* compatibility: a negative number was let through */
    CASEMIX_FINDING_CODE_GRAY = 7,     /* the principal code is gray; the scheme's rule for it was applied */
    CASEMIX_FINDING_CODE_INVALID = 8,  /* the principal code is invalid for settlement lists; likewise */
    CASEMIX_FINDING_PROCEDURE_RETRIED = 9, /* no group was found until this procedure was taken for the only one */
    CASEMIX_FINDING_CODE_CONVERTED = 10, /* a clinical code was converted to `replaced_by` */
    CASEMIX_FINDING_PROCEDURE_EXCLUDED = 11, /* DIP: the scheme drops this procedure */
    CASEMIX_FINDING_PROCEDURE_CONSERVATIVE = 12, /* DIP: this procedure counts as none */
    CASEMIX_FINDING_PROCEDURE_NOT_PRINCIPAL = 13, /* DIP: it stood first but cannot be the principal one; `replaced_by`
                                                     is, absent if there is no other */
    CASEMIX_FINDING_NO_COST_TO_COMPARE = 14, /* DIP: entries were to be told apart by cost, which is absent */
    CASEMIX_FINDING_POLICY_NOT_IN_FORCE = 15, /* the policy was not in force at the discharge, and priced all the same: see
                                                casemix_context_any_date */
} casemix_finding_code;

typedef struct casemix_finding {
    casemix_finding_code code;
    int fact;                 /* which fact */
    uint32_t place;           /* for codes: 0 the principal, 1 the next ...; otherwise 0 */
    casemix_text given;       /* in the caller's memory */
    casemix_text replaced_by; /* in the image or static; absent if there is none */
} casemix_finding;

/* The findings of the last casemix_group on this context; at most CASEMIX_FINDINGS_MAX are kept, the count goes on. */
#define CASEMIX_FINDINGS_MAX 64
CASEMIX_API uint32_t casemix_finding_count(const casemix_context *context);
CASEMIX_API casemix_result casemix_finding_at(const casemix_context *context, uint32_t n, casemix_finding *out);
CASEMIX_API const char *casemix_finding_text(casemix_finding_code code); /* "code-repaired", ... */

/* ---- DIP -------------------------------------------------------------------------------------------------- */

/* More of the answer of the last casemix_group or casemix_explain on this context. CASEMIX_BAD_ARGUMENT if that case
 * was not grouped under a DIP scheme, or is in no entry. */
typedef struct casemix_dip {
    casemix_text entry, name, part;
    casemix_text kind;          /* treatment kind of the entry */
    casemix_text case_kind;     /* of the case: by its counted procedures */
    casemix_text step;          /* search step that answered */
    const char *rule;           /* tie rule that decided ("plus", "score" ...; "order": the catalogue's); "" if only
                                   this entry matched */
    int64_t score;              /* 1/10000 point; -1: the catalogue gives none */
    int64_t mean_cost;          /* of the entry for the hospital's level, 1/10000 yuan; -1: none */
    int64_t factor;             /* of the auxiliary catalogues, 1/1000000; 1000000 if none applies */
    int basic;                  /* 1: a basic (基层) entry */
} casemix_dip;
CASEMIX_API casemix_result casemix_dip_of(const casemix_context *context, casemix_dip *out);

/* The auxiliary catalogues and supervision indices that apply to that case: in each, the first class that holds. */
typedef struct casemix_dip_index {
    casemix_text index, class_name;
    int supervision;            /* 0 an auxiliary catalogue, 1 a supervision index */
    int counts;                 /* 1: an auxiliary factor that is (part of) `factor` */
    int64_t number;             /* the factor or the score, 1/1000000; -1: this entry has no factor for the class */
} casemix_dip_index;
CASEMIX_API uint32_t casemix_dip_index_count(const casemix_context *context);
CASEMIX_API casemix_result casemix_dip_index_at(const casemix_context *context, uint32_t n, casemix_dip_index *out);

/* The procedures of that case that counted, the principal one first, as codes of the scheme's catalogue; not repeated.
 * A case may have some without having a principal one: then place 0 is absent. Also there for cases in no entry. */
CASEMIX_API uint32_t casemix_dip_procedure_count(const casemix_context *context);
CASEMIX_API casemix_result casemix_dip_procedure_at(const casemix_context *context, uint32_t n, casemix_text *code,
                                                    casemix_text *kind);
/* The treatment kind of that case, and its place among the scheme's kinds, 0 the lowest. Also there for cases in no
 * entry. */
CASEMIX_API casemix_result casemix_dip_case_kind(const casemix_context *context, casemix_text *kind, uint32_t *place);
/* The principal diagnosis as a code of the scheme's catalogue; absent if it is unknown. */
CASEMIX_API casemix_result casemix_dip_diagnosis(const casemix_context *context, casemix_text *code);

/* ---- explanation ------------------------------------------------------------------------------------------ */

typedef enum casemix_trace_kind {
    CASEMIX_TRACE_FACT = 0,     /* a fact as it was used; detail says so */
    CASEMIX_TRACE_SEVERITY = 1, /* an other diagnosis: MCC, CC, or excluded by the principal diagnosis */
    CASEMIX_TRACE_MDC = 2,
    CASEMIX_TRACE_ADRG = 3,
    CASEMIX_TRACE_QY = 4,
    CASEMIX_TRACE_DRG = 5,
    CASEMIX_TRACE_ANSWER = 6,
    CASEMIX_TRACE_PROCEDURE = 7, /* DIP: what a procedure counted as */
    CASEMIX_TRACE_SEARCH = 8,    /* DIP: a step of the search */
    CASEMIX_TRACE_ENTRY = 9,     /* DIP: an entry that takes the diagnosis: whether it matched, and why it lost */
    CASEMIX_TRACE_INDEX = 10,    /* DIP: a class of an auxiliary catalogue or supervision index */
} casemix_trace_kind;

typedef struct casemix_trace {
    casemix_trace_kind kind;
    int met;              /* 1 the condition holds, 0 it does not */
    int near_miss;        /* 1: all parts of the condition but one hold; `detail` names the one */
    casemix_text code;    /* of the MDC, ADRG, DRG, or the diagnosis */
    casemix_text name;
    casemix_text rule;    /* the rule's text as the rule set has it; of an ENTRY its diagnoses, operations and condition,
                             in the context, until the next event */
    casemix_text file;    /* where it stands */
    uint32_t line;
    casemix_text detail;  /* the fact that met or failed it, in words; in the context, until the next event */
} casemix_trace;

typedef void casemix_trace_fn(void *user, const casemix_trace *event);

/* Group the case again, slowly, and tell every step: the facts used, the severity of each other diagnosis, each MDC
 * with its condition, in entered MDCs each group up to the answer, the DRGs, and what comes after the answer that
 * would have been met but for one part; under a DIP scheme what each procedure counted as, each step of the search up
 * to the answer with the entries that take the diagnosis, and the classes of auxiliary catalogues and supervision
 * indices. Gives the same answer as casemix_group. */
CASEMIX_API casemix_result casemix_explain(casemix_context *context, const casemix_case *one, casemix_trace_fn *tell,
                                           void *user, casemix_grouping *out);

/* ---- money ------------------------------------------------------------------------------------------------ */

/* Units, everywhere in this header. All are exact; no binary floating point is used.
 *   amount       fen, 1/100 yuan
 *   points       1/10000 of a point; under a rate policy a point is one unit of relative weight (RW)
 *   point value  1/1000000 yuan a point; under a rate policy it is the base rate */
typedef int64_t casemix_amount;
typedef int64_t casemix_points;
typedef int64_t casemix_point_value;

typedef enum casemix_price_status {
    CASEMIX_PRICED = 0,
    CASEMIX_NOT_GROUPED = 1,    /* ungrouped, invalid, needs-data or qy, and the policy has no rule for it */
    CASEMIX_NO_WEIGHT = 2,      /* the policy has no weight for the group */
    CASEMIX_PRICE_MISSING_FACT = 3, /* a fact the policy needs is absent; see `fact` */
    CASEMIX_PRICE_UNKNOWN_WORD = 4, /* hospital level or insured type is not one of the policy's; see `fact` */
    CASEMIX_PRICE_OVERFLOW = 5, /* an amount is too large to be held exactly */
    CASEMIX_PRICE_DIVISION_BY_ZERO = 6, /* a formula of the policy divides by 0 for this case */
    CASEMIX_PRICE_BAD_FACT = 7, /* a fact the policy needs is not a number, or negative; see `fact` */
    CASEMIX_PRICE_NO_FIGURE = 8, /* a figure of the pool (its point value) has no value when it is settled */
    CASEMIX_PRICE_NOT_IN_FORCE = 9, /* the case was discharged before or after the policy's dates of force; see `fact` */
} casemix_price_status;

typedef struct casemix_price {
    casemix_price_status status;
    int fact;                   /* for status 3, 4, 7 and 9, otherwise -1 */
    casemix_text pool;          /* the policy's word for the insured type */
    casemix_text level;         /* the policy's word for the hospital level, absent if the policy has none */
    casemix_text class_name;    /* "normal", "low", "high" or another class of the policy; absent if no class was found.
                                   Where only the fund's part lacks a fact, class and standard are there. */
    uint32_t class_line;        /* line of the policy that decided the class */
    casemix_points points;      /* of the group, after coefficients */
    casemix_point_value point_value;
    casemix_amount standard;    /* payment standard of the case in its class */
    casemix_amount base_standard;/* points x point value, before the class changed it */
    casemix_amount low_below, high_above; /* bounds of the normal class: a cost in whole fen is low if it is less than
                                             low_below, high if it is more than high_above; 0 if there is no such class */
    casemix_amount cost, patient_paid, other_paid; /* as used */
    casemix_amount fund_payment;
} casemix_price;

/* A policy prices cases that were discharged while it was in force (policy_info: from, until), and cases that do not say
 * when. on: all others, too, each with the finding POLICY_NOT_IN_FORCE, to try old rules on new cases. */
CASEMIX_API void casemix_context_any_date(casemix_context *context, int on);

CASEMIX_API const char *casemix_price_status_text(casemix_price_status status); /* "priced", "no-weight", ... */

/* Price a case that was grouped by `grouping` under the context's policy. CASEMIX_BAD_ARGUMENT if the context has no
 * policy; CASEMIX_OK otherwise, with the reason in out->status when there is no price. */
CASEMIX_API casemix_result casemix_price_case(casemix_context *context, const casemix_case *one,
                                              const casemix_grouping *grouping, casemix_price *out);

/* The derivation of a price as numbered lines: what is computed, from what, by which rule of the policy.  */
typedef struct casemix_derivation {
    casemix_text what;    /* "standard" */
    casemix_text formula; /* "rw * rate", as the policy has it */
    casemix_text inputs;  /* "rw 1.1237, rate 11356.64" */
    casemix_text result;  /* "12761.46" */
    casemix_text file;    /* the policy's file, and the line that says so */
    uint32_t line;
} casemix_derivation;
typedef void casemix_derivation_fn(void *user, const casemix_derivation *line);
CASEMIX_API casemix_result casemix_explain_price(casemix_context *context, const casemix_case *one,
                                                 const casemix_grouping *grouping, casemix_derivation_fn *tell,
                                                 void *user, casemix_price *out);

/* A settlement adds up priced cases by hospital and pool, and computes the figures of the policy's `settlement`. Totals are
 * sums of the cases' rounded amounts, so the three levels agree to the fen. One thread at a time; the context may go before
 * it, the image may not.
 *
 * All cases are added once, twice or three times: what earlier passes found (which cases a quota lets in, the point value
 * of a pool) counts in the later ones. Results do not depend on the order of the cases.
 *
 *     for (int pass = casemix_settlement_passes(s); pass > 0; pass--) {
 *         for each case: casemix_group, casemix_price_case, casemix_settlement_add_case
 *         casemix_settlement_next(s, &error);
 *         casemix_context_settle(context, s);
 *     } */
typedef struct casemix_settlement casemix_settlement;
CASEMIX_API casemix_result casemix_settlement_new(const casemix_context *context, casemix_settlement **out,
                                                  casemix_error *error);
CASEMIX_API void casemix_settlement_free(casemix_settlement *settlement);
/* How often all cases must be added: 1, 2 or 3. */
CASEMIX_API int casemix_settlement_passes(const casemix_settlement *settlement);
/* Budget of a pool in fen. CASEMIX_BAD_ARGUMENT for a pool the policy does not have. */
CASEMIX_API casemix_result casemix_settlement_budget(casemix_settlement *settlement, const char *pool,
                                                     casemix_amount budget);
/* What the policy wants to be told of a pool (hospital NULL: an item of its `budget`) or of a hospital in a pool (an item
 * of its `hospitals`; pool "": in every pool): a decimal, perhaps with `%`. An item named `budget` is the budget, too. */
CASEMIX_API casemix_result casemix_settlement_say(casemix_settlement *settlement, const char *hospital,
                                                  const char *pool, const char *item, const char *number,
                                                  casemix_error *error);
/* Count the case that was priced last on the context. reversed: it takes back a claim, all its amounts count negative; the
 * price is turned into that. A case that lacks an amount which the settlement adds up becomes unpriced. */
CASEMIX_API casemix_result casemix_settlement_add_case(casemix_settlement *settlement, const casemix_context *context,
                                                       int reversed, casemix_price *price);
/* Count a case by its price alone: for policies whose settlement adds up no further amounts of the case (otherwise
 * CASEMIX_BAD_ARGUMENT). Unpriced cases are counted too, with amounts of 0, in their own column. The hospital's text is
 * copied the first time it is seen. */
CASEMIX_API casemix_result casemix_settlement_add(casemix_settlement *settlement, casemix_text hospital,
                                                  const casemix_price *price);
/* Add up `from` into `to` (results of several threads), within a pass. */
CASEMIX_API casemix_result casemix_settlement_merge(casemix_settlement *to, const casemix_settlement *from);
/* Forget what was added in this pass; what was said and found stays. */
CASEMIX_API void casemix_settlement_clear(casemix_settlement *settlement);
/* The end of a pass. After the last one the figures of hospitals are computed, and the parts of each pool are closed if the
 * policy says so. CASEMIX_BAD_ARGUMENT: a required item was not said, or a budget does not add up; see `error`. */
CASEMIX_API casemix_result casemix_settlement_next(casemix_settlement *settlement, casemix_error *error);
/* Price with what the settlement found from now on; NULL: with what is known without one. The settlement must outlive
 * that, and not be added to meanwhile by other threads than the context's own. */
CASEMIX_API casemix_result casemix_context_settle(casemix_context *context, const casemix_settlement *settlement);

/* Figures of the policy's settlement, by number within each scope. */
typedef enum casemix_scope { CASEMIX_SCOPE_POOL = 0, CASEMIX_SCOPE_HOSPITAL = 1 } casemix_scope;
CASEMIX_API uint32_t casemix_settlement_figures(const casemix_settlement *settlement, casemix_scope scope);
CASEMIX_API casemix_text casemix_settlement_figure_name(const casemix_settlement *settlement, casemix_scope scope,
                                                        uint32_t figure);
/* The figure of pool or hospital n (as in casemix_settlement_pool_at and _hospital_at) as a decimal, exact or rounded to 8
 * places; NUL-terminated, "" if it has no value. size: at least 64. */
CASEMIX_API casemix_result casemix_settlement_figure(const casemix_settlement *settlement, casemix_scope scope,
                                                     uint32_t n, uint32_t figure, char *out, size_t size);
/* What the figures are made of beside cases, points, standard and fund payment, by number within each scope: sums of further
 * amounts of the priced cases, and what was said (of a pool, of a hospital). Named as the policy's formulas have them,
 * "patient_paid"; a decimal as for figures, "" where nothing was said that had to be. size: at least 64. */
CASEMIX_API uint32_t casemix_settlement_totals(const casemix_settlement *settlement, casemix_scope scope);
CASEMIX_API casemix_text casemix_settlement_total_name(const casemix_settlement *settlement, casemix_scope scope,
                                                       uint32_t total);
CASEMIX_API casemix_result casemix_settlement_total(const casemix_settlement *settlement, casemix_scope scope,
                                                    uint32_t n, uint32_t total, char *out, size_t size);
/* The derivation of all figures of pool or hospital n, after the pass that computed them: a line each as for a price, with
 * the totals they are made of, and of a hospital how its part was closed. No lines for a policy without figures. */
CASEMIX_API casemix_result casemix_explain_figures(const casemix_settlement *settlement, casemix_scope scope,
                                                   uint32_t n, casemix_derivation_fn *tell, void *user,
                                                   casemix_error *error);
/* What is beside the totals. */
typedef struct casemix_account {
    uint64_t reversed;       /* claims taken back; they are not among `cases` */
    casemix_amount of_cases; /* the fund payments of the cases added up */
    casemix_amount closing;  /* what closing the pool added to them */
} casemix_account;
CASEMIX_API casemix_result casemix_settlement_account(const casemix_settlement *settlement, casemix_scope scope,
                                                      uint32_t n, casemix_account *out);

typedef struct casemix_total {
    casemix_text hospital; /* absent in a pool's total */
    casemix_text pool;     /* "" for cases whose insured type is not known */
    uint64_t cases, unpriced;
    casemix_points points;
    casemix_amount cost, standard, fund_payment;
    casemix_amount budget; /* of a pool; -1 if none was given */
} casemix_total;

/* Totals in a fixed order: hospitals by code, then pool in the policy's order; pools in the policy's order, with one more
 * if cases have no known pool. Counts are 0 also where there is no memory to sort. Texts live as long as the settlement. */
CASEMIX_API uint32_t casemix_settlement_hospitals(casemix_settlement *settlement);
CASEMIX_API uint32_t casemix_settlement_pools(casemix_settlement *settlement);
CASEMIX_API casemix_result casemix_settlement_hospital_at(casemix_settlement *settlement, uint32_t n,
                                                          casemix_total *out);
CASEMIX_API casemix_result casemix_settlement_pool_at(casemix_settlement *settlement, uint32_t n, casemix_total *out);

#ifdef __cplusplus
}
#endif

#endif
