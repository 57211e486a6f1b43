/* SPDX-License-Identifier: Apache-2.0
 *
 * One test for each way in which an image can lie. Each lie must be refused with CASEMIX_BAD_IMAGE; where a change
 * does no harm, the image must still be safe to work with (the tests run under ASan and UBSan). */
#include "../../tables/image.h"
#include "../../tables/image_dip.h"
#include "../../tables/image_policy.h"
#include "../generate/random.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A private copy of an image's bytes, to be changed. */
struct lie {
    unsigned char *bytes, *original;
    size_t size;
    struct image_header *header;
    struct image_entry *entries;
};

static struct lie lie;

static void load(const char *name) {
    lie.original = read_file(path_under("CASEMIX_IMAGES", name), &lie.size);
    lie.bytes = aligned_alloc(64, (lie.size + 64) / 64 * 64);
    cr_assert(lie.bytes);
    memcpy(lie.bytes, lie.original, lie.size);
    lie.header = (struct image_header *)(void *)lie.bytes;
    lie.entries = (struct image_entry *)(void *)(lie.bytes + sizeof *lie.header);
}

static void load_small(void) {
    load("small.cmx");
}

static void load_points(void) {
    load("points.cmx");
}

static void load_dip(void) {
    load("dip-small.cmx");
}

static void unload(void) {
    free(lie.bytes);
    free(lie.original);
}

TestSuite(image, .init = load_small, .fini = unload, .timeout = 300);
TestSuite(points_image, .init = load_points, .fini = unload, .timeout = 300);
TestSuite(dip_image, .init = load_dip, .fini = unload, .timeout = 300);

static void restore(void) {
    memcpy(lie.bytes, lie.original, lie.size);
}

/* Make the checksum true again, so that the lie itself has to be found. */
static void sign(void) {
    lie.header->checksum = 0;
    lie.header->checksum = XXH3_64bits(lie.bytes, lie.size);
}

static void ignore_trace(void *user, const casemix_trace *event) {
    *(size_t *)user += strlen(event->file.text) + event->detail.length + event->name.length + event->rule.length;
}

static void ignore_line(void *user, const casemix_derivation *line) {
    *(size_t *)user += line->what.length + line->inputs.length;
}

/* Cases that touch much of the small schemes: the last six are for the DIP scheme. */
static const char *const cases[][6] = {
    {"1", "63", "I63.900|E87.600|N17.900", "", "", "8123.40"},
    {"2", "16", "I60.000|A41.901|J96.000", "01.2400|39.6100", "", "52000"},
    {"1", "40", "S06.500|S27.000|S42.200", "34.0400|46.7900|34.0400", "", "900"},
    {"1", "0", "P07.000|P22.000", "96.7201", "1200", "30000"},
    {"2", "70", "C34.900|E11.900|A01.000x005+J17.0*", "99.2500", "", "100"},
    {"1", "70", "k35900|ZZZ|", "81.5400", "", "77"},
    {"1", "61", "I21.900|I50.900|G81.900", "36.0700|39.9500|99.2503", "", "41000"},
    {"2", "8", "A40.900|B20.900", "93.9001|34.0401|86.2201", "", "90000.5"},
    {"1", "44", "N18.000|K72.000|I50.900", "38.9500|54.9800|39.9500x007", "", ""},
    {"1", "0", "P07.000", "96.7201|44.1300x001", "1200", "30000"},
    {"2", "50", "A09.900", "44.1300x001|99.1500", "", "500"},
    {"2", "50", "Z51.100|C34.900", "", "", "500"},
};

/* What else there is to ask of a case of a DIP scheme. */
static size_t look_at_dip(const casemix_context *context) {
    casemix_dip dip;
    casemix_dip_index index;
    casemix_text code, kind;
    size_t sum = 0;
    if (casemix_dip_of(context, &dip) == CASEMIX_OK) {
        sum += strlen(dip.entry.text) + strlen(dip.kind.text) + strlen(dip.step.text) + strlen(dip.rule);
    }
    for (uint32_t i = 0; i < casemix_dip_index_count(context); i++) {
        sum += casemix_dip_index_at(context, i, &index) == CASEMIX_OK ? strlen(index.class_name.text) : 0;
    }
    for (uint32_t i = 0; i < casemix_dip_procedure_count(context); i++) {
        sum += casemix_dip_procedure_at(context, i, &code, &kind) == CASEMIX_OK ? code.length + kind.length : 0;
    }
    return sum + (casemix_dip_diagnosis(context, &code) == CASEMIX_OK ? code.length : 0);
}

static void work_on(casemix_context *context, bool priced) {
    static const char *const columns[] = {"gender", "age", "dx", "proc", "weight", "cost"};
    casemix_case *one = casemix_case_new();
    size_t sum = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        casemix_grouping grouping;
        casemix_price price;
        casemix_case_clear(one);
        for (int f = 0; f < 6; f++) {
            casemix_case_set(one, casemix_fact(columns[f]), cases[i][f], strlen(cases[i][f]));
        }
        casemix_case_set(one, FACT_AGE_DAYS, "9", 1);
        casemix_case_set(one, FACT_VENTILATOR_HOURS, i == 4 ? "96" : "1", i == 4 ? 2 : 1);
        casemix_case_set(one, FACT_HOSPITAL_LEVEL, "三级", strlen("三级"));
        casemix_case_set(one, FACT_INSURED_TYPE, "职工", strlen("职工"));
        if (casemix_group(context, one, &grouping) == CASEMIX_OK) {
            sum += strlen(grouping.mdc.text) + strlen(grouping.drg.text) + strlen(grouping.name.text);
            sum += look_at_dip(context);
        }
        if (casemix_explain(context, one, ignore_trace, &sum, &grouping) == CASEMIX_OK && priced) {
            casemix_price_case(context, one, &grouping, &price);
            casemix_explain_price(context, one, &grouping, ignore_line, &sum, &price);
        }
    }
    casemix_case_free(one);
    cr_assert(sum != SIZE_MAX);
}

static size_t figures_seen; /* with a value */

