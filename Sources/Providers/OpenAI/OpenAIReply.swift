import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// The reading of one reply: from the upstream's bytes to events of the relay.
struct OpenAIReply {
    let exchange: ClientExchange
    let deployment: Deployment
    let relay: Relay
    let limits: ProviderLimits

    /// Relays a stream of server-sent events. It is complete when `[DONE]` has come: an upstream that
    /// closes before that was cut off, whatever its framing says.
    func relayStream(_ parser: JSONParser) async throws(GatewayError) {
        try checkContentType("text/event-stream")
        var decoder = OpenAIChatStreamDecoder(
            parser: parser, wantsTyped: relay.rawDialect != .openAIChat)
        var scanner = SSEScanner(eventBytesMax: limits.eventBytesMax)
        while true {
            guard try await readMore() else {
                throw .malformedReply("ended its stream without [DONE]", from: deployment)
            }
            var consumed = 0
            let view = exchange.inboundView
            while let event = try next(&scanner, in: view.dropping(first: consumed)) {
                consumed += event.consumedCount
                if event.data.isEmpty { continue }
                if event.data.equals("[DONE]") {
                    let finished = try decoder.end()
                    try relay.emit(ReplyEvent(.finished(finished)))
                    exchange.takeInbound(consumed)
                    return
                }
                try decoder.begin(event.data)
                while let step = decoder.next() { try relay.emit(step) }
            }
            exchange.takeInbound(consumed)
            try await relay.awaitRoom()
        }
    }

    /// Relays a whole reply.
    func relayWhole(_ parser: JSONParser) async throws(GatewayError) {
        try checkContentType("application/json")
        let body = try await readBody()
        var decoder = OpenAIChatReplyDecoder(
            parser: parser, wantsTyped: relay.rawDialect != .openAIChat)
        try decoder.begin(body)
        while let event = decoder.next() { try relay.emit(event) }
        try relay.emit(ReplyEvent(.finished(try decoder.end())))
    }

    /// Relays embeddings.
    func relayEmbeddings(_ parser: JSONParser) async throws(GatewayError) {
        try checkContentType("application/json")
        let body = try await readBody()
        var decoder = OpenAIEmbeddingsReplyDecoder(
            parser: parser, wantsTyped: relay.rawDialect != .openAIEmbeddings)
        try decoder.begin(body)
        while let event = decoder.next() { try relay.emit(event) }
        try relay.emit(ReplyEvent(.finished(try decoder.end())))
    }

    /// What an answer that is not a success means.
    func readError() async -> GatewayError {
        do throws(TransportError) {
            let body = try await exchange.readBody(bytesMax: limits.errorBytesMax)
            return OpenAIErrorReader.classify(
                status: exchange.status, body: body,
                retryAfter: exchange.responseHeaders.value(of: "retry-after"),
                provider: deployment.provider, deployment: deployment.id)
        } catch .tooLarge {
            return OpenAIErrorReader.classify(
                status: exchange.status, body: .empty,
                retryAfter: exchange.responseHeaders.value(of: "retry-after"),
                provider: deployment.provider, deployment: deployment.id)
        } catch {
            return GatewayError(error, from: deployment, isAnswering: true)
        }
    }

    private func readMore() async throws(GatewayError) -> Bool {
        do throws(TransportError) {
            return try await exchange.readMore()
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

    private func next(
        _ scanner: inout SSEScanner, in view: ByteView
    ) throws(GatewayError) -> SSEScanner.Event? {
        do throws(SSEScanner.TooLarge) {
            return try scanner.next(in: view)
        } catch {
            throw .malformedReply(
                "sent an event of more than \(limits.eventBytesMax) bytes", from: deployment)
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
