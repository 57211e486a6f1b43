/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix report: a month that adds up becomes statements; one that does not, or that somebody edited, is refused
 * with the place; workbooks say what the CSV files say, to the last digit. */
#include "../../tools/cells.h"
#include "../../tools/command.h"
#include "../../tools/import/xlsx.h"
#include "../../tools/report/statement.h"
#include "../support/support.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zip.h>

/* ---- a month by hand: two hospitals, two pools, one claim taken back, one without a price ---- */

enum { CASES, HOSPITALS, POOLS, SUMMARY, FILES };
static const char *const file_names[FILES] = {"cases.csv", "hospitals.csv", "pools.csv", "summary.json"};

static const char *const good_month[FILES] = {
    "id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,price_status,cost,"
    "findings\n"
    "c1,H01,employee,small,BR21,grouped,normal,1.8028,11000.0000,19830.80,15830.80,,priced,15000.00,\n"
    "c2,H01,resident,small,=1+1,grouped,high,1.0514,10500.123456,28208.10,19108.10,,priced,52000.10,code-repaired:"
    "dx2\n"
    "c3,H02,employee,small,BR21,grouped,normal,-1.8028,11000.0000,-9.95,-15830.80,,priced,-15000.00,\n"
    "c4,H02,employee,small,,needs-data,,,,,,missing-fact,not-grouped,,missing-fact:age;bad-fact:los\n"
    "\"c,5\",H02,employee,small,BR23,grouped,normal,0.5000,9999999999.0000,9.95,0.01,adrg-only,priced,0.10,\n",
    "hospital,pool,cases,points,standard,fund_payment,unpriced,cost,reversed,of_cases,closing,payable\n"
    "H01,employee,1,1.8028,19830.80,15830.81,0,15000.00,0,15830.80,0.01,15830.805\n"
    "H01,resident,1,1.0514,28208.10,19108.10,0,52000.10,0,19108.10,0.00,\n"
    "H02,employee,2,-1.3028,0.00,-15830.80,1,-14999.90,1,-15830.79,-0.01,7\n",
    "pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance,reversed,of_cases,closing,"
    "pot\n"
    "employee,100.00,3,0.5000,92.91040035,19830.80,0.01,1,0.10,99.99,1,0.01,0.00,100\n"
    "resident,,1,1.0514,,28208.10,19108.10,0,52000.10,,0,19108.10,0.00,\n",
    "{\"casemix\": \"0.1.0\", \"image\": \"c3959a016a8d384c\", \"scheme\": \"small\", \"policy\": \"small-2022\",\n"
    " \"methods\": \"drg-rate\", \"note\": \"made up\",\n"
    " \"inputs\": [{\"file\": \"a.csv\", \"in\": 6, \"out\": 5, \"rejected\": 1}],\n"
    " \"in\": 6, \"out\": 5, \"rejected\": 1, \"duplicates\": 0,\n"
    " \"pools\": [{\"pool\": \"employee\", \"cases\": 3, \"unpriced\": 1, \"points\": \"0.5000\", \"point_value\": "
    "\"92.9\",\n"
    "   \"cost\": \"0.10\", \"standard\": \"19830.80\", \"fund_payment\": \"0.01\", \"figures\": {\"pot\": "
    "\"100\"}},\n"
    "  {\"pool\": \"resident\", \"cases\": 1, \"unpriced\": 0, \"points\": \"1.0514\", \"point_value\": \"\",\n"
    "   \"cost\": \"52000.10\", \"standard\": \"28208.10\", \"fund_payment\": \"19108.10\"}]}\n"};

/* ---- files and the command ---- */

static char folder[] = "/tmp/casemix-report-XXXXXX";

