/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows to cases to results. Reading is one worker at a time, and so is writing. A worker takes the next chunk,
 * works it off and puts the result on a shelf; if nobody is writing, it writes what is next in order. So nobody
 * waits for a slower one unless the shelf is full. */
#include "batch.h"

#include "command.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A place for the result of a chunk that waits to be written. */
struct place {
    struct done done;
    bool full;
};

/* Between the workers of one input. */
struct line {
    pthread_mutex_t reading;
    uint64_t taken;          /* chunks taken, under `reading` */
    pthread_mutex_t writing; /* for all below */
    pthread_cond_t turn;     /* a place became free */
    struct place *shelf;     /* chunk n has place n % places */
    unsigned places;
    uint64_t written; /* chunks written */
    bool busy;        /* somebody is writing: the output, the counts and what follows are theirs */
    bool failed;      /* reading or writing failed; a message was given */
    uint64_t lines;   /* physical lines written off */
    struct timespec shown;
    bool progress;
};

/* ---- one row ---------------------------------------------------------------------------------------------- */

void worker_reject(struct worker *w, const struct csv_row *row, uint32_t column, const char *reason) {
    struct done *done = &w->done;
    if (done->reject_count == done->reject_room) {
        done->reject_room = done->reject_room ? 2 * done->reject_room : 64;
        done->rejects = need(reallocarray(done->rejects, done->reject_room, sizeof *done->rejects));
    }
    done->rejects[done->reject_count++] = (struct reject){row->line + 1, column, reason};
}

static void reject_case(struct worker *w, const struct csv_row *row, casemix_result result) {
    if (result == CASEMIX_BAD_CASE) {
        worker_reject(w, row, (uint32_t)(fact_column(&w->batch->map, "dx") + 1), "too many codes in one case");
    } else {
        worker_reject(w, row, 0, "the case cannot be grouped");
    }
}

void worker_chunk(struct worker *w, const char *bytes, size_t size) {
    const struct batch *batch = w->batch;
    struct csv_row row;
    w->done.out.size = 0;
    w->done.reject_count = 0;
    w->done.rows = 0;
    csv_start(&w->cursor, bytes, size, false);
    while (csv_next(&w->cursor, &row)) {
        w->done.rows++;
        if (row.fault != CSV_FINE) {
            worker_reject(w, &row, row.column + 1, csv_fault_text(row.fault));
            continue;
        }
        set_facts(w->one, &batch->map, row.fields);
        casemix_result result = casemix_group(w->context, w->one, &w->grouping);
        if (result != CASEMIX_OK) {
            reject_case(w, &row, result);
            continue;
        }
        batch->row(w, &row);
    }
    w->done.lines = w->cursor.line;
    w->done.blank = w->cursor.blank;
}

/* ---- chunk after chunk ------------------------------------------------------------------------------------ */

static void show_progress(struct batch *batch, struct line *line) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t passed =
        (int64_t)(now.tv_sec - line->shown.tv_sec) * 1000 + (now.tv_nsec - line->shown.tv_nsec) / 1000000;
    if (passed >= 500) {
        fprintf(stderr, "\r%llu rows", (unsigned long long)batch->in);
        line->shown = now;
    }
}

static bool write_chunk(struct batch *batch, struct done *done, struct line *line) {
    bool fine = !batch->out || output_write(batch->out, done->out.data, done->out.size);
    for (size_t i = 0; i < done->reject_count && fine; i++) {
        done->rejects[i].line += line->lines;
        fine = rejects_tell(batch->rejects, batch->input, &done->rejects[i]);
    }
    line->lines += done->lines;
    batch->in += done->rows;
    batch->done += done->rows - done->reject_count;
    batch->rejected += done->reject_count;
    batch->blank += done->blank;
    if (line->progress) {
        show_progress(batch, line);
    }
    return fine;
}

/* Write what stands on the shelf, in order, unless somebody does so already. `writing` is held, but not meanwhile.
 */
static void write_shelf(struct batch *batch, struct line *line) {
    if (line->busy) {
        return;
    }
    line->busy = true;
    for (struct place *place; !line->failed && (place = &line->shelf[line->written % line->places])->full;) {
        pthread_mutex_unlock(&line->writing);
        bool fine = write_chunk(batch, &place->done, line);
        pthread_mutex_lock(&line->writing);
        line->failed |= !fine;
        place->full = false;
        line->written++;
        pthread_cond_broadcast(&line->turn);
    }
    line->busy = false;
}

