// The way of the bytes of a connection that speaks TLS:
//
//   in    the socket's bytes are lent to the session; `decrypt()` takes records out of them into
//         the loop's buffer until none is whole; what is left of one stays with OpenSSL
//   out   `encrypt(_:)` makes records at the end of the loop's queue, which leaves in one send
//
// OpenSSL never sees the socket. Handshake, tickets, key updates and alerts take the same two ways.

import COpenSSL
import GatewayPrimitives
import Glibc

/// One connection's TLS, and the owner of its SSL object.
///
/// Belongs to its connection and its loop, and is used on the loop's thread only.
final class TLSSession {
    /// How a step of the handshake ended.
    enum Progress {
        case complete
        /// The peer has the next word.
        case incomplete
        case failed(TLSFailure)
    }

    /// Why ``TLSSession/decrypt()`` stopped.
    enum Pause {
        /// The buffer is full; there is more.
        case full
        /// No whole record is left.
        case incomplete
        /// The peer has said that nothing more comes (close_notify).
        case closed
        case failed(TLSFailure)
    }

    private let ssl: OpaquePointer
    /// Kept for what OpenSSL's callbacks refer to.
    private let context: TLSContext
    private unowned(unsafe) let loop: EventLoop
    /// Ciphertext of the socket that OpenSSL has not taken.
    private(set) var input = ByteView.empty
    private var handshakeBytes = 0
    private(set) var isHandshakeComplete = false
    private var isCloseSent = false
    private var hasFailed = false
    private var postHandshakeMessages = 0
    private var postHandshakeSince: MonotonicTime
    private var isFlooded = false
    /// Where a client's sessions are kept for the next connection; the server's side has none.
    let resumptions: TLSResumptions?

    /// - Parameter takingOwnershipOf: an SSL object whose role is set, and which has no BIO.
    init(
        takingOwnershipOf ssl: OpaquePointer, context: TLSContext, loop: EventLoop,
        resumptions: TLSResumptions? = nil
    ) {
        self.ssl = ssl
        self.context = context
        self.loop = loop
        self.resumptions = resumptions
        postHandshakeSince = loop.now
        // Safe: the SSL object, and with it the BIO, is freed before the session goes.
        let user = Unmanaged.passUnretained(self).toOpaque()
        SSL_set_ex_data(ssl, 0, user)
        TLSStreamBIO.attach(to: ssl, user: user)
    }

    deinit {
        // Else OpenSSL would take a connection that was cut for a reason not to resume its session.
        if !hasFailed { SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        SSL_free(ssl)
    }

    /// The session that an SSL object belongs to, in callbacks.
    static func of(_ ssl: OpaquePointer?) -> TLSSession? {
        // Safe: callbacks come out of calls of the session that owns the object.
        SSL_get_ex_data(ssl, 0).map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: - Ciphertext

    /// Lends what the socket has received; valid until the next bytes are lent, or
    /// ``forgetInput()``.
    func lend(_ bytes: ByteView) {
        input = bytes
        if !isHandshakeComplete { handshakeBytes += bytes.count }
    }

    func forgetInput() { input = .empty }

    func giveInput(to buffer: UnsafeMutablePointer<CChar>, atMost count: Int) -> Int {
        let taken = min(count, input.count)
        guard taken > 0, let start = input.start else { return 0 }
        memcpy(buffer, start, taken)
        input = input.dropping(first: taken)
        return taken
    }

    func takeOutput(_ bytes: ByteView) { loop.ciphertext.append(bytes) }

    // MARK: - Handshake

    /// Goes on with the handshake; for a client's side, with nothing lent, begins it.
    func handshake() -> Progress {
        guard handshakeBytes <= Limits.handshakeBytesMax else {
            hasFailed = true
            return .failed(
                TLSFailure("the handshake is longer than \(Limits.handshakeBytesMax) bytes"))
        }
        OpenSSLError.clear()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            isHandshakeComplete = true
            return .complete
        }
        if SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ { return .incomplete }
        hasFailed = true
        return .failed(failure())
    }

    /// Whether an earlier session was resumed.
    var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// What both sides have agreed to speak; `nil` when the client did not ask.
    var applicationProtocol: ApplicationProtocol? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        return ApplicationProtocol(name: ByteView(start: name, count: Int(count)))
    }

    /// The peer's certificate, which has been verified; `nil` when it gave none.
    func peerCertificate() -> PeerCertificate? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        return PeerCertificate(reading: certificate)
    }

    /// A peer's handshake message after the handshake: each costs more than a record of data.
    func notePostHandshakeMessage() {
        guard isHandshakeComplete else { return }
        if loop.now.since(postHandshakeSince) > Limits.postHandshakeInterval {
            postHandshakeSince = loop.now
            postHandshakeMessages = 0
        }
        postHandshakeMessages += 1
        guard postHandshakeMessages > Limits.postHandshakeMessagesMax else { return }
        // OpenSSL goes on as long as there is input.
        isFlooded = true
        input = .empty
    }

    // MARK: - Data

    /// Decrypts what is lent, into the loop's buffer; the bytes are valid until the next call of
    /// any session of the loop.
    func decrypt() -> (bytes: ByteView, pause: Pause) {
        let room = loop.plaintextBuffer
        let start = room.baseAddress.unsafelyUnwrapped
        var filled = 0
        var pause = Pause.full
        while filled < room.count {
            OpenSSLError.clear()
            var count = 0
            let result = SSL_read_ex(ssl, start + filled, room.count - filled, &count)
            if isFlooded {
                pause = fail(TLSFailure("the peer sent handshake messages without end"))
                break
            }
            guard result == 1 else {
                pause = reasonOfPause(result)
                break
            }
            filled += count
        }
        let bytes = start.assumingMemoryBound(to: UInt8.self)
        return (ByteView(start: bytes, count: filled), pause)
    }

    private func reasonOfPause(_ result: Int32) -> Pause {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: .incomplete
        case SSL_ERROR_ZERO_RETURN: .closed
        default: fail(failure())
        }
    }

    private func fail(_ failure: TLSFailure) -> Pause {
        hasFailed = true
        return .failed(failure)
    }

    /// Makes records of the bytes at the end of the loop's queue. Only after the handshake. Returns
    /// why it could not, which ends the connection.
    func encrypt(_ bytes: ByteView) -> TLSFailure? {
        guard let start = bytes.start, bytes.count > 0 else { return nil }
        OpenSSLError.clear()
        var written = 0
        // The queue takes all, and renegotiation is off, so there is nothing to wait for.
        if SSL_write_ex(ssl, start, bytes.count, &written) == 1 { return nil }
        hasFailed = true
        return failure()
    }

    /// Says that nothing more comes, at the end of the loop's queue; once, and not after a failure
    /// (SSL_shutdown(3)).
    func sendClose() {
        guard isHandshakeComplete, !hasFailed, !isCloseSent else { return }
        isCloseSent = true
        OpenSSLError.clear()
        SSL_shutdown(ssl)
        OpenSSLError.clear()
    }

    /// What went wrong, after OpenSSL has said that something did.
    private func failure() -> TLSFailure {
        let verification = SSL_get_verify_result(ssl)
        guard verification == X509_V_OK || !context.verifiesServers else {
            OpenSSLError.clear()
            return TLSVerification.failure(code: verification)
        }
        let reason = OpenSSLError.take()
        // What OpenSSL says of a record whose beginning is the beginning of a text.
        let isText = ["wrong version number", "packet length too long", "http request"]
        guard !context.isServer, isText.contains(reason) else { return TLSFailure(reason) }
        return TLSFailure("\(reason): where TLS is not spoken, the address begins with http://")
    }
}
