import CZlib
import GatewayPrimitives

/// Compresses one body into the gzip format (RFC 1952) while it is made: what is given to it can be
/// read by the client at once, at the price of some bytes for each piece.
///
/// It holds some 35 KB while the body is open. Used by one task at a time.
final class StreamDeflater {
    /// Owned: begun with the object, ended in deinit, and never handed out.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var scratch = ByteQueue()

    init() {
        guard gw_gzip_stream_begin(stream, Limits.gzipLevel) == Z_OK else {
            fatalError("out of memory while preparing to compress")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Appends the compressed form of what a closure appends, up to a boundary of its own.
    func append(_ fill: (inout ByteQueue) -> Void, to output: inout ByteQueue) {
        scratch.clear()
        fill(&scratch)
        append(scratch.view, to: &output)
        scratch.release(above: Limits.pendingKeptBytes)
    }

    /// Appends the compressed form of bytes, up to a boundary of its own.
    func append(_ bytes: ByteView, to output: inout ByteQueue) {
        guard !bytes.isEmpty else { return }
        deflate(bytes, Z_SYNC_FLUSH, into: &output)
    }

    /// Appends the end of the body. Nothing may be appended after it.
    func finish(into output: inout ByteQueue) { deflate(.empty, Z_FINISH, into: &output) }

    /// Runs until zlib has no more to say: it has room left then (zlib.h, deflate).
    private func deflate(_ bytes: ByteView, _ flush: Int32, into output: inout ByteQueue) {
        // zlib takes the input by a pointer that is not const, and leaves it alone (zlib.h).
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.start)
        stream.pointee.avail_in = UInt32(bytes.count)
        repeat {
            let room = output.reserve(Limits.deflateStepBytes)
            stream.pointee.next_out = room.baseAddress
            stream.pointee.avail_out = UInt32(Limits.deflateStepBytes)
            let result = CZlib.deflate(stream, flush)
            precondition(result != Z_STREAM_ERROR, "a body is compressed after its end")
            output.commit(Limits.deflateStepBytes - Int(stream.pointee.avail_out))
        } while stream.pointee.avail_out == 0
    }
}
