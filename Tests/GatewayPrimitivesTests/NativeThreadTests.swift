import Glibc
import Synchronization
import Testing

@testable import GatewayPrimitives

/// Threads of the operating system.
struct NativeThreadTests {
    /// What an operator reads in `top -H`.
    @Test(arguments: [
        ("gateway loop 0", "gateway loop 0"),
        ("a name that is too long for Linux", "a name that is "), ("", ""),
    ])
    func threadsHaveTheirName(name: String, shown: String) throws {
        let seen = Mutex("")
        try NativeThread(named: name) { seen.withLock { $0 = Self.ownName() } }.join()
        #expect(seen.withLock { $0 } == shown)
    }

    /// What the work holds goes with the thread.
    @Test func workIsLetGoAtTheEnd() throws {
        final class Held: Sendable {}
        weak var held: Held?
        let thread: NativeThread
        do {
            let object = Held()
            held = object
            thread = try NativeThread(named: "holder") { _ = object }
        }
        thread.join()
        #expect(held == nil)
    }

    private static func ownName() -> String {
        let file = open("/proc/thread-self/comm", O_RDONLY)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = max(0, read(file, &bytes, bytes.count))
        // The kernel ends it with a line feed.
        return String(decoding: bytes[..<max(0, count - 1)], as: UTF8.self)
    }
}
