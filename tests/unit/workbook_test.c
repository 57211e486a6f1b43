/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import workbook: what official workbooks are like, what is wrong with broken ones, and hostile files. */
#include "../../tools/import/import.h"
#include "../support/make_workbook.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zip.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWER = 6 };
#else
enum { SLOWER = 1 };
#endif

/* ---- a folder for each test ---- */

static char *folder;

static void make_folder(void) {
    static char path[200];
    const char *base = getenv("TMPDIR");
    snprintf(path, sizeof path, "%.150s/workbook-test.XXXXXX", base ? base : "/tmp");
    folder = mkdtemp(path);
    cr_assert(folder);
    cr_assert(chdir(folder) == 0);
}

static void remove_folder(void) {
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_expect(chdir("/") == 0 && system(command) == 0);
}

/* ---- running the import ---- */

static char said[20000]; /* on standard error */

static void read_text(const char *path, char *out, size_t size) {
    FILE *file = fopen(path, "rb");
    out[0] = '\0';
    if (file) {
        out[fread(out, 1, size - 1, file)] = '\0';
        fclose(file);
    }
}

static int import_with(char **words, int count) {
    fflush(stderr);
    int before = dup(2);
    cr_assert(freopen("said", "w", stderr));
    int code = import_workbook(count, words);
    fflush(stderr);
    dup2(before, 2);
    close(before);
    read_text("said", said, sizeof said);
    return code;
}

static int import_file(char *path) {
    char name[] = "workbook", option[] = "-o", out[] = "out";
    return import_with((char *[]){name, path, option, out, NULL}, 4);
}

static int import_book(struct test_book book) {
    char path[] = "book.xlsx";
    cr_assert(write_test_book(&book, path));
    return import_file(path);
}

static const char *written(const char *name) {
    static char text[200000];
    char path[100];
    snprintf(path, sizeof path, "out/%s", name);
    read_text(path, text, sizeof text);
    return text;
}

static void expect_in(const char *name, const char *piece) {
    cr_expect(strstr(written(name), piece), "%s should hold \"%s\":\n%.3000s", name, piece, written(name));
}

/* Nothing may be left when an import failed: neither the folder nor a part of it. */
static void expect_nothing_left(void) {
    DIR *directory = opendir(".");
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        cr_expect(strncmp(entry->d_name, "out", 3) != 0, "%s was left behind", entry->d_name);
    }
    closedir(directory);
}

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++) {
        lines++;
    }
    return lines;
}

/* ---- a good one ---- */

Test(workbook, small_one, .init = make_folder, .fini = remove_folder) {
    cr_assert(import_book(small_test_book()) == 0, "%s", said);
    expect_in("bundle.yaml", "schemes: [scheme.yaml]");
    expect_in("scheme.yaml", "title: 按病组（DRG）付费3.0版分组方案配置信息\n");
    expect_in("scheme.yaml", "- mdc/A.yaml # 先期分组疾病及相关操作\n- mdc/P.yaml # 新生儿疾病\n- mdc/B.yaml");
    expect_in("mdc/B.yaml", "  BB1:\n    name: 颅脑手术\n    source: ADRG row 7\n"
                            "    when: ZYZD in DI_BB1 and {ZYSS,QTSS} in {OP_BB1,OP_BB2}\n");
    expect_in("mdc/B.yaml", "    - {drg: BB11, when: QTZD in MCC, name: 颅脑手术，伴严重并发症或合并症} # row 8\n");
    expect_in("severity.yaml", "  EX_1:\n    principal: I60.000\n    mcc: J96.000\n");
    expect_in("REPORT.md", "| MDC | 4 | 26 |\n| ADRG | 8 | 492 |\n| DRG | 12 | 825 |\n| MCC | 1 | 1581 |");
}

static int fact_number(const char *name) {
    int fact = casemix_fact(name);
    cr_assert(fact >= 0, "%s", name);
    return fact;
}

/* Group a case written as "gender=1 age=63 dx=..." */
static void expect_group(const casemix_image *image, const char *facts, const char *drg) {
    casemix_context *context = new_context(image, NULL, NULL);
    casemix_case *one = casemix_case_new();
    char text[500], *save = NULL;
    snprintf(text, sizeof text, "%s", facts);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        casemix_case_set(one, fact_number(word), value, strlen(value));
    }
    casemix_grouping grouping;
    cr_assert(casemix_group(context, one, &grouping) == CASEMIX_OK);
    cr_expect(strlen(drg) == grouping.drg.length && memcmp(grouping.drg.text, drg, grouping.drg.length) == 0,
              "%s: expected \"%s\", got \"%.*s\"", facts, drg, (int)grouping.drg.length, grouping.drg.text);
    casemix_case_free(one);
    casemix_context_free(context);
}

