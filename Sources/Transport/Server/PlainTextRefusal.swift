import GatewayPrimitives

/// Answers a client that speaks in the clear where TLS is spoken: says so in its own protocol, and
/// closes.
final class PlainTextRefusal: ServerWire {
    private static let sentence: StaticString =
        "This port speaks TLS: the request was sent in plain text. Call it by https://.\n"

    private let isHTTP2: Bool
    private var isStaged = false
    private var isFinished = false
    private var droppedBytes = 0
    private let since: MonotonicTime

    /// Whether a connection that begins with this byte is not TLS but text: a record of TLS begins
    /// with its type, which is a control character (RFC 8446, 5.1).
    static func isPlainText(firstByte: UInt8) -> Bool { firstByte >= 0x20 && firstByte < 0x7F }

    /// - Parameter bytes: the first that came.
    init(connection: ServerConnection, to bytes: ByteView) {
        isHTTP2 = bytes.hasPrefix("PRI ")
        since = connection.loop.now
        super.init(connection: connection)
        connection.requireCheck(by: since.advanced(by: Limits.timeoutLinger))
        loop.markDirty(connection)
    }

    override func received(_ bytes: ByteView) {
        droppedBytes += bytes.count
        if droppedBytes > Limits.lingerBytesMax { connection.close(.closed) }
    }

    override func flush() {
        guard !connection.hasPending, !isFinished else { return }
        if !isStaged {
            isStaged = true
            server.scratch.clear()
            if isHTTP2 { appendGoAway() } else { appendResponse() }
            connection.stage(server.scratch.view)
            connection.sendStaged()
        }
        guard !connection.hasPending, !connection.isClosed else { return }
        isFinished = true
        connection.finishSending()
    }

    private func appendResponse() {
        server.scratch.append("HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8")
        server.scratch.append("\r\nconnection: close\r\ncontent-length: ")
        server.scratch.append(decimal: Self.sentence.utf8CodeUnitCount)
        server.scratch.append("\r\n\r\n")
        server.scratch.append(Self.sentence)
    }

    /// Empty SETTINGS, then GOAWAY with INADEQUATE_SECURITY and the sentence (RFC 9113, 6.5, 6.8).
    private func appendGoAway() {
        let count = UInt8(8 + Self.sentence.utf8CodeUnitCount)
        server.scratch.append(array: [0, 0, 0, 4, 0, 0, 0, 0, 0])
        server.scratch.append(array: [0, 0, count, 7, 0, 0, 0, 0, 0])
        server.scratch.append(array: [0, 0, 0, 0, 0, 0, 0, 0x0C])
        server.scratch.append(Self.sentence)
    }

    override func lost(_ error: TransportError) {}

    override func beginDrain() {}

    override func checkDeadlines() -> MonotonicTime {
        let end = since.advanced(by: Limits.timeoutLinger)
        if end <= loop.now { connection.close(.closed) }
        return end
    }
}
