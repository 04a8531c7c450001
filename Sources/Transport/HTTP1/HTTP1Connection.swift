import GatewayPrimitives
import Glibc

/// The HTTP/1.1 server's side of one connection (RFC 9112): one request after another, pipelined
/// ones waiting in a bounded queue until the response before them is complete.
///
/// Belongs to its connection's loop.
final class HTTP1Connection: ServerWire {
    /// Where in a request the input stands.
    private enum Phase {
        case startLine
        case fields
        case body(bytesLeft: Int)
        case chunkedBody
        /// The request is complete, its response is not.
        case response
        /// The last response is on its way; what still comes is dropped (RFC 9112, 9.6).
        case closing
    }

    /// How the end of the response is told.
    private enum Framing {
        case none
        case known
        case chunked
        case close
    }

    private var phase = Phase.startLine
    private var lines: FieldLines
    private var chunks = ChunkedDecoder()
    private var head = RequestHead()
    private let exchange: HTTP1Exchange
    private var isServing = false
    private var isStarted = false
    /// Bytes of later requests.
    private var pipelined = ByteQueue()
    /// Body bytes received for which the handler has not made room.
    private var untakenBytes = 0
    /// Heads of responses that wait for the flush.
    private var output = ByteQueue()
    private var framing = Framing.none
    private var isEndSent = false
    /// Whether this response is the connection's last.
    private var isLast = false
    private var isDraining = false
    private var hasSentContinue = false
    private var idleSince: MonotonicTime
    /// When the head began that is not complete.
    private var headBegunAt: MonotonicTime?
    private var closingSince: MonotonicTime?

    override init(connection: ServerConnection) {
        let limits = connection.server.limits
        lines = FieldLines(
            bytesMax: limits.headerBytesMax, countMax: limits.headerCountMax, what: "header")
        exchange = HTTP1Exchange(loop: connection.server.loop, limits: limits)
        idleSince = connection.server.loop.now
        super.init(connection: connection)
        exchange.connection = self
    }

    // MARK: - Reading

    override func received(_ bytes: ByteView) {
        var input = bytes
        take(&input)
    }

    private func take(_ input: inout ByteView) {
        do throws(RequestHead.Refusal) {
            try parse(&input)
        } catch {
            return refuse(error)
        }
        startIfReady()
    }

    private func parse(_ input: inout ByteView) throws(RequestHead.Refusal) {
        while !input.isEmpty && !connection.isClosed {
            switch phase {
            case .startLine: try takeStartLine(&input)
            case .fields: try takeFields(&input)
            case .body(let bytesLeft): takeBody(&input, bytesLeft)
            case .chunkedBody: try takeChunks(&input)
            case .response:
                pipelined.append(input)
                if pipelined.count > Limits.pipelinedBytesMax { connection.pauseReading() }
                return
            case .closing: return
            }
        }
    }

    private func takeStartLine(_ input: inout ByteView) throws(RequestHead.Refusal) {
        if headBegunAt == nil {
            headBegunAt = loop.now
            connection.requireCheck(by: loop.now.advanced(by: limits.timeoutHeaders))
        }
        guard let line = try unwrap({ () throws(TransportError) in try lines.startLine(&input) })
        else { return }
        // An empty line before a request is passed over (RFC 9112, 2.2).
        if line.isEmpty { return }
        head = RequestHead()
        try head.take(line, method: &exchange.method, target: &exchange.targetBytes)
        phase = .fields
    }

    private func takeFields(_ input: inout ByteView) throws(RequestHead.Refusal) {
        let isComplete = try unwrap { () throws(TransportError) in
            try lines.read(&input, into: &exchange.requestHeaders)
        }
        guard isComplete else { return }
        try head.take(exchange.requestHeaders)
        headBegunAt = nil
        isServing = true
        isLast = !head.keepsAlive || isDraining
        exchange.receivedAt = loop.now
        switch head.body {
        case .none: completeRequest()
        case .known(let length): phase = .body(bytesLeft: length)
        case .chunked: phase = .chunkedBody
        }
        if !exchange.isRequestComplete {
            connection.requireCheck(by: loop.now.advanced(by: limits.timeoutBody))
        }
    }

    private func takeBody(_ input: inout ByteView, _ bytesLeft: Int) {
        let count = min(bytesLeft, input.count)
        append(input[0..<count])
        input = input.dropping(first: count)
        if count == bytesLeft {
            completeRequest()
        } else {
            phase = .body(bytesLeft: bytesLeft - count)
        }
    }

