public import GatewayPrimitives
import Transport

/// `GET /metrics`: what Prometheus collects. One a loop.
public struct MetricsPage {
    /// Whether only keys that see everything may read it.
    let needsKey: Bool
    private let page: () async -> ByteQueue

    /// - Parameter page: the page in Prometheus's text format.
    public init(needsKey: Bool, page: @escaping () async -> ByteQueue) {
        self.needsKey = needsKey
        self.page = page
    }

    func respond(to exchange: ServerExchange) async {
        let body = await page()
        exchange.respond(
            status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body.view)
    }
}
