import COpenSSL
import Glibc

/// A peer that speaks TLS over a blocking socket, by OpenSSL itself and not by the code under test:
/// a client, or an upstream that has accepted a connection.
final class TLSPeer {
    /// How a read ended.
    enum Read: Equatable {
        case bytes([UInt8])
        /// The server said that nothing more comes.
        case closeNotify
        /// The connection ended without it.
        case cut
        /// The server sent an alert, or what is no TLS; the reason.
        case failed(String)
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let peer: RawPeer
    let ssl: OpaquePointer
    private let context: OpaquePointer

    /// Connects; ``handshake()`` is next.
    ///
    /// - Parameters:
    ///   - offers: ALPN's list.
    ///   - set: changes the context before it is used.
    init(
        port: UInt16, offers: StaticString? = nil, certificate: String? = nil,
        set: (OpaquePointer) -> Void = { _ in }
    ) throws {
        // OpenSSL's own sockets write with it.
        signal(SIGPIPE, SIG_IGN)
        peer = try RawPeer(port: port)
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw Failure(description: "no context")
        }
        self.context = context
        // What the tests forbid must be refused by the server, not by this side.
        SSL_CTX_set_security_level(context, 0)
        if let certificate {
            SSL_CTX_use_certificate_chain_file(context, Certificates.file("\(certificate).pem"))
            SSL_CTX_use_PrivateKey_file(
                context, Certificates.file("\(certificate).key"), SSL_FILETYPE_PEM)
        }
        set(context)
        guard let ssl = SSL_new(context) else { throw Failure(description: "no SSL object") }
        self.ssl = ssl
        if let offers {
            SSL_set_alpn_protos(ssl, offers.utf8Start, UInt32(offers.utf8CodeUnitCount))
        }
        SSL_set_connect_state(ssl)
        SSL_set_fd(ssl, peer.descriptor)
    }

    /// The upstream's side of a connection that was accepted; ``handshake()`` is next.
    convenience init(
        accepted peer: RawPeer, certificate: String = "server",
        set: (OpaquePointer) -> Void = { _ in }
    ) throws {
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw Failure(description: "no context")
        }
        defer { SSL_CTX_free(context) }
        SSL_CTX_use_certificate_chain_file(context, Certificates.file("\(certificate).pem"))
        SSL_CTX_use_PrivateKey_file(
            context, Certificates.file("\(certificate).key"), SSL_FILETYPE_PEM)
        set(context)
        try self.init(accepted: peer, context: context)
    }

    /// The same with a context of the test's, which stays the test's.
    init(accepted peer: RawPeer, context: OpaquePointer) throws {
        signal(SIGPIPE, SIG_IGN)
        self.peer = peer
        SSL_CTX_up_ref(context)
        self.context = context
        guard let ssl = SSL_new(context) else { throw Failure(description: "no SSL object") }
        self.ssl = ssl
        SSL_set_accept_state(ssl)
        SSL_set_fd(ssl, peer.descriptor)
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    @discardableResult
    func handshake() throws -> TLSPeer {
        ERR_clear_error()
        guard SSL_do_handshake(ssl) == 1 else { throw Failure(description: Self.reason()) }
        return self
    }

    /// The subject of the server's certificate.
    var serverName: String {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return "" }
        defer { X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 256)
        X509_NAME_oneline(X509_get_subject_name(certificate), &text, Int32(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8($0) }, as: UTF8.self)
    }

    var chosenProtocol: String {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        return String(
            decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    func send(_ bytes: [UInt8]) throws {
        ERR_clear_error()
        guard bytes.isEmpty || SSL_write(ssl, bytes, Int32(bytes.count)) > 0 else {
            throw Failure(description: Self.reason())
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func read(atMost most: Int = 65536) -> Read {
        var bytes = [UInt8](repeating: 0, count: most)
        ERR_clear_error()
        let count = SSL_read(ssl, &bytes, Int32(bytes.count))
        if count > 0 { return .bytes(Array(bytes.prefix(Int(count)))) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_ZERO_RETURN: return .closeNotify
        case SSL_ERROR_SYSCALL: return .cut
        default:
            let reason = Self.reason()
            return reason.contains("unexpected eof") ? .cut : .failed(reason)
        }
    }

    /// Says that nothing more comes.
    func sayEnd() { SSL_shutdown(ssl) }

    /// Reads a request's head.
    @discardableResult
    func request() throws -> String {
        var all: [UInt8] = []
        while all.suffix(4) != Array("\r\n\r\n".utf8) { all += try take(1) }
        return String(decoding: all, as: UTF8.self)
    }

    /// Reads to the end; what came, and how it ended.
    func readAll() -> (text: String, end: Read) {
        var all: [UInt8] = []
        while true {
            let read = read()
            guard case .bytes(let bytes) = read else {
                return (String(decoding: all, as: UTF8.self), read)
            }
            all += bytes
        }
    }

    /// Reads until so many bytes have come.
    func take(_ count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            guard case .bytes(let bytes) = read(atMost: count - all.count) else {
                throw Failure(description: "the end came after \(all.count) of \(count) bytes")
            }
            all += bytes
        }
        return all
    }

    /// Reads a response whose body has a length.
    func response() throws -> (head: String, body: [UInt8]) {
        var all: [UInt8] = []
        while true {
            if let end = all.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: all[..<end.lowerBound], as: UTF8.self)
                    .replacing("\r\n", with: "\n")
                let length = field("content-length", of: head).flatMap { Int($0) } ?? 0
                let rest = length - (all.count - end.upperBound)
                return (head, Array(all[end.upperBound...]) + (rest > 0 ? try take(rest) : []))
            }
            all += try take(1)
        }
    }

    private static func reason() -> String {
        let code = ERR_peek_error()
        ERR_clear_error()
        guard let words = ERR_reason_error_string(code) else { return "errno \(errno)" }
        return String(cString: words)
    }
}
