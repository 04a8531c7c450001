import GatewayPrimitives

/// A client's connection that speaks HTTP/1.1 or 1.0 (RFC 9112).
///
/// One request at a time: a pipelined one waits, unparsed, until the response before it has been
/// sent and its handler has returned. Trailers of responses are not sent; who needs them speaks
/// HTTP/2.
final class HTTP1Connection: ServerWire {
    /// What the connection is doing.
    private enum Phase {
        /// No request, or not all of its head.
        case head
        /// A request is being served; its body may not be complete.
        case serving
        /// Everything has been sent; what the client sends is dropped until it closes.
        case lingering
    }

    /// Whether the client was told to send the body that it holds back.
    private enum Continuation {
        case none
        case wanted
        case sent
    }

    private var phase = Phase.head
    private var parser: RequestParser
    private var exchange: HTTP1Exchange
    private var framer = ResponseFramer()
    /// Received and not parsed: pipelined requests.
    private var input = ByteQueue()
    /// Whether the handler has returned.
    private var isHandled = false
    /// Whether the connection closes after the present response.
    private var closes = false
    /// Whether the handler broke off, or the request did: what was written is sent, but not an end.
    private var isBrokenOff = false
    private var refusal: RequestRefusal?
    private var continuation = Continuation.none
    /// Bytes of the body that the handler has not taken.
    private var untakenBytes = 0
    /// Bytes of bodies dropped after their response.
    private var droppedBytes = 0
    /// When the present phase began; of a head of which something has come, when it began to come.
    private var since: MonotonicTime
    /// Whether a head is being waited for with the timeout of heads, not of idle connections.
    private var isHeadAwaited = true

    override init(connection: ServerConnection) {
        since = connection.acceptedAt
        let limits = connection.server.limits
        parser = RequestParser(
            headerBytesMax: limits.headerBytesMax, headerCountMax: limits.headerCountMax)
        exchange = HTTP1Exchange(loop: connection.loop, limits: limits)
        super.init(connection: connection)
        exchange.connection = self
        exchange.peerCertificate = connection.peerCertificate
    }

    override var isMidResponse: Bool {
        phase == .serving && framer.isHeadWritten && (!framer.isEndWritten || isBrokenOff)
    }

    // MARK: - Reading

    override func received(_ bytes: ByteView) {
        if phase == .lingering { return drop(bytes.count) }
        if input.isEmpty {
            var rest = bytes
            parse(&rest)
            if !connection.isClosed { input.append(rest) }
        } else {
            input.append(bytes)
            parseInput()
        }
        if input.count > Limits.pipelinedBytesMax && !connection.isClosed {
            connection.pauseReading()
        }
    }

    /// Parses what waits, now that it may be parsed.
    private func parseInput() {
        var rest = input.view
        let before = rest.count
        parse(&rest)
        input.consume(before - rest.count)
        updateReading()
    }

    /// Parses until the input or the present request ends; then starts the handler, so that it
    /// finds all of the body that has come.
    private func parse(_ input: inout ByteView) {
        var begins = false
        // A head may have been refused, or the connection closed, from below.
        loop: while phase != .lingering, refusal == nil, !exchange.isRequestComplete {
            do {
                switch try parser.next(
                    &input, headers: &exchange.requestHeaders, target: &exchange.targetBytes)
                {
                case .head:
                    begins = true
                    begin()
                case .body(let bytes):
                    takeBody(bytes)
                case .needsMore:
                    break loop
                case .end:
                    exchange.isRequestComplete = true
                    parser.copyTrailers(to: &exchange.requestTrailers)
                    exchange.wakeReader()
                }
            } catch {
                refuse(error)
            }
        }
        if begins && refusal == nil {
            startHandler()
        } else if phase == .head && parser.hasBegun && refusal == nil {
            headArrives()
        } else if exchange.isRequestComplete {
            loop.markDirty(connection)
        }
    }

    private func begin() {
        phase = .serving
        exchange.method = parser.method
        exchange.receivedAt = loop.now
        identify(exchange)
        since = loop.now
        if !parser.keepsAlive { closes = true }
    }

    private func startHandler() {
        if !exchange.isRequestComplete {
            connection.requireCheck(
                by: since.advanced(by: min(limits.timeoutBody, limits.timeoutBodyStall)))
        }
        let handler = server.handler
        let exchange = exchange
        loop.spawn {
            await handler.handle(exchange)
            exchange.connection?.handled()
        }
        updateReading()
    }

    private func headArrives() {
        guard !isHeadAwaited else { return }
        isHeadAwaited = true
        since = loop.now
        connection.requireCheck(by: since.advanced(by: limits.timeoutHeaders))
    }

