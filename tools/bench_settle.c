/* SPDX-License-Identifier: Apache-2.0
 *
 * casemix bench settle: a whole settlement, files and all, beside the time of finding the separators of its claims.
 */
#include "bench.h"
#include "command.h"
#include "csv.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The best of a few rounds over the bytes of the file; rows: ends of line without the heading's. */
static bool scan_file(const char *path, double *scan, uint64_t *rows) {
    enum { ROUNDS = 3 };
    struct buffer bytes = {0};
    FILE *file = fopen(path, "rb");
    size_t got = 1;
    while (file && got) {
        got = fread(buffer_room(&bytes, 1 << 20), 1, 1 << 20, file);
        bytes.size += got;
    }
    if (!file || ferror(file)) {
        complain("%s: cannot be read", path);
        buffer_free(&bytes);
        return false;
    }
    fclose(file);
    char separator = csv_separator(bytes.data, bytes.size);
    *scan = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double start = now();
        scan_separators(bytes.data, bytes.size, separator);
        double spent = now() - start;
        *scan = *scan == 0 || spent < *scan ? spent : *scan;
    }
    *rows = scan_separators(bytes.data, bytes.size, '\n');
    *rows -= *rows > 0;
    buffer_free(&bytes);
    return true;
}

/* The command itself, into a folder that is removed again. */
static int settle_once(const struct options *o, const char *folder, double *spent) {
    char threads[16];
    snprintf(threads, sizeof threads, "%u", o->threads);
    const char *all[][2] = {{"-i", o->image},
                            {"-o", folder},
                            {"--threads", threads},
                            {"--policy", o->policy},
                            {"--budget", o->budget},
                            {"--hospitals", o->hospitals},
                            {"--approved", o->approved},
                            {"--map", o->map}};
    const char *arguments[20] = {"settle", "--quiet", "--force", o->words[1]};
    int count = 4;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i][1]) {
            arguments[count++] = all[i][0];
            arguments[count++] = all[i][1];
        }
    }
    double start = now();
    int code = command_settle(count, (char **)(uintptr_t)arguments);
    *spent = now() - start;
    return code;
}

static void remove_folder(const char *folder) {
    static const char *const names[] = {"cases.csv", "hospitals.csv", "pools.csv", "rejects.csv", "summary.json"};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

int bench_settle(const struct options *o) {
    const char *temporary = getenv("TMPDIR");
    char folder[4000];
    double scan, spent;
    uint64_t rows;
    struct rusage use;
    snprintf(folder, sizeof folder, "%s/casemix-bench-%ld", temporary ? temporary : "/tmp", (long)getpid());
    int code = settle_once(o, folder, &spent);
    remove_folder(folder);
    if (code != EXIT_DONE) {
        return code;
    }
    getrusage(RUSAGE_SELF, &use); /* before the scan, which holds the whole file */
    if (!scan_file(o->words[1], &scan, &rows) || rows == 0) {
        return EXIT_IO;
    }
    double cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e9 +
                 (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e3;
    if (o->json) {
        json_t *root =
            json_pack("{s:I,s:f,s:f,s:f,s:f,s:f,s:I}", "cases", (json_int_t)rows, "settle_s", spent / 1e9, "cpu_s",
                      cpu / 1e9, "settle_ns", spent / (double)rows, "scan_ns", scan / (double)rows,
                      "settle_to_scan", spent / scan, "peak_kib", (json_int_t)use.ru_maxrss);
        json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
        putchar('\n');
        json_decref(root);
        return EXIT_DONE;
    }
    printf("%llu claims settled in %.2f s (%.2f s of processor time), %ld MiB; %.1f ns a claim, %.1fx the scan of "
           "%.1f "
           "ns\n",
           (unsigned long long)rows, spent / 1e9, cpu / 1e9, use.ru_maxrss / 1024, spent / (double)rows,
           spent / scan, scan / (double)rows);
    return EXIT_DONE;
}
