import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// What the doors of vendors' JSON have in common: how a call comes in over HTTP, and how what is
/// known of it leaves in header fields. One object a call; belongs to the exchange's loop.
class JSONDoor: ExchangeCloseObserver, CancellationTarget, TimerTarget {
    final let exchange: ServerExchange
    final let clock: any Clock
    final let parser: JSONParser
    final let limits: DoorLimits
    final let arrival: Arrival
    private final var cancellation: Cancellation?
    private final var id: CallID?
    /// Says now and then that the call goes on, while a stream has not begun.
    final var keepAlive: (any CallTimer)?

    init(_ exchange: ServerExchange, clock: any Clock, parser: JSONParser, limits: DoorLimits) {
        self.exchange = exchange
        self.clock = clock
        self.parser = parser
        self.limits = limits
        arrival = Arrival(
            receivedAt: exchange.receivedAt, timeout: RoutingHeaders.timeout(exchange),
            credential: Credentials.read(exchange),
            client: exchange.clientAddress, userAgent: ClientProgram.read(exchange))
    }

    final func attach(_ cancellation: Cancellation, id: CallID) {
        self.cancellation = cancellation
        self.id = id
        exchange.closeObserver = self
        cancellation.attach(door: self)
        if exchange.failure != nil { exchangeClosed() }
    }

    /// The client went away: whatever the call is doing stops.
    final func exchangeClosed() { cancellation?.cancelCall(.clientGone) }

    /// The gateway stops: the call is ended, and its client told so.
    final func exchangeExpired() { cancellation?.cancelCall(.drained) }

    /// The call must stop: nobody may go on waiting for the client.
    final func cancelled() { exchange.cancelWaiting() }

    /// The model that the path names, in the place of the body's.
    final var pathModel: PathModel?
    /// The body with that model, while it is read.
    private final var namedBody = ByteQueue()

    /// Reads the whole body; valid until the exchange ends.
    final func readBody() async throws(GatewayError) -> ByteView {
        do throws(GatewayError) {
            let body = try await exchange.readJSONBody(bytesMax: limits.bodyBytesMax)
            guard let pathModel else { return body }
            namedBody = pathModel.applied(to: body, with: parser)
            return namedBody.view
        } catch {
            throw cancellation?.error ?? error
        }
    }

    /// What the client calls the request, by its field `idempotency-key`; `nil` without one.
    final func identity(of body: ByteView) throws(GatewayError) -> RequestIdentity? {
        guard let value = exchange.requestHeaders.value(of: "idempotency-key"), value.count > 0
        else { return nil }
        return try RequestIdentity(id: value.string, of: body, field: "Idempotency-Key")
    }

    /// Whether a bound on output may be lowered to what a budget covers.
    final var clampsToBudget: Bool {
        exchange.requestHeaders.value(of: "x-llm-gateway-clamp-to-budget")?.equals("true") ?? false
    }

    /// Adds to a request what its header fields say.
    final func complete(
        _ request: inout ChatRequest, of body: ByteView
    ) throws(GatewayError) {
        try RoutingHeaders.complete(
            &request.routing, &request.tags, &request.endUser, exchange)
        request.identity = try identity(of: body)
        request.clampsToBudget = clampsToBudget
    }

    final func awaitRoom() async throws(GatewayError) {
        do throws(TransportError) {
            try await exchange.awaitRoom()
        } catch {
            throw cancellation?.error ?? .clientGone
        }
    }

