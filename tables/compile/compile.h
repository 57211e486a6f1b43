/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiler: from a bundle (or a scheme or policy alone) to an image. The one door to this folder.
 *
 *     struct compilation *work = compilation_new();
 *     if (compilation_read(work, "haerbin-2022.yaml") && compilation_check(work) && compilation_build(work)) {
 *         ... compilation_image(work, &size) ...
 *     }
 *     report_print(compilation_report(work), stderr);
 *     compilation_free(work);
 */
#ifndef CASEMIX_COMPILE_COMPILE_H
#define CASEMIX_COMPILE_COMPILE_H

#include "policy.h"
#include "scheme.h"

struct compilation;

struct compilation *compilation_new(void);
void compilation_free(struct compilation *work); /* NULL is allowed */

/* What was said so far. */
const struct report *compilation_report(const struct compilation *work);

/* Read a bundle file, or a scheme or policy file alone, with all that they name. False after errors. */
bool compilation_read(struct compilation *work, const char *path);

/* The review: what no single line shows (groups out of reach, diagnoses in no MDC ...). False if it found errors;
 * warnings are no errors. */
bool compilation_check(struct compilation *work);

/* Build the image in memory. False after errors. */
bool compilation_build(struct compilation *work);
const void *compilation_image(const struct compilation *work, size_t *size);

/* The schemes and policies that were read, in the bundle's order. */
size_t compilation_scheme_count(const struct compilation *work);
const struct scheme *compilation_scheme(const struct compilation *work, size_t n);
size_t compilation_policy_count(const struct compilation *work);
const struct policy *compilation_policy(const struct compilation *work, size_t n);

/* The codes of a set of a scheme, for `casemix codes`: an expression for a set (a name or items), the scheme's id or
 * NULL for the first. Calls `tell` for each code in order. False after a message in the report. */
bool compilation_codes(struct compilation *work, const char *scheme, const char *set,
                       void (*tell)(void *user, const struct code *code), void *user);

#endif
