import Glibc

/// Lets one thread sleep until another has something for it: a pipe(7) that carries no data.
struct Signal: ~Copyable {
    private let reader: Int32
    private let writer: Int32

    init() {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) {
            pipe($0.baseAddress?.assumingMemoryBound(to: Int32.self))
        }
        precondition(result == 0, "pipe failed with errno \(errno)")
        (reader, writer) = ends
        for end in [reader, writer] {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// Ends one wait, the present or the next. Never blocks: a full pipe wakes as well as a byte
    /// more.
    func send() {
        var byte: UInt8 = 1
        _ = write(writer, &byte, 1)
    }

    /// Waits for ``send()``, for ever if no time is given. False when the time was over first.
    @discardableResult
    func wait(milliseconds: Int32 = -1) -> Bool {
        var poll = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, milliseconds) == 1 else { return false }
        var bytes: UInt64 = 0
        _ = read(reader, &bytes, MemoryLayout.size(ofValue: bytes))
        return true
    }
}