    private func takeChunks(_ input: inout ByteView) throws(RequestHead.Refusal) {
        let step = try unwrap { () throws(TransportError) in try chunks.next(&input) }
        switch step {
        case .data(let bytes): append(bytes)
        case .needsMore: break
        case .end: completeRequest()
        }
    }

    private func append(_ bytes: ByteView) {
        exchange.inbound.append(bytes)
        untakenBytes += bytes.count
        if untakenBytes > limits.inboundHighWaterBytes { connection.pauseReading() }
        exchange.wakeReader()
    }

    private func completeRequest() {
        exchange.isRequestComplete = true
        phase = .response
        exchange.wakeReader()
    }

    /// Turns an error of a parser into an answer.
    private func unwrap<Value: ~Copyable>(
        _ parse: () throws(TransportError) -> Value
    ) throws(RequestHead.Refusal) -> Value {
        do throws(TransportError) {
            return try parse()
        } catch .tooLarge {
            throw RequestHead.Refusal(
                status: isServing ? 400 : 431, words: "The request's head or framing is too large.")
        } catch {
            throw RequestHead.Refusal(
                status: 400, words: "The request breaks the rules of HTTP/1.1.")
        }
    }

    // MARK: - The exchange

    /// Starts the handler, when all that has come of the request has been taken in.
    private func startIfReady() {
        guard isServing, !isStarted, !connection.isClosed else { return }
        isStarted = true
        let handler = server.handler
        let exchange = exchange
        loop.spawn {
            await handler.handle(exchange)
            exchange.isHandled = true
            exchange.connection?.handled()
        }
    }

    private func handled() {
        if !exchange.isEnded { exchange.reset(.internalError) }
        finishIfComplete()
    }

    func inboundTaken(_ count: Int) {
        untakenBytes = max(0, untakenBytes - count)
        if untakenBytes <= limits.inboundHighWaterBytes / 2 { connection.resumeReading() }
    }

    func awaitsBody() {
        connection.resumeReading()
        guard head.expectsContinue, !hasSentContinue, !exchange.isHeadSent,
            exchange.inbound.isEmpty
        else { return }
        hasSentContinue = true
        output.append("HTTP/1.1 100 Continue\r\n\r\n")
        loop.markDirty(connection)
    }

    func sendHead(status: Int, body: ResponseBody) {
        output.append("HTTP/1.1 ")
        output.append(StatusCode.digits(status))
        output.append(byte: 0x20)
        output.append(StatusCode.phrase(status))
        output.append("\r\n")
        for index in 0..<exchange.responseHeaders.count {
            output.append(exchange.responseHeaders.name(at: index))
            output.append(": ")
            output.append(exchange.responseHeaders.value(at: index))
            output.append("\r\n")
        }
        switch body {
        case .none:
            framing = .none
            if status >= 200 && status != 204 && status != 304 {
                output.append("content-length: 0\r\n")
            }
        case .known(let count):
            framing = .known
            output.append("content-length: ")
            output.append(decimal: count)
            output.append("\r\n")
        case .untilEnd where head.isHTTP10:
            framing = .close
            isLast = true
        case .untilEnd:
            framing = exchange.method == .head ? .none : .chunked
            output.append("transfer-encoding: chunked\r\n")
        }
        // A request whose rest is not wanted ends its connection.
        if !exchange.isRequestComplete || isDraining { isLast = true }
        if isLast {
            output.append("connection: close\r\n")
        } else if head.isHTTP10 {
            output.append("connection: keep-alive\r\n")
        }
        output.append("\r\n")
        loop.markDirty(connection)
    }

    func outboundChanged() { loop.markDirty(connection) }

    /// The exchange is broken off: in this version only the connection's end can tell.
    func reset() { connection.close(.closed) }

    // MARK: - Sending

    override func flush() {
        guard !connection.hasPending else { return }
        if !output.isEmpty {
            connection.stage(output.view)
            output.clear()
        }
        if exchange.isHeadSent && !isEndSent {
            stageBody()
            if exchange.isEnded {
                isEndSent = true
                if framing == .chunked { connection.stage(ByteView("0\r\n\r\n")) }
            }
        }
        connection.sendStaged()
        guard !connection.isClosed else { return }
        exchange.outboundTaken()
        if connection.hasPending {
            connection.requireCheck(by: loop.now.advanced(by: limits.timeoutWriteStall))
        } else {
            finishIfComplete()
        }
    }

