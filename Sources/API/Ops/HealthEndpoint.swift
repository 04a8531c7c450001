import GatewayPrimitives
import JSON
import Synchronization
import Transport

/// Whether the process wants new traffic, and what of its configuration takes no part. Shared by
/// all loops.
public final class Readiness: Sendable {
    private let draining = Atomic<Bool>(false)
    private let storeFailing = Atomic<Bool>(false)
    private let state: Mutex<State>

    /// What changes with the configuration.
    private struct State {
        /// What a process that wants traffic answers, with its store and without.
        let healthy: [UInt8]
        let healthyWithoutStore: [UInt8]
        let disabled: [Disabled]

        init(_ disabled: [Disabled]) {
            self.disabled = disabled
            healthy = Readiness.body(#"{"status":"healthy","db":"connected""#, disabled)
            healthyWithoutStore = Readiness.body(
                #"{"status":"healthy","db":"Not connected""#, disabled)
        }
    }

    /// What takes no part.
    var disabled: [Disabled] { state.withLock { $0.disabled } }

    /// A deployment that is configured and takes no part.
    public struct Disabled: Sendable {
        let id: String
        let model: String
        let why: String

        /// - Parameter why: in words that name no secret; anyone may read them.
        public init(id: String, model: String, why: String) {
            self.id = id
            self.model = model
            self.why = why
        }
    }

    public init(disabled: [Disabled] = []) { state = Mutex(State(disabled)) }

    /// Puts what takes no part of another configuration in the place of what there was.
    public func replace(disabled: [Disabled]) {
        let new = State(disabled)
        state.withLock { $0 = new }
    }

    private static func body(_ start: StaticString, _ disabled: [Disabled]) -> [UInt8] {
        var body = ByteQueue()
        body.append(start)
        body.append(#","disabled_deployments":["#)
        for (index, deployment) in disabled.prefix(disabledMax).enumerated() {
            if index > 0 { body.append(",") }
            body.append(#"{"id":"#)
            body.append(jsonString: deployment.id)
            body.append(#","model":"#)
            body.append(jsonString: deployment.model)
            body.append(#","why":"#)
            body.append(jsonString: deployment.why)
            body.append("}")
        }
        body.append("]}")
        return body.view.bytes
    }

    /// What a probe is answered. A store that cannot be written is no reason to send traffic
    /// elsewhere: what needs no budget is served.
    var answer: [UInt8] {
        let isFailing = storeFailing.load(ordering: .relaxed)
        return state.withLock { isFailing ? $0.healthyWithoutStore : $0.healthy }
    }

    /// Says whether the store can be written.
    public func setStore(isWritable: Bool) { storeFailing.store(!isWritable, ordering: .relaxed) }

    /// Whether the store could be written when that was last tried.
    var isStoreWritable: Bool { !storeFailing.load(ordering: .relaxed) }

    /// How many are named; more help nobody.
    static let disabledMax = 100

    /// Whether the process is on its way out.
    public var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// Says so from now on.
    public func beginDrain() { draining.store(true, ordering: .relaxed) }
}

/// LiteLLM's probes. They need no key.
enum HealthEndpoint {
    /// The process serves. The body is a bare JSON string, as LiteLLM's clients expect.
    static func liveness(to exchange: ServerExchange) {
        exchange.respond(status: 200, json: "\"I'm alive!\"")
    }

    /// The process wants traffic.
    static func readiness(_ readiness: Readiness, to exchange: ServerExchange) {
        if readiness.isDraining {
            exchange.respond(status: 503, json: #"{"status":"shutting_down"}"#)
        } else {
            readiness.answer.withUnsafeBufferPointer {
                exchange.respond(
                    status: 200, json: ByteView(start: $0.baseAddress, count: $0.count))
            }
        }
    }
}
