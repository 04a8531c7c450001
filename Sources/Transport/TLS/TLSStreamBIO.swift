import COpenSSL
import GatewayPrimitives
import Glibc

/// What OpenSSL reads ciphertext from and writes it to: the bytes lent to a ``TLSSession``, and its
/// loop's queue. A memory BIO would do the same with a copy more each way, and would keep its
/// memory for as long as the connection.
///
/// Each function is a thunk without captures, which finds its session by the BIO's data.
enum TLSStreamBIO {
    /// Safe from any thread: written once, then only read by OpenSSL.
    nonisolated(unsafe) private static let method: OpaquePointer? = makeMethod()

    /// Gives an SSL object its ends. `user` is the session, which owns the SSL object and so
    /// outlives the BIO.
    static func attach(to ssl: OpaquePointer, user: UnsafeMutableRawPointer) {
        let bio = BIO_new(method)
        precondition(bio != nil, "out of memory for a TLS connection")
        BIO_set_data(bio, user)
        BIO_set_init(bio, 1)
        // One reference serves both ends (SSL_set_bio(3)).
        SSL_set_bio(ssl, bio, bio)
    }

    private static func makeMethod() -> OpaquePointer? {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        let method = BIO_meth_new(type, "llm-gateway stream")
        precondition(method != nil, "out of memory for the TLS streams' method")
        BIO_meth_set_read(method) { bio, buffer, count in
            guard let bio, let buffer, count > 0 else { return 0 }
            BIO_clear_flags(bio, gw_BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY)
            let taken = TLSStreamBIO.with(bio) { $0.giveInput(to: buffer, atMost: Int(count)) }
            if taken > 0 { return Int32(taken) }
            // Nothing there is not the end: BIO_should_retry(3).
            BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
            return -1
        }
        BIO_meth_set_write(method) { bio, bytes, count in
            guard let bio, let bytes, count > 0 else { return 0 }
            let start = UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self)
            TLSStreamBIO.with(bio) { $0.takeOutput(ByteView(start: start, count: Int(count))) }
            return count
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return method
    }

    @inline(__always)
    private static func with<Result>(
        _ bio: OpaquePointer, _ body: (TLSSession) -> Result
    ) -> Result {
        // Safe: the session frees the BIO, with its SSL object, before it goes.
        let user = BIO_get_data(bio).unsafelyUnwrapped
        return Unmanaged<TLSSession>.fromOpaque(user)._withUnsafeGuaranteedRef(body)
    }
}