/* Give the result away, for the buffers of one that was written. false: the run has failed. */
static bool put_on_shelf(struct batch *batch, struct worker *w, struct line *line, uint64_t number) {
    pthread_mutex_lock(&line->writing);
    while (number - line->written >= line->places && !line->failed) {
        pthread_cond_wait(&line->turn, &line->writing);
    }
    if (!line->failed) {
        struct place *place = &line->shelf[number % line->places];
        struct done given = w->done;
        w->done = place->done;
        *place = (struct place){given, true};
        write_shelf(batch, line);
    }
    bool fine = !line->failed;
    pthread_mutex_unlock(&line->writing);
    return fine;
}

static bool take_chunk(struct batch *batch, struct worker *w, struct line *line, uint64_t *number) {
    pthread_mutex_lock(&line->reading);
    *number = line->taken++;
    bool fine = input_chunk(batch->input, &w->chunk);
    pthread_mutex_unlock(&line->reading);
    if (!fine) {
        w->chunk.size = 0;
        pthread_mutex_lock(&line->writing);
        line->failed = true;
        pthread_cond_broadcast(&line->turn);
        pthread_mutex_unlock(&line->writing);
    }
    return fine && w->chunk.size > 0;
}

static void *work(void *argument) {
    struct worker *w = argument;
    struct batch *batch = (struct batch *)(uintptr_t)w->batch;
    struct line *line = batch->line;
    uint64_t number;
    bool fine = true;
    while (fine && take_chunk(batch, w, line, &number)) {
        worker_chunk(w, w->chunk.bytes, w->chunk.size);
        fine = put_on_shelf(batch, w, line, number);
    }
    return NULL;
}

static void done_free(struct done *done) {
    buffer_free(&done->out);
    free(done->rejects);
}

