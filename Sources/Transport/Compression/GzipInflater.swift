import CZlib
public import GatewayPrimitives

/// Undoes the gzip format (RFC 1952) for whole pieces of bytes, one after another.
///
/// It holds some forty kilobytes from its first use on, so one serves a whole loop. Used by one
/// task at a time.
public final class GzipInflater {
    /// Owned: begun at the first use, ended in deinit, and never handed out.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var hasBegun = false

    /// Why compressed bytes are not taken.
    public enum Fault: Error, Equatable, Sendable {
        /// They are not the gzip format, or end too early.
        case malformed
        /// They stand for more than the bound.
        case tooLarge
    }

    public init() {}

    deinit {
        if hasBegun { inflateEnd(stream) }
        stream.deallocate()
    }

    /// Appends what the bytes stand for, which is at most `bytesMax`: a small input can stand for a
    /// thousand times its size, so that output is made step by step and never beyond the bound.
    /// Several members one after another are taken, as RFC 1952 has it. After a fault the output
    /// is as it was.
    public func inflate(
        _ bytes: ByteView, bytesMax: Int, into output: inout ByteQueue
    ) throws(Fault) {
        begin()
        let start = output.count
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.start)
        stream.pointee.avail_in = UInt32(bytes.count)
        var fault: Fault?
        repeat {
            let left = bytesMax - (output.count - start)
            // One byte more than is allowed tells that there is more.
            let step = min(left + 1, Limits.inflateStepBytes)
            let room = output.reserve(step)
            stream.pointee.next_out = room.baseAddress
            stream.pointee.avail_out = UInt32(step)
            let result = CZlib.inflate(stream, Z_NO_FLUSH)
            let count = step - Int(stream.pointee.avail_out)
            output.commit(min(count, left))
            if count > left {
                fault = .tooLarge
            } else if result == Z_STREAM_END {
                if stream.pointee.avail_in == 0 { return }
                inflateReset(stream)
            } else if result != Z_OK {
                fault = .malformed
            }
        } while fault == nil
        output.truncate(to: start)
        throw fault ?? .malformed
    }

    private func begin() {
        if hasBegun {
            inflateReset(stream)
            return
        }
        guard gw_gunzip_begin(stream) == Z_OK else {
            fatalError("out of memory while preparing to undo compression")
        }
        hasBegun = true
    }
}
