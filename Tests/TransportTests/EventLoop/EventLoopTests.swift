import GatewayPrimitives
import Glibc
import Synchronization
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct EventLoopTests {
    private struct Refused: Error {}

    private func withLoop(_ test: (EventLoop) async throws -> Void) async rethrows {
        let loop = EventLoop(index: 3)
        loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        try await test(loop)
    }

    @Test func runReturnsAValueFromTheLoopsThread() async {
        await withLoop { loop in
            #expect(await loop.run { loop.isCurrent })
            #expect(!loop.isCurrent)
            #expect(await loop.run { 42 } == 42)
        }
    }

    @Test func runPassesErrorsOn() async {
        await withLoop { loop in
            await #expect(throws: Refused.self) { try await loop.run { throw Refused() } }
        }
    }

    /// What a task of the loop awaits comes back to the loop.
    @Test func tasksStayOnTheLoopAcrossSuspensions() async {
        await withLoop { loop in
            let stays = await loop.run {
                var onLoop = loop.isCurrent
                await Task.yield()
                onLoop = onLoop && loop.isCurrent
                await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                    let handed = continuation
                    EventLoopTests.onAnotherThread { handed.resume() }
                }
                return onLoop && loop.isCurrent
            }
            #expect(stays)
        }
    }

    @Test func spawnOnTheLoopBeginsAtOnce() async {
        await withLoop { loop in
            let order = await loop.run {
                let order = Mutex<[Int]>([])
                loop.spawn {
                    order.withLock { $0.append(1) }
                    await Task.yield()
                    order.withLock { $0.append(3) }
                }
                order.withLock { $0.append(2) }
                while order.withLock({ $0.count }) < 3 { await Task.yield() }
                return order.withLock { $0 }
            }
            #expect(order == [1, 2, 3])
        }
    }

    /// Work from several threads at once arrives whole and in each thread's order.
    @Test func executeTakesWorkFromManyThreads() async {
        await withLoop { loop in
            let seen = Mutex<[[Int]]>(Array(repeating: [], count: 4))
            let done = Signal()
            let left = Atomic<Int>(4 * 500)
            for thread in 0..<4 {
                Self.onAnotherThread {
                    for item in 0..<500 {
                        loop.execute {
                            seen.withLock { $0[thread].append(item) }
                            if left.subtract(1, ordering: .relaxed).newValue == 0 { done.send() }
                        }
                    }
                }
            }
            await done.wait()
            #expect(seen.withLock { $0.allSatisfy { $0 == Array(0..<500) } })
        }
    }

    @Test func spawnFromOutsideRunsOnTheLoop() async {
        await withLoop { loop in
            let wasOnLoop = Atomic<Bool>(false)
            let done = Signal()
            loop.spawn {
                wasOnLoop.store(loop.isCurrent, ordering: .relaxed)
                done.send()
            }
            await done.wait()
            let was = wasOnLoop.load(ordering: .relaxed)
            #expect(was)
        }
    }

    /// Safe: it is used on its loop only, as its timer is.
    private final class Ringer: LoopTimerTarget, @unchecked Sendable {
        // Used on its loop only, as its timer is.
        var continuation: CheckedContinuation<MonotonicTime, Never>?
        let loop: EventLoop
        init(loop: EventLoop) { self.loop = loop }
        func loopTimerFired(_ timer: LoopTimer) { continuation?.resume(returning: loop.now) }
    }

    @Test func aSleepingLoopWakesForItsTimerAndNotBefore() async {
        await withLoop { loop in
            let (start, end) = await loop.run {
                let ringer = Ringer(loop: loop)
                let timer = LoopTimer(loop: loop, target: ringer)
                let start = loop.now
                let end = await withCheckedContinuation { continuation in
                    ringer.continuation = continuation
                    timer.arm(after: .milliseconds(20))
                }
                return (start, end)
            }
            #expect(end.since(start) >= .milliseconds(20))
        }
    }

    /// Tasks that never wait do not keep the loop from its sockets and its other work.
    @Test func busyTasksLeaveTimeForOthers() async {
        await withLoop { loop in
            let stops = Atomic<Bool>(false)
            loop.spawn { while !stops.load(ordering: .relaxed) { await Task.yield() } }
            let done = Signal()
            loop.execute {
                stops.store(true, ordering: .relaxed)
                done.send()
            }
            await done.wait()
            let stopped = stops.load(ordering: .relaxed)
            #expect(stopped)
        }
    }

    @Test func stoppingClosesWhatIsOpen() async {
        let before = openDescriptors()
        var ends: [Int32] = [0, 0]
        do {
            let loop = EventLoop(index: 0)
            loop.start()
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
            let socket = ends[0]
            await loop.run { QuietSocket(loop: loop, takingOwnershipOf: socket).open() }
            loop.stop()
            loop.join()
        }
        var byte: UInt8 = 0
        #expect(recv(ends[1], &byte, 1, 0) == 0)
        close(ends[1])
        #expect(before > 0)
    }

    private final class QuietSocket: BufferedSocket {
        override func received(_ bytes: ByteView) {}
        override func ended(_ end: SocketEnd) { closeSocket() }
    }

    static func onAnotherThread(_ work: @escaping @Sendable () -> Void) {
        NativeThread.require(named: "another", work).detach()
    }
}

/// How many descriptors the process has open.
func openDescriptors() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
}