static void set_up(void) {
    strcpy(folder, "/tmp/casemix-report-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *format, ...) {
    char command[4096];
    va_list list;
    va_start(list, format);
    vsnprintf(command, sizeof command, format, list);
    va_end(list);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void tear_down(void) {
    shell("rm -rf %s", folder);
}

static char *in_folder(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *in_folder(const char *format, ...) {
    static char paths[8][1024];
    static unsigned next;
    char *path = paths[next++ % 8];
    int used = snprintf(path, sizeof paths[0], "%s/", folder);
    va_list list;
    va_start(list, format);
    vsnprintf(path + used, sizeof paths[0] - (size_t)used, format, list);
    va_end(list);
    return path;
}

static void write_text(const char *path, const char *text, size_t size) {
    FILE *file = fopen(path, "wb");
    cr_assert(file, "%s", path);
    cr_assert_eq(fwrite(text, 1, size, file), size);
    fclose(file);
}

static char *text_of_file(const char *path) {
    size_t size;
    unsigned char *bytes = read_file(path, &size);
    char *text = malloc(size + 1);
    memcpy(text, bytes, size);
    text[size] = '\0';
    free(bytes);
    return text;
}

static void write_month(const char *name, const char *const files[FILES]) {
    cr_assert_eq(shell("rm -rf %s/%s && mkdir %s/%s", folder, name, folder, name), 0);
    for (int i = 0; i < FILES; i++) {
        write_text(in_folder("%s/%s", name, file_names[i]), files[i], strlen(files[i]));
    }
}

/* `from` once replaced. */
static char *edited(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    cr_assert(at, "'%s' is not in the file", from);
    char *out = malloc(strlen(text) + strlen(to) + 1);
    sprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

/* Report of the month `name` into `out`; what was said is in the file `said`. */
static int report(const char *name, const char *out, const char *options) {
    return shell("cd %s && %s report %s -o %s %s >said 2>&1", folder, setting("CASEMIX_COMMAND"), name, out,
                 options);
}

static void expect_file(const char *path, const char *text) {
    char *there = text_of_file(in_folder("%s", path));
    cr_expect_str_eq(there, text, "%s", path);
    free(there);
}

/* Nothing of a report but what was there before: no temporary names. */
static void expect_only(const char *const *names) {
    DIR *list = opendir(folder);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        bool known = entry->d_name[0] == '.';
        for (const char *const *name = names; *name; name++) {
            known |= strcmp(entry->d_name, *name) == 0;
        }
        cr_expect(known, "%s was left", entry->d_name);
    }
    closedir(list);
}

TestSuite(report, .init = set_up, .fini = tear_down);

/* ---- a good month ---- */

Test(report, good_month_becomes_statements) {
    write_month("month", good_month);
    cr_assert_eq(report("month", "out", ""), 0);
    char *said = text_of_file(in_folder("said"));
    cr_expect(strstr(said, "out: month.html, 2 statements of 4 cases (1 without price, 1 taken back)\n"), "%s",
              said);
    free(said);
    expect_file(
        "out/statements/H01/cases.csv",
        "id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,price_status,"
        "cost,findings\n"
        "c1,H01,employee,small,BR21,grouped,normal,1.8028,11000.0000,19830.80,15830.80,,priced,15000.00,\n"
        "c2,H01,resident,small,=1+1,grouped,high,1.0514,10500.123456,28208.10,19108.10,,priced,52000.10,"
        "code-repaired:dx2\n");
    expect_file("out/statements/H02/totals.csv",
                "hospital,pool,cases,points,standard,fund_payment,unpriced,cost,reversed,of_cases,closing,payable\n"
                "H02,employee,2,-1.3028,0.00,-15830.80,1,-14999.90,1,-15830.79,-0.01,7\n");
    expect_file("out/statements/H02/groups.csv",
                "group,cases,reversed,points,cost,standard,fund_payment,difference\n"
                "BR21,0,1,-1.8028,-15000.00,-9.95,-15830.80,14990.05\n"
                "BR23,1,0,0.5000,0.10,9.95,0.01,9.85\n");
    cr_expect_eq(access(in_folder("out/month.html"), R_OK), 0);
    cr_expect_eq(report("month", "quiet", "--quiet 2>/dev/null"), 0);
    expect_file("said", "");
    static const char *const names[] = {"month", "out", "quiet", "said", NULL};
    expect_only(names);
}

Test(report, month_as_a_program_reads_it) {
    struct month *month;
    write_month("month", good_month);
    cr_assert_eq(month_open(in_folder("month/"), &month), EXIT_DONE);
    cr_expect_eq(month->hospital_count, 2);
    cr_expect_eq(month->sum.cases, 4);
    cr_expect_eq(month->sum.unpriced, 1);
    cr_expect_eq(month->sum.reversed, 1);
    cr_expect_eq(month->sum.fund_payment, 1910811);
    cr_expect_eq(month->classes.count, 3); /* "", high, normal */
    cr_expect_eq(month->groups.count, 3);
    cr_expect_eq(month->reasons.count, 2);
    cr_expect_str_eq(month->reasons.entries[0].key.text, "adrg-only");
    cr_expect_str_eq(month->reasons.entries[1].key.text, "missing-fact not-grouped");
    cr_expect_eq(month->hospitals[1].groups.count, 2);
    cr_expect_eq(month->ratios[0] + month->ratios[7] + month->ratios[18], 3);
    month_close(month);
}

/* Claims taken back without a price, or of a cost of 0, look like any others in cases.csv. */
Test(report, hidden_reversals_are_possible) {
    const char *files[FILES];
    memcpy(files, good_month, sizeof files);
    files[HOSPITALS] = edited(good_month[HOSPITALS], "H02,employee,2,-1.3028,0.00,-15830.80,1,-14999.90,1",
                              "H02,employee,1,-1.3028,0.00,-15830.80,0,-14999.90,2");
    files[POOLS] = edited(good_month[POOLS], "employee,100.00,3,0.5000,92.91040035,19830.80,0.01,1,0.10,99.99,1",
                          "employee,100.00,2,0.5000,92.91040035,19830.80,0.01,0,0.10,99.99,2");
    files[SUMMARY] = edited(good_month[SUMMARY], "\"cases\": 3, \"unpriced\": 1", "\"cases\": 2, \"unpriced\": 0");
    write_month("month", files);
    cr_expect_eq(report("month", "out", ""), 0);
    char *said = text_of_file(in_folder("said"));
    cr_expect(strstr(said, "of 3 cases (0 without price, 2 taken back)"), "%s", said);
    free(said);
    free((char *)(uintptr_t)files[HOSPITALS]);
    free((char *)(uintptr_t)files[POOLS]);
    free((char *)(uintptr_t)files[SUMMARY]);
}

/* A spreadsheet may have added a mark, changed the order of columns, the separator or the ends of lines. */
Test(report, other_spellings_of_the_same_month) {
    const char *files[FILES];
    memcpy(files, good_month, sizeof files);
    files[HOSPITALS] =
        "\xef\xbb\xbf"
        "closing;hospital;pool;cases;points;standard;fund_payment;unpriced;cost;reversed;of_cases\r\n"
        "-0.01;H02;employee;2;-1.3028;0;-15830.8;1;-14999.9;1;-15830.79\r\n"
        "0.01;\"H01\";employee;1;1.8028;19830.80;15830.81;0;15000.00;0;15830.80\r\n"
        "\r\n"
        "0;H01;resident;1;1.0514;28208.10;19108.10;0;52000.10;0;19108.10";
    char *marked = malloc(strlen(good_month[CASES]) + 8);
    sprintf(marked, "\xef\xbb\xbf\n%s", good_month[CASES]);
    files[CASES] = edited(marked, "c3,H02", "\n\r\nc3,H02");
    free(marked);
    write_month("month", files);
    cr_expect_eq(report("month", "out", ""), 0);
    expect_file(
        "out/statements/H02/cases.csv",
        "id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,price_status,"
        "cost,findings\n"
        "c3,H02,employee,small,BR21,grouped,normal,-1.8028,11000.0000,-9.95,-15830.80,,priced,-15000.00,\n"
        "c4,H02,employee,small,,needs-data,,,,,,missing-fact,not-grouped,,missing-fact:age;bad-fact:los\n"
        "\"c,5\",H02,employee,small,BR23,grouped,normal,0.5000,9999999999.0000,9.95,0.01,adrg-only,priced,0.10,\n");
    free((char *)(uintptr_t)files[CASES]);
}

Test(report, a_month_without_cases) {
    const char *files[FILES] = {
        "id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,price_status,"
        "cost,"
        "findings,demonstration\n",
        "hospital,pool,cases,points,standard,fund_payment,unpriced,cost,reversed,of_cases,closing\n"
        "H01,employee,0,0.0000,0.00,0.00,0,0.00,0,0.00,0.00\n",
        "pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance,reversed,of_cases,"
        "closing\n"
        "employee,,0,0.0000,,0.00,0.00,0,0.00,,0,0.00,0.00\n",
        "{\"casemix\":\"\",\"image\":\"\",\"scheme\":\"\",\"policy\":\"\",\"inputs\":[],\"in\":0,\"out\":0,"
        "\"rejected\":0,"
        "\"duplicates\":0,\"demonstration\":true,\"pools\":[{\"pool\":\"employee\",\"cases\":0,\"unpriced\":0,"
        "\"points\":\"0\","
        "\"point_value\":\"\",\"cost\":\"0\",\"standard\":\"0\",\"fund_payment\":\"0\"}]}"};
    write_month("month", files);
    cr_expect_eq(report("month", "out", "--language en"), 0);
    cr_expect_eq(access(in_folder("out/statements/H01/statement.xlsx"), R_OK), 0);
}

/* ---- months that do not add up, or are none ---- */

static const struct slip {
    int file;
    const char *from, *to;
    int code;
    const char *says[3];
} slips[] = {
    /* the rows against the lines */
    {CASES,
     "28208.10,19108.10",
     "28208.11,19108.10",
     1,
     {"hospitals.csv: line 3: standard is 28208.10", "28208.11"}},
    {CASES,
     ",15830.80,,priced,15000.00",
     ",15830.81,,priced,15000.00",
     1,
     {"line 2: of_cases is 15830.80", "15830.81"}},
    {CASES, "52000.10", "52000.11", 1, {"line 3: cost is 52000.10", "52000.11", "settle again"}},
    {CASES, "1.0514", "1.0515", 1, {"line 3: points is 1.0514", "1.0515"}},
    {CASES,
     "c2,H01,resident",
     "c2,H01,employee",
     1,
     {"hospitals.csv: line 2: cases and reversed are 1 and 0", "2 rows"}},
    {CASES, "c2,H01,resident", "c2,H03,resident", 1, {"hospitals.csv: line 3:", "0 rows"}},
    {HOSPITALS,
     "H02,employee,2,-1.3028,0.00,-15830.80,1,-14999.90,1",
     "H02,employee,3,-1.3028,0.00,-15830.80,2,-14999.90,0",
     1,
     {"hospitals.csv: line 4: unpriced is 2 and reversed 0", "1 rows without price and 1 with a cost below 0"}},
    {HOSPITALS,
     "15830.81",
     "15830.82",
     1,
     {"line 2: fund_payment is 15830.82", "of_cases and closing add up to 15830.81"}},
    {HOSPITALS, "H02,employee", "H02,resident", 1, {"hospitals.csv: line 4:", "0 rows"}},
    {HOSPITALS,
     "H01,resident",
     "H01,employee",
     1,
     {"hospitals.csv: lines 2 and 3 are of the same hospital and pool"}},
    {HOSPITALS,
     "H01,resident,1,1.0514,28208.10,19108.10,0,52000.10,0,19108.10,0.00,\n",
     "",
     1,
     {"hospitals.csv: has no line for a hospital and pool that 1 rows"}},
    {HOSPITALS,
     "-0.01,7\n",
     "-0.01,7\nH09,veterans,0,0,0,5,0,0,0,0,5,\n",
     1,
     {"hospitals.csv: line 5: names a pool that pools.csv does not"}},
    {HOSPITALS,
     "-0.01,7\n",
     "-0.01,7\nH09,employee,0,0,0,5,0,0,0,0,5,\n",
     1,
     {"pools.csv: line 2: closing is 0.00", "hospitals.csv adds up to 5.00"}},
    {POOLS, "19830.80", "19830.81", 1, {"pools.csv: line 2: standard is 19830.81", "19830.80"}},
    {POOLS, "resident,", "students,", 1, {"pools.csv: line 3:", "0 rows"}},
    {SUMMARY, "\"19830.80\"", "\"19830.90\"", 1, {"summary.json: standard is 19830.90", "pools.csv says 19830.80"}},
    {SUMMARY, "\"cases\": 3", "\"cases\": 4", 1, {"summary.json: cases is 4", "pools.csv says 3"}},
    {SUMMARY,
     "\"out\": 5, \"rejected\": 1, \"dup",
     "\"out\": 6, \"rejected\": 1, \"dup",
     1,
     {"summary.json: out is 6", "rows of cases.csv are 5"}},
    {SUMMARY, "\"pool\": \"resident\"", "\"pool\": \"students\"", 1, {"names a pool that pools.csv does not"}},
    {SUMMARY, "\"52000.10\"", "\"52,000.10\"", 1, {"summary.json: cost of a pool is no number"}},
    /* what is no such file */
    {CASES, "19830.80", "19830.801", 1, {"cases.csv: line 2: standard is no number"}},
    {CASES, "19830.80", "\"19,830.80\"", 1, {"cases.csv: line 2: standard is no number"}},
    {CASES, "19830.80", "1.98E+04", 1, {"cases.csv: line 2: standard is no number"}},
    {CASES, "19830.80", "99999999999999999999", 1, {"cases.csv: line 2: standard is no number"}},
    {CASES, "19830.80", "", 1, {"cases.csv: line 2: standard is no number"}},
    {CASES, "9999999999.0000", "x", 1, {"cases.csv: line 6: point_value is no number"}},
    {CASES,
     "needs-data,,,,",
     "needs-data,,,,1.00",
     1,
     {"cases.csv: line 5:", "not empty, though the case has no price"}},
    {CASES,
     "15000.00,\n",
     "90000000000000000.00,\nc9,H01,employee,,,,,0,0,0,0,,priced,90000000000000000.00,\n",
     1,
     {"cases.csv: line 3: the sums get too large"}},
    {CASES, "standard,", "Standard2,", 1, {"cases.csv: line 1: there is no column standard"}},
    {CASES, "findings", "id", 1, {"cases.csv: line 1: there is no column findings"}},
    {CASES, "cost,findings", "cost,findings,Cost", 1, {"cases.csv: line 1: column 16 has the name of another"}},
    {CASES, "c3,H02", "\"c3,H02", 1, {"cases.csv: line 4: text after a closing quote"}},
    {CASES, "c3,H02", "c3,x,H02", 1, {"cases.csv: line 4: more fields"}},
    {CASES, "c3", "\xff\xfe", 1, {"cases.csv: line 4:", "UTF-8"}},
    {HOSPITALS, "closing", "end", 1, {"hospitals.csv: line 1: there is no column closing"}},
    {HOSPITALS, "H01,employee,1,", "H01,employee,-1,", 1, {"hospitals.csv: line 2: cases is no number"}},
    {HOSPITALS, "H01,employee,1,", "H01,employee,,", 1, {"hospitals.csv: line 2: cases is no number"}},
    {POOLS, "pool,", "Pot,", 1, {"pools.csv: line 1: there is no column pool"}},
    {SUMMARY, "\"casemix\"", "casemix", 1, {"summary.json: line 1: column"}},
    {SUMMARY, "\"policy\": \"small-2022\"", "\"policy\": 5", 1, {"\"policy\" is not what it should be"}},
    {SUMMARY, "\"pools\": [", "\"pools\": [[], ", 1, {"\"pool\" is missing"}},
    {SUMMARY, "\"image\"", "\"picture\"", 1, {"\"image\" is missing"}},
    {SUMMARY, "\"rejected\": 1}]", "\"rejected\": -1}]", 1, {"\"rejected\" is not what it should be"}},
    {SUMMARY, "{\"pot\": \"100\"}", "{\"pot\": {}}", 1, {"a figure of a pool is no text"}},
    {SUMMARY, "\"note\"", "\"image\"", 1, {"summary.json: line", "duplicate"}},
};

Test(report, slips_are_told_with_their_place) {
    static const char *const names[] = {"month", "said", NULL};
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        const struct slip *slip = &slips[i];
        const char *files[FILES];
        memcpy(files, good_month, sizeof files);
        char *text = edited(good_month[slip->file], slip->from, slip->to);
        files[slip->file] = text;
        write_month("month", files);
        int code = report("month", "out", "");
        char *said = text_of_file(in_folder("said"));
        cr_expect_eq(code, slip->code, "slip %zu: exit code %d: %s", i, code, said);
        for (size_t s = 0; s < 3 && slip->says[s]; s++) {
            cr_expect(strstr(said, slip->says[s]), "slip %zu should say '%s': %s", i, slip->says[s], said);
        }
        cr_expect_eq(strchr(said, '\n'), said + strlen(said) - 1, "slip %zu says more than a line: %s", i, said);
        expect_only(names);
        free(said);
        free(text);
    }
}

Test(report, folders_that_are_no_month) {
    static const char *const names[] = {"month", "said", "other", NULL};
    write_month("month", good_month);
    cr_expect_eq(report("nosuch", "out", ""), 3);
    cr_expect_eq(report("month/cases.csv", "out", ""), 3);
    for (int i = 0; i < FILES; i++) {
        cr_assert_eq(shell("rm -rf %s/other; cp -r %s/month %s/other; rm %s/other/%s", folder, folder, folder,
                           folder, file_names[i]),
                     0);
        cr_expect_eq(report("other", "out", ""), 3, "%s", file_names[i]);
        cr_assert_eq(shell("mkfifo %s/other/%s", folder, file_names[i]), 0);
        cr_expect_eq(report("other", "out", ""), 3, "%s is a pipe", file_names[i]);
        write_text(in_folder("other/never"), "", 0);
        cr_assert_eq(shell("cd %s/other && rm never && rm %s && : >%s", folder, file_names[i], file_names[i]), 0);
        cr_expect_eq(report("other", "out", ""), 1, "%s is empty", file_names[i]);
    }
    cr_assert_eq(shell("cd %s && gzip -c month/cases.csv >other/cases.csv && cp month/[hps]* other", folder), 0);
    cr_expect_eq(report("other", "out", ""), 1);
    char *said = text_of_file(in_folder("said"));
    cr_expect(strstr(said, "cases.csv: is packed"), "%s", said);
    free(said);
    cr_expect_eq(report("month", "month", "--force"), 3);
    said = text_of_file(in_folder("said"));
    cr_expect(strstr(said, "which is not a result of this command"), "%s", said);
    free(said);
    cr_expect_eq(report("month other", "out", ""), 2);
    cr_expect_eq(report("month", "out", "--language fr"), 2);
    expect_only(names);
}

/* Somebody changes the file while reports are made. */
static bool take_any(void *user, const struct month_row *row __attribute__((unused))) {
    ++*(int *)user;
    return true;
}

Test(report, a_file_that_changes_meanwhile) {
    static const struct {
        const char *from, *to;
    } changes[] = {{"15830.80,,", "15830.81,,"},
                   {"c1,H01", "c1,H02"},
                   {"c1,H01,", "c1,H01\n"},
                   {"priced", "pricey"},
                   {"c1,H01,employee", "\"c1,H01,employe"}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0] + 1; i++) {
        struct month *month;
        int count = 0;
        write_month("month", good_month);
        cr_assert_eq(month_open(in_folder("month"), &month), EXIT_DONE);
        if (i < sizeof changes / sizeof changes[0]) {
            char *text = edited(good_month[CASES], changes[i].from, changes[i].to);
            write_text(in_folder("month/cases.csv"), text, strlen(text));
            free(text);
        } else {
            cr_assert_eq(truncate(in_folder("month/cases.csv"), 130), 0);
        }
        cr_expect_not(month_rows(month, &month->hospitals[0], take_any, &count), "change %zu", i);
        month_close(month);
    }
}

/* ---- hostile codes of hospitals ---- */

static const struct {
    const char *code, *name;
} codes[] = {
    {"", "_"},
    {"_", "%5F"},
    {"../x", "%2E%2E%2Fx"},
    {"a/b", "a%2Fb"},
    {"a\\b", "a%5Cb"},
    {"CON", "%43ON"},
    {"lpt1", "%6Cpt1"},
    {"com", "com"},
    {".", "%2E"},
    {"~", "%7E"},
    {"H01", "H01"},
    {"h01", "%6801"}, /* beside H01 */
    {"a%2Fb", "a%252Fb"},
    {"哈尔滨第一医院", "哈尔滨第一医院"},
    {"café", "caf%C3%A9"},
    {"say \"hi\", *?<>|:", "say%20%22hi%22%2C%20%2A%3F%3C%3E%7C%3A"},
    {"=1+1", "%3D1%2B1"},
    {"two\nlines", "two%0Alines"},
};
enum { CODES = sizeof codes / sizeof codes[0], LONG_CODES = 3 };

static void hospital_code(size_t i, struct buffer *out) {
    out->size = 0;
    if (i < CODES) {
        buffer_text(out, codes[i].code);
        return;
    }
    for (size_t n = 0; n < 300; n++) {
        buffer_text(out, i == CODES ? "L" : i == CODES + 1 ? "医" : "/");
    }
}

Test(report, any_code_becomes_one_safe_folder) {
    struct buffer cases = {0}, hospitals = {0}, code = {0}, name = {0};
    char pools[400], summary[600];
    buffer_text(&cases,
                "id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,"
                "price_status,cost,findings\n");
    buffer_text(&hospitals,
                "hospital,pool,cases,points,standard,fund_payment,unpriced,cost,reversed,of_cases,closing\n");
    for (size_t i = 0; i < CODES + LONG_CODES; i++) {
        hospital_code(i, &code);
        casemix_text text = {code.data ? code.data : "", code.size};
        buffer_format(&cases, "c%zu,", i);
        buffer_cell(&cases, text);
        buffer_text(&cases, ",p,s,G,grouped,normal,1.0000,1.0000,1.00,1.00,,priced,1.00,\n");
        buffer_cell(&hospitals, text);
        buffer_text(&hospitals, ",p,1,1.0000,1.00,1.00,0,1.00,0,1.00,0.00\n");
    }
    int all = CODES + LONG_CODES;
    snprintf(pools, sizeof pools,
             "pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance,reversed,of_cases,"
             "closing\n"
             "p,,%d,%d.0000,,%d.00,%d.00,0,%d.00,,0,%d.00,0.00\n",
             all, all, all, all, all, all);
    snprintf(summary, sizeof summary,
             "{\"casemix\":\"\",\"image\":\"\",\"scheme\":\"\",\"policy\":\"\",\"inputs\":[],\"in\":%d,\"out\":%d,"
             "\"rejected\":0,"
             "\"duplicates\":0,\"pools\":[{\"pool\":\"p\",\"cases\":%d,\"unpriced\":0,\"points\":\"%d\",\"point_"
             "value\":\"\","
             "\"cost\":\"%d\",\"standard\":\"%d\",\"fund_payment\":\"%d\"}]}",
             all, all, all, all, all, all, all);
    *buffer_room(&cases, 1) = *buffer_room(&hospitals, 1) = '\0';
    const char *files[FILES] = {cases.data, hospitals.data, pools, summary};
    write_month("month", files);
    cr_expect_eq(report("month", "out", ""), 0);
    for (size_t i = 0; i < CODES + LONG_CODES; i++) {
        char id[32];
        hospital_code(i, &code);
        statement_name((casemix_text){code.data, code.size}, &name);
        cr_expect(name.size <= STATEMENT_NAME, "%zu", i);
        const char *there = i < CODES ? codes[i].name : name.data;
        char *text = text_of_file(in_folder("out/statements/%s/cases.csv", there));
        snprintf(id, sizeof id, "\nc%zu,", i);
        cr_expect(strstr(text, id), "%s holds another hospital: %s", there, text);
        free(text);
    }
    cr_expect_eq(shell("[ $(ls %s/out/statements | wc -l) = %d ]", folder, all), 0);
    static const char *const names[] = {"month", "said", "out", NULL};
    expect_only(names);
    buffer_free(&cases);
    buffer_free(&hospitals);
    buffer_free(&code);
    buffer_free(&name);
}

/* ---- the folder ---- */

Test(report, only_reports_are_replaced) {
    static const char *const foreign[] = {"out/notes.txt", "out/statements/H01/letter.doc", "out/statements/readme",
                                          "out/statements/H01/more/cases.csv", "out/month.html.bak"};
    write_month("month", good_month);
    cr_assert_eq(report("month", "out", ""), 0);
    cr_expect_eq(report("month", "out", ""), 3);
    cr_expect_eq(shell("cp -r %s/out %s/first", folder, folder), 0);
    cr_expect_eq(report("month", "out", "--force"), 0);
    cr_expect_eq(shell("diff -r %s/out %s/first", folder, folder), 0);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        cr_assert_eq(shell("cd %s && mkdir -p $(dirname %s) && echo mine >%s", folder, foreign[i], foreign[i]), 0);
        cr_expect_eq(report("month", "out", "--force"), 3, "%s", foreign[i]);
        char *said = text_of_file(in_folder("said"));
        cr_expect(strstr(said, "which is not a result of this command"), "%s", said);
        free(said);
        expect_file(foreign[i], "mine\n");
        cr_assert_eq(shell("cd %s && rm -rf out && cp -r first out", folder), 0);
    }
    /* a link to a folder of somebody else is not followed */
    cr_assert_eq(shell("cd %s && mkdir -p mine/H09 && echo mine >mine/H09/cases.csv && rm -r out/statements && "
                       "ln -s ../mine out/statements",
                       folder),
                 0);
    cr_expect_eq(report("month", "out", "--force"), 3);
    expect_file("mine/H09/cases.csv", "mine\n");
}