/* A month of the cases above in two hospitals, in as many passes as the policy wants, and all that can be read of it. */
static void settle_on(casemix_context *context) {
    static const char *const columns[] = {"gender", "age", "dx", "proc", "weight", "cost"};
    static const char *const items[] = {"plan", "reserve", "budget"};
    casemix_settlement *month = NULL;
    casemix_case *one = casemix_case_new();
    casemix_total total;
    char text[64], id[8];
    size_t sum = 0;
    if (casemix_settlement_new(context, &month, NULL) != CASEMIX_OK) {
        casemix_case_free(one);
        return;
    }
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        casemix_settlement_say(month, NULL, "employee", items[i], i == 1 ? "5%" : "60000", NULL);
    }
    casemix_settlement_say(month, "H1", "", "assessment", "98%", NULL);
    casemix_settlement_say(month, "H1", "employee", "deduction", "20.5", NULL);
    int passes = casemix_settlement_passes(month);
    casemix_result result = CASEMIX_OK;
    for (int pass = 0; pass < passes && result == CASEMIX_OK; pass++) {
        for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
            const char *const *row = cases[i / 2];
            casemix_grouping grouping;
            casemix_price price;
            casemix_case_clear(one);
            for (int f = 0; f < 6; f++) {
                casemix_case_set(one, casemix_fact(columns[f]), row[f], strlen(row[f]));
            }
            snprintf(id, sizeof id, "%zu", i);
            casemix_case_set(one, FACT_ID, id, strlen(id));
            casemix_case_set(one, FACT_HOSPITAL, i % 2 ? "H1" : "H2", 2);
            casemix_case_set(one, FACT_HOSPITAL_LEVEL, "三级", strlen("三级"));
            casemix_case_set(one, FACT_INSURED_TYPE, "职工", strlen("职工"));
            casemix_case_set(one, FACT_PATIENT_PAID, "20", 2);
            if (casemix_group(context, one, &grouping) == CASEMIX_OK &&
                casemix_price_case(context, one, &grouping, &price) == CASEMIX_OK) {
                casemix_settlement_add_case(month, context, i == 3, &price);
            }
        }
        result = casemix_settlement_next(month, NULL);
        casemix_context_settle(context, month);
    }
    for (casemix_scope scope = CASEMIX_SCOPE_POOL; scope <= CASEMIX_SCOPE_HOSPITAL; scope++) {
        bool of_pools = scope == CASEMIX_SCOPE_POOL;
        uint32_t count = of_pools ? casemix_settlement_pools(month) : casemix_settlement_hospitals(month);
        for (uint32_t n = 0; n < count; n++) {
            sum += of_pools ? casemix_settlement_pool_at(month, n, &total) == CASEMIX_OK
                            : casemix_settlement_hospital_at(month, n, &total) == CASEMIX_OK;
            sum += total.pool.length;
            for (uint32_t f = 0; f < casemix_settlement_figures(month, scope); f++) {
                sum += casemix_settlement_figure_name(month, scope, f).length;
                figures_seen += casemix_settlement_figure(month, scope, n, f, text, sizeof text) == CASEMIX_OK &&
                                text[0] != '\0';
            }
            for (uint32_t t = 0; t < casemix_settlement_totals(month, scope); t++) {
                sum += casemix_settlement_total_name(month, scope, t).length;
                casemix_settlement_total(month, scope, n, t, text, sizeof text);
            }
            casemix_explain_figures(month, scope, n, ignore_line, &sum, NULL);
        }
    }
    casemix_context_settle(context, NULL);
    casemix_settlement_free(month);
    casemix_case_free(one);
    cr_assert(sum != SIZE_MAX);
}

/* Open the bytes as they are now and, if that succeeds, use everything in them. */
static casemix_result use(void) {
    casemix_image *image = NULL;
    casemix_error error = {0};
    casemix_result result = casemix_image_from_memory(lie.bytes, lie.size, &image, &error);
    if (result != CASEMIX_OK) {
        cr_assert(image == NULL || result == CASEMIX_OK);
        cr_assert(strlen(error.message) > 0, "a sentence for people");
        return result;
    }
    for (uint32_t s = 0; s < casemix_scheme_count(image); s++) {
        casemix_scheme_info scheme;
        casemix_context *context = NULL;
        casemix_scheme_at(image, s, &scheme);
        if (casemix_context_new(image, scheme.id.text, NULL, &context, NULL) == CASEMIX_OK) {
            work_on(context, false);
        }
        casemix_context_free(context);
    }
    for (uint32_t p = 0; p < casemix_policy_count(image); p++) {
        casemix_policy_info policy;
        casemix_context *context = NULL;
        casemix_policy_at(image, p, &policy);
        if (casemix_context_new(image, NULL, policy.id.text, &context, NULL) == CASEMIX_OK) {
            work_on(context, true);
            settle_on(context);
        }
        casemix_context_free(context);
    }
    for (uint32_t n = 0; n < casemix_source_count(image); n++) {
        casemix_source_info source;
        casemix_source_at(image, n, &source);
        cr_assert(strlen(source.name.text) == source.name.length);
    }
    casemix_image_close(image);
    return CASEMIX_OK;
}

#define EXPECT_REFUSED(...)                                                                                        \
    do {                                                                                                           \
        sign();                                                                                                    \
        cr_expect(use() == CASEMIX_BAD_IMAGE, __VA_ARGS__);                                                        \
        restore();                                                                                                 \
    } while (0)

static struct image_entry *section(uint32_t which) {
    for (uint32_t i = 0; i < lie.header->section_count; i++) {
        if (lie.entries[i].section == which) {
            return &lie.entries[i];
        }
    }
    return NULL;
}

/* ---- as a whole ------------------------------------------------------------------------------------------- */

static void expect_unchanged_works(void) {
    cr_expect(use() == CASEMIX_OK);
    sign();
    cr_expect(use() == CASEMIX_OK, "the tests sign as the writer does");
    cr_expect(memcmp(lie.bytes, lie.original, lie.size) == 0);
}

Test(image, the_unchanged_one_works) {
    expect_unchanged_works();
}

Test(points_image, the_unchanged_one_works) {
    expect_unchanged_works();
    /* Used twice: pot and point value of the pool, payable and prepayment of two hospitals. */
    cr_expect_eq(figures_seen, 2 * (2 + 4));
}

Test(dip_image, the_unchanged_one_works) {
    expect_unchanged_works();
}

static void expect_truncated_refused(size_t size) {
    unsigned char *exact = aligned_alloc(64, (size + 64) / 64 * 64); /* so that ASan sees reading beyond */
    casemix_image *image = NULL;
    casemix_error error = {0};
    memcpy(exact, lie.bytes, size);
    casemix_result result = casemix_image_from_memory(exact, size, &image, &error);
    cr_expect(result == CASEMIX_BAD_IMAGE, "%zu of %zu bytes: %d", size, lie.size, (int)result);
    free(exact);
}