static void with_image(void (*run)(const casemix_image *image)) {
    struct compilation *work = compilation_new();
    bool good = compilation_read(work, "out/bundle.yaml") && compilation_build(work);
    if (!good) {
        report_print(compilation_report(work), stderr);
    }
    cr_assert(good);
    size_t size;
    casemix_image *image = NULL;
    const void *bytes = compilation_image(work, &size);
    cr_assert(casemix_image_from_memory(bytes, size, &image, NULL) == CASEMIX_OK);
    run(image);
    casemix_image_close(image);
    compilation_free(work);
}

static void group_small(const casemix_image *image) {
    static const struct {
        const char *facts, *drg;
    } cases[] = {
        {"gender=1 age=50 dx=I60.000 proc=96.7201", "AH19"}, /* MDCA's empty rule is true */
        {"gender=1 age=50 dx=I60.000 proc=02.0200", "BB15"}, /* braces: a union of fields, a union of sets */
        {"gender=1 age=50 dx=I60.000 proc=96.7200|01.2401", "BB15"},
        {"gender=1 age=50 dx=I60.000|J96.000 proc=01.2401", "BB15"}, /* excluded by the principal diagnosis */
        {"gender=1 age=50 dx=I60.000 proc=01.2401|17.4100", "BB10"}, /* robot assistance at any place */
        {"gender=1 age=50 dx=I61.000", "BR15"},
        {"gender=1 age=70 dx=I61.000|E87.600", "BR1G"},
        {"gender=1 age=69 dx=I61.000|E87.600", "BR15"},
        {"gender=1 dx=I61.000|E87.600", "BR15"},            /* a missing number: false */
        {"gender=1 age=50 dx=I61.000 proc=45.6200", "BQY"}, /* surgical: not into a medical group */
        {"gender=1 age=50 dx=I61.000 proc=96.7200|45.6200", "BR15"},
        {"gender=1 age=50 dx=G40.100", "BZ19"}, /* behind the bucket B00 */
        {"gender=1 age=0 age_days=5 weight=900 dx=P07.000", "PS19"},
        {"gender=1 age=0 age_days=5 weight=900 dx=P07.000 proc=79.1100", "PQY"},
        {"gender=1 age=0 age_days=5 weight=900 dx=G40.100 proc=79.1100", "BQY"}, /* no medical group of MDCP's */
        {"gender=1 age=1 age_days=5 weight=900 dx=P07.000", ""}, /* days of age after the first birthday: false */
        {"gender=1 age=50 dx=S06.000 proc=79.1100|02.0200", "ZB19"}, /* length of the set met */
        {"gender=1 age=50 dx=S06.000 proc=79.1100|79.1100", "ZZ15"}, /* different ones */
        {"gender=1 age=50 dx=S42.300|S06.000|J96.000", "ZZ11"},      /* a rule that is the number 1 */
        {"gender=1 age=50 dx=E87.600", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_group(image, cases[i].facts, cases[i].drg);
    }
}

Test(workbook, groups_as_the_official_rules_say, .init = make_folder, .fini = remove_folder) {
    cr_assert(import_book(small_test_book()) == 0, "%s", said);
    with_image(group_small);
}

/* ---- quirks, each with its line in the report ---- */

struct quirk {
    int sheet;
    size_t row, column; /* from 1, from 0 */
    const char *text;
    const char *file, *piece; /* what must be written */
    const char *report;       /* NULL: nothing */
};

static const struct quirk quirks[] = {
    {TEST_ADRG, 7, 2, "ZYZD in DI_BB1_x000D_\n and\t{ZYSS,QTSS} in OP_BB1", "mdc/B.yaml",
     "when: ZYZD in DI_BB1 and {ZYSS,QTSS} in OP_BB1\n", "ADRG, row 7, column C (ADRG规则): _x000D_, line break\n"},
    {TEST_ADRG, 7, 2,
     "ZYZD　in\xC2\xA0"
     "DI_BB1 and \xE2\x80\x8BZYSS in OP_BB1",
     "mdc/B.yaml", "when: ZYZD in DI_BB1 and ZYSS in OP_BB1\n",
     "ADRG, row 7, column C (ADRG规则): full-width blank, no-break blank, zero-width blank\n"},
    {TEST_ADRG, 7, 1, "颅脑\xE2\x80\x8B手术　", "mdc/B.yaml", "name: 颅脑手术\n",
     "ADRG, row 7, column B (ADRG名称): full-width blank, zero-width blank\n"},
    {TEST_ADRG, 7, 0, " bB1\xC2\xA0", "mdc/B.yaml", "  BB1:\n", "column A (ADRG编码): no-break blank\n"},
    {TEST_SETS, 2, 1, "９６.７２01　", "mdc/A.yaml", "OP_AH1: 96.7201\n",
     "集合, row 2, column B (ICD编码): full-width blank, full-width letter\n"},
    {TEST_SETS, 17, 1, "=17.41", "mdc/B.yaml", "OP_ARB: 17.4100\n",
     "集合, row 17, column B (ICD编码): 17.41 is 17.4100\n"},
    {TEST_SETS, 12, 1, "=2.02", "mdc/B.yaml", "OP_BB2: 02.0200\n", "2.02 is 02.0200\n"},
    {TEST_SETS, 2, 0, "op_ah1", "mdc/A.yaml", "OP_AH1: 96.7201\n", NULL},
    {TEST_ADRG, 2, 2, "NOT (NL>=1) AND zyss NOT IN op_all OR {ZYSS,QTSS} IN OP_AH1", "mdc/A.yaml",
     "when: NOT (NL>=1) AND zyss NOT IN OP_ALL OR {ZYSS,QTSS} IN OP_AH1\n", "op_all is OP_ALL\n"},
    {TEST_ADRG, 2, 2, "｛ZYSS，QTSS｝ in OP_AH1 and NL≥1", "mdc/A.yaml",
     "when: ｛ZYSS，QTSS｝ in OP_AH1 and NL≥1\n", NULL},
    {TEST_ADRG, 8, 2, NULL, "mdc/B.yaml",
     "  BR1:\n    name: 颅内出血\n    source: ADRG row 8\n    drgs:", /* behind BZ1 */
     "### Empty rules moved to the end of their scope: 1\n\n- ADRG, row 8, column A (ADRG编码): BR1, stood before "
     "BZ1\n"},
    {TEST_DRG, 8, 2, NULL, "mdc/B.yaml", "    - {drg: BB11, name: 颅脑手术，伴严重并发症或合并症} # row 8\n", NULL},
    {TEST_DRG, 7, 2, NULL, "mdc/B.yaml", "# row 8\n    - {drg: BB10, name: 颅脑手术，机器人辅助} # row 7\n",
     "BB10, stood before BB11\n"},
    {TEST_ADRG, 9, 2, NULL, "REPORT.md",
     "### Buckets sorted before real groups, passed over: 1\n\n- ADRG, row 9, column A (ADRG编码): "
     "B00, before BZ1\n",
     "### Buckets for cases without a group: such cases are ungrouped: 6\n"},
    {TEST_ADRG, 11, 2, NULL, "mdc/B.yaml", "    # official rule: (empty)\n    when: ZYSS in OP_ALL\n",
     "### QY without a rule: for a principal procedure of OP_ALL: 1\n"},
    {TEST_ADRG, 9, 2, "NL > 200", "mdc/B.yaml", "  B00:\n", NULL}, /* a bucket with a rule is a group */
    {TEST_ADRG, 11, 4, "x", "mdc/B.yaml", "  BQY:\n",
     "### Rows without a number in 排序, put last in their scope: 1\n"},
    {TEST_ADRG, 10, 4, "=2", "mdc/B.yaml", "  BZ1:\n", "BZ1 after BR1\n"},
    {TEST_CC, 3, 2, "EX_9", "severity.yaml", "  EX_9:\n    cc: E87.600\n",
     "### Exclusion tables of CC that 排除表 does not have: their codes always count: 1\n"},
    {TEST_CC, 3, 2, NULL, "severity.yaml", "  always:\n    cc: E87.600\n",
     "### MCC and CC without an exclusion table: always count: 1\n"},
    {TEST_EXCLUSIONS, 3, 1, "I60.000", "severity.yaml", "  EX_1:\n    principal: I60.000\n",
     "I60.000 is in EX_1, row 2, and here in EX_2\n"},
    {TEST_EXCLUSIONS, 3, 1, NULL, "severity.yaml", "  EX_2:\n    cc: E87.600\n",
     "排除表, row 3, column B (ICD编码): of EX_2\n"},
    {TEST_DRG, 9, 4, "MDCA", "mdc/B.yaml", "drg: BB15",
     "DRG, row 9, column E (所属MDC编码): BB15: MDCA, but BB1 is in MDCB\n"},
    {TEST_ADRG, 4, 2, "ZYZD in DI_PS1 and not (XSRTL >= 29)", "mdc/P.yaml",
     "    # official rule: ZYZD in DI_PS1 and not (XSRTL >= 29)\n"
     "    when: ZYZD in DI_PS1 and not ((XSRTL >= 29 and not NL >= 1))\n",
     "XSRTL >= 29\n"},
};

Test(workbook, quirks_are_survived_and_told, .init = make_folder, .fini = remove_folder, .timeout = 120) {
    for (size_t i = 0; i < sizeof quirks / sizeof *quirks; i++) {
        const struct quirk *quirk = &quirks[i];
        cr_assert(import_book(changed_test_book(quirk->sheet, quirk->row, quirk->column, quirk->text)) == 0,
                  "quirk %zu: %s", i, said);
        expect_in(quirk->file, quirk->piece);
        if (quirk->report) {
            expect_in("REPORT.md", quirk->report);
        }
        cr_assert(system("rm -r out") == 0);
    }
}

struct row_quirk {
    int sheet;
    struct test_row row;
    const char *report;
};

static const struct row_quirk row_quirks[] = {
    {TEST_SETS,
     {{"OP_BB1", "01.2401", "开颅探查", "OP"}},
     "### Doubled rows of 集合: 1\n\n- 集合, row 23, column B (ICD编码): 01.2401 in OP_BB1, as row 11\n"},
    {TEST_SETS, {{"OP_MORE", "01.2401", "开颅探查", "OP"}}, "### Sets that no rule names: 1\n"},
    {TEST_SETS, {{"OP_BB1", NULL, "开颅探查", "OP"}}, "集合, row 23, column B (ICD编码): of OP_BB1\n"},
    {TEST_CC, {{"E87.600", "低钾血症", "EX_2", "CC"}}, "### Doubled rows of CC: 1\n"},
    {TEST_EXCLUSIONS, {{"EX_1", "I60.000", "x"}}, "### Doubled rows of 排除表: 1\n"},
    {TEST_DRG, {{"ZZ15", "多发创伤", NULL, "ZZ1", "MDCZ", "=16"}}, "### Rows of groups that are there twice: 1\n"},
    {TEST_ADRG,
     {{"ZC1", "x", "NL > 3", "MDCZ", "=3"}},
     "### ADRGs without a DRG: the answer is the ADRG itself: 1\n"},
    /* the rules say OP_BB2 nowhere else; surgical groups behind a medical one */
    {TEST_ADRG,
     {{"BJ1", "x", "ZYSS in OP_BB2", "MDCB", "=9"}},
     "### Medical groups before groups with procedures: surgical cases pass them: 2\n"},
};

Test(workbook, rows_too_many_are_told, .init = make_folder, .fini = remove_folder, .timeout = 60) {
    for (size_t i = 0; i < sizeof row_quirks / sizeof *row_quirks; i++) {
        cr_assert(import_book(longer_test_book(row_quirks[i].sheet, row_quirks[i].row)) == 0, "row %zu: %s", i,
                  said);
        expect_in("REPORT.md", row_quirks[i].report);
        cr_assert(system("rm -r out") == 0);
    }
}

/* Columns are found by their headings: an empty column in front changes nothing, nor do rows above, nor a sheet
 * more. */
Test(workbook, columns_by_heading, .init = make_folder, .fini = remove_folder) {
    static struct test_row moved[50];
    struct test_book book = small_test_book();
    for (size_t r = 0; r < book.sheets[TEST_ADRG].count; r++) {
        memcpy(&moved[r + 2].cells[1], book.sheets[TEST_ADRG].rows[r].cells, (TEST_COLUMNS - 1) * sizeof(char *));
    }
    moved[2].cells[5] = " 排序　";
    book.sheets[TEST_ADRG] = (struct test_sheet){"ADRG", moved, book.sheets[TEST_ADRG].count + 2};
    book.sheets[6] = (struct test_sheet){"说明", moved, 1};
    cr_assert(import_book(book) == 0, "%s", said);
    expect_in("REPORT.md", "| ADRG | 3 | 12 |");
    expect_in("mdc/B.yaml", "source: ADRG row 9\n");
}

/* Rows of 排除表 that the workbook forgot are named, with what adds them. */
Test(workbook, forgotten_exclusions, .init = make_folder, .fini = remove_folder) {
    static struct test_row rows[] = {{{"集合编号", "ICD编码", "ICD名称"}},
                                     {{"EX_1", "I60.000", ""}},
                                     {{"EX_1", "I61.001", ""}},
                                     {{"EX_2", "S42.300", ""}}};
    struct test_book book = small_test_book();
    book.sheets[TEST_EXCLUSIONS] = (struct test_sheet){"排除表", rows, 4};
    cr_assert(import_book(book) == 0, "%s", said);
    expect_in("REPORT.md", "### Rows that seem to be missing in 排除表");
    expect_in("REPORT.md", "  EX_1: {principal: {add: I61.000}}\n");
    cr_expect(!strstr(written("REPORT.md"), "add: S06.000"));
}

/* ---- codes of the user, gray codes ---- */

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void group_gray(const casemix_image *image) {
    expect_group(image, "gender=1 age=50 dx=I61.000 proc=45.6200",
                 "BR15"); /* the principal procedure counts as none */
    expect_group(image, "gender=1 age=50 dx=I61.000 proc=79.1100", "BQY");
    expect_group(image, "gender=1 age=50 dx=I60.000 proc=01.2401|17.4100", "BB10"); /* OP_ARB stays visible */
    expect_group(image, "gender=1 age=50 dx=I61.000 proc=17.4100", "BR15");         /* but makes no surgical case */
    expect_group(image, "gender=1 age=50 dx=S06.000 proc=79.1100|02.0200", "ZZ15"); /* others in it are dropped */
}

Test(workbook, catalogues_and_gray_codes, .init = make_folder, .fini = remove_folder) {
    cr_assert(mkdir("codes", 0777) == 0);
    write_text("codes/icd10-mine.tsv",
               "code\tname\nE87.600\ta\nG40.100\tb\nI60.000\tc\nI61.000\td\nI61.001\te\nJ96.000\tf\n"
               "P07.000\tg\nS06.000\th\n");
    write_text("codes/procedures.tsv", "code\tname\n01.2401\ta\n02.0200\tb\n45.6200\tc\n79.1100\td\n96.7201\te\n");
    write_text("codes/gray-procedures.txt", "# a list\n45.6200\n17.4100\n02.0200\n");
    struct test_book book = small_test_book();
    char path[] = "book.xlsx", name[] = "workbook", option[] = "-o", out[] = "out", codes[] = "--codes",
         folder_name[] = "codes";
    cr_assert(write_test_book(&book, path));
    cr_assert(import_with((char *[]){name, path, option, out, codes, folder_name, NULL}, 6) == 0, "%s", said);
    expect_in("scheme.yaml", "  diagnoses: ../codes/icd10-mine.tsv\n  add_diagnoses: {file: diagnoses.tsv}");
    expect_in("scheme.yaml", "gray:\n  procedures: ");
    expect_in("diagnoses.tsv", "code\tname\nS42.300\t肱骨干骨折\n");
    with_image(group_gray);
    cr_assert(remove("codes/procedures.tsv") == 0 && system("rm -r out") == 0);
    cr_expect(import_with((char *[]){name, path, option, out, codes, folder_name, NULL}, 6) == 3);
    cr_expect(strstr(said, "codes: there is no catalogue of procedures (icd9*.tsv or procedures.tsv)"), "%s", said);
    expect_nothing_left();
}

/* ---- what is wrong, with sheet, row and column ---- */

struct problem {
    int sheet;
    size_t row, column;
    const char *text;
    const char *said;
};

static const struct problem problems[] = {
    {TEST_ADRG, 7, 2, "ZYZD in DI_BB1 and ZYXX in OP_BB1",
     "sheet ADRG, row 7, column C (ADRG规则): at character 20: \"ZYXX\" is no word of the rule language"},
    {TEST_ADRG, 7, 2, "ZYZD in DI_BB1 and (ZYSS in OP_BB1",
     "sheet ADRG, row 7, column C (ADRG规则): at character 35: "},
    {TEST_ADRG, 7, 2, "ZYZD in DI_BB9",
     "sheet ADRG, row 7, column C (ADRG规则): at character 9: there is no set \"DI_BB9\""},
    {TEST_ADRG, 7, 2, "ZYZD in OP_BB1", "sheet ADRG, row 7, column C (ADRG规则): "},
    {TEST_ADRG, 7, 2, "ZYZD DI_BB1", "sheet ADRG, row 7, column C (ADRG规则): at character 6: "},
    {TEST_ADRG, 7, 2, "NL >= old", "sheet ADRG, row 7, column C (ADRG规则): at character 7: "},
    {TEST_MDC, 5, 2, "ZYZD in", "sheet MDC, row 5, column C (MDC规则): "},
    {TEST_DRG, 8, 2, "QTZD in MCCC", "sheet DRG, row 8, column C (DRG规则): at character 9: "},
    {TEST_DRG, 8, 2, "QTZD in {MCC,CC} and NL >> 3", "sheet DRG, row 8, column C (DRG规则): at character 26: "},
    {TEST_DRG, 8, 3, "BB9",
     "sheet DRG, row 8, column D (所属ADRG编码): BB11 belongs to \"BB9\", which is not in the sheet ADRG"},
    {TEST_ADRG, 8, 3, "MDCQ",
     "sheet ADRG, row 8, column D (所属MDC编码): BR1 belongs to \"MDCQ\", which is not in the sheet MDC"},
    {TEST_ADRG, 8, 0, NULL, "sheet ADRG, row 8, column A (ADRG编码): the code of a group is missing"},
    {TEST_ADRG, 8, 0, "BB1", "sheet ADRG, row 8, column A (ADRG编码): BB1 stands in row 7 already"},
    {TEST_ADRG, 8, 0, "B(1", "sheet ADRG, row 8, column A (ADRG编码): \"B(1\" cannot be the code of a group"},
    {TEST_MDC, 5, 0, "MDC9",
     "sheet ADRG, row 7, column D (所属MDC编码): BB1 belongs to \"MDCB\", which is not in the sheet MDC"},
    {TEST_SETS, 12, 1, "02/0200", "sheet 集合, row 12, column B (ICD编码): \"02/0200\" cannot be a code"},
    {TEST_SETS, 11, 0, "DI_BB1",
     "sheet 集合, row 11, column B (ICD编码): 01.2401 is not of the kind of the set DI_BB1"},
    {TEST_SETS, 11, 0, NULL, "sheet 集合, row 11, column A (集合编号): the number of a set is missing"},
    {TEST_CC, 2, 3, "XCC", "sheet CC, row 2, column D (类型): the type is \"XCC\"; write MCC or CC"},
    {TEST_CC, 3, 0, "J96.000", "sheet CC, row 3, column A (疾病编码): J96.000 stands further up"},
    {TEST_CC, 3, 0, "96.7201", "sheet CC, row 3, column A (疾病编码): 96.7201 is no diagnosis"},
    {TEST_EXCLUSIONS, 2, 1, "96.7201", "sheet 排除表, row 2, column B (ICD编码): 96.7201 is no diagnosis"},
    {TEST_EXCLUSIONS, 1, 0, "编号",
     "sheet 排除表: none of the first 10 rows holds the headings; missing: 集合编号; write them as in"},
    {TEST_DRG, 1, 2, NULL,
     "sheet DRG: none of the first 10 rows holds the headings; missing: DRG规则; write them as in"},
    {TEST_MDC, 2, 0, NULL,
     "sheet MDC: none of the first 10 rows holds the headings; missing: MDC编码; write them as in"},
};

Test(workbook, problems_have_their_place, .init = make_folder, .fini = remove_folder, .timeout = 120) {
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        const struct problem *problem = &problems[i];
        int code = import_book(changed_test_book(problem->sheet, problem->row, problem->column, problem->text));
        cr_expect(code == 1, "problem %zu: exit code %d", i, code);
        cr_expect(strstr(said, problem->said), "problem %zu: expected \"%s\", got\n%s", i, problem->said, said);
        cr_expect(
            strstr(said, "casemix: book.xlsx: nothing was written; correct the workbook and import it again\n"),
            "%s", said);
        expect_nothing_left();
    }
}

