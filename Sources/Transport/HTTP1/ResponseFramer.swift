import GatewayPrimitives

/// Frames the response of one HTTP/1.1 exchange (RFC 9112, 6 and 7.1): decides how its end is told,
/// and writes the head.
struct ResponseFramer {
    /// How the client learns where the body ends.
    enum Framing: Equatable {
        /// There is no body, whatever is written.
        case none
        /// By the length; this much is still to come.
        case counted(Int)
        case chunked
        /// By the connection's end.
        case untilClose
    }

    private(set) var framing = Framing.none
    /// Whether the head has been staged.
    private(set) var isHeadWritten = false
    /// Whether the end has been staged.
    var isEndWritten = false

    /// Decides on the framing and writes the head.
    ///
    /// A body that is complete already is counted, whatever was announced: it needs no chunks.
    mutating func writeHead(
        of exchange: HTTP1Exchange, isVersion10: Bool, closes: inout Bool,
        into queue: inout ByteQueue
    ) {
        isHeadWritten = true
        decide(exchange, isVersion10: isVersion10)
        if framing == .untilClose { closes = true }
        queue.append("HTTP/1.1 ")
        queue.append(StatusCode.digits(exchange.status))
        queue.append(byte: 0x20)
        queue.append(StatusCode.phrase(exchange.status))
        queue.append("\r\n")
        var index = 0
        while index < exchange.responseHeaders.count {
            queue.append(exchange.responseHeaders.name(at: index))
            queue.append(": ")
            queue.append(exchange.responseHeaders.value(at: index))
            queue.append("\r\n")
            index &+= 1
        }
        writeFraming(of: exchange, closes: closes, into: &queue)
    }

    private mutating func decide(_ exchange: HTTP1Exchange, isVersion10: Bool) {
        if exchange.method == .head || StatusCode.hasNoBody(exchange.status) {
            framing = .none
            return
        }
        switch exchange.body {
        case .none: framing = .counted(0)
        case .known(let count): framing = .counted(count)
        case .untilEnd where exchange.isEnded && exchange.failure == nil:
            framing = .counted(exchange.outbound.count)
        case .untilEnd: framing = isVersion10 ? .untilClose : .chunked
        }
    }

    private func writeFraming(
        of exchange: HTTP1Exchange, closes: Bool, into queue: inout ByteQueue
    ) {
        switch framing {
        case .counted(let count):
            queue.append("content-length: ")
            queue.append(decimal: count)
            queue.append("\r\n")
        case .chunked:
            queue.append("transfer-encoding: chunked\r\n")
        case .none:
            // What a GET would have had (RFC 9110, 9.3.2).
            if case .known(let count) = exchange.body, !StatusCode.hasNoBody(exchange.status) {
                queue.append("content-length: ")
                queue.append(decimal: count)
                queue.append("\r\n")
            }
        case .untilClose:
            break
        }
        if closes { queue.append("connection: close\r\n") }
        queue.append("\r\n")
    }

    /// How many of the waiting bytes belong to the body: no more than were announced.
    mutating func take(_ count: Int) -> Int {
        guard case .counted(let left) = framing else { return framing == .none ? 0 : count }
        let taken = min(left, count)
        framing = .counted(left - taken)
        return taken
    }

    /// Whether the response ended before as many bytes as announced were written.
    var isShort: Bool {
        if case .counted(let left) = framing { return left > 0 }
        return false
    }
}