Test(report, an_interrupt_leaves_nothing) {
    static const char *const patterns[] = {"page", "list/*/file", NULL};
    static const char *const names[] = {NULL};
    pid_t child = fork();
    if (child == 0) {
        temporary_catch_signals();
        struct folder *out = folder_open(in_folder("out"), patterns, false);
        write_text(folder_file(out, 0), "x", 1);
        for (int i = 0; i < 100; i++) {
            char name[40];
            snprintf(name, sizeof name, "list/H%d/file", i);
            write_text(folder_inside(out, name), "x", 1);
        }
        raise(SIGTERM);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    expect_only(names);
}

/* ---- workbooks against CSV ---- */

/* A decimal as its digits without zeros at both ends and its power of ten, rounded to 15 digits half up: the 16th
 * that the file format has may be off, and spreadsheets do not show it. */
static void plain_number(const char *text, char out[64]) {
    char digits[64];
    int count = 0, power = 0, point = 0;
    bool negative = *text == '-', seen = false;
    for (text += negative; *text && *text != 'E' && *text != 'e'; text++) {
        if (*text == '.') {
            point = 1;
            continue;
        }
        cr_assert(*text >= '0' && *text <= '9', "no number: %s", text);
        seen |= *text != '0';
        power -= point;
        if (seen && count < 60) {
            digits[count++] = *text;
        }
    }
    power += *text ? atoi(text + 1) : 0;
    if (count > 15) {
        bool up = digits[15] >= '5';
        power += count - 15;
        count = 15;
        for (int i = 14; up && i >= 0; i--) {
            up = digits[i] == '9';
            digits[i] = up ? '0' : (char)(digits[i] + 1);
        }
        cr_assert_not(up);
    }
    while (count > 0 && digits[count - 1] == '0') {
        count--;
        power++;
    }
    snprintf(out, 64, "%s%.*se%d", negative && count ? "-" : "", count, digits, count ? power : 0);
}

static void expect_number(const char *cell, const char *csv, const char *where) {
    char one[64], other[64];
    plain_number(cell, one);
    plain_number(csv, other);
    cr_expect_str_eq(one, other, "%s: %s is not %s", where, cell, csv);
}

/* The rows of a CSV file, all at once; no quotes in the months that are read by it. */
struct csv_file {
    char *text;
    char *cells[30000][20];
    size_t rows;
};

static void read_csv(const char *path, struct csv_file *out) {
    out->text = text_of_file(path);
    out->rows = 0;
    for (char *line = out->text; *line;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        for (size_t c = 0; c < 20; c++) {
            char *comma = line ? strchr(line, ',') : NULL;
            out->cells[out->rows][c] = line;
            if (comma) {
                *comma = '\0';
            }
            line = comma ? comma + 1 : NULL;
        }
        out->rows++;
        line = end + 1;
    }
}

static const char *cell_of(const struct csv_file *csv, size_t row, const char *column) {
    for (size_t c = 0; c < 20; c++) {
        if (csv->cells[0][c] && strcmp(csv->cells[0][c], column) == 0) {
            return csv->cells[row][c];
        }
    }
    cr_assert_fail("no column %s", column);
    return NULL;
}

/* A sheet while it is read: every row after the heading must be the next one of the CSV file. */
struct comparison {
    const struct csv_file *csv;
    const char *const *columns;
    enum language language;
    size_t row; /* of the CSV file */
    bool unpriced;
    size_t totals;
};

static void compare_cell(const struct comparison *c, const char *column, const struct xlsx_cell *cell) {
    static const char *const word_columns[] = {"pool", "status", "class", "reason", "price_status"};
    const char *there = cell_of(c->csv, c->row, column);
    char where[80];
    snprintf(where, sizeof where, "row %zu, %s", c->row, column);
    for (size_t i = 0; i < 5; i++) {
        if (strcmp(column, word_columns[i]) == 0) {
            cr_expect_str_eq(cell->text, *there ? word_of(there, c->language) : "", "%s", where);
            return;
        }
    }
    if (strcmp(column, "findings") == 0) {
        struct buffer said = {0};
        statement_findings((casemix_text){there, strlen(there)}, c->language, &said);
        cr_expect_str_eq(cell->text, said.data, "%s", where);
        buffer_free(&said);
    } else if (cell->is_number && cell->length > 0) {
        expect_number(cell->text, there, where);
    } else {
        cr_expect_str_eq(cell->text, there, "%s", where);
    }
}

/* A row of totals against the exact sums of the columns. */
static void compare_totals(const struct comparison *c, const struct xlsx_cell *cells, size_t count) {
    static const char *const amounts[] = {"cases",    "reversed",     "points",    "cost",
                                          "standard", "fund_payment", "difference"};
    size_t seen_amounts = 0;
    for (size_t i = 0; c->columns[i] && i < count; i++) {
        int64_t sum = 0, value;
        char words_of_sum[32];
        size_t kind = 0;
        while (kind < 7 && strcmp(amounts[kind], c->columns[i]) != 0) {
            kind++;
        }
        for (size_t row = 1; row < c->csv->rows && kind < 7; row++) {
            const char *text = cell_of(c->csv, row, c->columns[i]);
            cr_assert(!*text || month_decimal((casemix_text){text, strlen(text)}, 4, &value));
            sum += *text ? value : 0;
        }
        if (kind < 7) {
            *put_decimal(words_of_sum, sum, 4) = '\0';
            expect_number(cells[i].text, words_of_sum, c->columns[i]);
            seen_amounts++;
        }
    }
    cr_expect(seen_amounts >= 4);
}

static bool compare_row(void *user, uint32_t row, const struct xlsx_cell *cells, size_t count) {
    struct comparison *c = user;
    if (row <= 3) {
        if (row == 3) {
            cr_expect_str_eq(cells[0].text, word_of(c->columns[0], c->language));
        }
        return true;
    }
    if (c->row + 1 == c->csv->rows || strcmp(cells[0].text, word_of("total", c->language)) == 0) {
        c->totals++;
        compare_totals(c, cells, count);
        return true;
    }
    do {
        c->row++;
    } while (c->unpriced && c->row + 1 < c->csv->rows &&
             strcmp(cell_of(c->csv, c->row, "price_status"), "priced") == 0);
    for (size_t i = 0; c->columns[i]; i++) {
        static const struct xlsx_cell none = {"", 0, false};
        compare_cell(c, c->columns[i], i < count ? &cells[i] : &none);
    }
    return true;
}

static struct comparison compare_sheet(struct xlsx *book, const char *name, struct comparison c) {
    struct xlsx_trouble trouble;
    size_t sheet = xlsx_find_sheet(book, word_of(name, c.language));
    cr_assert_neq(sheet, SIZE_MAX, "%s", name);
    cr_assert(xlsx_read(book, sheet, compare_row, &c, &trouble), "%s", trouble.text);
    return c;
}

/* Six checks, all of which agree. */
static bool count_agreements(void *user, uint32_t row __attribute__((unused)), const struct xlsx_cell *cells,
                             size_t count) {
    struct comparison *c = user;
    c->totals += count > 4 && strcmp(cells[4].text, word_of("agrees", c->language)) == 0;
    cr_expect(count <= 4 || strcmp(cells[4].text, word_of("differs", c->language)) != 0);
    return true;
}

static const char *const case_columns[] = {"id",           "pool",   "scheme",       "group",    "status",
                                           "class",        "points", "point_value",  "cost",     "standard",
                                           "fund_payment", "reason", "price_status", "findings", NULL};
static const char *const group_columns[] = {"group",    "cases",        "reversed",   "points", "cost",
                                            "standard", "fund_payment", "difference", NULL};
static const char *const unpriced_columns[] = {"id",     "pool",         "group",    "status",
                                               "reason", "price_status", "findings", NULL};

static void compare_workbook(const char *statement, enum language language) {
    static struct csv_file cases, groups;
    struct xlsx_trouble trouble;
    char path[600];
    snprintf(path, sizeof path, "%s/statement.xlsx", statement);
    struct xlsx *book = xlsx_open(path, &trouble);
    cr_assert(book, "%s", trouble.text);
    snprintf(path, sizeof path, "%s/cases.csv", statement);
    read_csv(path, &cases);
    snprintf(path, sizeof path, "%s/groups.csv", statement);
    read_csv(path, &groups);
    struct comparison c = {.csv = &cases, .columns = case_columns, .language = language};
    c = compare_sheet(book, "sheet-cases", c);
    cr_expect_eq(c.row + 1, cases.rows);
    cr_expect_eq(c.totals, 1);
    c = (struct comparison){.csv = &groups, .columns = group_columns, .language = language};
    c = compare_sheet(book, "sheet-groups", c);
    cr_expect_eq(c.row + 1, groups.rows);
    cr_expect_eq(c.totals, 1);
    c = (struct comparison){.csv = &cases, .columns = unpriced_columns, .language = language, .unpriced = true};
    compare_sheet(book, "sheet-unpriced", c);
    c = (struct comparison){.language = language};
    cr_assert(xlsx_read(book, 0, count_agreements, &c, &trouble), "%s", trouble.text);
    cr_expect_eq(c.totals, 6);
    xlsx_close(book);
    free(cases.text);
    free(groups.text);
}

/* The sample month: settled, in two orders of its claims, reported twice in each language. */
Test(report, workbooks_say_what_the_csv_says, .timeout = 300) {
    const char *command = setting("CASEMIX_COMMAND"),
               *sample = path_under("CASEMIX_SAMPLE", "haerbin-2022-month.csv");
    const char *image = path_under("CASEMIX_IMAGES", "haerbin-2022.cmx");
    cr_assert_eq(
        shell("cd %s && head -6000 %s >a.csv && (head -1 a.csv; tail -n +2 a.csv | tac) >b.csv", folder, sample),
        0);
    cr_assert_eq(
        shell("cd %s && for m in a b; do %s settle -i %s $m.csv -o $m --quiet 2>/dev/null || exit 1; done && "
              "sed -i 's/b.csv/a.csv/' b/summary.json",
              folder, command, image),
        0);
    cr_assert_eq(report("a", "zh", ""), 0);
    cr_assert_eq(report("b", "again", "--language zh"), 0);
    cr_expect_eq(shell("diff -r %s/zh %s/again", folder, folder), 0);
    cr_assert_eq(report("a", "en", "--language en"), 0);
    for (int language = CHINESE; language <= ENGLISH; language++) {
        char *list = in_folder("%s/statements", language == CHINESE ? "zh" : "en");
        DIR *hospitals = opendir(list);
        cr_assert(hospitals);
        size_t count = 0;
        for (struct dirent *entry; (entry = readdir(hospitals)) != NULL;) {
            if (entry->d_name[0] != '.') {
                compare_workbook(in_folder("%s/statements/%s", language == CHINESE ? "zh" : "en", entry->d_name),
                                 (enum language)language);
                count++;
            }
        }
        closedir(hospitals);
        cr_expect_eq(count, 12);
    }
}

/* A part of the zip as text. */
static char *part_of(const char *path, const char *name) {
    int error;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &error);
    zip_stat_t about;
    cr_assert(zip, "%s", path);
    cr_assert_eq(zip_stat(zip, name, 0, &about), 0, "%s", name);
    char *text = calloc(about.size + 1, 1);
    zip_file_t *file = zip_fopen(zip, name, 0);
    cr_assert_eq(zip_fread(file, text, about.size), (zip_int64_t)about.size);
    zip_fclose(file);
    zip_close(zip);
    return text;
}