/* However many problems there are, a screen of them is told. */
Test(workbook, many_problems, .init = make_folder, .fini = remove_folder) {
    static struct test_row rows[60];
    struct test_book book = small_test_book();
    rows[0] = book.sheets[TEST_SETS].rows[0];
    for (size_t i = 1; i < 60; i++) {
        rows[i] = (struct test_row){{"OP_BB1", "?", NULL, NULL}};
    }
    book.sheets[TEST_SETS] = (struct test_sheet){"集合", rows, 60};
    cr_expect(import_book(book) == 1);
    cr_expect(count_lines(said) == 22 && strstr(said, "and 39 more"), "%s", said);
    expect_nothing_left();
}

Test(workbook, missing_sheets, .init = make_folder, .fini = remove_folder) {
    for (int sheet = 0; sheet <= TEST_EXCLUSIONS; sheet++) {
        struct test_book book = small_test_book();
        char piece[100];
        snprintf(piece, sizeof piece, "the sheet %s is missing (there are: ", book.sheets[sheet].name);
        book.sheets[sheet].name = "别的";
        cr_expect(import_book(book) == 1);
        cr_expect(strstr(said, piece) && strstr(said, "别的") && count_lines(said) <= 2, "%s", said);
        expect_nothing_left();
    }
}

Test(workbook, wrong_use, .init = make_folder, .fini = remove_folder) {
    char name[] = "workbook", path[] = "book.xlsx", option[] = "-o", out[] = "out", wrong[] = "--wrong",
         force[] = "--force";
    cr_expect(import_with((char *[]){name, NULL}, 1) == 2);
    cr_expect(import_with((char *[]){name, path, NULL}, 2) == 2);
    cr_expect(import_with((char *[]){name, path, option, out, wrong, NULL}, 5) == 2);
    cr_expect(import_file(path) == 3 && strstr(said, "book.xlsx: cannot be read: No such file"), "%s", said);
    cr_assert(import_book(small_test_book()) == 0);
    cr_expect(import_file(path) == 3 && strstr(said, "out exists; say --force"), "%s", said);
    cr_expect(import_with((char *[]){name, path, option, out, force, NULL}, 5) == 0, "%s", said);
    write_text("out/letter.doc", "mine");
    cr_expect(import_with((char *[]){name, path, option, out, force, NULL}, 5) == 3, "%s", said);
    expect_in("letter.doc", "mine");
}

