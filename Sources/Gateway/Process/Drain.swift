import GatewayPrimitives

/// Ends the serving in order: no new work, then what is in flight gets its time, then all is
/// closed.
///
/// It runs on the main thread, which does nothing else; time passes only in `waitForSignal`.
struct Drain {
    /// How long calls in flight may go on.
    let timeout: Duration
    /// Tells whoever asks that no more traffic is wanted.
    let refuseTraffic: () -> Void
    /// The servers of the loops.
    let servers: [any DrainingServer]
    /// Waits for a signal for so many milliseconds at most; `nil` when none came.
    let waitForSignal: (_ milliseconds: Int) -> Int32?

    /// How often it looks whether all calls have ended.
    static let pollMilliseconds = 20
    /// How long ending the calls that are left may take, and then closing their connections.
    static let closeMilliseconds = 1_000

    /// How it went.
    enum Outcome: Equatable {
        /// Every call ended by itself.
        case completed
        /// Some calls were cut short when their time was over.
        case timedOut
        /// A second signal came; nothing more was waited for.
        case interrupted(signal: Int32)
    }

    func run() -> Outcome {
        // Readiness first: a load balancer should turn away before connections are refused.
        refuseTraffic()
        for server in servers { server.beginDrain() }
        let allowed = Int(clamping: timeout.wholeNanoseconds / 1_000_000)
        switch waitUntilEmpty(milliseconds: allowed) {
        case .empty: return .completed
        case .signal(let signal): return .interrupted(signal: signal)
        case .timeout: break
        }
        // First by a word to each client, then without.
        for step in [{ $0.expireCalls() }, { $0.closeAll() }] as [(any DrainingServer) -> Void] {
            servers.forEach(step)
            switch waitUntilEmpty(milliseconds: Self.closeMilliseconds) {
            case .empty: return .timedOut
            case .signal(let signal): return .interrupted(signal: signal)
            case .timeout: break
            }
        }
        return .timedOut
    }

    private enum Wait {
        case empty
        case timeout
        case signal(Int32)
    }

    private func waitUntilEmpty(milliseconds: Int) -> Wait {
        var rest = milliseconds
        while true {
            if servers.allSatisfy(\.isEmpty) { return .empty }
            guard rest > 0 else { return .timeout }
            let step = min(rest, Self.pollMilliseconds)
            if let signal = waitForSignal(step) { return .signal(signal) }
            rest -= step
        }
    }
}

/// A server as its end is seen from another thread; no function waits.
protocol DrainingServer: Sendable {
    /// Stops accepting and tells clients to go elsewhere.
    func beginDrain()
    /// Ends every call that is still served, with an error that tells its client why.
    func expireCalls()
    /// Closes every connection.
    func closeAll()
    /// Whether no connection is left, as far as is known.
    var isEmpty: Bool { get }
}
