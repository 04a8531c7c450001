import GatewayPrimitives
import Glibc

// A socket that speaks TLS: between the kernel's bytes and those of ``received(_:)`` and
// ``send(_:)``.
extension BufferedSocket {
    /// Speaks TLS from here on. ``secured()`` tells when the handshake is complete; nothing may be
    /// sent before. It may follow bytes in the clear, both ways, of which all must have been sent.
    ///
    /// - Parameter bytes: what the peer has already sent of it.
    final func startTLS(_ session: TLSSession, with bytes: ByteView) {
        assert(!hasPending && security == nil, "TLS begins where all before it was sent")
        security = session
        takeCiphertext(bytes)
    }

    /// The kernel's bytes.
    final func takeCiphertext(_ bytes: ByteView) {
        guard let session = security else { return }
        session.lend(bytes)
        defer { session.forgetInput() }
        guard session.isHandshakeComplete || goOnWithHandshake(session) else { return }
        while !isClosed {
            let (bytes, pause) = session.decrypt()
            if !bytes.isEmpty { received(bytes) }
            guard !isClosed else { return }
            switch pause {
            case .full: continue
            case .incomplete: return sendCiphertext()
            case .closed: return ended(.orderly)
            case .failed(let failure):
                // The alert that says why.
                sendCiphertext()
                if !isClosed { ended(.insecure(failure)) }
                return
            }
        }
    }

    /// True when it is complete and the socket still open.
    private func goOnWithHandshake(_ session: TLSSession) -> Bool {
        let progress = session.handshake()
        sendCiphertext()
        guard !isClosed else { return false }
        switch progress {
        case .incomplete: return false
        case .complete:
            secured()
            return !isClosed
        case .failed(let failure):
            ended(.insecure(failure))
            return false
        }
    }

    /// Encrypts and sends, in pieces: large enough for few sends, and small enough for the loop's
    /// queue to stay small.
    final func sendEncrypted(_ bytes: ByteView) {
        guard let session = security else { return }
        var rest = bytes
        while !rest.isEmpty && !isClosed {
            let piece = rest[0..<min(rest.count, Limits.encryptBytesMax)]
            rest = rest.dropping(first: piece.count)
            if let failure = session.encrypt(piece) {
                loop.ciphertext.clear()
                return ended(.insecure(failure))
            }
            sendCiphertext()
        }
    }

    /// Sends what TLS has put into the loop's queue.
    private func sendCiphertext() {
        guard !loop.ciphertext.isEmpty else { return }
        sendAsIs(loop.ciphertext.view)
        loop.ciphertext.release(above: Limits.ciphertextKeptBytes)
    }

    /// Tells the peer that the connection ends here, unless it ends too early.
    final func sendCloseOfTLS() {
        guard let session = security, hasSentAll, !isCutShort, !isClosed else { return }
        session.sendClose()
        guard let start = loop.ciphertext.view.start else { return }
        // What the kernel does not take now, nobody waits for.
        _ = Glibc.send(descriptor, start, loop.ciphertext.count, Int32(MSG_NOSIGNAL))
        loop.ciphertext.clear()
    }
}
