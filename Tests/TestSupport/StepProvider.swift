public import GatewayCore
import GatewayPrimitives

/// A provider that does what a test tells it, step by step, for each attempt in turn.
public final class StepProvider: Provider {
    /// One step of an attempt.
    public enum Step {
        case started(id: String)
        case text(String)
        /// A chunk without content, in its upstream's words.
        case rawWithoutContent(String)
        case finish(Usage?)
        /// Ends because the bound that it was given is reached.
        case finishAtBound(Usage)
        case fail(GatewayError)
        /// Waits until the attempt or the call is cancelled.
        case hang
        /// Does something in the middle.
        case perform(() -> Void)
    }

    /// The steps of each attempt; an attempt more than there are is a test's mistake.
    public var attempts: [[Step]]
    /// The deployments tried, by id.
    public private(set) var tried: [String] = []
    /// The bounds that attempts were given by the gateway, where it gave one.
    public private(set) var bounds: [Int] = []

    /// Whether attempts get as far as sending their request.
    public var sends = true

    public init(_ attempts: [[Step]]) { self.attempts = attempts }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        tried.append(deployment.id)
        if let bound = relay.outputTokensMax { bounds.append(bound) }
        guard !attempts.isEmpty else { fatalError("an attempt that the test did not expect") }
        let hanger = Hanger()
        relay.cancellation.attach(attempt: hanger)
        if sends { relay.noteSent() }
        for step in attempts.removeFirst() {
            switch step {
            case .started(let id): try emitStarted(id, relay)
            case .text(let text):
                var bytes = ByteQueue()
                bytes.append(text: text)
                try relay.emit(ReplyEvent(.delta(ChatDelta(content: .text(bytes.view)))))
                try await relay.awaitRoom()
            case .rawWithoutContent(let json):
                var bytes = ByteQueue()
                bytes.append(text: json)
                let raw = RawForm.json(bytes.view, .openAIChat, isUsageReport: false)
                try relay.emit(ReplyEvent(.delta(ChatDelta(content: .none)), raw: raw))
                try await relay.awaitRoom()
            case .finish(let usage):
                try relay.emit(ReplyEvent(.finished(ReplyFinished(usage: usage))))
            case .finishAtBound(let usage):
                let outcome = ChoiceOutcome(choiceIndex: 0, reason: .length, cause: .maxTokens)
                try relay.emit(
                    ReplyEvent(.finished(ReplyFinished(outcomes: [outcome], usage: usage))))
            case .fail(let error): throw error
            case .hang:
                await hanger.wait()
                throw .clientGone
            case .perform(let action): action()
            }
        }
    }

    private func emitStarted(_ id: String, _ relay: Relay) throws(GatewayError) {
        var bytes = ByteQueue()
        bytes.append(text: id)
        try relay.emit(ReplyEvent(.started(ReplyStarted(upstreamID: bytes.view))))
    }
}

/// Waits until it is cancelled.
private final class Hanger: CancellationTarget {
    private var waiter: UnsafeContinuation<Void, Never>?
    private var isCancelled = false

    func wait() async {
        if !isCancelled { await withUnsafeContinuation { waiter = $0 } }
    }

    func cancelled() {
        isCancelled = true
        let waiting = waiter
        waiter = nil
        waiting?.resume()
    }
}

/// Keeps every record it is told of.
public final class RecordingObserver: Observer {
    public private(set) var records: [CallRecord] = []

    public init() {}

    public func observe(_ record: CallRecord) { records.append(record) }
}
