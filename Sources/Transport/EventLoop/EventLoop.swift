// One turn of the loop:
//
//   wait      until a descriptor is ready, a timer is due, or another thread has work for us
//   dispatch  each ready descriptor's handler reads, parses, and resumes the tasks that waited
//   timers    those that are due fire
//   jobs      the resumed tasks run; they append to the output of connections and mark them dirty
//   flush     each dirty connection sends once, however many streams and chunks it has to send
//   wake      each thread that has been handed something is woken once
//
// Nothing writes to a socket before the flush: the number of send calls decides the cost of a
// request, so everything that a turn has for one connection leaves in one of them.

import CLinux
public import GatewayPrimitives
import Glibc
import Synchronization

/// A thread that owns sockets, and runs the tasks that serve them.
///
/// `@unchecked Sendable`: what other threads may call (``execute(_:)``, ``stop()``, the executor)
/// says so and goes through `inbox`; everything else is used on the loop's own thread only.
public final class EventLoop: @unchecked Sendable {
    /// Its position among the process's loops.
    public let index: Int
    /// The present, as of the last wait. Reading the clock costs a tenth of a chunk.
    public private(set) var now: MonotonicTime

    let timers: TimerWheel
    /// What tells the time; from any thread.
    let clock: @Sendable () -> MonotonicTime
    private let poller = EpollPoller()
    /// Made in the initializer, before another thread can ask for it.
    lazy var executor = LoopExecutor(loop: self)
    private var handlers: [Unmanaged<SocketHandler>?] = []
    private var freeTokens: [Int] = []
    /// Tokens of this turn's closed handlers: not given out before its end, since events for them
    /// may still be queued and would reach another handler.
    private var retiredTokens: [Int] = []
    /// Handlers closed in this turn: kept until its end, since events for them may still be queued.
    private var closed: ContiguousArray<SocketHandler> = []
    private var released: ContiguousArray<SocketHandler> = []
    private var dirty: ContiguousArray<SocketHandler> = []
    private var flushing: ContiguousArray<SocketHandler> = []
    var jobs: ContiguousArray<UnownedJob> = []
    private var runningJobs: ContiguousArray<UnownedJob> = []

    let inbox = Mutex(Inbox())
    let wakeup: Int32
    private let wakeups = WakeupBatch()
    var thread: NativeThread?
    let threadID = Atomic<UInt64>(0)

    struct Inbox: ~Copyable {
        var jobs: ContiguousArray<UnownedJob> = []
        var work: ContiguousArray<@Sendable () -> Void> = []
        var stops = false
        /// Whether the loop has been woken since it last took all there is.
        var isSignalled = false

        var isEmpty: Bool { jobs.isEmpty && work.isEmpty && !stops }
    }

