import GatewayPrimitives

// How a pool comes by connections.
extension OriginPool {
    /// Makes a connection for everyone who waits and has none being made, as far as there may be.
    /// A dial may fail before ``Dial/start()`` returns; then the loop here goes on for the others.
    func balance() {
        guard !isBalancing else { return }
        isBalancing = true
        while dialCount * roomExpected < waiters.count
            && connectionCount < limits.connectionsPerOriginMax
        {
            dialCount += 1
            connectionCount += 1
            Dial(pool: self).start()
        }
        isBalancing = false
    }

    func dialSucceeded(_ connection: ClientConnection) {
        dialCount -= 1
        roomExpected = max(1, connection.wire?.room ?? 1)
        release(connection)
        // It may serve fewer than was expected.
        balance()
    }

    /// Fails the one who has waited longest; and, if no connection is left that could serve the
    /// others, all of them: each would have to find out for itself.
    func dialFailed(_ error: TransportError) {
        dialCount -= 1
        connectionCount -= 1
        if !waiters.isEmpty { waiters.removeFirst().refuse(error) }
        if connectionCount == 0 {
            for waiter in waiters { waiter.refuse(error) }
            waiters.removeAll()
        }
        balance()
        leaveIfEmpty()
    }
}
