import GatewayPrimitives
import Glibc

// What is sent: staged, in one call for a turn, and kept where the kernel does not take it.
extension BufferedSocket {
    /// Bytes that the kernel has not yet taken.
    var pendingCount: Int { pending.count }
    /// Whether the kernel has not yet taken all that was sent.
    var hasPending: Bool { !pending.isEmpty }

    /// Puts bytes behind those of this flush. Only in ``flush()``, which must end with
    /// ``sendStaged()``: the buffer is the loop's.
    func stage(_ bytes: ByteView) {
        guard let start = bytes.start, !isClosed else { return }
        if stagedCount + bytes.count > Limits.sendBufferBytes {
            sendStaged()
            // A failed send may have released what the bytes are a view of.
            guard !isClosed else { return }
            if bytes.count > Limits.sendBufferBytes { return send(bytes) }
        }
        memcpy(loop.sendBuffer.baseAddress.unsafelyUnwrapped + stagedCount, start, bytes.count)
        stagedCount += bytes.count
    }

    /// How many bytes this flush has staged and not sent.
    var stagedBytes: Int { stagedCount }

    /// Sends what was staged, in one call.
    func sendStaged() {
        guard stagedCount > 0 else { return }
        let buffer = loop.sendBuffer.baseAddress.unsafelyUnwrapped
        let start = buffer.assumingMemoryBound(to: UInt8.self)
        let count = stagedCount
        stagedCount = 0
        send(ByteView(start: start, count: count))
    }

    /// Sends bytes now, or keeps them behind those that wait.
    func send(_ bytes: ByteView) {
        if security == nil { sendAsIs(bytes) } else { sendEncrypted(bytes) }
    }

    /// Sends what is already in the form it has on the wire.
    func sendAsIs(_ bytes: ByteView) {
        guard !isClosed, !isSendingBroken else { return }
        guard !hasPending, !isConnecting else {
            pending.append(bytes)
            return
        }
        let sent = sendNow(bytes)
        guard sent >= 0, sent < bytes.count else { return }
        lastSendProgress = loop.now
        progressBytes = 0
        pending.append(bytes.dropping(first: sent))
        updateInterest()
    }

    func sendPending() {
        let sent = sendNow(pending.view)
        guard sent > 0 else { return }
        pending.consume(sent)
        progressBytes += sent
        if pending.isEmpty || progressBytes >= Limits.progressBytesMin {
            lastSendProgress = loop.now
            progressBytes = 0
        }
        guard pending.isEmpty else { return }
        pending.release(above: Limits.pendingKeptBytes)
        updateInterest()
        loop.markDirty(self)
    }

    /// How many bytes the kernel took; -1 when the connection is broken, which has been told.
    private func sendNow(_ bytes: ByteView) -> Int {
        let sent = Glibc.send(descriptor, bytes.start, bytes.count, Int32(MSG_NOSIGNAL))
        if sent >= 0 { return sent }
        if errno == EAGAIN || errno == EINTR { return 0 }
        isSendingBroken = true
        ended(.broken(errno: errno))
        return -1
    }

    /// Closes the sending side: the peer reads the end of what was sent. Only without pending
    /// bytes.
    func finishSending() {
        assert(!hasPending, "the sending side is closed before all was sent")
        sendCloseOfTLS()
        if !isClosed { shutdown(descriptor, Int32(SHUT_WR)) }
    }

    /// Whether all that was to be sent has left, so that a word of TLS's end may follow.
    var hasSentAll: Bool { !hasPending && stagedCount == 0 && !isSendingBroken }
}
