/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading bytes and making them UTF-8. The encoding is decided once, from the first block. */
#include "source.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define AHEAD (256u << 10)

struct source {
    char *path;
    int file;
    gzFile gzip; /* NULL: plain */
    const char *encoding;
    iconv_t converter; /* (iconv_t)-1: none needed */
    char *raw;         /* bytes read and not handed on: raw[raw_at, raw_end) */
    size_t raw_at, raw_end;
    bool ended;
    struct stat first; /* of the file when it was opened */
};

/* ---- UTF-8 ------------------------------------------------------------------------------------------------ */

/* Length of the UTF-8 sequence at `text`, 0 if there is none. */
static size_t sequence(const unsigned char *text, size_t left) {
    if (text[0] < 0x80) {
        return 1;
    }
    if (text[0] >= 0xc2 && text[0] <= 0xdf) {
        return left >= 2 && (text[1] & 0xc0) == 0x80 ? 2 : 0;
    }
    if (text[0] >= 0xe0 && text[0] <= 0xef) {
        bool fine = left >= 3 && (text[1] & 0xc0) == 0x80 && (text[2] & 0xc0) == 0x80 &&
                    !(text[0] == 0xe0 && text[1] < 0xa0) && !(text[0] == 0xed && text[1] >= 0xa0);
        return fine ? 3 : 0;
    }
    if (text[0] >= 0xf0 && text[0] <= 0xf4) {
        bool fine = left >= 4 && (text[1] & 0xc0) == 0x80 && (text[2] & 0xc0) == 0x80 && (text[3] & 0xc0) == 0x80 &&
                    !(text[0] == 0xf0 && text[1] < 0x90) && !(text[0] == 0xf4 && text[1] >= 0x90);
        return fine ? 4 : 0;
    }
    return 0;
}

/* How many bytes there are before the first one beyond ASCII. */
static size_t ascii_run(const unsigned char *bytes, size_t left) {
    size_t i = 0;
#ifdef __SSE2__
    for (; left - i >= 16; i += 16) {
        unsigned high = (unsigned)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)(bytes + i)));
        if (high) {
            return i + (size_t)__builtin_ctz(high);
        }
    }
#endif
    while (i < left && bytes[i] < 0x80) {
        i++;
    }
    return i;
}

bool utf8_valid(const char *text, size_t length, size_t *at) {
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; (i += ascii_run(bytes + i, length - i)) < length;) {
        while (i < length && bytes[i] >= 0x80) {
            size_t used = sequence(bytes + i, length - i);
            if (used == 0) {
                *at = i;
                return false;
            }
            i += used;
        }
    }
    return true;
}

/* ---- which encoding --------------------------------------------------------------------------------------- */

/* Does the block convert? A letter cut off at its end is no fault. */
static bool converts(const char *encoding, const char *text, size_t length) {
    iconv_t converter = iconv_open("UTF-8", encoding);
    if (converter == (iconv_t)-1) {
        return false;
    }
    char scratch[4096];
    char *from = (char *)(uintptr_t)text; /* iconv's prototype lacks the const */
    bool fine = true;
    while (length > 0 && fine) {
        char *to = scratch;
        size_t room = sizeof scratch;
        size_t result = iconv(converter, &from, &length, &to, &room);
        if (result == (size_t)-1 && errno == EINVAL) {
            break;
        }
        fine = result != (size_t)-1 || errno == E2BIG;
    }
    iconv_close(converter);
    return fine;
}

/* Text with Chinese letters in UTF-8 that has a few damaged rows must not be taken for GB18030, where nearly every
 * pair of bytes is a letter: so count what speaks for UTF-8 against what speaks against it. */
static bool looks_like_gb18030(const char *text, size_t length) {
    const unsigned char *bytes = (const unsigned char *)text;
    size_t good = 0, bad = 0;
    for (size_t i = 0; i < length;) {
        size_t used = sequence(bytes + i, length - i);
        if (used == 0 && length - i < 4) {
            break; /* perhaps only cut off */
        }
        bad += used == 0;
        good += used >= 3;
        i += used ? used : 1;
    }
    return bad > good && converts("GB18030", text, length);
}

static const char *find_encoding(struct source *s) {
    const unsigned char *raw = (const unsigned char *)s->raw;
    if (s->raw_end >= 3 && memcmp(raw, "\xef\xbb\xbf", 3) == 0) {
        s->raw_at = 3;
        return "UTF-8";
    }
    if (s->raw_end >= 2 && (memcmp(raw, "\xff\xfe", 2) == 0 || memcmp(raw, "\xfe\xff", 2) == 0)) {
        s->raw_at = 2;
        return raw[0] == 0xff ? "UTF-16LE" : "UTF-16BE";
    }
    size_t at;
    if (utf8_valid(s->raw, s->raw_end, &at) || memchr(s->raw, '\0', s->raw_end) ||
        !looks_like_gb18030(s->raw, s->raw_end)) {
        return "UTF-8";
    }
    return "GB18030";
}

/* ---- bytes ------------------------------------------------------------------------------------------------ */

/* Half a month must not be settled because somebody copied another file over it meanwhile. */
static bool is_unchanged(const struct source *s) {
    struct stat now;
    if (!S_ISREG(s->first.st_mode) || fstat(s->file, &now) != 0 ||
        (now.st_size == s->first.st_size && now.st_mtim.tv_sec == s->first.st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == s->first.st_mtim.tv_nsec)) {
        return true;
    }
    complain("cannot read %s: it was changed while it was read; start again when it is complete",
             strcmp(s->path, "-") == 0 ? "standard input" : s->path);
    return false;
}