static void expect_parts(const char *path, const char *name, const char *const *parts) {
    char *text = part_of(path, name);
    for (; *parts; parts++) {
        cr_expect(strstr(text, *parts), "%s of %s lacks %s", name, path, *parts);
    }
    free(text);
}

Test(report, looks_of_a_workbook) {
    write_month("month", good_month);
    cr_assert_eq(report("month", "out", ""), 0);
    const char *path = in_folder("out/statements/H01/statement.xlsx");
    static const char *const cases[] = {"<pane xSplit=\"1\" ySplit=\"3\"",
                                        "state=\"frozen\"",
                                        "<autoFilter ref=\"A3:N5\"/>",
                                        "<f>SUM(I4:I5)</f><v>67000.1",
                                        "<f>SUM(K4:K5)</f><v>34938.",
                                        "orientation=\"landscape\"",
                                        "fitToHeight=\"0\"",
                                        "&amp;P",
                                        "<t>=1+1</t>",
                                        NULL};
    static const char *const summary[] = {"<f>SUM(B",
                                          "<f>ROWS('病例'!A4:A5)</f><v>2</v>",
                                          "<f>SUM('病例'!K4:K5)+0.01</f>",
                                          "IF(D",
                                          "<v>相符</v>",
                                          "15830.805",
                                          NULL};
    static const char *const book[] = {"_xlnm.Print_Titles", "'病例'!$1:$3", "_xlnm._FilterDatabase", NULL};
    static const char *const core[] = {"<dc:creator></dc:creator>", "2000-01-01T00:00:00Z</dcterms:created>",
                                       "2000-01-01T00:00:00Z</dcterms:modified>", NULL};
    static const char *const styles[] = {"宋体", "微软雅黑", "0.0000", "#,##0.00", NULL};
    expect_parts(path, "xl/worksheets/sheet3.xml", cases);
    expect_parts(path, "xl/worksheets/sheet1.xml", summary);
    expect_parts(path, "xl/workbook.xml", book);
    expect_parts(path, "docProps/core.xml", core);
    expect_parts(path, "xl/styles.xml", styles);
    char *text = part_of(path, "xl/worksheets/sheet3.xml");
    cr_expect_not(strstr(text, "<f>1+1"), "a group became a formula");
    cr_expect_not(strstr(text, word_of("is-demonstration", CHINESE)));
    free(text);
}

