// What comes between a connection and HTTP on it:
//
//   connected   to the proxy: asks it for the upstream by CONNECT     (RFC 9110, 9.3.6)
//   answered    2xx: what follows is the upstream's
//   TLS         with the upstream itself, whoever carries it
//   secured     ALPN has said which HTTP is spoken

import GatewayPrimitives

/// The handshakes of one connection to an upstream. Belongs to its connection, which tells it what
/// happens.
final class UpstreamHandshake {
    /// A proxy's answer has no need to be larger.
    static let headerBytesMax = 16 * 1024
    static let headerCountMax = 64

    private let route: UpstreamRoute
    private let origin: Origin
    private let offers: StaticString
    /// Reads the proxy's answer.
    private var parser: ResponseParser
    private var headers = HeaderList()
    /// Whether the proxy has not answered yet.
    private var isAsking = false

    /// - Parameter offers: ALPN's list.
    init(route: UpstreamRoute, origin: Origin, offers: StaticString) {
        self.route = route
        self.origin = origin
        self.offers = offers
        parser = ResponseParser(
            headerBytesMax: Self.headerBytesMax, headerCountMax: Self.headerCountMax)
    }

    /// How far it has come.
    enum Progress {
        /// More is to come of the peer.
        case incomplete
        /// There is nothing more to agree on: HTTP may begin.
        case complete
        case failed(TransportError)
    }

    /// The connection is made.
    func begin(on socket: BufferedSocket) -> Progress {
        guard let proxy = route.proxy else { return beginTLS(on: socket, with: .empty) }
        isAsking = true
        // An answer that grants has no body, and no other one's is read.
        parser.begin(isHeadRequest: true)
        var request = ByteQueue()
        append(to: &request, proxy)
        socket.send(request.view)
        return .incomplete
    }

    /// Bytes have come in the clear.
    func received(_ bytes: ByteView, on socket: BufferedSocket) -> Progress {
        guard isAsking, let proxy = route.proxy else { return .complete }
        var input = bytes
        do throws(TransportError) {
            guard case .head = try parser.next(&input, headers: &headers) else {
                return .incomplete
            }
        } catch {
            return failed("the proxy \(proxy) does not answer as HTTP/1.1 has it")
        }
        guard (200..<300).contains(parser.status) else {
            return failed(proxy.words(refusing: target, status: parser.status))
        }
        isAsking = false
        return beginTLS(on: socket, with: input)
    }

    /// The TLS handshake is complete: what is spoken.
    static func applicationProtocol(on socket: BufferedSocket) -> ApplicationProtocol {
        socket.security?.applicationProtocol ?? .http1
    }

    /// Remembers for the next connections what is spoken.
    func noteAgreed(_ version: ApplicationProtocol) { route.resumptions?.versionAgreed = version }

    /// The connection has ended before HTTP. `nil` when the address alone is to blame, so that
    /// another may be tried.
    func failure(_ end: SocketEnd) -> TransportError? {
        switch end {
        case .insecure(let failure):
            .connectFailed("\(target) cannot be trusted, or does not speak our TLS: \(failure)")
        case .truncated, .orderly:
            .connectFailed(
                isAsking
                    ? "the proxy before \(target) closed the connection without an answer"
                    : "\(target) closed the connection in the middle of the TLS handshake")
        case .broken: nil
        }
    }

    // MARK: - Steps

    private func beginTLS(on socket: BufferedSocket, with bytes: ByteView) -> Progress {
        switch route.tls {
        case nil: return .complete
        case .failure(let failure): return failed("\(target): \(failure)")
        case .success(let context):
            socket.startTLS(
                context.clientSession(
                    loop: socket.loop, host: origin.host, offers: offers,
                    resumptions: route.resumptions ?? TLSResumptions()),
                with: bytes)
            return .incomplete
        }
    }

    private func append(to request: inout ByteQueue, _ proxy: HTTPProxy) {
        request.append("CONNECT ")
        request.append(text: target)
        request.append(" HTTP/1.1\r\nhost: ")
        request.append(text: target)
        if let authorization = proxy.authorization {
            request.append("\r\nproxy-authorization: ")
            request.append(text: authorization)
        }
        request.append("\r\n\r\n")
    }

    /// The upstream, as CONNECT and people name it.
    private var target: String { origin.authorityWithPort }

    private func failed(_ words: String) -> Progress { .failed(.connectFailed(words)) }
}
