/* SPDX-License-Identifier: Apache-2.0
 *
 * Workbooks in the layout of the official one, written with libxlsxwriter. The codes and groups of the small one
 * are made up; those of the full one too, over real codes. */
#include "make_workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

/* ---- the small one ---- */

static const struct test_row mdc_rows[] = {
    {{"按病组（DRG）付费3.0版分组方案配置信息"}},
    {{"MDC编码", "MDC名称", "MDC规则", "排序"}},
    {{"MDCA", "先期分组疾病及相关操作", NULL, "=1"}},
    {{"MDCP", "新生儿疾病", "XSRTL < 365", "=2"}},
    {{"MDCB", "神经系统疾病及功能障碍", "ZYZD in DI_MDCB", "=3"}},
    {{"MDCZ", "多发严重创伤", "ZYZD in {DI_HEAD,DI_ARM} and {ZYZD,QTZD} in DI_HEAD", "=4"}},
    {{"0000", "无法入组", NULL, "=27"}},
};
static const struct test_row adrg_rows[] = {
    {{"ADRG编码", "ADRG名称", "ADRG规则", "所属MDC编码", "MDC内排序"}},
    {{"AH1", "有创呼吸机支持≥96小时", "{ZYSS,QTSS} in OP_AH1", "MDCA", "=1"}},
    {{"PB1", "新生儿手术", "ZYSS in OP_PB1", "MDCP", "=1"}},
    {{"PS1", "极度发育不全", "ZYZD in DI_PS1 and XSRTL<29 and XSRTZ < 1000", "MDCP", "=2"}},
    {{"PQY", "新生儿歧义组", "ZYSS in OP_ALL and XSRTL < 29", "MDCP", "=3"}},
    {{"P00", "新生儿未入组", NULL, "MDCP", "=4"}},
    {{"BB1", "颅脑手术", "ZYZD in DI_BB1 and {ZYSS,QTSS} in {OP_BB1,OP_BB2}", "MDCB", "=1"}},
    {{"BR1", "颅内出血", "zyzd IN di_br1", "MDCB", "=2"}},
    {{"B00", "神经系统未入组", NULL, "MDCB", "=3"}}, /* sorted before a real group */
    {{"BZ1", "神经系统其他疾患", "ZYZD in DI_MDCB", "MDCB", "=4"}},
    {{"BQY", "神经系统歧义组", "ZYSS in OP_ALL", "MDCB", "=5"}},
    {{"ZB1", "多发创伤手术", "length(OP_ZB1 ∩ {ZYSS,QTSS}) >= 2", "MDCZ", "=1"}},
    {{"ZZ1", "多发创伤无手术", "=1", "MDCZ", "=2"}},
};
static const struct test_row drg_rows[] = {
    {{"DRG", "DRG名称", "DRG规则", "所属ADRG编码", "所属MDC编码", "排序"}},
    {{"AH19", "有创呼吸机支持≥96小时", NULL, "AH1", "MDCA", "=1"}},
    {{"PB19", "新生儿手术", NULL, "PB1", "MDCP", "=2"}},
    {{"PS19", "极度发育不全", NULL, "PS1", "MDCP", "=3"}},
    {{"PQY", "新生儿歧义组", NULL, "PQY", "MDCP", "=4"}},
    {{"P000", "新生儿未入组", NULL, "P00", "MDCP", "=5"}},
    {{"BB10", "颅脑手术，机器人辅助", "{ZYSS,QTSS} in OP_ARB", "BB1", "MDCB", "=6"}},
    {{"BB11", "颅脑手术，伴严重并发症或合并症", "QTZD in MCC", "BB1", "MDCB", "=7"}},
    {{"BB15", "颅脑手术，不伴并发症或合并症", NULL, "BB1", "MDCB", "=8"}},
    {{"BR1G", "颅内出血，70岁及以上", "QTZD in {MCC,CC} and NL >= 70", "BR1", "MDCB", "=9"}},
    {{"BR15", "颅内出血", NULL, "BR1", "MDCB", "=10"}},
    {{"BZ19", "神经系统其他疾患", NULL, "BZ1", "MDCB", "=11"}},
    {{"BQY", "神经系统歧义组", NULL, "BQY", "MDCB", "=12"}},
    {{"B000", "神经系统未入组", NULL, "B00", "MDCB", "=13"}},
    {{"ZB19", "多发创伤手术", NULL, "ZB1", "MDCZ", "=14"}},
    {{"ZZ11", "多发创伤，伴严重并发症或合并症", "QTZD in MCC", "ZZ1", "MDCZ", "=15"}},
    {{"ZZ15", "多发创伤", NULL, "ZZ1", "MDCZ", "=16"}},
    {{"0000", "无法入组", NULL, "0000", "0000", "=99"}},
};
static const struct test_row set_rows[] = {
    {{"集合编号", "ICD编码", "ICD名称", "类型编号"}},
    {{"OP_AH1", "96.7201", "有创呼吸机治疗", "OP"}},
    {{"OP_PB1", "45.6200", "小肠切除", "OP"}},
    {{"DI_PS1", "P07.000", "超低出生体重", "DI"}},
    {{"DI_MDCB", "I60.000", "蛛网膜下腔出血", "DI"}},
    {{"DI_MDCB", "I61.000", "脑内出血", "DI"}},
    {{"DI_MDCB", "G40.100", "癫痫", "DI"}},
    {{"DI_BB1", "I60.000", "蛛网膜下腔出血", "DI"}},
    {{"DI_BR1", "I60.000", "蛛网膜下腔出血", "DI"}},
    {{"DI_BR1", "I61.000", "脑内出血", "DI"}},
    {{"OP_BB1", "01.2401", "开颅探查", "OP"}},
    {{"OP_BB2", "02.0200", "颅骨骨折复位", "OP"}},
    {{"DI_HEAD", "S06.000", "脑震荡", "DI"}},
    {{"DI_ARM", "S42.300", "肱骨干骨折", "DI"}},
    {{"OP_ZB1", "79.1100", "肱骨骨折复位", "OP"}},
    {{"OP_ZB1", "02.0200", "颅骨骨折复位", "OP"}},
    {{"OP_ARB", "17.4100", "开放性机器人辅助操作", "OP"}},
    {{"OP_ALL", "45.6200", "小肠切除", "OP"}},
    {{"OP_ALL", "01.2401", "开颅探查", "OP"}},
    {{"OP_ALL", "02.0200", "颅骨骨折复位", "OP"}},
    {{"OP_ALL", "79.1100", "肱骨骨折复位", "OP"}},
    {{"OP_ALL", "17.4100", "开放性机器人辅助操作", "OP"}},
};
static const struct test_row cc_rows[] = {
    {{"疾病编码", "疾病名称", "排除表", "类型"}},
    {{"J96.000", "急性呼吸衰竭", "EX_1", "MCC"}},
    {{"E87.600", "低钾血症", "EX_2", "CC"}},
};
static const struct test_row exclusion_rows[] = {
    {{"集合编号", "ICD编码", "ICD名称"}},
    {{"EX_1", "I60.000", "蛛网膜下腔出血"}},
    {{"EX_2", "G40.100", "癫痫"}},
};
#define ROWS(rows) rows, sizeof rows / sizeof *rows