/* The part replaced by a text. */
static void replace_part(const char *path, const char *name, const char *text) {
    int error;
    zip_t *zip = zip_open(path, 0, &error);
    zip_int64_t n = zip_name_locate(zip, name, 0);
    cr_assert(n >= 0);
    zip_source_t *source = zip_source_buffer(zip, text, strlen(text), 0);
    cr_assert_eq(zip_file_replace(zip, (zip_uint64_t)n, source, 0), 0);
    cr_assert_eq(zip_close(zip), 0);
}

/* On a full disk the library makes workbooks that lack something, and says nothing. */
Test(report, workbooks_that_lack_something) {
    static const char *const cuts[][2] = {{"xl/worksheets/sheet3.xml", "<row r=\"4\""},
                                          {"xl/worksheets/sheet1.xml", "</sheetData>"},
                                          {"xl/styles.xml", "</styleSheet>"},
                                          {"xl/worksheets/sheet4.xml", "</worksheet>"}};
    uint64_t rows[4];
    write_month("month", good_month);
    cr_assert_eq(report("month", "out", ""), 0);
    const char *path = in_folder("out/statements/H01/statement.xlsx");
    for (int i = 0; i < 4; i++) {
        char name[40];
        snprintf(name, sizeof name, "xl/worksheets/sheet%d.xml", i + 1);
        char *text = part_of(path, name), *start = strstr(text, "<sheetData>") + strlen("<sheetData>"),
             *last = start;
        for (char *row = start; (row = strstr(row, "<row r=\"")) != NULL; row++) {
            last = row;
        }
        rows[i] = (uint64_t)(last - start);
        free(text);
    }
    cr_expect(workbook_is_whole(path, rows, 4));
    cr_expect_not(workbook_is_whole(path, rows, 5));
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        cr_assert_eq(shell("cp %s %s/copy.xlsx", path, folder), 0);
        char *text = part_of(path, cuts[i][0]), *there = strstr(text, cuts[i][1]);
        cr_assert(there);
        memmove(there, there + 7, strlen(there + 7) + 1);
        replace_part(in_folder("copy.xlsx"), cuts[i][0], text);
        cr_expect_not(workbook_is_whole(in_folder("copy.xlsx"), rows, 4), "cut %zu", i);
        free(text);
    }
    write_text(in_folder("copy.xlsx"), "PK", 2);
    cr_expect_not(workbook_is_whole(in_folder("copy.xlsx"), rows, 4));
}

