#include <string.h>
#include <zlib.h>

// The two that begin are macros. 15 is the largest window; 16 more asks for gzip's frame.

/// Begins to compress into the gzip format; returns Z_OK or what went wrong.
static inline int gw_gzip_begin(z_stream *stream, int level) {
    memset(stream, 0, sizeof *stream);
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

/// The same for what is open for long: a window of 4 KiB and small tables, 32 KiB in all where the
/// largest take 256.
static inline int gw_gzip_stream_begin(z_stream *stream, int level) {
    memset(stream, 0, sizeof *stream);
    return deflateInit2(stream, level, Z_DEFLATED, 12 + 16, 5, Z_DEFAULT_STRATEGY);
}

/// Begins to read the gzip format; returns Z_OK or what went wrong.
static inline int gw_gunzip_begin(z_stream *stream) {
    memset(stream, 0, sizeof *stream);
    return inflateInit2(stream, 15 + 16);
}