struct test_book small_test_book(void) {
    return (struct test_book){{{"MDC", ROWS(mdc_rows)},
                               {"ADRG", ROWS(adrg_rows)},
                               {"DRG", ROWS(drg_rows)},
                               {"集合", ROWS(set_rows)},
                               {"CC", ROWS(cc_rows)},
                               {"排除表", ROWS(exclusion_rows)}}};
}

enum { CHANGED_ROWS = 100 };
static struct test_row changed[CHANGED_ROWS];

struct test_book changed_test_book(int sheet, size_t row, size_t column, const char *text) {
    struct test_book book = small_test_book();
    memcpy(changed, book.sheets[sheet].rows, book.sheets[sheet].count * sizeof *changed);
    changed[row - 1].cells[column] = text;
    book.sheets[sheet].rows = changed;
    return book;
}

struct test_book longer_test_book(int sheet, struct test_row row) {
    struct test_book book = small_test_book();
    memcpy(changed, book.sheets[sheet].rows, book.sheets[sheet].count * sizeof *changed);
    changed[book.sheets[sheet].count++] = row;
    book.sheets[sheet].rows = changed;
    return book;
}

static void write_cell(lxw_worksheet *sheet, size_t row, size_t column, const char *text) {
    if (text == NULL) {
        return;
    }
    if (text[0] == '=') {
        worksheet_write_number(sheet, (lxw_row_t)row, (lxw_col_t)column, strtod(text + 1, NULL), NULL);
    } else {
        worksheet_write_string(sheet, (lxw_row_t)row, (lxw_col_t)column, text, NULL);
    }
}

