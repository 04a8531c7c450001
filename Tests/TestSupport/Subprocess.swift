import Foundation

/// Runs the tools that tests compare with.
///
/// Not Foundation's `Process`: to find what its child must close, that reads /proc/self/fd, and
/// copies the last entry from behind the end of its buffer when there are a thousand or more, which
/// ends the whole run of the tests (swift-corelibs-foundation, Swift 6.3).
public enum Subprocess {
    /// A tool that could not be run, or that failed.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Runs a tool of the PATH to its end and returns what it wrote. What it is given to read must
    /// fit into a pipe, as writing does not wait for it to read.
    @discardableResult
    public static func run(_ words: [String], input: [UInt8] = []) throws -> [UInt8] {
        let name = words.joined(separator: " ")
        let (source, sink) = (try Pipe.make(), try Pipe.make())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, source.reading, 0)
        posix_spawn_file_actions_adddup2(&actions, sink.writing, 1)

        let arguments = CStrings(words)
        let environment = CStrings(
            ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" })
        var child = pid_t()
        let fault = withExtendedLifetime((arguments, environment)) {
            posix_spawnp(
                &child, words[0], &actions, nil, arguments.pointers, environment.pointers)
        }
        close(source.reading)
        close(sink.writing)
        defer { close(sink.reading) }
        if fault == 0 {
            _ = input.withUnsafeBytes { write(source.writing, $0.baseAddress, $0.count) }
        }
        close(source.writing)
        guard fault == 0 else {
            throw Failure(description: "\(name): \(String(cString: strerror(fault)))")
        }
        let output = readAll(sink.reading)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else { throw Failure(description: "\(name) failed, status \(status)") }
        return output
    }

    private static func readAll(_ descriptor: Int32) -> [UInt8] {
        var output: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &room, room.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return output }
            output += room[..<count]
        }
    }

    private struct Pipe {
        let reading: Int32
        let writing: Int32

        static func make() throws -> Pipe {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else {
                throw Failure(description: "pipe: \(String(cString: strerror(errno)))")
            }
            // So that hardly any child holds an end of another's open, and none for longer than it
            // runs.
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return Pipe(reading: ends[0], writing: ends[1])
        }
    }

    /// Texts as C wants them, behind the last of which is a null.
    private final class CStrings {
        private(set) var pointers: [UnsafeMutablePointer<CChar>?]

        init(_ texts: [String]) { pointers = texts.map { strdup($0) } + [nil] }

        deinit { for pointer in pointers { free(pointer) } }
    }
}
