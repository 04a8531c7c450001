// The part of the face that needs C++. simdjson reports errors by value; only allocation can
// throw, and every function that allocates is noexcept in simdjson or caught here.
#include "CSimdJSON.h"

#include <simdjson.h>

#include <new>

using namespace simdjson;

static_assert(
    static_cast<size_t>(gw_json_slack) >= SIMDJSON_PADDING, "sources need more bytes behind them");

struct gw_json_parser {
    dom::parser parser;
    gw_json_document document;
    size_t bytes_max;
    size_t depth_max;

    gw_json_parser(size_t bytes_max_, size_t depth_max_)
        : parser(bytes_max_), document{nullptr, nullptr}, bytes_max(bytes_max_),
          depth_max(depth_max_) {}
};

namespace {

/// The least a parser makes room for: most chunks and replies fit without growing step by step.
constexpr size_t capacity_least = 4096;

bool make_room(gw_json_parser *self, size_t count) noexcept {
    if (count <= self->parser.capacity()) { return true; }
    size_t wanted = capacity_least;
    while (wanted < count) { wanted *= 2; }
    if (wanted > self->bytes_max) { wanted = self->bytes_max; }
    return self->parser.allocate(wanted, self->depth_max) == SUCCESS;
}

size_t trim(const uint8_t *source, size_t begin, size_t end) noexcept {
    while (end > begin) {
        uint8_t byte = source[end - 1];
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') { break; }
        --end;
    }
    return end;
}

}  // namespace

extern "C" gw_json_parser *gw_json_create(size_t bytes_max, size_t depth_max) {
    try {
        return new gw_json_parser(bytes_max, depth_max);
    } catch (...) {
        return nullptr;
    }
}

extern "C" void gw_json_destroy(gw_json_parser *parser) { delete parser; }

extern "C" const gw_json_document *gw_json_get_document(const gw_json_parser *parser) {
    return &parser->document;
}

extern "C" bool gw_json_parse(gw_json_parser *self, const uint8_t *source, size_t count) {
    self->document = {nullptr, nullptr};
    if (count == 0 || count > self->bytes_max) { return false; }
    try {
        if (!make_room(self, count)) { return false; }
        // realloc_if_needed is off: the caller promises readable bytes behind the source.
        dom::element root;
        if (self->parser.parse(source, count, false).get(root) != SUCCESS) { return false; }
    } catch (...) {
        return false;
    }
    self->document = {self->parser.doc.tape.get(), self->parser.doc.string_buf.get()};
    return true;
}

extern "C" void gw_json_shrink(gw_json_parser *self, size_t bytes) {
    if (self->parser.capacity() <= bytes) { return; }
    self->document = {nullptr, nullptr};
    try {
        self->parser = dom::parser(self->bytes_max);
    } catch (...) {
    }
}

// Stage 1 leaves the offset of every token: brackets, colons, commas, and the first byte of each
// string, number and literal. The value of a member begins at the token behind its colon and ends
// before the next comma, or the last bracket, of the outermost level, without the blanks there.
extern "C" bool gw_json_next_span(
    const gw_json_parser *self, const uint8_t *source, gw_json_span_cursor *cursor,
    gw_json_span *key, gw_json_span *value) {
    const auto &implementation = *self->parser.implementation;
    const uint32_t *tokens = implementation.structural_indexes.get();
    size_t count = implementation.n_structural_indexes;
    size_t at = cursor->token;
    if (at == 0) {
        if (count == 0 || source[tokens[0]] != '{') { return false; }
        at = 1;
    }
    if (at + 2 >= count || source[tokens[at]] != '"') { return false; }
    key->begin = tokens[at];
    key->end = trim(source, tokens[at], tokens[at + 1]);
    value->begin = tokens[at + 2];
    size_t depth = 0;
    for (at += 2; at < count; ++at) {
        uint8_t byte = source[tokens[at]];
        if (byte == '{' || byte == '[') {
            ++depth;
        } else if (depth == 0 && (byte == ',' || byte == '}')) {
            value->end = trim(source, value->begin, tokens[at]);
            cursor->token = at + 1;
            return true;
        } else if (byte == '}' || byte == ']') {
            --depth;
        }
    }
    return false;
}