Test(image, truncated_at_the_start) {
    for (size_t size = 0; size <= 200 && size < lie.size; size++) {
        expect_truncated_refused(size);
    }
}

static void truncate_at_every_section(void) {
    for (uint32_t i = 0; i < lie.header->section_count; i++) {
        const struct image_entry *entry = &lie.entries[i];
        uint64_t end = entry->offset + entry->count * entry->record_size;
        expect_truncated_refused(entry->offset);
        expect_truncated_refused(entry->offset + 1);
        if (end < lie.size) {
            expect_truncated_refused(end);
        }
        expect_truncated_refused(end - 1);
    }
    expect_truncated_refused(lie.size - 1);
}

Test(image, truncated_at_every_section) {
    truncate_at_every_section();
}

Test(points_image, truncated_at_every_section) {
    truncate_at_every_section();
}

Test(dip_image, truncated_at_every_section) {
    truncate_at_every_section();
}

/* Truncated, and the header says so truly. */
static void truncate_and_sign(void) {
    for (uint32_t i = 0; i < lie.header->section_count; i++) {
        size_t whole = lie.size;
        lie.size = lie.entries[i].offset;
        lie.header->file_size = lie.size;
        sign();
        cr_expect(use() == CASEMIX_BAD_IMAGE, "cut before section %u", lie.entries[i].section);
        lie.size = whole;
        restore();
    }
}

Test(image, truncated_and_signed) {
    truncate_and_sign();
}

Test(points_image, truncated_and_signed) {
    truncate_and_sign();
}

Test(dip_image, truncated_and_signed) {
    truncate_and_sign();
}

Test(image, longer_than_it_says) {
    lie.header->file_size = lie.size - 1;
    EXPECT_REFUSED("one byte too many");
    lie.header->file_size = lie.size + 1;
    EXPECT_REFUSED("one byte too few");
    lie.header->file_size = 0;
    EXPECT_REFUSED("no size");
    lie.header->file_size = UINT64_MAX;
    EXPECT_REFUSED("all the size there is");
}

static void flip_every_byte(void) {
    for (size_t at = 0; at < lie.size; at++) {
        lie.bytes[at] ^= 0xFF;
        casemix_image *image = NULL;
        casemix_result result = casemix_image_from_memory(lie.bytes, lie.size, &image, NULL);
        cr_expect(result == CASEMIX_BAD_IMAGE, "byte %zu: %d", at, (int)result);
        casemix_image_close(image);
        lie.bytes[at] ^= 0xFF;
    }
}

Test(image, every_byte_flipped) {
    flip_every_byte();
}

Test(points_image, every_byte_flipped) {
    flip_every_byte();
}

Test(dip_image, every_byte_flipped) {
    flip_every_byte();
}

Test(image, every_bit_of_the_start_flipped) {
    for (size_t bit = 0; bit < 8 * 512 && bit / 8 < lie.size; bit++) {
        lie.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        cr_expect(use() == CASEMIX_BAD_IMAGE, "bit %zu", bit);
        restore();
    }
}

Test(image, bytes_of_a_large_one_flipped) {
    unload();
    load("haerbin-2022.cmx");
    struct random random = {20220601};
    for (int i = 0; i < 300; i++) {
        size_t at = random_below(&random, lie.size);
        lie.bytes[at] ^= (unsigned char)(1u << i % 8);
        casemix_image *image = NULL;
        cr_expect(casemix_image_from_memory(lie.bytes, lie.size, &image, NULL) == CASEMIX_BAD_IMAGE, "byte %zu",
                  at);
        casemix_image_close(image);
        lie.bytes[at] ^= (unsigned char)(1u << i % 8);
    }
}

/* Whatever a single byte says, if the checksum agrees: refused, or safe. */
static void lie_in_any_byte(void) {
    static const unsigned char masks[] = {0x01, 0x80, 0xFF};
    unsigned refused = 0, harmless = 0;
    for (size_t at = 0; at < lie.size; at += at < 2048 ? 1 : 7) {
        lie.bytes[at] ^= masks[at % 3];
        sign();
        casemix_result result = use();
        cr_expect(result == CASEMIX_BAD_IMAGE || result == CASEMIX_OK, "byte %zu: %d", at, (int)result);
        refused += result != CASEMIX_OK;
        harmless += result == CASEMIX_OK;
        restore();
    }
    fprintf(stderr, "signed lies: %u refused, %u harmless\n", refused, harmless);
}

Test(image, signed_lies_in_any_byte) {
    lie_in_any_byte();
}

Test(points_image, signed_lies_in_any_byte) {
    lie_in_any_byte();
}

Test(dip_image, signed_lies_in_any_byte) {
    lie_in_any_byte();
}

static void lie_by_the_handful(void) {
    struct random random = {7};
    for (int i = 0; i < 5000; i++) {
        for (int k = 0; k < 1 + i % 8; k++) {
            size_t at = random_below(&random, lie.size);
            lie.bytes[at] = (unsigned char)random_next(&random);
        }
        sign();
        casemix_result result = use();
        cr_expect(result == CASEMIX_BAD_IMAGE || result == CASEMIX_OK, "round %d: %d", i, (int)result);
        restore();
    }
}

Test(image, signed_lies_by_the_handful) {
    lie_by_the_handful();
}

Test(points_image, signed_lies_by_the_handful) {
    lie_by_the_handful();
}

Test(dip_image, signed_lies_by_the_handful) {
    lie_by_the_handful();
}

/* ---- the header ------------------------------------------------------------------------------------------- */

Test(image, wrong_magic) {
    lie.bytes[0] = 'K';
    EXPECT_REFUSED("another letter");
    memcpy(lie.bytes, "#!/bin/sh", 8);
    EXPECT_REFUSED("a shell script");
    memset(lie.bytes, 0, 8);
    EXPECT_REFUSED("zeros");
}

Test(image, other_versions) {
    lie.header->version = IMAGE_VERSION + 1;
    EXPECT_REFUSED("a future version");
    lie.header->version = 0;
    EXPECT_REFUSED("version 0");
    lie.header->version = UINT32_MAX;
    EXPECT_REFUSED("the last version");
    lie.header->version = __builtin_bswap32(IMAGE_VERSION);
    EXPECT_REFUSED("written on a big-endian machine");
}

