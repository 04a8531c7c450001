import GatewayPrimitives
import Glibc
import Synchronization
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct BufferedSocketTests {
    /// Sends what it was given with each flush, and counts what it is told.
    /// Safe: it is used on its loop only.
    private final class Probe: BufferedSocket, @unchecked Sendable {
        // Used on its loop only.
        var toSend: [UInt8] = []
        var receivedCount = 0
        let told = Signal()
        var end: SocketEnd?

        override func received(_ bytes: ByteView) {
            receivedCount += bytes.count
            told.send()
        }

        override func ended(_ end: SocketEnd) {
            self.end = end
            closeSocket()
            told.send()
        }

        override func flush() {
            guard !isClosed, !hasPending else { return }
            toSend.withUnsafeBufferPointer {
                stage(ByteView(start: $0.baseAddress, count: $0.count))
            }
            toSend = []
            sendStaged()
            told.send()
        }
    }

    /// Safe: it is used on its loop only.
    private final class PausedProbe: BufferedSocket, @unchecked Sendable {
        // Used on its loop only.
        let told = Signal()
        var sawHangUp = false

        override func received(_ bytes: ByteView) {}
        override func hungUpWhilePaused() { sawHangUp = true }

        override func ended(_ end: SocketEnd) {
            closeSocket()
            told.send()
        }
    }

    private func withPair(_ test: (EventLoop, Int32, Int32) async throws -> Void) async throws {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue)
        #expect(socketpair(AF_UNIX, type, 0, &ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let loop = EventLoop(index: 0)
        loop.start()
        defer {
            loop.stop()
            loop.join()
            close(ends[1])
        }
        try await test(loop, ends[0], ends[1])
    }

    /// More than the kernel takes at once: the rest waits, in order, and the flush after it too.
    @Test func keepsWhatTheKernelDoesNotTake() async throws {
        try await withPair { loop, near, far in
            let count = 3_000_000
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 251) }
            let probe = await loop.run {
                let probe = Probe(loop: loop, takingOwnershipOf: near)
                probe.open()
                probe.toSend = bytes
                loop.markDirty(probe)
                return probe
            }
            await probe.told.wait()
            let waiting = await loop.run {
                let waiting = probe.pendingCount
                probe.toSend = [1, 2, 3]
                loop.markDirty(probe)
                return waiting
            }
            #expect(waiting > 0)
            var got: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while got.count < count + 3 {
                let read = recv(far, &chunk, chunk.count, 0)
                if read <= 0 { break }
                got += chunk[0..<read]
            }
            #expect(got == bytes + [1, 2, 3])
            #expect(await loop.run { probe.pendingCount } == 0)
        }
    }

    @Test func aPausedSocketIsNotReadAndGoesOnLater() async throws {
        try await withPair { loop, near, far in
            let probe = await loop.run {
                let probe = Probe(loop: loop, takingOwnershipOf: near)
                probe.open()
                probe.pauseReading()
                return probe
            }
            #expect(send(far, "hello", 5, 0) == 5)
            // Two turns of the loop, in which it would have been read.
            await loop.run {}
            await loop.run {}
            #expect(await loop.run { probe.receivedCount } == 0)
            await loop.run { probe.resumeReading() }
            await probe.told.wait()
            #expect(await loop.run { probe.receivedCount } == 5)
        }
    }

    @Test func aHangUpIsSeenWhileReadingIsPaused() async throws {
        try await withPair { loop, near, far in
            let probe = await loop.run {
                let probe = PausedProbe(loop: loop, takingOwnershipOf: near)
                probe.open()
                probe.pauseReading()
                return probe
            }
            shutdown(far, Int32(SHUT_WR))
            await probe.told.wait()
            #expect(await loop.run { probe.sawHangUp && probe.isClosed })
        }
    }

    @Test func whatCameBeforeAHangUpIsRead() async throws {
        try await withPair { loop, near, far in
            let probe = await loop.run {
                let probe = Probe(loop: loop, takingOwnershipOf: near)
                probe.open()
                probe.pauseReading()
                return probe
            }
            #expect(send(far, "hello", 5, 0) == 5)
            shutdown(far, Int32(SHUT_WR))
            while await loop.run({ probe.end == nil }) { await probe.told.wait() }
            #expect(await loop.run { probe.receivedCount } == 5)
        }
    }

    @Test func aBrokenConnectionEndsASend() async throws {
        try await withPair { loop, near, far in
            let probe = await loop.run {
                let probe = Probe(loop: loop, takingOwnershipOf: near)
                probe.open()
                return probe
            }
            shutdown(far, Int32(SHUT_RD))
            await loop.run {
                probe.toSend = [1]
                loop.markDirty(probe)
            }
            while await loop.run({ probe.end == nil }) { await probe.told.wait() }
            #expect(await loop.run { probe.isClosed })
        }
    }
}