/* ---- hostile files ---- */

/* Put other bytes in the place of a part of the workbook. */
static void replace_part(const char *part, const void *bytes, size_t size) {
    struct test_book book = small_test_book();
    cr_assert(write_test_book(&book, "book.xlsx"));
    int code;
    zip_t *zip = zip_open("book.xlsx", 0, &code);
    cr_assert(zip);
    zip_source_t *source = zip_source_buffer(zip, bytes, size, 0);
    zip_int64_t at = zip_file_add(zip, part, source, ZIP_FL_OVERWRITE);
    cr_assert(at >= 0);
    cr_assert(zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_DEFLATE, 1) == 0);
    cr_assert(zip_close(zip) == 0);
}

static void expect_refused(const char *what, const char *piece) {
    char path[] = "book.xlsx";
    int code = import_file(path);
    cr_expect(code == 1, "%s: exit code %d", what, code);
    cr_expect(strstr(said, piece) && strstr(said, "; ") && count_lines(said) <= 2, "%s: expected \"%s\", got\n%s",
              what, piece, said);
    expect_nothing_left();
}

#define SHEET "xl/worksheets/sheet1.xml"
#define TEXTS "xl/sharedStrings.xml"

Test(workbook, broken_parts, .init = make_folder, .fini = remove_folder, .timeout = 60) {
    static const struct {
        const char *part, *text, *said;
    } parts[] = {
        {SHEET, "<worksheet><sheetData><row r=\"1\"><c", "the sheet MDC is not well-formed XML at line 1"},
        {SHEET, "", "the sheet MDC is not well-formed XML"},
        {SHEET, "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><worksheet>&b;</worksheet>",
         "the sheet MDC holds a document type declaration"},
        {SHEET,
         "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>999999</v></c></row></sheetData></worksheet>",
         "the sheet MDC, row 1, column A, refers to the text number \"999999\""},
        {SHEET,
         "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>-1</v></c></row></sheetData></worksheet>",
         "refers to the text number \"-1\""},
        {SHEET, "<worksheet><sheetData><row r=\"5\"/><row r=\"4\"/></sheetData></worksheet>",
         "has the row number \"4\" after row 5"},
        {SHEET, "<worksheet><sheetData><row r=\"99999999\"/></sheetData></worksheet>",
         "has the row number \"99999999\""},
        {SHEET, "<worksheet><sheetData><row r=\"1\"><c r=\"ZZZZZ1\"/></row></sheetData></worksheet>",
         "has a cell at \"ZZZZZ1\""},
        {SHEET, "<worksheet><sheetData><row r=\"1\"><c r=\"B1\"/><c r=\"A1\"/></row></sheetData></worksheet>",
         "has a cell at \"A1\""},
        {SHEET, "<worksheet/>",
         "sheet MDC: none of the first 10 rows holds the headings; missing: all; write them"},
        {TEXTS, "<sst><si><t>a</t>", "the list of texts is not well-formed XML"},
        {TEXTS, "<sst/>", "refers to the text number"},
        {"xl/workbook.xml", "<workbook/>", "the sheet MDC is missing (there are: )"},
        {"xl/workbook.xml", "\x01", "the list of sheets is not well-formed XML"},
        {"xl/_rels/workbook.xml.rels", "<Relationships/>", "the sheet MDC is named but not in the file"},
        {"xl/_rels/workbook.xml.rels",
         "<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" "
         "Target=\"../../etc/passwd\"/></Relationships>",
         "the sheet MDC is missing in the file (no part xl/../../etc/passwd"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        replace_part(parts[i].part, parts[i].text, strlen(parts[i].text));
        expect_refused(parts[i].part, parts[i].said);
    }
}

/* `head`, then `unit` again and again up to a size. */
static void replace_long(const char *part, const char *head, const char *unit, size_t size) {
    char *bytes = malloc(size + 100);
    size_t length = strlen(unit), at = strlen(head);
    cr_assert(bytes);
    memcpy(bytes, head, at);
    for (; at + length <= size; at += length) {
        memcpy(bytes + at, unit, length);
    }
    replace_part(part, bytes, at);
    free(bytes);
}

Test(workbook, too_large, .init = make_folder, .fini = remove_folder, .timeout = 300) {
    replace_long(SHEET, "<worksheet><sheetData>", "<!-- nothing here, only to make it long -->", (size_t)260 << 20);
    expect_refused("a zip bomb", "the sheet MDC unpacks to more than 256 MiB");
    replace_long(SHEET, "<worksheet><sheetData><row><c t=\"str\"><v>", "abcdefgh", 1 << 20);
    expect_refused("a long cell", "the sheet MDC holds a text of more than 128 KiB in a cell");
    replace_long(SHEET, "<worksheet><sheetData><row><c t=\"", "abcdefgh", (size_t)40 << 20);
    expect_refused("a long tag", "the sheet MDC holds a single tag of more than 4 MiB");
    replace_long(SHEET, "", "<a>", 1 << 20);
    expect_refused("a deep tree", "the sheet MDC is nested deeper than 64");
    replace_long(TEXTS, "<sst>", "<si><t>x</t></si>", (size_t)40 << 20);
    expect_refused("many texts", "the workbook holds more than 2000000 texts");
}

Test(workbook, no_workbook_at_all, .init = make_folder, .fini = remove_folder) {
    write_text("book.xlsx", "code,name\n1,2\n");
    expect_refused("a CSV file", "is no .xlsx workbook");
    write_text("book.xlsx", "");
    expect_refused("an empty file", "is no .xlsx workbook");
    write_text("book.xlsx", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on");
    expect_refused("an old or protected file", "is an .xls file or protected by a password");
    struct test_book book = small_test_book();
    cr_assert(write_test_book(&book, "book.xlsx") && truncate("book.xlsx", 3000) == 0);
    expect_refused("half a file", "is no .xlsx workbook");
}

/* One byte wrong, anywhere: an answer, never a crash, and nothing half-done. */
Test(workbook, one_byte_wrong, .init = make_folder, .fini = remove_folder, .timeout = 300) {
    struct test_book book = small_test_book();
    cr_assert(write_test_book(&book, "good.xlsx"));
    size_t size;
    unsigned char *bytes = read_file("good.xlsx", &size);
    char path[] = "book.xlsx";
    for (size_t at = 0; at < size; at += 37) {
        FILE *file = fopen(path, "wb");
        bytes[at] ^= (unsigned char)(1u << at % 8);
        cr_assert(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
        bytes[at] ^= (unsigned char)(1u << at % 8);
        int code = import_file(path);
        cr_expect(code == 0 || (code == 1 && said[0]), "byte %zu: exit code %d: %s", at, code, said);
        if (code == 0) {
            cr_assert(system("rm -r out") == 0);
        } else {
            expect_nothing_left();
        }
    }
    free(bytes);
}

/* ---- the full size ---- */

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure_full(const char *title, char **words, int count) {
    fflush(NULL);
    double start = seconds();
    pid_t child = fork();
    if (child == 0) {
        int code = import_workbook(count, words);
        _exit(code);
    }
    int status;
    struct rusage used;
    cr_assert(child > 0 && wait4(child, &status, 0, &used) == child);
    double imported = seconds() - start;
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_in("REPORT.md", "| MDC | 26 | 26 |\n| ADRG | 492 | 492 |\n| DRG | 825 | 825 |\n| MCC | 1581 | 1581 |\n| "
                           "CC | 6337 | 6337 |\n"
                           "| exclusion tables | 148 | 148 |\n| principal diagnoses in them | 21036 |");
    expect_in("REPORT.md", "### Doubled rows of 集合: 113\n");
    expect_in("REPORT.md", "### Buckets for cases without a group: such cases are ungrouped: 51\n");
    expect_in("REPORT.md", "### QY put before the medical groups: 21\n");
    start = seconds();
    struct compilation *work = compilation_new();
    cr_expect(compilation_read(work, "out/bundle.yaml") && compilation_check(work) && compilation_build(work));
    size_t size;
    compilation_image(work, &size);
    double compiled = seconds() - start;
    compilation_free(work);
    cr_expect(imported < 10 * SLOWER && compiled < 2 * SLOWER && size < 6 << 20 && used.ru_maxrss < 1 << 20);
    fprintf(stderr,
            "workbook of the full size, %s: import %.2f s, at most %ld KiB; compile %.2f s; image %zu bytes\n",
            title, imported, used.ru_maxrss, compiled, size);
    cr_assert(system("rm -r out") == 0);
}

Test(workbook, full_size, .init = make_folder, .fini = remove_folder, .timeout = 600) {
    char path[] = "full.xlsx", name[] = "workbook", option[] = "-o", out[] = "out", codes[] = "--codes",
         catalogues[4096];
    snprintf(catalogues, sizeof catalogues, "%s", path_under("CASEMIX_RULES", "codes"));
    cr_assert(write_full_book(path, path_under("CASEMIX_RULES", "codes/icd10-nhsa-2.0.tsv"),
                              path_under("CASEMIX_RULES", "codes/icd9cm3-nhsa-2.0.tsv")));
    measure_full("own codes", (char *[]){name, path, option, out, NULL}, 4);
    measure_full("with --codes", (char *[]){name, path, option, out, codes, catalogues, NULL}, 6);
}