    private func takeBody(_ bytes: ByteView) {
        if framer.isEndWritten || isHandled || exchange.failure != nil {
            droppedBytes += bytes.count
            if droppedBytes > Limits.droppedBodyBytesMax {
                closes = true
                loop.markDirty(connection)
            }
            return
        }
        exchange.receivedBytes += bytes.count
        exchange.inbound.append(bytes)
        untakenBytes += bytes.count
        exchange.wakeReader()
        updateReading()
    }

    /// Reads the client as long as there is room for what it sends.
    private func updateReading() {
        guard !connection.isClosed else { return }
        if (untakenBytes >= limits.inboundHighWaterBytes && !framer.isEndWritten)
            || input.count > Limits.pipelinedBytesMax
        {
            connection.pauseReading()
        } else {
            connection.resumeReading()
        }
    }

    private func drop(_ count: Int) {
        exchange.receivedBytes += count
        if exchange.receivedBytes > limits.unwantedBodyBytesMax { connection.close(.closed) }
    }

    /// The request breaks the rules: answers that, unless a response has begun, and closes.
    private func refuse(_ refusal: RequestRefusal) {
        self.refusal = refusal
        closes = true
        if phase == .serving {
            isBrokenOff = true
            exchange.fail(.malformed("\(refusal.sentence)"))
        } else {
            phase = .serving
            isHandled = true
        }
        loop.markDirty(connection)
    }

    // MARK: - For the exchange

    func responseChanged() { loop.markDirty(connection) }

    func inboundTaken(_ count: Int) {
        untakenBytes -= min(count, untakenBytes)
        if connection.isReadingPaused { updateReading() }
    }

    /// The handler waits for the body: the client may wait for being asked for it (RFC 9110,
    /// 10.1.1).
    func awaitsBody() {
        guard parser.expectsContinue, exchange.status == 0, exchange.inbound.isEmpty,
            continuation == .none
        else { return }
        continuation = .wanted
        loop.markDirty(connection)
    }

    /// The handler breaks the response off.
    func breakOff() {
        isBrokenOff = true
        closes = true
        loop.markDirty(connection)
    }

    /// The handler has returned.
    func handled() {
        isHandled = true
        if !exchange.isEnded { exchange.reset(.internalError) }
        loop.markDirty(connection)
    }

    // MARK: - Sending

    override func flush() {
        if connection.hasPending { return }
        if phase == .serving {
            stageContinue()
            stageResponse()
            connection.sendStaged()
        }
        guard !connection.isClosed else { return }
        if connection.hasPending {
            return connection.requireCheck(by: loop.now.advanced(by: limits.timeoutWriteStall))
        }
        finishIfComplete()
    }

    private func stageContinue() {
        guard continuation == .wanted, exchange.status == 0, refusal == nil else { return }
        continuation = .sent
        connection.stage(ByteView("HTTP/1.1 100 Continue\r\n\r\n"))
    }

    private func stageResponse() {
        guard !framer.isEndWritten else { return }
        // The exchange's own status: one that has failed may have been given a head in vain.
        if let refusal, exchange.status == 0 { return stageRefusal(refusal) }
        guard exchange.status > 0 else { return }
        if !framer.isHeadWritten {
            if (exchange.isEnded && !canDropRest) || server.isDraining { closes = true }
            server.scratch.clear()
            framer.writeHead(
                of: exchange, isVersion10: parser.isVersion10, closes: &closes,
                into: &server.scratch)
            connection.stage(server.scratch.view)
        }
        stageBody()
        if exchange.isEnded && !isBrokenOff && !connection.isClosed {
            if framer.framing == .chunked { connection.stage(ByteView("0\r\n\r\n")) }
            // The client counts on more: it must learn that there is none.
            if framer.isShort { isBrokenOff = true }
            framer.isEndWritten = true
        }
    }

    private func stageBody() {
        let count = framer.take(exchange.outbound.count)
        if count > 0 {
            let bytes = exchange.outbound.view[0..<count]
            if framer.framing == .chunked {
                server.scratch.clear()
                server.scratch.append(hexadecimal: count)
                server.scratch.append("\r\n")
                connection.stage(server.scratch.view)
                connection.stage(bytes)
                connection.stage(ByteView("\r\n"))
            } else {
                connection.stage(bytes)
            }
        }
        // What is beyond the announced length is dropped: the client could not tell it from a
        // further response.
        exchange.outbound.clear()
        exchange.outboundTaken()
    }

