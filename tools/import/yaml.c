/* SPDX-License-Identifier: Apache-2.0
 *
 * Pieces of YAML, laid out as a person would: short things on one line, long ones folded at about 110 columns. */
#include "import.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 112 };

void yaml_put(struct yaml *yaml, const char *format, ...) {
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (length < 0) {
        out_of_memory();
    }
    if (yaml->capacity - yaml->length <= (size_t)length) {
        yaml->capacity = (yaml->capacity + (size_t)length + 1) * 2;
        yaml->bytes = need(realloc(yaml->bytes, yaml->capacity));
    }
    vsnprintf(yaml->bytes + yaml->length, (size_t)length + 1, format, again);
    va_end(again);
    yaml->length += (size_t)length;
}

void yaml_clear(struct yaml *yaml) {
    free(yaml->bytes);
    *yaml = (struct yaml){.arena = yaml->arena};
}

/* ---- scalars ---- */

/* Must it be written with escapes: control characters, and those that YAML does not print. */
static bool needs_escapes(const char *text) {
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool line = strncmp(text, "\xC2\x85", 2) == 0 || strncmp(text, "\xE2\x80\xA8", 3) == 0 ||
                    strncmp(text, "\xE2\x80\xA9", 3) == 0 || strncmp(text, "\xEF\xBB\xBF", 3) == 0 ||
                    strncmp(text, "\xEF\xBF\xBE", 3) == 0 || strncmp(text, "\xEF\xBF\xBF", 3) == 0;
        if (byte < 0x20 || byte == 0x7F || line || (byte == 0xC2 && (unsigned char)text[1] < 0xA0)) {
            return true;
        }
    }
    return false;
}

static bool needs_quotes(const char *text, bool flow) {
    size_t length = strlen(text);
    if (length == 0 || strchr(" !&*?|>%@`\"'#,[]{}-:~=", text[0]) != NULL || text[length - 1] == ' ' ||
        text[length - 1] == ':') {
        return true;
    }
    return strstr(text, ": ") != NULL || strstr(text, " #") != NULL || strcmp(text, "...") == 0 ||
           (flow && strpbrk(text, ",[]{}") != NULL);
}

/* One character as an escape; its length in bytes. */
static size_t escape(struct yaml *out, const char *text) {
    unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\') {
        yaml_put(out, "\\%c", byte);
        return 1;
    }
    if (byte < 0x20 || byte == 0x7F) {
        yaml_put(out, "\\x%02X", byte);
        return 1;
    }
    size_t bytes = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    char one[5] = {0};
    memcpy(one, text, strnlen(text, bytes));
    if (bytes == 2 || bytes == 3) {
        uint32_t sign = bytes == 2 ? (uint32_t)(byte & 0x1F) << 6 | ((unsigned char)one[1] & 0x3F)
                                   : (uint32_t)(byte & 0x0F) << 12 | ((uint32_t)((unsigned char)one[1] & 0x3F) << 6) |
                                         ((unsigned char)one[2] & 0x3F);
        if (needs_escapes(one)) {
            yaml_put(out, "\\u%04X", sign);
            return bytes;
        }
    }
    yaml_put(out, "%s", one);
    return strlen(one);
}

const char *yaml_scalar(struct arena *arena, const char *text, bool flow) {
    if (!needs_escapes(text) && !needs_quotes(text, flow)) {
        return text;
    }
    struct yaml out = {.arena = arena};
    bool escapes = needs_escapes(text);
    yaml_put(&out, escapes ? "\"" : "'");
    for (const char *at = text; *at != '\0';) {
        if (escapes) {
            at += escape(&out, at);
        } else {
            yaml_put(&out, *at == '\'' ? "''" : "%c", *at);
            at++;
        }
    }
    yaml_put(&out, escapes ? "\"" : "'");
    const char *copy = arena_copy(arena, out.bytes, out.length);
    yaml_clear(&out);
    return copy;
}

/* ---- long texts ---- */

