/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix import dip-workbook and dip-csv: a workbook in the official layout becomes rules that group as it says;
 * what is wrong in a file is said with its place, and nothing is written then. */
#include "../support/make_workbook.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a workbook: a few rows a sheet, the codes real, the numbers official ---- */

static const struct test_row first_rows[] = {
    {{"一、先期分组"}},
    {{"分类", "序号", "病种名称", "主要诊断", NULL, "主要手术操作", NULL, "备注"}},
    {{NULL, NULL, NULL, "编码", "名称", "编码", "名称", NULL}},
    {{"XQ", "=1", "肺移植", "所有诊断", "所有诊断", "33.5x00|33.6x00", "肺移植|联合心脏-肺移植术", NULL}},
    {{"XQ", "=13", "有创呼吸机伴血液净化", "所有诊断", "所有诊断", "96.7201+39.9500x007", NULL, NULL}},
    {{"XQ", "=14", "有创呼吸机", "所有诊断", "所有诊断", "96.7201", "呼吸机治疗", NULL}},
    {{"XQ", "=16", "超低出生体重儿", "P07", NULL, NULL, NULL, "年龄<29天，入院体重0-999g"}},
    {{"XQ", "=19", "低出生体重儿", "P07", NULL, NULL, NULL, "年龄<29天，入院体重 2000～2499克"}},
};
static const struct test_row merged_rows[] = {
    {{"二、并项规则下的核心病种"}},
    {{"分类", "序号", "主要诊断", "名称", "主要手术操作", "名称", "相关手术操作", "名称"}},
    {{"BX", "=20", "A09.0|A09.9", "腹泻", "44.1300x001", "胃镜检查", NULL, NULL}},
    {{"BX", "=26", "A40.9|A41.9", "脓毒症", "34.0401", "胸腔闭式引流术", NULL, NULL}},
    {{"BX", "=27", "A40.9|A41.9", "脓毒症", "93.9001|93.9002", "无创呼吸机", NULL, NULL}},
    {{"BX", "=720", "I70.1", "肾动脉粥样硬化", "39.9016", "支架", "39.5000", "球囊"}},
    {{"BX", "=721", "I70.1", "肾动脉粥样硬化", "39.9016", "支架", NULL, NULL}},
};
static const struct test_row burn_rows[] = {
    {{"三、诊断辅助细分-烧伤类病种"}},
    {{"分类", "序号", "主要诊断", "程度", "其他诊断", "面积", "主要手术操作", "名称", "相关手术操作", "名称"}},
    {{NULL}},
    {{"FZ", "=1745", "T20.2|T21.2", "二度", "T31.0", "<10%", NULL, NULL, NULL, NULL}},
    {{"FZ", "=1746", "T20.2|T21.2", "二度", "T31.0", "<10%", "86.2201|86.6902", "清创", NULL, NULL}},
};
static const struct test_row tumour_rows[] = {
    {{"三、诊断辅助细分-肿瘤类病种"}},
    {{"分类", "序号", "主要诊断", "名称", "其他诊断", "名称", "手术操作", "名称"}},
    {{"FZ", "=1770", "Z51.1", "化学治疗", "C00-C75|C76-C80", "实体瘤", "99.2503", "化疗"}},
    {{"FZ", "=1794", "Z51.8", "其他治疗", "C00-C75|C76-C80", "实体瘤", "99.2800x005", "免疫治疗"}},
    {{"FZ", "=1796", "Z51.8", "其他治疗", "C00-C75|C76-C80", "实体瘤", "99.2800x005+99.2800x006", "联合治疗"}},
};
static const struct test_row tb_rows[] = {
    {{"三、诊断辅助细分-结核类病种"}},
    {{"分类", "序号", "主要诊断", "名称", "主要手术操作", "名称", "是否耐药", "规则"}},
    {{"FZ", "=1836", "A15-A16", "呼吸道结核", NULL, NULL, "是", "耐药"}},
    {{"FZ", "=1838", "A15-A16", "呼吸道结核", NULL, NULL, "否", NULL}},
};
static const struct test_row resistant_rows[] = {
    {{"附表—结核耐药诊断"}},
    {{"编码", "名称"}},
    {{"A15.000x010", "肺结核，耐多药"}},
};
static const struct test_row core_rows[] = {
    {{"四、基础规则下的核心病种"}},
    {{"分类", "序号", "主要诊断", "名称", "主要手术操作", "名称"}},
    {{"JC", "=1858", "A01.0", "伤寒", NULL, NULL}},
    {{"JC", "=3625", "K35.9", "急性阑尾炎", "47.0100_x000D_\n", "腹腔镜下阑尾切除术"}},
    {{"jc", "=3626", "Ｋ35.9", "急性阑尾炎", NULL, NULL}},
};
static const struct test_row no_diagnosis_rows[] = {
    {{"五、不纳入分组的主要诊断"}}, {{NULL}}, {{"编码", "名称"}}, {{"Z51.100", "化疗"}}, {{"A16.000", "结核"}},
};
static const struct test_row no_procedure_rows[] = {
    {{"五、不纳入分组的主要手术操作"}},
    {{"编码", "名称", "备注"}},
    {{"99.2800", "免疫治疗", "按保守治疗入组"}},
    {{"00.2900x001", "血管内显像", "按保守治疗入组"}},
    {{"00.3101", "CT引导", "不可作为主要手术操作"}},
    {{"44.1300x001", "胃镜检查", "限范围可作主要手术操作"}},
};
static const struct test_row basic_rows[] = {
    {{"六、基层病种"}},
    {{"序号", "主要诊断", "名称", "主要手术操作", "名称"}},
    {{"=3626", "K35.9", "急性阑尾炎", NULL, NULL}},
};
#define SHEET(name, rows)                                                                                          \
    { name, rows, sizeof rows / sizeof *rows }
