import CZlib
public import GatewayPrimitives

/// Compresses whole pieces of bytes into the gzip format (RFC 1952), one after another.
///
/// It holds a quarter of a megabyte from its first use on, so one serves a whole loop. Used by one
/// task at a time.
public final class GzipDeflater {
    /// Owned: begun at the first use, ended in deinit, and never handed out.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var hasBegun = false

    public init() {}

    deinit {
        if hasBegun { deflateEnd(stream) }
        stream.deallocate()
    }

    /// Appends the compressed form.
    public func deflate(_ bytes: ByteView, into output: inout ByteQueue) {
        begin()
        let room = output.reserve(Int(deflateBound(stream, UInt(bytes.count))))
        // zlib takes the input by a pointer that is not const, and leaves it alone (zlib.h).
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.start)
        stream.pointee.avail_in = UInt32(bytes.count)
        stream.pointee.next_out = room.baseAddress
        stream.pointee.avail_out = UInt32(clamping: room.count)
        let result = CZlib.deflate(stream, Z_FINISH)
        precondition(result == Z_STREAM_END, "deflateBound tells how much room is enough")
        output.commit(Int(stream.pointee.total_out))
    }

    private func begin() {
        if hasBegun {
            deflateReset(stream)
            return
        }
        guard gw_gzip_begin(stream, Limits.gzipLevel) == Z_OK else {
            fatalError("out of memory while preparing to compress")
        }
        hasBegun = true
    }
}
