import GatewayPrimitives

// What a flush sends, and what follows a response: the next request, or the end.
extension HTTP1Connection {
    /// Sends what a turn has for the client, in one send.
    func send() {
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
}
