public import GatewayCore
import GatewayPrimitives

/// A door that hands over a prepared request and writes down what happens to it, in order.
public final class RecordingDoor: Door {
    public let endpoint: StaticString = "test.door"
    public var arrival: Arrival
    public var rawDialect: Dialect?
    /// What ``readRequest()`` gives.
    public var request: Result<ModelRequest, GatewayError>
    /// What the pipeline did: `read`, `commit`, `text:...`, `raw:...`, `delta`, `finish`,
    /// `fail:REASON`.
    public private(set) var log: [String] = []
    public private(set) var failure: GatewayError?
    public private(set) var record: CallRecord?
    /// What the head of the answer said of its price; `nil` before it was written.
    public private(set) var toldPriceUnknown: Bool?
    public private(set) var cancellation: Cancellation?
    /// How often it was told to stop waiting.
    public private(set) var cancelCount = 0
    /// While true, ``awaitRoom()`` waits.
    public var isFull = false
    private var writer: UnsafeContinuation<Void, Never>?

    public init(arrival: Arrival, request: Result<ModelRequest, GatewayError>) {
        self.arrival = arrival
        self.request = request
    }

    public func attach(_ cancellation: Cancellation, id: CallID) {
        self.cancellation = cancellation
        cancellation.attach(door: self)
    }

    public func readRequest() async throws(GatewayError) -> ModelRequest {
        log.append("read")
        return try request.get()
    }

    public func commit(_ record: CallRecord) {
        log.append("commit")
        toldPriceUnknown = record.isPriceUnknown
    }

    public func write(_ event: ReplyEvent) throws(GatewayError) {
        if case .json(let json, _, _) = event.raw {
            log.append("raw:" + json.string)
            return
        }
        switch event.body {
        case .started(let started): log.append("started:" + started.upstreamID.string)
        case .delta(let delta):
            if case .text(let text) = delta.content {
                log.append("text:" + text.string)
            } else {
                log.append("delta")
            }
        case .embedding(let vector): log.append("embedding:\(vector.index)")
        case .finished: log.append("finished as an event")
        }
    }

    public func awaitRoom() async throws(GatewayError) {
        if isFull {
            log.append("full")
            await withUnsafeContinuation { writer = $0 }
        }
        if let error = cancellation?.error { throw error }
    }

    /// The client takes what waits.
    public func makeRoom() {
        isFull = false
        let waiting = writer
        writer = nil
        waiting?.resume()
    }

    public func finish(_ finished: ReplyFinished, record: CallRecord) async throws(GatewayError) {
        log.append("finish")
        self.record = record
    }

    public func fail(_ error: GatewayError, record: CallRecord) async {
        log.append("fail:" + error.reason.rawValue)
        failure = error
        self.record = record
    }
}

extension RecordingDoor: CancellationTarget {
    public func cancelled() {
        cancelCount += 1
        makeRoom()
    }
}
