import GatewayPrimitives

/// The failures of a call's attempts, and what they come to together.
struct AttemptFailures {
    private var all: [GatewayError] = []

    var isEmpty: Bool { all.isEmpty }

    mutating func add(_ failure: GatewayError) { all.append(failure) }

    /// What ends the call when no further attempt can be made for another reason: the failure that
    /// made one necessary, with the time to come back.
    func last(over reason: GatewayError) -> GatewayError {
        guard var last = all.last, reason.reason == .upstreamUnavailable else { return reason }
        last.retryAfter = last.retryAfter ?? reason.retryAfter
        last.retry = .never
        return last
    }

    /// One error for all: theirs if they agree on the reason, else that the model is unavailable.
    func verdict(model: String) -> GatewayError {
        guard let last = all.last else {
            return GatewayError(
                .upstreamUnavailable, origin: .gateway,
                message: "No deployment of model `\(model)` can serve this request.")
        }
        if all.allSatisfy({ $0.reason == last.reason }) { return last }
        var error = GatewayError(
            .upstreamUnavailable, origin: .upstream,
            message: "All \(all.count) deployments tried for model `\(model)` failed; the last: "
                + last.message)
        error.upstream = last.upstream
        error.retryAfter = all.compactMap(\.retryAfter).min()
        return error
    }
}

extension Attempt {
    /// Records how the attempt failed.
    mutating func fail(_ failure: GatewayError, wasCommitted: Bool) {
        reason = wasCommitted ? failure.asInterruption().reason : failure.reason
        origin = failure.origin
        if let status = failure.upstream?.httpStatus, status != 0 { httpStatus = status }
        timeout = failure.timeout
        switch failure.outcome {
        case .some(.cancelled): outcome = .cancelled
        case .some(.hedgeLost): outcome = .hedgeLost
        case .some(let outcome): self.outcome = wasCommitted ? .interrupted : outcome
        case nil: outcome = wasCommitted ? .interrupted : .serverError
        }
    }
}

extension GatewayError {
    /// Whether it says something of the deployment: not what the gateway or the client did, nor
    /// what is wrong with the request.
    var isDeploymentsFault: Bool {
        guard self.origin == .upstream else { return false }
        switch self.outcome {
        case .connectFailed, .rateLimited, .serverError, .timedOut, .authFailed, .modelNotFound,
            .malformed, .interrupted:
            return true
        case .succeeded, .invalidRequest, .contextWindowExceeded, .contentPolicy, .cancelled,
            .hedgeLost, nil:
            return false
        }
    }

    /// The same failure after the first token: nothing else is tried, and it says so.
    func asInterruption() -> GatewayError {
        var error = self
        error.retry = .never
        switch self.reason {
        case .cancelled, .internalFault, .timedOut, .drain: return error
        default: break
        }
        error.reason = .upstreamInterrupted
        return error
    }

    /// A provider returned without `finished`, which its contract forbids.
    static var unfinished: GatewayError {
        GatewayError(
            .internalFault, origin: .gateway,
            message: "The reply ended without its end; this is a fault of the gateway.")
    }

    /// Another attempt of the same call, made at the same time, has answered first.
    static var hedgeLost: GatewayError {
        GatewayError(
            .cancelled, origin: .gateway,
            message: "Another attempt, made at the same time, answered first.",
            outcome: .hedgeLost)
    }

    /// The client went away.
    public static var clientGone: GatewayError {
        GatewayError(
            .cancelled, origin: .client, message: "The client closed the connection.",
            outcome: .cancelled)
    }
}

extension GatewayError {
    /// The gateway stops, and the call has had all the time that calls in flight are given.
    public static var drained: GatewayError {
        GatewayError(
            .drain, origin: .gateway,
            message: "The gateway is shutting down and cut this call short; send it again.",
            retryAfter: .seconds(1), outcome: .cancelled)
    }
}

extension Call {
    /// The call that a record is kept of.
    init(_ record: CallRecord, of principal: Principal, deadline: MonotonicTime) {
        self.init(
            id: record.id, principal: principal, receivedAt: record.receivedAt,
            receivedAtWall: record.receivedAtWall, deadline: deadline)
    }
}

extension CallRecord {
    /// Notes how the answer ended.
    func note(_ finished: ReplyFinished) {
        outcomes = finished.outcomes
        serviceTier = finished.serviceTier
    }

    /// Notes what a request asks for.
    func describe(_ request: ModelRequest, of principal: Principal) {
        model = request.model
        isStream = request.isStream
        endUser = request.endUser
        labels = request.labels
        tags = request.tags
        for tag in principal.tags where !tags.contains(tag) { tags.append(tag) }
    }
}

extension ModelRequest {
    var isStream: Bool {
        if case .chat(let request) = self { request.isStream } else { false }
    }
}
