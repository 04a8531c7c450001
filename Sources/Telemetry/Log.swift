public import GatewayPrimitives
import Glibc
import Synchronization

/// The log: lines from any thread, written to one descriptor by a thread of its own.
///
/// Whoever logs only appends to a bounded buffer in memory and never waits for the reader of the
/// log; when the reader is too slow for what is said, lines are dropped, counted, and the count is
/// logged.
public final class Log: Sendable {
    public let level: LogLevel
    public let format: LogFormat
    private let clock: @Sendable () -> WallTime
    private let descriptor: Int32
    private let bufferBytesMax: Int
    /// What the writer sleeps on.
    private let wakeup = Signal()
    /// Sent by the writer when it has ended.
    private let ended = Signal()
    private let state = Mutex(State())

    /// `@unchecked Sendable`: its queue owns its memory, and is reached under the lock only.
    private struct State: ~Copyable, @unchecked Sendable {
        var waiting = ByteQueue()
        var dropped = 0
        /// The writer is at work, or has been told that there is some.
        var isWriterAwake = false
        var isClosing = false
        var isStarted = false
    }

    /// - Parameters:
    ///   - descriptor: where lines go, not owned.
    ///   - clock: the time of lines that ``write(_:_:_:)`` makes.
    public convenience init(
        level: LogLevel, format: LogFormat, descriptor: Int32,
        clock: @escaping @Sendable () -> WallTime = WallTime.system
    ) {
        self.init(
            level: level, format: format, descriptor: descriptor,
            bufferBytesMax: Limits.bufferBytes, clock: clock)
    }

    init(
        level: LogLevel, format: LogFormat, descriptor: Int32, bufferBytesMax: Int,
        clock: @escaping @Sendable () -> WallTime
    ) {
        self.level = level
        self.format = format
        self.descriptor = descriptor
        self.bufferBytesMax = bufferBytesMax
        self.clock = clock
    }

    /// Starts the writer's thread. Lines logged before are written then.
    public func start() {
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        guard isFirst else { return }
        // The thread holds the log, so that it lives until its last line is written.
        NativeThread.require(named: "log") { self.run() }.detach()
    }

    /// Writes what waits and ends the writer. False when the reader of the log did not take it in
    /// time. Lines logged later are lost.
    @discardableResult
    public func close() -> Bool {
        let isStarted = state.withLock { state in
            state.isClosing = true
            return state.isStarted
        }
        guard isStarted else { return false }
        wakeup.send()
        return ended.wait(milliseconds: Limits.closeMilliseconds)
    }

    /// Logs one line, for what happens rarely; whoever logs for every call keeps a ``LogLine``.
    public func write(
        _ level: LogLevel, _ message: StaticString, _ fields: (inout LogLine) -> Void = { _ in }
    ) {
        guard level >= self.level else { return }
        var line = LogLine(format: format)
        line.begin(level, at: clock(), message)
        fields(&line)
        line.end()
        append(line.view)
    }

    /// Logs one complete line.
    public func append(_ line: ByteView) {
        let mustWake = state.withLock { state in
            guard state.waiting.count + line.count <= bufferBytesMax else {
                state.dropped += 1
                return false
            }
            state.waiting.append(line)
            defer { state.isWriterAwake = true }
            return !state.isWriterAwake
        }
        if mustWake { wakeup.send() }
    }

    // MARK: - On the writer's thread

    private func run() {
        var batch = ByteQueue()
        var isLast = false
        while !isLast {
            wakeup.wait()
            repeat {
                // More lines are likely to follow; only closing ends this wait early.
                wakeup.wait(milliseconds: Limits.gatherMilliseconds)
                isLast = take(into: &batch)
                guard !batch.isEmpty else { break }
                writeOut(batch.view)
                batch.clear()
            } while true
        }
        ended.send()
    }

    /// Takes over all that waits; with nothing, the writer counts as asleep. True when the log is
    /// being closed.
    private func take(into batch: inout ByteQueue) -> Bool {
        var dropped = 0
        let isClosing = state.withLock { state in
            swap(&batch, &state.waiting)
            dropped = state.dropped
            state.dropped = 0
            state.isWriterAwake = !batch.isEmpty || dropped > 0
            return state.isClosing
        }
        if dropped > 0 { append(dropped: dropped, to: &batch) }
        return isClosing
    }

    private func append(dropped: Int, to batch: inout ByteQueue) {
        // A variable: a temporary goes before its view is read.
        var line = LogLine(format: format)
        line.begin(.warning, at: clock(), "log lines dropped")
        line.number("count", dropped)
        line.end()
        batch.append(line.view)
    }

    /// Writes bytes whole, or gives up on them when the descriptor is broken.
    private func writeOut(_ bytes: ByteView) {
        var rest = bytes
        while let start = rest.start, rest.count > 0 {
            let written = Glibc.write(descriptor, start, min(rest.count, Limits.writeBytes))
            if written >= 0 {
                rest = rest.dropping(first: written)
            } else if errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}

extension WallTime {
    /// The system's calendar clock.
    @Sendable
    public static func system() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}