static bool run_workers(struct batch *batch) {
    /* Enough places that a thread which loses its processor for a moment does not stop the others. */
    struct line line = {.progress = isatty(STDERR_FILENO),
                        .lines = batch->input->line,
                        .places = batch->threads > 1 ? 4 * batch->threads : 1};
    line.shelf = need(calloc(line.places, sizeof *line.shelf));
    pthread_mutex_init(&line.reading, NULL);
    pthread_mutex_init(&line.writing, NULL);
    pthread_cond_init(&line.turn, NULL);
    batch->line = &line;
    pthread_t *threads = need(calloc(batch->threads, sizeof *threads));
    unsigned started = 1; /* worker 0 works on this thread */
    while (started < batch->threads &&
           pthread_create(&threads[started], NULL, work, &batch->workers[started]) == 0) {
        started++;
    }
    work(&batch->workers[0]);
    for (unsigned i = 1; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    for (unsigned i = 0; i < line.places; i++) {
        done_free(&line.shelf[i].done);
    }
    free(line.shelf);
    batch->line = NULL;
    pthread_cond_destroy(&line.turn);
    pthread_mutex_destroy(&line.writing);
    pthread_mutex_destroy(&line.reading);
    if (line.progress) {
        fputs("\r\033[K", stderr);
    }
    return !line.failed;
}

/* ---- from start to end ------------------------------------------------------------------------------------ */

static bool has_dip(const casemix_image *image) {
    for (uint32_t i = 0; i < casemix_scheme_count(image); i++) {
        if (casemix_scheme_kind_at(image, i) == CASEMIX_SCHEME_DIP) {
            return true;
        }
    }
    return false;
}

struct batch batch_of(const struct options *o, const casemix_image *image, batch_row *row) {
    return (struct batch){.image = image,
                          .scheme = o->scheme,
                          .clinical = o->clinical,
                          .any_date = o->any_date,
                          .tells_scheme = casemix_scheme_count(image) > 1,
                          .tells_dip = has_dip(image),
                          .map_file = o->map,
                          .encoding = o->encoding,
                          .threads = o->threads,
                          .row = row};
}

char *put_demonstration(char *at, const struct batch *b, casemix_text scheme) {
    if (!b->tells_demonstration) {
        return at;
    }
    bool one = !b->tells_scheme || is_demonstration(b->image, scheme.text, b->policy);
    return put_bytes(at, ",1", one ? 2 : 1);
}

int batch_start(struct batch *batch) {
    const size_t size = batch->threads * sizeof *batch->workers;
    note_demonstration(batch->image, batch->scheme, batch->policy);
    batch->workers = memset(need(aligned_alloc(_Alignof(struct worker), size)), 0, size);
    for (unsigned i = 0; i < batch->threads; i++) {
        struct worker *w = &batch->workers[i];
        w->batch = batch;
        w->one = need(casemix_case_new());
        int code = open_context(batch->image, batch->scheme, batch->policy, batch->clinical, &w->context);
        if (code != EXIT_DONE) {
            return code;
        }
        casemix_context_any_date(w->context, batch->any_date);
        casemix_error error = {0};
        if (batch->settles && casemix_settlement_new(w->context, &w->settlement, &error) != CASEMIX_OK) {
            complain("%s", error.message);
            return EXIT_IO;
        }
    }
    return EXIT_DONE;
}

int batch_run(struct batch *batch, const char *path, batch_opened *opened) {
    int code = (batch->again ? input_open_again : input_open)(path, batch->encoding, &batch->input);
    if (code == EXIT_DONE) {
        code = map_facts(batch->input, batch->map_file, batch->own, &batch->map);
    }
    if (code == EXIT_DONE && opened) {
        code = opened(batch);
    }
    if (code == EXIT_DONE) {
        uint64_t before = batch->in;
        batch->blank += batch->input->blank;
        for (unsigned i = 0; i < batch->threads; i++) {
            casemix_case_clear(batch->workers[i].one);
            csv_cursor_free(&batch->workers[i].cursor);
            csv_cursor_init(&batch->workers[i].cursor, batch->input->separator, batch->input->columns);
        }
        code = run_workers(batch) ? EXIT_DONE : EXIT_IO;
        if (code == EXIT_DONE && batch->in == before && !batch->again) {
            complain("%s: there are no rows after the heading", batch->input->name);
        }
    }
    fact_map_free(&batch->map);
    input_close(batch->input);
    batch->input = NULL;
    return code;
}

/* The heading comes when the input turned out to have one: no half results after a message. */
static int write_heading(struct batch *batch) {
    return output_write(batch->out, batch->heading, strlen(batch->heading)) ? EXIT_DONE : EXIT_IO;
}

static bool open_outputs(struct batch *batch, const struct options *o) {
    char *path = o->rejects ? need(strdup(o->rejects)) : NULL;
    if (!path && o->output && strcmp(o->output, "-") != 0 && strncmp(o->output, "/dev/", 5) != 0) {
        path = rejects_path(o->output);
    }
    batch->out = output_open(o->output);
    bool fine = batch->out && rejects_open(batch->rejects, path, false);
    free(path);
    return fine;
}

int batch_to_file(struct batch *batch, const struct options *o, const char *heading) {
    struct rejects rejects = {0};
    batch->rejects = &rejects;
    batch->heading = heading;
    bool to_screen = !o->output || strcmp(o->output, "-") == 0;
    if (to_screen && o->rejects && strcmp(o->rejects, "-") == 0) {
        return wrong_use(o, "result and rejects cannot both go to standard output; name a file for one");
    }
    if (o->word_count == 0 && isatty(STDIN_FILENO)) {
        return wrong_use(o, "say which cases: INPUT.csv, or - to read what is typed");
    }
    int code = batch_start(batch);
    if (code == EXIT_DONE) {
        code = open_outputs(batch, o) ? EXIT_DONE : EXIT_IO;
    }
    if (code == EXIT_DONE) {
        code = batch_run(batch, o->word_count ? o->words[0] : "-", write_heading);
    }
    if (code != EXIT_DONE) {
        output_abandon(batch->out);
        rejects_abandon(&rejects);
        return code;
    }
    bool fine = output_close(batch->out);
    if (!fine) {
        rejects_abandon(&rejects);
    } else if ((fine = rejects_close(&rejects))) {
        print_balance(batch->in, batch->done, batch->rejected, batch->blank);
    }
    return fine ? EXIT_DONE : EXIT_IO;
}

void batch_free(struct batch *batch) {
    for (unsigned i = 0; batch->workers && i < batch->threads; i++) {
        struct worker *w = &batch->workers[i];
        casemix_settlement_free(w->settlement);
        casemix_case_free(w->one);
        casemix_context_free(w->context);
        csv_cursor_free(&w->cursor);
        chunk_free(&w->chunk);
        done_free(&w->done);
    }
    free(batch->workers);
    batch->workers = NULL;
}