    private func stageRefusal(_ refusal: RequestRefusal) {
        let sentence = ByteView(refusal.sentence)
        server.scratch.clear()
        server.scratch.append("HTTP/1.1 ")
        server.scratch.append(StatusCode.digits(refusal.status))
        server.scratch.append(byte: 0x20)
        server.scratch.append(StatusCode.phrase(refusal.status))
        server.scratch.append(
            "\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: ")
        server.scratch.append(decimal: sentence.count + 1)
        server.scratch.append("\r\n\r\n")
        server.scratch.append(sentence)
        server.scratch.append("\n")
        connection.stage(server.scratch.view)
        framer.isEndWritten = true
    }

    // MARK: - After a response

    /// Whether the rest of the request is little enough to be read and dropped.
    private var canDropRest: Bool {
        exchange.isRequestComplete
            || (!parser.isChunked && parser.bytesLeft <= Limits.droppedBodyBytesMax
                && (!parser.expectsContinue || continuation == .sent))
    }

    private func finishIfComplete() {
        guard phase == .serving, !connection.hasPending, !connection.isClosed else { return }
        if isBrokenOff && (refusal == nil || exchange.status > 0) {
            return connection.close(.closed)
        }
        guard framer.isEndWritten else { return }
        if closes || !canDropRest { return linger() }
        if !exchange.isRequestComplete { return updateReading() }
        if isHandled { nextRequest() }
    }

    /// Closes, but lets the client read the response first if it may still be sending: to close
    /// with unread bytes is to reset (RFC 9112, 9.6).
    private func linger() {
        if exchange.isRequestComplete && input.isEmpty && refusal == nil {
            return connection.close(.closed)
        }
        phase = .lingering
        input.release()
        exchange.fail(.closed)
        connection.finishSending()
        connection.resumeReading()
        since = loop.now
        connection.requireCheck(by: exchange.beginUnwanted(now: since))
    }

    private func nextRequest() {
        phase = .head
        isHeadAwaited = false
        isHandled = false
        continuation = .none
        untakenBytes = 0
        droppedBytes = 0
        framer = ResponseFramer()
        exchange.renew()
        parser.begin()
        since = loop.now
        if server.isDraining { requireDrainCheck() }
        if input.isEmpty { updateReading() } else { parseInput() }
    }

    // MARK: - The end

    override func lost(_ error: TransportError) {
        exchange.connection = nil
        exchange.fail(error)
    }

    /// A client that has not been told that the connection closes may be sending its next request:
    /// that is answered, and told so. Only who sends none for a while is closed.
    override func beginDrain() {
        if phase == .head { requireDrainCheck() }
    }

    override func expireExchanges() { if phase == .serving { exchange.expire() } }

    private func requireDrainCheck() {
        connection.requireCheck(by: loop.now.advanced(by: limits.timeoutDrainIdle))
    }

    // MARK: - Time

    override func checkDeadlines() -> MonotonicTime {
        let now = loop.now
        if connection.hasPending {
            let end = connection.lastSendProgress.advanced(by: limits.timeoutWriteStall)
            if end <= now { connection.close(.timedOut(.writeStall)) }
            return end
        }
        switch phase {
        case .lingering:
            let end = min(
                since.advanced(by: limits.timeoutBody), exchange.unwantedStall(now: now))
            if end <= now { connection.close(.closed) }
            return end
        case .head where isHeadAwaited:
            let end = since.advanced(by: limits.timeoutHeaders)
            if end > now { return end }
            refuse(RequestRefusal(status: 408, "The request's head took too long."))
            return now.advanced(by: limits.timeoutHeaders)
        case .head:
            var end = since.advanced(by: limits.timeoutIdle)
            if let drainingSince = server.drainingSince {
                end = min(
                    end, max(since, drainingSince).advanced(by: limits.timeoutDrainIdle))
            }
            if end <= now { connection.close(.closed) }
            return end
        case .serving:
            return checkBody(now)
        }
    }

    /// Behind a response that has begun, a request may stay open as long as the call.
    private func checkBody(_ now: MonotonicTime) -> MonotonicTime {
        guard !exchange.isRequestComplete, exchange.status == 0, refusal == nil else {
            // Looked at again when the connection is idle, which begins at the earliest now.
            return now.advanced(by: min(limits.timeoutIdle, limits.timeoutBody))
        }
        let end = min(since.advanced(by: limits.timeoutBody), exchange.bodyStall(now: now))
        guard end <= now else {
            return min(end, now.advanced(by: limits.timeoutBodyStall))
        }
        refusal = RequestRefusal(status: 408, "The request's body took too long.")
        closes = true
        isBrokenOff = true
        exchange.fail(.timedOut(.body))
        loop.markDirty(connection)
        return now.advanced(by: limits.timeoutIdle)
    }
}