/* Words over lines, each line after `indent` blanks and `prefix`. */
static void put_folded(struct yaml *yaml, int indent, const char *prefix, const char *text) {
    size_t column = 0;
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, " "), blanks = strspn(at + length, " ");
        if (column > 0 && column + length + 1 > WIDTH) {
            yaml_put(yaml, "\n");
            column = 0;
        }
        if (column == 0) {
            yaml_put(yaml, "%*s%s", indent, "", prefix);
            column = (size_t)indent + strlen(prefix);
        } else {
            yaml_put(yaml, " ");
            column++;
        }
        yaml_put(yaml, "%.*s", (int)length, at);
        column += length;
        at += length + blanks;
    }
    yaml_put(yaml, "\n");
}

void yaml_items(struct yaml *yaml, int indent, const char *key, const char *items) {
    if ((size_t)indent + strlen(key) + 2 + strlen(items) <= WIDTH) {
        yaml_put(yaml, "%*s%s: %s\n", indent, "", key, items[0] == '\0' ? "''" : items);
        return;
    }
    yaml_put(yaml, "%*s%s: >-\n", indent, "", key);
    put_folded(yaml, indent + 2, "", items);
}

void yaml_when(struct yaml *yaml, int indent, const struct expression *when) {
    const char *text = expression_text(yaml->arena, when), *scalar = yaml_scalar(yaml->arena, text, false);
    if ((size_t)indent + 6 + strlen(scalar) <= WIDTH) {
        yaml_put(yaml, "%*swhen: %s\n", indent, "", scalar);
        return;
    }
    yaml_put(yaml, "%*swhen: >-\n", indent, "");
    put_folded(yaml, indent + 2, "", text);
}

void yaml_lines(struct yaml *yaml, const char *items) {
    put_folded(yaml, 0, "", items);
}

void yaml_text(struct yaml *yaml, int indent, const char *key, const char *text) {
    const char *scalar = yaml_scalar(yaml->arena, text, false);
    if ((size_t)indent + strlen(key) + 2 + strlen(scalar) <= WIDTH || needs_escapes(text) || strchr(text, ' ') == NULL ||
        text[0] == ' ' || strstr(text, "  ") != NULL || text[strlen(text) - 1] == ' ') {
        yaml_put(yaml, "%*s%s: %s\n", indent, "", key, scalar);
        return;
    }
    yaml_put(yaml, "%*s%s: >-\n", indent, "", key);
    put_folded(yaml, indent + 2, "", text);
}

void yaml_comment(struct yaml *yaml, int indent, const char *text) {
    put_folded(yaml, indent, "# ", text);
}

/* ---- conditions ---- */