Test(image, other_sizes) {
    uint32_t *fields[] = {&lie.header->header_size,     &lie.header->entry_size,   &lie.header->section_count,
                          &lie.header->catalogue_count, &lie.header->scheme_count, &lie.header->policy_count,
                          &lie.header->source_count};
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        uint32_t wrong[] = {*fields[f] + 1, *fields[f] - 1, UINT32_MAX, 0x10000000u, 0}; /* - 1 may be UINT32_MAX */
        for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
            uint32_t right = *fields[f];
            if (wrong[w] == right) {
                continue;
            }
            *fields[f] = wrong[w];
            if (wrong[w] < right && f > 1) { /* fewer of the kind: then the rest is not used */
                sign();
                use();
                restore();
                continue;
            }
            EXPECT_REFUSED("field %zu of the header says %u, not %u", f, wrong[w], right);
        }
    }
}

/* ---- the directory ---------------------------------------------------------------------------------------- */

Test(image, sections_somewhere_else) {
    uint32_t count = lie.header->section_count;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t offsets[] = {0,
                                    8,
                                    lie.entries[i].offset + 1,
                                    lie.entries[i].offset + 8,
                                    lie.size,
                                    UINT64_MAX,
                                    UINT64_MAX - 63,
                                    (uint64_t)1 << 63,
                                    lie.entries[(i + 1) % count].offset};
        for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++) {
            if (offsets[o] == lie.entries[i].offset) {
                continue;
            }
            lie.entries[i].offset = offsets[o];
            EXPECT_REFUSED("section %u at %llu", lie.entries[i].section, (unsigned long long)offsets[o]);
        }
    }
}

static void give_sections_another_length(void) {
    for (uint32_t i = 0; i < lie.header->section_count; i++) {
        const uint64_t counts[] = {UINT64_MAX, UINT64_MAX / 2, (uint64_t)1 << 32, lie.size,
                                   lie.entries[i].count + 64};
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            lie.entries[i].count = counts[c];
            EXPECT_REFUSED("section %u with %llu records", lie.entries[i].section, (unsigned long long)counts[c]);
        }
        const uint32_t sizes[] = {0, 1 + lie.entries[i].record_size, UINT32_MAX, 0x80000000u};
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            lie.entries[i].record_size = sizes[s];
            EXPECT_REFUSED("section %u with records of %u bytes", lie.entries[i].section, sizes[s]);
        }
    }
}

Test(image, sections_of_another_length) {
    give_sections_another_length();
}

Test(points_image, sections_of_another_length) {
    give_sections_another_length();
}

Test(dip_image, sections_of_another_length) {
    give_sections_another_length();
}

/* A section fewer, one twice, one under another name, one of another owner: refused, or safe where it can be
 * missed. */
static void miss_or_repeat_sections(void) {
    for (uint32_t i = 0; i < lie.header->section_count; i++) {
        const uint32_t names[] = {0, 9999, lie.entries[0].section, lie.entries[i].section + 1, UINT32_MAX};
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            lie.entries[i].section = names[n];
            sign();
            casemix_result result = use();
            cr_expect(result == CASEMIX_BAD_IMAGE || result == CASEMIX_OK, "section %u: %d", i, (int)result);
            restore();
        }
        lie.entries[i].owner += 1;
        sign();
        casemix_result result = use();
        cr_expect(result == CASEMIX_BAD_IMAGE || result == CASEMIX_OK, "owner of %u: %d", i, (int)result);
        restore();
        lie.entries[i].count = 0;
        sign();
        result = use();
        cr_expect(result == CASEMIX_BAD_IMAGE || result == CASEMIX_OK, "empty %u: %d", i, (int)result);
        restore();
    }
}

Test(image, sections_missing_or_twice) {
    miss_or_repeat_sections();
}

Test(points_image, sections_missing_or_twice) {
    miss_or_repeat_sections();
}

Test(dip_image, sections_missing_or_twice) {
    miss_or_repeat_sections();
}

/* ---- what the records point to ---------------------------------------------------------------------------- */

/* A field that points somewhere. `always`: every record's must be refused when it points too far. */
struct pointer {
    uint32_t section;
    size_t record_size, offset, width;
    bool always;
    const char *name;
};
#define POINTS(section, type, field, always)                                                                       \
    {                                                                                                              \
        section, sizeof(struct type), offsetof(struct type, field), sizeof(((struct type *)0)->field), always,     \
            #type "." #field                                                                                       \
    }

