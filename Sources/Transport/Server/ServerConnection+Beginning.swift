import GatewayPrimitives

// What comes before a connection's HTTP: whether there is room for it, whose it is, and TLS.
extension ServerConnection {
    /// Counts the connection. A proxy's own are not held to the bound of one address: they are
    /// many clients'. False when there are too many; what was counted is taken back.
    func enterCounts() -> Bool {
        guard server.counts.enter() else {
            refused(.connections)
            return false
        }
        guard let address = clientAddress, !server.trust.proxies.isEmpty,
            server.trust.includes(address)
        else { return enterAddress(clientAddress) }
        if server.trust.expectsHeader { proxyHeader = ProxyHeader() }
        return true
    }

    private func enterAddress(_ address: NetworkAddress?) -> Bool {
        guard let address else { return true }
        guard server.counts.enter(from: address) else {
            server.refusals.count(.connectionsOfAddress, from: address)
            if index < 0 { server.counts.leave() }
            return false
        }
        countedAddress = address
        return true
    }

    /// Something of this client's is not served.
    func refused(_ kind: ServerRefusals.Kind) { server.refusals.count(kind, from: clientAddress) }

    /// The connection has closed: it counts no more.
    func leaveCounts() {
        server.counts.leave()
        if let countedAddress { server.counts.leave(from: countedAddress) }
        countedAddress = nil
    }

    /// Takes a proxy's header off the front of the input. False when there is nothing to go on
    /// with.
    func takeProxyHeader(_ input: inout ByteView) -> Bool {
        switch proxyHeader?.take(&input) {
        case .needsMore: return false
        case .malformed:
            refused(.proxyHeader)
            close(.malformed("a trusted proxy's header of the PROXY protocol is not well formed"))
            return false
        case .complete(let address?):
            clientAddress = address
            guard server.trust.includes(address) || enterAddress(address) else {
                close(.exhausted("the client's address has too many connections"))
                return false
            }
        case .complete(nil), nil: break
        }
        proxyHeader = nil
        return !input.isEmpty
    }

    func beginTLS(_ tls: TLSServer, with bytes: ByteView) {
        guard !PlainTextRefusal.isPlainText(firstByte: bytes[0]) else {
            refused(.plainText)
            return begin(PlainTextRefusal(connection: self, to: bytes), with: bytes)
        }
        startTLS(tls.session(loop: loop), with: bytes)
    }
}