/* ---- what Excel cannot hold ---- */

static struct {
    const char *cells[3][4];
    size_t rows;
} seen;

static bool keep_row(void *user __attribute__((unused)), uint32_t row, const struct xlsx_cell *cells,
                     size_t count) {
    if (row > 3 && seen.rows < 3) {
        seen.cells[seen.rows][0] = strdup(cells[0].text);
        seen.cells[seen.rows][1] = strdup(count > 8 ? cells[8].text : "");
        seen.cells[seen.rows][2] = count > 8 && cells[8].is_number ? "number" : "text";
        seen.rows++;
    }
    return true;
}

/* Three cases on sheets of two; amounts of 16 digits and more. */
Test(report, long_sheets_and_long_amounts) {
    static const char *const cost[3][2] = {
        {"9999999999999.99", "number"}, {"10000000000000.00", "text"}, {"0.07", "number"}};
    const char *files[FILES] = {
        "id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,price_status,"
        "cost,"
        "findings,demonstration\n"
        "1,H,p,s,G,grouped,n,1,1,9.95,0.00,,priced,9999999999999.99,,1\n"
        "2,H,p,s,G,grouped,n,1,1,9.95,0.00,,priced,10000000000000.00,,1\n"
        "3,H,p,s,G,grouped,n,1,1,9.95,0.00,,priced,0.07,,1\n",
        "hospital,pool,cases,points,standard,fund_payment,unpriced,cost,reversed,of_cases,closing\n"
        "H,p,3,3,29.85,0,0,20000000000000.06,0,0,0\n",
        "pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance,reversed,of_cases,"
        "closing\n"
        "p,,3,3,,29.85,0,0,20000000000000.06,,0,0,0\n",
        "{\"casemix\":\"\",\"image\":\"\",\"scheme\":\"\",\"policy\":\"\",\"inputs\":[],\"in\":3,\"out\":3,"
        "\"rejected\":0,"
        "\"duplicates\":0,\"pools\":[{\"pool\":\"p\",\"cases\":3,\"unpriced\":0,\"points\":\"3\",\"point_value\":"
        "\"\","
        "\"cost\":\"20000000000000.06\",\"standard\":\"29.85\",\"fund_payment\":\"0\"}]}"};
    static const char *const patterns[] = {"statements/*/cases.csv", "statements/*/totals.csv",
                                           "statements/*/groups.csv", "statements/*/statement.xlsx", NULL};
    static const char *const sheets[] = {"Summary", "Groups", "Cases", "Cases 2", "Unpriced"};
    struct statement_style style = {.language = ENGLISH, .sheet_rows = 2};
    struct month *month;
    struct xlsx_trouble trouble;
    write_month("month", files);
    cr_assert_eq(month_open(in_folder("month"), &month), EXIT_DONE);
    struct folder *out = folder_open(in_folder("out"), patterns, false);
    cr_assert_eq(statements_write(month, &style, out), EXIT_DONE);
    cr_assert(folder_close(out));
    month_close(month);
    struct xlsx *book = xlsx_open(in_folder("out/statements/H/statement.xlsx"), &trouble);
    cr_assert(book);
    cr_assert_eq(xlsx_sheet_count(book), 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_str_eq(xlsx_sheet_name(book, i), sheets[i]);
    }
    for (size_t sheet = 0; sheet < 2; sheet++) {
        seen.rows = 0;
        cr_assert(xlsx_read(book, 2 + sheet, keep_row, NULL, &trouble));
        cr_assert_eq(seen.rows, sheet == 0 ? 3 : 2);
        for (size_t i = 0; i + 1 < seen.rows; i++) {
            cr_expect_str_eq(seen.cells[i][2], cost[2 * sheet + i][1]);
            expect_number(seen.cells[i][1], cost[2 * sheet + i][0], "cost");
        }
        /* a column with a text has no formula: its exact sum, as text where it is long too */
        expect_number(seen.cells[seen.rows - 1][1], sheet == 0 ? "19999999999999.99" : "0.07", "sum");
        cr_expect_str_eq(seen.cells[seen.rows - 1][2], sheet == 0 ? "text" : "number");
        for (size_t i = 0; i < seen.rows; i++) {
            free((char *)(uintptr_t)seen.cells[i][0]);
            free((char *)(uintptr_t)seen.cells[i][1]);
        }
    }
    xlsx_close(book);
    static const char *const marks[] = {"Demonstration data", NULL};
    for (int i = 1; i <= 5; i++) {
        char part[40];
        snprintf(part, sizeof part, "xl/worksheets/sheet%d.xml", i);
        expect_parts(in_folder("out/statements/H/statement.xlsx"), part, marks);
    }
}

