import GatewayCore
import GatewayPrimitives
import Providers
import Storage
import Synchronization
import Telemetry
import Transport

/// Posts alerts of budgets to a webhook: each once, in the order of their coming, on a loop of its
/// own, so that a slow or dead webhook holds up no call.
///
/// A try that fails is made again after a back-off; what is given up is said in the log, and told
/// again when the bound is met the next time. An alert is on record when it was accepted, so
/// that a process that dies in between tells it twice rather than never.
final class WebhookAlerts: AlertSink {
    private let settings: AlertSettings
    private let address: WebhookAddress
    private let client: HTTPClient
    private let loop: EventLoop
    private let record: AlertRecord
    private let email: @Sendable (String) -> String?
    private let log: Log
    private let state = Mutex(State())

    private struct State {
        var queue: [BudgetAlert] = []
        /// Queued, being posted, or told.
        var known: Set<BudgetAlert.Topic> = []
        var isRunning = false
        var isClosed = false
        var dropped = 0
    }

    /// - Parameters:
    ///   - client: belongs to the loop.
    ///   - email: the address of a user.
    init(
        settings: AlertSettings, client: HTTPClient, record: AlertRecord, log: Log,
        email: @escaping @Sendable (String) -> String?
    ) throws(UpstreamAddress.Invalid) {
        self.settings = settings
        address = try WebhookAddress(settings.webhook.reveal())
        self.client = client
        loop = client.loop
        self.record = record
        self.log = log
        self.email = email
    }

    func post(_ alert: BudgetAlert) {
        let (starts, isFirstDropped) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed, !state.known.contains(alert.topic) else { return (false, false) }
            guard state.queue.count < settings.queueMax else {
                state.dropped += 1
                return (false, state.dropped == 1)
            }
            if state.known.count >= AlertSettings.rememberedMax { state.known.removeAll() }
            state.known.insert(alert.topic)
            state.queue.append(alert)
            defer { state.isRunning = true }
            return (!state.isRunning, false)
        }
        if isFirstDropped {
            log.write(.error, "alerts of budgets are dropped: too many wait") {
                $0.number("waiting_max", settings.queueMax)
            }
        }
        if starts { loop.execute { [self] in loop.spawn { [self] in await postAll() } } }
    }

    /// Takes no more; what waits is told by whoever serves next, when it meets the same bounds.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            let waiting = state.queue.count
            state.queue.removeAll()
            return waiting
        }
        if waiting > 0 {
            log.write(.warning, "alerts of budgets were not posted") {
                $0.number("alerts", waiting)
            }
        }
    }

    private func next() -> BudgetAlert? {
        let (alert, dropped) = state.withLock { state -> (BudgetAlert?, Int) in
            guard !state.queue.isEmpty else {
                state.isRunning = false
                defer { state.dropped = 0 }
                return (nil, state.dropped)
            }
            return (state.queue.removeFirst(), 0)
        }
        if dropped > 0 {
            log.write(.error, "alerts of budgets were dropped") { $0.number("alerts", dropped) }
        }
        return alert
    }

    private func postAll() async {
        while let alert = next() {
            do throws(GatewayError) {
                if try await record.contains(alert.topic) { continue }
                if await deliver(alert) { try await record.insert(alert.topic) }
            } catch {
                log.write(.warning, "alerts of budgets cannot be kept account of") {
                    $0.text("why", error.message)
                }
                forget(alert)
            }
        }
    }

    private func forget(_ alert: BudgetAlert) {
        _ = state.withLock { $0.known.remove(alert.topic) }
    }

    /// Whether it was accepted, after as many tries as there may be.
    private func deliver(_ alert: BudgetAlert) async -> Bool {
        var body = ByteQueue()
        do {
            body.append(array: try WebhookEvent(alert, email: alert.userID.flatMap(email)).json)
        } catch {
            log.write(.error, "an alert of a budget cannot be written") {
                $0.text("why", "\(error)")
            }
            return false
        }
        var wait = AlertSettings.backoffFirst
        for attempt in 1...settings.attemptsMax {
            guard let refusal = await attemptOnce(body.view) else { return true }
            guard refusal.mayPass, attempt < settings.attemptsMax,
                !state.withLock({ $0.isClosed })
            else {
                log.write(.error, "an alert of a budget was not accepted") { line in
                    line.text("webhook", address.origin.authority)
                    line.number("attempts", attempt)
                    line.text("why", refusal.why)
                }
                break
            }
            await LoopPause(loop).wait(wait)
            wait = min(wait * 2, AlertSettings.backoffMax)
        }
        forget(alert)
        return false
    }

    private struct Refusal {
        var why: String
        /// Whether another try may succeed.
        var mayPass: Bool
    }

    /// `nil` when it was accepted.
    private func attemptOnce(_ body: ByteView) async -> Refusal? {
        let exchange = client.exchange(to: address.origin)
        defer { exchange.close() }
        let watch = ExchangeWatch(exchange, timeout: settings.timeout)
        defer { watch.end() }
        var target = ByteQueue()
        target.append(text: address.target)
        var headers = HeaderList()
        headers.append("content-type", "application/json")
        headers.append("user-agent", text: "llm-gateway/\(Version.text)")
        do throws(TransportError) {
            try await exchange.send(
                ClientRequest(
                    method: "POST", target: target.view, headers: headers, body: body))
            try await exchange.receiveHead()
            let status = exchange.status
            _ = try await exchange.readBody(bytesMax: AlertSettings.answerBytesMax)
            if (200..<300).contains(status) { return nil }
            return Refusal(
                why: "status \(status)", mayPass: status == 408 || status == 429 || status >= 500)
        } catch {
            return Refusal(
                why: watch.isOver ? "no answer within its time" : "\(error)", mayPass: true)
        }
    }
}