const char *codes_text(struct arena *arena, const struct codeset *set, const struct catalogue *catalogue) {
    const char *text = "";
    for (uint32_t c = 0; c < catalogue->count; c++) {
        if (codeset_has(set, c)) {
            text = arena_format(arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ", catalogue->codes[c].text);
        }
    }
    return text;
}

static const char *where_text(unsigned where) {
    switch (where) {
    case WHERE_PRINCIPAL_DIAGNOSIS:
        return "ZYZD";
    case WHERE_OTHER_DIAGNOSES:
        return "QTZD";
    case WHERE_PRINCIPAL_DIAGNOSIS | WHERE_OTHER_DIAGNOSES:
        return "{ZYZD,QTZD}";
    case WHERE_PRINCIPAL_PROCEDURE:
        return "ZYSS";
    case WHERE_OTHER_PROCEDURES:
        return "QTSS";
    default:
        return "{ZYSS,QTSS}";
    }
}

static const char *sign_text(enum compare compare) {
    static const char *const signs[] = {"=", "<", "<=", ">", ">=", "!="};
    return signs[compare];
}

static void put_expression(struct yaml *out, const struct expression *e, bool inside);

static void put_list(struct yaml *out, const struct expression *e, const char *word, bool inside) {
    yaml_put(out, inside ? "(" : "");
    for (size_t i = 0; i < e->count; i++) {
        if (i > 0) {
            yaml_put(out, " %s ", word);
        }
        put_expression(out, e->children[i], true);
    }
    yaml_put(out, inside ? ")" : "");
}

static void put_among(struct yaml *out, const struct expression *e) {
    yaml_put(out, e->count == 1 ? "%s = " : "%s in {", fact_rows[e->fact].word);
    for (size_t i = 0; i < e->count; i++) {
        yaml_put(out, i == 0 ? "%s" : ", %s", e->words[i]);
    }
    yaml_put(out, e->count == 1 ? "" : "}");
}

static void put_in(struct yaml *out, const struct expression *e, const char *word) {
    yaml_put(out, "%s %s %s", where_text(e->where), word, e->set->name);
}

static void put_not(struct yaml *out, const struct expression *inner) {
    if (inner->op == EXPR_IN) {
        put_in(out, inner, "not in");
        return;
    }
    yaml_put(out, "not ");
    put_expression(out, inner, true);
}

static void put_expression(struct yaml *out, const struct expression *e, bool inside) {
    switch (e->op) {
    case EXPR_TRUE:
    case EXPR_FALSE:
        yaml_put(out, e->op == EXPR_TRUE ? "1" : "0");
        break;
    case EXPR_AND:
    case EXPR_OR:
        put_list(out, e, e->op == EXPR_AND ? "and" : "or", inside);
        break;
    case EXPR_NOT:
        put_not(out, e->children[0]);
        break;
    case EXPR_AT_LEAST:
        yaml_put(out, "atleast(%lld", (long long)e->number);
        for (size_t i = 0; i < e->count; i++) {
            yaml_put(out, ", ");
            put_expression(out, e->children[i], false);
        }
        yaml_put(out, ")");
        break;
    case EXPR_IN:
        put_in(out, e, "in");
        break;
    case EXPR_SEVERITY:
        yaml_put(out, "QTZD in %s", e->number == SEVERITY_MCC ? "MCC" : e->number == SEVERITY_CC ? "CC" : "{MCC,CC}");
        break;
    case EXPR_COMPARE:
        yaml_put(out, "%s %s %lld", fact_rows[e->fact].word, sign_text(e->compare), (long long)e->number);
        break;
    case EXPR_AMONG:
        put_among(out, e);
        break;
    case EXPR_COUNT:
        yaml_put(out, "length(%s ∩ %s) %s %lld", e->set->name, where_text(e->where), sign_text(e->compare),
                 (long long)e->number);
        break;
    case EXPR_TOTAL: /* of DIP schemes, which are written by hand */
        yaml_put(out, "%.*s", (int)e->length, e->text);
        break;
    case EXPR_PRESENT:
        yaml_put(out, "present(%s)", fact_rows[e->fact].word);
        break;
    }
}

const char *expression_text(struct arena *arena, const struct expression *when) {
    struct yaml out = {.arena = arena};
    put_expression(&out, when, false);
    const char *text = arena_copy(arena, out.bytes, out.length);
    yaml_clear(&out);
    return text;
}

/* ---- DRGs ---- */

static const char *drg_text(struct arena *arena, const struct step *step, const struct drg *drg,
                            const struct split *splits, size_t count) {
    const struct split *split = splits_of(splits, count, drg->code);
    const char *when = "", *name = "";
    if (split == NULL || expression_hash(split->when) != expression_hash(drg->when)) {
        when = arena_format(arena, ", when: %s", yaml_scalar(arena, expression_text(arena, drg->when), true));
    }
    const char *usual = arena_format(arena, "%s%s", step->name, split != NULL ? split->name : "");
    if (drg->named == NAME_OWN && strcmp(usual, drg->name) != 0) {
        name = arena_format(arena, ", name: %s", yaml_scalar(arena, drg->name, true));
    }
    const char *code = yaml_scalar(arena, drg->code, true);
    return when[0] == '\0' && name[0] == '\0' ? code : arena_format(arena, "{drg: %s%s%s}", code, when, name);
}

void yaml_drgs(struct yaml *yaml, int indent, const struct step *step, const struct split *splits, size_t count) {
    struct yaml line = {.arena = yaml->arena};
    yaml_put(&line, "%*sdrgs: [", indent, "");
    size_t column = line.length;
    for (size_t i = 0; i < step->drg_count; i++) {
        const char *text = drg_text(yaml->arena, step, &step->drgs[i], splits, count);
        bool breaks = i > 0 && column + strlen(text) + 2 > WIDTH;
        if (i > 0) {
            yaml_put(&line, breaks ? ",\n%*s" : ", ", indent + 2, "");
            column = breaks ? (size_t)indent + 2 : column + 2;
        }
        yaml_put(&line, "%s", text);
        column += strlen(text);
    }
    yaml_put(yaml, "%s]\n", line.bytes);
    yaml_clear(&line);
}