    /// Adds the fields that tell how the call was served.
    final func appendServedHeaders(_ record: CallRecord) {
        var id = ByteQueue()
        record.id.append(to: &id)
        exchange.responseHeaders.append("x-litellm-call-id", id.view, isVolatile: true)
        exchange.responseHeaders.append("x-request-id", id.view, isVolatile: true)
        if let remainder = record.limitRemainder {
            RateLimitHeaders.append(remainder, to: &exchange.responseHeaders)
        }
        if let budget = record.budgetWarning {
            exchange.responseHeaders.append("x-llm-gateway-budget-warning", text: budget)
        }
        if record.isPriceUnknown {
            exchange.responseHeaders.append("x-llm-gateway-price", "unknown")
        }
        if let bound = record.outputTokensMax {
            exchange.responseHeaders.append("x-llm-gateway-max-tokens", decimal: bound)
        }
        if !record.droppedParams.isEmpty {
            exchange.responseHeaders.append(
                "x-llm-gateway-dropped-params", text: DroppedParams.text(record.droppedParams))
        }
        guard let deployment = record.deployment else { return }
        exchange.responseHeaders.append("x-litellm-model-id", text: deployment.id)
        exchange.responseHeaders.append("x-litellm-model-name", text: deployment.upstreamModel)
        exchange.responseHeaders.append("x-litellm-model-group", text: deployment.model)
        if !deployment.apiBase.isEmpty {
            exchange.responseHeaders.append("x-litellm-model-api-base", text: deployment.apiBase)
        }
        exchange.responseHeaders.append("x-litellm-attempted-retries", decimal: record.retryCount)
        exchange.responseHeaders.append(
            "x-litellm-attempted-fallbacks", decimal: record.fallbackCount)
    }

    /// Adds the fields that tell what the call cost; for answers whose head is sent at their end.
    final func appendCostHeaders(_ record: CallRecord) {
        let cost = record.cost
        appendCost("x-litellm-response-cost", cost.total)
        appendCost("x-litellm-response-cost-input", cost.input)
        appendCost("x-litellm-response-cost-output", cost.output)
        if cost.excess > .zero { appendCost("x-llm-gateway-excess-cost", cost.excess) }
        if let usage = record.usage {
            exchange.responseHeaders.append(
                "x-llm-gateway-usage-source", ByteView(usage.source.name))
        }
        let duration = record.endedAt.since(record.receivedAt).wholeNanoseconds / 1_000_000
        exchange.responseHeaders.append(
            "x-litellm-response-duration-ms", decimal: Int(clamping: duration), isVolatile: true)
    }

    private func appendCost(_ name: StaticString, _ cost: Money) {
        exchange.responseHeaders.append(name, text: cost.dollars, isVolatile: cost > .zero)
    }

    /// Adds how a count of tokens is known.
    final func appendSource(_ finished: ReplyFinished) {
        guard let usage = finished.usage else { return }
        exchange.responseHeaders.append("x-llm-gateway-usage-source", ByteView(usage.source.name))
    }

    /// From now on a stream says that it is waited for while nothing else is said, for the sake of
    /// proxies that take silence for death. The first time sends the head: what fails later is
    /// told in the stream.
    final func startKeepAlive() {
        guard limits.keepAliveInterval > .zero else { return }
        keepAlive = clock.makeTimer(self)
        keepAlive?.arm(at: clock.now().advanced(by: limits.keepAliveInterval))
    }

    final func timerFired() {
        guard exchange.failure == nil else { return }
        if !exchange.isHeadSent { sendStreamHead() }
        exchange.write { queue in appendKeepAlive(to: &queue) }
        keepAlive?.arm(at: clock.now().advanced(by: limits.keepAliveInterval))
    }

    final func sendStreamHead() {
        exchange.responseHeaders.append("content-type", streamType)
        exchange.responseHeaders.append("cache-control", "no-cache")
        exchange.compressEvents()
        exchange.sendHead(status: 200, body: .untilEnd)
    }

    /// Shows an error: as a response of its own, or at the end of the stream that has begun.
    final func fail(_ error: GatewayError, record: CallRecord) async {
        keepAlive?.disarm()
        guard exchange.failure == nil else { return }
        guard exchange.isHeadSent else { return respond(with: error, id: record.id) }
        exchange.write { queue in appendEvent(of: error, id: record.id, to: &queue) }
        exchange.end()
    }

    // What each dialect does in its own way.

    /// The content type of streams.
    var streamType: StaticString { "text/event-stream; charset=utf-8" }

    /// Appends what says nothing but that a stream goes on: a comment (HTML Living Standard,
    /// 9.2.6), which every reader of events passes over.
    func appendKeepAlive(to queue: inout ByteQueue) { queue.append(": keep-alive\n\n") }

    /// Answers with an error; no head has been sent.
    func respond(with error: GatewayError, id: CallID) { fatalError("not of any dialect") }

    /// Appends the event of a stream that tells an error.
    func appendEvent(of error: GatewayError, id: CallID, to queue: inout ByteQueue) {
        fatalError("not of any dialect")
    }
}