static const struct test_book good_book = {
    {SHEET("一、先期分组", first_rows), SHEET("二、并项规则下的核心病种", merged_rows),
     SHEET("三、诊断辅助细分-烧伤类病种", burn_rows), SHEET("三、诊断辅助细分-肿瘤类病种", tumour_rows),
     SHEET("三、诊断辅助细分-结核类病种", tb_rows), SHEET("附表—结核耐药诊断", resistant_rows),
     SHEET("四、基础规则下的核心病种", core_rows), SHEET("五、不纳入分组的主要诊断", no_diagnosis_rows),
     SHEET("五、不纳入分组的主要手术操作", no_procedure_rows), SHEET("六、基层病种", basic_rows)}};
enum { FIRST, MERGED, BURNS, TUMOURS, TB, RESISTANT, CORE, NO_DIAGNOSES, NO_PROCEDURES, BASIC };

/* ---- running ---- */

static char folder[200], said[8000];

static void make_folder(void) {
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.150s/dip-import-test.XXXXXX", base != NULL ? base : "/tmp");
    cr_assert(mkdtemp(folder) != NULL);
    cr_assert(chdir(folder) == 0);
}

static void remove_folder(void) {
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert(chdir("/") == 0 && system(command) == 0);
}
TestSuite(dip_import, .init = make_folder, .fini = remove_folder);