/* Three cases without price where a sheet holds two: what finds no room is told. */
Test(report, more_unpriced_than_a_sheet_holds) {
    const char *files[FILES] = {
        "id,hospital,pool,scheme,group,status,class,points,point_value,standard,fund_payment,reason,price_status,cost,"
        "findings\n"
        "1,H,p,s,,ungrouped,,,,,,r,not-grouped,,\n2,H,p,s,,ungrouped,,,,,,r,not-grouped,,\n"
        "3,H,p,s,,ungrouped,,,,,,r,not-grouped,,\n",
        "hospital,pool,cases,points,standard,fund_payment,unpriced,cost,reversed,of_cases,closing\n"
        "H,p,3,0,0,0,3,0,0,0,0\n",
        "pool,budget,cases,points,point_value,standard,fund_payment,unpriced,cost,balance,reversed,of_cases,closing\n"
        "p,,3,0,,0,0,3,0,,0,0,0\n",
        "{\"casemix\":\"\",\"image\":\"\",\"scheme\":\"\",\"policy\":\"\",\"inputs\":[],\"in\":3,\"out\":3,"
        "\"rejected\":0,\"duplicates\":0,\"pools\":[{\"pool\":\"p\",\"cases\":3,\"unpriced\":3,\"points\":\"0\","
        "\"point_value\":\"\",\"cost\":\"0\",\"standard\":\"0\",\"fund_payment\":\"0\"}]}"};
    static const char *const patterns[] = {"statements/*/cases.csv", "statements/*/totals.csv",
                                           "statements/*/groups.csv", "statements/*/statement.xlsx", NULL};
    static const char *const told[] = {"found no room here are in cases.csv, their number: 1</t>", NULL};
    struct statement_style style = {.language = ENGLISH, .sheet_rows = 2};
    struct month *month;
    write_month("month", files);
    cr_assert_eq(month_open(in_folder("month"), &month), EXIT_DONE);
    struct folder *out = folder_open(in_folder("out"), patterns, false);
    cr_assert_eq(statements_write(month, &style, out), EXIT_DONE);
    cr_assert(folder_close(out));
    month_close(month);
    expect_parts(in_folder("out/statements/H/statement.xlsx"), "xl/worksheets/sheet5.xml", told);
}