bool write_test_book(const struct test_book *book, const char *path) {
    lxw_workbook *workbook = workbook_new(path);
    for (size_t s = 0; s < TEST_SHEETS; s++) {
        if (book->sheets[s].name == NULL) {
            continue;
        }
        lxw_worksheet *sheet = workbook_add_worksheet(workbook, book->sheets[s].name);
        for (size_t r = 0; r < book->sheets[s].count; r++) {
            for (size_t c = 0; c < TEST_COLUMNS; c++) {
                write_cell(sheet, r, c, book->sheets[s].rows[r].cells[c]);
            }
        }
    }
    return workbook_close(workbook) == LXW_NO_ERROR;
}

/* ---- the full one ---- */

struct code_list {
    char *bytes;
    const char **codes, **names;
    size_t count;
};

static bool read_codes(const char *path, struct code_list *list) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    list->bytes = calloc(1, size + 1);
    list->codes = calloc(size / 4 + 1, sizeof *list->codes);
    list->names = calloc(size / 4 + 1, sizeof *list->names);
    bool good = list->bytes && list->codes && list->names && fread(list->bytes, 1, size, file) == size;
    fclose(file);
    char *save = NULL;
    for (char *line = good ? strtok_r(list->bytes, "\r\n", &save) : NULL; line;
         line = strtok_r(NULL, "\r\n", &save)) {
        char *tab = strchr(line, '\t');
        if (tab == NULL || strncmp(line, "code\t", 5) == 0) {
            continue;
        }
        *tab = '\0';
        list->codes[list->count] = line;
        list->names[list->count++] = tab + 1;
    }
    return good && list->count > 10000;
}

static void free_codes(struct code_list *list) {
    free(list->bytes);
    free(list->codes);
    free(list->names);
}

struct full {
    lxw_worksheet *sheets[6];
    lxw_row_t rows[6];
    struct code_list diagnoses, procedures;
    unsigned adrgs, drgs, buckets, doubled;
};

