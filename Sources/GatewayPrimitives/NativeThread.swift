import Glibc

/// A thread of the operating system, for what blocks or owns a loop: the tasks of Swift's pool must
/// do neither.
///
/// Any thread may start one. Either ``join()`` or ``detach()`` is called on each, once.
public struct NativeThread: Sendable {
    /// As `ulimit -s` mostly has it, but not left to it.
    public static let stackBytes = 8 * 1024 * 1024
    /// What Linux keeps of a name (prctl(2), PR_SET_NAME).
    static let nameBytesMax = 15

    private let handle: pthread_t

    /// Why a thread could not be started: pthread_create(3)'s error.
    public struct StartError: Error, Equatable, CustomStringConvertible {
        public let number: Int32

        public var description: String { String(cString: strerror(number)) }
    }

    /// Starts a thread, which holds what the work holds until that returns.
    ///
    /// - Parameters:
    ///   - name: as debuggers and `top -H` show it, cut to 15 bytes.
    ///   - work: run once, on the thread.
    public init(
        named name: String, _ work: @escaping @Sendable () -> Void
    ) throws(StartError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        // The reference is the thread's, which takes it once; the class is Sendable.
        let start = Unmanaged.passRetained(Start(name: name, work: work))
        var started = pthread_t()
        let result = pthread_create(
            &started, &attributes,
            { argument in
                Unmanaged<Start>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue().run()
                return nil
            }, start.toOpaque())
        guard result == 0 else {
            start.release()
            throw StartError(number: result)
        }
        handle = started
    }

    /// Starts a thread without which the process is of no use: that there is none ends it.
    public static func require(
        named name: String, _ work: @escaping @Sendable () -> Void
    ) -> NativeThread {
        do throws(StartError) {
            return try NativeThread(named: name, work)
        } catch {
            fatalError("the thread \(name) cannot be started: \(error)")
        }
    }

    /// Waits for its end.
    public func join() { pthread_join(handle, nil) }

    /// Says that nobody will wait for its end.
    public func detach() { pthread_detach(handle) }

    /// Carries the work into the thread.
    private final class Start: Sendable {
        private let name: String
        private let work: @Sendable () -> Void

        init(name: String, work: @escaping @Sendable () -> Void) {
            self.name = name
            self.work = work
        }

        func run() {
            setName()
            work()
        }

        /// As pthread_setname_np(3) does it, which Swift does not see. A thread without its name
        /// does its work all the same.
        private func setName() {
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            var shown = Array(name.utf8.prefix(nameBytesMax))
            _ = write(file, &shown, shown.count)
            close(file)
        }
    }
}
