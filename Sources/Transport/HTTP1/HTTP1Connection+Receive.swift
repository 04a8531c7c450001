import GatewayPrimitives

// What becomes of the bytes that come: heads, bodies, and what is refused.
extension HTTP1Connection {
    /// Takes what has come.
    func take(_ bytes: ByteView) {
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
    func parseInput() {
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
    func updateReading() {
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
    func refuse(_ refusal: RequestRefusal) {
        connection.refused(refusal.kind)
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
}