static void put(struct full *full, int sheet, const char *const *cells, size_t count) {
    for (size_t c = 0; c < count; c++) {
        write_cell(full->sheets[sheet], full->rows[sheet], c, cells[c]);
    }
    full->rows[sheet]++;
}
#define PUT(full, sheet, ...)                                                                                      \
    put(full, sheet, (const char *const[]){__VA_ARGS__},                                                           \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A run of codes into a set; with how many rows it has afterwards. */
static void put_run(struct full *full, const char *set, const struct code_list *codes, size_t first, size_t count,
                    size_t step) {
    const char *type = codes == &full->diagnoses ? "DI" : "OP";
    for (size_t i = 0; i < count; i++) {
        size_t at = (first + i * step) % codes->count;
        PUT(full, TEST_SETS, set, codes->codes[at], codes->names[at], type);
        if (full->doubled < 113 && i == 1) {
            PUT(full, TEST_SETS, set, codes->codes[at], codes->names[at], type);
            full->doubled++;
        }
    }
}

static const char letters[] = "APYZBCDEFGHIJKLMNOQRSTUVWX";
enum { FULL_MDCS = 26, FULL_ADRGS = 492, FULL_DRGS = 825, FULL_SET_ROWS = 107000 };

/* The DRGs of an ADRG: two or three while there are more to give away than ADRGs to come. */
static void put_drgs(struct full *full, const char *adrg, const char *mdc) {
    static const struct {
        const char *end, *name, *rule;
    } splits[] = {{"1", "伴严重并发症或合并症", "QTZD in MCC"},
                  {"3", "伴并发症或合并症", "QTZD in {MCC,CC}"},
                  {"5", "不伴", NULL}};
    size_t spare = FULL_DRGS - full->drgs - (FULL_ADRGS - full->adrgs + 1), more = 1 + full->adrgs % 2;
    size_t first = 2 - (spare < more ? spare : more);
    for (size_t i = first; i < 3; i++) {
        char drg[8], name[60], sort[20];
        snprintf(drg, sizeof drg, "%s%s", adrg, first == 2 ? "9" : splits[i].end);
        snprintf(name, sizeof name, "病组 %s，%s", adrg, splits[i].name);
        snprintf(sort, sizeof sort, "=%u", full->drgs + 1);
        PUT(full, TEST_DRG, drg, name, splits[i].rule, adrg, mdc, sort);
        full->drgs++;
    }
}

static void put_adrg(struct full *full, char mdc, unsigned number, unsigned count, size_t first, size_t share) {
    /* surgical ones first: B1, B2 ... then R1, R2 ... */
    bool surgical = number < count / 2;
    unsigned at = surgical ? number : number - count / 2;
    char adrg[4] = {mdc, (char)((surgical ? 'B' : 'R') + at / 9), (char)('1' + at % 9), '\0'};
    char code[8], name[40], rule[200], sort[20], diagnoses[12], procedures[12];
    snprintf(code, sizeof code, "MDC%c", mdc);
    snprintf(name, sizeof name, "基本组 %s", adrg);
    snprintf(diagnoses, sizeof diagnoses, "DI_%s", adrg);
    snprintf(procedures, sizeof procedures, "OP_%s", adrg);
    snprintf(sort, sizeof sort, "=%u", number + 1);
    if (surgical) {
        snprintf(rule, sizeof rule, "ZYZD in %s and {ZYSS,QTSS} in %s", diagnoses, procedures);
        put_run(full, procedures, &full->procedures, full->adrgs * 131u, 60, 1 + full->adrgs % 3);
    } else {
        snprintf(rule, sizeof rule, "ZYZD in %s%s", diagnoses,
                 full->adrgs % 40 == 0   ? "_x000D_\n and  NL\xC2\xA0>= 0"
                 : full->adrgs % 41 == 0 ? "　and　NL >= 0"
                                         : "");
    }
    size_t own = share * (surgical ? 1 : 2) / 2 + 1;
    put_run(full, diagnoses, &full->diagnoses, first + number * own % (share * 4), own, 1);
    full->adrgs++;
    PUT(full, TEST_ADRG, adrg, name, rule, code, sort);
    put_drgs(full, adrg, code);
}

static void put_mdc(struct full *full, size_t number) {
    char mdc = letters[number], code[8], set[12], rule[40], bucket[8], qy[8];
    snprintf(code, sizeof code, "MDC%c", mdc);
    snprintf(set, sizeof set, "DI_MDC%c", mdc);
    snprintf(rule, sizeof rule, "ZYZD in %s", set);
    size_t share = full->diagnoses.count / FULL_MDCS, first = number * share;
    unsigned count = number + 1 < FULL_MDCS ? FULL_ADRGS / FULL_MDCS : FULL_ADRGS - full->adrgs;
    char sort[20];
    snprintf(sort, sizeof sort, "=%zu", number + 1);
    PUT(full, TEST_MDC, code, "大类", mdc == 'A' ? NULL : rule, sort);
    put_run(full, set, &full->diagnoses, first, share, 1);
    for (unsigned i = 0; i < count; i++) {
        put_adrg(full, mdc, i, count, first, share / 10);
    }
    snprintf(bucket, sizeof bucket, "%c00", mdc);
    if (mdc != 'A') {
        PUT(full, TEST_ADRG, bucket, "未入组", NULL, code, mdc == 'O' ? "=3" : "=99");
        snprintf(bucket, sizeof bucket, "%c000", mdc);
        PUT(full, TEST_DRG, bucket, "未入组", NULL, (char[]){mdc, '0', '0', '\0'}, code, "=999");
    }
    if (!strchr("ASTXY", mdc)) {
        snprintf(qy, sizeof qy, "%cQY", mdc);
        PUT(full, TEST_ADRG, qy, "歧义组", mdc == 'P' ? "ZYSS in OP_ALL and XSRTL < 29" : "ZYSS in OP_ALL", code,
            "=98");
        PUT(full, TEST_DRG, qy, "歧义组", NULL, qy, code, "=998");
    }
}

static void put_severity(struct full *full) {
    const struct code_list *codes = &full->diagnoses;
    size_t given = 0;
    enum { TABLES = 148, MEMBERS = 21036, MCC = 1581, CC = 6337 };
    for (size_t i = 0; i < MEMBERS; i++) {
        char table[12];
        snprintf(table, sizeof table, "EX_%zu", i * TABLES / MEMBERS + 1);
        PUT(full, TEST_EXCLUSIONS, table, codes->codes[i], codes->names[i]);
        if (i * 2 / 5 != (i + 1) * 2 / 5 && given < MCC + CC) {
            PUT(full, TEST_CC, codes->codes[i], codes->names[i], table, given < MCC ? "MCC" : "CC");
            given++;
        }
    }
}

bool write_full_book(const char *path, const char *diagnoses, const char *procedures) {
    struct full full = {0};
    bool good = read_codes(diagnoses, &full.diagnoses) && read_codes(procedures, &full.procedures);
    if (good) {
        lxw_workbook *workbook = workbook_new(path);
        static const char *const names[] = {"MDC", "ADRG", "DRG", "集合", "CC", "排除表"};
        const struct test_book small = small_test_book();
        for (int s = 0; s < 6; s++) {
            full.sheets[s] = workbook_add_worksheet(workbook, names[s]);
            for (size_t r = 0; r < (s == TEST_MDC ? 2u : 1u); r++) {
                put(&full, s, small.sheets[s].rows[r].cells, TEST_COLUMNS);
            }
        }
        for (size_t i = 0; i < FULL_MDCS; i++) {
            put_mdc(&full, i);
        }
        PUT(&full, TEST_MDC, "0000", "无法入组", NULL, "=27");
        put_run(&full, "OP_ALL", &full.procedures, 0, 9514, 1);
        put_run(&full, "OP_ARB", &full.procedures, 2000, 5, 1);
        for (unsigned i = 0; full.rows[TEST_SETS] < FULL_SET_ROWS;
             i++) { /* sets that the rules do not name fill up */
            char set[20];
            snprintf(set, sizeof set, "DI_MORE%u", i);
            size_t left = FULL_SET_ROWS - full.rows[TEST_SETS];
            put_run(&full, set, &full.diagnoses, i * 977u, left < 200 ? left : 200, 1 + i % 2);
        }
        put_severity(&full);
        good = workbook_close(workbook) == LXW_NO_ERROR;
    }
    free_codes(&full.diagnoses);
    free_codes(&full.procedures);
    return good;
}