/* Run the command in the folder; the exit code. What it said is in `said`. */
static int run(const char *arguments) {
    char line[2000];
    snprintf(line, sizeof line, "CASEMIX_RULES='%s' '%s' %s >said 2>&1", getenv("CASEMIX_RULES"),
             getenv("CASEMIX_COMMAND"), arguments);
    int code = system(line);
    FILE *file = fopen("said", "r");
    said[file != NULL ? fread(said, 1, sizeof said - 1, file) : 0] = '\0';
    if (file != NULL) {
        fclose(file);
    }
    return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    cr_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* ---- the workbook ---- */

Test(dip_import, workbook_groups_as_it_says) {
    cr_assert(write_test_book(&good_book, "book.xlsx"));
    cr_assert_eq(run("import dip-workbook book.xlsx -o city"), 0, "%s", said);
    cr_assert_eq(run("compile city/bundle.yaml -o city.cmx"), 0, "%s", said);
    write_file("cases.csv", "id,age,age_days,weight,dx,proc,expected_status,expected_dip\n"
                            "1,40,,,I10.x00,33.6x00,grouped,XQ-1\n"
                            "2,40,,,J96.000,96.7201|39.9500x007,grouped,XQ-13\n"
                            "3,40,,,J96.000,96.7201,grouped,XQ-14\n"
                            "4,0,10,800,P07.000,,grouped,XQ-16\n"
                            "5,0,10,2300,P07.000,,grouped,XQ-19\n"
                            "6,40,,,A09.001,44.1300x001,grouped,BX-20\n"
                            "7,40,,,A40.900,34.0401,grouped,BX-26\n"
                            "8,40,,,A40.900,93.9001,grouped,BX-27\n"
                            "9,40,,,T20.200|T31.000,,grouped,FZ-1745\n"
                            "10,40,,,T20.200|T31.000,86.2201,grouped,FZ-1746\n"
                            "11,40,,,Z51.101|C34.901,99.2503,grouped,FZ-1770\n"
                            "12,40,,,Z51.800|C34.901,99.2800x005,grouped,FZ-1794\n"
                            "13,40,,,Z51.800|C34.901,99.2800x006|99.2800x005,grouped,FZ-1796\n"
                            "14,40,,,A16.001|U84.300,,grouped,FZ-1836\n"
                            "15,40,,,A16.001,,grouped,FZ-1838\n"
                            "16,40,,,A01.000,,grouped,JC-1858\n"
                            "17,40,,,A01.000,00.3101,grouped,JC-1858\n"
                            "18,40,,,A01.000,00.2900x001,grouped,JC-1858\n"
                            "19,40,,,K35.9,47.0100,grouped,JC-3625\n"
                            "20,40,,,Z51.100,,ungrouped,\n"
                            "21,40,,,I70.100,39.9016|39.5000,grouped,BX-720\n"
                            "22,40,,,I70.100,39.9016,grouped,BX-721\n");
    cr_expect_eq(run("verify -i city.cmx cases.csv"), 0, "%s", said);
    FILE *report = fopen("city/REPORT.md", "r");
    cr_assert(report != NULL);
    said[fread(said, 1, sizeof said - 1, report)] = '\0';
    fclose(report);
    cr_expect(strstr(said, "2 count as conservative, 1 are never principal, 1 only with certain diagnoses") != NULL,
              "%s", said);
    cr_expect(strstr(said, "44.1300x001 names no diagnoses") != NULL, "%s", said);
    cr_expect(strstr(said, "_x000D_") != NULL, "%s", said);
}

/* One cell of the good workbook spoilt: the sentence, and nothing written. */
static const struct {
    int sheet;
    size_t row, column; /* row from 1 */
    const char *text, *sentence;
} spoilt[] = {
    {CORE, 3, 1, "=0", "row 3, column B: the number of the entry is missing"},
    {CORE, 4, 1, "=1858", "the number 1858 is there twice"},
    {CORE, 4, 4, "=47.01", "row 4, column E: the code 47.01 was saved as a number"},
    {CORE, 4, 4, "47.0100,47.0200", "row 4, column E: \"47.0100,47.0200\" is no list of codes"},
    {CORE, 4, 2, "K35.9；K36", "is no list of codes"},
    {TB, 3, 6, "可能", "row 3, column G: drug resistance is 是, 否 or empty"},
    {FIRST, 7, 7, "体重不详", "no weight such as 1000-1499g"},
    {BASIC, 3, 0, "=99", "no entry has the number 99"},
};

Test(dip_import, workbook_faults) {
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        struct test_book book = good_book;
        struct test_row rows[20];
        memcpy(rows, book.sheets[spoilt[i].sheet].rows, book.sheets[spoilt[i].sheet].count * sizeof *rows);
        rows[spoilt[i].row - 1].cells[spoilt[i].column] = spoilt[i].text;
        book.sheets[spoilt[i].sheet].rows = rows;
        cr_assert(write_test_book(&book, "book.xlsx"));
        cr_expect_eq(run("import dip-workbook book.xlsx -o city"), 1, "%zu: %s", i, said);
        cr_expect(strstr(said, spoilt[i].sentence) != NULL, "%zu: %s", i, said);
        cr_expect(access("city", F_OK) != 0);
    }
}

