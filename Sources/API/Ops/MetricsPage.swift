public import GatewayPrimitives
import Transport

/// `GET /metrics`: what Prometheus collects. One a loop.
public struct MetricsPage {
    /// Whether only keys that see everything may read it.
    let needsKey: Bool
    private let write: (inout ByteQueue) -> Void

    /// - Parameter write: appends the page in Prometheus's text format.
    public init(needsKey: Bool, write: @escaping (inout ByteQueue) -> Void) {
        self.needsKey = needsKey
        self.write = write
    }

    func respond(to exchange: ServerExchange) {
        var body = ByteQueue()
        write(&body)
        exchange.respond(
            status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body.view)
    }
}