static const struct pointer pointers[] = {
    POINTS(IMAGE_SOURCES, image_source, name, true),
    POINTS(IMAGE_CATALOGUES, image_catalogue, id, true),
    POINTS(IMAGE_CATALOGUES, image_catalogue, kind, true),
    POINTS(IMAGE_CATALOGUES, image_catalogue, slots, true),
    POINTS(IMAGE_CATALOGUES, image_catalogue, buckets, true),
    POINTS(IMAGE_CATALOGUES, image_catalogue, long_count, true),
    POINTS(IMAGE_SCHEMES, image_scheme, id, true),
    POINTS(IMAGE_SCHEMES, image_scheme, title, true),
    POINTS(IMAGE_SCHEMES, image_scheme, source, true),
    POINTS(IMAGE_SCHEMES, image_scheme, from, true),
    POINTS(IMAGE_SCHEMES, image_scheme, until, true),
    POINTS(IMAGE_SCHEMES, image_scheme, diagnosis_catalogue, true),
    POINTS(IMAGE_SCHEMES, image_scheme, procedure_catalogue, true),
    POINTS(IMAGE_SCHEMES, image_scheme, row_words, true),
    POINTS(IMAGE_SCHEMES, image_scheme, fact_words, true),
    POINTS(IMAGE_SCHEMES, image_scheme, any_diagnosis_base, true),
    POINTS(IMAGE_SCHEMES, image_scheme, any_procedure_base, true),
    POINTS(IMAGE_SCHEMES, image_scheme, used_numbers, true),
    POINTS(IMAGE_SCHEMES, image_scheme, zero_if_missing, true),
    POINTS(IMAGE_HOT_DIAGNOSIS_PROFILES, image_diagnosis_profile, principal_row, true),
    POINTS(IMAGE_HOT_DIAGNOSIS_PROFILES, image_diagnosis_profile, any_row, true),
    POINTS(IMAGE_HOT_DIAGNOSIS_PROFILES, image_diagnosis_profile, principal_facts, true),
    POINTS(IMAGE_HOT_DIAGNOSIS_PROFILES, image_diagnosis_profile, other_facts, true),
    POINTS(IMAGE_HOT_PROCEDURE_PROFILES, image_procedure_profile, principal_row, true),
    POINTS(IMAGE_HOT_PROCEDURE_PROFILES, image_procedure_profile, any_row, true),
    POINTS(IMAGE_HOT_PROCEDURE_PROFILES, image_procedure_profile, principal_facts, true),
    POINTS(IMAGE_HOT_PROCEDURE_PROFILES, image_procedure_profile, other_facts, true),
    POINTS(IMAGE_HOT_RULES, image_rule, step, true),
    POINTS(IMAGE_HOT_RULES, image_rule, mask, true),
    POINTS(IMAGE_HOT_STEPS, image_step, code, true),
    POINTS(IMAGE_HOT_STEPS, image_step, name, true),
    POINTS(IMAGE_HOT_STEPS, image_step, id, true),
    POINTS(IMAGE_HOT_STEPS, image_step, file, true),
    POINTS(IMAGE_HOT_STEPS, image_step, when, true),
    POINTS(IMAGE_HOT_STEPS, image_step, first_branch, false),
    POINTS(IMAGE_HOT_STEPS, image_step, branch_count, true),
    POINTS(IMAGE_HOT_STEPS, image_step, mdc, true),
    POINTS(IMAGE_HOT_STEPS, image_step, first_drg, false),
    POINTS(IMAGE_HOT_STEPS, image_step, drg_count, true),
    POINTS(IMAGE_HOT_BRANCHES, image_branch, drg, true),
    POINTS(IMAGE_HOT_BRANCHES, image_branch, mask, true),
    POINTS(IMAGE_DRGS, image_drg, code, true),
    POINTS(IMAGE_DRGS, image_drg, name, true),
    POINTS(IMAGE_DRGS, image_drg, file, true),
    POINTS(IMAGE_DRGS, image_drg, when, true),
    POINTS(IMAGE_DRGS, image_drg, step, true),
    POINTS(IMAGE_MDCS, image_mdc, code, true),
    POINTS(IMAGE_MDCS, image_mdc, name, true),
    POINTS(IMAGE_MDCS, image_mdc, file, true),
    POINTS(IMAGE_MDCS, image_mdc, when, true),
    POINTS(IMAGE_MDCS, image_mdc, first_step, false),
    POINTS(IMAGE_MDCS, image_mdc, step_count, true),
    POINTS(IMAGE_HOT_NUMBERS, image_number, fact, true),
    POINTS(IMAGE_HOT_NUMBERS, image_number, break_count, true),
    POINTS(IMAGE_HOT_NUMBERS, image_number, first_break, false),
    POINTS(IMAGE_HOT_BREAKS, image_break, facts, true),
    POINTS(IMAGE_HOT_WORDS, image_word, fact, true),
    POINTS(IMAGE_HOT_WORDS, image_word, word, true),
    POINTS(IMAGE_HOT_WORDS, image_word, facts, true),
    POINTS(IMAGE_HOT_WORDS, image_word, length, true),
    POINTS(IMAGE_HOT_DERIVED, image_derived, kind, true),
    POINTS(IMAGE_HOT_DERIVED, image_derived, result, true),
    POINTS(IMAGE_HOT_DERIVED, image_derived, mask, false),
    POINTS(IMAGE_HOT_DERIVED, image_derived, of, false),
    POINTS(IMAGE_HOT_DERIVED, image_derived, compare, false),
    POINTS(IMAGE_HOT_REQUIREMENTS, image_requirement, fact, true),
    POINTS(IMAGE_HOT_REQUIREMENTS, image_requirement, mask, true),
    POINTS(IMAGE_EXPRESSIONS, image_expression, op, true),
    POINTS(IMAGE_EXPRESSIONS, image_expression, fact, false),
    POINTS(IMAGE_EXPRESSIONS, image_expression, compare, false),
    POINTS(IMAGE_EXPRESSIONS, image_expression, first, false),
    POINTS(IMAGE_EXPRESSIONS, image_expression, count, false),
    POINTS(IMAGE_EXPRESSIONS, image_expression, set, false),
    POINTS(IMAGE_EXPRESSIONS, image_expression, text, true),
    POINTS(IMAGE_SETS, image_set, name, true),
    POINTS(IMAGE_SETS, image_set, first, false),
    POINTS(IMAGE_SETS, image_set, count, true),
    POINTS(IMAGE_POLICIES, image_policy, id, true),
    POINTS(IMAGE_POLICIES, image_policy, note, true),
    POINTS(IMAGE_POLICIES, image_policy, file, true),
    POINTS(IMAGE_POLICIES, image_policy, scheme_number, true),
    POINTS(IMAGE_POLICIES, image_policy, column_count, true),
    POINTS(IMAGE_POLICIES, image_policy, points, true),
    POINTS(IMAGE_POLICIES, image_policy, point_value, true),
    POINTS(IMAGE_POLICIES, image_policy, standard, true),
    POINTS(IMAGE_POLICIES, image_policy, fund, true),
    POINTS(IMAGE_POLICIES, image_policy, low_below, true),
    POINTS(IMAGE_POLICIES, image_policy, high_above, true),
    POINTS(IMAGE_POLICIES, image_policy, pay_places, true),
    POINTS(IMAGE_POLICIES, image_policy, fund_places, true),
    POINTS(IMAGE_HOT_FORMULAS, image_formula, name, true),
    POINTS(IMAGE_HOT_FORMULAS, image_formula, text, true),
    POINTS(IMAGE_HOT_FORMULAS, image_formula, file, true),
    POINTS(IMAGE_HOT_FORMULAS, image_formula, first, true),
    POINTS(IMAGE_HOT_FORMULAS, image_formula, count, true),
    POINTS(IMAGE_HOT_INSTRUCTIONS, image_instruction, op, true),
    POINTS(IMAGE_HOT_INSTRUCTIONS, image_instruction, operand, false),
    POINTS(IMAGE_HOT_PARAMETERS, image_parameter, name, true),
    POINTS(IMAGE_HOT_PARAMETERS, image_parameter, note, true),
    POINTS(IMAGE_HOT_AXES, image_axis, name, true),
    POINTS(IMAGE_HOT_AXES, image_axis, fact, false),
    POINTS(IMAGE_HOT_AXES, image_axis, member_count, true),
    POINTS(IMAGE_HOT_AXES, image_axis, word_count, true),
    POINTS(IMAGE_HOT_AXIS_WORDS, image_axis_word, word, true),
    POINTS(IMAGE_HOT_AXIS_WORDS, image_axis_word, member, true),
    POINTS(IMAGE_HOT_TABLES, image_table, name, true),
    POINTS(IMAGE_HOT_TABLES, image_table, first, false),
    POINTS(IMAGE_HOT_TABLES, image_table, count, true),
    POINTS(IMAGE_HOT_TABLES, image_table, axis, false),
    POINTS(IMAGE_HOT_TABLES, image_table, stride, true),
    POINTS(IMAGE_GROUP_SETS, image_group_set, name, true),
    POINTS(IMAGE_HOT_CLASSES, image_class, name, true),
    POINTS(IMAGE_HOT_CLASSES, image_class, when, true),
    POINTS(IMAGE_HOT_CLASSES, image_class, pay, true),
    POINTS(IMAGE_HOT_CLASSES, image_class, points, true),
};

