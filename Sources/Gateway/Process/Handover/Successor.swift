import Glibc

/// Starts the program again, with the same arguments, to take over from this process: what SIGUSR2
/// asks for. The program may have been replaced on the disk meanwhile.
enum Successor {
    /// Its process id, or the error of posix_spawn(3).
    static func start(_ arguments: [String] = CommandLine.arguments) -> Result<Int32, FileError> {
        var arguments = arguments
        if !arguments.contains("--takeover") { arguments.append("--takeover") }
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        pointers.append(nil)
        var process: pid_t = 0
        // The path, if any, is still right: the working folder does not change.
        let code = posix_spawnp(&process, arguments[0], nil, nil, pointers, environ)
        guard code == 0 else {
            return .failure(FileError(arguments[0], doing: "start", code: code))
        }
        return .success(process)
    }

    /// The status of a successor that has ended, so that it leaves no zombie; `nil` when none has.
    static func reap() -> Int32? {
        var status: Int32 = 0
        let process = waitpid(-1, &status, WNOHANG)
        return process > 0 ? status : nil
    }
}
