import GatewayPrimitives
import Transport

/// Which web pages may call the gateway from a browser (Fetch Standard, "CORS protocol").
///
/// Keys travel in fields that a page sets, never in cookies: credentials in the standard's sense
/// are not allowed, and so the fields that a page may read need no list.
public struct CORSPolicy: Sendable {
    private let origins: [[UInt8]]
    private let allowsAll: Bool

    /// - Parameter origins: each `scheme://host` or `scheme://host:port` as browsers send it, or
    ///   `*` for all.
    public init(origins: [String]) {
        self.origins = origins.map { Array($0.utf8) }
        allowsAll = origins.contains("*")
    }

    /// What a browser remembers an answer for, in seconds; Chromium remembers none for longer.
    private static let maxAgeSeconds = 7200
    /// The longest list of fields that a preflight is answered with.
    private static let fieldsBytesMax = 4096

    /// Adds the fields that let an allowed origin's page read the response. True when the request
    /// was a preflight, which is answered then.
    func apply(to exchange: ServerExchange) -> Bool {
        guard let origin = exchange.requestHeaders.value(of: "origin") else { return false }
        exchange.responseHeaders.append("vary", "origin")
        guard allows(origin) else { return false }
        exchange.responseHeaders.append("access-control-allow-origin", origin)
        if exchange.method == .options,
            let method = exchange.requestHeaders.value(of: "access-control-request-method")
        {
            answerPreflight(exchange, method)
            return true
        }
        exchange.responseHeaders.append(
            "access-control-expose-headers",
            """
            grpc-status, grpc-message, grpc-status-details-bin, grpc-encoding, content-encoding, \
            connect-content-encoding, retry-after, x-request-id, x-litellm-call-id, *
            """)
        return false
    }

    private func allows(_ origin: ByteView) -> Bool {
        if allowsAll { return true }
        return origins.contains { allowed in
            allowed.withUnsafeBufferPointer {
                ByteView(start: $0.baseAddress, count: $0.count).equals(origin)
            }
        }
    }

    /// Whatever fields a page wants to send it may: what they say is checked as for any client.
    private func answerPreflight(_ exchange: ServerExchange, _ method: ByteView) {
        switch HTTPMethod(method) {
        case .other: break
        default: exchange.responseHeaders.append("access-control-allow-methods", method)
        }
        if let fields = exchange.requestHeaders.value(of: "access-control-request-headers"),
            fields.count <= Self.fieldsBytesMax
        {
            exchange.responseHeaders.append("access-control-allow-headers", fields)
        }
        exchange.responseHeaders.append("access-control-max-age", decimal: Self.maxAgeSeconds)
        exchange.responseHeaders.append(
            "vary", "access-control-request-method, access-control-request-headers")
        exchange.sendHead(status: 204, body: .none)
        exchange.end()
    }
}