/* What a policy that divides a budget has beside the others. */
static const struct pointer points_pointers[] = {
    POINTS(IMAGE_POLICIES, image_policy, from, true),
    POINTS(IMAGE_POLICIES, image_policy, until, true),
    POINTS(IMAGE_POLICIES, image_policy, points, true),
    POINTS(IMAGE_POLICIES, image_policy, closed, true),
    POINTS(IMAGE_POLICIES, image_policy, pot, true),
    POINTS(IMAGE_HOT_CLASSES, image_class, quota, true),
    POINTS(IMAGE_HOT_CLASSES, image_class, points, true),
    POINTS(IMAGE_HOT_TOTALS, image_total, name, true),
    POINTS(IMAGE_HOT_TOTALS, image_total, kind, true),
    POINTS(IMAGE_HOT_TOTALS, image_total, operand, false),
    POINTS(IMAGE_HOT_FIGURES, image_figure, formula, true),
    POINTS(IMAGE_HOT_FIGURES, image_figure, replaces, true),
    POINTS(IMAGE_HOT_FIGURES, image_figure, scope, true),
    POINTS(IMAGE_HOT_QUOTAS, image_quota, name, true),
    POINTS(IMAGE_HOT_QUOTAS, image_quota, scope, true),
    POINTS(IMAGE_HOT_QUOTAS, image_quota, most, true),
    POINTS(IMAGE_HOT_QUOTAS, image_quota, rank, true),
};

static const struct pointer dip_pointers[] = {
    POINTS(IMAGE_SCHEMES, image_scheme, kind, true),
    POINTS(IMAGE_SCHEMES, image_scheme, row_words, true),
    POINTS(IMAGE_HOT_DIAGNOSIS_PROFILES, image_diagnosis_profile, principal_row, true),
    POINTS(IMAGE_HOT_PROCEDURE_PROFILES, image_procedure_profile, any_row, true),
    POINTS(IMAGE_HOT_DERIVED, image_derived, kind, true),
    POINTS(IMAGE_HOT_DERIVED, image_derived, mask, false),
    POINTS(IMAGE_HOT_DERIVED, image_derived, compare, true),
    POINTS(IMAGE_DIP, image_dip, case_kind, true),
    POINTS(IMAGE_DIP, image_dip, kind_count, true),
    POINTS(IMAGE_DIP, image_dip, level_count, true),
    POINTS(IMAGE_DIP, image_dip, auxiliary_count, true),
    POINTS(IMAGE_DIP, image_dip, pick, true),
    POINTS(IMAGE_DIP, image_dip, without_principal, true),
    POINTS(IMAGE_DIP, image_dip, surgical_kinds, true),
    POINTS(IMAGE_DIP, image_dip, late_facts, true),
    POINTS(IMAGE_HOT_DIP_BUCKETS, image_dip_bucket, first, false),
    POINTS(IMAGE_HOT_DIP_BUCKETS, image_dip_bucket, count, true),
    POINTS(IMAGE_HOT_DIP_PROCEDURES, image_dip_procedure, use, true),
    POINTS(IMAGE_HOT_DIP_PROCEDURES, image_dip_procedure, kind, true),
    POINTS(IMAGE_HOT_DIP_PROCEDURES, image_dip_procedure, mask, true),
    POINTS(IMAGE_HOT_DIP_MATCHES, image_dip_match, entry, true),
    POINTS(IMAGE_HOT_DIP_MATCHES, image_dip_match, first_need, true),
    POINTS(IMAGE_HOT_DIP_MATCHES, image_dip_match, mask, true),
    POINTS(IMAGE_HOT_DIP_MATCHES, image_dip_match, need_count, true),
    POINTS(IMAGE_HOT_DIP_MATCHES, image_dip_match, step, true),
    POINTS(IMAGE_HOT_DIP_MATCHES, image_dip_match, kind, true),
    POINTS(IMAGE_HOT_DIP_MATCHES, image_dip_match, flags, true),
    POINTS(IMAGE_HOT_DIP_NEEDS, image_dip_need, first, true),
    POINTS(IMAGE_HOT_DIP_NEEDS, image_dip_need, exact, true),
    POINTS(IMAGE_HOT_DIP_NEEDS, image_dip_need, loose, true),
    POINTS(IMAGE_HOT_DIP_NEEDS, image_dip_need, at, true),
    POINTS(IMAGE_HOT_DIP_ENTRIES, image_dip_entry, score, true),
    POINTS(IMAGE_HOT_DIP_ENTRIES, image_dip_entry, mean_cost, true),
    POINTS(IMAGE_HOT_DIP_ENTRIES, image_dip_entry, mean_stay, true),
    POINTS(IMAGE_HOT_DIP_ENTRIES, image_dip_entry, flags, true),
    POINTS(IMAGE_HOT_DIP_ENTRIES, image_dip_entry, kind, true),
    POINTS(IMAGE_DIP_TEXTS, image_dip_text, diagnoses, true),
    POINTS(IMAGE_DIP_TEXTS, image_dip_text, operations, true),
    POINTS(IMAGE_HOT_DIP_STEPS, image_dip_step, name, true),
    POINTS(IMAGE_HOT_DIP_STEPS, image_dip_step, file, true),
    POINTS(IMAGE_HOT_DIP_STEPS, image_dip_step, case_kinds, true),
    POINTS(IMAGE_HOT_DIP_STEPS, image_dip_step, unmatched, true),
    POINTS(IMAGE_HOT_DIP_STEPS, image_dip_step, when, true),
    POINTS(IMAGE_HOT_DIP_STEPS, image_dip_step, first_mask, true),
    POINTS(IMAGE_HOT_DIP_STEPS, image_dip_step, mask_count, true),
    POINTS(IMAGE_HOT_DIP_STEPS, image_dip_step, rules, true),
    POINTS(IMAGE_HOT_DIP_LEVEL_WORDS, image_dip_word, word, true),
    POINTS(IMAGE_HOT_DIP_LEVEL_WORDS, image_dip_word, level, true),
    POINTS(IMAGE_HOT_DIP_INDICES, image_dip_index, name, true),
    POINTS(IMAGE_HOT_DIP_INDICES, image_dip_index, file, true),
    POINTS(IMAGE_HOT_DIP_INDICES, image_dip_index, first_class, true),
    POINTS(IMAGE_HOT_DIP_INDICES, image_dip_index, class_count, true),
    POINTS(IMAGE_HOT_DIP_INDICES, image_dip_index, flags, true),
    POINTS(IMAGE_HOT_DIP_CLASSES, image_dip_class, name, true),
    POINTS(IMAGE_HOT_DIP_CLASSES, image_dip_class, when, true),
    POINTS(IMAGE_HOT_DIP_CLASSES, image_dip_class, first_mask, true),
    POINTS(IMAGE_HOT_DIP_CLASSES, image_dip_class, mask_count, true),
    POINTS(IMAGE_HOT_DIP_CLASSES, image_dip_class, first_factor, true),
    POINTS(IMAGE_HOT_DIP_CLASSES, image_dip_class, factor_count, true),
    POINTS(IMAGE_HOT_DIP_CLASSES, image_dip_class, number, true),
    POINTS(IMAGE_HOT_DIP_FACTORS, image_dip_factor, entry, true),
    POINTS(IMAGE_HOT_DIP_FACTORS, image_dip_factor, number, true),
    POINTS(IMAGE_DIP_KINDS, image_dip_kind, name, true),
};

