// A small C face of simdjson's DOM parser.
//
// The document is simdjson's tape (its doc/tape.md): one 64-bit word a node, the type in the high
// byte and a payload below. The functions that read it are inline, so that Swift reads a value
// without a call. Nothing here throws, and nothing but the parser allocates.
#ifndef GW_CSIMDJSON_H
#define GW_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A parser and the document it last read.
typedef struct gw_json_parser gw_json_parser;

/// Where the last document is. Both change with every parse; the struct itself stays in place.
typedef struct {
    const uint64_t *tape;
    const uint8_t *strings;
} gw_json_document;

/// A node of a document, by its place on the tape.
typedef struct {
    const gw_json_document *document;
    uint64_t index;
} gw_json_value;

/// Text of a document, without its quotes and escapes; not for the length's sake terminated.
typedef struct {
    const uint8_t *start;
    size_t count;
} gw_json_text;

/// A place among the members or elements of a node.
typedef struct {
    uint64_t index;
    uint64_t end;
} gw_json_cursor;

/// Bytes of the source, from the first to behind the last.
typedef struct {
    size_t begin;
    size_t end;
} gw_json_span;

/// A place among the members of the outermost object in the source.
typedef struct {
    size_t token;
} gw_json_span_cursor;

/// How many readable bytes must lie behind every source.
enum { gw_json_slack = 64 };

/// A parser of sources up to `bytes_max`, nested at most `depth_max` deep; null without memory.
gw_json_parser *gw_json_create(size_t bytes_max, size_t depth_max);
void gw_json_destroy(gw_json_parser *parser);

/// The document of the parser, empty before the first parse.
const gw_json_document *gw_json_get_document(const gw_json_parser *parser);

/// Reads a source. False if it is not JSON or over a bound; then there is no document.
bool gw_json_parse(gw_json_parser *parser, const uint8_t *source, size_t count);

/// Frees what the parser holds if it has grown beyond sources of `bytes`.
void gw_json_shrink(gw_json_parser *parser, size_t bytes);

/// The next member of the outermost object of the source last read without error: where its key
/// (with quotes) and its value stand. False behind the last.
bool gw_json_next_span(
    const gw_json_parser *parser, const uint8_t *source, gw_json_span_cursor *cursor,
    gw_json_span *key, gw_json_span *value);

/// The node's type: one of `{ [ " l u d t f n` (l: int64, u: uint64 above int64, d: double).
static inline uint8_t gw_json_type(gw_json_value value) {
    return (uint8_t)(value.document->tape[value.index] >> 56);
}

static inline uint64_t gw_json_payload(const gw_json_document *document, uint64_t index) {
    return document->tape[index] & 0x00FFFFFFFFFFFFFFull;
}

/// The text of a `"` node.
static inline gw_json_text gw_json_get_text(gw_json_value value) {
    const uint8_t *at =
        value.document->strings + gw_json_payload(value.document, value.index);
    uint32_t count;
    memcpy(&count, at, sizeof count);
    gw_json_text text = {at + sizeof count, count};
    return text;
}

/// The number of an `l` or `u` node, as its bits.
static inline uint64_t gw_json_get_bits(gw_json_value value) {
    return value.document->tape[value.index + 1];
}

/// The number of a `d` node.
static inline double gw_json_get_double(gw_json_value value) {
    double number;
    memcpy(&number, &value.document->tape[value.index + 1], sizeof number);
    return number;
}

/// The place behind a node.
static inline uint64_t gw_json_behind(const gw_json_document *document, uint64_t index) {
    switch (document->tape[index] >> 56) {
    case '{':
    case '[':
        return document->tape[index] & 0xFFFFFFFFull;
    case 'l':
    case 'u':
    case 'd':
        return index + 2;
    default:
        return index + 1;
    }
}

/// How many members or elements a `{` or `[` node has; at most 0xFFFFFF is told.
static inline uint64_t gw_json_get_count(gw_json_value value) {
    return (value.document->tape[value.index] >> 32) & 0xFFFFFFull;
}

/// A cursor before the first member or element of a `{` or `[` node.
static inline gw_json_cursor gw_json_begin(gw_json_value value) {
    gw_json_cursor cursor = {
        value.index + 1, (value.document->tape[value.index] & 0xFFFFFFFFull) - 1};
    return cursor;
}

/// The value of the first member with a key. False if there is none. `value` is a `{` node.
static inline bool gw_json_find(
    gw_json_value value, const uint8_t *key, size_t count, gw_json_value *found) {
    const gw_json_document *document = value.document;
    gw_json_cursor cursor = gw_json_begin(value);
    while (cursor.index < cursor.end) {
        gw_json_value name = {document, cursor.index};
        gw_json_text text = gw_json_get_text(name);
        if (text.count == count && memcmp(text.start, key, count) == 0) {
            found->document = document;
            found->index = cursor.index + 1;
            return true;
        }
        cursor.index = gw_json_behind(document, cursor.index + 1);
    }
    return false;
}

#ifdef __cplusplus
}
#endif

#endif
