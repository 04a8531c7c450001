import GatewayPrimitives
import Glibc
import Synchronization
import Telemetry
import Transport

/// Passes the listening sockets on to a successor that asks for them.
///
///     successor   takeover PID
///     this one    sockets COUNT PID     with up to 64 sockets, and again until all have come
///     successor   ready                 it accepts; until here nothing has changed on this side
///     this one    draining              it accepts no more
///
/// A successor that dies, or stays silent, before it is ready changes nothing. Successors are
/// served one at a time; the channel of one that comes while another is served closes when that one
/// has taken over, however long this process drains, and it asks that one instead
/// (``Predecessor``).
final class HandoverServer: Sendable {
    /// How long a successor may take between the sockets and being ready.
    static let secondsMax = 30

    private let listener: HandoverListener
    private let log: Log
    private let handedOver: @Sendable () -> Void
    private let state: Mutex<State>

    private struct State {
        var sockets: [ListeningSocket]
        var channel: HandoverChannel?
        var successor: Int?
        var isStopped = false
    }

    /// - Parameters:
    ///   - path: where successors find it.
    ///   - handedOver: called once, on its own thread, when a successor is ready.
    init(
        path: String, sockets: [ListeningSocket], log: Log,
        handedOver: @escaping @Sendable () -> Void
    ) throws(HandoverError) {
        listener = try HandoverListener(replacing: path)
        state = Mutex(State(sockets: sockets))
        self.log = log
        self.handedOver = handedOver
    }

    /// Starts its thread, which ends after ``stop()``.
    func start() {
        NativeThread.require(named: "handover") { self.run() }.detach()
    }

    /// Serves no further successor and lets go of the sockets. From any thread; does not wait.
    func stop() {
        let channel = state.withLock { state in
            state.isStopped = true
            state.sockets = []
            return state.channel
        }
        listener.stop()
        channel?.interrupt()
    }

    /// The process that has taken over.
    var successor: Int? { state.withLock { $0.successor } }

    private func run() {
        while let channel = listener.accept() {
            let isServing = state.withLock { state in
                guard !state.isStopped, state.successor == nil else { return false }
                state.channel = channel
                return true
            }
            if isServing { serve(channel) }
            state.withLock { $0.channel = nil }
        }
    }

    private func serve(_ channel: HandoverChannel) {
        channel.limitWaits(toSeconds: Self.secondsMax)
        var process = 0
        do throws(HandoverError) {
            guard let words = try channel.receive()?.text.split(separator: " "), words.count == 2,
                words[0] == "takeover", let id = Int(words[1])
            else { throw HandoverError("it did not ask for anything") }
            process = id
            try sendSockets(over: channel)
            guard try channel.receive()?.text == "ready" else {
                throw HandoverError("it ended before it was ready")
            }
            let isFirst = state.withLock { state in
                guard !state.isStopped else { return false }
                state.successor = process
                // What is said from here on is not cut by the drain.
                state.channel = nil
                return true
            }
            guard isFirst else { return }
            handedOver()
            // It may have gone; the sockets are its own all the same.
            try? channel.send("draining")
        } catch {
            log.write(.warning, "a takeover failed; this process goes on serving") { line in
                line.number("successor", process)
                line.text("why", error.description)
            }
        }
    }

    private func sendSockets(over channel: HandoverChannel) throws(HandoverError) {
        let sockets = state.withLock { $0.sockets }
        var rest = sockets[...]
        repeat {
            let part = rest.prefix(HandoverChannel.socketsMax)
            rest = rest.dropFirst(part.count)
            try channel.send("sockets \(sockets.count) \(getpid())", Array(part))
        } while !rest.isEmpty
    }
}