static const struct pointer dip_arrays[] = {
    {IMAGE_HOT_DIP_DIAGNOSES, 4, 0, 4, true, "bucket of a diagnosis"},
    {IMAGE_HOT_DIP_MEMBERS, 2, 0, 2, true, "procedure of a list"},
    {IMAGE_HOT_DIP_MASKS, 2, 0, 2, true, "mask of a list"},
    {IMAGE_HOT_DIP_LEVEL_MEANS, 8, 0, 8, true, "mean cost"},
};

/* Profiles and members are plain arrays of indices. */
static const struct pointer arrays[] = {
    {IMAGE_HOT_DIAGNOSIS_PROFILE, 2, 0, 2, true, "diagnosis profile"},
    {IMAGE_HOT_PROCEDURE_PROFILE, 2, 0, 2, true, "procedure profile"},
    {IMAGE_CODE_NAMES, 4, 0, 4, true, "name of a code"},
    {IMAGE_EXPRESSION_WORDS, 4, 0, 4, true, "word of a condition"},
    {IMAGE_AXIS_MEMBERS, 4, 0, 4, true, "member of an axis"},
    {IMAGE_HOT_WEIGHT_ROWS, 4, 0, 4, true, "weights of a group"},
    {IMAGE_WEIGHT_COLUMNS, 4, 0, 4, true, "column of the weights"},
};

static void try_pointer(const struct pointer *pointer) {
    const struct image_entry *entry = section(pointer->section);
    if (!entry || entry->count == 0) {
        cr_log_warn("the small image has no %s", pointer->name);
        return;
    }
    cr_assert(entry->record_size == pointer->record_size, "%s: %u", pointer->name, entry->record_size);
    unsigned refused = 0;
    for (uint64_t n = 0; n < entry->count; n++) {
        unsigned char *field = lie.bytes + entry->offset + n * entry->record_size + pointer->offset;
        memset(field, 0xFF, pointer->width); /* ...FE: not the mark for none */
        field[0] = 0xFE;
        sign();
        casemix_result result = use();
        refused += result == CASEMIX_BAD_IMAGE;
        cr_expect(result == CASEMIX_BAD_IMAGE || (result == CASEMIX_OK && !pointer->always),
                  "%s of record %llu: %d", pointer->name, (unsigned long long)n, (int)result);
        restore();
    }
    cr_expect(refused > 0, "%s may point anywhere", pointer->name);
}

Test(image, pointers_that_point_too_far) {
    for (size_t p = 0; p < sizeof pointers / sizeof *pointers; p++) {
        try_pointer(&pointers[p]);
    }
}

Test(image, arrays_that_point_too_far) {
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) {
        try_pointer(&arrays[a]);
    }
}

Test(points_image, pointers_that_point_too_far) {
    for (size_t p = 0; p < sizeof points_pointers / sizeof *points_pointers; p++) {
        try_pointer(&points_pointers[p]);
    }
}

Test(dip_image, pointers_that_point_too_far) {
    for (size_t p = 0; p < sizeof dip_pointers / sizeof *dip_pointers; p++) {
        try_pointer(&dip_pointers[p]);
    }
    for (size_t a = 0; a < sizeof dip_arrays / sizeof *dip_arrays; a++) {
        try_pointer(&dip_arrays[a]);
    }
}

static void *records(uint32_t which, uint64_t *count) {
    const struct image_entry *entry = section(which);
    cr_assert(entry);
    *count = entry->count;
    return lie.bytes + entry->offset;
}

/* The search relies on the order of matches, of procedures in a list and of factors. */
Test(dip_image, order) {
    uint64_t count;
    struct image_dip_match *matches = records(IMAGE_HOT_DIP_MATCHES, &count);
    struct image_dip_bucket *buckets = records(IMAGE_HOT_DIP_BUCKETS, &count);
    for (uint64_t b = 0; b < count; b++) {
        if (buckets[b].count > 1) {
            struct image_dip_match *first = &matches[buckets[b].first], *last = first + buckets[b].count - 1;
            if (first->step != last->step || first->entry != last->entry) {
                struct image_dip_match other = *first;
                *first = *last;
                *last = other;
                EXPECT_REFUSED("matches of bucket %u in another order", (unsigned)b);
            }
        }
    }
    uint16_t *members = records(IMAGE_HOT_DIP_MEMBERS, &count);
    struct image_dip_need *needs = records(IMAGE_HOT_DIP_NEEDS, &count);
    for (uint64_t n = 0; n < count; n++) {
        if (needs[n].exact > 1) {
            members[needs[n].first + 1] = members[needs[n].first];
            EXPECT_REFUSED("need %u names a procedure twice", (unsigned)n);
        }
    }
    struct image_dip_factor *factors = records(IMAGE_HOT_DIP_FACTORS, &count);
    struct image_dip_class *classes = records(IMAGE_HOT_DIP_CLASSES, &count);
    for (uint64_t c = 0; c < count; c++) {
        if (classes[c].factor_count > 1) {
            factors[classes[c].first_factor].entry = factors[classes[c].first_factor + 1].entry;
            EXPECT_REFUSED("class %u has two factors of an entry", (unsigned)c);
        }
    }
}

