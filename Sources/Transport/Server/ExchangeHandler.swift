/// Told when an exchange cannot go on.
public protocol ExchangeCloseObserver: AnyObject {
    /// The client has gone.
    func exchangeClosed()
    /// The server's drain is over: the response is to be ended now, in a way that tells the client
    /// why. What is not ended soon is cut off.
    func exchangeExpired()
}

extension ExchangeCloseObserver {
    /// Who has nothing to tell the client stops as if that had gone.
    public func exchangeExpired() { exchangeClosed() }
}

/// Serves the exchanges of one loop.
public protocol ExchangeHandler: AnyObject, Sendable {
    /// Serves one exchange, on its loop, and returns when the response is complete or the exchange
    /// has failed. One that returns without completing the response resets the exchange.
    func handle(_ exchange: ServerExchange) async
}