    /// Buffers that every handler of the loop reads into and sends from.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Limits.receiveBufferBytes, alignment: 64)
    let sendBuffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Limits.sendBufferBytes, alignment: 64)
    /// What TLS decrypts into.
    let plaintextBuffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Limits.receiveBufferBytes, alignment: 64)
    /// What TLS has encrypted and not yet sent; empty between two calls of a handler.
    var ciphertext = ByteQueue()

    public convenience init(index: Int) { self.init(index: index, clock: Self.systemClock) }

    /// - Parameter clock: tells the time in the system's place; the loop must be woken when it
    ///   leaps.
    init(index: Int, clock: @escaping @Sendable () -> MonotonicTime) {
        self.index = index
        self.clock = clock
        now = clock()
        timers = TimerWheel(now: now.nanoseconds)
        wakeup = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        precondition(wakeup >= 0, "eventfd failed with errno \(errno)")
        _ = executor
        poller.add(wakeup, interest: .read, token: .max)
    }

    deinit {
        close(wakeup)
        receiveBuffer.deallocate()
        sendBuffer.deallocate()
        plaintextBuffer.deallocate()
    }

    /// CLOCK_MONOTONIC (clock_gettime(2)).
    private static let systemClock: @Sendable () -> MonotonicTime = {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(
            nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    // MARK: - From any thread

    /// Starts the loop's thread.
    public func start() {
        thread = NativeThread.require(named: "loop \(index)") { self.run() }
    }

    // MARK: - On the loop

    /// Watches a handler's descriptor, and keeps the handler until ``deregister(_:)``.
    func register(_ handler: SocketHandler, interest: Interest) {
        let retained = Unmanaged.passRetained(handler)
        if let token = freeTokens.popLast() {
            handlers[token] = retained
            handler.token = token
        } else {
            handler.token = handlers.count
            handlers.append(retained)
        }
        handler.interest = interest
        poller.add(handler.descriptor, interest: interest, token: UInt64(handler.token))
    }

    /// Changes what a handler is watched for.
    func watch(_ handler: SocketHandler, for interest: Interest) {
        guard handler.token >= 0, handler.interest != interest else { return }
        handler.interest = interest
        poller.modify(handler.descriptor, interest: interest, token: UInt64(handler.token))
    }

    /// Stops watching a handler; its descriptor may be closed after. The handler itself lives until
    /// the end of the turn.
    func deregister(_ handler: SocketHandler) {
        guard handler.token >= 0 else { return }
        poller.remove(handler.descriptor)
        if let retained = handlers[handler.token] {
            handlers[handler.token] = nil
            closed.append(retained.takeRetainedValue())
        }
        retiredTokens.append(handler.token)
        handler.token = -1
    }

    /// Has the handler flush at the end of the turn.
    func markDirty(_ handler: SocketHandler) {
        guard !handler.isDirty else { return }
        handler.isDirty = true
        dirty.append(handler)
    }

    private func run() {
        threadID.store(UInt64(pthread_self()), ordering: .relaxed)
        while true {
            let count = poller.wait(timeoutMilliseconds: waitTimeout)
            // Before the dispatch: handlers reckon their deadlines from it.
            now = clock()
            var stops = false
            wakeups.gather { stops = turn(readyCount: count) }
            if stops { break }
        }
        releaseAll()
        threadID.store(0, ordering: .relaxed)
    }

    /// All of a turn but its waits; true when the loop is to stop.
    private func turn(readyCount: Int) -> Bool {
        var index = 0
        while index < readyCount {
            let (token, readiness) = poller.ready(at: index)
            dispatch(token, readiness)
            index &+= 1
        }
        timers.advance(to: now.nanoseconds)
        let stops = takeInbox()
        runJobs()
        flush()
        releaseClosed()
        return stops
    }

    private func releaseClosed() {
        guard !closed.isEmpty else { return }
        swap(&closed, &released)
        freeTokens.append(contentsOf: retiredTokens)
        retiredTokens.removeAll(keepingCapacity: true)
        released.removeAll(keepingCapacity: true)
    }

    /// Lets go of what is still watched, whose descriptors close with it.
    private func releaseAll() {
        let left = handlers
        handlers.removeAll()
        for handler in left {
            guard let handler = handler?.takeRetainedValue() else { continue }
            poller.remove(handler.descriptor)
            handler.token = -1
        }
    }

    private var waitTimeout: Int32? {
        if !jobs.isEmpty || !dirty.isEmpty { return 0 }
        return timers.millisecondsToNext(now: clock().nanoseconds)
    }

    private func dispatch(_ token: UInt64, _ ready: Readiness) {
        if token == .max {
            var count: UInt64 = 0
            _ = read(wakeup, &count, 8)
        } else if let handler = handlers[Int(token)] {
            handler._withUnsafeGuaranteedRef { $0.ready(ready) }
        }
    }

    /// Takes over what other threads have left; true when the loop is to stop.
    private func takeInbox() -> Bool {
        var work: ContiguousArray<@Sendable () -> Void> = []
        let stops = inbox.withLock { inbox in
            guard !inbox.isEmpty else { return false }
            inbox.isSignalled = false
            jobs.append(contentsOf: inbox.jobs)
            inbox.jobs.removeAll(keepingCapacity: true)
            swap(&work, &inbox.work)
            return inbox.stops
        }
        for item in work { item() }
        return stops
    }

    /// Runs jobs until none is left, those they make ready included; bounded, so that tasks which
    /// never wait cannot keep the loop from its sockets.
    private func runJobs() {
        var rounds = 0
        while !jobs.isEmpty && rounds < Limits.jobRoundsPerTurn {
            swap(&jobs, &runningJobs)
            let executor = executor.asUnownedTaskExecutor()
            for job in runningJobs { job.runSynchronously(on: executor) }
            runningJobs.removeAll(keepingCapacity: true)
            rounds += 1
        }
    }

    private func flush() {
        swap(&dirty, &flushing)
        for handler in flushing {
            handler.isDirty = false
            handler.flush()
        }
        flushing.removeAll(keepingCapacity: true)
    }
}