/* Names of groups in CSV and workbook; one that nobody named has an empty cell. */
Test(report, groups_with_names) {
    static const char *const patterns[] = {"statements/*/cases.csv", "statements/*/totals.csv",
                                           "statements/*/groups.csv", "statements/*/statement.xlsx", NULL};
    static const char *const cells[] = {"<t>Name</t>", "<t>Stroke, \"mild\"</t>", NULL};
    struct statement_style style = {.language = ENGLISH};
    struct group_names names = {0};
    struct month *month;
    write_month("month", good_month);
    cr_assert_eq(month_open(in_folder("month"), &month), EXIT_DONE);
    casemix_text group = month->hospitals[0].groups.entries[0].key;
    group_names_add(&names, group, (casemix_text){"Stroke, \"mild\"", 14});
    group_names_add(&names, group, (casemix_text){"another", 7});
    month->names = &names;
    struct folder *out = folder_open(in_folder("out"), patterns, false);
    cr_assert_eq(statements_write(month, &style, out), EXIT_DONE);
    cr_assert(folder_close(out));
    month_close(month);
    group_names_free(&names);
    static const char cell[] = ",\"Stroke, \"\"mild\"\"\"\n";
    size_t size;
    unsigned char *csv = read_file(in_folder("out/statements/H01/groups.csv"), &size);
    cr_expect_not_null(memmem(csv, size, cell, sizeof cell - 1));
    free(csv);
    expect_parts(in_folder("out/statements/H01/statement.xlsx"), "xl/worksheets/sheet2.xml", cells);
}

/* Texts that XML or Excel would take for something else. */
Test(report, odd_texts_stay_what_they_are) {
    const char *files[FILES];
    memcpy(files, good_month, sizeof files);
    files[CASES] = edited(good_month[CASES], "c1,", "\"<a>&\x01\n_x0041_ \xef\xbf\xbf\",");
    write_month("month", files);
    cr_assert_eq(report("month", "out", ""), 0);
    static const char *const cases[] = {"&lt;a&gt;&amp;_x0001_\n_x005F_x0041_ \xef\xbf\xbd</t>", NULL};
    expect_parts(in_folder("out/statements/H01/statement.xlsx"), "xl/worksheets/sheet3.xml", cases);
    free((char *)(uintptr_t)files[CASES]);
}

/* ---- words ---- */

#define ADD "has no word; add a row to tools/report/words.def"

Test(report, words_are_there_once) {
    for (int i = 0; i < word_count; i++) {
        cr_expect_str_eq(word_of(words[i].key, CHINESE), words[i].text[CHINESE], "%s is there twice", words[i].key);
        cr_expect_str_eq(word_of(words[i].key, ENGLISH), words[i].text[ENGLISH]);
        cr_expect(words[i].text[CHINESE][0] && words[i].text[ENGLISH][0], "%s", words[i].key);
    }
    for (int i = 0; i < MONTH_COLUMNS; i++) {
        cr_expect_str_neq(word_of(month_columns[i], CHINESE), month_columns[i], "%s: " ADD, month_columns[i]);
    }
    for (int i = 0; i < casemix_fact_count(); i++) {
        const char *column = casemix_fact_column(i);
        cr_expect(!*column || strcmp(word_of(column, CHINESE), column) != 0, "%s: " ADD, column);
    }
    for (int i = 0; strcmp(casemix_status_text((casemix_status)i), "unknown") != 0; i++) {
        const char *word = casemix_status_text((casemix_status)i);
        cr_expect_str_neq(word_of(word, CHINESE), word, "%s: " ADD, word);
    }
    for (int i = 1; strcmp(casemix_reason_text((casemix_reason)i), "unknown") != 0; i++) {
        const char *word = casemix_reason_text((casemix_reason)i);
        cr_expect_str_neq(word_of(word, CHINESE), word, "%s: " ADD, word);
    }
    for (int i = 1; strcmp(casemix_finding_text((casemix_finding_code)i), "unknown") != 0; i++) {
        const char *word = casemix_finding_text((casemix_finding_code)i);
        cr_expect_str_neq(word_of(word, CHINESE), word, "%s: " ADD, word);
    }
    for (int i = CASEMIX_PRICED; *casemix_price_status_text((casemix_price_status)i); i++) {
        const char *word = casemix_price_status_text((casemix_price_status)i);
        cr_expect_str_neq(word_of(word, CHINESE), word, "%s: " ADD, word);
    }
    cr_expect_str_eq(word_of("nothing-of-that-name", CHINESE), "nothing-of-that-name");
}