Test(dip_import, workbook_lacks_a_sheet) {
    struct test_book book = good_book;
    book.sheets[TUMOURS].name = NULL;
    cr_assert(write_test_book(&book, "book.xlsx"));
    cr_expect_eq(run("import dip-workbook book.xlsx -o city"), 1);
    cr_expect(strstr(said, "the workbook has no sheet of this name") != NULL, "%s", said);
    write_file("text.xlsx", "no workbook");
    cr_expect_eq(run("import dip-workbook text.xlsx -o city"), 1, "%s", said);
    cr_expect_eq(run("import dip-workbook none.xlsx -o city"), 3, "%s", said);
    cr_expect_eq(run("import dip-workbook book.xlsx"), 2, "%s", said);
    cr_expect(access("city", F_OK) != 0);
}

/* ---- a city's CSV ---- */

Test(dip_import, csv) {
    write_file("city.csv", "\xEF\xBB\xBF病种编码,名称,主诊断,手术操作,分值,均费,药品分值,备注\r\n"
                           "C1,急性阑尾炎手术,K35.8,47.0100/47.0900,812.5,9100.00,120.5,\r\n"
                           "C2,急性阑尾炎,Ｋ35.8,,300.25,3300,,\r\n"
                           "C3,空,,,1,1,,\r\n"
                           "C4,少一格,K36\r\n");
    cr_expect_eq(run("import dip-csv city.csv -o city"), 2, "%s", said);
    cr_expect(strstr(said, "no column holds the principal diagnoses") != NULL, "%s", said);
    cr_expect_eq(run("import dip-csv city.csv -o city --columns diagnoses=诊断"), 2, "%s", said);
    cr_expect(strstr(said, "there is no column \"诊断\"") != NULL, "%s", said);
    cr_expect_eq(run("import dip-csv city.csv -o city --columns diagnoses=主诊断 --numbers 药品分值"), 1, "%s",
                 said);
    cr_expect(strstr(said, "rows in 4 = entries 2 + rejected 2") != NULL, "%s", said);
    cr_expect(strstr(said, "the column \"备注\" is left out") != NULL, "%s", said);
    cr_assert_eq(run("compile city/bundle.yaml -o city.cmx"), 0, "%s", said);
    write_file("cases.csv", "id,age,dx,proc,cost,expected_status,expected_dip,expected_score\n"
                            "1,40,K35.800,47.0100,9000,grouped,C1,812.5\n"
                            "2,40,K35.800,,3000,grouped,C2,300.25\n");
    cr_expect_eq(run("verify -i city.cmx cases.csv"), 0, "%s", said);
}

Test(dip_import, csv_with_a_wrong_code) {
    write_file("city.csv", "code,diagnoses,operations,score\nC1,K35.8,47.0100,1\nC2,K35.8,99.9999x9,2\n");
    cr_expect_eq(run("import dip-csv city.csv -o city"), 1);
    cr_expect(strstr(said, "catalogue.csv:3") != NULL && strstr(said, "99.9999x9") != NULL, "%s", said);
    cr_expect(access("city", F_OK) != 0);
}
