import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// One request to an upstream and the reading of its reply, of any dialect: from the upstream's
/// bytes to events of the relay.
struct UpstreamReply {
    let exchange: ClientExchange
    let deployment: Deployment
    let relay: Relay
    let limits: ProviderLimits

    /// Sends a request and waits for the head of the reply; false if that is no success.
    func open(
        _ path: ByteView, _ headers: consuming HeaderList, _ body: inout ByteQueue
    ) async throws(GatewayError) -> Bool {
        relay.cancellation.attach(attempt: UpstreamCancellation(exchange))
        do throws(TransportError) {
            try await exchange.send(
                ClientRequest(method: "POST", target: path, headers: headers, body: body.view))
            relay.noteSent()
            // It may be long, and the answer slow.
            body.release()
            try await exchange.receiveHead()
        } catch {
            throw GatewayError(error, from: deployment, isAnswering: false)
        }
        relay.noteStatus(exchange.status)
        return (200..<300).contains(exchange.status)
    }

    /// Relays a stream of server-sent events. It is complete when its end marker has come, or, in
    /// dialects without one, when the decoder says so where the response ends: an upstream that
    /// closes before that was cut off, whatever its framing says.
    func relayStream<Decoder: StreamReplyDecoding>(
        _ stream: Decoder
    ) async throws(GatewayError) {
        try checkContentType("text/event-stream")
        try await relay(stream, found: SSEScanner(eventBytesMax: limits.eventBytesMax))
    }

    /// The same for a stream of JSON texts, one a line.
    func relayLines<Decoder: StreamReplyDecoding>(
        _ stream: Decoder
    ) async throws(GatewayError) {
        try checkContentType("application/x-ndjson")
        try await relay(stream, found: LineScanner(lineBytesMax: limits.eventBytesMax))
    }

    private func relay<Decoder: StreamReplyDecoding, Scanner: StreamScanning & ~Copyable>(
        _ stream: Decoder, found events: consuming Scanner
    ) async throws(GatewayError) {
        var decoder = stream
        var scanner = events
        // Bytes of an event that is not whole stay where they are.
        var unfinishedBytes = 0
        do throws(GatewayError) {
            while try await readMore(than: unfinishedBytes) {
                guard let left = try relayBatch(to: &decoder, &scanner) else { return }
                unfinishedBytes = left
                try await relay.awaitRoom()
            }
            guard decoder.isComplete else {
                throw .malformedReply(
                    "ended its stream without \(Decoder.endMarker)", from: deployment)
            }
        } catch {
            if let told = decoder.usageSoFar { relay.noteUsage(told) }
            throw error
        }
        try finish(try decoder.end(), decoder.usageSoFar)
    }

    /// Ends the reply. What it told of its tokens counts where that was not all.
    private func finish(_ finished: ReplyFinished, _ told: Usage?) throws(GatewayError) {
        if finished.usage == nil, let told { relay.noteUsage(told) }
        try relay.emit(ReplyEvent(.finished(finished)))
    }

    /// Relays the events that have come whole. Returns how many bytes of the next one are there;
    /// `nil` when the reply was complete. Nothing waits here: the views stay valid, and what is
    /// decoded is not in the frame of the stream, which stays for as long as that is open.
    @inline(never)
    private func relayBatch<Decoder: StreamReplyDecoding, Scanner: StreamScanning & ~Copyable>(
        to decoder: inout Decoder, _ scanner: inout Scanner
    ) throws(GatewayError) -> Int? {
        let batch = exchange.inboundView
        var consumed = 0
        while true {
            switch scanner.next(in: batch.dropping(first: consumed)) {
            case .event(let event, let count):
                consumed += count
                guard try decoder.take(event) else {
                    try finish(try decoder.end(), decoder.usageSoFar)
                    exchange.takeInbound(consumed)
                    exchange.expectEnd()
                    return nil
                }
                while let step = decoder.next() { try relay.emit(step) }
            case .incomplete(let count):
                consumed += count
                exchange.takeInbound(consumed)
                return batch.count - consumed
            case .tooLong:
                throw .malformedReply(
                    "sent an event of more than \(limits.eventBytesMax) bytes", from: deployment)
            }
        }
    }

    /// Relays a whole reply.
    func relayWhole<Decoder: WholeReplyDecoding>(
        _ whole: Decoder
    ) async throws(GatewayError) {
        try checkContentType("application/json")
        try relayBody(try await readBody(), by: whole)
    }

    @inline(never)
    private func relayBody<Decoder: WholeReplyDecoding>(
        _ body: ByteView, by whole: Decoder
    ) throws(GatewayError) {
        var decoder = whole
        try decoder.begin(body)
        while let event = decoder.next() { try relay.emit(event) }
        try finish(try decoder.end(), decoder.usageSoFar)
    }

    /// What an answer that is not a success means, as the dialect's reader has it. A body that is
    /// too long, or does not come whole, is not looked at: the status has said enough.
    func readError(
        _ classify: (_ body: ByteView, _ retryAfter: ByteView?) -> GatewayError
    ) async -> GatewayError {
        var body = ByteView.empty
        do throws(TransportError) {
            body = try await exchange.readBody(bytesMax: limits.errorBytesMax)
        } catch .cancelled {
            return .clientGone
        } catch {
            body = .empty
        }
        return classify(body, exchange.responseHeaders.value(of: "retry-after"))
    }

    private func readMore(than count: Int) async throws(GatewayError) -> Bool {
        do throws(TransportError) {
            return try await exchange.readMore(than: count)
        } catch {
            throw GatewayError(error, from: deployment, isAnswering: true)
        }
    }

    private func readBody() async throws(GatewayError) -> ByteView {
        do throws(TransportError) {
            return try await exchange.readBody(bytesMax: limits.replyBytesMax)
        } catch {
            throw GatewayError(error, from: deployment, isAnswering: true)
        }
    }

    private func checkContentType(_ wanted: StaticString) throws(GatewayError) {
        // Servers that send none are taken at their word; their bytes are checked in any case.
        guard let type = exchange.responseHeaders.value(of: "content-type") else { return }
        let end = type.firstIndex(of: 0x3B) ?? type.count
        var essence = type[0..<end]
        while essence.count > 0, essence[essence.count - 1] == 0x20 {
            essence = essence[0..<essence.count - 1]
        }
        if !essence.equalsIgnoringCase(wanted) {
            throw .malformedReply(
                "answered with content type `\(essence[0..<min(essence.count, 80)].string)` "
                    + "instead of \(wanted)", from: deployment)
        }
    }
}