/* What a total adds up are weights of tests of codes. */
Test(dip_image, totals) {
    uint64_t count;
    struct image_expression *nodes = records(IMAGE_EXPRESSIONS, &count);
    unsigned tried = 0;
    for (uint64_t n = 0; n < count; n++) {
        for (uint32_t i = 0; nodes[n].op == IMAGE_OP_TOTAL && i < nodes[n].count; i++, tried++) {
            nodes[nodes[n].first + i].number = -1;
            EXPECT_REFUSED("a weight below 0");
            nodes[nodes[n].first + i].number = INT64_MAX;
            EXPECT_REFUSED("a weight that is too large");
            nodes[nodes[n].first + i].op = IMAGE_OP_TRUE;
            EXPECT_REFUSED("a weight of something else");
        }
    }
    cr_expect(tried > 0);
}

/* A condition that is part of itself would be walked for ever. */
Test(image, cycles_in_conditions) {
    const struct image_entry *entry = section(IMAGE_EXPRESSIONS);
    cr_assert(entry);
    struct image_expression *nodes = (struct image_expression *)(void *)(lie.bytes + entry->offset);
    unsigned tried = 0;
    for (uint32_t n = 0; n < entry->count; n++) {
        uint16_t op = nodes[n].op;
        if (nodes[n].count > 0 &&
            (op == IMAGE_OP_AND || op == IMAGE_OP_OR || op == IMAGE_OP_NOT || op == IMAGE_OP_AT_LEAST)) {
            nodes[n].first = n;
            EXPECT_REFUSED("condition %u is its own part", n);
            nodes[n].first = 0;
            EXPECT_REFUSED("condition %u has a part before it", n);
            tried++;
        }
    }
    cr_expect(tried > 0);
}

Test(image, strings_without_an_end) {
    const struct image_entry *entry = section(IMAGE_STRINGS);
    cr_assert(entry);
    unsigned char *strings = lie.bytes + entry->offset;
    strings[entry->count - 1] = 'x';
    EXPECT_REFUSED("the last string does not end");
    memset(strings, 'x', entry->count);
    EXPECT_REFUSED("no string ends");
    strings[0] = 'x';
    EXPECT_REFUSED("the empty string is not empty");
}

/* Dates of force that a compiler would not write: no context prices by them. */
Test(image, dates_that_are_none) {
    static const struct {
        const char *from, *until;
        casemix_result result;
    } rows[] = {
        {"2022-01-01", "2022-12-31", CASEMIX_OK},        {"2022-12-31", "2022-12-31", CASEMIX_OK},
        {"2022-13-01", "2022-12-31", CASEMIX_BAD_IMAGE}, {"2022-01-01", "2022-12-32", CASEMIX_BAD_IMAGE},
        {"2022-01-01", "2021-12-31", CASEMIX_BAD_IMAGE}, {"xxxx-xx-xx", "2022-12-31", CASEMIX_BAD_IMAGE},
    };
    const struct image_entry *policies = section(IMAGE_POLICIES), *strings = section(IMAGE_STRINGS);
    cr_assert(policies && policies->count == 1 && strings);
    const struct image_policy *about = (const struct image_policy *)(void *)(lie.bytes + policies->offset);
    char *text = (char *)lie.bytes + strings->offset;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        casemix_image *image = NULL;
        casemix_context *context = NULL;
        casemix_error error = {0};
        memcpy(text + about->from, rows[i].from, strlen(rows[i].from));
        memcpy(text + about->until, rows[i].until, strlen(rows[i].until));
        sign();
        cr_assert_eq(casemix_image_from_memory(lie.bytes, lie.size, &image, NULL), CASEMIX_OK);
        cr_expect_eq(casemix_context_new(image, "small", "small-2022", &context, &error), rows[i].result,
                     "%s to %s", rows[i].from, rows[i].until);
        cr_expect(rows[i].result == CASEMIX_OK || strstr(error.message, "dates of force of the policy small-2022"),
                  "%s", error.message);
        casemix_context_free(context);
        casemix_image_close(image);
        restore();
    }
}

/* ---- files ------------------------------------------------------------------------------------------------ */

static casemix_result open_bytes(const void *bytes, size_t size) {
    char path[] = "image_test_XXXXXX";
    int file = mkstemp(path);
    casemix_image *image = NULL;
    casemix_error error = {0};
    cr_assert(file >= 0 && write(file, bytes, size) == (ssize_t)size);
    close(file);
    casemix_result result = casemix_image_open(path, &image, &error);
    cr_expect(result == CASEMIX_OK || strstr(error.message, path), "the message names the file: %s", error.message);
    casemix_image_close(image);
    unlink(path);
    return result;
}

Test(image, files) {
    casemix_image *image = NULL;
    casemix_error error = {0};
    cr_expect(casemix_image_open("no/such/file.cmx", &image, &error) == CASEMIX_NO_FILE);
    cr_expect(strstr(error.message, "no/such/file.cmx"), "%s", error.message);
    cr_expect(casemix_image_open("/", &image, &error) != CASEMIX_OK, "a folder");
    cr_expect(open_bytes(lie.bytes, lie.size) == CASEMIX_OK);
    cr_expect(open_bytes(lie.bytes, 0) == CASEMIX_BAD_IMAGE, "an empty file");
    cr_expect(open_bytes(lie.bytes, 40) == CASEMIX_BAD_IMAGE);
    cr_expect(open_bytes(lie.bytes, lie.size - 1) == CASEMIX_BAD_IMAGE);
    cr_expect(open_bytes("scheme: x\n", 10) == CASEMIX_BAD_IMAGE, "rules that were not compiled");
}

Test(image, memory_that_is_not_aligned) {
    unsigned char *moved = aligned_alloc(64, (lie.size + 128) / 64 * 64);
    casemix_image *image = NULL;
    memcpy(moved + 1, lie.bytes, lie.size);
    casemix_result result = casemix_image_from_memory(moved + 1, lie.size, &image, NULL);
    cr_expect(result == CASEMIX_BAD_ARGUMENT || result == CASEMIX_BAD_IMAGE, "%d", (int)result);
    free(moved);
}
