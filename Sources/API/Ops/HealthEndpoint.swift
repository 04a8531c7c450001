import GatewayPrimitives
import Synchronization
import Transport

/// Whether the process wants new traffic. Shared by all loops.
public final class Readiness: Sendable {
    private let draining = Atomic<Bool>(false)

    public init() {}

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
            exchange.respond(status: 200, json: #"{"status":"healthy","db":"Not connected"}"#)
        }
    }
}