static bool read_bytes(struct source *s, char *into, size_t room, size_t *got) {
    *got = 0;
    while (*got < room && !s->ended) {
        size_t want = room - *got < (1u << 30) ? room - *got : (1u << 30);
        ssize_t done = s->gzip ? gzread(s->gzip, into + *got, (unsigned)want) : read(s->file, into + *got, want);
        if (done < 0 && !s->gzip && errno == EINTR) {
            continue;
        }
        int problem = Z_OK;
        if (s->gzip && done <= 0) {
            gzerror(s->gzip, &problem);
        }
        if (done < 0 || (problem != Z_OK && problem != Z_STREAM_END)) {
            bool damaged = s->gzip && problem != Z_ERRNO;
            complain("cannot read %s: %s", strcmp(s->path, "-") == 0 ? "standard input" : s->path,
                     damaged ? "the gzip data is damaged or cut off" : strerror(errno));
            return false;
        }
        s->ended = done == 0;
        *got += (size_t)done;
        if (s->ended && !is_unchanged(s)) {
            return false;
        }
    }
    return true;
}

static bool open_bytes(struct source *s) {
    bool standard_input = strcmp(s->path, "-") == 0;
    s->file = standard_input ? dup(STDIN_FILENO) : open(s->path, O_RDONLY | O_CLOEXEC);
    if (s->file < 0) {
        complain("cannot read %s: %s", standard_input ? "standard input" : s->path, strerror(errno));
        return false;
    }
    if (fstat(s->file, &s->first) != 0) {
        s->first.st_mode = 0;
    }
    unsigned char magic[2];
    ssize_t seen = pread(s->file, magic, 2, 0);
    /* A pipe cannot be looked into: zlib looks, and hands plain bytes on as they are. */
    if (seen < 0 || (seen == 2 && magic[0] == 0x1f && magic[1] == 0x8b)) {
        s->gzip = gzdopen(s->file, "rb");
        if (!s->gzip) {
            out_of_memory();
        }
        gzbuffer(s->gzip, AHEAD);
    }
    return true;
}

struct source *source_open(const char *path, const char *encoding) {
    struct source *s = need(calloc(1, sizeof *s));
    s->path = need(strdup(path));
    s->converter = (iconv_t)-1;
    s->file = -1;
    s->raw = need(malloc(AHEAD));
    if (!open_bytes(s) || !read_bytes(s, s->raw, AHEAD, &s->raw_end)) {
        source_close(s);
        return NULL;
    }
    s->encoding = find_encoding(s);
    if (encoding) {
        s->encoding = encoding;
    }
    if (strcasecmp(s->encoding, "UTF-8") != 0 && strcasecmp(s->encoding, "UTF8") != 0) {
        s->converter = iconv_open("UTF-8", s->encoding);
        if (s->converter == (iconv_t)-1) {
            complain("%s: cannot convert from encoding %s; use utf-8 or gb18030", path, s->encoding);
            source_close(s);
            return NULL;
        }
    }
    return s;
}

/* Hand on bytes as they are. */
static bool read_plain(struct source *s, char *into, size_t room, size_t *got) {
    size_t ready = s->raw_end - s->raw_at < room ? s->raw_end - s->raw_at : room;
    memcpy(into, s->raw + s->raw_at, ready);
    s->raw_at += ready;
    size_t more = 0;
    bool fine = read_bytes(s, into + ready, room - ready, &more);
    *got = ready + more;
    return fine;
}

static bool refill(struct source *s) {
    size_t left = s->raw_end - s->raw_at, more = 0;
    memmove(s->raw, s->raw + s->raw_at, left);
    bool fine = read_bytes(s, s->raw + left, AHEAD - left, &more);
    s->raw_at = 0;
    s->raw_end = left + more;
    return fine;
}

/* A letter that does not convert becomes a byte that is no UTF-8, so that its row is rejected with its line. */
static bool read_converted(struct source *s, char *into, size_t room, size_t *got) {
    char *to = into;
    while (room > 0) {
        if (s->raw_end - s->raw_at < 16 && !s->ended && !refill(s)) {
            return false;
        }
        if (s->raw_at == s->raw_end) {
            break;
        }
        char *from = s->raw + s->raw_at;
        size_t left = s->raw_end - s->raw_at;
        size_t result = iconv(s->converter, &from, &left, &to, &room);
        s->raw_at = s->raw_end - left;
        if (result != (size_t)-1) {
            continue;
        }
        if (errno == E2BIG) {
            break;
        }
        if ((errno == EILSEQ || s->ended) && room > 0) {
            *to++ = (char)0xff;
            room--;
            s->raw_at++;
        }
    }
    *got = (size_t)(to - into);
    return true;
}

bool source_pull(struct source *s, char *into, size_t room, size_t *got) {
    return s->converter == (iconv_t)-1 ? read_plain(s, into, room, got) : read_converted(s, into, room, got);
}

const char *source_encoding(const struct source *s) {
    return s->encoding;
}

void source_close(struct source *s) {
    if (!s) {
        return;
    }
    if (s->converter != (iconv_t)-1) {
        iconv_close(s->converter);
    }
    if (s->gzip) {
        gzclose(s->gzip);
    } else if (s->file >= 0) {
        close(s->file);
    }
    free(s->raw);
    free(s->path);
    free(s);
}
