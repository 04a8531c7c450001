import CLinux
import Glibc

/// A connection between two processes of this machine, for short messages with listening sockets.
///
/// A Unix socket of type SOCK_SEQPACKET: a message comes whole or not at all. For a thread that may
/// block, never for a loop; ``interrupt()`` may be called from any.
public final class HandoverChannel: Sendable {
    /// Sockets with one message.
    public static let socketsMax = Int(GW_DESCRIPTORS_MAX)
    private static let messageBytesMax = 256

    private let descriptor: Int32

    init(takingOwnershipOf descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Connects to the process that listens at a path; `nil` when there is none.
    public static func connect(to path: String) throws(HandoverError) -> HandoverChannel? {
        let channel = HandoverChannel(takingOwnershipOf: try HandoverListener.makeSocket())
        let result = try HandoverListener.withAddress(path) { address, length in
            Glibc.connect(channel.descriptor, address, length)
        }
        if result == 0 { return channel }
        if errno == ENOENT || errno == ECONNREFUSED { return nil }
        throw HandoverError("cannot connect to \(path)", errno)
    }

    /// Bounds the waits of ``send(_:_:)`` and ``receive()``.
    public func limitWaits(toSeconds seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, length)
    }

    /// Sends a message with sockets, which stay open here: the other process gets descriptors of
    /// its own.
    public func send(_ text: String, _ sockets: [ListeningSocket] = []) throws(HandoverError) {
        precondition(sockets.count <= Self.socketsMax, "too many sockets for one message")
        let bytes = Array(text.utf8)
        let descriptors = sockets.map(\.descriptor)
        let sent = gw_send_descriptors(
            descriptor, bytes, bytes.count, descriptors, Int32(descriptors.count))
        // The descriptors are in use until here.
        withExtendedLifetime(sockets) {}
        guard sent == bytes.count else { throw HandoverError("cannot send `\(text)`", errno) }
    }

    /// A message.
    public struct Message: Sendable {
        public let text: String
        public let sockets: [ListeningSocket]
    }

    /// Waits for the next message; `nil` when the other side has closed.
    public func receive() throws(HandoverError) -> Message? {
        var bytes = [UInt8](repeating: 0, count: Self.messageBytesMax)
        var descriptors = [Int32](repeating: -1, count: Self.socketsMax)
        var count: Int32 = 0
        let received = gw_receive_descriptors(
            descriptor, &bytes, bytes.count, &descriptors, &count)
        let code = errno
        var sockets: [ListeningSocket] = []
        var refusal: ListenError?
        for descriptor in descriptors.prefix(Int(count)) {
            do throws(ListenError) {
                sockets.append(try ListeningSocket(takingOwnershipOf: descriptor))
            } catch {
                refusal = error
            }
        }
        if received == 0 || (received < 0 && code == ECONNRESET) { return nil }
        guard received > 0 else { throw HandoverError("no message came", code) }
        if let refusal { throw HandoverError(refusal.description) }
        return Message(
            text: String(decoding: bytes.prefix(received), as: UTF8.self), sockets: sockets)
    }

    /// Ends the waits of this side; the other sees the end.
    public func interrupt() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// A hand-over between processes went wrong; says how.
public struct HandoverError: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    init(_ what: String, _ code: Int32) {
        description = "\(what): \(String(cString: strerror(code)))"
    }
}
