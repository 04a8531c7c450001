import GatewayCore
import Transport

/// Lets a cancellation reach an exchange.
final class UpstreamCancellation: CancellationTarget {
    private let exchange: ClientExchange

    init(_ exchange: ClientExchange) { self.exchange = exchange }

    func cancelled() { exchange.cancel() }
}