    /// All that waits is one chunk.
    private func stageBody() {
        let count = exchange.outbound.count
        guard count > 0 else { return }
        if framing == .chunked {
            server.scratch.clear()
            server.scratch.append(hexadecimal: count)
            server.scratch.append("\r\n")
            connection.stage(server.scratch.view)
        }
        connection.stage(exchange.outbound.view)
        if framing == .chunked { connection.stage(ByteView("\r\n")) }
        exchange.outbound.consume(count)
    }

    /// Goes on to the next request, or to the end of the connection, when the response has left and
    /// the handler has returned.
    private func finishIfComplete() {
        guard !connection.isClosed, !connection.hasPending else { return }
        if case .closing = phase { return beginClosing() }
        guard isEndSent, exchange.isHandled else { return }
        if isLast || !exchange.isRequestComplete { return beginClosing() }
        renew()
        guard !pipelined.isEmpty else { return connection.resumeReading() }
        var waiting = ByteQueue()
        swap(&waiting, &pipelined)
        connection.resumeReading()
        var input = waiting.view
        take(&input)
    }

    private func renew() {
        exchange.recycle()
        exchange.isHandled = false
        isServing = false
        isStarted = false
        isEndSent = false
        hasSentContinue = false
        untakenBytes = 0
        framing = .none
        lines.reset()
        chunks.reset()
        phase = .startLine
        idleSince = loop.now
        connection.requireCheck(by: idleSince.advanced(by: limits.timeoutIdle))
    }

    // MARK: - The end

    /// Answers what is no request, and closes.
    private func refuse(_ refusal: RequestHead.Refusal) {
        guard !connection.isClosed else { return }
        phase = .closing
        if !exchange.isHeadSent {
            let words = ByteView(refusal.words)
            output.append("HTTP/1.1 ")
            output.append(StatusCode.digits(refusal.status))
            output.append(byte: 0x20)
            output.append(StatusCode.phrase(refusal.status))
            output.append("\r\ncontent-type: text/plain\r\ncontent-length: ")
            output.append(decimal: words.count)
            output.append("\r\nconnection: close\r\n\r\n")
            output.append(words)
        }
        isEndSent = true
        if isServing { exchange.fail(.malformed("\(refusal.words)")) }
        loop.markDirty(connection)
    }

    /// Closes this side and waits a little for the client's: a socket that is closed with unread
    /// bytes resets the connection and may take the response with it (RFC 9112, 9.6).
    private func beginClosing() {
        guard closingSince == nil else { return }
        phase = .closing
        closingSince = loop.now
        pipelined.release()
        connection.resumeReading()
        shutdown(connection.descriptor, Int32(SHUT_WR))
        connection.requireCheck(by: loop.now.advanced(by: Limits.timeoutLinger))
    }

    override func lost(_ error: TransportError) {
        exchange.connection = nil
        if isServing { exchange.fail(error) }
    }

    override func beginDrain() {
        isDraining = true
        if case .startLine = phase, headBegunAt == nil, pipelined.isEmpty, !connection.hasPending {
            connection.close(.closed)
        }
    }

    // MARK: - Time

    override func checkDeadlines() -> MonotonicTime {
        let now = loop.now
        if connection.hasPending {
            let end = connection.lastSendProgress.advanced(by: limits.timeoutWriteStall)
            if end <= now { connection.close(.timedOut(.writeStall)) }
            return end
        }
        if let closingSince {
            let end = closingSince.advanced(by: Limits.timeoutLinger)
            if end <= now { connection.close(.closed) }
            return end
        }
        switch phase {
        case .startLine, .fields:
            guard let headBegunAt else {
                let end = idleSince.advanced(by: limits.timeoutIdle)
                if end <= now { connection.close(.closed) }
                return end
            }
            let end = headBegunAt.advanced(by: limits.timeoutHeaders)
            if end <= now {
                refuse(RequestHead.Refusal(status: 408, words: "The head came too slowly."))
            }
            return end > now ? end : now.advanced(by: Limits.timeoutLinger)
        case .body, .chunkedBody:
            guard !exchange.isHeadSent else { return now.advanced(by: limits.timeoutWriteStall) }
            let end = exchange.receivedAt.advanced(by: limits.timeoutBody)
            if end <= now {
                refuse(RequestHead.Refusal(status: 408, words: "The body came too slowly."))
            }
            return end > now ? end : now.advanced(by: Limits.timeoutLinger)
        case .response, .closing:
            return now.advanced(by: limits.timeoutWriteStall)
        }
    }
}
